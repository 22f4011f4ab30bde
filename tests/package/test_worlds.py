"""The tiny MDPs are the worlds that their docstrings and the chapters describe, and what is said of them holds."""

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient.worlds import coin_chain, live_or_die


@pytest.mark.parametrize("cells", [1, 2.5, "three"])
def test_a_corridor_needs_cells(cells):
    with pytest.raises((ValueError, TypeError), match="cells must be"):
        pg.short_corridor(cells)


def moves(world):
    """{(state, action): (next state or None, reward)} of a deterministic world."""
    assert set(np.unique(world.P)) <= {0.0, 1.0} and world.rho.tolist() == [1.0] + [0.0] * (world.num_states - 1)
    return {
        (s, a): (int(world.P[s, a].argmax()) if world.P[s, a].any() else None, world.R[s, a])
        for s in range(world.num_states)
        for a in range(world.num_actions)
    }


def worth(world, p, gamma=None):
    """J by walking every way, with the chance p(obs) of action 1: no linear solve."""
    gamma = world.gamma if gamma is None else gamma

    def from_state(s, depth=0):
        if depth > 60:
            return 0.0
        here = p(world.obs[s])
        return sum(
            chance
            * (world.R[s, a] + gamma * sum(q * from_state(t, depth + 1) for t, q in enumerate(world.P[s, a]) if q))
            for a, chance in ((0, 1 - here), (1, here))
            if chance
        )

    return sum(weight * from_state(s) for s, weight in enumerate(world.rho) if weight)


def update_without_gamma_t(world, policy, theta):
    """The direction of the program that drops gamma^t: the theorem's sum over plain visits."""
    probs = pg.state_probs(world, policy, theta)
    visits = pg.discounted_visitation(world, probs, gamma=1.0)
    values = pg.action_values(world, probs)
    return sum(
        visits[s] * probs[s, a] * values[s, a] * policy.score(theta, world.obs[s], a)
        for s in range(world.num_states)
        for a in range(world.num_actions)
    )


def test_two_doors_is_the_world_that_is_drawn():
    world = pg.two_doors()
    assert moves(world) == {
        (0, 0): (1, 0),
        (0, 1): (1, -1),
        (1, 0): (3, 0),
        (1, 1): (2, 3),
        (2, 0): (None, -3),
        (2, 1): (None, -3),
        (3, 0): (None, 0),
        (3, 1): (None, 0.5),
    }
    assert world.gamma == 0.5 and world.obs.tolist() == [0, 0, 2, 1]
    for p, q in ((0.3, 0.9), (0.5, 0.5)):
        assert worth(world, {0: p, 1: q, 2: 0.5}.get) == pytest.approx(-p / 4 + (1 - p) * q / 8)


def test_the_corridor_walks_as_it_is_told():
    world = pg.short_corridor()
    assert moves(world) == {
        (0, 0): (0, -1),
        (0, 1): (1, -1),
        (1, 0): (2, -1),
        (1, 1): (0, -1),
        (2, 0): (1, -1),
        (2, 1): (None, -1),
    }
    assert world.gamma == 1 and world.obs.tolist() == [0, 0, 0]
    five = moves(pg.short_corridor(5))
    assert five[1, 0] == (2, -1) and five[1, 1] == (0, -1)  # the second cell alone is reversed
    assert five[3, 0] == (2, -1) and five[3, 1] == (4, -1) and five[4, 1] == (None, -1)
    best = 2 - 2**0.5  # Sutton & Barto, example 13.1: right with probability 0.59, then -11.6
    values = [pg.expected_return(world, np.tile([1 - p, p], (3, 1))) for p in (best - 0.01, best, best + 0.01)]
    assert max(values) == values[1] == pytest.approx(-2 * (3 + 2 * 2**0.5), rel=1e-9)
    with pytest.raises(ValueError, match="cells must be at least 2"):
        pg.short_corridor(1)


def test_without_gamma_t_the_gradient_of_sign_flip_changes_its_sign():
    world, policy = pg.sign_flip(), pg.two_action_softmax(1)
    assert moves(world) == {(0, 0): (1, 0), (0, 1): (1, 1), (1, 0): (None, 0), (1, 1): (None, -1.5)}
    assert world.gamma == 0.5 and world.obs.tolist() == [0, 0]
    for p in (0.2, 0.5, 0.8):
        theta = np.array([np.log(p / (1 - p))])
        assert worth(world, lambda _: p) == pytest.approx(p * (1 - 0.75))
        slope = pg.finite_difference(lambda th: pg.expected_return(world, pg.state_probs(world, policy, th)), theta)
        assert slope[0] == pytest.approx(p * (1 - p) / 4, rel=1e-6)
        assert update_without_gamma_t(world, policy, theta)[0] == pytest.approx(-p * (1 - p) / 2)


