"""Small vectorised environments, registered with Gymnasium when this module is imported.

    gymnasium.make_vec("policy_gradient.envs:policy_gradient/ShortCorridor-v0", num_envs=8)

All are true gymnasium.vector.VectorEnvs with NEXT_STEP autoreset: the step after an episode's end ignores the action
and returns the first observation of the next episode, reward 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ._validate import as_array, finite, finite_number, indices, numbers, positive, probabilities, whole
from .games import RPS, best_response
from .sampling import AliasTable
from .tabular import tabular
from .worlds import short_corridor

if TYPE_CHECKING:
    from typing import Any

    from ._types import Array, ArrayLike
    from .tabular import TabularMDP


class SmallVectorEnv(VectorEnv):
    """Episodes, time limit and autoreset. Subclasses give three methods:

    _start(where)         begin anew in the sub-environments where `where` (num_envs,) is True
    _obs()                what is seen now, (num_envs, ...)
    _advance(actions)     one step: rewards (num_envs,) and terminated, bool (num_envs,)
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}

    def __init__(self, num_envs: int, max_steps: int, obs_space: gym.Space[Any], action_space: gym.Space[Any]) -> None:
        num_envs, max_steps = whole("num_envs", num_envs), whole("max_steps", max_steps)
        self.num_envs, self.max_steps = num_envs, max_steps
        self.single_observation_space, self.single_action_space = obs_space, action_space
        self.observation_space = batch_space(obs_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self._done: Array | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        super().reset(seed=seed)
        self._steps, self._done = np.zeros(self.num_envs, int), np.zeros(self.num_envs, bool)
        self._start(np.ones(self.num_envs, bool))
        return self._obs(), {}

    def step(self, actions: ArrayLike) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        if self._done is None:
            raise gym.error.ResetNeeded("Call reset before step.")
        starting = self._done
        rewards, terminated = self._advance(self._check(actions))
        self._steps += 1
        if starting.any():
            self._start(starting)
            self._steps[starting], rewards[starting], terminated[starting] = 0, 0, False
        truncated = (self._steps >= self.max_steps) & ~terminated
        self._done = terminated | truncated
        return self._obs(), rewards, terminated, truncated, {}

    def _start(self, where):
        raise NotImplementedError

    def _obs(self):
        raise NotImplementedError

    def _advance(self, actions):
        raise NotImplementedError

    def _check(self, actions):
        actions = as_array("actions", actions)
        if actions.shape != (self.num_envs,):
            raise ValueError(f"actions must have shape ({self.num_envs},), got {actions.shape}")
        return indices("actions", actions, int(self.single_action_space.n))


class TabularVectorEnv(SmallVectorEnv):
    """A `TabularMDP` to be walked, num_envs copies of it; the probability missing in a row of P ends the episode.

    Observations are mdp.obs of the state (after the end: of the state it ended in), actions integers (num_envs,),
    rewards mdp.R. Episodes are truncated after `max_steps` steps.
    """

    def __init__(self, mdp: TabularMDP, num_envs: int = 1, max_steps: int = 1000) -> None:
        if tabular(mdp).obs.ndim == 1:
            obs_space: gym.Space[Any] = gym.spaces.Discrete(int(mdp.obs.max()) + 1)
        else:
            obs_space = gym.spaces.Box(-np.inf, np.inf, mdp.obs.shape[1:], mdp.obs.dtype)
        super().__init__(num_envs, max_steps, obs_space, gym.spaces.Discrete(mdp.num_actions))
        self.mdp = mdp
        ending = np.maximum(1 - mdp.P.sum(axis=-1, keepdims=True), 0)
        self._next = AliasTable(np.concatenate([mdp.P, ending], axis=-1).reshape(-1, mdp.num_states + 1))
        self._states = np.zeros(num_envs, int)

    def _start(self, where):
        self._states[where] = self.np_random.choice(self.mdp.num_states, size=where.sum(), p=self.mdp.rho)

    def _obs(self):
        return self.mdp.obs[self._states]

    def _advance(self, actions):
        rewards = self.mdp.R[self._states, actions]
        outcomes = self.mdp.num_states + 1
        rows = self._states * self.mdp.num_actions + actions
        next_states = self._next.sample(rows * outcomes, self.np_random) % outcomes
        terminated = next_states == self.mdp.num_states
        self._states = np.where(terminated, self._states, next_states)
        return rewards, terminated


class ShortCorridor(TabularVectorEnv):
    """`mdp.short_corridor(cells)`: all cells look alike, the second is reversed, each step costs 1; 0 left, 1 right."""

    def __init__(self, num_envs: int = 1, cells: int = 3, max_steps: int = 1000) -> None:
        super().__init__(short_corridor(cells), num_envs, max_steps)


class RockPaperScissors(SmallVectorEnv):
    """A repeated matrix game; observation always 0, actions 0 rock, 1 paper, 2 scissors, reward payoff[ours, theirs].

    opponent: its mixed strategy (3,), or "best_response": then it knows our policy, which `announce(policy)` tells
    it, and plays what hurts us most. payoff (A, B): what we win. An episode has `rounds` rounds. While training:
    `reinforce(..., callback=lambda update, theta, batch: envs.announce(policy.probs(theta, 0)))`.
    """

    def __init__(
        self, num_envs: int = 1, opponent: ArrayLike | str = "best_response", payoff: ArrayLike = RPS, rounds: int = 1
    ) -> None:
        self.payoff = finite("payoff", payoff, (None, None))
        super().__init__(
            num_envs, whole("rounds", rounds), gym.spaces.Discrete(1), gym.spaces.Discrete(len(self.payoff))
        )
        self._answers = isinstance(opponent, str)
        if self._answers and opponent != "best_response":
            raise ValueError(f'opponent must be "best_response" or probabilities, got {opponent!r}')
        self.opponent = None if self._answers else probabilities("opponent", opponent, self.payoff.shape[1:])

    def announce(self, policy: ArrayLike) -> None:
        """Tell a best-responding opponent our policy, probabilities (A,)."""
        if not self._answers:
            raise ValueError("opponent plays a fixed strategy: there is nothing to announce")
        self.opponent = np.eye(self.payoff.shape[1])[best_response(policy, self.payoff)]

    def _start(self, where):
        if self.opponent is None:
            raise ValueError("a best-responding opponent must know our policy: call envs.announce(policy) first")

    def _obs(self):
        return np.zeros(self.num_envs, int)

    def _advance(self, actions):
        theirs = self.np_random.choice(len(self.opponent), size=self.num_envs, p=self.opponent)
        return self.payoff[actions, theirs], self._steps + 1 >= self.max_steps


class SteeringBandit(SmallVectorEnv):
    """Steer to an angle, once: actions (num_envs, 1) in [-1, 1], reward 1 / (1 + ((a - peak) / width)^2), at most 1.

    The peak is an irrational number by default, so no even grid from -1 to 1 holds it; its long slopes can be climbed
    from anywhere. Observation always 1.0, shape (1,). Actions beyond [-1, 1] are clipped, as an actuator would.
    """

    def __init__(self, num_envs: int = 1, peak: float = np.pi / 5, width: float = 0.05) -> None:
        box = gym.spaces.Box(-1.0, 1.0, (1,), np.float64)
        super().__init__(num_envs, 1, box, box)
        self.peak, self.width = finite_number("peak", peak), positive("width", width)

    def reward(self, actions: ArrayLike) -> Array:
        """The reward of any array of actions, same shape."""
        return 1 / (1 + ((np.clip(numbers("actions", actions), -1, 1) - self.peak) / self.width) ** 2)

    def _check(self, actions):
        return finite("actions", actions, (self.num_envs, 1))

    def _start(self, where):
        pass

    def _obs(self):
        return np.ones((self.num_envs, 1))

    def _advance(self, actions):
        return self.reward(actions)[:, 0], np.ones(self.num_envs, bool)


for _name, _class in {
    "Tabular": TabularVectorEnv,
    "ShortCorridor": ShortCorridor,
    "RockPaperScissors": RockPaperScissors,
    "SteeringBandit": SteeringBandit,
}.items():
    gym.register(f"policy_gradient/{_name}-v0", vector_entry_point=f"policy_gradient.envs:{_class.__name__}")
