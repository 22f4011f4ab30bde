"""Does a policy or an environment of your own do what the book's do? Put it through here, in a test of yours.

    from policy_gradient.testing import check_environment, check_policy

    check_policy(MyPolicy(), np.random.default_rng(0))
    check_environment(MyEnvs(num_envs=4), np.random.default_rng(0))

Both say nothing if all is well, and else raise AssertionError: one sentence that names the method, what was expected,
and what came. What rests on samples is judged at six standard errors:
a sound policy fails once in a hundred million runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._spaces import autoreset_mode
from ._validate import as_array, generator, short, whole
from .protocols import Environment, Policy

STEP = 1e-5  # of the finite differences: their error is then about 1e-10 of the third derivative
CLOSE = 1e-6  # how far two ways to the same float64 number may lie apart, of the larger of it and one
SIGMAS = 6.0  # standard errors
COORDINATES = 200  # of a long theta, as many are differentiated, drawn at random
FEWEST = 1000  # draws: of fewer the standard error itself is not known well enough
WIDER = 2.0  # how much wider than the policy the law is that its density is weighed against


def check_policy(
    policy: Policy, rng: np.random.Generator, obs: ArrayLike | None = None, num_samples: int = 20_000
) -> None:
    """Raises AssertionError unless `policy` keeps all that a `protocols.Policy` promises.

    obs: five or so observations to ask it about, (N, ...); None makes some up, if it says num_obs (integers) or
    num_features (vectors). A policy that draws integers must say num_actions as well, so that the probabilities of all
    of them can be added up. num_samples: actions drawn in one observation, to hold `sample` against `log_prob`; 1000 or
    more.
    """
    generator(rng)
    whole("num_samples", num_samples, least=FEWEST)
    _has(policy, "policy", ["init", "sample", "log_prob", "score", "weighted_score"])
    d = policy.num_params if hasattr(policy, "num_params") else None
    _need(
        isinstance(d, (int, np.integer)) and not isinstance(d, bool) and d > 0,
        f"policy.num_params must be a whole number of at least 1, got {short(d)}",
    )
    asked = _Asked(policy)
    start = asked("init", rng)
    _array(start, (d,), "policy.init(rng)", "one number for each parameter")
    _need(start.dtype.kind == "f", f"policy.init(rng) must return floating-point numbers, got {start.dtype}")
    theta = start.astype(np.float64) + 0.5 * rng.standard_normal(d)  # where nothing is zero by symmetry
    obs = _some_obs(policy, rng) if obs is None else as_array("obs", obs)
    _need(obs.ndim > 0 and len(obs) > 0, f"obs must hold some observations, (N, ...), got {short(obs)}")
    actions, discrete = _check_sample(asked, theta, obs, rng)
    _check_shapes_and_rows(asked, theta, obs, actions, discrete, rng)
    _check_dtype(asked, theta, obs, actions, discrete)
    _check_slope(asked, theta, obs, actions, rng)
    if discrete:
        _check_probabilities(asked, theta, obs)
        _check_frequencies(asked, theta, obs[:1], rng, num_samples)
        _check_mean_of_each_score(asked, theta, obs)
    else:
        _check_density(asked, theta, obs[:1], rng, num_samples)
        _check_mean_score(asked, theta, obs[:1], rng, num_samples)


class _Asked:
    """The policy's methods; what they are given must stay as it is, and an error of theirs is told in a sentence."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy

    def __call__(self, method: str, *args: Any) -> np.ndarray:
        before = [arg.copy() if isinstance(arg, np.ndarray) else None for arg in args]
        call = f"policy.{method}({', '.join(_NAMES.get(method, ()))})"
        try:
            result = getattr(self.policy, method)(*args)
        except Exception as error:
            shapes = ", ".join(
                f"{name} {np.shape(arg)}" for name, arg in zip(_NAMES.get(method, ()), args) if name != "rng"
            )
            raise AssertionError(
                f"{call} must give an answer{' for ' + shapes if shapes else ''}, but it raised "
                f"{type(error).__name__}: {error}"
            ) from error
        for name, arg, old in zip(_NAMES.get(method, ()), args, before):
            _need(
                old is None or np.array_equal(arg, old),
                f"{call} must leave {name} as it is, but it changed it in place",
            )
        return _as_array(result, call)


