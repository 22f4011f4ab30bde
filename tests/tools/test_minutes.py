"""The times that the book promises: one measure, and the same number wherever it is said."""

import json
import re
import sys

import nbformat
import pytest

from tools import contents
from tools.paths import ROOT
from tools.site import minutes
from tools.site import path as made

DOCS = list(minutes.pages())
PATH = [doc for doc in DOCS if minutes.chapter(doc) is not None]


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("One two three.", {"words": 3}),
        ("---\ntitle: not read\n---\nOne two.", {"words": 2}),
        (":::{admonition} A title here\n:class: trap\nOne two.\n:::", {"words": 5}),
        ("````{note} Out\n```{tip}\nIn in.\n```\nOut.\n````", {"words": 4}),
        (
            "```{quiz} What is it?\n:name: quiz-x\n- [ ] this\n  Because so.\n- [x] that $x$\n  It *is*.\n```",
            {"words": 11, "quizzes": 1},
        ),
        ('```{explorable} a.b.C\n:with: {"n": 5}\nThe caption counts.\n```\nAfter.', {"words": 4, "figures": 1}),
        ("```{drawing} a-name\n:alt: not shown\nThe caption counts.\n```", {"words": 3}),
        ("```python\nprint('one two three')\n```\nAfter.", {"words": 1}),
        ("```\nplain code\n```", {}),
        ("```{code-block} python\none two\n```\nAfter.", {"words": 1}),
        ("In code:\n\n    x = np.zeros(3)\n\n    y = x\n\nAfter that.", {"words": 4}),
        ("- One item.\n\n    Its second paragraph.\n", {"words": 5}),
        ("Here\n\n$$\na = b + c + d\n$$ (eq-x)\n\nand $$ e = f $$ after.", {"words": 3, "formulas": 2}),
        ("\\begin{align}\na &= b\n\\end{align}\nAfter.", {"words": 1, "formulas": 1}),
        ("If $a<b$ and $b>c$ then `x[0] < y` holds.", {"words": 7}),
        ("[Two words](page.md#there) {cite}`williams1992` {score}`good` ![an image](x.png)", {"words": 5}),
        ("(label-of-a-place)=\n| a | b |\n|:--|--:|\n| c | d e |", {"words": 5}),
    ],
)
def test_what_is_counted(text, wanted):
    assert {kind: n for kind, n in minutes.counted(text).items() if n} == wanted


def test_the_measure(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/03-x.md").write_text(
        400 * "word " + "\n\n$$a$$\n\n$$b$$\n\n```{quiz} one\n```\n\n```{explorable} x\n```\n"
    )
    assert minutes.exact(minutes.page("book/03-x", tmp_path)) == pytest.approx(401 / 200 + 2 * 0.5 + 1 + 3)
    assert minutes.minutes("book/03-x", tmp_path) == 5


def test_a_notebook_counts_its_cells_and_an_exercise_what_it_says(tmp_path):
    def write(doc, *cells):
        (tmp_path / doc).parent.mkdir(exist_ok=True)
        new = {"md": nbformat.v4.new_markdown_cell, "py": nbformat.v4.new_code_cell}
        nbformat.write(
            nbformat.v4.new_notebook(cells=[new[kind](text, metadata={"tags": tags}) for kind, text, tags in cells]),
            tmp_path / f"{doc}.ipynb",
        )
        return {kind: n for kind, n in minutes.page(doc, tmp_path).items() if n}

    assert write(
        "notebooks/03-x",
        ("md", "Two words.", []),
        ("py", "x = 1", []),
        ("py", "pg.explore.explore(draw)", []),
        ("py", "from ipywidgets import interact\n@interact(p=(0, 1))\ndef f(p): pass", []),
    ) == {"words": 2, "cells": 3, "figures": 2}
    said = "*Difficulty 2 of 5, importance 5 of 5, about {} minutes.*\n\nA long text that does not count."
    assert write(
        "exercises/03-x", ("md", said.format(10), []), ("py", "check(f)", []), ("md", said.format(25), [])
    ) == {"minutes": 35}
    assert write(
        "solutions/03-x",
        ("md", "As in the exercises.", []),
        ("py", "# BEGIN SOLUTION\n# END SOLUTION", []),
        ("py", "check(f)", []),
        ("md", "Why this is right.", ["solution-only"]),
    ) == {"words": 4, "cells": 1}


@pytest.fixture
def small(tmp_path):
    """A chapter with two pages to read, as a long one may have."""
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n- file: book/01-one\n"
        "- file: book/02-two\n  sections: [{file: book/02-more}, {file: notebooks/02-two}]\n"
    )
    (tmp_path / "book").mkdir(), (tmp_path / "notebooks").mkdir()
    for doc, n in (("01-one", 2000), ("02-two", 3000), ("02-more", 1000)):
        (tmp_path / f"book/{doc}.md").write_text(n * "word ")
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1") for _ in range(40)]),
        tmp_path / "notebooks/02-two.ipynb",
    )
    return tmp_path


