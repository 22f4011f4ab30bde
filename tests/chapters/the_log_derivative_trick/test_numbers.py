"""The numbers on chapter 3's page and in its lab, from computations that share no code with the package.

Two doors is enumerated in fractions, Gaussians are integrated by SciPy, everything else is a closed form written out
here. (The baseline table, the coin that is taken back, and the underflow steps are in test_numbers_enumerated.py.)
"""

import itertools
import json
import re
from fractions import Fraction as F
from math import comb

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import sigmoid
from tools.paths import ROOT
from tools.site import values

CHAPTER = PageAndLab("03-the-log-derivative-trick")
PAGE, LAB, says, printed = CHAPTER.page, CHAPTER.lab, CHAPTER.says, CHAPTER.printed
HALF = F(1, 2)


def numbers(text):
    return [float(x.replace(",", "")) for x in re.findall(r"(?<![\w.])[-+]?\d[\d,]*\.?\d*(?:e-?\d+)?", text)]


# ---- two doors at theta = 0, in fractions ----

DOORS_V = {"A": F(-3, 32), "B": F(13, 16), "C": F(-3), "D": F(1, 4)}
DOORS_Q = {
    ("A", 1): -1 + HALF * F(13, 16),
    ("A", 0): HALF * F(13, 16),
    ("B", 1): F(3, 2),
    ("B", 0): F(1, 8),
    ("C", 0): F(-3),
    ("C", 1): F(-3),
    ("D", 1): HALF,
    ("D", 0): F(0),
}
LOGIT = {"A": 0, "B": 0, "D": 1}  # C has nothing to choose


def doors():
    """The eight trajectories, [(state, action, reward)] each, all of probability 1/8."""
    for a, b, c in itertools.product((0, 1), repeat=3):
        last = ("C", c, F(-3)) if b else ("D", c, HALF * c)
        yield [("A", a, F(-a)), ("B", b, F(3 * b)), last]


def to_go(steps, t):
    return sum(HALF ** (k - t) * steps[k][2] for k in range(t, 3))


WEIGHTS = {
    "total return": lambda steps, t: to_go(steps, 0),
    "reward-to-go": lambda steps, t: HALF**t * to_go(steps, t),
    "exact Q": lambda steps, t: HALF**t * DOORS_Q[steps[t][:2]],
    "to-go less V": lambda steps, t: HALF**t * (to_go(steps, t) - DOORS_V[steps[t][0]]),
    "advantage": lambda steps, t: HALF**t * (DOORS_Q[steps[t][:2]] - DOORS_V[steps[t][0]]),
    "past": lambda steps, t: to_go(steps, 0) - HALF**t * to_go(steps, t),
    "no gamma^t": lambda steps, t: to_go(steps, t),
    "first step": lambda steps, t: to_go(steps, 0) if t == 0 else F(0),
}
GRADIENT = [F(-5, 64), F(1, 64)]


def moments(weight):
    """Mean (2,) and summed variance of one trajectory's estimate, with the score a - 1/2 at the state's logit."""
    estimates = []
    for steps in doors():
        g = [F(0), F(0)]
        for t, (s, a, _) in enumerate(steps):
            if s in LOGIT:
                g[LOGIT[s]] += (a - HALF) * weight(steps, t)
        estimates.append(g)
    mean = [sum(g[j] for g in estimates) / 8 for j in (0, 1)]
    return mean, sum((g[j] - mean[j]) ** 2 for g in estimates for j in (0, 1)) / 8


def test_the_gradient_of_two_doors_is_the_derivative_of_its_closed_form():
    J = lambda x: -x[0] / 4 + (1 - x[0]) * x[1] / 8  # noqa: E731  in p and q
    sigmoid = lambda z: 1 / (1 + np.exp(-np.array(z)))  # noqa: E731
    numeric = optimize.approx_fprime([0.0, 0.0], lambda z: J(sigmoid(z)), 1e-7)
    np.testing.assert_allclose(numeric, [float(g) for g in GRADIENT], atol=1e-7)


