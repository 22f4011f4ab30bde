"""Fisher information and the natural gradient against sums over all actions, linear solves and the KL's Hessian."""

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from policy_gradient.natural import conjugate_gradient, fisher, fisher_vector, kl, kl_step, natural_gradient


def network_case(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    policy = pg.MLPSoftmax((4, 8, 5, 3))
    theta = policy.init(rng, np.float64) + 0.5 * rng.normal(size=policy.num_params)
    return policy, theta.astype(dtype), rng.normal(size=(20, 4)), rng.dirichlet(np.ones(20)), rng


@pytest.mark.parametrize("sizes", [(4, 3), (4, 8, 3), (4, 8, 5, 3)])
def test_fisher_vector_is_fisher_times_v(sizes):
    _, _, obs, weights, rng = network_case()
    policy = pg.MLPSoftmax(sizes)
    theta, v = 0.5 * rng.normal(size=(2, policy.num_params))
    np.testing.assert_allclose(
        fisher_vector(policy, theta, obs, weights, v), fisher(policy, theta, obs, weights) @ v, atol=1e-12
    )


@pytest.mark.parametrize("policy", [pg.TabularSoftmax(3, 4), pg.two_action_softmax(2, 3)], ids=["table", "linear"])
def test_fisher_vector_of_policies_without_a_network(policy):
    rng = np.random.default_rng(3)
    theta, v = rng.normal(size=(2, policy.num_params))
    obs, weights = np.array([0, 1, 2, 1]), np.array([0.1, 0.4, 0.3, 0.9])
    np.testing.assert_allclose(
        fisher_vector(policy, theta, obs, weights, v), fisher(policy, theta, obs, weights) @ v, atol=1e-13
    )


@pytest.mark.slow
def test_fisher_is_the_hessian_of_the_kl_at_zero_distance():
    policy, theta, obs, weights, _ = network_case()
    probs = policy.probs(theta, obs)

    def distance(other):
        return -(weights[:, None] * probs * pg.log_softmax(pg.networks.MLP(policy.sizes)(other, obs))).sum()

    hessian = np.array(
        [
            (pg.complex_step(distance, theta + h * e) - pg.complex_step(distance, theta - h * e)) / (2 * h)
            for h, e in ((1e-5, e) for e in np.eye(len(theta)))
        ]
    )
    np.testing.assert_allclose(hessian, fisher(policy, theta, obs, weights), atol=1e-8)
    np.testing.assert_allclose(pg.complex_step(distance, theta) - pg.complex_step(distance, theta), 0)
    assert kl(policy, theta, theta, obs, weights) == 0


def test_kl_against_the_definition_and_its_quadratic_model():
    policy, theta, obs, weights, rng = network_case()
    other = theta + 1e-3 * rng.normal(size=theta.size)
    p, q = policy.probs(theta, obs), policy.probs(other, obs)
    assert kl(policy, theta, other, obs, weights) == pytest.approx(
        float((weights[:, None] * p * np.log(p / q)).sum()), rel=1e-9
    )
    step = other - theta
    assert kl(policy, theta, other, obs, weights) == pytest.approx(
        step @ fisher(policy, theta, obs, weights) @ step / 2, rel=0.02
    )


def test_kl_step_has_the_quadratic_kl_it_was_asked_for():
    policy, theta, obs, weights, rng = network_case()
    gradient = rng.normal(size=theta.size)
    metric = fisher(policy, theta, obs, weights) + 0.1 * np.eye(theta.size)
    step = kl_step(np.linalg.solve(metric, gradient), gradient, 0.01)
    assert step @ metric @ step / 2 == pytest.approx(0.01)
    for natural, delta in ((gradient, 0.0), (-gradient, 0.01), (0 * gradient, 0.01)):
        assert not kl_step(natural, gradient, delta).any()


def test_conjugate_gradient_needs_one_product_per_eigenvalue():
    calls = []

    def matvec(v):
        calls.append(1)
        return np.array([3 / 8, 1 / 32]) * v

    np.testing.assert_allclose(
        conjugate_gradient(matvec, np.array([-5 / 64, 1 / 64]), 10), [-5 / 24, 1 / 2], atol=1e-12
    )
    assert len(calls) == 2
    rng = np.random.default_rng(0)
    half = rng.normal(size=(12, 12))
    A, b = half @ half.T + np.eye(12), rng.normal(size=12)
    np.testing.assert_allclose(conjugate_gradient(lambda v: A @ v, b, 40), np.linalg.solve(A, b), atol=1e-7)


def test_conjugate_gradient_where_the_matrix_is_singular_or_zero():
    b = np.array([1.0, 2.0, 0.0])
    np.testing.assert_allclose(conjugate_gradient(lambda v: np.array([2.0, 4.0, 0.0]) * v, b, 10), [0.5, 0.5, 0.0])
    assert not conjugate_gradient(lambda v: 0 * v, b, 10).any()
    assert not conjugate_gradient(lambda v: v, 0 * b, 10).any()
    pulled = conjugate_gradient(lambda v: np.array([2.0, 4.0, 0.0]) * v, np.array([1.0, 2.0, 3.0]), 10)
    assert np.isfinite(pulled).all()


def test_a_collapsed_policy_has_no_metric_and_the_natural_gradient_is_zero_there():
    table = pg.TabularSoftmax(1, 2)
    theta = np.array([800.0, -800.0])
    assert not fisher(table, theta, np.array([0])).any()
    assert not natural_gradient(table, theta, np.array([0]), np.array([1.0, -1.0])).any()


def test_fisher_is_the_mean_square_of_the_scores_summed_over_all_actions():
    rng, policy = np.random.default_rng(5), pg.MLPSoftmax((2, 3, 3))
    theta, obs, weights = rng.normal(size=policy.num_params), rng.normal(size=(4, 2)), rng.dirichlet(np.ones(4))
    total, even = 0.0, 0.0
    for i in range(4):
        for a, p in enumerate(policy.probs(theta, obs[i])):
            score = pg.finite_difference(lambda th: policy.log_prob(th, obs[i], a), theta)
            total, even = total + weights[i] * p * np.outer(score, score), even + p * np.outer(score, score) / 4
    np.testing.assert_allclose(fisher(policy, theta, obs, weights), total, atol=1e-8)
    np.testing.assert_allclose(fisher(policy, theta, obs), even, atol=1e-8)
    v = np.random.default_rng(1).normal(size=theta.size)
    np.testing.assert_allclose(fisher_vector(policy, theta, obs, None, v), even @ v, atol=1e-7)


@pytest.mark.parametrize("damping", [0.1, 2.0])
def test_the_natural_gradient_solves_its_equation(damping):
    policy, theta, obs, weights, rng = network_case()
    gradient = rng.normal(size=theta.size)
    metric = fisher(policy, theta, obs, weights) + damping * np.eye(theta.size)
    found = natural_gradient(policy, theta, obs, gradient, weights, damping)
    np.testing.assert_allclose(found, np.linalg.solve(metric, gradient), atol=1e-7)
    one = natural_gradient(policy, theta, obs, gradient, weights, damping, iterations=1)  # the steepest descent's step
    np.testing.assert_allclose(one, gradient @ gradient / (gradient @ metric @ gradient) * gradient, rtol=1e-9)
    table = pg.TabularSoftmax(2, 3)
    states, toy = np.array([0, 1]), rng.normal(size=6)
    where = fisher(table, np.arange(6.0), states, [0.3, 0.7]) + damping * np.eye(6)
    np.testing.assert_allclose(
        natural_gradient(table, np.arange(6.0), states, toy, [0.3, 0.7], damping),
        np.linalg.solve(where, toy),
        atol=1e-9,
    )


def test_kl_goes_from_the_first_to_the_second_and_counts_by_weights():
    table, one, other = pg.TabularSoftmax(2, 3), np.arange(6.0), np.array([0.5, -1, 2, 0, 3, 1])
    p, q = pg.softmax(one.reshape(2, 3)), pg.softmax(other.reshape(2, 3))
    each = stats.entropy(p, q, axis=1)
    assert kl(table, one, other, np.array([0, 1])) == pytest.approx(each.mean())
    assert kl(table, one, other, np.array([0, 1]), [0.1, 2.0]) == pytest.approx(0.1 * each[0] + 2 * each[1])
    assert kl(table, other, one, np.array([0])) == pytest.approx(stats.entropy(q[0], p[0])) != pytest.approx(each[0])
    gone = np.array([0.0, -2000.0, 0.0])  # an action that has no probability adds nothing
    assert kl(pg.TabularSoftmax(1, 3), gone, np.zeros(3), np.array([0])) == pytest.approx(np.log(1.5))


def test_a_step_of_double_the_quadratic_kl_is_longer_by_the_root_of_two():
    natural, gradient = np.array([1.0, 2.0]), np.array([3.0, 0.5])
    np.testing.assert_allclose(kl_step(natural, gradient, 0.02), np.sqrt(0.04 / 4) * natural)
    np.testing.assert_allclose(kl_step(natural, gradient, 0.04), np.sqrt(2) * kl_step(natural, gradient, 0.02))
    assert kl_step(natural.astype(np.float32), gradient, 0.02).dtype == np.float32


def test_conjugate_gradients_stop_where_they_are_told():
    A, calls = np.diag([1.0, 10.0, 100.0]), []

    def matvec(v):
        calls.append(1)
        return A @ v

    b = np.ones(3)
    assert not conjugate_gradient(matvec, b, 0).any() and not calls
    conjugate_gradient(matvec, b, 2)
    assert len(calls) == 2
    calls.clear()
    conjugate_gradient(matvec, b, 50, tolerance=0.9)  # |b| less a tenth: the residual grows first
    rough = len(calls)
    calls.clear()
    x = conjugate_gradient(matvec, b, 50, tolerance=1e-3)
    assert rough <= len(calls) == 3 and np.linalg.norm(A @ x - b) <= 1e-3 * np.linalg.norm(b)
    calls.clear()
    conjugate_gradient(lambda v: matvec(v), np.array([1.0, 1e-4, 0]), 50, tolerance=1e-2)
    assert len(calls) == 1  # one product leaves a residual of a thousandth
    for wrong, error in ((np.ones((2, 2)), ValueError), ([np.nan], ValueError)):
        with pytest.raises(error, match="b must"):
            conjugate_gradient(matvec, wrong)
    with pytest.raises(ValueError, match=r"matvec\(v\) must have shape"):
        conjugate_gradient(lambda v: np.ones(2), b)


def test_what_is_no_softmax_policy_has_no_metric():
    with pytest.raises(TypeError, match="policy must be a softmax policy such as MLPSoftmax"):
        fisher(pg.LinearGaussian(2), np.zeros(3), np.zeros((4, 2)))
    with pytest.raises(ValueError, match=r"weights must have shape \(4,\)"):
        fisher(pg.TabularSoftmax(2, 2), np.zeros(4), np.zeros(4, int), np.ones(3))
    with pytest.raises(ValueError, match=r"v must have shape \(4,\)"):
        fisher_vector(pg.TabularSoftmax(2, 2), np.zeros(4), np.zeros(4, int), None, np.ones(3))


@pytest.mark.parametrize("whole", [np.zeros(6, int), [0] * 6], ids=["integers", "a list"])
def test_a_theta_of_whole_numbers_rounds_no_direction_away(whole):
    """At theta = 0 every policy is uniform: F is diag(1/2 - 1/4, ...) / 3 in blocks, inverted by hand."""
    gradient = np.array([0.25, -0.25, 0.1, -0.1, 0.05, -0.05])
    table, obs = pg.TabularSoftmax(3, 2), np.arange(3)
    np.testing.assert_allclose(natural_gradient(table, whole, obs, gradient), 6 * gradient, rtol=1e-12)
    np.testing.assert_allclose(fisher_vector(table, whole, obs, None, gradient), gradient / 6, rtol=1e-12)
    policy, _, seen, weights, rng = network_case()
    theta, v = rng.integers(-1, 2, policy.num_params), rng.normal(size=policy.num_params)
    found = [fisher_vector(policy, t, seen, weights, v) for t in (theta, theta.tolist(), theta.astype(float))]
    np.testing.assert_allclose(found, [fisher(policy, theta.astype(float), seen, weights) @ v] * 3, atol=1e-12)
