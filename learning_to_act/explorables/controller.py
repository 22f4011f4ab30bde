import json

import traitlets

from .base import HERE, Explorable


class ControllerReplay(Explorable):
    """A mass on a line learns to come to rest: its phase plane, with the policy's mean force as a field,
    through training.

    `update` (0 to 40) is the number of updates that the policy has had; `start` the reader's own (position, speed),
    -2.5 to 2.5 each. The policies are stored: studies/controller_replay.py.
    """

    js = "controller.js"
    title = traitlets.Unicode("Learning to come to rest").tag(sync=True)
    training = traitlets.Dict().tag(sync=True)
    update = traitlets.Int(8, min=0, max=40).tag(sync=True)
    start = traitlets.List(traitlets.Float(min=-2.5, max=2.5), [-2.2, -1.0], minlen=2, maxlen=2).tag(sync=True)

    @traitlets.default("training")
    def _stored(self):
        return json.loads((HERE / "controller.json").read_text("utf-8"))
