"""What the interview's answers claim of ratios and clips, of groups of answers, and of distances to a reference:
identities, and for each condition the counterexample to what was once written there."""

import itertools
import json
import math
import re
from fractions import Fraction as F
from math import comb

import numpy as np
import pytest
from scipy import optimize, stats

import policy_gradient as pg
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, RUBRIC, SHEET, cells, difference, doors, sigmoid, slope, softmax
from tools.paths import ROOT

INTERVIEW = PageAndLab.text("05-in-the-interview")


def test_leave_one_out_costs_one_over_G_less_one_more_and_below_that_it_is_not_free():
    for G in (2, 4, 8):
        r = np.array(list(itertools.product((0, 1), repeat=G)))
        weight = r[:, 0] - (r.sum(axis=1) - r[:, 0]) / (G - 1)
        assert weight.var() / r[:, 0].var() == pytest.approx(1 + 1 / (G - 1))
    assert "one seventh more" in ANSWERS["why-no-critic"]


def test_pooled_successes_weigh_prompts_alike_and_a_mean_for_each_does_not():
    p, n = (0.05, 0.5), 64
    chance = [[comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)] for q in p]
    pooled = [
        sum(chance[0][i] * chance[1][j] * (i, j)[w] / (i + j) for i in range(n + 1) for j in range(n + 1) if i + j)
        / p[w]
        for w in (0, 1)
    ]
    assert [round(x, 2) for x in pooled] == [1.80, 1.82]
    each = [sum(chance[w][1:]) / p[w] for w in (0, 1)]  # E[K / K] over the groups with a success
    assert each[0] / each[1] > 9 and abs(pooled[0] / pooled[1] - 1) < 0.02
    assert (
        "$1.80$ and $1.82$" in ANSWERS["train-on-successes"]
        and "usual recipe climbs" not in ANSWERS["train-on-successes"]
    )


def test_the_weight_of_the_sample_std_is_E_of_v_over_std():
    for G, table in ((2, 0.71), (4, 1.40), (8, 1.74)):
        total = 0.0
        for r in itertools.product((0, 1), repeat=G):
            r = np.array(r)
            if r.std():
                total += 0.5**G * np.mean((r - r.mean()) / r.std(ddof=1) * (r - 0.5))
        k = np.arange(G + 1)
        v = k / G * (1 - k / G)
        std = np.sqrt(v * G / (G - 1))
        by_formula = stats.binom.pmf(k, G, 0.5) @ np.divide(v, std, out=0 * v, where=v > 0)
        assert total == pytest.approx(by_formula) and round(total / 0.25, 2) == table
        assert stats.binom.pmf(k, G, 0.5) @ std / 0.25 > total / 0.25 + 0.2  # E[std] is another number


def test_the_clip_bounds_the_weight_of_a_good_action_and_not_of_a_bad_one():
    term = lambda r, A: np.minimum(r * A, np.clip(r, 0.8, 1.2) * A)  # noqa: E731
    weight = lambda r, A: r * difference(lambda x: term(x, A), r, 1e-7)  # noqa: E731  what stands before A's score
    grid = np.linspace(0.01, 50, 5000)
    assert max(abs(weight(grid, 1.0))) < 1.2001 and max(abs(weight(grid, -1.0))) > 49
    assert (0.9 / 0.001) ** (10 / 10) == pytest.approx(900) and "It never bounds one" not in ANSWERS["what-clip-kills"]
    assert "one bounded number" not in ANSWERS["token-or-sequence-ratio"]


def test_the_clamped_ratio_has_a_mean_below_one():
    sampled, ours = np.array([0.8, 0.2]), np.array([0.4, 0.6])  # ratios .5 and 3
    assert sampled @ (ours / sampled) == pytest.approx(1) and sampled @ np.minimum(ours / sampled, 2) == pytest.approx(
        0.8
    )


