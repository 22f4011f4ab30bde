#!/usr/bin/env bash
# Guess: River's UCB adds delta * sqrt(2 log n / pulls) to what it knows of an arm, whichever reward_obj keeps that: "a metric, a statistic, or a
#   distribution" (its documentation). So with proba.Gaussian, whose mode is the mean, it pulls as with stats.Mean.
# Seen, River 0.26.1: for a distribution the bound is the mode alone; the bonus stands in the other branch of the condition. Each arm is pulled once,
#   and from then on the one that looks better. Arms of mean 0 and 1, standard deviation 1, 1,000 rounds: with the mean the better arm is pulled
#   969 times or more in each of 50 runs; with the Gaussian 9 of the 50 stay with the worse, and 8 of these never pull the better a second time.
#   A delta of 0 or 100 gives the same pulls.
#   And Exp3's reward_scaler, "to scale the rewards to a (0, 1) range", changes none of its pulls: the scaled reward goes into the table of
#   rewards, as the documentation says, but what moves the weights, and must lie in that range for Exp3, is the raw one.
# Matters: it is called UCB and is greedy; a mean over runs shows only a worse constant.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check river==0.26.1 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
import random

from river import bandit, preprocessing, proba

MEANS = {"worse": 0.0, "better": 1.0}


def pulls(policy, seed, rounds=1000, scale=1.0):
    """The arms that are pulled, one after the other."""
    rng, arms = random.Random(seed), []
    for _ in range(rounds):
        arms.append(policy.pull(list(MEANS)))
        policy.update(arms[-1], scale * rng.gauss(MEANS[arms[-1]], 1))
    return arms


def better(reward_obj, delta=1):
    return [pulls(bandit.UCB(delta=delta, reward_obj=reward_obj, seed=seed), seed).count("better") for seed in range(50)]


mean, gauss = better(None), better(proba.Gaussian())
print("pulls of the better arm, by run. Mean:", sorted(mean)[:10], "... Gaussian:", sorted(gauss)[:12], "...")
assert min(mean) > 900 and sum(n < 10 for n in gauss) == 9, "a distribution has a bonus now"
assert better(proba.Gaussian(), delta=0) == better(proba.Gaussian(), delta=100) == gauss
none, scaled = [
    pulls(bandit.Exp3(gamma=0.1, seed=1, reward_scaler=scaler), 1, scale=5.0)
    for scaler in (None, preprocessing.TargetMinMaxScaler(None))
]
print("Exp3 pulls the same with and without a scaler:", none == scaled)
assert none == scaled, "the weights see the scaled reward now"
PY
