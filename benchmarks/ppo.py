"""The book's PPO beside Stable-Baselines3's and a compiled one, each comparison in one run; into results/ppo*.json.

    python -m benchmarks.ppo [cartpole acrobot compiled] [--seeds 20]

cartpole, acrobot: the book and Stable-Baselines3 take turns, seed by seed. compiled: Rejax's, by JAX, on both tasks.
The seeds chose nothing. What is compared: steps in the environment and CPU seconds of one thread until 475 is reached
(see ppo_one.py; Acrobot: -100, acrobot_one.py), as ratios of medians with a bootstrap interval over paired seeds.
Written after each seed, so that an interrupted run says how far it got.
"""

import argparse
import sys
from importlib.metadata import version

import numpy as np

from benchmarks.run import call, store

FIRST = 9301
PEERS = {"stable_baselines": "", "stable_baselines_with_ours": " with our settings"}


def summary(runs):
    """Medians, ranges, how many were solved; ratios with 95 % intervals over the seeds that both solved."""
    medians, by_seed = {}, {}
    for method in ("book", *PEERS):
        of_method = [run for run in runs if run["method"] == method]
        solved = [run for run in of_method if run["steps"] is not None]
        by_seed[method] = {run["seed"]: run for run in solved}
        if of_method:
            medians[method] = {"seeds": len(of_method), "solved": len(solved)}
        for key in ("steps", "seconds") if solved else ():
            values = [run[key] for run in solved]
            medians[method][key] = {"median": float(np.median(values)), "least": min(values), "most": max(values)}
    rng = np.random.default_rng(0)
    for method, words in PEERS.items():
        both = sorted(set(by_seed["book"]) & set(by_seed[method]))
        for key in ("steps", "seconds") if len(both) > 1 else ():
            book, peer = (np.array([by_seed[name][seed][key] for seed in both]) for name in ("book", method))
            rows = rng.integers(len(both), size=(9999, len(both)))
            ratios = np.median(book[rows], axis=1) / np.median(peer[rows], axis=1)
            medians[f"{key} ratio{words}"] = {
                "of medians": float(np.median(book) / np.median(peer)),
                "interval": [float(q) for q in np.quantile(ratios, [0.025, 0.975])],
            }
    return medians


PAIR = ("book", "stable_baselines")
TASKS = {  # name of the result, script, cap, first seed, methods
    "cartpole": ("ppo", "ppo_one", 100_000, FIRST, PAIR),
    "acrobot": ("ppo_acrobot", "acrobot_one", 200_000, 9401, (*PAIR, "stable_baselines_with_ours")),
}


def beside(task, seeds):
    """All methods on one task, in turns."""
    name, script, cap, first, methods = TASKS[task]
    runs = []
    for seed in range(first, first + seeds):
        for method in methods:
            runs.append(call(script, method, seed))
            print(method, seed, runs[-1]["steps"], runs[-1]["seconds"], flush=True)
        store(name, {"cap": cap, "every": 1_000, "summary": summary(runs), "runs": runs})
    print(summary(runs))


def compiled(seeds):
    """Rejax's PPO on the same seeds' numbers (they mean other draws there), one by one and all together."""
    results = {
        "CartPole-v1": call("rejax_one", "CartPole-v1", 475, FIRST, seeds),
        "Acrobot-v1": call("rejax_one", "Acrobot-v1", -100, TASKS["acrobot"][3], seeds),
    }
    store(
        "ppo_compiled", {"packages": {name: version(name) for name in ("rejax", "gymnax", "jax", "jaxlib")}, **results}
    )
    print(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="cartpole, acrobot, compiled; all without one")
    parser.add_argument("--seeds", type=int, default=20)
    asked = parser.parse_args()
    known = {**{task: lambda seeds, task=task: beside(task, seeds) for task in TASKS}, "compiled": compiled}
    for task in asked.tasks:
        if task not in known:
            parser.error(f"no such comparison: {task}; there are {', '.join(known)}")
    for task in asked.tasks or known:
        known[task](asked.seeds)


if __name__ == "__main__":
    sys.exit(main())
