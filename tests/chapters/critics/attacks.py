"""Chapter 6: TD errors and GAE at both endings, the TD fixed point, the compatible critic,
the entropy's gradient, explained variance."""

import math

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from scipy.signal import lfilter

from tests.attacks import probes, right, wrong


def segment(rng, T, N, often=0.3):
    kind = rng.choice(4, size=(T, N), p=[1 - often, often / 3, often / 3, often / 3])
    terminated, truncated = (kind == 1) | (kind == 3), (kind == 2) | (kind == 3)
    values, last = rng.normal(2, 2, (T, N)), rng.normal(2, 2, (1, N))
    next_values = np.where(terminated | truncated, rng.normal(2, 2, (T, N)), np.vstack([values[1:], last]))
    return rng.normal(size=(T, N)), values, next_values, terminated, truncated


@probes("td_errors")
def td_probes(rng):
    for T, N in [(1, 1), (1, 5), (6, 1), (4, 4), (9, 3)]:
        yield (*segment(rng, T, N), float(rng.uniform(0.3, 1)))
    rewards, values, after, terminated, truncated = segment(rng, 7, 3, 0.6)
    yield rewards, values, np.where(terminated, np.inf, after), terminated, truncated, 0.8
    yield (*segment(rng, 5, 2, 0.0), 1.0)


@probes("gae")
def gae_probes(rng):
    for args in td_probes(rng):
        yield (*args, float(rng.uniform(0, 1)))
    yield (*segment(rng, 5, 3), 1.0, 0.0)
    yield (*segment(rng, 5, 3), 1.0, 1.0)


def delta(rewards, values, next_values, terminated, gamma):
    return rewards + gamma * np.where(terminated, 0.0, next_values) - values


def swept(deltas, ends, step):
    out, following = np.zeros(deltas.shape), np.zeros(deltas.shape[1])
    for t in reversed(range(len(deltas))):
        out[t] = following = deltas[t] + step * np.where(ends[t], 0.0, following)
    return out


# --- td_errors -----------------------------------------------------------------------------------------------------


@wrong("td_errors", "one-flag")
def done_is_done(rewards, values, next_values, terminated, truncated, gamma):
    done = np.logical_or(terminated, truncated)
    return rewards + gamma * np.where(done, 0, next_values) - values


@wrong("td_errors", "same-observation")
def value_of_the_same_observation(rewards, values, next_values, terminated, truncated, gamma):
    completed = rewards + gamma * np.where(truncated & ~terminated, values, 0)
    return completed + gamma * np.where(terminated | truncated, 0, next_values) - values


@wrong("td_errors", "nan-times-zero")
def mask_multiplied(rewards, values, next_values, terminated, truncated, gamma):
    return rewards + gamma * next_values * (1.0 - terminated) - values


@wrong("td_errors", "next-row")
def rolled(rewards, values, next_values, terminated, truncated, gamma):
    return rewards + gamma * np.where(terminated, 0, np.roll(values, -1, axis=0)) - values


@wrong("td_errors", "bootstraps-terminated")
def never_ends(rewards, values, next_values, terminated, truncated, gamma):
    return rewards + gamma * next_values - values


@wrong("td_errors", "value-not-taken-off")
def the_target(rewards, values, next_values, terminated, truncated, gamma):
    return rewards + gamma * np.where(terminated, 0, next_values)


@wrong("td_errors", "relation")
def squared(rewards, values, next_values, terminated, truncated, gamma):
    return delta(rewards, values, next_values, terminated, gamma) ** 2


@wrong("td_errors", "shape")
def averaged_over_columns(rewards, values, next_values, terminated, truncated, gamma):
    return delta(rewards, values, next_values, terminated, gamma).mean(axis=1)


@right("td_errors")
def copied_and_filled(rewards, values, next_values, terminated, truncated, gamma):
    after = next_values.copy()
    after[terminated] = 0
    return rewards - values + gamma * after


@right("td_errors")
def one_number_at_a_time(rewards, values, next_values, terminated, truncated, gamma):
    return [
        [r - v + (0.0 if end else gamma * n) for r, v, n, end in zip(*rows)]
        for rows in zip(rewards, values, next_values, terminated)
    ]


