#!/usr/bin/env bash
# Guess: in a game of OpenSpiel that Shimmy turns into a PettingZoo environment, the rewards that env.last() hands to a player add up to that
#   player's return: by its docstring AECEnv.last gives the cumulative reward, and a step sets the actor's to 0.
# Seen, Shimmy 2.0.1 with OpenSpiel 2.0.2 and PettingZoo 1.27.0: the first player gets its return, the second gets *twice* its own. Whoever wins
#   tic-tac-toe, the sums are (1, -2) or (-1, 2); in the prisoner's dilemma, where both defect, (1, 2) of (1, 1). At the end each player still has
#   one empty step to do, and `rewards` is added anew after each of them, before the next player has looked (OpenSpielCompatibilityV0.step).
#   PettingZoo's own tic-tac-toe, played by the same loop, gives (1, -1).
# Matters: games are no longer zero-sum; a self-play learner of the second seat sees a scale of its own, and a mean over seats is no longer 0.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check shimmy==2.0.1 open_spiel==2.0.2 "pettingzoo[classic]==1.27.0" \
  gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
from pettingzoo.classic import tictactoe_v3
from shimmy import OpenSpielCompatibilityV0


def sums(env, moves):
    """What env.last() hands to each player in one game, added up: the loop of PettingZoo's AEC page."""
    env.reset(seed=0)
    got, moves = dict.fromkeys(env.possible_agents, 0.0), iter(moves)
    for agent in env.agent_iter():
        _, reward, terminated, truncated, _ = env.last()
        got[agent] += reward
        env.step(None if terminated or truncated else next(moves))
    return list(got.values())


first_wins, second_wins = [0, 3, 1, 4, 2], [0, 3, 1, 4, 8, 5]                    # the top row; the middle row
seen = {}
for name, moves in (("tic_tac_toe", first_wins), ("tic_tac_toe", second_wins), ("matrix_pd", [1, 1]), ("matrix_rps", [1, 0])):
    env = OpenSpielCompatibilityV0(game_name=name)
    seen[name, moves[-1]] = got, true = sums(env, moves), env.game_state.returns()
    print(f"{name}: rewards handed out {got}, returns of the game {true}")
columns = [0, 1, 3, 4, 6]                                                       # PettingZoo counts down the columns
own = sums(tictactoe_v3.env(), columns), sums(tictactoe_v3.env(), [0, 1, 3, 4, 8, 7])
print("PettingZoo's own tic-tac-toe:", own)
assert own == ([1, -1], [-1, 1])
assert all(got == [true[0], 2 * true[1]] and true[1] for got, true in seen.values()), "each player gets its own return now"
PY