@pytest.mark.parametrize(
    "name, variance, needed",
    [
        ("total return", F(137, 2048), "1,054"),
        ("reward-to-go", F(153, 2048), "1,177"),
        ("exact Q", F(181, 4096), "697"),
        ("to-go less V", F(63, 2048), "485"),
        ("advantage", F(1, 4096), "4"),
    ],
)
def test_five_weights_one_mean_and_the_variance_of_each(name, variance, needed):
    mean, found = moments(WEIGHTS[name])
    assert mean == GRADIENT and found == variance
    relative = found / sum(g**2 for g in GRADIENT)
    assert f"{-(-relative // F(1, 100)):,}" == needed  # a relative squared error of 0.01, rounded up
    says(
        rf"${variance.numerator}/{variance.denominator}\approx{round(float(variance), 4):.4f}$".replace(
            "approx0", "approx"
        ),
        f"| {needed} |",
    )


def test_the_exact_advantage_is_worth_a_factor_of_274():
    assert F(137, 2048) / F(1, 4096) == 274
    says("a factor of 274")
    assert round(274**0.5) == 17
    says("about 17 times below")


def test_what_causality_drops_has_mean_zero_and_noise():
    assert moments(WEIGHTS["past"]) == ([0, 0], F(3, 16))
    assert printed("doors-past-check").startswith("mean [0. 0.]") and "0.1875" in printed("doors-past-check")
    assert abs(numbers(printed("doors-past-check"))[2] - 0.1875) < 0.002


def test_the_wrong_estimators_of_the_page_and_the_lab():
    assert moments(WEIGHTS["first step"])[0] == [F(-1, 4), 0]
    says(r"$(-.25,\,0)$", r"$(-.078,\,.016)$")
    got = numbers(printed("doors-wrong-check"))
    np.testing.assert_allclose(got[:4], [-0.25, 0, -0.078125 / 3, 0.015625 / 3], atol=0.002)
    np.testing.assert_allclose(got[4:6], [float(x) for x in moments(WEIGHTS["no gamma^t"])[0]], atol=0.003)


def test_the_lab_prints_the_table_of_errors_with_slope_minus_1():
    rows = printed("five-table").splitlines()[1:]
    assert [row[:13].strip() for row in rows] == [
        "total return",
        "reward-to-go",
        "exact Q",
        "to-go less V",
        "advantage",
    ]
    for row in rows:
        *errors, slope = numbers(row[13:])
        exact = float(moments(WEIGHTS[row[:13].strip()])[1] / sum(g**2 for g in GRADIENT))
        spread = 4 * np.sqrt(2 * np.array([10, 100, 1000, 10_000]) / 200_000) + 0.05  # chi-squared, and two digits
        assert (abs(np.array(errors) * [10, 100, 1000, 10_000] / exact - 1) < spread).all(), row
        assert abs(slope + 1) < 0.1


def test_the_still_picture_has_the_exact_constants():
    from tools.make.drawings.the_log_derivative_trick import WEIGHTS as drawn

    for name, value in drawn.items():
        mine = {"reward-to-go less V": "to-go less V", "exact advantage": "advantage"}.get(name, name)
        assert abs(value - moments(WEIGHTS[mine])[1] / sum(g**2 for g in GRADIENT)) < 1e-12


# ---- one random number ----


def gaussian(g, mu=0.0):
    """Mean and variance of g(x), x ~ N(mu, 1)."""
    density = stats.norm(mu).pdf
    edges = [mu - 10, 0, mu + 10]  # the step jumps at 0

    def mean(h):
        return sum(
            integrate.quad(lambda x: h(x) * density(x), lo, hi, limit=2000)[0] for lo, hi in itertools.pairwise(edges)
        )

    m = mean(g)
    return m, mean(lambda x: (g(x) - m) ** 2)


