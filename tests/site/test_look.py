"""What a page's look can be measured by: words of drawings, what scrolls, contents that follow, and paper. A phone's
drawings are looked at on the tour of all pages: test_every_page_on_a_phone_and_in_use.py."""

import re

import pypdf
import pytest
from bs4 import BeautifulSoup

from tests.helpers.every_page import WORDS
from tests.helpers.pages import Visit, frames, pages_of

CHAPTERS = re.compile(r"book/(0[0-8]-|on-trial)")


def test_a_wide_drawings_words_are_of_the_texts_size(browser, server):
    for path in ("book/02-where-it-bites.html", "book/04-continuous-actions.html"):
        visit = Visit(browser, server, path)
        assert visit.page.evaluate(WORDS, "narrow") == []
        words = visit.page.evaluate(WORDS, "wide")
        assert words and max(words)[0] < 1.15 * 18, path  # they were up to 24 px, beside an explorable's 13
        visit.close()


def test_a_box_that_scrolls_sideways_shows_it_and_no_other_does(browser, server):
    found = []
    for path in ("exercises/03-the-log-derivative-trick.html", "notebooks/07-trust-regions.html"):
        visit = Visit(browser, server, path)
        visit.page.set_viewport_size({"width": 375, "height": 800})
        frames(visit.page)
        found += visit.page.evaluate("""[...document.querySelectorAll(".pg-article :is(pre, div.math)")]
            .filter(e => !e.closest("details:not([open])"))
            .map(e => [e, getComputedStyle(e)])
            .map(([e, style]) => [
                e.scrollWidth > e.clientWidth + 1, style.backgroundImage.includes("gradient"),
                !e.closest(".cell_output") || !e.hasAttribute("tabindex")
                    || style.getPropertyValue("--ground") === style.getPropertyValue("--paper")])""")
        visit.close()
    assert {(True, True), (False, False)} == {(scrolls, shown) for scrolls, shown, _ in found}
    assert all(fits for _, _, fits in found), "what covers the shadow at an end has the colour of the ground"


def test_lines_of_an_output_are_seen_as_far_as_there_is_room(browser, server):
    """As lines of code are. They were cut at the column's end once, in a box of their own within another."""
    visit = Visit(browser, server, "notebooks/07-trust-regions.html")
    code, output = visit.page.evaluate("""[".cell_input", ".cell_output"].map(part => Math.max(
        ...[...document.querySelectorAll(`${part} pre`)].filter(e => e.scrollWidth > e.clientWidth + 1)
            .map(e => [e, e.closest(".cell_output") ?? e].map(e => e.getBoundingClientRect().right))
            .map(rights => Math.min(...rights))))""")
    column = visit.page.locator(".pg-article p").first.bounding_box()
    assert output == pytest.approx(code, abs=1) and output > column["x"] + column["width"] + 100
    visit.close()


SEEN = """selector => {
    const a = document.querySelector(selector), box = a.closest("nav"), b = a.getBoundingClientRect();
    return b.height > 0 && b.top >= 0 && b.bottom <= innerHeight && box.scrollWidth <= box.clientWidth; }"""


def test_the_contents_show_the_page_and_the_section_that_is_read(browser, server):
    for path in ("book/01-values-or-probabilities.html", "solutions/08-language-models.html", "book/errata.html"):
        visit = Visit(browser, server, path)
        assert visit.page.evaluate(SEEN, ".pg-contents a[aria-current]"), path
        visit.close()
    visit = Visit(browser, server, "book/helper-reference.html")
    for part in (0.3, 0.8):
        visit.page.evaluate(
            "part => scrollTo({ top: part * document.documentElement.scrollHeight, behavior: 'instant' })", part
        )
        frames(visit.page)
        assert visit.page.evaluate(SEEN, ".pg-local .pg-here"), part
    visit.close()


def test_on_a_phone_the_notebooks_links_begin_where_the_text_does(browser, server):
    visit = Visit(browser, server, "notebooks/02-the-theorem.html")
    visit.page.set_viewport_size({"width": 375, "height": 800})
    links, text = visit.page.evaluate(
        """[".pg-elsewhere a", ".pg-article h1"].map(s => document.querySelector(s).getBoundingClientRect().left)"""
    )
    assert links == pytest.approx(text, abs=1)
    visit.close()


FULL = 2 / 3  # of a sheet; chapters end where they end, and before a figure that is higher than what is left some is


