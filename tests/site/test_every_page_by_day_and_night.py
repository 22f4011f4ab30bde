"""Every page of the built site in a real browser: nothing foreign fetched, nothing broken, nothing heavy, readable by
everyone by day, by night and on paper. The other tour: test_every_page_on_a_phone_and_in_use.py."""

import re

import pytest

from tests.helpers.every_page import OPEN_FOLDS, faults, tour
from tests.helpers.pages import Visit, by_looks, in_both_themes

# One fixture opens every page of the book: on a machine that does much else that takes longer than a test may.
pytestmark = pytest.mark.timeout(7200)

IS_FILE = re.compile(r"\.(png|svg|webp)$|^_images")
RAW_TEX = re.compile(r"\$[^$\n]{1,80}\$|\\(?:frac|sum|nabla|theta|pi|mathbb|begin|gamma|pol|score|good|where)\b")

# every piece of text in sight, its colour's contrast with white paper
CONTRAST = """() => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const light = colour => { pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = "#fff"; pen.fillRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b; };
    const known = new Map(), weak = [];
    for (const e of document.querySelectorAll(
        "main pre, main pre span, main code, main p, main td, main figcaption, main .pg-py-out *")) {
        if (!e.checkVisibility() || !e.textContent.trim()) continue;
        const colour = getComputedStyle(e).color;
        if (!known.has(colour)) known.set(colour, 1.05 / (light(colour) + .05));
        if (known.get(colour) < 4.5) weak.push([e.className, colour, e.textContent.slice(0, 30)]);
    }
    const filters = [...document.querySelectorAll("main img")]
        .filter(e => getComputedStyle(e).filter !== "none").length;
    const ground = [...document.querySelectorAll("main pre, main .highlight")]
        .map(e => getComputedStyle(e).backgroundColor).filter(c => !/, 0\\)$/.test(c)).map(light);
    return { weak: weak.slice(0, 5), filters, darkest: Math.min(1, ...ground), colours: known.size };
}"""

# of the coloured words of code those that are like none before: in class, colour and size, and in what they stand on
ONE_OF_EACH = """() => {
    const seen = new Set(), again = [], grounds = new Map();
    const ground = e => {
        if (!grounds.has(e)) grounds.set(e, e ? getComputedStyle(e).background + ground(e.parentElement) : "");
        return grounds.get(e); };
    const plain = ":not(:has(*)):not([role], [tabindex], [aria-label])";
    for (const word of document.querySelectorAll("pre span[class]" + plain)) {
        const { color, fontSize, fontWeight, opacity } = getComputedStyle(word);
        const look = [word.className, color, fontSize, fontWeight, opacity, ground(word)].join();
        seen.has(look) ? again.push(word) : seen.add(look);
    }
    again.forEach(word => word.remove());
}"""

HEAD = """() => ({ title: document.title.trim(), headings: document.querySelectorAll("main h1").length,
    description: document.querySelector("meta[name=description]")?.content ?? "" })"""

# What each picture says, the stills for readers without scripts too: with scripts they are text in a <noscript>
ALTS = """() => [document, ...[...document.querySelectorAll("main noscript")]
        .map(e => new DOMParser().parseFromString(`<main>${e.textContent}</main>`, "text/html"))]
    .map(part => [...part.querySelectorAll("main img")].map(e => e.alt))"""

LIMITS = {
    "prose": 250_000,
    "explorables": 350_000,
    "notebook": 600_000,
}  # bytes after gzip, everything a page loads, scrolled to its end


def kind(site, path):
    """Labs, exercises and solutions are notebooks; of the others some have explorables."""
    if path.split("/")[0] in ("notebooks", "exercises", "solutions"):
        return "notebook"
    return "explorables" if "vnd.jupyter.widget-view+json" in (site / path).read_text("utf8") else "prose"


@pytest.fixture(scope="module")
def found(browser, server, site):
    """All that this tour can tell, page by page."""
    found = {}
    for path, late, seen in tour(browser, server, site, 1280):
        page, found[path] = late.page, seen
        page.wait_for_load_state("networkidle")
        seen["weight"] = sum(size for _, size in server.sent[seen["start"] :]), len(server.sent) - seen["start"]
        seen["errors"] = late.errors
        seen["foreign"] = [url for url in late.asked if not url.startswith((server.url, "data:", "blob:"))]
        seen["head"] = page.evaluate(HEAD)
        seen["alts"] = page.evaluate(ALTS)
        seen["failed"] = page.locator(".pg-failed").count()
        seen["widgets"] = page.locator(".pg-widget").count()
        page.evaluate(OPEN_FOLDS)
        seen["text"] = page.evaluate("""() => {
          const copy = document.querySelector('main').cloneNode(true);
          copy.querySelectorAll('annotation, pre, code, script, style').forEach(e => e.remove());
          return copy.textContent; }""")
        seen["formulas"] = page.evaluate("""() => [...document.querySelectorAll('.math')]
          .filter(e => !e.querySelector('.katex-html') || !e.querySelector('math'))
          .map(e => e.textContent.slice(0, 60))""")
        seen["empty"] = page.evaluate("""() => [...document.querySelectorAll('.cell_output > *')]
          .filter(e => e.tagName !== 'SCRIPT' && e.tagName !== 'STYLE')
          .filter(e => !e.textContent.trim() && !e.matches('img') && !e.querySelector('img, svg, canvas, table')
              || !e.getBoundingClientRect().height)
          .map(e => e.outerHTML.slice(0, 120))""")
        plain(page)
        seen["axe"] = in_both_themes(page)  # which leaves it dark
        page.emulate_media(media="print")
        seen["paper"] = page.evaluate(CONTRAST)
    return found


