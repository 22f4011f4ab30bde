"""Every explorable, quiz and practice page, and one exercise with Python, in Firefox and in WebKitGTK.

Chromium has tests of its own beside these, page by page. Here the question is one only: does anything that works there
not work elsewhere? Every control is used as a reader would, by keys and by mouse, and must answer;
the page must raise nothing.
"""

import json
import re

import pytest

from tests.helpers import webdriver
from tests.helpers.answers import RIGHT, WRONG
from tests.helpers.figures import FORMULAS
from tests.helpers.live import BITS_AFTER_50, program
from tests.helpers.pages import pages_of

COLLECT = """window.faults = [];
    addEventListener("error", e => faults.push(String(e.message)));
    addEventListener("unhandledrejection", e => faults.push(String(e.reason)));
    const told = console.error; console.error = (...words) => { faults.push(words.join(" ")); told(...words); };"""
START = "dispatchEvent(new Event('pg:start'));"  # host.js: also the figures far from sight
# All that a reader can use in one explorable, as [kind, index among all such elements of it, name].
CONTROLS = """const root = document.querySelectorAll("[data-explorable]")[arguments[0]],
        seen = e => e.getClientRects().length && !e.disabled;
    const kinds = { slider: "input[type=range]", handle: "[role=slider]", radio: "input[type=radio]",
        box: "input[type=checkbox]", button: "button" };
    return Object.entries(kinds).flatMap(([kind, css]) => [...root.querySelectorAll(css)].map((e, i) =>
        seen(e) && [kind, i, e.getAttribute("aria-label") ?? e.closest("label")?.textContent ?? e.textContent])
        .filter(Boolean));"""
PICK = """const root = document.querySelectorAll("[data-explorable]")[arguments[0]];
    const kinds = { slider: "input[type=range]", handle: "[role=slider]", radio: "input[type=radio]",
        box: "input[type=checkbox]", button: "button" };
    const e = root.querySelectorAll(kinds[arguments[1]])[arguments[2]];"""
STATE = (
    PICK
    + """return JSON.stringify([e.value, e.checked, e.getAttribute("aria-valuetext"), e.getAttribute("transform"),
    root.querySelector(".pg-fig-body").textContent, root.querySelectorAll(".pg-fig-body svg *").length,
    [...root.querySelectorAll("svg path")].map(p => p.getAttribute("d")).join()]);"""
)
BOX = (
    PICK
    + """e.scrollIntoView({ block: "center", behavior: "instant" });
    const b = (e.querySelector?.("circle[r='9'], .pg-fig-knob") ?? e.closest("label") ?? e).getBoundingClientRect();
    return [b.left, b.top, b.width, b.height];"""
)


@pytest.fixture(scope="module", params=["firefox", "webkit"])
def engine(request, tmp_path_factory):
    found = webdriver.open_engine(request.param, tmp_path_factory.mktemp(request.param) / "profile")
    if isinstance(found, str):
        pytest.skip(found)
    print(f"\n{found.name} {found.about['browserVersion']}")
    yield found
    found.close()


def open_page(engine, server, path, width=1280):
    engine.goto(server.url + path)
    engine.size(width, 800)
    engine.js(COLLECT + START)
    engine.wait("document.documentElement.dataset.widgets === 'ready' && document.fonts.status === 'loaded'")


def no_faults(engine):
    assert engine.js("return window.faults") == []


def with_figures(site):
    """Pages that hold explorables, by what stands in the page."""
    return [
        p
        for p in pages_of(site)
        if p.startswith("book/") and "jupyter.widget-view+json" in (site / p).read_text("utf8")
    ]


def middle(box):
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def answers(engine, where, act, what):
    """`act` changes what the explorable shows."""
    before = engine.js(STATE, *where)
    act()
    webdriver.until(lambda: engine.js(STATE, *where) != before, f"an answer of {what} in {engine.name}", 30)


