"""Figures of chapter 5: the museum of mistakes, and a mistake beside what mends it."""

import numpy as np

from policy_gradient._validate import finite, number

from .base import COLOR, learning_curves


def multiples(ax, values):
    """What programs teach, in multiples of the exact gradient: values {name: multiple}, drawn from the top.
    Returns the dots.

    1 is the truth, 0 teaches nothing, below 0 is downhill (shaded).
    """
    if not values:
        raise ValueError("values must hold at least one {name: multiple}, got none")
    names, at = list(values), np.array(list(values.values()), float)
    rows, reach = np.arange(len(at)), 1.15 * max(1, abs(at).max())
    ax.axvspan(-reach, 0, color=COLOR["line"], alpha=0.5, linewidth=0)
    ax.axvline(1, color=COLOR["score"], linestyle="--")
    ax.hlines(rows, 0, at, color=COLOR["good"], linewidth=2)
    (dots,) = ax.plot(at, rows, "o", color=COLOR["good"])
    ax.text(1.1, -0.8, "exact", ha="left", va="bottom", color=COLOR["score"])
    ax.text(-reach / 2, -0.8, "downhill", ha="center", va="bottom", color=COLOR["ink"])
    ax.set(
        xlim=(-reach, reach),
        ylim=(len(at) - 0.5, -1.5),
        yticks=rows,
        yticklabels=names,
        xlabel="multiple of the exact gradient",
    )
    ax.tick_params(axis="y", length=0)
    return dots


def catches(ax, tests, programs, caught):
    """Which test catches which program: a full square if it does, an open circle if the program slips through.

    caught: (programs, tests), 1 caught, 0 slips through, NaN where the test does not apply. Returns (squares, circles).
    """
    caught = np.asarray(caught, float)
    if caught.shape != (len(programs), len(tests)):
        raise ValueError(
            f"caught must have shape (programs, tests) = {(len(programs), len(tests))}, got {caught.shape}"
        )
    for row in range(0, len(programs), 2):
        ax.axhspan(row - 0.5, row + 0.5, color=COLOR["line"], alpha=0.35, linewidth=0)
    marks = []
    for value, look in (
        (1, dict(marker="s", color=COLOR["policy"], markersize=10)),
        (0, dict(marker="o", color=COLOR["good"], markersize=8, fillstyle="none", markeredgewidth=1.5)),
    ):
        row, column = np.nonzero(caught == value)
        marks += ax.plot(column, row, linestyle="none", **look)
    ax.set(
        xlim=(-0.5, len(tests) - 0.5),
        ylim=(len(programs) - 0.5, -0.5),
        yticks=range(len(programs)),
        yticklabels=programs,
    )
    ax.set_xticks(range(len(tests)), tests, rotation=50, ha="left", rotation_mode="anchor")
    ax.tick_params(length=0, labeltop=True, labelbottom=False)
    ax.spines[:].set_visible(False)
    return tuple(marks)


def mended(ax, wrong, right, best):
    """Learning curves of a program before (vermilion, dashed) and after its bug was mended, (seeds, T)
    each, under the best return."""
    wrong, right, best = (
        finite("wrong", wrong, (None, None)),
        finite("right", right, (None, None)),
        number("best", best),
    )
    steps = np.arange(right.shape[1])
    ends = wrong.mean(axis=0)[-1], right.mean(axis=0)[-1]
    span = max(best, np.max(right)) - min(np.min(wrong), np.min(right))
    apart = (
        np.sign(ends[1] - ends[0]) * 9 * (abs(ends[0] - ends[1]) < 0.1 * span)
    )  # points: labels must not lie on each other
    learning_curves(ax, steps, wrong, "as given", "good", nudge=-apart)
    learning_curves(ax, steps, right, "mended", nudge=apart)
    ax.axhline(best, color=COLOR["muted"], linestyle=":", linewidth=1.5)
    ax.annotate("best", (0, best), (3, -3), textcoords="offset points", va="top", color=COLOR["muted"])
    ax.set(xlabel="update", ylabel="expected return", xlim=(0, steps[-1]))
