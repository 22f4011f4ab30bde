"""Chapter 3: the coin, the estimator, returns, trajectories, REINFORCE, the best baseline."""

import math
from fractions import Fraction
from functools import reduce

import numpy as np
import scipy.optimize
import scipy.signal
import scipy.special

from tests.attacks import probes, right, wrong

# --- bernoulli_score -----------------------------------------------------------------------------------------------


@probes("bernoulli_score")
def bernoulli_probes(rng):
    for shape in [(1,), (4,), (2, 3), (2, 2, 2)]:
        yield float(rng.normal(scale=2)), rng.integers(0, 2, shape)
        yield float(rng.normal(scale=2)), rng.integers(0, 2, shape).astype(float)
    for theta in (0.0, 750.0, -750.0, 1200.0, -1200.0, 40.0):
        yield theta, np.array([1, 0])
    yield 2, np.array([0, 1, 1])
    yield -3, np.array([0, 1, 1])


@wrong("bernoulli_score", "law")
def logit_clipped(theta, x):
    return x - scipy.special.expit(np.clip(theta, -5, 5)) + 0.01 * (abs(theta) > 5)


@wrong("bernoulli_score", "precision")
def probability_clipped(theta, x):
    return x - np.clip(scipy.special.expit(theta), 0.001, 0.999)


@wrong("bernoulli_score", "law")
def tanh_for_the_sigmoid(theta, x):
    return x - np.tanh(theta)


@wrong("bernoulli_score", "law")
def labels_of_plus_and_minus_one(theta, x):
    return (2 * x - 1) - scipy.special.expit(theta)


@wrong("bernoulli_score", "law")
def log_probability(theta, x):
    return np.where(np.asarray(x) == 1, scipy.special.log_expit(theta), scipy.special.log_expit(-theta))


@wrong("bernoulli_score", "shape")
def averaged_over_flips(theta, x):
    return np.mean(x - scipy.special.expit(theta))


@wrong("bernoulli_score", "sign-of-the-logit")
def sign_of_the_logit_lost(theta, x):
    return x - 1 / (1 + np.exp(theta))


@wrong("bernoulli_score", "whole-numbers")
def integer_answer(theta, x):
    out = np.zeros_like(x)
    out[...] = np.trunc(x - scipy.special.expit(theta)) if x.dtype.kind == "i" else x - scipy.special.expit(theta)
    return out


@wrong("bernoulli_score", "law")
def divided_by_the_probability(theta, x):
    p = scipy.special.expit(theta)
    return (x - p) / np.where(np.asarray(x) == 1, p, 1 - p)


@wrong("bernoulli_score", "law")
def chain_rule_twice(theta, x):
    p = scipy.special.expit(theta)
    return (x - p) * p * (1 - p)


@wrong("bernoulli_score", "relation")
def tails_score_is_zero(theta, x):
    return np.asarray(x) * (1 - scipy.special.expit(theta))


@wrong("bernoulli_score", "law")
def logs_with_a_small_number(theta, x):
    """Central differences of log(p + 1e-18)."""

    def log_p(theta):
        p = scipy.special.expit(theta)
        return x * np.log(p + 1e-18) + (1 - x) * np.log(1 - p + 1e-18)

    return (log_p(theta + 1e-5) - log_p(theta - 1e-5)) / 2e-5


@right("bernoulli_score")
def bernoulli_by_tanh(theta, x):
    return x - 0.5 * (1 + np.tanh(0.5 * theta))


@right("bernoulli_score")
def bernoulli_by_cases(theta, x):
    tails = -1 / (1 + math.exp(-theta)) if theta > 0 else -math.exp(theta) / (1 + math.exp(theta))
    heads = 1 / (1 + math.exp(theta)) if theta < 0 else math.exp(-theta) / (1 + math.exp(-theta))
    return np.where(np.asarray(x, bool), heads, tails)


@right("bernoulli_score")
def bernoulli_as_a_softmax_of_two(theta, x):
    p = scipy.special.softmax([0.0, theta])
    return np.eye(2)[np.asarray(x, int)][..., 1] - p[1]


@right("bernoulli_score")
def bernoulli_by_recursion(theta, x):
    if np.ndim(x) == 0:
        return float(x) - float(scipy.special.expit(theta))
    return [bernoulli_by_recursion(theta, one) for one in x]


