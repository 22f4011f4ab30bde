#!/usr/bin/env bash
# Guess: PyBandits' SwitchDoublyRobust trusts the model where the importance weight is *above* its threshold, as the paper it names does (Wang et al.,
#   2017), to be rid of the large weights; with the default threshold, infinity, nothing is above it, and it is the doubly robust estimator.
#   SubGaussianInverseProbabilityWeighting shrinks its weights by its shrinkage_factor.
# Seen, PyBandits 8.4.1: the comparison is turned round. Weights at or above the threshold are kept and all below are set to 0, so by default it is
#   the direct method to the last digit, the log's rewards play no part: a model that says .9 of both arms is believed, where the log says
#   .5. Threshold 0 is what gives the doubly robust one. With weights 0.556 and 5 and threshold 2 the rounds of weight 5 alone are corrected.
#   And the sub-Gaussian estimator never calls its shrinking: with factor 0, 0.5 and 1 (where all weights should become 1) it is plain
#   importance weighting; SubGaussianDoublyRobust is plain DoublyRobust.
# Matters: a setting made to bound the noise keeps just what is noisy, or changes nothing; by default a wrong model goes through uncorrected.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check pybandits==8.4.1 numpy==2.4.6 scipy==1.17.1 \
  pydantic==2.14.4 jax==0.9.2 numpyro==0.20.1 optax==0.1.9 scikit-learn==1.9.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from pybandits import offline_policy_estimator as ope

N, PAY, COIN, LOGGING = 500, np.array([0.3, 0.7]), np.array([0.5, 0.5]), np.array([0.9, 0.1])
rng = np.random.default_rng(0)
action = rng.choice(2, size=N, p=LOGGING)
model = np.tile([0.9, 0.9], (N, 1))                                             # a bad one: it says .9 of both arms
log = {
    "action": action, "reward": (rng.random(N) < PAY[action]).astype(int), "propensity_score": LOGGING[action],
    "estimated_policy": np.tile(COIN, (N, 1)), "expected_reward": model,
}
weight = COIN[action] / LOGGING[action]


def rounds(kind, **options):
    return kind(**options).estimate_sample_rewards(**log)


direct, robust, ipw = rounds(ope.DirectMethod), rounds(ope.DoublyRobust), rounds(ope.InverseProbabilityWeighting)
default, zero, two = [rounds(ope.SwitchDoublyRobust, **x) for x in ({}, {"switch_threshold": 0.0}, {"switch_threshold": 2.0})]
print(f"true value {COIN @ PAY}; direct {direct.mean():.3f}, doubly robust {robust.mean():.3f}")
print(f"switch: by default {default.mean():.3f}, threshold 0 {zero.mean():.3f}, threshold 2 {two.mean():.3f}")
corrected = two != direct
print("weights of the rounds corrected at threshold 2:", np.unique(weight[corrected]), "left alone:", np.unique(weight[~corrected]))
assert np.array_equal(default, direct), "without a threshold it is doubly robust now"
assert np.allclose(zero, robust) and not np.allclose(robust, direct)
assert (weight[corrected] > 2).all() and (weight[~corrected] < 2).all(), "the small weights are kept now"
shrunk = {factor: rounds(ope.SubGaussianInverseProbabilityWeighting, shrinkage_factor=factor) for factor in (0.0, 0.5, 1.0)}
print("sub-Gaussian, factor 0, .5, 1:", [round(float(x.mean()), 3) for x in shrunk.values()], "with weights shrunk:",
      [round(float((log["reward"] * weight / (1 - f + f * weight)).mean()), 3) for f in shrunk])
assert all(np.array_equal(x, ipw) for x in shrunk.values()), "the weights are shrunk now"
assert np.array_equal(rounds(ope.SubGaussianDoublyRobust), robust)
PY
