#!/usr/bin/env bash
# Guess: deep-significance's bootstrap_test, an "implementation of paired bootstrap test" (docstring), resamples pairs, so what is common to both
#   scores of a pair (the seed, the task) drops out, as it does in the library's own permutation_test and in SciPy's paired t test.
# Seen, deepsig 1.2.8: each list is resampled for itself. Twenty tasks whose scores differ by tens, and a second agent that is better by .9 to 1.15 on
#   every one of them: p is 0.37. permutation_test says 0.001 (the least it can with 1,000 shuffles), the paired t test 8e-24, the unpaired
#   0.36. Resampling pairs by hand: 0. It is an unpaired test under the paired one's name, and insists on lists of equal length.
# Matters: agents compared on the same seeds or tasks, which is why one pairs them at all, come out as not different.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check deepsig==1.2.8 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 \
  joblib==1.6.0 dill==0.4.1 psutil==7.2.2
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from deepsig import bootstrap_test, permutation_test
from scipy.stats import ttest_ind, ttest_rel

rng = np.random.default_rng(0)
old = rng.normal(0, 10, size=20)
new = old + 1 + rng.normal(0, 0.1, size=20)
gain = new - old
print(f"better on {int((gain > 0).sum())} of 20 tasks, by {gain.min():.2f} to {gain.max():.2f}; scores from {old.min():.0f} to {old.max():.0f}")
pairs = gain[rng.integers(20, size=(1000, 20))].mean(axis=1)
found = {
    "bootstrap_test": bootstrap_test(new, old, seed=1),
    "pairs resampled": float((pairs >= 2 * gain.mean()).mean()),
    "permutation_test": permutation_test(new, old, seed=1),
    "paired t": float(ttest_rel(new, old, alternative="greater").pvalue),
    "unpaired t": float(ttest_ind(new, old, alternative="greater").pvalue),
}
print("p values:", found)
assert (gain > 0).all() and max(found["pairs resampled"], found["permutation_test"], found["paired t"]) < 0.002
assert found["bootstrap_test"] > 0.2, "the bootstrap pairs now"
assert abs(found["bootstrap_test"] - found["unpaired t"]) < 0.1
PY
