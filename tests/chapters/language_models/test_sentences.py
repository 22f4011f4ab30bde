"""Under which conditions the sentences of chapter 8 hold: for each the counterexample
to what was once written there."""

import itertools
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg
from learning_to_act.checks.engine import registry
from tests.helpers.page_and_lab import PageAndLab
from tools import contents
from tools.paths import ROOT
from tools.site import values

GROUPS, LEASH = PageAndLab.text("08-language-models"), PageAndLab.text("08-length-and-leash")
LAB = "\n".join(c.source for c in PageAndLab("08-language-models").lab.cells)
ANSWERS = {q["id"]: str(q) for q in contents.questions()}


def test_ranks_of_three_answers_have_no_objective():
    """G = 2, rewards 1, 2, 3: the step, its cross derivatives, and the chance to beat an independent copy, which does
    not move."""
    rewards = np.array([1.0, 2, 3])
    laws = lambda theta: pg.softmax(np.append(theta, 0.0))  # noqa: E731
    scores = lambda theta: (np.eye(3) - laws(theta))[:, :2]  # noqa: E731

    def step(theta):
        answers = list(zip(laws(theta), rewards, [1] * 3, scores(theta)))
        return pg.group_moments(answers, 2, lambda r, T: pg.group_advantages([r], "std")[0] / 2)[0]

    def against_a_frozen(theta):
        still = laws(np.zeros(2))
        return laws(theta) @ np.sign(rewards[:, None] - rewards) @ still

    beats = lambda theta: (1 - (laws(theta) ** 2).sum()) / 2  # noqa: E731
    assert step(np.zeros(2)) == pytest.approx([-2 / 9, 0], abs=1e-12)
    assert pg.finite_difference(against_a_frozen, np.zeros(2)) == pytest.approx(step(np.zeros(2)), abs=1e-8)
    assert pg.finite_difference(beats, np.zeros(2)) == pytest.approx([0, 0], abs=1e-8)
    h = 1e-4
    jacobian = np.array([(step(h * e) - step(-h * e)) / (2 * h) for e in np.eye(2)]).T
    assert [jacobian[0, 1], jacobian[1, 0]] == pytest.approx([1 / 27, 1 / 9], abs=1e-6)
    assert "the cross derivatives are $\\frac1{27}$ and $\\frac19$" in GROUPS and "independent copy" not in GROUPS
    assert "a copy that stands still" in ANSWERS["grpo-ranks"]


def test_at_one_in_g_leave_one_out_is_already_the_noisier_one():
    """Four equally likely answers, one right, G = 4: the weights' mean squares are equal, and the variances are not."""
    G, n, p = 4, 4, F(1, 4)
    length = 1 - F(1, n)  # squared, of every score
    square = {"none": p, "leave_one_out": p * (1 - p) * G / (G - 1)}
    assert square["none"] == square["leave_one_out"]
    slope = p * p * length  # |grad p|^2
    cross = {"none": slope, "leave_one_out": slope * (1 + F(1, (G - 1) ** 2))}
    answers = [(1 / n, float(i == 0), 1, np.eye(n)[i] - 1 / n) for i in range(n)]
    for how in square:
        counted = pg.group_moments(answers, G, lambda r, T, how=how: pg.group_advantages([r], how)[0] / G)[1].sum()
        by_hand = (square[how] * length + (G - 1) * cross[how]) / G - slope
        assert counted == pytest.approx(float(by_hand), abs=1e-12)
    assert cross["leave_one_out"] > cross["none"] and "$1+\\frac1{(G-1)^2}$ times that with it" in GROUPS


def test_k3_is_calm_near_the_reference_only():
    def variances(p):
        pi = np.array([1 - p, p])
        d = np.log(pi / 0.5)
        return [pi @ k**2 - (pi @ k) ** 2 for k in (d, np.exp(-d) - 1 + d)]

    values.holds(k1_variance=variances(0.75)[0], k3_variance=variances(0.75)[1])
    values.holds(k1_wild=variances(0.01)[0], k3_wild=variances(0.01)[1])
    assert variances(0.75)[1] < variances(0.75)[0] < variances(0.01)[1] / 50
    assert "is true of the number near the reference, and false" in LEASH
    for name in ("kl-estimators", "k3-in-the-reward"):
        assert "near the reference" in ANSWERS[name] and "best of the three" not in ANSWERS[name]


