"""Still pictures of the page on speed, from benchmarks/results."""
import numpy as np
from measured import NAMES, by_method

from policy_gradient.palette import color

SHORT = {"ours": "this book", "ppo": "SB3 PPO", "a2c": "SB3 A2C", "torch_reinforce": "PyTorch,\none episode",
         "torch_batch": "PyTorch,\nbatches"}


def _dots(ax, values, unit, ticks):
    """One row per method, one dot per seed, a bar at the median."""
    for row, method in enumerate(NAMES):
        found = values[method][np.isfinite(values[method])]
        look = color("policy") if method == "ours" else color("muted")
        jitter = np.linspace(-.18, .18, len(found))
        ax.plot(found, row + jitter, "o", color=look, ms=4, mew=0, alpha=.8)
        median = np.median(values[method])
        if np.isfinite(median):
            ax.plot([median] * 2, [row - .34, row + .34], color=color("ink"), lw=2)
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_yticks(range(len(NAMES)), [SHORT[m] for m in NAMES])
    ax.invert_yaxis()
    ax.set_xlabel(unit)


def training_time(fig, ax):
    _dots(ax, by_method("sampled", "seconds"), "CPU seconds until solved", (0.3, 1, 3, 10, 30))


def training_steps(fig, ax):
    _dots(ax, by_method("sampled", "steps"), "steps in the environment until solved", (20_000, 50_000, 100_000, 200_000))


training_time.figsize = training_steps.figsize = (5, 3)
