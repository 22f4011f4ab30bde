"""Mountain car with a bell: does a larger batch see the flag? `continuous_control.py` has 8 episodes in each update and fails.

    OPENBLAS_NUM_THREADS=1 python studies/mountain_car_batches.py     # rewrites mountain_car_batches.json, about three minutes

The same recipe (gamma .99 without gamma^t, the batch's mean at each step, weights scaled, Adam .02), ten seeds, 8 and 100 episodes.
All episodes of a batch are stepped at once; the rules are those of MountainCarContinuous-v0, held to it by a test.
"""

import json
import sys
from pathlib import Path

import numpy as np

import policy_gradient as pg

SIZES, SEEDS, UPDATES, STEPS = (8, 100), range(301, 311), 30, 999
RESULT = Path(__file__).with_suffix(".json")


def step(position, speed, action):
    """(position, speed, reward, arrived) one step on; fuel is charged for the action as it was drawn."""
    force = np.clip(action, -1, 1)
    speed = np.clip(speed + 0.0015 * force - 0.0025 * np.cos(3 * position), -0.07, 0.07)
    position = np.clip(position + speed, -1.2, 0.6)
    speed = np.where((position <= -1.2) & (speed < 0), 0, speed)
    arrived = (position >= 0.45) & (speed >= 0)
    return position, speed, 100.0 * arrived - 0.1 * action**2, arrived


def play(policy, theta, rng, size):
    """obs (T, N, 2), actions (T, N, 1), rewards and mask (T, N)."""
    obs, actions = np.zeros((STEPS, size, 2), np.float32), np.zeros((STEPS, size, 1))
    rewards, mask = np.zeros((STEPS, size)), np.zeros((STEPS, size), bool)
    position, speed, going = rng.uniform(-0.6, -0.4, size), np.zeros(size), np.ones(size, bool)
    for t in range(STEPS):
        obs[t] = np.stack([position, speed], axis=1)
        actions[t], mask[t] = policy.sample(theta, obs[t], rng), going
        position, speed, paid, arrived = step(position, speed, actions[t, :, 0])
        rewards[t], going = paid * going, going & ~arrived
    return obs, actions, rewards, mask, ~going


def run(seed, size):
    """Of each update: mean return, and the share of episodes that met the flag."""
    policy, rng, found = pg.MLPGaussian((2, 64, 1)), np.random.default_rng(seed), []
    theta, adam = policy.init(rng).astype(float), pg.Adam(0.02)
    for _ in range(UPDATES):
        obs, actions, rewards, mask, met = play(policy, theta, rng, size)
        found.append((float(rewards.sum(axis=0).mean()), float(met.mean())))
        returns, total = np.zeros_like(rewards), 0.0
        for t in reversed(range(STEPS)):
            returns[t] = total = rewards[t] + 0.99 * total
        means = (returns * mask).sum(axis=1, keepdims=True) / np.maximum(mask.sum(axis=1, keepdims=True), 1)
        weights = (returns - means) * mask
        weights /= weights[mask].std() + 1e-8
        gradient = policy.weighted_score(theta, obs.reshape(-1, 2), actions.reshape(-1, 1), weights.reshape(-1)) / size
        theta = adam.step(theta, gradient)
    return {"seed": seed, "returns": [round(r, 1) for r, _ in found], "flags": [round(f, 3) for _, f in found]}


def main():
    results = {str(size): [run(seed, size) for seed in SEEDS] for size in SIZES}
    RESULT.write_text(json.dumps({"updates": UPDATES, "arms": results}, indent=1) + "\n", encoding="utf8")
    for size, runs in results.items():
        print(size, [r["flags"][-1] for r in runs], [r["returns"][-1] for r in runs])


if __name__ == "__main__":
    sys.exit(main())
