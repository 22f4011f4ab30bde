"""`--help` helps: no command of the book starts its work when it is asked what it does."""

import os
import subprocess
import sys

import pytest

from tools.paths import ROOT

FILES = [
    p
    for folder in ("tools", "studies", "benchmarks")
    for p in sorted((ROOT / folder).rglob("*.py"))
    if '__name__ == "__main__"' in p.read_text("utf8")
]
COMMANDS = [".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__") for p in FILES]


def called(module):
    """How argparse names it: by its file."""
    return "__main__.py" if module == "tools.trust" else f"{module.rpartition('.')[2]}.py"


# Byte code where the tests' own goes, so that not each command compiles all it imports; without such a place, none.
BYTE_CODE = (
    {"PYTHONPYCACHEPREFIX": os.path.abspath(prefix)}
    if (prefix := os.environ.get("PYTHONPYCACHEPREFIX"))
    else {"PYTHONDONTWRITEBYTECODE": "1"}
)


def run(module, *arguments, folder):
    """In an empty folder, with no way to find git, make or a browser."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", **BYTE_CODE},
        timeout=300,
    )


@pytest.mark.parametrize("module", COMMANDS)
def test_help_is_all_that_happens(module, tmp_path):
    done = run(module, "--help", folder=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith(f"usage: {called(module)}"), done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "module", [m for m in COMMANDS if m != "tools.run.lab"]
)  # what lab.py does not know goes to JupyterLab
def test_an_option_that_nobody_knows_starts_no_work(module, tmp_path):
    done = run(module, "--no-such-option", folder=tmp_path)
    assert done.returncode == 2 and f"{called(module)}: error:" in done.stderr, done.stdout + done.stderr
