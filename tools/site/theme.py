"""The book's theme, `book/_theme`, and what its templates cannot say: code in two styles, tables that scroll, and names
in them that break at their joints."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.highlighting import PygmentsBridge
from sphinx.writers.html5 import HTML5Translator

# What Sphinx adds to every page and none of ours uses. All else that an extension or _config.yml adds is loaded.
UNUSED = {
    "_static/doctools.js",  # Sphinx's keys and search box; site.js has the book's
    "_static/sphinx_highlight.js",  # marks the words that were searched for, which search.js does without
    "_static/pygments_dark.css",  # for the system's setting; pygments.css goes by the reader's switch
}


JOINT = re.compile(r"(?<=[(\[._,])(?=\w)|(?<=[a-z])(?=[A-Z])")  # of reward_to_go(rewards, gamma), of FlattenObservation


class Translator(HTML5Translator):
    """A table stands in a box of its own, in which a wide one scrolls. Code in it may break at its joints."""

    def visit_Text(self, node):
        start = len(self.body)
        super().visit_Text(node)
        if isinstance(node.parent, nodes.literal) and nodes.entry in map(type, ancestors(node)):
            self.body[start:] = [re.sub(r">[^<]+<", lambda m: JOINT.sub("<wbr>", m[0]), x) for x in self.body[start:]]

    def visit_table(self, node):
        self.body.append('<div class="pg-table">')
        super().visit_table(node)

    def depart_table(self, node):
        super().depart_table(node)
        self.body.append("</div>\n")


def ancestors(node):
    while node := node.parent:
        yield node


class Colours(PygmentsBridge):
    """pygments.css in both styles: the dark one for dark pages on a screen, the light one for all else and on paper."""

    def __init__(self, light, dark):
        super().__init__("html", light)
        self.dark = PygmentsBridge("html", dark)

    def get_stylesheet(self):
        light = rules(self, "html[data-theme] .highlight")  # as specific as the dark ones, which come after
        dark = rules(self.dark, 'html[data-theme="dark"] .highlight')
        return f"{light}\n@media screen {{\n{dark}\n}}\n"


def rules(bridge, prefix):
    """The style sheet of one style of code, every rule below `prefix`."""
    formatter = bridge.get_formatter()
    lines = [f"{prefix} {line}" for line in formatter.get_linenos_style_defs()]
    return "\n".join([*lines, *formatter.get_background_style_defs(prefix), *formatter.get_token_style_defs(prefix)])


def begin(app):
    if app.builder.name == "html":
        theme = app.builder.theme
        app.builder.highlighter = Colours(theme.pygments_style_default, theme.pygments_style_dark)
        app.builder.dark_highlighter = None  # its sheet would follow the system's setting


def setup(app):
    app.add_html_theme("learning_to_act", str(Path(app.confdir) / "book/_theme"))
    app.set_translator("html", Translator)
    app.connect("builder-inited", begin)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
