import traitlets

from .base import Explorable


class Coasting(Explorable):
    """Does the clip hold the ratio? Two arms from 1/2, the clipped objective climbed by Adam:
    the ratio at each step, and the gradient.

    `rate` is Adam's learning rate (0.02 to 0.5), `momentum` its beta_1 (0 to 0.95), `epsilon` the clip (0.05 to 0.4),
    `steps` how many are shown (5 to 60). With `shared`, the one logit is that of two doors' first observation,
    where losers pull back.
    """

    js = "coast.js"
    title = traitlets.Unicode("Does the clip hold the ratio?").tag(sync=True)
    rate = traitlets.Float(0.1, min=0.02, max=0.5).tag(sync=True)
    momentum = traitlets.Float(0.5, min=0, max=0.95).tag(sync=True)
    epsilon = traitlets.Float(0.2, min=0.05, max=0.4).tag(sync=True)
    steps = traitlets.Int(30, min=5, max=60).tag(sync=True)
    shared = traitlets.Bool(False).tag(sync=True)
