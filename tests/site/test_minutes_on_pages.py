"""The minutes as the built pages say them, and the words that they count held against the pages' own."""

import copy
import functools
import re

import pytest
from bs4 import BeautifulSoup

from tools.paths import ROOT
from tools.site import minutes
from tools.site import path as made

CHAPTERS = [doc for doc in minutes.pages() if minutes.chapter(doc) is not None]


@functools.cache
def article(doc):
    path = ROOT / f"_build/html/{doc}.html"
    if not path.exists():
        pytest.fail("the book is not built: make book")
    return BeautifulSoup(path.read_text("utf8"), "html.parser").select_one("article")


@pytest.mark.parametrize("doc", CHAPTERS)
def test_a_page_begins_with_its_minutes(doc):
    said = article(doc).select(".pg-minutes")
    if doc.startswith("exercises/"):
        assert not said and f"Allow {minutes.minutes(doc)} minutes" in article(doc).get_text()
    else:
        assert [re.search(r"About (\d+) minutes", one.get_text())[1] for one in said] == [str(minutes.minutes(doc))]
        assert said[0].find_previous_sibling().name == "h1"


def test_the_front_page_and_the_plan_say_the_same():
    path = " ".join(article("book/index").select_one(".pg-path").get_text(" ").split())
    for number in sorted({minutes.chapter(doc) for doc in CHAPTERS} - {0}):
        parts = [f"{verb} {minutes.said(f'{verb} {number}')}" for verb in ("read", "run", "do", "compare")]
        assert " · ".join(parts) in path, f"chapter {number}: {path}"
    assert f"{minutes.said('read 0')} minutes" in path
    rows = {
        row.find_all("td")[0].get_text(strip=True): row.find_all("td")[-2].get_text(strip=True)
        for row in article("book/for-instructors").select_one("table").select("tbody tr")
    }
    plan = re.findall(r"\{minutes\}`([\d ]+)`", made.plan())
    assert list(rows.values()) == [minutes.said(one) for one in plan]


@pytest.mark.parametrize("doc", [doc for doc in CHAPTERS if doc.startswith("book/0") and "interview" not in doc])
def test_the_words_counted_are_those_on_the_page(doc):
    """The page knows nothing of Markdown: what Sphinx made of it, less code, formulas and what figures draw."""
    text, found = copy.copy(article(doc)), minutes.page(doc)
    assert 2 * found["formulas"] == len(text.select("div.math, .katex-display"))
    assert found["quizzes"] == len(text.select(".pg-quiz")) and found["figures"] == len(
        text.select(".pg-figure:not(:has(.pg-drawing))")
    )
    for part in text.select(
        "script, style, .highlight, .eqno, .headerlink, .katex-display, div.math, .pg-minutes, .pg-drawing .pg-narrow"
    ):
        part.decompose()
    for part in text.select(".katex, code"):
        part.replace_with(" x ")
    words = len(re.findall(r"\w[\w'’.,-]*", text.get_text(" ")))
    assert abs(found["words"] - words) < 0.07 * words, (found["words"], words)
