# requires: tianshou==2.0.1 torch==2.13.0
"""Tianshou: algorithms updated from its own replay buffer, which holds the batch."""

import logging

import gymnasium as gym
import torch
from tianshou.algorithm.algorithm_base import policy_within_training_step
from tianshou.algorithm.modelfree.a2c import A2C
from tianshou.algorithm.modelfree.ppo import PPO
from tianshou.algorithm.modelfree.reinforce import DiscreteActorPolicy, Reinforce
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Batch, VectorReplayBuffer

from studies.libraries.common import Data, np, study, table

logging.disable(logging.CRITICAL)
torch.set_num_threads(1)


class Net(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.w = torch.nn.Linear(weights.shape[1], len(weights), bias=False)
        self.w.weight.data = torch.tensor(weights)

    def forward(self, obs, state=None, info=None):
        y = self.w(torch.as_tensor(np.asarray(obs), dtype=torch.float32))
        return (y, state) if y.shape[-1] == 2 else y


def update_of(cls, **settings):
    def update(theta, batch):
        d = Data(batch)
        actor = Net(table(theta))
        policy = DiscreteActorPolicy(
            actor=actor, action_space=gym.spaces.Discrete(2), observation_space=gym.spaces.Box(0, 1, (d.K,))
        )
        more = {} if cls is Reinforce else dict(critic=Net(d.V[None]), gae_lambda=d.lam, max_grad_norm=None)
        algorithm = cls(policy=policy, optim=AdamOptimizerFactory(lr=0.0), gamma=d.gamma, **more, **settings)
        seen = []
        algorithm.optim._optim.step = lambda *a, **k: seen.append(-actor.w.weight.grad[1].double().numpy().copy())
        buffer = VectorReplayBuffer(d.n, 1)
        for i in range(d.n):
            buffer.add(
                Batch(
                    obs=d.obs[i : i + 1],
                    act=d.actions[i : i + 1],
                    rew=d.rewards[i : i + 1],
                    terminated=d.terminated[i : i + 1],
                    truncated=d.truncated[i : i + 1],
                    obs_next=d.next_obs[i : i + 1],
                ),
                buffer_ids=[0],
            )
        with policy_within_training_step(algorithm.policy):
            algorithm.update(buffer=buffer, batch_size=None, repeat=1)
        return seen[0]

    return update


study(
    "tianshou",
    "tianshou",
    {
        "Reinforce": (update_of(Reinforce), "defaults; it has no critic"),
        "A2C": (update_of(A2C, ent_coef=0.0), "defaults but no entropy bonus; its own lambda is 0.95"),
        "PPO": (update_of(PPO, ent_coef=0.0), "defaults but no entropy bonus, one minibatch; its own lambda is 0.95"),
    },
)
