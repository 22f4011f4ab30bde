#!/usr/bin/env bash
# Guess: the vector wrapper MORecordEpisodeStatistics reports in info["episode"] the return "r" and the discounted return "dr" of the episode
#   that ended; with its default gamma of 1 both are the same.
# Seen, MO-Gymnasium 1.3.2 with Gymnasium 1.4.0: "r" is the episode's, "dr" is the sum over all episodes so far. Two copies of
#   deep-sea-treasure cut after five steps: r is [0, -5] each time; dr is [0, -5], [0, -10], [0, -15].
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check mo-gymnasium==1.3.2 gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import mo_gymnasium as mo
import numpy as np

envs = mo.wrappers.vector.MOSyncVectorEnv([lambda: mo.make("deep-sea-treasure-v0", max_episode_steps=5)] * 2)
envs = mo.wrappers.vector.MORecordEpisodeStatistics(envs)
envs.reset(seed=0)
returns, discounted = [], []
while len(returns) < 3:
    *_, truncated, info = envs.step(np.array([3, 3]))
    if truncated[0]:
        returns.append(np.asarray(info["episode"]["r"])[0].tolist())
        discounted.append(np.asarray(info["episode"]["dr"])[0].tolist())
print("r of the first copy:", returns, "dr:", discounted, "gamma:", envs.gamma)
assert envs.gamma == 1
assert returns == [[0, -5]] * 3
assert discounted == [[0, -5], [0, -10], [0, -15]], "the discounted return is that of one episode now"
PY
