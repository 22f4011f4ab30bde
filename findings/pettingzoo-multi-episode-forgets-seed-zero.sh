#!/usr/bin/env bash
# Guess: MultiEpisodeEnv and MultiEpisodeParallelEnv, which run several episodes as one "for creating evaluation environments" (their docstring),
#   give the second episode the seed after the first's, the third the next, ...: "increment ... the seed for reset" says the comment.
# Seen, PettingZoo 1.27.0, both: so it is from seed 1 on (1, 2, 3, 4). With seed 0 the episodes get 0, None, None, None: the test whether a seed
#   was given takes 0 for none. The first episode repeats, all others are new in every run.
# Matters: 0 is the seed that is written most, and an evaluation "with seed 0" of 100 episodes has 99 that nobody can repeat. Its first
#   episode, at which one looks, is the same each time; two policies are compared on different games.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check pettingzoo==1.27.0 gymnasium==1.4.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np
from pettingzoo import ParallelEnv
from pettingzoo.utils import parallel_to_aec
from pettingzoo.utils.wrappers import MultiEpisodeEnv, MultiEpisodeParallelEnv


class Draw(ParallelEnv):
    """Two agents, one step; the reward is drawn at the reset, and the seeds are written down."""

    metadata, possible_agents, render_mode = {"name": "draw"}, ["a", "b"], None

    def __init__(self):
        self.seeds = []

    def observation_space(self, agent):
        return gym.spaces.Box(0, 1, (1,), np.float32)

    def action_space(self, agent):
        return gym.spaces.Discrete(2)

    def reset(self, seed=None, options=None):
        self.seeds.append(seed)
        self.agents, self.drawn = self.possible_agents[:], np.random.default_rng(seed).random()
        return {a: np.zeros(1, np.float32) for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions):
        playing, self.agents = self.agents, []
        return (
            {a: np.zeros(1, np.float32) for a in playing},
            dict.fromkeys(playing, self.drawn),
            dict.fromkeys(playing, True),
            dict.fromkeys(playing, False),
            {a: {} for a in playing},
        )


def parallel(seed):
    """(the seeds that the game got, the rewards of "a") in four episodes."""
    game, rewards = Draw(), []
    env = MultiEpisodeParallelEnv(game, num_episodes=4)
    env.reset(seed=seed)
    while env.agents:
        rewards.append(float(env.step(dict.fromkeys(env.agents, 0))[1]["a"]))
    return game.seeds, rewards


def turns(seed):
    """The same for the wrapper of environments that act in turn."""
    game, rewards = Draw(), []
    env = MultiEpisodeEnv(parallel_to_aec(game), num_episodes=4)
    env.reset(seed=seed)
    for agent in env.agent_iter():
        _, reward, terminated, truncated, _ = env.last()
        if agent == "a" and terminated:
            rewards.append(float(reward))
        env.step(None if terminated or truncated else 0)
    return game.seeds, rewards


for run in (parallel, turns):
    (zero, first), (_, again) = run(0), run(0)
    (one, third), (_, same) = run(1), run(1)
    print(f"{run.__name__}: seed 0 gives {zero}, repeats: {[a == b for a, b in zip(first, again)]};",
          f"seed 1 gives {one}, repeats: {[a == b for a, b in zip(third, same)]}")
    assert one == [1, 2, 3, 4] and third == same and len(same) == 4
    assert zero == [0, None, None, None], "seed 0 counts on now"
    assert first[0] == again[0] and first[1:] != again[1:]
PY
