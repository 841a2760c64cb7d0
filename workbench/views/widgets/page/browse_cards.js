// The points of a page as cards: a picture, the longest text, some facts.

const pointCards = (model, act) => {
  const list = make("div", { className: "point-cards", role: "listbox", "aria-multiselectable": "true",
    "aria-label": `Points of ${model.get("_title")}` });
  follow(model, ["_cards"], () => {
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...model.get("_cards").map((card, at) => {
      const node = make("div", { className: "point-card", role: "option" });
      if (card.picture) node.append(make("img", { src: card.picture, alt: `Picture of ${card.title || card.id}`, loading: "lazy" }));
      node.append(make("div", { className: "point-id dim" }, make("span", { textContent: card.id }),
        make("span", { className: "number", textContent: card.score })));
      if (card.title) node.append(make("b", { textContent: card.title }));
      if (card.text) node.append(make("p", { textContent: card.text }));
      if (card.facts.length) node.append(make("dl", {}, ...card.facts.flatMap(([key, text]) =>
        [make("dt", { textContent: key }), make("dd", { textContent: text })])));
      node.dataset.point = at;
      node.addEventListener("click", (event) => {
        node.focus();
        act.pick(at, modeOf(event));
      });
      return node;
    }));
    markPoints(model, list);
    if (focused) list.children[Math.max(model.get("_selected"), 0)]?.focus();
  });
  follow(model, ["_selected", "_marked"], () => markPoints(model, list));
  pointKeys(model, list, () => Array.from(list.children), act);
  return list;
};
