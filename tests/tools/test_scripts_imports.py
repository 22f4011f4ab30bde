"""What a script of the book imports it uses (a linter would say more; this needs none)."""

import re

import pytest

from tools.paths import ROOT

SCRIPTS = sorted(
    [
        *(ROOT / "learning_to_act").glob("*.js"),
        *(ROOT / "learning_to_act/explorables").glob("*.js"),
        *(ROOT / "book/_static").glob("*.js"),
        *(ROOT / "book/_static/python").glob("*.js"),
        *(ROOT / "lite").glob("*.js"),
        *(ROOT / "tools/vendor/editor").glob("*.js"),
    ]
)
IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*[\"'][^\"']+[\"'];?", re.M)
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", re.S)


def unused(text):
    names = [
        name.split(" as ")[-1].strip()
        for match in IMPORT.finditer(text)
        for name in match[1].split(",")
        if name.strip()
    ]
    rest = COMMENT.sub("", IMPORT.sub("", text))
    return [name for name in names if not re.search(rf"(?<![.\w$]){re.escape(name)}(?![\w$])(?!\s*:)", rest)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_every_import_is_used(path):
    assert unused(path.read_text("utf8")) == []


def test_an_unused_one_is_found():
    assert unused('import { a, b as c, d,\n  e } from "./x.js";\n// e is not used\nf.d(a, { c: 1 }, c);\n') == [
        "d",
        "e",
    ]


def test_explorables_import_something():
    assert sum(bool(IMPORT.search(path.read_text("utf8"))) for path in SCRIPTS) > 8