def test_the_loss_of_centred_advantages_is_zero_with_a_length_for_each_answer_and_not_with_one_for_all():
    A, T = np.array([0.75, -0.25, -0.25, -0.25]), np.array([10, 1000, 10, 10])
    assert abs(sum(A / T * T)) < 1e-12 and abs(sum(A * T) / T.sum()) > 0.2

    def gradient(answers, rewards):
        pi, A = np.full(3, 1 / 3), np.array(rewards) - np.mean(rewards)
        return -(A[:, None] * (np.eye(3) - pi)[answers]).mean(axis=0)

    np.testing.assert_allclose(gradient([0, 1, 2, 2], [1, 0, 0, 1]), [-0.125, 0.125, 0], atol=1e-12)
    assert not np.allclose(gradient([0, 1, 1, 0], [1, 0, 0, 1]), [-0.125, 0.125, 0])


def test_the_page_says_what_was_read_from_the_libraries():
    read = json.loads((ROOT / "tools/keep/library_defaults.json").read_text("utf8"))
    page = (ROOT / "book/interview/language-models.md").read_text("utf8")
    trl, verl, openrlhf = (read["libraries"][name]["defaults"] for name in ("trl", "verl", "openrlhf"))
    for name, title in (("trl", "TRL"), ("verl", "verl"), ("openrlhf", "OpenRLHF")):
        assert f"{title} {read['libraries'][name]['version']}" in page
    assert read["as of"] == "2026-11-29" and "29 November 2026" in page
    rows = {
        cells[0].strip(): [c.strip() for c in cells[1:5]]
        for line in page.splitlines()
        if (cells := line.strip("|").split("|"))[4:]
    }
    assert (
        trl["GRPO scale_rewards"] == "group" and verl["adv_estimator"] == openrlhf["algo.advantage.estimator"] == "gae"
    )
    assert rows["answers per prompt"] == [
        trl["GRPO num_generations"],
        trl["RLOO num_generations"],
        "1",
        openrlhf["rollout.n_samples_per_prompt"],
    ]
    divided = rows["sum of token terms divided by"]
    assert (
        f"`{trl['GRPO loss_type']}`" in divided[0]
        and f"`{verl['loss_agg_mode']}`" in divided[2]
        and f"`{openrlhf['actor.loss_agg_mode']}`" in divided[3]
    )
    kl = rows["KL to the reference"]
    assert float(trl["GRPO beta"]) == 0 and "none" in kl[0] and trl["RLOO beta"].lstrip("0") in kl[1]
    assert verl["use_kl_in_reward"].lower() == verl["use_kl_loss"] == "false" and kl[2] == "none"
    assert (
        openrlhf["algo.kl.use_loss"] == "False"
        and openrlhf["algo.kl.estimator"] == "k1"
        and openrlhf["algo.kl.init_coef"].lstrip("0") in kl[3]
    )
    assert {trl["GRPO epsilon"], trl["RLOO epsilon"], verl["clip_ratio"], openrlhf["actor.eps_clip"]} == {
        "0.2"
    } and all(".2" in c for c in rows["clip"])
    assert verl["clip_ratio_c"] == "3.0" and openrlhf["actor.dual_clip"] == trl["GRPO delta"] == "None"
    assert rows["passes over a batch"] == [
        trl["GRPO num_iterations"],
        trl["RLOO num_iterations"],
        verl["ppo_epochs"],
        openrlhf["train.max_epochs"],
    ]
    # None: as many steps for each generation as gradients are added up, so one update of a batch
    assert trl["GRPO steps_per_generation"] == trl["RLOO steps_per_generation"] == "None"
    in_all = {"verl": verl["train_batch_size"], "OpenRLHF": openrlhf["rollout.batch_size"]}
    at_a_time = {"verl": verl["ppo_mini_batch_size"], "OpenRLHF": openrlhf["train.batch_size"]}
    updates = {name: int(in_all[name]) // int(at_a_time[name]) for name in in_all}
    assert rows["updates in a pass"] == ["1", "1", *map(str, updates.values())]
    for name, thing in (("verl makes", "prompts"), ("OpenRLHF", "answers")):
        one = name.split()[0]
        assert f"{name} {updates[one]} ({int(in_all[one]):,} {thing}, {at_a_time[one]} at a time)" in page
    assert (
        trl["GRPO correction mode"] == "sequence_mask"
        and verl["rollout_is"] == "null"
        and openrlhf["algo.advantage.is_correction_level"] == "off"
    )


def test_k3_can_be_noisier_than_k1():
    pi, ref = np.array([0.99, 0.01]), np.array([0.5, 0.5])
    rho = ref / pi
    spread = lambda k: np.sqrt(pi @ (k - pi @ k) ** 2)  # noqa: E731
    assert 9 < spread(rho - 1 - np.log(rho)) / spread(-np.log(rho)) < 11
    assert "to log, yes" not in ANSWERS["negative-kl"]


def test_the_variance_of_the_ratio_product_can_stay_bounded_if_the_policies_draw_together():
    steps = np.arange(1, 10_001)
    shrinking = np.prod(1 + 4 * (0.05 / steps) ** 2)  # probabilities 1/2 and 1/2 + .05/t
    alike = 1.01**500
    assert shrinking - 1 < 0.02 and round(alike - 1) == 144
    assert "differ at every step alike" in ANSWERS["off-policy-gradient"]


def test_k3_has_the_mean_of_the_kl_only_where_the_policy_rules_nothing_out():
    pi, ref = np.array([1.0]), np.array([0.5])  # the other action: never drawn, half of the reference
    k1, k3 = -np.log(ref / pi), ref / pi - 1 - np.log(ref / pi)
    assert (round(k1[0], 3), round(k3[0], 3)) == (0.693, 0.193)
    assert "can draw all that the reference can" in ANSWERS["negative-kl"]


def test_a_group_s_factor_does_not_wash_out_beside_a_kl_term():
    """Two arms that pay 0 and 1, beta = 1, a uniform reference: with G = 2 the reward counts half."""
    best = lambda factor: (
        optimize.minimize_scalar(  # noqa: E731
            lambda z: (
                -factor * sigmoid(z) + sigmoid(z) * np.log(2 * sigmoid(z)) + sigmoid(-z) * np.log(2 * sigmoid(-z))
            ),
            bounds=(-5, 5),
            method="bounded",
        ).x
    )
    assert (round(best(1), 3), round(best(0.5), 3)) == (1.0, 0.5)
    assert "no KL or entropy term beside it" in ANSWERS["group-mean"]


def test_away_from_the_old_policy_the_plain_surrogate_is_wrong_where_the_ratio_is_right():
    old, Q, z = np.array([0.5, 0.5]), np.array([0.0, 1.0]), 1.0
    A = Q - old @ Q
    log_pi = lambda z: np.log([sigmoid(-z), sigmoid(z)])  # noqa: E731
    plain = difference(lambda z: old @ (log_pi(z) * A), z)
    ratio = difference(lambda z: old @ (np.exp(log_pi(z)) / old * A), z)
    truth = difference(lambda z: np.exp(log_pi(z)) @ Q, z)
    assert ratio == pytest.approx(truth) and plain > truth + 0.04
    assert "plain surrogate's gradient away from it" in ANSWERS["reuse-the-batch"]


def test_as_a_loss_k3_is_a_leash_as_well_and_of_another_kl():
    ref = np.array([0.5, 0.3, 0.2])
    z = np.log([0.98, 0.01, 0.01])
    k3 = lambda z: pg.softmax(z) - ref  # noqa: E731    E[(1 - rho) score] under pi
    for _ in range(200):
        z = z - k3(z)
    assert pg.softmax(z) == pytest.approx(ref, abs=1e-6)
    at = np.log([0.7, 0.2, 0.1])
    pi = pg.softmax(at)
    mean = (pi * (1 - ref / pi)) @ (np.eye(3) - pi)
    other = pg.finite_difference(lambda x: ref @ np.log(ref / pg.softmax(x)), at)
    wanted = pg.finite_difference(lambda x: pg.softmax(x) @ np.log(pg.softmax(x) / ref), at)
    assert mean == pytest.approx(k3(at)) and mean == pytest.approx(other, abs=1e-8)
    assert abs(mean - wanted).max() > 0.01
    assert "to make the policy pay for $\\mathrm{KL}(\\pi\\Vert\\pi_{\\text{ref}})$?" in INTERVIEW
    assert "to stay close to the reference" not in INTERVIEW
    assert "need not be a loss for that KL" in ANSWERS["kl-estimators"]


def test_ppo_drops_a_gradient_on_one_side_only():
    clipped = lambda ratio, A: min(ratio * A, np.clip(ratio, 0.8, 1.2) * A)  # noqa: E731
    assert [slope(lambda w: clipped(w, A), ratio) == 0 for ratio in (0.7, 1.3) for A in (1, -1)] == [
        False,
        True,
        True,
        False,
    ]
    assert (
        "left the band in the wanted direction" in ANSWERS["on-or-off-policy"]
        and "stops where the ratio" not in ANSWERS["on-or-off-policy"]
    )


def test_dividing_by_lengths_and_a_kl_term_turn_the_gradient():
    scores, lengths, A = np.array([[1, 0.5], [-0.5, 2.0]]), np.array([1, 4]), np.array([1.0, -1.0])
    plain, divided = A @ scores, (A / lengths) @ scores
    assert abs(plain[0] * divided[1] - plain[1] * divided[0]) > 0.1  # not even the same direction
    assert "each answer divided by its length, and the gradient of its KL term" in ANSWERS["baseline-ladder"]


def test_dropping_equal_groups_keeps_the_objective_where_the_batch_is_refilled():
    """Every group of eight answers, enumerated: the share of a prompt in the slots of a batch that is filled, times
    what a mixed group says."""
    G, ps = 8, (F(1, 20), F(1, 2))
    mixed, slope_if_mixed = [], []
    for p in ps:
        chance, total = F(0), F(0)
        for c in range(1, G):  # c right ones, sorted by exchangeability
            weight = F(math.comb(G, c)) * p**c * (1 - p) ** (G - c)
            mean = F(c, G)
            total += (
                weight * (c * (1 - mean) * (1 - p) + (G - c) * (0 - mean) * (0 - p)) / G
            )  # reward less mean, times score
            chance += weight
        mixed.append(chance)
        slope_if_mixed.append(total / chance / (p * (1 - p)))  # on grad p
        assert chance == 1 - p**G - (1 - p) ** G and total == F(G - 1, G) * p * (1 - p)
    assert [round(float(w), 2) for w in slope_if_mixed] == [
        2.60,
        0.88,
    ]  # each prompt again until its own group is mixed
    filled = [w * q / sum(mixed) for w, q in zip(slope_if_mixed, mixed)]
    assert filled[0] == filled[1] and round(float(filled[0]), 4) == 0.6585  # a common factor
    answer = ANSWERS["all-correct"]
    assert (
        "the two cancel, and what is left is a common factor" in answer
        and "Only if *each* prompt is sampled again" in answer
    )
    assert "That changes the objective" not in answer


def test_the_named_row_of_the_table_has_the_named_weights():
    rows = [line for line in ANSWERS["grpo-objective"].splitlines() if line.startswith("|")][2:]
    assert "divide by the std" in rows[3]  # the fourth
    weights = [f"{(p * (1 - p)) ** -0.5:.2f}" for p in (0.05, 0.5, 0.9)]
    assert (
        weights == ["4.59", "2.00", "3.33"]
        and "the fourth weight, that of the std, is $4.59$, $2$ and $3.33$" in ANSWERS["grpo-objective"]
    )


def test_the_average_over_all_samples_and_not_their_sum_has_the_mean_grad_p():
    p, N = F(1, 3), 4
    mean_sum = sum(
        F(math.comb(N, c)) * p**c * (1 - p) ** (N - c) * c * (1 - p) for c in range(N + 1)
    )  # right ones' scores
    assert mean_sum == N * p * (1 - p) and mean_sum / N == p * (1 - p)
    assert "Averaged over all samples, wrong ones as zeros, its mean is $\\nabla p$" in ANSWERS["train-on-successes"]


def test_one_ratio_leaves_what_follows_to_the_old_policy():
    """B in two doors: everybody comes there at the second step, whoever plays. What follows in a sampled return is the
    old policy's."""
    world, pi, scores, _ = doors()
    old = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.7, 0.3]])
    B, D = 1, 3
    assert pg.discounted_visitation(world, pi)[B] == pg.discounted_visitation(world, old)[B] and world.P[B, 0, D] == 1
    new_Q, old_Q = pg.action_values(world, pi), pg.action_values(world, old)
    truth = pi[B] @ (scores[B] * new_Q[B][:, None])
    one_ratio = old[B] @ ((pi[B] / old[B] * old_Q[B])[:, None] * scores[B])
    assert abs(one_ratio - truth).max() > 0.01
    for name in ("off-policy-gradient", "on-or-off-policy"):
        assert "with sampled returns what follows" in ANSWERS[name]
    assert "nor what followed" in SHEET