def _as_array(value: Any, call: str) -> np.ndarray:
    _need(value is not None, f"{call} must return something, got None: is a return missing?")
    try:
        return np.asarray(value)
    except ValueError as error:
        raise AssertionError(f"{call} must return an array, got {short(value)}, whose rows differ in length") from error


_NAMES = {
    "init": ("rng",),
    "sample": ("theta", "obs", "rng"),
    "probs": ("theta", "obs"),
    "entropy": ("theta", "obs"),
    "log_prob": ("theta", "obs", "actions"),
    "score": ("theta", "obs", "actions"),
    "weighted_score": ("theta", "obs", "actions", "weights"),
}


def _need(condition: Any, sentence: str) -> None:
    if not condition:
        raise AssertionError(sentence)


def _has(value: Any, name: str, methods: list[str]) -> None:
    _need(
        not isinstance(value, type),
        f"{name} must be an object, got the class {getattr(value, '__name__', '')} itself: make one of it",
    )
    for method in methods:
        _need(
            callable(getattr(value, method, None)),
            f"{name} must have a method {method}, got {short(value)}, which has none",
        )


def _array(value: Any, shape: tuple[Any, ...], call: str, of: str) -> np.ndarray:
    array = _as_array(value, call)
    _need(array.shape == shape, f"{call} must return an array of shape {shape}, {of}, got shape {array.shape}")
    _need(array.dtype.kind in "iuf", f"{call} must return numbers, got {array.dtype} values")
    _need(np.isfinite(array).all(), f"{call} must return finite numbers, got {array[~np.isfinite(array)][:1]}")
    return array


def _some_obs(policy: Any, rng: np.random.Generator) -> np.ndarray:
    if getattr(policy, "num_obs", None) is not None:
        return rng.integers(policy.num_obs, size=5)
    _need(
        getattr(policy, "num_features", None) is not None,
        "check_policy must be given obs, some observations "
        "(N, ...), of a policy that says neither num_obs nor num_features",
    )
    return rng.standard_normal((5, policy.num_features))


def _check_sample(
    asked: _Asked, theta: np.ndarray, obs: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, bool]:
    """Actions, one per observation, and whether they are integers."""
    seed = int(rng.integers(2**31))
    actions, again = (asked("sample", theta, obs, np.random.default_rng(seed)) for _ in range(2))
    call = "policy.sample(theta, obs, rng)"
    _need(
        actions.dtype.kind in "iuf", f"{call} must return integers, or vectors of numbers, got {actions.dtype} values"
    )
    discrete = actions.dtype.kind in "iu"
    right = actions.shape == obs.shape[:1] if discrete else actions.ndim == 2 and len(actions) == len(obs)
    wanted = f"({len(obs)},)" if discrete else f"({len(obs)}, D)"
    _need(
        right,
        f"{call} must return one action per observation, shape {wanted}, got shape {actions.shape}"
        + " of floats (discrete actions are integers)" * (actions.dtype.kind == "f" and actions.ndim == 1),
    )
    if discrete and isinstance(A := getattr(asked.policy, "num_actions", None), (int, np.integer)):
        _within(actions, int(A))
    _need(
        np.array_equal(actions, again),
        f"{call} must draw from rng alone: two generators with the same seed gave "
        f"{_few(actions)} and then {_few(again)}",
    )
    return actions, discrete


def _few(values: np.ndarray) -> str:
    """The first of the drawn actions, as they would be printed."""
    return " ".join(f"{value:.4g}" for value in values.ravel()[:5]) + " ..." * (values.size > 5)


