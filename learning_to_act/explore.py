"""explore(draw, **values): any Matplotlib figure with sliders, alive with a kernel and, from stored pictures, without one."""

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

ESM = """
const make = (tag, props) => Object.assign(document.createElement(tag), props);

function control({ name, texts }, choose) {              // a slider for numbers, a list for words
  const words = texts.some(text => Number.isNaN(Number(text)));
  const input = words ? make("select") : make("input", { type: "range", min: 0, max: texts.length - 1, step: 1 });
  if (words) input.append(...texts.map((text, i) => make("option", { value: i, textContent: text })));
  input.dataset.lmSuppressShortcuts = "true";            // JupyterLab takes the arrow keys otherwise
  input.addEventListener("input", () => choose(+input.value));
  const shown = words ? "" : make("span", { ariaHidden: "true", className: "pg-value" });
  const row = make("label", {});
  row.append(make("span", { textContent: name }), input, shown);
  return { row, show(i) { input.value = i; if (!words) input.ariaValueText = shown.textContent = texts[i]; } };
}

export default { render({ model, el }) {
  const controls = model.get("controls"), [width, height] = model.get("size");
  const img = make("img", { className: "pg-figure", width, height }), caption = make("figcaption");
  const error = make("pre", { className: "pg-error", role: "alert" });
  const spoken = make("p", { className: "pg-spoken", role: "status" });
  const rows = controls.map((c, i) => control(c, value => {      // the widget manager keeps only the newest while Python draws
    model.set("index", model.get("index").with(i, value));
    model.save_changes();
  }));
  const figure = make("figure", { className: "pg-frame" });
  figure.append(img, caption);
  const place = index => controls.map((c, i) => `${c.name} = ${c.texts[index[i]]}`).join(", ");
  const show = () => {
    const index = model.get("index"), frames = model.get("frames"), alts = model.get("alts");
    const k = frames.length > 1 ? controls.reduce((k, c, i) => k * c.texts.length + index[i], 0) : 0;
    rows.forEach((row, i) => row.show(index[i]));
    if (frames[k] && img.getAttribute("src") !== frames[k]) img.src = frames[k];
    img.alt = alts[k] ?? "";
    caption.textContent = place(index);
    figure.hidden = !frames.length;
    if (error.textContent !== model.get("error")) error.textContent = model.get("error");
  };
  const say = () => { spoken.textContent = img.alt; };           // what a screen reader hears after a change
  const changed = () => { show(); say(); };
  el.classList.add("pg-explore");
  el.append(...rows.map(r => r.row), figure, error, spoken);
  show();
  const events = ["index", "frames", "error"].map(name => "change:" + name);
  events.forEach(event => model.on(event, changed));
  return () => events.forEach(event => model.off(event, changed));
} };
"""

DARK = "html[data-theme=dark] .pg-explore", "[data-jp-theme-light=false] .pg-explore", "body.vscode-dark .pg-explore"
CSS = (
    f"""
.pg-explore {{ {css_variables()} background: var(--pg-paper); break-inside: avoid; max-width: 100%; }}     /* VS Code puts white behind every widget */
{", ".join(DARK)} {{ {css_variables(dark=True)} color-scheme: dark; }}
@media print {{ {", ".join(DARK)} {{ {css_variables()} color-scheme: light; }} }}
"""
    + """
.pg-explore > figure.pg-frame { margin: .5em 0 0; padding: 0; }
.pg-explore > figure[hidden] { display: none; }
.pg-explore img.pg-figure { display: block; max-width: 100%; height: auto; margin: 0; background: none; }
.pg-explore label { display: flex; flex-wrap: wrap; gap: .1em .8em; align-items: center; min-height: 2.4em; margin: 0; max-width: 600px;
  font: .95rem system-ui, sans-serif; color: var(--pg-ink); }
.pg-explore label > :first-child { min-width: 2em; }
.pg-explore input { flex: 1 1 7em; height: 2.4em; margin: 0; accent-color: var(--pg-policy); cursor: pointer; }
.pg-explore select { font: inherit; min-height: 2.2em; color: var(--pg-ink); background: var(--pg-paper);
  border: 1px solid var(--pg-muted); border-radius: 4px; }
.pg-explore :is(input, select):focus-visible { outline: 2px solid var(--pg-policy); outline-offset: 3px; border-radius: 4px; }
.pg-explore .pg-value { min-width: 3.2em; font-variant-numeric: tabular-nums; }
.pg-explore .pg-error { white-space: pre-wrap; margin: .5em 0 0; padding: .5em .8em; color: var(--pg-ink); background: none;
  border: 0; border-left: 4px solid var(--pg-good); }
.pg-explore figcaption, .pg-explore .pg-error:empty { display: none; }
.pg-explore .pg-spoken { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); }
"""
    + f"""
@media screen {{ {", ".join(rule + " img.pg-figure" for rule in DARK)} {{
  filter: invert(1) hue-rotate(180deg) !important; mix-blend-mode: screen; }} }}     /* black on white to white on the page's dark */
"""
    + """
@media print { .pg-explore label { display: none; }  .pg-explore figcaption { display: block; } }
"""
)


class Explore(anywidget.AnyWidget):
    """What `explore` returns: the sliders and the picture. It can be shown as often as wanted; all views move together."""

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

    values: for each slider all its positions (a range is not filled in: use `np.linspace`); words give a list to choose from.
    figsize: inches, at 100 pixels each. The axes' title becomes part of each picture's description for screen readers.

    With a kernel each move is drawn anew. When the book's notebooks are executed (PG_PRERENDER is set) one picture for
    each position is stored, at most 400, so that the figure answers with no kernel too.

    An error in `draw` is shown under the sliders, with its line, and the next move tries again. Raises TypeError when
    `draw` cannot be called with these names or a slider's values are not a sequence, ValueError when they are empty.
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function draw(ax, ...); got {draw!r}")
    if not values:
        raise ValueError("explore needs at least one slider, for example explore(draw, p=np.linspace(0, 1, 21))")
    values = {name: _positions(name, v) for name, v in values.items()}
    must_accept(draw, "draw", None, **{name: v[0] for name, v in values.items()})
    store, count = bool(os.environ.get("PG_PRERENDER")), math.prod(map(len, values.values()))
    if store and count > MOST_STORED:
        sizes = " x ".join(str(len(v)) for v in values.values())
        raise ValueError(
            f"explore would store {sizes} = {count} pictures; the most is {MOST_STORED}: give fewer values"
        )

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
