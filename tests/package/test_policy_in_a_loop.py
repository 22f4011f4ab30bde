"""A policy may prepare its draws for a loop: `rollout` asks any policy for its `sampler`, whatever its class."""

import gymnasium as gym
import numpy as np
import pytest

import policy_gradient as pg


class Prepared:
    """A policy of a reader's own, with a sampler that remembers what it was asked."""

    num_params, num_actions, num_features = 4, 2, 4

    def __init__(self):
        self.asked = []

    def init(self, rng):
        return np.zeros(4)

    def sample(self, theta, obs, rng):
        raise AssertionError("the sampler is there to be used")

    def sampler(self, theta, shape):
        self.asked.append((theta, shape))
        return lambda obs, rng: rng.integers(2, size=len(obs))


class Alone(Prepared):
    """A subclass that draws in its own way."""

    def sample(self, theta, obs, rng):
        return np.ones(len(obs), int)


class Both(Alone):
    def sampler(self, theta, shape):
        return lambda obs, rng: np.zeros(len(obs), int)


class Wrapper:
    def __init__(self, policy):
        self.policy = policy

    def __getattr__(self, name):
        return getattr(self.policy, name)


def envs():
    return gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="vector_entry_point")


def test_the_sampler_is_asked_once_with_theta_and_the_shape():
    policy, theta = Prepared(), np.arange(4.0)
    data = pg.rollout(envs(), policy, theta, np.random.default_rng(0))
    assert len(data.mask) > 5 and len(policy.asked) == 1
    assert policy.asked[0][0] is theta and policy.asked[0][1] == (3,)


@pytest.mark.parametrize("make, drawn", [(Alone, {1}), (Both, {0}), (lambda: Wrapper(Alone()), {1})])
def test_the_nearest_way_to_draw_counts(make, drawn):
    policy = make()
    assert set(pg.rollout(envs(), policy, np.zeros(4), np.random.default_rng(0)).actions.ravel()) == drawn


def test_a_greedy_player_is_not_asked_for_its_policys_draws():
    policy = pg.MLPSoftmax((4, 8, 2))
    theta = policy.init(np.random.default_rng(0)) * 50
    one, other = (pg.evaluate(envs(), policy, theta, np.random.default_rng(3), greedy=True) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    # The same, one step at a time: what a greedy player earns does not depend on any draw.
    game = envs()
    obs, _ = game.reset(seed=int(np.random.default_rng(3).integers(2**31)))
    alive, earned = np.ones(3, bool), np.zeros(3)
    while alive.any():
        obs, rewards, terminated, truncated, _ = game.step(policy.probs(theta, obs).argmax(axis=-1))
        earned += rewards * alive
        alive &= ~(terminated | truncated)
    np.testing.assert_array_equal(one, earned)
