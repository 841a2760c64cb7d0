// A button that is seen while the task bar before it works.
function render({ model, el }) {
  el.classList.add("wb-cancel");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Cancel";
  button.addEventListener("click", () => model.send({ cancel: true }));
  el.append(button);
  greet(model);
}

export default { render };
