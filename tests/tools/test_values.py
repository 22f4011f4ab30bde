"""Numbers in prose: every name of book/values/ is said on a page and held by a test,
and no decimal is typed by hand."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from tools.paths import ROOT
from tools.site import values

PAGES = {path: path.read_text("utf8") for path in sorted((ROOT / "book").rglob("*.md"))}
TESTS = "\n".join(
    path.read_text("utf8") for path in sorted((ROOT / "tests").rglob("test_*.py")) if path != Path(__file__)
)
DECIMAL = re.compile(r"\d*\.\d+|\d+(?:,|\{,\})\d{3}")


@pytest.mark.parametrize(
    "text, numbers, room",
    [
        ("1.70", [1.7], 0.005),
        ("-.25", [-0.25], 0.005),
        ("1,016", [1016], 0.5),
        ("19{,}487{,}171", [19487171], 0.5),
        (r"-.078125,\,+.015625", [-0.078125, 0.015625], 5e-7),
        (r"\tfrac14", [0.25], 0),
        (r"-\tfrac{3}{32}", [-0.09375], 0),
        (r"\tfrac{13}{16}", [0.8125], 0),
        (r"-\tfrac13,0,\tfrac13", [Fraction(-1, 3), 0, Fraction(1, 3)], 0),
        ("a factor of 274", [274], 0.5),
        ("−3", [-3], 0.5),
    ],
)
def test_the_numbers_of_a_text_are_read_with_their_digits(text, numbers, room):
    found = values.parts(text)
    assert [number for number, _ in found] == pytest.approx(numbers) and float(found[0][1]) == room


def test_a_number_that_is_not_the_page_s_fails_and_a_reworded_sentence_does_not(monkeypatch):
    monkeypatch.setattr(values, "load", lambda: {"spread": "about 1.70", "pair": "-.25, 3", "third": r"\tfrac13"})
    values.holds(spread=1.6997, pair=(-0.25, 3), third=Fraction(1, 3))
    for wrong in (
        {"spread": 1.706},
        {"spread": (1.7, 1)},
        {"pair": (0.25, 3)},
        {"third": Fraction(333, 1000)},
        {"nobody": 1},
    ):
        with pytest.raises(AssertionError):
            values.holds(**wrong)


def test_a_name_is_replaced_wherever_it_stands():
    assert values.fill("$({{ a }})$ {{ b }} {{a}}", {"a": "1,2"}) == "$(1,2)$ {{ b }} {{a}}"


def test_a_name_stands_in_one_file_and_its_value_is_text(tmp_path):
    (tmp_path / "book/values").mkdir(parents=True)
    (tmp_path / "book/values/01.yml").write_text('a: "1"\ngiven: ["2"]\n', "utf8")
    assert values.load(tmp_path) == {"a": "1"}
    for text, fault in [('a: "2"', "has a value already"), ("b: 1.70", "needs quotes")]:
        (tmp_path / "book/values/02.yml").write_text(text, "utf8")
        with pytest.raises(ValueError, match=fault):
            values.load(tmp_path)


def test_every_name_is_on_a_page_and_held_by_a_test():
    said = set(values.NAME.findall("\n".join(PAGES.values())))
    assert [name for name in values.load() if name not in said] == [], "said by no page"
    held = set(re.findall(r"\b(\w+)[=\"]", TESTS))
    assert [name for name in values.load() if name not in held] == [], "held by no test"


def test_every_name_on_a_page_is_known():
    from tools.site import measured, trial

    made = set(measured.facts()) | set(trial.facts())
    known = set(values.load()) | made
    assert {
        name: path.name for path, text in PAGES.items() for name in values.NAME.findall(text) if name not in known
    } == {}
    assert set(values.load()).isdisjoint(made) and set(measured.facts()).isdisjoint(trial.facts())


def typed(text):
    """The decimals that somebody typed into a page's words and formulas: no code, no link's target, no name."""
    text = re.sub(r"^(?:    |\t).*$|\\\\\[[\d.]+em\]", "", text, flags=re.M)
    text = re.sub(r"^```(?:python|bash)\n.*?^```", "", text, flags=re.M | re.S)
    text = re.sub(r"\{set\}`([^`\n]+?)\s*<[^<>]+>`", r"\1", text)  # words that set a figure are words
    text = re.sub(r"`[^`\n]+`|\]\([\w/.#-]+\)|^:(?:name|class): .*$|<https?://\S+>", " ", text, flags=re.M)
    return DECIMAL.findall(values.NAME.sub(" ", text))


@pytest.mark.parametrize("path", values.files(), ids=lambda path: path.stem)
def test_no_decimal_is_typed_by_hand(path):
    """Results have names. What an author chose (a step size, a policy's probabilities) is listed as `given`."""
    given, used = set(values.read(path).get("given", [])), set()
    for page, text in PAGES.items():
        if page.parent.name == "book" and page.name.startswith(f"{path.stem}-"):
            used |= set(typed(text))
    assert used - given == set(), "give these names, with a test that computes them"
    assert given - used == set(), "given, but on no page"


def test_a_typed_decimal_is_found_and_code_is_left_alone():
    assert typed("$J=-.25$ and {{ a }} or 1,016\n\n    x = 0.5\n\n`0.7` [x](a.1) 0.586") == [
        "-.25"[1:],
        "1,016",
        "0.586",
    ]
