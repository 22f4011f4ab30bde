/* Practice, the part that touches no page: when a card comes back, what a file may hold, which questions are drawn,
   whether a proof's order is valid. Pure functions, tested against Python in tests/book/test_practice.py. Days are
   whole numbers, times in ms. */
globalThis.pgPractice = (() => {
  const APP = "learning-to-act", VERSION = 1, LARGEST = 1_000_000;
  const LEVELS = ["screening", "whiteboard", "debugging", "language-models", "depth"];

  // --- SM-2 (Wozniak 1990): the four buttons are its qualities 1, 3, 4 and 5
  const QUALITY = { 1: 1, 2: 3, 3: 4, 4: 5 }, LONGEST = 365;
  const unseen = () => ({ reps: 0, ease: 2.5, interval: 0, due: 0, first: 0, last: 0, again: false, at: 0 });

  /* The card after a grade 1..4 on `day`. First interval 1 day, second 6, then the last one times the ease, rounded
     up; below quality 3 it starts anew at 1 day. What was not at least *good* (quality 4) is asked again the same day,
     and that repeat only ends the day. */
  function graded(card, grade, day, at = 0) {
    const quality = QUALITY[grade], old = card ?? unseen();
    if (!quality) throw new RangeError(`grade must be 1, 2, 3 or 4, not ${grade}`);
    if (old.again && old.last === day) return { ...old, again: quality < 4, at };
    const miss = 5 - quality, hundredths = Math.round(100 * old.ease + 10 - miss * (8 + 2 * miss));
    const ease = quality < 3 ? old.ease : Math.max(130, hundredths) / 100;
    const reps = quality < 3 ? 1 : old.reps + 1;
    const grown = reps < 2 ? 1 : reps === 2 ? 6 : Math.ceil(old.interval * Math.round(100 * ease) / 100);
    const interval = Math.min(grown, LONGEST);
    return { reps, ease, interval, due: day + interval, first: old.first || day, last: day, again: quality < 4, at };
  }

  /* The day on which a card is due. With an interview on day `exam` every card comes back by the day before. */
  const dueDay = (card, exam = null) =>
    exam !== null && card.due >= exam && card.last < exam - 1 ? exam - 1 : card.due;
  const seen = card => Boolean(card?.last);

  /* Today's cards of a deck: due ones (longest overdue first), new ones up to `perDay`, and those to repeat today. */
  function today(ids, cards, day, { perDay = Infinity, exam = null } = {}) {
    const repeat = id => cards[id].again && cards[id].last === day;
    const known = ids.filter(id => seen(cards[id])), left = ids.filter(id => !seen(cards[id]));
    const due = known.filter(id => !repeat(id) && dueDay(cards[id], exam) <= day)
      .sort((a, b) => dueDay(cards[a], exam) - dueDay(cards[b], exam));
    const begun = Object.values(cards).filter(c => c.first === day).length;
    const again = known.filter(repeat).sort((a, b) => cards[a].at - cards[b].at);
    return { due, fresh: left.slice(0, Math.max(0, perDay - begun)), again, unseen: left.length, known: known.length };
  }

  /* Local date -> day number, and an ISO date -> day number. */
  const dayOf = date => Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 864e5);
  const dayOfIso = iso => iso ? Math.floor(Date.parse(iso + "T00:00:00Z") / 864e5) : null;

  // --- what is kept: merged, never overwritten
  const empty = () => ({
    app: APP, kind: "cards", version: VERSION, exam: null, perDay: 15, set: 0, erased: 0, cards: {},
  });

  /* Two states become one: of each card the later answer, of the settings the later ones; what was erased stays
     erased. */
  function merged(a, b) {
    const erased = Math.max(a.erased, b.erased), cards = {};
    const { exam, perDay, set } = a.set >= b.set ? a : b;
    for (const id of new Set([...Object.keys(a.cards), ...Object.keys(b.cards)].sort())) {
      const [x, y] = [a.cards[id], b.cards[id]], later = !x || y && y.at > x.at ? y : x;
      if (later.at > erased) cards[id] = later;
    }
    return { ...empty(), exam, perDay, set, erased, cards };
  }

  /* A state with the cards of a file. The later answer wins; an erasure before the import does not reach into
     the file. */
  function imported(state, file, now) {
    const lift = c => ({ ...c, at: Math.max(Math.min(c.at, now), state.erased + 1) });
    const came = Object.fromEntries(Object.entries(file.cards).map(([id, c]) => [id, lift(c)]));
    return merged(state, { ...file, erased: 0, set: Math.min(file.set, now), cards: came });
  }

  // --- reading what somebody kept or sent: everything is checked, and the message says what is wrong
  /** @type {(low: number, high: number) => [(v: any) => boolean, string]} */
  const whole = (low, high) =>
    [v => Number.isInteger(v) && v >= low && v <= high, `a whole number from ${low} to ${high}`];
  /** @type {Record<string, [(v: any) => boolean, string]>} */
  const CARD = {
    reps: whole(0, 100_000), interval: whole(0, LONGEST),
    due: whole(0, 1_000_000), first: whole(0, 1_000_000), last: whole(0, 1_000_000),
    ease: [v => typeof v === "number" && v >= 1.3 && v <= 20, "a number from 1.3 to 20"],
    again: [v => typeof v === "boolean", "true or false"],
    at: [v => Number.isFinite(v) && v >= 0, "a time in milliseconds"],
  };
  const plain = v => v !== null && typeof v === "object" && !Array.isArray(v);
  const isDate = v => typeof v === "string" && /^\d{4}-\d\d-\d\d$/.test(v) && !Number.isNaN(Date.parse(v));
  const shown = v => {
    const text = JSON.stringify(v) ?? "nothing";
    return text.length > 40 ? text.slice(0, 39) + "…" : text;
  };
  const refuse = (message, reason) => { throw Object.assign(new Error(message), { reason }); };

  /* What a text of these flashcards holds, as JSON: not yet checked card by card. */
  function dataIn(text) {
    if (text.length > LARGEST) {
      refuse(`The file has ${(text.length / 1e6).toFixed(1)} million characters. `
        + "A copy of these cards has far below one million, so this is something else.", "huge");
    }
    let data;
    try { data = JSON.parse(text); } catch (problem) {
      refuse(`This is not a complete JSON file (${problem.message}). It may have been cut off on its way.`, "broken");
    }
    if (!plain(data) || data.app !== APP || data.kind !== "cards") {
      refuse("This file was not exported by these flashcards.", "foreign");
    }
    if (data.version !== VERSION) {
      const advice = data.version > VERSION ? " Reload the page: a newer edition can read it." : "";
      refuse(`The file has version ${shown(data.version)}; this page reads version ${VERSION}.${advice}`, "version");
    }
    return data;
  }

  /* One card with the fields it should have, and no others. */
  function cardIn(card, id) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id)) refuse(`${shown(id)} is no name of a card.`, "types");
    if (!plain(card)) refuse(`Card "${id}" should have fields such as "due", found ${shown(card)}.`, "types");
    const read = {};
    for (const [field, [fits, wanted]] of Object.entries(CARD)) {
      if (!fits(card[field])) {
        refuse(`Card "${id}": "${field}" should be ${wanted}, found ${shown(card[field])}.`, "types");
      }
      read[field] = card[field];
    }
    return read;
  }

  /* The state in a text; throws an Error whose message is for the reader and whose `reason` is for programs. */
  function parsed(text) {
    const data = dataIn(text), cards = {};
    if (!plain(data.cards)) refuse(`"cards" should be a list by question, found ${shown(data.cards)}.`, "types");
    for (const [id, card] of Object.entries(data.cards)) cards[id] = cardIn(card, id);
    const { exam = null, perDay = 15, set = 0, erased = 0 } = data;
    if (exam !== null && !isDate(exam)) {
      refuse(`"exam" should be a date such as "2030-01-31", found ${shown(exam)}.`, "types");
    }
    for (const [name, v] of Object.entries({ perDay, set, erased })) {
      if (Number.isFinite(v) && v >= 0) continue;
      refuse(`"${name}" should be a number of at least 0, found ${shown(v)}.`, "types");
    }
    return { ...empty(), exam, perDay, set, erased, cards };
  }

  // --- a draw that two people can share: the same number, mix and questions give the same interview on every machine
  function hash(text) {                                    // FNV-1a, 32 bits, with the final mixing of MurmurHash3
    let h = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
    h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
    h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
    return (h ^ h >>> 16) >>> 0;
  }
  /* Of each level the questions with the smallest hash of "number:id": a question added later changes few
     interviews. */
  const drawn = (questions, mix, number) => LEVELS.flatMap((level, i) => {
    const hashed = questions.filter(q => q.level === level).map(q => [hash(`${number}:${q.id}`), q.id]);
    return hashed.sort(([a], [b]) => a - b).slice(0, mix[i]).map(([, id]) => id);
  });

  /* "2-2-1-1-0" -> [2, 2, 1, 1, 0], or null unless it is five counts that make six questions. */
  function mixOf(text) {
    const mix = /^\d(-\d){4}$/.test(text ?? "") ? text.split("-").map(Number) : null;
    return mix && mix.reduce((a, b) => a + b) === 6 ? mix : null;
  }

  // --- the order of a proof: any that respects what needs what
  /* The first step that stands before one it needs, as {id, needs, why}; null if the order is valid.
     needs = {id: {other: why}}. */
  function firstFault(order, needs) {
    for (const [i, id] of order.entries()) {
      for (const [other, why] of Object.entries(needs[id] ?? {})) {
        if (order.indexOf(other) > i) return { id, needs: other, why };
      }
    }
    return null;
  }
  /* How many orders are valid (linear extensions, by subsets). */
  function countOrders(ids, needs) {
    const needed = id => ids.reduce((mask, other, j) => other in (needs[id] ?? {}) ? mask | 1 << j : mask, 0);
    const before = ids.map(needed), ways = [1];
    for (let set = 1; set < 1 << ids.length; set++) {
      ways[set] = 0;
      for (let i = 0; i < ids.length; i++) {
        const rest = set ^ 1 << i;                           // `set` without step i, which may be its last
        if (set >> i & 1 && (before[i] & ~rest) === 0) ways[set] += ways[rest];
      }
    }
    return ways[(1 << ids.length) - 1];
  }
  /* A shuffle by number that is not already valid. */
  function shuffled(ids, needs, number) {
    for (let n = number; ; n++) {
      const order = [...ids].sort((a, b) => hash(`${n}:${a}`) - hash(`${n}:${b}`));
      if (firstFault(order, needs)) return order;
    }
  }

  const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  return {
    APP, VERSION, LARGEST, LEVELS, unseen, graded, dueDay, seen, today, dayOf, dayOfIso,
    empty, merged, imported, parsed, hash, drawn, mixOf, firstFault, countOrders, shuffled, clock,
  };
})();
