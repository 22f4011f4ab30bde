"""Still pictures of chapter 2."""

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from learning_to_act.palette import color
from tools.make.narrow import narrow


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


CHAIN = np.array([[0, 0.6, 0.4], [0.6, 0, 0.4], [0, 1, 0]])  # P_pi of `gradient_unrolled`; the walk begins in state 2
GAMMA, TIMES, ROW = 0.75, 4, (2, 1, 0)  # ROW: how high each state stands


def gradient_unrolled(fig, ax):
    """The first proof: states against time. Each step is a layer: the local term drops out, and the rest moves on."""
    where, ink, muted, line, policy, good = map(color, ("where", "ink", "muted", "line", "policy", "good"))
    start = np.array([0.0, 1, 0])
    weights = [start @ np.linalg.matrix_power(GAMMA * CHAIN, t) for t in range(TIMES)]
    visits = np.linalg.solve((np.eye(3) - GAMMA * CHAIN).T, start)

    def on(steps, artist):
        artist.set_gid(f"layer-{steps}")  # the first step that shows it, and the last

    def say(steps, x, y, words, ink=ink, **more):
        on(steps, ax.text(x, y, words, color=ink, ha="center", va="center", zorder=4, size=12, **more))

    def arrow(steps, begin, end, ink=muted, shrink=(8, 8), **more):
        style = dict(arrowstyle="-|>", mutation_scale=9, lw=1.2, shrinkA=shrink[0], shrinkB=shrink[1], zorder=2)
        on(steps, ax.add_patch(FancyArrowPatch(begin, end, color=ink, **style | more)))

    def dot(steps, x, y, size, **more):
        on(steps, ax.scatter(x, y, s=300 * size, **dict(color=where, linewidth=0, zorder=3) | more))

    def rest(steps, left, right):
        shape = dict(boxstyle="round,pad=0,rounding_size=.12", fc="none", ec=muted, ls=(0, (4, 2.5)), lw=1.3)
        on(steps, ax.add_patch(FancyBboxPatch((left, -0.4), right - left, 2.8, **shape)))

    for state, y in enumerate(ROW, 1):
        ax.plot([-0.4, 3.3], [y, y], color=line, lw=0.8, zorder=0)
        ax.text(-0.58, y, state, ha="center", va="center", color=ink, size=12)
    ax.text(-0.95, 1, "state", ha="center", va="center", color=muted, rotation=90, size=12)
    for t in range(TIMES):
        ax.text(t, 2.72, t if t else "t = 0", ha="center", va="center", color=muted, size=12)

    dot("1-5", 0, 1, 1)
    say("1-2", -0.16, 0.35, "∇π", policy), say("1-2", 0.3, 0.35, "Q", good)
    for side in (1, -1):  # two actions, and what state each leads to most often
        action = (0.46, 1 + 0.45 * side)
        arrow("1-2", (0, 1), action, policy, (9, 4), lw=1.6)
        dot("1-2", *action, 0.12, color=policy, marker="s")
        arrow("2-2", action, (1, 1 + side), shrink=(4, 7))
        arrow("2-2", action, (1, 1 - side), shrink=(4, 7), ls=(0, (1, 1.2)))
        dot("2-3", 1, 1 + side, 0.35, color="none", edgecolor=where, linewidth=1.3)
        say("2-3", 1.4, 1.21 + side, "∇V")
        arrow("3-3", (0, 1), (1, 1 + side), shrink=(10, 7))
    rest("1-1", 0.85, 4.7), say("1-1", 2.75, 1.5, "π ∇Q"), say("1-1", 2.75, 0.5, "what comes after", muted)
    say("2-2", 0.42, 2.2, "γP", muted), say("3-3", 0.3, 1.72, "γP", muted)
    (
        rest("2-3", 0.72, 4.7),
        say("2-2", 2.75, 0.5, "what comes after", muted),
        say("3-3", 2.75, 0.5, "the same again", muted),
    )
    say("3-5", 0, 0.6, "g")
    for t, power in enumerate(("1", "γ", "γ²", "γ³")):
        say("4-5", t, -0.75, power, muted)
        for s, y in enumerate(ROW):
            if t and weights[t][s]:
                dot("4-5", t, y, weights[t][s])
                say("4-5", t - 0.06, y - 0.36, "g")
            for s2, y2 in enumerate(ROW):
                if weights[t][s] * CHAIN[s, s2] and t < TIMES - 1:
                    sizes = [1.5 + np.sqrt(300 * w / np.pi) for w in (weights[t][s], weights[t + 1][s2])]
                    arrow("4-5", (t, y), (t + 1, y2), shrink=sizes)
    for y in ROW:
        arrow("4-4", (TIMES - 1, y), (3.62, y), shrink=(6, 0))
    rest("4-4", 3.62, 4.7), say("4-4", 4.16, 1.5, "∇V"), say("4-4", 4.16, 0.5, "→ 0", muted)
    on("5-5", ax.plot([3.45, 3.45], [-0.4, 2.9], color=line, lw=0.8)[0])
    say("5-5", 4.05, 2.72, "d(s)", where)
    for s, y in enumerate(ROW):
        dot("5-5", 3.9, y, visits[s])
        say("5-5", 4.45, y, "· g")
    ax.set(xlim=(-1.1, 4.75), ylim=(-0.92, 2.9))
    ax.axis("off")


gradient_unrolled.figsize, gradient_unrolled.narrow = (3.2, 2.9), None  # one for all widths: it stands in the margin


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
