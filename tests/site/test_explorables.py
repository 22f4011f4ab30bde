"""What all explorables have in common, in headless Chromium: how they answer to mouse, finger and keys,
to a narrow page, to paper and to an address. The arithmetic of each is tested beside its chapter, in tests/chapters.

Each is mounted by the site's own host from the state that Python stores, on a page made here: no site has to be built.
"""

import json
from pathlib import Path

import pytest

import learning_to_act.explorables as explorables
from tests.helpers.figures import CLASSES, drag

START = {"SimplexGame": (40, -30), "ShortCorridor": (-150, 0), "BinsVsDimensions": (60, 0)}


HANDLED = [
    cls for cls in CLASSES if ".handle(" in (Path(explorables.__file__).parent / cls.js).read_text("utf-8")
]  # the others have controls alone


@pytest.mark.parametrize("cls", HANDLED)
def test_drag_with_the_mouse(show, cls):
    page = show(cls())
    handle = page.locator(".pg-fig-handle:visible").first
    before = handle.get_attribute("aria-valuetext")
    drag(page, handle, *START.get(cls.__name__, (30, -20)))
    assert handle.get_attribute("aria-valuetext") != before
    page.get_by_role("button", name="Reset").click()
    assert handle.get_attribute("aria-valuetext") == before


