"""Returns against double sums written out."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import policy_gradient as pg
from tests.helpers.properties import GAMMA, arrays


@pytest.mark.parametrize("shape", [(6,), (6, 3), (5, 2, 2), (0,), (0, 4), (1, 2)])
@pytest.mark.parametrize("gamma", [0, 0.7, 1])
def test_returns_are_the_sums_that_define_them(shape, gamma):
    rewards, T = np.random.default_rng(0).normal(size=shape), shape[0]
    to_go = [sum((gamma ** (k - t) * rewards[k] for k in range(t, T)), np.zeros(shape[1:])) for t in range(T)]
    assert pg.reward_to_go(rewards, gamma).shape == shape
    np.testing.assert_allclose(pg.reward_to_go(rewards, gamma), np.reshape(to_go, shape), atol=1e-14)
    total = sum((gamma**t * rewards[t] for t in range(T)), np.zeros(shape[1:]))
    np.testing.assert_allclose(pg.total_return(rewards, gamma), total, atol=1e-14)


def test_discounts_start_at_one_even_without_patience():
    np.testing.assert_array_equal(pg.discounts(3, 0), [1, 0, 0])
    np.testing.assert_array_equal(pg.discounts(3, 0.5), [1, 0.5, 0.25])


def test_integer_rewards_are_not_truncated():
    np.testing.assert_allclose(pg.reward_to_go([1, 1], 0.5), [1.5, 1])


@pytest.mark.parametrize(
    "rewards, gamma, error, says",
    [
        ([1.0, np.nan], 0.5, ValueError, "rewards must be finite"),
        (3.0, 0.5, ValueError, "rewards must have time"),
        ([[1.0], ["x"]], 0.5, TypeError, "rewards"),
        ([1.0], 1.5, ValueError, "gamma"),
        ([1.0], None, TypeError, "gamma"),
    ],
)
@pytest.mark.parametrize("function", [pg.reward_to_go, pg.total_return])
def test_bad_input_is_named(function, rewards, gamma, error, says):
    with pytest.raises(error, match=says):
        function(rewards, gamma)


REWARDS = st.tuples(st.integers(0, 6), st.sampled_from([(), (1,), (3,), (0,), (2, 2)])).flatmap(
    lambda s: arrays((s[0],) + s[1], 100)
)


@given(st.lists(st.integers(-20, 20), max_size=7), st.fractions(0, 1, max_denominator=16))
def test_returns_are_those_of_exact_fractions(rewards, gamma):
    exact = [
        sum((gamma ** (k - t) * rewards[k] for k in range(t, len(rewards))), Fraction(0)) for t in range(len(rewards))
    ]
    np.testing.assert_allclose(
        pg.reward_to_go(rewards, float(gamma)), [float(g) for g in exact], rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(
        pg.total_return(rewards, float(gamma)), float(exact[0]) if rewards else 0, rtol=1e-12, atol=1e-12
    )
    np.testing.assert_allclose(
        pg.discounts(len(rewards), float(gamma)), [float(gamma**t) for t in range(len(rewards))], rtol=1e-12
    )


@given(REWARDS, GAMMA)
def test_returns_of_any_shape_are_linear_and_agree_at_the_start(rewards, gamma):
    returns = pg.reward_to_go(rewards, gamma)
    total = pg.total_return(rewards, gamma)
    assert returns.shape == rewards.shape and total.shape == rewards.shape[1:]
    np.testing.assert_allclose(pg.reward_to_go(-2 * rewards, gamma), -2 * returns, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(returns[0] if len(rewards) else np.zeros(total.shape), total, rtol=1e-10, atol=1e-10)
    for where in np.ndindex(rewards.shape[1:]):
        np.testing.assert_array_equal(
            returns[(slice(None), *where)], pg.reward_to_go(rewards[(slice(None), *where)], gamma)
        )