def test_which_way_k3_in_the_reward_points_with_many_answers():
    rng, found, long = np.random.default_rng(1), [], []
    for _ in range(1000):
        z = rng.normal(size=1000)
        pi = pg.softmax(z + 0.1 * rng.normal(size=1000))
        d = np.log(pi / pg.softmax(z))
        k3, wanted = (pi * (k - pi @ k) for k in (np.exp(-d) - 1 + d, d))
        found.append(k3 @ wanted / (wanted @ wanted))
        long.append(np.linalg.norm(k3) / np.linalg.norm(wanted))
    assert 0.65 < np.mean(np.array(found) > 0) < 0.75 and np.median(found) < 0.01
    assert 1 / 17 < np.median(long) < 1 / 13  # a fifteenth
    assert "cases of ten, at a fifteenth of the length, and, the wrong ones counted negative, less than" in LEASH


def test_a_mean_per_answer_has_a_curl_and_it_is_not_at_right_angles():
    """A gradient's curl is 0, and that of a gradient times any function of theta is at right angles to it."""

    def step(theta):
        answers = [(c, r, T, np.asarray(s)) for c, r, T, s in pg.AnswerTree().outcomes(theta)]
        pairs = itertools.product(answers, repeat=2)
        return sum(c * d * (r - q) * (s / T - z / U) / 2 for (c, r, T, s), (d, q, U, z) in pairs)

    theta = pg.tree_logits(0.25)
    J = np.array([(step(theta + e) - step(theta - e)) / 2e-5 for e in 1e-5 * np.eye(3)]).T
    curl = np.array([J[2, 1] - J[1, 2], J[0, 2] - J[2, 0], J[1, 0] - J[0, 1]])
    assert step(theta) == pytest.approx([18 / 256, -3 / 256, 3 / 256])
    assert curl == pytest.approx([0, -9 / 1024, 3 / 1024], abs=1e-8)
    assert curl @ step(theta) == pytest.approx(9 / 65536, rel=1e-4)
    assert "$g=(\\frac{18}{256},-\\frac3{256},\\frac3{256})$." in LEASH
    assert "the differences of its cross derivatives, is $(0,-\\frac9{1024},\\frac3{1024})$." in LEASH
    assert "their inner product is $\\frac9{65536}$" in LEASH


def test_on_the_tree_a_mean_per_answer_never_lowers_success():
    """Only the first logit moves success; its step has the sign of the gradient's, whatever the three logits."""
    rng = np.random.default_rng(7)
    for theta in rng.normal(0, 2, (40, 3)):
        answers = pg.AnswerTree().outcomes(theta)
        pairs = itertools.product(answers, repeat=2)
        step = sum(c * d * (r - q) * (s[0] / T - z[0] / U) / 2 for (c, r, T, s), (d, q, U, z) in pairs)
        success = sum(c * r * np.asarray(s) for c, r, _, s in answers)
        assert step > 0 and success[0] > 0 and success[1:] == pytest.approx(0, abs=1e-12)
    assert "Where a wrong answer of one token competes with long ones it even lowers" in ANSWERS["longer-answers"]


def test_where_the_mean_length_turns_depends_on_the_coins():
    """Mean per answer: with fair coins it turns at one half; ramble .9 when right and .1 when wrong,
    and it never does."""

    def moves(p, right, wrong):
        tree, theta = pg.AnswerTree(), np.log([p / (1 - p), right / (1 - right), wrong / (1 - wrong)])
        step = sum(c * (r - p) / T * np.asarray(s) for c, r, T, s in tree.outcomes(theta))
        return step @ pg.finite_difference(lambda t: sum(c * T for c, _, T, _ in tree.outcomes(t)), theta)

    fair = [1024 * moves(p, 0.5, 0.5) for p in (0.25, 0.5, 0.75)]
    assert fair == pytest.approx([3, 0, -3], abs=1e-5)
    assert all(moves(p, 0.9, 0.1) > 0 for p in (0.25, 0.5, 0.75))
    assert "With these fair coins the answers grow on average only while most are wrong" in LEASH


def test_the_slope_of_two_tokens_with_a_logit_each_and_with_one():
    each = pg.finite_difference(lambda z: (1 / (1 + np.exp(-z))).prod(), np.full(2, np.log(3)))
    shared = pg.finite_difference(lambda z: (1 / (1 + np.exp(-z[0]))) ** 2, np.array([np.log(3)]))
    assert each == pytest.approx([9 / 64] * 2) and shared == pytest.approx([18 / 64])
    assert "Two tokens with a logit each" in LEASH and "The true slope in each logit is" in LEASH


