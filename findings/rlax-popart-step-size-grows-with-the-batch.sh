#!/usr/bin/env bash
# Guess: RLax's popart keeps running estimates of the targets' mean and deviation. "step_size: the step size for learning the scale & shift
#   parameters", so a call moves them by that share of the way to the batch's mean, however many targets are in it.
# Seen, RLax 0.1.9 with JAX 0.10.2: the moves of all targets of a batch are added up, not averaged, so the share is step_size times the batch.
#   Targets of mean 10 and deviation 2, step_size 0.1, 40 calls: with 1 target a call the shift is 10.1 in the end; with 8 it jumps to 8.6 at once;
#   with 32 it overshoots (31, -34, 109, -209, ...) to -5e14, and the scale falls to its lower bound, as a variance below 0 is clipped there.
#   No warning and no NaN. Of two tasks in one batch the one with more steps gets the larger share.
# Matters: a batch of a rollout is hundreds of targets. The outputs are kept by design, so the values read as before; but the targets it learns
#   from are (target - shift) / scale, of order 1e18 here. To change the batch size changes the statistics as to change step_size would.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check rlax==0.1.9 jax==0.10.2 jaxlib==0.10.2 distrax==0.1.9 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import jax.numpy as jnp
import numpy as np
import rlax


def shifts(batch, step_size=0.1, calls=40):
    """The shift after each call and the last scale, for one output; the targets have mean 10 and deviation 2."""
    rng = np.random.default_rng(0)
    initial_state, update = rlax.popart(num_outputs=1, step_size=step_size, scale_lb=1e-4, scale_ub=1e6)
    head, state, seen = {"w": jnp.ones((3, 1)), "b": jnp.zeros(1)}, initial_state(), []
    for _ in range(calls):
        head, state = update(head, state, jnp.asarray(rng.normal(10, 2, batch), jnp.float32), jnp.zeros(batch, int))
        seen.append(float(state.shift[0]))
    return seen, float(state.scale[0])


found = {batch: shifts(batch) for batch in (1, 8, 32)}
for batch, (shift, scale) in found.items():
    print(f"{batch} targets a call: shift {[round(value, 1) for value in shift[:4]]} ... {shift[-1]:.3g}, scale {scale:.3g}")
same, _ = shifts(10, step_size=0.01, calls=1)
rng = np.random.default_rng(0)
print(f"10 targets at 0.01: {same[0]:.4f}; the share 0.1 of their mean: {0.1 * rng.normal(10, 2, 10).mean():.4f}")
assert abs(found[1][0][-1] - 10) < 1.5 and 1 < found[1][1] < 4
assert abs(same[0] - 0.1 * np.random.default_rng(0).normal(10, 2, 10).mean()) < 1e-4, "the moves are averaged now"
assert 8 < found[8][0][0] < 9 and abs(found[32][0][-1]) > 1e12 and found[32][1] < 2e-4, "a batch is stable now"

initial_state, update = rlax.popart(num_outputs=2, step_size=0.01, scale_lb=1e-4, scale_ub=1e6)    # the second task has nine of ten steps
head = {"w": jnp.ones((3, 2)), "b": jnp.zeros(2)}
_, state = update(head, initial_state(), jnp.full(10, 10.0), jnp.array([0] + [1] * 9))
print("two tasks with the same target 10, one step and nine:", state.shift)
assert np.allclose(state.shift, [0.1, 0.9])
PY
