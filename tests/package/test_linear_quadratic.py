"""The linear-quadratic problem against finite differences, sampled episodes, SciPy and plans that were searched for."""

import numpy as np
import pytest
from scipy import linalg, optimize

import policy_gradient as pg
from policy_gradient import control


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


def test_the_return_is_the_discounted_sum_of_costs_over_powers_of_the_dynamics():
    """Cov of s at t as a sum of powers, not step by step; and so for two discounts."""
    for gamma in (0.7, 1.0):
        problem, W, log_std = random_problem(5, gamma)
        spread, step, total = np.diag(np.exp(log_std) ** 2), problem.A + problem.B @ W.T, 0.0
        power = lambda k: np.linalg.matrix_power(step, k)  # noqa: E731
        stirred = problem.B @ spread @ problem.B.T + problem.noise
        for t in range(6):
            cov = power(t) @ problem.start @ power(t).T + sum(power(k) @ stirred @ power(k).T for k in range(t))
            total -= gamma**t * (np.trace(problem.Q @ cov) + np.trace(problem.R @ (W.T @ cov @ W + spread)))
        assert problem.expected_return(W, log_std) == pytest.approx(total, rel=1e-12)
        assert (problem.num_features, problem.num_actions) == (3, 2)


def test_one_step_by_hand():
    """J = -(q v + r (w^2 v + sigma^2)), v the variance of the start: the last action moves nothing."""
    one = control.LinearQuadratic([[2.0]], [[3.0]], [[5.0]], [[7.0]], [[0.5]], [[0.1]], 1, 0.9)
    W, log_std = np.array([[0.3]]), np.array([-1.0])
    assert one.expected_return(W, log_std) == pytest.approx(-(2.5 + 7 * (0.09 * 0.5 + np.exp(-2))))
    by_W, by_log_std = one.gradient(W, log_std)
    assert by_W[0, 0] == pytest.approx(-7 * 2 * 0.3 * 0.5) and by_log_std[0] == pytest.approx(-14 * np.exp(-2))
    gains, best = one.riccati()
    assert gains.tolist() == [[[0.0]]] and best == pytest.approx(-2.5)


def test_with_a_discount_no_other_gains_do_better_than_riccatis():
    problem, _, _ = random_problem(11, 0.8)
    gains, best = problem.riccati()

    def earned(flat):
        cov, total = problem.start, 0.0
        for t, W in enumerate(flat.reshape(6, 3, 2)):
            total += problem.gamma**t * np.trace((problem.Q + W @ problem.R @ W.T) @ cov)
            step = problem.A + problem.B @ W.T
            cov = step @ cov @ step.T + problem.noise
        return total

    assert gains.shape == (6, 3, 2) and earned(gains.ravel()) == pytest.approx(-best, rel=1e-12)
    np.testing.assert_allclose(pg.finite_difference(earned, gains.ravel()), 0, atol=1e-6)
    assert not gains[-1].any()  # at the last step there is nothing to steer for


def test_the_point_mass_is_newtons():
    """A force held for dt: position + dt speed + dt^2 / 2 force, speed + dt force."""
    problem = control.point_mass(horizon=7, dt=0.4, noise_std=0.3)
    s, force = np.array([1.0, -2.0]), np.array([3.0])
    np.testing.assert_allclose(problem.A @ s + problem.B @ force, [1 - 0.8 + 0.24, -2 + 1.2])
    assert s @ problem.Q @ s + force @ problem.R @ force == pytest.approx(1 + 0.4 + 0.9)
    np.testing.assert_allclose(problem.noise, 0.09 * np.eye(2))
    np.testing.assert_array_equal(problem.start, np.eye(2))
    assert (problem.horizon, problem.gamma, control.point_mass().horizon, control.point_mass().B[1, 0]) == (
        7,
        1,
        25,
        0.2,
    )
    with pytest.raises(ValueError, match="dt must be positive"):
        control.point_mass(dt=0)
    with pytest.raises(ValueError, match="noise_std must be finite"):
        control.point_mass(noise_std=np.inf)


def test_a_problem_stays_what_it_was():
    B = np.ones((2, 1))
    fields = {name: getattr(control.point_mass(), name) for name in control.LinearQuadratic.__dataclass_fields__}
    problem = control.LinearQuadratic(**fields | {"B": B})
    B[0] = 9
    assert problem.B[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        problem.A[0, 0] = 1
