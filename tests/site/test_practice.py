"""Practice in a real browser: by mouse, touch and keyboard; what is kept, exported, imported, refused;
and nothing sent."""

import json
import re

import pytest
import yaml

from tests.helpers.pages import Visit, frames, in_both_themes, timers
from tools import contents
from tools.paths import ROOT

CARDS, DRILL, MOCK, CODING = (
    f"book/practice/{name}.html" for name in ("flashcards", "whiteboard-drill", "mock-interview", "coding-drill")
)
QUESTIONS = contents.questions()
DRILLS = {d["id"]: d["steps"] for d in yaml.safe_load((ROOT / "book/practice/drills.yml").read_text("utf8"))}
FLAWS = yaml.safe_load((ROOT / "book/practice/flaws.yml").read_text("utf8"))
KEY = "learning-to-act:cards"
PASSED = "window.passed = []; document.addEventListener('pg:passed', e => window.passed.push(e.detail));"
PHONE = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}


class Browsed(Visit):
    """A visit whose every request is remembered; scripts of ours may run before the page's."""

    def __init__(self, browser, server, path, before="", **options):
        self.errors, self.requests, self.server = [], [], server
        self.context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options)
        )
        self.context.add_init_script(PASSED + before)
        self.page = self.open(path)

    def open(self, path):
        page = self.context.new_page()
        page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("request", lambda r: self.requests.append((r.method, r.url)))
        page.goto(self.server.url + path)
        return page

    def close(self):
        assert self.errors == []
        assert [
            r for r in self.requests if r[0] != "GET" or not r[1].startswith((self.server.url, "blob:", "data:"))
        ] == [], "nothing is sent, and no other host asked"
        self.context.close()


@pytest.fixture
def visit(browser, server):
    opened = []

    def go(path, **options):
        opened.append(Browsed(browser, server, path, **options))
        return opened[-1]

    yield go
    for v in opened:
        v.close()


def kept(page, key=KEY):
    return json.loads(page.evaluate(f"localStorage.getItem({key!r}) ?? '{{}}'"))


def count(page, words):
    return int(page.locator(".pg-practice-count span", has_text=words).locator("strong").inner_text())


def shown(page):
    return page.locator(".pg-practice-card:visible").get_attribute("data-id")


def violations(page):
    """Formulas are alike on every page, and examined whole on the front page."""
    page.evaluate("document.querySelectorAll('.katex').forEach(e => e.replaceWith('x'))")
    return in_both_themes(page, "main")


def wide(page):
    return page.evaluate("document.documentElement.scrollWidth")


# --- flashcards -------------------------------------------------------------------------------------------------------


def test_cards_by_mouse_and_after_a_reload(visit):
    page = visit(CARDS).page
    assert (count(page, "due"), count(page, "new today"), count(page, "for later")) == (0, 15, len(QUESTIONS) - 15)
    assert (
        page.locator(".pg-practice-card:visible").count() == 1 and not page.locator(".pg-practice-grades").is_visible()
    )
    first = shown(page)
    page.get_by_role("button", name="Turn the card").click()
    assert page.locator(".pg-practice-back:visible .pg-question-wrong").is_visible()
    assert (
        page.locator(".pg-practice-card:visible .pg-practice-full a").get_attribute("href")
        == f"../interview/{QUESTIONS[0]['level']}.html#q-{first}"
    )
    assert [b.split("\n")[-1] for b in page.locator(".pg-practice-grades button").all_inner_texts()] == [
        "again today",
        "again today",
        "tomorrow",
        "tomorrow",
    ]
    page.get_by_role("button", name="Good").click()
    assert shown(page) != first and "tomorrow" in page.locator(".pg-practice-status").inner_text()
    assert kept(page)["cards"][first]["interval"] == 1
    second = shown(page)
    page.reload()
    assert shown(page) == second and count(page, "new today") == 14 and count(page, "seen") == 1
    assert page.url.endswith(CARDS)


