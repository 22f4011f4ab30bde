"""Chapter 4: right answers in different styles pass, and the truths agree with SciPy and with many-digit arithmetic."""

import math

import mpmath
import numpy as np
import pytest
import scipy.special
import scipy.stats

import policy_gradient as pg
from learning_to_act.checks import check
from learning_to_act.checks.engine import registry

EXERCISES = registry()


def log_prob_formula(actions, mean, log_std):
    z = (actions - mean) / np.exp(log_std)
    return (-0.5 * z**2 - log_std - 0.5 * np.log(2 * np.pi)).sum(-1)


def log_prob_scipy(actions, mean, log_std):
    return scipy.stats.norm.logpdf(actions, mean, np.exp(log_std)).sum(-1)


def log_prob_by_variance(actions, mean, log_std):
    variance, D = np.exp(2 * log_std), np.shape(log_std)[-1]
    squares = ((actions - mean) ** 2 / variance).sum(-1)
    return -0.5 * (squares + np.log(variance).sum(-1) + D * np.log(2 * np.pi))


def log_prob_lists(actions, mean, log_std):
    if np.broadcast(actions, mean, log_std).ndim > 1:
        return [log_prob_lists(*rows) for rows in zip(*np.broadcast_arrays(actions, mean, log_std))]
    total = 0.0
    for a, m, ls in zip(*np.broadcast_arrays(actions, mean, log_std)):
        total += -((a - m) ** 2) / (2 * math.exp(ls) ** 2) - ls - math.log(2 * math.pi) / 2
    return total


def log_prob_float32(actions, mean, log_std):
    return log_prob_formula(actions, mean, log_std).astype(np.float32)


def score_formula(actions, mean, log_std):
    std = np.exp(log_std)
    return (actions - mean) / std**2, (actions - mean) ** 2 / std**2 - 1


def score_stacked(actions, mean, log_std):
    z = (actions - mean) * np.exp(-log_std)
    return np.stack([z * np.exp(-log_std), (z - 1) * (z + 1)])


def score_lists(actions, mean, log_std):
    a, m, ls = np.broadcast_arrays(actions, mean, log_std)
    if a.ndim > 1:
        return [list(part) for part in zip(*(score_lists(*rows) for rows in zip(a, m, ls)))]
    return [
        [(x - y) / math.exp(2 * z) for x, y, z in zip(a, m, ls)],
        [(x - y) ** 2 / math.exp(2 * z) - 1 for x, y, z in zip(a, m, ls)],
    ]


def score_central_differences(actions, mean, log_std):
    a, m, ls = (np.array(one, float) for one in np.broadcast_arrays(actions, mean, log_std))

    def log_density(mean, log_std):
        return scipy.stats.norm.logpdf(a, mean, np.exp(log_std))

    h, k = 1e-3 * np.exp(ls), 1e-5
    return (
        (log_density(m + h, ls) - log_density(m - h, ls)) / (2 * h),
        (log_density(m, ls + k) - log_density(m, ls - k)) / (2 * k),
    )


def score_float32(actions, mean, log_std):
    return [part.astype(np.float32) for part in score_formula(actions, mean, log_std)]


def entropy_formula(log_std):
    return np.sum(log_std + 0.5 * np.log(2 * np.pi * np.e), axis=-1)


def entropy_by_variance(log_std):
    return 0.5 * np.log(2 * np.pi * np.e * np.exp(log_std) ** 2).sum(-1)


def entropy_scipy(log_std):
    return scipy.stats.norm(scale=np.exp(log_std)).entropy().sum(-1)


def entropy_determinant(log_std):
    def one(row):
        return 0.5 * np.linalg.slogdet(2 * np.pi * np.e * np.diag(np.exp(2.0 * row)))[1]

    return np.apply_along_axis(one, -1, np.asarray(log_std, float))


def entropy_float32(log_std):
    return entropy_formula(log_std).astype(np.float32)


def tanh_softplus(u, mean, log_std):
    return (scipy.stats.norm.logpdf(u, mean, np.exp(log_std)) - 2 * (np.log(2) - u - np.logaddexp(0, -2 * u))).sum(-1)


def tanh_cosh(u, mean, log_std):
    return log_prob_formula(u, mean, log_std) + 2 * np.log(np.cosh(u)).sum(-1)


def tanh_absolute(u, mean, log_std):
    far = abs(np.asarray(u, float))
    return log_prob_scipy(u, mean, log_std) - (np.log(4) - 2 * far - 2 * np.log1p(np.exp(-2 * far))).sum(-1)


def tanh_logistic(u, mean, log_std):
    """tanh(u) is 2 sigmoid(2u) - 1, so its slope is 4 s (1 - s)."""
    log_slope = np.log(4) + scipy.special.log_expit(2.0 * u) + scipy.special.log_expit(-2.0 * u)
    return log_prob_formula(u, mean, log_std) - log_slope.sum(-1)


def tanh_float32(u, mean, log_std):
    return tanh_softplus(u, mean, log_std).astype(np.float32)


