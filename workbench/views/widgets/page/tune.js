// The tuner: a tab for each question about settings.

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-tune");
  keepKeys(el);
  const title = make("h4", { textContent: model.get("_title") });
  const about = make("span", { className: "dim" });
  title.append(" ", about);
  follow(model, ["_about"], () => (about.textContent = model.get("_about")));
  const notes = make("div", { className: "tune-notes" });
  follow(model, ["_notes"], () => notes.replaceChildren(...model.get("_notes").map((text) => make("p", { className: "dim", textContent: text }))));
  const curve = curveTab(model);
  const sheets = [
    ["Curve", curve], ["Goal", goalTab(model, () => bar.open(0, true))], ["Filters", filterTab(model)],
    ["Quantization", codeTab(model)], ["Build", buildTab(model)],
  ];
  const bar = tabs("Tune", sheets.map(([name, sheet]) => [name, sheet.node]), (at) => sheets[at][1].draw());
  el.append(title, bar.bar, ...sheets.map(([, sheet]) => sheet.node), notes);
  greet(model);
}

export default { render };
