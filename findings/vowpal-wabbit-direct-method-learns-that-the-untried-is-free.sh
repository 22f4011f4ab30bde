#!/usr/bin/env bash
# Guess: Vowpal Wabbit's --cb_type dm, by its help the "Direct Method", fits the observed costs of each action and takes the action that is predicted
#   to cost least. How often the log has each action makes a prediction more or less exact, not higher or lower.
# Seen, vowpalwabbit 9.11.9: with action-dependent features (--cb_adf, --cb_explore_adf) it learns as if every action *not* taken in a round had been
#   taken and had cost 0. So what is predicted for an action is about its cost times its share of the log. Two actions that cost 0.6 and 0.3
#   on average, 10,000 rounds: taken equally often, they are predicted to cost 0.33 and 0.10; with shares 0.1 and 0.9 it is 0.03 and 0.29, and the
#   dear action is chosen. Rewards, written as costs below 0 (-0.5 and -0.2, shares 0.1 and 0.9), turn the error round: -0.03 and -0.19, and the
#   action that the log has most of is chosen.
#   --cb, which has no such features, does the same, for it has been built on --cb_adf: with --cb_force_legacy it chooses rightly. The other types
#   (ips, dr, mtr) predict the costs themselves, up to noise.
# Matters: no option is needed beside the method's name, the progressive loss says only that the policy is poor, and methods are compared by running
#   them on one log: "the direct method is bad here" is then a statement about the shares in that log.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check vowpalwabbit==9.11.9 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 \
  pandas==2.3.3
"$here/env/bin/python" - <<'PY'
import numpy as np
from vowpalwabbit import Workspace


def log(means, share, rounds=10_000):
    """Rounds (action, cost, probability); an action costs -1, 0 or 1, on average its entry of `means`."""
    rng = np.random.default_rng(0)
    for _ in range(rounds):
        action = int(rng.random() > share)
        yield action, float(np.sign(means[action]) * (rng.random() < abs(means[action]))), (share, 1 - share)[action]


def adf(options, rounds):
    """What --cb_adf predicts for the two actions, each known by a feature of its own."""
    model, lines = Workspace(f"{options} --noconstant --quiet"), ["| action=1", "| action=2"]
    for action, cost, p in rounds:
        model.learn([f"0:{cost}:{p} {line}" if i == action else line for i, line in enumerate(lines)])
    return [round(float(found), 2) for found in model.predict(lines)]


def plain(options, rounds):
    """The action, 1 or 2, that --cb chooses."""
    model = Workspace(f"--cb 2 {options} --quiet")
    for action, cost, p in rounds:
        model.learn(f"{action + 1}:{cost}:{p} | always")
    return model.predict("| always")


for means, share in (((0.6, 0.3), 0.5), ((0.6, 0.3), 0.1), ((-0.5, -0.2), 0.1)):
    rounds = list(log(means, share))
    averages = [round(float(np.mean([c for a, c, _ in rounds if a == i])), 2) for i in (0, 1)]
    found = {kind: adf(f"--cb_adf --cb_type {kind}", rounds) for kind in ("dm", "ips", "dr", "mtr")}
    chances = adf("--cb_explore_adf --epsilon 0.1 --cb_type dm", rounds)
    chosen, legacy = plain("--cb_type dm", rounds), plain("--cb_type dm --cb_force_legacy", rounds)
    print(f"share of the first {share}, average costs in the log {averages}: predicted {found}")
    print(f"  dm explores with {chances}; --cb 2 chooses {chosen}, and {legacy} with --cb_force_legacy")
    best = int(np.argmin(averages))
    shrunk = np.array(averages) * [share, 1 - share]
    assert legacy == best + 1 and all(np.argmin(found[kind]) == best for kind in ("ips", "dr", "mtr"))
    assert np.abs(found["dm"] - shrunk).max() < 0.08, "dm predicts the costs now"
    if share != 0.5:
        assert np.argmin(found["dm"]) != best and np.argmax(chances) != best, "dm chooses rightly now"
        assert chosen != best + 1, "--cb chooses rightly now"
PY
