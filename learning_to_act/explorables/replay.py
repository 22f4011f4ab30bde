import functools
import json
from pathlib import Path

import traitlets

from .base import Explorable


@functools.cache
def replay():
    """What `studies/training_replay.py` stored: a return curve for each seed, and for each update of the first one 20
    lengths and three episodes step by step (see `pack` there)."""
    return json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


class TrainingReplay(Explorable):
    """REINFORCE on CartPole, replayed: the return curve, a stored episode, and each step's score and weight.

    `checkpoint` is the number of updates made (0 to 20); `episode` the shortest, the middle or the longest of the 20
    that the policy then played; `step` a step of it (0 to 499; beyond its end, its last).
    """

    js = "replay.js"
    title = traitlets.Unicode("A pole learns to stand").tag(sync=True)
    data = traitlets.Dict().tag(sync=True)
    checkpoint = traitlets.Int(0, min=0, max=20).tag(sync=True)
    episode = traitlets.Enum(["shortest", "middle", "longest"], "middle").tag(sync=True)
    step = traitlets.Int(8, min=0, max=499).tag(sync=True)

    @traitlets.default("data")
    def _stored(self):
        return replay()
