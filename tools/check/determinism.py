"""Show that the notebooks say the same each time, on every Python that the book supports, and on older processors.

    python -m tools.check.determinism [--twice] [--pythons] [--processors]           all three unless named

--twice: every notebook is executed twice from a fresh kernel; the two files that the runner would store are compared
byte for byte (measured times, printed as "CPU seconds", aside), and with what is stored.
--pythons: an environment from requirements.lock for each Python found, and what nbval compares there: every text that a
cell shows, unless the cell is marked `nbval-ignore-output`. Chaotic results stand in cells that assert, so that a
failed assertion counts as well.
--processors: the same with OpenBLAS told to be an older processor (x86-64 only), and with
NumPy's own instructions of newer processors switched off. The last kernel in the table is what OpenBLAS then says it
is.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat

from tools.make.notebooks import ROOT, TIME, execute

NOTEBOOKS = sorted(p for folder in ("notebooks", "solutions") for p in (ROOT / folder).glob("*.ipynb"))
ENVIRONMENTS = ROOT / "_build/environments"
PYTHONS = ("3.11", "3.12", "3.13")
CORES = ("Haswell", "Sandybridge", "Nehalem", "Prescott")  # newest first: 2013, 2011, 2008, 2004
KERNEL_NAME = """
import ctypes, pathlib, numpy
numpy.ones((2, 2)) @ numpy.ones((2, 2))
for library in pathlib.Path(numpy.__file__).parents[1].glob("numpy.libs/*openblas*"):
    name = ctypes.CDLL(str(library)).scipy_openblas_get_corename64_
    name.restype = ctypes.c_char_p
    print(name().decode())
"""


def twice(path):
    """Are two fresh runs the same bytes, and are they the stored ones?"""
    first, second = (TIME.sub(b"", (nbformat.writes(execute(path)) + "\n").encode()) for _ in range(2))
    return first == second, first == TIME.sub(b"", path.read_bytes())


def compared(python, extra=None):
    """(cells run, of which compared, failures as lines) of all notebooks under nbval."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        done = subprocess.run(
            [
                python,
                "-m",
                "pytest",
                "-q",
                "-p",
                "tests.conftest",
                "-p",
                "no:cacheprovider",
                "--nbval",
                "--nbval-current-env",
                "--nbval-sanitize-with",
                "tests/nbval.cfg",
                f"--junitxml={report}",
                *map(str, NOTEBOOKS),
            ],
            cwd=ROOT,
            env=os.environ | (extra or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode not in (0, 1):
            sys.exit(f"pytest could not run:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        cases = list(ElementTree.parse(report).iter("testcase"))
    failures = [
        f"{c.get('classname')} {c.get('name')}: {c.find('failure').text[:600]}"
        for c in cases
        if c.find("failure") is not None
    ]
    return len(cases), len(cases) - _ignored(), failures


def _ignored():
    """Cells whose text is not compared, because it is chaotic or measured."""
    cells = [c for path in NOTEBOOKS for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    return sum("nbval-ignore-output" in c.metadata.get("tags", []) for c in cells)


def find_python(version):
    """A Python of this version on this machine, or None."""
    on_path = shutil.which(f"python{version}")
    own = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")) + sorted(
        Path.home().glob(f".local/share/uv/python/cpython-{version}.*/bin/python{version}")
    )
    candidates = ([on_path] if on_path else []) + [str(p) for p in own]
    return next(
        (c for c in candidates if subprocess.run([c, "-c", "import venv"], capture_output=True).returncode == 0), None
    )


def environment(version):
    """The interpreter of an environment made from the lock, or None if this machine has no such Python."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    folder, base = ENVIRONMENTS / version, find_python(version)
    python, stamp = folder / "bin/python", folder / "installed"
    lock = ROOT / "requirements.lock"
    if base and (not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime):
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([base, "-m", "venv", folder], check=True)
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", ROOT], check=True)
        stamp.touch()
    return str(python) if base else None


def kernel_name(extra):
    done = subprocess.run([sys.executable, "-c", KERNEL_NAME], env=os.environ | extra, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def show_compared(name, python, extra=None):
    start = time.monotonic()
    cells, texts, failures = compared(python, extra)
    print(
        f"{name:42} {cells:5} cells, {texts:4} with their text compared, {len(failures):3} differ "
        f"({time.monotonic() - start:.0f} s)",
        flush=True,
    )
    print(*(f"    {line}" for line in failures), sep="\n", end="\n" if failures else "")
    return not failures


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    for option in ("twice", "pythons", "processors"):
        parser.add_argument(f"--{option}", action="store_true")
    args = parser.parse_args(arguments)
    every, good = not (args.twice or args.pythons or args.processors), True
    if args.twice or every:
        print(f"{'executed twice, Python ' + platform.python_version():42} two runs   stored file")
        for path in NOTEBOOKS:
            same, stored = twice(path)
            good &= same and stored
            print(
                f"{path.relative_to(ROOT).as_posix():42} {'same bytes' if same else 'DIFFER':10} "
                f"{'same bytes' if stored else 'DIFFERS'}",
                flush=True,
            )
    for version in PYTHONS if args.pythons or every else ():
        python = environment(version)
        if python is None:
            print(f"{'Python ' + version:42} not on this machine: not run")
            good &= version not in (PYTHONS[0], PYTHONS[-1])
        else:
            good &= show_compared(f"Python {version}", python)
    if (args.processors or every) and platform.machine().lower() not in ("x86_64", "amd64"):
        print("older processors: only x86-64 can be told to be one: not run")
    elif args.processors or every:
        for core in CORES:
            extra = {"OPENBLAS_CORETYPE": core}
            good &= show_compared(f"OPENBLAS_CORETYPE={core} (is {kernel_name(extra)})", sys.executable, extra)
        features = _newer_instructions()
        good &= show_compared(
            f"NumPy without {'+'.join(features)}"[:42], sys.executable, {"NPY_DISABLE_CPU_FEATURES": " ".join(features)}
        )
    return not good


def _newer_instructions():
    """What NumPy chooses at run time on this processor beyond its baseline."""
    config = subprocess.run(
        [sys.executable, "-c", "import json, numpy; print(json.dumps(numpy.show_config(mode='dicts')))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return json.loads(config)["SIMD Extensions"].get("found", [])


if __name__ == "__main__":
    sys.exit(main())
