"""The attacks of `make trust` on training functions (`checks.hunt`), which are right
when the mean of their steps is the gradient.

That mean is taken here without sampling, in worlds that no check uses: over every batch that can happen on the ladder,
and by Gauss quadrature on the slider, with three nodes below, between and above the stops (exact for steps that are
polynomials of degree 5 in each draw there).
"""

import copy
import itertools
import math
import zlib
from functools import cache

import numpy as np

from learning_to_act.checks import hunt
from learning_to_act.checks.attempt import Budget, attempt
from learning_to_act.checks.exercise import Case
from learning_to_act.checks.registry import registry
from learning_to_act.checks.runs import Run
from learning_to_act.checks.worlds import Draws, Ladder
from policy_gradient.policies import softmax
from tests import attacks
from tools.trust import solutions

SECONDS = 3.0  # for one function on all batches there are
FAR = 8.0  # standard errors of a check: whatever lies beyond is rejected but for 6e-5
MUTANTS = 12  # so many of each exercise's far mutants are put to the check itself, besides all that are not far
EXACT = 1e-7


def is_hunt(exercise):
    return isinstance(exercise, hunt.Hunt)


def from_estimator(exercise, way):
    """gradient(theta, batch) as an answer to the exercise."""

    def update(theta, batch, lr):
        return theta + lr * way(theta, batch)

    update.__name__ = exercise.name
    return attacks.FORMS.get(exercise.name, lambda update: update)(update)


# --- every batch there is ------------------------------------------------------------------------------------------


@cache
def every_batch(setting):
    """[(probability, batch)] of all batches of a setting."""
    return _climbs(setting) if isinstance(setting.world, Ladder) else _slides(setting)


def _climbs(setting):
    T, probs = len(setting.theta), softmax(setting.start)
    ways = [
        (np.prod(probs[:k, 1]) * (probs[k, 0] if k < T else 1.0), (np.arange(T) < k).astype(int)) for k in range(T + 1)
    ]
    values = setting.world.values(setting.start)
    return [
        (math.prod(p for p, _ in many), setting.world.batch(np.stack([path for _, path in many], axis=1), values))
        for many in itertools.product(ways, repeat=setting.n)
    ]


def _slides(setting):
    world, (mean,) = setting.world, setting.theta
    ends = [mean - 12 * world.std, world.low, world.high, mean + 12 * world.std]
    nodes = [node for piece in itertools.pairwise(ends) for node in _nodes(*piece, mean, world.std)]
    out = []
    for many in itertools.product(nodes, repeat=setting.n):
        actions = np.array([a for _, a in many])
        out.append(
            (
                math.prod(p for p, _ in many),
                Draws(actions, world.base + np.clip(actions, world.low, world.high), world.low, world.high, world.std),
            )
        )
    return out


def _nodes(low, high, mean, std, count=3):
    """[(weight, node)] of Gauss quadrature for the part of a normal law between low and high
    (Golub and Welsch 1969)."""
    x, w = np.polynomial.legendre.leggauss(200)
    x = (low + high) / 2 + (high - low) / 2 * x
    w = w * (high - low) / 2 * np.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))
    alpha, beta, before, now = [], [], np.zeros(len(x)), np.ones(len(x)) / math.sqrt(w.sum())
    for k in range(count):
        alpha.append((w * x * now**2).sum())
        new = (x - alpha[-1]) * now - (beta[-1] if k else 0.0) * before
        beta.append(math.sqrt((w * new**2).sum()))
        before, now = now, new / beta[-1]
    points, vectors = np.linalg.eigh(np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1))
    return list(zip(w.sum() * vectors[0] ** 2, points))


def steps(exercise, function, setting, change=lambda batch: batch):
    """The steps / lr on every batch there is, or None where it fails on one."""
    drawn = copy.deepcopy([change(batch) for _, batch in every_batch(setting)])
    outcome = attempt(
        lambda: [function(*exercise.arguments(setting.start, batch, hunt.LR)) for batch in drawn], (), Budget(SECONDS)
    )
    good = outcome.finite and outcome.parts[0].shape == (len(drawn), *setting.start.shape)
    return (outcome.parts[0].astype(float) - setting.start) / hunt.LR if good else None


def moments(setting, made):
    """Mean and spread of `made`."""
    p = np.array([p for p, _ in every_batch(setting)])
    mean = np.tensordot(p, made, axes=1)
    return mean, np.sqrt(np.tensordot(p, (made - mean) ** 2, axes=1))


