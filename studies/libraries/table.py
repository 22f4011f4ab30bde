"""The stored results as one table in Markdown: `python studies/libraries/table.py`."""

import argparse
import json
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
SKIP = ("per", "constant")  # of the choices: a number of the batch, or a step size


def rows():
    """(library with version, loss, angle on two doors, what departs, what is chosen) of every stored loss."""
    for path in sorted(RESULTS.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        for name, facts in found["losses"].items():

            def said(kinds, facts=facts):
                return "; ".join(
                    f"{f['question']}: {f['answer']}"
                    for f in facts["findings"]
                    if f["kind"] in kinds and f["question"] not in SKIP
                )

            angle = "" if facts["angle"] is None else f"{facts['angle']:.0f}"
            yield (
                f"{found['library']} {found['version']}",
                name,
                angle,
                said(("mistake", "departure")) or ("open" if facts["open"] else "nothing"),
                said(("choice",)),
            )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    print("| library | loss | degrees | departs in | chooses |\n|:--|:--|--:|:--|:--|")
    for row in rows():
        print("| " + " | ".join(row) + " |")
