"""Gaussian policies against SciPy, mpmath, finite differences, quadrature and drawn samples."""

import mpmath
import numpy as np
import pytest
from scipy import integrate, stats

import policy_gradient as pg
from policy_gradient.networks import MLP

POLICIES = {
    "linear": pg.LinearGaussian(3, 2),
    "linear, std by state": pg.LinearGaussian(3, 2, state_dependent_std=True),
    "network": pg.MLPGaussian((3, 5, 2)),
    "two hidden layers": pg.MLPGaussian((3, 4, 5, 2), initial_log_std=-0.5),
    "network, std by state": pg.MLPGaussian((3, 5, 2), state_dependent_std=True),
    "squashed": pg.Squashed(pg.MLPGaussian((3, 5, 2), state_dependent_std=True), limit=2.0),
}


@pytest.fixture(params=POLICIES.values(), ids=POLICIES.keys())
def policy(request):
    return request.param


def some(policy, seed=1):
    rng = np.random.default_rng(seed)
    theta, obs = 0.5 * rng.normal(size=policy.num_params), rng.normal(size=(2, 4, 3))
    return theta, obs, policy.sample(theta, obs, rng), rng.normal(size=(2, 4))


def random_gaussians(seed=2, shape=(50, 3)):
    rng = np.random.default_rng(seed)
    return 3 * rng.normal(size=shape), rng.normal(size=shape), rng.uniform(-8, 3, size=shape)


def test_log_density_and_entropy_agree_with_scipy():
    actions, mean, log_std = random_gaussians()
    want = stats.norm.logpdf(actions, mean, np.exp(log_std)).sum(axis=-1)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, mean, log_std), want, rtol=1e-12)
    np.testing.assert_allclose(
        pg.gaussian_entropy(log_std), stats.norm.entropy(0, np.exp(log_std)).sum(axis=-1), rtol=1e-12, atol=1e-12
    )
    full = stats.multivariate_normal(mean[0], np.diag(np.exp(2 * log_std[0])), allow_singular=True)
    np.testing.assert_allclose(
        pg.gaussian_log_prob(actions[0], mean[0], log_std[0]), full.logpdf(actions[0]), rtol=1e-10
    )


def test_a_log_density_can_be_positive_and_an_entropy_negative():
    assert pg.gaussian_log_prob([0.3], [0.3], [-8.0]) == pytest.approx(8 - np.log(2 * np.pi) / 2)
    assert pg.gaussian_entropy(np.array([-3.0])) == pytest.approx(-1.581, abs=1e-3)


def test_both_scores_are_derivatives_of_the_log_density():
    actions, mean, log_std = random_gaussians(shape=(20, 2))
    log_std = np.clip(log_std, -1, 2)
    by_mean, by_log_std = pg.gaussian_score(actions, mean, log_std)
    h = 1e-6
    for j in range(2):
        step = h * np.eye(2)[j]
        slope = (
            pg.gaussian_log_prob(actions, mean + step, log_std) - pg.gaussian_log_prob(actions, mean - step, log_std)
        ) / (2 * h)
        np.testing.assert_allclose(by_mean[:, j], slope, rtol=1e-6, atol=1e-6)
        slope = (
            pg.gaussian_log_prob(actions, mean, log_std + step) - pg.gaussian_log_prob(actions, mean, log_std - step)
        ) / (2 * h)
        np.testing.assert_allclose(by_log_std[:, j], slope, rtol=1e-6, atol=1e-5)


def test_tanh_log_density_is_right_to_1e_10_and_finite_far_out():
    mpmath.mp.dps = 120
    for u in (-100.0, -30.0, -19.1, -3.0, -0.1, 0.0, 1e-9, 0.7, 5.0, 18.9, 19.1, 40.0, 100.0):
        for mean, log_std in ((0.3, -0.2), (-1.7, 0.9), (2.0, -2.0)):
            std = mpmath.exp(mpmath.mpf(log_std))
            log_normal = -(((mpmath.mpf(u) - mean) / std) ** 2) / 2 - mpmath.log(std) - mpmath.log(2 * mpmath.pi) / 2
            want = log_normal - mpmath.log(1 - mpmath.tanh(mpmath.mpf(u)) ** 2)
            got = pg.tanh_gaussian_log_prob([u], [mean], [log_std])
            assert np.isfinite(got) and abs(got - float(want)) <= 1e-10 * max(1, abs(float(want))), (u, mean, log_std)


