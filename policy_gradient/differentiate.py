"""The gradient of any function of theta, without a theorem: what the theorem is held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import finite, function, numbers, positive

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Array, ArrayLike


def finite_difference(J: Callable[[Array], Any], theta: ArrayLike, h: float = 1e-5) -> Array:
    """The gradient of the function J at theta by central differences, the shape of theta;
    error of order h^2 where J is smooth."""
    theta, h = _checked(J, theta, h)
    return _by_coordinate(theta, lambda e: (_scalar(J, theta + h * e) - _scalar(J, theta - h * e)) / (2 * h))


def complex_step(J: Callable[[Array], Any], theta: ArrayLike, h: float = 1e-30) -> Array:
    """The gradient of J at theta to machine precision: Im J(theta + ih e) / h (Squire & Trapp 1998).

    There is no difference and so no cancellation; J must be analytic in theta and accept complex numbers.
    """
    theta, h = _checked(J, theta, h)
    return _by_coordinate(theta, lambda e: np.imag(_scalar(J, theta + 1j * h * e)) / h)


def _checked(J, theta, h):
    function("J", J, "of theta, J(theta) -> one number")
    theta = finite("theta", theta)
    if theta.dtype.kind == "c":
        raise TypeError("theta must be real, got complex numbers")
    return theta.astype(np.float64), positive("h", h)


def _scalar(J, theta):
    value = numbers("J's result", J(theta))
    if value.size != 1:
        raise ValueError(f"J must return one number, got an array of shape {value.shape}")
    return value.reshape(())


def _by_coordinate(theta, slope):
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        direction = np.zeros(theta.shape)
        direction[i] = 1
        gradient[i] = slope(direction)
    return gradient
