/* Drills: a proof's steps to put in order, the rule of each step, eight proofs with one flawed line, a stopwatch.
   Without this file the proofs stand in order and every line unfolds its reason. */
(() => {
  const p = globalThis.pgPractice, { $, $$, make, button, spoken, passed } = p;
  const drills = $$(".pg-a-order, .pg-a-rules, .pg-a-flaw, .pg-a-watch");
  if (!drills.length) return;
  const { box: message, say } = p.notice(), store = new p.Store("drills", say);
  let kept = store.object();
  const update = change => { kept = store.update(change, kept); };
  const pass = id => { update(k => ({ ...k, passed: { [id]: Date.now(), ...k.passed } })); passed(id); };
  drills[0].before(message);

  // --- put the steps in order
  for (const list of $$(".pg-a-order")) {
    const id = list.dataset.id, steps = $$(":scope > li", list), byId = Object.fromEntries(steps.map(s => [s.dataset.step, s]));
    const needs = Object.fromEntries(steps.map(s => [s.dataset.step, Object.fromEntries($$(".pg-a-need", s).map(n => [n.dataset.step, n]))]));
    const ids = steps.map(s => s.dataset.step), status = make("div", { className: "pg-a-status pg-a-verdict", role: "status" });
    const order = () => $$(":scope > li", list).map(s => s.dataset.step);
    const save = () => update(k => ({ ...k, order: { ...k.order, [id]: order() } }));
    const place = names => list.append(...names.map(n => byId[n]));
    const label = () => $$(":scope > li", list).forEach((s, i, all) => {
      const [up, down] = $$(".pg-a-move button", s);
      up.setAttribute("aria-disabled", i === 0);
      down.setAttribute("aria-disabled", i === all.length - 1);
    });
    const calm = () => { status.replaceChildren(); for (const s of steps) s.classList.remove("pg-a-early", "pg-a-missing", "pg-a-right"); };
    const move = (step, by, from) => {
      const all = order(), i = all.indexOf(step.dataset.step), j = i + by;
      if (j < 0 || j >= all.length) return;
      calm();
      list.insertBefore(step, by > 0 ? $$(":scope > li", list)[j].nextSibling : $$(":scope > li", list)[j]);
      label();
      save();
      from.focus();
      status.textContent = `Now line ${j + 1} of ${all.length}.`;
    };
    for (const step of steps) {
      const name = spoken($(".pg-a-says", step));
      const grip = make("span", { className: "pg-a-grip", "aria-hidden": "true" });
      const up = button("↑", () => move(step, -1, up), { "aria-label": `Up: ${name}` }), down = button("↓", () => move(step, 1, down), { "aria-label": `Down: ${name}` });
      step.prepend(grip);
      step.append(make("span", { className: "pg-a-move" }, up, down));
      step.addEventListener("keydown", e => {
        if (!e.altKey || !["ArrowUp", "ArrowDown"].includes(e.key)) return;
        e.preventDefault();
        move(step, e.key === "ArrowUp" ? -1 : 1, document.activeElement);
      });
      // drag by mouse, pen or finger: the line changes places with the one under the pointer
      grip.addEventListener("pointerdown", e => {
        if (e.button) return;
        e.preventDefault();
        grip.setPointerCapture(e.pointerId);
        step.classList.add("pg-a-held");
        calm();
      });
      grip.addEventListener("pointermove", e => {
        if (!grip.hasPointerCapture(e.pointerId)) return;
        const other = $$(":scope > li", list).find(s => { const r = s.getBoundingClientRect(); return s !== step && e.clientY > r.top && e.clientY < r.bottom; });
        if (!other) return;
        const r = other.getBoundingClientRect(), below = step.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
        const reach = Math.min(r.height, step.offsetHeight) / 2;                // lines differ in height: no flicker
        if (below && e.clientY > r.bottom - reach) other.after(step);
        else if (!below && e.clientY < r.top + reach) other.before(step);
        else return;
        grip.setPointerCapture(e.pointerId);
      });
      const drop = () => { if (!step.classList.contains("pg-a-held")) return; step.classList.remove("pg-a-held"); label(); save(); };
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) grip.addEventListener(end, () => setTimeout(drop));
    }
    const shuffle = () => { calm(); place(p.shuffled(ids, needs, 1 + Math.floor(Math.random() * 1e6))); label(); save(); };
    const check = button("Check the order", () => {
      calm();
      const now = order(), fault = p.firstFault(now, needs);
      if (fault) {
        byId[fault.id].classList.add("pg-a-early");
        byId[fault.needs].classList.add("pg-a-missing");
        status.append(make("p", {}, make("strong", {}, `Line ${now.indexOf(fault.id) + 1} comes too early. It needs line ${now.indexOf(fault.needs) + 1}. `), ...[...fault.why.childNodes].map(n => n.cloneNode(true))));
      } else {
        for (const s of steps) s.classList.add("pg-a-right");
        const n = p.countOrders(ids, needs);
        status.append(make("p", {}, make("strong", {}, "Right. "), n === 1 ? "This is the only order." : `Every step stands after what it needs. ${n.toLocaleString("en")} orders do; yours is one of them.`));
        pass(`order-${id}`);
      }
    }, { className: "pg-a-button pg-a-main" });
    list.after(make("div", { className: "pg-a-tools" }, check, button("Shuffle", () => { shuffle(); status.textContent = "Shuffled."; })), status);
    list.classList.add("pg-a-live");
    list.closest("details")?.setAttribute("open", "");
    const before = kept.order?.[id];
    if (Array.isArray(before) && before.length === ids.length && ids.every(i => before.includes(i))) { place(before); label(); } else shuffle();
  }

  // --- name the rule: the quizzes of site.js; here only what was named is remembered
  for (const rules of $$(".pg-a-rules")) {
    const id = rules.dataset.id, quizzes = $$(".pg-quiz", rules), count = make("p", { className: "pg-a-status", role: "status" });
    const tell = () => {
      const n = quizzes.filter(q => kept.named?.[q.id]).length;
      for (const q of quizzes) q.classList.toggle("pg-a-named", Boolean(kept.named?.[q.id]));
      count.textContent = n ? `${n} of ${quizzes.length} rules named.` : "";
      return n;
    };
    rules.append(count);
    rules.addEventListener("submit", e => {
      const quiz = e.target.closest(".pg-quiz"), picked = $("input:checked", quiz);
      if (!picked || !$$(":scope > .pg-choice", quiz)[picked.value].classList.contains("pg-right") || kept.named?.[quiz.id]) return;
      update(k => ({ ...k, named: { ...k.named, [quiz.id]: Date.now() } }));
      if (tell() === quizzes.length) pass(`rules-${id}`);
    });
    tell();
  }

  // --- find the flawed line
  const flaws = $$(".pg-a-flaw"), score = make("p", { className: "pg-a-status", role: "status" });
  const found = () => flaws.filter(f => kept.found?.[f.dataset.id]).length;
  for (const flaw of flaws) {
    const id = flaw.dataset.id, lines = $$(".pg-a-line", flaw), verdict = make("p", { className: "pg-a-status pg-a-verdict", role: "status" });
    const tell = () => {
      const tries = kept.found?.[id];
      flaw.classList.toggle("pg-a-found", Boolean(tries));
      verdict.textContent = tries ? `Found at the ${["first", "second", "third"][tries - 1] ?? `${tries}th`} try. Open the other lines to see why they are right.` : "";
      score.textContent = found() ? `${found()} of ${flaws.length} flaws found${found() === flaws.length ? ". All of them: you would be a good referee." : "."}` : "";
    };
    flaw.append(verdict);
    const tried = new Set(kept.found?.[id] ? [] : kept.tried?.[id] ?? []);
    for (const [i, line] of lines.entries()) {
      if (tried.has(i)) line.open = true;
      line.addEventListener("toggle", () => {
        if (!line.open || kept.found?.[id] || tried.has(i)) return;
        tried.add(i);
        update(k => ({ ...k, tried: { ...k.tried, [id]: [...tried] } }));
        if (!line.classList.contains("pg-a-wrong")) { verdict.textContent = `Line ${i + 1} is right. Look again.`; return; }
        update(k => ({ ...k, found: { ...k.found, [id]: tried.size } }));
        tell();
        pass(`flaw-${id}`);
        if (found() === flaws.length) passed("flaws");
      });
    }
    if (kept.found?.[id]) $(".pg-a-wrong", flaw).open = true;
    tell();
  }
  flaws.at(-1)?.after(make("div", { className: "pg-a-tools" }, score, button("Start again", () => {
    update(k => ({ ...k, found: {}, tried: {} }));
    location.reload();
  })));

  // --- a stopwatch: counts up, can be paused, hurries nobody
  for (const place of $$(".pg-a-watch")) {
    let gone = 0, since = null, timer = null;
    const face = make("output", { className: "pg-a-clock", "aria-label": "Time" }), list = make("ol", { className: "pg-a-times" });
    const status = make("p", { className: "pg-a-status", role: "status" });
    const now = () => gone + (since === null ? 0 : (Date.now() - since) / 1000);
    const tell = () => { face.textContent = p.clock(now()); };
    const stop = () => { gone = now(); since = null; clearInterval(timer); go.textContent = gone ? "Go on" : "Start"; tell(); };
    const go = button("Start", () => {
      if (since !== null) { stop(); status.textContent = `Paused at ${p.clock(gone)}.`; return; }
      since = Date.now();
      timer = setInterval(tell, 250);
      go.textContent = "Pause";
      status.textContent = "Running.";
    }, { className: "pg-a-button pg-a-main" });
    const times = () => list.replaceChildren(...(kept.times ?? []).map(t => make("li", {}, `${p.clock(t.seconds)} on ${new Date(t.at).toLocaleDateString("en", { dateStyle: "medium" })}`)));
    const finish = button("The check accepts it", () => {
      stop();
      if (gone < 1) { status.textContent = "Start the watch first."; return; }
      update(k => ({ ...k, times: [...k.times ?? [], { at: Date.now(), seconds: Math.round(gone) }].slice(-20) }));
      status.textContent = `${p.clock(gone)}. Noted below.`;
      gone = 0;
      go.textContent = "Start";
      tell();
      times();
      pass("coding");
    });
    const reset = button("Reset", () => { stop(); gone = 0; go.textContent = "Start"; tell(); status.textContent = "Back to zero."; });
    place.append(face, make("div", { className: "pg-a-tools" }, go, finish, reset), status, list);
    tell();
    times();
  }
})();
