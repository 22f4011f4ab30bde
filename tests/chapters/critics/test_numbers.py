"""Every exact number of chapter 6, by fractions, enumeration and linear solves."""

import itertools
import json
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import optimize, stats

import policy_gradient as pg
from policy_gradient import critic as critics
from policy_gradient.exact import gae_weigh, moments
from policy_gradient.worlds import coin_chain, live_or_die
from tests.helpers.corridor_and_doors import DOORS, POLICY, ZERO
from tools.paths import ROOT
from tools.site import values

HALF = np.full((4, 2), 0.5)

# ---- two doors in fractions, without the package ----
# state, action -> reward, next (None: the end); which parameter looks at a state; V by hand, from the back.
WORLD = {
    ("A", 0): (F(0), "B"),
    ("A", 1): (F(-1), "B"),
    ("B", 0): (F(0), "D"),
    ("B", 1): (F(3), "C"),
    ("C", 0): (F(-3), None),
    ("C", 1): (F(-3), None),
    ("D", 0): (F(0), None),
    ("D", 1): (F(1, 2), None),
}
COMPONENT = {"A": 0, "B": 0, "C": None, "D": 1}
V = {"D": F(1, 4), "C": F(-3)}
V["B"] = (F(0) + V["D"] / 2 + 3 + V["C"] / 2) / 2
V["A"] = (V["B"] / 2 + (-1 + V["B"] / 2)) / 2
TRUTH = (F(-5, 64), F(1, 64))


def episodes(state="A", weight=F(1), before=()):
    for a in (0, 1):
        reward, after = WORLD[state, a]
        path = (*before, (state, a, reward))
        if after is None:
            yield weight / 2, path
        else:
            yield from episodes(after, weight / 2, path)


def in_fractions(critic, lam):
    """(mean, variance) of one episode's estimate with gamma = 1/2,
    each advantage as its sum of TD errors written out."""
    mean, square = [F(0)] * 2, [F(0)] * 2
    for weight, path in episodes():
        values = [critic[s] for s, _, _ in path] + [F(0)]
        deltas = [r + values[t + 1] / 2 - values[t] for t, (_, _, r) in enumerate(path)]
        estimate = [F(0)] * 2
        for t, (s, a, _) in enumerate(path):
            if COMPONENT[s] is not None:
                advantage = sum((F(1, 2) * lam) ** (k - t) * deltas[k] for k in range(t, len(path)))
                estimate[COMPONENT[s]] += F(1, 2) ** t * (a - F(1, 2)) * advantage
        mean = [m + weight * x for m, x in zip(mean, estimate)]
        square = [m + weight * x * x for m, x in zip(square, estimate)]
    return tuple(mean), sum(s - m * m for s, m in zip(square, mean))


def times(c):
    return {s: F(c) * v for s, v in V.items()}


def test_the_values_by_hand_are_those_of_the_linear_solve():
    assert [float(V[s]) for s in "ABCD"] == pg.state_values(DOORS, HALF).tolist()
    assert tuple(map(float, TRUTH)) == tuple(pg.exact_gradient(DOORS, POLICY, ZERO))


@pytest.mark.parametrize("c, lam", list(itertools.product([0, F(1, 2), 1], [F(0), F(1, 2), F(3, 4), F(1)])))
def test_moments_are_those_of_the_fractions(c, lam):
    mean, variance = in_fractions(times(c), lam)
    got_mean, got_variance = moments(
        DOORS, POLICY, ZERO, gae_weigh(DOORS, np.array([float(times(c)[s]) for s in "ABCD"]), float(lam))
    )
    np.testing.assert_allclose(got_mean, [float(m) for m in mean], atol=1e-15)
    assert np.isclose(got_variance, float(variance), rtol=1e-13)


def test_the_true_value_makes_the_td_error_the_advantage_126_times_quieter_than_the_return():
    assert in_fractions(V, F(0)) == (TRUTH, F(1, 4096))
    assert in_fractions(V, F(1)) == (TRUTH, F(63, 2048))
    assert F(63, 2048) / F(1, 4096) == 126
    assert all(in_fractions(V, lam)[0] == TRUTH for lam in (F(0), F(1, 3), F(7, 10), F(1)))


