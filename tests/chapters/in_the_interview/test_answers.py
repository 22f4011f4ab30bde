"""What the answers to the interview's questions claim: identities, and for each condition the counterexample
to what was once written there.

Each test is about one belief. Ratios, groups and distances to a reference are in test_answers_groups.py.
"""

import itertools
import re
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import integrate, optimize, stats

import policy_gradient as pg
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, RUBRIC, cells, difference, doors, sigmoid, slope, softmax
from tools.paths import ROOT

DRILL = (ROOT / "book/practice/coding-drill.md").read_text("utf8")


def test_a_past_reward_is_one_more_baseline_so_reward_to_go_is_not_safe():
    pi, Q = np.array([0.05, 0.05, 0.9]), np.array([0, 0, 1.0])

    def variance(weight):  # of the second step's term, over both ways to count
        steps = np.array([weight[a] * (np.eye(3)[a] - pi) for a in range(3)])
        return pi @ ((steps - pi @ steps) ** 2).sum(axis=1)

    V, c = pi @ Q, 0.827
    assert round(variance(Q - V), 4) == 0.1269 and round(variance(c + Q - V), 5) == 0.00036
    assert "is safe" not in ANSWERS["reward-to-go-always"]


def test_a_table_s_fisher_matrix_is_singular_and_its_pseudo_inverse_gives_the_advantage_up_to_a_constant():
    rng, gamma = np.random.default_rng(1), 0.9
    P, R, rho, z = (
        rng.dirichlet(np.ones(3), (3, 2)),
        rng.normal(size=(3, 2)),
        np.full(3, 1 / 3),
        rng.normal(size=(3, 2)),
    )

    def solve(z):
        pi = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        P_pi = np.einsum("sa,sat->st", pi, P)
        V = np.linalg.solve(np.eye(3) - gamma * P_pi, (pi * R).sum(axis=1))
        return pi, V, np.linalg.solve(np.eye(3) - gamma * P_pi.T, rho)

    pi, V, d = solve(z)
    A = R + gamma * P @ V - V[:, None]
    gradient = optimize.approx_fprime(z.ravel(), lambda t: rho @ solve(t.reshape(3, 2))[1], 1e-7)
    F = np.zeros((6, 6))
    for s, a in itertools.product(range(3), range(2)):
        score = np.zeros((3, 2))
        score[s] = np.eye(2)[a] - pi[s]
        F += d[s] * pi[s, a] * np.outer(score.ravel(), score.ravel())
    assert np.linalg.matrix_rank(F, tol=1e-9) == 3  # one less than the actions, for each state
    step = (np.linalg.pinv(F, rcond=1e-9) @ gradient).reshape(3, 2)
    np.testing.assert_allclose(step, A - A.mean(axis=1, keepdims=True), atol=1e-5)
    longer = np.linalg.pinv(F / d.sum(), rcond=1e-9) @ gradient
    np.testing.assert_allclose(longer, 10 * step.ravel(), rtol=1e-4)
    assert all(
        "pseudo-inverse" in text
        for text in (ANSWERS["natural-gradient"], ANSWERS["compatible-features"], PageAndLab.text("summary-sheet"))
    )


def test_the_orbit_of_two_learners_need_not_close():
    M = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0.0]])
    soft = lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()  # noqa: E731

    def rate(state):
        x, y = soft(state[:3]), soft(state[3:])
        return np.concatenate([M @ y, -M.T @ x])  # natural gradients on logits: the replicator equation

    def kl_sum(state):
        return -np.log(soft(state[:3])).mean() - np.log(soft(state[3:])).mean()

    state = np.log([0.7, 0.2, 0.1, 0.1, 0.3, 0.6])
    first, away, nearest, kept = np.concatenate([soft(state[:3]), soft(state[3:])]), False, np.inf, kl_sum(state)
    for _ in range(6000):  # Runge and Kutta's rule, some 30 turns
        k1 = rate(state)
        k2 = rate(state + 0.005 * k1)
        k3 = rate(state + 0.005 * k2)
        state = state + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + rate(state + 0.01 * k3))
        gap = np.abs(np.concatenate([soft(state[:3]), soft(state[3:])]) - first).max()
        away = away or gap > 0.2
        nearest = min(nearest, gap) if away else nearest
    assert abs(kl_sum(state) - kept) < 1e-8  # preserved
    assert nearest > 0.01  # and yet it never comes back to where it began
    assert "closed orbits" not in ANSWERS["self-play"]


