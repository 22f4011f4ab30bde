#!/usr/bin/env bash
# Guess: where autorank's report on three or more normal agents says which of them differ, it is what Tukey's HSD test says at the given alpha:
#   "populations are significantly different if their confidence intervals are not overlapping" (the report), so if their means are further apart
#   than two half-widths. If there is no difference between some of them, it says so in at least 95 % of cases.
# Seen, autorank 1.3.0 with statsmodels 0.15.0: it calls two agents different if their means are further apart than *one* half-width
#   (get_sorted_rank_groups). Four agents, 10 seeds, three of them equal and the fourth 3 deviations better, 120 times: the report claims a difference
#   among the three equal ones in 33 % of the cases; statsmodels' Tukey test, and a look at whether the printed intervals overlap, in 1 %.
#   And alpha is not handed on: with 0.2, 0.05, 0.01 and 0.001 the intervals are the same to the last digit, those of statsmodels' default 0.05.
#   Its Friedman and Nemenyi tests, for scores that are not normal, know the full distance and alpha.
# Matters: to name a difference between equal agents in one table of three is what Tukey's test is there to prevent; and a stricter level, as one asks
#   for where many tables are made, is written in the report and not done.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check autorank==1.3.0 baycomp==1.0.3 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 \
  statsmodels==0.15.0 matplotlib==3.11.2 seaborn==0.13.2
cat > seen.py <<'PY'
import contextlib
import io
import itertools

import matplotlib
import numpy as np
import pandas as pd
from statsmodels.stats.multicomp import pairwise_tukeyhsd

matplotlib.use("Agg")
from autorank import autorank, create_report  # noqa: E402

NAMES = ["one", "two", "three", "four"]


def ranked(scores, alpha=0.05):
    """(autorank's result, the last line of its report)."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = autorank(pd.DataFrame(scores, columns=NAMES), alpha=alpha)
        create_report(result)
    return result, printed.getvalue().strip().splitlines()[-1]


def half_width(result):
    return float(result.rankdf.ci_upper.iloc[0] - result.rankdf["mean"].iloc[0])


def together(report):
    """The pairs that the report puts into one group "without significant differences"."""
    _, found, rest = report.partition("within the following groups: ")
    groups = rest.split(". All other")[0].split("; ") if found else []
    return {frozenset(pair) for group in groups for pair in itertools.combinations([n for n in NAMES if n in group.replace(",", "").split()], 2)}


rng = np.random.default_rng(0)
equal = [frozenset(pair) for pair in itertools.combinations(NAMES[:3], 2)]
claims, reports = [], []
while len(claims) < 120:
    scores = rng.normal([0, 0, 0, 3], 1, (10, 4))
    result, report = ranked(scores)
    if result.posthoc != "tukeyhsd":                                            # the test for normality or equal variances said no: Friedman
        continue
    assert result.pvalue < 0.05
    tukey = pairwise_tukeyhsd(scores.T.ravel(), np.repeat(NAMES, 10))
    order = [frozenset((str(tukey.groupsunique[i]), str(tukey.groupsunique[j]))) for i, j in itertools.combinations(range(4), 2)]
    differ = {pair for pair, reject in zip(order, tukey.reject) if reject}
    table = result.rankdf
    apart = {p for p in equal if np.ptp([table["mean"][n] for n in p]) > 2 * half_width(result)}
    claims.append([any(p not in together(report) for p in equal), any(p in differ for p in equal), bool(apart)])
ours, theirs, overlap = np.mean(claims, axis=0)
print(f"a difference among the three equal agents: report {ours:.0%}, Tukey's test {theirs:.0%}, intervals that do not overlap {overlap:.0%} of 120")
print("the last report:", report[-230:])
assert ours > 0.3 and theirs < 0.08 and overlap < 0.08, "the report says what Tukey's test says now"

scores = np.random.default_rng(5).normal([0, 0.3, 0.6, 3], 1, (10, 4))
for alpha in (0.2, 0.05, 0.01, 0.001):
    result, _ = ranked(scores, alpha)
    tukey = pairwise_tukeyhsd(scores.T.ravel(), np.repeat(NAMES, 10), alpha=alpha)
    tukey.plot_simultaneous()
    print(f"alpha {alpha}: half-width {half_width(result):.4f}, statsmodels {tukey.halfwidths[0]:.4f}")
    assert result.posthoc == "tukeyhsd" and result.alpha == alpha
    reports.append((half_width(result), float(tukey.halfwidths[0])))
    matplotlib.pyplot.close("all")
assert np.ptp([ours for ours, _ in reports]) < 1e-12 < np.ptp([theirs for _, theirs in reports]), "alpha is handed on now"
PY
"$here/env/bin/python" -W ignore seen.py
