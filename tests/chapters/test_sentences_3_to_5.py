"""What the sentences of chapters 3 to 5 and of the interview bank claim:
counterexamples and identities, by enumeration and quadrature.

Each test is about one belief. Where the book once said otherwise, the old claim is shown to fail here.
"""

import itertools
import json
import re
from math import comb

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from tests.helpers.page_and_lab import ROOT, PageAndLab
from tools import contents
from tools.site import values

PAGES = [
    "03-the-log-derivative-trick",
    "03-baselines-and-noise",
    "03-in-practice",
    "04-continuous-actions",
    "04-limits-and-tasks",
    "05-in-the-interview",
]
TRICK, NOISE, PRACTICE, BELL, LIMITS, INTERVIEW = (PageAndLab.text(name) for name in PAGES)
ANSWERS = {q["id"]: "\n".join(str(v) for v in q.values()) for q in contents.questions()}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def difference(f, x, h=1e-5):
    return (f(x + h) - f(x - h)) / (2 * h)


# ---- chapter 3: what the identity and the lemma need ----


@pytest.mark.parametrize(
    "density, slope, right",
    [  # on [0, t], and its derivative in t inside
        (lambda x, t: 1 / t, lambda x, t: -1 / t**2, False),
        (lambda x, t: 2 * (t - x) / t**2, lambda x, t: 2 / t**2 - 4 * (t - x) / t**3, True),
    ],
)
def test_a_moving_edge_does_harm_where_the_density_jumps_and_only_there(density, slope, right):
    theta, over = 1.7, lambda f, t: integrate.quad(f, 0, t)[0]
    assert slope(0.6, theta) == pytest.approx(difference(lambda t: density(0.6, t), theta), rel=1e-6)
    estimate, mean_score = (
        over(lambda x: x * slope(x, theta), theta),
        over(lambda x: slope(x, theta), theta),
    )  # p times the score
    truth = difference(lambda t: over(lambda x: x * density(x, t), t), theta)
    assert (abs(estimate - truth) < 1e-6) == (abs(mean_score) < 1e-6) == right
    assert "gives the right $\\tfrac13$" in TRICK


def test_a_trajectory_has_its_rewards_in_its_probability():
    """The coin of the world that pays +-1: without the rewards' factor both trajectories would have probability 1."""
    trajectories = [(reward, 0.5) for reward in (1, -1)]
    assert sum(p for _, p in trajectories) == 1 and "P(r_t,s_{t+1}\\mid s_t,a_t)" in TRICK
    for text in (TRICK, (ROOT / "book/practice/drills.yml").read_text("utf8"), ANSWERS["derive-from-trajectories"]):
        assert not re.search(r"prod_t?.{0,60}P\(s_\{t\+1\}", text)


def test_one_update_with_all_its_numbers():
    gamma, episodes = (
        0.5,
        [([0, 1, 0], [0, 3, -3], [0, 0, None]), ([1, 0, 1], [-1, 0, 0.5], [0, 0, 1])],
    )  # actions, rewards, logit
    sums = []
    for actions, rewards, logit in episodes:
        G = [sum(gamma ** (k - t) * rewards[k] for k in range(t, 3)) for t in range(3)]
        g = np.zeros(2)
        for t, j in enumerate(logit):
            if j is not None:
                g[j] += gamma**t * G[t] * (actions[t] - 0.5)
        sums.append(g)
    assert sums[0].tolist() == [0, 0] and sums[1].tolist() == [-0.5, 1 / 16]
    mean = np.mean(sums, axis=0)
    assert mean.tolist() == [-1 / 4, 1 / 32] and round(sigmoid(mean[0]), 3) == 0.438
    world = pg.two_doors()
    rows = [
        (s, a, r)
        for (acts, rewards, _), states in zip(episodes, ("ABC", "ABD"))
        for s, a, r in zip(states, acts, rewards)
    ]
    assert all(world.R["ABCD".index(s), a] == r for s, a, r in rows)
    assert all(
        cell in TRICK
        for cell in ("| (−7/16, 0) |", "| (⅜, 0) |", "| (0, 1/16) |", "$.5$ to $.438$", "(-\\tfrac14,\\tfrac1{32})")
    )


# ---- chapter 3: noise ----


def test_the_rate_needs_a_finite_variance():
    rng, errors = np.random.default_rng(0), []
    for N, repeats in ((100, 40_000), (10_000, 4_000)):
        errors.append(np.median([abs(rng.standard_t(1.5, N).mean()) for _ in range(repeats)]))
    assert 4 < errors[0] / errors[1] < 5 and "between 4 and 5, not by 10" in NOISE
    normal = [np.median([abs(rng.standard_normal(N).mean()) for _ in range(4_000)]) for N in (100, 10_000)]
    assert 9 < normal[0] / normal[1] < 11
    for text in (NOISE, ANSWERS["high-variance"], (ROOT / "book/practice/rubric.yml").read_text("utf8")):
        assert "finite" in text.split("sqrt N$")[0][-200:] + text.split("sqrt N$")[1][:200]


@pytest.mark.parametrize("N, first, second", [(2, 0.5, 0.25), (4, 0.75, 0.53125), (8, 0.875, 0.751)])
def test_a_running_mean_has_another_factor_at_each_step(N, first, second):
    """Stop (pays 1) or go on, then be paid for the second action: all 3^N batches, by probability."""
    kinds = [((0, None), 0.5, 1.0), ((1, 0), 0.25, 0.0), ((1, 1), 0.25, 1.0)]  # actions, probability, return
    total = np.zeros(2)
    for batch in itertools.product(kinds, repeat=N):
        weight = np.prod([p for _, p, _ in batch])
        G = np.array([g for *_, g in batch])
        total[0] += weight * np.mean((G - G.mean()) * [a[0] - 0.5 for a, *_ in batch])
        running = [(a[1], g) for a, _, g in batch if a[0]]
        if running:
            later = np.mean([g for _, g in running])
            total[1] += weight * sum((g - later) * (a - 0.5) for a, g in running) / N
    J = lambda z: (1 - sigmoid(z[0])) + sigmoid(z[0]) * sigmoid(z[1])  # noqa: E731
    exact = optimize.approx_fprime([0.0, 0.0], J, 1e-7)
    np.testing.assert_allclose(total / exact, [first, second], atol=5e-4)
    if N != 4:
        assert f"${first:g}$".replace("0.", ".") in NOISE and f"${second:g}$".replace("0.", ".") in NOISE


