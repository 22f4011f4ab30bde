"""Chapter 3's explorables: the score sampler, the estimator race and the training replay.
What all have in common is tested in tests/site/test_explorables.py."""

import gzip
import itertools
import json

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import learning_to_act.explorables as explorables
import policy_gradient as pg
from learning_to_act.explorables.race import HORIZONS, WEIGHTS, race_table
from learning_to_act.explorables.replay import replay
from tests.helpers.figures import drag, met, press

THREE = [explorables.ScoreSampler, explorables.EstimatorRace, explorables.TrainingReplay]


# ---- the score sampler ----
KNOTS = [-3, -1.5, 0, 1.5, 3]
CURVE = {"kind": "curve", "mu": 0.4, "f": [1.2, 1.6, 2.2, 3.0, 3.2], "baseline": 0.7, "samples": 20}
WILD = {"kind": "curve", "mu": -1.3, "f": [4, -1, 3.5, 0, -0.5], "baseline": -0.4, "samples": 20}
STEP = {"kind": "step", "mu": 0.0, "f": [0, 0, 0, 0, 0], "baseline": 0.5, "samples": 20}


def height(s, x):
    return float(x > 0) if s["kind"] == "step" else np.interp(x, KNOTS, s["f"])


def average(g, mu):
    """E[g(x)] under the bell, by quadrature between the places where g may bend or jump."""
    places = [mu - 9, *[k for k in KNOTS if abs(k - mu) < 9], mu + 9]
    return sum(
        integrate.quad(lambda x: g(x) * stats.norm.pdf(x, mu), a, b, epsabs=1e-11)[0]
        for a, b in itertools.pairwise(places)
    )


@pytest.mark.parametrize("s", [CURVE, WILD, STEP, STEP | {"mu": 0.8, "baseline": 0}])
def test_sampler_knows_the_truth(js, s):
    mu, h = s["mu"], 1e-4
    slope = (average(lambda x: height(s, x), mu + h) - average(lambda x: height(s, x), mu - h)) / (2 * h)

    def second(b):
        return average(lambda x: ((height(s, x) - b) * (x - mu)) ** 2, mu)

    best = optimize.minimize_scalar(second, bounds=(-2, 5), method="bounded", options={"xatol": 1e-7}).x
    got = js(explorables.ScoreSampler, "m.exact(arg)", s)
    wide = 2e-3 if s["kind"] == "step" else 1e-5  # the page's grid cuts a jump within one cell of .004
    assert got["truth"] == pytest.approx(slope, abs=wide) and got["best"] == pytest.approx(best, abs=2 * wide)
    assert got["variance"] == pytest.approx(second(s["baseline"]) - slope**2, abs=2 * wide)
    assert got["plain"] == pytest.approx(second(0) - slope**2, abs=2 * wide)


def test_sampler_agrees_with_the_chapter(js):
    """The step at 0 in closed form: slope phi(0), E[(f - b)^2 z^2] = (b^2 + (1 - b)^2) / 2."""
    for b, rounded in [(0, 0.341), (0.5, 0.091)]:
        got = js(explorables.ScoreSampler, "m.exact(arg)", STEP | {"baseline": b})
        assert got["truth"] == pytest.approx(1 / np.sqrt(2 * np.pi), abs=1e-5) and round(got["truth"], 4) == 0.3989
        assert got["variance"] == pytest.approx((b**2 + (1 - b) ** 2) / 2 - 1 / (2 * np.pi), abs=1e-5)
        assert round(got["variance"], 3) == rounded
    assert js(explorables.ScoreSampler, "m.exact(arg).best", STEP) == pytest.approx(0.5, abs=1e-5)


def test_sampler_functions(js):
    xs = np.linspace(-4, 4, 801) + 0.0011
    for s in (CURVE, WILD, STEP):
        got = js(
            explorables.ScoreSampler,
            "arg[1].map(x => [m.height(arg[0].kind, arg[0].f, x), "
            "m.slope(arg[0].kind, arg[0].f, x), m.pull(arg[0], x)])",
            [s, xs.tolist()],
        )
        heights, slopes, pulls = np.transpose(got)
        want = np.array([height(s, x) for x in xs])
        np.testing.assert_allclose(heights, want, atol=1e-12)
        np.testing.assert_allclose(pulls, (want - s["baseline"]) * (xs - s["mu"]), atol=1e-12)
        beside = [(height(s, x + 1e-4) - height(s, x - 1e-4)) / 2e-4 for x in xs]
        np.testing.assert_allclose(slopes, beside, atol=1e-8)


