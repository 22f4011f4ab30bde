"""Under which conditions the sentences of chapter 6 hold: for each the counterexample
to what was once written there."""

import re
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from learning_to_act.checks.engine import registry
from policy_gradient.critic import explained_variance
from policy_gradient.exact import gae_weigh, moments
from policy_gradient.worlds import coin_chain, live_or_die
from tests.helpers.corridor_and_doors import DOORS, POLICY, ZERO
from tests.helpers.page_and_lab import ROOT, PageAndLab
from tests.helpers.sentences import ANSWERS
from tools.site import values

GLOSSARY = PageAndLab.text("glossary")

USE, LEARNS = PageAndLab.text("06-critics"), PageAndLab.text("06-how-a-critic-learns")
TRUE_V = pg.state_values(DOORS, pg.state_probs(DOORS, POLICY, ZERO))


def cut_episodes(limit, cut_value):
    """Live or die, fair coin, V = 3/2, one step TD errors, a time limit: the average update, by listing the visits."""
    V, gamma, total = F(3, 2), F(1, 2), F(0)
    for t in range(limit):
        after = cut_value if t == limit - 1 else V
        work, leave = 1 + gamma * after - V, F(5, 4) - V
        total += (gamma / 2) ** t * (work - leave) / 4  # discounted, and still alive with (1/2)^t
    return total


def test_with_the_true_value_a_cut_still_takes_the_later_scores_away():
    truth = pg.exact_gradient(live_or_die(), pg.two_action_softmax(1), np.zeros(1))[0]
    assert cut_episodes(1, F(3, 2)) == F(1, 8) and truth == pytest.approx(1 / 6)
    assert float(cut_episodes(60, F(3, 2))) == pytest.approx(truth)  # watched long enough it is exact
    assert "- *every episode is watched to its end*: a step after a cut is missing" in USE
    assert "gives $\\tfrac18$ in place of $\\tfrac16$" in USE


def test_a_cut_taken_for_a_termination_teaches_to_quit_only_where_it_is_cut():
    assert cut_episodes(1, F(0)) == F(-1, 16)
    assert cut_episodes(2, F(0)) == F(7, 64) and cut_episodes(2, F(3, 2)) == F(5, 32)
    assert "the average update is $+\\tfrac7{64}$ where the right flag gives $+\\tfrac5{32}$" in USE
    everywhere = [USE, LEARNS, str(PageAndLab("06-critics").lab), str(registry()["td_errors"].mistakes)]
    assert not any("lag wrong, and the agent learns to quit" in text or "alone teaches" in text for text in everywhere)


def test_half_of_the_reward_at_b_is_taken_back_and_no_more():
    q = pg.action_values(DOORS, pg.state_probs(DOORS, POLICY, ZERO))
    assert DOORS.R[1, 1] == 3 and q[1, 1] == 3 / 2
    assert "takes back half of the $+3$" in USE and "nearly cancel" not in USE


def test_the_first_day_has_no_objective():
    """One step with V = 0: the slope of the first reward alone has the other sign, and the cross derivatives differ."""
    update = lambda theta: moments(DOORS, POLICY, theta, gae_weigh(DOORS, 0 * TRUE_V, 0))[0]  # noqa: E731
    first = pg.finite_difference(lambda x: POLICY.probs(x, DOORS.obs)[0] @ DOORS.R[0], ZERO)
    assert update(ZERO)[0] == 1 / 8 and first[0] == pytest.approx(-1 / 4)
    h = 1e-4
    jacobian = np.array([(update(ZERO + h * e) - update(ZERO - h * e)) / (2 * h) for e in np.eye(2)]).T
    assert [jacobian[0, 1], jacobian[1, 0]] == pytest.approx([0, -1 / 128], abs=1e-9)
    assert "cross derivatives are $0$ and $-\\tfrac1{128}$" in USE and "climbs the immediate reward" not in USE
    assert "gradient of no objective" in ANSWERS["critic-first-day"]
    assert "another objective" not in ANSWERS["critic-first-day"]


