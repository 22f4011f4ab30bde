"""Gaussian policies for continuous actions: immutable descriptions, `theta` one flat vector, as in `policies.py`.

pi(a|s) = N(mean(s), std(s)^2), independent in each of the D action dimensions. What is learned is log(std), so that
every number is allowed and a step means a *factor*. Methods are those of the softmax policies, with densities in the
place of probabilities; shapes: `...` any leading axes, K numbers per observation, D per action, d = `num_params`.

    init(rng) -> (d,)                            mean close to 0 everywhere, std = exp(initial_log_std)
    mean(theta, obs), log_std(theta, obs) -> (..., D)
    sample(theta, obs, rng) -> (..., D)          the action *before* any clipping or squashing: store this one
    log_prob(theta, obs, actions) -> (...)       log density, summed over D; may be positive
    score(theta, obs, actions) -> (..., d)       gradient of log_prob with respect to theta, one row per sample
    weighted_score(theta, obs, actions, weights) -> (d,)     the sum over samples of weight times score, in one pass
    entropy(theta, obs) -> (...)                 in nats; may be negative

Computation follows theta's dtype; networks start in float32, which is for training. NaN, wrong shapes and a log_std out
of range raise ValueError.
Scores: Williams (1992), section 6; Sutton & Barto (2018), section 13.7 and exercise 13.4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ._validate import NotFinite, finite, fitting_shapes, generator, number, numbers, positive, whole
from ._validate import policy as checked_policy
from .networks import MLP, layer_sizes

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike, DTypeLike

LOG_STD_LIMIT = 20.0  # std from 2e-9 to 5e8: beyond, its square is no longer a useful number in float32
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)  # math: a NumPy scalar would turn float32 into float64


def gaussian_log_prob(actions: ArrayLike, mean: ArrayLike, log_std: ArrayLike) -> Array:
    """log N(actions; mean, exp(log_std)^2), (..., D) each -> (...): summed over the D dimensions.

    Mean and log_std may be shared, (D,), by many actions (N, D), or actions by many means. D itself is never broadcast:
    mean (N,) beside actions (N, 1) raises ValueError, as it would pair each action with every mean.
    """
    actions, mean, log_std = _fitting(actions, mean, log_std)
    z = (actions - mean) * np.exp(-log_std)
    return _sum(-0.5 * z * z - log_std - HALF_LOG_2PI)


def gaussian_score(actions: ArrayLike, mean: ArrayLike, log_std: ArrayLike) -> tuple[Array, Array]:
    """Derivatives of `gaussian_log_prob` with respect to mean and to log_std: two arrays (..., D).

    (a - mean) / std^2 reaches for the action; (a - mean)^2 / std^2 - 1 narrows when it was near and widens when far.
    """
    actions, mean, log_std = _fitting(actions, mean, log_std)
    inverse = np.exp(-log_std)
    z = (actions - mean) * inverse
    return z * inverse, z * z - 1


def gaussian_entropy(log_std: ArrayLike) -> Array:
    """Differential entropy in nats, (..., D) -> (...): D/2 log(2 pi e) + sum of log_std.
    Negative for narrow policies."""
    return _sum(checked_log_std(log_std) + HALF_LOG_2PI + 0.5)


def tanh_gaussian_log_prob(u: ArrayLike, mean: ArrayLike, log_std: ArrayLike) -> Array:
    """Log density of the *executed* action a = tanh(u), given the draw u before the squash: (..., D) each -> (...).

    The change of variables takes off log(1 - tanh(u)^2), written here as 2 (log 2 - u - softplus(-2u)), which is finite
    for every u (Haarnoja et al. 2018, appendix C, has the correction).
    For a = limit * tanh(u) take off log(limit) as well.
    """
    u = _actions(u, "u")
    _fitting(u, mean, log_std, "u")
    return gaussian_log_prob(u, mean, log_std) - _sum(log_tanh_slope(u))


def log_tanh_slope(u: Array) -> Array:
    """log of the derivative of tanh, log(1 - tanh(u)^2), without cancellation: about -2|u| + log 4 far out."""
    return 2 * (math.log(2) - u - np.logaddexp(0, -2 * u))


NODES = 80  # of the quadrature rule: exact for polynomials of degree 159


@cache
def _standard_normal_quadrature():
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes, weights / np.sqrt(2 * np.pi)


def _actions(actions: ArrayLike, name: str = "actions") -> Array:
    actions = finite(name, actions)
    if actions.ndim == 0:
        raise ValueError(f"{name} must have the action dimensions on the last axis, got the single number {actions}")
    return actions


def _fitting(
    actions: ArrayLike, mean: ArrayLike, log_std: ArrayLike, name: str = "actions"
) -> tuple[Array, Array, Array]:
    """All three checked: D numbers each on the last axis, and leading shapes that fit (none at all fits every one)."""
    actions, mean, log_std = _actions(actions, name), finite("mean", mean), checked_log_std(log_std)
    dims = {name: actions.shape[-1:], "mean": mean.shape[-1:], "log_std": log_std.shape[-1:]}
    if len({d for d in dims.values() if d}) > 1:
        listed = ", ".join(f"{n} {array.shape}" for n, array in zip(dims, (actions, mean, log_std)))
        raise ValueError(
            f"{name} and mean and log_std must have shapes that fit each other, with as many numbers on the "
            f"last axis, one per action dimension, got {listed}"
        )
    fitting_shapes(**{name: actions.shape[:-1], "mean": mean.shape[:-1], "log_std": log_std.shape[:-1]})
    return actions, mean, log_std


def checked_log_std(log_std: ArrayLike, name: str = "log_std") -> Array:
    """`log_std` as an array (..., D), if no spread has collapsed or blown up: within +-LOG_STD_LIMIT."""
    log_std = numbers(name, log_std)
    if log_std.ndim == 0:
        raise ValueError(
            f"{name} must have one entry per action dimension, shape (..., D), got the single number {log_std}"
        )
    if not (abs(log_std.real) <= LOG_STD_LIMIT).all():  # also refuses NaN
        worst = log_std.flat[np.argmax(np.nan_to_num(abs(log_std.real), nan=np.inf))]
        raise NotFinite(
            f"{name} must lie between -{LOG_STD_LIMIT:g} and {LOG_STD_LIMIT:g}, got {worst}: "
            "std has collapsed or blown up (a smaller step size, or a baseline, usually cures it)"
        )
    return log_std


def _sum(terms: Array) -> Any:
    return terms.sum(axis=-1)


class _Gaussian:
    """What all Gaussian policies share; they supply `parameters`, `_pull_back` and `_pull_back_each`."""

    if TYPE_CHECKING:
        num_params = num_actions = num_features = property(lambda self: 0)

        init: Any

        def parameters(self, theta: ArrayLike, obs: ArrayLike) -> tuple[Array, Array]: ...
        def _pull_back(self, theta: ArrayLike, obs: ArrayLike, by_mean: Array, by_log_std: Array) -> Array: ...
        def _pull_back_each(self, theta: ArrayLike, obs: ArrayLike, by_mean: Array, by_log_std: Array) -> Array: ...

    def mean(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """The centre of the policy, (..., D)."""
        return self.parameters(theta, obs)[0]

    def log_std(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """The logarithm of its spread, (..., D), in the units of the actions."""
        mean, log_std = self.parameters(theta, obs)
        return np.broadcast_to(log_std, mean.shape)

    def sample(self, theta: ArrayLike, obs: ArrayLike, rng: np.random.Generator) -> Any:
        """One action per observation, (..., D), drawn with the numpy.random.Generator `rng`; not clipped."""
        mean, log_std = self.parameters(theta, obs)
        noise = generator(rng).standard_normal(mean.shape, dtype=np.float32 if mean.dtype == np.float32 else np.float64)
        return mean + np.exp(log_std) * noise

    def log_prob(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """log pi(a|s), a log *density*, of the actions drawn, (..., D) -> (...)."""
        mean, log_std = self.parameters(theta, obs)
        return gaussian_log_prob(self._drawn(actions, mean), mean, log_std)

    def score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """Gradient of log_prob with respect to theta, one row per sample, (..., d)."""
        return self._pull_back_each(theta, obs, *self._by_parameter(theta, obs, actions))

    def weighted_score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike) -> Array:
        """sum_i weights_i score_i, (d,)."""
        by_mean, by_log_std = self._by_parameter(theta, obs, actions)
        weights = finite("weights", weights).astype(by_mean.dtype, copy=False)
        each = by_mean.shape[:-1]
        if weights.ndim not in (0, len(each)) or fitting_shapes(obs=each, weights=weights.shape) != each:
            raise ValueError(f"weights must have shape {each}, one per observation, got {weights.shape}")
        weights = weights[..., None]
        return self._pull_back(theta, obs, weights * by_mean, weights * by_log_std)

    def entropy(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """Differential entropy in nats, (...)."""
        return gaussian_entropy(self.log_std(theta, obs))

    def _by_parameter(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> tuple[Array, Array]:
        mean, log_std = self.parameters(theta, obs)
        return gaussian_score(self._drawn(actions, mean), mean, log_std)

    def _drawn(self, actions, mean):
        actions = finite("actions", actions)
        if actions.shape != mean.shape:  # (N,) against (N, 1) would quietly broadcast to (N, N)
            raise ValueError(
                f"actions must have shape {mean.shape}, one row of {self.num_actions} per observation, "
                f"got {actions.shape}"
            )
        return actions.astype(mean.dtype, copy=False)

    def _theta_and_obs(self, theta: ArrayLike, obs: ArrayLike) -> tuple[Array, Array]:
        theta = finite("theta", theta, (self.num_params,))
        obs = finite("obs", obs)
        if obs.ndim == 0 or obs.shape[-1] != self.num_features:
            raise ValueError(f"obs must have {self.num_features} numbers on the last axis, got shape {obs.shape}")
        return theta, obs.astype(theta.dtype, copy=False)


@dataclass(frozen=True)
class LinearGaussian(_Gaussian):
    """mean = obs @ W, log_std shared by all states (or obs @ U):
    theta is W (K, D) row by row, then log_std (D,) (or U (K, D)).

    num_features: K, numbers per observation (put a constant 1 among them for an offset); num_actions: D.
    """

    num_features: int
    num_actions: int = 1
    state_dependent_std: bool = False
    initial_log_std: float = 0.0

    def __post_init__(self):
        whole("num_features", self.num_features)
        whole("num_actions", self.num_actions)
        if self.state_dependent_std and self.initial_log_std:
            raise ValueError(
                "initial_log_std must be 0 with state_dependent_std: without an offset obs @ U starts at 0"
            )
        checked_log_std(np.array([number("initial_log_std", self.initial_log_std)]), "initial_log_std")

    @property
    def num_params(self) -> int:
        return self.num_features * self.num_actions * (1 + self.state_dependent_std) + self.num_actions * (
            not self.state_dependent_std
        )

    def init(self, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> Array:
        """Mean zero everywhere and std = exp(initial_log_std) (`rng` is not used)."""
        theta = np.zeros(self.num_params, dtype)
        if not self.state_dependent_std:
            theta[-self.num_actions :] = self.initial_log_std
        return theta

    def parameters(self, theta: ArrayLike, obs: ArrayLike) -> tuple[Array, Array]:
        """Mean (..., D), and log_std (..., D) or, if it is shared, (D,)."""
        theta, obs = self._theta_and_obs(theta, obs)
        W, rest = self._split(theta)
        return obs @ W, checked_log_std(obs @ rest if self.state_dependent_std else rest)

    def _split(self, theta):
        size = self.num_features * self.num_actions
        shape = (self.num_features, self.num_actions)
        return theta[:size].reshape(shape), theta[size:].reshape(shape if self.state_dependent_std else -1)

    def _pull_back(self, theta, obs, by_mean, by_log_std):
        obs = np.asarray(obs, by_mean.dtype).reshape(-1, self.num_features)
        by_mean, by_log_std = by_mean.reshape(-1, self.num_actions), by_log_std.reshape(-1, self.num_actions)
        rest = obs.T @ by_log_std if self.state_dependent_std else by_log_std.sum(axis=0)
        return np.concatenate([(obs.T @ by_mean).ravel(), rest.ravel()])

    def _pull_back_each(self, theta, obs, by_mean, by_log_std):
        obs = np.asarray(obs, by_mean.dtype)[..., :, None]  # (..., K, 1)
        flat = by_mean.shape[:-1] + (self.num_features * self.num_actions,)
        rest = (obs * by_log_std[..., None, :]).reshape(flat) if self.state_dependent_std else by_log_std
        return np.concatenate([(obs * by_mean[..., None, :]).reshape(flat), rest], axis=-1)


@dataclass(frozen=True)
class MLPGaussian(_Gaussian):
    """A network gives the mean; log_std is shared by all states, or a second half of the network's outputs.

    sizes: (K, hidden..., D), tanh between; theta is the network's parameters, then log_std (D,) if it is shared.
    """

    sizes: tuple[int, ...]
    state_dependent_std: bool = False
    initial_log_std: float = 0.0
    network: MLP = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        checked_log_std(np.array([number("initial_log_std", self.initial_log_std)]), "initial_log_std")
        object.__setattr__(self, "sizes", layer_sizes(self.sizes))
        outputs = self.sizes[-1] * (1 + self.state_dependent_std)
        object.__setattr__(self, "network", MLP(self.sizes[:-1] + (outputs,)))

    num_features = property(lambda self: self.sizes[0])
    num_actions = property(lambda self: self.sizes[-1])
    num_params = property(lambda self: self.network.num_params + self.num_actions * (not self.state_dependent_std))

    def init(self, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Array:
        """Random hidden layers, a last layer close to zero: the mean starts near 0,
        the std near exp(initial_log_std)."""
        theta = np.full(self.num_params, self.initial_log_std, dtype)
        theta[: self.network.num_params] = self.network.init(rng, dtype, last=0.01)
        if self.state_dependent_std:
            theta[-self.num_actions :] = self.initial_log_std  # the offsets of the outputs that are log_std
        return theta

    def parameters(self, theta: ArrayLike, obs: ArrayLike) -> tuple[Array, Array]:
        """Mean (..., D), and log_std (..., D) or, if it is shared, (D,)."""
        theta, obs = self._theta_and_obs(theta, obs)
        outputs = self.network(theta[: self.network.num_params], obs)
        shared = theta[self.network.num_params :]
        return outputs[..., : self.num_actions], checked_log_std(
            outputs[..., self.num_actions :] if self.state_dependent_std else shared
        )

    def _pull_back(self, theta, obs, by_mean, by_log_std):
        by_outputs, rest = self._to_network(by_mean, by_log_std)
        rest = rest.sum(axis=tuple(range(rest.ndim - 1)))
        return np.concatenate([self.network.vjp(*self._network_at(theta, obs), by_outputs), rest])

    def _pull_back_each(self, theta, obs, by_mean, by_log_std):
        by_outputs, rest = self._to_network(by_mean, by_log_std)
        return np.concatenate([self.network.vjp_each(*self._network_at(theta, obs), by_outputs), rest], axis=-1)

    def _to_network(self, by_mean, by_log_std):
        if self.state_dependent_std:
            return np.concatenate([by_mean, by_log_std], axis=-1), by_log_std[..., :0]
        return by_mean, by_log_std

    def _network_at(self, theta, obs):
        theta, obs = self._theta_and_obs(theta, obs)
        return theta[: self.network.num_params], obs


@dataclass(frozen=True)
class Squashed:
    """The law of a = limit * tanh(u) with u drawn from a Gaussian `policy`: what `actions` means here is still u.

    u is what is sampled and stored: from a stored a near the limit nobody gets u back. `execute(u)` is what the world
    sees: `rollout`, and so `reinforce` and `evaluate`, send it and keep u, and nothing else must squash it
    again. The squash has no parameters, so the score is that of u; densities and entropy change.
    """

    policy: _Gaussian
    limit: float = 1.0

    def __post_init__(self):
        checked_policy(self.policy, "mean", "log_std", "weighted_score", what="a LinearGaussian or an MLPGaussian")
        positive("limit", self.limit)

    num_params = property(lambda self: self.policy.num_params)
    num_features = property(lambda self: self.policy.num_features)
    num_actions = property(lambda self: self.policy.num_actions)

    def execute(self, actions: ArrayLike) -> Array:
        """limit * tanh(u): what the world gets, inside the box."""
        return self.limit * np.tanh(finite("actions", actions))

    def init(self, rng: np.random.Generator | None = None, dtype: DTypeLike | None = None) -> Array:
        """As the Gaussian starts, in the Gaussian's own precision if `dtype` is None."""
        return self.policy.init(rng) if dtype is None else self.policy.init(rng, dtype)

    def mean(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """The Gaussian's mean, before the squash, (..., D); execute(mean) is the median of what the world sees."""
        return self.policy.mean(theta, obs)

    def sample(self, theta: ArrayLike, obs: ArrayLike, rng: np.random.Generator) -> Any:
        """u, before the squash, (..., D)."""
        return self.policy.sample(theta, obs, rng)

    def log_prob(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """Log density of limit * tanh(u), given u, (...)."""
        log_prob = self.policy.log_prob(theta, obs, actions)
        return log_prob - _sum(math.log(self.limit) + log_tanh_slope(np.asarray(actions, log_prob.dtype)))

    def score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """The Gaussian's score at u: the squash does not depend on theta, so its derivative is zero."""
        return self.policy.score(theta, obs, actions)

    def weighted_score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike) -> Array:
        """sum_i weights_i score_i, (d,)."""
        return self.policy.weighted_score(theta, obs, actions, weights)

    def entropy(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """H(u) + E[log da/du], the average by Gauss-Hermite quadrature (there is no closed form), (...)."""
        mean, log_std = self.policy.mean(theta, obs), self.policy.log_std(theta, obs)
        nodes, weights = _standard_normal_quadrature()
        u = mean[..., None] + np.exp(log_std)[..., None] * nodes
        slope = math.log(self.limit) + log_tanh_slope(u) @ weights
        return (gaussian_entropy(log_std) + _sum(slope)).astype(mean.dtype, copy=False)
