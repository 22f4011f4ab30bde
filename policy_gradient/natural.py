"""The metric of policies: Fisher information, the natural gradient and its step, for softmax policies.

Means over states are weighted: `weights` (M,) say how much each of M observations counts (default 1 / M each; the
theorem's are the discounted visits). The Fisher matrix is exact in the actions: all are summed over, none is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ._validate import finite, function, having, not_negative, numbers, whole
from .networks import MLP
from .policies import MLPSoftmax, log_softmax, softmax

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._types import Array, ArrayLike
    from .policies import LinearSoftmax, TabularSoftmax

    Softmax: TypeAlias = TabularSoftmax | LinearSoftmax | MLPSoftmax


def fisher(policy: Softmax, theta: ArrayLike, obs: ArrayLike, weights: ArrayLike | None = None) -> Array:
    """F, (d, d): the weighted mean over states of the expected square of the score. Symmetric, no negative eigenvalue.

    Also the Hessian of the weighted mean KL at zero distance.
    """
    theta = _theta(policy, theta, "score")
    probs, weights = _states(policy, theta, obs, weights)
    total = np.zeros((policy.num_params,) * 2)
    for a in range(probs.shape[-1]):
        scores = policy.score(theta, obs, np.full(len(probs), a)).astype(np.float64)
        total += scores.T @ ((weights * probs[:, a])[:, None] * scores)
    return total


def fisher_vector(policy: Softmax, theta: ArrayLike, obs: ArrayLike, weights: ArrayLike | None, v: ArrayLike) -> Array:
    """F v, (d,), without forming F: one pass forward for how the logits move along v, one backward.
    `weights` may be None."""
    theta = _theta(policy, theta, "weighted_score")
    v = finite("v", v, (policy.num_params,)).astype(theta.dtype, copy=False)
    if type(policy) is MLPSoftmax:
        network = MLP(policy.sizes)
        obs = finite("obs", obs, (None, policy.sizes[0]))
        weights = _weights(weights, len(obs)).astype(theta.dtype)
        x, moved = obs.astype(theta.dtype, copy=False), None
        for (W, b), (V, c) in zip(network.layers(theta), network.layers(v)):
            if moved is not None:  # what the layer before put out, and how it moves
                x = np.tanh(x)
                moved = moved * (1 - x * x)
            change = x @ V + c
            moved = change if moved is None else change + moved @ W
            x = x @ W + b
        return network.vjp(theta, obs, _curved(softmax(x), moved, weights))
    probs, weights = _states(policy, theta, obs, weights)  # logits are linear in theta: along v they move by logits(v)
    by_logits = _curved(probs, policy.logits(v, obs), weights)
    return np.sum(
        [policy.weighted_score(theta, obs, np.full(len(probs), a), by_logits[:, a]) for a in range(probs.shape[-1])],
        axis=0,
    )


def _curved(probs, moved, weights):
    """(diag pi - pi pi^T) times how the logits move, (M, A): its rows sum to 0."""
    return weights[:, None] * probs * (moved - (probs * moved).sum(axis=-1, keepdims=True))


def conjugate_gradient(
    matvec: Callable[[Array], ArrayLike], b: ArrayLike, iterations: int = 10, tolerance: float = 1e-10
) -> Array:
    """x with A x = b, (d,), for a symmetric A without negative eigenvalues,
    by `iterations` products matvec(v) = A v at most.

    Stops once the residual is `tolerance` times |b|. Along a direction that A maps to 0 (a singular A, or A = 0) it
    stops where it is: from 0 it then gives the smallest solution, and zeros for A = 0. Hestenes & Stiefel (1952).
    """
    b = finite("b", b, (None,))
    function("matvec", matvec, "matvec(v) -> A v, both (d,)")
    x, residual, iterations = np.zeros_like(b), b.copy(), whole("iterations", iterations, 0)
    not_negative("tolerance", tolerance)
    direction, square = residual, residual @ residual
    goal, flat = tolerance**2 * square, np.finfo(b.dtype).eps * 10
    largest = 0.0
    for _ in range(iterations):
        if not square > goal:
            break
        product = finite("matvec(v)", matvec(direction), b.shape)
        curvature = direction @ product
        largest = max(largest, curvature / (direction @ direction))
        if not curvature > flat * largest * (direction @ direction):
            break
        x = x + square / curvature * direction
        residual = residual - square / curvature * product
        square, before = residual @ residual, square
        direction = residual + square / before * direction
    return x


def natural_gradient(
    policy: Softmax,
    theta: ArrayLike,
    obs: ArrayLike,
    gradient: ArrayLike,
    weights: ArrayLike | None = None,
    damping: float = 0.0,
    iterations: int | None = None,
) -> Array:
    """x with (F + damping I) x = gradient, (d,), by conjugate gradients; iterations: d products unless told.

    Where F is singular, the part of the gradient that no policy can see is left out, and F = 0 gives zeros.
    """
    theta = _theta(policy, theta, "weighted_score")
    gradient = finite("gradient", gradient, (policy.num_params,))
    not_negative("damping", damping)
    iterations = policy.num_params if iterations is None else iterations
    return conjugate_gradient(
        lambda v: fisher_vector(policy, theta, obs, weights, v) + damping * v, gradient, iterations
    )


def kl_step(natural: ArrayLike, gradient: ArrayLike, delta: float) -> Array:
    """The multiple of `natural` (d,) whose quadratic KL is delta: sqrt(2 delta / gradient . natural) times it.

    Zeros if delta is 0 or gradient . natural is not positive: then there is no way up.
    """
    natural = finite("natural", natural, (None,))
    gradient = finite("gradient", gradient, natural.shape)
    slope = float(gradient.astype(np.float64) @ natural.astype(np.float64))
    if not_negative("delta", delta) == 0 or not slope > 0:
        return np.zeros_like(natural)
    return (np.sqrt(2 * delta / slope) * natural).astype(natural.dtype, copy=False)


def kl(policy: Softmax, theta: ArrayLike, other: ArrayLike, obs: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Weighted mean over states of KL(pi_theta || pi_other), a float in nats, exact in the actions."""
    both = _theta(policy, theta, "logits"), _theta(policy, other, "logits", "other")
    old, new = (log_softmax(numbers("logits", policy.logits(each, obs)).astype(np.float64)) for each in both)
    with np.errstate(invalid="ignore"):
        each = np.where(old == -np.inf, 0.0, np.exp(old) * (old - new)).sum(axis=-1)
    return float(_weights(weights, each.size) @ each.ravel())


def _theta(policy: Softmax, theta: ArrayLike, method: str, name: str = "theta") -> Array:
    """theta as an array of floats, if the policy is a softmax policy with that method."""
    having("policy", policy, ["num_params", "probs", "logits", method], "a softmax policy such as MLPSoftmax")
    return finite(name, theta, (policy.num_params,))


def _states(policy, theta, obs, weights):
    probs = numbers("policy's probs", policy.probs(theta, obs))
    return probs, _weights(weights, len(probs))


def _weights(weights, num):
    weights = np.full(num, 1 / num) if weights is None else finite("weights", weights, (num,))
    if weights.min(initial=0.0) < 0:
        raise ValueError(f"weights must not be negative, got {weights.min()}")
    return weights
