"""Chapter 4's explorables: their arithmetic against quadrature, SciPy and simulation,
and their challenges by keyboard alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import traitlets
from scipy import integrate, stats

import learning_to_act.explorables as explorables
import policy_gradient as pg
from learning_to_act.explorables import ClipOrSquash, ControllerReplay, GaussianPolicy
from policy_gradient import control
from tests.helpers.figures import drag, met, press

BELLS = [(-3.0, 0.5), (-3.0, 2.0), (0.4, 0.1), (1.9, 0.8), (3.5, 3.0), (-1.2, 1.3)]


# ---- the Gaussian policy ----
def reward(curve, a):  # written out once more, so that a changed curve is noticed
    def bump(centre, height, width):
        return height * np.exp(-(((a - centre) / width) ** 2) / 2)

    return {
        "peaks": bump(-1.2, 1, 0.6) + bump(1.8, 2, 0.8),
        "peak": bump(0.8, 2, 1.2),
        "valley": 2 + bump(0.3, -1.7, 1),
    }[curve]


def mean_reward(curve, mu, log_sigma):
    """E[f] by the trapezoidal rule, which is spectrally accurate for what falls off on both sides."""
    z = np.linspace(-10, 10, 4001)
    return integrate.trapezoid(stats.norm.pdf(z) * reward(curve, mu + np.exp(log_sigma) * z), z)


@pytest.mark.parametrize("curve", ["peaks", "peak", "valley"])
def test_gaussian_mean_and_gradient(js, curve):
    a = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(
        js(GaussianPolicy, f"arg.map(a => m.good(m.CURVES.{curve}, a))", a.tolist()), reward(curve, a), atol=1e-12
    )
    for mu, sigma in BELLS:
        l, h = np.log(sigma), 1e-5
        want = [
            (mean_reward(curve, mu + h, l) - mean_reward(curve, mu - h, l)) / (2 * h),
            (mean_reward(curve, mu, l + h) - mean_reward(curve, mu, l - h)) / (2 * h),
        ]
        J, got = js(
            GaussianPolicy, f"[m.seen(m.CURVES.{curve}, ...arg), m.gradient(m.CURVES.{curve}, ...arg)]", [mu, sigma]
        )
        assert J == pytest.approx(mean_reward(curve, mu, l), abs=1e-6)
        np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("baseline", [True, False])
def test_gaussian_pulls_are_weighted_scores(js, baseline):
    rng = np.random.default_rng(1)
    for mu, sigma in BELLS:
        z = rng.standard_normal(9)
        s = {"curve": "peaks", "mu": mu, "sigma": sigma, "baseline": baseline}
        a, h = mu + sigma * z, 1e-5

        def log(m, l):
            return stats.norm.logpdf(a, m, np.exp(l))

        scores = [
            (log(mu + h, np.log(sigma)) - log(mu - h, np.log(sigma))) / (2 * h),
            (log(mu, np.log(sigma) + h) - log(mu, np.log(sigma) - h)) / (2 * h),
        ]
        worth = reward("peaks", a) - baseline * mean_reward("peaks", mu, np.log(sigma))
        pulls = np.array(js(GaussianPolicy, "arg[1].map(z => m.pulls(arg[0], z))", [s, z.tolist()]))
        np.testing.assert_allclose(pulls, (worth * scores).T, atol=1e-5)
        estimate = js(GaussianPolicy, "m.estimate(arg[0], arg[1])", [s, z.tolist()])
        np.testing.assert_allclose([e["mean"] for e in estimate], pulls.mean(0), atol=1e-12)
        np.testing.assert_allclose([e["half"] for e in estimate], 1.96 * stats.sem(pulls), atol=1e-12)


@pytest.mark.parametrize("baseline", [True, False])
def test_gaussian_estimates_cover_the_truth(js, baseline):
    """With 1,000 draws each: with 100 the skewed pulls on log sigma make the interval a little short,
    here and in NumPy (0.90)."""
    s = {"curve": "peaks", "mu": 0.5, "sigma": 1.0, "baseline": baseline}
    rounds = js(
        GaussianPolicy,
        """(u => Array.from({ length: 400 }, () =>
            m.estimate(arg, Array.from({ length: 1000 }, () => m.normal(u)))))(m.random(5))""",
        s,
    )
    h = 1e-5
    truth = [
        (mean_reward("peaks", 0.5 + h, 0) - mean_reward("peaks", 0.5 - h, 0)) / (2 * h),
        (mean_reward("peaks", 0.5, h) - mean_reward("peaks", 0.5, -h)) / (2 * h),
    ]
    covered = np.array([[abs(e["mean"] - t) <= e["half"] for e, t in zip(both, truth)] for both in rounds])
    assert (abs(covered.mean(0) - 0.95) < 0.04).all(), covered.mean(0)


def test_gaussian_normals_are_normal(js):
    z = js(GaussianPolicy, "(u => Array.from({ length: 5000 }, () => m.normal(u)))(m.random(3))")
    assert stats.kstest(z, "norm").pvalue > 0.01


def test_gaussian_baseline_pays(js):
    """The page's claim of chapter 3 once more: with b = J the interval of 100 samples is shorter."""
    half = [
        js(
            GaussianPolicy,
            "(u => m.estimate(arg, Array.from({ length: 2000 }, () => m.normal(u)))[0].half)(m.random(4))",
            {"curve": "valley", "mu": 2.0, "sigma": 0.3, "baseline": b},
        )
        for b in (True, False)
    ]
    assert half[0] < 0.5 * half[1]


