"""Groups of answers, and chapter 8's exact numbers about them. Truth: fractions and enumeration of ordered groups,
SciPy's laws and quadrature, finite differences; never the package's own sums."""

import itertools
from fractions import Fraction as F
from math import comb, sqrt

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from policy_gradient._validate import NotFinite
from tests.helpers.groups import (
    by_std,
    coin,
    directions,
    heavy_tail,
    leave_one_out,
    own_mean,
    per_answer,
    per_token,
    plain,
    spread,
    tree,
)
from tests.helpers.ranks import refuses

# ---- what the std rewards ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [F(1, 20), F(3, 10), F(1, 2), F(9, 10)])
def test_with_two_or_three_answers_the_std_is_a_step_size(p):
    for G, c in ((2, 1), (3, sqrt(2))):
        assert (
            float(directions(coin(p), G, by_std)[0]) / float(p * (1 - p))
            == pytest.approx(c, rel=1e-12)
            == pg.grpo_weight(float(p), G)
        )
    c4 = sqrt(3) - (2 * sqrt(3) - 3) * float(p * (1 - p))
    assert (
        directions(coin(p), 4, by_std)[0] / float(p * (1 - p))
        == pytest.approx(c4, rel=1e-12)
        == pg.grpo_weight(float(p), 4)
    )


@pytest.mark.parametrize(
    "G, p, c", [(8, 0.5, 1.8557), (8, 0.25, 2.0261), (8, 0.05, 2.4731), (64, 0.5, 1.9842), (64, 0.05, 4.3364)]
)
def test_c_G_is_the_mean_of_the_std_over_pq(G, p, c):
    m = np.arange(G + 1) / G
    wanted = stats.binom.pmf(np.arange(G + 1), G, p) @ np.sqrt(m * (1 - m)) / (p * (1 - p))
    assert wanted == pytest.approx(c, abs=1e-4) == pytest.approx(pg.grpo_weight(p, G), abs=1e-4)
    assert pg.grpo_weight(p, G) == pytest.approx(wanted, rel=1e-10)


def test_the_two_conventions_of_the_std():
    """The libraries' sample std: .707, 1.155 and the table of the report;
    the closed form by hypergeometric-like sums."""
    table = {
        (2, 0.3): 0.7071,
        (3, 0.3): 1.1547,
        (4, 0.01): 1.4960,
        (4, 0.5): 1.3995,
        (8, 0.01): 2.4404,
        (8, 0.05): 2.3133,
        (8, 0.25): 1.8953,
        (8, 0.5): 1.7358,
        (16, 0.01): 3.6145,
        (64, 0.001): 7.737,
        (64, 0.5): 1.969,
    }
    for (G, p), wanted in table.items():
        w = sqrt((G - 1) / G) * sum(
            comb(G, k) * sqrt(k * (G - k)) / G * p ** (k - 1) * (1 - p) ** (G - k - 1) for k in range(1, G)
        )
        assert w == pytest.approx(wanted, rel=2e-4) and pg.grpo_weight(p, G, sample_std=True) == pytest.approx(
            w, rel=1e-10
        )
        assert pg.grpo_weight(p, G) == pytest.approx(w * sqrt(G / (G - 1)), rel=1e-10)
    assert pg.grpo_weight(0.01, 8) == pytest.approx(2.608862, abs=1e-6) and pg.grpo_weight(
        0.01, 8, True
    ) == pytest.approx(2.440367, abs=1e-6)


def test_what_it_climbs():
    """F_G' = w_G by quadrature, F_G as the sum of binomial tails; and F_G -> 2 arcsin sqrt p."""

    def climbed(p, G):
        return sqrt((G - 1) / G) * sum(stats.binom.sf(k - 1, G - 1, p) / sqrt(k * (G - k)) for k in range(1, G))

    for G in (2, 4, 8):
        area = integrate.quad(lambda p: pg.grpo_weight(p, G, True), 0.1, 0.7)[0]
        assert area == pytest.approx(climbed(0.7, G) - climbed(0.1, G), abs=1e-9)
    area = integrate.quad(lambda p: pg.grpo_weight(p, 3000), 0.1, 0.7)[0]
    assert area == pytest.approx(2 * (np.arcsin(sqrt(0.7)) - np.arcsin(sqrt(0.1))), abs=2e-3)