def linear_matrix_product(features, actions, weights, W, log_std):
    by_mean, by_log_std = score_formula(actions, features @ W, log_std)
    return features.T @ (weights[:, None] * by_mean) / len(weights), weights @ by_log_std / len(weights)


def linear_einsum(features, actions, weights, W, log_std):
    by_mean, by_log_std = score_formula(actions, features @ W, log_std)
    return np.einsum("n,nk,nd->kd", weights, features, by_mean) / len(features), np.average(
        by_log_std * weights[:, None], axis=0
    )


def linear_loops(features, actions, weights, W, log_std):
    N, (K, D) = len(features), W.shape
    by_W, by_log_std = [[0.0] * D for _ in range(K)], [0.0] * D
    for x, a, w in zip(features, actions, weights):
        for j in range(D):
            z = (a[j] - sum(x[k] * W[k, j] for k in range(K))) / math.exp(log_std[j])
            by_log_std[j] += w * (z * z - 1) / N
            for k in range(K):
                by_W[k][j] += w * z / math.exp(log_std[j]) * x[k] / N
    return by_W, by_log_std


def linear_package(features, actions, weights, W, log_std):
    by_mean, by_log_std = pg.gaussian_score(actions, features @ W, log_std)
    return np.mean([w * np.outer(x, s) for w, x, s in zip(weights, features, by_mean)], axis=0), (
        weights[:, None] * by_log_std
    ).mean(0)


def linear_float32(features, actions, weights, W, log_std):
    return tuple(part.astype(np.float32) for part in linear_matrix_product(features, actions, weights, W, log_std))


RIGHT = {
    "gaussian_log_prob": [log_prob_formula, log_prob_scipy, log_prob_by_variance, log_prob_lists, log_prob_float32],
    "gaussian_score": [score_formula, score_stacked, score_lists, score_central_differences, score_float32],
    "gaussian_entropy": [entropy_formula, entropy_by_variance, entropy_scipy, entropy_determinant, entropy_float32],
    "tanh_gaussian_log_prob": [tanh_softplus, tanh_cosh, tanh_absolute, tanh_logistic, tanh_float32],
    "linear_gaussian_gradient": [linear_matrix_product, linear_einsum, linear_loops, linear_package, linear_float32],
}


