"""What the sentences of chapter 4 claim: by quadrature, and for each condition the counterexample to what was once
written there."""

import json
import re

import nbformat
import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from learning_to_act.exercises import continuous_actions
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, bell_mean, cells, difference, source, words
from tools.paths import ROOT

BELL = PageAndLab.text("04-continuous-actions")
LIMITS = PageAndLab.text("04-limits-and-tasks")


def test_price_fails_at_a_kink_and_the_half_way_form_does_not():
    f = lambda a: 5 + np.clip(a, -1, 1)  # noqa: E731
    truth = difference(lambda log_sigma: bell_mean(f, sigma=np.exp(log_sigma)), 0.0)
    assert round(truth, 3) == -0.312 and "$-.312$" in BELL
    second = bell_mean(
        lambda a: (difference(lambda b: difference(f, b, 1e-3), a, 1e-3)) if min(abs(a - 1), abs(a + 1)) > 0.01 else 0.0
    )
    assert abs(second) < 1e-9  # what the second identity would say
    slope = lambda a: float(-1 < a < 1)  # noqa: E731
    assert bell_mean(lambda a: slope(a) * (a - 0.8)) == pytest.approx(truth, abs=1e-6)
    assert bell_mean(slope) == pytest.approx(
        difference(lambda mu: bell_mean(f, mu=mu), 0.8), abs=1e-6
    )  # Bonnet survives a kink


def test_the_slopes_of_the_bell_are_its_scores_times_itself():
    a, mu, s = np.linspace(-2, 3, 11), 0.4, 0.7
    n = lambda x: stats.norm.pdf(x, mu, s)  # noqa: E731
    np.testing.assert_allclose(difference(n, a), -(a - mu) / s**2 * n(a), atol=1e-8)
    np.testing.assert_allclose(
        s**2 * difference(lambda x: difference(n, x), a), (((a - mu) / s) ** 2 - 1) * n(a), atol=1e-5
    )


def test_the_gradient_of_a_linear_quadratic_task_in_one_dimension():
    alpha, beta, q, c, gamma, sigma, noise, start, T = 0.9, 0.4, 1.0, 0.3, 0.95, 0.2, 0.1, 1.5, 7

    def J(w):
        spread, total = start, 0.0
        for t in range(T):
            total -= gamma**t * (q * spread + c * (w * w * spread + sigma**2))
            spread = (alpha + beta * w) ** 2 * spread + beta**2 * sigma**2 + noise**2
        return total

    w, p, spreads = -0.7, np.zeros(T + 1), [start]
    for _ in range(T - 1):
        spreads.append((alpha + beta * w) ** 2 * spreads[-1] + beta**2 * sigma**2 + noise**2)
    for t in reversed(range(T)):
        p[t] = q + c * w * w + gamma * p[t + 1] * (alpha + beta * w) ** 2
    formula = -2 * sum(gamma**t * spreads[t] * (c * w + gamma * p[t + 1] * beta * (alpha + beta * w)) for t in range(T))
    assert formula == pytest.approx(difference(J, w), rel=1e-7)


def test_the_matrix_form_is_the_package_s_and_that_of_differences():
    problem, w, log_sigma = pg.control.point_mass(), np.array([-0.8, -1.0]), np.array([-0.5])
    A, B, Q, R, gamma, T = problem.A, problem.B, problem.Q, problem.R, problem.gamma, problem.horizon
    K, C, P = A + B @ w[None], [problem.start], [np.zeros((2, 2))]
    for _ in range(T - 1):
        C.append(K @ C[-1] @ K.T + np.exp(2 * log_sigma) * B @ B.T + problem.noise)
    for _ in range(T):
        P.append(Q + np.outer(w, w) * R + gamma * K.T @ P[-1] @ K)
    P = P[::-1]
    formula = -2 * sum(gamma**t * C[t] @ (w[:, None] @ R + gamma * K.T @ P[t + 1] @ B) for t in range(T))
    numeric = optimize.approx_fprime(w, lambda v: problem.expected_return(v[:, None], log_sigma), 1e-7)
    np.testing.assert_allclose(formula[:, 0], numeric, rtol=1e-4)


