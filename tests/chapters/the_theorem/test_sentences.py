"""What the sentences of chapter 2 claim: by enumeration and differences, and for each condition the counterexample
to what was once written there."""

import re
from fractions import Fraction as F

import numpy as np
import pytest

import policy_gradient as pg
from learning_to_act.exercises import the_theorem
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, SHEET, doors, flat, softmax, solution, source, words
from tests.helpers.two_doors import discounted, episodes, from_state
from tools.site import values

THEOREM = PageAndLab.text("02-the-theorem")
BITES = PageAndLab.text("02-where-it-bites")


def test_two_doors_visits_in_decimals():
    J = [
        sum(chance * discounted([r for _, r in path]) for chance, path in episodes(F(p), F(q)))
        for p in (0, 1)
        for q in (0, 1)
    ]
    values.holds(doors_best_decimal=float(max(J)), doors_worst_decimal=float(min(J)))
    total = sum(chance * F(1, 2) ** t for chance, path in episodes(F(1, 2), F(1, 2)) for t in range(len(path)))
    values.holds(doors_d_sum=total)


def test_with_episodes_and_a_discount_the_visits_sum_to_less_than_either_name():
    """E[sum of gamma^t over the steps taken], by following random chains:
    below 1 / (1 - gamma) and below the expected length."""
    rng = np.random.default_rng(7)
    for _ in range(300):
        S, gamma = rng.integers(1, 6), rng.uniform(0.05, 0.99)
        chain = rng.dirichlet(np.ones(S + 1), size=S)[:, :S]
        here, total, length = rng.dirichlet(np.ones(S)), 0.0, 0.0
        for t in range(5000):
            total, length, here = total + gamma**t * here.sum(), length + here.sum(), here @ chain
            if here.sum() < 1e-14:
                break
        assert total < 1 / (1 - gamma) and total < length


def test_the_visits_reach_either_name_with_one_step_or_without_a_tomorrow():
    """At most either, and not always less: one-step episodes sum to their length,
    and gamma = 0 gives 1 / (1 - gamma)."""

    def visits_and_length(lengths, gamma):
        return (
            sum(chance * sum(gamma**t for t in range(T)) for T, chance in lengths.items()),
            sum(chance * T for T, chance in lengths.items()),
        )

    one, mixed = {1: F(1)}, {1: F(1, 2), 3: F(1, 2)}
    total, length = visits_and_length(one, F(1, 2))
    assert total == length == 1 < 1 / (1 - F(1, 2))
    total, length = visits_and_length(mixed, F(0))
    assert total == 1 / (1 - F(0)) == 1 < length
    total, length = visits_and_length(mixed, F(1, 2))  # some last longer, and 0 < gamma < 1
    assert total < length and total < 1 / (1 - F(1, 2))


def expected_step(pi, Q):
    return pi * (Q - pi @ Q)


def test_the_bandit_s_gradient_for_three_equal_probabilities():
    values.holds(
        bandit_gradient=[F(x).limit_denominator(100) for x in expected_step(np.full(3, 1 / 3), np.array([1, 2, 3]))]
    )
    values.holds(
        bandit_gradient=[F(x).limit_denominator(100) for x in expected_step(np.full(3, 1 / 3), np.array([-3, -2, -1]))]
    )


def test_the_worst_action_can_become_more_frequent_under_the_exact_gradient():
    Q, pi = np.array([1, 2, 3]), np.array([0.02, 0.90, 0.08])
    push = expected_step(pi, Q)
    by_difference = [(softmax(np.log(pi) + e) @ Q - softmax(np.log(pi) - e) @ Q) / 2e-5 for e in 1e-5 * np.eye(3)]
    assert push == pytest.approx(by_difference, abs=1e-9)
    after = softmax(np.log(pi) + push)
    for size in (0.001, 0.1, 1, 5):
        assert softmax(np.log(pi) + size * push)[0] > pi[0]
    theta, path = np.log(pi), []
    for _ in range(400):
        theta = theta + expected_step(softmax(theta), Q)
        path.append(softmax(theta)[0])
    values.holds(
        worst_pushes=push,
        worst_V=pi @ Q,
        worst_after_1=after[0],
        worst_peak=max(path),
        worst_peak_steps=int(np.argmax(path)) + 1,
    )
    assert path[-1] < 1e-3