def test_leave_one_out_costs_one_over_G_less_one_more_and_below_that_it_is_not_free():
    for G in (2, 4, 8):
        r = np.array(list(itertools.product((0, 1), repeat=G)))
        weight = r[:, 0] - (r.sum(axis=1) - r[:, 0]) / (G - 1)
        assert weight.var() / r[:, 0].var() == pytest.approx(1 + 1 / (G - 1))
    assert "one seventh more" in ANSWERS["why-no-critic"]


def test_an_estimated_Q_biases_by_what_differs_between_actions():
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    pi = pg.state_probs(world, policy, theta)
    d, Q = pg.discounted_visitation(world, pi), pg.action_values(world, pi)
    scores = np.stack([policy.score(theta, world.obs, np.full(4, a)) for a in (0, 1)], axis=1)
    with_Q = lambda table: np.einsum("s,sa,sad,sa->d", d, pi, scores, table)  # noqa: E731
    exact = optimize.approx_fprime(theta, lambda t: pg.expected_return(world, pg.state_probs(world, policy, t)), 1e-7)
    np.testing.assert_allclose(with_Q(Q), exact, atol=1e-6)
    np.testing.assert_allclose(
        with_Q(Q + np.array([[3], [-7], [2], [9.0]])), exact, atol=1e-6
    )  # the same for all actions
    np.testing.assert_allclose(with_Q(world.R), [0.125, 0.015625], atol=1e-12)
    np.testing.assert_allclose(with_Q(world.R) - exact, with_Q(world.R - Q), atol=1e-6)
    assert "$(+.125,\\,.016)$" in NOISE


def test_a_past_reward_is_one_more_baseline_so_reward_to_go_is_not_safe():
    pi, Q = np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])

    def variance(weight):  # of the second step's term, over both ways to count
        steps = np.array([weight[a] * (np.eye(3)[a] - pi) for a in range(3)])
        return pi @ ((steps - pi @ steps) ** 2).sum(axis=1)

    V, c = pi @ Q, 0.827
    assert round(variance(Q - V), 4) == 0.1269 and round(variance(c + Q - V), 5) == 0.00036
    assert "is safe" not in ANSWERS["reward-to-go-always"]


# ---- chapter 3: practice ----


def test_ten_more_on_every_reward_is_another_task_where_lengths_vary():
    length = lambda p: (4 - 2 * p) / (p * (1 - p))  # noqa: E731  expected steps of the corridor
    best = optimize.minimize_scalar(length, bounds=(0.01, 0.99), method="bounded").x
    assert round(best, 2) == 0.59 and best == pytest.approx(2 - np.sqrt(2), abs=1e-5)
    grid = np.linspace(0.001, 0.999, 999)
    assert grid[np.argmax(9 * length(grid))] == 0.001  # pays for never arriving
    step = np.array([[1 - best, best, 0], [best, 0, 1 - best], [0, 1 - best, 0]])
    assert np.linalg.solve(np.eye(3) - step, np.ones(3))[0] == pytest.approx(length(best))
    assert "loss changes while the task does not" not in PRACTICE and "$p=.59$" in PRACTICE


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP"])
def test_the_step_after_an_end_is_no_data_in_one_mode_and_the_first_of_a_new_episode_in_the_other(mode):
    import gymnasium

    mode = gymnasium.vector.AutoresetMode[mode]
    envs = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")], autoreset_mode=mode)
    envs.reset(seed=0)
    done = False
    while not done:
        obs, reward, terminated, _, _ = envs.step(np.array([1]))
        done = terminated[0]
        assert reward[0] == 1
    obs_after, reward, terminated, _, _ = envs.step(np.array([1]))
    if mode is gymnasium.vector.AutoresetMode.NEXT_STEP:
        assert reward[0] == 0 and abs(obs[0, 2]) > 0.2 and abs(obs_after[0]).max() < 0.05  # it only reset
    else:
        assert (
            reward[0] == 1 and abs(obs[0]).max() < 0.05 and abs(obs_after[0, 1]) > 0.1
        )  # the action moved the new cart
    assert "next-step mode" in PRACTICE and "same-step mode" in PRACTICE.lower()


def test_short_episodes_crowd_in():
    short = sum(0.5**k for k in range(1, 11))  # the k-th finishes short if all before it were
    long = 0.5  # only a long one that comes first ends within ten steps
    assert short / (short + long) == pytest.approx(2 / 3, abs=0.001) and "two thirds are short" in PRACTICE


def test_four_equal_actions_die_at_step_75_in_single_precision():
    for dtype, p, steps in (
        (np.float32, 0.25, 75),
        (np.float32, 0.5, 150),
        (np.float64, 0.25, 538),
        (np.float64, 0.5, 1075),
    ):
        product, count = dtype(1), 0
        while product > 0:
            product, count = product * dtype(p), count + 1
        assert count == steps and f"{steps:,}" in PRACTICE


# ---- chapter 4 ----


def bell_mean(f, mu=0.8, sigma=1.0):
    return integrate.quad(
        lambda a: f(a) * stats.norm.pdf(a, mu, sigma), mu - 12 * sigma, mu + 12 * sigma, points=[-1, 1], limit=400
    )[0]


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


# ---- chapter 5 and the bank ----


def test_pooled_successes_weigh_prompts_alike_and_a_mean_for_each_does_not():
    p, n = (0.05, 0.5), 64
    chance = [[comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)] for q in p]
    pooled = [
        sum(chance[0][i] * chance[1][j] * (i, j)[w] / (i + j) for i in range(n + 1) for j in range(n + 1) if i + j)
        / p[w]
        for w in (0, 1)
    ]
    assert [round(x, 2) for x in pooled] == [1.80, 1.82]
    each = [sum(chance[w][1:]) / p[w] for w in (0, 1)]  # E[K / K] over the groups with a success
    assert each[0] / each[1] > 9 and abs(pooled[0] / pooled[1] - 1) < 0.02
    assert (
        "$1.80$ and $1.82$" in ANSWERS["train-on-successes"]
        and "usual recipe climbs" not in ANSWERS["train-on-successes"]
    )


