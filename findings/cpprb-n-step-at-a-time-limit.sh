#!/usr/bin/env bash
# Guess: an n-step replay buffer gives to each of an episode's last steps the rewards that are left and, as next observation, the episode's last
#   one; so at a time limit, where `done` is 0, the target can go on from there.
# Seen, cpprb 11.0.0 with Nstep 3 and on_episode_end() after each episode: the rewards are right, but of the last two steps of every episode the
#   next observation is 1.0, which was never added. After a termination nobody looks at it (done is 1). After a time limit done is 0, and the
#   target adds gamma^3 times the value of that 1.0. Observations 100 to 104 give next observations 103, 104, 1, 1.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check cpprb==11.0.0 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
from cpprb import ReplayBuffer


def stored(terminates):
    """{name: list} after two episodes of four steps, reward 1; their observations are 100 to 104 and 200 to 204."""
    buffer = ReplayBuffer(
        32,
        {"obs": {"shape": 1}, "rew": {}, "next_obs": {"shape": 1}, "done": {}},
        Nstep={"size": 3, "gamma": 0.5, "rew": "rew", "next": "next_obs"},
    )
    for start in (100, 200):
        for t in range(4):
            buffer.add(obs=[start + t], rew=1.0, next_obs=[start + t + 1], done=float(terminates and t == 3))
        buffer.on_episode_end()
    return {name: column.ravel().tolist() for name, column in buffer.get_all_transitions().items()}


ended, cut = stored(True), stored(False)
for name, found in (("terminated", ended), ("cut off", cut)):
    print(f"{name}: rewards {found['rew']} next_obs {found['next_obs']} done {found['done']}")
assert ended["rew"] == cut["rew"] == [1.75, 1.75, 1.5, 1.0] * 2
assert ended["done"] == [0, 0, 1, 1] * 2 and cut["done"] == [0] * 8
assert cut["next_obs"] == [103, 104, 1, 1, 203, 204, 1, 1], "the last observation is stored now"
PY