def test_the_first_order_change_of_a_probability():
    rng = np.random.default_rng(2)
    for _ in range(50):
        pi, u = rng.dirichlet(np.ones(4)), rng.normal(size=4)
        change = (softmax(np.log(pi) + 1e-6 * u) - softmax(np.log(pi) - 1e-6 * u)) / 2e-6
        assert change == pytest.approx(pi * (u - pi @ u), abs=1e-8)


def test_where_the_worst_action_is_sure_to_fall():
    """With two actions, from equal probabilities, and by natural steps it falls; its logit never rises."""
    rng = np.random.default_rng(3)
    for _ in range(500):
        size, Q = rng.uniform(0.01, 5), rng.normal(size=3)
        pi = rng.dirichlet(np.ones(3))
        worst = np.argmin(Q)
        assert expected_step(pi, Q)[worst] <= 0
        assert softmax(np.log(pi) + size * (Q - pi @ Q))[worst] < pi[worst]
        uniform = np.full(3, 1 / 3)
        assert softmax(size * expected_step(uniform, Q))[worst] < 1 / 3
        two, Q2 = rng.dirichlet(np.ones(2)), rng.normal(size=2)
        assert softmax(np.log(two) + size * expected_step(two, Q2))[np.argmin(Q2)] < two[np.argmin(Q2)]


def test_an_estimate_fitted_in_the_scores_gives_the_exact_gradient_and_a_wrong_value():
    """Two doors at theta = 0 by hand: d, Q and scores as fractions, the fit by the normal equations."""
    d, half = {"A": F(1), "B": F(1, 2), "D": F(1, 8)}, F(1, 2)
    Q = {
        ("A", 0): F(13, 32),
        ("A", 1): F(-19, 32),
        ("B", 0): F(1, 8),
        ("B", 1): F(3, 2),
        ("D", 0): F(0),
        ("D", 1): half,
    }
    which, score = {"A": 0, "B": 0, "D": 1}, {0: -half, 1: half}
    w, gradient, fitted = [], [], {}
    for k in (0, 1):
        here = [(s, a) for s, a in Q if which[s] == k]
        w.append(
            sum(d[s] * half * score[a] * Q[s, a] for s, a in here) / sum(d[s] * half * score[a] ** 2 for s, a in here)
        )
        fitted |= {(s, a): w[k] * score[a] for s, a in here}
        gradient.append(sum(d[s] * half * score[a] * fitted[s, a] for s, a in here))
    values.holds(compatible_w=w, compatible_QB=fitted["B", 1])
    values.holds(doors_gradient=gradient, doors_arrow=gradient)
    for s, a in Q:  # the table of Q, against averages over episodes
        if s != "D":
            received = {("A", 0): 0, ("A", 1): -1, ("B", 0): 0, ("B", 1): 3}[s, a]
            assert from_state(s, received) == Q[s, a]


def test_an_estimate_that_is_off_bends_the_gradient_by_the_error_s_correlation_with_the_score():
    rng = np.random.default_rng(4)
    S, A, n, gamma = 4, 3, 5, 0.8
    P, R, rho, features = (
        rng.dirichlet(np.ones(S), (S, A)),
        rng.normal(size=(S, A)),
        rng.dirichlet(np.ones(S)),
        rng.normal(size=(S, A, n)),
    )
    theta = rng.normal(size=n)

    def policy(theta):
        return np.array([softmax(row @ theta) for row in features])

    def J(theta):
        pi, V = policy(theta), np.zeros(S)
        for _ in range(300):
            V = (pi * (R + gamma * P @ V)).sum(axis=1)
        return rho @ V, R + gamma * P @ V

    pi, Q, here, d = policy(theta), J(theta)[1], rho, np.zeros(S)
    for t in range(300):
        d, here = d + gamma**t * here, here @ np.einsum("sa,sat->st", pi, P)
    score = features - np.einsum("sa,san->sn", pi, features)[:, None]
    gradient = np.array([(J(theta + e)[0] - J(theta - e)[0]) / 2e-5 for e in 1e-5 * np.eye(n)])
    weight = d[:, None] * pi

    def mean(what):
        return np.einsum("sa,san,sa->n", weight, score, what)

    wrong = Q + rng.normal(size=(S, A))
    assert mean(wrong) - gradient == pytest.approx(mean(wrong - Q), abs=1e-7)
    X, w = score.reshape(-1, n), weight.ravel()
    fit = (X @ np.linalg.lstsq(X * np.sqrt(w)[:, None], np.sqrt(w) * Q.ravel(), rcond=None)[0]).reshape(S, A)
    assert np.abs(fit - Q).max() > 0.5 and mean(fit) == pytest.approx(gradient, abs=1e-7)
    plain = (X @ np.linalg.lstsq(X, Q.ravel(), rcond=None)[0]).reshape(S, A)
    assert np.abs(mean(plain) - gradient).max() > 1e-3, "fitted with other weights it is another vector"
    assert mean(Q - Q.max(axis=1, keepdims=True)) == pytest.approx(gradient, abs=1e-7), (
        "less the maximum: a baseline like any other"
    )


