"""Chapter 2's explorables: their arithmetic against differences, quadrature and the package,
and their challenges by keyboard alone."""

import itertools

import numpy as np
import pytest
from scipy import optimize

import learning_to_act.explorables as explorables
import policy_gradient as pg
from tests.helpers.figures import met, press

# ---- push and pull ----
SETTINGS = {
    "even": ([1 / 3] * 3, [1, 2, 3]),
    "confident": ([0.8, 0.15, 0.05], [0, 1, 4]),
    "backfire": ([0.05, 0.05, 0.9], [0, 0, 1]),
}


def steps(policy, q):
    """Every possible sampled step, one a row."""
    return (np.eye(3) - policy) * np.array(q, float)[:, None]


def spread(policy, q):
    return np.sqrt(np.trace(np.cov(steps(policy, q).T, aweights=policy, bias=True)))


def test_pushpull_steps_are_gradients(js):
    rng = np.random.default_rng(3)
    for _ in range(5):
        logits, q = rng.normal(size=3), rng.normal(size=3)
        policy = np.exp(logits) / np.exp(logits).sum()
        slope = optimize.approx_fprime(logits, lambda z: np.exp(z - z.max()) @ q / np.exp(z - z.max()).sum(), 1e-7)
        np.testing.assert_allclose(
            js(explorables.PushAndPull, "m.expectedStep(arg[0], arg[1])", [policy.tolist(), q.tolist()]),
            slope,
            atol=1e-6,
        )
        for a in range(3):
            score = optimize.approx_fprime(logits, lambda z: z[a] - np.log(np.exp(z).sum()), 1e-7)
            np.testing.assert_allclose(
                js(explorables.PushAndPull, "m.score(arg[0], arg[1])", [policy.tolist(), a]), score, atol=1e-6
            )
        package = pg.TabularSoftmax(1, 3).score(logits, np.zeros(3, int), np.arange(3))
        np.testing.assert_allclose(
            js(explorables.PushAndPull, "[0, 1, 2].map(a => m.score(arg, a))", policy.tolist()), package, atol=1e-12
        )


@pytest.mark.parametrize("preset", SETTINGS)
def test_pushpull_spread(js, preset):
    policy, q = SETTINGS[preset]
    preset = js(explorables.PushAndPull, f"m.PRESETS.{preset}")
    np.testing.assert_allclose(preset["policy"], policy)
    assert preset["q"] == q
    for constant in (-2, 0, 0.5, 10):
        got = js(explorables.PushAndPull, "m.spread(arg[0], arg[1], arg[2])", [policy, q, constant])
        assert got == pytest.approx(spread(policy, np.add(q, constant)))
    best = optimize.minimize_scalar(lambda c: spread(policy, np.add(q, c)))
    least = js(explorables.PushAndPull, "m.spread(arg[0], arg[1], arg[2])", [policy, q, best.x])
    assert least == pytest.approx(best.fun)


def test_pushpull_claims():
    even, q = SETTINGS["even"]
    assert [round(spread(even, np.add(q, c)), 2) for c in (0, 10, -2)] == [1.70, 9.81, 0.47]
    assert round(spread(even, np.subtract(q, 2)) / spread(even, q), 2) == 0.28
    policy, q = SETTINGS["confident"]
    best = optimize.minimize_scalar(lambda b: spread(policy, np.subtract(q, b)))
    assert round(best.fun / spread(policy, q), 2) == 0.63
    policy, q = SETTINGS["backfire"]
    best = optimize.minimize_scalar(lambda b: spread(policy, np.subtract(q, b)))
    assert [
        round(v**2, 4) for v in (spread(policy, q), spread(policy, np.subtract(q, np.dot(policy, q))), best.fun)
    ] == [0.0013, 0.1269, 0.0004]


def test_pushpull_plane_keeps_lengths(js):
    vectors = np.random.default_rng(4).normal(size=(20, 3))
    vectors -= vectors.mean(1, keepdims=True)
    flat = np.array(js(explorables.PushAndPull, "arg.map(m.inPlane)", vectors.tolist()))
    np.testing.assert_allclose(flat @ flat.T, vectors @ vectors.T, atol=1e-12)


def test_pushpull_one_probability_at_a_time(js):
    got = js(explorables.PushAndPull, "m.withProbability([0.5, 0.3, 0.2], 0, 0.75)")
    np.testing.assert_allclose(got, [0.75, 0.15, 0.1])


def test_pushpull_challenges_by_keyboard(show):
    page = show(explorables.PushAndPull())
    constant = page.get_by_label("add to every Q")
    for name, presses in [("even", 24), ("confident", 31), ("nearly sure", 1)]:
        page.get_by_role("radio", name=name).focus()
        page.keyboard.press("Space")
        assert not met(page)
        constant.focus()
        press(page, "ArrowLeft", presses)
        assert met(page), page.locator(".pg-fig-say").inner_text()


def test_pushpull_challenge_is_for_the_given_setting(show):
    page = show(explorables.PushAndPull())
    page.get_by_role("slider", name="Value of action 3").press("ArrowLeft")
    page.get_by_label("add to every Q").focus()
    press(page, "ArrowLeft", 30)
    assert not met(page)


def test_pushpull_a_constant_moves_the_samples_and_not_their_centre(show):
    page = show(explorables.PushAndPull())
    page.get_by_role("button", name="Sample 100").click()
    assert page.locator(".pg-push-sample").count() == 100
    arrow = page.locator(".pg-push-step").get_attribute("d")
    radius = float(page.locator(".pg-push-spread").get_attribute("r"))
    page.get_by_label("add to every Q").focus()
    press(page, "ArrowLeft", 20)
    assert page.locator(".pg-push-step").get_attribute("d") == arrow
    now = float(page.locator(".pg-push-spread").get_attribute("r"))
    assert now / radius == pytest.approx(spread([1 / 3] * 3, [0, 1, 2]) / spread([1 / 3] * 3, [1, 2, 3]), rel=1e-3)
    assert page.locator(".pg-push-sample").count() == 100


