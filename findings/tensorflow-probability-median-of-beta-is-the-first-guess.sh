#!/usr/bin/env bash
# Guess: Beta(a, b).quantile(p) of TensorFlow Probability undoes cdf: what it says of p = 0.5 is the median, as exact as for 0.49999 and 0.50001.
# Seen, TensorFlow Probability 0.25.0 on JAX 0.5.3 (SciPy beside it): in float64 the quantile of exactly 0.5 is the *starting point* of the search for
#   it; not one step is done. The search brackets x between 0 and 0.5, and takes a p that equals the upper end of the bracket for one that needs
#   no search. After one success of one try from a flat prior, Beta(2, 1), the "median" is 0.633, below which lie 0.40 of the mass; it is 0.707. After
#   9 of 9 it is 0.906 (0.37) for 0.933. Of 400 pairs a, b from 0.3 to 40 seven in ten are off by more than 0.001, the worst by 0.15; with 0.49999
#   or 0.50001 in place of 0.5 none is off by more than 1e-12.
#   In float32, the default, the same where a and b are both below 1: Jeffreys' prior Beta(0.5, 0.5), symmetric about 0.5, has a "median" of 0.62.
#   tfp.math.betaincinv, which computes it, and PERT, which is made of a Beta, do the same in float64.
# Matters: the median is the quantile that is asked for most, and the only one that is wrong: a success rate of a policy reported by its posterior
#   median, beside bounds at 0.025 and 0.975 that are right, is off by several points where the tries are few.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow-probability==0.25.0 jax==0.5.3 jaxlib==0.5.3 numpy==2.2.6 \
  scipy==1.15.3
"$here/env/bin/python" -W ignore - <<'PY'
import jax
import numpy as np
from scipy import stats

jax.config.update("jax_enable_x64", True)
import tensorflow_probability.substrates.jax as tfp  # noqa: E402


def quantile(a, b, p, dtype=np.float64):
    return np.asarray(tfp.distributions.Beta(np.asarray(a, dtype), np.asarray(b, dtype)).quantile(dtype(p)))


for successes, tries in ((1, 1), (9, 9), (0, 1)):
    a, b = 1 + successes, 1 + tries - successes
    found, median = quantile(a, b, 0.5), stats.beta.median(a, b)
    print(f"{successes} of {tries}: quantile(0.5) {found:.3f}, median {median:.3f}; mass below it {stats.beta.cdf(found, a, b):.2f}")
    assert abs(found - median) > 0.02, "the median is right now"

sizes = np.geomspace(0.3, 40, 20)
a, b = (grid.ravel() for grid in np.meshgrid(sizes, sizes))
for p in (0.025, 0.49999, 0.5, 0.50001, 0.975):
    error = abs(quantile(a, b, p) - stats.beta.ppf(p, a, b))
    print(f"p {p}: largest error {error.max():.1e}, off by more than 0.001 in {np.mean(error > 1e-3):.0%} of {a.size} pairs")
    if p == 0.5:
        assert error.max() > 0.15 and np.mean(error > 1e-3) > 0.7, "the median is right now"
    else:
        assert error.max() < 1e-12

small = {p: float(quantile(0.5, 0.5, p, np.float32)) for p in (0.49999, 0.5, 0.50001)}
print("float32, Beta(0.5, 0.5):", {p: round(found, 4) for p, found in small.items()})
assert abs(small[0.5] - 0.5) > 0.1 and all(abs(small[p] - 0.5) < 1e-3 for p in (0.49999, 0.50001)), "the median is right now"

inverse, pert = float(tfp.math.betaincinv(2.0, 1.0, 0.5)), tfp.distributions.PERT(np.float64(0), np.float64(1), np.float64(4))
inverse64 = float(tfp.math.betaincinv(np.float64(2), np.float64(1), np.float64(0.5)))
below = float(pert.cdf(pert.quantile(np.float64(0.5))))
print(f"betaincinv(2, 1, 0.5): {inverse:.4f} from Python floats, {inverse64:.4f} in float64; PERT(0, 1, 4): mass below its median {below:.4f}")
assert abs(inverse64 - 0.633) < 1e-3 and abs(below - 0.5) > 1e-3
PY
