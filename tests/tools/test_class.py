"""Assignments for nbgrader and Otter-Grader: their format; and, where the tools are there,
what they give to right and wrong work.

`make test-class` makes an environment for each tool and runs all of this, nothing skipped.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from learning_to_act.checks.engine import registry
from tools.make import class_ as make_class
from tools.paths import ROOT
from tools.run.kernels import AsyncManager
from tools.site.path import plan

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
STEMS = [path.stem for path in SOLUTIONS]
STEM = "03-the-log-derivative-trick"
POINTS = {
    "bernoulli_score": 2,
    "score_function_gradient": 2,
    "discounted_returns": 2,
    "trajectory_log_prob": 3,
    "reinforce_gradient": 4,
    "optimal_baseline": 3,
}  # minutes 10, 10, 10, 15, 20, 15, by five
STUB = 'raise NotImplementedError("your code goes here")'


def solution_lines(path):
    """Every line of code that stands between the solution markers and says something."""
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
    inside = re.findall(r"# BEGIN SOLUTION\n(.*?)# END SOLUTION", text, re.S)
    return {line.strip() for part in inside for line in part.splitlines() if len(line.strip()) > 15}


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
@pytest.mark.parametrize("tool", ["nbgrader", "otter"])
def test_every_exercise_has_its_points_and_nothing_but_exercises_is_there(tool, path, tmp_path):
    [(made, points)] = make_class.make(tool, [path], tmp_path)
    nb = nbformat.read(made, 4)
    nbformat.validate(nb)
    assert len({cell.id for cell in nb.cells}) == len(nb.cells)
    exercises = [one for one in registry().values() if one.stem == path.stem]
    assert points == sum(one.minutes for one in exercises) // 5 and all(one.minutes % 5 == 0 for one in exercises)
    text = "\n".join(cell.source for cell in nb.cells)
    assert (
        "Why this is right" not in text
        and "What else people answer" not in text
        and nb.cells[tool == "otter"].source.startswith("# Exercises")
    )
    assert not any(cell.get("outputs") for cell in nb.cells)
    for one in exercises:
        assert text.count(f'_check({one.name}, "{one.name}"') == 1


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_the_metadata_is_as_nbgrader_documents_it(path, tmp_path):
    """Its contributor's guide, "JSON metadata format", and v3.json, which allows no other key."""
    [(made, points)] = make_class.make("nbgrader", [path], tmp_path)
    marks = [cell.metadata.nbgrader for cell in nbformat.read(made, 4).cells if "nbgrader" in cell.metadata]
    for mark in marks:
        assert mark.schema_version == 3 and re.fullmatch(r"[a-zA-Z0-9_\-]+", mark.grade_id)
        assert {type(mark[key]) for key in ("grade", "solution", "locked", "task")} == {bool}
        assert set(mark) == {"schema_version", "grade_id", "grade", "solution", "locked", "task"} | (
            {"points"} if mark.grade else set()
        )
        assert not mark.grade or mark.locked and not mark.solution and mark.points > 0  # "autograder tests"
    assert len({mark.grade_id for mark in marks}) == len(marks)
    assert sum(mark.get("points", 0) for mark in marks) == points


