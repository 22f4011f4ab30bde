"""Finite MDPs solved exactly: values, visitation and the policy gradient theorem by linear algebra.

Shapes: S states, A actions, d parameters. `probs` (S, A) is pi(a|s) in each *state* (see `state_probs`).
"""

from dataclasses import dataclass

import numpy as np

from ._validate import short, discount, finite, function, having, numbers, positive, probabilities, whole

NEVER = 1e-14            # a probability below this cannot be told from 0 once it is subtracted from 1


@dataclass(frozen=True, eq=False)
class TabularMDP:
    """A finite Markov decision process.

    P (S, A, S): probability of the next state. A row may sum to less than one: what is missing ends the episode.
    R (S, A): expected reward of taking a in s. rho (S,): where episodes start. gamma: discount in [0, 1].
    obs: what the agent sees in each state, integers (S,) or vectors (S, K); default the state itself. States with
    the same observation look alike to the agent ("aliased"), though their values differ.
    Raises ValueError if an array is not finite, has a wrong shape, or does not hold probabilities.
    """

    P: np.ndarray
    R: np.ndarray
    rho: np.ndarray
    gamma: float
    obs: np.ndarray = None

    def __post_init__(self):
        S, A = finite("R", self.R, (None, None)).shape
        arrays = {
            "P": probabilities("P", self.P, (S, A, S), substochastic=True),
            "R": finite("R", self.R),
            "rho": probabilities("rho", self.rho, (S,)),
            "obs": np.arange(S) if self.obs is None else _observations(self.obs, S),
        }
        for name, array in arrays.items():
            array = array.copy()
            array.setflags(write=False)      # a frozen description stays what it was
            object.__setattr__(self, name, array)
        object.__setattr__(self, "gamma", discount(self.gamma))

    num_states = property(lambda self: self.R.shape[0])
    num_actions = property(lambda self: self.R.shape[1])


def _observations(obs, S):
    """Integers (S,), or vectors (S, K) of any numbers."""
    array = finite("obs", obs)
    if array.shape[:1] != (S,):
        raise ValueError(f"obs must have one entry per state, {S} in all, got shape {array.shape}")
    if array.ndim > 1:
        return np.asarray(obs)
    if np.asarray(obs).dtype.kind not in "iu" or array.min() < 0:
        raise ValueError(f"obs must be integers from 0 (or vectors, shape ({S}, K)), got {short(obs)}")
    return np.asarray(obs)


def _problem(mdp):
    if not isinstance(mdp, TabularMDP):
        raise TypeError(f"mdp must be a TabularMDP, got {short(mdp)}")
    return mdp


def _policy(policy):
    return having("policy", policy, ["probs", "weighted_score"], "a softmax policy such as TabularSoftmax")


def state_probs(mdp, policy, theta):
    """pi(a|s) in each state, (S, A): the policy asked at what the agent sees there."""
    probs, shape = np.asarray(_policy(policy).probs(theta, _problem(mdp).obs)), mdp.R.shape
    if probs.shape != shape:             # as many states as features, or another number of actions: it would broadcast
        raise ValueError(f"policy's probs must have shape {shape}, got {probs.shape}: a row of {shape[1]} actions for each "
                         "state of mdp")
    return probs


def state_values(mdp, probs):
    """V (S,), the expected return from each state: the solution of V = r + gamma P V (Bellman)."""
    probs, step = _chain(mdp, probs)
    return _solve(step, (probs * mdp.R).sum(axis=1))


def action_values(mdp, probs):
    """Q (S, A), the expected return after taking a in s and following the policy from then on."""
    values = state_values(mdp, probs)
    return mdp.R + mdp.gamma * mdp.P @ values


def discounted_visitation(mdp, probs, gamma=None):
    """d (S,), with d(s) = sum_t gamma^t Pr(s_t = s): how much each state counts. Not normalised.

    Sums to 1 / (1 - gamma) if no episode ends, to the expected length if gamma = 1, and to less than either where episodes
    end and gamma < 1. `gamma` replaces the MDP's own: gamma=1 counts plain visits, the weighting of code that drops gamma^t.
    """
    _, step = _chain(mdp, probs, gamma)
    return _solve(step.T, mdp.rho)


def expected_return(mdp, probs):
    """J, the expected return of an episode: rho . V."""
    values = state_values(mdp, probs)
    return mdp.rho @ values


def exact_gradient(mdp, policy, theta, visitation=None):
    """The gradient of J with respect to theta, (d,), by the policy gradient theorem (Sutton et al. 1999, theorem 1).

    sum_s d(s) sum_a grad pi(a|s) Q(s, a), with grad pi = pi grad log pi. `visitation` (S,) replaces d, to see what a
    wrong weighting does (ones: "forget d"; discounted_visitation(..., gamma=1): "drop gamma^t").
    """
    probs = state_probs(mdp, policy, theta)
    d = discounted_visitation(mdp, probs) if visitation is None else finite("visitation", visitation, (mdp.num_states,))
    weights = d[:, None] * probs * action_values(mdp, probs)               # (S, A)
    obs = np.repeat(mdp.obs, mdp.num_actions, axis=0)                      # (S*A, ...)
    actions = np.tile(np.arange(mdp.num_actions), mdp.num_states)          # (S*A,)
    return policy.weighted_score(theta, obs, actions, weights.ravel())


def finite_difference(J, theta, h=1e-5):
    """The gradient of the function J at theta by central differences, the shape of theta; error of order h^2."""
    theta, h = _checked(J, theta, h)
    return _by_coordinate(theta, lambda e: (_scalar(J, theta + h * e) - _scalar(J, theta - h * e)) / (2 * h))