@pytest.mark.parametrize("dark", [False, True])
def test_sheets_are_full_and_none_is_blank(browser, server, tmp_path, dark):
    """Where a chapter's figures are high, sheets once stood two thirds empty before them, and a last one was blank."""
    for path in ("book/02-the-theorem.html", "book/03-in-practice.html", "book/04-limits-and-tasks.html"):
        script = "localStorage.setItem('pg-theme', 'dark')" if dark else ""
        visit = Visit(browser, server, path, script=script)
        visit.page.evaluate("dispatchEvent(new Event('pg:start'))")
        visit.page.wait_for_function("document.querySelectorAll('.pg-widget:not([data-mounted])').length === 0")
        frames(visit.page)
        visit.page.pdf(path=tmp_path / "page.pdf", format="A4", prefer_css_page_size=True)
        visit.close()
        lowest = []
        for sheet in pypdf.PdfReader(tmp_path / "page.pdf").pages:
            heights = []
            sheet.extract_text(
                visitor_text=lambda text, cm, tm, font, size, heights=heights: (
                    heights.append(cm[3] * tm[5] + cm[5]) if text.strip() else None
                )
            )
            margin, height = 18 / 297 * float(sheet.mediabox.height), float(sheet.mediabox.height)
            assert heights, f"{path}: a blank sheet"
            lowest.append((height - margin - min(heights)) / (height - 2 * margin))
        assert min(lowest[:-1]) > FULL - 0.02, (path, lowest)


def test_what_asks_for_a_hand_says_on_paper_what_one_would_see(browser, server):
    visit = Visit(browser, server, "book/02-the-theorem.html")
    title = ".admonition.try > .admonition-title"
    words = f"getComputedStyle(document.querySelector('{title}'), '::after').content"
    assert visit.page.evaluate(words) == "none"
    visit.page.emulate_media(media="print")
    assert visit.page.evaluate(words) == '"On the screen: what you would see"'
    assert visit.page.locator(title).evaluate("e => getComputedStyle(e).fontSize") == "0px"
    visit.close()


HAND = re.compile(r"(?:^|[.:;] )(?:(?:Now|Then|First) )?(?:drag|press|pull|move|switch|set|click|slide)\b[^.]*", re.I)


def test_on_paper_no_figure_asks_for_a_hand(site):
    """Lists beside a figure, and the words in its place, say what is seen at a setting: true on both."""
    assert HAND.findall("1. Drag the dot. Then press Climb.") and not HAND.findall(
        "Wherever you drag it, nothing moves."
    )
    asked = {}
    for path in filter(CHAPTERS.match, pages_of(site)):
        soup = BeautifulSoup((site / path).read_text(encoding="utf8"), "html.parser")
        for box in soup.select(".admonition.try li, .admonition.try > p:not(.admonition-title), .pg-fallback > p"):
            asked.setdefault(path, []).extend(HAND.findall(box.get_text().strip()))
    assert len(asked) > 8 and not any(asked.values()), asked


def test_the_contents_of_the_page_give_way_to_what_passes_over_them(browser, server):
    visit = Visit(browser, server, "book/02-the-theorem.html")
    page, shown = visit.page, "getComputedStyle(document.querySelector('.pg-local')).opacity"
    page.evaluate("dispatchEvent(new Event('pg:start'))")
    page.wait_for_function("document.querySelectorAll('.pg-widget:not([data-mounted])').length === 0")
    for place, opacity in (("h1", "1"), (".pg-fig", "0"), ("#the-statement", "1"), (".pg-advance", "0")):
        page.evaluate("s => document.querySelector(s).scrollIntoView({ block: 'start', behavior: 'instant' })", place)
        page.wait_for_function(f"{shown} === '{opacity}'")
    page.locator(".pg-local a:visible").first.focus()
    page.wait_for_function(f"{shown} === '1'")  # by keyboard they come back, above the figure
    visit.close()


def test_results_stand_in_two_columns_where_there_is_room(browser, server):
    visit = Visit(browser, server, "search.html?q=baseline")
    visit.page.wait_for_selector("ul.search li .context")
    for width, columns in ((1920, 2), (1280, 2), (768, 1), (375, 1)):
        visit.page.set_viewport_size({"width": width, "height": 900})
        sides = visit.page.evaluate("""[...document.querySelectorAll("ul.search li")].map(e => {
            const { left, right } = e.getBoundingClientRect(); return [left, right]; })""")
        assert len({left for left, _ in sides}) == columns and max(right for _, right in sides) <= width, width
    visit.close()


def test_on_a_phone_every_brace_of_the_theorem_lies_under_its_symbols(browser, server):
    """Side by side the braces lie on one line, below the sums' letters. In two lines the second has no sums."""
    visit = Visit(browser, server, "book/index.html")
    for width in (340, 375):
        visit.page.set_viewport_size({"width": width, "height": 800})
        frames(visit.page)
        gaps = visit.page.evaluate("""[".pg-score", ".pg-good"].map(s => {
            const part = document.querySelector(`.pg-theorem .katex-html ${s}`), em = getComputedStyle(part).fontSize;
            const [brace, letter] = [".stretchy", ".mopen"].map(s => part.querySelector(s).getBoundingClientRect());
            return (brace.top - letter.bottom) / parseFloat(em); })""")
        assert all(-0.3 < gap < 0.5 for gap in gaps), gaps
    visit.close()
