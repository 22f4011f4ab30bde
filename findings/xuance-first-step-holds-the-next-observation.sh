#!/usr/bin/env bash
# Guess: an agent's buffer holds, with each action, the observation in which it was taken.
# Seen, XuanCe 1.4.4 (DQN and PPO, classes and settings of its CartPole files; the game counts its own steps): in the first step of each call of
#   `train` the stored observation is the one *after* the action, in every parallel environment. The loop begins with `obs = train_envs.buf_obs`,
#   the vector environment's own array, which `step` writes over before the transition is stored. With use_obsnorm=True the observation is a copy
#   and all is well: so for PPO as configured for CartPole, and not for DQN, whose files switch it off.
# Matters: little. One transition in each environment for each call of `train`: one in a training, one per evaluation in a benchmark. DQN
#   learns there that the action led nowhere (obs equals next_obs); PPO divides probabilities of two observations. It spoils exact tests,
#   and a loop that calls train(1), where every step is such a first one. `obs = train_envs.buf_obs.copy()` mends it.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check xuance==1.4.4 torch==2.13.0
"$here/env/bin/python" -W ignore - 2> "$here/progress" <<'PY' || { tail -n 5 "$here/progress"; exit 1; }
import gymnasium as gym
import numpy as np
from xuance import get_arguments, make_envs
from xuance.environment import REGISTRY_ENV, RawEnvironment
from xuance.torch.agents import DQN_Agent, PPO_Agent


class Counts(RawEnvironment):
    """The observation is the number of steps since the start; nothing ends."""

    def __init__(self, config):
        super().__init__()
        self.observation_space, self.action_space = gym.spaces.Box(0, 99, (1,), np.float32), gym.spaces.Discrete(2)
        self.max_episode_steps, self.t = 99, 0

    def reset(self, **more):
        return np.full(1, self.t, np.float32), {}

    def step(self, action):
        self.t += 1
        return np.full(1, self.t, np.float32), 0.0, False, False, {}

    def render(self, *more): ...

    def close(self): ...


REGISTRY_ENV["Counts"] = Counts


def stored(agent, calls, **settings):
    """The observations that the buffer holds after two calls of `train`."""
    config = get_arguments(agent.__name__.removesuffix("_Agent").lower(), "classic_control", "CartPole-v1")
    vars(config).update(env_name="Counts", parallels=2, render=False, **settings)
    made = agent(config, make_envs(config))
    for steps in calls:
        made.train(steps)
    held = made.memory.observations[:, : sum(calls), 0]
    assert (held[0] == held[1]).all()
    return held[0].tolist()


seen = {
    "DQN, as configured": stored(DQN_Agent, (4, 3)),
    "PPO, use_obsnorm=False": stored(PPO_Agent, (4, 3), use_obsnorm=False),
    "PPO, use_obsnorm=False, train(1) each time": stored(PPO_Agent, (1,) * 7, use_obsnorm=False),
}
for name, observations in seen.items():
    print(name, observations)
# right is 0 to 6
assert list(seen.values()) == [[1, 1, 2, 3, 5, 5, 6], [1, 1, 2, 3, 5, 5, 6], [1, 2, 3, 4, 5, 6, 7]]

normalised = stored(PPO_Agent, (4, 3), use_obsnorm=True, obsnorm_range=1e9)
print("PPO, use_obsnorm=True, as configured", np.round(normalised, 2).tolist())
assert len(set(normalised)) == 7 and normalised[0] == 0  # the first one is the start, not the step after it
PY
