"""The notation page against the formulas of every page: no symbol is missing there, and double uses are said."""

import re
from functools import cache

import nbformat
import pytest
import yaml

from tools.paths import ROOT
from tools.site import values

NOTATION = "book/notation.md"
PAGES = [
    path.relative_to(ROOT).as_posix()
    for pattern in (
        "book/*.md",
        "book/practice/*.md",
        "book/interview/*.yml",
        "book/practice/*.yml",
        "notebooks/*.ipynb",
        "solutions/*.ipynb",
    )
    for path in sorted(ROOT.glob(pattern))
    if path.relative_to(ROOT).as_posix() != NOTATION
]

# Signs of arithmetic and layout, and functions that every reader knows: no page has to explain them
PLAIN = set(
    r"""\log \ln \exp \sin \cosh \tanh \arcsin \arg \max \min \sum \prod \int \sqrt \frac \tfrac \dfrac \binom \cdot
    \cdots \dots \times \pm \to \leftarrow \infty \in \sim \mid \Vert \lVert \rVert \left \right \big \Big \bigg \Bigg
    \quad \qquad \approx \propto \neq \ne \le \ge \lesssim \iff \Longrightarrow \underbrace \overbrace \vphantom
    \blacksquare \allowbreak \boldsymbol \cases \star \top \prime \not \displaystyle \,""".split()
)
# Letters whose meaning is their sentence's: a variable of a rule, a bound index, Euler's number, an index of time
GENERIC = {
    "e": "2.718",
    "f": "any function",
    "g": "any function",
    "h": "a small step",
    "i": "an index",
    "j": "an index",
    "k": "an index",
    "l": "an index",
    "c": "a constant",
    "x": "any quantity",
    "y": "any quantity",
    "n": "a count",
}
COLOURS = r"\\(?:pol|score|good|where)(?![A-Za-z])"
ACCENTS = "hat|bar|tilde|dot|widehat|overline"
NAMES = r"operatorname|mathrm|mathcal|mathbb"
TOKEN = re.compile(
    rf"""(?P<accent>\\(?:{ACCENTS})\s*(?:\{{\s*\\?[A-Za-z]+[^{{}}]*\}}|\\[A-Za-z]+|[A-Za-z]))
                      | (?P<named>\\(?:{NAMES})\s*(?:\{{[^{{}}]*\}}|[A-Za-z0-9]))
                      | (?P<command>\\[A-Za-z]+) | (?P<letter>[A-Za-z])""",
    re.X,
)
MACROS = {r"\E": r"\mathbb{E}", r"\Var": "Var", r"\R": r"\mathbb{R}", r"\Pr": r"\Pr"}
# Letters that mean two things somewhere in the book, found by reading; each must stand in the page's second table
DOUBLE = (
    r"A B C D F G H K L M P R T a b c d g k n p q r s t u v w x z \alpha \beta \Delta \delta \varepsilon \mu \pi "
    r"\rho \sigma \tau \theta"
).split()


@cache
def text(name):
    path = ROOT / name
    if path.suffix == ".ipynb":
        return "\n\n".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        )
    if path.suffix == ".yml":
        return "\n\n".join(strings(yaml.safe_load(path.read_text("utf8"))))
    return values.fill(path.read_text("utf8"), values.load())


def strings(thing):
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, (list, dict)):
        for inner in thing.values() if isinstance(thing, dict) else thing:
            yield from strings(inner)


def formulas(words):
    """What stands between dollar signs; code and link targets do not count."""
    words = re.sub(r"^```(?:python|bash)\n.*?^```", "", words, flags=re.M | re.S)
    words = re.sub(r"`[^`\n]+`", " ", words)
    found = re.findall(r"\$\$(.+?)\$\$", words, re.S)
    return found + re.findall(r"(?<![\\$])\$([^$]+?)\$", re.sub(r"\$\$.+?\$\$", " ", words, flags=re.S))


def symbols(formula):
    """The symbols of one formula: letters and names, each with its accent, without colours,
    indices' words and layout."""
    formula = re.sub(r"\\\\(\[[^\]]*\])?", " ", formula)
    formula = re.sub(COLOURS, "", formula)
    formula = re.sub(r"\\(?:text|textbf|textit|texttt|label|tag|begin|end)\s*\{(?:[^{}]|\\_)*\}", " ", formula)
    found = set()
    for match in TOKEN.finditer(formula):
        token = re.sub(r"[\s{}]", "", match[0]) if match["accent"] else match[0]
        token = MACROS.get(token, token)
        if match["named"]:
            kind, inner = re.fullmatch(r"\\(operatorname|mathrm|mathcal|mathbb)\s*\{?\s*(.*?)\s*\}?", match[0]).groups()
            token = inner if kind in ("operatorname", "mathrm") else rf"\{kind}{{{inner}}}"
            if token in ("ref", "std"):  # words, as in \text{ref}
                continue
        if match["accent"]:
            token = token.replace(r"\widehat\nablaJ", r"\widehat{\nabla J}")
        if token not in PLAIN and token != ",":
            found.add(token)
    return found


@cache
def used(name):
    return set().union(*map(symbols, formulas(text(name))))


def section(heading):
    part = text(NOTATION).split(f"\n## {heading}\n")[1]
    return part.split("\n## ")[0]


def known():
    """What the page explains: its symbols and its second table, not the crosswalk to other books."""
    parts = section("Four colours"), section("Symbols"), section("Letters with two jobs")
    return set().union(*(symbols(f) for part in parts for f in formulas(part)))


@pytest.mark.parametrize("name", PAGES)
def test_every_symbol_of_the_page_is_on_the_notation_page(name):
    accents = {rf"\{accent}" for accent in ACCENTS.split("|")}
    explained = known()
    missing = set()
    for token in used(name) - explained - set(GENERIC):
        accent = next((a for a in accents if token.startswith(a) and token != a), None)
        base = token[len(accent) :] if accent else token
        if not (accent and (base in explained | set(GENERIC) or set(symbols(base)) <= explained | set(GENERIC))):
            missing.add(token)
    assert missing == set()


def test_letters_with_two_jobs_are_those_that_were_found():
    rows = re.findall(r"^\| (\$[^|]+) \|", section("Letters with two jobs"), re.M)
    assert sorted(letter for row in rows for letter in re.findall(r"\$([^$]+)\$", row)) == sorted(DOUBLE)
    for line in section("Letters with two jobs").splitlines():
        assert not line.startswith("| $") or len([cell for cell in line.split(" | ") if cell.strip()]) == 4, line


def test_generic_letters_are_used_and_have_a_reason():
    assert all(GENERIC.values()) and set(GENERIC) <= set().union(*map(used, PAGES))


def test_the_parser_sees_what_is_there():
    assert symbols(r"\where{d^\pi_\gamma(s)}+\bar d-\hat Q_{\text{ref}}\,\mathrm{KL}(\pol{\pi_\theta})") == {
        "d",
        r"\pi",
        r"\gamma",
        "s",
        r"\bard",
        r"\hatQ",
        "KL",
        r"\theta",
    }
    assert symbols(r"\begin{aligned}\E[\score s]\\&=\mathbb 1[a=b]\end{aligned}") == {
        r"\mathbb{E}",
        "s",
        r"\mathbb{1}",
        "a",
        "b",
    }
    assert formulas("a $x$ b\n\n$$\ny\n$$ (eq-a)\n\n`$z$`") == ["\ny\n", "x"]
