"""The one way to ask for a policy, and the short words for what came instead."""

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient import _validate
from policy_gradient._validate import policy, short


def test_a_policy_with_all_the_methods_comes_back():
    tabular = pg.TabularSoftmax(2, 2)
    assert policy(tabular, "sample", "weighted_score", "probs") is tabular


@pytest.mark.parametrize(
    "value, methods, said",
    [
        (3, ["sample"], "policy must be a policy with a method sample(theta, obs, rng), got 3, which has no sample"),
        (
            pg.LinearGaussian(2),
            ["mean", "probs"],
            "policy must be a policy with methods mean(theta, obs) and probs(theta, obs), got "
            "a LinearGaussian, which has no probs",
        ),
        (
            pg.TabularSoftmax,
            ["score"],
            "policy must be a policy with a method score(theta, obs, actions), got the class TabularSoftmax "
            "itself: make one of it",
        ),
    ],
)
def test_what_is_no_policy_is_named(value, methods, said):
    with pytest.raises(TypeError) as error:
        policy(value, *methods)
    assert str(error.value) == said


def test_the_words_of_the_caller_are_used():
    with pytest.raises(TypeError, match="^actor must be a softmax policy, got None, which has no probs"):
        policy(None, "probs", name="actor", what="a softmax policy")


@pytest.mark.parametrize(
    "value, words",
    [
        (3, "3"),
        ("abc", "'abc'"),
        (np.zeros((2, 3)), "an array of float64 values, shape (2, 3)"),
        (list(range(99)), "a list"),
        (object(), "a object"),
        (np.float64(2), "np.float64(2.0)"),
    ],
)
def test_what_came_is_said_in_few_words(value, words):
    assert short(value) == words and _validate._short is short


@pytest.mark.parametrize(
    "check, wrong, said",
    [
        (_validate.number, [[1], [2, 3]], "x must be a number, got [[1], [2, 3]]"),
        (_validate.number, np.array([1.0]), "x must be a number, got an array of float64 values, shape (1,)"),
        (_validate.number, np.array(True), "x must be a number, got array(True)"),
        (_validate.positive, [[1], [2, 3]], "x must be a positive number, got [[1], [2, 3]]"),
        (_validate.finite_number, np.nan, "x must be finite, got nan"),
        (_validate.not_negative, -0.5, "x must be at least 0, got -0.5"),
        (_validate.not_negative, np.inf, "x must be finite, got inf"),
        (_validate.as_array, [[1], [2, 3]], "x must be an array of numbers, got [[1], [2, 3]]"),
        (lambda name, value: _validate.one_of(name, value, ("a", "b")), ["a"], "x must be one of a, b, got ['a']"),
        (lambda name, value: _validate.one_of(name, value, {"a": 1}), {}, "x must be one of a, got {}"),
        (lambda name, value: _validate.flags(name, value, (1,)), [1], "x must be an array of bool, shape (1,), got"),
        (lambda name, value: _validate.positive(name, value, or_inf=True), -np.inf, "x must be positive, inf for none"),
    ],
)
def test_what_is_refused_is_named(check, wrong, said):
    with pytest.raises((TypeError, ValueError)) as error:
        check("x", wrong)
    assert str(error.value).startswith(said)
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_one_number_is_one_of_any_kind():
    for value in (2, 2.5, np.float32(2), np.int8(2), np.array(2.0), True, np.inf):
        assert _validate.number("x", value) is value
    assert _validate.positive("x", np.inf, or_inf=True) == np.inf
