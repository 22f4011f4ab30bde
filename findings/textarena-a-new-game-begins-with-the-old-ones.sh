#!/usr/bin/env bash
# Guess: reset begins a new game of TextArena: the first observation is what a newly made environment with the same seed shows.
# Seen, TextArena 0.7.4, as ta.make gives its games: the wrapper that writes the observations as one text keeps all it has ever seen. After reset
#   the text begins with the games before, their moves and hints, with nothing to say that they are over; the second game of
#   Guess The Number, Mastermind, TicTacToe, Nim and Sudoku shows two prompts, the third three. The versions "-train" of the first two
#   do the same; of the last three they show one prompt and the current board, as they should.
#   A player who halves the range by the hints it reads, and gives up where they leave no number, finds it in each of 50 games if each has its
#   own environment: mean reward 1. In one environment with a reset before each game it is found in 1 of 50, the first: mean reward 0.03.
#   And reset(seed=...) does not decide the deal of Kuhn poker: the deck goes on as the last game left it. The same seed three times: three deals.
# Matters: a model is judged, and trained, on hints about another number and on moves of another board, in a text that grows with every game. In
#   Kuhn poker it is told two cards in the second game, "Your card is", and only the last of them is its own.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check textarena==0.7.4 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
import re

import textarena as ta

HINT = re.compile(r"\[(\d+)\]\s*\[GAME\] The target number is (higher|lower)|\[(\d+)\]\s*The target number is (higher|lower)")


def first_text(env, players, seed):
    env.reset(num_players=players, seed=seed)
    return env.get_observation()[1]


for game, players in (("GuessTheNumber-v0", 1), ("Mastermind-v0", 1), ("TicTacToe-v0", 2), ("Nim-v0", 2), ("Sudoku-v0", 1)):
    for name in (game, game + "-train"):
        env = ta.make(name)
        texts = [first_text(env, players, seed) for seed in (1, 2, 3)]
        fresh = [first_text(ta.make(name), players, seed) for seed in (1, 2, 3)]
        kept = [text == "".join(fresh[: number + 1]) for number, text in enumerate(texts)]
        lengths = [len(text) for text in texts], [len(text) for text in fresh]
        print(f"{name}: lengths {lengths[0]}, in new environments {lengths[1]}, all games before are in it: {all(kept)}")
        if name.endswith("-train") and game not in ("GuessTheNumber-v0", "Mastermind-v0"):
            assert texts == fresh
        else:
            assert all(kept), "a reset clears the text now"


def play(env, seed):
    """The reward of a player who takes the middle of what the hints leave, and gives up where they leave nothing."""
    env.reset(num_players=1, seed=seed)
    done = False
    while not done:
        _, text = env.get_observation()
        low, high = 1, 20
        for match in HINT.finditer(text):
            number, hint = [part for part in match.groups() if part]
            low, high = (max(low, int(number) + 1), high) if hint == "higher" else (low, min(high, int(number) - 1))
        done, _ = env.step(f"[{(low + high) // 2}]" if low <= high else "I give up")
    return env.close()[0][0]


shared = ta.make("GuessTheNumber-v0")
alone, together = [play(ta.make("GuessTheNumber-v0"), seed) for seed in range(50)], [play(shared, seed) for seed in range(50)]
for name, rewards in (("an environment for each game", alone), ("one environment", together)):
    print(f"{name}: {sum(reward == 1 for reward in rewards)} of 50 found, mean reward {sum(rewards) / 50:.2f}")
assert all(reward == 1 for reward in alone)
assert sum(reward == 1 for reward in together) < 10

kuhn, deals = ta.make("KuhnPoker-v0"), []
for _ in range(3):
    kuhn.reset(num_players=2, seed=2)
    text = kuhn.get_observation()[1]
    told = re.findall(r"Your card is: '(.)'", text)
    deals.append(tuple(kuhn.state.game_state["player_cards"].values()))
    print(f"Kuhn poker, seed 2: dealt {deals[-1]}, the player to move reads of {told}")
    assert len(told) == len(deals)
assert len(set(deals)) == 3
PY
