"""Exercises of chapter 8, Language models.

Truth by what is slow and plain: loops over answers and tokens, groups counted out one by one, complex steps,
whole-number binomials, decimals with any exponent.
"""

from decimal import MAX_EMAX, MIN_EMIN, Decimal, localcontext
from fractions import Fraction
from math import comb

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near

# --- leave_one_out_advantages --------------------------------------------------------------------------------------


def leave_one_out_advantages(rewards):
    rewards = np.asarray(rewards, float)
    out = np.zeros(rewards.shape)
    for row, group in enumerate(rewards):
        for i, reward in enumerate(group):
            out[row, i] = reward - np.mean([other for j, other in enumerate(group) if j != i])
    return out


def group_cases(rng):
    return [
        Case("one prompt, four answers", (np.array([[1.0, 0.0, 0.0, 0.5]]),)),
        Case("three prompts, five answers", (rng.normal(size=(3, 5)),)),
        Case("verdicts 0 and 1, as integers", (rng.integers(0, 2, (4, 8)),)),
        Case("two answers each", (rng.normal(size=(3, 2)),)),
        Case("five prompts, three answers", (rng.normal(size=(5, 3)) + 2,)),
        Case("all equal, beside a group that is not", (np.array([[2.0, 2.0, 2.0], [0.0, 1.0, 5.0]]),)),
        Case("large rewards", (1e6 * rng.normal(size=(2, 6)),)),
        Case("one prompt, two answers", (np.array([[3, -1]]),)),
    ]


def _mean(r, axis):
    return np.mean(r, axis=axis, keepdims=True)


def _others(r, axis):
    n = r.shape[axis] if axis is not None else r.size
    return (np.sum(r, axis=axis, keepdims=True) - r) / (n - 1)


LEAVE_ONE_OUT = Exercise(
    truth=leave_one_out_advantages,
    cases=group_cases,
    difficulty=1,
    importance=5,
    minutes=5,
    axes=("prompt", "answer"),
    sizes=lambda rewards: {"P": len(rewards), "G": rewards.shape[1]},
    laws=(
        Law(
            "The advantages of one group must add up to 0: what one answer gains on the others, they lose.",
            lambda v, rewards: near(np.sum(v, axis=1) / (1 + np.abs(rewards).max()), 0),
        ),
    ),
    after="Nothing of an answer's own reward is in its baseline, so the estimate stays unbiased; "
    "the shorter formula is G / (G - 1) times reward less group mean.",
    hints=(
        "The baseline of an answer is the mean reward of the other answers to the same prompt. "
        "How many others are there?",
        "The sum over the others is the sum over the group less one's own reward. Keep the axis (keepdims=True), "
        "and subtraction broadcasts.",
        "Which axis runs over the answers of one prompt? Every row has its own baselines; "
        "other rows are other prompts.",
    ),
    mistakes=(
        Mistake(
            "own-mean",
            "You subtract the mean of the whole group, the answer itself included. Its own reward is then part of its "
            "baseline: the estimate becomes (G - 1) / G of the gradient.\nGRPO does so, and it costs only length. "
            "Here the others alone are asked for. (Chapter 8, Leave one out, or not.)",
            (lambda r: r - _mean(r, 1),),
        ),
        Mistake(
            "mean-over-prompts",
            "You compare answers to different prompts: the mean runs down the columns. Then the answers to a hard "
            "prompt look bad beside those to an easy one, and that is no news.",
            (lambda r: r - _mean(r, 0), lambda r: r - _others(np.asarray(r, float), 0)),
        ),
        Mistake(
            "mean-over-everything",
            "You subtract one mean of the whole table. It is unbiased enough, but it does not know that prompts "
            "differ: that is what groups are for.",
            (lambda r: r - np.mean(r), lambda r: r - _others(np.asarray(r, float), None)),
        ),
        Mistake(
            "divides-by-the-std",
            "You divide by the group's standard deviation. That is GRPO, whose weight, for verdicts from four answers "
            "on, depends on how hard the prompt is. (Chapter 8, What the std rewards.)",
            tuple(
                lambda r, d=d, f=f: (
                    (r - (_mean(r, 1) if f else _others(np.asarray(r, float), 1)))
                    / np.std(r, axis=1, keepdims=True, ddof=d)
                )
                for d in (0, 1)
                for f in (1, 0)
            )
            + tuple(
                lambda r, d=d, e=e: (r - _mean(r, 1)) / (np.std(r, axis=1, keepdims=True, ddof=d) + e)
                for d in (0, 1)
                for e in (1e-4, 1e-6, 1e-8)
            ),
        ),
        Mistake(
            "divides-by-G",
            "You sum over the G - 1 others and divide by G. "
            "The baseline is too small by (G - 1) / G, so equal rewards no longer give 0.",
            (lambda r: r - (np.sum(r, axis=1, keepdims=True) - r) / r.shape[1],),
        ),
        Mistake(
            "sum-of-the-others",
            "You subtract the sum of the other answers' rewards, and their mean is asked for: divide by G - 1.",
            (lambda r: r - (np.sum(r, axis=1, keepdims=True) - r),),
        ),
        Mistake(
            "baseline-alone",
            "This is the baseline itself. The advantage is the reward less the baseline.",
            (lambda r: _others(np.asarray(r, float), 1),),
        ),
        Mistake(
            "wrong-way-round",
            "You subtract the answer's own reward from the mean of the others: "
            "good answers then get a negative weight.",
            (lambda r: _others(np.asarray(r, float), 1) - r,),
        ),
    ),
)


