"""A transformer of one block in NumPy, forward and backward, for tasks of `language`: prompts (N, M) in, tokens out.

The sequence is the M prompt digits and then the tokens written so far. Causal attention with several heads and a
two-layer perceptron, each behind a layer normalisation and added to what came in. Position M - 1 + t tells token t.
theta (d,): all matrices side by side, in the order of `shapes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ._validate import as_array, finite, generator, indices, whole
from .language import Writer
from .policies import log_softmax, softmax

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike, DTypeLike


@dataclass(frozen=True)
class Transformer(Writer):
    """Log-probabilities and scores of tokens 0 .. num_tokens - 1 after prompts of prompt_len digits
    of the same alphabet."""

    num_tokens: int
    prompt_len: int
    max_len: int
    width: int = 32
    heads: int = 2
    hidden: int = 64
    end: int | None = None

    def __post_init__(self):
        for name in ("num_tokens", "prompt_len", "max_len", "width", "heads", "hidden"):
            whole(name, getattr(self, name))
        if self.end is not None and whole("end", self.end, 0) >= self.num_tokens:
            raise ValueError(f"end must be one of the tokens, below {self.num_tokens}, got {self.end}")
        if self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads, got {self.width} and {self.heads}")

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        D, H, V = self.width, self.hidden, self.num_tokens
        return {
            "embed": (V, D),
            "place": (self.prompt_len + self.max_len - 1, D),
            "qkv": (D, 3 * D),
            "mix": (D, D),
            "up": (D + 1, H),
            "down": (H + 1, D),
            "out": (D + 1, V),
            "gain": (3, D),
        }

    num_params = property(lambda self: sum(map(prod, self.shapes.values())))

    def init(self, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Array:
        """Weights with variance 1 / inputs, the last layer's small, offsets 0, gains 1: near the uniform policy."""
        theta = np.zeros(self.num_params, dtype)
        for name, W in self._parts(theta).items():
            scale = {"embed": 0.5, "place": 0.5, "out": 0.01 / np.sqrt(len(W)), "gain": 0}.get(
                name, 1 / np.sqrt(len(W))
            )
            W[:] = generator(rng).standard_normal(W.shape) * scale + (name == "gain")
            if name in ("up", "down", "out"):
                W[-1] = 0  # the last row is the offset
        return theta

    def _parts(self, theta):
        parts, start = {}, 0
        for name, shape in self.shapes.items():
            parts[name] = theta[start : start + prod(shape)].reshape(shape)
            start += prod(shape)
        return parts

    def _forward(self, theta, ids):
        """Logits (N, L, V) of ids (N, L), and what the way back needs."""
        P, D = self._parts(theta), self.width
        N, L = ids.shape
        x0 = P["embed"][ids] + P["place"][:L]
        a, norm_a = _normalise(x0, P["gain"][0])
        q, k, v = (
            (a @ P["qkv"]).reshape(N, L, 3, self.heads, D // self.heads).transpose(2, 0, 3, 1, 4)
        )  # each (N, h, L, D/h)
        scale = theta.dtype.type(1 / np.sqrt(D // self.heads))
        scores = np.where(np.tri(L, dtype=bool), q @ k.swapaxes(-1, -2) * scale, -np.inf)
        att = np.exp(scores - scores.max(axis=-1, keepdims=True))
        att /= att.sum(axis=-1, keepdims=True)
        heads = (att @ v).swapaxes(1, 2).reshape(N, L, D)
        x1 = x0 + heads @ P["mix"]
        b, norm_b = _normalise(x1, P["gain"][1])
        h = np.tanh(b @ P["up"][:-1] + P["up"][-1])
        x2 = x1 + h @ P["down"][:-1] + P["down"][-1]
        c, norm_c = _normalise(x2, P["gain"][2])
        return c @ P["out"][:-1] + P["out"][-1], (ids, a, norm_a, q, k, v, scale, att, heads, b, norm_b, h, c, norm_c)

    def _backward(self, theta, saved, by_logits):
        """The gradient (d,) of sum(by_logits * logits)."""
        ids, a, norm_a, q, k, v, scale, att, heads, b, norm_b, h, c, norm_c = saved
        P, total = self._parts(theta), np.zeros(self.num_params, theta.dtype)
        G, (N, L), D = self._parts(total), ids.shape, self.width
        flat = lambda x: x.reshape(-1, x.shape[-1])  # noqa: E731

        def linear(name, x, delta):  # of x @ W + offset: both gradients, and what goes back to x
            G[name][:-1], G[name][-1] = flat(x).T @ flat(delta), flat(delta).sum(axis=0)
            return delta @ P[name][:-1].T

        dx, G["gain"][2] = _normalise_back(linear("out", c, by_logits), P["gain"][2], norm_c)
        db, G["gain"][1] = _normalise_back(linear("up", b, linear("down", h, dx) * (1 - h**2)), P["gain"][1], norm_b)
        dx = dx + db
        G["mix"][:] = flat(heads).T @ flat(dx)
        dheads = (dx @ P["mix"].T).reshape(N, L, self.heads, -1).swapaxes(1, 2)
        datt = dheads @ v.swapaxes(-1, -2)
        dscores = att * (datt - (datt * att).sum(axis=-1, keepdims=True)) * scale
        dqkv = np.stack([dscores @ k, dscores.swapaxes(-1, -2) @ q, att.swapaxes(-1, -2) @ dheads])
        dqkv = dqkv.transpose(1, 3, 0, 2, 4).reshape(N, L, 3 * D)
        G["qkv"][:] = flat(a).T @ flat(dqkv)
        da, G["gain"][0] = _normalise_back(dqkv @ P["qkv"].T, P["gain"][0], norm_a)
        dx = dx + da
        np.add.at(G["embed"], ids.ravel(), flat(dx))
        G["place"][:L] = dx.sum(axis=0)
        return total

    def _ids(self, prompts, tokens):
        """Prompt and all tokens but the last, (N, M + T - 1)."""
        prompts, tokens = indices("prompts", prompts, self.num_tokens), indices("tokens", tokens, self.num_tokens)
        if prompts.ndim != 2 or prompts.shape[1] != self.prompt_len:
            raise ValueError(f"prompts must have shape (any, {self.prompt_len}), got {prompts.shape}")
        return np.concatenate([prompts, tokens[:-1].T], axis=1)

    def _next(self, theta, prompts, tokens, t):
        theta = finite("theta", theta, (self.num_params,))
        return self._forward(theta, self._ids(prompts, tokens[: t + 1]))[0][:, -1], None

    def log_prob(self, theta: ArrayLike, prompts: ArrayLike, tokens: Any) -> Array:
        """log pi of each token given what stands before it, (T, N); tokens (T, N), or the `Answers` that hold them."""
        tokens = getattr(tokens, "tokens", tokens)
        theta = finite("theta", theta, (self.num_params,))
        logits = self._forward(theta, self._ids(prompts, tokens))[0][:, self.prompt_len - 1 :]
        return np.take_along_axis(log_softmax(logits), np.asarray(tokens).T[..., None], axis=-1)[..., 0].T

    def weighted_score(self, theta: ArrayLike, prompts: ArrayLike, tokens: Any, weights: ArrayLike) -> Array:
        """sum over tokens of weight (T, N) times score, (d,)."""
        tokens, weights = as_array("tokens", getattr(tokens, "tokens", tokens)), as_array("weights", weights)
        theta = finite("theta", theta, (self.num_params,))
        weights = finite("weights", weights, tokens.shape if weights.ndim else ())
        logits, saved = self._forward(theta, self._ids(prompts, tokens))
        told = logits[:, self.prompt_len - 1 :]
        by_logits = np.zeros_like(logits)
        by_logits[:, self.prompt_len - 1 :] = weights.T[..., None] * (
            (np.asarray(tokens).T[..., None] == np.arange(self.num_tokens)) - softmax(told)
        )
        return self._backward(theta, saved, by_logits)


def _normalise(x, gain):
    """Each row of D numbers with mean 0 and mean square 1, times the gain; and what the way back needs."""
    centred = x - x.mean(axis=-1, keepdims=True)
    inverse = 1 / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + x.dtype.type(1e-5))
    unit = centred * inverse
    return unit * gain, (unit, inverse)


def _normalise_back(delta, gain, saved):
    """What goes back to x, and the gain's gradient (D,)."""
    unit, inverse = saved
    d = delta * gain
    d = inverse * (d - d.mean(axis=-1, keepdims=True) - unit * (d * unit).mean(axis=-1, keepdims=True))
    return d, (delta * unit).reshape(-1, unit.shape[-1]).sum(axis=0)
