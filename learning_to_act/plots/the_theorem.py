"""Figures of chapter 2: the landscape of two parameters, and sampled steps in the plane of three logits."""

import numpy as np

from policy_gradient._validate import finite

from .base import COLOR, CORNERS


def landscape(ax, J, limit=6, levels=(-0.24, -0.2, -0.15, -0.1, -0.05, 0, 0.03, 0.06, 0.09, 0.12), resolution=81):
    """Contour lines of a return over two parameters, from -limit to limit in each; each second line is named.

    J: a function of theta (2, ...) -> (...). levels: where the lines run, in ascending order. Returns the contour set.
    """
    axis = np.linspace(-limit, limit, resolution)
    heights = np.asarray(J(np.array(np.meshgrid(axis, axis))), float)
    if heights.shape != (resolution, resolution):
        raise ValueError(
            f"J must map theta of shape (2, {resolution}, {resolution}) to "
            f"({resolution}, {resolution}), got {heights.shape}"
        )
    lines = ax.contour(
        axis, axis, heights, levels=list(levels), colors=COLOR["muted"], linewidths=0.8, linestyles="solid"
    )
    ax.clabel(lines, lines.levels[1::2], fontsize=10, fmt="%.3g")
    ax.set(xlabel="θ₁", ylabel="θ₂", xlim=(-limit, limit), ylim=(-limit, limit))
    return lines


def climbs(ax, paths, limit=6):
    """Paths over two parameters, {name: (N, 2)}, each named beside its middle;
    the first is the true one, in the score's green."""
    near = dict(boxstyle="square,pad=0.1", facecolor=COLOR["paper"], edgecolor="none", alpha=0.85)
    for (name, path), line, kind in zip(paths.items(), ("-", "--", ":", "-."), ["score"] + 3 * ["ink"]):
        path = finite(f"paths[{name!r}]", path, (None, 2))
        inner = path[np.abs(path).max(axis=1) < limit / 2]
        middle = (inner if len(inner) else path)[-1]
        ax.plot(*path.T, line, color=COLOR[kind], linewidth=2.5)
        ax.annotate(
            name,
            middle,
            (0, -20),
            textcoords="offset points",
            ha="right" if middle[0] < 0 else "left",
            color=COLOR[kind],
            fontsize=12,
            bbox=near,
        )


def step_cloud(ax, steps, expected, reach):
    """Steps in three logits that sum to zero, seen in their plane: many as dots, the expected one as an arrow.

    steps: (N, 3). expected: (3,). reach: how far the picture shows, in logits. Returns the dots.
    """
    steps, expected = finite("steps", steps, (None, 3)), finite("expected", expected, (3,))
    flat = np.sqrt(2) * steps @ CORNERS  # sqrt(2): lengths in the plane are lengths in logits
    axes = reach * np.sqrt(2) * (CORNERS - CORNERS.mean(axis=0))
    for axis, label in zip(axes, ("logit 1", "logit 2", "logit 3")):
        ax.plot([0, axis[0]], [0, axis[1]], "-", color=COLOR["line"], linewidth=1, zorder=0)
        ax.annotate(label, axis, color=COLOR["muted"], ha="center", va="center", fontsize=11)
    (dots,) = ax.plot(
        *flat.T, "o", color=COLOR["muted"], markersize=5, markeredgewidth=0, alpha=0.2
    )  # darker where several fall
    ax.annotate(
        "",
        np.sqrt(2) * expected @ CORNERS,
        (0, 0),
        zorder=3,
        arrowprops=dict(arrowstyle="-|>", color=COLOR["score"], linewidth=2.5, shrinkA=0, shrinkB=0),
    )
    ax.set_aspect("equal")
    ax.set(xlim=(-1.2 * reach, 1.2 * reach), ylim=(-0.85 * reach, 1.2 * reach))
    ax.axis("off")
    return dots