def test_a_mean_over_tokens_climbs_the_reward_per_token():
    """Answers of one or two tokens; stop with probability p after the first. b is fixed before."""
    b, rewards, lengths = 0.3, np.array([1.0, 0.2]), np.array([1, 2])
    q = lambda z: softmax(np.array([z, 0.0]))  # noqa: E731
    objective = lambda z, T: q(z) @ ((rewards - b) / T)  # noqa: E731
    per_token = q(0.4) @ ((rewards - b) / lengths * (np.array([1, 0]) - q(0.4)[0]))
    assert per_token == pytest.approx(slope(lambda z: objective(z, lengths), 0.4), abs=1e-8)
    assert abs(per_token - slope(lambda z: objective(z, 1), 0.4)) > 0.01
    assert (
        "another objective, $\\E[(r-b)/T]$" in ANSWERS["length-normalisation"]
        and "neither;" not in ANSWERS["length-normalisation"]
    )


def test_advantages_divided_by_the_std_have_another_gradient():
    acts, reward, pi = np.array([0, 1, 2, 2]), np.array([1, 0, 0, 1.0]), np.full(3, 1 / 3)
    A = reward - reward.mean()
    gradient = lambda A: -(A[:, None] * (np.eye(3) - pi)[acts]).mean(axis=0)  # noqa: E731
    np.testing.assert_allclose(gradient(A), [-0.125, 0.125, 0], atol=1e-12)
    np.testing.assert_allclose(gradient(A / A.std()), [-0.25, 0.25, 0], atol=1e-12)
    assert "(not divided by the std). The loss is 0, the gradient $(-.125,.125,0)$" in ANSWERS["zero-loss"]