def test_sampler_estimates(js):
    z = np.random.default_rng(0).normal(size=(500, 20))
    for s in (CURVE, STEP):
        got = js(
            explorables.ScoreSampler,
            "(e => [Array.from(e.score), Array.from(e.pathwise)])(m.estimates(arg[0], arg[1]))",
            [s, z.ravel().tolist()],
        )
        x = s["mu"] + z
        f = np.vectorize(lambda v: height(s, v))(x)
        np.testing.assert_allclose(got[0], ((f - s["baseline"]) * z).mean(axis=1), atol=1e-12)
        truth = js(explorables.ScoreSampler, "m.exact(arg)", s)
        for values, spread in [(got[0], truth["variance"] / 20), *([(got[1], None)] if s["kind"] == "curve" else [])]:
            assert abs(np.mean(values) - truth["truth"]) < 4 * np.std(values, ddof=1) / np.sqrt(500)
            if spread:
                assert np.var(values, ddof=1) == pytest.approx(spread, rel=0.3)
    assert set(got[1]) == {0}, "on a step the path says 0, each time"


def test_sampler_draws_from_the_bell(js):
    z = js(explorables.ScoreSampler, "Array.from(m.normals(20000, m.random(5)))")
    assert stats.kstest(z, "norm").pvalue > 0.001 and abs(np.mean(z)) < 4 / np.sqrt(20000)


def test_sampler_histogram(js):
    values = np.random.default_rng(1).normal(size=300)
    got = js(explorables.ScoreSampler, "m.histogram(arg, -1, 1, 10)", values.tolist())
    inside = np.clip(values, -1, 1 - 1e-9)
    np.testing.assert_allclose(got, np.histogram(inside, 10, (-1, 1))[0] / 300)


def test_sampler_challenges_by_keyboard(show):
    page = show(explorables.ScoreSampler())
    slider = page.get_by_label("baseline b")
    slider.focus()
    press(page, "ArrowRight", 60)
    assert not met(page), "1.2 is not enough"
    press(page, "ArrowRight", 50)
    assert slider.input_value() == "2.2" and met(page)
    step = page.get_by_role("radio", name="a step")
    page.get_by_role("radio", name="a curve to bend").press("ArrowRight")
    assert step.is_checked() and not met(page)
    slider.focus()
    press(page, "ArrowLeft", 80)
    assert not met(page)
    press(page, "ArrowLeft", 5)
    assert slider.input_value() == "0.5" and met(page)
    assert "0, each time" in page.locator(".pg-fig-say").inner_text()


def test_sampler_shows_the_readers_samples(show):
    seen = []
    for _ in range(2):
        page = show(explorables.ScoreSampler())
        page.get_by_role("button", name="Sample", exact=True).click()
        assert "Your 1 sample:" in page.locator(".pg-fig-say").inner_text()
        page.get_by_role("button", name="Sample 100").click()
        seen.append(page.locator(".pg-fig-say").inner_text())
        assert "Your 101 samples:" in seen[-1] and page.locator(".pg-estimate-stem").count() == 14
    assert seen[0] == seen[1], "a class sees the same draws"
    page.get_by_role("button", name="Reset").click()
    assert "Your" not in page.locator(".pg-fig-say").inner_text()


def test_sampler_bending_the_curve(show):
    page = show(explorables.ScoreSampler())
    knot = page.get_by_role("slider", name="f at x = 1.5", exact=True)
    before = page.locator(".katex-html [data-v=truth]").text_content()
    drag(page, knot, 0, 40)
    assert float(knot.get_attribute("aria-valuenow")) < 2.2
    assert page.locator(".katex-html [data-v=truth]").text_content() != before