@pytest.mark.parametrize(
    "asked, wanted",
    [
        ("read 1", "10"),
        ("read 2", "20"),
        ("run 2", "10"),
        ("2", "30"),
        ("1 2", "40"),
        ("book/02-more", "5"),
        ("run *", "10"),
    ],
)
def test_what_a_page_may_ask_for(small, asked, wanted):
    assert minutes.said(asked, small) == wanted
    assert minutes.hours(small) == 1


@pytest.mark.parametrize("asked", ["", "read", "read 3", "do 2", "book/03-three", "watch 2"])
def test_what_names_no_page_is_refused(small, asked):
    with pytest.raises(ValueError, match="names no page"):
        minutes.said(asked, small)


def test_exercises_ask_for_the_minutes_of_their_registry():
    from learning_to_act import strangers
    from learning_to_act.checks.engine import registry

    for doc in PATH:
        if doc.startswith("exercises/"):
            stem = doc.partition("/")[2]
            told = sum(one.minutes for one in registry().values() if one.stem == stem)
            assert minutes.page(doc)["minutes"] == told + strangers.MINUTES * (stem[3:] == strangers.CHAPTER) > 0


@pytest.mark.parametrize("doc", sorted(p.stem for p in (ROOT / "book").glob("0*.md")))
def test_no_page_of_a_chapter_takes_more_than_25_minutes(doc):
    """Not rounded."""
    assert 5 < minutes.exact(minutes.page(f"book/{doc}")) <= 25


def test_where_no_role_reaches_the_number_is_the_same():
    """`python -m tools.site.minutes --write`, then `make exercises`, mends it."""
    for doc in PATH:
        folder, _, stem = doc.partition("/")
        if folder in ("exercises", "solutions"):
            text = (ROOT / f"{doc}.ipynb").read_text("utf8")
            assert re.findall(r"Allow [^.;,]*", text) == [f"Allow {minutes.minutes(f'exercises/{stem}')} minutes"], doc
    assert re.findall(r"path takes about (\d+) hours", (ROOT / "README.md").read_text("utf8")) == [str(minutes.hours())]


def test_no_time_of_a_chapter_is_typed_by_hand():
    path, table, start = made.path(), made.plan(), (ROOT / "book/00-before-you-start.md").read_text("utf8")
    folders = start[start.index("| folder |") : start.index(":::{admonition} Colours")]
    typed = re.compile(r"(?:read|\)) \d+ (?:·|minutes)|^\s*\d+ minutes|exercises? \d \| *\d+ \||drill \| *\d+ \|", re.M)
    assert not typed.search(path) and not typed.search(table) and not re.search(r"\| *\d+[^|{]*\|$", folders, re.M)
    chapters = [
        one.number for one in contents.chapters() if "question" in one.about
    ]  # the contract asks for both of every chapter
    planned = [one.number for one in contents.chapters() if "lecture" in one.about]
    assert {int(n) for n in re.findall(r"\{minutes\}`read (\d)`", path)} == set(chapters) and len(planned) >= 6, (
        "every chapter's reading time is on the path"
    )
    asked = " ".join(re.findall(r"\{minutes\}`([\d ]+)`", table))
    assert list(map(int, asked.split())) == planned, "every chapter's sum is in the plan"


def test_the_command_prints_every_page(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["minutes.py"])
    minutes.main()
    printed = capsys.readouterr().out
    assert all(re.search(rf"^{re.escape(doc)} .* {minutes.minutes(doc)}$", printed, re.M) for doc in DOCS)
    assert f"the path: {minutes.hours()} hours" in printed


def test_write_changes_the_numbers_and_nothing_else(tmp_path):
    for name in ("_toc.yml", "README.md"):
        (tmp_path / name).write_text((ROOT / name).read_text("utf8"), "utf8")
    for folder in ("book", "notebooks", "exercises", "solutions"):
        (tmp_path / folder).symlink_to(ROOT / folder) if folder != "solutions" else (tmp_path / folder).mkdir()
    for path in (ROOT / "solutions").glob("*.ipynb"):
        (tmp_path / "solutions" / path.name).write_text(path.read_text("utf8"), "utf8")
    assert minutes.write(tmp_path) == []
    stale = tmp_path / "solutions/02-the-theorem.ipynb"
    before = stale.read_text("utf8")
    stale.write_text(re.sub(r"Allow \d+ minutes", "Allow an hour and a half", before), "utf8")
    assert minutes.write(tmp_path) == [stale] and stale.read_text("utf8") == before
    json.loads(before)
