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
    for one in exercises():
        if one.name not in known:
            continue
        mine = [found for found in verdicts if found["exercise"] == one.name]
        theirs = [found for found in written if found["exercise"] == one.name]
        killed = [found for found in mine if not found["passed"]]
        numbers = [
            found
            for found in killed
            if found["says"] not in ("raised", "time", "shape", "missing", "type", "not-finite")
        ]
        ways, named = known[one.name]
        rows.append(
            {
                "exercise": one.name,
                "chapter": one.number,
                "right": len(attacks.RIGHT[one.name]),
                "listed": ways,
                "listed_named": named,
                "wrong": len(theirs),
                "wrong_named": _count(theirs, "named"),
                "wrong_diagnosed": _count(theirs, "diagnosed"),
                "mutants": len(mine),
                "of": len(mutants(solution_source(one))),
                "killed": len(killed),
                "equivalent": len(mine) - len(killed),
                "mutants_named": _count(killed, "named"),
                "mutants_diagnosed": _count(killed, "diagnosed"),
                "numbers": len(numbers),
                "numbers_specific": sum(found["group"] != "shown" for found in numbers),
            }
        )
    return rows


def _count(found, group):
    return sum(one["group"] == group for one in found)


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
            lambda found: found[1] + table(rows) + found[2],
            text,
            flags=re.S,
        ),
        encoding="utf-8",
    )


def problems(verdicts, written):
    """What must not be: holes, reasons that are missing or stale, names that are not true."""
    reasons = equivalent()
    passed = {(found["exercise"], found["key"]) for found in verdicts if found["passed"]}
    said = {(name, key) for name, keys in reasons.items() for key in keys}
    return (
        [
            f"HOLE: {found['exercise']}: {found['key']} gives other numbers and passes"
            for found in verdicts
            if found["passed"]
            and not found["same"]
            and not reasons.get(found["exercise"], {}).get(found["key"], "").startswith(NOISE)
        ]
        + [
            f"FALSE ALARM: {found['exercise']}: {found['key']} has the right mean and is called {found['says']}"
            for found in verdicts
            if hunts.is_hunt(registry()[found["exercise"]])
            and found["same"]
            and not found["passed"]
            and found["says"] in WRONG_MEAN
        ]
        + [f"no reason is given why this passes: {name}: {key}" for name, key in sorted(passed - said)]
        + [
            f"a reason for a mutant that is not there, or does not pass: {name}: {key}"
            for name, key in sorted(said - passed)
        ]
        + [f"PASSES: {found['exercise']}: {found['key']}" for found in written if found["passed"]]
        + [
            f"says {found['says']}, expected {found['expected']}: {found['exercise']}: {found['key']}"
            for found in written
            if not found["passed"] and found["says"] != found["expected"]
        ]
        + [
            f"NOT TRUE: {found['exercise']}: {found['key']} is called {found['says']}"
            for found in [*verdicts, *written]
            if found["confirmed"] is False
        ]
    )
