"""What a check says of a mutant or of a written attack, and whether that is true: for both kinds of exercise."""

import functools
import itertools
import json
import multiprocessing
import re
import zlib

import numpy as np

from learning_to_act.checks import check, diagnose, engine
from learning_to_act.checks.attempt import Budget, attempt
from learning_to_act.checks.exercise import Case
from learning_to_act.checks.registry import registry
from learning_to_act.checks.runs import Run
from tests import attacks
from tools.paths import ROOT
from tools.trust import hunts
from tools.trust.mutants import mutants
from tools.trust.solutions import build, solution_source

EQUIVALENT = ROOT / "tests" / "attacks" / "equivalent.json"
SECONDS = 0.5  # for a mutant: endless loops are among them
NAMES = frozenset(name for exercise in registry().values() if hunts.is_hunt(exercise) for name in exercise.choices())


def exercises():
    """Those that can be attacked here: a truth, cases, a solution and probes."""
    return [exercise for exercise in registry().values() if exercise.name in attacks.PROBES]


@functools.cache
def probes(name):
    """[(args, truth)] on inputs that are not the check's own."""
    exercise = registry()[name]
    drawn = attacks.PROBES[name](np.random.default_rng(7_031))
    return [(args, exercise.answer(exercise.truth, args)) for args in drawn]


def outcomes(exercise, function):
    """What the function answers to the probes; stops at the first that takes too long."""
    budget, made = Budget(2 * SECONDS), []
    for args, _ in probes(exercise.name):
        made.append(attempt(function, args, budget, exercise.parts, exercise.exact))
        if made[-1].kind == "time":
            break
    return made


def right_on_probes(exercise, made):
    return len(made) == len(probes(exercise.name)) and all(
        outcome.kind == "answer" and exercise.right(outcome.parts, wanted) and not outcome.changed
        for outcome, (_, wanted) in zip(made, probes(exercise.name))
    )


def verdict(exercise, function, seconds=SECONDS):
    """What the check says of one answer: {"passed", "says", "group", "message"}.
    A group is "named", "diagnosed" or "shown"."""
    result = engine.check_within(seconds, function, exercise.name, mistake=getattr(exercise, "bug", None))
    if result.passed:
        return {"passed": True, "says": "", "group": ""}
    says = result.mistake or result.kind
    group = (
        "shown"
        if says in ("smallest", "biased")
        else "named"
        if result.mistake in NAMES or not hunts.is_hunt(exercise) and result.mistake
        else "diagnosed"
    )
    assert says, f"the check of {exercise.name} stumbled: {result.message}"
    return {"passed": False, "says": says, "group": group, "message": result.message}


def confirmed(exercise, function, says, message=""):
    """Is it true on the probes as well: the mistake that was named, the sign,
    the unused argument? None where it does not apply."""
    if hunts.is_hunt(exercise):
        return hunts.confirmed(exercise, function, says) if says else None
    mistake = next((mistake for mistake in exercise.mistakes if mistake.name == says), None)
    if not mistake and says == "sign" and not message.startswith("One of"):
        return all(
            exercise.close(tuple(np.array(-part, part.dtype) for part in outcome.parts), wanted)
            for outcome, (_, wanted) in zip(outcomes(exercise, function), probes(exercise.name))
        )
    if says == "unused":
        name = re.search(r"when (\w+) changes", message)[1]
        runs = [
            Run(Case("", args), wanted, outcome, False)
            for outcome, (args, wanted) in zip(outcomes(exercise, function), probes(exercise.name))
            if outcome.finite
        ]
        return diagnose.ignores(
            exercise.names.index(name),
            exercise,
            runs,
            lambda args: attempt(function, args, Budget(1.0), exercise.parts, exercise.exact),
        )
    if mistake is None:
        return None
    runs = [
        Run(None, wanted, outcome, False)
        for outcome, (_, wanted) in zip(outcomes(exercise, function), probes(exercise.name))
    ]
    asked = [args for args, _ in probes(exercise.name)]
    if '\n(On "' in message and " it raises " in message:  # then the name was said of the inputs that got an answer
        answered = [(run, args) for run, args in zip(runs, asked) if run.outcome.kind != "raised"]
        runs, asked = [run for run, _ in answered], [args for _, args in answered]

    def call(args):
        outcome = attempt(function, args, Budget(1.0), exercise.parts, exercise.exact)
        return outcome.parts if outcome.kind == "answer" else None

    ways = itertools.chain(mistake.ways, filter(None, [mistake.fitted(call)]))
    return bool(runs) and any(all(_agrees(exercise, run, args, way) for run, args in zip(runs, asked)) for way in ways)


