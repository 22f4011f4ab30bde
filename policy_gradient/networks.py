"""A small multilayer perceptron in NumPy, forward and backward: the mean of a Gaussian policy, or a learned baseline.

`theta` is one flat vector: weights (inputs, outputs) and offsets (outputs,) of each layer in turn. tanh between layers.
"""

from dataclasses import dataclass

import numpy as np

from ._validate import _short, generator

CHUNK = 2048             # rows at a time: the activations of more would leave the processor's cache


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
        found, start = [], 0
        for m, n in zip(self.sizes, self.sizes[1:]):
            found.append((theta[start:start + m * n].reshape(m, n), theta[start + m * n:start + (m + 1) * n]))
            start += (m + 1) * n
        return found

    def __call__(self, theta, inputs):
        *hidden, last = self.layers(theta)
        return _outputs(_forward(hidden, inputs)[-1], *last)

    def at(self, theta, num):
        """The function (num, inputs) -> (outputs, num) of these parameters, one sample per column, for a loop that calls it often.

        Everything that stays is made once: each layer's weights with its offsets as those of one more input, always 1,
        and the room for its inputs.
        """
        layers = [np.concatenate([W, b[None]]).T.copy() for W, b in self.layers(theta)]
        # Eight columns to spare: rows that begin whole multiples of 4096 bytes apart would fight for the same lines of the cache.
        signals = [np.ones((layer.shape[1], num + 8), theta.dtype) for layer in layers]

        def outputs(inputs):
            signals[0][:-1, :num] = inputs.T
            for layer, x, z in zip(layers, signals, signals[1:]):
                np.tanh(np.matmul(layer, x, out=z[:-1]), out=z[:-1])
            return (layers[-1] @ signals[-1])[:, :num]
        return outputs

    def vjp(self, theta, inputs, by_outputs):
        """sum over samples of (d outputs / d theta)^T by_outputs, (d,): one backward pass.

        by_outputs: (..., outputs), or a function (outputs, rows) that gives it for a slice of the samples, where it
        depends on the outputs themselves: that saves a second forward pass.
        """
        inputs = inputs.reshape(-1, self.sizes[0])
        if not callable(by_outputs):
            given = by_outputs.reshape(-1, self.sizes[-1])
            by_outputs = lambda outputs, rows: given[rows]                 # noqa: E731
        total = np.zeros(self.num_params, theta.dtype)
        for start in range(0, len(inputs), CHUNK):
            rows = slice(start, start + CHUNK)
            pairs = self._backward(theta, inputs[rows], lambda outputs: by_outputs(outputs, rows))
            for (W, b), (x, delta) in zip(self.layers(total), pairs):
                W += x.T @ delta
                b += delta.sum(axis=0)
        return total

    def vjp_each(self, theta, inputs, by_outputs):
        """The same for each sample on its own, (..., d)."""
        parts = []
        for x, delta in self._backward(theta, inputs, by_outputs):
            outer = x[..., :, None] * delta[..., None, :]
            parts += [outer.reshape(outer.shape[:-2] + (outer.shape[-2] * outer.shape[-1],)), delta]
        return np.concatenate(parts, axis=-1)

    def _backward(self, theta, inputs, delta):
        """(inputs, derivative by what leaves it before tanh) of every layer, first to last."""
        layers = self.layers(theta)
        signals, pairs = _forward(layers[:-1], inputs), []
        delta = delta(_outputs(signals[-1], *layers[-1])) if callable(delta) else delta
        delta = np.ascontiguousarray(delta)          # the rounding of a sum depends on the layout of what it adds
        for i in reversed(range(len(layers))):
            pairs.append((signals[i], delta))
            if i:
                slope = np.square(signals[i])                  # of tanh: 1 - tanh^2, in place, for these are the largest arrays
                np.subtract(1, slope, out=slope)
                delta = delta @ layers[i][0].T
                delta *= slope
        return pairs[::-1]


def _forward(hidden, inputs):
    """Inputs of every layer, the last one's too, through the `hidden` layers before it."""
    signals = [inputs]
    for W, b in hidden:
        x = signals[-1]
        if x.ndim == 2 and len(x) >= 64 and len(W) < len(b):   # b as the weights of one more input, always 1: a wide result
            x1 = np.empty((len(W) + 1, len(x)), W.dtype)       # is spared a second pass
            x1[:-1], x1[-1] = x.T, 1
            z = x1.T @ np.concatenate([W, b[None]])
        else:
            z = x @ W
            z += b
        signals.append(np.tanh(z, out=z))
    return signals


def _outputs(x, W, b):
    """x @ W + b, of many rows in columns: a softmax goes along them faster than along short rows."""
    z = x @ W
    z = np.asfortranarray(z) if z.ndim == 2 else z
    z += b
    return z
