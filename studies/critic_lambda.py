"""Actor-critic on CartPole with the book's Critic: how many steps until it balances, for four lambdas.

    OPENBLAS_NUM_THREADS=1 python -m studies.critic_lambda     # rewrites critic_lambda.json, about five minutes

The same 20 seeds in every arm, none of which chose a setting. A run ends when 100 fresh episodes of the sampled policy
average 475, asked every 5,000 steps once a batch averages 400, or after 300,000 steps.
"""

import argparse
import json
import re
import time
from pathlib import Path

import gymnasium as gym
import numpy as np

import policy_gradient as pg

SEEDS, LAMBDAS, CAP, TARGET = range(301, 321), (0.0, 0.9, 0.95, 1.0), 300_000, 475
RECIPE = dict(gamma=0.98, learning_rate=0.02, num_envs=16)
RESULT = Path(__file__).with_suffix(".json")


def run(seed, lam, cap=CAP):
    """Environment steps to the target (None: not within the cap), the last explained variance,
    the best mean return, CPU seconds."""
    start, rng, policy = time.process_time(), np.random.default_rng(seed), pg.MLPSoftmax((4, 64, 2))
    gamma = RECIPE["gamma"]
    critic = pg.Critic((4, 64, 1), rng, gamma=gamma, lam=lam, unit=1 / (1 - gamma))
    fresh, seen = (
        gym.make_vec("CartPole-v1", num_envs=100),
        dict(steps=0, asked=0, reached=None, explained=[], returns=[]),
    )

    def baseline(batch):
        seen["explained"].append(explained(critic, batch, gamma))  # before it learns from this batch
        return critic(batch)

    def look(update, theta, batch):
        seen["steps"] += int(batch.mask.sum())
        seen["returns"].append(batch.rewards.sum(axis=0).mean())
        if seen["steps"] >= seen["asked"] and seen["returns"][-1] >= 400:
            seen["asked"] = seen["steps"] + 5000
            if pg.evaluate(fresh, policy, theta, np.random.default_rng([seed, update])).mean() >= TARGET:
                seen["reached"] = seen["steps"]
        return seen["reached"] is not None or seen["steps"] >= cap

    envs = gym.make_vec("CartPole-v1", num_envs=RECIPE["num_envs"])
    pg.reinforce(
        envs,
        policy,
        policy.init(rng),
        rng,
        baseline=baseline,
        gamma=gamma,
        drop_gamma_t=True,
        scale=True,
        learning_rate=RECIPE["learning_rate"],
        num_updates=100_000,
        callback=look,
        progress=False,
    )
    return dict(
        seed=seed,
        steps=seen["reached"],
        explained=round(float(np.mean(seen["explained"][-5:])), 3),
        best=round(float(max(seen["returns"])), 1),
        cpu_seconds=round(time.process_time() - start, 2),
    )


def explained(critic, batch, gamma):
    """1 - Var[G - V] / Var[G] over a batch's steps, G the returns as far as they were watched."""
    returns, values = pg.reward_to_go(batch.rewards, gamma)[batch.mask], critic.values(batch.obs)[batch.mask]
    return 1 - (returns - values).var() / returns.var() if returns.var() > 0 else 0.0


def main():
    arms = {}
    for lam in LAMBDAS:
        arms[str(lam)] = []
        for seed in SEEDS:
            arms[str(lam)].append(run(seed, lam))
            print(lam, arms[str(lam)][-1], flush=True)
    result = dict(seeds=list(SEEDS), cap=CAP, target=TARGET, recipe=RECIPE, arms=arms)
    text = re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda m: " ".join(m[0].split()), json.dumps(result, indent=1))
    RESULT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
