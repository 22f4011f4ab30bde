"""Which known mistake gives the learner's numbers."""

from dataclasses import replace

import numpy as np

from .attempt import Budget, attempt
from .remarks import also
from .runs import SECONDS, exhausted


def recognise(runs, exercise, call=None):
    """The known mistake that gives the learner's numbers on every input where it is finite, or None."""
    for mistake in exercise.mistakes:
        if any(all(same(run, way, exercise) for run in runs) for way in mistake.ways):
            return mistake

    def parts(args):
        outcome = call(args)
        return outcome.parts if outcome.kind == "answer" else None

    for mistake in exercise.mistakes if call else ():
        way = mistake.fitted(parts)
        if way and all(same(run, way, exercise) for run in runs):
            return mistake
    return None


def recognise_where_it_answers(runs, exercise, call):
    """The same where the function answers at all, if that is on most inputs and it is wrong there too:
    (mistake, what else to say)."""
    fails = [
        run
        for run in runs
        if run.outcome.kind in ("raised", "time") or run.outcome.kind == "answer" and not run.outcome.finite
    ]
    answers = [run for run in runs if run not in fails]
    if not fails or len(answers) <= len(fails) or all(run.right for run in answers):
        return None, ""
    known = recognise(answers, exercise, call)
    return (known, also(fails[0])) if known else (None, "")


def truncated_in_place(runs, wrong, exercise, call):
    """Right but for whole numbers, where the function writes into an argument: an array of integers keeps its dtype."""

    def as_floats(arg):
        return arg.astype(float) if isinstance(arg, np.ndarray) and arg.dtype.kind in "iu" else arg

    for run in wrong:
        floats = tuple(map(as_floats, run.case.args))
        whole = [name for name, arg, other in zip(exercise.names, run.case.args, floats) if arg is not other]
        outcome = call(floats) if whole and run.outcome.kind == "answer" else None
        if outcome is None or outcome.kind != "answer" or not exercise.right(outcome.parts, run.wanted):
            return ""
    return (
        f"Right, except where {whole[0]} holds whole numbers: you write your results into the argument {whole[0]}, "
        "and an array of integers cuts each of them down to a whole number."
    )


def same(run, way, exercise):
    """Does `way` give the learner's numbers? What a known mistake answers to a case is kept with the case:
    it is the same at every check."""
    if run.case.slow and exhausted(run.outcome):
        return True
    mistaken = run.case.kept.get(way)
    if mistaken is None:
        mistaken = attempt(way, run.case.args, Budget(SECONDS), exercise.parts, exercise.exact)
        # not what was fitted to one function
        if not exhausted(mistaken) and any(way in mistake.ways for mistake in exercise.mistakes):
            run.case.kept[way] = mistaken
    if mistaken.huge != run.outcome.huge:
        mistaken = replace(mistaken, huge=run.outcome.huge)
    if not mistaken.finite:  # overflow may show as NaN in NumPy and as an OverflowError in plain Python
        return run.outcome.kind == "raised" or run.outcome.kind == "answer" and _same_holes(run.outcome, mistaken)
    return run.outcome.finite and exercise.close(run.outcome.parts, mistaken.parts)


def _same_holes(outcome, mistaken):
    """Are the answer's numbers infinite, or NaN, where the mistake's are? Two may fail on one input in other places."""
    if outcome.finite or mistaken.kind != "answer":
        return not outcome.finite
    pairs = list(zip(outcome.parts, mistaken.parts, strict=True))
    return all(
        got.shape != made.shape or np.array_equal(*(np.abs(part.astype(float)) < outcome.huge for part in (got, made)))
        for got, made in pairs
    )
