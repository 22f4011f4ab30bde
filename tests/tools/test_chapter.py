"""`make chapter` begins a chapter whole or not at all, and what cannot be begun is told in one sentence."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
import yaml

from tools import contents
from tools.check import contract
from tools.make import chapter
from tools.paths import ROOT

TOC = """format: jb-book
root: book/index
parts:
  - caption: The path
    chapters:
      - file: book/00-begin
      - file: book/01-one-more
        title: 1 · One more
        sections:
          - {file: notebooks/01-one-more, title: Run}
          - {file: exercises/01-one-more, title: Do}
          - {file: solutions/01-one-more, title: Compare}
          - {file: book/extra, title: Below the chapter}
  - caption: Reference
    chapters:
      - file: book/notation
"""


@pytest.fixture
def book(tmp_path):
    for file in ("book/00-begin.md", "book/01-one-more.md", "book/extra.md", "book/notation.md"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("# A title\n")
    (tmp_path / "book/00-begin.md").write_text(
        "---\nchapter:\n  without: {solutions: there is nothing to do}\n---\n# Begin\n"
    )
    for folder in ("notebooks", "exercises", "solutions"):
        (tmp_path / folder).mkdir()
        nbformat.write(nbformat.v4.new_notebook(), tmp_path / folder / "01-one-more.ipynb")
    (tmp_path / "learning_to_act/exercises").mkdir(parents=True)
    (tmp_path / "learning_to_act/exercises/__init__.py").write_text('NUMBERS = {\n    "one-more": 1,\n}\n')
    (tmp_path / "_toc.yml").write_text(TOC)
    return tmp_path


def everything(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_chapter_takes_the_next_number_and_its_lines_stand_after_the_last_chapter(book):
    before = everything(book)
    made = [path.relative_to(book).as_posix() for path in chapter.begin("actor-critic", root=book)]
    after = everything(book)
    assert (
        set(after) - set(before)
        == set(made)
        == {
            "book/02-actor-critic.md",
            "notebooks/02-actor-critic.ipynb",
            "solutions/02-actor-critic.ipynb",
            "exercises/02-actor-critic.ipynb",
            "learning_to_act/exercises/actor_critic.py",
            "tests/chapters/actor_critic/__init__.py",
            "tests/chapters/actor_critic/attacks.py",
        }
    )
    assert {file for file in before if before[file] != after[file]} == {
        "_toc.yml",
        "learning_to_act/exercises/__init__.py",
    }
    new = contents.chapters(book)[-1]
    assert (new.number, new.slug, new.title) == (2, "actor-critic", "Actor critic")
    assert new.verbs() == {
        folder: f"{folder}/02-actor-critic" for folder in ("book", "notebooks", "exercises", "solutions")
    }
    toc = yaml.safe_load((book / "_toc.yml").read_text())
    assert [entry["file"] for entry in toc["parts"][0]["chapters"]] == [
        "book/00-begin",
        "book/01-one-more",
        "book/02-actor-critic",
    ]
    assert toc["parts"][1]["chapters"] == [{"file": "book/notation"}] and contents.absent(book) == []


def test_what_is_written_is_right_and_its_one_mistake_is_known(book):
    chapter.begin("critics", root=book)
    for kind in ("notebooks", "solutions", "exercises"):
        nbformat.validate(nbformat.read(book / f"{kind}/02-critics.ipynb", 4))
    assert (
        "NotImplementedError" in (book / "exercises/02-critics.ipynb").read_text()
        and "SOLUTION" not in (book / "exercises/02-critics.ipynb").read_text()
    )
    space = {"__package__": "learning_to_act.exercises", "__name__": "learning_to_act.exercises.critics"}
    exec((book / "learning_to_act/exercises/critics.py").read_text(), space)
    [one] = space["EXERCISES"]
    solution = {}
    for cell in nbformat.read(book / "solutions/02-critics.ipynb", 4).cells:
        if cell.cell_type == "code" and "check(" not in cell.source:
            exec(cell.source, solution)
    assert one.judge(solution[one.name]).passed and one.chapter == "critics"
    exec((book / "learning_to_act/exercises/__init__.py").read_text(), space)
    assert space["NUMBERS"] == {"one-more": 1, "critics": 2}
    assert one.judge(one.mistakes[0].ways[0]).mistake == "squared"


@pytest.mark.parametrize("name", ["a", "actor-critic", "a-chapter-whose-name-is-just-long-enough"])
def test_what_is_written_has_the_house_s_form(book, name):
    written = [path for path in chapter.begin(name, root=book) if path.suffix == ".py"]
    assert len(written) == 3
    for command in (["check"], ["format", "--check", "--diff"]):
        told = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", ROOT / "pyproject.toml", *written],
            capture_output=True,
            text=True,
        )
        assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize(
    "name, says",
    [
        ("", "found ''"),
        ("Critics", "found 'Critics'"),
        ("actor critic", "small letters"),
        ("-critics", "single hyphens"),
        ("a--b", "single hyphens"),
        ("../critics", "small letters"),
        ("6-critics", "small letters"),
        ("one-more", "NAME=one-more is taken by 01-one-more"),
        ("begin", "taken by 00-begin"),
        ("a-name-" * 6 + "x", "at most 40 letters, found 43"),
    ],
)
def test_a_taken_or_ill_formed_name_is_one_sentence_and_nothing_is_written(book, name, says):
    before = everything(book)
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        chapter.begin(name, root=book)
    assert "\n" not in str(caught.value) and everything(book) == before


def test_contents_that_name_a_missing_page(book):
    (book / "book/extra.md").unlink()
    before = everything(book)
    with pytest.raises(
        ValueError, match="^_toc.yml names book/extra, which is not there: write it, or take its line out"
    ):
        chapter.begin("critics", root=book)
    assert everything(book) == before


def test_a_chapter_without_a_solution(book):
    (book / "_toc.yml").write_text(TOC.replace("          - {file: solutions/01-one-more, title: Compare}\n", ""))
    (book / "solutions/01-one-more.ipynb").unlink()
    before = everything(book)
    with pytest.raises(ValueError, match="^01-one-more has no solution: write solutions/01-one-more.ipynb"):
        chapter.begin("critics", root=book)
    assert everything(book) == before
    assert contract.lacks(contents.chapters(book)[1], "number") == []
    assert contract.lacks(contents.chapters(book)[1], "solutions") == [
        "solutions/01-one-more.ipynb is not there: write it.",
        "_toc.yml does not name solutions/01-one-more: write it under book/01-one-more.",
    ]


def test_a_file_that_is_there_is_left_alone(book):
    (book / "book/02-critics.md").write_text("mine")
    before = everything(book)
    with pytest.raises(ValueError, match="book/02-critics.md is there already"):
        chapter.begin("critics", root=book)
    assert everything(book) == before


def test_when_writing_breaks_nothing_is_left(book, monkeypatch):
    before = everything(book)

    def broken(path):
        raise OSError("the disk is full")

    monkeypatch.setattr(chapter.exercises, "exercise", broken)
    with pytest.raises(OSError, match="full"):
        chapter.begin("critics", root=book)
    assert everything(book) == before and not (book / "tests/chapters/critics").exists()


def test_the_command_says_one_sentence(capsys):
    with pytest.raises(SystemExit) as caught:
        chapter.main(["The Theorem"])
    assert re.fullmatch(r"NAME should be [^\n]+", caught.value.code)


def test_a_head_that_says_something_else_is_told(book):
    (book / "book/01-one-more.md").write_text("---\nchapter:\n  terms: []\n  minutes: 40\n---\n# One\n")
    with pytest.raises(ValueError, match="01-one-more.md: `chapter:` in its head .* found minutes"):
        contents.chapters(book)[1].about  # noqa: B018


def test_questions_are_read_in_the_order_of_the_chapters(book):
    several = [{"id": name, "chapter": n} for name, n in (("b", 1), ("a", 0), ("d", 1), ("c", 0))]
    (book / "book/interview").mkdir()
    for slug, n in (("begin", 0), ("one-more", 1)):
        (book / f"book/interview/{slug}.yml").write_text(json.dumps([q for q in several if q["chapter"] == n]))
    assert [q["id"] for q in contents.questions(book)] == ["a", "c", "b", "d"], "by chapter"
    (book / "book/interview/order.yml").write_text("[b, a, d]")
    assert [q["id"] for q in contents.questions(book)] == ["b", "a", "d", "c"], "new ones come last"


@pytest.mark.parametrize("name, cure", [("one_more", "one-more"), ("critics", "one of begin, one-more")])
def test_a_file_of_questions_that_no_chapter_reads_is_told_in_one_sentence(book, name, cure):
    (book / "book/interview").mkdir()
    (book / f"book/interview/{name}.yml").write_text("[]")
    with pytest.raises(ValueError) as caught:
        contents.questions(book)
    assert str(caught.value) == f"book/interview/{name}.yml is read by no chapter: call it by a chapter's slug, {cure}."


def test_what_is_still_to_be_written_is_said_of_the_file_that_is_written_by_hand(book):
    chapter.begin("critics", root=book)
    said = [
        f'{file} still says "To be written.": write it'
        for file in ("book/02-critics.md", "notebooks/02-critics.ipynb", "solutions/02-critics.ipynb")
    ]
    said[2] += ", then run `make exercises`"
    assert contract.lacks(contents.chapters(book)[-1], "written") == [f"{each}." for each in said]
    solutions = book / "solutions/02-critics.ipynb"
    solutions.write_text(solutions.read_text().replace("To be written.", "Twice."))
    assert contract.lacks(contents.chapters(book)[-1], "written")[2:] == [
        'exercises/02-critics.ipynb still says "To be written.", solutions/02-critics.ipynb no more: '
        "run `make exercises`."
    ]


def test_the_book_s_chapters_are_those_of_its_folders():
    for one in contents.chapters():
        assert one.first.exists() and (ROOT / f"tests/chapters/{one.module}/attacks.py").exists() == (
            "attacks" not in (one.about.get("without") or {})
        )


def test_a_chapter_with_figures_that_nothing_holds(book):
    page, tests = book / "book/01-one-more.md", "tests/chapters/one_more/test_explorables.py"
    page.write_text(
        "---\nchapter:\n  explorables: [TheDial]\n---\n# One\n\n"
        "```{explorable} policy_gradient.explorables.TheDial\n```\n"
    )
    [lacking] = contract.lacks(contents.chapters(book)[1], "explorables")
    assert lacking.startswith(f"{tests} is not there: ") and "TheDial" in lacking
    (book / tests).parent.mkdir(parents=True)
    (book / tests).touch()
    assert contract.lacks(contents.chapters(book)[1], "explorables") == []


def test_what_the_plan_lacks_is_named_in_the_order_of_a_week(book):
    chapter.begin("critics", root=book)
    assert contract.lacks(contents.chapters(book)[-1], "lecture") == [
        "The instructors' plan lacks the chapter's before and class and after: "
        "write `lecture:` in the head of book/02-critics.md."
    ]


def test_the_four_verbs_are_said_once():
    said = re.compile(r"""["'](?:book|notebooks|exercises|solutions)["']\W+["'](?:Read|Run|Do|Compare)["']""")
    files = sorted((ROOT / "tools").rglob("*.py"))
    assert [path.name for path in files if said.search(path.read_text("utf8"))] == ["paths.py"]
