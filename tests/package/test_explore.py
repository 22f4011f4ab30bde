"""explore: what a learner gives, what is stored, what is shown; and that drawing little draws the same pixels."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_to_act import explore as module
from learning_to_act.explore import explore
from learning_to_act.palette import color
from learning_to_act.picture import Picture

pytestmark = pytest.mark.slow  # subprocesses, kernels, pictures or long runs in nearly every test

x = np.linspace(0.02, 0.98, 50)


def curve(ax, p):
    ax.plot(x, x**p)
    (dot,) = ax.plot([], [], "o")

    def update(p):
        dot.set_data([0.5], [0.5**p])
        ax.set_title(f"height {0.5**p:.3f}")

    update(p)
    return update


def plain(ax, p):
    """The same figure drawn whole each time."""
    curve(ax, p)


def pixels(frame):
    kind, data = re.fullmatch(r"data:image/(\w+);base64,(.*)", frame).groups()
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)


@pytest.fixture
def storing(monkeypatch):
    monkeypatch.setenv("PG_PRERENDER", "1")


# --- what is shown


def test_begins_in_the_middle_and_follows_the_slider():
    widget = explore(curve, p=[1, 2, 3])
    assert widget.index == [1] and widget.alts == ["p = 2. height 0.250"] and widget.size == [600, 350]
    before = pixels(widget.frames[0])
    assert before.shape == (350, 600, 3)
    widget.index = [2]
    assert widget.alts == ["p = 3. height 0.125"] and len(widget.frames) == 1
    assert (pixels(widget.frames[0]) != before).any()


def test_without_update_the_picture_is_drawn_from_nothing_each_time():
    positions = []

    def draw(ax, p):
        assert not ax.lines, "a clean Axes at each position"
        positions.append(p)
        ax.plot(x, x**p)

    widget = explore(draw, p=[1, 2, 3])
    widget.index = [0]
    assert positions == [2, 1]


def test_values_arrive_as_plain_python_values():
    seen = []
    explore(lambda ax, n, a, word: seen.append((n, a, word)), n=range(3), a=np.linspace(0, 1, 3), word=("x", "y"))
    assert seen == [(1, 0.5, "y")] and [type(v) for v in seen[0]] == [int, float, str]


def test_positions_can_be_told_apart():
    texts = explore(lambda ax, a: None, a=[0.123456, 0.123457, 1 / 3]).controls[0]["texts"]
    assert texts == ["0.123456", "0.123457", "0.333333"]
    assert (
        explore(lambda ax, a: None, a=np.arange(0, 1, 0.1)).controls[0]["texts"][3] == "0.3"
    )  # not 0.30000000000000004


def test_repr_is_the_same_from_run_to_run_and_holds_a_still_for_untrusted_notebooks():
    widget = explore(curve, p=[1, 2])
    assert repr(widget) == repr(explore(curve, p=[1, 2])) == "<figure with sliders for p: run this cell to move it>"
    data, _ = widget._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_slider_may_be_called_draw():
    assert explore(lambda ax, draw: None, draw=[1]).alts == ["draw = 1."]


def test_nothing_is_left_open_in_pyplot():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    explore(curve, p=[1, 2])
    assert plt.get_fignums() == before


# --- what is stored


def test_one_picture_for_each_position_the_last_slider_fastest(storing):
    def draw(ax, a, b):
        ax.set_title(f"{a}{b}")

    widget = explore(draw, a=[1, 2], b=[3, 4, 5])
    assert widget.alts == [f"a = {a}, b = {b}. {a}{b}" for a in (1, 2) for b in (3, 4, 5)]
    assert len(set(widget.frames)) == 6 and all(f.startswith("data:image/webp;") for f in widget.frames)


def test_stored_pictures_are_the_live_ones_but_for_the_number_of_colours(monkeypatch):
    live = explore(curve, p=[1, 2, 3])
    shown = []
    for i in (0, 1, 2):
        live.index = [i]
        if i == 1:  # the position of the start: draw it again at full colour
            live.index, live.index = [0], [1]
        shown.append(pixels(live.frames[0]))
    monkeypatch.setenv("PG_PRERENDER", "1")
    stored = explore(curve, p=[1, 2, 3])
    for frame, picture in zip(stored.frames, shown):
        assert abs(pixels(frame) - picture).max() <= 40 and abs(pixels(frame) - picture).mean() < 0.3


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


def test_stored_bytes_do_not_change(storing):
    one, two = explore(curve, p=[1, 2, 3]), explore(curve, p=[1, 2, 3])
    assert one.frames == two.frames and one.still == two.still


def test_too_many_positions_for_storing(storing):
    with pytest.raises(ValueError, match=r"21 x 21 = 441 pictures; the most is 400"):
        explore(lambda ax, a, b: None, a=range(21), b=range(21))


def test_many_positions_are_fine_with_a_kernel():
    assert explore(lambda ax, a, b: None, a=range(101), b=range(101)).index == [50, 50]


# --- bad input


@pytest.mark.parametrize(
    "values, error, said",
    [
        ({}, ValueError, "at least one slider, for example explore"),
        ({"p": []}, ValueError, "p must have at least one value"),
        ({"p": np.array([])}, ValueError, "p must have at least one value"),
        ({"p": 0.5}, TypeError, "p must be the values to slide through.*got 0.5"),
        ({"p": "abc"}, TypeError, "p must be the values to slide through"),
        ({"p": np.ones((2, 2))}, ValueError, "p must be a flat list"),
        ({"p": [[1, 2], [3]]}, ValueError, "p must be a flat list"),
        ({"p": [0.0, np.nan]}, ValueError, "p must hold finite numbers"),
        ({"p": [0.0, np.inf]}, ValueError, "p must hold finite numbers"),
        ({"q": [1, 2]}, TypeError, r"draw must accept \(ax, q\).*it has \(ax, p\)"),
        ({"p": [1], "q": [1]}, TypeError, r"draw must accept \(ax, p, q\)"),
    ],
)
def test_bad_values(values, error, said):
    with pytest.raises(error, match=said):
        explore(curve, **values)


def test_draw_must_be_a_function():
    with pytest.raises(TypeError, match="draw must be a function"):
        explore(3, p=[1])


# --- the learner's errors


def test_an_error_at_the_first_drawing_shows_the_learners_line_and_the_widget_works_on():
    def draw(ax, p):
        ax.plot(x, [1 / p for _ in x])
        ax.set_title("fine")

    widget = explore(draw, p=[-1, 0, 1])
    assert re.fullmatch(
        r"ZeroDivisionError: .*division by zero\n  in .*, line \d+:  ax.plot\(x, \[1 / p for _ in x\]\)", widget.error
    )
    assert (
        widget.frames == [] and "ZeroDivisionError" in repr(widget) and "image/png" not in widget._repr_mimebundle_()[0]
    )
    widget.index = [2]
    assert widget.error == "" and widget.alts == ["p = 1. fine"]


def test_the_line_shown_is_the_learners_not_the_librarys():
    def draw(ax, p):
        ax.plot([1, 2], [1, 2, 3])  # raised deep inside Matplotlib

    error = explore(draw, p=[1]).error
    assert (
        error.startswith("ValueError: x and y must have same first dimension") and "ax.plot([1, 2], [1, 2, 3])" in error
    )


def test_after_an_error_in_update_all_is_drawn_anew():
    calls = []

    def draw(ax, p):
        calls.append(("draw", p))

        def update(p):
            calls.append(("update", p))
            if p == 3:
                raise KeyError("three")

        return update

    widget = explore(draw, p=[1, 2, 3])
    widget.index = [2]
    assert widget.error.startswith("KeyError: 'three'") and widget.alts == ["p = 2."]  # the last picture stays
    widget.index = [0]
    assert widget.error == "" and widget.alts == ["p = 1."]
    assert calls == [("draw", 2), ("update", 3), ("draw", 1)]


def test_an_update_that_cannot_take_the_values_is_named():
    def draw(ax, p):
        def update(q):
            pass

        return update

    assert "the function that draw returned must accept (p)" in explore(draw, p=[1]).error


def test_an_error_stops_the_run_that_stores(storing):
    def draw(ax, p):
        if p == 3:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        explore(draw, p=[1, 2, 3])


def test_keyboard_interrupt_passes():
    def draw(ax, p):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explore(draw, p=[1])


# --- drawing only what moved: the same pixels as drawing everything


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


# --- the page


def test_the_arrow_keys_reach_the_slider_in_jupyterlab():
    assert 'input.dataset.lmSuppressShortcuts = "true"' in module.ESM


def test_its_script_and_sheet_are_files_that_linters_see():
    here = Path(module.__file__).parent
    assert module.ESM.endswith((here / "explore.js").read_text("utf8")) and module.CSS.endswith(
        sheet := (here / "explore.css").read_text("utf8")
    )
    assert all(f"{place} img.pg-figure" in sheet for place in module.DARK)  # the sheet names dark pages as Python does
    assert "createElement" not in Path(module.__file__).read_text("utf8")


def test_colours_are_the_books():
    from learning_to_act.palette import COLORS

    for light, dark in COLORS.values():
        assert light in module.CSS and dark in module.CSS
