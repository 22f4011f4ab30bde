"""The learned baseline: GAE against sums written out, the critic against values solved exactly."""

import itertools

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from scipy import stats

import policy_gradient as pg
from policy_gradient import Critic, gae
from policy_gradient import critic as critics
from tests.helpers.properties import GAMMA, SEEDS, rollouts


def ragged(seed=0, T=7, N=5):
    """Episodes of different lengths: some terminated, some truncated."""
    rng = np.random.default_rng(seed)
    lengths = np.array([7, 4, 1, 6, 7])
    mask = np.arange(T)[:, None] < lengths
    ends = np.zeros((T, N), bool)
    ends[lengths - 1, np.arange(N)] = True
    terminated = ends & np.array([True, False, True, True, False])
    obs = rng.normal(size=(T, N, 2))
    rewards = np.where(mask, rng.normal(size=(T, N)), 0)
    data = pg.Rollout(obs, np.zeros((T, N, 1)), rewards, mask, terminated, ends & ~terminated, rng.normal(size=(N, 2)))
    return data, rng.normal(size=(T, N)), rng.normal(size=N)


def written_out(data, values, last_values, gamma, lam):
    """Schulman et al. (2016), equation 16, one episode and one step at a time."""
    advantages = np.zeros(data.mask.shape)
    for n, length in enumerate(data.lengths):
        after = 0.0 if data.terminated[:, n].any() else last_values[n]
        v = np.append(values[:length, n], after)
        deltas = [data.rewards[t, n] + gamma * v[t + 1] - v[t] for t in range(length)]
        for t in range(length):
            advantages[t, n] = sum((gamma * lam) ** (k - t) * deltas[k] for k in range(t, length))
    return advantages


@pytest.mark.parametrize("gamma, lam", [(0.9, 0.7), (1.0, 1.0), (0.95, 0.0), (0.0, 0.5)])
def test_gae_is_the_sum_written_out(gamma, lam):
    data, values, last_values = ragged()
    got = gae(data, values, last_values, gamma, lam)
    np.testing.assert_allclose(got, written_out(data, values, last_values, gamma, lam), atol=1e-12)
    assert (got[~data.mask] == 0).all()


def test_with_lambda_one_it_is_the_return_less_the_value():
    data, values, last_values = ragged()
    rewards = data.rewards + np.where(data.truncated, 0.9 * last_values, 0)  # what was not watched, estimated
    want = np.where(data.mask, pg.reward_to_go(rewards, 0.9) - values, 0)
    np.testing.assert_allclose(gae(data, values, last_values, 0.9, 1.0), want, atol=1e-12)


def test_what_lies_beyond_an_episode_is_never_read():
    data, values, last_values = ragged()
    spoiled = np.where(data.mask, values, 1e6)
    np.testing.assert_array_equal(gae(data, spoiled, last_values, 0.9, 0.8), gae(data, values, last_values, 0.9, 0.8))
    ended = data.terminated.any(axis=0)
    np.testing.assert_array_equal(
        gae(data, values, np.where(ended, 1e6, last_values), 0.9, 0.8), gae(data, values, last_values, 0.9, 0.8)
    )


def test_exact_values_make_the_advantages_average_to_the_exact_ones():
    problem, policy, theta = pg.short_corridor(), pg.two_action_softmax(1), np.array([0.3])
    data = pg.sample_rollout(problem, policy, theta, 20_000, 500, np.random.default_rng(1))
    probs = pg.state_probs(problem, policy, theta)
    V, Q = pg.state_values(problem, probs), pg.action_values(problem, probs)
    advantages = gae(data, V[data.states], np.zeros(20_000), problem.gamma, 0.6)
    for s in range(3):
        for a in range(2):
            found = advantages[data.mask & (data.states == s) & (data.actions == a)]
            assert abs(found.mean() - (Q - V[:, None])[s, a]) < 5 * found.std() / np.sqrt(len(found)) + 1e-9


