"""What the sentences of chapter 3's second page, on baselines and noise, claim: by enumeration, and for each condition
the counterexample to what was once written there."""

import itertools
import math
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg
from learning_to_act.explorables import race
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, SHEET, cells, difference, doors, sigmoid
from tools.paths import ROOT

NOISE = PageAndLab.text("03-baselines-and-noise")
PRACTICE = PageAndLab.text("03-in-practice")


def test_the_rate_needs_a_finite_variance():
    rng, errors = np.random.default_rng(0), []
    for N, repeats in ((100, 40_000), (10_000, 4_000)):
        errors.append(np.median([abs(rng.standard_t(1.5, N).mean()) for _ in range(repeats)]))
    assert 4 < errors[0] / errors[1] < 5 and "between 4 and 5, not by 10" in NOISE
    normal = [np.median([abs(rng.standard_normal(N).mean()) for _ in range(4_000)]) for N in (100, 10_000)]
    assert 9 < normal[0] / normal[1] < 11
    for text in (NOISE, ANSWERS["high-variance"], (ROOT / "book/practice/rubric.yml").read_text("utf8")):
        assert "finite" in text.split("sqrt N$")[0][-200:] + text.split("sqrt N$")[1][:200]


@pytest.mark.parametrize("N, first, second", [(2, 0.5, 0.25), (4, 0.75, 0.53125), (8, 0.875, 0.751)])
def test_a_running_mean_has_another_factor_at_each_step(N, first, second):
    """Stop (pays 1) or go on, then be paid for the second action: all 3^N batches, by probability."""
    kinds = [((0, None), 0.5, 1.0), ((1, 0), 0.25, 0.0), ((1, 1), 0.25, 1.0)]  # actions, probability, return
    total = np.zeros(2)
    for batch in itertools.product(kinds, repeat=N):
        weight = np.prod([p for _, p, _ in batch])
        G = np.array([g for *_, g in batch])
        total[0] += weight * np.mean((G - G.mean()) * [a[0] - 0.5 for a, *_ in batch])
        running = [(a[1], g) for a, _, g in batch if a[0]]
        if running:
            later = np.mean([g for _, g in running])
            total[1] += weight * sum((g - later) * (a - 0.5) for a, g in running) / N
    J = lambda z: (1 - sigmoid(z[0])) + sigmoid(z[0]) * sigmoid(z[1])  # noqa: E731
    exact = optimize.approx_fprime([0.0, 0.0], J, 1e-7)
    np.testing.assert_allclose(total / exact, [first, second], atol=5e-4)
    if N != 4:
        assert f"${first:g}$".replace("0.", ".") in NOISE and f"${second:g}$".replace("0.", ".") in NOISE


def test_an_estimated_Q_biases_by_what_differs_between_actions():
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    pi = pg.state_probs(world, policy, theta)
    d, Q = pg.discounted_visitation(world, pi), pg.action_values(world, pi)
    scores = np.stack([policy.score(theta, world.obs, np.full(4, a)) for a in (0, 1)], axis=1)
    with_Q = lambda table: np.einsum("s,sa,sad,sa->d", d, pi, scores, table)  # noqa: E731
    exact = optimize.approx_fprime(theta, lambda t: pg.expected_return(world, pg.state_probs(world, policy, t)), 1e-7)
    np.testing.assert_allclose(with_Q(Q), exact, atol=1e-6)
    np.testing.assert_allclose(
        with_Q(Q + np.array([[3], [-7], [2], [9.0]])), exact, atol=1e-6
    )  # the same for all actions
    np.testing.assert_allclose(with_Q(world.R), [0.125, 0.015625], atol=1e-12)
    np.testing.assert_allclose(with_Q(world.R) - exact, with_Q(world.R - Q), atol=1e-6)
    assert "$(+.125,\\,.016)$" in NOISE


def test_the_total_return_can_win_the_race_without_a_loan():
    from learning_to_act.explorables.race import race_table

    rows = race_table(2)["rows"]
    assert rows["total"][0] < rows["togo"][0]
    assert 's.loan ? "in the total the loan cancels' in (ROOT / "learning_to_act/explorables/race.js").read_text("utf8")


