#!/usr/bin/env bash
# Guess: NormalizeReward divides by the standard deviation of the discounted return, so its running return begins anew with every episode.
# Seen, Gymnasium 1.4.0: only a termination ends it. Over a truncation it runs on into the next episode, for one environment and for a
#   vector in NEXT_STEP mode; a vector in SAME_STEP mode begins anew. So one and the same world, reward 1, five steps, gamma 0.9, is scaled
#   by the deviation of other numbers in each mode: after three episodes the running return is 7.941, 7.941 and (before it is cleared) 4.095.
# Matters: CartPole at its limit, Pendulum and every task without a terminal state end by truncation only.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import NormalizeReward, TimeLimit
from gymnasium.wrappers.vector import NormalizeReward as NormalizeRewards


class One(gym.Env):
    observation_space, action_space = gym.spaces.Box(-1, 1, (1,)), gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), 1.0, False, False, {}


env, single = NormalizeReward(TimeLimit(One(), 5), gamma=0.9), []
for _ in range(3):
    env.reset()
    for _ in range(5):
        env.step(0)
    single.append(round(float(np.ravel(env.discounted_reward)[0]), 3))


def vector(mode):
    envs, before_end = NormalizeRewards(SyncVectorEnv([lambda: TimeLimit(One(), 5)], autoreset_mode=mode), gamma=0.9), []
    envs.reset(seed=0)
    last = 0.0
    while len(before_end) < 3:
        *_, truncated, _ = envs.step(np.zeros(1, int))
        now = float(envs.accumulated_reward[0])
        if truncated[0]:
            before_end.append(round(now if now else 0.9 * last + 1, 3))      # SAME_STEP has cleared it by now
        last = now
    return before_end


next_step, same_step = vector(AutoresetMode.NEXT_STEP), vector(AutoresetMode.SAME_STEP)
print("running return at the end of episodes 1, 2, 3: one environment", single, "NEXT_STEP", next_step, "SAME_STEP", same_step)
assert single == next_step == [4.095, 6.513, 7.941], "no longer carried over a truncation"
assert same_step == [4.095] * 3
PY
