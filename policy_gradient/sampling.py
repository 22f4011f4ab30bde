"""Fast sampling of finite MDPs: millions of trajectories a second with NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import as_array, generator, probabilities, whole
from .mdp import state_probs
from .rollouts import Rollout

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike
    from .protocols import SoftmaxPolicy
    from .tabular import TabularMDP

CHUNK = 20_000  # episodes at a time: some megabytes, and long enough rows for NumPy
SWEEP_EVERY = 4  # steps: leaving out the episodes that have ended costs about as much as a step, so not after each


class AliasTable:
    """Draws from K distributions over M outcomes, probs (K, M), in constant time each (Walker 1977; Vose 1991).

    Each row is cut into M columns of equal width, each shared by at most two outcomes. So one uniform number is enough:
    its whole part names a column, the rest says which of the two.
    """

    def __init__(self, probs: ArrayLike) -> None:
        probs = probabilities("probs", probs, (None, None)).astype(np.float64)
        rows, (K, M) = np.arange(len(probs)), probs.shape
        mass, is_open = probs * M, np.ones((K, M), bool)
        keep, other = np.ones((K, M)), np.tile(np.arange(M), (K, 1))
        for _ in range(M - 1):  # fill up the emptiest column from the fullest, in all rows at once
            small = np.where(is_open, mass, np.inf).argmin(axis=1)
            large = np.where(is_open, mass, -np.inf).argmax(axis=1)
            keep[rows, small], other[rows, small] = mass[rows, small], large
            mass[rows, large] -= 1 - mass[rows, small]
            is_open[rows, small] = False
        self.num_outcomes = M
        self.border = (keep + np.arange(M)).ravel()  # compared with the uniform number itself
        self.other = (other + M * rows[:, None]).ravel()

    def sample(self, offset: ArrayLike, rng: np.random.Generator) -> Any:
        """Cells row * M + outcome, int (n,), for offset = row * M, (n,)."""
        offset = as_array("offset", offset, "integers, shape (n,)")
        if offset.dtype.kind not in "iu" or offset.ndim != 1:
            raise TypeError(f"offset must be integers, shape (n,), got {offset.dtype} values, shape {offset.shape}")
        u = generator(rng).random(len(offset))
        u *= self.num_outcomes
        cell = u.astype(np.intp)
        cell += offset
        return np.where(u < self.border[cell], cell, self.other[cell])


class _Chain:
    """An MDP under one policy as an alias table over (action, next state); state S is the end, and stays there."""

    def __init__(self, mdp, probs):
        S, A = mdp.R.shape
        self.rho = mdp.rho / mdp.rho.sum()
        self.end, self.num_outcomes = S, A * (S + 1)
        ending = np.maximum(1 - mdp.P.sum(axis=-1, keepdims=True), 0)
        joint = np.zeros((S + 1, A, S + 1))
        joint[:S] = probs[..., None] * np.concatenate([mdp.P, ending], axis=-1)
        joint[S, 0, S] = 1
        self.table = AliasTable(joint.reshape(S + 1, -1))
        shape = (S + 1, A, S + 1)
        self.reward = np.broadcast_to(np.pad(mdp.R, ((0, 1), (0, 0)))[..., None], shape).ravel()  # of each cell
        self.action, self.next_state = (index.ravel() for index in np.indices(shape)[1:])
        self.next_offset = self.next_state * self.num_outcomes

    def start(self, n, rng):
        """Offsets into the table for n first states, (n,)."""
        return generator(rng).choice(len(self.rho), size=n, p=self.rho) * self.num_outcomes


def sample_rollout(
    mdp: TabularMDP,
    policy: SoftmaxPolicy,
    theta: ArrayLike,
    num_episodes: int,
    max_steps: int,
    rng: np.random.Generator,
) -> Rollout:
    """`num_episodes` episodes of at most `max_steps` steps as a `Rollout` with `states`: the same law as
    `rollout(TabularVectorEnv(...))`, many times faster. Episodes still running at max_steps are truncated."""
    _positive(num_episodes=num_episodes, max_steps=max_steps)
    chain = _Chain(mdp, state_probs(mdp, policy, theta))
    offset = chain.start(num_episodes, rng)
    cells: Any = []
    while len(cells) < max_steps and (offset < chain.end * chain.num_outcomes).any():
        cells.append(chain.table.sample(offset, rng))
        offset = chain.next_offset[cells[-1]]
    cells = np.stack(cells)
    states, next_states = cells // chain.num_outcomes, chain.next_state[cells]
    mask = states < chain.end
    terminated = mask & (next_states == chain.end)
    truncated = np.zeros_like(mask)
    truncated[-1] = mask[-1] & ~terminated[-1]
    states = np.where(mask, states, 0)
    last = states[mask.sum(axis=0) - 1, np.arange(num_episodes)]  # after termination: where it ended
    last = np.where(truncated[-1], next_states[-1], last)
    return Rollout(
        mdp.obs[states], chain.action[cells], chain.reward[cells], mask, terminated, truncated, mdp.obs[last], states
    )


def sample_gradient(
    mdp: TabularMDP,
    policy: SoftmaxPolicy,
    theta: ArrayLike,
    num_episodes: int,
    max_steps: int,
    rng: np.random.Generator,
    drop_gamma_t: bool = False,
    chunk: int = CHUNK,
) -> Array:
    """An estimate of grad J from sampled episodes with reward-to-go, (d,): REINFORCE without storing the scores.

    Sums gamma^t G_t per (state, action) and takes the score once for each pair, in chunks of episodes, so that memory
    does not grow with `num_episodes`. `drop_gamma_t` leaves gamma^t out, as most code does.
    """
    _positive(num_episodes=num_episodes, max_steps=max_steps, chunk=chunk)
    chain = _Chain(mdp, state_probs(mdp, policy, theta))
    weights = np.zeros(chain.table.other.size)
    for first in range(0, num_episodes, chunk):
        history = _run(chain, chain.start(min(chunk, num_episodes - first), rng), max_steps, rng)
        _add_weights(weights, chain, history, mdp.gamma, 1.0 if drop_gamma_t else mdp.gamma)
    weights = weights.reshape(mdp.num_states + 1, mdp.num_actions, -1)[:-1].sum(axis=-1) / num_episodes  # (S, A)
    obs = np.repeat(mdp.obs, mdp.num_actions, axis=0)
    actions = np.tile(np.arange(mdp.num_actions), mdp.num_states)
    return policy.weighted_score(theta, obs, actions, weights.ravel())


def _run(chain, offset, max_steps, rng):
    """A list of (cells, kept): `kept` are the positions that went on to the next step, None for all."""
    history = []
    for step in range(max_steps):
        cells = chain.table.sample(offset, rng)
        offset, kept = chain.next_offset[cells], None
        if (step + 1) % SWEEP_EVERY == 0:  # else the longest episode would set the cost of all
            kept = np.flatnonzero(offset < chain.end * chain.num_outcomes)
            offset = offset[kept]
        history.append((cells, kept))
        if not len(offset):
            break
    return history


def _add_weights(weights, chain, history, gamma, discount):
    """Add discount^t G_t to `weights` for each cell visited, from the last step back."""
    cells, kept = history[-1]
    returns = np.zeros(
        len(cells if kept is None else kept)
    )  # G_t of the episodes that went on: nothing follows the last step
    for t in reversed(range(len(history))):
        cells, kept = history[t]
        if kept is not None:  # those left out after step t have G_{t+1} = 0
            following, returns = returns, np.zeros(len(cells))
            returns[kept] = following
        returns *= gamma
        returns += chain.reward[cells]
        weights += discount**t * np.bincount(cells, returns, len(weights))


def _positive(**counts):
    for name, count in counts.items():
        whole(name, count)
