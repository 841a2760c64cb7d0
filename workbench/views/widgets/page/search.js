// The search box: a question, the hits of the graph beside those of an exact search, and one hit whole.

const SIGNS = { found: ["", ""], tie: ["=", "as good as an exact hit"], extra: ["○", "extra: not in the exact answer"], missed: ["✕", "missed"] };
const EFS = [4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096];
const LARGEST_PICTURE = 512;

// Pieces of text; those that are words of the query are marked.
const spans = (pieces) => pieces.map(([text, hit]) => make(hit ? "mark" : "span", { textContent: text }));

const thumbnail = (uri) => (uri.startsWith("data:image/") ? make("img", { src: uri, alt: "", className: "thumb" }) : null);

// A slider over `steps`, or from 1 to `most`; it sends when it is let go.
const slider = (model, trait, label, steps) => {
  const input = make("input", { type: "range", min: 0, step: 1, "aria-label": label });
  const shown = make("output", {});
  let values = steps;
  const tell = () => {
    const value = values[Number(input.value)];
    shown.textContent = String(value);
    input.setAttribute("aria-valuetext", String(value));
  };
  input.addEventListener("input", tell);
  input.addEventListener("change", () => setter(model)({ [trait]: values[Number(input.value)] }));
  follow(model, [trait], () => {
    const value = model.get(trait);
    values = steps.includes(value) ? steps : [...steps, value].sort((a, b) => a - b);
    input.max = values.length - 1;
    input.value = values.indexOf(value);
    tell();
  });
  return make("label", { className: "slide" }, make("span", { textContent: label }), input, shown);
};
const upTo = (most, step = 1) => Array.from({ length: Math.round(most / step) }, (_, i) => +((i + 1) * step).toFixed(2));

// A box of several lines for pasted vectors; Enter asks.
const numbersBox = (model) => {
  const area = make("textarea", { rows: 2, spellcheck: false, placeholder: "[0.12, -0.03, …] or what NumPy prints", "aria-label": "Vector" });
  const send = () => area.value !== model.get("numbers") && setter(model)({ numbers: area.value });
  area.addEventListener("change", send);
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  });
  const show = shownIn(area);
  follow(model, ["numbers"], () => show(model.get("numbers")));
  return area;
};

// A picture is made small before it is sent: models look at no more than a few hundred pixels.
const readPicture = async (file, model, say) => {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LARGEST_PICTURE / Math.max(bitmap.width, bitmap.height));
    const canvas = make("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    say("");
    setter(model)({ image: canvas.toDataURL("image/jpeg", 0.92) });
  } catch {
    say(`${file.name}: expected a picture (PNG, JPEG, GIF or WebP) that this browser reads.`);
  }
};

const imageBox = (model) => {
  const said = make("span", { className: "dim", role: "status" });
  const say = (text) => (said.textContent = text);
  const input = make("input", { type: "file", accept: "image/*", "aria-label": "Picture" });
  input.addEventListener("change", () => input.files[0] && readPicture(input.files[0], model, say));
  const host = make("span", {});
  const box = make("div", { className: "drop" }, host, input, make("span", { className: "dim", textContent: "or drop one here" }), said);
  box.addEventListener("dragover", (event) => event.preventDefault());
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) readPicture(event.dataTransfer.files[0], model, say);
  });
  follow(model, ["image"], () => host.replaceChildren(...[thumbnail(model.get("image"))].filter(Boolean)));
  return box;
};

// What is asked with: one of four kinds of question, and the box of the one that is chosen.
const questionOf = (model, send) => {
  const boxes = {
    text: textBox(model, "query", "Search by meaning", "What are you looking for?"),
    vector: numbersBox(model),
    point: textBox(model, "point", "Id of a point", "Id of a point"),
    image: imageBox(model),
  };
  const cannot = make("p", { className: "dim cannot" });
  const kinds = make("div", { className: "kinds", role: "group", "aria-label": "Ask with" });
  const go = button("Search", () => send({ search: true }), { primary: true });
  follow(model, ["kind", "_kinds"], () => {
    const kind = model.get("kind");
    kinds.replaceChildren(...model.get("_kinds").map(([value, text]) => {
      const one = button(text, () => setter(model)({ kind: value }));
      one.setAttribute("aria-pressed", String(value === kind));
      return one;
    }));
    const why = model.get("_kinds").find(([value]) => value === kind)?.[2] ?? "";
    for (const [value, box] of Object.entries(boxes)) box.hidden = value !== kind || Boolean(why);
    cannot.textContent = why;
    cannot.hidden = !why;
    go.hidden = Boolean(why);
  });
  // The chosen button is made anew, and keeps what had the focus.
  kinds.addEventListener("click", () => queueMicrotask(() => queueMicrotask(() => kinds.querySelector('[aria-pressed="true"]')?.focus())));
  for (const box of Object.values(boxes)) box.classList.add("grow");
  return make("div", { className: "row question" }, kinds, ...Object.values(boxes), cannot, go);
};

