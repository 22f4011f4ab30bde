"""The picture of the page *On trial*, from studies/libraries/results."""

import numpy as np

from learning_to_act.palette import color
from tools.make.narrow import narrow
from tools.site.trial import angles


def _groups():
    """[(unit direction (2,), libraries in their order, number of losses)],
    losses that point within two degrees together."""
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

    phone, policy, muted = narrow(fig), color("policy"), color("muted")
    exact = np.array(theorem())
    exact /= np.linalg.norm(exact)
    across = np.array([-exact[1], exact[0]])
    falls = np.array([4 * across, 4 * across - 4 * exact, -4 * across - 4 * exact, -4 * across])
    ax.fill(*falls.T, color=color("line"), alpha=0.5, lw=0)
    groups = sorted(_groups(), key=lambda g: -g[0][1])
    for unit, _, losses in groups:
        ax.annotate("", unit, (0, 0), arrowprops=dict(arrowstyle="-|>", color=policy, lw=1 + 0.12 * losses))
    for i, (unit, libraries, losses) in enumerate(g for g in groups if g[0][0] > 0):
        at = np.array([1.2, 0.7 - 0.25 * i]) if phone else unit * 1.05
        ax.annotate(_label(libraries, losses), at, ha="left", va="center", color=policy)
        if phone:  # the arrows' points stand nearer to each other than lines of words
            ax.plot(*np.transpose([unit * 1.03, at - [0.04, 0]]), color=muted, lw=0.8)
    for i, (_, libraries, losses) in enumerate(g for g in groups if g[0][0] < 0):
        at, ha = ((-1.3, 1 - 0.23 * i), "left") if phone else ((-1.15, 0.36 - 0.19 * i), "right")
        ax.annotate(_label(libraries, losses), at, ha=ha, va="center", color=policy)
    ax.annotate("", exact * 0.75, (0, 0), arrowprops=dict(arrowstyle="-|>", color=color("good"), lw=4))
    at, ha = ((-1.3, -0.14), "left") if phone else ((-0.12, -0.12), "right")
    ax.annotate("the gradient of the return", at, ha=ha, va="top", color=color("good"))
    at, ha = ((3.35, -0.62), "right") if phone else ((1.2, -0.3), "center")
    ax.annotate("on this side the return falls", at, ha=ha, color=muted)
    wide, high = ((-1.35, 3.4), (-0.75, 1.15)) if phone else ((-2.2, 2.5), (-0.5, 0.75))
    ax.set(xlim=wide, ylim=high, aspect="equal")
    ax.set_axis_off()


on_trial.figsize, on_trial.narrow = (6, 1.9), 1.6
