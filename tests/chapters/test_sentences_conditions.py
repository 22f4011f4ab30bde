"""Under which conditions the sentences of chapters 2 to 5 hold: for each the counterexample to what the book once said.

Each test is about one belief, and looks for its new wording in every place that states it.
"""

import itertools
import json
import math
import re
import warnings
from dataclasses import fields, replace
from fractions import Fraction as F
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from scipy import integrate, optimize, stats

import policy_gradient as pg
from learning_to_act.exercises import continuous_actions as chapter04
from learning_to_act.exercises import in_the_interview as chapter05
from learning_to_act.exercises import the_log_derivative_trick as chapter03
from learning_to_act.exercises import the_theorem as chapter02
from learning_to_act.explorables import race
from policy_gradient.audit import theorem as audit_theorem
from policy_gradient.audit import worlds as audit_worlds
from tests.helpers.page_and_lab import ROOT, PageAndLab
from tools import contents

TRICK, NOISE, PRACTICE, BELL, LIMITS = (
    PageAndLab.text(name)
    for name in (
        "03-the-log-derivative-trick",
        "03-baselines-and-noise",
        "03-in-practice",
        "04-continuous-actions",
        "04-limits-and-tasks",
    )
)
BANK = contents.questions()
RUBRIC = yaml.safe_load((ROOT / "book/practice/rubric.yml").read_text("utf8"))
SHEET, DRILL = ((ROOT / f"book/{name}.md").read_text("utf8") for name in ("summary-sheet", "practice/coding-drill"))


def flat(thing):
    return (
        "\n".join(map(flat, thing.values() if isinstance(thing, dict) else thing))
        if isinstance(thing, (dict, list))
        else str(thing)
    )


ANSWERS = {q["id"]: flat(q) for q in BANK}


def cells(name):
    return {c.id: c.source for c in nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4).cells}


def softmax(z):
    return np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum()


