"""Exercises of chapter 2, The theorem.

Shapes: P (S, A, S), R (S, A), policy (S, A), rho (S,). Each truth is a sum over time, step by step, or the derivative
of J itself by a complex step; no linear solve and no theorem is used for it. The inputs come from two families: worlds
that never end, with gamma < 1, and worlds in which every step may be the last (missing mass in P), also with gamma = 1.
"""

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near

# --- truths --------------------------------------------------------------------------------------------------------


def _mix(P, R, policy):
    """The chain that the policy makes of the world: P_pi (S, S), r_pi (S,)."""
    return np.einsum("sa,sat->st", policy, P), (policy * R).sum(1)


def _over_time(start, P_pi, gamma):
    """sum_t gamma^t start P_pi^t, term by term, until the terms are gone. `start` (..., S) is a row of weights."""
    total, term = np.zeros_like(start), start
    while np.abs(term).max(initial=0) > 1e-18:
        total, term = total + term, gamma * term @ P_pi
    return total


def state_values(P, R, policy, gamma):
    P_pi, r_pi = _mix(P, R, policy)
    return _over_time(np.eye(len(R)), P_pi, gamma) @ r_pi  # row s: how often each state is seen from s


def action_values(P, R, policy, gamma):
    P_pi, r_pi = _mix(P, R, policy)
    return R + _over_time(gamma * P, P_pi, gamma) @ r_pi  # now, and then from wherever a leads


def discounted_visitation(P, rho, policy, gamma):
    return _over_time(rho, np.einsum("sa,sat->st", policy, P), gamma)


def _log_policy(theta):
    shifted = theta - theta.real.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def _complex_step(J, theta):
    gradient = np.empty(theta.shape)
    for index in np.ndindex(theta.shape):
        moved = theta.astype(complex)
        moved[index] += 1e-30j
        gradient[index] = J(moved).imag / 1e-30
    return gradient


def softmax_score(theta, s, a):
    return _complex_step(lambda theta: _log_policy(theta)[s, a], theta)


def advantages(P, R, policy, gamma):
    return action_values(P, R, policy, gamma) - state_values(P, R, policy, gamma)[:, None]


def exact_gradient(P, R, rho, theta, gamma):
    def J(theta):
        P_pi, r_pi = _mix(P, R, np.exp(_log_policy(theta)))
        return _over_time(rho, P_pi, gamma) @ r_pi

    return _complex_step(J, theta)


# --- inputs --------------------------------------------------------------------------------------------------------


def _softmax(theta):
    return np.exp(_log_policy(theta))


def worlds(rng):
    """(label, P, R, theta, rho, gamma): nothing uniform, nothing square, states that lead to different places."""
    made = []
    for label, S, A, gamma, ends in [
        ("3 states that never end, gamma 0.9", 3, 2, 0.9, False),
        ("4 states that never end, gamma 0.6", 4, 3, 0.6, False),
        ("a long memory, gamma 0.98", 3, 4, 0.98, False),
        ("gamma 0", 3, 2, 0.0, False),
        ("4 states in which any step may be the last, gamma 0.8", 4, 2, 0.8, True),
        ("episodes that end, gamma 1", 3, 4, 1.0, True),
        ("more episodes that end, gamma 1", 5, 3, 1.0, True),
        ("a single action", 3, 1, 0.7, True),
    ]:
        P = rng.dirichlet(np.full(S, 0.6), (S, A))
        if ends:
            P = P * rng.uniform(0.5, 0.95, (S, A, 1))
        made.append((label, P, rng.normal(1, 2, (S, A)), rng.normal(0, 1.2, (S, A)), rng.dirichlet(np.ones(S)), gamma))
    return made


def _with_policy(rng):
    return [Case(label, (P, R, _softmax(theta), gamma)) for label, P, R, theta, rho, gamma in worlds(rng)]


def _with_start(rng):
    return [Case(label, (P, rho, _softmax(theta), gamma)) for label, P, R, theta, rho, gamma in worlds(rng)]


def _with_theta(rng):
    return [Case(label, (P, R, rho, theta, gamma)) for label, P, R, theta, rho, gamma in worlds(rng)]