def test_with_the_true_value_the_batch_does_not_matter():
    coins, chooser = coin_chain(2), pg.two_action_softmax(1, 5)
    right = np.where(coins.obs == 0, 0.5, (coins.obs - 1) % 2)
    for world, policy, theta, V in ((DOORS, POLICY, ZERO, TRUE_V), (coins, chooser, np.zeros(1), right)):
        truth = pg.exact_gradient(world, policy, theta)
        found = [moments(world, policy, theta, gae_weigh(world, V, lam)) for lam in np.linspace(0, 1, 11)]
        assert all(np.allclose(mean, truth, atol=1e-14) for mean, _ in found)
        assert np.argmin([variance for _, variance in found]) == 0  # so for every N
    assert "$\\lambda=0$ stays the best for every batch" in USE and "stays the best" in ANSWERS["best-lambda"]


def test_a_critic_that_knows_nothing_is_quiet_at_0_in_the_coins():
    """So "turning it down makes both worse" is about two doors."""
    coins, chooser = coin_chain(2), pg.two_action_softmax(1, 5)
    variances = [
        moments(coins, chooser, np.zeros(1), gae_weigh(coins, np.zeros(len(coins.obs)), lam))[1] for lam in (0, 1)
    ]
    assert variances[0] == 0 < variances[1]
    assert "turning it down in two doors makes both worse" in LEARNS


def test_the_snippet_of_the_plus_sign_gives_the_estimate_of_one_episode():
    code = USE.split("# r, V, V_next, t: (T,); score: (T, n)\n")[1].split("\n\n")[0]
    names = dict(  # A take, B take, C
        r=np.array([-1.0, 3, -3]),
        V=TRUE_V[[0, 1, 2]],
        V_next=np.array([*TRUE_V[[1, 2]], 0.0]),
        t=np.arange(3),
        score=np.array([[0.5, 0], [0.5, 0], [0, 0]]),
        gamma=0.5,
    )
    for line in code.splitlines():
        exec(line.strip(), names)
    assert names["g"] == pytest.approx([0.5 * -0.5 + 0.5 * 0.5 * 11 / 16, 0])


def test_td_with_steps_of_one_size_never_rests():
    """One state that pays +1 or -1 and ends: w <- w + alpha (r - w) has the stationary variance alpha / (2 - alpha)."""
    alpha, variance = 0.1, 0.0
    for _ in range(1000):
        variance = (1 - alpha) ** 2 * variance + alpha**2
    assert variance == pytest.approx(alpha / (2 - alpha)) and variance > 0.05
    shrinking = 0.0
    for n in range(100_000):
        shrinking = (1 - 1 / (n + 1)) ** 2 * shrinking + 1 / (n + 1) ** 2
    assert shrinking < 2e-5
    assert "if its steps shrink to 0, slowly enough" in LEARNS and "with small enough steps does" not in LEARNS


def test_a_large_bonus_wakes_an_action_and_faster_than_the_reward():
    def steps(tau, gap):
        z, n = np.array([np.log(0.001 / 0.999), 0.0]), 0
        while (p := np.exp(z) / np.exp(z).sum())[0] < 0.4:
            z = z - tau * p * (np.log(p) + stats.entropy(p)) + gap * p[0] * p[1] * np.array([1, -1])
            n += 1
        return n

    values.holds(bonus_wakes=steps(1, 0), reward_wakes=steps(0, 1))
    assert "A small bonus hardly wakes an action. A large one does" in LEARNS
    assert "cannot wake" not in registry()["entropy_gradient"].after


