#!/usr/bin/env bash
# Guess: QDax's compute_hypervolume is the area that a front of two objectives dominates above the reference point: it is never negative, never falls
#   when a point joins the front, and does not care which objective comes first. A point that is worse than the reference in one objective adds 0.
# Seen, QDax 0.5.0 with JAX 0.10.2: that holds for a point that is worse in the *first* objective. One that is worse in the second is taken off: its
#   distance to the next point in the first objective times what it lacks in the second. The front (1, .5), (.5, 1) above (0, 0) has 0.75; with
#   (5, -1) it has -3.25, with (-1, 5) still 0.75. moocore says 0.75 three times. The metrics of MOME, default_moqd_metrics, say the same of a
#   repertoire: global_hypervolume and max_hypervolume fall from 0.75 to -3.25 when the third solution is added to it.
#   Of 1,000 random fronts, most with points below the reference in one objective, 640 have another hypervolume with the objectives swapped.
# Matters: the reference is often a floor that not every solution keeps (a return of 0, the score of a random policy). Then a search that finds a
#   new trade-off is marked down, by as much as the solution is good at the first objective, and the order of the objectives decides which.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip jax==0.10.2 chex==0.1.92 flax==0.12.8 optax==0.2.8 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 moocore==0.3.2
pip --no-deps qdax==0.5.0                                                       # what is imported needs no more than these
"$here/env/bin/python" -W ignore - <<'PY'
import jax.numpy as jnp
import moocore
import numpy as np
from qdax.core.containers.mome_repertoire import MOMERepertoire
from qdax.utils.metrics import default_moqd_metrics
from qdax.utils.pareto_front import compute_hypervolume

ZERO = jnp.zeros(2)


def volume(front):
    return float(compute_hypervolume(jnp.array(front, jnp.float32), ZERO))


def area(front):
    return float(moocore.hypervolume(np.array(front, float), ref=[0, 0], maximise=True))


def metrics(front):
    """Of a MOME repertoire of one cell that holds this front."""
    front = jnp.array(front, jnp.float32)
    none = jnp.zeros((len(front), 1))
    made = MOMERepertoire.init(genotypes=none, fitnesses=front, descriptors=none, centroids=jnp.zeros((1, 1)), pareto_front_max_length=8)
    found = default_moqd_metrics(made, ZERO)
    assert int(found["number_solutions"]) == len(front)
    return float(found["global_hypervolume"]), float(found["max_hypervolume"])


two = [(1, 0.5), (0.5, 1)]
for front in (two, two + [(5, -1)], two + [(-1, 5)]):
    print(f"{front}: QDax {volume(front):.2f}, moocore {area(front):.2f}, metrics of MOME {metrics(front)}")
    assert abs(area(front) - 0.75) < 1e-9
assert abs(volume(two) - 0.75) < 1e-6 and abs(volume(two + [(-1, 5)]) - 0.75) < 1e-6
assert abs(volume(two + [(5, -1)]) + 3.25) < 1e-6, "what is below the reference adds nothing now"
assert np.allclose(metrics(two), 0.75) and np.allclose(metrics(two + [(5, -1)]), -3.25)

rng, differ, negative = np.random.default_rng(0), 0, 0
for _ in range(1000):
    angles = np.sort(rng.uniform(-0.3, np.pi / 2 + 0.3, 6))
    front = np.stack([np.cos(angles), np.sin(angles)], axis=1)                  # on a circle: with few exceptions none dominates another
    front = front[[not any((other >= one).all() and (other > one).any() for other in front) for one in front]]
    there, back = volume(front), volume(front[:, ::-1])
    differ, negative = differ + (abs(there - back) > 1e-4), negative + (min(there, back) < area(front) - 1e-4)
    assert max(there, back) < area(front) + 1e-4
print(f"of 1,000 random fronts: {differ} have another hypervolume with the objectives swapped, {negative} one that is too small")
assert differ > 500, "the order of the objectives does not matter now"
PY
