/* Practice, what its pages share: small makers of elements, and a store that never loses silently. */
(() => {
  const practice = globalThis.pgPractice;
  const $ = (s, e = document) => e.querySelector(s), $$ = (s, e = document) => [...e.querySelectorAll(s)];
  const make = (tag, props = {}, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props)) {
      if (k.includes("-") || k === "role") e.setAttribute(k, v); else e[k] = v;
    }
    e.append(...children.filter(c => c !== null && c !== undefined));
    return e;
  };
  const button = (words, act, props = {}) => {
    const b = make("button", { type: "button", className: "pg-practice-button", ...props }, words);
    b.addEventListener("click", act);
    return b;
  };

  /* The words of an element as one would say them: a formula by its source without commands. */
  const SILENT = /\\(?:pol|score|good|where|tfrac|frac|text|textstyle|allowbreak|mid|big|Big|quad|,|;|!)(?![a-zA-Z])/g;
  const spoken = element => {
    const plain = element.cloneNode(true);
    for (const e of $$(".katex", plain)) {
      const source = $("annotation", e).textContent;
      e.replaceWith(source.replace(SILENT, " ").replace(/[{}\\]/g, " "));
    }
    return plain.textContent.replace(/\s+/g, " ").trim();
  };

  const passed = id => document.dispatchEvent(new CustomEvent("pg:passed", { detail: { kind: "drill", id } }));

  const BLOCKED = "This browser does not let the page keep anything here "
    + "(a private window, or storage is switched off). Everything works, but it is forgotten when you close the page.";
  const FULL = "The browser's storage for this site is full, so your last answers could not be kept. "
    + "They are still on this page.";

  /* One key of localStorage. `read` and `write` never throw; `say` gets a message when something cannot be kept. */
  class Store {
    constructor(key, say) { this.key = `${practice.APP}:${key}`; this.say = say; }
    read() {
      try { return localStorage.getItem(this.key); } catch {
        this.say(BLOCKED);
        return null;
      }
    }
    write(text, key = this.key) {
      try {
        localStorage.setItem(key, text);
        return true;
      } catch (problem) {
        let empty;
        try { empty = localStorage.length === 0; } catch { empty = true; }
        this.say(problem.name === "QuotaExceededError" && !empty ? FULL : BLOCKED);
        return false;
      }
    }
    /* Something unreadable is put aside before anything new is written. */
    setAside(text) { return this.write(text, `${this.key}:damaged`); }
    onChange(act) {
      addEventListener("storage", e => { if (e.key === this.key && e.newValue !== null) act(e.newValue); });
    }

    /* A small JSON object of one `version`, or {} with a message. */
    object() {
      const text = this.read();
      if (text === null) return {};
      try {
        const data = JSON.parse(text);
        if (data?.version === 1) return data;
      } catch { /* said below */ }
      this.say("What this browser kept for this page could not be read. It was put aside, and the page starts afresh.");
      this.setAside(text);
      return {};
    }
    /* Change the object as it is now in the store, so that another tab's work stays. */
    update(change, memory) {
      let now = memory;
      try {
        const kept = JSON.parse(localStorage.getItem(this.key));
        if (kept?.version === 1) now = kept;
      } catch { /* memory it is */ }
      const next = change({ ...now, version: 1 });
      this.write(JSON.stringify(next));
      return next;
    }
  }

  /* A message that stays until the next one, read out at once. */
  const notice = () => {
    const box = make("p", { className: "pg-practice-message", role: "alert" });
    const say = (words, bad = true) => {
      box.classList.toggle("pg-practice-bad", bad);
      box.replaceChildren(words);
    };
    return { box, say };
  };

  Object.assign(practice, { $, $$, make, button, spoken, passed, Store, notice });
})();