def test_the_critic_learns_the_values_of_a_small_problem():
    problem = pg.TabularMDP(*(getattr(pg.short_corridor(), name) for name in ("P", "R", "rho", "gamma")), obs=np.eye(3))
    policy, rng = pg.MLPSoftmax((3, 2)), np.random.default_rng(2)
    theta = np.zeros(policy.num_params)
    critic = Critic((3, 1), rng, gamma=problem.gamma, lam=1.0, unit=10.0, learning_rate=0.03)
    for _ in range(60):
        critic(pg.sample_rollout(problem, policy, theta, 300, 400, rng))
    np.testing.assert_allclose(critic.values(np.eye(3)), pg.state_values(problem, np.full((3, 2), 0.5)), atol=0.8)


def test_advantages_come_from_the_values_before_the_critic_has_seen_the_data():
    data, *_ = ragged()
    critic = Critic((2, 8, 1), np.random.default_rng(3), gamma=0.9, lam=0.8, unit=2.0)
    want = gae(data, critic.values(data.obs), critic.values(data.last_obs), 0.9, 0.8)
    before = critic.theta.copy()
    np.testing.assert_allclose(critic(data), want, atol=1e-6)
    assert (critic.theta != before).any() and critic.theta.dtype == np.float32


def test_fitting_lowers_the_error():
    rng = np.random.default_rng(4)
    critic, obs = Critic((2, 16, 1), rng, gamma=0.9), rng.normal(size=(400, 2))
    targets = np.sin(obs[:, 0])
    errors = []
    for _ in range(80):
        errors.append(np.mean((critic.values(obs) - targets) ** 2))
        critic.fit(obs, targets)
    assert errors[-1] < 0.1 * errors[0]


def test_reinforce_takes_a_critic_as_its_baseline():
    rng = np.random.default_rng(5)
    envs = gym.make_vec("policy_gradient.control:policy_gradient/Pendulum-v0", num_envs=4, bounds="clip", max_steps=20)
    policy, critic = pg.MLPGaussian((3, 8, 1)), Critic((3, 8, 1), rng, gamma=0.95, unit=10.0)
    before = critic.theta.copy()
    training = pg.reinforce(envs, policy, policy.init(rng), rng, num_updates=2, baseline=critic, progress=False)
    assert np.isfinite(training.theta).all() and (critic.theta != before).any()


@pytest.mark.parametrize(
    "wrong, name",
    [
        (dict(sizes=(2, 3)), "sizes"),
        (dict(gamma=1.1), "gamma"),
        (dict(lam=-0.1), "lam"),
        (dict(num_steps=0), "num_steps"),
        (dict(unit=0.0), "unit"),
    ],
)
def test_settings_without_sense_are_refused(wrong, name):
    settings = dict(sizes=(2, 4, 1), gamma=0.9) | wrong
    with pytest.raises(ValueError, match=name):
        Critic(settings.pop("sizes"), np.random.default_rng(0), **settings)


def test_values_of_a_wrong_shape_or_nan_are_named():
    data, values, last_values = ragged()
    for bad_values, bad_last, name in (
        (values[:-1], last_values, "values"),
        (values, last_values[:-1], "last_values"),
        (np.full_like(values, np.nan), last_values, "values"),
    ):
        with pytest.raises(ValueError, match=name):
            gae(data, bad_values, bad_last, 0.9, 0.9)
    with pytest.raises(ValueError, match="obs"):
        Critic((2, 4, 1), np.random.default_rng(0), gamma=0.9).values(np.full((3, 2), np.nan))


