"""Run All goes through an exercise notebook, in Jupyter and in the page:
what is not written yet says so in one line."""

import asyncio
import importlib.util
import re
import types

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from learning_to_act.checks import example
from learning_to_act.checks.unwritten import STUB
from tools.paths import ROOT
from tools.run.kernels import AsyncManager

PATHS = sorted((ROOT / "exercises").glob("*.ipynb"))
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def unwritten(nb):
    """The functions that the learner is to write, in order."""
    return [
        name
        for cell in nb.cells
        for name in re.findall(rf'def (\w+)\(.*\n    raise NotImplementedError\("{STUB}"\)', cell.source)
    ]


def execute(nb, tmp_path):
    """As papermill, nbgrader and `jupyter execute` do: the first error ends it."""
    NotebookClient(
        nb,
        timeout=None,  # a busy machine is no fault; what hangs is ended with its test
        resources={"metadata": {"path": str(tmp_path)}},
        kernel_manager_class=AsyncManager,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    ).execute()
    return nb


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def tagged(nb):
    return [cell for cell in nb.cells if "example" in cell.metadata.get("tags", [])]


@each
def test_run_all_in_jupyter_says_what_is_not_written(path, tmp_path):
    nb = execute(read(path), tmp_path)
    names = unwritten(nb)
    assert names and [printed(cell) for cell in tagged(nb)] == [f"{name} is not written yet.\n" for name in names]
    for name in names:
        verdict = next(cell for cell in nb.cells if cell.source == f"check({name})").outputs[0].data["text/plain"]
        assert verdict.startswith(f"{name}: not yet\n{name} is not written yet")


@each
def test_with_our_answers_the_examples_show_what_the_solutions_show(path, tmp_path):
    nb, solution = read(path), read(ROOT / "solutions" / path.name)
    theirs = {cell.id: cell for cell in solution.cells}
    stubs = {cell.id for cell in nb.cells if cell.cell_type == "code" and STUB in cell.source}
    examples = {cell.id for cell in tagged(nb)}
    keep = [
        cell for cell in nb.cells if cell.cell_type == "code" and not cell.source.startswith(("check(", "start_drill("))
    ]
    for cell in keep:
        if cell.id in stubs:
            cell.source = theirs[cell.id].source
    nb.cells = keep
    execute(nb, tmp_path)
    assert examples and all(printed(cell) == printed(theirs[cell.id]) for cell in keep if cell.id in examples)


@pytest.fixture
def page():
    """The page's own runner, with nothing defined."""
    spec = importlib.util.spec_from_file_location("cells", ROOT / "book/_static/python/cells.py")
    cells = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cells)

    def run(source, name="cell"):
        sent = []
        asyncio.run(cells.run(source, f"cell {name}", sent.append))
        return sent

    return run


@each
def test_run_all_in_the_page(path, page):
    nb, said = read(path), {}
    for cell in nb.cells:
        if cell.cell_type == "code" and not cell.source.startswith(
            "check(update_"
        ):  # whole functions, and seconds each
            said[cell.id] = page(cell.source, cell.id)
    assert not [item for items in said.values() for item in items if item["kind"] == "error"]
    assert [said[cell.id] for cell in tagged(nb)] == [
        [{"kind": "out", "text": f"{name} is not written yet.\n"}] for name in unwritten(nb)
    ]


def test_a_learners_own_error_ends_it_and_is_shown(tmp_path):
    nb = read(PATHS[0])
    answer = next(cell for cell in nb.cells if cell.id == "softmax-answer")
    answer.source = answer.source.replace(f'raise NotImplementedError("{STUB}")', "return logits / 0 + nobody")
    with pytest.raises(CellExecutionError, match="name 'nobody' is not defined"):
        execute(nb, tmp_path)


# --- `example` by itself


def run(source, **space):
    exec(source, space | {"example": example, "__name__": "__main__"})


def test_the_function_that_is_not_written_is_named_not_the_one_that_calls_it(capsys):
    run(
        f"def inner(): raise NotImplementedError('{STUB}')\ndef outer(): return inner() + 1\nwith example:\n"
        "    print(outer())"
    )
    run("def inner(): raise NotImplementedError\nwith example:\n    print(inner())")
    assert capsys.readouterr().out == 2 * "inner is not written yet.\n"


@pytest.mark.parametrize(
    "source, error",
    [
        ("def f(): return 1 / 0", ZeroDivisionError),
        ("def f(): raise NotImplementedError('only for two actions')", NotImplementedError),  # the learner's own words
        ("def f(): raise KeyboardInterrupt", KeyboardInterrupt),
        ("f = library.f", NotImplementedError),
    ],
)  # nobody's stub
def test_every_other_error_passes(source, error, capsys):
    library = types.ModuleType("library")
    exec("def f(): raise NotImplementedError", library.__dict__)
    with pytest.raises(error):
        run(f"{source}\nwith example:\n    f()", library=library)
    assert capsys.readouterr().out == ""


def test_what_is_written_is_shown_as_ever(capsys):
    run("def f(): return 4\nwith example:\n    x = f()\n    print(x)\nprint(x + 1)")
    assert capsys.readouterr().out == "4\n5\n"
