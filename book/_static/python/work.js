/* A reader's edits, kept in their browser under learning-to-act:work:<page>. Nothing is ever overwritten unseen: not by
   a newer version of the book, not by another tab, not because what was stored could not be read.

   pgWork(page, originals, version, heard) where originals is {cell id: source}; heard(event, ...) is told of
     "refused" (why)              nothing can be kept: "closed", "full"
     "damaged" (text, aside)      what was stored made no sense; it stays under the key `aside`, or in place if that is
                                  null
     "elsewhere" (id, text, mine) another tab changed a cell; `mine` is this tab's text if it had one that was not kept
                                  yet */
(() => {
  const isText = value => typeof value === "string";
  const hasCells = state => state.cells && typeof state.cells === "object" && !Array.isArray(state.cells)
    && Object.values(state.cells).every(c => c && isText(c.text) && isText(c.base));
  const hasCopies = state => Object.values(state.copies ?? {}).every(c => c && isText(c.text) && isText(c.id));
  const sound = state => state && state.format === 1 && hasCells(state) && hasCopies(state);

  /* Where one page's edits lie: read() and write(state), and why nothing can be kept (`refused`, else null). */
  function makeStore(key, version, heard) {
    const store = { refused: null, read, write };
    const empty = () => ({ format: 1, version, cells: {}, copies: {} });
    let locked = false;

    function refuse(why) {
      if (store.refused !== why) heard("refused", why);
      store.refused = why;
    }

    function put(name, text) {
      try {
        localStorage.setItem(name, text);
        return true;
      } catch (e) {
        refuse(e.name === "SecurityError" || typeof localStorage === "undefined" ? "closed" : "full");
        return false;
      }
    }

    function damaged(text) {                          // set it aside, so that there is room for what is typed now
      if (locked) return null;
      const taken = name => localStorage.getItem(name) !== null && localStorage.getItem(name) !== text;
      let aside = `${key}:damaged`;
      for (let n = 2; taken(aside); n++) aside = `${key}:damaged-${n}`;
      if (!put(aside, text)) {
        locked = true;
        heard("damaged", text, null);
        return null;
      }
      localStorage.removeItem(key);
      heard("damaged", text, aside);
      return empty();
    }

    function read() {                                 // what is stored, or null if there is nothing we may write over
      let text;
      try { text = localStorage.getItem(key); } catch { refuse("closed"); return null; }
      if (text === null) return empty();
      try {
        const state = JSON.parse(text);
        if (sound(state)) return { ...empty(), ...state, copies: state.copies ?? {} };
      } catch { /* told below */ }
      return damaged(text);
    }

    function write(state) {
      state.saved = new Date().toISOString();
      state.version = version;
      if (!Object.keys(state.copies).length) delete state.copies;
      if (!Object.keys(state.cells).length && !state.copies) {
        try { localStorage.removeItem(key); return true; } catch { refuse("closed"); return false; }
      }
      if (!put(key, JSON.stringify(state))) return false;
      store.refused = null;
      return true;
    }

    return store;
  }

  /* The cells in this tab: save(id, text) keeps one, hear(event) takes what another tab kept. */
  function makeCells(store, originals, heard) {
    const tab = Math.random().toString(36).slice(2, 10);
    const seen = {}, current = {};                    // per cell: as last read or written; as it stands in this tab
    const textOf = (state, id) => state?.cells[id]?.text ?? originals[id];

    function save(id, text) {                         // true, false (could not be kept) or "elsewhere"
      current[id] = text;
      const state = store.read();
      if (!state) return false;
      const theirs = textOf(state, id);
      if (theirs !== seen[id] && theirs !== text) {   // another tab wrote meanwhile: both texts stay
        state.copies[`${tab} ${id}`] = { id, text };
        store.write(state);
        heard("elsewhere", id, theirs, text);
        return "elsewhere";
      }
      const base = state.cells[id]?.base ?? originals[id];
      if (text === originals[id]) delete state.cells[id]; else state.cells[id] = { text, base };
      delete state.copies[`${tab} ${id}`];
      if (!store.write(state)) return false;
      seen[id] = text;
      return true;
    }

    function hear() {
      const state = store.read();
      for (const id of Object.keys(originals)) {
        const theirs = textOf(state, id), mine = current[id];
        if (!state || theirs === seen[id]) continue;
        if (theirs === mine) {
          seen[id] = theirs;
        } else if (mine === seen[id]) {
          seen[id] = current[id] = theirs;
          heard("elsewhere", id, theirs, null, mine);
        } else save(id, mine);                        // typed in both at once: says so by itself
      }
    }

    function begin(state) {
      for (const id of Object.keys(originals)) seen[id] = current[id] = textOf(state, id);
    }

    return { seen, current, save, hear, begin };
  }

  window.pgWork = (page, originals, version, heard) => {
    const key = `learning-to-act:work:${page}`, store = makeStore(key, version, heard);
    const { seen, current, save, hear, begin } = makeCells(store, originals, heard);
    const change = f => {
      const state = store.read();
      if (!state) return;
      f(state);
      store.write(state);
    };
    addEventListener("storage", e => { if (e.key === key || e.key === null) hear(); });

    const state = store.read(), kept = Object.entries(state?.cells ?? {});
    begin(state);
    return {
      key, save, current,
      get refused() { return store.refused; },
      version: state?.version ?? version, saved: state?.saved ?? null,
      outdated: Object.keys(originals).filter(id => state?.cells[id] && state.cells[id].base !== originals[id]),
      homeless: kept.filter(([id]) => !(id in originals)).map(([id, c]) => ({ id, text: c.text })),
      copies: Object.entries(state?.copies ?? {}).map(([name, c]) => ({ name, ...c })),
      typing(id, text) { current[id] = text; },
      accept(id, theirs) { seen[id] = theirs; },      // what the other tab wrote has been seen: mine may replace it
      keepMine(id) { change(s => { if (s.cells[id]) s.cells[id].base = originals[id]; }); },
      drop(name) { change(s => { delete s.copies[name]; }); },
      dropHomeless(id) { change(s => { delete s.cells[id]; }); },
    };
  };
})();
