"""Adam, uphill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import number, numbers, positive

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike


class Adam:
    """Gradient *ascent* with a step per parameter that does not depend on the gradient's scale,
    while that is steady and far above `epsilon`.

    Kingma & Ba (2015), algorithm 1. learning_rate: about the distance each parameter moves per step, in units of theta.
    beta1, beta2: memory of the mean and of the squares. `step` remembers both; theta stays with
    the caller.
    """

    def __init__(
        self, learning_rate: float = 0.02, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        positive("learning_rate", learning_rate)
        if not (0 <= number("beta1", beta1) < 1 and 0 <= number("beta2", beta2) < 1):
            raise ValueError(f"beta1 and beta2 must lie in [0, 1), got {beta1} and {beta2}")
        positive("epsilon", epsilon)
        self.learning_rate, self.beta1, self.beta2, self.epsilon = learning_rate, beta1, beta2, epsilon
        self.num_steps = 0
        self.mean: Any = 0.0  # arrays (d,) after the first step
        self.square: Any = 0.0

    def step(self, theta: ArrayLike, gradient: ArrayLike) -> Array:
        """theta after one step up the gradient, both (d,); a new array of theta's dtype."""
        theta, gradient = numbers("theta", theta), numbers("gradient", gradient)
        if theta.shape != gradient.shape:
            raise ValueError(f"gradient must have the shape of theta, {theta.shape}, got {gradient.shape}")
        if self.num_steps and self.mean.shape != gradient.shape:
            raise ValueError(
                f"gradient must have the shape of those before, {self.mean.shape}, got {gradient.shape}: another "
                "theta needs an optimizer of its own"
            )
        self.num_steps += 1
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * gradient
        self.square = self.beta2 * self.square + (1 - self.beta2) * gradient**2
        mean = self.mean / (1 - self.beta1**self.num_steps)  # both start at 0: undo that
        square = self.square / (1 - self.beta2**self.num_steps)
        return (theta + self.learning_rate * mean / (np.sqrt(square) + self.epsilon)).astype(theta.dtype, copy=False)