def test_edges_and_sizes_of_c_G():
    for G in (2, 4, 8, 64, 1000):
        assert (
            pg.grpo_weight(0.0, G)
            == pytest.approx(sqrt(G - 1))
            == pg.grpo_weight(1.0, G)
            == pytest.approx(pg.grpo_weight(1e-9, G), rel=1e-4)
        )
    assert pg.grpo_weight(np.array([[0, 0.5, 1]]), 1).tolist() == [[0, 0, 0]]
    assert pg.grpo_weight(0.3, 10**6) == pytest.approx(1 / sqrt(0.21), rel=1e-5)
    assert (
        pg.grpo_weight(0.05, 8) / pg.grpo_weight(0.5, 8)
        < pg.grpo_weight(0.0, 8) / pg.grpo_weight(0.5, 8)
        == pytest.approx(1.4258, abs=1e-4)
    )
    assert 3.9 < pg.grpo_weight(0.0, 64) / pg.grpo_weight(0.5, 64) < 4.01
    with pytest.raises(ValueError, match="limit"):
        pg.grpo_weight(0.5, 10**9)
    for bad in (1.2, -0.1, np.nan):
        with pytest.raises(ValueError, match="p must lie"):
            pg.grpo_weight(bad, 4)


def test_groups_without_a_difference_dropped_and_refilled():
    mixed = lambda p, G: 1 - stats.binom.pmf(0, G, p) - stats.binom.pmf(G, G, p)  # noqa: E731
    for p, G in ((0.05, 8), (0.5, 8), (0.3, 2)):
        assert pg.mixed_share(p, G) == pytest.approx(mixed(p, G), rel=1e-12)
    assert [mixed(0.05, 8), mixed(0.5, 8)] == pytest.approx([0.3365796, 0.9921875], abs=1e-6)
    assert [7 / 8 / mixed(p, 8) for p in (0.05, 0.5)] == pytest.approx([2.5996825, 0.8818898], abs=1e-6)
    assert [pg.grpo_weight(p, 2) / mixed(p, 2) for p in (0.05, 0.5)] == pytest.approx(
        [10.526316, 2], abs=1e-6
    )  # half the slope of logit p
    assert [1 - mixed(0.01, G) for G in (4, 8, 64)] == pytest.approx([0.961, 0.923, 0.526], abs=1e-3)
    assert pg.grpo_weight(0.01, 8, True) / mixed(0.01, 8) == pytest.approx(31.6, abs=0.05)


def test_other_weights_of_the_family():
    successes = lambda p, G: sum(stats.binom.pmf(k, G, p) * (1 - p) for k in range(1, G + 1)) / (p * (1 - p))  # noqa: E731
    for p in (0.05, 0.4):
        assert successes(p, 8) == pytest.approx(sum((1 - p) ** j for j in range(8)))
    assert [successes(p, 8) for p in (0.05, 0.5)] == pytest.approx([6.7315914, 1.9921875], abs=1e-6)
    pass8 = lambda p: 8 * (1 - p) ** 7  # noqa: E731
    assert optimize.brentq(lambda p: pass8(p) - 1, 0.1, 0.5) == pytest.approx(0.2570029, abs=1e-6)
    assert pass8(0.05) / pass8(0.5) == pytest.approx(89.4, abs=0.1)


@pytest.mark.parametrize("how", ["mean", "leave_one_out", "std", "successes", "none"])
@pytest.mark.parametrize("p", [F(1, 20), F(2, 5)])
def test_advantages_lead_where_the_table_says(how, p):
    q, G = float(1 - p), 4
    wanted = {
        "none": 1,
        "mean": (G - 1) / G,
        "leave_one_out": 1,
        "std": pg.grpo_weight(float(p), G),
        "successes": sum(q**j for j in range(G)),
    }[how]
    weigh = lambda r, T: pg.group_advantages([r], how)[0] / G  # noqa: E731
    assert float(directions(coin(float(p)), G, weigh)[0]) == pytest.approx(wanted * float(p) * q, rel=1e-12)


