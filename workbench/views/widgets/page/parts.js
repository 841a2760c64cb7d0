// Small parts that every screen is made of. What comes from data reaches the page through textContent only.

const make = (tag, properties = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role") node.setAttribute(name, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value;
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};

// Jupyter would take keys for itself while the notebook is in command mode. It looks for this mark from the focused element
// upwards, and stops where a binding matches: those of Notebook 7 match the focused element itself.
const keepKeys = (el) => {
  el.dataset.lmSuppressShortcuts = "true";
  el.addEventListener("focusin", (event) => (event.target.dataset.lmSuppressShortcuts = "true"));
  el.addEventListener("keydown", (event) => event.stopPropagation());
};

// Write several traits in one message.
const setter = (model) => (changes) => {
  for (const [name, value] of Object.entries(changes)) model.set(name, value);
  model.save_changes();
};

// Call `draw` now and whenever one of the traits changes, once for a message that brings several.
const follow = (model, names, draw) => {
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      draw();
    });
  };
  for (const name of names) model.on(`change:${name}`, later);
  draw();
};

// Shows what the kernel says in a box, but never over what a person is typing there.
const shownIn = (input) => {
  let shown = "";
  return (value) => {
    const typing = input.matches(":focus") && input.value !== shown;
    shown = String(value);
    if (!typing) input.value = shown;
  };
};

// Call `send` when a box is left, or Enter is pressed: JupyterLab prevents what Enter does by default, so no "change" comes of it.
const onTyped = (input, send) => {
  input.addEventListener("change", send);
  input.addEventListener("keydown", (event) => event.key === "Enter" && send());
};

// A text box bound to a trait. Its cross, which empties it, sends too.
const textBox = (model, trait, label, placeholder = "") => {
  const input = make("input", { type: "search", placeholder, spellcheck: false, autocomplete: "off", "aria-label": label });
  const send = () => {
    if (input.value === model.get(trait)) return;
    model.set(trait, input.value);
    model.save_changes();
  };
  onTyped(input, send);
  input.addEventListener("search", send);
  const show = shownIn(input);
  follow(model, [trait], () => show(model.get(trait) ?? ""));
  return input;
};

// A number bound to a trait, kept from `least` to `most`, and whole if `step` is. With a `placeholder` an empty box is the `least`,
// and that is shown as an empty box; else it gets its number back.
const numberBox = (model, trait, label, least, most, { step = 1, placeholder = "" } = {}) => {
  const input = make("input", { type: "number", min: least, max: most, step, placeholder, "aria-label": label });
  const said = (value) => (placeholder && value === least ? "" : value);
  const show = shownIn(input);
  onTyped(input, () => {
    const typed = input.value === "" ? (placeholder ? least : model.get(trait)) : Math.min(most, Math.max(least, Number(input.value)));
    const value = Number.isInteger(step) ? Math.round(typed) : typed;
    input.value = said(value);
    if (value !== model.get(trait)) setter(model)({ [trait]: value });
  });
  follow(model, [trait], () => show(said(model.get(trait))));
  return input;
};

// A whole number with its name beside it, from `least` to 10,000.
const countBox = (model, trait, label, least, placeholder = "") => {
  const input = numberBox(model, trait, label, least, 10000, { placeholder });
  input.style.width = "84px";
  return make("label", {}, label, input);
};

// A drop-down bound to a trait; `options` is [[value, text], …] or the name of a trait that holds such a list.
const choice = (model, trait, label, options) => {
  const select = make("select", { "aria-label": label, title: label });
  const list = () => (typeof options === "string" ? model.get(options) : options);
  const fill = () => {
    select.replaceChildren(...list().map(([value, text]) => make("option", { value: String(value), textContent: text })));
    select.value = String(model.get(trait));
  };
  select.addEventListener("change", () => {
    const picked = list().find(([value]) => String(value) === select.value);
    model.set(trait, picked[0]);
    model.save_changes();
  });
  follow(model, typeof options === "string" ? [trait, options] : [trait], fill);
  return select;
};

// A button; with a `label` for those that show a sign only.
const button = (text, onclick, { label = "", primary = false } = {}) => {
  const node = make("button", { type: "button", textContent: text, onclick });
  if (label) {
    node.title = label;
    node.setAttribute("aria-label", label);
  }
  node.classList.toggle("primary", primary);
  return node;
};

// The Python that does the same, with a button that copies it.
const codeBlock = (model, trait = "code") => {
  const pre = make("pre", { "aria-label": "The Python that does the same", tabIndex: 0 });
  const copied = make("span", { className: "dim", role: "status" });
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      copied.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(pre); // pages without the permission: select it, for Ctrl-C
      copied.textContent = "selected";
    }
    setTimeout(() => (copied.textContent = ""), 1500);
  });
  const block = make("div", { className: "code" }, pre, make("div", { className: "code-tools" }, copied, copy));
  follow(model, [trait], () => {
    pre.textContent = model.get(trait);
    block.hidden = !model.get(trait);
  });
  return block;
};

// Where a screen says what is wrong, and what to do.
const problemLine = (model, trait = "problem") => {
  const line = make("p", { className: "problem", role: "alert" });
  follow(model, [trait], () => {
    line.textContent = model.get(trait);
    line.hidden = !model.get(trait);
  });
  return line;
};

// Sections behind tabs: `sections` is [[name, node], …].
const tabs = (label, sections, onChange = () => {}) => {
  const names = sections.map(([name, node], at) => {
    const tab = make("button", { type: "button", role: "tab", textContent: name });
    tab.addEventListener("click", () => open(at));
    node.setAttribute("role", "tabpanel");
    node.setAttribute("aria-label", name);
    return tab;
  });
  const bar = make("div", { className: "tabs", role: "tablist", "aria-label": label }, ...names);
  const open = (at, focus = false) => {
    names.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === at));
      tab.tabIndex = i === at ? 0 : -1;
      sections[i][1].hidden = i !== at;
    });
    if (focus) names[at].focus();
    onChange(at);
  };
  bar.addEventListener("keydown", (event) => {
    const at = names.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    open((to + names.length) % names.length, true);
  });
  open(0);
  return { bar, open };
};

const counted = (value) => Number(value).toLocaleString("en");