const optionsOf = (model) => {
  const filter = textBox(model, "filter_text", "Filter", 'Filter: words, or {"year": {"gte": 2000}}');
  filter.classList.add("grow");
  const words = make("label", {}, "words in", choice(model, "words_in", "Words are looked for in", "_text_keys"));
  const vector = make("label", {}, "vector", choice(model, "vector", "Vector", "_vectors"));
  follow(model, ["_text_keys", "_vectors"], () => {
    words.hidden = model.get("_text_keys").length === 0;
    vector.hidden = model.get("_vectors").length < 2;
  });
  return make("div", { className: "row" }, filter, words, vector, slider(model, "k", "k", upTo(100)), slider(model, "ef", "ef", EFS));
};

// Words beside meaning; where there is no sparse vector, how to get one.
const hybridOf = (model, send) => {
  const on = make("input", { type: "checkbox" });
  on.addEventListener("change", () => setter(model)({ hybrid: on.checked }));
  const sparse = choice(model, "sparse", "Sparse vector", "_sparse");
  const words = textBox(model, "words", "Words to compare", "other words than the question's");
  const weight = (trait, label) => slider(model, trait, label, [0, ...upTo(2, 0.25), 3, 5, 10]);
  const more = make("div", { className: "row hybrid-more" }, sparse, words, weight("dense_weight", "meaning ×"), weight("sparse_weight", "words ×"),
    slider(model, "rrf_k", "RRF k", [1, 2, 5, 10, 20, 60, 100]));
  const label = make("label", { className: "switch" }, on, "Hybrid: words too, joined by rank (RRF)");
  const key = make("select", { "aria-label": "Payload key whose words are added" });
  const add = button("Add them", () => send({ add_words: key.value }));
  const command = make("code", {});
  const none = make("div", { className: "row none dim" }, make("span", { textContent: "Hybrid search needs a sparse vector, and there is none: add the words in" }), key, add, command);
  const tell = () => (command.textContent = `collection.add_words("${key.value}")`);
  key.addEventListener("change", tell);
  follow(model, ["_sparse", "hybrid", "_text_keys", "words_in", "_busy"], () => {
    const some = model.get("_sparse").length > 0;
    on.checked = model.get("hybrid");
    label.hidden = !some;
    more.hidden = !some || !on.checked;
    sparse.hidden = model.get("_sparse").length < 2;
    none.hidden = some || model.get("_text_keys").length === 0;
    add.disabled = model.get("_busy");
    const kept = key.value || model.get("words_in");
    key.replaceChildren(...model.get("_text_keys").map(([value]) => make("option", { value, textContent: value, selected: value === kept })));
    tell();
  });
  return make("div", { className: "hybrid" }, make("div", { className: "row" }, label), more, none);
};

const badgeOf = (model) => {
  const badge = make("span", { className: "badge" });
  const words = make("span", { className: "dim" });
  const line = make("p", { className: "recall", role: "status" }, badge, " ", words);
  follow(model, ["_recall", "_times", "_left", "_right"], () => {
    const [kept, of] = model.get("_recall");
    line.hidden = !of;
    if (!of) return;
    badge.textContent = `recall ${kept}/${of}`;
    badge.className = `badge ${kept === of ? "good" : "bad"}`;
    const missed = of - kept;
    words.textContent = missed ? `${missed} ${missed === 1 ? "point" : "points"} of the exact answer missed: a greater ef finds more` : "nothing of the exact answer is missed";
  });
  return line;
};

