#!/usr/bin/env bash
# Guess: OpenSpiel's CorrelatedEqSolver, with which its MultiagentQLearner becomes CE-Q, gives a correlated equilibrium by default, and a *coarse*
#   one, which forbids fewer deviations, with is_cce=True ("Uses jspro._mgce and _mgcce for solving (coarse) correlated equilibrium").
# Seen, OpenSpiel 2.0.2: both branches of the condition call _mgcce, so is_cce changes nothing and the answer is always the coarse one. In 100 random
#   games of two players with three actions each, both options give the same values to the last digit in all 100; in 44 of them no correlated
#   equilibrium has these values (linear programs over all correlated equilibria give the least and the most each player can get).
#   One of these games has a single correlated equilibrium, worth 7.33 and 7 to the players; the solver says 6.44 and 6.63.
#   jpsro._mgce, which it was to call, is within the bounds in all 100.
# Matters: CE-Q's targets are these values and its policy these mixtures, so what is published as CE-Q is learned with another concept.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check open_spiel==2.0.2 numpy==2.4.6 scipy==1.17.1 cvxpy==1.9.3 nashpy==0.0.43 \
  matplotlib==3.11.2 networkx==3.6.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from open_spiel.python.algorithms.jpsro import _mgce
from open_spiel.python.algorithms.tabular_multiagent_qlearner import CorrelatedEqSolver
from scipy.optimize import linprog


def bounds(game):
    """[(least, most)] that each player gets in any correlated equilibrium of a two-player game."""
    gains = []                                                                  # of who is told i and does j: none may be above 0
    for player, payoff in enumerate(game):
        mine = np.moveaxis(payoff, player, 0)
        for i, j in np.ndindex(len(mine), len(mine)):
            gain = np.zeros_like(mine)
            gain[i] = mine[j] - mine[i]
            gains.append(np.moveaxis(gain, 0, player).ravel())
    program = {"A_ub": np.array(gains), "b_ub": np.zeros(len(gains)), "A_eq": np.ones((1, game[0].size)), "b_eq": [1]}
    return [(linprog(payoff.ravel(), **program).fun, -linprog(-payoff.ravel(), **program).fun) for payoff in game]


def outside(values, limits):
    """How far a player's value is from what any correlated equilibrium pays."""
    return max(max(low - value, value - high) for value, (low, high) in zip(values, limits))


rng = np.random.default_rng(0)
games = [rng.integers(10, size=(2, 3, 3)).astype(float) for _ in range(100)]
differ = wrong = fitting = 0
shown = False
for game in games:
    limits = bounds(game)
    mixtures, values = CorrelatedEqSolver()(game)
    coarse = CorrelatedEqSolver(is_cce=True)(game)[1]
    joint, _ = _mgce(game, [np.ones(3, dtype=np.int32)] * 2, ignore_repeats=True)
    differ += not np.array_equal(values, coarse)
    wrong += outside(values, limits) > .01
    fitting += outside([float((payoff * joint).sum()) for payoff in game], limits) < .01
    if not shown and all(high - low < 1e-6 for low, high in limits) and outside(values, limits) > .5:
        shown = True
        print("one game:", game.astype(int).tolist())
        print("  a correlated equilibrium pays", [round(low, 2) for low, _ in limits], "the solver says", [round(float(v), 2) for v in values])
print(f"of 100 games: is_cce=True differs in {differ}, the values are no correlated equilibrium's in {wrong}, _mgce's are one's in {fitting}")
assert shown and differ == 0 and 35 <= wrong <= 55 and fitting == 100, "the two options differ now"
PY
