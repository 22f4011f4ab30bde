"""Progress in a real browser: counted, shown, kept, carried to another browser, erased;
and said when nothing can be kept."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tools.paths import ROOT
from tools.site import progress

FRONT, READ, DO = "book/index.html", "book/01-too-many-actions.html", "exercises/01-values-or-probabilities.html"
KEY = "learning-to-act:progress"
ALL = sum(len(part[2]) for chapter in progress.totals(ROOT) for part in chapter["parts"])
PHONE = {"viewport": {"width": 375, "height": 700}}


class Reader:
    """One browser profile with tabs; `before` runs in each of them before the page's own scripts."""

    def __init__(self, browser, server, before="", **options):
        self.server, self.errors, self.requests = server, [], []
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options)
        )
        if before:
            self.context.add_init_script(before)

    def open(self, path, page=None):
        if not page:
            page = self.context.new_page()
            page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda e: self.errors.append(str(e)))
            page.on("request", lambda r: self.requests.append((r.method, r.url)))
        page.goto(self.server.url + path, wait_until="load")
        return page

    def close(self):
        assert self.errors == []
        assert [
            r for r in self.requests if r[0] != "GET" or not r[1].startswith((self.server.url, "blob:", "data:"))
        ] == [], "nothing is sent"
        self.context.close()


@pytest.fixture
def reader(browser, server):
    readers = []

    def new(**options):
        readers.append(Reader(browser, server, **options))
        return readers[-1]

    yield new
    for one in readers:
        one.close()


def passes(page, *names):
    """What a check in the page, a drill or a figure announces."""
    page.evaluate(
        "names => names.forEach(n => { const [kind, id] = n.split(':'); "
        "document.dispatchEvent(new CustomEvent('pg:passed', { detail: { kind, id } })); })",
        names,
    )


def kept(page, key=KEY):
    return json.loads(page.evaluate("key => localStorage.getItem(key)", key) or "null")


def passed(page):
    return sorted(name for name, entry in kept(page)["passed"].items() if entry["by"] != "undone")


def marks(page, where=".pg-contents"):
    """{address of a link: the words after it} of what is marked."""
    return page.evaluate(
        """where => Object.fromEntries([...document.querySelectorAll(`${where} .pg-progress-count:not([hidden])`)]
        .map(e => [e.previousElementSibling.getAttribute('aria-label') ?? e.previousElementSibling.textContent,
            e.querySelector('.pg-progress-hidden').textContent]))""",
        where,
    )


def overview(page):
    return page.locator(".pg-progress-overview").inner_text()


def status(page):
    return page.locator("main > .pg-progress-hidden[role=status]").inner_text()


def violations(page, *include):
    page.evaluate("document.querySelectorAll('.katex').forEach(e => e.replaceWith('x'))")
    lines = []
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        found = (
            Axe()
            .run(page, context={"include": [*include]}, options={"resultTypes": ["violations"]})
            .response["violations"]
        )
        lines += [f"{theme} {v['id']} {n['target']}" for v in found for n in v["nodes"][:3]]
    return lines


# --- what there is to pass --------------------------------------------------------------------------------------------


def test_the_built_pages_have_what_is_counted(site):
    totals = json.loads(
        (site / "_static/progress-totals.js").read_text("utf8").removeprefix("window.pgTotals = ").rstrip(";\n")
    )
    for _, page, names in (part for chapter in totals for part in chapter["parts"]):
        html = (site / f"{page}.html").read_text("utf8")
        found = {
            f"quiz:{name}"
            for name in re.findall(r'<div class="pg-quiz[^>]*id="([\w-]+)"', html)
            if not name.startswith("rule-")
        }
        assert len(re.findall('<div class="pg-quiz', html)) == len(re.findall('<div class="pg-quiz[^>]* id=', html)), (
            page
        )
        found |= {f"challenge:{name}" for name in re.findall(r'"model_id": "(\w+)-book-', html)}
        for name, cell in re.findall(r'<div data-exercise="(\w+)"(.*?)</pre>', html, re.S):
            assert re.sub("<[^>]*>", "", cell.partition("<pre>")[2]).startswith(f"check({name}"), (
                "the mark stands at the cell that checks it"
            )
            found.add(f"exercise:{name}")
        assert found == {name for name in names if not name.startswith("drill:")}, page


# --- counted, shown, remembered ---------------------------------------------------------------------------------------


