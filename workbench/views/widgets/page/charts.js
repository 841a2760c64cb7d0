// Charts as SVG: lines with bands, bars that can be picked. Every chart can be read as a table and used by keyboard.

const SVG = "http://www.w3.org/2000/svg";
const svg = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};

// Okabe and Ito's colors, told apart by every kind of color vision; each line has a shape of its own besides.
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7a7a", "#b8a800"];
const SHAPES = [
  (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`,
  (x, y, r) => `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
  (x, y, r) => `M${x},${y - 1.3 * r}l${1.3 * r},${2.3 * r}h${-2.6 * r}z`,
  (x, y, r) => `M${x},${y - 1.4 * r}l${1.4 * r},${1.4 * r}l${-1.4 * r},${1.4 * r}l${-1.4 * r},${-1.4 * r}z`,
];

const shortNumber = (value) => {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)} M`;
  if (size >= 1e4) return `${+(value / 1e3).toFixed(1)} k`;
  return size >= 100 ? value.toFixed(0) : String(+value.toPrecision(3));
};

// Round numbers from `low` to `high`, about `count` of them.
const ticksOf = (low, high, count, log) => {
  if (log) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const head of [1, 2, 5]) all.push(head * 10 ** power);
    const inside = all.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
    return inside.length > count + 2 ? inside.filter((tick) => String(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9)).startsWith("1")) : inside;
  }
  const rough = (high - low) / Math.max(1, count);
  const unit = 10 ** Math.floor(Math.log10(rough || 1));
  const step = unit * ([1, 2, 5, 10].find((head) => head * unit >= rough) ?? 10);
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + step * 1e-9; tick += step) ticks.push(+tick.toPrecision(12));
  return ticks;
};

const axisOf = ({ log = false, min, max }, values, from, to) => {
  const seen = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  let [low, high] = [min ?? Math.min(...seen), max ?? Math.max(...seen)];
  if (!seen.length) [low, high] = [min ?? (log ? 1 : 0), max ?? (log ? 10 : 1)];
  if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - 0.5, high + 0.5];
  const at = log ? Math.log : (value) => value;
  const scale = (value) => from + ((at(Math.max(value, log ? 1e-12 : -Infinity)) - at(low)) / (at(high) - at(low))) * (to - from);
  return { scale, low, high, log };
};

/* Lines: spec = { label, x: { name, log, min, max, format }, y: {…}, series: [{ name, points: [[x, y, low, high]],
   color, dashed, dots }], here: [x, y], lines: [{ x or y, text }] }; `onPoint(series, point)` makes points buttons.
   Returns { draw, mark, xAt }: `mark([x, y])` moves the ring alone, `xAt(clientX)` is the x below a pointer or null.
   A value may be null: it leaves a gap. */
function lineChart(host, onPoint = null) {
  host.classList.add("chart");
  const picture = svg("svg", { role: onPoint ? "group" : "img" });
  const legend = make("div", { className: "legend" });
  const tip = make("div", { className: "chart-tip", hidden: true });
  const table = make("details", { className: "as-table" });
  host.append(legend, picture, tip, table);
  let spec = null;

  const frame = ({ width, height, left, right, top, bottom }, x, y) => {
    const parts = [];
    const [fx, fy] = [spec.x.format ?? shortNumber, spec.y.format ?? shortNumber];
    for (const tick of ticksOf(y.low, y.high, 5, y.log))
      parts.push(
        svg("line", { x1: left, x2: width - right, y1: y.scale(tick), y2: y.scale(tick), class: "grid" }),
        svg("text", { x: left - 6, y: y.scale(tick) + 4, class: "tick end" }, fy(tick)),
      );
    for (const tick of ticksOf(x.low, x.high, Math.max(3, Math.floor(width / 90)), x.log))
      parts.push(svg("text", { x: x.scale(tick), y: height - bottom + 16, class: "tick middle" }, fx(tick)));
    parts.push(
      svg("line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: "axis" }),
      svg("text", { x: (left + width - right) / 2, y: height - 4, class: "name middle" }, spec.x.name),
      svg("text", { x: 0, y: top - 8, class: "name" }, spec.y.name),
    );
    for (const line of spec.lines ?? []) {
      const upright = line.x !== undefined;
      const at = upright ? x.scale(line.x) : y.scale(line.y);
      parts.push(
        svg("line", upright ? { x1: at, x2: at, y1: top, y2: height - bottom, class: "mark" } : { x1: left, x2: width - right, y1: at, y2: at, class: "mark" }),
        svg("text", upright ? { x: at + 4, y: top + 10, class: "tick" } : { x: left + 6, y: at - 4, class: "tick" }, line.text),
      );
    }
    return parts;
  };

  const lineOf = (series, number, x, y) => {
    const color = series.color ?? COLORS[number % COLORS.length];
    const points = series.points.filter(([px, py]) => px !== null && py !== null);
    const places = points.map(([px, py]) => [x.scale(px), y.scale(py)]);
    const parts = [];
    const banded = points.filter((p) => p[2] !== undefined && p[2] !== null);
    if (banded.length > 1) {
      const up = banded.map((p) => `${x.scale(p[0])},${y.scale(p[3])}`);
      const down = banded.map((p) => `${x.scale(p[0])},${y.scale(p[2])}`).reverse();
      parts.push(svg("polygon", { points: [...up, ...down].join(" "), fill: color, opacity: 0.16 }));
    }
    parts.push(svg("polyline", {
      points: places.map((p) => p.join(",")).join(" "), fill: "none", stroke: color, "stroke-width": 2,
      "stroke-dasharray": series.dashed ? "5 4" : null,
    }));
    if (series.dots === false) return parts;
    const shape = SHAPES[number % SHAPES.length];
    places.forEach(([px, py], i) => {
      const words = `${series.name}: ${spec.x.name} ${(spec.x.format ?? shortNumber)(points[i][0])}, ${spec.y.name} ${(spec.y.format ?? shortNumber)(points[i][1])}`;
      const dot = svg("path", { d: shape(px, py, 3.5), fill: color, class: "dot", "aria-label": words });
      dot.addEventListener("pointerenter", () => hint(words, px, py));
      dot.addEventListener("pointerleave", () => (tip.hidden = true));
      if (onPoint) {
        dot.setAttribute("role", "button");
        dot.setAttribute("tabindex", number === 0 && i === 0 ? 0 : -1);
        dot.addEventListener("click", () => onPoint(series, points[i]));
        dot.addEventListener("focus", () => hint(words, px, py));
        dot.addEventListener("blur", () => (tip.hidden = true));
      }
      parts.push(dot);
    });
    return parts;
  };

  const hint = (words, px, py) => {
    tip.textContent = words;
    tip.hidden = false;
    tip.style.left = `${Math.min(px + 10, host.clientWidth - 180)}px`;
    tip.style.top = `${picture.offsetTop + py + 10}px`;
  };
  picture.addEventListener("keydown", (event) => {
    const dots = Array.from(picture.querySelectorAll(".dot[role]"));
    const at = dots.indexOf(event.target);
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: dots.length - 1 }[event.key];
    if (to !== undefined && dots[to]) {
      dots[at].setAttribute("tabindex", -1);
      dots[to].setAttribute("tabindex", 0);
      dots[to].focus();
    } else if (event.key === "Enter" || event.key === " ") event.target.dispatchEvent(new MouseEvent("click"));
    else return;
    event.preventDefault();
  });

  const draw = (next) => {
    spec = next ?? spec;
    if (!spec || !host.clientWidth) return;
    const box = { width: host.clientWidth, height: spec.height ?? 260, left: 52, right: 16, top: 24, bottom: 38 };
    picture.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    picture.setAttribute("width", box.width);
    picture.setAttribute("height", box.height);
    picture.setAttribute("aria-label", spec.label);
    const all = spec.series.flatMap((series) => series.points).filter(([px, py]) => px !== null && py !== null);
    const x = axisOf(spec.x, all.map((p) => p[0]), box.left, box.width - box.right);
    const y = axisOf(spec.y, all.flatMap((p) => [p[1], ...(p[2] ?? null) === null ? [] : [p[2], p[3]]]), box.height - box.bottom, box.top);
    const parts = frame(box, x, y);
    spec.series.forEach((series, number) => parts.push(...lineOf(series, number, x, y)));
    const held = Array.from(picture.querySelectorAll(".dot[role]")).indexOf(document.activeElement);
    picture.replaceChildren(...parts);
    if (held >= 0) { // who walks the dots by keys stays at theirs
      const dots = picture.querySelectorAll(".dot[role]");
      const dot = dots[Math.min(held, dots.length - 1)];
      dots[0]?.setAttribute("tabindex", -1);
      dot?.setAttribute("tabindex", 0);
      dot?.focus();
    }
    axes = { x, y, box };
    ring = svg("circle", { r: 8, class: "here" });
    mark(spec.here);
    legend.replaceChildren(...spec.series.map((series, number) => {
      const sign = svg("svg", { width: 14, height: 12, "aria-hidden": "true" },
        series.dots === false
          ? svg("line", { x1: 0, x2: 14, y1: 6, y2: 6, stroke: series.color ?? COLORS[number % COLORS.length], "stroke-width": 2, "stroke-dasharray": series.dashed ? "4 3" : null })
          : svg("path", { d: SHAPES[number % SHAPES.length](7, 6, 4), fill: series.color ?? COLORS[number % COLORS.length] }));
      return make("span", {}, sign, ` ${series.name}`);
    }));
    legend.hidden = spec.series.length < 2 && !spec.legend;
    fillTable();
  };

  let axes = null;
  let ring = null;
  const mark = (here) => {
    if (spec) spec.here = here;
    if (!axes) return;
    if (!here) return ring.remove();
    ring.setAttribute("cx", axes.x.scale(here[0]));
    ring.setAttribute("cy", axes.y.scale(here[1]));
    if (!ring.parentNode) picture.append(ring);
  };
  const xAt = (clientX) => {
    if (!axes) return null;
    const { x, box } = axes;
    const share = (clientX - picture.getBoundingClientRect().left - box.left) / (box.width - box.left - box.right);
    return share < -0.03 || share > 1.03 || x.log ? null : x.low + Math.max(0, Math.min(1, share)) * (x.high - x.low);
  };

  const fillTable = () => {
    const head = make("tr", {}, ...["", spec.x.name, spec.y.name].map((name) => make("th", { scope: "col", textContent: name })));
    const rows = spec.series.flatMap((series) => series.points.map(([px, py]) => make("tr", {},
      make("td", { textContent: series.name }),
      make("td", { className: "number", textContent: px === null ? "" : (spec.x.format ?? shortNumber)(px) }),
      make("td", { className: "number", textContent: py === null ? "" : (spec.y.format ?? shortNumber)(py) }))));
    table.hidden = !rows.length;
    table.replaceChildren(make("summary", { textContent: "The same as a table" }),
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
  };
  new ResizeObserver(() => draw()).observe(host);
  return { draw, mark, xAt };
}

/* Bars: spec = { label, name, bars: [{ text, count, part, chosen }] }. `count` is a bar's length and `part` how much of it
   is filled (both numbers of points, unless `told` says what stands at its end); `onPick(index, event)` makes them buttons. Returns { draw }. */
function barList(host, onPick = null) {
  host.classList.add("bars");
  const draw = ({ label, bars }) => {
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", label);
    const most = Math.max(1, ...bars.map((bar) => bar.count));
    const focused = Array.from(host.children).indexOf(document.activeElement);
    host.replaceChildren(...bars.map((bar, at) => {
      const part = bar.part ?? bar.count;
      const fill = make("span", { className: "fill", style: `width:${(100 * bar.count) / most}%` },
        make("span", { className: "part", style: `width:${bar.count ? (100 * part) / bar.count : 0}%` }));
      const row = make(onPick ? "button" : "div", { className: "bar" },
        make("span", { className: "bar-text", textContent: bar.text, title: bar.text }),
        make("span", { className: "track" }, fill),
        make("span", { className: "bar-count number", textContent: bar.told ?? (part === bar.count ? counted(part) : `${counted(part)} of ${counted(bar.count)}`) }));
      if (onPick) {
        row.type = "button";
        row.setAttribute("aria-pressed", String(Boolean(bar.chosen)));
        row.addEventListener("click", (event) => onPick(at, event));
      }
      return row;
    }));
    if (focused >= 0) host.children[focused]?.focus();
  };
  return { draw };
}

/* A histogram: spec = { label, edges: [n + 1], counts: [n], parts: [n], ends: [low, high], from, to, format, parse }; dragging over it, or
   typing into its two boxes, calls `onRange(from, to)`, and onRange(null, null) when it is cleared. Returns { draw }. */
function histogram(host, onRange = null) {
  host.classList.add("histogram");
  const picture = svg("svg", { height: 74, width: "100%" });
  const words = make("div", { className: "row histogram-words" });
  const table = make("details", { className: "as-table" }, make("summary", { textContent: "As a table" }));
  host.append(picture, words, table);
  const endsOf = ({ ends, edges }) => ends ?? [edges[0], edges.at(-1)];
  const fillTable = () => {
    if (!table.open) return;
    const head = ["from", "points", "of"].map((name) => make("th", { scope: "col", textContent: name }));
    const rows = spec.counts.map((count, i) => make("tr", {}, ...[spec.format(spec.edges[i]), counted(spec.parts?.[i] ?? count), counted(count)]
      .map((text) => make("td", { className: "number", textContent: text }))));
    table.replaceChildren(table.firstChild, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
  };
  table.addEventListener("toggle", () => fillTable());
  let spec = null;
  let dragged = null;
  const width = () => host.clientWidth || 200;
  const valueAt = (px) => {
    const { edges } = spec;
    const share = Math.max(0, Math.min(1, px / width()));
    return edges[0] + share * (edges.at(-1) - edges[0]);
  };
  const placeOf = (value) => ((value - spec.edges[0]) / (spec.edges.at(-1) - spec.edges[0] || 1)) * width();
  const draw = (next) => {
    spec = next ?? spec;
    if (!spec || !spec.counts.length) return;
    const most = Math.max(1, ...spec.counts);
    const step = width() / spec.counts.length;
    const parts = [];
    spec.counts.forEach((count, i) => {
      const part = spec.parts?.[i] ?? count;
      const tall = (n) => (n ? Math.max(1.5, (62 * n) / most) : 0);
      const common = { x: i * step + 0.5, width: Math.max(0.5, step - 1) };
      parts.push(svg("rect", { ...common, y: 64 - tall(count), height: tall(count), class: "all" }, svg("title", {}, `${spec.format(spec.edges[i])} to ${spec.format(spec.edges[i + 1])}: ${counted(part)} of ${counted(count)}`)));
      parts.push(svg("rect", { ...common, y: 64 - tall(part), height: tall(part), class: "part" }));
    });
    const [from, to] = dragged ?? [spec.from ?? null, spec.to ?? null];
    if (from !== null && to !== null)
      parts.push(svg("rect", { x: placeOf(Math.min(from, to)), width: Math.max(2, Math.abs(placeOf(to) - placeOf(from))), y: 0, height: 66, class: "range" }));
    picture.replaceChildren(...parts);
    if (!dragged) fillTable();
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `${spec.label}: from ${endsOf(spec).map(spec.format).join(" to ")}`);
  };
  if (onRange) {
    const box = (name, which) => {
      const input = make("input", { type: "text", size: 9, "aria-label": `${which} of the range${host.dataset.name ? ` of ${host.dataset.name}` : ""}` });
      const send = () => {
        const typed = input.value.trim() === "" ? null : (spec.parse ?? Number)(input.value);
        const [low, high] = [spec.from ?? endsOf(spec)[0], spec.to ?? endsOf(spec)[1]];
        if (typed === null) onRange(null, null);
        else if (Number.isFinite(typed)) onRange(...(name === "from" ? [typed, high] : [low, typed]));
      };
      onTyped(input, send);
      return input;
    };
    const [low, high] = [box("from", "Start"), box("to", "End")];
    const [showLow, showHigh] = [low, high].map(shownIn);
    words.append(low, make("span", { className: "dim", textContent: "to" }), high);
    const fill = draw;
    const at = (event) => event.clientX - picture.getBoundingClientRect().left;
    picture.style.cursor = "col-resize";
    picture.addEventListener("pointerdown", (event) => {
      picture.setPointerCapture(event.pointerId);
      dragged = [valueAt(at(event)), valueAt(at(event))];
    });
    picture.addEventListener("pointermove", (event) => {
      if (!dragged) return;
      dragged[1] = valueAt(at(event));
      fill();
    });
    picture.addEventListener("pointerup", () => {
      const range = dragged && [...dragged].sort((a, b) => a - b);
      dragged = null;
      if (!range) return;
      const clear = placeOf(range[1]) - placeOf(range[0]) < 3;
      onRange(...(clear ? [null, null] : range));
    });
    new ResizeObserver(() => fill()).observe(host);
    return {
      draw: (next) => {
        fill(next);
        showLow(next.from === null || next.from === undefined ? "" : next.format(next.from));
        showHigh(next.to === null || next.to === undefined ? "" : next.format(next.to));
        [low.placeholder, high.placeholder] = endsOf(next).map(next.format);
      },
    };
  }
  new ResizeObserver(() => draw()).observe(host);
  return { draw };
}
