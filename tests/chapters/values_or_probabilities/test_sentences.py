"""What the sentences of chapter 1 claim: by enumeration and linear programs, and for each condition the counterexample
to what was once written there."""

import itertools
import re
import warnings
from fractions import Fraction as F

import nbformat
import numpy as np
import pytest
from scipy import optimize

import policy_gradient as pg
from tests.helpers import page_and_lab
from tests.helpers.page_and_lab import PageAndLab
from tests.helpers.sentences import ANSWERS, cells, corridor, doors, flat, slope, softmax, solution, source
from tools.paths import ROOT
from tools.site import values

VALUES = PageAndLab.text("01-values-or-probabilities")
MANY = PageAndLab.text("01-too-many-actions")


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


def test_at_gamma_one_a_table_can_rest_at_values_that_are_not_the_best():
    """One state: loop pays 0 and stays, stop pays 1 and ends. Bellman's optimality equation, an action at a time."""

    def bellman(loop, gamma):
        return gamma * max(loop, 1), 1  # Q(loop), Q(stop)

    for loop in (1, 2, 100):
        assert bellman(loop, 1) == (loop, 1)  # at rest, however wrong
        for _ in range(600):
            loop = bellman(loop, F(9, 10))[0]
        assert loop == F(9, 10)  # with gamma < 1 it comes home
    assert "With a table and $\\gamma<1$ this finds the best values, if rewards are bounded, every action" in VALUES


def test_a_softmax_of_values_does_not_spread_the_same_way_in_every_game():
    spread = [softmax(np.array(values) / 0.5) for values in ([0, 0, 0], [0, 1, 0], [0, 1, 3])]
    assert all(abs(a - b).max() > 0.1 for a, b in zip(spread, spread[1:]))
    assert (
        "and neither looks for the mixture that pays" in " ".join(VALUES.split()) and "whatever the game" not in VALUES
    )


def test_a_softmax_under_one_reply_walks_in_a_curve_that_is_nearly_straight():
    payoff, z, path = np.array([-1, 1, 0.0]), np.array([2.0, 0.5, -1.0]), []
    for _ in range(300):
        pi = softmax(z)
        path.append(pi)
        z = z + 0.05 * pi * (payoff - pi @ payoff)
    along, points = path[-1] - path[0], np.array(path) - path[0]
    off = np.linalg.norm(points - np.outer(points @ along, along) / (along @ along), axis=1).max()
    assert 0.001 < off / np.linalg.norm(along) < 0.2
    lab = nbformat.read(ROOT / "notebooks/01-values-or-probabilities.ipynb", as_version=4)
    said = flat([[c.source, c.metadata] for c in lab.cells])
    assert said.count("in nearly straight pieces") == 2 and "in straight pieces" not in said


def test_the_recursion_for_crossing_a_cell_gives_the_corridor_s_curve():
    p = F(3, 7)
    for cells_, closed in (
        (3, (2 * p - 4) / (p * (1 - p))),
        (5, -6 / p - 2 / (1 - p) - 4 * (1 - p) / p**2 - 3 * (1 - p) ** 2 / p**3),
    ):  # as the explorable shows it
        f = [1 - p if i == 1 else p for i in range(cells_)]
        e = [1 / f[0]]
        for chance in f[1:]:
            e.append((1 + (1 - chance) * e[-1]) / chance)
        assert -sum(e) == closed
        step = np.zeros((cells_, cells_))
        for i, chance in enumerate(f):
            step[i, max(i - 1, 0)] += float(1 - chance)
            if i + 1 < cells_:
                step[i, i + 1] = float(chance)
        assert np.linalg.solve(np.eye(cells_) - step, -np.ones(cells_))[0] == pytest.approx(float(closed))
    for step_ in ("$e_1=1/f_1$", "so $e_i=(1+(1-f_i)\\,e_{i-1})/f_i$", "Expectations add: $J=-\\sum_ie_i$"):
        assert step_ in VALUES


GAME = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_q_learning_needs_bounded_rewards():
    """One state, one action, steps n^-.6 (their sum is infinite, that of their squares is not), rewards of mean 0."""
    rng, n = np.random.default_rng(0), 200_000
    worst = []
    for rewards in (rng.pareto(1.2, n) * rng.choice([-1, 1], n), rng.choice([-1.0, 1.0], n)):
        Q, far = 0.0, 0.0
        for k, r in enumerate(rewards, 1):
            Q += k**-0.6 * (r - Q)
            far = max(far, abs(Q)) if k > n // 2 else 0.0
        worst.append(far)
    assert worst[0] > 5 and worst[1] < 0.2 and "if rewards are bounded, every action is" in VALUES


