"""The fast forms of a few functions, all in this one place. Nothing here is needed to understand the package.

A function that has two forms is written plainly where it belongs, and names its fast form in the line above it:

    @_fast.form(_fast.outputs)
    def __call__(self, theta, inputs):
        ...                                  # what it computes

What runs is the fast form. `MLP.__call__.plain` is the other, and with POLICY_GRADIENT_PLAIN=1 in the environment when
the package is imported, the plain forms run everywhere. tests/package/test_fast.py holds each pair together: bit for
bit where nothing but the storage differs, else to the units in the last place that it states.

Two ideas make the difference. A sample is a *column*, since NumPy is fast along long rows; and a layer's weights and
offsets, side by side in theta, are one matrix (inputs + 1, outputs): the offsets are the weights of one more input that
is always 1. So a layer is one product, forward and backward.
"""

from __future__ import annotations

import os
from functools import reduce, update_wrapper
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ._validate import NOT_LOGITS, as_array, finite, generator, indices

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

F = TypeVar("F", bound="Callable[..., Any]")
PLAIN = os.environ.get("POLICY_GRADIENT_PLAIN", "0") not in ("", "0")

FEW_ACTIONS = 8  # below this many, one addition of long rows for each action beats a sum over many short rows
CHUNK = 2000  # samples at a time: the activations of more would leave the processor's cache
SPARE = 8  # columns: rows that begin whole multiples of 4096 bytes apart would fight for the same cache lines
FIRST_ROOM = 512  # steps that `recorder` makes room for at first
ALIGNED = 8  # it makes room for a whole multiple of so many steps: so every column begins at a whole word


def form(fast: Callable[..., Any]) -> Callable[[F], F]:
    """A decorator: the plain function below is what one reads and `inspect` shows, `fast` is what runs."""

    def choose(plain: F) -> F:
        chosen: Any = plain if PLAIN else update_wrapper(fast, plain)
        chosen.plain, chosen.fast = plain, fast
        return chosen

    return choose


# Softmax ----------------------------------------------------------------------------------------------------------


def over_actions(ufunc, array):
    """NumPy is slow over many short rows: a few actions go one by one."""
    if array.shape[-1] < FEW_ACTIONS:
        return reduce(ufunc, [array[..., a] for a in range(array.shape[-1])])[..., None]
    return ufunc.reduce(array, axis=-1, keepdims=True)


def draw(logits, rng):
    """Row by row of the transposed logits."""
    return draw_columns(np.moveaxis(logits, -1, 0), rng)


def draw_columns(logits, rng):
    """One action per column of logits (A, ...): int64 (...)."""
    largest = reduce(np.maximum, logits)
    if not np.isfinite(largest).all():
        raise ValueError(NOT_LOGITS)
    with np.errstate(over="ignore"):
        if len(logits) == 2:  # only the difference counts: one exponential, not two
            sums = [1, 1 + np.exp(logits[1] - logits[0])]
        else:
            sums = list(accumulate(np.exp(row - largest) for row in logits))
    u = np.asarray(generator(rng).random(np.shape(sums[-1]))) * sums[-1]
    actions = (sums[0] <= u).astype(np.int64)
    for boundary in sums[1:-1]:
        actions = actions + (boundary <= u)
    return actions


# Networks ---------------------------------------------------------------------------------------------------------


def outputs(network, theta, inputs):
    samples, blocks = _flat(inputs), _blocks(network.sizes, theta)
    return _forward(blocks, _room(blocks, len(samples)), samples).T.reshape(*inputs.shape[:-1], network.sizes[-1])


def prepared(network, theta, num):
    """The function (num, inputs) -> (outputs, num), a sample per column: for a loop, with what stays made once."""
    blocks = _blocks(network.sizes, theta)
    signals = _room(blocks, num + SPARE)
    signals[0][:] = 1
    entering = signals[0][:-1, :num]
    layers = [(block.T, x, z[:-1]) for block, x, z in zip(blocks, signals, signals[1:])]
    last, leaving = blocks[-1].T, signals[-1]

    def outputs(inputs):
        entering[:] = inputs.T
        for weights, x, z in layers:
            np.tanh(np.matmul(weights, x, out=z), out=z)
        return (last @ leaving)[:, :num]

    return outputs


def vjp(network, theta, inputs, by_outputs):
    given = _flat(by_outputs).T
    return vjp_of(network, theta, inputs, lambda outputs, rows: given[:, rows])