def test_a_discount_with_its_power_in_front_weighs_all_tokens_alike():
    gamma, T = 0.9, 5
    assert (
        np.ptp([gamma**t * gamma ** (T - 1 - t) for t in range(T)]) < 1e-12
        and np.ptp([gamma ** (T - 1 - t) for t in range(T)]) > 0.3
    )


def test_the_greedy_action_of_aliased_q_learning_need_not_settle():
    """The hidden state is the last action: repeating it pays 0, changing it pays 1. The agent sees one observation, so
    both values chase each other."""
    rng, Q, last, changes, greedy = np.random.default_rng(0), np.zeros(2), 0, 0, 0
    coins, picks = rng.random(60_000), rng.integers(2, size=60_000)
    for n in range(60_000):
        action = picks[n] if coins[n] < 0.1 else int(Q[1] > Q[0])
        reward, last = float(action != last), action
        Q[action] += (n + 1) ** -0.7 * (reward - Q[action])
        changes, greedy = changes + (int(Q[1] > Q[0]) != greedy), int(Q[1] > Q[0])
    assert changes > 2000 and abs(Q[0] - Q[1]) < 0.05


def test_an_offset_that_makes_cartpole_s_reward_negative_turns_the_task():
    assert all(best == max((9, 500), key=lambda n: (1 + c) * n) for c, best in ((10, 500), (-0.5, 500), (-2, 9)))
    assert "as long as what is paid stays positive" in ANSWERS["all-rewards-positive"]


def test_answers_name_the_gap_the_policy_and_what_whitening_takes_off():
    p, steps = 0.001, 0
    logit = np.log(p / (1 - p))
    while logit < 0:
        logit, steps = logit + sigmoid(logit) * (1 - sigmoid(logit)), steps + 1
    assert steps == 1016 and "with gap 1 it takes 1,016" in ANSWERS["entropy-collapse"]
    assert difference(lambda z: 10 + sigmoid(z), 0.0) == pytest.approx(0.25)
    assert difference(lambda z: 10 + sigmoid(z), 1.0) < 0.2 and "$p=\\frac12$" in ANSWERS["baseline-proof"]
    assert "It takes off a mean that contains the sample itself" in ANSWERS["standardise-per-episode"]
    assert "the second one bounds" not in ANSWERS["off-policy-gradient"]
    assert "fuel is all that differs" not in ANSWERS["does-nothing"]


def test_the_deterministic_limit_needs_a_Q_without_a_jump():
    for sigma in (1, 0.1, 0.01):
        score_mean = integrate.quad(lambda z: z / sigma * stats.norm.pdf(z), 0, 12)[0]  # noqa: B023  Q = 1[a > 0]
        assert score_mean == pytest.approx(stats.norm.pdf(0) / sigma)
    assert "a smooth $Q$" in ANSWERS["derive-dpg"] and "there is no limit" in ANSWERS["derive-dpg"]


def test_a_floor_and_a_temperature_can_leave_the_mean_score_at_zero():
    pi = np.full(3, 1 / 3)
    np.testing.assert_allclose(np.maximum(pi, 0.05) @ (np.eye(3) - pi), 0, atol=1e-15)
    assert (
        "in general not zero" in ANSWERS["score-function"] and "it can fail in code" in ANSWERS["prove-expected-score"]
    )
    assert "unless all logits are equal" in ANSWERS["softmax-score"]


def test_the_best_of_five_lies_elsewhere_if_results_are_not_normal():
    coins = np.array(list(itertools.product((0, 1), repeat=5))).max(axis=1).mean()
    assert (coins - 0.5) / 0.5 == 0.9375 and "of 5 with normal scatter" in ANSWERS["seeds-and-intervals"]


