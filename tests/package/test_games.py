"""Matrix games against enumeration and linear programming."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import optimize

import policy_gradient as pg
from tests.helpers.properties import SEEDS, arrays


def value_by_linear_program(payoff):
    """The most we can be sure of, and the policy that makes it so (von Neumann 1928)."""
    A, B = payoff.shape
    result = optimize.linprog(
        np.r_[np.zeros(A), -1],
        A_ub=np.c_[-payoff.T, np.ones(B)],
        b_ub=np.zeros(B),
        A_eq=[np.r_[np.ones(A), 0]],
        b_eq=[1],
        bounds=[(0, 1)] * A + [(None, None)],
    )
    return -result.fun, result.x[:A]


@pytest.mark.parametrize("payoff, equilibrium", [(pg.RPS, [1 / 3] * 3), (pg.RPS_ROCK2, [1 / 4, 1 / 2, 1 / 4])])
def test_the_games_are_what_they_are_said_to_be(payoff, equilibrium):
    np.testing.assert_array_equal(payoff, -payoff.T)
    value, policy = value_by_linear_program(payoff)
    np.testing.assert_allclose([value, *policy], [0, *equilibrium], atol=1e-9)


def test_the_payoff_belongs_to_the_row_player():
    assert pg.RPS[1, 0] == 1 and pg.RPS[2, 1] == 1 and pg.RPS[0, 2] == 1  # paper beats rock, and so on
    assert pg.RPS_ROCK2[0, 2] == 2 and pg.RPS_ROCK2[2, 0] == -2


def test_nothing_hurts_more_than_the_best_response():
    rng = np.random.default_rng(0)
    payoff, policies = rng.normal(size=(3, 5)), rng.dirichlet(np.ones(3), size=(4, 2))
    answers = pg.best_response(policies, payoff)
    assert answers.shape == (4, 2)
    for i in np.ndindex(4, 2):
        losses = [sum(policies[i][a] * payoff[a, b] for a in range(3)) for b in range(5)]
        assert losses[answers[i]] == min(losses)


def test_paper_answers_rock():
    assert pg.best_response([1, 0, 0], pg.RPS) == 1


def test_one_step_of_self_play_by_hand():
    us, them = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    after = us * np.exp(0.1 * pg.RPS @ them)
    history = pg.self_play(us, them, pg.RPS, steps=1)
    np.testing.assert_allclose(history[0], [us, them])
    np.testing.assert_allclose(history[1, 0], after / after.sum())
    answer = them * np.exp(-0.1 * pg.RPS.T @ history[1, 0])
    alternating = pg.self_play(us, them, pg.RPS, steps=1, simultaneous=False)
    np.testing.assert_allclose(alternating[1], [history[1, 0], answer / answer.sum()])


def test_alternating_self_play_stays_on_its_orbit_and_simultaneous_leaves_it():
    start = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    kl = {}
    for simultaneous in (True, False):
        history = pg.self_play(*start, pg.RPS, steps=4000, simultaneous=simultaneous)
        kl[simultaneous] = -np.log(3 * history).mean(-1).sum(-1)  # distance of both from uniform
    assert kl[True][-1] > 5 * kl[True][0]
    assert abs(kl[False] / kl[False][0] - 1).max() < 0.25


def test_entropy_settles_self_play():
    history = pg.self_play([0.8, 0.1, 0.1], [0.1, 0.1, 0.8], pg.RPS_ROCK2, steps=5000, temperature=0.1)
    final = history[-1, 0]
    wanted = np.exp(pg.RPS_ROCK2 @ final / 0.1)  # the fixed point: softmax(payoff / temperature)
    np.testing.assert_allclose(final, wanted / wanted.sum(), atol=1e-9)


@pytest.mark.parametrize("policy", [[0.5, 0.5], [0.5, 0.6, 0.1], [np.nan, 0, 1], [1.2, -0.2, 0]])
def test_bad_policies_are_named(policy):
    with pytest.raises(ValueError, match="policy"):
        pg.best_response(policy, pg.RPS)
    with pytest.raises(ValueError, match="policy"):
        pg.self_play(policy, [1 / 3] * 3, pg.RPS, 1)


def test_self_play_needs_positive_probabilities():
    with pytest.raises(ValueError, match="positive"):
        pg.self_play([1, 0, 0], [1 / 3] * 3, pg.RPS, 1)


@given(hnp.array_shapes(min_dims=2, max_dims=2, max_side=4).flatmap(lambda s: st.tuples(arrays(s, 5), SEEDS)))
def test_the_best_response_leaves_us_least(case):
    payoff, seed = case
    policy = np.random.default_rng(seed).dirichlet(np.ones(len(payoff)), size=3)
    answers = pg.best_response(policy, payoff)
    for p, answer in zip(policy, answers):
        assert p @ payoff[:, answer] == pytest.approx(min(p @ column for column in payoff.T), abs=1e-12)
