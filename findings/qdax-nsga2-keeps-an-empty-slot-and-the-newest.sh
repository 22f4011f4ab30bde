#!/usr/bin/env bash
# Guess: QDax's NSGA2 survives by NSGA-II's rule, as its docstrings tell: front after front, and of the last front, where not all fit, those with the
#   largest crowding distances; so a dominated point stays only if all points that nothing dominates stay, and the two ends of a front always do.
# Seen, QDax 0.5.0 with JAX 0.10.2: the places not yet taken are individuals too, with fitness minus infinity and genotype 0. The loop that fills
#   up from the last front begins with element [-0], the *first* of the ascending order, so one of these always comes in, and stays first for
#   good. Distances are divided by the range of the fitness, which is infinite with it: crowding is NaN for the two ends, which come first so, and
#   0 for all others, inside the last front or not. The rest of the room goes to the newest.
#   Twelve points that do not dominate each other, room for eight: kept are the empty one, the two ends, and the last five of the others in whatever
#   order they are handed in. Three dominated points that come last are kept in place of points of the front. NSGA-II by the book, in NumPy:
#   eight of the front. A run of the class NSGA2 on two squared distances: one of 100 individuals is the empty one in each of 60 generations.
# Matters: crowding has no say, so the front is as even as chance has it, and dominated points displace good ones; the empty one takes a place, and
#   makes every mean of the population's fitness minus infinity.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip jax==0.10.2 chex==0.1.92 flax==0.12.8 optax==0.2.8 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6
pip --no-deps qdax==0.5.0                                                       # what NSGA2 imports needs no more than these
"$here/env/bin/python" -W ignore - 2> "$here/progress" <<'PY' || { tail -n 5 "$here/progress"; exit 1; }
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from qdax.baselines.nsga2 import NSGA2
from qdax.core.containers.nsga2_repertoire import NSGA2Repertoire
from qdax.core.emitters.mutation_operators import polynomial_mutation
from qdax.core.emitters.standard_emitters import MixingEmitter
from qdax.utils.metrics import default_ga_metrics

ROOM = 8


def dominated(points):
    return np.array([any((q >= p).all() and (q > p).any() for q in points) for p in points])


def by_the_book(points):
    """NSGA-II's survivors of `points`, which are to be made large."""
    kept, left = [], list(range(len(points)))
    while len(kept) < ROOM:
        front = [i for i, bad in zip(left, dominated(points[left])) if not bad]
        crowding = dict.fromkeys(front, 0.0)
        for values in points.T:
            order = sorted(front, key=lambda i: values[i])
            crowding[order[0]] = crowding[order[-1]] = np.inf
            for before, i, after in zip(order, order[1:], order[2:]):
                crowding[i] += (values[after] - values[before]) / (values[order[-1]] - values[order[0]])
        kept += sorted(front, key=lambda i: -crowding[i])[: ROOM - len(kept)]
        left = [i for i in left if i not in front]
    return points[kept]


def by_qdax(points):
    return np.asarray(NSGA2Repertoire.init(genotypes=jnp.array(points), fitnesses=jnp.array(points), population_size=ROOM).fitnesses)


def count(kept, points):
    """How many of those kept are empty, are dominated, and whether both ends of the front are among them."""
    empty = np.isinf(kept).any(axis=1)
    bad = sum(is_bad for p, is_bad in zip(points, dominated(points)) if np.isclose(kept, p, atol=1e-6).all(axis=1).any())
    return int(empty.sum()), int(bad), bool(np.isclose(kept.max(axis=0), points.max(axis=0), atol=1e-6).all())


rng = np.random.default_rng(0)
x = np.linspace(0, 1, 12)
front = np.stack([x, 1 - x], axis=1)
newest = 0
for _ in range(5):
    points = rng.permutation(front)
    kept = by_qdax(points)
    ends, others = points[np.isin(points[:, 0], [0, 1])], points[~np.isin(points[:, 0], [0, 1])]
    expected = np.concatenate([ends, others[-ROOM + 3 :]])
    newest += np.isinf(kept[0]).all() and np.allclose(np.sort(kept[1:, 0]), np.sort(expected[:, 0]), atol=1e-6)
    assert count(by_the_book(points), points) == (0, 0, True)
print(f"twelve points of one front: the empty one, the ends, and the last five of the others are kept in {newest} of 5 orders")

some = np.concatenate([front, [[0.1, 0.1], [0.2, 0.1], [0.05, 0.3]]])           # dominated by many, and last
qdax, book = count(by_qdax(some), some), count(by_the_book(some), some)
print(f"(empty, dominated, both ends kept) with three dominated points: QDax {qdax}, by the book {book}")

SIZE = 100
emitter = MixingEmitter(
    mutation_fn=partial(polynomial_mutation, proportion_to_mutate=1.0, eta=20.0, minval=-10.0, maxval=10.0),
    variation_fn=lambda a, b, key: a, variation_percentage=0.0, batch_size=SIZE)
algorithm = NSGA2(
    scoring_function=lambda g, key: (jnp.stack([-(g**2).sum(axis=1), -((g - 2) ** 2).sum(axis=1)], axis=1), {}),
    emitter=emitter, metrics_function=default_ga_metrics)
key, start = jax.random.split(jax.random.key(0))
repertoire, state, _ = algorithm.init(jax.random.uniform(start, (SIZE, 2), minval=-10, maxval=10), SIZE, key)
empties = []
for _ in range(60):
    key, use = jax.random.split(key)
    repertoire, state, _ = algorithm.update(repertoire, state, use)
    empties.append(int(np.isinf(np.asarray(repertoire.fitnesses)).any(axis=1).sum()))
print(f"empty individuals in {len(empties)} generations of NSGA2: {set(empties)}; mean fitness {np.asarray(repertoire.fitnesses).mean()}")

assert book == (0, 0, True)
assert newest == 5, "the last front is filled up by crowding distance now"
assert qdax == (1, 3, True), "dominated points give way now"
assert set(empties) == {1}, "the empty one has left"
PY
