"""What the sentences of chapters 0 to 2 claim, by enumeration, linear programs and differences that share no code with the package."""
import itertools
from fractions import Fraction as F

import numpy as np

import page_and_lab  # noqa: F401  (puts tools on the path)
import values


def doors(p, q):
    """Every episode of two doors, by hand: (probability, [(state, reward)]); p takes in A and in B, q pays in D."""
    for first, take, pays in itertools.product([True, False], repeat=3):
        chance = (p if first else 1 - p) * (p if take else 1 - p)
        last = ("C", F(-3)) if take else ("D", F(1, 2) if pays else F(0))
        chance *= F(1, 2) if take else (q if pays else 1 - q)
        yield chance, [("A", F(-1) if first else F(0)), ("B", F(3) if take else F(0)), last]


def discounted(rewards, gamma=F(1, 2)):
    return sum(gamma**t * r for t, r in enumerate(rewards))


def from_state(state, choose=None):
    """Average return from the first visit to a state at p = q = 1/2, given what is received there if `choose` asks for it."""
    total, weight = F(0), F(0)
    for chance, path in doors(F(1, 2), F(1, 2)):
        for t, (s, r) in enumerate(path):
            if s == state and (choose is None or r == choose):
                total, weight = total + chance * discounted([r for _, r in path[t:]]), weight + chance
    return total / weight


# ---- chapter 0 ----

def test_a_die():
    faces = [F(x) for x in range(1, 7)]
    mean, square = sum(faces) / 6, sum(x**2 for x in faces) / 6
    fourth = sum(x**4 for x in faces) / 6
    values.holds(die_squared_mean=mean**2, die_mean_square=square, die_mean_square_decimal=float(square),
                 die_variance=float(square - mean**2), die_standard_error=float(fourth - square**2) ** 0.5 / 10)


def test_two_doors_by_hand():
    values.holds(doors_V_A=from_state("A"), doors_V_B=from_state("B"), doors_V_D=from_state("D"),
                 doors_Q_B_take=from_state("B", 3), doors_Q_B_leave=from_state("B", 0))
    assert from_state("C") == -3

    def visits(state):
        return sum(chance * F(1, 2) ** t for chance, path in doors(F(1, 2), F(1, 2)) for t, (s, _) in enumerate(path) if s == state)

    values.holds(doors_d_B=visits("B"), doors_d_C=visits("C"))
    assert visits("A") == 1 and visits("D") == visits("C")

    def J(p, q):
        return sum(chance * discounted([r for _, r in path]) for chance, path in doors(p, q))

    corners = [J(F(p), F(q)) for p in (0, 1) for q in (0, 1)]
    values.holds(doors_J_best=max(corners), doors_J_worst=min(corners))
    half, step = F(1, 2), F(1, 1000)                           # J is linear in p and in q: one difference is exact
    slopes = [(J(half + step, half) - J(half, half)) / step, (J(half, half + step) - J(half, half)) / step]
    values.holds(doors_gradient=[slope / 4 for slope in slopes])


def test_expectations_multiply_also_where_the_two_depend_on_each_other():
    x = np.array([-1, 0, 1])
    assert np.mean(x * x**2) == np.mean(x) * np.mean(x**2) == 0 and {(-1, 1), (0, 0), (1, 1)} == set(zip(x, x**2))
