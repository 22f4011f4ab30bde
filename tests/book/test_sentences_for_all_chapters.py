"""What the glossary, the summary sheet and the other pages of all chapters claim: for each condition the counterexample
to what was once written there."""

import itertools
import re

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, SHEET, cells, corridor, doors, flat, sigmoid, slope, softmax, words
from tools import contents
from tools.paths import ROOT

START = PageAndLab.text("00-before-you-start")
GLOSSARY = PageAndLab.text("glossary")
CHECKS = (ROOT / "book/how-the-checks-are-checked.md").read_text("utf8")
SPEED = (ROOT / "book/speed.md").read_text("utf8")
INSTRUCTORS = (ROOT / "book/for-instructors.md").read_text("utf8")
WAYS = (ROOT / "book/ways-to-run.md").read_text("utf8")
BANK = contents.questions()


def test_a_past_reward_and_a_score_have_mean_zero_product_and_each_score_mean_zero():
    drill = (ROOT / "book/practice/drills.yml").read_text("utf8")
    world, pi, scores, _ = doors()
    assert abs(np.einsum("sa,san->sn", pi, scores)).max() < 1e-15  # the conditional mean, and so the plain one
    assert "What the step needs is that the score's *conditional* mean is zero." in drill
    assert "Only the score's *conditional*" not in drill


def test_a_baseline_that_follows_from_the_action_is_as_bad_as_the_action():
    """The reward is not the action. As its own baseline it leaves nothing."""
    pi, Q = np.array([0.5, 0.3, 0.2]), np.array([1, 2, 4.0])
    score = np.eye(3) - pi
    truth = pi @ (score * Q[:, None])
    np.testing.assert_allclose(pi @ (score * (Q - 7)[:, None]), truth)
    assert abs(truth).max() > 0.1 and (pi @ (score * (Q - Q)[:, None]) == 0).all()
    from policy_gradient import estimators

    assert "b fixed before the action is drawn" in estimators.__doc__ and "fixed before a_t is drawn" in words(
        pg.psi_reward_to_go
    )
    assert "anything that is fixed before the action is drawn" in ANSWERS["on-or-off-policy"]
    assert "If it is fixed before the action is drawn" in GLOSSARY
    for text in (estimators.__doc__, flat(BANK)):
        assert "anything but the action" not in text and "may be anything." not in text


def test_bounded_rewards_and_scores_do_not_help_where_an_edge_moves():
    """x uniform on (0, theta): the score is -1/theta, constant. J = theta/2 rises, the estimate says it falls."""
    theta = 2.0
    J = lambda t: integrate.quad(lambda x: x / t, 0, t)[0]  # noqa: E731
    by_score = integrate.quad(lambda x: x * (-1 / theta) / theta, 0, theta)[0]
    assert slope(J, theta) == pytest.approx(0.5) and by_score == pytest.approx(-0.5)
    assert "the scores' variance bounded and no edge that moves" in SHEET
    assert "no density with an edge that moves" in ANSWERS["derive-from-trajectories"]


def test_reinforce_in_five_lines_leaves_out_what_lies_beyond_an_episode():
    block = re.search(r"## REINFORCE in five lines\n\n```python\n(.*?)```", SHEET, re.S)[1]
    world, policy = pg.short_corridor(), pg.two_action_softmax(1)
    theta, gamma, b = np.array([0.4]), 0.9, -3.0
    data = pg.sample_rollout(world, policy, theta, 50, 200, np.random.default_rng(0))
    assert not data.mask.all()

    def run(code):
        names = dict(
            np=np,
            reward_to_go=pg.reward_to_go,
            rewards=data.rewards,
            gamma=gamma,
            T=len(data.mask),
            b=b,
            mask=data.mask,
            policy=policy,
            theta=theta,
            obs=data.obs,
            actions=data.actions,
            lr=0.1,
        )
        exec(code, names)
        return names["g"]

    expected = pg.estimate_gradient(policy, theta, data, pg.psi_reward_to_go(data, gamma, b))
    np.testing.assert_allclose(run(block), expected)
    assert abs(run(block.replace("mask * ", "")) - expected).max() > 0.01


