"""Exercises of chapter 7, Trust regions.

Each truth is computed the long way round: sums term by term, the six cases one by one, slopes by differences in forty
digits, the Fisher matrix written out, the best point of a Krylov space by a linear solve.
"""

import math
import sys
from decimal import Decimal, localcontext
from math import fsum

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near


def _ratio(log_probs, old_log_probs):
    return np.exp(np.asarray(log_probs) - old_log_probs)


# --- surrogate -----------------------------------------------------------------------------------------------------


def surrogate(log_probs, old_log_probs, advantages):
    """Sample by sample."""
    return fsum(
        math.exp(new - old) * advantage for new, old, advantage in zip(log_probs, old_log_probs, advantages)
    ) / len(advantages)


def surrogate_cases(rng):
    def draw(n):
        return rng.uniform(-3, -0.1, n), rng.uniform(-3, -0.1, n), rng.normal(0.7, 1.5, n)

    unmoved = rng.uniform(-2, -0.3, 4)
    far = draw(5)
    return [
        Case("six samples", draw(6)),
        Case("nine samples", draw(9)),
        Case("nothing has moved", (unmoved, unmoved.copy(), rng.normal(1, 1, 4))),
        Case("very unlikely actions", (np.array([-700.0, -702.0]), np.array([-701.0, -700.5]), np.array([1.5, -0.5]))),
        Case("a difference of 50", (far[0] + np.array([0, 50, 0, -50, 0]), far[1], far[2])),
        Case("whole-number advantages", (*draw(3)[:2], np.array([1, -2, 4]))),
        Case("one sample", draw(1)),
    ]


SURROGATE = Exercise(
    truth=surrogate,
    cases=surrogate_cases,
    difficulty=1,
    importance=5,
    minutes=10,
    sizes=lambda log_probs, old_log_probs, advantages: {"n": len(advantages)},
    laws=(
        Law(
            "With one sample the answer is its ratio times its advantage. Yours is not.",
            lambda value, new, old, A: len(A) > 1 or near(value / math.exp(new[0] - old[0]), A[0]),
        ),
    ),
    after="At ratio 1 it is the mean advantage, and its slope is the policy gradient. "
    "What it says far from there is another matter.",
    hints=(
        "How much more likely has each action become? Log-probabilities are subtracted, then the exponential is taken.",
        "ratio = exp(log_probs - old_log_probs), one for each sample. Then the mean of ratio times advantage.",
        "Take the difference before the exponential: exp(-700) / exp(-701) still works, at -800 both would be 0.",
    ),
    mistakes=(
        Mistake(
            "log-ratio",
            "You weigh with the difference of the log-probabilities. The ratio is its exponential: "
            "equal policies have ratio 1, not 0.",
            (lambda new, old, A: float(np.mean((new - old) * A)),),
        ),
        Mistake(
            "inverted",
            "The ratio is upside down: new over old, exp(log_probs - old_log_probs). "
            "Old data count more where the new policy goes more often.",
            (lambda new, old, A: float(np.mean(_ratio(old, new) * A)),),
        ),
        Mistake(
            "difference-of-probabilities",
            "You subtract the probabilities. What corrects for actions drawn by the old policy "
            "is their quotient, new over old.",
            (lambda new, old, A: float(np.mean((np.exp(new) - np.exp(old)) * A)),),
        ),
        Mistake(
            "sum-for-mean",
            "n times too large: you add the samples up where the surrogate is their mean.",
            (lambda new, old, A: float(np.sum(_ratio(new, old) * A)),),
        ),
        Mistake(
            "advantage-times-log-prob",
            "You average advantage times log pi. It has the right slope at the old parameters and nowhere else, "
            "and its value means nothing.\n"
            "The surrogate weighs each advantage with the ratio. (Chapter 7, The surrogate.)",
            (lambda new, old, A: float(np.mean(new * A)),),
        ),
        Mistake(
            "product-of-means",
            "You multiply the mean ratio by the mean advantage. Each ratio belongs to its own sample's advantage: "
            "multiply first, then average.",
            (lambda new, old, A: float(np.mean(_ratio(new, old)) * np.mean(A)),),
        ),
        Mistake(
            "new-probability",
            "You weigh with the new probability alone. The actions were drawn by the old policy: "
            "divide by its probability.",
            (lambda new, old, A: float(np.mean(np.exp(new) * A)),),
        ),
        Mistake(
            "minus",
            "The sign is flipped: this is a loss, to be made small. The surrogate is what one climbs.",
            (lambda new, old, A: -float(np.mean(_ratio(new, old) * A)),),
        ),
        Mistake(
            "weights-normalised",
            "You divide by the sum of the ratios. That is another estimate, calmer and biased: "
            "with one sample its ratio falls out altogether. The surrogate divides by n.",
            (lambda new, old, A: float(_ratio(new, old) @ A / _ratio(new, old).sum()),),
        ),
        Mistake(
            "advantages-centred",
            "You take the mean off the advantages first. Their spread may be tamed before they come here; "
            "the surrogate takes them as they are.",
            (
                lambda new, old, A: float(np.mean(_ratio(new, old) * (A - A.mean()))),
                lambda new, old, A: float(np.mean(_ratio(new, old) * (A - A.mean()) / (A.std() + 1e-8))),
            ),
        ),
        Mistake(
            "ratio-less-one",
            "You weigh with the ratio less 1. That is the gain against the old policy, with the same slope; "
            "the surrogate itself is the mean advantage where nothing has moved, not 0.",
            (lambda new, old, A: float(np.mean((_ratio(new, old) - 1) * A)),),
        ),
        Mistake(
            "quotient-of-the-logs",
            "You divide the log-probabilities. The logarithm of a quotient is a difference: subtract them, "
            "then take the exponential.",
            (
                lambda new, old, A: float(np.mean(new / old * A)),
                lambda new, old, A: float(np.mean(np.exp(new / old) * A)),
            ),
        ),
        Mistake(
            "mean-ratio",
            "This is the mean ratio. The advantages are not used, and without them it says nothing: "
            "its expected value is 1 for any two policies with the same actions open.",
            (lambda new, old, A: float(np.mean(_ratio(new, old))),),
        ),
    ),
)


