#!/usr/bin/env bash
# Guess: Tianshou's DiscreteCRR (critic regularised regression) learns the values from the rewards, and from the values a policy: the logged actions
#   imitated with weight exp(advantage / beta). The weights are numbers; where each episode is one step, the policy becomes share in the log
#   times exp(reward / beta), normalised, and the critic says what each action pays.
# Seen, Tianshou 2.0.1 with PyTorch 2.13.0, policy_improvement_mode="exp" (the default), min_q_weight=0 (without the conservative term it adds):
#   actor and critic have one loss, and the advantage in the weight is not cut off from it. So the critic is also taught to make the advantages of
#   logged actions small, and the policy too. A log where action 0 pays 0 (9 in 10) and action 1 pays 1: the critic says 0.03 and 0.76 with
#   beta 1, and 0.06 and 0.47 with beta 0.5; the policy takes action 1 in 13 % and 14 %, not much more than the log. NumPy says 23 % and 45 %.
#   With "binary", whose weights have no gradient, the critic says 0 and 1.
# Matters: a smaller beta is to trust the critic more; here it bends the critic more, and the policy stays with the log. The critic's loss, which is
#   logged, is small, so what it learned looks right. The default min_q_weight=10 bends the critic too, and hides this.
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
from tianshou.algorithm import DiscreteCRR
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, ReplayBuffer
from tianshou.utils.torch_utils import policy_within_training_step

SHARES, REWARDS = np.array([0.9, 0.1]), np.array([0.0, 1.0])


class Table(torch.nn.Module):
    """Two numbers for each of two states: values of a critic, or logits of an actor."""

    def __init__(self, actor):
        super().__init__()
        self.actor, self.cells = actor, torch.nn.Parameter(torch.zeros(2, 2))

    def forward(self, obs, state=None, info=None):
        rows = self.cells[torch.as_tensor(np.asarray(obs).ravel(), dtype=torch.long)]
        return (rows, state) if self.actor else rows


def learned(mode, beta):
    """(values, policy) of the first state after 1,500 updates from 1,000 episodes of one step."""
    torch.manual_seed(0)
    np.random.seed(0)
    buffer, actor, critic = ReplayBuffer(1000), Table(True), Table(False)
    for action in np.repeat([0, 1], (1000 * SHARES).astype(int)):
        buffer.add(Batch(obs=0, act=int(action), rew=REWARDS[action], terminated=True, truncated=False, obs_next=1, info={}))
    crr = DiscreteCRR(policy=DiscreteActorPolicy(actor=actor, action_space=gym.spaces.Discrete(2)), critic=critic, gamma=0.9, beta=beta,
                      optim=AdamOptimizerFactory(lr=0.02), policy_improvement_mode=mode, min_q_weight=0.0, target_update_freq=10)
    with policy_within_training_step(crr.policy):
        for _ in range(1500):
            crr.update(buffer, 256)
    return critic.cells[0].detach().numpy(), actor.cells[0].softmax(-1).detach().numpy()


for beta in (1.0, 0.5):
    values, policy = learned("exp", beta)
    aim = SHARES * np.exp(REWARDS / beta)
    aim /= aim.sum()
    print(f"exp, beta {beta}: values {values.round(2)}, policy {policy.round(2)}; by NumPy {REWARDS} and {aim.round(2)}")
    assert aim[1] > 0.23 and policy[1] < 0.16, "the policy follows the values now"
    assert values[1] < 0.85, "the critic is left alone now"
values, policy = learned("binary", 1.0)
print(f"binary: values {values.round(2)}")
assert np.allclose(values, REWARDS, atol=0.01)
PY