const cardOf = (card, side, at, actions) => {
  const [sign, meaning] = SIGNS[card.mark];
  const bar = make("span", { className: "meter" }, make("span", { style: `width:${100 * card.share}%` }));
  const place = side === "exact" ? "approximate" : "exact";
  const moved = card.other && card.other !== card.rank ? `${place} rank ${card.other}` : "";
  const head = make("span", { className: "hit-head" },
    make("span", { className: "hit-rank", textContent: card.rank }),
    sign ? make("span", { className: `sign ${card.mark}`, "aria-hidden": "true", textContent: sign }) : null,
    make("span", { className: "hit-title" }, ...(card.title.length ? spans(card.title) : [make("span", { textContent: card.id })])),
    make("span", { className: "number hit-score", textContent: card.score }));
  const body = make("span", { className: "hit-text" }, ...spans(card.text));
  const delta = card.delta && make("span", { title: "Score less that of the exact hit of this rank", textContent: `Δ ${card.delta}` });
  const said = sign && make("span", { className: `sign ${card.mark}`, textContent: meaning });
  const foot = make("span", { className: "hit-foot dim" });
  for (const part of [said, moved, delta, card.sources].filter(Boolean)) foot.append(...(foot.childNodes.length ? [" · "] : []), part);
  const open = make("button", { type: "button", className: "hit", tabIndex: -1, onclick: () => actions.open(side, at) },
    thumbnail(card.image), make("span", { className: "hit-words" }, head, bar, card.text.length ? body : null,
      foot.childNodes.length ? foot : null,
      card.note ? make("span", { className: "hit-foot dim", textContent: card.note }) : null));
  open.dataset.id = card.id;
  const pick = make("input", { type: "checkbox", tabIndex: -1, "aria-label": `Choose point ${card.id}`, onchange: () => actions.choose(side, at, pick.checked) });
  return make("li", { className: card.mark }, pick, open);
};

// Two lists in which one walks by arrow keys; the same point lights up in both.
const columnsOf = (model, send) => {
  const actions = {
    open: (side, at) => send({ open: side, at }),
    choose: (side, at, chosen) => send({ choose: side, at, chosen }),
  };
  const sides = [["approximate", "_left", "Approximate", "by the graph"], ["exact", "_right", "Exact", "by every vector"]];
  const lists = sides.map(([side, , name]) => make("ol", { className: "hits", "aria-label": `${name} hits` }));
  const heads = sides.map(([, , name]) => make("h5", {}, name, " ", make("span", { className: "dim" })));
  const columns = make("div", { className: "columns" }, ...lists.map((list, i) => make("section", {}, heads[i], list)));
  const hits = (i) => Array.from(lists[i].querySelectorAll(".hit"));
  const twins = (id) => columns.querySelectorAll(".hit").forEach((hit) => hit.classList.toggle("twin", id !== null && hit.dataset.id === id));
  sides.forEach(([side, trait], i) => {
    follow(model, [trait], () => {
      const kept = lists[i].contains(document.activeElement) ? document.activeElement.dataset.id : null;
      lists[i].replaceChildren(...model.get(trait).map((card, at) => cardOf(card, side, at, actions)));
      const again = kept ? hits(i).find((hit) => hit.dataset.id === kept) ?? hits(i)[0] : null;
      (again ?? hits(i)[0])?.setAttribute("tabindex", 0);
      again?.focus();
      columns.hidden = model.get("_left").length + model.get("_right").length === 0;
    });
    lists[i].addEventListener("keydown", (event) => {
      const own = hits(i);
      const at = own.indexOf(event.target);
      if (at < 0) return;
      const to = { ArrowDown: own[at + 1], ArrowUp: own[at - 1], Home: own[0], End: own.at(-1),
        ArrowLeft: hits(0)[Math.min(at, hits(0).length - 1)], ArrowRight: hits(1)[Math.min(at, hits(1).length - 1)] }[event.key];
      if (to) {
        own[at].tabIndex = -1;
        to.tabIndex = 0;
        to.focus();
      } else if (event.key === "x") own[at].previousElementSibling.click();
      else if (event.key === "m") send({ like: side, at });
      else if (event.key === "Escape") send({ close: true });
      else return;
      event.preventDefault();
    });
    for (const [event, lit] of [["pointerover", true], ["focusin", true], ["pointerleave", false], ["focusout", false]])
      lists[i].addEventListener(event, (happened) => twins(lit ? happened.target.closest(".hit")?.dataset.id ?? null : null));
  });
  follow(model, ["_times"], () => {
    const [took, exact, way] = model.get("_times");
    heads[0].querySelector(".dim").textContent = took ? `${took}${way ? ` · ${way}` : ""}` : "";
    heads[1].querySelector(".dim").textContent = exact ?? "";
  });
  follow(model, ["_chosen", "_left", "_right"], () => {
    const chosen = new Set(model.get("_chosen"));
    for (const pick of columns.querySelectorAll("li > input")) pick.checked = chosen.has(pick.nextElementSibling.dataset.id);
  });
  follow(model, ["_detail", "_left", "_right"], () => {
    const { side, at } = model.get("_detail") ?? {};
    sides.forEach(([name], i) => hits(i).forEach((hit, place) => hit.setAttribute("aria-expanded", String(name === side && place === at))));
  });
  return columns;
};

