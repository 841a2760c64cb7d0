// A database at one look. It asks again every two seconds, while somebody sees it and the last answer came.
const LOOK_MS = 2000;
const SIGNS = { green: "●", yellow: "◐", red: "✕", grey: "○", damaged: "✕" };
const WORDS = { green: "ready", yellow: "optimizing", red: "failed", grey: "waits", damaged: "damaged" };

const percent = (share) => `${share === 1 ? 100 : Math.min(99.9, 100 * share).toFixed(share > 0.995 ? 1 : 0)} %`;
const meter = (share, label) => {
  const node = make("span", { className: "meter", role: "img", "aria-label": label });
  node.append(make("span", { style: `width:${Math.max(0, Math.min(100, 100 * share))}%` }));
  return node;
};
const headed = (names) => make("thead", {}, make("tr", {}, ...names.map(([text, number]) =>
  make("th", { textContent: text, scope: "col", className: number ? "number" : "" }))));
const cell = (text, number = false) => make("td", { textContent: text, className: number ? "number" : "" });
const titled = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");

// Replace what is in `host`, but leave the focus where it was: on the control with the same label.
const redraw = (host, ...children) => {
  const focused = host.getRootNode().activeElement;
  const label = focused && host.contains(focused) ? focused.getAttribute("aria-label") : null;
  host.replaceChildren(...children.filter(Boolean));
  if (label) [...host.querySelectorAll("[aria-label]")].find((node) => node.getAttribute("aria-label") === label)?.focus();
};

// A part of the page that is drawn again only when its data has changed.
const section = (model, title, names, draw) => {
  const host = make("div", { className: "scrolls" });
  let last = "";
  follow(model, ["_data"], () => {
    const data = model.get("_data");
    const now = JSON.stringify(names.map((name) => data[name]));
    if (now === last) return;
    last = now;
    draw(host, ...names.map((name) => data[name]));
  });
  const node = make("section", { className: "pane", "aria-label": title }, make("h5", { textContent: title }), host);
  return { node, host };
};

const collectionsOf = (model, send, ask) => section(model, "Collections", ["collections"], (host, lines) => {
  if (!lines.length) {
    const code = 'articles = db.create("articles", wb.datasets.load("wikipedia"))\narticles.search("how plants make food from sunlight")';
    redraw(host, make("div", { className: "card empty" }, make("p", { textContent: "There is no collection yet. This makes one, with a text search that works offline:" }),
      make("pre", { textContent: code, tabIndex: 0, "aria-label": "Code that makes a collection" })));
    return;
  }
  const rows = lines.map((line) => {
    const damaged = line.status === "damaged";
    const status = make("span", { className: `state ${line.status}`, title: line.problem || line.status },
      make("span", { textContent: SIGNS[line.status] ?? "●", "aria-hidden": "true" }), ` ${WORDS[line.status] ?? line.status}`);
    const open = make("div", { className: "opens" }, ...model.get("_screens").map((screen) =>
      button(titled(screen), () => send({ open: [screen, line.name] }), { label: `${titled(screen)} ${line.name}` })));
    const snapshot = button("Snapshot", () => send({ do: "snapshot", with: [line.name] }), { label: `Take a snapshot of ${line.name}` });
    const more = make("div", { className: "opens more" }, damaged ? null : snapshot, button("Delete …", () => ask(line.name), { label: `Delete ${line.name}` }));
    const name = make("td", { className: "name" }, make("b", { textContent: line.name }), make("div", { className: "dim", textContent: line.vectors }));
    const problem = line.problem ? make("div", { className: "problem", textContent: line.problem }) : null;
    const indexed = line.indexed === null ? cell("–", true) : make("td", { className: "number" },
      make("div", { textContent: percent(line.indexed) }), meter(line.indexed, `${percent(line.indexed)} indexed`));
    const known = (text) => cell(damaged ? "–" : text, true);
    const actions = make("td", { colSpan: 7 }, problem, make("div", { className: "actions" }, damaged ? null : open, more));
    return make("tbody", {}, make("tr", { className: "line" }, name, make("td", {}, status), known(counted(line.points)), indexed, known(counted(line.segments)),
      known(line.memory), known(line.disk)), make("tr", {}, actions));
  });
  redraw(host, make("table", { className: "wide" }, headed([["collection"], ["status"], ["points", 1], ["indexed", 1], ["segments", 1], ["memory", 1], ["disk", 1]]), ...rows));
});

