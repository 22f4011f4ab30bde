"""The helper package's docstrings, which are plain text, as the reference page shows them.
Sphinx's autodoc finds them; nothing is fetched.

`name` becomes code, or a link where the package has such a name; *a word* is emphasised; what stands in `SET` is set as
a formula; an indented block is set as it stands, or as a list of names. `{names}` is the list of all the page's names.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

import policy_gradient as pg
from tools.site.formulas_of_docstrings import SET

# the longest first, and none inside a longer word
FORMULA = re.compile(rf"(?<!\w)({'|'.join(re.escape(text) for text in sorted(SET, key=len, reverse=True))})(?!\w)")


def word(match):
    """What stands between backticks."""
    name = match[1]
    if name in pg._HOME:
        return f":py:obj:`{name} <policy_gradient.{pg._HOME[name]}.{name}>`"
    return f"``{name}``"


def marked(line):
    """A line of plain text as reStructuredText: only backticks, and stars close around words, mean something."""
    parts = re.split(r"(`[^`]+`|(?<![\w*])\*\w+(?:[ -]\w+)*\*(?![\w*]))", line)
    for i, part in enumerate(parts):
        if part.startswith("`"):
            parts[i] = re.sub(r"`([^`]+)`", word, part)
        elif i % 2 == 0:
            pieces = FORMULA.split(part)
            pieces[::2] = [re.sub(r"([\\*|_])", r"\\\1", piece) for piece in pieces[::2]]
            pieces[1::2] = [rf"\ :math:`{SET[piece]}`\ " for piece in pieces[1::2]]
            parts[i] = "".join(pieces)
    return "".join(parts)


ROW = re.compile(r" {4}(\S.*?) {3,}(\S.*)")  # a name with its shapes, and after some room what it is


def converted(lines):
    """A docstring's lines as reStructuredText: an indented block as it stands, or as a list of names and meanings."""
    block = []
    for line in [*lines, None]:
        if line is not None and (line.startswith("    ") or block and not line):
            block.append(line)
            continue
        yield from set_apart(block)
        block = []
        if line is not None:
            yield marked(line)


def set_apart(block):
    """An indented block, with the empty lines after it."""
    text = [line for line in block if line]
    rows = [ROW.fullmatch(line) for line in text]
    if text and all(rows):
        yield from ("", *(part for row in rows for part in (f"``{row[1]}``", f"    {marked(row[2])}")), "")
    elif text:
        yield from ("", ".. code-block:: text", "", *block)
        if block[-1]:
            yield ""


class Names(SphinxDirective):
    """The page's names by its sections, each a link: filled when the page is whole."""

    def run(self):
        return [nodes.container(classes=["pg-names"])]


class FillNames(SphinxPostTransform):
    default_priority = 420

    def run(self, **kwargs):
        for place in self.document.findall(lambda n: isinstance(n, nodes.container) and "pg-names" in n["classes"]):
            rows = nodes.definition_list()
            for section in self.document.findall(nodes.section):
                described = [n for n in section.findall(addnodes.desc) if n["objtype"] in ("function", "class", "data")]
                if described and section.parent is not self.document:
                    title = nodes.reference("", section[0].astext(), internal=True, refid=section["ids"][0])
                    names = [self.link(n) for n in described]
                    spaced = [part for name in names for part in (name, nodes.Text(" "))][:-1]
                    definition = nodes.definition("", nodes.paragraph("", "", *spaced))
                    rows += nodes.definition_list_item("", nodes.term("", "", title), definition)
            place += rows

    def link(self, desc):
        name = nodes.literal("", desc[0]["fullname"])
        return nodes.reference("", "", name, internal=True, refid=desc[0]["ids"][0])


def process(app, what, name, obj, options, lines):
    lines[:] = list(converted(lines))


def assets(app, pagename, templatename, context, doctree):
    if re.search(r'<dl class="[^"]*\b(?:py|glossary)\b', context.get("body") or ""):
        app.add_css_file("reference.css")


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("names", Names)
    app.add_post_transform(FillNames)
    app.connect("autodoc-process-docstring", process)
    app.connect("html-page-context", assets, priority=800)  # before layout, which puts the sheets in order
    return {"parallel_read_safe": True, "parallel_write_safe": True}
