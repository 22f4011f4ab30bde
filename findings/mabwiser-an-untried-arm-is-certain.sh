#!/usr/bin/env bash
# Guess: in MABWiser's LinUCB an arm without data has the upper bound alpha * sqrt(x' A^-1 x) with A = l2_lambda * I: for a context of length 1 it is
#   alpha / sqrt(l2_lambda). A weak regularisation leaves much open about an arm that was never tried, so it is tried soon.
# Seen, MABWiser 2.7.4: until an arm has its first data, A itself stands where its inverse should be, and the bound is alpha * sqrt(l2_lambda). With
#   l2_lambda 0.01 it is 0.1 in place of 10; with 100 it is 10 in place of 0.1; with the default 1 nothing shows. So with 0.01 an arm that pays 0.5
#   is selected in all of 1,000 rounds, and one that pays 1, added beside it or without a row in the first data, is never tried. After a single
#   showing the formula holds (0.990 + 0.995), and it is selected. LinTS draws its coefficients from the same matrix: with deviation 0.1 for 10.
# Matters: to begin with untried arms, and to add new ones (add_arm), is what such a policy is for; a small l2_lambda, meant to let the data speak,
#   switches exploration off just there.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check mabwiser==2.7.4 numpy==2.4.6 pandas==3.1.1 scipy==1.17.1 scikit-learn==1.9.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from mabwiser.mab import MAB, LearningPolicy

X, PAY = [[1.0]], {"old": 0.5, "new": 1.0}


def begun(policy, added=False):
    """A policy with ten rows of the old arm and none of the new one."""
    mab = MAB(["old"] if added else ["old", "new"], policy, seed=0)
    mab.fit(["old"] * 10, [PAY["old"]] * 10, X * 10)
    if added:
        mab.add_arm("new")
    return mab


for l2 in (0.01, 1.0, 100.0):
    found = float(begun(LearningPolicy.LinUCB(alpha=1.0, l2_lambda=l2)).predict_expectations(X)["new"])
    mab = begun(LearningPolicy.LinTS(alpha=1.0, l2_lambda=l2))
    spread = float(np.std([mab.predict_expectations(X)["new"] for _ in range(4000)]))
    print(f"l2_lambda {l2}: bound of the untried arm {found:.3f}, by the formula {l2 ** -0.5:.3f}; LinTS draws with deviation {spread:.3f}")
    assert np.isclose(found, l2**0.5), "the untried arm has the bound of the formula now"
    assert abs(spread / l2**0.5 - 1) < 0.05
for added in (False, True):
    mab, selected = begun(LearningPolicy.LinUCB(alpha=1.0, l2_lambda=0.01), added), []
    for _ in range(1000):
        selected.append(mab.predict(X))
        mab.partial_fit([selected[-1]], [PAY[selected[-1]]], X)
    print(f"new arm {'added' if added else 'without rows'}: selected in {selected.count('new')} of 1,000 rounds")
    assert selected.count("new") == 0, "the untried arm is tried now"
mab = begun(LearningPolicy.LinUCB(alpha=1.0, l2_lambda=0.01))
mab.partial_fit(["new"], [PAY["new"]], X)
once = float(mab.predict_expectations(X)["new"])
print(f"after one showing of the new arm: bound {once:.3f}, by the formula {1 / 1.01 + 1.01 ** -0.5:.3f}; selected: {mab.predict(X)}")
assert np.isclose(once, 1 / 1.01 + 1.01**-0.5) and mab.predict(X) == "new"
PY
