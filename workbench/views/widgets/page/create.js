// A collection made step by step: rows, columns, index, estimate, code, and the button.

const labeled = (text, control, className = "") => make("label", { className }, text, control);

const step = (number, title, ...children) => {
  const heading = make("h5", {}, make("span", { className: "cr-step", textContent: number, "aria-hidden": "true" }), title);
  return make("section", { "aria-label": title }, heading, ...children);
};

const checkBox = (model, trait, text) => {
  const input = make("input", { type: "checkbox" });
  input.addEventListener("change", () => setter(model)({ [trait]: input.checked }));
  follow(model, [trait], () => (input.checked = model.get(trait)));
  return make("label", { className: "cr-check" }, input, text);
};

// -- 1. where the rows come from --

const sourceOf = (model, send) => {
  const lists = { dataset: make("div", { className: "cr-pick" }), variable: make("div", { className: "cr-pick" }) };
  const list = make("datalist", { id: `cr-files-${Math.random().toString(36).slice(2)}` });
  const path = make("input", { type: "text", className: "grow", placeholder: "rows.csv, .parquet, .jsonl, .npy, .npz", spellcheck: false, "aria-label": "Path of the file" });
  path.setAttribute("list", list.id);
  const read = () => path.value.trim() && send({ open: ["file", path.value.trim()] });
  path.addEventListener("keydown", (event) => event.key === "Enter" && read());
  const empty = make("p", { className: "dim", textContent: "No variable of this notebook holds a DataFrame, a list of dicts or an array of two dimensions yet." });
  const again = button("Look again", () => send({ look: true }), { label: "See anew which variables and files there are" });
  follow(model, ["_offered", "_title"], () => {
    const offered = model.get("_offered");
    for (const kind of ["dataset", "variable"])
      lists[kind].replaceChildren(...(offered[kind] ?? []).map((name) => {
        const pick = button(name, () => send({ open: [kind, name] }));
        pick.setAttribute("aria-pressed", String(name === model.get("_title")));
        return pick;
      }));
    empty.hidden = (offered.variable ?? []).length > 0;
    list.replaceChildren(...(offered.file ?? []).map((name) => make("option", { value: name })));
  });
  const file = make("div", { className: "row" }, path, list, button("Read", read));
  const named = make("div", {}, empty, make("div", { className: "row" }, lists.variable, again));
  const { bar, open } = tabs("Where the rows come from", [["Built-in set", lists.dataset], ["Variable", named], ["File", file]], (at) => at && send({ look: true }));
  if (!model.get("_title") && (model.get("_offered").variable ?? []).length) open(1);
  return make("div", {}, bar, lists.dataset, named, file);
};

