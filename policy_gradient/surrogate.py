"""What new parameters are worth by old data: probability ratios, the surrogate, the clip and estimates of the KL.

All act on arrays (...) of samples. `log_ratio` is log pi_new(a|s) - log pi_old(a|s).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import NotFinite, finite, number, same_shape

if TYPE_CHECKING:
    from ._types import Array, ArrayLike


def ratios(log_probs: ArrayLike, old_log_probs: ArrayLike) -> Array:
    """pi_new / pi_old, (...). Raises NotFinite where a ratio is too large for a float:
    the old data say nothing any more."""
    new, old = finite("log_probs", log_probs), finite("old_log_probs", old_log_probs)
    if new.shape != old.shape:
        same_shape(log_probs=new, old_log_probs=old)
    with np.errstate(over="ignore"):
        ratio = np.exp(new - old)
    if not np.isfinite(ratio).all():
        largest = float(np.max(new - old))
        raise NotFinite(
            f"ratios overflow: an action has become exp({largest:.0f}) times as likely as when it was drawn. "
            "Take smaller steps, or fewer epochs"
        )
    return ratio


def surrogate(ratio: ArrayLike, advantages: ArrayLike) -> float:
    """Mean of ratio times advantage, a float: the surrogate objective up to a constant
    (Schulman et al. 2015, eq. 14)."""
    same_shape(ratio=ratio, advantages=advantages)
    return float(np.mean(finite("ratio", ratio) * finite("advantages", advantages)))


def clip_objective(ratio: ArrayLike, advantages: ArrayLike, low: float = 0.8, high: float = 1.2) -> Array:
    """min(ratio A, clip(ratio, low, high) A) of each sample, (...) (Schulman et al. 2017, eq. 7)."""
    r, A = _samples(ratio, advantages, low, high)
    return np.minimum(r * A, np.clip(r, low, high) * A)


def clip_weights(ratio: ArrayLike, advantages: ArrayLike, low: float = 0.8, high: float = 1.2) -> Array:
    """The weight of each score in the gradient of `clip_objective`, (...): ratio times A, or 0.

    It is 0 where the sample has already moved the way it wanted and beyond the edge: ratio > high with A > 0,
    ratio < low with A < 0. An edge counts as inside. low = 0, high = inf is the surrogate without a clip.
    """
    r, A = _samples(ratio, advantages, low, high)
    return np.where(np.where(A > 0, r <= high, r >= low), r * A, 0.0)


def kl_estimates(log_ratio: ArrayLike) -> tuple[Array, Array, Array]:
    """(k1, k2, k3), each (...): estimates of KL(old || new) from actions that the old policy drew (Schulman 2020).

    k1 = -log r, k2 = (log r)^2 / 2, k3 = r - 1 - log r. k1 and k3 have the right mean; k2 and k3 are never negative.
    """
    log_r = finite("log_ratio", log_ratio)
    with np.errstate(over="ignore"):
        return -log_r, log_r**2 / 2, np.expm1(log_r) - log_r


def normalised(advantages: ArrayLike) -> Array:
    """Advantages less their mean, over their standard deviation (ddof 0), (n,).
    All equal, they become zeros: nothing to learn."""
    each = finite("advantages", advantages)
    centred = each - each.mean() if each.size else each
    spread = centred.std() if centred.size else 0.0
    return centred / spread if spread > 1e-10 * max(1.0, abs(each).max(initial=0)) else np.zeros_like(centred)


def _samples(ratio, advantages, low, high):
    ratio, advantages = finite("ratio", ratio), finite("advantages", advantages)
    if ratio.shape != advantages.shape:  # asked first: PPO comes here for every minibatch
        same_shape(ratio=ratio, advantages=advantages)
    if not 0 <= number("low", low) <= 1 <= number("high", high):
        raise ValueError(f"low and high must lie on both sides of 1 with low at least 0, got {low} and {high}")
    return ratio, advantages