def use(engine, figure, kind, index, name):
    """Use one control by keys and by mouse."""
    where = [figure, kind, index]
    focus = PICK + "e.focus({ preventScroll: false }); return document.activeElement === e;"
    x, y = middle(engine.js(BOX, *where))
    if kind in ("slider", "handle"):
        assert engine.js(focus, *where), f"{name} takes no focus"
        value, low, high = (
            float(v)
            for v in engine.js(
                PICK
                + """return e.value !== undefined ? [e.value, e.min, e.max]
            : ["now", "min", "max"].map(k => e.getAttribute(`aria-value${k}`));""",
                *where,
            )
        )
        key = "ArrowLeft" if value >= high else "ArrowRight"
        answers(engine, where, lambda: engine.keys(key), f"{name} to {key}")
        box = engine.js(BOX, *where)
        x, y = middle(box)
        if kind == "slider":  # a press on its end, and a drag to the other
            label = engine.js(
                PICK + "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height];", *where
            )
            y = label[1] + label[3] / 2
            answers(
                engine,
                where,
                lambda: engine.mouse((label[0] + label[2] * 0.3, y), (label[0] + label[2] * 0.8, y)),
                f"{name} to the mouse",
            )
        else:
            side = engine.js(
                PICK + "const b = e.ownerSVGElement.getBoundingClientRect(); "
                "return [b.left + b.width / 2, b.top + b.height / 2];",
                *where,
            )
            to = x + (45 if side[0] > x else -45), y + (25 if side[1] > y else -25)
            answers(
                engine,
                where,
                lambda: engine.mouse((x, y), ((x + to[0]) / 2, (y + to[1]) / 2), to),
                f"{name} to the mouse",
            )
    elif kind == "box":
        assert engine.js(focus, *where)
        answers(engine, where, lambda: engine.keys("Space"), f"{name} to Space")
        answers(engine, where, lambda: engine.mouse((x, y)), f"{name} to the mouse")
    elif kind == "radio":
        if not engine.js(PICK + "return e.checked", *where):
            answers(engine, where, lambda: engine.mouse((x, y)), f"{name} to the mouse")
        assert engine.js(PICK + "return e.checked", *where)
        assert engine.js(focus, *where)
    else:  # some buttons have nothing to do yet: they must take the press and raise nothing
        engine.js(PICK + "window.pressed = 0; e.addEventListener('click', () => { window.pressed += 1; });", *where)
        engine.mouse((x, y))
        engine.wait("window.pressed === 1")
        assert engine.js(focus, *where) or engine.js(PICK + "return e.disabled", *where)


def test_every_explorable_answers(engine, server, site):
    used, names = 0, set()
    for path in with_figures(site):
        open_page(engine, server, path)
        figures = engine.js("return [...document.querySelectorAll('[data-explorable]')].map(e => e.dataset.explorable)")
        wanted = len(re.findall(r'type="application/vnd.jupyter.widget-view\+json"', (site / path).read_text("utf8")))
        assert len(figures) == wanted, f"{path}: {figures}"
        for figure, name in enumerate(figures):
            names.add(name)
            done = set()
            for _ in range(60):  # a button may bring new controls
                left = [c for c in engine.js(CONTROLS, figure) if tuple(c[:2]) not in done]
                if not left:
                    break
                kind, index, label = left[0]
                done.add((kind, index))
                use(engine, figure, kind, index, f"{name}: {label.strip()}")
                used += 1
        no_faults(engine)
    print(f"\n{engine.name}: {used} controls of {len(names)} explorables answer: {', '.join(sorted(names))}")
    assert used > 60 and len(names) >= 11


def test_brackets_do_not_grow_with_their_row(engine, server):
    """The front page's formula and chapter 4's nested one, in multiples of the text's line; in Chromium:
    test_formulas.py."""
    for path in ("/index.html", "/book/04-continuous-actions.html"):
        open_page(engine, server, path)
        tall = engine.js(f"return ({FORMULAS})()[0].tall")
        print(f"\n{engine.name}: {path} {tall:.2f} lines")
        assert tall < 2.2


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_sticks_out(engine, server, site, width):
    """No page scrolls sideways, and every formula of a figure lies within it."""
    for path in with_figures(site):
        open_page(engine, server, path, width)
        inner = engine.js("return innerWidth")  # a desktop's window may have a least width
        assert engine.js("return document.documentElement.scrollWidth") <= inner, f"{path} at {inner}"
        over = engine.js("""return [...document.querySelectorAll(".pg-fig-formula")].flatMap(f => {
            const r = f.closest(".pg-fig").getBoundingClientRect();
            return [...f.querySelectorAll("*")].filter(e => { const b = e.getBoundingClientRect();
                return b.width > 1 && b.height > 1
                    && getComputedStyle(e).clipPath === "none" && getComputedStyle(e).position !== "absolute"
                    && (b.left < r.left - 1 || b.right > r.right + 1) && f.scrollWidth > f.clientWidth + 1; })
                .map(e => e.outerHTML.slice(0, 60)); })""")
        assert over == [], f"{path} at {inner}: {over[:3]}"