@right("td_errors")
def nan_to_num_after_the_mask(rewards, values, next_values, terminated, truncated, gamma):
    return np.add(np.subtract(rewards, values), gamma * np.nan_to_num(np.where(terminated, np.nan, next_values)))


@right("td_errors")
def td_in_single_precision(rewards, values, next_values, terminated, truncated, gamma):
    return delta(rewards, values, next_values, terminated, gamma).astype(np.float32)


# --- gae -----------------------------------------------------------------------------------------------------------


@wrong("gae", "runs-across-a-cut")
def only_terminations_stop(rewards, values, next_values, terminated, truncated, gamma, lam):
    return swept(delta(rewards, values, next_values, terminated, gamma), terminated, gamma * lam)


@wrong("gae", "flag-one-row-late")
def the_flag_of_the_next_row(rewards, values, next_values, terminated, truncated, gamma, lam):
    ends = np.vstack([(terminated | truncated)[1:], np.ones((1, rewards.shape[1]), bool)])
    return swept(delta(rewards, values, next_values, terminated, gamma), ends, gamma * lam)


@wrong("gae", "returns")
def targets_for_the_critic(rewards, values, next_values, terminated, truncated, gamma, lam):
    return swept(delta(rewards, values, next_values, terminated, gamma), terminated | truncated, gamma * lam) + values


@wrong("gae", "normalised")
def normalised(rewards, values, next_values, terminated, truncated, gamma, lam):
    out = swept(delta(rewards, values, next_values, terminated, gamma), terminated | truncated, gamma * lam)
    return (out - out.mean()) / (out.std() + 1e-8)


@wrong("gae", "gamma-missing-in-the-sum")
def lam_only(rewards, values, next_values, terminated, truncated, gamma, lam):
    return swept(delta(rewards, values, next_values, terminated, gamma), terminated | truncated, lam)


@wrong("gae", "one-flag")
def both_are_ends(rewards, values, next_values, terminated, truncated, gamma, lam):
    done = terminated | truncated
    return swept(delta(rewards, values, next_values, done, gamma), done, gamma * lam)


@wrong("gae", "law")
def cut_step_masked(rewards, values, next_values, terminated, truncated, gamma, lam):
    """A truncated step gets no advantage and passes none."""
    deltas = np.where(truncated & ~terminated, 0.0, delta(rewards, values, next_values, terminated, gamma))
    return swept(deltas, terminated | truncated, gamma * lam)


@right("gae")
def each_sum_written_out(rewards, values, next_values, terminated, truncated, gamma, lam):
    deltas, ends = delta(rewards, values, next_values, terminated, gamma), terminated | truncated
    out = np.zeros(deltas.shape)
    for t, n in np.ndindex(deltas.shape):
        for k in range(t, len(deltas)):
            out[t, n] += (gamma * lam) ** (k - t) * deltas[k, n]
            if ends[k, n]:
                break
    return out


@right("gae")
def by_filtering_each_episode(rewards, values, next_values, terminated, truncated, gamma, lam):
    deltas, out = delta(rewards, values, next_values, terminated, gamma), np.zeros(np.shape(rewards))
    for n in range(deltas.shape[1]):
        cuts = [0, *(np.flatnonzero((terminated | truncated)[:, n]) + 1), len(deltas)]
        for first, end in zip(cuts, cuts[1:]):
            if end > first:
                out[first:end, n] = lfilter([1.0], [1.0, -gamma * lam], deltas[first:end, n][::-1])[::-1]
    return out


@right("gae")
def by_recursion_over_rows(rewards, values, next_values, terminated, truncated, gamma, lam):
    first = delta(rewards[:1], values[:1], next_values[:1], terminated[:1], gamma)
    if len(rewards) == 1:
        return first
    rest = np.asarray(
        by_recursion_over_rows(rewards[1:], values[1:], next_values[1:], terminated[1:], truncated[1:], gamma, lam)
    )
    return np.vstack([first + gamma * lam * rest[:1] * ~(terminated | truncated)[:1], rest])


