"""What an exercise is made of, and when two answers are the same."""
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Case:
    """One input: what to call it in a message, and its arguments."""

    label: str
    args: tuple
    slow: str = ""   # said where time or memory runs out on this input alone


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: its name, what to tell the learner, and the few lines that make it (one or more ways).

    fitted: where a mistake has more forms than can be listed: `fitted(call)` looks at answers of the learner's function,
    call(args) -> parts or None, and returns the way that it then seems to go, or None.
    """

    name: str
    message: str
    ways: tuple[Callable, ...]
    fitted: Callable = lambda call: None


def near(got, wanted):
    """To three digits, as laws are held: those who break one are far off."""
    return bool(np.allclose(got, wanted, rtol=1e-3, atol=1e-3))


@dataclass(frozen=True)
class Law:
    """What every right answer has: what to say where it is broken, and `holds(answer, *args)`."""

    message: str
    holds: Callable


@dataclass(frozen=True)
class Exercise:
    """`truth` gives the exercise its name and its signature; `cases` makes the inputs from a Generator."""

    truth: Callable
    cases: Callable
    mistakes: tuple[Mistake, ...]
    hints: tuple[str, ...]
    chapter: str                  # the solution's file name, "01-values-or-probabilities"
    difficulty: int               # 1 to 5, as importance
    importance: int
    minutes: int
    after: str                    # one sentence to take along, shown on success
    axes: tuple[str, ...] = ()    # names of the answer's last axes
    sizes: Callable = lambda *args: {}   # {"N": 7}: for "N times too large"
    each: bool = False            # compare element by element, not with the largest
    floor: float = 1e-12          # absolute error that is always forgiven
    exact: bool = False           # the answer is a whole number, to the last digit
    parts: int = 1                # how many arrays are returned
    laws: tuple[Law, ...] = ()    # said where no known mistake fits and one is broken, the first first

    @property
    def name(self):
        return self.truth.__name__

    @property
    def signature(self):
        return f"{self.name}{inspect.signature(self.truth)}"

    @property
    def names(self):
        """The parameters' names, in order."""
        return list(inspect.signature(self.truth).parameters)

    @cached_property
    def problems(self):
        """[(case, wanted arrays)]: the same inputs every time, so that a message can be worked on."""
        return [(case, self.answer(self.truth, case.args)) for case in self.cases(np.random.default_rng(2026))]

    def answer(self, function, args):
        """What one of our own functions answers, as a tuple of arrays."""
        with np.errstate(all="ignore"):
            value = function(*args)
        values = value if self.parts > 1 else (value,)
        return tuple(np.array(one, dtype=object if self.exact else None) for one in values)

    def right(self, got, wanted):
        """Is every part of the answer right?"""
        if self.exact and got[0].shape == ():
            return isinstance(got[0].item(), int) and got[0].item() == wanted[0].item()
        return self.close(got, wanted)

    def close(self, got, wanted, digits=None):
        """Same shape and same numbers, to the tolerance of `got`'s dtype (or to so many digits of the largest)."""
        if self.exact and got[0].shape == ():
            return abs(float(got[0]) - float(wanted[0])) <= 1e-9 * abs(float(wanted[0]))
        return all(self._close(*pair, digits) for pair in zip(got, wanted, strict=True))

    def _close(self, got, wanted, digits):
        return got.shape == wanted.shape and bool(self.matches(got, wanted, digits).all())

    def matches(self, got, wanted, digits=None):
        """Which elements agree (arrays of the same shape)."""
        tolerance = 10.0 ** -(digits or (3 if is_single(got) else 6))
        floor = max(self.floor, float(np.finfo(got.dtype).tiny)) if got.dtype.kind == "f" else self.floor
        wanted = wanted.astype(float)
        size = np.abs(wanted) if self.each and not digits else np.abs(wanted).max(initial=0)
        return np.abs(got.astype(float) - wanted) <= tolerance * size + floor


def is_single(array):
    """float32 or less: held to three digits."""
    return array.dtype.kind == "f" and array.dtype.itemsize < 8
