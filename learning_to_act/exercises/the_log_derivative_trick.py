"""Exercises of chapter 3, The log-derivative trick.

Each truth is computed the long way round: differences in eighty digits, sums term by term,
the vertex of a parabola in fractions.
"""

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from math import fsum

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near

# --- bernoulli_score -----------------------------------------------------------------------------------------------


def bernoulli_score(theta, x):
    """A difference quotient of log p_theta(x), in eighty digits."""
    with localcontext(prec=80):

        def log_prob(theta, x):
            return -(1 + (-theta if x else theta).exp()).ln()

        def score(x, theta=Decimal(float(theta)), h=Decimal(10) ** -20):
            return float((log_prob(theta + h, x) - log_prob(theta - h, x)) / (2 * h))

        values = {side: score(side) for side in (0, 1)}
    return np.where(np.asarray(x) == 1, values[1], values[0])


def bernoulli_cases(rng):
    coin = rng.integers(0, 2, (3, 4))
    coin[0, :2] = 0, 1
    return [
        Case("theta 0.8", (0.8, np.array([1, 0, 0, 1, 1]))),
        Case("theta -1.5", (-1.5, np.array([0.0, 1.0, 0.0]))),
        Case("a table of flips", (2.25, coin)),
        Case("one flip", (-0.4, np.array([1]))),
        Case("theta 800", (800.0, np.array([1, 0, 1]))),
        Case("theta -800", (-800.0, np.array([0, 1, 0]))),
    ]


def _sigmoid(theta):
    return 1 / (1 + np.exp(-theta))


BERNOULLI = Exercise(
    truth=bernoulli_score,
    cases=bernoulli_cases,
    difficulty=2,
    importance=4,
    minutes=10,
    axes=("flip",),
    laws=(
        Law(
            "The score of heads is not between 0 and 1: "
            "raising theta makes heads more likely, and never more than one for one.",
            lambda score, theta, x: ((score[np.asarray(x) == 1] >= -1e-3) & (score[np.asarray(x) == 1] <= 1.001)).all(),
        ),
        Law(
            "The score of tails is not between -1 and 0: raising theta makes tails less likely.",
            lambda score, theta, x: ((score[np.asarray(x) == 0] <= 1e-3) & (score[np.asarray(x) == 0] >= -1.001)).all(),
        ),
        Law(
            "The scores of heads and of tails should be exactly 1 apart, whatever theta is. Yours are not.",
            lambda score, theta, x: (
                not (0 in x and 1 in x) or near(score[np.asarray(x) == 1].mean() - score[np.asarray(x) == 0].mean(), 1)
            ),
        ),
    ),
    after="Outcome less probability: the coin's own form of e_a - pi. Its mean is zero: p (1 - p) - (1 - p) p.",
    hints=(
        "log p(x) is log p for heads and log(1 - p) for tails, with p = 1 / (1 + exp(-theta)). "
        "Differentiate each with respect to theta.",
        "dp/dtheta = p (1 - p). Divide by p for heads, by -(1 - p) for tails: what is left in each case?",
        "Both cases are one short expression in x and p. For theta of -800 take care that exp does not overflow into "
        "NaN: look at its argument's sign.",
    ),
    mistakes=(
        Mistake(
            "gradient-of-p",
            "This is the derivative of the probability p(x) itself. "
            "The score is that of its logarithm: divide by p(x).\n"
            "Tempting, because p (1 - p) is the derivative everyone remembers of the sigmoid. "
            "(Chapter 3, One line of algebra.)",
            (
                lambda theta, x: np.where(x == 1, 1, -1) * _sigmoid(theta) * (1 - _sigmoid(theta)),
                lambda theta, x: np.ones(np.shape(x)) * _sigmoid(theta) * (1 - _sigmoid(theta)),
            ),
        ),
        Mistake(
            "with-respect-to-p",
            "You differentiate with respect to the probability p: 1/p for heads, -1/(1 - p) for tails. "
            "The parameter is the logit theta.\n"
            "The chain rule multiplies by dp/dtheta = p (1 - p), and the fractions are gone: "
            "nothing can be divided by zero any more.\n"
            "(Chapter 3, Try it on one random number.)",
            (
                lambda theta, x: x / _sigmoid(theta) - (1 - x) / (1 - _sigmoid(theta)),
                lambda theta, x: np.where(x == 1, 1 / _sigmoid(theta), -1 / (1 - _sigmoid(theta))),
            ),
        ),
        Mistake(
            "sign",
            "The sign is flipped. Heads becomes more likely when theta grows, so its score is positive.\n"
            "(The gradient of the cross-entropy loss has the other sign, and is what many libraries show.)",
            (lambda theta, x: _sigmoid(theta) - x,),
        ),
        Mistake(
            "overflow",
            "Right until theta is far from zero. exp(800) does not fit into a float: exp(theta) / (1 + exp(theta)) "
            "is inf / inf for theta = 800, and math.exp(-theta) raises an error for theta = -800. "
            "Use the form whose exponent is never positive, for each sign of theta.",
            (lambda theta, x: x - np.exp(theta) / (1 + np.exp(theta)), lambda theta, x: x - 1 / (1 + math.exp(-theta))),
        ),
        Mistake(
            "heads-only",
            "You give 1 - p for every flip. That is the score of heads. Tails has the score -p: where x is 0, "
            "raising theta makes it rarer.",
            (lambda theta, x: (1 - _sigmoid(theta)) * np.ones(np.shape(x)),),
        ),
        Mistake(
            "sign-of-the-logit",
            "You have the sigmoid of minus theta: 1 / (1 + exp(theta)) is the probability of tails. "
            "p = 1 / (1 + exp(-theta)).",
            (lambda theta, x: x - _sigmoid(-theta), lambda theta, x: _sigmoid(-theta) - x),
        ),
        Mistake(
            "logit-as-probability",
            "You use theta as if it were the probability. It is a logit: p = 1 / (1 + exp(-theta)).",
            (lambda theta, x: x - theta + 0.0,),
        ),
    ),
)


