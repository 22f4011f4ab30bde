#!/usr/bin/env bash
# Guess: EGTtools' NPlayerStagHunt(group_size, enhancement_factor, cooperation_threshold, cost) is the game of Pacheco and others (2009): k of N
#   contribute the cost c each, and if k is at least M, the sum k c is multiplied by F and shared by all N. A player who defects gets k F c / N,
#   one who cooperates c less. Twice the cost is the same game with all payoffs doubled.
# Seen, egttools 0.1.14.2: what is shared is k F / N, without c, in all groups but the one in which all cooperate, where it is F c. With N = 5, F = 4,
#   M = 2 and c = 2, a cooperator gets -0.4, 0.4, 1.2 and 6 in groups with 2, 3, 4 and 5 of them, where the formula has 1.2, 2.8, 4.4 and 6;
#   with c = 0.5 it gets 1.1, 1.9, 2.7 and 1.5: more with one defector in the group than with none. With c = 1 all is right.
#   By the formula there is no state, whatever c, in which both kinds do equally well, and defection wins. From the package's payoffs there is one
#   with c = 2, at 73 % cooperators, beyond which cooperation wins, and with c = 0.5 two, at 10 and 66 %, and the second is stable.
# Matters: for whoever varies the cost, or scales the payoffs, in a study of cooperation in groups: fixed points, gradients of selection and
#   stationary distributions that come from these payoffs are of no game of the paper, and cooperation is found where there is none.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check egttools==0.1.14.2 numpy==2.4.6 scipy==1.17.1
"$here/env/bin/python" -W ignore - <<'PY'
from math import comb

import numpy as np
from egttools.games import NPlayerStagHunt

N, F, M = 5, 4.0, 2


def paper(cost):
    """Payoffs of defectors and cooperators by the number of cooperators in the group; NaN where there is none of the kind."""
    k = np.arange(N + 1)
    share = k * F * cost / N * (k >= M)
    return np.array([np.where(k < N, share, np.nan), np.where(k > 0, share - cost, np.nan)])


def package(cost):
    payoffs = np.array(NPlayerStagHunt(N, F, M, cost).payoffs(), float)
    payoffs[0, N] = payoffs[1, 0] = np.nan
    return payoffs


def roots(payoffs):
    """Shares of cooperators inside (0, 1) at which both kinds do equally well, groups being drawn at random."""
    x = np.linspace(0.001, 0.999, 9981)
    others = np.array([comb(N - 1, k) * x**k * (1 - x) ** (N - 1 - k) for k in range(N)])
    gain = others.T @ (payoffs[1, 1:] - payoffs[0, :-1])
    return [(round(float(x[i]), 3), "stable" if gain[i] > 0 else "unstable") for i in np.flatnonzero(np.diff(np.sign(gain)))]


for cost in (1.0, 2.0, 0.5):
    seen, true = package(cost), paper(cost)
    print(f"cost {cost}: a cooperator among 1..5: EGTtools {seen[1, 1:].round(2)}, paper {true[1, 1:].round(2)};",
          f"mixed states: EGTtools {roots(seen)}, paper {roots(true)}")
    assert roots(true) == roots(paper(1.0)) and np.allclose(true, cost * paper(1.0), equal_nan=True)
    assert np.allclose(seen, true, equal_nan=True) == (cost == 1), "the share contains the cost now"
    assert np.isclose(seen[1, N], true[1, N])
    assert (roots(seen) == roots(true)) == (cost == 1)
PY
