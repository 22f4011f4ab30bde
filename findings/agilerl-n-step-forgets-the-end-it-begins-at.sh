#!/usr/bin/env bash
# Guess: AgileRL's MultiStepReplayBuffer adds up the rewards of up to n steps of *one* episode; no target reaches over an end.
# Seen, AgileRL 2.58.0, n 3, gamma 0.5, reward 1: an end is looked for in the second and later steps of the window, not in its first. So the
#   last step of each episode is stored with the next episode's rewards (1.75 in place of 1), its observation, and done 0.
#   "Stop if episode terminated" is the comment there.
#   And the end of one environment stops the sum of all: two copies stepped together, the first ends at its fourth step; of the second,
#   which never ends, the third step is stored with two rewards and the observation two steps on. RainbowDQN discounts what follows by
#   gamma ** n_step all the same.
# Matters: the value of each episode's last state is learnt as if the next episode followed from it. The one-step transitions that are kept
#   beside these are right, but RainbowDQN learns from them only with combined_reward=True, and its default is False.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
# agilerl without the rest of its packages: what is used here does not need them
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 tensordict==0.13.0 agilerl-arena==1.29.0 accelerate==1.15.0 \
  gymnasium==1.4.0 lazy-loader==0.6 numpy==2.4.6
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps agilerl==2.58.0
"$here/env/bin/python" -W ignore - <<'PY'
import torch
from agilerl.components.replay_buffer import MultiStepReplayBuffer
from tensordict import TensorDict


def stored(*ends):
    """{observation: (reward, next observation, done)}; copy k is at observation 100 k + t after t steps, and ends at the steps given."""
    copies, buffer = range(len(ends)), MultiStepReplayBuffer(100, n_step=3, gamma=0.5)
    for t in range(8):
        columns = {
            "obs": [100 * k + t for k in copies],
            "action": [0 for _ in copies],
            "reward": [1 for _ in copies],
            "next_obs": [100 * k + t + 1 for k in copies],
            "done": [t in ends[k] for k in copies],
        }
        rows = {name: torch.tensor(column, dtype=torch.float32)[:, None] for name, column in columns.items()}
        buffer.add(TensorDict(rows, batch_size=[len(ends)]))
    held = [buffer.storage[name][: len(buffer)].ravel().tolist() for name in ("obs", "reward", "next_obs", "done")]
    return {int(obs): (reward, int(after), int(done)) for obs, reward, after, done in zip(*held)}


one, two = stored({3}), stored({3}, set())
print("one environment that ends at 3: ", one)
print("with a second one that does not:", {obs: row for obs, row in two.items() if obs >= 100})
assert one[0] == (1.75, 3, 0) and one[1] == (1.75, 4, 1) and one[2] == (1.5, 4, 1)
assert one[3] == (1.75, 6, 0), "the last step has its own reward and its end now"          # right: (1, 4, 1)
assert two[101] == (1.75, 104, 0)
assert two[102] == (1.5, 104, 0), "the second environment is added up on its own now"      # right: (1.75, 105, 0)
PY