def slope(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


def doors():
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    pi = pg.state_probs(world, policy, theta)
    scores = np.stack([policy.score(theta, world.obs, np.full(4, a)) for a in (0, 1)], axis=1)
    exact = optimize.approx_fprime(theta, lambda t: pg.expected_return(world, pg.state_probs(world, policy, t)), 1e-7)
    return world, pi, scores, exact


# ---- chapter 2: what is missing after n sweeps ----


def test_after_n_sweeps_at_most_gamma_to_the_n_of_the_largest_value_is_missing():
    rng, gamma, n = np.random.default_rng(0), 0.9, 12
    for scale in (1, 100):  # the bound goes with the values, gamma^n alone does not
        chain, r = rng.dirichlet(np.ones(5), size=5), scale * rng.random(5)
        V, swept, rho, visits = np.linalg.solve(np.eye(5) - gamma * chain, r), np.zeros(5), np.eye(5)[0], np.zeros(5)
        for t in range(n):
            swept, visits = r + gamma * chain @ swept, visits + gamma**t * rho @ np.linalg.matrix_power(chain, t)
        assert gamma**n < abs(V - swept).max() <= gamma**n * abs(V).max()
        assert 1 / (1 - gamma) - visits.sum() == pytest.approx(
            gamma**n / (1 - gamma)
        )  # nothing ends: exactly this share
    V, swept = pg.state_values(*doors()[:2]), np.zeros(4)
    world, pi = doors()[:2]
    for _ in range(3):
        swept = (pi * (world.R + world.gamma * world.P @ swept)).sum(axis=1)
    np.testing.assert_allclose(swept, V, atol=1e-12)  # three steps at most: nothing is missing, where gamma^3 is .125
    said = Path(chapter02.__file__).read_text("utf8")
    assert "at most gamma^n times the largest |V|" in said and "at most gamma^n of the 1/(1 - gamma)" in said
    assert "of the size gamma^n" not in said


# ---- chapter 3, first page: what REINFORCE needs ----


def test_a_short_episode_and_a_tame_score_are_not_enough_rewards_must_be_bounded():
    """One step, the score of a bell with variance 1, and r = exp(a^2/2) / (1 + a^2): J is finite at mu = 0 and nowhere
    else."""
    within = lambda mu, L: integrate.quad(
        lambda a: np.exp(a * mu - mu**2 / 2) / (1 + a * a) / np.sqrt(2 * np.pi), -L, L, limit=400
    )[0]  # noqa: E731
    assert within(0, 40) == pytest.approx(2 * np.arctan(40) / np.sqrt(2 * np.pi))  # tends to the root of pi / 2
    for mu in (-0.5, 0.5):
        assert within(mu, 60) > 1e3 * within(mu, 40) > 1e6 * within(mu, 20)
    assert integrate.quad(lambda a: a * a * stats.norm.pdf(a), -12, 12)[0] == pytest.approx(1)
    for needed in (
        "*rewards are bounded*",
        "*episodes have a bounded length, or* $\\gamma<1$ *and a finite mean length*",
        "*in each state the scores have a variance below one bound for all* $\\theta$ *nearby*",
    ):
        assert needed in TRICK
    answer = ANSWERS["derive-from-trajectories"]
    assert (
        "bounded rewards do, with a bounded length, or $\\gamma<1$ and a finite mean length" in answer
        and "below one bound for all $\\theta$ nearby" in answer
    )
    assert "rewards and the scores' variance bounded" in SHEET and "scores of finite variance" not in answer


def test_old_data_are_unbiased_with_ratios_and_not_without():
    old, new, Q = softmax(np.zeros(3)), softmax(np.array([-0.25, 0, 0.5])), np.array([1, 2, 3.0])
    score = np.eye(3) - new
    truth = new @ (score * Q[:, None])
    np.testing.assert_allclose(old @ (score * (new / old * Q)[:, None]), truth)
    assert abs(old @ (score * Q[:, None]) - truth).max() > 0.05
    assert "without ratios of the two policies they are no unbiased estimate" in TRICK


# ---- chapter 3: noise ----


def test_an_error_that_differs_between_actions_biases_in_general_and_not_always():
    world, pi, scores, exact = doors()
    d, Q = pg.discounted_visitation(world, pi), pg.action_values(world, pi)
    with_Q = lambda table: np.einsum("s,sa,san,sa->n", d, pi, scores, table)  # noqa: E731
    error = np.zeros((4, 2))
    error[0, 1], error[1, 1] = 1, -d[0] / d[1]  # A and B share their logit, and these cancel
    np.testing.assert_allclose(with_Q(Q + error), exact, atol=1e-6)
    error[1, 1] *= 2
    assert abs(with_Q(Q + error) - exact).max() > 0.1
    assert "one that differs between actions in general does not" in NOISE


def test_a_wrong_baseline_leaves_the_mean_with_gamma_to_the_t_and_only_with_it():
    world, pi, scores, exact = doors()
    Q, b = pg.action_values(world, pi), np.array([7, -3, 2, 40.0])[:, None]
    chain = np.einsum("sa,sat->st", pi, world.P)

    def mean(power):  # E sum_t power^t score (G_t - b(s_t)), by its visits
        visits = np.linalg.solve(np.eye(4) - power * chain.T, world.rho)
        return np.einsum("s,sa,san,sa->n", visits, pi, scores, Q - b)

    np.testing.assert_allclose(mean(world.gamma), exact, atol=1e-6)
    assert (
        abs(mean(1.0) - exact).max() > 0.1 and "gradient $\\sum_t\\gamma^t\\,\\nabla\\log\\pi\\,(G_t-b(s_t))$?" in NOISE
    )


def test_the_constants_of_the_five_estimators_span_a_factor_of_306():
    variances = [F(137, 2048), F(153, 2048), F(181, 4096), F(63, 2048), F(1, 4096)]
    assert max(variances) / min(variances) == 306 and F(137, 2048) / F(1, 4096) == 274
    assert "Their constants differed by a factor of 306" in cells("03-the-log-derivative-trick")["end"]
    assert (
        all(f"{v.numerator}/{v.denominator}" in NOISE for v in variances)
        and "a factor of about 300" in ANSWERS["high-variance"]
    )


def test_the_exact_advantage_carries_the_states_that_came_up():
    """Two starts by a coin of the world, one logit at a half:
    the action does not matter to the term, the state does."""
    Q, p = {0: np.array([0, 1.0]), 1: np.array([1, 0.0])}, np.array([0.5, 0.5])
    terms = {s: (q - p @ q) * (np.array([0, 1]) - 0.5) for s, q in Q.items()}
    assert all(np.ptp(t) == 0 for t in terms.values()) and np.var([terms[0][0], terms[1][0]]) == 1 / 16
    assert "| yes | the policy's own dice, and which states came up |" in ANSWERS["one-template"]


# ---- chapter 3: practice ----


@pytest.mark.parametrize("go_on, changes", [((0.5, 0.5), False), ((0.5, 0.9), True)])
def test_a_constant_per_step_is_harmless_where_the_policy_cannot_change_the_length(go_on, changes):
    """Lengths vary in both worlds. In the first the world alone decides them."""

    def J(z, c):
        p = 1 / (1 + np.exp(-z))
        return (p + c) / (1 - (1 - p) * go_on[0] - p * go_on[1])  # action 1 pays 1; V = p + c + (chance to go on) V

    world = pg.TabularMDP(np.array([[[go_on[0]], [go_on[1]]]]), np.array([[3.0, 4.0]]), np.array([1.0]), gamma=1.0)
    assert pg.expected_return(world, np.array([[0.7, 0.3]])) == pytest.approx(J(np.log(0.3 / 0.7), 3))
    differs = abs(slope(lambda z: J(z, 10), 0.4) - slope(lambda z: J(z, 0), 0.4)) > 1e-6
    assert differs == changes and "If the policy can change how long episodes last, it pays for length too." in PRACTICE
    assert "episodes whose length depends on the actions" in ANSWERS["all-rewards-positive"]


def test_after_a_small_step_the_weighted_sum_has_risen_and_a_single_action_may_have_lost():
    actions, psi, theta = np.array([0, 1]), np.array([1.0, 3.0]), np.zeros(3)
    log_pi = lambda z: np.log(softmax(z))[actions]  # noqa: E731
    after = theta + 0.01 * (psi[:, None] * (np.eye(3)[actions] - softmax(theta))).sum(axis=0)
    assert psi @ log_pi(after) > psi @ log_pi(theta) and log_pi(after)[0] < log_pi(theta)[0] and psi[0] > 0
    for text in (PRACTICE, ANSWERS["ascent-and-loss"], ANSWERS["loss-falls"], " ".join(RUBRIC["loss-falls"]), DRILL):
        assert "weighted sum" in text
        assert not any(
            old in text
            for old in (
                "with positive weight must have risen",
                "actions with positive weight.",
                "positively weighed",
                "of a rewarded action",
            )
        )
    assert "does $\\sum\\psi\\log\\pi$ rise on the batch" in SHEET


def test_the_surrogate_s_minimum_keeps_what_was_sampled_and_nothing_else():
    weights = np.array([1.0, 2.0, 0.0])  # the third action was not sampled
    found = softmax(optimize.minimize(lambda z: -weights @ np.log(softmax(z)), np.zeros(3)).x)
    np.testing.assert_allclose(found, [1 / 3, 2 / 3, 0], atol=1e-4)  # no sampled action is certain
    falls = [
        -weights @ np.log(softmax(np.array([0, 0, -z]))) + np.log(softmax(np.array([0, 0, -z])))[2]
        for z in (10, 100, 500)
    ]
    assert falls[0] > falls[1] > falls[2] < -400  # a negative weight: no minimum at all
    for text in (PRACTICE, ANSWERS["ascent-and-loss"], ANSWERS["reuse-the-batch"]):
        assert "no probability for anything that was not sampled" in text and "ertain" not in text
    assert "making sampled actions certain" not in ANSWERS["loss-falls"]


def test_a_percentile_bootstrap_of_few_seeds_is_too_narrow():
    rng, n = np.random.default_rng(0), 5
    runs = rng.standard_normal((2_000, n))
    means = runs[:, rng.integers(0, n, (400, n))].mean(axis=2)
    low, high = np.percentile(means, [2.5, 97.5], axis=1)
    half = stats.t.ppf(0.975, n - 1) * runs.std(axis=1, ddof=1) / np.sqrt(n)
    assert np.mean((low < 0) & (high > 0)) < 0.9 and abs(np.mean(abs(runs.mean(axis=1)) < half) - 0.95) < 0.02
    assert "percentile bootstrap of few seeds gives too narrow" in ANSWERS["seeds-and-intervals"]


# ---- chapter 4 ----


def test_sigma_follows_the_mean_second_derivative():
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    J = lambda log_sigma: weights / weights.sum() @ -((np.exp(log_sigma) * nodes) ** 2)  # noqa: E731  f = -(a - 1)^2 at its peak
    sigma = 0.6
    assert slope(J, np.log(sigma)) == pytest.approx(sigma**2 * -2) != 0  # with f' in its place it would be 0
    answer = ANSWERS["gaussian-score"]
    assert "\\sigma^2\\,\\E[f''(a)]" in answer and "\\sigma^2\\,\\E[f'(a)]" not in answer


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


# ---- chapter 5 and the museum ----


def test_ppo_drops_a_gradient_on_one_side_only():
    clipped = lambda ratio, A: min(ratio * A, np.clip(ratio, 0.8, 1.2) * A)  # noqa: E731
    assert [slope(lambda w: clipped(w, A), ratio) == 0 for ratio in (0.7, 1.3) for A in (1, -1)] == [
        False,
        True,
        True,
        False,
    ]
    assert (
        "left the band in the wanted direction" in ANSWERS["on-or-off-policy"]
        and "stops where the ratio" not in ANSWERS["on-or-off-policy"]
    )


def test_normalised_visits_make_the_natural_step_longer_by_their_sum():
    world, pi, scores, exact = doors()
    d = pg.discounted_visitation(world, pi)
    fisher = np.einsum("s,sa,san,sam->nm", d, pi, scores, scores)
    ratio = np.linalg.pinv(fisher / d.sum()) @ exact / (np.linalg.pinv(fisher) @ exact)
    np.testing.assert_allclose(ratio, d.sum())
    assert d.sum() == 1.75 != 1 / (1 - world.gamma)  # episodes end
    assert "the sum of the visits, which is $\\frac1{1-\\gamma}$ if nothing ends" in ANSWERS["natural-gradient"]


def test_dividing_by_lengths_and_a_kl_term_turn_the_gradient():
    scores, lengths, A = np.array([[1, 0.5], [-0.5, 2.0]]), np.array([1, 4]), np.array([1.0, -1.0])
    plain, divided = A @ scores, (A / lengths) @ scores
    assert abs(plain[0] * divided[1] - plain[1] * divided[0]) > 0.1  # not even the same direction
    assert "each answer divided by its length, and the gradient of its KL term" in ANSWERS["baseline-ladder"]


def test_another_law_can_have_mean_score_zero_by_symmetry():
    def mean_score(z):  # a floor of .05 that the score does not know
        acts = np.maximum(softmax(z), 0.05)
        return acts / acts.sum() @ (np.eye(3) - softmax(z))

    np.testing.assert_allclose(mean_score(np.zeros(3)), 0, atol=1e-15)
    assert abs(mean_score(np.array([0, 1, 4.0]))).max() > 0.01
    assert "by symmetry, so try a lopsided $\\theta$" in ANSWERS["mean-score-not-zero"]
    room = next(s for s in cells("museum-of-mistakes").values() if s.startswith("## Room 5"))
    assert "when the law that was *sampled* is the law that is scored" in room and "no other" not in room


def test_the_claims_of_lab_5_end_in_asserts():
    lab = cells("05-in-the-interview")
    assert "ends in an `assert`" in lab["title"]
    for name in ("tanh-stable", "seeds", "online-gap"):
        assert "assert" in lab[name].splitlines()[-1], name


# ---- a second strict reading ----


def solution(name):
    return {c.id: c.source for c in nbformat.read(ROOT / f"solutions/{name}.ipynb", as_version=4).cells}


def test_dropping_equal_groups_keeps_the_objective_where_the_batch_is_refilled():
    """Every group of eight answers, enumerated: the share of a prompt in the slots of a batch that is filled, times
    what a mixed group says."""
    G, ps = 8, (F(1, 20), F(1, 2))
    mixed, slope_if_mixed = [], []
    for p in ps:
        chance, total = F(0), F(0)
        for c in range(1, G):  # c right ones, sorted by exchangeability
            weight = F(math.comb(G, c)) * p**c * (1 - p) ** (G - c)
            mean = F(c, G)
            total += (
                weight * (c * (1 - mean) * (1 - p) + (G - c) * (0 - mean) * (0 - p)) / G
            )  # reward less mean, times score
            chance += weight
        mixed.append(chance)
        slope_if_mixed.append(total / chance / (p * (1 - p)))  # on grad p
        assert chance == 1 - p**G - (1 - p) ** G and total == F(G - 1, G) * p * (1 - p)
    assert [round(float(w), 2) for w in slope_if_mixed] == [
        2.60,
        0.88,
    ]  # each prompt again until its own group is mixed
    filled = [w * q / sum(mixed) for w, q in zip(slope_if_mixed, mixed)]
    assert filled[0] == filled[1] and round(float(filled[0]), 4) == 0.6585  # a common factor
    answer = ANSWERS["all-correct"]
    assert (
        "the two cancel, and what is left is a common factor" in answer
        and "Only if *each* prompt is sampled again" in answer
    )
    assert "That changes the objective" not in answer


def test_dropping_gamma_to_the_t_is_no_bias_of_the_undiscounted_gradient():
    p, gamma = F(1, 2), F(1, 2)
    J = lambda p, g: p * (1 - g * F(3, 2))  # noqa: E731  action 1 pays 1, then -3/2
    terms = [F(1), -F(3, 2)]  # what either step's action 1 is worth to it: nothing follows
    dropped = sum(p * (1 - p) * r for r in terms)
    kept = sum(gamma**t * p * (1 - p) * r for t, r in enumerate(terms))
    assert dropped == p * (1 - p) * (J(F(1), 1) - J(F(0), 1)) == F(-1, 8) and kept == p * (1 - p) * J(F(1), gamma) == F(
        1, 16
    )
    answer = ANSWERS["where-gamma-t"]
    assert "dropping the factor is no bias. The $\\gamma$ inside the return is the only one" in answer
    assert (
        0.99**50 > 0.6
        and 0.99**400 < 0.02
        and "With $\\gamma$ near one" not in answer
        and "Even with $\\gamma=.99$ steps after a few hundred" in answer
    )


def test_the_named_row_of_the_table_has_the_named_weights():
    rows = [line for line in ANSWERS["grpo-objective"].splitlines() if line.startswith("|")][2:]
    assert "divide by the std" in rows[3]  # the fourth
    weights = [f"{(p * (1 - p)) ** -0.5:.2f}" for p in (0.05, 0.5, 0.9)]
    assert (
        weights == ["4.59", "2.00", "3.33"]
        and "the fourth weight, that of the std, is $4.59$, $2$ and $3.33$" in ANSWERS["grpo-objective"]
    )


def test_the_average_over_all_samples_and_not_their_sum_has_the_mean_grad_p():
    p, N = F(1, 3), 4
    mean_sum = sum(
        F(math.comb(N, c)) * p**c * (1 - p) ** (N - c) * c * (1 - p) for c in range(N + 1)
    )  # right ones' scores
    assert mean_sum == N * p * (1 - p) and mean_sum / N == p * (1 - p)
    assert "Averaged over all samples, wrong ones as zeros, its mean is $\\nabla p$" in ANSWERS["train-on-successes"]


def test_beyond_the_band_only_one_side_has_no_gradient():
    clipped = lambda ratio, A: min(ratio * A, np.clip(ratio, 0.8, 1.2) * A)  # noqa: E731
    assert slope(lambda w: clipped(w, -1), 1.3) == pytest.approx(-1) and slope(lambda w: clipped(w, 1), 1.3) == 0
    assert "beyond the band, on the side that the advantage favours, the gradient is zero" in PageAndLab.text(
        "05-in-the-interview"
    )


def test_lambda_one_at_a_time_limit_and_an_inexact_V_that_does_no_harm():
    """Pages and bank say so already (above); the rubric must, too. An error of V that is the same everywhere harms at
    no lambda, if gamma is 1 and the task never ends within sight; so 'only if' is wrong."""
    r, V = np.array([1, -2, 0.5]), np.array([0.3, 4, -1, 7.0])
    advantages = lambda V, lam: sum(lam**t * (r[t] + V[t + 1] - V[t]) for t in range(3))  # noqa: E731
    assert advantages(V + 5, 0.5) == pytest.approx(advantages(V, 0.5))
    assert (
        "unbiased if $\\lambda=1$ and episodes truly end, or if $V$ is true; else it can be biased"
        in RUBRIC["derive-gae"]
    )
    assert "with $\\lambda<1$ a wrong critic can bias it" in ANSWERS["baseline-ladder"]


def test_what_a_running_mean_keeps_depends_on_how_many_go_on():
    def kept(N, p):  # of the second step's gradient: (n - 1) / n, given that one goes on
        return sum(math.comb(N - 1, k) * p**k * (1 - p) ** (N - 1 - k) * k / (k + 1) for k in range(N))

    assert (
        kept(2, F(1, 2)) == F(1, 4) and kept(2, 0.9) == pytest.approx(0.45) and round(float(kept(8, 0.9)), 3) == 0.861
    )
    assert f"{float(kept(8, F(1, 2))):.3f}".lstrip("0")[:4] in NOISE
    assert "two steps, each a fair coin: stop at once" in NOISE


def test_a_kink_that_all_outcomes_share_has_no_score_and_one_that_moves_does_no_harm():
    p_one = lambda theta: 0.5 + abs(theta)  # noqa: E731
    right, left = ((p_one(h) - p_one(0)) / h for h in (1e-6, -1e-6))
    assert right == pytest.approx(1) and left == pytest.approx(-1)  # J = p with f(1) = 1 has no slope at 0
    f, theta = np.tanh, 0.3  # Laplace's density has its kink at x = theta
    J = lambda t: integrate.quad(lambda x: f(x) * np.exp(-abs(x - t)) / 2, -30, 30, points=[t], limit=200)[0]  # noqa: E731
    by_score = integrate.quad(
        lambda x: f(x) * np.sign(x - theta) * np.exp(-abs(x - theta)) / 2, -30, 30, points=[theta], limit=200
    )[0]
    assert by_score == pytest.approx(slope(J, theta, 1e-4), abs=1e-6)
    assert (
        "at this $\\theta$ for almost every $x$ (a kink that moves with $x$ does no harm, one that all $x$ share does)"
        in TRICK
    )


def test_a_slope_almost_everywhere_is_not_enough_for_the_pathwise_gradient():
    """Cantor's function: continuous, slope 0 almost everywhere, and it climbs from 0 to 1. Here 20 thirds deep."""

    def stairs(x, depth=20):
        y, step = 0.0, 0.5
        for _ in range(depth):
            if not 0 < x < 1:
                break
            digit = int(3 * x)
            if digit == 1:
                return y + step
            y, x, step = y + step * (digit == 2), 3 * x - digit, step / 2
        return y + 2 * step * min(max(x, 0), 1)

    xs = np.linspace(-6, 7, 40_001)
    values_ = np.array([stairs(x) for x in xs])
    J = lambda mu: np.trapezoid(values_ * stats.norm.pdf(xs, mu), xs)  # noqa: E731
    within = np.linspace(0, 1, 3**9 + 1)
    rising = [np.mean(np.diff([stairs(x) for x in within[:: 3**k]]) > 1e-6) for k in (0, 3, 6)]
    assert slope(J, 0.5, 1e-3) > 0.3 and rising == pytest.approx(
        [(2 / 3) ** 9, (2 / 3) ** 6, (2 / 3) ** 3]
    )  # finer: flatter
    assert (
        "has a slope except at single points, and that slope has a finite mean" in TRICK
        and "almost everywhere" not in TRICK
    )


def test_the_same_pay_for_every_action_teaches_where_lengths_depend_on_actions():
    for choose, teaches in ((lambda p: 1 + p, True), (lambda p: 2, False)):  # stop after one step, or go on; both pay 1
        assert (abs(slope(lambda z: choose(1 / (1 + np.exp(-z))), 0.4)) > 0.1) == teaches  # mean return = mean length
    room = cells("museum-of-mistakes")
    assert "Pay every action the same, in episodes of one length." in room["m-catch"]
    assert "for any right program to which it applies" in room["end"]
    assert "and pay that no action can change teaches nothing" in ANSWERS["prove-expected-score"]


def test_the_last_step_of_an_episode_need_not_be_worse_than_the_mean():
    gamma, rewards = 0.8, np.array([0, -0.5, 5.0])  # a climb to the top of the ladder
    weights = gamma ** np.arange(3) * [sum(gamma**k * r for k, r in enumerate(rewards[t:])) for t in range(3)]
    assert weights[2] > weights[:2].mean()
    cheap = np.array([-0.5, -0.5, 0.0])  # and here the last is best
    assert cheap[2] > np.cumsum(cheap[::-1])[::-1][:2].mean()
    said = Path(chapter05.__file__).read_text("utf8")
    assert "a step is compared only with the steps of its own episode" in said and "always worse" not in said


def test_a_cost_of_one_a_step_divided_by_the_length_teaches_nothing_with_the_whole_return_only():
    for T in (1, 3, 7):
        assert sum(-1 for _ in range(T)) / T == -1  # whole return: the same, however long
        assert len({sum(-1 for _ in range(t, T)) / T for t in range(T)}) == T  # reward-to-go: not
    assert sum(-(0.9**k) for k in range(3)) / 3 != sum(-(0.9**k) for k in range(7)) / 7  # discounted: not
    said = " ".join(Path(chapter03.__file__).read_text("utf8").replace('" ', " ").replace('"', "").split())
    assert (
        "Averaged over its own length, with the whole return as weight and gamma = 1, "
        "an episode in a world that costs 1 a step" in said
    )


def test_one_ratio_leaves_what_follows_to_the_old_policy():
    """B in two doors: everybody comes there at the second step, whoever plays. What follows in a sampled return is the
    old policy's."""
    world, pi, scores, _ = doors()
    old = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.7, 0.3]])
    B, D = 1, 3
    assert pg.discounted_visitation(world, pi)[B] == pg.discounted_visitation(world, old)[B] and world.P[B, 0, D] == 1
    new_Q, old_Q = pg.action_values(world, pi), pg.action_values(world, old)
    truth = pi[B] @ (scores[B] * new_Q[B][:, None])
    one_ratio = old[B] @ ((pi[B] / old[B] * old_Q[B])[:, None] * scores[B])
    assert abs(one_ratio - truth).max() > 0.01
    for name in ("off-policy-gradient", "on-or-off-policy"):
        assert "with sampled returns what follows" in ANSWERS[name]
    assert "nor what followed" in SHEET


def test_a_mean_over_tokens_climbs_the_reward_per_token():
    """Answers of one or two tokens; stop with probability p after the first. b is fixed before."""
    b, rewards, lengths = 0.3, np.array([1.0, 0.2]), np.array([1, 2])
    q = lambda z: softmax(np.array([z, 0.0]))  # noqa: E731
    objective = lambda z, T: q(z) @ ((rewards - b) / T)  # noqa: E731
    per_token = q(0.4) @ ((rewards - b) / lengths * (np.array([1, 0]) - q(0.4)[0]))
    assert per_token == pytest.approx(slope(lambda z: objective(z, lengths), 0.4), abs=1e-8)
    assert abs(per_token - slope(lambda z: objective(z, 1), 0.4)) > 0.01
    assert (
        "another objective, $\\E[(r-b)/T]$" in ANSWERS["length-normalisation"]
        and "neither;" not in ANSWERS["length-normalisation"]
    )


def test_the_total_return_that_is_taken_back_is_zero_at_gamma_one_only():
    assert [1 + g * -1 for g in (1, 0.9)] == [0, pytest.approx(0.1)]
    assert (
        "The cleanest case, at $\\gamma=1$: a coin" in NOISE
        and "At $\\gamma=1$ a world that pays by a coin" in ANSWERS["reward-to-go-always"]
    )


