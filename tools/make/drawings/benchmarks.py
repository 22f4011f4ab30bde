"""Still pictures of the page on speed, from benchmarks/results."""

import numpy as np

from learning_to_act.palette import color
from tools.make.narrow import narrow
from tools.site.measured import NAMES, by_method, stored

SHORT = {
    "ours": "this book",
    "ppo": "SB3 PPO",
    "a2c": "SB3 A2C",
    "torch_reinforce": "PyTorch,\none episode",
    "torch_batch": "PyTorch,\nbatches",
}


def _dots(ax, values, unit, ticks):
    """One row per method, one dot per seed, a bar at the median."""
    for row, method in enumerate(NAMES):
        finite = values[method][np.isfinite(values[method])]
        look = color("policy") if method == "ours" else color("muted")
        jitter = np.linspace(-0.18, 0.18, len(finite))
        ax.plot(finite, row + jitter, "o", color=look, ms=4, mew=0, alpha=0.8)
        median = np.median(values[method])
        if np.isfinite(median):
            ax.plot([median] * 2, [row - 0.34, row + 0.34], color=color("ink"), lw=2)
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_yticks(range(len(NAMES)), [SHORT[m] for m in NAMES])
    ax.invert_yaxis()
    ax.set_xlabel(unit)


def training_time(fig, ax):
    _dots(ax, by_method("sampled", "seconds"), "CPU seconds until solved", (0.3, 1, 3, 10, 30))


def training_steps(fig, ax):
    ticks, between = ((20_000, 100_000), "\n") if narrow(fig) else ((20_000, 50_000, 100_000, 200_000), " ")
    _dots(ax, by_method("sampled", "steps"), f"steps in the environment{between}until solved", ticks)


def growth(fig, ax):
    rows = stored("tables")["sampled"]
    trajectories = [row["trajectories"] for row in rows]
    seconds, memory = [1000 * row["seconds"] for row in rows], [row["peak MiB"] for row in rows]
    ax.plot(trajectories, seconds, "o-", color=color("policy"))
    ax.plot(trajectories, memory, "o-", color=color("muted"))
    ax.annotate(
        "CPU time, ms",
        (trajectories[-1], seconds[-1]),
        xytext=(-12, -4),
        textcoords="offset points",
        ha="right",
        color=color("policy"),
    )
    ax.annotate(
        "memory, MiB", (trajectories[0], memory[0]), xytext=(0, 9), textcoords="offset points", color=color("muted")
    )
    ax.set(xscale="log", yscale="log", xlabel="trajectories of ten steps")
    ax.set_xticks(trajectories, ["10³", "10⁴", "10⁵", "10⁶", "10⁷"])
    ax.set_yticks((1, 10, 100, 1000), ("1", "10", "100", "1,000"))
    ax.set_xticks([], minor=True)
    ax.set_yticks([], minor=True)


growth.figsize = (5, 2.8)
training_time.figsize = training_steps.figsize = (5, 3)