def vjp_of(network, theta, inputs, by_outputs):
    """`vjp` for a function by_outputs(outputs, rows), of a slice of the samples, both with one sample per column: where
    the derivative depends on the outputs themselves, that saves a second forward pass."""
    inputs, blocks = _flat(inputs), _blocks(network.sizes, theta)
    total = np.zeros(network.num_params, theta.dtype)
    totals, room = _blocks(network.sizes, total), None
    for start in range(0, len(inputs), CHUNK):
        rows = slice(start, start + CHUNK)
        part = inputs[rows]
        if room is None or len(part) < CHUNK:  # memory that is used again need not be handed out again
            room = _room(blocks, len(part)), _scratch(blocks, len(part))
        pairs = _backward(blocks, *room, part, lambda outputs, rows=rows: by_outputs(outputs, rows))
        for block, (x, delta) in zip(totals, pairs):
            block += x @ delta.T
    return total


def vjp_each(network, theta, inputs, by_outputs):
    return vjp_each_of(network, theta, inputs, lambda outputs: _flat(by_outputs).T)


def vjp_each_of(network, theta, inputs, by_outputs):
    """`vjp_each` for a function by_outputs(outputs), both with one sample per column."""
    samples, blocks = _flat(inputs), _blocks(network.sizes, theta)
    pairs = _backward(blocks, _room(blocks, len(samples)), _scratch(blocks, len(samples)), samples, by_outputs)
    each = np.empty(inputs.shape[:-1] + (network.num_params,), theta.dtype)
    for part, (x, delta) in zip(_blocks(network.sizes, _flat(each)), pairs):
        np.multiply(x.T.copy()[:, :, None], delta.T.copy()[:, None], out=part)
    return each


def _backward(blocks, signals, scratch, inputs, by_outputs):
    """(inputs, derivative by what leaves it before tanh) of every layer, first to last;
    written into signals and scratch."""
    pairs = []
    delta = by_outputs(_forward(blocks, signals, inputs))
    delta = np.ascontiguousarray(delta)  # the rounding of a sum depends on the layout of what it adds
    for i in reversed(range(len(blocks))):
        pairs.append((signals[i], delta))
        if i:
            slope, below = scratch[i - 1]
            np.square(signals[i][:-1], out=slope)  # of tanh: 1 - tanh^2
            np.subtract(1, slope, out=slope)
            if delta.dtype == below.dtype:
                delta = np.matmul(blocks[i][:-1], delta, out=below)
            else:  # of another precision than theta: as it comes
                delta = blocks[i][:-1] @ delta
            delta *= slope
    return pairs[::-1]


def _scratch(blocks, num):
    """For every hidden layer two arrays (units, num) to compute in."""
    return [tuple(np.empty((len(block) - 1, num), block.dtype) for _ in range(2)) for block in blocks[1:]]


def _blocks(sizes, theta):
    """[(..., inputs + 1, outputs), ...], views into theta (..., d): weights, and offsets as the last row."""
    found, start = [], 0
    for m, n in zip(sizes, sizes[1:]):
        found.append(theta[..., start : start + (m + 1) * n].reshape(*theta.shape[:-1], m + 1, n))
        start += (m + 1) * n
    return found


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
    signals[0][:-1, : len(inputs)] = inputs.T
    for block, x, z in zip(blocks, signals, signals[1:]):
        np.tanh(np.matmul(block.T, x, out=z[:-1]), out=z[:-1])
    return blocks[-1].T @ signals[-1]


# A softmax policy over a network ------------------------------------------------------------------------------------


def sampler(policy, theta, shape):
    """The network's arrays are made once, before the loop."""
    theta, num, num_features = policy._theta(theta), prod(shape), policy.num_features
    network = prepared(policy.network, theta, num)

    def sample(obs, rng):
        logits = network(policy._seen(obs, theta).reshape(num, num_features))
        return draw_columns(logits, rng).reshape(shape)[()]

    return sample


def score(policy, theta, obs, actions):
    """One forward pass in the place of two."""
    theta, obs, actions, _, shape = policy._samples(theta, obs, actions)
    each = vjp_each_of(policy.network, theta, obs, lambda logits: policy._by_logits(logits.T, actions).T)
    return each.reshape(*shape, policy.num_params)


def weighted_score(policy, theta, obs, actions, weights):
    """The same, and never more than a chunk of samples at once."""
    theta, obs, actions, weights, _ = policy._samples(theta, obs, actions, weights)
    return vjp_of(
        policy.network, theta, obs, lambda logits, rows: weights[rows] * policy._by_logits(logits.T, actions[rows]).T
    )


