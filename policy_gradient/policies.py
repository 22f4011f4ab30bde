"""Softmax policies: immutable descriptions, with the parameters `theta` as one flat vector passed in by the caller.

Every policy has the same methods. Shapes: `...` any leading axes, A actions, d = `num_params` parameters.

    init(rng) -> (d,)                            where training starts: the uniform policy, or close to it
    probs(theta, obs) -> (..., A)                pi(a|s)
    sample(theta, obs, rng) -> (...)             one action per observation
    log_prob(theta, obs, actions) -> (...)       log pi(a|s)
    score(theta, obs, actions) -> (..., d)       gradient of log pi(a|s) with respect to theta, one row per sample
    weighted_score(theta, obs, actions, weights) -> (d,)     the sum over samples of weight times score, in one pass
    entropy(theta, obs) -> (...)                 in nats

Computation follows theta's dtype. NaN, wrong shapes and indices out of range raise ValueError or TypeError. One number
goes with every shape; else obs, actions and weights have as many axes: (N, 1) beside (N,) would be (N, N), and is an
error. For a softmax the score with respect to the logits is e_a - pi (Sutton & Barto 2018, section 13.3 and
exercise 13.3); each class only adds how its logits depend on theta.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from . import _fast
from ._validate import NOT_LOGITS, finite, generator, indices, numbers, same_shape, whole
from .networks import MLP

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Array, ArrayLike, DTypeLike


def softmax(logits: ArrayLike) -> Array:
    """Probabilities exp(logits) / sum(exp(logits)) over the last axis, (..., A) -> (..., A).

    Stable for logits of any size; single entries may be -inf (probability 0), whole rows may not.
    Raises ValueError on NaN.
    """
    exps = np.exp(_shifted(logits))
    return exps / _over_actions(np.add, exps)


def log_softmax(logits: ArrayLike) -> Array:
    """log(softmax(logits)) over the last axis, (..., A) -> (..., A), finite where the probability itself underflows."""
    shifted = _shifted(logits)
    return shifted - np.log(_over_actions(np.add, np.exp(shifted)))


def _shifted(logits):
    logits = numbers("logits", logits)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits must have at least one action on the last axis, got shape {logits.shape}")
    largest = _over_actions(np.maximum, logits.real)  # .real: complex_step sends complex numbers through here
    if not np.isfinite(largest).all():
        raise ValueError(NOT_LOGITS)
    with np.errstate(over="ignore"):  # the largest float less the smallest is -inf, as it should be
        return logits - largest


@_fast.form(_fast.over_actions)
def _over_actions(ufunc, array):
    """The ufunc's reduction over the last axis, (..., A) -> (..., 1)."""
    return ufunc.reduce(array, axis=-1, keepdims=True)


@_fast.form(_fast.draw)
def _draw(logits, rng):
    """One action per row of logits, (..., A) -> int64 (...).

    It is the number of partial sums of the exponentials that lie at or below u times the whole sum, u uniform in
    [0, 1): unlike rng.choice this serves a whole batch with one draw each.
    """
    sums = np.cumsum(np.exp(_shifted(logits)), axis=-1)
    u = generator(rng).random(sums.shape[:-1]) * sums[..., -1]
    return (sums[..., :-1] <= np.asarray(u)[..., None]).sum(axis=-1)


def _leading(obs, actions, weights):
    """The shape (...) of all samples."""
    shape = same_shape(obs=obs, actions=actions, weights=weights)
    if weights.ndim and shape != (samples := same_shape(obs=obs, actions=actions)):
        raise ValueError(f"weights must have shape {samples}, one per sample, got {weights.shape}")
    return shape