def climb_to_the_end(page):
    page.evaluate(
        "document.querySelector('[aria-live]').textContent = ''"
    )  # else a second climb would seem over before it began
    page.get_by_role("button", name="Climb", exact=True).press("Enter")
    page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('After 400 steps')")
    return float(page.get_by_role("slider", name="Mean of the bell").get_attribute("aria-valuenow"))


def test_gaussian_challenge_by_keyboard(show):
    page = show(GaussianPolicy(), reduced_motion="reduce")
    assert abs(climb_to_the_end(page) + 1.2) < 0.25 and not met(page), "a narrow bell climbs the lower peak"
    page.get_by_role("button", name="Back to the far start").press("Enter")
    width = page.get_by_role("slider", name="Standard deviation of the bell")
    width.press("Home")
    width.focus()
    press(page, "PageUp", 4)
    assert width.get_attribute("aria-valuenow") == "2.1"
    assert abs(climb_to_the_end(page) - 1.8) < 0.25 and met(page), "a wide one feels the higher"


def test_gaussian_challenge_is_not_met_by_moving_the_mean(show):
    page = show(GaussianPolicy(), reduced_motion="reduce")
    mean = page.get_by_role("slider", name="Mean of the bell")
    mean.focus()
    press(page, "PageUp", 9)
    assert mean.get_attribute("aria-valuenow") == "1.5" and not met(page)
    assert abs(climb_to_the_end(page) - 1.8) < 0.25 and not met(page)


def test_gaussian_climbs_are_the_same_for_everyone_and_can_be_stopped(show):
    ends = []
    for _ in range(2):
        page = show(GaussianPolicy(sigma=2), reduced_motion="reduce")
        page.get_by_role("button", name="Sample 100").click()
        climb_to_the_end(page)
        ends.append(page.locator(".pg-fig-formula").all_inner_texts())
    assert ends[0] == ends[1]
    page = show(GaussianPolicy(), frozen=True)
    page.get_by_role("button", name="Climb", exact=True).click()
    page.clock.run_for(300)
    assert page.locator(".pg-gaussian-trail").count()
    page.get_by_role("button", name="Stop").click()
    where = page.get_by_role("slider", name="Mean of the bell").get_attribute("aria-valuetext")
    page.clock.run_for(200)
    assert page.get_by_role("slider", name="Mean of the bell").get_attribute("aria-valuetext") == where
    assert float(page.get_by_role("slider", name="Mean of the bell").get_attribute("aria-valuenow")) < 0