def test_a_sampled_action_that_pays_more_need_not_be_pushed_more():
    pi, pay = np.array([0.9, 0.1]), np.array([2.0, 1.0])
    pushes = pay * (1 - pi)  # of the logit of what was drawn
    expected = sum(p * r * (np.eye(2)[a] - pi) for a, (p, r) in enumerate(zip(pi, pay)))
    np.testing.assert_allclose(pushes, [0.2, 0.9])
    np.testing.assert_allclose(expected, [0.09, -0.09])  # in the mean the better one rises
    assert "better ones more" not in ANSWERS["all-rewards-positive"]


def test_the_exact_advantage_carries_the_states_that_came_up():
    """Two starts by a coin of the world, one logit at a half:
    the action does not matter to the term, the state does."""
    Q, p = {0: np.array([0, 1.0]), 1: np.array([1, 0.0])}, np.array([0.5, 0.5])
    terms = {s: (q - p @ q) * (np.array([0, 1]) - 0.5) for s, q in Q.items()}
    assert all(np.ptp(t) == 0 for t in terms.values()) and np.var([terms[0][0], terms[1][0]]) == 1 / 16
    assert "| yes | the policy's own dice, and which states came up |" in ANSWERS["one-template"]


def test_a_percentile_bootstrap_of_few_seeds_is_too_narrow():
    rng, n = np.random.default_rng(0), 5
    runs = rng.standard_normal((2_000, n))
    means = runs[:, rng.integers(0, n, (400, n))].mean(axis=2)
    low, high = np.percentile(means, [2.5, 97.5], axis=1)
    half = stats.t.ppf(0.975, n - 1) * runs.std(axis=1, ddof=1) / np.sqrt(n)
    assert np.mean((low < 0) & (high > 0)) < 0.9 and abs(np.mean(abs(runs.mean(axis=1)) < half) - 0.95) < 0.02
    assert "percentile bootstrap of few seeds gives too narrow" in ANSWERS["seeds-and-intervals"]


def test_sigma_follows_the_mean_second_derivative():
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    J = lambda log_sigma: weights / weights.sum() @ -((np.exp(log_sigma) * nodes) ** 2)  # noqa: E731  f = -(a - 1)^2 at its peak
    sigma = 0.6
    assert slope(J, np.log(sigma)) == pytest.approx(sigma**2 * -2) != 0  # with f' in its place it would be 0
    answer = ANSWERS["gaussian-score"]
    assert "\\sigma^2\\,\\E[f''(a)]" in answer and "\\sigma^2\\,\\E[f'(a)]" not in answer


def test_normalised_visits_make_the_natural_step_longer_by_their_sum():
    world, pi, scores, exact = doors()
    d = pg.discounted_visitation(world, pi)
    fisher = np.einsum("s,sa,san,sam->nm", d, pi, scores, scores)
    ratio = np.linalg.pinv(fisher / d.sum()) @ exact / (np.linalg.pinv(fisher) @ exact)
    np.testing.assert_allclose(ratio, d.sum())
    assert d.sum() == 1.75 != 1 / (1 - world.gamma)  # episodes end
    assert "the sum of the visits, which is $\\frac1{1-\\gamma}$ if nothing ends" in ANSWERS["natural-gradient"]


def test_another_law_can_have_mean_score_zero_by_symmetry():
    def mean_score(z):  # a floor of .05 that the score does not know
        acts = np.maximum(softmax(z), 0.05)
        return acts / acts.sum() @ (np.eye(3) - softmax(z))

    np.testing.assert_allclose(mean_score(np.zeros(3)), 0, atol=1e-15)
    assert abs(mean_score(np.array([0, 1, 4.0]))).max() > 0.01
    assert "by symmetry, so try a lopsided $\\theta$" in ANSWERS["mean-score-not-zero"]
    room = next(s for s in cells("museum-of-mistakes").values() if s.startswith("## Room 5"))
    assert "when the law that was *sampled* is the law that is scored" in room and "no other" not in room