def test_asking_learns_nothing_and_a_call_asks_before_it_learns():
    data, _, _ = ragged()
    critic, twin = (Critic((2, 8, 1), np.random.default_rng(3), gamma=0.9, lam=0.8) for _ in range(2))
    before, state = critic.theta.copy(), critic.rng.bit_generator.state
    asked = critic.advantages(data)
    np.testing.assert_array_equal(asked, gae(data, critic.values(data.obs), critic.values(data.last_obs), 0.9, 0.8))
    np.testing.assert_array_equal(critic.advantages(data), asked)
    assert (
        (critic.theta == before).all() and critic.rng.bit_generator.state == state and critic.optimizer.num_steps == 0
    )
    np.testing.assert_array_equal(critic(data), asked)  # both at once, as it always was
    twin.fit(data.obs[data.mask], (asked + twin.values(data.obs))[data.mask])
    np.testing.assert_array_equal(critic.theta, twin.theta)
    assert (critic.theta != before).any() and (critic.advantages(data) != asked).any()


@given(rollouts(), GAMMA, GAMMA, SEEDS)
def test_gae_is_its_definition_episode_by_episode(rollout, gamma, lam, seed):
    rng = np.random.default_rng(seed)
    values, last = rng.normal(size=rollout.mask.shape), rng.normal(size=rollout.num_episodes)
    advantages = pg.gae(rollout, values, last, gamma, lam)
    for n, length in enumerate(rollout.lengths):
        bootstrap = 0.0 if rollout.terminated[:, n].any() else last[n]
        V = [*values[:length, n], bootstrap]
        deltas = [rollout.rewards[t, n] + gamma * V[t + 1] - V[t] for t in range(length)]
        expected = [sum((gamma * lam) ** (k - t) * deltas[k] for k in range(t, length)) for t in range(length)]
        np.testing.assert_allclose(advantages[:length, n], expected, rtol=1e-10, atol=1e-10)
    assert (advantages[~rollout.mask] == 0).all()


@given(rollouts(), GAMMA, SEEDS)
def test_gae_with_lam_1_is_the_return_less_the_value(rollout, gamma, seed):
    rng = np.random.default_rng(seed)
    values, last = rng.normal(size=rollout.mask.shape), rng.normal(size=rollout.num_episodes)
    bootstrapped = rollout.rewards + gamma * np.where(rollout.truncated, last, 0)
    expected = np.where(rollout.mask, pg.reward_to_go(bootstrapped, gamma) - values, 0)
    np.testing.assert_allclose(pg.gae(rollout, values, last, gamma, 1.0), expected, rtol=1e-9, atol=1e-9)


def test_explained_variance():
    rng = np.random.default_rng(0)
    values, returns = rng.normal(size=50), rng.normal(size=50)
    assert critics.explained_variance(returns, returns) == critics.explained_variance(returns + 7, returns) == 1
    assert critics.explained_variance(np.full(50, 3.0), returns) == pytest.approx(0)
    assert critics.explained_variance(-returns, returns) == pytest.approx(-3)
    for same in (2.0, 0.1, 1e9 + 0.1):  # np.var of equal numbers need not be 0
        assert critics.explained_variance(values[:3], np.full(3, same)) == 0
    slope = stats.linregress(values, returns)  # the best straight line explains r^2
    assert critics.explained_variance(slope.intercept + slope.slope * values, returns) == pytest.approx(slope.rvalue**2)


def columns(rng, T=40, N=6, often=0.2):
    kind = rng.choice(4, size=(T, N), p=[1 - often, often / 3, often / 3, often / 3])  # on, terminated, cut, both
    terminated, truncated = (kind == 1) | (kind == 3), (kind == 2) | (kind == 3)
    return rng.normal(size=(T, N)), rng.normal(size=(T, N)), rng.normal(size=(T, N)), terminated, truncated


def step_by_step(rewards, values, next_values, terminated, truncated, gamma, lam):
    """Each advantage as its own sum, from its step to its episode's end."""
    T, N = rewards.shape
    out = np.zeros((T, N))
    for t, n in np.ndindex(T, N):
        factor = 1.0
        for k in range(t, T):
            after = 0.0 if terminated[k, n] else next_values[k, n]
            out[t, n] += factor * (rewards[k, n] + gamma * after - values[k, n])
            if terminated[k, n] or truncated[k, n]:
                break
            factor *= gamma * lam
    return out


