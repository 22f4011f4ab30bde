"""A function's answers to an exercise's inputs, and what can be said of how it behaved on the way."""

from dataclasses import dataclass, replace

import numpy as np

from .attempt import HUGE, Budget, Outcome, attempt

SECONDS = 5.0  # of the learner's time, over all inputs of one check


@dataclass(frozen=True)
class Run:
    """One input, the answer wanted, and what came."""

    case: object  # an exercise's Case
    wanted: tuple
    outcome: Outcome
    right: bool


def run_all(function, exercise, seconds=SECONDS):
    """A `Run` for each of the exercise's inputs, up to the first that takes too long."""
    budget, runs = Budget(seconds), []
    for case, wanted in exercise.problems:
        outcome = attempt(function, case.args, budget, exercise.parts, exercise.exact, huge_beside(wanted))
        runs.append(Run(case, wanted, outcome, outcome.kind == "answer" and exercise.right(outcome.parts, wanted)))
        if outcome.kind == "time":
            break
    return runs


def huge_beside(wanted):
    """Where numbers begin to count as infinite: far above what is wanted, where that itself is large."""
    sizes = [np.abs(part.astype(float)).max(initial=0.0) for part in wanted]
    return max(HUGE, 1e6 * max(sizes, default=0.0))


def exhausted(outcome):
    return outcome.kind == "time" or outcome.error == "MemoryError"


def changed(runs, exercise, function, right, seconds=SECONDS):
    """What to say about arguments that the function changed, or ""."""
    run = next((run for run in runs if run.outcome.changed), None)
    if run is None:
        return ""
    which = " and ".join(sorted({exercise.names[i] for run in runs for i in run.outcome.changed}))
    place = changing_line(function, run.case.args, exercise, seconds)
    where = f", in {place}" if place else ""
    if right:
        return (
            f"The numbers are right, but your function changes its argument {which}{where}.\n"
            "Whoever calls it finds other numbers in their array afterwards: "
            "the sort of fault that is searched for days.\n"
            "Operations such as x -= 1, x[i] = 0 or x.sort() work in place. "
            "Write x = x - 1, or begin with a copy: x = x.copy()."
        )
    return f"It also changes its argument {which} in place{where or ' (x -= 1, x[i] = 0, ...)'}: work on a copy."


def changing_line(function, args, exercise, seconds=SECONDS):
    """'line 3 of softmax: logits -= 1', where the function first writes into an array that it was given, or ""."""

    def locked(*args):
        for arg in args:
            if isinstance(arg, np.ndarray):
                arg.flags.writeable = False
        return function(*args)

    outcome = attempt(locked, args, Budget(seconds), exercise.parts, exercise.exact)
    return outcome.detail.partition("\nin ")[2] if outcome.kind == "raised" and "read-only" in outcome.detail else ""


def noted(result, runs):
    """`result`, and what the function printed or drew, which is not shown: of a wrong answer the first lines."""
    wrong = next((run for run in runs if not run.right and run.outcome.text.strip()), None)
    notes = []
    if not result.passed and wrong:
        lines = [" ".join(line.split()) for line in wrong.outcome.text.splitlines() if line.strip()]
        text = " | ".join(lines[:3])
        more = " ..." if len(lines) > 3 or len(text) > 150 else ""
        notes.append(f'It printed, on "{wrong.case.label}": {text[:150]}{more}')
    elif any(run.outcome.printed for run in runs):
        notes.append("What your function printed is not shown.")
    if any(run.outcome.drawn for run in runs):
        notes.append("The figures and bars that your function shows are left out while it is checked.")
    return replace(result, message="\n".join([result.message, *notes])) if notes else result
