"""`check(function)` and `hint(function)`: find the exercise, run the function, compare, and say what is wrong.

The order of things is that of a patient teacher: is it right? is it a mistake we know by name? what else can be said?
"""
import difflib
import functools
import importlib
import inspect
import pkgutil
import sys
from dataclasses import dataclass

import numpy as np

from .attempt import Budget, Outcome, attempt
from .diagnose import diagnose
from .display import Hint, Result
from .exercise import Case, is_single

SECONDS = 5.0   # of the learner's time, over all inputs of one check
_given = {}     # exercise name -> hints given so far


@dataclass(frozen=True)
class Run:
    """One input, the answer wanted, and what came."""

    case: Case
    wanted: tuple
    outcome: Outcome
    right: bool


@functools.cache
def registry():
    """{name: Exercise} of every chapter."""
    package = importlib.import_module(__package__)
    chapters = [module.name for module in pkgutil.iter_modules(package.__path__) if module.name.startswith("chapter")]
    return {one.name: one for chapter in sorted(chapters)
            for one in importlib.import_module(f"{__package__}.{chapter}").EXERCISES}


def check(function, exercise=None, *, mistake=None):
    """Check an exercise's function. Finds the exercise by the function's name, or takes its name as second argument.

    mistake: in "Find the bug", the name that you give to the mistake; `mistakes()` lists the names.

    Returns a `Result`, truthy when passed. Never raises, whatever the function does (but Ctrl-C, or the notebook's Stop, passes through).
    """
    try:
        return _check(function, exercise, mistake, sys._getframe(1))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Result(False, f"The check itself stumbled over this ({type(error).__name__}), so it cannot judge your function.\n"
                             "That is a fault of the check: please report it, with your function.")


def hint(function):
    """The next hint for an exercise (its function or its name). After the last one they start again. Never the answer."""
    try:
        name, problem = _find(function, None, sys._getframe(1))
        if problem:
            return Hint("No such exercise", problem)
        one = registry()[name]
        number = _given[name] = _given.get(name, 0) % len(one.hints) + 1
        more = "" if number < len(one.hints) else (
            f"\nThat was the last hint. Give it {one.minutes} minutes, then read solutions/{one.chapter}.ipynb.")
        return Hint(f"{name}: hint {number} of {len(one.hints)}", one.hints[number - 1] + more)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Hint("No hint", f"Could not find out which exercise this is ({type(error).__name__}). Try hint(\"name\").")


def _check(function, exercise, mistake, frame):
    name, problem = _find(function, exercise, frame)
    if not problem and isinstance(function, str):
        problem = f"Pass the function itself, without quotation marks: check({name})."
    if problem:
        return Result(False, problem, exercise=name)
    one = registry()[name]
    problem = _wrong_signature(function, one)
    if problem:
        return Result(False, problem, exercise=name, kind="signature")
    if hasattr(one, "judge"):
        return one.judge(function, mistake)
    runs = _run(function, one)
    wrong = [run for run in runs if not run.right]
    spoilt = _changed(runs, one, right=not wrong)
    if not wrong and spoilt:
        return Result(False, spoilt, "changes-argument", name, "mistake")
    if not wrong:
        return Result(True, _praise(runs, one), None, name)
    if all(run.case.slow and _exhausted(run.outcome) for run in wrong):
        return Result(False, wrong[0].case.slow, "too-slow", name, "mistake")
    known, budget = _recognise(runs, one), Budget(SECONDS)
    kind, message = ("mistake", known.message) if known else diagnose(
        runs, one, lambda args: attempt(function, args, budget, one.parts, one.exact))
    return Result(False, "\n".join(filter(None, [message, spoilt])), known and known.name, name, kind)


