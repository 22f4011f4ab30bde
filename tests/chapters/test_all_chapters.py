"""What holds for the pages of several chapters together."""

import re

import pytest

from tests.helpers.headings import headings
from tests.helpers.page_and_lab import PageAndLab
from tools.paths import ROOT

PAGES = [
    "03-the-log-derivative-trick",
    "03-baselines-and-noise",
    "03-in-practice",
    "04-continuous-actions",
    "04-limits-and-tasks",
    "05-in-the-interview",
]


def minutes(text):
    """Reading time: 200 words a minute with captions and quizzes, 30 s a display, a minute a quiz, 3 minutes an
    explorable."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    kinds = re.findall(r"^(?:`{3,}|:{3,})\{([\w-]+)\}", text, re.MULTILINE)
    displays = len(re.findall(r"\$\$.*?\$\$", text, re.DOTALL))
    for rubbish in (r"\$\$.*?\$\$(?:\s*\(eq-[\w-]+\))?", r"^```python\n.*?^```$"):
        text = re.sub(rubbish, "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(
        r"^    \S.*$|^:alt:.*$|^:(?:class|name):.*$|^(?:`{3,}|:{3,})\{[\w-]+\}(?: policy_gradient\S*)?",
        "",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(
        r"\{cite[^}]*\}`[^`]*`", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"\$[^$\n]+\$", "x", text))
    )
    words = sum(bool(re.search(r"\w", w)) for w in text.split())
    return words / 200 + displays / 2 + kinds.count("quiz") + 3 * kinds.count("explorable")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_takes_more_than_25_minutes(name):
    assert minutes(PageAndLab.text(name)) <= 25


def test_old_addresses_of_moved_sections_stand_on_the_first_page():
    for first, *others in (PAGES[:3], PAGES[3:5]):
        kept = set(re.findall(r"^\(([\w-]+)\)=$", PageAndLab.text(first), re.MULTILINE))
        moved = {a for name in others for a in headings(name) if f"{name}.md#{a})" in PageAndLab.text(first)}
        assert kept and kept <= moved | {"where-this-is-used-today"}


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "studies").glob("[a-z]*.py")))
def test_a_study_writes_where_its_result_is_read(name):
    """Two of them wrote beside the explorables, which had moved: `make studies` stopped there."""
    import importlib

    result = getattr(importlib.import_module(f"studies.{name}"), "RESULT", None)
    assert result is None or (result.is_file() and ROOT in result.parents), result
