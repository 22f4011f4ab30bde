"""Build the site strictly, and only when something changed: `python -m tools.make.book [--path-output FOLDER]`.

Sphinx looks at pages only. When a style sheet, a script, a template, a tool or an explorable changed it would leave the
old file in the site, so then everything is built again. A failed build is never taken for a finished one.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tools.paths import ROOT, VERBS

PAGES = ["_toc.yml", *VERBS]
REST = [
    "_config.yml",
    "book/_static",
    "book/_theme",
    "tools",
    "learning_to_act/explorables",
    "learning_to_act/palette.py",
]
WHEEL = [
    "policy_gradient",
    "learning_to_act",
    "pyproject.toml",
    "README.md",
    "LICENSE",
]  # what the pages' Python gets: no page changes with it
IGNORED = {"__pycache__", ".ipynb_checkpoints"}


def files(root, names):
    for name in names:
        path = root / name
        paths = path.rglob("*") if path.is_dir() else [path]
        yield from (p for p in paths if p.is_file() and not IGNORED & set(p.parts))


def digest(root, names):
    """One hash of the files' names and contents (times change with every clone)."""
    total = hashlib.sha256()
    for path in sorted(files(root, names)):
        total.update(f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def build(root, out):
    """Bring `out`/_build/html up to date with `root`. Returns the exit status of jupyter-book,
    0 if nothing was to do."""
    stamp = out / "_build" / "built.json"
    now = {
        "pages": digest(root, PAGES),
        "rest": digest(root, REST),
        "address": os.environ.get("PG_SITE_URL", ""),
        "wheel": digest(root, WHEEL),
        "pyodide": os.environ.get("PYODIDE", ""),
        "launch": [os.environ.get("PG_REPOSITORY", ""), (out / "_build/html/lite/notebooks/index.html").exists()],
    }
    now["questions"] = [path.name for path in sorted((root / "book/interview").glob("*.yml"))]
    before = json.loads(stamp.read_text()) if stamp.exists() and (out / "_build/html/index.html").exists() else {}
    if now == before:
        print(f"nothing changed: {out / '_build/html/index.html'}")
        return 0
    stamp.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-c",
        "from tools.make.pages import main; main()",
        "build",
        str(root),
        "--path-output",
        str(out),
        "-W",
        "-n",
        "--keep-going",
    ]
    whole = any(now[part] != before.get(part) for part in ("rest", "address", "pyodide", "launch", "questions"))
    status = watched(command + ["--all"] * whole, root)
    if status == 0:
        stamp.write_text(json.dumps(now))
        print(f"built: {out / '_build/html'}", flush=True)
    return status


def watched(command, root, out=sys.stdout):
    """Run Sphinx with one line about how far it is in place of its hundreds. Warnings and errors pass;
    all is shown if it fails.

    Among what is left out is the address of the page as a file, where exercises cannot run:
    who wants to read calls `make serve`.
    """
    live, last, lines = out.isatty(), (None, 0), []
    print("Building the book (a whole build takes a minute or two).", file=out, flush=True)
    with subprocess.Popen(
        command,
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf8",
        errors="replace",
        env=os.environ | {"PYTHONIOENCODING": "utf8"},
    ) as sphinx:
        for line in sphinx.stdout:
            line = re.sub(r"\x1b\[[\d;]*m", "", line).strip()
            step = re.match(r"(reading sources|writing output|copying images)\.\.\. \[ *(\d+)%\]", line)
            if not step:
                lines.append(line)
                continue
            name, percent = step[1], int(step[2])
            if live:
                print(f"\r  {name}: {percent:3} %   ", end="", file=out, flush=True)
            elif name != last[0] or percent >= last[1] + 25:
                print(f"  {name}: {percent} %", file=out, flush=True)
                last = (name, percent)
    if live:
        print("\r" + " " * 40, end="\r", file=out, flush=True)
    if sphinx.returncode:
        print("\n".join(line for line in lines if line)[-6000:], file=out, flush=True)
    return sphinx.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--path-output", type=Path, default=Path("."), help="the folder that gets _build (default: here)"
    )
    parser.add_argument("source", nargs="?", type=Path, default=ROOT, help="the book")
    given = parser.parse_args()
    return build(given.source.resolve(), given.path_output.resolve())


if __name__ == "__main__":
    sys.exit(main())
