"""What an exercise is made of, when two answers are the same, and how a learner's function is judged.

The order of things is that of a patient teacher: is it right? is it a mistake we know by name? what else can be said?
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..exercises import NUMBERS
from .attempt import Budget, attempt, is_single
from .diagnose import diagnose
from .display import Result
from .recognise import recognise, recognise_where_it_answers, truncated_in_place
from .runs import SECONDS, changed, exhausted, noted, run_all


@dataclass(frozen=True)
class Case:
    """One input: what to call it in a message, and its arguments."""

    label: str
    args: tuple
    slow: str = ""  # said where time or memory runs out on this input alone
    kept: dict = field(default_factory=dict, init=False, repr=False, compare=False)  # see `recognise.same`


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer: its name, what to tell the learner, and the few lines that make it (one or more ways).

    fitted: where a mistake has more forms than can be listed: `fitted(call)` looks at answers of the learner's
    function, call(args) -> parts or None, and returns the way that it then seems to go, or None.
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
    difficulty: int  # 1 to 5, as importance
    importance: int
    minutes: int
    after: str  # one sentence to take along, shown on success
    axes: tuple[str, ...] = ()  # names of the answer's last axes
    sizes: Callable = lambda *args: {}  # {"N": 7}: for "N times too large"
    each: bool = False  # compare element by element, not with the largest
    floor: float = 1e-12  # absolute error that is always forgiven
    exact: bool = False  # the answer is a whole number, to the last digit
    parts: int = 1  # how many arrays are returned
    laws: tuple[Law, ...] = ()  # said where no known mistake fits and one is broken, the first first

    @property
    def name(self):
        return self.truth.__name__

    @property
    def chapter(self):
        """Its chapter's slug, by the module that it stands in: "the-theorem"."""
        return self.truth.__module__.rpartition(".")[2].replace("_", "-")

    @property
    def number(self):
        """Its chapter's."""
        return NUMBERS[self.chapter]

    @property
    def stem(self):
        """What the chapter's files are called: "02-the-theorem"."""
        return f"{self.number:02}-{self.chapter}"

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
        return tuple(np.array(part, dtype=object if self.exact else None) for part in values)

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

    def judge(self, function, mistake=None, seconds=SECONDS):
        """The `Result` for the learner's function. `mistake` is for exercises that ask for its name, see `hunt`."""
        runs = run_all(function, self, seconds)
        return noted(self._verdict(function, runs, seconds), runs)

    def _verdict(self, function, runs, seconds):
        wrong = [run for run in runs if not run.right]
        spoilt = changed(runs, self, function, right=not wrong, seconds=seconds)
        if not wrong and spoilt:
            return Result(False, spoilt, "changes-argument", self.name, "mistake")
        if not wrong:
            return Result(True, self._praise(runs), None, self.name)
        if all(run.case.slow and exhausted(run.outcome) for run in wrong):
            return Result(False, wrong[0].case.slow, "too-slow", self.name, "mistake")
        budget = Budget(seconds)

        def call(args):
            return attempt(function, args, budget, self.parts, self.exact)

        if spoilt and (text := truncated_in_place(runs, wrong, self, call)):
            return Result(False, f"{text}\n{spoilt}", "changes-argument", self.name, "mistake")
        known, aside = recognise(runs, self, call), ""
        if not known:
            known, aside = recognise_where_it_answers(runs, self, call)
        kind, message = ("mistake", known.message) if known else diagnose(runs, self, call)
        return Result(False, "\n".join(filter(None, [message, aside, spoilt])), known and known.name, self.name, kind)

    def _praise(self, runs):
        single = any(is_single(part) for run in runs for part in run.outcome.parts)
        notes = ["Your answer is float32 (or less), so it was held to three digits instead of six."] if single else []
        first, last = runs[0].case.label, runs[-1].case.label
        return "\n".join([f'Right on all {len(runs)} inputs (from "{first}" to "{last}").', self.after, *notes])
