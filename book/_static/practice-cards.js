/* Flashcards: one card at a time out of the list that the page already is. Nothing is sent; all is kept in this
   browser. */
(() => {
  const p = globalThis.pgPractice, { $, $$, make, button } = p, deck = $(".pg-practice-deck");
  if (!deck) return;
  const cards = $$(".pg-practice-card", deck), byId = Object.fromEntries(cards.map(c => [c.dataset.id, c]));
  const GRADES = [
    ["Again", "I did not know it"], ["Hard", "with much effort"], ["Good", "after a moment"], ["Easy", "at once"],
  ];
  const day = () => p.dayOf(new Date()), { box: message, say } = p.notice();
  const status = make("p", { className: "pg-practice-status", role: "status" });

  // --- what is kept
  const store = new p.Store("cards", say);
  let state = p.empty(), readOnly = false, undo = null;
  function load(text) {
    try { return p.parsed(text); } catch (problem) {
      if (problem.reason === "version") {
        readOnly = true;
        say("Your cards were kept by another edition of this page. They are left untouched, "
          + "and what you answer here is not kept. " + problem.message);
      } else if (store.setAside(text)) {
        say(`What this browser kept of your cards could not be read: ${problem.message} `
          + `It was put aside as "${store.key}:damaged", and the deck starts afresh. `
          + "If you have an export, import it.");
      } else readOnly = true;
      return p.empty();
    }
  }
  function keep() {
    if (readOnly) return;
    const text = store.read();
    if (text !== null) state = p.merged(state, load(text));               // another tab may have written since
    store.write(JSON.stringify(state));
  }
  const kept = store.read();
  if (kept !== null) state = load(kept);
  store.onChange(text => {
    state = p.merged(state, load(text));
    settings();
    show();
  });

  // --- the deck: level, topic, how many new ones, the day that counts
  const values = name => [...new Set(cards.map(c => c.dataset[name]))];
  const select = (label, name, options) =>
    make("label", {}, label, make("select", { name }, ...options.map(([v, w]) => new Option(w, v))));
  const form = make("form", { className: "pg-practice-form", "aria-label": "Which cards" },
    select("Level", "level", [["", "all"], ...values("level").map(v => [v, v.replace("-", " ")])]),
    select("Topic", "topic", [["", "all"], ...values("topic").sort().map(v => [v, v])]),
    select("New cards a day", "perDay", [5, 10, 15, 25, 100].map(n => [n, n === 100 ? "no limit" : n])),
    make("label", {}, "Interview on (optional)", make("input", { type: "date", name: "exam" })));
  const field = form.elements;
  function settings() {
    field.perDay.value = String([5, 10, 15, 25].find(n => n >= state.perDay) ?? 100);
    field.exam.value = state.exam ?? "";
  }
  form.addEventListener("submit", e => e.preventDefault());
  form.addEventListener("change", e => {
    if (e.target.name === "perDay" || e.target.name === "exam") {
      state = { ...state, perDay: Number(field.perDay.value), exam: field.exam.value || null, set: Date.now() };
      keep();
    }
    current = null;
    show();
  });
  const has = (card, name) => !field[name].value || card.dataset[name] === field[name].value;
  const chosen = () => cards.filter(c => has(c, "level") && has(c, "topic")).map(c => c.dataset.id);
  const plan = () => {
    const perDay = state.perDay >= 100 ? Infinity : state.perDay;
    return p.today(chosen(), state.cards, day(), { perDay, exam: p.dayOfIso(state.exam) });
  };

  // --- the stage
  const count = make("p", { className: "pg-practice-count" }), done = make("div", { className: "pg-practice-done" });
  const turn = button("Turn the card", () => flip(true), { className: "pg-practice-button pg-practice-main" });
  const gradeButton = ([word, when], i) => button(
    make("span", {}, make("kbd", { "aria-hidden": "true" }, String(i + 1)), ` ${word}`),
    () => grade(i + 1), { title: when });
  const grades = make("div", { className: "pg-practice-grades",
    role: "group", "aria-label": "How well did you know it?" },
    ...GRADES.map(gradeButton));
  $$("button", grades).forEach(b => b.append(make("small")));
  const back = button("Undo", () => {
    if (!undo) return;
    state = { ...state, cards: { ...state.cards, [undo.id]: { ...undo.card, at: Date.now() } } };
    const { id } = undo;
    undo = null;
    keep();
    status.textContent = "The last grade is taken back.";
    show(id, true);
  });
  const key = name => make("kbd", {}, name);
  const hint = make("p", { className: "pg-practice-hint" }, "Keys, while the card has the focus: ",
    key("Space"), " or ", key("Enter"), " turns it, ", key("1"), " to ", key("4"), " grade it.");
  const stage = make("section", { className: "pg-practice-stage", tabIndex: -1, "aria-label": "The card" });

  let current = null, finished = false;
  const flip = focus => {
    byId[current].open = true;
    if (focus) $("summary", byId[current]).focus();
  };
  const daysTo = card => p.dueDay(card, p.dayOfIso(state.exam)) - day();
  const inDays = n => n === 1 ? "tomorrow" : `in ${n} days`;
  const when = card => card.again ? "again today" : inDays(daysTo(card));

  /* The card of `id`, else the one that stands there if it still may, else the next of today's. */
  function show(id = null, focus = false) {
    const { due, fresh, again, unseen, known } = plan(), left = [...due, ...fresh, ...again];
    current = id ?? (left.includes(current) ? current : left[0] ?? null);
    for (const c of cards) c.classList.toggle("pg-practice-off", c.dataset.id !== current);
    for (const c of cards) if (c.dataset.id !== current || id) c.open = false;
    const counts = [[due.length + again.length, "due"], [fresh.length, "new today"],
      [unseen - fresh.length, "for later"], [known, `of ${unseen + known} seen`]];
    count.replaceChildren(...counts.map(([n, words]) => make("span", {}, make("strong", {}, String(n)), " " + words)));
    stage.hidden = current === null;
    done.hidden = current !== null;
    back.disabled = !undo;
    erase.disabled = !Object.keys(state.cards).length;
    if (!current) return finish(known, unseen);
    finished = false;
    turned();
    if (focus) {
      $("summary", byId[current]).focus({ preventScroll: true });
      stage.scrollIntoView({ block: "nearest" });
    }
  }
  function turned() {
    const open = byId[current].open;
    grades.hidden = !open;
    turn.hidden = open;
    if (!open) return;
    $$("button", grades).forEach((b, i) => {
      $("small", b).textContent = when(p.graded(state.cards[current], i + 1, day()));
    });
  }
  function nothingLeft(known, unseen) {
    if (!known && !unseen) return "No card has this level and this topic. Choose another deck.";
    const later = chosen().map(id => state.cards[id]).filter(p.seen).map(daysTo), next = Math.min(...later);
    return "Nothing more to do today in this deck."
      + (later.length ? ` The next card comes back ${inDays(Math.max(1, next))}.` : "")
      + (unseen ? ` ${unseen} cards wait; raise “New cards a day” if you want them now.` : "");
  }
  function finish(known, unseen) {
    const words = nothingLeft(known, unseen);
    done.replaceChildren(make("p", { tabIndex: -1 }, words));
    if (!finished && known && undo) {
      p.passed("flashcards");
      status.textContent = words;
      $("p", done).focus({ preventScroll: true });
    }
    finished = true;
  }
  function grade(n) {
    const id = current, before = state.cards[id] ?? p.unseen();
    const after = p.graded(before, n, day(), Math.max(Date.now(), before.at + 1, state.erased + 1));
    undo = { id, card: before };
    state = { ...state, cards: { ...state.cards, [id]: after } };
    keep();
    status.textContent = `${GRADES[n - 1][0]}: ${when(after)}. Next card.`;
    current = null;
    byId[id].open = false;
    show(null, true);
  }
  for (const c of cards) c.addEventListener("toggle", () => {
    if (c.dataset.id !== current) return;
    turned();
    if (c.open) status.textContent = "The answer is shown. How well did you know it?";
  });
  stage.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select")) return;
    if (/^[1-4]$/.test(e.key)) {
      e.preventDefault();
      if (byId[current].open) grade(Number(e.key));
      else status.textContent = "Turn the card first: Space or Enter.";
    } else if ((e.key === " " || e.key === "Enter") && !e.target.closest("summary, button, a")) {
      e.preventDefault();
      byId[current].open = !byId[current].open;
    }
  });

  // --- out, in, away
  const two = n => String(n).padStart(2, "0");
  const today = () => {
    const d = new Date();
    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  };
  const out = button("Export", () => {
    const text = JSON.stringify({ ...state, exported: new Date().toISOString() }, null, 1);
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = make("a", { href: url, download: `learning-to-act-cards-${today()}.json` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    say(`Exported ${Object.keys(state.cards).length} cards to the file ${link.download}.`, false);
  });

  /* What an import brought, said in numbers: `before` are the cards as they were. */
  function said(name, ids, before) {
    const added = ids.filter(id => !before[id]).length;
    const newer = ids.filter(id => before[id] && state.cards[id] !== before[id]).length;
    const strange = ids.filter(id => !byId[id]).length, older = ids.length - added - newer;
    const are = strange === 1 ? "is" : "are";
    return `Imported ${name}: ${ids.length} cards, ${added} new to this browser, ${newer} newer than here, `
      + `${older} not newer and left as they were.`
      + (strange ? ` ${strange} ${are} not in this edition; kept for the day they return.` : "");
  }
  async function take(picked) {
    if (picked.size > p.LARGEST) {
      throw new Error(`The file has ${(picked.size / 1e6).toFixed(1)} MB. `
        + "A copy of these cards has far below one, so this is something else.");
    }
    const came = p.parsed(await picked.text()), before = state.cards;
    state = p.imported(state, came, Date.now());
    keep();
    say(said(picked.name, Object.keys(came.cards), before), false);
    settings();
    current = null;
    show();
  }
  const file = make("input", {
    type: "file", accept: ".json,application/json", hidden: true, "aria-label": "File to import",
  });
  file.addEventListener("change", async () => {
    const [picked] = file.files;
    if (!picked) return;
    try { await take(picked); } catch (problem) {
      say(`Not imported: ${picked.name}. ${problem.message} Nothing was changed.`);
    }
    file.value = "";
  });
  const into = button("Import", () => file.click());

  const sure = make("div", { className: "pg-practice-sure",
    hidden: true, role: "group", "aria-label": "Erase all answers?" });
  function eraseAll() {
    state = { ...state, cards: {}, erased: Date.now(), exam: null, set: Date.now() };
    undo = null;
    keep();
    settings();
    sure.hidden = true;
    say("All answers are erased.", false);
    show();
    into.focus();
  }
  const erase = button("Erase", () => {
    sure.hidden = false;
    const question = `Erase your answers to ${Object.keys(state.cards).length} cards? `
      + "This cannot be undone; an export could bring them back.";
    const keepThem = () => {
      sure.hidden = true;
      erase.focus();
    };
    sure.replaceChildren(make("p", {}, question), button("Keep them", keepThem), button("Erase them", eraseAll));
    $("button", sure).focus();
  });
  const tools = make("div", { className: "pg-practice-tools", role: "group", "aria-label": "Your answers" },
    back, out, into, erase, file);

  settings();
  deck.before(count, message);                                     // the card first; what it is drawn from, below it
  deck.replaceWith(stage);
  stage.append(deck, turn, grades, hint);
  stage.after(done, status, form, tools, sure);
  deck.classList.add("pg-practice-live");
  show();
})();
