"""Every number that chapter 1 states, recomputed by search, enumeration or simulation:
never by the formula it checks."""

import itertools

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg


def corridor_alive(p, cells):
    """Pr(still walking) after 0, 1, 2, ... steps, by following the chain until nothing is left in it."""
    here, alive, move = np.eye(cells)[0], [], np.zeros((cells, cells))
    for s in range(cells):
        right, left = (max(s - 1, 0), s + 1) if s == 1 else (s + 1, max(s - 1, 0))
        for to, weight in [(right, p), (left, 1 - p)]:
            if to < cells:
                move[s, to] += weight
    while here.sum() > 1e-14:
        alive.append(here.sum())
        here = here @ move
    return np.array(alive)


def corridor_return(p, cells):
    return -corridor_alive(p, cells).sum()  # -1 for each step begun


@pytest.mark.parametrize("cells, best_p, best_J", [(3, 2 - 2**0.5, -11.66), (5, 0.739, -18.20)])
def test_corridor_best_policies(cells, best_p, best_J):
    """3 cells: 2 - sqrt 2 = 0.586, -11.66; 5 cells: 0.739, -18.20."""
    found = optimize.minimize_scalar(
        lambda p: -corridor_return(p, cells), bounds=(0.1, 0.9), method="bounded", options=dict(xatol=1e-8)
    )
    assert abs(found.x - best_p) < 5e-4 and abs(-found.fun - best_J) < 5e-3


def test_corridor_formula():
    for p in np.linspace(0.05, 0.95, 19):
        assert np.isclose(corridor_return(p, 3), (2 * p - 4) / (p * (1 - p)), rtol=1e-10)
        assert np.isclose(corridor_return(p, 3), pg.expected_return(pg.short_corridor(), np.tile([1 - p, p], (3, 1))))


def test_corridor_epsilon_greedy_gets_about_minus_44_or_minus_82():
    """Greedy right or left, epsilon = 0.1: the greedy action with probability 0.95."""
    assert round(corridor_return(0.95, 3)) == -44 and round(corridor_return(0.05, 3)) == -82


def test_corridor_uniform_gets_minus_12_and_with_five_cells_minus_30():
    assert np.isclose(corridor_return(0.5, 3), -12) and np.isclose(corridor_return(0.5, 5), -30)


def test_corridor_standard_deviation_of_an_episode_is_9_4_so_100_walks_cannot_tell():
    alive = np.append(corridor_alive(2 - 2**0.5, 3), 0)
    chance, length = alive[:-1] - alive[1:], np.arange(1, len(alive))
    deviation = (chance @ length**2 - (chance @ length) ** 2) ** 0.5
    assert round(deviation, 1) == 9.4
    assert (12 - 11.66) / (deviation * (2 / 100) ** 0.5) < 0.3  # a quarter of a standard error


def test_rps_a_best_responder_wins_every_round_against_any_argmax_policy():
    for corner in np.eye(3):
        assert corner @ pg.RPS[:, pg.best_response(corner, pg.RPS)] == -1


def test_rps_uniform_cannot_be_beaten_and_nothing_else_is_as_safe():
    uniform = np.full(3, 1 / 3)
    assert (uniform @ pg.RPS).min() == 0
    others = np.random.default_rng(0).dirichlet(np.ones(3), size=1000)
    assert ((others @ pg.RPS).min(axis=1) < 0).all()


def test_rps_epsilon_greedy_loses_about_0_9_a_round():
    policy = 0.1 / 3 + 0.9 * np.eye(3)[0]
    assert np.isclose((policy @ pg.RPS).min(), -0.9)


def test_second_game_equilibrium_is_quarter_half_quarter_and_uniform_loses_a_third():
    found = optimize.linprog(
        [0, 0, 0, -1],
        A_ub=np.c_[-pg.RPS_ROCK2.T, np.ones(3)],
        b_ub=np.zeros(3),
        A_eq=[[1, 1, 1, 0]],
        b_eq=[1],
        bounds=[(0, 1)] * 3 + [(None, None)],
    )
    np.testing.assert_allclose(found.x, [1 / 4, 1 / 2, 1 / 4, 0], atol=1e-9)
    assert np.isclose((np.full(3, 1 / 3) @ pg.RPS_ROCK2).min(), -1 / 3)


def plain_self_play(policy, opponent, steps, step_size):
    """Softmax policy gradient ascent by both at once, (steps + 1, 2, 3)."""
    logits, history = np.log([policy, opponent]), []
    for _ in range(steps + 1):
        us, them = probs = pg.softmax(logits)
        history.append(probs)
        gains = pg.RPS @ them, -us @ pg.RPS
        logits = logits + step_size * np.array([pi * (q - pi @ q) for pi, q in zip(probs, gains)])
    return np.array(history)


def exploitability(policies):
    return -(policies @ pg.RPS).min(axis=-1)


def test_self_play_with_finite_simultaneous_steps_spirals_outward():
    """Step 0.1, 20,000 steps: from exploitability 0.49 to 0.93 and more,
    while the average stays near the equilibrium."""
    history = plain_self_play([0.6, 0.29, 0.11], [1 / 3] * 3, 20_000, 0.1)
    us = exploitability(history[:, 0])
    assert np.isclose(us[0], 0.49) and us[-2000:].max() > 0.93 and us[-2000:].max() > us[:200].max() + 0.3
    assert exploitability(history[:, 0].mean(axis=0)) < 0.05


def test_self_play_in_the_limit_of_small_steps_circles():
    """The product of the probabilities is constant on an orbit;
    ten times smaller steps drift ten times less in equal time."""
    drift = []
    for size in (0.1, 0.01):
        H = pg.self_play([0.6, 0.29, 0.11], [0.3, 0.3, 0.4], pg.RPS, int(50 / size), size)
        potential = np.log(H).sum(axis=(1, 2))
        drift.append(abs(potential - potential[0]).max())
    assert drift[1] < 0.15 * drift[0] and drift[1] < 0.2


def test_self_play_alternating_averages_settle():
    """At most 0.015 after 1,000 steps, 0.0006 after 20,000 from this start (the figures depend on it)."""
    H = pg.self_play([0.5, 0.4, 0.1], [0.2, 0.3, 0.5], pg.RPS, 20_000, simultaneous=False)[:, 0]
    assert exploitability(H[:1000].mean(0)) < 0.015 and exploitability(H.mean(0)) < 6e-4


def test_self_play_with_entropy_settles_at_the_regularised_equilibrium():
    for payoff, wanted in [(pg.RPS, [1 / 3] * 3), (pg.RPS_ROCK2, [0.269, 0.497, 0.235])]:
        H = pg.self_play([0.6, 0.3, 0.1], [0.1, 0.3, 0.6], payoff, 5000, temperature=0.1)
        np.testing.assert_allclose(H[-1, 0], wanted, atol=5e-4)


def test_seven_joints_with_eleven_bins_are_19_5_million_cells():
    assert sum(1 for _ in itertools.product(range(11), repeat=4)) == 14_641  # the pattern, counted where it can be
    assert 14_641 * 11**3 == 19_487_171 and round(19_487_171 / 1e6, 1) == 19.5