def test_a_later_td_error_counts_gamma_lambda_times_as_much():
    gamma, lam = 0.95, 0.9
    data = pg.Rollout(
        np.zeros((2, 1, 1)),
        np.zeros((2, 1)),
        np.array([[0.0], [1]]),
        np.ones((2, 1), bool),
        np.array([[False], [True]]),
        np.zeros((2, 1), bool),
        np.zeros((1, 1)),
    )
    first, second = pg.gae(data, np.zeros((2, 1)), np.zeros(1), gamma, lam)[:, 0]
    assert first / second == pytest.approx(gamma * lam) and abs(first / second - (1 - gamma * lam)) > 0.5
    assert (
        "each later one counting $\\gamma\\lambda$ times as much" in GLOSSARY
        and "counting gamma * lam times as much" in words(pg.gae)
    )


def test_every_symbol_of_the_summary_sheet_is_on_the_notation_page():
    notation = PageAndLab.text("notation").split("## Crosswalk")[0]
    for symbol in (
        "Q^\\pi",
        "V^\\pi",
        "A^\\pi",
        "\\lambda",
        "\\eta",
        "\\varepsilon",
        "\\beta",
        "Z",
        "\\pi_{\\text{ref}}",
        "P_\\theta(\\tau)",
        "N",
        "u",
    ):
        assert re.search(rf"\$[^$]*{re.escape(symbol)}[^$]*\$", notation), symbol
    assert "Symbols: [Notation](notation.md)." in SHEET


def test_bootstrapping_from_a_bad_value_can_raise_the_variance():
    from policy_gradient.exact import gae_weigh, moments

    world, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    V = pg.state_values(world, doors()[1])
    noise = lambda critic, lam: moments(world, policy, np.zeros(2), gae_weigh(world, critic, lam=lam))[1]  # noqa: E731
    assert noise(np.zeros(4), 0) > 2.5 * noise(np.zeros(4), 1) and noise(V, 0) < noise(V, 1) / 100
    assert "With a good value it lowers the variance as a rule." in GLOSSARY and "raise the variance" in GLOSSARY


def test_the_best_lambda_need_not_grow_with_the_batch():
    from policy_gradient.exact import gae_weigh, moments

    world, pi, _, exact = doors()
    V, lams = pg.state_values(world, pi), np.linspace(0, 1, 21)

    def best(critic, N):
        squared = []
        for lam in lams:
            mean, noise = moments(world, pg.two_action_softmax(2, 3), np.zeros(2), gae_weigh(world, critic, lam=lam))
            squared.append(((mean - exact) ** 2).sum() + noise / N)
        return lams[np.argmin(squared)]

    assert best(V, 1) == best(V, 64) == 0 and best(V / 2, 1) < best(V / 2, 64)
    assert "The best $\\lambda$ depends on $N$ and $V$" in SHEET and "$\\lambda$ grows with the batch" not in SHEET


def test_epsilon_greedy_probabilities_jump_and_softmax_probabilities_do_not():
    greedy = lambda q: 0.05 + 0.9 * (np.arange(2) == np.argmax(q))  # noqa: E731
    below, above = np.array([1.0, 1 - 1e-9]), np.array([1.0, 1 + 1e-9])
    assert abs(greedy(below) - greedy(above)).max() == pytest.approx(0.9)
    assert abs(softmax(below) - softmax(above)).max() < 1e-8
    assert "which a softmax's probabilities do not" in GLOSSARY


