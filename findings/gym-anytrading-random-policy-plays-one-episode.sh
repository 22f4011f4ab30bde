#!/usr/bin/env bash
# Guess: env.action_space.sample() draws anew in every episode, as in any environment of Gymnasium: reset() without a seed goes on with the random
#   numbers where they were, and reset(seed) seeds the environment's own generator, not the action space, which has a seed() of its own.
# Seen, gym-anytrading 2.0.0 with Gymnasium 1.4.0: reset() seeds the action space with int(u) of a u drawn between 0 and 1, so with 0, each time. The
#   loop of its README, put round 20 episodes of stocks-v0, plays one episode 20 times: the same 2,304 actions, return 284.55, standard
#   deviation 0. From 20 action spaces of one's own the returns lie between 66 and 851, with a deviation of 224.
#   reset(seed) seeds it with int(u) of a u between 0 and the seed: of the seeds 0 to 19 ten different sequences come, and 0 to 3 give one.
# Matters: "the mean of a hundred random episodes" is one draw and reported as certain. A training loop that explores with the space's sample()
#   tries the same actions at the same times in each episode; the prices are the same too, so it sees nothing new.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
export MPLCONFIGDIR=$here
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gym-anytrading==2.0.0 gymnasium==1.4.0 numpy==2.4.6 pandas==3.1.1 \
  matplotlib==3.11.2
"$here/env/bin/python" -W ignore - <<'PY'
import gym_anytrading  # noqa: F401  (registers the environments)
import gymnasium as gym
import numpy as np


def episode(env, space, **reset):
    """The actions of a random episode, and its return."""
    env.reset(**reset)
    actions, total, over = [], 0.0, False
    while not over:
        actions.append(int(space.sample()))
        _, reward, terminated, truncated, _ = env.step(actions[-1])
        total, over = total + float(reward), terminated or truncated
    return tuple(actions), total


env = gym.make("stocks-v0")
theirs = [episode(env, env.action_space) for _ in range(20)]
ours = [episode(env, gym.spaces.Discrete(2, seed=k)) for k in range(20)]
for name, played in (("env.action_space", theirs), ("a space of one's own", ours)):
    returns = [total for _, total in played]
    print(f"{name}: {len(set(actions for actions, _ in played))} different episodes of {len(played)}; returns from {min(returns):.2f} to "
          f"{max(returns):.2f}, standard deviation {np.std(returns):.2f}")
seeded = {}
for seed in range(20):
    seeded.setdefault(episode(env, env.action_space, seed=seed)[0], []).append(seed)
print("seeds that give the same actions:", list(seeded.values()))

pole = gym.make("CartPole-v1")
assert len({episode(pole, pole.action_space)[0] for _ in range(20)}) > 15, "Gymnasium's own draws anew"
assert len(set(ours)) == 20 and np.std([total for _, total in ours]) > 100
assert len(theirs[0][0]) == 2304 and len(set(theirs)) == 1, "the episodes differ now"
assert len(seeded) == 10 and [0, 1, 2, 3] in seeded.values(), "each seed has its own actions now"
PY
