"""What the sentences of chapter 3's first page claim: identities by quadrature, and for each condition
the counterexample to what was once written there."""

import re

import numpy as np
import pytest
from scipy import integrate, stats

import policy_gradient as pg
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, SHEET, cells, difference, doors, sigmoid, slope, softmax, solution
from tools.paths import ROOT

TRICK = PageAndLab.text("03-the-log-derivative-trick")


@pytest.mark.parametrize(
    "density, slope, right",
    [  # on [0, t], and its derivative in t inside
        (lambda x, t: 1 / t, lambda x, t: -1 / t**2, False),
        (lambda x, t: 2 * (t - x) / t**2, lambda x, t: 2 / t**2 - 4 * (t - x) / t**3, True),
    ],
)
def test_a_moving_edge_does_harm_where_the_density_jumps_and_only_there(density, slope, right):
    theta, over = 1.7, lambda f, t: integrate.quad(f, 0, t)[0]
    assert slope(0.6, theta) == pytest.approx(difference(lambda t: density(0.6, t), theta), rel=1e-6)
    estimate, mean_score = (
        over(lambda x: x * slope(x, theta), theta),
        over(lambda x: slope(x, theta), theta),
    )  # p times the score
    truth = difference(lambda t: over(lambda x: x * density(x, t), t), theta)
    assert (abs(estimate - truth) < 1e-6) == (abs(mean_score) < 1e-6) == right
    assert "gives the right $\\tfrac13$" in TRICK


def test_a_trajectory_has_its_rewards_in_its_probability():
    """The coin of the world that pays +-1: without the rewards' factor both trajectories would have probability 1."""
    trajectories = [(reward, 0.5) for reward in (1, -1)]
    assert sum(p for _, p in trajectories) == 1 and "P(r_t,s_{t+1}\\mid s_t,a_t)" in TRICK
    for text in (TRICK, (ROOT / "book/practice/drills.yml").read_text("utf8"), ANSWERS["derive-from-trajectories"]):
        assert not re.search(r"prod_t?.{0,60}P\(s_\{t\+1\}", text)


def test_one_update_with_all_its_numbers():
    gamma, episodes = (
        0.5,
        [([0, 1, 0], [0, 3, -3], [0, 0, None]), ([1, 0, 1], [-1, 0, 0.5], [0, 0, 1])],
    )  # actions, rewards, logit
    sums = []
    for actions, rewards, logit in episodes:
        G = [sum(gamma ** (k - t) * rewards[k] for k in range(t, 3)) for t in range(3)]
        g = np.zeros(2)
        for t, j in enumerate(logit):
            if j is not None:
                g[j] += gamma**t * G[t] * (actions[t] - 0.5)
        sums.append(g)
    assert sums[0].tolist() == [0, 0] and sums[1].tolist() == [-0.5, 1 / 16]
    mean = np.mean(sums, axis=0)
    assert mean.tolist() == [-1 / 4, 1 / 32] and round(sigmoid(mean[0]), 3) == 0.438
    world = pg.two_doors()
    rows = [
        (s, a, r)
        for (acts, rewards, _), states in zip(episodes, ("ABC", "ABD"))
        for s, a, r in zip(states, acts, rewards)
    ]
    assert all(world.R["ABCD".index(s), a] == r for s, a, r in rows)
    assert all(
        cell in TRICK
        for cell in ("| (−7/16, 0) |", "| (⅜, 0) |", "| (0, 1/16) |", "$.5$ to $.438$", "(-\\tfrac14,\\tfrac1{32})")
    )


def test_a_wrong_sign_and_a_temperature_at_equal_logits_have_mean_score_zero():
    softmax = lambda z: np.exp(z) / np.exp(z).sum()  # noqa: E731
    z = np.array([0.3, -1.0, 2.0])
    np.testing.assert_allclose(softmax(z) @ -(np.eye(3) - softmax(z)), 0, atol=1e-15)
    for logits, zero in ((np.zeros(3), True), (z, False)):
        mean = softmax(logits / 2) @ (np.eye(3) - softmax(logits))  # tempered, and scored without it
        assert np.allclose(mean, 0) == zero
    assert "the best test of a score" not in TRICK and "in general not zero" in TRICK