@right("gae")
def gae_in_single_precision(rewards, values, next_values, terminated, truncated, gamma, lam):
    return swept(delta(rewards, values, next_values, terminated, gamma), terminated | truncated, gamma * lam).astype(
        np.float32
    )


# --- td_fixed_point ------------------------------------------------------------------------------------------------


@probes("td_fixed_point")
def fixed_point_probes(rng):
    for S, K, leak in [(3, 1, 0.0), (4, 2, 0.2), (6, 3, 0.0), (3, 3, 0.1), (7, 2, 0.4)]:
        yield (
            rng.dirichlet(np.ones(S), S) * (1 - leak),
            rng.normal(size=S),
            rng.normal(0.4, 1, (S, K)),
            rng.uniform(0.1, 3, S),
            float(rng.uniform(0.2, 0.95)),
        )


@wrong("td_fixed_point", "regression-on-the-values")
def monte_carlo(P, r, features, weights, gamma):
    V = np.linalg.solve(np.eye(len(r)) - gamma * P, r)
    return np.linalg.lstsq(np.sqrt(weights)[:, None] * features, np.sqrt(weights) * V, rcond=None)[0]


@wrong("td_fixed_point", "residual-gradient")
def residual(P, r, features, weights, gamma):
    Z = features - gamma * P @ features
    return np.linalg.solve(Z.T @ (weights[:, None] * Z), Z.T @ (weights * r))


@wrong("td_fixed_point", "weights-ignored")
def unweighted(P, r, features, weights, gamma):
    return np.linalg.solve(features.T @ (features - gamma * P @ features), features.T @ r)


@wrong("td_fixed_point", "P-transposed")
def transposed(P, r, features, weights, gamma):
    return np.linalg.solve(
        features.T @ np.diag(weights) @ (np.eye(len(r)) - gamma * P.T) @ features, features.T @ (weights * r)
    )


@wrong("td_fixed_point", "values-returned")
def values_of_states(P, r, features, weights, gamma):
    return features @ np.linalg.solve(
        features.T @ np.diag(weights) @ (np.eye(len(r)) - gamma * P) @ features, features.T @ (weights * r)
    )


@right("td_fixed_point")
def with_a_diagonal_matrix(P, r, features, weights, gamma):
    D = np.diag(weights)
    return scipy.linalg.solve(features.T @ D @ (np.eye(len(r)) - gamma * P) @ features, features.T @ D @ r)


@right("td_fixed_point")
def state_by_state(P, r, features, weights, gamma):
    K = features.shape[1]
    A, b = np.zeros((K, K)), np.zeros(K)
    for s, x in enumerate(features):
        A += weights[s] * np.outer(x, x - gamma * P[s] @ features)
        b += weights[s] * r[s] * x
    return list(np.linalg.inv(A) @ b)


@right("td_fixed_point")
def by_einsum(P, r, features, weights, gamma):
    A = np.einsum("s,sk,st,tl->kl", weights, features, np.eye(len(r)) - gamma * P, features)
    return np.linalg.lstsq(A, np.einsum("s,sk,s->k", weights, features, r), rcond=None)[0]


# --- compatible_weights --------------------------------------------------------------------------------------------


@probes("compatible_weights")
def compatible_probes(rng):
    for M, d in [(6, 2), (10, 4), (4, 1), (1, 3), (9, 3)]:
        yield rng.normal(size=(M, d)), rng.normal(size=M), rng.uniform(0.05, 1, M)
    pi = np.array([0.5, 0.125, 0.375])
    yield np.eye(3) - pi, rng.normal(size=3), pi


@wrong("compatible_weights", "gradient-returned")
def the_gradient(scores, advantages, weights):
    return (weights * advantages) @ scores


@wrong("compatible_weights", "unweighted")
def plain_least_squares(scores, advantages, weights):
    return np.linalg.pinv(scores) @ advantages


@wrong("compatible_weights", "singular-matrix-inverted")
def inverted(scores, advantages, weights):
    return np.linalg.inv(scores.T @ np.diag(weights) @ scores) @ (scores.T @ (weights * advantages))


@wrong("compatible_weights", "root-forgotten")
def squared_weights(scores, advantages, weights):
    return np.linalg.pinv(scores * weights[:, None]) @ (advantages * weights)