def test_cards_by_keyboard_alone(visit):
    page = visit(CARDS).page
    page.get_by_label("Interview on").focus()
    for _ in range(9):
        page.keyboard.press("Shift+Tab")  # the card stands before what it is drawn from
        if page.evaluate("document.activeElement.matches('.pg-practice-card > summary')"):
            break
    first = shown(page)
    page.keyboard.press("3")
    assert "Turn the card first" in page.locator(".pg-practice-status").inner_text() and kept(page) == {}
    page.keyboard.press("Space")
    page.locator(".pg-practice-grades").wait_for()
    assert "answer is shown" in page.locator(".pg-practice-status").inner_text()
    page.keyboard.press("4")
    assert kept(page)["cards"][first]["ease"] == 2.6
    assert page.evaluate("document.activeElement.matches('.pg-practice-card > summary')"), (
        "the next question has the focus"
    )
    second = shown(page)
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    assert kept(page)["cards"][second]["again"] and count(page, "due") == 1
    hints = page.locator(".pg-practice-hint kbd").all_inner_texts()
    assert hints == ["Space", "Enter", "1", "4"]
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    assert shown(page) == second and count(page, "seen") == 1, "the last grade is taken back"


def test_cards_by_touch_to_the_end_of_a_deck(visit):
    page = visit(CARDS, **PHONE).page
    page.get_by_label("Topic").select_option("discounting")
    ids = [q["id"] for q in QUESTIONS if q["topic"] == "discounting"]
    grades = {ids[0]: [1, 3], ids[1]: [3], ids[2]: [2, 4]}
    order = []
    while page.locator(".pg-practice-card:visible").count():
        order.append(shown(page))
        page.locator(".pg-practice-card:visible > summary").tap()
        page.locator(".pg-practice-grades button").nth(grades[order[-1]][order.count(order[-1]) - 1] - 1).tap()
        page.wait_for_function(
            "n => pgPractice.$('.pg-practice-stage').hidden || "
            "!pgPractice.$('.pg-practice-card:not(.pg-practice-off)').open",
            arg=0,
        )
    assert order == [*ids, ids[0], ids[2]], "what was not good comes once more today"
    assert page.evaluate("window.passed") == [{"kind": "drill", "id": "flashcards"}]
    assert "comes back tomorrow" in page.locator(".pg-practice-done").inner_text()
    assert wide(page) <= 375


def test_export_and_import_in_a_fresh_profile(visit, tmp_path):
    page = visit(CARDS).page
    page.get_by_label("New cards a day").select_option("25")
    for grade in ("Good", "Hard", "Easy"):
        page.get_by_role("button", name="Turn the card").click()
        page.get_by_role("button", name=grade).click()
    with page.expect_download() as got:
        page.get_by_role("button", name="Export").click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)
    assert path.name.startswith("learning-to-act-cards-20") and path.suffix == ".json"
    before = kept(page)
    sent = json.loads(path.read_text())
    sent["cards"]["from-another-edition"] = next(iter(sent["cards"].values()))
    path.write_text(json.dumps(sent))

    other = visit(CARDS).page
    other.get_by_role("button", name="Turn the card").click()
    other.locator(".pg-practice-grades button").first.click()  # later than the file: stays
    mine = next(iter(kept(other)["cards"]))
    with other.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Import").click()
    chooser.value.set_files(path)
    message = other.locator(".pg-practice-message")
    message.filter(has_text="Imported").wait_for()
    assert (
        "4 cards, 3 new to this browser, 0 newer than here, 1 not newer" in message.inner_text()
        and "1 is not in this edition; kept" in message.inner_text()
    )
    after = kept(other)
    assert after["perDay"] == 25 and set(after["cards"]) == {*before["cards"], "from-another-edition"}
    for i, card in before["cards"].items():
        assert (after["cards"][i] == card) == (i != mine), "a later answer is not overwritten"
    other.reload()
    assert count(other, "seen") == 3 and other.get_by_label("New cards a day").input_value() == "25"