# ---- the estimator race ----
P = {(0, 0): (0.8, 0.2), (0, 1): (0.3, 0.7), (1, 0): (0.6, 0.4), (1, 1): (0.1, 0.9)}
R = {(0, 0): 0.0, (0, 1): -0.2, (1, 0): 1.0, (1, 1): 0.8}
THETA = np.array([[0.4, 0.0], [0.0, 0.0]])


def policy(s, theta=THETA):
    e = np.exp(theta[s])
    return e / e.sum()


def value(t, s, horizon, c, theta=THETA):
    return (
        sum(p * action_value(t, s, a, horizon, c, theta) for a, p in enumerate(policy(s, theta)))
        if t < horizon
        else 0.0
    )


def action_value(t, s, a, horizon, c, theta=THETA):
    return R[s, a] + c + sum(p * value(t + 1, n, horizon, c, theta) for n, p in enumerate(P[s, a]))


def score(s, a):
    g = np.zeros((2, 2))
    g[s] = np.eye(2)[a] - policy(s)
    return g.ravel()


def slope(horizon):
    """The gradient of the value of the first state, by central differences."""
    g = np.zeros(4)
    for i in range(4):
        bump = np.zeros(4)
        bump[i] = 1e-5
        up, down = (value(0, 0, horizon, 0.0, THETA + k * bump.reshape(2, 2)) for k in (1, -1))
        g[i] = (up - down) / 2e-5
    return g


def weights_of(path, coin, horizon, c, loan):
    """The five psi, (T,) each, of one trajectory [(s, a), ...] and one coin of the world, +1 or -1."""
    rewards = [R[step] + c for step in path]
    rewards[0] += coin * loan
    rewards[-1] -= coin * loan
    togo = np.array([sum(rewards[t:]) for t in range(horizon)])
    q = np.array([action_value(t, s, a, horizon, c) for t, (s, a) in enumerate(path)])
    v = np.array([value(t, s, horizon, c) for t, (s, _) in enumerate(path)])
    return {"total": np.full(horizon, togo[0]), "togo": togo, "q": q, "baseline": togo - v, "advantage": q - v}


@pytest.mark.parametrize("c, loan", [(0.0, 0.0), (1.3, 0.0), (0.0, 0.7), (2.0, 1.5)])
def test_race_by_enumeration(js, c, loan):
    horizon, outcomes = 2, []
    for a0, s1, a1, coin in itertools.product((0, 1), (0, 1), (0, 1), (1, -1)):
        path = [(0, a0), (s1, a1)]
        chance = policy(0)[a0] * P[0, a0][s1] * policy(s1)[a1] / 2
        psi = weights_of(path, coin, horizon, c, loan)
        outcomes.append((chance, {k: sum(w * score(*step) for w, step in zip(psi[k], path)) for k in WEIGHTS}))
    assert sum(chance for chance, _ in outcomes) == pytest.approx(1)
    table = json.loads(json.dumps(race_table(horizon)))
    gradient = slope(horizon)
    assert table["length"] == pytest.approx(np.linalg.norm(gradient), abs=1e-8)
    for name in WEIGHTS:
        mean = sum(chance * g[name] for chance, g in outcomes)
        np.testing.assert_allclose(mean, gradient, atol=1e-8)
        variance = sum(chance * (g[name] ** 2).sum() for chance, g in outcomes) - (mean**2).sum()
        assert js(
            explorables.EstimatorRace, "m.variance(arg[0], arg[1], arg[2])", [table["rows"][name], c, loan]
        ) == pytest.approx(variance, abs=1e-9)
        error = js(explorables.EstimatorRace, "m.relativeError(...arg)", [table, name, {"offset": c, "loan": loan}, 50])
        assert error == pytest.approx(np.sqrt(variance / 50) / np.linalg.norm(gradient), abs=1e-8)
        needed = js(
            explorables.EstimatorRace, "m.needed(...arg)", [table, name, {"offset": c, "loan": loan, "target": 0.05}]
        )
        assert np.sqrt(variance / max(needed, 1e-12)) / np.linalg.norm(gradient) == pytest.approx(
            0.05 if needed > 1e-9 else 0, abs=1e-6
        )