# --- score_function_gradient ---------------------------------------------------------------------------------------


def score_function_gradient(f_values, scores, baseline=0.0):
    """Term by term."""
    N, d = scores.shape
    b = np.broadcast_to(baseline, d)
    return np.array([fsum((f_values[i] - b[j]) * scores[i, j] for i in range(N)) / N for j in range(d)])


def estimator_cases(rng):
    def draw(N, d):
        return 2 + rng.normal(size=N), rng.normal(0.3, 1, (N, d))

    return [
        Case("7 samples, 3 parameters", draw(7, 3)),
        Case("a number as baseline", (*draw(6, 2), 1.7)),
        Case("a baseline for each parameter", (*draw(5, 3), np.array([0.5, -1.2, 3.0]))),
        Case("as many samples as parameters", (*draw(4, 4), np.array([1.0, 2.0, 0.5, -1.0]))),
        Case("one parameter", (*draw(8, 1), 0.8)),
        Case("whole-number returns", (np.array([3, 0, 1, 5, 2]), rng.normal(0.3, 1, (5, 2)), 2.0)),
        Case("a single sample", (*draw(1, 3), 0.4)),
    ]


def _estimate(f, s, b=0.0):
    return ((f[:, None] - b) * s).mean(0)


ESTIMATOR = Exercise(
    truth=score_function_gradient,
    cases=estimator_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("parameter",),
    sizes=lambda f_values, scores, baseline=0.0: {"N": scores.shape[0], "d": scores.shape[1]},
    laws=(
        Law(
            "With a single sample the estimate is (f - baseline) times its score. Yours is not.",
            lambda g, f, s, b=0.0: len(f) > 1 or near(g, (f[0] - b) * s[0]),
        ),
    ),
    after="Nothing here knows how f works. That is the whole power of the trick, and the source of its noise.",
    hints=(
        "Each sample gives one arrow: its score, times how good it was compared with the baseline. "
        "The estimate is the mean arrow.",
        "f_values is (N,) and scores is (N, d): to multiply row by row, f needs a second axis.",
        "A baseline of shape (d,) is another number for each column. It is compared with f, not with the scores.",
    ),
    mistakes=(
        Mistake(
            "sum-for-mean",
            "N times too large: you add the samples up where the estimate is their mean.\n"
            "An expectation is estimated by an average. With the sum, the step would grow with the number of samples.",
            (lambda f, s, b=0.0: ((f[:, None] - b) * s).sum(0),),
        ),
        Mistake(
            "baseline-off-the-scores",
            "You take the baseline off the scores. It is compared with f: (f - b) times the score.\n"
            "Shifting the scores changes the mean, and the estimate is biased. "
            "Shifting f does not, because scores average to zero.\n"
            "(Chapter 3, Baselines: compare with something.)",
            (lambda f, s, b=0.0: (f[:, None] * (s - b)).mean(0),),
        ),
        Mistake(
            "baseline-ignored",
            "Right without a baseline, but the argument baseline is not used: subtract it from f_values.",
            (lambda f, s, b=0.0: _estimate(f, s),),
        ),
        Mistake(
            "baseline-added",
            "The baseline is added where it is to be subtracted: f - b says how much better than b a sample was.",
            (lambda f, s, b=0.0: _estimate(f, s, -np.asarray(b)),),
        ),
        Mistake(
            "product-of-means",
            "You multiply the mean of f by the mean score. That destroys the pairing of each sample with its own "
            "score, which was the whole information: the mean score alone is zero, up to noise.\n"
            "Multiply first, then average. (Chapter 3, One lemma, used everywhere.)",
            (lambda f, s, b=0.0: (f[:, None] - b).mean(0) * s.mean(0),),
        ),
        Mistake(
            "returns-standardised",
            "You centre or standardise f by its own mean or spread. "
            "What is compared with f is decided by the caller: the argument baseline.\n"
            "(The samples' own mean also contains the sample itself, which biases the estimate.) "
            "(Chapter 3, Baselines: compare with something.)",
            (
                lambda f, s, b=0.0: _estimate(f - f.mean(), s),
                lambda f, s, b=0.0: _estimate(f - f.mean(), s, b),
                lambda f, s, b=0.0: _estimate((f - f.mean()) / (f.std() + 1e-8), s),
                lambda f, s, b=0.0: _estimate(f, s, b) / (f.std() + 1e-8),
                lambda f, s, b=0.0: _estimate(f, s, b) / f.std(),
            ),
        ),
        Mistake(
            "scores-squared",
            "You square the scores. Their sign says which way to go, and a square forgets it: "
            "(f - baseline) times the score itself.",
            (lambda f, s, b=0.0: _estimate(f, s**2, b),),
        ),
        Mistake(
            "good-samples-only",
            "You keep only the samples that were better than the baseline (a maximum with 0). "
            "The bad ones count too: they push away.",
            (lambda f, s, b=0.0: (np.maximum(f[:, None] - b, 0) * s).mean(0),),
        ),
        Mistake(
            "n-minus-one",
            "You divide by N - 1. That corrects a sample variance, where the mean was estimated from the same data.\n"
            "This is a plain mean: divide by N. (With one sample yours divides by zero.)",
            (
                lambda f, s, b=0.0: ((f[:, None] - b) * s).sum(0) / np.float64(len(f) - 1),
                lambda f, s, b=0.0: ((f[:, None] - b) * s).sum(0) / max(len(f) - 1, 1),
            ),
        ),
    ),
)


