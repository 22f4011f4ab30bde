"""Run the fast tests with the oldest dependencies that pyproject.toml allows, and with the newest there are.

    make test-matrix                     or: python -m tools.check.matrix oldest 3.11 newest 3.13

Each row is an environment that is thrown away: `oldest` holds the package's floors, `newest` whatever the registry
gives today without the lock, the site's tools included, so that rot shows before readers meet it. With the newest the
book is built and its notebooks are run as well. Without arguments:
oldest on the oldest Python, newest on the oldest and newest Python found.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from tools.check.determinism import PYTHONS, find_python
from tools.keep.lock import ROOT, throwaway

PACKAGE_TESTS = ["tests", "-m", "package"]  # tests/conftest.py says which they are
RUNNERS = [
    "pytest",
    "pytest-timeout",
    "nbval",
    "hypothesis",
    "mpmath",
    "ipywidgets",
    "ipykernel",
]  # theirs are not the package's floors
SHOWN = ("numpy", "scipy", "matplotlib", "gymnasium", "anywidget", "tqdm", "jupyter-book", "jupyterlab")


def requirements(which):
    """Lines for the resolver."""
    if which == "oldest":
        return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"] + RUNNERS
    return [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith(("-", "#"))
    ] + ["setuptools>=77"]


def install(uv, which, base, folder):
    """An environment with the oldest direct, or the newest, versions; its interpreter."""
    subprocess.run([uv, "venv", "--quiet", "--python", base, folder], check=True)
    python, wanted, pins = folder / "bin/python", folder / "wanted.txt", folder / "pins.txt"
    wanted.write_text("\n".join(requirements(which)) + "\n")
    floors = len(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
    if which == "oldest":  # only what the package itself names is to be old, not what runs the tests
        first = folder / "floors.txt"
        first.write_text("\n".join(requirements(which)[:floors]) + "\n")
        subprocess.run(
            [
                uv,
                "pip",
                "compile",
                first,
                "--quiet",
                "--python",
                python,
                "--resolution",
                "lowest-direct",
                "--no-deps",
                "-o",
                pins,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        wanted.write_text(pins.read_text() + "\n".join(RUNNERS) + "\nsetuptools>=77\n")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "-r", wanted], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--no-build-isolation", "-e", ROOT],
        check=True,
    )
    return python


# An old library warns of its new neighbours (Matplotlib 3.8 of pyparsing 3.3): theirs, and no reader's trouble.
OLD = ["-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning"]


def commands(which):
    """(name, what follows python)."""
    if which == "oldest":
        return [("tests of the package", ["-m", "pytest", "-q", "-p", "no:cacheprovider", *OLD, *PACKAGE_TESTS])]
    return [
        ("tests of the package", ["-m", "pytest", "-q", "-p", "no:cacheprovider", *PACKAGE_TESTS]),
        ("the book", ["-m", "tools.make.book", "--path-output"]),
        (
            "notebooks",
            [
                "-m",
                "pytest",
                "-q",
                "-p",
                "tests.conftest",
                "-p",
                "no:cacheprovider",
                "--nbval-lax",
                "--nbval-current-env",
                "notebooks",
                "solutions",
            ],
        ),
    ]


def run_row(uv, which, version):
    base, good = find_python(version), True
    if base is None:
        print(f"{which} on Python {version}: no such Python here: not run")
        return False
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        python = install(uv, which, base, Path(folder, "env"))
        frozen = subprocess.run(
            [uv, "pip", "freeze", "--python", python], capture_output=True, text=True
        ).stdout.splitlines()
        print(
            f"{which} on Python {version}: {', '.join(line for line in frozen if line.split('==')[0] in SHOWN)} "
            f"(installed in {time.monotonic() - start:.0f} s)",
            flush=True,
        )
        for name, rest in commands(which):
            start = time.monotonic()
            rest = rest + [str(Path(folder, "site"))] if name == "the book" else rest
            done = subprocess.run(
                [python, *rest],
                cwd=ROOT,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            )
            last = (done.stdout.strip().splitlines() or [""])[-1] if name != "the book" else ""
            print(
                f"    {name}: {'passed' if done.returncode == 0 else 'FAILED'} "
                f"in {time.monotonic() - start:.0f} s {last}",
                flush=True,
            )
            if done.returncode:
                good = False
                print(
                    "\n".join(
                        "      " + line[:300]
                        for line in (done.stdout + done.stderr).splitlines()
                        if line.startswith(("FAILED", "ERROR", "E  ", "ModuleNotFound"))
                    )
                    or (done.stdout + done.stderr)[-2000:],
                    flush=True,
                )
    return good


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "rows", nargs="*", metavar="oldest|newest PYTHON", help="rows of the matrix, such as: oldest 3.11 newest 3.13"
    )
    arguments = parser.parse_args(arguments).rows
    versions = [v for v in PYTHONS if find_python(v)]
    rows = list(zip(arguments[::2], arguments[1::2])) or [
        ("oldest", versions[0]),
        ("newest", versions[0]),
        ("newest", versions[-1]),
    ]
    if len(arguments) % 2 or any(which not in ("oldest", "newest") for which, _ in rows):
        parser.error("rows are pairs: oldest or newest, and a Python")
    with tempfile.TemporaryDirectory() as folder:
        uv = throwaway(Path(folder, "uv"), "uv").parent / "uv"
        start = time.monotonic()
        results = [run_row(uv, *row) for row in rows]
    print(f"{sum(results)} of {len(rows)} rows passed in {(time.monotonic() - start) / 60:.0f} min")
    return not all(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