def score_cases(rng):
    return [
        Case("three states, two actions", (rng.normal(size=(3, 2)), 1, 0)),
        Case("two states, four actions", (rng.normal(size=(2, 4)), 0, 2)),
        Case("the last state", (rng.normal(size=(4, 3)), 3, 2)),
        Case("one state", (rng.normal(size=(1, 3)), 0, 1)),
        Case("a single action", (rng.normal(size=(3, 1)), 2, 0)),
        Case("large theta", (np.array([[1000.0, 998.5, 1001.0], [0.3, -0.2, 0.1]]), 0, 1)),
        Case("a row from -900 to 900", (np.array([[900.0, -900.0, 0.0, -890.0], [0.3, 0.1, -0.2, 0.5]]), 0, 3)),
        Case(
            "large theta in the middle one of three states",
            (np.array([[0.2, -0.4], [1500.0, 1501.0], [0.1, 0.7]]), 1, 0),
        ),
        Case("very negative theta", (np.array([[0.3, -0.2], [-2000.0, -2001.5]]), 1, 1)),
    ]


# --- pieces of mistakes --------------------------------------------------------------------------------------------


def _solve(P, policy, gamma, right, transpose=False):
    M = np.eye(P.shape[0]) - gamma * np.einsum("sa,sat->st", policy, P)
    return np.linalg.solve(M.T if transpose else M, right)


def _values(P, R, policy, gamma):
    return _solve(P, policy, gamma, (policy * R).sum(1))


def _optimal(P, R, gamma):
    """Value iteration."""
    V, change = np.zeros(len(R)), 1.0
    while change > 1e-12:
        new = (R + gamma * P @ V).max(1)
        V, change = new, np.abs(new - V).max()
    return V


def _uniform(R):
    return np.full(R.shape, 1 / R.shape[1])


def _sweeps(count):
    def state_values(P, R, policy, gamma):
        P_pi, r_pi = _mix(P, R, policy)
        V = np.zeros(len(R))
        for _ in range(count):
            V = r_pi + gamma * P_pi @ V
        return V

    return state_values


def _steps(count):
    def discounted_visitation(P, rho, policy, gamma):
        d, now = np.zeros(len(rho)), rho
        for _ in range(count):
            d, now = d + now, gamma * now @ np.einsum("sa,sat->st", policy, P)
        return d

    return discounted_visitation


def _until(change):
    def state_values(P, R, policy, gamma):
        P_pi, r_pi = _mix(P, R, policy)
        V, new = np.full(len(R), np.inf), np.zeros(len(R))
        while np.abs(new - V).max() >= change:
            V, new = new, r_pi + gamma * P_pi @ new
        return new

    return state_values


def _leading(P, policy):
    """The distribution that the chain settles at (per surviving walker, if it ends)."""
    values, vectors = np.linalg.eig(np.einsum("sa,sat->ts", policy, P))
    mu = vectors[:, values.real.argmax()].real
    return mu / mu.sum()


def _late(P, policy):
    return np.linalg.matrix_power(np.einsum("sa,sat->ts", policy, P), 1000)


def _gradient(P, R, rho, theta, gamma, d=None, good=None):
    policy = _softmax(theta)
    V = _values(P, R, policy, gamma)
    good = R + gamma * P @ V if good is None else good(policy, V)
    d = discounted_visitation(P, rho, policy, gamma) if d is None else d(policy)
    return d[:, None] * policy * (good - (policy * good).sum(1, keepdims=True))


def _score(theta, s, a, row):
    out = np.zeros(theta.shape)
    out[s] = row(_softmax(theta)[s], np.arange(theta.shape[1]) == a)
    return out


# --- the exercises -------------------------------------------------------------------------------------------------

