"""Still pictures of chapter 3."""

import json

import numpy as np
from matplotlib.patches import FancyArrowPatch

from learning_to_act.palette import color
from learning_to_act.plots import ablation
from tools.make.narrow import narrow
from tools.paths import ROOT

WEIGHTS = {  # two doors at theta = 0: variance of one trajectory, over |gradient|^2
    "total return": 137 / 13,
    "reward-to-go": 153 / 13,
    "exact Q": 181 / 26,
    "reward-to-go less V": 63 / 13,
    "exact advantage": 1 / 26,
}


def two_ways_to_sum(fig, ax):
    """The same visits, once by trajectory and once by state."""
    episodes = ["ABC", "ABD", "ABD", "ABC"]
    size = [640, 320, 160]  # area in proportion to gamma^t
    arrow = {"arrowstyle": "->", "color": color("score"), "lw": 2}
    seen = dict.fromkeys("ABCD", 0.0)
    for i, states in enumerate(episodes):
        y = 3 - i
        for t, s in enumerate(states):
            step = [0.84, 0.64, 0.5][t]
            x, row = 4.9 + seen[s] + step / 2, 3 - "ABCD".index(s)
            seen[s] += step
            for at in ((0.9 * t, y), (x, row)):
                ax.scatter(*at, s=size[t], color=color("where"), lw=0, zorder=2)
                ax.annotate(
                    s,
                    at,
                    ha="center",
                    va="center",
                    color=color("paper"),
                    fontsize=[13, 11, 11 if narrow(fig) else 10][t],
                    zorder=3,
                )
        ax.annotate("", (2.9, y), (2.2, y), arrowprops=arrow)
    for i, width in enumerate(seen.values()):
        ax.annotate("", (5.75 + width, 3 - i), (5.05 + width, 3 - i), arrowprops=arrow)
    ax.text(0.9, 3.75, "by episode", ha="center")
    ax.text(6.4, 3.75, "by state", ha="center")
    ax.text(0.9, -0.85, "t = 0, 1, 2", ha="center", color=color("muted"))
    ax.text(6.4, -0.85, "area: γᵗ", ha="center", color=color("muted"))
    ax.annotate("", (4.6, 1.5), (3.3, 1.5), arrowprops={"arrowstyle": "<->", "color": color("ink"), "lw": 1.5})
    ax.text(3.95, 1.68, "sort", ha="center")
    ax.set(xlim=(-0.5, 9.3), ylim=(-1.1, 4.2))
    ax.axis("off")


two_ways_to_sum.figsize = (5, 3)


def baseline_parabolas(fig, ax):
    """Variance of one softmax step against the baseline: V can be much worse than nothing."""
    b = np.linspace(-0.1, 1.1, 601)
    for pi, Q, look, text in (
        ((0.05, 0.05, 0.9), (0, 0, 1), "-", "π = (.05, .05, .9)"),
        ((0.9, 0.1), (0, 1), "--", "π = (.9, .1)"),
    ):
        pi, Q = np.array(pi), np.array(Q, float)
        scores = np.eye(len(pi)) - pi
        weight = pi * (scores**2).sum(axis=1)
        mean = (pi * Q) @ scores
        variance = weight @ (Q[:, None] - b) ** 2 - mean @ mean
        none, value = (weight @ (Q - c) ** 2 - mean @ mean for c in (0, pi @ Q))
        best = weight @ Q / weight.sum()
        ax.plot(b, np.maximum(variance / none, 1e-4), look, color=color("good"))
        lowest = max((weight @ (Q - best) ** 2 - mean @ mean) / none, 0.012)
        ax.plot([pi @ Q], [value / none], "o", color=color("ink"), zorder=3)
        ax.plot([best], [lowest], "v", color=color("policy"), ms=9, zorder=3, clip_on=False)
        if Q.size == 3:
            ax.annotate("V: 94 times worse", (pi @ Q, value / none), (-10, 4), textcoords="offset points", ha="right")
            ax.annotate(
                "best: .27", (best, lowest), (12, -8), textcoords="offset points", color=color("policy"), va="center"
            )
            ax.text(0.42, 27, text, color=color("good"), ha="right")
        else:
            box = {"facecolor": color("paper"), "edgecolor": "none", "pad": 1} if narrow(fig) else None
            ax.annotate("V: .79", (pi @ Q, value / none), (-4, 9), textcoords="offset points", ha="right", bbox=box)
            ax.annotate(
                "best: 0", (best, lowest), (0, 10), textcoords="offset points", color=color("policy"), ha="center"
            )
            ax.text(0.5, 0.5, text, color=color("good"))
    ax.axhline(1, color=color("muted"), lw=1)
    ax.text(1.1, 1.1, "no baseline", color=color("muted"), ha="right")
    ax.set(
        yscale="log", ylim=(0.012, 300), xlim=(-0.1, 1.1), xlabel="baseline b", ylabel="variance / variance at b = 0"
    )
    ax.set_yticks([0.1, 1, 10, 100], [".1", "1", "10", "100"])
    ax.minorticks_off()


