#!/usr/bin/env bash
# Guess: deep-significance's multi_aso compares each pair of models as aso compares two, and its Bonferroni correction (on by default) asks more of
#   each pair the more pairs there are: alpha is divided by the number K of comparisons, says its README, so the confidence is 1 - 0.05 / K.
#   With two models there is one comparison, and nothing to correct.
# Seen, deepsig 1.2.8: it *adds* 0.05 / K to 0.95. One comparison gives confidence 1, for which no evidence is enough: of two models multi_aso says 1
#   (not better) both ways, and nan where all 20 scores of the one are above all of the other. aso says 0 there, the clearest there is.
#   Two comparisons happen to be right (0.975). From three on the correction fades: with 45, as for ten models, it asks for 0.9511 where 0.9989 is
#   right. aso(num_comparisons=...) does the same: the bound for one pair is 0.061 uncorrected, and 0.072, 0.064, 0.061 for 2, 6, 45
#   comparisons; with confidence_level set by hand to what Bonferroni says it is 0.072, 0.088, 0.113.
# Matters: the table of two agents never shows a winner; that of many is reported as corrected and all but is not.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check deepsig==1.2.8 numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 \
  joblib==1.6.0 dill==0.4.1 psutil==7.2.2
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from deepsig import aso, multi_aso

rng = np.random.default_rng(0)
quiet = {"seed": 0, "show_progress": False, "num_bootstrap_iterations": 300}
high, low = rng.normal(5, 1, size=20), rng.normal(0, 1, size=20)
alone, both = float(aso(high, low, **quiet)), multi_aso({"high": high, "low": low}, **quiet)
print(f"all scores of the one above all of the other ({high.min() > low.max()}): aso {alone}, multi_aso {both.tolist()}")
assert high.min() > low.max() and alone == 0 and np.isnan(both[0, 1]), "two models are told apart now"
good, plain = rng.normal(1.5, 1, size=20), rng.normal(0, 1, size=20)
alone, both = float(aso(good, plain, **quiet)), multi_aso({"good": good, "plain": plain}, **quiet)
off = multi_aso({"good": good, "plain": plain}, use_bonferroni=False, **quiet)
print(f"means 1.5 and 0: aso {alone:.3f}, multi_aso {both.tolist()}, without the correction {off.round(3).tolist()}")
assert alone < 0.2 and (both == 1).all() and off[0, 1] < 0.2

better, other = rng.normal(0.9, 1, size=20), rng.normal(0, 1, size=20)
plain_bound = float(aso(better, other, **quiet))
corrected = {k: float(aso(better, other, num_comparisons=k, **quiet)) for k in (2, 6, 45)}
by_hand = {k: float(aso(better, other, confidence_level=1 - 0.05 / k, **quiet)) for k in (2, 6, 45)}
faded = {k: float(aso(better, other, confidence_level=0.95 + 0.05 / k, **quiet)) for k in (2, 6, 45)}
print(f"one pair, uncorrected {plain_bound:.4f}; num_comparisons {corrected}; 1 - 0.05 / K {by_hand}; 0.95 + 0.05 / K {faded}")
assert np.allclose(list(corrected.values()), list(faded.values())), "the correction grows with the comparisons now"
assert corrected[45] < corrected[6] < corrected[2] and by_hand[45] > by_hand[6] > by_hand[2]
PY