# --- clip_objective ------------------------------------------------------------------------------------------------


def _six_cases(rng, n=None):
    """(log_probs, old, advantages): below, inside and above the band with either sign, and advantage 0."""
    ratio = np.array([0.5, 1.1, 1.7, 0.6, 0.93, 1.45, 1.6, 0.4])
    advantages = np.array([1.3, 0.8, 2.1, -1.7, -0.6, -1.1, 0.0, 0.0])
    order = rng.permutation(len(ratio))[:n]
    old = rng.uniform(-2.5, -0.8, len(ratio))[: len(order)]
    return old + np.log(ratio[order]), old, advantages[order]


def clip_cases(rng):
    old, two = np.array([-1.0, -2.0, -0.5, -1.5]), np.log(2.0)
    new, before = rng.uniform(-3, -0.1, 12), rng.uniform(-3, -0.1, 12)
    return [
        Case("all six cases, eps 0.2", (*_six_cases(rng), 0.2)),
        Case("all six cases, eps 0.35", (*_six_cases(rng), 0.35)),
        Case("twelve samples, eps 0.1", (new, before, rng.normal(0, 1.5, 12), 0.1)),
        Case("whole-number advantages", (new[:4], before[:4], np.array([2, -1, 3, -2]), 0.25)),
        Case(
            "close to the edges", (old + np.log([1.21, 0.81, 1.19, 0.79]), old, np.array([1.0, -2.0, 0.5, -3.0]), 0.2)
        ),
        Case("nothing has moved", (old, old.copy(), np.array([1.0, -2.0, 0.5, 3.0]), 0.2)),
        Case(
            "far beyond the band",
            (
                np.array([-0.1, -0.1, -60.0, -60.0, -4.0]),
                np.array([-6.0, -6.0, -1.0, -1.0, -1.0]),
                np.array([1.0, -2.0, 3.0, -4.0, -2.5]),
                0.2,
            ),
        ),
        Case("one sample", (np.array([-0.4]), np.array([-1.2]), np.array([-0.7]), 0.2)),
        Case(
            "actions that were almost sure",
            (np.array([-0.5, -0.3, -0.02]), np.array([-0.05, -0.01, -0.03]), np.array([-1.0, 2.0, -0.4]), 0.2),
        ),
        # differences of these are exact, and the logarithm of 2 in double precision lies below the true one by 2e-17
        Case(
            "a ratio of exactly 2, eps 1",
            (-two * np.array([1, 1, 2, 2]), -two * np.array([2, 2, 2, 1]), np.array([1.5, -0.5, 0.8, -1.2]), 1.0),
        ),
        Case(
            "a ratio of exactly 1/2, eps 0.5",
            (-two * np.array([2, 2, 1]), -two * np.array([1, 1, 1]), np.array([-1.5, 0.5, -0.8]), 0.5),
        ),
    ]


def clip_objective(log_probs, old_log_probs, advantages, eps):
    """The six cases, one by one."""
    out = []
    for new, old, advantage in zip(log_probs, old_log_probs, advantages):
        ratio = math.exp(new - old)
        if advantage >= 0:
            out.append((1 + eps if ratio > 1 + eps else ratio) * advantage)
        else:
            out.append((1 - eps if ratio < 1 - eps else ratio) * advantage)
    return np.array(out, float)


def _clipped(new, old, eps):
    return np.clip(_ratio(new, old), 1 - eps, 1 + eps)


def _objective(new, old, A, eps):
    return np.minimum(_ratio(new, old) * A, _clipped(new, old, eps) * A)


