// Diagnosis: how a query is answered, why a point is missed, and how the graphs are; each on a sheet of its own.

const SHEETS = ["explain", "why_missed", "health"];
const MARKS = { found: "● found", tie: "● as good", missed: "✕ missed" };
const cells = (values, numbers = []) => make("tr", {}, ...values.map((value, at) => value instanceof Node
  ? make("td", {}, value) : make("td", { className: numbers.includes(at) ? "number" : "", textContent: value })));
const tableOf = (label, head, numbers, rows) => make("div", { className: "scrolls" }, make("table", { "aria-label": label },
  make("thead", {}, make("tr", {}, ...head.map((name, at) => make("th", { scope: "col", textContent: name, className: numbers.includes(at) ? "number" : "" })))), make("tbody", {}, ...rows.map((row) => cells(row, numbers)))));
const sentences = (title, lines) => lines.length
  ? make("section", { "aria-label": title }, make("h5", { textContent: title }), make("ul", {}, ...lines.map((text) => make("li", { textContent: text })))) : null;
const barsOf = (label, bars) => {
  const host = make("div");
  barList(host).draw({ label, bars });
  return host;
};

// One bar of parts, with their names and times under it.
const stageBar = (stages) => {
  const total = stages.reduce((sum, [, took]) => sum + took, 0) || 1;
  const told = stages.map(([name, , text]) => `${name} ${text}`).join(", ");
  const bar = make("div", { className: "stages", role: "img", "aria-label": told },
    ...stages.map(([, took], at) => make("span", { style: `flex:${took / total} 1 0;background:${COLORS[at % COLORS.length]}` })));
  const names = make("div", { className: "legend" }, ...stages.map(([name, , text], at) =>
    make("span", {}, make("i", { className: "swatch", style: `background:${COLORS[at % COLORS.length]}` }), ` ${name} ${text}`)));
  return make("div", {}, bar, names);
};

const explainSheet = ({ about, stages, segments, advice }) => [
  make("p", { className: "told", textContent: about, role: "status" }),
  stageBar(stages),
  sentences("Advice", advice),
  make("h5", { textContent: "Segments" }),
  tableOf("Segments", ["", "strategy", "because", "matching", "distances", "estimated", "took"], [3, 4, 5, 6],
    segments.map((segment) => [segment.name, segment.strategy, segment.why, segment.matching, segment.computed, segment.estimated, segment.took])),
  make("div", { className: "sheets" }, ...segments.filter(({ ways }) => ways.length).map(({ name, ways }) => make("section", { "aria-label": `What ${name} was reckoned to take` },
    make("h5", { textContent: `${name}: what each way was reckoned to take` }),
    barsOf(`${name}: microseconds`, ways.map(([text, cost, told, taken]) => ({ text: taken && text !== "measured" ? `${text} (taken)` : text, count: cost, part: taken ? cost : 0, told })))))),
];

// Which widths of the beam found it.
const triedLine = (tried) => make("ol", { className: "tried", "aria-label": "Widths that were tried" }, ...tried.map(([ef, place, asked]) =>
  make("li", { className: place === null ? "" : "good" }, make("b", { textContent: `ef ${counted(ef)}` }),
    make("span", { textContent: place === null ? "✕ missed" : `● place ${counted(place)}` }), make("span", { className: "dim", textContent: asked ? "this search" : "" }))));

const verdictCard = (found) => {
  const good = found.reason === "returned";
  const facts = [["exact rank", found.rank === null ? null : counted(found.rank)], ["score", found.score], ["score of the last of k", found.kth_score]]
    .filter(([, value]) => value !== null);
  return make("section", { className: "card verdict", "aria-label": "Verdict", role: "status" },
    make("p", {}, make("b", { textContent: `Point ${found.id}` }), " ", make("span", { className: `badge ${good ? "good" : "bad"}`, textContent: found.reason })),
    found.because ? make("p", { textContent: `${found.because[0].toUpperCase()}${found.because.slice(1)}.` }) : null,
    make("dl", {}, ...facts.flatMap(([name, value]) => [make("dt", { textContent: name }), make("dd", { textContent: value })])),
    found.rank === null ? null : barsOf("Its rank beside the number of hits", [
      { text: "hits asked for", count: found.k, told: `k = ${counted(found.k)}` }, { text: "its exact rank", count: found.rank, told: counted(found.rank) }]),
    found.tried.length ? make("h5", { textContent: "Proof: the same search with a wider beam" }) : null,
    found.tried.length ? triedLine(found.tried) : null,
    found.cure ? make("h5", { textContent: "Cure" }) : null, found.cure ? make("p", { textContent: found.cure }) : null,
    found.code ? make("pre", { textContent: found.code, tabIndex: 0, "aria-label": "The cure as Python" }) : null);
};

const hitList = (hits, missed, onPick) => make("ol", { className: "exact", "aria-label": "Hits of an exact search" }, ...hits.map(([id, title, score, mark], at) => {
  const line = button("", () => onPick(id), { label: `${at + 1}: point ${id}, ${title}, ${MARKS[mark]}. Why?` });
  line.append(make("span", { className: "number dim", textContent: at + 1 }), make("span", { className: `mark ${mark}`, textContent: MARKS[mark] }),
    make("span", { className: "title", textContent: title || `point ${id}` }), make("span", { className: "number dim", textContent: score }));
  line.setAttribute("aria-pressed", String(id === missed));
  return make("li", {}, line);
}));

const timeline = (jobs) => {
  const span = Math.max(...jobs.map((job) => job.from + job.seconds), 0.001);
  return tableOf("What the optimizer did", ["when", "what", "rows", "took", "state", ""], [2, 3], jobs.map((job) => [job.when, job.what, job.rows, job.took, job.state,
    make("span", { className: "lane", "aria-hidden": "true" }, make("i", { style: `left:${(100 * job.from) / span}%;width:max(3px, ${(100 * job.seconds) / span}%)` }))]));
};

