"""What is said of a wrong answer that no known mistake explains: the first remark that fits, in its order."""

from dataclasses import replace

import numpy as np
import pytest

from learning_to_act.checks import check
from learning_to_act.checks.diagnose import diagnose
from learning_to_act.checks.engine import registry
from learning_to_act.checks.exercise import Case
from learning_to_act.checks.runs import run_all
from tests.helpers.checks import GOOD, say


def test_sign_factor_offset():
    right = registry()["corridor_value"].truth
    assert "2 times what is wanted" in say(lambda p: 2 * right(p), "corridor_value")
    assert "1/3 times what is wanted" in say(lambda p: right(p) / 3, "corridor_value")
    assert "off by the same number on every input: +7" in say(lambda p: right(p) + 7, "corridor_value")
    assert "sign is flipped" in say(lambda z: -GOOD(z))
    q = registry()["epsilon_greedy_probs"].truth
    assert "A times too small" in say(lambda q_values, e: q(q_values, e) / len(q_values), "epsilon_greedy_probs")
    assert "A times too large" in say(lambda q_values, e: q(q_values, e) * len(q_values), "epsilon_greedy_probs")


def test_transpose_is_noticed():
    message = say(lambda z: GOOD(z).T)
    assert "(3, 4)" in message and "(4, 3)" in message and "transpose" in message


def test_only_one_index():
    def first(z):
        p = GOOD(z).copy()
        p[..., 1:] = p[..., 1:] ** 2 + 0.013
        return p

    def last(z):
        p = GOOD(z).copy()
        p[..., :-1] = p[..., :-1] ** 2 + 0.013
        return p

    def but_first(z):
        p = GOOD(z).copy()
        p[..., 0] = p[..., 0] ** 2 + 0.013
        return p

    assert "only the first action is right" in say(first)
    assert "only the last action is right" in say(last)
    assert "every action but the first is right" in say(but_first)


def test_shapes_with_an_axis_of_length_one():
    assert "Take the number out" in say(lambda policy, payoff: np.ones(1), "worst_case_loss")
    assert "Drop the axis of length 1" in say(lambda P, R, policy, gamma: np.ones((len(R), 1)), "state_values")


def test_an_if_on_an_array_is_explained():
    assert "np.where chooses" in say(lambda p: 1.0 if p < 0.5 else 2.0, "corridor_value")


def test_rounded_to_a_few_decimals():
    for decimals, words in ((1, "1 decimal."), (2, "2 decimals.")):
        for name in ("softmax", "surrogate", "kl_step", "optimal_policy"):
            message = say(lambda *args, name=name, d=decimals: np.round(registry()[name].truth(*args), d), name)
            assert f"rounded to {words}" in message and "print" in message


def test_what_cannot_be_said_of_an_array_is_not_said():
    """Right but for a table, which comes transposed: no argument is 0 anywhere."""
    truth = registry()["pass_at_k"].truth
    message = say(lambda n, c, k: np.asarray(truth(n, c, k)).T, "pass_at_k")
    assert "is 0" not in message and "a table" in message


def test_an_argument_that_counts_by_its_rows_or_its_sum_is_not_called_unused():
    """Both answers are wrong and move with the argument: any() over its rows, and its mean."""

    def any_column(rewards, values, next_values, terminated, truncated, gamma):
        over = terminated.any(axis=1, keepdims=True)
        return rewards + gamma * np.where(over, 0, next_values) - values

    assert "is not used" not in say(any_column, "td_errors")
    means = lambda new, old, A: np.mean(new) ** 3 * np.mean(A)  # noqa: E731
    assert "when old_log_probs changes" in say(means, "surrogate")
    assert "is not used" not in say(lambda new, old, A: np.mean(new) ** 3 * np.mean(A) + np.mean(old), "surrogate")


def test_min_of_arrays_and_math_of_arrays_get_advice():
    from math import comb

    assert "np.minimum" in say(lambda new, old, A, eps: min(np.exp(new - old) * A, A), "clip_objective")
    assert "NumPy works on all" in say(lambda n, c, k: 1 - comb(n - c, k) / comb(n, k), "pass_at_k")


def test_min_for_minimum_is_not_called_a_function_of_math():
    message = say(lambda new, old, A, eps: np.min(np.exp(new - old) * A, A), "clip_objective")
    assert "np.minimum and np.maximum compare two arrays" in message and "float(...)" not in message


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda new, old, A: (new - old).exp().mean(), "no method exp, as PyTorch's tensors do: np.exp(...)"),
        (lambda new, old, A: (new - old).clamp(-1, 1), "no method clamp, as PyTorch's tensors do: np.clip(...)"),
        (lambda new, old, A: np.mean(A, dim=0), "NumPy says axis where PyTorch says dim"),
        (lambda new, old, A: A.std(unbiased=False), "NumPy says ddof where PyTorch says unbiased"),
        (lambda new, old, A: old.detach(), "not PyTorch's tensors"),
    ],
)
def test_words_of_pytorch_are_told_numpys(function, words):
    assert words in say(function, "surrogate")


def test_a_function_taken_for_a_matrix_is_named():
    for function in (lambda A, b, k: A @ b, lambda A, b, k: np.linalg.solve(A, b), lambda A, b, k: A.dot(b)):
        assert "is a function, not a matrix: call it, matvec(v)" in say(function, "conjugate_gradient")
    for function in (lambda A, b, k: b.exp(), lambda A, b, k: b.shape.x, lambda A, b, k: b + "x"):
        assert "matrix" not in say(function, "conjugate_gradient")


