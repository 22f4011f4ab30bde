#!/usr/bin/env bash
# Guess: in level-based foraging with sight 2 an agent sees food and other agents up to two cells away, in every direction and wherever it stands.
# Seen, lbforaging 2.0.0 with Gymnasium 1.4.0, Foraging-2s-10x10-2p-2f-v3: food, yes. Other agents are seen up to *four* cells away by an agent at the
#   top or the left border (three by one a cell from it), and two by one at the bottom or the right. Of 20,000 agents at the starts of 10,000
#   episodes, 560 see the other beyond their sight; all of them stand at or next to the top or left border, and none is seen in return.
# Matters: turn the map round and the same situation looks different; partial observability, which the "2s" in the name is for, has holes along two
#   borders.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check lbforaging==2.0.0 gymnasium==1.4.0 numpy==2.4.6 pyglet==1.5.31
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import lbforaging  # noqa: F401 (registers the games)
import numpy as np

SIGHT, SIZE, FOODS, EPISODES = 2, 10, 2, 10_000
env = gym.make("Foraging-2s-10x10-2p-2f-v3", disable_env_checker=True).unwrapped
assert env.sight == SIGHT and env.field.shape == (SIZE, SIZE)

far, back, at_far_border, agents = [], 0, 0, 0
for seed in range(EPISODES):
    observations, _ = env.reset(seed=seed)
    cells = [np.array(player.position) for player in env.players]
    food = np.argwhere(env.field)
    for one in (0, 1):
        agents += 1
        me, other = cells[one], cells[1 - one]
        seen = observations[one][3 * FOODS + 3] >= 0               # the row of the other agent: -1 where it is not seen
        foods = (observations[one][: 3 * FOODS : 3] >= 0).sum()
        assert foods == (np.abs(food - me).max(axis=1) <= SIGHT).sum()
        distance = np.abs(me - other).max()
        assert seen or distance > SIGHT
        if seen and distance > SIGHT:
            far.append((int(distance), int(me.min())))
            back += observations[1 - one][3 * FOODS + 3] >= 0
        at_far_border += me.max() == SIZE - 1 and me.min() >= SIGHT and seen and distance > SIGHT
kinds, counts = np.unique(far, axis=0, return_counts=True)
print(f"of {agents} agents {len(far)} see the other beyond their sight of {SIGHT}; {back} of these are seen by it;",
      f"{at_far_border} of them are at the bottom or right, away from the top and left")
for (distance, border), count in zip(kinds, counts):
    print(f"  {distance} cells away, standing {border} from the top or left: {count}")
assert len(far) > 100, "sight is the same everywhere now"
assert kinds[:, 0].max() == 2 * SIGHT and kinds[:, 1].max() < SIGHT and at_far_border == 0
PY
