/* Run, edit and check a notebook's cells in its page. Nothing is fetched before a click; what a click fetches, and
   from where, is said above the first cell. Without this script the page reads as it is. work.js keeps the edits,
   worker.js is Python, codemirror.min.js the editor. */
(() => {
  const $ = (s, e = document) => e.querySelector(s), $$ = (s, e = document) => [...e.querySelectorAll(s)];
  const make = (tag, props = {}, ...children) => {
    const { dataset, attributes, ...rest } = props;
    const e = Object.assign(document.createElement(tag), rest);
    for (const [name, value] of Object.entries(attributes ?? {})) e.setAttribute(name, value);
    Object.assign(e.dataset, dataset);
    e.append(...children);
    return e;
  };
  const button = (text, act, props = {}) => {
    const b = make("button", { type: "button", className: "pg-py-button", textContent: text, ...props });
    b.addEventListener("click", act);
    return b;
  };
  const data = JSON.parse($("#pg-python").textContent);
  const joined = source => Array.isArray(source) ? source.join("") : source;
  $$(".pg-py-wait").forEach(e => e.remove());                    // the room that the page kept; what comes now fills it
  const code = data.notebook.cells.filter(c => c.cell_type === "code");
  const boxes = $$(".pg-article div.cell");
  if (code.length !== boxes.length || !window.pgPyodide) return;   // not the page this data belongs to
  const originals = Object.fromEntries(code.map(c => [c.id, joined(c.source)]));
  const version = data.notebook.metadata.policy_gradient?.generated ?? "";
  const pyodide = window.pgPyodide, here = name => new URL(name, document.baseURI).href;
  const megabytes = Math.ceil(Object.values(pyodide.sizes).reduce((a, b) => a + b, 0) / 1e6);
  const host = pyodide.host ?? `this site (${location.host})`;
  const price = `up to ${megabytes} MB from ${host}`;
  const cellWord = n => n === 1 ? "cell" : "cells";

  // --- what the reader hears and sees about the whole page
  const said = make("p", { className: "pg-py-said", attributes: { role: "status" } });
  const say = text => {                                            // the same words again are said again
    said.textContent = said.textContent === text ? `${text}\u00a0` : text;
  };
  const bar = make("progress", {
    className: "pg-py-progress", hidden: true, attributes: { "aria-label": "Loading Python" },
  });
  const state = make("p", { className: "pg-py-state" });
  const notes = make("div", { className: "pg-py-notes" });

  function note(where, name, text, ...actions) {                    // one of a kind, with what can be done about it
    $(`[data-note="${name}"]`, where)?.remove();
    const box = make("div", { className: "pg-py-note", dataset: { note: name } }, make("p", { textContent: text }));
    const row = make("p", { className: "pg-py-row" });
    for (const [label, act, stays] of actions) {
      row.append(button(label, () => {
        if (!stays) box.remove();
        act();
      }));
    }
    row.append(button("Close", () => box.remove(), { className: "pg-py-button pg-py-quiet" }));
    box.append(row);
    where.append(box);
    say(text);
    return box;
  }
  const shown = text => make("pre", {
    className: "pg-py-shown", textContent: text, tabIndex: 0, attributes: { "aria-label": "The other text" },
  });
  const copy = async text => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied.");
    } catch { say("The browser does not let this page copy. Select the text instead."); }
  };

  // --- what is kept
  const work = pgWork(data.page, originals, version, (event, ...what) => queueMicrotask(() => told[event](...what)));
  const told = {
    refused(why) {
      const words = why === "full"
        ? "This browser's storage for this site is full, so your work cannot be kept here. "
          + "Download it before you leave."
        : "This browser keeps nothing for this page (a private window, or storage is switched off). "
          + "Download your work before you leave.";
      note(notes, "refused", words, ["Download the notebook", download, true]);
    },
    damaged(text, aside) {
      const words = aside
        ? "What was kept for this page could not be read. "
          + "It is set aside, not deleted; the page begins with the original."
        : "What was kept for this page could not be read, and there is no room to set it aside. "
          + "Nothing new is kept until it is gone. Save it first.";
      const remove = () => {
        try { localStorage.removeItem(aside ?? work.key); } catch { /* nothing to delete then */ }
        if (!aside) location.reload();
      };
      note(notes, "damaged", words,
        ["Save what was kept", () => give(text, "kept-work.txt", "text/plain"), true],
        ["Delete it", remove]);
    },
    elsewhere(id, theirs, mine, before) {
      const cell = cells.find(c => c.id === id);
      if (mine === null) {
        cell.set(theirs, "other");
        const box = note(cell.notes, "tab", "This cell was changed in another tab; here is that text.",
          ["Bring back what was here", () => cell.set(before)]);
        box.dataset.taken = "";
        return;
      }
      const choose = text => {
        work.accept(id, theirs);
        cell.set(text);
      };
      note(cell.notes, "tab",
        "This cell is being edited in another tab too, and the texts differ. Both are kept. Which one shall stand?",
        ["Mine", () => choose(cell.text)],
        ["The other tab's", () => choose(theirs)],
        ["Show the other", () => $("[data-note=tab]", cell.notes).append(shown(theirs)), true]);
    },
  };
  const lost = () => cells.some(c => c.text !== c.original) && (work.refused || cells.some(c => c.unsaved));
  addEventListener("beforeunload", e => { if (lost()) e.preventDefault(); });
  addEventListener("pagehide", () => cells.forEach(c => c.keep()));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) cells.forEach(c => c.keep());
  });

  // --- Python
  const python = {
    worker: null, ready: null, here: "", told: false, giveUp: null, waiting: null, ran: new Map(), busy: false,
  };
  const STOPPED = new Error("stopped");

  function tell() {                        // how far Python is: shown to who waits for it, else nothing moves
    if (python.told) return;
    python.told = true;
    if (python.here) return arrived();
    bar.hidden = false;
    state.textContent = `Python ${pyodide.version} is coming from ${host} …`;
    say("Loading Python.");
  }
  function arrived() {
    state.textContent = `Python is here (${python.here}). It stays in this tab until you leave the page.`;
    start.hidden = true;
  }

  /* Who edits will run: Python comes while they write. Not where the browser is asked to save data. A failure waits for
     the run. */
  function comeEarly() {
    const asked = /** @type {{ connection?: { saveData?: boolean } }} */ (navigator);
    if (python.ready || asked.connection?.saveData || location.protocol === "file:") return;
    const coming = startPython();
    coming.catch(() => { if (python.ready === coming) endPython(); });
  }

  /* The bar at its beginning, and what moves it on when one more file has come. */
  function progressBar() {
    const files = new Map(Object.entries(pyodide.sizes)), whole = [...files.values()].reduce((a, b) => a + b, 0);
    const packageOf = file => Object.keys(pyodide.sizes).find(n => file.replaceAll("_", "-").startsWith(`${n}-`));
    let got = 0;
    bar.max = whole;
    bar.removeAttribute("value");
    return file => {
      const size = files.get(file) ?? files.get(packageOf(file));
      if (!size || python.here) return;
      bar.value = Math.min(got += size, whole);
      const come = `${Math.round(bar.value / 1e6)} of ${megabytes} MB`;
      if (python.told) state.textContent = `Loading Python: ${come} …`;
    };
  }

  function startPython() {
    if (python.ready) return python.ready;
    const worker = python.worker = new Worker(here(data.worker), { type: "module" });
    const from = performance.now(), came = progressBar();
    python.ready = /** @type {Promise<void>} */ (new Promise((yes, no) => {
      python.giveUp = () => no(STOPPED);
      worker.onerror = e => {
        e.preventDefault?.();
        no(new Error(e.message || "the worker did not start"));
      };
      worker.onmessage = ({ data: m }) => {
        if (m.say === "progress") came(m.file);
        else if (m.say === "ready") yes();
        else if (m.say === "failed") no(new Error(m.why));
        else python.waiting?.(m);
      };
    }));
    worker.postMessage({
      do: "start", site: here(data.site), core: pyodide.network ?? here(data.site),
      packages: pyodide.start, cells: here(data.cells), integrity: pyodide.integrity,
    });
    python.ready.then(() => {
      python.here = `${((performance.now() - from) / 1000).toFixed(1)} s`;
      if (python.told) arrived();
      document.documentElement.dataset.python = "ready";
    }, () => {}).finally(() => { bar.hidden = true; });
    return python.ready;
  }

  function endPython() {
    python.worker?.terminate();
    python.worker = python.ready = null;
    python.here = "";
    python.told = false;
    bar.hidden = true;
    python.ran.clear();
    start.hidden = false;
    delete document.documentElement.dataset.python;
    python.giveUp?.();
    python.waiting?.({ say: "stopped" });
  }

  const runInPython = (cell, source) => new Promise(done => {
    python.waiting = m => {
      if (m.say === "item") cell.add(m.item);
      else if (m.say === "again") cell.out.replaceChildren();
      else {
        python.waiting = null;
        done(m);
      }
    };
    python.worker.postMessage({ do: "run", id: cell.id, source });
  });

  const setup = cell =>                                            // cells that define what others use
    !cell.example && !/^\s*(check|hint)\s*\(/.test(cell.text);

  async function run(target, plan, instead) {                      // instead: other code than the target's own
    if (python.busy) {
      target.state.textContent = "Python is busy with another cell: stop it first, or wait.";
      return say(target.state.textContent);
    }
    python.busy = true;
    const fresh = cell => python.ran.get(cell.id) === cell.text;
    plan ??= [...cells.slice(0, cells.indexOf(target)).filter(c => setup(c) && !fresh(c)), target];
    cells.forEach(c => c.buttons());
    try {
      if (await loaded(target)) await runEach(plan, target, instead);
    } finally {
      python.busy = false;
      cells.forEach(c => c.buttons());
    }
  }

  async function loaded(target) {                                  // false, and said, where Python does not come
    target.mark("loading", python.here ? "" : "Python is loading …");
    try {
      const coming = startPython();
      tell();
      await coming;
      return true;
    } catch (e) {
      endPython();
      if (e !== STOPPED) unreachable(target, e.message);
      else {
        state.textContent = "Python is not loaded.";
        target.mark("stopped", "Stopped. Your text is kept.");
        say("Stopped.");
      }
      return false;
    }
  }

  async function runEach(plan, target, instead) {
    let stumbled = null;
    for (const cell of plan) {
      const text = cell === target && instead || cell.text, m = await runOne(cell, text);
      if (m.say === "stopped") return stopped(cell, target);
      if (m.say === "broken") return broken(cell, target);
      python.ran.set(cell.id, text);
      if (m.ok) cell.mark("done", `Done in ${m.seconds < 0.01 ? "0.01" : m.seconds.toFixed(2)} s`);
      else cell.mark("failed", "");
      cell.seconds = m.seconds;
      cell.spoken(m.ok);
      if (!m.ok && cell !== target && setup(cell)) stumbled ??= cell;
    }
    if (stumbled && target.failed) {
      note(target.notes, "above", `The cell above (${stumbled.name}) stopped with an error. Mend it first.`,
        ["Go there", () => stumbled.focus()]);
    } else $("[data-note=above]", target.notes)?.remove();
  }

  async function runOne(cell, text) {                              // the seconds are shown while it runs
    cell.clear();
    cell.mark("running", "Running …");
    const from = performance.now(), clock = setInterval(() => {
      const s = Math.round((performance.now() - from) / 1000);
      cell.mark("running", `Running … ${s} s${s < 10 ? "" : ". If it never ends: Stop. Your text stays."}`);
    }, 1000);
    const m = await runInPython(cell, text);
    clearInterval(clock);
    return m;
  }

  function stopped(cell, target) {
    for (const one of new Set([cell, target])) {
      one.mark("stopped", "Stopped. Your text is kept; Python starts anew at the next run.");
    }
    say("Stopped. Your text is kept.");
  }

  function broken(cell, target) {
    endPython();
    target.mark("failed", "");
    cell.mark("failed", "Python itself gave up on this cell (too deep a recursion, or no memory left). "
      + "Your text is kept; it starts anew at the next run.");
    say("Python gave up on this cell.");
  }

  function unreachable(cell, why) {
    state.textContent = "Python is not loaded.";
    cell.mark("failed", "");
    const words = location.protocol === "file:"
      ? "A page opened from a folder cannot start Python. Serve the book (make serve) or open it on its site."
      : `Python could not be loaded from ${host}: no network, or something between you and ${host} refuses it. `
        + "Your text is kept. You can try again, or download the notebook and run it in JupyterLab "
        + "on your machine (make lab).";
    note(cell.notes, "unreachable", words,
      ["Try again", () => run(cell)], ["Download the notebook", download, true]);
    $("[data-note=unreachable] p", cell.notes).append(make("small", { textContent: ` (${why})` }));
  }

  // --- the editor, fetched when someone begins to edit
  let bundle = null;
  const editor = () => bundle ??= import(here(data.editor)).catch(e => {
    bundle = null;
    throw e;
  });

  function coloured({ HighlightStyle, syntaxHighlighting, tags: t }) {
    /** @type {[string, any[]][]} */
    const names = [
      ["k", [
        t.keyword, t.controlKeyword, t.definitionKeyword, t.moduleKeyword, t.operatorKeyword, t.self, t.bool, t.null,
      ]],
      ["s", [t.string]],
      ["n", [t.number]],
      ["c", [t.comment]],
      ["f", [t.function(t.definition(t.variableName)), t.definition(t.function(t.variableName)), t.className]],
    ];
    const styles = names.flatMap(([name, tags]) => tags.map(tag => ({ tag, class: `pg-py-${name}` })));
    return syntaxHighlighting(HighlightStyle.define(styles));
  }

  const described = cell => ({ "aria-label": `Python code, ${cell.name}`, "aria-describedby": "pg-py-keys" });

  async function codeMirror(cell, parent) {
    const cm = await editor(), { EditorView, EditorState } = cm;
    const runIt = () => (run(cell), true), leave = () => (cell.runButton.focus(), true);
    const extensions = [
      cm.keymap.of([
        { key: "Shift-Enter", run: runIt }, { key: "Mod-Enter", run: runIt }, { key: "Escape", run: leave },
      ]),
      cm.history(), cm.drawSelection(), cm.indentUnit.of("    "), EditorState.tabSize.of(4), cm.indentOnInput(),
      cm.bracketMatching(), cm.python(), coloured(cm), EditorView.lineWrapping,
      cm.keymap.of([cm.indentWithTab, ...cm.defaultKeymap, ...cm.historyKeymap]),
      EditorView.contentAttributes.of({
        ...described(cell), autocapitalize: "off", autocorrect: "off", spellcheck: "false",
      }),
      EditorView.updateListener.of(u => { if (u.docChanged) cell.typed(u.state.doc.toString()); }),
    ];
    const view = new EditorView({ parent, state: EditorState.create({ doc: cell.text, extensions }) });
    return {
      set: text => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
      focus: () => view.focus(),
    };
  }

  function textArea(cell, parent) {                                // the editor did not come: still a place to write
    const area = make("textarea", {
      className: "pg-py-area", value: cell.text, spellcheck: false, rows: cell.text.split("\n").length + 2,
      attributes: described(cell),
    });
    area.addEventListener("input", () => cell.typed(area.value));
    area.addEventListener("keydown", e => {
      if (e.key === "Enter" && (e.shiftKey || e.ctrlKey || e.metaKey)) {
        e.preventDefault();
        run(cell);
      }
      if (e.key === "Escape") cell.runButton.focus();
      if (e.key === "Tab" && !e.shiftKey) {
        e.preventDefault();
        area.setRangeText("    ", area.selectionStart, area.selectionEnd, "end");
        cell.typed(area.value);
      }
    });
    parent.append(area);
    return {
      set: text => {
        area.value = text;
        cell.typed(text);
      },
      focus: () => area.focus(),
    };
  }

  /* The words of a verdict, with names of the program as code: what stands in backticks, my_name(x), np.argmax. */
  const NAMES = /(`[^`]+`|\b[A-Za-z]\w*_\w+(?:\([^()\n]*\))?|\b(?:np|rng)\.\w+(?:\([^()\n]*\))?)/;
  const asCode = part => make("code", { textContent: part.replaceAll("`", "") });
  const set = text => text.split(NAMES).map((part, i) => i % 2 ? asCode(part) : part);

  // --- one cell
  const folded = box => box.closest("details.pg-setup");        // the set-up runs by itself before what needs it
  const whatItIs = source => source.match(/^def\s+(\w+)/m)?.[1]
    ?? source.match(/^(check(?:_\w+)?\s*\(\s*\w+)/m)?.[1].replace(/\s*\(\s*/, " of ");
  class Cell {
    box; id; index; original; text; example; opening;
    constructor(box, { id, metadata }, index) {
      const example = metadata.tags?.includes("example");
      Object.assign(this, { box, id, index, original: originals[id], text: work.current[id], example });
      const what = whatItIs(this.original);
      this.name = `cell ${index + 1}${what ? `, ${what}` : ""}`;
      this.pre = $(".cell_input pre", box);
      this.coloured = [...this.pre.childNodes].map(n => n.cloneNode(true));
      this.makeButtons();
      this.state = make("span", { className: "pg-py-mark" });
      this.place = make("div", { className: "pg-py-editor", hidden: true });
      this.notes = make("div", { className: "pg-py-notes" });
      this.out = make("div", { className: "cell_output pg-py-out", hidden: true });
      this.bar = make("div", { className: "pg-py-bar" },
        this.runButton, this.stopButton, ...this.hintButton ? [this.hintButton] : [],
        this.editButton, this.allButton, this.resetButton, this.state);
      $(".cell_input", box).after(this.place, this.bar, this.notes, this.out);
      box.classList.add("pg-py");
      box.classList.toggle("pg-py-answer", this.original.includes("NotImplementedError"));
      box.dataset.cell = id;
      $(".cell_input", box).addEventListener("click", e => {
        if (!e.target.closest("button") && getSelection().isCollapsed) this.edit(true);
      });
      this.still();
      this.buttons();
    }
    makeButtons() {
      const labelled = (words, act, kind, more = {}) => button(words, act, {
        attributes: { "aria-label": `${words}: ${this.name}` }, className: `pg-py-button${kind}`, ...more,
      });
      const called = this.original.match(/^(check(?:_\w+)?)\s*\(\s*(\w+)/);
      const asks = called?.[1] === "check" ? called[2] : undefined;                   // the others have no hints
      this.runButton = called ? labelled("Check", () => run(this), " pg-py-go")
        : labelled("Run here", () => run(this), " pg-py-run");
      this.stopButton = labelled("Stop", endPython, "", { hidden: true });
      this.hintButton = asks && labelled("Hint", () => run(this, null, `hint("${asks}")`), " pg-py-quiet");
      this.editButton = labelled("Edit", () => this.edit(true), " pg-py-quiet pg-py-edit");
      this.allButton = labelled("Run all above", () => this.runAbove(), " pg-py-quiet", { hidden: true });
      this.resetButton = labelled("Reset", () => this.reset(), " pg-py-quiet", { hidden: true });
    }
    settled() {                                                     // another text stands here than the note speaks of
      const words = $("[data-note=tab][data-taken] > p", this.notes);
      if (!words) return;
      words.textContent = "Another tab changed this cell earlier. "
        + "What was here before that is kept until you leave the page.";
    }
    still() {                                                       // the text as it stands before there is an editor
      const edited = this.text !== this.original;
      this.pre.replaceChildren(...(edited ? [make("span", { textContent: this.text })]
        : this.coloured.map(n => n.cloneNode(true))));
    }
    buttons() {
      const running = ["running", "loading"].includes(this.box.dataset.state);
      this.runButton.hidden = running;
      this.stopButton.hidden = !running;
      this.allButton.hidden = running || !this.index || !(this.view || this.touched);
      this.editButton.hidden = Boolean(this.view);
      this.resetButton.hidden = this.text === this.original;
      if (this.hintButton) this.hintButton.hidden = running;
    }
    mark(name, text) {
      const had = document.activeElement;
      this.box.dataset.state = name;
      this.state.textContent = text;
      this.touched = true;
      const wrong = name === "failed" || name === "stopped";
      if (wrong) folded(this.box)?.setAttribute("open", "");         // it is not hidden in the set-up
      this.buttons();
      if (had === this.runButton && this.runButton.hidden) this.stopButton.focus();
      if (had === this.stopButton && this.stopButton.hidden) this.runButton.focus();
    }
    async edit(focus) {
      this.opening ??= codeMirror(this, this.place).catch(() => {
        note(this.notes, "plain", "The editor could not be loaded; here is a plain one.");
        return textArea(this, this.place);
      });
      this.view = await this.opening;
      this.place.hidden = false;
      $(".cell_input", this.box).hidden = true;
      this.buttons();
      if (focus) this.view.focus();
      comeEarly();
    }
    focus() {
      folded(this.box)?.setAttribute("open", "");
      this.box.scrollIntoView({ block: "center" });
      this.edit(true);
    }
    typed(text) {
      if (text === this.text) return;
      this.text = text;
      this.settled();
      this.unsaved = true;
      work.typing(this.id, text);
      clearTimeout(this.later);
      this.later = setTimeout(() => this.keep(), 300);
      if (["done", "failed"].includes(this.box.dataset.state)) {
        this.box.dataset.state = "changed";
        this.state.textContent = "Changed since it ran.";
      }
      this.buttons();
    }
    keep() {
      if (!this.unsaved) return;
      clearTimeout(this.later);
      this.unsaved = work.save(this.id, this.text) === false;
    }
    set(text, from) {                                               // by a button; the editor's undo takes it back too
      if (this.view) this.view.set(text);
      this.text = text;
      this.unsaved = from !== "other";
      this.keep();
      if (!this.view) this.still();
      this.buttons();
    }
    reset() {
      const before = this.text;
      this.settled();
      this.set(this.original);
      note(this.notes, "reset", "The original text is back.", ["Undo", () => this.set(before)]);
    }
    async runAbove() {
      const above = cells.slice(0, this.index);
      if (!above.length) return;
      if (python.busy) return run(this);                            // which says so
      await run(above.at(-1), above);
      if (!python.ready || above.at(-1).box.dataset.state === "stopped") return;
      const failed = above.filter(c => c.failed).length, ran = `${above.length} ${cellWord(above.length)} above ran`;
      const wrong = failed ? `, ${failed} of them with an error (an answer still to be written?)` : "";
      this.state.textContent = `${ran}${wrong}.`;
      say(this.state.textContent);
    }
    clear() {
      this.out.replaceChildren();
      this.out.hidden = true;
      this.failed = false;
      this.words = [];
    }
    add(item) {
      this.out.hidden = false;
      if (item.kind === "out" || item.kind === "err") this.printed(item);
      else if (item.kind === "value") this.show(make("pre", { textContent: item.text }), item.text);
      else if (item.kind === "figure") {
        const alt = `Figure made by this cell${item.words ? `: ${item.words}` : ""}`;
        this.show(make("img", { src: `data:image/png;base64,${item.png}`, alt }), alt);
      } else if (item.kind === "check") this.verdict(item);
      else if (item.kind === "error") {
        this.failed = true;
        this.trouble(item);
      } else if (item.kind === "unfetched") {
        note(this.notes, "unfetched", `A package that this cell imports could not be fetched from ${host}. `
          + "Is there a network? Run the cell again to try again.");
      }
      $$("pre", this.out).forEach(e => {
        if (e.scrollWidth > e.clientWidth + 1) e.tabIndex = 0; else e.removeAttribute("tabindex");
      });
    }
    show(element, words) {
      this.out.append(make("div", { className: "output" }, element));
      this.words.push(words);
    }
    printed({ kind, text }) {                                       // what comes in pieces stands in one box
      const last = this.out.lastElementChild;
      if (last?.dataset.kind === kind) {
        last.firstChild.append(text);
        this.words.push(text);
      } else {
        this.show(make("pre", { textContent: text, className: kind === "err" ? "pg-py-err" : "" }), text);
        this.out.lastElementChild.dataset.kind = kind;
      }
    }
    verdict({ title, text, passed, exercise }) {
      const kind = passed === null || passed === undefined ? "hint" : passed ? "passed" : "not-yet";
      const drawing = { hint: "note", passed: "right", "not-yet": "wrong" }[kind];
      const icon = make("span", { className: `pg-icon pg-icon-${drawing}`, attributes: { "aria-hidden": "true" } });
      text = text.replace(/(?<=^|\n)Stuck\? hint\(\w+\)$/, "Stuck? Press Hint, under the check.");
      this.out.append(make("div", { className: `output pg-py-check pg-py-${kind}` },
        make("p", {}, icon, make("strong", { textContent: title })), make("div", {}, ...set(text))));
      this.words.push(`${title}. ${text}`);
      if (!passed || !exercise) return;
      document.dispatchEvent(new CustomEvent("pg:passed", { detail: { kind: "exercise", id: exercise } }));
    }
    trouble({ name, text, trace, advice }) {
      const box = make("div", { className: "output pg-py-error" },
        make("p", {}, make("strong", { textContent: name }), text ? `: ${text}` : ""));
      const list = make("ol");
      for (const { cell, line, function: f, text: source, caret } of trace) {
        const own = cell === this.id ? "" : `${cells.find(c => c.id === cell)?.name ?? cell}, `;
        const quoted = make("code", { textContent: caret === undefined ? source : `${source}\n${" ".repeat(caret)}^` });
        list.append(make("li", {}, `${own}line ${line}${f ? ` of ${f}` : ""}: `, quoted));
      }
      if (trace.length) box.append(list);
      if (advice) box.append(make("p", { textContent: advice }));
      this.out.append(box);
      this.words.push(`${name}: ${text}. ${advice}`);
    }
    spoken(ok) {
      const text = this.words.join(" ").replace(/\s+/g, " ").trim();
      say(text.slice(0, 400) || `${this.name} ${ok ? "ran and printed nothing" : "stopped with an error"}.`);
    }
  }

  // --- the notebook as a file
  function give(text, name, type) {
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
  function download() {
    const nb = structuredClone(data.notebook);
    for (const c of nb.cells) {
      const mine = cells.find(one => one.id === c.id);
      if (mine) c.source = mine.text.split(/(?<=\n)/);
    }
    give(`${JSON.stringify(nb, null, 1)}\n`, `${data.page.split("/").pop()}.ipynb`, "application/x-ipynb+json");
  }

  function notebookIn(text) {                                       // or a reason why it is none
    let nb;
    try { nb = JSON.parse(text); } catch { throw new Error("it is not a notebook (no JSON in it)"); }
    if (nb === null || typeof nb !== "object" || !Array.isArray(nb.cells)) {
      throw new Error("it is not a notebook (it has no cells)");
    }
    if (nb.nbformat !== 4) {
      throw new Error(`its format is ${nb.nbformat ?? "unknown"}; this page reads notebooks of format 4`);
    }
    const isSource = s => typeof s === "string" || Array.isArray(s) && s.every(line => typeof line === "string");
    if (!nb.cells.every(c => c && typeof c.cell_type === "string" && isSource(c.source))) {
      throw new Error("one of its cells has no text: the file is damaged");
    }
    return nb;
  }

  function answersIn(text) {                                        // {id: source} of our cells, or a reason why not
    const nb = notebookIn(text);
    const theirs = nb.cells.filter(c => c.cell_type === "code").map(c => ({ id: c.id, source: joined(c.source) }));
    const defining = name => theirs.find(c => new RegExp(`^def\\s+${name}\\b`, "m").test(c.source));
    const answers = {}, used = new Set();
    for (const cell of cells) {
      const first = cell.original.match(/^def\s+(\w+)/m)?.[1];
      const found = theirs.find(c => c.id === cell.id) ?? (first && defining(first));
      if (!found) continue;
      answers[cell.id] = found.source;
      used.add(found);
    }
    if (!cells.some(c => /^def\s/m.test(c.original) && c.id in answers)) {
      throw new Error("it is a notebook, but not the exercises of this page");
    }
    const more = theirs.filter(c => !used.has(c) && c.source.trim()).length;
    return { answers, more, other: (nb.metadata?.policy_gradient?.generated ?? version) !== version };
  }

  async function upload(file) {
    try {
      if (file.size > 20e6) {
        throw new Error(`it is ${Math.round(file.size / 1e6)} MB large; a notebook of exercises is not`);
      }
      const { answers, more, other } = answersIn(await file.text()), before = new Map(cells.map(c => [c, c.text]));
      const changed = cells.filter(c => c.id in answers && answers[c.id] !== c.text);
      for (const cell of changed) {
        cell.settled();
        cell.set(answers[cell.id]);
      }
      const stay = more === 1 ? "stays" : "stay";
      const words = `Taken from ${file.name}: ${changed.length} ${cellWord(changed.length)} changed.`
        + (other ? " It was made from another version of this page." : "")
        + (more ? ` ${more} ${cellWord(more)} of your own cannot be shown here and ${stay} in your file.` : "");
      note(notes, "upload", words, ["Undo", () => changed.forEach(c => c.set(before.get(c)))]);
    } catch (e) {
      note(notes, "upload", `${file.name} was not taken: ${e.message}. Nothing was changed.`);
    }
  }

  // --- put it all into the page
  const cells = boxes.map((box, i) => new Cell(box, code[i], i));
  const file = make("input", {
    type: "file", accept: ".ipynb,application/json", hidden: true,
    attributes: { "aria-label": "A notebook with your answers" },
  });
  file.addEventListener("change", () => {
    if (file.files[0]) upload(file.files[0]);
    file.value = "";
  });
  const start = button("Run here", async () => {
    await run(cells[0], cells.filter(setup));
    if (start.hidden) cells.find(c => !folded(c.box)).runButton.focus();
  }, { className: "pg-py-button pg-py-run", attributes: { "aria-describedby": "pg-py-what" } });
  const uploader = button("Upload a notebook", () => { if (navigator.userActivation?.isActive ?? true) file.click(); });
  const what = make("p", { id: "pg-py-what" }, make("strong", { textContent: "Run and edit in this page. " }),
    `Python comes into the page when you press Run here or begin to edit, and not before: ${price}, once; `
    + "your browser then keeps it. "
    + "Your code runs on your machine, your edits stay in this browser, and nothing is sent anywhere.");
  const key = name => make("kbd", { textContent: name });
  const keys = make("p", { id: "pg-py-keys", className: "pg-py-small" },
    key("Shift+Enter"), " runs a cell, ", key("Tab"), " indents, ", key("Esc"),
    " leaves the editor. A run first runs the cells above that define what it needs.");
  const panel = make("section", { className: "pg-py-panel", attributes: { "aria-label": "Python in this page" } },
    what, make("p", { className: "pg-py-row" }, start, button("Download my notebook", download), uploader, file),
    bar, state, keys, notes, said);
  (folded(boxes[0]) ?? boxes[0]).before(panel);

  const edited = cells.filter(c => c.text !== c.original);
  if (edited.length && !work.outdated.length) {
    const when = work.saved ? new Date(work.saved).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })
      : "your last visit";
    state.textContent = `Your work of ${when} is here: ${edited.length} edited ${cellWord(edited.length)}.`
      + (work.version !== version ? " The book has changed since, but not the cells you edited." : "");
  }
  for (const id of work.outdated) {
    const cell = cells.find(c => c.id === id), mine = cell.text;
    const take = () => {
      cell.set(cell.original);
      note(cell.notes, "reset", "The new text is here.", ["Undo", () => cell.set(mine)]);
    };
    note(cell.notes, "newer",
      "The book has a newer version of this cell than the one you edited. Your text stands; nothing was replaced.",
      ["Keep mine", () => work.keepMine(id)],
      ["Take the new", take],
      ["Show the new", () => $("[data-note=newer]", cell.notes).append(shown(cell.original)), true],
      ["Copy mine", () => copy(mine), true]);
  }
  for (const { id, text } of work.homeless) {
    const words = "You edited a cell that this version of the page no longer has. Your text is kept:";
    const box = note(notes, `homeless-${id}`, words,
      ["Copy it", () => copy(text), true],
      ["Delete it", () => work.dropHomeless(id)]);
    box.append(shown(text));
  }
  for (const { name, id, text } of work.copies) {
    const cell = cells.find(c => c.id === id);
    const use = () => {
      cell.set(text);
      work.drop(name);
    };
    const box = note(cell?.notes ?? notes, `copy-${name}`, "Two tabs edited this cell. This is the other text:",
      ...(cell ? [["Use it", use]] : []),
      ["Copy it", () => copy(text), true],
      ["Delete it", () => work.drop(name)]);
    box.append(shown(text));
  }
})();