# --- discounted_returns --------------------------------------------------------------------------------------------


def discounted_returns(rewards, gamma):
    """The definition: for each t its own sum."""
    T = len(rewards)
    weights = float(gamma) ** np.arange(T)
    return np.array([weights[: T - t] @ rewards[t:] for t in range(T)], float).reshape(np.shape(rewards))


def returns_cases(rng):
    return [
        Case("six rewards, gamma 0.9", (np.array([1.0, -2.0, 0.5, 3.0, 0.0, 1.5]), 0.9)),
        Case("three episodes of five steps", (rng.normal(1, 2, (5, 3)), 0.7)),
        Case("as many episodes as steps", (rng.normal(1, 2, (4, 4)), 0.6)),
        Case("gamma 0", (rng.normal(1, 2, 4), 0.0)),
        Case("gamma 1", (rng.normal(1, 2, (6, 2)), 1.0)),
        Case("whole-number rewards", (np.array([1, 0, 2, -1, 3]), 0.75)),
        Case("one step", (np.array([2.5]), 0.8)),
        Case("no step at all", (np.zeros(0), 0.9)),
        Case("no step of three episodes", (np.zeros((0, 3)), 0.9)),
        Case(
            "4,000 steps of four episodes",
            (rng.normal(1, 2, (4000, 4)), 0.8),
            slow=(
                "Right, but it does not get through 4,000 steps in time: it walks through the rest of the episode anew "
                "for every step, 8 million terms, where 4,000 are enough. (Or it builds a table of T x T numbers.)\n"
                "Begin at the end: G_t is r_t plus gamma times the return that you have just computed, G_(t+1).\n"
                "(Chapter 3, Causality: what came before does not count.)"
            ),
        ),
    ]


def _backward(rewards, gamma, out=None):
    out, G = np.zeros(np.shape(rewards)) if out is None else out, 0.0
    for t in reversed(range(len(rewards))):
        out[t] = G = rewards[t] + gamma * G
    return out


