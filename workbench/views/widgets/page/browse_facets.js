// What the fields hold, beside the table: picking a value or a range narrows the table and the other fields.

const momentOf = (span) => (seconds) => {
  const text = new Date(seconds * 1000).toISOString();
  return span > 4 * 86400 ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
};
const readMoment = (text) => Date.parse(/[zZ+]/.test(text.slice(10)) ? text : `${text.trim().replace(" ", "T")}${text.trim().length > 10 ? "Z" : ""}`) / 1000;
const plainNumber = (value) => String(+Number(value).toPrecision(6));

const facetsOf = (model, send) => {
  const list = make("div", { className: "facets" });
  const waiting = make("p", { className: "dim", role: "status", textContent: "Counting values …" });
  const side = make("aside", { className: "facet-side", "aria-label": "Values of the fields" }, list, waiting);
  const drawn = new Map(); // key and kind → how to draw it: a section stays open or closed, and keeps its focus

  const bars = (key, host) => {
    const chart = barList(host, (at) => send({ value: [key, at] }));
    return (facet) => chart.draw({
      label: `Values of ${key}`,
      bars: facet.texts.map((text, i) => ({ text: text || "(empty)", count: facet.counts[i], part: facet.parts[i], chosen: facet.chosen[i] })),
    });
  };
  const range = (key, host) => {
    host.dataset.name = key;
    const chart = histogram(host, (from, to) => send({ range: [key, from, to] }));
    return (facet) => {
      const span = facet.edges.at(-1) - facet.edges[0];
      const moments = facet.kind === "datetime";
      chart.draw({
        label: key, edges: facet.edges, ends: facet.ends, counts: facet.counts, parts: facet.parts, from: facet.from, to: facet.to,
        format: moments ? momentOf(span) : facet.kind === "integer" ? (value) => String(Math.ceil(value)) : plainNumber,
        parse: moments ? readMoment : Number,
      });
    };
  };

  follow(model, ["_facets", "_counting"], () => {
    waiting.hidden = !model.get("_counting");
    const facets = model.get("_facets");
    side.hidden = !facets.length && waiting.hidden;
    const wanted = facets.map((facet, at) => {
      const name = `${facet.kind} ${facet.key}`;
      if (!drawn.has(name)) {
        const host = make("div");
        const more = make("span", { className: "dim" });
        const section = make("details", { className: "facet", open: at < 6 }, make("summary", {}, make("b", { textContent: facet.key }), " ", more), host);
        // Drawing needs a width, which a closed section does not have.
        section.addEventListener("toggle", () => section.open && drawn.get(name).redraw());
        const draw = facet.edges ? range(facet.key, host) : bars(facet.key, host);
        drawn.set(name, { section, more, draw, redraw: () => {} });
      }
      const entry = drawn.get(name);
      entry.redraw = () => entry.draw(facet);
      const hidden = facet.edges ? 0 : facet.distinct - facet.texts.length;
      entry.more.textContent = hidden > 0 ? `${counted(facet.distinct)} values, the most frequent` : "";
      return entry;
    });
    const same = wanted.length === list.children.length && wanted.every((entry, at) => list.children[at] === entry.section);
    if (!same) list.replaceChildren(...wanted.map((entry) => entry.section));
    for (const entry of wanted) entry.redraw();
  });
  return side;
};

// What is picked, one chip a field, each with a cross.
const chipsOf = (model, send) => {
  const row = make("div", { className: "row chips", role: "group", "aria-label": "Picked" });
  follow(model, ["_chips"], () => {
    const chips = model.get("_chips").map(({ key, text }) => {
      const chip = button("", () => send({ widen: key }), { label: `Drop ${text}` });
      chip.className = "chip-button";
      chip.append(make("span", { className: "bar-text", textContent: text }), make("span", { textContent: "✕", "aria-hidden": "true" }));
      return chip;
    });
    row.hidden = chips.length === 0;
    if (chips.length > 1) chips.push(button("Clear all", () => send({ widen: null })));
    row.replaceChildren(...chips);
  });
  return row;
};

// The examples that points shall be like, or not.
const examplesOf = (model, send) => {
  const row = make("div", { className: "row chips", role: "group", "aria-label": "Examples" });
  follow(model, ["_examples"], () => {
    const examples = model.get("_examples");
    row.hidden = examples.length === 0;
    row.replaceChildren(make("span", { className: "dim", textContent: "Like these:" }), ...examples.map(({ text, sign, at }) => {
      const chip = button("", () => send({ forget: at }), { label: `Forget the ${sign > 0 ? "liked" : "disliked"} example ${text}` });
      chip.className = `chip-button ${sign > 0 ? "good" : "bad"}`;
      chip.append(make("b", { textContent: sign > 0 ? "+" : "−" }), make("span", { className: "bar-text", textContent: text }),
        make("span", { textContent: "✕", "aria-hidden": "true" }));
      return chip;
    }), button("Clear", () => send({ forget: null }), { label: "Forget all examples" }));
  });
  return row;
};
