"""What a vector environment and a policy give at each step, as arrays of the one form that is right,
or one sentence that says what is not."""

from inspect import signature

import numpy as np

from ._validate import short


def first(envs, seed, shape):
    """The observations of a reset."""
    try:
        reset = envs.reset(seed=seed)
    except TypeError:
        known = signature(envs.reset).parameters.values()
        if any(p.name == "seed" or p.kind is p.VAR_KEYWORD for p in known):
            raise
        raise TypeError("envs.reset must take a seed, as in reset(*, seed=None, options=None)") from None
    if not isinstance(reset, tuple) or len(reset) != 2:
        raise TypeError(f"envs.reset must return (obs, info), got {short(reset)}")
    return _array("envs.reset must return obs", reset[0], shape, "biuf", copy=True)


def drawn(actions):
    try:
        return np.asarray(actions)
    except ValueError:  # rows of unequal length
        raise ValueError(
            f"policy.sample must give an array of actions, one per environment, got {short(actions)}"
        ) from None


def step(result, before):
    """What a step returned, as arrays of the one form that is right; `before` are the observations before it."""
    if not isinstance(result, (tuple, list)) or len(result) != 5:
        number = f"{len(result)} values" if isinstance(result, (tuple, list)) else short(result)
        raise TypeError(
            f"envs.step must return (obs, rewards, terminated, truncated, info), got {number}: an environment of "
            "the older interface must tell apart why an episode is done"
        )
    obs, rewards, terminated, truncated, info = result
    each = before.shape[:1]
    obs = _array("envs.step must return obs", obs, before.shape, "biuf", copy=True)  # some reuse their buffer
    if obs.dtype != before.dtype and not np.can_cast(obs.dtype, before.dtype, "same_kind"):
        raise TypeError(f"envs.step must return obs of the kind that envs.reset gave, {before.dtype}, got {obs.dtype}")
    if (
        type(rewards) is type(terminated) is type(truncated) is np.ndarray
        and rewards.shape == terminated.shape == truncated.shape == each
        and rewards.dtype.char in "fd"
        and terminated.dtype.kind == truncated.dtype.kind == "b"
    ):
        return obs, rewards, terminated, truncated, info  # nearly always, and in every step: so at once
    rewards = _array("envs.step must return rewards", rewards, each, "biuf") * np.float32(
        1
    )  # later ones may be no whole numbers
    return (
        obs,
        rewards,
        _array("envs.step must return terminated", terminated, each, "b", "bool"),
        _array("envs.step must return truncated", truncated, each, "b", "bool"),
        info,
    )


def _array(must, value, shape, kinds, of="numbers", copy=False):
    """`value` as an array of this very shape: rows (N, 1) in the place of (N,) would fill whole tables."""
    try:
        array = np.array(value) if copy else np.asarray(value)
    except ValueError:  # rows of unequal length
        array = None
    if array is None or array.shape != shape or array.dtype.kind not in kinds:
        raise ValueError(f"{must} as an array of {of}, shape {shape}, one entry per environment, got {short(value)}")
    return array


def hidden(obs, info, ended, terminated):
    """The observations that followed the step where episodes ended, which a SAME_STEP environment hides in `info`.

    After termination nobody needs it: where it is not told, the last one that was seen stands in its place.
    """
    info = info if isinstance(info, dict) else {}
    told, has = info.get("final_obs"), info.get("_final_obs")
    seen = obs.copy()
    for i in np.flatnonzero(ended):
        missing = not np.iterable(told) or len(told) <= i or (has is not None and not has[i])
        final = None if missing else told[i]
        if final is not None:
            seen[i] = _array('info["final_obs"] must hold obs', final, obs.shape[1:], "biuf")
        elif not terminated[i]:
            raise ValueError(
                'envs must say in info["final_obs"] what they last showed, since they reset in the same step '
                f"(SAME_STEP), but the truncated episode of environment {i} has no such entry: add it, or make "
                "envs with autoreset_mode NEXT_STEP"
            )
    return seen