def test_a_quiz_and_a_challenge_are_counted_shown_and_remembered(reader):
    one = reader()
    page = one.open(READ)
    assert marks(page) == {} and page.locator(".pg-progress-mark").count() == 0
    quiz = page.locator("#quiz-01-bins")
    right = quiz.locator(":scope > .pg-choice").evaluate_all(
        "all => all.findIndex(e => e.classList.contains('pg-right'))"
    )
    radios = quiz.locator("input")
    radios.nth((right + 1) % 3).check()
    quiz.get_by_role("button", name="Check").click()
    assert kept(page)["passed"] == {} and status(page) == "", "a wrong choice counts nothing"
    radios.nth(right).check()
    quiz.get_by_role("button", name="Check").click()
    assert passed(page) == ["quiz:quiz-01-bins"]
    assert status(page) == "Counted. 1 of 3 passed: 1 · Values or probabilities?, Read on."
    assert quiz.locator("legend .pg-progress-mark").inner_text().strip() == "passed"

    figure = page.locator(".pg-widget[data-widget=BinsVsDimensions]")
    for slider, value in zip(
        figure.locator("input[type=range]").all(),
        (9, 11) if "joint" in figure.locator("label").first.inner_text() else (11, 9),
    ):
        slider.evaluate(
            "(e, value) => { e.value = value; e.dispatchEvent(new Event('input', { bubbles: true })); }", value
        )
    page.wait_for_function("() => document.querySelector('[data-widget=BinsVsDimensions] .pg-fig-met')")
    assert passed(page) == ["challenge:BinsVsDimensions", "quiz:quiz-01-bins"]
    assert marks(page) == {"Read on: 1 · Values or probabilities?": "2 of 3 passed"} and marks(page, ".pg-verbs") == {
        "Read on": "2 of 3 passed"
    }

    page.evaluate("document.querySelector('#quiz').scrollIntoView()")
    page = one.open(FRONT, page)
    assert f"2 of {ALL} passed" in overview(page) and "Continue: 1 · Values or probabilities? (Read on)" in overview(
        page
    )
    page.get_by_role("link", name="Continue:").click()
    page.wait_for_function("() => location.hash === '#quiz' && document.querySelector('.pg-progress-challenge')")
    assert marks(page) == {"Read on: 1 · Values or probabilities?": "2 of 3 passed"}
    assert (
        page.locator(".pg-widget[data-widget=BinsVsDimensions] + .pg-progress-challenge").inner_text().strip()
        == "Challenge met"
    )


def test_an_exercise_is_marked_by_hand_and_taken_back_by_keyboard(reader):
    page = reader(**PHONE).open(DO)
    assert page.locator(".pg-progress-exercise button").count() == 5
    page.get_by_role("button", name="I passed this elsewhere: softmax").focus()
    page.keyboard.press("Enter")
    assert kept(page)["passed"]["exercise:softmax"]["by"] == "hand"
    assert "softmax is marked as passed. 1 of 5 passed" in status(page)
    assert "Marked as passed by you on" in page.locator(".pg-progress-exercise").first.inner_text()
    assert page.evaluate("document.activeElement.textContent") == "Undo", "the focus stays"
    page.keyboard.press("Enter")
    assert passed(page) == [] and "no longer marked" in status(page) and marks(page, ".pg-verbs") == {}
    passes(page, "exercise:softmax", "exercise:bins_needed", "quiz:renamed-since")
    assert passed(page) == ["exercise:bins_needed", "exercise:softmax", "quiz:renamed-since"], (
        "kept, though not counted"
    )
    assert "Passed on" in page.locator(".pg-progress-exercise").first.inner_text() and marks(page, ".pg-verbs") == {
        "Do": "2 of 5 passed"
    }
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert violations(page, ".pg-progress-exercise", ".pg-verbs") == []


def test_two_tabs_lose_nothing(reader):
    one = reader()
    a, b = one.open(DO), one.open(DO)
    passes(a, "exercise:softmax")
    b.wait_for_function("() => document.querySelectorAll('.pg-progress-mark').length === 1")
    assert marks(b, ".pg-verbs") == {"Do": "1 of 5 passed"}
    passes(a, "exercise:bins_needed")
    passes(b, "exercise:corridor_value")
    assert passed(b) == ["exercise:bins_needed", "exercise:corridor_value", "exercise:softmax"]
    for tab in (a, b):  # each has heard of the other's, so that nothing is under way when it is cleared
        tab.wait_for_function("() => document.querySelectorAll('.pg-progress-mark').length === 3")
    b.evaluate("localStorage.clear()")
    a.wait_for_function("() => document.querySelectorAll('.pg-progress-mark').length === 0")
    b.reload()
    a.reload()
    assert passed(a) == [], "what the reader cleared does not come back from a tab's memory"


# --- carried, refused, erased -----------------------------------------------------------------------------------------


