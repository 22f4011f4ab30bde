"""Train one PPO on Acrobot-v1 with one seed until its sampled policy averages -100; prints one line of JSON.

    python -m benchmarks.acrobot_one book 9401
    python -m benchmarks.acrobot_one stable_baselines 9401

A second task, whose step is dearer: Gymnasium steps it in a Python loop, for both sides alike. As `ppo_one.py`: judged
after every 1,000 steps (or after the update that passes them) over 100 fresh episodes, the clock stopped meanwhile;
done at the first success or at the cap. The peer has the settings of the RL Baselines3 Zoo for Acrobot-v1, ours were
chosen on seeds 101 to 106. The Zoo does not call these tuned, and they are made for a million steps. So the peer also
runs with the book's number of environments, segment, passes, minibatch and learning rate:
what is left then is not the settings.
"""

import gymnasium as gym
import numpy as np

from benchmarks import ppo_one, train_one

OURS = dict(num_steps=32, epochs=10, minibatch=64, clip=0.2, learning_rate=3e-3)
CRITIC = dict(gamma=0.99, lam=0.94, learning_rate=5e-3, unit=50.0)


class Referee(ppo_one.Referee):
    """Plays Acrobot, with three actions."""

    cap, target = 200_000, -100.0

    def __init__(self, seed):
        super().__init__(seed)
        self.envs = gym.make_vec("Acrobot-v1", train_one.EPISODES, vectorization_mode="sync")

    def _act(self, probs, greedy):
        below = probs.cumsum(1) < self.rng.random((train_one.EPISODES, 1))
        return np.minimum(below.sum(1), 2)


def book(referee, seed):
    ppo_one.train(referee, seed, "Acrobot-v1", "sync", OURS, CRITIC)


def stable_baselines(referee, seed, **settings):
    from stable_baselines3 import PPO

    common = dict(task="Acrobot-v1", normalise=True, gae_lambda=0.94, gamma=0.99, ent_coef=0.0)
    zoo = dict(num_envs=16, n_steps=256, n_epochs=4)
    train_one.stable_baselines(PPO, 1_000_000, seed, referee, **common, **(settings or zoo))


def stable_baselines_with_ours(referee, seed):
    stable_baselines(referee, seed, num_envs=8, n_steps=32, n_epochs=10, batch_size=64, learning_rate=3e-3)


METHODS = {
    "book": book,
    "stable_baselines": stable_baselines,
    "stable_baselines_with_ours": stable_baselines_with_ours,
}


if __name__ == "__main__":
    ppo_one.main(*train_one.asked(__doc__, METHODS), METHODS, Referee)
