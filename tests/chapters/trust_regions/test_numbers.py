"""Chapter 7's numbers, recomputed: by closed forms in fractions, enumeration, root finders,
linear solves and the complex step."""

from fractions import Fraction as F

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg
from policy_gradient.natural import fisher, kl, kl_step, natural_gradient
from policy_gradient.surrogate import clip_weights
from tests.helpers.corridor_and_doors import (
    DOORS,
    POLICY,
    ZERO,
    binary_kl,
    corridor_clipped,
    corridor_return,
    corridor_surrogate,
    doors_gain,
    doors_pieces,
    doors_return,
    doors_surrogate,
    logit,
    sigmoid,
)


def test_the_same_step_in_theta_is_33_times_apart_in_kl():
    before = np.array([0.5, 0.9, 0.99])
    after = sigmoid(logit(before) + 1)
    np.testing.assert_allclose(after, [0.731, 0.961, 0.996], atol=5e-4)
    distances = binary_kl(before, after)
    np.testing.assert_allclose(distances, [0.1201, 0.0347, 0.0037], atol=5e-5)
    assert round(distances[0] / distances[2]) in (32, 33)


def test_two_doors_gap_between_truth_and_surrogate_has_either_sign():
    signs = set()
    for p, q in np.random.default_rng(0).uniform(0.01, 0.99, (50, 2)):
        gap = doors_return(p, q) - doors_surrogate(p, q)
        assert gap == pytest.approx(-(p - 0.5) * (q - 0.5) / 8, abs=1e-12)
        signs.add(gap > 0)
    assert signs == {True, False}


def test_the_surrogate_does_not_follow_the_visits():
    """At p near 0 the slope in theta_2 of L is half of J's: D is visited twice as often, and L does not know."""
    p, q, h = 1e-9, 0.5, 1e-5
    slopes = [(f(p, q + h) - f(p, q - h)) for f in (doors_surrogate, doors_return)]
    assert slopes[0] / slopes[1] == pytest.approx(0.5, abs=1e-6)


def test_corridor_line_promise_and_truth():
    for p in (0.3, 0.5, 0.6, 0.8, 0.9):
        assert corridor_surrogate(p) == pytest.approx(-12 + 8 * (p - 0.5), abs=1e-10)
        assert corridor_return(p) == pytest.approx(-(4 - 2 * p) / (p * (1 - p)), abs=1e-9)
    assert corridor_surrogate(0.9) == pytest.approx(-8.8) and corridor_return(0.9) == pytest.approx(-24.444, abs=1e-3)
    assert optimize.brentq(lambda p: corridor_return(p) + 12, 0.55, 0.9) == pytest.approx(float(F(2, 3)), abs=1e-9)
    assert binary_kl(0.5, 2 / 3) == pytest.approx(0.0589, abs=5e-5)
    best = optimize.minimize_scalar(lambda p: -corridor_return(p), bounds=(0.5, 0.7), method="bounded").x
    assert best == pytest.approx(0.586, abs=5e-4) and best == pytest.approx(2 - np.sqrt(2), abs=1e-5)


def test_corridor_tent():
    for eps in (0.2, 0.4):
        top = (1 + eps) / 2
        for p, slope in ((0.45, 8), (top - 0.02, 8), (top + 0.02, -24)):
            measured = (corridor_clipped(p + 1e-6, eps) - corridor_clipped(p - 1e-6, eps)) / 2e-6
            assert measured == pytest.approx(slope, abs=1e-5), (eps, p)
    assert corridor_return(0.6) == pytest.approx(-11.67, abs=5e-3)
    assert corridor_clipped(0.7, 0.4) == pytest.approx(-10.4) and corridor_return(0.7) == pytest.approx(
        -12.38, abs=5e-3
    )
    edge = optimize.brentq(lambda eps: corridor_return((1 + eps) / 2) + 12, 0.2, 0.5)
    assert edge == pytest.approx(float(F(1, 3)), abs=1e-9)


def test_the_clipped_objective_is_a_lower_bound_of_the_surrogate_and_of_nothing_else():
    for p in np.linspace(0.05, 0.95, 19):
        assert corridor_clipped(p, 0.4) <= corridor_surrogate(p) + 1e-12
    assert corridor_clipped(0.7, 0.4) > corridor_return(0.7)