def test_export_import_refuse_and_erase(reader, tmp_path):
    page = reader().open(FRONT)
    assert "Continue" not in overview(page) and not page.get_by_role("button", name="Export").is_visible()
    passes(page, "quiz:quiz-00-log", "drill:flashcards", "exercise:softmax")
    page.reload()
    with page.expect_download() as got:
        page.get_by_role("button", name="Export").click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)
    assert (
        path.name.startswith("learning-to-act-progress-20")
        and json.loads(path.read_text())["passed"] == kept(page)["passed"]
    )
    sent = json.loads(path.read_text())
    sent["passed"]["quiz:of-another-edition"] = {"at": 5, "by": "page"}
    path.write_text(json.dumps(sent))

    other = reader(**PHONE).open(FRONT)
    passes(other, "exercise:softmax", "challenge:Landscape")
    before, said = kept(other), other.locator(".pg-progress-message")
    for name, text, why in (
        ("cut.json", '{"app": "learning-to-act", "ki', "not a complete JSON file"),
        (
            "cards.json",
            '{"app": "learning-to-act", "kind": "cards", "version": 1}',
            "not a file of this book's progress",
        ),
        ("newer.json", json.dumps(sent | {"version": 2}), "newer edition"),
        ("large.json", " " * 1_100_000, "It has 1.1 MB"),
    ):
        (tmp_path / name).write_text(text)
        other.locator(".pg-progress-overview input[type=file]").set_input_files(tmp_path / name)
        said.filter(has_text=name).wait_for()
        assert why in said.inner_text() and said.inner_text().endswith("Nothing was changed.") and kept(other) == before
    other.locator(".pg-progress-overview input[type=file]").set_input_files(path)
    said.filter(has_text="Imported").wait_for()
    assert "4 passed, 3 new to this browser. 1 is not in this edition; kept, not counted." in said.inner_text()
    assert f"4 of {ALL} passed" in overview(other) and len(passed(other)) == 5
    assert other.evaluate("document.documentElement.scrollWidth") <= 375
    assert violations(other, ".pg-progress-overview") == []

    other.get_by_role("button", name="Erase", exact=True).click()
    assert other.evaluate("document.activeElement.textContent") == "Keep it"
    other.keyboard.press("Escape")
    assert not other.locator(".pg-progress-sure").is_visible() and len(passed(other)) == 5
    other.get_by_role("button", name="Erase", exact=True).click()
    other.get_by_role("button", name="Erase it").click()
    assert passed(other) == [] and kept(other)["last"] is None and "Erased." in overview(other)
    other.reload()
    assert "Continue" not in overview(other) and not other.locator(".pg-progress-list").is_visible()


# --- when nothing can be kept, or what was kept cannot be read --------------------------------------------------------

BLOCKED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
FULL = (
    "localStorage.setItem('other', 'x'); "
    "Storage.prototype.setItem = function () { throw new DOMException('full', 'QuotaExceededError'); };"
)


@pytest.mark.parametrize(("before", "words"), [(BLOCKED, "keep nothing"), (FULL, "is full")], ids=["blocked", "full"])
def test_without_storage_it_counts_and_says_so(reader, before, words):
    one = reader(before=before)
    page = one.open(DO)
    assert before == FULL or not page.locator(".pg-progress-note").is_visible(), (
        "quiet until there is something to lose"
    )
    page.get_by_role("button", name="I passed this elsewhere: softmax").click()
    assert (
        marks(page, ".pg-verbs") == {"Do": "1 of 5 passed"}
        and page.locator(".pg-progress-note", has_text=words).is_visible()
    )
    assert "Not kept." in page.locator(".pg-progress-exercise").first.inner_text()
    page = one.open(FRONT, page)
    passes(page, "quiz:quiz-00-log")
    assert f"1 of {ALL} passed" in overview(page) and words in overview(page)


@pytest.mark.parametrize(
    ("stored", "words", "version"),
    [
        ("{half", "could not be read", 1),
        ('{"app": "learning-to-act", "kind": "progress", "version": 2, "passed": {"x": 1}}', "newer edition", 2),
    ],
    ids=["damaged", "newer"],
)
def test_what_cannot_be_read_is_never_written_over(reader, stored, words, version):
    one = reader(
        before=f"if (!sessionStorage.begun) {{ sessionStorage.begun = 1; localStorage.setItem({KEY!r}, {stored!r}); }}"
    )
    page = one.open(FRONT)
    assert words in overview(page)
    passes(page, "quiz:quiz-00-log")
    page.reload()
    assert words in overview(page), "still said"
    where = KEY + (":damaged" if version == 1 else "")
    assert page.evaluate("key => localStorage.getItem(key)", where) == stored
    if version == 1:
        assert passed(page) == ["quiz:quiz-00-log"]
        with page.expect_download() as got:
            page.get_by_role("button", name="Save what was put aside").click()
        assert Path(got.value.path()).read_text() == stored
        page.get_by_role("button", name="Delete what was put aside").click()
        assert words not in overview(page) and page.evaluate("key => localStorage.getItem(key)", where) is None


# --- without scripts, on paper ----------------------------------------------------------------------------------------


def test_nothing_shows_without_scripts_or_on_paper(reader):
    page = reader(java_script_enabled=False).open(FRONT)
    assert page.locator(".pg-progress-overview").is_hidden() and "Your progress" not in page.content()
    page = reader().open(DO)
    passes(page, "exercise:softmax")
    page.emulate_media(media="print")
    shown = page.evaluate(
        "[...document.querySelectorAll('[class^=pg-progress-]')]"
        ".filter(e => e.checkVisibility() && !e.matches('.pg-progress-hidden')).map(e => e.className)"
    )
    assert shown == []
