"""Figures of chapter 1: policies over three actions as a triangle, and a reward over actions that are numbers."""

import numpy as np

from policy_gradient._validate import finite

from .base import COLOR, CORNERS


def simplex_points(policies):
    """Where policies over three actions lie in the triangle: (..., 3) -> (..., 2)."""
    policies = np.asarray(policies, float)
    if policies.shape[-1:] != (3,):
        raise ValueError(f"policies must have three actions on the last axis, got shape {policies.shape}")
    return policies @ CORNERS


def simplex(ax, value=None, labels=("rock", "paper", "scissors"), levels=8, resolution=60):
    """The triangle of all policies over three actions, its corners named.

    value: a function (N, 3) -> (N,), drawn as shades with its level lines labelled (darker is larger). Put policies in
    with `ax.plot(*simplex_points(policies).T)`. Returns the Axes.
    """
    if value is not None:
        steps = np.arange(resolution + 1)
        i, j = (a.ravel() for a in np.meshgrid(steps, steps))
        i, j = i[i + j <= resolution], j[i + j <= resolution]
        grid = np.stack([i, j, resolution - i - j], axis=1) / resolution
        heights = np.asarray(value(grid), float)
        if heights.shape != (len(grid),):
            raise ValueError(f"value must give one number per policy, shape ({len(grid)},); it gave {heights.shape}")
        from matplotlib.colors import LinearSegmentedColormap

        shades = LinearSegmentedColormap.from_list("good", [COLOR["paper"], COLOR["good"]])
        x, y = simplex_points(grid).T
        ax.tricontourf(x, y, heights, levels=levels, cmap=shades, alpha=0.75)
        lines = ax.tricontour(x, y, heights, levels=levels, colors=COLOR["ink"], linewidths=0.6, linestyles="solid")
        ax.clabel(lines, lines.levels[1:-1:2], fontsize=10, fmt="%.3g")
    ax.fill(*CORNERS.T, facecolor="none", edgecolor=COLOR["ink"], linewidth=1)
    for label, corner, (dx, dy, ha, va) in zip(
        labels, CORNERS, [(-6, 0, "right", "center"), (0, 5, "center", "bottom"), (6, 0, "left", "center")]
    ):
        ax.annotate(label, corner, (dx, dy), textcoords="offset points", ha=ha, va=va)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def bandit(ax, reward, low, high, bins=None, mean=None, std=None, resolution=400):
    """A reward over one continuous action, what an even grid of bins can reach of it, and a Gaussian policy.

    reward: a function (N,) -> (N,). bins: how many cells divide [low, high], their centres are dots on the curve; or
    the actions themselves, (K,). The best one is named. mean, std: the policy,
    drawn as a filled hill (its height has no unit). Returns the Axes.
    """
    if not low < high:
        raise ValueError(f"low must be below high, got {low} and {high}")
    a = np.linspace(low, high, resolution)
    r = np.asarray(reward(a), float)
    floor, height = r.min(), np.ptp(r) or 1.0
    ax.plot(a, r, "--", color=COLOR["good"])
    peak = r.argmax()
    ax.annotate("reward", (a[peak], r[peak]), (0, 6), textcoords="offset points", color=COLOR["good"], ha="center")
    if bins is not None:
        if np.ndim(bins) == 0 and bins < 1:
            raise ValueError(f"bins must be at least 1, got {bins}")
        centres = (
            finite("bins", bins, (None,)) if np.ndim(bins) else low + (np.arange(bins) + 0.5) * (high - low) / bins
        )
        heights = np.asarray(reward(centres), float)
        best = heights.argmax()
        ax.vlines(centres, floor - 0.05 * height, heights, color=COLOR["muted"], linewidth=1)
        ax.plot(centres, heights, "s", color=COLOR["muted"], markersize=6)
        ax.plot(centres[best], heights[best], "s", color=COLOR["ink"])
        side = 1 if centres[best] < (low + high) / 2 else -1
        ax.annotate(
            f"best of {len(centres)} bins: {heights[best]:.3f}",
            (centres[best], heights[best]),
            (12 * side, 0),
            textcoords="offset points",
            va="center",
            ha="left" if side > 0 else "right",
            bbox=dict(facecolor=COLOR["paper"], edgecolor="none", pad=1, alpha=0.8),
        )
    if mean is not None:
        if not (std is not None and std > 0):
            raise ValueError(f"std must be positive, got {std}")
        hill = np.exp(-0.5 * ((a - mean) / std) ** 2)
        ax.fill_between(a, floor, floor + 0.4 * height * hill, color=COLOR["policy"], alpha=0.35, linewidth=0)
        ax.plot(a, floor + 0.4 * height * hill, color=COLOR["policy"])
        ax.annotate("policy", (mean, floor + 0.2 * height), color=COLOR["policy"], ha="center", va="center")
    ax.set(xlabel="action", ylabel="reward", xlim=(low, high), ylim=(floor - 0.05 * height, floor + 1.15 * height))
    ax.locator_params(axis="x", nbins=5)
    return ax
