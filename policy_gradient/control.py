"""Continuous control: a point mass whose optimum and gradient are known exactly,
CartPole with a real-valued force, Pendulum.

    gymnasium.make_vec("policy_gradient.control:policy_gradient/Pendulum-v0", num_envs=64, bounds="clip")

Importing this module registers the environments, vectorised like those of `envs.py`. Actions are arrays (num_envs, D).
`bounds` says what happens to an action outside the box: "refuse" raises ValueError, "clip" cuts it off as an actuator
(and Gymnasium's own Pendulum-v1) does, "squash" takes any u and executes limit * tanh(u):
for a Gaussian, since a `Squashed` policy does that by itself.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np

from ._validate import finite, one_of, short
from .envs import SmallVectorEnv
from .gaussian import MLPGaussian
from .linear_quadratic import LinearQuadratic, point_mass

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike

BOUNDS = ("refuse", "clip", "squash")

# CartPole: newtons; kilograms; metres; m/s^2; seconds between steps; where an episode ends, metres and degrees
FORCE, POLE, TOTAL, HALF_LENGTH, GRAVITY, STEP = 10, 0.1, 1.1, 0.5, 9.8, 0.02
TRACK, DEGREES = 2.4, 12
# Pendulum: a rod of 1 kg and 1 m with g = 10, so that angle'' = 3 g / (2 l) sin + 3 / (m l^2) torque
PULL, TURN, PENDULUM_STEP, FASTEST, TORQUE = 15, 3, 0.05, 8, 2.0


class _ContinuousVectorEnv(SmallVectorEnv):
    """States (K, num_envs) in float64, observations float32 (num_envs, K').
    Subclasses give `_draw`, `_obs`, `_advance`."""

    def __init__(
        self, num_envs: int, max_steps: int, high_obs: ArrayLike, num_actions: int, limit: float, bounds: str
    ) -> None:
        one_of("bounds", bounds, BOUNDS)
        high = np.asarray(high_obs, np.float32)
        super().__init__(
            num_envs,
            max_steps,
            gym.spaces.Box(-high, high, dtype=np.float32),
            gym.spaces.Box(-limit, limit, (num_actions,), np.float32),
        )
        self.num_actions, self.limit, self.bounds = num_actions, limit, bounds
        self._state: Any = None

    @property
    def state(self) -> Any:
        """The full state, (K, num_envs); assign to it (after reset) to start elsewhere."""
        return self._state

    @state.setter
    def state(self, value: ArrayLike) -> None:
        self._state = finite("state", value, self._state.shape).astype(np.float64)

    def _start(self, where):
        if where.all():
            self._state = self._draw(self.num_envs)
        else:
            self._state[:, where] = self._draw(where.sum())

    def _check(self, actions):
        """The executed actions, float64 (num_actions, num_envs)."""
        actions = finite("actions", actions, (self.num_envs, self.num_actions)).T
        if self.bounds == "squash":
            return self.limit * np.tanh(actions)
        if self.bounds == "refuse" and (abs(actions) > self.limit).any():
            raise ValueError(
                f"actions must lie in [-{self.limit:g}, {self.limit:g}], got {actions.flat[abs(actions).argmax()]:g}: "
                'make the environment with bounds="clip" or bounds="squash"'
            )
        return np.minimum(np.maximum(actions, -self.limit), self.limit)


class ContinuousCartPole(_ContinuousVectorEnv):
    """CartPole-v1 with the force 10 * action, action (num_envs, 1) in [-1, 1]: at -1 and 1 it *is* CartPole-v1.

    Observation (position, speed, angle, angular speed); reward 1 a step until the cart leaves +-2.4 m or the pole
    +-12 degrees; truncated after max_steps. Barto, Sutton & Anderson (1983), with Gymnasium's constants.
    """

    def __init__(self, num_envs: int = 1, max_steps: int = 500, bounds: str = "refuse") -> None:
        self.angle_limit = DEGREES * 2 * np.pi / 360
        super().__init__(num_envs, max_steps, [2 * TRACK, np.inf, 2 * self.angle_limit, np.inf], 1, 1.0, bounds)

    def _draw(self, n):
        return self.np_random.uniform(-0.05, 0.05, (4, n))

    def _obs(self):
        return self._state.T.astype(np.float32)

    def _advance(self, actions):
        x, speed, angle, spin = self._state
        cos, sin = np.cos(angle), np.sin(angle)
        push = (FORCE * actions[0] + POLE * HALF_LENGTH * spin * spin * sin) / TOTAL
        spin_rate = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - POLE / TOTAL * cos * cos))
        rate = push - POLE * HALF_LENGTH / TOTAL * spin_rate * cos
        self._state = self._state + STEP * np.stack([speed, rate, spin, spin_rate])  # explicit Euler
        terminated = (abs(self._state[0]) > TRACK) | (abs(self._state[2]) > self.angle_limit)
        return np.ones(self.num_envs), terminated


class Pendulum(_ContinuousVectorEnv):
    """Pendulum-v1, vectorised: swing up and hold, torque (num_envs, 1) in [-2, 2].

    Observation (cos, sin, angular speed), angle 0 upright; reward -(angle^2 + 0.1 speed^2 + 0.001 torque^2), the angle
    in [-pi, pi); never terminates, truncated after max_steps.
    """

    def __init__(self, num_envs: int = 1, max_steps: int = 200, bounds: str = "refuse") -> None:
        super().__init__(num_envs, max_steps, [1, 1, FASTEST], 1, TORQUE, bounds)

    def _draw(self, n):
        return self.np_random.uniform([[-np.pi], [-1]], [[np.pi], [1]], (2, n))

    def _obs(self):
        angle, speed = self._state
        return np.stack([np.cos(angle), np.sin(angle), speed], axis=1).astype(np.float32)

    def _advance(self, actions):
        angle, speed = self._state
        torque = actions[0]
        rewards = -(((angle + np.pi) % (2 * np.pi) - np.pi) ** 2) - 0.1 * speed**2 - 0.001 * torque**2
        speed = speed + PENDULUM_STEP * (PULL * np.sin(angle) + TURN * torque)
        speed = np.minimum(np.maximum(speed, -FASTEST), FASTEST)
        self._state = np.stack([angle + PENDULUM_STEP * speed, speed])
        return rewards, np.zeros(self.num_envs, bool)


class PointMass(_ContinuousVectorEnv):
    """A `LinearQuadratic` problem to act in (default `point_mass()`):
    observation s, action any force, ends at its horizon.

    The end is part of the task, so it terminates; rewards are not discounted here, that is the learner's business.
    """

    def __init__(self, num_envs: int = 1, problem: LinearQuadratic | None = None) -> None:
        self.problem = point_mass() if problem is None else problem
        if not isinstance(self.problem, LinearQuadratic):
            raise TypeError(f"problem must be a LinearQuadratic, got {short(problem)}")
        K, D = self.problem.B.shape
        super().__init__(num_envs, self.problem.horizon, np.full(K, np.inf), D, np.inf, "clip")
        self._root_start, self._root_noise = (_root(m) for m in (self.problem.start, self.problem.noise))

    def _draw(self, n):
        return self._root_start @ self.np_random.standard_normal((len(self._root_start), n))

    def _obs(self):
        return self._state.T.astype(np.float32)

    def _advance(self, actions):
        p, s = self.problem, self._state
        rewards = -(s * (p.Q @ s)).sum(axis=0) - (actions * (p.R @ actions)).sum(axis=0)
        self._state = p.A @ s + p.B @ actions
        if p.noise.any():
            self._state += self._root_noise @ self.np_random.standard_normal(s.shape)
        return rewards, self._steps + 1 >= self.max_steps


def _root(covariance):
    """A matrix L with L L' = covariance, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0))


def trained_pendulum() -> tuple[MLPGaussian, Array, Array, Array]:
    """A policy for Pendulum on its way to success: (policy, thetas (C, d), updates (C,), mean_returns (C,)),
    C checkpoints.

    Made by studies/continuous_control.py; mean_returns are over 100 fresh episodes each.
    """
    with np.load(files("policy_gradient") / "data" / "pendulum.npz") as stored:  # type: ignore[arg-type]
        return MLPGaussian((3, 64, 1)), stored["thetas"], stored["updates"], stored["mean_returns"]


for _class in (PointMass, ContinuousCartPole, Pendulum):
    gym.register(
        f"policy_gradient/{_class.__name__}-v0", vector_entry_point=f"policy_gradient.control:{_class.__name__}"
    )
