"""Chapter 8's exact numbers and the modules behind them. Truth: fractions and enumeration of ordered groups, SciPy's
laws and quadrature, finite differences; never the package's own sums."""

import itertools
from fractions import Fraction as F
from math import comb, log, sqrt

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from policy_gradient import sorting
from policy_gradient._validate import NotFinite

# ---- groups by brute force: every ordered group of G answers -------------------------------------------------------


def plain(r, T):
    return [x / len(r) for x in r]


def leave_one_out(r, T):
    G = len(r)
    return [(x - (sum(r) - x) / F(G - 1)) / G for x in r]


def own_mean(r, T):
    return [(x - sum(r) / F(len(r))) / len(r) for x in r]


def by_std(r, T):
    m = float(sum(r)) / len(r)
    s = sqrt(sum((float(x) - m) ** 2 for x in r) / len(r))
    return [(float(x) - m) / s / len(r) if s > 1e-12 else 0.0 for x in r]


def per_answer(r, T):
    return [a / t for a, t in zip(leave_one_out(r, T), T)]


def per_token(r, T):
    return [a * len(r) / sum(T) for a in leave_one_out(r, T)]


def directions(outcomes, G, weigh):
    """The expectation of sum_i weight_i score_i, component by component; exact where the inputs are fractions."""
    total = [0] * len(outcomes[0][3])
    for group in itertools.product(outcomes, repeat=G):
        chance = np.prod([one[0] for one in group])
        for w, one in zip(weigh([one[1] for one in group], [one[2] for one in group]), group):
            total = [t + chance * w * s for t, s in zip(total, one[3])]
    return total


def coin(p):
    """One answer right with p, else wrong; its score for one logit."""
    return [(p, F(1), 1, [1 - p]), (1 - p, F(0), 1, [-p])]


def tree(p):
    half = F(1, 2)
    return [
        (p * half, F(1), 2, [1 - p, -half, 0]),
        (p * half, F(1), 4, [1 - p, half, 0]),
        ((1 - p) * half, F(0), 2, [-p, 0, -half]),
        ((1 - p) * half, F(0), 4, [-p, 0, half]),
    ]


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


def heavy_tail(G):
    """GRPO's direction towards the sure answer (pays 1), against the one that pays 8 with 1/4: multinomial sums."""
    total = 0.0
    for i in range(G + 1):
        for j in range(G - i + 1):
            r = np.array([1.0] * i + [0.0] * j + [8.0] * (G - i - j))
            a = (r - r.mean()) / r.std() if np.ptp(r) else 0 * r
            total += (
                stats.multinomial.pmf([i, j, G - i - j], G, [1 / 2, 3 / 8, 1 / 8]) * (a[:i].sum() - a[i:].sum()) / 2 / G
            )
    return total


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


def spread(K, G, weigh):
    """The trace of the covariance over K equally likely answers of which one is right."""
    answers = [(F(1, K), F(int(a == 0)), 1, [F(int(a == b)) - F(1, K) for b in range(K)]) for a in range(K)]
    mean, square = [F(0)] * K, F(0)
    for group in itertools.product(answers, repeat=G):
        w = weigh([one[1] for one in group], None)
        x = [sum(wi * one[3][b] for wi, one in zip(w, group)) for b in range(K)]
        mean, square = [m + xi / K**G for m, xi in zip(mean, x)], square + sum(xi * xi for xi in x) / K**G
    return square - sum(m * m for m in mean)


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


# ---- six places for a KL -------------------------------------------------------------------------------------------


def kl_table(p, ref):
    """The eight slopes of one logit: two KLs by finite differences of quadrature-free sums,
    six places by enumeration."""
    pi, q = np.array([1 - p, p]), np.array([1 - ref, ref])
    score, x = np.array([-p, 1 - p]), np.log(pi / q)
    value = {"k1": x, "k2": x**2 / 2, "k3": q / pi - 1 + x}
    h, move = 1e-5, lambda h: 1 / (1 + np.exp(-(log(p / (1 - p)) + h)))
    kl = lambda a, b: stats.entropy([1 - a, a], [1 - b, b])  # noqa: E731
    found = {
        "reverse": (kl(move(h), ref) - kl(move(-h), ref)) / (2 * h),
        "forward": (kl(ref, move(h)) - kl(ref, move(-h))) / (2 * h),
    }

    def logged(h):  # log-probabilities of both answers with the logit moved by h
        a = move(h)
        return np.log(np.array([1 - a, a]))

    estimate = {"k1": lambda x: x, "k2": lambda x: x**2 / 2, "k3": lambda x: np.exp(-x) - 1 + x}
    for k, f in estimate.items():
        found[k, "loss"] = pi @ (f(logged(h) - np.log(q)) - f(logged(-h) - np.log(q))) / (2 * h)
        found[k, "reward"] = pi @ (value[k] * score)
        ours = pi @ (pg.kl_loss_weights(np.log(pi), np.log(q), k) * score)
        assert ours == pytest.approx(found[k, "loss"], abs=1e-8) and np.allclose(
            pg.kl_values(np.log(pi), np.log(q), k), value[k], atol=1e-14
        )
    moments = lambda v: pi @ v**2 - (pi @ v) ** 2  # noqa: E731
    found["variances"] = [moments(value[k]) for k in ("k1", "k2", "k3")]
    found["gradient variances"] = [moments(x * score), moments((1 - q / pi) * score)]
    return found


