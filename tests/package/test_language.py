"""Policies over tokens against every answer written out, and where a KL, a ratio and a sampler stand.
Truth: fractions, enumeration, SciPy's laws, finite differences."""

import itertools
from fractions import Fraction as F
from math import comb, log, sqrt

import numpy as np
import pytest
from scipy import optimize, stats

import policy_gradient as pg
from policy_gradient import sorting
from policy_gradient._validate import NotFinite
from tests.helpers.groups import kl_table
from tests.helpers.ranks import refuses

SORT = pg.Sorting(3, 4)
WRITER = pg.TokenPolicy(SORT, pg.MLPSoftmax((SORT.num_features, 6, SORT.num_tokens)))
WRITTEN = np.zeros(WRITER.num_params)


def test_the_reward_of_a_batch_of_answers_is_one_number_each():
    """A column would be read as one row for each prompt, whatever its order."""
    for shape in ((4, 1), (2, 2), (1, 4)):
        refuses(
            lambda: pg.climb(
                WRITER,
                WRITTEN,
                lambda rng, n: SORT.prompts(rng, n),
                lambda prompts, answers: np.ones(shape),
                np.random.default_rng(0),
                num_updates=1,
                num_prompts=2,
                group_size=2,
            ),
            r"reward\(prompts, answers\) must have shape \(4,\)",
        )


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


# ---- the tree of four answers --------------------------------------------------------------------------------------


def test_the_tree_has_four_answers_whose_scores_are_slopes_of_their_log_chances():
    theta = np.array([-0.8, 0.4, -0.5])
    tree, (p, right, wrong) = pg.AnswerTree((3, 7)), 1 / (1 + np.exp(-theta))
    leaves = tree.outcomes(theta)
    assert [one[:3] for one in leaves] == [
        (pytest.approx(p * (1 - right)), 1, 3),
        (pytest.approx(p * right), 1, 7),
        (pytest.approx((1 - p) * (1 - wrong)), 0, 3),
        (pytest.approx((1 - p) * wrong), 0, 7),
    ]
    for i, (*_, score) in enumerate(leaves):
        slope = pg.finite_difference(lambda th: np.log(tree.outcomes(th)[i][0]), theta)
        np.testing.assert_allclose(score, slope, atol=1e-9)
    length = lambda th: sum(chance * T for chance, _, T, _ in tree.outcomes(th))  # noqa: E731
    np.testing.assert_allclose(tree.by_length(theta), pg.finite_difference(length, theta), atol=1e-8)
    np.testing.assert_allclose(1 / (1 + np.exp(-pg.tree_logits(0.2, 0.3, 0.9))), [0.2, 0.3, 0.9])
    np.testing.assert_allclose(pg.tree_logits(0.25), [-np.log(3), 0, 0], atol=1e-15)
    for wrong_chances in ((0.0,), (1.0,), (0.5, 1.0), (0.5, 0.5, 0.0)):
        with pytest.raises(ValueError, match="strictly between 0 and 1"):
            pg.tree_logits(*wrong_chances)


# ---- training, one update by hand ----------------------------------------------------------------------------------


def begun(seed=0):
    rng = np.random.default_rng(seed)
    return WRITER, 0.5 * rng.normal(size=WRITER.num_params), rng


def score_of(theta, prompts, tokens, weights):
    return pg.finite_difference(lambda th: (weights * WRITER.log_prob(th, prompts, tokens)).sum(), theta)


def pays(prompts, answers):
    """More for each right digit: so that no group is all alike."""
    return (answers.tokens == SORT.answers(prompts)).sum(axis=0) + 0.1 * answers.tokens[0]


@pytest.mark.parametrize("how, aggregate", [("leave_one_out", "sum"), ("mean", "token")])
def test_an_update_is_adams_step_along_the_slope_of_the_weighted_log_probabilities(how, aggregate):
    policy, theta, _ = begun()
    settings = dict(num_updates=1, how=how, aggregate=aggregate, num_prompts=3, group_size=4)
    found = pg.climb(policy, theta, SORT.prompts, pays, np.random.default_rng(7), **settings, learning_rate=0.1)
    rng = np.random.default_rng(7)
    prompts = np.repeat(SORT.prompts(rng, 3), 4, axis=0)
    answers = policy.generate(theta, prompts, rng)
    r = pays(prompts, answers).reshape(3, 4)
    means = r.mean(1, keepdims=True) if how == "mean" else (r.sum(1, keepdims=True) - r) / 3
    advantages = (r - means).ravel() / (12 if aggregate == "sum" else 36)  # 12 answers of 3 tokens
    by_hand = score_of(theta, prompts, answers.tokens, np.tile(advantages, (3, 1)))
    np.testing.assert_allclose(found, pg.Adam(0.1).step(theta, by_hand), atol=1e-5)


