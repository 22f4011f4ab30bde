"""JavaScript without a browser: the book's scripts in a V8 that has no page."""

import json
import re
from functools import cache

from py_mini_racer import MiniRacer

from tools.paths import ROOT


@cache
def script(name, before=""):
    """A V8 in which a classic script of the book has run, after the text `before`."""
    v8 = MiniRacer()
    v8.eval(before)
    v8.eval((ROOT / "book/_static" / name).read_text("utf8"))
    return v8


def ask(v8, function, *arguments):
    """What a function answers, through JSON."""
    given = ", ".join(json.dumps(a) for a in arguments)
    return json.loads(v8.eval(f"JSON.stringify({function}({given})) ?? 'null'"))


@cache
def module(cls):
    """A V8 without any page, and in it the exported functions of an explorable's module as `m`;
    `m.theFigure` is its default."""
    v8, source = MiniRacer(), str(cls()._esm)
    names = re.findall(r"^export (?:async )?(?:const|let|function\*?|class) (\w+)", source, re.M)
    source = re.sub(r"^export (?!default)", "", source, flags=re.M)
    source = re.sub(r"^export default ", "const theFigure = ", source, flags=re.M)
    v8.eval("globalThis.m = (() => {" + source + "\nreturn { " + ", ".join([*names, "theFigure"]) + " }; })();")
    return v8


def say(cls, expression, arg=None):
    """What an expression of `m` and `arg` says in the V8 of an explorable: the fixture `js`."""
    return json.loads(module(cls).eval(f"JSON.stringify((arg => {expression})({json.dumps(arg)})) ?? 'null'"))
