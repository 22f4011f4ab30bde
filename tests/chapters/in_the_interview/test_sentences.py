"""Under which conditions the answers of the interview bank and the museum's captions hold: for each the counterexample
to what was once written there.

Each test is about one belief. The smallest world in which it fails is enumerated.
"""

import itertools
import json
import math
import re

import nbformat
import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from learning_to_act.exercises import in_the_interview
from policy_gradient.natural import conjugate_gradient
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, cells, flat, slope, solution, source, words
from tools.paths import ROOT

MUSEUM = {c.id: c.source for c in nbformat.read(ROOT / "notebooks/museum-of-mistakes.ipynb", as_version=4).cells}


def coin(theta):
    """Two actions, one logit: their probabilities (2,) and scores (2,)."""
    p = 1 / (1 + np.exp(-theta))
    return np.array([1 - p, p]), np.array([-p, 1 - p])


def two_steps(theta=0.0):
    """All pairs of two choices with one logit: probabilities (4,), actions (4, 2), scores (4, 2)."""
    pi, g = coin(theta)
    acts = np.array(list(itertools.product((0, 1), repeat=2)))
    return pi[acts].prod(axis=1), acts, g[acts]


def test_a_tempered_policy_can_have_mean_score_zero():
    def mean_score(z, T):
        return pg.softmax(z / T) @ (np.eye(3) - pg.softmax(z))

    assert mean_score(np.zeros(3), 0.5) == pytest.approx(np.zeros(3), abs=1e-15)
    assert abs(mean_score(np.array([1.0, 0, -1]), 0.5)).max() > 0.1
    assert "this mean is in general not zero" in ANSWERS["score-function"]
    assert "Otherwise its mean is in general not zero" in ANSWERS["sampling-temperature"]


def test_the_mean_score_misses_a_stored_clipped_action_where_all_is_symmetric():
    mean = lambda f, mu: stats.norm(mu).expect(lambda a: f(np.clip(a, -1, 1) - mu))  # noqa: E731
    assert mean(lambda x: x, 0) == pytest.approx(0, abs=1e-9) and mean(lambda x: x**2 - 1, 0) < -0.4
    assert mean(lambda x: x, 0.8) == pytest.approx(-0.293, abs=5e-4)
    assert "wherever no symmetry hides them" in ANSWERS["clipped-log-prob"]


def test_the_expected_loss_falls_first_only_with_advantages_and_from_one_half():
    p = np.linspace(0.001, 0.999, 999)
    paid = -p * np.log(p)  # the weight is the pay, 1 or 0
    assert paid[1] > paid[0] and paid.min() >= 0  # rises first
    centred = -p * (1 - p) * np.log(p / (1 - p))
    beyond = centred[499:]
    assert p[499] == pytest.approx(0.5) and beyond[0] == pytest.approx(0, abs=1e-9) and beyond[1] < 0
    assert beyond[-1] > beyond.min() + 0.1
    assert centred[:499].min() > 0  # and below one half it is positive
    assert "From $p=\\frac12$ on the expected loss, with advantages as weights," in ANSWERS["ascent-and-loss"]


def test_a_mean_over_the_batchs_steps_turns_in_a_batch_of_one():
    """Stop, or take a second step whose logit is its own: the component of the first shrinks by another factor than
    that of the second."""
    p = 0.5
    plain, divided = np.zeros(2), np.zeros(2)
    for go, a in itertools.product((0, 1), (0, 1)):
        chance, G, T = 0.25, (1.0 if not go else 3.0 * a), 1 + go
        score = np.array([go - p, (a - p) * go])
        plain, divided = plain + chance * G * score, divided + chance * G * score / T
    assert abs(plain[0] * divided[1] - plain[1] * divided[0]) > 0.01
    assert "In a small one the divisor is drawn with the returns, and the direction turns" in ANSWERS["mean-or-sum"]