@pytest.mark.parametrize("horizon", HORIZONS)
def test_race_by_simulation(horizon):
    rng, n, c, loan = np.random.default_rng(horizon), 4000, 0.6, 0.9
    found = {name: [] for name in WEIGHTS}
    tables = {(t, s, a): action_value(t, s, a, horizon, c) for t in range(horizon) for s in (0, 1) for a in (0, 1)}
    pi = np.array([policy(0), policy(1)])
    for _ in range(n):
        s, path, coin = 0, [], rng.choice([1, -1])
        for _ in range(horizon):
            a = int(rng.random() >= pi[s, 0])
            path.append((s, a))
            s = int(rng.random() >= P[s, a][0])
        rewards = [R[step] + c for step in path]
        rewards[0] += coin * loan
        rewards[-1] -= coin * loan
        togo = np.cumsum(rewards[::-1])[::-1]
        q = np.array([tables[t, *step] for t, step in enumerate(path)])
        v = np.array([pi[s] @ [tables[t, s, 0], tables[t, s, 1]] for t, (s, _) in enumerate(path)])
        scores = np.array([score(*step) for step in path])
        for name, psi in [
            ("total", togo[0] + 0 * togo),
            ("togo", togo),
            ("q", q),
            ("baseline", togo - v),
            ("advantage", q - v),
        ]:
            found[name].append(psi @ scores)
    table = race_table(horizon)
    for name, samples in found.items():
        samples = np.array(samples)
        v0, v01, v1, vl = table["rows"][name]
        squares = ((samples - samples.mean(axis=0)) ** 2).sum(axis=1)
        assert abs(
            squares.sum() / (n - 1) - (v0 + 2 * c * v01 + c * c * v1 + loan * loan * vl)
        ) < 4 * squares.std() / np.sqrt(n), name
        assert abs(np.linalg.norm(samples.mean(axis=0)) - table["length"]) < 4 * np.sqrt(squares.mean() / n), name


def test_race_claims():
    def need(h, name, c=0.0):
        return np.dot([1, 2 * c, c * c], race_table(h)["rows"][name][:3]) / race_table(h)["length"] ** 2

    growth = {name: need(8, name) / need(2, name) for name in WEIGHTS}
    assert max(growth, key=growth.get) == "total", "longer horizons raise the total return most"
    for name in WEIGHTS:  # an offset hurts whatever has no baseline
        if name in ("baseline", "advantage"):
            assert need(6, name, 3.0) == pytest.approx(need(6, name))
        else:
            assert need(6, name, 3.0) > 3 * need(6, name)


def test_race_challenge_by_keyboard(show):
    page = show(explorables.EstimatorRace())
    page.get_by_label("add to every reward").focus()
    press(page, "End")
    assert not met(page)
    page.get_by_role("button", name="Reset").press("Enter")
    page.get_by_label("loan of the world").focus()
    press(page, "PageUp", 2)
    press(page, "ArrowRight", 30)
    assert met(page)


def test_race_line_reads_off_the_trajectories(show):
    page = show(explorables.EstimatorRace(horizon=2))
    handle = page.get_by_role("slider", name="Wanted relative error")
    table = race_table(2)
    for keys in ((), ("PageDown",), ("ArrowUp", "ArrowUp")):
        for key in keys:
            handle.press(key)
        target = float(handle.get_attribute("aria-valuenow"))
        want = np.ceil(table["rows"]["togo"][0] / table["length"] ** 2 / target**2 - 1e-9)
        label = page.get_by_role("img", name="For a relative error").get_attribute("aria-label").replace("\u202f", "")
        if want < 1e4:
            assert f"reward-to-go {want:.0f}," in label
    drag(page, handle, 0, 20)
    assert float(handle.get_attribute("aria-valuenow")) < target


# ---- the training replay ----
STORED = replay()


def weights_in_python(lengths, which, gamma):
    """The recipe's weights of one episode, written out: to-go less the mean of those still running,
    over the root mean square."""
    togo = [[sum(gamma**k for k in range(n - t)) for t in range(n)] for n in lengths]
    less = [[g[t] - np.mean([h[t] for h in togo if len(h) > t]) for t in range(len(g))] for g in togo]
    unit = np.sqrt(np.mean(np.concatenate(less) ** 2))
    return np.array(less[which]) / unit