def test_score_function_against_pathwise():
    for b, variance in ((0, 30), (2, 18)):
        np.testing.assert_allclose(gaussian(lambda x: (x**2 - b) * (x - 1), mu=1), (2, variance), atol=1e-6)
    np.testing.assert_allclose(gaussian(lambda x: 2 * x, mu=1), (2, 4), atol=1e-6)
    np.testing.assert_allclose(gaussian(lambda x: np.sin(10 * x) * x), (0, 0.5), atol=1e-6)
    np.testing.assert_allclose(gaussian(lambda x: 10 * np.cos(10 * x)), (0, 50), atol=1e-5)
    says("variance 30; with $b=\\E f=2$: 18", "| variance 4 |", "variance 0.5 | variance 50")
    got = [numbers(line)[-2:] for line in printed("pathwise").splitlines()]
    np.testing.assert_allclose(got, [(30, 4), (0.5, 50)], rtol=0.02)


def test_a_step_has_a_smooth_average():
    mean, variance = gaussian(lambda x: (x > 0) * x)
    assert abs(mean - 1 / np.sqrt(2 * np.pi)) < 1e-8 and abs(mean - stats.norm.pdf(0)) < 1e-8
    assert round(mean, 3) == 0.399 and round(variance, 3) == 0.341
    assert round(gaussian(lambda x: ((x > 0) - 0.5) * x)[1], 3) == 0.091
    says("variance .341; with $b=\\tfrac12$: .091")


def test_a_support_that_moves_gives_the_wrong_sign():
    theta = 1.7
    truth = optimize.approx_fprime([theta], lambda t: integrate.quad(lambda x: x / t[0], 0, t[0])[0], 1e-6)[0]
    formula = integrate.quad(lambda x: x * (-1 / theta) / theta, 0, theta)[0]
    np.testing.assert_allclose([truth, formula], [0.5, -0.5], atol=1e-6)


def test_the_coin():
    theta = 0.6
    p = 1 / (1 + np.exp(-theta))
    average = 3 * (1 - p) * p + 1 * (0 - p) * (1 - p)
    slope = optimize.approx_fprime([theta], lambda t: 1 + 2 / (1 + np.exp(-t[0])), 1e-7)[0]
    assert abs(average - slope) < 1e-6
    estimate, _, truth = numbers(printed("coin-print"))
    assert truth == 0.42 and abs(estimate - truth) < 0.01


# ---- baselines ----


def test_two_arms_that_pay_10_and_11():
    """Variance of one step, over both logits, at even odds: the score is +-1/2 in each."""
    for b, variance in ((0, 55.125), (10.5, 0)):
        steps = np.array([(10 - b) * np.array([0.5, -0.5]), (11 - b) * np.array([-0.5, 0.5])])
        assert abs(steps.var(axis=0).sum() - variance) < 1e-12
    says("variance 55.1", "With $b=10.5$ it has none")


def test_the_value_is_94_times_worse_and_the_best_baseline_is_0_073():
    pi, Q = np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])

    def variance(b):
        steps = np.array([(Q[a] - b) * (np.eye(3)[a] - pi) for a in range(3)])
        return sum(pi[a] * ((steps[a] - pi @ steps) ** 2).sum() for a in range(3))

    best = optimize.minimize_scalar(variance, bounds=(-1, 2), method="bounded", options=dict(xatol=1e-10))
    assert round(variance(0.9) / variance(0)) == 94 and round(variance(0), 5) == 0.00135
    assert round(best.x, 3) == 0.073 and round(best.fun, 5) == 0.00036
    second_moment = sum(pi[a] * ((np.eye(3)[a] - pi) ** 2).sum() for a in range(3))
    for b in (-0.3, 0.1, 0.9):  # step 3 of the proof
        assert abs(variance(b) - best.fun - (b - best.x) ** 2 * second_moment) < 1e-9
    assert abs(variance(2 * best.x) - variance(0)) < 1e-8
    says("94 times", ".00135", "at $b=.073$")
    assert round(1 - 0.1152 / 0.1458, 1) == 0.2
    says("removes a fifth")


