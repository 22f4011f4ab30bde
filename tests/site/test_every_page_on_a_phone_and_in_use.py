"""Every page of the built site on a phone, then with everything on it used: nothing moves when late things come, all is
within the phone's width, each figure answers to keyboard and mouse, and the page's policy refuses nothing. The other
tour: test_every_page_by_day_and_night.py."""

import pytest

from tests.helpers.every_page import LISTEN, OPEN_FOLDS, WORDS, faults, tour
from tests.helpers.pages import Visit, frames

# One fixture opens every page of the book: on a machine that does much else that takes longer than a test may.
pytestmark = pytest.mark.timeout(7200)

# All that a hand can do, without its slowness: every slider to three places, every choice of every list, every button
OPERATE = """async () => {
    const all = (s, e = document) => [...e.querySelectorAll(s)];
    const pause = () => new Promise(done => setTimeout(done, 30));
    const tell = (e, ...types) => types.forEach(type => e.dispatchEvent(new Event(type, { bubbles: true })));
    const done = { sliders: 0, quizzes: 0, buttons: 0, handles: 0, lists: 0 };
    navigation.addEventListener('navigate', e => {   // stay here
      if (!e.destination.sameDocument && e.cancelable) e.preventDefault(); });
    all('main details').forEach(e => { e.open = true; });
    for (const e of all('main input[type=range]')) {
      for (const value of [e.max, e.min, (+e.min + +e.max) / 2]) { e.value = value; tell(e, 'input', 'change'); }
      done.sliders++;
    }
    for (const e of all("main [role=slider], main svg [tabindex='0']")) {
      for (const key of ['ArrowLeft', 'ArrowUp', 'Home'])
        e.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      done.handles++;
    }
    for (const e of all('main select')) {
      for (const option of [...e.options].reverse()) { e.value = option.value; tell(e, 'input', 'change'); }
      done.lists++;
    }
    for (const quiz of all('.pg-quiz form')) {
      for (const radio of all('input[type=radio]', quiz)) { radio.click(); quiz.requestSubmit(); }
      quiz.requestSubmit();
      done.quizzes++;
    }
    await pause();
    for (const e of all('button:not([type=submit])').filter(e => !e.closest('header'))) {
      for (let i = 0; i < 2; i++) if (e.isConnected && e.checkVisibility()) { e.click(); done.buttons++; }
    }
    await pause();
    all('header button').forEach(e => { e.click(); e.click(); });
    tell(window, 'beforeprint', 'afterprint', 'resize', 'scroll');
    await pause();
    return done;
}"""


# The picture of a widget, without what its controls say about themselves
PICTURE = """el => [...el.querySelectorAll('svg, img, canvas, output, p, math')].map(e =>
    e.tagName === 'CANVAS' ? e.toDataURL() : e.outerHTML).join('')"""


def deaf(page):
    """The page's figures that do not answer to the keyboard, or not to the mouse."""
    found, widgets = [], page.locator(".pg-widget")
    for number in range(widgets.count()):
        widget = widgets.nth(number)
        widget.scroll_into_view_if_needed()
        handles = widget.locator("input[type=range]:visible, [role=slider]:visible, svg [tabindex='0']:visible")
        if not handles.count():
            found.append((number, "nothing to move"))
            continue
        found += [(number, "keyboard")] * (not answers(page, widget, handles, by_keyboard))
        found += [(number, "mouse")] * (not answers(page, widget, handles, by_mouse))
    return found


def answers(page, widget, handles, move):
    """Does the picture change when one of the handles is moved?"""
    for k in range(handles.count()):
        before = widget.evaluate(PICTURE)
        move(page, handles.nth(k))
        for _ in range(10):
            if widget.evaluate(PICTURE) != before:
                return True
            frames(page, 1)
    return False


def by_keyboard(page, handle):
    handle.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)


def by_mouse(page, handle):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(x - 15 * step, y - 6 * step)
    page.mouse.up()


# What scrolls sideways and does not show it by a shadow, or scrolls within what scrolls
SILENT = """() => [...document.querySelectorAll(".pg-article :is(pre, div.math, .pg-table, div.cell_output)")]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
    .filter(e => !e.matches("div.cell_output") && !getComputedStyle(e).backgroundImage.includes("gradient")
        || e.querySelector("[tabindex='0']:is(pre, div.math, .pg-table)"))
    .map(e => e.textContent.trim().slice(0, 60))"""


