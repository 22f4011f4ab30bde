"""Exercises of chapter 6, Critics.

Each truth is computed the long way round: sums term by term, an update evaluated at unit vectors, eigenvectors,
differences in many digits, fractions.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import fsum

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near

# --- td_errors and gae: the data ------------------------------------------------------------------------------------


def _segment(rng, T, N, ends=(), after=None, whole=False):
    """Rewards, values, next values and flags, (T, N). ends: (t, n, kind), kind "terminated", "truncated" or "both".

    What follows a step that does not end is the next row's value; `after` is written where an episode terminated.
    """
    rewards = rng.integers(-3, 4, (T, N)) if whole else rng.normal(0.5, 1, (T, N))
    values, last = (rng.normal(2, 3, (T, N)), rng.normal(2, 3, N))
    next_values = np.vstack([values[1:], last[None]])
    terminated, truncated = np.zeros((T, N), bool), np.zeros((T, N), bool)
    for t, n, kind in ends:
        terminated[t, n], truncated[t, n] = kind in ("terminated", "both"), kind in ("truncated", "both")
        next_values[t, n] = rng.normal(2, 3)
        if terminated[t, n] and after is not None:
            next_values[t, n] = after
    return rewards, values, next_values, terminated, truncated


def _segments(rng):
    """(label, arrays) for both exercises."""
    return [
        ("6 steps, 3 columns, no ending", _segment(rng, 6, 3)),
        ("one episode terminates", _segment(rng, 5, 2, [(2, 0, "terminated")])),
        ("one episode is cut", _segment(rng, 5, 2, [(2, 1, "truncated")])),
        ("both endings", _segment(rng, 7, 3, [(1, 0, "terminated"), (3, 1, "truncated"), (4, 2, "terminated")])),
        (
            "several episodes in each column",
            _segment(
                rng,
                9,
                2,
                [
                    (1, 0, "truncated"),
                    (4, 0, "terminated"),
                    (6, 0, "truncated"),
                    (0, 1, "terminated"),
                    (3, 1, "truncated"),
                    (7, 1, "terminated"),
                ],
            ),
        ),
        (
            "endings in the first and in the last row",
            _segment(rng, 4, 4, [(0, 0, "terminated"), (0, 1, "truncated"), (3, 2, "terminated"), (3, 3, "truncated")]),
        ),
        ("cut and terminated at once", _segment(rng, 6, 3, [(2, 0, "both"), (4, 1, "both"), (1, 2, "truncated")])),
        ("a single step", _segment(rng, 1, 4, [(0, 0, "terminated"), (0, 1, "truncated"), (0, 2, "both")])),
        ("one column", _segment(rng, 8, 1, [(3, 0, "truncated")])),
        ("whole-number rewards", _segment(rng, 5, 2, [(1, 0, "terminated"), (3, 1, "truncated")], whole=True)),
    ]


def _unread(rng):
    return [
        (
            "next_values of a million after a termination",
            _segment(rng, 5, 2, [(2, 0, "terminated"), (3, 1, "truncated"), (1, 1, "both")], 1e6),
        ),
        (
            "next_values NaN after a termination",
            _segment(rng, 5, 3, [(2, 0, "terminated"), (3, 1, "truncated"), (1, 2, "both")], np.nan),
        ),
    ]


def _steps(rewards, values, next_values, terminated, truncated):
    """A dictionary of (t, n) -> reward, V, V afterwards (0 after a termination), and whether the episode ends there."""
    return {
        (t, n): (
            float(rewards[t, n]),
            values[t, n],
            0.0 if terminated[t, n] else next_values[t, n],
            bool(terminated[t, n] or truncated[t, n]),
        )
        for t, n in np.ndindex(np.shape(rewards))
    }


# --- td_errors -----------------------------------------------------------------------------------------------------


def td_errors(rewards, values, next_values, terminated, truncated, gamma):
    """Step by step."""
    steps = _steps(rewards, values, next_values, terminated, truncated)
    return np.reshape([fsum([r, gamma * after, -now]) for r, now, after, _ in steps.values()], np.shape(rewards))


def td_cases(rng):
    gammas = (0.9, 0.5, 0.97, 0.8, 0.99, 0.6, 0.95, 0.7, 0.85, 0.9)
    return [Case(label, (*arrays, gamma)) for (label, arrays), gamma in zip(_segments(rng), gammas)] + [
        Case("gamma 0", (*_segment(rng, 4, 2, [(1, 0, "terminated")]), 0.0)),
        Case("gamma 1", (*_segment(rng, 4, 2, [(1, 0, "terminated"), (2, 1, "truncated")]), 1.0)),
        *(Case(label, (*arrays, 0.9)) for label, arrays in _unread(rng)),
    ]


def _after(next_values, terminated):
    return np.where(terminated, 0.0, next_values)


def _rolled(values, last):
    return np.vstack([values[1:], np.broadcast_to(last, values[:1].shape)])


TD = Exercise(
    truth=td_errors,
    cases=td_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("step", "column"),
    each=True,
    floor=1e-9,
    laws=(
        Law(
            "With gamma 0 nothing that follows counts: the TD error is reward less value there, and yours is not.",
            lambda d, r, v, n, end, tr, g: g != 0 or near(d, r - v),
        ),
        Law(
            "Where an episode terminated nothing follows, and the TD error is reward less value. "
            "Yours is something else.",
            lambda d, r, v, n, end, tr, g: near(d[end], (r - v)[end]),
        ),
        Law(
            "Where no episode ended your answer is wrong too: "
            "look at the plain formula first, and at the endings afterwards.",
            lambda d, r, v, n, end, tr, g: near(d[~(end | tr)], (r + g * n - v)[~(end | tr)]),
        ),
    ),
    after="Two flags, one difference: after a termination the future is worth 0, "
    "after a cut it is worth what it would have been.",
    hints=(
        "The TD error compares what was expected before the step with the reward and what is expected after it.",
        "next_values is there so that you need not look for the next row: "
        "at an ending the next row belongs to another episode.",
        "Only one of the two flags changes a number here. And 0 times NaN is NaN: "
        "choose with np.where, do not multiply.",
    ),
    mistakes=(
        Mistake(
            "one-flag",
            "You take a cut for a termination: after a truncated step the value is set to 0 as well. "
            "A time limit ends the recording, not the world.\n"
            "In live or die the last step then says: quit. (Chapter 6, Two endings.)",
            (lambda r, v, n, end, tr, g: r + g * np.where(end | tr, 0.0, n) - v,),
        ),
        Mistake(
            "bootstraps-terminated",
            "You count a value after the end of an episode that terminated. Nothing follows there: "
            "whatever the critic says, it is worth 0.\n"
            "(Chapter 6, Two endings.)",
            (lambda r, v, n, end, tr, g: r + g * n - v,),
        ),
        Mistake(
            "flags-swapped",
            "The two flags are swapped: you count the future after a termination and drop it after a cut.\n"
            "(Chapter 6, Two endings.)",
            (
                lambda r, v, n, end, tr, g: r + g * np.where(tr, 0.0, n) - v,
                lambda r, v, n, end, tr, g: r + g * np.where(tr & ~end, 0.0, n) - v,
            ),
        ),
        Mistake(
            "cut-wins",
            "Right but for steps that are cut and terminated at once: those count as terminated. "
            "The limit came at the very step at which the episode ended by itself.",
            (lambda r, v, n, end, tr, g: r + g * np.where(end & ~tr, 0.0, n) - v,),
        ),
        Mistake(
            "nan-times-zero",
            "Right wherever next_values holds numbers. After a termination it may hold anything, NaN included, "
            "and 0 * NaN is NaN: a mask that is multiplied does not hide it. Choose with np.where.",
            (lambda r, v, n, end, tr, g: r + g * n * ~end - v,),
        ),
        Mistake(
            "next-row",
            "You take values[t + 1] for what was seen after step t. After an ending that row belongs to the next "
            "episode: the value of the reset observation leaks in.\nThat is what next_values is for. "
            "(Chapter 6, Two endings.)",
            tuple(
                lambda r, v, n, end, tr, g, last=last: r + g * _after(_rolled(v, last(v, n)), end) - v
                for last in (lambda v, n: v[0], lambda v, n: 0.0, lambda v, n: n[-1], lambda v, n: v[-1])
            )
            + tuple(
                lambda r, v, n, end, tr, g, last=last: r + g * np.where(end | tr, 0.0, _rolled(v, last(v, n))) - v
                for last in (lambda v, n: v[0], lambda v, n: 0.0)
            )
            + tuple(
                lambda r, v, n, end, tr, g, last=last: r + g * _rolled(v, last(v, n)) - v
                for last in (lambda v, n: v[0], lambda v, n: 0.0, lambda v, n: n[-1])
            ),
        ),
        Mistake(
            "same-observation",
            "At a cut you use V of the observation before the step, values[t], where that after it belongs. "
            "V(s_t) already holds this step's reward, which is so counted twice.\nPublic libraries have done this. "
            "(Chapter 6, Two endings.)",
            (lambda r, v, n, end, tr, g: r + g * np.where(end, 0.0, np.where(tr, v, n)) - v,),
        ),
        Mistake(
            "ends-left-out",
            "You set the TD error to 0 where an episode ends. The last step has one like every other: "
            "after a termination it is reward less value.",
            (
                lambda r, v, n, end, tr, g: np.where(end | tr, 0.0, r + g * n - v),
                lambda r, v, n, end, tr, g: np.where(end, 0.0, r + g * n - v),
            ),
        ),
        Mistake(
            "cuts-left-out",
            "You set the TD error to 0 where an episode is cut. That step has one like every other: "
            "what was seen after it is in next_values.",
            (
                lambda r, v, n, end, tr, g: np.where(tr, 0.0, r + g * _after(n, end) - v),
                lambda r, v, n, end, tr, g: np.where(tr & ~end, 0.0, r + g * _after(n, end) - v),
            ),
        ),
        Mistake(
            "gamma-missing",
            "gamma is missing: what follows counts gamma times as much as the reward.",
            (lambda r, v, n, end, tr, g: r + _after(n, end) - v,),
        ),
        Mistake(
            "gamma-on-the-reward",
            "You discount the reward too. It comes now; only what follows is a step away. (Chapter 6, The plus sign.)",
            (
                lambda r, v, n, end, tr, g: g * (r + _after(n, end)) - v,
                lambda r, v, n, end, tr, g: g * r + _after(n, end) - v,
            ),
        ),
        Mistake(
            "value-not-taken-off",
            "This is the target r + gamma V', not the error. Take off V of the observation before the step.",
            (lambda r, v, n, end, tr, g: r + g * _after(n, end),),
        ),
        Mistake(
            "values-swapped",
            "The two values are swapped: V before the step is taken off, V after it is discounted and added.",
            (lambda r, v, n, end, tr, g: r + g * v - _after(n, end),),
        ),
        Mistake(
            "sign",
            "A sign is flipped. A step that went better than expected has a positive TD error: r + gamma V' - V. "
            "(Chapter 6, The plus sign.)",
            (
                lambda r, v, n, end, tr, g: v - r - g * _after(n, end),
                lambda r, v, n, end, tr, g: r - g * _after(n, end) - v,
                lambda r, v, n, end, tr, g: r - g * _after(n, end) + v,
                lambda r, v, n, end, tr, g: r + g * _after(n, end) + v,
            ),
        ),
    ),
)


# --- gae -----------------------------------------------------------------------------------------------------------


def gae(rewards, values, next_values, terminated, truncated, gamma, lam):
    """Each advantage as its own sum of TD errors, from its step to its episode's end."""
    steps = _steps(rewards, values, next_values, terminated, truncated)
    T, N = np.shape(rewards)
    advantages = np.zeros((T, N))
    for t, n in steps:
        terms = []
        for k in range(t, T):
            r, now, after, ends = steps[k, n]
            terms.append((gamma * lam) ** (k - t) * (r + gamma * after - now))
            if ends:
                break
        advantages[t, n] = fsum(terms)
    return advantages


