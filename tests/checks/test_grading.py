"""Bounds on a notebook that is graded: in a process of its own, as they stay."""

import signal
import subprocess
import sys

import pytest

from learning_to_act.checks import grading

pytest.importorskip("IPython")
SHELL = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from policy_gradient.checks import grading
shell = InteractiveShell.instance()
grading.AGAIN = 0.2
def run(cell):
    print("|", type(shell.run_cell(cell).error_in_exec).__name__, file=sys.stderr)
"""
TIME = """
grading.begin(shell, seconds=0.5)
run("while True: pass")
run("while True:\\n    try:\\n        while True: pass\\n    except:\\n        pass")
run("import time; time.sleep(10**6)")
"""
MEMORY = """
grading.begin(shell, seconds=10**5, room=2**28)
run("def grow():\\n    mine = []\\n    while True:\\n        mine.append(bytearray(10**6))\\ngrow()")
run("def grow():\\n    mine = []\\n    while True:\\n        mine.append(float(len(mine)))\\ngrow()")
run("import numpy; y = numpy.ones(2**24).sum()")
"""


def errors_of(program):
    ran = subprocess.run(
        [sys.executable, "-c", SHELL + program], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return [
        line.removeprefix("| ") for line in ran.stderr.splitlines() if line.startswith("|")
    ], ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="time needs signals")
def test_a_cell_without_end_is_stopped_and_the_next_one_runs():
    errors, said = errors_of(TIME)
    assert errors == ["CellTimeUp"] * 3 and "a cell may take 0.5 seconds" in said, said


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_a_cell_that_grows_is_stopped_and_gives_its_memory_back():
    errors, said = errors_of(MEMORY)
    assert errors == ["MemoryError", "MemoryError", "NoneType"] and "a cell may take 0.25 GB of memory" in said, said


def test_nothing_is_bounded_where_nothing_is_graded(monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert not grading.graded()
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # the learner's own "Validate" button
    assert not grading.graded()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert grading.graded()


@pytest.mark.parametrize(
    "cell, is_one",
    [
        ("check(softmax)", True),
        ("_verdict = _check(softmax, 'softmax')", True),
        ("x = 1", False),
        ("notebook_x().check('softmax')", True),
        ("uncheck(x)", False),
        ("print(softmax(z))", False),
    ],
)
def test_cells_that_call_checks(cell, is_one):
    assert bool(grading.CHECKS.search(cell)) == is_one
