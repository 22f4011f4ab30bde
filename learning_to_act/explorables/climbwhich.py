import traitlets

from .base import Explorable


class ClimbWhich(Explorable):
    """The weight that a method puts on a prompt with success rate p, what it therefore climbs,
    and how two prompts share a step.

    `method` is "rloo", "grpo", "until_mixed" (GRPO, each prompt sampled again until its own group is mixed; with other
    prompts in place of dropped groups the weight is that of "grpo", times a common factor), "successes" or "passk";
    `group` the answers to a prompt (2 to 64; also pass@k's k); `p1`, `p2` the two prompts' success rates
    (0.01 to 0.99); `sample`: the std of the libraries; `task` is "five" or "same".
    """

    js = "climbwhich.js"
    title = traitlets.Unicode("Which function do you climb?").tag(sync=True)
    method = traitlets.Enum(["rloo", "grpo", "until_mixed", "successes", "passk"], "grpo").tag(sync=True)
    group = traitlets.Int(8, min=2, max=64).tag(sync=True)
    p1 = traitlets.Float(0.05, min=0.01, max=0.99).tag(sync=True)
    p2 = traitlets.Float(0.5, min=0.01, max=0.99).tag(sync=True)
    sample = traitlets.Bool(False).tag(sync=True)
    task = traitlets.Enum(["five", "same"], "five").tag(sync=True)