def test_adam_feels_the_scale_where_it_changes_or_is_tiny():
    def moved(*gradients):
        adam, theta = pg.Adam(learning_rate=0.1), np.zeros(1)
        for g in gradients:
            before, theta = theta, adam.step(theta, np.array([g]))
        return (theta - before)[0]

    assert moved(1.0) == pytest.approx(moved(1e-3), rel=1e-4) == pytest.approx(0.1, rel=1e-4)
    assert moved(1e-9) < 0.01 and moved(*[1.0] * 50, 1e-3) < 0.095
    assert "scale is steady and far above that constant" in GLOSSARY
    assert "while that is steady and far above `epsilon`" in pg.Adam.__doc__


def test_near_a_deterministic_policy_it_is_flat_only_where_values_stay_bounded():
    in_corridor = [
        slope(lambda z: np.linalg.solve(np.eye(3) - corridor(sigmoid(z)), -np.ones(3))[0], z, 1e-4)
        for z in (-4, -6, -8)
    ]
    assert 100 < in_corridor[0] < in_corridor[1] < in_corridor[2] > 1e4
    two_arms = [slope(sigmoid, z) for z in (-4, -6, -8)]
    assert two_arms[0] > two_arms[1] > two_arms[2] < 1e-3
    assert "Where values stay bounded, a softmax of logits has one near every deterministic policy" in GLOSSARY


def test_a_softmax_gives_zero_where_a_logit_is_minus_infinity_or_a_float_too_short():
    assert pg.softmax(np.array([0, -800.0]))[1] == 0 and pg.softmax(np.array([0, -np.inf]))[1] == 0
    assert np.exp(pg.log_softmax(np.array([0, -700.0])))[1] > 0
    assert "turns finite logits into probabilities that are never zero, though a computer may round" in GLOSSARY


def test_the_log_derivative_lemma_of_the_sheet_asks_for_the_swap():
    theta, rng = 2.0, np.random.default_rng(0)
    x = theta * rng.random(10_000)  # uniform on (0, theta): J = theta / 2, the score is -1 / theta
    assert slope(lambda t: t / 2, theta) == pytest.approx(0.5) and np.mean(x * (-1 / theta)) == pytest.approx(
        -0.5, abs=0.02
    )
    assert "and the swap is allowed (trajectories, 2)" in SHEET
    assert "\\score s" not in SHEET and "(below, $g(s)$ is a state's answer)" in SHEET
    assert "(here the limit, no TD error)" in SHEET and "the KL that a step may reach" in PageAndLab.text("notation")


def test_what_the_pages_say_of_the_book_itself_is_so():
    import json

    from tools.site.path import plan

    unlisted = [int(row.split("|")[4]) for row in CHECKS.splitlines() if row.startswith("| `")]
    assert min(unlisted) == 9 and sum(n >= 12 for n in unlisted) > len(unlisted) / 2
    assert "at least nine wrong answers in our own words, for most a dozen or more" in CHECKS
    weeks = [row for row in plan().splitlines()[2:] if row.startswith("|")]
    assert len(weeks) == 8 and "**In four weeks**: weeks 1, 2, 3 and 5" in INSTRUCTORS
    assert "a plan for eight weeks or four" in INSTRUCTORS
    timed = [row["lab"] for row in json.loads((ROOT / "benchmarks/results/waiting.json").read_text())["result"]["labs"]]
    assert [name[:2] for name in timed] == ["01", "02", "03", "04", "05", "mu"]
    assert "The labs of chapters 1 to 5 and the museum, each" in SPEED
    measured = set(json.loads((ROOT / "benchmarks/results/learner.json").read_text())["notebooks"])
    every = {f"{d}/{p.name}" for d in ("notebooks", "exercises") for p in (ROOT / d).glob("*.ipynb")}
    assert sorted({name.split("/")[1][:2] for name in every - measured}) == ["06", "07", "08"]
    assert "Chapters 6 to 8 have no row yet" in INSTRUCTORS and "of every notebook" not in INSTRUCTORS
    assert "`CONTRIBUTING.md` in the repository says how to fill the folder (*Python in the page*)" in INSTRUCTORS
    told = (ROOT / "CONTRIBUTING.md").read_text("utf8").split("## Python in the page")[1].split("\n## ")[0]
    assert "tools.make.pyodide FOLDER" in told and "make book PYODIDE=FOLDER" in told
    for page in ("README.md", "book/for-instructors.md", "docs/architecture.md"):  # Python starts at an edit, too
        said = " ".join((ROOT / page).read_text("utf8").split())
        assert re.search(r"another host for anything, until|fetched from anywhere else until", said), page
        assert not re.search(r"until (a reader|somebody) clicks \*Run here\*|fetched from anywhere else\.", said), page
    assert "every figure on these pages" not in WAYS and "the only one in which" not in WAYS
    assert "two shared parameters" in flat(list(cells("02-the-theorem").values()))