def test_every_quiz_judges(engine, server, site):
    judged = 0
    for path in [
        p for p in pages_of(site) if re.search(r'<[a-z]+ class="[^"]*\bpg-quiz\b', (site / p).read_text("utf8"))
    ]:
        open_page(engine, server, path)
        count = engine.js("return document.querySelectorAll('.pg-quiz.pg-live').length")
        for quiz in range(count):
            pick = "const q = document.querySelectorAll('.pg-quiz.pg-live')[arguments[0]];"
            if not engine.js(
                pick + "for (let d = q.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;"
                "return q.getClientRects().length > 0",
                quiz,
            ):
                continue  # shown by a drill when its turn comes
            choices = engine.js(pick + "return q.querySelectorAll('input[type=radio]').length", quiz)
            verdicts = []
            for choice in range(choices):
                x, y = engine.js(
                    pick
                    + """const r = q.querySelectorAll('input[type=radio]')[arguments[1]];
                    r.scrollIntoView({ block: "center", behavior: "instant" });
                    const b = r.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2];""",
                    quiz,
                    choice,
                )
                engine.mouse((x, y))
                engine.wait(
                    "document.querySelectorAll('.pg-quiz.pg-live')[arguments[0]].querySelectorAll('input[type=radio]')[arguments[1]].checked",
                    quiz,
                    choice,
                )
                engine.js(pick + "q.querySelector('.pg-check').focus()", quiz)
                engine.keys("Enter")
                verdicts.append(
                    engine.wait(
                        "(document.querySelectorAll('.pg-quiz.pg-live')[arguments[0]].querySelectorAll('.pg-said')[arguments[1]]"
                        ".textContent.trim())",
                        quiz,
                        choice,
                    )
                )
            assert sum(v.startswith("Right.") for v in verdicts) == 1, f"{path}: {verdicts}"
            assert sum(v.startswith("Not this one.") for v in verdicts) == choices - 1
            judged += 1
        no_faults(engine)
    print(f"\n{engine.name}: {judged} quizzes")
    assert judged >= 20


def press(engine, css, words=""):
    """Press the first visible element of this kind that says these words, by mouse."""
    box = engine.wait(
        """(() => { const e = [...document.querySelectorAll(arguments[0])]
            .find(e => e.getClientRects().length && e.textContent.includes(arguments[1]));
        if (!e) return null;
        e.scrollIntoView({ block: "center", behavior: "instant" });
        const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()""",
        css,
        words,
    )
    engine.mouse(middle(box))


def test_flashcards(engine, server):
    open_page(engine, server, "book/practice/flashcards.html")
    card = "[...document.querySelectorAll('.pg-practice-card')].find(e => e.getClientRects().length)?.dataset.id"
    first = engine.wait(card)
    press(engine, "button", "Turn the card")
    engine.wait("[...document.querySelectorAll('.pg-practice-back')].some(e => e.getClientRects().length)")
    press(engine, ".pg-practice-grades button", "Good")
    second = engine.wait(f"{card} !== arguments[0] && {card}", first)
    engine.js("document.querySelector(`.pg-practice-card[data-id='${arguments[0]}'] > summary`).focus()", second)
    engine.keys("Space")
    engine.wait("document.querySelector('.pg-practice-grades').getClientRects().length > 0")
    engine.keys("4")
    engine.wait(f"{card} !== arguments[0]", second)
    kept = json.loads(engine.js("return localStorage.getItem('learning-to-act:cards')"))["cards"]
    assert set(kept) >= {first, second} and kept[first]["interval"] == 1
    no_faults(engine)
    engine.goto(server.url + "book/practice/flashcards.html")
    assert engine.wait(card) not in (first, second), "a reload keeps the place"


@pytest.mark.parametrize("path", ["whiteboard-drill", "mock-interview", "coding-drill"])
def test_drills_begin(engine, server, path):
    """Each drill starts by its own button, by keys alone, and goes on."""
    open_page(engine, server, f"book/practice/{path}.html")
    before = engine.js("return document.querySelector('main').innerText")
    names = engine.js(
        "return [...document.querySelectorAll('main button')]"
        ".filter(e => e.getClientRects().length && !e.disabled).map(e => e.textContent.trim())"
    )
    assert names, path
    start = next((n for n in names if re.match(r"(Start|Begin|Shuffle)", n)), names[0])
    engine.js(
        "[...document.querySelectorAll('main button')]"
        ".find(e => e.getClientRects().length && e.textContent.trim() === arguments[0]).focus()",
        start,
    )
    engine.keys("Enter")
    engine.wait("document.querySelector('main').innerText !== arguments[0]", before)
    no_faults(engine)