def test_gaussian_width_can_be_dragged_and_samples_move_with_the_bell(show):
    page = show(GaussianPolicy(mu=0.0))
    page.get_by_role("button", name="Sample 100").click()
    assert "112 samples" in page.locator(".pg-fig-formula").first.inner_text(), (
        "the first twelve are there from the start"
    )
    width = page.get_by_role("slider", name="Standard deviation of the bell")
    xs = "[...document.querySelectorAll('circle.pg-fig-policy')].map(c => Number(c.getAttribute('cx')))"
    before = np.ptp(page.evaluate(xs))
    drag(page, width, 30, 0)
    assert float(width.get_attribute("aria-valuenow")) == pytest.approx(1.5, abs=0.06)
    assert np.ptp(page.evaluate(xs)) == pytest.approx(
        before * float(width.get_attribute("aria-valuenow")) / 0.5, rel=1e-3
    )
    page.get_by_role("radio", name="a valley").check()
    assert " 12 samples" in page.locator(".pg-fig-formula").first.inner_text(), "another curve starts afresh"


# ---- clip or squash ----
EXECUTED = {"clip": lambda u: np.clip(u, -1, 1), "tanh": np.tanh}


def bell_average(f, mu, sigma):
    cuts = [-12, *sorted(np.clip([(-1 - mu) / sigma, (1 - mu) / sigma], -12, 12)), 12]
    return sum(
        integrate.quad(lambda z: stats.norm.pdf(z) * f(mu + sigma * z), a, b, epsabs=1e-12, limit=200)[0]
        for a, b in zip(cuts, cuts[1:])
    )


@pytest.mark.parametrize("way", EXECUTED)
@pytest.mark.parametrize("stored", ["drawn", "executed"])
def test_squash_numbers(js, way, stored):
    execute = EXECUTED[way]
    record = execute if stored == "executed" else lambda u: u
    for mu, sigma, c in [(0.8, 1.0, 5.0), (0.0, 1.5, 2.0), (-1.5, 0.3, 0.0), (0.5, 0.7, 1.0)]:
        got = js(ClipOrSquash, "m.found(arg)", dict(way=way, stored=stored, mu=mu, sigma=sigma, constant=c))
        h, score = 1e-4, lambda a: (a - mu) / sigma**2
        want = dict(
            mean=bell_average(lambda u: score(record(u)), mu, sigma),
            width=bell_average(lambda u: ((record(u) - mu) / sigma) ** 2 - 1, mu, sigma),
            truth=(bell_average(execute, mu + h, sigma) - bell_average(execute, mu - h, sigma)) / (2 * h),
            computed=bell_average(lambda u: (c + execute(u)) * score(record(u)), mu, sigma),
        )
        for name, value in want.items():
            assert got[name] == pytest.approx(value, abs=2e-7), (name, mu, sigma)
        if stored == "drawn":
            assert abs(got["mean"]) < 1e-8 and got["computed"] == pytest.approx(got["truth"], abs=1e-7)


def test_squash_claims_of_the_page(js):
    at = dict(mu=0.8, sigma=1.0, constant=5.0, stored="executed")
    clip, tanh = (js(ClipOrSquash, "m.found(arg)", at | dict(way=way)) for way in ("clip", "tanh"))
    assert [round(clip[k], 3) for k in ("mean", "width", "truth", "computed")] == [-0.293, -0.544, 0.543, -1.241]
    assert [round(tanh[k], 3) for k in ("mean", "width")] == [-0.345, -0.589]
    assert [round(100 * v) for v in js(ClipOrSquash, "m.spikes(arg)", at)] == [4, 42]
    clipped = pg.gaussian_score(
        np.clip(np.random.default_rng(0).normal(0.8, 1, 400_000), -1, 1)[:, None], 0.8, np.zeros(1)
    )
    np.testing.assert_allclose([v.mean() for v in clipped], [clip["mean"], clip["width"]], atol=0.006)


