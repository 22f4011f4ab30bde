"""Figures of chapter 4: a Gaussian policy, what the world executes of it, and a pendulum."""

import numpy as np

from policy_gradient._validate import number, one_of, positive

from ..palette import COLORS
from .base import COLOR


def _density(x, mean, std):
    """Of a Gaussian."""
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


def bell(ax, mean, std, low, high, kind="policy", fill=True, resolution=400):
    """A Gaussian density on [low, high], filled (or a dashed line). Returns a function (mean, std) that moves it."""
    one_of("kind", kind, COLORS)
    number("mean", mean), positive("std", std)
    a = np.linspace(low, high, resolution)

    def height(mean, std):
        return _density(a, mean, std)

    (line,) = ax.plot(a, height(mean, std), "-" if fill else "--", color=COLOR[kind])
    area = ax.fill_between(a, height(mean, std), color=COLOR[kind], alpha=0.2) if fill else None
    ax.set(xlim=(low, high), ylabel="density")

    def move(mean, std):
        line.set_ydata(height(mean, std))
        if area is not None:
            area.set_data(a, height(mean, std), 0)

    return move


def executed(ax, mean, std, limit=1.0, resolution=400):
    """What the world executes of a Gaussian policy: clipped (a bell with a spike at each limit)
    and squashed by tanh."""
    number("mean", mean), positive("std", std), positive("limit", limit)
    inside, u = np.linspace(-limit, limit, resolution), np.linspace(-8, 8, 3201)

    def height(x):
        return _density(x, mean, std)

    ax.plot(inside, height(inside), "-", color=COLOR["policy"])
    for sign in (-1, 1):
        drawn = np.linspace(0, 8 * std + abs(mean) + limit, 4001)
        beyond = np.trapezoid(height(sign * (limit + drawn)), drawn)
        ax.plot([sign * 1.02 * limit] * 2, [0, beyond], "-", color=COLOR["policy"], linewidth=7, solid_capstyle="butt")
        ax.text(
            sign * limit * 1.06,
            beyond,
            f"{beyond:.0%}",
            color=COLOR["policy"],
            ha="right" if sign < 0 else "left",
            va="bottom",
        )
    slope = 4 * np.exp(-2 * np.abs(u)) / (1 + np.exp(-2 * np.abs(u))) ** 2  # 1 - tanh^2, without cancellation
    ax.plot(limit * np.tanh(u), height(u) / (limit * slope), "--", color=COLOR["score"])
    ax.set_xlim(-1.25 * limit, 1.25 * limit)
    ax.set(xlabel="executed action", ylabel="density; bars: probability", ylim=(0, None))
    return ax


def against_optimum(ax, costs, optimum, label):
    """Costs per update of several seeds, [(updates,), ...], on a logarithmic axis, and the least cost there can be."""
    positive("optimum", optimum)
    for cost in costs:
        ax.plot(np.arange(1, len(cost) + 1), cost, "-", color=COLOR["policy"], alpha=0.6, linewidth=1.5)
    ax.axhline(optimum, color=COLOR["good"], linestyle="--")
    ax.set(yscale="log", xlabel="update", ylabel="expected cost, −J", ylim=(0.7 * optimum, None))
    ax.text(ax.get_xlim()[1], 0.97 * optimum, label, color=COLOR["good"], ha="right", va="top")
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
    ax.plot([0, 0], [1.08, 1.2], "-", color=COLOR["muted"])
    ax.add_patch(_circle((0, 0), 1, fill=False, edgecolor=COLOR["line"]))
    (rod,) = ax.plot([], [], "-", color=COLOR["ink"], linewidth=9, solid_capstyle="round")
    (arc,) = ax.plot([], [], "-", color=COLOR["policy"], linewidth=3)
    (tip,) = ax.plot([], [], "o", color=COLOR["policy"], markersize=8)
    ax.plot(0, 0, "o", color=COLOR["ink"], markersize=7)

    def move(angle, torque):
        rod.set_data([0, -np.sin(angle)], [0, np.cos(angle)])
        turn = np.linspace(0, 0.9 * torque, 30)
        arc.set_data(-0.35 * np.sin(turn), 0.35 * np.cos(turn))
        tip.set_data([-0.35 * np.sin(turn[-1])], [0.35 * np.cos(turn[-1])])

    move(angle, torque)
    return move
