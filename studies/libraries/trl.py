# requires: trl==1.16.0 transformers==5.24.0 torch==2.13.0 numpy
"""TRL: GRPOTrainer and RLOOTrainer, trained for a step on a model that is a table of logits.
What is drawn is handed in; the rest is theirs.

The gradient is read where the optimiser gets it. A loss is asked with any advantages: each answer has a twin of the
same length with the opposite reward, so that rewards not scaled are advantages. Only the hundreds of ratios that find
the clip are asked of their loss alone, after trainings of two iterations have shown
that it gives what reaches the optimiser.
"""

import os
import tempfile
from functools import cache

os.environ |= {"HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
import logging

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GenerationConfig, GPT2Config, PreTrainedModel, PreTrainedTokenizerFast, PrinterCallback
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer

from policy_gradient.audit.language import Answers
from studies.libraries.common import study

logging.disable(logging.WARNING)
torch.set_num_threads(1)
ROWS, T = 16, 6  # answers and tokens, at most
REST, Q, EOS, PAD = range(4)
# each place in each answer has a token of its own, and each answer its own end: so each has a parameter of its own
FIRST = 4
WORDS = [
    "<rest>",
    "q",
    "<eos>",
    "<pad>",
    *(f"{n}.{t}" for n in range(ROWS) for t in range(T)),
    *(f"{n}!" for n in range(ROWS)),
]
ENDS = [FIRST + ROWS * T + n for n in range(ROWS)]
# log-probabilities are asked this much lower, so that those of the old policy are some, too; ratios stay as they are
FAR = 6.0
words = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="<rest>"))
words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
TOKENS = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<pad>")


def answer(n, length):
    return [FIRST + n * T + t for t in range(length - 1)] + [ENDS[n]]


class Context(torch.nn.Module):
    def forward(self, input_ids=None, **more):
        return BaseModelOutput(last_hidden_state=torch.eye(len(WORDS))[input_ids])


class Table(PreTrainedModel):
    """The next token's logits by the token before it. `drawn`: the answers that it gives."""

    config_class, base_model_prefix, drawn = GPT2Config, "context", ()

    def __init__(self):
        super().__init__(GPT2Config(vocab_size=len(WORDS), eos_token_id=EOS, bos_token_id=EOS))
        self.context, self.lm_head = Context(), torch.nn.Linear(len(WORDS), len(WORDS), bias=False)
        self.generation_config = GenerationConfig(eos_token_id=[EOS, *ENDS])
        torch.nn.init.zeros_(self.lm_head.weight)

    def get_output_embeddings(self):
        return self.lm_head

    def forward(self, input_ids=None, **more):
        return CausalLMOutput(logits=self.lm_head(self.context(input_ids).last_hidden_state))

    def generate(self, input_ids=None, **more):
        width = max(len(a) for a in self.drawn)
        return torch.cat([input_ids, torch.tensor([a + [PAD] * (width - len(a)) for a in self.drawn])], 1)


class Reader(torch.optim.Optimizer):
    """Reads what it gets, and puts the next table in the place of a step."""

    def __init__(self, parameter):
        super().__init__([parameter], {"lr": 0.0})
        self.parameter, self.seen, self.tables = parameter, [], []

    def step(self, closure=None):
        self.seen.append(self.parameter.grad.double().clone())
        with torch.no_grad():
            self.parameter.copy_(self.tables.pop(0) if self.tables else self.parameter)


@cache
def trainer(kind, groups, answers, settings=()):
    config, trains = {"grpo": (GRPOConfig, GRPOTrainer), "rloo": (RLOOConfig, RLOOTrainer)}[kind]
    settings = dict(settings)
    # RLOO's default beta 0.05 puts a KL into the reward; it is left out, so that no reference has to be loaded
    args = config(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=groups * answers,
        num_generations=answers,
        max_completion_length=T,
        max_steps=settings.get("num_iterations", 1),
        max_grad_norm=0.0,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        gradient_checkpointing=False,
        **({"beta": 0.0} if kind == "rloo" else {}),
        **settings,
    )
    model = Table()
    made = trains(
        model=model,
        reward_funcs=lambda completion_ids, **more: [made.reward_of[ids[0]] for ids in completion_ids],
        args=args,
        train_dataset=Dataset.from_dict({"prompt": ["q"] * 64}),
        processing_class=TOKENS,
        optimizers=(Reader(model.lm_head.weight), None),
    )
    made.remove_callback(PrinterCallback)
    made.current_gradient_accumulation_steps = 1
    made.reader = made.optimizer
    return made


def trained(held, answers, rewards, tables):
    """What each token's log-probability got in the last step of a training: a list of a list for each answer."""
    held.model.drawn, held.reward_of = answers, {a[0]: float(r) for a, r in zip(answers, rewards)}
    reader = held.reader
    reader.seen, reader.tables = [], [t.T for t in tables[1:]]
    with torch.no_grad():
        reader.parameter.copy_(tables[0].T)
    held.train()
    assert len(reader.seen) == len(tables) == held.args.max_steps
    got, probs = reader.seen[-1].T, tables[-1].double().softmax(1)  # by context, by token
    assert not got[[PAD, *ENDS]].any(), "padding has a gradient"
    all_of = -got[:, REST] / probs[:, REST]
    got = got + probs * all_of[:, None]
    return [[float(got[c, a]) for c, a in zip([Q, *ids], ids)] for ids in answers]


