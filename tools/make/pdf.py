"""Print the built book into one PDF: page numbers, running heads, contents, bookmarks, and links that work inside it.

    python -m tools.make.pdf [--site FOLDER] [--out FILE] [PAGE ...]
        PAGE: book/01-values-or-probabilities; default: all

Every page's article goes into one long page, which Chromium prints: so links between chapters become links inside the
file, and one style sheet numbers the whole. Printed twice, since the numbers in the contents are known only after the
first time. What is on paper: figures that move stand at their default position, with their caption; folds are open;
quizzes show every choice with its explanation, the right one marked; solutions stand at the end. Pages that need a
hand (flashcards, drills) are left out. Links to other places carry a number,
and their addresses stand at the section's end.
"""

import argparse
import html
import logging
import mimetypes
import posixpath
import re
import sys
import time
from functools import partial
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from tools.paths import ROOT
from tools.run import chromium
from tools.written import content

HOST = "http://book.invalid/"  # answered from the site's folder, never from a network
WITH_A_HAND = (
    "book/practice/",
    "book/index",
)  # what paper cannot do; and the front page, in whose place the title stands
TAG = re.compile(r"<[a-zA-Z][^<>]*>")
NAMING = re.compile(r'(\s(?:id|for|aria-labelledby|aria-describedby|aria-controls|headers)=")([^"]*)"')
POINTING = re.compile(r'(\s(?:href|src|xlink:href)=")([^"]*)"')
KINDS = {"notebooks": "Lab", "exercises": "Exercises", "solutions": "Solutions"}
STYLE = """
@page { size: A4; margin: 20mm 21mm 22mm;
  @bottom-center { content: counter(page); font: 9pt var(--sans, sans-serif); color: #5B636B; } }
@page :first { @bottom-center { content: none; } }
body { font-size: 10.5pt; }
.pg-part { break-before: page; }
.pg-title { height: 250mm; display: flex; flex-direction: column; padding-top: 55mm; }
.pg-title .pg-big { margin: 0; font: 700 34pt/1.15 var(--serif); }
.pg-title .pg-sub { font-size: 15pt; color: var(--muted); }
.pg-title .pg-formula { margin: 4rem 0; } .pg-title .katex { font-size: 1.35em; }
.pg-title small { margin-top: auto; color: var(--muted); font: 9pt/1.5 var(--sans); }
.pg-toc { break-before: page; }
.pg-toc p { display: flex; align-items: baseline; margin: 0; font-size: 9.5pt; line-height: 1.4; }
.pg-toc a { color: inherit; text-decoration: none; }
.pg-toc .pg-dots { flex: 1; margin: 0 .5em; border-bottom: 1px dotted #999; }
.pg-toc .pg-number { min-width: 2.4em; text-align: right; }
.pg-toc .pg-1 { margin-top: .45em; font-weight: 600; } .pg-toc .pg-2 { padding-left: 1.4em; }
"""
logging.getLogger("pypdf").setLevel(logging.ERROR)  # it remarks on how Chromium counts its objects


def order(contents):
    """Pages as [(name, title, level)] in reading order, solutions last."""
    for part in contents["parts"]:
        for chapter in part["chapters"]:
            yield chapter["file"], chapter.get("title"), 1
            for section in chapter.get("sections", ()):
                if not section["file"].startswith("solutions/"):
                    yield section["file"], section.get("title"), 2
    for part in contents["parts"]:
        for chapter in part["chapters"]:
            for section in chapter.get("sections", ()):
                if section["file"].startswith("solutions/"):
                    yield section["file"], chapter.get("title"), 1


def key(page, anchor=""):
    """One name in the whole file for an id of a page."""
    return f"{page.replace('/', '--')}{'---' if anchor else ''}{anchor}"