@pytest.mark.parametrize("k", [0, 3, 7, 15])
def test_replay_weights(js, k):
    lengths = STORED["checkpoints"][k]["lengths"]
    rewards = (np.arange(max(lengths))[:, None] < lengths).astype(float)
    returns = pg.reward_to_go(rewards, 0.99)
    advantages = np.where(rewards > 0, returns - pg.batch_mean(returns, rewards > 0), 0)
    advantages /= np.sqrt((advantages**2).sum() / rewards.sum())
    for place in (0, 9, 19):
        got = js(
            explorables.TrainingReplay, "m.weights(arg[0][arg[1]], m.compare(arg[0], 0.99), 0.99)", [lengths, place]
        )
        np.testing.assert_allclose(got, advantages[: lengths[place], place], atol=1e-9)
        if k < 4:
            np.testing.assert_allclose(got, weights_in_python(lengths, place, 0.99), atol=1e-9)


def test_replay_weights_when_all_stand(js):
    got = js(explorables.TrainingReplay, "m.weights(500, m.compare(arg, 0.99), 0.99)", [500] * 20)
    np.testing.assert_allclose(got, 0, atol=1e-5)


def test_replay_unpacks(js):
    film = STORED["checkpoints"][5]["episodes"]["longest"]
    got = js(explorables.TrainingReplay, "m.decode(arg)", film)
    assert got["length"] == len(film["x"])
    np.testing.assert_allclose(got["x"], np.cumsum(film["x"]) / 1000, atol=1e-12)
    np.testing.assert_allclose(got["angle"], np.cumsum(film["angle"]) / 10, atol=1e-12)
    assert got["right"] == [v > 0 for v in film["score"]]
    np.testing.assert_allclose(got["doubt"], [(abs(v) - 1) / 100 for v in film["score"]], atol=1e-12)


def test_replay_medians(js):
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 20):
        values = rng.integers(500, size=n)
        assert js(explorables.TrainingReplay, "m.median(arg)", values.tolist()) == np.median(values)
    first = next(k for k, c in enumerate(STORED["checkpoints"]) if np.median(c["lengths"]) >= 200)
    assert js(explorables.TrainingReplay, "m.firstStanding(arg, 200)", STORED["checkpoints"]) == first == 7


def test_replay_challenge_by_keyboard(show):
    page = show(explorables.TrainingReplay())
    updates = page.get_by_role("slider", name="Updates made")
    claim, said = page.get_by_role("button", name="This is the first"), page.locator(".pg-fig-say")
    updates.press("End")
    assert updates.get_attribute("aria-valuenow") == "20" and not met(page), "passing over it is not finding it"
    claim.press("Enter")
    assert not met(page) and "an earlier checkpoint" in said.inner_text()
    updates.press("Home")
    for _ in range(6):
        updates.press("ArrowRight")
    claim.press("Enter")
    assert not met(page) and "Not yet: the median here is 132" in said.inner_text()
    updates.press("ArrowRight")
    assert "Not yet" not in said.inner_text()
    claim.press("Enter")
    assert met(page) and "the median is 213" in said.inner_text()


def test_replay_handles_by_mouse_and_keys(show):
    page = show(explorables.TrainingReplay(checkpoint=2))
    updates, step = (
        page.get_by_role("slider", name="Updates made"),
        page.get_by_role("slider", name="Step of the episode"),
    )
    cart = page.get_by_role("img", name="the cart at")
    start = cart.get_attribute("aria-label")
    drag(page, updates, 120, 0)
    k = int(updates.get_attribute("aria-valuenow"))
    assert k > 6 and f"{k} updates" in updates.get_attribute("aria-valuetext")
    assert cart.get_attribute("aria-label") != start
    step.press("End")
    length = STORED["checkpoints"][k]["lengths"][9]
    assert int(step.get_attribute("aria-valuenow")) == length == int(step.get_attribute("aria-valuemax"))
    drag(page, step, -200, 0)
    assert 1 < int(step.get_attribute("aria-valuenow")) < length - 50
    step.press("Home")
    assert step.get_attribute("aria-valuenow") == "1"
    page.get_by_role("radio", name="shortest").check()
    assert int(step.get_attribute("aria-valuemax")) == STORED["checkpoints"][k]["lengths"][0]


