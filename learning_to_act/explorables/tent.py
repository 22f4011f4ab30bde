import traitlets

from .base import Explorable


class LineTentTruth(Explorable):
    """The corridor from p = 1/2: the return, the surrogate (a line), the clipped surrogate (a tent),
    and a KL ball as a bracket.

    `p` is the probability of going right (0.3 to 0.95), `epsilon` the clip's half width (0.05 to 0.6).
    """

    js = "tent.js"
    title = traitlets.Unicode("How far is too far?").tag(sync=True)
    p = traitlets.Float(0.8, min=0.3, max=0.95).tag(sync=True)
    epsilon = traitlets.Float(0.2, min=0.05, max=0.6).tag(sync=True)
    task = traitlets.Enum(["ball", "clip"], "ball").tag(sync=True)