@pytest.fixture(scope="module")
def found(browser, server, site):
    """All that this tour can tell, page by page."""
    found = {}
    for path, late, seen in tour(browser, server, site, 375, LISTEN):
        page, found[path] = late.page, seen
        page.evaluate(OPEN_FOLDS)
        frames(page)
        seen["width"] = page.evaluate("document.documentElement.scrollWidth")
        seen["wide"] = (
            page.evaluate("""() => [...document.querySelectorAll('body *')].filter(e => {
            const r = e.getBoundingClientRect();
            return r.right > innerWidth + 1 && r.width && !e.closest('pre, div.math, .pg-table, math'); })
            .slice(0, 4).map(e => e.outerHTML.slice(0, 100))""")
            if seen["width"] > 375
            else []
        )
        seen["beheaded"] = page.evaluate("""() => [...document.querySelectorAll('main div.math')].filter(e => {
            const left = Math.min(...[...e.querySelectorAll('.katex-html .base')]
                .map(b => b.getBoundingClientRect().left));
            return left < e.getBoundingClientRect().left - 1; }).map(e => e.textContent.trim().slice(0, 60))""")
        seen["silent"] = page.evaluate(SILENT)
        seen["words"] = {}
        if page.locator(".pg-drawing").count():
            for width in (375, 340):
                page.set_viewport_size({"width": width, "height": 800})
                seen["words"][width] = {kind: page.evaluate(WORDS, kind) for kind in ("narrow", "stepped", "wide")}
        page.set_viewport_size({"width": 1280, "height": 800})
        frames(page)
        seen["silent"] += page.evaluate(SILENT)
        seen["widgets"], seen["deaf"] = page.locator(".pg-widget").count(), deaf(page)
        seen["done"] = page.evaluate(OPERATE)
        seen["refused"] = page.evaluate("window.pgRefused ?? []")
        seen["errors"] = [
            e for e in late.errors if not e.startswith("File chooser dialog")
        ]  # a hand may open it, a script may not
    return found


def test_what_comes_late_finds_its_place_kept(found):
    assert faults(found, "moved") == {}


def test_no_page_asks_for_a_font(found):
    assert faults(found, "fonts") == {}


def test_nothing_scrolls_sideways_on_a_phone(found):
    assert {path: (seen["width"], seen["wide"]) for path, seen in found.items() if seen["width"] > 375} == {}


def test_what_scrolls_sideways_shows_it(found):
    assert faults(found, "silent") == {}


def test_no_formula_begins_where_a_phone_cannot_scroll_to(found):
    """What overflows to the right can be scrolled into view; what overflows to the left is lost."""
    assert faults(found, "beheaded") == {}


@pytest.mark.parametrize("width", [340, 375])
def test_a_phones_drawings_are_drawn_again_and_their_words_can_be_read(found, width):
    drawn = 0
    for path, words in ((path, seen["words"][width]) for path, seen in found.items() if seen["words"]):
        phones = words["narrow"] + words["stepped"]
        assert phones, f"{path}: a phone gets a drawing of its own"
        assert words["wide"] == [], path
        assert [word for word in phones if word[0] < 11.99] == [], path
        drawn += len(phones)
    assert drawn > 100


def test_every_explorable_answers_to_keyboard_and_mouse(found, site):
    assert faults(found, "deaf") == {}
    stored = {path: (site / path).read_text("utf8").count("vnd.jupyter.widget-view+json") for path in found}
    assert {path: seen["widgets"] for path, seen in found.items()} == stored and sum(stored.values()) > 20


@pytest.mark.parametrize("kind, events", [("keyboard", ["keydown"]), ("mouse", ["pointerdown", "mousedown"])])
def test_a_figure_that_does_not_answer_is_seen(browser, server, kind, events):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    visit.page.evaluate(
        """events => events.forEach(name => addEventListener(name, e => {
            e.preventDefault(); e.stopImmediatePropagation(); }, true))""",
        events,
    )
    assert deaf(visit.page) == [(number, kind) for number in range(visit.page.locator(".pg-widget").count())] != []
    visit.close()


def test_nothing_is_refused_when_every_page_is_used(found):
    assert faults(found, "refused") == {} and faults(found, "errors") == {}
    used = {name: sum(seen["done"][name] for seen in found.values()) for name in next(iter(found.values()))["done"]}
    assert all(used.values()), used
