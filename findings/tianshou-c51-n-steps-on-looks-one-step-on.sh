#!/usr/bin/env bash
# Guess: n_step_return_horizon=n of Tianshou's C51 and RainbowDQN is what it is for its DQN: n rewards, and gamma^n times what the state n steps on is
#   worth. What is learned where nothing is random is the same for every n; n decides how fast.
# Seen, Tianshou 2.0.1 with PyTorch 2.13.0: the rewards and the gamma^n are those of n steps, the distribution they shift and shrink is that of the
#   *next* state (C51._target_dist takes batch.obs_next). A corridor of ten steps that pays 1 at its last one, gamma 0.9, one action, a table
#   for a network: the first state is worth 0.9^9 = 0.387, and so say DQN with n=3 and C51 with n=1. C51 and RainbowDQN with n=3 learn 0.089.
#   Only the last n steps, whose target reaches the end, are right; before them each step back costs gamma^3 in place of gamma. The ten values are
#   those that NumPy gives for v(t) = gamma^3 v(t + 1).
# Matters: with n=3, usual for Rainbow, the discount is 0.729 in place of 0.9 far from a reward (0.970 for 0.99): the agent is told to be nearsighted,
#   and where each step pays, the first rewards are counted again and again. Nothing fails; the last states look right.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check tianshou==2.0.1 torch==2.13.0 gymnasium==1.4.0 numpy==2.4.6 numba==0.68.1 \
  pandas==2.3.3
"$here/env/bin/python" -W ignore - <<'PY'
import gymnasium as gym
import numpy as np
import torch
from tianshou.algorithm import C51, DQN, RainbowDQN
from tianshou.algorithm.modelfree.c51 import C51Policy
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, ReplayBuffer
from tianshou.utils.torch_utils import policy_within_training_step

LENGTH, GAMMA, ATOMS = 10, 0.9, 41


class Table(torch.nn.Module):
    """For each state and the one action a value, or the probabilities of the atoms."""

    def __init__(self, columns):
        super().__init__()
        self.cells = torch.nn.Parameter(torch.zeros(LENGTH + 1, 1, columns))

    def forward(self, obs, state=None, info=None):
        rows = self.cells[torch.as_tensor(np.asarray(obs).ravel(), dtype=torch.long)]
        return rows[..., 0] if rows.shape[-1] == 1 else rows.softmax(-1), state


def learned(kind, n):
    """The values of the corridor's states after 800 updates with its ten steps, ten times over."""
    torch.manual_seed(0)
    np.random.seed(0)
    buffer = ReplayBuffer(10 * LENGTH)
    for step in 10 * list(range(LENGTH)):
        last = step == LENGTH - 1
        buffer.add(Batch(obs=step, act=0, rew=float(last), terminated=last, truncated=False, obs_next=step + 1, info={}))
    action = gym.spaces.Discrete(1)
    if kind is DQN:
        policy = DiscreteQLearningPolicy(model=Table(1), action_space=action)
    else:
        policy = C51Policy(model=Table(ATOMS), action_space=action, num_atoms=ATOMS, v_min=0.0, v_max=1.0)
    algorithm = kind(policy=policy, optim=AdamOptimizerFactory(lr=0.1 if kind is DQN else 0.3), gamma=GAMMA, n_step_return_horizon=n,
                     target_update_freq=20)
    with policy_within_training_step(policy):
        for _ in range(800):
            algorithm.update(buffer, 64)
    with torch.no_grad():
        out = policy.model(np.arange(LENGTH))[0][:, 0]
        return (out if kind is DQN else (out * policy.support).sum(-1)).numpy()


true = GAMMA ** np.arange(LENGTH - 1, -1, -1)
slipped = true.copy()
for t in range(LENGTH - 4, -1, -1):
    slipped[t] = GAMMA**3 * slipped[t + 1]
seen = {(kind.__name__, n): learned(kind, n) for kind, n in ((DQN, 3), (C51, 1), (C51, 3), (RainbowDQN, 3))}
print("true values:        ", true.round(3))
print("v(t) = g^3 v(t + 1):", slipped.round(3))
for (name, n), values in seen.items():
    print(f"{name + ', n = ' + str(n) + ':':20}", values.round(3))
assert np.allclose(seen["DQN", 3], true, atol=0.005) and np.allclose(seen["C51", 1], true, atol=0.005)
assert all(np.allclose(seen[name, 3], slipped, atol=0.005) for name in ("C51", "RainbowDQN")), "the state n steps on is looked at now"
PY
