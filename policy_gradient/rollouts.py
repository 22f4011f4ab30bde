"""Collect whole episodes from a vector environment, one per column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from . import _fast
from ._spaces import agreement, autoreset_mode
from ._stepping import drawn, first, hidden, step
from ._validate import NotFinite, as_array, generator, short, whole
from ._validate import policy as checked_policy

if TYPE_CHECKING:
    from ._types import Array, ArrayLike
    from .protocols import Environment, Policy


@dataclass(frozen=True, eq=False)
class Rollout:
    """N episodes side by side, padded to the longest, T steps. Only entries where `mask` is True are data.

    Every array has time first. What ended an episode is kept apart, because it means different things: after
    `terminated` the future is worth nothing, after `truncated` it merely was not watched.
    """

    obs: np.ndarray  # (T, N, ...) what the agent saw
    actions: np.ndarray  # (T, N, ...) what it did, as the policy drew it (see `rollout`)
    rewards: np.ndarray  # (T, N) what it got for that, 0 where mask is False
    mask: np.ndarray  # (T, N) bool, True until the episode has ended
    terminated: np.ndarray  # (T, N) bool, True at the step at which the environment ended the episode
    truncated: np.ndarray  # (T, N) bool, True at the step at which a time limit cut it
    last_obs: np.ndarray  # (N, ...) what the agent would have seen next
    states: np.ndarray | None = None  # (T, N) the hidden states, where the sampler knows them

    def __post_init__(self):
        for name, value in vars(self).items():
            as_array(name, value)
        T, N = shape = np.shape(self.mask) if np.ndim(self.mask) == 2 else (None, None)
        if T is None or np.asarray(self.mask).dtype != bool:
            raise ValueError(f"mask must be an array of bool, shape (T, N), got {short(self.mask)}")
        for name in ("obs", "actions"):
            if np.shape(getattr(self, name))[:2] != shape:
                raise ValueError(
                    f"{name} must have shape ({T}, {N}, ...), as mask, got {np.shape(getattr(self, name))}"
                )
        for name in ("terminated", "truncated"):
            if np.asarray(getattr(self, name)).dtype != bool:  # ~ of whole numbers is no "not"
                raise ValueError(f"{name} must be an array of bool, shape {shape}, got {short(getattr(self, name))}")
        for name in ("rewards", "terminated", "truncated", "states"):
            if np.shape(getattr(self, name)) != shape and not (name == "states" and self.states is None):
                raise ValueError(f"{name} must have shape {shape}, as mask, got {np.shape(getattr(self, name))}")
        if np.shape(self.last_obs)[:1] != (N,):
            raise ValueError(
                f"last_obs must have one entry per episode, {N} in all, got shape {np.shape(self.last_obs)}"
            )

    @property
    def num_episodes(self) -> int:
        """N."""
        return self.mask.shape[1]

    @property
    def lengths(self) -> Array:
        """Steps of each episode, (N,)."""
        return self.mask.sum(axis=0)


def rollout(
    envs: Environment, policy: Policy, theta: ArrayLike, rng: np.random.Generator, max_steps: int | None = None
) -> Rollout:
    """Run one whole episode in each of the N sub-environments of `envs`; returns a `Rollout`.

    envs: a gymnasium.vector.VectorEnv, reset here with a seed drawn from `rng`. max_steps: cut all episodes there.
    Whole episodes, because "the first T steps" of environments that start again would hold too many short ones.

    `Rollout.actions` are the policy's own, which its log_prob and score want. What the environment is sent can differ:
    of a Discrete space that begins at `start` it gets action + start, and of a `Squashed` policy it gets execute(u).
    Before the first step the spaces of `envs` are held against the policy: pictures, tuples, dictionaries, and another
    kind, number or shape of actions than the policy's raise ValueError or TypeError, which names the wrapper that
    helps. So do an autoreset mode that is unknown or disabled, a step of any other form than Gymnasium's, a reward that
    is not finite, and a SAME_STEP environment that does not say in info["final_obs"] what it last showed
    of a truncated episode.
    """
    mode = autoreset_mode(envs)
    checked_policy(policy, "sample")
    max_steps = None if max_steps is None else whole("max_steps", max_steps)
    shape, send = agreement(envs, policy)
    obs = first(envs, int(generator(rng).integers(2**31)), shape)
    sample = _sampler(policy, theta, obs.shape[:1])
    record, columns = _recorder(max_steps)
    alive, last_obs = np.ones(len(obs), bool), obs.copy()
    t, going = 0, True
    while going and t != max_steps:
        actions = drawn(sample(obs, rng))
        next_obs, rewards, terminated, truncated, info = step(envs.step(send(actions)), obs)
        record((obs, actions, rewards, alive, terminated, truncated))
        ended = terminated | truncated
        if ended.any():
            ended = ended & alive
            last_obs[ended] = (next_obs if mode == "NextStep" else hidden(obs, info, ended, terminated))[ended]
            alive = alive & ~ended
            going = alive.any()
        obs, t = next_obs, t + 1
    last_obs[alive] = obs[alive]
    obs, actions, rewards, mask, terminated, truncated = columns()
    # An episode that has ended starts again by itself; what it then returned is not ours.
    rewards[~mask], terminated[~mask], truncated[~mask] = 0, False, False
    truncated[-1] |= alive  # cut by max_steps
    if not np.isfinite(rewards).all():
        t, n = np.argwhere(~np.isfinite(rewards))[0]
        raise NotFinite(f"rewards must be finite, but at step {t} environment {n} of envs gave {rewards[t, n]}")
    return Rollout(obs, actions, rewards, mask, terminated, truncated, last_obs)


@_fast.form(_fast.recorder)
def _recorder(max_steps):
    """(record, columns): record(row) keeps the arrays of one step; columns() gives all that was kept, an array (T, ...)
    for each place in the row, of the dtype that the first step had there."""
    rows = []

    def record(row):
        rows.append([value.copy() for value in row])  # some environments and policies use their arrays again

    def columns():
        return [np.array(column, dtype=column[0].dtype) for column in zip(*rows)]

    return record, columns


def _sampler(policy, theta, shape):
    """The function (obs, rng) that draws actions: what `policy.sampler` has prepared for this theta,
    or just `policy.sample`.

    A class that has a `sample` of its own and no `sampler` beside it is asked by its `sample`,
    whatever it inherits or wraps.
    """
    for cls in type(policy).__mro__:
        if "sampler" in vars(cls):
            return policy.sampler(theta, shape)
        if "sample" in vars(cls):
            break
    return partial(policy.sample, theta)
