/* The search, the part that touches no page: words, what is meant by a mistyped one, which sections come first. Pure
   functions, tested in tests/site/test_search.py. tools/site/search.py makes the index. */
globalThis.pgSearch = (() => {
  // α to ω in their order, with the final sigma; what else has a name one can type
  const LETTERS = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma "
    + "sigma tau upsilon phi chi psi omega").split(" ");
  const NAMES = { "ϵ": "epsilon", "ϕ": "phi", "ϑ": "theta", "∇": "nabla", "∂": "partial", "Σ": "sum", "∑": "sum",
    "∞": "infinity" };
  const named = w => w.length > 1 ? w : NAMES[w] ?? LETTERS[w.toLowerCase().codePointAt(0) - 0x3b1] ?? w;

  /* A word without its ending, so that "clipped" and "clipping" are "clip", "policies" is "policy". */
  function stem(word) {
    if (word.length < 4 || /\d/.test(word)) return word;
    let w = word.replace(/i[sz](?:e[ds]?|ing|ations?)$/, "ise").replace(/ies$/, "y");
    w = w.replace(/(ss|x|ch|sh)es$/, "$1").replace(/([^su])s$/, "$1");
    const cut = w.replace(/(?:ing|ed)$/, "");
    if (cut !== w && cut.length > 2 && /[aeiouy]/.test(cut)) w = cut.replace(/([bdgmnprt])\1$/, "$1");
    return w.length > 4 ? w.replace(/e$/, "") : w;
  }

  /* [{ word, from, to }] of a text; signs by their names. */
  function words(text) {
    const found = [];
    for (const match of text.matchAll(/[a-z0-9]+|[α-ωΑ-Ωϵϕϑ∇∂∑∞]/giu)) {
      found.push({ word: stem(named(match[0]).toLowerCase()), from: match.index, to: match.index + match[0].length });
    }
    return found;
  }

  const SMALL = new Set(("a an the of in on to is are be do does i it my this that for by how what when with and or")
    .split(" "));

  /* Is b at most `most` slips from a: a letter too many, too few, another one, two exchanged? */
  function near(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return false;
    let before = [], row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          next[j] = Math.min(next[j], before[j - 2] + 1);
        }
      }
      if (Math.min(...next) > most) return false;
      [before, row] = [row, next];
    }
    return row[b.length] <= most;
  }

  // how much a word counts in a heading, among the glossary's words for a section, in what stands above it; and how
  // soon it counts for no more
  const HEADING = 5, TERM = 5, ABOVE = 1, SOON = 3;
  const KIND = [1, .8, .7, .6];             // what teaches, what is tried, what is asked, what tells the answer

  /* What `find` looks through: for each word the sections it stands in and how much it counts there. */
  function built({ pages, sections }) {
    const postings = new Map(), rows = sections.map(([page, anchor, heading, above, text, told], id) => {
      const [, title, tier, share] = pages[page], weight = share * KIND[tier] * (heading === "Quiz" ? .5 : 1);
      const head = words(heading), said = words(text), terms = told.split("; ").filter(Boolean).map(words);
      return { id, page, anchor, heading, above, text, title, tier, weight, head, said, terms };
    });
    const mean = rows.reduce((sum, row) => sum + row.said.length, 0) / rows.length;
    const add = (row, list, weight) => {
      for (const { word } of list) {
        if (!postings.has(word)) postings.set(word, new Map());
        const places = postings.get(word);
        places.set(row.id, (places.get(row.id) ?? 0) + weight);
      }
    };
    for (const row of rows) {
      add(row, row.head, HEADING);
      for (const term of row.terms) add(row, term, TERM);
      add(row, [...words(row.above), ...words(row.title)], ABOVE);
      add(row, row.said, 1 / (.5 + .5 * row.said.length / mean));
    }
    return { pages, rows, postings };
  }

  /* The words of the book that a typed word may mean, each with how surely: itself, what begins so, else what is
     close. */
  function meant(index, typed) {
    if (index.postings.has(typed) && typed.length < 3) return [[typed, 1]];
    const found = [], all = [...index.postings.keys()];
    if (index.postings.has(typed)) found.push([typed, 1]);
    const longer = typed.length > 2 ? all.filter(w => w !== typed && w.startsWith(typed)) : [];
    found.push(...longer.map(w => [w, .6 * typed.length / w.length]));
    if (found.length || typed.length < 4) return found;
    for (const slips of typed.length < 7 ? [1] : [1, 2]) {
      const close = all.filter(w => w[0] === typed[0] && near(typed, w, slips));
      if (close.length) return close.map(w => [w, .7 / slips]);
    }
    return [];
  }

  /* One entry for each typed word: the sections it may be in, with how much it counts, and how rare that is. */
  function looked(index, typed) {
    return typed.map((word, i) => {
      const places = new Map(), means = new Set();
      const joined = [typed[i - 1] + word, word + typed[i + 1]].filter(w => index.postings.has(w));    // cart pole
      for (const [w, sure] of [...meant(index, word), ...joined.map(w => [w, 1])]) {
        means.add(w);
        for (const [id, count] of index.postings.get(w)) places.set(id, Math.max(places.get(id) ?? 0, sure * count));
      }
      const rare = Math.log(1 + (index.rows.length - places.size + .5) / (places.size + .5));
      return { word, places, means, rare };
    });
  }

  /* How often two neighbours of the query are neighbours there, as a share of all of them. */
  function together(asked, list) {
    if (asked.length < 2) return 0;
    let pairs = 0;
    for (let i = 0; i + 1 < asked.length; i++) {
      const next = k => list[k + 1] && asked[i + 1].means.has(list[k + 1].word);
      if (list.some(({ word }, k) => asked[i].means.has(word) && next(k))) pairs++;
    }
    return pairs / (asked.length - 1);
  }

  const all = (asked, list) => list.length && asked.every(a => list.some(({ word }) => a.means.has(word))) &&
    list.every(({ word }) => asked.some(a => a.means.has(word)));

  /* What of a query the book knows, and what it does not: little words do not count where there are others. */
  function heard(index, query) {
    const every = words(query).map(w => ({ ...w, typed: query.slice(w.from, w.to) }));
    const large = every.filter(w => !SMALL.has(w.typed.toLowerCase())), typed = large.length ? large : every;
    const asked = looked(index, typed.map(w => w.word));
    const unknown = typed.map(w => w.typed).filter((word, i) => !asked[i].places.size);
    return { asked: asked.filter(a => a.places.size), unknown };
  }

  /* The sections that answer a query, best first: { row, asked, score }. Of what answers about as well, a chapter
     stands before a lab, a lab before an exercise, that before a solution. */
  function find(index, query, most = 30) {
    const { asked, unknown } = heard(index, query);
    const whole = asked.reduce((sum, a) => sum + a.rare, 0) + 8 * unknown.length, scores = new Map();
    for (const { places, rare } of asked)
      for (const [id, count] of places) {
        const old = scores.get(id) ?? { score: 0, share: 0 };
        scores.set(id, { score: old.score + rare * count * 4 / (count + SOON), share: old.share + rare / whole });
      }
    const found = [...scores].map(([id, { score, share }]) => {
      const row = index.rows[id], close = Math.max(...[row.head, ...row.terms].map(t => together(asked, t)));
      const exact = all(asked, row.head) || row.terms.some(t => all(asked, t));
      const more = 1 + .5 * close + .3 * together(asked, row.said) + .4 * exact;
      return { row, asked, score: score * share ** 2 * more * row.weight };
    }).sort((a, b) => b.score - a.score);
    const best = found[0]?.score ?? 0, rank = ({ row, score }) => (score < best / 3 ? 4 : 0) + row.tier;
    const good = found.filter(f => f.score > best / 12).sort((a, b) => rank(a) - rank(b) || b.score - a.score);
    return good.slice(0, most);
  }

  /* Some words of a section round what was asked, as [text, asked or not] in turn. */
  function snippet({ row, asked }, length = 190) {
    const hits = row.said.filter(({ word }) => asked.some(a => a.means.has(word)));
    const around = from => new Set(hits.filter(h => h.from >= from && h.to <= from + length).map(h => h.word)).size;
    const first = hits.reduce((best, h) => around(h.from) > around(best.from) ? h : best, hits[0] ?? { from: 0 });
    let from = Math.max(0, first.from - 50);
    if (from) from = row.text.indexOf(" ", from) + 1;
    let to = Math.min(row.text.length, from + length);
    if (to < row.text.length) to = row.text.lastIndexOf(" ", to);
    const parts = [[from ? "… " : "", false]];
    let at = from;
    for (const h of hits.filter(h => h.from >= from && h.to <= to)) {
      parts.push([row.text.slice(at, h.from), false], [row.text.slice(h.from, h.to), true]);
      at = h.to;
    }
    parts.push([row.text.slice(at, to) + (to < row.text.length ? " …" : ""), false]);
    return parts.filter(([text]) => text);
  }

  return { stem, words, near, built, heard, find, snippet };
})();