def _find(function, exercise, frame):
    """(exercise's name, "") or ("", what to tell the learner)."""
    if isinstance(function, str):
        candidates = [function]
    elif not callable(function):
        return "", (f"check and hint want the function itself, and this is {_article(function)}.\n"
                    "Write check(softmax), not check(softmax(logits)).")
    else:
        inner = function.func if isinstance(function, functools.partial) else function
        space = {**frame.f_globals, **frame.f_locals}   # finds lambdas, partials and instances: whatever the learner called them
        candidates = [exercise] if exercise else [
            getattr(inner, "__name__", None), *(key for key, value in space.items() if value is function and key.isidentifier()), type(function).__name__]
    candidates = [one for one in candidates if isinstance(one, str) and one]
    for name in candidates:
        if name in registry():
            return name, ""
    asked = next((one for one in candidates if one not in {"<lambda>", "function", "partial"}), "")
    near = difflib.get_close_matches(asked, registry(), n=1, cutoff=0.5)
    what = f"There is no exercise called {asked!r}." if asked else "This function has no name of its own."
    return "", (f"{what} Did you mean {near[0]}? Name your function so, or say check(your_function, \"{near[0]}\")." if near else
                f"{what} Say which exercise it is: check(your_function, \"softmax\").\nThe exercises are: {', '.join(registry())}.")


def _article(value):
    if isinstance(value, (np.ndarray, np.generic, int, float, list, tuple)):
        return "already the answer of one (numbers)"
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _wrong_signature(function, one):
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):   # some C functions have none: let the run decide
        return ""
    for case, _ in one.problems:
        try:
            signature.bind(*case.args)
        except TypeError:
            return (f"This function cannot be called as the exercise does: {one.signature}.\n"
                    f"Yours takes {signature}; the check passes {len(case.args)} argument{'s' * (len(case.args) > 1)}, in this order.")
    return ""


def _run(function, one):
    """A `Run` for each of the exercise's inputs, up to the first that takes too long."""
    budget, runs = Budget(SECONDS), []
    for case, wanted in one.problems:
        outcome = attempt(function, case.args, budget, one.parts, one.exact)
        runs.append(Run(case, wanted, outcome, outcome.kind == "answer" and one.right(outcome.parts, wanted)))
        if outcome.kind == "time":
            break
    return runs


def _exhausted(outcome):
    return outcome.kind == "time" or outcome.error == "MemoryError"


def _recognise(runs, one):
    """The known mistake that gives the learner's numbers on every input where it is finite, or None."""
    return next((mistake for mistake in one.mistakes for way in mistake.ways if all(_same(run, way, one) for run in runs)), None)


def _same(run, way, one):
    if run.case.slow and _exhausted(run.outcome):
        return True
    theirs = attempt(way, run.case.args, Budget(SECONDS), one.parts, one.exact)
    if not theirs.finite:   # overflow may show as NaN in NumPy and as an OverflowError in plain Python
        return run.outcome.kind == "raised" or run.outcome.kind == "answer" and not run.outcome.finite
    return run.outcome.finite and one.close(run.outcome.parts, theirs.parts)


def _changed(runs, one, right):
    """What to say about arguments that the function changed, or ""."""
    names = sorted({one.names[i] for run in runs for i in run.outcome.changed})
    if not names:
        return ""
    which = " and ".join(names)
    if right:
        return (f"The numbers are right, but your function changes its argument {which}.\n"
                f"Whoever calls it finds other numbers in their array afterwards: the sort of fault that is searched for days.\n"
                f"Operations such as x -= 1, x[i] = 0 or x.sort() work in place. Write x = x - 1, or begin with a copy: x = x.copy().")
    return f"It also changes its argument {which} in place (x -= 1, x[i] = 0, ...): work on a copy."


def _praise(runs, one):
    single = any(is_single(part) for run in runs for part in run.outcome.parts)
    notes = ["Your answer is float32 (or less), so it was held to three digits instead of six."] if single else []
    if any(run.outcome.printed for run in runs):
        notes.append("What your function printed is not shown.")
    first, last = runs[0].case.label, runs[-1].case.label
    return "\n".join([f"Right on all {len(runs)} inputs (from \"{first}\" to \"{last}\").", one.after, *notes])
