import traitlets

from .base import Explorable, sums_to_one


class PushAndPull(Explorable):
    """One softmax over three actions: scores, the expected step and sampled steps in the plane of logits.

    `policy` are the three probabilities, `q` the actions' values (-5 to 5), `constant` is added to every one of them
    (-5 to 10); `preset` is "even", "confident" or "backfire": the setting that the challenge is about.
    """

    js = "pushpull.js"
    title = traitlets.Unicode("Push and pull").tag(sync=True)
    preset = traitlets.Enum(["even", "confident", "backfire"], "even").tag(sync=True)
    policy = traitlets.List(traitlets.Float(min=0, max=1), [1 / 3, 1 / 3, 1 / 3], minlen=3, maxlen=3).tag(sync=True)
    q = traitlets.List(traitlets.Float(min=-5, max=5), [1.0, 2.0, 3.0], minlen=3, maxlen=3).tag(sync=True)
    constant = traitlets.Float(0.0, min=-5, max=10).tag(sync=True)

    @traitlets.validate("policy")
    def _one_in_all(self, proposal):
        return sums_to_one(proposal["value"])
