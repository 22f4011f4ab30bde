"""Can the checks of the exercises be believed? Attack them, and write the table: `make trust`.

Two kinds of attack: answers as people write them (tests/attacks/), and mutants of the solutions: copies with one small change
each, an operator, a sign, an axis, an index, a constant, a dropped call, two arguments exchanged. A mutant that gives other numbers
than the solution on inputs which the checks have never seen must be rejected. One that passes is either a hole in a check, or
equivalent, and then tests/attacks/equivalent.json says why.

The mutator is our own, because the solutions are cells of notebooks, a mutant must run in this process within a second (mutmut and
cosmic-ray start a test run for each), and the mistakes that matter here are about axes and indices, which they do not change.

    tools/trust.py            everything, in two processes; writes studies/trust.json and the page's table
    tools/trust.py NAME ...   these exercises only: prints their verdicts and makes their rows anew (make trust ARGS="softmax")
"""
import argparse
import ast
import copy
import functools
import itertools
import json
import multiprocessing
import re
import sys
import warnings
import zlib
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
import attacks  # noqa: E402
import trust_hunt  # noqa: E402

from learning_to_act.checks import diagnose, engine  # noqa: E402
from learning_to_act.checks.attempt import Budget, attempt  # noqa: E402
from learning_to_act.checks.registry import registry  # noqa: E402
from learning_to_act.checks.runs import Run  # noqa: E402
from learning_to_act.checks.exercise import Case  # noqa: E402
from learning_to_act.exercises import in_the_interview  # noqa: E402

RESULTS = ROOT / "studies" / "trust.json"
EQUIVALENT = ROOT / "tests" / "attacks" / "equivalent.json"
PAGE = ROOT / "book" / "how-the-checks-are-checked.md"
SECONDS = 0.5                  # for a mutant: endless loops are among them

BINARY = {ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add, ast.Mult), ast.Mult: (ast.Add, ast.Div), ast.Div: (ast.Mult, ast.Sub),
          ast.Pow: (ast.Mult,), ast.MatMult: (ast.Mult,), ast.Mod: (ast.Add,), ast.FloorDiv: (ast.Div,)}
COMPARE = {ast.Eq: (ast.NotEq, ast.GtE), ast.NotEq: (ast.Eq,), ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
           ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE)}
NOISE = "below the noise"        # not equal, and too little off for the number of batches that a check draws
WRONG_MEAN = frozenset((*in_the_interview.CHOICES, "biased", "scaled", "descends", "cosmetic"))
NAMES = frozenset(in_the_interview.CHOICES)
SIZES = re.compile(r"len\(-|\(-\w+\)\.shape|np\.shape\(-")     # the size of minus x is that of x
RENAME = {"max": ("min", "sum", "mean"), "min": ("max", "sum", "mean"), "sum": ("mean", "max", "prod"), "mean": ("sum", "max"),
          "exp": ("exp2", "log"), "log": ("log2", "exp"), "ceil": ("floor", "round"), "zeros": ("ones",), "logaddexp": ("add",),
          "maximum": ("minimum",), "minimum": ("maximum",), "abs": ("negative",), "zeros_like": ("ones_like",)}


# --- the mutator ---------------------------------------------------------------------------------------------------

@functools.cache
def mutants(source):
    """[(key, source)] of every small change to a function, each once. The key is the changed statement, before and after."""
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    names = [arg.arg for arg in function.args.args]
    names += sorted({node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)})
    found = {}
    for path, node in _nodes(function):
        for changed in _changes(node, names):
            made = _replaced(function, path, changed)
            if made is None:
                continue
            ast.fix_missing_locations(made)
            try:
                text = ast.unparse(made)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")      # Python warns of some mutants
                    compile(text, "mutant", "exec")
            except (SyntaxError, ValueError):
                continue
            if text != ast.unparse(function) and not SIZES.search(text):
                found.setdefault(text, _key(function, made))
    return [(key, text) for text, key in found.items()]


def _nodes(node, path=()):
    """(path, node) of every node below; a path is the fields and indices that lead to it."""
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.arguments):
                yield (*path, (field, index)), child
                yield from _nodes(child, (*path, (field, index)))


def _replaced(function, path, new):
    """A copy of the function in which the node at `path` is `new` (None drops it from its list)."""
    made = copy.deepcopy(function)
    *above, (field, index) = path
    node = made
    for name, i in above:
        node = getattr(node, name) if i is None else getattr(node, name)[i]
    if new is None:
        if index is None or len(getattr(node, field)) == 1 and field == "body":
            return None
        del getattr(node, field)[index]
    elif index is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[index] = new
    return made


def _with(node, **fields):
    node = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def _minus(node):
    return ast.UnaryOp(ast.USub(), copy.deepcopy(node))


