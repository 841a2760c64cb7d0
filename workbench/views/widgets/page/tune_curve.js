// The first tab of the tuner: sliders, and recall, time and memory where they stand.

// A native slider along the steps of a list (or all whole numbers from 1), with its value written beside its name.
// `live` sends every step that is passed, otherwise the one it is let go at.
const stepSlider = (model, trait, steps, hint, live = false) => {
  const list = () => (typeof steps === "string" ? model.get(steps) : steps());
  const input = make("input", { type: "range", min: 0, step: 1, title: hint, "aria-label": trait });
  const value = make("output", { className: "number" });
  let held = false;
  const say = (number) => {
    value.textContent = counted(number);
    input.setAttribute("aria-valuetext", String(number));
  };
  const picked = () => list()[Number(input.value)];
  const send = () => {
    if (picked() === model.get(trait)) return;
    model.set(trait, picked());
    model.save_changes();
  };
  input.addEventListener("input", () => {
    say(picked());
    if (live) send();
  });
  input.addEventListener("change", send);
  input.addEventListener("pointerdown", () => (held = true));
  const letGo = () => {
    held = false;
    setTimeout(show); // "change" comes after this event, and is to find the slider where it was let go
  };
  input.addEventListener("pointerup", letGo);
  input.addEventListener("pointercancel", letGo);
  const show = () => {
    if (held) return; // the kernel's answer to an earlier step must not move the slider under the hand
    const all = list();
    input.max = all.length - 1;
    input.value = Math.max(0, all.indexOf(model.get(trait)));
    say(model.get(trait));
  };
  follow(model, typeof steps === "string" ? [trait, steps] : [trait], show);
  return make("div", { className: "tune-slider" }, make("span", { textContent: trait, "aria-hidden": "true" }), value, input);
};

const tilesOf = (model) => {
  const tiles = make("div", { className: "tiles", role: "status", "aria-label": "Where you are" });
  follow(model, ["_tiles"], () => tiles.replaceChildren(...model.get("_tiles").map(([name, value, note]) =>
    make("div", { className: "tile" }, make("span", { textContent: name }), make("b", { textContent: value }), make("span", { textContent: note })))));
  return tiles;
};

// Two or more buttons of which one is pressed.
const switchOf = (label, options, onPick) => {
  const nodes = options.map(([value, text]) => button(text, () => pick(value)));
  const pick = (value) => {
    options.forEach(([own], i) => nodes[i].setAttribute("aria-pressed", String(own === value)));
    onPick(value);
  };
  options.forEach(([own], i) => nodes[i].setAttribute("aria-pressed", String(i === 0)));
  return make("div", { className: "row switch", role: "group", "aria-label": label }, ...nodes);
};

const recallFormat = (value) => String(+value.toFixed(3));
const msFormat = (value) => `${shortNumber(value)} ms`;

const curveCharts = (model) => {
  const host = make("div");
  const times = make("div");
  let axis = "ef";
  const series = (curve) => ({
    name: curve.name, curve,
    points: curve.points.map((p) => [axis === "ef" ? p.ef : p.p50, p.recall, ...(curve.chosen ? [p.low, p.high] : [])]),
  });
  const chart = lineChart(host, (line, point) => {
    const found = line.curve?.points.find((p) => (axis === "ef" ? p.ef : p.p50) === point[0] && p.recall === point[1]);
    if (!found) return;
    model.set("ef", found.ef);
    model.save_changes();
  });
  const clock = lineChart(times);
  const draw = () => {
    const [curves, here, front] = [model.get("_curves"), model.get("_here"), model.get("_front")];
    const lines = curves.map(series);
    if (axis === "ms" && front.length > 1)
      lines.push({ name: "best of all: Pareto front", dashed: true, dots: false, color: "var(--wb-ink)", points: front.map((p) => [p.p50, p.recall]) });
    const low = Math.min(1, ...curves.flatMap((c) => c.points.map((p) => (c.chosen ? p.low : p.recall))), here?.low ?? 1);
    chart.draw({
      label: axis === "ef" ? "Recall by ef" : "Recall by time", height: axis === "ef" ? 260 : 400, legend: true,
      x: axis === "ef" ? { name: "ef: candidates kept while searching", log: true, format: shortNumber } : { name: "milliseconds a search, median", log: true, format: msFormat },
      y: { name: `recall@${model.get("k")}`, min: Math.max(0, low - (1 - low) * 0.05), max: 1.0005, format: recallFormat },
      series: lines, here: here && [axis === "ef" ? here.ef : here.p50, here.recall],
    });
    const chosen = curves.find((c) => c.chosen);
    times.hidden = axis !== "ef" || !chosen;
    if (times.hidden) return;
    clock.draw({
      label: "Time of a search by ef", height: 160, legend: true,
      x: { name: "ef", log: true, format: shortNumber }, y: { name: "milliseconds a search", min: 0, format: msFormat },
      series: [{ name: "median", points: chosen.points.map((p) => [p.ef, p.p50]) }, { name: "95 of 100 stay below", dashed: true, points: chosen.points.map((p) => [p.ef, p.p95]) }],
      here: here && [here.ef, here.p50],
    });
  };
  const pick = switchOf("Axis", [["ef", "recall by ef"], ["ms", "recall by time"]], (value) => {
    axis = value;
    draw();
  });
  follow(model, ["_curves", "_here", "_front", "k"], draw);
  return { node: make("div", {}, pick, host, times), draw };
};

const curveTab = (model) => {
  const send = (message) => model.send(message);
  const use = button("Use these settings", () => send({ apply: true }), { primary: true });
  const back = button("Back", () => send({ reset: true }));
  back.title = "Go to the settings of the collection";
  follow(model, ["_can_use", "_can_reset"], () => {
    use.disabled = !model.get("_can_use");
    back.disabled = !model.get("_can_reset");
  });
  const head = (name, note) => make("h5", {}, `${name} `, make("span", { className: "dim", textContent: note }));
  const numbers = Array.from({ length: model.get("_k_max") }, (_, i) => i + 1);
  const search = make("div", {}, head("Search", "moves at once"),
    stepSlider(model, "ef", "_efs", "Candidates kept while walking the graph", true),
    stepSlider(model, "k", () => numbers, "How many nearest points are wanted", true));
  const graph = make("div", {}, head("Graph", "built in the background"),
    stepSlider(model, "m", "_ms", "Links of a point; twice as many on the lowest layer"),
    stepSlider(model, "ef_construct", "_ef_constructs", "Candidates looked at when a point is linked"));
  const side = make("div", { className: "tune-side" }, search, graph, make("div", { className: "row" }, use, back));
  const charts = curveCharts(model);
  const main = make("div", { className: "tune-main" }, tilesOf(model), charts.node);
  return { node: make("div", {}, make("div", { className: "tune-row" }, side, main), codeBlock(model)), draw: charts.draw };
};