@pytest.mark.parametrize("N, factor", [(2, 0.5), (4, 0.75), (8, 0.875)])
def test_a_mean_that_contains_yourself_shrinks_the_step(N, factor):
    """All 2^N outcomes of N even pulls of arms that pay 1 and 0: E[(x - mean) (x - 1/2)] against the slope 1/4."""
    x = np.array(list(itertools.product([0, 1], repeat=N)), float)
    others = (x.sum(axis=1, keepdims=True) - x) / (N - 1)
    assert abs(np.mean((x - x.mean(axis=1, keepdims=True)) * (x - 0.5)) / 0.25 - factor) < 1e-12
    assert abs(np.mean((x - others) * (x - 0.5)) / 0.25 - 1) < 1e-12
    row = next(line for line in printed("loo-check").splitlines() if line.startswith(f"N = {N}:"))
    np.testing.assert_allclose(numbers(row)[1:], [factor, 1], atol=0.011)


# ---- what goes wrong ----


def test_averaging_the_scores_in_the_corridor_leaves_nothing():
    """-sum of scores over walks of up to 60 steps, weighted by their probability, against the slope of J."""
    for p in (0.35, 0.6):
        occupied, score_sum, total = np.array([1.0, 0, 0]), np.zeros(3), 0.0
        for _ in range(4000):  # score_sum: probability-weighted sum of scores of walks now in each cell
            walks, sums = np.zeros(3), np.zeros(3)
            for cell in range(3):
                for right, prob in ((1, p), (0, 1 - p)):
                    there = cell + (1 if right != (cell == 1) else -1)
                    there = max(there, 0)
                    mass = occupied[cell] * prob
                    gained = prob * score_sum[cell] + mass * (right - p)
                    if there == 3:
                        total += gained
                    else:
                        walks[there] += mass
                        sums[there] += gained
            occupied, score_sum = walks, sums
        assert occupied.sum() < 1e-12 and abs(total) < 1e-10
        slope = optimize.approx_fprime([p], lambda x: (2 * x[0] - 4) / (x[0] * (1 - x[0])), 1e-7)[0] * p * (1 - p)
        assert abs(slope) > 0.1  # while there was something to learn


def test_standardised_within_one_episode():
    G = [sum(0.99**k for k in range(6 - t)) for t in range(6)]
    wanted = [1.45, 0.88, 0.30, -0.28, -0.88, -1.47]
    np.testing.assert_allclose(stats.zscore(G), wanted, atol=0.005)
    says(r"$+1.45,\,+.88,\,+.30,\,-.28,\,-.88,\,-1.47$")
    np.testing.assert_allclose(numbers(printed("within-episode")), wanted, atol=0.005)


def test_the_loss_falls_and_rises_while_the_return_rises():
    loss = lambda p: -(p * (1 - p) * np.log(p) - (1 - p) * p * np.log(1 - p))  # noqa: E731  advantages 1-p and -p
    np.testing.assert_allclose([loss(p) for p in (0.5, 0.9, 0.99)], [0, -0.198, -0.045], atol=6e-4)
    lowest = optimize.minimize_scalar(loss, bounds=(0.5, 0.99), method="bounded")
    assert round(lowest.x, 2) == 0.82 and round(lowest.fun, 2) == -0.22
    says("$0,\\ -.198,\\ -.045$", "minus .22 near p equals .82")


def test_the_surrogate_has_the_right_gradient_where_the_data_came_from():
    """Two arms, p = sigma(theta): at the sampling theta the derivative of the expected loss is -dJ,
    elsewhere it is not."""
    sigma = lambda t: 1 / (1 + np.exp(-t))  # noqa: E731
    old = 0.4
    p = sigma(old)
    surrogate = lambda t: -(p * (1 - p) * np.log(sigma(t)) - (1 - p) * p * np.log(1 - sigma(t)))  # noqa: E731
    slope = lambda f, t: (f(t + 1e-6) - f(t - 1e-6)) / 2e-6  # noqa: E731
    assert abs(slope(surrogate, old) + slope(sigma, old)) < 1e-8
    assert abs(slope(surrogate, old + 1) + slope(sigma, old + 1)) > 0.01


def test_logs_where_probabilities_die():
    assert round(538 * np.log(0.25), 1) == -745.8 and np.exp(-750.0) == 0.0
    says("$-745.8$", "a logit 750 below the best")