STATE_VALUES = Exercise(
    truth=state_values,
    cases=_with_policy,
    difficulty=2,
    importance=5,
    minutes=15,
    axes=("state",),
    sizes=lambda P, R, policy, gamma: {"S": R.shape[0], "A": R.shape[1]},
    laws=(
        Law(
            "With gamma = 0 a value is the mean reward of the next step, the sum over actions of policy * R. "
            "Yours is not, so the reward part is wrong.",
            lambda V, P, R, policy, gamma: gamma > 0 or near(V, (policy * R).sum(1)),
        ),
        Law(
            "One of your values is out of reach: no policy can earn more than the largest reward at every step for "
            "ever, or less than the smallest.",
            lambda V, P, R, policy, gamma: gamma == 1 or (np.abs(V) <= np.abs(R).max() / (1 - gamma) * 1.001).all(),
        ),
    ),
    after="One equation per state, all at once: V = r + gamma P V. "
    "That P may have rows below 1 is all that termination needs.",
    hints=(
        "First let the policy make a plain chain of the world: "
        "P_pi[s, t], the chance to go from s to t, and r_pi[s], the mean reward in s.",
        "A value is the reward now, plus gamma times the value of where you land, on average. "
        "Write that for all states at once, with a matrix.",
        "That is a system of S linear equations in V: bring all V to one side. NumPy solves it in one call; "
        "sweeping until nothing moves is fine too.",
    ),
    mistakes=(
        Mistake(
            "greedy",
            "These are the values of the best policy, not of the one that was given: "
            "you take the maximum over actions.\n"
            "Tempting, because value iteration does just that. Here the question is how good this policy is: "
            "average with its probabilities.\n"
            "(Chapter 2, The statement.)",
            (lambda P, R, policy, gamma: _optimal(P, R, gamma),),
        ),
        Mistake(
            "uniform-policy",
            "You average over the actions as if all were equally likely (a mean over the action axis).\n"
            "The policy's own probabilities are the weights: "
            "both the rewards and the next states are averaged with policy[s, a].",
            (lambda P, R, policy, gamma: _values(P, R, _uniform(R), gamma),),
        ),
        Mistake(
            "immediate-reward",
            "This is the mean reward of the next step only. What comes after it counts too, discounted by gamma:\n"
            "V(s) is the reward now plus gamma times V of where you land.",
            (lambda P, R, policy, gamma: (policy * R).sum(1),),
        ),
        Mistake(
            "one-step-lookahead",
            "You look one step ahead: the reward now, plus gamma times the mean reward of the step after it. "
            "There your sum ends, and life goes on.\n"
            "In V = r + gamma P V the value of where you land is V itself, with all later rewards in it.\n"
            "V stands on both sides: solve for it, or put the result in again and again until nothing moves.",
            (_sweeps(2),),
        ),
        Mistake(
            "undiscounted",
            "gamma is missing: you add up plain rewards. A reward that comes t steps later counts gamma^t.\n"
            "In a world that never ends the plain sum has no limit, "
            "so there your system has no solution, or a huge one.\n"
            "(Chapter 2, The statement.)",
            (lambda P, R, policy, gamma: _values(P, R, policy, 1.0),),
        ),
        Mistake(
            "too-few-sweeps",
            "You sweep V = r + gamma P V from V = 0, and stop too early: "
            "after n sweeps only the first n rewards are counted.\n"
            "What is missing is at most gamma^n times the largest |V|. "
            "With gamma 0.98 that factor is still 0.13 after 100 sweeps.\n"
            "Sweep until the change is below 1e-12, or solve the linear system: that is exact, whatever gamma.",
            (
                *map(_sweeps, [*range(3, 51), 60, 70, 75, 80, 90, 99, 100, 101, 150, 200, 250]),
                *map(_until, (0.1, 0.01)),
            ),
        ),
        Mistake(
            "transposed-chain",
            "Your chain runs backwards: P_pi is used transposed, "
            "so each state collects the values of where one comes from.\n"
            "P[s, a, s2] is the chance to go from s to s2. Values look ahead, so row s of P_pi multiplies V. "
            "(Visits use the transpose.)\n"
            "(Chapter 2, The statement.)",
            (lambda P, R, policy, gamma: _solve(P, policy, gamma, (policy * R).sum(1), transpose=True),),
        ),
    ),
)

