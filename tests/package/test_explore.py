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
from tests.helpers.curve import curve, x

pytestmark = pytest.mark.slow  # subprocesses, kernels, pictures or long runs in nearly every test


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