def student_version(nb):
    """What nbgrader's ClearSolutions and ClearHiddenTests do, in two lines."""
    for cell in nb.cells:
        cell.source = make_class.REGION.sub(rf"\1{STUB}", cell.source)
        cell.source = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", cell.source, flags=re.S)
    return "\n".join(cell.source for cell in nb.cells)


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_no_solution_leaks_to_a_learner(path, tmp_path):
    text = student_version(nbformat.read(make_class.make("nbgrader", [path], tmp_path)[0][0], 4))
    given = "\n".join(
        cell.source for cell in nbformat.read(ROOT / f"exercises/{path.name}", 4).cells
    )  # a bug's function may share a line
    assert (lines := {line for line in solution_lines(path) if line not in given}) and not [
        line for line in lines if line in text
    ]
    assert not re.search("SOLUTION|HIDDEN|_check", text)
    mended = [cell.source for cell in nbformat.read(path, 4).cells if cell.id.endswith("-mended")]
    assert not [source for source in mended if source in text]


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_otters_blocks_are_closed_and_in_order(path, tmp_path):
    """The order that its documentation asks for, for each question."""
    nb = nbformat.read(make_class.make("otter", [path], tmp_path)[0][0], 4)
    raw = [cell.source.splitlines()[0].removeprefix("# ") for cell in nb.cells if cell.cell_type == "raw"]
    block = ["BEGIN QUESTION", "BEGIN SOLUTION", "END SOLUTION", "BEGIN TESTS", "END TESTS", "END QUESTION"]
    assert raw == ["ASSIGNMENT CONFIG", *block * (len(raw) // 6)] and len(raw) > 6
    for cell in nb.cells:
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")
            assert (
                cell.source.count("# BEGIN PROMPT")
                == cell.source.count("# BEGIN SOLUTION")
                == cell.source.count("# END PROMPT")
            )


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_a_graded_notebook_bounds_its_cells_and_otter_leaves_examples_out(path, tmp_path):
    for tool in ("nbgrader", "otter"):
        nb = nbformat.read(make_class.make(tool, [path], tmp_path)[0][0], 4)
        [imports] = [cell for cell in nb.cells if cell.id == "imports"]
        assert (
            imports.source.splitlines()[-1] == make_class.BOUNDS
            and imports.metadata.get("nbgrader", {"locked": True})["locked"]
        )
        tagged = {cell.id for cell in nb.cells if "otter_ignore" in cell.metadata.get("tags", [])}
        assert tagged == (
            {cell.id for cell in nb.cells if cell.id.endswith(("-example", "-check"))} if tool == "otter" else set()
        )
    assert "interrupt_on_timeout = True" in (tmp_path / "nbgrader/nbgrader_config.py").read_text()


GRADED = [
    "from learning_to_act.checks import grading; grading.AGAIN = 0.2; grading.begin(get_ipython(), seconds=0.5)",
    "def f():\n    while True:\n        try:\n            while True: pass\n        except:\n            pass",
    "f()",
    "print('the next one')",
]


def test_in_a_kernel_a_loop_that_swallows_its_end_is_stopped_soon():
    """There a thousand signals a second did not hit the moment between two `try` blocks for minutes."""
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in GRADED])
    NotebookClient(
        nb,
        timeout=300,
        allow_errors=True,
        kernel_manager_class=AsyncManager,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    ).execute()
    assert [out.get("ename", out.get("text")) for cell in nb.cells for out in cell.outputs] == [
        "CellTimeUp",
        "the next one\n",
    ]


def test_the_same_bytes_each_time(tmp_path):
    for tool in ("nbgrader", "otter"):
        for folder in "ab":
            make_class.make(tool, SOLUTIONS, tmp_path / folder)
    files = [
        sorted(p.relative_to(tmp_path / folder) for p in (tmp_path / folder).rglob("*") if p.is_file())
        for folder in "ab"
    ]
    assert files[0] == files[1] and len(files[0]) == 1 + 3 * len(SOLUTIONS)
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files[0])


def test_a_chapter_by_its_number_and_a_wrong_one(tmp_path, capsys):
    make_class.main(["nbgrader", "3", "--to", str(tmp_path)])
    assert capsys.readouterr().out.endswith(f"{STEM}.ipynb: 16 points\n")
    with pytest.raises(SystemExit):
        make_class.main(["nbgrader", "33", "--to", str(tmp_path)])
    assert "no chapter 33" in capsys.readouterr().err
    assert "class/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_page_says_what_was_measured_and_what_is_given():
    from benchmarks import one_learner

    page = (ROOT / "book/for-instructors.md").read_text()
    found = json.loads((ROOT / "benchmarks/results/learner.json").read_text())
    for table in one_learner.tables(found):
        assert table in page
    kernels = sorted(one["peak MiB"] for one in found["notebooks"].values())
    assert f"takes {found['server']['peak MiB']} MiB" in page
    assert (
        f"needs {found['server']['peak MiB'] + kernels[-1]} MiB" in page
        and f"{found['server']['peak MiB'] + sum(kernels[-3:])} MiB" in page
    )
    busiest = max(one["CPU seconds"] for name, one in found["notebooks"].items() if name.startswith("exercises/"))
    assert found["notebooks"]["exercises/05-in-the-interview.ipynb"]["CPU seconds"] == busiest
    assert f"exercises of chapter 5, whose checks sample, cost more, {busiest} CPU seconds" in page
    assert round(200 * busiest / 60 / 8) == 7 and "keep eight cores busy for seven minutes" in page
    makefile = (ROOT / "Makefile").read_text()
    for graders in ("nbgrader==0.9.6 -e .", "otter-grader==7.0.0 ipykernel -e ."):  # the environments that are tested
        assert f"-c constraints.txt {graders}\n" in makefile and f"\npip install -c constraints.txt {graders}\n" in page
    for path in SOLUTIONS:
        points = sum(one.minutes for one in registry().values() if one.stem == path.stem) // 5
        assert re.search(rf"^\|.*\({path.stem}\.md\).*\| {points} \|$", plan(), re.M), path.stem
    for name, points in POINTS.items():
        given = [points * (name in WORK[who][1]) for who in ("right", "wrong", "cheat")]
        assert f"| `{name}` | {points} | {' | '.join(map(str, given))} |" in page


