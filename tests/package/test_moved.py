"""A reader's notebook from before the package was parted in two runs unchanged, and in silence."""

import importlib
import pickle
import subprocess
import sys
import warnings

import pytest

from policy_gradient import _moved

NAMES = {
    "checks": "checks",
    "checks.engine": "checks.engine",
    "checks.worlds": "checks.worlds",
    "checks.grading": "checks.grading",
    "explorables": "explorables",
    "explorables.replay": "explorables.replay",
    "explore": "explore",
    "palette": "palette",
    "picture": "picture",
    "plots": "plots",
    **{f"checks.chapter{n}": f"exercises.{slug}" for n, slug in _moved.CHAPTERS.items()},
}


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_an_old_name_is_the_very_same_module_and_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for old, new in NAMES.items():
            assert importlib.import_module(f"policy_gradient.{old}") is importlib.import_module(
                f"learning_to_act.{new}"
            )


@pytest.mark.slow
@pytest.mark.parametrize("first, then", ["on", "no"])
def test_whichever_name_is_asked_first(first, then):
    pairs = {
        "o": [f"policy_gradient.{old}" for old in NAMES],
        "n": [f"learning_to_act.{new}" for new in NAMES.values()],
    }
    code = (
        f"import sys, importlib\nfirst, then = {pairs[first]}, {pairs[then]}\n"
        "for name in [*first, *then]: importlib.import_module(name)\n"
        f"old, new = {pairs['o']}, {pairs['n']}\n"
        "print(all(sys.modules[a] is sys.modules[b] and sys.modules[b].__spec__.name == b for a, b in zip(old, new)))"
    )
    assert run(code) == "True"


@pytest.mark.slow
def test_the_lines_of_old_notebooks_run():
    code = """
import policy_gradient as pg
from policy_gradient.checks import check, example, hint, mistakes, start_drill
from policy_gradient.checks.worlds import ladder, learning_curves, slider
from policy_gradient.checks.chapter03 import EXERCISES
from policy_gradient.explore import explore
import policy_gradient.checks.grading
from policy_gradient import checks, explorables, plots
import learning_to_act.plots
assert pg.plots is plots is learning_to_act.plots and pg.checks is checks
assert pg.palette.COLORS and pg.explore.explore is explore
def softmax(logits):
    import numpy as np
    exps = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)
print(check(softmax).passed, hint("softmax").title)"""
    assert run(code) == "True softmax: hint 1 of 3"


def test_a_pickle_from_before_opens():
    from learning_to_act.checks import Result

    now = pickle.dumps(Result(True, "well", exercise="softmax"), protocol=0)
    before = now.replace(b"learning_to_act.checks.display", b"policy_gradient.checks.display")
    assert before != now and pickle.loads(before) == pickle.loads(now) and type(pickle.loads(before)) is Result


def test_a_name_that_never_was_is_refused_by_its_own_name():
    for name in ("checks.chapter77", "checks.nothing", "explorables.nothing", "nothing"):
        with pytest.raises(ModuleNotFoundError, match=f"No module named 'policy_gradient.{name}'"):
            importlib.import_module(f"policy_gradient.{name}")


def test_the_library_alone_does_not_load_what_teaches():
    assert (
        run(
            "import sys, policy_gradient as pg; pg.TabularSoftmax; pg.exact_gradient; pg.rollout; pg.reinforce\n"
            "print([m for m in sys.modules if m.startswith('learning_to_act')])"
        )
        == "[]"
    )


def test_imported_anew_it_finds_them_once():
    assert (
        run(
            "import sys, policy_gradient\nfor m in [m for m in sys.modules if m.startswith('policy_gradient')]: "
            "del sys.modules[m]\n"
            "import policy_gradient.plots\nprint(sum(getattr(f, '__module__', '') "
            "== 'policy_gradient._moved' for f in sys.meta_path))"
        )
        == "1"
    )