// One hit whole: why it scored, where it stands in both answers, and its payload.
const detailOf = (model, send) => {
  const panel = make("aside", { className: "card detail", "aria-label": "The opened hit" });
  const why = make("p", { role: "status" });
  follow(model, ["_why"], () => {
    why.textContent = model.get("_why");
    why.hidden = !why.textContent;
  });
  // On a narrow page it stands under the hits, where who clicked one would not see it.
  const shownUnderHits = () => panel.offsetTop > panel.previousElementSibling.offsetTop && panel.scrollIntoView({ block: "nearest" });
  follow(model, ["_detail", "_chosen"], () => {
    const hit = model.get("_detail");
    const opens = panel.hidden && hit;
    panel.hidden = !hit;
    if (!hit) return;
    if (opens) requestAnimationFrame(shownUnderHits);
    const [sign, meaning] = SIGNS[hit.mark];
    const title = make("h5", { textContent: `Point ${hit.id}` });
    if (sign) title.append(" ", make("span", { className: `sign ${hit.mark}`, textContent: `${sign} ${meaning}` }));
    const facts = make("dl", { className: "facts" });
    for (const [name, value] of hit.facts) facts.append(make("dt", { textContent: name }), make("dd", { textContent: value }));
    const payload = make("dl", { className: "payload" });
    for (const [key, pieces] of hit.payload) payload.append(make("dt", { textContent: key }), make("dd", {}, ...spans(pieces)));
    if (!hit.payload.length) payload.append(make("dd", { className: "dim", textContent: "This point has no payload." }));
    const chosen = model.get("_chosen").includes(hit.id);
    const tools = make("div", { className: "row" },
      button("More like this", () => send({ like: hit.side, at: hit.at }), { primary: true }),
      button(chosen ? "Chosen" : "Choose", () => send({ choose: hit.side, at: hit.at, chosen: !chosen })),
      hit.explains ? button("Why was it missed?", () => send({ why: hit.at })) : null,
      button("✕", () => send({ close: true }), { label: "Close" }));
    const picture = hit.image ? make("img", { src: hit.image, alt: "", className: "whole" }) : null;
    panel.replaceChildren(...[title, tools, why, picture, hit.note ? make("p", { className: "dim", textContent: hit.note }) : null, facts, payload].filter(Boolean));
  });
  panel.addEventListener("keydown", (event) => event.key === "Escape" && send({ close: true }));
  return panel;
};

const historyOf = (model, send) => {
  const list = make("div", { className: "row history", role: "group", "aria-label": "Questions before" });
  follow(model, ["_history"], () => {
    const before = model.get("_history").slice(1);
    list.hidden = before.length === 0;
    list.replaceChildren(make("span", { className: "dim", textContent: "Before:" }),
      ...before.map((text, i) => button(text, () => send({ back: i + 1 }), { label: `Return to ${text}` })));
  });
  return list;
};

const codeOf = (model) => {
  const own = codeBlock(model, "code");
  const other = codeBlock(model, "client_code");
  const sections = [["Workbench", make("div", {}, own)], ["QdrantClient", make("div", {}, other)]];
  const { bar } = tabs("Python", sections);
  const whole = make("div", { className: "codes" }, bar, ...sections.map(([, node]) => node));
  follow(model, ["code"], () => (whole.hidden = !model.get("code")));
  return whole;
};

function render({ model, el }) {
  el.classList.add("wb-screen", "wb-search");
  keepKeys(el);
  const send = (message) => model.send(message);
  const about = make("span", { className: "dim" });
  const title = make("h4", {}, model.get("_title"), " ", about);
  follow(model, ["_about"], () => (about.textContent = model.get("_about")));
  const nothing = make("p", { className: "nothing dim" });
  follow(model, ["_nothing"], () => {
    nothing.textContent = model.get("_nothing");
    nothing.hidden = !nothing.textContent;
  });
  const keys = make("p", { className: "dim keys", textContent: "↑ ↓ walk, ← → to the other answer, Enter opens, x chooses, m asks for more like it" });
  follow(model, ["_left"], () => (keys.hidden = model.get("_left").length === 0));
  const answer = make("div", { className: "answer" }, columnsOf(model, send), detailOf(model, send));
  follow(model, ["_busy"], () => answer.setAttribute("aria-busy", String(model.get("_busy"))));
  el.append(title, questionOf(model, send), optionsOf(model), hybridOf(model, send), problemLine(model), historyOf(model, send),
    badgeOf(model), nothing, answer, keys, codeOf(model));
  greet(model);
}

export default { render };