def test_a_product_of_ratios_is_as_noisy_as_the_steps_in_which_the_policies_differ():
    second = (0.55**2 + 0.45**2) / 0.5
    assert second**500 - 1 > 140 and second - 1 == pytest.approx(0.01)  # at every step; at the first only
    for name in ("off-policy-gradient", "token-or-sequence-ratio", "stale-rollouts"):
        assert re.search("[Ww]here the (two|policies) differ at every", ANSWERS[name]), name
    for name in ("off-policy-gradient", "token-or-sequence-ratio"):
        assert "where the policies differ at every" in " ".join(RUBRIC[name])


def test_old_visits_bias_the_gradient_in_proportion_and_the_value_by_the_square():
    world, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    pi = pg.state_probs(world, policy, np.zeros(2))
    d, V = pg.discounted_visitation(world, pi), pg.state_values(world, pi)
    A = pg.action_values(world, pi) - V[:, None]
    L = lambda t: np.einsum("s,sa,sa", d, pg.state_probs(world, policy, t), A)  # noqa: E731
    J = lambda t: pg.expected_return(world, pg.state_probs(world, policy, t))  # noqa: E731
    off = {}
    for h in (0.1, 0.01):
        t = np.full(2, h)
        grad = lambda f, t=t: np.array([slope(lambda x, e=e: f(t + x * e), 0.0, 1e-5) for e in np.eye(2)])  # noqa: E731
        off[h] = abs(J(t) - J(np.zeros(2)) - L(t)), np.linalg.norm(grad(L) - grad(J))
    assert off[0.1][0] / off[0.01][0] == pytest.approx(100, rel=0.05)
    assert off[0.1][1] / off[0.01][1] == pytest.approx(10, rel=0.05)
    answer = ANSWERS["reuse-the-batch"]
    assert "a bias of the gradient in proportion to the policy's change" in answer
    assert "Its value is off to second order in the change of policy, its gradient to first" in answer
    assert "the return is off by second order" in ANSWERS["on-or-off-policy"]


