"""What the protocols promise of a policy, held for each of the book's, on inputs that nobody thought of."""

from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given

import policy_gradient as pg
from policy_gradient.protocols import Environment, GaussianPolicy, Policy, SoftmaxPolicy
from tests.helpers.properties import DTYPES, SEEDS, SHAPES, each_policy, few, is_discrete, situation


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_batch_equals_loop(policy, shape, seed):
    theta, obs, actions, _ = situation(policy, shape, seed)
    scores, log_probs, entropies = (
        f(theta, obs, actions) for f in (policy.score, policy.log_prob, lambda t, o, a: policy.entropy(t, o))
    )
    assert scores.shape == shape + (policy.num_params,) and log_probs.shape == entropies.shape == shape
    for where in np.ndindex(shape):
        np.testing.assert_allclose(
            scores[where], policy.score(theta, obs[where], actions[where]), rtol=1e-9, atol=1e-11
        )
        np.testing.assert_allclose(
            log_probs[where], policy.log_prob(theta, obs[where], actions[where]), rtol=1e-9, atol=1e-11
        )
        np.testing.assert_allclose(entropies[where], policy.entropy(theta, obs[where]), rtol=1e-9, atol=1e-11)


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_weighted_score_is_the_weighted_sum_of_scores(policy, shape, seed):
    theta, obs, actions, weights = situation(policy, shape, seed)
    scores = policy.score(theta, obs, actions).reshape(-1, policy.num_params)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, weights), weights.ravel() @ scores, rtol=1e-8, atol=1e-10
    )


@each_policy
@few
@given(seed=SEEDS)
def test_the_score_is_the_slope_of_the_log_probability(policy, seed):
    theta, obs, actions, _ = situation(policy, (), seed)
    slope = pg.finite_difference(lambda theta: policy.log_prob(theta, obs, actions), theta)
    np.testing.assert_allclose(policy.score(theta, obs, actions), slope, rtol=1e-5, atol=1e-6 * (1 + abs(slope).max()))


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_the_expected_score_is_zero(policy, shape, seed):
    """Summed over all actions, or by a quadrature that is exact for a Gaussian's score."""
    theta, obs, _, _ = situation(policy, shape, seed, scale=0.7)
    if is_discrete(policy):
        every = np.moveaxis(np.broadcast_to(np.arange(policy.num_actions), shape + (policy.num_actions,)), -1, 0)
        mean = sum(
            policy.probs(theta, obs)[..., a, None] * policy.score(theta, obs, every[a])
            for a in range(policy.num_actions)
        )
        size = 1.0
    else:
        gaussian = getattr(policy, "policy", policy)
        nodes, weights = np.polynomial.hermite_e.hermegauss(3)
        weights, D = weights / weights.sum(), policy.num_actions
        center, std = gaussian.mean(theta, obs), np.exp(gaussian.log_std(theta, obs))
        mean, size = 0.0, 1 + (1 / std).max(initial=0)
        for index in np.ndindex((3,) * D):
            z = nodes[list(index)]
            mean = mean + weights[list(index)].prod() * policy.score(theta, obs, center + std * z)
    np.testing.assert_allclose(mean, np.zeros(shape + (policy.num_params,)), atol=1e-11 * size)


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS, dtype=DTYPES)
def test_computation_follows_thetas_dtype(policy, shape, seed, dtype):
    theta, obs, actions, weights = situation(policy, shape, seed, dtype)
    results = {
        "log_prob": policy.log_prob(theta, obs, actions),
        "score": policy.score(theta, obs, actions),
        "weighted_score": policy.weighted_score(theta, obs, actions, weights),
        "entropy": policy.entropy(theta, obs),
    }
    results |= (
        {"probs": policy.probs(theta, obs)}
        if is_discrete(policy)
        else {"sample": policy.sample(theta, obs, np.random.default_rng(0))}
    )
    assert {name: np.asarray(r).dtype for name, r in results.items()} == dict.fromkeys(results, np.dtype(dtype))


@each_policy
@few
@given(shape=SHAPES, seed=SEEDS)
def test_samplers_give_one_action_per_observation(policy, shape, seed):
    theta, obs, _, _ = situation(policy, shape, seed)
    actions = policy.sample(theta, obs, np.random.default_rng(seed))
    again = policy.sample(theta, obs, np.random.default_rng(seed))
    np.testing.assert_array_equal(actions, again)
    if is_discrete(policy):
        assert np.shape(actions) == shape and np.asarray(actions).dtype == np.int64
        assert ((0 <= actions) & (actions < policy.num_actions)).all()
    else:
        assert actions.shape == shape + (policy.num_actions,) and np.isfinite(actions).all()
    assert np.isfinite(policy.log_prob(theta, obs, actions)).all()


NEEDED = {
    Policy: {"num_params", "init", "sample", "log_prob", "score", "weighted_score"},
    SoftmaxPolicy: {"num_params", "init", "sample", "log_prob", "score", "weighted_score", "num_actions", "probs"},
    GaussianPolicy: {
        "num_params",
        "init",
        "sample",
        "log_prob",
        "score",
        "weighted_score",
        "num_actions",
        "mean",
        "log_std",
    },
    Environment: {"num_envs", "metadata", "single_observation_space", "single_action_space", "reset", "step"},
}


@pytest.mark.parametrize("protocol", NEEDED, ids=lambda protocol: protocol.__name__)
def test_to_have_all_the_methods_is_enough_and_to_lack_one_is_not(protocol):
    """No class of a reader's own need inherit from anything here."""
    names = NEEDED[protocol]
    assert isinstance(SimpleNamespace(**dict.fromkeys(names, len)), protocol)
    for name in names:
        assert not isinstance(SimpleNamespace(**dict.fromkeys(names - {name}, len)), protocol), name


@each_policy
def test_the_books_policies_are_what_they_are_said_to_be(policy):
    assert isinstance(policy, Policy)
    squashed = isinstance(policy, pg.Squashed)  # what it draws has no mean and spread in closed form
    assert isinstance(policy, SoftmaxPolicy) == is_discrete(policy)
    assert isinstance(policy, GaussianPolicy) == (not is_discrete(policy) and not squashed)
    assert not isinstance(policy, Environment)


def test_the_books_environments_and_gymnasiums_vectors_are_environments():
    for made in (pg.envs.TabularVectorEnv(pg.two_doors(), 2), pg.control.Pendulum(2), gym.make_vec("CartPole-v1", 2)):
        assert isinstance(made, Environment) and not isinstance(made, Policy)
    assert not isinstance(gym.make("CartPole-v1"), Environment)  # one world, not a vector