# Answers ------------------------------------------------------------------------------------------------------------


def alike(prompts, tokens, t, which):
    """Equal prompts that stand side by side, as in a group, and then equal beginnings."""
    if t == 0:
        new = np.ones(len(prompts), bool)
        new[1:] = (prompts[1:] != prompts[:-1]).any(axis=tuple(range(1, prompts.ndim)))
        return np.flatnonzero(new), new.cumsum() - 1
    _, first, which = np.unique(which * (tokens.max() + 1) + tokens[t - 1], return_index=True, return_inverse=True)
    return first, which


def weighted_score_of_answers(policy, theta, prompts, tokens, weights):
    """One pass over what was seen and weighs, each once: the weights of equal rows are added up before."""
    rows, places = (getattr(tokens, name, None) for name in ("rows", "places"))
    if (
        rows is None
        or as_array("weights", weights).shape != places.shape
        or type(policy.network).__name__ != "MLPSoftmax"
    ):
        return weighted_score_of_answers.plain(policy, theta, prompts, tokens, weights)
    theta = policy.network._theta(theta)
    rows = policy.network._seen(rows, theta)
    cells = places * policy.network.num_actions + indices("tokens", tokens.tokens, policy.network.num_actions)
    cells = cells.ravel().astype(np.intp)  # as bincount wants them, also where addresses have 32 bits
    totals = np.bincount(cells, finite("weights", weights).ravel(), len(rows) * policy.network.num_actions)
    used = (totals := totals.reshape(len(rows), -1)).any(axis=1)  # not: groups of one reward, and what follows an end
    rows, totals = rows[used], totals[used].T.astype(theta.dtype)

    def by_outputs(logits, part):
        exps, here = np.exp(logits - logits.max(axis=0)), totals[:, part]
        probs = exps / exps.sum(axis=0)
        return here * (1 - probs) - (here.sum(axis=0) - here) * probs  # exact also where a policy is almost certain

    return vjp_of(policy.network.network, theta, rows, by_outputs)


def chances_and_gradient(policy, theta, prompts, tokens):
    """One pass forward in the place of two."""
    kinds = type(policy).__name__, type(getattr(policy, "network", None)).__name__
    if kinds != ("TokenPolicy", "MLPSoftmax") or not 0 < tokens.size <= CHUNK:
        return chances_and_gradient.plain(policy, theta, prompts, tokens)
    theta, p = policy.network._theta(theta), None
    rows, words = _flat(policy.network._seen(policy.features(prompts, tokens), theta)), tokens.ravel()

    def by_outputs(logits, _):  # of all rows, since they are one chunk
        nonlocal p
        shifted = logits - logits.max(axis=0)
        exps, here = np.exp(shifted), np.arange(len(words))
        sums = exps.sum(axis=0)
        log_probs = shifted[words, here] - np.log(sums)
        p = np.exp(log_probs.reshape(tokens.shape).astype(np.float64).sum(axis=0))
        by_logits = exps / -sums
        by_logits[words, here] += 1
        return by_logits * np.tile(p.astype(theta.dtype), len(tokens))

    gradient = vjp_of(policy.network.network, theta, rows, by_outputs)
    return p, gradient


# Rollouts -----------------------------------------------------------------------------------------------------------


def recorder(max_steps):
    """Columns with room for the steps to come, twice as much each time that they are full."""
    columns, t = None, 0

    def record(row):
        nonlocal columns, t
        if columns is None or t == len(columns[0]):
            columns = _longer(columns, row, max_steps)
        for column, value in zip(columns, row):
            column[t] = value
        t += 1

    return record, lambda: [column[:t] for column in columns]


def _longer(columns, row, max_steps):
    """Columns for some steps like the first, `row`, or with room for twice as many as there were.

    All in one block: the system hands out a large one in large pages, which saves a tenth of a rollout, and memory that
    is not yet written costs nothing.
    """
    num_steps = 2 * len(columns[0]) if columns else -(-min(max_steps or FIRST_ROOM, FIRST_ROOM) // ALIGNED) * ALIGNED
    like = [column[0] for column in columns] if columns else row  # of the first step, whatever comes later
    sizes = [num_steps * value.nbytes for value in like]
    parts = np.split(np.empty(sum(sizes), np.uint8), np.cumsum(sizes)[:-1])
    room = [part.view(value.dtype).reshape(num_steps, *value.shape) for part, value in zip(parts, like)]
    for new, old in zip(room, columns or []):
        new[: len(old)] = old
    return room