BAD = {
    "broken": ('{"app": "learning-to-act", "kind": "cards", "version": 1, "cards": {', "not a complete JSON file"),
    "text": ("hello", "not a complete JSON file"),
    "foreign": ('{"decks": []}', "not exported by these flashcards"),
    "version": (
        '{"app": "learning-to-act", "kind": "cards", "version": 7, "cards": {}}',
        "version 7; this page reads version 1",
    ),
    "types": (
        '{"app": "learning-to-act", "kind": "cards", "version": 1, "cards": {"why-log": {"reps": "many"}}}',
        'Card "why-log": "reps" should be a whole number',
    ),
    "huge": ("9" * 1_200_000, "1.2 MB"),
}


def test_bad_imports_are_refused_and_nothing_is_lost(visit, tmp_path):
    page = visit(CARDS).page
    page.get_by_role("button", name="Turn the card").click()
    page.get_by_role("button", name="Good").click()
    before, card = kept(page), shown(page)
    for name, (text, reason) in BAD.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        page.locator("input[type=file]").set_input_files(path)
        page.locator(".pg-practice-message", has_text=path.name).wait_for()
        message = page.locator(".pg-practice-message").inner_text()
        assert message.startswith("Not imported") and reason in message and message.endswith("Nothing was changed."), (
            message
        )
        assert kept(page) == before and shown(page) == card and count(page, "seen") == 1
    assert page.locator(".pg-practice-message").get_attribute("role") == "alert"


THROWS = {
    "blocked": (
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });",
        "does not let the page keep",
    ),
    "full": (
        "localStorage.setItem('other', 'x'); "
        "Storage.prototype.setItem = function () { throw new DOMException('full', 'QuotaExceededError'); };",
        "storage for this site is full",
    ),
}


@pytest.mark.parametrize("how", THROWS)
def test_without_storage_it_works_and_says_so(visit, how):
    script, words = THROWS[how]
    page = visit(CARDS, before=script).page
    page.get_by_role("button", name="Turn the card").click()
    page.get_by_role("button", name="Good").click()
    assert words in page.locator(".pg-practice-message").inner_text()
    assert count(page, "seen") == 1 and count(page, "new today") == 14
    page = visit(DRILL, before=script).page
    page.get_by_role("button", name="Check the order").first.click()
    assert (
        "too early" in page.locator(".pg-practice-verdict").first.inner_text()
        and words in page.locator(".pg-practice-message").inner_text()
    )
    page = visit(MOCK, before=script).page
    page.get_by_role("button", name="Begin").click()
    assert (
        "Question 1 of 6" in page.locator(".pg-practice-stage").inner_text()
        and words in page.locator(".pg-practice-message").inner_text()
    )


def test_two_tabs_do_not_lose_each_other_s_work(visit):
    v = visit(CARDS)
    a, b = v.page, v.open(CARDS)
    a.get_by_role("button", name="Turn the card").click()
    a.get_by_role("button", name="Good").click()
    b.wait_for_function("document.querySelector('.pg-practice-count').textContent.includes('1 of')")
    b.evaluate(f"""() => {{ const s = JSON.parse(localStorage.getItem('{KEY}'));
        // a third tab whose event never came
        s.cards['softmax-score'] = {{ ...Object.values(s.cards)[0], at: Date.now() }};
        localStorage.setItem('{KEY}', JSON.stringify(s)); }}""")
    b.get_by_label("Topic").select_option("critics")
    mine = shown(b)
    b.get_by_role("button", name="Turn the card").click()
    b.get_by_role("button", name="Easy").click()
    a.wait_for_function("([key, id]) => id in JSON.parse(localStorage.getItem(key)).cards", arg=[KEY, mine])
    assert {"softmax-score", mine} < set(kept(a)["cards"]) and len(kept(a)["cards"]) == 3
    b.get_by_role("button", name="Erase").click()
    b.get_by_role("button", name="Keep them").click()
    assert len(kept(b)["cards"]) == 3
    b.get_by_role("button", name="Erase").click()
    b.get_by_role("button", name="Erase them").click()
    a.wait_for_function("document.querySelector('.pg-practice-count').textContent.includes('0 of')")
    a.get_by_role("button", name="Turn the card").click()
    a.get_by_role("button", name="Good").click()
    assert len(kept(a)["cards"]) == 1, "erased is erased, in the other tab too"


