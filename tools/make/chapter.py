"""Begin a chapter: `make chapter NAME=actor-critic` writes its files, its lines in _toc.yml and its
number beside the exercises. They build; the contract test says what is to be written.

    python -m tools.make.chapter actor-critic [--title "Actor and critic"]

It writes the page, the lab, the solutions and the exercises made of them, the checks with one small exercise, and
attacks on it. It takes the next number. When the name is taken or ill-formed,
or the contents are at fault, it says so and writes nothing.
"""

import argparse
import re
import shutil
import subprocess
import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import contents
from tools.make import exercises, notebooks
from tools.paths import NOTEBOOKS, ROOT, VERBS

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40  # letters of a name: cells are called after it, and a notebook's format allows an id of 64
PAGE = """---
chapter:
  question: What is this chapter's question?
  explorables: []
myst:
  html_meta:
    "description lang=en": "{title}: to be written, in one sentence that says what a reader will see, prove and build \
in this chapter of the book."
---
# {title}

**What is this chapter's question?**

To be written. There is [a lab](../notebooks/{stem}.ipynb), \
and there are [exercises](../exercises/{stem}.ipynb) with [solutions](../solutions/{stem}.ipynb).
"""
CHECKS = '''"""Exercises of chapter {number}, {title}."""

import numpy as np

from ..checks.exercise import Case, Exercise, Mistake


def {function}(x):
    return 2.0 * np.asarray(x)


def _cases(rng):
    for N in (1, 4, 7):
        yield Case(f"{{N}} numbers", (rng.normal(1, 2, N),))


EXERCISES = [
    Exercise(
        truth={function},
        cases=_cases,
        difficulty=1,
        importance=1,
        minutes=5,
        hints=(
            "Look at the example: what happened to each number?",
            "No number meets another one.",
            "Each number is counted twice.",
        ),
        mistakes=(
            Mistake(
                "squared",
                "That is the square of each number. It should be counted twice.",
                (lambda x: x**2,),
            ),
        ),
        after="To be written.",
    ),
]
'''
ATTACKS = '''"""Chapter {number}: {title}."""

import numpy as np

from tests.attacks import probes, right, wrong


@probes("{function}")
def {function}_probes(rng):
    for N in (2, 3, 11):
        yield (rng.normal(-1, 3, N),)


@wrong("{function}", "squared")
def by_itself(x):
    return x * x


@right("{function}")
def added(x):
    return np.add(x, x)
'''


def tidy(text):
    return text if text.endswith("\n") else text + "\n"


def notebook(cells, description):
    meta = {
        "kernelspec": notebooks.KERNEL,
        "language_info": notebooks.LANGUAGE,
        "myst": {"html_meta": {"description lang=en": description}},
    }
    return tidy(nbformat.writes(new_notebook(cells=cells, metadata=meta)))


def lab(number, title):
    return notebook(
        [
            new_markdown_cell(
                f"# Lab {number}: {title[0].lower()}{title[1:]}\n\n**You will** find this to be written.", id="title"
            ),
            new_code_cell("import policy_gradient as pg", id="imports"),
            new_code_cell("print(pg.softmax([0.0, 0.0]))", id="first"),
            new_markdown_cell("To be written.", id="rest"),
        ],
        f"Lab: {title}, to be written.",
    )


def solutions(number, title, function):
    stem = function.replace("_", "-")
    return notebook(
        [
            new_markdown_cell(
                f"# Solutions {number}: {title[0].lower()}{title[1:]}\n\n"
                "**You will** write one function, to begin with. Allow 5 minutes.\n\n"
                "**How it works.** Replace the line `raise NotImplementedError`, then run the check below it.",
                id="title",
            ),
            new_code_cell("import numpy as np\nfrom policy_gradient.checks import check, hint", id="imports"),
            new_markdown_cell(
                "## 1. A first exercise\n\n*Difficulty 1 of 5, importance 1 of 5, about 5 minutes.*\n\n"
                f"To be written. Write `{function}(x)`, each of the numbers `x`, shape $(N,)$, counted twice. "
                "For 1 and 3 it should give\n\n    [2. 6.]",
                id=stem,
            ),
            new_code_cell(
                f"def {function}(x):\n    # BEGIN SOLUTION\n    return 2 * np.asarray(x)\n    # END SOLUTION",
                id=f"{stem}-answer",
            ),
            new_code_cell(
                f"print({function}(np.array([1.0, 3.0])))", id=f"{stem}-example", metadata={"tags": ["example"]}
            ),
            new_code_cell(f"check({function})", id=f"{stem}-check"),
            new_markdown_cell(
                f"Stuck? Run `hint({function})` in a cell of its own. "
                "Each call says a little more, and none says it all.",
                id=f"{stem}-stuck",
            ),
            new_markdown_cell(
                "### Why this is right\n\nTo be written.", id=f"{stem}-why", metadata={"tags": ["solution-only"]}
            ),
        ],
        f"One function of {title}, to be written; checked on the spot.",
    )