CLIP_OBJECTIVE = Exercise(
    truth=clip_objective,
    cases=clip_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    sizes=lambda log_probs, old_log_probs, advantages, eps: {"n": len(advantages)},
    laws=(
        Law(
            "A clipped sample must never be worth more than ratio times advantage: the smaller of the two counts.",
            lambda value, new, old, A, eps: (
                value <= _ratio(new, old) * A + 1e-3 * (1 + abs(_ratio(new, old) * A))
            ).all(),
        ),
        Law(
            "Inside the band, between 1 - eps and 1 + eps, nothing is clipped: "
            "the answer there is ratio times advantage.",
            lambda value, new, old, A, eps: near(
                value[abs(_ratio(new, old) - 1) < eps], (_ratio(new, old) * A)[abs(_ratio(new, old) - 1) < eps]
            ),
        ),
    ),
    after="The smaller of two numbers, sample by sample: "
    "a lower bound of the surrogate, which is itself a bound of nothing.",
    hints=(
        "Two numbers for each sample: ratio times advantage, and clipped ratio times advantage. "
        "The smaller one counts.",
        "Multiply by the advantage first and take the minimum after: "
        "with a negative advantage the order of the two turns round.",
        "np.clip gives the second product's ratio, np.minimum the smaller of the two products. Try a ratio of 1.7 with "
        "A = -1: nothing is clipped there.",
    ),
    mistakes=(
        Mistake(
            "minimum-before-the-advantage",
            "You take the smaller ratio and multiply by the advantage after. "
            "For a negative advantage that picks the larger product:\n"
            "a bad action that became 1.7 times as likely would no longer be pushed back at full weight.",
            (
                lambda new, old, A, eps: np.minimum(_ratio(new, old), _clipped(new, old, eps)) * A,
                lambda new, old, A, eps: np.minimum(_ratio(new, old), 1 + eps) * A,
            ),
        ),
        Mistake(
            "maximum",
            "You take the larger of the two. That rewards leaving the band: the objective would be an upper bound.",
            (lambda new, old, A, eps: np.maximum(_ratio(new, old) * A, _clipped(new, old, eps) * A),),
        ),
        Mistake(
            "no-minimum",
            "You clip on both sides, whatever the advantage. "
            "Then a sample that has gone the wrong way can never come back: its slope is 0.\n"
            "The minimum with ratio times advantage keeps those two of the four cases outside alive. "
            "(Chapter 7, What the clip does.)",
            (lambda new, old, A, eps: _clipped(new, old, eps) * A,),
        ),
        Mistake(
            "clips-the-product",
            "You clip ratio times advantage to the band. It is the ratio that is clipped; "
            "the product has the units of the reward.",
            (
                lambda new, old, A, eps: np.minimum(
                    _ratio(new, old) * A, np.clip(_ratio(new, old) * A, 1 - eps, 1 + eps)
                ),
                lambda new, old, A, eps: np.clip(_ratio(new, old) * A, 1 - eps, 1 + eps),
            ),
        ),
        Mistake(
            "band-from-eps",
            "Your band begins at eps, not at 1 - eps: "
            "a bad action falls silent only at eps times its old probability, a fifth for eps 0.2.",
            (lambda new, old, A, eps: np.minimum(_ratio(new, old) * A, np.clip(_ratio(new, old), eps, 1 + eps) * A),),
        ),
        Mistake(
            "absolute-advantage",
            "You weigh with the size of the advantage and lose its sign. Good and bad actions need opposite answers.",
            (lambda new, old, A, eps: np.minimum(_ratio(new, old) * abs(A), _clipped(new, old, eps) * abs(A)),),
        ),
        Mistake(
            "not-clipped",
            "This is ratio times advantage without any clip.",
            (lambda new, old, A, eps: _ratio(new, old) * A,),
        ),
        Mistake(
            "log-ratio",
            "You clip and weigh the difference of the log-probabilities. The ratio is its exponential.",
            (
                lambda new, old, A, eps: np.minimum((new - old) * A, np.clip(new - old, 1 - eps, 1 + eps) * A),
                lambda new, old, A, eps: np.minimum((new - old) * A, np.clip(new - old, -eps, eps) * A),
            ),
        ),
        Mistake(
            "inverted",
            "The ratio is upside down: new over old, exp(log_probs - old_log_probs).",
            (lambda new, old, A, eps: np.minimum(_ratio(old, new) * A, _clipped(old, new, eps) * A),),
        ),
        Mistake(
            "loss",
            "The sign is flipped: this is a loss, to be made small. The objective is what one climbs.",
            (lambda new, old, A, eps: -np.minimum(_ratio(new, old) * A, _clipped(new, old, eps) * A),),
        ),
        Mistake(
            "upper-edge-for-both-signs",
            "You stop at 1 + eps for both signs. A bad action wants to become rarer, "
            "so its edge is the lower one, 1 - eps.",
            (lambda new, old, A, eps: np.minimum(_ratio(new, old) * A, (1 + eps) * A),),
        ),
        Mistake(
            "zero-where-clipped",
            "You give a clipped sample the value 0. It keeps the value of the edge, (1 + eps) A or (1 - eps) A; "
            "its slope is what becomes 0.",
            (lambda new, old, A, eps: _weights(new, old, A, eps),),
        ),
        Mistake(
            "advantages-normalised",
            "You standardise the advantages first. That is done with the batch, before they come here: "
            "a batch of one would have none left.",
            (
                lambda new, old, A, eps: _objective(new, old, A - A.mean(), eps),
                lambda new, old, A, eps: _objective(new, old, (A - A.mean()) / (A.std() + 1e-8), eps),
            ),
        ),
    ),
)


# --- clip_weights --------------------------------------------------------------------------------------------------


def clip_weights(log_probs, old_log_probs, advantages, eps):
    """The slope of each sample's clipped objective by its own log-probability: differences in forty digits."""
    out = []
    with localcontext(prec=60):
        h, band = Decimal(10) ** -25, (1 - Decimal(float(eps)), 1 + Decimal(float(eps)))
        for new, old, advantage in zip(log_probs, old_log_probs, advantages):
            new, old, A = Decimal(float(new)), Decimal(float(old)), Decimal(float(advantage))

            def worth(x, old=old, A=A):
                ratio = (x - old).exp()
                return min(ratio * A, min(max(ratio, band[0]), band[1]) * A)

            out.append(float((worth(new + h) - worth(new - h)) / (2 * h)))
    return np.array(out, float)


def _weights(new, old, A, eps, keep=None, factor=None):
    ratio = _ratio(new, old)
    keep = np.where(A > 0, ratio <= 1 + eps, ratio >= 1 - eps) if keep is None else keep(ratio)
    return np.where(keep, (ratio if factor is None else factor(ratio)) * A, 0.0)


