"""A class of a page says whose it is (docs/style.md lists the families), and something gives it."""

import re

from tools.paths import ROOT

OWN = [
    path
    for folder in ("book", "learning_to_act", "tools", "lite")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".css", ".js", ".py", ".html", ".md"} and "vendor" not in path.parts
]


PAGES = [
    *(path for path in OWN if path.suffix != ".css"),
    *(path for folder in ("notebooks", "exercises", "solutions") for path in (ROOT / folder).glob("*.ipynb")),
]
SHEETS = [path for path in OWN if path.suffix == ".css" and path.name != "formulas.css"]  # KaTeX's, cut by a tool
FOREIGN = {  # what nobody here writes: who does
    "Sphinx and docutils": "backrefs citation-list copybtn footnote footnote-list highlight-text sig-name text-right",
    "Pygments": "cp cpf",
    "KaTeX": "katex-display vlist vlist-r vlist-t",
    "CodeMirror": "cm-content cm-cursor cm-editor cm-focused cm-line cm-matchingBracket cm-scroller "
    "cm-selectionBackground cm-selectionLayer",
}


def named(sheet):
    """The classes of a style sheet's selectors."""
    bare = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    while bare != (inner := re.sub(r"\{[^{}]*[:;][^{}]*\}|\{\s*\}", " ", bare)):
        selectors = re.findall(r"([^{};]+)\{[^{}]*\}", bare)
        yield from re.findall(r"\.(-?[a-zA-Z_](?:[\w-]*\w)?)", " ".join(selectors))
        bare = inner


def nobody_gives(sheets, pages):
    """A sentence for each class in the selectors of {name: style sheet} that no text of `pages` has: neither whole nor
    made of a family, `pg-py-{kind}`, and a word, nor of `pg-{kind}` and a word in quotes beside it."""
    words = {word for text in pages for word in re.findall(r"[\w-]+", text)}
    families = {family for text in pages for family in re.findall(r"\b(pg-[a-z]+-)\$?\{", text)}
    beside = {word for text in pages if "pg-{" in text for word in re.findall(r"[\"'](\w+)[\"']", text)}
    given = words | {f"{family}{word}" for family in families for word in words} | {f"pg-{word}" for word in beside}
    for name, sheet in sheets.items():
        for one in sorted({*named(sheet)} - given - set(" ".join(FOREIGN.values()).split())):
            yield f"{name}: nothing gives the class .{one}: take its rule out, or give it on a page or in a script."


def test_each_class_of_a_style_sheet_is_given_by_something():
    pages = [path.read_text("utf8") for path in PAGES]
    sheets = {path.relative_to(ROOT).as_posix(): path.read_text("utf8") for path in SHEETS}
    assert len(sheets) > 8 and len({one for sheet in sheets.values() for one in named(sheet)}) > 300
    lost = [*nobody_gives(sheets, pages)]
    assert not lost, "\n".join(lost)


def test_a_class_that_nothing_gives_is_seen():
    sheet = """/* .pg-said { } */ .pg-practice-own .pg-py-passed, b.pg-wide { margin: .5em; }
    @media print { .pg-practice-nobody:empty { color: red; } p { content: ".pg-word"; } }  .sig-name > .made-up {}"""
    pages = ["make(`pg-py-${kind}`)", 'kinds = "passed"', "class=pg-practice-own", """f"pg-{kind}"; kind = 'wide'"""]
    assert [*nobody_gives({"a.css": sheet}, pages)] == [
        f"a.css: nothing gives the class .{one}: take its rule out, or give it on a page or in a script."
        for one in ("made-up", "pg-practice-nobody")
    ]


def strays(root=ROOT):
    """A sentence for each script and style sheet of the site that nothing loads."""
    places = [root / "_config.yml", *(root / "book/_theme").iterdir(), *(root / "tools/site").glob("*.py")]
    loading = "".join(path.read_text("utf8") for path in places)
    for path in sorted((root / "book/_static").rglob("*")):
        own = path.suffix in {".js", ".css"} and "vendor" not in path.parts
        if own and not re.search(rf"[\"'/\[, ]{re.escape(path.name)}[\"',\]]", loading):
            yield (
                f"{path.relative_to(root).as_posix()} is loaded by no page: name it in _config.yml, book/_theme or "
                "tools/site, or take it away."
            )


def test_each_script_and_style_sheet_of_the_site_is_loaded(tmp_path):
    assert not [*strays()], "\n".join(strays())
    for file, text in {
        "_config.yml": "html_js_files: [site.js, {defer: defer}]",
        "book/_theme/layout.html": "",
        "tools/site/a.py": '"""lonely.js is read."""',
        "book/_static/site.js": "",
        "book/_static/lonely.js": "",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    assert [*strays(tmp_path)] == [
        "book/_static/lonely.js is loaded by no page: name it in _config.yml, book/_theme or tools/site, "
        "or take it away."
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
