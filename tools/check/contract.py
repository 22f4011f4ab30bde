"""What every chapter owes the book: `python -m tools.check.contract` names what is not there and the file to write.

Each part is a function that yields one sentence for what lacks. A chapter that has not a part by its nature says so,
with the reason, under `without:` in the head of its first page.
"""

import argparse
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from tools import contents
from tools.paths import VERBS
from tools.written import content

PARTS = {}
FEWEST = 5  # exercises of a chapter


def part(name):
    def note(function):
        PARTS[name] = function
        return function

    return note


def exercises(chapter):
    from learning_to_act.checks.registry import registry

    return [exercise for exercise in registry().values() if exercise.chapter == chapter.slug]


def page(folder):
    def needed(chapter):
        file = f"{folder}/{chapter.stem}.{'md' if folder == 'book' else 'ipynb'}"
        if not (chapter.root / file).exists():
            yield f"{file} is not there: " + ("run `make exercises`." if folder == "exercises" else "write it.")
        if f"{folder}/{chapter.stem}" not in chapter.pages:
            yield f"_toc.yml does not name {folder}/{chapter.stem}: write it under book/{chapter.stem}."

    return needed


for folder in VERBS:
    part(folder)(page(folder))


@part("number")
def numbered(chapter):
    """In order; a number may be free, for a chapter that is still to be written."""
    chapters = contents.chapters(chapter.root)
    for earlier in chapters[: [each.stem for each in chapters].index(chapter.stem)]:
        if earlier.number >= chapter.number:
            yield (
                f"_toc.yml has {chapter.stem} after {earlier.stem}: put its lines where its number says, "
                "and give no number twice."
            )


@part("checks")
def checks(chapter):
    file = f"learning_to_act/exercises/{chapter.module}.py"
    if not (chapter.root / file).exists():
        yield f"{file} is not there: write it, with EXERCISES."
    elif (n := len(exercises(chapter))) < FEWEST:
        yield f"{file} has {n} exercise{'s' * (n != 1)}: write {FEWEST} or more."
    from learning_to_act.exercises import NUMBERS

    if NUMBERS.get(chapter.slug) != chapter.number:
        yield (
            f"NUMBERS in learning_to_act/exercises/__init__.py has {NUMBERS.get(chapter.slug)} for {chapter.slug}: "
            f"write {chapter.number}, as in _toc.yml."
        )


@part("attacks")
def attacks(chapter):
    from tests import attacks

    file = f"tests/chapters/{chapter.module}/attacks.py"
    if not (chapter.root / file).exists():
        yield f"{file} is not there: write wrong and right answers to each exercise, as people write them."
        return
    for exercise in exercises(chapter):
        if not attacks.WRONG.get(exercise.name) or not attacks.RIGHT.get(exercise.name):
            yield (
                f"{file} has no {'wrong' if not attacks.WRONG.get(exercise.name) else 'right'} answers "
                f"to {exercise.name}: write some."
            )


@part("numbers")
def numbers(chapter):
    file = f"tests/chapters/{chapter.module}/test_numbers.py"
    if not (chapter.root / file).exists():
        yield f"{file} is not there: recompute there each number that the chapter states."


@part("question")
def front_page(chapter):
    if "question" not in chapter.about:
        yield f"book/{chapter.stem}.md asks nothing on the front page: write `question:` under `chapter:` in its head."
    if "```{path}" not in (chapter.root / "book/index.md").read_text("utf8"):
        yield "book/index.md has no {path}: write the directive where the list of chapters belongs."


@part("explorables")
def figures(chapter):
    shown = [
        name
        for doc in chapter.reading()
        for name in re.findall(r"\{explorable\} \S*\.(\w+)", (chapter.root / f"{doc}.md").read_text("utf8"))
    ]
    if sorted(shown) != sorted(chapter.about.get("explorables", ())):
        yield (
            f"book/{chapter.stem}.md should have `explorables: [{', '.join(shown)}]` in its head: "
            "these are the figures of its pages."
        )
    file = f"tests/chapters/{chapter.module}/test_explorables.py"
    if shown and not (chapter.root / file).exists():
        yield f"{file} is not there: hold there {', '.join(shown)} to computations of another kind, and drive each."


