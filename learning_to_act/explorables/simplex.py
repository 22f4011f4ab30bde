import traitlets

from .base import Explorable, sums_to_one


class SimplexGame(Explorable):
    """Rock-paper-scissors on the triangle of all policies: exploitability, the best reply, and self-play.

    `policy` are the three probabilities (rock, paper, scissors); `game` is "classic" or "rock2" (rock's win pays 2);
    `mode` is "reply" or "selfplay", whose steps of 0.1 alternate unless `simultaneous`,
    with a bonus for `entropy` (temperature 0.1) or none.
    """

    js = "simplex.js"
    title = traitlets.Unicode("Rock, paper, scissors: every policy is a point").tag(sync=True)
    policy = traitlets.List(traitlets.Float(min=0, max=1), [0.66, 0.17, 0.17], minlen=3, maxlen=3).tag(sync=True)
    game = traitlets.Enum(["classic", "rock2"], "classic").tag(sync=True)
    mode = traitlets.Enum(["reply", "selfplay"], "reply").tag(sync=True)
    simultaneous = traitlets.Bool(False).tag(sync=True)
    entropy = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("policy")
    def _one_in_all(self, proposal):
        return sums_to_one(proposal["value"])
