// The tracer: the walk of a query on a map, its distances beside it, its heaps, and the transport that moves along it.

const LISTED = 10;
const unpacked = (model, name, type) => {
  const view = model.get(name);
  return view?.byteLength ? new type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)) : new type();
};
const shapeSign = (layer) => svg("svg", { width: 14, height: 14, "aria-hidden": "true" },
  svg("path", { d: layerShape(layer)(7, 7, 4.2), fill: layerColor(layer) }));
const gapText = (value) => value.toFixed(Math.abs(value) >= 100 ? 1 : 4);

// What happened in a hop, in a sentence.
const sayHop = (walk, step) => {
  if (!walk.rows) return `Strategy ${walk.strategy}: ${walk.why}. ${counted(walk.computed)} of ${counted(walk.total)} points were compared one by one, so there is no path.`;
  const row = walk.expanded[step];
  const name = walk.names[row] || "a node";
  const far = gapText(walk.gaps[row]);
  if (step === 0) return `The walk enters on layer ${walk.layer[0]} at ${name}, ${far} away.`;
  let [measured, entered] = [0, 0];
  for (let at = 0; at < walk.rows && walk.rowHop[at] <= step; at++) {
    if (walk.rowHop[at] !== step || walk.rowLayer[at] !== walk.layer[step]) continue;
    measured++;
    if (walk.flags[at] & (CANDIDATE | RESULT)) entered++;
  }
  const links = measured ? `${measured} neighbors were measured, ${entered} came nearer or into the heap` : "all its neighbors were known";
  const end = step < walk.hops ? "" : endOf(walk);
  return `Layer ${walk.layer[step]}: ${name}, ${far} away, was expanded: ${links}.${end}`;
};
const endOf = (walk) => {
  const told = walk.coded ? " What was found by codes was then measured by its vectors." : "";
  return ` The walk ends: no candidate is nearer than the farthest of the ${counted(walk.width)} kept.${told}`;
};

const heapOf = (title, about) => {
  const count = make("span", { className: "dim" });
  const list = make("ol", { "aria-label": title });
  const node = make("div", {}, make("h5", { title: about }, title, " ", count), list);
  const draw = (walk, rows, step, { wanted = 0, k = 0 } = {}) => {
    count.textContent = wanted ? `${rows.length} of ${counted(wanted)}` : String(rows.length);
    const item = (row, i) => {
      const name = walk.names[row];
      const line = make("li", { title: name }, shapeSign(walk.rowLayer[row]), make("span", { textContent: name }),
        make("span", { className: "dim number", textContent: gapText(walk.gaps[row]) }));
      line.classList.toggle("new", walk.rowHop[row] === step);
      line.classList.toggle("kept", k === i + 1 && rows.length > k);
      return line;
    };
    const lines = rows.slice(0, LISTED).map(item);
    if (rows.length > LISTED) lines.push(make("li", { className: "dim" }, make("i"), make("span", { textContent: `and ${counted(rows.length - LISTED)} more` })));
    if (!rows.length) lines.push(make("li", { className: "dim" }, make("i"), make("span", { textContent: "none left" })));
    list.replaceChildren(...lines);
  };
  return { node, draw };
};

// Buttons, a slider and keys that move along the walk; `state` has step, hops() and go(step).
const transportOf = (model, state) => {
  const slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "Hop" });
  const output = make("output", { className: "dim" });
  slider.addEventListener("input", () => state.go(Number(slider.value)));
  const play = button("", () => state.play(!state.playing), { primary: true });
  play.classList.add("play");
  const speed = choice(model, "speed", "Hops a second", [[2, "2 hops/s"], [5, "5 hops/s"], [10, "10 hops/s"], [20, "20 hops/s"], [40, "40 hops/s"]]);
  const node = make("div", { className: "transport", role: "group", "aria-label": "Transport" },
    button("|◀", () => state.go(0), { label: "First hop (Home)" }), button("◀", () => state.go(state.step - 1), { label: "One hop back (←)" }), play,
    button("▶", () => state.go(state.step + 1), { label: "One hop on (→)" }), button("▶|", () => state.go(state.hops()), { label: "Last hop (End)" }),
    slider, output);
  const draw = () => {
    slider.max = state.hops();
    slider.value = state.step;
    slider.setAttribute("aria-valuetext", `hop ${state.step} of ${state.hops()}`);
    output.textContent = `hop ${counted(state.step)} of ${counted(state.hops())}`;
    play.textContent = state.playing ? "Pause" : "Play";
    play.title = "Space";
  };
  return { node, draw, speed };
};

