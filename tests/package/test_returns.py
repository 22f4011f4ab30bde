"""Returns against double sums written out."""

import numpy as np
import pytest

import policy_gradient as pg


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
