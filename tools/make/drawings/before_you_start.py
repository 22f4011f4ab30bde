"""Still pictures of chapter 0."""

from learning_to_act.palette import color
from tools.make.narrow import narrow


def two_doors(fig, ax):
    """The tiny example as a graph: where each action leads and what it pays."""
    ink, muted, good, policy, paper = map(color, ("ink", "muted", "good", "policy", "paper"))
    place = {"A": (0, 0), "B": (2.6, 0), "C": (5.4, 0.85), "D": (5.4, -0.85)}
    for name, (x, y) in place.items():
        ax.plot(x, y, "o", ms=25 if narrow(fig) else 34, mfc=paper, mec=ink, mew=1.6, zorder=3)
        ax.text(x, y, name, ha="center", va="center", size=14, zorder=4)

    def arrow(start, end, bend, style):
        ax.annotate(
            "",
            end,
            start,
            zorder=2,
            arrowprops=dict(
                arrowstyle="-|>",
                color=policy,
                lw=1.8,
                ls=style,
                shrinkA=15 if narrow(fig) else 19,
                shrinkB=15 if narrow(fig) else 19,
                connectionstyle=f"arc3,rad={bend}",
            ),
        )

    arrow(place["A"], place["B"], -0.45, "-"), arrow(place["A"], place["B"], 0.45, (0, (4, 2)))
    arrow(place["B"], place["C"], -0.15, "-"), arrow(place["B"], place["D"], 0.15, (0, (4, 2)))
    arrow(place["C"], (7.3, 0.85), 0, "-"), arrow(place["D"], (7.3, -0.85), 0, "-")

    def label(x, y, action, reward, ha="center"):
        ax.text(x, y, action, ha=ha, va="bottom", color=policy, size=11)
        ax.text(x, y, reward, ha=ha, va="top", color=good, size=11)

    label(1.3, 0.93, "take (p)", "pays −1")
    label(1.3, -0.78, "leave (1 − p)", "pays 0")
    label(3.65, 1.0, "take (p)", "pays +3")
    label(3.5, -1.0, "leave (1 − p)", "pays 0")
    ax.text(6.55 if narrow(fig) else 6.35, 1.0, "pays −3", ha="center", va="bottom", color=good, size=11)
    label(6.35, -1.4, "take (q)", "pays +½")
    for y in (0.85, -0.85):
        ax.text(7.08, y, "end", ha="left", va="center", color=muted, size=11)
    ax.plot([-0.42, -0.42, 3.02, 3.02, -0.42], [-0.42, 0.42, 0.42, -0.42, -0.42], color=muted, lw=1, ls=":")
    ax.text(1.3, 0, "look alike", ha="center", va="center", color=muted, size=11)
    ax.set(xlim=(-0.7, 8.0), ylim=(-1.75, 1.5))
    ax.axis("off")


two_doors.figsize, two_doors.narrow = (6.4, 2.7), 3.3
