#!/usr/bin/env bash
# Guess: of skrl's memories one can hand add_samples many transitions at a time, as it documents for num_envs=1 ("store multiple samples and increment
#   the memory index by the number of samples"); row i then holds the observation, action, reward and so on of one transition, as if they had been
#   added one by one.
# Seen, skrl 2.1.1 with PyTorch: the index is moved on after each *column*. The first chunk's observations go to the rows from 0, its actions to
#   the rows after them, its rewards after these. A memory of 100 filled with 100 transitions of five columns in 4 chunks says that it is full, and
#   in not one of its rows do observation and action belong together: they lie 75 steps apart, or 25. Nothing is NaN, nothing warns.
#   In 10 chunks every row has NaN in four of its columns. Added one at a time, or all 100 at once, all rows are right.
#   After one chunk of 10 of the 100 the memory says that it has 50.
# Matters: to fill a memory with logged data by the chunk is what the call is for. What an agent then learns from has rewards and next observations
#   of other transitions, and which sizes give NaN, and so are noticed, is a matter of how many chunks there are.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check skrl==2.1.1 torch==2.13.0 gymnasium==1.4.0 tensorboard==2.21.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import torch
from skrl.memories.torch import RandomMemory

SIZE, COLUMNS = 100, ("observations", "actions", "rewards", "next_observations", "terminated")


def filled(chunk, chunks):
    """A memory, and its rows, after `chunks` calls with `chunk` transitions each; every column holds the number of its transition."""
    memory = RandomMemory(memory_size=SIZE, num_envs=1)
    for name in COLUMNS:
        memory.create_tensor(name, size=1, dtype=torch.float32)
    for numbers in torch.arange(chunk * chunks, dtype=torch.float32).view(chunks, chunk, 1):
        memory.add_samples(**{name: numbers for name in COLUMNS})
    return memory, torch.cat([memory.get_tensor_by_name(name).view(SIZE, 1) for name in COLUMNS], dim=1)


right, nans = {}, {}
for chunk, chunks in ((1, 100), (100, 1), (25, 4), (10, 10)):
    memory, rows = filled(chunk, chunks)
    assert len(memory) == SIZE
    right[chunk] = int((rows == rows[:, :1]).all(dim=1).sum())
    nans[chunk] = int(rows.isnan().any(dim=1).sum())
    print(f"{chunks} calls with {chunk}: {right[chunk]} rows of {SIZE} hold one transition, {nans[chunk]} have NaN; row 0: {rows[0].tolist()}")
said = len(filled(10, 1)[0])
print("after one call with 10 the memory's length is", said)

distance = (filled(25, 4)[1][:, 0] - filled(25, 4)[1][:, 1]).abs()
assert right[1] == right[100] == 100
assert right[25] == 0 and nans[25] == 0 and set(distance.tolist()) == {25.0, 75.0}, "chunks are stored row by row now"
assert right[10] == 0 and nans[10] == 100
assert said == 50
PY
