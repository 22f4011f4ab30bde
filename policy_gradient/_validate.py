"""Checks of what callers pass in: each error names the argument, what was expected and what came."""

import numpy as np

ROUNDING = 1e-8          # how far a sum of probabilities may be from one


class NotFinite(ValueError):
    """A number has blown up: it is NaN or infinite, or its exponential would be. `reinforce` stops where it meets one."""


def finite(name, value, shape=None):
    """`value` as an array without NaN or infinity (complex numbers stay complex), of `shape` (None: any size there)."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"{name} must be an array of numbers, got {value!r}") from None
    if shape is not None and (array.ndim != len(shape) or any(w not in (None, n) for w, n in zip(shape, array.shape))):
        raise ValueError(f"{name} must have shape {_show(shape)}, got {array.shape}")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise NotFinite(f"{name} must be finite, but {name}[{', '.join(map(str, where))}] is {array[where]}")
    return array


def probabilities(name, value, shape=None, substochastic=False):
    """`value` as probabilities over the last axis: none negative, rows summing to one (at most, if `substochastic`)."""
    array = finite(name, value, shape)
    if array.ndim == 0:
        raise ValueError(f"{name} must be an array of probabilities, got the single number {value!r}")
    if array.real.min(initial=0.0) < 0:
        where = tuple(int(i) for i in np.unravel_index(array.real.argmin(), array.shape))
        raise ValueError(f"{name} holds a negative probability: {array.real[where]} at {where}")
    sums = array.real.sum(axis=-1)
    wrong = sums > 1 + ROUNDING if substochastic else abs(sums - 1) > ROUNDING
    if wrong.any():
        row = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(f"{name} must sum to {'at most ' if substochastic else ''}one over its last axis, "
                         f"but {f'row {row}' if row else 'it'} sums to {sums[row]:.6g}")
    return array


def discount(gamma):
    """`gamma` as a float in [0, 1]."""
    if isinstance(gamma, (str, bytes)) or not np.isscalar(gamma) or isinstance(gamma, complex):
        raise TypeError(f"gamma must be a number in [0, 1], got {gamma!r}")
    if not 0 <= gamma <= 1:          # also refuses NaN
        raise ValueError(f"gamma must lie in [0, 1], got {gamma}")
    return float(gamma)


def indices(name, value, size):
    """`value` as integers in 0 .. size - 1 (a negative index would count from the end, unnoticed)."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be integers in 0 .. {size - 1}, got {array.dtype} values")
    if array.size and (array.min() < 0 or array.max() >= size):
        raise ValueError(f"{name} must lie in 0 .. {size - 1}, got values from {array.min()} to {array.max()}")
    return array


def _show(shape):
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
