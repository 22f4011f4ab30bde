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
NAMES = frozenset(name for one in registry().values() if hunts.is_hunt(one) for name in one.choices())


def exercises():
    """Those that can be attacked here: a truth, cases, a solution and probes."""
    return [one for one in registry().values() if one.name in attacks.PROBES]


@functools.cache
def probes(name):
    """[(args, truth)] on inputs that are not the check's own."""
    one = registry()[name]
    drawn = attacks.PROBES[name](np.random.default_rng(7_031))
    return [(args, one.answer(one.truth, args)) for args in drawn]


def outcomes(one, function):
    """What the function answers to the probes; stops at the first that takes too long."""
    budget, made = Budget(2 * SECONDS), []
    for args, _ in probes(one.name):
        made.append(attempt(function, args, budget, one.parts, one.exact))
        if made[-1].kind == "time":
            break
    return made


def right_on_probes(one, made):
    return len(made) == len(probes(one.name)) and all(
        outcome.kind == "answer" and one.right(outcome.parts, wanted) and not outcome.changed
        for outcome, (_, wanted) in zip(made, probes(one.name))
    )


def verdict(one, function, seconds=SECONDS):
    """What the check says of one answer: {"passed", "says", "group", "message"}.
    A group is "named", "diagnosed" or "shown"."""
    result = engine.check_within(seconds, function, one.name, mistake=getattr(one, "bug", None))
    if result.passed:
        return {"passed": True, "says": "", "group": ""}
    says = result.mistake or result.kind
    group = (
        "shown"
        if says in ("smallest", "biased")
        else "named"
        if result.mistake in NAMES or not hunts.is_hunt(one) and result.mistake
        else "diagnosed"
    )
    assert says, f"the check of {one.name} stumbled: {result.message}"
    return {"passed": False, "says": says, "group": group, "message": result.message}


def confirmed(one, function, says, message=""):
    """Is it true on the probes as well: the mistake that was named, the sign,
    the unused argument? None where it does not apply."""
    if hunts.is_hunt(one):
        return hunts.confirmed(one, function, says) if says else None
    mistake = next((mistake for mistake in one.mistakes if mistake.name == says), None)
    if not mistake and says == "sign" and not message.startswith("One of"):
        return all(
            one.close(tuple(np.array(-part, part.dtype) for part in outcome.parts), wanted)
            for outcome, (_, wanted) in zip(outcomes(one, function), probes(one.name))
        )
    if says == "unused":
        name = re.search(r"when (\w+) changes", message)[1]
        runs = [
            Run(Case("", args), wanted, outcome, False)
            for outcome, (args, wanted) in zip(outcomes(one, function), probes(one.name))
            if outcome.finite
        ]
        return diagnose.ignores(
            one.names.index(name), one, runs, lambda args: attempt(function, args, Budget(1.0), one.parts, one.exact)
        )
    if mistake is None:
        return None
    runs = [
        Run(None, wanted, outcome, False) for outcome, (_, wanted) in zip(outcomes(one, function), probes(one.name))
    ]
    asked = [args for args, _ in probes(one.name)]
    if '\n(On "' in message and " it raises " in message:  # then the name was said of the inputs that got an answer
        answered = [(run, args) for run, args in zip(runs, asked) if run.outcome.kind != "raised"]
        runs, asked = [run for run, _ in answered], [args for _, args in answered]

    def call(args):
        outcome = attempt(function, args, Budget(1.0), one.parts, one.exact)
        return outcome.parts if outcome.kind == "answer" else None

    ways = itertools.chain(mistake.ways, filter(None, [mistake.fitted(call)]))
    return bool(runs) and any(all(_agrees(one, run, args, way) for run, args in zip(runs, asked)) for way in ways)


def _agrees(one, run, args, way):
    theirs = attempt(way, args, Budget(2.0), one.parts, one.exact)
    if run.outcome.kind == "time" or theirs.kind == "time":
        return True
    if not theirs.finite:
        return run.outcome.kind == "raised" or not run.outcome.finite
    return run.outcome.finite and one.close(run.outcome.parts, theirs.parts, digits=4)


