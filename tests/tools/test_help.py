"""`--help` helps: no command of the book starts its work when it is asked what it does."""

import os
import subprocess
import sys

import pytest

from tests.helpers.warm import Warm
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


# With no way to find git, make or a browser.
ENVIRONMENT = {"PATH": "", "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "OPENBLAS_NUM_THREADS": "1", **BYTE_CODE}


@pytest.fixture(scope="module")
def warm():
    process = Warm(ENVIRONMENT)
    yield process
    process.close()


@pytest.fixture
def run(warm, tmp_path):
    """A command in an empty folder."""
    (folder := tmp_path / "empty").mkdir()

    def run(module, *arguments):
        done = warm.run(module, *arguments, folder=folder, scratch=tmp_path)
        assert not list(folder.iterdir())
        return done

    return run


@pytest.mark.parametrize("module", COMMANDS)
def test_help_is_all_that_happens(module, run):
    done = run(module, "--help")
    told = done.returncode == 0 and done.stdout.startswith(f"usage: {called(module)}")
    assert told, f"{module} --help should say its usage and end: read its arguments by argparse.\n{done}"


@pytest.mark.parametrize(
    "module", [m for m in COMMANDS if m != "tools.run.lab"]
)  # what lab.py does not know goes to JupyterLab
def test_an_option_that_nobody_knows_starts_no_work(module, run):
    done = run(module, "--no-such-option")
    told = done.returncode == 2 and f"{called(module)}: error:" in done.stderr
    assert told, f"{module} should refuse an option that it does not know: read its arguments by argparse.\n{done}"


@pytest.mark.parametrize("module", ["tools.make.notebooks", "studies.critic_lambda"])
@pytest.mark.parametrize("option", ["--help", "--no-such-option"])
def test_a_process_of_its_own_says_the_same(module, option, run, tmp_path):
    own = subprocess.run(
        [sys.executable, "-m", module, option],
        capture_output=True,
        text=True,
        cwd=tmp_path / "empty",
        stdin=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    assert (own.returncode, own.stdout, own.stderr) == run(module, option)