def article(site, page, pages, level):
    """The page's article, its ids and links fit for the long page."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    body = re.search(r'<article class="pg-article">(.*?)</article>', text, re.S)[1]
    folder = posixpath.dirname(page)

    def named(match):
        return f'{match[1]}{" ".join(key(page, target) for target in match[2].split())}"'

    def pointed(match):
        url = html.unescape(match[2])
        if url.startswith("#"):
            return f'{match[1]}#{key(page, url[1:])}"' if url != "#" else f'{match[1]}#{key(page)}"'
        if urlsplit(url).scheme:
            return match[0]
        path, _, anchor = url.partition("#")
        path = posixpath.normpath(posixpath.join(folder, path)) if path else page
        name = path.removesuffix(".html")
        if path.endswith(".html"):
            return f'{match[1]}#{key(name, anchor) if name in pages else key("elsewhere")}"'
        return f'{match[1]}/{html.escape(path)}"'

    def tag(match):
        out = POINTING.sub(pointed, NAMING.sub(named, match[0]))
        out = re.sub(r"url\((&quot;|['\"]?)#([^)'\"&]+)\1\)", lambda m: f"url(#{key(page, m[2])})", out)
        return re.sub(r"^<details\b(?![^>]*\sopen\b)", "<details open", out)

    scripts = re.split(r"(<script\b.*?</script>)", body, flags=re.S)  # a widget's stored state stays as it is
    body = "".join(part if part.startswith("<script") else TAG.sub(tag, part) for part in scripts)
    if level > 1:  # below its chapter in the bookmarks
        body = re.sub(r"(</?h)([1-5])\b", lambda m: f"{m[1]}{int(m[2]) + level - 1}", body)
    return f'<div class="pg-main pg-part" id="{key(page)}"><article class="pg-article">{body}</article></div>'


def title(page, given, site):
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    own = html.unescape(re.sub(r"<[^>]+>", "", re.search(r"<title>(.*?)</title>", text, re.S)[1]).rsplit(" · ", 1)[0])
    return KINDS.get(page.split("/")[0], "") and own or given or own


def running(listed, site):
    """(page, the head of its sheets): the chapter, and the page's own title where that says more."""
    chapter = ""
    for page, given, level in listed:
        own = title(page, given, site)
        chapter = own if level == 1 else chapter
        yield (
            page,
            (own if level == 1 or page.startswith(("exercises/", "solutions/")) else f"{chapter}: {own}").replace(
                '"', r"\""
            ),
        )


def styles(site, pages):
    """Every style sheet of the pages once, in an order that agrees with each page's own: the later one wins."""
    paths = []
    for page in pages:
        own = [
            posixpath.normpath(posixpath.join(posixpath.dirname(page), url.split("?")[0]))
            for url in re.findall(
                r'<link rel="stylesheet"[^>]*href="([^"]+)"', (site / f"{page}.html").read_text(encoding="utf-8")
            )
        ]
        at = len(paths)
        for path in reversed(own):
            if path in paths:
                at = paths.index(path)
            else:
                paths.insert(at, path)
    return paths


def composed(site, listed, numbers):
    """The long page. `numbers`: {page: its first sheet}."""
    pages = [page for page, _, _ in listed]
    front = (site / "book/index.html").read_text(encoding="utf-8")
    formula = re.search(
        r'<div class="math notranslate nohighlight"[^>]*>.*?</div>', front[front.find("pg-theorem") :], re.S
    )
    rows = "".join(
        f'<p class="pg-{level}"><a href="#{key(page)}">{html.escape(title(page, given, site))}</a>'
        f'<span class="pg-dots"></span><span class="pg-number">{numbers.get(page, "")}</span></p>'
        for page, given, level in listed
    )
    heads = "".join(
        f'@page p{i} {{ @top-right {{ content: "{head}"; font: 9pt var(--sans, sans-serif); color: #5B636B; }} }}\n'
        f"#{key(page)} {{ page: p{i}; }}\n"
        for i, (page, head) in enumerate(running(listed, site))
    )
    links = "".join(f'<link rel="stylesheet" href="/{path}">' for path in styles(site, pages))
    articles = "".join(article(site, page, set(pages), level) for page, _, level in listed)
    return f"""<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">\
<title>Learning to Act</title>
{links}<style>{STYLE}{heads}</style><script src="/_static/host.js" defer></script></head><body><main class="pg-page">
<div class="pg-title"><p class="pg-big">Learning to Act</p>\
<p class="pg-sub">the policy gradient theorem, interactively</p>
<div class="pg-formula">{formula[0] if formula else ""}</div>
<small id="{key("elsewhere")}">This is the book on paper. \
Its figures stand still here and its exercises do not answer; on the book's pages and in its notebooks they do.
Flashcards, drills and the mock interview are only there. Text and figures CC BY 4.0, code MIT.</small></div>
<nav class="pg-toc"><h1>Contents</h1>{rows}</nav>{articles}</main></body></html>"""


HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(h => {
  const copy = h.cloneNode(true);
  copy.querySelectorAll('.headerlink, .katex-mathml').forEach(e => e.remove());
  return copy.textContent.replace(/[\\s\\u200b]+/g, ' ').trim();
})"""
FOOTNOTES = """() => document.querySelectorAll('.pg-article').forEach(article => {
  const seen = new Map(), list = document.createElement('ol');
  list.className = 'pg-links';
  for (const a of article.querySelectorAll("a[href^='http']")) {
    if (a.textContent === a.href || a.host === location.host) continue;
    if (!seen.has(a.href)) {
      seen.set(a.href, seen.size + 1);
      list.append(Object.assign(document.createElement('li'), { textContent: a.href }));
    }
    a.after(Object.assign(document.createElement('sup'), { className: 'pg-link-mark', textContent: seen.get(a.href) }));
  }
  if (seen.size) article.append(list);
})"""


def printed(browser, site, text):
    """The long page as (PDF, its headings in order)."""
    page = browser.new_page(viewport={"width": 760, "height": 1000}, reduced_motion="reduce")

    def answer(route):
        path = unquote(urlsplit(route.request.url).path).lstrip("/")
        if path == "print.html":
            return route.fulfill(body=text, content_type="text/html; charset=utf-8")
        file = (site / path).resolve()
        if not route.request.url.startswith(HOST) or not file.is_relative_to(site) or not file.is_file():
            return route.abort()
        route.fulfill(path=file, content_type=mimetypes.guess_type(file.name)[0] or "application/octet-stream")

    page.route("**/*", answer)
    page.set_default_timeout(300_000)
    page.emulate_media(media="print")  # widgets size themselves for the sheet
    page.goto(f"{HOST}print.html", wait_until="load")
    page.evaluate("dispatchEvent(new Event('pg:start'))")  # host.js: also the figures far from sight
    page.wait_for_function(
        "document.documentElement.dataset.widgets === 'ready' && document.fonts.status === 'loaded'", timeout=300_000
    )
    page.evaluate(FOOTNOTES)
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    headings = page.evaluate(HEADINGS)
    page.close()
    return pdf, headings


def bookmarks(writer, headings):
    """Give the bookmarks their headings' words: Chromium leaves formulas out, and says some twice."""

    def items(parent):
        item = parent.get("/First")
        while item is not None:
            item = item.get_object()
            yield item
            yield from items(item)
            item = item.get("/Next")

    entries = list(items(writer._root_object["/Outlines"].get_object()))
    if len(entries) != len(headings):
        sys.exit(f"{len(entries)} bookmarks for {len(headings)} headings")
    for item, text in zip(entries, headings):
        item[NameObject("/Title")] = TextStringObject(text)


def sheets(reader, listed):
    """{page: its first sheet}, from the link targets of the contents."""
    ids = {page.indirect_reference.idnum: number for number, page in enumerate(reader.pages, 1)}
    first = {}
    targets = reader.named_destinations
    for page, _, _ in listed:
        if target := targets.get(f"/{key(page)}") or targets.get(key(page)):
            first[page] = ids[target.page.idnum]
    return first


def make(browser, site, out, only=(), say=lambda words: None):
    """Write `out`; return its number of sheets. The whole book takes minutes: `say` is told what is being done."""
    contents = content(ROOT / "_toc.yml")
    listed = [
        entry
        for entry in order(contents)
        if not entry[0].startswith(WITH_A_HAND)
        and (site / f"{entry[0]}.html").exists()
        and (not only or entry[0] in only)
    ]
    if not listed:
        sys.exit(f"none of these pages is in {site}: build the book first (make book)")
    say("Printing, to learn the numbers in the contents (1 of 3) ...")
    numbers = sheets(PdfReader(BytesIO(printed(browser, site, composed(site, listed, {}))[0])), listed)
    say("Printing with these numbers (2 of 3) ...")
    pdf, headings = printed(browser, site, composed(site, listed, numbers))
    say("Naming the bookmarks and writing the file (3 of 3) ...")
    second = PdfReader(BytesIO(pdf))
    if len(numbers) < len(listed) or sheets(second, listed) != numbers:
        sys.exit("the numbers in the contents are not those of the sheets")
    writer = PdfWriter(clone_from=second)
    bookmarks(writer, headings)
    writer.add_metadata(
        {
            "/Title": "Learning to Act: the policy gradient theorem, interactively",
            "/Author": "the authors of Learning to Act",
            "/Subject": "Text and figures CC BY 4.0, code MIT",
            "/Creator": "Learning to Act",
        }
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    writer.write(out)
    return len(writer.pages)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=ROOT / "_build/learning-to-act.pdf", metavar="FILE")
    args, start = parser.parse_args(), time.monotonic()
    if not (path := chromium.path()):
        sys.exit(chromium.NONE)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=chromium.ARGS)
        count = make(browser, args.site.resolve(), args.out, args.pages, partial(print, file=sys.stderr, flush=True))
        browser.close()
    print(f"{args.out}: {count} pages, {args.out.stat().st_size / 1e6:.1f} MB, {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
