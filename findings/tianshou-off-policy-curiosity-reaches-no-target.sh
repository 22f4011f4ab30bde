#!/usr/bin/env bash
# Guess: Tianshou's ICMOffPolicyWrapper makes a DQN curious: the prediction error of the curiosity module, times reward_scale, is added to the
#   rewards of the environment, and the more of it, the more what is learned differs; reward_scale=0 "effectively disables" it (its docstring).
# Seen, Tianshou 2.0.1 with PyTorch 2.13.0: it is added to the rewards of the sampled *batch*, but the targets are made of those in the *buffer*
#   (compute_nstep_return), which never see it. After 50 updates from one buffer the DQN's weights are the same to the last bit for
#   reward_scale 0, 1 and 1000, and the targets of a batch whose rewards have grown by up to 2,500 are those of the environment's rewards alone.
#   The same module around REINFORCE (ICMOnPolicyWrapper) does reach the returns: there the three runs give three networks.
# Matters: the curiosity module itself learns, its losses fall and are logged, so everything looks alive; the agent explores exactly as a plain DQN
#   does, and whoever tunes reward_scale, or compares curiosity with none, compares one seed of the same agent with another.
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
from tianshou.algorithm import DQN, Reinforce
from tianshou.algorithm.modelbased.icm import ICMOffPolicyWrapper, ICMOnPolicyWrapper
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, ReplayBuffer
from tianshou.utils.net.discrete import IntrinsicCuriosityModule
from tianshou.utils.torch_utils import policy_within_training_step


class Linear(torch.nn.Module):
    """Two numbers for each observation of four."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 2)

    def forward(self, obs, state=None, info=None):
        return self.layer(torch.as_tensor(np.asarray(obs), dtype=torch.float32)), state


def filled():
    """Five episodes of ten random steps."""
    buffer, rng = ReplayBuffer(50), np.random.default_rng(0)
    for t in range(50):
        before, after = rng.normal(size=(2, 4)).astype(np.float32)
        buffer.add(Batch(obs=before, act=int(rng.integers(2)), rew=float(rng.normal()), terminated=t % 10 == 9, truncated=False,
                         obs_next=after, info={}))
    return buffer


def curious(off_policy, scale):
    """(algorithm, its network): a DQN or a REINFORCE with a curiosity module, from one and the same start."""
    torch.manual_seed(0)
    np.random.seed(0)
    net, actions, adam = Linear(), gym.spaces.Discrete(2), AdamOptimizerFactory(lr=0.01)
    if off_policy:
        inner = DQN(policy=DiscreteQLearningPolicy(model=net, action_space=actions), optim=adam, gamma=0.9, target_update_freq=5)
    else:
        inner = Reinforce(policy=DiscreteActorPolicy(actor=net, action_space=actions), optim=adam, gamma=0.9)
    module = IntrinsicCuriosityModule(feature_net=torch.nn.Linear(4, 3), feature_dim=3, action_dim=2, hidden_sizes=[8])
    wrapper = ICMOffPolicyWrapper if off_policy else ICMOnPolicyWrapper
    return wrapper(wrapped_algorithm=inner, model=module, optim=adam, lr_scale=1.0, reward_scale=scale, forward_loss_weight=0.2), net


def trained(off_policy, scale):
    """(the network's weights after 50 updates, the curiosity module's first and last loss)."""
    algorithm, net = curious(off_policy, scale)
    buffer, losses = filled(), []
    with policy_within_training_step(algorithm.policy):
        for _ in range(50):
            stats = algorithm.update(buffer, 16) if off_policy else algorithm.update(buffer, batch_size=16, repeat=1)
            losses.append(stats.icm_loss)
    return net.layer.weight.detach().numpy().copy(), losses[0], losses[-1]


dqn, reinforce = ([trained(off_policy, scale) for scale in (0.0, 1.0, 1000.0)] for off_policy in (True, False))
for name, runs in (("DQN", dqn), ("REINFORCE", reinforce)):
    print(f"{name}: first row of weights for reward_scale 0, 1, 1000:", *(weights[0].round(4) for weights, _, _ in runs))
print("loss of the DQN's curiosity module, first and last:", *(round(loss, 3) for loss in dqn[2][1:]))

algorithm, net = curious(True, 1000.0)
buffer, indices = filled(), np.arange(9, 50, 10)                               # the last step of each episode: the target is its reward
batch = algorithm._preprocess_batch(buffer[indices], buffer, indices)
print("last steps, reward of the environment:", buffer.rew[indices].round(2))
print("last steps, reward with curiosity:    ", batch.rew.round(2))
print("last steps, target:                   ", batch.returns.numpy().ravel().round(2))
assert (batch.rew > buffer.rew[indices] + 10).all()
assert np.allclose(batch.returns.numpy().ravel(), buffer.rew[indices]), "curiosity is in the target now"
assert all(np.array_equal(dqn[0][0], run[0]) for run in dqn), "reward_scale matters to the DQN now"
assert not any(np.allclose(reinforce[0][0], run[0], atol=1e-4) for run in reinforce[1:]) and dqn[2][2] < dqn[2][1]
PY
