"""Finite MDPs solved exactly: values, visitation and the policy gradient theorem by linear algebra.

The description itself is in `tabular`, the book's own problems in `worlds`;
`differentiate` gets gradients without a theorem.
Shapes: S states, A actions, d parameters (in the book's Notation: n; d(s) is the visitation). `probs` (S, A) is pi(a|s)
in each *state* (see `state_probs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import discount, finite, numbers, probabilities
from ._validate import policy as checked_policy
from .differentiate import complex_step, finite_difference  # noqa: F401      these and the worlds were once written here
from .tabular import TabularMDP, tabular  # noqa: F401
from .worlds import coin_chain, live_or_die, nobodys_gradient, short_corridor, sign_flip, two_doors, worst_for_everybody  # noqa: F401

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike
    from .protocols import SoftmaxPolicy

NEVER = 1e-14  # a probability below this cannot be told from 0 once it is subtracted from 1


def state_probs(mdp: TabularMDP, policy: SoftmaxPolicy, theta: ArrayLike) -> Array:
    """pi(a|s) in each state, (S, A): the policy asked at what the agent sees there."""
    checked_policy(policy, "probs", "weighted_score", what="a softmax policy such as TabularSoftmax")
    probs, shape = numbers("policy's probs", policy.probs(theta, tabular(mdp).obs)), mdp.R.shape
    if probs.shape != shape:  # as many states as features, or another number of actions: it would broadcast
        raise ValueError(
            f"policy's probs must have shape {shape}, got {probs.shape}: a row of {shape[1]} actions for each "
            "state of mdp"
        )
    return probs


def state_values(mdp: TabularMDP, probs: ArrayLike) -> Array:
    """V (S,), the expected return from each state: the solution of V = r + gamma P V (Bellman)."""
    probs, step = chain(mdp, probs)
    return _solve(step, (probs * mdp.R).sum(axis=1))


def action_values(mdp: TabularMDP, probs: ArrayLike) -> Array:
    """Q (S, A), the expected return after taking a in s and following the policy from then on."""
    values = state_values(mdp, probs)
    return mdp.R + mdp.gamma * mdp.P @ values


def discounted_visitation(mdp: TabularMDP, probs: ArrayLike, gamma: float | None = None) -> Array:
    """d (S,), with d(s) = sum_t gamma^t Pr(s_t = s): how much each state counts. Not normalised.

    Sums to 1 / (1 - gamma) if no episode ends, to the expected length if gamma = 1, and to at most either where
    episodes end and gamma < 1. `gamma` replaces the MDP's own:
    gamma=1 counts plain visits, the weighting of code that drops gamma^t.
    """
    _, step = chain(mdp, probs, gamma)
    return _solve(step.T, mdp.rho)


def expected_return(mdp: TabularMDP, probs: ArrayLike) -> Any:
    """J, the expected return of an episode: rho . V."""
    values = state_values(mdp, probs)
    return mdp.rho @ values


def exact_gradient(
    mdp: TabularMDP, policy: SoftmaxPolicy, theta: ArrayLike, visitation: ArrayLike | None = None
) -> Array:
    """The gradient of J with respect to theta, (d,), by the policy gradient theorem (Sutton et al. 1999, theorem 1).

    sum_s d(s) sum_a grad pi(a|s) Q(s, a), with grad pi = pi grad log pi. `visitation` (S,) replaces d, to see what a
    wrong weighting does (ones: "forget d"; discounted_visitation(..., gamma=1): "drop gamma^t").
    """
    probs = state_probs(mdp, policy, theta)
    d = discounted_visitation(mdp, probs) if visitation is None else finite("visitation", visitation, (mdp.num_states,))
    weights = d[:, None] * probs * action_values(mdp, probs)  # (S, A)
    obs = np.repeat(mdp.obs, mdp.num_actions, axis=0)  # (S*A, ...)
    actions = np.tile(np.arange(mdp.num_actions), mdp.num_states)  # (S*A,)
    return policy.weighted_score(theta, obs, actions, weights.ravel())


def chain(mdp: TabularMDP, probs: ArrayLike, gamma: float | None = None) -> tuple[Array, Array]:
    """The checked policy, and gamma times the state-to-state matrix under it, (S, S)."""
    probs = probabilities("probs", probs, tabular(mdp).R.shape)
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
        raise ValueError(
            f"gamma is 1 but the chain never ends from state {int(np.argmin(ends))}: its value would be "
            "infinite. Let some row of P sum to less than one on the way, or take gamma below 1"
        )
