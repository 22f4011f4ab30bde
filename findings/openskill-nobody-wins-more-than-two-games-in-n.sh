#!/usr/bin/env bash
# Guess: OpenSkill's predict_win gives "the odds of each team winning" a match of two or more teams: who is sure to beat each of the others is sure to
#   win, and probabilities near 1 are possible in a match of eight as they are in a match of two.
# Seen, openskill 6.2.0, all five models: with n teams no probability is above 2/n. It is the mean of a team's chances to beat each of the others, one
#   at a time, divided by the sum of these means, and that sum is always n/2. An agent of 1,000 against others of 25 wins with 1 of 2 teams,
#   0.67 of 3, 0.5 of 4, 0.25 of 8 and 0.02 of 100; the seven others of the eight are given 0.107 each. predict_rank gives the same numbers.
#   For two teams the formula is right. Performances drawn from the normal distributions that this formula is made of, the best one wins: an
#   agent of 35 wins 0.95 of the matches against one of 25 (sigma 1 each), 0.91 against two and 0.80 against seven. predict_win says 0.95, 0.63
#   and 0.24.
# Matters: ratings of agents that play in groups (free for all, races, auctions) are judged by how well they predict: logarithmic and Brier scores and
#   calibration of such predictions are poor however good the ratings are, and the better the favourite the worse. The order of the teams is
#   kept, so a count of favourites that won does not notice.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check openskill==6.2.0 numpy==2.4.6
"$here/env/bin/python" - <<'PY'
import numpy as np
from openskill import models

rng = np.random.default_rng(0)
names = ("PlackettLuce", "BradleyTerryFull", "BradleyTerryPart", "ThurstoneMostellerFull", "ThurstoneMostellerPart")


def predicted(model, strong, n):
    """The chance that predict_win and predict_rank give an agent of `strong` among n - 1 of 25."""
    teams = [[model.rating(mu=mu, sigma=1)] for mu in [strong] + [25] * (n - 1)]
    win, rank = model.predict_win(teams), model.predict_rank(teams)
    assert abs(sum(win) - 1) < 1e-9 and np.allclose(win, [p for _, p in rank])
    return win[0]


def drawn(model, strong, n, matches=100_000):
    """The share of matches that it wins where each performs as the model's formula for two supposes, and the best performance wins."""
    performance = rng.normal([strong] + [25] * (n - 1), np.hypot(model.beta, 1), (matches, n))
    return float(np.mean(performance.argmax(1) == 0))


for name in names:
    model = getattr(models, name)()
    sure = {n: round(predicted(model, 1000, n), 3) for n in (2, 3, 4, 8, 100)}
    assert sure == {2: 1.0, 3: 0.667, 4: 0.5, 8: 0.25, 100: 0.02}, "the sure winner wins now"
print("an agent of 1,000 among others of 25, by the number of teams, all five models:", sure)
for n in (2, 3, 8):
    says, true = predicted(model, 35, n), drawn(model, 35, n)
    print(f"an agent of 35 among {n - 1} of 25: predict_win {says:.3f}, drawn {true:.3f}")
    assert (abs(says - true) < 0.01) == (n == 2), "it is right for more than two now"
assert true > 0.7 and says < 0.25
PY
