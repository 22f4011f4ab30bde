"""Words of the text that set a figure: each names a figure of its page, a setting of it, and a value in its range."""

import re

import pytest
from docutils import nodes

from tools.paths import ROOT
from tools.site import setting, values

ROLE = re.compile(r"\{set\}`([^`]+?)\s*<(\w+)=([^<>\s`]+)>`")
FIGURE = re.compile(r"\{explorable\} [\w.]+\.(\w+)")
PAGES = {path: values.fill(path.read_text("utf8"), values.load()) for path in sorted((ROOT / "book").glob("*.md"))}
BUTTONS = [(path.stem, *match) for path, text in PAGES.items() for match in ROLE.findall(text)]


def test_the_chapters_have_them():
    assert {"01", "02", "03", "04", "06", "08"} <= {page[:2] for page, *_ in BUTTONS}
    assert len(BUTTONS) == sum(text.count("{set}`") for text in PAGES.values()), (
        "each has the form {set}`words <figure=setting:value>`"
    )


@pytest.mark.parametrize("page, words, figure, settings", BUTTONS, ids=[f"{b[0]}-{b[2]}={b[3]}" for b in BUTTONS])
def test_a_setting_is_one_of_a_control_and_within_its_range(js, page, words, figure, settings):
    cls = setting.figures()[figure]
    assert cls.__name__ in FIGURE.findall(PAGES[ROOT / f"book/{page}.md"]), "on the same page"
    given = setting.read(cls, settings)  # refuses what the class refuses
    source = (ROOT / f"learning_to_act/explorables/{cls.js}").read_text("utf8")
    state = {name: getattr(cls(), name) for name in js(cls, "m.theFigure.settings")}
    assert js(cls, "m.theFigure.name") == figure
    for name, value in given.items():
        assert name in state, "one of those that the figure's own controls set"
        for low, high, step in re.findall(
            rf'ui\.slider\("[^"]*", "{name}", {{ min: (-?[\d.]+), max: (-?[\d.]+), step: ([\d.]+)', source
        ):
            steps = (value - float(low)) / float(step)
            assert float(low) <= value <= float(high) and abs(steps - round(steps)) < 1e-6, (
                f"{name}: a place of its slider"
            )
    repaired = js(cls, "m.theFigure.repair(arg)", state | given)
    for name, value in given.items():
        assert repaired[name] == (value if isinstance(value, (str, bool)) else pytest.approx(value)), (
            "the figure keeps it"
        )


BAD = {
    "p:1.5": "greater than 0.99",
    "p:much": "could not convert",
    "speed:1": "no setting 'speed'",
    "title:x": "no setting 'title'",
    "cells:4": "4",
}


@pytest.mark.parametrize("settings", BAD)
def test_a_wrong_setting_is_named(settings):
    with pytest.raises(ValueError, match=re.escape(BAD[settings])):
        setting.read(setting.figures()["corridor"], settings)


def test_the_build_says_what_is_wrong():
    page = nodes.container("", setting.Setting("", "x", figure="corridor", settings="cells:5"))
    assert [why for _, why in setting.faults(page)] == ["no figure 'corridor' on this page, which has none"]
    page += nodes.container(explorable="corridor")
    assert list(setting.faults(page)) == []
    page += setting.Setting("", "y", figure="corridor", settings="cells:4")
    assert len(list(setting.faults(page))) == 1