# ---- the lab ----


def test_the_lab_shows_each_limit_of_a_baseline():
    got = [numbers(line.split("variance:")[1]) for line in printed("baseline-table").splitlines()]
    np.testing.assert_allclose(got, [(55.125, 0, 0), (0.1458, 0.1152, 0), (0.00135, 0.1269, 0.000365)], atol=6e-5)


def test_the_longer_world_is_ordered_as_the_text_says():
    total, to_go_, Q, less_V, advantage = (float(line.split()[-1]) for line in printed("long-table").splitlines())
    assert 0.55 < 1 - to_go_ / total < 0.75  # "about two thirds"
    assert 500 < total / advantage < 900  # "a seven-hundredth"
    assert advantage < less_V < to_go_ and Q < to_go_


def test_cartpole_was_balanced_when_the_lab_was_stored():
    assert printed("pole-assert").startswith("all three seeds") and "both positive" in printed("pole-theta")
    assert printed("recipe-run").startswith("reached 475") and printed("plain-run").startswith("reached 475")
    for cell in ("recipe-assert", "plain-assert", "five-unbiased", "five-assert"):
        assert "assert" in next(c.source for c in LAB.cells if c.id == cell)


# ---- the lab's figures show the data they are given ----


@pytest.fixture
def ax():
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from learning_to_act import plots

    with plots.book_style():
        figure = Figure((6, 3.5))
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        yield axes
        figure.canvas.draw()


def test_errors_against_n_names_each_line_at_its_end_and_apart(ax):
    from learning_to_act import plots

    n, errors = [10, 100, 1000], {"a": [1, 0.1, 0.01], "b": [1.1, 0.11, 0.011], "c": [1e-3, 1e-4, 1e-5]}
    lines = plots.errors_against_n(ax, n, errors)
    assert sorted(tuple(line.get_ydata()) for line in lines) == sorted(map(tuple, errors.values()))
    heights = {t.get_text(): t.xyann[1] for t in ax.texts}
    assert set(heights) == set(errors) and heights["c"] == pytest.approx(1e-5)
    assert heights["b"] / heights["a"] > 2 and ax.get_xscale() == ax.get_yscale() == "log"


def test_spread_counts_every_estimate_and_marks_the_truth(ax):
    from learning_to_act import plots

    estimates = np.array([-9.0, 0.1, 0.1, 0.2, 9.0])
    plots.spread(ax, estimates, truth=0.15, limits=(0, 0.3), bins=30)
    assert sum(bar.get_height() for bar in ax.patches) == 5
    assert [line.get_xdata()[0] for line in ax.lines][-1] == 0.15


def test_ablation_draws_paired_differences_and_student_s_intervals(ax):
    from learning_to_act import plots

    rng = np.random.default_rng(0)
    seed_effect = rng.normal(0, 50, 10)  # what pairing takes off
    arms = {
        name: (level + seed_effect + rng.normal(0, 5, 10), level + 9 + seed_effect + rng.normal(0, 5, 10))
        for name, level in (("first", 300), ("second", 100), ("third", 301))
    }
    found = plots.ablation(ax, arms)
    assert list(found) == ["second", "third"]
    for name, (means, low, high) in found.items():
        for i in (0, 1):
            exact = stats.ttest_rel(arms[name][i], arms["first"][i])
            assert means[i] == pytest.approx(np.mean(arms[name][i]) - np.mean(arms["first"][i]))
            assert (low[i], high[i]) == pytest.approx(tuple(exact.confidence_interval(0.95)))
    assert (found["third"][2] - found["third"][1] < 20).all()  # unpaired it would be some 90
    assert [t.get_text() for t in ax.get_yticklabels()] == ["second", "third"]
    top, bottom = ax.get_ylim()[::-1]
    assert top < bottom  # the first arm is drawn at the top
    assert 0 in [line.get_xdata()[0] for line in ax.lines]  # the recipe itself


