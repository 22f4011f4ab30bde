"""Still pictures of chapter 2."""

import numpy as np

from learning_to_act.palette import color
from tools.make.narrow import narrow


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def visits_unrolled(fig, ax):
    """Two doors at theta = 0: gamma^t Pr(s_t = s) for each time, as dots of that area, and their sums d."""
    where, ink, muted, line = map(color, ("where", "ink", "muted", "line"))
    row = {"A": 3, "B": 2, "C": 1, "D": 0}
    weight = {(0, "A"): ("1", 1), (1, "B"): ("½", 1 / 2), (2, "C"): ("⅛", 1 / 8), (2, "D"): ("⅛", 1 / 8)}
    for (t0, s0), (t1, s1) in [((0, "A"), (1, "B")), ((1, "B"), (2, "C")), ((1, "B"), (2, "D"))]:
        ax.annotate(
            "",
            (t1, row[s1]),
            (t0, row[s0]),
            zorder=1,
            arrowprops=dict(arrowstyle="-|>", color=muted, lw=1.2, shrinkA=15, shrinkB=11),
        )
    for (t, s), (text, size) in weight.items():
        ax.scatter(t, row[s], s=620 * size, color=where, zorder=2)
        ax.text(t + 0.1 + 0.09 * size, row[s] + 0.12, text, color=where, va="bottom")
        ax.text(2.85, row[s], text, color=where, ha="center", va="center", size=13)
    for s, y in row.items():
        ax.plot([-0.25, 2.45], [y, y], color=line, lw=0.8, zorder=0)
        ax.text(-0.45, y, s, ha="center", va="center", size=13, color=ink)
    for t, text in enumerate(["t = 0", "t = 1", "t = 2"]):
        ax.text(t, 3.75, text, ha="center", va="center", color=muted)
    ax.text(2.85, 3.75, "sum: d(s)", ha="center", va="center", color=where)
    ax.axvline(2.45, color=line, lw=0.8)
    ax.set(xlim=(-0.7, 3.25), ylim=(-0.6, 4.1))
    ax.axis("off")


visits_unrolled.figsize = (5, 2.6)


def plateau(fig, ax):
    """Two arms worth 1 and 0, one logit: p(good) against the steps taken, plain and natural, from three starts."""
    for p0 in (0.1, 0.01, 0.001):
        for natural, ink, style in [(False, "score", "-"), (True, "muted", (0, (4, 2)))]:
            theta, path = np.log(p0 / (1 - p0)), [p0]
            while path[-1] < 0.5:
                p = path[-1]
                theta += 1 if natural else p * (1 - p)
                path.append(_sigmoid(theta))
            steps = len(path) - 1
            ax.plot(np.arange(1, steps + 1), path[1:], color=color(ink), ls=style, lw=2)
            ax.plot(steps, path[-1], "o" if not natural else "s", color=color(ink), ms=6)
            if not natural:
                ax.text(steps, path[-1] + 0.045, f"{steps:,}", color=color(ink), ha="center")
    between = "\n" if narrow(fig) else " "
    ax.text(2.1, 0.78 if narrow(fig) else 0.83, f"natural:{between}3, 5, 7 steps", color=color("muted"), ha="left")
    ax.text(200, 0.83, "plain", color=color("score"), ha="center")
    ax.set(
        xscale="log", xlim=(0.9, 2000), ylim=(0, 0.95), xlabel="gradient steps", ylabel="probability of the good arm"
    )
    ax.set(xticks=[1, 10, 100, 1000], xticklabels=["1", "10", "100", "1,000"], yticks=[0, 0.25, 0.5, 0.75])
    ax.axhline(0.5, color=color("line"), lw=0.8, zorder=0)


plateau.figsize = (5, 2.9)


def three_climbs(fig, ax):
    """The return of two doors over its two logits, and where three weightings of the same terms lead."""
    limit, axis = 6, np.linspace(-6, 6, 121)
    p, q = _sigmoid(axis)[None, :], _sigmoid(axis)[:, None]
    levels = np.array([-0.24, -0.2, -0.15, -0.1, -0.05, 0, 0.03, 0.06, 0.09, 0.12])
    lines = ax.contour(
        axis, axis, -p / 4 + (1 - p) * q / 8, levels=levels, colors=color("muted"), linewidths=0.8, linestyles="solid"
    )
    ax.clabel(
        lines,
        [-0.2, -0.1, 0, 0.06, 0.12],
        fmt=lambda v: f"{v:.2f}".replace("-", "−").replace("0.", "."),
        fontsize=11 if narrow(fig) else 9,
    )
    for name, ink, style in [
        ("theorem", "score", "-"),
        ("no_power", "ink", (0, (5, 2))),
        ("no_visits", "muted", (0, (1, 1.2))),
    ]:
        theta, path = np.zeros(2), [np.zeros(2)]
        for _ in range(4000):
            p, q = _sigmoid(theta)
            d = {"theorem": (1, 0.5, 0.25 * (1 - p)), "no_power": (1, 1, 1 - p), "no_visits": (1, 1, 1)}[name]
            local = np.array([-d[0] + d[1] * (1.5 - q / 4), d[2] / 2])  # what A, B and D say
            theta = theta + local * _slope(p, q)
            path.append(theta)
            if np.abs(theta).max() > limit - 0.4:
                break
        path = np.array(path)
        ax.plot(*path.T, color=color(ink), ls=style, lw=2.4)
        ax.annotate(
            "",
            path[-1],
            path[-2] - 3 * (path[-1] - path[-2]),
            arrowprops=dict(arrowstyle="-|>", color=color(ink), lw=2),
        )
    box = dict(facecolor=color("paper"), edgecolor="none", pad=1.5, alpha=0.9)
    ax.text(-5.6, 1.0, "the theorem", color=color("score"), bbox=box)
    ax.text(5.7, 0.1, "without γᵗ", color=color("ink"), ha="right", va="top", bbox=box)
    ax.text(0.9, 3.3, "without d", color=color("muted"), ha="left", bbox=box)
    ax.plot(0, 0, "o", color=color("ink"), ms=6)
    ax.text(-0.2, -0.35, "start", ha="right", va="top", color=color("ink"), bbox=box)
    ax.set(xlabel="logit of take, θ₁", ylabel="logit of D's action, θ₂", xlim=(-limit, limit), ylim=(-3, limit))


def _slope(p, q):
    return np.array([p * (1 - p), q * (1 - q)])


three_climbs.figsize = (5, 3.3)