@pytest.mark.parametrize("mu, best", [(0, ".87"), (0.8, "1.00"), (2, "1.46")])
def test_the_squashed_entropy_has_its_maximum_where_the_page_says(mu, best):
    def entropy(s):
        def f(u):
            log_density = stats.norm.logpdf(u, mu, s) - 2 * (np.log(2) - u - np.logaddexp(0, -2 * u))
            return stats.norm.pdf(u, mu, s) * log_density

        return -integrate.quad(f, mu - 12 * s, mu + 12 * s, limit=400)[0]

    found = optimize.minimize_scalar(lambda s: -entropy(s), bounds=(0.3, 4), method="bounded").x
    assert found == pytest.approx(float(best), abs=0.006) and best in LIMITS


def test_an_entropy_bonus_holds_sigma_and_a_floor_bounds_the_noise():
    slope = lambda s: 0.02 + difference(lambda l: -np.exp(2 * l), np.log(s))  # noqa: E731,E741  beta H, and E[10 - (a - 1)^2]
    assert optimize.brentq(slope, 0.01, 1) == pytest.approx(0.1, abs=1e-6) and "at $.1$ for $\\beta=.02$" in BELL


def test_gae_weights_sum_to_seven_steps_and_not_to_twenty():
    assert round(float(sum((0.95 * 0.9) ** k for k in range(500))), 1) == 6.9 and "$6.9$ steps" in LIMITS
    assert "twenty steps ahead" not in LIMITS


def test_noise_that_lasts_meets_the_flag():
    """Gymnasium's own car against the lab's equations, then 4,000 cars."""
    import gymnasium

    env = gymnasium.make("MountainCarContinuous-v0").unwrapped
    env.reset(seed=0)
    rng, (x, v) = np.random.default_rng(0), env.state

    def move(x, v, force):
        v = np.clip(v + 0.0015 * force - 0.0025 * np.cos(3 * x), -0.07, 0.07)
        x = np.clip(x + v, -1.2, 0.6)
        return x, np.where((x == -1.2) & (v < 0), 0, v)

    for _ in range(300):
        force = np.clip(rng.standard_normal(), -1, 1)
        env.step(np.array([force]))
        x, v = move(x, v, force)
    assert np.allclose(env.state, (x, v), atol=1e-5)
    met = {}
    for hold in (1, 20):
        x, v, reached = rng.uniform(-0.6, -0.4, 4000), np.zeros(4000), np.zeros(4000, bool)
        for t in range(999):
            if t % hold == 0:
                force = np.clip(rng.standard_normal(4000), -1, 1)
            x, v = move(x, v, force)
            reached |= x >= 0.45
        met[hold] = reached.mean()
    assert 0.01 < met[1] < 0.03 and met[20] > 0.95 and "more than 95 %" in LIMITS


def test_with_the_value_as_baseline_the_variance_falls_from_12_to_2():
    for sigma, variance in ((1, 12), (0.1, 2.1), (0.003, 2)):
        value = 10 - 0.25 - sigma**2
        estimate = lambda a: (10 - (a - 1) ** 2 - value) * (a - 0.5) / sigma**2  # noqa: B023, E731
        second = integrate.quad(
            lambda a: estimate(a) ** 2 * stats.norm.pdf(a, 0.5, sigma),  # noqa: B023
            0.5 - 12 * sigma,
            0.5 + 12 * sigma,
        )[0]
        assert second - 1 == pytest.approx(variance, abs=1e-3)  # the true slope is 1
    assert "it falls from 12 at sigma 1 to 2" in BELL and "no noise it stays at 2" not in BELL


def test_an_entropy_bonus_depends_on_the_unit_of_the_action():
    entropy = lambda sigma: stats.norm(0, sigma).entropy()  # noqa: E731
    assert entropy(0.1 * 180 / np.pi) - entropy(0.1) == pytest.approx(np.log(180 / np.pi))
    assert "Policy gradients use nothing else" not in BELL and "a language model *generates*" not in LIMITS


