"""A small multilayer perceptron in NumPy, forward and backward: the mean of a Gaussian policy, or a learned baseline.

`theta` is one flat vector: weights (inputs, outputs) and offsets (outputs,) of each layer in turn. tanh between layers.
Side by side in theta, the two are one matrix (inputs + 1, outputs): the offsets are the weights of one more input that is
always 1. Inside, each sample is a column, for NumPy is fast along long rows: a layer is one product, forward and backward.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from ._validate import _short, generator

CHUNK = 2000             # samples at a time: the activations of more would leave the processor's cache


def layer_sizes(sizes):
    """`sizes` as a tuple of two or more positive ints."""
    found = tuple(sizes) if np.iterable(sizes) else ()
    if len(found) < 2 or any(not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1 for n in found):
        raise ValueError(f"sizes must be two or more positive integers, (inputs, hidden..., outputs), got {_short(sizes)}")
    return found


@dataclass(frozen=True)
class MLP:
    """outputs (..., sizes[-1]) = network(theta, inputs (..., sizes[0])). Two sizes only: a linear map with an offset."""

    sizes: tuple

    def __post_init__(self):
        object.__setattr__(self, "sizes", layer_sizes(self.sizes))

    @property
    def num_params(self):
        return sum((m + 1) * n for m, n in zip(self.sizes, self.sizes[1:]))

    def init(self, rng, dtype=np.float64, last=1.0):
        """Weights with variance 1 / inputs, so that signals keep their size; the last layer's times `last`; offsets 0."""
        theta = np.zeros(self.num_params, dtype)
        layers = self.layers(theta)
        for i, (W, _) in enumerate(layers):
            W[:] = generator(rng).standard_normal(W.shape) / np.sqrt(len(W)) * (last if i == len(layers) - 1 else 1)
        return theta

    def layers(self, theta):
        """[(W, b), ...], views into theta."""
        return [(block[:-1], block[-1]) for block in self._blocks(theta)]

    def _blocks(self, theta):
        """[(..., inputs + 1, outputs), ...], views into theta (..., d): weights, and offsets as the last row."""
        found, start = [], 0
        for m, n in zip(self.sizes, self.sizes[1:]):
            found.append(theta[..., start:start + (m + 1) * n].reshape(*theta.shape[:-1], m + 1, n))
            start += (m + 1) * n
        return found

    def __call__(self, theta, inputs):
        samples, blocks = _flat(inputs), self._blocks(theta)
        return _forward(blocks, _room(blocks, len(samples)), samples).T.reshape(*inputs.shape[:-1], self.sizes[-1])

    def at(self, theta, num):
        """The function (num, inputs) -> (outputs, num), a sample per column: for a loop, with what stays made once."""
        blocks = self._blocks(theta)
        # Eight columns to spare: rows that begin whole multiples of 4096 bytes apart would fight for the same lines of the cache.
        signals = _room(blocks, num + 8)
        signals[0][:] = 1
        return lambda inputs: _forward(blocks, signals, inputs)[:, :num]

    def vjp(self, theta, inputs, by_outputs):
        """sum over samples of (d outputs / d theta)^T by_outputs, (d,): one backward pass.

        by_outputs: (..., outputs), or a function (outputs, rows) that gives it for a slice of the samples, both with one
        sample per column, where it depends on the outputs themselves: that saves a second forward pass.
        """
        inputs = _flat(inputs)
        if not callable(by_outputs):
            given = _flat(by_outputs).T
            by_outputs = lambda outputs, rows: given[:, rows]              # noqa: E731
        total = np.zeros(self.num_params, theta.dtype)
        for start in range(0, len(inputs), CHUNK):
            rows = slice(start, start + CHUNK)
            pairs = self._backward(theta, inputs[rows], lambda outputs: by_outputs(outputs, rows))
            for block, (x, delta) in zip(self._blocks(total), pairs):
                block += x @ delta.T
        return total

    def vjp_each(self, theta, inputs, by_outputs):
        """The same for each sample on its own, (..., d); a function gets the outputs of all, one sample per column."""
        given = by_outputs if callable(by_outputs) else lambda outputs: _flat(by_outputs).T
        pairs = self._backward(theta, _flat(inputs), given)
        each = np.empty(inputs.shape[:-1] + (self.num_params,), theta.dtype)
        for part, (x, delta) in zip(self._blocks(_flat(each)), pairs):
            np.multiply(x.T.copy()[:, :, None], delta.T.copy()[:, None], out=part)
        return each

    def _backward(self, theta, inputs, by_outputs):
        """(inputs, derivative by what leaves it before tanh) of every layer, first to last."""
        blocks = self._blocks(theta)
        signals, pairs = _room(blocks, len(inputs)), []
        delta = by_outputs(_forward(blocks, signals, inputs))
        delta = np.ascontiguousarray(delta)          # the rounding of a sum depends on the layout of what it adds
        for i in reversed(range(len(blocks))):
            pairs.append((signals[i], delta))
            if i:
                slope = np.square(signals[i][:-1])             # of tanh: 1 - tanh^2, in place, for these are the largest arrays
                np.subtract(1, slope, out=slope)
                delta = blocks[i][:-1] @ delta
                delta *= slope
        return pairs[::-1]


def _flat(array):
    """(..., n) as (samples, n), also where there are none."""
    return array.reshape(prod(array.shape[:-1]), array.shape[-1])


def _room(blocks, num):
    """Arrays for what enters each layer, (inputs + 1, num), with the input that is always 1."""
    signals = [np.empty((len(block), num), block.dtype) for block in blocks]
    for x in signals:
        x[-1] = 1
    return signals


def _forward(blocks, signals, inputs):
    """The outputs (outputs, num) for inputs (num, inputs); what enters each layer is left in `signals`."""
    signals[0][:-1, :len(inputs)] = inputs.T
    for block, x, z in zip(blocks, signals, signals[1:]):
        np.tanh(np.matmul(block.T, x, out=z[:-1]), out=z[:-1])
    return blocks[-1].T @ signals[-1]