@wrong("compatible_weights", "advantages-centred")
def centred(scores, advantages, weights):
    root = np.sqrt(weights)
    return np.linalg.lstsq(root[:, None] * scores, root * (advantages - np.mean(advantages)), rcond=None)[0]


@right("compatible_weights")
def by_pseudo_inverse_of_rows(scores, advantages, weights):
    root = weights**0.5
    return np.linalg.pinv(root[:, None] * scores) @ (root * advantages)


@right("compatible_weights")
def by_scipys_least_squares(scores, advantages, weights):
    root = np.sqrt(np.asarray(weights, float))
    return scipy.linalg.lstsq(np.einsum("m,md->md", root, scores), root * advantages)[0]


@right("compatible_weights")
def by_pseudo_inverse_of_fisher(scores, advantages, weights):
    fisher = np.einsum("m,mi,mj->ij", weights, scores, scores)
    return np.linalg.pinv(fisher, rcond=1e-10, hermitian=True) @ np.einsum("m,m,mi->i", weights, advantages, scores)


# --- entropy_gradient ----------------------------------------------------------------------------------------------


@probes("entropy_gradient")
def entropy_probes(rng):
    for shape in [(2,), (5,), (4, 3), (2, 2), (2, 2, 3), (3, 1)]:
        yield (rng.normal(scale=2, size=shape),)
    yield (np.array([-np.inf, 0.0, 1.0]),)
    yield (np.array([5000.0, 4999.0, -5000.0]),)


def pi_log_pi(logits):
    log_pi = scipy.special.log_softmax(np.asarray(logits, float), axis=-1)
    return np.exp(log_pi), log_pi


@wrong("entropy_gradient", "by-probabilities")
def of_the_probabilities(logits):
    return -(pi_log_pi(logits)[1] + 1)


@wrong("entropy_gradient", "entropy-missing")
def surprise_weighted(logits):
    pi, _ = pi_log_pi(logits)
    return scipy.special.entr(pi)


@wrong("entropy_gradient", "sign")
def downhill(logits):
    pi, _ = pi_log_pi(logits)
    return -scipy.special.entr(pi) + pi * scipy.special.entr(pi).sum(-1, keepdims=True)


@wrong("entropy_gradient", "entropy-returned")
def the_entropy(logits):
    return scipy.special.entr(pi_log_pi(logits)[0]).sum(-1)


@wrong("entropy_gradient", "log-of-zero")
def nan_where_zero(logits):
    pi = scipy.special.softmax(np.asarray(logits, float), axis=-1)
    log_pi = np.log(pi)
    return -pi * (log_pi - (pi * log_pi).sum(-1, keepdims=True))


@right("entropy_gradient")
def by_scipys_entr(logits):
    pi, _ = pi_log_pi(logits)
    terms = scipy.special.entr(pi)
    return terms - pi * terms.sum(-1, keepdims=True)


@right("entropy_gradient")
def row_by_row(logits):
    if np.ndim(logits) > 1:
        return [row_by_row(row) for row in logits]
    top = max(logits)
    weights = [math.exp(z - top) for z in logits]
    pi = [w / sum(weights) for w in weights]
    H = -sum(p * math.log(p) for p in pi if p > 0)
    return [-p * (math.log(p) + H) if p > 0 else 0.0 for p in pi]


@right("entropy_gradient")
def by_the_jacobian(logits):
    pi, log_pi = pi_log_pi(logits)
    by_pi = -(np.where(pi > 0, log_pi, 0) + 1)
    jacobian = np.eye(pi.shape[-1]) * pi[..., None] - pi[..., None] * pi[..., None, :]
    return np.einsum("...ab,...b->...a", jacobian, by_pi)


# --- explained_variance --------------------------------------------------------------------------------------------


@probes("explained_variance")
def explained_probes(rng):
    for n in (2, 5, 30):
        returns = rng.normal(2, 3, n)
        yield rng.normal(size=n) + 0.6 * returns, returns
        yield returns + 100, returns
    yield rng.normal(size=6), np.full(6, 0.5)
    yield rng.normal(size=6), np.full(6, 0.7)


