/* The search page: what search-core.js finds, as links to headings. The index comes with the first query. By keyboard:
   Enter or the down arrow goes to the results, the arrows through them and back. */
(() => {
  const root = document.documentElement.dataset.content_root, here = document.querySelector("main");
  const field = /** @type {HTMLInputElement} */ (here.querySelector(".pg-search input"));
  const list = here.querySelector("#search-results"), status = here.querySelector("#search-progress");
  const make = (tag, props = {}, ...children) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  };

  let index = null;
  const fetched = () => index ??= new Promise((done, fail) => {
    const script = make("script", { src: `${root}_static/search-index.js`, onerror: fail });
    script.onload = () => done(pgSearch.built(pgSearch.index));
    document.head.append(script);
  });

  function result(book, found) {
    const { row } = found, [page, title] = book.pages[row.page];
    const from = row.heading === title.replace(/^\d+ · /, "") ? [] : [title, row.above].filter(Boolean);
    const words = from.length ? row.heading : title;
    const link = make("a", { href: `${root}${page}.html${row.anchor && "#" + row.anchor}` },
      ...from.map(part => make("small", {}, `${part} › `)), words);
    const said = pgSearch.snippet(found).map(([text, asked]) => asked ? make("mark", {}, text) : text);
    return make("li", {}, link, make("p", { className: "context" }, ...said));
  }

  async function look() {
    const query = field.value.trim();
    if (!query) { list.replaceChildren(); status.textContent = ""; return; }
    let book;
    try { book = await fetched(); } catch { status.textContent = "The index did not come. Load the page again."; }
    if (!book || query !== field.value.trim()) return;                              // or typed on meanwhile
    const found = pgSearch.find(book, query), { unknown } = pgSearch.heard(book, query);
    const strange = unknown.map(word => `“${word}”`).join(" or "), some = found.length === 1 ? "place" : "places";
    status.textContent = found.length ? `${found.length} ${some}.` : "No place found.";
    if (strange) status.textContent += ` Nothing in the book is called ${strange}.`;
    list.replaceChildren(...found.map(one => result(book, one)));
    const address = `?${new URLSearchParams({ q: query })}`;
    try { history.replaceState(null, "", address); } catch { /* opened from a folder */ }
  }

  const links = () => /** @type {HTMLElement[]} */ ([field, ...list.querySelectorAll("a")]);
  here.addEventListener("keydown", e => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    const at = links().indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = step && at >= 0 && links()[at + step];
    if (next) { e.preventDefault(); next.focus(); }
  });
  here.querySelector("form").addEventListener("submit", async e => {
    e.preventDefault();
    await look();
    links()[1]?.focus();
  });
  field.addEventListener("input", look);
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.focus();
  look();
})();
