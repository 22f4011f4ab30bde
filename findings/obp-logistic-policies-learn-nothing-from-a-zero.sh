#!/usr/bin/env bash
# Guess: Open Bandit Pipeline's logistic policies (LogisticTS, LogisticUCB, LogisticEpsilonGreedy) fit a logistic regression to the rewards they
#   are given, so of an arm that is never clicked they think little, and of two arms they prefer the one that is clicked more *often*.
# Seen, obp 0.4.1 (and 0.5.7): rewards are 0 and 1, as the library's own data sets make them, but the loss is the one for labels -1 and 1. With it a
#   reward of 0 has gradient 0: it teaches nothing. After 1,000 showings without a click the predicted probability is still 0.5; with 10
#   clicks in 1,000 it is 0.84, with 300 it is 0.99. What counts is the number of clicks, not their share: an arm with 90 clicks of 900
#   is preferred to one with 50 clicks of 100. The same rewards given as -1 and 1 put both right (0.10 and 0.50).
#   With LogisticUCB and LogisticTS (arms of 10 % and 30 %, 1,000 rounds) some of the runs stay with the worse arm to the end, others with the better,
#   whichever got its clicks first; Bernoulli Thompson sampling finds the better one in all.
# Matters: they run, they report rewards, and they stand in tables as the logistic baseline. Nothing warns.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check obp==0.4.1 torch==2.13.0 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from obp.dataset import SyntheticBanditDataset
from obp.policy import BernoulliTS, LogisticEpsilonGreedy, LogisticTS, LogisticUCB

ONE = np.ones((1, 1))                                                           # the context says nothing: an intercept only


def learnt(shown, no_click=0):
    """What LogisticEpsilonGreedy predicts for each arm, and which it prefers, after `shown`: (clicks, showings) of each arm."""
    policy = LogisticEpsilonGreedy(dim=1, n_actions=2, epsilon=0.0, batch_size=sum(n for _, n in shown), random_state=0)
    for arm, (clicks, n) in enumerate(shown):
        for reward in [1] * clicks + [no_click] * (n - clicks):
            policy.update_params(arm, reward, ONE)
    return [round(float(model.predict_proba(ONE[0])), 2) for model in policy.model_list], int(policy.select_action(ONE)[0])


def share_of_better(policy, seed, contextual=True, rounds=1000):
    """How much of the second half the arm of 30 % is shown, the other arm having 10 %."""
    rng, better = np.random.default_rng(seed), 0
    for t in range(rounds):
        arm = int((policy.select_action(ONE) if contextual else policy.select_action())[0])
        better += arm == 1 and t >= rounds // 2
        reward = int(rng.random() < (0.1, 0.3)[arm])
        policy.update_params(arm, reward, *([ONE] if contextual else []))
    return better / (rounds / 2)


own = SyntheticBanditDataset(n_actions=2, random_state=0).obtain_batch_bandit_feedback(n_rounds=100)["reward"]
print("rewards of the library's own synthetic data:", sorted(set(own.tolist())))
assert set(own.tolist()) == {0, 1}
one, other = learnt([(0, 1000), (10, 1000)]), learnt([(0, 1000), (300, 1000)])
print("never clicked, 10 of 1,000, 300 of 1,000:", one[0] + other[0][1:])
rates, signs = learnt([(90, 900), (50, 100)]), learnt([(90, 900), (50, 100)], no_click=-1)
print("90 of 900 and 50 of 100, as 0 and 1: predicted, preferred", rates, "as -1 and 1:", signs)
assert one[0] == [0.5, 0.84] and other[0] == [0.5, 0.99], "a reward of 0 teaches something now"
assert rates[1] == 0 and signs == ([0.1, 0.5], 1)
seen = {
    "LogisticUCB": [share_of_better(LogisticUCB(dim=1, n_actions=2, epsilon=0.1, random_state=s), s) for s in range(6)],
    "LogisticTS": [share_of_better(LogisticTS(dim=1, n_actions=2, random_state=s), s) for s in range(6)],
    "BernoulliTS": [share_of_better(BernoulliTS(n_actions=2, random_state=s), s, contextual=False) for s in range(6)],
}
for name, shares in seen.items():
    print(f"{name}: share of the better arm in the second half, by run", np.sort(np.round(shares, 2)).tolist())
assert min(seen["LogisticUCB"]) < 0.05 and min(seen["LogisticTS"]) < 0.05 and min(seen["BernoulliTS"]) > 0.8
PY