# --- grpo_weight ---------------------------------------------------------------------------------------------------


def _direction(K, G, p):
    """sum of advantage times score over a group with K right answers, divided by G;
    advantages by the group's own std."""
    rewards = np.array([1.0] * K + [0.0] * (G - K))
    std = rewards.std()
    advantages = (rewards - rewards.mean()) / std if std > 0 else 0 * rewards
    return (advantages * np.where(rewards == 1, 1 - p, -p)).mean()


def grpo_weight(p, group_size):
    def weight(p):
        if p in (0, 1):  # the slope there: groups with a single odd answer
            return group_size * _direction(1 if p == 0 else group_size - 1, group_size, p) if group_size > 1 else 0.0
        chances = [comb(group_size, K) * p**K * (1 - p) ** (group_size - K) for K in range(group_size + 1)]
        return sum(c * _direction(K, group_size, p) for K, c in enumerate(chances)) / (p * (1 - p))

    p = np.asarray(p, float)
    return np.reshape([weight(float(x)) for x in p.ravel()], p.shape)


def weight_cases(rng):
    return [
        Case("four answers, p = 0.3", (0.3, 4)),
        Case("eight answers, several p", (np.array([0.05, 0.25, 0.5, 0.8]), 8)),
        Case("two answers", (np.array([0.1, 0.37, 0.9]), 2)),
        Case("three answers", (np.array([0.2, 0.66]), 3)),
        Case("sixteen answers, a table of p", (rng.uniform(0.02, 0.98, (2, 3)), 16)),
        Case("64 answers, p = 0.01", (0.01, 64)),
        Case("p of 0 and 1 among others, six answers", (np.array([0.0, 0.4, 1.0]), 6)),
        Case("a single answer", (np.array([0.2, 0.7]), 1)),
        Case("five answers, p = 1", (1.0, 5)),
    ]


def _shares(p, G):
    """Chances of K right answers, a last axis longer, and sqrt(m (1 - m))."""
    p, K = np.asarray(p, float)[..., None], np.arange(G + 1)
    ways = np.array([float(comb(G, k)) for k in K])
    return ways * p**K * (1 - p) ** (G - K), np.sqrt(K / G * (1 - K / G))


def _c(p, G, sample=False):
    chances, std = _shares(p, G)
    inner = chances[..., 1:-1] @ std[1:-1] if G > 1 else 0 * np.asarray(p, float)
    p = np.asarray(p, float)
    with np.errstate(all="ignore"):
        inside = inner / (p * (1 - p))
    c = np.where(p * (1 - p) > 0, inside, np.sqrt(G - 1))
    return c * np.sqrt((G - 1) / G) if sample else c


def _nan_everywhere(call):
    """That way, if the function answers and all is NaN: one that raises answers nothing."""
    parts = call((np.array([0.3, 0.6]), 4))
    with np.errstate(all="ignore"):
        return (
            (lambda p, G: np.asarray(p, float) * np.nan)
            if parts is not None and np.isnan(np.asarray(parts[0], float)).all()
            else None
        )


def _no_edges(edge):
    return lambda p, G: np.where(np.asarray(p) * (1 - np.asarray(p, float)) > 0, _c(p, G), edge)


