// A map of a collection: one scatter, or two of the same points, beside what is known of them.

const unpack = (model, name, type) => {
  const view = model.get(name);
  return view?.byteLength ? new type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)) : new type();
};
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// Names of regions, the largest first, each only where it covers no other.
const paintNames = (context, toScreen, names, host) => {
  const style = getComputedStyle(host);
  const [ink, ground] = ["--wb-ink", "--wb-ground"].map((name) => style.getPropertyValue(name));
  const taken = [];
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const { name, at, count } of names) {
    const big = names[0].count * 0.35 < count;
    context.font = `${big ? 600 : 500} ${big ? 13 : 11.5}px system-ui, sans-serif`;
    const [x, y] = toScreen(at[0], at[1]);
    const wide = context.measureText(name).width / 2 + 4;
    const box = [x - wide, y - 10, x + wide, y + 10];
    if (x < 0 || y < 0 || x > host.clientWidth || y > host.clientHeight) continue;
    if (taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1])) continue;
    taken.push(box);
    Object.assign(context, { lineWidth: 4, strokeStyle: ground, fillStyle: ink });
    context.strokeText(name, x, y);
    context.fillText(name, x, y);
  }
};

// From the anchor to its true neighbors; false ones, which only lie near it on the map, are hollow.
const paintLinks = (context, place, anchor, links, host) => {
  if (anchor < 0) return;
  const style = getComputedStyle(host);
  const ink = style.getPropertyValue("--wb-ink");
  const [x, y] = place(anchor);
  for (const link of links) {
    const [tx, ty] = place(link.row);
    if (link.true) {
      Object.assign(context, { strokeStyle: ink, lineWidth: link.near ? 1.6 : 1.1 });
      context.setLineDash(link.near ? [] : [4, 3]);
      context.globalAlpha = 0.75;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(tx, ty);
      context.stroke();
    } else {
      Object.assign(context, { strokeStyle: style.getPropertyValue("--wb-bad"), lineWidth: 1.5 });
      context.setLineDash([]);
      context.globalAlpha = 1;
      context.beginPath();
      context.arc(tx, ty, 6, 0, 7);
      context.stroke();
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  Object.assign(context, { strokeStyle: ink, lineWidth: 2.5 });
  context.beginPath();
  context.arc(x, y, 8, 0, 7);
  context.stroke();
};

const legendOf = (model, send) => {
  const list = make("div", { className: "map-legend", role: "group", "aria-label": "Legend" });
  const draw = () => {
    const parts = [];
    for (const entry of model.get("_legend")) {
      if (entry.stops) {
        const scale = make("div", { className: "map-scale" });
        scale.style.background = `linear-gradient(to right, ${entry.stops.join(",")})`;
        const format = (value) => (Number.isInteger(value) && Math.abs(value) < 1e4 ? String(value) : shortNumber(value));
        parts.push(scale, make("div", { className: "map-ends dim" }, make("span", { textContent: format(entry.low) }),
          make("span", { textContent: entry.text }), make("span", { textContent: format(entry.high) })));
        continue;
      }
      const chip = make("span", { className: "chip", style: `background:${entry.color}` });
      const row = button("", () => send({ group: entry.hue }));
      row.title = `Choose these ${counted(entry.count)} points`;
      row.append(chip, make("span", { className: "bar-text", textContent: entry.text }),
        make("span", { className: "dim number", textContent: counted(entry.count) }));
      parts.push(row);
    }
    list.replaceChildren(...parts);
  };
  follow(model, ["_legend"], draw);
  return list;
};

const chosenOf = (model, send) => {
  const head = make("h5", { textContent: "Chosen" });
  const count = make("span", { className: "dim", role: "status" });
  head.append(" ", count);
  const list = make("ol", { className: "map-chosen" });
  const key = make("input", { placeholder: "key", "aria-label": "Payload key of the label", size: 9, value: "label" });
  const value = make("input", { placeholder: "value", "aria-label": "Value of the label", size: 12 });
  const save = () => value.value.trim() && send({ label: [key.value, value.value.trim()] });
  value.addEventListener("keydown", (event) => event.key === "Enter" && save());
  const undo = button("Undo", () => send({ undo: true }), { label: "Take the last label back" });
  const more = button("More like these", () => send({ more: true }), { label: "Choose the points nearest to the chosen ones" });
  const form = make("div", { className: "row" }, key, value, button("Save as label", save, { primary: true }), undo);
  const told = make("p", { className: "dim", role: "status" });
  const none = make("p", { className: "dim", textContent: "Click a point for its true neighbors, or draw around some: ◌, or hold Shift." });
  const actions = make("div", { className: "row" }, more, button("Clear", () => send({ clear: true })));
  follow(model, ["_chosen", "_count", "_undo", "_links", "_anchor", "_told"], () => {
    const n = model.get("_count");
    count.textContent = n ? `${counted(n)} of ${counted(model.get("_n"))}` : "";
    none.hidden = n > 0;
    actions.hidden = form.hidden = n === 0 && model.get("_undo") === 0;
    actions.hidden = n === 0;
    undo.disabled = model.get("_undo") === 0;
    told.textContent = model.get("_told");
    told.hidden = !told.textContent;
    const anchored = model.get("_anchor") >= 0;
    const rows = anchored ? model.get("_links") : model.get("_chosen");
    list.replaceChildren(...rows.map((row) => {
      const sign = anchored ? (row.true ? (row.near ? "●" : "○") : "✕") : "";
      const why = anchored ? (row.true ? (row.near ? "near on the map too" : "the map puts it elsewhere") : "near on the map only") : "";
      const line = make("li", { title: why }, make("span", { className: `sign ${row.true === false ? "bad" : ""}`, textContent: sign, "aria-label": why }),
        make("span", { className: "bar-text", textContent: row.text }),
        make("span", { className: "dim number", textContent: row.distance ?? "" }));
      return line;
    }));
    list.hidden = rows.length === 0;
  });
  return make("div", {}, head, none, list, actions, form, told);
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-map");
  keepKeys(el);
  const send = (message) => model.send(message);
  const title = make("h4", { textContent: model.get("_title") });
  const about = make("span", { className: "dim" });
  title.append(" ", about);
  follow(model, ["_about"], () => (about.textContent = model.get("_about")));

  const number = (trait, label, least, most, step) => {
    const input = numberBox(model, trait, label, least, most, { step });
    input.style.width = "66px";
    return make("label", {}, label, input);
  };
  const search = textBox(model, "query", "Search by meaning", "Search by meaning");
  search.classList.add("grow");
  search.hidden = !model.get("_searchable");
  const spread = number("min_dist", "spread", 0, 0.99, 0.05);
  follow(model, ["method"], () => (spread.hidden = model.get("method") !== "umap"));
  const tools = make("div", { className: "row" },
    make("label", {}, "Map by ", choice(model, "method", "Method", [["umap", "UMAP"], ["tsne", "t-SNE"], ["pca", "PCA"]])),
    number("n_neighbors", "neighbors", 2, 200, 1), spread,
    make("label", {}, "Color by ", choice(model, "color", "Color", "_colors")), search);

  const banner = make("p", { className: "map-banner", role: "status" });
  const stale = make("p", { className: "map-banner" });
  const renew = button("Place them", () => send({ refresh: true }));
  const staleText = make("span");
  stale.append(staleText, " ", renew);
  follow(model, ["_kept", "_stale"], () => {
    const kept = model.get("_kept");
    banner.hidden = kept === null;
    if (kept !== null)
      banner.textContent = `This map keeps ${Math.round(kept * 100)} % of the 10 nearest of a point. ` +
        (kept < 0.5 ? "Distances between clumps say little: click a point for its true neighbors." : "Click a point for its true neighbors.");
    const count = model.get("_stale");
    stale.hidden = count === 0;
    staleText.textContent = `The collection has changed by ${counted(count)} points since.`;
  });

  let hovered = -1;
  let asked = 0;
  const maps = [];
  const handlers = (second) => ({
    onHover: (row, at) => {
      if (row === hovered) return;
      hovered = row;
      for (const map of maps) map.hint("");
      clearTimeout(asked);
      if (row >= 0) asked = setTimeout(() => send({ hover: row, at, second }), 60);
    },
    onClick: (row) => send(row < 0 ? { clear: true } : { click: row }),
    onLasso: (polygon, mode) => send({ lasso: polygon, mode, second }),
    onClear: () => send({ clear: true }),
    paint: (context, toScreen, place) => {
      const host = hosts[Number(second)];
      if (!second) paintNames(context, toScreen, model.get("color") === "cluster" ? model.get("_names") : [], host);
      paintLinks(context, place, model.get("_anchor"), model.get("_links"), host);
    },
  });
  const labels = model.get("_titles");
  const hosts = labels.map((text) => make("div", { className: "map-host" }));
  const figures = labels.map((text, i) => make("figure", {}, labels.length > 1 ? make("figcaption", { textContent: text }) : null, hosts[i]));
  hosts.forEach((host, i) => maps.push(scatter(host, `Map of ${model.get("_title")}${labels.length > 1 ? `: ${labels[i]}` : ""}`, handlers(i === 1))));

  const drawPoints = () => {
    const hue = unpack(model, "_hue", Uint8Array);
    const palette = model.get("_palette").map(rgb);
    const state = unpack(model, "_state", Uint8Array);
    maps.forEach((map, i) => {
      const xy = unpack(model, i ? "_xy2" : "_xy", Uint16Array);
      if (xy.length === 2 * hue.length) map.setPoints(xy, hue, palette, state.length === hue.length ? state : undefined);
    });
  };
  follow(model, ["_xy", "_xy2", "_hue", "_palette"], drawPoints);
  follow(model, ["_state"], () => {
    const state = unpack(model, "_state", Uint8Array);
    for (const map of maps) if (map.n === state.length) map.setState(state);
  });
  follow(model, ["_names", "_links", "_anchor", "color"], () => maps.forEach((map) => map.redraw()));
  model.on("msg:custom", (message) => {
    if (message.row !== undefined && message.row === hovered) maps[Number(Boolean(message.second))]?.hint(message.tip, message.at);
  });

  const side = make("div", { className: "map-side" }, legendOf(model, send), chosenOf(model, send));
  const main = make("div", { className: "map-main" }, make("div", { className: "map-figures" }, ...figures), banner, stale);
  el.append(title, tools, problemLine(model), make("div", { className: "map-row" }, main, side), codeBlock(model));
  greet(model);
  return () => maps.forEach((map) => map.close());
}

export default { render };