@pytest.mark.parametrize(
    "name, function",
    [(name, one) for name, many in RIGHT.items() for one in many],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_right_answers_pass_whatever_their_style(name, function):
    result = check(function, name)
    assert result.passed and result.mistake is None, result.message
    assert ("float32" in result.message) == ("float32" in function.__name__)


@pytest.mark.parametrize("name", ["gaussian_score", "linear_gaussian_gradient"])
def test_a_pair_in_single_precision_is_still_that_mistake(name):
    for mistake in EXERCISES[name].mistakes:
        for way in mistake.ways:

            def single(*args):
                return tuple(np.asarray(part).astype(np.float32) for part in way(*args))

            assert check(single, name).mistake == mistake.name


# --- the truths, against something else again -------------------------------------------------------------------------


def problems(name):
    return [(case.args, wanted) for case, wanted in EXERCISES[name].problems]


def rows(args):
    """One by one, the numbers that the broadcast arguments hold."""
    return zip(*(np.ravel(one).tolist() for one in np.broadcast_arrays(*args)))


def exact(a, m, ls):
    """log N(a; m, exp(ls)^2) of mpmath numbers."""
    return -((a - m) ** 2) / (2 * mpmath.exp(2 * ls)) - ls - mpmath.log(2 * mpmath.pi) / 2


def test_log_densities_are_scipys():
    for args, (wanted,) in problems("gaussian_log_prob"):
        np.testing.assert_allclose(wanted, log_prob_scipy(*args), rtol=1e-12)


def test_scores_are_many_digit_differences():
    with mpmath.workdps(40):
        for args, (by_mean, by_log_std) in problems("gaussian_score"):
            differences = [
                (mpmath.diff(lambda m: exact(a, m, ls), m), mpmath.diff(lambda ls: exact(a, m, ls), mpmath.mpf(ls)))
                for a, m, ls in rows(args)
            ]
            np.testing.assert_allclose(np.ravel(by_mean), [float(one) for one, _ in differences], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(
                np.ravel(by_log_std), [float(one) for _, one in differences], rtol=1e-9, atol=1e-9
            )


def test_entropies_are_scipys():
    for (log_std,), (wanted,) in problems("gaussian_entropy"):
        np.testing.assert_allclose(wanted, entropy_scipy(log_std), rtol=1e-12, atol=1e-12)


def test_tanh_densities_in_four_hundred_digits():
    with mpmath.workdps(400):
        for args, (wanted,) in problems("tanh_gaussian_log_prob"):
            shape = np.broadcast_shapes(*map(np.shape, args))
            terms = [float(exact(u, m, ls) - mpmath.log(1 - mpmath.tanh(u) ** 2)) for u, m, ls in rows(args)]
            np.testing.assert_allclose(wanted, np.reshape(terms, shape).sum(-1), rtol=1e-12)


def test_the_tanh_density_has_area_one():
    nodes, weights = np.polynomial.legendre.leggauss(80)
    log_density = EXERCISES["tanh_gaussian_log_prob"].truth(
        np.arctanh(nodes)[:, None], np.array([0.3]), np.array([-0.9])
    )
    assert np.exp(log_density) @ weights == pytest.approx(1, abs=1e-9)


def test_the_linear_gradient_is_the_slope_of_what_scipy_says():
    for (features, actions, weights, W, log_std), (by_W, by_log_std) in problems("linear_gaussian_gradient"):

        def surrogate(theta):
            mean = features @ theta[: W.size].reshape(W.shape)
            return np.mean(weights * log_prob_scipy(actions, mean, theta[W.size :]))

        slope = pg.finite_difference(surrogate, np.concatenate([W.ravel(), log_std]))
        np.testing.assert_allclose(np.concatenate([by_W.ravel(), by_log_std]), slope, rtol=1e-6, atol=1e-6)


# --- the inputs ----------------------------------------------------------------------------------------------------


def test_the_inputs_hold_the_corner_cases():
    log_probs = problems("gaussian_log_prob")
    assert any((wanted > 1).any() for _, (wanted,) in log_probs), "a density above 1"
    assert any(np.min(log_std) == -8 for (_, _, log_std), _ in log_probs)
    assert any((wanted < -1e5).any() for _, (wanted,) in log_probs), "an action whose density underflows"
    assert any(np.ndim(mean) == 0 for (_, mean, _), _ in log_probs), "a number as mean"
    for smaller in range(3):  # each of the three arguments is once the one that is broadcast
        assert any(np.shape(args[smaller]) != np.broadcast_shapes(*map(np.shape, args)) for args, _ in log_probs)
    assert any((np.equal(actions, mean)).all(-1).any() for (actions, mean, _), _ in problems("gaussian_score")), (
        "action = mean"
    )
    assert any((wanted < 0).any() for _, (wanted,) in problems("gaussian_entropy"))
    assert any(np.max(u) == 100 for (u, _, _), _ in problems("tanh_gaussian_log_prob"))
    assert any(abs(actions).max() > 3 for (_, actions, *_), _ in problems("linear_gaussian_gradient"))
    for name in RIGHT:
        assert all(np.isfinite(part).all() for _, wanted in problems(name) for part in wanted)


def test_no_input_has_a_std_of_one():
    for name, position in zip(RIGHT, (2, 2, 0, 2, 4)):
        for args, _ in problems(name):
            assert (np.asarray(args[position]) != 0).all()


# --- mistakes as people write them ------------------------------------------------------------------------------------


def test_log_of_scipys_density():
    def gaussian_log_prob(actions, mean, log_std):
        return np.log(scipy.stats.norm.pdf(actions, mean, np.exp(log_std))).sum(-1)

    assert check(gaussian_log_prob).mistake == "log-of-the-density"


def test_scipys_scale_given_the_variance():
    def gaussian_log_prob(actions, mean, log_std):
        return scipy.stats.norm.logpdf(actions, mean, np.exp(log_std) ** 2).sum(-1)

    assert check(gaussian_log_prob).mistake == "variance-for-std"


def test_an_error_of_plain_pythons_log_is_log_of_zero_too():
    def tanh_gaussian_log_prob(u, mean, log_std):
        slopes = [math.log(1 - math.tanh(one) ** 2) for one in np.ravel(u)]  # ValueError where NumPy says -inf
        return log_prob_scipy(u, mean, log_std) - np.reshape(slopes, np.shape(u)).sum(-1)

    assert check(tanh_gaussian_log_prob).mistake == "log-of-zero"


@pytest.mark.parametrize("small", [1e-6, 1e-7, 1e-8, 1e-10])
def test_the_number_inside_the_log_is_told_whatever_it_is(small):
    def tanh_gaussian_log_prob(u, mean, log_std):
        return log_prob_scipy(u, mean, log_std) - np.log(np.clip(1 - np.tanh(u) ** 2, 0, 1) + small).sum(-1)

    assert check(tanh_gaussian_log_prob).mistake == "small-number-in-the-log"


def test_one_array_where_two_belong():
    result = check(lambda *args: score_formula(*args)[0].ravel()[:1], "gaussian_score")
    assert not result and result.mistake is None and "where 2 arrays belong" in result.message


def test_the_functions_can_be_built_on_one_another():
    """As the notebook says; and a slip below is not taken for one above."""

    def squash(log_prob):
        return lambda u, mean, log_std: log_prob(u, mean, log_std) - 2 * (np.log(2) - np.logaddexp(u, -u)).sum(-1)

    assert check(squash(log_prob_formula), "tanh_gaussian_log_prob")
    assert not check(squash(lambda *args: 2 * log_prob_formula(*args)), "tanh_gaussian_log_prob")
