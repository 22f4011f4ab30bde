"""Environment steps per CPU second: the book's rollout against the environment itself, at N sub-environments.

python -m benchmarks.rollouts        # prints the table as JSON
"""

import argparse
import json

import gymnasium as gym
import numpy as np

import policy_gradient as pg
from benchmarks.clock import in_turn

SIZES, STEPS, ROUNDS = (8, 64, 256, 1024), 500, 21


def trained():
    """A policy whose episodes last to the limit, so that no sub-environment idles and every step counts."""
    policy, rng = pg.MLPSoftmax((4, 64, 2)), np.random.default_rng(9001)
    envs = gym.make_vec("CartPole-v1", 16, vectorization_mode="vector_entry_point")
    result = pg.reinforce(
        envs, policy, policy.init(rng), rng, num_updates=400, target_return=497, progress=False, **pg.CARTPOLE_RECIPE
    )
    assert result.reached_target, result.stopped
    return policy, result.theta


class BareCartPole:
    """The physics of CartPole and nothing else: float32, in place, no interface. What NumPy could do at best."""

    def __init__(self, num_envs, rng):
        self.rng, self.state = rng, rng.uniform(-0.05, 0.05, (4, num_envs)).astype(np.float32)
        self.derivative = np.empty_like(self.state)

    def step(self, actions):
        x, speed, angle, turn = self.state
        force = np.where(actions == 1, np.float32(10), np.float32(-10))
        cos, sin = np.cos(angle), np.sin(angle)
        pull = (force + 0.05 * turn**2 * sin) / 1.1
        turning = (9.8 * sin - cos * pull) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
        self.derivative[0], self.derivative[1] = speed, pull - 0.05 * turning * cos / 1.1
        self.derivative[2], self.derivative[3] = turn, turning
        self.state += np.float32(0.02) * self.derivative
        done = (abs(self.state[::2]) > [[2.4], [0.20943951]]).any(axis=0)
        if done.any():
            self.state[:, done] = self.rng.uniform(-0.05, 0.05, (4, done.sum()))
        return done


def measure(num_envs, policy, theta, steps=STEPS, rounds=ROUNDS):
    """Medians and spreads of steps per CPU second, and the ratios of the book's rollout to each of the others."""
    rng = np.random.default_rng(0)
    envs = gym.make_vec("CartPole-v1", num_envs, vectorization_mode="vector_entry_point")
    bare = BareCartPole(num_envs, rng)
    data = {}

    def book():
        data["book"] = pg.rollout(envs, policy, theta, rng, max_steps=steps).mask.sum()

    def random_actions():
        envs.reset(seed=0)
        for _ in range(steps):
            envs.step(envs.action_space.sample())
        data["gymnasium, random actions"] = steps * num_envs

    def bare_numpy():
        for _ in range(steps):
            bare.step(rng.integers(2, size=num_envs))
        data["bare NumPy, random actions"] = steps * num_envs

    methods = {"book": book, "gymnasium, random actions": random_actions, "bare NumPy, random actions": bare_numpy}
    if num_envs <= 64:
        python_loop = gym.make_vec("CartPole-v1", num_envs, vectorization_mode="sync")

        def sync():
            data["SyncVectorEnv, the same policy"] = pg.rollout(
                python_loop, policy, theta, rng, max_steps=60
            ).mask.sum()

        methods["SyncVectorEnv, the same policy"] = sync
    speed = {name: np.array([data[name] / t for t in ts]) for name, ts in in_turn(methods, rounds).items()}
    table = {name: [float(f"{np.quantile(s, q):.3g}") for q in (0.5, 0, 1)] for name, s in speed.items()}
    # Turn by turn: what else the machine does changes over seconds, and so meets both of a pair.
    ratios = {name: round(float(np.median(speed["book"] / s)), 3) for name, s in speed.items() if name != "book"}
    return {"envs": num_envs, "steps per second": table, "book against": ratios}


def main():
    policy, theta = trained()
    return [measure(n, policy, theta) for n in SIZES]


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    print(json.dumps(main()))
