"""The stored notebooks, as files: that they are what the runner wrote. (nbval runs notebooks/ and solutions/ in the
same pytest run and compares what their cells print: see `make test`.)"""

import ast
import json
import re
import subprocess
import sys

import nbformat
import pytest
from nbconvert import ScriptExporter

from tools.make import notebooks as run
from tools.paths import ROOT

STORED = sorted(p for folder in ("notebooks", "solutions") for p in (ROOT / folder).glob("*.ipynb"))
ALL = STORED + sorted((ROOT / "exercises").glob("*.ipynb"))
each_stored = pytest.mark.parametrize("path", STORED, ids=lambda p: f"{p.parent.name}/{p.stem}")
each = pytest.mark.parametrize("path", ALL, ids=lambda p: f"{p.parent.name}/{p.stem}")


def read(path):
    return nbformat.read(path, as_version=4)


@each_stored
def test_the_outputs_come_from_these_cells(path):
    nb = read(path)
    assert nb.metadata.get("policy_gradient", {}).get("outputs_from") == run.source_hash(nb), (
        f"run: python -m tools.make.notebooks {path.relative_to(ROOT)}"
    )


@each_stored
def test_every_view_has_its_model_and_every_model_is_ours(path):
    nb = read(path)
    state = nb.metadata.get("widgets", {}).get(run.STATE, {}).get("state", {})
    views = [
        o.data[run.VIEW]["model_id"] for c in nb.cells for o in c.get("outputs", []) if run.VIEW in o.get("data", {})
    ]
    assert set(views) <= set(state)
    assert all(state[view]["model_module"] == "anywidget" and state[view]["state"].get("_esm") for view in views)
    assert all(re.fullmatch(rf"{path.stem}-\d{{3}}", model_id) for model_id in state)


@each_stored
def test_stored_pictures_are_described(path):
    nb = read(path)
    for model in nb.metadata.get("widgets", {}).get(run.STATE, {}).get("state", {}).values():
        values = model["state"]
        if "frames" in values and "alts" in values:
            assert len(values["frames"]) == len(values["alts"]) and all(values["alts"])


@each_stored
def test_run_from_a_fresh_kernel_in_order(path):
    code = [c for c in read(path).cells if c.cell_type == "code"]
    assert [c.execution_count for c in code if c.source.strip()] == list(
        range(1, sum(bool(c.source.strip()) for c in code) + 1)
    )


@each
def test_written_as_the_runner_writes(path):
    nb, text = read(path), path.read_text(encoding="utf-8")
    nbformat.validate(nb)
    assert text == nbformat.writes(nb) + "\n"
    assert nb.metadata.kernelspec == run.KERNEL and nb.metadata.language_info == run.LANGUAGE
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", c.id) for c in nb.cells)


@each
def test_as_a_script_it_is_python(path):
    """`jupyter nbconvert --to script` takes the file's ending from the notebook."""
    text, resources = ScriptExporter().from_notebook_node(read(path))
    assert resources["output_extension"] == ".py"
    ast.parse(text)


@each
def test_nothing_of_the_machine_it_was_made_on(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"ipykernel_\d|/(home|root)/|site-packages|0x[0-9a-f]{9,}", re.sub(r"[A-Za-z0-9+/=]{200,}", "", text)
    )


@each
def test_plain_markdown_only(path):
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"^(```|:::)\{\w+\}", cell.source, re.M), "JupyterLab knows no directives"
            assert not re.search(r"\{[a-z:]+\}`", cell.source), "JupyterLab knows no roles"
            assert not re.search(r"\\(pol|score|good|where)\{", cell.source), "macros are for the pages"


def test_there_are_no_stray_files():
    for folder in ("notebooks", "solutions", "exercises"):
        for path in (ROOT / folder).glob("*"):
            assert path.suffix in (".ipynb", "") or path.name.startswith("."), f"{path} does not belong here"


def test_exercises_come_from_their_solutions(tmp_path):
    """Regenerated into an empty folder they are the same."""
    subprocess.run(
        [sys.executable, "-m", "tools.make.exercises", "--to", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    made = {p.name: json.loads(p.read_text()) for p in tmp_path.glob("*.ipynb")}
    assert made == {p.name: json.loads(p.read_text()) for p in (ROOT / "exercises").glob("*.ipynb")}