def logits(answers, log_probs):
    """The table whose log-probabilities of these answers are these, less FAR."""
    wanted = torch.full((len(WORDS), len(WORDS)), -1e9)
    for ids, row in zip(answers, log_probs):
        for c, a, x in zip([Q, *ids], ids, row):
            wanted[c, a] = float(x) - FAR
    rest = 1 - wanted.double().exp().sum(1)
    assert (rest > 0).all()
    wanted[:, REST] = rest.log().float()
    return wanted


def advantages(kind, **settings):
    def f(rewards):
        groups, per = rewards.shape
        rewards = torch.as_tensor(rewards)
        try:
            held = trainer(kind, groups, per, tuple(settings.items()))
        except ValueError:  # a group of one; a refusal resets what the trainers share, so they are made anew
            trainer.cache_clear()
            raise
        answers = [answer(n, 2) for n in range(groups * per)]
        scored, score = [], held._generate_and_score_completions
        held._generate_and_score_completions = lambda inputs: scored.append(score(inputs)) or scored[0]
        try:
            trained(held, answers, rewards.reshape(-1), [logits(answers, torch.full((len(answers), 2), -0.1))])
        finally:
            del held._generate_and_score_completions
        return scored[0]["advantages"].reshape(groups, per)

    return f


def alone(held, log_probs, batch):
    """Its loss, of these log-probabilities."""
    (B, width), ids = log_probs.shape, torch.ones(log_probs.shape, dtype=torch.long)
    held._get_per_token_logps_and_entropies = lambda *a, **k: (log_probs, torch.zeros(B, width), None)
    try:
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
    finally:
        del held._get_per_token_logps_and_entropies


def with_twins(kind, settings, log_probs, batch):
    """The gradient by log_probs that reached the optimiser, answers and twins in one group. Off the old policy: in the
    second of two iterations."""
    B, lengths = len(log_probs), batch.mask.sum(1).int().tolist()
    moved = not torch.equal(log_probs, batch.old_log_probs)
    settings = (
        settings | ({"scale_rewards": "none"} if kind == "grpo" else {}) | ({"num_iterations": 2} if moved else {})
    )
    held = trainer(kind, 1, 2 * B, tuple(settings.items()))
    rewards = torch.cat([batch.advantages, -batch.advantages]) * (1 if kind == "grpo" else (2 * B - 1) / (2 * B))
    answers = [answer(n, length) for n, length in enumerate(2 * lengths)]
    olds = [batch.old_log_probs] if moved else []
    got = trained(held, answers, rewards, [logits(answers, torch.cat([x, x])) for x in [*olds, log_probs]])
    gradient = torch.zeros_like(log_probs)
    for n, row in enumerate(got[:B]):
        gradient[n, : len(row)] = 2 * torch.tensor(row)  # the twins are half of what is divided by
    return gradient


def loss(kind, **settings):
    rng = torch.Generator().manual_seed(1)
    mask = (torch.arange(5) < torch.tensor([5, 2, 3, 4])[:, None]).double()
    for spread in (0.05, 0.4, 1.0):  # what is asked of the loss alone is what reaches the optimiser
        now = (-2 * torch.rand(4, 5, generator=rng)).double() * mask
        old = now + spread * (torch.rand(4, 5, generator=rng) - 0.5).double() * mask
        batch = Answers(torch.randn(4, generator=rng).double(), now, old, old, mask)
        x = now.clone().requires_grad_()
        expected = torch.autograd.grad(alone(trainer(kind, 1, 4, tuple(settings.items())), x, batch), x)[0]
        assert torch.allclose(with_twins(kind, settings, now, batch), expected, atol=1e-6), (kind, settings, spread)

    def f(log_probs, batch):
        if torch.equal(log_probs.detach(), batch.old_log_probs):
            return (with_twins(kind, settings, log_probs.detach(), batch) * log_probs).sum()
        return alone(trainer(kind, 1, 4, tuple(settings.items())), log_probs, batch)

    return f


def put_together(kind, weights):
    """Nothing set but the table and the rewards: what reaches the optimiser is what the rows below say of its
    advantages and of its loss."""
    rewards, answers = torch.tensor([1.0, 0, 0, 1, 1]), [answer(n, length) for n, length in enumerate((2, 5, 3, 4, 1))]
    table = logits(answers, -torch.ones(5, T))
    got = trained(trainer(kind, 1, 5), answers, rewards, [table])
    for row, weight in zip(got, weights(rewards)):
        assert torch.allclose(torch.tensor(row), -weight.expand(len(row)), atol=1e-6), (kind, got)


put_together("grpo", lambda r: (r - r.mean()) / (r.std() + 1e-4) / 15)  # the mean over all 15 tokens
put_together("rloo", lambda r: (r - (r.sum() - r) / 4) / 5)  # the mean of the answers' sums
study(
    "trl",
    "trl",
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
