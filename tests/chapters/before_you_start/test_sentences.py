"""What the sentences of chapter 0 claim: by enumeration, and for each condition the counterexample to what was once
written there."""

import re
from fractions import Fraction as F

import numpy as np
import pytest

import policy_gradient as pg
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import doors
from tests.helpers.two_doors import discounted, episodes, from_state
from tools.paths import ROOT
from tools.site import values

START = PageAndLab.text("00-before-you-start")


def test_a_die():
    faces = [F(x) for x in range(1, 7)]
    mean, square = sum(faces) / 6, sum(x**2 for x in faces) / 6
    fourth = sum(x**4 for x in faces) / 6
    values.holds(
        die_squared_mean=mean**2,
        die_mean_square=square,
        die_mean_square_decimal=float(square),
        die_variance=float(square - mean**2),
        die_standard_error=float(fourth - square**2) ** 0.5 / 10,
    )


def test_two_doors_by_hand():
    values.holds(
        doors_V_A=from_state("A"),
        doors_V_B=from_state("B"),
        doors_V_D=from_state("D"),
        doors_Q_B_take=from_state("B", 3),
        doors_Q_B_leave=from_state("B", 0),
    )
    assert from_state("C") == -3

    def visits(state):
        return sum(
            chance * F(1, 2) ** t
            for chance, path in episodes(F(1, 2), F(1, 2))
            for t, (s, _) in enumerate(path)
            if s == state
        )

    values.holds(doors_d_B=visits("B"), doors_d_C=visits("C"))
    assert visits("A") == 1 and visits("D") == visits("C")

    def J(p, q):
        return sum(chance * discounted([r for _, r in path]) for chance, path in episodes(p, q))

    corners = [J(F(p), F(q)) for p in (0, 1) for q in (0, 1)]
    values.holds(doors_J_best=max(corners), doors_J_worst=min(corners))
    half, step = F(1, 2), F(1, 1000)  # J is linear in p and in q: one difference is exact
    slopes = [(J(half + step, half) - J(half, half)) / step, (J(half, half + step) - J(half, half)) / step]
    values.holds(doors_gradient=[slope / 4 for slope in slopes])


def test_expectations_multiply_also_where_the_two_depend_on_each_other():
    x = np.array([-1, 0, 1])
    assert np.mean(x * x**2) == np.mean(x) * np.mean(x**2) == 0 and {(-1, 1), (0, 0), (1, 1)} == set(zip(x, x**2))


def test_in_two_doors_it_is_the_cost_in_A_that_makes_taking_bad():
    for q in (F(0), F(1, 2), F(1)):
        take_B, leave_B = 3 - F(3, 2), q / 4
        assert take_B > leave_B  # even after the bill
        both, only_B = -1 + take_B / 2, take_B / 2
        assert both == F(-1, 4)
        assert both < leave_B / 2 < only_B  # with one p for both rooms: bad; with one for B alone: best
    assert (
        "Even after its bill, to take in B is worth more than to leave." in START
        and "It is A's cost, with one $p$ for both rooms" in START
    )
    assert "the bill that, undiscounted, takes it all back" in START and 3 - 3 == 0 != 3 - F(3, 2)


def test_most_later_chapters_come_back_to_two_doors_and_not_every_one():
    named = []
    for chapter in range(1, 9):
        paths = [p for folder in ("book", "notebooks", "solutions") for p in (ROOT / folder).glob(f"{chapter:02}-*")]
        named.append(any(re.search(r"two.doors", p.read_text("utf8"), re.IGNORECASE) for p in paths))
    assert 4 < sum(named) < 8 and "most later chapters" in START.replace("\n", " ") and "every later" not in START


def test_a_central_difference_has_its_small_error_where_the_function_is_smooth():
    for h in (1e-2, 1e-3):  # x |x| has a slope everywhere and no second derivative at 0: the error is h
        assert pg.finite_difference(lambda x: (x * abs(x)).sum(), [0.0], h)[0] == pytest.approx(h)
        assert abs(pg.finite_difference(lambda x: np.sin(x).sum(), [0.7], h)[0] - np.cos(0.7)) < h**2
    assert "Where $f$ is smooth (three continuous derivatives will do), two function calls check" in START
    assert "h^2 where J is smooth" in pg.finite_difference.__doc__


def test_four_times_the_samples_are_half_the_error_if_they_are_independent():
    rng = np.random.default_rng(0)
    one = rng.integers(1, 7, size=(20_000, 1)).astype(float)
    copies = np.repeat(one, 4, axis=1).mean(axis=1)
    drawn = rng.integers(1, 7, size=(20_000, 4)).mean(axis=1)
    assert copies.std() == pytest.approx(one.std()) and drawn.std() == pytest.approx(one.std() / 2, rel=0.03)
    assert "draw $N$ of them, independently," in START


def test_only_axes_of_length_one_are_stretched():
    with pytest.raises(ValueError, match="broadcast"):
        np.ones((4, 3)) * np.ones(4)
    assert (np.ones((4, 3)) * np.ones((4, 1)) * np.ones(3)).shape == (4, 3)
    assert "an axis of length 1, or one that is missing on the left, is stretched" in START


def test_in_D_the_agent_decides_and_the_world_has_no_theta():
    rows = "In **D** *take* pays $\\tfrac12$ and *leave* nothing, and the end."
    assert list(pg.two_doors().R[3]) == [0, 0.5] and rows in START and "there the agent takes with probability" in START
    assert "The agent sees it, or only a part of it (the *observation*)" in START
    assert "shrinks like $1/\\sqrt{100}$" not in START


def test_in_two_doors_a_clock_would_tell_the_rooms_apart():
    world, pi, _, _ = doors()
    best = max(
        pg.expected_return(world, np.eye(2)[[a, a, 0, d]])
        for a, d in np.ndindex(2, 2)  # alike in A and B
    )
    assert best == pytest.approx(1 / 8)
    by_the_clock = np.eye(2)[[0, 1, 0, 1]]  # A is step 0 and B step 1: leave, then take
    assert pg.expected_return(world, by_the_clock) == pytest.approx(3 / 4)
    assert "has no memory and cannot tell the rooms apart" in START
    assert "a *partially observable* one where only a part is seen" in START
    assert "sums that may go on without end, these three rules are all" in START


def test_where_nothing_depends_on_the_policy_a_value_does_not_change_with_it():
    world, pi, _, _ = doors()
    other = np.random.default_rng(0).dirichlet([1, 1], 4)
    before, after = pg.state_values(world, pi), pg.state_values(world, other)
    assert before[2] == pytest.approx(-3) == after[2] and abs(before - after)[[0, 1, 3]].min() > 1e-3
    assert "changes with $\\pol{\\pi}$, unless nothing that follows depends on it, as in C" in START
    assert "every formula is slightly wrong" not in START  # undiscounted, the sum of all rewards has no index to shift