CLIP_WEIGHTS = Exercise(
    truth=clip_weights,
    cases=clip_cases,
    difficulty=3,
    importance=5,
    minutes=15,
    sizes=lambda log_probs, old_log_probs, advantages, eps: {"n": len(advantages)},
    laws=(
        Law(
            "Inside the band the weight is ratio times advantage. Yours is not.",
            lambda w, new, old, A, eps: near(
                w[abs(_ratio(new, old) - 1) < eps], (_ratio(new, old) * A)[abs(_ratio(new, old) - 1) < eps]
            ),
        ),
        Law(
            "A good action that is already more than 1 + eps times as likely has weight 0, "
            "and so has a bad one below 1 - eps.",
            lambda w, new, old, A, eps: near(
                w[np.where(A > 0, _ratio(new, old) > 1 + eps, (A < 0) & (_ratio(new, old) < 1 - eps))], 0
            ),
        ),
        Law(
            "A sample that has moved the wrong way is never cut: its weight is ratio times advantage, "
            "however far outside it is.",
            lambda w, new, old, A, eps: near(
                w[np.where(A > 0, _ratio(new, old) < 1 - eps, _ratio(new, old) > 1 + eps)],
                (_ratio(new, old) * A)[np.where(A > 0, _ratio(new, old) < 1 - eps, _ratio(new, old) > 1 + eps)],
            ),
        ),
    ),
    after="This one function is what turns an actor-critic into PPO. "
    "In two of the four cases outside the band it is alive.",
    hints=(
        "The derivative of the ratio by log pi is the ratio itself. "
        "Where the clipped product is the smaller one, there is no slope: 0.",
        "Which samples are cut? Good ones (A > 0) with a ratio above 1 + eps, bad ones "
        "(A < 0) with a ratio below 1 - eps. No others.",
        "np.where chooses twice: by the sign of A which edge counts, then what a cut sample weighs and what another. "
        "Exactly on an edge nothing is cut.",
    ),
    mistakes=(
        Mistake(
            "zero-on-both-sides",
            "You cut every sample outside the band, whatever its sign. A bad action that became more likely must be "
            "pushed back, and a good one that became rarer must be fetched: in these two cases the weight is ratio "
            "times A. (Chapter 7, What the clip does.)",
            (
                lambda new, old, A, eps: _weights(new, old, A, eps, lambda r: abs(r - 1) <= eps),
                lambda new, old, A, eps: _weights(new, old, A, eps, lambda r: abs(r - 1) < eps),
            ),
        ),
        Mistake(
            "advantage-without-ratio",
            "The ratio is missing: you keep A where the sample is not cut. "
            "The derivative of the ratio by log pi is the ratio.",
            (
                lambda new, old, A, eps: _weights(new, old, A, eps, None, np.ones_like),
                lambda new, old, A, eps: _weights(
                    new, old, A, eps, lambda r: np.where(A > 0, r < 1 + eps, r > 1 - eps), np.ones_like
                ),
            ),
        ),
        Mistake(
            "clipped-ratio",
            "You weigh with the clipped ratio, and cut nobody. That is another method (CISPO): it bounds the weight "
            "instead of dropping the sample.",
            (lambda new, old, A, eps: _clipped(new, old, eps) * A,),
        ),
        Mistake(
            "not-clipped",
            "This is ratio times advantage for every sample. "
            "Those that have already moved the way they wanted beyond the edge count 0.",
            (lambda new, old, A, eps: _ratio(new, old) * A,),
        ),
        Mistake(
            "wrong-two-cases",
            "You cut the two cases that must stay alive, and keep the two that must go: compare the edge on the side "
            "to which the sample wants to go, above for A > 0, below for A < 0.",
            (
                lambda new, old, A, eps: np.where(
                    np.where(A > 0, _ratio(new, old) >= 1 - eps, _ratio(new, old) <= 1 + eps), _ratio(new, old) * A, 0
                ),
            ),
        ),
        Mistake(
            "the-objective",
            "This is the clipped objective itself. Its slope by log pi is asked for: "
            "0 where the clipped product is the smaller one.",
            (lambda new, old, A, eps: np.minimum(_ratio(new, old) * A, _clipped(new, old, eps) * A),),
        ),
        Mistake(
            "clip-on-the-log",
            "You compare the difference of the log-probabilities with eps. "
            "The band is one of ratios, 1 - eps to 1 + eps.",
            (
                lambda new, old, A, eps: np.where(
                    np.where(A > 0, new - old <= eps, new - old >= -eps), _ratio(new, old) * A, 0
                ),
            ),
        ),
        Mistake(
            "upper-edge-only",
            "You cut above 1 + eps only. A bad action that is already below 1 - eps has moved far enough "
            "as well: weight 0.",
            (lambda new, old, A, eps: np.where((A > 0) & (_ratio(new, old) > 1 + eps), 0, _ratio(new, old) * A),),
        ),
        Mistake(
            "divided-by-n",
            "You divide by n. The weights are those of each sample on its own; the mean is taken by who uses them.",
            (lambda new, old, A, eps: _weights(new, old, A, eps) / len(A),),
        ),
        Mistake(
            "loss",
            "The sign is flipped: these are the weights of a loss, to be made small.",
            (lambda new, old, A, eps: -_weights(new, old, A, eps),),
        ),
        Mistake(
            "inverted",
            "The ratio is upside down: new over old, exp(log_probs - old_log_probs).",
            (lambda new, old, A, eps: _weights(old, new, A, eps),),
        ),
        Mistake(
            "log-ratio",
            "You work with the difference of the log-probabilities. The ratio is its exponential.",
            (
                lambda new, old, A, eps: np.where(
                    np.where(A > 0, new - old <= 1 + eps, new - old >= 1 - eps), (new - old) * A, 0
                ),
                lambda new, old, A, eps: np.where(
                    np.where(A > 0, new - old <= eps, new - old >= -eps), (new - old) * A, 0
                ),
            ),
        ),
        Mistake(
            "one-edge-for-both-signs",
            "You cut at one edge, whatever the sign of the advantage. Good actions are cut above 1 + eps only, "
            "bad ones below 1 - eps only.",
            (
                lambda new, old, A, eps: _weights(new, old, A, eps, lambda r: r <= 1 + eps),
                lambda new, old, A, eps: _weights(new, old, A, eps, lambda r: r >= 1 - eps),
            ),
        ),
        Mistake(
            "edge-cut",
            "Right but for a ratio exactly at an edge: that counts as inside. "
            "With >= or <= in place of > or < it is cut.",
            (
                lambda new, old, A, eps: _weights(
                    new, old, A, eps, lambda r: np.where(A > 0, r < 1 + eps, r > 1 - eps)
                ),
                lambda new, old, A, eps: _weights(
                    new, old, A, eps, lambda r: np.where(A > 0, r < 1 + eps, r >= 1 - eps)
                ),
                lambda new, old, A, eps: _weights(
                    new, old, A, eps, lambda r: np.where(A > 0, r <= 1 + eps, r > 1 - eps)
                ),
            ),
        ),
        Mistake(
            "ratio-squared",
            "The ratio goes in twice. Its derivative by log pi is the ratio itself, "
            "so the weight is ratio times A, once.",
            (lambda new, old, A, eps: _weights(new, old, A, eps, None, np.square),),
        ),
        Mistake(
            "mask-alone",
            "You return which samples count, 1 or 0. Their weight is ratio times advantage.",
            (lambda new, old, A, eps: np.where(A > 0, _ratio(new, old) <= 1 + eps, _ratio(new, old) >= 1 - eps) * 1.0,),
        ),
    ),
)


