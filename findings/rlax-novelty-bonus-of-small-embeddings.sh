#!/usr/bin/env bash
# Guess: RLax's episodic_memory_intrinsic_rewards pays more for what is far from all that the episode has seen. Distances are divided by their
#   running mean, as its comments say (rate = d^2 / mean of d^2, never below 0), so that the unit of the embedding hardly matters.
# Seen, RLax 0.1.9 with JAX 0.10.2: the distances have a minus sign (neighbor_neg_distances), and so has their mean. It cancels in the quotient, but
#   the small constant 0.001, there to keep the divisor from 0, is added to the *negative* mean. 50 embeddings seen, then one of them again and one
#   far off, rewards of both: in their own unit 0.99 and 129; in a tenth of it 0.99 and 132; in a hundredth 0.447 and 0.447. From a mean squared
#   distance of 0.001 down the rate is negative and is cut to 0: all that comes counts as seen before. Just above, the divisor is nearly 0.
#   With the distances taken positive, as in the paper, the same numbers are 0.99 and 129, 0.99 and 127, 0.57 and 61.
# Matters: the bonus for exploring turns to a constant, which moves no policy, as soon as the embeddings lie close together, with no warning.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check rlax==0.1.9 jax==0.10.2 jaxlib==0.10.2 distrax==0.1.9 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import jax.numpy as jnp
import numpy as np
import rlax

NEIGHBOURS, SIZE = 5, 100
seen, far = np.random.default_rng(0).normal(size=(50, 2)), np.array([[5.0, 5.0]])


def rlax_rewards(unit):
    """The rewards of an embedding that was seen and of one far off, after 50 embeddings."""
    def reward(embeddings, state):
        return rlax.episodic_memory_intrinsic_rewards(jnp.asarray(embeddings * unit, jnp.float32), NEIGHBOURS, 1.0, state, max_memory_size=SIZE)
    _, state = reward(seen, None)
    return [float(reward(one, state)[0][0]) for one in (seen[:1], far)]


def paper_rewards(unit):
    """The same by the formula of "Never Give Up" with the constants that are RLax's defaults; the memory begins with zeros, as RLax's does."""
    def nearest(embeddings, memory):
        return np.sort(((embeddings[:, None] - memory[None]) ** 2).sum(axis=-1), axis=1)[:, :NEIGHBOURS] * unit**2
    first = nearest(seen, np.zeros((NEIGHBOURS, 2)))
    rewards = []
    for one in (seen[:1], far):
        squares = nearest(one, seen)
        mean = (first.sum() + squares.sum()) / (first.size + squares.size)
        rate = np.maximum(squares / (mean + 1e-3) - 8e-3, 0)
        similarity = np.sqrt((1e-4 / (rate + 1e-4)).sum()) + 1e-3
        rewards.append(float(1 / similarity) if similarity <= 8 else 0.0)
    return rewards


units = (1, 0.1, 0.03, 0.01)
found, true = {unit: rlax_rewards(unit) for unit in units}, {unit: paper_rewards(unit) for unit in units}
for unit in units:
    print(f"unit {unit}: seen before, far off: RLax {np.round(found[unit], 3)}, positive distances {np.round(true[unit], 3)}")
assert np.allclose(found[1], true[1], rtol=0.01)
assert all(new > 40 * old for old, new in true.values())
assert found[0.01][0] == found[0.01][1], "what is far off is worth more again"
PY
