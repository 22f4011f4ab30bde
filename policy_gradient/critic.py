"""A learned baseline, and advantages from it: only what Pendulum needs in chapter 4.

    critic = Critic((3, 64, 1), rng, gamma=0.95, lam=0.9, unit=10.0)
    reinforce(envs, policy, theta, rng, baseline=critic, gamma=0.95, drop_gamma_t=True, scale=True, num_updates=300)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import discount, finite, having, positive, whole
from .networks import MLP
from .optimizers import Adam

if TYPE_CHECKING:
    from ._types import Array, ArrayLike
    from .rollouts import Rollout


def gae(rollout: Rollout, values: ArrayLike, last_values: ArrayLike, gamma: float, lam: float) -> Array:
    """Generalised advantage estimates, (T, N): sums of TD errors, each step further counting gamma * lam times as much.

    values (T, N): V of rollout.obs; last_values (N,): V of rollout.last_obs. lam = 1, where nothing is truncated, gives
    return minus V, which leaves the gradient's mean alone; smaller lam is mostly quieter, and can be biased as long as V is
    wrong (Schulman et al. 2016, equation 16).
    An episode that *terminated* is worth nothing afterwards; one that was *truncated* counts V of what it would have seen.
    """
    having("rollout", rollout, ["rewards", "mask", "terminated"], "a Rollout")
    finite("rollout.rewards", rollout.rewards, rollout.mask.shape)
    values, last_values = finite("values", values, rollout.mask.shape), finite("last_values", last_values, rollout.mask.shape[1:])
    gamma, lam, mask = discount(gamma), discount(lam, "lam"), rollout.mask
    is_last = mask & ~np.vstack([mask[1:], np.zeros_like(mask[:1])])
    next_values = np.where(is_last, last_values, np.vstack([values[1:], last_values[None]])) * ~rollout.terminated
    td_errors = np.where(mask, rollout.rewards + gamma * next_values - values, 0.0)
    advantages, following = np.empty(mask.shape), np.zeros(mask.shape[1])
    for t in reversed(range(len(mask))):
        advantages[t] = following = td_errors[t] + gamma * lam * following * ~is_last[t]
    return advantages


class Critic:
    """V(obs), a small network. Asking, `values` and `advantages`, and learning, `fit`, are apart; a call does one and then the other.

    sizes: (K, hidden..., 1). unit: how large a typical value is, so that the network's output stays near one. num_steps
    and learning_rate: steps of Adam per rollout, each on its own part of the data, on the squared error to advantage + V.
    """

    def __init__(self, sizes: tuple[int, ...], rng: np.random.Generator, *, gamma: float, lam: float = 0.95,
                 learning_rate: float = 0.01, num_steps: int = 8, unit: float = 1.0) -> None:
        self.network, self.rng, self.optimizer = MLP(sizes), rng, Adam(learning_rate)
        if self.network.sizes[-1] != 1:
            raise ValueError(f"sizes must end in 1, a single value, got {sizes}")
        self.num_steps, self.unit = whole("num_steps", num_steps), positive("unit", unit)
        self.gamma, self.lam = discount(gamma), discount(lam, "lam")
        self.theta = self.network.init(rng, np.float32)

    def values(self, obs: ArrayLike) -> Array:
        """V, (..., K) -> (...)."""
        obs = finite("obs", obs).astype(np.float32, copy=False)
        if obs.ndim == 0 or obs.shape[-1] != self.network.sizes[0]:
            raise ValueError(f"obs must have {self.network.sizes[0]} numbers on the last axis, got shape {obs.shape}")
        return self.unit * self.network(self.theta, obs)[..., 0]

    def advantages(self, rollout: Rollout) -> Array:
        """Advantages (T, N) of a rollout from V as it is now. Nothing is learned."""
        return self._asked(rollout)[0]

    def __call__(self, rollout: Rollout) -> Array:
        """`advantages`, and then `fit` on the same data: what `reinforce` does with its baseline, once for each update."""
        advantages, values = self._asked(rollout)
        self.fit(rollout.obs[rollout.mask], (advantages + values)[rollout.mask])
        return advantages

    def _asked(self, rollout):
        values = self.values(rollout.obs)
        return gae(rollout, values, self.values(rollout.last_obs), self.gamma, self.lam), values

    def fit(self, obs: ArrayLike, targets: ArrayLike) -> None:
        """Move V (n,) towards targets (n,), seen as constants: no derivative goes through them."""
        obs, targets = finite("obs", obs, (None, self.network.sizes[0])), finite("targets", targets, (len(obs),))
        scaled = (targets / self.unit).astype(np.float32)
        for rows in np.array_split(self.rng.permutation(len(obs)), min(self.num_steps, len(obs))):
            x = obs[rows].astype(np.float32, copy=False)
            error = scaled[rows, None] - self.network(self.theta, x)
            self.theta = self.optimizer.step(self.theta, self.network.vjp(self.theta, x, error / len(rows)))