const previewOf = (model) => {
  const about = make("p", { className: "dim", role: "status" });
  const table = make("table");
  const box = make("div", { className: "cr-scroll cr-preview", tabIndex: 0, role: "region", "aria-label": "First rows" }, table);
  follow(model, ["_title", "_count", "_columns", "_preview"], () => {
    const columns = model.get("_columns");
    const count = model.get("_count");
    about.textContent = count ? `${model.get("_title")}: ${counted(count)} rows${columns.length ? `, ${columns.length} columns. The first ${model.get("_preview").length}:` : " of vectors only"}` : "Nothing is picked yet.";
    box.hidden = columns.length === 0;
    const head = columns.map((c) => make("th", { scope: "col" }, c.name, make("span", { className: "cr-kind dim", textContent: c.words })));
    const rows = model.get("_preview").map((row) => make("tr", {}, ...row.map((text) => make("td", { textContent: text, title: text }))));
    table.replaceChildren(make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  });
  return make("div", {}, about, box);
};

// -- 2. what becomes of the columns --

const whatOf = (model, send) => {
  const select = make("select", { "aria-label": "What becomes the vector" });
  select.addEventListener("change", () => send({ what: select.value }));
  follow(model, ["_whats", "text", "vector"], () => {
    const now = model.get("text") ? `t:${model.get("text")}` : model.get("vector") ? `v:${model.get("vector")}` : "";
    select.replaceChildren(...model.get("_whats").filter(([value]) => value || !now).map(([value, textContent]) => make("option", { value, textContent })));
    select.value = now;
  });
  return select;
};

const fieldsOf = (model, send) => {
  const body = make("tbody");
  const head = ["payload", "holds", "keep", "index", "as"].map((textContent) => make("th", { scope: "col", textContent }));
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), body);
  const box = make("div", { className: "cr-scroll cr-fields", role: "region", "aria-label": "Payload columns", tabIndex: 0 }, table);
  follow(model, ["_fields", "_lists"], () => {
    const focused = document.activeElement?.dataset?.cell;
    const fields = model.get("_fields");
    body.replaceChildren(...fields.map((field) => {
      const box = (key) => {
        const input = make("input", { type: "checkbox", checked: field[key], "aria-label": `${key} ${field.name}`, disabled: key === "index" && !field.keep });
        input.dataset.cell = `${key} ${field.name}`;
        input.addEventListener("change", () => send({ field: field.name, changes: { [key]: input.checked } }));
        return make("td", {}, input);
      };
      const type = make("select", { "aria-label": `Type of the index of ${field.name}`, disabled: !(field.keep && field.index) },
        ...(model.get("_lists").type ?? []).map(([value, textContent]) => make("option", { value, textContent })));
      type.dataset.cell = `type ${field.name}`;
      type.value = field.type;
      type.addEventListener("change", () => send({ field: field.name, changes: { type: type.value } }));
      const holds = make("td", {}, field.kind, " ", make("span", { className: "dim", textContent: field.note }));
      return make("tr", {}, make("td", { textContent: field.name }), holds, box("keep"), box("index"), make("td", {}, type));
    }));
    box.hidden = fields.length === 0;
    if (focused) Array.from(body.querySelectorAll("[data-cell]")).find((node) => node.dataset.cell === focused)?.focus();
  });
  return box;
};

// -- 4. what it takes --

const growthOf = (model) => {
  const set = setter(model);
  const slider = make("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "If it grows to" });
  const box = make("input", { type: "number", min: 1, "aria-label": "Points to estimate for" });
  const words = make("span", { textContent: "If it grows to this many points:" });
  // From the rows there are to a thousand times as many, or a million.
  const most = () => Math.max(1e6, 1000 * model.get("_count"));
  const rounded = (value) => Number(value.toPrecision(2));
  const countAt = (share) => (share <= 0 ? 0 : rounded(model.get("_count") * (most() / model.get("_count")) ** (share / 100)));
  slider.addEventListener("input", () => set({ grow: model.get("_count") ? countAt(Number(slider.value)) : 0 }));
  const show = shownIn(box);
  onTyped(box, () => {
    const grow = Math.max(0, Math.round(Number(box.value) || 0));
    box.value = Math.max(model.get("_count") || 1, grow);
    set({ grow });
  });
  follow(model, ["grow", "_count"], () => {
    const rows = model.get("_count") || 1;
    const count = Math.max(rows, model.get("grow"));
    if (document.activeElement !== slider) slider.value = Math.min(100, (100 * Math.log(count / rows)) / Math.log(most() / rows));
    slider.setAttribute("aria-valuetext", `${counted(count)} points`);
    show(count);
  });
  return make("div", { className: "cr-grow" }, words, slider, box);
};

const estimateOf = (model) => {
  const none = make("p", { className: "dim", textContent: "Pick rows, and what becomes their vector: what it takes is worked out here." });
  const tile = (text) => {
    const value = make("b");
    const note = make("span", { textContent: text });
    return { node: make("div", { className: "tile" }, value, note), value, note };
  };
  const [ram, disk, time, cost] = ["in RAM, to search at full speed", "on disk", "", ""].map(tile);
  const sentence = make("p");
  const body = make("tbody");
  const head = [["component", ""], ["RAM", "number"], ["disk", "number"]].map(([textContent, className]) => make("th", { scope: "col", textContent, className }));
  const parts = make("div", { className: "cr-parts" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), body));
  const all = make("div", {}, make("div", { className: "tiles", role: "status" }, ram.node, disk.node, time.node, cost.node), sentence, growthOf(model), parts);
  follow(model, ["_estimate", "_machines"], () => {
    const found = model.get("_estimate");
    none.hidden = Boolean(found.ram);
    all.hidden = !found.ram;
    if (!found.ram) return;
    ram.value.textContent = found.ram;
    disk.value.textContent = found.disk;
    time.value.textContent = found.time;
    time.note.textContent = found.times.length ? `to make here: ${found.times.join(", ")}` : "to make here";
    const best = model.get("_machines").find((row) => row.best);
    cost.value.textContent = best ? `${counted(best.price)} / month` : "none fits";
    cost.note.textContent = best ? best.name : `needs a machine of ${found.wanted}`;
    sentence.textContent = `The vectors alone: ${found.sentence}.`;
    body.replaceChildren(...found.parts.map((part) => {
      const bar = make("span", { className: "cr-bar", "aria-hidden": "true" }, make("i", { style: `width:${100 * part.share}%` }), make("i", { style: `width:${100 * part.rest}%` }));
      return make("tr", { title: part.note }, make("td", {}, part.name, bar), make("td", { className: "number", textContent: part.ram }), make("td", { className: "number", textContent: part.disk }));
    }));
  });
  return make("div", {}, none, all);
};