@pytest.mark.parametrize("mean, log_std", [(0.0, 0.0), (0.8, 0.0), (-1.5, -1.0), (0.3, 0.7)])
def test_a_squashed_policy_is_a_density_with_the_entropy_that_quadrature_gives(mean, log_std):
    squashed, theta, obs = pg.Squashed(pg.LinearGaussian(1), limit=2.0), np.array([mean, log_std]), np.ones((1, 1))

    def density(a):
        return np.exp(squashed.log_prob(theta, obs, np.array([[np.arctanh(a / 2)]]))[0])

    grid = dict(limit=400, points=[-1.99, 1.99])
    assert integrate.quad(density, -2, 2, **grid)[0] == pytest.approx(1, abs=1e-6)
    entropy = integrate.quad(lambda a: -density(a) * np.log(max(density(a), 1e-300)), -2, 2, **grid)[0]
    assert squashed.entropy(theta, obs)[0] == pytest.approx(entropy, abs=2e-5)
    assert abs(squashed.execute(np.array([-100.0, 0.1, 100.0]))).max() <= 2


def test_every_score_is_the_derivative_of_log_prob(policy):
    theta, obs, actions, _ = some(policy)
    score = policy.score(theta, obs, actions)
    assert score.shape == (2, 4, policy.num_params)
    for i in np.ndindex(2, 4):
        slope = pg.finite_difference(lambda th: policy.log_prob(th, obs[i], actions[i]), theta)
        np.testing.assert_allclose(score[i], slope, atol=1e-7, rtol=1e-7)


def test_weighted_score_is_the_derivative_of_the_weighted_log_probs(policy):
    theta, obs, actions, weights = some(policy)
    slope = pg.finite_difference(lambda th: (weights * policy.log_prob(th, obs, actions)).sum(), theta)
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, weights), slope, atol=1e-7, rtol=1e-7)


def test_a_batch_longer_than_one_chunk_gives_the_same_sum():
    policy, rng = pg.MLPGaussian((3, 5, 2)), np.random.default_rng(3)
    theta, obs = policy.init(rng, np.float64), rng.normal(size=(5000, 3))
    actions, weights = policy.sample(theta, obs, rng), rng.normal(size=5000)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, weights), weights @ policy.score(theta, obs, actions), atol=1e-9
    )


def test_samples_have_the_mean_and_spread_that_were_asked_for(policy):
    theta, obs, _, _ = some(policy)
    gaussian = getattr(policy, "policy", policy)
    n = 20_000
    draws = policy.sample(theta, np.broadcast_to(obs[0, 0], (n, 3)), np.random.default_rng(4))
    mean, std = gaussian.mean(theta, obs[0, 0]), np.exp(gaussian.log_std(theta, obs[0, 0]))
    assert draws.shape == (n, 2) and (abs(draws.mean(axis=0) - mean) < 5 * std / np.sqrt(n)).all()
    assert (abs(draws.std(axis=0) / std - 1) < 5 / np.sqrt(2 * n)).all()
    assert stats.kstest((draws[:, 0] - mean[0]) / std[0], "norm").pvalue > 1e-4


def test_mean_score_is_zero_under_the_policy_itself(policy):
    theta, obs, _, _ = some(policy)
    obs = np.broadcast_to(obs[0, 0], (40_000, 3))
    scores = policy.score(theta, obs, policy.sample(theta, obs, np.random.default_rng(5)))
    error = scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
    assert (abs(scores.mean(axis=0)) <= 4.5 * error + 1e-12).all()


def test_float32_parameters_keep_everything_in_float32(policy):
    theta, obs, actions, weights = some(policy)
    theta, obs = theta.astype(np.float32), obs.astype(np.float32)
    actions = policy.sample(theta, obs, np.random.default_rng(0))
    for value in (
        actions,
        policy.log_prob(theta, obs, actions),
        policy.weighted_score(theta, obs, actions, weights),
        policy.score(theta, obs, actions),
        policy.init(np.random.default_rng(0), np.float32),
    ):
        assert value.dtype == np.float32


def test_a_policy_starts_near_mean_zero_with_the_spread_asked_for(policy):
    theta = policy.init(np.random.default_rng(6))
    gaussian = getattr(policy, "policy", policy)
    obs = np.random.default_rng(7).normal(size=(100, 3))
    assert theta.shape == (policy.num_params,) and abs(gaussian.mean(theta, obs)).max() < 0.2
    np.testing.assert_allclose(gaussian.log_std(theta, obs), getattr(gaussian, "initial_log_std", 0.0), atol=0.2)


