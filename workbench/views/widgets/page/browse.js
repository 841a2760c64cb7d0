// A browser of points: what is asked on top, a page of what was found, and one point of it whole.

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

  const filter = textBox(model, "filter_text", "Filter", 'Filter: words, or {"year": {"gte": 2000}}');
  const meaning = textBox(model, "search", "Search by meaning", "Search by meaning");
  meaning.hidden = !model.get("_searchable");
  const within = choice(model, "words_in", "Words are looked for in", "_text_columns");
  const wordsIn = make("label", {}, "words in ", within);
  follow(model, ["_text_columns"], () => (wordsIn.hidden = model.get("_text_columns").length === 0));
  for (const box of [filter, meaning]) box.classList.add("grow");
  const tools = make("div", { className: "row" }, filter, wordsIn, meaning);

  const act = {
    pick: (at, mode) => send({ pick: at, mode }),
    undo: () => {}, remove: () => {}, like: () => {},
  };
  const frame = rowsTable(model, act);
  const empty = make("p", { className: "empty dim" });
  follow(model, ["_cells", "_asked"], () => {
    empty.hidden = model.get("_cells").length > 0;
    empty.textContent = model.get("_asked") ? "No point matches this filter. Loosen it, or empty the box."
      : "No points yet. Add some with collection.add(frame).";
  });
  follow(model, ["problem", "status"], () => {
    filter.setAttribute("aria-invalid", String(Boolean(model.get("problem"))));
    el.setAttribute("aria-busy", String(Boolean(model.get("status"))));
    frame.classList.toggle("busy", Boolean(model.get("status")));
  });

  el.append(title, tools, problemLine(model), frame, empty, pager(model), detailOf(model), codeBlock(model));
  send({ hello: true });
}

// The chosen point whole. A web address becomes a link and an embedded picture is drawn; everything else stays text.
const detailOf = (model) => {
  const detail = make("div", { className: "detail card", role: "region", "aria-label": "The selected point" });
  follow(model, ["_detail"], () => {
    const list = make("dl");
    for (const [key, text] of model.get("_detail")) list.append(make("dt", { textContent: key }), shown(text));
    detail.replaceChildren(list);
    detail.hidden = list.children.length === 0;
  });
  return detail;
};

const shown = (text) => {
  const cell = make("dd");
  if (/^https?:\/\/\S+$/.test(text))
    cell.append(make("a", { href: text, textContent: text, target: "_blank", rel: "noopener noreferrer" }));
  else if (/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(text)) cell.append(make("img", { src: text, alt: "" }));
  else cell.textContent = text;
  return cell;
};

export default { render };