ACTION_VALUES = Exercise(
    truth=action_values,
    cases=_with_policy,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("state", "action"),
    sizes=lambda P, R, policy, gamma: {"S": R.shape[0], "A": R.shape[1]},
    laws=(
        Law(
            "With gamma = 0 only the reward of the first step is left: Q should be R. "
            "Yours is not, so the reward part is wrong.",
            lambda Q, P, R, policy, gamma: gamma > 0 or near(Q, R),
        ),
    ),
    after="One free action, then the policy for ever after: "
    "averaging Q over the policy gives V back, which is a good test.",
    hints=(
        "Q(s, a): take a now, whatever the policy thinks of it, and follow the policy from then on.",
        "You can use your state_values. What do you earn now, and how good is the place you land in, on average?",
        "P @ V takes the average of V over next states for each pair (s, a) at once: shape (S, A). "
        "What is still missing are the reward and the discount.",
    ),
    mistakes=(
        Mistake(
            "max-over-next-actions",
            "You assume the best action in the next state: "
            "that is Q-learning's target, and gives the value of another policy.\n"
            "Q of this policy follows this policy after the first step: average over its actions where you take max.\n"
            "(Chapter 1, Acting on values.)",
            (
                lambda P, R, policy, gamma: R + gamma * P @ _optimal(P, R, gamma),
                lambda P, R, policy, gamma: R + gamma * P @ action_values(P, R, policy, gamma).max(1),
            ),
        ),
        Mistake(
            "forgets-gamma",
            "Right but for gamma: what comes one step later counts gamma times as much. "
            "Q = R + gamma * (mean of V over next states).\n"
            "With gamma = 1 it does not show.",
            (lambda P, R, policy, gamma: R + P @ _values(P, R, policy, gamma),),
        ),
        Mistake(
            "values-broadcast",
            "Your answer is V(s), the same for every action: the first action is drawn from the policy too.\n"
            "In Q(s, a) the first action is given. Only then can actions be compared, "
            "which is what all of this is for.",
            (lambda P, R, policy, gamma: np.repeat(_values(P, R, policy, gamma)[:, None], R.shape[1], axis=1),),
        ),
        Mistake(
            "immediate-reward",
            "This is the reward of the first step only. Add gamma times the value of where it leads.",
            (lambda P, R, policy, gamma: R.copy(),),
        ),
        Mistake(
            "reward-missing",
            "This is what comes after the first step; its own reward R is missing.",
            (lambda P, R, policy, gamma: gamma * P @ _values(P, R, policy, gamma),),
        ),
        Mistake(
            "uniform-policy",
            "After the first step you follow a policy that takes all actions equally often (a mean over actions).\n"
            "Average with the policy's own probabilities.",
            (lambda P, R, policy, gamma: R + gamma * P @ _values(P, R, _uniform(R), gamma),),
        ),
    ),
)

VISITATION = Exercise(
    truth=discounted_visitation,
    cases=_with_start,
    difficulty=3,
    importance=5,
    minutes=15,
    axes=("state",),
    sizes=lambda P, rho, policy, gamma: {"S": len(rho)},
    laws=(
        Law(
            "One of your visits is negative. d counts how often a state is seen.",
            lambda d, P, rho, policy, gamma: (d >= -1e-6).all(),
        ),
        Law(
            "One of your visits is smaller than rho there: the start itself is a visit, with weight gamma^0 = 1.",
            lambda d, P, rho, policy, gamma: (d >= rho - 1e-3).all(),
        ),
        Law(
            "Nothing ends in this world, so your visits should sum to 1 + gamma + gamma^2 + ... "
            "= 1 / (1 - gamma). They do not.",
            lambda d, P, rho, policy, gamma: gamma == 1 or P.sum(-1).min() < 0.999 or near(d.sum() * (1 - gamma), 1),
        ),
    ),
    after="Values look ahead from a state, visits come from the start: "
    "the same matrix, once as it is and once transposed.",
    hints=(
        "d(s) = Pr(s_0 = s) + gamma Pr(s_1 = s) + gamma^2 Pr(s_2 = s) + ... "
        "What is the distribution of s_1, given that of s_0?",
        "A distribution is a row, and one step multiplies it by P_pi from the right: "
        "p_next[t] sums p[s] P_pi[s, t] over s.",
        "So d satisfies d = rho + gamma (d moved on by one step). That is a linear system again: "
        "is it P_pi or its transpose that multiplies a column d?",
    ),
    mistakes=(
        Mistake(
            "stationary-distribution",
            "This is the distribution in which the chain settles after a long time: "
            "it has forgotten the start and the discount.\n"
            "d counts from the start: the visits at time t weigh gamma^t. The stationary one belongs to the "
            "average-reward form of the theorem.\n"
            "(Chapter 2, The statement.)",
            (
                lambda P, rho, policy, gamma: _leading(P, policy),
                lambda P, rho, policy, gamma: _leading(P, policy) / (1 - gamma),
                lambda P, rho, policy, gamma: _late(P, policy) @ rho,
            ),
        ),
        Mistake(
            "normalised",
            "The shape is right, the size is not: you made it a probability distribution.\n"
            "In the theorem d is a number of visits, discounted: it sums to 1 / (1 - gamma) where nothing ends, "
            "and to the expected length of an episode if gamma = 1 "
            "(to at most either where episodes end and gamma < 1).\n"
            "Many books write mu = (1 - gamma) d, and then the theorem carries a factor. "
            "(Chapter 2, One theorem, several normalisations.)",
            (
                lambda P, rho, policy, gamma: (lambda d: d / d.sum())(discounted_visitation(P, rho, policy, gamma)),
                lambda P, rho, policy, gamma: (1 - gamma) * discounted_visitation(P, rho, policy, gamma),
            ),
        ),
        Mistake(
            "transposed-chain",
            "Your chain runs the wrong way: this solves d = rho + gamma P_pi d, which looks ahead as values do.\n"
            "Visits flow from the start along P[s, a, s2], from s to s2: "
            "d[s2] collects from all s, so the transpose multiplies d.\n"
            "(Chapter 2, The statement.)",
            (lambda P, rho, policy, gamma: _solve(P, policy, gamma, rho),),
        ),
        Mistake(
            "undiscounted",
            "You count plain visits: gamma is missing. Where nothing ends their number has no bound, so some inputs "
            "give huge or no numbers.\n"
            "A visit at time t counts gamma^t. Most programs drop that factor, and chapter 2 shows what it costs.\n"
            "(Chapter 2, The statement.)",
            (lambda P, rho, policy, gamma: _solve(P, policy, 1.0, rho, transpose=True),),
        ),
        Mistake(
            "stops-too-early",
            "You add up the visits step by step and stop too early: "
            "the steps after that count too, discounted by gamma^t.\n"
            "What is missing is at most gamma^n of the 1/(1 - gamma) that visits can sum to. With gamma 0.98 that is "
            "still 0.13 of it after 100 steps. Go on until the terms are below 1e-12, or solve the linear system.",
            tuple(map(_steps, [*range(2, 21), 25, 30, 40, 50, 60, 100, 101, 200])),
        ),
        Mistake(
            "start-missing",
            "Your sum begins at time 1: the start itself is a visit too, with weight gamma^0 = 1. Add rho.",
            (lambda P, rho, policy, gamma: discounted_visitation(P, rho, policy, gamma) - rho,),
        ),
        Mistake(
            "starts-anywhere",
            "You begin in all states alike. Episodes begin where rho says.",
            (lambda P, rho, policy, gamma: discounted_visitation(P, np.full(len(rho), 1 / len(rho)), policy, gamma),),
        ),
    ),
)

