"""Every number that chapter 0 states of two doors, recomputed by enumeration: never by the formula it checks."""

import itertools

import numpy as np
import pytest

import policy_gradient as pg
from tests.helpers.enumeration import DOORS, DOORS_POLICY, enumerated_return, enumerated_update, trajectories


def climb(direction, theta, steps=600, size=100.0):
    for _ in range(steps):
        theta = np.clip(theta + size * direction(theta), -30, 30)
    return theta


@pytest.mark.parametrize("p, q", list(itertools.product([0.1, 0.5, 0.8], [0.3, 0.5, 0.9])))
def test_two_doors_J_is_minus_p_quarter_plus_1_minus_p_q_eighth(p, q):
    theta = np.log([p / (1 - p), q / (1 - q)])
    assert np.isclose(enumerated_return(DOORS, DOORS_POLICY, theta), -p / 4 + (1 - p) * q / 8, rtol=1e-12)


def test_two_doors_visitation_at_0_is_1_half_eighth_eighth():
    d = np.zeros(4)
    for w, path in trajectories(DOORS, np.full((4, 2), 0.5)):
        for t, (s, _, _) in enumerate(path):
            d[s] += w * 0.5**t
    assert d.tolist() == pg.discounted_visitation(DOORS, np.full((4, 2), 0.5)).tolist() == [1, 1 / 2, 1 / 8, 1 / 8]


def test_two_doors_values_at_0_are_as_stated():
    probs = np.full((4, 2), 0.5)
    V = [
        sum(w * sum(0.5**t * r for t, (_, _, r) in enumerate(path)) for w, path in trajectories(DOORS, probs, s))
        for s in range(4)
    ]
    assert V == pg.state_values(DOORS, probs).tolist() == [-0.09375, 0.8125, -3, 0.25]


def test_two_doors_gradient_at_0_is_minus_0_078125_and_0_015625():
    exact = pg.exact_gradient(DOORS, DOORS_POLICY, np.zeros(2))
    assert exact.tolist() == [-0.078125, 0.015625]
    np.testing.assert_allclose(
        exact, pg.finite_difference(lambda th: enumerated_return(DOORS, DOORS_POLICY, th), np.zeros(2)), atol=1e-10
    )


def test_two_doors_without_gamma_t_is_0_09375_and_0_0625():
    dropped = enumerated_update(DOORS, DOORS_POLICY, np.zeros(2), lambda t, s: 1)
    np.testing.assert_allclose(dropped, [0.09375, 0.0625], rtol=1e-14)


def test_two_doors_without_d_is_0_09375_and_0_125():
    probs = np.full((4, 2), 0.5)
    visits = pg.discounted_visitation(DOORS, probs, gamma=1)
    forgotten = enumerated_update(DOORS, DOORS_POLICY, np.zeros(2), lambda t, s: 1 / visits[s])  # each state once
    np.testing.assert_allclose(forgotten, [0.09375, 0.125], rtol=1e-14)


def test_two_doors_wrong_directions_end_at_the_worst_and_the_gradient_at_the_best():
    corners = [
        enumerated_return(DOORS, DOORS_POLICY, 40.0 * np.array(signs)) for signs in itertools.product([-1, 1], repeat=2)
    ]
    assert np.isclose(min(corners), -0.25) and np.isclose(max(corners), 0.125)
    inside = np.random.default_rng(0).normal(size=(200, 2)) * 3
    values = [enumerated_return(DOORS, DOORS_POLICY, theta) for theta in inside]
    assert min(corners) < min(values) and max(values) < max(corners)

    def gradient(theta):
        return pg.exact_gradient(DOORS, DOORS_POLICY, theta)

    def dropped(theta):
        visits = pg.discounted_visitation(DOORS, pg.state_probs(DOORS, DOORS_POLICY, theta), gamma=1)
        return pg.exact_gradient(DOORS, DOORS_POLICY, theta, visitation=visits)

    def forgotten(theta):
        return pg.exact_gradient(DOORS, DOORS_POLICY, theta, visitation=np.ones(4))

    for direction, end in [(gradient, 0.125), (dropped, -0.25), (forgotten, -0.25)]:
        assert np.isclose(enumerated_return(DOORS, DOORS_POLICY, climb(direction, np.zeros(2))), end, atol=1e-3)
