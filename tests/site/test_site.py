"""Every page of the built site in a real browser: nothing fetched, nothing broken, readable and usable by everyone."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.helpers.pages import Visit, by_looks, frames, in_both_themes, pages_of, violations

IS_FILE = re.compile(r"\.(png|svg|webp)$|^_images")
RAW_TEX = re.compile(r"\$[^$\n]{1,80}\$|\\(?:frac|sum|nabla|theta|pi|mathbb|begin|gamma|pol|score|good|where)\b")
# The picture of a widget, without what its controls say about themselves
PICTURE = """el => [...el.querySelectorAll('svg, img, canvas, output, p, math')].map(e =>
    e.tagName === 'CANVAS' ? e.toDataURL() : e.outerHTML).join('')"""

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

# One fixture opens every page of the book: on a machine that does much else that takes longer than a test may.
pytestmark = pytest.mark.timeout(7200)


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
    """All that one tour of the site can tell, page by page."""
    tour = {}
    for path in pages_of(site):
        start = len(server.sent)
        visit = Visit(browser, server, path)
        page, seen = visit.page, {}
        for figure in page.locator("[data-frames]").all():  # a slider's stored pictures come when it is near
            figure.scroll_into_view_if_needed()
            page.wait_for_function(
                "id => document.querySelector(`script[src*='${id}']`)",
                arg=figure.get_attribute("data-frames").split("/")[-1],
            )
        page.wait_for_load_state("networkidle")
        seen["weight"] = sum(size for _, size in server.sent[start:]), len(server.sent) - start
        seen["errors"] = visit.errors
        seen["foreign"] = [url for url in visit.asked if not url.startswith((server.url, "data:", "blob:"))]
        seen["head"] = page.evaluate(HEAD)
        seen["alts"] = page.evaluate(ALTS)
        seen["failed"] = page.locator(".pg-failed").count()
        seen["widgets"] = page.locator(".pg-widget").count()
        page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
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
        page.set_viewport_size({"width": 375, "height": 700})
        frames(page)
        seen["width"] = page.evaluate("document.documentElement.scrollWidth")
        seen["wide"] = (
            page.evaluate("""() => [...document.querySelectorAll('body *')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.right > innerWidth + 1 && r.width && !e.closest('pre, div.math, .pg-table, math'); })
            .slice(0, 4).map(e => e.outerHTML.slice(0, 100))""")
            if seen["width"] > 375
            else []
        )
        seen["beheaded"] = page.evaluate("""() => [...document.querySelectorAll('main div.math')].filter(e => {
            const left = Math.min(...[...e.querySelectorAll('.katex-html .base')]
                .map(b => b.getBoundingClientRect().left));
            return left < e.getBoundingClientRect().left - 1; }).map(e => e.textContent.trim().slice(0, 60))""")
        page.set_viewport_size({"width": 1280, "height": 800})
        plain(page)
        seen["axe"] = in_both_themes(page)  # which leaves it dark
        page.emulate_media(media="print")
        seen["paper"] = page.evaluate(CONTRAST)
        tour[path] = seen
        visit.close()
    return tour


def plain(page):
    """Formulas are thousands of elements of KaTeX's own making, alike on every page: each becomes one letter, and the
    front page's is examined whole, below. So are the words of code: of those with one class and one look the first
    stays."""
    page.evaluate("document.querySelectorAll('.katex').forEach(e => e.replaceWith('x'))")
    page.evaluate(ONE_OF_EACH)


def faults(found, name):
    return {path: seen[name] for path, seen in found.items() if seen[name]}


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
    visit.page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
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


def test_nothing_scrolls_sideways_on_a_phone(found):
    assert {path: (seen["width"], seen["wide"]) for path, seen in found.items() if seen["width"] > 375} == {}


def test_no_formula_begins_where_a_phone_cannot_scroll_to(found):
    """What overflows to the right can be scrolled into view; what overflows to the left is lost."""
    assert faults(found, "beheaded") == {}


def test_no_output_is_empty(found):
    assert faults(found, "empty") == {}


def test_pages_are_light(found, site):
    """The figures are printed: `pytest tests/site/test_site.py -s -k light`.
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


def test_no_page_carries_a_mathematics_script_or_a_widget_manager(site):
    """vendor/katex/fonts.js holds characters, and sets nothing."""
    for path in pages_of(site):
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', (site / path).read_text("utf8"))
        assert not [
            s
            for s in scripts
            if re.search("mathjax|katex(?!/fonts.js)|require|embed-amd|html-manager|fontawesome|bootstrap", s)
        ], path


