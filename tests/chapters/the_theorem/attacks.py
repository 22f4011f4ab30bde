"""Chapter 2: values, visits, scores, advantages and the gradient of a tabular world."""

import itertools
from fractions import Fraction

import numpy as np
import scipy.linalg
import scipy.sparse.linalg
import scipy.special

import policy_gradient as pg
from tests.attacks import probes, right, wrong


def worlds(rng):
    """P, R, theta, rho, gamma: other sizes and other discounts than the checks', square ones and one-state ones too."""
    for S, A, gamma, ends in [
        (2, 2, 0.5, False),
        (3, 3, 0.95, False),
        (1, 3, 0.7, False),
        (5, 2, 0.85, False),
        (2, 4, 0.0, False),
        (4, 4, 1.0, True),
        (1, 2, 1.0, True),
        (6, 3, 0.9, True),
    ]:
        P = rng.dirichlet(np.full(S, 0.8), (S, A))
        if ends:
            P = P * rng.uniform(0.4, 0.9, (S, A, 1))
        yield P, rng.normal(0.5, 2, (S, A)), rng.normal(0, 1.5, (S, A)), rng.dirichlet(np.ones(S)), gamma


@probes("state_values")
@probes("action_values")
@probes("advantages")
def policy_probes(rng):
    for P, R, theta, _rho, gamma in worlds(rng):
        yield P, R, pg.softmax(theta), gamma


@probes("discounted_visitation")
def visit_probes(rng):
    for P, _R, theta, rho, gamma in worlds(rng):
        yield P, rho, pg.softmax(theta), gamma


@probes("exact_gradient")
def gradient_probes(rng):
    for P, R, theta, rho, gamma in worlds(rng):
        yield P, R, rho, theta, gamma


@probes("softmax_score")
def score_probes(rng):
    for S, A in [(2, 2), (3, 3), (1, 4), (5, 2), (2, 1), (4, 6)]:
        for scale in (1, 3):
            yield rng.normal(scale=scale, size=(S, A)), int(rng.integers(S)), int(rng.integers(A))
    yield np.array([[0.2, 0.1], [3000.0, 2999.0]]), 1, 0
    yield np.array([[-900.0, -901.0, -900.5], [2.0, 1.0, 0.0]]), 0, 2


def chain(P, R, policy):
    return np.einsum("sa,sat->st", policy, P), (policy * R).sum(1)