SOFTMAX_SCORE = Exercise(
    truth=softmax_score,
    cases=score_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("state", "action"),
    laws=(
        Law(
            "A row other than row s is not zero. log pi(a|s) depends on row s of theta only.",
            lambda score, theta, s, a: near(np.delete(score, s, 0), 0),
        ),
        Law(
            "The entries of row s do not sum to 0. Raising all logits of state s alike changes no probability, "
            "so along that direction log pi stands still.",
            lambda score, theta, s, a: near(score[s].sum(), 0),
        ),
        Law(
            "The entry of the action taken is not between 0 and 1: raising its own logit makes it more likely, "
            "and never more than one for one.",
            lambda score, theta, s, a: -1e-3 <= score[s, a] <= 1.001,
        ),
        Law(
            "The entry of an action that was not taken is positive, or below -1. Raising another logit makes the "
            "action taken less likely.",
            lambda score, theta, s, a: ((np.delete(score[s], a) <= 1e-3) & (np.delete(score[s], a) >= -1.001)).all(),
        ),
    ),
    after="One at the action taken, less the probabilities: "
    "the logit of what was taken is pushed up, and those of the others are pushed down.",
    hints=(
        "log pi(a|s) = theta[s, a] - log(sum over b of exp(theta[s, b])). Which entries of theta occur in it?",
        "The derivative of the first term with respect to theta[s, b] is 1 if b = a and 0 otherwise. "
        "That of the second is a probability: which?",
        "Start from zeros of theta's shape and fill one row. "
        "For the probabilities use a softmax that survives theta of 1,000.",
    ),
    mistakes=(
        Mistake(
            "gradient-of-pi",
            "This is the derivative of the probability pi(a|s). "
            "The score is the derivative of its logarithm: divide by pi(a|s).\n"
            "The two differ by exactly that factor, grad pi = pi grad log pi, which is what chapter 3 is about.\n"
            "(Chapter 3, One line of algebra.)",
            (lambda theta, s, a: _score(theta, s, a, lambda pi, hot: pi[hot] * (hot - pi)),),
        ),
        Mistake(
            "every-row",
            "Rows of other states are not zero. log pi(a|s) depends on row s of theta only: the other states' logits "
            "cannot make this action more or less likely here.",
            (
                lambda theta, s, a: (np.arange(theta.shape[1]) == a) - _softmax(theta),
                lambda theta, s, a: _score(theta, s, a, lambda pi, hot: 1.0 * hot) - _softmax(theta),
            ),
        ),
        Mistake(
            "one-hot",
            "Only the action taken has an entry: the probabilities are missing. Raising one logit lowers all the other "
            "probabilities, so the score has minus pi(b|s) everywhere, and its mean over the policy's actions is zero. "
            "(Chapter 2, One state first.)",
            (lambda theta, s, a: _score(theta, s, a, lambda pi, hot: 1.0 * hot),),
        ),
        Mistake(
            "sign",
            "The sign is flipped: moving along yours would make the action less likely. The entry of the action taken "
            "is 1 - pi, never negative.\n"
            "(Losses that are minimised have the other sign. The score itself has this one.)",
            (lambda theta, s, a: _score(theta, s, a, lambda pi, hot: pi - hot),),
        ),
        Mistake(
            "overflow",
            "Right until theta is large: exp(1000) is inf, and inf / inf is NaN. "
            "Subtract the row's maximum before exp, as in chapter 1.",
            (lambda theta, s, a: _score(theta, s, a, lambda pi, hot: hot - np.exp(theta[s]) / np.exp(theta[s]).sum()),),
        ),
        Mistake(
            "softmax-over-states",
            "Your probabilities are normalised over the states (the first axis). They are to be normalised over the "
            "actions of state s: row s by itself sums to 1.",
            (lambda theta, s, a: _score(theta, s, a, lambda pi, hot: hot - _softmax(theta.T).T[s]),),
        ),
        Mistake(
            "divided-by-the-probability",
            "You divide by pi(a|s) once more. e_a - pi is the derivative of log pi already: the division is in it.\n"
            "(grad pi = pi (e_a - pi): dividing that by pi gives e_a - pi.) (Chapter 2, One state first.)",
            (lambda theta, s, a: _score(theta, s, a, lambda pi, hot: (hot - pi) / pi[hot]),),
        ),
        Mistake(
            "one-softmax-for-all",
            "You take one softmax over the whole table. Each state has a policy of its own: normalise row s by itself.",
            (
                lambda theta, s, a: _score(
                    theta, s, a, lambda pi, hot: hot - _softmax(theta.ravel()).reshape(theta.shape)[s]
                ),
                lambda theta, s, a: (
                    _score(theta, s, a, lambda pi, hot: 1.0 * hot) - _softmax(theta.ravel()).reshape(theta.shape)
                ),
            ),
        ),
    ),
)

