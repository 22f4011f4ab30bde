"""Continuous control: a point mass whose optimum and gradient are known exactly, CartPole with a real-valued force, Pendulum.

    gymnasium.make_vec("policy_gradient.control:policy_gradient/Pendulum-v0", num_envs=64, bounds="clip")

Importing this module registers the environments, vectorised like those of `envs.py`. Actions are arrays (num_envs, D).
`bounds` says what happens to an action outside the box: "refuse" raises ValueError, "clip" cuts it off as an actuator
(and Gymnasium's own Pendulum-v1) does, "squash" takes any u and executes limit * tanh(u):
for a Gaussian, since a `Squashed` policy does that by itself.
"""

from dataclasses import dataclass
from importlib.resources import files

import gymnasium as gym
import numpy as np

from ._validate import short, discount, finite, number, one_of, positive, whole
from .envs import _SmallVectorEnv
from .gaussian import MLPGaussian, _log_std

BOUNDS = ("refuse", "clip", "squash")


class _ContinuousVectorEnv(_SmallVectorEnv):
    """States (K, num_envs) in float64, observations float32 (num_envs, K'). Subclasses give `_draw`, `_obs`, `_advance`."""

    def __init__(self, num_envs, max_steps, high_obs, num_actions, limit, bounds):
        one_of("bounds", bounds, BOUNDS)
        high = np.asarray(high_obs, np.float32)
        super().__init__(num_envs, max_steps, gym.spaces.Box(-high, high, dtype=np.float32),
                         gym.spaces.Box(-limit, limit, (num_actions,), np.float32))
        self.num_actions, self.limit, self.bounds = num_actions, limit, bounds
        self._state = None

    @property
    def state(self):
        """The full state, (K, num_envs); assign to it (after reset) to start elsewhere."""
        return self._state

    @state.setter
    def state(self, value):
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
            raise ValueError(f"actions must lie in [-{self.limit:g}, {self.limit:g}], got {actions.flat[abs(actions).argmax()]:g}: "
                             'make the environment with bounds="clip" or bounds="squash"')
        return np.minimum(np.maximum(actions, -self.limit), self.limit)


class ContinuousCartPole(_ContinuousVectorEnv):
    """CartPole-v1 with the force 10 * action, action (num_envs, 1) in [-1, 1]: at -1 and 1 it *is* CartPole-v1.

    Observation (position, speed, angle, angular speed); reward 1 a step until the cart leaves +-2.4 m or the pole
    +-12 degrees; truncated after max_steps. Barto, Sutton & Anderson (1983), with Gymnasium's constants.
    """

    def __init__(self, num_envs=1, max_steps=500, bounds="refuse"):
        self.angle_limit = 12 * 2 * np.pi / 360
        super().__init__(num_envs, max_steps, [4.8, np.inf, 2 * self.angle_limit, np.inf], 1, 1.0, bounds)

    def _draw(self, n):
        return self.np_random.uniform(-0.05, 0.05, (4, n))

    def _obs(self):
        return self._state.T.astype(np.float32)

    def _advance(self, actions):
        x, speed, angle, spin = self._state
        cos, sin = np.cos(angle), np.sin(angle)
        push = (10 * actions[0] + 0.05 * spin * spin * sin) / 1.1                    # pole: 0.1 kg, half length 0.5 m; cart: 1 kg
        spin_rate = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 / 1.1 * cos * cos))
        rate = push - 0.05 / 1.1 * spin_rate * cos
        self._state = self._state + 0.02 * np.stack([speed, rate, spin, spin_rate])          # explicit Euler
        terminated = (abs(self._state[0]) > 2.4) | (abs(self._state[2]) > self.angle_limit)
        return np.ones(self.num_envs), terminated


class Pendulum(_ContinuousVectorEnv):
    """Pendulum-v1, vectorised: swing up and hold, torque (num_envs, 1) in [-2, 2].

    Observation (cos, sin, angular speed), angle 0 upright; reward -(angle^2 + 0.1 speed^2 + 0.001 torque^2), the angle
    in [-pi, pi); never terminates, truncated after max_steps.
    """

    def __init__(self, num_envs=1, max_steps=200, bounds="refuse"):
        super().__init__(num_envs, max_steps, [1, 1, 8], 1, 2.0, bounds)

    def _draw(self, n):
        return self.np_random.uniform([[-np.pi], [-1]], [[np.pi], [1]], (2, n))

    def _obs(self):
        angle, speed = self._state
        return np.stack([np.cos(angle), np.sin(angle), speed], axis=1).astype(np.float32)

    def _advance(self, actions):
        angle, speed = self._state
        torque = actions[0]
        rewards = -((angle + np.pi) % (2 * np.pi) - np.pi) ** 2 - 0.1 * speed**2 - 0.001 * torque**2
        speed = np.minimum(np.maximum(speed + 0.05 * (15 * np.sin(angle) + 3 * torque), -8), 8)
        self._state = np.stack([angle + 0.05 * speed, speed])
        return rewards, np.zeros(self.num_envs, bool)


