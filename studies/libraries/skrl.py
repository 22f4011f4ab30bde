# requires: skrl==2.1.1 torch==2.13.0 numpy gymnasium
"""skrl: agents fed through act, record_transition and post_interaction, as its trainers do."""

import logging

import gymnasium as gym
import skrl
import torch
from skrl.agents.torch.a2c import A2C, A2C_CFG  # noqa: F401
from skrl.agents.torch.ppo import PPO
from skrl.memories.torch import RandomMemory
from skrl.models.torch import CategoricalMixin, DeterministicMixin, Model

from studies.libraries.common import Data, np, study, table

skrl.logger.setLevel(logging.ERROR)
torch.set_num_threads(1)


def update_of(cls, **settings):
    def update(theta, batch):
        d = Data(batch)
        spaces = dict(
            observation_space=gym.spaces.Box(0, 1, (d.K,), np.float32),
            action_space=gym.spaces.Discrete(2),
            device="cpu",
        )
        taken = []

        class Pi(CategoricalMixin, Model):
            def __init__(self):
                Model.__init__(self, **spaces)
                CategoricalMixin.__init__(self)
                self.w = torch.nn.Linear(d.K, 2, bias=False)
                self.w.weight.data = torch.tensor(table(theta))

            def compute(self, inputs, role=""):
                return self.w(inputs["observations"]), {}

            def act(self, inputs, *, role=""):
                if taken:  # while collecting: the batch's action, and its log-probability
                    inputs = dict(inputs, taken_actions=taken[0])
                return super().act(inputs, role=role)

        class V(DeterministicMixin, Model):
            def __init__(self):
                Model.__init__(self, **spaces)
                DeterministicMixin.__init__(self)
                self.w = torch.nn.Linear(d.K, 1, bias=False)
                self.w.weight.data = torch.tensor(d.V)[None]

            def compute(self, inputs, role=""):
                return self.w(inputs["observations"]), {}

        agent = cls(
            models={"policy": Pi(), "value": V()},
            memory=RandomMemory(memory_size=d.n, num_envs=1, device="cpu"),
            **spaces,
            cfg=dict(
                rollouts=d.n, mini_batches=1, discount_factor=d.gamma, gae_lambda=d.lam, grad_norm_clip=0, **settings
            ),
        )
        agent.init()
        agent.enable_training_mode(True)
        seen = []
        agent.optimizer.step = lambda *a, **k: seen.append(-agent.policy.w.weight.grad[1].double().numpy().copy())

        def row(x, kind=torch.float32):
            return torch.as_tensor(np.asarray(x), dtype=kind).reshape(1, -1)

        for k in range(d.n):
            taken[:] = [row(d.actions[k], torch.int64)]
            with torch.no_grad():  # as its trainers do
                agent.act(row(d.obs[k]), None, timestep=k, timesteps=d.n)
            action = taken.pop()
            agent.record_transition(
                observations=row(d.obs[k]),
                states=None,
                actions=action,
                rewards=row(d.rewards[k]),
                next_observations=row(d.next_obs[k]),
                next_states=None,
                terminated=row(d.terminated[k], torch.bool),
                truncated=row(d.truncated[k], torch.bool),
                infos={},
                timestep=k,
                timesteps=d.n,
            )
            agent.post_interaction(timestep=k, timesteps=d.n)
        return seen[0]

    return update


study(
    "skrl",
    "skrl",
    {
        "A2C": (update_of(A2C), "defaults; its own lambda is 0.95"),
        "PPO": (
            update_of(PPO, learning_epochs=1),
            "defaults, one minibatch; its own lambda is 0.95; time_limit_bootstrap False",
        ),
        "PPO, time_limit_bootstrap=True": (
            update_of(PPO, learning_epochs=1, time_limit_bootstrap=True),
            "the switch its documentation offers",
        ),
    },
)