def test_after_n_sweeps_at_most_gamma_to_the_n_of_the_largest_value_is_missing():
    rng, gamma, n = np.random.default_rng(0), 0.9, 12
    for scale in (1, 100):  # the bound goes with the values, gamma^n alone does not
        chain, r = rng.dirichlet(np.ones(5), size=5), scale * rng.random(5)
        V, swept, rho, visits = np.linalg.solve(np.eye(5) - gamma * chain, r), np.zeros(5), np.eye(5)[0], np.zeros(5)
        for t in range(n):
            swept, visits = r + gamma * chain @ swept, visits + gamma**t * rho @ np.linalg.matrix_power(chain, t)
        assert gamma**n < abs(V - swept).max() <= gamma**n * abs(V).max()
        assert 1 / (1 - gamma) - visits.sum() == pytest.approx(
            gamma**n / (1 - gamma)
        )  # nothing ends: exactly this share
    V, swept = pg.state_values(*doors()[:2]), np.zeros(4)
    world, pi = doors()[:2]
    for _ in range(3):
        swept = (pi * (world.R + world.gamma * world.P @ swept)).sum(axis=1)
    np.testing.assert_allclose(swept, V, atol=1e-12)  # three steps at most: nothing is missing, where gamma^3 is .125
    said = source(the_theorem)
    assert "at most gamma^n times the largest |V|" in said and "at most gamma^n of the 1/(1 - gamma)" in said
    assert "of the size gamma^n" not in said


def test_the_difference_of_two_policies_needs_an_end_from_every_state():
    """gamma = 1. From the start the old policy ends at once, the new one walks to another state, where it ends and the
    old one would stay."""
    old, new = np.array([[0, 0], [0, 1.0]]), np.array([[0, 1.0], [0, 0]])  # the chains; a row that sums to 0 ends
    reach = lambda chain, steps=50: np.linalg.matrix_power(chain, steps)[0].sum()  # noqa: E731
    assert reach(old) == reach(new) == 0  # both reach an end, from the start
    assert (
        np.linalg.matrix_rank(np.eye(2) - old) == 1
    )  # yet the old policy's values have no solution in the second state
    assert np.linalg.inv(np.eye(2) - new.T)[:, 0][1] == 1  # where the new one comes
    assert "an end that both policies reach from every state" in THEOREM
    assert "let both policies reach an end from every state" in ANSWERS["performance-difference"]


def test_visits_can_sum_to_either_of_their_two_bounds():
    one_step = pg.TabularMDP(np.zeros((1, 1, 1)), np.ones((1, 1)), np.ones(1), gamma=0.5)
    assert pg.discounted_visitation(one_step, np.ones((1, 1))).sum() == 1  # the expected length, with gamma < 1
    world = pg.two_doors()
    assert pg.discounted_visitation(world, np.full((4, 2), 0.5), gamma=0.0).sum() == 1 / (1 - 0)
    for said in (words(pg.discounted_visitation), source(the_theorem)):
        assert "to at most either" in said and "to less than either" not in said


def test_the_notes_of_one_walk_need_not_add_up_to_the_improvement():
    """One state and a fair coin: the old policy, which takes either action, is worth 1/2, one that plays 1 with 3/4 is
    worth 3/4."""
    notes, chance = [F(0) - F(1, 2), F(1) - F(1, 2)], [F(1, 4), F(3, 4)]
    assert F(1, 4) not in notes and sum(n * c for n, c in zip(notes, chance)) == F(1, 4)
    assert "On average the discounted notes add up to exactly the improvement." in THEOREM
    assert "on average the notes, discounted, add up" in ANSWERS["performance-difference"]


