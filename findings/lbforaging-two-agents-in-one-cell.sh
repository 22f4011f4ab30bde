#!/usr/bin/env bash
# Guess: in level-based foraging a cell holds one agent. Whoever wants to go where another stands or wants to go stays where it is; "if two or more
#   players try to move to the same location they all fail", says the environment's comment.
# Seen, lbforaging 2.0.0 with Gymnasium 1.4.0: who asks for the cell of an agent that *tries* to leave it gets it, also when that one fails and stays.
#   Three agents on a 5x5 field, random actions, 300 episodes of at most 50 steps: in 19 episodes two agents come to stand in one cell;
#   with five agents in 123; on 8x8 with eight agents in 117. An agent that stands still keeps its cell to itself.
# Matters: agents that crowd round food, which the game is about, walk into each other. With two agents it cannot happen, so what was learned or
#   modelled of the rules with two is wrong with three.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check lbforaging==2.0.0 gymnasium==1.4.0 numpy==2.4.6 pyglet==1.5.31
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import lbforaging  # noqa: F401 (registers the games)
import numpy as np
from lbforaging.foraging.environment import Action

TOWARDS = {Action.NORTH: (-1, 0), Action.SOUTH: (1, 0), Action.WEST: (0, -1), Action.EAST: (0, 1)}


def cells(env):
    return [tuple(int(part) for part in player.position) for player in env.players]


def crowded(name, episodes=300):
    """(episodes with two agents in one cell, whether each first such step was a move into the cell of one that wanted to leave)."""
    env, rng, found, explained = gym.make(name, disable_env_checker=True).unwrapped, np.random.default_rng(0), 0, True
    for seed in range(episodes):
        env.reset(seed=seed)
        done = shared = False
        while not done:
            before = cells(env)
            actions = [int(action) for action in rng.integers(0, 6, env.n_agents)]
            _, _, done, _, _ = env.step(actions)
            after = cells(env)
            if not shared and len(set(after)) < len(after):
                shared, cell = True, next(cell for cell in after if after.count(cell) > 1)
                stayed = before.index(cell)
                explained &= after[stayed] == cell and Action(actions[stayed]) in TOWARDS
                if not found:
                    print(f"  before {before}, actions {[Action(action).name for action in actions]}, after {after}")
        found += shared
    return found, explained


seen = {}
for name in ("Foraging-8x8-2p-1f-v3", "Foraging-5x5-3p-1f-v3", "Foraging-5x5-5p-1f-v3", "Foraging-8x8-8p-1f-v3"):
    seen[name] = crowded(name)
    print(f"{name}: two agents in one cell in {seen[name][0]} of 300 episodes")
assert seen.pop("Foraging-8x8-2p-1f-v3") == (0, True)
assert all(explained for _, explained in seen.values())
assert all(found > 5 for found, _ in seen.values()), "a cell holds one agent now"
PY