PATCHES = {
    "the name `check`": "from types import SimpleNamespace\ncheck = lambda *a, "
    "**k: SimpleNamespace(passed=True, message='')",
    "the package's function": "import policy_gradient.checks as c\nfrom policy_gradient.checks import Result\n"
    "c.check = c.engine.check = lambda *a, **k: Result(True, '')",
    "the comparison": "from policy_gradient.checks.exercise import Exercise\n"
    "Exercise.right = Exercise.close = lambda *a, **k: True",
    "the verdict": "from policy_gradient.checks import Result\nResult.passed = True",
}


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_a_patched_check_gives_no_points(patch):
    """In a process of its own, as the hidden test begins by forgetting the package."""
    hidden = make_class.FRESH.format(call='optimal_baseline, "optimal_baseline"')
    program = f"def optimal_baseline(f_values, scores):\n    return scores[0] * 0\n{patch}\n{hidden}"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL
    )
    assert ran.returncode == 1 and "AssertionError" in ran.stderr, ran.stderr


# --- the real tools ---------------------------------------------------------------------------------------------------


def python_of(tool):
    """The Python of the tool's environment; else the test is skipped, or fails if `make test-class` asked for it."""
    path = Path(os.environ.get(f"PG_{tool.upper()}", ROOT / f".venv-{tool}")).absolute() / "bin/python"
    if not path.exists():
        (pytest.fail if os.environ.get("PG_CLASS") else pytest.skip)(
            f"no environment with {tool} at {path}: `make test-class` makes one"
        )
    return path


