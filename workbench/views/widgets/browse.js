// A table of points. Data reaches the page through textContent only, so payloads cannot bring markup or scripts.

const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

function render({ model, el }) {
  el.classList.add("wb-browse");
  // JupyterLab would take arrow keys for itself while the notebook is in command mode.
  el.dataset.lmSuppressShortcuts = "true";
  el.addEventListener("keydown", (event) => event.stopPropagation());

  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
  };

  const title = make("h4", { textContent: model.get("_title") });
  const about = make("span", { className: "dim" });
  title.append(" ", about);

  const box = (name, label, placeholder) => {
    const input = make("input", { type: "search", placeholder, spellcheck: false, autocomplete: "off" });
    input.setAttribute("aria-label", label);
    const send = () => input.value !== model.get(name) && set({ [name]: input.value });
    input.addEventListener("change", send);
    input.addEventListener("search", send); // when the cross empties the box
    // JupyterLab prevents what Enter does by default, so no "change" comes of it.
    input.addEventListener("keydown", (event) => event.key === "Enter" && send());
    model.on(`change:${name}`, () => (input.value = model.get(name)));
    input.value = model.get(name);
    return input;
  };
  const filter = box("filter_text", "Filter", 'Filter: words, or {"year": {"gte": 2000}}');
  const words = make("select", { title: "Where plain words are looked for" });
  words.setAttribute("aria-label", "Words are looked for in");
  words.addEventListener("change", () => set({ words_in: words.value }));
  const meaning = box("search", "Search by meaning", "Search by meaning");
  meaning.hidden = !model.get("_searchable");
  const tools = make("div", { className: "tools" }, filter, make("label", {}, "words in ", words), meaning);

  const problem = make("p", { className: "problem" });
  problem.setAttribute("role", "alert");

  const head = make("tr");
  const body = make("tbody");
  const table = make("table", {}, make("thead", {}, head), body);
  table.setAttribute("aria-label", `Points of ${model.get("_title")}`);
  const frame = make("div", { className: "frame" }, table);
  const empty = make("p", { className: "empty dim" });

  const step = (text, label, target) => {
    const button = make("button", { type: "button", textContent: text, title: label });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => set({ page: target() }));
    return button;
  };
  const first = step("«", "First page", () => 1);
  const previous = step("‹", "Previous page", () => model.get("page") - 1);
  const next = step("›", "Next page", () => model.get("page") + 1);
  const last = step("»", "Last page", () => model.get("_pages"));
  const page = make("input", { type: "number", min: 1 });
  page.setAttribute("aria-label", "Page");
  page.addEventListener("change", () => {
    const wanted = Math.min(Math.max(1, Math.round(Number(page.value)) || 1), model.get("_pages"));
    page.value = wanted;
    set({ page: wanted });
  });
  page.addEventListener("keydown", (event) => event.key === "Enter" && page.dispatchEvent(new Event("change")));
  const pages = make("span", { className: "dim" });
  const size = make("select");
  size.setAttribute("aria-label", "Rows on a page");
  size.addEventListener("change", () => set({ page_size: Number(size.value) }));
  const pager = make("div", { className: "pager" }, first, previous, page, pages, next, last,
    make("label", {}, size, " rows"));
  pager.setAttribute("role", "navigation");
  pager.setAttribute("aria-label", "Pages");
  const range = make("span", { className: "range dim" });
  range.setAttribute("role", "status");
  pager.append(range);

  const detail = make("div", { className: "detail" });
  detail.setAttribute("aria-label", "The selected point");
  detail.setAttribute("role", "region");
  const code = make("pre");
  code.setAttribute("aria-label", "The Python that does the same");
  el.append(title, tools, problem, frame, empty, pager, detail, code);

  const drawHead = () => {
    const numeric = model.get("_numeric");
    head.replaceChildren(...model.get("_columns").map(({ name, sortable }, i) => {
      const cell = make("th", { scope: "col", className: numeric[i] ? "number" : "" });
      const sorted = sortable ? model.get("sort") === name : name === "id" && !model.get("sort");
      const inOrder = !model.get("search");
      if (!inOrder || (!sortable && name !== "id")) {
        cell.textContent = name;
        return cell;
      }
      const down = model.get("descending");
      const button = make("button", { type: "button", textContent: name, title: `Sort by ${name}` });
      if (sorted) {
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        button.append(make("span", { className: "arrow", textContent: down ? " ▼" : " ▲", ariaHidden: "true" }));
      }
      button.addEventListener("click", () =>
        set({ sort: sortable ? name : null, descending: sorted ? !down : false }));
      cell.append(button);
      return cell;
    }));
  };

  const drawBody = () => {
    const numeric = model.get("_numeric");
    const focused = body.contains(document.activeElement);
    const selected = model.get("_selected");
    const cells = model.get("_cells");
    body.replaceChildren(...cells.map((line, at) => {
      const row = make("tr", { tabIndex: at === Math.max(selected, 0) ? 0 : -1 },
        ...line.map((text, i) => make("td", { textContent: text, className: numeric[i] ? "number" : "" })));
      row.setAttribute("aria-selected", String(at === selected));
      row.addEventListener("click", () => set({ _selected: at }));
      return row;
    }));
    if (focused) body.children[Math.max(selected, 0)]?.focus();
    empty.hidden = cells.length > 0;
    const asked = model.get("filter_text");
    empty.textContent = asked ? "No point matches this filter. Loosen it, or empty the box."
      : "No points yet. Add some with collection.add(frame).";
  };

  body.addEventListener("keydown", (event) => {
    const at = Array.from(body.children).indexOf(event.target.closest("tr"));
    const count = body.children.length;
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: count - 1, Enter: at, " ": at };
    const turns = { PageDown: 1, PageUp: -1 };
    if (event.key in turns) {
      const wanted = model.get("page") + turns[event.key];
      if (wanted >= 1 && wanted <= model.get("_pages")) set({ page: wanted });
    } else if (event.key in moves) {
      const wanted = Math.min(Math.max(moves[event.key], 0), count - 1);
      body.children[wanted].focus();
      set({ _selected: wanted });
    } else return;
    event.preventDefault();
  });

  const mark = () => {
    const selected = model.get("_selected");
    Array.from(body.children).forEach((row, at) => {
      row.setAttribute("aria-selected", String(at === selected));
      row.tabIndex = at === Math.max(selected, 0) ? 0 : -1;
    });
  };

  const drawPager = () => {
    const [at, count, size_, total] = ["page", "_pages", "page_size", "total"].map((name) => model.get(name));
    page.value = at;
    page.max = count;
    pages.textContent = `of ${count.toLocaleString("en")}`;
    first.disabled = previous.disabled = at <= 1;
    last.disabled = next.disabled = at >= count;
    const from = (at - 1) * size_ + 1;
    range.textContent = total ? `${from.toLocaleString("en")} to ${Math.min(from + size_ - 1, total).toLocaleString("en")} of ${total.toLocaleString("en")}` : "";
    const sizes = [...new Set([10, 20, 50, 100, size_])].sort((a, b) => a - b);
    size.replaceChildren(...sizes.map((n) => make("option", { value: n, textContent: n, selected: n === size_ })));
    about.textContent = `${total.toLocaleString("en")} ${total === 1 ? "point" : "points"}${model.get("filter_text") && !model.get("problem") ? " match" : ""}`;
  };

  const drawDetail = () => {
    const list = make("dl");
    for (const [key, text] of model.get("_detail")) list.append(make("dt", { textContent: key }), shown(text));
    detail.replaceChildren(list);
    detail.hidden = list.children.length === 0;
  };

  const drawWords = () => {
    const options = model.get("_text_columns");
    words.replaceChildren(...options.map((name) =>
      make("option", { value: name, textContent: name, selected: name === model.get("words_in") })));
    words.parentElement.hidden = options.length === 0;
  };

  const drawSaid = () => {
    problem.textContent = model.get("problem");
    problem.hidden = !problem.textContent;
    filter.setAttribute("aria-invalid", String(Boolean(problem.textContent)));
    code.textContent = model.get("code");
    el.setAttribute("aria-busy", String(Boolean(model.get("status"))));
    frame.classList.toggle("busy", Boolean(model.get("status")));
  };

  const follow = (names, draw) => {
    for (const name of names) model.on(`change:${name}`, draw);
    draw();
  };
  follow(["_columns", "_numeric", "sort", "descending", "search"], drawHead);
  follow(["_cells", "_numeric", "filter_text"], drawBody);
  follow(["_selected"], mark);
  follow(["page", "_pages", "page_size", "total", "filter_text", "problem"], drawPager);
  follow(["_detail"], drawDetail);
  follow(["_text_columns", "words_in"], drawWords);
  follow(["problem", "code", "status"], drawSaid);
}

// A web address becomes a link and an embedded picture is drawn; everything else stays text.
function shown(text) {
  const cell = document.createElement("dd");
  if (/^https?:\/\/\S+$/.test(text)) {
    cell.append(make("a", { href: text, textContent: text, target: "_blank", rel: "noopener noreferrer" }));
  } else if (/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(text)) {
    cell.append(make("img", { src: text, alt: "" }));
  } else {
    cell.textContent = text;
  }
  return cell;
}

export default { render };