def test_the_clip_silences_and_does_not_hold():
    assert 1.2 * 0.01 == pytest.approx(0.012) and F(6, 5) * F(5, 6) == 1
    assert "silences a token of $.01$ once it is above $.012$" in LEASH and "lets $.01$ rise" not in LEASH


def test_gspo_and_grpo_differ_after_the_first_step_without_any_clip():
    ratios = np.array([1.2, 0.8])
    gspo, grpo = np.full(2, ratios.prod() ** (1 / 2)) / 2, ratios / 2
    assert not np.allclose(gspo, grpo) and np.allclose(np.ones(2).prod() ** (1 / 2) / 2, 1 / 2)
    assert "one root for all tokens in place of a ratio for each" in LEASH


def test_adam_forgets_a_common_factor():
    gradients = np.random.default_rng(0).normal(size=(20, 3))
    ends = []
    for factor in (1.0, 2.0):
        adam, theta = pg.Adam(0.01), np.zeros(3)
        for g in gradients:
            theta = adam.step(theta, factor * g)
        ends.append(theta)
    assert ends[0] == pytest.approx(ends[1], rel=1e-5) and "Adam forgets a common factor" in GROUPS


def test_a_share_of_a_batch_with_noisy_ratios():
    """E[w]^2 / E[w^2] of w = exp(sum of T normal log-ratios): exp(-sigma^2 T), here by sampling for ten tokens."""
    w = np.exp(0.05 * np.random.default_rng(0).normal(size=(200_000, 10)).sum(axis=1))
    assert w.mean() ** 2 / (w**2).mean() == pytest.approx(np.exp(-(0.05**2) * 10), abs=2e-3)
    assert "$\\E[\\rho]^2/\\E[\\rho^2]$" in LEASH


def test_per_answer_means_have_an_objective_for_a_fixed_baseline_only():
    """Mean over tokens, three answers: with b held still the Jacobian is symmetric, with b = p it is not."""
    rewards, lengths = np.array([1.0, 0, 0]), np.array([2.0, 1, 4])

    def field(theta, fixed):
        pi = pg.softmax(np.append(theta, 0.0))
        b = 0.25 if fixed else pi @ rewards
        return (pi * (rewards - b) / lengths) @ (np.eye(3) - pi)[:, :2]

    h, at, apart = 1e-4, np.array([0.3, -0.2]), []
    for fixed in (True, False):
        jacobian = np.array([(field(at + h * e, fixed) - field(at - h * e, fixed)) / (2 * h) for e in np.eye(2)])
        apart.append(abs(jacobian[0, 1] - jacobian[1, 0]))
    assert apart[0] < 1e-8 and apart[1] > 0.01
    assert "with the group's mean, which moves along, none" in ANSWERS["length-normalisation"]


def test_libraries_have_versions_wherever_they_are_named_for_their_std():
    [mistake] = [one for one in registry()["grpo_weight"].mistakes if one.name == "sample-std"]
    for text in (LAB, mistake.message, GROUPS):
        assert all(name in text for name in ("TRL 1.16.0", "verl 0.9.1", "OpenRLHF 0.11.2"))
    assert "four rules for length" not in LAB


def test_refilling_makes_the_noise_smaller_only_relative_to_the_step():
    """Eight equally likely answers, four right, groups of two, centred: noise of one place, all groups or mixed ones
    only."""
    G, n = 2, 8
    answers = [(1 / n, float(i < 4), 1, np.eye(n)[i] - 1 / n) for i in range(n)]
    mean, variance = pg.group_moments(answers, G, lambda r, T: pg.group_advantages([r], "mean")[0] / G)
    mixed = 1 - 2 * (1 / 2) ** G
    square, step = variance.sum() + mean @ mean, mean / mixed
    refilled = square / mixed - step @ step
    assert refilled > variance.sum()
    assert refilled / (step @ step) < variance.sum() / (mean @ mean)
    assert "the noise is smaller, measured by the step, which is longer" in ANSWERS["refill-is-not-free"]


def test_what_a_constant_reward_does_to_a_token_that_is_cut_depends_on_its_sign():
    pi = np.array([0.6, 0.3, 0.1])
    push = lambda reward: reward * (np.array([2 / 3, 1 / 3, 0]) - pi)  # noqa: E731
    assert push(1)[2] < 0 < push(-1)[2]
    assert "if it is positive, the cut tokens sink further" in ANSWERS["top-p-support"]


