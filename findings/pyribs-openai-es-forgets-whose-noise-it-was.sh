#!/usr/bin/env bash
# Guess: pyribs' OpenAI-ES takes bounds, without mirror sampling, as its documentation says; a solution outside is drawn again until it is inside, and
#   the step is the one that the solutions it returned give: the sum of each one's rank times its distance from the mean.
# Seen, pyribs 0.12.0: it keeps the noise of the *last* round of drawing only. If one solution was drawn again in that round, its noise stands for
#   that of all: times ranks that sum to 0 it gives no step (but for rounding). If there were several, tell ends in a ValueError about shapes.
#   Ten dimensions, mean 0.1, sigma 0.3, bounds -1 and 1, 40 solutions, of which 1.3 % are outside at first; 300 seeds: the first step is the
#   right one in 179, in 95 there is none, and in 26 tell raises. Without a step the strategy says that it should stop: an emitter then begins
#   anew elsewhere. Without bounds all 300 move; so do those of CMA-ES with the bounds, which works from the solutions.
# Matters: one solution in a batch of forty that must be drawn again takes the learning of that step away, without a word; the archive fills all the
#   same, by the restarts. That the step is 0 looks like a flat objective.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check ribs==0.12.0 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 numba==0.68.1 \
  scikit-learn==1.9.1
"$here/env/bin/python" -W ignore - <<'PY'
from collections import Counter

import numpy as np
from ribs.emitters.opt import CMAEvolutionStrategy, OpenAIEvolutionStrategy

D, N, SIGMA = 10, 40, 0.3
START = np.full(D, 0.1)


def first_step(strategy, mean, bound=1.0, seed=0, **more):
    """(solutions, what they are worth, the mean after the first step, does it want to stop?)"""
    es = strategy(sigma0=SIGMA, solution_dim=D, batch_size=N, seed=seed, lower_bounds=-bound, upper_bounds=bound, **more)
    es.reset(START)
    solutions = es.ask()
    worth = -((solutions - 0.5) ** 2).sum(axis=1)
    order = np.argsort(-worth)
    es.tell(order, worth[order][:, None], N // 2)
    return solutions, worth, mean(es).copy(), es.check_stop(worth[order][:, None])


def openai(seed, bound):
    return first_step(OpenAIEvolutionStrategy, lambda es: es.adam_opt.theta, bound, seed, mirror_sampling=False, lr=0.05)


seen, outside = Counter(), []
for seed in range(300):
    drawn = START + SIGMA * np.random.default_rng(seed).standard_normal((N, D))
    outside.append(np.mean((abs(drawn) > 1).any(axis=1)))
    try:
        solutions, worth, mean, stop = openai(seed, 1.0)
    except ValueError as error:
        assert "broadcast" in str(error)
        seen["tell raises"] += 1
        continue
    assert (abs(solutions) <= 1).all() and len(set(worth)) == N
    rank = worth.argsort().argsort() / (N - 1) - 0.5
    right = rank @ (solutions - START)                                          # Adam's first step has the signs of the gradient
    if abs(mean - START).max() < 1e-8:                                          # rounding: Adam's steps are as long as 0.05
        assert stop and abs(right).min() > 1e-4
        seen["no step, and it wants to stop"] += 1
    else:
        assert np.array_equal(np.sign(mean - START), np.sign(right)) and not stop
        seen["right"] += 1
print(f"OpenAI-ES, {np.mean(outside):.1%} of the solutions outside at first:", dict(seen))
assert seen["no step, and it wants to stop"] > 80 and seen["tell raises"] > 15 and seen["right"] > 150, "it knows whose noise it was now"

free = sum(not np.array_equal(openai(seed, np.inf)[2], START) for seed in range(300))
cma = sum(not np.array_equal(first_step(CMAEvolutionStrategy, lambda es: es.mean, 1.0, seed)[2], START) for seed in range(300))
print(f"OpenAI-ES without bounds: {free} of 300 move; CMA-ES with the bounds: {cma} of 300 move")
assert free == cma == 300
PY