def _agrees(exercise, run, args, way):
    mistaken = attempt(way, args, Budget(2.0), exercise.parts, exercise.exact)
    if run.outcome.kind == "time" or mistaken.kind == "time":
        return True
    if not mistaken.finite:
        return run.outcome.kind == "raised" or not run.outcome.finite
    return run.outcome.finite and exercise.close(run.outcome.parts, mistaken.parts, digits=4)


def judge(task):
    """One exercise's mutant or attack, as plain data."""
    name, key, source = task
    exercise = registry()[name]
    function = build(exercise, source)
    if hunts.is_hunt(exercise):
        judged = verdict(exercise, function, seconds=5.0)
        return {
            "exercise": name,
            "key": key,
            **judged,
            "same": hunts.unbiased(exercise, function),
            "confirmed": confirmed(exercise, function, judged["says"], judged.pop("message", "")),
        }
    judged = verdict(exercise, function)
    same = right_on_probes(exercise, outcomes(exercise, function))
    return {
        "exercise": name,
        "key": key,
        **judged,
        "same": same,
        "confirmed": confirmed(exercise, function, judged["says"], judged.pop("message", "")),
    }


def tasks(names=None):
    return [
        (exercise.name, key, source)
        for exercise in exercises()
        if (exercise.name in names if names else not hunts.is_hunt(exercise))
        for key, source in mutants(solution_source(exercise))
    ]


def hunted(name):
    """The tasks of one training function: every mutant that lies near the gradient,
    and a fixed share of those far from it."""
    exercise = registry()[name]
    return [(name, key, source) for key, source in hunts.chosen(exercise, mutants(solution_source(exercise)), build)]


def sample(share, names=None):
    """A fixed share of the mutants: the same every time, and mostly the same when a solution changes."""
    return [task for task in tasks(names) if zlib.crc32(f"{task[0]} {task[1]}".encode()) % 1000 < 1000 * share]


def equivalent():
    """{exercise: {key: reason}}: mutants that pass, and why they may."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}


def judge_attacks(exercise):
    """The verdicts on the written attacks of one exercise."""
    made = []
    for attack in attacks.WRONG[exercise.name]:
        judged = verdict(exercise, attack.function, seconds=5.0)  # whatever else runs on this machine
        made.append(
            {
                "exercise": exercise.name,
                "key": attack.name,
                **judged,
                "expected": attack.says,
                "confirmed": confirmed(exercise, attack.function, judged["says"], judged.pop("message", "")),
            }
        )
    return made


def listed(exercise):
    """How many of the ways to make a known mistake are told by its own name."""
    if hunts.is_hunt(exercise):
        return listed_updates(exercise)
    ways = [(mistake, way) for mistake in exercise.mistakes for way in mistake.ways]
    named = 0
    for mistake, way in ways:
        named += check(way, exercise.name).mistake == mistake.name
    return len(ways), named


def listed_updates(hunt):
    """The same for a training function. The first hunt in each kind of world and what is written from an empty cell
    (less what needs padding) stand for all; the others are tried with their own mistake."""
    padding = {what for what, *_ in hunts.hunt.CLUES}
    first = next(other for other in registry().values() if hunts.is_hunt(other) and other.known == hunt.known)
    ways = [
        (name, way)
        for name, family in hunt.known().items()
        for way in family
        if name == hunt.bug or hunt is first or not hunt.bug and name not in padding
    ]
    named = missing = 0
    for name, way in ways:
        function = hunts.from_estimator(hunt, way)
        result = check(function, hunt.name, mistake=hunt.bug)
        named += result.mistake == name or result.mistake == "cosmetic" and name == hunt.bug
        missing += not hunt.bug and "NoneType" in result.message  # without an original there are no values
    return len(ways) - missing, named


def everything(names=None):
    """All verdicts, in two processes: (mutants, attacks, {exercise: (ways, named)})."""
    from tqdm import tqdm

    todo, chosen = tasks(names), [exercise for exercise in exercises() if not names or exercise.name in names]
    updates = [exercise.name for exercise in chosen if hunts.is_hunt(exercise)]
    todo = [task for task in todo if task[0] not in updates]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        todo += itertools.chain.from_iterable(tqdm(pool.imap(hunted, updates), total=len(updates), desc="exact means"))
        verdicts = list(tqdm(pool.imap(judge, todo, chunksize=4), total=len(todo), desc="mutants", unit="mutant"))
    written = [judged for exercise in tqdm(chosen, desc="attacks") for judged in judge_attacks(exercise)]
    return verdicts, written, {exercise.name: listed(exercise) for exercise in tqdm(chosen, desc="listed")}