def test_the_weight_of_the_sample_std_is_E_of_v_over_std():
    for G, table in ((2, 0.71), (4, 1.40), (8, 1.74)):
        total = 0.0
        for r in itertools.product((0, 1), repeat=G):
            r = np.array(r)
            if r.std():
                total += 0.5**G * np.mean((r - r.mean()) / r.std(ddof=1) * (r - 0.5))
        k = np.arange(G + 1)
        v = k / G * (1 - k / G)
        std = np.sqrt(v * G / (G - 1))
        by_formula = stats.binom.pmf(k, G, 0.5) @ np.divide(v, std, out=0 * v, where=v > 0)
        assert total == pytest.approx(by_formula) and round(total / 0.25, 2) == table
        assert stats.binom.pmf(k, G, 0.5) @ std / 0.25 > total / 0.25 + 0.2  # E[std] is another number


def test_a_table_s_fisher_matrix_is_singular_and_its_pseudo_inverse_gives_the_advantage_up_to_a_constant():
    rng, gamma = np.random.default_rng(1), 0.9
    P, R, rho, z = (
        rng.dirichlet(np.ones(3), (3, 2)),
        rng.normal(size=(3, 2)),
        np.full(3, 1 / 3),
        rng.normal(size=(3, 2)),
    )

    def solve(z):
        pi = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        P_pi = np.einsum("sa,sat->st", pi, P)
        V = np.linalg.solve(np.eye(3) - gamma * P_pi, (pi * R).sum(axis=1))
        return pi, V, np.linalg.solve(np.eye(3) - gamma * P_pi.T, rho)

    pi, V, d = solve(z)
    A = R + gamma * P @ V - V[:, None]
    gradient = optimize.approx_fprime(z.ravel(), lambda t: rho @ solve(t.reshape(3, 2))[1], 1e-7)
    F = np.zeros((6, 6))
    for s, a in itertools.product(range(3), range(2)):
        score = np.zeros((3, 2))
        score[s] = np.eye(2)[a] - pi[s]
        F += d[s] * pi[s, a] * np.outer(score.ravel(), score.ravel())
    assert np.linalg.matrix_rank(F, tol=1e-9) == 3  # one less than the actions, for each state
    step = (np.linalg.pinv(F, rcond=1e-9) @ gradient).reshape(3, 2)
    np.testing.assert_allclose(step, A - A.mean(axis=1, keepdims=True), atol=1e-5)
    longer = np.linalg.pinv(F / d.sum(), rcond=1e-9) @ gradient
    np.testing.assert_allclose(longer, 10 * step.ravel(), rtol=1e-4)
    assert all(
        "pseudo-inverse" in text
        for text in (ANSWERS["natural-gradient"], ANSWERS["compatible-features"], PageAndLab.text("summary-sheet"))
    )


def test_the_orbit_of_two_learners_need_not_close():
    M = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0.0]])
    soft = lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()  # noqa: E731

    def rate(state):
        x, y = soft(state[:3]), soft(state[3:])
        return np.concatenate([M @ y, -M.T @ x])  # natural gradients on logits: the replicator equation

    def kl_sum(state):
        return -np.log(soft(state[:3])).mean() - np.log(soft(state[3:])).mean()

    state = np.log([0.7, 0.2, 0.1, 0.1, 0.3, 0.6])
    first, away, nearest, kept = np.concatenate([soft(state[:3]), soft(state[3:])]), False, np.inf, kl_sum(state)
    for _ in range(6000):  # Runge and Kutta's rule, some 30 turns
        k1 = rate(state)
        k2 = rate(state + 0.005 * k1)
        k3 = rate(state + 0.005 * k2)
        state = state + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + rate(state + 0.01 * k3))
        gap = np.abs(np.concatenate([soft(state[:3]), soft(state[3:])]) - first).max()
        away = away or gap > 0.2
        nearest = min(nearest, gap) if away else nearest
    assert abs(kl_sum(state) - kept) < 1e-8  # preserved
    assert nearest > 0.01  # and yet it never comes back to where it began
    assert "closed orbits" not in ANSWERS["self-play"]


def test_the_clip_bounds_the_weight_of_a_good_action_and_not_of_a_bad_one():
    term = lambda r, A: np.minimum(r * A, np.clip(r, 0.8, 1.2) * A)  # noqa: E731
    weight = lambda r, A: r * difference(lambda x: term(x, A), r, 1e-7)  # noqa: E731  what stands before A's score
    grid = np.linspace(0.01, 50, 5000)
    assert max(abs(weight(grid, 1.0))) < 1.2001 and max(abs(weight(grid, -1.0))) > 49
    assert (0.9 / 0.001) ** (10 / 10) == pytest.approx(900) and "It never bounds one" not in ANSWERS["what-clip-kills"]
    assert "one bounded number" not in ANSWERS["token-or-sequence-ratio"]


def test_a_discount_with_its_power_in_front_weighs_all_tokens_alike():
    gamma, T = 0.9, 5
    assert (
        np.ptp([gamma**t * gamma ** (T - 1 - t) for t in range(T)]) < 1e-12
        and np.ptp([gamma ** (T - 1 - t) for t in range(T)]) > 0.3
    )


def test_the_clamped_ratio_has_a_mean_below_one():
    sampled, ours = np.array([0.8, 0.2]), np.array([0.4, 0.6])  # ratios .5 and 3
    assert sampled @ (ours / sampled) == pytest.approx(1) and sampled @ np.minimum(ours / sampled, 2) == pytest.approx(
        0.8
    )


def test_the_loss_of_centred_advantages_is_zero_with_a_length_for_each_answer_and_not_with_one_for_all():
    A, T = np.array([0.75, -0.25, -0.25, -0.25]), np.array([10, 1000, 10, 10])
    assert abs(sum(A / T * T)) < 1e-12 and abs(sum(A * T) / T.sum()) > 0.2

    def gradient(answers, rewards):
        pi, A = np.full(3, 1 / 3), np.array(rewards) - np.mean(rewards)
        return -(A[:, None] * (np.eye(3) - pi)[answers]).mean(axis=0)

    np.testing.assert_allclose(gradient([0, 1, 2, 2], [1, 0, 0, 1]), [-0.125, 0.125, 0], atol=1e-12)
    assert not np.allclose(gradient([0, 1, 1, 0], [1, 0, 0, 1]), [-0.125, 0.125, 0])


