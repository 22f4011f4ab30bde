#!/usr/bin/env bash
# Guess: QuantEcon's LogitDynamics(game) is a way to play the game; the game is read, and its payoffs are afterwards what they were.
# Seen, quantecon 0.11.4: they are not. To keep exp() small the constructor takes from each payoff the best one against the same actions of the
#   others, and does so *in place*, through a transposed view of the game's own array. A stag hunt that pays 4 for two stags, 3 for two hares, 0 to
#   the stag and 3 to the hare if they differ, pays 0, 0, -3 and -1 from then on. An array of floats given in place of a game is changed as well.
#   Who plays what stays: best responses, equilibria and the dynamics are the same, for only differences matter to them. But at each pure
#   equilibrium everybody gets 0, so stag and hare look equally good, and what a player can make sure of, 3 before, is -1. The profiles of 10,000
#   steps of the dynamics pay 2.97 on average by the game as it was, and -0.18 by the game as it is.
# Matters: whoever runs the dynamics first and then asks for payoffs, welfare or regret gets numbers of another game, and the equilibria
#   still come out right, so the game looks untouched.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check quantecon==0.11.4 numpy==2.4.6 scipy==1.17.1 numba==0.68.1
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
from quantecon.game_theory import LogitDynamics, NormalFormGame, Player, lemke_howson, pure_nash_brute

STAG_HUNT = np.array([[4.0, 0.0], [3.0, 3.0]])


def facts(game):
    """Pure equilibria, what the first player gets in them, a mixed equilibrium, and what the first player can make sure of."""
    nash = pure_nash_brute(game)
    sure = float(game.players[0].payoff_array.min(axis=1).max())
    return nash, [float(game[profile][0]) for profile in nash], np.round(lemke_howson(game)[0], 3), sure


game = NormalFormGame((Player(STAG_HUNT.copy()), Player(STAG_HUNT.copy())))
before = facts(game)
dynamics = LogitDynamics(game, beta=1.0)
after = facts(game)
print("stag hunt, equilibria, payoffs in them, one of them, maximin:")
print("  before", before)
print("  after ", after)
print("  payoffs now", game.players[0].payoff_array.tolist())
assert before[0] == after[0] and np.allclose(before[2], after[2])
assert before[1] == [4.0, 3.0] and before[3] == 3.0
assert game.players[0].payoff_array.tolist() == [[0.0, -3.0], [-1.0, 0.0]], "the game keeps its payoffs now"
assert after[1] == [0.0, 0.0]
path = dynamics.time_series(10_000, init_actions=(0, 0), random_state=0)
was, now = STAG_HUNT[path[:, 0], path[:, 1]].mean(), np.mean([game[tuple(profile)][0] for profile in path])
print(f"the dynamics pay {was:.2f} on average by the game that was made, {now:.2f} by the game that is there now")
assert was > 2.8 and now < 0
mine = STAG_HUNT.copy()
LogitDynamics(mine)
print("an array that was given:", STAG_HUNT.tolist(), "->", mine.tolist())
assert mine.tolist() == game.players[0].payoff_array.tolist()
PY