def judge(task):
    """One exercise's mutant or attack, as plain data."""
    name, key, source = task
    one = registry()[name]
    function = build(one, source)
    if hunts.is_hunt(one):
        found = verdict(one, function, seconds=5.0)
        return {
            "exercise": name,
            "key": key,
            **found,
            "same": hunts.unbiased(one, function),
            "confirmed": confirmed(one, function, found["says"], found.pop("message", "")),
        }
    found = verdict(one, function)
    same = right_on_probes(one, outcomes(one, function))
    return {
        "exercise": name,
        "key": key,
        **found,
        "same": same,
        "confirmed": confirmed(one, function, found["says"], found.pop("message", "")),
    }


def tasks(names=None):
    return [
        (one.name, key, source)
        for one in exercises()
        if (one.name in names if names else not hunts.is_hunt(one))
        for key, source in mutants(solution_source(one))
    ]


def hunted(name):
    """The tasks of one training function: every mutant that lies near the gradient,
    and a fixed share of those far from it."""
    one = registry()[name]
    return [(name, key, source) for key, source in hunts.chosen(one, mutants(solution_source(one)), build)]


def sample(share, names=None):
    """A fixed share of the mutants: the same every time, and mostly the same when a solution changes."""
    return [task for task in tasks(names) if zlib.crc32(f"{task[0]} {task[1]}".encode()) % 1000 < 1000 * share]


def equivalent():
    """{exercise: {key: reason}}: mutants that pass, and why they may."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}


def judge_attacks(one):
    """The verdicts on the written attacks of one exercise."""
    made = []
    for attack in attacks.WRONG[one.name]:
        found = verdict(one, attack.function, seconds=5.0)  # whatever else runs on this machine
        made.append(
            {
                "exercise": one.name,
                "key": attack.name,
                **found,
                "expected": attack.says,
                "confirmed": confirmed(one, attack.function, found["says"], found.pop("message", "")),
            }
        )
    return made


def listed(one):
    """How many of the ways to make a known mistake are told by its own name."""
    if hunts.is_hunt(one):
        return listed_updates(one)
    ways = [(mistake, way) for mistake in one.mistakes for way in mistake.ways]
    said = 0
    for mistake, way in ways:
        said += check(way, one.name).mistake == mistake.name
    return len(ways), said


def listed_updates(one):
    """The same for a training function. The first hunt in each kind of world and what is written from an empty cell
    (less what needs padding) stand for all; the others are tried with their own mistake."""
    padding = {what for what, *_ in hunts.hunt.CLUES}
    first = next(other for other in registry().values() if hunts.is_hunt(other) and other.known == one.known)
    ways = [
        (name, way)
        for name, family in one.known().items()
        for way in family
        if name == one.bug or one is first or not one.bug and name not in padding
    ]
    said = missing = 0
    for name, way in ways:
        function = hunts.from_estimator(one, way)
        found = check(function, one.name, mistake=one.bug)
        said += found.mistake == name or found.mistake == "cosmetic" and name == one.bug
        missing += not one.bug and "NoneType" in found.message  # without an original there are no values
    return len(ways) - missing, said


def everything(names=None):
    """All verdicts, in two processes: (mutants, attacks, {exercise: (ways, named)})."""
    from tqdm import tqdm

    todo, chosen = tasks(names), [one for one in exercises() if not names or one.name in names]
    updates = [one.name for one in chosen if hunts.is_hunt(one)]
    todo = [task for task in todo if task[0] not in updates]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        todo += itertools.chain.from_iterable(tqdm(pool.imap(hunted, updates), total=len(updates), desc="exact means"))
        verdicts = list(tqdm(pool.imap(judge, todo, chunksize=4), total=len(todo), desc="mutants", unit="mutant"))
    written = [found for one in tqdm(chosen, desc="attacks") for found in judge_attacks(one)]
    return verdicts, written, {one.name: listed(one) for one in tqdm(chosen, desc="listed")}
