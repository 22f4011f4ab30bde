"""Rock-paper-scissors and other matrix games with two players and zero sum.

`payoff` (A, B) is what the row player (us) earns when we play a and the opponent plays b; they earn minus that.
Actions 0 rock, 1 paper, 2 scissors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._validate import finite, finite_number, probabilities, whole
from .policies import softmax

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike

RPS = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
RPS_ROCK2 = np.array([[0.0, -1.0, 2.0], [1.0, 0.0, -1.0], [-2.0, 1.0, 0.0]])  # rock's win pays 2
RPS.setflags(write=False)
RPS_ROCK2.setflags(write=False)


def best_response(policy: ArrayLike, payoff: ArrayLike) -> Any:
    """The opponent's action that hurts us most, int (...), against our policy (..., A). The first one among equals."""
    payoff = finite("payoff", payoff, (None, None))
    policy = probabilities("policy", policy)
    if policy.shape[-1] != len(payoff):
        raise ValueError(f"policy must have {len(payoff)} actions, one per row of payoff, got shape {policy.shape}")
    return (policy @ payoff).argmin(axis=-1)


def self_play(
    policy: ArrayLike,
    opponent: ArrayLike,
    payoff: ArrayLike,
    steps: int,
    step_size: float = 0.1,
    temperature: float = 0.0,
    simultaneous: bool = True,
) -> Array:
    """Two softmax players who follow the natural gradient of their own payoff; (steps + 1, 2, A) policies.

    Each step adds step_size times the payoff of every action to the logits, so policies are multiplied by
    exp(step_size * payoff) (the replicator dynamics in steps, or "multiplicative weights"). `simultaneous=False`: the
    opponent answers the policy just updated. `temperature`: weight of the entropy bonus, which adds
    -temperature * log(policy) to the payoffs. Policies must be positive (A,); A = B.
    """
    payoff = finite("payoff", payoff, (None, None))
    steps = whole("steps", steps, 0)
    if payoff.shape[0] != payoff.shape[1]:
        raise ValueError(
            "payoff must have as many columns as rows, since both players' policies are kept in one array, "
            f"got shape {payoff.shape}"
        )
    finite_number("step_size", step_size), finite_number("temperature", temperature)
    players = np.stack(
        [probabilities("policy", policy, payoff.shape[:1]), probabilities("opponent", opponent, payoff.shape[1:])]
    )
    if players.min() <= 0:
        raise ValueError("policy and opponent must give every action a positive probability")
    history = np.empty((steps + 1,) + players.shape)
    for step in range(steps + 1):
        history[step] = players
        for player, gain in enumerate([payoff, -payoff.T]):
            against = (history[step] if simultaneous else players)[1 - player]
            logits = np.log(players[player])
            players[player] = softmax(logits + step_size * (gain @ against - temperature * logits))
    return history