def test_damaged_or_newer_storage_is_never_overwritten(visit):
    page = visit(CARDS, before=f"localStorage.getItem('{KEY}') ?? localStorage.setItem('{KEY}', '{{\"app\":');").page
    assert "could not be read" in page.locator(".pg-practice-message").inner_text()
    assert page.evaluate(f"localStorage.getItem('{KEY}:damaged')") == '{"app":'
    page.get_by_role("button", name="Turn the card").click()
    page.get_by_role("button", name="Good").click()
    assert len(kept(page)["cards"]) == 1
    newer = '{"app":"learning-to-act","kind":"cards","version":2,"cards":[]}'
    page = visit(CARDS, before=f"localStorage.setItem('{KEY}', '{newer}');").page
    page.get_by_role("button", name="Turn the card").click()
    page.get_by_role("button", name="Good").click()
    assert (
        "another edition" in page.locator(".pg-practice-message").inner_text()
        and page.evaluate(f"localStorage.getItem('{KEY}')") == newer
    )


def test_the_interview_s_date_brings_cards_back(visit):
    page = visit(CARDS).page
    page.evaluate(f"""() => {{ const p = pgPractice, today = p.dayOf(new Date()), s = p.empty();
        s.cards['why-log'] = {{ reps: 4, ease: 2.5, interval: 40, due: today + 36,
            first: today - 60, last: today - 4, again: false, at: 1 }};
        localStorage.setItem('{KEY}', JSON.stringify(s)); }}""")
    page.reload()
    assert count(page, "due") == 0
    page.get_by_label("Interview on").fill(
        page.evaluate(
            "() => new Date(Date.now() + 864e5 - new Date().getTimezoneOffset() * 6e4).toISOString().slice(0, 10)"
        )
    )
    page.get_by_label("Interview on").dispatch_event("change")
    assert count(page, "due") == 1 and shown(page) == "why-log" and kept(page)["exam"]


# --- drills -----------------------------------------------------------------------------------------------------------


def steps(page, which=0):
    return (
        page.locator(".pg-practice-order")
        .nth(which)
        .locator("> li")
        .evaluate_all("all => all.map(e => e.dataset.step)")
    )


def test_order_by_keyboard_is_judged_and_kept(visit):
    page = visit(DRILL).page
    want = [s["id"] for s in DRILLS["trajectory"]]
    page.get_by_role("button", name="Check the order").first.focus()
    page.keyboard.press("Enter")
    said = page.locator(".pg-practice-verdict").first.inner_text()
    now, need = steps(page), {s["id"]: s.get("needs", {}) for s in DRILLS["trajectory"]}
    first = next(i for i, s in enumerate(now) if any(now.index(n) > i for n in need[s]))
    assert said.startswith(f"Line {first + 1} comes too early. It needs line ") and page.evaluate("window.passed") == []
    # `past` needs nothing: put it first, an order that is right and not the book's
    for target, step in enumerate([want[8], *want[:8], want[9]]):
        line = page.locator(f".pg-practice-order >> nth=0 >> li[data-step={step}]")
        line.get_by_role("button").first.focus()
        for n in range(steps(page).index(step) - target):
            page.keyboard.press("Alt+ArrowUp" if n % 2 else "Enter")
    page.get_by_role("button", name="Check the order").first.click()
    assert steps(page)[0] == "past" and page.locator(".pg-practice-verdict").first.inner_text().startswith("Right.")
    assert page.evaluate("window.passed") == [{"kind": "drill", "id": "order-trajectory"}]
    page.reload()
    assert steps(page) == [want[8], *want[:8], want[9]], "kept"


