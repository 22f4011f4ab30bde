#!/usr/bin/env bash
# Guess: Nashpy's moran_process(mutation_probability=m): an individual "selected to be copied mutates to another individual from the original set of
#   strategies" with probability m. With two strategies, a copy is of the other strategy with probability m, whoever is the parent.
# Seen, nashpy 0.0.43: the strategy that a mutant may not have is not the parent's, but the one whose number is the parent's *place* in the list.
#   From the third place on, with two strategies, none is left out, and half of the mutants are as the parent. With m = 1 every copy of a parent
#   of strategy 0 should be of strategy 1: it is so from the first place, never from the second, and in half of the copies from any other.
#   Ten players of the prisoner's dilemma (3, 0, 5, 1) and m = 0.1, 60,000 steps: the population is all of one strategy in 58 of a hundred, and 94 of
#   a hundred players defect; the stationary distribution, exactly, says 32 and 87, and with m = 0.05 it says 58 and 94.
# Matters: stationary distributions, abundances and the rate at which populations turn over are compared with theory and with other programs at the
#   same mutation rate: here it is about half of it for two strategies and two thirds for three, and in small populations the order counts.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check nashpy==0.0.43 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
import nashpy as nash
import numpy as np

DILEMMA = np.array([[3.0, 0.0], [5.0, 1.0]])


def unmutated(place, strategies=2, n=5, births=4000):
    """With mutation probability 1, the share of copies that keep the parent's strategy 0; only it, at this place, has it and a score."""
    payoffs = np.zeros((strategies, strategies))
    payoffs[0] = 1
    population = 1 + np.arange(n) % (strategies - 1)
    population[place] = 0
    game = nash.Game(payoffs)
    two = sum((next(game.moran_process(population, mutation_probability=1.0)) == 0).sum() == 2 for _ in range(births))
    return two / births * n / (n - 1)                                           # a copy in the parent's own place makes no second one


def simulated(n, m, steps=60_000):
    """How often each number of defectors is seen among n players of the dilemma."""
    process = nash.Game(DILEMMA).moran_process(np.arange(n) % 2, mutation_probability=m)
    seen = np.zeros(n + 1)
    for _, population in zip(range(steps), process):
        seen[population.sum()] += 1
    return seen / steps


def exact(n, m):
    """The stationary distribution of the same: the parent in proportion to its score, a mutant with probability m, and anyone's place."""
    chain = np.zeros((n + 1, n + 1))
    for d in range(n + 1):
        scores = (n - d) * (3 * max(n - d - 1, 0)), d * (5 * (n - d) + max(d - 1, 0))
        defects = scores[1] / sum(scores)
        defects = defects * (1 - m) + (1 - defects) * m
        up, down = defects * (n - d) / n, (1 - defects) * d / n
        chain[d, min(d + 1, n)] += up
        chain[d, max(d - 1, 0)] += down
        chain[d, d] += 1 - up - down
    stationary = np.linalg.solve(np.vstack([(chain.T - np.eye(n + 1))[:-1], np.ones(n + 1)]), np.eye(n + 1)[-1])
    assert np.allclose(stationary @ chain, stationary)
    return stationary


def said(distribution):
    """Shares: of the time in which all are of one strategy, and of defectors."""
    n = len(distribution) - 1
    return distribution[0] + distribution[n], distribution @ np.arange(n + 1) / n


np.random.seed(0)
for strategies, wrong in ((2, 1 / 2), (3, 1 / 3)):
    kept = [round(float(unmutated(place, strategies)), 2) for place in range(5)]
    print(f"{strategies} strategies, mutation probability 1: copies that do not mutate, by the place of the parent:", kept)
    assert kept[0] == 0 and all(abs(share - wrong) < 0.05 for share in kept[strategies:]), "mutants are of another strategy now"
    assert abs(kept[1] - 1 / (strategies - 1)) < 0.05
for m in (0.1, 0.2):
    seen, true, half = said(simulated(10, m)), said(exact(10, m)), said(exact(10, m / 2))
    for name, (fixed, defectors) in (("simulated by Nashpy", seen), ("exact", true), ("exact with half of it", half)):
        print(f"m = {m}, {name}: all of one strategy {fixed:.3f}, defectors {defectors:.3f}")
    assert abs(seen[0] - half[0]) < 0.05 and seen[0] > true[0] + 0.15 and seen[1] > true[1] + 0.05
PY
