"""Exercises of chapter 1, Values or probabilities?

Each truth is computed the long way round: fifty decimal digits, fractions, enumeration, a linear system.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import fsum

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near

# --- softmax -------------------------------------------------------------------------------------------------------


def softmax(logits):
    """The definition as it stands, in fifty decimal digits, where exp(10,000) is an ordinary number."""

    def row(logits):
        with localcontext(prec=50):
            weights = [Decimal(float(logit)).exp() for logit in logits]
            return [float(weight / sum(weights)) for weight in weights]

    return np.apply_along_axis(row, -1, np.asarray(logits, float))


def softmax_cases(rng):
    inf = np.inf
    return [
        Case("three logits", (np.array([0.5, -1.25, 2.0]),)),
        Case("a batch of four rows", (rng.normal(scale=2, size=(4, 3)),)),
        Case("two leading axes", (rng.normal(scale=2, size=(2, 4, 5)),)),
        Case("one action", (np.array([0.3]),)),
        Case("integers", (np.array([[1, 2, 4], [0, -3, 1]]),)),
        Case("logits near 1,000", (np.array([1000.0, 1001.5, 999.0, 1000.25]),)),
        Case("logits near 400", (np.array([[400.0, 401.5, 399.0], [399.5, 400.25, 401.0]]),)),
        Case("one action 1,000 below the others", (np.array([0.5, -1000.0, 0.25, 1.0]),)),
        Case("logits of 10,000", (np.array([1e4, 1e4 - 1.5, 1e4 + 0.5]),)),
        Case("logits of -10,000", (np.array([-1e4, -1e4 + 2.5, -1e4 - 0.5]),)),
        Case("10,000 and -10,000 in one row", (np.array([1e4, -1e4, 1e4 - 1.0, -1e4]),)),
        Case(
            "a row of 10,000s above a row of -10,000s",
            (np.array([[1e4, 1e4 + 0.5, 1e4 - 2], [-1e4, -1e4 + 1, -1e4 - 0.5]]),),
        ),
        Case("actions forbidden by -inf", (np.array([[0.5, -inf, 1.25, -inf], [-inf, -inf, 3.0, -inf]]),)),
    ]


def _exp(z, axis=-1):
    return np.exp(z - np.max(z, axis=axis, keepdims=True))


SOFTMAX = Exercise(
    truth=softmax,
    cases=softmax_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("action",),
    each=True,
    floor=0.0,
    laws=(
        Law(
            "A row of your answer holds a negative number, or one above 1: no probability.",
            lambda p, z: (p >= 0).all() and (p <= 1.001).all(),
        ),
        Law("A row of your answer does not sum to 1.", lambda p, z: near(p.sum(-1), 1)),
        Law(
            "The order is wrong: where one logit is larger than another, so must be its probability.",
            lambda p, z: all(
                (np.diff(row[np.argsort(logits)]) >= -1e-9).all()
                for row, logits in zip(p.reshape(-1, p.shape[-1]), np.reshape(z, (-1, p.shape[-1])))
            ),
        ),
    ),
    after="Subtracting one number per row changes nothing in the answer and everything in what exp has to bear.",
    hints=(
        "Start from the definition: exp of each logit, divided by the sum of those exps over the last axis. "
        "keepdims=True keeps shapes that fit.",
        "Which number can be added to all logits of a row without changing its probabilities? "
        "Try it with [0, 1] and [5, 6].",
        "exp overflows above 709. Shift each row so that its largest logit becomes 0: then nothing can overflow, "
        "and the sum is at least 1.",
    ),
    mistakes=(
        Mistake(
            "no-max-subtraction",
            "Right on small logits, but exp overflows on large ones: exp(1000) is inf, and inf / inf is NaN.\n"
            "Tempting, because it is the definition letter by letter. But a logit is a free number: "
            "nothing keeps it below 709, where exp overflows.\n"
            "Adding the same number to all logits of a row changes nothing: choose it so that exp stays small.\n"
            "(Chapter 1, What a policy buys: a smooth hill.)",
            (lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),),
        ),
        Mistake(
            "maximum-of-whole-array",
            "You subtract the largest logit of the whole array. "
            "A row that lies far below it is then all zeros, and 0 / 0 is NaN.\n"
            "It works for one row and for tame batches, so it survives most tests.\n"
            "Each row needs its own maximum: over the last axis, with keepdims=True.",
            (lambda z: np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum(-1, keepdims=True),),
        ),
        Mistake(
            "wrong-axis",
            "On a batch your columns sum to 1 instead of your rows: you normalise over the first axis.\n"
            "With a single row there is only one axis, so the mistake does not show.\n"
            "The last axis holds the actions (..., A): use axis=-1, which is right for any number of leading axes.",
            (
                lambda z: _exp(z, 0) / _exp(z, 0).sum(0),
                lambda z: np.exp(z) / np.exp(z).sum(0),
                lambda z: _exp(z) / _exp(z).sum(0),
            ),
        ),
        Mistake(
            "whole-array",
            "On a batch the whole array sums to 1, so a row does not: .sum() without an axis adds all rows together.\n"
            "With a single row that is the same, so the mistake does not show.\n"
            "Each row is a distribution of its own: sum over the last axis, with keepdims=True.",
            (
                lambda z: np.exp(z) / np.exp(z).sum(),
                lambda z: np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum(),
                lambda z: _exp(z) / _exp(z).sum(),
            ),
        ),
        Mistake(
            "subtracts-the-mean",
            "You subtract the row's mean. That leaves the probabilities as they are, "
            "but it does not stop the overflow:\n"
            "in [10000, -10000, ...] the largest logit still lies thousands above the mean. "
            "(And a -inf makes the mean -inf.)\n"
            "Subtract the row's maximum: then the largest exponent is exactly 0.",
            (
                lambda z: (
                    np.exp(z - np.mean(z, -1, keepdims=True))
                    / np.exp(z - np.mean(z, -1, keepdims=True)).sum(-1, keepdims=True)
                ),
            ),
        ),
        Mistake(
            "subtracts-the-minimum",
            "You subtract the row's minimum. That leaves the probabilities as they are, and makes the overflow worse: "
            "one action that lies 1,000 below the others puts them all at 1,000, and exp(1000) is inf. "
            "(And with a -inf in the row nothing is left.)\n"
            "Subtract the row's maximum: then the largest exponent is exactly 0.",
            (
                lambda z: (
                    np.exp(z - np.min(z, -1, keepdims=True))
                    / np.exp(z - np.min(z, -1, keepdims=True)).sum(-1, keepdims=True)
                ),
            ),
        ),
        Mistake(
            "adds-the-maximum",
            "You add the row's maximum where it is to be subtracted: the exponents become twice as large, "
            "and exp overflows twice as soon.\n"
            "The largest logit of each row should become 0.",
            (
                lambda z: (
                    np.exp(z + np.max(z, -1, keepdims=True))
                    / np.exp(z + np.max(z, -1, keepdims=True)).sum(-1, keepdims=True)
                ),
            ),
        ),
        Mistake(
            "integers-truncate",
            "Right, except that with whole-number logits your probabilities are cut down to 0 or 1.\n"
            "np.zeros_like(logits) copies the dtype too: an array of integers cannot hold 0.3. "
            "Begin with np.zeros(logits.shape).",
            (lambda z: (_exp(z) / _exp(z).sum(-1, keepdims=True)).astype(np.asarray(z).dtype),),
        ),
        Mistake(
            "sigmoid",
            "You squash each logit by itself (a sigmoid), so a row does not sum to 1: "
            "raising one logit would cost the others nothing.\n"
            "A softmax compares: each exp is divided by the sum over all actions of the row.",
            (lambda z: 1 / (1 + np.exp(-np.asarray(z, float))),),
        ),
        Mistake(
            "exp-forgotten",
            "You divide each logit by the sum of the logits. Logits may be negative, and so would be your "
            "probabilities: take exp first.",
            (lambda z: z / np.sum(z, -1, keepdims=True),),
        ),
        Mistake(
            "base-two",
            "These are powers of 2 where powers of e belong (2**z or exp2). They do sum to 1, so it is easy to miss.\n"
            "It is a softmax of smaller logits: 2**z = exp(0.693 z), "
            "a policy that is more random than the one asked for.",
            (
                lambda z: (
                    np.exp2(z - np.max(z, -1, keepdims=True))
                    / np.exp2(z - np.max(z, -1, keepdims=True)).sum(-1, keepdims=True)
                ),
                lambda z: np.exp2(z) / np.exp2(z).sum(-1, keepdims=True),
            ),
        ),
        Mistake(
            "log-probabilities",
            "These are the logarithms of the probabilities: all of them are negative or 0.\n"
            "Log-softmax is what chapter 3 needs; this exercise asks for the probabilities themselves.",
            (lambda z: z - np.max(z, -1, keepdims=True) - np.log(_exp(z).sum(-1, keepdims=True)),),
        ),
        Mistake(
            "not-normalised",
            "Your numbers are exp of the (shifted) logits: in the right proportion, but a row does not sum to 1.\n"
            "Divide each row by its sum, over the last axis and with keepdims=True.",
            (_exp, np.exp),
        ),
    ),
)


# --- epsilon_greedy_probs ------------------------------------------------------------------------------------------


def epsilon_greedy_probs(q_values, epsilon):
    """The two-stage lottery, action by action, in fractions."""
    q, epsilon = [float(q) for q in q_values], Fraction(float(epsilon))
    best = [a for a in range(len(q)) if q[a] == max(q)]
    chance = [Fraction(0)] * len(q)
    for a in range(len(q)):
        chance[a] += epsilon / len(q)
    for a in best:
        chance[a] += (1 - epsilon) / len(best)
    return np.array([float(probability) for probability in chance])


def epsilon_greedy_cases(rng):
    return [
        Case("five different values", (rng.normal(size=5), 0.1)),
        Case("all values negative", (-1 - rng.random(4), 0.3)),
        Case("two tied for the best", (np.array([0.5, 2.0, -1.0, 2.0]), 0.2)),
        Case("all tied", (np.array([1.5, 1.5, 1.5]), 0.25)),
        Case("nearly tied", (np.array([1.0, 1.0 - 1e-9, 0.0]), 0.2)),
        Case("tied but for the last digit", (np.array([np.nextafter(1.0, 0.0), 1.0, 0.0]), 0.2)),
        Case("integers", (np.array([3, 1, 3, 0, 2]), 0.4)),
        Case("epsilon 0, with a tie", (np.array([1.0, 0.0, 1.0]), 0.0)),
        Case("epsilon 1", (rng.normal(size=4), 1.0)),
        Case("one action", (np.array([-0.7]), 0.3)),
    ]


def _greedy(q, epsilon, best, others):
    """`best(number of maxima)` on each maximum, `others(number of maxima)` elsewhere."""
    top = np.asarray(q) == np.max(q)
    return np.where(top, best(top.sum()), others(top.sum()))


def _first(q, best, others):
    p = np.full(len(q), float(others))
    p[np.argmax(q)] = best
    return p


def _int_like(q, e):
    p = np.full_like(q, 0) + np.zeros_like(q)
    p[:] = e / len(q) + (1 - e) * (q == np.max(q)) / (q == np.max(q)).sum()
    return p


EPSILON_GREEDY = Exercise(
    truth=epsilon_greedy_probs,
    cases=epsilon_greedy_cases,
    difficulty=2,
    importance=3,
    minutes=10,
    axes=("action",),
    sizes=lambda q_values, epsilon: {"A": len(q_values)},
    laws=(
        Law("Your probabilities do not sum to 1.", lambda p, q, e: near(p.sum(), 1)),
        Law("One of your probabilities is negative.", lambda p, q, e: (p >= -1e-9).all()),
        Law(
            "Your most likely action is not the one with the largest value.",
            lambda p, q, e: e > 0.99 or q[p.argmax()] == q.max(),
        ),
        Law(
            "An action that is not among the best has one chance only, its share of the exploring, epsilon / A. "
            "One of yours has another number.",
            lambda p, q, e: near(p[q < q.max()], e / len(q)),
        ),
        Law(
            "The best actions are not treated alike: "
            "those that are tied (==) share what is left after exploring in equal parts.",
            lambda p, q, e: near(p[q == q.max()], p[q == q.max()].mean()),
        ),
    ),
    after="Look at what can be reached: one random mixture per epsilon, 1 - epsilon for the best and the rest for all "
    "alike. Nothing optimises it.",
    hints=(
        "Write it as a lottery in two stages: with probability epsilon draw any action, all alike; "
        "otherwise draw one of the best.",
        "The greedy action can win in both stages. Do your probabilities sum to 1?",
        "Compare every value with the largest one: that marks all the best actions, ties included. "
        "They share what is left after exploring.",
    ),
    mistakes=(
        Mistake(
            "greedy-without-its-share",
            "Your probabilities sum to less than 1: the greedy action gets 1 - epsilon, "
            "and its share of the exploration is missing.\n"
            'Tempting, because "explore" sounds like "do something else". But exploring draws from all A actions, '
            "the best included:\n"
            "it gets 1 - epsilon + epsilon / A. (Chapter 1, Acting on values.)",
            (
                lambda q, e: _first(q, 1 - e, e / len(q)),
                lambda q, e: _greedy(q, e, lambda n: (1 - e) / n, lambda n: e / len(q)),
                lambda q, e: _greedy(q, e, lambda n: 1 - e, lambda n: e / len(q)),
            ),
        ),
        Mistake(
            "first-of-the-ties",
            "Right, except where several actions are tied for the best: the first of them gets everything.\n"
            "That is what np.argmax does, silently. The greedy mass is "
            "to be shared equally among all exact maxima (==).\n"
            "Before anything is learned all values are equal, "
            "and an agent that always takes action 0 looks like one with a plan.",
            (lambda q, e: _first(q, 1 - e + e / len(q), e / len(q)),),
        ),
        Mistake(
            "explores-the-others-only",
            "You share epsilon among the actions that are not greedy. It sums to 1, but it is another rule:\n"
            "epsilon-greedy explores over all A actions, so each gets epsilon / A, the greedy one included.\n"
            "With one action, or when all are tied, yours has nowhere to put epsilon. (Chapter 1, Acting on values.)",
            (
                lambda q, e: _first(q, 1 - e, np.divide(e, len(q) - 1)),
                lambda q, e: _greedy(q, e, lambda n: (1 - e) / n, lambda n: np.divide(e, len(q) - n)),
                lambda q, e: _first(q, 1 - e, e / max(len(q) - 1, 1)),
                lambda q, e: _greedy(q, e, lambda n: (1 - e) / n, lambda n: e / max(len(q) - n, 1)),
            ),
        ),
        Mistake(
            "ties-not-shared",
            "Where several actions are tied, each of them gets the whole greedy mass, "
            "so your probabilities sum to more than 1.\n"
            "Divide 1 - epsilon by the number of best actions.",
            (lambda q, e: _greedy(q, e, lambda n: 1 - e + e / len(q), lambda n: e / len(q)),),
        ),
        Mistake(
            "epsilon-swapped",
            "epsilon and 1 - epsilon have changed places: your agent is greedy with probability epsilon.\n"
            "epsilon is the (usually small) chance of exploring.",
            (
                lambda q, e: _first(q, e + (1 - e) / len(q), (1 - e) / len(q)),
                lambda q, e: _greedy(q, e, lambda n: e / n + (1 - e) / len(q), lambda n: (1 - e) / len(q)),
            ),
        ),
        Mistake(
            "near-ties",
            "You treat values that are almost equal as tied (np.isclose, or rounding). "
            "This exercise counts exact maxima only (==):\n"
            "one billionth better is better, which is exactly how nervous an argmax is. (Chapter 1, Acting on values.)",
            (lambda q, e: e / len(q) + (1 - e) * np.isclose(q, np.max(q)) / np.isclose(q, np.max(q)).sum(),),
        ),
        Mistake(
            "last-of-the-ties",
            "Right, except where several actions are tied for the best: the last of them gets everything.\n"
            "The greedy mass is to be shared equally among all exact maxima (==).",
            (lambda q, e: _first(np.asarray(q)[::-1], 1 - e + e / len(q), e / len(q))[::-1],),
        ),
        Mistake(
            "normalised-afterwards",
            "You divide by the sum at the end, which makes any numbers sum to 1. The lottery has two stages: "
            "exploring draws from all A actions, and gives each epsilon / A, the best included. Added up rightly, "
            "nothing has to be normalised.",
            (
                lambda q, e: (lambda p: p / p.sum())(_greedy(q, e, lambda n: 1 - e, lambda n: e / len(q))),
                lambda q, e: (lambda p: p / p.sum())(_first(q, 1 - e, e / len(q))),
            ),
        ),
        Mistake(
            "integers-truncate",
            "Right, except that with whole-number values your probabilities are cut down to 0 or 1.\n"
            "np.zeros_like(q_values) and np.full_like(q_values, ...) copy the dtype too: "
            "an array of integers cannot hold 0.3.\n"
            "Begin with np.zeros(len(q_values)), or pass dtype=float.",
            (_int_like,),
        ),
    ),
)


# --- worst_case_loss -----------------------------------------------------------------------------------------------


def worst_case_loss(policy, payoff):
    """Try every pure reply: against a fixed policy no mixed one does better than the best of them."""
    A, B = payoff.shape
    ours = [fsum(policy[a] * payoff[a, b] for a in range(A)) for b in range(B)]
    return max(-value for value in ours)


def worst_case_cases(rng):
    rps = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    rock2 = np.array([[0.0, -1, 2], [1, 0, -1], [-2, 1, 0]])
    mixed = rng.dirichlet(np.ones(4), 3)
    return [
        Case("rock-paper-scissors, uniform", (np.full(3, 1 / 3), rps)),
        Case("rock-paper-scissors, always rock", (np.array([1.0, 0, 0]), rps)),
        Case("rock pays 2, uniform", (np.full(3, 1 / 3), rock2)),
        Case("rock pays 2, mostly scissors", (np.array([0.25, 0.125, 0.625]), rock2)),
        Case("three actions against four", (np.array([0.2, 0.5, 0.3]), rng.normal(size=(3, 4)))),
        Case("four actions against two", (mixed[0], rng.normal(size=(4, 2)))),
        Case("a game that we always win", (np.array([0.5, 0.3, 0.2]), 1 + rng.random((3, 4)))),
        Case("square, but not antisymmetric", (np.array([0.6, 0.1, 0.3]), rng.normal(size=(3, 3)))),
        Case("one reply only", (np.array([0.4, 0.6]), np.array([[1.5], [-3.0]]))),
    ]


WORST_CASE = Exercise(
    truth=worst_case_loss,
    cases=worst_case_cases,
    difficulty=3,
    importance=4,
    minutes=15,
    sizes=lambda policy, payoff: {"A": payoff.shape[0], "B": payoff.shape[1]},
    laws=(
        Law(
            "Your number is larger than the largest entry of -payoff: nobody can win that much from us in one round.",
            lambda loss, p, M: loss <= -M.min() + 1e-6,
        ),
        Law(
            "No reply of the opponent wins just this from your policy: it is not among minus the entries of (policy "
            "averaged over our rows).",
            lambda loss, p, M: np.abs(-(p @ M) - loss).min() < 1e-6,
        ),
        Law(
            "This is what one of the opponent's replies wins, but another reply wins more: look for the worst of them.",
            lambda loss, p, M: loss >= (-(p @ M)).max() - 1e-6,
        ),
    ),
    after="In rock-paper-scissors this is exploitability: "
    "0 at the uniform policy, 1 at every corner an argmax can reach.",
    hints=(
        "Fix one reply b of the opponent. What do you earn per round, on average over your own actions?",
        "One matrix product gives that average for every b at once: which order of policy and payoff has shape (B,)? "
        "The opponent reads the result and picks the worst entry for you.",
        "The game is zero-sum: what the opponent wins is what you lose. So mind the sign, and do not clip: "
        "it is negative when you win whatever they do.",
    ),
    mistakes=(
        Mistake(
            "sign",
            "The sign is flipped: this is what we earn in the worst case. The function asks for the loss, "
            "what the opponent wins from us.\n"
            "payoff is ours, the game is zero-sum, so the opponent's win is minus our payoff. "
            "Always rock should lose +1 a round.",
            (lambda p, M: np.min(p @ M),),
        ),
        Mistake(
            "own-best-case",
            "Here the opponent plays the reply that is best for us. That is the wish, not the worst case:\n"
            "a best-responding opponent chooses the column with the smallest payoff to us, so take min over the "
            "replies where you take max.\n"
            "(Chapter 1, An opponent who knows you.)",
            (lambda p, M: np.max(p @ M), lambda p, M: -np.max(p @ M)),
        ),
        Mistake(
            "average-opponent",
            "This is the loss against an opponent who plays all replies equally often: "
            "you take the mean over the columns.\n"
            "Worst case means an opponent who knows your policy and picks the one reply that hurts most.\n"
            "An average over opponents would call always rock harmless in rock-paper-scissors. "
            "(Chapter 1, An opponent who knows you.)",
            (lambda p, M: -np.mean(p @ M), lambda p, M: np.mean(p @ M)),
        ),
        Mistake(
            "transposed-payoff",
            "payoff @ policy weights the opponent's columns with our policy: "
            "it lets us choose the reply and the opponent play ours.\n"
            "In rock-paper-scissors the table is antisymmetric (M.T = -M). There, and wherever that holds, "
            "this even gives the right number.\n"
            "payoff has shape (A, B), our actions first: use policy @ payoff, which has one entry per reply.",
            (
                lambda p, M: -np.min(M @ p),
                lambda p, M: np.max(M @ p),
                lambda p, M: np.min(M @ p),
                lambda p, M: -np.max(M @ p),
            ),
        ),
        Mistake(
            "absolute-value",
            "Right where we lose, wrong where we win whatever the opponent does: you drop the sign with abs.\n"
            "A negative loss is meaningful: even the best reply pays the opponent less than nothing. Keep it.",
            (lambda p, M: abs(np.min(p @ M)),),
        ),
        Mistake(
            "largest-size",
            "You take the largest absolute entry of policy @ payoff, so a large win for us counts as a loss.\n"
            "The opponent looks for the smallest payoff to us, signs included.",
            (lambda p, M: np.max(np.abs(p @ M)),),
        ),
        Mistake(
            "clipped-at-zero",
            "Right where we lose, but you cut the loss off at 0. In a game that pays us whatever the opponent does, "
            "the worst case is a win, and the loss is negative. (Exploitability is never negative because it is "
            "measured against the game's value.)",
            (lambda p, M: max(0.0, -np.min(p @ M)),),
        ),
    ),
)


# --- corridor_value ------------------------------------------------------------------------------------------------


def corridor_value(p_right):
    """Three states, three linear equations, solved anew for each p."""

    def value(p):
        q = 1 - p
        P = np.array(
            [
                [q, p, 0],  # left in the start cell: stays there
                [p, 0, q],  # reversed: right goes back, left goes on
                [0, q, 0],
            ]
        )  # right ends the episode
        return np.linalg.solve(np.eye(3) - P, -np.ones(3))[0]

    p_right = np.asarray(p_right, float)
    return np.array([value(p) for p in p_right.ravel()]).reshape(p_right.shape)


def corridor_cases(rng):
    return [
        Case("p = 0.5", (0.5,)),
        Case("p = 0.59", (0.59,)),
        Case("p = 0.95, as epsilon-greedy with epsilon 0.1 plays it", (0.95,)),
        Case("an array of five", (np.array([0.1, 0.25, 0.4, 0.7, 0.9]),)),
        Case("a table", (rng.uniform(0.2, 0.8, (2, 3)),)),
        Case("near 0", (1e-4,)),
        Case("near 1", (1 - 1e-4,)),
    ]


def _plain_corridor(p):
    r = (1 - p) / p
    return -(3 + 2 * r + r * r) / p


def _by_cells(p_right, turned, cell=0, gamma=1.0, wall=True):
    """Values of the corridor whose cells in `turned` are reversed."""

    def value(p):
        M = np.eye(3)
        for s in range(3):
            right = 1 - p if s in turned else p
            if s < 2:
                M[s, s + 1] -= gamma * right
            if s > 0 or wall:
                M[s, max(s - 1, 0)] -= gamma * (1 - right)
        v = np.linalg.solve(M, -np.ones(3))
        return v.mean() if cell is None else v[cell]

    return np.array([value(p) for p in np.ravel(p_right)]).reshape(np.shape(p_right))


def _swept(p_right, sweeps):
    p, v = np.asarray(p_right, float), [0.0, 0.0, 0.0]
    for _ in range(sweeps):
        v = [-1 + (1 - p) * v[0] + p * v[1], -1 + p * v[0] + (1 - p) * v[2], -1 + (1 - p) * v[1]]
    return v[0]


def _corridor(p):
    return (2 * p - 4) / (p * (1 - p))


CORRIDOR = Exercise(
    truth=corridor_value,
    cases=corridor_cases,
    difficulty=4,
    importance=3,
    minutes=20,
    axes=("p",),
    laws=(
        Law(
            "The shortest way has three steps, and each costs 1: no value can be above -3.",
            lambda v, p: (v <= -2.999).all(),
        ),
        Law(
            "Near p = 0 and near p = 1 the agent is stuck for thousands of steps: the value falls far below -1,000 at "
            "both ends. Yours does not.",
            lambda v, p: (v[(np.asarray(p) < 2e-4) | (np.asarray(p) > 1 - 2e-4)] < -1000).all(),
        ),
    ),
    after="Now plot it: the best p is near 0.59, where no argmax and no small epsilon can go.",
    hints=(
        "Call the values of the three cells v0, v1, v2. "
        "Each step costs 1, so v0 = -1 + (what the next cell is worth, on average).",
        "Write all three equations, with q = 1 - p. Left in the first cell stays there. In the second cell right goes "
        "back and left goes on. After the third cell comes the goal, worth 0.",
        "Solve by hand (put v2 into v1, then v1 into v0), or let np.linalg.solve do it for each p. Both are fine; "
        "a formula takes arrays for free.",
    ),
    mistakes=(
        Mistake(
            "forgets-the-reversed-cell",
            "This is the corridor in which right always means right: there the best policy is simply to go right.\n"
            "In ours the middle cell is reversed (right goes back, left goes on), "
            "and the agent cannot see which cell it is in.\n"
            "Swap p and 1 - p in the middle cell's equation. (Chapter 1, No opponent needed: rooms that look alike.)",
            (lambda p: _plain_corridor(np.asarray(p)),),
        ),
        Mistake(
            "last-step",
            "Off by exactly one step: every step is paid -1, the last one, which reaches the goal, included. "
            "The goal itself is worth 0.\n"
            "So from the third cell, going right is worth -1 + 0.",
            (lambda p: _corridor(np.asarray(p)) + 1, lambda p: _corridor(np.asarray(p)) - 1),
        ),
        Mistake(
            "left-and-right-swapped",
            "Left and right have changed places: your value at p is the right one at 1 - p.\n"
            "p_right is the probability of going right. As a check: the best p is above one half, near 0.59.",
            (lambda p: _corridor(1 - np.asarray(p)),),
        ),
        Mistake(
            "another-cell-reversed",
            "The middle cell is the reversed one, and it alone: "
            "yours is the value of a corridor in which other cells are reversed.\n"
            "Write down for each of the three cells where right leads and where left leads. "
            "(Chapter 1, No opponent needed: rooms that look alike.)",
            tuple(lambda p, turned=turned: _by_cells(p, turned) for turned in ({0}, {2}, {0, 1}, {1, 2}, {0, 1, 2})),
        ),
        Mistake(
            "another-cell",
            "This is the value of another cell (or the mean over the three). "
            "The episode starts in the first one: return v0.",
            (
                lambda p: _by_cells(p, {1}, cell=1),
                lambda p: _by_cells(p, {1}, cell=2),
                lambda p: _by_cells(p, {1}, cell=None),
            ),
        ),
        Mistake(
            "discounted",
            "You discount. Here nothing is discounted: a step costs 1 whenever it is taken, and the value is minus the "
            "expected number of steps.",
            tuple(lambda p, gamma=gamma: _by_cells(p, {1}, gamma=gamma) for gamma in (0.9, 0.95, 0.98, 0.99, 0.999)),
        ),
        Mistake(
            "too-few-sweeps",
            "You sweep the three equations and stop too early. Near p = 0 and p = 1 an episode lasts tens of thousands "
            "of steps, and so many sweeps are needed.\nSolve the three equations instead: by hand, "
            "or with np.linalg.solve for each p.",
            tuple(lambda p, sweeps=sweeps: _swept(p, sweeps) for sweeps in (10, 20, 50, 100, 200, 500, 1000)),
        ),
        Mistake(
            "left-at-the-wall",
            "Left in the first cell leads out of your corridor, as if the episode ended there. There is a wall: "
            "the agent stays where it is, and pays for the step. Its own value stands on both sides of that equation.",
            (lambda p: _by_cells(p, {1}, wall=False),),
        ),
        Mistake(
            "bracket",
            "A pair of brackets is missing: a / b * c divides by b and multiplies by c. "
            "To divide by the product write a / (b * c).",
            (lambda p: (2 * np.asarray(p) - 4) / p * (1 - p),),
        ),
        Mistake(
            "counts-steps",
            "The sign is flipped: you give the expected number of steps. "
            "The reward is -1 a step, so the return is minus that number.",
            (lambda p: -_corridor(np.asarray(p)),),
        ),
    ),
)


# --- bins_needed ---------------------------------------------------------------------------------------------------


def bins_needed(num_dims, action_range, tolerance):
    """Count up until half a cell is no longer than the tolerance, then multiply once per axis,
    in Python's own integers."""
    action_range, tolerance, cells = Fraction(action_range), Fraction(tolerance), 1
    while action_range / (2 * cells) > tolerance:
        cells += 1
    total = 1
    for _ in range(num_dims):
        total *= cells
    return total