def drag(page, move, which, step, onto):
    """Drag a step's handle onto another line."""
    lines = page.locator(".pg-practice-order").nth(which)
    timers(page)  # what the last drag left to be done
    a, b = (lines.locator(f"li[data-step={s}] .pg-practice-grip").bounding_box() for s in (step, onto))
    x = a["x"] + a["width"] / 2
    move((x, a["y"] + a["height"] / 2), (x, b["y"] + b["height"] * (0.8 if b["y"] > a["y"] else 0.2)))


def by_mouse(page):
    def move(start, end):
        page.mouse.move(*start)
        page.mouse.down()
        for k in range(1, 6):
            page.mouse.move(start[0], start[1] + (end[1] - start[1]) * k / 5)
        page.mouse.up()

    return move


def by_touch(page):
    session = page.context.new_cdp_session(page)

    def move(start, end):
        def event(kind, *points):
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
            )

        event("touchStart", start)
        for k in range(1, 6):
            event("touchMove", (start[0], start[1] + (end[1] - start[1]) * k / 5))
        event("touchEnd")

    return move


@pytest.mark.parametrize(
    "how, options",
    [
        (by_mouse, {"viewport": {"width": 1280, "height": 1400}}),
        (by_touch, PHONE | {"viewport": {"width": 375, "height": 1400}}),
    ],
    ids=["mouse", "touch"],
)
def test_order_by_dragging(visit, how, options):
    page = visit(DRILL, **options).page
    want = [s["id"] for s in DRILLS["state"]]
    start = [want[2], want[0], want[1], *want[3:8], want[9], want[8]]
    page.evaluate(
        "order => localStorage.setItem('learning-to-act:drills', "
        "JSON.stringify({ version: 1, order: { state: order } }))",
        start,
    )
    page.reload()
    assert steps(page, 1) == start
    page.locator(".pg-practice-order").nth(1).evaluate("e => e.scrollIntoView()")
    move = how(page)
    for target, step in enumerate(want):
        for _ in range(4):  # a long way may take more than one pull, as by hand
            now = steps(page, 1)
            if now[target] == step:
                break
            drag(page, move, 1, step, now[target])
            page.wait_for_function("!document.querySelector('.pg-practice-held')")  # a busy machine delivers moves late
    assert steps(page, 1) == want
    check = page.get_by_role("button", name="Check the order").nth(1)
    check.click()
    page.wait_for_function("window.passed.length")
    assert page.evaluate("window.passed") == [{"kind": "drill", "id": "order-state"}]
    page.reload()
    assert steps(page, 1) == want


def test_rules_are_named_by_keyboard_and_remembered(visit):
    page = visit(DRILL).page
    page.locator("summary", has_text="The ten steps").first.focus()
    page.keyboard.press("Enter")
    quizzes = page.locator(".pg-practice-rules").first.locator(".pg-quiz")
    assert quizzes.count() == 10
    for i, step in enumerate(DRILLS["trajectory"]):
        right = list(step["rules"]).index(step["rule"])
        quizzes.nth(i).locator("input[type=radio]").nth(0).focus()
        page.keyboard.press("Space")
        if i == 0:  # one wrong try: explained, and not counted
            page.keyboard.press("Enter")
            assert "Not this one" in quizzes.nth(0).inner_text() and page.locator(".pg-practice-named").count() == 0
        for _ in range(right):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    assert "10 of 10 rules named" in page.locator(".pg-practice-rules").first.inner_text()
    assert {"kind": "drill", "id": "rules-trajectory"} in page.evaluate("window.passed")
    page.reload()
    assert page.locator(".pg-practice-rules").first.locator(".pg-practice-named").count() == 10


