"""`make check` refuses what it is there for: each part is given a line with a fault of its own,
and the same line without."""

import io
import json
import re
import subprocess
import sys

import pytest

from tools.check import gate
from tools.paths import ROOT
from tools.run import node

try:
    node.command("npm")
    HERE = (ROOT / "node_modules/installed").exists()
except FileNotFoundError:
    HERE = False
javascript = pytest.mark.skipif(not HERE, reason="Node is not here: `make check` brings it")


def ruff(tmp_path, text):
    """With the project's settings."""
    (tmp_path / "line.py").write_text(text)
    return gate.run(
        gate.python("ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--output-format", "concise", "line.py"),
        tmp_path,
    )


@pytest.mark.parametrize(
    "text, rule",
    [
        ("import os\n", "F401"),
        ("import sys\nimport os\nprint(os, sys)\n", "I001"),
        ("print(nobody)\n", "F821"),
        ("def f(x=[]):\n    return x\n", "B006"),
        ("x = 1; y = 2\n", "E702"),
        ("from typing import List\nx: List = []\n", "UP035"),
        ("for i in range(3):\n    f = lambda: i\n", "B023"),
        (f"x = '{'long ' * 24}'\n", "E501"),
    ],
)
def test_ruff_refuses(tmp_path, text, rule):
    status, said = ruff(tmp_path, text)
    assert status == 1 and rule in said
    assert ruff(tmp_path, "import os\n\nprint(os)\n")[0] == 0


def test_another_form_is_refused(tmp_path):
    for text, fine in ("x = [1, 2]\n", True), ("x = [ 1,2 ]\n", False):
        (tmp_path / "line.py").write_text(text)
        assert (gate.format(tmp_path)[0] == 0) == fine


def test_mypy_refuses_what_an_annotation_does_not_promise(tmp_path):
    for text, fine in (
        ("def half(x: float) -> float:\n    return x / 2\n", True),
        ("def half(x: float) -> str:\n    return x / 2\n", False),
    ):
        (tmp_path / "line.py").write_text(text)
        settings = "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache")
        status, said = gate.run(gate.python("mypy", *settings, "line.py"), tmp_path)
        assert (status == 0) == fine and ("Incompatible return value" in said) != fine, said


def test_codespell_refuses_a_misspelling(tmp_path):
    (tmp_path / "line.md").write_text("The baseline does not change the gradient.\n")
    assert gate.codespell(tmp_path) == (0, "")
    (tmp_path / "line.md").write_text("The baseline does not change wa" + "ht we want.\n")
    status, said = gate.codespell(tmp_path)
    assert status and "what" in said


@javascript
@pytest.mark.parametrize(
    "text, rule",
    [
        ("const unused = 1;\n", "no-unused-vars"),
        ("nobody();\n", "no-undef"),
        ("const x = 1; x = 2; alert(x);\n", "no-const-assign"),
        ("if (\n", "syntax"),
    ],
)
def test_eslint_refuses(tmp_path, text, rule):
    settings = (ROOT / "eslint.config.js").as_posix()
    (tmp_path / "eslint.config.js").write_text(f'export {{ default }} from "{settings}";\n')
    folder = tmp_path / "book/_static"
    folder.mkdir(parents=True)

    def refused(line):
        (folder / "line.js").write_text(line)
        command = node.command(
            ROOT / "node_modules/eslint/bin/eslint.js",
            "--config",
            tmp_path / "eslint.config.js",
            "--format",
            "json",
            "book",
        )
        found = json.loads(gate.run(command, tmp_path)[1])
        return [m["ruleId"] or "syntax" for one in found for m in one["messages"] if m["severity"] == 2]

    assert rule in refused(text) and refused("alert(1);\n") == []


@javascript
def test_tsc_refuses_what_is_not_there(tmp_path):
    settings = json.loads((ROOT / "tsconfig.json").read_text())
    for text, fine in ("document.title.trim();\n", True), ("document.title.tirm();\n", False):
        (tmp_path / "line.js").write_text(text)
        (tmp_path / "tsconfig.json").write_text(
            json.dumps({"compilerOptions": settings["compilerOptions"], "include": ["line.js"]})
        )
        found = gate.typed(tmp_path / "tsconfig.json")
        assert (found == []) == fine and (fine or "'tirm' does not exist" in found[0])


def test_what_refuses_is_named_first_and_the_last_line_says_what_ran(monkeypatch):
    def broken():
        raise FileNotFoundError("Node is not here")

    monkeypatch.setattr(
        gate, "PARTS", {"good": lambda: (0, ""), "bad": lambda: (1, "line.py:1: wrong\n"), "gone": broken}
    )
    for names, status in (["good"], 0), (["good", "bad", "gone"], 1):
        out = io.StringIO()
        assert gate.check(names, out) == status
        lines = out.getvalue().splitlines()
        assert (
            lines[-1].startswith("make check: good ")
            and lines[-1].endswith(" s in all")
            and all(name in lines[-1] for name in names)
        )
    assert (
        lines[:2] == ["bad refuses this:", "line.py:1: wrong"]
        and "gone refuses this:" in lines
        and "bad REFUSED" in lines[-1]
    )


def test_a_part_that_nobody_knows_is_named():
    done = subprocess.run(
        [sys.executable, "-m", "tools.check.gate", "flake8"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2 and "no part is called flake8; there are ruff format mypy" in done.stderr


def test_reading_and_testing_the_book_need_no_node():
    """`make serve` and `make test` plan nothing of it."""
    makefile = (ROOT / "Makefile").read_text()
    rules = {
        target: (needs, body)
        for target, needs, body in re.findall(r"^([\w./$()-]+):(?!=)([^\n]*)\n((?:\t[^\n]*\n)*)", makefile, re.M)
    }
    for target in "serve", "book", "test", "lab":
        assert not {"node", "npm"} & set("".join(rules[target]).replace("/", " ").split())
    assert "node_modules/installed" in rules["check"][0]
