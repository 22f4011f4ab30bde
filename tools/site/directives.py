"""What the book's pages have beyond Markdown: explorables, quizzes, words in the colours of the mathematics,
folding boxes.

- `{explorable} package.module.Class`: a widget with its stored state, built here, so that it lives without a kernel.
- `{quiz} question`: choices, each with its explanation.
- `{pol}`, `{score}`, `{good}`, `{where}`: roles that colour a word as its symbol is coloured.
- an admonition with class `dropdown` becomes `<details>`, which folds by mouse and keyboard without a script;
  with `open` it begins unfolded.
"""

import base64
import importlib
import inspect
import json
import os
import re
from html import escape
from pathlib import Path

import imagesize
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from ipywidgets.widgets.widget import _remove_buffers
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from learning_to_act.palette import COLORS
from tools.paths import ROOT

VIEW, STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"
ROLES = {"pol": "policy", "score": "score", "good": "good", "where": "where"}
WORDS = {
    "trap": "Trap",
    "proof": "Proof",
    "try": "Try this",
    "note": "Note",
    "do": "",
}  # a box's class: the word it carries
STILLS = ROOT / "book/_static/stills"
log = logging.getLogger(__name__)


def script(mime, value):
    """A `<script>` with JSON that cannot end it early."""
    text = json.dumps(value, sort_keys=True).replace("</", "<\\/").replace("<!--", "<\\!--")
    return f'<script type="{mime}">{text}</script>'


def stored(widget):
    """The widget's state as notebooks store it: what the page needs, bytes apart in base64."""
    keep = {k: v for k, v in widget.get_state().items() if not k.startswith("_") or k in ("_esm", "_css")}
    keep |= {"_css": widget.page_css} if hasattr(widget, "page_css") else {}  # the page has KaTeX's style and fonts
    keep.pop("layout", None), keep.pop("tabbable", None), keep.pop("tooltip", None)
    state, paths, buffers = _remove_buffers(keep)
    packed = [{"path": p, "encoding": "base64", "data": base64.b64encode(b).decode()} for p, b in zip(paths, buffers)]
    return {"state": state, **({"buffers": packed} if packed else {})}


def sources(cls):
    """The files a page with this widget depends on: its modules, and what lies beside them."""
    files = set()
    for base in cls.__mro__:
        if base.__module__.split(".")[0] == cls.__module__.split(".")[0]:
            files.add(Path(inspect.getfile(base)))
    for folder in {f.parent for f in files}:
        files |= {
            *folder.glob("draw.js"),
            *folder.glob("*.css"),
            *folder.glob("*.json"),
            *folder.parent.glob("palette.py"),
        }
        files |= {folder / cls.js} if isinstance(getattr(cls, "js", None), str) else set()
    return sorted(files)


def still(name, title, docname):
    """What a reader without scripts sees of a figure: how it begins, as tools/make/stills.py took it."""
    path = STILLS / f"{name}.png"
    if not path.exists():
        return ""
    width, height = imagesize.get(path)
    source = "../" * docname.count("/") + f"_static/stills/{path.name}"
    return (
        f'<noscript><img src="{source}" alt="{escape(title)}: how the figure begins" width="{width}" '
        f'height="{height}"></noscript>'
    )


class Explorable(SphinxDirective):
    """A living figure. The content is its caption's text: what print and a reader without scripts get."""

    required_arguments, has_content = 1, True
    option_spec = {"with": directives.unchanged, "name": directives.unchanged}  # with: {"cells": 5} as JSON

    def run(self):
        path = self.arguments[0]
        figure = nodes.container(classes=["pg-figure", f"pg-room-{path.rpartition('.')[2]}"])  # site.css keeps its room
        self.add_name(figure)
        fallback = nodes.container(classes=["pg-fallback"])
        self.state.nested_parse(self.content, self.content_offset, fallback)
        try:
            module, name = path.rsplit(".", 1)
            cls = getattr(importlib.import_module(module), name)
            widget = cls(**json.loads(self.options.get("with", "{}")))
        except Exception as problem:  # one figure that cannot be built must not hide the others' faults
            log.warning("explorable %s: %s: %s", path, type(problem).__name__, problem, location=self.get_location())
            return [fallback]
        figure["explorable"] = Path(getattr(cls, "js", name)).stem
        for file in sources(cls):
            self.env.note_dependency(str(file))
        model = f"{name}-{self.env.docname.replace('/', '-')}-{self.env.new_serialno('explorable')}"
        html = script(STATE, {"state": {model: stored(widget)}}) + script(VIEW, {"model_id": model})
        figure += [
            nodes.raw("", html + still(name, getattr(widget, "title", name), self.env.docname), format="html"),
            fallback,
        ]
        return [figure]


class Details(nodes.General, nodes.Element):
    """`<details>`: something that folds."""


class Summary(nodes.General, nodes.TextElement):
    """`<summary>`: what of it is always seen."""


