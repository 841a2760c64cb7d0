// The rows of a page as a table that is read, sorted, chosen in by mouse and by keyboard; and the pager under it.

const MOVES = (at, last) => ({ ArrowDown: at + 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last, Enter: at, " ": at });

// Keys that all lists of points share: `items` are the nodes of the points, `act` hears what is wanted of them.
const pointKeys = (model, host, items, act) => {
  host.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.indexOf(event.target.closest("[data-point]"));
    if (at < 0 || event.target.closest("button, input, textarea, select, a")) return;
    const turn = { PageDown: 1, PageUp: -1 }[event.key];
    const to = MOVES(at, all.length - 1)[event.key];
    const held = event.ctrlKey || event.metaKey;
    if (turn) {
      const wanted = model.get("page") + turn;
      if (wanted >= 1 && wanted <= model.get("_pages")) setter(model)({ page: wanted });
    } else if (to !== undefined) {
      const wanted = Math.min(Math.max(to, 0), all.length - 1);
      all[wanted].focus();
      if (event.shiftKey) act.pick(wanted, "range");
      else if (!held) act.pick(wanted, "set");
      else if (event.key === " " || event.key === "Enter") act.pick(wanted, "toggle");
    } else if (held && event.key === "a") act.pick(0, "all");
    else if (held && event.key === "z") act.undo();
    else if (event.key === "Escape") act.pick(-1, "none");
    else if (event.key === "Delete") act.remove();
    else if (event.key === "+") act.like(at, 1);
    else if (event.key === "-") act.like(at, -1);
    else return;
    event.preventDefault();
  });
};

// What a click on a point means.
const modeOf = (event) => (event.shiftKey ? "range" : event.ctrlKey || event.metaKey ? "toggle" : "set");

const rowsTable = (model, act) => {
  const set = setter(model);
  const head = make("tr");
  const body = make("tbody");
  const table = make("table", { "aria-label": `Points of ${model.get("_title")}`, "aria-multiselectable": "true" },
    make("thead", {}, head), body);
  const frame = make("div", { className: "frame" }, table);

  follow(model, ["_columns", "_numeric", "sort", "descending", "_ranked"], () => {
    const numeric = model.get("_numeric");
    head.replaceChildren(...model.get("_columns").map(({ name, sortable }, i) => {
      const cell = make("th", { scope: "col", className: numeric[i] ? "number" : "" });
      const sorted = sortable ? model.get("sort") === name : name === "id" && !model.get("sort");
      if (model.get("_ranked") || (!sortable && name !== "id")) {
        cell.textContent = name;
        return cell;
      }
      const down = model.get("descending");
      const heading = make("button", { type: "button", textContent: name, title: `Sort by ${name}` });
      if (sorted) {
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        heading.append(make("span", { className: "arrow", textContent: down ? " ▼" : " ▲", "aria-hidden": "true" }));
      }
      heading.addEventListener("click", () => set({ sort: sortable ? name : null, descending: sorted ? !down : false }));
      cell.append(heading);
      return cell;
    }));
  });

  follow(model, ["_cells", "_numeric"], () => {
    const numeric = model.get("_numeric");
    const focused = body.contains(document.activeElement);
    body.replaceChildren(...model.get("_cells").map((line, at) => {
      const row = make("tr", {}, ...line.map((text, i) => make("td", { textContent: text, className: numeric[i] ? "number" : "" })));
      row.dataset.point = at;
      row.setAttribute("aria-label", `Point ${line.slice(0, 3).join(", ")}`);
      row.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // no selected text
      row.addEventListener("click", (event) => {
        row.focus();
        act.pick(at, modeOf(event));
      });
      return row;
    }));
    markPoints(model, body);
    if (focused) body.children[Math.max(model.get("_selected"), 0)]?.focus();
  });
  follow(model, ["_selected", "_marked"], () => markPoints(model, body));
  pointKeys(model, body, () => Array.from(body.children), act);
  return frame;
};

// Show which points are chosen; one of them, or the first, is where Tab goes.
const markPoints = (model, host) => {
  const selected = model.get("_selected");
  const marked = new Set(model.get("_marked"));
  Array.from(host.children).forEach((node, at) => {
    node.setAttribute("aria-selected", String(at === selected || marked.has(at)));
    node.tabIndex = at === Math.max(selected, 0) ? 0 : -1;
  });
};

const pager = (model) => {
  const set = setter(model);
  const step = (text, label, target) => button(text, () => set({ page: target() }), { label });
  const first = step("«", "First page", () => 1);
  const previous = step("‹", "Previous page", () => model.get("page") - 1);
  const next = step("›", "Next page", () => model.get("page") + 1);
  const last = step("»", "Last page", () => model.get("_pages"));
  const page = make("input", { type: "number", min: 1, "aria-label": "Page" });
  const turn = () => {
    const wanted = Math.min(Math.max(1, Math.round(Number(page.value)) || 1), model.get("_pages"));
    page.value = wanted;
    if (wanted !== model.get("page")) set({ page: wanted });
  };
  onTyped(page, turn);
  const show = shownIn(page);
  const pages = make("span", { className: "dim" });
  const size = make("select", { "aria-label": "Rows on a page" });
  size.addEventListener("change", () => set({ page_size: Number(size.value) }));
  const range = make("span", { className: "range dim", role: "status" });
  follow(model, ["page", "_pages", "page_size", "total"], () => {
    const [at, count, rows, total] = ["page", "_pages", "page_size", "total"].map((name) => model.get(name));
    show(at);
    page.max = count;
    pages.textContent = `of ${counted(count)}`;
    first.disabled = previous.disabled = at <= 1;
    last.disabled = next.disabled = at >= count;
    const from = (at - 1) * rows + 1;
    range.textContent = total ? `${counted(from)} to ${counted(Math.min(from + rows - 1, total))} of ${counted(total)}` : "";
    const sizes = [...new Set([10, 20, 50, 100, rows])].sort((a, b) => a - b);
    size.replaceChildren(...sizes.map((n) => make("option", { value: n, textContent: n, selected: n === rows })));
  });
  return make("div", { className: "pager", role: "navigation", "aria-label": "Pages" }, first, previous, page, pages, next, last,
    make("label", {}, size, " rows"), range);
};
