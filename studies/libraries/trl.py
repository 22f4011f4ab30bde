# requires: trl==1.16.0 transformers==5.24.0 torch==2.13.0 numpy
"""TRL: real GRPOTrainer and RLOOTrainer on a transformer of a few hundred parameters. Its scoring gives the advantages, its compute_loss the loss.

What is drawn is handed in, and so are the log-probabilities that the loss is taken of; all else is the trainer's.
"""

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

sys.path.pop(0)  # this file is named like the library
sys.path.append(str(Path(__file__).resolve().parent))
os.environ |= {"HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
import logging  # noqa: E402

import torch  # noqa: E402
from common import study  # noqa: E402
from datasets import Dataset  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast  # noqa: E402
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer  # noqa: E402

logging.disable(logging.WARNING)
torch.set_num_threads(1)
words = Tokenizer(models.WordLevel({"a": 0, "b": 1, "<eos>": 2, "q": 3, "<pad>": 4}, unk_token="<pad>"))
words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
TOKENS = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<pad>")


class Small(GPT2LMHeadModel):
    def generate(self, input_ids=None, **more):
        """Each answer is "a b" and the end."""
        return torch.cat([input_ids, torch.tensor([[0, 1, 2]] * len(input_ids))], 1)


@cache
def trainer(kind, groups, answers, settings=()):
    config, trains = {"grpo": (GRPOConfig, GRPOTrainer), "rloo": (RLOOConfig, RLOOTrainer)}[kind]
    # RLOO's default beta 0.05 puts a KL into the reward; it is left out, so that no reference has to be loaded
    args = config(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=groups * answers,
        num_generations=answers,
        max_completion_length=6,
        use_cpu=True,
        bf16=False,
        report_to="none",
        **({"beta": 0.0} if kind == "rloo" else {}),
        **dict(settings),
    )
    made = trains(
        model=Small(
            GPT2Config(vocab_size=5, n_positions=32, n_embd=4, n_layer=1, n_head=1, bos_token_id=2, eos_token_id=2)
        ),
        reward_funcs=lambda completions, **more: made.given,
        args=args,
        train_dataset=Dataset.from_dict({"prompt": ["q"] * 64}),
        processing_class=TOKENS,
    )
    made.model.train()
    made.current_gradient_accumulation_steps = 1
    return made


def advantages(kind, **settings):
    def f(rewards):
        groups, answers = rewards.shape
        try:
            held = trainer(kind, groups, answers, tuple(settings.items()))
        except ValueError:  # a group of one; a refusal resets what the trainers share, so they are made anew
            trainer.cache_clear()
            raise
        held.given = torch.as_tensor(rewards).reshape(-1).tolist()
        scored = held._generate_and_score_completions([{"prompt": "q"}] * groups * answers)
        return scored["advantages"].reshape(groups, answers)

    return f


def loss(kind, **settings):
    def f(log_probs, batch):
        held, (B, T) = trainer(kind, 1, 4, tuple(settings.items())), log_probs.shape
        held._get_per_token_logps_and_entropies = lambda *a, **k: (log_probs, torch.zeros(B, T), None)
        ids = torch.ones(B, T, dtype=torch.long)
        return held._compute_loss(
            held.model,
            dict(
                prompt_ids=ids[:, :1],
                prompt_mask=ids[:, :1],
                completion_ids=ids,
                completion_mask=batch.mask,
                advantages=batch.advantages,
                old_per_token_logps=batch.old_log_probs,
                old_logps=(batch.old_log_probs * batch.mask).sum(1),
                ref_per_token_logps=batch.ref_log_probs,
                num_items_in_batch=batch.mask.sum(),
            ),
        )

    return f


study(
    "trl",
    "trl",
    path="its trainers' scoring and loss, on answers handed in",
    advantages={
        "GRPOTrainer": (advantages("grpo"), "its defaults"),
        "GRPOTrainer, scale_rewards='none'": (advantages("grpo", scale_rewards="none"), ""),
        "GRPOTrainer, scale_rewards='batch'": (advantages("grpo", scale_rewards="batch"), ""),
        "RLOOTrainer": (advantages("rloo"), "its defaults, but no KL in the reward"),
    },
    tokens={
        "GRPOTrainer, the loss": (loss("grpo"), "its defaults: loss_type dapo"),
        "GRPOTrainer, loss_type='grpo'": (loss("grpo", loss_type="grpo"), ""),
        "GRPOTrainer, loss_type='dr_grpo'": (loss("grpo", loss_type="dr_grpo"), "max_completion_length 6"),
        "GRPOTrainer, loss_type='cispo'": (loss("grpo", loss_type="cispo"), "its own bound left as it is"),
        "RLOOTrainer, the loss": (loss("rloo"), "its defaults"),
    },
)
