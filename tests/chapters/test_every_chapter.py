"""The contract of a chapter: what it owes the book. What lacks is named in one sentence, with the file to write."""

import pytest

from tools import contents
from tools.check import contract

CHAPTERS = contents.chapters()


@pytest.mark.parametrize("part", contract.PARTS)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.slug)
def test_the_chapter_has(chapter, part):
    lacks = contract.lacks(chapter, part)
    assert not lacks, " ".join(lacks)


def test_a_page_that_the_contents_name_is_there():
    assert len(CHAPTERS) >= 6 and contents.absent() == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.slug)
def test_what_a_chapter_is_without_is_a_part_and_not_there(chapter):
    excused = set(chapter.about.get("without") or {})
    assert excused <= set(contract.PARTS)
    for part in excused:
        assert list(contract.PARTS[part](chapter)), f"book/{chapter.stem}.md says that it is without {part}, and has it"