# --- fisher_vector_product -----------------------------------------------------------------------------------------


def fisher_vector_product(scores, weights, v):
    """The matrix written out, entry by entry for small ones."""
    scores, weights = np.asarray(scores, float), np.asarray(weights, float)
    if scores.size < 1000:
        d = scores.shape[1]
        F = np.array([[fsum(weights * scores[:, i] * scores[:, j]) for j in range(d)] for i in range(d)])
        return F @ v
    return np.einsum("md,m->d", scores, weights * np.einsum("md,d->m", scores, v))


NEVER_NEEDED = (
    " is never needed:\nfirst the numbers scores @ v, one per sample, then their weighted sum of scores. "
    "Two products in all. (Chapter 7, TRPO.)"
)


def fisher_cases(rng):
    def draw(M, d):
        return rng.normal(0.3, 1, (M, d)), rng.uniform(0.1, 0.6, M), rng.normal(size=d)

    cases = [
        Case("seven samples, three parameters", draw(7, 3)),
        Case("as many samples as parameters", draw(4, 4)),
        Case("fewer samples than parameters", draw(2, 5)),
        Case("some weights 0", (draw(5, 2)[0], np.array([0.0, 0.5, 0.0, 1.5, 0.25]), rng.normal(size=2))),
        Case("v is zero", (*draw(6, 3)[:2], np.zeros(3))),
        Case("one parameter", draw(6, 1)),
        Case("one sample", draw(1, 3)),
        Case(
            "100,000 samples, 60 parameters",
            (
                rng.normal(size=(100_000, 60)).astype(np.float32).astype(float),
                rng.uniform(size=100_000) / 1e5,
                rng.normal(size=60),
            ),
            slow="Right on small inputs, but too slow or too large here. Each sample's d x d matrix" + NEVER_NEEDED,
        ),
    ]
    if sys.platform != "emscripten":  # where F is formed it takes 1.2 GB: a page, on a phone, could not refuse it
        cases.append(
            Case(
                "5 samples, 12,000 parameters",
                (rng.normal(size=(5, 12_000)), rng.uniform(0.1, 0.6, 5), rng.normal(size=12_000)),
                slow="Right on the other inputs, but too large here. F, with its 12,000 x 12,000 numbers,"
                + NEVER_NEEDED,
            )
        )
    return cases


def _fvp(s, w, v):
    return s.T @ (w * (s @ v))


def _damping(call):
    """How much of v comes back where all scores are 0."""
    parts = call((np.zeros((1, 2)), np.ones(1), np.array([1.0, 0.0])))
    if parts and parts[0].shape == (2,) and np.isfinite(parts[0]).all() and parts[0][0]:
        return lambda s, w, v: _fvp(s, w, v) + float(parts[0][0]) * v


FISHER = Exercise(
    truth=fisher_vector_product,
    cases=fisher_cases,
    difficulty=2,
    importance=4,
    minutes=10,
    axes=("parameter",),
    sizes=lambda scores, weights, v: {"M": scores.shape[0], "d": scores.shape[1]},
    laws=(
        Law(
            "v times F v is never negative: F is a weighted sum of squares. Yours is.",
            lambda Fv, s, w, v: float(np.asarray(Fv) @ v) >= -1e-6 * (1 + abs(float(_fvp(s, w, v) @ v))),
        ),
        Law(
            "F v lies in the span of the scores: with one sample it is a multiple of its score. Yours is not.",
            lambda Fv, s, w, v: len(s) > 1 or near(np.outer(Fv, s[0]), np.outer(s[0], Fv)),
        ),
    ),
    after="Two products and no matrix: this is why a natural gradient is affordable for a network.",
    hints=(
        "F is the weighted sum of score times score transposed. Multiply with v before you add, not after.",
        "For each sample: how far does v go along its score? One number for each, an inner product.",
        "Weigh these numbers, then add up the scores with them: a second product, with the scores transposed.",
    ),
    mistakes=(
        Mistake(
            "diagonal-only",
            "You keep only the diagonal of F, the mean square of each parameter's score. "
            "What two parameters have in common is lost.",
            (lambda s, w, v: (w[:, None] * s**2).sum(0) * v,),
        ),
        Mistake(
            "weights-ignored",
            "The weights are not used: every sample counts 1.",
            (lambda s, w, v: s.T @ (s @ v), lambda s, w, v: s.T @ (s @ v) / len(s)),
        ),
        Mistake(
            "scores-centred",
            "You take the mean off the scores. Under the policy's own distribution it is 0, "
            "and taking the sample's own changes F.",
            (lambda s, w, v: _fvp(s - s.mean(0), w, v), lambda s, w, v: _fvp(s - (w @ s) / w.sum(), w, v)),
        ),
        Mistake(
            "weights-squared",
            "The weights go in twice: weigh either the numbers scores @ v or the scores, not both.",
            (lambda s, w, v: _fvp(s, w**2, v),),
        ),
        Mistake(
            "mean-for-sum",
            "You divide by M. The weights already say how much each sample counts.",
            (lambda s, w, v: _fvp(s, w, v) / len(s),),
        ),
        Mistake(
            "weights-normalised",
            "You make the weights sum to one. They are the caller's: discounted visits, say, which do not.",
            (lambda s, w, v: _fvp(s, w / w.sum(), v),),
        ),
        Mistake(
            "score-products-only",
            "You stop half way: weights times scores times one number each is needed, "
            "the number being that sample's own scores @ v.\n"
            "Yours multiplies the summed scores with v, parameter by parameter.",
            (lambda s, w, v: (w @ s) * v, lambda s, w, v: (w @ s) * (w @ (s @ v))),
        ),
        Mistake(
            "damped",
            "You add a multiple of v: that is damping, F + c I. It belongs to whoever solves with F, who must be able "
            "to choose it. (Chapter 7, TRPO.)",
            (lambda s, w, v: _fvp(s, w, v) + 0.1 * v,),
            _damping,
        ),
        Mistake(
            "v-not-used",
            "You return the weighted sum of the scores: v does not come in. Each score counts with its own scores @ v.",
            (lambda s, w, v: w @ s,),
        ),
    ),
)