def test_with_many_steps_the_corrected_form_sums_over_them():
    world, pi, scores, exact = doors()
    d, Q, b = pg.discounted_visitation(world, pi), pg.action_values(world, pi), np.arange(8.0).reshape(4, 2)
    terms = np.einsum("sa,san,sa->sn", pi, scores, Q - b) + np.einsum("sa,san,sa->sn", pi, scores, b)
    np.testing.assert_allclose(d @ terms, exact, atol=1e-6)  # all steps, by their discounted visits
    assert abs(world.rho @ terms - exact).max() > 0.1  # the first step alone
    assert (
        "For a single step it reads" in ANSWERS["baseline-proof"]
        and "$\\sum_t\\gamma^t$ stands inside the expectation" in ANSWERS["baseline-proof"]
    )


def test_advantages_divided_by_the_std_have_another_gradient():
    acts, reward, pi = np.array([0, 1, 2, 2]), np.array([1, 0, 0, 1.0]), np.full(3, 1 / 3)
    A = reward - reward.mean()
    gradient = lambda A: -(A[:, None] * (np.eye(3) - pi)[acts]).mean(axis=0)  # noqa: E731
    np.testing.assert_allclose(gradient(A), [-0.125, 0.125, 0], atol=1e-12)
    np.testing.assert_allclose(gradient(A / A.std()), [-0.25, 0.25, 0], atol=1e-12)
    assert "(not divided by the std). The loss is 0, the gradient $(-.125,.125,0)$" in ANSWERS["zero-loss"]


def test_bug_4_is_judged_in_two_worlds_and_the_text_says_which_is_which():
    gammas = [setting.world.gamma for setting in chapter05.LADDERS]
    assert gammas == [0.8, 0.6] and [f"{g**-2:.2f}" for g in gammas] == ["1.56", "2.78"]
    words = solution("05-in-the-interview")
    assert "of two small worlds: the ladder below, and one with other rewards and $\\gamma=0.6$" in words["title"]
    assert "$2.78$ times in the check's other world" in words["bug-4-why"]
    shown = next(
        c
        for c in nbformat.read(ROOT / "solutions/05-in-the-interview.ipynb", as_version=4).cells
        if c.id == "bug-4-check"
    )
    exact, wrong, error = map(
        float,
        re.search(
            r"exact ([+-][.\d]+), yours ([+-][.\d]+) \+- (\d*\.\d+)", flat(shown.outputs).replace("\n", " ")
        ).groups(),
    )
    assert abs(wrong - 2.7778 * exact) < 4 * error and abs(wrong - 1.5625 * exact) > 4 * error


def test_the_ablation_s_arms_that_change_more_than_one_thing_are_named():
    import runpy

    study = runpy.run_path(str(ROOT / "studies/cartpole_ablation.py"), run_name="read")
    more = {name for name, arm in study["ARMS"].items() if len(arm) > 1 and not set(arm) & {"learning_rate"}}
    assert more == {"theorem's estimator", "total return"}
    lab = cells("03-the-log-derivative-trick")
    for text in (PRACTICE, lab["within-why"]):
        assert (
            '"total return" also takes one mean per batch, and keeps $\\gamma^t$; "theorem\'s estimator" changes three'
            in text
        )
    assert "the study below asks that" not in lab["pole-train-text"]


def test_the_bank_says_which_letter_is_the_score():
    for name, text in ANSWERS.items():
        letters = {m for m in re.findall(r"\\score\{?([sg])\b", text)}
        letters |= {"s"} if re.search(r"ss\^\\top|s\^2|lVert s\\rVert", text) else set()
        assert len(letters) < 2, name
        if letters:
            assert re.search(r"for the score|\$s\$ the score|squared scores, \$s=|scores \$g_t=", text), name


# ---- what chapters 3 to 5 and their interview had left unsaid ----


def test_where_nothing_ends_the_sum_of_scores_has_no_limit_and_the_fading_weights_have():
    """One state, a fair coin for ever, action 1 pays 1, gamma one half: variances after T steps."""
    gamma = 0.5

    def variances(T):
        actions = np.random.default_rng(0).integers(0, 2, (20_000, T))
        r, s = actions * gamma ** np.arange(T), actions - 0.5
        togo = r[:, ::-1].cumsum(axis=1)[:, ::-1]
        return (r.sum(1) * s.sum(1)).var(), (togo * s).sum(axis=1).var()

    (total, togo), (total_later, togo_later) = variances(20), variances(200)
    assert total_later > 8 * total  # grows with T, whatever gamma is
    assert togo_later == pytest.approx(togo, rel=0.05)
    assert "*episodes have a bounded length, or* $\\gamma<1$ *and a finite mean length*" in TRICK
    assert "a bounded length, or $\\gamma<1$ and a finite mean length" in ANSWERS["derive-from-trajectories"]
    assert "a finite mean length" in SHEET.split("Derive it: trajectories")[1].split("3. ")[0]


def test_the_short_formula_lacks_three_things_and_a_step_of_size_one_is_a_quarter_long():
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    pi, scores, exact = doors()[1:]
    visits = pg.discounted_visitation(world, pi, gamma=1.0)
    without = np.einsum("s,sa,san,sa->n", visits, pi, scores, pg.action_values(world, pi))
    np.testing.assert_allclose(without, [3 / 32, 1 / 16], atol=1e-9)  # the sum and the index alone
    assert without[0] > 0 > exact[0] and policy.num_params == len(theta)
    assert "three things have to be put back" in TRICK and "give $(\\tfrac3{32},\\,\\tfrac1{16})$" in TRICK
    assert 0.25 < np.hypot(1 / 4, 1 / 32) < 0.26  # the length of the step (-1/4, 1/32)
    assert "A step of size 1" in TRICK and "step of length 1" not in TRICK


def test_the_value_can_be_the_best_baseline():
    pi, Q = np.array([0.5, 0.5]), np.array([10, 11.0])
    weight = pi * ((np.eye(2) - pi) ** 2).sum(axis=1)
    assert weight @ Q / weight.sum() == pi @ Q == 10.5
    assert "It need not be the best" in NOISE and "It is not the best" not in NOISE


def test_samples_that_cancel_count_for_more_than_they_are():
    coin = np.array([-1.0, 1.0])
    pairs = np.stack([coin, -coin], axis=1)  # paid, then taken back
    assert pairs.mean(axis=1).var() == 0 < pairs.var() / 2  # two independent ones
    together = np.stack([coin, coin], axis=1)
    assert together.mean(axis=1).var() == 1 > together.var() / 2
    assert "for fewer if they rise and fall together, for more if they cancel" in NOISE
    assert "count for fewer than they are" not in NOISE


def test_a_longer_horizon_raises_the_total_return_most_from_four_steps_on():
    tables = {horizon: race.race_table(horizon) for horizon in race.HORIZONS}
    noise = {h: {k: row[0] / t["length"] ** 2 for k, row in t["rows"].items()} for h, t in tables.items()}
    assert noise[2]["total"] > noise[4]["total"] < noise[6]["total"] < noise[8]["total"]
    growth = {k: noise[8][k] / noise[4][k] for k in noise[4]}
    assert max(growth, key=growth.get) == "total"
    assert "From four steps on a longer horizon raises the total return most." in NOISE


def test_an_offset_need_not_change_a_task_in_which_it_pays_for_length():
    """Chance p to go on, at most three steps; a step pays r. At r = 1 and r = 11 longer is better,
    at r = -1 shorter."""
    J = lambda p, r: r * (1 + p + p**2)  # noqa: E731
    ps = np.linspace(0, 1, 11)
    assert ps[np.argmax(J(ps, 1))] == ps[np.argmax(J(ps, 1 + 10))] == 1
    assert ps[np.argmax(J(ps, -1))] == 0 != ps[np.argmax(J(ps, -1 + 10))]
    assert "In CartPole, with $11$ a step in place of $1$, that leaves the best policy where it was." in PRACTICE
    assert "only if the policy cannot change how long" not in PRACTICE
    assert "that can change the task. In the corridor" in ANSWERS["all-rewards-positive"]


def test_a_gaussian_run_to_the_surrogate_s_minimum_keeps_a_density_everywhere():
    draws = np.array([-1.0, 1.0])
    loss = lambda x: -stats.norm.logpdf(draws, x[0], np.exp(x[1])).sum()  # noqa: E731
    mu, log_sigma = optimize.minimize(loss, [0.5, 1.0]).x
    assert abs(mu) < 1e-4 and abs(log_sigma) < 1e-4 and stats.norm.pdf(0, mu, np.exp(log_sigma)) > 0.39
    theta = np.zeros(3)
    for _ in range(10):  # a table, one sample, weight -1
        theta = theta - 0.5 * (np.eye(3)[0] - softmax(theta))
    assert softmax(theta)[1] > 0.49  # what was not sampled gains
    assert "with positive weights and a table of logits, $L$ leaves no probability" in PRACTICE
    assert "a table of logits leaves no probability" in ANSWERS["ascent-and-loss"]
    answer = ANSWERS["reuse-the-batch"]
    assert (
        "For a table of logits and positive weights" in answer
        and "hand it out blindly where they are negative" in answer
    )


def test_adam_s_step_can_lower_the_batch_s_weighted_sum_and_one_batch_can_move_it_far():
    adam, theta = pg.Adam(0.01), np.zeros(1)
    for _ in range(20):
        theta = adam.step(theta, np.array([-1.0]))
    assert adam.step(theta, np.array([1.0])) < theta  # downhill for this batch
    for text in (PRACTICE, ANSWERS["ascent-and-loss"], ANSWERS["loss-falls"], " ".join(RUBRIC["loss-falls"])):
        assert "small plain step" in text
    assert "without momentum: it must rise" in ANSWERS["loss-falls"]
    adam, theta = pg.Adam(1.0), np.zeros(1)
    for _ in range(5_000):
        theta = adam.step(theta, np.array([1e-6]))
    before, theta = theta, adam.step(theta, np.array([1.0]))
    assert 2.5 < theta[0] - before[0] < 3.5  # learning rates
    for _ in range(300):
        theta = adam.step(theta, np.array([0.0]))
    assert 27 < theta[0] - before[0] < 33
    said = cells("03-the-log-derivative-trick")["departures-list"]
    assert "moves a parameter by three learning rates, and by some thirty until it is forgotten" in said
    assert "no single batch moves it" not in said


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_a_cut_return_is_too_small_or_too_large_by_the_sign_of_what_is_missing(reward):
    cut, whole = (sum(reward * 0.9**t for t in range(n)) for n in (5, 1_000))
    assert (cut < whole) == (reward > 0)
    assert "too small where rewards are positive, and too large where each step costs" in PRACTICE
    answer = ANSWERS["time-limit"]
    assert "too low if rewards are positive, and too high if each step costs" in answer and "worthless" not in answer


def test_nine_intervals_at_once_bound_less_than_one_by_itself():
    arms = json.loads((ROOT / "studies/cartpole_ablation.json").read_text("utf8"))["arms"]
    means = {name: np.mean(arm["sampled"], axis=1) for name, arm in arms.items()}
    others = [name for name in means if name not in ("recipe", "no baseline", "plain steps")]

    def bound(level):
        ends = []
        for name in others:
            difference = means[name] - means["recipe"]
            half = stats.t.ppf(1 - level / 2, 9) * difference.std(ddof=1) / np.sqrt(10)
            ends += [abs(difference.mean() - half), abs(difference.mean() + half)]
        return max(ends)

    assert bound(0.05) < 33 < bound(0.05 / 9) == pytest.approx(47, abs=0.5)
    assert "Bonferroni's rule, they bound it at 47" in PRACTICE
    reading = cells("03-the-log-derivative-trick")["ablation-reading"]
    assert "all nine at once (Bonferroni) at 47" in reading
    total = means["total return"] - means["recipe"]
    assert stats.ttest_1samp(total, 0).confidence_interval(0.95).low < -10  # a loss is not excluded
    assert "with total returns no loss is seen" in reading and "nothing is lost" not in reading


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


def test_joints_drawn_apart_can_move_together_and_cannot_share_luck():
    sure = np.outer([1, 0], [1, 0])
    assert sure[0, 0] == 1  # both left, always
    both = np.diag([0.5, 0.5])  # both left or both right
    assert np.linalg.matrix_rank(both) == 2 > np.linalg.matrix_rank(np.outer([0.5, 0.5], [0.5, 0.5]))
    answer = ANSWERS["continuous-actions"]
    assert "Two joints can move together *always*" in answer and "should move together, and neither" not in answer


def test_a_critic_that_is_wrong_only_where_nobody_comes_back_biases_nothing():
    world, pi, scores, exact = doors()
    d, V = pg.discounted_visitation(world, pi), pg.state_values(world, pi)
    td = lambda V: np.einsum("s,sa,san,sa->n", d, pi, scores, world.R + world.gamma * world.P @ V - V[:, None])  # noqa: E731
    np.testing.assert_allclose(td(V + np.array([7, 0, 0, 0.0])), exact, atol=1e-6)
    assert abs(td(V + np.array([0, 0, 7, 0.0])) - exact).max() > 0.1
    answer = ANSWERS["one-template"]
    assert (
        "in general does not" in answer and "| in general no |" in answer and "its error can enter the mean" in answer
    )
    assert "With a learned $V$ it can be biased as well." in ANSWERS["what-is-advantage"]


def test_a_constant_in_all_rewards_leaves_a_loss_alone_that_has_a_baseline():
    rewards, log_prob = np.array([1.0, 4, 2]), np.log([0.5, 0.2, 0.3])
    loo = lambda r: r - (r.sum() - r) / (len(r) - 1)  # noqa: E731
    assert loo(rewards) @ log_prob == pytest.approx(loo(rewards + 10) @ log_prob)
    assert rewards @ log_prob != pytest.approx((rewards + 10) @ log_prob)
    assert "where no baseline takes it off, a constant added to all rewards" in ANSWERS["ascent-and-loss"]


@pytest.mark.parametrize("D", [1, 100])
def test_a_log_density_scatters_by_the_root_of_half_the_dimensions(D):
    assert stats.chi2.var(D) / 4 == pytest.approx(D / 2)  # of minus half the sum of D squared normals
    share = stats.chi2.sf(D + 20, D)  # ten units below the mean, or more
    assert share > 0.08 if D == 100 else share < 1e-4
    assert "scatters around that by $\\sqrt{D/2}$" in ANSWERS["positive-log-prob"]


