"""The test of labs after Run All (tests/helpers/after_run_all.py), on notebooks with a known fault;
which notebooks it holds.

The notebooks themselves are asked where nbval has run them, by the item *after the last cell*:
`make test ARGS="-k ipynb"`.
"""

import nbformat
import pytest

from tests.helpers.after_run_all import calls, run_all
from tools.paths import ROOT


def test_there_are_notebooks_with_sliders_and_nbval_runs_them():
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("notebooks", "solutions", "exercises")
        for path in (ROOT / folder).glob("*.ipynb")
        if calls(nbformat.read(path, as_version=4))
    }
    assert {path[:12] for path in found} >= {f"notebooks/0{number}" for number in (1, 2, 3, 4, 6, 8)}
    assert not {path for path in found if path.startswith("exercises")}, "nbval runs labs and solutions alone"


# --- the test itself: it sees each way in which a later cell can spoil a slider

START = """
import numpy as np
import policy_gradient as pg
scale, table, words = 2.0, np.ones(3), {"a": lambda x: x * scale}
def inner(x): return x + table.sum()
def draw(ax, p):
    def update(p): ax.set_title(f"{inner(words['a'](p)):.2f}")
    update(p)
    return update
pg.explore.explore(draw, p=[0.0, 1.0])"""


@pytest.mark.parametrize(
    "later, what",
    [
        ("scale = 3.0", "scale"),
        ("table = np.ones(3)", "table"),
        ("table[0] = 5", "table"),
        ("def inner(x): return x", "inner"),
        ("words['a'] = abs", "words"),
        ("words = {'a': abs}", "words"),
        ("x = p = 7", ""),
        ("def f(scale): return scale\nf(3)", ""),
    ],
)
def test_what_a_later_cell_changes_is_found(later, what):
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(START, id="start"), nbformat.v4.new_code_cell(later, id="later")]
    )
    stale = run_all(nb, "made up").stale()
    assert bool(stale) == bool(what) and (not what or f" {what}" in stale[0]), stale


def test_the_fault_that_lab_2_had_would_be_found():
    """A later cell drew random worlds into the name P, which the theorem reads."""
    nb = nbformat.read(ROOT / "notebooks/02-the-theorem.ipynb", as_version=4)
    until = next(i for i, cell in enumerate(nb.cells) if cell.id == "explore")
    nb.cells = nb.cells[: until + 1] + [
        nbformat.v4.new_code_cell("P = rng.dirichlet(np.ones(4), (4, 2)) * 0.7", id="later")
    ]
    (stale,) = run_all(nb, "spoilt").stale()
    assert stale.startswith("slider 1: a later cell changes what it reads: P;")
