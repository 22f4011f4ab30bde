import traitlets

from .base import Explorable


class ClipOrSquash(Explorable):
    """A bell meets the limits -1 and 1: the law of the executed action, and what a wrong record does to the scores.

    `way` is "clip" or "tanh"; `stored` is what the program put into its record and scored by the bell's density:
    "drawn" or "executed". `mu` (-1.5 to 1.5) and `sigma` (0.3 to 1.5) are the bell's;
    the reward is `constant` (0 to 5) + executed action.
    """

    js = "squash.js"
    title = traitlets.Unicode("What did the program store?").tag(sync=True)
    way = traitlets.Enum(["clip", "tanh"], "clip").tag(sync=True)
    stored = traitlets.Enum(["drawn", "executed"], "executed").tag(sync=True)
    mu = traitlets.Float(0.8, min=-1.5, max=1.5).tag(sync=True)
    sigma = traitlets.Float(1.0, min=0.3, max=1.5).tag(sync=True)
    constant = traitlets.Float(5.0, min=0, max=5).tag(sync=True)