def _changes(node, names):
    """What can be put in the place of a node; None stands for nothing at all."""
    if isinstance(node, ast.BinOp):
        yield from (_with(node, op=op()) for op in BINARY.get(type(node.op), ()))
        if not isinstance(node.op, (ast.Add, ast.Mult)):      # these two have no order
            yield _with(node, left=node.right, right=node.left)
        yield node.left
        yield node.right
        yield _minus(node)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        yield from (_with(node, ops=[op()]) for op in COMPARE.get(type(node.ops[0]), ()))
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.keyword):
        yield None
        if node.arg == "axis":
            yield from (_with(node, value=ast.Constant(axis)) for axis in (0, 1, -1, None))
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Slice):
        yield ast.Slice(node.upper, node.lower, node.step)
        yield ast.Slice(node.lower, node.upper, None)
        yield ast.Slice(None, node.upper, node.step)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield from (ast.Name(other, ast.Load()) for other in names if other != node.id)
        yield _minus(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        if len(node.elts) == 2:
            yield _with(node, elts=node.elts[::-1])
    elif isinstance(node, ast.AugAssign):
        yield None
        yield _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())
        yield ast.Assign([copy.deepcopy(node.target)], node.value)
    elif isinstance(node, (ast.Assign, ast.Expr)):
        yield None


def _constants(value):
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield from (ast.Constant(other) for other in dict.fromkeys((value + 1, value - 1, 0, 2 * value)) if other != value)
    elif isinstance(value, str) and "->" in value:      # einsum: the result turned round, or an operand
        left, right = value.split("->")
        yield ast.Constant(f"{left}->{right[::-1]}")
        for part in left.split(","):
            yield ast.Constant(f"{left.replace(part, part[::-1], 1)}->{right}")


def _calls(node):
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    method = isinstance(node.func, ast.Attribute) and not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "math"))
    yield _minus(node)
    if method:
        yield node.func.value                     # x.sum(axis=0) becomes x
    yield from node.args                          # f(x, y) becomes x, or y
    for i in range(len(node.args) - 1):
        args = list(node.args)
        args[i], args[i + 1] = args[i + 1], args[i]
        yield _with(node, args=args)
    for other in RENAME.get(name, ()):
        yield _with(node, func=_with(node.func, **({"attr": other} if isinstance(node.func, ast.Attribute) else {"id": other})))


def _key(function, made):
    """"old statement -> new statement": what stays the same when lines move."""
    old, new = (_statements(one) for one in (function, made))
    gone = [line for line in old if line not in new] or [line for line in old if old.count(line) > new.count(line)]
    come = [line for line in new if line not in old]
    return f"{' ; '.join(gone)} -> {' ; '.join(come) or 'nothing'}"


def _statements(function):
    """The lines of a function without its nested blocks, one per statement."""
    return [" ".join(ast.unparse(node).split("\n")[0].split()) for node in ast.walk(function)
            if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef)]


# --- solutions -----------------------------------------------------------------------------------------------------

@functools.cache
def chapter_space(chapter):
    """The names that a solutions notebook defines, as a learner has them."""
    space = {}
    for source in _cells(chapter):
        if re.search(r"^import |^from |# BEGIN SOLUTION", source, re.M):
            exec(compile(source, chapter, "exec"), space)
    return space


@functools.cache
def _cells(chapter):
    notebook = nbformat.read(ROOT / "solutions" / f"{chapter}.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def solution_source(one):
    """The solution's function alone, without comments."""
    source = [source for source in _cells(one.chapter) if f"def {one.name}(" in source][-1]      # of a hunt the mended one
    return ast.unparse(next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == one.name))


def build(one, source):
    """The function of a mutant. It sees the other solutions unharmed."""
    space = dict(chapter_space(one.chapter))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, f"<mutant of {one.name}>", "exec"), space)
    return space[one.name]


# --- verdicts ------------------------------------------------------------------------------------------------------

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
        for outcome, (_, wanted) in zip(made, probes(one.name)))


def verdict(one, function, seconds=SECONDS):
    """What the check says of one answer: {"passed", "says", "group", "message"}. A group is "named", "diagnosed" or "shown"."""
    result = engine.check_within(seconds, function, one.name, mistake=getattr(one, "bug", None))
    if result.passed:
        return {"passed": True, "says": "", "group": ""}
    says = result.mistake or result.kind
    group = "shown" if says in ("smallest", "biased") else "named" if result.mistake in NAMES or not trust_hunt.is_hunt(one) and result.mistake else "diagnosed"
    assert says, f"the check of {one.name} stumbled: {result.message}"
    return {"passed": False, "says": says, "group": group, "message": result.message}


