"""Answers written token by token: sampling them, their log-probabilities, scores and KL terms,
and the tree of four answers.

T tokens at most, N answers, V tokens in the vocabulary. A *task* is anything with

    num_tokens, max_len, end                 V, T, and the token that ends an answer (None: all are max_len long)
    num_features                             K
    features(prompts, tokens, t) -> (N, K)   what the policy sees before token t, of prompts (N, ...) and tokens (T, N)

`transformer.Transformer` has the methods of `TokenPolicy` and needs no features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import _fast
from ._validate import (
    as_array,
    finite,
    flags,
    function,
    generator,
    having,
    indices,
    number,
    numbers,
    one_of,
    positive,
    probabilities,
    same_shape,
    whole,
)
from .groups import group_advantages, token_weights
from .optimizers import Adam
from .policies import MLPSoftmax

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Array, ArrayLike, DTypeLike


@dataclass(frozen=True)
class Answers:
    """tokens (T, N), mask (T, N) True up to and with the end token, log_probs (T, N) of the law they were drawn from (0
    outside the mask), ended (N,): False where max_len came before an end token. rows (R, K), each of what a
    `TokenPolicy` saw, once, and places (T, N), which of them before which token; or None.
    seen (T, N, K): the same, token by token."""

    tokens: np.ndarray
    mask: np.ndarray
    log_probs: np.ndarray
    ended: np.ndarray
    rows: np.ndarray | None = None
    places: np.ndarray | None = None

    lengths = property(lambda self: self.mask.sum(axis=0))
    seen = property(lambda self: None if self.rows is None else self.rows[self.places])


class Writer:
    """What every policy over tokens shares; they supply `_next`, `log_prob` and `weighted_score`."""

    max_len: Any
    end: Any

    def _next(self, theta: Array, prompts: Array, tokens: Array, t: int) -> tuple[Array, Array | None]:
        raise NotImplementedError

    def log_prob(self, theta: Array, prompts: ArrayLike, tokens: Any) -> Array:
        """log pi of each token given what stands before it, (T, N); tokens (T, N), or the `Answers` that hold them."""
        raise NotImplementedError

    def weighted_score(self, theta: Array, prompts: ArrayLike, tokens: Any, weights: ArrayLike) -> Array:
        """sum over tokens of weight (T, N) times score, (d,)."""
        raise NotImplementedError

    def generate(
        self, theta: Array, prompts: ArrayLike, rng: np.random.Generator, bend: Callable[[Array], Array] | None = None
    ) -> Answers:
        """One answer to each of N prompts. bend(logits (N, V)) -> logits:
        a sampler that is not the policy (may put -inf)."""
        rng, prompts = generator(rng), as_array("prompts", prompts)
        N = len(prompts)
        tokens, mask = np.zeros((self.max_len, N), np.int64), np.zeros((self.max_len, N), bool)
        log_probs, live = np.zeros((self.max_len, N)), np.ones(N, bool)
        seen: list[Any] = []
        places: list[Array] = []
        which = np.arange(N)
        for t in range(self.max_len):
            first, which = _alike(prompts, tokens, t, which)
            logits, features = self._next(theta, prompts[first], tokens[:, first], t)
            places.append(which + sum(map(len, seen)) if features is not None else which)
            seen.append(features)
            if bend is None:
                drawn, log_prob = _draw(logits, which, rng)
            else:  # each answer's own, since a sampler may draw noise
                drawn, log_prob = _draw(bend(logits[which].astype(np.float64)), np.arange(N), rng)
            mask[t] = live
            tokens[t], log_probs[t] = np.where(live, drawn, 0), np.where(live, log_prob, 0.0)
            if self.end is not None:
                live = live & (drawn != self.end)
            if not live.any():
                break
        ended = np.ones(N, bool) if self.end is None else ~live
        if seen[0] is None or len(seen) < self.max_len:
            return Answers(tokens, mask, log_probs, ended)
        return Answers(tokens, mask, log_probs, ended, np.concatenate(seen), np.stack(places))


@_fast.form(_fast.alike)
def _alike(prompts, tokens, t, which):
    """(first, which): the answers to ask about token t, and for each of N answers which of these says it, (N,).

    which: the same of the token before. Answers that began alike need asking once."""
    everyone = np.arange(len(prompts))
    return everyone, everyone


def _draw(logits, which, rng):
    """A token for each of N answers, from its row `which` (N,) of logits (R, V), and its log-probability."""
    logits = np.ascontiguousarray(logits.T)  # NumPy is slow over short rows
    top = logits.max(axis=0)
    if not np.isfinite(top).all():
        raise ValueError(
            "logits must not be NaN or +inf, nor may a whole row be -inf: some token must have a probability"
        )
    shifted = logits - top
    sums = np.exp(shifted).cumsum(axis=0)
    u = rng.random(len(which)) * sums[-1, which]
    drawn = (sums[:, which] <= u).sum(axis=0)  # never a token of probability 0: its partial sum equals the one before
    return drawn, shifted[drawn, which] - np.log(sums[-1])[which]


@dataclass(frozen=True)
class TokenPolicy(Writer):
    """A network over what a task shows before each token: theta (d,) are the network's parameters."""

    task: Any
    network: MLPSoftmax

    def __post_init__(self):
        having(
            "task", self.task, ("num_tokens", "max_len", "end", "num_features", "features"), "a task that writes tokens"
        )
        ends = (self.network.sizes[0], self.network.sizes[-1])
        if ends != (self.task.num_features, self.task.num_tokens):
            raise ValueError(
                f"network must lead from {self.task.num_features} features to {self.task.num_tokens} tokens, got {ends}"
            )

    max_len, end = property(lambda self: self.task.max_len), property(lambda self: self.task.end)
    num_params = property(lambda self: self.network.num_params)

    def init(self, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Array:
        """The network's: close to the uniform law."""
        return self.network.init(rng, dtype)

    def _next(self, theta, prompts, tokens, t):
        features = self.task.features(prompts, tokens, t)
        return self.network.logits(theta, features), features

    def features(self, prompts: ArrayLike, tokens: Any) -> Array:
        """What is seen before each token, (T, N, K)."""
        if (seen := getattr(tokens, "seen", None)) is not None:
            return seen
        tokens = getattr(tokens, "tokens", tokens)
        tokens = indices("tokens", tokens, self.task.num_tokens)
        return np.stack([self.task.features(as_array("prompts", prompts), tokens, t) for t in range(len(tokens))])

    def log_prob(self, theta: Array, prompts: ArrayLike, tokens: Any) -> Array:
        """log pi of each token given what stands before it, (T, N). Sum over an answer's own tokens for the answer's.

        tokens (T, N), or the `Answers` that hold them, here and below."""
        return self.network.log_prob(theta, self.features(prompts, tokens), getattr(tokens, "tokens", tokens))

    @_fast.form(_fast.weighted_score_of_answers)
    def weighted_score(self, theta: Array, prompts: ArrayLike, tokens: Any, weights: ArrayLike) -> Array:
        """sum over tokens of weight (T, N) times score, (d,), in one pass."""
        return self.network.weighted_score(
            theta, self.features(prompts, tokens), getattr(tokens, "tokens", tokens), weights
        )


def imitate(
    policy: Writer,
    theta: Array,
    prompts: Array,
    tokens: ArrayLike,
    rng: np.random.Generator,
    num_steps: int = 600,
    batch: int = 64,
    learning_rate: float = 3e-3,
    mask: Array | None = None,
) -> Array:
    """theta (d,) after `num_steps` steps up the mean log-probability of given tokens (T, N),
    `batch` answers at a time."""
    prompts, tokens, adam = as_array("prompts", prompts), as_array("tokens", tokens), Adam(learning_rate)
    mask = flags("mask", np.ones(tokens.shape, bool) if mask is None else mask, tokens.shape)
    whole("batch", batch)
    for _ in range(whole("num_steps", num_steps, 0)):
        rows = generator(rng).integers(0, tokens.shape[1], batch)
        weights = token_weights(np.ones(batch), mask[:, rows], "token")
        theta = adam.step(theta, policy.weighted_score(theta, prompts[rows], tokens[:, rows], weights))
    return theta


def climb(
    policy: Writer,
    theta: Array,
    draw_prompts: Callable[[np.random.Generator, int], Array],
    reward: Callable[[Array, Answers], ArrayLike],
    rng: np.random.Generator,
    *,
    num_updates: int,
    how: str = "leave_one_out",
    aggregate: str = "sum",
    num_prompts: int = 32,
    group_size: int = 8,
    learning_rate: float = 3e-3,
    epochs: int = 1,
    clip: float = 0.2,
    bend: Callable[[Array], Array] | None = None,
    cap: float | None = None,
    callback: Callable[[int, Array, Array], Any] | None = None,
) -> Array:
    """theta (d,) after `num_updates` batches of num_prompts x group_size answers, each used `epochs` times.

    draw_prompts(rng, n) -> (n, ...); reward(prompts (N, ...), answers) -> (N,). how: see `group_advantages`; aggregate:
    see `token_weights`. From the second pass on a token counts with its ratio times its weight, or not at all where the
    ratio has left 1 +- clip on the side it is being pushed to.
    bend, cap: a sampler of its own, and token ratios to it, at most `cap`.
    callback(update, theta, rewards (P, G)): stops where it returns True. Raises NotFinite before NaN could reach theta.
    """
    adam, num_updates, epochs = Adam(learning_rate), whole("num_updates", num_updates, 0), whole("epochs", epochs)
    num_prompts, group_size = whole("num_prompts", num_prompts), whole("group_size", group_size)
    positive("clip", clip, or_inf=True), positive("cap", np.inf if cap is None else cap, or_inf=True)
    function("draw_prompts", draw_prompts, "draw_prompts(rng, n) -> (n, ...)")
    function("reward", reward, "reward(prompts, answers) -> (N,)")
    for update in range(num_updates):
        prompts = np.repeat(draw_prompts(rng, num_prompts), group_size, axis=0)
        answers = policy.generate(theta, prompts, rng, bend)
        rewards = finite("reward(prompts, answers)", reward(prompts, answers), (len(prompts),))
        rewards = rewards.reshape(num_prompts, group_size)
        weights = token_weights(group_advantages(rewards, how).ravel(), answers.mask, aggregate, policy.max_len)
        old = answers.log_probs if cap is not None or (epochs > 1 and bend is None) else None
        if epochs > 1 and bend is not None:
            old = policy.log_prob(theta, prompts, answers)
        for epoch in range(epochs):
            used = weights
            if old is not None and (epoch or cap is not None):
                ratio = sampler_ratios(policy.log_prob(theta, prompts, answers), old, answers.mask)
                used = weights * (
                    np.minimum(ratio, cap)
                    if cap is not None
                    else np.where(np.where(weights > 0, ratio < 1 + clip, ratio > 1 - clip), ratio, 0)
                )
            theta = adam.step(theta, finite("the gradient", policy.weighted_score(theta, prompts, answers, used)))
        if callback is not None and callback(update, theta, rewards):
            break
    return theta


def sampler_ratios(log_probs: ArrayLike, sampler_log_probs: ArrayLike, mask: Array | None = None) -> Array:
    """pi over the sampler, per token, from their log-probabilities of one shape; 1 outside the mask.

    A token that the sampler could not draw (-inf) is refused: no ratio brings it back. The policy's -inf gives 0.
    """
    log_probs, sampler = numbers("log_probs", log_probs), numbers("sampler_log_probs", sampler_log_probs)
    mask = np.ones(log_probs.shape, bool) if mask is None else as_array("mask", mask)
    if not log_probs.shape == sampler.shape == mask.shape or mask.dtype != bool:
        raise ValueError(
            f"log_probs, sampler_log_probs and mask (booleans) must have one shape, got {log_probs.shape}, "
            f"{sampler.shape} and {mask.shape} ({mask.dtype})"
        )
    if not np.isfinite(sampler[mask]).all():
        raise ValueError(
            "sampler_log_probs must be finite: a token of probability 0 cannot have been drawn, "
            "and no ratio stands for it"
        )
    if not (log_probs[mask] < np.inf).all():
        raise ValueError("log_probs must not be NaN or +inf")
    return np.exp(np.minimum(np.where(mask, log_probs, 0.0) - np.where(mask, sampler, 0.0), 700.0))


def _difference(**two):
    """The first less the second, of shapes that fit."""
    first, second = (finite(name, value) for name, value in two.items())
    same_shape(**dict(zip(two, (first, second))))
    return first - second


def kl_loss_weights(log_probs: ArrayLike, ref_log_probs: ArrayLike, which: str) -> Array:
    """What multiplies each answer's score, (n,), in the gradient of the mean of a KL estimate used
    as a *loss*, times n.

    log_probs, ref_log_probs (n,): of drawn answers (or tokens) under the policy and the reference. "k1" log(pi/ref): 1;
    "k2" half its square: log(pi/ref); "k3" ref/pi - 1 + log(pi/ref): 1 - ref/pi.
    """
    log_ratio = _difference(log_probs=log_probs, ref_log_probs=ref_log_probs)
    one_of("which", which, ("k1", "k2", "k3"))
    if which == "k3":
        return -np.expm1(np.minimum(-log_ratio, 700))
    return np.ones_like(log_ratio) if which == "k1" else np.array(log_ratio)


def kl_values(log_probs: ArrayLike, ref_log_probs: ArrayLike, which: str) -> Array:
    """The estimates k1, k2, k3 of KL(pi, ref) themselves, (n,):
    what is subtracted from the reward where the KL is put there."""
    x = _difference(log_probs=log_probs, ref_log_probs=ref_log_probs)
    one_of("which", which, ("k1", "k2", "k3"))
    return {"k1": lambda x: x, "k2": lambda x: x**2 / 2, "k3": lambda x: np.expm1(np.minimum(-x, 700)) + x}[which](x)


def optimal_policy(ref_probs: ArrayLike, rewards: ArrayLike, beta: float) -> Array:
    """Best of E[r] - beta KL(pi, ref): pi proportional to ref exp(r / beta), (..., A)
    from (..., A), in one stable step."""
    ref, rewards = probabilities("ref_probs", ref_probs), finite("rewards", rewards)
    if ref.shape[-1:] != rewards.shape[-1:]:  # one number beside A would stand for every answer
        raise ValueError(
            "ref_probs and rewards must have as many numbers on the last axis, one per answer, "
            f"got {ref.shape} and {rewards.shape}"
        )
    ref, rewards = np.broadcast_arrays(ref, rewards)
    best = np.max(
        rewards, axis=-1, where=ref > 0, initial=-np.inf, keepdims=True
    )  # of what the reference can do at all
    weights = np.where(ref > 0, ref * np.exp(np.minimum((rewards - best) / positive("beta", beta), 0)), 0)
    return weights / weights.sum(axis=-1, keepdims=True)


def dpo_weights(chosen_log_ratio: ArrayLike, rejected_log_ratio: ArrayLike, beta: float) -> Array:
    """What multiplies (score of chosen - score of rejected) in the gradient *up* the DPO objective, (n,):
    beta sigmoid(-margin).

    The log-ratios (n,): log pi less log ref of the two answers to each prompt; margin = beta times their difference.
    """
    margin = positive("beta", beta) * _difference(
        chosen_log_ratio=chosen_log_ratio, rejected_log_ratio=rejected_log_ratio
    )
    return beta * 0.5 * (1 - np.tanh(margin / 2))


@dataclass(frozen=True)
class AnswerTree:
    """Four answers: the first token right (p) or wrong, then stop (2 tokens) or ramble (4 tokens),
    each with a logit of its own.

    theta (3,): logits of right, of rambling when right, of rambling when wrong.
    """

    lengths: tuple[int, int] = (2, 4)

    def __post_init__(self):
        for length in self.lengths:
            whole("each of lengths", length)

    def outcomes(self, theta: ArrayLike) -> list[tuple[float, int, int, Array]]:
        """(probability, reward, length, score (3,)) of right-stop, right-ramble, wrong-stop, wrong-ramble:
        for `group_moments`."""
        p, after_right, after_wrong = 1 / (1 + np.exp(-finite("theta", theta, (3,))))
        short, long = self.lengths
        return [
            (p * (1 - after_right), 1, short, np.array([1 - p, -after_right, 0])),
            (p * after_right, 1, long, np.array([1 - p, 1 - after_right, 0])),
            ((1 - p) * (1 - after_wrong), 0, short, np.array([-p, 0, -after_wrong])),
            ((1 - p) * after_wrong, 0, long, np.array([-p, 0, 1 - after_wrong])),
        ]

    def by_length(self, theta: ArrayLike) -> Array:
        """The gradient of the mean length, (3,)."""
        return np.sum([chance * length * score for chance, _, length, score in self.outcomes(theta)], axis=0)


def tree_logits(p: float, ramble_right: float = 0.5, ramble_wrong: float = 0.5) -> Array:
    """theta (3,) of the tree with these probabilities."""
    given = dict(p=p, ramble_right=ramble_right, ramble_wrong=ramble_wrong)
    probs = np.array([number(name, value) for name, value in given.items()], float)
    if not ((probs > 0) & (probs < 1)).all():
        raise ValueError(f"{', '.join(given)} must lie strictly between 0 and 1: a logit is finite, got {probs}")
    return np.log(probs) - np.log1p(-probs)
