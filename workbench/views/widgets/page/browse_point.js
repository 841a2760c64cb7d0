// What can be done with the chosen points, and the one chosen last, whole: read it, change it.

const actionsOf = (model, send, act) => {
  const count = make("span", { className: "chosen-count", role: "status" });
  const more = button("More like this", () => send({ example: [null, 1] }), { label: "Find more like the chosen points (+)" });
  const less = button("Less like this", () => send({ example: [null, -1] }), { label: "Find less like the chosen points (−)" });
  more.textContent = "+ More like";
  less.textContent = "− Less like";
  const remove = button("Delete", act.remove, { label: "Delete the chosen points (Delete key)" });
  const key = make("input", { placeholder: "key", "aria-label": "Payload key of the label", value: "label" });
  const value = make("input", { placeholder: "value", "aria-label": "Value of the label" });
  const save = () => value.value.trim() && send({ label: [key.value, value.value.trim()] });
  for (const input of [key, value]) input.addEventListener("keydown", (event) => event.key === "Enter" && save());
  const chosen = make("div", { className: "row" }, count, more, less, remove, make("span", { className: "gap" }), key, value,
    button("Save as label", save));
  const undo = button("Undo", act.undo, { label: "Take the last change back (Ctrl-Z)" });
  const told = make("span", { role: "status" });
  const done = make("div", { className: "row told" }, told, undo);
  follow(model, ["_count", "_can_recommend"], () => {
    const n = model.get("_count");
    count.textContent = n === 1 ? "1 point chosen" : `${counted(n)} points chosen`;
    chosen.hidden = n === 0;
    more.hidden = less.hidden = !model.get("_can_recommend");
  });
  follow(model, ["_told", "_undo"], () => {
    told.textContent = model.get("_told");
    undo.hidden = model.get("_undo") === 0;
    done.hidden = !told.textContent && undo.hidden;
  });
  return make("div", { className: "actions" }, chosen, done);
};

const detailOf = (model, send) => {
  const list = make("dl");
  const editor = make("textarea", { "aria-label": "Payload as JSON", rows: 10, spellcheck: false });
  const wrong = make("p", { className: "problem", role: "alert", hidden: true });
  const say = (text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
    editor.setAttribute("aria-invalid", String(Boolean(text)));
  };
  const close = (focus = true) => {
    form.hidden = true;
    list.hidden = tools.hidden = false;
    say("");
    if (focus) edit.focus();
  };
  const check = () => {
    try {
      const found = JSON.parse(editor.value);
      const fine = found && typeof found === "object" && !Array.isArray(found);
      say(fine ? "" : 'Expected an object such as {"year": 2000}.');
      return fine;
    } catch (error) {
      say(`Expected JSON: ${error.message}`);
      return false;
    }
  };
  const save = () => check() && send({ edit: editor.value });
  editor.addEventListener("input", check);
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
  });
  const form = make("div", { hidden: true }, editor, wrong,
    make("div", { className: "row" }, button("Save", save, { primary: true, label: "Save the payload (Ctrl-Enter)" }), button("Cancel", () => close())));
  const edit = button("Edit payload", () => {
    editor.value = model.get("_payload");
    form.hidden = false;
    list.hidden = tools.hidden = true;
    editor.focus();
  });
  const tools = make("div", { className: "row detail-tools" }, edit);
  model.on("msg:custom", (message) => {
    if (message.edited === undefined) return;
    if (message.edited) say(message.edited);
    else close();
  });
  const detail = make("div", { className: "detail card", role: "region", "aria-label": "The selected point" }, tools, list, form);
  let last = "";
  follow(model, ["_detail"], () => {
    const lines = model.get("_detail");
    list.replaceChildren(...lines.flatMap(([key, text]) => [make("dt", { textContent: key, title: key }), shown(text)]));
    detail.hidden = lines.length === 0;
    if (lines[0]?.[1] !== last && !form.hidden) close(false); // another point: what was typed was of the one before
    last = lines[0]?.[1];
  });
  return detail;
};

// A web address becomes a link and an embedded picture is drawn; everything else stays text.
const shown = (text) => {
  const cell = make("dd");
  if (/^https?:\/\/\S+$/.test(text))
    cell.append(make("a", { href: text, textContent: text, target: "_blank", rel: "noopener noreferrer" }));
  else if (/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(text)) cell.append(make("img", { src: text, alt: "" }));
  else cell.textContent = text;
  return cell;
};
