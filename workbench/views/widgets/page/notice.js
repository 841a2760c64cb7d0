// A sentence in the place of a screen, and the Python that opens it.
function render({ model, el }) {
  el.classList.add("wb-screen");
  const text = make("p", { role: "status" });
  follow(model, ["text"], () => (text.textContent = model.get("text")));
  el.append(text, codeBlock(model));
}

export default { render };
