import traitlets

from .base import Explorable


class LiveTraining(Explorable):
    """REINFORCE on CartPole, trained in the page while its settings change:
    returns, the pole, and what the policy does.

    rate, batch: places in live.js's lists of learning rates (0.001 to 2) and of episodes a batch (1 to 64). keep:
    weight step t by gamma^t, as the theorem has it. pace: updates a second, 0 for as many as there can be.
    seed: of the next run.
    """

    js = "live.js"
    title = traitlets.Unicode("Training, here and now").tag(sync=True)
    rate = traitlets.Int(4, min=0, max=10).tag(sync=True)
    batch = traitlets.Int(4, min=0, max=6).tag(sync=True)
    baseline = traitlets.Enum(["none", "batch_mean", "leave_one_out"], "batch_mean").tag(sync=True)
    keep = traitlets.Bool(False).tag(sync=True)
    pace = traitlets.Enum([0, 2, 10], 10).tag(sync=True)
    seed = traitlets.Int(1, min=1, max=20).tag(sync=True)
