/* Filters for the interview questions. Without it every question is there, and everything folds. */
(() => {
  const $$ = (s, e = document) => [...e.querySelectorAll(s)], place = document.querySelector(".pg-question-filter");
  const make = (tag, props = {}, ...children) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  };
  const items = $$(".pg-asked, .pg-question-item");
  if (!place || !items.length) return;
  const folds = items.filter(e => e.matches("details"));
  const tag = (e, name) => e.querySelector(`.pg-question-${name}`)?.textContent ?? "";
  const words = e => e.textContent.toLowerCase();

  // --- the form: what there is to choose from is read off the questions
  const select = name => {
    const values = [...new Set(items.map(e => tag(e, name)))];
    if (values.length < 2) return null;
    if (name !== "level") values.sort();
    const box = make("select", { name }, new Option("all", ""), ...values.map(v => new Option(v, v)));
    return make("label", {}, name[0].toUpperCase() + name.slice(1), box);
  };
  const find = make("input", { type: "search", name: "find", autocomplete: "off" });
  const count = make("output");
  const clear = make("button", { type: "reset", textContent: "Clear" });
  const all = make("button", { type: "button", textContent: "Open all" });
  const selects = ["level", "topic", "chapter"].map(select).filter(Boolean);
  const form = make("form", {}, ...selects, make("label", {}, "Contains", find), clear,
    ...(folds.length ? [all] : []), count);
  form.setAttribute("aria-label", "Filter the questions");
  place.append(form);

  const chosen = () => {
    const given = [...new FormData(form)].map(([name, v]) => [name, String(v)]);
    return Object.fromEntries(given.filter(([, v]) => v.trim()));
  };
  const holds = (e, name, v) => name === "find" ? words(e).includes(v.trim().toLowerCase()) : tag(e, name) === v;
  const matches = (e, want) => Object.entries(want).every(([name, v]) => holds(e, name, v));
  const remember = want => {
    const query = Object.keys(want).length ? "?" + new URLSearchParams(want) : "";
    try {
      history.replaceState(null, "", location.pathname + query + location.hash);
    } catch { /* opened from a folder */ }
  };
  const apply = () => {
    const want = chosen();
    for (const e of items) e.hidden = !matches(e, want);
    for (const section of $$("section:has(> .pg-question-index)"))     // a level without a match goes too
      section.hidden = !section.querySelector(".pg-question-item:not([hidden])");
    const shown = items.filter(e => !e.hidden).length;
    count.textContent = shown ? `${shown} of ${items.length} questions`
      : "No question matches. Clear the filter, or choose another topic.";
    remember(want);
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", e => e.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  all.addEventListener("click", () => {
    const open = folds.some(e => !e.hidden && !e.open);
    for (const e of folds) if (!e.hidden) e.open = open;
    label();
  });
  const label = () => { all.textContent = folds.some(e => !e.hidden && !e.open) ? "Open all" : "Close all"; };
  for (const e of folds) e.addEventListener("toggle", label);

  // --- what the address asks for: a filter, a question
  for (const [name, v] of new URLSearchParams(location.search)) {
    const field = form.elements[name];
    if (field && (field === find || [...field.options].some(o => o.value === v))) field.value = v;
  }
  const arrive = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const question = /** @type {HTMLDetailsElement} */ (named);
    if (!folds.includes(question)) return;
    if (question.hidden) {
      form.reset();
      question.hidden = false;
    }
    question.open = true;
    question.scrollIntoView();
  };
  addEventListener("hashchange", arrive);
  apply();
  arrive();
})();
