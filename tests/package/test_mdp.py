"""Exact quantities against enumeration of every trajectory, simulation by powers of the chain, and two derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policy_gradient as pg
from tests.helpers.properties import SEEDS, numbers, problems
from tests.helpers.ranks import MDP, refuses


def random_mdp(seed, S, A, gamma, ending):
    """A dense random MDP; each (s, a) ends with a probability of up to `ending`."""
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), size=(S, A)) * (1 - ending * rng.uniform(0.2, 1, size=(S, A, 1)))
    return pg.TabularMDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma)


SHAPES = {
    "5 x 2, never ends": (random_mdp(1, 5, 2, 0.9, 0.0), pg.TabularSoftmax(5, 2)),
    "3 x 4, ends, gamma 1": (random_mdp(2, 3, 4, 1.0, 0.5), pg.TabularSoftmax(3, 4)),
    "17 x 4, ends, linear": (
        random_mdp(3, 17, 4, 0.95, 0.1),
        pg.LinearSoftmax(np.random.default_rng(4).normal(size=(17, 4, 6))),
    ),
    "two doors": (pg.two_doors(), pg.two_action_softmax(2, 3)),
    "corridor": (pg.short_corridor(5), pg.TabularSoftmax(1, 2)),
}


@pytest.fixture(params=SHAPES.values(), ids=SHAPES.keys())
def problem(request):
    mdp, policy = request.param
    return mdp, policy, np.random.default_rng(5).normal(size=policy.num_params)


def sweep(mdp, probs, steps=6000):
    """V and d by following the chain step by step: no linear solve."""
    chain = np.einsum("sa,sat->st", probs, mdp.P)
    V, d, here, weight = np.zeros(mdp.num_states), np.zeros(mdp.num_states), mdp.rho, 1.0
    for _ in range(steps):
        V = (probs * mdp.R).sum(1) + mdp.gamma * chain @ V
        d, here, weight = d + weight * here, here @ chain, weight * mdp.gamma
    return V, d


def test_values_and_visitation_agree_with_following_the_chain(problem):
    mdp, policy, theta = problem
    probs = pg.state_probs(mdp, policy, theta)
    V, d = sweep(mdp, probs)
    np.testing.assert_allclose(pg.state_values(mdp, probs), V, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(pg.discounted_visitation(mdp, probs), d, rtol=1e-10)
    np.testing.assert_allclose(pg.expected_return(mdp, probs), mdp.rho @ V, rtol=1e-10)
    np.testing.assert_allclose((probs * pg.action_values(mdp, probs)).sum(1), V, rtol=1e-10, atol=1e-10)
    assert np.isclose((d[:, None] * probs * mdp.R).sum(), mdp.rho @ V)  # J from where time is spent


def test_q_is_the_first_reward_plus_what_follows():
    mdp = pg.two_doors()
    Q = pg.action_values(mdp, np.full((4, 2), 0.5))
    np.testing.assert_allclose(Q, [[0.40625, -0.59375], [0.125, 1.5], [-3, -3], [0, 0.5]], rtol=1e-15)


def test_exact_gradient_agrees_with_the_complex_step_to_1e_12(problem):
    mdp, policy, theta = problem
    exact = pg.exact_gradient(mdp, policy, theta)
    step = pg.complex_step(lambda th: pg.expected_return(mdp, pg.state_probs(mdp, policy, th)), theta)
    assert np.linalg.norm(exact - step) <= 1e-12 * np.linalg.norm(step) and np.linalg.norm(step) > 1e-3


def test_exact_gradient_agrees_with_central_differences_to_1e_8(problem):
    mdp, policy, theta = problem
    exact = pg.exact_gradient(mdp, policy, theta)
    differences = pg.finite_difference(lambda th: pg.expected_return(mdp, pg.state_probs(mdp, policy, th)), theta)
    assert np.linalg.norm(exact - differences) <= 1e-8 * np.linalg.norm(exact)


def test_exact_gradient_with_every_trajectory_written_out():
    """J of "two doors" as a sum over its trajectories, differentiated by hand: no chain, no Q, no d."""
    mdp, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.array([0.7, -1.2])
    p, q = 1 / (1 + np.exp(-theta))
    J = p * (1 - p) * (-1 + q / 8) + p * p * (-1 + 3 / 2 - 3 / 4) + (1 - p) * p * (3 / 2 - 3 / 4) + (1 - p) ** 2 * q / 8
    np.testing.assert_allclose(pg.expected_return(mdp, pg.state_probs(mdp, policy, theta)), J, rtol=1e-14)
    gradient = [p * (1 - p) * (-1 / 4 - q / 8), (1 - p) / 8 * q * (1 - q)]
    np.testing.assert_allclose(pg.exact_gradient(mdp, policy, theta), gradient, rtol=1e-13)


def test_a_wrong_visitation_gives_another_gradient():
    mdp, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    d = pg.discounted_visitation(mdp, np.full((4, 2), 0.5))
    np.testing.assert_array_equal(
        pg.exact_gradient(mdp, policy, np.zeros(2), visitation=d), pg.exact_gradient(mdp, policy, np.zeros(2))
    )
    assert pg.exact_gradient(mdp, policy, np.zeros(2), visitation=np.ones(4))[0] > 0
    with pytest.raises(ValueError, match="visitation"):
        pg.exact_gradient(mdp, policy, np.zeros(2), visitation=np.ones(3))


def test_the_discounted_visitation_adds_up_to_what_the_book_says():
    mdp = random_mdp(1, 5, 2, 0.9, 0.0)
    assert np.isclose(pg.discounted_visitation(mdp, np.full((5, 2), 0.5)).sum(), 10)
    corridor, probs = pg.short_corridor(), np.full((3, 2), 0.5)
    assert np.isclose(pg.discounted_visitation(corridor, probs).sum(), -pg.expected_return(corridor, probs))


def test_undiscounted_visits_of_a_discounted_mdp():
    assert np.isclose(pg.discounted_visitation(pg.two_doors(), np.full((4, 2), 0.5), gamma=1).sum(), 3)


@pytest.mark.parametrize(
    "probs", [np.full((2, 2), 0.4), np.ones((2, 3)) / 3, [[1.5, -0.5], [1, 0]], np.full((2, 2), np.nan)]
)
@pytest.mark.parametrize("quantity", [pg.state_values, pg.action_values, pg.discounted_visitation, pg.expected_return])
def test_bad_policies_are_named(quantity, probs):
    mdp = pg.TabularMDP(np.full((2, 2, 2), 0.5), np.zeros((2, 2)), [1.0, 0.0], 0.9)
    with pytest.raises(ValueError, match="probs"):
        quantity(mdp, probs)


@pytest.mark.parametrize("quantity", [pg.state_values, pg.discounted_visitation])
def test_a_chain_that_never_ends_has_no_undiscounted_value(quantity):
    P = np.zeros((3, 2, 3))
    P[0, :, 1] = 0.9  # state 0 may end, or fall into 1, which leads to 2, which stays
    P[1, :, 2] = P[2, :, 2] = 1
    mdp = pg.TabularMDP(P, np.zeros((3, 2)), [1, 0, 0], 1.0)
    with pytest.raises(ValueError, match="gamma is 1 but the chain never ends from state 1"):
        quantity(mdp, np.full((3, 2), 0.5))


def test_a_policy_that_never_leaves_is_told_so():
    with pytest.raises(ValueError, match="never ends from state 0"):
        pg.expected_return(pg.short_corridor(), np.tile([1.0, 0.0], (3, 1)))
    with pytest.raises(ValueError, match="never ends"):
        policy = pg.two_action_softmax(1)
        pg.exact_gradient(pg.short_corridor(), policy, np.array([-800.0]))


@given(problems())
def test_visitation_and_values_solve_their_equations_and_meet(case):
    mdp, probs = case
    step = np.einsum("sa,sat->st", probs, mdp.P)
    r = (probs * mdp.R).sum(axis=1)
    V, Q, d = pg.state_values(mdp, probs), pg.action_values(mdp, probs), pg.discounted_visitation(mdp, probs)
    np.testing.assert_allclose(V, r + mdp.gamma * step @ V, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose((probs * Q).sum(axis=1), V, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(d, mdp.rho + mdp.gamma * step.T @ d, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(pg.expected_return(mdp, probs), d @ r, rtol=1e-9, atol=1e-9)
    assert (d >= mdp.rho - 1e-12).all()


@given(problems(ends=False))
def test_visitation_of_a_chain_that_never_ends_sums_to_the_horizon(case):
    mdp, probs = case
    assert pg.discounted_visitation(mdp, probs).sum() == pytest.approx(1 / (1 - mdp.gamma), rel=1e-9)


@settings(max_examples=30)
@given(problems(ends=True))
def test_visitation_is_the_sum_over_time(case):
    mdp, probs = case
    present, total = mdp.rho.copy(), np.zeros(mdp.num_states)
    for _ in range(1200):  # 0.95^1200 < 1e-26
        total += present
        present = mdp.gamma * np.einsum("s,sa,sat->t", present, probs, mdp.P)
    np.testing.assert_allclose(pg.discounted_visitation(mdp, probs), total, rtol=1e-8, atol=1e-10)


@settings(max_examples=30)
@given(problems(), SEEDS)
def test_the_theorem_is_the_slope_of_the_return(case, seed):
    mdp, _ = case
    policy = pg.TabularSoftmax(mdp.num_states, mdp.num_actions)
    theta = np.random.default_rng(seed).normal(size=policy.num_params)
    slope = pg.complex_step(lambda theta: pg.expected_return(mdp, pg.softmax(theta.reshape(mdp.R.shape))), theta)
    np.testing.assert_allclose(pg.exact_gradient(mdp, policy, theta), slope, rtol=1e-9, atol=1e-10)


@given(problems(), numbers(5), st.floats(0.1, 10))
def test_rewards_scale_and_shift_values_as_they_should(case, shift, scale):
    mdp, probs = case
    changed = pg.TabularMDP(mdp.P, scale * mdp.R + shift, mdp.rho, mdp.gamma)
    d = pg.discounted_visitation(mdp, probs)
    expected = scale * pg.expected_return(mdp, probs) + shift * d.sum()
    np.testing.assert_allclose(pg.expected_return(changed, probs), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "policy",
    [pg.MLPSoftmax((4, 2)), pg.TabularSoftmax(3, 1), pg.TabularSoftmax(3, 3)],
    ids=["as many features as states", "one action", "three actions"],
)
def test_a_policy_for_another_finite_world_is_refused_before_anything_is_drawn(policy):
    """Four states taken for one vector of four numbers gave one row of probabilities, which served every state."""
    theta = np.zeros(policy.num_params)
    for call in (
        lambda: pg.state_probs(MDP, policy, theta),
        lambda: pg.exact_gradient(MDP, policy, theta),
        lambda: pg.sample_rollout(MDP, policy, theta, 5, 5, np.random.default_rng(0)),
        lambda: pg.sample_gradient(MDP, policy, theta, 5, 5, np.random.default_rng(0)),
    ):
        refuses(call, r"policy's probs must have shape \(4, 2\), got \(.*: a row of 2 actions for each state of mdp")