def test_in_whose_logit_the_numbers_of_two_answers_are():
    """The KL's numbers in that of the likelier answer, at (1/4, 3/4) and at (.99, .01); the cap's in that of the
    second."""
    for pi, numbers in ((np.array([0.25, 0.75]), (0.2060, 0.25)), (np.array([0.99, 0.01]), (0.0455, 0.49))):
        top, d = pi.argmax(), np.log(pi / 0.5)
        score = np.eye(2)[top] - pi[top]
        assert [pi @ (d * score), pi @ ((1 - np.exp(-d)) * score)] == pytest.approx(numbers, abs=5e-5)
        assert pi @ (d * -score) == pytest.approx(-numbers[0], abs=5e-5)
    data, capped = np.array([7 / 8, 1 / 8]), np.array([4 / 7, 2])
    assert [data @ (capped * s) for s in ([0.5, -0.5], [-0.5, 0.5])] == pytest.approx([1 / 8, -1 / 8])
    assert "one logit, here always the likelier answer's" in LEASH and "give the second's\nlogit a mean score" in LEASH


def test_half_of_what_the_root_takes_away_is_its_division_by_the_length():
    """Two tokens with a logit each, 1/2 in the data and 3/4 now, baseline 1/4: the root's slope with and without its
    1/T."""
    total = 0.0
    for right in ((1, 1), (1, 0), (0, 1), (0, 0)):
        root = np.sqrt(np.prod([1.5 if one else 0.5 for one in right]))
        total += root * (all(right) - 1 / 4) * (right[0] - 3 / 4) / 4
    values.holds(ratio_gspo=total / 2)
    assert "twice that without its $\\frac1T$" in LEASH


def test_the_unbiased_rules_of_pass_at_4_are_compared_in_one_logit():
    """At p = 1/2, by listing sixteen groups: giving the maximum to all, and only what it would lose."""
    groups = [[(i >> k) & 1 for k in range(4)] for i in range(16)]
    both = [
        [sum((y - 0.5) * w(g, k) for k, y in enumerate(g)) for g in groups]
        for w in (lambda g, k: max(g), lambda g, k: max(g) - max(g[:k] + g[k + 1 :]))
    ]
    assert np.mean(both, axis=1) == pytest.approx([1 / 8] * 2)
    assert np.var(both, axis=1) == pytest.approx([47 / 64, 3 / 64])
    assert "at $p=\\frac12$, in one logit, giving" in GROUPS and "with groups of eight" in GROUPS


def test_the_table_says_which_rows_leave_out_ratio_and_clip():
    assert "GRPO, Dr. GRPO and DAPO have PPO's ratio and clip too; their rows are written at $\\rho_t=1$" in LEASH


def test_far_from_the_reference_it_depends_on_the_direction_whether_k3_is_wild():
    def variances(pi, ref):
        d = np.log(np.divide(pi, ref))
        return [np.dot(pi, k**2) - np.dot(pi, k) ** 2 for k in (d, d**2 / 2, np.exp(-d) - 1 + d)]

    even, sure = (0.5, 0.5), (0.99, 0.01)
    assert np.argmax(variances(sure, even)) == 2 and np.argmin(variances(even, sure)) == 2
    assert "Far from it $k_3$ can be wild" in LEASH
    assert "has all but dropped an answer of the reference" in ANSWERS["k3-in-the-reward"]


@pytest.mark.parametrize("rewards", [(0, 1), (-1, 1), (2, 7)])
def test_any_two_values_of_a_reward_give_the_same_weight(rewards):
    """Rewards of -1 and 1 are not 0 and 1, and subtracting and dividing forget it."""
    p, G, (low, high) = 0.05, 8, rewards
    answers = [(p, float(high), 1, np.array([1 - p])), (1 - p, float(low), 1, np.array([-p]))]
    mean, _ = pg.group_moments(answers, G, lambda r, T: pg.group_advantages([r], "std")[0] / G)
    assert mean[0] / (p * (1 - p)) == pytest.approx(pg.grpo_weight(p, G))
    assert "the reward has two values*, 0 and 1 or any other two" in GROUPS and "With more than two values" in GROUPS
    assert [q["question"] for q in contents.questions() if q["id"] == "grpo-ranks"][0].startswith(
        "The rewards have more"
    )