def test_softmax_scores_are_redundant_for_their_entries_sum_to_zero():
    """Two doors' scores, too, have mean zero under pi; and their Fisher matrix can be inverted."""
    probs, visits = pg.state_probs(DOORS, POLICY, ZERO), np.array([1, 1 / 2, 1 / 8, 1 / 8])
    states, actions = np.repeat(np.arange(4), 2), np.tile([0, 1], 4)
    scores = POLICY.score(ZERO, DOORS.obs[states], actions)
    weights = visits[states] * probs[states, actions]
    assert all(np.allclose((weights[:, None] * scores)[states == s].sum(axis=0), 0) for s in range(4))
    assert np.linalg.det(scores.T @ (weights[:, None] * scores)) > 0.01
    three = np.eye(3) - 1 / 3
    assert np.allclose(three.sum(axis=1), 0) and np.linalg.matrix_rank(three) == 2
    hints = " ".join(registry()["compatible_weights"].hints)
    assert "entries of a softmax score sum to zero" in hints and "when weighted by pi" not in hints


def test_td_and_monte_carlo_agree_at_gamma_0_whatever_the_features():
    rng = np.random.default_rng(0)
    P, r, X, d = rng.dirichlet(np.ones(5), 5), rng.normal(size=5), rng.normal(size=(5, 2)), rng.uniform(0.5, 1, 5)

    def both(gamma):
        V = np.linalg.solve(np.eye(5) - gamma * P, r)
        td = np.linalg.solve(X.T * d @ (X - gamma * P @ X), X.T * d @ r)
        return td, np.linalg.solve(X.T * d @ X, X.T * d @ V)

    assert np.allclose(*both(0)) and not np.allclose(*both(0.9), atol=0.01)


def test_at_the_first_step_the_clipped_value_loss_is_the_plain_one():
    """A2C takes one: the new value is the old one, and the clip is idle there."""
    loss = lambda V, old, y: max((V - y) ** 2, (np.clip(V, old - 0.2, old + 0.2) - y) ** 2)  # noqa: E731
    assert all(loss(v, v, y) == (v - y) ** 2 for v in (-3.0, 0.0, 0.9) for y in (-1.0, 2.0))
    assert "at which $V=V_0$: there it would be idle" in LEARNS


def test_a_larger_batch_wants_a_larger_lambda_only_where_the_bias_falls():
    """A critic wrong by c/2 one step ahead and by -c two steps ahead has no bias at 1/2 and at 1; the rewards' noise,
    which the next reward takes back with a factor 10/7, is least at 7/10. So one episode wants .7, and a million .5.
    """
    lams = np.linspace(0, 1, 1001)
    bias, noise = 0.01 * ((lams - 0.5) * (lams - 1)) ** 2, (1 - lams / 0.7) ** 2
    assert [lams[np.argmin(bias + noise / n)] for n in (1, 1e6)] == pytest.approx([0.7, 0.5], abs=0.01)
    errors = np.array([0, 0.5, -1, 0])  # of V, in units of c, from the present state to the end
    assert np.allclose([np.diff(errors) @ lam ** np.arange(3) for lam in lams], (lams - 0.5) * (lams - 1))
    coins, chooser = coin_chain(2), pg.two_action_softmax(1, 5)
    half = np.where(coins.obs == 0, 0.5, (coins.obs - 1) % 2) / 2
    for world, policy, theta, V in ((DOORS, POLICY, ZERO, TRUE_V / 2), (coins, chooser, np.zeros(1), half)):
        truth = pg.exact_gradient(world, policy, theta)
        means = [moments(world, policy, theta, gae_weigh(world, V, lam))[0] for lam in np.linspace(0, 1, 21)]
        assert (np.diff([((mean - truth) ** 2).sum() for mean in means]) < 0).all()
    assert "Where the bias falls as $\\lambda$ grows, as in these two with half a critic" in USE
    assert "Up, if the bias falls as" in ANSWERS["best-lambda"] and "Where $\\lambda=0$ has a bias" not in USE


