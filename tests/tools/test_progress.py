"""Progress: what the build counts is what the book has, and what is kept in a browser survives tabs,
files and erasing."""

import itertools
import json
import random
import re
from collections import Counter
from functools import cache

import pytest
from py_mini_racer import JSEvalException

from learning_to_act import explorables
from learning_to_act.checks.registry import chapters
from learning_to_act.explorables.base import HERE, Explorable
from tests.helpers import v8
from tools.paths import ROOT
from tools.site import progress

TOTALS = progress.totals(ROOT)
PARTS = [part for chapter in TOTALS for part in chapter["parts"]]
NAMES = [name for *_, names in PARTS for name in names]


def of(kind):
    return [name.partition(":")[2] for name in NAMES if name.startswith(f"{kind}:")]


# --- what the build counts --------------------------------------------------------------------------------------------


def test_every_exercise_that_the_checks_know_is_counted_once_on_its_chapter_s_page():
    for chapter in chapters():
        known, [stem] = [one.name for one in chapter.EXERCISES], {one.stem for one in chapter.EXERCISES}
        counted = [names for _, page, names in PARTS if page == f"exercises/{stem}"]
        assert counted == [[f"exercise:{name}" for name in known]], stem


def test_every_quiz_of_the_book_has_a_name_of_its_own():
    found = []
    for page in (ROOT / "book").rglob("*.md"):
        lines = page.read_text("utf8").splitlines()
        for i, line in enumerate(lines):
            if re.match(r"\s*[`:]{3,}\{quiz\}", line):
                assert (name := re.fullmatch(r"\s*:name: (quiz-[a-z0-9-]+)", lines[i + 1])), (
                    f"{page.name}:{i + 1} needs ':name: quiz-...'"
                )
                found.append(name[1])
    assert [name for name, n in Counter(found).items() if n > 1] == []
    assert sorted(found) == sorted(of("quiz")), "a quiz on a page that is not in a chapter of the contents"


def test_every_explorable_counts_and_has_a_challenge_that_can_be_met():
    classes = {name for name, c in vars(explorables).items() if isinstance(c, type) and issubclass(c, Explorable)}
    assert set(of("challenge")) == classes
    for name in classes:
        js = (HERE / getattr(explorables, name).js).read_text("utf8")
        assert re.search(r"\bchallenge:", js) and "ui.challenge(" in js, name


def test_every_drill_that_the_practice_scripts_announce_is_counted():
    scripts = "".join(p.read_text("utf8") for p in (ROOT / "book/_static").glob("practice-*.js"))
    announced = {
        re.sub(r"\$\{\w+\}", "*", name) for _, name in re.findall(r"\bpass(?:ed)?\(([`\"])([\w${}-]+)\1\)", scripts)
    }
    counted = {re.sub(r"^(order|rules|flaw)-.+", r"\1-*", name) for name in of("drill")}
    assert announced - {"flaws"} == counted, "'flaws' sums the eight up"


def test_no_name_counts_twice_and_each_may_be_kept():
    assert [name for name, n in Counter(NAMES).items() if n > 1] == []
    state = {
        "app": "learning-to-act",
        "kind": "progress",
        "version": 1,
        "passed": {name: {"at": 1, "by": "page"} for name in NAMES},
    }
    assert set(parsed(json.dumps(state))["passed"]) == set(NAMES)


def test_chapters_and_labels_are_those_of_the_contents():
    assert [c["title"] for c in TOTALS][:2] == ["Before you start", "1 · Values or probabilities?"]
    assert {part[0] for part in PARTS} == {"Read", "Read on", "Do", "Practice"}
    assert all((ROOT / f"{page}.md").exists() or (ROOT / f"{page}.ipynb").exists() for _, page, _ in PARTS)


def test_cells_that_check_an_exercise_say_which():
    body = '<div class="cell a">1</div><div class="cell_input"></div><div class="cell b">2</div>'
    assert progress.marked(body, {1: "softmax"}) == body.replace(
        '<div class="cell b', '<div data-exercise="softmax" class="cell b'
    )


def test_a_page_whose_cells_are_written_in_another_way_does_not_pass_in_silence():
    with pytest.raises(ValueError, match="more than 1 cells, as its notebook, found 0"):
        progress.marked('<div class="zelle a">1</div>', {1: "softmax"})
    assert progress.marked("<p>no cell</p>", {}) == "<p>no cell</p>"


# --- what a browser keeps ---------------------------------------------------------------------------------------------


@cache
def engine():
    return v8.script("progress.js")


def js(name, *arguments):
    return v8.ask(engine(), f"pgProgress.{name}", *arguments)


def parsed(text):
    return js("parsed", text)


def refusal(text):
    with pytest.raises(JSEvalException) as caught:
        parsed(text)
    return str(caught.value).partition("Error: ")[2].split("\n")[0]


def passing(state):
    return {name for name in state["passed"] if js("passes", state, name)}


