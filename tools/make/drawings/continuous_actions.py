"""Still pictures of chapter 4."""

import json

import numpy as np

from learning_to_act.palette import color
from tools.make.narrow import narrow
from tools.paths import ROOT

STUDIES = ROOT / "studies"


def density_above_one(fig, ax):
    """Three bells of area one."""
    a = np.linspace(-0.7, 1.3, 401)
    for sigma, style in ((0.4, ":"), (0.2, "--"), (0.1, "-")):
        ax.plot(
            a, np.exp(-(((a - 0.3) / sigma) ** 2) / 2) / sigma / np.sqrt(2 * np.pi), color=color("policy"), ls=style
        )
    for x, y, text in ((0.41, 3.6, "σ = 0.1, height 3.99"), (0.49, 1.75, "σ = 0.2"), (0.78, 0.72, "σ = 0.4")):
        ax.text(x, y, text, color=color("policy"))
    ax.axhline(1, color=color("muted"), lw=1)
    ax.text(-0.7, 1.06, "one", color=color("muted"))
    ax.set(xlabel="action", ylabel="density, per unit of action", xticks=[-0.5, 0, 0.3, 0.5, 1], yticks=[0, 1, 2, 3, 4])


def two_forces(fig, ax):
    """Both scores against the distance from the mean in units of sigma."""
    z = np.linspace(-3, 3, 241)
    ax.axhline(0, color=color("muted"), lw=1)
    ax.plot(z, z, color=color("score"))
    ax.plot(z, z**2 - 1, color=color("policy"), ls="--")
    ax.text(3.05, 2.7, "reach\n(times σ)", color=color("score"))
    ax.text(3.05, 6.8, "widen", color=color("policy"))
    for x, y, text in ((-2.3, 0.9, "widen"), (0, -2.6, "narrow"), (2.2, -2.6, "widen")):
        ax.text(x, y, text, color=color("policy"), ha="center")
    ax.plot([-1, 1], [0, 0], "o", color=color("policy"), ms=7)
    ax.set(
        xlabel=f"distance of the action{chr(10) if narrow(fig) else ' '}from the mean, in σ",
        ylabel="score",
        xlim=(-3, 4.3),
        ylim=(-3.3, 8.2),
        xticks=[-3, -2, -1, 0, 1, 2, 3],
        yticks=[-3, 0, 3, 6],
    )


def variance_and_sigma(fig, ax):
    """The exact variance of one sample's slope estimate for f(a) = 10 - (a - 1)^2 at mu = 0.5."""
    sigma = np.geomspace(0.003, 1, 60)
    z, weight = np.polynomial.hermite_e.hermegauss(12)  # exact: the integrands are polynomials
    weight = weight / weight.sum()

    def variance(baseline, noise=0.0):
        f = 10 - (0.5 + sigma[:, None] * z - 1) ** 2
        score = z / sigma[:, None]
        rest = f - baseline * (f @ weight)[:, None]
        return ((rest**2 + noise) * score**2) @ weight - ((rest * score) @ weight) ** 2

    ax.loglog(sigma, variance(0), color=color("good"))
    ax.loglog(sigma, variance(1, 1), color=color("good"), ls="--")
    ax.loglog(sigma, variance(1), color=color("policy"))
    ax.loglog(sigma, 4 * sigma**2, color=color("muted"), ls=":")
    for x, y, text, name in (
        (0.02, 1.4e6, "no baseline", "good"),
        (0.0032, 25 if narrow(fig) else 250, "baseline, noisy reward", "good"),
        (0.0032, 4, "baseline", "policy"),
        (0.0032, 0.0012, "pathwise", "muted"),
    ):
        ax.text(x, y, text, color=color(name))
    ax.set(xlabel="σ", ylabel="variance of the estimate", xticks=[0.01, 0.1, 1], ylim=(1e-5, 1e8))
    ax.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    ax.minorticks_off()


def mountain_car(fig, ax):
    """Returns of three seeds that learn to stand still."""
    runs = json.loads((STUDIES / "continuous_control.json").read_text(encoding="utf-8"))["mountain_car"]
    for run, style in zip(runs, ("-", "--", ":")):
        ax.plot(run["returns"], color=color("good"), ls=style)
    ax.axhline(90, color=color("muted"), ls="--", lw=1)
    ax.text(0, 79, "solved", color=color("muted"), va="top")
    ax.text(28, -52, "three seeds", color=color("good"))
    ax.text(59, 4, "standing still", color=color("muted"), ha="right")
    ax.axhline(0, color=color("muted"), lw=1)
    ax.set(xlabel="update, 8 episodes each", ylabel="mean return", ylim=(-130, 105), yticks=[-100, -50, 0, 50, 100])
