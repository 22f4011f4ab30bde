"""Spelling, and the comparison of two builds: the tools find what they should, and the book has no fault."""

import pytest

from tools.check import reproducible
from tools.check import spelling as check_spelling


def test_every_word_is_spelled_right_and_british():
    assert check_spelling.check(check_spelling.files()) == []


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("a.md", "We recieve a reward.", "recieve ==> receive"),  # misspelled
        ("a.md", "A gray color.", "color ==> colour"),  # American prose
        ("a.py", '"""Teh docstring."""', "Teh ==> The"),
        ("a.js", "// a comment that occured", "occured ==> occurred"),
        ("a.ipynb", '{"cells": [{"cell_type": "markdown", "source": ["We optimize"]}]}', "optimize ==> optimise"),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": ["x = 1  # teh"]}]}', "teh ==> the"),
    ],
)
def test_a_misspelling_is_found(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text, "utf8")
    assert any(expected in line for line in check_spelling.check([tmp_path / name], tmp_path))


@pytest.mark.parametrize(
    "text",
    ["`color='gray'` and $center$", "```python\ncolor = 1\n```", "[x](color.html)", "A grey colour, normalised."],
)
def test_code_and_formulas_keep_their_spelling(tmp_path, text):
    (tmp_path / "a.md").write_text(text, "utf8")
    assert check_spelling.check([tmp_path / "a.md"], tmp_path) == []


def test_every_word_of_the_list_is_needed():
    """A word that codespell no longer minds, or that nobody uses, would only hide a fault."""
    used = " ".join(check_spelling.text_of(p) for p in check_spelling.files()).lower()
    assert [word for word in check_spelling.WORDS.read_text().split() if word not in used] == []


def test_two_builds_are_compared_byte_by_byte():
    same = {"a.html": b"<p>x</p>"}
    assert list(reproducible.differences(same, dict(same))) == []
    assert "differ at byte 3" in "".join(reproducible.differences(same, {"a.html": b"<p>y</p>"}))
    assert "one of the two only" in "".join(reproducible.differences(same, {}))
    assert list(reproducible.differences({"a": b"x"}, {"a": b"xy"})), "a file cut short"