@dataclass(frozen=True, eq=False)
class LinearQuadratic:
    """s' = A s + B a + noise, reward -(s' Q s + a' R a) of the present s, for `horizon` steps: everything about it is exact.

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
        for name, shape in {"A": (K, K), "B": (K, D), "Q": (K, K), "R": (D, D), "start": (K, K), "noise": (K, K)}.items():
            array = finite(name, getattr(self, name), shape).copy()
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        for name in ("Q", "R", "start", "noise"):
            matrix = getattr(self, name)
            if not np.allclose(matrix, matrix.T) or np.linalg.eigvalsh(matrix).min() < -1e-12:
                raise ValueError(f"{name} must be symmetric with no negative eigenvalue")
        whole("horizon", self.horizon)
        discount(self.gamma)

    num_features = property(lambda self: self.B.shape[0])
    num_actions = property(lambda self: self.B.shape[1])

    def expected_return(self, W, log_std):
        """J(W, log_std), exactly: minus the discounted sum of E[s'Qs + a'Ra], from the covariance of s at each step."""
        W, spread = self._policy(W, log_std)
        covs = self._covariances(W, spread)[:-1]
        effort = self.Q + W @ self.R @ W.T
        costs = np.einsum("tij,ji->t", covs, effort) + np.trace(self.R @ spread)
        return -(self.gamma ** np.arange(self.horizon) * costs).sum()

    def gradient(self, W, log_std):
        """grad J with respect to W (K, D) and log_std (D,), by the policy gradient theorem.

        Where: the covariance of s at each step, forward. How good: the cost-to-go matrix P, backward, whose
        Q(s, a) is quadratic in a, so that both expectations over the Gaussian policy are exact.
        """
        W, spread = self._policy(W, log_std)
        by_W, by_log_std = np.zeros(W.shape), np.zeros(len(spread))
        for t, cov, P in self._visits_and_costs(W, spread):
            curvature = self.R + self.gamma * self.B.T @ P @ self.B                       # of -Q(s, a) in a, halved
            reach = W @ curvature + self.gamma * self.A.T @ P @ self.B                    # half of -dQ/da at a = s @ W
            by_W -= 2 * self.gamma**t * cov @ reach
            by_log_std -= 2 * self.gamma**t * np.diag(curvature) * np.diag(spread)
        return by_W, by_log_std

    def riccati(self):
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

    def _policy(self, W, log_std):
        log_std = _log_std(finite("log_std", log_std, (self.num_actions,)))
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


def point_mass(horizon=25, dt=0.2, noise_std=0.0):
    """A unit mass on a line, pushed by a force: s = (position, speed), cost position^2 + 0.1 speed^2 + 0.1 force^2."""
    positive("dt", dt)
    finite("noise_std", number("noise_std", noise_std))
    return LinearQuadratic(A=[[1, dt], [0, 1]], B=[[dt**2 / 2], [dt]], Q=[[1, 0], [0, 0.1]], R=[[0.1]],
                           start=np.eye(2), noise=noise_std**2 * np.eye(2), horizon=horizon)


class PointMass(_ContinuousVectorEnv):
    """A `LinearQuadratic` problem to act in (default `point_mass()`): observation s, action any force, ends at its horizon.

    The end is part of the task, so it terminates; rewards are not discounted here, that is the learner's business.
    """

    def __init__(self, num_envs=1, problem=None):
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


def trained_pendulum():
    """A policy for Pendulum on its way to success: (policy, thetas (C, d), updates (C,), mean_returns (C,)), C checkpoints.

    Made by studies/continuous_control.py; mean_returns are over 100 fresh episodes each.
    """
    with np.load(files("policy_gradient") / "data" / "pendulum.npz") as stored:
        return MLPGaussian((3, 64, 1)), stored["thetas"], stored["updates"], stored["mean_returns"]


for _class in (PointMass, ContinuousCartPole, Pendulum):
    gym.register(f"policy_gradient/{_class.__name__}-v0", vector_entry_point=f"policy_gradient.control:{_class.__name__}")