def test_a_seed_trains_to_the_same_bits(engine, server):
    """As in V8, where test_live_training.py asks for them: a class sees one run."""
    open_page(engine, server, "book/index.html")
    settings = {"batch": 4, "rate": 0.02, "baseline": "batch_mean", "keep": False, "gamma": 0.99}
    ask = "return [1, 2].map(seed => m.fingerprint(train(m.begin(seed), arguments[0], 50)));"
    one, other = engine.js(program() + ask, settings)
    assert one == BITS_AFTER_50 != other


def test_theme_search_and_contents(engine, server):
    open_page(engine, server, "book/01-values-or-probabilities.html")
    before = engine.js("return document.documentElement.dataset.theme")
    press(engine, ".pg-theme")
    engine.wait("document.documentElement.dataset.theme !== arguments[0]", before)
    press(engine, ".pg-theme")
    engine.js("document.activeElement.blur(); scrollTo(0, 0)")
    engine.keys("/")
    engine.wait("document.activeElement.matches('.pg-search input')")
    engine.keys(*"baseline", "Enter")
    engine.wait(
        "location.pathname.endsWith('search.html') && document.querySelectorAll('#search-results li').length > 3"
    )
    open_page(engine, server, "book/01-values-or-probabilities.html", 500)
    press(engine, ".pg-menu")
    engine.wait("document.querySelector('#contents').classList.contains('pg-open')")
    engine.keys("Escape")
    engine.wait("!document.querySelector('#contents').classList.contains('pg-open')")
    no_faults(engine)


# --- one exercise, with Python in the page

EXERCISE = "exercises/03-the-log-derivative-trick"


def write(engine, name, text):
    """Type this into a cell. The editor indents by itself, as this text is indented."""
    if not engine.js("return !!document.querySelector(`[data-cell=${arguments[0]}] .cm-content`)", name):
        press(engine, f"[data-cell={name}] button", "Edit")
    engine.wait("document.querySelector(`[data-cell=${arguments[0]}] .cm-content`)?.isContentEditable", name)
    engine.js("document.querySelector(`[data-cell=${arguments[0]}] .cm-content`).focus()", name)
    engine.chord("Control", "a")
    engine.keys("Backspace")
    lines = [line.strip() for line in text.strip().split("\n")]
    for i, line in enumerate(lines):
        engine.keys(*line, *(["Enter"] if i < len(lines) - 1 else []))
    engine.wait(
        "[...document.querySelectorAll(`[data-cell=${arguments[0]}] .cm-line`)]"
        ".map(e => e.textContent).join('\\n') === arguments[1]",
        name,
        text.rstrip("\n"),
    )


def run(engine, name):
    engine.js("delete document.querySelector(`[data-cell=${arguments[0]}]`).dataset.state", name)
    press(engine, f"[data-cell={name}] button", "Check" if name.endswith("-check") else "Run here")
    webdriver.until(
        lambda: engine.js(
            "return ['done', 'failed', 'stopped']"
            ".includes(document.querySelector(`[data-cell=${arguments[0]}]`).dataset.state)",
            name,
        ),
        f"{name} to end in {engine.name}",
        900,
    )
    return engine.js("return document.querySelector(`[data-cell=${arguments[0]}]`).innerText", name)


def test_an_exercise_with_python(engine, alive):
    """A wrong answer, its diagnosis, an endless loop and Stop, the right answer, and what a reload keeps."""
    open_page(engine, alive, f"{EXERCISE}.html")
    write(engine, "bernoulli-score-answer", WRONG)
    assert "sign is flipped" in run(engine, "bernoulli-score-check")
    write(engine, "bernoulli-score-example", "while True: pass")
    press(engine, "[data-cell=bernoulli-score-example] button", "Run here")
    press(engine, "[data-cell=bernoulli-score-example] button", "Stop")
    engine.wait("document.querySelector('[data-cell=bernoulli-score-example]').dataset.state === 'stopped'")
    write(engine, "bernoulli-score-answer", RIGHT)
    assert "bernoulli_score: right" in run(engine, "bernoulli-score-check")
    engine.wait(
        "JSON.parse(localStorage.getItem(arguments[0]))?.cells['bernoulli-score-answer']?.text.trim() === arguments[1]",
        f"learning-to-act:work:{EXERCISE}",
        RIGHT.strip(),
    )
    no_faults(engine)
    engine.goto(f"{alive.url}{EXERCISE}.html")
    engine.wait("document.querySelector('[data-cell=bernoulli-score-answer]').innerText.includes('np.abs(theta)')")
