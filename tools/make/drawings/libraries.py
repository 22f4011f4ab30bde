"""The picture of the page *On trial*, from studies/libraries/results."""

import numpy as np

from learning_to_act.palette import color
from tools.site.trial import angles


def _groups():
    """[(unit direction (2,), libraries in their order, number of losses)], losses that point within two degrees together."""
    groups = []
    for who, _, _, direction in angles():
        unit = np.array(direction) / np.linalg.norm(direction)
        for group in groups:
            if group[0] @ unit > np.cos(np.radians(2)):
                group[1].append(who)
                break
        else:
            groups.append((unit, [who]))
    return [(unit, list(dict.fromkeys(who)), len(who)) for unit, who in groups]


def _label(libraries, losses):
    names = ", ".join(libraries) if len(libraries) < 3 else f"{len(libraries)} libraries"
    return names + ("" if losses == 1 else f" ({losses} losses)")


def on_trial(fig, ax):
    from policy_gradient.audit import theorem

    exact = np.array(theorem())
    exact /= np.linalg.norm(exact)
    across = np.array([-exact[1], exact[0]])
    falls = np.array([2 * across, 2 * across - 4 * exact, -2 * across - 4 * exact, -2 * across])
    ax.fill(*falls.T, color=color("line"), alpha=0.5, lw=0)
    ax.annotate("on this side the return falls", (1.2, -0.3), ha="center", color=color("muted"))
    for unit, libraries, losses in _groups():
        right = unit[0] > 0
        ax.annotate("", unit, (0, 0), arrowprops=dict(arrowstyle="-|>", color=color("policy"), lw=1 + 0.12 * losses))
        if right:
            ax.annotate(_label(libraries, losses), unit * 1.05, ha="left", va="center", color=color("policy"))
    left = sorted((g for g in _groups() if g[0][0] < 0), key=lambda g: -g[0][1])
    for i, (unit, libraries, losses) in enumerate(left):
        where = np.array([-1.15, 0.36 - 0.19 * i])
        ax.annotate(_label(libraries, losses), unit * 1.02, where, ha="right", va="center", color=color("policy"))
    ax.annotate("", exact * 0.75, (0, 0), arrowprops=dict(arrowstyle="-|>", color=color("good"), lw=4))
    ax.annotate("the gradient of the return", (-0.12, -0.12), ha="right", va="top", color=color("good"))
    ax.set(xlim=(-2.2, 2.5), ylim=(-0.5, 0.75), aspect="equal")
    ax.set_axis_off()


on_trial.figsize, on_trial.narrow = (6, 1.9), None  # names at both sides need its width
