"""Chapter 4: the Gaussian's density, scores and entropy, the squash, the linear controller."""

import math
from statistics import NormalDist

import numpy as np
import scipy.special
import scipy.stats

from tests.attacks import probes, right, wrong

HALF_LOG = 0.5 * np.log(2 * np.pi)


@probes("gaussian_log_prob")
@probes("gaussian_score")
def gaussian_probes(rng):
    for shape in [(1,), (2,), (5,), (3, 2), (2, 2), (2, 3, 3)]:
        log_std = rng.uniform(-1.5, 1.2, shape[-1])
        yield rng.normal(scale=2, size=shape), rng.normal(size=shape), log_std
        yield rng.normal(scale=2, size=shape), float(rng.normal()), log_std
        yield rng.normal(size=shape[-1]), rng.normal(size=shape), rng.uniform(-1, 1, shape)
    yield rng.normal(size=(4, 3)), rng.normal(size=(2, 1, 3)), rng.uniform(-1, 1, 3)
    yield np.array([0.25]), np.array([0.3]), np.array([-7.0])
    yield np.array([3, 1]), np.array([0, 0]), np.array([1, 2])


def bell_terms(a, m, log_std):
    return -(((a - m) / np.exp(log_std)) ** 2) / 2 - log_std - HALF_LOG


def broad(*arrays):
    return [np.array(one, float) for one in np.broadcast_arrays(*arrays)]


# --- gaussian_log_prob ---------------------------------------------------------------------------------------------


@wrong("gaussian_log_prob", "small-number-added")
def small_number_added_to_std(actions, mean, log_std):
    """As a well-known course's solution does, with a larger number."""
    z = (actions - mean) / (np.exp(log_std) + 1e-5)
    return (-0.5 * (z**2 + 2 * log_std + np.log(2 * np.pi))).sum(-1)


@wrong("gaussian_log_prob", "log-std-clipped")
def log_std_clipped(actions, mean, log_std):
    return bell_terms(actions, mean, np.clip(log_std, -5, 2)).sum(-1)


@wrong("gaussian_log_prob", "sign-of-a-term")
def constant_added(actions, mean, log_std):
    return (-(((actions - mean) / np.exp(log_std)) ** 2) / 2 - log_std + HALF_LOG).sum(-1)


@wrong("gaussian_log_prob", "sign-of-a-term")
def log_std_added(actions, mean, log_std):
    return (-(((actions - mean) / np.exp(log_std)) ** 2) / 2 + log_std - HALF_LOG).sum(-1)


@wrong("gaussian_log_prob", "sign-of-a-term")
def exponent_added(actions, mean, log_std):
    return (((actions - mean) / np.exp(log_std)) ** 2 / 2 - log_std - HALF_LOG).sum(-1)


@wrong("gaussian_log_prob", "smallest")
def distance_not_squared(actions, mean, log_std):
    return (-abs(actions - mean) / np.exp(log_std) / 2 - log_std - HALF_LOG).sum(-1)


@wrong("gaussian_log_prob", "law")
def laplace_for_gauss(actions, mean, log_std):
    return scipy.stats.laplace.logpdf(actions, mean, np.exp(log_std)).sum(-1)


@wrong("gaussian_log_prob", "law")
def std_in_place_of_its_log(actions, mean, log_std):
    return (-(((actions - mean) / np.exp(log_std)) ** 2) / 2 - np.exp(log_std) - HALF_LOG).sum(-1)


@wrong("gaussian_log_prob", "shape")
def summed_over_the_batch(actions, mean, log_std):
    return bell_terms(*broad(actions, mean, log_std)).sum(0)


@wrong("gaussian_log_prob", "mean-ignored")
def mean_ignored(actions, mean, log_std):
    return (bell_terms(actions, 0.0, log_std) + 0 * np.asarray(mean)).sum(-1)


