"""Train one PPO on Acrobot-v1 with one seed until its sampled policy averages -100; prints one line of JSON.

    python benchmarks/acrobot_one.py book 9401
    python benchmarks/acrobot_one.py stable_baselines 9401

A second task, whose step is dearer: Gymnasium steps it in a Python loop, for both sides alike. As `ppo_one.py`: judged after
every 1,000 steps (or after the update that passes them) over 100 fresh episodes, the clock stopped meanwhile; done at the first
success or at the cap. The peer has the settings of the RL Baselines3 Zoo for Acrobot-v1, ours were chosen on seeds 101 to 106.
The Zoo does not call these tuned, and they are made for a million steps. So the peer also runs with the book's number of
environments, segment, passes, minibatch and learning rate: what is left then is not the settings.
"""

import json
import sys

import gymnasium as gym
import numpy as np
import train_one
from clock import peak_memory  # first: it pins the threads
from ppo_one import Referee as PPOReferee

CAP, TARGET = 200_000, -100.0
OURS = dict(num_steps=32, epochs=10, minibatch=64, clip=0.2, learning_rate=3e-3)
CRITIC = dict(gamma=0.99, lam=0.94, learning_rate=5e-3, unit=50.0)


class Referee(PPOReferee):
    """Plays Acrobot, with three actions."""

    cap, target = CAP, TARGET

    def __init__(self, seed):
        super().__init__(seed)
        self.envs = gym.make_vec("Acrobot-v1", train_one.EPISODES, vectorization_mode="sync")

    def _play(self, probs, greedy):
        if greedy:
            return -np.inf
        obs, _ = self.envs.reset(seed=int(self.rng.integers(2**31)))
        alive, score = np.ones(train_one.EPISODES, bool), np.zeros(train_one.EPISODES)
        while alive.any():
            below = probs(obs).cumsum(1) < self.rng.random((train_one.EPISODES, 1))
            obs, rewards, terminated, truncated, _ = self.envs.step(np.minimum(below.sum(1), 2))
            score += np.where(alive, rewards, 0)
            alive &= ~(terminated | truncated)
        return score.mean()


def book(referee, seed):
    from tqdm import tqdm  # noqa: F401

    import policy_gradient as pg
    from policy_gradient.ppo import ppo

    referee.start()
    policy, rng = pg.MLPSoftmax((6, 64, 3)), np.random.default_rng(seed)
    envs, steps = gym.make_vec("Acrobot-v1", 8, vectorization_mode="sync"), [0]
    critic = pg.Critic((6, 64, 1), rng, **CRITIC)

    def after(update, theta, segment):
        steps[0] += segment.live.size
        return referee.done(steps[0], lambda obs: policy.probs(theta, obs))

    num_updates = CAP // (8 * OURS["num_steps"])
    ppo(
        envs,
        policy,
        policy.init(rng),
        critic,
        rng,
        num_updates=num_updates,
        callback=after,
        progress=False,
        **OURS,
    )


def stable_baselines(referee, seed, ours=False):
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecNormalize

    train_one.warm_torch(seed)

    class Test(BaseCallback):
        stop = False

        def _on_rollout_start(self):  # the update before it is done
            self.stop = referee.done(self.num_timesteps, self._probs)

        def _on_step(self):
            return not self.stop

        def _probs(self, obs):
            with torch.no_grad():
                policy, seen = self.model.policy, envs.normalize_obs(obs)
                return policy.get_distribution(policy.obs_to_tensor(seen)[0]).distribution.probs.numpy()

    referee.start()
    envs = VecNormalize(make_vec_env("Acrobot-v1", n_envs=8 if ours else 16, seed=seed), gamma=0.99)
    settings = dict(n_steps=256, n_epochs=4)
    if ours:
        settings = dict(n_steps=32, n_epochs=10, batch_size=64, learning_rate=3e-3)
    PPO("MlpPolicy", envs, gae_lambda=0.94, gamma=0.99, ent_coef=0.0, seed=seed, device="cpu", **settings).learn(
        1_000_000, callback=Test()
    )


METHODS = {
    "book": book,
    "stable_baselines": stable_baselines,
    "stable_baselines_with_ours": lambda referee, seed: stable_baselines(referee, seed, ours=True),
}


def main(method, seed):
    referee = Referee(seed)
    METHODS[method](referee, seed)
    first = referee.solved.get("sampled", {"seconds": None, "steps": None})
    curve = [[steps, seconds, score] for steps, seconds, score, _ in referee.curve]
    print(json.dumps({"method": method, "seed": seed, **first, "curve": curve, "memory": round(peak_memory(), 1)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