def wrong_line(flaw):
    return next(i for i, line in enumerate(flaw["lines"]) if "flaw" in line)


def test_flaws_by_mouse_keyboard_and_touch(visit):
    page = visit(DRILL, **(PHONE | {"is_mobile": False})).page
    assert page.locator(".pg-practice-flaw").count() == 8
    for n, flaw in enumerate(FLAWS):
        lines, bad = page.locator(f"#flaw-{flaw['id']} .pg-practice-line > summary"), wrong_line(flaw)
        if n == 0:
            lines.nth(bad - 1).click()
            assert f"Line {bad} is right. Look again." in page.locator(f"#flaw-{flaw['id']}").inner_text()
        if n % 3 == 0:
            lines.nth(bad).click()
        elif n % 3 == 1:
            lines.nth(bad).focus()
            page.keyboard.press("Enter")
        else:
            lines.nth(bad).tap()
        page.locator(
            f"#flaw-{flaw['id']} .pg-practice-status", has_text=f"Found at the {'second' if n == 0 else 'first'} try"
        ).wait_for()
        why = page.locator(f"#flaw-{flaw['id']} .pg-practice-wrong").inner_text()
        assert "This is the flaw." in why and "The number." in why and "Mended." in why
    ids = [p["id"] for p in page.evaluate("window.passed")]
    assert ids == [f"flaw-{f['id']}" for f in FLAWS] + ["flaws"]
    assert wide(page) <= 375
    page.reload()
    page.locator(".pg-practice-status", has_text="8 of 8 flaws found").wait_for()
    assert page.locator(".pg-practice-wrong[open]").count() == 8
    page.get_by_role("button", name="Start again").click()
    page.wait_for_function("!document.querySelector('.pg-practice-wrong[open]')")


# --- the mock interview -----------------------------------------------------------------------------------------------


def asked(page):
    return page.locator(".pg-practice-asked:visible").get_attribute("data-id")


def test_mock_by_keyboard_to_the_result(visit):
    page = visit(MOCK).page
    page.get_by_label("Interview number").fill("4711")
    page.keyboard.press("Enter")
    seen = []
    for i in range(6):
        seen.append(asked(page))
        assert f"Question {i + 1} of 6" in page.locator(".pg-practice-stage").inner_text()
        assert page.evaluate("document.activeElement.matches('.pg-practice-stage')"), "focus goes to the question"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches('summary')")
        if i % 2:
            page.keyboard.press("Enter")
            page.locator(".pg-practice-rubric:visible input").first.focus()
        else:  # the button that stands out does the same, and leads to the marks
            page.locator(".pg-practice-stage .pg-practice-main", has_text="Compare and mark").press("Enter")
            assert page.evaluate("document.activeElement.matches('.pg-practice-rubric input')")
        for k in range(5):
            if not (i == 2 and k):
                page.keyboard.press("Space")
            page.keyboard.press("Tab")
        if i == 3:  # in the middle of it all
            page.reload()
            assert asked(page) == seen[3] and page.locator(".pg-practice-rubric:visible input:checked").count() == 5
        page.locator(".pg-practice-stage .pg-practice-main").focus()
        page.keyboard.press("Enter")
    levels = {q["id"]: q["level"] for q in QUESTIONS}
    assert [levels[i] for i in seen] == ["screening"] * 2 + ["whiteboard"] * 2 + ["debugging", "language-models"]
    stage = page.locator(".pg-practice-stage")
    assert "26 of 30 points" in stage.inner_text() and stage.locator(".pg-practice-read > li").count() == 1
    assert (
        stage.locator(".pg-practice-read a").last.get_attribute("href")
        == f"../interview/{levels[seen[2]]}.html#q-{seen[2]}"
    )
    assert page.evaluate("window.passed") == [{"kind": "drill", "id": "mock"}]
    page.reload()
    assert "26 of 30 points" in stage.inner_text() and page.locator(".pg-practice-history li").count() == 1
    page.emulate_media(media="print")
    assert stage.locator("table").is_visible() and not page.get_by_role("button", name="Print").is_visible()


