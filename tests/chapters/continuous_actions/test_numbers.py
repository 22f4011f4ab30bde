"""Chapter 4: every number of its page, recomputed by quadrature, sampling or SciPy;
and its three tasks on fresh seeds."""

import importlib.util
import json

import gymnasium as gym
import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from policy_gradient import control
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import bell_mean
from tools.paths import ROOT
from tools.site import values

PAGE = PageAndLab("04-continuous-actions").page  # both pages of the chapter
MU, SIGMA = 0.8, 1.0  # the page's example of clipping
RULE = np.polynomial.hermite_e.hermegauss(60)


def study():
    spec = importlib.util.spec_from_file_location("continuous_control", ROOT / "studies/continuous_control.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result():
    return json.loads((ROOT / "studies/continuous_control.json").read_text(encoding="utf-8"))


def mean(f, mu=MU, sigma=SIGMA):
    """E[f(a)], a ~ N(mu, sigma^2), for f with corners at -1 and 1 only."""
    return integrate.quad(
        lambda a: f(a) * stats.norm.pdf(a, mu, sigma), mu - 13 * sigma, mu + 13 * sigma, points=[-1, 1], limit=400
    )[0]


def smooth_mean(f, mu, sigma):
    nodes, weights = RULE
    return (weights * f(mu + sigma * nodes)).sum() / weights.sum()


def shown(*numbers):
    """Each of these is written on the page."""
    return all(number in PAGE for number in numbers)


# Densities


def test_a_density_can_exceed_one_and_changes_with_the_unit():
    height = stats.norm.pdf(0.3, 0.3, 0.1)
    assert round(height, 2) == 3.99 and round(np.log(height), 2) == 1.38 and shown("3.99", "+1.38")
    change = stats.norm.logpdf(np.degrees(0.2), np.degrees(0.3), np.degrees(0.1)) - stats.norm.logpdf(0.2, 0.3, 0.1)
    assert change == pytest.approx(-np.log(180 / np.pi)) and round(-change, 2) == 4.05 and shown(r"\approx4.05")
    assert round(stats.norm.logpdf(0, 0, 0.04), 1) == 2.3  # the quiz


def test_entropy_numbers():
    assert round(stats.norm.entropy(0, 1), 2) == 1.42 and shown("$1.42$")
    zero = optimize.brentq(lambda s: stats.norm.entropy(0, s), 0.1, 1)
    assert round(zero, 3) == 0.242 and shown("0.242")


# The two forces


def test_the_forces_are_those_of_the_picture():
    by_mean, by_log_std = pg.gaussian_score(np.array([[-3.0], [-1.0], [0.0], [0.5], [1.0], [3.0]]), 0.0, np.zeros(1))
    np.testing.assert_allclose(by_mean[:, 0], [-3, -1, 0, 0.5, 1, 3])
    np.testing.assert_allclose(by_log_std[:, 0], [8, 0, -1, -0.75, 0, 8])
    assert shown("(0.5)^2-1=-0.75", "eight times")


@pytest.mark.parametrize(
    "f, slope, bend",
    [
        (np.sin, np.cos, lambda a: -np.sin(a)),
        (lambda a: np.exp(-a * a), lambda a: -2 * a * np.exp(-a * a), lambda a: (4 * a * a - 2) * np.exp(-a * a)),
    ],
)
@pytest.mark.parametrize("mu, sigma", [(0.4, 0.3), (-1.2, 0.8)])
def test_bonnet_and_price(f, slope, bend, mu, sigma):
    by_mu = smooth_mean(lambda a: f(a) * (a - mu) / sigma**2, mu, sigma)
    by_log_sigma = smooth_mean(lambda a: f(a) * (((a - mu) / sigma) ** 2 - 1), mu, sigma)
    assert by_mu == pytest.approx(smooth_mean(slope, mu, sigma), abs=1e-9)
    assert by_log_sigma == pytest.approx(sigma**2 * smooth_mean(bend, mu, sigma), abs=1e-9)
    h = 1e-5
    assert by_mu == pytest.approx((smooth_mean(f, mu + h, sigma) - smooth_mean(f, mu - h, sigma)) / (2 * h), abs=1e-8)


def test_the_spread_shrinks_once_the_mean_is_on_a_single_peak_and_may_grow_before():
    for f in (lambda a: 1 / (1 + a * a), lambda a: np.exp(-a * a), lambda a: -(np.abs(a) ** 1.5)):
        by_log_sigma = [smooth_mean(lambda a: f(a) * ((a / s) ** 2 - 1), 0.0, s) for s in (0.3, 1.0, 2.0)]
        assert max(by_log_sigma) < 0
    assert smooth_mean(lambda a: ((a - 3) ** 2 - 1) / (1 + a * a), 3.0, 1.0) > 0


def test_without_noise_what_is_left_is_the_slope():
    gaps = [abs(smooth_mean(lambda a: np.sin(a) * (a - 0.4) / s**2, 0.4, s) - np.cos(0.4)) for s in (0.1, 0.01)]
    assert gaps[0] < 0.01 and gaps[1] == pytest.approx(gaps[0] / 100, rel=0.02)  # falls like sigma^2


# When sigma gets small


def exact_variances(sigma):
    def f(a):
        return 10 - (a - 1) ** 2

    V = smooth_mean(f, 0.5, sigma)
    found = []
    for baseline, noise in ((0, 0), (V, 0), (V, 1)):
        first = smooth_mean(lambda a: (f(a) - baseline) * (a - 0.5) / sigma**2, 0.5, sigma)
        second = smooth_mean(lambda a: ((f(a) - baseline) ** 2 + noise) * ((a - 0.5) / sigma**2) ** 2, 0.5, sigma)
        assert first == pytest.approx(1)  # the true slope, each time
        found.append(second - first**2)

    def slope(a):
        return -2 * (a - 1)

    return *found, smooth_mean(lambda a: slope(a) ** 2, 0.5, sigma) - smooth_mean(slope, 0.5, sigma) ** 2


@pytest.mark.parametrize(
    "sigma, table",
    [
        (1, ("53.6", "12", "13", "4")),
        (0.1, ("9,450", "2.1", "102", "0.04")),
        (0.01, ("950,569", "2.0", "10,002", "0.0004")),
    ],
)
def test_the_table_of_variances(sigma, table):
    for value, text in zip(exact_variances(sigma), table):
        digits = len(text.partition(".")[2])
        assert f"{value:,.{digits}f}" == text and text in PAGE
    rng = np.random.default_rng(0)
    a = 0.5 + sigma * rng.standard_normal(400_000)
    f = 10 - (a - 1) ** 2
    measured = np.var((f - f.mean()) * (a - 0.5) / sigma**2)
    assert measured == pytest.approx(exact_variances(sigma)[1], rel=0.05)


@pytest.mark.parametrize("sigma", [1, 0.1, 0.01])
def test_the_variance_of_the_scores(sigma):
    assert smooth_mean(lambda a: ((a - 2) / sigma**2) ** 2, 2, sigma) == pytest.approx(1 / sigma**2)
    assert smooth_mean(lambda a: (((a - 2) / sigma) ** 2 - 1) ** 2, 2, sigma) == pytest.approx(2)


# Limits

STORED = {"the draw": lambda a: a, "clipped": lambda a: np.clip(a, -1, 1), "tanh": np.tanh}
MEAN_SCORES = {"the draw": (0, 0), "clipped": (-0.293, -0.544), "tanh": (-0.345, -0.589)}


@pytest.mark.parametrize("name", STORED)
def test_mean_scores_exactly_and_sampled_with_their_standard_error(name):
    stored = STORED[name]
    by_mean, by_log_std = mean(lambda a: stored(a) - MU), mean(lambda a: (stored(a) - MU) ** 2 - 1)
    assert (round(by_mean, 3), round(by_log_std, 3)) == pytest.approx(MEAN_SCORES[name], abs=1e-9)
    policy, theta, n = pg.LinearGaussian(1), np.array([MU, 0.0]), 200_000
    draws = policy.sample(theta, np.ones((n, 1)), np.random.default_rng(1))
    scores = policy.score(theta, np.ones((n, 1)), stored(draws))
    error = scores.std(axis=0, ddof=1) / np.sqrt(n)
    print(name, scores.mean(axis=0).round(4), "+-", error.round(4))
    assert (abs(scores.mean(axis=0) - [by_mean, by_log_std]) < 4 * error).all()
    if name != "the draw":
        assert (abs(scores.mean(axis=0)) > 100 * error).all() and shown(
            *(f"{value:.3f}" for value in MEAN_SCORES[name])
        )


def test_with_clipped_actions_the_gradient_has_the_wrong_sign():
    def reward(a):
        return 5 + np.clip(a, -1, 1)

    true, wrong = mean(lambda a: reward(a) * (a - MU)), mean(lambda a: reward(a) * (np.clip(a, -1, 1) - MU))
    assert round(true, 3) == 0.543 and round(wrong, 3) == -1.241 and shown("+0.543", "-1.241")
    h = 1e-5
    assert true == pytest.approx((mean(reward, MU + h) - mean(reward, MU - h)) / (2 * h), abs=1e-6)
    a = MU + np.random.default_rng(2).standard_normal(200_000)
    sampled = reward(a) * (np.clip(a, -1, 1) - MU)
    assert sampled.mean() + 10 * sampled.std() / np.sqrt(len(a)) < 0


def test_the_clipped_law_has_a_score_of_its_own_with_less_variance():
    def own(a):
        above, below = (
            stats.norm.pdf(1 - MU) / stats.norm.sf(1 - MU),
            -stats.norm.pdf(-1 - MU) / stats.norm.cdf(-1 - MU),
        )
        return above if a >= 1 else below if a <= -1 else a - MU

    def reward(a):
        return 5 + np.clip(a, -1, 1)

    variances = []
    for score in (lambda a: a - MU, own):
        first, second = mean(lambda a: reward(a) * score(a)), mean(lambda a: (reward(a) * score(a)) ** 2)
        assert mean(score) == pytest.approx(0, abs=1e-9) and round(first, 3) == 0.543
        variances.append(round(second - first**2, 1))
    assert variances == [27.4, 22.5] and shown("from 27.4 to 22.5")


def test_how_much_probability_lies_beyond_the_limits():
    assert (f"{stats.norm.sf(1, MU, 1):.0%}", f"{stats.norm.cdf(-1, MU, 1):.0%}") == ("42%", "4%") and shown(
        "42 %", "4 %"
    )


def test_the_entropy_of_what_is_executed_rises_and_then_falls():
    squashed, obs = pg.Squashed(pg.LinearGaussian(1)), np.ones((1, 1))

    def entropy(sigma):
        return squashed.entropy(np.array([0.0, np.log(sigma)]), obs)[0]

    best = optimize.minimize_scalar(lambda s: -entropy(s), bounds=(0.2, 3), method="bounded").x
    assert round(best, 1) == 0.9 and entropy(3.0) < 0 < entropy(best) < np.log(2) and shown(r"at $\sigma=.87$")


def test_the_obvious_tanh_correction_fails_where_the_page_says():
    with np.errstate(divide="ignore"):
        assert (
            np.tanh(20.0) == 1.0
            and np.isneginf(np.log(1 - np.tanh(20.0) ** 2))
            and np.isfinite(np.log(1 - np.tanh(18.0) ** 2))
        )
    assert round(np.log(1 - np.tanh(100.0) ** 2 + 1e-6), 1) == -13.8
    assert round(2 * (np.log(2) - 100 - np.logaddexp(0, -200)), 1) == -198.6 and shown("-13.8", "-198.6")


def test_the_squash_leaves_the_score_alone():
    squashed, rng = pg.Squashed(pg.LinearGaussian(2)), np.random.default_rng(3)
    theta, obs = rng.normal(size=3), rng.normal(size=(5, 2))
    u = squashed.sample(theta, obs, rng)
    for i in range(5):
        slope = pg.finite_difference(lambda th: squashed.log_prob(th, obs[i], u[i]), theta)
        np.testing.assert_allclose(squashed.policy.score(theta, obs[i], u[i]), slope, atol=1e-8)


def test_mountain_car_charges_for_the_action_before_it_is_clipped():
    env = gym.make("MountainCarContinuous-v0").unwrapped
    env.reset(seed=0)
    assert env.step(np.array([3.0]))[1] == pytest.approx(-0.9)
    own = gym.make("Pendulum-v1").unwrapped  # clips inside: the same as full torque
    own.reset(seed=0)
    full = own.step(np.array([2.0]))
    own.reset(seed=0)
    np.testing.assert_array_equal(own.step(np.array([50.0]))[0], full[0])


# The three tasks


def test_the_point_mass_is_learned_on_fresh_seeds():
    for seed in range(301, 305):
        training, ratio = study().point_mass(seed)
        assert 1 <= ratio < 1.03, seed


def test_continuous_cartpole_is_learned_on_fresh_seeds():
    for seed in range(301, 304):
        training, fresh = study().cartpole(seed)
        assert training.reached_target and fresh() >= 475 - 15, seed


def test_pendulum_is_learned_on_a_fresh_seed():
    training, fresh = study().pendulum(301)
    assert training.reached_target and fresh() >= -200


def test_the_stored_study_says_what_the_page_says():
    stored = result()
    assert len(stored["point_mass"]) == len(stored["cartpole"]) == 10 and len(stored["pendulum"]) == 5
    assert all(1 <= row["result"] <= 1.03 and row["cpu_seconds"] <= 1.5 for row in stored["point_mass"])
    assert all(row["result"] >= 475 and row["cpu_seconds"] <= 1.5 for row in stored["cartpole"])
    assert all(row["result"] >= -200 and row["cpu_seconds"] <= 25 for row in stored["pendulum"])
    assert 130 <= np.mean([row["updates"] for row in stored["pendulum"]]) <= 190
    without = [row["result"] for row in stored["pendulum_without_critic"]]
    assert [round(max(without), -1), round(min(without), -1)] == [-370, -780] and shown("$-370$ to $-780$")
    assert round(np.mean([row["cpu_seconds"] for row in stored["pendulum_without_critic"]])) == 12 and shown(
        "some twelve seconds"
    )
    assert round(np.mean([row["cpu_seconds"] for row in stored["pendulum"]])) == 4 and shown("four seconds")
    assert max(row["cpu_seconds"] for row in stored["point_mass"] + stored["cartpole"]) < 1 and shown(
        "less than a second each"
    )
    cars = stored["mountain_car"]
    assert (
        sum(car["episodes"] for car in cars) == 1440
        and sum(car["reached_goal"] for car in cars) == 7
        and shown("1,440", "seven times")
    )
    assert all(
        -120 < car["returns"][0] < -90 and -12 < car["returns"][-1] < 0 and car["final_std"] < 0.35 for car in cars
    )


def test_part_of_the_mountain_car_study_comes_out_again():
    again = study().mountain_car(201, num_updates=2)
    np.testing.assert_allclose(again["returns"], result()["mountain_car"][0]["returns"][:2], atol=0.05)


def test_the_stored_pendulum_policy_works_in_gymnasiums_own_pendulum():
    policy, thetas, updates, mean_returns = control.trained_pendulum()
    assert thetas.shape == (len(updates), policy.num_params) and (np.diff(updates) > 0).all()
    envs = gym.make_vec("Pendulum-v1", num_envs=100, vectorization_mode="sync")
    for i in (0, len(updates) // 2, -1):
        returns = pg.evaluate(envs, policy, thetas[i], np.random.default_rng(7))
        assert abs(returns.mean() - mean_returns[i]) < 5 * returns.std() / 10
    assert returns.mean() >= -200


class GainsOnly:
    """Plain steps for the two gains: far too long, they make the mass fly off while log_std stays where it is."""

    def step(self, theta, gradient):
        return theta + 1e6 * np.sign(gradient) * [1, 1, 0]


DIVERGING = {
    "log_std, linear": (control.PointMass(8), pg.LinearGaussian(2), dict(learning_rate=30.0), "log_std must lie"),
    "log_std, network": (
        control.PointMass(8),
        pg.MLPGaussian((2, 8, 1)),
        dict(learning_rate=30.0, scale=True),
        "log_std must lie",
    ),
    "log_std of a state": (
        control.Pendulum(8, bounds="clip"),
        pg.MLPGaussian((3, 8, 1), state_dependent_std=True),
        dict(learning_rate=30.0),
        "log_std must lie",
    ),
    "the world's numbers": (control.PointMass(8), pg.LinearGaussian(2), dict(optimizer=GainsOnly()), "must be finite"),
}


@pytest.mark.parametrize("name", DIVERGING)
@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_training_that_diverges_stops_and_says_so(name):
    """It says after which update and why, and keeps a theta that can still act."""
    envs, policy, knobs, why = DIVERGING[name]
    thetas = [policy.init(np.random.default_rng(0))]
    with pytest.warns(RuntimeWarning, match=f"training diverged after update .*{why}"):
        result = pg.reinforce(
            envs,
            policy,
            thetas[0],
            np.random.default_rng(0),
            num_updates=200,
            progress=False,
            callback=lambda update, theta, batch: thetas.append(theta),
            **knobs,
        )
    last = len(result.history["mean_return"]) - 1
    assert f"diverged after update {last} (" in result.stopped and not result.reached_target
    np.testing.assert_array_equal(result.theta, thetas[last])  # as it was before that update
    assert np.isfinite(pg.evaluate(envs, policy, result.theta, np.random.default_rng(1))).all()


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_the_last_update_is_watched_too():
    policy = pg.LinearGaussian(2)
    with pytest.warns(RuntimeWarning, match="diverged after update 0"):
        result = pg.reinforce(
            control.PointMass(8),
            policy,
            policy.init(),
            np.random.default_rng(0),
            num_updates=1,
            learning_rate=30.0,
            progress=False,
        )
    np.testing.assert_array_equal(result.theta, policy.init())


def test_a_nan_from_the_world_is_named():
    class Broken(control.PointMass):
        def _obs(self):
            return np.full((self.num_envs, 2), np.nan, np.float32)

    policy = pg.LinearGaussian(2)
    with pytest.raises(ValueError, match="obs must be finite"):
        pg.reinforce(Broken(4), policy, policy.init(), np.random.default_rng(0), num_updates=2, progress=False)


def test_the_named_numbers_of_chapters_4_and_5():
    f, z = lambda a: 10 - (a - 1) ** 2, np.polynomial.hermite_e.hermegauss(60)

    def variance(sigma, baseline, noise):
        nodes, weights = z[0], z[1] / z[1].sum()
        x = f(0.5 + sigma * nodes)
        b = baseline * (weights @ x)
        return weights @ (((x - b) ** 2 + noise) * (nodes / sigma) ** 2) - 1

    values.holds(
        plain_wide=variance(1, 0, 0),
        plain_middle=variance(0.1, 0, 0),
        plain_small=variance(0.01, 0, 0),
        calm_middle=variance(0.1, 1, 0),
        noisy_small=variance(0.01, 1, 1),
        path_small=4 * 0.01**2,
    )
    values.holds(
        density=stats.norm.pdf(0, 0, 0.1),
        log_density=stats.norm.logpdf(0, 0, 0.1),
        log_density_narrow=stats.norm.logpdf(0, 0, 0.04),
        degrees=np.log(np.degrees(1)),
        entropy_one=stats.norm.entropy(),
        half_sigma_push=1 - 0.5**2,
        entropy_zero=optimize.brentq(lambda s: stats.norm.entropy(0, s), 0.1, 1),
    )
    clip, tanh = lambda a: np.clip(a, -1, 1), np.tanh
    values.holds(
        kink_slope=-bell_mean(lambda a: (5 + clip(a)) * ((a - 0.8) ** 2 - 1)),
        clipped_mu=-bell_mean(lambda a: clip(a) - 0.8),
        clipped_log_sigma=-bell_mean(lambda a: (clip(a) - 0.8) ** 2 - 1),
        tanh_mu=-bell_mean(lambda a: tanh(a) - 0.8),
        tanh_log_sigma=-bell_mean(lambda a: (tanh(a) - 0.8) ** 2 - 1),
        clip_truth=bell_mean(lambda a: (5 + clip(a)) * (a - 0.8)),
        clip_wrong=-bell_mean(lambda a: (5 + clip(a)) * (clip(a) - 0.8)),
    )
    truth = bell_mean(lambda a: (5 + clip(a)) * (a - 0.8))
    low, high = stats.norm.cdf(-1, 0.8), stats.norm.sf(1, 0.8)
    at_low, at_high = -stats.norm.pdf(-1, 0.8) / low, stats.norm.pdf(1, 0.8) / high
    inside = integrate.quad(lambda a: ((5 + a) * (a - 0.8)) ** 2 * stats.norm.pdf(a, 0.8), -1, 1)[0]
    values.holds(
        draw_noise=bell_mean(lambda a: ((5 + clip(a)) * (a - 0.8)) ** 2) - truth**2,
        clipped_law_noise=inside + low * (4 * at_low) ** 2 + high * (6 * at_high) ** 2 - truth**2,
    )
    values.holds(
        tanh_far=-2 * (np.log(2) - 100), tanh_patched=-np.log(1e-6), gae_steps=1 / (1 - 0.855), gae_fade=0.95 * 0.9
    )
    squashed = {}
    for mu in (0, 0.8, 2):

        def entropy(s, mu=mu):
            g = lambda u: (
                stats.norm.pdf(u, mu, s) * (stats.norm.logpdf(u, mu, s) - 2 * (np.log(2) - u - np.logaddexp(0, -2 * u)))
            )  # noqa: E731
            return -integrate.quad(g, mu - 12 * s, mu + 12 * s, limit=400)[0]

        squashed[mu] = optimize.minimize_scalar(lambda s: -entropy(s), bounds=(0.3, 4), method="bounded").x
    values.holds(squashed_0=squashed[0], squashed_8=squashed[0.8], squashed_2=squashed[2])
