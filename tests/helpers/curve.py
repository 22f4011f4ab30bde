"""A figure that follows one number, for tests of what draws it."""

import numpy as np

x = np.linspace(0.02, 0.98, 50)


def curve(ax, p):
    ax.plot(x, x**p)
    (dot,) = ax.plot([], [], "o")

    def update(p):
        dot.set_data([0.5], [0.5**p])
        ax.set_title(f"height {0.5**p:.3f}")

    update(p)
    return update
