"""`make libraries`, or ONLY="skrl pfrl": for each library an environment, its adapter run in it,
and the environment removed.

An adapter's lines `# requires:` name the pinned packages; `override:` sets a version against what a package asks for,
`alone:` takes one without what it asks for. PyTorch comes from wherever the machine's pip settings find it; a CPU
build serves (PIP_FIND_LINKS is handed on). A file is named like its library: run as a module of the repository, it
finds the library by that name, and not itself.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

UV = Path(sys.executable).with_name("uv")  # the book's own; another on the path would do as well
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def adapters():
    return {p.stem: p for p in sorted(HERE.glob("*.py")) if p.read_text(encoding="utf-8").startswith("# requires:")}


def required(script):
    """What an adapter's lines `# requires:` name, word by word."""
    lines = script.read_text(encoding="utf-8").splitlines()
    return [word for line in lines if line.startswith("# requires:") for word in line.split()[2:]]


def run(name, script, keep=False):
    """0 if the adapter ran."""
    folder = ROOT / "_build/environments" / f"library-{name}"
    wanted = required(script)
    python = folder / "bin/python"
    links = [w for part in [os.environ.get("PIP_FIND_LINKS")] if part for w in ("--find-links", part)]
    override = [w.removeprefix("override:") for w in wanted if w.startswith("override:")]
    alone = [w.removeprefix("alone:") for w in wanted if w.startswith("alone:")]
    wanted = [w for w in wanted if ":" not in w]
    uv = UV if UV.exists() else "uv"
    try:
        if not python.exists():
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        extra = []
        if override:
            (folder / "override.txt").write_text("\n".join(override) + "\n", encoding="utf-8")
            extra = ["--override", folder / "override.txt"]
        install = [uv, "pip", "install", "--quiet", "--python", python, *links]
        subprocess.run([*install, *extra, *wanted], check=True)
        if alone:
            subprocess.run([*install, "--no-deps", *alone], check=True)
        return subprocess.run(
            [python, "-m", f"studies.libraries.{name}"],
            cwd=ROOT,
            env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1"),
        ).returncode
    except subprocess.CalledProcessError as error:
        return error.returncode
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("only", nargs="*", help="some of: " + ", ".join(adapters()))
    parser.add_argument("--keep", action="store_true", help="leave the environments")
    given = parser.parse_args()
    known = adapters()
    if missing := [n for n in given.only if n not in known]:
        sys.exit(f"no adapter {', '.join(missing)}; there are: {', '.join(known)}")
    failed = [name for name in given.only or known if run(name, known[name], given.keep)]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