def some_state(rng, names=NAMES[:6]):
    state = js("empty")
    for now in sorted(rng.sample(range(1, 60), rng.randrange(8))):
        name = rng.choice(names)
        state = rng.choice(
            [
                lambda: js("noted", state, name, rng.choice(["page", "hand", "undone"]), now),
                lambda: js("visited", state, "book/index", "", now),
            ]
        )()
    return state | {"erased": rng.choice([0, 0, 20])}


def test_merging_is_the_same_in_every_order():
    rng = random.Random(1)
    for _ in range(60):
        a, b, c = (some_state(rng) for _ in range(3))
        ab = js("merged", a, b)
        assert ab == js("merged", b, a) and js("merged", ab, ab) == ab and js("merged", ab, b) == ab
        assert js("merged", ab, c) == js("merged", a, js("merged", b, c))
        assert parsed(json.dumps(ab)) == ab, "what is written can be read again"


def test_two_tabs_lose_nothing_whatever_the_order_of_their_steps():
    """Each tab reads, merges and writes; what is left must be what one person's words in the order of time give."""
    for order in itertools.permutations(
        [("a", "noted", "x"), ("b", "noted", "y"), ("a", "undone", "y"), ("b", "erased", None), ("a", "noted", "z")]
    ):
        stored, tabs, truth = js("empty"), {"a": js("empty"), "b": js("empty")}, set()
        for now, (tab, act, what) in enumerate(order, 1):
            state = js("merged", tabs[tab], stored)
            state = (
                js("erased", state, now)
                if act == "erased"
                else js("noted", state, f"quiz:{what}", "undone" if act == "undone" else "page", now)
            )
            tabs[tab] = stored = state
            truth = (
                set() if act == "erased" else truth - {f"quiz:{what}"} if act == "undone" else truth | {f"quiz:{what}"}
            )
        assert passing(js("merged", stored, js("merged", *tabs.values()))) == truth, order


def test_the_first_time_stands_and_undo_can_be_undone():
    first = js("noted", js("empty"), "exercise:softmax", "hand", 5)
    assert js("noted", first, "exercise:softmax", "hand", 9) == first
    seen = js("noted", first, "exercise:softmax", "page", 9)
    assert seen["passed"]["exercise:softmax"] == {"at": 9, "by": "page"}, "what the page saw is worth more than a word"
    assert js("noted", seen, "exercise:softmax", "page", 12) == seen
    undone = js("noted", seen, "exercise:softmax", "undone", 3)
    assert passing(undone) == set() and passing(js("merged", seen, undone)) == set(), "also where the clock went back"
    assert passing(js("noted", undone, "exercise:softmax", "hand", 3)) == {"exercise:softmax"}


def test_an_import_after_erasing_brings_everything_back_and_nothing_from_the_future():
    kept = js("noted", js("noted", js("empty"), "quiz:a", "page", 10), "quiz:gone-from-the-book", "page", 99)
    gone = js("erased", kept, 50)
    assert gone["passed"] == {} and passing(js("merged", gone, kept)) == set()
    back = js("imported", gone, kept, 60)
    assert passing(back) == {"quiz:a", "quiz:gone-from-the-book"} and parsed(json.dumps(back)) == back
    assert js("tally", back, ["quiz:a", "quiz:b"]) == 1, "what this edition does not have is kept, not counted"
    assert js("erased", back, 0)["erased"] >= max(e["at"] for e in back["passed"].values())


HEAD = '{"app": "learning-to-act", "kind": "progress", '
BAD = {
    "": "not a complete JSON file",
    HEAD: "not a complete JSON file",
    "[]": "not a file of this book's progress",
    "null": "not a file of this book's progress",
    '{"app": "learning-to-act", "kind": "cards", "version": 1, "cards": {}}': "not a file of this book's progress",
    HEAD + '"version": 2, "passed": {}}': "newer edition",
    HEAD + '"version": "1", "passed": {}}': "version should be 1",
    HEAD + '"version": 1}': '"passed" should be',
    HEAD + '"version": 1, "passed": []}': '"passed" should be',
    HEAD + '"version": 1, "passed": {"__proto__": {"at": 1, "by": "page"}}}': "is no name of an exercise",
    HEAD + '"version": 1, "passed": {"quiz:a b": {"at": 1, "by": "page"}}}': "is no name of an exercise",
    HEAD + '"version": 1, "passed": {"quiz:a": true}}': 'should have a time "at"',
    HEAD + '"version": 1, "passed": {"quiz:a": {"at": "now", "by": "page"}}}': 'should have a time "at"',
    HEAD + '"version": 1, "passed": {"quiz:a": {"at": 1, "by": "magic"}}}': 'should have a time "at"',
    HEAD + '"version": 1, "erased": -1, "passed": {}}': '"erased" should be',
    HEAD + '"version": 1, "last": {"page": "javascript:alert(1)", "hash": "", "at": 1}, "passed": '
    "{}}": '"last" should name a page',
    " " * 1_000_001: "It has 1.0 MB",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[-40:].strip() or str(len(text)))
def test_what_is_not_this_book_s_progress_is_refused_with_a_reason(text):
    assert BAD[text] in refusal(text)