def test_every_icon_has_a_shape(site):
    shapes = set(re.findall(r"\.(pg-icon-[a-z]+) \{", (site / "_static/vendor/icons/icons.css").read_text()))
    for path in pages_of(site):
        used = set(re.findall(r"pg-icon-[a-z]+", (site / path).read_text("utf8")))
        assert used <= shapes, path


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


def test_the_front_page_shows_the_point_before_any_scroll(browser, server):
    visit = Visit(browser, server, "book/index.html")
    bottom = "s => document.querySelector(s).getBoundingClientRect().bottom"
    assert visit.page.evaluate(bottom, "h1") < 800 and visit.page.evaluate(bottom, ".pg-theorem") < 800
    assert visit.page.evaluate("document.querySelector('.pg-widget').getBoundingClientRect().top") < 300
    colours = visit.page.evaluate("""() => ['policy', 'score', 'good', 'where'].map(name =>
        getComputedStyle(document.querySelector('.pg-theorem .pg-' + name)).color)""")
    assert len(set(colours)) == 4
    assert violations(visit.page) == [], "the coloured formula too"
    visit.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert violations(visit.page, runOnly=["color-contrast"]) == []
    visit.close()


def test_the_front_page_leads_to_every_chapter(site):
    soup = BeautifulSoup((site / "book/index.html").read_text("utf8"), "html.parser")
    linked = {a["href"].split("#")[0] for a in soup.select("main a[href]")}
    chapters = {p.name for p in (site / "book").glob("[0-9][0-9]-*.html")}
    assert chapters <= linked, chapters - linked


def widgets(browser, server, site):
    for path in pages_of(site):
        if "vnd.jupyter.widget-view+json" in (site / path).read_text("utf8"):
            yield path


def test_every_explorable_answers_to_keyboard_and_mouse(browser, server, site):
    deaf = []
    for path in widgets(browser, server, site):
        visit = Visit(browser, server, path)
        page = visit.page
        page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
        for number in range(page.locator(".pg-widget").count()):
            widget = page.locator(".pg-widget").nth(number)
            widget.scroll_into_view_if_needed()
            handles = widget.locator("input[type=range]:visible, [role=slider]:visible, svg [tabindex='0']:visible")
            if not handles.count():
                deaf.append((path, number, "nothing to move"))
                continue
            if not answers(page, widget, handles, by_keyboard):
                deaf.append((path, number, "keyboard"))
            if not answers(page, widget, handles, by_mouse):
                deaf.append((path, number, "mouse"))
        if visit.errors:
            deaf.append((path, visit.errors))
        visit.close()
    assert deaf == []


def answers(page, widget, handles, move):
    """Does the picture change when one of the handles is moved?"""
    for k in range(handles.count()):
        before = widget.evaluate(PICTURE)
        move(page, handles.nth(k))
        for _ in range(10):
            if widget.evaluate(PICTURE) != before:
                return True
            frames(page, 1)
    return False


def by_keyboard(page, handle):
    handle.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)


def by_mouse(page, handle):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x - 15 * step, y - 6 * step)
    page.mouse.up()


