#!/usr/bin/env bash
# Guess: MABWiser's Popularity policy selects each arm with probability mean over sum of means (the formula in its documentation), and data given in
#   parts, with partial_fit, teach it what the same data teach at once, as they do its other policies.
# Seen, MABWiser 2.7.4: after each fit the means are *replaced* by their shares, which add up to 1. partial_fit computes the means of the arms in the
#   new data anew, and divides them by a sum in which the other arms' old shares stand as if they were means. Two arms of 2 % clicks each: half and
#   half. 50 showings more of the one, with 2 % again: it is selected in 3 of 100 cases, the other in 97. With means above 1 it is the other way
#   round: both arms pay 20, one is shown again and pays 20: it is selected in 98 of 100. All data at once: half and half each time.
#   EpsilonGreedy, UCB1, Softmax and ThompsonSampling, given the same parts, select as after one fit.
#   And where the shares are right the arms are not selected by them: the highest number of a Dirichlet sample wins, which for shares of
#   .8 and .2 is the first in 83 of 100 cases. Softmax does so as well: .5 against ten of .05 is selected in 54 of 100.
# Matters: updated after every click, as a bandit is, the policy goes by which arm was shown last. And a log whose probabilities are taken from the
#   documented formula is weighted wrongly afterwards.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check mabwiser==2.7.4 numpy==2.4.6 pandas==3.1.1 scipy==1.17.1 scikit-learn==1.9.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from mabwiser.mab import MAB, LearningPolicy


def share(policy, parts, arm="A", arms="AB", n=20000):
    """How often `arm` is selected after the parts of the data: (decisions, rewards), ..."""
    mab = MAB(list(arms), policy, seed=1)
    mab.fit(*parts[0])
    for part in parts[1:]:
        mab.partial_fit(*part)
    return sum(mab.predict() == arm for _ in range(n)) / n


def together(parts):
    return [[x for decisions, _ in parts for x in decisions], [x for _, rewards in parts for x in rewards]]


low = [(["A"] * 100 + ["B"] * 100, ([1] * 2 + [0] * 98) * 2), (["A"] * 50, [1] + [0] * 49)]
high = [(["A", "B"], [20, 20]), (["A"], [20])]
seen = {}
for name, parts in (("two arms of 2 %", low), ("two arms that pay 20", high)):
    seen[name] = [share(LearningPolicy.Popularity(), x) for x in (parts[:1], parts, [together(parts)])]
    print(f"{name}: share of A before, after a part more of A, with all data at once: {seen[name]}")
    assert abs(seen[name][0] - 0.5) < 0.02 and abs(seen[name][2] - 0.5) < 0.02
assert seen["two arms of 2 %"][1] < 0.06 and seen["two arms that pay 20"][1] > 0.94, "the parts teach what the whole teaches now"
for policy in (LearningPolicy.EpsilonGreedy(0.1), LearningPolicy.UCB1(), LearningPolicy.Softmax(), LearningPolicy.ThompsonSampling()):
    same = [share(policy, x, n=2000) for x in (low, [together(low)])]
    print(f"{policy}: in parts and at once {same}")
    assert same[0] == same[1]
eight = share(LearningPolicy.Popularity(), [(["A", "B"], [0.8, 0.2])])
half = share(LearningPolicy.Softmax(), [(list("ABCDEFGHIJK"), [np.log(10)] + [0] * 10)], arms="ABCDEFGHIJK")
print(f"documented .8, selected {eight:.3f}; Softmax, documented .5, selected {half:.3f}")
assert eight > 0.82 and half > 0.525
PY
