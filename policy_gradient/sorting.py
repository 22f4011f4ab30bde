"""The sorter: digits in, the same digits in order out, one token at a time; reward 1 if all are right.

Each prompt has one right answer, so the chance of success, J, and its gradient are exact in one pass over all prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import _fast
from ._validate import as_array, generator, indices, number, whole

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike
    from .language import Writer

MOST = 2**18  # prompts that `every` still lists
TOKENS = 1024  # at a time, see `_parts`


@dataclass(frozen=True)
class Sorting:
    """Prompts (N, M) of M digits 0 .. base - 1; answers of M tokens, without an end token. A task for `TokenPolicy`."""

    num_digits: int = 4
    base: int = 8
    end = None

    def __post_init__(self):
        whole("num_digits", self.num_digits)
        whole("base", self.base, 2)

    num_tokens, max_len = property(lambda self: self.base), property(lambda self: self.num_digits)
    num_features = property(lambda self: (2 * self.base + 1) * self.num_digits)

    def prompts(self, rng: np.random.Generator, num: int) -> Array:
        """(num, M), uniform."""
        return generator(rng).integers(0, self.base, (whole("num", num, 0), self.num_digits))

    def every(self) -> Array:
        """All prompts, (base^M, M)."""
        if self.base**self.num_digits > MOST:
            raise ValueError(
                f"base ** num_digits must be at most {MOST:,} to list every prompt, got {self.base}^{self.num_digits}"
            )
        return np.indices((self.base,) * self.num_digits).reshape(self.num_digits, -1).T.copy()

    def features(self, prompts: ArrayLike, tokens: Array, t: int) -> Array:
        """One-hot digits of the prompt, of the t tokens written so far, and of t: (N, K), float32."""
        prompts, tokens = indices("prompts", prompts, self.base), as_array("tokens", tokens)
        M, B, N = self.num_digits, self.base, len(prompts)
        if whole("t", t, 0) >= M:
            raise ValueError(f"t must be below num_digits, {M}: the step at which a token is written, got {t}")
        one_hot, x = np.eye(B, dtype=np.float32), np.zeros((N, self.num_features), np.float32)
        x[:, : M * B] = one_hot[prompts].reshape(N, M * B)  # not take: where addresses have 32 bits it refuses int64
        x[:, M * B : (M + t) * B] = one_hot[tokens[:t].T].reshape(N, t * B)
        x[:, 2 * M * B + t] = 1
        return x

    def answers(self, prompts: ArrayLike) -> Array:
        """The right tokens, (M, N)."""
        return np.sort(indices("prompts", prompts, self.base), axis=1).T

    def reward(self, prompts: ArrayLike, answers: Any) -> Array:
        """1.0 where all tokens are right, else 0.0, (N,). Takes an `Answers` or its tokens (M, N)."""
        tokens = as_array("answers", getattr(answers, "tokens", answers))
        return (tokens == self.answers(prompts)).all(axis=0).astype(float)

    def demonstrations(self, rng: np.random.Generator, num: int, noise: float = 0.3) -> tuple[Array, Array]:
        """(prompts (num, M), tokens (M, num)): right answers,
        each token replaced by a random one with probability `noise`."""
        if not 0 <= number("noise", noise) <= 1:
            raise ValueError(f"noise must lie in [0, 1], got {noise}")
        prompts = self.prompts(rng, num)
        tokens = self.answers(prompts).copy()
        wrong = rng.random(tokens.shape) < noise
        tokens[wrong] = rng.integers(0, self.base, wrong.sum())
        return prompts, tokens


def exact(task: Sorting, policy: Writer, theta: Array, prompts: ArrayLike | None = None) -> tuple[float, Array, Array]:
    """(J, gradient (d,), success rate of each prompt (N,)), over every prompt or the given ones: no sampling.

    grad J = mean over prompts of pi(y|x) times the score of the right answer y, which is the sum over its tokens.
    """
    prompts = task.every() if prompts is None else as_array("prompts", prompts)
    found, total = [], np.zeros_like(as_array("theta", theta))
    for part in _parts(task, prompts):
        p, gradient = _chances_and_gradient(policy, theta, part, task.answers(part))
        found.append(p)
        total = total + gradient / len(prompts)
    p = np.concatenate(found)
    return p.mean(), total, p


def success(task: Sorting, policy: Writer, theta: Array, prompts: ArrayLike | None = None) -> float:
    """J alone, without its gradient: the mean chance of a right answer, over every prompt or the given ones."""
    prompts = task.every() if prompts is None else as_array("prompts", prompts)
    return float(np.concatenate([_chances(policy, theta, x, task.answers(x)) for x in _parts(task, prompts)]).mean())


def _parts(task, prompts):
    """So many prompts at a time that what a network computes of them stays in the processor's cache."""
    num = max(TOKENS // task.num_digits, 1)
    return [prompts[start : start + num] for start in range(0, max(len(prompts), 1), num)]


def _chances(policy, theta, prompts, tokens):
    """pi(y|x) of whole answers, (N,)."""
    return np.exp(policy.log_prob(theta, prompts, tokens).astype(np.float64).sum(axis=0))


@_fast.form(_fast.chances_and_gradient)
def _chances_and_gradient(policy, theta, prompts, tokens):
    """The same, and the gradient of their sum, (d,)."""
    p = _chances(policy, theta, prompts, tokens)
    return p, policy.weighted_score(theta, prompts, tokens, np.broadcast_to(p, tokens.shape))