def test_with_the_sample_std_a_group_of_two_lies_below_both_ends():
    def weight(p, ddof):  # on grad p, over all groups of two
        total = 0.0
        for group in itertools.product((0, 1), repeat=2):
            r = np.array(group, float)
            if r.std():
                total += np.prod(np.where(r, p, 1 - p)) * np.mean((r - r.mean()) / r.std(ddof=ddof) * (r - p))
        return total / (p * (1 - p))

    for p in (0.05, 0.5, 0.9):
        assert weight(p, 1) == pytest.approx(np.sqrt(1 / 2)) and weight(p, 1) < 1 < 1 / np.sqrt(p * (1 - p))
        assert weight(p, 0) == pytest.approx(1)
    assert "With finite $G$ and the population std the function lies in between." in ANSWERS["grpo-objective"]


def test_successes_of_one_prompt_climb_its_logarithm_only_in_large_groups():
    """Every group of G answers: the mean score of its right ones, or nothing where there is none; as a weight on grad
    p."""

    def weight(p, G):
        return (
            sum(math.comb(G, c) * p**c * (1 - p) ** (G - c) for c in range(1, G + 1)) / p
        )  # each right one's score: grad p / p

    p = F(1, 20)
    assert weight(p, 1) == 1  # p itself, not log p
    assert weight(p, 8) == (1 - (1 - p) ** 8) / p < F(7) < 1 / p
    assert float(weight(p, 200)) == pytest.approx(20, rel=1e-3)
    assert "| successes only, a mean for each prompt, $G\\to\\infty$ | $\\log p$ |" in SHEET
    assert "| successes only, a mean for each prompt, $G\\to\\infty$ | $1/p$ | $\\log p$ |" in ANSWERS["grpo-objective"]
    assert "With large groups, fine-tuning on each prompt's successes" in ANSWERS["grpo-objective"]
    assert (
        "$(1-(1-p)^G)/p$" in ANSWERS["train-on-successes"]
        and "climbs $\\log p$ for large groups" in cells("05-in-the-interview")["arc"]
    )


