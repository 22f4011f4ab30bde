"""One estimator of the policy gradient; the classical ones differ only in the weight `psi` of each step's score.

    g = 1/N sum_n sum_t psi[t, n] * score(actions[t, n] | obs[t, n])

psi (T, N) contains gamma^t, because the theorem has it:
    psi_total_return                     G_0, the whole episode's return (REINFORCE, Williams 1992)
    psi_reward_to_go                     gamma^t G_t: rewards before t cannot depend on a_t
    psi_reward_to_go(baseline=b)         gamma^t (G_t - b), b fixed before the action is drawn
    psi_table(Q), psi_table(Q - V)       gamma^t Q(s_t, a_t) or gamma^t A(s_t, a_t), where they are known
The list is Schulman et al. (2016), equation 1. `drop_gamma_t=True` leaves gamma^t out, as most code does: the result is
then biased for the discounted return (Thomas 2014; Nota & Thomas 2020).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import as_array, finite, having, indices, same_shape
from ._validate import policy as checked_policy
from .returns import discounts, reward_to_go, total_return

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike
    from .protocols import Policy
    from .rollouts import Rollout


def gradient_samples(policy: Policy, theta: ArrayLike, rollout: Rollout, psi: ArrayLike) -> Array:
    """One estimate per episode, (N, d); their mean is `estimate_gradient`, their spread its error."""
    psi = _check(rollout, psi)
    checked_policy(policy, "score")
    samples: Any = 0
    for obs, actions, weights in zip(rollout.obs, rollout.actions, psi):
        samples = samples + weights[:, None] * policy.score(theta, obs, actions)
    return samples


def estimate_gradient(policy: Policy, theta: ArrayLike, rollout: Rollout, psi: ArrayLike) -> Array:
    """The mean over episodes of the psi-weighted scores, (d,), in one pass over the steps that are data."""
    psi, mask = _check(rollout, psi), rollout.mask
    checked_policy(policy, "weighted_score")
    return policy.weighted_score(theta, rollout.obs[mask], rollout.actions[mask], psi[mask]) / rollout.num_episodes


def psi_total_return(rollout: Rollout, gamma: float) -> Array:
    """G_0 at every step, (T, N). There is no gamma^t to leave out here: G_0 counts from the start already."""
    rewards = _rollout(rollout).rewards
    return np.broadcast_to(total_return(rewards, gamma), rewards.shape)


def psi_reward_to_go(rollout: Rollout, gamma: float, baseline: ArrayLike = 0.0, drop_gamma_t: bool = False) -> Array:
    """gamma^t (G_t - baseline), (T, N). baseline: one number, or (T, N), (T, 1) or (1, N),
    fixed before a_t is drawn."""
    returns, baseline = reward_to_go(_rollout(rollout).rewards, gamma), finite("baseline", baseline)
    if same_shape(baseline=baseline, rewards=returns) != returns.shape:
        raise ValueError(f"baseline must broadcast to (T, N) = {returns.shape}, got shape {baseline.shape}")
    return _gamma_t(rollout, gamma, drop_gamma_t) * (returns - baseline)


def psi_table(rollout: Rollout, gamma: float, table: ArrayLike, drop_gamma_t: bool = False) -> Array:
    """gamma^t table[s_t, a_t], (T, N), for a table (S, A) of Q or of the advantage Q - V."""
    table = finite("table", table, (None, None))
    known = getattr(_rollout(rollout), "states", None)
    states = rollout.obs if known is None else known
    states = indices("states (rows of table)", states, len(table))
    actions = indices("actions (columns of table)", rollout.actions, table.shape[1])
    return _gamma_t(rollout, gamma, drop_gamma_t) * table[states, actions]


def leave_one_out_mean(returns: ArrayLike, mask: ArrayLike) -> Array:
    """The baseline (T, N) of each episode: the mean of the *other* running episodes' returns at t. Adds no bias."""
    returns, mask = _running(returns, mask)
    others = mask.sum(axis=1, keepdims=True) - mask
    return (_sums(returns, mask) - np.where(mask, returns, 0)) / np.maximum(others, 1)


def batch_mean(returns: ArrayLike, mask: ArrayLike) -> Array:
    """The mean return at t over the running episodes as a baseline (T, N), the episode itself included.

    Shrinks the expected step by (n - 1) / n if n episodes run, since each return is partly taken off itself.
    """
    returns, mask = _running(returns, mask)
    return np.broadcast_to(_sums(returns, mask) / np.maximum(mask.sum(axis=1, keepdims=True), 1), mask.shape)


def _running(returns: ArrayLike, mask: ArrayLike) -> tuple[Array, Array]:
    """Both of shape (T, N); returns may be anything where mask is False."""
    returns, mask = as_array("returns", returns), as_array("mask", mask, "an array of bool, shape (T, N)")
    if mask.dtype != bool or mask.ndim != 2:
        raise ValueError(f"mask must be an array of bool, shape (T, N), got {mask.dtype} values, shape {mask.shape}")
    if returns.shape != mask.shape:
        raise ValueError(f"returns must have the shape of mask, (T, N) = {mask.shape}, got {returns.shape}")
    finite("returns", np.where(mask, returns, 0))
    return returns, mask


def _rollout(rollout):
    having("rollout", rollout, ["obs", "actions", "rewards", "mask"], "a Rollout")
    if np.shape(rollout.rewards) != np.shape(rollout.mask):
        raise ValueError(
            f"rollout.rewards must have the shape of rollout.mask, (T, N) = {np.shape(rollout.mask)}, "
            f"got {np.shape(rollout.rewards)}"
        )
    return rollout


def _sums(returns, mask):
    return np.where(mask, returns, 0).sum(axis=1, keepdims=True)


def _gamma_t(rollout, gamma, drop):
    return discounts(len(rollout.rewards), 1.0 if drop else gamma)[:, None]


def _check(rollout: Rollout, psi: ArrayLike) -> Array:
    """psi with zeros where there is no data."""
    if not _rollout(rollout).mask.any():
        raise ValueError("rollout holds no steps: there is nothing to estimate from")
    psi = as_array("psi", psi)
    if psi.shape != rollout.mask.shape:
        raise ValueError(f"psi must have one weight per step, shape (T, N) = {rollout.mask.shape}, got {psi.shape}")
    return finite("psi", np.where(rollout.mask, psi, 0))