def test_quiz_by_keyboard_alone(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    page = visit.page
    quiz = page.locator(".pg-quiz").first
    right = quiz.locator(".pg-choice.pg-right").evaluate(
        "e => [...e.parentElement.querySelectorAll('.pg-choice')].indexOf(e)"
    )
    radios = quiz.locator("input[type=radio]")
    assert quiz.locator("fieldset > legend").inner_text().strip()
    radios.first.focus()
    page.keyboard.press("Space")
    for _ in range(right):
        page.keyboard.press("ArrowDown")
    assert quiz.locator(".pg-said:not(:empty)").count() == 0, "moving over the choices must not give the answer away"
    page.keyboard.press("Enter")
    said = quiz.locator("[aria-live]:not(:empty)")
    assert said.count() == 1 and said.inner_text().startswith("Right.") and len(said.inner_text()) > 30
    page.keyboard.press("Enter")
    assert said.count() == radios.count(), "asked again, it explains the other choices too"
    radios.nth((right + 1) % radios.count()).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert said.count() == 1 and said.inner_text().startswith("Not this one.")
    visit.close()


def test_quiz_and_proofs_without_scripts(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + "book/01-values-or-probabilities.html")
    choice = page.locator(".pg-choice").first
    assert not choice.locator(".pg-why").is_visible()
    choice.locator("summary").click()
    assert choice.locator(".pg-why").is_visible()
    assert page.locator(".pg-fallback").first.is_visible(), "the words in a figure's place"
    fold = page.locator("details.pg-fold").first
    fold.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("> :nth-child(2)").is_visible()
    context.close()


def test_the_first_step_of_a_proof_stands_open_and_one_button_opens_the_rest(browser, server):
    visit = Visit(browser, server, "book/03-baselines-and-noise.html")
    assert visit.page.locator("details.pg-fold.step").evaluate_all("all => all.map(e => e.open)") == [True] + 3 * [
        False
    ]
    visit.close()
    visit = Visit(browser, server, "book/02-the-theorem.html")
    steps, button = visit.page.locator("details.pg-fold.step"), visit.page.locator(".pg-all")
    assert steps.count() == 5 and button.count() == 1
    assert steps.evaluate_all("all => all.map(e => e.open)") == [True, False, False, False, False]
    for name, then in [("Open all", True), ("Close all", False)]:
        assert button.inner_text() == name
        button.click()
        assert steps.evaluate_all("all => all.map(e => e.open)") == [then] * 5
        visit.page.wait_for_function(
            "then => document.querySelector('.pg-all').textContent === (then ? 'Close all' : 'Open all')", arg=then
        )
    visit.close()


def test_theme_is_kept_and_contents_open_on_a_phone(browser, server):
    visit = Visit(browser, server, "book/notation.html")
    page = visit.page
    page.get_by_role("button", name="Dark page").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.set_viewport_size({"width": 375, "height": 700})
    contents = page.get_by_role("navigation", name="Contents")
    assert not contents.is_visible()
    page.get_by_role("button", name="Contents").click()
    assert contents.is_visible()
    page.keyboard.press("Escape")
    assert not contents.is_visible()
    visit.close()


def test_pages_live_when_opened_from_a_folder(browser, site):
    context = browser.new_context()
    page, errors = context.new_page(), []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto((site / "index.html").as_uri())
    page.wait_for_selector(".pg-widget[data-mounted]")
    assert page.url.endswith("book/index.html")
    page.goto((site / "search.html").as_uri() + "?q=baseline")
    page.wait_for_selector("ul.search li")
    assert errors == []
    context.close()


# A stop or a closing bracket on a line below its formula's last part, or an opening one on a line above its first part
STRAYS = """() => {
  const strays = [], box = (text, i) => { const r = document.createRange();
    r.setStart(text, i); r.setEnd(text, i + 1); return r.getBoundingClientRect(); };
  for (const m of document.querySelectorAll('main span.math')) {
    const parts = m.querySelectorAll('.base'), name = m.textContent.slice(0, 40);
    const [before, after] = [m.previousSibling, m.nextSibling];
    if (!parts.length || !m.getBoundingClientRect().height) continue;
    if (after?.nodeType === 3 && /^[.,;:!?)\\]]/.test(after.data)
        && box(after, 0).left < parts[parts.length - 1].getBoundingClientRect().right - 3) strays.push(name);
    if (before?.nodeType === 3 && /[(\\[]$/.test(before.data)
        && parts[0].getBoundingClientRect().left < box(before, before.length - 1).left) strays.push(name);
  }
  return strays; }"""


def test_no_line_begins_with_a_stop_or_ends_with_an_opening_bracket(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    visit.page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
    for width in range(320, 760, 20):
        visit.page.set_viewport_size({"width": width, "height": 800})
        assert visit.page.evaluate(STRAYS) == [], width
    visit.close()


def test_code_is_as_wide_as_the_column_and_fits(browser, server):
    """Chapters 0 and 1: every block as wide as its neighbours' text, nothing to scroll, on a phone too."""
    for path in ("book/00-before-you-start.html", "book/01-values-or-probabilities.html"):
        visit = Visit(browser, server, path)
        visit.page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
        for width in (1280, 375):
            visit.page.set_viewport_size({"width": width, "height": 800})
            wide = visit.page.evaluate("""() => [...document.querySelectorAll('main pre')]
                .filter(e => e.scrollWidth > e.clientWidth
                || Math.abs(e.offsetWidth - e.closest('.highlight').parentElement.parentElement.clientWidth) > 24)
                .map(e => e.textContent)""")
            assert wide == [], (path, width)
        visit.close()


def test_a_fold_keeps_the_spaces_around_its_titles_formulas(site):
    style = (site / "_static/site.css").read_text()
    assert (
        re.search(r"\.pg-fold > summary \{[^}]*\}", style)
        and "flex" not in re.search(r"\.pg-fold > summary \{([^}]*)\}", style)[1]
    )


def test_print_unfolds_everything_and_lists_links(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    page = visit.page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in (".pg-bar", ".pg-contents", ".pg-verbs", ".pg-quiz form"):
        assert not page.locator(hidden).first.is_visible(), hidden
    assert page.locator("details.pg-fold:not([open])").count() == 0
    assert page.locator(".pg-choice .pg-why").first.is_visible() and page.locator(".pg-fallback").first.is_visible()
    assert page.locator(".pg-widget").first.is_visible()
    assert page.locator(".pg-links").count() <= 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".pg-links, .pg-link-mark").count() == 0
    visit.close()
