// A browser of points: what is asked on top, a page of what was found beside what the fields hold, and one point whole.

// Which payload keys are columns.
const columnsOf = (model) => {
  const list = make("div", { className: "columns-list" });
  const box = make("details", { className: "columns" }, make("summary", { textContent: "Columns" }), list);
  follow(model, ["_keys"], () => {
    const keys = model.get("_keys");
    const focused = Array.from(list.querySelectorAll("input")).indexOf(document.activeElement);
    list.replaceChildren(...keys.map(({ key, shown: on }) => {
      const tick = make("input", { type: "checkbox", checked: on });
      tick.addEventListener("change", () => {
        const now = keys.filter((one) => (one.key === key ? tick.checked : one.shown)).map((one) => one.key);
        if (now.length) setter(model)({ columns: now });
        else tick.checked = true;
      });
      return make("label", {}, tick, make("span", { textContent: key }));
    }));
    if (focused >= 0) list.querySelectorAll("input")[focused]?.focus();
    box.hidden = keys.length === 0;
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !box.open) return;
    box.open = false;
    box.querySelector("summary").focus();
  });
  return box;
};

const viewsOf = (model) => {
  const views = [["table", "Table"], ["cards", "Cards"]].map(([name, text]) => {
    const one = button(text, () => setter(model)({ show: name }));
    follow(model, ["show"], () => one.setAttribute("aria-pressed", String(model.get("show") === name)));
    return one;
  });
  return make("div", { className: "views", role: "group", "aria-label": "Show as" }, ...views);
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-browse");
  keepKeys(el);
  const send = (message) => model.send(message);
  const title = make("h4", { textContent: model.get("_title") });
  const about = make("span", { className: "dim" });
  title.append(" ", about);
  follow(model, ["total", "_asked", "problem"], () => {
    const total = model.get("total");
    about.textContent = `${counted(total)} ${total === 1 ? "point" : "points"}${model.get("_asked") && !model.get("problem") ? " match" : ""}`;
  });
  const top = make("div", { className: "row top" }, title, columnsOf(model), viewsOf(model));

  const builder = builderOf(model, send);
  const filter = textBox(model, "filter_text", "Filter", 'Filter: words, or {"year": {"gte": 2000}}');
  const words = textBox(model, "words", "Full text", "Words in the text");
  const meaning = textBox(model, "search", "Search by meaning", "Search by meaning");
  meaning.hidden = !model.get("_searchable");
  const within = make("label", {}, "words in ", choice(model, "words_in", "Words are looked for in", "_text_columns"));
  follow(model, ["_text_columns"], () => (within.hidden = words.hidden = model.get("_text_columns").length === 0));
  for (const box of [filter, words, meaning]) box.classList.add("grow");
  const tools = make("div", { className: "row" }, filter, builder.toggle, words, within, meaning);

  const act = {
    pick: (at, mode) => send({ pick: at, mode }),
    undo: () => send({ undo: true }),
    remove: () => send({ delete: true }),
    like: (at, sign) => send({ example: [at, sign] }),
  };
  const frame = rowsTable(model, act);
  const cards = pointCards(model, act);
  const empty = make("p", { className: "empty dim" });
  follow(model, ["_cells", "_cards", "show", "_asked"], () => {
    const none = model.get("_cells").length === 0;
    const table = model.get("show") === "table";
    empty.hidden = !none;
    empty.textContent = model.get("_asked") ? "No point matches this filter. Loosen it, or empty the box."
      : "No points yet. Add some with collection.add(frame).";
    frame.hidden = !table;
    cards.hidden = table || none;
  });
  follow(model, ["problem", "status"], () => {
    filter.setAttribute("aria-invalid", String(Boolean(model.get("problem"))));
    el.setAttribute("aria-busy", String(Boolean(model.get("status"))));
    frame.classList.toggle("busy", Boolean(model.get("status")));
  });

  const main = make("div", { className: "browse-main" }, frame, cards, empty, pager(model), actionsOf(model, send, act), detailOf(model, send));
  el.append(top, tools, builder.node, examplesOf(model, send), chipsOf(model, send), problemLine(model),
    make("div", { className: "browse-row" }, facetsOf(model, send), main), codeBlock(model));
  greet(model);
}

export default { render };