def test_at_a_cusp_the_variance_explodes_without_offset_noise_or_jump():
    """f(a) = sqrt |a| at mu = 0 with b = V: the weight shrinks like the root of sigma,
    the variance grows like 1/sigma."""
    root = lambda z: np.sqrt(abs(z)) * stats.norm.pdf(z)  # noqa: E731
    mean = 2 * integrate.quad(root, 0, 12)[0]
    for sigma in (1, 0.1, 0.01):
        estimate = lambda z: (np.sqrt(sigma * z) - np.sqrt(sigma) * mean) * z / sigma  # noqa: B023, E731
        variance = 2 * integrate.quad(lambda z: estimate(z) ** 2 * stats.norm.pdf(z), 0, 12)[0]  # noqa: B023
        assert variance * sigma == pytest.approx(0.2438, abs=1e-3)
    lab = (ROOT / "notebooks/04-continuous-actions.ipynb").read_text("utf8")
    for text in (BELL, LIMITS, lab, ANSWERS["sigma-explodes"]):
        assert "shrinks more slowly than" in text and not re.search(r"(what|some)\w* does not shrink with", text)


def test_price_needs_a_slope_whose_own_slope_is_missing_at_single_points_only():
    """f' may be Cantor's staircase: continuous, flat almost everywhere. Price would say 0."""

    def stairs(x, depth=12):
        if depth == 0:
            return x
        low, high = x < 1 / 3, x > 2 / 3
        inner = stairs(np.where(low, 3 * x, np.where(high, 3 * x - 2, 0)), depth - 1)
        return np.where(low, inner / 2, np.where(high, (1 + inner) / 2, 0.5))

    a = np.linspace(-8, 9, 400_001)
    slope = stairs(np.clip(a, 0, 1))
    truth = integrate.trapezoid(slope * (a - 0.5) * stats.norm.pdf(a, 0.5), a)  # E[f'(a) (a - mu)], mu = 1/2, sigma = 1
    assert truth == pytest.approx(0.38, abs=0.01)
    assert (np.diff(slope) == 0).mean() > 0.99  # where f'' exists it is 0
    assert "the same is true of* $f'$" in BELL and "asks no more than the first identity" in BELL


def test_a_clipped_action_at_the_middle_of_its_box_shows_in_the_second_score_only():
    mean = lambda f: integrate.quad(lambda a: f(a) * stats.norm.pdf(a), -10, 10, points=[-1, 1])[0]  # noqa: E731
    clip = lambda a: np.clip(a, -1, 1)  # noqa: E731
    assert abs(mean(clip)) < 1e-9 and round(mean(lambda a: clip(a) ** 2 - 1), 2) == -0.48
    truth = difference(lambda mu: bell_mean(clip, mu=mu), 0.0)
    assert (round(mean(lambda a: clip(a) ** 2), 3), round(truth, 3)) == (0.516, 0.683)  # wrong with mean score 0
    assert "at $\\mu=0$ the first is zero" in LIMITS and "finds every bug" not in ANSWERS["clipped-log-prob"]


def test_a_difference_of_potentials_needs_the_discount_in_it():
    """End at once for 0, or pay .1, reach a state of potential 1, and end there."""
    gamma = 0.5
    gain = {k: -0.1 + k * 1.0 + gamma * (k * 0 - 1.0) for k in (gamma, 1)}  # Phi(start) = 0, Phi(end) = 0
    assert gain[gamma] == pytest.approx(-0.1) and gain[1] > 0  # the plain difference turns the order
    assert "$\\gamma\\Phi(s')-\\Phi(s)$" in LIMITS


def test_noise_with_a_mean_breaks_the_gradient_of_the_linear_task():
    alpha, beta, q, c, gamma, T, start = 0.9, 0.4, 1.0, 0.3, 0.95, 4, 1.5
    for m, right in ((0.0, True), (0.5, False)):

        def run(w):
            s, cost, seen = start, 0.0, []
            for t in range(T):
                seen.append(s * s)
                cost += gamma**t * (q + c * w * w) * s * s
                s = (alpha + beta * w) * s + m  # noqa: B023
            return -cost, seen

        w, p = -0.7, np.zeros(T + 1)
        for t in reversed(range(T)):
            p[t] = q + c * w * w + gamma * p[t + 1] * (alpha + beta * w) ** 2
        seen = run(w)[1]
        formula = -2 * sum(
            gamma**t * seen[t] * (c * w + gamma * p[t + 1] * beta * (alpha + beta * w)) for t in range(T)
        )
        assert (abs(formula - difference(lambda w: run(w)[0], w)) < 1e-6) == right  # noqa: B023
    assert "plus noise of mean 0" in LIMITS