def confirmed(one, function, says, message=""):
    """Is it true on the probes as well: the mistake that was named, the sign, the unused argument? None where it does not apply."""
    if trust_hunt.is_hunt(one):
        return trust_hunt.confirmed(one, function, says) if says else None
    mistake = next((mistake for mistake in one.mistakes if mistake.name == says), None)
    if not mistake and says == "sign" and not message.startswith("One of"):
        return all(one.close(tuple(np.array(-part, part.dtype) for part in outcome.parts), wanted) for outcome, (_, wanted) in zip(outcomes(one, function), probes(one.name)))
    if says == "unused":
        name = re.search(r"when (\w+) changes", message)[1]
        runs = [Run(Case("", args), wanted, outcome, False) for outcome, (args, wanted) in zip(outcomes(one, function), probes(one.name)) if outcome.finite]
        return diagnose.ignores(one.names.index(name), one, runs, lambda args: attempt(function, args, Budget(1.0), one.parts, one.exact))
    if mistake is None:
        return None
    runs = [Run(None, wanted, outcome, False) for outcome, (_, wanted) in zip(outcomes(one, function), probes(one.name))]

    def call(args):
        outcome = attempt(function, args, Budget(1.0), one.parts, one.exact)
        return outcome.parts if outcome.kind == "answer" else None

    ways = itertools.chain(mistake.ways, filter(None, [mistake.fitted(call)]))
    return any(all(_agrees(one, run, args, way) for run, (args, _) in zip(runs, probes(one.name))) for way in ways)


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
    if trust_hunt.is_hunt(one):
        found = verdict(one, function, seconds=5.0)
        return {"exercise": name, "key": key, **found, "same": trust_hunt.unbiased(one, function), "confirmed": confirmed(one, function, found["says"], found.pop("message", ""))}
    found = verdict(one, function)
    same = right_on_probes(one, outcomes(one, function))
    return {"exercise": name, "key": key, **found, "same": same, "confirmed": confirmed(one, function, found["says"], found.pop("message", ""))}


def tasks(names=None):
    return [(one.name, key, source) for one in exercises() if (one.name in names if names else not trust_hunt.is_hunt(one))
            for key, source in mutants(solution_source(one))]


def hunted(name):
    """The tasks of one training function: every mutant that lies near the gradient, and a fixed share of those far from it."""
    one = registry()[name]
    return [(name, key, source) for key, source in trust_hunt.chosen(one, mutants(solution_source(one)), build)]


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
        found = verdict(one, attack.function, seconds=5.0)     # whatever else runs on this machine
        made.append({"exercise": one.name, "key": attack.name, **found, "expected": attack.says,
                     "confirmed": confirmed(one, attack.function, found["says"], found.pop("message", ""))})
    return made


def listed(one):
    """How many of the ways to make a known mistake are told by its own name."""
    if trust_hunt.is_hunt(one):
        return listed_updates(one)
    ways = [(mistake, way) for mistake in one.mistakes for way in mistake.ways]
    said = 0
    for mistake, way in ways:
        said += check(way, one.name).mistake == mistake.name
    return len(ways), said


def listed_updates(one):
    """The same for a training function. The first hunt and the drill (less what needs padding) stand for all; the others are tried with their own mistake."""
    ways = [(name, way) for name, family in one.known().items() for way in family
            if name == one.bug or one.name in ("update_1", "update_7") or not one.bug and name not in ("padding-counted", "bootstraps-past-the-end")]
    said = missing = 0
    for name, way in ways:
        function = attacks.chapter05.from_estimator(way, one)
        found = check(function, one.name, mistake=one.bug)
        said += found.mistake == name or found.mistake == "cosmetic" and name == one.bug
        missing += not one.bug and "NoneType" in found.message      # the drill has no values
    return len(ways) - missing, said


def everything(names=None):
    """All verdicts, in two processes: (mutants, attacks, {exercise: (ways, named)})."""
    from tqdm import tqdm
    todo, chosen = tasks(names), [one for one in exercises() if not names or one.name in names]
    hunts = [one.name for one in chosen if trust_hunt.is_hunt(one)]
    todo = [task for task in todo if task[0] not in hunts]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        todo += itertools.chain.from_iterable(tqdm(pool.imap(hunted, hunts), total=len(hunts), desc="exact means"))
        verdicts = list(tqdm(pool.imap(judge, todo, chunksize=4), total=len(todo), desc="mutants", unit="mutant"))
    written = [found for one in tqdm(chosen, desc="attacks") for found in judge_attacks(one)]
    return verdicts, written, {one.name: listed(one) for one in tqdm(chosen, desc="listed")}


# --- the table -----------------------------------------------------------------------------------------------------

