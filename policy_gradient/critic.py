"""A learned baseline, and advantages from it: only what Pendulum needs in chapter 4.

critic = Critic((3, 64, 1), rng, gamma=0.95, lam=0.9, unit=10.0)
reinforce(envs, policy, theta, rng, baseline=critic, gamma=0.95, drop_gamma_t=True, scale=True, num_updates=300)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import discount, finite, flags, having, numbers, positive, whole
from .mdp import chain, discounted_visitation
from .networks import MLP
from .optimizers import Adam

if TYPE_CHECKING:
    from ._types import Array, ArrayLike
    from .rollouts import Rollout
    from .tabular import TabularMDP


def gae(rollout: Rollout, values: ArrayLike, last_values: ArrayLike, gamma: float, lam: float) -> Array:
    """Generalised advantage estimates, (T, N): sums of TD errors, each step further counting gamma * lam times as much.

    values (T, N): V of rollout.obs; last_values (N,): V of rollout.last_obs. lam = 1, where nothing is truncated, gives
    return minus V, which leaves the gradient's mean alone; smaller lam is mostly quieter, and can be biased as long as
    V is wrong (Schulman et al. 2016, equation 16).
    An episode that *terminated* is worth nothing afterwards; one that was *truncated* counts V
    of what it would have seen.
    """
    having("rollout", rollout, ["rewards", "mask", "terminated"], "a Rollout")
    finite("rollout.rewards", rollout.rewards, rollout.mask.shape)
    values, last_values = (
        finite("values", values, rollout.mask.shape),
        finite("last_values", last_values, rollout.mask.shape[1:]),
    )
    gamma, lam, mask = discount(gamma), discount(lam, "lam"), rollout.mask
    is_last = mask & ~np.vstack([mask[1:], np.zeros_like(mask[:1])])
    next_values = np.where(is_last, last_values, np.vstack([values[1:], last_values[None]])) * ~rollout.terminated
    td_errors = np.where(mask, rollout.rewards + gamma * next_values - values, 0.0)
    advantages, following = np.empty(mask.shape), np.zeros(mask.shape[1])
    for t in reversed(range(len(mask))):
        advantages[t] = following = td_errors[t] + gamma * lam * following * ~is_last[t]
    return advantages


class Critic:
    """V(obs), a small network. Asking, `values` and `advantages`, and learning, `fit`, are apart;
    a call does one and then the other.

    sizes: (K, hidden..., 1). unit: how large a typical value is, so that the network's output stays near one. num_steps
    and learning_rate: steps of Adam per rollout, each on its own part of the data,
    on the squared error to advantage + V.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        rng: np.random.Generator,
        *,
        gamma: float,
        lam: float = 0.95,
        learning_rate: float = 0.01,
        num_steps: int = 8,
        unit: float = 1.0,
    ) -> None:
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
        """`advantages`, and then `fit` on the same data: what `reinforce` does with its baseline,
        once for each update."""
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


# --- what chapter 6 takes apart ------------------------------------------------------------------------------------


def td_errors(rollout: Rollout, values: ArrayLike, last_values: ArrayLike, gamma: float) -> Array:
    """r + gamma V(next) - V for each step, (T, N), 0 where the mask is False;
    arguments as for `gae`, of which it is lam = 0."""
    return gae(rollout, values, last_values, gamma, 0.0)


def gae_columns(
    rewards: ArrayLike,
    values: ArrayLike,
    next_values: ArrayLike,
    terminated: ArrayLike,
    truncated: ArrayLike,
    gamma: float,
    lam: float,
) -> Array:
    """Generalised advantage estimates of columns that may each hold several episodes, all (T, N) -> (T, N).

    next_values[t]: V of what was seen after step t, at an ending the *final* observation and not the next episode's
    first. After a terminated step it is never read (NaN may stand there); a step both cut and terminated counts as
    terminated. The sum of TD errors stops at both kinds of ending.
    Raises ValueError for other shapes or numbers that are not finite.
    """
    from scipy.linalg.blas import dtbsv  # here, because importing it takes longer than most of what the package does

    rewards = finite("rewards", rewards, (None, None))
    died, cut = flags("terminated", terminated, rewards.shape), flags("truncated", truncated, rewards.shape)
    values, gamma = finite("values", values, rewards.shape), discount(gamma)
    next_values = numbers("next_values", next_values)
    if next_values.shape != rewards.shape:
        raise ValueError(f"next_values must have shape {rewards.shape}, as rewards, got {next_values.shape}")
    next_values = finite("next_values", np.where(died, 0.0, next_values))
    follows = np.where(died | cut, 0.0, -gamma * discount(lam, "lam"))
    follows[-1:] = 0
    # A_t - gamma lam A_(t+1) = delta_t, column after column: one system with two diagonals,
    # which BLAS solves from the back.
    bands = np.empty((2, rewards.size), order="F")  # the second holds ones, and is not read
    bands[0, 1:] = follows.T.ravel()[:-1]
    deltas = (rewards + gamma * next_values - values).T.ravel()
    return dtbsv(1, bands, deltas, diag=1).reshape(rewards.shape[::-1]).T if rewards.size else np.zeros(rewards.shape)


def explained_variance(values: ArrayLike, returns: ArrayLike) -> float:
    """1 - Var[G - V] / Var[G] for values and returns (n,): 1 is perfect, 0 as good as a constant,
    below 0 worse than one.

    A constant added to every value is not seen. Constant returns give 0.
    """
    returns = finite("returns", returns, (None,))
    values = finite("values", values, returns.shape)
    if not len(returns):
        raise ValueError("returns must hold at least one number, got an empty array")
    spread = returns.var() if np.ptp(returns) else 0.0  # the variance of three times 0.1 is 2e-34
    return float(1 - (returns - values).var() / spread) if spread > 0 else 0.0


def td_fixed_point(mdp: TabularMDP, probs: ArrayLike, features: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """Where TD(0) with a linear critic comes to rest: w (K,) of V = features @ w, for features (S, K) of each state.

    weights (S,): how often each state is learned from; by default as it is visited, gamma not counted. Solves
    X' D (I - gamma P) X w = X' D r (Tsitsiklis & Van Roy 1997). Raises ValueError if that has no single solution.
    """
    probs, step = chain(mdp, probs)
    features = finite("features", features, (mdp.num_states, None))
    weights = (
        discounted_visitation(mdp, probs, gamma=1.0)
        if weights is None
        else finite("weights", weights, (mdp.num_states,))
    )
    if (weights < 0).any():
        raise ValueError(f"weights must not be negative, got {weights.min()}")
    left = features.T @ (weights[:, None] * (features - step @ features))
    if np.linalg.matrix_rank(left) < len(left):
        raise ValueError("features must not be redundant where weights are positive: many w are fixed points")
    return np.linalg.solve(left, features.T @ (weights * (probs * mdp.R).sum(axis=1)))
