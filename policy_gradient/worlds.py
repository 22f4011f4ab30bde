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