def gae_cases(rng):
    pairs = (
        (0.9, 0.8),
        (0.95, 0.7),
        (0.9, 0.6),
        (0.97, 0.9),
        (0.8, 0.95),
        (0.99, 0.5),
        (0.9, 0.85),
        (0.7, 0.9),
        (0.95, 0.9),
        (0.6, 0.75),
    )
    ends = [(1, 0, "terminated"), (2, 1, "truncated"), (0, 0, "truncated"), (0, 1, "truncated")]
    return [Case(label, (*arrays, *pair)) for (label, arrays), pair in zip(_segments(rng), pairs)] + [
        Case("lam 0", (*_segment(rng, 4, 2, ends), 0.9, 0.0)),
        Case("lam 1", (*_segment(rng, 4, 2, ends), 0.9, 1.0)),
        Case("gamma 0", (*_segment(rng, 4, 2, ends), 0.0, 0.9)),
        Case("gamma and lam 1", (*_segment(rng, 5, 2, ends), 1.0, 1.0)),
        *(Case(label, (*arrays, 0.9, 0.8)) for label, arrays in _unread(rng)),
    ]


def _sums(deltas, stops, step):
    """delta + step * what follows, from the back; stops (T, N): where nothing is added."""
    out, following = np.zeros(np.shape(deltas)), np.zeros(np.shape(deltas)[1])
    for t in reversed(range(len(deltas))):
        out[t] = following = deltas[t] + np.where(stops[t], 0.0, step * following)
    return out


def _way(after=_after, stops=lambda end, tr: end | tr, step=lambda g, lam: g * lam, finish=lambda a, v: a):
    """The right answer, from parts of which some can be exchanged."""

    def way(r, v, n, end, tr, g, lam):
        return finish(_sums(r + g * after(n, end) - v, stops(end, tr), step(g, lam)), v)

    return way


def _late(flags):
    """The flag of the next row."""
    return np.vstack([flags[1:], np.ones_like(flags[:1])])


def _early(flags):
    return np.vstack([np.zeros_like(flags[:1]), flags[:-1]])


def _with_flags(after, stops):
    """after(n, end, tr), stops(end, tr)."""
    return lambda r, v, n, end, tr, g, lam: _sums(r + g * after(n, end, tr) - v, stops(end, tr), g * lam)


