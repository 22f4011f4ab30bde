#!/usr/bin/env bash
# Guess: contextualbandits' evaluateDoublyRobust reads its arguments and returns an estimate: called twice with the same data it gives the same,
#   and two policies that choose the same arms are worth the same.
# Seen, contextualbandits 0.3.30, with the reward estimates given as an array (one of the three ways in its docstring): it writes the corrected values
#   *into that array*. The next call takes them for the estimates and adds the correction once more. A policy that always chooses an arm
#   which pays in 60.5 % of cases, on data with arms chosen at random, all estimates 0.5: 0.604 at the first call, then 0.708, 0.813 and 0.917,
#   and above 1 from the fifth on, for rewards of 0 and 1. Compare a policy with itself, and the second is better by 0.104.
#   With a new array for each call all calls agree.
# Matters: estimates are what takes long to make, so one makes them once and evaluates each policy or each cut of the probabilities with them. From
#   the second on the correction is added to what is corrected already, and the order of the calls ranks the policies.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check contextualbandits==0.3.30 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 \
  scikit-learn==1.9.1 joblib==1.6.0
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from contextualbandits.evaluation import evaluateDoublyRobust

rng = np.random.default_rng(0)
n = 10_000
contexts, arms = rng.normal(size=(n, 2)), rng.integers(0, 2, n)                 # two arms, chosen at random
rewards = (rng.random(n) < np.where(arms == 1, 0.6, 0.3)).astype(float)
chosen, propensities = np.ones(n, int), np.full(n, 0.5)                         # the policy to be judged: always the second arm
estimates = np.full((n, 2), 0.5)
by_hand = np.mean(0.5 + (arms == 1) * (rewards - 0.5) / 0.5)

calls = [evaluateDoublyRobust(chosen, contexts, arms, rewards, propensities, estimates) for _ in range(7)]
fresh = [evaluateDoublyRobust(chosen, contexts, arms, rewards, propensities, np.full((n, 2), 0.5)) for _ in range(7)]
print(f"the second arm paid {rewards[arms == 1].mean():.3f}; by hand {by_hand:.3f}")
print("calls with one array:   ", np.round(calls, 3))
print("with a new one each time:", np.round(fresh, 3))
print("the array, all 0.5 before:", np.unique(estimates[:, 0]).round(3))
assert np.allclose(fresh, by_hand)
assert np.allclose(np.diff(calls), by_hand - 0.5) and by_hand - 0.5 > 0.05, "a call leaves its arguments alone now"
PY