GRPO_WEIGHT = Exercise(
    truth=grpo_weight,
    cases=weight_cases,
    difficulty=4,
    importance=4,
    minutes=15,
    each=True,
    sizes=lambda p, group_size: {"G": group_size},
    laws=(
        Law(
            "With two answers the weight is 1 for every p: a mixed group has the advantages +1 and -1, whatever p is, "
            "and comes with chance 2 p (1 - p).",
            lambda v, p, G: G != 2 or near(v, 1),
        ),
        Law(
            "Right and wrong may change places: the weight at p and at 1 - p must be the same. "
            "And it is never above sqrt(G - 1).",
            lambda v, p, G: (np.asarray(v) <= np.sqrt(max(G - 1, 0)) + 1e-3).all(),
        ),
    ),
    after="So dividing by the std is a step size for G = 2 and 3, a mild preference for hard and easy prompts at G = "
    "8, and the arcsine only in the limit.",
    hints=(
        "How many of G answers are right is binomial. "
        "A group with K right ones has mean m = K / G and population std sqrt(m (1 - m)).",
        "The sum of advantage times score over the group, divided by G, is sqrt(m (1 - m)) there, with score 1 - p for "
        "a right answer and -p for a wrong one. Average over K, and compare with the slope p (1 - p).",
        "At p = 0 and p = 1 cancel p (1 - p) before you insert p: which K is left there?",
    ),
    mistakes=(
        Mistake(
            "the-limit",
            "This is 1 / sqrt(p (1 - p)), the limit for infinitely many answers. With G = 8 and p = 0.01 it says 10, "
            "and the truth is 2.6: rare successes come in groups whose std is far from the true one. "
            "(Chapter 8, What the std rewards.)",
            (lambda p, G: 1 / np.sqrt(np.asarray(p, float) * (1 - np.asarray(p, float))),),
        ),
        Mistake(
            "sample-std",
            "You divide by the sample std, with G - 1 below the root, as TRL 1.16.0, verl 0.9.1 and OpenRLHF 0.11.2 "
            "do. The population std is asked for here; all weights differ by the same factor sqrt((G - 1) / G).",
            (lambda p, G: _c(p, G, True),),
        ),
        Mistake(
            "one-over-mean-std",
            "You divide by the mean of the std. Each group is divided by its own, and the mean of a quotient is not "
            "the quotient of the means.",
            (
                lambda p, G: 1 / (lambda s: s[0] @ s[1])(_shares(p, G)),
                lambda p, G: (
                    np.asarray(p, float) * 0
                    + np.sqrt(np.asarray(p, float) * (1 - np.asarray(p, float)))
                    / (lambda s: s[0] @ s[1])(_shares(p, G))
                ),
            ),
        ),
        Mistake(
            "slope-not-divided-out",
            "This is E[sqrt(m (1 - m))], the step itself. The slope of p with respect to the logit is p (1 - p): "
            "the weight in front of it is the step divided by that.",
            (lambda p, G: (lambda s: s[0] @ s[1])(_shares(p, G)),),
        ),
        Mistake(
            "nan-from-equal-groups",
            "It is NaN, because groups of equal rewards have std 0 and you divide 0 by it. "
            "Such groups have no gradient: they count as 0.",
            (lambda p, G: np.asarray(p, float) * (np.nan if G > 1 else 0.0),),
            _nan_everywhere,
        ),
        Mistake(
            "edges-forgotten",
            "Right inside, but not at p = 0 and p = 1, where 0 / 0 appears. The weight has a limit there: "
            "only groups with one odd answer count, and it is sqrt(G - 1).",
            (_no_edges(np.nan), _no_edges(0.0)),
        ),
        Mistake(
            "mixed-groups-only",
            "You average over mixed groups alone: this weight divided by 1 - p^G - (1 - p)^G. "
            "It belongs to sampling each prompt again until its own group is mixed. Here groups without a difference "
            "count, as 0. (Chapter 8, A family of weights.)",
            (lambda p, G: _c(p, G) / (1 - np.asarray(p, float) ** G - (1 - np.asarray(p, float)) ** G),),
        ),
        Mistake(
            "mean-only",
            "This is the weight without any std, (G - 1) / G for every p: reward less group mean.",
            (lambda p, G: np.asarray(p, float) * 0 + (G - 1) / G,),
        ),
    ),
)


# --- token_weights -------------------------------------------------------------------------------------------------


def token_weights(advantages, mask, how, max_len):
    mask = np.asarray(mask, bool)
    T, N = mask.shape
    out, total = np.zeros((T, N)), sum(bool(x) for x in mask.ravel())
    for i in range(N):
        length = sum(bool(x) for x in mask[:, i])
        for t in range(T):
            if mask[t, i]:
                out[t, i] = advantages[i] / {"sequence": N * length, "token": total, "constant": N * max_len}[how]
    return out