const memoryOf = (model) => {
  const opened = new Set();
  return section(model, "Memory", ["memory"], (host, known) => {
    const most = Math.max(1, ...known.map((one) => one.size));
    const rows = known.map((one) => {
      const details = make("details", { open: opened.has(one.name) });
      details.addEventListener("toggle", () => (details.open ? opened.add(one.name) : opened.delete(one.name)));
      const body = one.parts.map((part) => make("tr", {}, cell(part.name), ...part.sizes.map((size) => cell(size, true))));
      details.append(make("summary", { className: "bar", "aria-label": `${one.name}: ${one.said}` }, make("span", { className: "bar-text", textContent: one.name }),
        meter(one.size / most, `${one.said} mapped and held`), make("span", { className: "bar-count number", textContent: one.said })),
      make("table", {}, headed([["component"], ["disk", 1], ["mapped", 1], ["held", 1], ["in RAM", 1]]), make("tbody", {}, ...body)));
      return details;
    });
    redraw(host, ...(rows.length ? rows : [make("p", { className: "dim", textContent: "Nothing is held." })]));
  });
};

const jobsOf = (model) => section(model, "Optimizer", ["jobs"], (host, lines) => {
  if (!lines.length) return redraw(host, make("p", { className: "dim", textContent: "Nothing runs, nothing waits." }));
  const rows = lines.map((line) => {
    const state = make("td", { textContent: line.state === "failed" ? `✕ failed: ${line.text}` : line.state });
    if (line.state === "running" && line.share !== null) state.append(" ", meter(line.share, `${percent(line.share)} done`), ` ${percent(line.share)}`);
    return make("tr", {}, cell(line.collection), cell(line.what), state, cell(counted(line.points), true), cell(line.seconds === null ? "" : `${line.seconds} s`, true));
  });
  return redraw(host, make("table", {}, headed([["collection"], ["work"], ["state"], ["points", 1], ["time", 1]]), make("tbody", {}, ...rows)));
});

const snapshotsOf = (model, send) => {
  const { node, host } = section(model, "Snapshots", ["snapshots", "aliases"], (target, lines, aliases) => {
    const rows = lines.map(([collection, name, created, size]) => make("tr", {}, cell(collection || "everything"), cell(created), cell(size, true),
      make("td", { className: "file", textContent: name, title: name })));
    redraw(target, lines.length ? make("table", {}, headed([["of"], ["taken"], ["size", 1], ["file"]]), make("tbody", {}, ...rows))
      : make("p", { className: "dim", textContent: "None was taken yet." }),
    make("h5", { textContent: "Aliases" }),
    aliases.length ? make("table", {}, headed([["alias"], ["stands for"]]), make("tbody", {}, ...aliases.map((pair) => make("tr", {}, ...pair.map((text) => cell(text))))))
      : make("p", { className: "dim", textContent: "No collection has another name." }));
  });
  node.insertBefore(make("div", { className: "row" }, button("Snapshot of everything", () => send({ do: "snapshot", with: [""] }))), host);
  return node;
};

const serversOf = (model, send) => {
  const { node } = section(model, "Server", ["servers"], (host, servers) => {
    const lines = servers.map((server, at) => make("div", { className: "card server" },
      make("div", {}, make("span", { className: "state green", textContent: "● " }), [server.rest && `REST ${server.rest}`, server.grpc && `gRPC ${server.grpc}`].filter(Boolean).join(" · ")),
      make("div", { className: "dim", textContent: server.key ? "asks for an API key" : "asks for no key" }),
      button("Stop", () => send({ do: "stop_server", with: [at] }), { label: `Stop the server ${server.rest ?? server.grpc}` })));
    redraw(host, ...(lines.length ? lines : [make("p", { className: "dim", textContent: "No server: only this process reaches the database." })]));
  });
  const port = (label, value) => make("input", { type: "number", min: 0, max: 65535, value, placeholder: "off", "aria-label": label, style: "width:84px" });
  const [http, grpc] = [port("Port of REST", 6333), port("Port of gRPC", 6334)];
  const key = make("input", { type: "password", placeholder: "no key", autocomplete: "new-password", "aria-label": "API key", size: 10 });
  const start = () => {
    const number = (input) => (input.value.trim() === "" ? null : Number(input.value));
    send({ do: "serve", with: [number(http), number(grpc), key.value] });
    key.value = "";
  };
  const form = make("form", { className: "row", "aria-label": "Start a server" }, make("label", {}, "REST", http), make("label", {}, "gRPC", grpc), make("label", {}, "key", key));
  const go = button("Start", start);
  go.setAttribute("aria-label", "Start the server");
  form.append(go);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  node.append(form, make("p", { className: "dim", textContent: "On 127.0.0.1; 0 takes a free port, an empty box leaves that wire out." }));
  return node;
};

