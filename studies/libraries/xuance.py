# requires: xuance==1.4.4 torch==2.13.0
"""XuanCe: its learners updated from its own on-policy buffer, as its agents fill it (finish_path with V where a path was cut)."""

import sys
from pathlib import Path

sys.path.pop(0)  # this file is named like the library
sys.path.append(str(Path(__file__).resolve().parent))
from argparse import Namespace  # noqa: E402

import gymnasium as gym  # noqa: E402
import torch  # noqa: E402
from common import Data, np, study, table  # noqa: E402
from xuance.common.memory_tools import DummyOnPolicyBuffer  # noqa: E402
from xuance.torch.learners.policy_gradient.a2c_learner import A2C_Learner  # noqa: E402
from xuance.torch.learners.policy_gradient.pg_learner import PG_Learner  # noqa: E402
from xuance.torch.learners.policy_gradient.ppo_learner import PPO_Learner  # noqa: E402

torch.set_num_threads(1)


class Dist:
    def __init__(self, logits):
        self.d = torch.distributions.Categorical(logits=logits)

    def log_prob(self, action):
        return self.d.log_prob(action)

    def entropy(self):
        return self.d.entropy()


class Policy(torch.nn.Module):
    def __init__(self, theta, V):
        super().__init__()
        self.w, self.v = torch.nn.Linear(len(theta), 2, bias=False), torch.nn.Linear(len(theta), 1, bias=False)
        self.w.weight.data, self.v.weight.data = torch.tensor(table(theta)), torch.tensor(V)[None]

    def forward(self, obs):
        return {}, Dist(self.w(obs.float())), self.v(obs.float())[..., 0]


class Nothing:
    def __getattr__(self, name):
        return lambda *a, **k: {}


def update_of(Learner, **settings):
    def update(theta, batch):
        d = Data(batch)
        policy, seen = Policy(theta, d.V), []
        with torch.no_grad():
            log_probs = Dist(policy.w(torch.tensor(d.obs))).log_prob(torch.tensor(d.actions)).numpy()
        buffer = DummyOnPolicyBuffer(
            gym.spaces.Box(0, 1, (d.K,)),
            gym.spaces.Discrete(2),
            {"old_logp": ()},
            1,
            d.n,
            gamma=d.gamma,
            **dict(dict(gae_lam=d.lam), **settings),
        )
        for i in range(d.n):
            buffer.store(
                d.obs[i : i + 1],
                d.actions[i : i + 1],
                d.rewards[i : i + 1],
                d.V[d.ids[i : i + 1]],
                d.terminated[i : i + 1],
                {"old_logp": log_probs[i : i + 1]},
            )
            if d.terminated[i] or d.truncated[i] or i == d.n - 1:
                buffer.finish_path(0.0 if d.terminated[i] else float(d.V[d.next_ids[i]]), 0)
        settings_of_learner = Namespace(
            distributed_training=False,
            episode_length=d.n,
            learning_rate=0.0,
            gamma=d.gamma,
            device="cpu",
            model_dir=".",
            use_grad_clip=False,
            grad_clip_norm=0.5,
            running_steps=100 * d.n,
            parallels=1,
            horizon_size=d.n,
            n_epochs=1,
            n_minibatch=1,
            ent_coef=0.0,
            vf_coef=0.25,
            clip_range=0.2,
            use_linear_lr_decay=False,
        )
        learner = Learner(settings_of_learner, policy, Nothing())
        learner.optimizer.step = lambda *a, **k: seen.append(-policy.w.weight.grad[1].double().numpy().copy())
        learner.update(**buffer.sample(np.arange(d.n)))
        return seen[0]

    return update


study(
    "xuance",
    "xuance",
    {
        "PG": (
            update_of(PG_Learner, use_gae=False, use_advnorm=False),
            "as its CartPole file configures it; where its agent cuts a path it takes the last reward for V, here it gets V",
        ),
        "A2C": (update_of(A2C_Learner), "defaults but no entropy bonus; its own lambda is 0.95"),
        "PPO": (update_of(PPO_Learner), "defaults but no entropy bonus; its own lambda is 0.95"),
        "A2C, use_gae=False": (
            update_of(A2C_Learner, use_gae=False, use_advnorm=False),
            "the switch, without normalisation",
        ),
    },
    path="its buffer and its learners, filled by us as its agents do",
)
