// The fifth tab of the tuner: builders side by side.

const buildTab = (model) => {
  const run = button("Race", () => model.send({ race: true }), { primary: true });
  const about = make("p", { className: "dim" });
  const table = make("div", { className: "tune-scroll" });
  const gpu = make("p", { className: "dim" });
  follow(model, ["m", "ef_construct", "ef"], () => (about.textContent =
    `The graph of m ${model.get("m")}, ef_construct ${model.get("ef_construct")} is built over up to 20,000 of the vectors by each builder, one after the other, and searched with ef ${model.get("ef")}.`));
  follow(model, ["_builds"], () => {
    const { rows = [], gpu: why = "" } = model.get("_builds");
    gpu.textContent = why;
    table.hidden = !rows.length;
    const most = Math.max(...rows.map((one) => one.seconds), 1e-9);
    const bar = (one) => make("span", { className: "tune-time" },
      make("span", { className: "fill" }, make("span", { className: "part", style: `width:${(100 * one.seconds) / most}%` })), ` ${one.seconds.toFixed(2)} s`);
    table.replaceChildren(tableOf("Builders", ["builder", "time", "points a second", "recall", "95 % interval", "a search", "index"],
      rows.map((one) => make("tr", {}, ...(one.why_not
        ? cellsOf(one.title, one.why_not, "", "", "", "", "")
        : cellsOf(one.title, bar(one), counted(one.per_second), one.recall, one.band, one.ms, one.size))))));
  });
  return { node: make("div", {}, make("div", { className: "row" }, run), about, table, gpu), draw: () => {} };
};