const degreeChart = (graph) => {
  const host = make("div");
  const pairs = (counts) => counts.map((count, degree) => [degree, count]);
  const spec = { label: `${graph.name}: nodes by their links on layer 0`, height: 190, legend: true, x: { name: "links on layer 0", min: 0, format: (value) => String(Math.round(value)) },
    y: { name: "nodes", min: 0 }, series: [{ name: "links from a node", points: pairs(graph.leaving), dots: false }, { name: "links to a node", points: pairs(graph.arriving), dots: false, dashed: true }] };
  const lost = graph.unreachable ? make("p", { className: "problem", textContent: `Unreachable: ${graph.unreachable_ids.join(", ")}${graph.unreachable > graph.unreachable_ids.length ? " …" : ""}` }) : null;
  const node = make("section", { "aria-label": graph.name }, make("h5", { textContent: graph.name }), make("p", { className: "dim", textContent: graph.about }), host, lost);
  return { node, start: () => lineChart(host).draw(spec) };
};

const healthSheet = ({ counts, warnings, segments, graphs, jobs }, look) => {
  const charts = graphs.map(degreeChart);
  const well = warnings.length ? sentences("Warnings", warnings) : make("p", { className: "well", textContent: "✓ Nothing is wrong." });
  const dead = (count, share) => make("span", { className: "dead" }, make("span", { className: "meter", "aria-hidden": "true" }, make("span", { style: `width:${100 * share}%` })),
    make("span", { textContent: `${counted(count)} (${Math.round(100 * share)} %)` }));
  const nodes = [
    make("div", { className: "tiles" }, ...counts.map(([name, text]) => make("div", { className: "tile" }, make("b", { textContent: text }), make("span", { textContent: name })))),
    make("div", { className: "row" }, well, button("Look again", look)),
    make("h5", { textContent: "Segments" }),
    segments.length ? tableOf("Segments", ["segment", "kind", "rows", "dead rows", "vectors"], [2, 4], segments.map(([segment, kind, rows, count, share, size]) =>
      [segment, kind, rows, dead(count, share), size])) : make("p", { className: "dim", textContent: "There are no segments." }),
    graphs.length ? make("div", { className: "sheets" }, ...charts.map(({ node }) => node)) : make("p", { className: "dim", textContent: "No segment has a graph yet." }),
    make("h5", { textContent: "Optimizer" }),
    jobs.length ? timeline(jobs) : make("p", { className: "dim", textContent: "It had nothing to do since the collection was opened." }),
  ];
  return { nodes, start: () => charts.forEach((chart) => chart.start()) };
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-diagnose");
  keepKeys(el);
  const set = setter(model);
  const words = model.get("_searchable") ? "A text, or # and the id of a point" : "# and the id of a point";
  const search = textBox(model, "text", "Query", words);
  search.classList.add("grow");
  const filter = textBox(model, "filter_text", "Filter", 'Filter: {"year": {"gte": 2000}}');
  filter.classList.add("grow");
  const tools = make("div", { className: "row" }, search, filter, countBox(model, "k", "k", 1), countBox(model, "ef", "ef", 0, "default"));

  const sheets = SHEETS.map((name) => make("div", { className: `sheet ${name}` }));
  const [explain, why, health] = sheets;
  const names = ["Explain", "Why missed", "Health"];
  let shown = false; // the tabs open their first sheet before the model's is asked for
  const { bar, open } = tabs("Diagnosis", sheets.map((sheet, at) => [names[at], sheet]), (at) => shown && model.get("tab") !== SHEETS[at] && set({ tab: SHEETS[at] }));
  shown = true;
  follow(model, ["tab"], () => open(SHEETS.indexOf(model.get("tab"))));

  const nothing = (text) => make("p", { className: "empty", textContent: text });
  follow(model, ["_explained"], () => {
    const found = model.get("_explained");
    explain.replaceChildren(...(found.about ? explainSheet(found) : [nothing(`Nothing was asked yet. Enter ${words.toLowerCase()}.`)]).filter(Boolean));
  });
  const point = textBox(model, "missed", "Id of the missed point", "The id of a point");
  const verdict = make("div", { className: "verdicts" });
  const exact = make("div");
  why.append(make("div", { className: "row" }, make("label", {}, "Why is this point not among the hits?", point)), make("div", { className: "sheets" }, verdict, exact));
  follow(model, ["_verdict", "_hits", "missed"], () => {
    const [found, hits] = [model.get("_verdict"), model.get("_hits")];
    const lost = hits.filter(([, , , mark]) => mark === "missed").length;
    verdict.replaceChildren(found.id ? verdictCard(found) : nothing(hits.length ? "Choose a hit of the exact search, or enter the id of a point." : `Ask something first: enter ${words.toLowerCase()}.`));
    exact.replaceChildren(...(hits.length ? [make("h5", {}, "Hits of an exact search ", make("span", { className: "dim", textContent: lost ? `${counted(lost)} of ${counted(hits.length)} were missed` : "none was missed" })),
      hitList(hits, model.get("missed"), (id) => set({ missed: id }))] : []));
  });
  follow(model, ["_health"], () => {
    const found = model.get("_health");
    if (!found.counts) return health.replaceChildren(nothing("The graphs are being looked at."));
    const { nodes, start } = healthSheet(found, () => model.send({ look: true }));
    health.replaceChildren(...nodes);
    start();
  });
  el.append(make("h4", { textContent: `Diagnosis of ${model.get("_title")}` }), tools, problemLine(model), bar, ...sheets, codeBlock(model));
  greet(model);
}

export default { render };