const layerBar = (state) => {
  const node = make("div", { className: "layer-bar", role: "group", "aria-label": "Layers" });
  let buttons = [];
  const fill = (walk) => {
    buttons = walk.layers.map(([layer, visited, computed]) => {
      const jump = button("", () => state.go(walk.firstHop(layer)), {
        label: `Layer ${layer}: ${counted(visited)} visited, ${counted(computed)} computed. Go to its first hop` });
      jump.append(make("b", {}, shapeSign(layer), ` Layer ${layer}`), make("span", { className: "dim", textContent: `${counted(visited)} visited` }), make("span", { className: "dim", textContent: `${counted(computed)} computed` }));
      jump.style.cssText = `--layer:${layerColor(layer)}`;
      jump.layer = layer;
      return jump;
    });
    node.replaceChildren(...buttons);
    node.hidden = !buttons.length;
  };
  const draw = (walk, step) => {
    for (const jump of buttons) {
      if (jump.layer === walk.layer[step]) jump.setAttribute("aria-current", "step");
      else jump.removeAttribute("aria-current");
    }
  };
  return { node, fill, draw };
};

const moves = (state, walk) => ({
  ArrowLeft: () => state.go(state.step - 1), ArrowRight: () => state.go(state.step + 1),
  Home: () => state.go(0), End: () => state.go(state.hops()), " ": () => state.play(!state.playing),
  PageDown: () => state.go(walk().firstHop(Math.max(0, walk().layer[state.step] - 1))),
  PageUp: () => state.go(walk().firstHop(Math.min(walk().layer[0], walk().layer[state.step] + 1))),
});
const ownKeys = (event) => {
  const { tagName, type } = event.target;
  if (["SELECT", "TEXTAREA"].includes(tagName) || event.ctrlKey || event.metaKey || event.altKey) return true;
  if (tagName === "INPUT" && type !== "range") return true;
  if (event.key === " ") return ["BUTTON", "SUMMARY"].includes(tagName);
  return tagName === "CANVAS" || (tagName === "INPUT" && !event.key.startsWith("Page"));
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-trace");
  keepKeys(el);
  const set = setter(model);
  let walk = readWalk(model);
  let timer = 0;
  let savedAt = 0;
  const save = () => {
    savedAt = performance.now();
    if (model.get("step") !== state.step) set({ step: state.step });
  };
  const state = {
    step: model.get("step"), playing: false,
    hops: () => walk.hops ?? 0,
    go(step, quietly = false) {
      state.step = Math.max(0, Math.min(state.hops(), step));
      if (!quietly && (!state.playing || performance.now() - savedAt > 250)) save();
      show();
    },
    play(on) {
      clearInterval(timer);
      const starts = on && !state.playing;
      state.playing = on && state.hops() > 0;
      if (starts && state.step >= state.hops()) state.go(0);
      if (state.playing)
        timer = setInterval(() => {
          state.go(state.step + 1);
          if (state.step >= state.hops()) state.play(false);
        }, 1000 / model.get("speed"));
      else save();
      if (model.get("playing") !== state.playing) set({ playing: state.playing });
      transport.draw();
    },
  };

  const title = make("h4", { textContent: `Trace in ${model.get("_title")}` });
  const about = make("span", { className: "dim" });
  title.append(" ", about);
  const words = model.get("_searchable") ? "A text, or # and the id of a point" : "# and the id of a point";
  const search = textBox(model, "text", "Query", words);
  search.classList.add("grow");
  const segments = make("select", { "aria-label": "Segment", hidden: true });
  segments.addEventListener("change", () => set({ segment: Number(segments.value) }));
  const tools = make("div", { className: "row" }, search, countBox(model, "k", "k", 1), countBox(model, "ef", "ef", 0, "default"), segments);

  const host = make("div", { className: "trace-map" });
  let hovered = -1;
  let asked = 0;
  const map = scatter(host, `Map of the walk in ${model.get("_title")}`, {
    paint: (context, toScreen, place) => {
      if (walk.rows) paintWalk(context, toScreen, place, walk, Math.min(state.step, walk.hops), model.get("k"), host);
      else if (walk.hits) paintScan(context, toScreen, place, walk, host);
    },
    onHover: (point, at) => {
      if (point === hovered) return;
      hovered = point;
      map.hint("");
      clearTimeout(asked);
      if (point >= 0) asked = setTimeout(() => model.send({ hover: point, at }), 60);
    },
    onClick: (point) => {
      const row = point < 0 ? -1 : walk.number.indexOf(point);
      if (row >= 0) state.go(walk.rowHop[row]);
    },
  });
  model.on("msg:custom", (message) => message.row === hovered && map.hint(message.tip, message.at));
  const near = button("Zoom to the walk", () => zoom(), { label: "Show layer 0 of the walk alone" });
  const zoom = () => {
    const places = [];
    for (let row = 0; row < walk.rows; row++)
      if (walk.rowLayer[row] === 0) places.push([xy[2 * walk.number[row]] / 65535, xy[2 * walk.number[row] + 1] / 65535]);
    if (!places.length) return map.fit();
    const [xs, ys] = [places.map((p) => p[0]), places.map((p) => p[1])];
    map.show([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
  };

  const transport = transportOf(model, state);
  const bar = layerBar(state);
  const told = make("p", { className: "told", "aria-live": "polite" });
  const chartHost = make("div");
  const chart = lineChart(chartHost);
  const candidates = heapOf("Candidates", "What waits to be expanded, the nearest first");
  const results = heapOf("Results", "The nearest so far; the last of them is the bound");
  const bound = make("p", { className: "key", role: "status" });
  const key = make("p", { className: "key",
    textContent: "✕ query · ◯ thick: expanded now · ◯ thin: best k · bold: the way to the best · hollow: filtered out or deleted. Click a node to go to its hop." });
  const empty = make("p", { className: "empty" });
  follow(model, ["working"], () => (empty.textContent = model.get("working") ? "The walk is drawn here as soon as it is traced." : `Nothing is traced yet. Enter ${words.toLowerCase()}.`));

  let xy = new Uint16Array();
  const show = () => {
    const step = Math.min(state.step, state.hops());
    transport.draw();
    map.redraw();
    if (!walk.hits) return;
    told.textContent = sayHop(walk, step);
    if (!walk.rows) return;
    bar.draw(walk, step);
    chart.mark([step, walk.gaps[walk.expanded[step]]]);
    candidates.draw(walk, walk.candidates(step), step);
    const kept = walk.results(step);
    results.draw(walk, kept, step, { wanted: walk.wanted(step), k: model.get("k") });
    const full = kept.length >= walk.wanted(step);
    const measured = walk.coded ? "The walk compared codes; distances here are by the vectors. " : "";
    bound.textContent = measured + (full ? `Bound: ${gapText(walk.gaps[kept.at(-1)])}. Whatever is farther is passed by.` : `No bound yet: ${counted(walk.wanted(step) - kept.length)} more are wanted.`);
  };
  const side = make("div", { className: "trace-side" }, told, chartHost, make("div", { className: "heaps" }, candidates.node, results.node), bound);
  const scanned = make("ol", { "aria-label": "Hits" });
  side.append(scanned);
  const row = make("div", { className: "trace-row" }, make("div", { className: "trace-main" }, host, transport.node, bar.node, make("div", { className: "row" }, transport.speed, near), key), side);

  follow(model, ["_xy", "_walk", "_scene"], () => {
    walk = readWalk(model);
    const there = Boolean(walk.hits);
    empty.hidden = there;
    row.hidden = !there;
    if (!there) return;
    state.step = model.get("step");
    about.textContent = walk.about;
    xy = unpacked(model, "_xy", Uint16Array);
    hovered = -1;
    map.setPoints(xy, new Uint8Array(xy.length / 2), [[150, 154, 160]], new Uint8Array(xy.length / 2).fill(walk.rows ? 2 : 0));
    segments.replaceChildren(...walk.segments.map(([value, text]) => make("option", { value, textContent: text })));
    segments.value = String(model.get("segment"));
    segments.hidden = walk.segments.length < 2;
    bar.fill(walk);
    for (const part of [chartHost, candidates.node.parentNode, bound, transport.node, transport.speed, near, key]) part.hidden = !walk.rows;
    scanned.hidden = walk.rows > 0;
    scanned.replaceChildren(...walk.hit_names.map((name, i) => make("li", { title: name }, shapeSign(0), make("span", { textContent: name }),
      make("span", { className: "dim number", textContent: walk.hit_scores[i] }))));
    const turns = walk.layers.map(([layer]) => ({ x: walk.firstHop(layer), text: layer ? "" : "layer 0" })).filter(({ x }) => x > 0);
    const low = walk.gaps.reduce((least, gap) => Math.min(least, gap), Infinity);
    const log = low > 0 && walk.gaps.reduce((most, gap) => Math.max(most, gap), 0) > 8 * low;
    if (walk.rows)
      chart.draw({ label: "Distance to the query by hop", height: 210, legend: true, x: { name: "hop", min: 0, max: Math.max(1, walk.hops), format: (value) => String(Math.round(value)) },
        y: { name: log ? `${walk.measure}, log` : walk.measure, log }, series: seriesOf(walk), lines: turns });
    show();
  });
  follow(model, ["segment"], () => (segments.value = String(model.get("segment"))));
  model.on("change:step", () => !state.playing && model.get("step") !== state.step && state.go(model.get("step"), true));
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  model.on("change:playing", () => model.get("playing") !== state.playing && state.play(model.get("playing")));
  model.on("change:speed", () => state.playing && state.play(true));
  el.addEventListener("keydown", (event) => {
    const act = moves(state, () => walk)[event.key];
    if (!act || !walk.rows || ownKeys(event)) return;
    event.preventDefault();
    act();
  });
  chartHost.addEventListener("pointerdown", (event) => {
    if (event.target.closest("details")) return;
    const hop = chart.xAt(event.clientX);
    if (hop !== null) state.go(Math.round(hop));
  });
  el.append(title, tools, problemLine(model), empty, row, codeBlock(model));
  if (model.get("playing") && !still.matches) state.play(true);
  else if (model.get("playing")) set({ playing: false });
  greet(model);
  return () => {
    clearInterval(timer);
    map.close();
  };
}

export default { render };