def test_a_value_after_a_termination_teaches_to_quit_below_lambda_1():
    """Live or die with V = 3/2 and gamma V added after quitting: the mean advantage of a visit is a fixed point."""

    def slope(lam):
        quit = F(5, 4) + F(1, 2) * F(3, 2) - F(3, 2)
        mean = (F(1, 4) + quit) / 2 / (1 - lam / 4)  # mean = (work + quit) / 2, work = 1/4 + lam mean / 2
        return (F(1, 4) + lam * mean / 2 - quit) / 4

    assert slope(F(0)) == F(-1, 16) and slope(F(1, 2)) < 0 and slope(F(1)) == 0
    assert "Now learn with $\\lambda=0$." in USE and "it says nothing on average: the slope is 0" in USE


def test_an_offset_of_the_value_at_a_cut_does_no_harm_where_all_are_cut_alike():
    """One state, one logit at 0, rewards 0 and 1: the update's mean, by listing two steps; action 1 may end the
    episode."""

    def update(offset, lam, ends):
        V, gamma, total = 0.7, 0.5, 0.0
        path = lambda a: 0.0 if a and ends else V + offset  # noqa: E731
        for first in (0, 1):
            for second in (0, 1):
                d = [a + gamma * path(a) - V - offset for a in (first, second)]
                over = first and ends
                A = d[0] + (0 if over else gamma * lam * d[1])
                total += (A * (first - 0.5) + (0 if over else gamma * d[1] * (second - 0.5))) / 4
        return total

    for lam in (0, 0.5, 1):
        assert update(1000, lam, False) == pytest.approx(update(0, lam, False), abs=1e-9)
        assert abs(update(1000, lam, True) - update(0, lam, True)) > 1
    assert "it can, if the actions decide whether or when the episode ends or is cut." in LEARNS
    assert "Does a small entropy bonus bring it back?" in LEARNS  # a large one does, as the page says


def test_an_offset_at_a_cut_that_an_outside_coin_decides_does_no_harm():
    """One state, one logit at 0, action 1 pays 1; cut after one step or after two by a fair coin
    that no action moves."""

    def update(offset, lam):
        V, gamma, total = 0.7 + offset, 0.5, 0.0
        for limit in (1, 2):
            for acts in ((0, 0), (0, 1), (1, 0), (1, 1)):
                d, A = [a + gamma * V - V for a in acts[:limit]], 0.0
                for t in reversed(range(limit)):
                    A = d[t] + gamma * lam * A
                    total += gamma**t * A * (acts[t] - 0.5) / 8
        return total

    assert all(update(1000, lam) == pytest.approx(update(0, lam), abs=1e-9) for lam in (0, 0.5, 1))
    solutions = (ROOT / "solutions/06-critics.ipynb").read_text("utf8")
    assert "at a cut it does" not in LEARNS + solutions and "at a cut it can" in solutions


def test_two_visits_of_one_episode_are_not_independent():
    """One state twice, action 1 pays 1: a mean of the two returns leaves a quarter of the gradient, not a half."""
    fitted, truth = F(0), F(0)
    for acts in ((0, 0), (0, 1), (1, 0), (1, 1)):
        returns = [F(sum(acts)), F(acts[1])]
        for a, G in zip(acts, returns):
            fitted, truth = fitted + (G - sum(returns) / 2) * (a - F(1, 2)) / 4, truth + G * (a - F(1, 2)) / 4
    assert (fitted, truth) == (F(1, 8), F(1, 2))
    assert "One state, $n$ independent visits" in LEARNS and "with $n$ independent visits to a state" in LEARNS
    assert "over $n$ independent visits" in ANSWERS["fit-or-use-first"]
    assert "any $V$ that was fixed before these episodes will do" in USE  # the same, one episode: nothing is left
    assert "for any $V$ that was fixed before" in ANSWERS["derive-gae"]
    assert "Where no observation comes twice, a network that can memorise" in LEARNS


def test_without_discount_and_end_td_has_no_single_place_of_rest():
    """Two states in turn, gamma = 1, visited alike: with a table the matrix on the left cannot be inverted."""
    P, D = np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(2) / 2
    assert np.linalg.det(D @ (np.eye(2) - P)) == 0 != np.linalg.det(D @ (np.eye(2) - 0.9 * P))
    assert "over whole runs, and* $\\gamma<1$ *or every run ends*" in LEARNS