def test_nobodys_gradient_has_unequal_cross_derivatives():
    world, policy = pg.nobodys_gradient(), pg.two_action_softmax(2)
    assert moves(world) == {(0, 0): (None, 0), (0, 1): (1, 0), (1, 0): (None, 0), (1, 1): (None, 1)}
    assert world.gamma == 0.5 and world.obs.tolist() == [0, 1]
    assert worth(world, {0: 0.3, 1: 0.6}.get) == pytest.approx(0.3 * 0.6 / 2)
    field = lambda th: update_without_gamma_t(world, policy, th)  # noqa: E731
    jacobian = [pg.finite_difference(lambda th, i=i: field(th)[i], np.array([0.3, -0.2])) for i in range(2)]
    p, q = 1 / (1 + np.exp([-0.3, 0.2]))
    assert jacobian[0][1] == pytest.approx(p * (1 - p) * q * (1 - q) / 2, abs=1e-8)
    assert jacobian[1][0] == pytest.approx(p * (1 - p) * q * (1 - q), abs=1e-8)  # twice as much


def test_the_update_without_gamma_t_is_the_worst_for_everybody():
    world, policy = pg.worst_for_everybody(), pg.two_action_softmax(1, 2)
    assert moves(world) == {
        (0, 0): (1, 0),
        (0, 1): (1, -1),
        (1, 0): (None, 0),
        (1, 1): (2, 3),
        (2, 0): (None, -3),
        (2, 1): (None, -3),
    }
    assert world.gamma == 0.5 and world.obs.tolist() == [0, 0, 1]
    for p in (0.2, 0.5, 0.8):
        chances, theta = {0: p, 1: 0.5}.get, np.array([np.log(p / (1 - p))])
        assert worth(world, chances) == pytest.approx(-p / 4)  # -p + 3p/2 - 3p/4
        assert worth(world, chances, gamma=1.0) == pytest.approx(-p)
        assert update_without_gamma_t(world, policy, theta)[0] == pytest.approx(p * (1 - p) / 2)  # up


def test_live_or_die_makes_work_worth_more_than_quitting():
    world = live_or_die()
    assert moves(world) == {(0, 0): (None, 1.25), (0, 1): (0, 1)} and world.gamma == 0.5
    assert worth(world, lambda _: 0.5) == pytest.approx(1.5)  # V = (5/4 + 1 + V/2) / 2
    np.testing.assert_allclose(pg.action_values(world, [[0.5, 0.5]]), [[1.25, 1.75]])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_chain_of_coins_pays_for_its_choice_at_the_end_alone(length):
    world = coin_chain(length)
    assert world.num_states == 1 + 4 * length and world.gamma == 1 and world.rho[0] == 1
    assert world.obs.tolist() == [0] + [1 + 2 * k + a for k in range(length) for a in (0, 1) for _ in (0, 1)]
    assert not world.R[0].any()
    for p in (0.0, 0.3, 1.0):
        assert worth(world, lambda obs: p if obs == 0 else 0.5) == pytest.approx(p)
    ends = world.P.sum(axis=-1) == 0
    assert ends[1 + 4 * (length - 1) :].all() and not ends[: 1 + 4 * (length - 1)].any()
    for k in range(length):
        for a in (0, 1):  # what a coin pays, seen from the step before: +1 or -1, and 1 more at the end
            pays = world.R[1 + 4 * k + 2 * a : 3 + 4 * k + 2 * a]
            wanted = np.array([-1, 1]) + (a if k == length - 1 else 0)
            np.testing.assert_array_equal(pays, np.tile(wanted[:, None], 2))
            before = world.P[0, a] if k == 0 else world.P[4 * k - 3 + 2 * a, 0]
            np.testing.assert_array_equal(before[1 + 4 * k + 2 * a : 3 + 4 * k + 2 * a], [0.5, 0.5])


@pytest.mark.parametrize("call, words", [(lambda: coin_chain(0), "length must be at least 1")])
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
