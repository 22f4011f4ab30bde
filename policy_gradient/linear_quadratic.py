"""Linear dynamics with quadratic costs, solved exactly for linear Gaussian policies: what `mdp` is for finite problems.

`control.PointMass` is such a problem to act in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._validate import discount, finite, not_negative, positive, whole
from .gaussian import checked_log_std

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike

ROUNDING = 1e-12  # how far below zero an eigenvalue of a covariance may lie


@dataclass(frozen=True, eq=False)
class LinearQuadratic:
    """s' = A s + B a + noise, reward -(s' Q s + a' R a) of the present s, for `horizon` steps:
    everything about it is exact.

    A (K, K), B (K, D), Q (K, K) and R (D, D) symmetric, start (K, K) and noise (K, K) covariances (means 0), gamma.
    The policy is a linear Gaussian: a ~ N(s @ W, exp(log_std)^2), W (K, D), log_std (D,).
    """

    A: np.ndarray
    B: np.ndarray
    Q: np.ndarray
    R: np.ndarray
    start: np.ndarray
    noise: np.ndarray
    horizon: int
    gamma: float = 1.0

    def __post_init__(self):
        K, D = finite("B", self.B, (None, None)).shape
        for name, shape in {
            "A": (K, K),
            "B": (K, D),
            "Q": (K, K),
            "R": (D, D),
            "start": (K, K),
            "noise": (K, K),
        }.items():
            array = finite(name, getattr(self, name), shape).copy()
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        for name in ("Q", "R", "start", "noise"):
            matrix = getattr(self, name)
            if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix).min() < -ROUNDING:
                raise ValueError(f"{name} must be symmetric with no negative eigenvalue")
        whole("horizon", self.horizon)
        discount(self.gamma)

    num_features = property(lambda self: self.B.shape[0])
    num_actions = property(lambda self: self.B.shape[1])

    def expected_return(self, W: ArrayLike, log_std: ArrayLike) -> Any:
        """J(W, log_std), exactly: minus the discounted sum of E[s'Qs + a'Ra], from the covariance of s at each step."""
        W, spread = self._policy(W, log_std)
        covs = self._covariances(W, spread)[:-1]
        effort = self.Q + W @ self.R @ W.T
        costs = np.einsum("tij,ji->t", covs, effort) + np.trace(self.R @ spread)
        return -(self.gamma ** np.arange(self.horizon) * costs).sum()

    def gradient(self, W: ArrayLike, log_std: ArrayLike) -> tuple[Array, Array]:
        """grad J with respect to W (K, D) and log_std (D,), by the policy gradient theorem.

        Where: the covariance of s at each step, forward. How good: the cost-to-go matrix P, backward, whose
        Q(s, a) is quadratic in a, so that both expectations over the Gaussian policy are exact.
        """
        W, spread = self._policy(W, log_std)
        by_W, by_log_std = np.zeros(W.shape), np.zeros(len(spread))
        for t, cov, P in self._visits_and_costs(W, spread):
            curvature = self.R + self.gamma * self.B.T @ P @ self.B  # of -Q(s, a) in a, halved
            reach = W @ curvature + self.gamma * self.A.T @ P @ self.B  # half of -dQ/da at a = s @ W
            by_W -= 2 * self.gamma**t * cov @ reach
            by_log_std -= 2 * self.gamma**t * np.diag(curvature) * np.diag(spread)
        return by_W, by_log_std

    def riccati(self) -> tuple[Array, Any]:
        """The best there is: the time-varying gains W_t, (horizon, K, D) with a = s @ W_t and no noise, and their J.

        Dynamic programming backwards (Bertsekas 2017, section 3.1). Among *all* policies none is better.
        """
        P, gains, constant = np.zeros(self.A.shape), [], 0.0
        for _ in range(self.horizon):
            M = self.R + self.gamma * self.B.T @ P @ self.B
            W = -np.linalg.solve(M, self.gamma * self.B.T @ P @ self.A).T
            constant = self.gamma * (constant + np.trace(P @ self.noise))
            step = self.A + self.B @ W.T
            P = self.Q + W @ self.R @ W.T + self.gamma * step.T @ P @ step
            gains.append(W)
        return np.array(gains[::-1]), -(np.trace(P @ self.start) + constant)

    def _policy(self, W: ArrayLike, log_std: ArrayLike) -> tuple[Array, Array]:
        log_std = checked_log_std(finite("log_std", log_std, (self.num_actions,)))
        return finite("W", W, self.B.shape), np.diag(np.exp(2 * log_std))

    def _covariances(self, W, spread):
        """E[s s'] at steps 0 .. horizon."""
        step = self.A + self.B @ W.T
        covs = [self.start]
        for _ in range(self.horizon):
            covs.append(step @ covs[-1] @ step.T + self.B @ spread @ self.B.T + self.noise)
        return np.array(covs)

    def _visits_and_costs(self, W, spread):
        """(t, covariance of s at t, cost-to-go matrix at t + 1), last step first."""
        covs, step, P = self._covariances(W, spread), self.A + self.B @ W.T, np.zeros(self.A.shape)
        for t in reversed(range(self.horizon)):
            yield t, covs[t], P
            P = self.Q + W @ self.R @ W.T + self.gamma * step.T @ P @ step


def point_mass(horizon: int = 25, dt: float = 0.2, noise_std: float = 0.0) -> LinearQuadratic:
    """A unit mass on a line, pushed by a force: s = (position, speed), cost position^2 + 0.1 speed^2 + 0.1 force^2."""
    positive("dt", dt)
    not_negative("noise_std", noise_std)
    return LinearQuadratic(
        A=np.array([[1, dt], [0, 1]]),
        B=np.array([[dt**2 / 2], [dt]]),
        Q=np.diag([1, 0.1]),
        R=np.array([[0.1]]),
        start=np.eye(2),
        noise=noise_std**2 * np.eye(2),
        horizon=horizon,
    )
