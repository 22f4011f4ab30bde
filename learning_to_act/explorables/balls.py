import traitlets

from .base import Explorable


class TwoBalls(Explorable):
    """Two doors: the Euclidean circle and the true KL contour around the uniform policy, and the best step in each.

    `theta` is the point, two logits (-3 to 3); `delta` the KL of the contour (0.002 to 0.1); `stretch` (1 to 4) writes
    theta_1 as stretch times another parameter, which turns the plain arrow.
    """

    js = "balls.js"
    title = traitlets.Unicode("Which way is steepest?").tag(sync=True)
    theta = traitlets.List(traitlets.Float(min=-3, max=3), default_value=[-0.45, 0.1], minlen=2, maxlen=2).tag(
        sync=True
    )
    delta = traitlets.Float(0.01, min=0.002, max=0.1).tag(sync=True)
    stretch = traitlets.Float(1.0, min=1, max=4).tag(sync=True)
