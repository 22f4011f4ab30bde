"""The committed results and the page's table of them, and what must not be among them."""

import re

from learning_to_act.checks.registry import registry
from tests import attacks
from tools.paths import ROOT
from tools.trust import hunts
from tools.trust.judge import NAMES, equivalent, exercises
from tools.trust.mutants import mutants
from tools.trust.solutions import solution_source

RESULTS = ROOT / "studies" / "trust.json"
PAGE = ROOT / "book" / "how-the-checks-are-checked.md"
NOISE = "below the noise"  # not equal, and too little off for the number of batches that a check draws
WRONG_MEAN = NAMES | {"biased", "scaled", "descends", "cosmetic"}


def summary(verdicts, written, known):
    """The committed table: one row for each exercise."""
    rows = []
    for exercise in exercises():
        if exercise.name not in known:
            continue
        of_mutants = [verdict for verdict in verdicts if verdict["exercise"] == exercise.name]
        of_attacks = [verdict for verdict in written if verdict["exercise"] == exercise.name]
        killed = [verdict for verdict in of_mutants if not verdict["passed"]]
        numbers = [
            verdict
            for verdict in killed
            if verdict["says"] not in ("raised", "time", "shape", "missing", "type", "not-finite")
        ]
        ways, named = known[exercise.name]
        rows.append(
            {
                "exercise": exercise.name,
                "chapter": exercise.number,
                "right": len(attacks.RIGHT[exercise.name]),
                "listed": ways,
                "listed_named": named,
                "wrong": len(of_attacks),
                "wrong_named": _count(of_attacks, "named"),
                "wrong_diagnosed": _count(of_attacks, "diagnosed"),
                "mutants": len(of_mutants),
                "of": len(mutants(solution_source(exercise))),
                "killed": len(killed),
                "equivalent": len(of_mutants) - len(killed),
                "mutants_named": _count(killed, "named"),
                "mutants_diagnosed": _count(killed, "diagnosed"),
                "numbers": len(numbers),
                "numbers_specific": sum(verdict["group"] != "shown" for verdict in numbers),
            }
        )
    return rows


def _count(verdicts, group):
    return sum(verdict["group"] == group for verdict in verdicts)


def percent(part, whole):
    return f"{100 * part / whole:.0f}%" if whole else "-"


def table(rows):
    """The page's table, in Markdown."""
    lines = [
        "| exercise | right, passed | listed, named | written | told why | mutants killed | told why | equal |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in [*rows, total(rows)]:
        name = f"`{row['exercise']}`" if row["exercise"] != "all" else "**all**"
        lines.append(
            f"| {name} | {row['right']} | {row['listed_named']}/{row['listed']} | {row['wrong']} | "
            f"{percent(row['wrong_named'] + row['wrong_diagnosed'], row['wrong'])} | {row['killed']} | "
            f"{percent(row['mutants_named'] + row['mutants_diagnosed'], row['killed'])} | {row['equivalent']} |"
        )
    return "\n".join(lines)


def total(rows):
    return {
        "exercise": "all",
        **{key: sum(row[key] for row in rows) for key in rows[0] if key not in ("exercise", "chapter")},
    }


def write_page(rows):
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(
            r"(<!-- the table -->\n).*?(\n<!-- made by make trust -->)",
            lambda match: match[1] + table(rows) + match[2],
            text,
            flags=re.S,
        ),
        encoding="utf-8",
    )


def problems(verdicts, written):
    """What must not be: holes, reasons that are missing or stale, names that are not true."""
    reasons = equivalent()
    passed = {(verdict["exercise"], verdict["key"]) for verdict in verdicts if verdict["passed"]}
    excused = {(name, key) for name, keys in reasons.items() for key in keys}
    return (
        [
            f"HOLE: {verdict['exercise']}: {verdict['key']} gives other numbers and passes"
            for verdict in verdicts
            if verdict["passed"]
            and not verdict["same"]
            and not reasons.get(verdict["exercise"], {}).get(verdict["key"], "").startswith(NOISE)
        ]
        + [
            f"FALSE ALARM: {verdict['exercise']}: {verdict['key']} has the right mean and is called {verdict['says']}"
            for verdict in verdicts
            if hunts.is_hunt(registry()[verdict["exercise"]])
            and verdict["same"]
            and not verdict["passed"]
            and verdict["says"] in WRONG_MEAN
        ]
        + [f"no reason is given why this passes: {name}: {key}" for name, key in sorted(passed - excused)]
        + [
            f"a reason for a mutant that is not there, or does not pass: {name}: {key}"
            for name, key in sorted(excused - passed)
        ]
        + [f"PASSES: {verdict['exercise']}: {verdict['key']}" for verdict in written if verdict["passed"]]
        + [
            f"says {verdict['says']}, expected {verdict['expected']}: {verdict['exercise']}: {verdict['key']}"
            for verdict in written
            if not verdict["passed"] and verdict["says"] != verdict["expected"]
        ]
        + [
            f"NOT TRUE: {verdict['exercise']}: {verdict['key']} is called {verdict['says']}"
            for verdict in [*verdicts, *written]
            if verdict["confirmed"] is False
        ]
    )