def test_the_network_is_the_formula_and_its_backward_pass_the_derivative():
    network, rng = MLP((3, 4, 2)), np.random.default_rng(8)
    theta, x, by_outputs = rng.normal(size=network.num_params), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    (W1, b1), (W2, b2) = network.layers(theta)
    np.testing.assert_allclose(network(theta, x), np.tanh(x @ W1 + b1) @ W2 + b2)
    slope = pg.finite_difference(lambda th: (network(th, x) * by_outputs).sum(), theta)
    np.testing.assert_allclose(network.vjp(theta, x, by_outputs), slope, atol=1e-8)
    np.testing.assert_allclose(network.vjp_each(theta, x, by_outputs).sum(axis=0), slope, atol=1e-8)


@pytest.mark.parametrize("sizes", [(3,), (3, 0), (3, 2.5), ()])
def test_a_network_without_sense_is_refused(sizes):
    with pytest.raises(ValueError, match="sizes"):
        MLP(sizes)


@pytest.mark.parametrize("log_std", [-np.inf, 800.0, np.nan, 20.5])
def test_a_log_std_out_of_range_is_named(log_std):
    for call in (
        lambda: pg.gaussian_log_prob([0.0], [0.0], np.array([log_std])),
        lambda: pg.gaussian_score([0.0], [0.0], np.array([log_std])),
        lambda: pg.gaussian_entropy(np.array([log_std])),
        lambda: pg.LinearGaussian(1, initial_log_std=log_std),
    ):
        with pytest.raises(ValueError, match="log_std"):
            call()
    policy = pg.LinearGaussian(2)
    with pytest.raises(ValueError, match="log_std|theta"):
        policy.sample(np.array([0.0, 0.0, log_std]), np.ones((5, 2)), np.random.default_rng(0))


def test_a_scalar_where_a_vector_is_due_is_refused():
    for call in (
        lambda: pg.gaussian_log_prob(0.0, 0.0, np.zeros(1)),
        lambda: pg.tanh_gaussian_log_prob(0.0, 0.0, np.zeros(1)),
    ):
        with pytest.raises(ValueError, match="^(actions|u) must have the action dimensions"):
            call()
    for call in (lambda: pg.gaussian_entropy(0.0), lambda: pg.gaussian_log_prob([0.0], [0.0], 0.0)):
        with pytest.raises(ValueError, match="log_std"):
            call()


def test_actions_without_their_last_axis_are_refused():  # (N,) against (N, 1) would broadcast to (N, N)
    policy = pg.LinearGaussian(3)
    with pytest.raises(ValueError, match=r"actions must have shape \(7, 1\)"):
        policy.log_prob(np.zeros(4), np.zeros((7, 3)), np.zeros(7))
    with pytest.raises(ValueError, match="actions"):
        policy.weighted_score(np.zeros(4), np.zeros((7, 3)), np.zeros((7, 2)), np.ones(7))


@pytest.mark.parametrize(
    "obs, complaint",
    [
        (np.full((4, 3), np.nan), "obs must be finite"),
        (np.zeros((4, 2)), "obs must have 3"),
        (1.0, "obs must have 3"),
        (np.array([["a"] * 3]), "obs must be an array"),
    ],
)
def test_bad_observations_are_named(policy, obs, complaint):
    with pytest.raises((ValueError, TypeError), match=complaint):
        policy.sample(np.zeros(policy.num_params), obs, np.random.default_rng(0))


def test_bad_parameters_and_weights_are_named(policy):
    theta, obs, actions, weights = some(policy)
    with pytest.raises(ValueError, match="theta"):
        policy.sample(theta[:-1], obs, np.random.default_rng(0))
    with pytest.raises(ValueError, match="theta"):
        policy.score(np.full_like(theta, np.nan), obs, actions)
    with pytest.raises(ValueError, match="weights"):
        policy.weighted_score(theta, obs, actions, np.full_like(weights, np.inf))


def test_limits_and_starts_without_sense_are_refused():
    for limit in (0, -1, np.inf, np.nan):
        with pytest.raises(ValueError, match="limit"):
            pg.Squashed(pg.LinearGaussian(1), limit=limit)
    with pytest.raises(ValueError, match="initial_log_std"):
        pg.LinearGaussian(1, state_dependent_std=True, initial_log_std=-1.0)
