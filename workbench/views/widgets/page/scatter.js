// A map of up to some million points: WebGL2 for the points, a 2-D canvas for what lies over them.
//
// A page may hold 8 to 16 WebGL contexts only, and a notebook holds many screens: all of them draw with one context,
// which nobody sees, and copy its picture. Where there is no WebGL2 fewer points are drawn without it, and it says so.

const POINT_SHADERS = [
  `#version 300 es
  in vec2 at; in vec2 was; in float hue; in float state;
  uniform vec4 place; uniform float size; uniform float alpha; uniform float moved; uniform float top;
  uniform sampler2D palette;
  out vec4 ink; out float wide;
  void main() {
    bool chosen = state > 0.5 && state < 1.5;
    bool hidden = state > 2.5 || chosen != (top > 0.5);
    vec2 here = mix(was, at, moved);
    gl_Position = hidden ? vec4(9.0, 9.0, 9.0, 1.0) : vec4(here * place.xy + place.zw, 0.0, 1.0);
    wide = chosen ? size * 1.5 + 1.0 : size;
    gl_PointSize = wide;
    float strength = chosen ? 1.0 : (state > 1.5 ? alpha * 0.22 : alpha);
    vec3 color = texelFetch(palette, ivec2(int(hue + 0.5), 0), 0).rgb;
    ink = vec4(color * strength, strength);
  }`,
  `#version 300 es
  precision mediump float;
  in vec4 ink; in float wide; out vec4 color;
  void main() {
    float cover = wide < 2.5 ? 1.0 : 1.0 - smoothstep(0.5 - 1.0 / wide, 0.5, length(gl_PointCoord - 0.5));
    color = ink * cover;
  }`,
];

const pageGL = () => {
  const key = "__workbenchPointsGL";
  if (globalThis[key] !== undefined) return globalThis[key];
  const canvas = document.createElement("canvas");
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, preserveDrawingBuffer: false });
  if (!gl) return (globalThis[key] = null);
  const page = { canvas, gl, users: new Set(), program: null };
  const build = () => {
    const program = gl.createProgram();
    [gl.VERTEX_SHADER, gl.FRAGMENT_SHADER].forEach((kind, i) => {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, POINT_SHADERS[i]);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    });
    ["at", "was", "hue", "state"].forEach((name, i) => gl.bindAttribLocation(program, i, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
    page.program = program;
    page.at = Object.fromEntries(["place", "size", "alpha", "moved", "top", "palette"].map((n) => [n, gl.getUniformLocation(program, n)]));
  };
  build();
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", () => {
    build();
    for (const user of page.users) user();
  });
  return (globalThis[key] = page);
};

// Points of one map on the graphics card. Positions are uint16 pairs over the square [0, 1]².
class CardPoints {
  constructor(page, restore) {
    Object.assign(this, { page, restore, buffers: null, n: 0 });
    page.users.add(restore);
  }