def values(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    return np.linalg.solve(np.eye(len(R)) - gamma * P_pi, r_pi)


def visits(P, rho, policy, gamma):
    return np.linalg.solve(np.eye(len(rho)) - gamma * np.einsum("sa,sat->ts", policy, P), rho)


def q_values(P, R, policy, gamma):
    return R + gamma * P @ values(P, R, policy, gamma)


def greedy(table):
    """The policy that always takes the largest entry."""
    return np.eye(table.shape[1])[table.argmax(1)]


# --- state_values --------------------------------------------------------------------------------------------------


@wrong("state_values", "law")
def mean_reward_weighted_after_the_sum(P, R, policy, gamma):
    P_pi = np.einsum("sa,sat->st", policy, P)
    return np.linalg.solve(np.eye(len(R)) - gamma * P_pi, R.mean(1))


@wrong("state_values", "law")
def most_likely_action_only(P, R, policy, gamma):
    return values(P, R, greedy(policy), gamma)


@wrong("state_values", "smallest")
def gamma_squared(P, R, policy, gamma):
    return values(P, R, policy, gamma**2)


@wrong("state_values", "unused")
def gamma_left_out(P, R, policy, gamma):
    V = np.zeros(len(R))
    for _ in range(900):
        V = (policy * (R + P @ V)).sum(1)
    return V


@wrong("state_values", "when")
def stops_when_the_first_state_settles(P, R, policy, gamma):
    """The test for convergence stands inside the loop over states."""
    V, moving = np.zeros(len(R)), True
    while moving:
        for s in range(len(R)):
            old, V[s] = V[s], policy[s] @ (R[s] + gamma * P[s] @ V)
            if abs(old - V[s]) < 1e-3:
                moving = False
                break
    return V


@wrong("state_values", "smallest")
def change_kept_with_its_sign(P, R, policy, gamma):
    """delta = max(delta, new - old): falling values look settled."""
    V = np.zeros(len(R))
    for _ in range(100_000):
        new = (policy * (R + gamma * P @ V)).sum(1)
        done = (new - V).max() < 1e-12
        V = new
        if done:
            break
    return V


@wrong("state_values", "relation")
def reward_comes_a_step_later(P, R, policy, gamma):
    return gamma * values(P, R, policy, gamma)


@wrong("state_values", "law")
def reward_of_the_next_state(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    return np.linalg.solve(np.eye(len(R)) - gamma * P_pi, P_pi @ r_pi)


@wrong("state_values", "one-step-lookahead")
def two_steps_ahead(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    return r_pi + gamma * P_pi @ r_pi


@wrong("state_values", "law")
def actions_summed(P, R, policy, gamma):
    return (R + gamma * P @ values(P, R, policy, gamma)).sum(1)


@wrong("state_values", "shape")
def expected_return_from_a_random_start(P, R, policy, gamma):
    return values(P, R, policy, gamma).mean()


@wrong("state_values", "smallest")
def rows_made_to_sum_to_one(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    P_pi = P_pi / P_pi.sum(1, keepdims=True)
    return np.linalg.lstsq(np.eye(len(R)) - gamma * P_pi, r_pi, rcond=None)[0]


@wrong("state_values", "precision")
def stops_at_a_tolerance_of_a_thousandth(P, R, policy, gamma):
    V = np.zeros(len(R))
    while True:
        delta = 0
        for s in range(len(R)):
            old, V[s] = V[s], policy[s] @ (R[s] + gamma * P[s] @ V)
            delta = max(delta, abs(old - V[s]))
        if delta < 1e-3:
            return V


@wrong("state_values", "undiscounted")
def values_without_gamma(P, R, policy, gamma):
    chain = np.einsum("sa,sat->st", policy, P)
    return np.linalg.solve(np.eye(len(R)) - chain, (policy * R).sum(axis=1))


@wrong("state_values", "one-step-lookahead")
def values_one_step_ahead(P, R, policy, gamma):
    now = (policy * R).sum(axis=1)
    return (policy * (R + gamma * P @ now)).sum(axis=1)


@right("state_values")
def values_by_the_neumann_series(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    total, term = np.zeros(len(R)), r_pi
    while abs(term).max() > 1e-15:
        total, term = total + term, gamma * P_pi @ term
    return total


@right("state_values")
def values_in_place_until_settled(P, R, policy, gamma):
    V, delta = [0.0] * len(R), 1.0
    while delta > 1e-12:
        delta = 0.0
        for s in range(len(R)):
            new = sum(
                policy[s, a] * (R[s, a] + gamma * sum(P[s, a, t] * V[t] for t in range(len(R))))
                for a in range(R.shape[1])
            )
            delta, V[s] = max(delta, abs(new - V[s])), new
    return V


@right("state_values")
def values_by_scipy_gmres(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    return scipy.sparse.linalg.gmres(np.eye(len(R)) - gamma * P_pi, r_pi, rtol=1e-12)[0]


@right("state_values")
def values_by_doubling(P, R, policy, gamma):
    """The value of 2n steps from that of n, again and again."""
    step, V = chain(P, R, policy)
    step = gamma * step
    for _ in range(40):
        V, step = V + step @ V, step @ step
    return V


@right("state_values")
def values_by_recursion_in_fractions(P, R, policy, gamma):
    def solve(M, b):
        if not b:
            return []
        top, pivot = M[0], M[0][0]
        below = [[x - row[0] / pivot * y for x, y in zip(row[1:], top[1:])] for row in M[1:]]
        rest = solve(below, [x - row[0] / pivot * b[0] for x, row in zip(b[1:], M[1:])])
        return [(b[0] - sum(x * y for x, y in zip(top[1:], rest))) / pivot, *rest]

    P_pi, r_pi = chain(P, R, policy)
    M = np.eye(len(R)) - gamma * P_pi
    return solve([[Fraction(float(x)) for x in row] for row in M], [Fraction(float(x)) for x in r_pi])


@right("state_values")
def values_in_single_precision(P, R, policy, gamma):
    return np.linalg.inv(np.eye(len(R)) - gamma * chain(P, R, policy)[0]).astype(np.float32) @ chain(P, R, policy)[
        1
    ].astype(np.float32)


# --- action_values -------------------------------------------------------------------------------------------------


@wrong("action_values", "law")
def reward_averaged_too(P, R, policy, gamma):
    return (policy * R).sum(1, keepdims=True) + gamma * P @ values(P, R, policy, gamma)


@wrong("action_values", "when")
def value_of_this_state_instead_of_the_next(P, R, policy, gamma):
    return R + gamma * values(P, R, policy, gamma)[:, None]


@wrong("action_values", "when")
def transition_transposed(P, R, policy, gamma):
    return R + gamma * np.einsum("tas,t->sa", P, values(P, R, policy, gamma))


@wrong("action_values", "relation")
def weighted_by_the_policy(P, R, policy, gamma):
    return policy * q_values(P, R, policy, gamma)


@wrong("action_values", "relation")
def gamma_on_the_reward_too(P, R, policy, gamma):
    return gamma * q_values(P, R, policy, gamma)


@wrong("action_values", "when")
def most_likely_next_state(P, R, policy, gamma):
    return R + gamma * values(P, R, policy, gamma)[P.argmax(-1)]


@wrong("action_values", "when")
def one_step_lookahead_only(P, R, policy, gamma):
    return R + gamma * P @ (policy * R).sum(1)


@wrong("action_values", "when")
def value_subtracted(P, R, policy, gamma):
    return R - gamma * P @ values(P, R, policy, gamma)


@wrong("action_values", "smallest")
def chain_of_the_policy_after_the_action(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    return R + gamma * (P_pi @ values(P, R, policy, gamma))[:, None]


@wrong("action_values", "shape")
def actions_first(P, R, policy, gamma):
    return q_values(P, R, policy, gamma).T


@wrong("action_values", "relation")
def reward_twice(P, R, policy, gamma):
    return R + q_values(P, R, policy, gamma)


@wrong("action_values", "smallest")
def sarsa_with_the_likeliest_next_action(P, R, policy, gamma):
    Q = np.zeros(R.shape)
    for _ in range(700):
        Q = R + gamma * P @ Q[np.arange(len(R)), policy.argmax(1)]
    return Q


@right("action_values")
def q_by_sweeping_q(P, R, policy, gamma):
    Q, change = np.zeros(R.shape), 1.0
    while change > 1e-13:
        new = R + gamma * np.einsum("sat,tb,tb->sa", P, policy, Q)
        Q, change = new, abs(new - Q).max()
    return Q


@right("action_values")
def q_in_nested_lists(P, R, policy, gamma):
    V = values(P, R, policy, gamma).tolist()
    return [
        [r + gamma * sum(p * v for p, v in zip(row, V)) for r, row in zip(rewards, rows)]
        for rewards, rows in zip(R.tolist(), P.tolist())
    ]


@right("action_values")
def q_by_forcing_the_first_action(P, R, policy, gamma):
    """Two copies of the world: in the first one action is free, then it goes on in the second."""
    S, A = R.shape
    Q = np.empty((S, A))
    P_pi, r_pi = chain(P, R, policy)
    for s, a in np.ndindex(S, A):
        big, reward = np.zeros((S + 1, S + 1)), np.append(r_pi, R[s, a])
        big[:S, :S], big[S, :S] = P_pi, P[s, a]
        Q[s, a] = np.linalg.solve(np.eye(S + 1) - gamma * big, reward)[S]
    return Q


@right("action_values")
def q_by_scipy(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    lu = scipy.linalg.lu_factor(np.eye(len(R)) - gamma * P_pi)
    return np.add(R, gamma * np.tensordot(P, scipy.linalg.lu_solve(lu, r_pi), axes=(2, 0)))


@right("action_values")
def q_in_single_precision(P, R, policy, gamma):
    return q_values(P, R, policy, gamma).astype(np.float32)


# --- discounted_visitation -----------------------------------------------------------------------------------------


@wrong("discounted_visitation", "stops-too-early")
def next_state_only(P, rho, policy, gamma):
    return rho + gamma * rho @ np.einsum("sa,sat->st", policy, P)


@wrong("discounted_visitation", "stops-too-early")
def hundred_steps(P, rho, policy, gamma):
    P_pi, d, now = np.einsum("sa,sat->st", policy, P), np.zeros(len(rho)), rho
    for t in range(100):
        d, now = d + gamma**t * now, now @ P_pi
    return d


@wrong("discounted_visitation", "relation")
def discount_counted_from_one(P, rho, policy, gamma):
    return gamma * visits(P, rho, policy, gamma)


@wrong("discounted_visitation", "unused")
def uniform_policy_walks(P, rho, policy, gamma):
    return visits(P, rho, np.full(policy.shape, 1 / policy.shape[1]), gamma)


@wrong("discounted_visitation", "smallest")
def most_likely_actions_walk(P, rho, policy, gamma):
    return visits(P, rho, greedy(policy), gamma)


@wrong("discounted_visitation", "law")
def starts_in_the_likeliest_state(P, rho, policy, gamma):
    return visits(P, np.eye(len(rho))[rho.argmax()], policy, gamma)


@wrong("discounted_visitation", "shape")
def state_action_table(P, rho, policy, gamma):
    return visits(P, rho, policy, gamma)[:, None] * policy


@wrong("discounted_visitation", "shape")
def one_start_per_row(P, rho, policy, gamma):
    return np.linalg.inv(np.eye(len(rho)) - gamma * np.einsum("sa,sat->st", policy, P))


@wrong("discounted_visitation", "relation")
def times_the_start(P, rho, policy, gamma):
    return rho * visits(P, rho, policy, gamma)


@wrong("discounted_visitation", "smallest")
def divided_by_one_minus_gamma(P, rho, policy, gamma):
    d = visits(P, rho, policy, gamma)
    return d / d.sum() / (1 - gamma) if gamma < 1 else d


@wrong("discounted_visitation", "law")
def discount_of_gamma_squared(P, rho, policy, gamma):
    return visits(P, rho, policy, gamma**2)


@wrong("discounted_visitation", "law")
def plus_instead_of_minus(P, rho, policy, gamma):
    return np.linalg.solve(np.eye(len(rho)) + gamma * np.einsum("sa,sat->ts", policy, P), rho)


@wrong("discounted_visitation", "smallest")
def ending_left_out(P, rho, policy, gamma):
    P = P / P.sum(-1, keepdims=True)
    return visits(P, rho, policy, min(gamma, 0.999999))


@right("discounted_visitation")
def visits_in_lists(P, rho, policy, gamma):
    S, A = policy.shape
    d, now = [0.0] * S, list(rho)
    while max(now) > 1e-16:
        d = [x + y for x, y in zip(d, now)]
        now = [gamma * sum(now[s] * policy[s, a] * P[s, a, t] for s in range(S) for a in range(A)) for t in range(S)]
    return d


@right("discounted_visitation")
def visits_by_the_values_of_indicators(P, rho, policy, gamma):
    """How often s is visited is what a policy earns where s pays one."""

    def pays_in(s):
        return np.repeat(np.eye(len(rho))[:, s : s + 1], policy.shape[1], 1)

    return np.array([rho @ values(P, pays_in(s), policy, gamma) for s in range(len(rho))])


@right("discounted_visitation")
def visits_by_bicgstab(P, rho, policy, gamma):
    M = np.eye(len(rho)) - gamma * np.tensordot(policy[:, :, None] * P, np.ones(policy.shape[1]), axes=(1, 0)).T
    return scipy.sparse.linalg.bicgstab(M, rho, rtol=1e-13, atol=0)[0]


@right("discounted_visitation")
def visits_by_recursion(P, rho, policy, gamma):
    moved = gamma * rho @ np.einsum("sa,sat->st", policy, P)
    if moved.max() < 1e-16 or gamma > 0.97:
        return visits(P, rho, policy, gamma)
    return rho + visits_by_recursion(P, moved, policy, gamma)


@right("discounted_visitation")
def visits_in_single_precision(P, rho, policy, gamma):
    return visits(P, rho, policy, gamma).astype("f4")


# --- softmax_score -------------------------------------------------------------------------------------------------


def with_row(theta, s, row):
    out = np.zeros(theta.shape)
    out[s] = row
    return out


@wrong("softmax_score", "relation")
def only_the_taken_action(theta, s, a):
    out = np.zeros(theta.shape)
    out[s, a] = 1 - pg.softmax(theta[s])[a]
    return out


@wrong("softmax_score", "shape")
def row_only(theta, s, a):
    return np.eye(theta.shape[1])[a] - pg.softmax(theta[s])


@wrong("softmax_score", "unused")
def state_and_action_swapped(theta, s, a):
    out = np.zeros(theta.shape)
    out[s] = -pg.softmax(theta[s])
    out[s, s % theta.shape[1]] += 1
    return out


@wrong("softmax_score", "softmax-over-states")
def softmax_over_states(theta, s, a):
    return with_row(theta, s, np.eye(theta.shape[1])[a] - pg.softmax(theta.T).T[s])


@wrong("softmax_score", "divided-by-the-probability")
def divided_by_the_probability_again(theta, s, a):
    pi = pg.softmax(theta[s])
    return with_row(theta, s, (np.eye(len(pi))[a] - pi) / pi[a])


@wrong("softmax_score", "law")
def minus_one_at_the_others(theta, s, a):
    pi = pg.softmax(theta[s])
    return with_row(theta, s, np.where(np.arange(len(pi)) == a, 1 - pi, -1.0))


@wrong("softmax_score", "law")
def log_probabilities_taken_off(theta, s, a):
    return with_row(theta, s, np.eye(theta.shape[1])[a] - pg.log_softmax(theta[s]))


@wrong("softmax_score", "law")
def logits_taken_off(theta, s, a):
    return with_row(theta, s, np.eye(theta.shape[1])[a] - theta[s])


@wrong("softmax_score", "unused")
def diagonal_of_the_jacobian(theta, s, a):
    pi = pg.softmax(theta[s])
    return with_row(theta, s, pi * (1 - pi))


@wrong("softmax_score", "law")
def always_row_zero(theta, s, a):
    return with_row(theta, 0, np.eye(theta.shape[1])[a] - pg.softmax(theta[s]))


@wrong("softmax_score", "shape")
def flat_vector(theta, s, a):
    return with_row(theta, s, np.eye(theta.shape[1])[a] - pg.softmax(theta[s])).ravel()


@wrong("softmax_score", "law")
def one_sided_difference_with_a_large_step(theta, s, a):
    out, h = np.zeros(theta.shape), 1e-2
    for index in np.ndindex(theta.shape):
        moved = theta.copy()
        moved[index] += h
        out[index] = (pg.log_softmax(moved)[s, a] - pg.log_softmax(theta)[s, a]) / h
    return out


@wrong("softmax_score", "unused")
def sampled_action_forgotten(theta, s, a):
    return with_row(theta, s, np.eye(theta.shape[1])[np.argmax(theta[s])] - pg.softmax(theta[s]))


@right("softmax_score")
def score_by_where(theta, s, a):
    rows, columns = np.indices(theta.shape)
    return np.where(rows == s, (columns == a) - scipy.special.softmax(theta, axis=1), 0)


@right("softmax_score")
def score_by_outer_product(theta, s, a):
    return np.outer(np.arange(len(theta)) == s, np.eye(theta.shape[1])[a] - scipy.special.softmax(theta[s]))


@right("softmax_score")
def score_by_the_jacobian(theta, s, a):
    pi = pg.softmax(theta[s])
    jacobian = np.diag(pi) - np.outer(pi, pi)
    return with_row(theta, s, jacobian[a] / pi[a] if pi[a] > 1e-200 else np.eye(len(pi))[a] - pi)


@right("softmax_score")
def score_by_recursion(theta, s, a):
    if s > 0:
        return np.concatenate([np.zeros((1, theta.shape[1])), score_by_recursion(theta[1:], s - 1, a)])
    first = np.eye(theta.shape[1])[a] - np.exp(theta[0] - np.logaddexp.reduce(theta[0]))
    return np.concatenate([first[None], np.zeros((len(theta) - 1, theta.shape[1]))])


@right("softmax_score")
def score_in_single_precision(theta, s, a):
    out = np.zeros(theta.shape, np.float32)
    z = (theta[s] - theta[s].max()).astype(np.float32)
    out[s] -= np.exp(z) / np.exp(z).sum()
    out[s, a] += 1
    return out


# --- advantages ----------------------------------------------------------------------------------------------------


@wrong("advantages", "law")
def standardised(P, R, policy, gamma):
    A = q_values(P, R, policy, gamma) - values(P, R, policy, gamma)[:, None]
    return (A - A.mean()) / (A.std() + 1e-8)


@wrong("advantages", "raised")
def value_taken_off_along_the_wrong_axis(P, R, policy, gamma):
    return q_values(P, R, policy, gamma) - values(P, R, policy, gamma)


@wrong("advantages", "law")
def one_mean_for_all_states(P, R, policy, gamma):
    Q = q_values(P, R, policy, gamma)
    return Q - Q.mean()


@wrong("advantages", "one-index")
def start_value_for_all(P, R, policy, gamma):
    return q_values(P, R, policy, gamma) - values(P, R, policy, gamma)[0]


@wrong("advantages", "relation")
def policy_weighted(P, R, policy, gamma):
    return policy * (q_values(P, R, policy, gamma) - values(P, R, policy, gamma)[:, None])


@wrong("advantages", "relation")
def next_value_minus_value(P, R, policy, gamma):
    V = values(P, R, policy, gamma)
    return gamma * P @ V - V[:, None]


@wrong("advantages", "unused")
def optimal_value_taken_off(P, R, policy, gamma):
    V = np.zeros(len(R))
    for _ in range(700):
        V = (R + gamma * P @ V).max(1)
    return R + gamma * P @ V - V[:, None]


@wrong("advantages", "law")
def ratio(P, R, policy, gamma):
    return q_values(P, R, policy, gamma) / values(P, R, policy, gamma)[:, None]


@wrong("advantages", "relation")
def absolute_advantage(P, R, policy, gamma):
    return abs(q_values(P, R, policy, gamma) - values(P, R, policy, gamma)[:, None])


@wrong("advantages", "relation")
def only_the_better_ones(P, R, policy, gamma):
    return np.maximum(q_values(P, R, policy, gamma) - values(P, R, policy, gamma)[:, None], 0)


@wrong("advantages", "shape")
def mean_advantage_of_each_state(P, R, policy, gamma):
    return (policy * (q_values(P, R, policy, gamma) - values(P, R, policy, gamma)[:, None])).sum(1)


@wrong("advantages", "by-row")
def worst_action_as_baseline(P, R, policy, gamma):
    Q = q_values(P, R, policy, gamma)
    return Q - Q.min(1, keepdims=True)


@wrong("advantages", "by-row")
def summed_over_actions_without_the_policy(P, R, policy, gamma):
    Q = q_values(P, R, policy, gamma)
    return Q - Q.sum(1, keepdims=True)


@right("advantages")
def advantages_centred_by_a_matrix(P, R, policy, gamma):
    Q = q_values(P, R, policy, gamma)
    return np.array([(np.eye(len(p)) - np.outer(np.ones(len(p)), p)) @ q for p, q in zip(policy, Q)])


@right("advantages")
def advantages_by_sweeps(P, R, policy, gamma):
    V = np.zeros(len(R))
    for _ in range(2500):
        V = np.einsum("sa,sa->s", policy, R + gamma * P @ V)
    return R - V[:, None] + gamma * np.einsum("sat,t->sa", P, V)


@right("advantages")
def advantages_in_lists(P, R, policy, gamma):
    Q = q_values(P, R, policy, gamma).tolist()
    return [[q - sum(p * other for p, other in zip(probs, row)) for q in row] for probs, row in zip(policy.tolist(), Q)]


@right("advantages")
def advantages_by_comparing_actions(P, R, policy, gamma):
    """Sum over b of pi(b) (Q(a) - Q(b))."""
    Q = q_values(P, R, policy, gamma)
    return ((Q[:, :, None] - Q[:, None, :]) * policy[:, None, :]).sum(-1)


@right("advantages")
def advantages_in_single_precision(P, R, policy, gamma):
    return advantages_by_comparing_actions(P, R, policy, gamma).astype(np.float32)


# --- exact_gradient ------------------------------------------------------------------------------------------------


def parts(P, R, rho, theta, gamma):
    policy = pg.softmax(theta)
    V = values(P, R, policy, gamma)
    return policy, visits(P, rho, policy, gamma)[:, None], V, R + gamma * P @ V


@wrong("exact_gradient", "sign")
def downhill(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return -d * policy * (Q - V[:, None])


@wrong("exact_gradient", "law")
def plain_mean_as_baseline(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return d * policy * (Q - Q.mean(1, keepdims=True))


@wrong("exact_gradient", "law")
def policy_squared(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return d * policy**2 * (Q - V[:, None])


@wrong("exact_gradient", "law")
def advantages_standardised(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    A = Q - V[:, None]
    return d * policy * (A - A.mean()) / (A.std() + 1e-8)


@wrong("exact_gradient", "when")
def stationary_weights(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    mu = np.linalg.matrix_power(np.einsum("sa,sat->ts", policy, P), 2000) @ rho
    return mu[:, None] * policy * (Q - V[:, None])


@wrong("exact_gradient", "greedy-values")
def maximal_values(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    for _ in range(700):
        V = (R + gamma * P @ V).max(1)
    Q = R + gamma * P @ V
    return d * policy * (Q - (policy * Q).sum(1, keepdims=True))


@wrong("exact_gradient", "when")
def theta_taken_for_the_policy(P, R, rho, theta, gamma):
    policy = abs(theta) / abs(theta).sum(1, keepdims=True)
    V = values(P, R, policy, gamma)
    return visits(P, rho, policy, gamma)[:, None] * policy * (R + gamma * P @ V - V[:, None])


@wrong("exact_gradient", "law")
def softmax_over_the_whole_table(P, R, rho, theta, gamma):
    policy = np.exp(theta) / np.exp(theta).sum()
    V = values(P, R, policy, gamma)
    return visits(P, rho, policy, gamma)[:, None] * policy * (R + gamma * P @ V - V[:, None])


@wrong("exact_gradient", "transposed-chain")
def visits_backwards(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    d = np.linalg.solve(np.eye(len(rho)) - gamma * np.einsum("sa,sat->st", policy, P), rho)
    return d[:, None] * policy * (Q - V[:, None])


@wrong("exact_gradient", "smallest")
def undiscounted_values(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    Q = R + P @ V
    return d * policy * (Q - (policy * Q).sum(1, keepdims=True))


@wrong("exact_gradient", "diagonal-only")
def q_times_probability_of_the_others(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return d * policy * (1 - policy) * Q


@wrong("exact_gradient", "shape")
def summed_over_states(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return (d * policy * (Q - V[:, None])).sum(0)


@wrong("exact_gradient", "by-row")
def start_counted_twice(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return (d + rho[:, None]) * policy * (Q - V[:, None])


@wrong("exact_gradient", "law")
def wide_finite_difference(P, R, rho, theta, gamma):
    def J(theta):
        return rho @ values(P, R, pg.softmax(theta), gamma)

    return np.array(
        [
            [
                (J(theta + 0.05 * np.outer(np.arange(len(theta)) == s, np.arange(theta.shape[1]) == a)) - J(theta))
                / 0.05
                for a in range(theta.shape[1])
            ]
            for s in range(len(theta))
        ]
    )


@wrong("exact_gradient", "diagonal-only")
def each_logit_for_its_own_action(P, R, rho, theta, gamma):
    pi = np.exp(theta - theta.max(axis=1, keepdims=True))
    pi = pi / pi.sum(axis=1, keepdims=True)
    system = np.eye(len(R)) - gamma * np.einsum("sa,sat->st", pi, P)
    Q = R + gamma * P @ np.linalg.solve(system, (pi * R).sum(axis=1))
    return np.linalg.solve(system.T, rho)[:, None] * pi * (1 - pi) * Q


@right("exact_gradient")
def gradient_by_central_differences(P, R, rho, theta, gamma):
    def J(theta):
        return rho @ values(P, R, pg.softmax(theta), gamma)

    return pg.finite_difference(J, theta)


@right("exact_gradient")
def gradient_over_time(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    total, now = np.zeros(theta.shape), rho
    while now.max() > 1e-16:
        total += now[:, None] * policy * (Q - V[:, None])
        now = gamma * now @ np.einsum("sa,sat->st", policy, P)
    return total


@right("exact_gradient")
def gradient_in_loops(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    out = [[0.0] * theta.shape[1] for _ in rho]
    for s, a, b in itertools.product(range(len(rho)), range(theta.shape[1]), range(theta.shape[1])):
        out[s][b] += d[s, 0] * policy[s, a] * ((a == b) - policy[s, b]) * Q[s, a]
    return out


@right("exact_gradient")
def gradient_by_differentiating_the_bellman_equation(P, R, rho, theta, gamma):
    """dV = dpi Q + gamma P_pi dV, solved for dV."""
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    S, A = theta.shape
    d_pi = np.einsum("sb,ab->sab", policy, np.eye(A)) - policy[:, :, None] * policy[:, None, :]
    local = np.einsum("sab,sa->sb", d_pi, Q)
    source = np.einsum("su,sb->sub", np.eye(S), local).reshape(S, S * A)
    return (rho @ np.linalg.solve(np.eye(S) - gamma * chain(P, R, policy)[0], source)).reshape(S, A)


@right("exact_gradient")
def gradient_in_single_precision(P, R, rho, theta, gamma):
    policy, d, V, Q = parts(P, R, rho, theta, gamma)
    return np.asarray(d * policy * (Q - V[:, None]), np.float32)
