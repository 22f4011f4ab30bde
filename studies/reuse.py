"""How often may the same data be used? CartPole by PPO: 1, 3 and 10 epochs; 10 without a clip;
10 with a KL stop in its place.

    python -m studies.reuse [--seeds 20]

Steps in the environment until 100 fresh episodes of the sampled policy average 475, tested every 5,000 steps, at most
120,000. All arms share their seeds, and the intervals are of paired differences of logarithms. Written after each seed,
so that an interrupted run says how far it got.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import json
from pathlib import Path

import gymnasium as gym
import numpy as np

import policy_gradient as pg
from policy_gradient.ppo import CARTPOLE_CRITIC, CARTPOLE_PPO, ppo

OUT = Path(__file__).with_suffix(".json")
FIRST, CAP, EVERY = 7001, 120_000, 5_000
ARMS = {
    "10 epochs": {},
    "10 epochs, no clip": {"clip": np.inf},
    "10 epochs, KL stop": {"clip": np.inf, "target_kl": 0.02},
    "3 epochs": {"epochs": 3},
    "1 epoch": {"epochs": 1},
}


def make(n):
    return gym.make_vec("CartPole-v1", n, vectorization_mode="vector_entry_point")


def steps_needed(seed, **setting):
    """Steps to 475, or CAP if it was not reached; and the largest ratio seen."""
    rng, tests, judge = np.random.default_rng(seed), np.random.default_rng([seed, 1]), make(100)
    policy = pg.MLPSoftmax((4, 64, 2))
    critic, state = pg.Critic((4, 64, 1), rng, **CARTPOLE_CRITIC), {"steps": 0, "next": EVERY, "found": CAP}

    def after(update, theta, segment):
        state["steps"] += segment.live.size
        if state["steps"] >= state["next"]:
            state["next"] += EVERY
            if pg.evaluate(judge, policy, theta, tests).mean() >= 475:
                state["found"] = state["steps"]
                return True
        return state["steps"] >= CAP

    training = ppo(
        make(8),
        policy,
        policy.init(rng),
        critic,
        rng,
        num_updates=CAP // 256 + 1,
        callback=after,
        progress=False,
        **(CARTPOLE_PPO | setting),
    )
    return int(state["found"]), float(training.history["largest_ratio"].max())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    steps, ratios = {arm: [] for arm in ARMS}, {arm: [] for arm in ARMS}
    for seed in range(FIRST, FIRST + parser.parse_args().seeds):
        for arm, setting in ARMS.items():
            found, largest = steps_needed(seed, **setting)
            steps[arm].append(found)
            ratios[arm].append(round(largest, 3))
        rng, base = np.random.default_rng(0), np.log(steps["10 epochs"])
        summary = {}
        for arm, found in steps.items():
            difference = np.log(found) - base
            means = difference[rng.integers(len(base), size=(4999, len(base)))].mean(axis=1)
            summary[arm] = {
                "median": float(np.median(found)),
                "reached": int(sum(s < CAP for s in found)),
                "times as many": float(np.exp(difference.mean())),
                "interval": [float(np.exp(q)) for q in np.quantile(means, [0.025, 0.975])],
            }
        OUT.write_text(
            json.dumps(
                {
                    "first": FIRST,
                    "cap": CAP,
                    "every": EVERY,
                    "seeds": len(base),
                    "settings": CARTPOLE_PPO,
                    "summary": summary,
                    "steps": steps,
                    "largest_ratio": ratios,
                },
                indent=1,
            )
            + "\n",
            "utf-8",
        )


if __name__ == "__main__":
    main()