def test_a_mean_of_per_answer_means_of_k1_can_be_negative_for_good_and_a_mean_over_all_tokens_cannot():
    pi, ref, length = np.array([0.5, 0.5]), np.array([0.6, 0.4]), np.array([1, 10])
    k1 = np.log(pi / ref)
    assert pi @ k1 / (pi @ length) > 0 and pi @ (k1 / length) == pytest.approx(-0.08, abs=5e-5)
    assert "or each answer was divided by its own length" in ANSWERS["negative-kl"]
    assert "or that each answer was divided by its length" in " ".join(RUBRIC["negative-kl"])


def test_penalties_for_single_tokens_leave_token_and_bandit_the_same_mean_and_not_the_same_noise():
    """Two tokens, one logit for each; each token pays something of its own, the end pays more."""
    p, pay, end = (0.3, 0.6), ((0, -1), (0.5, -2)), {(0, 0): 1, (0, 1): 0, (1, 0): 3, (1, 1): 2}
    bandit, tokens, chances = [], [], []
    for a, b in itertools.product((0, 1), repeat=2):
        first, second = pay[0][a], pay[1][b] + end[a, b]
        score = np.array([a - p[0], b - p[1]])
        chances.append((p[0] if a else 1 - p[0]) * (p[1] if b else 1 - p[1]))
        bandit.append(score * (first + second))
        tokens.append(score * (first + second, second))
    mean = [np.array(chances) @ np.array(g) for g in (bandit, tokens)]
    noise = [np.array(chances) @ ((np.array(g) - m) ** 2).sum(axis=1) for g, m in zip((bandit, tokens), mean)]
    np.testing.assert_allclose(*mean)
    assert noise[0] != pytest.approx(noise[1])
    assert (
        "the means still agree" in ANSWERS["tokens-or-bandit"] and "They differ once" not in ANSWERS["tokens-or-bandit"]
    )


