"""Continuous environments against Gymnasium's own steps and, for the point mass, its dynamics written out."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from policy_gradient import control

N = 10_000
BOUNDED = ["ContinuousCartPole", "Pendulum"]


def make(name, num_envs=4, **kwargs):
    return gym.make_vec(f"policy_gradient.control:policy_gradient/{name}-v0", num_envs=num_envs, **kwargs)


@pytest.mark.slow
def test_pendulum_steps_as_gymnasium_does_from_ten_thousand_states():
    rng = np.random.default_rng(0)
    envs, theirs = make("Pendulum", N, bounds="clip"), gym.make("Pendulum-v1").unwrapped
    envs.reset(seed=0), theirs.reset(seed=0)
    envs.state = states = rng.uniform([[-20], [-8]], [[20], [8]], (2, N))
    actions = rng.uniform(-3, 3, (N, 1))
    obs, rewards, terminated, truncated, _ = envs.step(actions)
    for i in range(N):
        theirs.state = states[:, i]
        their_obs, reward, *_ = theirs.step(actions[i])
        np.testing.assert_allclose(obs[i], their_obs, atol=1e-6, rtol=0)
        assert abs(rewards[i] - reward) <= 1e-6
    assert not terminated.any() and not truncated.any()


@pytest.mark.slow
def test_at_full_force_continuous_cartpole_is_cartpole_from_ten_thousand_states():
    rng = np.random.default_rng(1)
    envs, theirs = make("ContinuousCartPole", N), gym.make("CartPole-v1").unwrapped
    envs.reset(seed=0), theirs.reset(seed=0)
    envs.state = states = rng.uniform([[-2.4], [-3], [-0.209], [-3]], [[2.4], [3], [0.209], [3]], (4, N))
    pushes = rng.integers(2, size=N)
    obs, rewards, terminated, *_ = envs.step(2.0 * pushes[:, None] - 1)
    assert 0.02 < terminated.mean() < 0.9
    for i in range(N):
        theirs.state, theirs.steps_beyond_terminated = states[:, i], None
        their_obs, reward, their_end, *_ = theirs.step(pushes[i])
        np.testing.assert_allclose(obs[i], their_obs, atol=1e-6, rtol=0)
        assert rewards[i] == reward and terminated[i] == their_end


def test_a_smaller_force_is_a_smaller_force():
    envs = make("ContinuousCartPole", 3)
    envs.reset(seed=0)
    envs.state = np.zeros((4, 3))
    obs, *_ = envs.step(np.array([[0.0], [0.5], [1.0]]))
    np.testing.assert_allclose(obs[:, 1], obs[2, 1] * np.array([0, 0.5, 1]), atol=1e-7)


@pytest.mark.parametrize("name", ["PointMass"] + BOUNDED)
def test_environments_are_vector_environments_with_the_promised_spaces(name):
    envs = make(name, 5)
    obs, info = envs.reset(seed=3)
    assert isinstance(envs.unwrapped, gym.vector.VectorEnv)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    assert envs.observation_space.contains(obs) and info == {}
    rng = np.random.default_rng(0)
    for _ in range(30):
        actions = rng.uniform(-1, 1, envs.action_space.shape).astype(np.float32)
        assert envs.action_space.contains(actions)
        obs, rewards, terminated, truncated, _ = envs.step(actions)
        assert envs.observation_space.contains(obs) and rewards.shape == (5,)
        assert terminated.dtype == truncated.dtype == bool and not (terminated & truncated).any()


@pytest.mark.parametrize("name", ["PointMass"] + BOUNDED)
def test_the_same_seed_gives_the_same_episode(name):
    def run(seed):
        envs = make(name, 3)
        first = envs.reset(seed=seed)[0]
        return np.array([first] + [envs.step(np.full(envs.action_space.shape, 0.3))[0] for _ in range(60)])

    np.testing.assert_array_equal(run(5), run(5))
    assert (run(5) != run(6)).any()


def test_the_time_limit_truncates_and_the_next_step_starts_again():
    envs = make("Pendulum", 2, max_steps=4)
    envs.reset(seed=0)
    ends = [envs.step(np.ones((2, 1))) for _ in range(5)]
    assert [end[3].tolist() for end in ends] == [[False] * 2] * 3 + [[True] * 2] + [[False] * 2]
    assert not np.any([end[2] for end in ends]) and (ends[4][1] == 0).all() and (abs(ends[4][0][:, 2]) <= 1).all()


def test_the_point_mass_ends_because_its_task_is_over():
    envs = make("PointMass", 2)
    envs.reset(seed=0)
    for _ in range(24):
        assert not envs.step(np.zeros((2, 1)))[2].any()
    assert envs.step(np.zeros((2, 1)))[2].all()


def test_starts_are_drawn_as_gymnasium_draws_them():
    state = make("Pendulum", N).unwrapped
    state.reset(seed=0)
    assert (abs(state.state).max(axis=1) <= [np.pi, 1]).all() and (state.state.std(axis=1) > [1.7, 0.55]).all()
    state = make("ContinuousCartPole", N).unwrapped
    state.reset(seed=0)
    assert 0.0499 < abs(state.state).max() <= 0.05


@pytest.mark.parametrize("name", BOUNDED)
def test_an_action_outside_the_box_is_refused_clipped_or_squashed(name):
    with pytest.raises(ValueError, match=r"actions must lie in .* bounds=\"clip\""):
        envs = make(name)
        envs.reset(seed=0), envs.step(np.full((4, 1), 2.5))

    def first_obs(bounds, action):
        envs = make(name, bounds=bounds)
        envs.reset(seed=0)
        return envs.step(np.full((4, 1), action))[0]

    limit = float(make(name).single_action_space.high[0])
    np.testing.assert_array_equal(first_obs("clip", 7.0), first_obs("refuse", limit))
    np.testing.assert_allclose(first_obs("squash", 0.4), first_obs("refuse", limit * np.tanh(0.4)), atol=1e-7)
    with pytest.raises(ValueError, match="bounds must be one of"):
        make(name, bounds="bounce")


@pytest.mark.parametrize("actions", [np.zeros(4), np.zeros((4, 2)), 0.0, np.full((4, 1), np.nan)])
@pytest.mark.parametrize("name", ["PointMass"] + BOUNDED)
def test_actions_of_a_wrong_shape_or_nan_are_named(name, actions):
    envs = make(name)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="actions"):
        envs.step(actions)


def test_what_cannot_be_an_environment_is_refused():
    with pytest.raises(ValueError, match="num_envs"):
        control.Pendulum(0)
    with pytest.raises(gym.error.ResetNeeded):
        control.Pendulum(2).step(np.zeros((2, 1)))
    with pytest.raises(TypeError, match="problem"):
        control.PointMass(2, problem="easy")
    with pytest.raises(ValueError, match="state"):
        envs = control.Pendulum(2)
        envs.reset(seed=0)
        envs.state = np.zeros((2, 3))


def test_the_point_mass_moves_costs_and_starts_as_its_problem_says():
    """s' = A s + B a + noise and reward -(s' Q s + a' R a) of the state before, written out for each copy."""
    noise, start = np.array([[0.04, 0.01], [0.01, 0.09]]), np.array([[2.0, 0.6], [0.6, 0.5]])
    still = control.LinearQuadratic(
        [[1, 0.2], [-0.1, 0.9]], [[0.1, 0], [0.3, 1]], [[1, 0.2], [0.2, 0.5]], [[0.1, 0], [0, 0.3]], start, 0 * noise, 3
    )
    envs = control.PointMass(4, still)
    envs.reset(seed=0)
    envs.state = s = np.arange(8.0).reshape(2, 4)
    actions = np.linspace(-1, 9, 8).reshape(4, 2)  # any force: nothing is cut off
    obs, rewards, *_ = envs.step(actions)
    for n in range(4):
        after = still.A @ s[:, n] + still.B @ actions[n]
        np.testing.assert_allclose(obs[n], after, rtol=1e-6)
        assert rewards[n] == pytest.approx(-s[:, n] @ still.Q @ s[:, n] - actions[n] @ still.R @ actions[n])
    fields = {name: getattr(still, name) for name in still.__dataclass_fields__}
    stirred = control.PointMass(N, control.LinearQuadratic(**fields | {"noise": noise}))
    seen, _ = stirred.reset(seed=1)
    np.testing.assert_allclose(np.cov(seen.T), start, atol=0.1)
    stirred.state = np.zeros((2, N))
    moved, rewards, *_ = stirred.step(np.zeros((N, 2)))
    np.testing.assert_allclose(np.cov(moved.T), noise, atol=0.006)
    assert abs(moved.mean(axis=0)).max() < 0.02 and not rewards.any()


