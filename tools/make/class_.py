"""Make a graded assignment from a chapter's solutions, in the source format of nbgrader or of Otter-Grader.

    python -m tools.make.class_ nbgrader|otter [CHAPTER ...] [--to FOLDER]
        CHAPTER: 03, or a file's name; default: all

Writes class/TOOL/, which git ignores and which is written anew each time: edit copies. An exercise is worth a point for
each five minutes that it is meant to take. What a learner sees is the exercise with its own `check(...)`; the points
come from a hidden test, which imports the package anew, so that a redefined or patched `check` gives nothing.
"""

import argparse
import os
import re
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_raw_cell

from learning_to_act.checks.engine import registry
from tools.make.exercises import REGION, ROOT, STUB, runs_through

MINUTES = 5  # for a point
CHECK = re.compile(r'check\((\w+)(, mistake="")?\)')
SCHEMA = 3  # of nbgrader's cell metadata
BOUNDS = "import policy_gradient.checks.grading      # only while work is graded: bounds on a cell's time and memory"
FRESH = """import sys
for _name in [name for name in sys.modules if name.partition(".")[0] in ("policy_gradient", "learning_to_act")]:
    del sys.modules[_name]
from policy_gradient.checks import check as _check
_verdict = _check({call})
assert _verdict.passed is True, _verdict.message"""


class Question:
    """One exercise of a notebook: its cells by their part, and what it is worth."""

    def __init__(self, check, named, before, mended):
        self.name, self.check = check.group(1), named
        self.answer = [cell for cell in before if cell.cell_type == "code" and f"def {self.name}(" in cell.source][-1]
        self.points = max(1, round(registry()[self.name].minutes / MINUTES))
        self.bug = (
            check.group(2) is not None
        )  # "Find the bug": the function is given whole, and the mistake is to be named
        self.mended = mended
        self.label = self.name.replace("update_", "name_")
        self.call = f'{self.name}, "{self.name}"' + (f", mistake={self.label}" if self.bug else "")


def questions(path):
    """(cells without what only solutions have, {id of the cell with the check: Question})."""
    nb = nbformat.read(path, as_version=4)
    mended = {cell.id.removesuffix("-mended"): cell.source for cell in nb.cells if cell.id.endswith("-mended")}
    cells = [cell for cell in nb.cells if "solution-only" not in cell.metadata.get("tags", [])]
    cells[0].source = cells[0].source.replace("# Solutions", "# Exercises", 1)
    runs_through(cells)
    for cell in cells:
        if cell.id == "imports":
            cell.source += f"\n{BOUNDS}"
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    by_cell = {}
    for i, cell in enumerate(cells):
        if cell.cell_type == "code" and (check := CHECK.fullmatch(cell.source)):
            by_cell[cell.id] = Question(check, cell, cells[:i], mended.get(cell.id.removesuffix("-check")))
    return nb, cells, by_cell


def naming(question):
    return f'{question.label} = ""                # the name that you give to the mistake'


def marked(cell, *, grade_id="", **flags):
    """`cell` as nbgrader's documentation of its metadata has it."""
    cell.metadata["nbgrader"] = {
        "schema_version": SCHEMA,
        "grade_id": grade_id or cell.id,
        "task": False,
        **{"grade": False, "solution": False, "locked": False} | flags,
    }
    return cell


def for_nbgrader(path):
    nb, cells, by_cell = questions(path)
    nb.cells = []
    for cell in cells:
        nb.cells.append(cell)
        if cell.id == "imports":
            marked(cell, locked=True)
        if question := by_cell.get(cell.id):
            if REGION.search(question.answer.source):
                marked(question.answer, solution=True)
            if question.bug:
                cell.source = f"{naming(question)}\ncheck({question.name}, mistake={question.label})"
            named = f", mistake={question.label}" if question.bug else ""
            nb.cells.append(
                marked(
                    new_code_cell(
                        f"# {question.points} point{'s' * (question.points > 1)} for {question.name}. "
                        "When your work is graded, the check is imported anew.\n"
                        f"verdict = check({question.name}{named})\nassert verdict.passed, verdict.message\n"
                        f"### BEGIN HIDDEN TESTS\n{FRESH.format(call=question.call)}\n### END HIDDEN TESTS",
                        id=f"{cell.id}-points",
                    ),
                    grade_id=f"{cell.id}-points",
                    grade=True,
                    locked=True,
                    points=question.points,
                )
            )
    return nb


def prompted(source, prompt):
    """Otter's form of "this is the answer, and that is what a learner starts from"."""
    return f'# BEGIN SOLUTION NO PROMPT\n{source}\n# END SOLUTION\n""" # BEGIN PROMPT\n{prompt}\n""" # END PROMPT'


