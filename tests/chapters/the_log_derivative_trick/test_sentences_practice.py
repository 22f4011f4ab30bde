"""What the sentences of chapter 3's third page, on practice, claim: for each condition the counterexample
to what was once written there."""

import itertools
import json

import numpy as np
import pytest
from scipy import optimize, stats

import policy_gradient as pg
from learning_to_act.exercises import the_log_derivative_trick
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, RUBRIC, SHEET, cells, slope, softmax, source
from tools.paths import ROOT

PRACTICE = PageAndLab.text("03-in-practice")
DRILL = (ROOT / "book/practice/coding-drill.md").read_text("utf8")


def test_ten_more_on_every_reward_is_another_task_where_lengths_vary():
    length = lambda p: (4 - 2 * p) / (p * (1 - p))  # noqa: E731  expected steps of the corridor
    best = optimize.minimize_scalar(length, bounds=(0.01, 0.99), method="bounded").x
    assert round(best, 2) == 0.59 and best == pytest.approx(2 - np.sqrt(2), abs=1e-5)
    grid = np.linspace(0.001, 0.999, 999)
    assert grid[np.argmax(9 * length(grid))] == 0.001  # pays for never arriving
    step = np.array([[1 - best, best, 0], [best, 0, 1 - best], [0, 1 - best, 0]])
    assert np.linalg.solve(np.eye(3) - step, np.ones(3))[0] == pytest.approx(length(best))
    assert "loss changes while the task does not" not in PRACTICE and "$p=.59$" in PRACTICE


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP"])
def test_the_step_after_an_end_is_no_data_in_one_mode_and_the_first_of_a_new_episode_in_the_other(mode):
    import gymnasium

    mode = gymnasium.vector.AutoresetMode[mode]
    envs = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")], autoreset_mode=mode)
    envs.reset(seed=0)
    done = False
    while not done:
        obs, reward, terminated, _, _ = envs.step(np.array([1]))
        done = terminated[0]
        assert reward[0] == 1
    obs_after, reward, terminated, _, _ = envs.step(np.array([1]))
    if mode is gymnasium.vector.AutoresetMode.NEXT_STEP:
        assert reward[0] == 0 and abs(obs[0, 2]) > 0.2 and abs(obs_after[0]).max() < 0.05  # it only reset
    else:
        assert (
            reward[0] == 1 and abs(obs[0]).max() < 0.05 and abs(obs_after[0, 1]) > 0.1
        )  # the action moved the new cart
    assert "next-step mode" in PRACTICE and "same-step mode" in PRACTICE.lower()


def test_short_episodes_crowd_in():
    short = sum(0.5**k for k in range(1, 11))  # the k-th finishes short if all before it were
    long = 0.5  # only a long one that comes first ends within ten steps
    assert short / (short + long) == pytest.approx(2 / 3, abs=0.001) and "two thirds are short" in PRACTICE


def test_four_equal_actions_die_at_step_75_in_single_precision():
    for dtype, p, steps in (
        (np.float32, 0.25, 75),
        (np.float32, 0.5, 150),
        (np.float64, 0.25, 538),
        (np.float64, 0.5, 1075),
    ):
        product, count = dtype(1), 0
        while product > 0:
            product, count = product * dtype(p), count + 1
        assert count == steps and f"{steps:,}" in PRACTICE


def test_standardised_returns_do_not_keep_their_signs():
    G = np.array([sum(0.99**k for k in range(n)) for n in range(6, 0, -1)])
    assert (G > 0).all() and ((G - G.mean()) < 0).sum() == 3
    assert "puts a leash" not in PRACTICE and "keeps its sign" not in PRACTICE and "ever evaluated" not in PRACTICE


def test_a_positive_weight_may_belong_to_an_episode_shorter_than_the_average():
    to_go = lambda n: (1 - 0.99**n) / 0.01  # noqa: E731
    lengths = np.array([10, 80, 500])
    assert to_go(80) > to_go(lengths).mean() and 80 < lengths.mean()
    said = (ROOT / "learning_to_act/explorables/replay.js").read_text("utf8")
    assert "outlast" not in said and said.count("Discounted, this episode has") == 3
    assert "each further step counted less" in PRACTICE