  upload({ xy, was, hue, state, palette }) {
    const { gl } = this.page;
    this.free();
    const array = (data) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      return buffer;
    };
    const texture = gl.createTexture();
    const colors = new Uint8Array(256 * 4).fill(255);
    palette.forEach((color, i) => colors.set(color, i * 4));
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colors);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    const at = array(xy);
    this.buffers = { at, was: was === xy ? at : array(was), hue: array(hue), state: array(state), texture };
    this.n = hue.length;
  }

  // Draw every `step`-th point: the attributes' strides skip the others.
  draw(context, { width, height, place, size, alpha, moved, step, chosen }) {
    const { gl, canvas, program, at } = this.page;
    if (gl.isContextLost() || !this.buffers) return;
    if (canvas.width < width) canvas.width = width;
    if (canvas.height < height) canvas.height = height;
    gl.viewport(0, canvas.height - height, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, canvas.height - height, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(program);
    const attribute = (index, buffer, count, type, unit) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, count, type, count === 2, step * unit, 0);
    };
    attribute(0, this.buffers.at, 2, gl.UNSIGNED_SHORT, 4);
    attribute(1, this.buffers.was, 2, gl.UNSIGNED_SHORT, 4);
    attribute(2, this.buffers.hue, 1, gl.UNSIGNED_BYTE, 1);
    attribute(3, this.buffers.state, 1, gl.UNSIGNED_BYTE, 1);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.buffers.texture);
    gl.uniform1i(at.palette, 0);
    gl.uniform4fv(at.place, place);
    gl.uniform1f(at.size, size);
    gl.uniform1f(at.alpha, alpha);
    gl.uniform1f(at.moved, moved);
    const count = Math.floor((this.n - 1) / step) + 1;
    for (const top of chosen ? [0, 1] : [0]) {
      gl.uniform1f(at.top, top);
      gl.drawArrays(gl.POINTS, 0, count);
    }
    context.drawImage(canvas, 0, 0, width, height, 0, 0, width, height);
  }

  free() {
    if (!this.buffers) return;
    const { gl } = this.page;
    const { texture, ...buffers } = this.buffers;
    gl.deleteTexture(texture);
    for (const buffer of new Set(Object.values(buffers))) gl.deleteBuffer(buffer);
    this.buffers = null;
  }

  close() {
    this.free();
    this.page.users.delete(this.restore);
  }
}

// Without WebGL2: squares on the 2-D canvas.
class PlainPoints {
  static MOST = 40_000;

  upload(points) {
    this.points = points;
  }

  draw(context, { width, height, place, size, alpha, moved, chosen }) {
    if (!this.points) return;
    const { xy, was, hue, state, palette } = this.points;
    const step = Math.ceil(hue.length / PlainPoints.MOST);
    const colors = palette.map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
    const at = (i) => (was[i] + (xy[i] - was[i]) * moved) / 65535;
    for (const top of chosen ? [false, true] : [false]) {
      for (let i = 0; i < hue.length; i += top ? 1 : step) {
        if (state[i] === 3 || (state[i] === 1) !== top) continue;
        const wide = top ? size * 1.5 + 1 : size;
        context.globalAlpha = top ? 1 : state[i] === 2 ? alpha * 0.22 : alpha;
        context.fillStyle = colors[hue[i]] ?? "gray";
        const x = ((at(2 * i) * place[0] + place[2]) * 0.5 + 0.5) * width;
        const y = (0.5 - (at(2 * i + 1) * place[1] + place[3]) * 0.5) * height;
        context.fillRect(x - wide / 2, y - wide / 2, wide, wide);
      }
    }
    context.globalAlpha = 1;
  }

  free() {}
  close() {}
}

// Which points lie near a place: the points of each cell of a grid, one cell after the other.
class PointGrid {
  constructor(xy) {
    const n = xy.length / 2;
    this.xy = xy;
    this.cells = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(n / 3))));
    this.starts = new Int32Array(this.cells * this.cells + 1);
    const cellOf = (i) => this.cell(xy[2 * i + 1] / 65535) * this.cells + this.cell(xy[2 * i] / 65535);
    for (let i = 0; i < n; i++) this.starts[cellOf(i) + 1]++;
    for (let c = 1; c < this.starts.length; c++) this.starts[c] += this.starts[c - 1];
    this.order = new Int32Array(n);
    const next = this.starts.slice(0, -1);
    for (let i = 0; i < n; i++) this.order[next[cellOf(i)]++] = i;
  }

  cell(u) {
    return Math.max(0, Math.min(this.cells - 1, Math.floor(u * this.cells)));
  }

  // The point nearest to (u, v) within `reach`, or -1.
  nearest(u, v, reach, state) {
    let best = -1;
    let least = reach * reach;
    for (let row = this.cell(v - reach); row <= this.cell(v + reach); row++) {
      const from = this.starts[row * this.cells + this.cell(u - reach)];
      const to = this.starts[row * this.cells + this.cell(u + reach) + 1];
      for (let place = from; place < to; place++) {
        const i = this.order[place];
        if (state[i] === 3) continue;
        const gap = (this.xy[2 * i] / 65535 - u) ** 2 + (this.xy[2 * i + 1] / 65535 - v) ** 2;
        if (gap <= least) [least, best] = [gap, i];
      }
    }
    return best;
  }
}

