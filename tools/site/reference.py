"""The helper package's docstrings, which are plain text, as the reference page shows them. Sphinx's autodoc finds them; nothing is fetched.

`name` becomes code, or a link where the package has such a name; *a word* is emphasised; an indented block is set as it stands.
"""

import re

import policy_gradient as pg


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
            parts[i] = re.sub(r"([\\*|_])", r"\\\1", part)
    return "".join(parts)


def converted(lines):
    """A docstring's lines as reStructuredText."""
    block = False
    for line in lines:
        indented = line.startswith("    ")
        if indented and not block:
            yield from ("", ".. code-block:: text", "")
        elif block and line and not indented:
            yield ""
        block = indented or block and not line
        yield line if indented else marked(line)


def process(app, what, name, obj, options, lines):
    lines[:] = list(converted(lines))


def assets(app, pagename, templatename, context, doctree):
    if re.search(r'<dl class="[^"]*\b(?:py|glossary)\b', context.get("body") or ""):
        app.add_css_file("reference.css")


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process)
    app.connect("html-page-context", assets, priority=800)  # before layout, which keeps what it knows
    return {"parallel_read_safe": True, "parallel_write_safe": True}