def _check_shapes_and_rows(
    asked: _Asked, theta: np.ndarray, obs: np.ndarray, actions: np.ndarray, discrete: bool, rng: np.random.Generator
) -> None:
    """Leading axes (N,) and (T, N): the same numbers, sample for sample."""
    d, N = len(theta), len(obs)
    many_obs, many_actions = np.stack([obs, obs[::-1]]), np.stack([actions, actions[::-1]])  # (2, N, ...)
    drawn = asked("sample", theta, many_obs, rng)
    _need(
        drawn.shape == many_actions.shape,
        "policy.sample(theta, obs, rng) must return one action per observation, shape "
        f"{many_actions.shape} for obs {many_obs.shape}, got shape {drawn.shape}",
    )
    results = {"log_prob": ((), "one log-probability per sample"), "score": ((d,), "one row of d per sample")}
    for method, (each, of) in results.items():
        call = f"policy.{method}(theta, obs, actions)"
        few = _array(asked(method, theta, obs, actions), (N, *each), call, of)
        many = _array(asked(method, theta, many_obs, many_actions), (2, N, *each), call, of)
        for row, t in ((few, 0), (few[::-1], 1)):
            _same(many[t], row, f"{call} must treat each sample on its own, the same in obs (T, N) as in obs (N,)")
    weights = rng.standard_normal((2, N))
    call = "policy.weighted_score(theta, obs, actions, weights)"
    for o, a, w in ((obs, actions, weights[0]), (many_obs, many_actions, weights)):
        got = _array(asked("weighted_score", theta, o, a, w), (d,), call, "the sum over all samples")
        want = np.tensordot(w, asked("score", theta, o, a), axes=w.ndim)
        _same(got, want, f"{call} must be the sum over samples of weight times score")


def _check_dtype(asked: _Asked, theta: np.ndarray, obs: np.ndarray, actions: np.ndarray, discrete: bool) -> None:
    methods: dict[str, tuple[Any, ...]] = {
        "log_prob": (actions,),
        "score": (actions,),
        "weighted_score": (actions, np.ones(len(obs))),
    }
    if hasattr(asked.policy, "probs"):
        methods["probs"] = ()
    for dtype in (np.float32, np.float64):
        for method, rest in methods.items():
            given = [r.astype(dtype) if r.dtype.kind == "f" else r for r in rest]
            got = asked(method, theta.astype(dtype), obs, *given).dtype
            _need(
                got == dtype,
                f"policy.{method} must follow the dtype of theta, {np.dtype(dtype)}, got {got}: "
                "return result.astype(theta.dtype), or bring obs to that dtype first",
            )


def _check_slope(
    asked: _Asked, theta: np.ndarray, obs: np.ndarray, actions: np.ndarray, rng: np.random.Generator
) -> None:
    """The score against central differences of log_prob."""
    score = asked("score", theta, obs, actions)
    chosen = rng.permutation(len(theta))[:COORDINATES]
    for i in np.sort(chosen):
        step = np.zeros(len(theta))
        step[i] = STEP
        slope = (asked("log_prob", theta + step, obs, actions) - asked("log_prob", theta - step, obs, actions)) / (
            2 * STEP
        )
        _same(
            score[:, i],
            slope,
            f"policy.score must be the gradient of log_prob, but in parameter {i} finite differences differ",
            close=10 * CLOSE,
        )


def _check_probabilities(asked: _Asked, theta: np.ndarray, obs: np.ndarray) -> None:
    """Sum to one; and log_prob, probs and entropy agree."""
    probs = _all_probs(asked, theta, obs)
    sums = probs.sum(axis=-1)
    worst = abs(sums - 1).argmax()
    _need(
        abs(sums[worst] - 1) < CLOSE,
        f"exp(policy.log_prob) must sum to 1 over the actions, but in one observation it sums to {sums[worst]:.6g}",
    )
    if hasattr(asked.policy, "probs"):
        got = _array(
            asked("probs", theta, obs), probs.shape, "policy.probs(theta, obs)", "one row of A per observation"
        )
        _same(got, probs, "policy.probs must be exp(log_prob) of every action")
    if hasattr(asked.policy, "entropy"):
        got = _array(
            asked("entropy", theta, obs), sums.shape, "policy.entropy(theta, obs)", "one number per observation"
        )
        _same(
            got,
            -(probs * np.log(np.maximum(probs, 1e-300))).sum(axis=-1),
            "policy.entropy must be -sum of pi log pi, in nats",
        )


def _all_probs(asked: _Asked, theta: np.ndarray, obs: np.ndarray) -> np.ndarray:
    A = getattr(asked.policy, "num_actions", None)
    _need(
        isinstance(A, (int, np.integer)) and A > 0,
        f"policy.num_actions must be the number of its actions, since it draws integers, got {short(A)}",
    )
    return np.stack([np.exp(asked("log_prob", theta, obs, np.full(len(obs), a))) for a in range(A or 0)], axis=-1)


