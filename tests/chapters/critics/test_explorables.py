"""Chapter 6's explorables: their arithmetic against the package's enumeration and linear solves,
and their challenges by keyboard alone."""

import numpy as np
import pytest
import traitlets

import policy_gradient as pg
from learning_to_act.explorables import LiveOrDie, TheDial, WrongInTheRightWay
from policy_gradient.exact import gae_weigh, moments
from policy_gradient.worlds import coin_chain, live_or_die
from tests.helpers.figures import drag, met, press

DOORS, POLICY = pg.two_doors(), pg.two_action_softmax(2, 3)
HALF = np.full((4, 2), 0.5)
V, Q, D = pg.state_values(DOORS, HALF), pg.action_values(DOORS, HALF), pg.discounted_visitation(DOORS, HALF)


# ---- the dial ----
@pytest.mark.parametrize("c", [0.0, 0.3, 1.0])
def test_dial_moments_of_two_doors(js, c):
    for lam in (0, 0.25, 0.8, 1):
        mean, variance = moments(DOORS, POLICY, np.zeros(2), gae_weigh(DOORS, c * V, lam))
        got = js(TheDial, "m.moments('doors', ...arg)", [c, lam])
        np.testing.assert_allclose(got["mean"], mean, atol=1e-15)
        assert got["variance"] == pytest.approx(variance, rel=1e-12)


@pytest.mark.parametrize("c", [0.0, 0.5, 1.0])
def test_dial_moments_of_the_coins(js, c):
    coins = coin_chain(2)
    critic = c * np.where(coins.obs == 0, 0.5, (coins.obs - 1) % 2)
    for lam in (0, 0.5, 1):
        mean, variance = moments(coins, pg.two_action_softmax(1, 5), np.zeros(1), gae_weigh(coins, critic, lam))
        got = js(TheDial, "m.moments('coins', ...arg)", [c, lam])
        assert got["mean"][0] == pytest.approx(mean[0]) and got["variance"] == pytest.approx(variance, abs=1e-15)


def test_dial_best_lambdas_are_those_of_the_page(js):
    assert [round(js(TheDial, "m.bestLambda('doors', .5, arg)", n), 3) for n in (1, 2, 4, 8, 16, 64)] == [
        0.589,
        0.710,
        0.854,
        0.936,
        0.970,
        0.993,
    ]
    assert [round(js(TheDial, "m.bestLambda('coins', .5, arg)", n), 2) for n in (4, 16, 64, 256)] == [
        0,
        0.49,
        0.83,
        0.95,
    ]
    assert js(TheDial, "m.quieterAllTheWay('doors', 0)") and not js(TheDial, "m.quieterAllTheWay('doors', .5)")


def test_dial_challenges_by_keyboard(show):
    page = show(TheDial())
    knob = page.get_by_role("slider", name="lambda")
    knob.focus()
    press(page, "PageUp", 3)
    assert knob.get_attribute("aria-valuenow") == "0.8" and not met(page)
    press(page, "ArrowRight", 4)
    assert met(page), "0.84 is within .02 of .854"
    page.get_by_role("radio", name="two doors: find a critic").press("Space")
    assert not met(page)
    page.get_by_label("the critic knows c of V").press("Home")
    assert met(page)
    page.get_by_role("radio", name="coins").press("Space")
    knob.focus()
    press(page, "PageUp", 3)
    assert knob.get_attribute("aria-valuenow") == "0.8" and not met(page)
    press(page, "ArrowRight", 2)
    assert met(page), "0.82 is within .02 of .831"


def test_dial_challenge_is_not_met_with_another_batch(show):
    page = show(TheDial())
    page.get_by_label("episodes averaged").press("End")
    page.get_by_role("slider", name="lambda").focus()
    press(page, "End")
    assert not met(page)


def test_dial_can_be_dragged(show):
    page = show(TheDial())
    knob = page.get_by_role("slider", name="lambda")
    before = float(knob.get_attribute("aria-valuenow"))
    drag(page, knob, 80, 0)
    assert float(knob.get_attribute("aria-valuenow")) > before + 0.1


# ---- live or die ----
def test_live_or_die_numbers(js):
    world = live_or_die()
    right = js(LiveOrDie, "m.seen({after_quit: 'nothing', after_cut: 'value', pay: 1.25})")
    assert right["V"] == pytest.approx(pg.state_values(world, [[0.5, 0.5]])[0]) and right["slope"] == pytest.approx(
        1 / 8
    )
    for wrong in (
        "{after_quit: 'value', after_cut: 'value', pay: 1.25}",
        "{after_quit: 'nothing', after_cut: 'nothing', pay: 1.25}",
    ):
        assert js(LiveOrDie, f"m.seen({wrong})")["slope"] == pytest.approx(-1 / 16)
    for pay in (0.5, 1.7):
        mdp = pg.TabularMDP(world.P, [[pay, 1.0]], [1.0], 0.5)
        gradient = pg.exact_gradient(mdp, pg.two_action_softmax(1), np.zeros(1))[0]
        assert 4 / 3 * js(LiveOrDie, "m.seen({after_quit: 'nothing', after_cut: 'value', pay: arg})", pay)[
            "slope"
        ] == pytest.approx(gradient)


