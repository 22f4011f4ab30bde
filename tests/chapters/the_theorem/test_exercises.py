"""Chapter 2: right answers in different styles pass, and the truths agree with the package and with central
differences."""

import itertools

import numpy as np
import pytest

import policy_gradient as pg
from learning_to_act.checks import check
from learning_to_act.checks.engine import registry

EXERCISES = registry()


def chain(P, R, policy):
    return np.einsum("sa,sat->st", policy, P), (policy * R).sum(1)


def values_solve(P, R, policy, gamma):
    P_pi, r_pi = chain(P, R, policy)
    return np.linalg.solve(np.eye(len(R)) - gamma * P_pi, r_pi)


def values_sweeps_with_lists(P, R, policy, gamma):
    S, A = R.shape
    P, R, policy = P.tolist(), R.tolist(), policy.tolist()
    V = [0.0] * S
    for _ in range(1500):
        V = [
            sum(policy[s][a] * (R[s][a] + gamma * sum(p * v for p, v in zip(P[s][a], V))) for a in range(A))
            for s in range(S)
        ]
    return V


def values_until_nothing_moves(P, R, policy, gamma):
    V, change = np.zeros(len(R)), 1.0
    while change > 1e-12:
        new = (policy * (R + gamma * P @ V)).sum(1)
        V, change = new, abs(new - V).max()
    return V


def values_float32(P, R, policy, gamma):
    return values_solve(P, R, policy, gamma).astype(np.float32)


def q_from_v(P, R, policy, gamma):
    return R + gamma * P @ values_solve(P, R, policy, gamma)


def q_big_system(P, R, policy, gamma):
    """One unknown per pair (s, a)."""
    S, A = R.shape
    M = np.eye(S * A) - gamma * np.einsum("sat,tb->satb", P, policy).reshape(S * A, S * A)
    return np.linalg.solve(M, R.ravel()).reshape(S, A)


def q_loops(P, R, policy, gamma):
    V = values_solve(P, R, policy, gamma)
    return [
        [R[s, a] + gamma * sum(P[s, a, t] * V[t] for t in range(len(V))) for a in range(R.shape[1])]
        for s in range(len(V))
    ]


def visits_solve(P, rho, policy, gamma):
    return np.linalg.solve((np.eye(len(rho)) - gamma * np.einsum("sa,sat->st", policy, P)).T, rho)


def visits_inverse(P, rho, policy, gamma):
    return rho @ np.linalg.inv(np.eye(len(rho)) - gamma * np.einsum("sa,sat->st", policy, P))


def visits_walk(P, rho, policy, gamma):
    d, now, weight = np.zeros(len(rho)), rho, 1.0
    for _ in range(2500):
        d = d + weight * now
        now, weight = np.einsum("s,sa,sat->t", now, policy, P), weight * gamma
    return d


def score_by_hand(theta, s, a):
    p = np.exp(theta[s] - theta[s].max())
    out = np.zeros_like(theta)
    out[s] = -p / p.sum()
    out[s, a] += 1
    return out


def score_lists(theta, s, a):
    p = pg.softmax(theta[s])
    return [[(float(b == a) - p[b]) * (row == s) for b in range(theta.shape[1])] for row in range(theta.shape[0])]


def score_policy_class(theta, s, a):
    policy = pg.TabularSoftmax(*theta.shape)
    return policy.score(theta.ravel(), s, a).reshape(theta.shape)


def score_central_differences(theta, s, a):
    return pg.finite_difference(lambda theta: pg.log_softmax(theta)[s, a], theta)


def advantages_q_minus_v(P, R, policy, gamma):
    return q_from_v(P, R, policy, gamma) - values_solve(P, R, policy, gamma)[:, None]


def advantages_q_minus_its_mean(P, R, policy, gamma):
    Q = q_big_system(P, R, policy, gamma)
    return Q - (policy * Q).sum(1, keepdims=True)


def advantages_loops(P, R, policy, gamma):
    Q, V = q_loops(P, R, policy, gamma), values_solve(P, R, policy, gamma)
    return [[Q[s][a] - V[s] for a in range(R.shape[1])] for s in range(R.shape[0])]