def _mask(lengths, T):
    return np.arange(T)[:, None] < np.asarray(lengths)


def token_cases(rng):
    cases = []
    for how in ("sequence", "token", "constant"):
        cases += [
            Case(f"{how}, three answers of 2, 5 and 3 tokens", (rng.normal(size=3), _mask([2, 5, 3], 6), how, 8)),
            Case(f"{how}, five answers", (rng.normal(size=5), _mask([4, 1, 7, 7, 2], 7), how, 10)),
            Case(f"{how}, four answers in four rows", (rng.normal(size=4), _mask([1, 4, 2, 3], 4), how, 5)),
            Case(f"{how}, an empty answer", (rng.normal(size=3), _mask([3, 0, 2], 3), how, 3)),
            Case(f"{how}, a single token", (np.array([0.7]), _mask([1], 1), how, 6)),
        ]
    return cases


def _weights(sequence, token, constant, keep=True):
    """A way that answers with one of three divisors; each a function of (mask, lengths, N, max_len)."""

    def way(advantages, mask, how, max_len):
        mask = np.asarray(mask, bool)
        chosen = {"sequence": sequence, "token": token, "constant": constant}[how]
        with np.errstate(all="ignore"):
            w = np.asarray(advantages, float) / chosen(mask, mask.sum(0), mask.shape[1], max_len) * np.ones(mask.shape)
        return np.where(mask, w, 0) if keep else w

    return way


def _by_sequence(m, L, N, M):
    return N * L


def _by_token(m, L, N, M):
    return m.sum()


def _by_constant(m, L, N, M):
    return N * M


TOKEN_WEIGHTS = Exercise(
    truth=token_weights,
    cases=token_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("token", "answer"),
    sizes=lambda advantages, mask, how, max_len: {"N": mask.shape[1], "T": mask.shape[0]},
    after="Three divisors, three fields: only the constant one leaves the direction of the gradient alone, "
    "whatever the lengths.",
    hints=(
        "Write the mean that each name stands for as a double sum over answers and tokens. "
        "What stands in front of one token's score?",
        "Lengths are counted along the token axis: there is one for each answer. "
        '"token" has one divisor for the whole batch.',
        "Where the mask is False the weight is 0, for every rule. "
        "An empty answer has no token, so its length must not be divided by.",
    ),
    mistakes=(
        Mistake(
            "padded-length",
            'For "sequence" you divide by the number of rows T, padding included. Then short answers weigh less than '
            "their share, and the batch's longest answer decides.",
            (_weights(lambda m, L, N, M: N * len(m), _by_token, _by_constant),),
        ),
        Mistake(
            "token-is-sequence",
            'For "token" you take the mean within each answer first. That is "sequence". '
            "The token mean has one divisor: the number of all tokens in the batch.",
            (_weights(_by_sequence, _by_sequence, _by_constant),),
        ),
        Mistake(
            "mask-ignored",
            "Tokens outside the mask have a weight. They are padding: whatever stands there would be trained on.",
            (
                _weights(_by_sequence, _by_token, _by_constant, False),
                _weights(lambda m, L, N, M: N * np.maximum(L, 1), _by_token, _by_constant, False),
                _weights(lambda m, L, N, M: N * len(m), lambda m, L, N, M: m.size, _by_constant, False),
            ),
        ),
        Mistake(
            "not-averaged-over-answers",
            "The mean over the N answers is missing: with twice the answers the step would be twice as long.",
            (
                _weights(lambda m, L, N, M: np.maximum(L, 1), _by_token, lambda m, L, N, M: M),
                _weights(lambda m, L, N, M: L, _by_token, lambda m, L, N, M: M),
                _weights(lambda m, L, N, M: np.maximum(L, 1), _by_token, _by_constant),
                _weights(_by_sequence, _by_token, lambda m, L, N, M: M),
            ),
        ),
        Mistake(
            "longest-for-constant",
            'For "constant" you divide by the longest answer of this batch. That is another number in every batch; '
            "max_len is the same in all. (Chapter 8, Length.)",
            (
                _weights(lambda m, L, N, M: N * np.maximum(L, 1), _by_token, lambda m, L, N, M: N * L.max()),
                _weights(_by_sequence, _by_token, lambda m, L, N, M: N * len(m)),
            ),
        ),
        Mistake(
            "lengths-along-the-wrong-axis",
            "You count along the answers: that gives how many answers still run at each token, "
            "and not how long each answer is.",
            (
                _weights(lambda m, L, N, M: N * m.sum(1)[:, None], _by_token, _by_constant),
                _weights(lambda m, L, N, M: N * np.maximum(m.sum(1)[:, None], 1), _by_token, _by_constant),
            ),
        ),
        Mistake(
            "token-mean-and-answer-mean",
            'For "token" you divide by the number of all tokens and by N as well. '
            "The tokens of the batch are one pool: one mean.",
            (_weights(lambda m, L, N, M: N * np.maximum(L, 1), lambda m, L, N, M: N * m.sum(), _by_constant),),
        ),
        Mistake(
            "always-the-sum",
            "You divide by N alone and leave out the lengths: "
            "that is the sum over tokens, whichever rule is asked for.",
            (_weights(*[lambda m, L, N, M: N] * 3),),
        ),
    ),
)


