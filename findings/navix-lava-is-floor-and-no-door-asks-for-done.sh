#!/usr/bin/env bash
# Guess: Navix's environments, "a drop-in replacement for the official MiniGrid environments" (its page of supported ones), end and pay where
#   MiniGrid's do: lava ends an episode, and GoToDoor, "terminates with a `done` action next to a certain door", waits for that action.
# Seen, Navix 0.7.4 beside MiniGrid 3.2.0. DistShift1, six times forward: MiniGrid ends at the second step, in the lava, with 0. Navix walks through
#   all three fields of lava, straight to the goal, and is paid 1: of the task that is there for its lava, lava is the shortest way. (The state
#   notes the fall; DistShift's termination function looks at the goal only. LavaGap's looks at both.)
#   GoToDoor-5x5, a random policy that only turns and walks, 200 episodes: MiniGrid pays in none of them, Navix in most. Whoever happens to
#   *face* the right door is paid and done; rewards.on_door_done and terminations.on_door_done are given the action and do not look at it.
# And: rewards.wall_hit_cost, by its docstring -cost for a hit, is +cost, and not only for the hit: events are kept for the rest of the episode,
#   so after one hit every step is paid.
# Matters: these are other tasks than those whose names they have, and easier; a score from Navix beside one from MiniGrid compares nothing.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip minigrid==3.2.0 gymnasium==1.4.0 jax==0.10.2 flax==0.12.8 distrax==0.1.9 rlax==0.1.9 gymnax==0.0.9 wandb==0.31.0 tyro==1.0.17 numpy==2.4.6
pip --no-deps navix==0.7.4                                                      # it asks for linters and formatters, too
JAX_PLATFORMS=cpu "$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import jax
import minigrid                                                                 # registers MiniGrid's environments
import navix
import numpy as np
from navix import rewards


class Navix:
    """Navix through MiniGrid's interface, as far as it is needed here."""

    def __init__(self, name, **more):
        env = navix.make(name, **more)
        self.first, self.next = jax.jit(env.reset), jax.jit(env.step)

    def reset(self, seed):
        self.now = self.first(jax.random.PRNGKey(seed))

    def step(self, action):
        self.now = self.next(self.now, action)
        return None, float(self.now.reward), bool(self.now.is_termination()), bool(self.now.is_truncation()), {}


def play(env, actions, seed=0):
    """(reward, terminated, truncated) of each step, up to an end."""
    env.reset(seed=seed)
    steps = []
    for action in actions:
        steps.append(env.step(action)[1:4])
        if any(steps[-1][1:]):
            break
    return steps


left, right, forward = 0, 1, 2
pair = [play(gym.make("MiniGrid-DistShift1-v0"), [forward] * 6), play(Navix("Navix-DistShift1-v0"), [forward] * 6)]
print("DistShift1, MiniGrid:", pair[0])
print("DistShift1, Navix:   ", pair[1])
assert pair[0] == [(0, False, False), (0, True, False)]
assert pair[1] == [(0, False, False)] * 5 + [(1, True, False)], "lava ends an episode now"

moves = np.random.default_rng(0).integers(left, forward + 1, size=(200, 101)).tolist()
paid = []
for env in (gym.make("MiniGrid-GoToDoor-5x5-v0"), Navix("Navix-GoToDoor-5x5-v0")):
    paid.append(sum(play(env, moves[seed], seed)[-1][0] > 0 for seed in range(200)))
print("GoToDoor, never done: paid in", paid, "of 200 episodes (MiniGrid, Navix)")
assert paid[0] == 0 and paid[1] > 100, "the door asks for done now"

walls = Navix("Navix-Empty-5x5-v0", reward_fn=rewards.wall_hit_cost)
costs = [round(reward, 6) for reward, *_ in play(walls, [left, forward, left, left, left, left])]
print("wall_hit_cost, one hit at the second step:", costs)
assert costs == [0, 0.01, 0.01, 0.01, 0.01, 0.01], "a hit is a cost, and once, now"
PY