const machinesOf = (model, send) => {
  const body = make("tbody");
  const heads = [["machine", ""], ["RAM", "number"], ["GPU", "number"], ["price", "number"], ["", ""], ["", ""]];
  const head = heads.map(([textContent, className]) => make("th", { scope: "col", textContent, className }));
  const add = button("Add a machine", () => send({ machine: -1 }));
  const note = make("p", { className: "dim", textContent: "RAM and GPU memory in GB. Prices a month are examples: replace them by yours." });
  follow(model, ["_machines"], () => {
    const focused = body.contains(document.activeElement) ? document.activeElement.closest("[data-cell]") : null;
    const typed = focused && focused.value !== focused.dataset.said ? focused.value : null;
    if (typed !== null) focused.dataset.said = typed; // browsers take the removal of a box for the end of typing
    body.replaceChildren(...model.get("_machines").map((row) => {
      const cell = (key, label) => {
        const isText = key === "name";
        const input = make("input", { type: isText ? "text" : "number", value: row[key], min: 0, "aria-label": `${label} of ${row.name}`, className: isText ? "" : "number" });
        input.dataset.cell = `${key} ${row.at}`;
        input.dataset.said = row[key];
        onTyped(input, () => {
          if (input.value === input.dataset.said) return;
          input.dataset.said = input.value;
          send({ machine: row.at, values: { [key]: input.value } });
        });
        return make("td", { className: isText ? "" : "number" }, input);
      };
      const used = `${Math.round(100 * row.used)} %`;
      const fit = make("td", { className: `cr-fit ${row.fits ? "good" : "bad"}`, textContent: row.best ? `✓ ${used} best` : row.fits ? `✓ ${used}` : "✕ too small", title: row.fits ? `Uses ${used} of its RAM` : "Too little RAM" });
      const remove = button("×", () => send({ machine: row.at, remove: true }), { label: `Remove ${row.name}` });
      return make("tr", { className: row.best ? "best" : "" }, cell("name", "Name"), cell("ram", "RAM"), cell("gpu", "GPU memory"), cell("price", "Price a month"), fit, make("td", {}, remove));
    }));
    const again = focused && Array.from(body.querySelectorAll("[data-cell]")).find((node) => node.dataset.cell === focused.dataset.cell);
    again?.focus();
    if (!again || typed === null) return;
    again.value = typed;
    again.addEventListener("blur", () => again.dispatchEvent(new Event("change")), { once: true }); // none comes of a value set by a page
  });
  const table = make("table", {}, make("thead", {}, make("tr", {}, ...head)), body);
  const box = make("div", { className: "cr-cost" }, table, make("div", { className: "row" }, add), note);
  follow(model, ["_estimate"], () => (box.hidden = !model.get("_estimate").ram));
  return box;
};

