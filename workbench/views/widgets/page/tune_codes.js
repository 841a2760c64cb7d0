// The fourth tab of the tuner: what each kind of quantization costs and finds.

// Where codes alone rank the true first to tenth: a line each, level if nothing moved.
const slopes = (name, ranks) => {
  const [width, height, left, right, top] = [300, 250, 60, 200, 26];
  const most = Math.max(20, ...ranks.map(([middle]) => middle));
  const at = (rank) => top + ((height - top - 10) * Math.log(Math.max(1, rank))) / Math.log(most);
  const parts = [
    svg("text", { x: left, y: 12, class: "name end" }, "true rank"), svg("text", { x: right, y: 12, class: "name" }, "by codes alone (median)"),
  ];
  ranks.forEach(([middle], i) => {
    const moved = Math.round(middle) > i + 1;
    const color = moved ? "var(--wb-bad)" : "var(--wb-accent)";
    parts.push(svg("line", { x1: left + 6, x2: right - 6, y1: at(i + 1), y2: at(middle), stroke: color, "stroke-width": 2, "stroke-dasharray": moved ? "5 3" : null }),
      svg("circle", { cx: left + 6, cy: at(i + 1), r: 3.5, fill: color }), svg("circle", { cx: right - 6, cy: at(middle), r: 3.5, fill: color }));
  });
  const label = (all, x, end) => {
    let last = -20;
    for (const rank of all) {
      if (at(rank) - last < 11) continue; // it would cover the one above; the table has all
      last = at(rank);
      parts.push(svg("text", { x, y: last + 4, class: end ? "tick end" : "tick" }, String(+rank.toFixed(1))));
    }
  };
  label(ranks.map((_, i) => i + 1), left - 4, true);
  label(ranks.map(([middle]) => middle).sort((a, b) => a - b), right + 4, false);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Ranks by ${name} codes` });
  picture.append(...parts);
  return make("div", { className: "chart" }, picture);
};

const codeTab = (model) => {
  const run = button("Measure", () => model.send({ codes: true }), { primary: true });
  const about = make("p", { className: "dim" });
  const table = make("div", { className: "tune-scroll" });
  const host = make("div");
  const chart = lineChart(host);
  const ranks = make("div");
  let shown = "";
  const cell = (found) => found ? make("span", {}, make("b", { textContent: found.recall.toFixed(3) }), make("span", { className: "dim", textContent: ` ${found.ms.toFixed(3)} ms` })) : "";
  const row = (kind) => {
    const search = (rescore, times) => kind.searches.find((s) => s.rescore === rescore && s.times === times);
    const use = button("Use this", () => model.send({ quantize: kind.name }), { label: `Use ${kind.name}` });
    const full = !kind.config;
    const cells = kind.searches.length
      ? [full ? "" : cell(search(false, 1)), cell(search(true, 1)), cell(search(true, 2)), cell(search(true, 4))]
      : ["not defined for this distance", "", "", ""];
    return make("tr", {}, ...cellsOf(kind.name, kind.memory, `${kind.bytes} B`, full ? "" : kind.seconds, ...cells, kind.searches.length ? use : ""));
  };
  const drawRanks = (rows) => {
    const kinds = rows.filter((kind) => kind.config && kind.ranks.length);
    ranks.hidden = !kinds.length;
    if (!kinds.length) return;
    const kind = kinds.find((one) => one.name === shown) ?? kinds.at(-1);
    shown = kind.name;
    const select = make("select", { "aria-label": "Ranks of" }, ...kinds.map((one) => make("option", { value: one.name, textContent: one.name })));
    select.value = shown;
    select.addEventListener("change", () => {
      shown = select.value;
      drawRanks(rows);
      ranks.querySelector("select").focus();
    });
    ranks.replaceChildren(make("h5", { textContent: "How ranks shift" }), make("label", {}, "by the codes of ", select),
      make("div", { className: "tune-pair" }, slopes(kind.name, kind.ranks),
        make("div", {}, tableOf("Ranks", ["true rank", "by codes: median", "95 of 100 within"], kind.ranks.map(([middle, wide], i) =>
          make("tr", {}, ...cellsOf(i + 1, +middle.toFixed(1), wide > 200 ? "more than 200" : +wide.toFixed(1))))))));
  };
  const draw = () => {
    const { rows = [], sampled = 0, points = 0 } = model.get("_codes");
    about.textContent = rows.length
      ? `Measured on ${counted(sampled)} of ${counted(points)} vectors, all kinds by one graph at ef ${model.get("ef")}; memory is that of the codes of all points. “None” is the search without quantization.`
      : "Every kind is encoded on a sample of up to 20,000 vectors and searched: by its codes alone, and with its best put right by the full vectors, 1, 2 and 4 times as many as asked for.";
    table.hidden = host.hidden = !rows.length;
    drawRanks(rows);
    if (!rows.length) return;
    table.replaceChildren(tableOf("Quantization", ["kind", "memory", "a vector", "encoded in", "codes alone", "rescored 1×", "rescored 2×", "rescored 4×", ""], rows.map(row)));
    const lines = rows.filter((kind) => kind.config && kind.searches.length);
    const recalls = lines.flatMap((kind) => kind.searches.map((s) => s.recall));
    host.hidden = !lines.length;
    if (lines.length) chart.draw({
      label: "Recall by oversampling", height: 260, legend: true,
      x: { name: "oversampling, rescored", format: (value) => (value ? (Number.isInteger(value) ? `${value}×` : "") : "codes alone") },
      y: { name: `recall@${model.get("k")}`, min: Math.max(0, Math.min(...recalls) - 0.03), max: 1.005, format: recallFormat },
      series: lines.map((kind) => ({ name: kind.name, points: kind.searches.map((s) => [s.rescore ? s.times : 0, s.recall]) })),
    });
  };
  follow(model, ["_codes"], draw);
  return { node: make("div", {}, make("div", { className: "row" }, run), about, table, host, ranks), draw };
};