def test_pass_at_k_from_four_answers():
    """Both estimates of the slope of pass@4 are unbiased; variances 47/64 and 3/64 at 1/2."""
    for p in (F(1, 2), F(1, 4)):
        found = {}
        for kind in ("all", "alone"):
            mean = square = F(0)
            for y in itertools.product((0, 1), repeat=4):
                chance = F(1)
                for yi in y:
                    chance *= p if yi else 1 - p
                b = [max(y) if kind == "all" else max(y) - max(y[:i] + y[i + 1 :]) for i in range(4)]
                x = sum(bi * (1 - p if yi else -p) for bi, yi in zip(b, y))
                mean, square = mean + chance * x, square + chance * x * x
            found[kind] = mean, square - mean**2
        assert found["all"][0] == found["alone"][0] == 4 * (1 - p) ** 3 * p * (1 - p)
        ours = pg.group_moments(
            [(float(c), float(r), T, np.array(s, float)) for c, r, T, s in coin(p)],
            4,
            lambda r, T: pg.group_advantages([r], "pass@k", 4)[0] / 4,
        )
        assert np.allclose(np.ravel(ours), [float(x) for x in found["alone"]], rtol=1e-12)
        if p == F(1, 2):
            assert (found["all"][1], found["alone"][1]) == (F(47, 64), F(3, 64))
    for k, G, p in ((1, 3, 0.3), (2, 4, 0.3), (3, 5, 0.7)):
        got = directions(coin(p), G, lambda r, T: pg.group_advantages([r], "pass@k", k)[0] / G)[0]
        assert float(got) == pytest.approx(k * (1 - p) ** (k - 1) * p * (1 - p))


# ---- rewards that are not 0 or 1 -----------------------------------------------------------------------------------


def test_with_a_heavy_tail_grpo_steps_the_wrong_way_below_twelve():
    tail = [(F(1, 2), F(1), 1, [F(1, 2)]), (F(3, 8), F(0), 1, [-F(1, 2)]), (F(1, 8), F(8), 1, [-F(1, 2)])]
    assert directions(tail, 2, leave_one_out) == [-F(1, 4)] and float(directions(tail, 2, by_std)[0]) == pytest.approx(
        1 / 8
    )
    assert heavy_tail(8) == pytest.approx(0.0574852, abs=1e-6)
    assert [heavy_tail(G) > 0 for G in range(2, 16)] == [True] * 10 + [False] * 4
    ours = pg.group_moments(
        [(float(c), float(r), 1, np.array([float(s[0])])) for c, r, _, s in tail],
        5,
        lambda r, T: pg.group_advantages([r], "std")[0] / 5,
    )
    assert ours[0][0] == pytest.approx(heavy_tail(5), rel=1e-12)


# ---- the baseline --------------------------------------------------------------------------------------------------


def test_leave_one_out_adds_noise_below_one_over_G():
    assert (spread(8, 4, plain), spread(8, 4, leave_one_out)) == (F(49, 2048), F(91, 3072))
    assert (spread(2, 4, plain), spread(2, 4, leave_one_out)) == (F(1, 32), F(1, 48))
    assert (spread(4, 2, plain), spread(4, 2, leave_one_out)) == (F(9, 128), F(9, 64))
    for G in (2, 4, 8):  # E A^2: p without, p q G / (G - 1) with; equal at p = 1/G
        for p in (F(1, G), F(1, 3)):
            square = sum(
                comb(G - 1, k)
                * p**k
                * (1 - p) ** (G - 1 - k)
                * (p * (1 - F(k, G - 1)) ** 2 + (1 - p) * F(k, G - 1) ** 2)
                for k in range(G)
            )
            assert square == p * (1 - p) * F(G, G - 1)
        assert F(1, G) * (1 - F(1, G)) * F(G, G - 1) == F(1, G)


def test_own_mean_is_shorter_and_leave_one_out_is_exact():
    p = F(3, 10)
    assert directions(coin(p), 4, own_mean) == [F(3, 4) * p * (1 - p)] and directions(coin(p), 4, leave_one_out) == [
        p * (1 - p)
    ]


# ---- length --------------------------------------------------------------------------------------------------------


