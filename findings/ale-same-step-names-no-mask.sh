#!/usr/bin/env bash
# Guess: a vector environment in SAME_STEP mode tells what an ended episode last showed as Gymnasium's own do: info["final_obs"], an array of
#   objects with None where nothing ended, and info["_final_obs"], a mask that says for whom.
# Seen, ale-py 0.12.1 with Gymnasium 1.4.0: info["final_obs"] is a plain array of pictures for all copies, and there is no "_final_obs". Code
#   written against SyncVectorEnv ends in KeyError: '_final_obs' at the first cut, some thousands of steps into a run.
# And: reset(seed=[0, 1, 2]), which SyncVectorEnv takes, is refused; an array of seeds is taken.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check ale-py==0.12.1 gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import ale_py
import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

gym.register_envs(ale_py)
pong = gym.make_vec("ALE/Pong-v5", num_envs=3, max_num_frames_per_episode=200, autoreset_mode=AutoresetMode.SAME_STEP)
try:
    pong.reset(seed=[0, 1, 2])
    seeds = "taken"
except TypeError as refused:
    seeds = str(refused)
pong.reset(seed=np.arange(3))
truncated = np.zeros(3, bool)
while not truncated.any():
    *_, truncated, info = pong.step(np.zeros(3, int))
ours = sorted(k for k in info if "final" in k)
print("Pong:", ours, type(info["final_obs"]).__name__, info["final_obs"].dtype, info["final_obs"].shape, "| a list of seeds:", seeds)

pole = gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="sync", vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP})
pole.reset(seed=[0, 1, 2])
ended = np.zeros(3, bool)
while not ended.any():
    *_, ended, _, info = pole.step(np.zeros(3, int))
theirs = sorted(k for k in info if "final" in k)
print("CartPole:", theirs, info["final_obs"].dtype)
assert ours == ["final_obs"] and info["final_obs"].dtype == object and "_final_obs" in theirs, "both speak alike now"
assert seeds == "Unsupported seed type"
PY