ADVANTAGES = Exercise(
    truth=advantages,
    cases=_with_policy,
    difficulty=2,
    importance=4,
    minutes=10,
    axes=("state", "action"),
    sizes=lambda P, R, policy, gamma: {"S": R.shape[0], "A": R.shape[1]},
    laws=(
        Law(
            "With a single action nothing can be better than usual: its advantage is 0, and yours is not.",
            lambda A, P, R, policy, gamma: R.shape[1] > 1 or near(A, 0),
        ),
        Law(
            "Averaged with the policy's own probabilities your advantages should be 0 "
            "in every state, and they are not.",
            lambda A, P, R, policy, gamma: near((policy * A).sum(1) / max(np.abs(A).max(), 1e-9), 0),
        ),
    ),
    after="The advantage of a policy over itself is zero in every state: the sum over actions of pi A. "
    "That zero carries the second proof.",
    hints=(
        "How much better is it to take a in s than to do what the policy does on average?",
        "Both halves are in your hands: action_values and state_values. Mind the shapes (S, A) and (S,).",
        "To take a number per state off a table with a column per action, give it a second axis: [:, None].",
    ),
    mistakes=(
        Mistake(
            "plain-mean",
            "You subtract the plain mean over actions. The average that counts is the policy's own: "
            "actions it seldom takes weigh little.\n"
            "With a uniform policy it is the same, so it often goes unnoticed. "
            "Test: sum of policy * A over actions must be 0.\n"
            "(Chapter 2, Push and pull.)",
            (lambda P, R, policy, gamma: (lambda Q: Q - Q.mean(1, keepdims=True))(action_values(P, R, policy, gamma)),),
        ),
        Mistake(
            "minus-the-maximum",
            "You compare with the best action, so nothing is ever positive. (As a baseline that would be allowed: "
            "the gradient would be the same.)\n"
            "An advantage compares with what the policy earns on average, V(s): better than usual is positive.",
            (lambda P, R, policy, gamma: (lambda Q: Q - Q.max(1, keepdims=True))(action_values(P, R, policy, gamma)),),
        ),
        Mistake(
            "reward-minus-value",
            "This is R - V: the reward of one step against the value of a lifetime. "
            "Where the action leads is missing:\n"
            "add gamma times the mean of V over next states, which makes it Q - V.",
            (lambda P, R, policy, gamma: R - _values(P, R, policy, gamma)[:, None],),
        ),
        Mistake(
            "sign",
            "The sign is flipped: V - Q. A good action should have a positive advantage.",
            (lambda P, R, policy, gamma: -advantages(P, R, policy, gamma),),
        ),
        Mistake(
            "forgets-gamma",
            "Right but for gamma: the value of the next state counts gamma times as much. "
            "With gamma = 1 it does not show.",
            (lambda P, R, policy, gamma: R + (P @ (V := _values(P, R, policy, gamma))) - V[:, None],),
        ),
        Mistake(
            "action-values",
            "These are the action values Q. Subtract V(s), what the policy earns from s on average.",
            (action_values,),
        ),
        Mistake(
            "rewards-only",
            "You compare the rewards of this step with their average. Where the actions lead counts too: use Q and V.",
            (lambda P, R, policy, gamma: R - (policy * R).sum(1, keepdims=True),),
        ),
    ),
)

