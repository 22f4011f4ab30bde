"""Answers to the exercises as people write them, wrong and right:
every wrong one must be rejected, every right one must pass.

Many of the wrong ones were met in public code and rewritten here. `says` is what the check answers to it, read by a
person and found to be true: the name of a known mistake, or which general remark ("sign", "factor", "shape", ...;
"smallest" is the last resort, an input with what was wanted and what came).
Probes are inputs that the checks have never seen.
"""

import importlib
import pkgutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

WRONG, RIGHT, PROBES, FORMS = defaultdict(list), defaultdict(list), {}, {}


@dataclass(frozen=True)
class Attack:
    """A wrong answer, and what the check says of it."""

    function: object
    says: str

    @property
    def name(self):
        return self.function.__name__


def wrong(exercise, says):
    def note(function):
        WRONG[exercise].append(Attack(function, says))
        return function

    return note


def right(exercise):
    def note(function):
        RIGHT[exercise].append(function)
        return function

    return note


def probes(exercise):
    """Decorates `draw(rng)`, which yields argument tuples within the exercise's contract."""

    def note(draw):
        PROBES[exercise] = draw
        return draw

    return note


def form(exercise):
    """Decorates `made(update)`: update(theta, batch, lr) as a function that is called as the exercise calls it."""

    def note(made):
        FORMS[exercise] = made
        return made

    return note


for chapter in pkgutil.iter_modules([str(Path(__file__).parents[1] / "chapters")]):
    for module in pkgutil.iter_modules([str(Path(__file__).parents[1] / "chapters" / chapter.name)]):
        if module.name.startswith("attacks"):
            importlib.import_module(f"tests.chapters.{chapter.name}.{module.name}")
