"""A chapter that is named must be there."""

import pytest

from tools.paths import ROOT
from tools.site import chapters


@pytest.mark.parametrize(
    "text",
    [
        "Chapter 7 puts a leash on that.",
        "the subject of chapter 6) five seeds",
        "see chapters 2 and 9.",
        "chapters 4 to 6",
        "Chapters 3, 4, 5 and 6",
        "in chapter\n8 it is",
        "[chapter 6](x.md)",
        "as chapter seven shows",
        "(chapter 17)",
        "Sutton and Barto say so. Chapter 6 proves it.",
        "| Barto | x |\n| chapter 6 | y |",
    ],
)
def test_a_chapter_that_is_not_there_is_found(text):
    assert len(chapters.missing(text, {0, 1, 2, 3, 4, 5})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "chapter 5",
        "Chapters 0 and 1",
        "chapters 2 to 4",
        "chapter five",
        "chapter05 import mistakes",
        "the chapter has 7 figures",
        "a chapter of 40 pages",
        "Sutton and Barto, chapter 13, has it.",
        "In chapter 13 of Sutton's book",
        "| Barto | chapter 13 |",
        "Each chapter. 7 of them",
    ],
)
def test_others_are_left_alone(text):
    assert chapters.missing(text, {0, 1, 2, 3, 4, 5}) == []


def test_every_chapter_that_the_book_names_is_in_its_contents():
    assert len(chapters.chapters(ROOT)) >= 6 and chapters.everywhere() == []


def test_all_sorts_of_files_are_read(tmp_path):
    (tmp_path / "_toc.yml").write_text("chapters:\n- file: book/01-one\n")
    said = {
        "book/01-one.md": "Chapter 2.",
        "book/practice/drills.yml": "a: in chapter 3",
        "learning_to_act/checks/chapter01.py": "'chapter 4'",
        "learning_to_act/explorables/a.js": "// chapter 5",
        "README.md": "chapter 6",
        "notebooks/01-one.ipynb": '{"cells": [{"source": ["so says\\n", "chapter 7"], "outputs": [{"text": '
        '"chapter 8"}]}]}',
    }
    for name, text in said.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert {path for path, _ in chapters.everywhere(tmp_path)} == set(said)
