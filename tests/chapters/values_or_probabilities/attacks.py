"""Chapter 1: softmax, epsilon-greedy, the worst case, the corridor, bins."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import scipy.optimize
import scipy.special
import scipy.stats

from tests.attacks import probes, right, wrong

# --- softmax -------------------------------------------------------------------------------------------------------


@probes("softmax")
def softmax_probes(rng):
    for shape in [(1,), (2,), (6,), (5, 2), (2, 5), (3, 3), (2, 3, 4), (1, 4)]:
        yield (rng.normal(scale=3, size=shape),)
    yield (rng.integers(-4, 5, (3, 4)),)
    for far in (700.0, -800.0, 5e4, -5e4):
        yield (far + rng.normal(size=(2, 3)),)
    yield (rng.normal(size=(3, 2)) + np.array([[2000.0], [0.0], [-2000.0]]),)
    yield (np.array([[0.3, -np.inf, -1.0], [-np.inf, 2.0, 2.5]]),)


@wrong("softmax", "not-normalised")
def divided_by_the_largest(logits):
    weights = np.exp(logits - np.max(logits, -1, keepdims=True))
    return weights / weights.max(-1, keepdims=True)


@wrong("softmax", "exp-forgotten")
def exp_forgotten(logits):
    return logits / np.sum(logits, axis=-1, keepdims=True)


@wrong("softmax", "law")
def bracket_in_the_wrong_place(logits):
    return np.exp(logits / np.sum(np.exp(logits), axis=-1, keepdims=True))


@wrong("softmax", "smallest")
def logits_clipped(logits):
    weights = np.exp(np.clip(logits, -500, 500))
    return weights / weights.sum(-1, keepdims=True)


@wrong("softmax", "precision")
def rounded_to_three_digits(logits):
    return np.round(scipy.special.softmax(logits, axis=-1), 3)


@wrong("softmax", "law")
def nan_made_zero(logits):
    weights = np.exp(logits)
    return np.nan_to_num(weights / weights.sum(-1, keepdims=True))


@wrong("softmax", "integers-truncate")
def integers_cut(logits):
    probs = np.zeros_like(logits)
    probs[...] = scipy.special.softmax(logits, axis=-1)
    return probs


@wrong("softmax", "subtracts-the-minimum")
def minimum_subtracted(logits):
    weights = np.exp(logits - np.min(logits, -1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@wrong("softmax", "not-finite")
def largest_size_subtracted(logits):
    weights = np.exp(logits - np.abs(logits).max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@wrong("softmax", "sigmoid")
def sigmoid_of_each(logits):
    return scipy.special.expit(logits)


@wrong("softmax", "law")
def low_logits_preferred(logits):
    return scipy.special.softmax(-np.asarray(logits, float), axis=-1)


@wrong("softmax", "shape")
def not_turned_back(logits):
    z = np.asarray(logits).T
    weights = np.exp(z - z.max(0))
    return weights / weights.sum(0)


@wrong("softmax", "shape")
def column_by_column(logits):
    if np.ndim(logits) == 1:
        return scipy.special.softmax(logits)
    return np.stack([scipy.special.softmax(column) for column in np.asarray(logits).T], axis=1)


@wrong("softmax", "raised")
def keepdims_forgotten(logits):
    weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1)


@wrong("softmax", "one-index")
def ratios_to_the_first(logits):
    return 1 / np.exp(logits - logits[..., :1]).sum(-1, keepdims=True) * np.ones_like(logits)


@wrong("softmax", "smallest")
def argmax_as_one_hot(logits):
    return (logits == np.max(logits, -1, keepdims=True)).astype(float)


@wrong("softmax", "changes-argument")
def works_on_the_argument(logits):
    if logits.dtype.kind == "i":
        return scipy.special.softmax(logits, axis=-1)
    logits -= logits.max(-1, keepdims=True)
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


@right("softmax")
def softmax_of_log_softmax(logits):
    return np.exp(scipy.special.log_softmax(logits, axis=-1))


@right("softmax")
def softmax_by_recursion(logits):
    if np.ndim(logits) > 1:
        return np.array([softmax_by_recursion(row) for row in logits])
    return np.exp(logits - np.logaddexp.reduce(np.asarray(logits, float)))


@right("softmax")
def softmax_in_decimals(logits):
    def row(z):
        weights = [Decimal(float(one)).exp() for one in z]
        return [float(one / sum(weights)) for one in weights]

    return np.apply_along_axis(row, -1, logits)


@right("softmax")
def softmax_loops_over_a_flat_copy(logits):
    rows = np.array(logits, float).reshape(-1, np.shape(logits)[-1])
    for i in range(len(rows)):
        top, total = max(rows[i]), 0.0
        for j in range(len(rows[i])):
            rows[i, j] = math.exp(rows[i, j] - top)
            total += rows[i, j]
        for j in range(len(rows[i])):
            rows[i, j] /= total
    return rows.reshape(np.shape(logits))


@right("softmax")
def softmax_in_half_the_bits(logits):
    z = np.asarray(logits)
    return scipy.special.softmax((z - z.max(-1, keepdims=True)).astype(np.float32), axis=-1)


# --- epsilon_greedy_probs ------------------------------------------------------------------------------------------


@probes("epsilon_greedy_probs")
def epsilon_probes(rng):
    for size in (1, 2, 3, 7):
        yield rng.normal(size=size), float(rng.uniform(0.05, 0.95))
    for values in ([2.0, 2.0], [0.0, 5.0, 5.0, 5.0], [-1.0, -1.0, -3.0], [0.0, 0.0, 0.0, 0.0]):
        yield np.array(values), 0.35
        yield np.array(values), 0.0
        yield np.array(values), 1.0
    yield np.array([4, 4, 1]), 0.15
    yield np.array([1.0, 1.0 + 1e-10]), 0.5


@wrong("epsilon_greedy_probs", "last-of-the-ties")
def last_of_the_ties(q_values, epsilon):
    probs = np.full(len(q_values), epsilon / len(q_values))
    probs[len(q_values) - 1 - np.argmax(q_values[::-1])] += 1 - epsilon
    return probs


@wrong("epsilon_greedy_probs", "law")
def worst_action_preferred(q_values, epsilon):
    best = q_values == np.min(q_values)
    return epsilon / len(q_values) + (1 - epsilon) * best / best.sum()


@wrong("epsilon_greedy_probs", "unused")
def purely_greedy(q_values, epsilon):
    best = q_values == np.max(q_values)
    return best / best.sum()


@wrong("epsilon_greedy_probs", "unused")
def purely_random(q_values, epsilon):
    return np.full(len(q_values), 1 / len(q_values))


@wrong("epsilon_greedy_probs", "law")
def epsilon_for_each_action(q_values, epsilon):
    best = q_values == np.max(q_values)
    return epsilon + (1 - epsilon) * best / best.sum()


@wrong("epsilon_greedy_probs", "law")
def softmax_with_a_temperature(q_values, epsilon):
    return scipy.special.softmax(np.asarray(q_values) / max(epsilon, 1e-3))


@wrong("epsilon_greedy_probs", "normalised-afterwards")
def normalised_afterwards(q_values, epsilon):
    probs = np.full(len(q_values), epsilon / len(q_values))
    probs[q_values == np.max(q_values)] = 1 - epsilon
    return probs / probs.sum()


@wrong("epsilon_greedy_probs", "shape")
def an_action_drawn(q_values, epsilon):
    rng = np.random.default_rng(0)
    return rng.integers(len(q_values)) if rng.random() < epsilon else int(np.argmax(q_values))


@wrong("epsilon_greedy_probs", "law")
def largest_size_is_best(q_values, epsilon):
    best = np.abs(q_values) == np.max(np.abs(q_values))
    return epsilon / len(q_values) + (1 - epsilon) * best / best.sum()


@wrong("epsilon_greedy_probs", "law")
def two_actions_in_mind(q_values, epsilon):
    best = q_values == np.max(q_values)
    return epsilon / 2 + (1 - epsilon) * best / best.sum()


@wrong("epsilon_greedy_probs", "law")
def all_best_above_zero(q_values, epsilon):
    best = (q_values > 0) & (q_values == np.max(q_values))
    return epsilon / len(q_values) + (1 - epsilon) * best / max(best.sum(), 1)


@wrong("epsilon_greedy_probs", "near-ties")
def ties_rounded(q_values, epsilon):
    q = np.round(np.asarray(q_values, float), 6)
    best = q == q.max()
    return epsilon / len(q) + (1 - epsilon) * best / best.sum()


@right("epsilon_greedy_probs")
def epsilon_as_a_mixture(q_values, epsilon):
    best = np.isin(np.arange(len(q_values)), np.flatnonzero(q_values == np.amax(q_values)))
    return np.average(
        [best / np.count_nonzero(best), np.full(best.shape, 1 / best.size)], axis=0, weights=[1 - epsilon, epsilon]
    )


@right("epsilon_greedy_probs")
def epsilon_with_dictionaries(q_values, epsilon):
    groups = {}
    for a, q in enumerate(q_values.tolist()):
        groups.setdefault(q, []).append(a)
    best = groups[max(groups)]
    return [epsilon / len(q_values) + (a in best) * (1 - epsilon) / len(best) for a in range(len(q_values))]


@right("epsilon_greedy_probs")
def epsilon_by_recursion(q_values, epsilon):
    def ties(q):
        return 0 if len(q) == 0 else int(q[0] == np.max(q_values)) + ties(q[1:])

    share = (1 - epsilon) / ties(q_values)
    return tuple(epsilon / len(q_values) + share * (q >= np.max(q_values)) for q in q_values)


@right("epsilon_greedy_probs")
def epsilon_from_ranks(q_values, epsilon):
    rank = scipy.stats.rankdata(q_values, method="max")
    best = rank == len(q_values)
    return best * (1 - epsilon) / best.sum() + epsilon / len(q_values)


@right("epsilon_greedy_probs")
def epsilon_in_single_precision(q_values, epsilon):
    best = (q_values == q_values.max()).astype(np.float32)
    return np.float32(epsilon / len(q_values)) + np.float32(1 - epsilon) * best / best.sum()


# --- worst_case_loss -----------------------------------------------------------------------------------------------


@probes("worst_case_loss")
def worst_probes(rng):
    for A, B in [(2, 3), (3, 2), (1, 4), (4, 1), (3, 3), (5, 2), (2, 2)]:
        yield rng.dirichlet(np.ones(A)), rng.normal(size=(A, B))
        yield rng.dirichlet(np.ones(A)), rng.normal(size=(A, B)) + 4
    yield np.array([0.0, 1.0, 0.0]), np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    yield np.array([0.5, 0.5]), np.array([[-3, 2], [1, -2]])


@wrong("worst_case_loss", "unused")
def worst_single_entry(policy, payoff):
    return -payoff.min()


@wrong("worst_case_loss", "law")
def worst_reply_to_each_action(policy, payoff):
    return -(policy * payoff.min(axis=1)).sum()


@wrong("worst_case_loss", "raised")
def opponent_plays_our_policy(policy, payoff):
    return -policy @ payoff @ policy


@wrong("worst_case_loss", "law")
def index_of_the_reply(policy, payoff):
    return int(np.argmin(policy @ payoff))


@wrong("worst_case_loss", "shape")
def loss_for_each_reply(policy, payoff):
    return -(policy @ payoff)


@wrong("worst_case_loss", "law")
def best_minus_worst(policy, payoff):
    return np.ptp(policy @ payoff)


@wrong("worst_case_loss", "law")
def our_most_likely_action_only(policy, payoff):
    return -payoff[np.argmax(policy)].min()


@wrong("worst_case_loss", "law")
def mean_loss_minus_worst(policy, payoff):
    ours = policy @ payoff
    return ours.mean() - ours.min()


@wrong("worst_case_loss", "raised")
def broadcast_over_the_rows(policy, payoff):
    return -(policy * payoff).sum(0).min()


@wrong("worst_case_loss", "factor")
def mean_over_our_actions(policy, payoff):
    return -(policy[:, None] * payoff).mean(0).min()


@wrong("worst_case_loss", "law")
def best_reply_by_the_plain_mean(policy, payoff):
    return -(policy @ payoff)[payoff.mean(0).argmin()]


@wrong("worst_case_loss", "unused")
def against_the_uniform_policy(policy, payoff):
    return -payoff.mean(0).min()


@wrong("worst_case_loss", "law")
def exploitability_above_the_value(policy, payoff):
    A, B = payoff.shape
    best = scipy.optimize.linprog(
        np.r_[np.zeros(A), -1],
        A_ub=np.c_[-payoff.T, np.ones(B)],
        b_ub=np.zeros(B),
        A_eq=[np.r_[np.ones(A), 0]],
        b_eq=[1],
        bounds=[(0, 1)] * A + [(None, None)],
    )
    return -best.fun - (policy @ payoff).min()


@right("worst_case_loss")
def worst_as_a_game_of_minus_payoff(policy, payoff):
    return max(float(loss) for loss in (-np.asarray(payoff)).T @ policy)


@right("worst_case_loss")
def worst_in_fractions(policy, payoff):
    def earned(b):
        return sum(Fraction(float(p)) * Fraction(float(row[b])) for p, row in zip(policy, payoff))

    return -min(map(earned, range(payoff.shape[1])))


@right("worst_case_loss")
def worst_by_a_linear_program(policy, payoff):
    losses = -policy @ payoff
    return scipy.optimize.linprog([1.0], A_ub=-np.ones((len(losses), 1)), b_ub=-losses, bounds=[(None, None)]).fun


@right("worst_case_loss")
def worst_by_recursion(policy, payoff):
    rest = payoff[:, 1:]
    first = -sum(p * x for p, x in zip(policy, payoff[:, 0]))
    return first if rest.shape[1] == 0 else max(first, worst_by_recursion(policy, rest))


@right("worst_case_loss")
def worst_in_single_precision(policy, payoff):
    return np.float32(-np.sort(np.tensordot(policy, payoff, 1))[0])


# --- corridor_value ------------------------------------------------------------------------------------------------


@probes("corridor_value")
def corridor_probes(rng):
    for shape in [(), (1,), (4,), (2, 2), (1, 3, 2)]:
        yield (rng.uniform(0.02, 0.98, shape) if shape else float(rng.uniform(0.02, 0.98)),)
    yield (0.003,)
    yield (0.998,)


@wrong("corridor_value", "another-cell-reversed")
def all_cells_reversed(p_right):
    r = np.asarray(p_right) / (1 - np.asarray(p_right))
    return -(3 + 2 * r + r * r) / (1 - p_right)


@wrong("corridor_value", "another-cell")
def start_in_the_middle(p_right):
    p = np.asarray(p_right)
    return (2 * p - 4) / (p * (1 - p)) + 1 / p


@wrong("corridor_value", "another-cell-reversed")
def last_cell_reversed_instead(p_right):
    values = []
    for p in np.ravel(p_right):
        q = 1 - p
        values.append(np.linalg.solve([[1 - q, -p, 0], [-q, 1, -p], [0, -p, 1]], [-1, -1, -1])[0])
    return np.reshape(values, np.shape(p_right))


@wrong("corridor_value", "another-cell-reversed")
def first_cell_reversed_too(p_right):
    values = []
    for p in np.ravel(p_right):
        q = 1 - p
        values.append(np.linalg.solve([[1 - p, -q, 0], [-p, 1, -q], [0, -q, 1]], [-1, -1, -1])[0])
    return np.reshape(values, np.shape(p_right))


@wrong("corridor_value", "left-at-the-wall")
def wall_sends_nowhere(p_right):
    """Left in the first cell leaves the world."""
    values = []
    for p in np.ravel(p_right):
        q = 1 - p
        values.append(np.linalg.solve([[1, -p, 0], [-p, 1, -q], [0, -q, 1]], [-1, -1, -1])[0])
    return np.reshape(values, np.shape(p_right))


@wrong("corridor_value", "too-few-sweeps")
def a_hundred_sweeps(p_right):
    p = np.asarray(p_right, float)
    q, v0, v1, v2 = 1 - p, 0 * p, 0 * p, 0 * p
    for _ in range(100):
        v0, v1, v2 = -1 + q * v0 + p * v1, -1 + p * v0 + q * v2, -1 + q * v1
    return v0


@wrong("corridor_value", "discounted")
def discounted(p_right):
    values = []
    for p in np.ravel(p_right):
        P = np.array([[1 - p, p, 0], [p, 0, 1 - p], [0, 1 - p, 0]])
        values.append(np.linalg.solve(np.eye(3) - 0.99 * P, -np.ones(3))[0])
    return np.reshape(values, np.shape(p_right))


@wrong("corridor_value", "another-cell")
def mean_over_the_cells(p_right):
    values = []
    for p in np.ravel(p_right):
        P = np.array([[1 - p, p, 0], [p, 0, 1 - p], [0, 1 - p, 0]])
        values.append(np.linalg.solve(np.eye(3) - P, -np.ones(3)).mean())
    return np.reshape(values, np.shape(p_right))


@wrong("corridor_value", "offset")
def goal_pays_one(p_right):
    p = np.asarray(p_right)
    return (2 * p - 4) / (p * (1 - p)) + 2


@wrong("corridor_value", "bracket")
def bracket_forgotten(p_right):
    return (2 * p_right - 4) / p_right * (1 - p_right)


@wrong("corridor_value", "shape")
def only_one_number(p_right):
    p = float(np.ravel(p_right)[0])
    return (2 * p - 4) / (p * (1 - p))


@wrong("corridor_value", "law")
def step_by_step_with_dice(p_right):
    rng, returns = np.random.default_rng(0), []
    for p in np.ravel(p_right):
        total = 0
        for _ in range(20):
            s = 0
            while s < 3 and total > -4000:
                right_now = (rng.random() < p) != (s == 1)
                s, total = max(s + (1 if right_now else -1), 0), total - 1
        returns.append(total / 20)
    return np.reshape(returns, np.shape(p_right))


@right("corridor_value")
def corridor_in_partial_fractions(p_right):
    p = np.asarray(p_right)
    return -4 / p - 2 / (1 - p)


@right("corridor_value")
def corridor_in_fractions(p_right):
    if np.ndim(p_right):
        return [corridor_in_fractions(p) for p in p_right]
    p = Fraction(float(p_right))
    return -(4 - 2 * p) / p / (1 - p)


@right("corridor_value")
def corridor_by_visits(p_right):
    """Minus the expected number of visits to each cell, all added up."""

    def one(p):
        q = 1 - p
        return -np.linalg.inv(np.array([[1 - q, -p, 0], [-p, 1, -q], [0, -q, 1]]))[0].sum()

    return np.vectorize(one)(p_right)


@right("corridor_value")
def corridor_batched_solve(p_right):
    p = np.asarray(p_right, float)
    q, zero = 1 - p, np.zeros_like(p)
    P = np.array([[q, p, zero], [p, zero, q], [zero, q, zero]])
    M = np.eye(3) - np.moveaxis(P, (0, 1), (-2, -1))
    return np.linalg.solve(M, np.full((*p.shape, 3, 1), -1.0))[..., 0, 0]


@right("corridor_value")
def corridor_in_single_precision(p_right):
    p = np.asarray(p_right, np.float64)
    return ((2 * p - 4) / (p - p * p)).astype(np.float32)


# --- bins_needed ---------------------------------------------------------------------------------------------------


@probes("bins_needed")
def bins_probes(rng):
    for _ in range(25):
        cells, part = int(rng.integers(1, 40)), float(rng.uniform(0.05, 0.95))
        tolerance = float(rng.uniform(0.01, 2))
        yield int(rng.integers(1, 9)), (cells - part) * 2 * tolerance, tolerance
    yield 4, 3.0, 0.5
    yield 2, 1.0, 0.125
    yield 5, 12, 3
    yield 40, 1.0, 0.0099
    yield 3, 0.5, 0.75


@wrong("bins_needed", "law")
def the_whole_grid_rounded_up_at_the_end(num_dims, action_range, tolerance):
    return max(1, math.ceil((action_range / (2 * tolerance)) ** num_dims))


@wrong("bins_needed", "law")
def dimensions_to_the_power_of_cells(num_dims, action_range, tolerance):
    return num_dims ** max(1, math.ceil(action_range / (2 * tolerance)))


@wrong("bins_needed", "law")
def half_the_range(num_dims, action_range, tolerance):
    return max(1, math.ceil(action_range / (4 * tolerance))) ** num_dims


@wrong("bins_needed", "times-dimensions")
def cells_added(num_dims, action_range, tolerance):
    return sum(max(1, math.ceil(action_range / (2 * tolerance))) for _ in range(num_dims))


@wrong("bins_needed", "law")
def at_least_two(num_dims, action_range, tolerance):
    return max(2, math.ceil(action_range / (2 * tolerance))) ** num_dims


@wrong("bins_needed", "shape")
def logarithm(num_dims, action_range, tolerance):
    return num_dims * math.log(max(1, math.ceil(action_range / (2 * tolerance))))


@wrong("bins_needed", "law")
def one_axis_only(num_dims, action_range, tolerance):
    return max(1, math.ceil(action_range / (2 * tolerance)))


@wrong("bins_needed", "law")
def bracket_left_out(num_dims, action_range, tolerance):
    return max(1, math.ceil(action_range / 2 * tolerance)) ** num_dims


@wrong("bins_needed", "one-too-many")
def linspace_counted(num_dims, action_range, tolerance):
    return len(np.arange(0, action_range + 2 * tolerance, 2 * tolerance)) ** num_dims


@wrong("bins_needed", "integer-overflow")
def thirty_two_bits(num_dims, action_range, tolerance):
    return int(np.prod(np.full(num_dims, max(1, math.ceil(action_range / (2 * tolerance))), np.int32), dtype=np.int32))


@wrong("bins_needed", "law")
def tolerance_over_range(num_dims, action_range, tolerance):
    return max(1, math.ceil(2 * tolerance / action_range)) ** num_dims


@wrong("bins_needed", "float")
def through_exp_and_log(num_dims, action_range, tolerance):
    cells = max(1, math.ceil(action_range / (2 * tolerance)))
    return round(math.exp(num_dims * math.log(cells)))


@right("bins_needed")
def bins_multiplied(num_dims, action_range, tolerance):
    total = 1
    for _ in range(num_dims):
        total *= max(1, math.ceil(action_range / tolerance / 2))
    return total


@right("bins_needed")
def bins_by_recursion(num_dims, action_range, tolerance):
    return (
        1
        if num_dims == 0
        else max(1, math.ceil(action_range / (2 * tolerance)))
        * bins_by_recursion(num_dims - 1, action_range, tolerance)
    )


@right("bins_needed")
def bins_in_fractions(num_dims, action_range, tolerance):
    return max(1, math.ceil(Fraction(action_range) / (2 * Fraction(tolerance)))) ** num_dims


@right("bins_needed")
def bins_placed_one_by_one(num_dims, action_range, tolerance):
    covered, cells = 2 * tolerance, 1
    while covered < action_range:
        cells, covered = cells + 1, (cells + 1) * 2 * tolerance
    return pow(cells, num_dims)


@right("bins_needed")
def bins_as_numpy_objects(num_dims, action_range, tolerance):
    cells = max(1, int(np.ceil(np.float64(action_range) / (2 * tolerance))))
    return np.prod(np.full(num_dims, cells, dtype=object))
