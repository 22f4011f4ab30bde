"""Checks of what callers pass in: each error names the argument, what was expected and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ._types import Array

ROUNDING = 1e-8  # how far a sum of probabilities may be from one
NOT_LOGITS = "logits must not be NaN or +inf, nor may a whole row be -inf"


class NotFinite(ValueError):
    """A number has blown up: it is NaN or infinite, or its exponential would be.
    `reinforce` stops where it meets one."""


def numbers(name: str, value: Any) -> Array:
    """`value` as an array of floats or complex numbers, NaN and infinity allowed."""
    try:
        array = np.asarray(value)
        return array if array.dtype.kind in "fc" else _to_float(array)
    except (TypeError, ValueError):  # text, objects, or rows of unequal length
        raise TypeError(f"{name} must be an array of numbers, got {short(value)}") from None


def _to_float(array):
    if array.dtype.kind in "SU":  # astype would read "1.5" as a number
        raise TypeError
    return array.astype(np.float64)


def finite(name: str, value: Any, shape: tuple[int | None, ...] | None = None) -> Array:
    """`value` as an array without NaN or infinity (complex numbers stay complex), of `shape` (None: any size there)."""
    array = numbers(name, value)
    if shape is not None and (array.ndim != len(shape) or any(w not in (None, n) for w, n in zip(shape, array.shape))):
        raise ValueError(f"{name} must have shape {_show(shape)}, got {array.shape}")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        entry = f"but {name}[{', '.join(map(str, where))}] is" if where else "got"
        raise NotFinite(f"{name} must be finite, {entry} {array[where]}")
    return array


def probabilities(
    name: str, value: Any, shape: tuple[int | None, ...] | None = None, substochastic: bool = False
) -> Array:
    """`value` as probabilities over the last axis: none negative, rows summing to one (at most, if `substochastic`)."""
    array = finite(name, value, shape)
    if array.ndim == 0:
        raise ValueError(f"{name} must be an array of probabilities, got the single number {short(value)}")
    if array.real.min(initial=0.0) < 0:
        where = tuple(int(i) for i in np.unravel_index(array.real.argmin(), array.shape))
        raise ValueError(f"{name} holds a negative probability: {array.real[where]} at {where}")
    sums = array.real.sum(axis=-1)
    wrong = sums > 1 + ROUNDING if substochastic else abs(sums - 1) > ROUNDING
    if wrong.any():
        row = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"{name} must sum to {'at most ' if substochastic else ''}one over its last axis, "
            f"but {f'row {row}' if row else 'it'} sums to {sums[row]:.6g}"
        )
    return array


def discount(gamma: Any, name: str = "gamma") -> float:
    """`gamma` as a float in [0, 1]."""
    gamma = number(name, gamma, "a number in [0, 1]")
    if not 0 <= gamma <= 1:  # also refuses NaN
        raise ValueError(f"{name} must lie in [0, 1], got {gamma}")
    return float(gamma)


def number(name: str, value: Any, expected: str = "a number") -> Any:
    """`value`, if it is one real number (NaN and infinity allowed)."""
    if not isinstance(value, (int, float, np.integer, np.floating)) and not (
        isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iuf"
    ):
        raise TypeError(f"{name} must be {expected}, got {short(value)}")
    return value


def positive(name: str, value: Any, or_inf: bool = False) -> Any:
    """`value`, if it is one positive, finite number; `or_inf`: a bound, which infinity lifts."""
    if not 0 < number(name, value, "a positive number") < np.inf and not (or_inf and value == np.inf):
        raise ValueError(f"{name} must be positive{', inf for none' if or_inf else ' and finite'}, got {value}")
    return value


def finite_number(name: str, value: Any) -> Any:
    """`value`, if it is one number, neither NaN nor infinite."""
    finite(name, number(name, value))
    return value


def not_negative(name: str, value: Any) -> Any:
    """`value`, if it is one finite number of at least 0."""
    if finite_number(name, value) < 0:
        raise ValueError(f"{name} must be at least 0, got {value}")
    return value


def whole(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number of at least {least}, got {short(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def one_of(name: str, value: Any, choices: Any) -> Any:
    """`value`, if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {short(value)}")
    return value


