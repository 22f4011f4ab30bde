#!/usr/bin/env bash
# Guess: JumanjiToGymWrapper says terminated where the game is over (discount 0), and truncated where only the time is.
# Seen, Jumanji 1.1.2 with Gymnasium 1.4.0: truncated is true at *every* last step. A snake that runs into the wall is terminated and truncated.
#   And in its maze running out of time has discount 0 as well: also terminated and truncated. So both kinds of end look the same,
#   and the same as the rare step at which an episode ends in its last permitted moment.
# Matters: libraries differ in which flag wins. Where truncation does, every death is bootstrapped.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check jumanji==1.1.2 gymnasium==1.4.0 jax==0.10.2 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
from jumanji.environments import Maze, Snake
from jumanji.wrappers import JumanjiToGymWrapper


def end(env, action):
    """(steps, terminated, truncated) of an episode in which one action is repeated."""
    env = JumanjiToGymWrapper(env)
    env.reset(seed=0)
    for step in range(1, 100):
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            return step, terminated, truncated


wall, time = end(Snake(num_rows=6, num_cols=6, time_limit=90), 0), end(Maze(time_limit=4), 0)
print("a snake straight into the wall:", wall, "| a maze, cut after four steps:", time)
assert wall[0] <= 6 and wall[1:] == (True, True), "a death is no truncation now"
assert time == (4, True, True)
PY
