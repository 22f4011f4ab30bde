"""Numbers that chapter 3 states, recomputed by search, enumeration or simulation, against the package too:
never by the formula it checks."""

import itertools

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg
from tests.helpers.enumeration import DOORS, DOORS_POLICY


@pytest.mark.parametrize(
    "pi, Q, wanted",
    [((0.05, 0.05, 0.9), (0, 0, 1), (0.00135, 0.1269, 0.0004)), ((0.9, 0.1), (0, 1), (0.1458, 0.1152, 0))],
)
def test_a_baseline_changes_the_variance_up_or_down(pi, Q, wanted):
    """Variance of the step (the sum over logits) for b = 0, V and the best constant, found by search."""
    pi, Q = np.array(pi), np.array(Q, float)
    policy, actions = pg.TabularSoftmax(1, len(pi)), np.arange(len(pi))
    scores = policy.score(np.log(pi), np.zeros(len(pi), int), actions)

    def variance(b):
        steps = scores * (Q - b)[:, None]
        return pi @ ((steps - pi @ steps) ** 2).sum(axis=1)

    best = optimize.minimize_scalar(variance, options=dict(xtol=1e-10)).fun
    np.testing.assert_allclose([variance(0), variance(pi @ Q), best], wanted, atol=5e-5)


def test_reward_to_go_can_be_the_noisier_one():
    """r_0 = +-1 by the environment's coin, r_1 = -r_0: total return has variance 0, reward-to-go 0.25."""
    policy, theta, cases = pg.two_action_softmax(1), np.zeros(1), []
    for a0, a1, coin in itertools.product([0, 1], [0, 1], [1.0, -1.0]):
        scores = policy.score(theta, np.zeros(2, int), np.array([a0, a1]))[:, 0]
        rewards = np.array([coin, -coin])
        cases.append([scores.sum() * rewards.sum(), scores @ pg.reward_to_go(rewards, 1.0)])
    np.testing.assert_allclose(np.var(cases, axis=0), [0, 0.25])
    np.testing.assert_allclose(np.mean(cases, axis=0), 0)


@pytest.mark.parametrize("actions, dtype, step", [(4, np.float64, 538), (2, np.float64, 1075), (2, np.float32, 150)])
def test_a_product_of_probabilities_underflows_at_step(actions, dtype, step):
    product, steps, log_prob = dtype(1), 0, 0.0
    while product > 0:
        product, steps, log_prob = product * dtype(1 / actions), steps + 1, log_prob - np.log(actions)
    assert steps == step and np.isfinite(log_prob)


def test_expected_score_is_zero_for_every_policy():
    for policy in (pg.TabularSoftmax(2, 3), pg.LinearSoftmax(np.random.default_rng(0).normal(size=(2, 3, 4)))):
        theta = np.random.default_rng(1).normal(size=policy.num_params)
        mean = sum(policy.probs(theta, 1)[a] * policy.score(theta, 1, a) for a in range(3))
        np.testing.assert_allclose(mean, 0, atol=1e-14)


def test_the_error_of_an_estimate_falls_like_one_over_the_square_root():
    """The standard deviation over 400 repeats at N = 25, 100, 400 episodes: halved each time N grows fourfold."""
    rng, theta = np.random.default_rng(5), np.array([0.4, -0.3])
    r = pg.sample_rollout(DOORS, DOORS_POLICY, theta, 160_000, 10, rng)
    samples = pg.gradient_samples(DOORS_POLICY, theta, r, pg.psi_reward_to_go(r, 0.5))
    spread = [samples.reshape(-1, n, 2).mean(1)[:400].std(0) for n in (25, 100, 400)]
    np.testing.assert_allclose(np.divide(spread[:-1], spread[1:]), 2, atol=0.3)
