"""How the time of a sampled gradient grows with the number of trajectories.

    python -m studies.sampling_growth          # rewrites sampling_growth.json beside it, some seconds

Trajectories of exactly 10 steps in a random world of five states and two actions. CPU seconds of one thread, the best
of five: what else runs on the machine can only slow a run down.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import policy_gradient as pg

RESULT = Path(__file__).with_suffix(".json")
STEPS = 10


def world():
    rng = np.random.default_rng(7)
    P = rng.dirichlet(np.ones(5), size=(5, 2))
    return pg.TabularMDP(P, rng.normal(1, 1, size=(5, 2)), np.full(5, 0.2), gamma=0.9)


def seconds(num_trajectories, repeats=5):
    mdp, policy, rng, best = world(), pg.TabularSoftmax(5, 2), np.random.default_rng(0), np.inf
    for _ in range(repeats):
        start = time.process_time()
        pg.sample_gradient(mdp, policy, np.zeros(10), num_trajectories, STEPS, rng)
        best = min(best, time.process_time() - start)
    return best


def main():
    counts = [10**3, 10**4, 10**5, 10**6]
    result = dict(steps=STEPS, trajectories=counts, seconds=[float(f"{seconds(n):.3g}") for n in counts])
    RESULT.write_text(json.dumps(result) + "\n", encoding="utf8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
