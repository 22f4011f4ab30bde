"""Train one PPO on CartPole-v1 with one seed until its sampled policy averages 475; prints one line of JSON.

    python -m benchmarks.ppo_one book 9101
    python -m benchmarks.ppo_one stable_baselines 9101

As `train_one.py`, but judged after every 1,000 steps, by the policy as it is: the first test whose mean return over 100
fresh episodes is at least 475. The clock is stopped during a test. Steps that only reset are counted against the book.
"""

import json

import gymnasium as gym
import numpy as np

from benchmarks import train_one
from benchmarks.clock import peak_memory

train_one.EVERY = 1_000
CAP = 100_000  # steps: what the peer's own schedule runs for


class Referee(train_one.Referee):
    """Done at the first success, or at the cap."""

    cap = CAP

    def _play(self, probs_right, greedy):
        return 0.0 if greedy else super()._play(probs_right, greedy)

    def done(self, steps, probs_right):
        return super().done(steps, probs_right) or "sampled" in self.solved or steps >= self.cap


def train(referee, seed, task, mode, settings, critic):
    """The book's PPO on 8 environments of Gymnasium's."""
    from tqdm import tqdm  # noqa: F401

    import policy_gradient as pg
    from policy_gradient.ppo import ppo

    referee.start()
    envs, rng, steps = gym.make_vec(task, 8, vectorization_mode=mode), np.random.default_rng(seed), [0]
    (num_obs,), num_actions = envs.single_observation_space.shape, int(envs.single_action_space.n)
    policy, critic = pg.MLPSoftmax((num_obs, 64, num_actions)), pg.Critic((num_obs, 64, 1), rng, **critic)

    def after(update, theta, segment):
        steps[0] += segment.live.size
        second = (lambda probs: probs[:, 1]) if num_actions == 2 else lambda probs: probs
        return referee.done(steps[0], lambda obs: second(policy.probs(theta, obs)))

    num_updates = referee.cap // (8 * settings["num_steps"])
    start = policy.init(rng)
    ppo(envs, policy, start, critic, rng, num_updates=num_updates, callback=after, progress=False, **settings)


def book(referee, seed):
    from policy_gradient.ppo import CARTPOLE_CRITIC, CARTPOLE_PPO

    train(referee, seed, "CartPole-v1", "vector_entry_point", CARTPOLE_PPO, CARTPOLE_CRITIC)


METHODS = {"book": book, "stable_baselines": train_one.ppo}


def main(method, seed, methods=METHODS, make_referee=Referee):
    referee = make_referee(seed)
    methods[method](referee, seed)
    print(
        json.dumps(
            {
                "method": method,
                "seed": seed,
                **referee.solved.get("sampled", {"seconds": None, "steps": None}),
                "curve": [[steps, seconds, score] for steps, seconds, score, _ in referee.curve],
                "memory": round(peak_memory(), 1),
            }
        )
    )


if __name__ == "__main__":
    main(*train_one.asked(__doc__, METHODS))
