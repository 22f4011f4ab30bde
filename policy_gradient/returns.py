"""Returns from rewards. Time is the first axis: rewards (T,) or (T, N, ...), with zeros after an episode's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import discount, finite, whole

if TYPE_CHECKING:
    from ._types import Array, ArrayLike


def discounts(num_steps: int, gamma: float) -> Array:
    """gamma^t for t = 0 .. num_steps - 1, (num_steps,); 1 at t = 0 even if gamma is 0."""
    return discount(gamma) ** np.arange(whole("num_steps", num_steps, 0))


def total_return(rewards: ArrayLike, gamma: float) -> Array:
    """G_0 = sum_t gamma^t r_t, (T, ...) -> (...)."""
    rewards = _rewards(rewards)
    return np.tensordot(discounts(len(rewards), gamma), rewards, axes=1)


def reward_to_go(rewards: ArrayLike, gamma: float) -> Array:
    """G_t = sum_{k >= t} gamma^(k-t) r_k, the shape of rewards: discounted from t, in linear time."""
    rewards, gamma = _rewards(rewards), discount(gamma)
    returns = np.empty(rewards.shape)
    following = np.zeros(rewards.shape[1:])
    for t in reversed(range(len(rewards))):
        returns[t] = following = rewards[t] + gamma * following
    return returns


def _rewards(rewards: ArrayLike) -> Array:
    rewards = finite("rewards", rewards)
    if rewards.ndim == 0:
        raise ValueError("rewards must have time as their first axis, got a single number")
    return rewards.astype(np.float64, copy=False)
