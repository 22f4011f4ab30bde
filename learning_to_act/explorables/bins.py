import traitlets

from .base import Explorable


class BinsVsDimensions(Explorable):
    """Numbers that a joint table, a softmax for each joint and a Gaussian need, for `joints` with `bins` each.

    `torque` in [-1, 1] is what the reader wants one joint to do; the nearest bin misses it by at most 1 / bins.
    """

    js = "bins.js"
    title = traitlets.Unicode("The price of a grid").tag(sync=True)
    joints = traitlets.Int(7, min=1, max=10).tag(sync=True)
    bins = traitlets.Int(11, min=2, max=101).tag(sync=True)
    torque = traitlets.Float(0.3, min=-1, max=1).tag(sync=True)
