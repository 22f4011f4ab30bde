"""The model, the trainer and the measurements of `sorter_trl`, which says what is compared. Needs TRL's environment."""

import gc
import logging
import os
import tempfile
from functools import partial
from time import process_time

import numpy as np

from benchmarks.run import store

os.environ |= {"HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    GenerationMixin,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    PrinterCallback,
    TrainerCallback,
)
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput
from trl import GRPOConfig, GRPOTrainer

import policy_gradient as pg
from policy_gradient import sorting
from studies import sorter

logging.disable(logging.WARNING)
torch.set_num_threads(1)
FOLDER = tempfile.TemporaryDirectory()  # the trainer asks for one
TASK, POLICY = sorter.TASK, sorter.POLICY
M, B = TASK.num_digits, TASK.base
PROMPTS, ANSWERS, CAP, FIRST = 32, 8, 600, 9001
AT_ONCE = {"trl": PROMPTS * ANSWERS, "trl_pieces": 8}  # answers in one pass of the loss; 8 is its default
SEEDS = {"trl": 20, "trl_pieces": 3}  # at most: the slowest gets few
WORDS = {**{str(digit): digit for digit in range(B)}, "<eos>": B, "<pad>": B + 1}  # the last two are never written


def tokenizer():
    words = Tokenizer(models.WordLevel(WORDS, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<eos>", pad_token="<pad>")


class Hidden(torch.nn.Module):
    """The hidden layer at the positions from which an answer's tokens are written, 0 at the others."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(TASK.num_features, POLICY.network.sizes[1])
        self.register_buffer("digits", torch.eye(B), persistent=False)
        self.register_buffer("places", torch.eye(M), persistent=False)
        self.register_buffer("before", torch.ones(M, M).tril(-1).repeat_interleave(B, 1), persistent=False)

    def at(self, ids, first, last):
        """Before tokens first .. last - 1 of the answers in ids (N, M + at least last - 1): (N, last - first, H)."""
        N, times = len(ids), last - first
        one_hot = self.digits[ids]
        tokens = torch.zeros(N, M * B)
        if last > 1:
            tokens[:, : (last - 1) * B] = one_hot[:, M : M + last - 1].flatten(1)
        seen = torch.cat(
            [
                one_hot[:, :M].reshape(N, 1, M * B).expand(-1, times, -1),
                tokens[:, None] * self.before[first:last],
                self.places[first:last].expand(N, -1, -1),
            ],
            2,
        )
        return torch.tanh(self.layer(seen))

    def forward(self, input_ids=None, **more):
        last = input_ids.shape[1] - M + 1
        hidden = self.at(input_ids, 0, min(last, M))
        return BaseModelOutput(last_hidden_state=torch.nn.functional.pad(hidden, (0, 0, M - 1, max(last - M, 0))))


class Sorter(PreTrainedModel, GenerationMixin):
    config_class, base_model_prefix = PreTrainedConfig, "hidden"

    def __init__(self, theta):
        super().__init__(PreTrainedConfig(vocab_size=B, eos_token_id=B, pad_token_id=B + 1))
        self.hidden, self.lm_head = Hidden(), torch.nn.Linear(POLICY.network.sizes[1], B)
        with torch.no_grad():
            for layer, (W, b) in zip(self.layers, POLICY.network.network.layers(theta)):
                layer.weight.copy_(torch.tensor(W.T.copy())), layer.bias.copy_(torch.tensor(b.copy()))

    layers = property(lambda self: (self.hidden.layer, self.lm_head))

    def flat(self, of=lambda parameter: parameter):
        """The parameters, or what `of` gives of each, as the book's theta."""
        theta = np.zeros(POLICY.num_params, np.float32)
        for layer, (W, b) in zip(self.layers, POLICY.network.network.layers(theta)):
            W[...], b[...] = of(layer.weight).detach().numpy().T, of(layer.bias).detach().numpy()
        return theta

    def get_output_embeddings(self):
        return self.lm_head

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, logits_to_keep=1, **more):
        return {"input_ids": input_ids, "logits_to_keep": logits_to_keep}

    def forward(self, input_ids=None, attention_mask=None, logits_to_keep=0, **more):
        if logits_to_keep == 1:
            t = input_ids.shape[1] - M
            return CausalLMOutput(logits=self.lm_head(self.hidden.at(input_ids, t, t + 1)))
        return CausalLMOutput(logits=self.lm_head(self.hidden(input_ids).last_hidden_state))


class Until(TrainerCallback):
    """Stops by the book's rule, after the update, and hands the gradient to `reader`."""

    def __init__(self, rule, reader=None):
        self.rule, self.reader, self.rewards = rule, reader, None

    def on_pre_optimizer_step(self, args, state, control, model=None, **more):
        if self.reader is not None:
            self.reader(model.flat(lambda parameter: parameter.grad))

    def on_step_end(self, args, state, control, **more):
        control.should_training_stop |= bool(self.rule(state.global_step, None, self.rewards))


def trainer(seed, theta, rule, updates=CAP, at_once=PROMPTS * ANSWERS, reader=None):
    until = Until(rule, reader)

    def reward(prompts, completion_ids, **more):
        digits = np.array([prompt.split() for prompt in prompts], int)
        until.rewards = TASK.reward(digits, np.array(completion_ids).T)
        return until.rewards.tolist()

    prompts = TASK.prompts(np.random.default_rng([seed, 0]), updates * PROMPTS)
    args = GRPOConfig(
        output_dir=FOLDER.name,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=PROMPTS * ANSWERS // at_once,
        num_generations=ANSWERS,
        max_completion_length=M,
        max_steps=updates,
        seed=seed,
        learning_rate=3e-3,
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        beta=0.0,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        generation_kwargs={"use_cache": False},  # the network has nothing to keep
        shuffle_dataset=False,  # they are drawn already
        dataloader_pin_memory=False,
        report_to="none",
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        scale_rewards="none",
    )
    made = GRPOTrainer(
        model=Sorter(theta),
        reward_funcs=reward,
        args=args,
        train_dataset=Dataset.from_dict({"prompt": [" ".join(map(str, row)) for row in prompts]}),
        processing_class=tokenizer(),
        callbacks=[until],
    )
    made.remove_callback(PrinterCallback)
    return made


def clocked(function, spent, part):
    """The function, its CPU seconds added to spent[part]."""

    def call(*args, **more):
        since = process_time()
        try:
            return function(*args, **more)
        finally:
            spent[part] += process_time() - since

    return call


def result(method, seed, updates, J, times):
    rounded = {part: round(time, 4) for part, time in times.items()}
    return {"method": method, "seed": seed, "updates": updates, "J": round(J, 4), **rounded}


def book(seed, theta):
    policy, spent = pg.TokenPolicy(TASK, POLICY.network), {"generating": 0.0}
    object.__setattr__(policy, "generate", clocked(policy.generate, spent, "generating"))
    rule, log = sorter.until()
    rng, since = np.random.default_rng([seed, 0]), process_time()
    theta = pg.climb(policy, theta, TASK.prompts, TASK.reward, rng, num_updates=CAP, callback=rule)
    seconds = process_time() - since
    return result("book", seed, len(log), sorting.success(TASK, POLICY, theta), {"seconds": seconds, **spent})


def trl(seed, theta, method="trl", updates=CAP):
    """`generating` is all of `generate`; `scoring` what is done around it: words to tokens and back, advantages."""
    rule, log = sorter.until()
    made, spent = trainer(seed, theta, rule, updates, AT_ONCE[method]), {"generating": 0.0, "scoring": 0.0}
    made.model.generate = clocked(made.model.generate, spent, "generating")
    made._generate_and_score_completions = clocked(made._generate_and_score_completions, spent, "scoring")
    since = process_time()
    made.train()
    seconds = process_time() - since
    spent["scoring"] -= spent["generating"]
    J = sorting.success(TASK, POLICY, made.model.flat())
    return result(method, seed, len(log), J, {"seconds": seconds, **spent})


def same(seed, theta, method):
    """Asserts that model and book agree: their log-probabilities, and the gradient of the first update."""
    rng, gradients, batches = np.random.default_rng(seed), [], []
    made = trainer(seed, theta, lambda *update: False, 1, AT_ONCE[method], gradients.append)
    assert made.model.num_parameters() == POLICY.num_params == len(theta) and (made.model.flat() == theta).all()
    prompts, tokens = TASK.prompts(rng, 500), rng.integers(0, B, (M, 500))
    ids = torch.tensor(np.hstack([prompts, tokens.T]))
    expected = POLICY.log_prob(theta, prompts, tokens).T
    with torch.no_grad():
        trained_on = made._get_per_token_logps_and_entropies(made.model, ids, torch.ones_like(ids), M)[0]
        drawn_from = [made.model(ids[:, : M + t], logits_to_keep=1).logits[:, -1].log_softmax(1) for t in range(M)]
    drawn_from = torch.stack(drawn_from, 1).gather(2, ids[:, M:, None])[:, :, 0]
    errors = [float(np.abs(log_probs.numpy() - expected).max()) for log_probs in (trained_on, drawn_from)]
    assert max(errors) < 1e-5, errors

    score = made._generate_and_score_completions
    made._generate_and_score_completions = lambda inputs: batches.append(score(inputs)) or batches[0]
    made.train()
    prompts, tokens = (batches[0][key].numpy() for key in ("prompt_ids", "completion_ids"))
    rewards = TASK.reward(prompts, tokens.T).reshape(PROMPTS, ANSWERS)
    assert (prompts.reshape(PROMPTS, ANSWERS, M) == prompts[::ANSWERS, None]).all() and 0 < rewards.mean() < 1
    weights = pg.token_weights(
        pg.group_advantages(rewards, "leave_one_out").ravel(), np.ones_like(tokens.T, bool), "sum"
    )
    ours, of_trl = POLICY.weighted_score(theta, prompts, tokens.T, weights), -gradients[0]
    cosine = float(ours @ of_trl / np.sqrt((ours @ ours) * (of_trl @ of_trl)))
    assert cosine > 0.999, cosine
    return {"largest difference of log-probabilities": max(errors), "cosine of gradients": cosine}


def summary(runs):
    """Medians, ranges, times per update; over the book, of the same seeds: ratio of medians, least of a pair."""
    medians, seconds = {}, {}
    for method in ("book", *AT_ONCE):
        of_method = [run for run in runs if run["method"] == method]
        seconds[method] = np.array([run["seconds"] for run in of_method])
        medians[method] = {"seeds": len(of_method), "reached": sum(run["updates"] < CAP for run in of_method)}
        for key in ("updates", "J", "seconds"):
            values = [run[key] for run in of_method]
            medians[method][key] = {"median": float(np.median(values)), "least": min(values), "most": max(values)}
        parts = [part for part in ("seconds", "generating", "scoring") if part in of_method[0]]
        per_update = {part: np.median([1000 * run[part] / run["updates"] for run in of_method]) for part in parts}
        medians[method]["ms per update"] = {part: round(float(ms), 3) for part, ms in per_update.items()}
    for method in AT_ONCE:
        same_seeds = seconds["book"][: len(seconds[method])]
        medians[method]["over the book"] = {
            "of medians": round(float(np.median(seconds[method]) / np.median(same_seeds)), 2),
            "least of a pair": round(float((seconds[method] / same_seeds).min()), 2),
        }
    return medians


def main(seeds):
    starts, runs = {seed: sorter.start(seed) for seed in range(FIRST, FIRST + seeds)}, []
    checked = [same(seed, theta, method) for seed, theta in starts.items() for method in AT_ONCE]
    book(FIRST, starts[FIRST]), [trl(FIRST, starts[FIRST], method, 3) for method in AT_ONCE]  # not counted
    for k, (seed, theta) in enumerate(starts.items()):
        for run in (book, *(partial(trl, method=method) for method in AT_ONCE if k < SEEDS[method])):
            gc.collect()  # nobody sweeps up after another
            runs.append(run(seed, theta))
            print(runs[-1], flush=True)
    worst = {key: (max if "difference" in key else min)(row[key] for row in checked) for key in checked[0]}
    packages = ("numpy", "torch", "transformers", "trl", "accelerate", "datasets")
    store("sorter_trl", {"cap": CAP, "checked": worst, "summary": summary(runs), "runs": runs}, packages)
    print(summary(runs))