def for_otter(path):
    nb, cells, by_cell = questions(path)
    begins = {question.answer.id: question for question in by_cell.values()}
    total = sum(question.points for question in by_cell.values())
    config = (
        f"# ASSIGNMENT CONFIG\nname: {path.stem}\ninit_cell: false\nexport_cell: false\ncheck_all_cell: false\n"
        f"requirements: requirements.txt\ntests:\n  ok_format: false\ngenerate:\n  points_possible: {total}"
    )
    nb.cells = [new_raw_cell(config, id="assignment")]

    def raw(text, name):
        nb.cells.append(new_raw_cell(f"# {text}", id=name))

    for cell in cells:
        if question := begins.get(cell.id):
            stem = cell.id.removesuffix("-answer").removesuffix("-given")
            raw(f"BEGIN QUESTION\nname: {question.name}\npoints: {question.points}", f"{stem}-begin")
            raw("BEGIN SOLUTION", f"{stem}-solution-begin")
            if question.bug:
                cell.source = f"{prompted(question.mended, cell.source)}\n\n" + prompted(
                    f'{question.label} = "{registry()[question.name].bug}"', naming(question)
                )
            else:
                cell.source = REGION.sub(
                    lambda region: (
                        region[0].replace("# BEGIN SOLUTION", "# BEGIN SOLUTION NO PROMPT", 1)
                        + f'\n{region[1]}""" # BEGIN PROMPT\n{region[1]}{STUB}\n{region[1]}""" # END PROMPT'
                    ),
                    cell.source,
                )
            nb.cells.append(cell)
            raw("END SOLUTION", f"{stem}-solution-end")
            raw("BEGIN TESTS", f"{stem}-tests-begin")
            arguments = ", ".join([question.name, *[question.label] * question.bug])
            body = FRESH.format(call=question.call).replace("\n", "\n    ")
            nb.cells.append(
                new_code_cell(
                    f'""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG\n'
                    f"def test_{question.name}({arguments}):\n    {body}",
                    id=f"{stem}-test",
                )
            )
            raw("END TESTS", f"{stem}-tests-end")
            raw("END QUESTION", f"{stem}-end")
        else:
            if (question := by_cell.get(cell.id)) and question.bug:
                cell.source = f"check({question.name}, mistake={question.label})"
            if question or cell.id.endswith("-example"):  # not run for points: the hidden tests are what counts
                cell.metadata["tags"] = ["otter_ignore"]
            nb.cells.append(cell)
    return nb


def requirements():
    """What Otter's container installs: the book's package at its public address, as far as that is known."""
    address = os.environ.get("PG_REPOSITORY", "")
    package = (
        f"policy-gradient @ git+{address}"
        if address
        else "# policy-gradient @ git+ADDRESS (of your copy of the book; or set PG_REPOSITORY)"
    )
    return f"numpy\nmatplotlib\ngymnasium\nanywidget\nscipy\ntqdm\n{package}\n"


CONFIG = f"""# nbgrader reads this in its course's folder, the one that holds source/.
c = get_config()
c.CourseDirectory.course_id = "learning-to-act"
c.ClearSolutions.code_stub = {{"python": {STUB!r}}}
# A cell is stopped in the kernel after 20 s and 2 GB, a function under check after 5 s and 1 GB
# (policy_gradient.checks.grading and .quiet; on Windows only the time, and by the line below).
# This is what is left for a cell that calls a check.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.interrupt_on_timeout = True

# Who copies an answer cell in JupyterLab copies its id too. nbgrader empties the earlier copy's metadata,
# and then stops at it, for this learner and for all after. Here the earlier copy becomes a plain cell:
# the last one counts, as it does when it is run.
from nbgrader.preprocessors import DeduplicateIds


class LastCopyCounts(DeduplicateIds):
    def preprocess_cell(self, cell, resources, cell_index):
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.metadata.get("nbgrader") == {{}}:
            del cell.metadata["nbgrader"]
        return cell, resources


from nbgrader.converters import Autograde

c.Autograde.sanitize_preprocessors = [LastCopyCounts if one is DeduplicateIds else one
                                      for one in Autograde.class_traits()["sanitize_preprocessors"].default()]
"""


def make(tool, paths, folder):
    """Write `folder`/TOOL/...; return [(file, points)]."""
    made = []
    for path in paths:
        nb = (for_nbgrader if tool == "nbgrader" else for_otter)(path)
        nb.metadata = nbformat.from_dict(
            {key: nb.metadata[key] for key in ("kernelspec", "language_info") if key in nb.metadata}
        )
        home = folder / tool / ("source" if tool == "nbgrader" else "") / path.stem
        home.mkdir(parents=True, exist_ok=True)
        (home / path.name).write_text(nbformat.writes(nb) + "\n", encoding="utf-8")
        if tool == "otter":
            (home / "requirements.txt").write_text(requirements())
        made.append((home / path.name, sum(question.points for question in questions(path)[2].values())))
    if tool == "nbgrader":
        (folder / tool / "nbgrader_config.py").write_text(CONFIG)
    return made


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tool", choices=["nbgrader", "otter"])
    parser.add_argument("chapter", nargs="*", help="03, or 03-the-log-derivative-trick; default: every chapter")
    parser.add_argument("--to", type=Path, default=ROOT / "class", metavar="FOLDER", help="default: class/")
    args = parser.parse_args(arguments)
    have = {path.stem: path for path in sorted((ROOT / "solutions").glob("*.ipynb"))}
    asked = [
        next((stem for stem in have if stem == word or stem.split("-")[0] == word.zfill(2)), word)
        for word in args.chapter
    ] or list(have)
    if missing := [stem for stem in asked if stem not in have]:
        parser.error(f"no chapter {', '.join(missing)}; there are {', '.join(have)}")
    for path, points in make(args.tool, [have[stem] for stem in asked], args.to):
        print(f"{path}: {points} points")


if __name__ == "__main__":
    main()