def test_with_a_table_and_exact_advantages_no_leash_is_needed():
    """The unlimited maximum of L is one step of policy iteration: no state gets worse, in 200 random worlds."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        P, R = rng.dirichlet(np.ones(4), (4, 3)), rng.normal(size=(4, 3))
        world = pg.TabularMDP(P, R, np.full(4, 0.25), 0.9)
        probs = rng.dirichlet(np.ones(3), 4)
        greedy = np.eye(3)[pg.action_values(world, probs).argmax(axis=1)]
        assert (pg.state_values(world, greedy) >= pg.state_values(world, probs) - 1e-9).all()


def test_the_constant_of_the_bound_in_two_doors():
    _, advantages, _ = doors_pieces()
    assert 4 * 0.5 * abs(advantages).max() / 0.5**2 == pytest.approx(5.5)


def test_fisher_of_two_doors_and_the_natural_direction():
    probs, _, d = doors_pieces()
    metric = fisher(POLICY, ZERO, DOORS.obs, d)
    np.testing.assert_allclose(metric, np.diag([3 / 8, 1 / 32]), atol=1e-15)
    plain = pg.exact_gradient(DOORS, POLICY, ZERO)
    np.testing.assert_allclose(plain, [-5 / 64, 1 / 64])
    np.testing.assert_allclose(np.linalg.solve(metric, plain), [-5 / 24, 1 / 2])
    np.testing.assert_allclose(natural_gradient(POLICY, ZERO, DOORS.obs, plain, d), [-5 / 24, 1 / 2], atol=1e-12)


def doors_kl(theta):
    """The mean over the discounted visits, all four states."""
    _, _, d = doors_pieces()
    return kl(POLICY, ZERO, np.asarray(theta, float), DOORS.obs, d / d.sum())


def test_each_direction_is_best_in_its_own_ball():
    plain, natural = np.array([-5 / 64, 1 / 64]), np.array([-5 / 24, 1 / 2])
    gains = []
    for direction in (plain, natural):
        size = optimize.brentq(lambda a: doors_kl(a * direction) - 0.01, 0, 20)
        gains.append(doors_gain(size * direction))
    np.testing.assert_allclose(gains, [0.0248, 0.0299], atol=5e-5)
    assert [round(float(doors_gain(g / np.linalg.norm(g))), 4) for g in (plain, natural)] == [0.0754, 0.0457]
    best = max(
        doors_gain(optimize.brentq(lambda a: doors_kl(a * u) - 0.01, 0, 50) * u)
        for u in np.stack([np.cos(np.linspace(1.6, 3.1, 400)), np.sin(np.linspace(1.6, 3.1, 400))], axis=1)
    )
    assert 0.0298 < best < 0.0300


def test_steps_to_the_top_453_and_18():
    def climb(step):
        theta, count = np.zeros(2), 0
        while doors_return(*sigmoid(theta)) < 0.12:
            theta, count = theta + step(theta), count + 1
        return count

    def natural(theta):
        d = pg.discounted_visitation(DOORS, pg.state_probs(DOORS, POLICY, theta))
        return np.linalg.solve(fisher(POLICY, theta, DOORS.obs, d), pg.exact_gradient(DOORS, POLICY, theta))

    plain = lambda theta: pg.exact_gradient(DOORS, POLICY, theta)  # noqa: E731
    assert climb(plain) == 453 and climb(natural) == 18

    def at(distance, direction):  # the KL of each step is `distance`: what is left is the direction
        def step(theta):
            visits = pg.discounted_visitation(DOORS, pg.state_probs(DOORS, POLICY, theta))
            u, weights = direction(theta), visits / visits.sum()
            far = lambda a: kl(POLICY, theta, theta + a * u, DOORS.obs, weights) - distance  # noqa: E731
            high = 1.0
            while far(high) < 0:
                high *= 2
            return optimize.brentq(far, 0, high) * u

        return step

    assert (climb(at(0.01, plain)), climb(at(0.01, natural))) == (11, 10)


def test_scaled_steps_with_damping_are_shorter_than_asked():
    """One choice with J = p, from .001 to one half: steps of eta = 1, scaled to a quadratic KL of .01,
    and searched as well."""
    far = lambda p, q: p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))  # noqa: E731

    def steps(damping, scaled, searched):
        z, count = logit(0.001), 0
        while sigmoid(z) < 0.5:
            p = sigmoid(z)
            step = p * (1 - p) / (p * (1 - p) + damping)
            step *= np.sqrt(0.02 / (p * (1 - p) * step)) if scaled else 1
            while searched and far(p, sigmoid(z + step)) > 0.01:
                step /= 2
            z, count = z + step, count + 1
        return count

    assert [steps(c, False, False) for c in (0, 0.1)] == [7, 111]
    assert [steps(c, True, False) for c in (0, 0.1)] == [8, 20] and [steps(c, True, True) for c in (0, 0.1)] == [20, 20]
    p = 0.001
    step = p * (1 - p) / (p * (1 - p) + 0.1)
    step *= np.sqrt(0.02 / (p * (1 - p) * step))
    assert far(p, sigmoid(logit(p) + step)) == pytest.approx(1.15e-4, rel=0.02)  # a hundredth of .01


def test_stretching_theta_turns_the_plain_direction_and_leaves_the_natural_one():
    plain, metric, M = np.array([-5 / 64, 1 / 64]), np.diag([3 / 8, 1 / 32]), np.diag([2.0, 1.0])  # theta = M phi
    np.testing.assert_allclose(M @ (M.T @ plain), [-5 / 16, 1 / 64])
    np.testing.assert_allclose(M @ np.linalg.solve(M.T @ metric @ M, M.T @ plain), [-5 / 24, 1 / 2])


def test_invariance_holds_only_for_small_steps_in_other_coordinates():
    p = 0.9  # J = p (a gap of 1); F(p) = 1 / (p (1 - p))
    in_logits = sigmoid(logit(p) + 1)  # F = p(1-p), g = p(1-p)
    in_probability = p + p * (1 - p)  # F^-1 g = p (1 - p)
    angle = np.arcsin(np.sqrt(p))  # p = sin^2: F = 4, g = sin(2 angle)
    in_angle = np.sin(angle + np.sin(2 * angle) / 4) ** 2
    np.testing.assert_allclose([in_logits, in_probability, in_angle], [0.961, 0.99, 0.971], atol=5e-4)


def test_in_a_table_the_natural_step_multiplies_by_exp_of_the_advantage_and_solves_the_penalised_problem():
    rng = np.random.default_rng(2)
    policy, theta, advantages, eta = pg.TabularSoftmax(1, 4), rng.normal(size=4), rng.normal(size=4), 0.7
    probs = policy.probs(theta, np.array([0]))[0]
    gradient = policy.weighted_score(theta, np.zeros(4, int), np.arange(4), probs * advantages)
    step = eta * np.linalg.pinv(fisher(policy, theta, np.array([0]))) @ gradient
    new = policy.probs(theta + step, np.array([0]))[0]
    mirror = probs * np.exp(eta * advantages)
    np.testing.assert_allclose(new, mirror / mirror.sum(), atol=1e-10)

    def penalised(z):
        other = pg.softmax(z)
        return -(eta * other @ advantages - other @ np.log(other / probs))

    np.testing.assert_allclose(pg.softmax(optimize.minimize(penalised, np.zeros(4), tol=1e-12).x), new, atol=1e-5)


def test_asked_for_a_kl_of_one_hundredth_and_what_is_got():
    """Down from p: the quadratic model, KL = F x^2 / 2, against the KL itself."""
    got = []
    for p in (0.9, 0.99, 0.999):
        step = kl_step(np.array([-1.0]), np.array([-p * (1 - p)]), 0.01)  # F = p(1-p), so natural = g / F
        got.append(binary_kl(p, sigmoid(logit(p) + step[0])))
    np.testing.assert_allclose(got, [0.0113, 0.0167, 0.0787], atol=5e-5)


def plateau(move):
    """Steps from p = .001 to one half, where J = p."""
    theta, count = logit(0.001), 0
    while sigmoid(theta) < 0.5:
        theta, count = theta + move(sigmoid(theta)), count + 1
    return count


def balls(damping):
    """Steps of KL .01 from .001 to one half, scaled by the damped quadratic model."""

    def move(p):
        g, metric = p * (1 - p), p * (1 - p)
        x = g / (metric + damping)
        return float(kl_step(np.array([x]), np.array([g]), 0.01)[0])

    return move


def test_damping_undoes_the_cure_on_a_plateau():
    slope = lambda p: p * (1 - p)  # noqa: E731
    counts = [plateau(slope), plateau(lambda p: 1.0), plateau(lambda p: slope(p) / (slope(p) + 0.1))]
    assert counts == [1016, 7, 111]
    assert [plateau(balls(0.0)), plateau(balls(0.1))] == [8, 20]


def test_coasting_the_gradient_is_zero_and_the_ratio_grows():
    def run(beta1, steps=30):
        theta, adam, trace, slopes = np.zeros(1), pg.Adam(0.1, beta1=beta1), [], []
        for _ in range(steps):
            p = sigmoid(theta[0])
            ratio = np.array([p, 1 - p]) / 0.5
            weights = clip_weights(ratio, np.array([1.0, -1.0]), 0.8, 1.2)
            slope = 0.5 * (weights[0] * (1 - p) - weights[1] * p)
            theta = adam.step(theta, np.array([slope]))
            trace.append(2 * sigmoid(theta[0]))
            slopes.append(slope)
        return np.array(trace), np.array(slopes)

    trace, slopes = run(0.9)
    np.testing.assert_allclose(trace[[3, 4]], [1.197, 1.245], atol=2e-3)
    assert (slopes[5:] == 0).all() and trace[-1] == pytest.approx(1.56, abs=5e-3)
    assert run(0.0)[0][-1] == pytest.approx(1.243, abs=5e-3)


def test_ball_and_band_allow_different_things():
    assert binary_kl(0.001, 0.01) == pytest.approx(0.0067, abs=5e-5)  # a tenfold ratio
    assert binary_kl(0.01, 1e-6) == pytest.approx(0.082, abs=5e-4)  # one sample in a hundred outside the band


def test_importance_weights_of_whole_episodes():
    second = 0.5 * ((0.6 / 0.5) ** 2 + (0.4 / 0.5) ** 2)
    assert second == pytest.approx(1.04)
    np.testing.assert_allclose(second ** np.array([50, 100]), [7.1, 50.5], atol=0.05)
    assert 0.5 * (0.6 / 0.5 + 0.4 / 0.5) == pytest.approx(1)  # a mean ratio of 1 is no gauge


def test_outside_the_band_only_the_losers_vote_in_two_doors():
    probs, advantages, d = doors_pieces()

    def slope(p):
        ratio = np.array([1 - p, p]) / 0.5
        weights = clip_weights(np.tile(ratio, (2, 1)), advantages[:2], 0.8, 1.2)
        signs = np.array([-1 / (1 - p), 1 / p])  # derivative of log pi by p
        return float((d[:2, None] * 0.5 * weights * signs).sum())

    assert slope(0.5) == pytest.approx(-5 / 16)
    assert slope(0.45) == pytest.approx(-5 / 16)
    assert slope(0.3) == pytest.approx(11 / 16)


def test_a_minibatch_of_two_turns_the_direction_in_two_doors():
    """All pairs of steps under the uniform policy, by enumeration; a large minibatch only rescales."""
    probs, A, _ = doors_pieces()
    share = {0: 1 / 3, 1: 1 / 3, 2: 1 / 6, 3: 1 / 6}
    steps = [
        (share[s] / 2, 0.0 if s == 2 else A[s, a], np.array([(a - 0.5) * (s < 2), (a - 0.5) * (s == 3)]))
        for s in range(4)
        for a in range(2)
    ]
    plain = sum(w * adv * score for w, adv, score in steps)
    np.testing.assert_allclose(plain, [1 / 32, 1 / 48])
    spread = np.sqrt(sum(w * adv**2 for w, adv, _ in steps))
    assert 1 / spread == pytest.approx(2.0, abs=0.01)
    pairs = sum(w * v * np.sign(adv - other) * score for w, adv, score in steps for v, other, _ in steps)
    np.testing.assert_allclose(pairs / plain, [16 / 9, 1], atol=1e-12)