def test_the_weight_of_pass_at_k_is_k_times_the_chance_that_the_others_fail():
    assert difference(lambda p: 1 - (1 - p) ** 8, 0.5) == pytest.approx(8 * 0.5**7) != 0.5**7
    assert "by $k$ times the chance that the other" in ANSWERS["pass-at-k"]


def test_the_value_is_not_the_best_baseline_for_a_square():
    z, w = np.polynomial.hermite_e.hermegauss(30)
    w, f = w / w.sum(), (1 + z) ** 2
    noise = lambda b: w @ ((f - b) * z) ** 2 - (w @ (f * z)) ** 2  # noqa: E731
    assert [round(noise(b)) for b in (0, w @ f, (w @ (f * z**2)))] == [30, 18, 14]
    assert min(map(noise, np.linspace(0, 8, 81))) == pytest.approx(14)
    assert "| 30, with $b=V$ 18, at best 14 | 4 |" in ANSWERS["score-or-pathwise"]


def test_the_loops_of_two_answers_run_as_they_are_printed():
    code = lambda name: re.search(r"```python\n(.*?)```", ANSWERS[name], re.S)[1]  # noqa: E731
    togo = np.zeros(3)
    exec(code("drop-the-past"), {"T": 3, "gamma": 0.5, "rewards": [1.0, 2, 4], "togo": togo})
    assert list(togo) == [3, 4, 4]
    r, V = np.array([1.0, 2, 4]), np.array([0.5, 0.25, 1])
    advantages, ends = np.zeros(3), np.array([0, 0, 1])
    exec(
        code("derive-gae"),
        {"T": 3, "gamma": 0.5, "lam": 1, "r": r, "V": V, "next_V": np.append(V[1:], 0)}
        | {"terminated": ends, "done": ends, "advantages": advantages},
    )
    np.testing.assert_allclose(advantages, togo - V)


def test_what_is_left_of_old_samples_is_one_over_the_second_moment():
    w = np.array(list(itertools.product((0.9, 1.1), repeat=10))).prod(axis=1)  # all outcomes, equally likely
    assert w.sum() ** 2 / (w**2).sum() / len(w) == pytest.approx(1.01**-10)
    assert round(100 / 1.01**100) == 37 and round(100 / 1.01**500, 1) == 0.7
    logs = np.random.default_rng(0).binomial(500, 0.5, 100) * np.log(11 / 9)  # 100 sampled products of 500 ratios
    few = np.exp(logs - logs.max())
    assert few.sum() ** 2 / (few**2).sum() > 2  # a small batch flatters: never below 1
    assert "37 of 100 samples are left after 100 steps, and $0.7$ after 500" in ANSWERS["off-policy-gradient"]