def test_the_std_of_a_batch_with_one_prompt_is_the_groups_own():
    def weights(prompts, ps, G=2):  # of each prompt's slope, divided by the std of all rewards of the batch
        total = np.zeros(len(ps))
        for rows in itertools.product(itertools.product((0, 1), repeat=G), repeat=prompts):
            r = np.array(rows, float)
            chance = np.prod([np.where(row, p, 1 - p).prod() for row, p in zip(r, ps)])
            if r.std() > 0:
                total += [
                    chance * ((row - row.mean()) * (row - p)).mean() / r.std() / (p * (1 - p)) for row, p in zip(r, ps)
                ]
        return total

    alone = np.array([weights(1, [p], G=4)[0] for p in (0.5, 0.05)])
    assert alone == pytest.approx([1.62, 1.71], abs=0.01)  # as dividing by the group's std
    together = weights(2, [0.5, 0.05], G=4)
    assert together[0] != pytest.approx(together[1], abs=0.01)  # not one factor for both, either
    assert "with one prompt in a batch it *is* the group's std" in ANSWERS["divide-by-std"]


def test_pay_that_is_the_same_at_each_step_ties_what_is_kept_to_what_is_dropped():
    chance, acts, g = two_steps()
    r = np.ones((4, 2))
    kept = g[:, 0] * r.sum(axis=1) + g[:, 1] * r[:, 1]
    dropped = g[:, 1] * r[:, 0]
    assert chance @ dropped == 0 and chance @ (kept * dropped) == pytest.approx(0.25)  # no noise, and not uncorrelated
    assert (
        "If the rewards are noise of mean 0, independent of the actions and of each other"
        in ANSWERS["reward-to-go-always"]
    )


def test_a_fisher_matrix_from_samples_is_invariant_a_damped_one_is_not():
    rng = np.random.default_rng(0)
    scores, g, H = rng.normal(size=(50, 3)), rng.normal(size=3), rng.normal(size=(3, 3))
    F = scores.T @ scores / 50
    F_phi, g_phi = (scores @ H).T @ (scores @ H) / 50, H.T @ g
    assert H @ np.linalg.solve(F_phi, g_phi) == pytest.approx(np.linalg.solve(F, g))
    damped = lambda F, g: np.linalg.solve(F + 0.1 * np.eye(3), g)  # noqa: E731
    assert abs(H @ damped(F_phi, g_phi) - damped(F, g)).max() > 0.01
    assert "A matrix from samples is, as long as it can be inverted." in ANSWERS["how-invariant"]


def test_a_discounted_baseline_of_the_whole_episode_turns_two_doors():
    """gamma^t (G_t - b) with the batch's own mean return as b takes away E[G_0 sum gamma^t score] / N, which is not
    along the gradient."""
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    gradient, shrunk, turned = np.zeros((3, 2))
    for acts in itertools.product((0, 1), repeat=3):
        s, G0, score, discounted, chance = int(world.rho.argmax()), 0.0, np.zeros(2), np.zeros(2), 1 / 8
        for t, a in enumerate(acts):
            now = policy.score(theta, world.obs[[s]], np.array([a]))[0]
            G0, score, discounted = (
                G0 + world.gamma**t * world.R[s, a],
                score + now,
                discounted + world.gamma**t * now,
            )
            s = int(world.P[s, a].argmax())
        gradient, shrunk, turned = (
            gradient + chance * G0 * score,
            shrunk + chance * G0 * score,
            turned + chance * G0 * discounted,
        )
    assert gradient == pytest.approx([-0.078125, 0.015625])
    assert gradient - shrunk / 2 == pytest.approx(gradient / 2)  # the same number at each step
    assert (gradient - turned / 2)[0] > 0 > gradient[0]  # discounted: with two episodes even the sign turns
    assert (
        "One mean, the same at each step of an episode (no $\\gamma^t$ in front of it)" in ANSWERS["what-baseline-does"]
    )


