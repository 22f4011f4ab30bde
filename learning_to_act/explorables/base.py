"""What every explorable shares: a widget whose JavaScript and style travel with its state.

The module that draws is `draw.js` (shared helpers) followed by the explorable's own file, as one text: a stored widget
then needs no other file, so it lives in JupyterLab with a kernel and on a page with none.
"""

import json
import re
from pathlib import Path

import anywidget
import traitlets

from learning_to_act.palette import css_variables

HERE = Path(__file__).parent
DARK = ["html[data-theme=dark]", "[data-jp-theme-light=false]", "body.vscode-dark"]  # the site, JupyterLab, VS Code


def _module(js):
    shared, own = ((HERE / name).read_text("utf-8") for name in ("draw.js", js))
    own = re.sub(r'^import [^;]*? from "./draw.js";\n', "", own, flags=re.M)
    formulas = json.loads((HERE / "formulas.json").read_text("utf-8"))  # tools/make/formulas.py has set them

    def typeset(tex):
        formula = " ".join(tex[1].split())  # a long one may stand on several lines
        return f"tex({json.dumps(formulas[formula], ensure_ascii=False)})"

    return shared + re.sub(r"\btex`([^`]*)`", typeset, own)


def _style():
    """The style that all share, for a page that has KaTeX's style sheet and fonts: the book's own."""
    dark = ", ".join(f"{place} .pg-explorable" for place in DARK)
    light = css_variables()
    return "\n".join(
        [
            f".pg-explorable {{ {light} }}",
            f"{dark} {{ {css_variables(dark=True)} color-scheme: dark; }}",
            f"@media print {{ .pg-explorable, {dark} {{ {light} color-scheme: light; }} }}",  # paper is white
            (HERE / "explorable.css").read_text("utf-8"),
        ]
    )


def sums_to_one(policy):
    """The policy itself; a TraitError if its probabilities do not sum to one."""
    if not abs(sum(policy) - 1) < 1e-6:
        raise traitlets.TraitError(f"policy must sum to 1, got {policy}")
    return policy


class Explorable(anywidget.AnyWidget):
    """A figure that answers to the hand. A subclass names its module (`js`) and the traits that are its settings."""

    js: str  # the module's name; each subclass has one
    title = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, **kwargs):
        if "js" in vars(cls):  # not the classes that traitlets derives behind the scenes
            cls._esm, cls.page_css = _module(cls.js), _style()
            cls._css = cls.page_css + (HERE / "formulas.css").read_text("utf-8")
        super().__init_subclass__(**kwargs)

    def __repr__(self):
        return f"<{self.title}: an interactive figure; run this cell to use it>"
