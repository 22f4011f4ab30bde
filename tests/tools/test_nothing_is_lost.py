"""What readers have from an older edition opens with everything in it:
a browser's edits and progress, a folder my/, a class folder.

tests/fixtures/kept was made with the tools of commit 658b420, before the house was moved
(.json, as pytest would run notebooks).
"""

import json
import re
import shutil
import subprocess
import sys
import textwrap

import nbformat
import pytest
from py_mini_racer import MiniRacer

from learning_to_act.checks.registry import registry
from tools import contents
from tools.paths import NOTEBOOKS, ROOT
from tools.run import lab
from tools.site import progress

KEPT = ROOT / "tests/fixtures/kept"
BROWSER = json.loads((KEPT / "browser.json").read_text("utf8"))
WORK = {key.rpartition(":")[2]: state for key, state in BROWSER.items() if ":work:" in key}
FIRST = "01-values-or-probabilities"
PAGES = {page for chapter in contents.chapters() for page in chapter.pages}


def kept(name):
    return nbformat.reads((KEPT / f"{name}.json").read_text("utf8"), as_version=4)


# --- the browser


def test_there_is_something_to_lose():
    assert set(WORK) == {
        f"exercises/{stem}"
        for stem in (
            FIRST,
            "02-the-theorem",
            "03-the-log-derivative-trick",
            "04-continuous-actions",
            "05-in-the-interview",
        )
    }
    assert (
        sum(len(state["cells"]) for state in WORK.values()) >= 20
        and len(BROWSER["learning-to-act:progress"]["passed"]) > 80
    )


@pytest.mark.parametrize("page", WORK)
def test_a_browser_s_edits_stand_in_their_cells(page):
    """By the page's own script: under the old key, each edit in the cell that it was made in, none without a home."""
    assert page in PAGES
    sources = {
        cell.id: cell.source for cell in nbformat.read(ROOT / f"{page}.ipynb", 4).cells if cell.cell_type == "code"
    }
    v8 = MiniRacer()
    v8.eval(f"""globalThis.window = globalThis; globalThis.addEventListener = () => {{}};
        const store = new Map(Object.entries({json.dumps({key: json.dumps(state) for key, state in BROWSER.items()})}));
        globalThis.localStorage = {{ getItem: k => store.get(k) ?? null,
            setItem: (k, v) => store.set(k, v), removeItem: k => store.delete(k) }};""")
    v8.eval((ROOT / "book/_static/python/work.js").read_text("utf8"))
    found = json.loads(
        v8.eval(f"""const told = [],
            work = pgWork({json.dumps(page)}, {json.dumps(sources)}, "now", (...what) => told.push(what));
        JSON.stringify({{ key: work.key, current: work.current, homeless: work.homeless,
            version: work.version, told }})""")
    )
    assert (
        found["key"] == f"learning-to-act:work:{page}"
        and found["told"] == []
        and found["homeless"] == []
        and found["version"] == "658b420"
    )
    for name, cell in WORK[page]["cells"].items():
        assert found["current"][name] == cell["text"]


@pytest.mark.parametrize("page", WORK)
def test_the_answers_in_a_browser_are_right_still(page):
    space = {}
    for cell in nbformat.read(ROOT / f"{page}.ipynb", 4).cells:
        if cell.id == "imports":
            exec(cell.source, space)
    for cell in WORK[page]["cells"].values():
        exec(cell["text"], space)
        name = re.findall(r"^def (\w+)", cell["text"], re.M)[-1]
        assert registry()[name].stem == page.partition("/")[2]
        if not getattr(registry()[name], "bug", None) and hasattr(
            registry()[name], "cases"
        ):  # a hunt takes long, and has tests of its own
            assert registry()[name].judge(space[name]).passed, name


