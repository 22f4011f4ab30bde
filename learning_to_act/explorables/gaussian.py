import traitlets

from .base import Explorable


class GaussianPolicy(Explorable):
    """A bell over one action, below a curve that says how good each action is; it climbs by what its own samples say.

    `curve` is "peaks" (a lower and a higher one), "peak" or "valley"; `mu` (-3.5 to 3.5) and `sigma` (0.1 to 3) are the
    bell's mean and standard deviation; `baseline` takes the mean value off how good each sample was.
    """

    js = "gaussian.js"
    title = traitlets.Unicode("Two forces on a bell").tag(sync=True)
    curve = traitlets.Enum(["peaks", "peak", "valley"], "peaks").tag(sync=True)
    mu = traitlets.Float(-3.0, min=-3.5, max=3.5).tag(sync=True)
    sigma = traitlets.Float(0.5, min=0.1, max=3).tag(sync=True)
    baseline = traitlets.Bool(True).tag(sync=True)