def test_of_a_jump_the_path_reports_the_slope_beside_it():
    """f(x) = x + 1 where x > 0, at mu = 0: the path says 1, the truth is 1.399."""
    f, cut = (lambda x: x + (x > 0)), dict(points=[0], limit=200)
    truth = integrate.quad(lambda x: f(x) * x * stats.norm.pdf(x), -10, 10, **cut)[0]
    path = integrate.quad(lambda x: stats.norm.pdf(x), -10, 10)[0]
    assert (round(truth, 3), round(path, 3)) == (1.399, 1.0)
    assert "On a jump it reports 0" not in TRICK + ANSWERS["score-or-pathwise"]


def test_where_nothing_ends_the_sum_of_scores_may_still_have_a_limit():
    """One choice, then a corridor without any, for ever: the form with total returns is exact."""
    gamma, scores = 0.5, {1: 0.5, 0: -0.5}  # of the one choice; all later ones are 0
    estimate = sum(0.5 * scores[a] * (a / (1 - gamma)) for a in (0, 1))  # action 1 pays 1 at every step
    assert estimate == pytest.approx(difference(lambda z: sigmoid(z) / (1 - gamma), 0.0))
    assert "the scores' sum need not, even with $\\gamma<1$" in TRICK


def test_a_score_missing_where_the_probability_is_0_does_harm():
    """p(0) = |theta|, and tents that are flat at theta = 0 take as much from the others: each of these has the slope 0
    there, x = 0 none, and at theta = 0 it has probability 0."""

    def tent(k, theta):
        u, a = abs(theta), 2.0**-k
        return max(0.0, min(2 * u / a - 1, 2 - u / a)) * u

    for theta in (0.2, -0.03, 1e-4):
        assert sum(tent(k, theta) for k in range(1, 60)) == pytest.approx(abs(theta))
        assert all(tent(k, theta) <= 2.0 ** (1 - k) for k in range(60))  # p(k) = c_k - tent: there is room for it
    assert all(tent(k, h) == 0 for k in range(1, 10) for h in (1e-4, -1e-4))
    J = abs  # f is 1 at x = 0 and else 0; the formula, under theta = 0, averages nothing
    assert J(1e-3) / 1e-3 != J(-1e-3) / -1e-3
    assert "at this $\\theta$ for almost every $x$" in TRICK


def test_the_page_s_lines_of_the_total_return_form_need_the_mask():
    """Episodes of different lengths: the policy has scores after an end as well, and only the mask takes them out."""
    world, policy, rng = pg.short_corridor(), pg.TabularSoftmax(1, 2), np.random.default_rng(0)
    theta = np.array([0.0, 0.8])
    batch = pg.sample_rollout(world, policy, theta, 6, 400, rng)
    scores, mask = policy.score(theta, batch.obs, batch.actions), batch.mask
    G0 = (batch.rewards * mask).sum(axis=0)
    by_hand = np.mean([G0[i] * sum(scores[t, i] for t in range(mask.shape[0]) if mask[t, i]) for i in range(6)], axis=0)
    lines = ((scores * mask[..., None]).sum(axis=0) * G0[:, None]).mean(axis=0)
    np.testing.assert_allclose(lines, by_hand)
    assert abs((scores.sum(axis=0) * G0[:, None]).mean(axis=0) - by_hand).max() > 1
    assert "scores = scores * mask[..., None]" in TRICK