def test_with_gamma_one_the_deterministic_policy_must_end_for_its_values_to_be_a_limit():
    """One state; an action ends with chance a^2/(1+a^2), and costs as much: J = -1 for every sigma, 0 without noise."""
    chance = lambda a: a * a / (1 + a * a)  # noqa: E731
    for sigma in (1.0, 0.1, 0.01):
        ends = integrate.quad(lambda z: chance(sigma * z) * stats.norm.pdf(z), -12, 12)[0]  # noqa: B023
        assert -ends / (1 - (1 - ends)) == pytest.approx(-1)  # V = -ends + (1 - ends) V
    assert chance(0.0) == 0 and "with* $\\gamma=1$ *the policy* $\\mu$ *reaches an end*" in LIMITS


def test_a_wide_bell_meets_the_flag_more_often_and_still_seldom():
    rng, x, v, met = np.random.default_rng(0), np.full(2000, -0.5), np.zeros(2000), np.zeros(2000, bool)
    for _ in range(999):
        v = np.clip(v + 0.0015 * rng.choice([-1, 1], 2000) - 0.0025 * np.cos(3 * x), -0.07, 0.07)
        x = np.clip(x + v, -1.2, 0.6)
        v[(x == -1.2) & (v < 0)] = 0
        met |= x >= 0.45
    assert 0.05 < met.mean() < 0.25
    assert "Less than you would think" in ANSWERS["does-nothing"] and "Hardly. Fresh" not in ANSWERS["does-nothing"]
    steps = [
        np.diff(run["returns"]).max()
        for run in json.loads((ROOT / "studies/continuous_control.json").read_text())["mountain_car"]
    ]
    assert max(steps) > 30 and "the curve is smooth" not in LIMITS and "smoothly but for a few spikes" in LIMITS


def test_a_constant_cancels_in_the_kl_of_two_policies_of_one_kind():
    a, log_sigma = np.random.default_rng(0).normal(size=(5, 2)), np.zeros(2)
    right = lambda mu: (-((a - mu) ** 2) / 2 - log_sigma - np.log(2 * np.pi) / 2).sum(axis=1)  # noqa: E731
    once = lambda mu: (-((a - mu) ** 2) / 2 - log_sigma).sum(axis=1) - np.log(2 * np.pi) / 2  # noqa: E731
    np.testing.assert_allclose(right(0) - right(1), once(0) - once(1))
    assert not np.allclose(right(0), once(0))
    assert "an entropy or a KL computed" not in (ROOT / "solutions/04-continuous-actions.ipynb").read_text("utf8")


@pytest.mark.parametrize("sigma", [0.1, 0.01, 0.001])
def test_a_small_sigma_alone_does_not_stop_the_mean(sigma):
    """10 - (a - 1)^2 from -1: 300 plain steps of .02, twenty draws, less the others' mean. Not so on a lower peak."""
    hill = lambda a: 10 - (a - 1) ** 2  # noqa: E731
    peaks = lambda a: np.exp(-4 * (a + 1) ** 2) + 3 * np.exp(-4 * (a - 2) ** 2)  # noqa: E731

    def climb(f):
        rng, mu = np.random.default_rng(0), -1.0
        for _ in range(300):
            a = mu + sigma * rng.normal(size=20)
            pay = f(a)
            mu += 0.02 * np.mean((pay - (pay.sum() - pay) / 19) * (a - mu)) / sigma**2
        return mu

    assert climb(hill) == pytest.approx(1, abs=0.05)
    assert climb(peaks) == pytest.approx(-1, abs=0.05) and peaks(2) > 2 * peaks(-1)
    assert "*Stuck*: $\\sigma$ collapsed early, on a lower peak or a plateau: all actions are alike" in BELL
    assert "nothing is tried" not in BELL


