#!/usr/bin/env bash
# Guess: in Minesweeper "the objective of the game is to reveal all cells that do not contain mines" (the prompt that GEM gives to the model): whoever
#   has done that has won, and the episode ends.
# Seen, gem-llm 0.1.0, game:Minesweeper-v0-easy (25 cells, 5 mines): with all 20 safe cells revealed nothing happens. The game asks that every mine be
#   flagged too, which the prompt does not say, and it looks only when a cell is revealed. So flags that come after the last safe cell do not end
#   it either. Nothing is left to do but to dig up a mine ("Game over!") or to wait for the turn limit. In 200 games, played with knowledge of the
#   mines: cleared without flags, 0 end; then all mines flagged, 0 end; all mines flagged *before* the last safe cell, 200 end in "Congratulations".
# Matters: good play is never told that it has won. Win rates count players who flag, not players who clear; and a model that answers "done" is given
#   -0.1, for an answer without a move.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gem-llm==0.1.0 numpy==2.4.6 nltk==3.9.1 math-verify==0.9.0 sympy==1.14.0
"$here/env/bin/python" -W ignore - <<'PY'
import gem

MINE, GAMES = -1, 200


def play(seed, order):
    """(ended as won, message, rewards so far, environment) after clearing the board, and flagging all mines, in this order."""
    env = gem.make("game:Minesweeper-v0-easy")
    env.reset(seed=seed)
    cells = [(row, column) for row in range(env.rows) for column in range(env.cols)]
    total, ended = 0, False

    def move(kind, cell):
        nonlocal total, ended
        text, reward, terminated, truncated, _ = env.step(f"\\boxed{{{kind} {cell[0]} {cell[1]}}}")
        total, ended = total + reward, terminated and not truncated
        return text

    text = move("reveal", cells[0])                                # the mines are laid now, none of them near this cell
    mines = [cell for cell in cells if env.grid[cell[0]][cell[1]] == MINE]
    for part in order:
        if part == "flag":
            for cell in mines:
                text = move("flag", cell)
        for cell in cells if part == "clear" else ():
            if not ended and cell not in mines and not env.revealed[cell[0]][cell[1]]:
                text = move("reveal", cell)
    assert all(env.revealed[row][column] for row, column in cells if (row, column) not in mines)
    return ended, text, round(total, 6), env


seen = {}
for order in (("clear",), ("clear", "flag"), ("flag", "clear")):
    games = [game for game in (play(seed, order) for seed in range(GAMES)) if game[3].turn_count < 25]
    seen[order] = won, played = sum(game[0] for game in games), len(games)
    print(f"{' then '.join(order)}: {won} of {played} games won; rewards {min(g[2] for g in games)} to {max(g[2] for g in games)}; {games[0][1]!r}")
env = play(0, ("clear",))[3]
print("all clear, and then the answer 'done':", env.step("The board is clear, I am done.")[:4])
assert all(played > GAMES / 2 for _, played in seen.values())
assert seen["flag", "clear"][0] == seen["flag", "clear"][1]
assert seen["clear",][0] == seen["clear", "flag"][0] == 0, "a cleared board is won now"
PY
