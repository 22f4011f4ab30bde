# requires: alone:openrlhf==0.11.2 alone:deepspeed==0.19.6 torch==2.13.0 numpy ray==2.60.0 transformers==5.10.4 hjson
# requires: py-cpuinfo msgpack ninja pydantic einops pylatexenc jsonlines optree peft torchdata loralib datasets
"""OpenRLHF: its advantages (compute_advantages_and_returns) and its PolicyLoss,
called with their defaults on groups of answers.

It asks for flash-attn and vLLM, which want a GPU: `openrlhf_without_gpu` stands in for them.
"""

import studies.libraries.openrlhf_without_gpu  # isort: skip  # noqa: F401
import logging
import types

import torch
from openrlhf.models.loss import PolicyLoss
from openrlhf.trainer.ppo_utils.experience import Experience
from openrlhf.trainer.ppo_utils.experience_maker import RemoteExperienceMaker

from studies.libraries.common import study

logging.disable(logging.WARNING)
torch.set_num_threads(1)


class Settings(types.SimpleNamespace):
    pass


def advantages(estimator):
    """Answers of one token each, KL zero, the reward clip of its defaults."""

    def f(rewards):
        groups, answers = rewards.shape
        count, given = groups * answers, torch.as_tensor(rewards).reshape(-1)
        maker = RemoteExperienceMaker.__new__(RemoteExperienceMaker)
        maker.args = Settings(
            algo=Settings(
                advantage=Settings(estimator=estimator, gamma=1.0, lambd=1.0, no_std_norm=False),
                kl=Settings(use_loss=False),
            ),
            rollout=Settings(n_samples_per_prompt=answers),
            reward=Settings(clip_range=(-10, 10), overlong_buffer_len=None, stop_properly_penalty_coef=None),
        )
        maker.strategy, maker.advantage_estimator, maker.kl_ctl = (
            Settings(args=maker.args),
            estimator,
            Settings(value=0.0),
        )
        zero = torch.zeros(count, 1)
        experience = Experience(
            index=list(range(count)), rewards=given, action_mask=zero + 1, kl=zero, values=zero, info={}
        )
        return maker.compute_advantages_and_returns([experience])[0].advantages[:, 0].reshape(groups, answers)

    return f


def loss(**settings):
    held = PolicyLoss(**settings)

    def f(log_probs, batch):
        A = torch.mul(batch.advantages[:, None], batch.mask)
        return held(log_probs, batch.old_log_probs, A, batch.mask)[0]

    return f


study(
    "openrlhf",
    "openrlhf",
    path="its functions, called by us; flash-attn and vLLM stood in for",
    advantages={
        name: (advantages(name), "")
        for name in ("rloo", "group_norm", "dr_grpo", "reinforce_baseline", "flash_reinforce", "reinforce")
    },
    tokens={
        "PolicyLoss": (loss(), "its defaults"),
        "PolicyLoss, token_level_loss=False": (loss(token_level_loss=False), ""),
        "PolicyLoss, policy_loss_type='gspo'": (loss(policy_loss_type="gspo"), ""),
    },
)