def test_k3_is_biased_where_the_policy_has_dropped_an_answer_of_the_reference():
    ref = 1 / 2  # of both answers; the policy gives the first alone
    d = np.log(1 / ref)
    assert d == pytest.approx(0.693, abs=1e-3) and np.exp(-d) - 1 + d == pytest.approx(0.193, abs=1e-3)
    assert "$k_3$ if $\\pi$ can draw all that $\\pi_{\\text{ref}}$ can" in LEASH
    for name in ("k3-in-the-reward", "negative-kl"):
        assert "can draw all that" in ANSWERS[name]


def _in_the_reward(p, ref):
    """One logit, that of the first of two answers: (k3 in the reward, the KL's gradient)."""
    pi = np.array([p, 1 - p])
    d = np.log(pi / np.array([ref, 1 - ref]))
    score = np.array([1 - p, -p])
    return pi @ ((np.exp(-d) - 1 + d) * score), pi @ (d * score)


def test_for_two_answers_k3_in_the_reward_need_not_push_away():
    """It does with a uniform reference; with (4/5, 1/5) it depends on the side.
    And far off it is not close to nothing."""
    away = lambda p, ref: np.prod(_in_the_reward(p, ref)) < 0  # noqa: E731
    assert all(away(p, 0.5) for p in (0.01, 0.25, 0.49, 0.51, 0.75, 0.99)) and _in_the_reward(0.5, 0.5) == (0, 0)
    assert away(0.85, 0.8) and not away(0.75, 0.8)
    k3, wanted = _in_the_reward(0.99, 0.5)
    assert k3 / wanted == pytest.approx(-9.8, abs=0.05)
    assert "for two answers it pushes away" not in LEASH and "with ten times the KL's strength" in LEASH


def test_answers_of_one_length_give_gspo_and_dapo_an_objective():
    """Three answers of two tokens each: the rules of the table are then GRPO's weight times the gradient of p, and that
    is a gradient."""
    assert LEASH.count("in general none's, if lengths differ") == 3
    rewards = np.array([1.0, 0, 0])

    def field(theta):
        pi = pg.softmax(np.append(theta, 0.0))
        answers = list(zip(pi, rewards, [2] * 3, (np.eye(3) - pi)[:, :2]))
        return pg.group_moments(answers, 4, lambda r, T: pg.group_advantages([r], "std")[0] / 4 / T)[0]

    h, at = 1e-4, np.array([0.3, -0.2])
    jacobian = np.array([(field(at + h * e) - field(at - h * e)) / (2 * h) for e in np.eye(2)])
    assert jacobian[0, 1] == pytest.approx(jacobian[1, 0], abs=1e-8)


def test_a_mean_per_answer_without_a_baseline_is_a_gradient():
    """Of the mean of r / T: so "of nothing" needs a group's mean, and lengths that differ."""
    rewards, lengths = np.array([1.0, 0, 0]), np.array([2.0, 1, 4])
    laws = lambda theta: pg.softmax(np.append(theta, 0.0))  # noqa: E731
    at = np.array([0.3, -0.2])
    step = (laws(at) * rewards / lengths) @ (np.eye(3) - laws(at))[:, :2]
    assert pg.finite_difference(lambda t: laws(t) @ (rewards / lengths), at) == pytest.approx(step, abs=1e-8)
    trial = (ROOT / "book/on-trial.md").read_text("utf8")
    assert "where lengths differ and a group's mean is subtracted it is in general the gradient of nothing" in trial
    assert "(for verdicts, from four answers on)" in trial and pg.grpo_weight(0.05, 3) == pytest.approx(np.sqrt(2))


def test_a_column_mean_compares_prompts():
    """Not all answers to the hard prompt look bad: with two easy ones beside it its right answer does not."""
    rewards = np.array([[1.0, 0, 0], [0, 1, 1], [1, 1, 1]])
    assert (rewards - rewards.mean(axis=0))[0, 0] > 0
    [mistake] = [m for m in registry()["leave_one_out_advantages"].mistakes if m.name == "mean-over-prompts"]
    assert "look bad beside those to an easy one" in mistake.message


def test_pass_at_k_from_the_rate_is_biased_from_two_on():
    """Two answers, p = 1/2: the rate put in is right on average for k = 1 and low for k = 2."""
    counts = np.array([1, 2, 1]) / 4
    mean = lambda k: counts @ (1 - (1 - np.arange(3) / 2) ** k)  # noqa: E731
    assert mean(1) == 1 / 2 and mean(2) < 3 / 4 and "is biased low from $k=2$ on" in GROUPS