def test_noise_that_is_not_independent_counts_more_than_once():
    T = 4
    signs = np.array(list(itertools.product((-0.5, 0.5), repeat=T)))
    noise = np.array(list(itertools.product((-1, 1), repeat=T)))  # variance 1, independent
    assert np.outer(signs.sum(1), noise.sum(1)).var() == T**2 / 4
    assert np.outer(signs.sum(1), [-T, T]).var() == T**3 / 4  # the same coin at every step
    assert "independent of one another and of the actions" in ANSWERS["high-variance"]


def test_the_value_minimises_the_weight_s_mean_square_and_no_constant_its_variance():
    pi, Q = np.array([0.9, 0.1]), np.array([0, 1.0])
    spread = [pi @ (Q - b) ** 2 - (pi @ (Q - b)) ** 2 for b in (0, 0.1, 0.9)]
    np.testing.assert_allclose(spread, 0.09)
    assert np.argmin([pi @ (Q - b) ** 2 for b in np.linspace(0, 1, 11)]) == 1
    assert "the mean *square* of the weight, whose variance no constant changes" in ANSWERS["best-baseline"]


def test_a_baseline_that_sees_the_action_need_not_bias():
    """Two states, equally often, one logit for both: what it adds in one it takes in the other."""
    score = np.array([-0.5, 0.5])
    b = np.array([[0, 1.0], [1, 0]])
    assert ((score / 2) @ b[0] + (score / 2) @ b[1]) / 2 == 0 != (score / 2) @ b[0]
    answer = ANSWERS["baseline-proof"]
    assert "which in general is not zero" in answer and "\\neq0" not in answer and "in general not" in answer


def test_only_the_score_of_logits_sums_to_zero():
    x, pi = np.array([[1.0, 0], [0, 0]]), np.array([0.5, 0.5])
    assert (x[0] - pi @ x).sum() == 0.5 and (np.eye(2)[0] - pi).sum() == 0
    answer = ANSWERS["softmax-score"]
    assert answer.index("its entries sum to zero") < answer.index("With features it is")


def test_the_spread_can_grow_on_the_far_slope_of_a_single_peak():
    f, df = (lambda a: np.exp(-a * a / 2)), (lambda a: -a * np.exp(-a * a / 2))
    J = lambda mu, ell: integrate.quad(lambda z: f(mu + np.exp(ell) * z) * stats.norm.pdf(z), -12, 12)[0]  # noqa: E731
    by_ell = {mu: slope(lambda ell, mu=mu: J(mu, ell), 0.0, 1e-4) for mu in (0, 3)}
    assert by_ell[0] < -0.3 and by_ell[3] > 0.1
    for mu, found in by_ell.items():  # E[f'(a) (a - mu)]
        assert integrate.quad(lambda a, mu=mu: df(a) * (a - mu) * stats.norm.pdf(a, mu), -12, 15)[0] == pytest.approx(
            found, abs=1e-6
        )
    answer = ANSWERS["gaussian-score"]
    assert "once the mean stands on a single peak" in answer and "On the far slope" in answer


def test_a_product_of_ratios_is_as_noisy_as_the_steps_in_which_the_policies_differ():
    second = (0.55**2 + 0.45**2) / 0.5
    assert second**500 - 1 > 140 and second - 1 == pytest.approx(0.01)  # at every step; at the first only
    for name in ("off-policy-gradient", "token-or-sequence-ratio", "stale-rollouts"):
        assert re.search("[Ww]here the (two|policies) differ at every", ANSWERS[name]), name
    for name in ("off-policy-gradient", "token-or-sequence-ratio"):
        assert "where the policies differ at every" in " ".join(RUBRIC[name])


def test_old_visits_bias_the_gradient_in_proportion_and_the_value_by_the_square():
    world, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    pi = pg.state_probs(world, policy, np.zeros(2))
    d, V = pg.discounted_visitation(world, pi), pg.state_values(world, pi)
    A = pg.action_values(world, pi) - V[:, None]
    L = lambda t: np.einsum("s,sa,sa", d, pg.state_probs(world, policy, t), A)  # noqa: E731
    J = lambda t: pg.expected_return(world, pg.state_probs(world, policy, t))  # noqa: E731
    off = {}
    for h in (0.1, 0.01):
        t = np.full(2, h)
        grad = lambda f, t=t: np.array([slope(lambda x, e=e: f(t + x * e), 0.0, 1e-5) for e in np.eye(2)])  # noqa: E731
        off[h] = abs(J(t) - J(np.zeros(2)) - L(t)), np.linalg.norm(grad(L) - grad(J))
    assert off[0.1][0] / off[0.01][0] == pytest.approx(100, rel=0.05)
    assert off[0.1][1] / off[0.01][1] == pytest.approx(10, rel=0.05)
    answer = ANSWERS["reuse-the-batch"]
    assert "a bias of the gradient in proportion to the policy's change" in answer
    assert "Its value is off to second order in the change of policy, its gradient to first" in answer
    assert "the return is off by second order" in ANSWERS["on-or-off-policy"]


def test_a_mean_over_an_episode_s_own_steps_is_nobody_s_gradient_with_rewards_to_go():
    """Three rungs: stop or climb. Cross derivatives of the mean of score times weight over length."""
    pay = ((1, 2), (1, -0.5), (0.5, 5))  # stop, climb

    def field(theta, togo):
        p, out = 1 / (1 + np.exp(-theta)), np.zeros(3)
        for acts in ((0,), (1, 0), (1, 1, 0), (1, 1, 1)):
            chance = np.prod([p[s] if a else 1 - p[s] for s, a in enumerate(acts)])
            r = np.array([pay[s][a] for s, a in enumerate(acts)], float)
            weight = r[::-1].cumsum()[::-1] if togo else np.full(len(acts), r.sum())
            for s, a in enumerate(acts):
                out[s] += chance * weight[s] * (a - p[s]) / len(acts)
        return out

    theta = np.array([0.3, -0.2, 0.5])
    for togo in (False, True):
        jacobian = np.array([slope(lambda x, e=e, g=togo: field(theta + x * e, g), 0.0, 1e-5) for e in np.eye(3)])
        assert (abs(jacobian - jacobian.T).max() < 1e-8) == (not togo)
    answer = ANSWERS["mean-or-sum"]
    assert "rewards-to-go in general the gradient of nothing" in answer and "that is another objective" not in answer
    assert "this is not the gradient of the return" in DRILL and "another objective" not in DRILL
    assert "a mean per episode is not that gradient" in " ".join(RUBRIC["mean-or-sum"])


def test_a_critic_of_zeros_follows_a_field_that_is_in_general_no_gradient():
    """Go with p0 from the first state to the second, where p1 pays 1; going pays 1; gamma one half; V = 0."""
    p = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    first = lambda a, b: p(a) * (1 - p(a))  # noqa: E731
    second = lambda a, b: p(a) * p(b) * (1 - p(b)) / 2  # noqa: E731
    assert slope(lambda b: first(0.0, b), 0.0) == 0 < 0.03 < slope(lambda a: second(a, 0.0), 0.0)
    assert "in general it is the gradient of no objective" in ANSWERS["critic-first-day"]
    assert "a bias, not noise" in " ".join(RUBRIC["critic-first-day"])


def test_the_clipped_law_s_score_is_biased_where_the_draw_is_charged_for():
    mu = 0.8
    at = {-1: -stats.norm.pdf(-1, mu) / stats.norm.cdf(-1, mu), 1: stats.norm.pdf(1, mu) / stats.norm.sf(1, mu)}
    own = lambda a: at[1] if a >= 1 else at[-1] if a <= -1 else a - mu  # noqa: E731
    under = lambda f: integrate.quad(
        lambda a: f(a) * stats.norm.pdf(a, mu), mu - 10, mu + 10, points=(-1, 1), limit=200
    )[0]  # noqa: E731
    seen = stats.norm.cdf(1, mu) - stats.norm.cdf(-1, mu)  # the slope of E[clip(a)]
    assert under(lambda a: np.clip(a, -1, 1) * own(a)) == pytest.approx(seen, abs=1e-6)
    assert under(lambda a: -a * a * own(a)) > -1.1 > -1.5 > -2 * mu  # the slope of E[-a^2] is -2 mu
    answer = ANSWERS["clipped-log-prob"]
    assert (
        "if the reward depends on nothing else" in answer
        and "Where the draw itself is charged for, it is biased" in answer
    )
    assert "unbiased with less variance" not in answer


def test_a_logit_for_each_state_is_enough_to_find_a_missing_gamma_power():
    pay, gamma = ((1, 0), (1, -0.5), (0.5, 5)), 0.8  # exercise 5's ladder, at theta = 0
    Q = [None] * 3
    for s in (2, 1, 0):
        Q[s] = np.array([pay[s][0], pay[s][1] + (gamma * Q[s + 1].mean() if s < 2 else 0)])
    g = np.array([np.array([-0.5, 0.5]) @ q / 2 for q in Q])
    reached = 0.5 ** np.arange(3)
    assert abs(gamma ** np.arange(3) * reached * g - reached * g).max() > 0.05  # they differ: it does not go unnoticed
    one_step = np.array([0.25 * (pay[0][1] - pay[0][0])])
    assert gamma**0 * one_step == one_step  # with a single step nothing shows
    answer = ANSWERS["test-a-gradient"]
    assert "It must have several steps and $\\gamma<1$" in answer and "a sum or a sign goes unnoticed" not in answer


def test_a_score_that_is_always_zero_passes_and_a_lost_minus_one_does_not():
    always, z = np.zeros((100, 1)), np.random.default_rng(0).standard_normal((10_000, 1))
    for name in ("mean-score-not-zero", "test-a-gradient"):
        lines = [line for line in ANSWERS[name].split("\n") if line.startswith("assert (abs(")]
        (line,) = lines
        assert "<= 4 *" in line, name
    code = "\n".join(re.search(r"```python\n(m, e = .*?)```", ANSWERS["mean-score-not-zero"], re.S)[1].splitlines())
    exec(code, {"scores": always, "abs": abs})  # a state that never came up
    exec(code, {"scores": z**2 - 1, "abs": abs})
    with pytest.raises(AssertionError):
        exec(code, {"scores": z**2, "abs": abs})  # the sampler is right, the score is not
    assert "or the score itself is wrong" in ANSWERS["mean-score-not-zero"]
    assert "or the score is wrong" in " ".join(RUBRIC["mean-score-not-zero"])


def test_a_start_that_leaves_a_state_out_can_stay_below_the_best():
    """From the start the policy is sure to stay away (p = 0 in the limit): the second state's logit never gets a
    signal."""
    visits = lambda rho, p: rho + np.array([0, rho[0] * p])  # noqa: E731
    assert visits(np.array([1.0, 0]), 0.0)[1] == 0 < visits(np.array([0.5, 0.5]), 0.0)[1]
    assert "a start distribution that gives every state a positive probability" in ANSWERS["global-convergence"]
    assert "start with positive probability in every state" in " ".join(RUBRIC["global-convergence"])
    assert "reaches every state" not in ANSWERS["global-convergence"]


def test_with_the_sample_std_a_group_of_two_lies_below_both_ends():
    def weight(p, ddof):  # on grad p, over all groups of two
        total = 0.0
        for group in itertools.product((0, 1), repeat=2):
            r = np.array(group, float)
            if r.std():
                total += np.prod(np.where(r, p, 1 - p)) * np.mean((r - r.mean()) / r.std(ddof=ddof) * (r - p))
        return total / (p * (1 - p))

    for p in (0.05, 0.5, 0.9):
        assert weight(p, 1) == pytest.approx(np.sqrt(1 / 2)) and weight(p, 1) < 1 < 1 / np.sqrt(p * (1 - p))
        assert weight(p, 0) == pytest.approx(1)
    assert "With finite $G$ and the population std the function lies in between." in ANSWERS["grpo-objective"]


def test_a_past_reward_and_a_score_have_mean_zero_product_and_each_score_mean_zero():
    drill = (ROOT / "book/practice/drills.yml").read_text("utf8")
    world, pi, scores, _ = doors()
    assert abs(np.einsum("sa,san->sn", pi, scores)).max() < 1e-15  # the conditional mean, and so the plain one
    assert "What the step needs is that the score's *conditional* mean is zero." in drill
    assert "Only the score's *conditional*" not in drill


def test_the_stable_slope_of_tanh_loses_a_few_units_of_the_sixteenth_decimal_near_zero():
    for u in (1e-3, 1e-5, 1e-7):
        found, truth = 2 * (np.log(2) - u - np.logaddexp(0, -2 * u)), float(np.log1p(-(np.tanh(u) ** 2)))
        assert abs(found - truth) < 1e-15
    assert abs(found / truth - 1) > 1e-5  # yet relative to so small a number it is off
    solution = nbformat.read(ROOT / "solutions/04-continuous-actions.ipynb", as_version=4)
    said = {c.id: c.source for c in solution.cells}["tanh-gaussian-log-prob-why"]
    assert "a few units of the 16th decimal" in said and "no subtraction of nearly equal numbers" not in said
    assert "without subtraction" not in Path(chapter04.__file__).read_text("utf8")


# ---- a third strict reading ----

VALUES, THEOREM, BITES, START = (
    PageAndLab.text(name)
    for name in ("01-values-or-probabilities", "02-the-theorem", "02-where-it-bites", "00-before-you-start")
)
GLOSSARY = PageAndLab.text("glossary")


def words(function):
    return " ".join(function.__doc__.split())


def test_at_gamma_one_a_table_can_rest_at_values_that_are_not_the_best():
    """One state: loop pays 0 and stays, stop pays 1 and ends. Bellman's optimality equation, an action at a time."""

    def bellman(loop, gamma):
        return gamma * max(loop, 1), 1  # Q(loop), Q(stop)

    for loop in (1, 2, 100):
        assert bellman(loop, 1) == (loop, 1)  # at rest, however wrong
        for _ in range(600):
            loop = bellman(loop, F(9, 10))[0]
        assert loop == F(9, 10)  # with gamma < 1 it comes home
    assert "With a table and $\\gamma<1$ this finds the best values, if rewards are bounded, every action" in VALUES


