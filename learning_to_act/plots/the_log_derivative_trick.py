"""Figures of chapter 3: how estimates scatter, and what each ingredient of training is worth."""

import numpy as np

from policy_gradient._validate import finite

from .base import COLOR


def errors_against_n(ax, n, errors):
    """Mean squared error against the number of trajectories, both axes logarithmic: independent samples give slope -1.

    n: (K,). errors: {name: (K,)}, relative to the squared gradient. Each line is named at its right end; names are
    moved apart where lines lie close. Returns the lines, the lowest first.
    """
    n, lines = finite("n", n, (None,)), []
    for name, values in errors.items():
        if np.shape(values) != n.shape:
            raise ValueError(
                f"errors[{name!r}] must have one entry for each n, {len(n)} in all, got shape {np.shape(values)}"
            )
    ends = sorted(errors, key=lambda name: errors[name][-1])
    height = np.log10([max(errors[name][-1], 1e-300) for name in ends])
    for i in range(1, len(height)):
        height[i] = max(height[i], height[i - 1] + 0.33)
    for i, name in enumerate(ends):
        (line,) = ax.plot(
            n, errors[name], ("-", ":", "-.", "--")[i % 4], marker="osD^v"[i % 5], markersize=6, color=COLOR["good"]
        )
        ax.annotate(
            name,
            (n[-1], errors[name][-1]),
            (1.6 * n[-1], 10 ** height[i]),
            va="center",
            fontsize=11,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "linewidth": 0.8,
                "color": COLOR["muted"],
                "relpos": (0, 0.5),
                "shrinkA": 1,
            },
        )
        lines.append(line)
    ax.set(xscale="log", yscale="log", xlabel="trajectories", ylabel="relative squared error")
    return lines


def spread(ax, estimates, truth, limits, bins=60):
    """How estimates (N,) of one number scatter: a histogram, with the truth as a line
    and the middle four fifths marked."""
    if not np.size(estimates):
        raise ValueError("estimates must hold at least one number, got none")
    counts, _, _ = ax.hist(
        np.clip(estimates, *limits), bins=np.linspace(*limits, bins + 1), color=COLOR["score"], alpha=0.6
    )
    low, high = np.quantile(estimates, [0.1, 0.9])
    ax.plot(
        np.clip([low, high], *limits),
        [-0.06 * counts.max()] * 2,
        "-",
        color=COLOR["score"],
        linewidth=4,
        solid_capstyle="butt",
    )
    ax.axvline(truth, color=COLOR["ink"], linestyle="--")
    ax.set(xlim=limits, ylim=(-0.12 * counts.max(), 1.15 * counts.max()), yticks=[], ylabel="how often")
    return ax


def ablation(ax, arms, level=0.95):
    """What each arm differs by from the first one, paired by seed: sampled policy (blue dots) and greedy (squares).

    arms: {name: (sampled (seeds,), greedy (seeds,))}, the same seeds in the same order; the first is what the others
    are compared with. Bars are Student's t intervals of the mean difference.
    Returns {name: (means, lows, highs)} of all but the first.
    """
    from scipy.stats import t

    if len(arms) < 2:
        raise ValueError(
            f"arms must hold at least two {{name: (sampled, greedy)}}, the first to compare with, got {len(arms)}"
        )
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    (first, values), *others = ((name, finite(f"arms[{name!r}]", data, (2, None))) for name, data in arms.items())
    seeds = values.shape[-1]
    if seeds < 2:
        raise ValueError("arms must hold at least two seeds each: one run says nothing about the spread")
    intervals = {}
    for row, (name, data) in enumerate(others):
        if data.shape != values.shape:
            raise ValueError(
                "arms must have the same seeds, to be paired: "
                f"{first!r} has shape {values.shape}, {name!r} {data.shape}"
            )
        differences = data - values  # (2, seeds)
        means = differences.mean(axis=1)
        half = t.ppf((1 + level) / 2, seeds - 1) * differences.std(axis=1, ddof=1) / np.sqrt(seeds)
        intervals[name] = means, means - half, means + half
        for mean, low, high, kind, marker, shift in zip(*intervals[name], ("policy", "good"), "os", (-0.16, 0.16)):
            ax.plot([low, high], [row + shift] * 2, "-", color=COLOR[kind], solid_capstyle="butt")
            ax.plot([mean], [row + shift], marker, color=COLOR[kind], markersize=7)
            if row == 0:
                ax.annotate(
                    ["sampled", "greedy"][kind == "good"],
                    (low, row + shift),
                    (-8, 4 if shift < 0 else -4),
                    ha="right",
                    va="center",
                    textcoords="offset points",
                    color=COLOR[kind],
                    fontsize=11,
                )
    ax.set(yticks=range(len(intervals)), yticklabels=list(intervals), ylim=(len(intervals) - 0.4, -0.6))
    ax.axvline(0, color=COLOR["line"], linewidth=1, zorder=0)
    return intervals
