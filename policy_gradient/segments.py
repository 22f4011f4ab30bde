"""Collect stretches of experience: each sub-environment goes on where it stopped, so episodes need not end in a batch.

collect = segments(envs, policy, rng, num_steps=32)
segment = collect(theta)              # 32 steps of each environment; the next call goes on from there
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._spaces import agreement, autoreset_mode
from ._stepping import drawn, first, hidden, step
from ._validate import NotFinite, discount, finite, flags, generator, having, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._types import Array, ArrayLike
    from .protocols import Environment, Policy


@dataclass(frozen=True, eq=False)
class Segment:
    """T steps of N sub-environments, time first. Only where `live` is True is there data.

    A NEXT_STEP environment uses one step to begin again: the action of that step is ignored, so it is not `live`.
    Unlike a `Rollout`, a segment is not made of whole episodes: after its last row some are still running.
    """

    obs: np.ndarray  # (T, N, ...) what the agent saw
    actions: np.ndarray  # (T, N, ...) what it did
    rewards: np.ndarray  # (T, N)
    next_obs: np.ndarray  # (T, N, ...) what followed; at an end the *last* observation, never the next episode's first
    terminated: np.ndarray  # (T, N) bool: the world ended the episode, and the future is worth nothing
    truncated: np.ndarray  # (T, N) bool: a time limit cut it, and the future was merely not watched
    live: np.ndarray  # (T, N) bool
    returns: np.ndarray  # (K,) undiscounted returns of the K episodes that ended in this segment


def segments(
    envs: Environment, policy: Policy, rng: np.random.Generator, num_steps: int
) -> Callable[[ArrayLike], Segment]:
    """A function collect(theta) -> `Segment` that steps `envs` num_steps times and remembers where it stopped.

    envs: a gymnasium.vector.VectorEnv, reset here once. Raises what `rollout` does for envs that do not fit the policy.
    """
    mode = autoreset_mode(envs)
    having("policy", policy, ["sample"], "a policy with a method sample(theta, obs, rng)")
    shape, send = agreement(envs, policy)
    T, N = whole("num_steps", num_steps), envs.num_envs
    obs = first(envs, int(generator(rng).integers(2**31)), shape)
    starting, running = np.zeros(N, bool), np.zeros(N)

    def collect(theta):
        nonlocal obs, starting, running
        rows, returns = [], []
        for t in range(T):
            actions = drawn(policy.sample(theta, obs, rng))
            next_obs, rewards, terminated, truncated, info = step(envs.step(send(actions)), obs)
            if not np.isfinite(rewards).all():
                n = int(np.argmin(np.isfinite(rewards)))
                raise NotFinite(f"rewards must be finite, but at step {t} environment {n} of envs gave {rewards[n]}")
            ended, live = terminated | truncated, ~starting
            running = running + rewards * live
            seen = next_obs
            if ended.any():
                if mode != "NextStep":
                    seen = hidden(next_obs, info, ended, terminated)
                returns += list(running[ended])
                running = np.where(ended, 0, running)
            # Copies: some environments and policies use their arrays again.
            rows.append([value.copy() for value in (obs, actions, rewards, seen, terminated, truncated, live)])
            obs, starting = next_obs, ended if mode == "NextStep" else starting
        columns = [np.array(column) for column in zip(*rows)]
        return Segment(*columns, np.array(returns))

    return collect


def segment_gae(segment: Segment, values: ArrayLike, next_values: ArrayLike, gamma: float, lam: float) -> Array:
    """Generalised advantage estimates of a `Segment`, (T, N), 0 where it is not live (Schulman et al. 2016, eq. 16).

    values, next_values (T, N): V of obs and of next_obs. After termination next_values does not count; after truncation
    it does; the sum of TD errors never crosses either.
    """
    having("segment", segment, ["rewards", "terminated", "truncated", "live"], "a Segment")
    gamma, lam, shape = discount(gamma), discount(lam, "lam"), np.shape(segment.live)
    values, next_values = finite("values", values, shape), finite("next_values", next_values, shape)
    terminated, truncated, live = (
        flags(f"segment.{name}", getattr(segment, name), shape) for name in ("terminated", "truncated", "live")
    )
    td_errors = (finite("segment.rewards", segment.rewards, shape) + gamma * next_values * ~terminated - values) * live
    going = gamma * lam * ~(terminated | truncated) * live
    advantages, following = np.empty(shape), np.zeros(shape[1:])
    for t in reversed(range(len(td_errors))):
        advantages[t] = following = td_errors[t] + going[t] * following
    return advantages
