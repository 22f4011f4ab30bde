#!/usr/bin/env bash
# Guess: a learner of Coba returns with its action the probability with which it chose it; Environments.logged stores both, and Coba's
#   inverse propensity estimate of another policy, made of such a log, is right on average, whichever of its learners did the logging.
# Seen, Coba 8.1.0: LinTSLearner (Thompson sampling) draws coefficients, and what it returns is the probability of the action *given that draw*: 1,
#   whatever action it takes (0.5 where two draws are equal to five decimals). Asked a thousand times, nothing learned yet, it takes each
#   of two actions in half of the cases, and says 1 each time; its score() of one action is now 0, now 1.
#   In 5,000 rounds of two arms that both pay in half of the cases the estimates for "always the first" and "always the second" are 0.200
#   and 0.304: shares of what the log has earned, they add up to its mean reward. With the chances that follow from the posterior (in
#   NumPy) they are 0.504 and 0.506. BanditEpsilonLearner, beside it, logs its true probabilities.
# Matters: whatever is estimated or learned from such a log by importance weights has no weights: a policy is worth what the log has of it, so the
#   logging policy looks best and rare actions look bad. 1 is a valid probability, so nothing warns.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check coba==8.1.0 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" - <<'PY'
import coba
import numpy as np
from coba.environments import OpeRewards
from coba.learners import BanditEpsilonLearner, LinTSLearner
from scipy.stats import norm

N, ARMS = 5_000, [(1, 0), (0, 1)]                                               # one feature for each arm, no context


def coin(index, context, action, rng):
    return float(rng.random() < 0.5)                                            # both arms are worth 0.5


def log(learner):
    """What the learner did: number of the arm, reward and probability as logged, and Coba's own estimate of each arm."""
    rounds = coba.Environments.from_lambda(N, lambda i, rng: None, lambda i, c, rng: ARMS, coin, seed=1).logged(learner)[0].read()
    rounds = list(OpeRewards("IPS").filter(list(rounds)))
    arm = np.array([r["action"][1] for r in rounds])
    reward, probability = (np.array([r[name] for r in rounds]) for name in ("reward", "probability"))
    return arm, reward, probability, [np.mean([r["rewards"](action) for r in rounds]) for action in ARMS]


fresh = LinTSLearner(features=["a"])
asked = [fresh.predict(None, ARMS) for _ in range(1000)]
print(f"asked 1,000 times: the second arm in {np.mean([action == ARMS[1] for action, _ in asked]):.3f}, probabilities {set(p for _, p in asked)}")
assert 0.4 < np.mean([action == ARMS[1] for action, _ in asked]) < 0.6 and {p for _, p in asked} == {1.0}
assert {fresh.score(None, ARMS, ARMS[0]) for _ in range(50)} == {0.0, 1.0}

arm, reward, probability, seen = log(LinTSLearner(features=["a"]))
times, sums, chance = np.zeros(2), np.zeros(2), np.empty(N)                     # the same posterior, by hand
for t in range(N):
    deviation = np.sqrt((1 / (1 + times)).sum())
    second = norm.cdf(np.subtract(*(sums / (1 + times))[::-1]) / deviation)
    chance[t] = second if arm[t] else 1 - second
    times[arm[t]] += 1
    sums[arm[t]] += reward[t]
due = [np.mean(reward * (arm == a) / chance) for a in (0, 1)]
certain = (probability == 1).mean()
print(f"Thompson sampling: second arm in {arm.mean():.3f}, chances {chance.min():.3f} to {chance.max():.3f}, logged as certain {certain:.4f}")
print(f"  estimates of the two arms {np.round(seen, 3)}, together {sum(seen):.3f}, mean reward of the log {reward.mean():.3f}")
print(f"  with the chances of the posterior {np.round(due, 3)}")
assert certain > 0.99, "the probability is another now"
assert np.isclose(sum(seen), reward.mean(), atol=0.005) and np.allclose(due, 0.5, atol=0.06) and min(seen) < 0.3

arm, reward, probability, seen = log(BanditEpsilonLearner(epsilon=0.2))
print(f"epsilon-greedy: logged {sorted(set(probability.round(3).tolist()))}, estimates {np.round(seen, 3)}")
assert probability.max() < 1 and np.allclose(seen, 0.5, atol=0.06)
PY