def test_pass_at_k_does_not_see_how_many_ways_there_are_to_be_right():
    k, one, two = 4, np.array([0.4, 0.0, 0.6]), np.array([0.2, 0.2, 0.6])  # the last answer is wrong
    passed = lambda pi: sum(  # noqa: E731
        math.prod(pi[i] for i in draws) for draws in itertools.product(range(3), repeat=k) if min(draws) < 2
    )
    assert passed(one) == pytest.approx(passed(two)) == pytest.approx(1 - 0.6**k)
    assert "of each prompt it sees $p$ only" in ANSWERS["pass-at-k"] and "rewards spread" not in ANSWERS["pass-at-k"]


def test_with_the_true_values_lambda_zero_need_not_be_the_quietest():
    """One logit for both steps, p = .9. Only after a first 1 does the second choice pay, its own number."""
    pi, g = coin(np.log(9))
    p, noise = pi[1], {}
    for lam in (0.0, 1.0):
        rows = []
        for a, b in itertools.product((0, 1), repeat=2):
            d0, d1 = a * p - p * p, a * (b - p)
            rows.append((pi[a] * pi[b], g[a] * (d0 + lam * d1) + g[b] * d1))
        chance, estimate = np.array(rows).T
        assert chance @ estimate == pytest.approx(2 * p * p * (1 - p))  # the slope of p^2 in the logit
        noise[lam] = chance @ estimate**2 - (chance @ estimate) ** 2
    assert noise[0.0] == pytest.approx(0.0876, abs=1e-4) and noise[1.0] == pytest.approx(0.0754, abs=1e-4)
    assert "With the true values $\\lambda=0$ stays the best here." in ANSWERS["best-lambda"]


def test_without_gamma_to_the_t_an_episode_of_one_step_still_has_its_gradient():
    pi, g = coin(0.3)
    dropped = pi @ (g * np.array([0.0, 1.0]))  # gamma^0 is 1 whatever gamma is
    assert dropped == pytest.approx((coin(0.3 + 1e-6)[0][1] - coin(0.3 - 1e-6)[0][1]) / 2e-6)
    assert "is in general the gradient neither of the discounted return nor" in ANSWERS["why-discount"]
    assert "in general not the gradient of the discounted return" in ANSWERS["where-gamma-t"]


def test_a_game_with_turns_or_a_saddle_can_be_played_without_dice():
    saddle = np.array([[1, 2], [0, 3]])  # row 0 against an opponent who answers best: 1, and no mixture earns more
    best = max((np.array([p, 1 - p]) @ saddle).min() for p in np.linspace(0, 1, 101))
    assert best == saddle[0].min() == 1
    assert "even the full state need not help" in ANSWERS["deterministic-is-bad"]


def test_the_variance_of_two_arms_depends_on_logits_and_probabilities():
    Q = np.array([10.0, 11.0])

    def variance(pi, scores):
        steps = scores * Q[:, None]
        return pi @ (steps**2).sum(axis=1) - ((pi @ steps) ** 2).sum()

    half = np.array([0.5, 0.5])
    assert variance(half, np.eye(2) - half) == pytest.approx(55.125)
    assert variance(half, np.array([[-0.5], [0.5]])) == pytest.approx(27.5625)  # one logit
    assert "Two equally likely arms that pay 10 and 11, a logit each" in ANSWERS["high-variance"]


def test_a_state_without_visits_gets_no_natural_step():
    """Two states, a logit table; nobody ever comes to the second."""
    pi, A, d = np.full((2, 2), 0.5), np.array([[-1.0, 1.0], [-5.0, 5.0]]), np.array([1.0, 0.0])
    scores = np.zeros((2, 2, 4))
    for s, a in itertools.product((0, 1), repeat=2):
        scores[s, a, 2 * s : 2 * s + 2] = np.eye(2)[a] - pi[s]
    F = np.einsum("s,sa,san,sam->nm", d, pi, scores, scores)
    step = np.linalg.pinv(F) @ np.einsum("s,sa,san,sa->n", d, pi, scores, A)
    assert step == pytest.approx([-1, 1, 0, 0])
    assert "in each state that is visited, the advantage less its plain mean" in ANSWERS["natural-gradient"]
    assert "in each visited state $w$ is the advantage up to a constant" in ANSWERS["compatible-features"]


