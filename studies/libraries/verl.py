# requires: alone:verl==0.9.1 torch==2.13.0 numpy ray==2.60.0 transformers==5.10.4 tensordict==0.10.0
# requires: omegaconf==2.3.0 codetiming
"""verl: its advantage estimators and policy losses, called with their defaults on groups of answers. Its trainer wants
a cluster and a GPU."""

import logging

import torch
import verl.trainer.ppo.core_algos as core
from verl.trainer.config import AlgoConfig
from verl.workers.config import ActorConfig

from studies.libraries.common import np, study

logging.disable(logging.WARNING)
torch.set_num_threads(1)


def advantages(name, **settings):
    """Answers of one token, which holds the reward, in single precision."""

    def f(rewards):
        groups, answers = rewards.shape
        scores = torch.as_tensor(rewards).reshape(-1, 1)
        mask = torch.ones_like(scores)
        estimate, index = core.get_adv_estimator_fn(name), np.repeat(np.arange(groups), answers)
        config = AlgoConfig(gamma=1.0, lam=1.0)
        out = estimate(token_level_rewards=scores, response_mask=mask, index=index, config=config, **settings)[0]
        return out[:, 0].reshape(groups, answers)

    return f


def loss(name, mode="token-mean", kl=False):
    config = ActorConfig(strategy="fsdp", rollout_n=1, ppo_micro_batch_size_per_gpu=1, use_dynamic_bsz=False)

    def f(log_probs, batch):
        A = torch.mul(batch.advantages[:, None], batch.mask)
        out = core.get_policy_loss_fn(name)(batch.old_log_probs, log_probs, A, batch.mask, mode, config)[0]
        if kl:
            each = core.kl_penalty(log_probs, batch.ref_log_probs, config.kl_loss_type)
            out = out + config.kl_loss_coef * core.agg_loss(each, batch.mask, mode)
        return out

    return f


study(
    "verl",
    "verl",
    path="its functions, called by us",
    advantages={
        "grpo": (advantages("grpo"), "its defaults"),
        "grpo, norm_adv_by_std_in_grpo=False": (advantages("grpo", norm_adv_by_std_in_grpo=False), ""),
        "rloo": (advantages("rloo"), ""),
        "rloo_vectorized": (advantages("rloo_vectorized"), ""),
        "reinforce_plus_plus_baseline": (advantages("reinforce_plus_plus_baseline"), ""),
    },
    tokens={
        "vanilla": (loss("vanilla"), "its defaults, token-mean"),
        "vanilla, seq-mean-token-sum": (loss("vanilla", "seq-mean-token-sum"), ""),
        "vanilla, seq-mean-token-mean": (loss("vanilla", "seq-mean-token-mean"), ""),
        "vanilla, use_kl_loss=True": (loss("vanilla", kl=True), "its default kind and coefficient"),
        "gspo": (loss("gspo"), "token-mean is asked for"),
        "geo_mean, seq-mean-token-sum": (loss("geo_mean", "seq-mean-token-sum"), "that aggregation is asked for"),
        "sapo, seq-mean-token-sum": (loss("sapo", "seq-mean-token-sum"), "that aggregation is asked for"),
    },
)