def test_dropping_gamma_to_the_t_is_no_bias_of_the_undiscounted_gradient():
    p, gamma = F(1, 2), F(1, 2)
    J = lambda p, g: p * (1 - g * F(3, 2))  # noqa: E731  action 1 pays 1, then -3/2
    terms = [F(1), -F(3, 2)]  # what either step's action 1 is worth to it: nothing follows
    dropped = sum(p * (1 - p) * r for r in terms)
    kept = sum(gamma**t * p * (1 - p) * r for t, r in enumerate(terms))
    assert dropped == p * (1 - p) * (J(F(1), 1) - J(F(0), 1)) == F(-1, 8) and kept == p * (1 - p) * J(F(1), gamma) == F(
        1, 16
    )
    answer = ANSWERS["where-gamma-t"]
    assert "dropping the factor is no bias. The $\\gamma$ inside the return is the only one" in answer
    assert (
        0.99**50 > 0.6
        and 0.99**400 < 0.02
        and "With $\\gamma$ near one" not in answer
        and "Even with $\\gamma=.99$ steps after a few hundred" in answer
    )


def test_lambda_one_at_a_time_limit_and_an_inexact_V_that_does_no_harm():
    """Pages and bank say so already (above); the rubric must, too. An error of V that is the same everywhere harms at
    no lambda, if gamma is 1 and the task never ends within sight; so 'only if' is wrong."""
    r, V = np.array([1, -2, 0.5]), np.array([0.3, 4, -1, 7.0])
    advantages = lambda V, lam: sum(lam**t * (r[t] + V[t + 1] - V[t]) for t in range(3))  # noqa: E731
    assert advantages(V + 5, 0.5) == pytest.approx(advantages(V, 0.5))
    assert (
        "unbiased if $\\lambda=1$ and episodes truly end, or if $V$ is true; else it can be biased"
        in RUBRIC["derive-gae"]
    )
    assert "with $\\lambda<1$ a wrong critic can bias it" in ANSWERS["baseline-ladder"]


def test_with_many_steps_the_corrected_form_sums_over_them():
    world, pi, scores, exact = doors()
    d, Q, b = pg.discounted_visitation(world, pi), pg.action_values(world, pi), np.arange(8.0).reshape(4, 2)
    terms = np.einsum("sa,san,sa->sn", pi, scores, Q - b) + np.einsum("sa,san,sa->sn", pi, scores, b)
    np.testing.assert_allclose(d @ terms, exact, atol=1e-6)  # all steps, by their discounted visits
    assert abs(world.rho @ terms - exact).max() > 0.1  # the first step alone
    assert (
        "For a single step it reads" in ANSWERS["baseline-proof"]
        and "$\\sum_t\\gamma^t$ stands inside the expectation" in ANSWERS["baseline-proof"]
    )


def test_the_bank_says_which_letter_is_the_score():
    for name, text in ANSWERS.items():
        letters = {m for m in re.findall(r"\\score\{?([sg])\b", text)}
        letters |= {"s"} if re.search(r"ss\^\\top|s\^2|lVert s\\rVert", text) else set()
        assert len(letters) < 2, name
        if letters:
            assert re.search(r"for the score|\$s\$ the score|squared scores, \$s=|scores \$g_t=", text), name


def test_joints_drawn_apart_can_move_together_and_cannot_share_luck():
    sure = np.outer([1, 0], [1, 0])
    assert sure[0, 0] == 1  # both left, always
    both = np.diag([0.5, 0.5])  # both left or both right
    assert np.linalg.matrix_rank(both) == 2 > np.linalg.matrix_rank(np.outer([0.5, 0.5], [0.5, 0.5]))
    answer = ANSWERS["continuous-actions"]
    assert "Two joints can move together *always*" in answer and "should move together, and neither" not in answer


def test_a_critic_that_is_wrong_only_where_nobody_comes_back_biases_nothing():
    world, pi, scores, exact = doors()
    d, V = pg.discounted_visitation(world, pi), pg.state_values(world, pi)
    td = lambda V: np.einsum("s,sa,san,sa->n", d, pi, scores, world.R + world.gamma * world.P @ V - V[:, None])  # noqa: E731
    np.testing.assert_allclose(td(V + np.array([7, 0, 0, 0.0])), exact, atol=1e-6)
    assert abs(td(V + np.array([0, 0, 7, 0.0])) - exact).max() > 0.1
    answer = ANSWERS["one-template"]
    assert (
        "in general does not" in answer and "| in general no |" in answer and "its error can enter the mean" in answer
    )
    assert "With a learned $V$ it can be biased as well." in ANSWERS["what-is-advantage"]


