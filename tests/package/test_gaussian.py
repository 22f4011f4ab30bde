"""Gaussian policies against SciPy, mpmath, finite differences, quadrature and drawn samples."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import policy_gradient as pg
from policy_gradient.networks import MLP
from tests.helpers.properties import SHAPES, arrays, numbers
from tests.helpers.ranks import GAUSSIAN, N, parts, refuses

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


@given(numbers(30), numbers(3), st.floats(-3, 3), st.floats(0.1, 10))
def test_tanh_log_probability_to_sixty_digits(u, mean, log_std, limit):
    with mpmath.workdps(60):
        U, m, s = mpmath.mpf(u), mpmath.mpf(mean), mpmath.exp(mpmath.mpf(log_std))
        gauss = -(((U - m) / s) ** 2) / 2 - mpmath.log(s) - mpmath.log(2 * mpmath.pi) / 2
        slope = mpmath.log(4) - 2 * mpmath.log(mpmath.exp(U) + mpmath.exp(-U))  # log of 1 - tanh^2 = 4 / (e^u + e^-u)^2
        expected = gauss - slope
        limited = float(expected - mpmath.log(mpmath.mpf(float(limit))))
    found = pg.tanh_gaussian_log_prob([u], [mean], [log_std])
    np.testing.assert_allclose(found, float(expected), rtol=1e-10, atol=1e-10)
    policy = pg.Squashed(pg.LinearGaussian(1), limit)
    np.testing.assert_allclose(policy.log_prob([mean, log_std], [1.0], [u]), limited, rtol=1e-10, atol=1e-10)


@settings(max_examples=20)
@given(numbers(1.5), st.floats(-1.2, 0.5))
def test_the_squashed_density_integrates_to_one(mean, log_std):
    from scipy.integrate import quad

    density = lambda a: np.exp(pg.tanh_gaussian_log_prob([np.arctanh(a)], [mean], [log_std]))  # noqa: E731
    whole, _ = quad(density, -1, 1, limit=200, points=[np.tanh(mean)])
    assert abs(whole - 1) < 1e-6


@given(
    st.tuples(SHAPES, st.integers(1, 3)).flatmap(
        lambda s: st.tuples(*[arrays(s[0] + (s[1],), 1e6)] * 2, arrays(s[1:], 15))
    )
)
def test_gaussian_log_probability_is_scipys(case):
    from scipy.stats import norm

    actions, mean, log_std = case
    expected = norm.logpdf(actions, mean, np.exp(log_std)).sum(axis=-1)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, mean, log_std), expected, rtol=1e-9, atol=1e-9)
    by_mean, by_log_std = pg.gaussian_score(actions, mean, log_std)
    assert by_mean.shape == by_log_std.shape == actions.shape
    np.testing.assert_allclose(
        pg.gaussian_entropy(log_std), norm.entropy(0, np.exp(log_std)).sum(), rtol=1e-9, atol=1e-9
    )


@given(numbers(1e150))
def test_the_squash_is_finite_far_out(u):
    from policy_gradient.gaussian import log_tanh_slope

    slope = log_tanh_slope(u)
    assert np.isfinite(slope) and slope <= 1e-15
    assert log_tanh_slope(-u) == pytest.approx(slope, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("policy", GAUSSIAN.values(), ids=GAUSSIAN)
def test_gaussian_policies_refuse_a_row_for_a_column(policy):
    theta, obs, actions, weights = parts(policy)
    for ask in (policy.log_prob, policy.score, lambda *three: policy.weighted_score(*three, weights)):
        refuses(lambda: ask(theta, obs, actions[:, 0]), r"actions must have shape \(3, 1\)")
        refuses(lambda: ask(theta, obs[:, None], actions), r"actions must have shape \(3, 1, 1\)")
    refuses(lambda: policy.weighted_score(theta, obs, actions, weights[:, None]), r"weights must have shape \(3,\)")
    rows = np.stack([obs] * N)  # (3, 3, 4): a weight per row or per column?
    refuses(
        lambda: policy.weighted_score(theta, rows, np.stack([actions] * N), weights),
        r"weights must have shape \(3, 3\)",
    )
    by_hand = sum(w * policy.score(theta, o, a) for w, o, a in zip(weights, obs, actions))
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, weights), by_hand, atol=1e-6)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, 1.0), policy.score(theta, obs, actions).sum(0), atol=1e-6
    )


@pytest.mark.parametrize("function", [pg.gaussian_log_prob, pg.gaussian_score, pg.tanh_gaussian_log_prob])
def test_the_bare_gaussians_never_broadcast_the_action_dimensions(function):
    """(N, 1) beside (N,) gave every pair; one number on the last axis beside D counted things once, or D times."""
    fit = "(actions|u) and mean and log_std must have shapes that fit each other"
    column, two, zero = np.array([[0.0], [1.0]]), np.zeros(2), np.zeros(1)
    refuses(lambda: function(column, two, zero), fit)
    refuses(lambda: function(column, column, two), fit)
    refuses(lambda: function(two, column, zero), fit)
    refuses(lambda: function(np.array([[0.5]]), two, two), fit)
    refuses(lambda: function(np.array([[0.5, 0.5]]), zero, two), fit)
    refuses(lambda: function(np.zeros((2, 3)), np.zeros((2, 1)), np.zeros(3)), fit)
    refuses(lambda: function(np.zeros((5, 1)), np.zeros((4, 5, 1)), zero), "must have shapes that fit")


def test_the_bare_gaussians_are_scipys_where_shapes_fit():
    actions, mean, log_std = np.array([[0.0, 1.0], [2.0, -1.0]]), np.array([0.3, -0.2]), np.array([0.1, -0.4])
    wanted = stats.norm.logpdf(actions, mean, np.exp(log_std)).sum(-1)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, mean, log_std), wanted)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions, np.stack([mean] * 2), log_std), wanted)
    np.testing.assert_allclose(pg.gaussian_log_prob(actions[0], np.stack([mean] * 2), log_std), [wanted[0]] * 2)
    np.testing.assert_allclose(
        pg.gaussian_log_prob(actions, 0.3, log_std), stats.norm.logpdf(actions, 0.3, np.exp(log_std)).sum(-1)
    )
    np.testing.assert_allclose(
        pg.gaussian_log_prob(actions[:, None], actions[None], log_std).diagonal(),
        [stats.norm.logpdf(0, 0, np.exp(log_std)).sum()] * 2,
    )  # every pair, and it says so
    slopes = np.log(1 - np.tanh(actions) ** 2).sum(-1)
    np.testing.assert_allclose(pg.tanh_gaussian_log_prob(actions, mean, log_std), wanted - slopes)


def test_wrapping_a_gaussian_keeps_its_precision():
    rng = np.random.default_rng(0)
    for policy in (pg.LinearGaussian(2), pg.MLPGaussian((2, 3, 1))):
        squashed = pg.Squashed(policy)
        assert squashed.init(rng).dtype == policy.init(rng).dtype
        assert (
            squashed.init(rng, np.float32).dtype == np.float32
            and squashed.init(rng, dtype=np.float64).dtype == np.float64
        )
    assert pg.Squashed(pg.LinearGaussian(2)).init().dtype == np.float64
