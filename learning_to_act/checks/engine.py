"""`check(function)` and `hint(function)`: find the exercise, have it judge the function, and hand back what it says."""

import difflib
import functools
import inspect
import sys
import warnings

import numpy as np

from .display import Hint, Result
from .registry import registry
from .runs import SECONDS

_given = {}  # exercise name -> hints given so far


def check(function, exercise=None, *, mistake=None):
    """Check an exercise's function. Finds the exercise by the function's name, or takes its name as second argument.

    mistake: in "Find the bug", the name that you give to the mistake; `mistakes()` lists the names.

    Returns a `Result`, truthy when passed. Never raises, whatever the function does
    (but Ctrl-C, or the notebook's Stop, passes through).
    """
    return check_within(SECONDS, function, exercise, mistake, sys._getframe(1))


def check_within(seconds, function, exercise=None, mistake=None, frame=None):
    """`check` with another limit than `SECONDS` for the learner's time.
    The exercise is looked for among the names of `frame`."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():  # whatever the learner's session makes of warnings
            warnings.simplefilter("ignore")
            return _check(function, exercise, mistake, frame or sys._getframe(1), seconds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Result(
            False,
            f"The check itself stumbled over this ({type(error).__name__}), so it cannot judge your function.\n"
            "That is a fault of the check: please report it, with your function.",
        )


def hint(function):
    """The next hint for an exercise (its function or its name). After the last one they start again.
    Never the answer."""
    try:
        name, problem = _find(function, None, sys._getframe(1))
        if problem:
            return Hint("No such exercise", problem)
        exercise = registry()[name]
        number = _given[name] = _given.get(name, 0) % len(exercise.hints) + 1
        more = (
            ""
            if number < len(exercise.hints)
            else (
                f"\nThat was the last hint. Give it {exercise.minutes} minutes, "
                f"then read solutions/{exercise.stem}.ipynb."
            )
        )
        return Hint(f"{name}: hint {number} of {len(exercise.hints)}", exercise.hints[number - 1] + more)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Hint("No hint", f'Could not find out which exercise this is ({type(error).__name__}). Try hint("name").')


def _check(function, asked, mistake, frame, seconds):
    name, problem = _find(function, asked, frame)
    if not problem and isinstance(function, str):
        problem = f"Pass the function itself, without quotation marks: check({name})."
    if problem:
        return Result(False, problem, exercise=name)
    exercise = registry()[name]
    problem = _wrong_signature(function, exercise)
    if problem:
        return Result(False, problem, exercise=name, kind="signature")
    return exercise.judge(function, mistake, seconds)


def _find(function, exercise, frame):
    """(exercise's name, "") or ("", what to tell the learner)."""
    if isinstance(function, str):
        candidates = [function]
    elif not callable(function):
        return "", (
            f"check and hint want the function itself, and this is {_article(function)}.\n"
            "Write check(softmax), not check(softmax(logits))."
        )
    else:
        inner = function.func if isinstance(function, functools.partial) else function
        space = {
            **frame.f_globals,
            **frame.f_locals,
        }  # finds lambdas, partials and instances: whatever the learner called them
        candidates = (
            [exercise]
            if exercise
            else [
                getattr(inner, "__name__", None),
                *(key for key, value in space.items() if value is function and key.isidentifier()),
                type(function).__name__,
            ]
        )
    candidates = [candidate for candidate in candidates if isinstance(candidate, str) and candidate]
    for name in candidates:
        if name in registry():
            return name, ""
    asked = next((candidate for candidate in candidates if candidate not in {"<lambda>", "function", "partial"}), "")
    near = difflib.get_close_matches(asked, registry(), n=1, cutoff=0.5)
    what = f"There is no exercise called {asked!r}." if asked else "This function has no name of its own."
    return "", (
        f'{what} Did you mean {near[0]}? Name your function so, or say check(your_function, "{near[0]}").'
        if near
        else f'{what} Say which exercise it is: check(your_function, "softmax").\n'
        f"The exercises are: {', '.join(registry())}."
    )


def _article(value):
    if isinstance(value, (np.ndarray, np.generic, int, float, list, tuple)):
        return "already the answer of one (numbers)"
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _wrong_signature(function, exercise):
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # some C functions have none: let the run decide
        return ""
    for case, _ in exercise.problems:
        try:
            signature.bind(*case.args)
        except TypeError:
            instance = (
                "\nYou pass the class itself: make one of it, and pass that."
                if isinstance(function, type)
                else "\nYou pass a method of the class: make one of it, and pass the method of that."
                if next(iter(signature.parameters), "") == "self"
                else ""
            )
            return (
                f"This function cannot be called as the exercise does: {exercise.signature}.\n"
                f"Yours takes {signature}; the check passes {len(case.args)} "
                f"argument{'s' * (len(case.args) > 1)}, in this order.{instance}"
            )
    return ""
