"""PPO and TRPO: the actor-critic with another weight in front of the score, or another step.

    critic = Critic((4, 64, 1), rng, gamma=0.98, lam=0.8, unit=50.0)
    ppo(envs, policy, theta, critic, rng, num_updates=400)

Both read: collect a segment, advantages from the critic, then use the same data several times (PPO) or once, as far as
a trust region allows (TRPO).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from ._progress import bar
from ._spaces import critic_agreement
from ._validate import NotFinite, finite, function, having, not_negative, number, one_of, positive, whole
from .natural import conjugate_gradient, fisher_vector, kl, kl_step
from .onepass import regress, weighed_score
from .optimizers import Adam
from .policies import MLPSoftmax
from .segments import segment_gae, segments
from .surrogate import clip_weights, kl_estimates, normalised, ratios, surrogate
from .training import Training

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Array, ArrayLike
    from .critic import Critic
    from .protocols import Environment, Policy
    from .segments import Segment

# Chosen on seeds that are reported nowhere: CartPole, 8 environments, MLPSoftmax((4, 64, 2))
# and Critic((4, 64, 1), ...).
CARTPOLE_PPO = dict(num_steps=32, epochs=10, minibatch=64, clip=0.2, learning_rate=3e-3)
CARTPOLE_CRITIC = dict(gamma=0.98, lam=0.9, learning_rate=5e-3, unit=50.0)


def ppo(
    envs: Environment,
    policy: Policy,
    theta: ArrayLike,
    critic: Critic,
    rng: np.random.Generator,
    *,
    num_updates: int,
    num_steps: int = 32,
    epochs: int = 10,
    minibatch: int = 64,
    clip: float = 0.2,
    target_kl: float | None = None,
    normalize: str = "batch",
    learning_rate: float = 3e-3,
    anneal: float = 0.0,
    max_norm: float | None = None,
    weigh: Callable[[Array, Array, float, float], Array] = clip_weights,
    callback: Callable[[int, Array, Segment], Any] | None = None,
    progress: bool = True,
) -> Training:
    """Proximal policy optimisation with clipping (Schulman et al. 2017): `epochs` passes over each segment of data.

    critic: a `Critic`, used first and fitted after, by its own optimizer on the same minibatches. num_steps: per
    environment and update. minibatch: samples per step of Adam. clip: epsilon of the band [1 - clip, 1 + clip]; inf
    for none. target_kl: no further pass over a segment once the k3 estimate exceeds it.
    normalize: advantages less their mean over their standard deviation, per "batch" or per "minibatch" (as
    Stable-Baselines3 does), or "none". anneal: the share of learning_rate and clip that is gone at the end.
    weigh(ratio, advantages, low, high): the weight of each score, the one function that makes it PPO.
    callback(update, theta, segment): a true answer stops.

    Returns a `Training`; history: "mean_return" (of episodes that ended, NaN if none), "num_steps", "kl", "clipped"
    (share of weights 0 at the end of an update), "largest_ratio", "epochs". Where a number blows up
    (ratios that overflow) it stops, warns, and returns the theta before that update.
    Advantages that are all equal leave theta alone.
    """
    _critic(critic)
    having("critic.optimizer", critic.optimizer, ["step", "learning_rate"], "an optimizer such as Adam")
    epochs, minibatch = whole("epochs", epochs), whole("minibatch", minibatch)
    one_of("normalize", normalize, ("batch", "minibatch", "none"))
    positive("clip", clip, or_inf=True)
    if target_kl is not None and not number("target_kl", target_kl) >= 0:
        raise ValueError(f"target_kl must be at least 0, None for no limit, got {target_kl}")
    if max_norm is not None:
        positive("max_norm", max_norm, or_inf=True)
    function("weigh", weigh, "weigh(ratio, advantages, low, high) -> weights")
    critic_rate, adam = critic.optimizer.learning_rate, Adam(learning_rate)

    def update(theta, segment, left):
        adam.learning_rate, critic.optimizer.learning_rate = learning_rate * left, critic_rate * left
        low, high = max(0.0, 1 - clip * left), 1 + clip * left
        obs, actions, advantages, targets = _data(segment, critic)
        old = policy.log_prob(theta, obs, actions)
        scaled = normalised(advantages) if normalize == "batch" else advantages
        seen, targets = obs.astype(np.float32).reshape(len(obs), -1), (targets / critic.unit).astype(np.float32)
        for epoch in range(epochs):
            for rows in np.array_split(rng.permutation(len(obs)), -(-len(obs) // minibatch)):
                each = normalised(scaled[rows]) if normalize == "minibatch" else scaled[rows]
                weights = lambda log_probs: weigh(ratios(log_probs, old[rows]), each, low, high) / len(rows)  # noqa: E731,B023
                if each.any():  # advantages all equal: there is nothing to learn, nor for momentum to do
                    gradient = _gradient(policy, theta, obs[rows], actions[rows], weights)
                    theta = adam.step(theta, _shortened(gradient, max_norm))
                critic.theta = critic.optimizer.step(
                    critic.theta, regress(critic.network, critic.theta, seen[rows], targets[rows])
                )
            if target_kl is not None or epoch == epochs - 1:
                log_ratio = policy.log_prob(theta, obs, actions) - old
                moved = float(np.mean(kl_estimates(log_ratio)[2]))
                if target_kl is not None and moved > target_kl:
                    break
        ratio = ratios(log_ratio, 0 * log_ratio)
        idle = np.mean(weigh(ratio, np.where(scaled == 0, 1.0, scaled), low, high) == 0)
        return theta, dict(kl=moved, clipped=idle, largest_ratio=ratio.max(), epochs=epoch + 1)

    try:
        return _train(
            "ppo", envs, policy, theta, critic, rng, num_updates, num_steps, update, anneal, callback, progress
        )
    finally:  # the rate is the caller's; only the annealing was ours
        critic.optimizer.learning_rate = critic_rate


def trpo(
    envs: Environment,
    policy: Policy,
    theta: ArrayLike,
    critic: Critic,
    rng: np.random.Generator,
    *,
    num_updates: int,
    num_steps: int = 128,
    delta: float = 0.01,
    damping: float = 0.0,
    iterations: int = 10,
    backtracks: int = 10,
    callback: Callable[[int, Array, Segment], Any] | None = None,
    progress: bool = True,
) -> Training:
    """Trust region policy optimisation (Schulman et al. 2015), for softmax policies:
    one natural step per segment of data.

    The direction solves (F + damping I) x = gradient by `iterations` products of conjugate gradients; its quadratic KL
    is delta. Halved up to `backtracks` times until the KL itself is at most delta and the surrogate is better than
    before; if no step passes, theta stays where it is (history "step" is 0 there, and `stopped` counts such updates).

    Returns a `Training`; history: "mean_return", "num_steps", "kl" (of the step taken), "full_kl" (of the step before
    any halving), "step" (the share of it that was taken). Computes in theta's dtype: float64 is worth it here.
    """
    positive("delta", delta)
    not_negative("damping", damping)
    iterations, backtracks = whole("iterations", iterations, 0), whole("backtracks", backtracks, 0)

    def update(theta, segment, left):
        obs, actions, advantages, targets = _data(segment, critic)
        scaled, old = normalised(advantages), policy.log_prob(theta, obs, actions)
        gradient = policy.weighted_score(theta, obs, actions, scaled / len(obs))
        product = lambda v: fisher_vector(policy, theta, obs, None, v) + damping * v  # noqa: E731
        step = kl_step(conjugate_gradient(product, gradient, iterations), gradient, delta)
        taken = dict(kl=0.0, full_kl=kl(policy, theta, theta + step, obs), step=0.0)
        for share in 0.5 ** np.arange(backtracks + 1) if step.any() else ():
            other = theta + share * step
            distance = kl(policy, theta, other, obs)
            if distance <= delta and surrogate(np.exp(policy.log_prob(other, obs, actions) - old), scaled) > surrogate(
                np.ones(len(obs)), scaled
            ):
                theta, taken["kl"], taken["step"] = other.astype(theta.dtype, copy=False), distance, share
                break
        critic.fit(obs, targets)
        return theta, taken

    training = _train("trpo", envs, policy, theta, critic, rng, num_updates, num_steps, update, 0.0, callback, progress)
    stayed = int((training.history["step"] == 0).sum())
    words = (
        f"; in {stayed} of {len(training.history['step'])} updates no step passed, and theta stayed" if stayed else ""
    )
    return Training(training.theta, training.history, training.stopped + words, False)


def _train(name, envs, policy, theta, critic, rng, num_updates, num_steps, update, anneal, callback, progress):
    """Collect and update, `num_updates` times; update(theta, segment, left) -> (theta, what to note down)."""
    having(
        "policy", policy, ["sample", "log_prob", "weighted_score"], "a policy with sample, log_prob and weighted_score"
    )
    _critic(critic)
    if callback is not None:
        function("callback", callback, "callback(update, theta, segment)")
    if not 0 <= number("anneal", anneal) <= 1:
        raise ValueError(f"anneal must lie in [0, 1], got {anneal}")
    num_updates, theta, log = whole("num_updates", num_updates), np.array(finite("theta", theta)), []
    collect, stopped, steps = segments(envs, policy, rng, num_steps), f"did all {num_updates} updates", 0
    critic_agreement(envs, critic)
    try:
        for k in bar(range(num_updates), name.upper(), progress):
            segment = collect(theta)
            before, (theta, notes) = theta, update(theta, segment, 1 - anneal * k / num_updates)
            finite("theta", theta)
            steps += segment.live.size
            log.append(
                dict(mean_return=segment.returns.mean() if len(segment.returns) else np.nan, num_steps=steps, **notes)
            )
            if callback is not None and callback(k, theta, segment):
                stopped = f"the callback said so after update {k}"
                break
    except NotFinite as error:
        if not log:
            raise  # before any update it is not training that diverged, it is what came in
        theta = theta if np.isfinite(theta).all() else before
        stopped = f"a number blew up in update {len(log)} ({error}); kept the theta before it"
        warnings.warn(f"{name} stopped: {stopped}", RuntimeWarning, stacklevel=3)
    history = {key: np.array([notes[key] for notes in log], float) for key in log[0]}
    return Training(theta, history, stopped, False)


def _critic(critic):
    having("critic", critic, ["values", "fit", "network", "theta", "unit", "gamma", "lam", "optimizer"], "a Critic")


def _data(segment, critic):
    """Observations, actions, advantages and targets of the steps that are data, (n, ...)."""
    live, values = segment.live, critic.values(segment.obs)
    advantages = segment_gae(segment, values, critic.values(segment.next_obs), critic.gamma, critic.lam)
    return segment.obs[live], segment.actions[live], advantages[live], (advantages + values)[live]


def _gradient(policy, theta, obs, actions, weights):
    """The sum of weights(log_probs) times the scores; a network goes forward once for both, which halves the time."""
    if type(policy) is MLPSoftmax:
        return weighed_score(policy, theta, obs, actions, weights)
    return policy.weighted_score(theta, obs, actions, weights(policy.log_prob(theta, obs, actions)))


def _shortened(gradient, max_norm):
    """The gradient, no longer than max_norm."""
    length = 0.0 if max_norm is None else np.linalg.norm(gradient)
    return gradient * (max_norm / length) if max_norm is not None and length > max_norm else gradient
