"""Chapter 1's explorables: their arithmetic against linear solves, enumeration and the package,
and their challenges by keyboard alone."""

import itertools

import numpy as np
import pytest
from scipy import optimize, stats

import learning_to_act.explorables as explorables
import policy_gradient as pg
from tests.helpers.figures import met, press


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
    equilibrium = {"classic": [1 / 3, 1 / 3, 1 / 3], "rock2": [1 / 4, 1 / 2, 1 / 4]}[game]
    assert max(-np.array(equilibrium) @ M) == pytest.approx(0, abs=1e-12)
    lost = js(explorables.SimplexGame, f"m.exploitability(arg, m.PAYOFF.{game})", equilibrium)
    assert lost == pytest.approx(0, abs=1e-12)


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
