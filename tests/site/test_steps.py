"""A picture that advances with the steps of a proof: beside them or above, by keyboard, without scripts, on paper."""

import re

import pytest

from tests.helpers.late import PAINTED, Late, moved
from tests.helpers.pages import Visit, frames

PAGE = "book/02-the-theorem.html"
STEPS = 5
ALL = {PAGE: STEPS, "book/03-baselines-and-noise.html": 4}
SHOWN = """() => {
    const seen = e => { const s = getComputedStyle(e); return s.display !== "none" && s.visibility === "visible"; };
    const layers = [...document.querySelectorAll(".pg-layer")], steps = e => [+e.dataset.from, +e.dataset.to];
    return { layers: layers.filter(seen).map(steps), all: layers.map(steps),
        words: [...document.querySelectorAll(".pg-states > li")].map(seen),
        name: document.querySelector(".pg-advance svg").getAttribute("aria-label"),
        height: document.querySelector(".pg-advance").getBoundingClientRect().height }; }"""


@pytest.fixture
def visit(browser, server):
    visit = Visit(browser, server, PAGE)
    visit.page.wait_for_selector(".pg-states[aria-live]")
    yield visit
    assert visit.errors == []
    visit.close()


def state(page):
    """The step that the picture shows, held against every layer's own numbers and the words."""
    found = page.evaluate(SHOWN)
    step = found["words"].index(True) + 1
    assert found["words"].count(True) == 1
    assert found["layers"] == [[a, b] for a, b in found["all"] if a <= step <= b]
    assert max(a for a, _ in found["layers"]) == step, "and something of it is new"
    return step


def become(page, step):
    page.wait_for_function(
        "n => document.querySelectorAll('.pg-states > li')[n - 1].classList.contains('pg-on')", arg=step
    )
    assert state(page) == step


def test_opening_a_step_shows_it_by_mouse_and_keyboard(visit):
    page, titles = visit.page, visit.page.locator(".pg-steps .step > summary")
    assert titles.count() == STEPS and state(page) == 1
    titles.nth(2).click()
    become(page, 3)
    titles.nth(3).focus()
    assert state(page) == 3, "a closed step tells nothing"
    page.keyboard.press("Enter")
    become(page, 4)
    titles.nth(0).focus()
    become(page, 1)  # it is open: to come back to it is enough


@pytest.mark.parametrize("path, steps", ALL.items())
def test_next_step_opens_it_says_it_and_nothing_moves(browser, server, path, steps):
    visit = Visit(browser, server, path)
    page = visit.page
    page.wait_for_selector(".pg-states[aria-live]")
    before, after = page.get_by_role("button", name="Step before"), page.get_by_role("button", name="Next step")
    names, heights = [], []
    after.focus()
    for step in range(1, steps + 1):
        become(page, step)
        found = page.evaluate(SHOWN)
        names.append(found["name"]), heights.append(found["height"])
        assert page.locator(".pg-turn").inner_text().split("\n")[1] == f"Step {step} of {steps}"
        assert page.locator(".pg-steps .step").nth(step - 1).evaluate("e => e.open")
        assert [b.get_attribute("aria-disabled") for b in (before, after)] == [
            str(step == n).lower() for n in (1, steps)
        ]
        page.keyboard.press("Enter")
    become(page, steps)  # after the last there is none
    assert len(set(names)) == steps and all(f"Step {i}: " in name for i, name in enumerate(names, 1))
    assert len(set(heights)) == 1
    before.click()
    become(page, steps - 1)
    page.get_by_role("button", name="Close all").click()
    page.evaluate("[0, 0].forEach(() => document.querySelector('.pg-turn button').click())")  # two at once
    frames(page)
    become(page, steps - 3)
    assert visit.errors == []
    visit.close()