def _either(end, tr):
    return end | tr


def _forward(r, v, n, end, tr, g, lam):
    deltas, out, before = r + g * _after(n, end) - v, np.zeros(np.shape(r)), np.zeros(np.shape(r)[1])
    for t in range(len(out)):
        out[t] = before = deltas[t] + g * lam * before * (0 if t == 0 else ~(end | tr)[t - 1])
    return out


def _late_zero(flags):
    return np.vstack([flags[1:], np.zeros_like(flags[:1])])


def _late_last(flags):
    return np.vstack([flags[1:], flags[-1:]])


GAE = Exercise(
    truth=gae,
    cases=gae_cases,
    difficulty=3,
    importance=5,
    minutes=15,
    axes=("step", "column"),
    each=True,
    floor=1e-9,
    laws=(
        Law(
            "With lam 0 the answer is the TD error itself, and yours is not.",
            lambda a, r, v, n, end, tr, g, lam: lam != 0 or near(a, r + g * _after(n, end) - v),
        ),
        Law(
            "With a single step the answer is its TD error, and yours is not.",
            lambda a, r, v, n, end, tr, g, lam: len(r) > 1 or near(a, r + g * _after(n, end) - v),
        ),
        Law(
            "The last step of an episode has nothing after it: there the answer is its TD error, and yours is not.",
            lambda a, r, v, n, end, tr, g, lam: near(a[end | tr], (r + g * _after(n, end) - v)[end | tr]),
        ),
    ),
    after="Five lines, two flags: the value stops at a termination, the sum stops at both.",
    hints=(
        "Write the sum of TD errors for step t, then for step t + 1. "
        "What must you multiply the second by, and add, to get the first?",
        "So go through the rows from the last to the first, and keep one number for each column: "
        "the advantage of the row below.",
        "At an ending two things happen, and they do not ask the same question: may the value of what follows be used? "
        "may the sum go on?",
    ),
    mistakes=(
        Mistake(
            "runs-across-a-cut",
            "The sum runs on across a cut: the next episode's TD errors flow back into this one. "
            "The value stops only at a termination, the sum stops at both endings.\n(Chapter 6, Two endings.)",
            (_way(stops=lambda end, tr: end),),
        ),
        Mistake(
            "runs-across-a-termination",
            "The sum runs on across a termination: the next episode's TD errors flow back into this one. "
            "(Chapter 6, Two endings.)",
            (_way(stops=lambda end, tr: end & False), _way(stops=lambda end, tr: tr)),
        ),
        Mistake(
            "flag-one-row-late",
            "The flags are read one row late: whether step t ended its episode stands in row t, "
            "and you look at row t + 1.\n"
            'Programs that store "the episode began here" need t + 1; data that say "it ended here" need t. '
            "(Chapter 6, Two endings.)",
            tuple(
                way
                for late in (_late, _late_zero)
                for way in (
                    _with_flags(lambda n, end, tr: _after(n, end), lambda end, tr, late=late: late(end | tr)),
                    _with_flags(
                        lambda n, end, tr, late=late: np.where(late(end), 0.0, n),
                        lambda end, tr, late=late: late(end | tr),
                    ),
                    _with_flags(
                        lambda n, end, tr, late=late: np.where(late(end | tr), 0.0, n),
                        lambda end, tr, late=late: late(end | tr),
                    ),
                )
            )
            + tuple(
                lambda r, v, n, end, tr, g, lam, late=late: _sums(
                    r + g * np.where(late(end | tr), 0.0, _rolled(v, n[-1])) - v, late(end | tr), g * lam
                )
                for late in (_late_zero, _late_last)
            ),
        ),
        Mistake(
            "flag-one-row-early",
            "The flags are read one row early: whether step t ended its episode stands in row t, "
            "and you look at row t - 1.",
            (
                _with_flags(lambda n, end, tr: _after(n, end), lambda end, tr: _early(end | tr)),
                _with_flags(lambda n, end, tr: np.where(_early(end), 0.0, n), lambda end, tr: _early(end | tr)),
            ),
        ),
        Mistake(
            "one-flag",
            "You take a cut for a termination: after a truncated step the value is set to 0 as well. "
            "At a cut the sum stops, and the value counts.\n"
            "(Chapter 6, Two endings.)",
            (_with_flags(lambda n, end, tr: np.where(end | tr, 0.0, n), _either),),
        ),
        Mistake(
            "bootstraps-terminated",
            "You count a value after the end of an episode that terminated. "
            "Nothing follows there. (Chapter 6, Two endings.)",
            (_with_flags(lambda n, end, tr: n, _either),),
        ),
        Mistake(
            "flags-swapped",
            "The two flags are swapped: you count the future after a termination and drop it after a cut. "
            "(Chapter 6, Two endings.)",
            (
                _with_flags(lambda n, end, tr: np.where(tr, 0.0, n), _either),
                _with_flags(lambda n, end, tr: np.where(tr & ~end, 0.0, n), _either),
            ),
        ),
        Mistake(
            "cut-wins",
            "Right but for steps that are cut and terminated at once: those count as terminated.",
            (_with_flags(lambda n, end, tr: np.where(end & ~tr, 0.0, n), _either),),
        ),
        Mistake(
            "nan-times-zero",
            "Right wherever next_values holds numbers. After a termination it may hold anything, NaN included, "
            "and 0 * NaN is NaN: a mask that is multiplied does not hide it. Choose with np.where.",
            (_with_flags(lambda n, end, tr: n * ~end, _either),),
        ),
        Mistake(
            "next-row",
            "You take values[t + 1] for what was seen after step t. After a cut that row belongs to the next episode. "
            "That is what next_values is for.\n"
            "(Chapter 6, Two endings.)",
            tuple(
                lambda r, v, n, end, tr, g, lam, last=last: _sums(
                    r + g * _after(_rolled(v, last(v, n)), end) - v, end | tr, g * lam
                )
                for last in (lambda v, n: v[0], lambda v, n: 0.0, lambda v, n: n[-1])
            ),
        ),
        Mistake(
            "gamma-missing-in-the-sum",
            "gamma is missing in the sum: each step further counts gamma * lam, not lam. The TD errors are right. "
            "(Chapter 6, The dial.)",
            (_way(step=lambda g, lam: lam),),
        ),
        Mistake(
            "lam-missing",
            "lam is not used in the sum: each step further counts gamma * lam. As it stands lam is 1, and the critic "
            "only a baseline. (Chapter 6, The dial.)",
            (_way(step=lambda g, lam: g),),
        ),
        Mistake(
            "gamma-missing",
            "gamma is missing in the TD errors, r + gamma V' - V.",
            (
                lambda r, v, n, end, tr, g, lam: _sums(r + _after(n, end) - v, end | tr, g * lam),
                lambda r, v, n, end, tr, g, lam: _sums(r + _after(n, end) - v, end | tr, lam),
            ),
        ),
        Mistake(
            "forward",
            "The sum runs forward: each step gathers the TD errors before it. An action answers for what comes after "
            "it: go from the last row to the first.\n"
            "(Chapter 6, The dial.)",
            (
                _forward,
                lambda r, v, n, end, tr, g, lam: _sums((r + g * _after(n, end) - v)[::-1], (end | tr)[::-1], g * lam)[
                    ::-1
                ],
            ),
        ),
        Mistake(
            "returns",
            "This is the critic's target, advantage plus V. Take V off again, or do not add it. (Chapter 6, The dial.)",
            (_way(finish=lambda a, v: a + v),),
        ),
        Mistake(
            "td-errors-only",
            "These are the bare TD errors, as if lam were 0: the sum over the steps that follow is missing.",
            (_way(step=lambda g, lam: 0.0),),
        ),
        Mistake(
            "normalised",
            "You normalise the advantages. That is the caller's choice, made once for a whole batch: "
            "return them as they are.",
            (
                _way(finish=lambda a, v: (a - a.mean()) / (a.std() + 1e-8)),
                _way(finish=lambda a, v: (a - a.mean()) / a.std()),
                _way(finish=lambda a, v: (a - a.mean()) / (a.std() + 1e-5)),
                _way(finish=lambda a, v: a - a.mean()),
                _way(finish=lambda a, v: (a - a.mean()) / (a.std(ddof=1) + 1e-8)),
            ),
        ),
        Mistake(
            "mixture-weight",
            "You weigh by (1 - lam): that belongs to the mixture of n-step estimates. In the sum of TD errors those "
            "weights have already added up. (Chapter 6, The dial.)",
            (lambda r, v, n, end, tr, g, lam: (1 - lam) * _sums(r + g * _after(n, end) - v, end | tr, g * lam),),
        ),
        Mistake(
            "sign",
            "A sign is flipped: what went better than expected has a positive advantage. (Chapter 6, The plus sign.)",
            (lambda r, v, n, end, tr, g, lam: -_sums(r + g * _after(n, end) - v, end | tr, g * lam),),
        ),
    ),
)