class Quiz(SphinxDirective):
    """A question whose every choice is explained.

    Without scripts each choice unfolds its explanation; `site.js` makes radio buttons of them. One line a choice
    (`- [ ]` or `- [x]`), its explanation in the indented lines below. Exactly one is right.
    """

    required_arguments, final_argument_whitespace, has_content = 1, True, True
    option_spec = {"name": directives.unchanged}

    def run(self):
        quiz = nodes.container(classes=["pg-quiz"])
        self.add_name(quiz)
        question = nodes.container(classes=["pg-question"])
        question += self.parse([self.arguments[0].replace("\n", " ")], 0)
        quiz += question
        choices = list(split_choices(self.content))
        faults = quiz_faults(choices, [line for line in self.content if line.strip()])
        for fault in faults:
            log.warning("quiz: %s", fault, location=self.get_location())
        for right, text, why, offset in choices:
            label = Summary("", "", *[child for block in self.parse([text], offset) for child in block.children])
            reason = nodes.container("", *self.parse(why, offset + 1), classes=["pg-why"])
            quiz += Details("", label, reason, classes=["pg-choice"] + ["pg-right"] * right)
        return [quiz]

    def parse(self, lines, offset):
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset + offset, holder)
        return holder.children


def split_choices(lines):
    """Yield (right, choice, explanation lines, offset) for each `- [ ]` or `- [x]`."""
    choice = None
    for offset, line in enumerate(lines):
        if mark := re.match(r"[-*] \[([ xX])\] +(.*)", line):
            if choice:
                yield choice
            choice = (mark[1] != " ", mark[2], [], offset)
        elif choice:
            choice[2].append(re.sub(r"^ {1,4}", "", line))
    if choice:
        yield choice


def quiz_faults(choices, lines):
    """What an author has to mend, in words."""
    if len(choices) < 2:
        yield "needs at least two choices, each a line '- [ ] ...' or '- [x] ...'"
    if sum(right for right, *_ in choices) != 1:
        yield "exactly one choice must be marked '- [x]'"
    for _, text, why, _ in choices:
        if not any(line.strip() for line in why):
            yield f"the choice {text!r} has no explanation (indented lines below it)"
    if choices and lines and not re.match(r"[-*] \[", lines[0]):
        yield "text before the first choice belongs in the question"


class Boxes(SphinxPostTransform):
    """Admonitions get an icon and a word, those with class `dropdown` fold; indented code has colours."""

    default_priority = 400

    def run(self, **kwargs):
        for box in list(self.document.findall(nodes.admonition)):
            title, *body = box.children
            if kind := next((kind for kind in WORDS if kind in box["classes"]), None):
                word = "" if WORDS[kind].lower() in title.astext().lower() else WORDS[kind]
                title.insert(0, nodes.inline("", word, classes=["pg-word", f"pg-icon-{kind}"]))
            if "dropdown" in box["classes"]:
                classes = ["admonition", "pg-fold", *(c for c in box["classes"] if not c.startswith("admonition-"))]
                summary = Summary("", "", *title.children, classes=["admonition-title"])
                box.replace_self(
                    Details(
                        "",
                        summary,
                        *body,
                        classes=[c for c in classes if c != "open"],
                        ids=box["ids"],
                        names=box["names"],
                        unfolded="open" in classes,
                    )
                )
        for image in self.document.findall(nodes.image):
            if not image.get("alt"):  # a stored picture: the sentence after it says what it shows
                image["alt"] = finding_after(image)
        for code in self.document.findall(nodes.literal_block):
            if code.get("language") == "none":  # how MyST marks indented code; here that is Python
                code["language"] = "default"


def finding_after(image):
    """The first sentence that follows a picture, as its alternative text."""
    for paragraph in image.findall(nodes.paragraph, descend=False, siblings=False, ascend=True):
        if text := " ".join(paragraph.astext().split()):
            return "Figure: " + re.split(r"(?<=[.!?:]) ", text)[0]
    return "Figure drawn by the cell above"


def visit_details(self, node):
    self.body.append(self.starttag(node, "details", **({"open": ""} if node.get("unfolded") else {})))


def depart_details(self, node):
    self.body.append("</details>\n")


def visit_summary(self, node):
    self.body.append(self.starttag(node, "summary", ""))


def depart_summary(self, node):
    self.body.append("</summary>\n")


def skip(self, node):
    """Other builders show the same text, unfolded."""


def colour_role(name):
    """A role that puts its words in the colour `name`."""

    def role(role_name, rawtext, text, lineno, inliner, options=None, content=()):
        return [nodes.inline(rawtext, text, classes=[f"pg-{name}"])], []

    return role


def site_address(app, config):
    """Canonical addresses and social cards need to know where the site will stand."""
    if url := os.environ.get("PG_SITE_URL", "").rstrip("/"):
        config.html_baseurl = config.ogp_site_url = url + "/"
        config.ogp_social_cards = {"line_color": COLORS["policy"][0], "image_mini": "book/_static/card.png"}


def described(doctree, length, titles=()):
    """A page's description for social cards: the one it gives itself, never its raw text with formulas."""
    return next((m["content"] for m in doctree.findall(nodes.meta) if m.get("name") == "description"), "")


def setup(app):
    for role, name in ROLES.items():
        app.add_role(role, colour_role(name))
    app.add_directive("explorable", Explorable)
    app.add_directive("quiz", Quiz)
    app.add_node(Details, html=(visit_details, depart_details), text=(skip, skip), latex=(skip, skip))
    app.add_node(Summary, html=(visit_summary, depart_summary), text=(skip, skip), latex=(skip, skip))
    app.add_post_transform(Boxes)
    if os.environ.get("PG_SITE_URL"):
        import sphinxext.opengraph

        sphinxext.opengraph.get_description = described
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", site_address)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