def test_at_a_time_limit_the_last_value_stays_in_the_advantage():
    r, V, gamma = np.array([1, -2, 0.5]), np.array([0.3, 4, -1, 7.0]), 0.9
    for ends in (True, False):
        A = 0.0
        for t in reversed(range(3)):
            A = r[t] + gamma * V[t + 1] * (not (ends and t == 2)) - V[t] + gamma * A
        assert A == pytest.approx(sum(gamma**t * r[t] for t in range(3)) - V[0] + (0 if ends else gamma**3 * V[3]))
    assert (
        "episodes that truly end ($V$ counts as 0 after the end), this is the return less a baseline, for any $V$"
        in LIMITS
        and "$\\gamma^nV$ of the last observation" in LIMITS
    )
    for name in ("derive-gae", "partial-observability"):
        assert "episodes truly end" in ANSWERS[name] or "episodes that truly end" in ANSWERS[name]


def test_the_stable_form_follows_in_two_steps():
    u = np.linspace(-6, 6, 25)
    np.testing.assert_allclose(1 - np.tanh(u) ** 2, 4 * np.exp(-2 * u) / (1 + np.exp(-2 * u)) ** 2, rtol=1e-8)
    np.testing.assert_allclose(
        np.log(1 - np.tanh(u) ** 2), 2 * np.log(2) - 2 * u - 2 * np.log1p(np.exp(-2 * u)), rtol=1e-6
    )
    assert "2\\log2-2u-2\\log(1+e^{-2u})" in LIMITS


def test_a_jump_of_the_reward_at_the_mean_makes_the_variance_explode_without_noise_or_offset():
    for sigma in (1, 0.1, 0.01):  # f = 1[a > 0], mu = 0, b = V = 1/2: integrated over each half
        z2 = 2 * integrate.quad(lambda z: z * z * stats.norm.pdf(z), 0, 12)[0]
        mean = integrate.quad(lambda z: z * stats.norm.pdf(z), 0, 12)[0] / sigma
        assert (z2 / 4 / sigma**2 - mean**2) * sigma**2 == pytest.approx(0.0908, abs=1e-3)
    assert "A jump of $\\good f$ at the mean does not shrink either" in BELL and "is $.091/\\sigma^2$" in BELL
    assert "an offset, noise, or a jump or cusp of the reward at the mean" in LIMITS
    assert "where the reward jumps" in cells("04-continuous-actions")["end"]


def test_with_the_executed_action_the_slope_can_be_right_by_accident():
    mu = -0.8
    under = lambda f: integrate.quad(lambda a: f(a) * stats.norm.pdf(a, mu), mu - 9, mu + 9, points=(-1, 1))[0]  # noqa: E731
    clip = lambda a: np.clip(a, -1, 1)  # noqa: E731
    mean, rest = under(lambda a: clip(a) - mu), under(lambda a: clip(a) * (clip(a) - mu))
    truth = stats.norm.cdf(1, mu) - stats.norm.cdf(-1, mu)
    constant = (truth - rest) / mean
    assert 0 < constant < 5 and abs(mean) > 0.2  # within the figure's slider, and the mean score is not zero
    for m in np.linspace(-1.5, 1.5, 7):  # the score of log sigma gives it away at every mean
        assert (
            integrate.quad(lambda a: (clip(a) - m) ** 2 * stats.norm.pdf(a, m), m - 9, m + 9, points=(-1, 1))[0] < 0.99
        )
    assert "the slope is right by accident at most" in LIMITS and "only then is the computed slope" not in LIMITS


def test_position_two_tenths_is_four_fifths_of_the_way_up_the_valley():
    height = lambda x: 0.45 * np.sin(3 * x) + 0.55  # noqa: E731  # as Gymnasium's car climbs it
    bottom = optimize.minimize_scalar(height, bounds=(-1.2, 0.2), method="bounded").x
    share = (height(0.2) - height(bottom)) / (height(0.45) - height(bottom))
    assert share == pytest.approx(4 / 5, abs=0.01)
    assert "from four fifths of the way up, at position $.2$" in LIMITS and "halfway up" not in LIMITS


