"""Drawing little draws the same pixels, and few colours are the right ones."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from learning_to_act.palette import color
from learning_to_act.picture import Picture
from tests.helpers.curve import curve, x

pytestmark = pytest.mark.slow  # subprocesses, kernels, pictures or long runs in nearly every test


def test_few_colours_are_the_right_ones():
    """Each area of a busy figure keeps its colour: blue means the policy, green a direction."""

    def busy(ax):
        x = np.linspace(0, 6, 200)
        for i, name in enumerate(["policy", "score", "good", "where"]):
            ax.fill_between(x, i, i + 0.4, color=color(name), alpha=0.15, lw=0)
            ax.fill_between(x, i + 0.5, i + 0.8, color=color(name), alpha=0.4, lw=0)
            for k in range(6):
                ax.plot(x, i + 0.4 + 0.3 * np.sin(x + k), color=color(name), alpha=0.3 + 0.1 * k)

    picture = Picture(busy, (6, 3.5))
    picture({})
    true = np.asarray(picture.canvas.buffer_rgba())[..., :3].reshape(-1, 3).astype(int)
    with Image.open(io.BytesIO(base64.b64decode(picture.encoded(colors=32)))) as image:
        kept = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    colours, which, pixels = np.unique(true, axis=0, return_inverse=True, return_counts=True)
    error = np.zeros(len(colours), int)
    np.maximum.at(error, which.ravel(), abs(kept - true).max(axis=1))
    assert error[pixels > 500].max() == 0 and error.max() <= 40


def _legend(ax):
    (line,) = ax.plot(x, x, label="power")
    ax.plot(x, 1 - x, label="falling", zorder=5)
    ax.legend()
    return lambda p: line.set_ydata(x**p)


def _limits(ax):
    (line,) = ax.plot(x, x)

    def update(p):
        line.set_ydata(p * x)
        ax.set_ylim(0, p)

    return update


def _autoscale(ax):
    (line,) = ax.plot(x, x)

    def update(p):
        line.set_ydata(p * x)
        ax.relim()
        ax.autoscale_view()

    return update


def _names(ax):
    (line,) = ax.plot(x, x)

    def update(p):
        line.set_ydata(x**p)
        ax.set_xlabel("" if p == 3 else f"p is {p}")

    return update


def _bars(ax):
    bars = ax.bar(["a", "b"], [1, 1])
    ax.set_ylim(0, 5)

    def update(p):
        bars[0].set_height(p)
        ax.set_title(f"{p}", loc="left")

    return update


def _come_and_go(ax):
    ax.set_ylim(0, 4)
    here = []

    def update(p):
        for artist in here:
            artist.remove()
        here[:] = [ax.fill_between(x, 0, p * x, alpha=0.5)]

    return update


def _hide(ax):
    (line,) = ax.plot(x, x)
    (other,) = ax.plot(x, 1 - x)

    def update(p):
        line.set_visible(p % 2 == 0)
        other.set_color("C1" if p > 2 else "C2")

    return update


def _heat(ax):
    image = ax.imshow(np.outer(x, x), extent=(0, 1, 0, 1))
    (dot,) = ax.plot([0.5], [0.5], "o", color="white")

    def update(p):
        image.set_data(np.outer(x**p, x))
        dot.set_data([p / 5], [p / 5])

    return update


def _off(ax):
    ax.axis("off")
    (dot,) = ax.plot([0, 1], [0, 1], "o-")
    return lambda p: dot.set_data([0, p / 4], [0, 1])


def _title_over_two_axes(ax):
    twin = ax.twinx()
    (line,) = twin.plot(x, x)

    def update(p):
        line.set_ydata(x**p)
        ax.figure.suptitle(f"{p}")

    return update


def _inset(ax):
    (inner,) = ax.inset_axes([0.6, 0.6, 0.3, 0.3]).plot(x, x)
    return lambda p: inner.set_ydata(x**p)


def _arrows(ax):
    arrow = ax.quiver([0], [0], [1], [1], angles="xy", scale_units="xy", scale=1)
    ax.set(xlim=(-1, 5), ylim=(-1, 5))
    return lambda p: arrow.set_UVC([p], [1])


def _only_sometimes(ax):
    (low,) = ax.plot(x, x, zorder=1.9)
    (high,) = ax.plot(x, 1 - x, linewidth=9, zorder=2.1)

    def update(p):
        high.set_ydata(1 - x**p)
        if p == 4:
            low.set_ydata(x**2)  # below what moved so far

    return update


@pytest.mark.parametrize(
    "scene",
    [
        _legend,
        _limits,
        _autoscale,
        _names,
        _bars,
        _come_and_go,
        _hide,
        _heat,
        _off,
        _title_over_two_axes,
        _inset,
        _arrows,
        _only_sometimes,
    ],
    ids=lambda f: f.__name__,
)
def test_drawing_what_moved_gives_the_pixels_of_drawing_everything(scene, monkeypatch):
    def draw(ax, p):
        update = scene(ax)
        update(p)
        return update

    quick, whole = Picture(draw, (4, 3)), Picture(draw, (4, 3))
    monkeypatch.setattr(whole, "_draw_moved", lambda ax: whole._draw_all())
    for p in (1, 2, 3, 2, 4, 1, 1, 4):
        assert quick({"p": p}) == whole({"p": p})
        different = (np.asarray(quick.canvas.buffer_rgba()) != np.asarray(whole.canvas.buffer_rgba())).any(axis=-1)
        assert not different.any(), f"{different.sum()} pixels differ at p = {p}"


def test_drawing_what_moved_spares_the_rest(monkeypatch):
    picture, whole = Picture(curve, (6, 3.5)), []
    picture({"p": 1})
    draw = picture.canvas.draw
    monkeypatch.setattr(picture.canvas, "draw", lambda: (whole.append(1), draw()))
    for p in np.linspace(1, 3, 20):
        picture({"p": p})
    assert len(whole) == 1  # once, for what lies below
