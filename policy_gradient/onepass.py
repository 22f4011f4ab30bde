"""One pass forward and one back, where what is sent back depends on what came out: for the many small steps of PPO.

A row is a sample. `networks.MLP` does the same in two passes, and a test holds the two against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .networks import MLP

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._types import Array
    from .policies import MLPSoftmax


def pull(network: MLP, theta: Array, inputs: Array, by_outputs: Callable[[Array], Array]) -> Array:
    """sum over samples of (d outputs / d theta)^T by_outputs(outputs), (d,).

    network: an MLP; inputs (n, sizes[0]) of theta's dtype; by_outputs: a function (n, sizes[-1]) -> (n, sizes[-1]).
    """
    total, layers = np.empty_like(theta), network.layers(theta)
    signals = [inputs]
    for W, b in layers[:-1]:
        signals.append(np.tanh(signals[-1] @ W + b))
    W, b = layers[-1]
    delta = by_outputs(signals[-1] @ W + b)
    for (W, _), (by_W, by_b), x in zip(layers[::-1], network.layers(total)[::-1], signals[::-1]):
        np.matmul(x.T, delta, out=by_W)
        np.add.reduce(delta, axis=0, out=by_b)
        if x is not inputs:
            delta = delta @ W.T
            delta *= 1 - x * x
    return total


def weighed_score(
    policy: MLPSoftmax, theta: Array, obs: Array, actions: Array, weigh: Callable[[Array], Array]
) -> Array:
    """sum_i weigh(log pi(a_i|s_i))_i score_i, (d,), for an MLPSoftmax;
    weigh: log-probabilities (n,) -> weights (n,)."""
    rows = np.arange(len(actions))

    def by_logits(logits):
        logits = logits - logits.max(axis=1, keepdims=True)
        exps = np.exp(logits)
        sums = exps.sum(axis=1)
        weights = weigh(logits[rows, actions] - np.log(sums)).astype(theta.dtype, copy=False)
        exps *= (-weights / sums)[:, None]  # -weight times pi
        exps[rows, actions] += weights
        return exps

    return pull(MLP(policy.sizes), theta, obs, by_logits)


def regress(network: MLP, theta: Array, inputs: Array, targets: Array) -> Array:
    """Minus the gradient of half the mean squared error to targets (n,), (d,), of a network with one output."""
    return pull(network, theta, inputs, lambda outputs: (targets[:, None] - outputs) / np.float32(len(targets)))