def _within(drawn: np.ndarray, num_actions: int) -> None:
    _need(
        drawn.min() >= 0 and drawn.max() < num_actions,
        f"policy.sample must draw actions in 0 .. {num_actions - 1}, got values from {drawn.min()} to {drawn.max()}",
    )


def _check_frequencies(asked: _Asked, theta: np.ndarray, obs: np.ndarray, rng: np.random.Generator, n: int) -> None:
    probs = _all_probs(asked, theta, obs)[0]
    drawn = asked("sample", theta, np.repeat(obs, n, axis=0), rng)
    _within(drawn, len(probs))
    often = np.bincount(drawn, minlength=len(probs)) / n
    error = np.sqrt(probs * (1 - probs) / n) + 1 / n
    worst = (abs(often - probs) / error).argmax()
    _need(
        abs(often - probs)[worst] < SIGMAS * error[worst],
        f"policy.sample must draw from the law of log_prob: of {n} draws in one observation action {worst} came in "
        f"{often[worst]:.4f}, its probability is {probs[worst]:.4f}",
    )


def _check_density(asked: _Asked, theta: np.ndarray, obs: np.ndarray, rng: np.random.Generator, n: int) -> None:
    """The policy's own draws against weighted draws of a wider Gaussian:
    the density integrates to one, and is theirs."""
    obs = np.repeat(obs, n, axis=0)
    drawn = asked("sample", theta, obs, rng)
    mean, std = drawn.mean(axis=0), drawn.std(axis=0)
    _need(
        (drawn.max(axis=0) > drawn.min(axis=0)).all(),  # the standard deviation of equals is that of their rounding
        f"policy.sample must draw a new action for each observation, but {n} draws in one observation are all alike",
    )
    z = WIDER * rng.standard_normal(drawn.shape)
    log_wider = (-0.5 * (z / WIDER) ** 2 - np.log(WIDER * std) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)
    weights = np.exp(_log_density(asked, theta, obs, mean + std * z) - log_wider)
    total, error = weights.mean(), weights.std() / np.sqrt(n) + CLOSE
    _need(
        abs(total - 1) < SIGMAS * error,
        "exp(policy.log_prob) must integrate to 1 over the actions, but in one observation it gives "
        f"{total:.4f} +- {error:.4f}",
    )
    own = (drawn - mean) / std
    for what, power in {"middle": 1, "spread": 2}.items():
        by_weights, by_draws = weights[:, None] * np.tanh(z**power), np.tanh(own**power)
        gap = abs(by_weights.mean(axis=0) - by_draws.mean(axis=0))
        error = np.sqrt((by_weights.var(axis=0) + by_draws.var(axis=0)) / n) + CLOSE
        worst = (gap / error).argmax()
        _need(
            gap[worst] < SIGMAS * error[worst],
            f"policy.sample must draw from the law of log_prob: in dimension {worst} of the actions their {what} "
            f"differs, by {gap[worst] / error[worst]:.0f} standard errors of {n} draws",
        )