def test_mock_by_touch_shared_and_with_a_mix_of_ones_own(visit):
    phone = visit(MOCK, **PHONE)
    page = phone.page
    page.locator("select[name=preset]").select_option("")
    fields = page.locator(".pg-practice-own input")
    fields.nth(4).fill("3")
    page.get_by_role("button", name="Begin").tap()
    assert "make six questions" in page.locator(".pg-practice-message").inner_text()
    for i, n in enumerate((0, 1, 1, 2, 2)):
        fields.nth(i).fill(str(n))
    page.get_by_label("Interview number").fill("12")
    page.get_by_role("button", name="Begin").tap()
    address, ids = page.url, []
    assert address.endswith("#n=12&mix=0-1-1-2-2")
    for _ in range(6):
        ids.append(asked(page))
        page.locator(".pg-practice-compare:visible > summary").tap()
        page.locator(".pg-practice-rubric:visible label").first.tap()
        assert wide(page) <= 375
        page.locator(".pg-practice-stage .pg-practice-main").tap()
    assert "6 of 30 points" in page.locator(".pg-practice-stage").inner_text() and wide(page) <= 375
    friend = visit(address.removeprefix(phone.server.url)).page
    assert friend.get_by_label("Interview number").input_value() == "12"
    friend.get_by_role("button", name="Begin").click()
    for want in ids:
        assert asked(friend) == want, "the same number, the same questions"
        friend.get_by_role("button", name=re.compile("Next question|Finish")).click()  # without comparing: it is there
    friend.get_by_role("button", name="New interview").click()
    assert friend.get_by_role("button", name="Begin").is_visible()
    friend.get_by_role("button", name="Forget these").click()
    assert not friend.locator(".pg-practice-history").is_visible()


def test_an_interview_whose_mix_cannot_be_read_leaves_the_form(visit):
    key = "learning-to-act:mock"
    before = f"""const kept = JSON.parse(localStorage.getItem('{key}') ?? '{{}}');
        if (kept.run) localStorage.setItem('{key}',
            JSON.stringify({{ ...kept, run: {{ ...kept.run, mix: 'half' }} }}));"""
    v = visit(MOCK, before=before)
    page = v.page
    page.get_by_label("Interview number").fill("12")
    page.get_by_role("button", name="Begin").click()
    assert kept(page, key)["run"]["n"] == 12
    page.goto(v.server.url + MOCK + "#n=12")
    page.reload()
    assert kept(page, key)["run"]["mix"] == "half"
    assert page.get_by_role("button", name="Begin").is_visible() and v.errors == []


def test_clocks_can_be_paused_and_hurry_nobody(visit):
    v = visit(MOCK)
    page = v.page
    page.clock.install()
    page.reload()
    page.get_by_label("Clock per question").select_option("2")
    page.get_by_role("button", name="Begin").click()
    page.clock.run_for(30_000)
    face = page.locator(".pg-practice-clock")
    assert face.inner_text() == "1:30"
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(60_000)
    assert face.inner_text() == "1:30"
    page.get_by_role("button", name="Go on").click()
    question = asked(page)
    page.clock.run_for(95_000)
    assert (
        face.inner_text() == "0:00"
        and "Finish your sentence" in page.locator(".pg-practice-time").inner_text()
        and asked(page) == question
    )
    page.goto(v.server.url + CODING)
    page.get_by_role("button", name="Start").click()
    page.clock.run_for(65_000)
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(10_000)
    assert page.locator(".pg-practice-clock").inner_text() == "1:05"
    page.get_by_role("button", name="The check accepts it").click()
    assert page.evaluate("window.passed") == [{"kind": "drill", "id": "coding"}]
    page.reload()
    assert page.locator(".pg-practice-times li").first.inner_text().startswith("1:05")


