"""Collect whole episodes from a vector environment, one per column."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from ._validate import _short, generator, having, whole
from .policies import MLPSoftmax


@dataclass(frozen=True, eq=False)
class Rollout:
    """N episodes side by side, padded to the longest, T steps. Only entries where `mask` is True are data.

    Every array has time first. What ended an episode is kept apart, because it means different things: after
    `terminated` the future is worth nothing, after `truncated` it merely was not watched.
    """

    obs: np.ndarray              # (T, N, ...) what the agent saw
    actions: np.ndarray          # (T, N, ...) what it did
    rewards: np.ndarray          # (T, N) what it got for that, 0 where mask is False
    mask: np.ndarray             # (T, N) bool, True until the episode has ended
    terminated: np.ndarray       # (T, N) bool, True at the step at which the environment ended the episode
    truncated: np.ndarray        # (T, N) bool, True at the step at which a time limit cut it
    last_obs: np.ndarray         # (N, ...) what the agent would have seen next
    states: np.ndarray = None    # (T, N) the hidden states, where the sampler knows them

    def __post_init__(self):
        T, N = shape = np.shape(self.mask) if np.ndim(self.mask) == 2 else (None, None)
        if T is None or np.asarray(self.mask).dtype != bool:
            raise ValueError(f"mask must be an array of bool, shape (T, N), got {_short(self.mask)}")
        for name in ("obs", "actions"):
            if np.shape(getattr(self, name))[:2] != shape:
                raise ValueError(f"{name} must have shape ({T}, {N}, ...), as mask, got {np.shape(getattr(self, name))}")
        for name in ("rewards", "terminated", "truncated", "states"):
            if np.shape(getattr(self, name)) != shape and not (name == "states" and self.states is None):
                raise ValueError(f"{name} must have shape {shape}, as mask, got {np.shape(getattr(self, name))}")
        if np.shape(self.last_obs)[:1] != (N,):
            raise ValueError(f"last_obs must have one entry per episode, {N} in all, got shape {np.shape(self.last_obs)}")

    @property
    def num_episodes(self):
        """N."""
        return self.mask.shape[1]

    @property
    def lengths(self):
        """Steps of each episode, (N,)."""
        return self.mask.sum(axis=0)


def rollout(envs, policy, theta, rng, max_steps=None):
    """Run one whole episode in each of the N sub-environments of `envs`; returns a `Rollout`.

    envs: a gymnasium.vector.VectorEnv, reset here with a seed drawn from `rng`. max_steps: cut all episodes there.
    Whole episodes, because "the first T steps" of environments that start again would hold too many short ones.
    Raises TypeError if `envs` is no vector environment, ValueError if its autoreset mode is unknown or disabled.
    """
    mode = _autoreset_mode(envs)
    having("policy", policy, ["sample"], "a policy with a method sample(theta, obs, rng)")
    max_steps = None if max_steps is None else whole("max_steps", max_steps)
    obs, _ = envs.reset(seed=int(generator(rng).integers(2**31)))
    # Of a subclass, or of whatever wraps a policy, its own `sample` counts.
    prepared = type(policy) is MLPSoftmax
    sample = policy._sampler(theta, np.shape(obs)[:-1]) if prepared else partial(policy.sample, theta)
    alive = np.ones(envs.num_envs, bool)
    last_obs = np.array(obs)
    columns, t, going = None, 0, True
    while going and t != max_steps:
        obs = np.array(obs)                                   # a copy: some environments reuse their buffer
        actions = sample(obs, rng)
        next_obs, rewards, terminated, truncated, info = envs.step(actions)
        row = obs, actions, rewards, alive, terminated, truncated
        if columns is None or t == len(columns[0]):
            columns = _room(columns, row, max_steps)
        for column, value in zip(columns, row):
            column[t] = value
        ended = terminated | truncated
        if ended.any():
            ended = ended & alive
            last_obs[ended] = _seen_next(next_obs, info, mode)[ended]
            alive = alive & ~ended
            going = alive.any()
        obs, t = next_obs, t + 1
    last_obs[alive] = obs[alive]
    obs, actions, rewards, mask, terminated, truncated = (column[:t] for column in columns)
    # An episode that has ended starts again by itself; what it then returned is not ours.
    rewards[~mask], terminated[~mask], truncated[~mask] = 0, False, False
    truncated[-1] |= alive                                    # cut by max_steps
    return Rollout(obs, actions, rewards, mask, terminated, truncated, last_obs)


def _room(columns, row, max_steps):
    """Columns for some steps like `row`, or with room for twice as many as there were.

    All in one block: the system hands out a large one in large pages, which saves a tenth of a rollout, and memory that
    is not yet written costs nothing.
    """
    obs, actions, rewards, *flags = map(np.asarray, row)
    row = obs, actions, rewards * np.float32(1), *flags       # the first rewards may be whole numbers, later ones not
    num_steps = 2 * len(columns[0]) if columns else -(-min(max_steps or 512, 512) // 8) * 8      # whole eights: all stay aligned
    sizes = [num_steps * value.nbytes for value in row]
    parts = np.split(np.empty(sum(sizes), np.uint8), np.cumsum(sizes)[:-1])
    room = [part.view(value.dtype).reshape(num_steps, *value.shape) for part, value in zip(parts, row)]
    for new, old in zip(room, columns or []):
        new[:len(old)] = old
    return room


def _autoreset_mode(envs):
    if not hasattr(envs, "num_envs") or not hasattr(envs, "step"):
        raise TypeError(f"envs must be a gymnasium.vector.VectorEnv (gymnasium.make_vec makes one), got {_short(envs)}")
    mode = getattr(envs, "metadata", {}).get("autoreset_mode")
    mode = getattr(mode, "value", mode)
    if mode not in ("NextStep", "SameStep"):
        raise ValueError("envs must reset themselves: metadata['autoreset_mode'] must be NEXT_STEP or SAME_STEP, "
                         f"got {mode!r}")
    return mode


def _seen_next(next_obs, info, mode):
    """The observation that followed the step; at an episode's end a SAME_STEP environment hides it in `info`."""
    if mode == "NextStep" or "final_obs" not in info:
        return next_obs
    seen = np.array(next_obs)
    for i in np.flatnonzero(info["_final_obs"]):
        seen[i] = info["final_obs"][i]
    return seen
