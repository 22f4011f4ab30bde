"""What a policy and an environment must be able to do, for the rest of the package to work with them.

A class of your own need not inherit from anything here: to have the methods is enough. `isinstance(mine, Policy)` says
whether they are there, `testing.check_policy` and `testing.check_environment` whether they do what they should.
Shapes: `...` any leading axes, d = `num_params`, A actions, N sub-environments.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray


@runtime_checkable
class Policy(Protocol):
    """Immutable: the parameters `theta` (d,) are one flat vector, passed in with each call and never changed.

    Results follow theta's dtype; randomness comes from `rng` alone. A loop in which theta stays may ask for more: a
    policy that also has sampler(theta, shape) is asked there, once, for the function (obs, rng) that draws.
    """

    @property
    def num_params(self) -> int:
        """d."""

    def init(self, rng: np.random.Generator) -> NDArray[Any]:
        """Where training starts, (d,)."""

    def sample(self, theta: ArrayLike, obs: ArrayLike, rng: np.random.Generator) -> Any:
        """One action per observation: integers (...), or vectors (..., D)."""

    def log_prob(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> NDArray[Any]:
        """log pi(a|s) of the actions, a log density if they are vectors, (...)."""

    def score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> NDArray[Any]:
        """The gradient of log_prob with respect to theta, one row per sample, (..., d)."""

    def weighted_score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike) -> NDArray[Any]:
        """The sum over samples of weight times score, (d,)."""


@runtime_checkable
class SoftmaxPolicy(Policy, Protocol):
    """A policy over finitely many actions 0 .. A - 1, which can name all their probabilities: what `mdp` asks for."""

    @property
    def num_actions(self) -> int:
        """A."""

    def probs(self, theta: ArrayLike, obs: ArrayLike) -> NDArray[Any]:
        """pi(a|s) of every action, (..., A)."""


@runtime_checkable
class GaussianPolicy(Policy, Protocol):
    """A policy over vectors of D numbers, with a centre and a spread:
    what `Squashed` and a greedy `evaluate` ask for."""

    @property
    def num_actions(self) -> int:
        """D."""

    def mean(self, theta: ArrayLike, obs: ArrayLike) -> NDArray[Any]:
        """(..., D)."""

    def log_std(self, theta: ArrayLike, obs: ArrayLike) -> NDArray[Any]:
        """(..., D)."""


@runtime_checkable
class Environment(Protocol):
    """What `rollout` uses of a gymnasium.vector.VectorEnv, which resets itself.

    metadata["autoreset_mode"] is NEXT_STEP or SAME_STEP.
    """

    num_envs: int
    metadata: dict[str, Any]
    single_observation_space: Any
    single_action_space: Any

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """(obs (N, ...), info)."""

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """(obs (N, ...), rewards (N,), terminated (N,) bool, truncated (N,) bool, info)."""
