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
