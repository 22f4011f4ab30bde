#!/usr/bin/env bash
# Guess: the more episodes, the narrower the interval; Hoeffding's is, by the formula in SCOPE-RL's own documentation, the largest sample times
#   sqrt(log(1 / alpha) / (2 n)) on each side. And an interval called "95.0% CI" holds the true mean 19 times in 20.
# Seen, SCOPE-RL 0.2.1: ci="hoeffding" *multiplies* by n where it should divide. For fair coins, 0 or 1, it reaches 4.3 to each side of the mean with
#   10 coins, 13.6 with 100 and 136 with 10,000 (0.0136 is right there: it is n times too wide).
#   And ci="ttest" takes the one-sided point of the t distribution for both sides: its "95.0% CI" is SciPy's 90 % interval to the last digit,
#   and of 2,000 samples of 30 normal numbers it holds the mean in 89 %.
# Matters: both can be asked of OffPolicyEvaluation.estimate_intervals and of each estimator, by those who want to be safe. The one
#   says of any policy that it may be a catastrophe, and the more so the more is known; the other is wrong twice as often as its name says.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip gym==0.26.2 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
pip --no-deps scope-rl==0.2.1                                                   # the functions its estimators call need no more than these
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import numpy as np
import scipy.stats
from scope_rl.utils import estimate_confidence_interval_by_hoeffding, estimate_confidence_interval_by_t_test

rng = np.random.default_rng(0)
for n in (10, 100, 1000, 10000):
    coins = np.arange(n) % 2 * 1.0
    found = estimate_confidence_interval_by_hoeffding(coins, alpha=0.05)
    half, right = float(found["95.0% CI (upper)"] - found["mean"]), np.sqrt(np.log(2 / 0.05) / (2 * n))
    print(f"{n} coins, mean {found['mean']}: Hoeffding gives {half:.3f} on each side, right is {right:.4f}")
    assert np.isclose(half, n * right), "the interval no longer grows with the data"
samples = rng.normal(size=(2000, 30))
low, high = np.array([list(estimate_confidence_interval_by_t_test(x, alpha=0.05).values())[1:] for x in samples]).T
names = list(estimate_confidence_interval_by_t_test(samples[0], alpha=0.05))[1:]
ninety = scipy.stats.t.interval(0.90, 29, loc=samples.mean(axis=1), scale=samples.std(axis=1, ddof=1) / np.sqrt(30))
held = float(((low <= 0) & (0 <= high)).mean())
print(f"the t test's {names}: holds the mean in {100 * held:.1f} %; it is SciPy's 90 % interval: {np.allclose([low, high], ninety)}")
assert names == ["95.0% CI (lower)", "95.0% CI (upper)"] and np.allclose([low, high], ninety) and 0.88 < held < 0.92
PY
