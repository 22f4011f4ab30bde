"""What the sentences of chapters 0 to 2 claim, by enumeration,
linear programs and differences that share no code with the package."""

import itertools
import re
from fractions import Fraction as F

import numpy as np
import pytest
from scipy import optimize

from tests.helpers import page_and_lab
from tools.site import values


def doors(p, q):
    """Every episode of two doors, by hand: (probability, [(state, reward)]); p takes in A and in B, q pays in D."""
    for first, take, pays in itertools.product([True, False], repeat=3):
        chance = (p if first else 1 - p) * (p if take else 1 - p)
        last = ("C", F(-3)) if take else ("D", F(1, 2) if pays else F(0))
        chance *= F(1, 2) if take else (q if pays else 1 - q)
        yield chance, [("A", F(-1) if first else F(0)), ("B", F(3) if take else F(0)), last]


def discounted(rewards, gamma=F(1, 2)):
    return sum(gamma**t * r for t, r in enumerate(rewards))


def from_state(state, choose=None):
    """Average return from the first visit to a state at p = q = 1/2,
    given what is received there if `choose` asks for it."""
    total, weight = F(0), F(0)
    for chance, path in doors(F(1, 2), F(1, 2)):
        for t, (s, r) in enumerate(path):
            if s == state and (choose is None or r == choose):
                total, weight = total + chance * discounted([r for _, r in path[t:]]), weight + chance
    return total / weight


# ---- chapter 0 ----


def test_a_die():
    faces = [F(x) for x in range(1, 7)]
    mean, square = sum(faces) / 6, sum(x**2 for x in faces) / 6
    fourth = sum(x**4 for x in faces) / 6
    values.holds(
        die_squared_mean=mean**2,
        die_mean_square=square,
        die_mean_square_decimal=float(square),
        die_variance=float(square - mean**2),
        die_standard_error=float(fourth - square**2) ** 0.5 / 10,
    )


def test_two_doors_by_hand():
    values.holds(
        doors_V_A=from_state("A"),
        doors_V_B=from_state("B"),
        doors_V_D=from_state("D"),
        doors_Q_B_take=from_state("B", 3),
        doors_Q_B_leave=from_state("B", 0),
    )
    assert from_state("C") == -3

    def visits(state):
        return sum(
            chance * F(1, 2) ** t
            for chance, path in doors(F(1, 2), F(1, 2))
            for t, (s, _) in enumerate(path)
            if s == state
        )

    values.holds(doors_d_B=visits("B"), doors_d_C=visits("C"))
    assert visits("A") == 1 and visits("D") == visits("C")

    def J(p, q):
        return sum(chance * discounted([r for _, r in path]) for chance, path in doors(p, q))

    corners = [J(F(p), F(q)) for p in (0, 1) for q in (0, 1)]
    values.holds(doors_J_best=max(corners), doors_J_worst=min(corners))
    half, step = F(1, 2), F(1, 1000)  # J is linear in p and in q: one difference is exact
    slopes = [(J(half + step, half) - J(half, half)) / step, (J(half, half + step) - J(half, half)) / step]
    values.holds(doors_gradient=[slope / 4 for slope in slopes])


def test_expectations_multiply_also_where_the_two_depend_on_each_other():
    x = np.array([-1, 0, 1])
    assert np.mean(x * x**2) == np.mean(x) * np.mean(x**2) == 0 and {(-1, 1), (0, 0), (1, 1)} == set(zip(x, x**2))


# ---- chapter 1 ----

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
ROCK2 = np.array([[0, -1, 2], [1, 0, -1], [-2, 1, 0]])


def solved(payoff):
    """The value of a matrix game and a mixture that secures it, by a linear program."""
    rows, columns = payoff.shape
    found = optimize.linprog(
        [0] * rows + [-1],
        A_ub=np.c_[-payoff.T, np.ones(columns)],
        b_ub=np.zeros(columns),
        A_eq=[[1] * rows + [0]],
        b_eq=[1],
        bounds=[(0, 1)] * rows + [(None, None)],
    )
    return found.x[-1], found.x[:-1]