def test_the_tree():
    p = F(1, 4)
    for G in (2, 4):
        assert directions(tree(p), G, leave_one_out) == [F(3, 16), 0, 0]
        assert directions(tree(p), G, per_answer) == [F(18, 256), -F(3, 256), F(3, 256)]
    assert directions(tree(p), 2, per_token) == [F(17, 256), -F(3, 512), F(3, 512)]
    assert float(directions(tree(p), 4, per_token)[2] * 256) == pytest.approx(0.717857, abs=1e-5)
    for p, wanted in ((F(1, 4), F(3, 1024)), (F(1, 2), 0), (F(3, 4), -F(3, 1024))):
        _, right, wrong = directions(tree(p), 2, per_answer)
        assert 2 * F(1, 4) * (p * right + (1 - p) * wrong) == wanted


@pytest.mark.parametrize("G", [2, 3, 4])
@pytest.mark.parametrize("how, brute", [("sum", leave_one_out), ("sequence", per_answer), ("token", per_token)])
def test_the_package_agrees_on_the_tree(G, how, brute):
    theta = pg.tree_logits(0.25)
    rule = lambda r, T: pg.token_weights(pg.group_advantages([r], "leave_one_out")[0], np.arange(4)[:, None] < T, how)[
        0
    ]  # noqa: E731
    found = pg.group_moments(pg.AnswerTree().outcomes(theta), G, rule)[0]
    assert np.allclose(found, [float(x) for x in directions(tree(F(1, 4)), G, brute)], rtol=1e-12, atol=1e-15)
    J = lambda th: sum(c * r for c, r, *_ in pg.AnswerTree().outcomes(th))  # noqa: E731
    assert np.allclose(pg.finite_difference(J, theta), [3 / 16, 0, 0], atol=1e-8)
    mean_length = lambda th: sum(c * T for c, _, T, _ in pg.AnswerTree().outcomes(th))  # noqa: E731
    assert np.allclose(
        pg.finite_difference(mean_length, theta + 0.3), pg.AnswerTree().by_length(theta + 0.3), atol=1e-8
    )


def test_length_decided_before_right_or_wrong_is_not_biased():
    """First short or long (one logit), then right or wrong with p: the mean per answer leaves the length alone."""
    p, half = F(1, 4), F(1, 2)
    leaves = [(half * c, F(r), T, [s]) for T, s in ((2, -half), (4, half)) for c, r in ((p, 1), (1 - p, 0))]
    for rule in (per_answer, per_token, leave_one_out):
        assert directions(leaves, 2, rule) == [0]


def test_the_root_of_the_ratio_moves_as_the_mean_score_does():
    probs = np.array([0.5, 0.7])
    moved = lambda e: np.prod(1 / (1 + np.exp(-(np.log(probs / (1 - probs)) + e))) / probs) ** (1 / 2)  # noqa: E731
    assert pg.finite_difference(lambda e: moved(e[0]), np.zeros(1))[0] == pytest.approx(np.mean(1 - probs), abs=1e-8)


def test_the_per_answer_mean_can_lower_success():
    """Right 64 long (1/8), wrong 1 long (1/8) or 64 long (3/4): by expected step, and by groups of four."""
    pi, r, T = [F(1, 8), F(1, 8), F(3, 4)], [F(1), F(0), F(0)], [64, 1, 64]
    answers = [(pi[a], r[a], T[a], [F(int(a == b)) - pi[b] for b in range(3)]) for a in range(3)]
    step = directions(answers, 2, per_answer)
    assert directions(answers, 4, per_answer) == step
    slope = sum(pi[a] * (r[a] - F(1, 8)) * step[a] for a in range(3))
    assert (
        float(slope) == pytest.approx(-0.000332832, abs=1e-9)
        and step[2] > step[0]
        and float(step[2]) == pytest.approx(0.0100708, abs=1e-7)
    )


def test_the_per_answer_mean_is_the_gradient_of_nothing():
    """The Jacobian of its direction over the tree's three logits is not symmetric, nor can a factor mend it:
    curl . field is not 0."""

    def field(theta):
        p, a, b = 1 / (1 + np.exp(-theta))
        leaves = pg.AnswerTree().outcomes(theta)
        J = sum(c * r for c, r, *_ in leaves)
        return sum(c * (r - J) / T * s for c, r, T, s in leaves)

    theta = np.array([-0.8, 0.4, -0.5])
    jac = np.array([pg.finite_difference(lambda t, i=i: field(t)[i], theta) for i in range(3)])
    curl = np.array([jac[2, 1] - jac[1, 2], jac[0, 2] - jac[2, 0], jac[1, 0] - jac[0, 1]])
    assert np.abs(jac - jac.T).max() > 1e-3 and abs(curl @ field(theta)) > 1e-7