# --- kl_loss_weights -----------------------------------------------------------------------------------------------

_ESTIMATES = {"k1": lambda d: d, "k2": lambda d: d * d / 2, "k3": lambda d: np.exp(-d) - 1 + d}


def kl_loss_weights(log_probs, ref_log_probs, which):
    """The derivative of each estimate by the policy's log-probability, by a complex step."""
    return np.array(
        [
            _ESTIMATES[which](complex(a, 1e-30) - b).imag / 1e-30
            for a, b in zip(np.asarray(log_probs, float), np.asarray(ref_log_probs, float))
        ]
    )


def kl_cases(rng):
    cases = []
    for which in ("k1", "k2", "k3"):
        cases += [
            Case(f"{which}, five answers", (-rng.uniform(1, 4, 5), -rng.uniform(1, 4, 5), which)),
            Case(f"{which}, one answer", (np.array([-0.4]), np.array([-1.3]), which)),
            Case(f"{which}, equal laws", (np.array([-0.5, -2.0, -3.1]), np.array([-0.5, -2.0, -3.1]), which)),
            Case(f"{which}, log-ratios of 30", (np.array([-1.0, -31.5]), np.array([-31.0, -1.5]), which)),
        ]
    return cases


def _kl(k1, k2, k3):
    return lambda a, b, which: {"k1": k1, "k2": k2, "k3": k3}[which](np.asarray(a, float) - np.asarray(b, float))


def _k1(d):
    return np.ones_like(d)


def _k2(d):
    return d


def _k3(d):
    return 1 - np.exp(-d)


KL_LOSS_WEIGHTS = Exercise(
    truth=kl_loss_weights,
    cases=kl_cases,
    difficulty=3,
    importance=4,
    minutes=10,
    axes=("answer",),
    each=True,
    sizes=lambda log_probs, ref_log_probs, which: {"n": len(log_probs)},
    after="In expectation: k1 as a loss pulls nowhere, k2 pulls along the KL from the policy, k3 along the KL from the "
    "reference. The same estimates, put into the reward, do something else.",
    hints=(
        "Each estimate is a function of the log-ratio d = log pi - log ref alone. As a loss it is differentiated, "
        "with the samples held fixed.",
        "By the chain rule the gradient is (derivative by d) times the score, because d contains log pi once. "
        "So differentiate three functions of d.",
        "k3 is exp(-d) - 1 + d. Mind the sign that the inner derivative brings.",
    ),
    mistakes=(
        Mistake(
            "value-for-derivative",
            "These are the values of the estimates. As a *loss* an estimate is differentiated: asked for is what its "
            "derivative puts in front of the score. (In the reward it is the value that weighs the score.)",
            (_kl(lambda d: d, lambda d: d**2 / 2, lambda d: np.exp(-d) - 1 + d),),
        ),
        Mistake(
            "sign",
            "The signs are turned round: a loss is descended later, by the optimizer. "
            "The weights are of the gradient itself.",
            (_kl(lambda d: -np.ones_like(d), lambda d: -d, lambda d: np.exp(-d) - 1),),
        ),
        Mistake(
            "ratio-inverted",
            "In k3 you use pi / ref where ref / pi belongs: "
            "the samples come from pi, so k3 is ref / pi - 1 - log(ref / pi).",
            (
                _kl(_k1, _k2, lambda d: 1 - np.exp(d)),
                _kl(_k1, _k2, lambda d: np.exp(d) - 1),
            ),
        ),
        Mistake(
            "log-ratio-turned-round",
            "You take the log-ratio the wrong way round, log ref - log pi. The samples come from pi: "
            "d = log pi - log ref, in all three estimates.",
            (
                _kl(_k1, lambda d: -d, lambda d: 1 - np.exp(d)),
                _kl(lambda d: -np.ones_like(d), lambda d: d, lambda d: np.exp(d) - 1),
            ),
        ),
        Mistake(
            "k3-without-the-1",
            "In k3 the derivative of the log-ratio itself, 1, is missing. "
            "Where both laws are equal the weight must be 0.",
            (_kl(_k1, _k2, lambda d: -np.exp(-d)), _kl(_k1, _k2, lambda d: np.exp(-d))),
        ),
        Mistake(
            "k2-doubled",
            "k2 is half the square of the log-ratio, so its derivative is the log-ratio and not twice that.",
            (_kl(_k1, lambda d: 2 * d, _k3),),
        ),
        Mistake(
            "k1-as-k2",
            "For k1 you return the log-ratio. That is the weight where k1 stands in the *reward* (or k2 in the loss). "
            "As a loss k1 is log pi - log ref, and its derivative by log pi is 1. (Chapter 8, The leash.)",
            (_kl(_k2, _k2, _k3),),
        ),
        Mistake(
            "k1-is-zero",
            "The expected gradient of k1 as a loss is 0, but not each sample's: the weight is 1 on every score, "
            "and scores average to 0.",
            (_kl(lambda d: 0 * d, _k2, _k3),),
        ),
        Mistake(
            "k3-with-k2",
            "For k3 you return the log-ratio, k2's weight. Near equal laws they agree to first order; "
            "further out k3's is bounded on one side and explodes on the other.",
            (_kl(_k1, _k2, _k2),),
        ),
        Mistake(
            "divided-by-n",
            "You divide by n. Asked for are the weights times n, one number for each answer, which do not depend on "
            "how many answers there are.",
            (lambda a, b, which: _kl(_k1, _k2, _k3)(a, b, which) / len(a),),
        ),
    ),
)