@wrong("gaussian_log_prob", "offset")
def pi_without_its_two(actions, mean, log_std):
    return (-(((actions - mean) / np.exp(log_std)) ** 2) / 2 - log_std - 0.5 * np.log(np.pi)).sum(-1)


@wrong("gaussian_log_prob", "relation")
def cut_off_at_zero(actions, mean, log_std):
    return np.minimum(bell_terms(*broad(actions, mean, log_std)).sum(-1), 0)


@wrong("gaussian_log_prob", "factor")
def decimal_logarithm(actions, mean, log_std):
    return bell_terms(*broad(actions, mean, log_std)).sum(-1) / np.log(10)


@wrong("gaussian_log_prob", "law")
def constant_of_the_batch(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    return (-(((a - m) / np.exp(ls)) ** 2) / 2 - ls).sum(-1) - len(a) * HALF_LOG


@wrong("gaussian_log_prob", "law")
def probability_of_being_below(actions, mean, log_std):
    return scipy.stats.norm.logcdf(actions, mean, np.exp(log_std)).sum(-1)


@right("gaussian_log_prob")
def log_prob_of_scipys_multivariate(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    flat = [
        scipy.stats.multivariate_normal.logpdf(x, y, np.diag(np.exp(2 * z)), allow_singular=False)
        for x, y, z in zip(*(one.reshape(-1, a.shape[-1]) for one in (a, m, ls)))
    ]
    return np.reshape(flat, a.shape[:-1])


@right("gaussian_log_prob")
def log_prob_by_recursion_over_dimensions(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    if a.shape[-1] == 0:
        return np.zeros(a.shape[:-1])
    return bell_terms(a[..., 0], m[..., 0], ls[..., 0]) + log_prob_by_recursion_over_dimensions(
        a[..., 1:], m[..., 1:], ls[..., 1:]
    )


@right("gaussian_log_prob")
def log_prob_by_einsum(actions, mean, log_std):
    z = (actions - mean) * np.exp(-1.0 * np.asarray(log_std))
    a, _ = np.broadcast_arrays(z, log_std)
    return -0.5 * np.einsum("...d,...d->...", z, z) - np.sum(log_std, -1) - a.shape[-1] * HALF_LOG


@right("gaussian_log_prob")
def log_prob_number_by_number(actions, mean, log_std):
    def one(a, m, ls):
        bell = NormalDist(0.0, 1.0)
        z = (a - m) / math.exp(ls)
        return math.log(bell.pdf(0.0)) - z * z / 2 - ls

    return np.vectorize(one, otypes=[float])(actions, mean, log_std).sum(axis=-1)


@right("gaussian_log_prob")
def log_prob_in_single_precision(actions, mean, log_std):
    return sum(np.moveaxis(bell_terms(*broad(actions, mean, log_std)), -1, 0)).astype(np.float32)


# --- gaussian_score ------------------------------------------------------------------------------------------------


def two_scores(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    return (a - m) / np.exp(2 * ls), ((a - m) / np.exp(ls)) ** 2 - 1


@wrong("gaussian_score", "not-finite")
def std_taken_from_log_std_twice(actions, mean, log_std):
    return two_scores(actions, mean, 2.0 * np.asarray(log_std))


@wrong("gaussian_score", "offset")
def minus_two(actions, mean, log_std):
    first, second = two_scores(actions, mean, log_std)
    return first, second - 1


@wrong("gaussian_score", "size-for-square")
def size_of_the_distance(actions, mean, log_std):
    first, second = two_scores(actions, mean, log_std)
    return abs(first), second


@wrong("gaussian_score", "size-for-square")
def not_squared(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    return (a - m) / np.exp(2 * ls), abs(a - m) / np.exp(ls) - 1


@wrong("gaussian_score", "law")
def log_density_and_score(actions, mean, log_std):
    return bell_terms(*broad(actions, mean, log_std)), two_scores(actions, mean, log_std)[1]


@wrong("gaussian_score", "shape")
def stacked_in_the_last_axis(actions, mean, log_std):
    return np.concatenate(two_scores(actions, mean, log_std), axis=-1)


@wrong("gaussian_score", "shape")
def summed_over_the_batch_for_log_std(actions, mean, log_std):
    first, second = two_scores(actions, mean, log_std)
    return first, second.reshape(-1, second.shape[-1]).sum(0)


@wrong("gaussian_score", "offset")
def constant_in_the_second(actions, mean, log_std):
    first, second = two_scores(actions, mean, log_std)
    return first, second - HALF_LOG


@wrong("gaussian_score", "clips-the-actions")
def distance_clipped(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    return two_scores(np.clip(a, -1, 1), m, ls)


@wrong("gaussian_score", "law")
def scores_multiplied(actions, mean, log_std):
    first, second = two_scores(actions, mean, log_std)
    return first, first * second


@wrong("gaussian_score", "law")
def std_squared_in_the_second(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    return (a - m) / np.exp(2 * ls), (a - m) ** 2 / np.exp(2 * ls) - np.exp(2 * ls)


@wrong("gaussian_score", "smallest")
def cubed(actions, mean, log_std):
    """The derivative to std, with std forgotten below."""
    a, m, ls = broad(actions, mean, log_std)
    return (a - m) / np.exp(2 * ls), (a - m) ** 2 / np.exp(3 * ls) - 1


@wrong("gaussian_score", "law")
def same_for_both(actions, mean, log_std):
    first, second = two_scores(actions, mean, log_std)
    return first, first


@right("gaussian_score")
def score_by_complex_steps(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)

    def log_density(m, ls):
        return -(((a - m) * np.exp(-ls)) ** 2) / 2 - ls

    return log_density(m + 1e-40j, ls).imag / 1e-40, log_density(m, ls + 1e-40j).imag / 1e-40


@right("gaussian_score")
def score_in_a_loop_over_numbers(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    first, second = np.empty(a.shape), np.empty(a.shape)
    for index in np.ndindex(a.shape):
        z = (a[index] - m[index]) / math.exp(ls[index])
        first[index], second[index] = z / math.exp(ls[index]), z * z - 1
    return [first, second]


@right("gaussian_score")
def score_by_recursion(actions, mean, log_std):
    a, m, ls = broad(actions, mean, log_std)
    if a.ndim == 0:
        return float((a - m) * np.exp(-2 * ls)), float((a - m) ** 2 * np.exp(-2 * ls) - 1)
    pairs = [score_by_recursion(*rows) for rows in zip(a, m, ls)]
    return [first for first, _ in pairs], [second for _, second in pairs]


@right("gaussian_score")
def score_from_precisions(actions, mean, log_std):
    precision = np.exp(np.multiply(-2.0, log_std))
    distance = np.subtract(actions, mean)
    return precision * distance, precision * distance * distance - 1


@right("gaussian_score")
def score_in_single_precision(actions, mean, log_std):
    return tuple(np.float32(one) for one in two_scores(actions, mean, log_std))


# --- gaussian_entropy ----------------------------------------------------------------------------------------------


@probes("gaussian_entropy")
def entropy_probes(rng):
    for shape in [(1,), (2,), (6,), (3, 2), (2, 2), (4, 1), (2, 2, 3)]:
        yield (rng.uniform(-3, 2, shape),)
    yield (np.array([2, 1, -1]),)
    yield (np.array([-6.0, -7.0]),)
    yield (np.array([[0.5], [3.0]]),)


@wrong("gaussian_entropy", "offset")
def pi_without_its_two_in_the_entropy(log_std):
    return (log_std + 0.5 * np.log(np.pi * np.e)).sum(-1)


@wrong("gaussian_entropy", "sign-of-a-term")
def constant_taken_off(log_std):
    return (log_std - 0.5 * np.log(2 * np.pi * np.e)).sum(-1)


@wrong("gaussian_entropy", "sign-of-a-term")
def log_std_taken_off(log_std):
    return (-log_std + 0.5 * np.log(2 * np.pi * np.e)).sum(-1)


@wrong("gaussian_entropy", "product-of-entropies")
def entropies_multiplied(log_std):
    return (log_std + 0.5 * np.log(2 * np.pi * np.e)).prod(-1)


@wrong("gaussian_entropy", "shape")
def over_the_first_axis(log_std):
    return (log_std + 0.5 * np.log(2 * np.pi * np.e)).sum(0)


@wrong("gaussian_entropy", "offset")
def entropy_of_a_laplace(log_std):
    return (log_std + np.log(2 * np.e)).sum(-1)


@wrong("gaussian_entropy", "log-std-as-variance")
def half_of_everything(log_std):
    return 0.5 * (log_std + np.log(2 * np.pi * np.e)).sum(-1)


@wrong("gaussian_entropy", "log-std-clipped")
def clipped_log_std(log_std):
    return (np.clip(log_std, -5, 2) + 0.5 * np.log(2 * np.pi * np.e)).sum(-1)


@wrong("gaussian_entropy", "smallest")
def std_squared_added(log_std):
    return (np.exp(log_std) ** 2 + 0.5 * np.log(2 * np.pi * np.e)).sum(-1)


@wrong("gaussian_entropy", "offset")
def e_added_instead_of_multiplied(log_std):
    return (log_std + 0.5 * np.log(2 * np.pi + np.e)).sum(-1)


@wrong("gaussian_entropy", "offset")
def one_for_the_half(log_std):
    return (log_std + 1 + HALF_LOG).sum(-1)


@wrong("gaussian_entropy", "smallest")
def sampled(log_std):
    z = np.random.default_rng(0).normal(size=(10_000, *np.shape(log_std)))
    return (z**2 / 2 + log_std + HALF_LOG).mean(0).sum(-1)


@right("gaussian_entropy")
def entropy_of_scipys_multivariate(log_std):
    rows = np.reshape(log_std, (-1, np.shape(log_std)[-1])).astype(float)
    return np.reshape(
        [scipy.stats.multivariate_normal(cov=np.diag(np.exp(2 * row))).entropy() for row in rows],
        np.shape(log_std)[:-1],
    )


@right("gaussian_entropy")
def entropy_by_recursion(log_std):
    if np.ndim(log_std) > 1:
        return [entropy_by_recursion(row) for row in log_std]
    if len(log_std) == 0:
        return 0.0
    return float(log_std[0]) + 0.5 + math.log(math.sqrt(2 * math.pi)) + entropy_by_recursion(log_std[1:])


@right("gaussian_entropy")
def entropy_dimension_by_dimension(log_std):
    total = 0.5 * log_std.shape[-1] * (1 + np.log(2 * np.pi))
    for j in range(log_std.shape[-1]):
        total = total + log_std[..., j]
    return total


@right("gaussian_entropy")
def entropy_by_quadrature(log_std):
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    surprise = nodes**2 / 2 + np.asarray(log_std)[..., None] + HALF_LOG
    return (surprise @ weights / weights.sum()).sum(-1)


@right("gaussian_entropy")
def entropy_in_single_precision(log_std):
    return np.einsum("...d->...", log_std + np.float32(1.4189385)).astype(np.float32)


# --- tanh_gaussian_log_prob ----------------------------------------------------------------------------------------


@probes("tanh_gaussian_log_prob")
def tanh_probes(rng):
    for shape in [(1,), (2,), (4,), (3, 2), (2, 2), (2, 2, 3)]:
        log_std = rng.uniform(-1.2, 0.8, shape[-1])
        yield rng.normal(scale=1.5, size=shape), rng.normal(size=shape), log_std
        yield rng.normal(scale=4, size=shape), rng.normal(size=shape[-1]), log_std
    yield np.array([[60.0, -60.0]]), np.array([59.0, -61.0]), np.array([0.1, 0.2])
    yield np.array([-390.0]), np.array([-389.0]), np.array([0.5])
    yield np.array([390.0]), np.array([389.0]), np.array([0.5])
    yield np.array([1, -2]), np.array([0, 0]), np.array([1, -1])


def log_slope(u):
    return 2 * (np.log(2) - u - np.logaddexp(0, -2 * u))


@wrong("tanh_gaussian_log_prob", "u-from-the-action")
def u_found_again_from_a_clipped_action(u, mean, log_std):
    a = np.clip(np.tanh(u), -0.999999, 0.999999)
    return (bell_terms(np.arctanh(a), mean, log_std) - log_slope(np.arctanh(a))).sum(-1)


@wrong("tanh_gaussian_log_prob", "correction-at-the-mean")
def correction_at_the_mean(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - log_slope(np.asarray(mean, float))).sum(-1)


@wrong("tanh_gaussian_log_prob", "slip-in-the-rewriting")
def slope_of_the_sigmoid(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - scipy.special.log_expit(1.0 * u) - scipy.special.log_expit(-1.0 * u)).sum(-1)


@wrong("tanh_gaussian_log_prob", "slip-in-the-rewriting")
def half_the_correction(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - log_slope(u) / 2).sum(-1)


@wrong("tanh_gaussian_log_prob", "slip-in-the-rewriting")
def two_forgotten_before_u(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - 2 * (np.log(2) - u - np.logaddexp(0, -1.0 * u))).sum(-1)


@wrong("tanh_gaussian_log_prob", "slip-in-the-rewriting")
def log_two_forgotten(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - 2 * (-u - np.logaddexp(0, -2.0 * u))).sum(-1)


@wrong("tanh_gaussian_log_prob", "slip-in-the-rewriting")
def softplus_with_the_other_sign(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - 2 * (np.log(2) - u - np.logaddexp(0, 2.0 * u))).sum(-1)


@wrong("tanh_gaussian_log_prob", "law")
def correction_averaged(u, mean, log_std):
    return bell_terms(u, mean, log_std).sum(-1) - (log_slope(u) + 0 * np.asarray(mean)).mean(-1)


@wrong("tanh_gaussian_log_prob", "law")
def nan_made_zero_in_the_log(u, mean, log_std):
    correction = np.log(1 - np.tanh(u) ** 2)
    return (bell_terms(u, mean, log_std) - np.where(np.isfinite(correction), correction, 0)).sum(-1)


@wrong("tanh_gaussian_log_prob", "law")
def u_clipped_to_twenty(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - log_slope(np.clip(u, -20, 20))).sum(-1)


@wrong("tanh_gaussian_log_prob", "offset")
def constant_of_the_bell_forgotten(u, mean, log_std):
    return (bell_terms(u, mean, log_std) + HALF_LOG - log_slope(u)).sum(-1)


@wrong("tanh_gaussian_log_prob", "mean-squashed")
def mean_squashed_too(u, mean, log_std):
    return (bell_terms(u, np.tanh(mean), log_std) - log_slope(u)).sum(-1)


@wrong("tanh_gaussian_log_prob", "shape")
def per_dimension_and_batch(u, mean, log_std):
    return (bell_terms(u, mean, log_std) - log_slope(u)).sum()


@wrong("tanh_gaussian_log_prob", "offset")
def scaled_by_two(u, mean, log_std):
    """An action limit of 2 that nobody asked for."""
    return (bell_terms(u, mean, log_std) - log_slope(u) - np.log(2)).sum(-1)


@right("tanh_gaussian_log_prob")
def tanh_by_log_cosh(u, mean, log_std):
    far = np.abs(u).astype(float)
    log_cosh = far + np.log1p(np.exp(-2 * far)) - np.log(2)
    return (bell_terms(*broad(u, mean, log_std)) + 2 * log_cosh).sum(-1)


@right("tanh_gaussian_log_prob")
def tanh_by_logaddexp_of_both(u, mean, log_std):
    return (scipy.stats.norm.logpdf(u, mean, np.exp(log_std)) - np.log(4) + 2 * np.logaddexp(u, -1.0 * u)).sum(-1)


@right("tanh_gaussian_log_prob")
def tanh_number_by_number(u, mean, log_std):
    u, m, ls = broad(u, mean, log_std)
    out = np.zeros(u.shape[:-1])
    for *where, j in np.ndindex(u.shape):
        x, z = abs(u[(*where, j)]), (u[(*where, j)] - m[(*where, j)]) / math.exp(ls[(*where, j)])
        out[tuple(where)] += (
            -z * z / 2 - ls[(*where, j)] - HALF_LOG - math.log(4) + 2 * x + 2 * math.log1p(math.exp(-2 * x))
        )
    return out


@right("tanh_gaussian_log_prob")
def tanh_by_recursion(u, mean, log_std):
    u, m, ls = broad(u, mean, log_std)
    if u.ndim > 1:
        return [tanh_by_recursion(*rows) for rows in zip(u, m, ls)]
    return sum(bell_terms(u, m, ls) - log_slope(u))


@right("tanh_gaussian_log_prob")
def tanh_in_single_precision(u, mean, log_std):
    return (scipy.stats.norm.logpdf(u, mean, np.exp(log_std)) - log_slope(u)).sum(-1).astype(np.float32)


# --- linear_gaussian_gradient --------------------------------------------------------------------------------------


@probes("linear_gaussian_gradient")
def linear_probes(rng):
    for N, K, D in [(2, 2, 2), (4, 3, 1), (5, 1, 3), (1, 1, 1), (1, 2, 3), (9, 4, 2)]:
        for _ in range(2):
            yield (
                rng.normal(size=(N, K)),
                rng.normal(scale=1.5, size=(N, D)),
                rng.normal(size=N),
                rng.normal(size=(K, D)),
                rng.uniform(-1.2, 1, D),
            )
    yield (
        rng.normal(size=(3, 2)),
        rng.normal(size=(3, 2)),
        np.array([1, 2, -1]),
        rng.normal(size=(2, 2)),
        np.array([0.5, -0.5]),
    )


def linear(features, actions, weights, W, log_std):
    first, second = two_scores(actions, features @ W, log_std)
    N = len(features)
    return features.T @ (weights[:, None] * first) / N, weights @ second / N


@wrong("linear_gaussian_gradient", "smallest")
def features_forgotten(features, actions, weights, W, log_std):
    first, second = two_scores(actions, features @ W, log_std)
    return np.broadcast_to((weights[:, None] * first).mean(0), W.shape), (weights[:, None] * second).mean(0)


@wrong("linear_gaussian_gradient", "shape")
def transposed(features, actions, weights, W, log_std):
    first, second = linear(features, actions, weights, W, log_std)
    return first.T, second


@wrong("linear_gaussian_gradient", "factor")
def mean_over_dimensions_too(features, actions, weights, W, log_std):
    first, second = linear(features, actions, weights, W, log_std)
    return first / W.shape[1], second / W.shape[1]


@wrong("linear_gaussian_gradient", "shape")
def one_number_for_log_std(features, actions, weights, W, log_std):
    first, second = linear(features, actions, weights, W, log_std)
    return first, second.sum()


@wrong("linear_gaussian_gradient", "weights-changed")
def weights_twice(features, actions, weights, W, log_std):
    return linear(features, actions, weights**2, W, log_std)


@wrong("linear_gaussian_gradient", "weights-changed")
def good_samples_only(features, actions, weights, W, log_std):
    return linear(features, actions, np.maximum(weights, 0), W, log_std)


@wrong("linear_gaussian_gradient", "weights-changed")
def divided_by_the_sum_of_weights(features, actions, weights, W, log_std):
    first, second = linear(features, actions, weights, W, log_std)
    return first * len(weights) / abs(weights).sum(), second * len(weights) / abs(weights).sum()


@wrong("linear_gaussian_gradient", "mean-ignored")
def mean_left_out(features, actions, weights, W, log_std):
    first, second = two_scores(actions, 0 * actions, log_std)
    return features.T @ (weights[:, None] * first) / len(weights), weights @ second / len(weights)


@wrong("linear_gaussian_gradient", "log-std-as-it-stands")
def log_std_negated(features, actions, weights, W, log_std):
    return linear(features, actions, weights, W, -log_std)


@wrong("linear_gaussian_gradient", "log-std-as-it-stands")
def one_std_for_all_dimensions(features, actions, weights, W, log_std):
    return linear(features, actions, weights, W, np.full(log_std.shape, log_std.mean()))


@wrong("linear_gaussian_gradient", "smallest")
def ridge_on_the_weights(features, actions, weights, W, log_std):
    first, second = linear(features, actions, weights, W, log_std)
    return first - 0.01 * W, second


@wrong("linear_gaussian_gradient", "step-taken")
def step_already_taken(features, actions, weights, W, log_std):
    first, second = linear(features, actions, weights, W, log_std)
    return W + first, log_std + second


@wrong("linear_gaussian_gradient", "weights-on-log-std-only")
def weights_on_the_log_std_only(features, actions, weights, W, log_std):
    return linear(features, actions, 0 * weights + 1, W, log_std)[0], linear(features, actions, weights, W, log_std)[1]


@wrong("linear_gaussian_gradient", "shape")
def one_gradient_for_each_sample(features, actions, weights, W, log_std):
    first, second = two_scores(actions, features @ W, log_std)
    return np.einsum("n,nk,nd->nkd", weights, features, first), weights[:, None] * second


@right("linear_gaussian_gradient")
def linear_running_mean(features, actions, weights, W, log_std):
    by_W, by_log_std = np.zeros(W.shape), np.zeros(len(log_std))
    for n, (x, a, w) in enumerate(zip(features, actions, weights), start=1):
        first, second = two_scores(a, x @ W, log_std)
        by_W += (w * np.outer(x, first) - by_W) / n
        by_log_std += (w * second - by_log_std) / n
    return by_W, by_log_std


@right("linear_gaussian_gradient")
def linear_by_differences(features, actions, weights, W, log_std):
    """The weighted log density is a parabola in W, so central differences are exact there."""

    def J(W, log_std):
        return (weights * bell_terms(actions, features @ W, log_std).sum(-1)).mean()

    by_W, h, k = np.zeros(W.shape), 1e-2 * np.exp(log_std.min()), 1e-4
    for index in np.ndindex(W.shape):
        step = np.zeros(W.shape)
        step[index] = h
        by_W[index] = (J(W + step, log_std) - J(W - step, log_std)) / (2 * h)
    nudges = k * np.eye(len(log_std))
    return by_W, [
        (8 * (J(W, log_std + n) - J(W, log_std - n)) - (J(W, log_std + 2 * n) - J(W, log_std - 2 * n))) / (12 * k)
        for n in nudges
    ]


@right("linear_gaussian_gradient")
def linear_by_diagonals(features, actions, weights, W, log_std):
    precision = np.diag(np.exp(-2 * log_std))
    distance = actions - features @ W
    weighted = np.diag(weights / len(weights))
    return features.T @ weighted @ distance @ precision, np.diag(
        precision @ distance.T @ weighted @ distance
    ) - weights.mean()


@right("linear_gaussian_gradient")
def linear_by_recursion(features, actions, weights, W, log_std):
    def total(x, a, w):
        if len(x) == 1:
            first, second = two_scores(a[0], x[0] @ W, log_std)
            return w[0] * np.outer(x[0], first), w[0] * second
        half = len(x) // 2
        return tuple(
            one + other for one, other in zip(total(x[:half], a[:half], w[:half]), total(x[half:], a[half:], w[half:]))
        )

    return tuple(one / len(features) for one in total(features, actions, weights))


@right("linear_gaussian_gradient")
def linear_in_single_precision(features, actions, weights, W, log_std):
    return [one.astype(np.float32) for one in linear(features, actions, weights, W, log_std)]
