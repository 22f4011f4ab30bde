#!/usr/bin/env bash
# Guess: GEM's FifteenPuzzle asks a model to put the tiles in order, "use logic and planning to solve the puzzle", so each board can be put in order
#   by the moves it allows.
# Seen, gem-llm 0.1.0: the tiles are shuffled, and half of all orders cannot be reached by sliding. Of the 24 boards of 2 x 2 (easy) the environment's
#   own moves reach 12 from the solved one; of 2,000 new games 1,027 are of the other 12. Of 2,000 of 4 x 4 (hard), 974 have the
#   wrong parity. And 80 of the easy ones, one in 24, begin solved, which is not noticed: the first move has to spoil it.
# Matters: the best possible success rate is about one half, not 1; and half of the episodes that a policy learns from are of tasks at which all fail.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check gem-llm==0.1.0 numpy==2.4.6 nltk==3.9.1 math-verify==0.9.0 sympy==1.14.0
"$here/env/bin/python" -W ignore - <<'PY'
import gem

GAMES, MOVES = 2000, ("up", "down", "left", "right")


def flat(board):
    return tuple(tile for row in board for tile in row)


def reachable(env):
    """All boards that the environment's own step reaches from the solved one; a move can be taken back, so these are the solvable ones."""
    size = env.num_rows
    start = (*range(1, size * size), None)
    seen, new = {start}, [start]
    while new:
        board = new.pop()
        for move in MOVES:
            env.turn_count, env.board = 0, [list(board[row * size : (row + 1) * size]) for row in range(size)]
            env.step(f"\\boxed{{{move}}}")
            after = flat(env.board)
            if after not in seen:
                seen.add(after)
                new.append(after)
    return seen


def even(board):
    """Whether a board can be solved: each move swaps two places and moves the gap by one."""
    size, tiles = int(len(board) ** 0.5), [tile or len(board) for tile in board]
    swaps = sum(tiles[i] > tiles[j] for i in range(len(tiles)) for j in range(i + 1, len(tiles)))
    row, column = divmod(board.index(None), size)
    return (swaps + 2 * (size - 1) - row - column) % 2 == 0


easy, hard = gem.make("game:FifteenPuzzle-v0-easy"), gem.make("game:FifteenPuzzle-v0-hard")
solvable = reachable(gem.make("game:FifteenPuzzle-v0-easy"))
assert len(solvable) == 12 and all(map(even, solvable))
lost, solved, lost_hard = 0, 0, 0
for seed in range(GAMES):
    easy.reset(seed=seed)
    hard.reset(seed=seed)
    lost += flat(easy.board) not in solvable
    solved += flat(easy.board) == (1, 2, 3, None)
    lost_hard += not even(flat(hard.board))
    assert even(flat(easy.board)) == (flat(easy.board) in solvable)
print(f"2 x 2: {len(solvable)} of 24 boards can be solved; of {GAMES} new games {lost} cannot, {solved} are solved already")
print(f"4 x 4: of {GAMES} new games {lost_hard} cannot be solved")
assert lost > 0.4 * GAMES and lost_hard > 0.4 * GAMES, "the puzzles can be solved now"
assert solved > 0
PY