# --- conjugate_gradient --------------------------------------------------------------------------------------------


class TooManyCalls(RuntimeError):
    """Raised by a matvec that may be called so many times only."""


class Matvec:
    """A function v -> A v that shows its matrix, and can be called so many times only."""

    def __init__(self, A, calls=None):
        self.A, self.calls, self.left = np.array(A, float), calls, calls

    def __call__(self, v):
        if self.left == 0:
            raise TooManyCalls(
                f"matvec was called more than {self.calls} times in {self.calls} iterations. "
                "Once in each is enough: keep A p, both the step and the new residual need it"
            )
        self.left = self.left and self.left - 1
        return self.A @ v

    def __eq__(self, other):
        return isinstance(other, Matvec) and np.array_equal(self.A, other.A)

    __hash__ = None

    def __repr__(self):
        return f"lambda v: A @ v   # A = {self.A.round(3).tolist()}"


def _uncounted(matvec):
    return matvec.A.__matmul__ if isinstance(matvec, Matvec) else matvec


def conjugate_gradient(matvec, b, iterations):
    """The best point x of span{b, A b, ..., A^(k-1) b}: that space by QR, and in it the linear system."""
    matvec, b = _uncounted(matvec), np.asarray(b, float)
    basis = []
    for k in range(min(iterations, len(b))):
        v = b if k == 0 else np.asarray(matvec(basis[-1]), float)
        size = np.linalg.norm(v)
        for _ in range(2):
            for q in basis:
                v = v - (q @ v) * q
        if np.linalg.norm(v) <= 1e-9 * size or size == 0:
            break
        basis.append(v / np.linalg.norm(v))
    if not basis:
        return np.zeros(len(b))
    K = np.array(basis).T
    AK = np.array([matvec(q) for q in basis]).T
    return K @ np.linalg.solve(K.T @ AK, K.T @ b)


def gradient_cases(rng):
    def spd(d, low=0.5):
        half = rng.normal(size=(d, d))
        return Matvec(half @ half.T / d + low * np.eye(d))

    return [
        Case("two parameters, two iterations", (Matvec(np.diag([0.375, 0.03125])), np.array([-0.078125, 0.015625]), 2)),
        Case("five parameters, five iterations", (spd(5), rng.normal(size=5), 5)),
        Case("five parameters, three iterations", (spd(5), rng.normal(size=5), 3)),
        Case("six parameters, one iteration", (spd(6), rng.normal(size=6), 1)),
        Case(
            "three times the identity, four iterations: exact after one",
            (Matvec(3 * np.eye(3)), np.array([1.0, -2.0, 0.5]), 4),
        ),
        Case(
            "two parameters, eight iterations: exact after two",
            (Matvec([[2.0, 0.5], [0.5, 1.0]]), np.array([1.0, 3.0]), 8),
        ),
        Case("b is zero", (spd(3), np.zeros(3), 3)),
        Case("one parameter", (Matvec([[2.5]]), np.array([1.5]), 3)),
        Case("a tiny b, and an A that is tinier", (Matvec(1e-24 * spd(3).A), 1e-14 * rng.normal(size=3), 3)),
        Case("four parameters, three iterations, three products", (Matvec(spd(4).A, 3), rng.normal(size=4), 3)),
    ]


def _cg(
    matvec,
    b,
    iterations,
    beta=lambda new, old: new / old,
    restart=False,
    sign=1.0,
    guard=True,
    factor=1.0,
    below=1e-300,
    added=0.0,
):
    matvec, x, r = _uncounted(matvec), np.zeros(len(b)), np.array(b, float)
    p, square = r.copy(), r @ r
    for _ in range(iterations):
        if guard and square <= 1e-24 * (b @ b) + below:
            break
        Ap = np.asarray(matvec(p), float)
        alpha = square / (p @ Ap + added)
        x = x + alpha * p
        r = r - sign * alpha * Ap
        new = r @ r
        p = r.copy() if restart else r + beta(new, square) * p
        square = new
    return factor * x