const loadOf = (model) => {
  const host = make("div", { className: "tiles" });
  follow(model, ["_data"], () => {
    const { load, collections, memory } = model.get("_data");
    const tile = (value, ...said) => make("div", { className: "tile" }, make("b", { textContent: value }), ...said.map((line) => (typeof line === "string" ? make("span", { textContent: line }) : line)));
    const points = collections.reduce((sum, line) => sum + line.points, 0);
    const share = load.share === null ? null : meter(load.share, `${percent(load.share)} of the memory`);
    host.replaceChildren(
      tile(counted(points), `points in ${collections.length} ${collections.length === 1 ? "collection" : "collections"}`),
      tile(load.resident, ...[share, `in RAM, ${load.of}`].filter(Boolean)),
      tile(load.cpu === null ? "–" : `${(100 * load.cpu).toFixed(0)} %`, meter(load.cpu === null ? 0 : load.cpu / load.cores, "processors in use"), `of one processor, of ${load.cores}`),
      tile(String(load.threads), "threads of Python"),
      tile(load.device.startsWith("GPU") ? "GPU" : "CPU", load.device));
  });
  return host;
};

// A collection is deleted by who types its name.
const deleting = (send) => {
  const name = make("b");
  const typed = make("input", { type: "text", "aria-label": "Name of the collection to delete", autocomplete: "off", spellcheck: false });
  const go = button("Delete for good", () => done(true));
  const box = make("form", { className: "card danger", hidden: true, role: "group", "aria-label": "Delete a collection" },
    make("p", {}, "This removes ", name, " with all its files. Snapshots stay. Type its name:"),
    make("div", { className: "row" }, typed, go, button("Keep it", () => done(false))));
  let back = null;
  const done = (sure) => {
    if (sure && typed.value !== name.textContent) return;
    if (sure) send({ do: "delete", with: [name.textContent, typed.value] });
    box.hidden = true;
    if (back?.isConnected) back.focus();
  };
  const check = () => (go.disabled = typed.value !== name.textContent);
  typed.addEventListener("input", check);
  box.addEventListener("keydown", (event) => event.key === "Escape" && done(false));
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    done(true);
  });
  const ask = (collection) => {
    back = box.getRootNode().activeElement;
    name.textContent = collection;
    typed.value = "";
    box.hidden = false;
    check();
    typed.focus();
  };
  return { box, ask };
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-overview");
  keepKeys(el);
  const send = (message) => model.send(message);
  const { box, ask } = deleting(send);
  const told = make("p", { className: "dim", role: "status" });
  follow(model, ["told"], () => {
    told.textContent = model.get("told");
    told.hidden = !told.textContent;
  });
  const title = make("h4", {}, "Overview ", make("span", { className: "dim", textContent: model.get("_title") }));
  el.append(title, loadOf(model), problemLine(model), told, collectionsOf(model, send, ask).node, box,
    make("div", { className: "columns" }, memoryOf(model).node, jobsOf(model).node, snapshotsOf(model, send), serversOf(model, send)), codeBlock(model));

  let waiting = false;
  model.on("msg:custom", (message) => message.looked && (waiting = false));
  const look = () => {
    const seen = document.visibilityState === "visible" && el.isConnected && el.getClientRects().length > 0;
    if (waiting || !seen) return;
    waiting = true;
    send({ look: true });
  };
  const timer = setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
  greet(model);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

export default { render };