# --- td_fixed_point ------------------------------------------------------------------------------------------------


def td_fixed_point(P, r, features, weights, gamma):
    """The expected update is a line in w: measured at 0 and at the unit vectors, then set to zero."""
    S, K = features.shape

    def update(w):
        V = [fsum(features[s, k] * w[k] for k in range(K)) for s in range(S)]
        errors = [fsum([r[s], *(gamma * P[s, t] * V[t] for t in range(S)), -V[s]]) for s in range(S)]
        return np.array([fsum(weights[s] * errors[s] * features[s, k] for s in range(S)) for k in range(K)])

    at_zero = update(np.zeros(K))
    slope = np.stack([update(unit) - at_zero for unit in np.eye(K)], axis=1)
    return np.linalg.solve(slope, -at_zero)


def fixed_point_cases(rng):
    def draw(S, K, leak=0.0, weights=None):
        P = rng.dirichlet(np.ones(S), S) * (1 - leak)
        return (
            P,
            rng.normal(1, 1, S),
            rng.normal(0.5, 1, (S, K)),
            rng.uniform(0.2, 2, S) if weights is None else weights,
        )

    doors_P = np.array([[0, 1, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0, 0], [0, 0, 0, 0.0]])
    looks = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0.0]])
    return [
        Case("5 states, 2 features", (*draw(5, 2), 0.9)),
        Case(
            "two doors, A and B alike",
            (doors_P, np.array([-0.5, 1.5, -3, 0.25]), looks, np.array([1, 1, 0.5, 0.5]), 0.5),
        ),
        Case("6 states, 3 features", (*draw(6, 3), 0.7)),
        Case("one feature", (*draw(4, 1), 0.8)),
        Case("episodes end, gamma 1", (*draw(5, 2, leak=0.3), 1.0)),
        Case("as many features as states", (*draw(4, 4), 0.9)),
        Case("equal weights", (*draw(5, 2, weights=np.ones(5)), 0.85)),
        Case("a state that is never visited", (*draw(5, 2, weights=np.array([1, 0, 0.5, 2, 1.0])), 0.6)),
        Case("gamma 0", (*draw(5, 2), 0.0)),
        Case(
            "whole-number rewards and weights",
            (
                rng.dirichlet(np.ones(4), 4),
                np.array([1, 0, 2, -1]),
                rng.normal(0.5, 1, (4, 2)),
                np.array([3, 1, 2, 1]),
                0.5,
            ),
        ),
        Case("episodes end, gamma 0.9", (*draw(4, 2, leak=0.2), 0.9)),
    ]


def _values(P, r, g):
    return np.linalg.solve(np.eye(len(r)) - g * P, r)


def _weighted_regression(X, y, d):
    return np.linalg.solve(X.T @ (d[:, None] * X), X.T @ (d * y))


def _td(P, r, X, d, g):
    return np.linalg.solve(X.T @ (d[:, None] * (X - g * P @ X)), X.T @ (d * r))