def test_pushpull_following_the_step_earns_more(show):
    page = show(explorables.PushAndPull())
    for _ in range(20):
        page.get_by_role("button", name="Take the expected step").click()
    assert float(page.get_by_role("slider", name="Probability of action 3").get_attribute("aria-valuenow")) > 0.9


# ---- the landscape ----
def two_doors(theta):
    p, q = 1 / (1 + np.exp(-np.asarray(theta, float)))
    return -p / 4 + (1 - p) * q / 8


def test_landscape_arrows(js):
    mdp, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    for theta in np.random.default_rng(5).uniform(-4, 4, size=(10, 2)):
        got = js(explorables.Landscape, "[m.value(arg), m.direction(arg), m.differences(arg)]", theta.tolist())
        slope = [(two_doors(theta + e) - two_doors(theta - e)) / 2e-6 for e in 1e-6 * np.eye(2)]
        assert got[0] == pytest.approx(two_doors(theta), abs=1e-14)
        np.testing.assert_allclose(got[1], slope, atol=1e-9)
        np.testing.assert_allclose(got[1], pg.exact_gradient(mdp, policy, theta), atol=1e-14)
        np.testing.assert_allclose(got[1], got[2], atol=1e-10)  # what the page prints stays below 1e-10


def test_landscape_world_is_two_doors(js):
    mdp, world = pg.two_doors(), js(explorables.Landscape, "m.WORLD")
    for s, a in itertools.product(range(4), range(2)):
        to = np.zeros(4) if world["next"][s][a] < 0 else np.eye(4)[world["next"][s][a]]
        np.testing.assert_array_equal(mdp.P[s, a], to)
    np.testing.assert_array_equal(mdp.R, world["reward"])
    assert mdp.gamma == world["gamma"]


def test_landscape_claims(js):
    got = js(
        explorables.Landscape,
        "[m.direction([0, 0]), m.direction([0, 0], 'gamma'), m.direction([0, 0], 'visits'), "
        "m.shares([0, 0]), m.evaluate([0, 0])]",
    )
    assert got[0] == [-0.078125, 0.015625] and got[1] == [0.09375, 0.0625] and got[2] == [0.09375, 0.125]
    assert [share[0] for share in got[3]] == [-0.25, 0.171875, 0, 0]
    assert got[4]["visits"] == [1, 0.5, 0.125, 0.125] and got[4]["V"] == [-0.09375, 0.8125, -3, 0.25]
    for theta, J in [((-40, 40), 0.125), ((40, 0), -0.25)]:
        assert js(explorables.Landscape, "m.value(arg)", theta) == pytest.approx(J)


@pytest.mark.parametrize(
    "field, weights, want",
    [("theorem", lambda p: (1, 0.5, (1 - p) / 4), 0), ("gamma", lambda p: (1, 1, 1 - p), -0.145)],
)
def test_landscape_work_round_the_loop(js, field, weights, want):
    def along(axis, fixed):  # one side of the square, by quadrature
        from scipy.integrate import quad

        def slope(t):
            theta = np.insert([float(fixed)], axis, t)
            p, q = 1 / (1 + np.exp(-theta))
            w = weights(p)
            return (p * (1 - p) * (-w[0] + w[1] * (1.5 - q / 4)), q * (1 - q) * w[2] / 2)[axis]

        return quad(slope, -2, 2)[0]

    total = along(0, -2) + along(1, 2) - along(0, 2) - along(1, -2)
    assert round(total, 3) == want
    assert js(explorables.Landscape, f"m.work('{field}')") == pytest.approx(total, abs=1e-6)


@pytest.mark.parametrize("field, end", [("theorem", 0.125), ("visits", -0.25), ("gamma", -0.25)])
def test_landscape_climb(show, field, end):
    page = show(explorables.Landscape(field=field, rate=40), reduced_motion="reduce")
    page.get_by_role("button", name="Climb").click()
    page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('steps J went')")
    J = float(
        page.get_by_role("slider", name="The two logits")
        .get_attribute("aria-valuetext")
        .split("J ")[1]
        .replace("\u2212", "-")
    )
    assert abs(J - end) < 0.005


def test_landscape_challenge_by_keyboard(show):
    page = show(explorables.Landscape())
    handle = page.get_by_role("slider", name="The two logits")
    handle.press("Home")
    assert not met(page), "a plateau at the top is not the one asked for"
    handle.press("End")
    assert met(page)


def test_landscape_loop(show):
    page = show(explorables.Landscape(field="gamma"), reduced_motion="reduce")
    page.get_by_role("button", name="Walk a loop").click()
    page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('\u22120.145')")
    said = page.locator(".pg-fig-say").last.inner_text()
    assert "\u22120.145" in said and "nobody" in said


@pytest.mark.parametrize("level", [0.3, 0.7])
def test_landscape_contours_lie_on_their_level(js, level):
    segments = np.array(
        js(
            explorables.Landscape,
            "m.contour(Array.from({ length: 11 }, (_, i) => "
            f"Array.from({{ length: 11 }}, (_, j) => (i + 2 * j) / 30)), {level})",
        )
    )
    assert len(segments) > 5
    np.testing.assert_allclose(segments @ [1, 2] / 30, level)
