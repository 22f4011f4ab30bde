#!/usr/bin/env bash
# Guess: RecSim's TabularQAgent "applies the standard Q-learning update" and comes close to the true Q-function; to make true Q-functions is its "main
#   intended use" (its docstring). Its end_episode is given the last reward, and the update of the last step has nothing to add to that.
# Seen, RecSim 0.2.4, called as RecSim's own runner calls an agent: end_episode throws the last reward away, and no update is made for the last step.
#   Of two documents one pays 1, the other 0, an episode is one choice: after 2,000 episodes the table is empty, and the agent shows the first
#   document. Episodes of two choices, 1 for the right one at each: the first is worth 1 and 0 (1.9 and 0.9 is right, gamma 0.9), and of the second
#   the agent knows nothing. Q-learning written out, on the same steps, gives 1 and 0 for the last choice and 1.9 and 0.9 before it.
# Matters: values of sessions come out too low by what their last step brings, and a reward at the end only (a purchase, a session that was good) is
#   never learned at all. What other agents are compared with is not the true Q-function.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check absl-py==2.3.1 six==1.17.0 scipy==1.14.1 gym==0.26.2 numpy==1.26.4
# RecSim's neural agents, not used here, need TensorFlow and Dopamine; without them:
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps recsim==0.2.4
"$here/env/bin/python" -W ignore - <<'PY'
import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
from gym import spaces

# recsim.agents imports all of its agents, TensorFlow's too: an empty package in its place lets in the one that is wanted.
package = types.ModuleType("recsim.agents")
package.__path__ = [str(Path(importlib.util.find_spec("recsim").origin).parent / "agents")]
sys.modules["recsim.agents"] = package
from recsim.agents.tabular_q_agent import TabularQAgent

GAMMA, RATE, EPISODES, GOOD = 0.9, 0.1, 2000, 1


def observe(step):
    return {"user": step, "doc": {"a": 0, "b": 1}, "response": None}


def train(length):
    """(agent, Q-learning written out) after the same steps; document 1 pays 1, document 0 pays 0."""
    np.random.seed(0)
    documents = spaces.Dict({name: spaces.Discrete(2) for name in "ab"})
    space = spaces.Dict({"user": spaces.Discrete(length + 1), "doc": documents, "response": spaces.Tuple([spaces.Discrete(2)])})
    agent = TabularQAgent(space, spaces.MultiDiscrete([2]), gamma=GAMMA, learning_rate=RATE, exploration_temperature=0.9999)
    table = np.zeros((length + 1, 2))                              # its last row, after the end, stays 0
    for _ in range(EPISODES):
        slate = agent.begin_episode(observe(0))
        for step in range(length):
            reward = float(slate[0] == GOOD)
            table[step, slate[0]] += RATE * (reward + GAMMA * table[step + 1].max() - table[step, slate[0]])
            if step + 1 < length:
                slate = agent.step(reward, observe(step + 1))
        agent.end_episode(reward, observe(length))
    return agent, table[:length]


seen = {}
for length in (1, 2):
    agent, table = train(length)
    found = agent.bundle_and_checkpoint("", 0)["q_value_table"]
    seen[length] = sorted(round(value, 2) for value in found.values()), table.round(2).tolist()
    print(f"episodes of {length}: the agent's values {found}, Q-learning's {seen[length][1]}")
assert np.allclose(seen[2][1], [[0.9, 1.9], [0, 1]], atol=0.01) and np.allclose(seen[1][1], [[0, 1]], atol=0.01)
assert seen[1][0] == [] and np.allclose(seen[2][0], [0, 1], atol=0.01), "the last reward is learned from now"
PY
