"""Train one method on CartPole-v1 with one seed until it is solved twice, sampled and greedy; prints one line of JSON.

    python -m benchmarks.train_one ppo 9001

Solved: the first test whose mean return over 100 fresh episodes is at least 475. A test comes after every 5,000 steps
in the environment (or after the update that passes them), with the clock stopped. *Sampled* plays the policy as it is,
*greedy* its likeliest action. Every method has its own authors' settings; ours are `pg.CARTPOLE_RECIPE`.
"""

import argparse
import json

import gymnasium as gym
import numpy as np

from benchmarks.clock import Stopwatch, peak_memory

EVERY, EPISODES, TARGET = 5_000, 100, 475.0
CAP = 120.0  # CPU seconds


class Referee:
    """Stops the clock, tests, and remembers when each criterion was first met."""

    target = TARGET

    def __init__(self, seed):
        self.envs = gym.make_vec("CartPole-v1", EPISODES, vectorization_mode="vector_entry_point")
        self.rng, self.next, self.solved, self.curve = np.random.default_rng([seed, 1]), EVERY, {}, []
        self.clock = None

    def start(self):
        """Called by each method after its imports, which nobody should pay for here."""
        self.clock = Stopwatch()

    def done(self, steps, probs_right):
        """True once both are solved, or at the cap. probs_right(obs (N, 4)) -> (N,) probability of action 1."""
        if steps < self.next:
            return False
        seconds = self.clock.pause()
        self.next = (steps // EVERY + 1) * EVERY
        scores = {name: self._play(probs_right, name == "greedy") for name in ("sampled", "greedy")}
        self.curve.append([int(steps), round(seconds, 3), *(round(score, 1) for score in scores.values())])
        for name, score in scores.items():
            if score >= self.target and name not in self.solved:
                self.solved[name] = {"seconds": round(seconds, 4), "steps": int(steps)}
        self.clock.resume()
        return len(self.solved) == 2 or seconds > CAP

    def _play(self, probs_right, greedy):
        obs, _ = self.envs.reset(seed=int(self.rng.integers(2**31)))
        alive, score = np.ones(EPISODES, bool), np.zeros(EPISODES)
        while alive.any():
            actions = self._act(probs_right(obs), greedy)
            obs, rewards, terminated, truncated, _ = self.envs.step(actions.astype(np.int64))
            score += np.where(alive, rewards, 0)
            alive &= ~(terminated | truncated)
        return score.mean()

    def _act(self, right, greedy):
        return right > 0.5 if greedy else self.rng.random(EPISODES) < right


def ours(referee, seed):
    from tqdm import tqdm  # noqa: F401

    import policy_gradient as pg

    referee.start()
    policy, rng = pg.MLPSoftmax((4, 64, 2)), np.random.default_rng(seed)
    envs = gym.make_vec("CartPole-v1", 16, vectorization_mode="vector_entry_point")
    steps = [0]

    def after(update, theta, batch):
        steps[0] += int(batch.mask.size)  # with what idle environments waste: it was stepped
        return referee.done(steps[0], lambda obs: policy.probs(theta, obs)[:, 1])

    pg.reinforce(
        envs, policy, policy.init(rng), rng, num_updates=10_000, callback=after, progress=False, **pg.CARTPOLE_RECIPE
    )


def warm_torch(seed):
    """One thread, a seed, and one step of a throw-away: PyTorch's first step imports for a second or two."""
    import torch

    torch.set_num_threads(1)
    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(net.parameters())
    torch.distributions.Categorical(logits=net(torch.zeros(1, 2))).log_prob(torch.tensor([0])).sum().backward()
    optimizer.step()
    torch.manual_seed(seed)


def stable_baselines(algorithm, total, seed, referee, task="CartPole-v1", num_envs=8, normalise=False, **settings):
    """The Zoo's `normalize: true` is normalise: observations and rewards by running statistics."""
    import torch
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecNormalize

    warm_torch(seed)

    class Test(BaseCallback):
        stop = False

        def _on_rollout_start(self):  # the update before it is done
            self.stop = referee.done(self.num_timesteps, self._probs)

        def _on_step(self):
            return not self.stop

        def _probs(self, obs):
            """(N,) of the second of two actions, (N, actions) of more."""
            with torch.no_grad():
                policy, seen = self.model.policy, envs.normalize_obs(obs) if normalise else obs
                probs = policy.get_distribution(policy.obs_to_tensor(seen)[0]).distribution.probs.numpy()
            return probs[:, 1] if probs.shape[1] == 2 else probs

    referee.start()
    envs = make_vec_env(task, n_envs=num_envs, seed=seed)
    if normalise:
        envs = VecNormalize(envs, gamma=settings["gamma"])
    algorithm("MlpPolicy", envs, seed=seed, device="cpu", **settings).learn(total, callback=Test())


def ppo(referee, seed):
    from stable_baselines3 import PPO

    stable_baselines(
        PPO,
        100_000,
        seed,
        referee,
        n_steps=32,
        batch_size=256,
        gae_lambda=0.8,
        gamma=0.98,
        n_epochs=20,
        ent_coef=0.0,
        learning_rate=lambda left: 1e-3 * left,
        clip_range=lambda left: 0.2 * left,
    )


def a2c(referee, seed):
    from stable_baselines3 import A2C

    stable_baselines(A2C, 500_000, seed, referee, ent_coef=0.0)


def torch_policy(*layers):
    import torch

    net = torch.nn.Sequential(*layers)

    def probs_right(obs):
        net.eval()
        with torch.no_grad():
            right = torch.softmax(net(torch.from_numpy(np.asarray(obs, np.float32))), -1)[:, 1].numpy()
        net.train()
        return right

    return net, probs_right


def episode_of(env, net, categorical, obs):
    """One episode, one environment, one step at a time: (log-probabilities, rewards)."""
    import torch

    log_probs, rewards, over = [], [], False
    while not over:
        law = categorical(logits=net(torch.from_numpy(obs)))
        action = law.sample()
        obs, reward, terminated, truncated, _ = env.step(action.item())
        log_probs.append(law.log_prob(action))
        rewards.append(float(reward))
        over = terminated or truncated
    return log_probs, rewards


def torch_reinforce(referee, seed):
    """The loop most tutorials have: one environment, an update after each episode, returns standardised within it."""
    import torch
    from torch.distributions import Categorical

    warm_torch(seed)
    referee.start()
    net, probs_right = torch_policy(
        torch.nn.Linear(4, 128), torch.nn.Dropout(0.6), torch.nn.ReLU(), torch.nn.Linear(128, 2)
    )
    optimizer, env, steps = torch.optim.Adam(net.parameters(), lr=1e-2), gym.make("CartPole-v1"), 0
    obs, _ = env.reset(seed=seed)
    while not referee.done(steps, probs_right):
        log_probs, rewards = episode_of(env, net, Categorical, obs)
        returns, total = [], 0.0
        for reward in reversed(rewards):
            total = reward + 0.99 * total
            returns.append(total)
        returns = torch.tensor(returns[::-1])
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        loss = -(torch.stack(log_probs) * returns).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += len(rewards)
        obs, _ = env.reset()


def torch_batch(referee, seed):
    """A batch of 5,000 steps from one environment, reward-to-go, one Adam step: in the style of Spinning Up's first
    code."""
    import torch
    from torch.distributions import Categorical

    warm_torch(seed)
    referee.start()
    net, probs_right = torch_policy(torch.nn.Linear(4, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
    optimizer, env, steps = torch.optim.Adam(net.parameters(), lr=1e-2), gym.make("CartPole-v1"), 0
    obs, _ = env.reset(seed=seed)
    while not referee.done(steps, probs_right):
        batch_obs, batch_actions, weights = [], [], []
        while len(weights) < 5_000:
            rewards, over = [], False
            while not over:
                with torch.no_grad():
                    action = Categorical(logits=net(torch.from_numpy(obs))).sample().item()
                batch_obs.append(obs.copy())
                batch_actions.append(action)
                obs, reward, terminated, truncated, _ = env.step(action)
                rewards.append(float(reward))
                over = terminated or truncated
            weights += list(np.cumsum(rewards[::-1])[::-1])
            obs, _ = env.reset()
        law = Categorical(logits=net(torch.as_tensor(np.array(batch_obs))))
        loss = -(law.log_prob(torch.as_tensor(batch_actions)) * torch.tensor(weights, dtype=torch.float32)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += len(weights)


METHODS = {"ours": ours, "ppo": ppo, "a2c": a2c, "torch_reinforce": torch_reinforce, "torch_batch": torch_batch}


def asked(about, methods):
    """(method, seed) of the command line."""
    parser = argparse.ArgumentParser(description=about.split("\n\n")[0])
    parser.add_argument("method", choices=methods)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    return given.method, given.seed


def main(method, seed):
    referee = Referee(seed)
    METHODS[method](referee, seed)
    print(
        json.dumps(
            {
                "method": method,
                "seed": seed,
                "solved": referee.solved,
                "curve": referee.curve,
                "memory": round(peak_memory(), 1),
            }
        )
    )


if __name__ == "__main__":
    main(*asked(__doc__, METHODS))
