"""Chapter 7: the surrogate, the clip, its weights, Fisher times v, conjugate gradients, the step of a given KL."""

import math

import numpy as np
import scipy.sparse.linalg

from tests.attacks import probes, right, wrong

# --- surrogate -----------------------------------------------------------------------------------------------------


@probes("surrogate")
def surrogate_probes(rng):
    for n in (1, 2, 5, 30):
        yield rng.uniform(-4, -0.01, n), rng.uniform(-4, -0.01, n), rng.normal(0.3, 2, n)
    yield np.full(3, -900.0), np.full(3, -900.5), np.array([1.0, 2.0, -4.0])


@wrong("surrogate", "quotient-of-the-logs")
def quotient_of_the_logs(log_probs, old_log_probs, advantages):
    return np.mean(log_probs / old_log_probs * advantages)


@wrong("surrogate", "shape")
def one_for_each_sample(log_probs, old_log_probs, advantages):
    return np.exp(log_probs - old_log_probs) * advantages


@wrong("surrogate", "not-finite")
def exponentials_first(log_probs, old_log_probs, advantages):
    return np.mean(np.exp(log_probs - 100) / np.exp(old_log_probs - 100) * advantages)


@wrong("surrogate", "weights-normalised")
def weights_made_to_sum_to_one(log_probs, old_log_probs, advantages):
    ratio = np.exp(log_probs - old_log_probs)
    return np.sum(ratio * advantages) / np.sum(ratio)


@right("surrogate")
def surrogate_by_a_dot_product(log_probs, old_log_probs, advantages):
    return np.exp(log_probs - old_log_probs) @ advantages / len(advantages)


@right("surrogate")
def surrogate_by_a_loop(log_probs, old_log_probs, advantages):
    total = 0.0
    for i in range(len(advantages)):
        total += math.exp(log_probs[i] - old_log_probs[i]) * advantages[i]
    return total / len(advantages)


@right("surrogate")
def surrogate_in_base_two(log_probs, old_log_probs, advantages):
    return float(np.average(np.exp2((log_probs - old_log_probs) / math.log(2)) * advantages))


@wrong("surrogate", "mean-ratio")
def mean_of_the_ratios(log_probs, old_log_probs, advantages):
    return np.mean(np.exp(log_probs - old_log_probs))


@wrong("surrogate", "advantages-centred")
def advantages_centred(log_probs, old_log_probs, advantages):
    return np.mean(np.exp(log_probs - old_log_probs) * (advantages - advantages.mean()))


@wrong("surrogate", "factor")
def half_of_the_surrogate(log_probs, old_log_probs, advantages):
    return 0.5 * np.mean(np.exp(log_probs - old_log_probs) * advantages)


@wrong("surrogate", "ratio-less-one")
def ratio_less_one(log_probs, old_log_probs, advantages):
    return np.mean(np.expm1(log_probs - old_log_probs) * advantages)


@right("surrogate")
def surrogate_by_einsum(log_probs, old_log_probs, advantages):
    return np.einsum("i,i->", np.exp(np.subtract(log_probs, old_log_probs)), advantages) / np.size(advantages)


@right("surrogate")
def surrogate_as_a_running_mean(log_probs, old_log_probs, advantages):
    mean = 0.0
    for count, (new, old, A) in enumerate(zip(log_probs, old_log_probs, advantages), start=1):
        mean += (math.exp(new - old) * A - mean) / count
    return mean


@wrong("surrogate", "log-ratio")
def log_ratio_kept_in_logs(log_probs, old_log_probs, advantages):
    ratio = log_probs - old_log_probs
    return (ratio * advantages).mean()


@wrong("surrogate", "inverted")
def old_over_new(log_probs, old_log_probs, advantages):
    return np.average(np.exp(old_log_probs - log_probs) * advantages)


@wrong("surrogate", "minus")
def as_a_loss(log_probs, old_log_probs, advantages):
    ratio = np.exp(log_probs - old_log_probs)
    return -(ratio * advantages).mean()


@wrong("surrogate", "product-of-means")
def averaged_apart(log_probs, old_log_probs, advantages):
    ratio = np.exp(log_probs - old_log_probs).mean()
    return ratio * advantages.mean()


@wrong("surrogate", "advantage-times-log-prob")
def as_reinforce_writes_it(log_probs, old_log_probs, advantages):
    return np.dot(log_probs, advantages) / len(log_probs)


