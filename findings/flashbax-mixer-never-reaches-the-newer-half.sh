#!/usr/bin/env bash
# Guess: Flashbax's make_mixer, made for prioritised buffers too, draws from each buffer in the given proportion and, within a buffer, as that buffer
#   itself draws: by priority, all items alike where all priorities are.
# Seen, Flashbax 0.1.3 with JAX 0.10.2: a prioritised buffer's sample is stratified, so a batch is in the order of the buffer: its first entry from
#   the first stretch, its last from the last. The mixer lets each buffer draw its whole batch and keeps the *first* entries. Two buffers of
#   1,000 steps, equal priorities, half and half: in 200 batches of 128 each the newer 500 steps of both are never drawn, the older 500 twice as
#   often as they should. With shares of 1 to 9 the first gives only its first tenth. Uniform trajectory buffers, mixed in the same way, give all.
#   Only buffers whose own sample_batch_size is exactly their share are right; the mixer's own tests give each the size of the joint batch.
# Matters: a learner that mixes demonstrations and its own experience never reads half of its memory: the newest, until the buffer is full.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check flashbax==0.1.3 jax==0.10.2 numpy==2.4.6
JAX_PLATFORMS=cpu "$here/env/bin/python" -W ignore - <<'PY'
import flashbax
import jax
import jax.numpy as jnp
import numpy as np

STEPS, BATCH = 1_000, 128


def mixed(make, shares):
    """Which steps of each of two buffers, filled alike, 200 mixed batches hold."""
    buffers = [make(add_batch_size=1, sample_batch_size=BATCH, sample_sequence_length=1, period=1, min_length_time_axis=1,
                    max_length_time_axis=STEPS) for _ in shares]
    states = [buffer.add(buffer.init(jnp.array(0)), jnp.arange(STEPS)[None] + STEPS * i) for i, buffer in enumerate(buffers)]
    mixer = flashbax.make_mixer(buffers=buffers, sample_batch_size=BATCH, proportions=shares)
    draw = jax.jit(lambda key: mixer.sample(states, key).experience)
    drawn = np.concatenate([np.asarray(draw(key)).ravel() for key in jax.random.split(jax.random.key(0), 200)])
    return [drawn[drawn // STEPS == i] % STEPS for i in range(2)]


for name, make in (("prioritised", flashbax.make_prioritised_trajectory_buffer), ("uniform", flashbax.make_trajectory_buffer)):
    for shares in ([.5, .5], [.1, .9]):
        steps = mixed(make, shares)
        last = [int(drawn.max()) for drawn in steps]
        print(f"{name}, shares {shares}: drawn {[len(drawn) for drawn in steps]}, latest steps among them {last} of {STEPS - 1}")
        if name == "uniform":
            assert all(reached > .99 * STEPS for reached in last)
        else:
            assert all(abs(reached - share * STEPS) < .015 * STEPS for reached, share in zip(last, shares)), "the newer steps are drawn now"
PY
