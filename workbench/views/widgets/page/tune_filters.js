// The third tab of the tuner: recall and time by the share of points that a filter lets through, for each strategy.

const shareFormat = (share) => `${+(100 * share).toPrecision(2)} %`;

const filterTab = (model) => {
  const run = button("Measure", () => model.send({ filters: true }), { primary: true });
  const form = make("div", { className: "row" }, make("label", {}, "Filter by ", choice(model, "filter_key", "Filter by", "_filter_keys")), run);
  const none = make("p", { className: "dim" });
  const said = make("p", { role: "status" });
  const [times, recalls] = [make("div"), make("div")];
  const [clock, quality] = [lineChart(times), lineChart(recalls)];
  const table = make("details", { className: "as-table" });
  follow(model, ["ef", "k"], () => (none.textContent = `Searches with ef ${model.get("ef")} and k ${model.get("k")} under filters of several selectivities: each strategy is forced, and the planner may choose.`));
  const draw = () => {
    const { lines = [], cross = null, said: words = "" } = model.get("_filters");
    said.textContent = words;
    times.hidden = recalls.hidden = said.hidden = table.hidden = !lines.length;
    if (!lines.length) return;
    const x = { name: "share of the points that match", log: true, format: shareFormat };
    const series = (value) => lines.map((line) => ({ name: line.name, dashed: line.planned, color: line.planned ? "var(--wb-ink)" : undefined, points: line.points.map((p) => [p.share, ...value(p)]) }));
    const marks = cross ? [{ x: cross, text: `cross at ${shareFormat(cross)}` }] : [];
    clock.draw({ label: "Time by share", height: 260, legend: true, x, y: { name: "milliseconds a search, median", log: true, format: msFormat }, series: series((p) => [p.p50]), lines: marks });
    const low = Math.min(...lines.flatMap((line) => line.points.map((p) => p.recall)));
    quality.draw({ label: "Recall by share", height: 260, legend: true, x, y: { name: `recall@${model.get("k")}`, min: Math.max(0, low - 0.02), max: 1.0005, format: recallFormat }, series: series((p) => [p.recall]), lines: marks });
    const rows = lines.flatMap((line) => line.points.map((p) => make("tr", {},
      ...cellsOf(p.filter, counted(p.matching), line.name, p.strategy, p.recall.toFixed(3), `${p.low.toFixed(3)} to ${p.high.toFixed(3)}`, `${p.p50.toFixed(3)} ms`, `${p.p95.toFixed(3)} ms`))));
    table.replaceChildren(make("summary", { textContent: "Every filter and what was done" }),
      tableOf("Filters", ["filter", "points", "strategy", "done", "recall", "95 % interval", "median", "p95"], rows));
  };
  follow(model, ["_filters"], draw);
  return { node: make("div", {}, form, none, said, make("div", { className: "tune-pair" }, times, recalls), table), draw };
};