def test_a_critic_that_knows_nothing_climbs_the_immediate_rewards():
    for lam in (F(0), F(1, 4), F(1, 2), F(1)):
        assert in_fractions(times(0), lam)[0] == (F(1, 8) - F(13, 64) * lam, F(1, 64))
    assert in_fractions(times(0), F(8, 13))[0][0] == 0
    assert in_fractions(times(0), F(0))[1] == F(835, 4096) and in_fractions(times(0), F(1))[1] == F(153, 2048)
    values.holds(
        critic_zero_noise=float(in_fractions(times(0), F(0))[1]),
        critic_zero_noise_1=float(in_fractions(times(0), F(1))[1]),
    )
    variances = [in_fractions(times(0), F(k, 20))[1] for k in range(21)]
    assert variances == sorted(variances, reverse=True)  # the more of the dial, the quieter: to the end


def test_a_critic_that_has_not_seen_the_bill():
    no_bill = V | {"C": F(0)}
    assert in_fractions(no_bill, F(0))[0] == (F(7, 64), F(1, 64))
    assert in_fractions(no_bill, F(1))[0] == TRUTH


def test_with_lambda_1_every_critic_is_exact():
    rng = np.random.default_rng(0)
    for _ in range(5):
        wild = {s: F(int(rng.integers(-50, 50)), 7) for s in "ABCD"}
        assert in_fractions(wild, F(1))[0] == TRUTH


def test_the_half_learned_critic():
    mean, _ = in_fractions(times(F(1, 2)), F(0))
    assert sum((m - g) ** 2 for m, g in zip(mean, TRUTH)) == F(169, 16384)
    assert [in_fractions(times(F(1, 2)), lam)[1] * 16384 for lam in (F(0), F(1, 2), F(1))] == [838, F("599.375"), 684]
    assert in_fractions(times(F(1, 2)), F(3, 13))[0][0] == 0


def error(critic, lam, N):
    mean, variance = moments(DOORS, POLICY, ZERO, gae_weigh(DOORS, critic, lam))
    return ((mean - pg.exact_gradient(DOORS, POLICY, ZERO)) ** 2).sum() + variance / N


def test_the_best_lambda_moves_with_the_batch():
    half = pg.state_values(DOORS, HALF) / 2
    values.holds(critic_best_doors=[least(lambda lam, N=N: error(half, lam, N)) for N in (1, 2, 4, 8, 16, 64)])


def least(error):
    """Where a function of lambda is least, at a boundary too."""
    found = optimize.minimize_scalar(error, bounds=(0, 1), method="bounded", options=dict(xatol=1e-7)).x
    return min((0.0, found, 1.0), key=error)


# ---- the chain of coins ----


def known(mdp, c):
    """A critic that knows the share c of what the choice earns, and no coin."""
    return c * np.where(mdp.obs == 0, 0.5, (mdp.obs - 1) % 2)


def chain_error(lam, N, length=2):
    mdp = coin_chain(length)
    mean, variance = moments(
        mdp, pg.two_action_softmax(1, 1 + 2 * length), np.zeros(1), gae_weigh(mdp, known(mdp, 0.5), lam)
    )
    return (mean[0] - 0.25) ** 2, variance, (mean[0] - 0.25) ** 2 + variance / N


def test_the_chain_of_coins_is_quiet_and_wrong_at_0_and_right_and_loud_at_1():
    assert pg.exact_gradient(coin_chain(2), pg.two_action_softmax(1, 5), np.zeros(1)) == pytest.approx([0.25])
    assert chain_error(0, 1)[:2] == (1 / 64, 0) and chain_error(1, 1)[:2] == pytest.approx((0, 33 / 64), abs=1e-15)
    # the variance at 1 by its parts: half the size of a sum of choice less 1/4, two coins
    rewards = [(a - 0.5) * (x + y + a - 0.25) for a, x, y in itertools.product((0, 1), (-1, 1), (-1, 1))]
    assert np.var(rewards) == 33 / 64


