"""Two doors by hand, in fractions: every episode, without the package."""

import itertools
from fractions import Fraction as F


def episodes(p, q):
    """(probability, [(state, reward)]) of each; p takes in A and in B, q pays in D."""
    for first, take, pays in itertools.product([True, False], repeat=3):
        chance = (p if first else 1 - p) * (p if take else 1 - p)
        last = ("C", F(-3)) if take else ("D", F(1, 2) if pays else F(0))
        chance *= F(1, 2) if take else (q if pays else 1 - q)
        yield chance, [("A", F(-1) if first else F(0)), ("B", F(3) if take else F(0)), last]


def discounted(rewards, gamma=F(1, 2)):
    return sum(gamma**t * r for t, r in enumerate(rewards))


def from_state(state, choose=None):
    """Average return from the first visit to a state at p = q = 1/2,
    given what is received there if `choose` asks for it."""
    total, weight = F(0), F(0)
    for chance, path in episodes(F(1, 2), F(1, 2)):
        for t, (s, r) in enumerate(path):
            if s == state and (choose is None or r == choose):
                total, weight = total + chance * discounted([r for _, r in path[t:]]), weight + chance
    return total / weight
