#!/usr/bin/env bash
# Guess: an agent without a critic gives a path that a time limit has cut its own rewards, and nothing for what would have followed.
# Seen, XuanCe 1.4.4, PG as its CartPole file configures it (but rewards not scaled): the *last reward* stands for the value of what follows
#   (PG_Agent.get_terminated_values), discounted once. A game of two steps pays 1 for the first and 3 for the second; gamma is .98. If it *ends* there, the
#   returns are 3.94 and 3. If a limit *cuts* it there, they are 6.82 and 5.94. Where a full rollout cuts a longer episode it is the same.
#   Its A2C and PPO ask their critic, as one would.
# Matters: where all rewards are 1, as on CartPole, a cut is worth one step more and nothing shows. A game that pays at its limit
#   counts that pay nearly twice, and against a reward on the way there the order of two policies can turn round.
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
from xuance.torch.agents import PG_Agent


class Two(RawEnvironment):
    """Two steps that pay 1 and 3, whatever is done. The observation is the number of the step."""

    def __init__(self, config):
        super().__init__()
        self.cut, self.t = config.cut, 0
        self.observation_space, self.action_space = gym.spaces.Box(0, 2, (1,), np.float32), gym.spaces.Discrete(2)
        self.max_episode_steps = 2

    def reset(self, **more):
        self.t = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.t += 1
        over = self.t == 2
        return np.full(1, self.t, np.float32), 3.0 if over else 1.0, over and not self.cut, over and self.cut, {}

    def render(self, *more): ...

    def close(self): ...


REGISTRY_ENV["Two"] = Two


def returns(cut):
    """What its buffer holds for the first episode."""
    config = get_arguments("pg", "classic_control", "CartPole-v1")
    vars(config).update(env_name="Two", cut=cut, render=False, use_rewnorm=False)
    agent = PG_Agent(config, make_envs(config))
    agent.train(4)
    return [round(float(x), 2) for x in agent.memory.returns[0, :2]]


ends, cut = returns(False), returns(True)
print("returns, if it ends there:", ends, "if a limit cuts it there:", cut)
assert ends == [round(1 + 0.98 * 3, 2), 3]
assert cut == [round(1 + 0.98 * (3 + 0.98 * 3), 2), round(3 + 0.98 * 3, 2)]
PY