def test_scaling_small_batches_can_turn_the_mean_right_round():
    kinds = [(1, 0.1, 10.0), (1, 0.4, -1.0), (0, 0.5, 0.5)]  # arm, probability, pay: arm 1 is worth 1.2, arm 0 0.5

    def mean(N, scale):
        total = 0.0
        for batch in itertools.product(kinds, repeat=N):
            f, s = np.array([b[2] for b in batch]), np.array([b[0] - 0.5 for b in batch])
            total += np.prod([b[1] for b in batch]) * (f @ s / N) / (np.sqrt((f**2).mean()) if scale else 1)
        return total

    assert mean(2, False) == pytest.approx(0.25 * (1.2 - 0.5)) and mean(2, True) < -0.3 and mean(6, True) < -0.1
    assert "turns, slightly if they are large" in PRACTICE


def test_the_surrogate_rises_first_and_a_standardised_return_can_be_0():
    loss = lambda p: -p * (1 - p) * np.log(p / (1 - p))  # noqa: E731
    grid = np.linspace(0.005, 0.995, 991)  # what the figure shows
    signs = np.sign(np.diff(loss(grid)))
    assert signs[0] == signs[-1] == 1 and signs[495] == -1 and (np.diff(signs) != 0).sum() == 2
    assert "the loss rises, falls and rises again" in PRACTICE
    assert stats.zscore([3, 2, 1])[1] == 0  # gamma = 1, an episode of three steps
    assert "not each single one: plus early" in PRACTICE


def test_with_nine_intervals_at_once_the_baseline_s_reaches_zero_and_by_holm_it_stands():
    arms = json.loads((ROOT / "studies/cartpole_ablation.json").read_text("utf8"))["arms"]
    means = {name: np.mean(arm["sampled"], axis=1) for name, arm in arms.items()}
    tests = {name: stats.ttest_rel(m, means["recipe"]) for name, m in means.items() if name != "recipe"}
    assert 0 < tests["no baseline"].confidence_interval(1 - 0.05 / 9).high < 1
    p = sorted(t.pvalue for t in tests.values())
    assert p[0] == tests["plain steps"].pvalue < 0.05 / 9 and 0.05 / 9 < p[1] == tests["no baseline"].pvalue < 0.05 / 8
    assert p[2] > 0.05 / 7
    assert "the baseline's just reaches 0; by Holm's, Adam and the baseline both stand" in PRACTICE


def test_the_stored_policy_stands_from_a_dozen_updates_on_but_for_one():
    data = json.loads((ROOT / "learning_to_act/explorables/replay.json").read_text("utf8"))
    medians = [np.median(c["lengths"]) for c in data["checkpoints"]]
    assert max(medians[:12]) < 500 and sorted(medians[12:])[:2] == [404, 500]
    assert "from a dozen updates on, but for one" in PRACTICE


@pytest.mark.parametrize("go_on, changes", [((0.5, 0.5), False), ((0.5, 0.9), True)])
def test_a_constant_per_step_is_harmless_where_the_policy_cannot_change_the_length(go_on, changes):
    """Lengths vary in both worlds. In the first the world alone decides them."""

    def J(z, c):
        p = 1 / (1 + np.exp(-z))
        return (p + c) / (1 - (1 - p) * go_on[0] - p * go_on[1])  # action 1 pays 1; V = p + c + (chance to go on) V

    world = pg.TabularMDP(np.array([[[go_on[0]], [go_on[1]]]]), np.array([[3.0, 4.0]]), np.array([1.0]), gamma=1.0)
    assert pg.expected_return(world, np.array([[0.7, 0.3]])) == pytest.approx(J(np.log(0.3 / 0.7), 3))
    differs = abs(slope(lambda z: J(z, 10), 0.4) - slope(lambda z: J(z, 0), 0.4)) > 1e-6
    assert differs == changes and "If the policy can change how long episodes last, it pays for length too." in PRACTICE
    assert "episodes whose length depends on the actions" in ANSWERS["all-rewards-positive"]


