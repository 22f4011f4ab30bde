"""Continuous environments against Gymnasium's own steps; the point mass against finite differences,
sampling and SciPy."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from scipy import linalg, optimize

import policy_gradient as pg
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


# The linear-quadratic problem


def random_problem(seed, gamma=0.9, K=3, D=2):
    rng = np.random.default_rng(seed)

    def positive(n):
        root = rng.normal(size=(n, n))
        return root @ root.T + 0.1 * np.eye(n)

    problem = control.LinearQuadratic(
        A=0.5 * rng.normal(size=(K, K)),
        B=rng.normal(size=(K, D)),
        Q=positive(K),
        R=positive(D),
        start=positive(K),
        noise=0.1 * positive(K),
        horizon=6,
        gamma=gamma,
    )
    return problem, 0.3 * rng.normal(size=(K, D)), 0.3 * rng.normal(size=D)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("gamma", [0.9, 1.0])
def test_the_exact_gradient_is_the_derivative_of_the_exact_return(seed, gamma):
    problem, W, log_std = random_problem(seed, gamma)
    by_W, by_log_std = problem.gradient(W, log_std)
    slope = pg.finite_difference(
        lambda th: problem.expected_return(th[:6].reshape(3, 2), th[6:]), np.append(W, log_std)
    )
    np.testing.assert_allclose(np.append(by_W, by_log_std), slope, rtol=1e-7, atol=1e-7)


def test_the_exact_return_is_the_mean_of_sampled_episodes():
    problem, W, log_std = random_problem(7, gamma=1.0)
    envs, policy = control.PointMass(20_000, problem), pg.LinearGaussian(3, 2)
    data = pg.rollout(envs, policy, np.append(W, log_std), np.random.default_rng(0))
    returns = data.rewards.sum(axis=0)
    assert abs(returns.mean() - problem.expected_return(W, log_std)) < 4 * returns.std() / np.sqrt(len(returns))


def test_no_open_loop_plan_and_no_linear_policy_beats_riccati():
    problem = control.point_mass()
    gains, best = problem.riccati()
    start = np.array([1.0, -0.5])

    def plan_cost(forces, s=start):
        total = 0.0
        for force in forces:
            total += s @ problem.Q @ s + force * problem.R[0, 0] * force
            s = problem.A @ s + problem.B[:, 0] * force
        return total

    s, cost = start, 0.0
    for W in gains:  # without noise the best plan from `start` is Riccati's
        force = s @ W
        cost += s @ problem.Q @ s + force @ problem.R @ force
        s = problem.A @ s + problem.B @ force
    assert cost == pytest.approx(optimize.minimize(plan_cost, np.zeros(25), tol=1e-12).fun, rel=1e-6)
    found = optimize.minimize(lambda w: -problem.expected_return(w.reshape(2, 1), np.array([-9.0])), [-0.5, -0.5])
    assert best < 0 and best >= -found.fun and -found.fun > 1.0001 * best  # a constant gain comes within 0.01 %


def test_far_from_the_end_riccati_is_the_stationary_solution():
    problem = control.point_mass(horizon=300)
    P = linalg.solve_discrete_are(problem.A, problem.B, problem.Q, problem.R)
    gain = np.linalg.solve(problem.R + problem.B.T @ P @ problem.B, problem.B.T @ P @ problem.A)
    gains, best = problem.riccati()
    np.testing.assert_allclose(gains[0], -gain.T, rtol=1e-10)
    assert best == pytest.approx(-np.trace(P @ problem.start), rel=1e-10)


def test_with_noise_riccati_is_still_what_its_own_policy_earns():
    problem = control.point_mass(noise_std=0.1)
    gains, best = problem.riccati()
    cov, total = problem.start, 0.0
    for W in gains:
        total -= np.trace((problem.Q + W @ problem.R @ W.T) @ cov)
        step = problem.A + problem.B @ W.T
        cov = step @ cov @ step.T + problem.noise
    assert total == pytest.approx(best, rel=1e-10) and best < control.point_mass().riccati()[1]


def test_the_sampled_gradient_has_the_exact_one_within_its_interval():
    problem, policy = control.point_mass(), pg.LinearGaussian(2)
    theta, envs = np.array([-0.8, -1.0, -0.5]), control.PointMass(20_000)
    data = pg.rollout(envs, policy, theta, np.random.default_rng(11))
    to_go = pg.reward_to_go(data.rewards, 1.0)
    weights = to_go - (to_go.sum(axis=1, keepdims=True) - to_go) / (data.num_episodes - 1)  # leave-one-out mean
    samples = (policy.score(theta, data.obs, data.actions) * weights[..., None]).sum(axis=0)
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    exact = np.append(*(part.ravel() for part in problem.gradient(theta[:2].reshape(2, 1), theta[2:])))
    assert (abs(samples.mean(axis=0) - exact) < 4 * error).all()
    assert (error < 0.1 * abs(exact)).all()  # an interval narrow enough to mean something


@pytest.mark.parametrize(
    "change, complaint",
    [
        (dict(A=np.zeros((3, 3))), "A must have shape"),
        (dict(Q=[[0, 1], [0, 0]]), "Q must be symmetric"),
        (dict(R=[[-1.0]]), "R must be symmetric with no negative"),
        (dict(horizon=0), "horizon"),
        (dict(gamma=1.5), "gamma"),
        (dict(start=np.full((2, 2), np.nan)), "start must be finite"),
    ],
)
def test_a_problem_without_sense_is_refused(change, complaint):
    good = control.point_mass()
    fields = {name: getattr(good, name) for name in good.__dataclass_fields__}
    with pytest.raises(ValueError, match=complaint):
        control.LinearQuadratic(**fields | change)


def test_a_policy_of_a_wrong_shape_or_spread_is_refused():
    problem = control.point_mass()
    for W, log_std, name in (
        (np.zeros(2), np.zeros(1), "W"),
        (np.zeros((2, 1)), 0.0, "log_std"),
        (np.zeros((2, 1)), np.array([800.0]), "log_std"),
        (np.zeros((2, 1)), np.array([-np.inf]), "log_std"),
    ):
        with pytest.raises(ValueError, match=name):
            problem.expected_return(W, log_std)
