"""The book's figures: pure functions that draw data onto an Axes, labelled where the eye is, in the book's colours.

The policy is blue and solid, how good it is vermilion and dashed or hatched, the score green arrows, where it happens
purple dots: never told apart by colour alone. Each function returns what it drew, so that `explore` can move it.
"""

from contextlib import contextmanager

import numpy as np

from policy_gradient._validate import finite, number, one_of, positive

from ..palette import COLORS

_color = {name: pair[0] for name, pair in COLORS.items()}

STYLE = {  # Matplotlib's own names, for the light page
    "figure.figsize": (6, 3.5),
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": _color["paper"],
    "axes.facecolor": _color["paper"],
    "savefig.facecolor": _color["paper"],
    "font.family": "DejaVu Sans",
    "font.size": 13,  # 10 pixels when a phone shows 600 pixels as 340
    "axes.titlesize": 13,
    "axes.labelsize": 13,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "text.color": _color["ink"],
    "axes.labelcolor": _color["ink"],
    "axes.titlecolor": _color["ink"],
    "axes.edgecolor": _color["muted"],
    "xtick.color": _color["muted"],
    "ytick.color": _color["muted"],
    "xtick.labelcolor": _color["ink"],
    "ytick.labelcolor": _color["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": _color["line"],
    "lines.linewidth": 2,
    "lines.markersize": 8,
    "hatch.linewidth": 1,
    "legend.frameon": False,
    "xaxis.labellocation": "center",
    "image.cmap": "cividis",
}
CYCLE = [("policy", "-"), ("good", "--"), ("score", "-."), ("where", ":")]


def _settings():
    from cycler import cycler

    colors, lines = zip(*CYCLE)
    cycle = cycler(color=[_color[name] for name in colors]) + cycler(linestyle=lines)
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


def value_curve(ax, x, values, marks=None, xlabel="", ylabel="expected return"):
    """How good each x is: a curve, with `marks` = {label: (x, value)} named beside their dots.

    x, values: (N,). Set the Axes' limits afterwards where the curve runs off to infinity. Returns the line.
    """
    x, values = _same_length("x", x, "values", values)
    (line,) = ax.plot(x, values, "--", color=_color["good"])
    for label, (at, value) in (marks or {}).items():
        place = (at - x.min()) / np.ptp(x)  # beside the mark near the edges, else below it
        dx, dy, ha, va = (
            (10, 0, "left", "center")
            if place < 0.25
            else (-10, 0, "right", "center")
            if place > 0.75
            else (0, -10, "center", "top")
        )
        ax.plot([at], [value], "o", color=_color["policy"], zorder=3)
        ax.annotate(label, (at, value), (dx, dy), textcoords="offset points", ha=ha, va=va, color=_color["policy"])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return line


CORNERS = np.array([[0.0, 0.0], [0.5, np.sqrt(3) / 2], [1.0, 0.0]])  # an equilateral triangle, the second corner on top


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

        shades = LinearSegmentedColormap.from_list("good", [_color["paper"], _color["good"]])
        x, y = simplex_points(grid).T
        ax.tricontourf(x, y, heights, levels=levels, cmap=shades, alpha=0.75)
        lines = ax.tricontour(x, y, heights, levels=levels, colors=_color["ink"], linewidths=0.6, linestyles="solid")
        ax.clabel(lines, lines.levels[1:-1:2], fontsize=10, fmt="%.3g")
    ax.fill(*CORNERS.T, facecolor="none", edgecolor=_color["ink"], linewidth=1)
    for label, corner, (dx, dy, ha, va) in zip(
        labels, CORNERS, [(-6, 0, "right", "center"), (0, 5, "center", "bottom"), (6, 0, "left", "center")]
    ):
        ax.annotate(label, corner, (dx, dy), textcoords="offset points", ha=ha, va=va)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def bandit(ax, reward, low, high, bins=None, mean=None, std=None, resolution=400):
    """A reward over one continuous action, what an even grid of bins can reach of it, and a Gaussian policy.

    reward: a function (N,) -> (N,). bins: how many cells divide [low, high], their centres are dots on the curve; or the
    actions themselves, (K,). The best one is named. mean, std: the policy, drawn as a filled hill (its height has no unit). Returns the Axes.
    """
    if not low < high:
        raise ValueError(f"low must be below high, got {low} and {high}")
    a = np.linspace(low, high, resolution)
    r = np.asarray(reward(a), float)
    floor, height = r.min(), np.ptp(r) or 1.0
    ax.plot(a, r, "--", color=_color["good"])
    peak = r.argmax()
    ax.annotate("reward", (a[peak], r[peak]), (0, 6), textcoords="offset points", color=_color["good"], ha="center")
    if bins is not None:
        if np.ndim(bins) == 0 and bins < 1:
            raise ValueError(f"bins must be at least 1, got {bins}")
        centres = (
            finite("bins", bins, (None,)) if np.ndim(bins) else low + (np.arange(bins) + 0.5) * (high - low) / bins
        )
        heights = np.asarray(reward(centres), float)
        best = heights.argmax()
        ax.vlines(centres, floor - 0.05 * height, heights, color=_color["muted"], linewidth=1)
        ax.plot(centres, heights, "s", color=_color["muted"], markersize=6)
        ax.plot(centres[best], heights[best], "s", color=_color["ink"])
        side = 1 if centres[best] < (low + high) / 2 else -1
        ax.annotate(
            f"best of {len(centres)} bins: {heights[best]:.3f}",
            (centres[best], heights[best]),
            (12 * side, 0),
            textcoords="offset points",
            va="center",
            ha="left" if side > 0 else "right",
            bbox=dict(facecolor=_color["paper"], edgecolor="none", pad=1, alpha=0.8),
        )
    if mean is not None:
        if not (std is not None and std > 0):
            raise ValueError(f"std must be positive, got {std}")
        hill = np.exp(-0.5 * ((a - mean) / std) ** 2)
        ax.fill_between(a, floor, floor + 0.4 * height * hill, color=_color["policy"], alpha=0.35, linewidth=0)
        ax.plot(a, floor + 0.4 * height * hill, color=_color["policy"])
        ax.annotate("policy", (mean, floor + 0.2 * height), color=_color["policy"], ha="center", va="center")
    ax.set(xlabel="action", ylabel="reward", xlim=(low, high), ylim=(floor - 0.05 * height, floor + 1.15 * height))
    ax.locator_params(axis="x", nbins=5)
    return ax


def learning_curves(ax, steps, returns, label, kind="policy", level=0.95, nudge=0):
    """The mean of several seeds against training time, with the interval in which the true mean lies.

    steps: (T,). returns: (seeds, T), at least two seeds. The band is Student's t interval of the mean at each step, named
    above the Axes; `label` stands at the curve's right end, `nudge` points higher. kind: one of the palette's names.
    Returns the mean, low and high, each (T,).
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
    ax.fill_between(steps, mean - half, mean + half, color=_color[kind], alpha=0.25, linewidth=0)
    ax.plot(steps, mean, dict(CYCLE).get(kind, "-"), color=_color[kind])
    ax.annotate(
        label,
        (steps[-1], mean[-1]),
        (6, nudge),
        textcoords="offset points",
        va="center",
        color=_color[kind],
        annotation_clip=False,
    )
    ax.set_title(f"mean of {seeds} seeds, {100 * level:.3g} % interval", loc="left", fontsize=12, color=_color["muted"])
    return mean, mean - half, mean + half


def mended(ax, wrong, right, best):
    """Learning curves of a program before (vermilion, dashed) and after its bug was mended, (seeds, T) each, under the best return."""
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
    ax.axhline(best, color=_color["muted"], linestyle=":", linewidth=1.5)
    ax.annotate("best", (0, best), (3, -3), textcoords="offset points", va="top", color=_color["muted"])
    ax.set(xlabel="update", ylabel="expected return", xlim=(0, steps[-1]))


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
        color=[_color[kind] for kind in kinds],
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
            color=_color[kind],
        )
    ax.update_datalim(np.concatenate([start, tips]))
    ax.margins(0.2)
    ax.set_aspect("equal", adjustable="datalim")  # else the angles would lie
    ax.locator_params(nbins=5)
    return quiver


def bars(ax, heights, labels, kind="policy"):
    """One named bar for each of `heights` (N,): filled for a policy, hatched for anything that says how good. Returns them."""
    heights, labels = np.asarray(heights, float), list(labels)
    if heights.shape != (len(labels),):
        raise ValueError(f"heights must have one entry for each of the {len(labels)} labels, got shape {heights.shape}")
    one_of("kind", kind, COLORS)
    look = dict(facecolor="none", edgecolor=_color[kind], hatch="///") if kind == "good" else dict(color=_color[kind])
    return ax.bar(labels, heights, **look)


def _same_length(name, a, other, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"{name} and {other} must be two rows of the same length, got shapes {a.shape} and {b.shape}")
    return a, b


# Chapter 2: the landscape of two parameters, and sampled steps in the plane of three logits


def landscape(ax, J, limit=6, levels=(-0.24, -0.2, -0.15, -0.1, -0.05, 0, 0.03, 0.06, 0.09, 0.12), resolution=81):
    """Contour lines of a return over two parameters, from -limit to limit in each; each second line is named.

    J: a function of theta (2, ...) -> (...). levels: where the lines run, in ascending order. Returns the contour set.
    """
    axis = np.linspace(-limit, limit, resolution)
    heights = np.asarray(J(np.array(np.meshgrid(axis, axis))), float)
    if heights.shape != (resolution, resolution):
        raise ValueError(
            f"J must map theta of shape (2, {resolution}, {resolution}) to ({resolution}, {resolution}), got {heights.shape}"
        )
    lines = ax.contour(
        axis, axis, heights, levels=list(levels), colors=_color["muted"], linewidths=0.8, linestyles="solid"
    )
    ax.clabel(lines, lines.levels[1::2], fontsize=10, fmt="%.3g")
    ax.set(xlabel="θ₁", ylabel="θ₂", xlim=(-limit, limit), ylim=(-limit, limit))
    return lines


def climbs(ax, paths, limit=6):
    """Paths over two parameters, {name: (N, 2)}, each named beside its middle; the first is the true one, in the score's green."""
    near = dict(boxstyle="square,pad=0.1", facecolor=_color["paper"], edgecolor="none", alpha=0.85)
    for (name, path), line, kind in zip(paths.items(), ("-", "--", ":", "-."), ["score"] + 3 * ["ink"]):
        path = finite(f"paths[{name!r}]", path, (None, 2))
        inner = path[np.abs(path).max(axis=1) < limit / 2]
        middle = (inner if len(inner) else path)[-1]
        ax.plot(*path.T, line, color=_color[kind], linewidth=2.5)
        ax.annotate(
            name,
            middle,
            (0, -20),
            textcoords="offset points",
            ha="right" if middle[0] < 0 else "left",
            color=_color[kind],
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
        ax.plot([0, axis[0]], [0, axis[1]], "-", color=_color["line"], linewidth=1, zorder=0)
        ax.annotate(label, axis, color=_color["muted"], ha="center", va="center", fontsize=11)
    (dots,) = ax.plot(
        *flat.T, "o", color=_color["muted"], markersize=5, markeredgewidth=0, alpha=0.2
    )  # darker where several fall
    ax.annotate(
        "",
        np.sqrt(2) * expected @ CORNERS,
        (0, 0),
        zorder=3,
        arrowprops=dict(arrowstyle="-|>", color=_color["score"], linewidth=2.5, shrinkA=0, shrinkB=0),
    )
    ax.set_aspect("equal")
    ax.set(xlim=(-1.2 * reach, 1.2 * reach), ylim=(-0.85 * reach, 1.2 * reach))
    ax.axis("off")
    return dots


# Chapter 3: how estimates scatter, and what each ingredient of training is worth


def errors_against_n(ax, n, errors):
    """Mean squared error against the number of trajectories, both axes logarithmic: independent samples give slope -1.

    n: (K,). errors: {name: (K,)}, relative to the squared gradient. Each line is named at its right end; names are moved
    apart where lines lie close. Returns the lines, the lowest first.
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
            n, errors[name], ("-", ":", "-.", "--")[i % 4], marker="osD^v"[i % 5], markersize=6, color=_color["good"]
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
                "color": _color["muted"],
                "relpos": (0, 0.5),
                "shrinkA": 1,
            },
        )
        lines.append(line)
    ax.set(xscale="log", yscale="log", xlabel="trajectories", ylabel="relative squared error")
    return lines


def spread(ax, estimates, truth, limits, bins=60):
    """How estimates (N,) of one number scatter: a histogram, with the truth as a line and the middle four fifths marked."""
    if not np.size(estimates):
        raise ValueError("estimates must hold at least one number, got none")
    counts, _, _ = ax.hist(
        np.clip(estimates, *limits), bins=np.linspace(*limits, bins + 1), color=_color["score"], alpha=0.6
    )
    low, high = np.quantile(estimates, [0.1, 0.9])
    ax.plot(
        np.clip([low, high], *limits),
        [-0.06 * counts.max()] * 2,
        "-",
        color=_color["score"],
        linewidth=4,
        solid_capstyle="butt",
    )
    ax.axvline(truth, color=_color["ink"], linestyle="--")
    ax.set(xlim=limits, ylim=(-0.12 * counts.max(), 1.15 * counts.max()), yticks=[], ylabel="how often")
    return ax


def ablation(ax, arms, level=0.95):
    """What each arm differs by from the first one, paired by seed: sampled policy (blue dots) and greedy (squares).

    arms: {name: (sampled (seeds,), greedy (seeds,))}, the same seeds in the same order; the first is what the others are
    compared with. Bars are Student's t intervals of the mean difference. Returns {name: (means, lows, highs)} of all but the first.
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
    found = {}
    for row, (name, data) in enumerate(others):
        if data.shape != values.shape:
            raise ValueError(
                f"arms must have the same seeds, to be paired: {first!r} has shape {values.shape}, {name!r} {data.shape}"
            )
        differences = data - values  # (2, seeds)
        means = differences.mean(axis=1)
        half = t.ppf((1 + level) / 2, seeds - 1) * differences.std(axis=1, ddof=1) / np.sqrt(seeds)
        found[name] = means, means - half, means + half
        for mean, low, high, kind, marker, shift in zip(*found[name], ("policy", "good"), "os", (-0.16, 0.16)):
            ax.plot([low, high], [row + shift] * 2, "-", color=_color[kind], solid_capstyle="butt")
            ax.plot([mean], [row + shift], marker, color=_color[kind], markersize=7)
            if row == 0:
                ax.annotate(
                    ["sampled", "greedy"][kind == "good"],
                    (low, row + shift),
                    (-8, 4 if shift < 0 else -4),
                    ha="right",
                    va="center",
                    textcoords="offset points",
                    color=_color[kind],
                    fontsize=11,
                )
    ax.set(yticks=range(len(found)), yticklabels=list(found), ylim=(len(found) - 0.4, -0.6))
    ax.axvline(0, color=_color["line"], linewidth=1, zorder=0)
    return found


# Chapter 4


def bell(ax, mean, std, low, high, kind="policy", fill=True, resolution=400):
    """A Gaussian density on [low, high], filled (or a dashed line). Returns a function (mean, std) that moves it."""
    one_of("kind", kind, COLORS)
    number("mean", mean), positive("std", std)
    a = np.linspace(low, high, resolution)

    def height(mean, std):
        return np.exp(-(((a - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))

    (line,) = ax.plot(a, height(mean, std), "-" if fill else "--", color=_color[kind])
    area = ax.fill_between(a, height(mean, std), color=_color[kind], alpha=0.2) if fill else None
    ax.set(xlim=(low, high), ylabel="density")

    def move(mean, std):
        line.set_ydata(height(mean, std))
        if area is not None:
            area.set_data(a, height(mean, std), 0)

    return move


def executed(ax, mean, std, limit=1.0, resolution=400):
    """What the world executes of a Gaussian policy: clipped (a bell with a spike at each limit) and squashed by tanh."""
    number("mean", mean), positive("std", std), positive("limit", limit)
    inside, u = np.linspace(-limit, limit, resolution), np.linspace(-8, 8, 3201)

    def height(x):
        return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))

    ax.plot(inside, height(inside), "-", color=_color["policy"])
    for sign in (-1, 1):
        drawn = np.linspace(0, 8 * std + abs(mean) + limit, 4001)
        beyond = np.trapezoid(height(sign * (limit + drawn)), drawn)
        ax.plot([sign * 1.02 * limit] * 2, [0, beyond], "-", color=_color["policy"], linewidth=7, solid_capstyle="butt")
        ax.text(
            sign * limit * 1.06,
            beyond,
            f"{beyond:.0%}",
            color=_color["policy"],
            ha="right" if sign < 0 else "left",
            va="bottom",
        )
    slope = 4 * np.exp(-2 * np.abs(u)) / (1 + np.exp(-2 * np.abs(u))) ** 2  # 1 - tanh^2, without cancellation
    ax.plot(limit * np.tanh(u), height(u) / (limit * slope), "--", color=_color["score"])
    ax.set_xlim(-1.25 * limit, 1.25 * limit)
    ax.set(xlabel="executed action", ylabel="density; bars: probability", ylim=(0, None))
    return ax


def against_optimum(ax, costs, optimum, label):
    """Costs per update of several seeds, [(updates,), ...], on a logarithmic axis, and the least cost there can be."""
    positive("optimum", optimum)
    for cost in costs:
        ax.plot(np.arange(1, len(cost) + 1), cost, "-", color=_color["policy"], alpha=0.6, linewidth=1.5)
    ax.axhline(optimum, color=_color["good"], linestyle="--")
    ax.set(yscale="log", xlabel="update", ylabel="expected cost, −J", ylim=(0.7 * optimum, None))
    ax.text(ax.get_xlim()[1], 0.97 * optimum, label, color=_color["good"], ha="right", va="top")
    return ax


def _circle(*args, **kwargs):
    from matplotlib.patches import Circle

    return Circle(*args, **kwargs)


def pendulum(ax, angle=0.0, torque=0.0):
    """A pendulum (angle in radians, 0 upright, counted anticlockwise) and its motor's torque as an arc.

    Returns a function (angle, torque) that moves it.
    """
    number("angle", angle), number("torque", torque)
    ax.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal")
    ax.axis("off")
    ax.plot([0, 0], [1.08, 1.2], "-", color=_color["muted"])
    ax.add_patch(_circle((0, 0), 1, fill=False, edgecolor=_color["line"]))
    (rod,) = ax.plot([], [], "-", color=_color["ink"], linewidth=9, solid_capstyle="round")
    (arc,) = ax.plot([], [], "-", color=_color["policy"], linewidth=3)
    (tip,) = ax.plot([], [], "o", color=_color["policy"], markersize=8)
    ax.plot(0, 0, "o", color=_color["ink"], markersize=7)

    def move(angle, torque):
        rod.set_data([0, -np.sin(angle)], [0, np.cos(angle)])
        turn = np.linspace(0, 0.9 * torque, 30)
        arc.set_data(-0.35 * np.sin(turn), 0.35 * np.cos(turn))
        tip.set_data([-0.35 * np.sin(turn[-1])], [0.35 * np.cos(turn[-1])])

    move(angle, torque)
    return move


# Chapter 5: the museum of mistakes


def multiples(ax, values):
    """What programs teach, in multiples of the exact gradient: values {name: multiple}, drawn from the top. Returns the dots.

    1 is the truth, 0 teaches nothing, below 0 is downhill (shaded).
    """
    if not values:
        raise ValueError("values must hold at least one {name: multiple}, got none")
    names, at = list(values), np.array(list(values.values()), float)
    rows, reach = np.arange(len(at)), 1.15 * max(1, abs(at).max())
    ax.axvspan(-reach, 0, color=_color["line"], alpha=0.5, linewidth=0)
    ax.axvline(1, color=_color["score"], linestyle="--")
    ax.hlines(rows, 0, at, color=_color["good"], linewidth=2)
    (dots,) = ax.plot(at, rows, "o", color=_color["good"])
    ax.text(1.1, -0.8, "exact", ha="left", va="bottom", color=_color["score"])
    ax.text(-reach / 2, -0.8, "downhill", ha="center", va="bottom", color=_color["ink"])
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
        ax.axhspan(row - 0.5, row + 0.5, color=_color["line"], alpha=0.35, linewidth=0)
    marks = []
    for value, look in (
        (1, dict(marker="s", color=_color["policy"], markersize=10)),
        (0, dict(marker="o", color=_color["good"], markersize=8, fillstyle="none", markeredgewidth=1.5)),
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
