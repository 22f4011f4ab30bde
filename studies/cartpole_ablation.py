"""What each ingredient of the CartPole recipe is worth: change it, mostly one at a time, ten seeds each.

    python -m studies.cartpole_ablation        # rewrites cartpole_ablation.json beside it, some minutes

Every arm collects 16 whole episodes per update. After each 10,000 steps in the environment training pauses and 100
fresh episodes are played twice, once sampled from the policy and once with its likeliest action. The seeds were not
used to choose any setting.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import policy_gradient as pg
from policy_gradient.returns import discounts, reward_to_go, total_return

SEEDS = range(101, 111)
GRID = range(10_000, 150_001, 10_000)  # steps in the environment
EPISODES = 100  # of each evaluation
RESULT = Path(__file__).with_suffix(".json")

RECIPE = dict(
    gamma=0.99,
    keep_gamma_t=False,
    to_go=True,
    baseline="batch_mean",
    scale=True,
    adam=True,
    hidden=(64,),
    learning_rate=0.02,
)
ARMS = {  # what differs from the recipe
    "recipe": {},
    "theorem's estimator": dict(gamma=1.0, baseline="leave_one_out", scale=False),
    "total return": dict(to_go=False, baseline="episode_mean"),
    "no baseline": dict(baseline="none"),
    "no scaling": dict(scale=False),
    "leave-one-out mean": dict(baseline="leave_one_out"),
    "gamma = 1": dict(gamma=1.0),
    "gamma^t kept": dict(keep_gamma_t=True),
    "plain steps": dict(adam=False, learning_rate=0.03),  # the best of 0.03, 0.1, 0.3 on seeds 1, 2, 3
    "linear policy": dict(hidden=(), learning_rate=0.2),  # the better of 0.1, 0.2 on the same seeds
}
BASELINES = {
    "none": lambda returns, mask: 0.0,
    "leave_one_out": pg.leave_one_out_mean,
    "batch_mean": pg.batch_mean,
    # One number for all steps. A mean at each step would undo the arm "total return": CartPole pays every episode that
    # still runs the same past rewards, so such a mean removes them exactly.
    "episode_mean": lambda returns, mask: returns[0].mean(),
}


class PlainSteps:
    """Gradient ascent without any memory."""

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def step(self, theta, gradient):
        return theta + np.float32(self.learning_rate) * gradient


def weights(batch, gamma, keep_gamma_t, to_go, baseline, scale):
    """psi (T, N): what each score is multiplied by."""
    returns = reward_to_go(batch.rewards, gamma)
    if not to_go:
        returns = np.broadcast_to(total_return(batch.rewards, gamma), returns.shape)
    psi = np.where(batch.mask, returns - BASELINES[baseline](returns, batch.mask), 0)
    if keep_gamma_t:
        psi = psi * discounts(len(psi), gamma)[:, None]
    return psi / max(np.sqrt(np.mean(psi[batch.mask] ** 2)), 1e-8) if scale else psi


def train(arm, seed, grid=GRID, episodes=EPISODES):
    """Mean returns at each point of the grid, sampled and greedy: two lists."""
    import gymnasium as gym

    settings = RECIPE | ARMS[arm]
    hidden, adam, rate = (settings.pop(key) for key in ("hidden", "adam", "learning_rate"))
    policy, optimizer = pg.MLPSoftmax((4, *hidden, 2)), (pg.Adam if adam else PlainSteps)(rate)
    rng, eval_rng = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    envs, eval_envs = (gym.make_vec("CartPole-v1", n, vectorization_mode="vector_entry_point") for n in (16, episodes))
    theta, steps, sampled, greedy = policy.init(rng), 0, [], []
    for stop in grid:
        while steps < stop:
            batch = pg.rollout(envs, policy, theta, rng)
            theta = optimizer.step(theta, pg.estimate_gradient(policy, theta, batch, weights(batch, **settings)))
            steps += int(batch.lengths.sum())
        for curve, mode in ((sampled, False), (greedy, True)):
            curve.append(round(float(pg.evaluate(eval_envs, policy, theta, eval_rng, greedy=mode).mean()), 1))
    return sampled, greedy


def main():
    from tqdm import tqdm

    arms = {}
    for arm in tqdm(ARMS, desc="arms"):
        curves = [train(arm, seed) for seed in SEEDS]
        arms[arm] = {"changes": ARMS[arm], "sampled": [c[0] for c in curves], "greedy": [c[1] for c in curves]}
    result = dict(task="CartPole-v1", recipe=RECIPE, seeds=list(SEEDS), steps=list(GRID), episodes=EPISODES, arms=arms)
    text = json.dumps(result, indent=1)
    RESULT.write_text(_one_line_per_list(text) + "\n", encoding="utf8")


def _one_line_per_list(text):
    import re

    return re.sub(r"\[[^\[\]{}]*\]", lambda m: " ".join(m[0].split()).replace("[ ", "[").replace(" ]", "]"), text)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