def test_a_constant_in_all_rewards_leaves_a_loss_alone_that_has_a_baseline():
    rewards, log_prob = np.array([1.0, 4, 2]), np.log([0.5, 0.2, 0.3])
    loo = lambda r: r - (r.sum() - r) / (len(r) - 1)  # noqa: E731
    assert loo(rewards) @ log_prob == pytest.approx(loo(rewards + 10) @ log_prob)
    assert rewards @ log_prob != pytest.approx((rewards + 10) @ log_prob)
    assert "where no baseline takes it off, a constant added to all rewards" in ANSWERS["ascent-and-loss"]


@pytest.mark.parametrize("D", [1, 100])
def test_a_log_density_scatters_by_the_root_of_half_the_dimensions(D):
    assert stats.chi2.var(D) / 4 == pytest.approx(D / 2)  # of minus half the sum of D squared normals
    share = stats.chi2.sf(D + 20, D)  # ten units below the mean, or more
    assert share > 0.08 if D == 100 else share < 1e-4
    assert "scatters around that by $\\sqrt{D/2}$" in ANSWERS["positive-log-prob"]


def test_noise_that_is_not_independent_counts_more_than_once():
    T = 4
    signs = np.array(list(itertools.product((-0.5, 0.5), repeat=T)))
    noise = np.array(list(itertools.product((-1, 1), repeat=T)))  # variance 1, independent
    assert np.outer(signs.sum(1), noise.sum(1)).var() == T**2 / 4
    assert np.outer(signs.sum(1), [-T, T]).var() == T**3 / 4  # the same coin at every step
    assert "independent of one another and of the actions" in ANSWERS["high-variance"]


def test_the_value_minimises_the_weight_s_mean_square_and_no_constant_its_variance():
    pi, Q = np.array([0.9, 0.1]), np.array([0, 1.0])
    spread = [pi @ (Q - b) ** 2 - (pi @ (Q - b)) ** 2 for b in (0, 0.1, 0.9)]
    np.testing.assert_allclose(spread, 0.09)
    assert np.argmin([pi @ (Q - b) ** 2 for b in np.linspace(0, 1, 11)]) == 1
    assert "the mean *square* of the weight, whose variance no constant changes" in ANSWERS["best-baseline"]


def test_a_baseline_that_sees_the_action_need_not_bias():
    """Two states, equally often, one logit for both: what it adds in one it takes in the other."""
    score = np.array([-0.5, 0.5])
    b = np.array([[0, 1.0], [1, 0]])
    assert ((score / 2) @ b[0] + (score / 2) @ b[1]) / 2 == 0 != (score / 2) @ b[0]
    answer = ANSWERS["baseline-proof"]
    assert "which in general is not zero" in answer and "\\neq0" not in answer and "in general not" in answer


def test_only_the_score_of_logits_sums_to_zero():
    x, pi = np.array([[1.0, 0], [0, 0]]), np.array([0.5, 0.5])
    assert (x[0] - pi @ x).sum() == 0.5 and (np.eye(2)[0] - pi).sum() == 0
    answer = ANSWERS["softmax-score"]
    assert answer.index("its entries sum to zero") < answer.index("With features it is")


def test_the_spread_can_grow_on_the_far_slope_of_a_single_peak():
    f, df = (lambda a: np.exp(-a * a / 2)), (lambda a: -a * np.exp(-a * a / 2))
    J = lambda mu, ell: integrate.quad(lambda z: f(mu + np.exp(ell) * z) * stats.norm.pdf(z), -12, 12)[0]  # noqa: E731
    by_ell = {mu: slope(lambda ell, mu=mu: J(mu, ell), 0.0, 1e-4) for mu in (0, 3)}
    assert by_ell[0] < -0.3 and by_ell[3] > 0.1
    for mu, found in by_ell.items():  # E[f'(a) (a - mu)]
        assert integrate.quad(lambda a, mu=mu: df(a) * (a - mu) * stats.norm.pdf(a, mu), -12, 15)[0] == pytest.approx(
            found, abs=1e-6
        )
    answer = ANSWERS["gaussian-score"]
    assert "once the mean stands on a single peak" in answer and "On the far slope" in answer


