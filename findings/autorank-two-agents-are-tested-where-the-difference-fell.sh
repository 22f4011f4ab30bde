#!/usr/bin/env bash
# Guess: autorank compares two agents whose scores are not normal by Wilcoxon's signed rank test, and rejects "no difference" at the alpha it is
#   given: where there is none, in at most 5 % of cases for 0.05. The direction does not matter, as in its paired t test for normal scores.
# Seen, autorank 1.3.0 with SciPy 1.17.1: the test is one-sided, and the data choose the side: that the agent with the larger *median* is greater.
#   1,000 times two agents without any difference, 20 tasks each: autorank's p-value is below 0.05 in 8.7 % of them, SciPy's two-sided one, which is
#   twice as large, in 3.9 %. The report says "is not greater than", in the direction found, and not that it was chosen afterwards.
#   And medians and signed ranks may disagree about the direction; then p is near 1. A new agent is better by 2 on 17 of 20 tasks, and worse by 0.1 on
#   the three in the middle, which make the median: SciPy says 0.00008, autorank 1.0, and its report "we assume that there is no statistically
#   significant difference between the medians".
# Matters: one new agent against one old is what a paper's table has, and its false alarms are twice as many as it says. With three agents or
#   more it takes Friedman's test, which has no direction.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check autorank==1.3.0 baycomp==1.0.3 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 \
  statsmodels==0.15.0 matplotlib==3.11.2 seaborn==0.13.2
cat > seen.py <<'PY'
import contextlib
import io

import numpy as np
import pandas as pd
from autorank import autorank, create_report
from scipy import stats


def compare(old, new):
    """(autorank's p-value, its report, SciPy's two-sided p-value); each row is a task."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = autorank(pd.DataFrame({"old": old, "new": new}), alpha=0.05)
        create_report(result)
    assert result.omnibus == "wilcoxon"
    return float(result.pvalue), printed.getvalue(), float(stats.wilcoxon(new, old).pvalue)


rng, found = np.random.default_rng(0), []
for _ in range(1000):
    tasks = rng.lognormal(0, 2, 20)                                             # some tasks pay much; the agents differ by noise alone
    old, new = tasks * rng.lognormal(0, 0.5, (2, 20))
    found.append(compare(old, new)[::2])
ours, two_sided = np.mean(np.array(found) < 0.05, axis=0)
print(f"no difference, alpha 0.05: autorank rejects in {ours:.1%}, the two-sided test in {two_sided:.1%} of 1,000")
assert all(np.isclose(p, q / 2, atol=1e-6) or p > 0.5 for p, q in found), "autorank's test is not the one-sided one now"
assert ours > 0.08 and two_sided < 0.06

old = np.exp(np.arange(20) / 2)
new = old + 2
new[10:12] = old[10:12] - 0.5                                                   # two tasks in the middle, where the median is
old[9:12], new[9:12] = [99.0, 100.0, 101.0], [98.9, 99.9, 100.9]
p, report, q = compare(old, new)
print(f"better on {np.sum(new > old)} of 20 tasks, medians {np.median(old):.2f} and {np.median(new):.2f}: autorank {p:.5f}, two-sided {q:.5f}")
print(" ", report.strip().splitlines()[-1])
assert p > 0.99 and q < 0.001 and "no statistically significant difference" in report, "the direction no longer matters"
PY
"$here/env/bin/python" -W ignore seen.py