def test_after_a_small_step_the_weighted_sum_has_risen_and_a_single_action_may_have_lost():
    actions, psi, theta = np.array([0, 1]), np.array([1.0, 3.0]), np.zeros(3)
    log_pi = lambda z: np.log(softmax(z))[actions]  # noqa: E731
    after = theta + 0.01 * (psi[:, None] * (np.eye(3)[actions] - softmax(theta))).sum(axis=0)
    assert psi @ log_pi(after) > psi @ log_pi(theta) and log_pi(after)[0] < log_pi(theta)[0] and psi[0] > 0
    for text in (PRACTICE, ANSWERS["ascent-and-loss"], ANSWERS["loss-falls"], " ".join(RUBRIC["loss-falls"]), DRILL):
        assert "weighted sum" in text
        assert not any(
            old in text
            for old in (
                "with positive weight must have risen",
                "actions with positive weight.",
                "positively weighed",
                "of a rewarded action",
            )
        )
    assert "does $\\sum\\psi\\log\\pi$ rise on the batch" in SHEET


def test_the_surrogate_s_minimum_keeps_what_was_sampled_and_nothing_else():
    weights = np.array([1.0, 2.0, 0.0])  # the third action was not sampled
    found = softmax(optimize.minimize(lambda z: -weights @ np.log(softmax(z)), np.zeros(3)).x)
    np.testing.assert_allclose(found, [1 / 3, 2 / 3, 0], atol=1e-4)  # no sampled action is certain
    falls = [
        -weights @ np.log(softmax(np.array([0, 0, -z]))) + np.log(softmax(np.array([0, 0, -z])))[2]
        for z in (10, 100, 500)
    ]
    assert falls[0] > falls[1] > falls[2] < -400  # a negative weight: no minimum at all
    for text in (PRACTICE, ANSWERS["ascent-and-loss"], ANSWERS["reuse-the-batch"]):
        assert "no probability for anything that was not sampled" in text and "ertain" not in text
    assert "making sampled actions certain" not in ANSWERS["loss-falls"]


def test_a_cost_of_one_a_step_divided_by_the_length_teaches_nothing_with_the_whole_return_only():
    for T in (1, 3, 7):
        assert sum(-1 for _ in range(T)) / T == -1  # whole return: the same, however long
        assert len({sum(-1 for _ in range(t, T)) / T for t in range(T)}) == T  # reward-to-go: not
    assert sum(-(0.9**k) for k in range(3)) / 3 != sum(-(0.9**k) for k in range(7)) / 7  # discounted: not
    said = source(the_log_derivative_trick)
    assert (
        "Averaged over its own length, with the whole return as weight and gamma = 1, "
        "an episode in a world that costs 1 a step" in said
    )


def test_the_ablation_s_arms_that_change_more_than_one_thing_are_named():
    import runpy

    study = runpy.run_path(str(ROOT / "studies/cartpole_ablation.py"), run_name="read")
    more = {name for name, arm in study["ARMS"].items() if len(arm) > 1 and not set(arm) & {"learning_rate"}}
    assert more == {"theorem's estimator", "total return"}
    lab = cells("03-the-log-derivative-trick")
    for text in (PRACTICE, lab["within-why"]):
        assert (
            '"total return" also takes one mean per batch, and keeps $\\gamma^t$; "theorem\'s estimator" changes three'
            in text
        )
    assert "the study below asks that" not in lab["pole-train-text"]


def test_an_offset_need_not_change_a_task_in_which_it_pays_for_length():
    """Chance p to go on, at most three steps; a step pays r. At r = 1 and r = 11 longer is better,
    at r = -1 shorter."""
    J = lambda p, r: r * (1 + p + p**2)  # noqa: E731
    ps = np.linspace(0, 1, 11)
    assert ps[np.argmax(J(ps, 1))] == ps[np.argmax(J(ps, 1 + 10))] == 1
    assert ps[np.argmax(J(ps, -1))] == 0 != ps[np.argmax(J(ps, -1 + 10))]
    assert "In CartPole, with $11$ a step in place of $1$, that leaves the best policy where it was." in PRACTICE
    assert "only if the policy cannot change how long" not in PRACTICE
    assert "that can change the task. In the corridor" in ANSWERS["all-rewards-positive"]