def test_actions_that_are_equally_good_beside_the_best_mixture_can_each_be_bad_alone():
    p = 2 - np.sqrt(2)
    step = corridor(p)
    V, d = np.linalg.solve(np.eye(3) - step, -np.ones(3)), np.linalg.solve(np.eye(3) - step.T, [1, 0, 0])
    left, right = np.array([V[0], V[2], V[1]]) - 1, np.array([V[1], V[0], 0]) - 1
    assert d @ (right - left) == pytest.approx(0, abs=1e-9)  # over what one sees, equally good
    for button in (0, 1):  # and each of them alone never arrives
        assert np.linalg.matrix_power(corridor(button), 1000).sum(axis=1)[0] == 1
    assert np.ptp(GAME @ np.full(3, 1 / 3)) == 0 and all((corner @ GAME).min() == -1 for corner in np.eye(3))
    assert (
        "Where the world stays as it is, its state is seen and these are the values of the best policy" in VALUES
        and "harmless" not in VALUES
    )


def test_what_epsilon_greedy_loses_is_said_of_the_first_game():
    rock2 = np.array([[0, -1, 2], [1, 0, -1], [-2, 1, 0]])
    loses = lambda game: [-((0.1 / 3 + 0.9 * best) @ game).min() for best in np.eye(3)]  # noqa: E731
    np.testing.assert_allclose(loses(GAME), 0.9)
    assert max(abs(np.array(loses(rock2)[1:]) - 0.9)) > 0.9 and "a round in the first game." in VALUES


def test_cells_are_crossed_until_the_next_is_first_seen_and_not_for_good():
    p = 2 - np.sqrt(2)
    forward = [p, 1 - p, p]
    e = [1 / forward[0]]
    for f in forward[1:]:
        e.append((1 + (1 - f) * e[-1]) / f)
    for i in range(3):  # steps from cell i to the first visit to i + 1: the walk ended there
        cut = corridor(p)[: i + 1, : i + 1]
        assert np.linalg.solve(np.eye(i + 1) - cut, np.ones(i + 1))[i] == pytest.approx(e[i])
    back = np.linalg.solve(np.eye(2) - corridor(p)[1:, 1:], corridor(p)[1:, 0])[0]
    assert back > 0.5  # from the second cell one is more often than not in the first again
    assert "from the first visit to cell $i$ to the first visit to the next one" in VALUES and "for good" not in VALUES


def test_a_clock_tells_the_cell_only_to_an_agent_whose_presses_are_fixed():
    np.testing.assert_allclose(np.array([1, 0, 0]) @ corridor(0.5), [0.5, 0.5, 0])  # one time, two cells
    here = np.array([1.0, 0, 0])
    for right in (1, 0):
        here = here @ corridor(right)
        assert sorted(here) == [0, 0, 1]
    assert "A clock alone is enough for it only because its own presses are fixed" in VALUES.replace("\n", " ")


def test_a_policy_beside_the_middle_can_be_exploited():
    loss = -(np.array([0.334, 0.334, 0.332]) @ GAME).min()
    assert 0.001 < loss < 0.005
    told = (ROOT / "learning_to_act/explorables/simplex.js").read_text("utf8")
    assert "No reply earns as much as 0.005 a round" in told and "cannot be exploited" not in told


def test_no_even_grid_from_minus_one_to_one_holds_the_angle_and_another_grid_does():
    grids = (np.linspace(-1, 1, n) for n in range(2, 1500))
    assert min(abs(grid - np.pi / 5).min() for grid in grids) > 1e-9 and np.pi / 5 in np.linspace(0, np.pi / 5, 11)
    lab4 = flat(list(cells("04-continuous-actions").values()))
    assert "no evenly spaced grid from $-1$ to $1$ holds" in MANY and "no even grid from $-1$ to $1$ holds" in lab4
    assert "grid always misses" not in MANY


def test_a_sum_of_smooth_functions_without_end_need_not_be_smooth():
    slopes = [sum(2.0**-k * 4**k for k in range(n)) for n in (5, 10, 20)]  # of sum 2^-k sin(4^k x) at 0
    assert slopes[0] < slopes[1] < slopes[2] > 1e5
    assert "made from finitely many of them by sums, products and division" in MANY and "[chapter 8]" in MANY