// -- 6. the button --

const goOf = (model, send) => {
  const go = button("Create the collection", () => send({ create: true }), { primary: true });
  const why = make("p", { className: "dim", role: "status" });
  const replace = checkBox(model, "replace", "Replace the one of this name");
  const done = make("p", { className: "cr-mark", role: "status" });
  const next = make("div", { className: "card cr-made" }, done, codeBlock(model, "_next"));
  follow(model, ["_blocker", "_creating", "_taken", "_made", "name"], () => {
    go.disabled = model.get("_creating") || Boolean(model.get("_blocker"));
    go.textContent = model.get("_creating") ? "Creating …" : "Create the collection";
    why.textContent = model.get("_creating") ? "Cancel leaves nothing behind." : model.get("_blocker");
    replace.hidden = !model.get("_taken");
    const made = model.get("_made");
    next.hidden = !made.name;
    if (made.name) done.textContent = `✓ ${made.name} holds ${counted(made.count)} points. Next:`;
  });
  return make("div", {}, next, make("div", { className: "cr-go" }, go, replace, why));
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-create");
  keepKeys(el);
  const send = (message) => model.send(message);
  const list = (name) => model.get("_lists")[name] ?? [];
  const pick = (trait, label, text, options) => labeled(text, choice(model, trait, label, options ?? list(trait)));
  const name = textBox(model, "name", "Name of the collection");
  name.type = "text";
  const embedder = pick("embedder", "Model that embeds", "Model", "_embedders");
  follow(model, ["text"], () => (embedder.hidden = !model.get("text")));
  const columns = make("div", { className: "cr-form" }, labeled("Name", name), labeled("Vector", whatOf(model, send), "cr-wide"),
    labeled("Ids", choice(model, "id", "Ids", "_ids")), embedder);
  const settings = make("div", { className: "cr-form" },
    pick("distance", "Distance", "Distance"), pick("quantization", "Quantization", "Quantization"), pick("datatype", "Numbers", "Numbers"),
    labeled("m: links a point (0: no graph)", numberBox(model, "m", "m", 0, 2048)),
    labeled("ef_construct: care in building", numberBox(model, "ef_construct", "ef_construct", 4, 4096)),
    labeled("payload_m: links within a value", numberBox(model, "payload_m", "payload_m", 0, 256)),
    pick("device", "Device", "Device"), checkBox(model, "on_disk", "Vectors on disk"));
  const note = make("p", { className: "dim", style: "margin-top:8px" });
  follow(model, ["_device_note"], () => (note.textContent = model.get("_device_note")));

  const ours = make("div", {}, codeBlock(model, "code"));
  const theirs = make("div", {}, codeBlock(model, "_qdrant"));
  const code = tabs("Code", [["Workbench", ours], ["qdrant-client", theirs]]);
  const codeStep = step(5, "The same in Python", code.bar, ours, theirs);
  follow(model, ["code"], () => (codeStep.hidden = !model.get("code")));

  const columnStep = step(2, "What becomes of the columns", columns, make("h5", { textContent: "Payload" }), fieldsOf(model, send));
  const indexStep = step(3, "How it is searched", settings, note);
  follow(model, ["_count"], () => {
    for (const part of [columnStep, indexStep]) part.hidden = model.get("_count") === 0;
  });
  const main = make("div", {}, step(1, "Where the rows come from", sourceOf(model, send), problemLine(model), previewOf(model)), columnStep, indexStep);
  const side = make("div", { className: "cr-side" }, step(4, "What it takes", estimateOf(model), machinesOf(model, send)));
  el.append(make("h4", { textContent: "New collection" }), make("div", { className: "cr-grid" }, main, side), codeStep,
    step(6, "Create", goOf(model, send)));
  const size = new ResizeObserver(() => el.classList.toggle("narrow", el.clientWidth < 860));
  size.observe(el);
  greet(model);
  return () => size.disconnect();
}

export default { render };