FIXED_POINT = Exercise(
    truth=td_fixed_point,
    cases=fixed_point_cases,
    difficulty=4,
    importance=3,
    minutes=15,
    axes=("feature",),
    laws=(
        Law(
            "With gamma 0 the values are the rewards, "
            "so the answer is the weighted least-squares fit of r. Yours is not.",
            lambda w, P, r, X, d, g: g != 0 or near(w, _weighted_regression(X, r, d)),
        ),
        Law(
            "With as many features as states every critic can be exact: "
            "X w must be the true values there, and yours is not.",
            lambda w, P, r, X, d, g: X.shape[0] != X.shape[1] or near(X @ w, _values(P, r, g)),
        ),
    ),
    after="TD(0) does not in general come to rest at the best fit of V: "
    "it rests where its own errors, seen through the features, average to zero.",
    hints=(
        "At rest the expected update is zero: sum over s of weights(s) x(s) [r(s) + gamma (P V)(s) - V(s)] = 0, "
        "with V = X w. How many equations is that?",
        "Collect what multiplies w on one side. It is a K by K matrix: features transposed, times weights, "
        "times (I - gamma P), times features.",
        "Both sides carry the weights. A diagonal matrix times X is weights[:, None] * X; no need to build it.",
    ),
    mistakes=(
        Mistake(
            "regression-on-the-values",
            "This is the best fit to the true values, where Monte Carlo comes to rest. TD rests elsewhere, "
            "because its targets hold its own estimates.\n"
            "In two doors the two are 23/64 and 5/24. (Chapter 6, What a critic can see.)",
            (
                lambda P, r, X, d, g: _weighted_regression(X, _values(P, r, g), d),
                lambda P, r, X, d, g: np.linalg.lstsq(X, _values(P, r, g), rcond=None)[0],
            ),
        ),
        Mistake(
            "residual-gradient",
            "This minimises the squared TD error, with a derivative through the target. TD takes the target for a "
            "constant: one side has X, the other X - gamma P X.\n(Chapter 6, Targets are constants.)",
            (
                lambda P, r, X, d, g: _weighted_regression(X - g * P @ X, r, d),
                lambda P, r, X, d, g: np.linalg.lstsq(X - g * P @ X, r, rcond=None)[0],
            ),
        ),
        Mistake(
            "weights-ignored",
            "The weights are not used: every state counts the same. A critic learns most where the policy goes most.",
            (lambda P, r, X, d, g: _td(P, r, X, np.ones(len(r)), g),),
        ),
        Mistake(
            "weights-on-one-side",
            "The weights stand on one side only. The whole equation is weighted: "
            "the errors that must average to zero are.",
            (
                lambda P, r, X, d, g: np.linalg.solve(X.T @ (d[:, None] * (X - g * P @ X)), X.T @ r),
                lambda P, r, X, d, g: np.linalg.solve(X.T @ (X - g * P @ X), X.T @ (d * r)),
                lambda P, r, X, d, g: np.linalg.solve(X.T @ (d[:, None] * X) - g * X.T @ P @ X, X.T @ (d * r)),
            ),
        ),
        Mistake(
            "P-transposed",
            "P is transposed: row s of P says where s leads, so P @ V is the value of what follows.",
            (lambda P, r, X, d, g: _td(P.T, r, X, d, g),),
        ),
        Mistake(
            "gamma-missing",
            "gamma is missing: what follows counts gamma times as much.",
            (lambda P, r, X, d, g: _td(P, r, X, d, 1.0),),
        ),
        Mistake(
            "rewards-only",
            "This fits the rewards alone, as if gamma were 0: what follows is left out.",
            (lambda P, r, X, d, g: _td(P, r, X, d, 0.0), lambda P, r, X, d, g: np.linalg.lstsq(X, r, rcond=None)[0]),
        ),
        Mistake(
            "values-returned",
            "You return the values X w, one for each state. Wanted are the weights w, one for each feature.",
            (lambda P, r, X, d, g: X @ _td(P, r, X, d, g), lambda P, r, X, d, g: _values(P, r, g)),
        ),
        Mistake(
            "weights-squared",
            "The weights enter twice. X' D (I - gamma P) X has them once.",
            (lambda P, r, X, d, g: _td(P, r, X, d**2, g),),
        ),
        Mistake(
            "weights-rooted",
            "You take the root of the weights. That trick is for least squares, where both sides are multiplied by it; "
            "here the weights enter once, as they are.",
            (lambda P, r, X, d, g: _td(P, r, X, np.sqrt(d), g),),
        ),
        Mistake(
            "sign",
            "A sign is flipped: I - gamma P, not I + gamma P.",
            (lambda P, r, X, d, g: _td(P, r, X, d, -g), lambda P, r, X, d, g: -_td(P, r, X, d, g)),
        ),
    ),
)


# --- compatible_weights --------------------------------------------------------------------------------------------


def compatible_weights(scores, advantages, weights):
    """Along each eigenvector of the Fisher matrix whose eigenvalue is not zero, by itself."""
    M, d = scores.shape
    F = np.array(
        [[fsum(weights[m] * scores[m, i] * scores[m, j] for m in range(M)) for j in range(d)] for i in range(d)]
    )
    g = np.array([fsum(weights[m] * scores[m, i] * advantages[m] for m in range(M)) for i in range(d)])
    sizes, vectors = np.linalg.eigh(F)
    return sum(
        (v * (v @ g) / size for size, v in zip(sizes, vectors.T) if size > 1e-9 * sizes.max(initial=0)), np.zeros(d)
    )


def compatible_cases(rng):
    def softmax_scores(probs):
        return np.eye(len(probs)) - np.asarray(probs)

    quarters, eighths = [0.5, 0.25, 0.25], [0.5, 0.25, 0.125, 0.125]
    twice = np.zeros((7, 7))
    twice[:3, :3], twice[3:, 3:] = softmax_scores(quarters), softmax_scores(eighths)
    doors = np.array([[-0.5, 0], [0.5, 0], [-0.5, 0], [0.5, 0], [0, 0], [0, 0], [0, -0.5], [0, 0.5]])
    return [
        Case("8 rows, 2 parameters", (rng.normal(size=(8, 2)), rng.normal(size=8), rng.uniform(0.1, 1, 8))),
        Case(
            "two doors",
            (
                doors,
                np.array([0.5, -0.5, -11 / 16, 11 / 16, 0, 0, -0.25, 0.25]),
                np.array([1, 1, 0.5, 0.5, 0.125, 0.125, 0.125, 0.125]) / 2,
            ),
        ),
        Case("12 rows, 4 parameters", (rng.normal(0.3, 1, (12, 4)), rng.normal(1, 1, 12), rng.uniform(0.1, 2, 12))),
        Case("one parameter", (rng.normal(size=(5, 1)), rng.normal(1, 1, 5), rng.uniform(0.1, 1, 5))),
        Case(
            "softmax scores, three actions", (softmax_scores(quarters), np.array([1.0, -2.0, 0.5]), np.array(quarters))
        ),
        Case(
            "softmax scores in two states",
            (twice, np.array([1, 0, -1, 2, 0.5, -1, 0.25]), np.array([*quarters, *(0.5 * np.array(eighths))])),
        ),
        Case("a single row", (np.array([[1.0, -0.5, 2.0]]), np.array([3.0]), np.array([0.5]))),
        Case(
            "rows that weigh nothing",
            (rng.normal(size=(7, 3)), rng.normal(size=7), np.array([1, 0, 0.5, 2, 0, 1, 0.3])),
        ),
        Case(
            "whole numbers",
            (np.array([[1, 0], [0, 2], [1, -1], [2, 1]]), np.array([1, 0, 2, -1]), np.array([1, 2, 1, 3])),
        ),
        Case(
            "advantages that the scores explain",
            ((X := rng.normal(size=(9, 3))), X @ np.array([1.0, -2.0, 0.5]), rng.uniform(0.1, 1, 9)),
        ),
    ]


def _least_squares(X, y):
    return np.linalg.lstsq(X, y, rcond=None)[0]


def _fitted(x, a, w):
    return _least_squares(np.sqrt(w)[:, None] * x, np.sqrt(w) * a)


def _gradient(x, a, w):
    return x.T @ (w * a)


def _fisher(x, w):
    return x.T @ (w[:, None] * x)


def _damping(call):
    """With one score of 1, its advantage 1 and its weight 1 the answer is 1 / (1 + what is added)."""
    parts = call((np.ones((1, 1)), np.ones(1), np.ones(1)))
    if parts and parts[0].shape == (1,) and 0 < parts[0][0] < 1 - 1e-9:
        small = 1 / float(parts[0][0]) - 1
        return lambda x, a, w: np.linalg.solve(_fisher(x, w) + small * np.eye(x.shape[1]), _gradient(x, a, w))