def test_successes_of_one_prompt_climb_its_logarithm_only_in_large_groups():
    """Every group of G answers: the mean score of its right ones, or nothing where there is none; as a weight on grad
    p."""

    def weight(p, G):
        return (
            sum(math.comb(G, c) * p**c * (1 - p) ** (G - c) for c in range(1, G + 1)) / p
        )  # each right one's score: grad p / p

    p = F(1, 20)
    assert weight(p, 1) == 1  # p itself, not log p
    assert weight(p, 8) == (1 - (1 - p) ** 8) / p < F(7) < 1 / p
    assert float(weight(p, 200)) == pytest.approx(20, rel=1e-3)
    assert "| successes only, a mean for each prompt, $G\\to\\infty$ | $\\log p$ |" in SHEET
    assert "| successes only, a mean for each prompt, $G\\to\\infty$ | $1/p$ | $\\log p$ |" in ANSWERS["grpo-objective"]
    assert "With large groups, fine-tuning on each prompt's successes" in ANSWERS["grpo-objective"]
    assert (
        "$(1-(1-p)^G)/p$" in ANSWERS["train-on-successes"]
        and "climbs $\\log p$ for large groups" in cells("05-in-the-interview")["arc"]
    )


def test_the_difference_of_two_policies_needs_an_end_from_every_state():
    """gamma = 1. From the start the old policy ends at once, the new one walks to another state, where it ends and the
    old one would stay."""
    old, new = np.array([[0, 0], [0, 1.0]]), np.array([[0, 1.0], [0, 0]])  # the chains; a row that sums to 0 ends
    reach = lambda chain, steps=50: np.linalg.matrix_power(chain, steps)[0].sum()  # noqa: E731
    assert reach(old) == reach(new) == 0  # both reach an end, from the start
    assert (
        np.linalg.matrix_rank(np.eye(2) - old) == 1
    )  # yet the old policy's values have no solution in the second state
    assert np.linalg.inv(np.eye(2) - new.T)[:, 0][1] == 1  # where the new one comes
    assert "an end that both policies reach from every state" in THEOREM
    assert "let both policies reach an end from every state" in ANSWERS["performance-difference"]


def test_visits_can_sum_to_either_of_their_two_bounds():
    one_step = pg.TabularMDP(np.zeros((1, 1, 1)), np.ones((1, 1)), np.ones(1), gamma=0.5)
    assert pg.discounted_visitation(one_step, np.ones((1, 1))).sum() == 1  # the expected length, with gamma < 1
    world = pg.two_doors()
    assert pg.discounted_visitation(world, np.full((4, 2), 0.5), gamma=0.0).sum() == 1 / (1 - 0)
    for said in (words(pg.discounted_visitation), Path(chapter02.__file__).read_text("utf8")):
        assert "to at most either" in said and "to less than either" not in said


def test_a_baseline_that_follows_from_the_action_is_as_bad_as_the_action():
    """The reward is not the action. As its own baseline it leaves nothing."""
    pi, Q = np.array([0.5, 0.3, 0.2]), np.array([1, 2, 4.0])
    score = np.eye(3) - pi
    truth = pi @ (score * Q[:, None])
    np.testing.assert_allclose(pi @ (score * (Q - 7)[:, None]), truth)
    assert abs(truth).max() > 0.1 and (pi @ (score * (Q - Q)[:, None]) == 0).all()
    from policy_gradient import estimators

    assert "b fixed before the action is drawn" in estimators.__doc__ and "fixed before a_t is drawn" in words(
        pg.psi_reward_to_go
    )
    assert "anything that is fixed before the action is drawn" in ANSWERS["on-or-off-policy"]
    assert "If it is fixed before the action is drawn" in GLOSSARY
    for text in (estimators.__doc__, flat(BANK)):
        assert "anything but the action" not in text and "may be anything." not in text


@pytest.mark.parametrize("cut", [False, True])
def test_lambda_one_is_the_return_less_the_value_where_nothing_is_truncated(cut):
    ends = np.array([[False], [False], [True]])
    data = pg.Rollout(
        np.zeros((3, 1, 1)),
        np.zeros((3, 1)),
        np.array([[1], [-2], [0.5]]),
        np.ones((3, 1), bool),
        ends & ~np.array(cut),
        ends & np.array(cut),
        np.zeros((1, 1)),
    )
    V, last = np.array([[0.3], [4], [-1.0]]), np.array([7.0])
    rest = pg.gae(data, V, last, 0.9, 1.0) - (pg.reward_to_go(data.rewards, 0.9) - V)
    np.testing.assert_allclose(rest[:, 0], cut * 0.9 ** np.array([3, 2, 1]) * 7, atol=1e-12)
    assert "lam = 1, where nothing is truncated, gives return minus V" in words(pg.gae)
    assert "with $\\lambda=1$ and a true end the return less the value" in cells("05-in-the-interview")["critics"]


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


def test_in_two_doors_it_is_the_cost_in_A_that_makes_taking_bad():
    for q in (F(0), F(1, 2), F(1)):
        take_B, leave_B = 3 - F(3, 2), q / 4
        assert take_B > leave_B  # even after the bill
        both, only_B = -1 + take_B / 2, take_B / 2
        assert both == F(-1, 4)
        assert both < leave_B / 2 < only_B  # with one p for both rooms: bad; with one for B alone: best
    assert (
        "Even after its bill, to take in B is worth more than to leave." in START
        and "It is A's cost, with one $p$ for both rooms" in START
    )
    assert "the bill that, undiscounted, takes it all back" in START and 3 - 3 == 0 != 3 - F(3, 2)


def test_the_notes_of_one_walk_need_not_add_up_to_the_improvement():
    """One state and a fair coin: the old policy, which takes either action, is worth 1/2, one that plays 1 with 3/4 is
    worth 3/4."""
    notes, chance = [F(0) - F(1, 2), F(1) - F(1, 2)], [F(1, 4), F(3, 4)]
    assert F(1, 4) not in notes and sum(n * c for n, c in zip(notes, chance)) == F(1, 4)
    assert "On average the discounted notes add up to exactly the improvement." in THEOREM
    assert "on average the notes, discounted, add up" in ANSWERS["performance-difference"]


def test_another_policy_can_have_the_same_visits():
    world, pi, scores, exact = doors()
    other = pi.copy()
    other[2:] = [0.9, 0.1]  # C and D end, whatever is done
    vector = lambda d: np.einsum("s,sa,san,sa->n", d, pi, scores, pg.action_values(world, pi))  # noqa: E731
    np.testing.assert_allclose(vector(pg.discounted_visitation(world, other)), exact, atol=1e-6)
    other[1] = [0.9, 0.1]
    assert abs(vector(pg.discounted_visitation(world, other)) - exact).max() > 0.01
    assert "With the visits of another policy it is in general another vector." in THEOREM


def test_in_the_second_example_staying_ends_and_pays_nothing():
    world = pg.nobodys_gradient()
    assert world.P[0, 0].sum() == 0 == world.R[0, 0] and world.P[0, 1, 1] == 1 and world.R[1].tolist() == [0, 1]
    assert "leads from the first to the second; *stay* ends with nothing. In the second, action 1" in BITES


def test_a_softmax_of_values_does_not_spread_the_same_way_in_every_game():
    spread = [softmax(np.array(values) / 0.5) for values in ([0, 0, 0], [0, 1, 0], [0, 1, 3])]
    assert all(abs(a - b).max() > 0.1 for a, b in zip(spread, spread[1:]))
    assert (
        "and neither looks for the mixture that pays" in " ".join(VALUES.split()) and "whatever the game" not in VALUES
    )


def test_bounded_rewards_and_scores_do_not_help_where_an_edge_moves():
    """x uniform on (0, theta): the score is -1/theta, constant. J = theta/2 rises, the estimate says it falls."""
    theta = 2.0
    J = lambda t: integrate.quad(lambda x: x / t, 0, t)[0]  # noqa: E731
    by_score = integrate.quad(lambda x: x * (-1 / theta) / theta, 0, theta)[0]
    assert slope(J, theta) == pytest.approx(0.5) and by_score == pytest.approx(-0.5)
    assert "the scores' variance bounded and no edge that moves" in SHEET
    assert "no density with an edge that moves" in ANSWERS["derive-from-trajectories"]


def test_reinforce_in_five_lines_leaves_out_what_lies_beyond_an_episode():
    block = re.search(r"## REINFORCE in five lines\n\n```python\n(.*?)```", SHEET, re.S)[1]
    world, policy = pg.short_corridor(), pg.two_action_softmax(1)
    theta, gamma, b = np.array([0.4]), 0.9, -3.0
    data = pg.sample_rollout(world, policy, theta, 50, 200, np.random.default_rng(0))
    assert not data.mask.all()

    def run(code):
        names = dict(
            np=np,
            reward_to_go=pg.reward_to_go,
            rewards=data.rewards,
            gamma=gamma,
            T=len(data.mask),
            b=b,
            mask=data.mask,
            policy=policy,
            theta=theta,
            obs=data.obs,
            actions=data.actions,
            lr=0.1,
        )
        exec(code, names)
        return names["g"]

    expected = pg.estimate_gradient(policy, theta, data, pg.psi_reward_to_go(data, gamma, b))
    np.testing.assert_allclose(run(block), expected)
    assert abs(run(block.replace("mask * ", "")) - expected).max() > 0.01


def test_a_later_td_error_counts_gamma_lambda_times_as_much():
    gamma, lam = 0.95, 0.9
    data = pg.Rollout(
        np.zeros((2, 1, 1)),
        np.zeros((2, 1)),
        np.array([[0.0], [1]]),
        np.ones((2, 1), bool),
        np.array([[False], [True]]),
        np.zeros((2, 1), bool),
        np.zeros((1, 1)),
    )
    first, second = pg.gae(data, np.zeros((2, 1)), np.zeros(1), gamma, lam)[:, 0]
    assert first / second == pytest.approx(gamma * lam) and abs(first / second - (1 - gamma * lam)) > 0.5
    assert (
        "each later one counting $\\gamma\\lambda$ times as much" in GLOSSARY
        and "counting gamma * lam times as much" in words(pg.gae)
    )


def test_the_maximum_in_the_next_state_is_greedy_there_and_then_the_policy_again():
    rng, gamma, S, A = np.random.default_rng(0), 0.9, 4, 3
    P, R, pi = rng.dirichlet(np.ones(S), (S, A)), rng.normal(size=(S, A)), rng.dirichlet(np.ones(A), S)

    def evaluate(pi):
        V = np.linalg.solve(np.eye(S) - gamma * np.einsum("sa,sat->st", pi, P), (pi * R).sum(axis=1))
        return R + gamma * P @ V

    Q = evaluate(pi)
    greedy = np.eye(A)[Q.argmax(axis=1)]
    answered = R + gamma * P @ Q.max(axis=1)
    then_itself = R + gamma * P @ (greedy * Q).sum(axis=1)
    np.testing.assert_allclose(answered, then_itself)
    assert abs(answered - evaluate(greedy)).max() > 1e-3  # greedy for ever is worth more
    assert "greedy in the next step only, and then itself again" in solution("02-the-theorem")["action-values-wrong-1"]


def test_a_softmax_under_one_reply_walks_in_a_curve_that_is_nearly_straight():
    payoff, z, path = np.array([-1, 1, 0.0]), np.array([2.0, 0.5, -1.0]), []
    for _ in range(300):
        pi = softmax(z)
        path.append(pi)
        z = z + 0.05 * pi * (payoff - pi @ payoff)
    along, points = path[-1] - path[0], np.array(path) - path[0]
    off = np.linalg.norm(points - np.outer(points @ along, along) / (along @ along), axis=1).max()
    assert 0.001 < off / np.linalg.norm(along) < 0.2
    lab = nbformat.read(ROOT / "notebooks/01-values-or-probabilities.ipynb", as_version=4)
    said = flat([[c.source, c.metadata] for c in lab.cells])
    assert said.count("in nearly straight pieces") == 2 and "in straight pieces" not in said


def test_the_recursion_for_crossing_a_cell_gives_the_corridor_s_curve():
    p = F(3, 7)
    for cells_, closed in (
        (3, (2 * p - 4) / (p * (1 - p))),
        (5, -6 / p - 2 / (1 - p) - 4 * (1 - p) / p**2 - 3 * (1 - p) ** 2 / p**3),
    ):  # as the explorable shows it
        f = [1 - p if i == 1 else p for i in range(cells_)]
        e = [1 / f[0]]
        for chance in f[1:]:
            e.append((1 + (1 - chance) * e[-1]) / chance)
        assert -sum(e) == closed
        step = np.zeros((cells_, cells_))
        for i, chance in enumerate(f):
            step[i, max(i - 1, 0)] += float(1 - chance)
            if i + 1 < cells_:
                step[i, i + 1] = float(chance)
        assert np.linalg.solve(np.eye(cells_) - step, -np.ones(cells_))[0] == pytest.approx(float(closed))
    for step_ in ("$e_1=1/f_1$", "so $e_i=(1+(1-f_i)\\,e_{i-1})/f_i$", "Expectations add: $J=-\\sum_ie_i$"):
        assert step_ in VALUES


def test_every_symbol_of_the_summary_sheet_is_on_the_notation_page():
    notation = PageAndLab.text("notation").split("## Crosswalk")[0]
    for symbol in (
        "Q^\\pi",
        "V^\\pi",
        "A^\\pi",
        "\\lambda",
        "\\eta",
        "\\varepsilon",
        "\\beta",
        "Z",
        "\\pi_{\\text{ref}}",
        "P_\\theta(\\tau)",
        "N",
        "u",
    ):
        assert re.search(rf"\$[^$]*{re.escape(symbol)}[^$]*\$", notation), symbol
    assert "Symbols: [Notation](notation.md)." in SHEET


# ---- a reading of chapters 0 to 2 and of what all chapters share ----

MANY = PageAndLab.text("01-too-many-actions")
HOLD, CHECKS, SPEED, INSTRUCTORS, WAYS = (
    (ROOT / f"book/{name}.md").read_text("utf8")
    for name in (
        "hold-your-own-code",
        "how-the-checks-are-checked",
        "speed",
        "for-instructors",
        "ways-to-run",
    )
)
GAME = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def corridor(p):
    """The three cells by hand: where one step leads, (3, 3); what is missing in the last row arrives."""
    return np.array([[1 - p, p, 0], [p, 0, 1 - p], [0, 1 - p, 0]])


