/* What the pages do by script. Everything also works without it: contents stand open, choices unfold, boxes fold. */
(() => {
  const root = document.documentElement;
  const $ = (s, e = document) => e.querySelector(s), $$ = (s, e = document) => [...e.querySelectorAll(s)];
  const make = (tag, props = {}, ...children) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  };

  // --- dark and light: the reader's choice, else the system's
  const theme = $(".pg-theme"), system = matchMedia("(prefers-color-scheme: dark)");
  const store = (key, value) => {
    try {
      if (value === undefined) localStorage.removeItem(key); else localStorage.setItem(key, value);
    } catch { /* private window */ }
  };
  const show = dark => {
    root.dataset.theme = dark ? "dark" : "light";
    theme.setAttribute("aria-pressed", dark);
  };
  show(root.dataset.theme === "dark");
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme !== "dark";
    show(dark);
    // back to the system's choice: follow it again
    store("pg-theme", dark === system.matches ? undefined : dark ? "dark" : "light");
  });
  system.addEventListener("change", e => { store("pg-theme"); show(e.matches); });

  // --- contents on narrow screens; "/" goes to the search field
  const menu = $(".pg-menu"), contents = $("#contents");
  const open = yes => {
    contents.classList.toggle("pg-open", yes);
    menu.setAttribute("aria-expanded", yes);
  };
  menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") !== "true"));
  $(".pg-side").addEventListener("click", e => { if (e.target.closest("a[href^='#']")) open(false); });
  const typedInto = "input:not([type=range],[type=radio],[type=checkbox]), textarea, select, [contenteditable]";
  addEventListener("keydown", e => {
    if (e.key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
      open(false);
      menu.focus();
    }
    const typing = /** @type {Element} */ (e.target).closest?.(typedInto);
    const slash = e.key === "/" && !typing && !e.ctrlKey && !e.metaKey && !e.altKey;
    if (slash || (e.key === "k" && (e.ctrlKey || e.metaKey))) {
      e.preventDefault();
      ($("main .pg-search input") ?? $(".pg-search input")).focus();
    }
  });

  // --- contents longer than the window: what is marked in them is seen
  const reveal = a => {
    const box = [a?.closest("nav"), a?.closest(".pg-side")].find(e => e && e.scrollHeight > e.clientHeight + 1);
    if (!box || !a.getClientRects().length) return;
    const { top, bottom } = a.getBoundingClientRect(), frame = box.getBoundingClientRect();
    const hidden = top < frame.top || bottom > Math.min(frame.bottom, innerHeight);
    if (hidden) box.scrollTop += top - frame.top - box.clientHeight / 3;
  };
  reveal($(".pg-contents a[aria-current]"));

  // --- where am I: the heading last passed is marked in the contents
  const places = $$(".pg-local a[href^='#']")
    .map(a => [document.getElementById(decodeURIComponent(a.hash.slice(1))), a]).filter(p => p[0]);
  if (places.length) {
    const mark = () => {
      const here = places.findLast(([section]) => section.getBoundingClientRect().top < innerHeight / 3)?.[1];
      for (const [, a] of places) a.classList.toggle("pg-here", a === here);
      if (scrollY) reveal(here);
    };
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        mark();
      });
    }, { passive: true });
    requestAnimationFrame(mark);
  }

  // --- the page's own contents give way while something wide passes over them
  const local = $(".pg-local"), own = $(".pg-local > ul"), passing = ".pg-figure, .pg-table, .highlight, aside.margin";
  const give = () => {
    const { left, bottom } = own.getBoundingClientRect(), { top } = local.getBoundingClientRect();
    local.classList.toggle("pg-under", getComputedStyle(local).position === "sticky"
      && $$(passing, $(".pg-article")).map(e => e.getBoundingClientRect())
        .some(b => b.width && b.right > left && b.top < bottom && b.bottom > top));
  };
  if (own) {
    let asked = false;
    const ask = () => { if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; give(); }); } };
    addEventListener("scroll", ask, { passive: true });
    new ResizeObserver(ask).observe($(".pg-article"));               // also when a fold opens or a figure arrives
  }

  // --- what scrolls sideways in its own box must be reachable by keyboard
  // called first when the browser has laid it out
  const reach = new ResizeObserver(seen => seen.forEach(({ target: e }) => {
    if (e.scrollWidth > e.clientWidth + 1) e.setAttribute("tabindex", "0"); else e.removeAttribute("tabindex");
  }));
  const boxes = $$("pre, div.math, .pg-table, div.cell_output");
  boxes.forEach(e => reach.observe(e));
  document.fonts?.ready.then(() => boxes.forEach(e => {
    reach.unobserve(e);
    reach.observe(e);
  }));

  // --- a proof in steps: one button opens them all
  const step = "details.pg-fold.step";
  for (const first of $$(step).filter(e => !e.previousElementSibling?.matches(step))) {
    const steps = [first];
    while (steps.at(-1).nextElementSibling?.matches(step)) steps.push(steps.at(-1).nextElementSibling);
    if (steps.length < 3) continue;
    const before = first.previousElementSibling, stands = before?.matches(".pg-all");     // {steps} has one
    const all = stands ? before : make("button", { type: "button", className: "pg-all" });
    const shut = () => steps.some(e => !e.open);
    const name = () => { all.textContent = shut() ? "Open all" : "Close all"; };
    all.addEventListener("click", () => {
      const yes = shut();
      for (const e of steps) e.open = yes;
    });
    for (const e of steps) e.addEventListener("toggle", name);
    name();
    if (!stands) first.before(all);
  }

  // --- words as they are spoken: a formula by its TeX, without the book's own commands
  const silent = /\\(?:pol|score|good|where|tfrac|text)\b|[{}]/g;
  const spoken = words => {
    const plain = words.cloneNode(true);
    $$(".katex", plain).forEach(e => e.replaceWith($("annotation", e).textContent.replace(silent, " ")));
    return plain.textContent.replace(/\s+/g, " ").trim();
  };

  // --- a setting in the text is a button that sets the figure; the others stay as they are
  const there = selector => new Promise(done => {     // now, or when host.js has put it there
    const look = () => {
      const e = $(selector);
      if (!e) return;
      done(e);
      watch.disconnect();
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, { childList: true, subtree: true });
    look();
  });
  async function set(e) {
    const [name, settings] = e.dataset.set.split("=");
    dispatchEvent(new Event("pg:start"));
    const figure = await there(`[data-explorable="${name}"]`);
    const { top, bottom } = figure.getBoundingClientRect();
    figure.dispatchEvent(new CustomEvent("pg:set", { detail: { settings, words: spoken(e) } }));
    if (bottom < 150 || top > innerHeight - 150) figure.scrollIntoView({ block: "center" });
  }
  for (const e of $$(".pg-set")) {
    e.setAttribute("role", "button");
    e.setAttribute("aria-label", `${spoken(e)}: set the figure`);
    e.tabIndex = 0;
    e.addEventListener("click", () => set(e));
    e.addEventListener("keydown", press => {
      if (press.key !== "Enter" && press.key !== " ") return;
      press.preventDefault();
      set(e);
    });
  }

  // --- quiz: the unfolding choices become radio buttons with one Check button and a spoken answer
  const copy = from => [...from.childNodes].map(n => n.cloneNode(true));
  const icon = name => {
    const e = make("span", { className: `pg-icon pg-icon-${name}` });
    e.setAttribute("aria-hidden", "true");
    return e;
  };
  const NOT_THIS = "Not this one.";

  function makeChoice(choice, name, value) {          // a radio button, its words, and room for what is said to it
    const radio = make("input", { type: "radio", name, value }), said = make("div", { className: "pg-said" });
    said.setAttribute("aria-live", "polite");
    const words = make("span", {}, ...copy($("summary", choice)));
    // a formula alone is no name in every browser
    if ($("math", words)) radio.setAttribute("aria-label", spoken(words));
    const right = choice.classList.contains("pg-right"), why = $(".pg-why", choice);
    return { radio, said, right, why, label: make("label", {}, radio, words) };
  }
  function tell({ said, right, why }, verdict) {
    const line = make("p", { className: "pg-verdict" }, icon(right ? "right" : "wrong"), verdict);
    said.replaceChildren(make("div", { className: "pg-why" }, line, ...copy(why)));
  }
  function answer(quiz, rows, picked, check) {        // to a press on Check
    // at whichever try; a drill's rules count as one
    if (picked.right && quiz.id && !quiz.closest(".pg-practice-rules"))
      document.dispatchEvent(new CustomEvent("pg:passed", { detail: { kind: "quiz", id: quiz.id } }));
    if (picked.right && rows.every(row => row === picked || !row.said.firstChild))
      check.textContent = "Why not the others?";
    else if (picked.right) check.hidden = true;
    const others = picked.right && picked.said.firstChild;          // asked a second time: explain the rest too
    for (const row of rows) {
      if (row === picked) tell(row, row.right ? "Right." : NOT_THIS);
      else if (others) tell(row, NOT_THIS);
      else row.said.replaceChildren();
    }
    if (others) check.hidden = true;
  }
  $$(".pg-quiz").forEach((quiz, number) => {
    const name = quiz.id || `quiz-${number}`, question = $(".pg-question > p", quiz) ?? $(".pg-question", quiz);
    const rows = $$(":scope > .pg-choice", quiz).map((choice, i) => makeChoice(choice, name, String(i)));
    const box = make("fieldset", {}, make("legend", {}, ...copy(question)));
    box.append(...rows.flatMap(row => [row.label, row.said]));
    const check = make("button", { type: "submit", className: "pg-check", textContent: "Check" });
    const asks = make("p", { className: "pg-verdict pg-unchosen" });    // why Check did nothing; the focus stays on it
    asks.setAttribute("role", "status");
    const form = make("form", {}, box, check, asks);
    form.addEventListener("submit", e => {
      e.preventDefault();
      const picked = rows.find(row => row.radio.checked);
      asks.textContent = picked ? "" : "Choose one of the answers first.";
      if (picked) answer(quiz, rows, picked, check);
    });
    form.addEventListener("change", () => {
      asks.textContent = "";
      check.hidden = false;
      check.textContent = "Check";
    });
    quiz.append(form);
    quiz.classList.add("pg-live");
  });

  // --- paper: everything unfolded, links as footnotes
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = $$("main details:not([open])");
    closed.forEach(e => { e.open = true; });
    const article = $(".pg-article"), links = $$("a[href^='http']", article);
    const list = make("ol", { className: "pg-links" });
    const seen = new Map();
    for (const a of links) {
      if (a.textContent === a.href || a.closest(".pg-links")) continue;
      if (!seen.has(a.href)) {
        seen.set(a.href, seen.size + 1);
        list.append(make("li", { textContent: a.href }));
      }
      a.after(make("sup", { className: "pg-link-mark", textContent: seen.get(a.href) }));
    }
    if (seen.size) article.append(list);
  });
  addEventListener("afterprint", () => {
    closed.forEach(e => { e.open = false; });
    $$(".pg-links, .pg-link-mark").forEach(e => e.remove());
  });
})();
