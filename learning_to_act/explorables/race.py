import functools
import itertools

import numpy as np
import traitlets

from policy_gradient.policies import TabularSoftmax

from .base import Explorable

P = np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.6, 0.4], [0.1, 0.9]]])  # (S, A, S)
R = np.array([[0.0, -0.2], [1.0, 0.8]])  # (S, A): action 1 costs a little and leads to the good state
POLICY, THETA = TabularSoftmax(2, 2), np.array([0.4, 0.0, 0.0, 0.0])  # starts in state 0, no discount
HORIZONS = (2, 4, 6, 8)
WEIGHTS = ("total", "togo", "q", "baseline", "advantage")


def trajectories(horizon):
    """Every trajectory: states and actions (n, T), and its probability (n,)."""
    paths = np.array(list(itertools.product(range(4), repeat=horizon)))  # one number for each (s, a)
    states, actions = paths // 2, paths % 2
    keep = states[:, 0] == 0
    states, actions = states[keep], actions[keep]
    probs = POLICY.probs(THETA, np.arange(2))[states, actions].prod(axis=1)
    return states, actions, probs * P[states[:, :-1], actions[:, :-1], states[:, 1:]].prod(axis=1)


def values(horizon, offset=0.0):
    """Q (T, S, A) and V (T, S) with `offset` added to each reward: by backward induction."""
    pi, Q, V = POLICY.probs(THETA, np.arange(2)), np.zeros((horizon, 2, 2)), np.zeros((horizon + 1, 2))
    for t in reversed(range(horizon)):
        Q[t] = R + offset + P @ V[t + 1]
        V[t] = (pi * Q[t]).sum(axis=1)
    return Q, V[:-1]


def psi(states, actions, horizon, offset=0.0):
    """The five weights (n, T) of the classical estimators; all have the same mean gradient."""
    rewards, (Q, V) = R[states, actions] + offset, values(horizon, offset)
    togo, times = np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1], np.arange(horizon)
    q, v = Q[times, states, actions], V[times, states]
    return {
        "total": np.repeat(togo[:, :1], horizon, axis=1),
        "togo": togo,
        "q": q,
        "baseline": togo - v,
        "advantage": q - v,
    }


@functools.cache
def race_table(horizon):
    """The gradient's length, and for each weight the variance of one trajectory as v0 + 2 c v01 + c^2 v1 + loan^2 vl.

    c is an offset on every reward. The loan is a coin of the world, +-loan paid with the first reward and taken back
    with the last: all that a weight sees of it at later steps is the debt. Summed over all trajectories, so exact.
    """
    states, actions, probs = trajectories(horizon)
    scores = POLICY.score(THETA, states, actions)  # (n, T, d)
    plain, shifted = psi(states, actions, horizon), psi(states, actions, horizon, offset=1.0)
    debt = np.arange(horizon) > 0
    owed = {"total": 0 * debt, "togo": debt, "q": 0 * debt, "baseline": debt, "advantage": 0 * debt}

    def step(weight):
        return np.einsum("nt,ntd->nd", np.broadcast_to(weight, states.shape), scores)

    def moment(a, b):
        return probs @ (a * b).sum(axis=1) - (probs @ a) @ (probs @ b)

    rows = {}
    for name in WEIGHTS:
        g0, g1, gl = step(plain[name]), step(shifted[name] - plain[name]), step(owed[name])
        rows[name] = [moment(g0, g0), moment(g0, g1), moment(g1, g1), probs @ (gl**2).sum(axis=1)]
    gradient = probs @ step(plain["total"])
    return {
        "length": float(np.linalg.norm(gradient)),
        "rows": {k: [round(float(v), 12) + 0.0 for v in row] for k, row in rows.items()},
    }


class EstimatorRace(Explorable):
    """Five weights in one estimator: the error of the estimated gradient against the number of trajectories.

    `horizon` is 2, 4, 6 or 8 steps; `offset` (0 to 3) is added to each reward; `loan` (0 to 4) is a coin of the world,
    paid at the first step and taken back at the last; `target` (0.01 to 1)
    is the relative error that all are asked to reach.
    """

    js = "race.js"
    title = traitlets.Unicode("Equal error for how many trajectories?").tag(sync=True)
    table = traitlets.Dict().tag(sync=True)
    horizon = traitlets.Enum(HORIZONS, 6).tag(sync=True)
    offset = traitlets.Float(0.0, min=0, max=3).tag(sync=True)
    loan = traitlets.Float(0.0, min=0, max=4).tag(sync=True)
    target = traitlets.Float(0.1, min=0.01, max=1).tag(sync=True)

    @traitlets.default("table")
    def _exact(self):
        return {str(horizon): race_table(horizon) for horizon in HORIZONS}