class _Softmax:
    """What all softmax policies share; they supply `logits`, `score` and `weighted_score`."""

    if TYPE_CHECKING:
        num_params = num_actions = num_obs = property(lambda self: 0)

        def logits(self, theta: ArrayLike, obs: ArrayLike) -> Array: ...

    def probs(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """pi(a|s) for every action, (..., A)."""
        return softmax(self.logits(theta, obs))

    def log_prob(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """log pi(a|s) of the actions taken, (...)."""
        log_probs = log_softmax(self.logits(theta, obs))
        actions = indices("actions", actions, self.num_actions)
        shape = same_shape(obs=log_probs[..., 0], actions=actions)
        log_probs = np.broadcast_to(log_probs, shape + log_probs.shape[-1:])
        return np.take_along_axis(log_probs, np.broadcast_to(actions, shape)[..., None], axis=-1)[..., 0]

    def sample(self, theta: ArrayLike, obs: ArrayLike, rng: np.random.Generator) -> Any:
        """One action per observation, int64 (...), drawn with the numpy.random.Generator `rng`."""
        return _draw(self.logits(theta, obs), rng)

    def entropy(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """-sum_a pi log pi in nats, (...): log(A) for the uniform policy, 0 for a deterministic one."""
        probs = self.probs(theta, obs)
        return -(probs * np.log(np.where(probs == 0, 1, probs))).sum(axis=-1)

    def _theta(self, theta: ArrayLike) -> Array:
        return finite("theta", theta, (self.num_params,))

    def _broadcast(self, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike = 1.0) -> tuple[Array, Array, Array]:
        """Observations and actions as integers, weights as floats, all of one shape."""
        obs = indices("obs", obs, self.num_obs)
        actions = indices("actions", actions, self.num_actions)
        weights = finite("weights", weights)
        _leading(obs, actions, weights)
        return np.broadcast_arrays(obs, actions, weights)  # type: ignore[return-value]


@dataclass(frozen=True)
class TabularSoftmax(_Softmax):
    """One logit per (observation, action): theta (S*A,) is the table (S, A) row by row; obs are integers (...).

    num_states: how many observations S the agent can tell apart; num_actions: A.
    """

    num_states: int
    num_actions: int

    def __post_init__(self):
        whole("num_states", self.num_states)
        whole("num_actions", self.num_actions)

    @property
    def num_params(self) -> int:
        return self.num_states * self.num_actions

    @property
    def num_obs(self) -> int:
        return self.num_states

    def init(self, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> Array:
        """Zeros: the uniform policy (`rng` is not used)."""
        return np.zeros(self.num_params, dtype)

    def logits(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """The rows of the table, (..., A)."""
        table = self._theta(theta).reshape(self.num_states, self.num_actions)
        return table[indices("obs", obs, self.num_obs)]

    def score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """Row s of the table gets e_a - pi(.|s), all other rows zero; (..., S*A)."""
        obs, actions, _ = self._broadcast(obs, actions)
        probs = self.probs(theta, obs).reshape(obs.size, self.num_actions)
        rows, scores = np.arange(obs.size), np.zeros((obs.size, self.num_states, self.num_actions), probs.dtype)
        scores[rows, obs.ravel()] = -probs
        scores[rows, obs.ravel(), actions.ravel()] += 1
        return scores.reshape(obs.shape + (self.num_params,))

    def weighted_score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike) -> Array:
        """sum_i weights_i score_i, (S*A,)."""
        totals = self._totals(obs, actions, weights)
        table_probs = self.probs(theta, np.arange(self.num_states))
        return (totals - table_probs * totals.sum(axis=1, keepdims=True)).ravel().astype(table_probs.dtype)

    def _totals(self, obs, actions, weights):
        """The weight that falls on each (observation, action), (S, A)."""
        obs, actions, weights = self._broadcast(obs, actions, weights)
        cells = (obs * self.num_actions + actions).ravel().astype(np.intp, copy=False)  # 32 bits in a browser
        size = self.num_states * self.num_actions
        return np.bincount(cells, weights.ravel(), size).reshape(self.num_states, self.num_actions)


@dataclass(frozen=True, eq=False)
class LinearSoftmax(_Softmax):
    """Logits h(s, a) = theta . x(s, a) (Sutton & Barto 2018, eq. 13.3): features are how states share parameters.

    features: x, (S, A, d) for S observations and A actions; theta (d,); obs are integers (...).
    """

    features: np.ndarray

    def __post_init__(self):
        features = finite("features", self.features, (None, None, None)).copy()
        features.setflags(write=False)
        object.__setattr__(self, "features", features)

    num_obs = property(lambda self: self.features.shape[0])
    num_actions = property(lambda self: self.features.shape[1])
    num_params = property(lambda self: self.features.shape[2])

    def init(self, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float64) -> Array:
        """Zeros: the uniform policy (`rng` is not used)."""
        return np.zeros(self.num_params, dtype)

    def logits(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """theta . x(s, a) for every action, (..., A)."""
        theta = self._theta(theta)
        table = self.features.astype(theta.dtype, copy=False) @ theta
        return table[indices("obs", obs, self.num_obs)]

    def score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """x(s, a) - sum_b pi(b|s) x(s, b), (..., d)."""
        obs, actions, _ = self._broadcast(obs, actions)
        probs = self.probs(theta, np.arange(self.num_obs))
        centred = self.features - np.einsum("sa,sad->sd", probs, self.features)[:, None]
        return centred.astype(probs.dtype, copy=False)[obs, actions]

    def weighted_score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike) -> Array:
        """sum_i weights_i score_i, (d,)."""
        table = TabularSoftmax(self.num_obs, self.num_actions)
        by_logit = table.weighted_score(self.logits(theta, np.arange(self.num_obs)).ravel(), obs, actions, weights)
        return np.einsum(
            "sa,sad->d",
            by_logit.reshape(self.num_obs, self.num_actions),
            self.features.astype(by_logit.dtype, copy=False),
        )  # the chain rule


def two_action_softmax(num_params: int, num_obs: int | None = None) -> LinearSoftmax:
    """A LinearSoftmax with one logit per observation: pi(1|k) = sigmoid(theta[k]) for k < num_params, else one half.

    The book's small examples use it: action 1 is *right* in the corridor, *take* behind a door.
    """
    num_params = whole("num_params", num_params)
    num_obs = num_params if num_obs is None else whole("num_obs", num_obs)
    if num_obs < num_params:
        raise ValueError(f"num_obs must be at least num_params = {num_params}, got {num_obs}")
    features = np.zeros((num_obs, 2, num_params))
    features[np.arange(num_params), 1, np.arange(num_params)] = 1
    return LinearSoftmax(features)


@dataclass(frozen=True)
class MLPSoftmax(_Softmax):
    """Logits from a small network: sizes (K, hidden..., A), tanh between layers; obs are vectors (..., K).

    (4, 64, 2) is the book's CartPole policy; two sizes alone, (4, 2), are a linear policy. The backward
    pass is in `networks`.
    """

    sizes: tuple[int, ...]
    network: MLP = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "network", MLP(self.sizes))
        object.__setattr__(self, "sizes", self.network.sizes)

    num_params = property(lambda self: self.network.num_params)
    num_features = property(lambda self: self.sizes[0])
    num_actions = property(lambda self: self.sizes[-1])

    def init(self, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Array:
        """Random weights, the last layer's a hundred times smaller: close to the uniform policy."""
        return self.network.init(rng, dtype, last=0.01)

    def logits(self, theta: ArrayLike, obs: ArrayLike) -> Array:
        """What the network puts out, (..., A)."""
        theta = self._theta(theta)
        return self.network(theta, self._seen(obs, theta))

    def sample(self, theta: ArrayLike, obs: ArrayLike, rng: np.random.Generator) -> Any:
        """One action per observation, int64 (...), drawn with the numpy.random.Generator `rng`."""
        return self.sampler(theta, finite("obs", obs).shape[:-1])(obs, rng)

    @_fast.form(_fast.sampler)
    def sampler(self, theta: ArrayLike, shape: tuple[int, ...]) -> Callable[[ArrayLike, np.random.Generator], Any]:
        """`sample` for a loop in which theta and the shape (...) of the observations stay: a function (obs, rng)."""
        theta = self._theta(theta)
        return lambda obs, rng: _draw(self.logits(theta, obs), rng).reshape(shape)[()]

    @_fast.form(_fast.score)
    def score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike) -> Array:
        """e_a - pi sent backwards through the network, one sample at a time, (..., d)."""
        theta, obs, actions, _, shape = self._samples(theta, obs, actions)
        by_logits = self._by_logits(self.network(theta, obs), actions)
        return self.network.vjp_each(theta, obs, by_logits).reshape(*shape, self.num_params)

    @_fast.form(_fast.weighted_score)
    def weighted_score(self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike) -> Array:
        """sum_i weights_i score_i, (d,): weights times e_a - pi sent backwards once, with no (N, d) array."""
        theta, obs, actions, weights, _ = self._samples(theta, obs, actions, weights)
        by_logits = self._by_logits(self.network(theta, obs), actions)
        return self.network.vjp(theta, obs, weights[:, None] * by_logits)

    def _by_logits(self, logits, actions):
        """The score with respect to the logits, e_a - pi: (n, A) and (n,) -> (n, A)."""
        return (np.arange(self.num_actions)[:, None] == actions).T - softmax(logits)

    def _samples(
        self, theta: ArrayLike, obs: ArrayLike, actions: ArrayLike, weights: ArrayLike = 1.0
    ) -> tuple[Array, Array, Array, Array, tuple[int, ...]]:
        """One sample per row, obs (n, K), actions (n,) and weights (n,), and the leading shape (...)
        that they came in."""
        theta = self._theta(theta)
        obs, actions = self._seen(obs, theta), indices("actions", actions, self.num_actions)
        weights = finite("weights", weights)
        shape = actions.shape
        if not obs.shape[:-1] == shape == weights.shape:
            shape = _leading(obs[..., 0], actions, weights)
            obs = np.broadcast_to(obs, shape + obs.shape[-1:])
            actions, weights = np.broadcast_to(actions, shape), np.broadcast_to(weights, shape)
        obs = obs.reshape(prod(shape), self.num_features)
        return theta, obs, actions.ravel(), weights.astype(theta.dtype, copy=False).ravel(), shape

    def _seen(self, obs: ArrayLike, theta: Array) -> Array:
        """The observations, (..., K), in theta's dtype."""
        obs = finite("obs", obs)
        if obs.ndim == 0 or obs.shape[-1] != self.sizes[0]:
            raise ValueError(f"obs must have {self.sizes[0]} numbers on the last axis, got shape {obs.shape}")
        return obs.astype(theta.dtype, copy=False)
