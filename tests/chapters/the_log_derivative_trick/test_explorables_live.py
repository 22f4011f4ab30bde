"""Live training in a browser: it learns while it is watched, and nothing that happens to a page loses it."""

import pytest

from learning_to_act.explorables import LiveTraining

NO_WORKER = "delete window.Worker;"
TRAINED = "document.querySelector('.pg-fig-say').innerText.match(/After (\\d+) updates/)?.[1] >= {}"


def words(page, which=0):
    return page.locator(".pg-fig-say").nth(which).inner_text()


def updates(page, which=0):
    text = words(page, which)
    return int(text.split()[1]) if text.startswith("After") else 0


def test_the_challenge_by_keyboard(show):
    page = show(LiveTraining())
    page.get_by_label("episodes a batch").focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")  # 16, 8, 4
    page.get_by_label("seed").focus()
    page.keyboard.press("ArrowRight")  # 2: within 20,000 steps, where seed 1 needs 22,383
    page.get_by_label("2 updates a second").focus()
    page.keyboard.press("ArrowLeft")  # round to the last: full speed
    page.get_by_role("button", name="Train").focus()
    page.keyboard.press("Enter")
    page.locator(".pg-fig-met").wait_for(timeout=300_000)
    page.get_by_role("button", name="Pause").press("Space")
    assert "Paused" in words(page)
    bars = page.locator("svg[aria-label^='Probability of a push']").get_attribute("aria-label")
    assert "where the pole leans 6° right" in bars
    page.get_by_role("button", name="New run").press("Enter")
    page.get_by_role("button", name="Pause").press("Enter")
    assert page.locator(".pg-live-ghost").count() == 1, "the run before stays as a ghost"


@pytest.mark.parametrize("script", ["", NO_WORKER], ids=["worker", "no worker"])
def test_settings_change_while_it_runs_and_pausing_keeps_it(show, script):
    page = show(LiveTraining(pace=0, batch=2))
    if script:
        page.evaluate(script)
    page.get_by_role("button", name="Train").click()
    page.wait_for_function(TRAINED.format(3))
    page.get_by_label("keep").check()
    page.get_by_label("leave one out").check()
    now = updates(page)
    page.wait_for_function(TRAINED.format(now + 3))
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("document.querySelector('.pg-fig-say').innerText.endsWith('Paused.')")
    kept = updates(page)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function(TRAINED.format(kept + 1))


def test_a_step_too_long_is_said_and_there_is_a_way_back(show):
    page = show(LiveTraining(pace=0, rate=10))
    page.get_by_role("button", name="Train").click()
    page.wait_for_function("document.querySelector('.pg-fig-say').innerText.includes('sure of itself and wrong')")
    assert page.get_by_role("button", name="Go on").is_disabled()
    page.get_by_label("learning rate").fill("4")
    page.get_by_role("button", name="Back to the last good policy").click()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function(TRAINED.format(5))


def test_two_figures_train_side_by_side(show):
    page = show(LiveTraining(pace=0, batch=2), LiveTraining(pace=0, batch=2, seed=2))
    for _ in range(2):
        page.get_by_role("button", name="Train").first.click()  # it is called Pause then
    page.wait_for_function(
        "[...document.querySelectorAll('.pg-fig-say')].every(p => p.innerText.match(/After (\\d+) updates/)?.[1] >= 3)"
    )


def test_a_hidden_tab_pauses_and_goes_on(show):
    page = show(LiveTraining(pace=0, batch=2))
    page.get_by_role("button", name="Train").click()
    page.wait_for_function(TRAINED.format(2))
    hide = """hidden => { Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange')); }"""
    page.evaluate(hide, True)
    assert page.get_by_role("button", name="Go on").count() == 1
    kept = updates(page)
    page.evaluate(hide, False)
    assert page.get_by_role("button", name="Pause").count() == 1
    page.wait_for_function(TRAINED.format(kept + 1))


def test_where_motion_is_not_wanted_the_pole_stands_still(show):
    page = show(LiveTraining(pace=0, batch=2), reduced_motion="reduce")
    page.get_by_role("button", name="Train").click()
    page.wait_for_function(TRAINED.format(3))
    scene = page.locator("svg[aria-label^='The cart']")
    assert "step 0" in scene.text_content()