def complex_step(J, theta, h=1e-30):
    """The gradient of J at theta to machine precision: Im J(theta + ih e) / h (Squire & Trapp 1998).

    There is no difference and so no cancellation; J must be analytic in theta and accept complex numbers.
    """
    theta, h = _checked(J, theta, h)
    return _by_coordinate(theta, lambda e: np.imag(_scalar(J, theta + 1j * h * e)) / h)


def _checked(J, theta, h):
    function("J", J, "of theta, J(theta) -> one number")
    theta = finite("theta", theta)
    if theta.dtype.kind == "c":
        raise TypeError("theta must be real, got complex numbers")
    return theta.astype(np.float64), positive("h", h)


def _scalar(J, theta):
    value = J(theta)
    if np.size(value) != 1:
        raise ValueError(f"J must return one number, got an array of shape {np.shape(value)}")
    return numbers("J's result", value).reshape(())


def _by_coordinate(theta, slope):
    gradient = np.empty(theta.shape)
    for i in np.ndindex(theta.shape):
        direction = np.zeros(theta.shape)
        direction[i] = 1
        gradient[i] = slope(direction)
    return gradient


def _chain(mdp, probs, gamma=None):
    """The checked policy, and gamma times the state-to-state matrix under it, (S, S)."""
    probs = probabilities("probs", probs, _problem(mdp).R.shape)
    gamma = mdp.gamma if gamma is None else discount(gamma)
    if gamma == 1:
        _check_ends(mdp, probs.real)
    return probs, gamma * np.einsum("sa,sat->st", probs, mdp.P)


def _solve(step, right_side):
    try:
        return np.linalg.solve(np.eye(len(step)) - step, right_side)
    except np.linalg.LinAlgError:
        raise ValueError("gamma is 1 and the chain ends too rarely to be solved in floating point") from None


def _check_ends(mdp, probs):
    """With gamma = 1 the sums are finite only if the end can be reached from every state."""
    missing = 1 - mdp.P.sum(axis=-1)
    ends = (probs * np.where(missing > NEVER, missing, 0)).sum(axis=1) > NEVER
    moves = np.einsum("sa,sat->st", probs, mdp.P) > NEVER
    for _ in range(mdp.num_states):
        ends = ends | moves @ ends
    if not ends.all():
        raise ValueError(f"gamma is 1 but the chain never ends from state {int(np.argmin(ends))}: its value would be "
                         "infinite. Let some row of P sum to less than one on the way, or take gamma below 1")


def _deterministic(next_state, R, gamma, obs):
    """An MDP that starts in state 0 and moves to next_state (S, A), where -1 is the end."""
    next_state = np.array(next_state)
    P = (next_state[..., None] == np.arange(len(next_state))).astype(float)
    return TabularMDP(P, R, np.eye(len(P))[0], gamma, obs)


def two_doors():
    """The book's tiny example: states A, B, C, D; actions 0 leave, 1 take; gamma = 1/2.

    A and B look alike (observation 0). Take in A costs 1; take in B earns 3 and leads to C, which costs 3; leave in B
    leads to D (observation 1), where action 1 earns 1/2. C is observation 2, where nothing can be chosen. With
    `two_action_softmax(2, 3)` and p, q = sigmoid(theta): J = -p/4 + (1-p)q/8.
    """
    next_state, R = [[1, 1], [3, 2], [-1, -1], [-1, -1]], [[0, -1], [0, 3], [-3, -3], [0, 0.5]]
    return _deterministic(next_state, R, 0.5, [0, 0, 2, 1])


def short_corridor(cells=3):
    """Cells in a row that all look alike, reward -1 a step, no discount; actions 0 left, 1 right, end beyond the last.

    In the second cell the actions are reversed; left in the first stays there. With 3 cells this is Sutton & Barto
    (2018), example 13.1. Policy: `two_action_softmax(1)`.
    """
    cells = whole("cells", cells, 2)
    here = np.arange(cells)
    next_state = np.stack([np.maximum(here - 1, 0), here + 1], axis=1)
    next_state[1] = next_state[1, ::-1]
    next_state[next_state == cells] = -1
    return _deterministic(next_state, -np.ones((cells, 2)), 1.0, np.zeros(cells, int))


def sign_flip():
    """One observation twice, action 1 earns +1, then -1.5; gamma = 1/2: without gamma^t the gradient changes sign.

    Policy: `two_action_softmax(1)`.
    """
    return _deterministic([[1, 1], [-1, -1]], [[0, 1], [0, -1.5]], 0.5, [0, 0])


def nobodys_gradient():
    """Action 1 in state 0 leads to state 1, where action 1 earns 1; gamma = 1/2 (after Nota & Thomas 2020).

    Without gamma^t the update direction has unequal cross derivatives: it is the gradient of no function. Policy:
    `two_action_softmax(2)`.
    """
    return _deterministic([[-1, 1], [-1, -1]], [[0, 0], [0, 1]], 0.5, [0, 1])


def worst_for_everybody():
    """One observation twice, action 1 costs 1, then earns 3 and leads to a state that costs 3; gamma = 1/2.

    Discounted or not, the return falls with p; without gamma^t the update direction says that p should rise. Policy:
    `two_action_softmax(1, 2)`, since the last state looks different and offers no choice.
    """
    return _deterministic([[1, 1], [-1, 2], [-1, -1]], [[0, -1], [0, 3], [-3, -3]], 0.5, [0, 0, 1])