def test_with_a_noisy_reward_the_mean_over_the_next_state_is_not_the_advantage():
    r = np.array([-1.0, 1.0])  # a coin, one action, one step: V = 0, and there is no next state to average over
    assert r.mean() == 0 and abs(r).min() == 1
    assert "Its mean over $r$ and $s'$ is" in ANSWERS["what-is-advantage"]


def test_a_game_at_rest():
    pi = np.ones(3) / 3
    assert pg.RPS @ pi == pytest.approx(np.zeros(3), abs=1e-15)  # from the safe mixture nobody moves
    assert "from any other start inside the pair comes neither to rest nor to the rim" in ANSWERS["self-play"]


def test_the_groups_factor_counts_beside_a_penalty():
    reward, beta = np.array([0.0, 1.0]), 0.5  # the best policy of w J - beta KL to a coin
    best = lambda w: pg.softmax(w * reward / beta)[1]  # noqa: E731
    assert best(1.0) - best(0.5) > 0.1  # groups of two: w = 1/2
    assert "and no KL or entropy term beside it" in ANSWERS["group-mean"]


def test_how_far_the_best_of_five_lies_depends_on_the_scatter():
    best = lambda law: 5 * law.expect(lambda x: x * law.cdf(x) ** 4)  # noqa: E731
    assert best(stats.norm()) == pytest.approx(1.163, abs=1e-3)
    assert best(stats.expon()) - 1 == pytest.approx(1.283, abs=1e-3)
    assert "of 5 with normal scatter the best lies $1.16$" in ANSWERS["seeds-and-intervals"]


def test_a_kl_has_a_direction_in_the_table_of_ball_and_band():
    assert stats.entropy([0.001, 0.999], [0.01, 0.99]) < 0.01 < stats.entropy([0.01, 0.99], [0.001, 0.999])
    assert "KL, old to new" in ANSWERS["ball-or-band"]


def test_a_matrix_of_zeros_belongs_to_a_gradient_of_zeros():
    assert conjugate_gradient(lambda v: 0 * v, np.zeros(2)) == pytest.approx(np.zeros(2))
    assert "Where it is all zeros, so is the gradient." in ANSWERS["damping"]


# ---- the museum ----


def test_a_column_times_a_row_is_one_over_the_batch_in_every_world_and_never_summed_is_not():
    rng, (chance, _, g) = np.random.default_rng(0), two_steps(0.4)
    shares = []
    for _ in range(3):
        r = rng.normal(size=(4, 2))  # rewards of each episode's steps
        exact = chance @ (g.sum(axis=1) * r.sum(axis=1))
        pairs = itertools.product(range(4), repeat=2)
        crossed = sum(
            chance[i] * chance[j] * np.mean(g.sum(axis=1)[[i, j]] * r.sum(axis=1)[[i, j]][:, None]) for i, j in pairs
        )
        assert crossed == pytest.approx(exact / 2)
        shares.append(chance @ (g * r).sum(axis=1) / exact)
    assert np.ptp(shares) > 0.1
    assert "one over the batch in every world" in MUSEUM["multiples-end"]


def test_late_steps_of_an_episode_that_costs_are_praised():
    G = pg.reward_to_go(-np.ones((6, 1)), 1.0)[:, 0]
    assert (np.diff(G) > 0).all()  # the last is the best
    assert "Where each step pays, early ones have" in MUSEUM["m-standardise"]


