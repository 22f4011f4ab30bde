#!/usr/bin/env bash
# Guess: d3rlpy's get_minari gives each action together with the observation in which it was taken.
# Seen, d3rlpy 2.8.1 with Minari 0.5.4: in the first episode only. Minari keeps the last observation too, one more than actions (its EpisodeData
#   page). get_minari joins all episodes' observations and all episodes' actions end to end, and MDPDataset cuts both where the *actions* end. So
#   the observations fall behind by one step with each episode. Episodes of four steps, the action is the number of the step:
#   episode 0 is right, episode 1 begins with the last observation of episode 0, and all observations of episode 4 are of episode 3. The
#   rewards and the ends stand right, and nothing warns.
#   Built by hand from the same Minari data, without the last observations, the buffer is right.
# Matters: behaviour cloning from a dataset of 1,000 episodes learns actions for states up to 999 steps away.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check d3rlpy==2.8.1 "minari[hdf5,create]==0.5.4" gymnasium==1.0.0 \
  pillow==12.1.0 torch==2.13.0 numpy==2.4.6
cat > "$here/count.py" <<'PY'
import gymnasium as gym
import numpy as np


class Count(gym.Env):
    """The observation is the number of the episode and of the step; the fourth step ends it."""

    observation_space, action_space = gym.spaces.Box(-1, 99, (2,), np.float32), gym.spaces.Discrete(4)
    episode = -1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.t = self.episode + 1, 0
        return np.array([self.episode, 0], np.float32), {}

    def step(self, action):
        self.t += 1
        return np.array([self.episode, self.t], np.float32), float(action), self.t == 4, False, {}


gym.register("Count-v0", entry_point="count:Count", max_episode_steps=9)
PY
export MINARI_DATASETS_PATH="$here/data" PYTHONPATH="$here"
"$here/env/bin/python" -W ignore - 2> "$here/log" <<'PY' | grep "^episode" || { tail -n 5 "$here/log"; exit 1; }
import count  # noqa: F401  registers the game
import d3rlpy
import gymnasium as gym
import minari
import numpy as np

env = minari.DataCollector(gym.make("Count-v0"))
for _ in range(5):
    env.reset(seed=0)
    for t in range(4):
        env.step(t)
data = env.create_dataset("count/all-v0", eval_env="Count-v0", ref_min_score=0)
assert [(len(e.observations), len(e.actions)) for e in data] == [(5, 4)] * 5

by_get, _ = d3rlpy.datasets.get_minari("count/all-v0")
by_hand = d3rlpy.dataset.MDPDataset(
    np.concatenate([e.observations[:-1] for e in data]),
    *(np.concatenate([getattr(e, name) for e in data]) for name in ("actions", "rewards", "terminations", "truncations")),
)


def pairs(buffer):
    """[[(episode and step of the observation, action)]], from the buffer's episodes."""
    return [[(*map(int, o), int(a[0])) for o, a in zip(e.observations, e.actions)] for e in buffer.episodes]


for k, (got, right) in enumerate(zip(pairs(by_get), pairs(by_hand))):
    print(f"episode {k}:", *(f"({o[0]}, {o[1]}) with action {o[2]}" for o in got))
    assert right == [(k, t, t) for t in range(4)]
    behind = [4 * k + t for t in range(4)]                                # where a list of all 5 observations an episode is cut every 4
    assert got == [(b // 5, b % 5, t) for t, b in enumerate(behind)], "each action has its own observation now"
    assert [int(r) for r in by_get.episodes[k].rewards.ravel()] == [0, 1, 2, 3] and by_get.episodes[k].terminated
PY