def test_with_finitely_many_states_and_a_sure_end_lengths_need_no_bound_and_gamma_may_be_1():
    """The corridor: the mean of G_0 times the sum of all scores, by linear equations over its three cells, where any
    number of steps may come to pass, is the slope of the mean return."""
    mdp, theta = pg.short_corridor(), 0.4
    pi = np.array([1 - sigmoid(theta), sigmoid(theta)])
    scores = np.array([-pi[1], pi[0]])
    step = np.einsum("a,saz->sz", pi, mdp.P)
    length = np.linalg.solve(np.eye(3) - step, np.ones(3))
    # of each cell: the mean of (steps to come) x (scores to come); the scores' own mean is 0
    now = np.einsum("a,a,sa->s", pi, scores, 1 + mdp.P @ length)
    product = np.linalg.solve(np.eye(3) - step, now)

    def mean_return(t):
        return pg.expected_return(mdp, pg.state_probs(mdp, pg.two_action_softmax(1), np.array([t])))

    assert mdp.gamma == 1 and -length[0] == pytest.approx(mean_return(theta))
    assert -product[0] == pytest.approx((mean_return(theta + 1e-5) - mean_return(theta - 1e-5)) / 2e-5, rel=1e-6)
    assert "and from each the end is reached with probability one" in TRICK


def test_a_short_episode_and_a_tame_score_are_not_enough_rewards_must_be_bounded():
    """One step, the score of a bell with variance 1, and r = exp(a^2/2) / (1 + a^2): J is finite at mu = 0 and nowhere
    else."""
    within = lambda mu, L: integrate.quad(
        lambda a: np.exp(a * mu - mu**2 / 2) / (1 + a * a) / np.sqrt(2 * np.pi), -L, L, limit=400
    )[0]  # noqa: E731
    assert within(0, 40) == pytest.approx(2 * np.arctan(40) / np.sqrt(2 * np.pi))  # tends to the root of pi / 2
    for mu in (-0.5, 0.5):
        assert within(mu, 60) > 1e3 * within(mu, 40) > 1e6 * within(mu, 20)
    assert integrate.quad(lambda a: a * a * stats.norm.pdf(a), -12, 12)[0] == pytest.approx(1)
    for needed in (
        "*rewards are bounded*",
        "*episodes have a bounded length; or there are finitely many states, and from each the end is reached with",
        "$\\gamma<1$ *and the mean length is finite*",
        "*in each state the scores have a variance below one bound for all* $\\theta$ *nearby*",
    ):
        assert needed in TRICK
    answer = ANSWERS["derive-from-trajectories"]
    assert (
        "bounded rewards do, with a bounded length, or finitely many states and a sure end from each, or" in answer
        and "below one bound for all $\\theta$ nearby" in answer
    )
    assert "rewards and the scores' variance bounded" in SHEET and "scores of finite variance" not in answer


def test_old_data_are_unbiased_with_ratios_and_not_without():
    old, new, Q = softmax(np.zeros(3)), softmax(np.array([-0.25, 0, 0.5])), np.array([1, 2, 3.0])
    score = np.eye(3) - new
    truth = new @ (score * Q[:, None])
    np.testing.assert_allclose(old @ (score * (new / old * Q)[:, None]), truth)
    assert abs(old @ (score * Q[:, None]) - truth).max() > 0.05
    assert "without ratios of the two policies they are no unbiased estimate" in TRICK


def test_a_kink_that_all_outcomes_share_has_no_score_and_one_that_moves_does_no_harm():
    p_one = lambda theta: 0.5 + abs(theta)  # noqa: E731
    right, left = ((p_one(h) - p_one(0)) / h for h in (1e-6, -1e-6))
    assert right == pytest.approx(1) and left == pytest.approx(-1)  # J = p with f(1) = 1 has no slope at 0
    f, theta = np.tanh, 0.3  # Laplace's density has its kink at x = theta
    J = lambda t: integrate.quad(lambda x: f(x) * np.exp(-abs(x - t)) / 2, -30, 30, points=[t], limit=200)[0]  # noqa: E731
    by_score = integrate.quad(
        lambda x: f(x) * np.sign(x - theta) * np.exp(-abs(x - theta)) / 2, -30, 30, points=[theta], limit=200
    )[0]
    assert by_score == pytest.approx(slope(J, theta, 1e-4), abs=1e-6)
    assert (
        "at this $\\theta$ for almost every $x$ (a kink that moves with $x$ does no harm, one that all $x$ share does)"
        in TRICK
    )