# ---- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 1, 0.1, 0.3, 1e30, -7.7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_rewards_give_zero_exactly(value, dtype):
    rewards = np.full((2, 8), value, dtype)
    for how in ("mean", "leave_one_out", "std"):
        assert (pg.group_advantages(rewards, how) == 0).all()


def test_a_group_of_one_and_other_bad_groups():
    for how in ("mean", "std"):
        assert pg.group_advantages([[1.0], [0.0]], how).tolist() == [[0], [0]]
    with pytest.raises(ValueError, match="leaving one out of one"):
        pg.group_advantages([[1.0]], "leave_one_out")
    with pytest.raises(ValueError, match="0 or 1"):
        pg.group_advantages([[0.5, 1]], "successes")
    with pytest.raises(ValueError, match="k must be given"):
        pg.group_advantages([[0, 1]], "pass@k", 3)
    with pytest.raises(NotFinite, match="reward"):
        pg.group_advantages([[0, np.nan]], "mean")
    with pytest.raises(ValueError, match="at least 1"):
        pg.group_advantages(np.zeros((3, 0)), "std")
    with pytest.raises(ValueError, match="sample instead"):
        pg.group_moments(pg.AnswerTree().outcomes(np.zeros(3)), 10**4, lambda r, T: r)
    tiny = pg.group_advantages([[1, 1, 1, 1 + 1e-12]], "std")[0]
    assert (
        tiny[-1] == pytest.approx(sqrt(3), rel=1e-3)
        and np.isfinite(pg.group_advantages([[1e200, -1e200]], "std")).all()
    )


def test_an_empty_answer_has_no_weight():
    mask = np.array([[True, False], [True, False], [False, False]])
    for how in ("sum", "sequence", "token", "constant"):
        w = pg.token_weights([2.0, 3.0], mask, how, 4)
        assert (
            np.isfinite(w).all()
            and (w[~mask] == 0).all()
            and w[0, 0] == {"sum": 1, "sequence": 0.5, "token": 1, "constant": 0.25}[how]
        )
    assert (pg.token_weights([1.0], np.zeros((2, 1), bool), "token") == 0).all()
    with pytest.raises(ValueError, match="max_len must be given"):
        pg.token_weights([1.0], mask[:, :1], "constant")
    with pytest.raises(ValueError, match="booleans"):
        pg.token_weights([1.0, 2.0], np.ones((3, 2)), "token")


def test_pass_at_k_is_unbiased_and_does_not_overflow():
    for n, k, p in ((6, 3, 0.3), (5, 1, 0.7), (4, 4, 0.5)):
        c = np.arange(n + 1)
        mean = stats.binom.pmf(c, n, p) @ pg.pass_at_k(n, c, k)
        assert mean == pytest.approx(1 - (1 - p) ** k)
    assert (
        pg.pass_at_k(10_000, 3, 100) == pytest.approx(1 - comb(9997, 100) / comb(10_000, 100))
        and pg.pass_at_k(5, 4, 2) == 1.0
    )
    with pytest.raises(ValueError, match="no unbiased"):
        pg.pass_at_k(3, 1, 4)


def test_a_set_of_outcomes_and_its_weights_have_their_shapes():
    two = [(0.5, 1.0, 1.0, np.zeros(3)), (0.5, 0.0, 1.0, np.ones(3))]
    refuses(lambda: pg.group_moments(two, 2, lambda r, t: np.ones((2, 1))), r"one weight per answer, shape \(2,\)")
    refuses(lambda: pg.group_moments(two, 2, lambda r, t: 1.0), r"one weight per answer, shape \(2,\)")
    with pytest.raises(TypeError, match="the scores of outcomes must be an array of numbers"):
        pg.group_moments([two[0], (*two[1][:3], np.ones((3, 1)))], 2, lambda r, t: r)
