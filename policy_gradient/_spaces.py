"""Whether a policy and a vector environment fit each other: looked at before the first step, by what their spaces say.

Each refusal is one sentence that names the argument, what does not fit,
and the policy or the Gymnasium wrapper that does.
Gymnasium is imported inside the functions: the exact part of the package does without it.
"""

import numpy as np

from ._validate import finite, short, whole

WRAP = "wrap each environment in gymnasium.wrappers."
MODES = {"NEXT_STEP": "NextStep", "SAME_STEP": "SameStep"}


def autoreset_mode(envs, name="envs"):
    """ "NextStep" or "SameStep", of an object that passes for a vector environment."""
    lacks = [part for part in ("num_envs", "reset", "step") if not hasattr(envs, part)]
    if isinstance(envs, type) or lacks:
        raise TypeError(
            f"{name} must be a gymnasium.vector.VectorEnv (gymnasium.make_vec makes one), got {short(envs)}"
            + "".join(f", which has no {part}" for part in lacks[:1])
        )
    whole(f"{name}.num_envs", envs.num_envs)
    metadata = getattr(envs, "metadata", None)
    mode = metadata.get("autoreset_mode") if isinstance(metadata, dict) else None
    # Older Gymnasium writes the mode of the newest vector into metadata that all vectors of a class share.
    mode = getattr(getattr(envs, "unwrapped", envs), "autoreset_mode", mode)
    mode = getattr(mode, "value", mode)  # a member of AutoresetMode, its value, or its name
    mode = MODES.get(mode, mode) if isinstance(mode, str) else mode
    if mode not in MODES.values():
        raise ValueError(
            f"{name} must reset themselves: metadata['autoreset_mode'] must be NEXT_STEP or SAME_STEP, got "
            f"{short(mode)} (gymnasium.make_vec takes vector_kwargs={{'autoreset_mode': ...}})"
        )
    return mode


def agreement(envs, policy, name="envs"):
    """(shape of a batch of observations, function from the policy's actions to what `envs.step` is sent)."""
    seen, acted = (_space(envs, f"single_{kind}_space", name) for kind in ("observation", "action"))
    _observations(seen, policy, name)
    send = _actions(acted, policy, envs, name)
    return (envs.num_envs, *seen.shape), send


def critic_agreement(envs, critic, name="envs"):
    """Raises unless a critic can see what `envs` show; whatever has no network is asked nothing."""
    features = getattr(getattr(critic, "network", None), "sizes", (None,))[0]
    space = _space(envs, "single_observation_space", name)
    if features is not None and space.shape != (features,):
        cure = f"make it for {space.shape[0]}" if len(space.shape) == 1 else _flattened(space, "the critic")
        raise ValueError(
            f"critic ({type(critic).__name__}) must fit {name}: it sees vectors of {_count(features)}, but {name} show "
            f"{_words(space)}: {cure}"
        )


def _space(envs, which, name):
    from gymnasium import Space

    space = getattr(envs, which, None)
    if not isinstance(space, Space):
        raise TypeError(f"{name}.{which} must be a gymnasium.Space, as every VectorEnv has one, got {short(space)}")
    return space


def _observations(space, policy, name):
    """Raises unless the policy can see what the environment shows."""
    from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

    if not isinstance(space, (Box, Discrete, MultiDiscrete, MultiBinary)):
        raise TypeError(
            f"{name} must show arrays of numbers, but one observation is {short(space)}: {_flattened(space)}"
        )
    features, size = getattr(policy, "num_features", None), getattr(policy, "num_obs", None)
    shows = f"{name} show {_words(space)}"
    whose = f"policy ({type(policy).__name__}) must fit {name}: it"
    if features is not None and space.shape != (features,):
        if isinstance(space, Discrete):
            cure = f"take a TabularSoftmax({space.n}, ...), or {_flattened(space)}"
        else:
            cure = f"make the policy for {space.shape[0]}" if len(space.shape) == 1 else _flattened(space)
        raise ValueError(f"{whose} sees vectors of {_count(features)}, but {shows}: {cure}")
    if size is not None:
        if not isinstance(space, Discrete):
            raise ValueError(
                f"{whose} sees whole numbers, but {shows}: take an MLPSoftmax or "
                f"LinearGaussian, or {WRAP}{_counted(space)}"
            )
        first, last = int(space.start), int(space.start + space.n - 1)
        if first < 0 or last >= size:
            cure = (
                f"{WRAP}TransformObservation, which takes {first} off" if first else f"make the policy for {last + 1}"
            )
            raise ValueError(f"{whose} sees whole numbers 0 .. {size - 1}, but {shows}: {cure}")


def _words(space):
    """What a space of numbers holds."""
    from gymnasium.spaces import Discrete

    if isinstance(space, Discrete):
        return f"one whole number, {space.start} .. {space.start + space.n - 1}"
    kind = "" if space.dtype.kind == "f" else "whole "
    if len(space.shape) == 1:
        return f"vectors of {_count(space.shape[0], kind)}"
    return f"arrays of {kind}numbers, shape {space.shape}"


def _count(n, kind=""):
    return f"{n} {kind}number{'s' if n != 1 else ''}"


def _flattened(space, which="the policy"):
    from gymnasium.spaces import flatdim

    if not space.is_np_flattenable:
        return f"{WRAP}TransformObservation, with a function that makes it a vector"
    return f"{WRAP}FlattenObservation, and make {which} for {_count(flatdim(space))}"


