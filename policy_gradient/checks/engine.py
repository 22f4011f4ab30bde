"""`check(function)` and `hint(function)`: find the exercise, run the function, compare, and say what is wrong.

The order of things is that of a patient teacher: is it right? is it a mistake we know by name? what else can be said?
"""
import difflib
import functools
import importlib
import inspect
import pkgutil
import sys
import warnings
from dataclasses import dataclass, replace

import numpy as np

from .attempt import Budget, Outcome, attempt
from .diagnose import also, diagnose
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
    frame = sys._getframe(1)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():     # whatever the learner's session makes of warnings
            warnings.simplefilter("ignore")
            return _check(function, exercise, mistake, frame)
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
    return noted(_verdict(function, one, runs), runs)


def _verdict(function, one, runs):
    wrong = [run for run in runs if not run.right]
    spoilt = _changed(runs, one, function, right=not wrong)
    if not wrong and spoilt:
        return Result(False, spoilt, "changes-argument", one.name, "mistake")
    if not wrong:
        return Result(True, _praise(runs, one), None, one.name)
    if all(run.case.slow and _exhausted(run.outcome) for run in wrong):
        return Result(False, wrong[0].case.slow, "too-slow", one.name, "mistake")
    budget = Budget(SECONDS)

    def call(args):
        return attempt(function, args, budget, one.parts, one.exact)

    if spoilt and (text := _truncated_in_place(runs, wrong, one, call)):
        return Result(False, f"{text}\n{spoilt}", "changes-argument", one.name, "mistake")
    known, aside = _recognise(runs, one, call), ""
    if not known:
        known, aside = _recognise_where_it_answers(runs, one, call)
    kind, message = ("mistake", known.message) if known else diagnose(runs, one, call)
    return Result(False, "\n".join(filter(None, [message, aside, spoilt])), known and known.name, one.name, kind)


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


def _recognise(runs, one, call=None):
    """The known mistake that gives the learner's numbers on every input where it is finite, or None."""
    for mistake in one.mistakes:
        if any(all(_same(run, way, one) for run in runs) for way in mistake.ways):
            return mistake

    def parts(args):
        outcome = call(args)
        return outcome.parts if outcome.kind == "answer" else None

    for mistake in one.mistakes if call else ():
        way = mistake.fitted(parts)
        if way and all(_same(run, way, one) for run in runs):
            return mistake
    return None


def _recognise_where_it_answers(runs, one, call):
    """The same where the function answers at all, if that is on most inputs and it is wrong there too: (mistake, what else to say)."""
    fails = [run for run in runs if run.outcome.kind in ("raised", "time") or run.outcome.kind == "answer" and not run.outcome.finite]
    answers = [run for run in runs if run not in fails]
    if not fails or len(answers) <= len(fails) or all(run.right for run in answers):
        return None, ""
    known = _recognise(answers, one, call)
    return (known, also(fails[0])) if known else (None, "")


def _truncated_in_place(runs, wrong, one, call):
    """Right but for whole numbers, where the function writes into an argument: an array of integers keeps its dtype."""
    def as_floats(arg):
        return arg.astype(float) if isinstance(arg, np.ndarray) and arg.dtype.kind in "iu" else arg
    for run in wrong:
        floats = tuple(map(as_floats, run.case.args))
        whole = [name for name, arg, other in zip(one.names, run.case.args, floats) if arg is not other]
        outcome = call(floats) if whole and run.outcome.kind == "answer" else None
        if outcome is None or outcome.kind != "answer" or not one.right(outcome.parts, run.wanted):
            return ""
    return (f"Right, except where {whole[0]} holds whole numbers: you write your results into the argument {whole[0]}, "
            "and an array of integers cuts each of them down to a whole number.")


def _same(run, way, one):
    if run.case.slow and _exhausted(run.outcome):
        return True
    theirs = attempt(way, run.case.args, Budget(SECONDS), one.parts, one.exact)
    if not theirs.finite:   # overflow may show as NaN in NumPy and as an OverflowError in plain Python
        return run.outcome.kind == "raised" or run.outcome.kind == "answer" and not run.outcome.finite
    return run.outcome.finite and one.close(run.outcome.parts, theirs.parts)


def _changed(runs, one, function, right):
    """What to say about arguments that the function changed, or ""."""
    run = next((run for run in runs if run.outcome.changed), None)
    if run is None:
        return ""
    which = " and ".join(sorted({one.names[i] for run in runs for i in run.outcome.changed}))
    place = changing_line(function, run.case.args, one)
    where = f", in {place}" if place else ""
    if right:
        return (f"The numbers are right, but your function changes its argument {which}{where}.\n"
                f"Whoever calls it finds other numbers in their array afterwards: the sort of fault that is searched for days.\n"
                f"Operations such as x -= 1, x[i] = 0 or x.sort() work in place. Write x = x - 1, or begin with a copy: x = x.copy().")
    return f"It also changes its argument {which} in place{where or ' (x -= 1, x[i] = 0, ...)'}: work on a copy."


def changing_line(function, args, one):
    """'line 3 of softmax: logits -= 1', where the function first writes into an array that it was given, or ""."""
    def locked(*args):
        for arg in args:
            if isinstance(arg, np.ndarray):
                arg.flags.writeable = False
        return function(*args)

    outcome = attempt(locked, args, Budget(SECONDS), one.parts, one.exact)
    return outcome.detail.partition("\nin ")[2] if outcome.kind == "raised" and "read-only" in outcome.detail else ""


def _praise(runs, one):
    single = any(is_single(part) for run in runs for part in run.outcome.parts)
    notes = ["Your answer is float32 (or less), so it was held to three digits instead of six."] if single else []
    first, last = runs[0].case.label, runs[-1].case.label
    return "\n".join([f"Right on all {len(runs)} inputs (from \"{first}\" to \"{last}\").", one.after, *notes])


def noted(result, runs):
    """`result`, and what the function printed or drew, which is not shown: of a wrong answer the first lines."""
    wrong = next((run for run in runs if not run.right and run.outcome.text.strip()), None)
    notes = []
    if not result.passed and wrong:
        lines = [" ".join(line.split()) for line in wrong.outcome.text.splitlines() if line.strip()]
        text = " | ".join(lines[:3])
        more = " ..." if len(lines) > 3 or len(text) > 150 else ""
        notes.append(f"It printed, on \"{wrong.case.label}\": {text[:150]}{more}")
    elif any(run.outcome.printed for run in runs):
        notes.append("What your function printed is not shown.")
    if any(run.outcome.drawn for run in runs):
        notes.append("The figures and bars that your function shows are left out while it is checked.")
    return replace(result, message="\n".join([result.message, *notes])) if notes else result