def test_the_greedy_action_of_aliased_q_learning_need_not_settle():
    """The hidden state is the last action: repeating it pays 0, changing it pays 1. The agent sees one observation, so
    both values chase each other."""
    rng, Q, last, changes, greedy = np.random.default_rng(0), np.zeros(2), 0, 0, 0
    coins, picks = rng.random(60_000), rng.integers(2, size=60_000)
    for n in range(60_000):
        action = picks[n] if coins[n] < 0.1 else int(Q[1] > Q[0])
        reward, last = float(action != last), action
        Q[action] += (n + 1) ** -0.7 * (reward - Q[action])
        changes, greedy = changes + (int(Q[1] > Q[0]) != greedy), int(Q[1] > Q[0])
    assert changes > 2000 and abs(Q[0] - Q[1]) < 0.05


# ---- what is read, and what libraries do ----


def minutes(text):
    """Reading time: 200 words a minute with captions and quizzes, 30 s a display, a minute a quiz, 3 minutes an
    explorable."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    kinds = re.findall(r"^(?:`{3,}|:{3,})\{([\w-]+)\}", text, re.MULTILINE)
    displays = len(re.findall(r"\$\$.*?\$\$", text, re.DOTALL))
    for rubbish in (r"\$\$.*?\$\$(?:\s*\(eq-[\w-]+\))?", r"^```python\n.*?^```$"):
        text = re.sub(rubbish, "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(
        r"^    \S.*$|^:alt:.*$|^:(?:class|name):.*$|^(?:`{3,}|:{3,})\{[\w-]+\}(?: policy_gradient\S*)?",
        "",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(
        r"\{cite[^}]*\}`[^`]*`", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"\$[^$\n]+\$", "x", text))
    )
    words = sum(bool(re.search(r"\w", w)) for w in text.split())
    return words / 200 + displays / 2 + kinds.count("quiz") + 3 * kinds.count("explorable")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_takes_more_than_25_minutes(name):
    assert minutes(PageAndLab.text(name)) <= 25


def test_old_addresses_of_moved_sections_stand_on_the_first_page():
    from tests.chapters.in_the_interview.test_questions import headings

    for first, *others in (PAGES[:3], PAGES[3:5]):
        kept = set(re.findall(r"^\(([\w-]+)\)=$", PageAndLab.text(first), re.MULTILINE))
        moved = {a for name in others for a in headings(name) if f"{name}.md#{a})" in PageAndLab.text(first)}
        assert kept and kept <= moved | {"where-this-is-used-today"}


def test_the_page_says_what_was_read_from_the_libraries():
    read = json.loads((ROOT / "tools/keep/library_defaults.json").read_text("utf8"))
    page = (ROOT / "book/interview/language-models.md").read_text("utf8")
    trl, verl, openrlhf = (read["libraries"][name]["defaults"] for name in ("trl", "verl", "openrlhf"))
    for name, title in (("trl", "TRL"), ("verl", "verl"), ("openrlhf", "OpenRLHF")):
        assert f"{title} {read['libraries'][name]['version']}" in page
    assert read["as of"] == "2026-11-29" and "29 November 2026" in page
    rows = {
        cells[0].strip(): [c.strip() for c in cells[1:5]]
        for line in page.splitlines()
        if (cells := line.strip("|").split("|"))[4:]
    }
    assert (
        trl["GRPO scale_rewards"] == "group" and verl["adv_estimator"] == openrlhf["algo.advantage.estimator"] == "gae"
    )
    assert rows["answers per prompt"] == [
        trl["GRPO num_generations"],
        trl["RLOO num_generations"],
        "1",
        openrlhf["rollout.n_samples_per_prompt"],
    ]
    divided = rows["sum of token terms divided by"]
    assert (
        f"`{trl['GRPO loss_type']}`" in divided[0]
        and f"`{verl['loss_agg_mode']}`" in divided[2]
        and f"`{openrlhf['actor.loss_agg_mode']}`" in divided[3]
    )
    kl = rows["KL to the reference"]
    assert float(trl["GRPO beta"]) == 0 and "none" in kl[0] and trl["RLOO beta"].lstrip("0") in kl[1]
    assert verl["use_kl_in_reward"].lower() == verl["use_kl_loss"] == "false" and kl[2] == "none"
    assert (
        openrlhf["algo.kl.use_loss"] == "False"
        and openrlhf["algo.kl.estimator"] == "k1"
        and openrlhf["algo.kl.init_coef"].lstrip("0") in kl[3]
    )
    assert {trl["GRPO epsilon"], trl["RLOO epsilon"], verl["clip_ratio"], openrlhf["actor.eps_clip"]} == {
        "0.2"
    } and all(".2" in c for c in rows["clip"])
    assert verl["clip_ratio_c"] == "3.0" and openrlhf["actor.dual_clip"] == trl["GRPO delta"] == "None"
    assert rows["passes over a batch"] == [
        trl["GRPO num_iterations"],
        "1",
        verl["ppo_epochs"],
        openrlhf["train.max_epochs"],
    ]
    assert (
        trl["GRPO correction mode"] == "sequence_mask"
        and verl["rollout_is"] == "null"
        and openrlhf["algo.advantage.is_correction_level"] == "off"
    )


# ---- the numbers that the pages print, each computed here ----


def test_the_named_numbers_of_chapter_3():
    from tests.chapters.the_log_derivative_trick.test_numbers import GRADIENT, WEIGHTS, moments

    variance = {name: float(moments(weight)[1]) for name, weight in WEIGHTS.items()}
    squared = float(sum(g**2 for g in GRADIENT))
    values.holds(
        var_total=variance["total return"],
        var_togo=variance["reward-to-go"],
        var_exact_Q=variance["exact Q"],
        var_togo_less_V=variance["to-go less V"],
        var_advantage=variance["advantage"],
        need_total=int(np.ceil(variance["total return"] / squared / 0.01)),
        need_togo=int(np.ceil(variance["reward-to-go"] / squared / 0.01)),
        need_total_exact=variance["total return"] / squared / 0.01,
        doors_first=-float(GRADIENT[0]),
        doors_second=float(GRADIENT[1]),
        one_step_guess=0.25 * 0.5,
    )  # in B: half a visit, p (1 - p), pays 3; in A: one visit, pays -1
    assert 0.5 * 0.25 * 3 - 0.25 == 0.25 * 0.5

    def noise(pi, Q, b):
        steps = np.array([(Q[a] - b) * (np.eye(len(pi))[a] - pi) for a in range(len(pi))])
        return pi @ ((steps - pi @ steps) ** 2).sum(axis=1)

    hurt, help_ = (np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])), (np.array([0.9, 0.1]), np.array([0, 1.0]))
    best = optimize.minimize_scalar(
        lambda b: noise(*hurt, b), bounds=(-1, 1), method="bounded", options={"xatol": 1e-10}
    )
    values.holds(
        hurt_none=noise(*hurt, 0),
        hurt_V=noise(*hurt, 0.9),
        hurt_best=best.fun,
        hurt_b=best.x,
        hurt_b_short=best.x,
        help_none=noise(*help_, 0),
        help_V=noise(*help_, 0.1),
        ten_eleven_noise=noise(np.array([0.5, 0.5]), np.array([10, 11.0]), 0),
        kept_4=3 / 4,
        kept_8=7 / 8,
        third_of_error=10**-0.5,
    )
    later = (
        sum(comb(8, n) / 2**8 * (n - 1) / n * n for n in range(1, 9)) / 4
    )  # n of 8 go on: each keeps (n - 1) / n of its share
    values.holds(kept_second_8=later)
    values.holds(
        bell_height=stats.norm.pdf(0),
        step_noise=0.5 - stats.norm.pdf(0) ** 2,
        step_noise_baseline=0.25 - stats.norm.pdf(0) ** 2,
        after_one_update=sigmoid(-0.25),
        corridor_p=2 - 2**0.5,
        halves_die=1075,
        sum_of_logs=538 * np.log(4),
    )
    loss = lambda p: p * (1 - p) * np.log(p) - (1 - p) * p * np.log(1 - p)  # noqa: E731  minus the expected surrogate
    lowest = optimize.minimize_scalar(lambda p: -loss(p), bounds=(0.5, 0.99), method="bounded")
    values.holds(
        loss_9=loss(0.9),
        loss_99=loss(0.99),
        loss_lowest=-lowest.fun,
        loss_lowest_p=lowest.x,
        loss_highest_p=1 - lowest.x,
    )
    G = stats.zscore([sum(0.99**k for k in range(6 - t)) for t in range(6)])
    values.holds(standard_0=G[0], standard_1=G[1], standard_2=G[2], standard_3=-G[3], standard_5=-G[5])
    assert round(-G[4], 2) == round(G[1], 2)
    arms = json.loads((ROOT / "studies/cartpole_ablation.json").read_text("utf8"))["arms"]
    tests = {
        name: stats.ttest_rel(np.mean(arm["sampled"], axis=1), np.mean(arms["recipe"]["sampled"], axis=1))
        for name, arm in arms.items()
        if name != "recipe"
    }
    shift = {name: np.mean(arms[name]["sampled"]) - np.mean(arms["recipe"]["sampled"]) for name in arms}
    values.holds(
        shift_theorem=shift["theorem's estimator"],
        shift_gamma_one=shift["gamma = 1"],
        shift_power_kept=shift["gamma^t kept"],
        closest_p_value=tests["gamma = 1"].pvalue,
    )
    values.holds(closest_p_value=tests["gamma^t kept"].pvalue)


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


# ---- a naive reading ----


def test_a_wrong_sign_and_a_temperature_at_equal_logits_have_mean_score_zero():
    softmax = lambda z: np.exp(z) / np.exp(z).sum()  # noqa: E731
    z = np.array([0.3, -1.0, 2.0])
    np.testing.assert_allclose(softmax(z) @ -(np.eye(3) - softmax(z)), 0, atol=1e-15)
    for logits, zero in ((np.zeros(3), True), (z, False)):
        mean = softmax(logits / 2) @ (np.eye(3) - softmax(logits))  # tempered, and scored without it
        assert np.allclose(mean, 0) == zero
    assert "the best test of a score" not in TRICK and "in general not zero" in TRICK


def test_of_a_jump_the_path_reports_the_slope_beside_it():
    """f(x) = x + 1 where x > 0, at mu = 0: the path says 1, the truth is 1.399."""
    f, cut = (lambda x: x + (x > 0)), dict(points=[0], limit=200)
    truth = integrate.quad(lambda x: f(x) * x * stats.norm.pdf(x), -10, 10, **cut)[0]
    path = integrate.quad(lambda x: stats.norm.pdf(x), -10, 10)[0]
    assert (round(truth, 3), round(path, 3)) == (1.399, 1.0)
    assert "On a jump it reports 0" not in TRICK + ANSWERS["score-or-pathwise"]


def test_standardised_returns_do_not_keep_their_signs():
    G = np.array([sum(0.99**k for k in range(n)) for n in range(6, 0, -1)])
    assert (G > 0).all() and ((G - G.mean()) < 0).sum() == 3
    assert "puts a leash" not in PRACTICE and "keeps its sign" not in PRACTICE and "ever evaluated" not in PRACTICE


def test_a_positive_weight_may_belong_to_an_episode_shorter_than_the_average():
    to_go = lambda n: (1 - 0.99**n) / 0.01  # noqa: E731
    lengths = np.array([10, 80, 500])
    assert to_go(80) > to_go(lengths).mean() and 80 < lengths.mean()
    said = (ROOT / "learning_to_act/explorables/replay.js").read_text("utf8")
    assert "outlast" not in said and said.count("Discounted, this episode has") == 3
    assert "each further step counted less" in PRACTICE


def test_the_total_return_can_win_the_race_without_a_loan():
    from learning_to_act.explorables.race import race_table

    rows = race_table(2)["rows"]
    assert rows["total"][0] < rows["togo"][0]
    assert 's.loan ? "in the total the loan cancels' in (ROOT / "learning_to_act/explorables/race.js").read_text("utf8")


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


def test_an_offset_that_makes_cartpole_s_reward_negative_turns_the_task():
    assert all(best == max((9, 500), key=lambda n: (1 + c) * n) for c, best in ((10, 500), (-0.5, 500), (-2, 9)))
    assert "as long as what is paid stays positive" in ANSWERS["all-rewards-positive"]


def test_k3_can_be_noisier_than_k1():
    pi, ref = np.array([0.99, 0.01]), np.array([0.5, 0.5])
    rho = ref / pi
    spread = lambda k: np.sqrt(pi @ (k - pi @ k) ** 2)  # noqa: E731
    assert 9 < spread(rho - 1 - np.log(rho)) / spread(-np.log(rho)) < 11
    assert "to log, yes" not in ANSWERS["negative-kl"]


def test_the_variance_of_the_ratio_product_can_stay_bounded_if_the_policies_draw_together():
    steps = np.arange(1, 10_001)
    shrinking = np.prod(1 + 4 * (0.05 / steps) ** 2)  # probabilities 1/2 and 1/2 + .05/t
    alike = 1.01**500
    assert shrinking - 1 < 0.02 and round(alike - 1) == 144
    assert "differ at every step alike" in ANSWERS["off-policy-gradient"]


def test_answers_name_the_gap_the_policy_and_what_whitening_takes_off():
    p, steps = 0.001, 0
    logit = np.log(p / (1 - p))
    while logit < 0:
        logit, steps = logit + sigmoid(logit) * (1 - sigmoid(logit)), steps + 1
    assert steps == 1016 and "with gap 1 it takes 1,016" in ANSWERS["entropy-collapse"]
    assert difference(lambda z: 10 + sigmoid(z), 0.0) == pytest.approx(0.25)
    assert difference(lambda z: 10 + sigmoid(z), 1.0) < 0.2 and "$p=\\frac12$" in ANSWERS["baseline-proof"]
    assert "It takes off a mean that contains the sample itself" in ANSWERS["standardise-per-episode"]
    assert "the second one bounds" not in ANSWERS["off-policy-gradient"]
    assert "fuel is all that differs" not in ANSWERS["does-nothing"]


# ---- chapter 3, read once more ----


def shared_coin(stop, N):
    """(expected estimate, slope): stop at once, or go on and get 1 for action 1, both with one logit at 0; the mean of
    those still running is taken off at each step."""
    kinds = [((0, None), 0.5, stop), ((1, 0), 0.25, 0.0), ((1, 1), 0.25, 1.0)]  # actions, probability, return
    total = 0.0
    for batch in itertools.product(kinds, repeat=N):
        returns, second = np.array([G for *_, G in batch]), [(a[1], G) for a, _, G in batch if a[0]]
        g = (returns - returns.mean()) @ [a[0] - 0.5 for a, *_ in batch]
        if second:
            g += sum((G - np.mean([G for _, G in second])) * (a - 0.5) for a, G in second)
        total += np.prod([p for _, p, _ in batch]) * g / N
    return total, difference(lambda z: (1 - sigmoid(z)) * stop + sigmoid(z) ** 2, 0.0)


def test_a_mean_at_each_step_can_reverse_the_slope_of_a_shared_logit_and_turns_nothing_where_lengths_are_equal():
    estimate, slope = shared_coin(0.9, 2)
    assert estimate == pytest.approx(-0.01875) and slope == pytest.approx(0.025)
    estimate, slope = shared_coin(1.0, 8)
    assert estimate < -0.015 and slope == pytest.approx(0, abs=1e-9)  # not shorter, either
    total, both = np.zeros(2), list(itertools.product((0, 1), repeat=2))  # two steps, always: pays a0 + 3 a1
    for one, two in itertools.product(both, repeat=2):
        actions = np.array([one, two])
        to_go = np.stack([actions @ [1, 3], actions @ [0, 3]], axis=1)
        total += ((to_go - to_go.mean(axis=0)) * (actions - 0.5)).mean(axis=0) / 16
    np.testing.assert_allclose(total, np.array([1, 3]) / 8)  # half of (1, 3) / 4: the same direction
    assert "Where lengths vary late steps lose more" in NOISE and "even its sign can change" in NOISE
    assert "their sum turned if lengths vary" in PRACTICE and "slightly turned" not in PRACTICE
    assert "it can even be reversed" in ANSWERS["what-baseline-does"]


def test_scaling_small_batches_can_turn_the_mean_right_round():
    kinds = [(1, 0.1, 10.0), (1, 0.4, -1.0), (0, 0.5, 0.5)]  # arm, probability, pay: arm 1 is worth 1.2, arm 0 0.5

    def mean(N, scale):
        total = 0.0
        for batch in itertools.product(kinds, repeat=N):
            f, s = np.array([b[2] for b in batch]), np.array([b[0] - 0.5 for b in batch])
            total += np.prod([b[1] for b in batch]) * (f @ s / N) / (np.sqrt((f**2).mean()) if scale else 1)
        return total

    assert mean(2, False) == pytest.approx(0.25 * (1.2 - 0.5)) and mean(2, True) < -0.3 and mean(6, True) < -0.1
    assert "turns, slightly if they are large" in PRACTICE


def test_the_surrogate_rises_first_and_a_standardised_return_can_be_0():
    loss = lambda p: -p * (1 - p) * np.log(p / (1 - p))  # noqa: E731
    grid = np.linspace(0.005, 0.995, 991)  # what the figure shows
    signs = np.sign(np.diff(loss(grid)))
    assert signs[0] == signs[-1] == 1 and signs[495] == -1 and (np.diff(signs) != 0).sum() == 2
    assert "the loss rises, falls and rises again" in PRACTICE
    assert stats.zscore([3, 2, 1])[1] == 0  # gamma = 1, an episode of three steps
    assert "not each single one: plus early" in PRACTICE


def test_where_nothing_ends_the_sum_of_scores_may_still_have_a_limit():
    """One choice, then a corridor without any, for ever: the form with total returns is exact."""
    gamma, scores = 0.5, {1: 0.5, 0: -0.5}  # of the one choice; all later ones are 0
    estimate = sum(0.5 * scores[a] * (a / (1 - gamma)) for a in (0, 1))  # action 1 pays 1 at every step
    assert estimate == pytest.approx(difference(lambda z: sigmoid(z) / (1 - gamma), 0.0))
    assert "the scores' sum need not, even with $\\gamma<1$" in TRICK


def test_a_score_missing_where_the_probability_is_0_does_harm():
    """p(0) = |theta|, and tents that are flat at theta = 0 take as much from the others: each of these has the slope 0
    there, x = 0 none, and at theta = 0 it has probability 0."""

    def tent(k, theta):
        u, a = abs(theta), 2.0**-k
        return max(0.0, min(2 * u / a - 1, 2 - u / a)) * u

    for theta in (0.2, -0.03, 1e-4):
        assert sum(tent(k, theta) for k in range(1, 60)) == pytest.approx(abs(theta))
        assert all(tent(k, theta) <= 2.0 ** (1 - k) for k in range(60))  # p(k) = c_k - tent: there is room for it
    assert all(tent(k, h) == 0 for k in range(1, 10) for h in (1e-4, -1e-4))
    J = abs  # f is 1 at x = 0 and else 0; the formula, under theta = 0, averages nothing
    assert J(1e-3) / 1e-3 != J(-1e-3) / -1e-3
    assert "at this $\\theta$ for almost every $x$" in TRICK


def test_other_episodes_must_be_independent_and_a_table_learned_from_the_same_ones_has_another_bias():
    pay, scores = {0: 0.0, 1: 1.0}, {0: -0.5, 1: 0.5}
    twins = [(a, 1 - a) for a in (0, 1)]  # the second coin shows the other side
    doubled = np.mean([np.mean([(pay[a] - pay[b]) * scores[a], (pay[b] - pay[a]) * scores[b]]) for a, b in twins])
    assert doubled == 2 * 0.25
    total, formula = 0.0, []
    for batch in itertools.product(((0, 0.0), (0, 2.0), (1, 3.0)), repeat=2):  # arm 0 pays 0 or 2, arm 1 pays 3
        chance = np.prod([0.25 if a == 0 else 0.5 for a, _ in batch])
        Q = {a: np.mean([f for b, f in batch if b == a]) for a, _ in batch}  # the mean of this very batch
        total += chance * np.mean([Q[a] * scores[a] for a, _ in batch])
        formula.append((chance, 0.25 * ((Q.get(1, 0.0) - 3) - (Q.get(0, 0.0) - 1))))
    assert total == pytest.approx(0.25 * (3 - 1))  # right on average
    assert abs(sum(c * x for c, x in formula)) > 0.1  # where the formula says that it is off
    assert "on independent other episodes" in NOISE and "learned from other episodes" in NOISE
    assert "on independent other episodes" in ANSWERS["what-baseline-does"]


def test_the_race_is_never_won_by_the_total_return():
    from learning_to_act.explorables.race import HORIZONS, race_table

    won = False
    for horizon, offset, loan in itertools.product(HORIZONS, (0, 1, 3), (0, 1, 2, 4)):
        rows = race_table(horizon)["rows"]
        total, togo, q, _, advantage = (
            rows[k][0] + 2 * offset * rows[k][1] + offset**2 * rows[k][2] + loan**2 * rows[k][3]
            for k in ("total", "togo", "q", "baseline", "advantage")
        )
        assert advantage < total and q < total
        won |= total < togo
    assert won and "there is a setting where the total return beats reward-to-go" in NOISE


def test_with_nine_intervals_at_once_the_baseline_s_reaches_zero_and_by_holm_it_stands():
    arms = json.loads((ROOT / "studies/cartpole_ablation.json").read_text("utf8"))["arms"]
    means = {name: np.mean(arm["sampled"], axis=1) for name, arm in arms.items()}
    tests = {name: stats.ttest_rel(m, means["recipe"]) for name, m in means.items() if name != "recipe"}
    assert 0 < tests["no baseline"].confidence_interval(1 - 0.05 / 9).high < 1
    p = sorted(t.pvalue for t in tests.values())
    assert p[0] == tests["plain steps"].pvalue < 0.05 / 9 and 0.05 / 9 < p[1] == tests["no baseline"].pvalue < 0.05 / 8
    assert p[2] > 0.05 / 7
    assert "the baseline's just reaches 0; by Holm's, Adam and the baseline both stand" in PRACTICE


def test_the_stored_policy_stands_from_a_dozen_updates_on_but_for_one():
    data = json.loads((ROOT / "learning_to_act/explorables/replay.json").read_text("utf8"))
    medians = [np.median(c["lengths"]) for c in data["checkpoints"]]
    assert max(medians[:12]) < 500 and sorted(medians[12:])[:2] == [404, 500]
    assert "from a dozen updates on, but for one" in PRACTICE


# ---- a strict reading of chapters 4 and 5 ----


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


def test_the_deterministic_limit_needs_a_Q_without_a_jump():
    for sigma in (1, 0.1, 0.01):
        score_mean = integrate.quad(lambda z: z / sigma * stats.norm.pdf(z), 0, 12)[0]  # noqa: B023  Q = 1[a > 0]
        assert score_mean == pytest.approx(stats.norm.pdf(0) / sigma)
    assert "a smooth $Q$" in ANSWERS["derive-dpg"] and "there is no limit" in ANSWERS["derive-dpg"]


def test_a_floor_and_a_temperature_can_leave_the_mean_score_at_zero():
    pi = np.full(3, 1 / 3)
    np.testing.assert_allclose(np.maximum(pi, 0.05) @ (np.eye(3) - pi), 0, atol=1e-15)
    assert (
        "in general not zero" in ANSWERS["score-function"] and "it can fail in code" in ANSWERS["prove-expected-score"]
    )
    assert "unless all logits are equal" in ANSWERS["softmax-score"]


def test_the_best_of_five_lies_elsewhere_if_results_are_not_normal():
    coins = np.array(list(itertools.product((0, 1), repeat=5))).max(axis=1).mean()
    assert (coins - 0.5) / 0.5 == 0.9375 and "of 5 with normal scatter" in ANSWERS["seeds-and-intervals"]


def test_k3_has_the_mean_of_the_kl_only_where_the_policy_rules_nothing_out():
    pi, ref = np.array([1.0]), np.array([0.5])  # the other action: never drawn, half of the reference
    k1, k3 = -np.log(ref / pi), ref / pi - 1 - np.log(ref / pi)
    assert (round(k1[0], 3), round(k3[0], 3)) == (0.693, 0.193)
    assert "can draw all that the reference can" in ANSWERS["negative-kl"]


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


def test_a_group_s_factor_does_not_wash_out_beside_a_kl_term():
    """Two arms that pay 0 and 1, beta = 1, a uniform reference: with G = 2 the reward counts half."""
    best = lambda factor: (
        optimize.minimize_scalar(  # noqa: E731
            lambda z: (
                -factor * sigmoid(z) + sigmoid(z) * np.log(2 * sigmoid(z)) + sigmoid(-z) * np.log(2 * sigmoid(-z))
            ),
            bounds=(-5, 5),
            method="bounded",
        ).x
    )
    assert (round(best(1), 3), round(best(0.5), 3)) == (1.0, 0.5)
    assert "no KL or entropy term beside it" in ANSWERS["group-mean"]


def test_away_from_the_old_policy_the_plain_surrogate_is_wrong_where_the_ratio_is_right():
    old, Q, z = np.array([0.5, 0.5]), np.array([0.0, 1.0]), 1.0
    A = Q - old @ Q
    log_pi = lambda z: np.log([sigmoid(-z), sigmoid(z)])  # noqa: E731
    plain = difference(lambda z: old @ (log_pi(z) * A), z)
    ratio = difference(lambda z: old @ (np.exp(log_pi(z)) / old * A), z)
    truth = difference(lambda z: np.exp(log_pi(z)) @ Q, z)
    assert ratio == pytest.approx(truth) and plain > truth + 0.04
    assert "plain surrogate's gradient away from it" in ANSWERS["reuse-the-batch"]


def test_a_constant_cancels_in_the_kl_of_two_policies_of_one_kind():
    a, log_sigma = np.random.default_rng(0).normal(size=(5, 2)), np.zeros(2)
    right = lambda mu: (-((a - mu) ** 2) / 2 - log_sigma - np.log(2 * np.pi) / 2).sum(axis=1)  # noqa: E731
    once = lambda mu: (-((a - mu) ** 2) / 2 - log_sigma).sum(axis=1) - np.log(2 * np.pi) / 2  # noqa: E731
    np.testing.assert_allclose(right(0) - right(1), once(0) - once(1))
    assert not np.allclose(right(0), once(0))
    assert "an entropy or a KL computed" not in (ROOT / "solutions/04-continuous-actions.ipynb").read_text("utf8")


def test_the_curves_of_the_bugs_are_those_that_the_exercise_quotes():
    from policy_gradient.checks.worlds import exact_curves, ladder

    cells = json.loads((ROOT / "solutions/05-in-the-interview.ipynb").read_text("utf8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    curves = {}
    for name in ("update_1", "update_4", "update_8"):
        space = {"np": np, "softmax": pg.softmax}
        exec(next(s for s in sources if s.startswith(f"def {name}(")), space)
        curves[name] = exact_curves(space[name], ladder, np.zeros((3, 2)), lr=0.5, updates=100, seeds=10)
    mean = lambda name, update: round(float(curves[name][:, update].mean()), 2)  # noqa: E731
    quoted = "\n".join(sources)
    assert [mean("update_1", k) for k in (0, 5, 10)] == [1.04, 0.91, 0.82]
    assert "1.04, after five updates 0.91, after ten 0.82" in quoted
    assert mean("update_4", 100) == 2.77 and round(curves["update_4"][:, 100].min(), 2) == 2.76
    assert "in the end 2.77, and every seed at least 2.76" in quoted
    assert round(mean("update_8", 100), 1) == 1.9 and "to 1.9 or so" in quoted


def test_a_sampled_action_that_pays_more_need_not_be_pushed_more():
    pi, pay = np.array([0.9, 0.1]), np.array([2.0, 1.0])
    pushes = pay * (1 - pi)  # of the logit of what was drawn
    expected = sum(p * r * (np.eye(2)[a] - pi) for a, (p, r) in enumerate(zip(pi, pay)))
    np.testing.assert_allclose(pushes, [0.2, 0.9])
    np.testing.assert_allclose(expected, [0.09, -0.09])  # in the mean the better one rises
    assert "better ones more" not in ANSWERS["all-rewards-positive"]


def test_the_page_s_lines_of_the_total_return_form_need_the_mask():
    """Episodes of different lengths: the policy has scores after an end as well, and only the mask takes them out."""
    world, policy, rng = pg.short_corridor(), pg.TabularSoftmax(1, 2), np.random.default_rng(0)
    theta = np.array([0.0, 0.8])
    batch = pg.sample_rollout(world, policy, theta, 6, 400, rng)
    scores, mask = policy.score(theta, batch.obs, batch.actions), batch.mask
    G0 = (batch.rewards * mask).sum(axis=0)
    by_hand = np.mean([G0[i] * sum(scores[t, i] for t in range(mask.shape[0]) if mask[t, i]) for i in range(6)], axis=0)
    lines = ((scores * mask[..., None]).sum(axis=0) * G0[:, None]).mean(axis=0)
    np.testing.assert_allclose(lines, by_hand)
    assert abs((scores.sum(axis=0) * G0[:, None]).mean(axis=0) - by_hand).max() > 1
    assert "scores = scores * mask[..., None]" in TRICK


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


def test_as_a_loss_k3_is_a_leash_as_well_and_of_another_kl():
    ref = np.array([0.5, 0.3, 0.2])
    z = np.log([0.98, 0.01, 0.01])
    k3 = lambda z: pg.softmax(z) - ref  # noqa: E731    E[(1 - rho) score] under pi
    for _ in range(200):
        z = z - k3(z)
    assert pg.softmax(z) == pytest.approx(ref, abs=1e-6)
    at = np.log([0.7, 0.2, 0.1])
    pi = pg.softmax(at)
    mean = (pi * (1 - ref / pi)) @ (np.eye(3) - pi)
    other = pg.finite_difference(lambda x: ref @ np.log(ref / pg.softmax(x)), at)
    wanted = pg.finite_difference(lambda x: pg.softmax(x) @ np.log(pg.softmax(x) / ref), at)
    assert mean == pytest.approx(k3(at)) and mean == pytest.approx(other, abs=1e-8)
    assert abs(mean - wanted).max() > 0.01
    assert "to make the policy pay for $\\mathrm{KL}(\\pi\\Vert\\pi_{\\text{ref}})$?" in INTERVIEW
    assert "to stay close to the reference" not in INTERVIEW
    assert "need not be a loss for that KL" in ANSWERS["kl-estimators"]
