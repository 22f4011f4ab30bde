#!/usr/bin/env bash
# Guess: OpenSpiel's PyTorch Deep CFR keeps each information state together with its iteration and advantages, and its default (batch sizes None:
#   "training over the full dataset in memory") learns from the same pairs as a batch size does, only from all of them at once.
# Seen, OpenSpiel 2.0.2 with PyTorch 2.13.0: before each full-data step ReservoirBuffer.shuffle shuffles every *field* by itself. Of 1,000 entries
#   whose fields all hold the entry's number one still belongs together after a call; the solver's default calls it before every step.
#   And the "full dataset" is the whole capacity, 1,000,000 rows by default: rows that were never filled are in it (numpy.empty: whatever was there).
#   Kuhn poker, ten iterations, all else alike: with batches of 64 NashConv falls from 0.917 (uniform play) to 0.26; by default it *rises* to 2.0.
# Matters: by default Deep CFR learns answers to other questions; its loss still falls, and a poor exploitability looks like a matter of tuning.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check open_spiel==2.0.2 torch==2.13.0 numpy==2.4.6 dm-tree==0.1.10
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
import pyspiel
import torch
from open_spiel.python import policy
from open_spiel.python.algorithms.exploitability import nash_conv
from open_spiel.python.pytorch.deep_cfr import AdvantageMemory, DeepCFRSolver, ReservoirBuffer

torch.set_num_threads(1)
np.random.seed(0)
entries = [AdvantageMemory(np.full(2, i, np.float32), np.full(1, i), np.full(2, i, np.float32)) for i in range(1_000)]
buffer = ReservoirBuffer.init(2_000, entries[0])
for entry in entries:
    buffer.append(entry)


def belong_together():
    kept = buffer.experience
    return int((kept.info_state[:1_000, 0] == kept.advantage[:1_000, 0]).sum())


before = belong_together()
buffer.shuffle()
after, rows = belong_together(), len(buffer.experience.info_state)
print(f"entries whose fields belong together: {before} before, {after} after a shuffle; rows used as the full data: {rows} of {len(buffer)} filled")
assert before == 1_000 and after < 10 and rows == 2_000, "the fields are shuffled together now"

game, found = pyspiel.load_game("kuhn_poker"), {}
for name, batches in (("default", {}), ("batches of 64", {"batch_size_advantage": 64, "batch_size_strategy": 64})):
    np.random.seed(0)
    solver = DeepCFRSolver(game, policy_network_layers=(32, 32), advantage_network_layers=(32, 32), num_iterations=10, num_traversals=40,
                           learning_rate=.01, policy_network_train_steps=300, advantage_network_train_steps=40, memory_capacity=500, **batches)
    solver.solve()
    found[name] = nash_conv(game, policy.tabular_policy_from_callable(game, solver.action_probabilities))
print("NashConv in Kuhn poker:", {name: round(float(value), 3) for name, value in found.items()})
assert found["batches of 64"] < .5 and not found["default"] < .5, "the default learns the game now"
PY
