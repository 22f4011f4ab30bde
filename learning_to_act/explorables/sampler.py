import traitlets

from .base import Explorable


class ScoreSampler(Explorable):
    """The slope of an average over a bell curve, estimated from samples: score function against pathwise.

    `mu` is the bell's mean (-2 to 2; its standard deviation is 1), `f` the heights of the function at x = -3, -1.5, 0,
    1.5, 3 (-1 to 4, straight between, flat outside), `kind` is "curve" for that function or "step" for 1 where x > 0;
    `baseline` is taken off every f(x), and each estimate is the mean over `samples` draws (20 or 200).
    """

    js = "sampler.js"
    title = traitlets.Unicode("The slope of an average, from samples alone").tag(sync=True)
    kind = traitlets.Enum(["curve", "step"], "curve").tag(sync=True)
    mu = traitlets.Float(0.0, min=-2, max=2).tag(sync=True)
    f = traitlets.List(traitlets.Float(min=-1, max=4), [1.2, 1.6, 2.2, 3.0, 3.2], minlen=5, maxlen=5).tag(sync=True)
    baseline = traitlets.Float(0.0, min=-1, max=4).tag(sync=True)
    samples = traitlets.Enum([20, 200], 20).tag(sync=True)