def summary(verdicts, written, known):
    """The committed table: one row for each exercise."""
    rows = []
    for one in exercises():
        if one.name not in known:
            continue
        mine = [found for found in verdicts if found["exercise"] == one.name]
        theirs = [found for found in written if found["exercise"] == one.name]
        killed = [found for found in mine if not found["passed"]]
        numbers = [found for found in killed if found["says"] not in ("raised", "time", "shape", "missing", "type", "not-finite")]
        ways, named = known[one.name]
        rows.append({
            "exercise": one.name, "chapter": int(one.chapter[:2]),
            "right": len(attacks.RIGHT[one.name]), "listed": ways, "listed_named": named,
            "wrong": len(theirs), "wrong_named": _count(theirs, "named"), "wrong_diagnosed": _count(theirs, "diagnosed"),
            "mutants": len(mine), "of": len(mutants(solution_source(one))), "killed": len(killed), "equivalent": len(mine) - len(killed),
            "mutants_named": _count(killed, "named"), "mutants_diagnosed": _count(killed, "diagnosed"),
            "numbers": len(numbers), "numbers_specific": sum(found["group"] != "shown" for found in numbers),
        })
    return rows


def _count(found, group):
    return sum(one["group"] == group for one in found)


def percent(part, whole):
    return f"{100 * part / whole:.0f}%" if whole else "-"


def table(rows):
    """The page's table, in Markdown."""
    lines = ["| exercise | right, passed | listed, named | unlisted | told why | mutants killed | told why | equal |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for row in [*rows, _total(rows)]:
        name = f"`{row['exercise']}`" if row["exercise"] != "all" else "**all**"
        lines.append(f"| {name} | {row['right']} | {row['listed_named']}/{row['listed']} | {row['wrong']} | "
                     f"{percent(row['wrong_named'] + row['wrong_diagnosed'], row['wrong'])} | {row['killed']} | "
                     f"{percent(row['mutants_named'] + row['mutants_diagnosed'], row['killed'])} | {row['equivalent']} |")
    return "\n".join(lines)


def _total(rows):
    return {"exercise": "all", **{key: sum(row[key] for row in rows) for key in rows[0] if key not in ("exercise", "chapter")}}


def write_page(rows):
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(r"(<!-- the table -->\n).*?(\n<!-- made by tools/trust.py -->)", lambda found: found[1] + table(rows) + found[2], text, flags=re.S),
                    encoding="utf-8")


def problems(verdicts, written):
    """What must not be: holes, reasons that are missing or stale, names that are not true."""
    reasons = equivalent()
    passed = {(found["exercise"], found["key"]) for found in verdicts if found["passed"]}
    said = {(name, key) for name, keys in reasons.items() for key in keys}
    return ([f"HOLE: {found['exercise']}: {found['key']} gives other numbers and passes" for found in verdicts
               if found["passed"] and not found["same"] and not reasons.get(found["exercise"], {}).get(found["key"], "").startswith(NOISE)]
            + [f"FALSE ALARM: {found['exercise']}: {found['key']} has the right mean and is called {found['says']}" for found in verdicts
               if trust_hunt.is_hunt(registry()[found["exercise"]]) and found["same"] and not found["passed"] and found["says"] in WRONG_MEAN]
            + [f"no reason is given why this passes: {name}: {key}" for name, key in sorted(passed - said)]
            + [f"a reason for a mutant that is not there, or does not pass: {name}: {key}" for name, key in sorted(said - passed)]
            + [f"PASSES: {found['exercise']}: {found['key']}" for found in written if found["passed"]]
            + [f"says {found['says']}, expected {found['expected']}: {found['exercise']}: {found['key']}" for found in written
               if not found["passed"] and found["says"] != found["expected"]]
            + [f"NOT TRUE: {found['exercise']}: {found['key']} is called {found['says']}" for found in [*verdicts, *written] if found["confirmed"] is False])


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="these exercises only; default: all")
    names = parser.parse_args(arguments).names
    if unknown := set(names) - {one.name for one in exercises()}:
        parser.error(f"no such exercise: {', '.join(sorted(unknown))}")
    verdicts, written, known = everything(names)
    if names:
        for found in [*verdicts, *written]:
            print("PASSED" if found["passed"] else found["group"].ljust(9), found["says"].ljust(24), found["key"])
    rows = summary(verdicts, written, known)
    if names and RESULTS.exists():
        fresh = {row["exercise"]: row for row in rows}
        old = {row["exercise"]: row for row in json.loads(RESULTS.read_text(encoding="utf-8"))}
        rows = [row for one in exercises() if (row := fresh.get(one.name, old.get(one.name)))]
    if rows:
        RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        if PAGE.exists():
            write_page(rows)
        print(table(rows))
        total = _total(rows)
        print(f"of {total['numbers']} mutants that run and give numbers of the right shape, {percent(total['numbers_specific'], total['numbers'])} are told why")
    trouble = problems(verdicts, written) if not names else [one for one in problems(verdicts, written) if any(f"{name}:" in one for name in names)]
    print("\n".join(trouble) or "No holes.")
    return len(trouble) > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