def test_another_policy_can_have_the_same_visits():
    world, pi, scores, exact = doors()
    other = pi.copy()
    other[2:] = [0.9, 0.1]  # C and D end, whatever is done
    vector = lambda d: np.einsum("s,sa,san,sa->n", d, pi, scores, pg.action_values(world, pi))  # noqa: E731
    np.testing.assert_allclose(vector(pg.discounted_visitation(world, other)), exact, atol=1e-6)
    other[1] = [0.9, 0.1]
    assert abs(vector(pg.discounted_visitation(world, other)) - exact).max() > 0.01
    assert "With the visits of another policy it is in general another vector." in THEOREM


def test_in_the_second_example_staying_ends_and_pays_nothing():
    world = pg.nobodys_gradient()
    assert world.P[0, 0].sum() == 0 == world.R[0, 0] and world.P[0, 1, 1] == 1 and world.R[1].tolist() == [0, 1]
    assert "leads from the first to the second; *stay* ends with nothing. In the second, action 1" in BITES


def test_the_maximum_in_the_next_state_is_greedy_there_and_then_the_policy_again():
    rng, gamma, S, A = np.random.default_rng(0), 0.9, 4, 3
    P, R, pi = rng.dirichlet(np.ones(S), (S, A)), rng.normal(size=(S, A)), rng.dirichlet(np.ones(A), S)

    def evaluate(pi):
        V = np.linalg.solve(np.eye(S) - gamma * np.einsum("sa,sat->st", pi, P), (pi * R).sum(axis=1))
        return R + gamma * P @ V

    Q = evaluate(pi)
    greedy = np.eye(A)[Q.argmax(axis=1)]
    answered = R + gamma * P @ Q.max(axis=1)
    then_itself = R + gamma * P @ (greedy * Q).sum(axis=1)
    np.testing.assert_allclose(answered, then_itself)
    assert abs(answered - evaluate(greedy)).max() > 1e-3  # greedy for ever is worth more
    assert "greedy in the next step only, and then itself again" in solution("02-the-theorem")["action-values-wrong-1"]


def test_what_a_wrong_weight_does_where_a_state_is_never_visited():
    P, R = np.zeros((2, 2, 2)), np.array([[0, 1.0], [0, 2.0]])
    world, policy, theta = pg.TabularMDP(P, R, np.array([1.0, 0]), 0.5), pg.TabularSoftmax(2, 2), np.zeros(4)
    true, flat_ = (pg.exact_gradient(world, policy, theta, w) for w in (None, np.ones(2)))
    assert not true[2:].any() and flat_[2:].any() and true @ flat_ > 0  # no factor stretches 0 to that
    assert "the block of each state that is visited is stretched" in BITES.replace("\n", " ")
    assert "up to a constant in each visited state" in SHEET


def test_two_derivations_name_their_rules():
    assert "[Notation](notation.md) has all of them" in THEOREM and "The code stops after $T$ terms" in THEOREM
    for rule in (
        "term by term (linearity):\n\n$$\\begin{aligned}\\nabla V(s)",
        "the tower rule over $s'$, and from $s'$ on only $s'$ matters (Markov property)",
        "for infinitely many terms too, since they converge absolutely:",
    ):
        assert rule in THEOREM, rule
    assert "times the reward less a running mean of rewards, is the gradient bandit" in THEOREM
    assert BITES.count("twice, whatever is done. Action 1 pays") == 2 and "falls under no theorem" not in BITES


def test_a_value_without_discount_needs_an_end_under_the_policy():
    P = np.zeros((1, 2, 1))
    P[0, 0, 0] = 1  # action 1 ends; a policy that never takes it goes on for ever
    world = pg.TabularMDP(P, np.ones((1, 2)), np.ones(1), 1.0)
    assert pg.state_values(world, np.array([[0.5, 0.5]]))[0] == pytest.approx(2)
    with pytest.raises(ValueError, match="never ends"):
        pg.state_values(world, np.array([[1.0, 0.0]]))
    assert "if under the policy every state can reach an end" in flat(list(solution("02-the-theorem").values()))


def test_the_lemma_can_hold_with_values_that_are_wrong():
    """Any V that is right at the start telescopes as well: in general the two sides differ, not always."""
    world, old, _, _ = doors()
    new = np.random.default_rng(0).dirichlet([1, 1], 4)
    gain = pg.expected_return(world, new) - pg.expected_return(world, old)
    visits, V = pg.discounted_visitation(world, new), pg.state_values(world, old)
    side = lambda V: visits @ (new * (world.R + world.gamma * world.P @ V - V[:, None])).sum(axis=1)  # noqa: E731
    assert side(V + [0, 5, -2, 9]) == pytest.approx(gain) and side(V) == pytest.approx(gain)
    assert side(V + [1, 0, 0, 0]) == pytest.approx(gain - 1)
    assert "the two sides differ in general" in THEOREM
    assert "expectation and endless sum change places, as they converge absolutely" in THEOREM