def test_a_gaussian_run_to_the_surrogate_s_minimum_keeps_a_density_everywhere():
    draws = np.array([-1.0, 1.0])
    loss = lambda x: -stats.norm.logpdf(draws, x[0], np.exp(x[1])).sum()  # noqa: E731
    mu, log_sigma = optimize.minimize(loss, [0.5, 1.0]).x
    assert abs(mu) < 1e-4 and abs(log_sigma) < 1e-4 and stats.norm.pdf(0, mu, np.exp(log_sigma)) > 0.39
    theta = np.zeros(3)
    for _ in range(10):  # a table, one sample, weight -1
        theta = theta - 0.5 * (np.eye(3)[0] - softmax(theta))
    assert softmax(theta)[1] > 0.49  # what was not sampled gains
    assert "with positive weights and a table of logits, $L$ leaves no probability" in PRACTICE
    assert "a table of logits leaves no probability" in ANSWERS["ascent-and-loss"]
    answer = ANSWERS["reuse-the-batch"]
    assert (
        "For a table of logits and positive weights" in answer
        and "hand it out blindly where they are negative" in answer
    )


def test_adam_s_step_can_lower_the_batch_s_weighted_sum_and_one_batch_can_move_it_far():
    adam, theta = pg.Adam(0.01), np.zeros(1)
    for _ in range(20):
        theta = adam.step(theta, np.array([-1.0]))
    assert adam.step(theta, np.array([1.0])) < theta  # downhill for this batch
    for text in (PRACTICE, ANSWERS["ascent-and-loss"], ANSWERS["loss-falls"], " ".join(RUBRIC["loss-falls"])):
        assert "small plain step" in text
    assert "without momentum: it must rise" in ANSWERS["loss-falls"]
    adam, theta = pg.Adam(1.0), np.zeros(1)
    for _ in range(5_000):
        theta = adam.step(theta, np.array([1e-6]))
    before, theta = theta, adam.step(theta, np.array([1.0]))
    assert 2.5 < theta[0] - before[0] < 3.5  # learning rates
    for _ in range(300):
        theta = adam.step(theta, np.array([0.0]))
    assert 27 < theta[0] - before[0] < 33
    said = cells("03-the-log-derivative-trick")["departures-list"]
    assert "moves a parameter by three learning rates, and by some thirty until it is forgotten" in said
    assert "no single batch moves it" not in said


@pytest.mark.parametrize("reward", [1.0, -1.0])
def test_a_cut_return_is_too_small_or_too_large_by_the_sign_of_what_is_missing(reward):
    cut, whole = (sum(reward * 0.9**t for t in range(n)) for n in (5, 1_000))
    assert (cut < whole) == (reward > 0)
    assert "too small where rewards are positive, and too large where each step costs" in PRACTICE
    answer = ANSWERS["time-limit"]
    assert "too low if rewards are positive, and too high if each step costs" in answer and "worthless" not in answer


def test_nine_intervals_at_once_bound_less_than_one_by_itself():
    arms = json.loads((ROOT / "studies/cartpole_ablation.json").read_text("utf8"))["arms"]
    means = {name: np.mean(arm["sampled"], axis=1) for name, arm in arms.items()}
    others = [name for name in means if name not in ("recipe", "no baseline", "plain steps")]

    def bound(level):
        ends = []
        for name in others:
            difference = means[name] - means["recipe"]
            half = stats.t.ppf(1 - level / 2, 9) * difference.std(ddof=1) / np.sqrt(10)
            ends += [abs(difference.mean() - half), abs(difference.mean() + half)]
        return max(ends)

    assert bound(0.05) < 33 < bound(0.05 / 9) == pytest.approx(47, abs=0.5)
    assert "Bonferroni's rule, they bound it at 47" in PRACTICE
    reading = cells("03-the-log-derivative-trick")["ablation-reading"]
    assert "all nine at once (Bonferroni) at 47" in reading
    total = means["total return"] - means["recipe"]
    assert stats.ttest_1samp(total, 0).confidence_interval(0.95).low < -10  # a loss is not excluded
    assert "with total returns no loss is seen" in reading and "nothing is lost" not in reading
