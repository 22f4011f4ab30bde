"""Numbers that chapter 2 states, recomputed by search, enumeration or simulation, against the package too:
never by the formula it checks."""

import numpy as np
import pytest

import policy_gradient as pg
from tests.helpers.enumeration import DOORS, DOORS_POLICY, enumerated_return, enumerated_update


def random_mdp(seed, gamma=0.9, S=4, A=3):
    rng = np.random.default_rng(seed)
    return pg.TabularMDP(
        rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma
    )


def test_normalisation_discounted_visits_sum_to_1_over_1_minus_gamma():
    mdp, probs, here, total = random_mdp(0), np.full((4, 3), 1 / 3), None, 0.0
    here = mdp.rho
    for t in range(400):
        total, here = total + 0.9**t * here.sum(), np.einsum("s,sa,sat->t", here, probs, mdp.P)
    assert np.isclose(total, 10) and np.isclose(pg.discounted_visitation(mdp, probs).sum(), 10)


def test_normalisation_undiscounted_visits_sum_to_the_expected_length():
    p = 2 - 2**0.5
    d = pg.discounted_visitation(pg.short_corridor(), np.tile([1 - p, p], (3, 1)))
    assert round(d.sum(), 2) == 11.66
    rng, policy = np.random.default_rng(1), pg.two_action_softmax(1)
    lengths = pg.sample_rollout(pg.short_corridor(), policy, [np.log(p / (1 - p))], 20_000, 2000, rng).lengths
    assert abs(lengths.mean() - d.sum()) < 4 * lengths.std() / 20_000**0.5


def test_performance_difference_lemma():
    mdp, rng = random_mdp(2), np.random.default_rng(3)
    old, new = rng.dirichlet(np.ones(3), size=(2, 4))
    A = pg.action_values(mdp, old) - pg.state_values(mdp, old)[:, None]
    right = sum(pg.discounted_visitation(mdp, new)[s] * new[s, a] * A[s, a] for s in range(4) for a in range(3))
    assert np.isclose(pg.expected_return(mdp, new) - pg.expected_return(mdp, old), right, rtol=1e-12)


def test_any_baseline_of_the_state_can_be_subtracted():
    policy, theta = pg.TabularSoftmax(4, 3), np.random.default_rng(4).normal(size=12)
    probs, b = policy.probs(theta, np.arange(4)), np.array([5.0, -3, 100, 0.1])
    total = sum(probs[s, a] * policy.score(theta, s, a) * b[s] for s in range(4) for a in range(3))
    np.testing.assert_allclose(total, 0, atol=1e-13)


@pytest.mark.parametrize("p0, plain, natural", [(0.1, 14, 3), (0.01, 110, 5), (0.001, 1016, 7)])
def test_plateau_steps_to_one_half(p0, plain, natural):
    """Two arms of values 0 and 1 and one logit; the natural gradient divides by the Fisher information, E[score^2]."""
    policy, counts = pg.two_action_softmax(1), []
    for natural_step in (False, True):
        theta, steps = np.array([np.log(p0 / (1 - p0))]), 0
        while policy.probs(theta, 0)[1] < 0.5:
            probs, scores = policy.probs(theta, 0), policy.score(theta, np.zeros(2, int), np.arange(2))[:, 0]
            gradient = probs @ (scores * [0, 1])
            theta, steps = theta + gradient / (probs @ scores**2 if natural_step else 1), steps + 1
        counts.append(steps)
    assert counts == [plain, natural]


def test_dropped_gamma_t_a_sign_flips():
    mdp, policy, theta = pg.sign_flip(), pg.two_action_softmax(1), np.zeros(1)
    by_difference = pg.finite_difference(lambda th: enumerated_return(mdp, policy, th), theta)
    np.testing.assert_allclose(
        [by_difference, enumerated_update(mdp, policy, theta, lambda t, s: 0.5**t)], 0.0625, atol=1e-10
    )
    undiscounted = pg.finite_difference(lambda th: enumerated_return(mdp, policy, th, gamma=1), theta)
    np.testing.assert_allclose(
        [undiscounted, enumerated_update(mdp, policy, theta, lambda t, s: 1)], -0.125, atol=1e-10
    )


def test_dropped_gamma_t_b_no_objective_at_all():
    """Cross derivatives 0.03125 and 0.0625 at theta = 0; those of the true gradient are equal."""
    mdp, policy = pg.nobodys_gradient(), pg.two_action_softmax(2)

    def cross(weight):
        return [
            pg.finite_difference(lambda th, i=i: enumerated_update(mdp, policy, th, weight)[i], np.zeros(2))[1 - i]
            for i in (0, 1)
        ]

    np.testing.assert_allclose(cross(lambda t, s: 1), [0.03125, 0.0625], atol=1e-10)
    np.testing.assert_allclose(cross(lambda t, s: 0.5**t), [0.03125, 0.03125], atol=1e-10)


def test_dropped_gamma_t_c_worst_for_everybody():
    """J_gamma = -p/4 and J_1 = -p both say down, the dropped direction says +0.125."""
    mdp, policy = pg.worst_for_everybody(), pg.two_action_softmax(1, 2)
    for p in (0.2, 0.5, 0.9):
        theta = np.log([p / (1 - p)])
        assert np.isclose(enumerated_return(mdp, policy, theta), -p / 4)
        assert np.isclose(enumerated_return(mdp, policy, theta, gamma=1), -p)
    np.testing.assert_allclose(enumerated_update(mdp, policy, np.zeros(1), lambda t, s: 1), 0.125, atol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_with_one_block_per_state_dropping_never_turns_the_arrow_downhill(seed):
    mdp, policy = random_mdp(seed, gamma=0.5), pg.TabularSoftmax(4, 3)
    ending = pg.TabularMDP(mdp.P * 0.8, mdp.R, mdp.rho, mdp.gamma)
    theta = np.random.default_rng(seed).normal(size=12)
    exact = pg.exact_gradient(ending, policy, theta)
    visits = pg.discounted_visitation(ending, pg.state_probs(ending, policy, theta), gamma=1)
    for visitation in (visits, np.ones(4)):
        wrong = pg.exact_gradient(ending, policy, theta, visitation=visitation)
        assert exact @ wrong > 0 and (exact.reshape(4, 3) * wrong.reshape(4, 3) >= 0).all()


def test_round_the_square_the_dropped_field_does_work_minus_0_145():
    """The square [-2, 2]^2 of two doors, counter-clockwise, by the trapezoid rule; the gradient's own work is 0."""
    side = np.linspace(-2, 2, 161)
    path = [
        *[(x, -2) for x in side],
        *[(2, y) for y in side],
        *[(x, 2) for x in side[::-1]],
        *[(-2, y) for y in side[::-1]],
    ]
    path, work = np.array(path), []
    for gamma in (0.5, 1.0):
        field = []
        for theta in path:
            d = pg.discounted_visitation(DOORS, pg.state_probs(DOORS, DOORS_POLICY, theta), gamma=gamma)
            field.append(pg.exact_gradient(DOORS, DOORS_POLICY, theta, visitation=d))
        field = np.array(field)
        work.append(((field[1:] + field[:-1]) / 2 * np.diff(path, axis=0)).sum())
    assert abs(work[0]) < 1e-5 and round(work[1], 3) == -0.145