COMPATIBLE = Exercise(
    truth=compatible_weights,
    cases=compatible_cases,
    difficulty=4,
    importance=3,
    minutes=15,
    axes=("parameter",),
    floor=1e-9,
    sizes=lambda scores, advantages, weights: {"M": len(scores)},
    laws=(
        Law(
            "With one parameter the answer is one quotient: sum of weight * score * advantage, by sum of weight * "
            "score^2. Yours is another number.",
            lambda v, x, a, w: x.shape[1] > 1 or near(v[0], (w * x[:, 0] * a).sum() / (w * x[:, 0] ** 2).sum()),
        ),
        Law(
            "Where the scores explain the advantages exactly, scores @ answer must give them back, and yours does not.",
            lambda v, x, a, w: not near(x @ _fitted(x, a, w), a) or (w == 0).any() or near(x @ v, a),
        ),
    ),
    after="Multiply by the Fisher matrix and you have the exact gradient; leave it and you have the natural one. "
    "The critic may be as wrong as it likes.",
    hints=(
        "Find w so that scores @ w is as close to the advantages as can be, "
        "each squared distance counted with its weight.",
        "np.linalg.lstsq minimises a plain sum of squares. What must each row, and its advantage, be multiplied by so "
        "that the squares are weighted?",
        "The entries of a softmax score sum to zero, so one number added to all of a state's weights changes nothing, "
        "and many w fit alike: take the smallest. lstsq and pinv do, solve and inv cannot.",
    ),
    mistakes=(
        Mistake(
            "gradient-returned",
            "This is the gradient itself. The weights of the compatible critic are the inverse Fisher matrix times it: "
            "the natural gradient.\n"
            "(Chapter 6, Wrong in the right way.)",
            (_gradient,),
        ),
        Mistake(
            "unweighted",
            "The weights are not used: rows that are rare count as much as common ones, and the gradient is no longer "
            "exact. (Chapter 6, Wrong in the right way.)",
            (lambda x, a, w: _least_squares(x, a), lambda x, a, w: np.linalg.pinv(x.T @ x) @ (x.T @ a)),
        ),
        Mistake(
            "root-forgotten",
            "The squares are multiplied by weights^2: lstsq squares what you give it, so each row must be multiplied "
            "by the root of its weight.",
            (lambda x, a, w: _least_squares(w[:, None] * x, w * a),),
        ),
        Mistake(
            "weights-on-one-side",
            "The weights stand on one side only. In X' D X w = X' D A both sides carry them.",
            (
                lambda x, a, w: np.linalg.pinv(x.T @ x) @ _gradient(x, a, w),
                lambda x, a, w: np.linalg.pinv(_fisher(x, w)) @ (x.T @ a),
                lambda x, a, w: _least_squares(np.sqrt(w)[:, None] * x, a),
                lambda x, a, w: _least_squares(x, np.sqrt(w) * a),
                lambda x, a, w: _least_squares(w[:, None] * x, a),
                lambda x, a, w: _least_squares(x, w * a),
            ),
        ),
        Mistake(
            "intercept",
            "You fit a constant besides the scores. A compatible critic is linear in the scores and in nothing else.\n"
            "(Chapter 6, Wrong in the right way.)",
            (
                lambda x, a, w: _fitted(np.column_stack([x, np.ones(len(x))]), a, w)[:-1],
                lambda x, a, w: _fitted(np.column_stack([np.ones(len(x)), x]), a, w),
                lambda x, a, w: _fitted(np.column_stack([x, np.ones(len(x))]), a, w),
            ),
        ),
        Mistake(
            "advantages-centred",
            "You centre the advantages first. They come as they should be used: a state's advantages have mean zero "
            "already, over its own actions.",
            (
                lambda x, a, w: _fitted(x, a - a.mean(), w),
                lambda x, a, w: _fitted(x, a - (w * a).sum() / w.sum(), w),
                lambda x, a, w: _fitted(x, (a - a.mean()) / (a.std() + 1e-8), w),
            ),
        ),
        Mistake(
            "singular-matrix-inverted",
            "Right where the Fisher matrix can be inverted. With a logit for each action it is singular: "
            "raising all of a state's alike changes nothing. Of the many solutions take the smallest: "
            "np.linalg.lstsq or pinv. (Chapter 6, Wrong in the right way.)",
            (
                lambda x, a, w: np.linalg.solve(_fisher(x, w), _gradient(x, a, w)),
                lambda x, a, w: np.linalg.inv(_fisher(x, w)) @ _gradient(x, a, w),
            ),
        ),
        Mistake(
            "damped",
            "You add a small number to the diagonal. That avoids the singular matrix, and changes the answer "
            "everywhere: lstsq and pinv need no damping.",
            tuple(
                lambda x, a, w, small=small: np.linalg.solve(
                    _fisher(x, w) + small * np.eye(x.shape[1]), _gradient(x, a, w)
                )
                for small in (1, 0.1, 1e-2)
            ),
            _damping,
        ),
        Mistake(
            "critic-returned",
            "You return the critic's advantages, one for each row. Wanted are its weights, one for each parameter.",
            (lambda x, a, w: x @ _fitted(x, a, w),),
        ),
        Mistake(
            "fisher-forgets-the-weights-sum",
            "You normalise the weights to one on one side only: both sides carry the same weights.",
            (
                lambda x, a, w: _fitted(x, a, w) / w.sum(),
                lambda x, a, w: _fitted(x, a, w) * w.sum(),
                lambda x, a, w: _fitted(x, a, w) * len(x),
                lambda x, a, w: _fitted(x, a, w) / len(x),
            ),
        ),
        Mistake(
            "sign",
            "The sign is flipped: scores @ w is to be close to the advantages, not to minus them.",
            (lambda x, a, w: -_fitted(x, a, w),),
        ),
    ),
)


# --- entropy_gradient ----------------------------------------------------------------------------------------------


def entropy_gradient(logits):
    """Central differences of the entropy, in a hundred digits."""
    logits = np.asarray(logits)
    rows = logits.reshape(-1, logits.shape[-1])
    return np.reshape([_row_gradient([float(z) for z in row]) for row in rows], logits.shape)


def _row_gradient(row):
    with localcontext(prec=100):
        h, open_ = Decimal(10) ** -30, [a for a, z in enumerate(row) if z > -np.inf]

        def entropy(logits):
            top = max(logits)
            weights = [(z - top).exp() for z in logits]
            total = sum(weights)
            return -sum(x / total * (z - top - total.ln()) for x, z in zip(weights, logits))

        slopes = [0.0] * len(row)
        given = [Decimal(row[a]) for a in open_]
        for k, a in enumerate(open_):
            up, down = ([z + sign * h * (i == k) for i, z in enumerate(given)] for sign in (1, -1))
            slopes[a] = float((entropy(up) - entropy(down)) / (2 * h))
        return slopes


def entropy_cases(rng):
    return [
        Case("three actions", (np.array([0.5, -0.3, 1.2]),)),
        Case("two actions", (np.array([0.0, 1.0]),)),
        Case("a batch of four", (rng.normal(size=(4, 3)),)),
        Case("as many rows as actions", (rng.normal(size=(3, 3)),)),
        Case("two tables", (rng.normal(size=(2, 3, 4)),)),
        Case("equal logits", (np.array([0.7, 0.7, 0.7, 0.7]),)),
        Case("a single action", (np.array([[1.3], [-2.0]]),)),
        Case("whole numbers", (np.array([[1, 0, 2], [3, 3, -1]]),)),
        Case("a nearly sure policy", (np.array([6.9, 0.0]),)),
        Case("logits of 10,000", (np.array([10_000.0, 0.0, 9_999.0]),)),
        Case("logits of -10,000", (np.array([[-10_000.0, 0.3, 1.0], [-10_000.0, -10_001.0, -9_999.5]]),)),
        Case("an action that is ruled out, logit -inf", (np.array([[0.4, -np.inf, 1.1], [0.2, 0.5, -np.inf]]),)),
    ]


