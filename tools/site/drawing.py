"""{drawing} NAME: a still picture inline in the page, so that its inks follow the page's colours in dark mode and print.

Where there is a NAME-narrow.svg it takes the picture's place on a phone. A wide picture's words are at most 16 px high.
"""

import html
import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from learning_to_act.palette import COLORS
from tools.paths import ROOT

FOLDER = ROOT / "book" / "_static" / "figures"


ENLARGED = 1.45  # 11 units, the size of most words, are then 16 px


def inline_svg(name, alt, kind="wide"):
    """The picture's <svg> element with an accessible name, page colours for palette colours, and ids of its own."""
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    for color, (light, _) in COLORS.items():
        svg = re.sub(light, f"var(--pg-{color})", svg, flags=re.IGNORECASE)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)  # two pictures on a page share no id
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    width = round(ENLARGED * float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1]))
    return svg.replace(
        "<svg", f'<svg class="pg-{kind}" width="{width}" role="img" aria-label="{html.escape(alt, quote=True)}"', 1
    )


class Drawing(SphinxDirective):
    required_arguments, has_content = 1, True
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        name, alt = self.arguments[0], self.options.get("alt", "")
        if not alt:
            raise self.error("a drawing needs :alt: text that says what it shows")
        if not (FOLDER / f"{name}.svg").exists():
            raise self.error(f"no drawing called {name}: run tools/make/figures.py")
        svg = inline_svg(name, alt)
        self.env.note_dependency(str(FOLDER / f"{name}.svg"))
        if (FOLDER / f"{name}-narrow.svg").exists():
            svg += inline_svg(f"{name}-narrow", alt, "narrow")
            self.env.note_dependency(str(FOLDER / f"{name}-narrow.svg"))
        caption = nodes.container(classes=["pg-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        picture = nodes.raw("", f'<div class="pg-drawing">{svg}</div>', format="html")
        return [nodes.container("", picture, caption, classes=["pg-figure"])]


def setup(app):
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