@wrong("explained_variance", "not-centred")
def by_mean_squares(values, returns):
    return 1 - np.mean((returns - values) ** 2) / np.var(returns) if np.ptp(returns) else 0.0


@wrong("explained_variance", "squared-correlation")
def r_squared(values, returns):
    return scipy.stats.pearsonr(values, returns)[0] ** 2 if np.ptp(values) and np.ptp(returns) else 0.0


@wrong("explained_variance", "constant-returns")
def divided_by_zero(values, returns):
    return 1 - np.var(returns - values) / np.var(returns)


@wrong("explained_variance", "nearly-no-variance")
def asked_of_the_variance(values, returns):
    whole = np.var(returns)
    return 1 - np.var(returns - values) / whole if whole > 0 else 0.0


@wrong("explained_variance", "clipped-at-zero")
def never_negative(values, returns):
    return max(0.0, 1 - np.var(returns - values) / np.var(returns)) if np.ptp(returns) else 0.0


@wrong("explained_variance", "one-missing")
def unexplained(values, returns):
    return np.var(returns - values) / np.var(returns) if np.ptp(returns) else 0.0


@right("explained_variance")
def with_sample_variances(values, returns):
    whole = np.var(returns, ddof=1)
    return 1 - np.var(values - returns, ddof=1) / whole if np.ptp(returns) else 0.0


@right("explained_variance")
def centred_by_hand(values, returns):
    left, whole = returns - values, returns - np.mean(returns)
    left = left - np.mean(left)
    return float(1 - left @ left / (whole @ whole)) if np.ptp(returns) else 0.0


@right("explained_variance")
def by_covariance(values, returns):
    (a, c), (_, b) = np.cov(values, returns, ddof=0)
    return (2 * c - a) / b if np.ptp(returns) else 0.0


# --- more of each -----------------------------------------------------------------------------------------------------


@right("td_errors")
def added_where_it_goes_on(rewards, values, next_values, terminated, truncated, gamma):
    out = rewards - values
    out[~terminated] += gamma * next_values[~terminated]
    return out


@wrong("gae", "lam-missing")
def sum_discounted_by_gamma_alone(rewards, values, next_values, terminated, truncated, gamma, lam):
    return swept(delta(rewards, values, next_values, terminated, gamma), terminated | truncated, gamma)


@right("gae")
def by_a_loop_of_numbers(rewards, values, next_values, terminated, truncated, gamma, lam):
    T, N = rewards.shape
    out = [[0.0] * N for _ in range(T + 1)]
    for n in range(N):
        for t in range(T - 1, -1, -1):
            d = rewards[t, n] - values[t, n] + (0.0 if terminated[t, n] else gamma * next_values[t, n])
            out[t][n] = d if terminated[t, n] or truncated[t, n] else d + gamma * lam * out[t + 1][n]
    return out[:T]


@wrong("td_fixed_point", "gamma-missing")
def without_gamma(P, r, features, weights, gamma):
    return np.linalg.solve((features.T * weights) @ (features - P @ features), (features.T * weights) @ r)


@wrong("td_fixed_point", "weights-squared")
def weighted_twice(P, r, features, weights, gamma):
    D = np.diag(weights**2)
    return np.linalg.solve(features.T @ D @ (features - gamma * P @ features), features.T @ D @ r)


@wrong("td_fixed_point", "sign")
def downwards(P, r, features, weights, gamma):
    D = np.diag(weights)
    return -np.linalg.solve(features.T @ D @ (features - gamma * P @ features), features.T @ D @ r)


@right("td_fixed_point")
def by_inverse(P, r, features, weights, gamma):
    Z = weights[:, None] * features
    return np.linalg.inv(Z.T @ features - gamma * Z.T @ P @ features) @ Z.T @ r


@right("td_fixed_point")
def with_normalised_weights(P, r, features, weights, gamma):
    D = np.diag(weights / weights.sum())
    return np.linalg.solve(features.T @ D @ (features - gamma * P @ features), features.T @ D @ r)


@wrong("compatible_weights", "critic-returned")
def fitted_advantages(scores, advantages, weights):
    root = np.sqrt(weights)
    return scores @ np.linalg.lstsq(root[:, None] * scores, root * advantages, rcond=None)[0]