def test_a_bonus_on_each_visited_state_follows_no_objective():
    """L leads to a second choice, R ends, no rewards: the second update moves with the first logit,
    not the other way."""

    def slope(z):
        p = 1 / (1 + np.exp(-z))
        return -p * (1 - p) * z  # dH/dz

    update = lambda first, second: np.array([slope(first), slope(second) / (1 + np.exp(-first))])  # noqa: E731
    h = 1e-5
    by_second = (update(0.3, 1 + h) - update(0.3, 1 - h))[0] / (2 * h)
    by_first = (update(0.3 + h, 1) - update(0.3 - h, 1))[1] / (2 * h)
    assert by_second == 0 and abs(by_first) > 0.01
    assert "One name, two updates." in LEARNS and "is in general the gradient of nothing" in LEARNS


def test_a_small_bonus_does_not_keep_an_action_awake():
    """A gap of 1, weight .01: the best policy gives the worse action 4e-44."""
    assert pg.softmax(np.array([1.0, 0.0]) / 0.01)[1] < 1e-43
    assert "keeps a policy awake" not in LEARNS


def test_a_normalised_step_still_depends_on_the_rewards_size():
    """Two steps, a fixed critic: with a tenth of the rewards the better step is the other one."""
    after = np.array([0.0, 0.5])  # gamma V' - V
    large, small = np.array([1.0, 0.0]) + after, np.array([0.1, 0.0]) + after
    normalise = lambda A: (A - A.mean()) / A.std()  # noqa: E731
    assert normalise(large) == pytest.approx([1, -1]) and normalise(small) == pytest.approx([-1, 1])
    assert "no longer depends on the advantages' size" in LEARNS


def test_reward_times_score_can_average_to_zero_where_actions_are_paid_differently():
    """Two doors with 2 for 3 at B: what A adds B takes away. And with one step only the first day has an objective."""
    slope = F(1, 4) * F(-1) + F(1, 2) * F(1, 4) * F(2)
    assert slope == 0 and "need not be zero where actions are paid differently" in USE
    z = np.array([0.3, -0.2, 0.5])
    rewards, probs = np.array([1.0, 3.0, -2.0]), pg.softmax(z)
    update = probs * (rewards - probs @ rewards)
    assert pg.finite_difference(lambda x: pg.softmax(x) @ rewards, z) == pytest.approx(update, abs=1e-8)
    assert "In general no objective stands behind that." in USE


def test_with_the_true_value_a_td_error_need_not_be_the_advantage():
    """A coin of +1 or -1, and the end: V = 0, both TD errors are off the advantage 0.
    In two doors nothing is tossed."""
    assert [r + 0 - 0 for r in (1, -1)] == [1, -1]
    assert "- In two doors, with the true $V$, a TD error is the advantage" in str(PageAndLab("06-critics").lab)
    assert "it must know" not in USE + ANSWERS["lambda-raises-variance"]  # coins, V = 0: quiet, and knows nothing
    assert "each later one counting $\\gamma\\lambda$ times as much" in USE  # at gamma = lambda = 1 none counts less


def test_an_offset_biases_at_each_step_that_goes_on_where_actions_decide_the_end():
    """Live or die, a fair coin, no limit, V = 3/2 + c, lambda 0: right with c = 0, and turned round with c = -3/2,
    which explained variance does not see.
    """

    def update(
        c,
    ):  # 4/3 visits, a quarter of the difference of the two TD errors each: work pays 1 and goes on, quit 5/4 and ends
        V = F(3, 2) + c
        return F(4, 3) * ((1 + V / 2 - V) - (F(5, 4) - V)) / 4

    assert [update(F(c)) for c in (0, 1, -1)] == [F(1, 6), F(1, 3), 0] and update(F(-3, 2)) == F(-1, 12)
    assert "or with $\\lambda<1$ at each step that goes on" in LEARNS


