"""The worlds of chapter 6: one in which an ending decides, one in which a critic pays."""

import numpy as np

from ._validate import whole
from .mdp import TabularMDP


def live_or_die():
    """One state: action 0 (quit) pays 5/4 and ends, action 1 (work) pays 1 and goes on; gamma = 1/2.

    With a fair coin V = 3/2, so work is worth 7/4 and quit 5/4. Policy: `two_action_softmax(1)`.
    """
    return TabularMDP([[[0.0], [1.0]]], [[1.25, 1.0]], [1.0], 0.5)


def coin_chain(length=2):
    """A choice, then `length` coins of +1 or -1, and at the end 1 for having chosen action 1; gamma = 1.

    States: 0 is the choice; 1 + 4 k + 2 a + c is step k after action a, whose coin (c = 0: -1, c = 1: +1) is about to pay.
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
