// Progress and Cancel in one line, where messages need no thread of their own: Panel pages.
function render({ model, el }) {
  el.classList.add("wb-screen");
  const bar = make("progress", { "aria-label": "Progress", style: "width:90px;accent-color:var(--wb-accent)" });
  const text = make("span", { className: "dim", role: "status" });
  const cancel = button("Cancel", () => model.send({ cancel: true }));
  const row = make("div", { className: "row", style: "min-height:30px" }, bar, text, cancel);
  follow(model, ["working", "done", "status", "problem"], () => {
    const [working, problem] = [model.get("working"), model.get("problem")];
    bar.hidden = cancel.hidden = !working;
    if (model.get("done") > 0) bar.value = model.get("done");
    else bar.removeAttribute("value");
    text.textContent = problem || model.get("status");
    text.className = problem ? "problem" : "dim";
    row.hidden = !working && !text.textContent;
  });
  el.append(row);
}

export default { render };