def gradient_by_advantages(P, R, rho, theta, gamma):
    policy = pg.softmax(theta)
    return visits_solve(P, rho, policy, gamma)[:, None] * policy * advantages_q_minus_v(P, R, policy, gamma)


def gradient_by_jacobian(P, R, rho, theta, gamma):
    policy = pg.softmax(theta)
    d, Q = visits_solve(P, rho, policy, gamma), q_from_v(P, R, policy, gamma)
    return [d[s] * (np.diag(policy[s]) - np.outer(policy[s], policy[s])) @ Q[s] for s in range(len(rho))]


def gradient_by_scores(P, R, rho, theta, gamma):
    policy, g = pg.softmax(theta), np.zeros(theta.shape)
    d, Q = visits_solve(P, rho, policy, gamma), q_from_v(P, R, policy, gamma)
    for s, a in itertools.product(*map(range, theta.shape)):
        g += d[s] * policy[s, a] * score_by_hand(theta, s, a) * Q[s, a]
    return g


def gradient_by_the_package(P, R, rho, theta, gamma):
    mdp = pg.TabularMDP(P, R, rho, gamma)
    return pg.exact_gradient(mdp, pg.TabularSoftmax(*theta.shape), theta.ravel()).reshape(theta.shape)


RIGHT = {
    "state_values": [values_solve, values_sweeps_with_lists, values_until_nothing_moves, values_float32],
    "action_values": [q_from_v, q_big_system, q_loops],
    "discounted_visitation": [visits_solve, visits_inverse, visits_walk],
    "softmax_score": [score_by_hand, score_lists, score_policy_class, score_central_differences],
    "advantages": [advantages_q_minus_v, advantages_q_minus_its_mean, advantages_loops],
    "exact_gradient": [gradient_by_advantages, gradient_by_jacobian, gradient_by_scores, gradient_by_the_package],
}


@pytest.mark.parametrize(
    "name, function",
    [(name, one) for name, many in RIGHT.items() for one in many],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_right_answers_pass_whatever_their_style(name, function):
    result = check(function, name)
    assert result.passed and result.mistake is None, result.message


def test_the_two_families_of_worlds():
    cases = [case.args for case, _ in EXERCISES["exact_gradient"].problems]
    ends = [P.sum(-1).max() < 1 for P, *_ in cases]
    assert True in ends and False in ends
    assert all(gamma < 1 for (*_, gamma), end in zip(cases, ends) if not end)
    assert sum(gamma == 1 for *_, gamma in cases) >= 2 and any(gamma == 0 for *_, gamma in cases)
    assert all(P.shape[0] != P.shape[1] for P, *_ in cases)


def test_the_exact_gradient_is_the_slope_of_J():
    for case, (wanted,) in EXERCISES["exact_gradient"].problems:
        P, R, rho, theta, gamma = case.args
        slope = pg.finite_difference(lambda theta: rho @ values_solve(P, R, pg.softmax(theta), gamma), theta)
        np.testing.assert_allclose(wanted, slope, atol=1e-8 * max(1, np.abs(wanted).max()))


def test_visits_sum_to_what_the_normalisation_table_says():
    for case, (d,) in EXERCISES["discounted_visitation"].problems:
        P, rho, policy, gamma = case.args
        if P.sum(-1).min() > 1 - 1e-9:
            assert d.sum() == pytest.approx(1 / (1 - gamma))
        else:
            assert d.sum() < (1 / (1 - gamma) if gamma < 1 else np.inf)


def test_the_zero_gradient_says_why():
    def exact_gradient(P, R, rho, theta, gamma):
        policy = pg.softmax(theta)
        V = values_solve(P, R, policy, gamma)[:, None] + 0 * R
        return visits_solve(P, rho, policy, gamma)[:, None] * policy * (V - (policy * V).sum(1, keepdims=True))

    result = check(exact_gradient)
    assert result.mistake == "value-for-action-value" and "gradient of 1" in result.message


def test_a_constant_number_of_sweeps_is_told_whatever_the_number():
    for count in (3, 17, 42, 100):

        def state_values(P, R, policy, gamma):
            V = np.zeros(len(R))
            for _ in range(count):
                V = (policy * (R + gamma * P @ V)).sum(1)
            return V

        assert check(state_values).mistake == "too-few-sweeps"
