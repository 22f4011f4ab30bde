"""Finite worlds: the exact gradient, and sampled ones from 10^3 to 10^7 trajectories in bounded memory.

python -m benchmarks.tables          # prints the tables as JSON
"""

import argparse
import json

import numpy as np

import policy_gradient as pg
from benchmarks.clock import in_turn, peak_memory


def world(states, actions, seed=7):
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(states), size=(states, actions))
    return pg.TabularMDP(P, rng.normal(1, 1, (states, actions)), np.full(states, 1 / states), gamma=0.9)


def exact(states, actions):
    mdp, policy = world(states, actions), pg.TabularSoftmax(states, actions)
    theta = np.random.default_rng(0).standard_normal(policy.num_params)
    J = lambda theta: pg.expected_return(mdp, pg.state_probs(mdp, policy, theta))  # noqa: E731
    gradient, truth = pg.exact_gradient(mdp, policy, theta), pg.complex_step(J, theta)
    times = in_turn({"exact": lambda: pg.exact_gradient(mdp, policy, theta)}, 50)["exact"]
    return {
        "states": states,
        "actions": actions,
        "milliseconds": float(f"{1000 * np.median(times):.3g}"),
        "error against complex step": float(f"{abs(gradient - truth).max() / abs(truth).max():.1g}"),
    }


def sampled(trajectories, steps=10):
    mdp, policy = world(5, 2), pg.TabularSoftmax(5, 2)
    theta, rng = np.zeros(10), np.random.default_rng(0)
    rounds = max(1, min(7, 3_000_000 // trajectories))
    times = in_turn({"sampled": lambda: pg.sample_gradient(mdp, policy, theta, trajectories, steps, rng)}, rounds)[
        "sampled"
    ]
    return {
        "trajectories": trajectories,
        "seconds": float(f"{np.median(times):.3g}"),
        "peak MiB": round(peak_memory(), 1),
    }


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    print(
        json.dumps(
            {
                "exact": [exact(*size) for size in ((5, 2), (17, 4), (100, 4))],
                "sampled": [sampled(10**k) for k in range(3, 8)],
            }
        )
    )