def settings(exercise):
    """Worlds that the check has never seen."""
    return list(_settings(exercise.name))


@cache
def _settings(name):
    return tuple(attacks.PROBES[name](np.random.default_rng(7_031)))


def unbiased(exercise, function, tolerance=EXACT):
    """Is the mean of its steps the gradient, in every world here?"""
    for setting in settings(exercise):
        made = steps(exercise, function, setting)
        if made is None or np.abs(moments(setting, made)[0] - setting.exact).max() > tolerance:
            return False
    return True


def distance(exercise, function):
    """How many standard errors the check's mean of 2,000 lies from the gradient, in one of the check's own worlds;
    inf where it fails."""
    setting = exercise.settings[1]
    made = steps(exercise, function, setting)
    if made is None:
        return math.inf
    mean, spread = moments(setting, made)
    return float((np.abs(mean - setting.exact) / np.maximum(spread, 1e-9)).max() * math.sqrt(hunt.COUNT))


def chosen(exercise, mutants, build):
    """Of [(key, source)] those that the check itself must judge: all that lie near, and some of those that lie far."""
    far = [distance(exercise, build(exercise, source)) > FAR for _, source in mutants]
    order = sorted(
        (zlib.crc32(f"{exercise.name} {key}".encode()), key) for (key, _), is_far in zip(mutants, far) if is_far
    )[:MUTANTS]
    drawn = {key for _, key in order}
    return [(key, source) for (key, source), is_far in zip(mutants, far) if not is_far or key in drawn]


# --- is it true of them? -------------------------------------------------------------------------------------------


def confirmed(exercise, function, says):
    """Is what the check says true in worlds that it has not seen? None where that cannot be told so."""
    pairs = [(setting, steps(exercise, function, setting)) for setting in settings(exercise)]
    if any(made is None for _, made in pairs):
        return None
    means = [moments(setting, made)[0] for setting, made in pairs]
    if says == "biased":
        return not unbiased(exercise, function)
    if says == "descends":
        return all(np.allclose(mean, -setting.exact, atol=EXACT) for (setting, _), mean in zip(pairs, means))
    if says == "cosmetic":
        return all(
            np.allclose(made, steps(exercise, exercise.original, setting), atol=EXACT) for setting, made in pairs
        )
    if says == "not-from-rewards":
        return any(
            np.abs(moments(setting, steps(exercise, function, setting, hunt.unpaid))[0]).max() > 1e-5
            for setting, _ in pairs
        )
    if says == "not-scaling":
        return _moves(exercise, function, hunt.threefold, 3)
    ways = [*exercise.known().get(says, ())]
    if any(
        all(
            np.allclose(made, [way(setting.start, batch) for _, batch in every_batch(setting)], rtol=1e-5, atol=1e-6)
            for setting, made in pairs
        )
        for way in ways
    ):
        return True
    for what, change, _ in hunt.CLUES:
        if says == what:
            return _moves(exercise, function, change)
    rules = {"sum-over-episodes": lambda n: n, "baseline-contains-itself": lambda n: (n - 1) / n}
    if says in rules:
        return all(
            np.allclose(mean, rules[says](setting.n) * setting.exact, atol=1e-6)
            for (setting, _), mean in zip(pairs, means)
        )
    if says == "scaled":
        return all(
            np.allclose(mean * (setting.exact**2).sum(), (mean * setting.exact).sum() * setting.exact, atol=1e-6)
            for (setting, _), mean in zip(pairs, means)
        )
    return None if says not in exercise.choices() else False


def _moves(exercise, function, change, factor=1):
    """Does a changed batch give a step that is not `factor` times as large, in one of the worlds?"""
    for setting in settings(exercise):

        def case(batch, start=setting.start):
            return Case("", exercise.arguments(start, batch, hunt.LR))

        for _, batch in every_batch(setting):
            outcome = attempt(function, case(batch).args, Budget(SECONDS))
            run = Run(hunt.HuntCase("", case(batch).args, raw=(setting.start, batch, hunt.LR)), (), outcome, False)
            if exercise.changes(function, [run], change, factor):
                return True
    return False


def same_steps(exercise, function):
    """The solution's step on every batch there is?"""
    return all(
        (made := steps(exercise, function, setting)) is not None
        and np.allclose(made, steps(exercise, solution(exercise.name), setting), atol=EXACT)
        for setting in settings(exercise)
    )


@cache
def solution(name):
    exercise = registry()[name]
    return solutions.build(exercise, solutions.solution_source(exercise))