EXACT_GRADIENT = Exercise(
    truth=exact_gradient,
    cases=_with_theta,
    difficulty=4,
    importance=5,
    minutes=25,
    axes=("state", "action"),
    sizes=lambda P, R, rho, theta, gamma: {"S": R.shape[0], "A": R.shape[1]},
    laws=(
        Law(
            "With a single action there is nothing to choose, and the gradient is 0. Yours is not.",
            lambda g, P, R, rho, theta, gamma: theta.shape[1] > 1 or near(g, 0),
        ),
        Law(
            "A row of your gradient does not sum to 0. Raising all logits of a state alike changes no probability, "
            "so along that direction J stands still.",
            lambda g, P, R, rho, theta, gamma: near(g.sum(1) / max(np.abs(g).max(), 1e-9), 0),
        ),
    ),
    after="That is the theorem, and the check never used it: it nudged theta and solved the world again.",
    hints=(
        "Collect what the theorem names: where (your discounted_visitation), which way (the derivative of pi), "
        "how good (your action_values).",
        "For logits theta[s, b] only row s matters, so each state's contribution is its own row: "
        "first find the row as if s were a bandit.",
        "A bandit's row: each probability times how much better than average its action is "
        "(Chapter 2, One state first). Then weigh rows by visits.",
    ),
    mistakes=(
        Mistake(
            "no-visitation",
            "Each state counts once, however often it is visited: the weights d(s) are missing.\n"
            "With one block of logits per state, as here, the arrow only bends. "
            "With shared parameters it can point downhill.\n"
            "In two doors it does. (Chapter 2, The statement.)",
            (lambda P, R, rho, theta, gamma: _gradient(P, R, rho, theta, gamma, d=lambda pi: np.ones(len(rho))),),
        ),
        Mistake(
            "start-distribution",
            "You weigh the states by where episodes start. "
            "Changing the policy also matters in all the states that come later:\n"
            "the weight is the discounted number of visits, d = rho + gamma (rho moved on) + ... "
            "(Chapter 2, The statement.)",
            (lambda P, R, rho, theta, gamma: _gradient(P, R, rho, theta, gamma, d=lambda pi: rho),),
        ),
        Mistake(
            "normalised-visitation",
            "The direction is right, the length is not: you made the visits a probability distribution.\n"
            "A constant hides in the step size, but this one changes as the policy learns "
            "(episodes grow longer or shorter).\n"
            "J's own gradient needs the unnormalised d. (Chapter 2, The statement.)",
            (
                lambda P, R, rho, theta, gamma: _gradient(
                    P,
                    R,
                    rho,
                    theta,
                    gamma,
                    d=lambda pi: (lambda d: d / d.sum())(discounted_visitation(P, rho, pi, gamma)),
                ),
                lambda P, R, rho, theta, gamma: (1 - gamma) * _gradient(P, R, rho, theta, gamma),
            ),
        ),
        Mistake(
            "value-for-action-value",
            "Your gradient is zero everywhere: either what you compute never reaches the array that you return, "
            "or V(s) stands in the place of Q(s, a).\nThen it must be zero: V does not depend on the action, "
            "the sum of grad pi(a|s) over a is the gradient of 1, and so V times it is 0, whatever V is.\n"
            "Only differences between actions can say which way to go. (Chapter 2, Push and pull.)",
            (lambda P, R, rho, theta, gamma: np.zeros(theta.shape),),
        ),
        Mistake(
            "reward-for-action-value",
            "You use the reward R in the place of Q: "
            "an action is judged by its next step only, not by where it leads.\n"
            "An action that pays now and ruins the future looks good. Q = R + gamma * (mean of V over next states).",
            (lambda P, R, rho, theta, gamma: _gradient(P, R, rho, theta, gamma, good=lambda pi, V: R),),
        ),
        Mistake(
            "diagonal-only",
            "You use pi (1 - pi) Q: what a logit does to the probability of its own action. It also takes from all the "
            "others, -pi(a) pi(b) for each b.\n"
            "With those terms pi (1 - pi) Q becomes pi (Q - V): how much better than average the action is. "
            "(Chapter 2, One state first.)",
            tuple(
                lambda P, R, rho, theta, gamma, d=d, off=off: (
                    lambda pi, V: (
                        (1 if d is None else d(P, rho, pi, gamma)[:, None])
                        * pi
                        * (1 - pi)
                        * (R + gamma * P @ V - off * V[:, None])
                    )
                )(_softmax(theta), _values(P, R, _softmax(theta), gamma))
                for d in (discounted_visitation, None)
                for off in (0, 1)
            ),
        ),
        Mistake(
            "undiscounted-visitation",
            "You discount inside Q but count plain visits: the factor gamma^t has been dropped. Most programs do so, "
            "and what they follow is in general the gradient of nothing. A visit at time t counts gamma^t. "
            "(Where nothing ends, plain visits have no finite number.)\n"
            "(Chapter 2, The statement.)",
            (
                lambda P, R, rho, theta, gamma: _gradient(
                    P, R, rho, theta, gamma, d=lambda pi: _solve(P, pi, 1.0, rho, transpose=True)
                ),
            ),
        ),
        Mistake(
            "greedy-values",
            "Your Q is that of the best policy (a maximum over actions), "
            "not that of the policy whose gradient is asked for.\n"
            "J depends on theta through this policy alone: average with its probabilities where you take max. "
            "(Chapter 2, The statement.)",
            (
                lambda P, R, rho, theta, gamma: _gradient(
                    P, R, rho, theta, gamma, good=lambda pi, V: R + gamma * P @ _optimal(P, R, gamma)
                ),
            ),
        ),
        Mistake(
            "transposed-chain",
            "Your visits run the wrong way: they solve d = rho + gamma P_pi d, which looks ahead as values do. "
            "Visits flow along P[s, a, s2], from s to s2, so the transpose multiplies d. (Chapter 2, The statement.)",
            (
                lambda P, R, rho, theta, gamma: _gradient(
                    P, R, rho, theta, gamma, d=lambda pi: _solve(P, pi, gamma, rho)
                ),
            ),
        ),
        Mistake(
            "policy-missing",
            "Each entry lacks its factor pi(a|s): you add up scores times Q over all actions "
            "as if each were taken once.\n"
            "grad pi = pi grad log pi: a rare action counts rarely. (Chapter 2, One state first.)",
            (lambda P, R, rho, theta, gamma: _gradient(P, R, rho, theta, gamma) / _softmax(theta),),
        ),
        Mistake(
            "one-hot-score",
            "This is d pi Q: the score without its minus pi. Raising one logit lowers the other probabilities, "
            "so what counts is Q less its average V, entry by entry. (Chapter 2, One state first.)",
            (
                lambda P, R, rho, theta, gamma: (
                    lambda pi: discounted_visitation(P, rho, pi, gamma)[:, None] * pi * action_values(P, R, pi, gamma)
                )(_softmax(theta)),
            ),
        ),
    ),
)

EXERCISES = (STATE_VALUES, ACTION_VALUES, VISITATION, SOFTMAX_SCORE, ADVANTAGES, EXACT_GRADIENT)