def test_replay_shows_each_steps_numbers(show):
    page = show(explorables.TrainingReplay(checkpoint=3, episode="longest", step=0))
    checkpoint = STORED["checkpoints"][3]
    want = weights_in_python(checkpoint["lengths"], 19, 0.99)
    step, doubt = (
        page.get_by_role("slider", name="Step of the episode"),
        np.abs(checkpoint["episodes"]["longest"]["score"]) - 1,
    )
    for t in range(5):
        shown = {
            k: float(page.locator(f".katex-html [data-v={k}]").last.text_content().replace("\u2212", "-"))
            for k in ("G", "b", "c", "psi", "doubt", "push")
        }
        assert shown["psi"] == pytest.approx(want[t], abs=0.00501) and shown["doubt"] == pytest.approx(doubt[t] / 100)
        assert shown["push"] == pytest.approx(want[t] * doubt[t] / 100, abs=0.00501)
        assert (shown["G"] - shown["b"]) / shown["c"] == pytest.approx(shown["psi"], abs=0.02)
        step.press("ArrowRight")
    assert page.locator(".pg-training-frame").count() == 9 and page.locator(".pg-training-dot").count() == 20


def test_replay_plays_and_stops(show):
    page = show(explorables.TrainingReplay(checkpoint=19), frozen=True)
    step = page.get_by_role("slider", name="Step of the episode")
    page.clock.run_for(300)
    assert step.get_attribute("aria-valuenow") == "9", "nothing moves by itself"
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1000)
    page.get_by_role("button", name="Stop").click()
    here = step.get_attribute("aria-valuenow")
    page.clock.run_for(200)
    assert (
        int(here) > 12
        and step.get_attribute("aria-valuenow") == here
        and page.get_by_role("button", name="Play").count() == 1
    )
    assert "nothing to tell good from bad" in page.locator(".pg-fig-say").inner_text()


def test_replay_plays_to_the_end(show):
    page = show(explorables.TrainingReplay())
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('fell after 17 steps')")
    assert page.get_by_role("slider", name="Step of the episode").get_attribute("aria-valuenow") == "17"


def test_replay_steps_where_motion_is_not_wanted(show):
    page = show(explorables.TrainingReplay(step=0), reduced_motion="reduce")
    step, button = page.get_by_role("slider", name="Step of the episode"), page.get_by_role("button", name="Next steps")
    button.click()
    assert step.get_attribute("aria-valuenow") == "3"
    for _ in range(7):
        button.click()
    assert step.get_attribute("aria-valuenow") == "17"
    button.click()
    assert step.get_attribute("aria-valuenow") == "1"


def test_replay_is_light():
    size = len(gzip.compress(json.dumps(STORED, separators=(",", ":")).encode(), 6))
    print(f"\nstored run: {size / 1000:.0f} kB", end=" ")
    assert size < 45_000


# ---- all three ----
BUSY = {
    "ScoreSampler": {"kind": "step", "baseline": 0.5, "mu": -2.0},
    "EstimatorRace": {"horizon": 8, "offset": 3.0, "loan": 4.0, "target": 0.01},
    "TrainingReplay": {"checkpoint": 6, "episode": "longest", "step": 499},
}


@pytest.mark.parametrize("cls", THREE)
@pytest.mark.parametrize("width, theme", [(340, "dark"), (760, "light")])
def test_busy_settings_stay_readable(show, cls, width, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = show(cls(**BUSY[cls.__name__]), width=width, theme=theme)
    if cls is explorables.ScoreSampler:
        page.get_by_role("button", name="Sample 100").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate("""() => { const box = document.querySelector('.pg-fig').getBoundingClientRect();
        return [...document.querySelectorAll('.pg-fig-plot text')].filter(e => { const b = e.getBoundingClientRect();
            return b.width && (b.left < box.left - 12 || b.right > box.right + 12); }).map(e => e.textContent); }""")
    assert not outside
    found = [v for v in Axe().run(page).response["violations"] if v["id"] != "page-has-heading-one"]
    assert not found, json.dumps([(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found], indent=1)
