/* What a reader has passed: quizzes, challenges, exercises, drills. Kept in their browser under
   learning-to-act:progress, merged and never overwritten; shown beside the contents, on the exercises, and on the front
   page, where it is exported, imported and erased. progress-totals.js, made with the book, says what there is to pass.
   Nothing is sent anywhere. */

/* The part that touches no page. Times are in milliseconds; `by` is "page" (the page saw it), "hand" (the reader said
   so) or "undone". */
globalThis.pgProgress = (() => {
  const APP = "learning-to-act", KIND = "progress", VERSION = 1, LARGEST = 1_000_000, BY = ["page", "hand", "undone"];
  const NAME = /^(exercise|quiz|challenge|drill):[\w-]{1,80}$/, PAGE = /^[\w/-]{1,200}$/, HASH = /^[\w-]{0,200}$/;
  const empty = () => ({ app: APP, kind: KIND, version: VERSION, erased: 0, last: null, passed: {} });

  const order = (a, b) =>                                    // a tie falls alike in every tab
    a.at - b.at || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const later = (a, b) => !a || !b ? a ?? b : order(a, b) < 0 ? b : a;
  /* Two states become one: of each name the later word; what was erased stays erased. */
  function merged(a, b) {
    const erased = Math.max(a.erased, b.erased), last = later(a.last, b.last), passed = {};
    for (const name of [...new Set([...Object.keys(a.passed), ...Object.keys(b.passed)])].sort()) {
      const entry = later(a.passed[name], b.passed[name]);
      if (entry.at > erased) passed[name] = entry;
    }
    return { ...empty(), erased, last: last && last.at > erased ? last : null, passed };
  }
  const passes = (state, name) => Boolean(state.passed[name]) && state.passed[name].by !== "undone";
  const tally = (state, names) => names.filter(name => passes(state, name)).length;
  /* Something was passed or taken back. The first time stands; what the page itself saw replaces the reader's word. */
  function noted(state, name, by, now) {
    const old = state.passed[name];
    if (by !== "undone" && passes(state, name) && (old.by === "page" || by === "hand")) return state;
    const at = Math.max(now, state.erased + 1, (old?.at ?? 0) + 1);
    return { ...state, passed: { ...state.passed, [name]: { at, by } } };
  }
  const visited = (state, page, hash, now) => ({ ...state, last: { at: Math.max(now, state.erased + 1), page, hash } });
  function erased(state, now) {
    const times = Object.values(state.passed).map(e => e.at);
    return { ...empty(), erased: Math.max(now, state.erased, state.last?.at ?? 0, ...times) };
  }
  /* A state with what a file brings. An erasure before the import does not reach into the file. */
  function imported(state, file, now) {
    const lift = e => e && { ...e, at: Math.max(Math.min(e.at, now), state.erased + 1) };
    const passed = Object.fromEntries(Object.entries(file.passed).map(([name, e]) => [name, lift(e)]));
    return merged(state, { ...file, erased: 0, last: lift(file.last), passed });
  }

  const plain = v => v !== null && typeof v === "object" && !Array.isArray(v);
  const isTime = v => Number.isFinite(v) && v >= 0 && v < 1e15;
  const isLast = v => plain(v) && isTime(v.at) && typeof v.page === "string" && PAGE.test(v.page)
    && typeof v.hash === "string" && HASH.test(v.hash);
  const shown = v => {
    const text = JSON.stringify(v) ?? "nothing";
    return text.length > 40 ? `${text.slice(0, 39)}…` : text;
  };
  const refuse = (message, reason) => { throw Object.assign(new Error(message), { reason }); };
  const large = size => size > LARGEST && refuse(`It has ${(size / 1e6).toFixed(1)} MB. `
    + "A copy of this book's progress has far below one, so this is something else.", "huge");
  /* What a text of this book's progress holds, as JSON: not yet checked name by name. */
  function dataIn(text) {
    large(text.length);
    let data;
    try { data = JSON.parse(text); } catch (problem) {
      refuse(`It is not a complete JSON file (${problem.message}). It may have been cut off on its way.`, "broken");
    }
    if (!plain(data) || data.app !== APP || data.kind !== KIND) {
      refuse("It is not a file of this book's progress.", "foreign");
    }
    const { version } = data;
    if (Number.isInteger(version) && version > VERSION) {
      refuse(`It was written by a newer edition of this book (version ${version}; this page reads version ${VERSION}). `
        + "Reload the page to get that edition.", "newer");
    }
    if (version !== VERSION) refuse(`Its version should be ${VERSION}, found ${shown(version)}.`, "types");
    return data;
  }
  /* The state in a text; throws an Error whose message is for the reader and whose `reason` is for programs. */
  function parsed(text) {
    const { erased: gone = 0, last = null, passed } = dataIn(text);
    if (!isTime(gone)) refuse(`"erased" should be a time in milliseconds, found ${shown(gone)}.`, "types");
    if (last !== null && !isLast(last)) {
      refuse(`"last" should name a page of this book, found ${shown(last)}.`, "types");
    }
    if (!plain(passed)) refuse(`"passed" should be a list by name, found ${shown(passed)}.`, "types");
    const entries = {};
    for (const [name, e] of Object.entries(passed)) {
      if (!NAME.test(name)) refuse(`${shown(name)} is no name of an exercise, quiz, challenge or drill.`, "types");
      if (!plain(e) || !isTime(e.at) || !BY.includes(e.by)) {
        refuse(`"${name}" should have a time "at" and a word "by", found ${shown(e)}.`, "types");
      }
      entries[name] = { at: e.at, by: e.by };
    }
    const place = last && { at: last.at, page: last.page, hash: last.hash };
    return { ...empty(), erased: gone, last: place, passed: entries };
  }
  return {
    APP, VERSION, LARGEST, NAME, HASH, empty, merged, passes, tally, noted, visited, erased, imported, parsed, large,
  };
})();