@pytest.mark.parametrize("way", EXECUTED)
def test_squash_densities(js, way):
    a = np.linspace(-0.98, 0.98, 31)
    for mu, sigma in [(0.8, 1.0), (-0.3, 0.3), (1.5, 1.5)]:
        law = stats.norm(mu, sigma)
        s = dict(way=way, mu=mu, sigma=sigma)
        got = js(ClipOrSquash, "arg[1].map(a => m.executedDensity(arg[0], a))", [s, a.tolist()])
        cdf = law.cdf if way == "clip" else lambda x: law.cdf(np.arctanh(x))  # the derivative of P(executed <= a)
        np.testing.assert_allclose(got, (cdf(a + 1e-6) - cdf(a - 1e-6)) / 2e-6, rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(js(ClipOrSquash, "m.spikes(arg)", s), [law.cdf(-1), law.sf(1)], atol=1e-8)
        if way == "tanh":
            np.testing.assert_allclose(
                np.log(got), pg.tanh_gaussian_log_prob(np.arctanh(a)[:, None], mu, np.log([sigma])), atol=1e-9
            )
    np.testing.assert_allclose(js(ClipOrSquash, "m.QUANTILES"), stats.norm.ppf((np.arange(25) + 0.5) / 25), atol=1e-6)


@pytest.mark.parametrize("way", ["clip", "squash"])
def test_squash_challenge_by_keyboard(show, way):
    page = show(ClipOrSquash(way="clip" if way == "squash" else "tanh"))
    page.get_by_role("radio", name=way).press("Space")
    page.get_by_label("constant c").press("Home")
    assert not met(page)
    page.get_by_role("radio", name="the draw").press("Space")
    assert met(page) and page.locator(".katex-html [data-v=mean]").inner_text() == "0.000"


def test_squash_challenge_is_not_met_by_moving_the_bell(show):
    page = show(ClipOrSquash())
    mean = page.get_by_role("slider", name="Mean of the bell")
    mean.focus()
    press(page, "ArrowLeft", 8)
    assert mean.get_attribute("aria-valuenow") == "0" and not met(page)
    assert "By symmetry" in page.locator(".pg-fig-say").inner_text(), (
        "the test of one average has a blind spot, and says so"
    )


def test_squash_average_of_draws_finds_the_bug(show):
    page = show(ClipOrSquash())
    page.get_by_role("button", name="Average").click()
    said = page.locator(".pg-fig-say").inner_text()
    mean, half = (float(v.replace("\u2212", "-")) for v in said.split("mean score ")[1].split(",")[0].split(" \u00b1 "))
    assert "not 0: a bug" in said and abs(mean + 0.293) < 1.5 * half
    sd = np.std(np.clip(np.random.default_rng(0).normal(0.8, 1, 100_000), -1, 1))
    assert half == pytest.approx(1.96 * sd / np.sqrt(1000), rel=0.1)
    page.get_by_role("radio", name="the draw a").check()
    assert "draws" not in said.replace(said, page.locator(".pg-fig-say").inner_text())
    page.get_by_role("button", name="Average").click()
    assert "may well be 0" in page.locator(".pg-fig-say").inner_text()


def test_squash_width_can_be_dragged(show):
    page = show(ClipOrSquash())
    width = page.get_by_role("slider", name="Standard deviation of the bell")
    drag(page, width, 12, 0)  # towards the mean: narrower
    assert 0.5 < float(width.get_attribute("aria-valuenow")) < 0.95
    assert page.get_by_text("exactly here").count() == 2
    page.get_by_role("radio", name="squash").check()
    assert page.get_by_text("exactly here").count() == 0


# ---- the controller ----
STORED = json.loads((Path(explorables.__file__).with_name("controller.json")).read_text("utf-8"))


def run_in_the_environment(theta, start):
    """The states of the package's own point mass when the mean is followed: (26, 2), from its float64 state."""
    env = control.PointMass(1)
    env.reset(seed=0)
    env.state = np.array(start, float)[:, None]
    states = [env.state[:, 0].copy()]
    for _ in range(STORED["horizon"]):
        env.step(np.array([[np.dot(theta[:2], states[-1])]]))
        states.append(env.state[:, 0].copy())
    return np.array(states)


def at_rest(theta, start):
    return abs(run_in_the_environment(theta, start)[-6:]).max() < 0.2


def test_controller_paths_are_those_of_the_environment(js):
    rng = np.random.default_rng(2)
    for k in (0, 5, 19, 40):
        theta, start = STORED["thetas"][k], rng.uniform(-2.5, 2.5, 2).tolist()
        path = js(ControllerReplay, "m.follow(...arg)", [STORED, theta, start])
        np.testing.assert_allclose(path, run_in_the_environment(theta, start), rtol=1e-9, atol=1e-9)
        assert js(ControllerReplay, "m.holds(...arg)", [STORED, theta, start]) == at_rest(theta, start)


def test_controller_data_is_the_study(js):
    assert len((Path(explorables.__file__).with_name("controller.json")).read_bytes()) < 4000
    problem = control.point_mass()
    assert (
        STORED["A"] == problem.A.tolist()
        and STORED["B"] == problem.B[:, 0].tolist()
        and STORED["horizon"] == problem.horizon == 25
    )
    assert (
        STORED["best"] == pytest.approx(problem.riccati()[1], abs=1e-3)
        and len(STORED["thetas"]) == len(STORED["returns"]) == 41
    )
    rng = np.random.default_rng(3)
    for k in (0, 10, 40):  # the exact returns, met by played episodes
        theta = np.array(STORED["thetas"][k])
        played = pg.evaluate(control.PointMass(4000), pg.LinearGaussian(2), theta, rng)
        assert abs(played.mean() - STORED["returns"][k]) < 4 * stats.sem(played)
    from studies import controller_replay as study

    np.testing.assert_allclose(study.train(updates=8), STORED["thetas"][:9], atol=2e-3)
    assert STORED["starts"] == study.STARTS


def first_to_hold():
    return next(
        k for k, theta in enumerate(STORED["thetas"]) if all(at_rest(theta, start) for start in STORED["starts"])
    )


def test_controller_challenge_by_keyboard(show, js):
    first = first_to_hold()
    assert js(ControllerReplay, "m.firstToHold(arg)", STORED) == first and 8 < first < 40
    assert all(at_rest(theta, start) for theta in STORED["thetas"][first:] for start in STORED["starts"]), (
        "once learned, not lost"
    )
    page = show(ControllerReplay())
    knob = page.get_by_role("slider", name="Updates of training")
    knob.press("End")
    assert not met(page) and "Some earlier one" in page.locator(".pg-fig-say").inner_text()
    knob.press("Home")
    press(page, "PageUp", (first - 1) // 5)
    press(page, "ArrowRight", (first - 1) % 5)
    assert not met(page) and "5 of the 6" in page.locator(".pg-fig-say").inner_text()
    press(page, "ArrowRight")
    assert met(page) and knob.get_attribute("aria-valuenow") == str(first)
    assert page.locator(".pg-control-held").count() == 6 and page.locator(".pg-control-lost").count() == 0


def test_controller_training_can_be_dragged(show):
    page = show(ControllerReplay())
    knob = page.get_by_role("slider", name="Updates of training")
    drag(page, knob, 80, 0)
    assert 14 < int(knob.get_attribute("aria-valuenow")) < 24
    assert page.locator(".pg-control-held").count() > 0


def test_controller_plays_and_stops(show):
    page = show(ControllerReplay(update=30))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelectorAll('.pg-corridor-agent').length === 7")
    page.get_by_role("button", name="Stop").click()
    assert page.locator(".pg-corridor-agent").count() == 0
    page = show(ControllerReplay(update=30), reduced_motion="reduce")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('[aria-live]').textContent.includes('30 updates')")
    mass = page.locator("svg[aria-label^='The mass']").get_attribute("aria-label")
    assert abs(float(mass.split()[3].rstrip(",").replace("\u2212", "-"))) < 0.2, mass


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianPolicy(sigma=0),
        lambda: GaussianPolicy(mu=4),
        lambda: GaussianPolicy(curve="hill"),
        lambda: ClipOrSquash(way="wrap"),
        lambda: ClipOrSquash(stored="both"),
        lambda: ClipOrSquash(sigma=-1),
        lambda: ControllerReplay(update=41),
        lambda: ControllerReplay(start=[0]),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(traitlets.TraitError):
        make()
