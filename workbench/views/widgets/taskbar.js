// A line that says what runs in the background, with a bar and a Cancel button.
function render({ model, el }) {
  // The kernel answers this greeting from the thread that serves widgets beside a running cell; from then on it
  // takes Cancel there too, instead of when the cell has ended.
  model.send({ hello: true });

  el.classList.add("wb-task");
  const bar = document.createElement("progress");
  const text = document.createElement("span");
  const cancel = document.createElement("button");
  bar.setAttribute("aria-label", "Progress");
  text.setAttribute("role", "status");
  cancel.type = "button";
  cancel.textContent = "Cancel";
  cancel.addEventListener("click", () => {
    cancel.disabled = true;
    model.send({ cancel: true });
  });
  el.append(bar, text, cancel);

  const draw = () => {
    const working = model.get("working");
    const done = model.get("done");
    bar.hidden = cancel.hidden = !working;
    if (!working) cancel.disabled = false;
    if (done > 0) bar.value = done;
    else bar.removeAttribute("value");
    text.textContent = model.get("problem") || model.get("status") || model.get("idle");
    text.className = model.get("problem") ? "problem" : "";
  };
  for (const name of ["working", "done", "status", "problem", "idle"]) model.on(`change:${name}`, draw);
  draw();
}

export default { render };