def shared_coin(stop, N):
    """(expected estimate, slope): stop at once, or go on and get 1 for action 1, both with one logit at 0; the mean of
    those still running is taken off at each step."""
    kinds = [((0, None), 0.5, stop), ((1, 0), 0.25, 0.0), ((1, 1), 0.25, 1.0)]  # actions, probability, return
    total = 0.0
    for batch in itertools.product(kinds, repeat=N):
        returns, second = np.array([G for *_, G in batch]), [(a[1], G) for a, _, G in batch if a[0]]
        g = (returns - returns.mean()) @ [a[0] - 0.5 for a, *_ in batch]
        if second:
            g += sum((G - np.mean([G for _, G in second])) * (a - 0.5) for a, G in second)
        total += np.prod([p for _, p, _ in batch]) * g / N
    return total, difference(lambda z: (1 - sigmoid(z)) * stop + sigmoid(z) ** 2, 0.0)


def test_a_mean_at_each_step_can_reverse_the_slope_of_a_shared_logit_and_turns_nothing_where_lengths_are_equal():
    estimate, slope = shared_coin(0.9, 2)
    assert estimate == pytest.approx(-0.01875) and slope == pytest.approx(0.025)
    estimate, slope = shared_coin(1.0, 8)
    assert estimate < -0.015 and slope == pytest.approx(0, abs=1e-9)  # not shorter, either
    total, both = np.zeros(2), list(itertools.product((0, 1), repeat=2))  # two steps, always: pays a0 + 3 a1
    for one, two in itertools.product(both, repeat=2):
        actions = np.array([one, two])
        to_go = np.stack([actions @ [1, 3], actions @ [0, 3]], axis=1)
        total += ((to_go - to_go.mean(axis=0)) * (actions - 0.5)).mean(axis=0) / 16
    np.testing.assert_allclose(total, np.array([1, 3]) / 8)  # half of (1, 3) / 4: the same direction
    assert "Where lengths vary late steps lose more" in NOISE and "even its sign can change" in NOISE
    assert "their sum turned if lengths vary" in PRACTICE and "slightly turned" not in PRACTICE
    assert "it can even be reversed" in ANSWERS["what-baseline-does"]


def test_other_episodes_must_be_independent_and_a_table_learned_from_the_same_ones_has_another_bias():
    pay, scores = {0: 0.0, 1: 1.0}, {0: -0.5, 1: 0.5}
    twins = [(a, 1 - a) for a in (0, 1)]  # the second coin shows the other side
    doubled = np.mean([np.mean([(pay[a] - pay[b]) * scores[a], (pay[b] - pay[a]) * scores[b]]) for a, b in twins])
    assert doubled == 2 * 0.25
    total, formula = 0.0, []
    for batch in itertools.product(((0, 0.0), (0, 2.0), (1, 3.0)), repeat=2):  # arm 0 pays 0 or 2, arm 1 pays 3
        chance = np.prod([0.25 if a == 0 else 0.5 for a, _ in batch])
        Q = {a: np.mean([f for b, f in batch if b == a]) for a, _ in batch}  # the mean of this very batch
        total += chance * np.mean([Q[a] * scores[a] for a, _ in batch])
        formula.append((chance, 0.25 * ((Q.get(1, 0.0) - 3) - (Q.get(0, 0.0) - 1))))
    assert total == pytest.approx(0.25 * (3 - 1))  # right on average
    assert abs(sum(c * x for c, x in formula)) > 0.1  # where the formula says that it is off
    assert "on independent other episodes" in NOISE and "learned from other episodes" in NOISE
    assert "on independent other episodes" in ANSWERS["what-baseline-does"]


def test_the_race_is_never_won_by_the_total_return():
    from learning_to_act.explorables.race import HORIZONS, race_table

    won = False
    for horizon, offset, loan in itertools.product(HORIZONS, (0, 1, 3), (0, 1, 2, 4)):
        rows = race_table(horizon)["rows"]
        total, togo, q, _, advantage = (
            rows[k][0] + 2 * offset * rows[k][1] + offset**2 * rows[k][2] + loan**2 * rows[k][3]
            for k in ("total", "togo", "q", "baseline", "advantage")
        )
        assert advantage < total and q < total
        won |= total < togo
    assert won and "there is a setting where the total return beats reward-to-go" in NOISE


def test_an_error_that_differs_between_actions_biases_in_general_and_not_always():
    world, pi, scores, exact = doors()
    d, Q = pg.discounted_visitation(world, pi), pg.action_values(world, pi)
    with_Q = lambda table: np.einsum("s,sa,san,sa->n", d, pi, scores, table)  # noqa: E731
    error = np.zeros((4, 2))
    error[0, 1], error[1, 1] = 1, -d[0] / d[1]  # A and B share their logit, and these cancel
    np.testing.assert_allclose(with_Q(Q + error), exact, atol=1e-6)
    error[1, 1] *= 2
    assert abs(with_Q(Q + error) - exact).max() > 0.1
    assert "one that differs between actions in general does not" in NOISE