def test_in_the_chain_small_lambda_pays_until_the_batch_is_large():
    values.holds(critic_best_coins=[least(lambda lam, N=N: chain_error(lam, N)[2]) for N in (4, 16, 64, 256)])


def test_the_best_lambda_of_the_chain_at_64_is_0_831():
    assert round(least(lambda lam: chain_error(lam, 64)[2]), 3) == 0.831


def test_bias_may_be_largest_in_the_middle():
    """A deterministic reward of 1 two steps ahead, told rightly one step ahead and as 2 two steps ahead."""
    values, rewards = [F(0), F(1), F(2)], [F(0), F(0), F(1)]
    for lam in (F(0), F(1, 4), F(1, 2), F(3, 4), F(1)):
        deltas = [r + after - now for r, now, after in zip(rewards, values, [*values[1:], F(0)])]
        assert sum(lam**k * d for k, d in enumerate(deltas)) - 1 == lam * (1 - lam)


# ---- how the critic learns ----


def test_monte_carlo_and_td_come_to_rest_apart_where_two_states_look_alike():
    looks = np.eye(3)[DOORS.obs]  # A and B share a weight
    w = critics.td_fixed_point(DOORS, HALF, looks)
    assert w[0] == pytest.approx(5 / 24) and (V["A"] + V["B"]) / 2 == F(23, 64)
    v = F(5, 24)  # one expected step from there leads nowhere
    assert ((F(-1, 2) + v / 2 - v) + (F(3, 2) + (V["C"] + V["D"]) / 4 - v)) == 0
    errors = [float(((x - V["A"]) ** 2 + (x - V["B"]) ** 2) / 2) for x in (F(23, 64), F(5, 24))]
    values.holds(critic_mc=errors[0], critic_td=errors[1])