def test_another_observers_reward_can_also_calm():
    """One choice each, paid +1 nine times of ten and -1 else: what the other earned is, on average, the best baseline
    with its sign turned."""
    (pi, _), Q = (np.array([0.9, 0.1]), None), np.array([1.0, -1.0])
    score = np.array([0.1, -0.9])
    mine = pi @ (score * Q) ** 2 - (pi @ (score * Q)) ** 2
    both = np.array([(pi[a] * pi[b], score[a] * (Q[a] + Q[b])) for a in (0, 1) for b in (0, 1)])
    mixed = both[:, 0] @ both[:, 1] ** 2 - (both[:, 0] @ both[:, 1]) ** 2
    assert mixed < 0.6 * mine
    assert "so the *mean* is right: here only" in MUSEUM["m-stream-number-text"]


def test_k3_is_the_noisier_one_far_from_the_reference():
    def noise(pi):
        k1 = np.log(pi / 0.5)
        k3 = 0.5 / pi - 1 + k1
        return [pi @ k**2 - (pi @ k) ** 2 for k in (k1, k3)]

    near, far = noise(np.array([0.6, 0.4])), noise(np.array([0.99, 0.01]))
    assert near[1] < near[0] and far[1] > 50 * far[0]
    assert "Near the reference $k_3$ estimates the KL with less noise" in MUSEUM["m-away"]
    assert "near the reference" in MUSEUM["m-away-mended-text"]
    assert "NumPy and PyTorch (and Julia, with a row $(1,N)$)" in MUSEUM["m-broadcast"]


def test_symmetry_hides_a_clipped_log_probability_from_the_mean_score():
    """A bell at the centre of its box, reward the executed action:
    mean score 0, and the slope is .52 where it should be .68."""
    a = np.linspace(-9, 9, 200_001)
    density, done = stats.norm.pdf(a), np.clip(a, -1, 1)
    mean = lambda x: np.trapezoid(density * x, a)  # noqa: E731
    assert mean(done) == pytest.approx(0, abs=1e-9)  # the score at the clipped action, sigma = 1
    assert mean(done * done) == pytest.approx(0.516, abs=5e-4) and mean(done * a) == pytest.approx(0.683, abs=5e-4)
    assert "where symmetry hides nothing" in (ROOT / "book/05-in-the-interview.md").read_text("utf8")


def test_a_loss_without_ratios_is_not_zero_where_advantages_are_centred():
    probs, advantages = np.array([0.9, 0.1]), np.array([1.0, -1.0])
    assert -(advantages * np.log(probs)).mean() == pytest.approx(-1.0986, abs=1e-4)
    assert -(advantages * probs / probs).mean() == 0
    assert "Where all ratios are 1, centred advantages make the value zero." in (
        ROOT / "book/05-in-the-interview.md"
    ).read_text("utf8")