CONJUGATE = Exercise(
    truth=conjugate_gradient,
    cases=gradient_cases,
    difficulty=3,
    importance=3,
    minutes=20,
    axes=("parameter",),
    sizes=lambda matvec, b, iterations: {"d": len(b)},
    laws=(
        Law(
            "After one iteration x is a multiple of b, the first direction. Yours is not.",
            lambda x, matvec, b, k: k > 1 or near(np.outer(x, b), np.outer(b, x)),
        ),
        Law(
            "With as many iterations as parameters x solves A x = b. Yours leaves a residual.",
            lambda x, matvec, b, k: k < len(b) or near(_uncounted(matvec)(np.asarray(x, float)), b),
        ),
    ),
    after="At most as many products as A has distinct eigenvalues, and A is never formed: two doors needs two.",
    hints=(
        "Keep three arrays: x (from 0), the residual r = b - A x (so b at first), and a direction p (b at first). "
        "One product A p each time.",
        "alpha = r.r / p.Ap; x grows by alpha p, r shrinks by alpha A p. "
        "The new p is the new r plus beta times the old p.",
        "beta = (new r.r) / (old r.r). Stop once r.r is tiny compared with b.b: else it is 0 / 0 next.",
    ),
    mistakes=(
        Mistake(
            "steepest-descent",
            "You go along the residual each time. That is steepest descent: each step undoes part of the one before. "
            "The new direction is the residual plus beta times the old direction. (Chapter 7, TRPO.)",
            (lambda m, b, k: _cg(m, b, k, restart=True),),
        ),
        Mistake(
            "beta-inverted",
            "beta is upside down: new squared residual over old. It is small where progress was good.",
            (lambda m, b, k: _cg(m, b, k, lambda new, old: old / new if new else 0.0),),
        ),
        Mistake(
            "beta-of-one",
            "The old direction comes in whole: it is to be multiplied by beta, new squared residual over old.",
            (lambda m, b, k: _cg(m, b, k, lambda new, old: 1.0),),
        ),
        Mistake(
            "zero-over-zero",
            "Right until the residual is 0: then alpha is 0 / 0, and NaN from there on. "
            "Stop once the residual is tiny compared with b.",
            (lambda m, b, k: _cg(m, b, k, guard=False) if not _exact_early(m, b, k) else np.full(len(b), np.nan),),
        ),
        Mistake(
            "residual-sign",
            "The residual grows where it should shrink: r is b less A x, so it loses alpha A p.",
            (lambda m, b, k: _cg(m, b, k, sign=-1.0),),
        ),
        Mistake(
            "stops-after-one",
            "You stop after the first step, whatever iterations says.",
            (lambda m, b, k: _cg(m, b, 1),),
        ),
        Mistake(
            "twice",
            "Twice too large: you solve A x = 2 b. The quadratic is x.A x / 2 - b.x, and its slope A x - b has no 2.",
            (lambda m, b, k: _cg(m, b, k, factor=2.0),),
        ),
        Mistake(
            "returns-b",
            "This is b itself. Where A is the Fisher matrix that is the plain gradient: nothing has been solved.",
            (lambda m, b, k: np.array(b, float),),
        ),
        Mistake("multiplies", "You multiply by A where its inverse is asked for.", (lambda m, b, k: _uncounted(m)(b),)),
        Mistake(
            "tolerance-without-scale",
            "Right but for a tiny b: you compare with a fixed small number, or add one. Gradients can all be tiny. "
            "Stop where r.r is tiny compared with b.b.",
            (
                lambda m, b, k: _cg(m, b, k, below=1e-20),
                lambda m, b, k: _cg(m, b, k, added=1e-8),
                lambda m, b, k: _cg(m, b, k, added=1e-10),
                lambda m, b, k: _cg(m, b, k, added=1e-12),
            ),
        ),
        Mistake(
            "one-short",
            "You do one iteration less than you were asked for.",
            (lambda m, b, k: _cg(m, b, k - 1),),
        ),
        Mistake(
            "solved-exactly",
            "This is the exact solution, whatever iterations says. With fewer iterations than parameters it costs more "
            "products than were granted.",
            (lambda m, b, k: np.linalg.solve(np.array([_uncounted(m)(e) for e in np.eye(len(b))]).T, b),),
        ),
        Mistake(
            "residual-returned",
            "You return the residual b - A x. What is asked for is x.",
            (lambda m, b, k: b - _uncounted(m)(_cg(m, b, k)),),
        ),
    ),
)


def _exact_early(matvec, b, iterations):
    """Whether the residual becomes exactly 0 before the last iteration."""
    matvec = _uncounted(matvec)
    x, r = np.zeros(len(b)), np.array(b, float)
    p, square = r.copy(), r @ r
    for _ in range(iterations):
        if square <= 1e-24 * (b @ b) + 1e-300:
            return True
        Ap = matvec(p)
        alpha = square / (p @ Ap)
        x, r = x + alpha * p, r - alpha * Ap
        new = r @ r
        p, square = r + new / square * p, new
    return False


# --- kl_step -------------------------------------------------------------------------------------------------------


def kl_step(natural, gradient, delta):
    """The size by bisection: with F natural = gradient, a step x natural has the quadratic
    KL x^2 gradient.natural / 2."""
    slope = fsum(float(n) * float(g) for n, g in zip(natural, gradient))
    if slope <= 0 or delta <= 0:
        return np.zeros(len(natural))
    low, high = 0.0, 1.0
    while high * high / 2 * slope < delta:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * middle / 2 * slope < delta else (low, middle)
    return low * np.asarray(natural, float)


def step_cases(rng):
    def draw(d, delta, scale=1.0):
        half = rng.normal(size=(d, d))
        natural = rng.normal(size=d) * scale
        return natural, (half @ half.T + 0.3 * np.eye(d)) @ natural, delta

    return [
        Case("two doors, delta 0.01", (np.array([-5 / 24, 0.5]), np.array([-5 / 64, 1 / 64]), 0.01)),
        Case("three parameters, delta 0.05", draw(3, 0.05)),
        Case("four parameters, delta 0.3", draw(4, 0.3)),
        Case("tiny gradients", draw(3, 0.02, 1e-6)),
        Case("large gradients", draw(3, 0.02, 1e4)),
        Case("delta 0", draw(3, 0.0)),
        Case("a direction that leads down", (np.array([1.0, -0.5]), np.array([-0.4, 0.3]), 0.01)),
        Case("a direction that leads down steeply", (np.array([2.0, 1.0]), np.array([-3.0, 0.5]), 0.02)),
        Case("a gradient of zeros", (np.zeros(2), np.zeros(2), 0.01)),
        Case("one parameter", draw(1, 0.04)),
        Case("a direction that leads neither up nor down", (np.array([2.0, 1.0]), np.array([0.5, -1.0]), 0.01)),
    ]


