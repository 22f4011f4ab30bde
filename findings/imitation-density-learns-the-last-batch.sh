#!/usr/bin/env bash
# Guess: imitation's DensityAlgorithm learns from all demonstrations, in whichever of the forms that its docstring names they come: a Transitions
#   object, trajectories, a Torch DataLoader, or any iterator over dictionaries with "obs" and "acts".
# Seen, imitation 1.0.1: of a DataLoader or an iterator only the *last batch* is kept; each batch takes the place of the one before. Of 100
#   demonstrations, 80 near -5 and then 20 near 5, in batches of 20 it keeps 20: its reward for being at 5 is -1.2 and at -5, where the expert is
#   four times as often, -786. Given as Transitions, or as one batch of 100, it is -1.9 and -0.5.
#   A shuffled loader leaves a random batch: eight orders, eight different rewards.
# Matters: the reward, and the scale by which inputs are standardised, come from the last batch of any number. In a loader that does not shuffle
#   that is the end of the last episode.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
export MPLCONFIGDIR=$here
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip torch==2.13.0 gymnasium==0.29.1 numpy==1.26.4 scipy==1.15.3 scikit-learn==1.7.2 pandas==2.3.3 matplotlib==3.10.8 cloudpickle==3.1.2
pip --no-deps imitation==1.0.1 stable-baselines3==2.2.1                         # what the density algorithm imports needs no more than these
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np
import torch
from imitation.algorithms.density import DensityAlgorithm, DensityType
from imitation.data import types
from stable_baselines3.common.vec_env import DummyVecEnv


class Line(gym.Env):
    """Only its spaces matter here."""

    observation_space = gym.spaces.Box(-10, 10, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}


BATCH = 20
rng = np.random.default_rng(0)
places = np.concatenate([rng.normal(-5, 0.5, 80), rng.normal(5, 0.5, 20)]).astype(np.float32)[:, None]
still = np.zeros_like(places)
demonstrations = types.Transitions(obs=places, acts=still, next_obs=places, dones=np.zeros(100, bool), infos=np.array([{}] * 100))


def loader(size, shuffle=False):
    return torch.utils.data.DataLoader(demonstrations, batch_size=size, shuffle=shuffle, collate_fn=types.transitions_collate_fn)


def learnt(given):
    """(how many demonstrations are kept, the rewards for being at -5 and at 5)."""
    algorithm = DensityAlgorithm(demonstrations=given, venv=DummyVecEnv([Line]), rng=rng, density_type=DensityType.STATE_DENSITY)
    algorithm.train()
    asked = np.array([[-5.0], [5.0]], np.float32)
    return len(algorithm.transitions[None]), algorithm(asked, np.zeros_like(asked), asked, np.zeros(2, bool)).tolist()


dictionaries = [{"obs": places[i : i + BATCH], "acts": still[i : i + BATCH]} for i in range(0, 100, BATCH)]
seen = {
    "Transitions": learnt(demonstrations),
    "a loader, all in one batch": learnt(loader(100)),
    "a loader, batches of 20": learnt(loader(BATCH)),
    "dictionaries of 20": learnt(dictionaries),
    "the last 20 alone": learnt(dictionaries[-1:]),
}
for name, (kept, (left, right)) in seen.items():
    print(f"{name}: {kept} of 100 kept; reward at -5 {left:.1f}, at 5 {right:.1f}")
torch.manual_seed(0)
shuffled = {tuple(learnt(loader(BATCH, shuffle=True))[1]) for _ in range(8)}
print("different rewards from eight shuffled loaders:", len(shuffled))

whole, last = seen["Transitions"], seen["the last 20 alone"]
assert whole[0] == 100 and whole[1][0] > whole[1][1] and seen["a loader, all in one batch"] == whole
assert seen["a loader, batches of 20"] == seen["dictionaries of 20"] == last and last[0] == BATCH, "all batches are kept now"
assert last[1][0] < -100 < -2 < last[1][1]
assert len(shuffled) == 8
PY