# --- pass_at_k -----------------------------------------------------------------------------------------------------


def pass_at_k(num_samples, num_correct, k):
    n, c = np.broadcast_arrays(num_samples, num_correct)
    values = [float(1 - Fraction(comb(a - b, k), comb(a, k))) for a, b in zip(n.ravel().tolist(), c.ravel().tolist())]
    return np.reshape(values, n.shape)


def pass_cases(rng):
    return [
        Case("3 of 10 right, k = 4", (10, 3, 4)),
        Case("none right", (8, 0, 3)),
        Case("k = n", (6, 2, 6)),
        Case("fewer than k wrong", (5, 4, 2)),
        Case("k = 1", (7, 2, 1)),
        Case("k = 1, an array", (6, np.array([0, 3]), 1)),
        Case("an array of counts", (np.array([10, 12, 20]), np.array([1, 5, 2]), 3)),
        Case("many prompts, 16 answers each", (16, np.array([0, 1, 2, 8, 16]), 8)),
        Case("10,000 answers", (10_000, np.array([1, 12, 150]), 200)),
        Case("a table", (np.array([[9, 15], [30, 11]]), np.array([[2, 3], [4, 1]]), 5)),
        Case("the first prompt is sure", (12, np.array([11, 2, 5]), 3)),
    ]


def _binomial(n, k):
    return np.vectorize(lambda n, k: float(comb(int(n), int(k))) if n < 1000 else np.nan, otypes=[float])(n, k)


def _in_floats(n, k):
    """Infinite where a float cannot hold it."""
    return np.vectorize(lambda n: float(ways) if (ways := comb(int(n), k)) < 1e308 else np.inf, otypes=[float])(n)


def _per(function):
    return lambda n, c, k: np.vectorize(lambda n, c: float(function(int(n), int(c), k)), otypes=[float])(n, c)[()]