@pytest.mark.parametrize("pay", [0.5, 1.25, 1.7])
def test_live_or_die_reset_is_the_value_of_a_new_life(js, pay):
    """A state before the choice, in which both actions cost 1 and lead to it: its value by a linear solve."""
    P = np.zeros((2, 2, 2))
    P[0, :, 1], P[1, 1, 1] = 1, 1
    begin, V = pg.state_values(pg.TabularMDP(P, [[-1, -1], [pay, 1]], [1, 0], 0.5), np.full((2, 2), 0.5))
    assert js(LiveOrDie, "m.begin(arg)", pay) == pytest.approx(begin)
    seen = js(LiveOrDie, "m.seen({after_quit: 'nothing', after_cut: 'reset', pay: arg})", pay)
    assert seen["slope"] == pytest.approx((1 + begin / 2 - V - (pay - V)) / 4)
    if pay == 1.25:
        assert seen["slope"] == pytest.approx(-3 / 32) and begin == pytest.approx(-1 / 4)


def test_live_or_die_challenge_needs_both_ways(show):
    page = show(LiveOrDie())
    after_quit, after_cut = (
        page.get_by_role("group", name=f"Counted after a {what}") for what in ("termination", "cut")
    )
    after_quit.get_by_role("radio", name="V").press("Space")
    assert not met(page) and "the opposite" in page.locator(".pg-fig-say").inner_text()
    after_cut.get_by_role("radio", name="nothing").press("Space")
    assert not met(page), "two wrong flags are no second way"
    after_quit.get_by_role("radio", name="nothing").press("Space")
    assert met(page)
    after_cut.get_by_role("radio", name="reset").press("Space")
    said = page.locator(".pg-fig-say").inner_text()
    assert "a life not yet begun" in said and "the opposite" in said and "-0.0938" in said.replace("\u2212", "-")


# ---- wrong in the right way ----
def test_wrong_right_numbers(js):
    exact = pg.exact_gradient(DOORS, POLICY, np.zeros(2))
    np.testing.assert_allclose(js(WrongInTheRightWay, "m.TRUE_Q"), Q.ravel())
    assert WrongInTheRightWay().q == Q.ravel().tolist()
    np.testing.assert_allclose(js(WrongInTheRightWay, "m.WEIGHT"), np.repeat(D / 2, 2))
    np.testing.assert_allclose(js(WrongInTheRightWay, "m.gradient(m.TRUE_Q)"), exact)
    np.testing.assert_allclose(js(WrongInTheRightWay, "m.gradient(m.fitted())"), exact, atol=1e-15)
    assert js(WrongInTheRightWay, "m.error(m.fitted())") == pytest.approx(361 / 768)
    lie = Q.ravel() + np.eye(8)[3]
    assert js(WrongInTheRightWay, "m.error(arg)", lie.tolist()) == pytest.approx(1 / 4)
    assert js(WrongInTheRightWay, "m.gradient(arg)", lie.tolist())[0] == pytest.approx(3 / 64)


def test_wrong_right_challenges_by_keyboard(show):
    page = show(WrongInTheRightWay())
    page.get_by_role("button", name="All zero").press("Enter")
    assert not met(page)
    page.get_by_role("button", name="Fit to scores").press("Enter")
    assert met(page)
    page.get_by_role("radio", name="nearly right, and wrong").press("Space")
    assert not met(page)
    for name, key, times in (
        ("A, leave", "ArrowLeft", 2),
        ("A, take", "ArrowRight", 2),
        ("B, leave", "ArrowLeft", 2),
        ("B, take", "ArrowRight", 3),
    ):
        page.get_by_role("slider", name=f"Value of {name}").focus()
        assert not met(page)
        press(page, key, times)
    assert met(page)


def test_wrong_right_bars_can_be_dragged(show):
    page = show(WrongInTheRightWay())
    bar = page.get_by_role("slider", name="Value of B, take")
    drag(page, bar, 40, 0)
    assert float(bar.get_attribute("aria-valuenow")) > 1.6


@pytest.mark.parametrize(
    "make",
    [
        lambda: TheDial(lam=1.5),
        lambda: TheDial(setting="cards"),
        lambda: TheDial(log2_n=9),
        lambda: LiveOrDie(after_cut="door"),
        lambda: LiveOrDie(after_quit="reset"),
        lambda: LiveOrDie(pay=3),
        lambda: WrongInTheRightWay(q=[0.0]),
        lambda: WrongInTheRightWay(q=[9.0] * 8),
        lambda: WrongInTheRightWay(task="none"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(traitlets.TraitError):
        make()