def run(tool, *arguments, cwd):
    """The tool's own command, its environment first on the path (nbgrader looks for alembic there)."""
    python = python_of(tool)
    env = os.environ | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "OPENBLAS_NUM_THREADS": "1",
        "JUPYTER_CONFIG_DIR": str(cwd / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(cwd / "jupyter-data"),
    }
    ran = subprocess.run(
        [python, *arguments], cwd=cwd, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran.stdout


def answered(released, wrong=(), missing=(), first="", copied=""):
    """The released notebook as a learner hands it in: our solutions, but for what is `wrong` (name -> body)
    or `missing`."""
    solutions = {}
    for cell in nbformat.read(ROOT / f"solutions/{STEM}.ipynb", 4).cells:
        if "# BEGIN SOLUTION" in cell.source:
            solutions[re.search(r"def (\w+)", cell.source)[1]] = cell.source
    nb, seen = nbformat.read(released, 4), []
    for cell in nb.cells:
        if STUB in cell.source:
            seen.append(name := re.search(r"def (\w+)", cell.source)[1])
            if name in wrong:
                cell.source = cell.source.replace(STUB, wrong[name])
            elif name not in missing:
                cell.source = solutions[name]
    assert seen == list(POINTS)
    if copied:  # JupyterLab's copy of a cell has another id, and the same metadata
        at = next(i for i, cell in enumerate(nb.cells) if f"def {copied}(" in cell.source)
        nb.cells.insert(at, nbformat.from_dict({**nb.cells[at], "id": "copied", "source": "1 / 0"}))
    if first:
        nb.cells.insert(2, nbformat.v4.new_code_cell(first, id="first"))
    return nb


WORK = {  # who hands in what, and the exercises that deserve their points
    "right": ({}, list(POINTS)),
    "wrong": (
        {
            "wrong": {
                "bernoulli_score": "p = 1 / (1 + np.exp(-theta))\n    return np.where(x == 1, 1, -1) * p * (1 - p)"
            },
            "missing": ["optimal_baseline"],
        },
        ["score_function_gradient", "discounted_returns", "trajectory_log_prob", "reinforce_gradient"],
    ),
    "copied": ({"copied": "discounted_returns"}, list(POINTS)),
    "cheat": ({"missing": list(POINTS), "first": "\n".join(PATCHES.values())}, []),
}


FIRST = "bernoulli_score"  # the function that does what a kind says; the five others are right
KINDS = {  # what never returns, or takes all it can get: FIRST's body, or a cell of the learner's own
    "endless": {"wrong": {FIRST: "while True:\n        pass"}},
    "endless-swallows": {
        "wrong": {
            FIRST: "while True:\n        try:\n            while True:\n                pass\n        except:\n"
            "            pass"
        }
    },
    "grows-in-lumps": {"wrong": {FIRST: "kept = []\n    while True:\n        kept.append(np.ones(100_000))"}},
    "grows-in-crumbs": {"wrong": {FIRST: "kept = []\n    while True:\n        kept.append(float(len(kept)))"}},
    "sleeps": {"wrong": {FIRST: "import time\n    time.sleep(10_000)"}},
    "huge-array": {"wrong": {FIRST: "return np.zeros(10**12)"}},
    "recursion": {"wrong": {FIRST: f"return {FIRST}(theta, x)"}},
    "exits": {"wrong": {FIRST: "import sys\n    sys.exit()"}},
    "asks": {"wrong": {FIRST: "return float(input())"}},
    "generator": {"wrong": {FIRST: "yield x - theta"}},
    "own-cell-endless": {"missing": [FIRST], "first": "while True:\n    pass"},
    "own-cell-grows": {"missing": [FIRST], "first": "kept = [0]\nwhile True:\n    kept += kept"},
    "syntax": {"missing": [FIRST], "first": "def half(:\n    return"},
    "warnings-as-errors": {
        "missing": [FIRST],
        "first": "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')",
    },
}
STANDING = (
    "endless-swallows",
    "grows-in-lumps",
    "grows-in-crumbs",
    "own-cell-endless",
    "own-cell-grows",
)  # in the test; all were tried once
WORK |= {kind: (KINDS[kind], [name for name in POINTS if name != FIRST]) for kind in STANDING}


def expected(who):
    return {name: float(points * (name in WORK[who][1])) for name, points in POINTS.items()}


@pytest.mark.timeout(3600)
def test_nbgrader_gives_the_points(tmp_path):
    python_of("nbgrader")
    make_class.make("nbgrader", [ROOT / f"solutions/{STEM}.ipynb"], tmp_path)
    course = tmp_path / "nbgrader"
    run("nbgrader", "-m", "nbgrader", "generate_assignment", STEM, cwd=course)
    released = course / f"release/{STEM}/{STEM}.ipynb"
    text = released.read_text()
    assert text.count("raise NotImplementedError(") == len(POINTS) and not re.search("SOLUTION|HIDDEN|_check", text)
    for who, (how, _) in WORK.items():
        home = course / f"submitted/{who}/{STEM}"
        home.mkdir(parents=True)
        nbformat.write(answered(released, **how), home / f"{STEM}.ipynb")
    run("nbgrader", "-m", "nbgrader", "autograde", STEM, cwd=course)
    book = run(
        "nbgrader",
        "-c",
        f"""
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({{s.student.id: {{g.name: g.score for n in s.notebooks for g in n.grades}}
                      for s in book.assignment_submissions({STEM!r})}}))
""",
        cwd=course,
    )
    given = {
        who: {name: grades[f"{name.replace('_', '-')}-check-points"] for name in POINTS}
        for who, grades in json.loads(book).items()
    }
    print("nbgrader:", given)
    assert given == {who: expected(who) for who in WORK}
    run("nbgrader", "-m", "nbgrader", "generate_feedback", STEM, "--student", "wrong", cwd=course)
    feedback = (course / f"feedback/wrong/{STEM}/{STEM}.html").read_text()
    assert re.search("bernoulli_score.{0,400}derivative", feedback, re.S)  # the check's own words


@pytest.mark.timeout(3600)
def test_otter_gives_the_points(tmp_path):
    python_of("otter")
    [(master, _)] = make_class.make("otter", [ROOT / f"solutions/{STEM}.ipynb"], tmp_path)
    here = master.parent
    run(
        "otter", "-m", "otter", "assign", master.name, "dist", cwd=here
    )  # runs the hidden tests on the solutions as well
    released = here / f"dist/student/{STEM}.ipynb"
    text = released.read_text()
    assert text.count("raise NotImplementedError(") == len(POINTS) and not re.search("SOLUTION|PROMPT|_check", text)
    [zipped] = (here / "dist/autograder").glob("*.zip")
    given = {}
    for who, (how, _) in WORK.items():
        nbformat.write(answered(released, **how), here / f"{who}.ipynb")
        (here / who).mkdir()
        run("otter", "-m", "otter", "run", f"{who}.ipynb", "-a", str(zipped), "-o", who, "--no-logo", cwd=here)
        results = json.loads((here / who / "results.json").read_text())["tests"]
        given[who] = {one["name"]: one["score"] for one in results if one["name"] in POINTS}
    print("otter:", given)
    assert given == {who: expected(who) for who in WORK}
