/* The mock interview: six questions drawn by number and mix, a quiet clock, marks by rubric, what to read next. */
(() => {
  const p = globalThis.pgPractice, { $, $$, make, button, passed } = p, pool = $(".pg-practice-pool");
  if (!pool) return;
  const asked = $$(".pg-practice-asked", pool), byId = Object.fromEntries(asked.map(q => [q.dataset.id, q]));
  const questions = asked.map(q => ({ id: q.dataset.id, level: q.dataset.level }));
  const NAMES = ["Screening", "Whiteboard", "Debugging", "Language models", "Depth"];
  const MIXES = [
    ["2-2-1-1-0", "All-round"], ["4-1-1-0-0", "First call"], ["0-3-1-0-2", "Research"],
    ["1-1-1-3-0", "Language models"], ["1-1-3-1-0", "Engineering"], ["", "My own mix"],
  ];
  const CLOCKS = [["0", "none"], ["2", "2 minutes"], ["5", "5 minutes"], ["10", "10 minutes"]];
  const ADVICE = [                                     // for the rubric's point that was missing most often
    "The statement itself was missing most often. Flashcards are the tool for that.",
    "You know the facts and leave out when they hold. Say the condition in the same breath.",
    "The why was missing most often. Do the whiteboard drill with a pen.",
    "The tempting answers got you. Read why each of them fails.",
    "The follow-ups were the hardest. They stand below each full answer.",
  ];
  const { box: message, say } = p.notice(), store = new p.Store("mock", say);
  let kept = store.object();
  const update = change => { kept = store.update(change, kept); };

  // --- what to draw: by the form, or by the address that somebody shared
  const hash = new URLSearchParams(location.hash.slice(1));
  const shared = {
    n: /^\d{1,6}$/.test(hash.get("n") ?? "") ? Number(hash.get("n")) : null,
    mix: p.mixOf(hash.get("mix")),
  };
  const random = () => 1 + Math.floor(Math.random() * 9999);
  const number = make("input", {
    type: "number", name: "n", min: 0, max: 999999, step: 1, required: true, value: shared.n ?? random(),
  });
  const preset = make("select", { name: "preset" }, ...MIXES.map(([v, w]) => new Option(v ? `${w} (${v})` : w, v)));
  const counter = (name, i) => make("label", {}, name, make("input", {
    type: "number", name: `level${i}`, min: 0, max: 6, step: 1, value: [2, 2, 1, 1, 0][i],
  }));
  const own = make("fieldset", { className: "pg-practice-own", hidden: true },
    make("legend", {}, "How many of each (six in all)"), ...NAMES.map(counter));
  const clock = make("select", { name: "clock" }, ...CLOCKS.map(([v, w]) => new Option(w, v)));
  const begin = make("button", { type: "submit", className: "pg-practice-button pg-practice-main" }, "Begin");
  const another = button("Another number", () => { number.value = random(); });
  const form = make("form", { className: "pg-practice-form", "aria-label": "Which interview", noValidate: true },
    make("label", {}, "Mix", preset), own,
    make("label", {}, "Interview number", number),
    make("label", {}, "Clock per question", clock),
    make("div", { className: "pg-practice-tools" }, begin, another));
  const put = mix => {
    const text = mix.join("-");
    preset.value = MIXES.some(([v]) => v === text) ? text : "";
    own.hidden = preset.value !== "";
    $$("input", own).forEach((field, i) => { field.value = mix[i]; });
  };
  if (shared.mix) put(shared.mix);
  preset.addEventListener("change", () => {
    const mix = p.mixOf(preset.value);
    own.hidden = Boolean(mix);
    if (mix) put(mix);
  });

  // --- the interview
  const stage = make("section", {
    className: "pg-practice-stage", tabIndex: -1, "aria-label": "The interview", hidden: true,
  });
  const status = make("p", { className: "pg-practice-status", role: "status" });
  const history = make("section", { className: "pg-practice-history" });
  let run = null, at = 0, watch = null;
  const points = q => $$(".pg-practice-rubric > li", q);
  const marks = id => run.marks[id] ?? [];
  const total = id => marks(id).filter(Boolean).length;
  const save = () => update(k => ({ ...k, run }));

  function markable(q, i, li) {                        // the rubric's point i can be ticked
    const box = make("input", { type: "checkbox" }), id = q.dataset.id;
    li.replaceChildren(make("label", {}, box, make("span", {}, ...li.childNodes)));
    box.addEventListener("change", () => {
      if (!run) return;
      const now = points(q).map((_, k) => Boolean(marks(id)[k]));
      now[i] = box.checked;
      run = { ...run, marks: { ...run.marks, [id]: now } };
      save();
      status.textContent = `${total(id)} of ${now.length} points.`;
    });
  }
  for (const q of asked) for (const [i, li] of points(q).entries()) markable(q, i, li);

  function ticking(minutes) {
    if (!minutes) return null;
    let left = minutes * 60, timer = null, told = false;
    const face = make("output", { className: "pg-practice-clock", "aria-label": "Time left" });
    const words = make("span", { className: "pg-practice-hint" });
    const tell = () => { face.textContent = p.clock(Math.max(0, left)); };
    const over = () => {
      told = true;
      words.textContent = "Time. Finish your sentence, then compare.";
      status.textContent = words.textContent;
      stop();
      toggle.hidden = true;
    };
    const tick = () => {
      left -= 1;
      tell();
      if (left <= 0 && !told) over();
    };
    const goOn = () => { timer = setInterval(tick, 1000); };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      toggle.textContent = "Go on";
    };
    const toggle = button("Pause", () => {
      if (timer) return stop();
      goOn();
      toggle.textContent = "Pause";
    });
    goOn();
    tell();
    return {
      element: make("div", { className: "pg-practice-time" }, face, toggle, words),
      stop: () => clearInterval(timer),
    };
  }

  function inAddress(place) {
    try { window.history.replaceState(null, "", place); } catch { /* opened from a folder */ }
  }
  function start(n, mix, minutes, resume = null) {
    const ids = p.drawn(questions, mix, n);
    run = resume ?? { n, mix: mix.join("-"), minutes, ids, at: 0, marks: {}, began: Date.now() };
    form.hidden = true;
    stage.hidden = false;
    inAddress(`#n=${run.n}&mix=${run.mix}`);
    go(run.at ?? 0, !resume);
  }
  function go(to, focus = true) {
    watch?.stop();
    at = to;
    run = { ...run, at };
    save();
    if (at >= run.ids.length) return summary(focus);
    const id = run.ids[at], q = byId[id], fold = $("details", q);
    for (const other of asked) other.classList.toggle("pg-practice-off", other !== q);
    fold.open = Boolean(run.marks[id]);
    points(q).forEach((li, i) => { $("input", li).checked = Boolean(marks(id)[i]); });
    watch = ticking(fold.open ? 0 : run.minutes);
    const head = make("p", { className: "pg-practice-count" },
      make("strong", {}, `Question ${at + 1} of ${run.ids.length}`), ` · interview ${run.n}, mix ${run.mix}`);
    const nav = make("div", { className: "pg-practice-tools" }, ...steps(fold));
    stage.replaceChildren(head, ...(watch ? [watch.element] : []), pool, nav);
    pool.hidden = false;
    status.textContent = "";
    if (focus) {
      stage.focus({ preventScroll: true });
      stage.scrollIntoView({ block: "start" });
    }
  }
  /* The buttons below a question whose answer is in `fold`. One stands out: first to compare, then to go on. */
  function steps(fold) {
    const next = button(at + 1 < run.ids.length ? "Next question" : "Finish", () => go(at + 1));
    const compare = button("Compare and mark", () => {
      fold.open = true;
      louder();                                        // at once: "toggle" comes a moment later
      $("input", fold)?.focus();
    });
    const louder = () => {
      compare.hidden = fold.open;
      compare.classList.toggle("pg-practice-main", !fold.open);
      next.classList.toggle("pg-practice-main", fold.open);
    };
    fold.ontoggle = () => {
      if (fold.open) watch?.stop();
      louder();
    };
    louder();
    const back = at ? [button("Back", () => go(at - 1))] : [];
    return [compare, ...back, next, button("Give up", quit)];
  }
  function quit() {
    watch?.stop();
    run = null;
    update(({ run: _, ...rest }) => rest);
    stage.hidden = true;
    form.hidden = false;
    inAddress(location.pathname + location.search);
    number.value = random();
    past();
    begin.focus();
  }

  // --- the end: points, what was missing, what to read
  const copies = element => [...element?.childNodes ?? []].map(c => c.cloneNode(true));
  const asksOf = id => copies($(".pg-practice-front", byId[id]));
  const dayOf = time => new Date(time).toLocaleDateString("en", { dateStyle: "medium" });

  function table(ids) {
    const headings = ["Question", "Points"].map(words => make("th", { scope: "col" }, words));
    const rows = ids.map(id => make("tr", {}, make("td", {}, ...asksOf(id)),
      make("td", {}, `${total(id)} of ${points(byId[id]).length}`)));
    return make("table", {}, make("thead", {}, make("tr", {}, ...headings)), make("tbody", {}, ...rows));
  }
  /* The questions with fewer than four points, and where their answers stand. */
  function readNext(ids) {
    const weak = ids.filter(id => total(id) < 4).sort((a, b) => total(a) - total(b));
    if (!weak.length) return [make("p", {}, "Four points or more on each question. Take another mix.")];
    const read = weak.map(id => make("li", {}, ...asksOf(id), " ", ...copies($(".pg-question-where p", byId[id])), " ",
      $(".pg-practice-full", byId[id]).cloneNode(true)));
    return [make("h3", {}, "Read next"), make("ul", { className: "pg-practice-read" }, ...read)];
  }
  function advice(ids) {
    const missed = [0, 1, 2, 3, 4].map(i => [ids.filter(id => !marks(id)[i]).length, i]);
    const [times, point] = missed.sort((a, b) => b[0] - a[0])[0];
    return times ? [make("p", {}, ADVICE[point])] : [];
  }
  function summary(focus) {
    const of = run.ids.reduce((sum, id) => sum + points(byId[id]).length, 0);
    const score = run.ids.reduce((sum, id) => sum + total(id), 0);
    if (!run.done) {
      run = { ...run, done: Date.now() };
      const entry = { n: run.n, mix: run.mix, at: run.done, score, of };
      update(k => ({ ...k, run, history: [entry, ...k.history ?? []].slice(0, 50) }));
      passed("mock");
    }
    const again = button("Back to the questions", () => {
      run = { ...run };
      go(0);
    });
    const another = button("New interview", quit, { className: "pg-practice-button pg-practice-main" });
    stage.replaceChildren(
      make("h2", { tabIndex: -1 }, `${score} of ${of} points`),
      make("p", { className: "pg-practice-count" }, `Interview ${run.n}, mix ${run.mix}, ${dayOf(run.done)}`),
      table(run.ids), ...advice(run.ids), ...readNext(run.ids),
      make("div", { className: "pg-practice-tools" }, again, button("Print", () => print()), another));
    past();
    if (focus) {
      $("h2", stage).focus({ preventScroll: true });
      stage.scrollIntoView({ block: "start" });
    }
  }

  // --- earlier interviews
  function past() {
    const all = Array.isArray(kept.history) ? kept.history : [];
    history.hidden = !all.length;
    const forget = button("Forget these", () => {
      update(({ history: _, ...rest }) => rest);
      past();
      status.textContent = "The list is empty.";
      form.hidden || begin.focus();
    });
    const line = h => `${dayOf(h.at)}: ${h.score} of ${h.of} points, number ${h.n}, mix ${h.mix}`;
    history.replaceChildren(make("h2", {}, "Earlier interviews"),
      make("ul", {}, ...all.slice(0, 12).map(h => make("li", {}, line(h)))),
      make("div", { className: "pg-practice-tools" }, forget));
  }

  form.addEventListener("submit", e => {
    e.preventDefault();
    const mix = p.mixOf(preset.value || $$("input", own).map(f => f.value).join("-"));
    if (!mix) {
      say("The counts must be whole numbers that make six questions together.");
      return $("input", own).focus();
    }
    if (!/^\d{1,6}$/.test(number.value)) {
      say("The interview number must be a whole number from 0 to 999999.");
      return number.focus();
    }
    message.replaceChildren();
    start(Number(number.value), mix, Number(clock.value));
  });
  pool.before(form, message, stage, status);
  pool.classList.add("pg-practice-live");
  pool.hidden = true;
  stage.after(status, history);
  history.after(pool);
  past();

  /* An interview that was kept can go on, unless the address asks for another. */
  function goesOn(open) {
    const mix = open && p.mixOf(open.mix);
    const same = open && (shared.n === null
      || open.n === shared.n && open.mix === (shared.mix ?? mix ?? []).join("-"));
    return same && Array.isArray(open.ids) && open.ids.length && open.ids.every(id => byId[id]) && mix && open.marks;
  }
  const open = kept.run;
  if (goesOn(open)) start(open.n, p.mixOf(open.mix), open.minutes, open);
})();
