"""explore(draw, **values): any Matplotlib figure with sliders, alive with a kernel and,
from stored pictures, without one."""

import itertools
import math
import os
import sysconfig
import traceback
from pathlib import Path

import anywidget
import traitlets

import policy_gradient

from .palette import css_variables
from .picture import Picture, must_accept

MOST_STORED = 400  # pictures of about 4 kB: more would make a page that nobody waits for

HERE = Path(__file__).parent
ESM = "\n" + (HERE / "explore.js").read_text("utf-8")
DARK = "html[data-theme=dark] .pg-explore", "[data-jp-theme-light=false] .pg-explore", "body.vscode-dark .pg-explore"
COLOURS = f"""
.pg-explore {{ {css_variables()} background: var(--pg-paper); break-inside: avoid; max-width: 100%; }}\
     /* VS Code puts white behind every widget */
{", ".join(DARK)} {{ {css_variables(dark=True)} color-scheme: dark; }}
@media print {{ {", ".join(DARK)} {{ {css_variables()} color-scheme: light; }} }}
"""
CSS = COLOURS + "\n" + (HERE / "explore.css").read_text("utf-8")


class Explore(anywidget.AnyWidget):
    """What `explore` returns: the sliders and the picture. It can be shown as often as wanted;
    all views move together."""

    _esm, _css = ESM, CSS
    controls = traitlets.List().tag(sync=True)  # one {name, texts} per slider
    index = traitlets.List().tag(sync=True, echo_update=False)  # the chosen position of each slider
    frames = traitlets.List().tag(sync=True)  # the present picture, or one for every position (last slider fastest)
    alts = traitlets.List().tag(sync=True)  # the text for each picture
    size = traitlets.List().tag(sync=True)  # of a picture, in CSS pixels
    error = traitlets.Unicode().tag(sync=True)  # the learner's error at the present position
    still = None  # the first picture as PNG: for GitHub, LaTeX, untrusted notebooks

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | ({"image/png": self.still} if self.still else {}), metadata

    def __repr__(self):  # the same from run to run
        what = self.error or f"run this cell to move {'it' if len(self.controls) == 1 else 'them'}"
        return f"<figure with sliders for {', '.join(c['name'] for c in self.controls)}: {what}>"


def _positions(name, values):
    """A slider's positions as a list of plain Python values."""
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(
            f"{name} must be the values to slide through, for example {name}=np.linspace(0, 1, 21); got {values!r}"
        )
    values = [v.item() if getattr(v, "ndim", None) == 0 else v for v in values]
    if not values:
        raise ValueError(f"{name} must have at least one value to slide through; it is empty")
    for v in values:
        if getattr(v, "ndim", 0) or isinstance(v, (list, dict)):
            raise ValueError(f"{name} must be a flat list of values, one per position; it holds {v!r}")
        if isinstance(v, float) and not math.isfinite(v):
            raise ValueError(f"{name} must hold finite numbers; it holds {v}")
    return values


def _texts(values):
    """What stands beside the slider: four digits, or as many more as tell the positions apart."""
    for digits in range(4, 18):
        texts = [f"{v:.{digits}g}" if isinstance(v, float) else str(v) for v in values]
        if len(set(texts)) == len(set(map(repr, values))):
            break
    return texts


def _in_words(error):
    """The error and the line of the learner's own code that raised it."""
    libraries = [Path(sysconfig.get_path(p)) for p in ("stdlib", "platstdlib", "purelib", "platlib")] + [
        Path(__file__).parent,
        Path(policy_gradient.__file__).parent,
    ]
    stack = traceback.extract_tb(error.__traceback__)
    own = [f for f in stack if not any(library in Path(f.filename).parents for library in libraries)]
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    if isinstance(error, SyntaxError) or not own:
        return text
    return f"{text}\n  in {own[-1].name}, line {own[-1].lineno}:  {own[-1].line}"


def _asked(draw, values):
    """Each slider's positions, once it is sure that `draw` can be called with them."""
    if not callable(draw):
        raise TypeError(f"draw must be a function draw(ax, ...); got {draw!r}")
    if not values:
        raise ValueError("explore needs at least one slider, for example explore(draw, p=np.linspace(0, 1, 21))")
    values = {name: _positions(name, v) for name, v in values.items()}
    must_accept(draw, "draw", None, **{name: v[0] for name, v in values.items()})
    return values


def _few_enough(values):
    if (count := math.prod(map(len, values.values()))) > MOST_STORED:
        sizes = " x ".join(str(len(v)) for v in values.values())
        raise ValueError(
            f"explore would store {sizes} = {count} pictures; the most is {MOST_STORED}: give fewer values"
        )


def explore(draw, /, *, figsize=(6, 3.5), **values):
    """A figure with a slider for each of `values`: `draw(ax, **values)` draws it where the sliders stand.

    `draw` is an ordinary Matplotlib function. If it returns a function, later positions call only that, with the same
    values, and just what it changed is drawn: several times faster. It must set everything that depends on the values.

        def draw(ax, p):
            ax.plot(x, J(x)); dot, = ax.plot([], [], "o")
            def update(p):
                dot.set_data([p], [J(p)]); ax.set_title(f"J = {J(p):.2f}")
            update(p)
            return update
        explore(draw, p=np.linspace(.05, .95, 37))

    values: for each slider all its positions (a range is not filled in: use `np.linspace`);
    words give a list to choose from.
    figsize: inches, at 100 pixels each. The axes' title becomes part of each picture's description for screen readers.

    With a kernel each move is drawn anew. When the book's notebooks are executed (PG_PRERENDER is set) one picture for
    each position is stored, at most 400, so that the figure answers with no kernel too.

    An error in `draw` is shown under the sliders, with its line, and the next move tries again. Raises TypeError when
    `draw` cannot be called with these names or a slider's values are not a sequence, ValueError when they are empty.
    """
    values, store = _asked(draw, values), bool(os.environ.get("PG_PRERENDER"))
    if store:
        _few_enough(values)
    texts = {name: _texts(v) for name, v in values.items()}
    widget = Explore(
        controls=[dict(name=name, texts=t) for name, t in texts.items()],
        index=[len(v) // 2 for v in values.values()],
        size=[round(100 * inches) for inches in figsize],
    )
    picture = Picture(draw, figsize)

    def frame(index, **how):
        title = picture({name: v[i] for (name, v), i in zip(values.items(), index)})
        place = ", ".join(f"{name} = {t[i]}" for (name, t), i in zip(texts.items(), index))
        return picture.encoded(**how), f"{place}. {title}".strip()

    def redraw(_=None, **how):
        try:
            data, alt = frame(widget.index, **how)
        except Exception as error:  # the learner's: shown, and the next move tries again
            widget.error = _in_words(error)
        else:
            with widget.hold_sync():  # one message
                widget.frames, widget.alts, widget.error = ["data:image/png;base64," + data], [alt], ""
            return data

    if store:  # here an error stops the run
        widget.still, _ = frame(widget.index, colors=32)
        every = [frame(i, kind="webp", colors=32) for i in itertools.product(*(range(len(v)) for v in values.values()))]
        widget.frames, widget.alts = ["data:image/webp;base64," + data for data, _ in every], [alt for _, alt in every]
    else:
        widget.still = redraw(colors=32)
        widget.observe(redraw, "index")
    return widget