def test_a_value_counted_after_a_termination_is_no_baseline():
    """Live or die, a fair coin: the mean update is the truth at lambda = 1 for any V, and at 0 with the true V, if 0 is
    counted after quitting. With the true V counted there it is at neither."""

    def update(V, lam, after):
        work, quit = 1 + V / 2 - V, F(5, 4) + after / 2 - V
        mean = (work + quit) / 2 / (1 - lam / 4)  # of a visit; what follows work counts lam / 2
        return F(4, 3) * (work + lam * mean / 2 - quit) / 4

    right, true = F(1, 6), F(3, 2)
    assert all(update(F(v), F(1), F(0)) == right for v in (0, 2, -5)) and update(true, F(0), F(0)) == right
    assert update(true, F(1), true) == 0 and update(true, F(0), true) == F(-1, 12)
    assert "- in both cases *0 is counted after a termination*, $\\gamma^t$ *stands in front" in USE
    assert "in an episode watched to its end and with 0 counted after it" in USE
    assert "counts 0 after the end" in ANSWERS["critic-first-day"]
    for name in ("derive-gae", "partial-observability"):
        assert "0 counted after it" in ANSWERS[name] or "0 is counted after it" in ANSWERS[name]


def test_the_pull_of_a_bonus_depends_on_the_other_actions():
    def pull(*probs):
        theta, tau = np.log(probs), 0.01
        return tau * pg.finite_difference(lambda z: stats.entropy(pg.softmax(z)), theta)[0]

    assert pull(0.001, 0.999) == pytest.approx(0.000069, abs=5e-7)
    assert pull(0.001, 0.4995, 0.4995) == pytest.approx(0.000062, abs=5e-7)
    assert "Let one of two actions be worth 1 more than the other and have probability $.001$." in LEARNS
    assert "With two actions and a weight of $.01$ it is" in LEARNS


def test_shifts_of_leave_and_take_alike_turn_nothing():
    probs, visits = (
        pg.state_probs(DOORS, POLICY, ZERO),
        pg.discounted_visitation(DOORS, pg.state_probs(DOORS, POLICY, ZERO)),
    )
    A = pg.action_values(DOORS, probs) - TRUE_V[:, None]
    weights, (states, actions) = visits[:, None] * probs, np.indices((4, 2)).reshape(2, -1)
    scores = POLICY.score(ZERO, DOORS.obs[states], actions).reshape(4, 2, -1)

    def with_shift(leave, take):
        shift = np.zeros((4, 2))
        shift[:2] = leave, take
        return np.einsum("sa,sad->d", weights * (A + shift), scores), (weights * shift**2).sum()

    truth = pg.exact_gradient(DOORS, POLICY, ZERO)
    edge, at_edge = with_shift(-5 / 48, 5 / 48)
    assert edge == pytest.approx([0, truth[1]]) and at_edge == pytest.approx(25 / 1536)
    turned, error = with_shift(-0.115, 0.115)
    assert turned[0] > 0 > truth[0] and error == pytest.approx(0.02, abs=5e-4)
    assert with_shift(1.0, 1.0)[0] == pytest.approx(truth)  # all four alike: a baseline
    assert "Small shifts in A and B, take up and leave down, turn the arrow" in LEARNS


def test_explained_variance_rises_where_the_errors_stay_and_the_returns_spread():
    errors = np.sqrt(0.6) * np.array([1.0, -1, 1, -1])
    for spread, share in ((1, 0.4), (3, 0.8)):
        returns = np.sqrt(spread) * np.array([1.0, 1, -1, -1])
        values = returns - errors
        assert np.mean((returns - values) ** 2) == pytest.approx(0.6)
        assert explained_variance(values, returns) == pytest.approx(share)
    assert "- [x] A larger share of the differences between this batch's returns is in the values\n" in LEARNS
    assert "The errors may be as large as before, if the returns now differ more." in LEARNS