// While a map is moved only every so-many-th point is drawn, as many as this machine draws in a frame, and all of
// them when it rests. Bounds of that number, the frame time aimed at, and when it counts as resting.
const [MOVING_LEAST, MOVING_MOST] = [30_000, 2_000_000];
const FRAME_MS = 33;
const REST_MS = 220;
const TURN_MS = 450;

/* A map in `host`. Handlers: onHover(index, event), onClick(index, event), onLasso(polygon, mode) with a polygon in
   [0, 1]² and mode "set", "add" or "remove", onClear(); paint(context, toScreen) draws over the points. */
function scatter(host, label, handlers = {}) {
  const page = pageGL();
  const points = page ? new CardPoints(page, () => send()) : new PlainPoints();
  const canvas = make("canvas", { tabIndex: 0, role: "application", "aria-label": label });
  const note = make("p", { className: "scatter-note" });
  const tip = make("div", { className: "scatter-tip", hidden: true });
  host.classList.add("scatter");
  const context = canvas.getContext("2d");
  const view = { x: 0.5, y: 0.5, zoom: 1 };
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let data = { xy: new Uint16Array(), was: new Uint16Array(), hue: new Uint8Array(), state: new Uint8Array(), palette: [] };
  let grid = null;
  let chosen = false;
  let turned = 1;
  let turnBegan = 0;
  let movedAt = -Infinity;
  let movingMost = 250_000;
  let drawnAt = 0;
  let asked = 0;
  let dragging = null;
  let lassoing = false;
  let closed = false;

  const ratio = () => Math.min(globalThis.devicePixelRatio || 1, 2);
  const side = () => Math.min(canvas.clientWidth, canvas.clientHeight) * 0.92 * view.zoom;
  const toScreen = (u, v) => [
    canvas.clientWidth / 2 + (u - view.x) * side(),
    canvas.clientHeight / 2 - (v - view.y) * side(),
  ];
  const toData = (px, py) => [
    view.x + (px - canvas.clientWidth / 2) / side(),
    view.y - (py - canvas.clientHeight / 2) / side(),
  ];
  const place = (i) => toScreen(data.xy[2 * i] / 65535, data.xy[2 * i + 1] / 65535);
  const local = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  // Sizes and strengths at which a map of n points neither thins out nor runs together: where many lie on one
  // another, each is fainter.
  const look = () => {
    const n = Math.max(1, data.hue.length);
    const size = Math.min(16, Math.max(1.2, 9.5 - 1.55 * Math.log10(n)) * view.zoom ** 0.35);
    const crowd = (4 * n * size * size) / side() ** 2;
    return { size: size * ratio(), alpha: Math.max(0.12, Math.min(0.95, 1.4 / crowd ** 0.6)) };
  };

  const draw = (now) => {
    asked = 0;
    if (closed || !canvas.clientWidth) return;
    const width = Math.round(canvas.clientWidth * ratio());
    const height = Math.round(canvas.clientHeight * ratio());
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    const moving = now - movedAt < REST_MS || (dragging?.far && !dragging.path);
    if (moving || turnBegan) {
      const took = now - drawnAt;
      if (took < 1000) movingMost *= took > FRAME_MS * 1.3 ? 0.75 : took < FRAME_MS * 0.7 ? 1.15 : 1;
      movingMost = Math.max(MOVING_LEAST, Math.min(MOVING_MOST, movingMost));
      drawnAt = now;
    }
    turned = turnBegan ? Math.min(1, (now - turnBegan) / TURN_MS) : 1;
    if (turned === 1) turnBegan = 0;
    const [sx, sy] = [(2 * side()) / canvas.clientWidth, (2 * side()) / canvas.clientHeight];
    const n = data.hue.length;
    if (n) {
      points.draw(context, {
        width, height, place: [sx, sy, -view.x * sx, -view.y * sy], ...look(), chosen,
        moved: turned * turned * (3 - 2 * turned),
        step: moving || turnBegan ? Math.min(60, Math.ceil(n / movingMost)) : 1,
      });
    }
    context.setTransform(ratio(), 0, 0, ratio(), 0, 0);
    if (turned === 1) handlers.paint?.(context, toScreen, place);
    drawLasso();
    if (canvas.matches(":focus-visible")) drawCross();
    if (moving || turnBegan) redraw();
  };
  const redraw = () => {
    if (!asked && !closed) asked = requestAnimationFrame(draw);
  };
  const moved = () => {
    movedAt = performance.now();
    tip.hidden = true;
    redraw();
  };
  const send = () => {
    points.upload(data);
    redraw();
  };

  const drawLasso = () => {
    if (!dragging?.path) return;
    context.beginPath();
    dragging.path.forEach(([px, py], i) => (i ? context.lineTo(px, py) : context.moveTo(px, py)));
    context.closePath();
    const accent = getComputedStyle(host).getPropertyValue("--wb-accent") || "#0072b2";
    Object.assign(context, { strokeStyle: accent, fillStyle: accent, lineWidth: 1.5 });
    context.globalAlpha = 0.12;
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  };
  const drawCross = () => {
    const [x, y] = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    context.strokeStyle = getComputedStyle(host).getPropertyValue("--wb-focus") || "#56b4e9";
    context.lineWidth = 1.5;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * 5, y + dy * 5);
      context.lineTo(x + dx * 12, y + dy * 12);
    }
    context.stroke();
  };

  const pick = (px, py) => {
    if (!data.hue.length) return -1;
    grid ??= new PointGrid(data.xy);
    const [u, v] = toData(px, py);
    return grid.nearest(u, v, (look().size / ratio() / 2 + 6) / side(), data.state);
  };
  const zoomAt = (factor, px = canvas.clientWidth / 2, py = canvas.clientHeight / 2) => {
    const [u, v] = toData(px, py);
    view.zoom = Math.max(0.5, Math.min(4000, view.zoom * factor));
    const [u2, v2] = toData(px, py);
    view.x += u - u2;
    view.y += v - v2;
    moved();
  };
  const fit = () => {
    Object.assign(view, { x: 0.5, y: 0.5, zoom: 1 });
    moved();
  };
  const modeOf = (event) => (event.altKey ? "remove" : event.shiftKey && lassoing ? "add" : "set");

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...local(event));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    const at = local(event);
    const drawn = lassoing || event.shiftKey;
    dragging = { from: at, last: at, path: drawn ? [at] : null, far: false };
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = local(event);
    if (!dragging) {
      const index = pick(...at);
      canvas.style.cursor = index >= 0 ? "pointer" : "";
      handlers.onHover?.(index, at);
      return;
    }
    dragging.far ||= Math.hypot(at[0] - dragging.from[0], at[1] - dragging.from[1]) > 4;
    if (dragging.path) {
      const end = dragging.path.at(-1);
      if (Math.hypot(at[0] - end[0], at[1] - end[1]) > 3) dragging.path.push(at);
      redraw();
    } else if (dragging.far) {
      view.x -= (at[0] - dragging.last[0]) / side();
      view.y += (at[1] - dragging.last[1]) / side();
      moved();
    }
    dragging.last = at;
  });
  canvas.addEventListener("pointerup", (event) => {
    const was = dragging;
    dragging = null;
    if (!was) return;
    if (was.path && was.far && was.path.length > 2) handlers.onLasso?.(was.path.map(([x, y]) => toData(x, y)), modeOf(event));
    else if (!was.far) handlers.onClick?.(pick(...local(event)), event);
    redraw();
  });
  canvas.addEventListener("pointercancel", () => {
    dragging = null;
    redraw();
  });
  canvas.addEventListener("pointerleave", () => handlers.onHover?.(-1, [0, 0]));
  canvas.addEventListener("dblclick", (event) => zoomAt(2, ...local(event)));
  canvas.addEventListener("focus", () => redraw());
  canvas.addEventListener("blur", () => redraw());
  canvas.addEventListener("keydown", (event) => {
    const step = 40 / side();
    const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
    const keys = {
      ArrowLeft: () => (view.x -= step), ArrowRight: () => (view.x += step),
      ArrowUp: () => (view.y += step), ArrowDown: () => (view.y -= step),
      "+": () => zoomAt(1.25), "=": () => zoomAt(1.25), "-": () => zoomAt(0.8), 0: fit,
      Enter: () => handlers.onClick?.(pick(...middle), event),
      l: () => setLasso(!lassoing),
      a: () => {
        const [left, top] = toData(0, 0);
        const [right, bottom] = toData(canvas.clientWidth, canvas.clientHeight);
        handlers.onLasso?.([[left, top], [right, top], [right, bottom], [left, bottom]], modeOf(event));
      },
      Escape: () => {
        dragging = null;
        handlers.onClear?.();
      },
    };
    const act = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
    if (event.key.startsWith("Arrow")) handlers.onHover?.(pick(...middle), middle);
    moved();
  });

  const tool = (sign, text, act) => button(sign, act, { label: text });
  const lassoButton = tool("◌", "Lasso: draw around points (L, or hold Shift)", () => setLasso(!lassoing));
  const setLasso = (on) => {
    lassoing = on;
    host.classList.toggle("lassoing", on);
    lassoButton.setAttribute("aria-pressed", String(on));
  };
  const tools = make("div", { className: "scatter-tools", role: "toolbar", "aria-label": `Tools of ${label}` });
  if (handlers.onLasso) tools.append(lassoButton);
  tools.append(tool("+", "Zoom in", () => zoomAt(1.5)), tool("−", "Zoom out", () => zoomAt(1 / 1.5)), tool("⤢", "Show everything (0)", fit));
  setLasso(false);
  host.append(canvas, tools, note, tip);
  const watcher = new ResizeObserver(redraw);
  watcher.observe(host);

  return {
    view, canvas, redraw, fit, toScreen, place,
    get n() {
      return data.hue.length;
    },
    // New points; with as many as before they travel to their new places.
    setPoints(xy, hue, palette, state = new Uint8Array(hue.length)) {
      const same = data.xy.length === xy.length && xy.length && data.xy !== xy && !still.matches;
      const travels = same && data.xy.some((value, i) => value !== xy[i]);
      data = { xy, was: travels ? data.xy : xy, hue, state, palette };
      turnBegan = travels ? performance.now() : 0;
      grid = null;
      chosen = state.includes(1);
      const step = Math.ceil(hue.length / PlainPoints.MOST);
      note.textContent = !page && step > 1 ? `This browser has no WebGL2: 1 of ${step} points is drawn.` : "";
      send();
    },
    // One byte a point: 0 as it is, 1 chosen, 2 faint, 3 hidden.
    setState(state) {
      data = { ...data, state };
      chosen = state.includes(1);
      send();
    },
    // Show `box` = [left, bottom, right, top] of [0, 1]².
    show([left, bottom, right, top]) {
      Object.assign(view, { x: (left + right) / 2, y: (bottom + top) / 2 });
      view.zoom = Math.max(0.5, Math.min(400, 0.8 / Math.max(right - left, top - bottom, 1e-4)));
      moved();
    },
    // A text beside a place of the canvas; none hides it.
    hint(text, [px, py] = [0, 0]) {
      tip.hidden = !text;
      tip.textContent = text;
      if (!text) return;
      const right = px > canvas.clientWidth / 2;
      tip.style.left = right ? "" : `${px + 14}px`;
      tip.style.right = right ? `${canvas.clientWidth - px + 14}px` : "";
      tip.style.top = `${Math.max(4, Math.min(py + 10, canvas.clientHeight - tip.offsetHeight - 4))}px`;
    },
    picture: () => canvas.toDataURL("image/png"),
    close() {
      closed = true;
      watcher.disconnect();
      points.close();
    },
  };
}
