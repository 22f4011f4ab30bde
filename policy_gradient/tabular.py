"""What a finite MDP is: its arrays, checked. S states, A actions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._validate import discount, finite, probabilities, short


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
    obs: np.ndarray = None  # type: ignore[assignment]

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
            array.setflags(write=False)  # a frozen description stays what it was
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


def tabular(mdp: TabularMDP) -> TabularMDP:
    """`mdp`, if it is a TabularMDP."""
    if not isinstance(mdp, TabularMDP):
        raise TypeError(f"mdp must be a TabularMDP, got {short(mdp)}")
    return mdp
