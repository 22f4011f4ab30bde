"""Every episode of a small world, one by one: the exact mean and variance of an estimator of the gradient.

mean, variance = moments(mdp, policy, theta, gae_weigh(mdp, critic, lam=0.9))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._validate import NotFinite, discount, finite, function, numbers, probabilities
from .mdp import NEVER, state_probs
from .tabular import TabularMDP, tabular

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._types import Array, ArrayLike
    from .protocols import SoftmaxPolicy

MOST = 100_000  # trajectories; beyond that a sample is cheaper


class Path(NamedTuple):
    """One episode from its start to its end: states, actions and rewards, (T,) each."""

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray


def trajectories(mdp: TabularMDP, probs: ArrayLike) -> list[tuple[float, Path]]:
    """[(probability, Path)] of every episode, for probs (S, A), pi(a|s) in each state; the probabilities sum to one.

    The world must end on every way: one in which a state can come twice has episodes without number and is refused, as
    is one with more than 100,000 episodes (ValueError).
    """
    probs = probabilities("probs", probs, tabular(mdp).R.shape)
    ends = 1 - mdp.P.sum(axis=-1)
    _check_forward(mdp, probs)
    found: list[tuple[float, Path]] = []
    open_: list[tuple[float, tuple, tuple]] = [(mdp.rho[s], (s,), ()) for s in np.flatnonzero(mdp.rho)[::-1]]
    while open_:
        weight, states, actions = open_.pop()
        for a in np.flatnonzero(probs[states[-1]]):
            here, taken = weight * probs[states[-1], a], (*actions, a)
            if ends[states[-1], a] > NEVER:
                path = np.array(states), np.array(taken)
                found.append((here * ends[states[-1], a], Path(*path, mdp.R[path])))
            open_ += [
                (here * mdp.P[states[-1], a, s], (*states, s), taken) for s in np.flatnonzero(mdp.P[states[-1], a])
            ]
        if len(found) > MOST:
            raise ValueError(
                f"mdp has more than {MOST:,} episodes, too many to list: sample it instead (sample_rollout)"
            )
    return found


def _check_forward(mdp, probs):
    moves = np.einsum("sa,sat->st", probs > 0, mdp.P > 0) > 0
    reached = mdp.rho > 0
    for _ in range(mdp.num_states):
        reached = reached @ moves > 0
        if not reached.any():
            return
    later = moves  # (S, S): whether the second can come after the first, in so many steps at most
    for _ in range(mdp.num_states.bit_length()):
        later = later | later @ later
    again = int(np.argmax(reached & later.diagonal()))  # what only follows on a loop is reached late too
    raise ValueError(
        f"mdp can go on for ever (it can be in state {again} again and again), so its episodes "
        "cannot be listed: moments needs a world in which no state comes twice"
    )


def moments(
    mdp: TabularMDP,
    policy: SoftmaxPolicy,
    theta: ArrayLike,
    weigh: Callable[[Path], ArrayLike],
    drop_gamma_t: bool = False,
) -> tuple[Array, float]:
    """(mean (d,), variance) of the estimate that one episode gives, sum_t gamma^t weigh(path)[t] score_t,
    by enumeration.

    weigh: a function of a Path that gives one weight for each of its T steps, (T,), as `gae_weigh` makes it. The
    variance is summed over the d components; the mean of N episodes has the same mean and 1/N of it. drop_gamma_t:
    leave gamma^t out. Raises ValueError for a world without end, and where weigh does not give T finite numbers.
    """
    function("weigh", weigh, "of a Path that gives one weight per step, weigh(path) -> (T,)")
    probs = state_probs(mdp, policy, theta)
    score = _scores(mdp, policy, theta)  # (S, A, d)
    chances, samples = [], []
    for probability, path in trajectories(mdp, probs):
        psi = numbers("weigh(path)", weigh(path))
        if psi.shape != path.rewards.shape:
            raise ValueError(
                f"weigh(path) must have shape {path.rewards.shape}, a weight for each step, got {psi.shape}"
            )
        if not np.isfinite(psi).all():
            raise NotFinite(f"weigh(path) must be finite, but at step {int(np.argmin(np.isfinite(psi)))} it is not")
        if not drop_gamma_t:
            psi = psi * mdp.gamma ** np.arange(len(psi))
        chances.append(probability)
        samples.append(psi @ score[path.states, path.actions])
    weights, estimates = np.array(chances), np.array(samples)
    mean = weights @ estimates
    return mean, float((weights @ (estimates - mean) ** 2).sum())


def _scores(mdp, policy, theta):
    """The score of each action in each state, (S, A, d)."""
    return np.array(
        [
            [
                policy.weighted_score(theta, mdp.obs[s : s + 1], np.array([a]), np.ones(1))
                for a in range(mdp.num_actions)
            ]
            for s in range(mdp.num_states)
        ]
    )


def gae_weigh(mdp: TabularMDP, critic: ArrayLike, lam: float) -> Callable[[Path], Array]:
    """weigh(path) for `moments`: generalised advantage estimates from a critic (S,), a value for each *state*.

    lam = 1 is the return minus V, lam = 0 the TD error. What follows the last step is worth nothing.
    Raises ValueError for a critic of another shape, or lam outside [0, 1].
    """
    critic, step = finite("critic", critic, (tabular(mdp).num_states,)), mdp.gamma * discount(lam, "lam")

    def weigh(path):
        values = critic[path.states]
        td_errors = path.rewards + mdp.gamma * np.append(values[1:], 0) - values
        advantages, following = np.empty(len(td_errors)), 0.0
        for t in reversed(range(len(td_errors))):
            advantages[t] = following = td_errors[t] + step * following
        return advantages

    return weigh
