"""REINFORCE learns to bring a point mass to rest: what the explorable `ControllerReplay` shows of it.

    python -m studies.controller_replay      # rewrites learning_to_act/explorables/controller.json, two seconds

One run, seed 0. The policy is linear, so a checkpoint is three numbers: the two weights of its mean and its log sigma.
From these the page computes every path itself. The expected return of each is exact, as is that of Riccati's optimum.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import policy_gradient as pg
from policy_gradient import control

SEED = 0
UPDATES = 40
STARTS = [[2.0, 0.0], [1.5, 1.5], [0.5, 2.0], [-2.0, 0.5], [-1.0, -2.0], [0.5, -2.0]]  # (position, speed), all round
RESULT = Path(__file__).parents[1] / "learning_to_act/explorables/controller.json"


def train(seed=SEED, updates=UPDATES):
    """The policy before the first update and after each: (updates + 1, 3)."""
    policy, rng = pg.LinearGaussian(2, initial_log_std=-1.0), np.random.default_rng(seed)
    thetas = [policy.init()]
    pg.reinforce(
        control.PointMass(64),
        policy,
        thetas[0],
        rng,
        num_updates=updates,
        scale=True,
        learning_rate=0.1,
        progress=False,
        callback=lambda update, theta, batch: thetas.append(theta.copy()),
    )
    return np.round(thetas, 4)


def main():
    problem, thetas = control.point_mass(), train()
    stored = {
        "A": problem.A.tolist(),
        "B": problem.B[:, 0].tolist(),
        "horizon": problem.horizon,
        "dt": problem.A[0, 1],
        "starts": STARTS,
        "best": round(problem.riccati()[1], 3),
        "thetas": thetas.tolist(),
        "returns": [round(problem.expected_return(theta[:2, None], theta[2:]), 3) for theta in thetas],
    }
    RESULT.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
