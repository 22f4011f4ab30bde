#!/usr/bin/env bash
# Guess: GymnaxToGymWrapper makes a Gymnasium environment of a Gymnax one, so what step() gives at an end is what the episode ended with, and the
#   next episode begins at reset(). (Gymnax itself begins anew at once, and says so; a Gymnasium Env does not.)
# Seen, Gymnax 1.0.1 with Gymnasium 1.3.0: the last observation is the first of another episode, which nobody plays: reset() then begins a third.
#   A pendulum left to swing, cut after 200 steps, jumps to a random angle in each last step. The true one is in
#   info["final_observation"], where no learner for single Gymnasium environments looks. Neither docstring nor warning says so.
#   GymnaxToVectorGymWrapper begins anew in the same step, too, and has no "autoreset_mode" in its metadata. RecordEpisodeStatistics takes it for
#   NEXT_STEP (with a warning) and leaves out the first step of every episode but the first: lengths 200, 199, 199, and the returns miss that step.
# Matters: Pendulum never ends by itself, so each end is a cut where `reward + gamma * V(last observation)` is wanted; V is of a state that has
#   nothing to do with this episode. For model learning the last transition of every episode is a teleport.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gymnax==1.0.1 gymnasium==1.3.0 jax==0.10.2 flax==0.12.8 six==1.17.0 \
  numpy==2.4.6
JAX_PLATFORMS=cpu "$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import gymnax
import numpy as np
from gymnax.wrappers import GymnaxToGymWrapper, GymnaxToVectorGymWrapper


def angle(obs):
    return float(np.arctan2(obs[1], obs[0]))


def turn(a, b):
    """The angle between two observations of a pendulum."""
    return abs((angle(b) - angle(a) + np.pi) % (2 * np.pi) - np.pi)


def jumps(env, episodes=5):
    """(largest turn in a step that is not the last, turns in the last steps, turns from the last observation to the next episode's first)."""
    inside, last, between, end = [], [], [], None
    for episode in range(episodes):
        obs, _ = env.reset(seed=0 if episode == 0 else None)
        if end is not None:
            between.append(turn(end, obs))
        over = False
        while not over:
            before, (obs, _, terminated, truncated, info) = obs, env.step(np.zeros(1, np.float32))
            over = bool(terminated or truncated)
            (last if over else inside).append(turn(before, obs))
        assert truncated and not terminated
        if "final_observation" in info:
            assert turn(before, info["final_observation"]) <= 0.41              # the speed is at most 8, a step is 0.05
        end = obs
    return max(inside), last, between


pendulum, params = gymnax.make("Pendulum-v1")
seen = {"Gymnasium's own": jumps(gym.make("Pendulum-v1")), "Gymnax's, wrapped": jumps(GymnaxToGymWrapper(pendulum, params))}
for name, (inside, last, between) in seen.items():
    print(f"{name}: largest turn within an episode {inside:.2f}, in the last steps", np.round(last, 2), "to the next first", np.round(between, 2))
assert max(seen["Gymnasium's own"][1]) <= 0.41
assert seen["Gymnax's, wrapped"][0] <= 0.41 < max(seen["Gymnax's, wrapped"][1]), "the last observation is this episode's now"
assert min(seen["Gymnax's, wrapped"][2]) > 0.01, "reset goes on with the episode that has begun"

env = gym.wrappers.vector.RecordEpisodeStatistics(GymnaxToVectorGymWrapper(pendulum, 2, params))
env.reset(seed=0)
lengths, missing, total = [], [], np.zeros(2)
for _ in range(600):
    _, reward, _, _, info = env.step(np.zeros((2, 1), np.float32))
    total += np.asarray(reward)
    if "episode" in info:
        lengths.append(info["episode"]["l"].tolist())
        missing.append(np.round(info["episode"]["r"] - total, 2).tolist())
        total[:] = 0
print("lengths:", lengths, "recorded return less the true one:", missing)
assert lengths == [[200, 200], [199, 199], [199, 199]], "the autoreset mode is known now"
assert missing[0] == [0, 0] and np.max(missing[1:]) > 0.5
PY