def error_against_trajectories(fig, ax):
    """Root mean squared error, relative to the gradient, of five estimators in two doors."""
    n = np.array([1, 1e4])
    looks = {
        "total return": "-",
        "reward-to-go": "--",
        "exact Q": "-.",
        "reward-to-go less V": ":",
        "exact advantage": "-",
    }
    for name, variance in WEIGHTS.items():
        ax.plot(n, np.sqrt(variance / n), looks[name], color=color("good" if name != "exact advantage" else "policy"))
    heights = {
        "reward-to-go": 0.3,
        "total return": 0.13,
        "exact Q": 0.056,
        "reward-to-go less V": 0.023,
        "exact advantage": 1.96e-3,
    }
    for name, y in heights.items():
        true = np.sqrt(WEIGHTS[name] / 1e4)
        ax.annotate(
            name,
            (1e4, true),
            (1.5e4, y),
            va="center",
            color=color("ink"),
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "lw": 0.8,
                "color": color("muted"),
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )
    ax.axhline(0.1, color=color("line"), lw=1)
    x, y, text = (3.5, 0.15, "10 %") if narrow(fig) else (35, 0.065, "10 % error")
    ax.text(x, y, text, color=color("muted"), va="center")
    ax.set(xscale="log", yscale="log", xlim=(1, 1e4), ylim=(1e-3, 6), xlabel="trajectories", ylabel="relative error")
    ax.set_yticks([0.001, 0.01, 0.1, 1], [".001", ".01", ".1", "1"])
    ticks = [1, 100, 10000] if narrow(fig) else [1, 10, 100, 1000, 10000]
    ax.set_xticks(ticks, [f"{n:,}" for n in ticks])
    ax.minorticks_off()


def loss_and_return(fig, ax):
    """The surrogate's value against the return, for two arms that pay 1 and 0."""
    p = np.linspace(0.005, 0.995, 400)
    loss = -p * (1 - p) * np.log(p / (1 - p))
    ax.plot([0, 1], [0, 1], color=color("policy"))
    ax.plot(p, loss, "--", color=color("good"))
    for at in (0.5, 0.9, 0.99):
        ax.plot([at], [-at * (1 - at) * np.log(at / (1 - at))], "o", color=color("good"))
        ax.plot([at], [at], "o", color=color("policy"))
    ax.text(0.6, 0.78, "return", color=color("policy"), ha="right")
    ax.text(0.62, -0.17, "expected loss", color=color("good"), ha="right", va="top")
    ax.axhline(0, color=color("muted"), lw=1)
    ax.set(
        xlabel="probability of the better arm",
        xlim=(0, 1.01),
        ylim=(-0.3, 1.05),
        xticks=[0, 0.5, 0.9, 0.99],
        yticks=[0, 0.5, 1],
    )
    ax.set_xticklabels(["0", ".5", ".9", ".99   "])


loss_and_return.figsize = baseline_parabolas.figsize = error_against_trajectories.figsize = (5.4, 3.1)


def cartpole_ablation(fig, ax):
    """What each ingredient of the recipe is worth, from the study: differences from the recipe, paired by seed."""
    study = json.loads((ROOT / "studies/cartpole_ablation.json").read_text(encoding="utf-8"))
    ablation(
        ax,
        {name: [np.mean(arm[mode], axis=1) for mode in ("sampled", "greedy")] for name, arm in study["arms"].items()},
    )
    ax.set(xlabel=f"difference from the recipe{chr(10) if narrow(fig) else ' '}in mean return", xlim=(-118, 48))