def test_a_mean_over_an_episode_s_own_steps_is_nobody_s_gradient_with_rewards_to_go():
    """Three rungs: stop or climb. Cross derivatives of the mean of score times weight over length."""
    pay = ((1, 2), (1, -0.5), (0.5, 5))  # stop, climb

    def field(theta, togo):
        p, out = 1 / (1 + np.exp(-theta)), np.zeros(3)
        for acts in ((0,), (1, 0), (1, 1, 0), (1, 1, 1)):
            chance = np.prod([p[s] if a else 1 - p[s] for s, a in enumerate(acts)])
            r = np.array([pay[s][a] for s, a in enumerate(acts)], float)
            weight = r[::-1].cumsum()[::-1] if togo else np.full(len(acts), r.sum())
            for s, a in enumerate(acts):
                out[s] += chance * weight[s] * (a - p[s]) / len(acts)
        return out

    theta = np.array([0.3, -0.2, 0.5])
    for togo in (False, True):
        jacobian = np.array([slope(lambda x, e=e, g=togo: field(theta + x * e, g), 0.0, 1e-5) for e in np.eye(3)])
        assert (abs(jacobian - jacobian.T).max() < 1e-8) == (not togo)
    answer = ANSWERS["mean-or-sum"]
    assert "rewards-to-go in general the gradient of nothing" in answer and "that is another objective" not in answer
    assert "this is not the gradient of the return" in DRILL and "another objective" not in DRILL
    assert "a mean per episode is not that gradient" in " ".join(RUBRIC["mean-or-sum"])


def test_a_critic_of_zeros_follows_a_field_that_is_in_general_no_gradient():
    """Go with p0 from the first state to the second, where p1 pays 1; going pays 1; gamma one half; V = 0."""
    p = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
    first = lambda a, b: p(a) * (1 - p(a))  # noqa: E731
    second = lambda a, b: p(a) * p(b) * (1 - p(b)) / 2  # noqa: E731
    assert slope(lambda b: first(0.0, b), 0.0) == 0 < 0.03 < slope(lambda a: second(a, 0.0), 0.0)
    assert "in general it is the gradient of no objective" in ANSWERS["critic-first-day"]
    assert "a bias, not noise" in " ".join(RUBRIC["critic-first-day"])


def test_the_clipped_law_s_score_is_biased_where_the_draw_is_charged_for():
    mu = 0.8
    at = {-1: -stats.norm.pdf(-1, mu) / stats.norm.cdf(-1, mu), 1: stats.norm.pdf(1, mu) / stats.norm.sf(1, mu)}
    own = lambda a: at[1] if a >= 1 else at[-1] if a <= -1 else a - mu  # noqa: E731
    under = lambda f: integrate.quad(
        lambda a: f(a) * stats.norm.pdf(a, mu), mu - 10, mu + 10, points=(-1, 1), limit=200
    )[0]  # noqa: E731
    seen = stats.norm.cdf(1, mu) - stats.norm.cdf(-1, mu)  # the slope of E[clip(a)]
    assert under(lambda a: np.clip(a, -1, 1) * own(a)) == pytest.approx(seen, abs=1e-6)
    assert under(lambda a: -a * a * own(a)) > -1.1 > -1.5 > -2 * mu  # the slope of E[-a^2] is -2 mu
    answer = ANSWERS["clipped-log-prob"]
    assert (
        "if the reward depends on nothing else" in answer
        and "Where the draw itself is charged for, it is biased" in answer
    )
    assert "unbiased with less variance" not in answer


