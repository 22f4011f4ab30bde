import traitlets

from .base import Explorable


class LiveOrDie(Explorable):
    """Work pays 1 and goes on, quit pays `pay` (0.5 to 2) and ends:
    what a program must add after the last step of each.

    `after_quit` ("nothing" or "value") is what the program counts after the episode terminated, `after_cut` ("nothing",
    "value" or "reset") what it counts after a time limit cut it. The first should be nothing, the second the value.
    "reset" is the value of the observation that the next life begins with: before the first choice it pays 1 to get in.
    """

    js = "ending.js"
    title = traitlets.Unicode("What does the last step know?").tag(sync=True)
    after_quit = traitlets.Enum(["nothing", "value"], "nothing").tag(sync=True)
    after_cut = traitlets.Enum(["nothing", "value", "reset"], "value").tag(sync=True)
    pay = traitlets.Float(1.25, min=0.5, max=2).tag(sync=True)