def test_leave_one_out_asks_for_episodes_drawn_independently():
    score, reward = np.array([-0.5, 0.5]), np.array([0.0, 1.0])
    one = lambda a, b: score[a] * (reward[a] - reward[b]) / 2 + score[b] * (reward[b] - reward[a]) / 2  # noqa: E731
    assert np.mean([one(a, b) for a, b in np.ndindex(2, 2)]) == pytest.approx(1 / 4)  # p (1 - p), the slope
    assert np.mean([one(a, 1 - a) for a in (0, 1)]) == pytest.approx(1 / 2)  # the second coin always the other way
    assert "If episodes are drawn independently it depends on nothing that the episode itself did" in GLOSSARY


def test_conjugate_gradients_need_a_solution_to_find():
    F_, found = np.diag([1.0, 0.0]), {}
    for g in ((1.0, 0.0), (1.0, 1.0)):  # one step of the method, and the direction of the next
        g = np.array(g)
        x = (g @ g) / (g @ F_ @ g) * g
        rest = g - F_ @ x
        found[g[1]] = rest, rest + (rest @ rest) / (g @ g) * g
    np.testing.assert_array_equal(found[0.0][0], 0)  # solved
    rest, along = found[1.0]
    assert np.linalg.norm(rest) > 1 and along @ F_ @ along == 0  # the next step divides by this
    assert "where it has a solution, from products $Fv$ alone" in GLOSSARY
    assert "gains nothing from moving a ratio past the clip" in GLOSSARY and "every gradient with it" not in GLOSSARY


def test_the_place_of_a_kl_penalty_does_not_alone_decide_which_kl_it_is():
    theta, ref = np.array([0.3, -0.5, 1.0]), np.array([0.2, 0.5, 0.3])
    kl = lambda a, b: a @ np.log(a / b)  # noqa: E731
    slopes = [
        optimize.approx_fprime(theta, f, 1e-7) for f in (lambda t: kl(softmax(t), ref), lambda t: kl(ref, softmax(t)))
    ]
    pi = softmax(theta)
    scores, d = np.eye(3) - pi, np.log(pi / ref)
    loss = {"k2": (pi * d) @ scores, "k3": (pi * (1 - np.exp(-d))) @ scores}  # k' times the score, on fresh draws
    np.testing.assert_allclose(loss["k2"], slopes[0], atol=1e-6)
    np.testing.assert_allclose(loss["k3"], slopes[1], atol=1e-6)
    assert np.linalg.norm(slopes[0] - slopes[1]) > 0.01
    assert "in the reward or in the loss, and by which estimate, decides which distance it is" in GLOSSARY
    assert "From chapter 1 on each chapter has one name in four folders" in START


def test_the_logit_of_a_better_action_falls_where_rooms_share_it():
    world, pi, _, exact = doors()
    assert pg.action_values(world, pi)[1] @ [-1, 1] > 1 and exact[0] < 0  # take is better in B, and its logit falls
    assert "where each state has logits of its own, that of an action better than the average" in GLOSSARY


def test_a_ratio_can_lower_the_variance():
    old, f = np.array([0.5, 0.5]), np.array([2, 2 / 3])
    new = np.array([0.25, 0.75])
    assert np.ptp(new / old * f) == pytest.approx(0) and np.ptp(f) > 1
    assert "in general at a price in variance" in GLOSSARY


