import traitlets

from .base import Explorable


class RamblingTree(Explorable):
    """Four answers: right or wrong, stop (2 tokens) or ramble (4).
    Expected steps on the three logits under a rule for length.

    `p` the chance of a right first token, `after_right` and `after_wrong` those of rambling then (0.05 to 0.95); `rule`
    is "sum", "sequence", "token" or "gspo"; `group` 2 or 4 answers; `task` is "fall" or "still".
    """

    js = "tree.js"
    title = traitlets.Unicode("The rambling tree").tag(sync=True)
    p = traitlets.Float(0.25, min=0.05, max=0.95).tag(sync=True)
    after_right = traitlets.Float(0.5, min=0.05, max=0.95).tag(sync=True)
    after_wrong = traitlets.Float(0.5, min=0.05, max=0.95).tag(sync=True)
    rule = traitlets.Enum(["sum", "sequence", "token", "gspo"], "sequence").tag(sync=True)
    group = traitlets.Int(2, min=2, max=4).tag(sync=True)
    task = traitlets.Enum(["fall", "still"], "fall").tag(sync=True)