def test_most_later_chapters_come_back_to_two_doors_and_not_every_one():
    named = []
    for chapter in range(1, 9):
        paths = [p for folder in ("book", "notebooks", "solutions") for p in (ROOT / folder).glob(f"{chapter:02}-*")]
        named.append(any(re.search(r"two.doors", p.read_text("utf8"), re.IGNORECASE) for p in paths))
    assert 4 < sum(named) < 8 and "most later chapters" in START.replace("\n", " ") and "every later" not in START


def test_a_central_difference_has_its_small_error_where_the_function_is_smooth():
    for h in (1e-2, 1e-3):  # x |x| has a slope everywhere and no second derivative at 0: the error is h
        assert pg.finite_difference(lambda x: (x * abs(x)).sum(), [0.0], h)[0] == pytest.approx(h)
        assert abs(pg.finite_difference(lambda x: np.sin(x).sum(), [0.7], h)[0] - np.cos(0.7)) < h**2
    assert "Where $f$ is smooth (three continuous derivatives will do), two function calls check" in START
    assert "h^2 where J is smooth" in pg.finite_difference.__doc__


def test_four_times_the_samples_are_half_the_error_if_they_are_independent():
    rng = np.random.default_rng(0)
    one = rng.integers(1, 7, size=(20_000, 1)).astype(float)
    copies = np.repeat(one, 4, axis=1).mean(axis=1)
    drawn = rng.integers(1, 7, size=(20_000, 4)).mean(axis=1)
    assert copies.std() == pytest.approx(one.std()) and drawn.std() == pytest.approx(one.std() / 2, rel=0.03)
    assert "draw $N$ of them, independently," in START


def test_only_axes_of_length_one_are_stretched():
    with pytest.raises(ValueError, match="broadcast"):
        np.ones((4, 3)) * np.ones(4)
    assert (np.ones((4, 3)) * np.ones((4, 1)) * np.ones(3)).shape == (4, 3)
    assert "an axis of length 1, or one that is missing on the left, is stretched" in START


def test_in_D_the_agent_decides_and_the_world_has_no_theta():
    rows = "In **D** *take* pays $\\tfrac12$ and *leave* nothing, and the end."
    assert list(pg.two_doors().R[3]) == [0, 0.5] and rows in START and "there the agent takes with probability" in START
    assert "The agent sees it, or only a part of it (the *observation*)" in START
    assert "shrinks like $1/\\sqrt{100}$" not in START


def test_q_learning_needs_bounded_rewards():
    """One state, one action, steps n^-.6 (their sum is infinite, that of their squares is not), rewards of mean 0."""
    rng, n = np.random.default_rng(0), 200_000
    worst = []
    for rewards in (rng.pareto(1.2, n) * rng.choice([-1, 1], n), rng.choice([-1.0, 1.0], n)):
        Q, far = 0.0, 0.0
        for k, r in enumerate(rewards, 1):
            Q += k**-0.6 * (r - Q)
            far = max(far, abs(Q)) if k > n // 2 else 0.0
        worst.append(far)
    assert worst[0] > 5 and worst[1] < 0.2 and "if rewards are bounded, every action is" in VALUES


def test_actions_that_are_equally_good_beside_the_best_mixture_can_each_be_bad_alone():
    p = 2 - np.sqrt(2)
    step = corridor(p)
    V, d = np.linalg.solve(np.eye(3) - step, -np.ones(3)), np.linalg.solve(np.eye(3) - step.T, [1, 0, 0])
    left, right = np.array([V[0], V[2], V[1]]) - 1, np.array([V[1], V[0], 0]) - 1
    assert d @ (right - left) == pytest.approx(0, abs=1e-9)  # over what one sees, equally good
    for button in (0, 1):  # and each of them alone never arrives
        assert np.linalg.matrix_power(corridor(button), 1000).sum(axis=1)[0] == 1
    assert np.ptp(GAME @ np.full(3, 1 / 3)) == 0 and all((corner @ GAME).min() == -1 for corner in np.eye(3))
    assert (
        "Where the world stays as it is, its state is seen and these are the values of the best policy" in VALUES
        and "harmless" not in VALUES
    )


def test_what_epsilon_greedy_loses_is_said_of_the_first_game():
    rock2 = np.array([[0, -1, 2], [1, 0, -1], [-2, 1, 0]])
    loses = lambda game: [-((0.1 / 3 + 0.9 * best) @ game).min() for best in np.eye(3)]  # noqa: E731
    np.testing.assert_allclose(loses(GAME), 0.9)
    assert max(abs(np.array(loses(rock2)[1:]) - 0.9)) > 0.9 and "a round in the first game." in VALUES


def test_cells_are_crossed_until_the_next_is_first_seen_and_not_for_good():
    p = 2 - np.sqrt(2)
    forward = [p, 1 - p, p]
    e = [1 / forward[0]]
    for f in forward[1:]:
        e.append((1 + (1 - f) * e[-1]) / f)
    for i in range(3):  # steps from cell i to the first visit to i + 1: the walk ended there
        cut = corridor(p)[: i + 1, : i + 1]
        assert np.linalg.solve(np.eye(i + 1) - cut, np.ones(i + 1))[i] == pytest.approx(e[i])
    back = np.linalg.solve(np.eye(2) - corridor(p)[1:, 1:], corridor(p)[1:, 0])[0]
    assert back > 0.5  # from the second cell one is more often than not in the first again
    assert "from the first visit to cell $i$ to the first visit to the next one" in VALUES and "for good" not in VALUES


def test_a_clock_tells_the_cell_only_to_an_agent_whose_presses_are_fixed():
    np.testing.assert_allclose(np.array([1, 0, 0]) @ corridor(0.5), [0.5, 0.5, 0])  # one time, two cells
    here = np.array([1.0, 0, 0])
    for right in (1, 0):
        here = here @ corridor(right)
        assert sorted(here) == [0, 0, 1]
    assert "A clock alone is enough for it only because its own presses are fixed" in VALUES.replace("\n", " ")


def test_a_policy_beside_the_middle_can_be_exploited():
    loss = -(np.array([0.334, 0.334, 0.332]) @ GAME).min()
    assert 0.001 < loss < 0.005
    told = (ROOT / "learning_to_act/explorables/simplex.js").read_text("utf8")
    assert "No reply earns as much as 0.005 a round" in told and "cannot be exploited" not in told


def test_no_even_grid_from_minus_one_to_one_holds_the_angle_and_another_grid_does():
    grids = (np.linspace(-1, 1, n) for n in range(2, 1500))
    assert min(abs(grid - np.pi / 5).min() for grid in grids) > 1e-9 and np.pi / 5 in np.linspace(0, np.pi / 5, 11)
    lab4 = flat(list(cells("04-continuous-actions").values()))
    assert "no evenly spaced grid from $-1$ to $1$ holds" in MANY and "no even grid from $-1$ to $1$ holds" in lab4
    assert "grid always misses" not in MANY


def test_a_sum_of_smooth_functions_without_end_need_not_be_smooth():
    slopes = [sum(2.0**-k * 4**k for k in range(n)) for n in (5, 10, 20)]  # of sum 2^-k sin(4^k x) at 0
    assert slopes[0] < slopes[1] < slopes[2] > 1e5
    assert "made from finitely many of them by sums, products and division" in MANY and "[chapter 8]" in MANY


def test_what_a_wrong_weight_does_where_a_state_is_never_visited():
    P, R = np.zeros((2, 2, 2)), np.array([[0, 1.0], [0, 2.0]])
    world, policy, theta = pg.TabularMDP(P, R, np.array([1.0, 0]), 0.5), pg.TabularSoftmax(2, 2), np.zeros(4)
    true, flat_ = (pg.exact_gradient(world, policy, theta, w) for w in (None, np.ones(2)))
    assert not true[2:].any() and flat_[2:].any() and true @ flat_ > 0  # no factor stretches 0 to that
    assert "the block of each state that is visited is stretched" in BITES.replace("\n", " ")
    assert "up to a constant in each visited state" in SHEET


def test_bootstrapping_from_a_bad_value_can_raise_the_variance():
    from policy_gradient.exact import gae_weigh, moments

    world, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    V = pg.state_values(world, doors()[1])
    noise = lambda critic, lam: moments(world, policy, np.zeros(2), gae_weigh(world, critic, lam=lam))[1]  # noqa: E731
    assert noise(np.zeros(4), 0) > 2.5 * noise(np.zeros(4), 1) and noise(V, 0) < noise(V, 1) / 100
    assert "With a good value it lowers the variance as a rule." in GLOSSARY and "raise the variance" in GLOSSARY


def test_the_best_lambda_need_not_grow_with_the_batch():
    from policy_gradient.exact import gae_weigh, moments

    world, pi, _, exact = doors()
    V, lams = pg.state_values(world, pi), np.linspace(0, 1, 21)

    def best(critic, N):
        squared = []
        for lam in lams:
            mean, noise = moments(world, pg.two_action_softmax(2, 3), np.zeros(2), gae_weigh(world, critic, lam=lam))
            squared.append(((mean - exact) ** 2).sum() + noise / N)
        return lams[np.argmin(squared)]

    assert best(V, 1) == best(V, 64) == 0 and best(V / 2, 1) < best(V / 2, 64)
    assert "The best $\\lambda$ depends on $N$ and $V$" in SHEET and "$\\lambda$ grows with the batch" not in SHEET


def test_epsilon_greedy_probabilities_jump_and_softmax_probabilities_do_not():
    greedy = lambda q: 0.05 + 0.9 * (np.arange(2) == np.argmax(q))  # noqa: E731
    below, above = np.array([1.0, 1 - 1e-9]), np.array([1.0, 1 + 1e-9])
    assert abs(greedy(below) - greedy(above)).max() == pytest.approx(0.9)
    assert abs(softmax(below) - softmax(above)).max() < 1e-8
    assert "which a softmax's probabilities do not" in GLOSSARY


def test_adam_feels_the_scale_where_it_changes_or_is_tiny():
    def moved(*gradients):
        adam, theta = pg.Adam(learning_rate=0.1), np.zeros(1)
        for g in gradients:
            before, theta = theta, adam.step(theta, np.array([g]))
        return (theta - before)[0]

    assert moved(1.0) == pytest.approx(moved(1e-3), rel=1e-4) == pytest.approx(0.1, rel=1e-4)
    assert moved(1e-9) < 0.01 and moved(*[1.0] * 50, 1e-3) < 0.095
    assert "scale is steady and far above that constant" in GLOSSARY
    assert "while that is steady and far above `epsilon`" in pg.Adam.__doc__


def test_of_several_compatible_fits_the_shortest_is_the_natural_gradient():
    pi, Q = np.array([0.2, 0.3, 0.5]), np.array([1, 2, 4.0])
    scores = np.eye(3) - pi
    F_, gradient = (scores.T * pi) @ scores, (scores.T * pi) @ Q
    natural = np.linalg.pinv(F_) @ gradient
    for w in (Q, Q - pi @ Q, natural):
        np.testing.assert_allclose(F_ @ w, gradient, atol=1e-14)  # each is a least-squares fit
    assert abs(Q - natural).max() > 1 and abs(Q - pi @ Q - natural).max() > 0.3
    critic = PageAndLab.text("06-how-a-critic-learns")
    for text in (GLOSSARY, critic, ANSWERS["natural-gradient"], ANSWERS["compatible-features"]):
        assert re.search("shortest", text)


def test_conjugate_gradients_need_at_most_as_many_products_as_there_are_distinct_eigenvalues():
    from learning_to_act.exercises import trust_regions
    from policy_gradient.natural import conjugate_gradient

    def products(A, b):
        asked = []
        x = conjugate_gradient(lambda v: (asked.append(1), A @ v)[1], b, 10)
        np.testing.assert_allclose(A @ x, b, atol=1e-9)
        return len(asked)

    A = np.diag([1, 2, 2, 3.0])
    assert products(A, np.ones(4)) == 3 and products(A, np.eye(4)[0]) == 1
    told = (GLOSSARY, PageAndLab.text("07-trust-regions"), Path(trust_regions.__file__).read_text("utf8"))
    assert all(re.search("at most as many", text, re.IGNORECASE) for text in told)


def test_near_a_deterministic_policy_it_is_flat_only_where_values_stay_bounded():
    in_corridor = [
        slope(lambda z: np.linalg.solve(np.eye(3) - corridor(sigmoid(z)), -np.ones(3))[0], z, 1e-4)
        for z in (-4, -6, -8)
    ]
    assert 100 < in_corridor[0] < in_corridor[1] < in_corridor[2] > 1e4
    two_arms = [slope(sigmoid, z) for z in (-4, -6, -8)]
    assert two_arms[0] > two_arms[1] > two_arms[2] < 1e-3
    assert "Where values stay bounded, a softmax of logits has one near every deterministic policy" in GLOSSARY


def test_a_softmax_gives_zero_where_a_logit_is_minus_infinity_or_a_float_too_short():
    assert pg.softmax(np.array([0, -800.0]))[1] == 0 and pg.softmax(np.array([0, -np.inf]))[1] == 0
    assert np.exp(pg.log_softmax(np.array([0, -700.0])))[1] > 0
    assert "turns finite logits into probabilities that are never zero, though a computer may round" in GLOSSARY


def test_the_log_derivative_lemma_of_the_sheet_asks_for_the_swap():
    theta, rng = 2.0, np.random.default_rng(0)
    x = theta * rng.random(10_000)  # uniform on (0, theta): J = theta / 2, the score is -1 / theta
    assert slope(lambda t: t / 2, theta) == pytest.approx(0.5) and np.mean(x * (-1 / theta)) == pytest.approx(
        -0.5, abs=0.02
    )
    assert "and the swap is allowed (trajectories, 2)" in SHEET
    assert "\\score s" not in SHEET and "(below, $g(s)$ is a state's answer)" in SHEET
    assert "(here the limit, no TD error)" in SHEET and "the KL that a step may reach" in PageAndLab.text("notation")


