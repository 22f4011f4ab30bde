#!/usr/bin/env bash
# Guess: in HighwayEnv's parking-v0 the reward of a step is what compute_reward gives for its achieved goal, its desired goal and its info. Its own
#   GoalEnv says so: "the following should always hold true", and that rewards which do not depend on the goal are to be derived from info.
# Seen, HighwayEnv 1.12.1 with Gymnasium 1.4.0: it holds until a crash. The step that hits a wall is paid about -5.5; compute_reward makes
#   about -0.5 of it, though info["crashed"] is there: the penalty of 5, and with it all that makes a crash worse than standing still, is missing.
#   And for the goal where the car has crashed, which is what hindsight puts in place of the true one, it is 0, the best reward there is.
# Matters: parking-v0 has walls and is the environment for hindsight replay (HER), which works by compute_reward. With four relabelled samples of
#   five, as is usual, most of what is learnt of a crash is that it ends the row of negative rewards and costs nothing.
# And: every reset() makes a new, unseeded action_space. "To get reproducible sampling of actions", says Gymnasium's Env, call
#   env.action_space.seed(...). In highway-v0 that lasts until the next reset(seed=42), and the actions sampled after it are others each time;
#   CartPole's are the same.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check highway-env==1.12.1 gymnasium==1.4.0 numpy==2.4.6 pygame-ce==2.5.8
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import highway_env
import numpy as np

gym.register_envs(highway_env)
env, rng = gym.make("parking-v0"), np.random.default_rng(0)
again = env.unwrapped.compute_reward
steps, off, crashes = 0, 0, []
for seed in range(30):
    env.reset(seed=seed)
    over = False
    while not over:
        action = np.array([1, rng.uniform(-0.1, 0.1)], dtype=np.float32)        # ahead, nearly straight
        obs, reward, terminated, truncated, info = env.step(action)
        over, steps = terminated or truncated, steps + 1
        anew = again(obs["achieved_goal"], obs["desired_goal"], info)
        off += abs(anew - reward) > 1e-9
    if info["crashed"]:
        crashes.append((reward, anew, again(obs["achieved_goal"], obs["achieved_goal"], info)))
mean = np.mean(crashes, axis=0).round(2).tolist()
print(f"{len(crashes)} crashes in {steps} steps; step and compute_reward differ in {off} steps")
print("a crash's mean reward, by compute_reward, by compute_reward for the goal where it crashed:", mean)
assert off == len(crashes) == 30, "compute_reward knows of a crash now"
assert mean[0] < -5 and np.isclose(mean[1] - mean[0], 5, atol=0.02) and mean[2] == 0


def draws(name):
    """Twelve random actions, seeded before the reset, each time from a new environment."""
    env = gym.make(name)
    env.action_space.seed(42)
    env.reset(seed=42)
    return tuple(int(env.action_space.sample()) for _ in range(12))


drawn = {name: len({draws(name) for _ in range(4)}) for name in ("CartPole-v1", "highway-v0")}
print("different sequences of twelve seeded random actions, four tries:", drawn)
assert drawn == {"CartPole-v1": 1, "highway-v0": 4}, "the seed of the action space lasts now"
PY