def test_the_gauge_that_programs_print_has_the_critic_in_its_target():
    """Ten steps of reward 1 and the right V plus 1,000: 1 against the returns, .05 against A + V with lambda = .95."""
    gamma, lam, rewards = 0.99, 0.95, np.ones(10)
    returns = pg.reward_to_go(rewards[:, None], gamma)[:, 0]
    values = returns + 1000
    after, advantages, running = np.append(values[1:], 0), np.zeros(10), 0.0
    for t in reversed(range(10)):
        running = rewards[t] + gamma * after[t] - values[t] + gamma * lam * running
        advantages[t] = running
    assert explained_variance(values, returns) == pytest.approx(1)
    assert explained_variance(values, advantages + values) == pytest.approx(0.047, abs=5e-4)
    assert "print it with $\\good{\\hat A}+V$ for $G$" in LEARNS


def test_the_clipped_value_loss_is_flat_on_both_sides_and_its_width_has_units():
    loss = lambda V, y, eps: max((V - y) ** 2, (np.clip(V, -eps, eps) - y) ** 2)  # noqa: E731
    slope = lambda V, y, eps: (loss(V + 1e-6, y, eps) - loss(V - 1e-6, y, eps)) / 2e-6  # noqa: E731
    assert slope(0.5, 1, 0.2) == slope(1.5, 1, 0.2) == 0
    assert slope(0.15, 0.3, 0.2) == pytest.approx(-0.3) and slope(1.5, 3, 0.2) == 0  # ten times the rewards: frozen
    assert "and *past* it (`ray` #22171)" in LEARNS and "the units of the reward (`stable-baselines` #216)" in LEARNS


def test_the_world_of_the_coin_is_another_one_without_a_discount():
    """With gamma = 1/2, two doors' own, A would be worth a quarter."""
    for gamma, worth in ((1, 0.5), (0.5, 0.25)):
        P, r = np.array([[0, 0.5, 0.5], [0, 0, 0], [0, 0, 0]]), np.array([0.0, 1, 0])
        assert np.linalg.solve(np.eye(3) - gamma * P, r) == pytest.approx([worth, 1, 0])
    assert "Take another world, with $\\gamma=1$: state A goes to B or C by a fair coin." in LEARNS
    assert "The usual gauge" not in LEARNS + str(ANSWERS) and "A gauge is **explained variance**" in LEARNS


def test_not_all_that_passes_through_a_softmax_carries_the_probability():
    """Slopes in an action's own logit at .001: of the entropy and of the expected reward about .001 times something,
    of log pi almost 1."""
    z = np.log([0.001, 0.999])
    slope = lambda f: (f(pg.softmax(z + [1e-6, 0])) - f(pg.softmax(z - [1e-6, 0]))) / 2e-6  # noqa: E731
    assert abs(slope(lambda p: -(p * np.log(p)).sum())) < 0.01 and abs(slope(lambda p: p[0])) < 0.0011
    assert slope(lambda p: np.log(p[0])) == pytest.approx(0.999, abs=1e-4)
    assert "as that of the expected reward does" in LEARNS


def test_of_several_compatible_fits_the_shortest_is_the_natural_gradient():
    pi, Q = np.array([0.2, 0.3, 0.5]), np.array([1, 2, 4.0])
    scores = np.eye(3) - pi
    F_, gradient = (scores.T * pi) @ scores, (scores.T * pi) @ Q
    natural = np.linalg.pinv(F_) @ gradient
    for w in (Q, Q - pi @ Q, natural):
        np.testing.assert_allclose(F_ @ w, gradient, atol=1e-14)  # each is a least-squares fit
    assert abs(Q - natural).max() > 1 and abs(Q - pi @ Q - natural).max() > 0.3
    critic = PageAndLab.text("06-how-a-critic-learns")
    for text in (GLOSSARY, critic, ANSWERS["natural-gradient"], ANSWERS["compatible-features"]):
        assert re.search("shortest", text)