def test_lengths_that_depend_on_the_verdict_alone_leave_a_gradient():
    """Two right answers of 1 token, two wrong ones of 2: whatever the logits, the expected step of a leave-one-out
    advantage over the length is f(p) times the gradient of p, the gradient of p - p^2 / 4.
    A row of the table says "in general"."""
    right, lengths = np.array([1.0, 1, 0, 0]), np.array([1.0, 1, 2, 2])
    laws = lambda theta: pg.softmax(np.append(theta, 0.0))  # noqa: E731

    def step(theta):  # E of (r - p) / T times the score
        law = laws(theta)
        return (law * (right - law @ right) / lengths) @ (np.eye(4) - law)[:, :3]

    at = np.array([0.3, -0.2, 0.5])
    climbed = lambda theta: (lambda p: p - p**2 / 4)(laws(theta) @ right)  # noqa: E731
    assert pg.finite_difference(climbed, at) == pytest.approx(step(at), abs=1e-8)
    page = (ROOT / "book/08-length-and-leash.md").read_text("utf8")
    assert page.count("in general none's, if lengths differ") == 3


def test_the_sum_of_four_answers_estimates_the_slope_of_pass_at_four():
    """All four get the maximum: at p = 1/2 the sum of the scores has mean 1/8, the slope, and sixteen times the
    variance of the mean."""
    groups = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1)
    update = groups.max(axis=0) * (groups - 0.5).sum(axis=0)
    assert update.mean() == 1 / 8 == pytest.approx(4 * (1 / 2) ** 3 / 4) and update.var() == F(47, 64)
    assert "Estimated by the *sum* over four answers" in GROUPS and "The reason is the first row of chapter 3" in GROUPS


def test_pairs_that_cover_all_answers_need_not_link_them():
    """Four answers, a uniform reference, rewards 1, 0, 1, 0, beta 1: with pairs (1, 2) and (3, 4) three laws have the
    same loss, the least there is; one more pair between them, and pi* alone has it.
    """
    rewards, ref = np.array([1.0, 0, 1, 0]), np.full(4, 1 / 4)
    sigma = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731

    def loss(pi, pairs):
        total = 0.0
        for one, other in pairs:
            margin = np.log(pi[one] / ref[one]) - np.log(pi[other] / ref[other])
            wins = sigma(rewards[one] - rewards[other])
            total -= wins * np.log(sigma(margin)) + (1 - wins) * np.log(sigma(-margin))
        return total

    pair, apart, linked = sigma(np.array([1.0, -1])), [(0, 1), (2, 3)], [(0, 1), (2, 3), (1, 2)]
    laws = [np.append(share * pair, (1 - share) * pair) for share in (0.5, 0.2, 0.8)]
    best = pg.softmax(np.log(ref) + rewards)
    assert laws[0] == pytest.approx(best) and abs(laws[1] - best).max() > 0.2
    assert [loss(pi, apart) for pi in laws] == pytest.approx([loss(best, apart)] * 3)
    rng = np.random.default_rng(0)
    assert all(loss(pg.softmax(2 * rng.normal(size=4)), apart) > loss(best, apart) for _ in range(200))
    assert min(loss(pi, linked) for pi in laws[1:]) > loss(best, linked) + 0.1
    for start in rng.normal(size=(5, 4)):
        found = optimize.minimize(lambda z: loss(pg.softmax(z), linked), start, tol=1e-12)
        assert pg.softmax(found.x) == pytest.approx(best, abs=1e-5)
    assert "the pairs link all answers (from any answer to any other, pair by pair)" in LEASH
    assert "pairs must link all answers |" in LEASH and "data must cover" not in LEASH
    assert "in pairs that link all answers" in ANSWERS["is-dpo-policy-gradient"]


def test_the_lab_trains_the_two_networks_on_different_prompts():
    cells = {c.id: c.source for c in PageAndLab("08-language-models").lab.cells}
    assert "train[rng.integers(0, 2048, 32)]" in cells["byhand"] and "task.prompts" in cells["transformerclimb"]
    assert "But for the prompts (half of them there, all of them here) nothing else changed" in cells["own"]
    assert "The same task, imitation and loop, now on all prompts." in cells["breakwhy"]


def test_dividing_by_the_sample_s_std_makes_the_weight_smaller():
    from policy_gradient.groups import grpo_weight

    p = np.array([0.2, 0.5])
    np.testing.assert_allclose(grpo_weight(p, 4, sample_std=True) / grpo_weight(p, 4), np.sqrt(3 / 4))
    assert "multiplies all of it by sqrt((G - 1) / G)" in grpo_weight.__doc__
