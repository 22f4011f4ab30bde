"""Every number that chapters 0, 2 and 3 state, recomputed by search, enumeration or simulation:
never by the formula it checks."""

import itertools

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg

DOORS, DOORS_POLICY = pg.two_doors(), pg.two_action_softmax(2, 3)


def trajectories(mdp, probs, s=0, weight=1.0, before=()):
    """All trajectories of a small MDP that ends: (probability, [(state, action, reward), ...])."""
    for a in range(mdp.num_actions):
        here, path = weight * probs[s, a], (*before, (s, a, mdp.R[s, a]))
        for s2 in np.flatnonzero(mdp.P[s, a]):
            yield from trajectories(mdp, probs, s2, here * mdp.P[s, a, s2], path)
        if mdp.P[s, a].sum() < 1:
            yield here * (1 - mdp.P[s, a].sum()), path


def enumerated_return(mdp, policy, theta, gamma=None):
    gamma = mdp.gamma if gamma is None else gamma
    probs = policy.probs(theta, mdp.obs)
    return sum(w * sum(gamma**t * r for t, (_, _, r) in enumerate(path)) for w, path in trajectories(mdp, probs))


def enumerated_update(mdp, policy, theta, weight):
    """sum over trajectories and steps of weight(t) * score * (reward-to-go discounted from t)."""
    total = 0
    for w, path in trajectories(mdp, policy.probs(theta, mdp.obs)):
        for t, (s, a, _) in enumerate(path):
            to_go = sum(mdp.gamma ** (k - t) * r for k, (_, _, r) in enumerate(path) if k >= t)
            total = total + w * weight(t, s) * to_go * policy.score(theta, mdp.obs[s], a)
    return total


def climb(direction, theta, steps=600, size=100.0):
    for _ in range(steps):
        theta = np.clip(theta + size * direction(theta), -30, 30)
    return theta


# ---- chapter 0: two doors ----


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


# ---- chapter 2: the theorem ----


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


# ---- chapter 3: the log-derivative trick ----


@pytest.mark.parametrize(
    "pi, Q, wanted",
    [((0.05, 0.05, 0.9), (0, 0, 1), (0.00135, 0.1269, 0.0004)), ((0.9, 0.1), (0, 1), (0.1458, 0.1152, 0))],
)
def test_a_baseline_changes_the_variance_up_or_down(pi, Q, wanted):
    """Variance of the step (the sum over logits) for b = 0, V and the best constant, found by search."""
    pi, Q = np.array(pi), np.array(Q, float)
    policy, actions = pg.TabularSoftmax(1, len(pi)), np.arange(len(pi))
    scores = policy.score(np.log(pi), np.zeros(len(pi), int), actions)

    def variance(b):
        steps = scores * (Q - b)[:, None]
        return pi @ ((steps - pi @ steps) ** 2).sum(axis=1)

    best = optimize.minimize_scalar(variance, options=dict(xtol=1e-10)).fun
    np.testing.assert_allclose([variance(0), variance(pi @ Q), best], wanted, atol=5e-5)


def test_reward_to_go_can_be_the_noisier_one():
    """r_0 = +-1 by the environment's coin, r_1 = -r_0: total return has variance 0, reward-to-go 0.25."""
    policy, theta, cases = pg.two_action_softmax(1), np.zeros(1), []
    for a0, a1, coin in itertools.product([0, 1], [0, 1], [1.0, -1.0]):
        scores = policy.score(theta, np.zeros(2, int), np.array([a0, a1]))[:, 0]
        rewards = np.array([coin, -coin])
        cases.append([scores.sum() * rewards.sum(), scores @ pg.reward_to_go(rewards, 1.0)])
    np.testing.assert_allclose(np.var(cases, axis=0), [0, 0.25])
    np.testing.assert_allclose(np.mean(cases, axis=0), 0)


@pytest.mark.parametrize("actions, dtype, step", [(4, np.float64, 538), (2, np.float64, 1075), (2, np.float32, 150)])
def test_a_product_of_probabilities_underflows_at_step(actions, dtype, step):
    product, steps, log_prob = dtype(1), 0, 0.0
    while product > 0:
        product, steps, log_prob = product * dtype(1 / actions), steps + 1, log_prob - np.log(actions)
    assert steps == step and np.isfinite(log_prob)


def test_expected_score_is_zero_for_every_policy():
    for policy in (pg.TabularSoftmax(2, 3), pg.LinearSoftmax(np.random.default_rng(0).normal(size=(2, 3, 4)))):
        theta = np.random.default_rng(1).normal(size=policy.num_params)
        mean = sum(policy.probs(theta, 1)[a] * policy.score(theta, 1, a) for a in range(3))
        np.testing.assert_allclose(mean, 0, atol=1e-14)


def test_the_error_of_an_estimate_falls_like_one_over_the_square_root():
    """The standard deviation over 400 repeats at N = 25, 100, 400 episodes: halved each time N grows fourfold."""
    rng, theta = np.random.default_rng(5), np.array([0.4, -0.3])
    r = pg.sample_rollout(DOORS, DOORS_POLICY, theta, 160_000, 10, rng)
    samples = pg.gradient_samples(DOORS_POLICY, theta, r, pg.psi_reward_to_go(r, 0.5))
    spread = [samples.reshape(-1, n, 2).mean(1)[:400].std(0) for n in (25, 100, 400)]
    np.testing.assert_allclose(np.divide(spread[:-1], spread[1:]), 2, atol=0.3)
