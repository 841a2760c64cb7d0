// A line that says what runs in the background.
function render({ model, el }) {
  el.classList.add("wb-task");
  const bar = document.createElement("progress");
  const text = document.createElement("span");
  bar.setAttribute("aria-label", "Progress");
  text.setAttribute("role", "status");
  el.append(bar, text);

  const draw = () => {
    const [working, done, problem] = ["working", "done", "problem"].map((name) => model.get(name));
    el.classList.toggle("working", working);
    bar.hidden = !working;
    if (done > 0) bar.value = done;
    else bar.removeAttribute("value");
    text.textContent = problem || model.get("status");
    text.classList.toggle("problem", Boolean(problem));
  };
  for (const name of ["working", "done", "status", "problem"]) model.on(`change:${name}`, draw);
  draw();
}

export default { render };
