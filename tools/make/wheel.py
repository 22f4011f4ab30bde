"""The packages as one file, to be installed in an environment of your own:
_build/wheel/policy_gradient-....whl, made without a network."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.paths import ROOT

PARTS = "pyproject.toml", "README.md", "LICENSE", "policy_gradient", "learning_to_act"


def build(folder):
    """The wheel's path. It is built from a copy, so that nothing is left beside the source."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("policy_gradient-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as copy:
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, Path(copy) / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"from setuptools.build_meta import build_wheel; print(build_wheel({str(folder)!r}))",
            ],
            cwd=copy,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(f"the wheel does not build:\n{done.stderr}")
    return folder / done.stdout.strip().splitlines()[-1]


def main(words=None):
    argparse.ArgumentParser(description=__doc__).parse_args(words)
    wheel = build(ROOT / "_build/wheel")
    print(f"{wheel.relative_to(ROOT)}\nIn your own environment: pip install {wheel}")


if __name__ == "__main__":
    main()