def test_where_a_kl_stands_decides_which_it_is():
    k = kl_table(0.75, 0.5)
    assert [k["reverse"], k["forward"]] == pytest.approx([0.2059898, 0.25], abs=1e-6)
    assert [k[one, "loss"] for one in ("k1", "k2", "k3")] == pytest.approx([0, 0.2059898, 0.25], abs=1e-6)
    assert [k[one, "reward"] for one in ("k1", "k2", "k3")] == pytest.approx(
        [0.2059898, -0.0296298, -0.0440102], abs=1e-6
    )
    assert k["variances"] == pytest.approx([0.2263029, 0.0046823, 0.0103301], abs=1e-6)
    far = kl_table(0.01, 0.5)
    assert far["gradient variances"] == pytest.approx([0.1479705, 23.2921253], abs=1e-6)
    assert [far["k3", "loss"], far["reverse"]] == pytest.approx([-0.49, -0.0455], abs=1e-4)
    for p in (0.55, 0.6, 0.75, 0.9, 0.99):  # for two actions and a uniform reference: away from it, everywhere
        assert kl_table(p, 0.5)["k3", "reward"] < 0 < kl_table(1 - p, 0.5)["k3", "reward"]


def test_near_the_reference_k2_and_k3_in_the_reward_are_almost_nothing():
    """With many actions they mostly point the right way, at a few hundredths of the length."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=20)
    q, pi = pg.softmax(logits), pg.softmax(logits + 0.05 * rng.normal(size=20))
    by = lambda w: pi * (w - pi @ w)  # noqa: E731  sum of pi w (e_a - pi)
    x = np.log(pi / q)
    for value in (x**2 / 2, np.exp(-x) - 1 + x):
        assert np.linalg.norm(by(value)) < 0.1 * np.linalg.norm(by(x)) and by(value) @ by(x) > 0


def test_a_kl_per_token_forgets_what_the_first_token_leads_to():
    p, kl = 0.47, lambda a, b: stats.entropy([1 - a, a], [1 - b, b])
    whole = lambda th: kl(1 / (1 + np.exp(-th[0])), 0.5) + kl(0.75, 0.5) / (1 + np.exp(-th[0]))  # noqa: E731
    per = lambda th: kl(1 / (1 + np.exp(-th[0])), 0.5)  # noqa: E731
    theta = np.array([log(p / (1 - p))])
    assert pg.finite_difference(per, theta)[0] == pytest.approx(-0.0299279, abs=1e-6)
    assert pg.finite_difference(whole, theta)[0] == pytest.approx(0.0026573, abs=1e-6)


def test_the_best_policy_on_a_leash():
    beta, kl = 1 / log(3), lambda a, b: stats.entropy([1 - a, a], [1 - b, b])
    top = optimize.minimize_scalar(
        lambda p: beta * kl(p, 0.25) - p, bounds=(0.01, 0.99), method="bounded", options=dict(xatol=1e-10)
    )
    assert [top.x, -top.fun] == pytest.approx([0.5, 0.3690702], abs=1e-6)
    assert pg.optimal_policy([0.75, 0.25], [0, 1], beta) == pytest.approx([0.5, 0.5])
    beta = optimize.brentq(lambda b: pg.optimal_policy([1023 / 1024, 1 / 1024], [0, 1], b)[1] - 0.5, 0.05, 1)
    assert [beta, kl(0.5, 1 / 1024)] == pytest.approx([0.1442898, 2.7730772], abs=1e-6)
    assert pg.optimal_policy([0.5, 0.5, 0], [0, 1e4, 1e9], 1e-3).tolist() == [0, 1, 0]
    assert pg.optimal_policy([0.2, 0.8], [3, 1e4], 1e6) == pytest.approx([0.2, 0.8], abs=2e-3)


# ---- ratios and samplers -------------------------------------------------------------------------------------------


def test_which_ratio():
    p, found = F(3, 4), {"token": 0, "sequence": 0, "gspo": 0}
    for y in itertools.product((0, 1), repeat=2):
        ratio = [(p if yi else 1 - p) * 2 for yi in y]
        a, score = F(int(y == (1, 1))) - F(1, 4), 1 - p if y[0] else -p
        both = ratio[0] * ratio[1]
        for kind, w in (("token", ratio[0]), ("sequence", both), ("gspo", sqrt(both) / 2)):
            found[kind] += F(1, 4) * a * w * score if kind != "gspo" else float(a * score) * w / 4
    assert (
        found["token"] == F(6, 64)
        and found["sequence"] == F(9, 64)
        and found["gspo"] == pytest.approx(0.0604067, abs=1e-6)
    )
    J = lambda th: (1 / (1 + np.exp(-th))).prod()  # noqa: E731
    assert pg.finite_difference(J, np.log([3.0, 3.0]))[0] == pytest.approx(9 / 64)
    mean = lambda T: sum(comb(T, k) / 2**T * (1.2**k * 0.8 ** (T - k)) ** (1 / T) for k in range(T + 1))  # noqa: E731
    assert [mean(T) for T in (1, 2, 10)] == pytest.approx([1, 0.9898979, 0.9818113], abs=1e-6)
    assert mean(1000) == pytest.approx(sqrt(0.96), abs=1e-4)


def test_missing_support_cannot_be_weighted_back():
    pi, mu = [F(6, 10), F(3, 10), F(1, 10)], [F(2, 3), F(1, 3), F(0)]
    score = [[F(int(a == b)) - pi[b] for b in range(3)] for a in range(3)]
    assert [sum(mu[a] * score[a][b] for a in range(3)) for b in range(3)] == [F(1, 15), F(1, 30), -F(1, 10)]
    assert [sum(mu[a] * (pi[a] / mu[a]) * score[a][b] for a in range(2)) for b in range(3)] == [
        F(6, 100),
        F(3, 100),
        -F(9, 100),
    ]
    capped = F(7, 8) * min(F(1, 2) / F(7, 8), 2) * -F(1, 2) + F(1, 8) * min(F(1, 2) / F(1, 8), 2) * F(1, 2)
    assert capped == -F(1, 8)
    with pytest.raises(ValueError, match="cannot have been drawn"):
        pg.sampler_ratios(np.log([0.1]), np.array([-np.inf]))


def test_noise_of_a_twentieth_per_token():
    assert [np.exp(-T * 0.05**2) for T in (100, 1000)] == pytest.approx([0.7788, 0.0821], abs=1e-4)
    x = np.random.default_rng(0).normal(-0.0025 / 2, 0.05, (20000, 100)).sum(1)
    w = np.exp(x)
    assert w.sum() ** 2 / (w**2).sum() / len(w) == pytest.approx(0.7788, abs=0.02)


def test_the_upper_clip_and_dpo():
    assert [float(F(12, 10) * F(1, 100)), F(10, 12)] == [0.012, F(5, 6)]
    x = np.array([1.0, 0, 4])
    rise = [pg.finite_difference(lambda t, a=a: pg.log_softmax(t[0] * x)[a], np.zeros(1))[0] for a in range(3)]
    assert rise == pytest.approx([-2 / 3, -5 / 3, 7 / 3], abs=1e-8)
    best, ref, beta = pg.optimal_policy([0.75, 0.25], [0, 1], 1 / log(3)), np.array([0.75, 0.25]), 1 / log(3)
    assert beta * np.subtract(*np.log(best / ref)[::-1]) == pytest.approx(1)
    objective = lambda m: np.log(1 / (1 + np.exp(-0.3 * m)))  # noqa: E731
    for m in (-2.0, 0.5):
        assert pg.dpo_weights(np.array([m]), np.zeros(1), 0.3)[0] == pytest.approx(
            (objective(m + 1e-5) - objective(m - 1e-5)) / 2e-5, abs=1e-8
        )


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


# ---- policies over tokens ------------------------------------------------------------------------------------------


class Coins:
    """Letters 0, 1 and an end token 2, at most three tokens; sees the last token and the place."""

    num_tokens, max_len, end, num_features = 3, 3, 2, 9

    def features(self, prompts, tokens, t):
        x = np.zeros((len(prompts), 9), np.float32)
        x[:, t] = 1
        if t:
            x[np.arange(len(prompts)), 3 * t + tokens[t - 1]] = 1
        return x


COINS = pg.TokenPolicy(Coins(), pg.MLPSoftmax((9, 3)))


def all_answers():
    """The fifteen answers, padded with 0: letters that end, and three letters that never do."""
    for n in range(3):
        for body in itertools.product((0, 1), repeat=n):
            yield (*body, 2)
    yield from itertools.product((0, 1), repeat=3)


def test_every_answer_has_its_chance_and_the_law_is_whole():
    rng = np.random.default_rng(1)
    theta = rng.normal(size=COINS.num_params)
    tokens = np.array([answer + (0,) * (3 - len(answer)) for answer in all_answers()]).T
    mask = np.array([[t < len(answer) for answer in all_answers()] for t in range(3)])
    chances = np.exp((COINS.log_prob(theta, np.zeros(15), tokens) * mask).sum(0))
    assert chances.sum() == pytest.approx(1)
    drawn = COINS.generate(theta, np.zeros(40_000), rng)
    counts = np.array([((drawn.tokens.T == tokens.T[i]) & (drawn.mask.T == mask.T[i])).all(1).sum() for i in range(15)])
    assert counts.sum() == 40_000 and stats.chisquare(counts, 40_000 * chances).pvalue > 1e-3
    assert (drawn.ended == (drawn.tokens == 2).any(0)).all() and not drawn.ended.all()
    assert np.allclose(drawn.log_probs, COINS.log_prob(theta, np.zeros(40_000), drawn.tokens) * drawn.mask)


def test_no_end_token_is_said_and_minus_infinity_is_never_drawn():
    theta = np.zeros(COINS.num_params)
    never = COINS.generate(theta, np.zeros(50), np.random.default_rng(0), bend=lambda z: z + np.array([0, 0, -np.inf]))
    assert (
        not never.ended.any() and never.mask.all() and (never.lengths == 3).all() and np.isfinite(never.log_probs).all()
    )
    at_once = COINS.generate(
        theta, np.zeros(50), np.random.default_rng(0), bend=lambda z: z + np.array([-np.inf, -np.inf, 0])
    )
    assert at_once.ended.all() and (at_once.lengths == 1).all()
    with pytest.raises(ValueError, match="some token must have a probability"):
        COINS.generate(theta, np.zeros(2), np.random.default_rng(0), bend=lambda z: z * np.nan)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_token_of_weight_zero_is_left_out_and_a_bad_shape_is_not(dtype):
    """The sum over all tokens, one at a time, is the sum over those that count; with no weight at all it is zeros."""
    task = pg.Sorting(2, 3)
    policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 12, 3)))
    rng = np.random.default_rng(5)
    theta, prompts = policy.init(rng, dtype), task.prompts(rng, 40)
    answers = policy.generate(theta, prompts, rng)
    weights = rng.normal(size=(2, 40)) * (rng.random((2, 40)) < 0.4)
    one = [weights * (np.arange(80).reshape(2, 40) == i) for i in range(80)]
    total = sum(policy.network.weighted_score(theta, policy.features(prompts, answers), answers.tokens, w) for w in one)
    got = policy.weighted_score(theta, prompts, answers, weights)
    assert got.dtype == dtype and np.allclose(got, total, atol=1e-6 if dtype == np.float32 else 1e-13)
    assert (policy.weighted_score(theta, prompts, answers, 0 * weights) == 0).all()
    for wrong in (weights.T, weights.ravel(), weights[:, :7]):
        with pytest.raises(ValueError, match="weights"):
            policy.weighted_score(theta, prompts, answers, wrong)
    with pytest.raises(ValueError, match="weights"):
        policy.weighted_score(theta, prompts, answers, np.where(weights == 0, np.nan, 0))


def test_expected_estimate_through_generate_is_the_gradient():
    """Enumerated over all answers of the letters: sum over tokens of (r - b) score is grad J for any b."""
    theta = np.random.default_rng(2).normal(size=COINS.num_params)
    tokens = np.array([answer + (0,) * (3 - len(answer)) for answer in all_answers()]).T
    mask = np.array([[t < len(answer) for answer in all_answers()] for t in range(3)])
    right = (tokens[0] == 0).astype(float)
    J = lambda th: np.exp((COINS.log_prob(th, np.zeros(15), tokens) * mask).sum(0)) @ right  # noqa: E731
    chances = np.exp((COINS.log_prob(theta, np.zeros(15), tokens) * mask).sum(0))
    for b in (0, 0.7):
        got = COINS.weighted_score(theta, np.zeros(15), tokens, mask * (chances * (right - b)))
        assert np.allclose(got, pg.finite_difference(J, theta), atol=1e-8)


@pytest.mark.parametrize(
    "make",
    [
        lambda task: pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 16, task.base))),
        lambda task: pg.Transformer(task.base, task.num_digits, task.num_digits, width=8, heads=2, hidden=8),
    ],
)
def test_the_sorters_exact_gradient(make):
    task = pg.Sorting(3, 3)
    policy = make(task)
    rng = np.random.default_rng(0)
    theta = policy.init(rng, np.float64) + 0.2 * rng.normal(size=policy.num_params)
    J, gradient, p = sorting.exact(task, policy, theta)
    brute = 0.0  # every prompt and every answer
    prompts = np.array(list(itertools.product(range(3), repeat=3)))
    for answer in itertools.product(range(3), repeat=3):
        tokens = np.repeat(np.array(answer)[:, None], 27, axis=1)
        right = (np.sort(prompts, axis=1) == answer).all(1)
        brute += (np.exp(policy.log_prob(theta, prompts, tokens).sum(0)) * right).sum() / 27
    assert J == pytest.approx(brute) == pytest.approx(p.mean()) == pytest.approx(sorting.success(task, policy, theta))
    for _ in range(4):
        way = rng.normal(size=policy.num_params)
        slope = pg.finite_difference(lambda h: sorting.success(task, policy, theta + h[0] * way), np.zeros(1))[0]
        assert gradient @ way == pytest.approx(slope, rel=1e-6, abs=1e-10)


def test_every_estimators_mean_in_the_sorter():
    """Along the exact gradient, over 200 batches of 8 prompts with 4 answers:
    within 4.5 standard errors of what the chapter says."""
    task = pg.Sorting(2, 3)
    policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 12, 3)))
    rng = np.random.default_rng(3)
    theta = policy.init(rng, np.float64) + 0.4 * rng.normal(size=policy.num_params)
    _, g, p = sorting.exact(task, policy, theta)
    each = [sorting.exact(task, policy, theta, x[None])[1] for x in task.every()]
    for how in ("none", "mean", "leave_one_out", "std", "successes"):
        w = {
            "none": 1 + 0 * p,
            "mean": 0.75 + 0 * p,
            "leave_one_out": 1 + 0 * p,
            "std": pg.grpo_weight(p, 4),
            "successes": sum((1 - p) ** j for j in range(4)),
        }[how]
        wanted = np.mean([wi * gi for wi, gi in zip(w, each)], axis=0) @ g
        found = []
        for _ in range(200):
            prompts = np.repeat(task.prompts(rng, 8), 4, axis=0)
            answers = policy.generate(theta, prompts, rng)
            a = pg.group_advantages(task.reward(prompts, answers).reshape(8, 4), how).ravel()
            found.append(
                policy.weighted_score(theta, prompts, answers.tokens, pg.token_weights(a, answers.mask, "sum")) @ g
            )
        assert abs(np.mean(found) - wanted) < 4.5 * np.std(found) / sqrt(200)


def test_the_sorter_learns_and_a_bad_reward_never_reaches_theta():
    task = pg.Sorting(2, 4)
    policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 32, 4)))
    rng = np.random.default_rng(0)
    prompts, tokens = task.demonstrations(rng, 500)
    theta = pg.imitate(policy, policy.init(rng), prompts, tokens, rng, 100)
    before = sorting.success(task, policy, theta)
    after = sorting.success(
        task, policy, pg.climb(policy, theta, task.prompts, task.reward, rng, num_updates=60, num_prompts=16, epochs=2)
    )
    assert after > before + 0.2
    for bad in (np.nan, np.inf):
        with pytest.raises(NotFinite, match="reward"):
            pg.climb(policy, theta, task.prompts, lambda x, y: np.full(len(x), bad), rng, num_updates=1)
    same = pg.climb(
        policy, theta, task.prompts, lambda x, y: np.full(len(x), 0.1, np.float32), rng, num_updates=3, how="std"
    )
    assert (same == theta).all()  # all rewards equal: not one parameter moves
    with pytest.raises(ValueError, match="leaving one out"):
        pg.climb(policy, theta, task.prompts, task.reward, rng, num_updates=1, group_size=1)
    with pytest.raises(ValueError, match="list every prompt"):
        pg.Sorting(9, 10).every()
    with pytest.raises(ValueError, match="lead from"):
        pg.TokenPolicy(task, pg.MLPSoftmax((5, 4)))
