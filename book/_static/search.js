/* Three wishes to Sphinx's search. Loaded after searchtools.js, on the search page only. */
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";   // a page may not read its neighbours there
{   // formulas stand in a page three times (to see, to hear, to copy): a summary wants none of the doubles
  const whole = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".katex-html, annotation, script, svg title, .pg-py-wait").forEach(e => e.remove());
    return whole(page.documentElement.outerHTML, anchor);
  };
}
// of pages that say a word equally loudly first the chapters, in their order, and last what would give an answer away
Scorer.score = ([page, , , , score]) => {
  const [, chapter] = /^book\/(\d\d)-/.exec(page) ?? [];
  const last = ["notebooks", "exercises", "solutions"].indexOf(page.split("/")[0]);
  return score + (chapter ? 1 - Number(chapter) / 100 : -last - 1);
};