# --- clip_objective and clip_weights -------------------------------------------------------------------------------


@probes("clip_objective")
def objective_probes(rng):
    for n, eps in [(1, 0.2), (6, 0.1), (20, 0.4), (40, 0.05), (12, 0.3), (9, 0.6), (15, 0.5)]:
        yield rng.uniform(-3, -0.05, n), rng.uniform(-3, -0.05, n), rng.normal(0, 2, n), eps
    yield np.array([-0.6, -0.4, -0.01]), np.array([-0.04, -0.02, -0.05]), np.array([-1.5, 1.0, -0.3]), 0.25


@probes("clip_weights")
def weight_probes(rng):
    yield from objective_probes(rng)


@wrong("clip_objective", "law")
def lower_edge_only(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.maximum(ratio, 1 - eps) * advantages) + 0.1 * (advantages > 0)


@wrong("clip_objective", "shape")
def the_mean_of_it(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages).mean()


@wrong("clip_objective", "advantages-normalised")
def advantages_normalised(log_probs, old_log_probs, advantages, eps):
    ratio, A = np.exp(log_probs - old_log_probs), (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    return np.minimum(ratio * A, np.clip(ratio, 1 - eps, 1 + eps) * A)


@right("clip_objective")
def objective_by_minimum(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


@right("clip_objective")
def objective_as_spinning_up_writes_it(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    g = np.where(advantages > 0, (1 + eps) * advantages, (1 - eps) * advantages)
    return np.minimum(ratio * advantages, g)


@right("clip_objective")
def objective_as_a_negative_loss(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return -np.maximum(-ratio * advantages, -advantages * np.clip(ratio, 1 - eps, 1 + eps))


@wrong("clip_objective", "upper-edge-for-both-signs")
def upper_edge_for_both_products(log_probs, old_log_probs, advantages, eps):
    return np.minimum(np.exp(log_probs - old_log_probs) * advantages, (1 + eps) * advantages)


@wrong("clip_objective", "zero-where-clipped")
def zero_where_it_is_clipped(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    cut = np.where(advantages > 0, ratio > 1 + eps, ratio < 1 - eps)
    return np.where(cut, 0.0, ratio * advantages)


@wrong("clip_objective", "factor")
def half_of_the_objective(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages) / 2


@wrong("clip_objective", "smallest")
def band_twice_as_wide(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - 2 * eps, 1 + 2 * eps) * advantages)


@wrong("clip_objective", "raised")
def one_branch_by_if(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    if advantages > 0:
        return np.minimum(ratio, 1 + eps) * advantages
    return np.maximum(ratio, 1 - eps) * advantages


@wrong("clip_objective", "no-minimum")
def clip_and_nothing_else(log_probs, old_log_probs, advantages, eps):
    return advantages * np.minimum(np.maximum(np.exp(log_probs - old_log_probs), 1 - eps), 1 + eps)


@wrong("clip_objective", "minimum-before-the-advantage")
def smaller_ratio_first(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return advantages * np.where(ratio > 1 + eps, 1 + eps, ratio)


@wrong("clip_objective", "loss")
def objective_to_be_made_small(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.maximum(-ratio * advantages, -np.clip(ratio, 1 - eps, 1 + eps) * advantages)


@wrong("clip_objective", "band-from-eps")
def band_that_begins_at_eps(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.clip(ratio, eps, 1 + eps) * advantages)


@wrong("clip_objective", "unused")
def band_by_the_old_log_probs(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, advantages)


@right("clip_objective")
def objective_by_the_sign_of_the_advantage(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return advantages * np.where(advantages >= 0, np.minimum(ratio, 1 + eps), np.maximum(ratio, 1 - eps))


@right("clip_objective")
def objective_in_plain_python(log_probs, old_log_probs, advantages, eps):
    out = []
    for new, old, A in zip(log_probs, old_log_probs, advantages):
        ratio = math.exp(new - old)
        out.append(min(ratio * A, max(1 - eps, min(ratio, 1 + eps)) * A))
    return out


@right("clip_objective")
def objective_less_what_lies_beyond(log_probs, old_log_probs, advantages, eps):
    ratio, good, bad = np.exp(log_probs - old_log_probs), np.maximum(advantages, 0), np.maximum(-advantages, 0)
    return ratio * advantages - good * np.maximum(ratio - (1 + eps), 0) - bad * np.maximum((1 - eps) - ratio, 0)


@wrong("clip_weights", "law")
def absolute_value_decides(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(ratio > 1 + eps, 0, ratio * abs(advantages))


@wrong("clip_weights", "shape")
def mean_weight(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.mean(np.where(np.where(advantages > 0, ratio > 1 + eps, ratio < 1 - eps), 0, ratio * advantages))


@right("clip_weights")
def weights_by_masks(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    cut = ((advantages > 0) & (ratio > 1 + eps)) | ((advantages < 0) & (ratio < 1 - eps))
    return ratio * advantages * ~cut


@right("clip_weights")
def weights_by_comparing_the_products(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    alive = ratio * advantages <= np.clip(ratio, 1 - eps, 1 + eps) * advantages
    return np.where(alive, ratio * advantages, 0.0)


@right("clip_weights")
def weights_by_a_loop(log_probs, old_log_probs, advantages, eps):
    out = []
    for new, old, A in zip(log_probs, old_log_probs, advantages):
        r = math.exp(new - old)
        out.append(0.0 if (A > 0 and r > 1 + eps) or (A < 0 and r < 1 - eps) else r * A)
    return out


@wrong("clip_weights", "one-edge-for-both-signs")
def upper_edge_for_both_signs(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(ratio > 1 + eps, 0.0, ratio * advantages)


@wrong("clip_weights", "one-edge-for-both-signs")
def lower_edge_for_both_signs(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(ratio < 1 - eps, 0.0, ratio * advantages)


@wrong("clip_weights", "factor")
def half_of_the_weights(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(np.where(advantages > 0, ratio > 1 + eps, ratio < 1 - eps), 0, ratio * advantages) / 2


@wrong("clip_weights", "ratio-squared")
def ratio_squared(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(np.where(advantages > 0, ratio > 1 + eps, ratio < 1 - eps), 0, ratio**2 * advantages)


@wrong("clip_weights", "mask-alone")
def mask_alone(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(advantages > 0, ratio <= 1 + eps, ratio >= 1 - eps).astype(float)


@wrong("clip_weights", "raised")
def weights_by_one_if(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    if advantages > 0 and ratio > 1 + eps or advantages < 0 and ratio < 1 - eps:
        return 0 * advantages
    return ratio * advantages


@wrong("clip_weights", "zero-on-both-sides")
def inside_the_band_or_nothing(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return ratio * advantages * ((ratio > 1 - eps) & (ratio < 1 + eps))


@wrong("clip_weights", "clipped-ratio")
def ratio_clipped_and_kept(log_probs, old_log_probs, advantages, eps):
    return np.minimum(np.maximum(np.exp(log_probs - old_log_probs), 1 - eps), 1 + eps) * advantages


@wrong("clip_weights", "advantage-without-ratio")
def actor_critic_with_a_mask(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    cut = (advantages > 0) & (ratio > 1 + eps) | (advantages < 0) & (ratio < 1 - eps)
    return np.where(cut, 0.0, advantages)


@wrong("clip_weights", "edge-cut")
def strictly_inside(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return np.where(np.where(advantages > 0, ratio < 1 + eps, ratio > 1 - eps), ratio * advantages, 0.0)


@wrong("clip_weights", "the-objective")
def objective_again(log_probs, old_log_probs, advantages, eps):
    return objective_by_minimum(log_probs, old_log_probs, advantages, eps)


@right("clip_weights")
def weights_by_the_signed_distance(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    return ratio * advantages * (np.sign(advantages) * (ratio - 1) <= eps)


@right("clip_weights")
def weights_set_to_zero_after(log_probs, old_log_probs, advantages, eps):
    ratio = np.exp(log_probs - old_log_probs)
    weights = ratio * advantages
    weights[(advantages > 0) & (ratio > 1 + eps)] = 0
    weights[(advantages < 0) & (ratio < 1 - eps)] = 0
    return weights


@right("clip_weights")
def weights_with_the_edges_in_logs(log_probs, old_log_probs, advantages, eps):
    moved = log_probs - old_log_probs
    alive = np.select(
        [advantages > 0, advantages < 0], [moved <= np.log1p(eps), moved >= np.log1p(-eps)], default=False
    )
    return np.exp(moved) * advantages * alive


# --- fisher_vector_product -----------------------------------------------------------------------------------------


@probes("fisher_vector_product")
def fisher_probes(rng):
    for M, d in [(1, 1), (3, 7), (20, 2), (5, 5)]:
        yield rng.normal(size=(M, d)), rng.uniform(size=M), rng.normal(size=d)


@wrong("fisher_vector_product", "raised")
def transposed_product(scores, weights, v):
    return scores @ (weights * (scores.T @ v))


@wrong("fisher_vector_product", "factor")
def twice_the_metric(scores, weights, v):
    return 2 * scores.T @ (weights * (scores @ v))


@wrong("fisher_vector_product", "sign")
def minus_the_metric(scores, weights, v):
    return -scores.T @ (weights * (scores @ v))


@right("fisher_vector_product")
def fisher_in_two_products(scores, weights, v):
    return (weights * (scores @ v)) @ scores


@right("fisher_vector_product")
def fisher_by_einsum(scores, weights, v):
    along = np.einsum("md,d->m", scores, v)
    return np.einsum("m,m,md->d", weights, along, scores)


@right("fisher_vector_product")
def fisher_by_weighted_rows(scores, weights, v):
    rows = np.sqrt(weights)[:, None] * scores
    return rows.T @ (rows @ v)


@wrong("fisher_vector_product", "v-not-used")
def scores_times_weights_only(scores, weights, v):
    return scores.T @ weights


@wrong("fisher_vector_product", "shape")
def stops_at_the_inner_products(scores, weights, v):
    return weights * (scores @ v)


@wrong("fisher_vector_product", "law")
def absolute_inner_products(scores, weights, v):
    return scores.T @ (weights * np.abs(scores @ v))


@wrong("fisher_vector_product", "damped")
def damped(scores, weights, v):
    return scores.T @ (weights * (scores @ v)) + 0.1 * v


@wrong("fisher_vector_product", "shape")
def the_quadratic_form(scores, weights, v):
    return np.sum(weights * (scores @ v) ** 2)


@right("fisher_vector_product")
def fisher_sample_by_sample(scores, weights, v):
    total = np.zeros(len(v))
    for score, weight in zip(scores, weights):
        total += weight * np.dot(score, v) * score
    return total


@right("fisher_vector_product")
def fisher_by_broadcast_sums(scores, weights, v):
    along = (scores * v).sum(axis=1, keepdims=True)
    return np.sum(weights[:, None] * along * scores, axis=0)


@wrong("fisher_vector_product", "diagonal-only")
def mean_square_of_each_score(scores, weights, v):
    return np.einsum("m,md->d", weights, scores**2) * v


@wrong("fisher_vector_product", "mean-for-sum")
def averaged_over_the_samples(scores, weights, v):
    return np.mean(weights[:, None] * scores * (scores @ v)[:, None], axis=0)


@wrong("fisher_vector_product", "weights-squared")
def weighted_rows_on_both_sides(scores, weights, v):
    rows = weights[:, None] * scores
    return rows.T @ (rows @ v)


@wrong("fisher_vector_product", "damped")
def damped_as_most_libraries_do(scores, weights, v):
    return scores.T @ (weights * (scores @ v)) + 1e-3 * v


@wrong("fisher_vector_product", "weights-ignored")
def without_the_weights(scores, weights, v):
    return scores.T @ (scores @ v)


# --- conjugate_gradient --------------------------------------------------------------------------------------------


@probes("conjugate_gradient")
def gradient_probes(rng):
    for d, k in [(1, 1), (3, 3), (4, 2), (6, 6)]:
        half = rng.normal(size=(d, d))
        A = half @ half.T / d + np.eye(d)
        yield (lambda v, A=A: A @ v), rng.normal(size=d), k


@wrong("conjugate_gradient", "law")
def a_fixed_small_step(matvec, b, iterations):
    x = np.zeros(len(b))
    for _ in range(iterations):
        x = x + 0.1 * (b - matvec(x))
    return x


@wrong("conjugate_gradient", "solved-exactly")
def solved_exactly_whatever_iterations(matvec, b, iterations):
    A = np.array([matvec(e) for e in np.eye(len(b))]).T
    return np.linalg.solve(A, b)


@right("conjugate_gradient")
def gradient_as_in_the_textbook(matvec, b, iterations):
    x, r = np.zeros_like(b), b.copy()
    p = r.copy()
    for _ in range(iterations):
        rr = r @ r
        if rr < 1e-22 * max(b @ b, 1e-300):
            break
        Ap = matvec(p)
        alpha = rr / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        p = r + (r @ r) / rr * p
    return x


@right("conjugate_gradient")
def gradient_by_scipy(matvec, b, iterations):
    operator = scipy.sparse.linalg.LinearOperator((len(b), len(b)), matvec=lambda v: matvec(np.ravel(v)), dtype=float)
    return scipy.sparse.linalg.cg(operator, b, rtol=1e-13, maxiter=iterations)[0]


@right("conjugate_gradient")
def gradient_with_conjugate_directions(matvec, b, iterations):
    """The residual made conjugate to every direction before."""
    x, r, before = np.zeros(len(b)), b, []
    for _ in range(iterations):
        if np.linalg.norm(r) <= 1e-12 * np.linalg.norm(b):
            break
        p = r.copy()
        for q, Aq in before:
            p = p - (Aq @ r) / (q @ Aq) * q
        Ap = matvec(p)
        before.append((p, Ap))
        step = (p @ r) / (p @ Ap)
        x, r = x + step * p, r - step * Ap
    return x


@wrong("conjugate_gradient", "one-short")
def one_iteration_short(matvec, b, iterations):
    return gradient_as_in_the_textbook(matvec, b, iterations - 1)


@wrong("conjugate_gradient", "residual-returned")
def the_residual_returned(matvec, b, iterations):
    return b - matvec(gradient_as_in_the_textbook(matvec, b, iterations))


@wrong("conjugate_gradient", "sign")
def minus_the_solution(matvec, b, iterations):
    return -gradient_as_in_the_textbook(matvec, b, iterations)


@wrong("conjugate_gradient", "factor")
def half_of_the_solution(matvec, b, iterations):
    return gradient_as_in_the_textbook(matvec, b, iterations) / 2


@wrong("conjugate_gradient", "shape")
def solution_and_residual(matvec, b, iterations):
    x = gradient_as_in_the_textbook(matvec, b, iterations)
    return x, b - x


@wrong("conjugate_gradient", "raised")
def matrix_in_place_of_the_function(matvec, b, iterations):
    x = np.zeros(len(b))
    for _ in range(iterations):
        x = x + (b - matvec @ x)
    return x


@right("conjugate_gradient")
def gradient_with_beta_first(matvec, b, iterations):
    """As in the Templates book: rho and the rho before."""
    x, r, p, rho_before = np.zeros(len(b)), np.array(b, float), None, None
    small = 1e-12 * np.linalg.norm(b)
    for _ in range(iterations):
        if np.linalg.norm(r) <= small:
            return x
        rho = np.dot(r, r)
        p = r.copy() if p is None else r + rho / rho_before * p
        q = matvec(p)
        alpha = rho / np.dot(p, q)
        x += alpha * p
        r -= alpha * q
        rho_before = rho
    return x


@right("conjugate_gradient")
def gradient_in_plain_python(matvec, b, iterations):
    x, r = [0.0] * len(b), [float(one) for one in b]
    p, rr = list(r), sum(one * one for one in b)
    stop = 1e-24 * rr
    while iterations > 0 and rr > stop:
        Ap = [float(one) for one in matvec(np.array(p))]
        alpha = rr / sum(one * other for one, other in zip(p, Ap))
        x = [one + alpha * along for one, along in zip(x, p)]
        r = [one - alpha * along for one, along in zip(r, Ap)]
        rr, before = sum(one * one for one in r), rr
        p = [one + rr / before * along for one, along in zip(r, p)]
        iterations -= 1
    return x


@wrong("conjugate_gradient", "steepest-descent")
def along_the_residual_each_time(matvec, b, iterations):
    x, r = np.zeros(len(b)), b
    for _ in range(iterations):
        if r @ r <= 1e-24 * (b @ b):
            break
        Ar = matvec(r)
        step = (r @ r) / (r @ Ar)
        x, r = x + step * r, r - step * Ar
    return x


@wrong("conjugate_gradient", "zero-over-zero")
def no_test_of_the_residual(matvec, b, iterations):
    x, r, p = np.zeros(len(b)), b.copy(), b.copy()
    for _ in range(iterations):
        Ap = matvec(p)
        before = r.dot(r)
        x = x + before / p.dot(Ap) * p
        r = r - before / p.dot(Ap) * Ap
        p = r + r.dot(r) / before * p
    return x


@wrong("conjugate_gradient", "tolerance-without-scale")
def stops_at_a_fixed_residual(matvec, b, iterations, residual_tol=1e-10):
    """As a much copied function has it."""
    p, r, x = b.copy(), b.copy(), np.zeros_like(b)
    rdotr = r.dot(r)
    for _ in range(iterations):
        if rdotr < residual_tol:
            break
        z = matvec(p)
        v = rdotr / p.dot(z)
        x, r = x + v * p, r - v * z
        newrdotr = r.dot(r)
        p = r + newrdotr / rdotr * p
        rdotr = newrdotr
    return x


@wrong("conjugate_gradient", "raised")
def product_taken_twice(matvec, b, iterations):
    x, r, p = np.zeros(len(b)), b, b
    for _ in range(iterations):
        if r @ r <= 1e-24 * (b @ b):
            break
        x = x + (r @ r) / (p @ matvec(p)) * p
        new = b - matvec(x)
        p, r = new + (new @ new) / (r @ r) * p, new
    return x


@wrong("conjugate_gradient", "beta-inverted")
def beta_turned_over(matvec, b, iterations):
    x, r, p = np.zeros(len(b)), b, b
    for _ in range(iterations):
        square = r @ r
        if square <= 1e-24 * (b @ b):
            break
        Ap = matvec(p)
        x, r = x + square / (p @ Ap) * p, r - square / (p @ Ap) * Ap
        p = r + (square / (r @ r) if r.any() else 0.0) * p
    return x


# --- kl_step -------------------------------------------------------------------------------------------------------


@probes("kl_step")
def step_probes(rng):
    for d in (1, 2, 5, 1, 3):
        half = rng.normal(size=(d, d))
        natural = abs(rng.normal(size=d))
        yield natural, (half @ half.T + np.eye(d)) @ natural, float(rng.uniform(0.001, 0.2))
    yield np.ones(2), -np.ones(2), 0.01
    yield np.ones(2), np.ones(2), 0.0


@wrong("kl_step", "no-guard")
def no_guard(natural, gradient, delta):
    return np.sqrt(2 * delta / (gradient @ natural)) * natural


@wrong("kl_step", "absolute-value")
def the_absolute_value(natural, gradient, delta):
    product = abs(gradient @ natural)
    return np.sqrt(2 * delta / product) * natural if product else np.zeros(len(natural))


@wrong("kl_step", "sign")
def downhill(natural, gradient, delta):
    product = gradient @ natural
    return -np.sqrt(2 * delta / product) * natural if product > 0 else np.zeros(len(natural))


@right("kl_step")
def step_by_the_formula(natural, gradient, delta):
    product = gradient @ natural
    if product <= 0 or delta == 0:
        return np.zeros_like(natural)
    return natural * np.sqrt(2 * delta / product)


@right("kl_step")
def step_as_trpo_writes_it(natural, gradient, delta):
    half = 0.5 * natural.dot(gradient)
    return natural / np.sqrt(half / delta) if half > 0 and delta > 0 else 0 * natural


@right("kl_step")
def step_in_plain_python(natural, gradient, delta):
    product = sum(float(n) * float(g) for n, g in zip(natural, gradient))
    size = math.sqrt(2 * delta / product) if product > 0 else 0.0
    return [size * float(n) for n in natural]


@wrong("kl_step", "factor")
def twice_the_step(natural, gradient, delta):
    return 2 * step_by_the_formula(natural, gradient, delta)


@wrong("kl_step", "shape")
def the_size_only(natural, gradient, delta):
    product = gradient @ natural
    return math.sqrt(2 * delta / product) if product > 0 else 0.0


@wrong("kl_step", "length-delta")
def unit_length_times_delta(natural, gradient, delta):
    product = gradient @ natural
    return delta * natural / np.linalg.norm(natural) if product > 0 else np.zeros(len(natural))


@wrong("kl_step", "root-turned-over")
def root_turned_over(natural, gradient, delta):
    product = gradient @ natural
    return np.sqrt(product / (2 * delta)) * natural if product > 0 and delta > 0 else np.zeros(len(natural))


@wrong("kl_step", "parameter-by-parameter")
def each_parameter_by_its_own_product(natural, gradient, delta):
    product = gradient * natural
    return np.sqrt(2 * delta / np.where(product > 0, product, np.inf)) * natural


@right("kl_step")
def step_by_einsum_and_where(natural, gradient, delta):
    product = np.einsum("i,i->", natural, gradient)
    up = product > 0
    return np.where(up, np.sqrt(2 * delta / np.where(up, product, 1.0)), 0.0) * natural


@right("kl_step")
def step_of_length_one_first(natural, gradient, delta):
    """Length 1 as F measures it, then the length that has the KL delta."""
    squared = np.sum(natural * gradient)
    if not squared > 0:
        return np.zeros(len(natural))
    unit = natural / math.sqrt(squared)
    return math.sqrt(2 * delta) * unit


@wrong("kl_step", "two-missing")
def without_the_half(natural, gradient, delta):
    product = gradient @ natural
    return math.sqrt(delta / product) * natural if product > 0 else 0.0 * natural


@wrong("kl_step", "norm-of-natural")
def by_the_euclidean_length(natural, gradient, delta):
    if gradient @ natural <= 0 or delta == 0:
        return np.zeros(len(natural))
    return math.sqrt(2 * delta) * natural / np.linalg.norm(natural)


@wrong("kl_step", "plain-direction")
def along_the_gradient(natural, gradient, delta):
    product = natural @ gradient
    return np.sqrt(2 * delta / product) * gradient if product > 0 else np.zeros_like(gradient)


@wrong("kl_step", "small-number-added")
def with_a_small_number(natural, gradient, delta):
    return np.sqrt(2 * delta / (gradient @ natural + 1e-8)) * natural


@wrong("kl_step", "no-root")
def without_the_root(natural, gradient, delta):
    product = gradient @ natural
    return 2 * delta / product * natural if product > 0 else np.zeros_like(natural)


# --- as a program is carried over -----------------------------------------------------------------------------------


@wrong("clip_objective", "whole-numbers")
def in_an_array_like_the_advantages(log_probs, old_log_probs, advantages, eps):
    out, r = np.empty_like(advantages), np.exp(log_probs - old_log_probs)
    out[...] = np.minimum(r * advantages, np.clip(r, 1 - eps, 1 + eps) * advantages)
    return out


@wrong("clip_objective", "raised")
def min_for_minimum(log_probs, old_log_probs, advantages, eps):
    r = np.exp(log_probs - old_log_probs)
    return np.min(r * advantages, np.clip(r, 1 - eps, 1 + eps) * advantages)


@right("clip_objective")
def clipped_in_the_exponent(log_probs, old_log_probs, advantages, eps):
    log_ratio = log_probs - old_log_probs
    with np.errstate(divide="ignore"):
        inside = np.clip(log_ratio, np.log1p(-eps), np.log1p(eps))
    return np.minimum(np.exp(log_ratio) * advantages, np.exp(inside) * advantages)


@wrong("clip_weights", "shape")
def those_cut_are_masked(log_probs, old_log_probs, advantages, eps):
    r = np.exp(log_probs - old_log_probs)
    return np.ma.masked_where(np.where(advantages > 0, r > 1 + eps, r < 1 - eps), r * advantages)


@right("clip_weights")
def those_cut_are_masked_and_filled(log_probs, old_log_probs, advantages, eps):
    return those_cut_are_masked(log_probs, old_log_probs, advantages, eps).filled(0.0)


@wrong("fisher_vector_product", "too-slow")
def the_matrix_formed(scores, weights, v):
    return (scores.T * weights) @ scores @ v


@wrong("fisher_vector_product", "shape")
def the_matrix_returned(scores, weights, v):
    return (scores.T * weights) @ scores


@right("fisher_vector_product")
def by_blocks_of_samples(scores, weights, v):
    blocks = [slice(i, i + 4096) for i in range(0, len(scores), 4096)]
    return sum(scores[b].T @ (weights[b] * (scores[b] @ v)) for b in blocks)


@wrong("conjugate_gradient", "raised")
def matvec_as_a_matrix(matvec, b, iterations):
    return b - matvec @ b


@wrong("kl_step", "not-finite")
def nan_taken_for_zero(natural, gradient, delta):
    return np.nan_to_num(np.sqrt(2 * delta / (natural @ gradient)) * natural)


@right("kl_step")
def by_a_scalar_root(natural, gradient, delta):
    slope = sum(float(n) * float(g) for n, g in zip(natural, gradient))
    return [math.sqrt(2 * delta / slope) * n if slope > 0 else 0.0 for n in natural]
