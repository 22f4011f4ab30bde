import traitlets

from .base import Explorable


class ShortCorridor(Explorable):
    """The aliased short corridor (Sutton & Barto, Example 13.1): J over p, the epsilon-greedy marks, and walks.

    `p` is the probability of going right (0.01 to 0.99), `epsilon` sets the two marks at epsilon / 2 and
    1 - epsilon / 2, `cells` is 3 or 5. All follow the reader's hand when a kernel is running.
    """

    js = "corridor.js"
    title = traitlets.Unicode("One rule for cells that look alike").tag(sync=True)
    p = traitlets.Float(0.9, min=0.01, max=0.99).tag(sync=True)
    epsilon = traitlets.Float(0.1, min=0.02, max=1).tag(sync=True)
    cells = traitlets.Enum([3, 5], 3).tag(sync=True)