def bins_cases(rng):
    cases = [
        ("one axis", (1, 2.0, 0.3)),
        ("two axes", (2, 2.0, 0.3)),
        ("a range that divides evenly", (3, 2.0, 0.25)),
        ("an odd number of cells, evenly", (2, 1.5, 0.25)),
        ("whole numbers", (3, 10, 2)),
        ("a tolerance wider than the range", (2, 1.0, 3.0)),
        ("no range at all", (2, 0.0, 0.5)),
        ("a fine grid", (2, 3.0, 0.011)),
        ("seven joints", (7, 2.0, 0.0915)),
        ("thirty joints", (30, 2.0, 0.095)),
    ]
    return [Case(label, args) for label, args in cases]


def _root(n, d):
    """The whole number whose d-th power is nearest to n."""
    guess = round(float(n) ** (1 / d)) if 0 < n < 10**300 else 0
    return min(range(max(guess - 1, 0), guess + 2), key=lambda k: abs(k**d - n))


def _cells(action_range, tolerance):
    return max(1, int(np.ceil(action_range / (2 * tolerance))))


def _wrapped(num_dims, action_range, tolerance):
    total = np.int64(1)
    for _ in range(num_dims):
        total = total * np.int64(_cells(action_range, tolerance))
    return int(total)


BINS = Exercise(
    truth=bins_needed,
    cases=bins_cases,
    difficulty=2,
    importance=3,
    minutes=10,
    exact=True,
    laws=(
        Law("At least one cell is always needed.", lambda n, d, r, t: n >= 1),
        Law(
            "With d axes, each cut into the same number of cells, "
            "the answer is a d-th power of a whole number. Yours is not.",
            lambda n, d, r, t: _root(n, d) ** d == n,
        ),
        Law(
            "Too few: with so many cells per axis some actions lie farther than the tolerance from every centre. "
            "How far does a centre reach?",
            lambda n, d, r, t: Fraction(r) <= 2 * Fraction(t) * _root(n, d),
        ),
        Law(
            "Too many: with one cell less per axis every action would still lie within the tolerance of a centre.",
            lambda n, d, r, t: _root(n, d) == 1 or Fraction(r) > 2 * Fraction(t) * (_root(n, d) - 1),
        ),
    ),
    after="Eleven bins on seven joints are 19,487,171 cells of a joint table; a factored softmax would need 77 logits.",
    hints=(
        "Begin with one axis. A cell's centre reaches half a cell to either side: how wide may a cell be?",
        "How many such cells cover the range? A part of a cell still needs a whole one, "
        "and there is always at least one.",
        "Each axis is divided independently, so the counts multiply. "
        "Convert to Python's int before the power: it never overflows.",
    ),
    mistakes=(
        Mistake(
            "width-is-tolerance",
            "Your cells are only one tolerance wide, so you use up to twice as many per axis as are needed.\n"
            "Every action must lie within the tolerance of a centre, and a centre serves both sides: "
            "a cell may be 2 * tolerance wide.",
            (lambda d, r, t: max(1, int(np.ceil(r / t))) ** d,),
        ),
        Mistake(
            "rounded-down",
            "You round the number of cells down, so a strip of actions at the edge lies too far from any centre.\n"
            "A part of a cell still needs a whole one: round up (math.ceil). "
            "int() and // cut off what follows the point.",
            (lambda d, r, t: int(r / (2 * t)) ** d, lambda d, r, t: max(1, int(r / (2 * t))) ** d),
        ),
        Mistake(
            "rounded-to-nearest",
            "You round the number of cells to the nearest whole number: half of the time that is one too few.\n"
            "A part of a cell still needs a whole one: round up (math.ceil).",
            (lambda d, r, t: round(r / (2 * t)) ** d, lambda d, r, t: max(1, round(r / (2 * t))) ** d),
        ),
        Mistake(
            "times-dimensions",
            "You multiply the cells per axis by the number of axes. That is what a policy with one softmax per axis "
            "needs (a factored policy).\n"
            "A table with one value per joint action has a cell for every combination: a power, not a product.\n"
            "This difference is the whole point. (Chapter 1, Second failure: too many actions to compare.)",
            (lambda d, r, t: _cells(r, t) * d,),
        ),
        Mistake(
            "fence-posts",
            "One cell per axis too many where the range divides evenly: "
            "floor(x) + 1 is ceil(x) for every x but the whole numbers.\n"
            "A range of 2 with cells 0.5 wide is 4 cells (and 5 borders). Round up with math.ceil.",
            (lambda d, r, t: (int(r / (2 * t)) + 1) ** d,),
        ),
        Mistake(
            "one-too-many",
            "One cell per axis too many: you count the borders between cells, and n cells have n + 1 of them.",
            (lambda d, r, t: (_cells(r, t) + 1) ** d, lambda d, r, t: (_cells(r, t) + 1 if r else 1) ** d),
        ),
        Mistake(
            "float",
            "The right size, but as a floating-point number, which holds about 16 digits: "
            "with thirty joints the rest are lost.\n"
            "np.ceil returns a float. Make the count per axis a Python int first "
            "(math.ceil does), then take the power.",
            (lambda d, r, t: float(_cells(r, t)) ** d,),
        ),
        Mistake(
            "integer-overflow",
            "Right until the number no longer fits into 64 bits (or 32): NumPy's integers then wrap around, "
            "in a power without a word.\n"
            "int(...) before the power gives Python's own integers, which are as long as they need to be.",
            (_wrapped, lambda d, r, t: int(np.prod(np.full(d, _cells(r, t), np.int32), dtype=np.int32))),
        ),
        Mistake(
            "not-even-one",
            "When the tolerance is wider than the range you answer 0. One cell is always needed: "
            "its centre is an action to take.",
            (lambda d, r, t: (lambda x: 0 if x < 1 else int(np.ceil(x)))(r / (2 * t)) ** d,),
        ),
    ),
)


EXERCISES = (SOFTMAX, EPSILON_GREEDY, WORST_CASE, CORRIDOR, BINS)