def _log_softmax(z):
    z = np.asarray(z, float)
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def _entropy_way(formula):
    """formula(pi, log pi, H), with log pi 0 where pi is 0."""

    def way(logits):
        log_pi = _log_softmax(logits)
        pi = np.exp(log_pi)
        log_pi = np.where(pi > 0, log_pi, 0.0)
        return formula(pi, log_pi, -(pi * log_pi).sum(-1, keepdims=True))

    return way


def _bare(logits):
    z = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    pi = z / z.sum(-1, keepdims=True)
    return -pi * (np.log(pi) - (pi * np.log(pi)).sum(-1, keepdims=True))


def _overflowing(logits):
    pi = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    log_pi = np.log(pi, out=np.zeros(pi.shape), where=pi > 0)
    return -pi * (log_pi - (pi * log_pi).sum(-1, keepdims=True))


ENTROPY = Exercise(
    truth=entropy_gradient,
    cases=entropy_cases,
    difficulty=3,
    importance=4,
    minutes=15,
    axes=("action",),
    floor=1e-10,
    laws=(
        Law(
            "A constant added to all logits of a state changes nothing, "
            "so the gradient of a row sums to zero. Yours does not.",
            lambda g, z: near(g.sum(-1), 0),
        ),
        Law(
            "Where all logits are equal the entropy is largest, so its gradient is zero there. Yours is not.",
            lambda g, z: near(g[np.ptp(z, axis=-1) == 0], 0) if np.isfinite(z).all() else True,
        ),
    ),
    after="At probability 0.001 this is 0.007 for a bonus of weight 1, and 0.00007 for one of 0.01: "
    "a small bonus hardly wakes an action that sleeps.",
    hints=(
        "H = - sum pi log pi. Its derivative by a probability is - (log pi + 1). But the parameters are the logits.",
        "Through the softmax each derivative is multiplied by pi, and the mean over pi is taken off, so that a row "
        "sums to zero. What does the 1 become?",
        "log pi is best taken from the logits, after the largest is taken off. Where pi is 0, pi log pi is 0: "
        "choose with np.where before you multiply.",
    ),
    mistakes=(
        Mistake(
            "by-probabilities",
            "This is the derivative by the probabilities, - (log pi + 1). The parameters are the logits: "
            "a step must keep the sum of pi at one.\n"
            "(Chapter 6, The entropy bonus.)",
            (_entropy_way(lambda pi, log_pi, H: -(log_pi + 1)), lambda z: -(_log_softmax(z) + 1)),
        ),
        Mistake(
            "entropy-missing",
            "H is missing: - pi log pi does not sum to zero over the actions. "
            "The mean of log pi, which is - H, has to be taken off.\n"
            "(Chapter 6, The entropy bonus.)",
            (
                _entropy_way(lambda pi, log_pi, H: -pi * log_pi),
                _entropy_way(lambda pi, log_pi, H: -pi * (log_pi + 1)),
                lambda z: -np.exp(_log_softmax(z)) * _log_softmax(z),
                lambda z: -np.exp(_log_softmax(z)) * (_log_softmax(z) + 1),
            ),
        ),
        Mistake(
            "pi-missing",
            "The factor pi is missing: each action's share is - pi (log pi + H).",
            (
                _entropy_way(lambda pi, log_pi, H: -(log_pi + H)),
                lambda z: (
                    -(
                        _log_softmax(z)
                        - np.where(np.isfinite(z), np.exp(_log_softmax(z)) * _log_softmax(z), 0).sum(-1, keepdims=True)
                    )
                ),
            ),
        ),
        Mistake(
            "sign",
            "The sign is flipped: this makes the policy surer. More entropy means that likely actions become less "
            "likely. (Chapter 6, The entropy bonus.)",
            (_entropy_way(lambda pi, log_pi, H: pi * (log_pi + H)),),
        ),
        Mistake(
            "sign-of-the-entropy",
            "H has the wrong sign: the mean of log pi is - H, and taking it off adds H.",
            (_entropy_way(lambda pi, log_pi, H: -pi * (log_pi - H)),),
        ),
        Mistake(
            "one-left-over",
            "A one is left over: - pi (log pi + 1 + H). "
            "It comes from the derivative by pi, and goes when the mean is taken off.",
            (_entropy_way(lambda pi, log_pi, H: -pi * (log_pi + 1 + H)),),
        ),
        Mistake(
            "log-of-zero",
            "Right while every probability is above zero. Where one is 0, log gives -inf, and 0 times -inf is NaN: "
            "such an action adds nothing. Choose with np.where before you multiply.",
            (
                _bare,
                lambda z: (
                    -np.exp(_log_softmax(z))
                    * (_log_softmax(z) - (np.exp(_log_softmax(z)) * _log_softmax(z)).sum(-1, keepdims=True))
                ),
            ),
        ),
        Mistake(
            "overflow",
            "exp(10000) does not fit into a float. Take the largest logit off first: the policy is the same.",
            (_overflowing,),
        ),
        Mistake(
            "averaged",
            "You average over the batch. Each row has its own gradient, and the answer the shape of logits.",
            (
                _entropy_way(lambda pi, log_pi, H: -pi * (log_pi + H) / pi[..., 0].size),
                _entropy_way(lambda pi, log_pi, H: -pi * (log_pi + H) / len(pi)),
                _entropy_way(lambda pi, log_pi, H: (-pi * (log_pi + H)).reshape(-1, pi.shape[-1]).mean(0)),
            ),
        ),
        Mistake(
            "one-entropy-for-all",
            "You use one H for the whole batch: each row is a policy, with its own entropy. Sum over the last axis, "
            "and keep it (keepdims=True).",
            (
                _entropy_way(lambda pi, log_pi, H: -pi * (log_pi + H.sum())),
                _entropy_way(lambda pi, log_pi, H: -pi * (log_pi + H.mean())),
            ),
        ),
        Mistake(
            "entropy-returned",
            "This is the entropy itself, one number for each row. Wanted is its gradient, one for each logit.",
            (_entropy_way(lambda pi, log_pi, H: H[..., 0]),),
        ),
        Mistake(
            "in-bits",
            "You use logarithms to base 2: bits where nats are wanted. Natural logarithms throughout.",
            (_entropy_way(lambda pi, log_pi, H: -pi * (log_pi + H) / np.log(2)),),
        ),
    ),
)


# --- explained_variance --------------------------------------------------------------------------------------------


def explained_variance(values, returns):
    """In fractions."""
    G, V = ([Fraction(float(x)) for x in column] for column in (returns, values))

    def variance(xs):
        mean = sum(xs) / len(xs)
        return sum((x - mean) ** 2 for x in xs) / len(xs)

    left, whole = variance([g - v for g, v in zip(G, V)]), variance(G)
    return float(1 - left / whole) if whole else 0.0


