"""What every change must pass: lint, types, spelling, JavaScript, package and checks; about a minute on two cores.

    make check                                all of it; the last line says what ran and how long
    python -m tools.check.gate ruff mypy      some of it: ruff format mypy codespell eslint tsc tests

What each of them refuses is shown in tests/tools/test_gate.py.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

from tools.paths import ROOT
from tools.run import node

JAVASCRIPT = ["learning_to_act", "book/_static", "lite", "eslint.config.js"]


def python(*words):
    return [sys.executable, "-m", *words]


def run(command, folder=ROOT):
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, encoding="utf8", errors="replace"
    )
    return done.returncode, done.stdout + done.stderr


def ruff(folder=ROOT):
    return run(python("ruff", "check", "--quiet", "--output-format", "concise", "."), folder)


def format(folder=ROOT):
    return run(python("ruff", "format", "--check", "--quiet", "."), folder)


def mypy(folder=ROOT):
    return run(
        python("mypy", "--cache-dir", str(ROOT / "_build/mypy"), "--config-file", str(ROOT / "pyproject.toml")), folder
    )


def codespell(folder=ROOT):
    words = "--toml", str(ROOT / "pyproject.toml"), "--ignore-words", str(ROOT / "tools/check/words.txt")
    return run(
        [
            sys.executable,
            "-c",
            "import codespell_lib, sys; sys.exit(codespell_lib.main())",
            "--quiet-level",
            "2",
            *words,
        ],
        folder,
    )


def linted(folder=ROOT, files=JAVASCRIPT):
    """ESLint's messages as (file, line, rule, text)."""
    status, output = run(
        node.command(
            ROOT / "node_modules/eslint/bin/eslint.js",
            "--config",
            ROOT / "eslint.config.js",
            "--format",
            "json",
            *files,
        ),
        folder,
    )
    if status > 1:
        raise RuntimeError(output)
    return [
        (os.path.relpath(file["filePath"], folder), m["line"], m["ruleId"] or "syntax", m["message"])
        for file in json.loads(output)
        for m in file["messages"]
    ]


def eslint(folder=ROOT, files=JAVASCRIPT):
    wrong = [f"{file}:{line}: {rule}: {text}" for file, line, rule, text in linted(folder, files)]
    return bool(wrong), "\n".join(wrong)


def typed(config=ROOT / "tsconfig.json"):
    """tsc's findings, one line each."""
    status, output = run(node.command(ROOT / "node_modules/typescript/bin/tsc", "-p", config))
    errors = re.findall(r"^\S+\(\d+,\d+\): error .*", output, re.M)
    if status and not errors:
        raise RuntimeError(output)
    return errors


def tsc(config=ROOT / "tsconfig.json"):
    errors = typed(config)
    return bool(errors), "\n".join(errors)


def tests():
    return run(
        python(
            "pytest",
            "-p",
            "tools",
            "-q",
            "-n",
            "2",
            "--dist",
            "worksteal",
            "-m",
            "not slow",
            "tests/package",
            "tests/checks",
        )
    )


PARTS = {part.__name__: part for part in (ruff, format, mypy, codespell, eslint, tsc, tests)}


def seconds():
    """Of the processor, by this process and those it waited for."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def check(names, out=sys.stdout):
    """0 if all parts named are passed; what is refused is named first, then why;
    the last line says what ran and how long."""
    start, lines, refused = time.monotonic(), [], False
    for name in names:
        begun = seconds()
        try:
            wrong, output = PARTS[name]()
        except (OSError, RuntimeError) as error:
            wrong, output = True, str(error)
        if wrong:
            refused = True
            print(f"{name} refuses this:\n{output.rstrip()}\n", file=out, flush=True)
        lines.append(f"{name} {'REFUSED ' if wrong else ''}{seconds() - begun:.0f} s")
    print(
        f"make check: {', '.join(lines)} of processor time; {time.monotonic() - start:.0f} s in all",
        file=out,
        flush=True,
    )
    return int(refused)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", help=f"which: {' '.join(PARTS)}; without any, all")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"no part is called {unknown[0]}; there are {' '.join(PARTS)}")
    return check(given.parts or list(PARTS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