def test_two_derivations_name_their_rules():
    assert "[Notation](notation.md) has all of them" in THEOREM and "The code stops after $T$ terms" in THEOREM
    for rule in (
        "term by term (linearity):\n\n$$\\begin{aligned}\\nabla V(s)",
        "the tower rule over $s'$, and from $s'$ on only $s'$ matters (Markov property)",
        "for infinitely many terms too, since they converge absolutely:",
    ):
        assert rule in THEOREM, rule
    assert "times the reward less a running mean of rewards, is the gradient bandit" in THEOREM
    assert BITES.count("twice, whatever is done. Action 1 pays") == 2 and "falls under no theorem" not in BITES


def test_a_sum_that_runs_across_an_end_is_a_bias_where_actions_decide_the_length():
    """The first stranger's loop as the page prints it, over every pair of episodes: of one world whose lengths are
    fixed, and of one where action 1 pays 1 and ends, action 0 waits a step for its 1."""
    from types import SimpleNamespace as Space

    space = {}
    for name in ("stranger 1", "mended 1"):
        exec(re.search(rf"```python\n# {name}\n(.*?)```", HOLD, re.DOTALL)[1], space)
        space[name] = space["update"]

    class Batch(Space):
        __len__ = lambda self: len(self.rewards)  # noqa: E731
        episodes = lambda self: self.slices  # noqa: E731
        score = lambda self, theta: ((self.actions - 0.5) * (self.choice == 1))[:, None]  # noqa: E731

    def mean(update, episodes):
        total = 0.0
        for first in episodes:
            for second in episodes:
                a, r, c = (np.array([*x, *y], float) for x, y in zip(first, second))
                t = np.r_[np.arange(len(first[0])), np.arange(len(second[0]))]
                parts = [slice(0, len(first[0])), slice(len(first[0]), len(t))]
                batch = Batch(rewards=r, actions=a, choice=c, t=t, gamma=0.5, mask=np.ones(len(t)), slices=parts)
                total += update(np.zeros(1), batch)[0] / len(episodes) ** 2
        return total

    ends_or_waits = [((1,), (1.0,), (1,)), ((0, 0), (0.0, 1.0), (1, 0))]  # actions, rewards, is there a choice
    fixed = [((1, 0), (1.0, 1.0), (1, 0)), ((0, 0), (0.0, 1.0), (1, 0))]
    assert mean(space["mended 1"], ends_or_waits) == pytest.approx(slope(lambda z: sigmoid(z) * 0.5 + 0.5, 0))
    assert mean(space["stranger 1"], ends_or_waits) == pytest.approx(0.1484375)
    assert mean(space["stranger 1"], fixed) == pytest.approx(mean(space["mended 1"], fixed)) == pytest.approx(0.25)
    assert "and their lengths do not depend on what is done" in HOLD and "$\\gamma<1$ it is a bias" in HOLD


def test_an_update_that_ties_episodes_together_shows_its_direction_on_large_batches():
    world, _, _, exact = doors()
    returns, scores = [], []
    for a, b, c in np.ndindex(2, 2, 2):
        states, actions = [0, 1, 2 if b else 3], (a, b, c)
        returns.append(sum(0.5**t * world.R[s, u] for t, (s, u) in enumerate(zip(states, actions))))
        softmax_ = pg.two_action_softmax(2, 3)
        scores.append(sum(softmax_.score(np.zeros(2), world.obs[s], u) for s, u in zip(states, actions)))
    R, S = np.array(returns), np.array(scores)
    update = lambda batch: ((R[batch] - R[batch].mean())[:, None] * S[batch]).mean(axis=0)  # noqa: E731
    np.testing.assert_allclose(update(np.arange(8)), exact, atol=1e-6)
    pairs = [update(np.array(pair)) for pair in np.ndindex(8, 8)]
    np.testing.assert_allclose(np.mean(pairs, axis=0), exact / 2, atol=1e-6)  # and no seed was drawn
    normalised = lambda batch: update(batch) / R[batch].std()  # noqa: E731
    np.testing.assert_allclose(normalised(np.arange(8)), exact / R.std(), atol=1e-6)
    assert "ties them together by their mean or their standard deviation shows its direction on large batches" in HOLD
    assert "can still train" in HOLD and "it still trains" not in HOLD and "was found to" not in HOLD


def test_an_update_that_runs_on_into_the_next_episode_shows_the_order_of_the_eight():
    """The first stranger's loop: 3 degrees as the eight lie, 10 the other way round, none over many drawn."""
    space, batch, exact = {}, audit_worlds()["two doors"].batch, audit_theorem()
    exec(re.search(r"```python\n# stranger 1\n(.*?)```", HOLD, re.DOTALL)[1], space)

    def angle(order):
        rows = np.concatenate([np.arange(24)[batch.episodes()[n]] for n in order])
        arrays = {f.name: getattr(batch, f.name) for f in fields(batch)}
        laid = {name: x[rows] for name, x in arrays.items() if isinstance(x, np.ndarray)}
        laid["episode"] = np.repeat(np.arange(len(order)), 3)
        got = space["update"](np.zeros(3), replace(batch, **laid))[:2]
        return np.degrees(np.arccos(got @ exact / np.linalg.norm(got) / np.linalg.norm(exact)))

    drawn = np.random.default_rng(0).integers(8, size=40_000)
    assert [round(angle(order)) for order in (range(8), range(7, -1, -1), drawn)] == [3, 10, 0]
    assert "runs on from one episode into the next shows its direction for the order in which the eight lie" in HOLD
    assert "makes 3 degrees" in HOLD and "or their order" not in HOLD


def test_a_value_without_discount_needs_an_end_under_the_policy():
    P = np.zeros((1, 2, 1))
    P[0, 0, 0] = 1  # action 1 ends; a policy that never takes it goes on for ever
    world = pg.TabularMDP(P, np.ones((1, 2)), np.ones(1), 1.0)
    assert pg.state_values(world, np.array([[0.5, 0.5]]))[0] == pytest.approx(2)
    with pytest.raises(ValueError, match="never ends"):
        pg.state_values(world, np.array([[1.0, 0.0]]))
    assert "if under the policy every state can reach an end" in flat(list(solution("02-the-theorem").values()))


def test_dividing_by_the_sample_s_std_makes_the_weight_smaller():
    from policy_gradient.groups import grpo_weight

    p = np.array([0.2, 0.5])
    np.testing.assert_allclose(grpo_weight(p, 4, sample_std=True) / grpo_weight(p, 4), np.sqrt(3 / 4))
    assert "multiplies all of it by sqrt((G - 1) / G)" in grpo_weight.__doc__


def test_what_the_pages_say_of_the_book_itself_is_so():
    import json

    from tools.site.path import plan

    unlisted = [int(row.split("|")[4]) for row in CHECKS.splitlines() if row.startswith("| `")]
    assert min(unlisted) == 8 and sum(n >= 12 for n in unlisted) > len(unlisted) / 2
    assert "at least eight wrong answers in our own words, for most a dozen or more" in CHECKS
    weeks = [row for row in plan().splitlines()[2:] if row.startswith("|")]
    assert len(weeks) == 8 and "**In four weeks**: weeks 1, 2, 3 and 5" in INSTRUCTORS
    assert "a plan for eight weeks or four" in INSTRUCTORS
    timed = [row["lab"] for row in json.loads((ROOT / "benchmarks/results/waiting.json").read_text())["result"]["labs"]]
    assert [name[:2] for name in timed] == ["01", "02", "03", "04", "05", "mu"]
    assert "The labs of chapters 1 to 5 and the museum, each" in SPEED
    measured = set(json.loads((ROOT / "benchmarks/results/learner.json").read_text())["notebooks"])
    every = {f"{d}/{p.name}" for d in ("notebooks", "exercises") for p in (ROOT / d).glob("*.ipynb")}
    assert sorted({name.split("/")[1][:2] for name in every - measured}) == ["06", "07", "08"]
    assert "Chapters 6 to 8 have no row yet" in INSTRUCTORS and "of every notebook" not in INSTRUCTORS
    assert "every figure on these pages" not in WAYS and "the only one in which" not in WAYS
    assert "two shared parameters" in flat(list(cells("02-the-theorem").values()))


# ---- a fourth reading of chapters 0 to 2 and of what all chapters share ----


def test_in_two_doors_a_clock_would_tell_the_rooms_apart():
    world, pi, _, _ = doors()
    best = max(
        pg.expected_return(world, np.eye(2)[[a, a, 0, d]])
        for a, d in np.ndindex(2, 2)  # alike in A and B
    )
    assert best == pytest.approx(1 / 8)
    by_the_clock = np.eye(2)[[0, 1, 0, 1]]  # A is step 0 and B step 1: leave, then take
    assert pg.expected_return(world, by_the_clock) == pytest.approx(3 / 4)
    assert "has no memory and cannot tell the rooms apart" in START
    assert "a *partially observable* one where only a part is seen" in START
    assert "sums that may go on without end, these three rules are all" in START


def test_the_lemma_can_hold_with_values_that_are_wrong():
    """Any V that is right at the start telescopes as well: in general the two sides differ, not always."""
    world, old, _, _ = doors()
    new = np.random.default_rng(0).dirichlet([1, 1], 4)
    gain = pg.expected_return(world, new) - pg.expected_return(world, old)
    visits, V = pg.discounted_visitation(world, new), pg.state_values(world, old)
    side = lambda V: visits @ (new * (world.R + world.gamma * world.P @ V - V[:, None])).sum(axis=1)  # noqa: E731
    assert side(V + [0, 5, -2, 9]) == pytest.approx(gain) and side(V) == pytest.approx(gain)
    assert side(V + [1, 0, 0, 0]) == pytest.approx(gain - 1)
    assert "the two sides differ in general" in THEOREM
    assert "expectation and endless sum change places, as they converge absolutely" in THEOREM


def test_a_mean_over_steps_is_too_small_by_the_length_in_large_batches():
    p, T = 0.98, np.arange(1, 4000)  # go on with probability p, one a step: 50 steps on average
    chance, J = p ** (T - 1) * (1 - p), 1 / (1 - p)
    total = (T - 1) * (1 - p) * (1 + J) - p * 1  # score times Q, over an episode of T steps
    slope = p * J  # of 1 / (1 - p), p a sigmoid
    assert chance @ total == pytest.approx(slope) and chance @ T == pytest.approx(50)
    large, one = (chance @ total) / (chance @ T), chance @ (total / T)
    assert 50 * large == pytest.approx(slope) and 50 * one < 0.9 * slope
    assert (
        "over all visited steps of a large batch" in BITES and "In small batches long episodes count for less" in BITES
    )


def test_leave_one_out_asks_for_episodes_drawn_independently():
    score, reward = np.array([-0.5, 0.5]), np.array([0.0, 1.0])
    one = lambda a, b: score[a] * (reward[a] - reward[b]) / 2 + score[b] * (reward[b] - reward[a]) / 2  # noqa: E731
    assert np.mean([one(a, b) for a, b in np.ndindex(2, 2)]) == pytest.approx(1 / 4)  # p (1 - p), the slope
    assert np.mean([one(a, 1 - a) for a in (0, 1)]) == pytest.approx(1 / 2)  # the second coin always the other way
    assert "If episodes are drawn independently it depends on nothing that the episode itself did" in GLOSSARY


def test_conjugate_gradients_need_a_solution_to_find():
    F_, found = np.diag([1.0, 0.0]), {}
    for g in ((1.0, 0.0), (1.0, 1.0)):  # one step of the method, and the direction of the next
        g = np.array(g)
        x = (g @ g) / (g @ F_ @ g) * g
        rest = g - F_ @ x
        found[g[1]] = rest, rest + (rest @ rest) / (g @ g) * g
    np.testing.assert_array_equal(found[0.0][0], 0)  # solved
    rest, along = found[1.0]
    assert np.linalg.norm(rest) > 1 and along @ F_ @ along == 0  # the next step divides by this
    assert "where it has a solution, from products $Fv$ alone" in GLOSSARY
    assert "gains nothing from moving a ratio past the clip" in GLOSSARY and "every gradient with it" not in GLOSSARY


def test_a_wrapper_s_own_sum_is_not_the_library_s():
    from policy_gradient.audit import audit

    def right(theta, batch):  # advantages without a fault, and the page's last line
        advantages, following = np.zeros(len(batch)), 0.0
        for i in reversed(np.flatnonzero(batch.mask)):
            value = batch.next_values[i] * (not batch.terminated[i])
            error = batch.rewards[i] + batch.gamma * value - batch.values[i]
            following *= batch.gamma * batch.lam * (not (batch.terminated[i] or batch.truncated[i]))
            advantages[i] = following = error + following
        return advantages @ batch.score(theta) / len(batch.episodes())

    assert "weighed **without gamma^t**" in str(audit(right))
    assert "The sum is ours: it has no $\\gamma^t$ and no mask" in HOLD and "whatever differs" not in HOLD
    assert "its own reward and those that came *before* it" in HOLD and "G = batch.rewards[i] + batch.gamma * G" in HOLD
    assert "as bad as death" not in HOLD  # where each step costs, an end is good


def test_one_figure_s_bins_and_the_text_s_stand_elsewhere():
    middles, ends = -1 + (2 * np.arange(11) + 1) / 11, np.linspace(-1, 1, 11)
    nearest = lambda grid: grid[np.abs(grid - np.pi / 5).argmin()]  # noqa: E731
    assert nearest(ends) == pytest.approx(0.6) and nearest(middles) == pytest.approx(6 / 11)
    assert "the bins in the figure above stand at the middles of cells" in MANY
    peak = optimize.minimize_scalar(lambda a: (a - np.pi / 5) ** 2).x  # a quadratic Q has its maximum without bins
    assert peak == pytest.approx(np.pi / 5) and "a way to the maximum: bins, a search, a learned maximiser" in MANY