@pytest.mark.parametrize("gamma, lam", list(itertools.product([0.0, 0.97, 1.0], [0.0, 0.9, 1.0])))
def test_gae_columns_is_the_sum_written_out(gamma, lam):
    rng = np.random.default_rng(3)
    for often in (0.0, 0.2, 0.9):
        data = columns(rng, often=often)
        np.testing.assert_allclose(critics.gae_columns(*data, gamma, lam), step_by_step(*data, gamma, lam), atol=1e-12)


def test_gae_columns_with_one_step_and_with_nan_after_a_termination():
    yes, no = np.array([[True, False]]), np.array([[False, False]])
    got = critics.gae_columns([[1.0, 1.0]], [[2.0, 2.0]], [[np.nan, 4.0]], yes, no, 0.5, 0.9)
    assert got.tolist() == [[-1.0, 1.0]]
    both = critics.gae_columns([[1.0]], [[2.0]], [[np.inf]], [[True]], [[True]], 0.5, 0.9)
    assert both.tolist() == [[-1.0]]  # cut and terminated at once: terminated


def test_gae_columns_is_gae_where_a_column_is_one_episode():
    rng = np.random.default_rng(4)
    T, N = 9, 4
    mask, terminated = np.ones((T, N), bool), np.zeros((T, N), bool)
    terminated[-1, :2] = True
    truncated = np.zeros((T, N), bool)
    truncated[-1, 2:] = True
    data = pg.Rollout(
        np.zeros((T, N)), np.zeros((T, N), int), rng.normal(size=(T, N)), mask, terminated, truncated, np.zeros(N)
    )
    values, last = rng.normal(size=(T, N)), rng.normal(size=N)
    np.testing.assert_allclose(
        critics.gae_columns(data.rewards, values, np.vstack([values[1:], last]), terminated, truncated, 0.9, 0.8),
        pg.gae(data, values, last, 0.9, 0.8),
        atol=1e-12,
    )


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(next_values=np.full((40, 6), np.nan)), r"next_values must be finite"),
        (dict(values=np.zeros((40, 5))), r"values must have shape \(40, 6\), got \(40, 5\)"),
        (dict(next_values=np.zeros(6)), r"next_values must have shape \(40, 6\), as rewards"),
        (dict(terminated=np.zeros((40, 6), int)), "terminated must be an array of bool"),
        (dict(truncated=np.zeros((39, 6), bool)), "truncated must be an array of bool, shape"),
        (dict(rewards=np.zeros(40)), "rewards must have shape"),
        (dict(gamma=1.01), "gamma must lie in"),
        (dict(lam=-0.1), "lam must lie in"),
    ],
)
def test_gae_columns_refuses_in_one_sentence(change, words):
    names = "rewards values next_values terminated truncated gamma lam".split()
    args = dict(zip(names, (*columns(np.random.default_rng(0)), 0.9, 0.8))) | change
    with pytest.raises(ValueError, match=words) as caught:
        critics.gae_columns(**args)
    assert "\n" not in str(caught.value)


DOORS, HALF = pg.two_doors(), np.full((4, 2), 0.5)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: critics.explained_variance([1.0, 2.0], [1.0]), r"values must have shape \(1,\)"),
        (lambda: critics.explained_variance([], []), "returns must hold at least one number"),
        (lambda: critics.td_fixed_point(DOORS, HALF, np.ones((3, 1))), r"features must have shape \(4, any\)"),
        (lambda: critics.td_fixed_point(DOORS, HALF, np.ones((4, 2))), "features must not be redundant"),
        (lambda: critics.td_fixed_point(DOORS, HALF, np.ones((4, 1)), [1, -1, 0, 0]), "weights must not be negative"),
        (lambda: critics.td_fixed_point(DOORS, HALF, np.ones((4, 1)), [1, 1]), r"weights must have shape \(4,\)"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