def test_pay_for_progress_keeps_the_best_policy_if_the_potential_ends_at_zero():
    """One step: stay pays 1, go pays 0 and leads to a state of potential 5."""
    pay = np.array([1.0, 0.0])
    assert np.argmax(pay + np.array([0, 5.0])) != np.argmax(pay) == np.argmax(pay + np.array([0, 0.0]))
    assert "If $\\Phi$ counts as 0 after the last step" in LIMITS
    assert "is 0 after the end" in ANSWERS["does-nothing"]
    assert "if $V$ counts as 0 after the end" in PageAndLab.text("06-critics")


@pytest.mark.parametrize("D", [1, 2, 3])
def test_each_dimension_of_the_action_adds_noise_to_the_score_function(D):
    nodes, p = np.polynomial.hermite_e.hermegauss(6)  # exact for polynomials up to degree 11
    p = p / p.sum()
    grid = np.stack(np.meshgrid(*[nodes] * D, indexing="ij"), axis=-1).reshape(-1, D)
    weight = np.stack(np.meshgrid(*[p] * D, indexing="ij"), axis=-1).reshape(-1, D).prod(axis=1)
    for sigma in (1, 0.01):
        estimate = (sigma * grid.sum(axis=1)) * grid[:, 0] / sigma  # (f - V) times the score of the first mean
        assert weight @ estimate == pytest.approx(1)
        assert weight @ estimate**2 - 1 == pytest.approx(D + 1)
    assert "has the variance $D+1$, at every $\\sigma$ and with the value as baseline" in LIMITS


def test_the_stable_slope_of_tanh_loses_a_few_units_of_the_sixteenth_decimal_near_zero():
    for u in (1e-3, 1e-5, 1e-7):
        found, truth = 2 * (np.log(2) - u - np.logaddexp(0, -2 * u)), float(np.log1p(-(np.tanh(u) ** 2)))
        assert abs(found - truth) < 1e-15
    assert abs(found / truth - 1) > 1e-5  # yet relative to so small a number it is off
    solution = nbformat.read(ROOT / "solutions/04-continuous-actions.ipynb", as_version=4)
    said = {c.id: c.source for c in solution.cells}["tanh-gaussian-log-prob-why"]
    assert "a few units of the 16th decimal" in said and "no subtraction of nearly equal numbers" not in said
    assert "without subtraction" not in source(continuous_actions)


def test_a_squashed_policy_plays_its_median_where_it_is_greedy():
    mu, sigma = 0.8, 1.0
    density = lambda a: stats.norm.pdf(np.arctanh(a), mu, sigma) / (1 - a * a)  # noqa: E731
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    mean = weights / weights.sum() @ np.tanh(mu + sigma * nodes)
    assert abs(mean - np.tanh(mu)) > 0.05 and integrate.quad(density, -1, np.tanh(mu))[0] == pytest.approx(0.5)
    assert density(0.9) > 1.1 * density(np.tanh(mu))  # nor is it where the density is largest
    policy = pg.Squashed(pg.LinearGaussian(1, 1), 2.0)
    theta = policy.init(np.random.default_rng(0))
    theta[:] = mu
    obs = np.array([[1.0]])
    drawn = policy.execute(policy.sample(theta, np.repeat(obs, 40_001, axis=0), np.random.default_rng(1)))
    centre, width = policy.execute(policy.mean(theta, obs)).item(), np.exp(policy.policy.log_std(theta, obs)).item()
    assert centre == pytest.approx(2 * np.tanh(policy.policy.mean(theta, obs)).item())
    assert abs((drawn < centre).mean() - 0.5) < 0.01 < width
    assert "for a Gaussian its mean) or, where it is squashed, its median, limit * tanh(mean)" in words(pg.evaluate)


def test_a_larger_batch_finds_the_flag_of_mountain_car():
    study = json.loads((ROOT / "studies/mountain_car_batches.json").read_text("utf8"))
    last = {int(size): [run["reached_goal_last"] for run in runs] for size, runs in study["arms"].items()}
    assert study["updates"] == 30 and all(len(runs) == 10 for runs in last.values())
    assert sum(met >= 90 for met in last[100]) == 8 and sum(last[8]) == 1
    page = PageAndLab.text("04-limits-and-tasks")
    assert (
        "With 100 episodes in each of 30 updates, and all else as it was, "
        "eight of ten runs met the flag in at least nine" in page
    )
    assert "with eight, in ten runs, one episode of eighty did" in page and "hardly help" not in page