def test_the_place_of_a_kl_penalty_does_not_alone_decide_which_kl_it_is():
    theta, ref = np.array([0.3, -0.5, 1.0]), np.array([0.2, 0.5, 0.3])
    kl = lambda a, b: a @ np.log(a / b)  # noqa: E731
    slopes = [
        optimize.approx_fprime(theta, f, 1e-7) for f in (lambda t: kl(softmax(t), ref), lambda t: kl(ref, softmax(t)))
    ]
    pi = softmax(theta)
    scores, d = np.eye(3) - pi, np.log(pi / ref)
    loss = {"k2": (pi * d) @ scores, "k3": (pi * (1 - np.exp(-d))) @ scores}  # k' times the score, on fresh draws
    np.testing.assert_allclose(loss["k2"], slopes[0], atol=1e-6)
    np.testing.assert_allclose(loss["k3"], slopes[1], atol=1e-6)
    assert np.linalg.norm(slopes[0] - slopes[1]) > 0.01
    assert "in the reward or in the loss, and by which estimate, decides which distance it is" in GLOSSARY
    assert "From chapter 1 on each chapter has one name in four folders" in START


# ---- a fifth reading of chapters 0 and 1, of notation and glossary ----


def test_where_nothing_depends_on_the_policy_a_value_does_not_change_with_it():
    world, pi, _, _ = doors()
    other = np.random.default_rng(0).dirichlet([1, 1], 4)
    before, after = pg.state_values(world, pi), pg.state_values(world, other)
    assert before[2] == pytest.approx(-3) == after[2] and abs(before - after)[[0, 1, 3]].min() > 1e-3
    assert "changes with $\\pol{\\pi}$, unless nothing that follows depends on it, as in C" in START
    assert "every formula is slightly wrong" not in START  # undiscounted, the sum of all rewards has no index to shift


def test_an_argmax_s_jump_can_cost_more_than_a_difference_where_rooms_look_alike():
    """Two rooms that look alike: alike twice pays 10 for *take*, 0 for *leave*; once each costs 10. No mixture beats
    *take* alone."""
    J = lambda p: 10 * p**2 - 10 * 2 * p * (1 - p)  # noqa: E731
    mixtures = np.linspace(0, 1, 1001)
    assert J(mixtures).argmax() == 1000
    assert slope(J, 1 / 3) == pytest.approx(0, abs=1e-6) and J(1) - J(0) == 10  # equal there, and the jump costs 10
    world, _, _, _ = doors()  # seen states, values of the best policy: the cost is the gap at each visit
    best = np.eye(2)[[0, 1, 0, 1]]
    Q = pg.action_values(world, best)
    for s in range(4):
        jumped = best.copy()
        jumped[s] = jumped[s, ::-1]
        lost = pg.expected_return(world, best) - pg.expected_return(world, jumped)
        gap = Q[s] @ (best[s] - jumped[s])
        assert gap >= 0 and lost == pytest.approx(pg.discounted_visitation(world, jumped)[s] * gap)


def test_the_reason_why_the_corridor_wants_chance_is_not_true_of_two_doors():
    world, _, _, _ = doors()
    Q = pg.action_values(world, np.eye(2)[[0, 1, 0, 1]])
    assert Q[0, 0] > Q[0, 1] and Q[1, 1] > Q[1, 0]  # rooms that look alike and need different actions
    J = lambda p: -p / 4 + (1 - p) / 8  # noqa: E731  and the best of all p is no mixture
    assert J(np.linspace(0, 1, 101)).argmax() == 0
    assert "Either button alone never arrives." in VALUES and "Whatever single button" not in VALUES
    np.testing.assert_array_equal(corridor(0.0)[0], [1, 0, 0])  # left in the first cell does not move
    assert "moves one cell" not in VALUES and "for $0<p<1$" in VALUES


def test_the_maximum_of_noisy_estimates_is_too_high_where_they_are_close():
    noise = list(itertools.product((-1, 1), repeat=2))
    highest = lambda gap: np.mean([max(a, b - gap) for a, b in noise])  # noqa: E731
    assert highest(0) == 0.5 and highest(10) == 0  # ten apart: nobody changes places
    assert "the maximum of noisy ones tends to be too high" in MANY


def test_a_baseline_that_was_learned_from_the_episode_itself_leaves_nothing():
    p, reward = np.array([0.5, 0.5]), np.array([0.0, 1.0])
    score = np.array([-0.5, 0.5])
    own, other = p @ (score * (reward - reward)), p @ (score * (reward - p @ reward))
    assert own == 0 and other == pytest.approx(0.25)  # a batch of one, fitted first
    assert "if they were learned from other episodes" in MANY


def test_the_logit_of_a_better_action_falls_where_rooms_share_it():
    world, pi, _, exact = doors()
    assert pg.action_values(world, pi)[1] @ [-1, 1] > 1 and exact[0] < 0  # take is better in B, and its logit falls
    assert "where each state has logits of its own, that of an action better than the average" in GLOSSARY


def test_a_ratio_can_lower_the_variance():
    old, f = np.array([0.5, 0.5]), np.array([2, 2 / 3])
    new = np.array([0.25, 0.75])
    assert np.ptp(new / old * f) == pytest.approx(0) and np.ptp(f) > 1
    assert "in general at a price in variance" in GLOSSARY


def test_with_the_true_value_too_bootstrapping_can_raise_the_variance():
    """A coin in A, then, after action 0 only, one in B that pays 9.5 or 10.5. Both share one logit."""
    score, pay = np.array([-0.5, 0.5]), np.array([9.5, 10.5])

    def variance(target):  # of sum_t score_t times the weight, over A: 1, and A: 0 with B: b
        x = np.array([0] + [score[0] * target[b] + score[b] * pay[b] for b in (0, 1)])
        chance = np.array([0.5, 0.25, 0.25])
        return chance @ x, chance @ (x - chance @ x) ** 2

    (mean, returns), (same, values) = variance(pay), variance(np.full(2, pay.mean()))
    assert mean == same and values > 1.05 * returns


def test_a_compatible_critic_is_fitted_to_the_true_values():
    pi, Q = np.array([0.2, 0.5, 0.3]), np.array([1, 4, 2.0])
    scores = np.eye(3) - pi
    fit = lambda target: scores @ np.linalg.lstsq(np.sqrt(pi)[:, None] * scores, np.sqrt(pi) * target)[0]  # noqa: E731
    gradient = lambda values: (pi * values) @ scores  # noqa: E731
    np.testing.assert_allclose(gradient(fit(Q)), gradient(Q), atol=1e-12)
    assert abs(gradient(fit(Q[::-1])) - gradient(Q)).max() > 0.1  # to a wrong target, as well as can be: wrong
    assert "fitted to $\\good{Q^\\pi}$ by least squares" in GLOSSARY


def test_epsilon_greedy_s_best_action_has_a_share_of_epsilon_and_numpy_s_integers_warn_in_products():
    from learning_to_act.exercises import values_or_probabilities as chapter01

    reached = 0.1 / 2 + 0.9 * np.eye(2)[1]
    assert reached[1] == pytest.approx(0.95) and reached.sum() == pytest.approx(1)  # more than all but epsilon
    told = Path(chapter01.__file__).read_text("utf8")
    assert "1 - epsilon for the best and the rest for all alike" in told and "all the chance but epsilon" not in told
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.int64(2**62) * np.int64(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.int64(10) ** 30 != 10**30
    assert "in a power without a word" in told
    assert "in a power without a word" in flat(list(solution("01-values-or-probabilities").values()))


# ---- chapter 2 and the summary sheet, read once more ----


def test_a_score_s_mean_is_zero_only_where_the_swap_is_allowed():
    """x uniform on (0, theta): the score is -1/theta for every x, and so is its mean."""
    theta = 2.0
    mean = integrate.quad(lambda x: (-1 / theta) / theta, 0, theta)[0]
    assert mean == pytest.approx(-0.5) and slope(lambda t: 1.0, theta) == 0
    assert "**Expected score.** At $f=1$: $\\E_{a" in SHEET


def test_a_finite_mean_length_does_not_allow_the_swap_without_a_discount():
    """One action decides the length x, reward 1 a step, gamma = 1: p(x) ~ x^-2.2 (1 + tanh(theta x^.55)). Mean length
    and the score's variance are finite and bounded for all theta, and at 0 the slope of the mean length is infinite."""
    x = np.arange(1, 10**6 + 1.0)
    p, tilt = x**-2.2, x**0.55

    def law(theta):
        q = p * (1 + np.tanh(theta * tilt))
        return q / q.sum()

    for theta in (-0.1, 0.0, 0.1):
        score = tilt * (1 - np.tanh(theta * tilt))  # but for a constant
        parts = [(law(theta) * score**2)[:n].sum() for n in (10**4, 10**6)]
        assert parts[1] < 8 and parts[1] < 1.3 * parts[0]  # converges: at most 2 x^1.1 x^-2.2
    quotient = [(law(h) @ x - law(-h) @ x) / (2 * h) for h in (1e-1, 1e-2, 1e-3)]
    assert quotient[1] > 2 * quotient[0] and quotient[2] > 2 * quotient[1]  # the smaller the step, the steeper
    assert "or bounded length ($\\gamma<1$: a finite mean length), rewards and the scores' variance" in SHEET


def test_where_nothing_ends_and_nothing_is_discounted_visits_are_infinite_and_not_at_most_anything():
    always = np.ones((1, 1))  # one state that leads to itself
    assert np.linalg.matrix_rank(np.eye(1) - always) == 0
    for said in (
        SHEET,
        PageAndLab.text("notation"),
        ANSWERS["derive-over-states"],
        Path(chapter02.__file__).read_text("utf8"),
    ):
        after = said[said.index("at most either") - 90 :][:180]
        assert re.search(r"(with ends|episodes end) and (\$\\gamma<1\$|gamma < 1)", after, re.I)
        assert "if both" not in said


def test_plain_visits_of_a_world_that_never_ends_can_be_finite():
    """One choice at the start, then a last state for ever where nothing is left to choose: the direction without
    gamma^t is defined."""
    p, visits = 0.5, [0.0, 0.0]
    for steps in range(1000):
        visits[steps > 0] += 1
    assert visits == [1, 999]  # the second grows without end, and its own answer g is 0
    assert visits[0] * p * (1 - p) * (1 - 0) == 0.25
    assert (
        "a state's plain visits can be infinite, and then the direction without $\\gamma^t$ is in general not" in BITES
    )


def test_the_score_form_needs_probabilities_above_zero():
    """pi = (theta, 1 - theta) at theta = 0, Q = (1, 0): the sum over actions is the slope, the mean over drawn ones
    misses it."""
    pi, grad, Q = np.array([0, 1.0]), np.array([1, -1.0]), np.array([1, 0.0])
    drawn = pi > 0
    assert grad @ Q == 1 and pi[drawn] @ (grad[drawn] / pi[drawn] * Q[drawn]) == 0
    assert "multiplied and divided by $\\pi>0$ as above (a softmax's are never zero)" in THEOREM


def test_a_change_of_the_visits_costs_nothing_in_advantages_and_something_in_rewards():
    world, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    pi = pg.state_probs(world, policy, np.zeros(2))
    d = lambda t: pg.discounted_visitation(world, pg.state_probs(world, policy, np.array([t, 0])))  # noqa: E731
    change = (d(1e-5) - d(-1e-5)) / 2e-5
    advantage = pg.action_values(world, pi) - pg.state_values(world, pi)[:, None]
    assert abs(change @ (pi * advantage).sum(1)) < 1e-12
    assert change @ (pi * world.R).sum(1) == pytest.approx(-0.0625 * 3 - 0.0625 * 0.25)
    assert "*counted in advantages, a small change of where you go costs nothing to first order" in THEOREM


def test_with_equal_actions_nothing_falls_and_J_is_concave():
    pi, Q = np.array([0.3, 0.7]), np.ones(2)
    assert (pi * (Q - pi @ Q) == 0).all() and (softmax(np.log(pi) + Q - pi @ Q) == softmax(np.log(pi))).all()
    for said in (
        "There the worst action never rises",
        "Often, and always with two that differ",
        "$J$ need not be concave",
    ):
        assert said in BITES
    assert "although $J$ need not be concave" in ANSWERS["global-convergence"]


def test_states_that_share_parameters_can_help_each_other():
    """Two states, one logit, the same action good in both: each state's push is the other's gain."""
    answers = 0.25 * np.array([1.0, 2.0])
    assert (answers > 0).all()
    assert "one state's push can be another state's harm" in BITES


def test_the_best_of_five_is_said_of_normal_seeds():
    fair = [max(signs) for signs in itertools.product((-1, 1), repeat=5)]
    assert np.mean(fair) == 1 - 2 / 32  # coins: .94 deviations
    normal = integrate.quad(lambda z: 5 * z * stats.norm.pdf(z) * stats.norm.cdf(z) ** 4, -9, 9)[0]
    assert round(normal, 2) == 1.16 and "| best of 5 normal seeds | $1.16$ deviations" in SHEET


def test_what_grows_94_fold_is_the_variance_and_the_deviation_9_7_fold():
    pi, Q = np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])

    def variance(b):
        steps = (Q - b)[:, None] * (np.eye(3) - pi)
        return pi @ ((steps - pi @ steps) ** 2).sum(1)

    ratio = variance(pi @ Q) / variance(0)
    assert round(ratio) == 94 and round(np.sqrt(ratio), 1) == 9.7
    assert "| variance $\\times94$ |" in SHEET and "the variance 94 times larger" in NOISE
    assert any("the *right* value makes the variance 94 times larger" in text for text in ANSWERS.values())


def test_the_lab_and_the_solutions_of_chapter_3_say_when():
    lab = cells("03-the-log-derivative-trick")
    said = "\n".join(lab.values())
    assert "Exact $Q$ and $V$ you have as little as that" in said and "one weight that you never have" not in said
    assert "two episodes give a sum of the wrong sign" in said and "always on" not in said
    assert "three of the package's policies" in said and "the first sign is wrong" in said
    solved = "\n".join(solution("03-the-log-derivative-trick").values())
    assert "as the lemma says" in solved and "with a single sample it is 0" in solved
    theta = 1.7  # uniform on [0, theta]: each score is -1 / theta, and so is their mean
    assert integrate.quad(lambda x: -1 / theta / theta, 0, theta)[0] == pytest.approx(-1 / theta)
    g, f = np.array([0.7]), np.array([3.0])
    assert ((f - (g**2 * f).sum() / (g**2).sum()) * g).mean() == 0  # its own best baseline: nothing is left
