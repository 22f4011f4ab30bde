"""REINFORCE learns to balance CartPole: what the explorable `TrainingReplay` shows of it.

    python -m studies.training_replay        # rewrites learning_to_act/explorables/replay.json, two minutes

Ten seeds train with the package's recipe; their returns per update make the curve and its band. For the first seed
every update's policy is kept, and plays 20 fresh episodes: all lengths are stored, and of the shortest, the middle
(the tenth) and the longest each step. Nothing was chosen for its looks: the seeds are 0 to 9.
"""

import argparse
import json
from pathlib import Path

import gymnasium as gym
import numpy as np

import policy_gradient as pg
from policy_gradient.training import bootstrap_interval

SEEDS = range(10)
UPDATES = 20
EPISODES = 20  # played by every stored policy
PLACES = {"shortest": 0, "middle": EPISODES // 2 - 1, "longest": EPISODES - 1}
RESULT = Path(__file__).parents[1] / "learning_to_act/explorables/replay.json"


def cartpole(num_envs):
    return gym.make_vec("CartPole-v1", num_envs, vectorization_mode="vector_entry_point")


def train(seed, updates=UPDATES):
    """(the mean return of the episodes that each policy was improved on, the policies): updates + 1 of each."""
    policy, rng = pg.MLPSoftmax((4, 64, 2)), np.random.default_rng(seed)
    thetas = [policy.init(rng)]
    training = pg.reinforce(
        cartpole(16),
        policy,
        thetas[0],
        rng,
        num_updates=updates + 1,
        progress=False,
        callback=lambda update, theta, batch: thetas.append(theta.copy()),
        **pg.CARTPOLE_RECIPE,
    )
    return training.history["mean_return"], thetas[:-1]


def checkpoint(theta, rng):
    """20 episodes of one policy: their lengths, in order, and three of them step by step."""
    policy = pg.MLPSoftmax((4, 64, 2))
    played = pg.rollout(cartpole(EPISODES), policy, theta, rng)
    order = np.argsort(played.lengths, kind="stable")
    episodes = {}
    for name, place in PLACES.items():
        steps = played.mask[:, order[place]]
        episodes[name] = pack(policy, theta, played.obs[steps, order[place]], played.actions[steps, order[place]])
    return {"lengths": played.lengths[order].tolist(), "episodes": episodes}


def pack(policy, theta, obs, actions):
    """Small whole numbers: the cart in mm and the pole in tenths of a degree, each as its change;
    and 1 - pi(a) in percent.

    The last counts one more, and is negative where the action is left, so that its sign says the action even at 0.
    """

    def changes(values):
        return np.diff(np.round(values).astype(int), prepend=0).tolist()

    doubt = np.round(100 * (1 - np.exp(policy.log_prob(theta, obs, actions)))).astype(int)
    return {
        "x": changes(1000.0 * obs[:, 0]),
        "angle": changes(10 * np.degrees(obs[:, 2].astype(float))),
        "score": np.where(actions == 1, doubt + 1, -doubt - 1).tolist(),
    }


def main():
    runs = [train(seed) for seed in SEEDS]
    returns = np.array([curve for curve, _ in runs])
    low, high = bootstrap_interval(returns, np.random.default_rng(0))
    rng = np.random.default_rng(1000)
    stored = {
        "gamma": pg.CARTPOLE_RECIPE["gamma"],
        "seeds": list(SEEDS),
        "returns": returns.round(1).tolist(),
        "mean": returns.mean(axis=0).round(1).tolist(),
        "low": low.round(1).tolist(),
        "high": high.round(1).tolist(),
        "checkpoints": [checkpoint(theta, rng) for theta in runs[0][1]],
    }
    RESULT.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    main()