def test_one_figure_s_bins_and_the_text_s_stand_elsewhere():
    middles, ends = -1 + (2 * np.arange(11) + 1) / 11, np.linspace(-1, 1, 11)
    nearest = lambda grid: grid[np.abs(grid - np.pi / 5).argmin()]  # noqa: E731
    assert nearest(ends) == pytest.approx(0.6) and nearest(middles) == pytest.approx(6 / 11)
    assert "the bins in the figure above stand at the middles of cells" in MANY
    peak = optimize.minimize_scalar(lambda a: (a - np.pi / 5) ** 2).x  # a quadratic Q has its maximum without bins
    assert peak == pytest.approx(np.pi / 5) and "a way to the maximum: bins, a search, a learned maximiser" in MANY


def test_an_argmax_s_jump_can_cost_more_than_a_difference_where_rooms_look_alike():
    """Two rooms that look alike: alike twice pays 10 for *take*, 0 for *leave*; once each costs 10. No mixture beats
    *take* alone."""
    J = lambda p: 10 * p**2 - 10 * 2 * p * (1 - p)  # noqa: E731
    mixtures = np.linspace(0, 1, 1001)
    assert J(mixtures).argmax() == 1000
    assert slope(J, 1 / 3) == pytest.approx(0, abs=1e-6) and J(1) - J(0) == 10  # equal there, and the jump costs 10
    world, _, _, _ = doors()  # seen states, values of the best policy: the cost is the gap at each visit
    best = np.eye(2)[[0, 1, 0, 1]]
    Q = pg.action_values(world, best)
    for s in range(4):
        jumped = best.copy()
        jumped[s] = jumped[s, ::-1]
        lost = pg.expected_return(world, best) - pg.expected_return(world, jumped)
        gap = Q[s] @ (best[s] - jumped[s])
        assert gap >= 0 and lost == pytest.approx(pg.discounted_visitation(world, jumped)[s] * gap)


def test_the_reason_why_the_corridor_wants_chance_is_not_true_of_two_doors():
    world, _, _, _ = doors()
    Q = pg.action_values(world, np.eye(2)[[0, 1, 0, 1]])
    assert Q[0, 0] > Q[0, 1] and Q[1, 1] > Q[1, 0]  # rooms that look alike and need different actions
    J = lambda p: -p / 4 + (1 - p) / 8  # noqa: E731  and the best of all p is no mixture
    assert J(np.linspace(0, 1, 101)).argmax() == 0
    assert "Either button alone never arrives." in VALUES and "Whatever single button" not in VALUES
    np.testing.assert_array_equal(corridor(0.0)[0], [1, 0, 0])  # left in the first cell does not move
    assert "moves one cell" not in VALUES and "for $0<p<1$" in VALUES


def test_the_maximum_of_noisy_estimates_is_too_high_where_they_are_close():
    noise = list(itertools.product((-1, 1), repeat=2))
    highest = lambda gap: np.mean([max(a, b - gap) for a, b in noise])  # noqa: E731
    assert highest(0) == 0.5 and highest(10) == 0  # ten apart: nobody changes places
    assert "the maximum of noisy ones tends to be too high" in MANY


def test_a_baseline_that_was_learned_from_the_episode_itself_leaves_nothing():
    p, reward = np.array([0.5, 0.5]), np.array([0.0, 1.0])
    score = np.array([-0.5, 0.5])
    own, other = p @ (score * (reward - reward)), p @ (score * (reward - p @ reward))
    assert own == 0 and other == pytest.approx(0.25)  # a batch of one, fitted first
    assert "if they were learned from other episodes" in MANY


def test_epsilon_greedy_s_best_action_has_a_share_of_epsilon_and_numpy_s_integers_warn_in_products():
    from learning_to_act.exercises import values_or_probabilities

    reached = 0.1 / 2 + 0.9 * np.eye(2)[1]
    assert reached[1] == pytest.approx(0.95) and reached.sum() == pytest.approx(1)  # more than all but epsilon
    told = source(values_or_probabilities)
    assert "1 - epsilon for the best and the rest for all alike" in told and "all the chance but epsilon" not in told
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.int64(2**62) * np.int64(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.int64(10) ** 30 != 10**30
    assert "in a power without a word" in told
    assert "in a power without a word" in flat(list(solution("01-values-or-probabilities").values()))


def test_simultaneous_steps_end_up_circling_at_the_rim_with_exploitability_mostly_1():
    for start in ([0.36, 0.34, 0.3], [0.25, 0.35, 0.4], [0.4, 0.3, 0.3]):
        history = pg.self_play(start, [0.3, 0.36, 0.34], pg.RPS, 20_000, 0.1)[:, 0]
        late = -(history[-5000:] @ pg.RPS).min(axis=1)
        assert np.mean(late > 0.99) > 0.75 and 0.3 < late.min() < 0.5 and -(history.mean(axis=0) @ pg.RPS).min() < 0.05
    assert "circles at the rim, its exploitability mostly 1" in ANSWERS["self-play"]