def test_games():
    along = [(1 - w) * a + w * b for a, b in itertools.combinations(np.eye(3), 2) for w in np.linspace(0, 1, 3001)]
    values.holds(
        edge_exploitability=F(min(-(p @ RPS).min() for p in along)).limit_denominator(100),
        rock2_uniform_loss=F(-(np.full(3, 1 / 3) @ ROCK2).min()).limit_denominator(100),
        rps_epsilon_greedy_loss=-((0.1 / 3 + 0.9 * np.eye(3)[0]) @ RPS).min(),
    )


def test_a_zero_sum_game_has_a_value_and_the_value_need_not_be_zero():
    value, mixture = solved(np.array([[0, -2], [-2, 0]]))
    values.holds(lost_game_loss=-value)
    assert np.allclose(mixture, 0.5)
    for symmetric in (RPS, ROCK2):
        assert abs(solved(symmetric)[0]) < 1e-9
    for payoff in np.random.default_rng(0).normal(size=(50, 3, 4)):
        value, mixture = solved(payoff)
        assert (mixture @ payoff).min() == pytest.approx(value) and -solved(-payoff.T)[0] == pytest.approx(
            value
        )  # secured by both


def softmax(theta):
    weights = np.exp(theta - np.max(theta))
    return weights / weights.sum()


def test_the_hill_of_the_opponent_who_answers_best_has_its_edge_at_the_top():
    def worst_case(theta):
        return (softmax(theta) @ RPS).min()

    h = 1e-6
    for e in h * np.eye(3):
        slopes = (worst_case(e) - worst_case(0 * e)) / h, (worst_case(0 * e) - worst_case(-e)) / h
        values.holds(rps_kink_slopes=[F(x).limit_denominator(1000) for x in slopes])
    fixed = np.array([0.2, 0.5, 0.3])  # one who keeps to a mixture: both sides have one slope

    def play(theta):
        return softmax(theta) @ RPS @ fixed

    for e in h * np.eye(3):
        assert (play(e) - play(0 * e)) / h == pytest.approx((play(0 * e) - play(-e)) / h, abs=1e-5)


def next_cell(cell, right, reversed_cells=(1,)):
    return max(0, cell + (1 if right != (cell in reversed_cells) else -1))


def test_corridor_with_and_without_memory():
    """Walks followed step by step; only the second cell is reversed, also of five."""

    def lengths(p, cells):
        here, n, out = np.eye(cells)[0], 0, []
        while here.sum() > 1e-13:
            n, there = n + 1, np.zeros(cells + 1)
            for s in range(cells):
                there[next_cell(s, True)] += here[s] * p
                there[next_cell(s, False)] += here[s] * (1 - p)
            out.append((n, there[cells]))
            here = there[:cells]
        return np.array(out)

    def J(p, cells=3):
        n, chance = lengths(p, cells).T
        return -(n @ chance)

    best, five = (
        optimize.minimize_scalar(lambda p: -J(p, cells), bounds=(0.3, 0.9), method="bounded", options=dict(xatol=1e-7))
        for cells in (3, 5)
    )

    def spread(p):
        n, chance = lengths(p, 3).T
        return (chance @ n**2 - (chance @ n) ** 2) ** 0.5

    deviation = spread(best.x)
    values.holds(
        corridor_best_p=best.x,
        corridor_best_J=-best.fun,
        corridor_left_J=J(0.05),
        corridor_right_J=J(0.95),
        corridor_left_steps=-J(0.05),
        corridor_right_steps=-J(0.95),
        corridor_coin_J=J(0.5),
        corridor_walk_deviation=deviation,
        corridor_coin_deviation=spread(0.5),
        five_best_p=five.x,
        five_best_J=-five.fun,
        five_coin_J=J(0.5, 5),
    )
    gap = J(best.x) - J(0.5)  # ten thousand walks of each: two and a half standard errors
    assert gap / (deviation * (2 / 100) ** 0.5) < 0.3 and 2.4 < gap / (deviation * (2 / 10_000) ** 0.5) < 3

    blind = [
        sequence
        for k in (1, 2, 3)
        for sequence in itertools.product([True, False], repeat=k)
        if cell_after(sequence) == 3
    ]
    assert blind == [(True, False, True)]
    values.holds(corridor_blind_steps=len(blind[0]))
    assert all(cell_after([button] * 500) < 3 for button in (True, False)), "no constant button ever arrives"


