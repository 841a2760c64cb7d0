// The head of a whole page: links that are addresses too, the collection, dark and light.
const THEME = "workbench-theme";

const themeButton = () => {
  const root = document.documentElement;
  const node = button("", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(THEME, root.dataset.theme);
    } catch {
      // A browser that keeps nothing: the choice holds until the page is left.
    }
    draw();
  });
  const draw = () => {
    const dark = root.dataset.theme === "dark";
    node.textContent = dark ? "☀ Light" : "☾ Dark";
    node.setAttribute("aria-label", dark ? "Use light colors" : "Use dark colors");
  };
  draw();
  return node;
};

const queryOf = (screen, collection, vector = "") => {
  const parts = new URLSearchParams();
  if (collection) parts.set("collection", collection);
  if (screen !== "overview" || collection) parts.set("screen", screen);
  if (vector) parts.set("vector", vector);
  return `?${parts}`;
};

const titled = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-shell");
  const go = (screen, collection) => model.send({ go: [screen, collection] });
  const link = (screen) => {
    const collection = model.get("collection");
    const here = screen === model.get("screen");
    const other = model.get("_of_vector").includes(screen) && model.get("vector") !== model.get("vectors")[0];
    const node = make("a", { href: queryOf(screen, collection, other ? model.get("vector") : ""), textContent: titled(screen) });
    if (here) node.setAttribute("aria-current", "page");
    node.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
      event.preventDefault();
      go(screen, collection);
    });
    return node;
  };

  const brand = make("a", { className: "brand", href: "?" }, make("span", { className: "mark", "aria-hidden": "true" }),
    make("b", { textContent: "Workbench" }));
  // Cut at its beginning, so written from right to left; what it says is not.
  const where = make("span", { className: "dim where", title: model.get("_where") }, make("bdi", { dir: "ltr", textContent: model.get("_where") }));
  brand.addEventListener("click", (event) => {
    event.preventDefault();
    go("overview", "");
  });
  const database = make("div", { className: "links" });
  const select = make("select", { "aria-label": "Collection" });
  select.addEventListener("change", () => {
    const [screen, own] = [model.get("screen"), model.get("_of_collection")];
    go(own.includes(screen) ? screen : own[0], select.value);
  });
  const vector = make("select", { "aria-label": "Vector", title: "The vector that the screen is about" });
  vector.addEventListener("change", () => model.send({ go: [model.get("screen"), model.get("collection"), vector.value] }));
  const links = make("div", { className: "links" });
  const of = make("div", { className: "links of" }, select, vector, links);
  const nav = make("nav", { "aria-label": "Screens" }, database, of);
  const problem = problemLine(model);

  follow(model, ["screen", "collection", "collections", "vector", "vectors", "_query"], () => {
    const focused = el.getRootNode().activeElement;
    const name = focused?.tagName === "A" && nav.contains(focused) ? focused.textContent : null;
    const names = model.get("collections");
    const chosen = model.get("collection");
    const hint = names.length ? "choose a collection" : "no collections yet";
    select.replaceChildren(...(chosen ? [] : [make("option", { value: "", textContent: hint, disabled: true, selected: true })]),
      ...names.map((text) => make("option", { value: text, textContent: text })));
    if (chosen) select.value = chosen;
    select.disabled = names.length === 0;
    vector.hidden = !model.get("vectors").length || !model.get("_of_vector").includes(model.get("screen"));
    vector.replaceChildren(...model.get("vectors").map((text) => make("option", { value: text, textContent: text || "(unnamed)" })));
    vector.value = model.get("vector");
    database.replaceChildren(...model.get("_of_database").map(link));
    links.replaceChildren(...(chosen ? model.get("_of_collection").map(link) : []));
    if (name) [...nav.querySelectorAll("a")].find((node) => node.textContent === name)?.focus();
    document.title = chosen ? `${titled(model.get("screen"))} · ${chosen} · Workbench` : `${titled(model.get("screen"))} · Workbench`;
  });
  follow(model, ["_query"], () => {
    const query = model.get("_query");
    if (query !== location.search) history.pushState({}, "", query || location.pathname);
  });
  const went = () => model.send({ went: location.search });
  addEventListener("popstate", went);
  el.append(make("header", {}, brand, where, nav, themeButton()), problem);
  return () => removeEventListener("popstate", went);
}

export default { render };
