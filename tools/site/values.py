r"""Numbers in prose have names: `{{ name }}` on a page of book/ is the text that book/values/*.yml has for it.

How to use it. `book/values/02.yml` holds the numbers of chapter 2, each written once, as the page prints it:

    cloud_plain: "1.70"                      # one number
    doors_grad: '-.078125,\,+.015625'        # several: all are compared, in their order
    doors_V_A: '-\tfrac{3}{32}'              # a fraction is exact
    given: [".99", "0.05"]                   # decimals that the pages of this chapter choose: settings, not results

The page says `$({{ doors_grad }})$`: the name is replaced before anything reads the page, so it works in formulas,
captions, tables, quizzes and alt texts. All files share one set of names, and any page of book/ may use any of them.

A test computes each number by a way of its own and calls `values.holds(cloud_plain=1.6997)`. That fails if the number
is not the one on the page: a float must agree to the digits shown, an `int` or a `Fraction` exactly. Rewording a
sentence fails nothing. tests/tools/test_values.py sees that every name is held by some test and said by some page, and
that chapters with a file have no decimal typed by hand.
"""

import re
from fractions import Fraction
from pathlib import Path

from sphinx.util import logging

from tools.paths import ROOT
from tools.written import content

NAME = re.compile(r"\{\{ ([A-Za-z]\w*) \}\}")
FRACTION = re.compile(r"([-+]?)\\[td]?frac(?:\{(\d+)\}|(\d))(?:\{(\d+)\}|(\d))")
NUMBER = re.compile(r"[-+]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:/\d+)?")
log = logging.getLogger(__name__)


def files(root=ROOT):
    return sorted((root / "book/values").glob("*.yml"))


def read(path):
    return content(path) or {}


def load(root=ROOT):
    """{name: text} of all files; a name stands in one of them only."""
    values = {}
    for path in files(root):
        for name, text in read(path).items():
            if name != "given":
                if name in values:
                    raise ValueError(f"{path.name}: {name} has a value already")
                if not isinstance(text, str):
                    raise ValueError(f"{path.name}: {name} needs quotes, so that its digits stay as written")
                values[name] = text
    return values


def fill(text, known):
    """The text with its names replaced; a name that nobody knows stays."""
    return NAME.sub(lambda match: known.get(match[1], match[0]), text)


def parts(text):
    r"""[(number, half a unit of its last digit)] of a text such as '-.25,\,\tfrac14' or '1,016';
    a fraction has no room."""
    plain = text.replace("{,}", ",").replace("−", "-")
    plain = FRACTION.sub(lambda m: f" {m[1]}{m[2] or m[3]}/{m[4] or m[5]} ", plain)
    numbers = []
    for number in NUMBER.findall(plain):
        number = number.replace(",", "")
        decimals = len(number.partition(".")[2])
        numbers.append((Fraction(number), Fraction(0) if "/" in number else Fraction(1, 2 * 10**decimals)))
    return numbers


def holds(**computed):
    """Assert of each name that its text says what was computed:
    a float to the digits shown, an int or a Fraction exactly."""
    known = load()
    for name, value in computed.items():
        assert name in known, f"no file of book/values/ has {name}"
        shown = parts(known[name])
        values = list(value) if hasattr(value, "__iter__") else [value]
        assert len(shown) == len(values) > 0, (
            f"{name} is {known[name]!r}, that is {len(shown)} numbers; computed: {values}"
        )
        for (number, room), exact in zip(shown, values):
            exactly = isinstance(exact, (int, Fraction))
            far = abs(number - Fraction(exact)) if exactly else abs(float(number) - float(exact))
            room = 0 if exactly else float(room) + 1e-12 * max(1, abs(exact))
            assert far <= room, f"{name} is {known[name]!r} on the page; computed: {values}"


def setup(app):
    def replace(app, docname, source):
        if docname.startswith("book/") and NAME.search(source[0]):
            known, root = load(Path(app.srcdir)), Path(app.srcdir)
            for path in files(root):
                app.env.note_dependency(str(path))
            source[0] = fill(source[0], known)
            for name in set(NAME.findall(source[0])) - set(app.config.myst_substitutions or {}):
                log.warning("{{ %s }}: no file of book/values/ has this name", name, location=docname)

    app.connect("source-read", replace)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