cartpole_ablation.figsize = (5.4, 3.9)


PARTS = ((0.7, 0.6, 0.1), (0.3, 1.93, 0.13))  # E[g^2], best b and least variance of two parameters


def parabola_in_steps(fig, ax):
    """The best baseline's proof, a layer a step: a constant apart, a lowest point, what an error costs, two parts."""
    ink, muted, line, good, score = map(color, ("ink", "muted", "line", "good", "score"))
    b, wrong = np.linspace(-0.12, 2.5, 80), 1.6
    each = [lambda x, w=w, best=best, least=least: least + w * (x - best) ** 2 for w, best, least in PARTS]
    best = sum(w * own for w, own, _ in PARTS) / sum(w for w, _, _ in PARTS)

    def variance(x):
        return each[0](x) + each[1](x)

    def on(steps, artist):
        artist.set_gid(f"layer-{steps}")  # the first step that shows it, and the last

    def say(steps, x, y, words, ink=ink, **more):
        on(steps, ax.text(x, y, words, **dict(color=ink, ha="center", va="center", size=12) | more))

    def curve(steps, x, y, ink, **more):
        on(steps, ax.plot(x, y, color=ink, **dict(lw=1.2) | more)[0])

    def gap(steps, x, low, high):
        style = dict(arrowstyle="<->", mutation_scale=8, lw=1.1, shrinkA=0, shrinkB=0)
        on(steps, ax.add_patch(FancyArrowPatch((x, low), (x, high), color=muted, **style)))

    ax.plot([0, 0, 2.5], [2.4, 0, 0], color=muted, lw=0.8)
    ax.text(2.5, -0.06, "b", ha="center", va="top", size=12, color=ink)
    ax.text(0, -0.06, "0", ha="center", va="top", size=12, color=muted)
    curve("1-4", b, variance(b), ink, lw=2.2)
    say("1-3", 0.78, 0.5, "variance", ha="right")
    curve("1-1", b, variance(b) + 0.55, muted, ls=(0, (4, 2)))
    say("1-1", 1.25, 2.2, "second moment", muted)
    gap("1-1", 0.85, variance(0.85) + 0.03, variance(0.85) + 0.52)
    say("1-1", 0.91, 0.93, "E[fg]²", muted, ha="left")
    low = variance(best)
    on("2-4", ax.plot(best, low, "o", color=good, ms=7, zorder=4)[0])
    curve("2-4", [best, best], [0, low], good, ls=(0, (2, 2)))
    say("2-4", best, -0.06, "b*", good, va="top")
    curve("2-2", [best - 0.45, best + 0.45], [low, low], good)
    say("2-2", best, low + 0.2, "slope 0", good)
    curve("3-3", [0, 2 * best], [variance(0)] * 2, muted, ls=(0, (4, 2)))
    say("3-3", best, variance(0) + 0.16, "no baseline", muted)
    for low_end, high_end in ((0, 0.56), (0.92, variance(0))):  # room for a word between
        curve("3-3", [2 * best] * 2, [low_end, high_end], muted, ls=(0, (2, 2)))
    say("3-3", 2 * best, -0.06, "2b*", muted, va="top")
    gap("3-3", wrong, low, variance(wrong))
    curve("3-3", [best, wrong], [low, low], muted)
    say("3-3", (best + wrong) / 2, low - 0.15, "δ", muted), say("3-3", wrong + 0.06, 0.72, "δ²E[g²]", muted, ha="left")
    for (_, own, least), part, words, at in zip(PARTS, each, ("g₁", "g₂"), ((0.22, 0.44), (2.12, 0.34))):
        curve("4-4", b, part(b), score)
        on("4-4", ax.plot(own, least, "o", color=score, ms=5)[0])
        say("4-4", *at, words, score)
    say("4-4", 0.36, 1.58, "their sum", ha="left")
    ax.set(xlim=(-0.15, 2.6), ylim=(-0.3, 2.45))
    ax.axis("off")


parabola_in_steps.figsize, parabola_in_steps.narrow = (3.2, 2.7), None  # one for all widths: it stands in the margin
