"""Groups of answers to one prompt: what each answer is weighed with, what each of its tokens is, and what that climbs.

P prompts, G answers to each, N = P G answers, T tokens. The direction of a group is (1/G) sum_i A_i score_i, with A the
advantages of `group_advantages` and score_i the whole answer's, the sum over its tokens. For a 0/1 reward with success
rate p its expectation is a weight times the gradient of p, and the weight depends on p alone.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import comb, factorial
from typing import TYPE_CHECKING

import numpy as np

from ._validate import as_array, finite, function, number, numbers, one_of, positive, same_shape, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ._types import Array, ArrayLike

ADVANTAGES = ("none", "mean", "leave_one_out", "std", "successes", "pass@k")
MOST = 10**6  # answers in a group (and groups in a sum over all): beyond, the sums below no longer fit


def group_advantages(rewards: ArrayLike, how: str, k: int | None = None) -> Array:
    """What each answer's score is multiplied by, (P, G) from rewards (P, G), in double precision.

    "none": the reward. "mean": less the group's mean. "leave_one_out": less the mean of the *other* answers. "std":
    less the mean, over the population std (GRPO). "successes": so that only right answers count,
    their mean (0/1 rewards).
    "pass@k": leave-one-out for the unbiased estimate of pass@k (0/1 rewards; k at most G).
    A group whose rewards are all equal gets exactly 0 from "mean", "leave_one_out" and "std",
    whatever the reward's dtype.
    """
    rewards = finite("rewards", rewards, (None, None)).astype(np.float64)
    one_of("how", how, ADVANTAGES)
    G = rewards.shape[1]
    if how == "none":
        return rewards
    if G == 0 or (G == 1 and how == "leave_one_out"):
        raise ValueError(
            f"rewards must hold at least {1 + (how == 'leave_one_out')} answers to each prompt for how={how!r}, got "
            f"shape {rewards.shape}" + (": leaving one out of one leaves nothing to compare with" if G else "")
        )
    if how in ("successes", "pass@k"):
        if not np.isin(rewards, (0, 1)).all():
            raise ValueError(f"rewards must be 0 or 1 for how={how!r}: it counts right answers")
        right = rewards.sum(axis=1, keepdims=True)
        if how == "successes":
            return rewards * G / np.maximum(right, 1)
        if k is None or whole("k", k) > G:
            raise ValueError(f"k must be given and at most the {G} answers of a group for how='pass@k', got {k}")
        alone = np.array([comb(G - int(c), k - 1) / comb(G, k) for c in right.ravel()]).reshape(right.shape)
        return rewards * G * alone  # the share of k-sets in which this answer is the only right one
    shifted = rewards - rewards[:, :1]  # equal rewards are then 0 exactly: the mean of eight times 0.1 is not 0.1
    centred = shifted - shifted.mean(axis=1, keepdims=True)
    if how == "mean":
        return centred
    if how == "leave_one_out":
        return centred * (G / (G - 1))
    largest = np.abs(centred).max(axis=1, keepdims=True)  # in units of it, squares neither overflow nor vanish
    unit = centred / np.where(largest > 0, largest, 1)
    std = np.sqrt(np.square(unit).mean(axis=1, keepdims=True))
    return unit / np.where(largest > 0, std, 1)


def token_weights(advantages: ArrayLike, mask: ArrayLike, how: str, max_len: int | None = None) -> Array:
    """The weight of each token's score, (T, N), from advantages (N,) and mask (T, N), True at tokens of the answer.

    "sum": A / N. "sequence": A / (N T_i), the mean over each answer of its own T_i tokens, then over answers. "token":
    A over the number of all tokens. "constant": A / (N max_len), max_len the same for every batch. 0 outside the mask;
    an empty answer has no token to weigh, and gives 0 everywhere.
    """
    advantages = finite("advantages", advantages, (None,))
    mask = as_array("mask", mask, f"booleans (T, {len(advantages)})")
    if mask.dtype != bool or mask.ndim != 2 or mask.shape[1:] != advantages.shape:
        raise ValueError(
            f"mask must be booleans (T, {len(advantages)}), one column per answer, "
            f"got {mask.dtype} values, shape {mask.shape}"
        )
    one_of("how", how, ("sum", "sequence", "token", "constant"))
    lengths, N = mask.sum(axis=0), max(len(advantages), 1)
    if how == "constant":
        if max_len is None:
            raise ValueError(
                "max_len must be given for how='constant': "
                "the longest answer of this batch would be another constant in each"
            )
        if positive("max_len", max_len) < lengths.max(initial=0):
            raise ValueError(f"max_len must be at least the longest answer, {lengths.max()} tokens, got {max_len}")
    per = {
        "sum": N,
        "sequence": N * np.maximum(lengths, 1),
        "token": max(lengths.sum(), 1),
        "constant": N * (max_len or 1),
    }[how]
    return np.where(mask, advantages / per, 0.0)


def grpo_weight(p: ArrayLike, group_size: int, sample_std: bool = False) -> Any:
    """c_G(p): E[sum_i A_i score_i / G] = c_G(p) grad p for 0/1 rewards with success rate p
    and A divided by the group's std.

    E[sqrt(m (1 - m))] / (p (1 - p)), m the share of right answers among G. Population std (as NumPy's); `sample_std`,
    as the libraries have it, multiplies all of it by sqrt((G - 1) / G). Same shape as p, in [0, 1];
    sqrt(G - 1) at both ends.
    """
    p = _rate(p)
    G = whole("group_size", group_size)
    if G > MOST:
        raise ValueError(
            f"group_size must be at most {MOST:,}, got {G:,}; for larger groups take the limit 1 / sqrt(p (1 - p))"
        )
    k = np.arange(1, G)
    log_terms = np.cumsum(np.log(G + 1 - k) - np.log(k)) + 0.5 * np.log(k * (G - k).astype(float)) - np.log(G)
    with np.errstate(divide="ignore"):
        log_p, log_q = np.log(p), np.log1p(-p)
    power = lambda n, log: np.multiply(n, log, out=np.zeros(n.shape), where=n > 0)  # noqa: E731  0 to the 0 is 1
    found = np.array(
        [np.exp(log_terms + power(k - 1, a) + power(G - k - 1, b)).sum() for a, b in zip(log_p.ravel(), log_q.ravel())]
    )
    return (found.reshape(p.shape) * (np.sqrt((G - 1) / G) if sample_std else 1.0))[()]


def _rate(p: ArrayLike) -> Array:
    p = numbers("p", p)
    if not ((p >= 0) & (p <= 1)).all():  # also refuses NaN
        raise ValueError("p must lie in [0, 1]: it is a success rate")
    return p


def mixed_share(p: ArrayLike, group_size: int) -> Any:
    """1 - p^G - (1 - p)^G: the share of groups that hold a right and a wrong answer, and so have a gradient."""
    p = _rate(p)
    return 1 - p ** whole("group_size", group_size) - (1 - p) ** group_size


def pass_at_k(num_samples: ArrayLike, num_correct: ArrayLike, k: int) -> Any:
    """1 - C(n - c, k) / C(n, k): unbiased for the chance that one of k answers is right, from c right ones of n.

    One number goes with every shape, and else both have as many axes.
    """
    same_shape(num_samples=num_samples, num_correct=num_correct)
    n, c = np.broadcast_arrays(num_samples, num_correct)
    if n.dtype.kind not in "iu" or c.dtype.kind not in "iu" or (c < 0).any() or (c > n).any():
        raise ValueError("num_correct must be whole numbers from 0 to num_samples")
    if (n < whole("k", k)).any():
        raise ValueError(f"num_samples must be at least k = {k}: from fewer answers pass@{k} has no unbiased estimate")
    miss = [
        np.prod(1 - k / np.arange(n_ - c_ + 1, n_ + 1)) if n_ - c_ >= k else 0.0
        for n_, c_ in zip(n.ravel().tolist(), c.ravel().tolist())
    ]
    return (1 - np.array(miss).reshape(n.shape))[()]


def group_moments(
    outcomes: Iterable[tuple[float, float, float, ArrayLike]],
    group_size: int,
    weigh: Callable[[Array, Array], ArrayLike],
) -> tuple[Array, Array]:
    """(mean (d,), variance (d,)) of sum_i weight_i score_i over every group of G answers, exactly.

    outcomes: (probability, reward, length, score (d,)) of each answer there is.
    weigh(rewards (G,), lengths (G,)) -> (G,).
    The order of a group must not matter to `weigh`: each set of answers is visited once.
    Raises ValueError above a million sets.
    """
    probs, rewards, lengths, scores = (
        finite(f"the {name} of outcomes", list(column), shape)
        for name, column, shape in zip(
            ("probabilities", "rewards", "lengths", "scores"), zip(*outcomes), ((None,),) * 3 + ((None, None),)
        )
    )
    G, n = whole("group_size", group_size), len(probs)
    function("weigh", weigh, "(rewards, lengths) -> weights")
    if abs(number("the sum of the probabilities", probs.sum()) - 1) > 1e-9:
        raise ValueError(f"the probabilities of outcomes must sum to one, got {probs.sum():.6g}")
    if comb(n + G - 1, G) > MOST:
        raise ValueError(
            f"group_size must be smaller: {n} answers make {comb(n + G - 1, G):,} sets of {G}, "
            f"more than {MOST:,}; sample instead"
        )
    mean = square = np.zeros(scores.shape[1])
    for members in combinations_with_replacement(range(n), G):
        group = np.array(members)
        ways = factorial(G)
        for count in np.bincount(group):
            ways //= factorial(count)
        weights = numbers("weigh(rewards, lengths)", weigh(rewards[group], lengths[group]))
        if weights.shape != (G,):
            raise ValueError(
                f"weigh(rewards, lengths) must give one weight per answer, shape ({G},), got {weights.shape}"
            )
        x = weights @ scores[group]
        chance = float(ways) * probs[group].prod()
        mean, square = mean + chance * x, square + chance * x**2
    return mean, square - mean**2
