#!/usr/bin/env bash
# Guess: the "bootstrap" interval of Open Bandit Pipeline's self-normalised estimator comes from computing that estimator, weighted rewards over
#   weights, anew on each resample of the log. If all rewards are 1 every resample says 1.
# Seen, obp 0.4.1 (and 0.5.7): the sum of the weights is taken once, from the whole log, and held fixed; what is resampled is reward times weight. So
#   the interval is that of plain importance weighting, rescaled. All rewards 1, 500 rounds, logging policy (.8, .2), a coin to be judged: 0.94
#   to 1.07 for a number that is 1 for certain. Arms that pay exactly 1 and 0.25 there: width 0, though the estimate varies from log to log
#   (standard deviation 0.02), and 8 of 200 "95 %" intervals hold the true value.
#   Clicks of 95 % and 10 %, logging policy (.9, .1): 65 % of 200 hold it; resampling both parts of the ratio together, 93 %.
#   ReplayMethod, whose mean over the matching rounds is a ratio too, does the same: all rewards are 1, and it says 0.92 to 1.08.
# Matters: a logging policy that goes where more is paid, and a more even one to be judged, is the usual case; just there the interval is too narrow.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check obp==0.4.1 torch==2.13.0 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from obp.ope import ReplayMethod, SelfNormalizedInverseProbabilityWeighting

N, COIN = 500, np.array([0.5, 0.5])
rng = np.random.default_rng(0)


def log(logging, pay, noisy):
    action = rng.choice(2, size=N, p=logging)
    reward = (rng.random(N) < pay[action]).astype(float) if noisy else pay[action]
    return {"action": action, "reward": reward, "pscore": logging[action], "action_dist": np.tile(COIN[None, :, None], (N, 1, 1))}


def ratio_bootstrap(data):
    """The percentile interval of the ratio, both of its parts resampled together."""
    weight, pick = COIN[data["action"]] / data["pscore"], rng.integers(N, size=(500, N))
    return np.percentile((weight * data["reward"])[pick].sum(axis=1) / weight[pick].sum(axis=1), [2.5, 97.5])


def compared(logging, pay, noisy, runs=200):
    """Of obp's intervals and of the ratio's: share that holds the truth, mean width; and the estimate's own spread over the logs."""
    logging, pay, ends, estimates = np.array(logging), np.array(pay), [], []
    for _ in range(runs):
        data, snipw = log(logging, pay, noisy), SelfNormalizedInverseProbabilityWeighting()
        interval = snipw.estimate_interval(**data, n_bootstrap_samples=500, random_state=0)
        ends.append([[interval["95.0% CI (lower)"], interval["95.0% CI (upper)"]], ratio_bootstrap(data)])
        estimates.append(snipw.estimate_policy_value(**data))
    low, high = np.moveaxis(np.array(ends), 2, 0)
    held, width = ((low - 1e-9 <= COIN @ pay) & (COIN @ pay <= high + 1e-9)).mean(axis=0), (high - low).mean(axis=0)
    print(f"logging {logging}, arms pay {pay}: sd of the estimate {np.std(estimates):.3f}; obp's and the ratio's intervals hold the truth in {held}, "
          f"width {width.round(3)}; obp's first is {np.round(ends[0][0], 3).tolist()}")
    return held, width, np.std(estimates)


ones, exact, clicks = compared([0.8, 0.2], [1, 1], False), compared([0.8, 0.2], [1, 0.25], False), compared([0.9, 0.1], [0.95, 0.1], True)
assert ones[2] < 1e-9 and ones[1][0] > 0.1 and ones[1][1] < 1e-9, "a sure thing has an interval of width 0 now"
assert exact[1][0] < 1e-9 and exact[2] > 0.01 and exact[0][0] < 0.1 and exact[0][1] > 0.9
assert clicks[0][0] < 0.75 and clicks[0][1] > 0.88
always = np.zeros((N, 2, 1))
always[:, 0] = 1.0
data = {"reward": np.ones(N), "action": rng.integers(2, size=N), "action_dist": always}
found = ReplayMethod().estimate_interval(**data, n_bootstrap_samples=500, random_state=0)
print("replay, rewards all 1:", {name: round(float(value), 3) for name, value in found.items()})
assert found["95.0% CI (upper)"] - found["95.0% CI (lower)"] > 0.1
PY
