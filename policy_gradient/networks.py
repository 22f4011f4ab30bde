"""A small multilayer perceptron in NumPy, forward and backward: the mean of a Gaussian policy, or a learned baseline.

`theta` is one flat vector: weights (inputs, outputs) and offsets (outputs,) of each layer in turn. tanh between layers.
A row is a sample. What stands here is what is computed; `_fast` has the same with one product per layer, and that runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from . import _fast
from ._validate import generator, short

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, DTypeLike


def layer_sizes(sizes: Any) -> tuple[int, ...]:
    """`sizes` as a tuple of two or more positive ints."""
    found = tuple(sizes) if np.iterable(sizes) else ()
    if len(found) < 2 or any(not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1 for n in found):
        raise ValueError(
            f"sizes must be two or more positive integers, (inputs, hidden..., outputs), got {short(sizes)}"
        )
    return found


@dataclass(frozen=True)
class MLP:
    """outputs (..., sizes[-1]) = network(theta, inputs (..., sizes[0])). Two sizes only:
    a linear map with an offset."""

    sizes: tuple[int, ...]

    def __post_init__(self):
        object.__setattr__(self, "sizes", layer_sizes(self.sizes))

    @property
    def num_params(self) -> int:
        return sum((m + 1) * n for m, n in zip(self.sizes, self.sizes[1:]))

    def init(self, rng: np.random.Generator, dtype: DTypeLike = np.float64, last: float = 1.0) -> Array:
        """Weights with variance 1 / inputs, so that signals keep their size;
        the last layer's times `last`; offsets 0."""
        theta = np.zeros(self.num_params, dtype)
        layers = self.layers(theta)
        for i, (W, _) in enumerate(layers):
            W[:] = generator(rng).standard_normal(W.shape) / np.sqrt(len(W)) * (last if i == len(layers) - 1 else 1)
        return theta

    def layers(self, theta: Array) -> list[tuple[Array, Array]]:
        """[(W, b), ...], views into theta."""
        found, start = [], 0
        for m, n in zip(self.sizes, self.sizes[1:]):
            found.append((theta[start : start + m * n].reshape(m, n), theta[start + m * n : start + (m + 1) * n]))
            start += (m + 1) * n
        return found

    @_fast.form(_fast.outputs)
    def __call__(self, theta: Array, inputs: Array) -> Array:
        return self._forward(theta, inputs)[-1].reshape(*inputs.shape[:-1], self.sizes[-1])

    @_fast.form(_fast.vjp)
    def vjp(self, theta: Array, inputs: Array, by_outputs: Array) -> Array:
        """sum over samples of (d outputs / d theta)^T by_outputs, by_outputs (..., outputs) -> (d,):
        one backward pass."""
        pairs = self._backward(theta, inputs, by_outputs)
        return np.concatenate([part.ravel() for x, delta in pairs for part in (x.T @ delta, delta.sum(axis=0))])

    @_fast.form(_fast.vjp_each)
    def vjp_each(self, theta: Array, inputs: Array, by_outputs: Array) -> Array:
        """The same for each sample on its own, (..., d)."""
        pairs = self._backward(theta, inputs, by_outputs)
        each = [part for x, delta in pairs for part in (x[:, :, None] * delta[:, None, :], delta)]
        each = [part.reshape(len(part), prod(part.shape[1:])) for part in each]
        return np.concatenate(each, axis=1).reshape(*inputs.shape[:-1], self.num_params)

    def _forward(self, theta, inputs):
        """What enters each layer, (samples, its inputs), and last what leaves the network, (samples, outputs)."""
        layers = self.layers(theta)
        signals = [_rows(inputs, theta.dtype)]
        for W, b in layers[:-1]:
            signals.append(np.tanh(signals[-1] @ W + b))
        W, b = layers[-1]
        return signals + [signals[-1] @ W + b]

    def _backward(self, theta, inputs, by_outputs):
        """(what enters it, derivative by what leaves it before tanh) of each layer, first to last: the chain rule."""
        signals, delta, pairs = self._forward(theta, inputs)[:-1], _rows(by_outputs, theta.dtype), []
        for x, (W, _) in zip(reversed(signals), reversed(self.layers(theta))):
            pairs.append((x, delta))
            delta = (delta @ W.T) * (1 - x**2)  # x = tanh(z), so dx/dz = 1 - x^2
        return pairs[::-1]


def _rows(array, dtype):
    """(..., n) as (samples, n)."""
    return array.reshape(prod(array.shape[:-1]), array.shape[-1]).astype(dtype)
