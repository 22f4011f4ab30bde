"""The pages of the interview in a real browser: folds, filter by mouse and keyboard, no scripts, a phone, print."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.helpers.interview import LEVELS, QUESTIONS
from tests.helpers.pages import Visit

CHAPTER, SHEET = "book/05-in-the-interview.html", "book/summary-sheet.html"


def of(level):
    return [q for q in QUESTIONS if q["level"] == level]


def soup(site, path):
    return BeautifulSoup((site / path).read_text("utf8"), "html.parser")


@pytest.fixture
def visit(browser, server):
    opened = []

    def go(path, **options):
        opened.append(Visit(browser, server, path, **options))
        return opened[-1].page

    yield go
    for v in opened:
        assert v.errors == []
        v.close()


@pytest.mark.parametrize("level", LEVELS)
def test_every_question_is_on_its_page_with_all_its_parts(site, level):
    page = soup(site, f"book/interview/{level}.html")
    assert [d["id"] for d in page.select("details.pg-asked")] == [f"q-{q['id']}" for q in of(level)]
    for d in page.select("details.pg-asked"):
        assert not d.has_attr("open") and d.select_one("summary .pg-question-ask").get_text().strip()
        assert (
            len(d.select(".pg-question-short"))
            == len(d.select("details.pg-question-long"))
            == len(d.select(".pg-question-wrong"))
            == 1
        )
        assert len(d.select("details.pg-question-next")) == 2 and not d.select("details.pg-question-next[open]")
        where = d.select_one(".pg-question-where")
        assert len(where.select("a[href]")) >= 2 and all(a.get_text().strip() for a in where.select("a")), d["id"]


def test_the_chapter_lists_every_question_and_has_the_first_three_folded(site):
    page = soup(site, CHAPTER)
    links = [a["href"] for a in page.select(".pg-question-index a")]
    assert links == [f"interview/{q['level']}.html#q-{q['id']}" for q in QUESTIONS]
    assert len(page.select(".pg-question-full")) == 3
    for full in page.select(".pg-question-full"):  # "say it before you look": the answers are folded
        assert [child.name for child in full.find_all(recursive=False)] == ["details"] and not full.select(
            "details[open]"
        )
        assert (
            len(full.select(".pg-question-short"))
            == len(full.select("details.pg-question-long"))
            == len(full.select(".pg-question-wrong"))
            == 1
        )
    assert "A hundred and seven, in five levels" in page.get_text() and len(QUESTIONS) == 107, "the text says how many"


def test_only_these_pages_load_what_they_need(site):
    for path in (CHAPTER, SHEET, "book/interview/depth.html"):
        assert "interview.css" in (site / path).read_text("utf8"), path
    assert "interview." not in str(soup(site, "book/notation.html").head)


def test_filter_by_mouse(visit):
    page = visit(CHAPTER)
    page.get_by_label("Level").select_option("depth")
    assert page.locator(".pg-question-item:visible").count() == len(of("depth"))
    assert (
        page.locator(".pg-question-filter output").inner_text() == f"{len(of('depth'))} of {len(QUESTIONS)} questions"
    )
    assert not page.get_by_role("heading", name="Screening").is_visible()
    page.get_by_label("Topic").select_option("critics")
    assert page.locator(".pg-question-item:visible").count() == sum(q["topic"] == "critics" for q in of("depth"))
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function(
        "document.querySelectorAll('.pg-question-item:not([hidden])').length === " + str(len(QUESTIONS))
    )


def test_filter_by_keyboard_and_its_address(visit):
    page = visit("book/interview/whiteboard.html")
    page.get_by_label("Topic").focus()
    page.keyboard.press("c")  # as any list: type to choose
    topic = page.get_by_label("Topic").input_value()
    assert topic.startswith("c") and page.locator(".pg-asked:visible").count() == sum(
        q["topic"] == topic for q in of("whiteboard")
    )
    page.reload()
    assert page.get_by_label("Topic").input_value() == topic, "the address keeps the filter"
    page.get_by_label("Contains").focus()
    page.keyboard.type("no such words")
    assert (
        page.locator(".pg-asked:visible").count() == 0
        and "No question" in page.locator(".pg-question-filter output").inner_text()
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Clear
    page.wait_for_function(
        "document.querySelectorAll('.pg-asked:not([hidden])').length === " + str(len(of("whiteboard")))
    )


def test_a_question_opens_by_keyboard_answer_first(visit):
    page = visit("book/interview/screening.html")
    first = page.locator(".pg-asked").first
    first.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert first.locator(".pg-question-short").is_visible() and first.locator(".pg-question-wrong").is_visible()
    assert not first.locator(".pg-question-long > :nth-child(2)").is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert first.locator(".pg-question-long > :nth-child(2)").is_visible()
    page.get_by_role("button", name="Open all").click()
    assert page.locator(".pg-asked:not([open])").count() == 0
    page.get_by_role("button", name="Close all").click()
    assert page.locator(".pg-asked[open]").count() == 0


def test_a_link_to_a_question_opens_it(visit):
    page = visit(CHAPTER)
    page.locator(".pg-question-index a[href$='q-divide-by-std']").click()
    page.wait_for_function("document.querySelector('#q-divide-by-std')?.open")
    assert page.locator("#q-divide-by-std .pg-question-short").is_visible()


def test_without_scripts_everything_is_there(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + CHAPTER)
    assert page.locator(".pg-question-item:visible").count() == len(QUESTIONS)
    assert page.locator(".pg-question-filter").evaluate("e => e.getBoundingClientRect().height") == 0
    page.goto(server.url + "book/interview/depth.html")
    page.locator(".pg-asked > summary").first.click()
    assert page.locator(".pg-question-short").first.is_visible()
    context.close()


@pytest.mark.parametrize("level", LEVELS)
def test_open_answers_fit_a_phone(visit, level):
    page = visit(f"book/interview/{level}.html")
    page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
    for width in (340, 375):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_sheet_prints_on_two_a4_pages(visit):
    page = visit(SHEET)
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 2
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 643, "height": 1000})  # A4 less the margins, in px
    cut = page.evaluate("""() => [...document.querySelectorAll('.pg-sheet :is(pre, div.math, td, p)')]
        .filter(e => e.scrollWidth > e.clientWidth + 2).map(e => e.textContent.slice(0, 60))""")
    assert cut == []