def _resetting(rewards, gamma):
    out, G = np.zeros(np.shape(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        G = np.where(rewards[t] != 0, 0, G) * gamma + rewards[t]
        out[t] = G
    return out


def _backward_in_place(rewards, gamma):
    out = np.zeros_like(rewards)
    for t in reversed(range(len(rewards))):
        out[t] = rewards[t] + gamma * (out[t + 1] if t + 1 < len(rewards) else 0)
    return out


def _powers(rewards, gamma):
    return (float(gamma) ** np.arange(len(rewards))).reshape(-1, *[1] * (np.ndim(rewards) - 1))


RETURNS = Exercise(
    truth=discounted_returns,
    cases=returns_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("step",),
    sizes=lambda rewards, gamma: {"T": len(rewards)},
    laws=(
        Law(
            "The last return is the last reward, and nothing else: after it nothing is paid. Yours is not.",
            lambda G, rewards, gamma: len(G) == 0 or near(G[-1], rewards[-1]),
        ),
        Law(
            "With gamma = 0 every return is the reward of its own step. Yours is not.",
            lambda G, rewards, gamma: gamma > 0 or near(G, rewards),
        ),
        Law(
            "With gamma = 1 a return is the plain sum of the rewards from its step on. Yours is not.",
            lambda G, rewards, gamma: gamma < 1 or near(G, np.cumsum(rewards[::-1], 0)[::-1]),
        ),
    ),
    after="One pass, from the end: the same recursion that defines a value, V = r + gamma V', "
    "run backwards along one life.",
    hints=(
        "Write out G_0, G_1 and G_2 for rewards r_0, r_1, r_2. Where does G_1 occur in G_0?",
        "The last return is the last reward. Which return can you compute next, from that one?",
        "Loop over t from T - 1 down to 0, with a running total. It works for (T,) and (T, N) alike if rewards[t] is a "
        "row. Start from an array of floats: np.zeros(rewards.shape).",
    ),
    mistakes=(
        Mistake(
            "discounted-from-zero",
            "This is gamma^t G_t: you discount from the start of the episode, not from step t.\n"
            "It is the right weight for the policy gradient, which is why it is easy to meet, "
            "but it is not the return from t.\n"
            "G_t = r_t + gamma r_(t+1) + ...: its first reward is not discounted. (Chapter 3, Causality: "
            "what came before does not count.)",
            (lambda rewards, gamma: _powers(rewards, gamma) * _backward(rewards, gamma),),
        ),
        Mistake(
            "total-return",
            "Each step has got the return of the whole episode, G_0. "
            "Rewards that came before step t do not belong to G_t:\n"
            "an action cannot change what was already paid. (Chapter 3, Causality: what came before does not count.)",
            (lambda rewards, gamma: np.zeros(np.shape(rewards)) + (_powers(rewards, gamma) * rewards).sum(0),),
        ),
        Mistake(
            "off-by-one",
            "Off by one step: the reward r_t is missing from G_t. "
            "In this book r_t is paid for a_t, after it, so it belongs to G_t.\n"
            "(Books that call it r_(t+1) start their sums one index later.)",
            (
                lambda rewards, gamma: np.concatenate(
                    [_backward(rewards, gamma)[1:], np.zeros((1, *np.shape(rewards)[1:]))]
                )[: len(rewards)],
                lambda rewards, gamma: _backward(rewards, gamma) - rewards,
            ),
        ),
        Mistake(
            "resets-at-rewards",
            "You begin anew at every reward that is not 0. That is a rule for games of Pong, where each point ends a "
            "rally, and has been copied widely.\n"
            "A return goes on to the end of the episode, through all rewards.",
            (_resetting,),
        ),
        Mistake(
            "last-reward-twice",
            "The running total begins with the last reward, and then the last reward is added to it: "
            "it counts twice. Begin with 0.",
            (
                lambda rewards, gamma: (
                    _backward(rewards, gamma)
                    + (_powers(rewards, gamma)[::-1] * gamma * rewards[-1] if len(rewards) else 0)
                ),
            ),
        ),
        Mistake(
            "forwards",
            "You run through the rewards forwards: your number at t adds up what was already paid, "
            "r_t + gamma r_(t-1) + ...\n"
            "A return looks ahead. Start at the last step and go back. "
            "(Chapter 3, Causality: what came before does not count.)",
            (lambda rewards, gamma: _backward(rewards[::-1], gamma)[::-1],),
        ),
        Mistake(
            "not-turned-back",
            "The numbers are right and stand in the wrong order: a list that was filled from the last step to the "
            "first has to be turned round at the end ([::-1]).",
            (lambda rewards, gamma: _backward(rewards, gamma)[::-1],),
        ),
        Mistake(
            "not-summed",
            "You discount each reward, but do not add them up: "
            "gamma^t r_t is one term, a return is the sum of all that follow.",
            (lambda rewards, gamma: _powers(rewards, gamma) * rewards,),
        ),
        Mistake(
            "not-discounted",
            "You add up the rewards to come without gamma. A reward k steps later counts gamma^k.",
            (lambda rewards, gamma: np.cumsum(rewards[::-1], 0)[::-1].astype(float),),
        ),
        Mistake(
            "integers-truncate",
            "Right, except that with whole-number rewards everything after the point is cut off.\n"
            "np.zeros_like(rewards) copies the dtype too, and an array of integers cannot hold 2.75. "
            "Use np.zeros(rewards.shape).",
            (lambda rewards, gamma: _backward(rewards, gamma, np.zeros_like(rewards)), _backward_in_place),
        ),
        Mistake(
            "divides-by-powers",
            "Right for short episodes. You take a cumulative sum of gamma^t r_t and divide by gamma^t. "
            "With gamma = 0.8 that power is exactly 0 from step 3,340 on "
            "(and with gamma = 0 from step 1): 0 / 0 is NaN.\n"
            "Going backwards with a running total needs no division: r_t + gamma * total.",
            (
                lambda rewards, gamma: (
                    np.cumsum((_powers(rewards, gamma) * rewards)[::-1], 0)[::-1] / _powers(rewards, gamma)
                ),
            ),
        ),
    ),
)


# --- trajectory_log_prob -------------------------------------------------------------------------------------------


def trajectory_log_prob(logits, actions):
    """Each probability in thirty digits, where nothing underflows."""

    def log_prob(row, action):
        row = [Decimal(float(logit)) for logit in row]
        return row[action] - sum(logit.exp() for logit in row).ln()

    with localcontext(prec=30):
        return float(sum((log_prob(row, action) for row, action in zip(logits, actions)), Decimal(0)))


def trajectory_cases(rng):
    def draw(T, A):
        return rng.normal(0, 1.5, (T, A)), rng.integers(0, A, T)

    return [
        Case("one step", draw(1, 3)),
        Case("six steps, three actions", draw(6, 3)),
        Case("as many steps as actions", draw(4, 4)),
        Case("whole-number logits", (np.array([[1, 0, 2], [0, 3, -1]]), np.array([0, 2]))),
        Case("a single action", (rng.normal(size=(3, 1)), np.zeros(3, int))),
        Case(
            "the chosen logit 1,000 below the best",
            (np.array([[0.0, -1000.0, 0.5], [0.2, 0.1, -0.4]]), np.array([1, 0])),
        ),
        Case("large logits", (np.array([[1000.0, 999.0], [998.5, 1000.0]]), np.array([0, 0]))),
        Case("a row from -900 to 900", (np.array([[900.0, -900.0, 0.0], [0.5, 0.25, -1.0]]), np.array([2, 0]))),
        Case("no step at all", (np.zeros((0, 3)), np.zeros(0, int))),
        Case("5,000 steps", draw(5000, 2)),
    ]


def _chosen(table, actions):
    return table[np.arange(len(actions)), actions]


def _softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _log_softmax(z, actions):
    z = z - z.max(-1, keepdims=True)
    return _chosen(z, actions) - np.log(np.exp(z).sum(-1))


def _log_softmax_of(z, axis):
    z = z - z.max(axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis, keepdims=True))


def _clipped(smallest):
    return lambda z, a: float(np.log(np.maximum(_chosen(_softmax(z), a), smallest)).sum())


def _padded(smallest):
    return lambda z, a: float(np.log(_chosen(_softmax(z), a) + smallest).sum())


TRAJECTORY = Exercise(
    truth=trajectory_log_prob,
    cases=trajectory_cases,
    difficulty=3,
    importance=4,
    minutes=15,
    sizes=lambda logits, actions: {"T": len(actions), "A": logits.shape[1]},
    laws=(
        Law("A log-probability is never positive.", lambda v, logits, actions: v <= 1e-6),
        Law("Without a step there is nothing to add up: 0.", lambda v, logits, actions: len(actions) > 0 or near(v, 0)),
        Law(
            "With a single action every probability is 1, and its log is 0.",
            lambda v, logits, actions: logits.shape[1] > 1 or near(v, 0),
        ),
        Law(
            "With one step this is log(softmax(logits[0])[actions[0]]). Yours is wrong already there.",
            lambda v, logits, actions: len(actions) != 1 or near(v, _log_softmax(logits, actions)[0]),
        ),
    ),
    after="The world's own probabilities are not in it, and its gradient does not need them.",
    hints=(
        "The log of a product is the sum of the logs: never form the product of 5,000 probabilities.",
        "log softmax(z)[a] = z_a - log(sum of exp z_b). Written so, no probability is ever formed that could become 0.",
        "That last log needs chapter 1's trick: subtract the row's maximum first. "
        "Pick the chosen entries with two index arrays.",
    ),
    mistakes=(
        Mistake(
            "log-of-the-product",
            "You multiply the probabilities and take the log of the product. After some hundred steps the product is "
            "smaller than any number above 0 that a float can hold, so it is 0, and its log is -inf.\n"
            "Add the logs instead. (Chapter 3, Why the log, in order of importance.)",
            (lambda z, a: float(np.log(np.prod(_chosen(_softmax(z), a)))),),
        ),
        Mistake(
            "log-of-softmax",
            "Right until a probability underflows: with a logit 1,000 below the best, "
            "softmax gives exactly 0, and log(0) is -inf.\n"
            "The true value is -1000, an ordinary number. Take the log by hand: z_a - log(sum of exp z_b), "
            "after subtracting the maximum.\n"
            "(Chapter 3, Why the log, in order of importance.)",
            (lambda z, a: float(np.log(_chosen(_softmax(z), a)).sum()),),
        ),
        Mistake(
            "clipped-probability",
            "You keep the probability away from 0 before the log (np.clip, or + 1e-8). No error any more, "
            "and no right answer either:\n"
            "log(1e-8) is -18.4 where the truth is -1000. And the gradient there is 0 or nearly so: "
            "nothing would be learned.\n"
            "Take the log by hand: z_a - log(sum of exp z_b).",
            (
                *map(_clipped, (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-300)),
                *map(_padded, (1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-300)),
            ),
        ),
        Mistake(
            "overflow",
            "Right until the logits are large: exp(1000) is inf. "
            "Subtract the row's maximum before exp and add it again after the log.",
            (lambda z, a: float((_chosen(z, a) - np.log(np.exp(z).sum(-1))).sum()),),
        ),
        Mistake(
            "subtracts-the-mean",
            "You subtract the row's mean. That changes no probability, but does not stop the overflow: "
            "in a row from -900 to 900 the best logit still lies 900 above it.\n"
            "Subtract the row's maximum: then the largest exponent is exactly 0.",
            (
                lambda z, a: float(
                    (_chosen(z, a) - z.mean(1) - np.log(np.exp(z - z.mean(1, keepdims=True)).sum(1))).sum()
                ),
            ),
        ),
        Mistake(
            "wrong-axis",
            "You normalise over the steps, or over the whole table. Each step has its own distribution over the "
            "actions: each row by itself (axis=1).",
            (
                lambda z, a: float(_chosen(_log_softmax_of(z, 0), a).sum()) if len(a) else 0.0,
                lambda z, a: float(_chosen(_log_softmax_of(z, None), a).sum()) if len(a) else 0.0,
            ),
        ),
        Mistake(
            "maximum-not-put-back",
            "You take the maximum off inside the exponent and do not put it back after the log: log(sum of exp z) "
            "is max + log(sum of exp(z - max)).\n"
            "It is easiest to subtract it from the row once, and to go on with the shifted row everywhere.",
            (
                lambda z, a: (
                    float((_chosen(z, a) - np.log(np.exp(z - z.max(1, keepdims=True)).sum(1))).sum()) if len(a) else 0.0
                ),
            ),
        ),
        Mistake(
            "mean-for-sum",
            "You average over the steps. The probability of a trajectory is a product over its steps, "
            "so its log is a sum.\n"
            "Dividing by the length makes long and short trajectories look alike, and scales their scores. "
            "(Without a step it is 0 / 0.)\n"
            "(Chapter 3, From one number to a whole life.)",
            (
                lambda z, a: float(_chosen(np.log(_softmax(z)), a).mean()),
                lambda z, a: _log_softmax(z, a).sum() / np.float64(len(a)),
                lambda z, a: _log_softmax(z, a).sum() / max(len(a), 1),
            ),
        ),
        Mistake(
            "unnormalised-logits",
            "You add up the chosen logits. A logit is a log-probability only up to a constant of its row: "
            "subtract log(sum of exp z_b).\n"
            "Otherwise raising all logits alike would seem to make everything more likely.",
            (lambda z, a: float(_chosen(z, a).sum()),),
        ),
        Mistake(
            "probability",
            "This is the probability, not its logarithm. After some hundred steps it is exactly 0: "
            "keep the sum of logs.",
            (lambda z, a: float(np.prod(_chosen(_softmax(z), a))),),
        ),
        Mistake(
            "sign",
            "The sign is flipped: this is the loss (negative log-likelihood). A log-probability is never positive.",
            (lambda z, a: -_log_softmax(z, a).sum(),),
        ),
    ),
)


# --- reinforce_gradient --------------------------------------------------------------------------------------------


def reinforce_gradient(scores, rewards, gamma):
    """Each score with each reward that comes with it or after it, one product at a time."""
    T, N, d = scores.shape
    terms = [gamma**k * rewards[k, i] * scores[t, i] for i in range(N) for t in range(T) for k in range(t, T)]
    return np.array([fsum(column) / N for column in zip(*terms)])


def reinforce_cases(rng):
    def draw(T, N, d, gamma, lengths=None):
        scores, rewards = rng.normal(0.2, 1, (T, N, d)), rng.normal(1, 2, (T, N))
        for i, length in enumerate(lengths or []):
            scores[length:, i], rewards[length:, i] = 0, 0
        return scores, rewards, gamma

    return [
        Case("5 steps, 3 episodes, 2 parameters, gamma 0.9", draw(5, 3, 2, 0.9)),
        Case("episodes of different lengths, gamma 0.7", draw(6, 4, 3, 0.7, [6, 2, 4, 1])),
        Case("gamma 1", draw(4, 5, 2, 1.0)),
        Case("as many steps as episodes", draw(4, 4, 4, 0.8)),
        Case("one parameter", draw(3, 2, 1, 0.6)),
        Case(
            "rewards now and then, gamma 0.75",
            (rng.normal(0.2, 1, (5, 2, 3)), np.array([[0, 1.5], [2.0, 0], [0, 0], [0, -1.0], [3.0, 0.5]]), 0.75),
        ),
        Case("a single step", draw(1, 4, 2, 0.9)),
        Case("a single episode", draw(5, 1, 3, 0.85)),
    ]


def _weigh(scores, psi):
    return (scores * psi[..., None]).sum(0).mean(0)


def _centred(axis, gamma_t):
    def reinforce_gradient(scores, rewards, gamma):
        G = _backward(rewards, gamma)
        A = G - G.mean(axis, keepdims=True)
        return _weigh(scores, A * _powers(rewards, gamma) if gamma_t else A)

    return reinforce_gradient


def _standardised(axis, keep, gamma_t):
    def reinforce_gradient(scores, rewards, gamma):
        G = _backward(rewards, gamma)
        A = (G - G.mean(axis, keepdims=True)) / (G.std(axis, keepdims=True) + keep)
        return _weigh(scores, A * _powers(rewards, gamma) if gamma_t else A)

    return reinforce_gradient


REINFORCE = Exercise(
    truth=reinforce_gradient,
    cases=reinforce_cases,
    difficulty=3,
    importance=5,
    minutes=20,
    axes=("parameter",),
    sizes=lambda scores, rewards, gamma: {"N": scores.shape[1], "T": scores.shape[0]},
    laws=(
        Law(
            "With a single step there is nothing to discount: the mean over episodes of the score times its reward. "
            "Yours is another number already there.",
            lambda g, scores, rewards, gamma: len(rewards) > 1 or near(g, (scores[0] * rewards[0][:, None]).mean(0)),
        ),
        Law(
            "With gamma = 1 the weight of a step is the plain sum of the rewards from it on. "
            "Yours is wrong already there, so look beyond the discount.",
            lambda g, scores, rewards, gamma: gamma < 1 or near(g, _weigh(scores, np.cumsum(rewards[::-1], 0)[::-1])),
        ),
    ),
    after="This is the theorem, sampled: no bias at all. The lab turns it into a balanced pole.",
    hints=(
        "Step t of episode i has one score, (d,), and one weight: "
        "everything that was paid from t on, as the theorem discounts it.",
        "You have discounted_returns for (T, N). It discounts from t. "
        "What is missing to discount from the start of the episode?",
        "Weights are (T, N) and scores (T, N, d): give the weights a last axis. "
        "Then over which of the axes is there a sum, over which a mean?",
    ),
    mistakes=(
        Mistake(
            "gamma-power-dropped",
            "The factor gamma^t is missing: you weigh step t by G_t, the theorem weighs it by gamma^t G_t.\n"
            "Much published code drops it, so it looks familiar. It is in general the gradient of nothing, "
            "and with gamma = 1 it does not show.\n"
            "(Chapter 3, Causality: what came before does not count.)",
            (lambda scores, rewards, gamma: _weigh(scores, _backward(rewards, gamma)),),
        ),
        Mistake(
            "mean-over-steps",
            "You average over the steps as well. The log-probability of an episode is a sum over its steps, "
            "so its score is a sum too:\n"
            "sum over t, mean over episodes. Averaged over its own length, with the whole return as weight and gamma = "
            "1, an episode in a world that costs 1 a step has nothing left to learn from. (Chapter 3, Causality: "
            "what came before does not count.)",
            (
                lambda scores, rewards, gamma: (
                    _weigh(scores, _powers(rewards, gamma) * _backward(rewards, gamma)) / len(scores)
                ),
                lambda scores, rewards, gamma: _weigh(scores, _backward(rewards, gamma)) / len(scores),
            ),
        ),
        Mistake(
            "total-return",
            "You weigh every step by the whole episode's return. That estimate is unbiased too.\n"
            "Rewards paid before an action have mean zero against its score: they add noise, or cancel some.\n"
            "This exercise asks for reward-to-go, gamma^t G_t.\n"
            "(Chapter 3, Causality: what came before does not count.)",
            (lambda scores, rewards, gamma: _weigh(scores, np.zeros(rewards.shape) + _backward(rewards, gamma)[0]),),
        ),
        Mistake(
            "discounts-twice",
            "You weigh step t by gamma^t G_0: the total return already discounts each reward from the start, "
            "and gamma^t does so again.\n"
            "Late steps are then pushed too little, whatever they earned. "
            "The weight is gamma^t G_t, with the return from t on.\n"
            "(Chapter 3, Causality: what came before does not count.)",
            (lambda scores, rewards, gamma: _weigh(scores, _powers(rewards, gamma) * _backward(rewards, gamma)[0]),),
        ),
        Mistake(
            "sum-over-episodes",
            "N times too large: you add up the episodes. "
            "Sum over the steps of an episode, then take the mean over episodes.",
            (
                lambda scores, rewards, gamma: (
                    scores * (_powers(rewards, gamma) * _backward(rewards, gamma))[..., None]
                ).sum((0, 1)),
                lambda scores, rewards, gamma: (scores * _backward(rewards, gamma)[..., None]).sum((0, 1)),
            ),
        ),
        Mistake(
            "standardised-returns",
            "You standardise the returns (mean 0, spread 1) before using them. Practice often does, "
            "but it is another estimate: scaled by a random factor, and biased, "
            "since the mean contains the sample itself.\n"
            "Inside one episode it even punishes late steps for being late. "
            "(Chapter 3, From the theorem to a balanced pole.)",
            tuple(
                _standardised(axis, keep, gamma_t)
                for axis in ((0, 1), 0, 1)
                for keep in (0.0, 1e-8)
                for gamma_t in (True, False)
            ),
        ),
        Mistake(
            "sign",
            "The sign is flipped: that is the gradient of the loss to be minimised. grad J points uphill.\n"
            '(Chapter 3, What the "loss" is not.)',
            (lambda scores, rewards, gamma: -_weigh(scores, _powers(rewards, gamma) * _backward(rewards, gamma)),),
        ),
        Mistake(
            "past-rewards",
            "You weigh each step by what was paid up to it. An action cannot change what is past: "
            "weigh it by what is paid from then on.\n"
            "(Chapter 3, Causality: what came before does not count.)",
            (
                lambda scores, rewards, gamma: _weigh(scores, np.cumsum(_powers(rewards, gamma) * rewards, 0)),
                lambda scores, rewards, gamma: _weigh(scores, _backward(rewards[::-1], gamma)[::-1]),
            ),
        ),
        Mistake(
            "mean-taken-off",
            "You take the mean over the episodes off the returns. As a baseline that is sensible (though an episode's "
            "own return is in the mean, which makes step t too small by 1/n, with n episodes still running), "
            "but it is another estimate: this exercise has no baseline.\n"
            "(Chapter 3, Baselines: compare with something.)",
            tuple(_centred(axis, gamma_t) for axis in (1, 0, (0, 1)) for gamma_t in (True, False)),
        ),
        Mistake(
            "discounts-too-often",
            "A power of gamma too many: step t weighs gamma^t G_t, with G_t discounted from t. "
            "Step 0 is not discounted at all.",
            (
                lambda scores, rewards, gamma: _weigh(
                    scores, gamma * _powers(rewards, gamma) * _backward(rewards, gamma)
                ),
                lambda scores, rewards, gamma: _weigh(scores, _powers(rewards, gamma) ** 2 * _backward(rewards, gamma)),
            ),
        ),
        Mistake(
            "resets-at-rewards",
            "Your returns begin anew at every reward that is not 0. "
            "That is a rule for games of Pong, where each point ends a rally.\n"
            "A return goes on to the end of the episode.",
            (
                lambda scores, rewards, gamma: _weigh(scores, _powers(rewards, gamma) * _resetting(rewards, gamma)),
                lambda scores, rewards, gamma: _weigh(scores, _resetting(rewards, gamma)),
            ),
        ),
        Mistake(
            "rewards-not-returns",
            "You weigh each step by its own reward (discounted or not). "
            "An action is also responsible for what comes later:\n"
            "weigh it by the return from t on, not by r_t alone.",
            (
                lambda scores, rewards, gamma: _weigh(scores, _powers(rewards, gamma) * rewards),
                lambda scores, rewards, gamma: _weigh(scores, rewards),
            ),
        ),
    ),
)


# --- optimal_baseline ----------------------------------------------------------------------------------------------


def optimal_baseline(f_values, scores):
    """The vertex of the parabola mean((f - b)^2 s^2), from its values at b = -1, 0, 1, in fractions."""

    def vertex(f, s):
        low, middle, high = (sum((f - b) ** 2 * s * s for f, s in zip(f, s)) for b in (-1, 0, 1))
        bend = low - 2 * middle + high
        return float((low - high) / (2 * bend)) if bend else 0.0

    f = [Fraction(float(value)) for value in f_values]
    return np.array([vertex(f, [Fraction(float(score)) for score in column]) for column in scores.T])


def baseline_cases(rng):
    def draw(N, d, silent=()):
        scores = rng.normal(0.4, 1, (N, d)) * rng.uniform(0.2, 3, d)
        scores[:, list(silent)] = 0
        return 1 + 2 * rng.normal(size=N), scores

    return [
        Case("8 samples, 3 parameters", draw(8, 3)),
        Case("as many samples as parameters", draw(4, 4)),
        Case("two parameters", draw(6, 2)),
        Case("whole-number returns", (np.array([3, 0, 1, 5, 2]), rng.normal(0.3, 1, (5, 2)))),
        Case("one parameter", draw(9, 1)),
        Case("a parameter whose scores are all 0", draw(7, 3, [1])),
        Case("a policy that is nearly sure", (1 + 2 * rng.normal(size=6), rng.normal(0.4, 1, (6, 2)) * [1e-6, 1.0])),
    ]


def _ratio(above, below):
    return np.where(below == 0, 0, above / np.where(below == 0, 1, below))


def _silent(s, b):
    return np.where((s == 0).all(0), 0, b)


OPTIMAL = Exercise(
    truth=optimal_baseline,
    cases=baseline_cases,
    difficulty=3,
    importance=3,
    minutes=15,
    axes=("parameter",),
    sizes=lambda f_values, scores: {"N": scores.shape[0], "d": scores.shape[1]},
    laws=(
        Law("A parameter whose scores are all 0 should get 0.", lambda b, f, s: near(b[(s == 0).all(0)], 0)),
        Law(
            "A weighted mean of f cannot lie outside of f: one of your baselines is larger than every f, or smaller.",
            lambda b, f, s: ((b >= f.min() - 1e-3) & (b <= f.max() + 1e-3) | (s == 0).all(0)).all(),
        ),
        Law(
            "You give the same baseline to all parameters. Each has its own, from its own column of scores.",
            lambda b, f, s: s.shape[1] == 1 or len(f) == 1 or np.ptp(b[(s != 0).any(0)]) > 1e-6,
        ),
    ),
    after="A mean of f in which loud samples count more: it listens to those that shake theta.",
    hints=(
        "For one parameter: which b makes the mean of ((f - b) s)^2 smallest? It is a parabola in b.",
        "Set its slope to zero: b is a weighted mean of f. What are the weights?",
        "Do it for each column of scores, summing over samples only. Where a column is all 0 there is nothing to "
        "divide by: answer 0 there.",
    ),
    mistakes=(
        Mistake(
            "plain-mean",
            "This is the plain mean of f, the same for all parameters. It is a good baseline, and seldom the best:\n"
            "samples with a large score shake theta more, so they should count more. (Chapter 3, The best baseline.)",
            (lambda f, s: np.full(s.shape[1], f.mean()), lambda f, s: _silent(s, np.full(s.shape[1], f.mean()))),
        ),
        Mistake(
            "one-for-all",
            "You weigh each sample by the squared length of its whole score: one number for all parameters.\n"
            "It minimises the summed variance among such single numbers. This exercise asks for one b_j for each "
            "parameter, with s_ij^2 as weights.\n"
            "(Chapter 3, The best baseline.)",
            (
                lambda f, s: np.full(s.shape[1], (f * (s**2).sum(1)).sum() / (s**2).sum()),
                lambda f, s: _silent(s, np.full(s.shape[1], (f * (s**2).sum(1)).sum() / (s**2).sum())),
            ),
        ),
        Mistake(
            "score-not-squared",
            "You weigh by the score (or its size) where its square belongs. The score can be negative and averages to "
            "zero: as a weight it makes a denominator near 0. A variance is about squares: E[s^2 f] / E[s^2]. "
            "(Chapter 3, The best baseline.)",
            (
                lambda f, s: _ratio((s * f[:, None]).sum(0), s.sum(0)),
                lambda f, s: (s * f[:, None]).sum(0) / s.sum(0),
                lambda f, s: _ratio((abs(s) * f[:, None]).sum(0), abs(s).sum(0)),
                lambda f, s: (abs(s) * f[:, None]).sum(0) / abs(s).sum(0),
            ),
        ),
        Mistake(
            "sample-covariance",
            "A near miss: this is Cov(f s, s) / Var(s), with means taken off. "
            "It minimises the spread of these samples around their own mean.\n"
            "The exercise asks for the form that uses what is known, E[s] = 0: "
            "then Var(s) is E[s^2], and b = E[s^2 f] / E[s^2].\n"
            "With many samples the two agree. (Chapter 3, The best baseline.)",
            (
                lambda f, s: _ratio(
                    ((f[:, None] * s - (f[:, None] * s).mean(0)) * (s - s.mean(0))).sum(0),
                    ((s - s.mean(0)) ** 2).sum(0),
                ),
                lambda f, s: (
                    ((f[:, None] * s - (f[:, None] * s).mean(0)) * (s - s.mean(0))).sum(0)
                    / ((s - s.mean(0)) ** 2).sum(0)
                ),
            ),
        ),
        Mistake(
            "not-divided",
            "This is the mean (or sum) of s^2 f: the weights do not sum to 1. Divide by the sum (or mean) of s^2, "
            "so that it is a weighted mean of f.",
            (
                lambda f, s: (s**2 * f[:, None]).mean(0),
                lambda f, s: (s**2 * f[:, None]).sum(0),
                lambda f, s: (s**2 * f[:, None]).sum(0) / np.where((s**2).sum(0) == 0, np.nan, 1),
            ),
        ),
        Mistake(
            "variance-below",
            "Below the line stands the variance of the scores, with their mean taken off, and above it s^2 as it is. "
            "The exercise uses E[s] = 0: divide by the mean of s^2. (Chapter 3, The best baseline.)",
            (
                lambda f, s: _ratio((s**2 * f[:, None]).mean(0), s.var(0)),
                lambda f, s: (s**2 * f[:, None]).mean(0) / s.var(0),
            ),
        ),
        Mistake(
            "small-number-below",
            "You guard the division where it would not fail: by a small number below the line, by a least value, or by "
            "calling a sum 0 that is only close to it. Where a policy is nearly sure its scores are small, and so is "
            "their sum; its baseline is none the smaller.\n"
            "Only where all scores are 0 is there nothing to divide by: np.where(total == 0, 1, total).",
            tuple(
                lambda f, s, small=small, below=below: (s**2 * f[:, None]).sum(0) / below((s**2).sum(0), small)
                for small in (1.0, 0.5, 0.3, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10)
                for below in (np.add, np.maximum)
            ),
        ),
        Mistake(
            "zero-over-zero",
            "Right, but for a parameter whose scores are all 0 you get 0 / 0, which is NaN, "
            "and NaN spreads to everything it touches.\n"
            "No baseline makes a difference there: answer 0.",
            (lambda f, s: (s**2 * f[:, None]).sum(0) / (s**2).sum(0),),
        ),
    ),
)

EXERCISES = (BERNOULLI, ESTIMATOR, RETURNS, TRAJECTORY, REINFORCE, OPTIMAL)
