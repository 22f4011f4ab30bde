"""Chapter 1: right answers in different styles pass; wrong ones of every kind get the remark that fits."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.special

from learning_to_act.checks import check
from learning_to_act.checks.engine import registry


def softmax_vectorised(logits):
    z = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def softmax_scipy(logits):
    return scipy.special.softmax(logits, axis=-1)


def softmax_float32(logits):
    z = np.asarray(logits, np.float32)
    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def softmax_lists(logits):
    if np.ndim(logits) > 1:
        return [softmax_lists(row) for row in logits]
    top = max(logits)
    weights = [math.exp(z - top) for z in logits]
    return [w / math.fsum(weights) for w in weights]


def softmax_by_ratios(logits):
    """No maximum at all: 1 / sum of exp of differences."""
    z = np.asarray(logits, float)
    with np.errstate(all="ignore"):
        differences = np.where(np.isneginf(z)[..., None, :], -np.inf, z[..., None, :] - z[..., :, None])
        return np.where(np.isneginf(z), 0, 1 / np.exp(differences).sum(-1))


def epsilon_vectorised(q_values, epsilon):
    best = q_values == q_values.max()
    return epsilon / q_values.size + (1 - epsilon) * best / best.sum()


def epsilon_loops(q_values, epsilon):
    top = max(q_values)
    ties = sum(1 for q in q_values if q == top)
    return [epsilon / len(q_values) + ((1 - epsilon) / ties if q == top else 0.0) for q in q_values]


def epsilon_fractions(q_values, epsilon):
    top, e = max(q_values), Fraction(epsilon)
    ties = list(q_values).count(top)
    return [e / len(q_values) + (1 - e) * Fraction(int(q == top), ties) for q in q_values]


def epsilon_float32(q_values, epsilon):
    p = np.full(len(q_values), epsilon / len(q_values), np.float32)
    best = np.flatnonzero(q_values == np.max(q_values))
    p[best] += (1 - epsilon) / len(best)
    return p


def worst_vectorised(policy, payoff):
    return -(policy @ payoff).min()


def worst_loops(policy, payoff):
    losses = []
    for b in range(payoff.shape[1]):
        loss = 0.0
        for a in range(payoff.shape[0]):
            loss -= policy[a] * payoff[a][b]
        losses.append(loss)
    return max(losses)


def worst_einsum_float32(policy, payoff):
    return np.einsum("a,ab->b", policy.astype(np.float32), -payoff.astype(np.float32)).max()


def corridor_formula(p_right):
    return (2 * p_right - 4) / (p_right * (1 - p_right))


def corridor_solve(p_right):
    values = []
    for p in np.ravel(p_right):
        q = 1 - p
        A = [[1 - q, -p, 0], [-p, 1, -q], [0, -q, 1]]
        values.append(np.linalg.solve(A, [-1, -1, -1])[0])
    return np.reshape(values, np.shape(p_right))


def corridor_substituted(p_right):
    """By hand: v2 = -1 + q v1, v1 = -1 + p v0 + q v2, v0 = -1/p + v1."""
    q = 1 - p_right
    a, b = -(1 + q) / (1 - q * q), p_right / (1 - q * q)
    return (-1 / p_right + a) / (1 - b)


def bins_ceil(num_dims, action_range, tolerance):
    return max(1, math.ceil(action_range / (2 * tolerance))) ** num_dims


def bins_floor_division(num_dims, action_range, tolerance):
    return max(1, int(-(-action_range // (2 * tolerance)))) ** num_dims


def bins_prod(num_dims, action_range, tolerance):
    return math.prod([max(1, int(np.ceil(action_range / 2 / tolerance)))] * num_dims)


RIGHT = {
    "softmax": [softmax_vectorised, softmax_scipy, softmax_float32, softmax_lists, softmax_by_ratios],
    "epsilon_greedy_probs": [epsilon_vectorised, epsilon_loops, epsilon_fractions, epsilon_float32],
    "worst_case_loss": [worst_vectorised, worst_loops, worst_einsum_float32],
    "corridor_value": [corridor_formula, corridor_solve, corridor_substituted],
    "bins_needed": [bins_ceil, bins_floor_division, bins_prod],
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


def test_truths_against_scipy_and_the_closed_form():
    softmax, corridor = registry()["softmax"], registry()["corridor_value"]
    for case, (wanted,) in softmax.problems:
        np.testing.assert_allclose(wanted, scipy.special.softmax(case.args[0].astype(float), axis=-1), rtol=1e-13)
    for case, (wanted,) in corridor.problems:
        np.testing.assert_allclose(wanted, corridor_formula(np.asarray(case.args[0])), rtol=1e-9)


def test_worst_case_loss_is_what_a_linear_program_says():
    """The best reply, found by a solver over mixed replies instead of by trying the pure ones."""
    from scipy.optimize import linprog

    for case, (wanted,) in registry()["worst_case_loss"].problems:
        policy, payoff = case.args
        B = payoff.shape[1]
        reply = linprog(policy @ payoff, A_eq=np.ones((1, B)), b_eq=[1], bounds=(0, 1))
        assert wanted == pytest.approx(-reply.fun, abs=1e-9)


def test_overflow_is_recognised_in_plain_python_too():
    def softmax(logits):  # math.exp raises where np.exp gives inf
        if np.ndim(logits) > 1:
            return [softmax(row) for row in logits]
        weights = [math.exp(z) for z in logits]
        return [w / sum(weights) for w in weights]

    assert check(softmax).mistake == "no-max-subtraction"


def test_a_float_that_was_rounded_to_an_int_is_still_the_float_mistake():
    def bins_needed(num_dims, action_range, tolerance):
        return int(max(1.0, np.ceil(action_range / (2 * tolerance))) ** num_dims)

    assert check(bins_needed).mistake == "float"


def test_numpy_integers_are_whole_numbers_too():
    def bins_needed(num_dims, action_range, tolerance):
        return np.int64(max(1, math.ceil(action_range / (2 * tolerance)))) ** np.int64(num_dims)

    assert check(bins_needed).mistake == "integer-overflow"
