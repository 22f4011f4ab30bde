"""Keep what a learner's function shows (prints, log lines, figures, bars) out of the notebook, and bound its memory.

Only the thread that checks is kept quiet: what other threads print meanwhile goes where it always went.
"""

import contextlib
import io
import logging
import os
import sys
import threading

# bytes that a function under check may take on top of what the process has (Linux; elsewhere only the time is bounded)
ROOM = 2**30
KEPT = 500  # characters of what is printed
_here, _lock = threading.local(), threading.Lock()
_under_way, _undo = (
    [],
    [],
)  # the threads that check now, and what takes away the things that were put in place for the first


class Shown(io.TextIOBase):
    """Takes what a function prints, keeps the beginning, and cannot be closed by it.
    drawn: was a figure or the like shown?"""

    def __init__(self):
        self.text, self.printed, self.drawn = "", False, False

    def write(self, text):
        self.printed = self.printed or bool(text)
        self.text = (self.text + text[:KEPT])[:KEPT]
        return len(text)

    def close(self):
        pass


class _Router:
    """A standard stream while a check runs: this thread's text goes to its `Shown`, all other to the real stream."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(_mine() or self._real, name)


def _mine():
    return getattr(_here, "shown", None)


@contextlib.contextmanager
def quiet():
    """Inside, this thread shows nothing; yields the `Shown` that says what it would have been."""
    outer, shown = _mine(), Shown()
    before = _figures()
    with _lock:
        if not _under_way:
            _undo.extend(undo for step in (_streams, _logs, _displays, _memory) for undo in step())
        _under_way.append(shown)
    _here.shown = shown
    try:
        yield shown
    finally:
        _here.shown = outer
        with _lock:
            _under_way.pop()
            while not _under_way and _undo:
                _undo.pop()()
        if new := [number for number in _figures() if number not in before]:
            shown.drawn = True
            for number in new:
                sys.modules["matplotlib.pyplot"].close(number)


def _streams():
    real = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_Router, real)

    def undo():
        sys.stdout, sys.stderr = real

    return [undo]


def _replace(owner, name, instead):
    """`owner.name` becomes `instead` in a thread that checks. Returns what undoes it."""
    real, own = getattr(owner, name), name in vars(owner)

    def chosen(*args, **kwargs):
        return (instead if _mine() else real)(*args, **kwargs)

    setattr(owner, name, chosen)
    return lambda: setattr(owner, name, real) if own else delattr(owner, name)


def _logs():
    def handle(logger, record):
        _mine().write(f"{record.getMessage()}\n")

    return [_replace(logging.Logger, "handle", handle)]


def _displays():
    """IPython's display, which does not pass through standard output, and pyplot's show."""

    def draw(*args, **kwargs):
        _mine().drawn = True

    def formats(*args, **kwargs):
        draw()
        return {}, {}

    undo = []
    shell = sys.modules["IPython"].get_ipython() if hasattr(sys.modules.get("IPython"), "get_ipython") else None
    if shell is not None:
        undo += [
            _replace(shell.display_formatter, "format", formats),
            _replace(shell.display_pub, "publish", draw),
            _replace(shell.display_pub, "clear_output", draw),
        ]
    pyplot = sys.modules.get("matplotlib.pyplot")
    return undo + ([_replace(pyplot, "show", draw)] if hasattr(pyplot, "show") else [])


def _memory():
    """On Linux: no more than `ROOM` on top of what is taken now; beyond it Python raises MemoryError."""
    if sys.platform != "linux":
        return []
    import resource

    try:
        limit = _pages() * resource.getpagesize() + ROOM
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY and soft <= limit:
            return []
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (OSError, ValueError):  # a sandbox that does not say, or does not let
        return []
    return [lambda: resource.setrlimit(resource.RLIMIT_AS, (soft, hard))]


def _pages():
    """The memory that the process has, in pages: read without Python's files, since a check asks hundreds of times."""
    file = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(file, 100).split()[0])
    finally:
        os.close(file)


def _figures():
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return list(helpers.Gcf.figs) if hasattr(helpers, "Gcf") else []