def test_a_wrong_baseline_leaves_the_mean_with_gamma_to_the_t_and_only_with_it():
    world, pi, scores, exact = doors()
    Q, b = pg.action_values(world, pi), np.array([7, -3, 2, 40.0])[:, None]
    chain = np.einsum("sa,sat->st", pi, world.P)

    def mean(power):  # E sum_t power^t score (G_t - b(s_t)), by its visits
        visits = np.linalg.solve(np.eye(4) - power * chain.T, world.rho)
        return np.einsum("s,sa,san,sa->n", visits, pi, scores, Q - b)

    np.testing.assert_allclose(mean(world.gamma), exact, atol=1e-6)
    assert (
        abs(mean(1.0) - exact).max() > 0.1 and "gradient $\\sum_t\\gamma^t\\,\\nabla\\log\\pi\\,(G_t-b(s_t))$?" in NOISE
    )


def test_the_constants_of_the_five_estimators_span_a_factor_of_306():
    variances = [F(137, 2048), F(153, 2048), F(181, 4096), F(63, 2048), F(1, 4096)]
    assert max(variances) / min(variances) == 306 and F(137, 2048) / F(1, 4096) == 274
    assert "Their constants differed by a factor of 306" in cells("03-the-log-derivative-trick")["end"]
    assert (
        all(f"{v.numerator}/{v.denominator}" in NOISE for v in variances)
        and "a factor of about 300" in ANSWERS["high-variance"]
    )


def test_what_a_running_mean_keeps_depends_on_how_many_go_on():
    def kept(N, p):  # of the second step's gradient: (n - 1) / n, given that one goes on
        return sum(math.comb(N - 1, k) * p**k * (1 - p) ** (N - 1 - k) * k / (k + 1) for k in range(N))

    assert (
        kept(2, F(1, 2)) == F(1, 4) and kept(2, 0.9) == pytest.approx(0.45) and round(float(kept(8, 0.9)), 3) == 0.861
    )
    assert f"{float(kept(8, F(1, 2))):.3f}".lstrip("0")[:4] in NOISE
    assert "two steps, each a fair coin: stop at once" in NOISE


def test_the_total_return_that_is_taken_back_is_zero_at_gamma_one_only():
    assert [1 + g * -1 for g in (1, 0.9)] == [0, pytest.approx(0.1)]
    assert (
        "The cleanest case, at $\\gamma=1$: a coin" in NOISE
        and "At $\\gamma=1$ a world that pays by a coin" in ANSWERS["reward-to-go-always"]
    )


def test_the_value_can_be_the_best_baseline():
    pi, Q = np.array([0.5, 0.5]), np.array([10, 11.0])
    weight = pi * ((np.eye(2) - pi) ** 2).sum(axis=1)
    assert weight @ Q / weight.sum() == pi @ Q == 10.5
    assert "It need not be the best" in NOISE and "It is not the best" not in NOISE


def test_samples_that_cancel_count_for_more_than_they_are():
    coin = np.array([-1.0, 1.0])
    pairs = np.stack([coin, -coin], axis=1)  # paid, then taken back
    assert pairs.mean(axis=1).var() == 0 < pairs.var() / 2  # two independent ones
    together = np.stack([coin, coin], axis=1)
    assert together.mean(axis=1).var() == 1 > together.var() / 2
    assert "for fewer if they rise and fall together, for more if they cancel" in NOISE
    assert "count for fewer than they are" not in NOISE


def test_a_longer_horizon_raises_the_total_return_most_from_four_steps_on():
    tables = {horizon: race.race_table(horizon) for horizon in race.HORIZONS}
    noise = {h: {k: row[0] / t["length"] ** 2 for k, row in t["rows"].items()} for h, t in tables.items()}
    assert noise[2]["total"] > noise[4]["total"] < noise[6]["total"] < noise[8]["total"]
    growth = {k: noise[8][k] / noise[4][k] for k in noise[4]}
    assert max(growth, key=growth.get) == "total"
    assert "From four steps on a longer horizon raises the total return most." in NOISE


def test_what_grows_94_fold_is_the_variance_and_the_deviation_9_7_fold():
    pi, Q = np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])

    def variance(b):
        steps = (Q - b)[:, None] * (np.eye(3) - pi)
        return pi @ ((steps - pi @ steps) ** 2).sum(1)

    ratio = variance(pi @ Q) / variance(0)
    assert round(ratio) == 94 and round(np.sqrt(ratio), 1) == 9.7
    assert "| variance $\\times94$ |" in SHEET and "the variance 94 times larger" in NOISE
    assert any("the *right* value makes the variance 94 times larger" in text for text in ANSWERS.values())