def test_a_covariance_that_is_singular_is_drawn_from_too():
    line = np.array([[1.0, 2], [2, 4]])  # all on one line
    problem = control.point_mass()
    fields = {name: getattr(problem, name) for name in problem.__dataclass_fields__} | {"start": line}
    seen, _ = control.PointMass(N, control.LinearQuadratic(**fields)).reset(seed=2)
    np.testing.assert_allclose(seen[:, 1], 2 * seen[:, 0], atol=1e-5)
    assert seen[:, 0].var() == pytest.approx(1, rel=0.06)
    root = np.array([[1.0, 0, 0], [2, 0.5, 0], [-1, 1, 0.3]])
    zero, eye = np.zeros((3, 3)), np.eye(3)
    three = control.LinearQuadratic(eye, eye, eye, eye, root @ root.T, zero, 2)
    seen, _ = control.PointMass(N, three).reset(seed=3)
    np.testing.assert_allclose(np.cov(seen.T), root @ root.T, atol=0.25)


def test_one_step_of_each_by_hand():
    """Pendulum hanging sideways: angle'' = 15 sin + 3 torque; CartPole upright and pushed: Newton for cart and pole."""
    envs = control.Pendulum(3)
    envs.reset(seed=0)
    envs.state = np.array([[np.pi / 2, np.pi / 2, 4.0], [1.0, 7.9, 0.0]])
    obs, rewards, terminated, truncated, _ = envs.step(np.array([[0.0], [2.0], [-1.0]]))
    speeds = [1 + 0.05 * 15, 8, 0.05 * (15 * np.sin(4.0) - 3)]  # the second would be 8.95, and 8 is the fastest
    np.testing.assert_allclose(obs[:, 2], speeds, rtol=1e-6)
    angles = np.array([np.pi / 2, np.pi / 2, 4.0]) + 0.05 * np.array(speeds)
    np.testing.assert_allclose(obs[:, :2], np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-6)
    wanted = [(np.pi / 2) ** 2 + 0.1, (np.pi / 2) ** 2 + 0.1 * 7.9**2 + 0.004, (4 - 2 * np.pi) ** 2 + 0.001]
    np.testing.assert_allclose(rewards, -np.array(wanted), rtol=1e-6)
    carts = control.ContinuousCartPole(2)
    carts.reset(seed=0)
    carts.state = np.array([[0.1, 2.39], [0.2, 1.0], [0.0, 0.0], [0.3, 0.0]])
    obs, rewards, terminated, *_ = carts.step(np.array([[1.0], [0.0]]))
    # upright: M x'' + m l angle'' = F and x'' = -4/3 l angle'', with M = 1.1, m = 0.1, l = 1/2
    rate, spin_rate = np.linalg.solve([[1.1, 0.05], [1, 4 / 3 / 2]], [10, 0])
    np.testing.assert_allclose(
        obs[0], [0.1 + 0.02 * 0.2, 0.2 + 0.02 * rate, 0.02 * 0.3, 0.3 + 0.02 * spin_rate], rtol=1e-6
    )
    assert terminated.tolist() == [False, True] and (rewards == 1).all()


def test_the_stored_pendulum_learned():
    policy, thetas, updates, mean_returns = control.trained_pendulum()
    assert len(thetas) == len(updates) == len(mean_returns) and thetas.shape[1] == policy.num_params
    assert (np.diff(updates) > 0).all() and mean_returns[-1] > mean_returns[0] + 500
