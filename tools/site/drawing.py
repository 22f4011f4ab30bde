"""{drawing} NAME: a still picture inline in the page, so that its inks follow the page's colours in dark mode and print."""

import html
import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from learning_to_act.palette import COLORS
from tools.paths import ROOT

FOLDER = ROOT / "book" / "_static" / "figures"


def inline_svg(name, alt):
    """The picture's <svg> element with an accessible name, page colours for palette colours, and ids of its own."""
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    for color, (light, _) in COLORS.items():
        svg = re.sub(light, f"var(--pg-{color})", svg, flags=re.IGNORECASE)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)  # two pictures on a page share no id
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt, quote=True)}"', 1)


class Drawing(SphinxDirective):
    required_arguments, has_content = 1, True
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        name, alt = self.arguments[0], self.options.get("alt", "")
        if not alt:
            raise self.error("a drawing needs :alt: text that says what it shows")
        if not (FOLDER / f"{name}.svg").exists():
            raise self.error(f"no drawing called {name}: run tools/make/figures.py")
        self.env.note_dependency(str(FOLDER / f"{name}.svg"))
        caption = nodes.container(classes=["pg-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        picture = nodes.raw("", f'<div class="pg-drawing">{inline_svg(name, alt)}</div>', format="html")
        return [nodes.container("", picture, caption, classes=["pg-figure"])]


def setup(app):
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
