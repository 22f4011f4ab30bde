#!/usr/bin/env bash
# Guess: MaxAndSkipObservation gives, after each group of skipped steps, the larger of the last two observations; when an episode ends within a
#   group, that of the steps up to the end.
# Seen, Gymnasium 1.4.0: it looks at the last two steps of a *full* group only. An episode that ends earlier hands out what an earlier group has
#   left. Observations count the steps, skip 4: episodes of 9, 10, 11 and 12 steps end with 8, 8, 11, 12. And what is left may be of the
#   episode before: one of 2 steps, after one of 8, ends with 8; as the very first of a run it ends with 0. The rewards are right.
# Matters: V of the last observation stands in every target at a time limit, and it is that of another state there.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import gymnasium as gym
import numpy as np
from gymnasium.wrappers import MaxAndSkipObservation


class Count(gym.Env):
    """The observation is the number of steps so far; episodes are cut after the lengths given."""

    observation_space, action_space = gym.spaces.Box(0, 100, (1,), np.float32), gym.spaces.Discrete(2)

    def __init__(self, lengths):
        self.lengths = iter(lengths)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t, self.length = 0, next(self.lengths)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.t += 1
        return np.full(1, self.t, np.float32), 1.0, False, self.t == self.length, {}


def ends(lengths):
    """[(last observation, return)] of each episode."""
    env, found = MaxAndSkipObservation(Count(lengths), skip=4), []
    for _ in lengths:
        env.reset()
        total, over = 0.0, False
        while not over:
            obs, reward, terminated, truncated, _ = env.step(0)
            total, over = total + float(reward), terminated or truncated
        found.append((int(obs[0]), int(total)))
    return found


long, short = ends([9, 10, 11, 12]), ends([2, 8, 2])
print("last observation and return, episodes of 9, 10, 11, 12 steps:", long, "| of 2, 8, 2 steps:", short)
assert [total for _, total in long + short] == [9, 10, 11, 12, 2, 8, 2]
assert [obs for obs, _ in long] == [8, 8, 11, 12], "the end is seen now"
assert [obs for obs, _ in short] == [0, 8, 8]
PY
