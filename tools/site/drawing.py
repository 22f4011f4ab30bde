"""{drawing} NAME: a still picture inline in the page, so that its inks follow the page's colours
in dark mode and print.

Where there is a NAME-narrow.svg it takes the picture's place on a phone. A wide picture's words are at most 16 px high.

{steps} NAME: a proof in steps beside a picture that advances with them. Its content: a list of what the picture shows
at each step, a caption, and the steps (admonitions of class `step`). Layers of the picture say the first and the last
step that they belong to (tools/make/figures.py). steps.js shows those of the step that is read; paper, and a reader
without scripts, get the last state.
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


def checked(directive):
    """The picture's name and its words, or an error that says what is wrong."""
    name, alt = directive.arguments[0], directive.options.get("alt", "")
    if not alt:
        raise directive.error("a drawing needs :alt: text that says what it shows")
    if not (FOLDER / f"{name}.svg").exists():
        raise directive.error(f"no drawing called {name}: run tools/make/figures.py")
    directive.env.note_dependency(str(FOLDER / f"{name}.svg"))
    return name, alt


class Drawing(SphinxDirective):
    required_arguments, has_content = 1, True
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        name, alt = checked(self)
        svg = inline_svg(name, alt)
        if (FOLDER / f"{name}-narrow.svg").exists():
            svg += inline_svg(f"{name}-narrow", alt, "narrow")
            self.env.note_dependency(str(FOLDER / f"{name}-narrow.svg"))
        caption = nodes.container(classes=["pg-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        picture = nodes.raw("", f'<div class="pg-drawing">{svg}</div>', format="html")
        return [nodes.container("", picture, caption, classes=["pg-figure"])]


TURN = """<div class="pg-turn">
<button type="button" class="pg-button" aria-label="Step before" aria-disabled="true">‹</button>
<span>Step 1 of {count}</span><button type="button" class="pg-button" aria-label="Next step">›</button></div>"""


def layered(svg, count):
    """The picture with its first state marked as shown, and what its last state has no more as passing."""

    def layer(match):
        first, last = int(match[1]), int(match[2])
        classes = "pg-layer" + " pg-on pg-new" * (first == 1) + " pg-passing" * (last < count)
        return f'class="{classes}" data-from="{first}" data-to="{last}"'

    return re.sub(r'class="pg-layer" data-from="(\d)" data-to="(\d)"', layer, svg)


class Steps(SphinxDirective):
    required_arguments, has_content = 1, True
    option_spec = {"alt": directives.unchanged_required}

    def run(self):
        name, alt = checked(self)
        content = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, content)
        steps = [node for node in content.children if isinstance(node, nodes.admonition)]
        states = next((node for node in content.children if isinstance(node, nodes.bullet_list)), None)
        if not states or len(states) != len(steps):
            raise self.error(f"{name}: {len(steps)} steps, and as many points that say what the picture shows")
        states["classes"].append("pg-states")
        states[0]["classes"].append("pg-on")
        caption = nodes.container("", *content.children[1 : content.index(steps[0])], classes=["pg-caption"])
        svg = layered(inline_svg(name, alt, "stepped"), len(steps))
        picture = f'<div class="pg-drawing">{svg}</div>{TURN.format(count=len(steps))}'
        figure = nodes.container("", nodes.raw("", picture, format="html"), states, caption)
        figure["classes"] += ["pg-figure", "pg-advance"]
        all_of_them = nodes.raw("", '<button type="button" class="pg-all">Open all</button>', format="html")
        return [nodes.container("", figure, all_of_them, *steps, classes=["pg-steps"])]


def script(app, pagename, templatename, context, doctree):
    if "pg-advance" in (context.get("body") or ""):
        app.add_js_file("steps.js", defer="defer")


def setup(app):
    app.add_directive("drawing", Drawing)
    app.add_directive("steps", Steps)
    app.connect("html-page-context", script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