def listed(toc, stem, number, title):
    """_toc.yml with the chapter's lines after those of the last chapter."""
    lines = toc.splitlines(keepends=True)
    last = max(
        i for i, line in enumerate(lines) if re.search(r"file: (?:book|notebooks|exercises|solutions)/\d\d-", line)
    )
    while last + 1 < len(lines) and lines[last + 1].startswith(" " * 10):  # what else stands below that chapter
        last += 1
    new = [
        f"      - file: book/{stem}\n",
        f"        title: {number} · {title}\n",
        "        sections:\n",
        *(
            f"          - {{file: {folder}/{stem}, title: {verb}}}\n"
            for folder, verb in VERBS.items()
            if folder in NOTEBOOKS
        ),
    ]
    return "".join([*lines[: last + 1], *new, *lines[last + 1 :]])


def numbered(text, name, number):
    """learning_to_act/exercises/__init__.py with the chapter's number."""
    return re.sub(r"^}", f'    "{name}": {number},\n}}', text, flags=re.M)


def problem(name, root):
    """Why no chapter of this name can be begun, in a sentence; None if it can."""
    if not NAME.fullmatch(name or ""):
        return (
            f"NAME should be small letters, digits and single hyphens, such as actor-critic, found {name!r}: "
            "make chapter NAME=actor-critic."
        )
    if len(name) > LONGEST:
        return (
            f"NAME should have at most {LONGEST} letters, found {len(name)}: addresses and cells are called after it."
        )
    have = contents.chapters(root)
    if taken := next((chapter for chapter in have if chapter.module == name.replace("-", "_")), None):
        return f"NAME={name} is taken by {taken.stem}: choose another name."
    if absent := contents.absent(root):
        return (
            f"_toc.yml names {absent[0]}, which is not there: "
            "write it, or take its line out, before a new chapter is begun."
        )
    for chapter in have:
        if (
            "solutions" not in (chapter.about.get("without") or {})
            and not (root / f"solutions/{chapter.stem}.ipynb").exists()
        ):
            return (
                f"{chapter.stem} has no solution: write solutions/{chapter.stem}.ipynb before a new chapter is begun."
            )
    return None


def begin(name, title=None, root=ROOT):
    """Write the chapter's files; return their paths. ValueError, and nothing is written, if it cannot be begun."""
    if refusal := problem(name, root):
        raise ValueError(refusal)
    title = title or name.replace("-", " ").capitalize()
    number = max((chapter.number for chapter in contents.chapters(root)), default=-1) + 1
    stem, module = f"{number:02}-{name}", name.replace("-", "_")
    words = {"stem": stem, "number": number, "title": title, "function": f"twice_{module}"}
    toc, numbers = root / "_toc.yml", root / "learning_to_act/exercises/__init__.py"
    texts = {
        f"book/{stem}.md": PAGE.format(**words),
        f"notebooks/{stem}.ipynb": lab(number, title),
        f"solutions/{stem}.ipynb": solutions(number, title, words["function"]),
        f"learning_to_act/exercises/{module}.py": CHECKS.format(**words),
        f"tests/chapters/{module}/__init__.py": "",
        f"tests/chapters/{module}/attacks.py": ATTACKS.format(**words),
    }
    there = [file for file in [*texts, f"exercises/{stem}.ipynb"] if (root / file).exists()]
    if there:
        raise ValueError(f"{there[0]} is there already: choose another name, or move it away.")
    before = {path: path.read_text("utf8") for path in (toc, numbers)}
    new_folder, made = not (root / f"tests/chapters/{module}").exists(), []
    try:
        for file, text in texts.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            made.append(path)
            path.write_text(text, "utf8")
        made.append(root / f"exercises/{stem}.ipynb")
        made[-1].write_text(tidy(nbformat.writes(exercises.exercise(root / f"solutions/{stem}.ipynb"))), "utf8")
        toc.write_text(listed(before[toc], stem, number, title), "utf8")
        numbers.write_text(numbered(before[numbers], name, number), "utf8")
    except BaseException:  # nothing half-written is left
        for path in made:
            path.unlink(missing_ok=True)
        if new_folder:
            shutil.rmtree(root / f"tests/chapters/{module}", ignore_errors=True)
        for path, text in before.items():
            path.write_text(text, "utf8")
        raise
    return made


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", nargs="?", default="", help="small letters, digits, hyphens: actor-critic")
    parser.add_argument("--title", help="default: the name")
    args = parser.parse_args(arguments)
    try:
        made = begin(args.name, args.title)
    except ValueError as fault:
        sys.exit(str(fault))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "tools.make.notebooks",
            *(str(path) for path in made if path.parent.name in ("notebooks", "solutions")),
        ],
        cwd=ROOT,
        check=True,
    )  # the outputs of these cells
    print(*(path.relative_to(ROOT) for path in made), "_toc.yml", "learning_to_act/exercises/__init__.py", sep="\n")
    print("What the chapter lacks says `.venv/bin/python -m tools.check.contract`.")


if __name__ == "__main__":
    main()
