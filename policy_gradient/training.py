"""REINFORCE, the whole loop, and honest statistics over seeds."""

import sys
import warnings
from dataclasses import dataclass

import numpy as np

from ._spaces import agreement, autoreset_mode
from ._validate import NotFinite, discount, finite, function, generator, having, number, numbers, whole
from .estimators import batch_mean, estimate_gradient, leave_one_out_mean
from .optimizers import Adam
from .returns import discounts, reward_to_go
from .rollouts import rollout

BASELINES = {"none": lambda returns, mask: 0.0, "leave_one_out": leave_one_out_mean, "batch_mean": batch_mean}

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
    stopped: str                 # why it stopped, in words
    reached_target: bool


def reinforce(envs, policy, theta, rng, *, num_updates, gamma=1.0, learning_rate=0.02, baseline="leave_one_out",
              scale=False, drop_gamma_t=False, max_steps=None, target_return=None, eval_envs=None, optimizer=None,
              callback=None, progress=True):
    """Climb the sampled policy gradient (Williams 1992), one whole episode per sub-environment and update.

    As it stands this is the theorem's estimator with reward-to-go; each knob that departs from it says so.
    gamma: discount of the objective. learning_rate: of Adam (or pass an `optimizer`; the same one again resumes).
    baseline: "none", "leave_one_out" (adds no bias) or "batch_mean" (includes the episode itself: a factor (n-1)/n);
    or a function of the rollout that gives the advantages (T, N) itself, as a `critic.Critic` does.
    scale: divide the weights by their root mean square, so that their size does not set the step (a departure).
    drop_gamma_t: leave gamma^t out (a departure, if gamma < 1). max_steps: cut episodes there.
    target_return: stop early once a batch reaches it and one fresh rollout of `eval_envs` (default: envs) does too,
    with the sampled policy. callback(update, theta, rollout): called after each update; a true answer stops.
    progress: a bar, shown once training lasts longer than two seconds.

    Returns a `Training`. If training diverges (theta, or what it leads to, stops being finite) it stops, warns, and returns
    the theta before that update.
    Raises ValueError for an unknown baseline, a NaN in the first theta, and whatever `rollout` refuses.
    """
    if not callable(baseline) and baseline not in BASELINES:
        raise ValueError(f"baseline must be one of {', '.join(BASELINES)}, got {baseline!r}")
    whole("num_updates", num_updates)
    discount(gamma)
    if target_return is not None:
        number("target_return", target_return)
    if callback is not None:
        function("callback", callback, "callback(update, theta, rollout)")
    theta, optimizer, log = np.array(numbers("theta", theta)), optimizer or Adam(learning_rate), []
    having("optimizer", optimizer, ["step"], "an optimizer with a method step(theta, gradient), such as Adam")
    having("policy", policy, ["sample", "weighted_score"], "a policy with methods sample and weighted_score")
    for name, asked in {"envs": envs, "eval_envs": eval_envs}.items():
        if asked is not None or name == "envs":
            autoreset_mode(asked, name)
            agreement(asked, policy, name)
    stopped, reached = f"did all {num_updates} updates", False
    try:
        for update in _bar(range(num_updates), "REINFORCE", progress):
            batch = rollout(envs, policy, theta, rng, max_steps)
            psi = _given(baseline(batch), batch) if callable(baseline) else _advantages(batch, gamma, baseline)
            if not drop_gamma_t:
                psi = psi * discounts(len(psi), gamma)[:, None]
            if scale:
                psi = psi / max(np.sqrt(np.mean(psi[batch.mask] ** 2)), 1e-8)
            gradient = estimate_gradient(policy, theta, batch, psi)
            lengths = batch.lengths
            log.append((batch.rewards.sum(axis=0).mean(), lengths.mean(), lengths.sum(), np.linalg.norm(gradient)))
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
            raise                    # before any update it is not training that diverged, it is what came in
        trouble = "training diverged" if np.isfinite(theta).all() else "theta was no longer finite"
        stopped = f"{trouble} after update {len(log) - 1} ({error}); kept the theta before it"
        warnings.warn(f"reinforce stopped: {stopped}", RuntimeWarning, stacklevel=2)
        theta = before
    mean_return, mean_length, num_steps, gradient_norm = np.array(log, float).T
    history = dict(mean_return=mean_return, mean_length=mean_length, num_steps=num_steps.cumsum(),
                   gradient_norm=gradient_norm)
    return Training(theta, history, stopped, reached)


def _check_usable(policy, theta, batch):
    """Raises NotFinite if theta holds NaN, or a policy cannot start with it: the rollout that shows it may never come."""
    finite("theta", theta)
    policy.weighted_score(theta, batch.obs[0], batch.actions[0], np.zeros(batch.num_episodes))


