"""Bounds on a whole notebook while nbgrader or Otter-Grader runs it: seconds for each cell, and memory for the kernel.

A check bounds the function that it runs. A notebook has more cells, examples and a learner's own, and one that never
ends or never stops growing would take the points of all exercises with it. Importing this module sets the bounds when
the notebook is being graded, and does nothing at all otherwise.

Time needs signals (Linux, macOS), memory Linux. Elsewhere the grader's own limit for a cell is all there is.
"""

import contextlib
import os
import re
import signal
import sys
import traceback

from policy_gradient import _timelimit as timelimit

SECONDS = 20.0  # for a cell
PATIENCE = 15  # times that for one that calls checks, which bound what they run
AGAIN = 5.0  # seconds until the next signal, for a loop that swallows the first
ROOM = 2 * 2**30  # bytes on top of what the kernel has when its first cell is run
CHECKS = re.compile(r"(?<!\w)_?check(_if_not_already_checked)?\(")
SAID = "While work is graded a cell may take {}. Its exercise is judged by the check all the same."


class CellTimeUp(BaseException):
    """A cell took too long. Not an Exception, so that `except Exception:` lets it pass."""


def graded():
    """Does nbgrader or Otter-Grader run this notebook for points?"""
    otter = sys.modules.get("otter.check.notebook")
    return os.environ.get("NBGRADER_EXECUTION") == "autograde" or bool(
        getattr(getattr(otter, "Notebook", None), "_grading_mode", False)
    )


def begin(shell, seconds=SECONDS, room=ROOM):
    """Bound the cells of an IPython `shell`, from the next on."""
    lift = _bound_memory(room)

    def out_of_memory(shell, etype, value, tb, tb_offset=None):
        traceback.clear_frames(tb)  # whatever grew is let go: the traceback would hold it
        with lift():
            shell.showtraceback((etype, MemoryError(SAID.format(f"{room / 2**30:.3g} GB of memory")), None))

    shell.set_custom_exc((MemoryError,), out_of_memory)
    if hasattr(signal, "setitimer"):
        clock = _Clock(seconds, shell.user_ns)
        shell.events.register("pre_run_cell", clock.start)
        shell.events.register("post_run_cell", clock.stop)


class _Clock:
    """An alarm for each cell. It rings only while the cell runs:
    not in the report on the signal before, however slow that is."""

    def __init__(self, seconds, names):
        self.seconds, self.names, self.fired = seconds, names, 0

    def start(self, info):
        self.fired, seconds = 0, self.seconds * (PATIENCE if CHECKS.search(info.raw_cell or "") else 1)
        signal.signal(signal.SIGALRM, self.ring)
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)

    def ring(self, signum, frame):
        while frame and frame.f_globals is not self.names:
            frame = frame.f_back
        if frame is None:  # IPython's own code
            return
        self.fired += 1
        if self.fired == 3:  # swallowed twice: now often enough to fall between two "try" blocks
            signal.setitimer(signal.ITIMER_REAL, timelimit.AGAIN, timelimit.AGAIN)
        raise CellTimeUp(SAID.format(f"{self.seconds:g} seconds"))

    def stop(self, result):
        signal.setitimer(signal.ITIMER_REAL, 0)


def _bound_memory(room):
    """Set the bound, and return what lifts it for a while."""
    if sys.platform != "linux":
        return contextlib.nullcontext
    import resource

    try:
        with open("/proc/self/statm") as file:
            bound = int(file.read().split()[0]) * resource.getpagesize() + room
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            bound = min(bound, soft)
        resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    except (OSError, ValueError):
        return contextlib.nullcontext

    @contextlib.contextmanager
    def lift():
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (bound, hard))

    return lift


if graded() and "IPython" in sys.modules:
    if _shell := sys.modules["IPython"].get_ipython():
        begin(_shell)
