r"""Words of the text that set a figure: {set}`five cells <corridor=cells:5>` is a button which sets it to five cells.

Before the angle bracket stand the words, in Markdown; in it the figure by the name of its script, and its settings as
the page's address has them: `corridor=p:0.5,cells:5`. Settings that are not named stay as the reader left them. The
figure must stand on the same page. Without scripts, and on paper, the words are words. site.js makes the button;
draw.js hears `pg:set`. What is not a setting of the figure, or out of its range, fails the build.
"""

import re
from pathlib import Path

import traitlets
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from learning_to_act import explorables
from learning_to_act.explorables.base import Explorable

TARGET = re.compile(r"(.+?)\s*<(\w+)=([^<>\s]+)>", re.S)
log = logging.getLogger(__name__)


class Setting(nodes.inline):
    """Words that set a figure."""


class Set(SphinxRole):
    def run(self):
        match = TARGET.fullmatch(self.text)
        if not match:
            log.warning("{set}`%s`: write {set}`words <figure=setting:value>`", self.text, location=self.get_location())
            return [nodes.inline("", self.text)], []
        node = Setting(self.rawtext, "", figure=match[2], settings=match[3])
        children, messages = self.inliner.parse(match[1], self.lineno, self.inliner, node)
        node += children
        return [node], messages


def figures():
    """{name of its script: class} of all explorables."""
    known = (cls for cls in vars(explorables).values() if isinstance(cls, type) and issubclass(cls, Explorable))
    return {Path(cls.js).stem: cls for cls in known}


def read(cls, settings):
    """{name: value} of `cells:5,p:0.5`, in the types of the class's settings. ValueError says what is wrong."""
    state, values = cls(), {}
    for pair in settings.split(","):
        name, _, words = pair.partition(":")
        if not state.has_trait(name) or isinstance(state.traits()[name], traitlets.Dict) or name == "title":
            raise ValueError(f"{cls.__name__} has no setting {name!r}")
        like = getattr(state, name)
        if isinstance(like, bool):
            if words not in ("true", "false"):
                raise ValueError(f"{name} is true or false, not {words!r}")
            values[name] = words == "true"
        elif isinstance(like, (list, tuple)):
            values[name] = [float(word) for word in words.split("_")]
        else:
            values[name] = type(like)(words)
    try:
        cls(**values)
    except traitlets.TraitError as problem:
        raise ValueError(str(problem)) from None
    return values


def faults(doctree):
    """What is wrong with the settings of a page, in words: [(node, why)]."""
    known, on_page = figures(), {node.get("explorable") for node in doctree.findall(nodes.container)} - {None}
    for node in doctree.findall(Setting):
        if node["figure"] not in on_page:
            yield node, f"no figure {node['figure']!r} on this page, which has {', '.join(sorted(on_page)) or 'none'}"
            continue
        try:
            read(known[node["figure"]], node["settings"])
        except ValueError as problem:
            yield node, str(problem)


def check(app, doctree):
    for node, why in faults(doctree):
        log.warning("{set}`%s`: %s", node.astext(), why, location=node)


def visit(self, node):
    target = self.attval(f"{node['figure']}={node['settings']}")
    self.body.append(f'<span class="pg-set" data-set="{target}">')


def depart(self, node):
    self.body.append("</span>")


def setup(app):
    words = (lambda self, node: None, lambda self, node: None)
    app.add_role("set", Set())
    app.add_node(Setting, html=(visit, depart), text=words, latex=words)
    app.connect("doctree-read", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
