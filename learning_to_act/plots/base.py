"""The book's figures: pure functions that draw data onto an Axes, labelled where the eye is, in the book's colours.

The policy is blue and solid, how good it is vermilion and dashed or hatched, the score green arrows, where it happens
purple dots: never told apart by colour alone. Each function returns what it drew, so that `explore` can move it.
"""

from contextlib import contextmanager

import numpy as np

from policy_gradient._validate import one_of

from ..palette import COLORS

COLOR = {name: pair[0] for name, pair in COLORS.items()}

STYLE = {  # Matplotlib's own names, for the light page
    "figure.figsize": (6, 3.5),
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": COLOR["paper"],
    "axes.facecolor": COLOR["paper"],
    "savefig.facecolor": COLOR["paper"],
    "font.family": "DejaVu Sans",
    "font.size": 13,  # 10 pixels when a phone shows 600 pixels as 340
    "axes.titlesize": 13,
    "axes.labelsize": 13,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "text.color": COLOR["ink"],
    "axes.labelcolor": COLOR["ink"],
    "axes.titlecolor": COLOR["ink"],
    "axes.edgecolor": COLOR["muted"],
    "xtick.color": COLOR["muted"],
    "ytick.color": COLOR["muted"],
    "xtick.labelcolor": COLOR["ink"],
    "ytick.labelcolor": COLOR["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": COLOR["line"],
    "lines.linewidth": 2,
    "lines.markersize": 8,
    "hatch.linewidth": 1,
    "legend.frameon": False,
    "xaxis.labellocation": "center",
    "image.cmap": "cividis",
}
CYCLE = [("policy", "-"), ("good", "--"), ("score", "-."), ("where", ":")]
CORNERS = np.array([[0.0, 0.0], [0.5, np.sqrt(3) / 2], [1.0, 0.0]])  # an equilateral triangle, the second corner on top


def _settings():
    from cycler import cycler

    colors, lines = zip(*CYCLE)
    cycle = cycler(color=[COLOR[name] for name in colors]) + cycler(linestyle=lines)
    return STYLE | {"axes.prop_cycle": cycle}


def style():
    """Draw everything that follows in the book's style."""
    import matplotlib

    matplotlib.rcParams.update(_settings())


@contextmanager
def book_style():
    """Draw in the book's style inside a `with` block only."""
    import matplotlib

    with matplotlib.rc_context(_settings()):
        yield


AWAY = 10  # points between a mark and its name
NEAR_AN_EDGE = 0.25  # of the curve's width: there a name beside its mark stays within the picture


def value_curve(ax, x, values, marks=None, xlabel="", ylabel="expected return"):
    """How good each x is: a curve, with `marks` = {label: (x, value)} named beside their dots.

    x, values: (N,). Set the Axes' limits afterwards where the curve runs off to infinity. Returns the line.
    """
    x, values = _same_length("x", x, "values", values)
    (line,) = ax.plot(x, values, "--", color=COLOR["good"])
    for label, (at, value) in (marks or {}).items():
        place = (at - x.min()) / (np.ptp(x) or 1)  # beside the mark near the edges, else below it
        if place < NEAR_AN_EDGE:
            dx, dy, ha, va = AWAY, 0, "left", "center"
        elif place > 1 - NEAR_AN_EDGE:
            dx, dy, ha, va = -AWAY, 0, "right", "center"
        else:
            dx, dy, ha, va = 0, -AWAY, "center", "top"
        ax.plot([at], [value], "o", color=COLOR["policy"], zorder=3)
        ax.annotate(label, (at, value), (dx, dy), textcoords="offset points", ha=ha, va=va, color=COLOR["policy"])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return line


def learning_curves(ax, steps, returns, label, kind="policy", level=0.95, nudge=0):
    """The mean of several seeds against training time, with the interval in which the true mean lies.

    steps: (T,). returns: (seeds, T), at least two seeds. The band is Student's t interval of the mean at each step,
    named above the Axes; `label` stands at the curve's right end, `nudge` points higher. kind: one of the palette's
    names. Returns the mean, low and high, each (T,).
    """
    from scipy.stats import t

    steps, returns = np.asarray(steps), np.asarray(returns, float)
    if returns.ndim != 2 or returns.shape[1:] != steps.shape:
        raise ValueError(f"returns must have shape (seeds, {len(steps)}), got {returns.shape}")
    seeds = len(returns)
    if seeds < 2:
        raise ValueError("returns must hold at least two seeds: one run says nothing about the spread")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    one_of("kind", kind, COLORS)
    mean = returns.mean(axis=0)
    half = t.ppf((1 + level) / 2, seeds - 1) * returns.std(axis=0, ddof=1) / np.sqrt(seeds)
    ax.fill_between(steps, mean - half, mean + half, color=COLOR[kind], alpha=0.25, linewidth=0)
    ax.plot(steps, mean, dict(CYCLE).get(kind, "-"), color=COLOR[kind])
    ax.annotate(
        label,
        (steps[-1], mean[-1]),
        (6, nudge),
        textcoords="offset points",
        va="center",
        color=COLOR[kind],
        annotation_clip=False,
    )
    ax.set_title(f"mean of {seeds} seeds, {100 * level:.3g} % interval", loc="left", fontsize=12, color=COLOR["muted"])
    return mean, mean - half, mean + half


def arrows(ax, start, vectors, labels=None, kinds="score"):
    """Arrows (N, 2) from one point (2,) or from a point each (N, 2), each named at its tip.

    kinds: the palette's name of all or of each. Returns the arrows; move them with `quiver.set_UVC`.
    """
    vectors = np.atleast_2d(np.asarray(vectors, float))
    if vectors.shape[1:] != (2,):
        raise ValueError(f"vectors must have shape (N, 2), got {vectors.shape}")
    start = np.broadcast_to(np.asarray(start, float), vectors.shape)
    kinds = [one_of("kinds", kind, COLORS) for kind in ([kinds] * len(vectors) if isinstance(kinds, str) else kinds)]
    quiver = ax.quiver(
        *start.T,
        *vectors.T,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.012,
        color=[COLOR[kind] for kind in kinds],
    )
    tips = start + vectors
    for tip, vector, label, kind in zip(tips, vectors, labels or [], kinds):
        side = 1 if vector[0] >= 0 else -1
        ax.annotate(
            label,
            tip,
            (6 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="center",
            color=COLOR[kind],
        )
    ax.update_datalim(np.concatenate([start, tips]))
    ax.margins(0.2)
    ax.set_aspect("equal", adjustable="datalim")  # else the angles would lie
    ax.locator_params(nbins=5)
    return quiver


def bars(ax, heights, labels, kind="policy"):
    """One named bar for each of `heights` (N,): filled for a policy, hatched for anything that says how good.
    Returns them."""
    heights, labels = np.asarray(heights, float), list(labels)
    if heights.shape != (len(labels),):
        raise ValueError(f"heights must have one entry for each of the {len(labels)} labels, got shape {heights.shape}")
    one_of("kind", kind, COLORS)
    look = dict(facecolor="none", edgecolor=COLOR[kind], hatch="///") if kind == "good" else dict(color=COLOR[kind])
    return ax.bar(labels, heights, **look)


def _same_length(name, a, other, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"{name} and {other} must be two rows of the same length, got shapes {a.shape} and {b.shape}")
    return a, b
