/* Drills: a proof's steps to put in order, the rule of each step, eight proofs with one flawed line, a stopwatch.
   Without this file the proofs stand in order and every line unfolds its reason. */
(() => {
  const p = globalThis.pgPractice, { $, $$, make, button, spoken, passed } = p;
  const drills = $$(".pg-practice-order, .pg-practice-rules, .pg-practice-flaw, .pg-practice-watch");
  if (!drills.length) return;
  const { box: message, say } = p.notice(), store = new p.Store("drills", say);
  let kept = store.object();
  const update = change => { kept = store.update(change, kept); };
  const pass = id => {
    update(k => ({ ...k, passed: { [id]: Date.now(), ...k.passed } }));
    passed(id);
  };
  drills[0].before(message);

  // --- put the steps in order
  class Proof {
    constructor(list) {
      this.list = list;
      this.id = list.dataset.id;
      this.steps = this.lines();
      this.ids = this.order();
      this.byId = Object.fromEntries(this.steps.map(s => [s.dataset.step, s]));
      const needed = step => Object.fromEntries($$(".pg-practice-need", step).map(n => [n.dataset.step, n]));
      this.needs = Object.fromEntries(this.steps.map(s => [s.dataset.step, needed(s)]));
      this.status = make("div", { className: "pg-practice-status pg-practice-verdict", role: "status" });
    }
    lines() { return $$(":scope > li", this.list); }
    order() { return this.lines().map(s => s.dataset.step); }
    save() { update(k => ({ ...k, order: { ...k.order, [this.id]: this.order() } })); }
    place(names) { this.list.append(...names.map(n => this.byId[n])); }
    label() {
      this.lines().forEach((s, i, all) => {
        const [up, down] = $$(".pg-practice-move button", s);
        up.setAttribute("aria-disabled", i === 0);
        down.setAttribute("aria-disabled", i === all.length - 1);
      });
    }
    /* No verdict stands any more: the order has changed. */
    calm() {
      this.status.replaceChildren();
      for (const s of this.steps) s.classList.remove("pg-practice-early", "pg-practice-missing", "pg-practice-right");
    }
    move(step, by, from) {
      const all = this.order(), i = all.indexOf(step.dataset.step), j = i + by;
      if (j < 0 || j >= all.length) return;
      this.calm();
      const there = this.lines()[j];
      this.list.insertBefore(step, by > 0 ? there.nextSibling : there);
      this.label();
      this.save();
      from.focus();
      this.status.textContent = `Now line ${j + 1} of ${all.length}.`;
    }
    shuffle() {
      this.calm();
      this.place(p.shuffled(this.ids, this.needs, 1 + Math.floor(Math.random() * 1e6)));
      this.label();
      this.save();
    }
    check() {
      this.calm();
      const now = this.order(), fault = p.firstFault(now, this.needs);
      if (fault) this.wrong(now, fault);
      else this.right();
    }
    wrong(now, { id, needs, why }) {
      this.byId[id].classList.add("pg-practice-early");
      this.byId[needs].classList.add("pg-practice-missing");
      const which = `Line ${now.indexOf(id) + 1} comes too early. It needs line ${now.indexOf(needs) + 1}. `;
      this.status.append(make("p", {}, make("strong", {}, which), ...[...why.childNodes].map(n => n.cloneNode(true))));
    }
    right() {
      for (const s of this.steps) s.classList.add("pg-practice-right");
      const { id } = this, n = p.countOrders(this.ids, this.needs);
      this.status.append(make("p", {}, make("strong", {}, "Right. "), n === 1 ? "This is the only order."
        : `Every step stands after what it needs. ${n.toLocaleString("en")} orders do; yours is one of them.`));
      pass(`order-${id}`);
    }
    /* As it was left, else shuffled. */
    begin() {
      const before = kept.order?.[this.id], { ids } = this;
      if (Array.isArray(before) && before.length === ids.length && ids.every(i => before.includes(i))) {
        this.place(before);
        this.label();
      } else this.shuffle();
    }
  }

  /* Two buttons at a step's end, and the arrow keys with Alt. */
  function movable(proof, step) {
    const name = spoken($(".pg-practice-says", step));
    const up = button("↑", () => proof.move(step, -1, up), { "aria-label": `Up: ${name}` });
    const down = button("↓", () => proof.move(step, 1, down), { "aria-label": `Down: ${name}` });
    step.append(make("span", { className: "pg-practice-move" }, up, down));
    step.addEventListener("keydown", e => {
      if (!e.altKey || !["ArrowUp", "ArrowDown"].includes(e.key)) return;
      e.preventDefault();
      proof.move(step, e.key === "ArrowUp" ? -1 : 1, document.activeElement);
    });
  }

  /* Drag by mouse, pen or finger: the line changes places with the one under the pointer. */
  function draggable(proof, step) {
    const grip = make("span", { className: "pg-practice-grip", "aria-hidden": "true" });
    step.prepend(grip);
    const under = y => proof.lines().find(s => {
      const r = s.getBoundingClientRect();
      return s !== step && y > r.top && y < r.bottom;
    });
    grip.addEventListener("pointerdown", e => {
      if (e.button) return;
      e.preventDefault();
      grip.setPointerCapture(e.pointerId);
      step.classList.add("pg-practice-held");
      proof.calm();
    });
    grip.addEventListener("pointermove", e => {
      if (!grip.hasPointerCapture(e.pointerId)) return;
      const other = under(e.clientY);
      if (!other) return;
      const below = step.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
      const r = other.getBoundingClientRect();
      const reach = Math.min(r.height, step.offsetHeight) / 2;                // lines differ in height: no flicker
      if (below && e.clientY > r.bottom - reach) other.after(step);
      else if (!below && e.clientY < r.top + reach) other.before(step);
      else return;
      grip.setPointerCapture(e.pointerId);
    });
    const drop = () => {
      if (!step.classList.contains("pg-practice-held")) return;
      step.classList.remove("pg-practice-held");
      proof.label();
      proof.save();
    };
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      grip.addEventListener(end, () => setTimeout(drop));
    }
  }

  for (const list of $$(".pg-practice-order")) {
    const proof = new Proof(list);
    for (const step of proof.steps) {
      draggable(proof, step);
      movable(proof, step);
    }
    const check = button("Check the order", () => proof.check(), { className: "pg-practice-button pg-practice-main" });
    const shuffle = button("Shuffle", () => {
      proof.shuffle();
      proof.status.textContent = "Shuffled.";
    });
    list.after(make("div", { className: "pg-practice-tools" }, check, shuffle), proof.status);
    list.classList.add("pg-practice-live");
    list.closest("details")?.setAttribute("open", "");
    proof.begin();
  }

  // --- name the rule: the quizzes of site.js; here only what was named is remembered
  function remembered(rules) {
    const id = rules.dataset.id, quizzes = $$(".pg-quiz", rules);
    const count = make("p", { className: "pg-practice-status", role: "status" });
    const tell = () => {
      const n = quizzes.filter(q => kept.named?.[q.id]).length;
      for (const q of quizzes) q.classList.toggle("pg-practice-named", Boolean(kept.named?.[q.id]));
      count.textContent = n ? `${n} of ${quizzes.length} rules named.` : "";
      return n;
    };
    rules.append(count);
    rules.addEventListener("submit", e => {
      const quiz = e.target.closest(".pg-quiz"), picked = $("input:checked", quiz);
      if (!picked) return;
      const choice = $$(":scope > .pg-choice", quiz)[picked.value];
      if (!choice.classList.contains("pg-right") || kept.named?.[quiz.id]) return;
      update(k => ({ ...k, named: { ...k.named, [quiz.id]: Date.now() } }));
      if (tell() === quizzes.length) pass(`rules-${id}`);
    });
    tell();
  }
  $$(".pg-practice-rules").forEach(remembered);

  // --- find the flawed line
  const flaws = $$(".pg-practice-flaw"), score = make("p", { className: "pg-practice-status", role: "status" });
  const found = () => flaws.filter(f => kept.found?.[f.dataset.id]).length;
  const nth = tries => ["first", "second", "third"][tries - 1] ?? `${tries}th`;
  function tellScore() {
    const n = found(), end = n === flaws.length ? ". All of them: you would be a good referee." : ".";
    score.textContent = n ? `${n} of ${flaws.length} flaws found${end}` : "";
  }
  function hunt(flaw) {
    const id = flaw.dataset.id, lines = $$(".pg-practice-line", flaw);
    const verdict = make("p", { className: "pg-practice-status pg-practice-verdict", role: "status" });
    const tell = () => {
      const tries = kept.found?.[id];
      flaw.classList.toggle("pg-practice-found", Boolean(tries));
      verdict.textContent = tries
        ? `Found at the ${nth(tries)} try. Open the other lines to see why they are right.` : "";
      tellScore();
    };
    flaw.append(verdict);
    const tried = new Set(kept.found?.[id] ? [] : kept.tried?.[id] ?? []);
    const opened = (line, i) => {
      if (!line.open || kept.found?.[id] || tried.has(i)) return;
      tried.add(i);
      update(k => ({ ...k, tried: { ...k.tried, [id]: [...tried] } }));
      if (!line.classList.contains("pg-practice-wrong")) {
        verdict.textContent = `Line ${i + 1} is right. Look again.`;
        return;
      }
      update(k => ({ ...k, found: { ...k.found, [id]: tried.size } }));
      tell();
      pass(`flaw-${id}`);
      if (found() === flaws.length) passed("flaws");
    };
    for (const [i, line] of lines.entries()) {
      if (tried.has(i)) line.open = true;
      line.addEventListener("toggle", () => opened(line, i));
    }
    if (kept.found?.[id]) $(".pg-practice-wrong", flaw).open = true;
    tell();
  }
  flaws.forEach(hunt);
  flaws.at(-1)?.after(make("div", { className: "pg-practice-tools" }, score, button("Start again", () => {
    update(k => ({ ...k, found: {}, tried: {} }));
    location.reload();
  })));

  // --- a stopwatch: counts up, can be paused, hurries nobody
  const timeNoted = ({ seconds, at }) =>
    make("li", {}, `${p.clock(seconds)} on ${new Date(at).toLocaleDateString("en", { dateStyle: "medium" })}`);
  function stopwatch(place) {
    let gone = 0, since = null, timer = null;
    const face = make("output", { className: "pg-practice-clock", "aria-label": "Time" });
    const list = make("ol", { className: "pg-practice-times" });
    const status = make("p", { className: "pg-practice-status", role: "status" });
    const now = () => gone + (since === null ? 0 : (Date.now() - since) / 1000);
    const tell = () => { face.textContent = p.clock(now()); };
    const stop = () => {
      gone = now();
      since = null;
      clearInterval(timer);
      go.textContent = gone ? "Go on" : "Start";
      tell();
    };
    const zero = () => {
      gone = 0;
      go.textContent = "Start";
      tell();
    };
    const go = button("Start", () => {
      if (since !== null) {
        stop();
        status.textContent = `Paused at ${p.clock(gone)}.`;
        return;
      }
      since = Date.now();
      timer = setInterval(tell, 250);
      go.textContent = "Pause";
      status.textContent = "Running.";
    }, { className: "pg-practice-button pg-practice-main" });
    const times = () => list.replaceChildren(...(kept.times ?? []).map(timeNoted));
    const finish = button("The check accepts it", () => {
      stop();
      if (gone < 1) {
        status.textContent = "Start the watch first.";
        return;
      }
      const noted = { at: Date.now(), seconds: Math.round(gone) };
      update(k => ({ ...k, times: [...k.times ?? [], noted].slice(-20) }));
      status.textContent = `${p.clock(gone)}. Noted below.`;
      zero();
      times();
      pass("coding");
    });
    const reset = button("Reset", () => {
      stop();
      zero();
      status.textContent = "Back to zero.";
    });
    place.append(face, make("div", { className: "pg-practice-tools" }, go, finish, reset), status, list);
    tell();
    times();
  }
  $$(".pg-practice-watch").forEach(stopwatch);
})();