def plain(page):
    """Formulas are thousands of elements of KaTeX's own making, alike on every page: each becomes one letter, and the
    front page's is examined whole, below. So are the words of code: of those with one class and one look the first
    stays."""
    page.evaluate("document.querySelectorAll('.katex').forEach(e => e.replaceWith('x'))")
    page.evaluate(ONE_OF_EACH)


def test_what_comes_late_finds_its_place_kept(found):
    assert faults(found, "moved") == {}


def test_no_page_asks_for_a_font(found):
    assert faults(found, "fonts") == {}


def test_no_page_complains(found):
    assert faults(found, "errors") == {}


def test_no_page_asks_another_host(found):
    assert faults(found, "foreign") == {}


def test_every_explorable_starts(found):
    assert faults(found, "failed") == {}
    assert sum(seen["widgets"] for seen in found.values()) > 0


def test_no_accessibility_violation(found):
    assert faults(found, "axe") == {}


@pytest.mark.parametrize("place", ["main section > p", "main td:last-child", "footer a", "pre span", "main h2"])
def test_a_pale_word_is_seen_wherever_it_stands(browser, server, place):
    """Of texts that look alike axe examines one for its contrast: a text that looks otherwise is another one."""
    visit = Visit(browser, server, "book/ways-to-run.html")
    visit.page.evaluate(OPEN_FOLDS)
    words = visit.page.locator(place).locator("visible=true").last
    assert in_both_themes(visit.page) == []
    words.evaluate("""e => { e.style.color = "#bbb"; e.id = "pale"; const twin = e.cloneNode(true);
        twin.id = ""; twin.style.display = "none"; e.before(twin); }""")  # what is not shown stands for nothing
    visit.page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert any(line.startswith("color-contrast #pale") for line in by_looks(visit.page))
    words.evaluate("e => { e.style.color = ''; e.style.background = '#555'; }")
    assert any(line.startswith("color-contrast #pale") for line in by_looks(visit.page))
    visit.close()


def test_axe_sees_a_fault_of_structure_a_pale_word_and_one_that_is_pale_by_night_only(browser, server):
    visit = Visit(browser, server, "book/ways-to-run.html")
    visit.page.evaluate("""() => { const [one, two] = document.querySelectorAll("main section > p");
        one.append(new Image()); one.id = "pale"; one.style.color = "#bbb";
        two.id = "night"; two.style.color = "#444"; }""")
    found = sorted(line.partition(" Fix ")[0] for line in in_both_themes(visit.page))
    assert found == ["color-contrast #pale", "dark: color-contrast #night", "image-alt img"]
    visit.close()


def test_every_formula_is_typeset(found):
    assert faults(found, "formulas") == {}
    assert {path: RAW_TEX.search(seen["text"])[0] for path, seen in found.items() if RAW_TEX.search(seen["text"])} == {}


def test_no_output_is_empty(found):
    assert faults(found, "empty") == {}


def test_pages_are_light(found, site):
    """The figures are printed: `pytest tests/site/test_every_page_by_day_and_night.py -s -k light`.
    How quick pages are is measured by `make bench`."""
    heaviest = {}
    for path, seen in found.items():
        heaviest.setdefault(kind(site, path), []).append((*seen["weight"], path))
    for name, limit in LIMITS.items():
        size, requests, path = max(heaviest[name])
        print(
            f"\n{name:>11}: {size / 1000:5.0f} kB in {requests:2} requests of at most {limit / 1000:.0f} kB ({path})",
            end="",
        )
    print()
    assert {name: max(pages) for name, pages in heaviest.items() if max(pages)[0] > LIMITS[name]} == {}


def test_paper_from_a_dark_page_is_as_from_a_light_one(found):
    """No text too pale for white paper, no picture turned round, no dark ground."""
    papers = {path: seen["paper"] for path, seen in found.items()}
    assert {p: one for p, one in papers.items() if one["weak"] or one["filters"] or one["darkest"] < 0.8} == {}
    assert max(one["colours"] for one in papers.values()) > 5, "code has its colours on paper too"


def test_pictures_have_words(found, site):
    alts = [(path, alt) for path, seen in found.items() for part in seen["alts"] for alt in part]
    assert [(path, alt) for path, alt in alts if not alt or IS_FILE.search(alt)] == []
    for path, seen in found.items():
        written = re.findall("<noscript>.*?</noscript>", (site / path).read_text("utf8"), re.S)
        assert sum(map(len, seen["alts"][1:])) == sum(part.count("<img") for part in written), path
    assert len(found["book/06-critics.html"]["alts"]) > 1, "stills of figures, for readers without scripts"


def test_pages_say_what_they_are(found):
    described = {}
    for path, head in ((path, seen["head"]) for path, seen in found.items()):
        assert head["title"] and head["headings"] == 1, path
        if path not in ("search.html", "404.html"):
            assert len(head["description"]) > 50 and "Learning to Act" in head["title"], path
            assert described.setdefault(head["description"], path) == path