def test_the_derivative_through_the_target_settles_elsewhere():
    """A goes to B or C by a coin, B pays 1, C pays 0: least squares of all TD errors, and their fixed point."""
    X = np.array([[1, -1, 0], [1, 0, -1], [0, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(np.linalg.lstsq(X, [0, 0, 1, 0], rcond=None)[0], [0.5, 0.75, 0.25], atol=1e-12)
    split = pg.TabularMDP([[[0, 0.5, 0.5]], [[0, 0, 0]], [[0, 0, 0]]], [[0], [1], [0]], [1, 0, 0], 1.0)
    np.testing.assert_allclose(critics.td_fixed_point(split, np.ones((3, 1)), np.eye(3)), [0.5, 1, 0], atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 4, 8])
def test_fitted_first_and_used_after_a_share_of_the_gradient_is_gone(n):
    total = F(0)
    for rewards in itertools.product((0, 1), repeat=n):  # a fair coin, action 1 earns 1
        total += sum((r - F(sum(rewards), n)) * (r - F(1, 2)) for r in rewards) / n / 2**n
    assert total == F(n - 1, n) * F(1, 4)


def test_live_or_die_either_flag_wrong_teaches_to_quit():
    mdp, policy = live_or_die(), pg.two_action_softmax(1)
    assert pg.state_values(mdp, [[0.5, 0.5]]) == pytest.approx([1.5])
    assert pg.exact_gradient(mdp, policy, np.zeros(1)) == pytest.approx([1 / 6])
    assert pg.discounted_visitation(mdp, [[0.5, 0.5]]) == pytest.approx([4 / 3])

    def slope(bootstrap_quit, bootstrap_work):  # of one visit, through the package's own GAE
        one = np.ones((1, 2), bool)
        data = pg.Rollout(
            np.zeros((1, 2)),
            np.array([[1, 0]]),
            np.array([[1.0, 1.25]]),
            one,
            np.array([[not bootstrap_work, not bootstrap_quit]]),
            np.array([[bootstrap_work, bootstrap_quit]]),
            np.zeros(2),
        )
        work, leave = critics.td_errors(data, np.full((1, 2), 1.5), np.full(2, 1.5), 0.5)[0]
        return 0.25 * (work - leave)

    assert slope(False, True) == 1 / 8 and slope(True, True) == slope(False, False) == -1 / 16
    assert 4 / 3 * slope(False, True) == pytest.approx(1 / 6)


def test_the_value_of_the_reset_observation_teaches_to_quit_where_a_new_life_costs():
    V = F(3, 2)
    begin = -1 + F(1, 2) * V
    work, leave = 1 + F(1, 2) * begin, F(5, 4)
    assert (begin, work, F(1, 4) * (work - leave)) == (F(-1, 4), F(7, 8), F(-3, 32))


def test_the_value_of_the_same_observation_counts_the_reward_again():
    reward, gamma, value_here, value_after = 1, 0.5, 1, 0  # reward 1, nothing to come
    assert [reward + gamma * value_after, reward + gamma * value_here] == [1, 1.5]


# ---- wrong in the right way ----


def test_a_compatible_critic_is_wrong_and_its_gradient_exact():
    d, A = {"A": F(1), "B": F(1, 2), "C": F(1, 8), "D": F(1, 8)}, {}
    assert list(map(float, d.values())) == pg.discounted_visitation(DOORS, HALF).tolist()
    for (s, a), (r, after) in WORLD.items():
        A[s, a] = r + (V[after] / 2 if after else 0) - V[s]

    def gradient(Q):
        return tuple(sum(d[s] / 2 * (a - F(1, 2)) * Q[s, a] for s, a in WORLD if COMPONENT[s] == k) for k in (0, 1))

    def distance(Q):
        return sum(d[s] / 2 * (Q[s, a] - A[s, a]) ** 2 for s, a in WORLD)

    assert gradient(A) == TRUTH
    w = F(-5, 24), F(1, 2)  # the Fisher matrix is diag(3/8, 1/32)
    assert tuple(x * f for x, f in zip(w, (F(3, 8), F(1, 32)))) == TRUTH
    fit = {(s, a): F(0) if COMPONENT[s] is None else w[COMPONENT[s]] * (a - F(1, 2)) for s, a in WORLD}
    assert (fit["B", 1], A["B", 1]) == (F(-5, 48), F(11, 16))
    assert gradient(fit) == TRUTH and distance(fit) == F(361, 768)
    values.holds(critic_error=361 / 768)
    lie = A | {("B", 1): A["B", 1] + 1}
    assert distance(lie) == F(1, 4) and gradient(lie)[0] == F(3, 64)
    least = A | {("B", 1): A["B", 1] + F(5, 8)}
    assert gradient(least)[0] == 0


def test_the_smallest_error_that_loses_the_sign_is_25_1536_and_in_one_cell_25_512_or_25_256():
    """Spread over the four cells of A and B the sign is lost soonest;
    in (B, take) alone it takes six times the error."""
    d, probs = pg.discounted_visitation(DOORS, HALF), 0.5
    weight = d[:2, None] * probs * np.ones((2, 2))
    slope = weight * np.array([-0.5, 0.5])
    one_cell = {cell: (5 / 64 / slope[cell]) ** 2 * weight[cell] for cell in np.ndindex(2, 2)}
    assert one_cell[1, 1] == pytest.approx(25 / 256) and one_cell[0, 1] == pytest.approx(25 / 512)
    everywhere = (5 / 64) ** 2 / (slope**2 / weight).sum()
    found = optimize.minimize(
        lambda x: (weight.ravel() * x**2).sum(),
        np.zeros(4),
        tol=1e-12,
        constraints=dict(type="eq", fun=lambda x: slope.ravel() @ x - 5 / 64),
    )
    assert everywhere == pytest.approx(found.fun, rel=1e-5) == pytest.approx(25 / 1536)
    values.holds(critic_lie=everywhere)


# ---- entropy and the clipped value loss ----


def test_entropy_in_the_reward_reaches_earlier_states():
    """L leads to a free choice of two, R ends. In the reward, by values from the back;
    as a loss, each state for itself."""

    def J(p):
        return stats.entropy([p, 1 - p]) + p * np.log(2)

    assert optimize.minimize_scalar(
        lambda p: -J(p), bounds=(0.01, 0.99), method="bounded", options=dict(xatol=1e-10)
    ).x == pytest.approx(2 / 3, abs=1e-7)
    alone = optimize.minimize_scalar(lambda p: -stats.entropy([p, 1 - p]), bounds=(0.01, 0.99), method="bounded").x
    assert alone == pytest.approx(1 / 2, abs=1e-5)


def test_what_an_entropy_bonus_costs_and_what_it_cannot_do():
    for tau, want in ((1, 0.731), (0.1, 0.99995)):
        best = optimize.minimize_scalar(
            lambda x, tau=tau: (
                -(1 / (1 + np.exp(-x)) + tau * stats.entropy([1 / (1 + np.exp(-x)), 1 / (1 + np.exp(x))]))
            ),
            bounds=(-30, 30),
            method="bounded",
            options=dict(xatol=1e-9),
        ).x
        assert round(1 / (1 + np.exp(-best)), 3 if tau == 1 else 5) == want
        if tau == 1:
            values.holds(critic_gap=1 / (1 + np.exp(-best)))

    def at(x):
        return 1 / (1 + np.exp(-x))

    logit = np.log(0.001 / 0.999)
    pull = pg.finite_difference(lambda x: 0.01 * stats.entropy([at(x[0]), 1 - at(x[0])]), np.array([logit]))[0]
    reward = pg.finite_difference(lambda x: at(x[0]), np.array([logit]))[0]
    values.holds(critic_pull=pull, critic_reward=reward)


def test_the_clipped_value_loss_is_frozen_on_both_sides_of_its_target():
    def loss(v, old=0.0, target=1.0, clip=0.2):
        return max((v - target) ** 2, (np.clip(v, old - clip, old + clip) - target) ** 2)

    for v in (0.5, 1.5):
        assert pg.finite_difference(lambda x: loss(x[0]), np.array([v]))[0] == 0
    assert pg.finite_difference(lambda x: loss(x[0]), np.array([0.1]))[0] == pytest.approx(-1.8)


# ---- the study ----

STUDY = json.loads((ROOT / "studies/critic_lambda.json").read_text("utf8"))


def steps_of(lam):
    return np.array([np.inf if run["steps"] is None else run["steps"] for run in STUDY["arms"][lam]])


def test_the_study_is_complete_and_the_page_reads_it_right():
    from studies import critic_lambda as study

    assert (
        STUDY["seeds"] == list(study.SEEDS)
        and len(STUDY["seeds"]) == 20
        and STUDY["cap"] == study.CAP
        and STUDY["recipe"] == study.RECIPE
    )
    assert list(STUDY["arms"]) == [str(lam) for lam in study.LAMBDAS]
    assert all([run["seed"] for run in runs] == STUDY["seeds"] for runs in STUDY["arms"].values())
    reached = {lam: int(np.isfinite(steps_of(lam)).sum()) for lam in STUDY["arms"]}
    assert reached["0.95"] == reached["1.0"] == 20
    explained = {lam: np.mean([run["explained"] for run in runs]) for lam, runs in STUDY["arms"].items()}
    more = steps_of("0.95") - steps_of("1.0")
    interval = stats.ttest_1samp(more, 0).confidence_interval(0.95)
    values.holds(
        lam_reached_0=reached["0.0"],
        lam_reached_9=reached["0.9"],
        lam_steps_9=float(np.median(steps_of("0.9"))),
        lam_steps_95=float(np.median(steps_of("0.95"))),
        lam_steps_1=float(np.median(steps_of("1.0"))),
        lam_explained_0=explained["0.0"],
        lam_explained_9=explained["0.9"],
        lam_explained_95=explained["0.95"],
        lam_explained_1=explained["1.0"],
        lam_more=more.mean(),
        lam_more_low=interval.low,
        lam_more_high=interval.high,
    )
    assert max(explained, key=explained.get) == "0.9"
    blind = next(run for run in STUDY["arms"]["0.0"] if run["seed"] == 301)
    values.holds(lam_blind=blind["explained"], lam_blind_return=blind["best"])
