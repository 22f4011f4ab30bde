"""Can the checks of the exercises be believed? Attack them, and write the table: `make trust`.

Two kinds of attack: answers as people write them (tests/chapters/*/attacks.py), and mutants of the solutions: copies
with one small change each, an operator, a sign, an axis, an index, a constant, a dropped call, two arguments exchanged.
A mutant that gives other numbers than the solution on inputs which the checks have never seen must be rejected. One
that passes is either a hole in a check, or equivalent, and then tests/attacks/equivalent.json says why.

    python -m tools.trust            everything, in two processes; writes studies/trust.json and the page's table
    python -m tools.trust NAME ...   these exercises only: prints their verdicts and makes their rows anew
                                     (make trust ARGS="softmax")
"""

import argparse
import json
import sys

from tools.trust import table
from tools.trust.judge import everything, exercises


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="these exercises only; default: all")
    names = parser.parse_args(arguments).names
    if unknown := set(names) - {exercise.name for exercise in exercises()}:
        parser.error(f"no such exercise: {', '.join(sorted(unknown))}")
    verdicts, written, known = everything(names)
    if names:
        for verdict in [*verdicts, *written]:
            print(
                "PASSED" if verdict["passed"] else verdict["group"].ljust(9), verdict["says"].ljust(24), verdict["key"]
            )
    rows = table.summary(verdicts, written, known)
    if names and table.RESULTS.exists():
        fresh = {row["exercise"]: row for row in rows}
        old = {row["exercise"]: row for row in json.loads(table.RESULTS.read_text(encoding="utf-8"))}
        rows = [row for exercise in exercises() if (row := fresh.get(exercise.name, old.get(exercise.name)))]
    if rows:
        table.RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        if table.PAGE.exists():
            table.write_page(rows)
        print(table.table(rows))
        whole = table.total(rows)
        print(
            f"of {whole['numbers']} mutants that run and give numbers of the right shape, "
            f"{table.percent(whole['numbers_specific'], whole['numbers'])} are told why"
        )
    trouble = (
        table.problems(verdicts, written)
        if not names
        else [problem for problem in table.problems(verdicts, written) if any(f"{name}:" in problem for name in names)]
    )
    print("\n".join(trouble) or "No holes.")
    return len(trouble) > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