@part("terms")
def terms(chapter):
    known = set(re.findall(r"^([^\s:`#*-][^\n]*)\n  ", (chapter.root / "book/glossary.md").read_text("utf8"), re.M))
    introduced = chapter.about.get("terms") or []
    if not introduced:
        yield f"book/{chapter.stem}.md explains no term: write `terms:` in its head, and each one in book/glossary.md."
    for term in introduced:
        if term not in known:
            yield (
                f"book/glossary.md does not have {term!r}, "
                f"which the head of book/{chapter.stem}.md names: write it there."
            )


@part("questions")
def questions(chapter):
    if not [q for q in contents.questions(chapter.root) if q["chapter"] == chapter.number]:
        yield (
            f"No interview question (and so no flashcard) belongs to chapter {chapter.number}: "
            f"write some in book/interview/{chapter.slug}.yml."
        )


@part("lecture")
def plan(chapter):
    wanted = ["before", "class", "after"] if "exercises" in chapter.verbs() else ["before"]
    if missing := [when for when in wanted if when not in (chapter.about.get("lecture") or {})]:
        yield (
            f"The instructors' plan lacks the chapter's {' and '.join(missing)}: write `lecture:` in the head of "
            f"book/{chapter.stem}.md."
        )


@part("runs")
def in_the_page(chapter):
    """The wheel carries the checks, so that the exercises run in their page."""
    project = tomllib.loads((chapter.root / "pyproject.toml").read_text("utf8"))
    from setuptools import find_packages

    packages = find_packages(str(chapter.root), **project["tool"]["setuptools"]["packages"]["find"])
    for exercise in exercises(chapter) or [None]:
        home = exercise.truth.__module__ if exercise else ""
        if home.rpartition(".")[0] not in packages:
            yield (
                f"The wheel carries no exercises of {chapter.stem}: "
                f"write learning_to_act/exercises/{chapter.module}.py."
            )
        return


@part("graded")
def graded(chapter):
    from tools.make import class_
    from tools.site.path import points

    source = chapter.root / f"solutions/{chapter.stem}.ipynb"
    if not source.exists():
        yield f"make class can make no assignment of {chapter.stem}: write solutions/{chapter.stem}.ipynb."
        return
    for tool in ("nbgrader", "otter"):
        with tempfile.TemporaryDirectory() as folder:
            [(_, given)] = class_.make(tool, [source], Path(folder))
        if given != points(chapter.stem) or not given:
            yield (
                f"{tool} gives {given} points and the exercises are worth {points(chapter.stem)}: give each a cell "
                f"`check(NAME)` in solutions/{chapter.stem}.ipynb."
            )


@part("paper and search")
def paper_and_search(chapter):
    from tools.make.pdf import order

    printed = {name for name, *_ in order(content(chapter.root / "_toc.yml"))}
    for doc in chapter.pages:
        if doc not in printed:
            yield f"The PDF leaves out {doc}: write it below book/{chapter.stem} in _toc.yml."
        file = chapter.root / f"{doc}.md"
        if file.exists() and re.search(
            r"^(?:nosearch|no-search|orphan):", file.read_text("utf8").partition("\n---\n")[0], re.M
        ):
            yield f"Search leaves out {doc}: take `nosearch` and `orphan` out of the head of {doc}.md."


@part("written")
def written(chapter):
    for doc in chapter.pages:
        file = next(
            (chapter.root / f"{doc}{end}" for end in (".md", ".ipynb") if (chapter.root / f"{doc}{end}").exists()), None
        )
        if not file or "To be written." not in file.read_text("utf8"):
            continue
        said, source = f'{doc}{file.suffix} still says "To be written."', f"solutions/{chapter.stem}.ipynb"
        if not doc.startswith("exercises/"):
            yield f"{said}: write it{', then run `make exercises`' * doc.startswith('solutions/')}."
        elif (chapter.root / source).exists() and "To be written." not in (chapter.root / source).read_text("utf8"):
            yield f"{said}, {source} no more: run `make exercises`."


def lacks(chapter, name):
    """What lacks of one part, as sentences; nothing where the chapter says that it has not this part."""
    if not chapter.first.exists():
        return list(PARTS["book"](chapter)) if name == "book" else []
    excused = chapter.about.get("without") or {}
    if name in excused:
        return (
            []
            if len(str(excused[name])) > 10
            else [f"book/{chapter.stem}.md is `without` {name} and gives no reason: write one."]
        )
    return list(PARTS[name](chapter))


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    lines = [
        f"{chapter.stem}: {fault}"
        for chapter in contents.chapters()
        for name in PARTS
        for fault in lacks(chapter, name)
    ]
    print(*lines, sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
