// What ``render`` of a flat module takes, over the messages of a Panel component. `page` is that module.

const modelOf = (panel, state) => {
  const heard = {};
  let changed = new Set();
  const tell = (event, ...values) => { for (const hear of heard[event] ?? []) hear(...values); };
  return {
    tell,
    take: (changes) => {
      for (const [name, value] of Object.entries(changes)) state[name] = asView(value);
      for (const name of Object.keys(changes)) tell(`change:${name}`);
    },
    get: (name) => state[name],
    set: (name, value) => { if (state[name] !== value) { state[name] = value; changed.add(name); } },
    save_changes: () => {
      const names = [...changed];
      changed = new Set();
      if (names.length) panel.send_msg({ set: Object.fromEntries(names.map((name) => [name, state[name]])) });
      for (const name of names) tell(`change:${name}`);
    },
    on: (event, hear) => (heard[event] ??= []).push(hear),
    off: (event, hear) => { heard[event] = (heard[event] ?? []).filter((other) => other !== hear); },
    send: (message) => panel.send_msg({ message }),
  };
};
const asView = (value) => (value instanceof ArrayBuffer ? new DataView(value) : value);

export function render({ model: panel }) {
  const el = document.createElement("div");
  el.style.width = "100%";
  const dark = () => el.classList.toggle("dark", document.documentElement.dataset.theme === "dark");
  dark();
  const themes = new MutationObserver(dark);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  let model = null;
  let clean = null;
  panel.on("msg:custom", (event) => {
    const data = event.data ?? event;
    if (data.state) {
      if (model) return model.take(data.state);
      model = modelOf(panel, Object.fromEntries(Object.entries(data.state).map(([name, value]) => [name, asView(value)])));
      clean = page.render({ model, el });
    } else if (data.changes) model?.take(data.changes);
    else if (data.message) model?.tell("msg:custom", data.message);
  });
  // A screen that another takes the place of gives back what it holds: timers, WebGL contexts.
  panel.on("remove", () => {
    themes.disconnect();
    clean?.();
  });
  // Bokeh takes models that the server has just added for its own, until a first message has named them in full;
  // with a script in it that message cannot be written. The server knows them: they are not new.
  panel.document?._new_models?.clear();
  panel.send_msg({ ready: true });
  return el;
}
