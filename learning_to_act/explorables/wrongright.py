import traitlets

from .base import Explorable

TRUE = [0.40625, -0.59375, 0.125, 1.5, -3.0, -3.0, 0.0, 0.5]


class WrongInTheRightWay(Explorable):
    """Eight values over two doors, to be made wrong: the weighted squared error beside the gradient that they give.

    `q` are the critic's values of leave and take in A, B, C, D (-4 to 4); `task` is "exact" or "lie": which challenge.
    """

    js = "wrongright.js"
    title = traitlets.Unicode("Can a bad critic give a good gradient?").tag(sync=True)
    task = traitlets.Enum(["exact", "lie"], "exact").tag(sync=True)
    q = traitlets.List(traitlets.Float(min=-4, max=4), TRUE, minlen=8, maxlen=8).tag(sync=True)
