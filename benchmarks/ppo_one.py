"""Train one PPO on CartPole-v1 with one seed until its sampled policy averages 475; prints one line of JSON.

    python benchmarks/ppo_one.py book 9101
    python benchmarks/ppo_one.py stable_baselines 9101

As `train_one.py`, but judged after every 1,000 steps, by the policy as it is: the first test whose mean return over 100 fresh
episodes is at least 475. The clock is stopped during a test. Steps that only reset are counted against the book.
"""

import json
import sys

import gymnasium as gym
import numpy as np
import train_one
from clock import peak_memory  # first: it pins the threads

train_one.EVERY = 1_000
CAP = 100_000  # steps: what the peer's own schedule runs for


class Referee(train_one.Referee):
    """Done at the first success, or at the cap."""

    cap = CAP

    def _play(self, probs_right, greedy):
        return 0.0 if greedy else super()._play(probs_right, greedy)

    def done(self, steps, probs_right):
        return super().done(steps, probs_right) or "sampled" in self.solved or steps >= self.cap


def book(referee, seed):
    from tqdm import tqdm  # noqa: F401

    import policy_gradient as pg
    from policy_gradient.ppo import CARTPOLE_CRITIC, CARTPOLE_PPO, ppo

    referee.start()
    policy, rng = pg.MLPSoftmax((4, 64, 2)), np.random.default_rng(seed)
    envs = gym.make_vec("CartPole-v1", 8, vectorization_mode="vector_entry_point")
    critic, steps = pg.Critic((4, 64, 1), rng, **CARTPOLE_CRITIC), [0]

    def after(update, theta, segment):
        steps[0] += segment.live.size
        return referee.done(steps[0], lambda obs: policy.probs(theta, obs)[:, 1])

    ppo(
        envs,
        policy,
        policy.init(rng),
        critic,
        rng,
        num_updates=CAP // (8 * CARTPOLE_PPO["num_steps"]),
        callback=after,
        progress=False,
        **CARTPOLE_PPO,
    )


METHODS = {"book": book, "stable_baselines": train_one.ppo}


def main(method, seed):
    referee = Referee(seed)
    METHODS[method](referee, seed)
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
    main(sys.argv[1], int(sys.argv[2]))