def generator(rng: Any) -> np.random.Generator:
    """`rng`, if it is a numpy.random.Generator: a seed or the module numpy.random would draw from a hidden,
    shared state."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator, as numpy.random.default_rng(0) makes one, got {short(rng)}"
        )
    return rng


def function(name: str, value: Any, shape: str) -> Any:
    """`value`, if it can be called; `shape` says how."""
    if not callable(value):
        raise TypeError(f"{name} must be a function {shape}, got {short(value)}")
    return value


def having(name: str, value: Any, methods: Sequence[str], what: str) -> Any:
    """`value`, if it has all of `methods` and is not a class: what a duck must do to pass for `what`."""
    missing = [m for m in methods if not hasattr(value, m)]
    if missing:
        raise TypeError(f"{name} must be {what}, got {short(value)}, which has no {missing[0]}")
    if isinstance(value, type) and not all(isinstance(_stored(value, m), (staticmethod, classmethod)) for m in methods):
        raise TypeError(f"{name} must be {what}, got the class {value.__name__} itself: make one of it")
    return value


def policy(value: Any, *methods: str, name: str = "policy", what: str | None = None) -> Any:
    """`value`, if it is a policy with all of `methods`; `what` says in words what kind is wanted."""
    listed = " and ".join(_CALLED.get(m, m) for m in methods)
    what = what or f"a policy with {'methods' if len(methods) > 1 else 'a method'} {listed}"
    return having(name, value, methods, what)


_CALLED = {
    "sample": "sample(theta, obs, rng)",
    "score": "score(theta, obs, actions)",
    "weighted_score": "weighted_score(theta, obs, actions, weights)",
    "probs": "probs(theta, obs)",
    "mean": "mean(theta, obs)",
}


def _stored(cls, attribute):
    return next((vars(c)[attribute] for c in cls.__mro__ if attribute in vars(c)), None)


def same_shape(**arrays: Any) -> tuple[int, ...]:
    """The shape that all arrays broadcast to; a single number goes with every shape, else all have as many axes.

    (N, 1) beside (N,) would broadcast to (N, N), each entry with every other: hardly ever what is meant.
    """
    return fitting_shapes(**{name: as_array(name, array).shape for name, array in arrays.items()})


def fitting_shapes(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The same for shapes."""
    different = set(shapes.values())
    try:
        if len({len(shape) for shape in different if shape}) > 1:
            raise ValueError
        return different.pop() if len(different) == 1 else np.broadcast_shapes(*different)
    except ValueError:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(
            f"{' and '.join(shapes)} must have shapes that fit each other, with as many axes, got {listed}"
        ) from None


def as_array(name: str, value: Any, expected: str = "an array of numbers") -> Array:
    """`value` as an array of whatever it holds; rows of unequal length are none."""
    try:
        return np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} must be {expected}, got {short(value)}") from None


def flags(name: str, value: Any, shape: tuple[int, ...]) -> Array:
    """`value` as an array of bool of that shape: ~ of whole numbers is no "not"."""
    array = as_array(name, value, f"an array of bool, shape {shape}")
    if array.dtype != bool or array.shape != shape:
        raise ValueError(f"{name} must be an array of bool, shape {shape}, got {short(array)}")
    return array


def indices(name: str, value: Any, size: int) -> Array:
    """`value` as integers in 0 .. size - 1 (a negative index would count from the end, unnoticed)."""
    array = as_array(name, value, f"integers in 0 .. {size - 1}")
    if array.dtype.kind not in "iu":
        if array.size or array.dtype.kind != "f":  # np.asarray([]) is float64
            raise TypeError(f"{name} must be integers in 0 .. {size - 1}, got {array.dtype} values")
        array = array.astype(np.int64)
    if array.size and (array.min() < 0 or array.max() >= size):
        raise ValueError(f"{name} must lie in 0 .. {size - 1}, got values from {array.min()} to {array.max()}")
    return array


def _show(shape):
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"


def short(value: Any) -> str:
    """What came, in few words: its text would be long for an array, and hold an address for an object."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of {value.dtype} values, shape {value.shape}"
    try:
        text = repr(value)
    except Exception:  # as that of a gymnasium.vector.VectorEnv whose num_envs nobody has set
        text = ""
    return text if 0 < len(text) <= 60 and " at 0x" not in text else f"a {type(value).__name__}"


_short = short  # its name until it was asked for by five modules
