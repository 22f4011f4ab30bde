"""A class of a page says whose it is: docs/style.md lists the families."""

import re

from tools.paths import ROOT

OWN = [
    path
    for folder in ("book", "learning_to_act", "tools", "lite")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".css", ".js", ".py", ".html", ".md"} and "vendor" not in path.parts
]


def test_no_family_is_a_single_letter():
    assert len(OWN) > 150
    assert {
        path.name: found for path in OWN if (found := re.findall(r"\bpg-[a-z]\b[\w-]*", path.read_text("utf8")))
    } == {}


def test_every_family_of_the_style_sheets_is_in_the_list():
    sheets = "".join(path.read_text("utf8") for path in OWN if path.suffix == ".css")
    families = {name.split("-")[1] for name in re.findall(r"\.(pg-[a-z]+-[\w-]+)", sheets)}
    said = set(re.findall(r"`pg-([a-z]+)-`", (ROOT / "docs/style.md").read_text("utf8")))
    assert families - said == set()