if (globalThis.document) (() => {
  const P = globalThis.pgProgress, KEY = `${P.APP}:progress`, ASIDE = `${KEY}:damaged`;
  const chapters = globalThis.pgTotals ?? [];
  const $ = (s, e = document) => e.querySelector(s), $$ = (s, e = document) => [...e.querySelectorAll(s)];
  const make = (tag, props = {}, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props)) {
      if (k.includes("-") || k === "role") e.setAttribute(k, v); else e[k] = v;
    }
    e.append(...children);
    return e;
  };
  const button = (words, act, props = {}) => {
    const b = make("button", { type: "button", className: "pg-progress-button", ...props }, words);
    b.addEventListener("click", act);
    return b;
  };
  const parts = chapters.flatMap(({ title, parts: own }) =>
    own.map(([label, page, names]) => ({ title, label, page, names })));
  const all = parts.flatMap(part => part.names);
  const day = at => new Date(at).toLocaleDateString("en-GB", { dateStyle: "long" });

  // --- the store: every tab reads before it writes, and what cannot be read is never written over
  const WORDS = {
    blocked: "This browser lets the page keep nothing (a private window, or storage is switched off). "
      + "What you pass counts until you close the page.",
    full: "The browser's storage for this site is full, so the last thing you passed is not kept. "
      + "It counts until you close the page.",
    newer: "A newer edition of this book has written your progress; this page leaves it untouched and keeps nothing "
      + "itself. Reload the page to get that edition.",
    damaged: "What was kept of your progress could not be read. "
      + "It is put aside, not deleted; counting begins anew.",
    stuck: "What was kept of your progress could not be read, and there is no room to put it aside. "
      + "It is left as it is, and nothing new is kept.",
  };
  let memory = P.empty(), trouble = null, locked = false, told = false, saved = false;
  const asides = () => {
    try { return Object.keys(localStorage).filter(name => name.startsWith(ASIDE)).sort(); } catch { return []; }
  };
  function put(name, text) {
    try {
      localStorage.setItem(name, text);
      return true;
    } catch (problem) {
      let nothing = true;
      try { nothing = localStorage.length === 0; } catch { /* blocked */ }
      trouble = problem.name === "QuotaExceededError" && !nothing ? "full" : "blocked";
      return false;
    }
  }
  function read() {                                  // null: there is nothing that may be written over
    let text;
    try { text = localStorage.getItem(KEY); } catch {
      trouble = "blocked";
      return null;
    }
    locked = false;
    if (text === null && saved) {                    // the reader cleared the browser's data: do not bring it back
      memory = P.empty();
      saved = false;
    }
    if (text === null) return P.empty();
    try {
      const state = P.parsed(text);
      saved = true;
      return state;
    } catch (problem) {
      locked = true;
      if (problem.reason !== "newer") return putAside(text);
      trouble = "newer";
      return null;
    }
  }
  function putAside(text) {                          // null: there is no room for it
    let aside = ASIDE;
    for (let n = 2; ![null, text].includes(localStorage.getItem(aside)); n++) aside = `${ASIDE}-${n}`;
    if (!put(aside, text)) {
      trouble = "stuck";
      return null;
    }
    localStorage.removeItem(KEY);
    locked = false;
    return P.empty();
  }
  function change(act) {
    const kept = read(), before = kept && JSON.stringify(kept);
    memory = act(kept ? P.merged(memory, kept) : memory);
    const text = JSON.stringify(memory);
    if (kept && text !== before && put(KEY, text)) {
      trouble = null;
      saved = true;
    }
    if (!trouble && asides().length) trouble = "damaged";
    draw();
  }
  addEventListener("storage", e => { if (e.key === KEY || e.key === null) change(state => state); });

  // --- where am I, and which page does a link mean
  const base = document.documentElement.dataset.content_root ?? "./", root = new URL(base, location.href).pathname;
  function docOf(href) {
    const url = new URL(href, location.href), ours = url.origin === location.origin && url.pathname.startsWith(root);
    return ours ? url.pathname.slice(root.length).replace(/\.html$/, "") : null;
  }
  const links = $$(".pg-contents a").filter(a => !a.closest(".pg-local")), here = docOf(location.href);
  const linkTo = new Map(links.map(a => [docOf(a.href), a]));
  const nameOf = doc => {
    const link = linkTo.get(doc), name = link.getAttribute("aria-label") ?? link.textContent;
    return name.replace(/^([\w ]+): (.+)$/, "$2 ($1)");
  };

  // --- marks: a number beside each page of the contents that has something passed, and on what was passed
  const says = make("p", { className: "pg-progress-hidden", role: "status" }), main = $("main");
  main?.append(says);
  const say = words => { says.textContent = says.textContent === words ? `${words}\u00a0` : words; };
  const counted = (n, of) => `${n} of ${of} passed`;
  const counts = [...links, ...$$(".pg-verbs > a")].flatMap(a => {
    const part = parts.find(one => one.page === docOf(a.href));
    if (!part) return [];
    const count = make("span", { className: "pg-progress-count", hidden: true });
    a.after(count);
    return [{ part, count }];
  });
  const note = make("p", { className: "pg-progress-note", hidden: true });
  $(".pg-contents")?.append(note);

  const passedMark = words => make("span", { className: "pg-progress-mark" },
    make("span", { className: "pg-icon pg-icon-right", "aria-hidden": "true" }), ` ${words}`);
  const marks = new Map();                           // name -> how to show that it is passed
  for (const quiz of $$(".pg-quiz[id]")) {
    const mark = passedMark("passed");
    marks.set(`quiz:${quiz.id}`, yes => yes ? $("legend", quiz)?.append(mark) : mark.remove());
  }
  for (const figure of $$(".pg-widget[data-widget]")) {
    const mark = make("p", { className: "pg-progress-challenge" }, passedMark("Challenge met"));
    marks.set(`challenge:${figure.dataset.widget}`, yes => yes ? figure.after(mark) : mark.remove());
  }
  function whenPassed({ at, by }) {
    const notKept = trouble && trouble !== "damaged" ? ". Not kept." : "";
    return `${by === "hand" ? "Marked as passed by you" : "Passed"} on ${day(at)}${notKept}`;
  }
  for (const cell of $$("[data-exercise]")) {
    const id = cell.dataset.exercise, name = `exercise:${id}`, words = make("span");
    const toggle = button("", () => {
      const undo = P.passes(memory, name);
      told = true;
      change(state => P.noted(state, name, undo ? "undone" : "hand", Date.now()));
      say(`${id} is ${undo ? "no longer marked" : "marked"} as passed. ${progressHere(name)}`);
    });
    cell.after(make("p", { className: "pg-progress-exercise" }, words, toggle));
    marks.set(name, yes => {
      words.replaceChildren(...yes ? [passedMark(whenPassed(memory.passed[name]))] : []);
      toggle.textContent = yes ? "Undo" : "I passed this elsewhere";
      toggle.setAttribute("aria-label", yes ? `Undo: ${id} is not passed` : `I passed this elsewhere: ${id}`);
    });
  }
  const partOf = name => parts.find(one => one.names.includes(name));
  const progressHere = name => {
    const part = partOf(name);
    if (!part) return "";
    return `${counted(P.tally(memory, part.names), part.names.length)}: ${part.title}, ${part.label}.`;
  };

  document.addEventListener("pg:passed", (/** @type {CustomEvent} */ { detail }) => {
    const name = `${detail?.kind}:${detail?.id}`, before = P.passes(memory, name);
    if (!P.NAME.test(name)) return;
    told = true;
    change(state => P.noted(state, name, "page", Date.now()));
    if (!before && partOf(name)) say(`Counted. ${progressHere(name)}${trouble ? ` ${WORDS[trouble]}` : ""}`);
  });

  function draw() {
    for (const { part, count } of counts) {
      const n = P.tally(memory, part.names), of = part.names.length, words = counted(n, of);
      count.hidden = n === 0;
      if (count.title === words) continue;
      count.title = words;
      count.replaceChildren(make("span", { "aria-hidden": "true" }, n === of ? `${n}/${of} ✓` : `${n}/${of}`),
        make("span", { className: "pg-progress-hidden" }, words));
    }
    marks.forEach((show, name) => show(P.passes(memory, name)));
    note.hidden = !trouble || trouble === "blocked" && !told;
    note.textContent = trouble ? WORDS[trouble] : "";
    panel?.draw();
  }

  // --- the front page: where to go on, how far each chapter is, and the reader's file
  function give(text, name) {
    const blob = new Blob([text], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  /* A hidden chooser of files: what it chose is merged into the memory, and what came of it is told. */
  function importer(tell) {
    const file = make("input", {
      type: "file", accept: ".json,application/json", hidden: true, "aria-label": "A file with your progress",
    });
    const passedHere = () => P.tally(memory, Object.keys(memory.passed));
    const take = async chosen => {
      P.large(chosen.size);
      const came = P.parsed(await chosen.text()), had = passedHere();
      const names = Object.keys(came.passed).filter(name => P.passes(came, name));
      change(state => P.imported(state, came, Date.now()));
      const gained = Math.max(0, passedHere() - had), strange = names.filter(name => !all.includes(name)).length;
      tell(`Imported ${chosen.name}: ${names.length} passed, ${gained} new to this browser.`
        + (strange ? ` ${strange} ${strange === 1 ? "is" : "are"} not in this edition; kept, not counted.` : "")
        + (trouble ? ` ${WORDS[trouble]}` : ""));
    };
    file.addEventListener("change", async () => {
      const chosen = file.files[0];
      file.value = "";
      if (!chosen) return;
      try { await take(chosen); } catch (problem) {
        tell(`${chosen.name} was not imported. ${problem.message} Nothing was changed.`);
      }
    });
    return file;
  }

  /* The question before everything is erased; `away` says where the focus goes when it is answered. */
  function eraser(away, tell) {
    const keep = () => {
      sure.hidden = true;
      away();
    };
    const erase = () => {
      try {
        asides().forEach(name => localStorage.removeItem(name));
        const met = Object.keys(sessionStorage).filter(name => name.startsWith("pg-met-"));
        met.forEach(name => sessionStorage.removeItem(name));        // challenges can be met anew
      } catch { /* nothing is kept there then */ }
      trouble = null;
      change(state => P.erased(state, Date.now()));
      keep();
      tell(locked ? WORDS[trouble] : "Erased.");
    };
    const question = "Erase what this browser remembers of your progress? This cannot be undone; "
      + "an exported file can be imported again. Flashcards and edited code stay.";
    const sure = make("div", {
      className: "pg-progress-sure", role: "group", "aria-label": "Erase your progress?", hidden: true,
    }, make("p", {}, question), button("Keep it", keep), button("Erase it", erase));
    sure.addEventListener("keydown", e => { if (e.key === "Escape") keep(); });
    return sure;
  }

  /* A chapter's line: how much of each of its parts is passed, and a link to the first page with something left. */
  function chapterLine(chapter) {
    const item = label => {
      const own = chapter.parts.filter(part => part[0] === label), names = own.flatMap(part => part[2]);
      const [, page] = own.find(part => P.tally(memory, part[2]) < part[2].length) ?? own[0];
      const n = P.tally(memory, names);
      const link = make("a", { href: `${base}${page}.html`, "aria-label": `${label}: ${chapter.title}` }, label);
      const words = ` ${n} of ${names.length}${n === names.length ? " ✓" : ""}`;
      return make("span", { className: "pg-progress-part" }, link, words);
    };
    const labels = [...new Set(chapter.parts.map(part => part[0]))];
    return make("li", {}, make("span", { className: "pg-progress-chapter" }, chapter.title),
      make("span", { className: "pg-progress-parts" }, ...labels.map(item)));
  }

  /* Where to go on and how far the reader is; drawn anew only when it differs, else a link would lose the focus. */
  function makeOverview() {
    const go = make("p", { className: "pg-progress-go" }), sum = make("p", { className: "pg-progress-sum" });
    const list = make("ul", { className: "pg-progress-list" });
    let drawn = "";
    function draw(n, last, begun) {
      const now = JSON.stringify([memory.passed, last?.page, last?.hash]);
      if (now === drawn) return;
      drawn = now;
      const href = last && `${base}${last.page}.html${last.hash && `#${last.hash}`}`;
      go.replaceChildren(...last ? [make("a", { href }, `Continue: ${nameOf(last.page)}`)] : []);
      go.hidden = !last;
      sum.textContent = begun
        ? `${counted(n, all.length)}. Quizzes, challenges, exercises and drills count. Kept in this browser only.`
        : "What you pass on these pages is counted here. "
          + "It is kept in this browser only, and nothing is sent anywhere.";
      list.hidden = !n;
      list.replaceChildren(...chapters.map(chapterLine));
    }
    return { elements: [go, sum, list], draw };
  }

  function makePanel(place) {
    const heading = make("h2", { id: "your-progress", tabIndex: -1 }, "Your progress"), overview = makeOverview();
    const warning = make("p", { className: "pg-progress-note" });
    const message = make("p", { className: "pg-progress-message", role: "status" });
    const tell = words => { message.textContent = words; };
    const out = button("Export", () => {
      give(`${JSON.stringify(memory, null, 1)}\n`, `${P.APP}-progress-${new Date().toISOString().slice(0, 10)}.json`);
      tell("Exported to a file. Import it in another browser; what is there already stays.");
    });
    const file = importer(tell), take = button("Import", () => file.click());
    const sure = eraser(() => (wipe.hidden ? heading : wipe).focus(), tell);
    const wipe = button("Erase", () => {
      sure.hidden = false;
      $("button", sure).focus();
    });
    const saveAside = button("Save what was put aside",
      () => give(localStorage.getItem(asides()[0]), "progress-put-aside.txt"));
    const dropAside = button("Delete what was put aside", () => {
      localStorage.removeItem(asides()[0]);
      trouble = null;
      change(state => state);
      heading.focus();
    });
    const tools = make("div", { className: "pg-progress-tools" }, out, take, wipe, saveAside, dropAside, file);
    place.append(heading, ...overview.elements, warning, tools, sure, message);

    return { draw() {
      const n = P.tally(memory, all), last = memory.last && linkTo.has(memory.last.page) ? memory.last : null;
      const begun = Boolean(n || last);
      place.classList.toggle("pg-progress-begun", begun);
      if (!begun && place.nextElementSibling) place.parentElement.append(place);        // nothing yet: at the end
      take.textContent = begun ? "Import" : "Import your progress from another browser";
      out.hidden = wipe.hidden = !begun && !memory.last && !Object.keys(memory.passed).length;
      saveAside.hidden = dropAside.hidden = !asides().length;
      warning.hidden = !trouble;
      warning.textContent = trouble ? WORDS[trouble] : "";
      overview.draw(n, last, begun);
    } };
  }
  const place = $(".pg-progress-overview"), panel = place && makePanel(place);

  // --- begin: and remember the place, for "continue"
  const kept = here && linkTo.has(here) && !document.body.classList.contains("pg-front");
  change(state => kept && state.last?.page !== here ? P.visited(state, here, "", Date.now()) : state);
  const leave = () => {
    const begun = s => s.getBoundingClientRect().top < innerHeight / 3;
    const section = $$(".pg-article section[id] section[id]").findLast(begun);
    const hash = scrollY && section && P.HASH.test(section.id) ? section.id : "";
    change(state => {
      const there = state.last?.page === here && state.last.hash === hash;
      return there ? state : P.visited(state, here, hash, Date.now());
    });
  };
  if (kept) {
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  }
})();
