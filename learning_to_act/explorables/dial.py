import traitlets

from .base import Explorable


class TheDial(Explorable):
    """Bias, variance and their sum against lambda, exactly, for a critic that knows a share
    of the truth and a batch of N.

    `setting` is "doors" (find the best lambda), "critic" (find a critic) or "coins": the world and its challenge. `lam`
    (0 to 1) is the dial, `c` (0 to 1) the critic's quality, V_c = c V, and `log2_n` (0 to 8)
    says how many episodes are averaged, N = 2^log2_n.
    """

    js = "dial.js"
    title = traitlets.Unicode("Which \u03bb is best, and for whom?").tag(sync=True)
    setting = traitlets.Enum(["doors", "critic", "coins"], "doors").tag(sync=True)
    lam = traitlets.Float(0.5, min=0, max=1).tag(sync=True)
    c = traitlets.Float(0.5, min=0, max=1).tag(sync=True)
    log2_n = traitlets.Int(2, min=0, max=8).tag(sync=True)
