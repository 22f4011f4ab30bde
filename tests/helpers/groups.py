"""Groups of answers by brute force, in fractions: what `groups` and chapter 8's numbers are held against."""

import itertools
from fractions import Fraction as F
from math import log, sqrt

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg


def plain(r, T):
    return [x / len(r) for x in r]


def leave_one_out(r, T):
    G = len(r)
    return [(x - (sum(r) - x) / F(G - 1)) / G for x in r]


def own_mean(r, T):
    return [(x - sum(r) / F(len(r))) / len(r) for x in r]


def by_std(r, T):
    m = float(sum(r)) / len(r)
    s = sqrt(sum((float(x) - m) ** 2 for x in r) / len(r))
    return [(float(x) - m) / s / len(r) if s > 1e-12 else 0.0 for x in r]


def per_answer(r, T):
    return [a / t for a, t in zip(leave_one_out(r, T), T)]


def per_token(r, T):
    return [a * len(r) / sum(T) for a in leave_one_out(r, T)]


def directions(outcomes, G, weigh):
    """The expectation of sum_i weight_i score_i, component by component; exact where the inputs are fractions."""
    total = [0] * len(outcomes[0][3])
    for group in itertools.product(outcomes, repeat=G):
        chance = np.prod([one[0] for one in group])
        for w, one in zip(weigh([one[1] for one in group], [one[2] for one in group]), group):
            total = [t + chance * w * s for t, s in zip(total, one[3])]
    return total


def coin(p):
    """One answer right with p, else wrong; its score for one logit."""
    return [(p, F(1), 1, [1 - p]), (1 - p, F(0), 1, [-p])]


def tree(p):
    half = F(1, 2)
    return [
        (p * half, F(1), 2, [1 - p, -half, 0]),
        (p * half, F(1), 4, [1 - p, half, 0]),
        ((1 - p) * half, F(0), 2, [-p, 0, -half]),
        ((1 - p) * half, F(0), 4, [-p, 0, half]),
    ]


def heavy_tail(G):
    """GRPO's direction towards the sure answer (pays 1), against the one that pays 8 with 1/4: multinomial sums."""
    total = 0.0
    for i in range(G + 1):
        for j in range(G - i + 1):
            r = np.array([1.0] * i + [0.0] * j + [8.0] * (G - i - j))
            a = (r - r.mean()) / r.std() if np.ptp(r) else 0 * r
            total += (
                stats.multinomial.pmf([i, j, G - i - j], G, [1 / 2, 3 / 8, 1 / 8]) * (a[:i].sum() - a[i:].sum()) / 2 / G
            )
    return total


def spread(K, G, weigh):
    """The trace of the covariance over K equally likely answers of which one is right."""
    answers = [(F(1, K), F(int(a == 0)), 1, [F(int(a == b)) - F(1, K) for b in range(K)]) for a in range(K)]
    mean, square = [F(0)] * K, F(0)
    for group in itertools.product(answers, repeat=G):
        w = weigh([one[1] for one in group], None)
        x = [sum(wi * one[3][b] for wi, one in zip(w, group)) for b in range(K)]
        mean, square = [m + xi / K**G for m, xi in zip(mean, x)], square + sum(xi * xi for xi in x) / K**G
    return square - sum(m * m for m in mean)


def kl_table(p, ref):
    """The eight slopes of one logit: two KLs by finite differences of quadrature-free sums,
    six places by enumeration."""
    pi, q = np.array([1 - p, p]), np.array([1 - ref, ref])
    score, x = np.array([-p, 1 - p]), np.log(pi / q)
    value = {"k1": x, "k2": x**2 / 2, "k3": q / pi - 1 + x}
    h, move = 1e-5, lambda h: 1 / (1 + np.exp(-(log(p / (1 - p)) + h)))
    kl = lambda a, b: stats.entropy([1 - a, a], [1 - b, b])  # noqa: E731
    found = {
        "reverse": (kl(move(h), ref) - kl(move(-h), ref)) / (2 * h),
        "forward": (kl(ref, move(h)) - kl(ref, move(-h))) / (2 * h),
    }

    def logged(h):  # log-probabilities of both answers with the logit moved by h
        a = move(h)
        return np.log(np.array([1 - a, a]))

    estimate = {"k1": lambda x: x, "k2": lambda x: x**2 / 2, "k3": lambda x: np.exp(-x) - 1 + x}
    for k, f in estimate.items():
        found[k, "loss"] = pi @ (f(logged(h) - np.log(q)) - f(logged(-h) - np.log(q))) / (2 * h)
        found[k, "reward"] = pi @ (value[k] * score)
        ours = pi @ (pg.kl_loss_weights(np.log(pi), np.log(q), k) * score)
        assert ours == pytest.approx(found[k, "loss"], abs=1e-8) and np.allclose(
            pg.kl_values(np.log(pi), np.log(q), k), value[k], atol=1e-14
        )
    moments = lambda v: pi @ v**2 - (pi @ v) ** 2  # noqa: E731
    found["variances"] = [moments(value[k]) for k in ("k1", "k2", "k3")]
    found["gradient variances"] = [moments(x * score), moments((1 - q / pi) * score)]
    return found