@pytest.mark.parametrize("cls", HANDLED)
def test_drag_with_a_finger(show, cls):
    page = show(cls(), width=375, has_touch=True, is_mobile=True)
    handle = page.locator(".pg-fig-handle:visible").first
    handle.scroll_into_view_if_needed()
    before, box = handle.get_attribute("aria-valuetext"), handle.bounding_box()
    x, y, (dx, dy) = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, START.get(cls.__name__, (30, -20))
    touch = page.context.new_cdp_session(page)
    for kind, k in [("touchStart", 0), ("touchMove", 0.3), ("touchMove", 0.6), ("touchMove", 1)]:
        touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x + k * dx * 0.5, "y": y + k * dy * 0.5}]}
        )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert handle.get_attribute("aria-valuetext") != before
    assert page.evaluate(
        "[...document.querySelectorAll('svg.pg-fig-plot')].every(s => getComputedStyle(s).touchAction === 'auto')"
    ), "a finger beside it scrolls"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(show, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = show(*(cls() for cls in CLASSES), theme=theme)
    ours = {"page-has-heading-one"}  # the bare page of this test has no heading
    found = [v for v in Axe().run(page).response["violations"] if v["id"] not in ours]
    assert not found, json.dumps([(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found], indent=1)


@pytest.mark.parametrize("width", [340, 760, 1280])
def test_nothing_scrolls_sideways(show, width):
    page = show(*(cls() for cls in CLASSES), width=width)
    outside = page.evaluate("""() => [
        ...document.querySelectorAll('.pg-fig, .pg-fig-plot text, .pg-fig button, .pg-fig label')].filter(e => {
        const b = e.getBoundingClientRect(); return b.width && (b.left < 0 || b.right > innerWidth); })
        .map(e => [e.closest('[data-explorable]')?.dataset.explorable, e.textContent.slice(0, 60)])""")
    assert not outside and page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_drawing_has_its_words_in_text_elements(show):
    page = show(*(cls() for cls in CLASSES))
    stray = page.evaluate("""() => [...document.querySelectorAll('svg.pg-fig-plot, svg.pg-fig-plot g')]
        .flatMap(e => [...e.childNodes])
        .filter(n => n.nodeType === Node.TEXT_NODE && n.data)
        .map(n => [n.parentNode.closest('[data-explorable]').dataset.explorable, n.data])""")
    assert not stray


def test_every_focusable_part_keeps_its_arrow_keys_in_jupyterlab_and_sliders_say_where_they_stand(show):
    page = show(*(cls() for cls in CLASSES))
    missing = page.evaluate("""[...document.querySelectorAll('.pg-fig :is(button, input, [tabindex])')]
        .filter(e => e.dataset.lmSuppressShortcuts !== 'true').map(e => e.outerHTML)""")
    assert not missing
    sliders = page.locator("[role=slider]").evaluate_all(
        "all => all.map(e => ['now', 'min', 'max', 'text']"
        ".map(k => e.getAttribute('aria-value' + k)).concat(e.ariaLabel))"
    )
    assert len(sliders) >= len(HANDLED)
    for now, low, high, text, label in sliders:
        assert float(low) <= float(now) <= float(high) and text and label, label


def test_the_address_holds_every_figures_setting(show):
    page = show(explorables.ShortCorridor(), explorables.SimplexGame(), explorables.ShortCorridor())
    first, second = (page.get_by_role("slider", name="Probability of going right").nth(i) for i in (0, 1))
    first.press("ArrowLeft")
    page.get_by_role("slider", name="Your policy").press("End")
    second.press("Home")
    page.wait_for_function("location.hash.includes('corridor-2')")
    parts = dict(part.split("=") for part in page.evaluate("location.hash.slice(1)").split("&"))
    assert parts == {"corridor": "p:0.89", "simplex": "policy:0_0_1", "corridor-2": "p:0.01"}
    page.reload()
    page.wait_for_function("document.querySelectorAll('.pg-fig-handle').length === 3")
    assert first.get_attribute("aria-valuenow") == "0.89" and second.get_attribute("aria-valuenow") == "0.01"
    page.evaluate("location.hash = '#corridor=p:0.25,cells:5'")
    page.wait_for_function("document.querySelector('.pg-fig-handle').getAttribute('aria-valuenow') === '0.25'")
    assert page.get_by_role("radio", name="five cells").first.is_checked()


@pytest.mark.parametrize(
    "address", ["#corridor=p:nonsense,cells:7", "#corridor=", "#corridor=p:99,epsilon:-1", "#%E0%A4%A", "#a-heading"]
)
def test_an_address_that_makes_no_sense_is_harmless(show, address):
    page = show(explorables.ShortCorridor(), address=address)
    assert (
        0.01
        <= float(page.get_by_role("slider", name="Probability of going right").get_attribute("aria-valuenow"))
        <= 0.99
    )


def test_an_anchor_is_left_alone_until_the_reader_moves_something(show):
    page = show(explorables.ShortCorridor(), address="#a-heading", frozen=True)
    page.clock.run_for(1000)  # the address is written 300 ms after a move
    assert page.evaluate("location.hash") == "#a-heading"


@pytest.mark.parametrize("cls", HANDLED)
def test_paper_shows_the_default_without_controls(show, cls):
    page = show(cls(), theme="dark")
    handle = page.locator(".pg-fig-handle:visible").first
    before = handle.get_attribute("aria-valuetext")
    handle.press("ArrowRight")
    handle.press("ArrowRight")
    moved = handle.get_attribute("aria-valuetext")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert handle.get_attribute("aria-valuetext") == before != moved
    assert not page.locator(".pg-fig button:visible").count()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.pg-fig')).color") == "rgb(31, 35, 40)"
    )  # the light page's ink
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert handle.get_attribute("aria-valuetext") == moved


@pytest.mark.parametrize("cls", HANDLED)
def test_words_fit_when_the_page_is_resized(show, cls):
    page = show(cls())
    handle = page.locator(".pg-fig-handle:visible").first
    handle.focus()
    page.set_viewport_size({"width": 340, "height": 800})
    page.wait_for_function(
        "[...document.querySelectorAll('svg.pg-fig-plot')]"
        ".every(s => !s.getClientRects().length || s.viewBox.baseVal.width <= 304)"
    )
    assert handle.evaluate("e => e === document.activeElement"), "resizing keeps the focus"
    assert page.evaluate("document.documentElement.scrollWidth") <= 340