def cell_after(sequence):
    cell = 0
    for right in sequence:
        cell = cell if cell == 3 else next_cell(cell, right)
    return cell


def test_a_little_entropy_moves_the_safe_point():
    """The fixed point of the regularised game: log-probabilities are proportional to what the moves earn."""

    def residual(x):
        p = np.append(x, 1 - x.sum())
        gain = ROCK2 @ p - 0.1 * np.log(p)
        return gain[:2] - gain[2]

    x = optimize.fsolve(residual, [0.27, 0.5])
    values.holds(entropy_point=[*x, 1 - x.sum()])


def test_bins_and_the_angle_that_no_grid_holds():
    values.holds(
        bins_joint_table=sum(1 for _ in itertools.product(range(11), repeat=4)) * 11**3,
        bins_billion_at=next(D for D in itertools.count(1) if 11**D > 10**9),
        steer_peak=np.pi / 5,
    )

    def reward(a):
        return 1 / (1 + ((a - np.pi / 5) / 0.05) ** 2)

    nearest = {n: min(np.linspace(-1, 1, n), key=lambda a: abs(a - np.pi / 5)) for n in (11, 21, 101)}
    values.holds(steer_best_bin=nearest[11], steer_bin_reward=reward(nearest[11]), steer_best_of_101=nearest[101])
    values.holds(steer_best_bin=nearest[21])
    said = page_and_lab.PageAndLab("01-values-or-probabilities").printed("gaussprint")
    mean, peak, std, J = (float(x) for x in re.findall(r"\d+\.\d+", said))
    values.holds(steer_gauss_std=std, steer_gauss_reward=J)
    a = mean + std * np.linspace(-8, 8, 4001)
    weight = np.exp(-(((a - mean) / std) ** 2) / 2)
    assert weight @ reward(a) / weight.sum() == pytest.approx(J, abs=0.01)  # the spread is printed to two figures


def test_the_larger_of_two_noisy_estimates_is_too_high():
    values.holds(max_bias=F(sum(max(pair) for pair in itertools.product([-1, 1], repeat=2)), 4))


def test_joints_drawn_independently_can_move_together_always_but_share_no_luck():
    """A product of two distributions on {0, 1}: 'both, always' is one; 'both or neither, half of the time' is none."""
    grid = np.linspace(0, 1, 201)
    joint = np.array([[a * b, (1 - a) * (1 - b)] for a in grid for b in grid])
    assert np.abs(joint - [1, 0]).max(axis=1).min() == 0 and np.abs(joint - [0.5, 0.5]).max(axis=1).min() >= 0.25


def test_the_other_product_is_right_in_every_game_that_is_its_own_mirror_and_in_others_not():
    policies = np.random.default_rng(1).dirichlet(np.ones(3), size=1000)
    for payoff in (RPS, ROCK2):
        assert np.allclose((payoff @ policies.T).max(axis=0), -(policies @ payoff).min(axis=1))
    other = np.array([[0, -1, 1], [1, 0, -1], [-1, 2, 0]])
    assert not np.allclose((other @ policies.T).max(axis=0), -(policies @ other).min(axis=1))


# ---- chapter 2 ----


def test_two_doors_visits_in_decimals():
    J = [
        sum(chance * discounted([r for _, r in path]) for chance, path in doors(F(p), F(q)))
        for p in (0, 1)
        for q in (0, 1)
    ]
    values.holds(doors_best_decimal=float(max(J)), doors_worst_decimal=float(min(J)))
    total = sum(chance * F(1, 2) ** t for chance, path in doors(F(1, 2), F(1, 2)) for t in range(len(path)))
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