def _log_density(asked: _Asked, theta: np.ndarray, obs: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Of what is drawn; log_prob of a policy that executes something else, entry by entry, is the density of that."""
    log_prob = asked("log_prob", theta, obs, actions)
    execute = getattr(asked.policy, "execute", None)
    if execute is None:
        return log_prob
    slope = (execute(actions + STEP) - execute(actions - STEP)) / (2 * STEP)
    return log_prob + np.log(np.maximum(abs(slope), 1e-300)).sum(axis=-1)


def _check_mean_of_each_score(asked: _Asked, theta: np.ndarray, obs: np.ndarray) -> None:
    """Over all actions, without drawing: an action that is next to never drawn has no standard error."""
    mean, size = np.zeros((2, len(obs), len(theta)))
    for a, prob in enumerate(_all_probs(asked, theta, obs).T):
        score = prob[:, None] * asked("score", theta, obs, np.full(len(obs), a))
        mean, size = mean + score, size + abs(score)
    excess = abs(mean) - CLOSE * np.maximum(size, 1)
    n, worst = np.unravel_index(excess.argmax(), excess.shape)
    _need(
        excess[n, worst] < 0,
        f"policy.score must average to 0 over the actions, but in observation {n} parameter {worst} averages to "
        f"{mean[n, worst]:.4g}",
    )


def _check_mean_score(asked: _Asked, theta: np.ndarray, obs: np.ndarray, rng: np.random.Generator, n: int) -> None:
    n = min(n, max(100, 10_000_000 // len(theta)))  # at most 80 MB of scores
    obs = np.repeat(obs, n, axis=0)
    scores = asked("score", theta, obs, asked("sample", theta, obs, rng))
    mean, error = scores.mean(axis=0), scores.std(axis=0) / np.sqrt(n) + CLOSE
    worst = (abs(mean) / error).argmax()
    _need(
        abs(mean[worst]) < SIGMAS * error[worst],
        f"policy.score must average to 0 over actions of policy.sample, but over {n} draws in one observation "
        f"parameter {worst} averages to {mean[worst]:.4g} +- {error[worst]:.2g}",
    )


def _same(got: np.ndarray, want: np.ndarray, sentence: str, close: float = CLOSE) -> None:
    gap = abs(got - want) / np.maximum(abs(want), 1)
    if gap.size and not gap.max() < close:
        where = np.unravel_index(gap.argmax(), gap.shape)
        raise AssertionError(f"{sentence}: expected {want[where]:.6g}, got {got[where]:.6g}")


def check_environment(envs: Environment, rng: np.random.Generator, num_steps: int = 5000) -> None:
    """Raises AssertionError unless `envs` keeps all that a `protocols.Environment` promises.

    It is reset, and stepped with actions drawn from its own action space until each sub-environment has ended an
    episode twice; if one has not after `num_steps` steps, that is a failure too: `rollout` would wait for it. For that
    it must have action_space beside what the protocol lists, as every gymnasium.vector.VectorEnv has.
    """
    from gymnasium import Space

    generator(rng)
    whole("num_steps", num_steps)
    _has(envs, "envs", ["reset", "step"])
    for part in ("num_envs", "metadata", "single_observation_space", "single_action_space", "action_space"):
        _need(
            hasattr(envs, part),
            f"envs must have {part}, as every gymnasium.vector.VectorEnv has, got {short(envs)}, which has none",
        )
    for part in ("single_observation_space", "single_action_space", "action_space"):
        _need(
            isinstance(getattr(envs, part), Space),
            f"envs.{part} must be a gymnasium.Space, got {short(getattr(envs, part))}",
        )
    _need(
        envs.single_observation_space.shape is not None,
        "envs.single_observation_space must have a shape, so that an observation is one array, got "
        f"{envs.single_observation_space}: flatten it",
    )
    try:
        mode = autoreset_mode(envs)
    except (TypeError, ValueError) as error:
        raise AssertionError(str(error)) from error
    seed = int(rng.integers(2**31))
    first, again = _reset(envs, seed), _reset(envs, seed)
    _need(
        np.array_equal(first, again),
        "envs.reset(seed=...) must show the same observations for the same seed, but it did not",
    )
    episodes = [_walk(envs, mode, seed, num_steps, 2), _walk(envs, mode, seed, num_steps, 1)]
    for t, (one, other) in enumerate(zip(*episodes)):
        _need(
            all(np.array_equal(a, b) for a, b in zip(one, other)),
            f"envs.step must be the same for the same seed and actions, but at step {t} it was not",
        )
    ends = [(terminated, truncated) for *_, terminated, truncated in episodes[0]]
    both, either = (sum(int(f(*end).sum()) for end in ends) for f in (np.logical_and, np.logical_or))
    _need(
        both < either,
        "envs.step must tell apart why an episode ended, "
        f"but at all {either} ends terminated and truncated were both True",
    )


def _reset(envs: Any, seed: int) -> np.ndarray:
    call = "envs.reset(seed=...)"
    try:
        result = envs.reset(seed=seed)
    except Exception as error:
        raise AssertionError(f"{call} must give (obs, info), but it raised {type(error).__name__}: {error}") from error
    _need(isinstance(result, tuple) and len(result) == 2, f"{call} must return (obs, info), got {short(result)}")
    _need(isinstance(result[1], dict), f"{call} must return a dictionary info, got {short(result[1])}")
    return _seen(envs, result[0], call)


def _seen(envs: Any, obs: Any, call: str) -> np.ndarray:
    """Observations as an array, if they lie in their space."""
    space, array = envs.single_observation_space, _as_array(obs, f"{call}[0], the observations,").copy()
    shape = (envs.num_envs, *(space.shape or ()))
    _need(
        array.shape == shape,
        f"{call} must return obs of shape {shape}, one per sub-environment, got shape {array.shape}",
    )
    for n, row in enumerate(array):
        if np.can_cast(row.dtype, space.dtype, "same_kind"):
            row = row.astype(space.dtype)
        _need(
            space.contains(row),
            f"{call} must return obs in single_observation_space, {space}, but sub-environment {n} shows "
            f"{short(row.tolist())} of {row.dtype}",
        )
    return array


def _walk(envs: Any, mode: str, seed: int, num_steps: int, num_ends: int) -> list[tuple[np.ndarray, ...]]:
    """[(obs, rewards, terminated, truncated) of each step], until each sub-environment has ended so often."""
    N, call = envs.num_envs, "envs.step(actions)"
    obs, steps = _reset(envs, seed), list[tuple[np.ndarray, ...]]()
    envs.action_space.seed(seed)
    ended, ends = np.zeros(N, bool), np.zeros(N, int)
    while ends.min() < num_ends:
        _need(
            len(steps) < num_steps,
            f"envs must end their episodes, but after {num_steps} steps sub-environment {ends.argmin()} has "
            f"ended {ends.min()} of {num_ends}: give it a time limit",
        )
        try:
            result = envs.step(envs.action_space.sample())
        except Exception as error:
            raise AssertionError(
                f"{call} must take what envs.action_space.sample() draws, but it raised {type(error).__name__}: {error}"
            ) from error
        _need(
            isinstance(result, (tuple, list)) and len(result) == 5,
            f"{call} must return (obs, rewards, terminated, truncated, info), got "
            f"{f'{len(result)} values' if isinstance(result, (tuple, list)) else short(result)}",
        )
        obs, info = _seen(envs, result[0], call), result[4]
        rewards = _array(result[1], (N,), f"{call}[1], the rewards,", "one number per sub-environment").copy()
        flags = []
        for name, value in zip(("terminated", "truncated"), result[2:4]):
            flag = _as_array(value, f"{call}, as {name},").copy()
            _need(
                flag.shape == (N,) and flag.dtype == bool,
                f"{call} must return {name} as an array of bool, shape ({N},), got "
                f"{flag.dtype} values, shape {flag.shape}",
            )
            flags.append(flag)
        terminated, truncated = flags
        _need(isinstance(info, dict), f"{call} must return a dictionary info, got {short(info)}")
        over = terminated | truncated
        if mode == "NextStep":
            more = ended & (over | (rewards != 0))
            n = more.argmax()
            _need(
                not more[n],
                f"{call} must only begin the next episode in the step after an end (NEXT_STEP): reward 0, "
                f"neither terminated nor truncated, got reward {rewards[n]:g}, "
                f"terminated {terminated[n]}, truncated {truncated[n]} in sub-environment {n}",
            )
        if mode == "SameStep":
            _check_final(info, truncated, envs)
        ended, ends = over, ends + over
        steps.append((obs, rewards, terminated, truncated))
    return steps


def _check_final(info: dict[str, Any], truncated: np.ndarray, envs: Any) -> None:
    final: Any = info.get("final_obs")
    space, several = envs.single_observation_space, bool(np.iterable(final))
    for n in np.flatnonzero(truncated):
        told = final[n] if several and len(final) > n else None
        seen = told is not None and np.shape(told) == (space.shape or ())
        array = np.asarray(told)
        if seen and np.can_cast(array.dtype, space.dtype, "same_kind"):
            array = array.astype(space.dtype)
        _need(
            seen and space.contains(array if array.ndim else array[()]),
            'envs.step(actions) must say in info["final_obs"] what a truncated episode last showed, '
            "since it resets in the same step "
            f"(SAME_STEP), but for sub-environment {n} it holds {short(told)}",
        )
