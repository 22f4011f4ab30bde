"""The interview questions: every field there, every link and number backed, every formula typeset,
the pages made as promised."""

import json
import re
from collections import Counter
from functools import cache

import jsonschema
import pytest
import yaml

from tests.helpers.headings import headings
from tests.helpers.interview import LEVELS, QUESTIONS
from tools import contents
from tools.paths import ROOT

SCHEMA = yaml.safe_load((ROOT / "book/interview.schema.yml").read_text("utf8"))
each = pytest.mark.parametrize("q", QUESTIONS, ids=lambda q: q["id"])


def texts(q):
    """All that is printed of a question."""
    follow = [f[k] for f in q["follow_ups"] for k in ("ask", "answer")]
    return [q["question"], q["short"], q["long"], *follow, q["wrong"]["says"], q["wrong"]["because"], q.get("card", "")]


def without_code(text):
    return re.sub(r"```.*?```|`[^`\n]+`", " ", text, flags=re.DOTALL)


@cache
def cells(notebook):
    nb = json.loads((ROOT / f"notebooks/{notebook}.ipynb").read_text("utf8"))
    return {c["id"]: c for c in nb["cells"]}


@cache
def labels():
    pages = "".join(p.read_text("utf8") for p in (ROOT / "book").glob("*.md"))
    keys = re.findall(r"^@\w+\{([^,]+),", (ROOT / "book/references.bib").read_text("utf8"), re.MULTILINE)
    return set(re.findall(r"^\s*\$\$ \((eq-[\w-]+)\)", pages, re.MULTILINE)) | set(keys)


# --- the data ---------------------------------------------------------------------------------------------------------


def test_every_question_belongs_to_a_chapter_of_the_contents_and_has_a_name_of_its_own():
    assert {q["chapter"] for q in QUESTIONS} <= {chapter.number for chapter in contents.chapters()}
    assert len({q["id"] for q in QUESTIONS}) == len(QUESTIONS)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_field_is_there():
    faults = jsonschema.Draft202012Validator(SCHEMA).iter_errors(QUESTIONS)
    assert [
        f"{QUESTIONS[f.path[0]]['id'] if f.path else ''} {list(f.path)[1:]}: {f.message[:120]}" for f in faults
    ] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda q: q.pop("wrong"),
        lambda q: q["follow_ups"].pop(),
        lambda q: q.update(level="hard"),
        lambda q: q.update(short=""),
        lambda q: q.update(see=["nowhere"]),
        lambda q: q.update(extra=1),
    ],
)
def test_the_schema_refuses(spoil):
    broken = json.loads(json.dumps(QUESTIONS))
    spoil(broken[0])
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(broken)


def test_sixty_five_and_more_and_none_twice():
    assert len(QUESTIONS) >= 65
    for field in ("id", "question", "short", "long"):
        assert [v for v, n in Counter(q[field] for q in QUESTIONS).items() if n > 1] == [], field


def test_the_first_three_are_the_source_s_and_levels_follow_each_other():
    assert [q["id"] for q in QUESTIONS[:3]] == ["why-log", "score-function", "continuous-actions"]
    order = [LEVELS.index(q["level"]) for q in QUESTIONS]
    assert order == sorted(order) and min(Counter(order).values()) >= 10


def test_ten_cards_for_the_sheet():
    assert sum("card" in q for q in QUESTIONS) == 10


@each
def test_the_short_answer_takes_thirty_seconds(q):
    words = re.sub(r"\$[^$]+\$", "formula", q["short"]).split()
    assert 25 <= len(words) <= 80, len(words)  # 160 words a minute


@each
def test_every_place_exists(q):
    for place in q["see"]:
        page, anchor = place.split("#")
        assert anchor in headings(page), f"{place}: {sorted(headings(page))}"
    for place in q["shown_by"]:
        notebook, cell = place.split("#")
        assert cells(notebook)[cell]["cell_type"] == "code", place