def _counted(space):
    from gymnasium.spaces import Box

    other = "TransformObservation, with a function that makes it one whole number"
    if isinstance(space, Box) and space.is_bounded() and np.prod(space.shape) <= 4:  # each number multiplies the bins
        return _newer("DiscretizeObservation", other)
    return other


def _newer(wrapper, other):
    """The wrapper, if this Gymnasium has it yet."""
    from gymnasium import wrappers

    return wrapper if hasattr(wrappers, wrapper) else other


def _actions(space, policy, envs, name):
    """The function from actions to what is sent; raises unless the environment can take what the policy draws."""
    from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete

    chooses, draws = hasattr(policy, "probs"), hasattr(policy, "mean")

    def refuse(does, cure, take=None):
        take = take or (f"one of {space.n} actions" if isinstance(space, Discrete) else _words(space))
        raise ValueError(f"policy ({type(policy).__name__}) must fit {name}: it {does}, but {name} take {take}: {cure}")

    if isinstance(space, (MultiDiscrete, MultiBinary)):
        counts = np.asarray(getattr(space, "nvec", np.full(space.shape, 2)))
        if chooses or draws:
            refuse(
                "chooses one action" if chooses else "draws real numbers",
                f"{WRAP}TransformAction, which makes them one of {counts.prod()} actions (numpy.unravel_index)"
                + (", and take a softmax policy" if draws else ""),
            )
        return _whole_numbers(envs, policy, space, counts)
    if isinstance(space, Discrete):
        if draws:
            refuse("draws real numbers", f"take a softmax policy with {space.n} actions")
        if getattr(policy, "num_actions", space.n) != space.n:
            refuse(f"has {policy.num_actions} actions", f"make the policy for {space.n}")
        return _whole_numbers(envs, policy, space, space.n)
    if not isinstance(space, Box):
        raise TypeError(
            f"{name} must take arrays of numbers, but one action is {short(space)}: {WRAP}TransformAction, "
            "which makes it of an array"
        )
    if chooses:
        refuse(
            "chooses one action",
            f"take a LinearGaussian or MLPGaussian, or {WRAP}"
            + _newer("DiscretizeAction", "TransformAction, which makes its numbers of one of a few actions"),
        )
    if draws and space.dtype.kind != "f":
        refuse(
            "draws real numbers",
            f"take a softmax policy, and {WRAP}TransformAction, which makes its action one of these",
        )
    dims = getattr(policy, "num_actions", None)
    if dims is not None and space.shape != (dims,):
        refuse(
            f"draws {_count(dims)}",
            f"make the policy for {space.shape[0]}"
            if len(space.shape) == 1
            else f"{WRAP}TransformAction, which gives the policy's vector that shape, and make the policy for "
            f"{np.prod(space.shape):g}",
        )
    if hasattr(policy, "execute"):
        _inside(space, policy, envs, name, refuse)
    return _real_numbers(envs, policy, space)


def _inside(space, policy, envs, name, refuse):
    """A squashed policy goes from -limit to limit, and is squashed once."""
    limit = getattr(policy, "limit", None)
    if limit is None:
        return
    if getattr(getattr(envs, "unwrapped", envs), "bounds", None) == "squash":
        raise ValueError(f'{name} squash actions (bounds="squash"), and so does policy: make them with bounds="refuse"')
    low, high = space.low.max(), space.high.min()
    room = (1 + 1e-6) * float(min(high, -low))  # bounds in single precision are rounded
    if limit > room:
        refuse(
            f"executes from -{limit:g} to {limit:g}",
            f"take limit={room:g}" if room > 0 else f"{WRAP}RescaleAction(env, -{limit:g}, {limit:g})",
            f"numbers from {low:g} to {high:g}",
        )


def _own(policy):
    """Whether a policy of this package draws: then what it draws need not be looked at in every step."""
    return getattr(policy.sample, "__module__", None) in (f"{__package__}.policies", f"{__package__}.gaussian") and (
        hasattr(policy, "num_actions")
    )


def _whole_numbers(envs, policy, space, counts):
    """Actions 0 .. n - 1 of the policy, sent as start .. start + n - 1."""
    shape, start = (envs.num_envs, *space.shape), getattr(space, "start", 0)
    shifted, largest, sure = np.any(start), counts - 1, _own(policy)

    def send(actions):
        if actions.shape != shape or actions.dtype.kind not in "iu":
            raise ValueError(
                f"policy.sample must give whole numbers of shape {shape}, one action per environment, "
                f"got {short(actions)}"
            )
        if not sure and ((actions < 0).any() or (actions > largest).any()):
            note = f" (envs count from {start}; what is sent is the action plus that)" if shifted else ""
            raise ValueError(
                f"policy.sample must give actions from 0 to {largest}, got from {actions.min()} to "
                f"{actions.max()}{note}"
            )
        return actions + start if shifted else actions

    return send


def _real_numbers(envs, policy, space):
    """Vectors as they were drawn, or as the policy executes them."""
    shape, execute = (envs.num_envs, *space.shape), getattr(policy, "execute", None)
    kinds, sure = "f" if space.dtype.kind == "f" else "iu", _own(policy)

    def send(actions):
        if actions.shape != shape or actions.dtype.kind not in kinds:
            kind = "real" if kinds == "f" else "whole"
            raise ValueError(
                f"policy.sample must give {kind} numbers of shape {shape}, a row per environment, got {short(actions)}"
            )
        if not sure:
            finite("actions", actions)
        return actions if execute is None else execute(actions)

    return send
