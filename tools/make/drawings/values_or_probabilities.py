"""Still pictures of chapter 1."""

import numpy as np

from learning_to_act.palette import color
from tools.make.narrow import narrow


def argmax_or_softmax(fig, ax):
    """The probability of the first action against the difference of two estimates."""
    gap = np.linspace(-1, 1, 201)
    ax.plot(gap, 1 / (1 + np.exp(-gap / 0.2)), color=color("policy"))
    ax.plot([-1, 0, 0, 1], [0, 0, 1, 1], color=color("muted"), ls="--")
    ax.text(-0.05, 0.9, "argmax jumps", color=color("muted"), ha="right")
    ax.text(-0.28, 0.3, "softmax slides", color=color("policy"), ha="right")
    between = ",\n" if narrow(fig) else ", "
    ax.set(
        xlabel=f"estimated value of the first action{between}less that of the second", ylabel="probability of the first"
    )
    ax.set(xticks=[-1, -0.5, 0, 0.5, 1], yticks=[0, 0.5, 1])