@each
def test_every_source_exists(q):
    assert set(q["source"]) <= labels()
    assert re.findall(r"\{(?:eq|cite)\}", " ".join(texts(q))) == [], "put it into source, which is checked"


@each
def test_nothing_unverified_is_printed(q):
    assert re.findall(r"\[(?:mem|abs|calc)\]|\bverify\b|\bTODO\b|arXiv", " ".join(texts(q)), re.IGNORECASE) == []


NUMBER = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")


def numbers(text):
    """The decimal numbers of a text, as printed; thousands may be set apart."""
    return NUMBER.findall(re.sub(r"(?<=\d)(?:\{,\}|[,_])(?=\d{3})", "", text))


def unbacked(q):
    """The decimal numbers of an answer that no cell of `shown_by` has, in its code or in its output,
    to as many digits."""
    known = []
    for notebook, cell in (place.split("#") for place in q["shown_by"]):
        c = cells(notebook)[cell]
        text = "".join(c["source"]) + "\n" + "".join("".join(o.get("text", "")) for o in c["outputs"])
        known += [float(n) for n in re.findall(r"\d*\.?\d+(?:e-?\d+)?", re.sub(r"(?<=\d)[,_](?=\d{3})", "", text))]
    said = numbers(without_code("\n".join(texts(q))))
    return [n for n in said if not any(abs(k - float(n)) <= 0.501 * 10 ** -len(n.partition(".")[2]) for k in known)]


@each
def test_every_decimal_number_comes_from_a_cell(q):
    assert unbacked(q) == [], f"in no cell of {q['shown_by']}"


def test_a_number_that_nobody_computed_is_found():
    assert numbers("a $.5$ b $-1.241$ c 3/4 d $9{,}449.9$ e section 3.1.2") == [".5", "1.241", "9449.9"]
    q = next(q for q in QUESTIONS if q["id"] == "clipped-log-prob")
    assert unbacked(q | {"long": q["long"].replace("-1.241", "-1.251")}) == ["1.251"]


def test_the_numbers_of_the_sheet_come_from_cells_too():
    everywhere = {"shown_by": sorted({place for q in QUESTIONS for place in q["shown_by"]})}
    sheet = {
        "question": "",
        "short": (ROOT / "book/summary-sheet.md").read_text("utf8"),
        "long": "",
        "follow_ups": [],
        "wrong": {"says": "", "because": ""},
    }
    assert numbers(sheet["short"]) and unbacked(sheet | everywhere) == []


@each
def test_the_mathematics_can_be_typeset(q):
    from tools.site import mathematics as katex

    for text in map(without_code, texts(q)):
        assert text.count("$") % 2 == 0, text
        for display in re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL):
            katex.render(display, True)
        for inline in re.findall(r"\$([^$]+)\$", re.sub(r"\$\$.+?\$\$", "", text, flags=re.DOTALL)):
            katex.render(inline)


@each
def test_python_in_answers_is_python(q):
    for code in re.findall(r"```python\n(.*?)```", q["long"], re.DOTALL):
        compile(code.replace("break", "pass") if "break" in code else code, q["id"], "exec")
        assert max(map(len, code.splitlines())) <= 90


def test_the_front_page_counts_them_right():
    front = (ROOT / "book/index.md").read_text("utf8")
    assert set(re.findall(r"(\d+) questions", front)) == {str(len(QUESTIONS))}


@each
def test_what_is_spoken_names_no_world_of_the_book_that_the_asker_cannot_know(q):
    assert re.findall(r"two doors|the corridor|the tree|the sorter|the lab\b|[Cc]hapter \d", q["short"]) == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_page_of_answers_leads_to_the_small_worlds_that_it_names(level):
    page = (ROOT / f"book/interview/{level}.md").read_text("utf8")
    said = "\n".join(t for q in QUESTIONS if q["level"] == level for t in texts(q))
    for world, place in (("two doors", "00-before-you-start"), ("corridor", "01-values-or-probabilities")):
        assert (world in said.lower()) == (f"[{world}](../{place}.md#" in page), world