def test_progress_is_read_and_each_thing_passed_is_counted():
    v8 = MiniRacer()
    v8.eval((ROOT / "book/_static/progress.js").read_text("utf8"))
    old = BROWSER["learning-to-act:progress"]
    read = json.loads(v8.eval(f"JSON.stringify(pgProgress.parsed({json.dumps(json.dumps(old))}))"))
    assert read["passed"] == old["passed"] and read["last"] == old["last"] and read["last"]["page"] in PAGES
    counted = {name for chapter in progress.totals(ROOT) for *_, names in chapter["parts"] for name in names}
    assert set(old["passed"]) <= counted, "names that count no more"


# --- the folder my/


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The book of today with the folder of then: one notebook edited, the others as they were copied."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    for folder in NOTEBOOKS:
        (tmp_path / folder).mkdir()
        shutil.copy(ROOT / folder / f"{FIRST}.ipynb", tmp_path / folder)
    (tmp_path / "my/exercises").mkdir(parents=True)
    shutil.copy(KEPT / "my-copied.json", tmp_path / "my/.copied.json")
    shutil.copy(KEPT / "my-exercises.json", tmp_path / f"my/exercises/{FIRST}.ipynb")
    return tmp_path


def test_an_edited_notebook_of_my_folder_is_left_alone(mine):
    for said in ([], []):  # twice: the second time nothing more happens
        lab.copy(mine, said.append)
        assert (mine / f"my/exercises/{FIRST}.ipynb").read_text("utf8") == (KEPT / "my-exercises.json").read_text(
            "utf8"
        )
        assert all("you have edited yours" in one for one in said)
    assert (mine / f"my/solutions/{FIRST}.ipynb").exists() and (mine / f"my/notebooks/{FIRST}.ipynb").exists()


def test_the_files_that_were_copied_then_have_their_names_still():
    record = json.loads((KEPT / "my-copied.json").read_text("utf8"))
    assert len(record) > 14 and [name for name in record if not (ROOT / name).exists()] == []


def run(cells):
    """Run what a learner runs, in order; `check` gives its verdict to the cell that asks for it."""
    space = {}
    for cell in cells:
        exec(compile(cell.source, cell.id, "exec"), space)
    return space


def test_a_notebook_of_my_folder_runs_to_its_end_and_passes():
    cells = [cell for cell in kept("my-exercises").cells if cell.cell_type == "code"]
    space = run(cells)
    names = [re.match(r"check\((\w+)\)", cell.source)[1] for cell in cells if cell.source.startswith("check(")]
    assert len(names) == len([one for one in registry().values() if one.stem == FIRST])
    assert all(space["check"](space[name]).passed for name in names)


# --- the class folder


@pytest.mark.parametrize("tool", ["nbgrader", "otter"])
def test_the_hidden_tests_of_then_give_their_points_today(tool):
    """As they stand there, with their own way to import the check anew: to right answers, and not to wrong ones."""
    text = "\n".join(cell.source for cell in kept(f"class-{tool}").cells)
    hidden = [
        textwrap.dedent(one) for one in re.findall(r"^ *import sys\n(?:.*\n){3,4}? *assert _verdict.*$", text, re.M)
    ]
    assert len(hidden) == len([one for one in registry().values() if one.stem == FIRST])
    answers = [cell.source for cell in kept("my-exercises").cells if cell.id == "imports" or "# mine" in cell.source]
    program = f"""
answers, hidden = {answers!r}, {hidden!r}
space = {{}}
for one in answers:
    exec(one, space)
for one in hidden:
    exec(one, space)
    name = one.partition("_check(")[2].partition(",")[0]
    try:
        exec(one, space | {{name: lambda *args: 0.0}})
    except AssertionError:
        print(name)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [one.name for one in registry().values() if one.stem == FIRST]


def test_the_nbgrader_assignment_of_then_has_today_s_cells():
    """nbgrader finds a learner's answer by `grade_id`: those of then are those of an assignment made now."""
    from tools.make import class_

    def marks(nb):
        return {
            cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.get("points")
            for cell in nb.cells
            if "nbgrader" in cell.metadata
        }

    then = marks(kept("class-nbgrader"))
    assert len(then) > 8 and then == marks(class_.for_nbgrader(ROOT / f"solutions/{FIRST}.ipynb"))
