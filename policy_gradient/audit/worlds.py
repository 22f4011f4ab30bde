"""The batches on which an update is asked: small, fixed, and such that different answers give different numbers.

In "two doors" at theta = 0 the eight action sequences are equally likely and make the whole batch: what an update that
takes each episode by itself does there is its expected direction (one that ties them by their mean or spread: its
direction on large batches; one that runs on into the next: that for their order). In every other batch each step has an
observation, and so a parameter, of its own. The gradient then shows the weight that each step got, one number per step,
and a rule for these weights can be held against it.
"""

from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import product

import numpy as np


@dataclass
class Batch:
    """n steps, episode after episode, as a training loop holds them. theta (num_obs,):
    P(action 1 | obs) = sigmoid(theta[obs]).

    obs, actions, next_obs (n,) int; rewards, values, next_values, log_probs (n,) float: V of obs and of next_obs, and
    the log-probability with which the action was drawn; terminated, truncated (n,) bool. mask (n,) bool is False at a
    step that is no data (Gymnasium's reset step). episode, t (n,) int: which episode, and which step of it. gamma, lam:
    what an update should use. next_obs of a last step is what was seen after it, not the next episode's first.
    """

    obs: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_obs: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    mask: np.ndarray
    values: np.ndarray
    next_values: np.ndarray
    log_probs: np.ndarray
    episode: np.ndarray
    t: np.ndarray
    gamma: float
    lam: float
    num_obs: int

    def __len__(self):
        return len(self.obs)

    def episodes(self):
        """The episodes as slices of the arrays, reset steps left out."""
        starts = np.flatnonzero((self.t == 0) & self.mask)
        return [slice(s, s + int((self.mask & (self.episode == self.episode[s])).sum())) for s in starts]

    def probs(self, theta):
        """P(action 1) at each step, (n,)."""
        return 1 / (1 + np.exp(-np.asarray(theta)[self.obs]))

    def log_prob(self, theta):
        """log pi(action | obs), (n,)."""
        p = self.probs(theta)
        return np.log(np.where(self.actions == 1, p, 1 - p))

    def score(self, theta):
        """The gradient of log_prob by theta, (n, num_obs)."""
        scores = np.zeros((len(self), self.num_obs))
        scores[np.arange(len(self)), self.obs] = self.actions - self.probs(theta)
        return scores

    def padded(self, x):
        """x (n,) as a table (T, N), one column per episode, zero where there is no step."""
        parts = self.episodes()
        table = np.zeros((max(e.stop - e.start for e in parts), len(parts)), x.dtype)
        for n, e in enumerate(parts):
            table[: e.stop - e.start, n] = x[e]
        return table

    def last(self, x):
        """x (n,) at the last step of each episode, (N,)."""
        return np.array([x[e.stop - 1] for e in self.episodes()])

    @property
    def rollout(self):
        """The same as the book's `Rollout`: arrays (T, N), one column per episode, padded."""
        from policy_gradient.rollouts import Rollout

        return Rollout(
            *(
                self.padded(x)
                for x in (self.obs, self.actions, self.rewards, self.mask, self.terminated, self.truncated)
            ),
            self.last(self.next_obs),
        )

    def copy(self):
        return replace(
            self, **{f.name: np.copy(v) for f in fields(self) if isinstance(v := getattr(self, f.name), np.ndarray)}
        )


@dataclass(frozen=True)
class World:
    """A batch, and the parameters at which the update is asked."""

    name: str
    theta: np.ndarray
    batch: Batch


def _steps(lengths, endings, rng, gamma, lam, resets=False):
    """Episodes of these lengths; an ending is "terminated", "truncated", "both" or "open"
    (the batch ends in the middle)."""
    rows, seen = [], 0
    for n, (length, ending) in enumerate(zip(lengths, endings)):
        for t in range(length):
            last = t == length - 1
            rows.append(
                (
                    seen,
                    seen + 1,
                    last and ending in ("terminated", "both"),
                    last and ending in ("truncated", "both"),
                    True,
                    n,
                    t,
                )
            )
            seen += 1
        if resets and n + 1 < len(lengths):
            rows.append((seen, seen + 1, False, False, False, n, length))
        seen += 1  # what is seen after the last step has a number of its own
    obs, next_obs, terminated, truncated, mask, episode, t = (np.array(column) for column in zip(*rows))
    V = np.round(rng.normal(0, 1.5, seen), 2)
    theta = np.round(rng.uniform(-1.2, 1.2, seen), 2)
    rewards = np.where(mask, np.round(rng.normal(0.4, 2, len(rows)), 2), 0.0)
    actions = (np.arange(len(rows)) * 5 % 3 != 1).astype(int)
    batch = Batch(
        obs,
        actions,
        rewards,
        next_obs,
        terminated,
        truncated,
        mask,
        V[obs],
        V[next_obs],
        np.zeros(len(rows)),
        episode,
        t,
        gamma,
        lam,
        seen,
    )
    batch.log_probs = batch.log_prob(theta)
    return theta, batch


def _two_doors():
    from policy_gradient.mdp import two_doors

    mdp, rows = two_doors(), []
    for n, actions in enumerate(product([0, 1], repeat=3)):
        s = 0
        for t, a in enumerate(actions):
            following = mdp.P[s, a]
            after = int(following.argmax()) if following.any() else -1
            rows.append((mdp.obs[s], a, mdp.R[s, a], mdp.obs[max(after, 0)], after < 0, n, t))
            s = after
    obs, actions, rewards, next_obs, terminated, episode, t = (np.array(column) for column in zip(*rows))
    zero, no = np.zeros(len(rows)), np.zeros(len(rows), bool)
    batch = Batch(
        obs,
        actions,
        rewards,
        next_obs,
        terminated,
        no,
        ~no,
        zero,
        zero.copy(),
        np.full(len(rows), np.log(0.5)),
        episode,
        t,
        mdp.gamma,
        0.9,
        3,
    )
    return World("two doors", np.zeros(3), batch)


@cache
def worlds():
    """{name: World}. The arrays are shared: an update gets copies."""
    made = {"two doors": _two_doors()}
    for seed, (name, lengths, endings, gamma, lam, resets) in enumerate(
        [
            ("plain", (2, 4, 3, 4), "terminated " * 4, 0.7, 0.8, False),
            ("longer", (5, 3, 5, 2, 5, 4), "terminated " * 6, 0.8, 0.6, False),
            ("cut", (3, 2, 4, 4), "truncated terminated truncated terminated", 0.6, 0.9, False),
            ("both", (3, 3, 2), "both terminated terminated", 0.6, 0.9, False),
            ("open", (3, 2, 3), "terminated terminated open", 0.6, 0.9, False),
            ("reset", (3, 2, 4, 4), "terminated truncated terminated terminated", 0.7, 0.8, True),
            ("long", (12, 2, 12), "terminated " * 3, 0.9, 0.7, False),
        ]
    ):
        theta, batch = _steps(lengths, endings.split(), np.random.default_rng(seed + 11), gamma, lam, resets)
        made[name] = World(name, theta, batch)
    return made


def changed(world, name, **arrays):
    """The same world with other arrays (or another gamma, lam) in its batch."""
    return World(name, world.theta, replace(world.batch.copy(), **arrays))
