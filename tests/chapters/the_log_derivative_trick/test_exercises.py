"""Chapter 3: right answers in different styles pass; slow ones are told that they are right but slow."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize
import scipy.signal
import scipy.special
import scipy.stats

import policy_gradient as pg
from learning_to_act.checks import check, engine
from learning_to_act.checks.engine import registry

EXERCISES = registry()


def bernoulli_plain(theta, x):
    return x - 1 / (1 + np.exp(-theta))


def bernoulli_scipy(theta, x):
    return x - scipy.special.expit(theta)


def bernoulli_lists(theta, x):
    p = math.exp(min(theta, 0)) / (1 + math.exp(-abs(theta)))
    if np.ndim(x) > 1:
        return [bernoulli_lists(theta, row) for row in x]
    return [1 - p if one else -p for one in x]


def bernoulli_float32(theta, x):
    return (np.asarray(x) - scipy.special.expit(theta)).astype(np.float32)


def estimate_vectorised(f_values, scores, baseline=0.0):
    return ((f_values[:, None] - baseline) * scores).mean(0)


def estimate_matrix_product(f_values, scores, baseline=0.0):
    return (f_values @ scores - baseline * scores.sum(0)) / len(scores)


def estimate_loops(f_values, scores, baseline=0.0):
    N, d = scores.shape
    b = [baseline] * d if np.ndim(baseline) == 0 else list(baseline)
    return [sum((f_values[i] - b[j]) * scores[i][j] for i in range(N)) / N for j in range(d)]


def returns_backwards(rewards, gamma):
    out, following = np.zeros(rewards.shape), 0.0
    for t in reversed(range(len(rewards))):
        out[t] = following = rewards[t] + gamma * following
    return out


def returns_list(rewards, gamma):
    if len(rewards) == 0:
        return np.zeros(rewards.shape)
    out = [rewards[-1]]
    for reward in rewards[-2::-1]:
        out.append(reward + gamma * out[-1])
    return out[::-1]


def returns_filter(rewards, gamma):
    if len(rewards) == 0:
        return rewards
    return scipy.signal.lfilter([1], [1, -gamma], rewards[::-1], axis=0)[::-1]


def returns_package(rewards, gamma):
    return pg.reward_to_go(rewards, gamma)


def log_prob_by_hand(logits, actions):
    z = logits - logits.max(1, keepdims=True)
    return (z[np.arange(len(actions)), actions] - np.log(np.exp(z).sum(1))).sum()


def log_prob_scipy(logits, actions):
    return np.take_along_axis(scipy.special.log_softmax(logits, axis=1), actions[:, None], 1).sum()


def log_prob_loops(logits, actions):
    total = 0
    for row, action in zip(logits, actions):
        top = max(row)
        total += row[action] - top - math.log(sum(math.exp(z - top) for z in row))
    return total


def reinforce_vectorised(scores, rewards, gamma):
    psi = gamma ** np.arange(len(rewards))[:, None] * returns_backwards(rewards, gamma)
    return np.einsum("tnd,tn->d", scores, psi) / rewards.shape[1]


def reinforce_discounted_rewards(scores, rewards, gamma):
    paid = gamma ** np.arange(len(rewards))[:, None] * rewards
    to_go = paid[::-1].cumsum(0)[::-1]
    return (scores * to_go[:, :, None]).sum(0).mean(0)


def reinforce_loops(scores, rewards, gamma):
    T, N, d = scores.shape
    total = [0.0] * d
    for i in range(N):
        for t in range(T):
            weight = sum(gamma**k * rewards[k, i] for k in range(t, T))
            for j in range(d):
                total[j] += weight * scores[t, i, j] / N
    return total


def baseline_vectorised(f_values, scores):
    below = (scores**2).sum(0)
    return (scores**2 * f_values[:, None]).sum(0) / np.where(below == 0, 1, below)


def baseline_average(f_values, scores):
    return [np.average(f_values, weights=s**2) if s.any() else 0.0 for s in scores.T]


def baseline_fractions(f_values, scores):
    out = []
    for column in scores.T:
        weights = [Fraction(float(s)) ** 2 for s in column]
        below = sum(weights)
        out.append(sum(w * Fraction(float(f)) for w, f in zip(weights, f_values)) / below if below else 0)
    return out


RIGHT = {
    "bernoulli_score": [bernoulli_plain, bernoulli_scipy, bernoulli_lists, bernoulli_float32],
    "score_function_gradient": [estimate_vectorised, estimate_matrix_product, estimate_loops],
    "discounted_returns": [returns_backwards, returns_list, returns_filter, returns_package],
    "trajectory_log_prob": [log_prob_by_hand, log_prob_scipy, log_prob_loops],
    "reinforce_gradient": [reinforce_vectorised, reinforce_discounted_rewards, reinforce_loops],
    "optimal_baseline": [baseline_vectorised, baseline_average, baseline_fractions],
}


@pytest.mark.parametrize(
    "name, function",
    [(name, one) for name, many in RIGHT.items() for one in many],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_right_answers_pass_whatever_their_style(name, function):
    result = check(function, name)
    assert result.passed and result.mistake is None, result.message


def test_truths_against_scipy():
    for case, (wanted,) in EXERCISES["bernoulli_score"].problems:
        theta, x = case.args
        np.testing.assert_allclose(wanted, x - scipy.special.expit(theta), atol=1e-15)
    for case, (wanted,) in EXERCISES["trajectory_log_prob"].problems:
        np.testing.assert_allclose(wanted, log_prob_scipy(*case.args), rtol=1e-12, atol=1e-12)


def test_the_optimal_baseline_is_where_a_minimiser_lands():
    for case, (wanted,) in EXERCISES["optimal_baseline"].problems:
        f, scores = case.args
        for s, b in zip(scores.T, wanted):
            if s.any():
                found = scipy.optimize.minimize_scalar(lambda b: np.mean((f - b) ** 2 * s**2), tol=1e-12)
                assert found.x == pytest.approx(b, abs=1e-6)


def test_reinforce_is_the_exact_gradient_when_every_trajectory_is_there():
    """All eight trajectories of two doors, each with its probability: the estimate is the theorem's gradient."""
    doors, policy = pg.two_doors(), pg.TabularSoftmax(3, 2)
    theta = np.array([0.3, -0.2, 0.7, 0.4, 0.0, 0.0])
    total, mass = 0, 0
    for actions in np.ndindex(2, 2, 2):
        s, probability, scores, rewards = int(doors.rho.argmax()), 1.0, [], []
        for a in actions:
            seen = doors.obs[s]
            probability *= policy.probs(theta, seen)[a]
            scores.append(policy.score(theta, seen, a))
            rewards.append(doors.R[s, a])
            s = int(doors.P[s, a].argmax())
        gradient = EXERCISES["reinforce_gradient"].truth(
            np.array(scores)[:, None], np.array(rewards)[:, None], doors.gamma
        )
        total, mass = total + probability * gradient, mass + probability
    assert mass == pytest.approx(1)
    np.testing.assert_allclose(total, pg.exact_gradient(doors, policy, theta), atol=1e-12)


def test_quadratic_returns_are_right_but_slow(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 1.0)

    def discounted_returns(rewards, gamma):
        return np.array(
            [sum(gamma ** (k - t) * rewards[k] for k in range(t, len(rewards))) for t in range(len(rewards))]
        ).reshape(rewards.shape)

    result = check(discounted_returns)
    assert (
        result.mistake == "too-slow"
        and result.message.startswith("Right, but")
        and "Begin at the end" in result.message
    )


def test_a_slow_mistake_is_still_that_mistake(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 1.0)

    def discounted_returns(rewards, gamma):
        return np.array(
            [sum(gamma**k * rewards[k] for k in range(t, len(rewards))) for t in range(len(rewards))]
        ).reshape(rewards.shape)

    assert check(discounted_returns).mistake == "discounted-from-zero"


def test_running_out_of_memory_is_said_kindly():
    def discounted_returns(rewards, gamma):
        if len(rewards) > 1000:
            raise MemoryError
        return returns_backwards(rewards, gamma)

    assert check(discounted_returns).mistake == "too-slow"
