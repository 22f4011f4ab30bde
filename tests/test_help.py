"""`--help` helps: no command of the book starts its work when it is asked what it does."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = [p for folder in ("tools", "studies") for p in sorted((ROOT / folder).glob("*.py")) if '__name__ == "__main__"' in p.read_text("utf8")]


def run(path, *arguments, folder):
    """In an empty folder, with no way to find git, make or a browser."""
    return subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL,
                          env={"PATH": "", "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "agg"}, timeout=300)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda p: p.stem)
def test_help_is_all_that_happens(path, tmp_path):
    done = run(path, "--help", folder=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith(f"usage: {path.name}"), done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", [p for p in COMMANDS if p.stem != "lab"], ids=lambda p: p.stem)       # what lab.py does not know goes to JupyterLab
def test_an_option_that_nobody_knows_starts_no_work(path, tmp_path):
    done = run(path, "--no-such-option", folder=tmp_path)
    assert done.returncode == 2 and f"{path.name}: error:" in done.stderr, done.stdout + done.stderr