def test_a_mean_over_steps_is_too_small_by_the_length_in_large_batches():
    p, T = 0.98, np.arange(1, 4000)  # go on with probability p, one a step: 50 steps on average
    chance, J = p ** (T - 1) * (1 - p), 1 / (1 - p)
    total = (T - 1) * (1 - p) * (1 + J) - p * 1  # score times Q, over an episode of T steps
    slope = p * J  # of 1 / (1 - p), p a sigmoid
    assert chance @ total == pytest.approx(slope) and chance @ T == pytest.approx(50)
    large, one = (chance @ total) / (chance @ T), chance @ (total / T)
    assert 50 * large == pytest.approx(slope) and 50 * one < 0.9 * slope
    assert (
        "over all visited steps of a large batch" in BITES and "In small batches long episodes count for less" in BITES
    )


def test_where_nothing_ends_and_nothing_is_discounted_visits_are_infinite_and_not_at_most_anything():
    always = np.ones((1, 1))  # one state that leads to itself
    assert np.linalg.matrix_rank(np.eye(1) - always) == 0
    for said in (
        SHEET,
        PageAndLab.text("notation"),
        ANSWERS["derive-over-states"],
        source(the_theorem),
    ):
        after = said[said.index("at most either") - 90 :][:180]
        assert re.search(r"(with ends|episodes end) and (\$\\gamma<1\$|gamma < 1)", after, re.I)
        assert "if both" not in said


def test_plain_visits_of_a_world_that_never_ends_can_be_finite():
    """One choice at the start, then a last state for ever where nothing is left to choose: the direction without
    gamma^t is defined."""
    p, visits = 0.5, [0.0, 0.0]
    for steps in range(1000):
        visits[steps > 0] += 1
    assert visits == [1, 999]  # the second grows without end, and its own answer g is 0
    assert visits[0] * p * (1 - p) * (1 - 0) == 0.25
    assert (
        "a state's plain visits can be infinite, and then the direction without $\\gamma^t$ is in general not" in BITES
    )


def test_the_score_form_needs_probabilities_above_zero():
    """pi = (theta, 1 - theta) at theta = 0, Q = (1, 0): the sum over actions is the slope, the mean over drawn ones
    misses it."""
    pi, grad, Q = np.array([0, 1.0]), np.array([1, -1.0]), np.array([1, 0.0])
    drawn = pi > 0
    assert grad @ Q == 1 and pi[drawn] @ (grad[drawn] / pi[drawn] * Q[drawn]) == 0
    assert "multiplied and divided by $\\pi>0$ as above (a softmax's are never zero)" in THEOREM


def test_a_change_of_the_visits_costs_nothing_in_advantages_and_something_in_rewards():
    world, policy = pg.two_doors(), pg.two_action_softmax(2, 3)
    pi = pg.state_probs(world, policy, np.zeros(2))
    d = lambda t: pg.discounted_visitation(world, pg.state_probs(world, policy, np.array([t, 0])))  # noqa: E731
    change = (d(1e-5) - d(-1e-5)) / 2e-5
    advantage = pg.action_values(world, pi) - pg.state_values(world, pi)[:, None]
    assert abs(change @ (pi * advantage).sum(1)) < 1e-12
    assert change @ (pi * world.R).sum(1) == pytest.approx(-0.0625 * 3 - 0.0625 * 0.25)
    assert "*counted in advantages, a small change of where you go costs nothing to first order" in THEOREM


def test_with_equal_actions_nothing_falls_and_J_is_concave():
    pi, Q = np.array([0.3, 0.7]), np.ones(2)
    assert (pi * (Q - pi @ Q) == 0).all() and (softmax(np.log(pi) + Q - pi @ Q) == softmax(np.log(pi))).all()
    for said in (
        "There the worst action never rises",
        "Often, and always with two that differ",
        "$J$ need not be concave",
    ):
        assert said in BITES
    assert "although $J$ need not be concave" in ANSWERS["global-convergence"]


def test_states_that_share_parameters_can_help_each_other():
    """Two states, one logit, the same action good in both: each state's push is the other's gain."""
    answers = 0.25 * np.array([1.0, 2.0])
    assert (answers > 0).all()
    assert "one state's push can be another state's harm" in BITES
