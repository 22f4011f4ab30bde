"""Two worlds small enough that their exact gradient is known,
and the batches that are sampled in them ("Find the bug").

`ladder`: three rungs, at each of which one stops or climbs on. `slider`: one real action, of which the world executes
what lies between its stops. Both have `sample(theta, rng, n)`, `expected_return(theta)` and `exact_gradient(theta)`.
"""

import copy
import math
from dataclasses import dataclass, fields

import numpy as np

from policy_gradient.mdp import TabularMDP, exact_gradient
from policy_gradient.policies import TabularSoftmax, softmax


class _Arrays:
    """Equal when all arrays are; a short name in messages. A check copies and compares thousands: both are quick."""

    __hash__ = None

    def __eq__(self, other):
        return type(self) is type(other) and all(
            _equal(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    def __deepcopy__(self, memo):
        made = object.__new__(type(self))
        vars(made).update({name: _copied(value, memo) for name, value in vars(self).items()})
        return made


def _copied(value, memo):
    """As copy.deepcopy, which takes three times as long over a few numbers."""
    if type(value) is np.ndarray and not value.dtype.hasobject:
        return value.copy("K")
    return value if type(value) is float else copy.deepcopy(value, memo)


def _equal(value, other):
    """As np.array_equal, which takes four times as long over a few numbers."""
    if type(value) is type(other) is np.ndarray:
        return value.shape == other.shape and bool((value == other).all())
    return np.array_equal(value, other)


@dataclass(frozen=True, eq=False, repr=False)
class Batch(_Arrays):
    """N episodes side by side, T steps, time first. Where `mask` is False the episode is over
    and all entries are padding.

    obs, actions, next_obs (T, N) ints; rewards (T, N); terminated (T, N) bool: the episode ended with this step, and
    next_obs is then the start of the next one, as environments that restart themselves report it. mask (T, N) bool.
    values (S,): V of the policy that played, as a perfect critic would know it. gamma: the discount.
    """

    obs: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_obs: np.ndarray
    terminated: np.ndarray
    mask: np.ndarray
    values: np.ndarray
    gamma: float

    def __repr__(self):
        return f"a batch of {self.mask.shape[1]} episodes with {' + '.join(map(str, self.mask.sum(axis=0)))} steps"


@dataclass(frozen=True, eq=False, repr=False)
class Draws(_Arrays):
    """N draws of a Gaussian policy: actions (N,) as drawn; rewards (N,), of what was executed;
    low, high: the stops; std."""

    actions: np.ndarray
    rewards: np.ndarray
    low: float
    high: float
    std: float

    def __repr__(self):
        return f"a batch of {len(self.actions)} draws"


@dataclass(frozen=True)
class Ladder:
    """Rungs 0, 1, ...: action 0 stops and is paid stop[rung], action 1 climbs and is paid climb[rung]; the top ends it.

    theta (S, A): one logit for each rung and action.
    """

    stop: tuple
    climb: tuple
    gamma: float

    @property
    def mdp(self):
        S = len(self.stop)
        P = np.zeros((S, 2, S))
        P[np.arange(S - 1), 1, np.arange(1, S)] = 1
        return TabularMDP(P, np.column_stack([self.stop, self.climb]), np.eye(S)[0], self.gamma)

    @property
    def policy(self):
        return TabularSoftmax(len(self.stop), 2)

    def expected_return(self, theta):
        """J(theta)."""
        return self.values(theta)[0]

    def exact_gradient(self, theta):
        """The gradient of J, (S, A), by the policy gradient theorem and linear algebra."""
        return exact_gradient(self.mdp, self.policy, theta.ravel()).reshape(theta.shape)

    def values(self, theta):
        """V (S,) of the policy theta, from the top downwards."""
        V, above = np.zeros(len(theta)), 0.0
        for rung, (stops, climbs) in reversed(list(enumerate(softmax(theta)))):
            V[rung] = above = stops * self.stop[rung] + climbs * (self.climb[rung] + self.gamma * above)
        return V

    def batch(self, climbs, values):
        """The batch in which every episode climbs where `climbs` (T, N) says so, until it stops."""
        T, N = climbs.shape
        prices = np.column_stack([self.stop, self.climb])
        mask = np.vstack([np.ones(N, bool), climbs.cumprod(axis=0).astype(bool)[:-1]])
        rung = np.arange(T)[:, None]
        obs, actions = np.where(mask, rung, 0), np.where(mask, climbs, 0)
        terminated = mask & ((actions == 0) | (rung == T - 1))
        next_obs = np.where(mask & ~terminated, rung + 1, 0)
        return Batch(
            obs, actions, np.where(mask, prices[obs, actions], 0.0), next_obs, terminated, mask, values, self.gamma
        )

    def sample(self, theta, rng, n=4):
        """A batch of n episodes played by theta."""
        return self.batches(theta, rng, n, 1)[0]

    def batches(self, theta, rng, n, count):
        """`count` such batches in a list."""
        theta = np.asarray(theta, float)
        climbs = (rng.random((len(theta), n * count)) < softmax(theta)[:, 1:]).astype(int)
        together = self.batch(climbs, self.values(theta))
        columns = [np.split(getattr(together, field.name), count, axis=1) for field in fields(Batch)[:6]]
        return [Batch(*(part.copy() for part in parts), together.values.copy(), self.gamma) for parts in zip(*columns)]


def _tail(z):
    """The probability that a standard normal number exceeds z."""
    return math.erfc(z / math.sqrt(2)) / 2


@dataclass(frozen=True)
class Slider:
    """One action a, drawn from a Gaussian with mean theta[0];
    executed is clip(a, low, high), paid is base + what was executed."""

    low: float = -1.0
    high: float = 1.0
    std: float = 1.0
    base: float = 5.0

    def expected_return(self, theta):
        """J(theta): the mean between the stops, and the mass that lies beyond each."""
        z = (np.array([self.low, self.high]) - theta[0]) / self.std
        below, above = _tail(-z[0]), _tail(z[1])
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        inside = theta[0] * (1 - below - above) - self.std * (density[1] - density[0])
        return self.base + self.low * below + self.high * above + inside

    def exact_gradient(self, theta):
        """The probability that a small shift of the draw is executed at all, (1,)."""
        z = (np.array([self.low, self.high]) - theta[0]) / self.std
        return np.array([1 - _tail(-z[0]) - _tail(z[1])])

    def sample(self, theta, rng, n=4):
        """n draws of the policy theta."""
        actions = theta[0] + self.std * rng.standard_normal(n)
        return Draws(actions, self.base + np.clip(actions, self.low, self.high), self.low, self.high, self.std)

    def batches(self, theta, rng, n, count):
        """`count` such batches in a list."""
        return [self.sample(theta, rng, n) for _ in range(count)]


ladder = Ladder(stop=(1.0, 1.0, 0.5), climb=(0.0, -0.5, 5.0), gamma=0.8)
slider = Slider()


def exact_curves(update, world, theta, *, lr, n=8, updates=150, seeds=20):
    """The exact J after each update, (seeds, updates + 1): what a perfect monitor would show of `update`."""
    curves = np.empty((seeds, updates + 1))
    for seed in range(seeds):
        rng, now = np.random.default_rng(seed), np.array(theta, float)
        for k in range(updates + 1):
            curves[seed, k] = world.expected_return(now)
            now = update(now, world.sample(now, rng, n), lr)
    return curves


learning_curves = exact_curves  # the name in older notebooks; `plots.learning_curves` draws
