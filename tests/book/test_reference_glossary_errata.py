"""Glossary, helper reference and errata: complete, and every example runs."""

import contextlib
import importlib
import io
import re

import docutils.utils
from docutils import nodes
from sphinx import addnodes

import policy_gradient as pg
from tests.helpers.docstrings import lacking
from tests.helpers.headings import headings
from tools import contents
from tools.paths import ROOT
from tools.site import reference
from tools.site.formulas_of_docstrings import SET
from tools.site.mathematics import render

PAGE = (ROOT / "book/helper-reference.md").read_text("utf8")
GLOSSARY = (ROOT / "book/glossary.md").read_text("utf8")
ENTRIES = re.findall(r"^([^\s:`#*-][^\n]*)\n  (.+)$", GLOSSARY.split(":::{glossary}")[1], re.MULTILINE)


def test_the_reference_begins_with_its_names():
    place, desc = nodes.container(classes=["pg-names"]), addnodes.desc(objtype="function")
    desc += addnodes.desc_signature("", fullname="softmax", ids=["policy_gradient.softmax"])
    method = addnodes.desc("", addnodes.desc_signature("", fullname="A.init", ids=["x"]), objtype="method")
    group = nodes.section("", nodes.title("", "Policies"), desc, method, ids=["policies"])
    page = docutils.utils.new_document("page")
    page += nodes.section("", nodes.title("", "The package"), place, group, ids=["the-package"])
    fill = reference.FillNames(page)
    fill.run()
    links = [(link.astext(), link["refid"]) for link in place.findall(nodes.reference)]
    assert links == [("Policies", "policies"), ("softmax", "policy_gradient.softmax")]
    assert PAGE.index("```{names}") < PAGE.index("\n## ")


def test_the_reference_has_every_public_name():
    shown = set(re.findall(r"^\.\. auto(?:function|class|data):: (\S+)", PAGE, re.MULTILINE))
    public = {f"policy_gradient.{home}.{name}" for name, home in pg._HOME.items()}
    assert public - shown == set()
    for path in shown:
        module, name = path.rsplit(".", 1)
        value = getattr(importlib.import_module(module), name)
        assert not callable(value) or not lacking(value), lacking(value)


def test_every_example_runs_and_gives_what_it_says(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    space, checked = {}, 0
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) == len(re.findall("^## ", PAGE, re.MULTILINE))
    for block in blocks:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(block, "helper-reference", "exec"), space)
        for code, said in re.findall(r"^(\S.*?) +# (\(.*\))$", block, re.MULTILINE):
            value = eval(code, space)
            assert tuple(value) == tuple(float(n) for n in said.strip("()").split(",") if n.strip()), (code, value)
            checked += 1
    assert checked == 5, "the examples that say what comes out"


def test_plain_docstrings_become_right_markup():
    text = ["Of `Rollout`, `x_` and a * b | c_, 2*x*y: it *is*, the *very last*.", "    table", "more"]
    assert list(reference.converted(text)) == [
        r"Of :py:obj:`Rollout <policy_gradient.rollouts.Rollout>`, ``x_`` and a \* b \| c\_, 2\*x\*y: it *is*, "
        r"the *very last*.",
        "",
        ".. code-block:: text",
        "",
        "    table",
        "",
        "more",
    ]
    rows = ["    init(rng) -> (d,)      the uniform policy", "    entropy(theta)     in nats, `Rollout`"]
    assert list(reference.converted([*rows, "", "more"])) == [
        "",
        "``init(rng) -> (d,)``",
        "    the uniform policy",
        "``entropy(theta)``",
        "    in nats, :py:obj:`Rollout <policy_gradient.rollouts.Rollout>`",
        "",
        "more",
    ], "names with their meanings are a list, which a phone does not tear apart"


def test_every_term_is_explained_and_leads_to_a_place():
    terms = [term for term, _ in ENTRIES]
    assert len(terms) >= 60 and terms == sorted(terms, key=str.lower) and len(set(terms)) == len(terms)
    for term, text in ENTRIES:
        assert re.search(r"[.:] \[[^\]]+\]\([\w/.-]+\.md(#[\w-]+)?\)$", text), term
        assert 6 <= len(text.split()) <= 60, term


def test_a_term_leads_to_the_chapter_that_teaches_it_under_that_chapter_s_heading():
    chapters = {chapter.number: chapter for chapter in contents.chapters(ROOT)}
    for term, text in ENTRIES:
        link = re.search(r"\[([^\]]+)\]\(([\w-]+)\.md#([\w-]+)\)$", text)
        assert link, f"{term} leads to no section of a chapter"
        label, page, anchor = link.groups()
        where, heading = label.split(": ", 1)
        number = 0 if where == "Before you start" else int(re.fullmatch(r"Chapter (\d+)", where)[1])
        assert f"book/{page}" in chapters[number].reading(), f"{term}: {page} is no page of {where}"
        assert nodes.make_id(heading) == anchor and anchor in headings(page), f"{term}: {label}"


def test_every_symbol_with_a_name_on_the_notation_page_is_in_the_glossary():
    said = GLOSSARY.lower()
    for word in (
        "return",
        "state value",
        "action value",
        "advantage",
        "discounted visitation",
        "score",
        "trajectory",
        "discount",
        "termination",
        "truncation",
    ):
        assert f"\n{word}\n" in said, word


def test_corrections_have_dates_and_places():
    text = (ROOT / "book/errata.md").read_text("utf8")
    rows = re.findall(r"^\| (\d{4}-\d\d-\d\d) \| (.+?) \| (.+) \|$", text, re.MULTILINE)
    assert rows and rows == sorted(rows, key=lambda row: row[0], reverse=True)


def test_formulas_of_docstrings_are_set_and_each_of_the_list_is_there():
    text = "".join(path.read_text("utf8") for path in (ROOT / "policy_gradient").rglob("*.py"))
    assert len(SET) > 40 and [written for written in SET if written not in text] == []
    line = r"log pi(a|s) less e_a - pi, drop_gamma_t and `gamma^t`"
    assert reference.marked(line) == (
        r"\ :math:`\log\pi(a\mid s)`\  less \ :math:`e_a-\pi`\ , drop\_gamma\_t and ``gamma^t``"
    )
    for tex in SET.values():
        assert "katex-html" in render(tex), tex