PASS_AT_K = Exercise(
    truth=pass_at_k,
    cases=pass_cases,
    difficulty=2,
    importance=4,
    minutes=10,
    each=True,
    sizes=lambda num_samples, num_correct, k: {"k": k},
    laws=(
        Law(
            "It is a probability: between 0 and 1, and 0 where nothing is right.",
            lambda v, n, c, k: (np.asarray(v) >= -1e-9).all() and (np.asarray(v) <= 1 + 1e-9).all(),
        ),
    ),
    after="Unbiased for every success rate, from n answers once drawn; but its gradient is not pass@1's, "
    "and pushes hard prompts harder.",
    hints=(
        "Choose k of the n answers at random, without putting any back. When is none of them right?",
        "Count: the ways to choose k among the wrong ones, over the ways to choose k among all. "
        "The rest is the answer.",
        "With 10,000 answers the counts are larger than any float. Use whole numbers of Python (math.comb), "
        "or multiply quotients that are each below 1.",
    ),
    mistakes=(
        Mistake(
            "plug-in",
            "1 - (1 - c/n)^k puts the estimated rate into the formula for the true one. That is biased low: "
            "choosing with putting back finds the same answer twice.",
            (lambda n, c, k: 1 - (1 - np.asarray(c) / n) ** k,),
        ),
        Mistake(
            "the-complement",
            "This is the chance that none of the k is right. Take it from 1.",
            (_per(lambda n, c, k: Fraction(comb(n - c, k), comb(n, k))),),
        ),
        Mistake(
            "all-of-k-right",
            "This is the chance that all k are right. One right answer is enough.",
            (_per(lambda n, c, k: Fraction(comb(c, k), comb(n, k))),),
        ),
        Mistake(
            "rate-only",
            "This is c / n, which is pass@1. With k tries the chance is larger.",
            (lambda n, c, k: np.asarray(c) / n,),
        ),
        Mistake(
            "union-bound",
            "k c / n adds the chances of k tries. They are not exclusive: two of them may be right together.",
            (lambda n, c, k: np.minimum(1, k * np.asarray(c) / n), lambda n, c, k: k * np.asarray(c) / n),
        ),
        Mistake(
            "ratio-inverted",
            "The quotient is upside down: fewer ways avoid all right answers than there are ways in all.",
            (
                _per(lambda n, c, k: 1 - Fraction(comb(n, k), comb(n - c, k)) if n - c >= k else np.inf),
                _per(lambda n, c, k: 1 - comb(n, k) / comb(n - c, k) if n < 1000 and n - c >= k else np.nan),
            ),
        ),
        Mistake(
            "floor-division",
            "Every prompt with a right answer counts as 1. Either // cuts the quotient down to a whole number, "
            "or only 'is any right?' is asked. Divide with /.",
            (_per(lambda n, c, k: 1 - comb(n - c, k) // comb(n, k)),),
        ),
        Mistake(
            "overflow",
            "It fails for 10,000 answers: factorials and binomials of that size are larger than any float. "
            "Right where it answers. math.comb stays a whole number; or multiply (n-c-i)/(n-i).",
            (
                lambda n, c, k: np.where(
                    np.asarray(n) < 1000, np.minimum(1, 1 - _binomial(np.asarray(n) - c, k) / _binomial(n, k)), np.nan
                ),
                lambda n, c, k: 1 - _in_floats(np.asarray(n) - c, k) / _in_floats(n, k),
            ),
        ),
    ),
)


# --- optimal_policy ------------------------------------------------------------------------------------------------


def optimal_policy(ref_probs, rewards, beta):
    ref, rewards = np.broadcast_arrays(np.asarray(ref_probs, float), np.asarray(rewards, float))
    out = np.zeros(ref.shape)
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 40, MAX_EMAX, MIN_EMIN  # less where integers have 32 bits
        for row in np.ndindex(ref.shape[:-1]):
            weights = [
                Decimal(float(q)) * (Decimal(float(r)) / Decimal(float(beta))).exp()
                for q, r in zip(ref[row], rewards[row])
            ]
            out[row] = [float(w / sum(weights)) for w in weights]
    return out


def leash_cases(rng):
    return [
        Case("two answers, beta = 1/log 3", (np.array([0.75, 0.25]), np.array([0.0, 1.0]), 1 / np.log(3))),
        Case("four answers", (rng.dirichlet(np.ones(4)), rng.normal(size=4), 0.5)),
        Case("three prompts", (rng.dirichlet(np.ones(5), 3), rng.normal(size=(3, 5)), 0.3)),
        Case(
            "prompts with rewards far apart",
            (rng.dirichlet(np.ones(3), 2), np.array([[900.0, 900.4, 899.0], [-1.0, 0.3, 0.5]]), 0.7),
        ),
        Case("beta 0.001", (rng.dirichlet(np.ones(4)), np.array([0.302, 0.3, 0.3015, 0.2]), 1e-3)),
        Case("beta 1,000,000", (np.array([0.2, 0.5, 0.3]), np.array([1.0, -2.0, 4.0]), 1e6)),
        Case("an answer that the reference never gives", (np.array([0.6, 0.0, 0.4]), np.array([0.2, 0.5, 1.0]), 0.4)),
        Case(
            "two answers that the reference never gives",
            (np.array([0.0, 0.7, 0.0, 0.3]), np.array([0.9, 0.5, -0.4, 1.0]), 0.6),
        ),
        Case(
            "the best answer is one that the reference never gives",
            (np.array([0.3, 0.7, 0.0]), np.array([1.0, 2.0, 2000.0]), 0.9),
        ),
        Case("rewards of 10,000", (np.array([0.5, 0.3, 0.2]), np.array([10_000.0, 9_999.0, -10_000.0]), 2.0)),
        Case("whole rewards", (np.array([0.1, 0.9]), np.array([4, 1]), 2)),
    ]


def _softmax(z, axis=-1):
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _log(q):
    with np.errstate(divide="ignore"):
        return np.log(q)


OPTIMAL_POLICY = Exercise(
    truth=optimal_policy,
    cases=leash_cases,
    difficulty=3,
    importance=5,
    minutes=10,
    axes=("answer",),
    each=True,
    floor=1e-15,
    sizes=lambda ref_probs, rewards, beta: {"A": np.shape(ref_probs)[-1]},
    laws=(
        Law(
            "The last axis must add up to 1: these are probabilities.",
            lambda v, q, r, beta: near(np.sum(v, axis=-1), 1),
        ),
        Law(
            "What the reference never gives stays at 0: no reward brings it back.",
            lambda v, q, r, beta: near(np.asarray(v)[np.broadcast_to(q == 0, np.shape(v))], 0),
        ),
    ),
    after="Its log-ratio to the reference is r / beta plus a constant: DPO reads rewards from that.",
    hints=(
        "The best policy multiplies each reference probability by something that grows with the reward, "
        "then makes the sum 1.",
        "That something is exp(r / beta). A small beta is a long leash.",
        "Rewards of 10,000 overflow. Subtract the largest reward first; of which answers? "
        "One that the reference never gives must not decide.",
    ),
    mistakes=(
        Mistake(
            "without-reference",
            "You leave the reference out: softmax(r / beta). That is the best policy on a leash to the *uniform* law. "
            "(Chapter 8, The leash.)",
            (lambda q, r, beta: _softmax(r / beta),),
        ),
        Mistake(
            "times-beta",
            "You multiply the reward by beta where you should divide. beta prices the KL: the larger it is, "
            "the closer the policy stays.",
            (lambda q, r, beta: _softmax(_log(q) + np.asarray(r) * beta),),
        ),
        Mistake(
            "reference-sharpened",
            "You divide log ref by beta too: only the reward is divided. At large beta the policy must come back to "
            "the reference itself, not to the uniform law.",
            (lambda q, r, beta: _softmax((_log(q) + r) / beta),),
        ),
        Mistake(
            "normalised-over-everything",
            "You normalise over the whole array: with several prompts each row must add up to 1 by itself.",
            (lambda q, r, beta: (lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum())(_log(q) + r / beta),),
        ),
        Mistake(
            "overflow",
            "exp overflows for large r / beta, and infinity over infinity is NaN. Only differences of rewards count: "
            "subtract the largest before exp.",
            (lambda q, r, beta: (lambda w: w / w.sum(-1, keepdims=True))(q * np.exp(r / beta)),),
        ),
        Mistake(
            "max-of-the-impossible",
            "You subtract the largest reward of all answers. Where that one has reference probability 0, "
            "everything else underflows to 0, and 0 / 0 is NaN. Take the largest among answers that can occur.",
            (
                lambda q, r, beta: (lambda w: w / w.sum(-1, keepdims=True))(
                    q * np.exp((r - np.max(r, axis=-1, keepdims=True)) / beta)
                ),
            ),
        ),
        Mistake(
            "adds-the-reference",
            "You add the reference to the exponentials (or mix the two laws). The best policy is a product: "
            "what the reference gives 0 stays 0.",
            (lambda q, r, beta: (q + _softmax(r / beta)) / 2, lambda q, r, beta: _softmax(q + r / beta)),
        ),
        Mistake(
            "wrong-way",
            "The sign of the reward is turned round: the worst answers win.",
            (lambda q, r, beta: _softmax(_log(q) - r / beta),),
        ),
        Mistake(
            "not-normalised",
            "You stop at ref times exp(r / beta). Divide by the sum: that sum is the partition function Z.",
            (
                lambda q, r, beta: q * np.exp(r / beta),
                lambda q, r, beta: q * np.exp((r - np.max(r, axis=-1, keepdims=True)) / beta),
            ),
        ),
    ),
)

EXERCISES = [LEAVE_ONE_OUT, GRPO_WEIGHT, TOKEN_WEIGHTS, KL_LOSS_WEIGHTS, PASS_AT_K, OPTIMAL_POLICY]