def test_the_curves_of_the_bugs_are_those_that_the_exercise_quotes():
    from policy_gradient.checks.worlds import exact_curves, ladder

    cells = json.loads((ROOT / "solutions/05-in-the-interview.ipynb").read_text("utf8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    curves = {}
    for name in ("update_1", "update_4", "update_8"):
        space = {"np": np, "softmax": pg.softmax}
        exec(next(s for s in sources if s.startswith(f"def {name}(")), space)
        curves[name] = exact_curves(space[name], ladder, np.zeros((3, 2)), lr=0.5, updates=100, seeds=10)
    mean = lambda name, update: round(float(curves[name][:, update].mean()), 2)  # noqa: E731
    quoted = "\n".join(sources)
    assert [mean("update_1", k) for k in (0, 5, 10)] == [1.04, 0.91, 0.82]
    assert "1.04, after five updates 0.91, after ten 0.82" in quoted
    assert mean("update_4", 100) == 2.77 and round(curves["update_4"][:, 100].min(), 2) == 2.76
    assert "in the end 2.77, and every seed at least 2.76" in quoted
    assert round(mean("update_8", 100), 1) == 1.9 and "to 1.9 or so" in quoted


def test_the_claims_of_lab_5_end_in_asserts():
    lab = cells("05-in-the-interview")
    assert "ends in an `assert`" in lab["title"]
    for name in ("tanh-stable", "seeds", "online-gap"):
        assert "assert" in lab[name].splitlines()[-1], name


def test_beyond_the_band_only_one_side_has_no_gradient():
    clipped = lambda ratio, A: min(ratio * A, np.clip(ratio, 0.8, 1.2) * A)  # noqa: E731
    assert slope(lambda w: clipped(w, -1), 1.3) == pytest.approx(-1) and slope(lambda w: clipped(w, 1), 1.3) == 0
    assert "beyond the band, on the side that the advantage favours, the gradient is zero" in PageAndLab.text(
        "05-in-the-interview"
    )


def test_the_same_pay_for_every_action_teaches_where_lengths_depend_on_actions():
    for choose, teaches in ((lambda p: 1 + p, True), (lambda p: 2, False)):  # stop after one step, or go on; both pay 1
        assert (abs(slope(lambda z: choose(1 / (1 + np.exp(-z))), 0.4)) > 0.1) == teaches  # mean return = mean length
    room = cells("museum-of-mistakes")
    assert "Pay every action the same, in episodes of one length." in room["m-catch"]
    assert "for any right program to which it applies" in room["end"]
    assert "and pay that no action can change teaches nothing" in ANSWERS["prove-expected-score"]


def test_the_last_step_of_an_episode_need_not_be_worse_than_the_mean():
    gamma, rewards = 0.8, np.array([0, -0.5, 5.0])  # a climb to the top of the ladder
    weights = gamma ** np.arange(3) * [sum(gamma**k * r for k, r in enumerate(rewards[t:])) for t in range(3)]
    assert weights[2] > weights[:2].mean()
    cheap = np.array([-0.5, -0.5, 0.0])  # and here the last is best
    assert cheap[2] > np.cumsum(cheap[::-1])[::-1][:2].mean()
    said = source(in_the_interview)
    assert "a step is compared only with the steps of its own episode" in said and "always worse" not in said


def test_bug_4_is_judged_in_two_worlds_and_the_text_says_which_is_which():
    gammas = [setting.world.gamma for setting in in_the_interview.LADDERS]
    assert gammas == [0.8, 0.6] and [f"{g**-2:.2f}" for g in gammas] == ["1.56", "2.78"]
    words = solution("05-in-the-interview")
    assert "of two small worlds: the ladder below, and one with other rewards and $\\gamma=0.6$" in words["title"]
    assert "$2.78$ times in the check's other world" in words["bug-4-why"]
    shown = next(
        c
        for c in nbformat.read(ROOT / "solutions/05-in-the-interview.ipynb", as_version=4).cells
        if c.id == "bug-4-check"
    )
    exact, wrong, error = map(
        float,
        re.search(
            r"exact ([+-][.\d]+), yours ([+-][.\d]+) \+- (\d*\.\d+)", flat(shown.outputs).replace("\n", " ")
        ).groups(),
    )
    assert abs(wrong - 2.7778 * exact) < 4 * error and abs(wrong - 1.5625 * exact) > 4 * error


@pytest.mark.parametrize("cut", [False, True])
def test_lambda_one_is_the_return_less_the_value_where_nothing_is_truncated(cut):
    ends = np.array([[False], [False], [True]])
    data = pg.Rollout(
        np.zeros((3, 1, 1)),
        np.zeros((3, 1)),
        np.array([[1], [-2], [0.5]]),
        np.ones((3, 1), bool),
        ends & ~np.array(cut),
        ends & np.array(cut),
        np.zeros((1, 1)),
    )
    V, last = np.array([[0.3], [4], [-1.0]]), np.array([7.0])
    rest = pg.gae(data, V, last, 0.9, 1.0) - (pg.reward_to_go(data.rewards, 0.9) - V)
    np.testing.assert_allclose(rest[:, 0], cut * 0.9 ** np.array([3, 2, 1]) * 7, atol=1e-12)
    assert "lam = 1, where nothing is truncated, gives return minus V" in words(pg.gae)
    assert "with $\\lambda=1$ and a true end the return less the value" in cells("05-in-the-interview")["critics"]