def explained_cases(rng):
    def draw(n, share, noise=1.0, offset=0.0):
        returns = rng.normal(3, 2, n)
        return share * returns + noise * rng.normal(size=n) + offset, returns

    returns = rng.normal(5, 3, 8)
    return [
        Case("a fair critic", draw(9, 0.7)),
        Case("a critic off by 10", draw(7, 0.8, offset=10.0)),
        Case("a critic that is exact but for a constant", (returns - 4.0, returns)),
        Case("worse than a constant", draw(6, -0.8)),
        Case("half the right size", draw(8, 0.5, noise=0.2)),
        Case("a constant critic", (np.full(6, 2.0), rng.normal(1, 2, 6))),
        Case("constant returns", (np.array([1.0, 2.5, 0.5, 3.0]), np.full(4, 2.0))),
        Case("constant returns, and a critic that knows them", (np.full(5, 2.0), np.full(5, 2.0))),
        Case("constant returns of 0.1", (np.array([0.1, 0.2, 0.3]), np.full(3, 0.1))),
        Case("whole numbers", (np.array([1, 4, 2, 7]), np.array([0, 5, 3, 6]))),
        Case("two numbers", (np.array([1.0, 2.0]), np.array([0.0, 4.0]))),
        Case("a critic ten times too large", draw(8, 10.0, noise=0.3)),
    ]


def _safe(way):
    """0 where the returns are constant."""
    return lambda v, r: way(v, r) if np.ptp(r) > 0 else 0.0


EXPLAINED = Exercise(
    truth=explained_variance,
    cases=explained_cases,
    difficulty=1,
    importance=4,
    minutes=10,
    laws=(
        Law(
            "A constant added to all values must not change the answer: "
            "here a critic is exact but for a constant, and 1 is wanted.",
            lambda e, v, r: np.ptp(r) == 0 or np.ptp(r - v) > 1e-9 or near(e, 1),
        ),
        Law(
            "A critic that says the same everywhere explains nothing: 0 is wanted.",
            lambda e, v, r: np.ptp(v) > 0 or near(e, 0),
        ),
    ),
    after="1 does not mean that the critic is right: an offset of 1,000 still scores 1. "
    "And a good score does not mean a good gradient.",
    hints=(
        "Compare how much the returns vary with how much is left to vary once the critic's values have been taken off.",
        "One minus a quotient of two variances: that of what is left, by that of the returns. "
        "np.var takes the mean off by itself.",
        "If the returns are all the same there is nothing to explain, and a division by zero: return 0.0 there. "
        "Ask for it before you divide: np.ptp(returns) == 0.",
    ),
    mistakes=(
        Mistake(
            "not-centred",
            "You use mean squares, not variances: a constant offset counts as an error. Explained variance does not "
            "see one; that is what it is blind to.\n"
            "(Chapter 6, Use first, then fit.)",
            (
                _safe(lambda v, r: 1 - ((r - v) ** 2).mean() / r.var()),
                _safe(lambda v, r: 1 - ((r - v) ** 2).mean() / (r**2).mean()),
                _safe(lambda v, r: 1 - (r - v).var() / (r.astype(float) ** 2).mean()),
            ),
        ),
        Mistake(
            "squared-correlation",
            "This is the squared correlation. It forgives a critic of the wrong size, even of the wrong sign; "
            "explained variance does not.",
            (
                _safe(lambda v, r: np.corrcoef(v, r)[0, 1] ** 2 if np.ptp(v) else 0.0),
                _safe(lambda v, r: np.corrcoef(v, r)[0, 1] ** 2),
            ),
        ),
        Mistake(
            "correlation",
            "This is the correlation. It forgives a critic of the wrong size; explained variance does not.",
            (
                _safe(lambda v, r: np.corrcoef(v, r)[0, 1] if np.ptp(v) else 0.0),
                _safe(lambda v, r: np.corrcoef(v, r)[0, 1]),
            ),
        ),
        Mistake(
            "swapped",
            "The two arguments are swapped: what is to be explained are the returns, so their variance stands below.",
            (
                lambda v, r: 1 - (r - v).var() / v.var() if np.ptp(v) else 0.0,
                _safe(lambda v, r: 1 - (r - v).var() / v.var() if np.ptp(v) else 0.0),
                lambda v, r: 1 - (r - v).var() / v.var(),
            ),
        ),
        Mistake(
            "ratio-of-variances",
            "You divide the variance of the values by that of the returns. A critic that swings at random would score "
            "well: look at what is *left*, returns less values.",
            (_safe(lambda v, r: v.var() / r.var()), _safe(lambda v, r: 1 - v.var() / r.var())),
        ),
        Mistake(
            "one-missing",
            "This is the share that is left unexplained. Take it from 1.",
            (_safe(lambda v, r: (r - v).var() / r.var()),),
        ),
        Mistake(
            "clipped-at-zero",
            "You clip at 0. A critic can be worse than a constant, and then the answer is negative: "
            "that is worth knowing.",
            (
                _safe(lambda v, r: max(0.0, 1 - (r - v).var() / r.var())),
                _safe(lambda v, r: np.clip(1 - (r - v).var() / r.var(), -1, 1)),
            ),
        ),
        Mistake(
            "ddof-in-one-place",
            "One variance divides by n and the other by n - 1. Either will do, in both places.",
            (
                _safe(lambda v, r: 1 - (r - v).var(ddof=1) / r.var()),
                _safe(lambda v, r: 1 - (r - v).var() / r.var(ddof=1)),
            ),
        ),
        Mistake(
            "standard-deviations",
            "You divide standard deviations. Variances are wanted, their squares.",
            (_safe(lambda v, r: 1 - (r - v).std() / r.std()),),
        ),
        Mistake(
            "constant-returns",
            "Right until the returns are all the same: then 0 is divided by 0, or something by 0. "
            "There is nothing to explain: return 0.0 there.",
            (lambda v, r: 1 - (r - v).var() / r.var(),),
        ),
        Mistake(
            "nearly-no-variance",
            "Right but where the returns are all 0.1: their mean is rounded, so their variance is not 0 but 2e-34, "
            "and you divide by it. Ask whether they are all equal: np.ptp(returns) == 0.",
            (lambda v, r: 1 - (r - v).var() / r.var() if r.var() > 0 else 0.0,),
        ),
        Mistake(
            "small-number-added",
            "You add a small number to the variance against a division by zero: with constant returns the answer "
            "becomes huge and negative. Return 0.0 there.",
            tuple(
                lambda v, r, small=small: 1 - (r - v).var() / (r.var() + small)
                for small in (1e-8, 1e-6, 1e-5, 1e-10, 1e-12)
            ),
        ),
        Mistake(
            "one-for-constant-returns",
            "Constant returns give 0.0 here, whatever the critic says: there was nothing to explain.",
            (
                lambda v, r: 1 - (r - v).var() / r.var() if r.var() else 1.0,
                lambda v, r: 1 - (r - v).var() / r.var() if r.var() else float(np.array_equal(v, r)),
            ),
        ),
        Mistake(
            "sign",
            "The sign is flipped: 1 less the share that is left, not the share less 1.",
            (_safe(lambda v, r: (r - v).var() / r.var() - 1),),
        ),
    ),
)


EXERCISES = (TD, GAE, FIXED_POINT, COMPATIBLE, ENTROPY, EXPLAINED)