# --- for everyone -----------------------------------------------------------------------------------------------------


def test_axe_finds_nothing_while_practising(visit):
    page = visit(CARDS).page
    page.get_by_role("button", name="Turn the card").click()
    page.get_by_role("button", name="Hard").click()
    page.get_by_role("button", name="Turn the card").click()
    page.get_by_role("button", name="Erase").click()
    page.evaluate(
        "document.querySelectorAll('.pg-practice-off').forEach(e => e.remove())"
    )  # not shown, and slow to look through
    assert violations(page) == []
    page = visit(DRILL).page
    page.get_by_role("button", name="Check the order").first.click()
    page.locator(".pg-practice-line > summary").nth(wrong_line(FLAWS[0])).click()
    page.locator(".pg-practice-line > summary").nth(0).click()
    page.locator(".pg-practice-rules").first.evaluate("e => { e.closest('details').open = true; }")
    assert violations(page) == []
    page = visit(MOCK).page
    page.get_by_label("Clock per question").select_option("5")
    page.get_by_role("button", name="Begin").click()
    page.locator(".pg-practice-compare:visible > summary").click()
    page.locator(".pg-practice-rubric:visible input").first.check()
    assert violations(page) == []
    for _ in range(6):
        page.locator(".pg-practice-stage .pg-practice-main").click()
    assert violations(page) == []


def test_everything_fits_a_phone(visit):
    page = visit(DRILL, **PHONE).page
    page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
    for width in (375, 340):
        page.set_viewport_size({"width": width, "height": 700})
        frames(page)
        assert wide(page) <= width
        cut = page.evaluate("""() => [...document.querySelectorAll('.pg-practice-says')]
            .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
            .map(e => e.textContent.slice(0, 40))""")
        assert cut == []
        small = page.evaluate("""() => [
            ...document.querySelectorAll('main .pg-practice-button, .pg-practice-line > summary')].filter(e => {
            const r = e.getBoundingClientRect(); return r.height && (r.height < 32 || r.width < 32); })
            .map(e => e.textContent)""")
        assert small == []
    page = visit(CARDS, **PHONE).page
    for i in range(0, len(QUESTIONS)):
        page.evaluate(
            """i => document.querySelectorAll('.pg-practice-card').forEach((c, k) => {
            c.classList.toggle('pg-practice-off', k !== i); c.open = k === i; })""",
            i,
        )
        assert wide(page) <= 375, i


def test_without_scripts_all_of_it_can_be_read(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + CARDS)
    assert (
        page.locator(".pg-practice-card:visible").count() == len(QUESTIONS)
        and not page.locator(".pg-practice-back").first.is_visible()
    )
    page.locator(".pg-practice-card > summary").nth(3).click()
    assert (
        page.locator(".pg-practice-back").nth(3).is_visible()
        and page.locator(".pg-practice-back .pg-question-wrong").nth(3).is_visible()
    )
    page.goto(server.url + DRILL)
    assert steps(page) == [s["id"] for s in DRILLS["trajectory"]], "the proof, in order"
    page.locator(".pg-practice-line > summary").nth(2).click()
    assert "This is the flaw." in page.locator(".pg-practice-line").nth(2).inner_text()
    page.goto(server.url + MOCK)
    assert page.locator(".pg-practice-asked:visible").count() == len(QUESTIONS)
    page.locator(".pg-practice-compare > summary").first.click()
    assert page.locator(".pg-practice-rubric").first.locator("li").count() == 5
    context.close()


def test_the_pages_are_light(browser, server):
    for path in (CARDS, DRILL, MOCK, CODING):
        v = Visit(browser, server, path)
        size = sum(n for _, n in v.sent)
        print(f"\n{path}: {size / 1000:.0f} kB", end="")
        assert size <= 250_000 and v.errors == []
        v.close()
