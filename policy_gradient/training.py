"""REINFORCE, the whole loop."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._progress import bar
from ._spaces import agreement, autoreset_mode, critic_agreement
from ._validate import NotFinite, discount, finite, function, having, number, numbers, one_of, whole
from ._validate import policy as checked_policy
from .estimators import batch_mean, estimate_gradient, leave_one_out_mean
from .optimizers import Adam
from .returns import discounts, reward_to_go
from .rollouts import rollout
from .seeds import bootstrap_interval, run_seeds, sweep  # noqa: F401      once written here

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._types import Array, ArrayLike
    from .protocols import Environment, Policy
    from .rollouts import Rollout

BASELINES = {"none": lambda returns, mask: 0.0, "leave_one_out": leave_one_out_mean, "batch_mean": batch_mean}

SMALLEST_SCALE = 1e-8  # weights that are all zero stay zero

# Departures from the theorem that practice makes; with 16 episodes and MLPSoftmax((4, 64, 2)): CartPole in a second.
CARTPOLE_RECIPE = dict(gamma=0.99, drop_gamma_t=True, baseline="batch_mean", scale=True, learning_rate=0.02)


@dataclass(frozen=True, eq=False)
class Training:
    """What `reinforce` returns.

    history: per update, arrays (updates,): "mean_return" (undiscounted, of that update's own episodes), "mean_length",
    "num_steps" (in the environment, so far), "gradient_norm".
    """

    theta: np.ndarray
    history: dict
    stopped: str  # why it stopped, in words
    reached_target: bool


def reinforce(
    envs: Environment,
    policy: Policy,
    theta: ArrayLike,
    rng: np.random.Generator,
    *,
    num_updates: int,
    gamma: float = 1.0,
    learning_rate: float = 0.02,
    baseline: str | Callable[[Rollout], ArrayLike] = "leave_one_out",
    scale: bool = False,
    drop_gamma_t: bool = False,
    max_steps: int | None = None,
    target_return: float | None = None,
    eval_envs: Environment | None = None,
    optimizer: Adam | None = None,
    callback: Callable[[int, Array, Rollout], Any] | None = None,
    progress: bool = True,
) -> Training:
    """Climb the sampled policy gradient (Williams 1992), one whole episode per sub-environment and update.

    As it stands this is the theorem's estimator with reward-to-go; each knob that departs from it says so.
    gamma: discount of the objective. learning_rate: of Adam (or pass an `optimizer`; the same one again resumes).
    baseline: "none", "leave_one_out" (adds no bias) or "batch_mean" (includes the episode itself: at each step
    a factor (n-1)/n, with n still running);
    or a function of the rollout that gives the advantages (T, N) itself, as a `critic.Critic` does.
    scale: divide the weights by their root mean square, so that their size does not set the step (a departure).
    drop_gamma_t: leave gamma^t out (a departure, if gamma < 1). max_steps: cut episodes there.
    target_return: stop early once a batch reaches it and one fresh rollout of `eval_envs` (default: envs) does too,
    with the sampled policy. callback(update, theta, rollout): called after each update; a true answer stops.
    progress: a bar, shown once training lasts longer than two seconds.

    Returns a `Training`. If training diverges (theta, or what it leads to, stops being finite) it stops, warns, and
    returns the theta before that update.
    Raises ValueError for an unknown baseline, a NaN in the first theta, and whatever `rollout` refuses.
    """
    _check(envs, policy, num_updates, gamma, baseline, target_return, eval_envs, callback)
    theta, optimizer, log = np.array(numbers("theta", theta)), _given_or_adam(optimizer, learning_rate), []
    before, stopped, reached = theta, f"did all {num_updates} updates", False
    try:
        for update in bar(range(num_updates), "REINFORCE", progress):
            batch = rollout(envs, policy, theta, rng, max_steps)
            psi = _weights(batch, gamma, baseline, scale, drop_gamma_t)
            gradient = estimate_gradient(policy, theta, batch, psi)
            log.append(_measured(batch, gradient))
            before, theta = theta, optimizer.step(theta, gradient)
            _check_usable(policy, theta, batch)
            if callback is not None and callback(update, theta, batch):
                stopped = f"the callback said so after update {update}"
                break
            if target_return is not None and log[-1][0] >= target_return:
                if evaluate(eval_envs or envs, policy, theta, rng, max_steps).mean() >= target_return:
                    stopped, reached = f"reached {target_return:g} after update {update}", True
                    break
    except NotFinite as error:
        if not log:
            raise  # before any update it is not training that diverged, it is what came in
        theta, stopped = before, _diverged(error, theta, len(log) - 1)
    return Training(theta, _history(log), stopped, reached)


def _check(envs, policy, num_updates, gamma, baseline, target_return, eval_envs, callback):
    if not callable(baseline):
        one_of("baseline", baseline, BASELINES)
    whole("num_updates", num_updates)
    discount(gamma)
    if target_return is not None and np.isnan(number("target_return", target_return)):
        raise ValueError("target_return must be a number that a return can reach, got nan")
    if callback is not None:
        function("callback", callback, "callback(update, theta, rollout)")
    checked_policy(policy, "sample", "weighted_score")
    for name, asked in {"envs": envs, "eval_envs": eval_envs}.items():
        if asked is not None or name == "envs":
            autoreset_mode(asked, name)
            agreement(asked, policy, name)
    critic_agreement(envs, baseline)


def _given_or_adam(optimizer: Adam | None, learning_rate: float) -> Adam:
    return having(
        "optimizer",
        Adam(learning_rate) if optimizer is None else optimizer,
        ["step"],
        "an optimizer with a method step(theta, gradient), such as Adam",
    )


def _weights(batch, gamma, baseline, scale, drop_gamma_t):
    """psi, (T, N): the advantages, times gamma^t and scaled as asked."""
    psi = _given(baseline(batch), batch) if callable(baseline) else _advantages(batch, gamma, baseline)
    if not drop_gamma_t:
        psi = psi * discounts(len(psi), gamma)[:, None]
    if scale:
        psi = psi / max(np.sqrt(np.mean(psi[batch.mask] ** 2)), SMALLEST_SCALE)
    return psi


def _measured(batch, gradient):
    """One update's row of the history, in the order of `Training.history`."""
    lengths = batch.lengths
    return batch.rewards.sum(axis=0).mean(), lengths.mean(), lengths.sum(), np.linalg.norm(gradient)


def _history(log):
    mean_return, mean_length, num_steps, gradient_norm = np.array(log, float).T
    return dict(
        mean_return=mean_return, mean_length=mean_length, num_steps=num_steps.cumsum(), gradient_norm=gradient_norm
    )


def _diverged(error, theta, update):
    """Warns, and says why training stopped."""
    trouble = "training diverged" if np.isfinite(theta).all() else "theta was no longer finite"
    stopped = f"{trouble} after update {update} ({error}); kept the theta before it"
    warnings.warn(f"reinforce stopped: {stopped}", RuntimeWarning, stacklevel=3)
    return stopped


def _check_usable(policy, theta, batch):
    """Raises NotFinite if theta holds NaN, or a policy cannot start with it:
    the rollout that shows it may never come."""
    finite("theta", theta)
    policy.weighted_score(theta, batch.obs[0], batch.actions[0], np.zeros(batch.num_episodes))


def _advantages(batch, gamma, baseline):
    returns = reward_to_go(batch.rewards, gamma)
    return returns - BASELINES[baseline](returns, batch.mask)


def _given(advantages, batch):
    """What a learner's own baseline gave."""
    advantages = numbers("baseline(rollout)", advantages)
    if advantages.shape != batch.mask.shape:  # (N,) would broadcast over time, unnoticed
        raise ValueError(
            f"baseline(rollout) must give the advantages, shape (T, N) = {batch.mask.shape}, got {advantages.shape}"
        )
    return advantages


def evaluate(
    envs: Environment,
    policy: Policy,
    theta: ArrayLike,
    rng: np.random.Generator,
    max_steps: int | None = None,
    greedy: bool = False,
) -> Array:
    """Undiscounted returns of one fresh episode per sub-environment, (N,).

    greedy=False plays the policy itself, which is what a policy gradient improves; True plays its likeliest action
    (for a Gaussian its mean) or, where it is squashed, its median, limit * tanh(mean), which often looks better sooner.
    Raises what `rollout` does.
    """
    if greedy:
        checked_policy(policy, "probs" if hasattr(policy, "probs") else "mean", what="a policy with probs or a mean")
        autoreset_mode(envs)
        agreement(envs, policy)  # here, so that what is said names this policy
    player = _Greedy(policy) if greedy else policy
    return rollout(envs, player, theta, rng, max_steps).rewards.sum(axis=0)


@dataclass(frozen=True)
class _Greedy:
    """The policy, all but the way it draws."""

    policy: object

    def __getattr__(self, name):
        return getattr(self.policy, name)

    def sample(self, theta, obs, rng):
        if hasattr(self.policy, "probs"):
            return self.policy.probs(theta, obs).argmax(axis=-1)
        return self.policy.mean(theta, obs)