@pytest.mark.parametrize("made", [lambda r: np.zeros_like(r), lambda r: r.copy()])
def test_results_cut_to_whole_numbers_are_told_before_any_law(made):
    def gae(rewards, values, next_values, terminated, truncated, gamma, lam):
        out = made(rewards)
        out[...] = registry()["gae"].truth(rewards, values, next_values, terminated, truncated, gamma, lam)
        return out

    message = say(gae, "gae")
    assert message.startswith("Right, except where rewards holds whole numbers") and "dtype" in message


def test_whole_numbers_by_chance_are_not_given_as_the_reason():
    """Nothing is right because of integers: here 3 and 1 lie as far from each other as by another rule."""
    cases = [*registry()["optimal_policy"].cases(np.random.default_rng(0))[:4]]
    cases.append(Case("whole rewards", (np.array([0.1, 0.9]), np.array([3, 1]), 2)))
    one = replace(registry()["optimal_policy"], cases=lambda rng: cases)
    runs = run_all(
        lambda q, r, beta: one.truth(q, (r - r.mean(-1, keepdims=True)) / r.std(-1, keepdims=True), beta), one
    )
    assert [run.right for run in runs] == [False] * 4 + [True]
    assert "whole numbers" not in diagnose(runs, one)[1]


def test_one_factor_for_a_whole_table_is_not_called_one_of_each_row():
    right = registry()["leave_one_out_advantages"].truth
    message = say(lambda r: right(r) / r.shape[1] ** 0.5, "leave_one_out_advantages")
    assert "one factor for all of them" in message and "each prompt" not in message
    assert "each prompt has a factor of its own" in say(
        lambda r: right(r) * (1 + abs(right(r)).max(1, keepdims=True)), "leave_one_out_advantages"
    )


def test_of_a_large_table_that_is_wrong_alone_a_number_is_shown():
    right = registry()["leave_one_out_advantages"].truth
    message = say(lambda r: np.clip(right(r), -50, 50), "leave_one_out_advantages")
    assert 'wrong only on "large rewards"' in message and "Furthest off, at index" in message and "got    50" in message


def test_a_mistake_with_other_holes_is_not_named():
    """The known one gives NaN for every answer of that prompt, this one for the impossible answer alone."""

    def optimal_policy(ref_probs, rewards, beta):
        out = np.array(registry()["optimal_policy"].truth(ref_probs, rewards, beta))
        best = np.max(rewards, axis=-1, keepdims=True)
        out[(np.asarray(ref_probs) == 0) & (rewards == best) & (best > 1000)] = np.nan
        return out

    assert "You subtract the largest reward" not in say(optimal_policy, "optimal_policy")


def test_what_is_too_large_comes_after_what_is_wrong():
    assert "shape is wrong" in say(lambda s, w, v: (s.T * w) @ s, "fisher_vector_product")
    assert "12,000 x 12,000" in say(lambda s, w, v: (s.T * w) @ s @ v, "fisher_vector_product")


def test_infinity_written_as_a_number_is_told():
    message = say(lambda v, r: np.nan_to_num(1 - np.var(r - v) / np.var(r)), "explained_variance")
    assert "np.nan_to_num writes it for infinity" in message and "a sum without bound" not in message


def test_precision():
    assert "three digits, but not to six" in say(lambda z: np.round(GOOD(z), 4))
    assert "three digits, but not to six" in say(
        lambda z: np.round(GOOD(z) * (1 + 1e-5 * np.sin(np.arange(np.shape(z)[-1]))), 16)
    )


def test_smallest_failing_input_side_by_side():
    def corridor_value(p):
        return registry()["corridor_value"].truth(p) * (1 + np.asarray(p)) + 3

    message = say(corridor_value, "corridor_value")
    assert (
        "wanted" in message
        and "got" in message
        and "p_right = 0.5" in message
        and "Stuck? hint(corridor_value)" in message
    )


def test_infinity_names_the_input():
    def softmax(logits):
        return GOOD(logits) / (logits.ndim == 1) - 0 * logits

    message = say(softmax)
    assert "NaN" in message or "infinity" in message
    assert "a batch of four rows" in message


@pytest.mark.parametrize("name", ["surrogate", "kl_loss_weights"])
def test_numbers_are_not_infinite_where_large_ones_are_wanted(name):
    """e^50 is wanted of one, 1e13 of the other: half of it is a factor, and not "not finite"."""
    truth = registry()[name].truth
    message = say(lambda *args: truth(*args) / 2, name)
    assert "1/2 times what is wanted" in message and "finite" not in message

    assert "huge numbers" in say(lambda *args: truth(*args) + 1e30, name)


def test_more_than_one_answer_is_called_so():
    truth = registry()["surrogate"].truth
    for more in (
        lambda new, old, A: (truth(new, old, A), np.exp(new - old)),
        lambda new, old, A: (new, old),
        lambda new, old, A: (truth(new, old, A), 1.0),
    ):
        assert "a tuple of 2 things, where one answer belongs" in say(more, "surrogate")
    assert "shape (2,), wanted is (3,)" in say(lambda z: tuple(registry()["softmax"].truth(z))[:2])  # too few numbers
    assert "a ragged list" in say(lambda z: [[1.0], [1.0, 2.0]])
    softmax = registry()["softmax"].truth
    assert check(lambda z: tuple(softmax(z)), "softmax")  # a tuple of the numbers that were asked for is one answer


def test_an_array_where_one_number_was_expected_gets_advice():
    def corridor_value(p):
        return float((2 * p - 4) / (p * (1 - p)))

    assert "take one number, and this is an array" in say(corridor_value, "corridor_value")
