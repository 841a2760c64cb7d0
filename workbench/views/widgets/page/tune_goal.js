// The second tab of the tuner: a goal, what reaches it, and which setting matters.

// A table from rows of cells; a cell is a text, a number's text with { number: true }, or a node.
const tableOf = (label, heads, rows) => make("table", { "aria-label": label },
  make("thead", {}, make("tr", {}, ...heads.map((name) => make("th", { scope: "col", textContent: name })))),
  make("tbody", {}, ...rows));
const cellsOf = (...values) => values.map((value) => make("td", {}, ...(value instanceof Node ? [value] : [String(value)])));

// Bars of shares from 0 to 1, written as per cent.
const shareBars = (label, shares) => {
  const host = make("div", { className: "bars", role: "group", "aria-label": label });
  host.replaceChildren(...shares.map(([text, share]) => make("div", { className: "bar" },
    make("span", { className: "bar-text", textContent: text }),
    make("span", { className: "track" }, make("span", { className: "fill", style: "width:100%" }, make("span", { className: "part", style: `width:${100 * share}%` }))),
    make("span", { className: "bar-count number", textContent: `${Math.round(100 * share)} %` }))));
  return host;
};

const goalTab = (model, toCurve) => {
  const set = setter(model);
  const number = (trait, before, after, least, most, step) => {
    const input = make("input", { type: "number", min: least, max: most, step, "aria-label": `${before} ${after}`.trim() });
    onTyped(input, () => Number(input.value) > 0 && set({ [trait]: Number(input.value) }));
    input.addEventListener("keydown", (event) => event.key === "Enter" && Number(input.value) > 0 && model.send({ find: true }));
    const show = shownIn(input);
    follow(model, [trait], () => show(model.get(trait)));
    return make("label", {}, before, input, after);
  };
  const form = make("div", { className: "row" },
    number("goal_recall", "recall at least", "", 0.5, 1, 0.01), number("goal_p95_ms", "95 of 100 searches within", "ms", 0.01, 10000, 0.5),
    number("goal_gb", "memory at most", "GB", 0.001, 100000, 0.5), button("Find settings", () => model.send({ find: true }), { primary: true }));
  const none = make("p", { className: "dim", textContent: "The present graph is measured first, then a grid of others on small samples, then the best of these on a larger one. It takes some seconds, and can be cancelled." });
  const verdict = make("p", { role: "status" });
  const price = make("p");
  const table = make("div", { className: "tune-scroll" });
  const importance = make("div");
  const row = (t) => {
    const go = button("Go there", () => {
      model.send({ go: [t.m, t.ef_construct, t.ef] });
      toCurve();
    }, { label: `Go to m ${t.m}, ef_construct ${t.ef_construct}, ef ${t.ef}` });
    const sign = make("span", {}, ...(t.cheapest ? [make("span", { className: "badge good", textContent: "cheapest" }), " "] : []),
      ...(t.present ? [make("span", { className: "badge", textContent: "present graph" })] : []));
    const cells = make("tr", {}, ...cellsOf(t.m, t.ef_construct, t.ef, t.recall, t.p50, t.p95, t.memory, t.how, sign, go));
    cells.classList.toggle("best", t.cheapest);
    return cells;
  };
  follow(model, ["_found"], () => {
    const found = model.get("_found");
    none.hidden = Boolean(found);
    verdict.hidden = price.hidden = table.hidden = importance.hidden = !found;
    if (!found) return;
    verdict.textContent = found.verdict;
    price.textContent = found.price;
    table.replaceChildren(make("h5", { textContent: found.reached ? "Settings that reach it, the best of each graph" : "The nearest" }),
      tableOf("Settings", ["m", "ef_construct", "ef", "recall", "median", "p95", "memory", "known", "", ""], found.rows.map(row)));
    const shares = (what) => found.importance.map((one) => [one.name === "together" ? "only together" : one.name, one[what]]);
    importance.hidden = !found.importance.length;
    importance.replaceChildren(make("h5", { textContent: "What matters" }), make("p", { className: "dim", textContent: found.screened }),
      make("div", { className: "tune-pair" },
        make("div", {}, make("h5", { textContent: "for the recall" }), shareBars("Importance for the recall", shares("recall"))),
        make("div", {}, make("h5", { textContent: "for the time" }), shareBars("Importance for the time", shares("time")))));
  });
  return { node: make("div", {}, form, none, verdict, table, price, importance), draw: () => {} };
};
