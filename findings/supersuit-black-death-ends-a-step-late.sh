#!/usr/bin/env bash
# Guess: black_death_v3 keeps agents that have died in the game, with observations of zeros, and changes nothing for those who live to the end.
# Seen, SuperSuit 3.11.0 with PettingZoo 1.27.0, as a vector environment (pettingzoo_env_to_vec_env_v1, which asks for the wrapper if agents can
#   die): also where nobody dies early, each episode ends one step late. A game of four steps reports no end at the fourth. A fifth step
#   follows, reward 0, with terminated *and* truncated true for all, and as terminal_observation zeros in the place of the last one seen.
# Matters: a fifth of what these four steps teach is that blank step; at a time limit V of a blank screen is what comes next; and code that
#   lets truncation win over termination bootstraps every end.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check supersuit==3.11.0 pettingzoo==1.27.0 gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np
import supersuit
from pettingzoo import ParallelEnv


class Four(ParallelEnv):
    """Two agents, four steps, reward 1 each; the observation is the number of the step, 50 at the start."""

    metadata, possible_agents, render_mode = {"name": "four", "is_parallelizable": True}, ["a", "b"], None

    def observation_space(self, agent):
        return gym.spaces.Box(0, 99, (1,), np.float32)

    def action_space(self, agent):
        return gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.agents, self.t = self.possible_agents[:], 0
        return {a: np.full(1, 50, np.float32) for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions):
        self.t += 1
        playing, over = self.agents, self.t == 4
        self.agents = [] if over else playing
        return (
            {a: np.full(1, self.t, np.float32) for a in playing},
            dict.fromkeys(playing, 1.0),
            dict.fromkeys(playing, over),
            dict.fromkeys(playing, False),
            {a: {} for a in playing},
        )


def first_end(env):
    """(steps, return, terminated, truncated, terminal observation) of the first agent's first episode."""
    envs, total = supersuit.pettingzoo_env_to_vec_env_v1(env), 0.0
    envs.reset()
    for step in range(1, 9):
        _, rewards, terminated, truncated, infos = envs.step(np.zeros(2, int))
        total += float(rewards[0])
        if terminated[0] or truncated[0]:
            return step, total, bool(terminated[0]), bool(truncated[0]), float(infos[0]["terminal_observation"][0])


plain, wrapped = first_end(Four()), first_end(supersuit.black_death_v3(Four()))
print("without the wrapper:", plain, "with it:", wrapped)
assert plain == (4, 4.0, True, False, 4.0)
assert wrapped == (5, 4.0, True, True, 0.0), "the end is in its place now"
PY
