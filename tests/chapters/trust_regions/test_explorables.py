"""Chapter 7's explorables: their arithmetic against linear solves and the package,
and their challenges by keyboard alone."""

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg
from learning_to_act.explorables import Coasting, LineTentTruth, TwoBalls
from policy_gradient.natural import fisher, kl
from policy_gradient.surrogate import clip_objective, clip_weights
from tests.helpers.figures import met, press

DOORS, POLICY = pg.two_doors(), pg.two_action_softmax(2, 3)


def corridor(p):
    world, half = pg.short_corridor(), np.full((3, 2), 0.5)
    A = pg.action_values(world, half) - pg.state_values(world, half)[:, None]
    d, new = pg.discounted_visitation(world, half), np.tile([1 - p, p], (3, 1))
    clipped = lambda eps: -12 + d @ (0.5 * clip_objective(new / 0.5, A, 1 - eps, 1 + eps)).sum(axis=1)  # noqa: E731
    return pg.expected_return(world, new), -12 + d @ (new * A).sum(axis=1), clipped


def test_line_tent_and_truth(js):
    for p in (0.31, 0.5, 0.58, 0.7, 0.9):
        J, line, clipped = corridor(p)
        got = js(LineTentTruth, "[m.truth(arg), m.line(arg), m.clipped(arg, 0.2), m.clipped(arg, 0.4), m.kl(arg)]", p)
        np.testing.assert_allclose(
            got, [J, line, clipped(0.2), clipped(0.4), 0.5 * np.log(0.25 / (p * (1 - p)))], atol=1e-9
        )
    assert js(LineTentTruth, "m.ball(0.0589)") == pytest.approx(2 / 3, abs=1e-3)


def test_tent_challenges_by_keyboard(show):
    page = show(LineTentTruth())
    knob = page.get_by_role("slider", name="Probability of going right")
    knob.focus()
    press(page, "ArrowLeft", 26)  # 0.67 does harm, just
    assert not met(page)
    press(page, "ArrowLeft")
    assert met(page)
    page.get_by_role("radio", name="the clip").press("Space")
    assert not met(page)
    page.get_by_label("clip \u03b5").focus()
    press(page, "ArrowRight", 26)
    assert not met(page)  # 0.33
    press(page, "ArrowRight")
    assert met(page)


def test_two_balls(js):
    d = pg.discounted_visitation(DOORS, pg.state_probs(DOORS, POLICY, np.zeros(2)))
    for theta in ([0.0, 0.0], [-0.7, 1.1], [2.0, -0.4]):
        theta = np.array(theta)
        here = pg.discounted_visitation(DOORS, pg.state_probs(DOORS, POLICY, theta))
        g = pg.exact_gradient(DOORS, POLICY, theta)
        J = pg.expected_return(DOORS, pg.state_probs(DOORS, POLICY, theta))
        got = js(TwoBalls, "[m.value(arg), ...m.gradient(arg), ...m.natural(arg), m.kl(arg)]", theta.tolist())
        np.testing.assert_allclose(
            got,
            [
                J,
                *g,
                *np.linalg.solve(fisher(POLICY, theta, DOORS.obs, here), g),
                kl(POLICY, np.zeros(2), theta, DOORS.obs, d / d.sum()),
            ],
            atol=1e-12,
        )
    assert js(TwoBalls, "[m.climb(m.gradient), m.climb(m.natural)]") == [453, 18]
    assert js(TwoBalls, "m.plain(2)") == [-5 / 16, 1 / 64]
    gains = js(TwoBalls, "[m.gain(m.reach(m.plain(1), 0.01)), m.gain(m.reach(m.natural([0, 0]), 0.01))]")
    np.testing.assert_allclose(gains, [0.0248, 0.0299], atol=5e-5)


def test_balls_challenge_by_keyboard(show):
    page = show(TwoBalls())
    knob = page.get_by_role("slider", name="The step: two logits")
    knob.focus()
    press(page, "Home")
    natural = np.array([-5 / 24, 1 / 2])
    size = optimize.brentq(
        lambda a: float((1.5 * one(a * natural[0]) + 0.125 * one(a * natural[1])) / 1.75) - 0.0099, 0, 9
    )
    left, up = (round(abs(v) / 0.02) for v in size * natural)
    press(page, "ArrowLeft", left)
    assert not met(page)
    press(page, "ArrowUp", up)
    assert met(page), page.locator(".pg-fig-say").inner_text()


def one(x):
    p = 1 / (1 + np.exp(-x))
    return np.log(1 / (2 * np.sqrt(p * (1 - p))))


@pytest.mark.parametrize("momentum, last, idle", [(0.9, 1.561, 25), (0.0, 1.243, 25)])
def test_coasting_against_adam(js, momentum, last, idle):
    s = {"rate": 0.1, "momentum": momentum, "epsilon": 0.2, "steps": 30, "shared": False}
    trace = js(Coasting, "m.run(arg)", s)
    theta, adam = np.zeros(1), pg.Adam(0.1, beta1=momentum)
    for ratio, slope in trace:
        p = 1 / (1 + np.exp(-theta[0]))
        w = clip_weights(np.array([2 - 2 * p, 2 * p]), np.array([-1.0, 1.0]), 0.8, 1.2)
        want = 0.5 * (w @ np.array([-p, 1 - p]))
        assert slope == pytest.approx(want, abs=1e-12)
        theta = adam.step(theta, np.array([want]))
        assert ratio == pytest.approx(2 / (1 + np.exp(-theta[0])), abs=1e-9)
    assert trace[-1][0] == pytest.approx(last, abs=2e-3) and js(Coasting, "m.idle(m.run(arg))", s) == idle


def test_coasting_losers_pull_back_in_two_doors(js):
    """Without momentum the shared logit settles at the lower edge of the band: outside, only the losers vote."""
    s = {"rate": 0.02, "momentum": 0, "epsilon": 0.2, "steps": 60, "shared": True}
    assert js(Coasting, "m.run(arg)", s)[-1][0] == pytest.approx(0.8, abs=0.03)
    inside, outside = js(Coasting, "[m.slope(0, arg), m.slope(Math.log(0.3 / 0.7), arg)]", s)
    assert inside == pytest.approx(-5 / 16 / 4) and outside == pytest.approx(11 / 16 * 0.21)


def test_coasting_challenge_by_keyboard(show):
    page = show(Coasting())
    page.get_by_label("momentum").focus()
    press(page, "ArrowRight", 7)
    assert not met(page)
    press(page, "ArrowRight")
    assert met(page), page.locator(".pg-fig-say").inner_text()
