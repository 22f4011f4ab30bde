"""From whatever somebody gives to something that can be asked: the one place that knows both `ask` and `with_torch`."""

import sys

from .ask import Numpy, WithTheta


def wrap(thing):
    """Whatever was given, as something to be called with a world.
    PyTorch is looked for only where it is already loaded."""
    if isinstance(thing, Numpy):
        return thing
    if isinstance(thing, type):
        name = thing.__name__
        raise TypeError(f"audit takes an object, got the class {name} itself: make one of it, audit({name}(...))")
    torch = sys.modules.get("torch")
    if torch is not None:
        from .with_torch import Torch, looks_like_torch

        if looks_like_torch(thing, torch):
            return Torch(thing)
    if hasattr(thing, "theta"):
        return WithTheta(thing)
    if not callable(thing):
        raise TypeError(
            "audit takes a function update(theta, batch), an object with a theta, or a PyTorch loss; "
            f"got {type(thing).__name__}"
        )
    return Numpy(thing)