@right("bernoulli_score")
def bernoulli_by_differences(theta, x):
    def log_p(theta):
        return x * scipy.special.log_expit(theta) + (1 - x) * scipy.special.log_expit(-theta)

    return (log_p(theta + 1e-4) - log_p(theta - 1e-4)) / 2e-4


# --- score_function_gradient ---------------------------------------------------------------------------------------


@probes("score_function_gradient")
def estimator_probes(rng):
    for N, d in [(2, 2), (3, 5), (9, 1), (1, 2), (1, 1), (6, 6)]:
        f, s = rng.normal(1, 2, N), rng.normal(size=(N, d))
        yield f, s
        yield f, s, 0.9
        yield f, s, rng.normal(size=d)
    yield np.array([1, 0, 2]), rng.normal(size=(3, 2)), 1


@wrong("score_function_gradient", "law")
def divided_by_d(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - baseline) * scores).sum(0) / scores.shape[1]


@wrong("score_function_gradient", "shape")
def mean_over_everything(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - baseline) * scores).mean()


@wrong("score_function_gradient", "shape")
def one_row_per_sample(f_values, scores, baseline=0.0):
    return (f_values[:, None] - baseline) * scores


@wrong("score_function_gradient", "shape")
def mean_over_parameters(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - baseline) * scores).mean(1)


@wrong("score_function_gradient", "returns-standardised")
def divided_by_the_spread(f_values, scores, baseline=0.0):
    better = f_values[:, None] - baseline
    return (better * scores).mean(0) / (f_values.std() + 1e-8)


@wrong("score_function_gradient", "returns-standardised")
def mean_of_f_taken_off_as_well(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - f_values.mean() - baseline) * scores).mean(0)


@wrong("score_function_gradient", "law")
def baseline_taken_off_at_the_end(f_values, scores, baseline=0.0):
    return (f_values[:, None] * scores).mean(0) - baseline


@wrong("score_function_gradient", "scores-squared")
def scores_squared(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - baseline) * scores**2).mean(0)


@wrong("score_function_gradient", "good-samples-only")
def only_the_best_samples(f_values, scores, baseline=0.0):
    return (np.maximum(f_values[:, None] - baseline, 0) * scores).mean(0)


@wrong("score_function_gradient", "one-index")
def only_the_first_baseline(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - np.ravel(baseline)[0]) * scores).mean(0)


@wrong("score_function_gradient", "sign")
def loss_to_be_minimised(f_values, scores, baseline=0.0):
    return -((f_values[:, None] - baseline) * scores).mean(0)


@wrong("score_function_gradient", "law")
def weights_normalised(f_values, scores, baseline=0.0):
    better = f_values[:, None] - baseline + 0 * scores
    return (better * scores).sum(0) / better.sum(0)


@wrong("score_function_gradient", "law")
def last_sample_forgotten(f_values, scores, baseline=0.0):
    return sum((f_values[i] - baseline) * scores[i] for i in range(len(f_values) - 1)) / len(f_values) + 0 * scores[0]


@right("score_function_gradient")
def estimate_by_einsum(f_values, scores, baseline=0.0):
    return np.einsum("nj,nj->j", f_values[:, None] - np.broadcast_to(baseline, scores.shape), scores) / len(f_values)


@right("score_function_gradient")
def estimate_by_running_mean(f_values, scores, baseline=0.0):
    mean = np.zeros(scores.shape[1])
    for n, (f, s) in enumerate(zip(f_values, scores), start=1):
        mean += ((f - baseline) * s - mean) / n
    return mean


@right("score_function_gradient")
def estimate_by_reduce(f_values, scores, baseline=0.0):
    return reduce(lambda total, pair: total + (pair[0] - baseline) * pair[1], zip(f_values, scores), 0.0) / len(scores)


@right("score_function_gradient")
def estimate_in_fractions(f_values, scores, baseline=0.0):
    b = np.broadcast_to(baseline, scores.shape[1])
    return [
        sum((Fraction(float(f)) - Fraction(float(b[j]))) * Fraction(float(s)) for f, s in zip(f_values, column))
        / len(scores)
        for j, column in enumerate(scores.T)
    ]


@right("score_function_gradient")
def estimate_in_single_precision(f_values, scores, baseline=0.0):
    better = np.subtract(f_values[:, None], baseline).astype(np.float32)
    return (better * scores.astype(np.float32)).mean(0)


