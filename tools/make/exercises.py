"""Make exercises/ from solutions/: what stands between solution markers becomes `raise NotImplementedError`.

    python -m tools.make.exercises [--force] [--to FOLDER]

In a cell tagged `example`, which calls the function, `with example:` says in one line that it is not written yet, so
that Run All goes on. Cells tagged `solution-only`, outputs and widget state are left out. A file that differs from what
was generated last (the SHA-256 of its cell sources is in its metadata) holds somebody's work:
it is left alone, or with --force copied first.
"""

import argparse
import hashlib
import itertools
import json
import re
import sys
import textwrap
from pathlib import Path

import nbformat

from tools.paths import ROOT

STUB = 'raise NotImplementedError("your code goes here")'
REGION = re.compile(r"^([ \t]*)# BEGIN SOLUTION\b.*?^[ \t]*# END SOLUTION\b[^\n]*$", re.S | re.M)


def digest(nb):
    """Running a cell does not change it, writing an answer does."""
    return hashlib.sha256(json.dumps([[cell.cell_type, cell.source] for cell in nb.cells]).encode()).hexdigest()


def runs_through(cells):
    """An example whose function is not written yet says so in place of an error, which would end Run All."""
    examples = [cell for cell in cells if "example" in cell.metadata.get("tags", [])]
    for cell in examples:
        cell.source = "with example:\n" + textwrap.indent(cell.source, "    ")
    for cell in cells if examples else ():
        if cell.cell_type == "code":
            cell.source = re.sub(
                r"^(from policy_gradient\.checks import check)\b", r"\1, example", cell.source, flags=re.M
            )


def exercise(path):
    nb = nbformat.read(path, as_version=4)
    nb.cells = [cell for cell in nb.cells if "solution-only" not in cell.metadata.get("tags", [])]
    nb.cells[0].source = nb.cells[0].source.replace("# Solutions", "# Exercises", 1)
    runs_through(nb.cells)
    for cell in nb.cells:
        cell.source = REGION.sub(rf"\1{STUB}", cell.source)
        if re.search("# (BEGIN|END) SOLUTION", cell.source):
            sys.exit(f"{path.name}: cell {cell.id} has a solution marker without its partner")
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    kept = {key: nb.metadata[key] for key in ("kernelspec", "language_info", "myst") if key in nb.metadata}
    nb.metadata = nbformat.from_dict({**kept, "policy_gradient": {"generated": digest(nb)}})
    return nb


def untouched(path):
    try:
        nb = nbformat.read(path, as_version=4)
        return nb.metadata["policy_gradient"]["generated"] == digest(nb)
    except Exception:  # no notebook of ours (any more): somebody's work all the same
        return False


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--force", action="store_true", help="replace changed files too, and keep a copy of each")
    parser.add_argument("--to", type=Path, default=ROOT / "exercises", metavar="FOLDER", help="default: exercises/")
    args, refused = parser.parse_args(arguments), False
    made = [
        (args.to / path.name, nbformat.writes(exercise(path)) + "\n")
        for path in sorted((ROOT / "solutions").glob("*.ipynb"))
    ]
    args.to.mkdir(parents=True, exist_ok=True)
    for target, text in made:
        outcome, changed = "written", target.exists() and not untouched(target)
        if target.exists() and target.read_bytes() == text.encode():
            outcome = "up to date"
        elif changed and not args.force:
            outcome, refused = "left alone, it holds somebody's work (--force replaces it and keeps a copy)", True
        else:
            if changed:
                names = (target.with_suffix(f".backup-{i}.ipynb") for i in itertools.count(1))
                outcome = (
                    "written; the version that was there is now "
                    f"{target.rename(next(n for n in names if not n.exists())).name}"
                )
            target.write_bytes(text.encode())
        print(f"{target.name}: {outcome}", file=sys.stderr if outcome.startswith("left") else sys.stdout)
    return int(refused)


if __name__ == "__main__":
    sys.exit(main())