@wrong("compatible_weights", "sign")
def negated(scores, advantages, weights):
    root = np.sqrt(weights)
    return -np.linalg.lstsq(root[:, None] * scores, root * advantages, rcond=None)[0]


@wrong("compatible_weights", "damped")
def ridge(scores, advantages, weights):
    fisher = scores.T @ (weights[:, None] * scores)
    return np.linalg.solve(fisher + 1e-3 * np.eye(len(fisher)), scores.T @ (weights * advantages))


@right("compatible_weights")
def by_singular_values(scores, advantages, weights):
    root = np.sqrt(weights)
    U, s, Vt = np.linalg.svd(root[:, None] * scores, full_matrices=False)
    keep = s > 1e-10 * s.max()
    return Vt[keep].T @ ((U[:, keep].T @ (root * advantages)) / s[keep])


@right("compatible_weights")
def with_weights_of_sum_1(scores, advantages, weights):
    root = np.sqrt(weights / weights.sum())
    return np.linalg.lstsq(root[:, None] * scores, root * advantages, rcond=None)[0]


@wrong("entropy_gradient", "overflow")
def exponentials_as_they_come(logits):
    pi = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    terms = scipy.special.entr(pi)
    return terms - pi * terms.sum(-1, keepdims=True)


@wrong("entropy_gradient", "in-bits")
def with_logarithms_of_base_2(logits):
    terms = scipy.special.entr(pi_log_pi(logits)[0])
    return (terms - pi_log_pi(logits)[0] * terms.sum(-1, keepdims=True)) / np.log(2)


@wrong("entropy_gradient", "one-entropy-for-all")
def summed_over_everything(logits):
    terms = scipy.special.entr(pi_log_pi(logits)[0])
    return terms - pi_log_pi(logits)[0] * terms.sum()


@right("entropy_gradient")
def as_a_covariance(logits):
    pi, log_pi = pi_log_pi(logits)
    safe = np.where(pi > 0, log_pi, 0)
    return pi * ((pi * safe).sum(-1, keepdims=True) - safe)


@right("entropy_gradient")
def by_xlogy(logits):
    pi = scipy.special.softmax(np.asarray(logits, float), axis=-1)
    terms = scipy.special.xlogy(pi, pi)
    return pi * terms.sum(-1, keepdims=True) - terms


@wrong("explained_variance", "ratio-of-variances")
def variance_of_the_values(values, returns):
    return np.var(values) / np.var(returns) if np.ptp(returns) else 0.0


@wrong("explained_variance", "correlation")
def pearson(values, returns):
    return scipy.stats.pearsonr(values, returns)[0] if np.ptp(values) and np.ptp(returns) else 0.0


@wrong("explained_variance", "swapped")
def over_the_variance_of_the_values(values, returns):
    return 1 - np.var(returns - values) / np.var(values) if np.ptp(values) else 0.0


@right("explained_variance")
def by_the_library_of_lists(values, returns):
    n, left = len(returns), [g - v for g, v in zip(returns, values)]

    def spread(x):
        return sum((y - sum(x) / n) ** 2 for y in x)

    return 1 - spread(left) / spread(returns) if max(returns) > min(returns) else 0.0


@right("explained_variance")
def by_squares_of_norms(values, returns):
    whole = np.linalg.norm(returns - returns.mean()) ** 2
    left = returns - values
    return 1.0 - np.linalg.norm(left - left.mean()) ** 2 / whole if np.ptp(returns) else 0.0


# --- as a program is carried over -----------------------------------------------------------------------------------


@wrong("td_errors", "cuts-left-out")
def a_cut_step_is_no_data(rewards, values, next_values, terminated, truncated, gamma):
    return np.where(truncated, 0.0, delta(rewards, values, next_values, terminated, gamma))


@wrong("td_errors", "shape")
def what_is_masked_is_not_zero(rewards, values, next_values, terminated, truncated, gamma):
    return rewards - values + gamma * np.ma.masked_array(next_values, terminated)


@right("td_errors")
def masked_and_filled(rewards, values, next_values, terminated, truncated, gamma):
    return rewards - values + gamma * np.ma.masked_array(next_values, terminated).filled(0.0)