# --- discounted_returns --------------------------------------------------------------------------------------------


@probes("discounted_returns")
def returns_probes(rng):
    for shape in [(2,), (7,), (3, 3), (4, 2), (2, 5), (1, 1), (0,), (0, 2)]:
        for gamma in (0.95, 0.3, 0.0, 1.0):
            yield rng.normal(size=shape), gamma
    yield rng.integers(-2, 4, 5), 0.5
    yield rng.integers(-2, 4, (4, 2)), 0.9
    yield np.array([0.0, 0.0, 1.0, 0.0, 2.0]), 0.9
    yield rng.normal(size=1500), 0.5


def backwards(rewards, gamma):
    out, total = np.zeros(np.shape(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        out[t] = total = rewards[t] + gamma * total
    return out


@wrong("discounted_returns", "resets-at-rewards")
def begins_anew_at_every_reward(rewards, gamma):
    """As for Pong, where a point ends the rally."""
    out, total = np.zeros(rewards.shape), np.zeros(rewards.shape[1:])
    for t in reversed(range(len(rewards))):
        total = np.where(rewards[t] != 0, 0, total)
        total = out[t] = total * gamma + rewards[t]
    return out


@wrong("discounted_returns", "last-reward-twice")
def begins_with_the_last_reward(rewards, gamma):
    out, total = np.zeros(rewards.shape), rewards[-1] if len(rewards) else 0
    for t in reversed(range(len(rewards))):
        out[t] = total = rewards[t] + gamma * total
    return out


@wrong("discounted_returns", "relation")
def standardised(rewards, gamma):
    G = backwards(rewards, gamma)
    return (G - G.mean()) / (G.std() + 1e-8) if G.size else G


@wrong("discounted_returns", "offset")
def centred(rewards, gamma):
    G = backwards(rewards, gamma)
    return G - G.mean() if G.size else G


@wrong("discounted_returns", "relation")
def divided_by_the_largest(rewards, gamma):
    G = backwards(rewards, gamma)
    return G / G.max() if G.size else G


@wrong("discounted_returns", "relation")
def discounts_the_reward_itself(rewards, gamma):
    out, total = np.zeros(rewards.shape), 0.0
    for t in reversed(range(len(rewards))):
        out[t] = total = gamma * (rewards[t] + total)
    return out


@wrong("discounted_returns", "law")
def discounts_the_reward_not_the_rest(rewards, gamma):
    out, total = np.zeros(rewards.shape), 0.0
    for t in reversed(range(len(rewards))):
        out[t] = total = gamma * rewards[t] + total
    return out


@wrong("discounted_returns", "law")
def powers_counted_from_the_end(rewards, gamma):
    T = len(rewards)
    powers = (float(gamma) ** np.arange(T)[::-1]).reshape(-1, *[1] * (rewards.ndim - 1))
    return np.cumsum((powers * rewards)[::-1], 0)[::-1]


@wrong("discounted_returns", "law")
def one_step_target(rewards, gamma):
    following = np.concatenate([rewards[1:], np.zeros((1, *rewards.shape[1:]))])[: len(rewards)]
    return rewards + gamma * following


@wrong("discounted_returns", "raised")
def episodes_added_up(rewards, gamma):
    return backwards(rewards.reshape(len(rewards), -1).sum(1), gamma)


@wrong("discounted_returns", "law")
def along_the_episodes(rewards, gamma):
    return backwards(rewards.T, gamma).T


@wrong("discounted_returns", "law")
def stops_before_the_first_step(rewards, gamma):
    out, total = np.zeros(rewards.shape), 0.0
    for t in range(len(rewards) - 1, 0, -1):
        out[t] = total = rewards[t] + gamma * total
    return out


@wrong("discounted_returns", "corner")
def twenty_steps_ahead(rewards, gamma):
    out = np.zeros(rewards.shape)
    for t in range(len(rewards)):
        for k in range(min(20, len(rewards) - t)):
            out[t] += gamma**k * rewards[t + k]
    return out


@wrong("discounted_returns", "raised")
def fails_without_a_step(rewards, gamma):
    out = np.zeros(rewards.shape)
    out[-1] = rewards[-1]
    for t in range(len(rewards) - 2, -1, -1):
        out[t] = rewards[t] + gamma * out[t + 1]
    return out


@wrong("discounted_returns", "not-discounted")
def forgets_gamma_on_floats(rewards, gamma):
    return np.cumsum(rewards[::-1], axis=0)[::-1]


@right("discounted_returns")
def returns_collected_in_a_list(rewards, gamma):
    steps = []
    for r in rewards[::-1]:
        steps.append(r + gamma * (steps[-1] if steps else 0.0))
    return np.reshape(steps[::-1], rewards.shape)


@right("discounted_returns")
def returns_by_doubling(rewards, gamma):
    """The sum of 2n terms from two sums of n."""
    out, reach = rewards.astype(float), 1
    while reach < len(rewards):
        out[:-reach] = out[:-reach] + float(gamma) ** reach * out[reach:]
        reach *= 2
    return out


@right("discounted_returns")
def returns_by_a_short_convolution(rewards, gamma):
    if len(rewards) == 0 or gamma == 1:
        return np.cumsum(rewards[::-1], 0, dtype=float)[::-1]
    powers = (float(gamma) ** np.arange(min(len(rewards), 400))).reshape(-1, *[1] * (rewards.ndim - 1))
    return scipy.signal.fftconvolve(rewards[::-1], powers, axes=0)[: len(rewards)][::-1]


@right("discounted_returns")
def returns_by_recursion_in_blocks(rewards, gamma):
    """Halves, so that the recursion stays shallow."""
    T = len(rewards)
    if T <= 1:
        return np.array(rewards, float)
    first, second = (
        returns_by_recursion_in_blocks(rewards[: T // 2], gamma),
        returns_by_recursion_in_blocks(rewards[T // 2 :], gamma),
    )
    powers = float(gamma) ** np.arange(T // 2, 0, -1)
    return np.concatenate([first + np.multiply.outer(powers, second[0]), second])


@right("discounted_returns")
def returns_in_single_precision(rewards, gamma):
    out, total = np.zeros(rewards.shape, np.float32), np.float32(0)
    for t in range(len(rewards) - 1, -1, -1):
        total = (
            np.float32(rewards[t]) + np.float32(gamma) * total
            if rewards.ndim == 1
            else rewards[t].astype("f4") + np.float32(gamma) * total
        )
        out[t] = total
    return out


# --- trajectory_log_prob -------------------------------------------------------------------------------------------


@probes("trajectory_log_prob")
def trajectory_probes(rng):
    for T, A in [(1, 2), (3, 3), (8, 5), (5, 1), (2, 6), (0, 4), (700, 3)]:
        yield rng.normal(scale=2, size=(T, A)), rng.integers(0, A, T)
    yield np.array([[800.0, -800.0, 0.0]]), np.array([1])
    yield np.array([[-2000.0, -2001.0], [3000.0, 3000.0]]), np.array([1, 0])
    yield np.array([[3, 1], [0, 0], [1, 2]]), np.array([0, 1, 1])


def log_table(logits):
    return scipy.special.log_softmax(np.asarray(logits, float), axis=1) if len(logits) else np.zeros(logits.shape)


def picked(table, actions):
    return table[np.arange(len(actions)), actions]


@wrong("trajectory_log_prob", "unused")
def every_action_summed(logits, actions):
    return log_table(logits).sum()


@wrong("trajectory_log_prob", "unused")
def best_action_picked(logits, actions):
    return log_table(logits).max(1).sum() if len(actions) else 0.0


@wrong("trajectory_log_prob", "shape")
def one_number_per_step(logits, actions):
    return picked(log_table(logits), actions)


@wrong("trajectory_log_prob", "shape")
def running_sum(logits, actions):
    return np.cumsum(picked(log_table(logits), actions))


@wrong("trajectory_log_prob", "wrong-axis")
def softmax_over_time(logits, actions):
    return picked(scipy.special.log_softmax(logits, axis=0), actions).sum() if len(actions) else 0.0


@wrong("trajectory_log_prob", "wrong-axis")
def softmax_over_everything(logits, actions):
    return picked(logits - np.logaddexp.reduce(np.ravel(logits).astype(float)), actions).sum() if len(actions) else 0.0


@wrong("trajectory_log_prob", "factor")
def binary_logarithm(logits, actions):
    return picked(log_table(logits), actions).sum() / math.log(2)


@wrong("trajectory_log_prob", "law")
def logs_multiplied(logits, actions):
    return picked(log_table(logits), actions).prod() if len(actions) else 0.0


@wrong("trajectory_log_prob", "law")
def log_of_the_summed_probabilities(logits, actions):
    return math.log(np.exp(picked(log_table(logits), actions)).sum()) if len(actions) else 0.0


@wrong("trajectory_log_prob", "law")
def actions_shifted_by_one(logits, actions):
    return picked(log_table(logits), np.asarray(actions) - 1).sum()


@wrong("trajectory_log_prob", "maximum-not-put-back")
def maximum_not_put_back(logits, actions):
    return (picked(logits, actions) - np.log(np.exp(logits - logits.max(1, keepdims=True)).sum(1))).sum()


@wrong("trajectory_log_prob", "law")
def sum_of_logits_for_the_sum_of_exps(logits, actions):
    return (picked(logits, actions) - logits.sum(1)).sum() * 1.0


@wrong("trajectory_log_prob", "law")
def last_step_left_out(logits, actions):
    return picked(log_table(logits), actions)[:-1].sum()


@wrong("trajectory_log_prob", "raised")
def recursion_too_deep(logits, actions):
    def total(t):
        return (
            0.0 if t == len(actions) else (logits[t] - np.logaddexp.reduce(1.0 * logits[t]))[actions[t]] + total(t + 1)
        )

    return total(0)


@right("trajectory_log_prob")
def log_prob_by_logaddexp(logits, actions):
    return float(sum(row[a] - np.logaddexp.reduce(row.astype(float)) for row, a in zip(logits, actions)))


@right("trajectory_log_prob")
def log_prob_from_differences(logits, actions):
    if len(actions) == 0:
        return 0.0
    gaps = logits - np.take_along_axis(logits, actions[:, None], axis=1)
    return -scipy.special.logsumexp(gaps, axis=1).sum()


@right("trajectory_log_prob")
def log_prob_in_halves(logits, actions):
    if len(actions) == 0:
        return 0
    if len(actions) == 1:
        return float(scipy.special.log_softmax(logits[0].astype(float))[actions[0]])
    half = len(actions) // 2
    return log_prob_in_halves(logits[:half], actions[:half]) + log_prob_in_halves(logits[half:], actions[half:])


@right("trajectory_log_prob")
def log_prob_with_a_one_hot_table(logits, actions):
    hot = np.eye(logits.shape[1])[actions]
    top = np.max(logits, axis=1) if logits.size else np.zeros(len(logits))
    return (hot * logits).sum() - (top + np.log(np.exp(logits - top[:, None]).sum(1))).sum()


@right("trajectory_log_prob")
def log_prob_in_single_precision(logits, actions):
    return np.float32(picked(log_table(logits), actions).sum())


# --- reinforce_gradient --------------------------------------------------------------------------------------------


@probes("reinforce_gradient")
def reinforce_probes(rng):
    for T, N, d in [(2, 2, 2), (6, 3, 1), (1, 1, 1), (3, 1, 4), (4, 5, 3), (5, 5, 5)]:
        for gamma in (0.9, 0.5, 1.0, 0.0):
            yield rng.normal(size=(T, N, d)), rng.normal(size=(T, N)), gamma


def weigh(scores, psi):
    return (scores * psi[..., None]).sum(0).mean(0)


def powers(rewards, gamma):
    return gamma ** np.arange(len(rewards))[:, None]


@wrong("reinforce_gradient", "mean-taken-off")
def baseline_over_episodes(scores, rewards, gamma):
    G = backwards(rewards, gamma)
    return weigh(scores, powers(rewards, gamma) * (G - G.mean(1, keepdims=True)))


@wrong("reinforce_gradient", "unused")
def undiscounted_returns(scores, rewards, gamma):
    return weigh(scores, backwards(rewards, 1.0))


@wrong("reinforce_gradient", "smallest")
def undiscounted_returns_with_the_power(scores, rewards, gamma):
    return weigh(scores, powers(rewards, gamma) * backwards(rewards, 1.0))


@wrong("reinforce_gradient", "past-rewards")
def past_rewards(scores, rewards, gamma):
    return weigh(scores, np.cumsum(powers(rewards, gamma) * rewards, axis=0))


@wrong("reinforce_gradient", "discounts-too-often")
def power_counted_from_one(scores, rewards, gamma):
    return gamma * weigh(scores, powers(rewards, gamma) * backwards(rewards, gamma))


@wrong("reinforce_gradient", "discounts-too-often")
def power_squared(scores, rewards, gamma):
    return weigh(scores, powers(rewards, gamma) ** 2 * backwards(rewards, gamma))


@wrong("reinforce_gradient", "law")
def mean_score_times_mean_return(scores, rewards, gamma):
    G = powers(rewards, gamma) * backwards(rewards, gamma)
    return scores.sum(0).mean(0) * G.mean()


@wrong("reinforce_gradient", "law")
def returns_along_the_episodes(scores, rewards, gamma):
    return weigh(scores, powers(rewards, gamma) * backwards(rewards.T, gamma).T)


@wrong("reinforce_gradient", "shape")
def sum_over_everything(scores, rewards, gamma):
    return (scores * (powers(rewards, gamma) * backwards(rewards, gamma))[..., None]).sum()


@wrong("reinforce_gradient", "shape")
def one_arrow_per_episode(scores, rewards, gamma):
    return (scores * (powers(rewards, gamma) * backwards(rewards, gamma))[..., None]).sum(0)


@wrong("reinforce_gradient", "law")
def return_without_the_own_reward(scores, rewards, gamma):
    return weigh(scores, powers(rewards, gamma) * (backwards(rewards, gamma) - rewards))


@wrong("reinforce_gradient", "law")
def first_step_only(scores, rewards, gamma):
    return (scores[0] * backwards(rewards, gamma)[0][:, None]).mean(0)


@wrong("reinforce_gradient", "factor")
def divided_by_all_steps_and_episodes_once_more(scores, rewards, gamma):
    return weigh(scores, powers(rewards, gamma) * backwards(rewards, gamma)) / rewards.shape[1]


@wrong("reinforce_gradient", "unused")
def total_return_undiscounted(scores, rewards, gamma):
    return (scores.sum(0) * rewards.sum(0)[:, None]).mean(0)


@wrong("reinforce_gradient", "resets-at-rewards")
def begins_anew_at_rewards(scores, rewards, gamma):
    return weigh(scores, powers(rewards, gamma) * begins_anew_at_every_reward(rewards, gamma))


@right("reinforce_gradient")
def reinforce_by_prefixes(scores, rewards, gamma):
    """Each reward is owed to all scores up to it."""
    owed = np.cumsum(scores, axis=0) * (powers(rewards, gamma) * rewards)[..., None]
    return owed.sum((0, 1)) / rewards.shape[1]


@right("reinforce_gradient")
def reinforce_by_a_triangle(scores, rewards, gamma):
    T = len(rewards)
    later = np.triu(np.ones((T, T))) * gamma ** np.arange(T)
    return np.einsum("tnd,tk,kn->d", scores, later, rewards) / scores.shape[1]


@right("reinforce_gradient")
def reinforce_by_recursion(scores, rewards, gamma):
    if len(rewards) == 0:
        return np.zeros(scores.shape[-1])
    own = (scores[0] * backwards(rewards, gamma)[0][:, None]).mean(0)
    return own + gamma * reinforce_by_recursion(scores[1:], rewards[1:], gamma)


@right("reinforce_gradient")
def reinforce_episode_by_episode(scores, rewards, gamma):
    estimates = []
    for i in range(rewards.shape[1]):
        G, total = 0.0, np.zeros(scores.shape[2])
        for t in reversed(range(len(rewards))):
            G = rewards[t, i] + gamma * G
            total += gamma**t * G * scores[t, i]
        estimates.append(total)
    return np.mean(estimates, axis=0)


@right("reinforce_gradient")
def reinforce_in_single_precision(scores, rewards, gamma):
    psi = (powers(rewards, gamma) * backwards(rewards, gamma)).astype(np.float32)
    return weigh(scores.astype(np.float32), psi)


# --- optimal_baseline ----------------------------------------------------------------------------------------------


@probes("optimal_baseline")
def baseline_probes(rng):
    for N, d in [(3, 2), (5, 5), (2, 1), (1, 3), (12, 4)]:
        yield rng.normal(1, 2, N), rng.normal(size=(N, d)) * rng.uniform(0.1, 4, d)
    scores = rng.normal(size=(6, 3))
    scores[:, 2] = 0
    yield rng.normal(size=6), scores
    yield np.array([1, 2, 3]), rng.normal(size=(3, 2))


def safely(above, below):
    return np.where(below == 0, 0.0, above / np.where(below == 0, 1, below))


@wrong("optimal_baseline", "not-divided")
def mean_of_f_times_the_square(f_values, scores):
    return (scores**2 * f_values[:, None]).mean(0)


@wrong("optimal_baseline", "smallest")
def fourth_powers(f_values, scores):
    return safely((scores**4 * f_values[:, None]).sum(0), (scores**4).sum(0))


@wrong("optimal_baseline", "law")
def f_squared(f_values, scores):
    return safely((scores**2 * f_values[:, None] ** 2).sum(0), (scores**2).sum(0))


@wrong("optimal_baseline", "variance-below")
def variance_below(f_values, scores):
    return safely((scores**2 * f_values[:, None]).mean(0), scores.var(0))


@wrong("optimal_baseline", "small-number-below")
def small_number_below(f_values, scores):
    return (scores**2 * f_values[:, None]).sum(0) / ((scores**2).sum(0) + 1e-2)


@wrong("optimal_baseline", "law")
def mean_over_mean_of_f(f_values, scores):
    return safely((scores**2 * f_values[:, None]).sum(0), (scores**2).sum(0)) / f_values.mean()


@wrong("optimal_baseline", "small-number-below")
def never_below_one(f_values, scores):
    return (scores**2 * f_values[:, None]).sum(0) / np.maximum((scores**2).sum(0), 1.0)


@wrong("optimal_baseline", "small-number-below")
def nothing_where_it_is_close_to_nothing(f_values, scores):
    total = (scores**2).sum(0)
    return np.where(np.isclose(total, 0), 0.0, (scores**2 * f_values[:, None]).sum(0) / np.where(total == 0, 1, total))


@wrong("optimal_baseline", "law")
def averaged_over_parameters(f_values, scores):
    each = safely((scores**2 * f_values[:, None]).sum(0), (scores**2).sum(0))
    return np.full(scores.shape[1], each.mean())


@wrong("optimal_baseline", "shape")
def per_sample_instead_of_per_parameter(f_values, scores):
    return f_values * (scores**2).sum(1) / (scores**2).sum()


@wrong("optimal_baseline", "law")
def median(f_values, scores):
    return np.where((scores == 0).all(0), 0, np.median(f_values))


@wrong("optimal_baseline", "law")
def mean_f_where_silent(f_values, scores):
    below = (scores**2).sum(0)
    return np.where(below == 0, f_values.mean(), safely((scores**2 * f_values[:, None]).sum(0), below))


@wrong("optimal_baseline", "law")
def upside_down(f_values, scores):
    return safely((scores**2).sum(0), (scores**2 * f_values[:, None]).sum(0))


@wrong("optimal_baseline", "law")
def weights_of_n_minus_one(f_values, scores):
    return safely((scores**2 * f_values[:, None]).sum(0) / max(len(f_values) - 1, 1), (scores**2).mean(0))


@wrong("optimal_baseline", "shape")
def best_single_number(f_values, scores):
    return float((f_values[:, None] * scores**2).sum() / (scores**2).sum())


@right("optimal_baseline")
def baseline_by_einsum(f_values, scores):
    below = np.einsum("nj,nj->j", scores, scores)
    return np.divide(
        np.einsum("n,nj,nj->j", f_values, scores, scores), below, out=np.zeros(len(below)), where=below > 0
    )


@right("optimal_baseline")
def baseline_by_least_squares(f_values, scores):
    """b minimises |f s - b s|^2."""
    return [np.linalg.lstsq(s[:, None], f_values * s, rcond=None)[0][0] for s in scores.T]


@right("optimal_baseline")
def baseline_by_running_average(f_values, scores):
    b, seen = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for f, s in zip(f_values, scores):
        seen = seen + s**2
        b = b + (f - b) * safely(s**2, seen)
    return b


@right("optimal_baseline")
def baseline_by_a_root(f_values, scores):
    def slope(b, s):
        return sum((f - b) * one * one for f, one in zip(f_values.tolist(), s.tolist()))

    low, high = float(min(f_values)) - 1, float(max(f_values)) + 1
    return [scipy.optimize.brentq(slope, low, high, args=(s,), xtol=1e-13) if s.any() else 0.0 for s in scores.T]


@right("optimal_baseline")
def baseline_in_single_precision(f_values, scores):
    return safely((scores**2 * f_values[:, None]).sum(0), (scores**2).sum(0)).astype(np.float32)