def test_with_the_true_value_too_bootstrapping_can_raise_the_variance():
    """A coin in A, then, after action 0 only, one in B that pays 9.5 or 10.5. Both share one logit."""
    score, pay = np.array([-0.5, 0.5]), np.array([9.5, 10.5])

    def variance(target):  # of sum_t score_t times the weight, over A: 1, and A: 0 with B: b
        x = np.array([0] + [score[0] * target[b] + score[b] * pay[b] for b in (0, 1)])
        chance = np.array([0.5, 0.25, 0.25])
        return chance @ x, chance @ (x - chance @ x) ** 2

    (mean, returns), (same, values) = variance(pay), variance(np.full(2, pay.mean()))
    assert mean == same and values > 1.05 * returns


def test_a_compatible_critic_is_fitted_to_the_true_values():
    pi, Q = np.array([0.2, 0.5, 0.3]), np.array([1, 4, 2.0])
    scores = np.eye(3) - pi
    fit = lambda target: scores @ np.linalg.lstsq(np.sqrt(pi)[:, None] * scores, np.sqrt(pi) * target)[0]  # noqa: E731
    gradient = lambda values: (pi * values) @ scores  # noqa: E731
    np.testing.assert_allclose(gradient(fit(Q)), gradient(Q), atol=1e-12)
    assert abs(gradient(fit(Q[::-1])) - gradient(Q)).max() > 0.1  # to a wrong target, as well as can be: wrong
    assert "fitted to $\\good{Q^\\pi}$ by least squares" in GLOSSARY


def test_a_score_s_mean_is_zero_only_where_the_swap_is_allowed():
    """x uniform on (0, theta): the score is -1/theta for every x, and so is its mean."""
    theta = 2.0
    mean = integrate.quad(lambda x: (-1 / theta) / theta, 0, theta)[0]
    assert mean == pytest.approx(-0.5) and slope(lambda t: 1.0, theta) == 0
    assert "**Expected score.** At $f=1$: $\\E_{a" in SHEET


def test_a_finite_mean_length_does_not_allow_the_swap_without_a_discount():
    """One action decides the length x, reward 1 a step, gamma = 1: p(x) ~ x^-2.2 (1 + tanh(theta x^.55)). Mean length
    and the score's variance are finite and bounded for all theta, and at 0 the slope of the mean length is infinite."""
    x = np.arange(1, 10**6 + 1.0)
    p, tilt = x**-2.2, x**0.55

    def law(theta):
        q = p * (1 + np.tanh(theta * tilt))
        return q / q.sum()

    for theta in (-0.1, 0.0, 0.1):
        score = tilt * (1 - np.tanh(theta * tilt))  # but for a constant
        parts = [(law(theta) * score**2)[:n].sum() for n in (10**4, 10**6)]
        assert parts[1] < 8 and parts[1] < 1.3 * parts[0]  # converges: at most 2 x^1.1 x^-2.2
    quotient = [(law(h) @ x - law(-h) @ x) / (2 * h) for h in (1e-1, 1e-2, 1e-3)]
    assert quotient[1] > 2 * quotient[0] and quotient[2] > 2 * quotient[1]  # the smaller the step, the steeper
    assert "or bounded length (finitely many states: a sure end; $\\gamma<1$: a finite mean length), rewards" in SHEET


def test_the_best_of_five_is_said_of_normal_seeds():
    fair = [max(signs) for signs in itertools.product((-1, 1), repeat=5)]
    assert np.mean(fair) == 1 - 2 / 32  # coins: .94 deviations
    normal = integrate.quad(lambda z: 5 * z * stats.norm.pdf(z) * stats.norm.cdf(z) ** 4, -9, 9)[0]
    assert round(normal, 2) == 1.16 and "| best of 5 normal seeds | $1.16$ deviations" in SHEET
