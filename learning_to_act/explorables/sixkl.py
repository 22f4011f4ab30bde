import traitlets

from .base import Explorable


class SixPlaces(Explorable):
    """Two laws over two answers, policy and reference, and the gradient of three KL estimates in two places.

    `p` and `ref`: the second answer's probability under policy and reference (0.01 to 0.99); `place` is one of
    "k1-loss", "k2-loss", "k3-loss", "k1-reward", "k2-reward", "k3-reward"; `task` is "away" or "strong".
    """

    js = "sixkl.js"
    title = traitlets.Unicode("Six places for a KL").tag(sync=True)
    p = traitlets.Float(0.75, min=0.01, max=0.99).tag(sync=True)
    ref = traitlets.Float(0.5, min=0.01, max=0.99).tag(sync=True)
    place = traitlets.Enum([f"{k}-{where}" for where in ("loss", "reward") for k in ("k1", "k2", "k3")], "k2-loss").tag(
        sync=True
    )
    task = traitlets.Enum(["away", "strong"], "away").tag(sync=True)