@wrong("gae", "flag-one-row-late")
def flags_that_say_here_it_began(rewards, values, next_values, terminated, truncated, gamma, lam):
    """A public single-file PPO, on flags that say where an episode ended."""
    done, out, last = terminated | truncated, np.zeros(rewards.shape), 0.0
    for t in reversed(range(len(rewards))):
        if t == len(rewards) - 1:
            goes_on, following = 1.0 - done[-1], np.nan_to_num(next_values[-1])
        else:
            goes_on, following = 1.0 - done[t + 1], values[t + 1]
        out[t] = last = rewards[t] + gamma * following * goes_on - values[t] + gamma * lam * goes_on * last
    return out


@wrong("gae", "whole-numbers")
def in_an_array_like_the_rewards(rewards, values, next_values, terminated, truncated, gamma, lam):
    out = np.zeros_like(rewards)
    out[...] = swept(delta(rewards, values, next_values, terminated, gamma), terminated | truncated, gamma * lam)
    return out


@wrong("gae", "smallest")
def any_column_stops_them_all(rewards, values, next_values, terminated, truncated, gamma, lam):
    ends = np.broadcast_to((terminated | truncated).any(axis=1, keepdims=True), rewards.shape)
    return swept(delta(rewards, values, next_values, terminated, gamma), ends, gamma * lam)


@right("gae")
def by_returns_less_values(rewards, values, next_values, terminated, truncated, gamma, lam):
    after, out = np.where(terminated, 0.0, next_values), np.zeros(rewards.shape)
    following = after[-1]
    for t in reversed(range(len(rewards))):
        mixed = np.where(terminated[t] | truncated[t], after[t], (1 - lam) * after[t] + lam * following)
        out[t] = following = rewards[t] + gamma * mixed
    return out - values


@right("gae")
def by_doubling_the_reach(rewards, values, next_values, terminated, truncated, gamma, lam):
    sums = delta(rewards, values, next_values, terminated, gamma)
    decay, reach = gamma * lam * (1.0 - (terminated | truncated)), 1
    while reach < len(sums):
        gap = np.zeros((reach, sums.shape[1]))
        sums, decay = sums + decay * np.vstack([sums[reach:], gap]), decay * np.vstack([decay[reach:], gap])
        reach *= 2
    return sums


@wrong("td_fixed_point", "corner")
def made_to_sum_to_one(P, r, features, weights, gamma):
    sums = P.sum(axis=1, keepdims=True)
    return by_einsum(P / np.where(sums > 0, sums, 1.0), r, features, weights, gamma)


@right("td_fixed_point")
def by_the_projected_equation(P, r, features, weights, gamma):
    D = np.diag(weights)
    project = np.linalg.solve(features.T @ D @ features, features.T @ D)
    return np.linalg.solve(np.eye(features.shape[1]) - gamma * project @ P @ features, project @ r)


@wrong("compatible_weights", "damped")
def hardly_damped(scores, advantages, weights):
    fisher = scores.T @ (weights[:, None] * scores)
    return np.linalg.solve(fisher + 1e-6 * np.eye(len(fisher)), scores.T @ (weights * advantages))


@wrong("entropy_gradient", "shape")
def the_impossible_masked(logits):
    pi, _ = pi_log_pi(logits)
    pi = np.ma.masked_equal(pi, 0.0)
    return -pi * (np.ma.log(pi) - (pi * np.ma.log(pi)).sum(-1, keepdims=True))


@right("entropy_gradient")
def from_differences_of_pairs(logits):
    pi, log_pi = pi_log_pi(logits)
    safe = np.where(pi > 0, log_pi, 0.0)
    return np.einsum("...a,...b,...ab->...a", pi, pi, safe[..., None, :] - safe[..., :, None])


@wrong("explained_variance", "not-finite")
def infinity_as_a_number(values, returns):
    return np.nan_to_num(1 - np.var(returns - values) / np.var(returns))


@right("explained_variance")
def by_covariances(values, returns):
    of = np.cov(values, returns)
    return float((2 * of[0, 1] - of[0, 0]) / of[1, 1]) if np.ptp(returns) else 0.0
