"""The book's tiny MDPs: deterministic, solved by hand in the chapters, and exactly by `mdp`."""

from __future__ import annotations

import numpy as np

from ._validate import whole
from .tabular import TabularMDP


def _deterministic(next_state, R, gamma, obs):
    """An MDP that starts in state 0 and moves to next_state (S, A), where -1 is the end."""
    next_state = np.array(next_state)
    P = (next_state[..., None] == np.arange(len(next_state))).astype(float)
    return TabularMDP(P, R, np.eye(len(P))[0], gamma, obs)


def two_doors() -> TabularMDP:
    """The book's tiny example: states A, B, C, D; actions 0 leave, 1 take; gamma = 1/2.

    A and B look alike (observation 0). Take in A costs 1; take in B earns 3 and leads to C, which costs 3; leave in B
    leads to D (observation 1), where action 1 earns 1/2. C is observation 2, where nothing can be chosen. With
    `two_action_softmax(2, 3)` and p, q = sigmoid(theta): J = -p/4 + (1-p)q/8.
    """
    next_state, R = [[1, 1], [3, 2], [-1, -1], [-1, -1]], [[0, -1], [0, 3], [-3, -3], [0, 0.5]]
    return _deterministic(next_state, R, 0.5, [0, 0, 2, 1])


def short_corridor(cells: int = 3) -> TabularMDP:
    """Cells in a row that all look alike, reward -1 a step, no discount; actions 0 left, 1 right, end beyond the last.

    In the second cell the actions are reversed; left in the first stays there. With 3 cells this is Sutton & Barto
    (2018), example 13.1. Policy: `two_action_softmax(1)`.
    """
    cells = whole("cells", cells, 2)
    here = np.arange(cells)
    next_state = np.stack([np.maximum(here - 1, 0), here + 1], axis=1)
    next_state[1] = next_state[1, ::-1]
    next_state[next_state == cells] = -1
    return _deterministic(next_state, -np.ones((cells, 2)), 1.0, np.zeros(cells, int))


def sign_flip() -> TabularMDP:
    """One observation twice, action 1 earns +1, then -1.5; gamma = 1/2: without gamma^t the gradient changes sign.

    Policy: `two_action_softmax(1)`.
    """
    return _deterministic([[1, 1], [-1, -1]], [[0, 1], [0, -1.5]], 0.5, [0, 0])


def nobodys_gradient() -> TabularMDP:
    """Action 1 in state 0 leads to state 1, where action 1 earns 1; gamma = 1/2 (after Nota & Thomas 2020).

    Without gamma^t the update direction has unequal cross derivatives: it is the gradient of no function. Policy:
    `two_action_softmax(2)`.
    """
    return _deterministic([[-1, 1], [-1, -1]], [[0, 0], [0, 1]], 0.5, [0, 1])


def worst_for_everybody() -> TabularMDP:
    """One observation twice, action 1 costs 1, then earns 3 and leads to a state that costs 3; gamma = 1/2.

    Discounted or not, the return falls with p; without gamma^t the update direction says that p should rise. Policy:
    `two_action_softmax(1, 2)`, since the last state looks different and offers no choice.
    """
    return _deterministic([[1, 1], [-1, 2], [-1, -1]], [[0, -1], [0, 3], [-3, -3]], 0.5, [0, 0, 1])


def live_or_die() -> TabularMDP:
    """One state: action 0 (quit) pays 5/4 and ends, action 1 (work) pays 1 and goes on; gamma = 1/2.

    With a fair coin V = 3/2, so work is worth 7/4 and quit 5/4. Policy: `two_action_softmax(1)`.
    """
    return TabularMDP(np.array([[[0.0], [1.0]]]), np.array([[1.25, 1.0]]), np.array([1.0]), 0.5)


def coin_chain(length: int = 2) -> TabularMDP:
    """A choice, then `length` coins of +1 or -1, and at the end 1 for having chosen action 1; gamma = 1.

    States: 0 is the choice; 1 + 4 k + 2 a + c is step k after action a, whose coin (c = 0: -1, c = 1: +1)
    is about to pay.
    The coin cannot be seen: obs is 0, or 1 + 2 k + a. Policy: `two_action_softmax(1, 1 + 2 * length)`, no choice later.
    """
    length = whole("length", length)
    S = 1 + 4 * length
    P, R, obs = np.zeros((S, 2, S)), np.zeros((S, 2)), np.zeros(S, int)
    for a in (0, 1):
        P[0, a, [1 + 2 * a, 2 + 2 * a]] = 0.5
    for k in range(length):
        for a in (0, 1):
            for c in (0, 1):
                s = 1 + 4 * k + 2 * a + c
                obs[s], R[s] = 1 + 2 * k + a, 2 * c - 1 + a * (k == length - 1)
                if k < length - 1:
                    P[s, :, [5 + 4 * k + 2 * a, 6 + 4 * k + 2 * a]] = 0.5
    return TabularMDP(P, R, np.eye(S)[0], 1.0, obs)