def _advantages(batch, gamma, baseline):
    returns = reward_to_go(batch.rewards, gamma)
    return returns - BASELINES[baseline](returns, batch.mask)


def _given(advantages, batch):
    """What a learner's own baseline gave."""
    advantages = numbers("baseline(rollout)", advantages)
    if advantages.shape != batch.mask.shape:                   # (N,) would broadcast over time, unnoticed
        raise ValueError(f"baseline(rollout) must give the advantages, shape (T, N) = {batch.mask.shape}, "
                         f"got {advantages.shape}")
    return advantages


def evaluate(envs, policy, theta, rng, max_steps=None, greedy=False):
    """Undiscounted returns of one fresh episode per sub-environment, (N,).

    greedy=False plays the policy itself, which is what a policy gradient improves; True plays its likeliest action
    (its mean, for a Gaussian; limit * tanh(mean), for a squashed one), which often looks better sooner.
    Raises what `rollout` does.
    """
    if greedy:
        having("policy", policy, ["probs" if hasattr(policy, "probs") else "mean"], "a policy with probs or a mean")
        autoreset_mode(envs)
        agreement(envs, policy)              # here, so that what is said names this policy
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


def run_seeds(train, seeds, progress=True, n_jobs=1):
    """[train(rng) for each seed], each with a Generator of its own; a bar, if it takes longer than two seconds.

    n_jobs: how many run side by side, each in a process of its own, through joblib (the extra `parallel`);
    -1 takes every core. With None `joblib.parallel_config` decides, and so the same call runs on a Dask or Ray cluster.
    The results are the same bits. Raises ImportError where joblib is missing.
    """
    function("train", train, "train(rng)")
    return sweep(train, [{}], seeds, progress, n_jobs)[0]


def sweep(train, settings, seeds, progress=True, n_jobs=1):
    """[[train(rng, **setting) for each seed] for each setting], settings a list of dictionaries; else as `run_seeds`."""
    function("train", train, "train(rng, **setting)")
    if not np.iterable(settings) or isinstance(settings, (str, dict)) or not all(isinstance(s, dict) for s in settings):
        raise TypeError(f"settings must be a list of dictionaries, one for each arm, got {settings!r}")
    if not np.iterable(seeds) or isinstance(seeds, str):
        raise TypeError(f"seeds must be several seeds, for example range(10), got {seeds!r}")
    seeds = [whole("each of seeds", seed, 0) for seed in seeds]
    if n_jobs is not None and (not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0):
        raise ValueError(f"n_jobs must be a number of processes, -1 for every core, or None, got {n_jobs!r}")
    runs = [(train, setting, seed) for setting in settings for seed in seeds]
    if n_jobs == 1:
        results = [_one_run(*run) for run in _bar(runs, "seeds", progress)]
    else:
        try:
            from joblib import Parallel, delayed      # here: who runs one after another needs no joblib
        except ImportError:
            raise ImportError("n_jobs other than 1 needs joblib, which is not installed: pip install joblib, or leave n_jobs "
                              "at 1") from None
        coming = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_one_run)(*run) for run in runs)
        results = list(_bar(coming, "seeds", progress, len(runs)))
    return [results[k:k + len(seeds)] for k in range(0, len(runs), len(seeds))] if seeds else [[] for _ in settings]


def _one_run(train, setting, seed):
    return train(np.random.default_rng(seed), **setting)


def bootstrap_interval(values, rng, confidence=0.95, statistic=np.mean):
    """(low, high) of `statistic` over seeds, values (seeds, ...) -> two arrays (...): the percentile bootstrap.

    statistic(values, axis=...) as np.mean or np.median. Below ten seeds such intervals are rather too narrow; see
    Agarwal et al. (2021). Raises ValueError for fewer than two seeds, NaN, or a confidence outside (0, 1).
    """
    from scipy import stats          # here, because importing it takes longer than most of what the package does

    values = numbers("values", values).astype(float)
    function("statistic", statistic, "statistic(values, axis=...), such as np.mean")
    number("confidence", confidence)
    generator(rng)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError(f"values must hold at least two seeds on the first axis, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("values must be finite")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    result = stats.bootstrap((values,), statistic, axis=0, confidence_level=confidence, method="percentile",
                             n_resamples=4999, random_state=rng, vectorized=True, batch=500)
    return result.confidence_interval.low, result.confidence_interval.high


def _bar(items, what, shown, total=None):
    from tqdm import tqdm            # here, for the same reason
    if sys.platform == "emscripten":
        tqdm.monitor_interval = 0    # its watching thread: a browser has none, and tqdm would warn

    return tqdm(items, desc=what, total=total, delay=2, leave=False) if shown else items      # TQDM_DISABLE=1 silences it everywhere