def _step(n, g, delta, size):
    slope = float(n @ g)
    return size(slope, delta) * n if slope > 0 and delta > 0 else np.zeros(len(n))


KL_STEP = Exercise(
    truth=kl_step,
    cases=step_cases,
    difficulty=2,
    importance=4,
    minutes=10,
    axes=("parameter",),
    sizes=lambda natural, gradient, delta: {"d": len(natural)},
    laws=(
        Law(
            "The step must be a multiple of natural. Yours points elsewhere.",
            lambda step, n, g, delta: near(np.outer(step, n) / (n @ n + 1e-300), np.outer(n, step) / (n @ n + 1e-300)),
        ),
        Law(
            "Where there is no way up (gradient times natural not positive), or delta is 0, the step is zeros.",
            lambda step, n, g, delta: (delta > 0 and n @ g > 0) or near(step, 0),
        ),
    ),
    after="The size of the gradient has dropped out: how far to go is decided by delta alone.",
    hints=(
        "A step x has the quadratic KL x.F x / 2. "
        "Put x = c times natural, and remember that F natural is the gradient.",
        "c squared times gradient.natural / 2 = delta. Solve for c.",
        "c is the root of 2 delta over that product; zeros if the product is not positive.",
    ),
    mistakes=(
        Mistake(
            "two-missing",
            "The 2 is missing: the KL is *half* the quadratic form, so c is sqrt(2 delta / gradient.natural).",
            (lambda n, g, d: _step(n, g, d, lambda s, d: np.sqrt(d / s)),),
        ),
        Mistake(
            "no-root",
            "The root is missing: the KL grows with the square of the step.",
            (lambda n, g, d: _step(n, g, d, lambda s, d: 2 * d / s),),
        ),
        Mistake(
            "norm-of-natural",
            "You divide by the Euclidean length of natural. The length that counts is the one F measures: "
            "natural.F natural = gradient.natural.",
            (
                lambda n, g, d: _step(n, g, d, lambda s, d: np.sqrt(2 * d / (n @ n))),
                lambda n, g, d: _step(n, g, d, lambda s, d: np.sqrt(2 * d) / np.linalg.norm(n)),
            ),
        ),
        Mistake(
            "gradient-squared",
            "You divide by gradient.gradient. It is gradient.natural that measures the step.",
            (lambda n, g, d: _step(n, g, d, lambda s, d: np.sqrt(2 * d / (g @ g))),),
        ),
        Mistake(
            "delta-for-its-root",
            "delta stands outside the root: sqrt(2 delta / gradient.natural), all of it under the root.",
            (
                lambda n, g, d: _step(n, g, d, lambda s, d: d * np.sqrt(2 / s)),
                lambda n, g, d: _step(n, g, d, lambda s, d: d / np.sqrt(s)),
            ),
        ),
        Mistake(
            "plain-direction",
            "You scale the gradient. The step goes along natural, F inverse times the gradient.",
            (lambda n, g, d: _step(g, n, d, lambda s, d: np.sqrt(2 * d / s)),),
        ),
        Mistake(
            "natural-itself", "This is natural itself, whatever delta says.", (lambda n, g, d: np.array(n, float),)
        ),
        Mistake(
            "no-guard",
            "Right where there is a way up. Where gradient.natural is 0 or negative you take the root of something "
            "impossible and return NaN: the step there is zeros.",
            (lambda n, g, d: np.sqrt(2 * d / np.dot(g, n)) * n,),
        ),
        Mistake(
            "small-number-added",
            "You add a small number under the fraction bar. Near the top gradients are tiny, and it swallows them: "
            "test for a product that is not positive.",
            tuple(
                lambda n, g, d, small=small, guard=guard: (
                    _step(n, g, d, lambda s, d: np.sqrt(2 * d / (s + small)))
                    if guard
                    else np.sqrt(2 * d / (np.dot(g, n) + small)) * n
                )
                for small in (1e-8, 1e-6, 1e-10)
                for guard in (True, False)
            ),
        ),
        Mistake(
            "absolute-value",
            "You take the size of gradient.natural and drop its sign. "
            "Where it is negative, natural leads down, and the step is zeros.",
            (lambda n, g, d: np.sqrt(2 * d / abs(np.dot(g, n))) * n if np.dot(g, n) else np.zeros(len(n)),),
        ),
        Mistake(
            "length-delta",
            "You make a step whose Euclidean length is delta. It is the KL that is to be delta: "
            "half the square of the length that F measures.",
            (
                lambda n, g, d: _step(n, g, d, lambda s, d: d / np.linalg.norm(n)),
                lambda n, g, d: d * n / (np.linalg.norm(n) + 1e-300),
            ),
        ),
        Mistake(
            "root-turned-over",
            "What stands under the root is upside down: "
            "the larger gradient.natural, the fewer multiples of natural fit into a KL of delta.",
            (lambda n, g, d: _step(n, g, d, lambda s, d: np.sqrt(s / (2 * d))),),
        ),
        Mistake(
            "parameter-by-parameter",
            "You multiply gradient and natural without adding up: each parameter gets a size of its own. "
            "One number scales the whole step.",
            (
                lambda n, g, d: np.sqrt(2 * d / np.where(n * g > 0, n * g, np.inf)) * n,
                lambda n, g, d: np.sqrt(2 * d / (n * g)) * n,
            ),
        ),
    ),
)


EXERCISES = (SURROGATE, CLIP_OBJECTIVE, CLIP_WEIGHTS, FISHER, CONJUGATE, KL_STEP)
