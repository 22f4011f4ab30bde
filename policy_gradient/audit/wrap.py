"""From whatever somebody gives to something that can be asked: the one place that knows both `ask` and `with_torch`."""

import sys

from .ask import Numpy, WithTheta


def torch_of(thing):
    """PyTorch, if `thing` is made with it, else None. It is looked for only where it is already loaded."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    from .with_torch import looks_like_torch

    return torch if looks_like_torch(thing, torch) else None


def wrap(thing):
    """Whatever was given, as something to be called with a world."""
    if isinstance(thing, Numpy):
        return thing
    if isinstance(thing, type):
        name = thing.__name__
        raise TypeError(f"audit takes an object, got the class {name} itself: make one of it, audit({name}(...))")
    if torch_of(thing):
        from .with_torch import Torch

        return Torch(thing)
    if hasattr(thing, "theta"):
        return WithTheta(thing)
    if not callable(thing):
        raise TypeError(
            "audit takes a function update(theta, batch), an object with a theta, or a PyTorch loss; "
            f"got {type(thing).__name__}"
        )
    return Numpy(thing)
