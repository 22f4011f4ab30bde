"""The explorables in headless Chromium: their arithmetic against Python, and how they answer to mouse, finger and keys.

Each is mounted by the site's own host from the state that Python stores, on a page made here: no site has to be built.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

import learning_to_act.explorables as explorables
import policy_gradient as pg
from tests.helpers.figures import CLASSES, drag, met, press


# ---- the corridor ----
def corridor_by_linear_solve(p, cells):
    step = np.zeros((cells, cells + 1))
    for i in range(cells):
        right, left = (i + 1, max(0, i - 1)) if i != 1 else (i - 1, i + 1)
        step[i, right] += p
        step[i, left] += 1 - p
    return np.linalg.solve(np.eye(cells) - step[:, :cells], -np.ones(cells))[0]


@pytest.mark.parametrize("cells", [3, 5])
def test_corridor_values(js, cells):
    ps = np.linspace(0.02, 0.98, 49)
    got = js(explorables.ShortCorridor, f"arg.map(p => m.corridorValue(p, {cells}))", ps.tolist())
    np.testing.assert_allclose(got, [corridor_by_linear_solve(p, cells) for p in ps], rtol=1e-9)
    mdp = pg.short_corridor(cells)
    package = [pg.expected_return(mdp, np.tile([1 - p, p], (len(mdp.P), 1))) for p in ps]
    np.testing.assert_allclose(got, package, rtol=1e-9)


@pytest.mark.parametrize("cells, p, J", [(3, 0.586, -11.66), (5, 0.739, -18.20)])
def test_corridor_best_policy(js, cells, p, J):
    found = optimize.minimize_scalar(
        lambda x: -corridor_by_linear_solve(x, cells), bounds=(0.01, 0.99), method="bounded", options={"xatol": 1e-10}
    )
    best = js(explorables.ShortCorridor, f"m.bestPolicy({cells})")
    assert abs(best - found.x) < 1e-5
    assert round(best, 3) == p and round(-found.fun, 2) == J
    assert js(explorables.ShortCorridor, f"m.corridorValue(0.5, {cells})") == pytest.approx({3: -12, 5: -30}[cells])


def test_corridor_marks_are_the_epsilon_greedy_policies(js):
    marks = js(explorables.ShortCorridor, "m.greedyMarks(0.1)")
    assert marks == pytest.approx({"left": 0.05, "right": 0.95})
    values = [js(explorables.ShortCorridor, "m.corridorValue(arg)", marks[k]) for k in ("left", "right")]
    np.testing.assert_allclose(np.round(values, 1), [-82.1, -44.2])


@pytest.mark.parametrize("cells, p", [(3, 0.586), (3, 0.9), (5, 0.74)])
def test_corridor_walks_have_the_mean_they_should(js, cells, p):
    walks = js(
        explorables.ShortCorridor, f"(u => Array.from({{ length: 4000 }}, () => m.walk({p}, {cells}, u)))(m.random(7))"
    )
    for visited in walks[:50]:
        assert visited[0] == 0 and visited[-1] == cells and max(visited[:-1]) < cells
        assert all(abs(b - a) == 1 or a == b == 0 for a, b in itertools.pairwise(visited))
    returns = -np.array([len(w) - 1 for w in walks])
    error = returns.std(ddof=1) / np.sqrt(len(returns))
    assert abs(returns.mean() - corridor_by_linear_solve(p, cells)) < 4 * error
    if (cells, p) == (3, 0.586):
        assert abs(returns.std() - 9.4) < 0.5  # what the chapter says of one episode


def test_corridor_interval(js):
    x = np.random.default_rng(0).normal(-12, 9, size=57)
    got = js(explorables.ShortCorridor, "m.interval(arg)", {"n": 57, "total": x.sum(), "squares": (x**2).sum()})
    want = stats.norm.interval(0.95, x.mean(), stats.sem(x))
    np.testing.assert_allclose([got["mean"] - got["half"], got["mean"] + got["half"]], want, atol=1e-3)


def test_corridor_challenge_by_keyboard(show):
    page = show(explorables.ShortCorridor())
    handle = page.get_by_role("slider", name="Probability of going right")
    assert not met(page)
    press(page, "Tab", 4)  # Walk, Walk 100, Walk 1 000, Show
    page.keyboard.press("Tab"), page.keyboard.press("Tab")
    assert handle.evaluate("e => e === document.activeElement")
    press(page, "PageDown", 3)
    press(page, "ArrowLeft", 1)
    assert handle.get_attribute("aria-valuenow") == "0.59" and met(page)
    assert "-11.66" in handle.get_attribute("aria-valuetext").replace("\u2212", "-")
    press(page, "Home")
    assert handle.get_attribute("aria-valuenow") == "0.01"
    press(page, "End")
    assert handle.get_attribute("aria-valuenow") == "0.99"
    page.get_by_role("button", name="Reset").click()
    assert handle.get_attribute("aria-valuenow") == "0.9" and met(page), "once met, met for the session"
    page.reload()
    page.wait_for_selector(".pg-fig-met")


def test_corridor_five_cells_have_their_own_challenge(show):
    page = show(explorables.ShortCorridor(p=0.58))
    page.get_by_role("slider", name="Probability of going right").press("ArrowRight")
    assert met(page)
    page.get_by_role("radio", name="five cells").check()
    assert not met(page) and "five cells allow" in page.locator(".pg-fig-challenge").inner_text()
    page.get_by_role("slider", name="Probability of going right").focus()
    press(page, "ArrowRight", 15)
    assert met(page)


def test_corridor_walks_are_counted_and_repeatable(show):
    means = []
    for _ in range(2):
        page = show(explorables.ShortCorridor(p=0.59), reduced_motion="reduce")
        page.get_by_role("button", name="Walk", exact=True).click()
        page.wait_for_function("document.querySelector('.pg-fig-say').textContent.includes('Mean of 1 walk ')")
        page.get_by_role("button", name="Walk 100").click()
        means.append(page.locator(".pg-fig-say").inner_text())
        assert "Mean of 101 walks" in means[-1]
    assert means[0] == means[1]


def test_corridor_walk_can_be_stopped(show):
    page = show(explorables.ShortCorridor(p=0.99))
    page.get_by_role("button", name="Walk", exact=True).click()
    page.get_by_role("button", name="Stop").click()
    assert page.get_by_role("button", name="Walk", exact=True).count() == 1
    assert "Mean" not in page.locator(".pg-fig-say").inner_text()


def test_corridor_reversed_cell_is_hidden_until_asked(show):
    page = show(explorables.ShortCorridor())
    assert page.get_by_text("right goes left here").count() == 0
    page.get_by_role("button", name="Show what the agent cannot see").click()
    assert page.get_by_text("right goes left here").count() == 1


# ---- the simplex ----
PAYOFFS = {"classic": pg.RPS, "rock2": pg.RPS_ROCK2}


def self_play(policy, payoff, steps, *, simultaneous=False, temperature=0.0, step=0.1):
    """Written apart from the package and the figure: multiply, normalise. Policies and their running sum."""
    x = y = np.array(policy)
    total = np.zeros(3)
    for _ in range(steps):
        old = x
        x = x ** (1 - step * temperature) * np.exp(step * payoff @ y)
        x /= x.sum()
        y = y ** (1 - step * temperature) * np.exp(step * payoff @ (old if simultaneous else x))
        y /= y.sum()
        total += x
    return x, y, total / steps


@pytest.mark.parametrize("game", PAYOFFS)
def test_simplex_replies(js, game):
    policies = np.random.default_rng(1).dirichlet(np.ones(3), size=40)
    M = PAYOFFS[game]
    got = js(
        explorables.SimplexGame,
        f"arg.map(p => ({{ worst: m.exploitability(p, m.PAYOFF.{game}), best: m.bestReply(p, m.PAYOFF.{game}) }}))",
        policies.tolist(),
    )
    np.testing.assert_allclose(
        [g["worst"] for g in got], [max(-sum(p[a] * M[a, b] for a in range(3)) for b in range(3)) for p in policies]
    )
    assert [g["best"] for g in got] == pg.best_response(policies, M).tolist()
    assert js(explorables.SimplexGame, f"m.PAYOFF.{game}") == M.tolist()


def test_simplex_rates_count_rounds(js):
    policy = [0.5, 0.3, 0.2]
    for reply in range(3):
        signs = np.sign(pg.RPS[reply])  # what the reply gets against rock, paper, scissors
        want = {
            k: sum(p for p, s in zip(policy, signs) if s == v) for k, v in {"win": 1, "draw": 0, "lose": -1}.items()
        }
        assert js(explorables.SimplexGame, "m.rates(arg[0], arg[1])", [reply, policy]) == pytest.approx(want)


@pytest.mark.parametrize("game", PAYOFFS)
def test_simplex_map_is_exact(js, game):
    M = PAYOFFS[game]
    areas = []
    for reply in range(3):
        corners = np.array(js(explorables.SimplexGame, f"m.region({reply}, m.PAYOFF.{game})"))
        np.testing.assert_allclose(corners.sum(1), 1)
        losses = -corners @ M
        assert (losses[:, reply] >= losses.max(1) - 1e-12).all()
        x, y = corners[:, 1], corners[:, 2]
        areas.append(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))
    assert sum(areas) == pytest.approx(1)  # the three regions tile the triangle
    inside = np.array(js(explorables.SimplexGame, f"m.below(0.05, m.PAYOFF.{game})"))
    np.testing.assert_allclose((-inside @ M).max(1), 0.05)
    equilibrium = js(explorables.SimplexGame, f"m.EQUILIBRIUM.{game}")
    assert max(-np.array(equilibrium) @ M) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("game, simultaneous, temperature", list(itertools.product(PAYOFFS, (False, True), (0, 0.1))))
def test_simplex_self_play(js, game, simultaneous, temperature):
    start, steps = [0.66, 0.17, 0.17], 200
    got = js(
        explorables.SimplexGame,
        f"""(() => {{ let s = m.begin(arg);
        for (let i = 0; i < {steps}; i++) s = m.playRound(s, m.PAYOFF.{game},
            {{ simultaneous: {str(simultaneous).lower()}, temperature: {temperature} }});
        return [m.softmax(s.mine), m.softmax(s.theirs), m.average(s)]; }})()""",
        start,
    )
    want = self_play(start, PAYOFFS[game], steps, simultaneous=simultaneous, temperature=temperature)
    np.testing.assert_allclose(got, want, atol=1e-9)
    history = pg.self_play(start, start, PAYOFFS[game], steps, temperature=temperature, simultaneous=simultaneous)
    np.testing.assert_allclose(got, [*history[-1], history[1:, 0].mean(0)], atol=1e-9)


def exploitability(policy, payoff):
    return max(-np.asarray(policy) @ payoff)


def test_simplex_claims():
    start = [0.66, 0.17, 0.17]
    assert round(exploitability(start, pg.RPS), 2) == 0.49
    now, _, average = self_play(start, pg.RPS, 1000)
    assert 0.3 < exploitability(now, pg.RPS) < 0.55 and exploitability(average, pg.RPS) < 0.008
    assert exploitability(self_play(start, pg.RPS, 20000)[2], pg.RPS) < 0.001
    orbit = [-np.log(3 * self_play(start, pg.RPS, n)[0]).mean() for n in (1, 5000)]  # divergence from the middle
    assert abs(orbit[1] - orbit[0]) < 0.1
    assert exploitability(self_play(start, pg.RPS, 1000, simultaneous=True)[0], pg.RPS) > 0.8  # outward
    settled = self_play(start, pg.RPS_ROCK2, 3000, temperature=0.1)[0]
    np.testing.assert_allclose(settled, [0.269, 0.497, 0.235], atol=6e-4)
    np.testing.assert_allclose(
        settled, pg.softmax(pg.RPS_ROCK2 @ settled / 0.1), atol=1e-6
    )  # the regularised equilibrium
    assert exploitability([1 / 3] * 3, pg.RPS_ROCK2) == pytest.approx(1 / 3)


def test_simplex_keys_stay_on_the_triangle(js):
    moves = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight", "PageUp", "PageDown", "Home", "End"]
    keys = np.random.default_rng(2).choice(moves, 300).tolist()
    path = js(explorables.SimplexGame, "(p => arg.map(k => (p = m.keyMove(p, k, false))))([0.66, 0.17, 0.17])", keys)
    path = np.array(path)
    assert path.min() >= 0
    np.testing.assert_allclose(path.sum(1), 1, atol=1e-9)
    before, after = (
        np.array([0.5, 0.3, 0.2]),
        js(explorables.SimplexGame, "['ArrowUp','ArrowRight'].map(k => m.keyMove([0.5, 0.3, 0.2], k))"),
    )
    np.testing.assert_allclose(after - before, [[-0.005, 0.01, -0.005], [-0.01, 0, 0.01]], atol=1e-12)
    assert js(explorables.SimplexGame, "m.keyMove([0.5, 0.3, 0.2], 'Tab') === undefined")


def test_simplex_challenges_by_keyboard(show):
    page = show(explorables.SimplexGame())
    handle = page.get_by_role("slider", name="Your policy")
    handle.focus()
    press(page, "ArrowRight", 24)
    press(page, "ArrowUp", 16)
    assert met(page) and "exploitability 0.0" in handle.get_attribute("aria-valuetext")
    page.get_by_role("radio", name="rock\u2019s win pays 2").focus()
    page.keyboard.press("Space")
    assert not met(page), "the middle is wrong in the second game"
    handle.focus()
    press(page, "PageUp", 2)
    press(page, "ArrowDown", 3)
    page.keyboard.press("ArrowLeft")
    assert met(page), handle.get_attribute("aria-valuetext")


def test_simplex_self_play_shows_its_numbers(show):
    page = show(explorables.SimplexGame(mode="selfplay"))
    assert "In turns, each moves" in page.locator(".pg-fig-say").inner_text()
    page.get_by_role("button", name="+1\u202f000").click()
    now, _, average = self_play([0.66, 0.17, 0.17], pg.RPS, 1000)
    said = page.locator(".pg-fig-say").inner_text()
    assert "1\u202f000 steps" in said
    assert f"lose {exploitability(now, pg.RPS):.3f}" in said and f"loses {exploitability(average, pg.RPS):.4f}" in said
    assert not met(page), "an average is not the reader's own find"
    page.get_by_label("simultaneous").check()
    assert "steps." not in page.locator(".pg-fig-say").inner_text().split("You")[0], "another rule starts afresh"
    assert "At once, each moves" in page.locator(".pg-fig-say").inner_text()
    page.get_by_role("button", name="Step").click()
    assert "1 step." in page.locator(".pg-fig-say").inner_text()


def test_simplex_run_can_be_stopped(show):
    page = show(explorables.SimplexGame(mode="selfplay"), frozen=True)
    page.get_by_role("button", name="Run").click()
    page.clock.run_for(300)
    page.get_by_role("button", name="Stop").click()
    said = page.locator(".pg-fig-say").inner_text()
    page.clock.run_for(200)
    assert page.locator(".pg-fig-say").inner_text() == said and 0 < int(said.split()[0]) < 500


# ---- bins ----
def test_bins_count(js):
    for joints, bins in itertools.product((1, 2, 3), (2, 3, 5)):
        cells = len(list(itertools.product(range(bins), repeat=joints)))
        assert js(explorables.BinsVsDimensions, "Number(m.tableCells(arg[0], arg[1]))", [joints, bins]) == cells
    assert js(explorables.BinsVsDimensions, "String(m.tableCells(10, 101))") == str(101**10)
    assert js(explorables.BinsVsDimensions, "[m.factoredLogits(7, 11), m.gaussianNumbers(7)]") == [77, 14]
    assert 11**8 < 10**9 < 11**9
    assert js(explorables.BinsVsDimensions, "m.inWords(m.tableCells(7, 11))") == "19.5 million"


@pytest.mark.parametrize("bins", [2, 11, 40])
def test_bins_miss(js, bins):
    centres = np.array(js(explorables.BinsVsDimensions, f"m.centres({bins})"))
    torques = np.linspace(-1, 1, 1001)
    misses = abs(torques[:, None] - centres)
    got = np.array(js(explorables.BinsVsDimensions, f"arg.map(t => m.nearest(t, {bins}))", torques.tolist()))
    np.testing.assert_allclose(misses[np.arange(1001), got], misses.min(1), atol=1e-12)
    assert misses.min(1).max() == pytest.approx(js(explorables.BinsVsDimensions, f"m.worstMiss({bins})"))


def test_bins_challenge_by_keyboard(show):
    page = show(explorables.BinsVsDimensions())
    page.get_by_label("joints D").focus()
    press(page, "ArrowRight", 1)
    assert not met(page)
    press(page, "ArrowRight", 1)
    assert met(page) and "2\u202f357\u202f947\u202f691" in page.locator(".pg-fig-formula").inner_text()


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
    assert js(explorables.PushAndPull, "m.bestConstant(arg[0], arg[1])", [policy, q]) == pytest.approx(best.x, abs=1e-5)


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


# ---- all of them ----
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
