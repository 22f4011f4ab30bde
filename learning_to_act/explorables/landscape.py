import traitlets

from .base import Explorable


class Landscape(Explorable):
    """The return of "two doors" over its two logits, with the theorem's arrow and the one found by finite differences.

    `theta` are the logits (-6 to 6 each); `field` is the arrow to follow: "theorem", "visits" (d forgotten) or "gamma"
    (gamma^t dropped); `rate` is the step size of a climb.
    """

    js = "landscape.js"
    title = traitlets.Unicode("Two doors as a landscape").tag(sync=True)
    theta = traitlets.List(traitlets.Float(min=-6, max=6), [0.0, 0.0], minlen=2, maxlen=2).tag(sync=True)
    field = traitlets.Enum(["theorem", "visits", "gamma"], "theorem").tag(sync=True)
    rate = traitlets.Float(15.0, min=1, max=40).tag(sync=True)
