"""Rollouts against scripted environments whose every step is known, Gymnasium's CartPole, and exact values."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import policy_gradient as pg
from policy_gradient.envs import TabularVectorEnv
from tests.helpers.cartpole import cartpole

POLICY, THETA = pg.TabularSoftmax(100, 2), np.zeros(200)


class Countdown(gym.Env):
    """Observation t, reward 10 + t; ends by itself after `length` steps, or is cut after `limit`."""

    observation_space, action_space = gym.spaces.Discrete(100), gym.spaces.Discrete(2)

    def __init__(self, length, limit):
        self.length, self.limit = length, limit

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return 0, {}

    def step(self, action):
        self.t += 1
        return self.t, 9.0 + self.t, self.t >= self.length, self.t >= self.limit, {}


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_one_whole_episode_per_column(mode):
    envs = SyncVectorEnv([lambda n=n: Countdown(n, 6) for n in (2, 9, 4)], autoreset_mode=mode)
    r = pg.rollout(envs, POLICY, THETA, np.random.default_rng(0))
    t = np.arange(6)[:, None]
    mask = t < [2, 6, 4]
    assert r.num_episodes == 3 and r.lengths.tolist() == [2, 6, 4]
    np.testing.assert_array_equal(r.mask, mask)
    np.testing.assert_array_equal(r.rewards, np.where(mask, 10 + t, 0))
    np.testing.assert_array_equal(r.obs[mask], np.broadcast_to(t, mask.shape)[mask])
    np.testing.assert_array_equal(r.terminated, (t == [1, 9, 3]))
    np.testing.assert_array_equal(r.truncated, (t == [9, 5, 9]))
    np.testing.assert_array_equal(r.last_obs, [2, 6, 4])  # the true one, not the next episode's


def test_a_limit_of_our_own_truncates():
    envs = SyncVectorEnv([lambda n=n: Countdown(n, 99) for n in (2, 9, 3)])
    r = pg.rollout(envs, POLICY, THETA, np.random.default_rng(0), max_steps=3)
    assert r.rewards.shape == (3, 3) and r.terminated.sum(0).tolist() == [1, 0, 1]
    np.testing.assert_array_equal(r.truncated, [[0, 0, 0], [0, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(r.last_obs, [2, 3, 3])


def test_gymnasiums_cartpole():
    envs = gym.make_vec("CartPole-v1", num_envs=5)
    policy = pg.TabularSoftmax(1, 2)

    class Blind:  # ignores what it sees
        sample = staticmethod(lambda theta, obs, rng: policy.sample(theta, np.zeros(len(obs), int), rng))

    r = pg.rollout(envs, Blind, np.zeros(2), np.random.default_rng(1))
    np.testing.assert_array_equal(r.rewards, r.mask)
    assert r.obs.shape == (r.lengths.max(), 5, 4) and r.last_obs.shape == (5, 4)
    fallen = (abs(r.last_obs[:, 2]) > 12 * 2 * np.pi / 360) | (abs(r.last_obs[:, 0]) > 2.4)
    assert fallen.all() and r.terminated.any(0).all() and not r.truncated.any()
    assert (abs(r.obs[r.mask][:, 2]) <= 12 * 2 * np.pi / 360).all()


def test_the_generator_decides_everything():
    envs = gym.make_vec("policy_gradient.envs:policy_gradient/ShortCorridor-v0", num_envs=4)
    policy = pg.two_action_softmax(1)
    first, again, other = (pg.rollout(envs, policy, [0.3], np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.actions, again.actions)
    assert first.actions.shape != other.actions.shape or (first.actions != other.actions).any()


def exact_return(mdp, policy, theta):
    return pg.expected_return(mdp, pg.state_probs(mdp, policy, theta))


@pytest.mark.parametrize("sampler", ["rollout", "sample_rollout"])
def test_mean_returns_are_the_exact_ones(sampler):
    """Two samplers, one truth: "two doors" discounted and the corridor to its end."""
    for mdp, policy, theta in [
        (pg.two_doors(), pg.two_action_softmax(2, 3), np.array([0.4, -0.6])),
        (pg.short_corridor(5), pg.two_action_softmax(1), np.array([0.8])),
    ]:
        rng, n = np.random.default_rng(2), 4000
        if sampler == "rollout":
            r = pg.rollout(TabularVectorEnv(mdp, n, max_steps=2000), policy, theta, rng)
        else:
            r = pg.sample_rollout(mdp, policy, theta, n, 2000, rng)
        returns = pg.total_return(r.rewards, mdp.gamma)
        assert abs(returns.mean() - exact_return(mdp, policy, theta)) < 4 * returns.std() / n**0.5
        assert r.terminated.sum() == n and (r.terminated.argmax(0) == r.lengths - 1).all()
        np.testing.assert_array_equal(r.mask, np.arange(len(r.mask))[:, None] < r.lengths)


class Unmarked:
    num_envs, metadata = 1, {}
    step = reset = None


def test_environments_that_do_not_reset_themselves_are_refused():
    disabled = SyncVectorEnv([lambda: Countdown(2, 9)], autoreset_mode=AutoresetMode.DISABLED)
    for envs, shown in [(disabled, "Disabled"), (Unmarked(), "None")]:
        with pytest.raises(ValueError, match=f"autoreset_mode.*{shown}"):
            pg.rollout(envs, POLICY, THETA, np.random.default_rng(0))
    Unmarked.metadata = {"autoreset_mode": "Tomorrow"}
    with pytest.raises(ValueError, match="Tomorrow"):
        pg.rollout(Unmarked(), POLICY, THETA, np.random.default_rng(0))


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="got a VectorEnv, which has no num_envs"):
        pg.rollout(gym.vector.VectorEnv(), POLICY, THETA, np.random.default_rng(0))
    with pytest.raises(TypeError, match="envs must be a gymnasium.vector.VectorEnv"):
        pg.rollout(Countdown(2, 3), POLICY, THETA, np.random.default_rng(0))
    envs = SyncVectorEnv([lambda: Countdown(2, 9)])
    with pytest.raises(ValueError, match="max_steps"):
        pg.rollout(envs, POLICY, THETA, np.random.default_rng(0), max_steps=0)
    with pytest.raises(ValueError, match="theta"):
        pg.rollout(envs, POLICY, THETA[1:], np.random.default_rng(0))


def test_episodes_longer_than_the_room_made_for_them():
    envs = SyncVectorEnv([lambda n=n: Countdown(n, 9999) for n in (3, 1203)])
    policy = pg.TabularSoftmax(2000, 2)
    r = pg.rollout(envs, policy, np.zeros(4000), np.random.default_rng(0))
    assert r.lengths.tolist() == [3, 1203] and r.rewards.dtype == float
    np.testing.assert_array_equal(r.rewards[:, 1], 10 + np.arange(1203))
    np.testing.assert_array_equal(r.obs[:, 1], np.arange(1203))
    assert not r.rewards[3:, 0].any() and not r.terminated[3:, 0].any() and r.terminated[-1, 1]


def test_whole_rewards_do_not_cut_later_ones():
    """An environment whose first rewards are whole numbers by type, too."""

    class Halves(gym.vector.VectorEnv):
        num_envs, metadata = 2, {"autoreset_mode": AutoresetMode.NEXT_STEP}
        single_observation_space, single_action_space = gym.spaces.Discrete(1), gym.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            self.t = 0
            return np.zeros(2, np.int64), {}

        def step(self, actions):
            self.t += 1
            rewards = np.array([1, 1]) if self.t == 1 else np.array([0.5, 0.5])
            return np.zeros(2, np.int64), rewards, np.full(2, self.t == 3), np.zeros(2, bool), {}

    r = pg.rollout(Halves(), POLICY, THETA, np.random.default_rng(0))
    np.testing.assert_array_equal(r.rewards, [[1, 1], [0.5, 0.5], [0.5, 0.5]])


def test_a_rollout_names_the_theta_that_it_cannot_use():
    envs, policy = gym.make_vec("CartPole-v1", num_envs=2), pg.MLPSoftmax((4, 8, 2))
    with pytest.raises(ValueError, match="theta must have shape"):
        pg.rollout(envs, policy, np.zeros(3), np.random.default_rng(0))
    with pytest.raises(ValueError, match="theta must be finite"):
        pg.rollout(envs, policy, np.full(policy.num_params, np.nan), np.random.default_rng(0))


class Always(pg.MLPSoftmax):
    def sample(self, theta, obs, rng):
        return np.ones(len(obs), np.int64)


class Wrapped:
    """All of a policy but its `sample`."""

    def __init__(self, policy):
        self.policy = policy

    def __getattr__(self, name):
        return getattr(self.policy, name)

    def sample(self, theta, obs, rng):
        return np.ones(len(obs), np.int64)


@pytest.mark.parametrize("policy", [Always((4, 8, 2)), Wrapped(pg.MLPSoftmax((4, 8, 2)))], ids=["subclass", "wrapper"])
def test_a_policy_that_draws_in_its_own_way_does_so_in_a_rollout(policy):
    envs, rng = (
        gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="vector_entry_point"),
        np.random.default_rng(0),
    )
    assert (pg.rollout(envs, policy, policy.init(rng), rng).actions == 1).all()


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


def test_the_sampler_is_asked_once_with_theta_and_the_shape():
    policy, theta = Prepared(), np.arange(4.0)
    data = pg.rollout(cartpole(3), policy, theta, np.random.default_rng(0))
    assert len(data.mask) > 5 and len(policy.asked) == 1
    assert policy.asked[0][0] is theta and policy.asked[0][1] == (3,)


@pytest.mark.parametrize("make, drawn", [(Alone, {1}), (Both, {0}), (lambda: Wrapper(Alone()), {1})])
def test_the_nearest_way_to_draw_counts(make, drawn):
    policy = make()
    assert set(pg.rollout(cartpole(3), policy, np.zeros(4), np.random.default_rng(0)).actions.ravel()) == drawn