def test_the_named_numbers_of_chapter_3():
    variance = {name: float(moments(weight)[1]) for name, weight in WEIGHTS.items()}
    squared = float(sum(g**2 for g in GRADIENT))
    values.holds(
        var_total=variance["total return"],
        var_togo=variance["reward-to-go"],
        var_exact_Q=variance["exact Q"],
        var_togo_less_V=variance["to-go less V"],
        var_advantage=variance["advantage"],
        need_total=int(np.ceil(variance["total return"] / squared / 0.01)),
        need_togo=int(np.ceil(variance["reward-to-go"] / squared / 0.01)),
        need_total_exact=variance["total return"] / squared / 0.01,
        doors_first=-float(GRADIENT[0]),
        doors_second=float(GRADIENT[1]),
        one_step_guess=0.25 * 0.5,
    )  # in B: half a visit, p (1 - p), pays 3; in A: one visit, pays -1
    assert 0.5 * 0.25 * 3 - 0.25 == 0.25 * 0.5

    def noise(pi, Q, b):
        steps = np.array([(Q[a] - b) * (np.eye(len(pi))[a] - pi) for a in range(len(pi))])
        return pi @ ((steps - pi @ steps) ** 2).sum(axis=1)

    hurt, help_ = (np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])), (np.array([0.9, 0.1]), np.array([0, 1.0]))
    best = optimize.minimize_scalar(
        lambda b: noise(*hurt, b), bounds=(-1, 1), method="bounded", options={"xatol": 1e-10}
    )
    values.holds(
        hurt_none=noise(*hurt, 0),
        hurt_V=noise(*hurt, 0.9),
        hurt_best=best.fun,
        hurt_b=best.x,
        hurt_b_short=best.x,
        help_none=noise(*help_, 0),
        help_V=noise(*help_, 0.1),
        ten_eleven_noise=noise(np.array([0.5, 0.5]), np.array([10, 11.0]), 0),
        kept_4=3 / 4,
        kept_8=7 / 8,
        third_of_error=10**-0.5,
    )
    later = (
        sum(comb(8, n) / 2**8 * (n - 1) / n * n for n in range(1, 9)) / 4
    )  # n of 8 go on: each keeps (n - 1) / n of its share
    values.holds(kept_second_8=later)
    values.holds(
        bell_height=stats.norm.pdf(0),
        step_noise=0.5 - stats.norm.pdf(0) ** 2,
        step_noise_baseline=0.25 - stats.norm.pdf(0) ** 2,
        after_one_update=sigmoid(-0.25),
        corridor_p=2 - 2**0.5,
        halves_die=1075,
        sum_of_logs=538 * np.log(4),
    )
    loss = lambda p: p * (1 - p) * np.log(p) - (1 - p) * p * np.log(1 - p)  # noqa: E731  minus the expected surrogate
    lowest = optimize.minimize_scalar(lambda p: -loss(p), bounds=(0.5, 0.99), method="bounded")
    values.holds(
        loss_9=loss(0.9),
        loss_99=loss(0.99),
        loss_lowest=-lowest.fun,
        loss_lowest_p=lowest.x,
        loss_highest_p=1 - lowest.x,
    )
    G = stats.zscore([sum(0.99**k for k in range(6 - t)) for t in range(6)])
    values.holds(standard_0=G[0], standard_1=G[1], standard_2=G[2], standard_3=-G[3], standard_5=-G[5])
    assert round(-G[4], 2) == round(G[1], 2)
    arms = json.loads((ROOT / "studies/cartpole_ablation.json").read_text("utf8"))["arms"]
    tests = {
        name: stats.ttest_rel(np.mean(arm["sampled"], axis=1), np.mean(arms["recipe"]["sampled"], axis=1))
        for name, arm in arms.items()
        if name != "recipe"
    }
    shift = {name: np.mean(arms[name]["sampled"]) - np.mean(arms["recipe"]["sampled"]) for name in arms}
    values.holds(
        shift_theorem=shift["theorem's estimator"],
        shift_gamma_one=shift["gamma = 1"],
        shift_power_kept=shift["gamma^t kept"],
        closest_p_value=tests["gamma = 1"].pvalue,
    )
    values.holds(closest_p_value=tests["gamma^t kept"].pvalue)