def test_a_logit_for_each_state_is_enough_to_find_a_missing_gamma_power():
    pay, gamma = ((1, 0), (1, -0.5), (0.5, 5)), 0.8  # exercise 5's ladder, at theta = 0
    Q = [None] * 3
    for s in (2, 1, 0):
        Q[s] = np.array([pay[s][0], pay[s][1] + (gamma * Q[s + 1].mean() if s < 2 else 0)])
    g = np.array([np.array([-0.5, 0.5]) @ q / 2 for q in Q])
    reached = 0.5 ** np.arange(3)
    assert abs(gamma ** np.arange(3) * reached * g - reached * g).max() > 0.05  # they differ: it does not go unnoticed
    one_step = np.array([0.25 * (pay[0][1] - pay[0][0])])
    assert gamma**0 * one_step == one_step  # with a single step nothing shows
    answer = ANSWERS["test-a-gradient"]
    assert "It must have several steps and $\\gamma<1$" in answer and "a sum or a sign goes unnoticed" not in answer


def test_a_score_that_is_always_zero_passes_and_a_lost_minus_one_does_not():
    always, z = np.zeros((100, 1)), np.random.default_rng(0).standard_normal((10_000, 1))
    for name in ("mean-score-not-zero", "test-a-gradient"):
        lines = [line for line in ANSWERS[name].split("\n") if line.startswith("assert (abs(")]
        (line,) = lines
        assert "<= 4 *" in line, name
    code = "\n".join(re.search(r"```python\n(m, e = .*?)```", ANSWERS["mean-score-not-zero"], re.S)[1].splitlines())
    exec(code, {"scores": always, "abs": abs})  # a state that never came up
    exec(code, {"scores": z**2 - 1, "abs": abs})
    with pytest.raises(AssertionError):
        exec(code, {"scores": z**2, "abs": abs})  # the sampler is right, the score is not
    assert "or the score itself is wrong" in ANSWERS["mean-score-not-zero"]
    assert "or the score is wrong" in " ".join(RUBRIC["mean-score-not-zero"])


def test_a_start_that_leaves_a_state_out_can_stay_below_the_best():
    """From the start the policy is sure to stay away (p = 0 in the limit): the second state's logit never gets a
    signal."""
    visits = lambda rho, p: rho + np.array([0, rho[0] * p])  # noqa: E731
    assert visits(np.array([1.0, 0]), 0.0)[1] == 0 < visits(np.array([0.5, 0.5]), 0.0)[1]
    assert "a start distribution that gives every state a positive probability" in ANSWERS["global-convergence"]
    assert "start with positive probability in every state" in " ".join(RUBRIC["global-convergence"])
    assert "reaches every state" not in ANSWERS["global-convergence"]


def test_the_update_as_it_is_printed_leaves_out_what_stands_after_an_end():
    """The corridor: walks of different length side by side. Scores of filled-up steps are not 0, so a baseline pushes
    them, unless the weight is masked."""
    code = re.search(r"```python\n(.*?)```", ANSWERS["walk-reinforce"], re.S)[1]
    T, N, theta, rng = 3, 2, np.zeros(2), np.random.default_rng(0)
    policy = pg.TabularSoftmax(1, 2)
    actions, obs = rng.integers(2, size=(T, N)), np.zeros((T, N), dtype=int)
    rewards = np.array([[-1.0, -1], [-1, 0], [-1, 0]])
    mask = np.array([[True, True], [True, False], [True, False]])
    told = {"T": T, "gamma": 0.5, "b": -1.0, "lr": 1.0, "theta": theta, "policy": policy, "obs": obs, "mask": mask}
    by_hand = np.zeros(2)
    for i, steps in enumerate((3, 1)):
        for t in range(steps):
            G = sum(0.5 ** (k - t) * rewards[k, i] for k in range(t, T))
            by_hand += 0.5**t * (G + 1) * (np.eye(2)[actions[t, i]] - 0.5) / N
    names = told | {"actions": actions, "rewards": rewards, "np": np, "reward_to_go": pg.reward_to_go}
    exec(code, names)
    np.testing.assert_allclose(names["theta"], by_hand)
    assert abs(policy.score(theta, obs, actions)[~mask]).min() == 0.5  # the filled-up steps
