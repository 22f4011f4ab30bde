"""The contract of a chapter: what it owes the book. What lacks is named in one sentence, with the file to write."""

import ast
import re

import pytest

from learning_to_act.exercises import NUMBERS
from tools import contents
from tools.check import contract
from tools.paths import ROOT

CHAPTERS = contents.chapters()


@pytest.mark.parametrize("part", contract.PARTS)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.slug)
def test_the_chapter_has(chapter, part):
    lacks = contract.lacks(chapter, part)
    assert not lacks, " ".join(lacks)


def test_a_page_that_the_contents_name_is_there():
    assert len(CHAPTERS) >= 6 and contents.absent() == []


def test_code_says_a_chapter_s_slug_and_its_number_in_one_place():
    """A number is a place in the book, and a place may change."""
    assert set(NUMBERS) <= {chapter.slug for chapter in CHAPTERS}
    files = [path for folder in ("learning_to_act", "tools", "studies") for path in (ROOT / folder).rglob("*.py")]
    nodes = {path: ast.walk(ast.parse(path.read_text("utf8"))) for path in files}
    said = re.compile(r"(?:\w+/)?\d\d-[a-z-]+(?:\.\w+)?")
    assert len(files) > 100 and not [
        (path.name, node.value)
        for path, found in nodes.items()
        for node in found
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and said.fullmatch(node.value)
    ]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.slug)
def test_what_a_chapter_is_without_is_a_part_and_not_there(chapter):
    excused = set(chapter.about.get("without") or {})
    assert excused <= set(contract.PARTS)
    for part in excused:
        assert list(contract.PARTS[part](chapter)), f"book/{chapter.stem}.md says that it is without {part}, and has it"
