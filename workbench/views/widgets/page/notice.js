// A sentence in the place of a screen, and the Python that opens it.
function render({ model, el }) {
  el.classList.add("wb-screen");
  const [title, text] = [make("h4"), make("p", { role: "status" })];
  follow(model, ["title", "text"], () => {
    title.textContent = model.get("title");
    text.textContent = model.get("text");
  });
  const code = codeBlock(model);
  code.hidden = !model.get("code");
  el.append(make("div", { className: "card" }, title, text, code));
}

export default { render };
