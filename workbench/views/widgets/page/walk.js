// A walk through a graph: its columns, what its heaps held after each hop, and how it is painted on the map.

const [CANDIDATE, RESULT, FILTERED, DEAD] = [1, 2, 4, 8];
const layerColor = (layer) => COLORS[((layer % 6) + 6) % 6];
const layerShape = (layer) => SHAPES[layer % SHAPES.length];

const readWalk = (model) => {
  const scene = model.get("_scene");
  const bytes = model.get("_walk");
  const rows = bytes?.byteLength ? scene.rows : 0;
  const buffer = rows ? bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) : new ArrayBuffer(0);
  const ints = (at) => new Int32Array(buffer, at * rows * 4, rows);
  const [number, parent, hop, layer, flags, taken, dropped] = [0, 1, 2, 3, 4, 5, 6].map(ints);
  const gaps = new Float32Array(buffer, 7 * rows * 4, rows);
  const distance = new Float32Array(buffer, 8 * rows * 4, rows);
  const byDistance = (a, b) => distance[a] - distance[b] || a - b;
  const held = (until, step) => {
    const found = [];
    for (let row = 0; row < rows && hop[row] <= step; row++) if (until[row] > step) found.push(row);
    return found.sort(byDistance);
  };
  return {
    ...scene, rows, number, parent, flags, gaps, distance, rowHop: hop, rowLayer: layer,
    candidates: (step) => held(taken, step),
    results: (step) => held(dropped, step),
    wanted: (step) => (scene.layer[step] > 0 ? 1 : scene.width),
    firstHop: (layer_) => Math.max(0, scene.layer.indexOf(layer_)),
    // From the entry to a row.
    path: (row) => {
      const found = [];
      for (let at = row; at >= 0; at = parent[at]) found.push(at);
      return found.reverse();
    },
  };
};

// Distances of each hop: the node expanded, the nearest so far, and the farthest that is kept.
const seriesOf = (walk) => {
  const [expanded, best, bound] = [[], [], []];
  for (let step = 0; step <= walk.hops; step++) {
    const kept = walk.results(step);
    expanded.push([step, walk.gaps[walk.expanded[step]]]);
    best.push([step, kept.length ? walk.gaps[kept[0]] : null]);
    bound.push([step, kept.length >= walk.wanted(step) && walk.layer[step] === 0 ? walk.gaps[kept.at(-1)] : null]);
  }
  return [
    { name: "expanded node", points: expanded, dots: false },
    { name: "bound: farthest kept", points: bound, dots: false, dashed: true },
    { name: "nearest so far", points: best, dots: false },
  ];
};

const paintWalk = (context, toScreen, place, walk, step, k, host) => {
  const style = getComputedStyle(host);
  const [ink, ground, accent] = ["--wb-ink", "--wb-ground", "--wb-accent"].map((name) => style.getPropertyValue(name).trim());
  const at = (row) => place(walk.number[row]);
  const line = (from, to, color, width, alpha) => {
    Object.assign(context, { strokeStyle: color, lineWidth: width, globalAlpha: alpha });
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  };
  const mark = (row, size, alpha) => {
    const [x, y] = at(row);
    const color = layerColor(walk.rowLayer[row]);
    const shape = new Path2D(layerShape(walk.rowLayer[row])(x, y, size));
    const hollow = walk.flags[row] & (FILTERED | DEAD);
    Object.assign(context, { globalAlpha: alpha, fillStyle: hollow ? ground : color, strokeStyle: hollow ? color : ground, lineWidth: hollow ? 1.5 : 1 });
    context.fill(shape);
    context.stroke(shape);
  };
  const ring = ([x, y], size, color, width) => {
    Object.assign(context, { strokeStyle: color, lineWidth: width, globalAlpha: 1 });
    context.beginPath();
    context.arc(x, y, size, 0, 7);
    context.stroke();
  };
  context.save();
  context.lineJoin = "round";
  const last = [];
  for (let row = 0; row < walk.rows && walk.rowHop[row] <= step; row++) {
    if (walk.rowHop[row] === step) last.push(row);
    if (walk.flags[row] & CANDIDATE && walk.parent[row] >= 0) line(at(walk.parent[row]), at(row), layerColor(walk.rowLayer[row]), 1, 0.3);
  }
  for (let row = 0; row < walk.rows && walk.rowHop[row] < step; row++) if (!(walk.flags[row] & CANDIDATE)) mark(row, 2.4, 0.5);
  for (let row = 0; row < walk.rows && walk.rowHop[row] < step; row++) if (walk.flags[row] & CANDIDATE) mark(row, 3.4, 0.9);
  const now = walk.expanded[step];
  for (const row of last) {
    if (row !== now) line(at(now), at(row), ink, 1.4, walk.flags[row] & CANDIDATE ? 0.85 : 0.35);
    mark(row, 4, 1);
  }
  const kept = walk.results(step);
  if (kept.length) {
    const path = walk.path(kept[0]);
    for (let i = 1; i < path.length; i++) {
      line(at(path[i - 1]), at(path[i]), ground, 5, 0.9);
      line(at(path[i - 1]), at(path[i]), layerColor(walk.rowLayer[path[i]]), 2.6, 1);
    }
    for (const row of path) mark(row, 4.6, 1);
  }
  for (const row of kept.slice(0, k)) ring(at(row), 7, ink, 1.6);
  if (now !== undefined) {
    ring(at(now), 11, ground, 5);
    ring(at(now), 11, accent, 3);
  }
  paintQuery(context, toScreen(...walk.at), ink, ground);
  context.restore();
};

// The query, where it would lie: a cross, and hits of a scan as rings.
const paintQuery = (context, [x, y], ink, ground) => {
  context.globalAlpha = 1;
  for (const [color, width] of [[ground, 6], [ink, 2.5]]) {
    Object.assign(context, { strokeStyle: color, lineWidth: width });
    context.beginPath();
    for (const [dx, dy] of [[8, 8], [8, -8]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }
  Object.assign(context, { font: "600 12px system-ui, sans-serif", lineWidth: 4, strokeStyle: ground, fillStyle: ink, textBaseline: "middle" });
  context.strokeText("query", x + 13, y);
  context.fillText("query", x + 13, y);
};

const paintScan = (context, toScreen, place, walk, host) => {
  const style = getComputedStyle(host);
  const [ink, ground] = ["--wb-ink", "--wb-ground"].map((name) => style.getPropertyValue(name).trim());
  context.save();
  for (const number of walk.hits) {
    const [x, y] = place(number);
    Object.assign(context, { strokeStyle: ink, lineWidth: 1.6, fillStyle: COLORS[0] });
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.fill();
    context.stroke();
  }
  paintQuery(context, toScreen(...walk.at), ink, ground);
  context.restore();
};