def test_in_the_margin_it_stays_beside_what_is_read(visit):
    page = visit.page
    page.get_by_role("button", name="Open all").click()
    for width in (1232, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        for step in (1, 2, 3, 4, 5, 2):
            page.locator(".pg-steps .step").nth(step - 1).evaluate(
                "e => { e.scrollIntoView({ block: 'start', behavior: 'instant' }); }"
            )
            become(page, step)
            frames(page)
            figure, column = page.evaluate("""[".pg-advance", ".pg-steps"].map(s => {
                const b = document.querySelector(s).getBoundingClientRect();
                return [b.left, b.right, b.top, b.bottom]; })""")
            assert figure[0] > column[1] and figure[1] <= width, f"{width}, step {step}: in the margin"
            assert figure[2] >= 0 and figure[3] <= 800, f"{width}, step {step}: in sight"
        words = page.evaluate("""() => { const svg = document.querySelector(".pg-advance svg"), m = svg.getScreenCTM();
            return [...svg.querySelectorAll("text")].map(t => parseFloat(getComputedStyle(t).fontSize) * m.a); }""")
        assert min(words) > 11.9, f"{width}: words of 12 px here too"


@pytest.mark.parametrize("width", [340, 375, 768, 1200])
def test_else_it_stands_above_the_steps(visit, width):
    page = visit.page
    page.set_viewport_size({"width": width, "height": 800})
    figure, first, right = page.evaluate("""[document.querySelector(".pg-advance").getBoundingClientRect().bottom,
        document.querySelector(".pg-steps .step").getBoundingClientRect().top, document.documentElement.scrollWidth]""")
    assert figure <= first and right <= width
    page.get_by_role("button", name="Open all").click()
    become(page, STEPS)


def test_without_scripts_and_on_paper_the_last_state_stands(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + PAGE)
    assert state(page) == STEPS and not page.locator(".pg-all").is_visible()
    assert page.locator(".pg-states > li:visible").count() == 1 and not page.locator(".pg-turn").is_visible()
    assert "d(s)" in page.locator(".pg-states > li:visible").inner_text()
    context.close()
    visit = Visit(browser, server, PAGE)
    visit.page.emulate_media(media="print")
    assert state(visit.page) == STEPS and not visit.page.locator(".pg-turn").is_visible()
    opacity = visit.page.locator(".pg-layer").evaluate_all("all => all.map(e => getComputedStyle(e).opacity)")
    visit.close()
    assert set(opacity) == {"1"}


def test_it_fades_only_where_motion_is_welcome(browser, server):
    for motion, duration in (("reduce", "0s"), ("no-preference", "0.25s")):
        context = browser.new_context(reduced_motion=motion)
        page = context.new_page()
        page.goto(server.url + PAGE)
        assert page.locator(".pg-layer").first.evaluate("e => getComputedStyle(e).transitionDuration") == duration
        context.close()


def test_only_a_page_with_such_a_proof_loads_the_script(site):
    for path in ("book/02-the-theorem.html", "book/02-where-it-bites.html", "book/03-baselines-and-noise.html"):
        assert bool(re.search(r"_static/steps\.js", (site / path).read_text("utf8"))) == (path in ALL), path


PLACES = """[...document.querySelectorAll(".pg-steps > *")].map(e => {
    const { left, top, width, height } = e.getBoundingClientRect(); return [left, top, width, height]; })"""


@pytest.mark.parametrize("width", [375, 1280])
def test_a_late_script_moves_nothing(browser, server, width):
    for path in ALL:
        late = Late(browser, width, lambda url: "/steps.js" in url or "/site.js" in url, server.url + path)
        late.page.wait_for_selector(".pg-footer")
        late.page.evaluate("document.querySelector('.pg-steps').scrollIntoView({ behavior: 'instant' })")
        late.page.evaluate(PAINTED)
        before = late.page.evaluate(PLACES)
        late.let_go()
        late.page.wait_for_selector(".pg-states[aria-live]")
        late.page.evaluate(PAINTED)
        assert late.page.evaluate(PLACES) == before and moved(late) == []
        late.close()