def test_a_slope_almost_everywhere_is_not_enough_for_the_pathwise_gradient():
    """Cantor's function: continuous, slope 0 almost everywhere, and it climbs from 0 to 1. Here 20 thirds deep."""

    def stairs(x, depth=20):
        y, step = 0.0, 0.5
        for _ in range(depth):
            if not 0 < x < 1:
                break
            digit = int(3 * x)
            if digit == 1:
                return y + step
            y, x, step = y + step * (digit == 2), 3 * x - digit, step / 2
        return y + 2 * step * min(max(x, 0), 1)

    xs = np.linspace(-6, 7, 40_001)
    values_ = np.array([stairs(x) for x in xs])
    J = lambda mu: np.trapezoid(values_ * stats.norm.pdf(xs, mu), xs)  # noqa: E731
    within = np.linspace(0, 1, 3**9 + 1)
    rising = [np.mean(np.diff([stairs(x) for x in within[:: 3**k]]) > 1e-6) for k in (0, 3, 6)]
    assert slope(J, 0.5, 1e-3) > 0.3 and rising == pytest.approx(
        [(2 / 3) ** 9, (2 / 3) ** 6, (2 / 3) ** 3]
    )  # finer: flatter
    assert (
        "has a slope except at single points, and that slope has a finite mean" in TRICK
        and "almost everywhere" not in TRICK
    )


def test_where_nothing_ends_the_sum_of_scores_has_no_limit_and_the_fading_weights_have():
    """One state, a fair coin for ever, action 1 pays 1, gamma one half: variances after T steps."""
    gamma = 0.5

    def variances(T):
        actions = np.random.default_rng(0).integers(0, 2, (20_000, T))
        r, s = actions * gamma ** np.arange(T), actions - 0.5
        togo = r[:, ::-1].cumsum(axis=1)[:, ::-1]
        return (r.sum(1) * s.sum(1)).var(), (togo * s).sum(axis=1).var()

    (total, togo), (total_later, togo_later) = variances(20), variances(200)
    assert total_later > 8 * total  # grows with T, whatever gamma is
    assert togo_later == pytest.approx(togo, rel=0.05)
    assert "$\\gamma<1$ *and the mean length is finite*" in TRICK
    assert "from each, or $\\gamma<1$ and a finite mean length" in ANSWERS["derive-from-trajectories"]
    assert "a finite mean length" in SHEET.split("Derive it: trajectories")[1].split("3. ")[0]


def test_the_short_formula_lacks_three_things_and_a_step_of_size_one_is_a_quarter_long():
    world, policy, theta = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)
    pi, scores, exact = doors()[1:]
    visits = pg.discounted_visitation(world, pi, gamma=1.0)
    without = np.einsum("s,sa,san,sa->n", visits, pi, scores, pg.action_values(world, pi))
    np.testing.assert_allclose(without, [3 / 32, 1 / 16], atol=1e-9)  # the sum and the index alone
    assert without[0] > 0 > exact[0] and policy.num_params == len(theta)
    assert "three things have to be put back" in TRICK and "give $(\\tfrac3{32},\\,\\tfrac1{16})$" in TRICK
    assert 0.25 < np.hypot(1 / 4, 1 / 32) < 0.26  # the length of the step (-1/4, 1/32)
    assert "A step of size 1" in TRICK and "step of length 1" not in TRICK


def test_the_lab_and_the_solutions_of_chapter_3_say_when():
    lab = cells("03-the-log-derivative-trick")
    said = "\n".join(lab.values())
    assert "Exact $Q$ and $V$ you have as little as that" in said and "one weight that you never have" not in said
    assert "two episodes give a sum of the wrong sign" in said and "always on" not in said
    assert "three of the package's policies" in said and "the first sign is wrong" in said
    solved = "\n".join(solution("03-the-log-derivative-trick").values())
    assert "as the lemma says" in solved and "with a single sample it is 0" in solved
    theta = 1.7  # uniform on [0, theta]: each score is -1 / theta, and so is their mean
    assert integrate.quad(lambda x: -1 / theta / theta, 0, theta)[0] == pytest.approx(-1 / theta)
    g, f = np.array([0.7]), np.array([3.0])
    assert ((f - (g**2 * f).sum() / (g**2).sum()) * g).mean() == 0  # its own best baseline: nothing is left