def test_a_second_pass_counts_by_its_ratio_and_leaves_out_what_has_gone_far_enough():
    policy, theta, _ = begun()
    settings = dict(num_updates=1, num_prompts=3, group_size=4, epochs=2, clip=0.05, learning_rate=0.03)
    found = pg.climb(policy, theta, SORT.prompts, pays, np.random.default_rng(7), **settings)
    rng, adam, once = np.random.default_rng(7), pg.Adam(0.03), theta
    prompts = np.repeat(SORT.prompts(rng, 3), 4, axis=0)
    answers = policy.generate(theta, prompts, rng)
    r = pays(prompts, answers).reshape(3, 4)
    weights = np.tile((r - (r.sum(1, keepdims=True) - r) / 3).ravel() / 12, (3, 1))
    once = adam.step(theta, score_of(theta, prompts, answers.tokens, weights))
    ratio = np.exp(policy.log_prob(once, prompts, answers.tokens) - policy.log_prob(theta, prompts, answers.tokens))
    clipped = np.array(
        [
            [w * q if (w > 0 and q < 1.05) or (w <= 0 and q > 0.95) else 0 for w, q in zip(*row)]
            for row in zip(weights, ratio)
        ]
    )
    assert 5 < (clipped == 0).sum() < 34
    np.testing.assert_allclose(found, adam.step(once, score_of(once, prompts, answers.tokens, clipped)), atol=1e-5)


def test_a_sampler_of_its_own_is_weighed_back_up_to_the_cap():
    policy, theta, _ = begun()
    bend = lambda logits: 0.5 * logits  # noqa: E731
    settings = dict(num_updates=1, num_prompts=3, group_size=4, bend=bend, cap=1.1, learning_rate=0.03)
    found = pg.climb(policy, theta, SORT.prompts, pays, np.random.default_rng(7), **settings)
    rng = np.random.default_rng(7)
    prompts = np.repeat(SORT.prompts(rng, 3), 4, axis=0)
    answers = policy.generate(theta, prompts, rng, bend)
    r = pays(prompts, answers).reshape(3, 4)
    ratio = np.exp(policy.log_prob(theta, prompts, answers.tokens) - answers.log_probs)
    assert (ratio > 1.1).any() and (ratio < 1.1).any()
    weights = (r - (r.sum(1, keepdims=True) - r) / 3).ravel() / 12 * np.minimum(ratio, 1.1)
    np.testing.assert_allclose(
        found, pg.Adam(0.03).step(theta, score_of(theta, prompts, answers.tokens, weights)), atol=1e-5
    )


def test_a_callback_sees_each_update_and_may_stop():
    policy, theta, _ = begun()
    seen = []

    def callback(update, theta, rewards):
        seen.append((update, rewards.shape))
        return update == 1

    settings = dict(num_updates=9, num_prompts=2, group_size=3)
    pg.climb(policy, theta, SORT.prompts, pays, np.random.default_rng(0), callback=callback, **settings)
    assert seen == [(0, (2, 3)), (1, (2, 3))]


def test_imitation_climbs_the_mean_log_probability_of_the_tokens_that_count():
    policy, theta, rng = begun()
    prompts, tokens = SORT.demonstrations(rng, 20)
    mask = rng.random(tokens.shape) < 0.6
    for given, counted in ((mask, mask), (None, np.ones(tokens.shape, bool))):
        found = pg.imitate(policy, theta, prompts, tokens, np.random.default_rng(3), 1, 8, 0.1, given)
        rows = np.random.default_rng(3).integers(0, 20, 8)
        weights = counted[:, rows] / counted[:, rows].sum()
        by_hand = pg.Adam(0.1).step(theta, score_of(theta, prompts[rows], tokens[:, rows], weights))
        np.testing.assert_allclose(found, by_hand, atol=1e-5)
    assert pg.imitate(policy, theta, prompts, tokens, rng, 0) is theta


# ---- what an answer remembers --------------------------------------------------------------------------------------


def test_what_was_seen_is_kept_once_and_found_again_for_each_token():
    policy, theta, rng = begun()
    prompts = np.repeat(SORT.prompts(rng, 3), 5, axis=0)
    answers = policy.generate(theta, prompts, rng)
    for t in range(3):
        np.testing.assert_array_equal(answers.seen[t], SORT.features(prompts, answers.tokens, t))
    np.testing.assert_array_equal(policy.features(prompts, answers), policy.features(prompts, answers.tokens))
    assert len(answers.rows) < 45 and answers.places.shape == (3, 15)
    np.testing.assert_allclose(answers.log_probs, policy.log_prob(theta, prompts, answers.tokens), atol=1e-12)
    weights = rng.normal(size=(3, 15))
    np.testing.assert_allclose(
        policy.weighted_score(theta, prompts, answers, weights),
        score_of(theta, prompts, answers.tokens, weights),
        atol=1e-8,
    )


def test_ratios_to_the_sampler_are_quotients_and_1_outside_the_mask():
    ours, theirs = np.log([[0.2, 0.9], [0.5, 0.1]]), np.log([[0.4, 0.3], [0.5, 0.2]])
    np.testing.assert_allclose(pg.sampler_ratios(ours, theirs), [[0.5, 3], [1, 0.5]])
    mask = np.array([[True, False], [True, True]])
    outside = np.where(mask, theirs, -np.inf)
    np.testing.assert_allclose(pg.sampler_ratios(ours, outside, mask), [[0.5, 1], [1, 0.5]])
    assert pg.sampler_ratios([-np.inf], [0.0]).tolist() == [0.0]
    with pytest.raises(ValueError, match="log_probs must not be NaN or"):
        pg.sampler_ratios([np.inf], [0.0])
    with pytest.raises(ValueError, match="must have one shape"):
        pg.sampler_ratios(ours, theirs, mask.astype(int))
