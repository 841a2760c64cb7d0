// A filter put together line by line: field, operator, value, each completed from what the collection holds.

let builders = 0;

const builderOf = (model, send) => {
  const number = builders++;
  const lines = make("div", { className: "builder-lines" });
  const keys = make("datalist", { id: `wb-keys-${number}` });
  follow(model, ["_fields"], () => keys.replaceChildren(...model.get("_fields").map(([key, kind]) => make("option", { value: key, label: kind }))));
  const kindOf = (key) => (model.get("_fields").find(([known]) => known === key) ?? ["", "keyword"])[1];
  const known = {};
  const waiting = {};

  const line = () => {
    const at = `wb-values-${number}-${lines.children.length}-${Math.round(performance.now())}`;
    const values = make("datalist", { id: at });
    const key = make("input", { placeholder: "field", "aria-label": "Field", autocomplete: "off", spellcheck: false });
    key.setAttribute("list", keys.id);
    const operator = make("select", { "aria-label": "Operator" });
    const value = make("input", { className: "grow", placeholder: "value", "aria-label": "Value", autocomplete: "off", spellcheck: false });
    value.setAttribute("list", at);
    const node = make("div", { className: "row builder-line" }, key, operator, value, values,
      button("✕", () => {
        node.remove();
        if (!lines.children.length) line();
      }, { label: "Remove this line" }));
    const complete = () => {
      const found = known[key.value];
      const kind = kindOf(key.value);
      const offered = kind === "bool" ? ["true", "false"] : found ?? [];
      values.replaceChildren(...offered.map((text) => make("option", { value: text })));
      if (!found && key.value && ["keyword", "text"].includes(kind)) {
        (waiting[key.value] ??= []).push(complete);
        send({ complete: key.value });
      }
    };
    const fill = () => {
      const before = operator.value;
      operator.replaceChildren(...model.get("_operators")[kindOf(key.value)].map(([name, text]) => make("option", { value: name, textContent: text })));
      if (Array.from(operator.options).some((option) => option.value === before)) operator.value = before;
      hint();
      complete();
    };
    const hint = () => {
      value.hidden = ["empty", "there"].includes(operator.value);
      const several = { in: "one, another", between: "from, to" }[operator.value];
      value.placeholder = several ?? (kindOf(key.value) === "datetime" ? "2024-01-31" : "value");
    };
    key.addEventListener("input", fill);
    operator.addEventListener("change", hint);
    for (const input of [key, value]) input.addEventListener("keydown", (event) => event.key === "Enter" && apply());
    node.read = () => [key.value.trim(), operator.value, value.value];
    lines.append(node);
    fill();
    return key;
  };
  model.on("msg:custom", (message) => {
    if (!message.values) return;
    known[message.key] = message.values;
    for (const done of waiting[message.key] ?? []) done();
    waiting[message.key] = [];
  });

  const joined = make("select", { "aria-label": "How lines are joined" },
    make("option", { value: "all", textContent: "all of these hold" }), make("option", { value: "any", textContent: "one of these holds" }));
  const apply = () => send({ build: Array.from(lines.children).map((node) => node.read()), any: joined.value === "any" });
  const clear = () => {
    lines.replaceChildren();
    line();
    send({ build: [], any: false });
  };
  const json = make("pre", { "aria-label": "The filter as Qdrant's JSON", tabIndex: 0 });
  const where = make("pre", { "aria-label": "The filter as Python", tabIndex: 0 });
  const same = make("div", { className: "builder-same" }, make("span", { className: "dim", textContent: "Python" }), where,
    make("span", { className: "dim", textContent: "Qdrant" }), json);
  follow(model, ["_json", "_where"], () => {
    json.textContent = model.get("_json");
    where.textContent = model.get("_where");
    same.hidden = !model.get("_json");
  });
  line();
  const node = make("div", { className: "builder card", role: "group", "aria-label": "Filter builder", hidden: true }, keys, lines,
    make("div", { className: "row" }, button("Add a line", () => line().focus()), joined,
      button("Apply", apply, { primary: true }), button("Clear", clear, { label: "Clear the filter" })), same);
  const toggle = button("Build a filter", () => {
    node.hidden = !node.hidden;
    toggle.setAttribute("aria-expanded", String(!node.hidden));
    if (!node.hidden) lines.querySelector("input").focus();
  });
  toggle.setAttribute("aria-expanded", "false");
  return { node, toggle };
};
