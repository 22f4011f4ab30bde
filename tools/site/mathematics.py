"""Mathematics at build time: KaTeX in V8 inside Python (no Node, no socket), strict, with the book's macros.

An unknown macro or a broken formula stops the build. A block has one number, also when it is an `align`.
"""

import atexit
import functools
import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.errors import SphinxError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from tools.paths import ROOT
from tools.written import content

MACROS = {  # the one place: pages of the book may use these, notebooks use none
    r"\E": r"\mathbb{E}",
    r"\R": r"\mathbb{R}",
    r"\Var": r"\operatorname{Var}",
    r"\pol": r"\htmlClass{pg-policy}{#1}",
    r"\score": r"\htmlClass{pg-score}{#1}",
    r"\good": r"\htmlClass{pg-good}{#1}",
    r"\where": r"\htmlClass{pg-where}{#1}",
}
# KaTeX numbers every line of these by itself; their unnumbered twins leave the number to Sphinx
TWINS = {"align": "aligned", "gather": "gathered", "alignat": "alignedat", "equation": None}
ENGINE = ROOT / "tools/vendor/katex.min.js"
OPTIONS = """displayMode: %s, throwOnError: true, trust: c => c.command === "\\\\htmlClass",
             strict: code => code === "htmlExtension" ? "ignore" : "error", macros: %s"""
log = logging.getLogger(__name__)


@functools.cache
def engine():
    v8 = MiniRacer()
    atexit.register(v8.close)  # later, in `__del__`, Python 3.13 waits for ever for a thread that is gone
    v8.eval(ENGINE.read_text(encoding="utf8"))
    return v8


def prepared(tex, display):
    """`tex` as KaTeX wants it: numbered environments replaced, bare line breaks aligned."""
    for name, twin in TWINS.items():
        tex = re.sub(rf"\\(begin|end)\{{{name}\*?\}}", rf"\\\1{{{twin}}}" if twin else "", tex)
    if display and "\\\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{aligned}}{tex}\end{{aligned}}"
    return tex.strip()


@functools.cache
def render(tex, display=False):
    """HTML with MathML of one formula. Raises ValueError that says what KaTeX did not understand."""
    options = OPTIONS % (json.dumps(display), json.dumps(MACROS))
    try:
        html = engine().eval(f"katex.renderToString({json.dumps(prepared(tex, display))}, {{{options}}})")
    except JSEvalException as problem:
        raise ValueError(str(problem).strip().splitlines()[0]) from None
    if "#cc0000" in html:  # KaTeX's red: a command it knows and was not allowed to follow, such as a link
        raise ValueError("a command that is not allowed here")
    html = re.sub(r'(?<=[";])height:-[\d.]+em;', "", html)  # not CSS; browsers leave it out too
    return re.sub(
        r"<mi[^>]*>[^<]*</mi><mo>\u2061</mo>", r"<mrow>\g<0></mrow>", html
    )  # an operator is one thing in a subscript


def typeset(app, doctree):
    """Each formula's HTML, kept in its node while its page is read: V8 does not outlive a fork, and of the processes
    that write pages some are forked from one that has read. A fault is reported with its place, and the build goes on
    to find the others."""
    faults = 0
    for node in doctree.findall(lambda node: isinstance(node, (nodes.math, nodes.math_block))):
        try:
            node["html"] = render(node.astext(), isinstance(node, nodes.math_block))
        except ValueError as problem:
            log.error("formula %r: %s", node.astext(), problem, location=node)
            node["html"] = f'<code class="katex-error">{escape(node.astext())}</code>'
            faults += 1
    app.env.pg_math_faults[app.env.docname] = faults


class Glue(SphinxPostTransform):
    """A bracket or a stop that touches a formula stays with it: no line begins with a comma, nor with "-greedy"."""

    default_priority = 410
    opening, closing = re.compile(r"[(\[\u201c]+$"), re.compile(r"^(?:-\w+)?[.,;:!?)\]\u201d\u2019]+|^-\w+")

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            parent, glue = formula.parent, nodes.inline("", "", classes=["pg-glue"])
            at = parent.index(formula)
            before, after = (parent[i] if 0 <= i < len(parent) else None for i in (at - 1, at + 1))
            matches = [
                isinstance(text, nodes.Text) and which.search(text.astext())
                for text, which in ((before, self.opening), (after, self.closing))
            ]
            if not any(matches):
                continue
            parent[at] = glue
            glue += [
                *([nodes.Text(matches[0][0])] if matches[0] else []),
                formula,
                *([nodes.Text(matches[1][0])] if matches[1] else []),
            ]
            if matches[1]:
                parent[at + 1] = nodes.Text(after.astext()[matches[1].end() :])
            if matches[0]:
                parent[at - 1] = nodes.Text(before.astext()[: matches[0].start()])


def inline(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    html, last = node["html"], '<span class="base">'
    if (
        "pg-glue" in node.parent.get("classes", ()) and last in html
    ):  # a browser may break after the last part of a formula
        end = len(html) - len("</span></span>")
        html = f'{html[: html.rindex(last)]}<span class="pg-last">{html[html.rindex(last) : end]}</span>{html[end:]}'
    self.body.append(html + "</span>")
    raise nodes.SkipNode


def display(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    self.body.append(node["html"])
    if node["number"]:
        self.body.append(f'<span class="eqno">({node["number"]})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def number(app, doctree):
    """Number a page's equations by chapter, (3.2), in the order of the page:
    Sphinx counts in the order of reading files.

    The second page of a chapter goes on where the first one stopped.
    """
    domain, page = app.env.get_domain("math"), app.env.docname
    chapter, first = re.search(r"/(\d\d)-", page), 1
    for before in pages_before(Path(app.srcdir), page):
        app.env.note_dependency(str(before))
        first += len(
            re.findall(r"^(?:\$\$ \([\w-]+\)$|\\begin\{(?:align|equation|gather)\}$)", before.read_text("utf8"), re.M)
        )
    for count, block in enumerate((b for b in doctree.findall(nodes.math_block) if b["number"]), first):
        block["number"] = f"{int(chapter[1])}.{count}" if chapter else str(count)
        domain.equations[block["label"]] = (page, block["number"])


def pages_before(root, page):
    """The pages of `page`'s chapter that are read before it: book/02-one,
    of which it is a section in _toc.yml, and so on."""
    contents = content(root / "_toc.yml") if (root / "_toc.yml").exists() else {}
    for chapter in (c for part in contents.get("parts", [contents]) for c in part.get("chapters", ())):
        docs = [
            chapter["file"],
            *(s["file"] for s in chapter.get("sections", ()) if s["file"].startswith(chapter["file"][:8])),
        ]
        if page in docs:
            return [root / f"{doc}.md" for doc in docs[: docs.index(page)]]
    return []


def stop_on_faults(app, exception):
    if exception is None and (faults := sum(app.env.pg_math_faults.values())):
        raise SphinxError(f"{faults} formula(s) could not be typeset: see the errors above")


def with_faults(app, env, added, changed, removed):
    """They are read again, changed or not, so that their faults are reported again."""
    return [page for page, faults in env.pg_math_faults.items() if faults and page in env.found_docs]


def begin(app):
    app.env.pg_math_faults = getattr(app.env, "pg_math_faults", {})


def setup(app):
    app.add_html_math_renderer("katex", (inline, None), (display, None))
    app.add_css_file("vendor/katex/katex.min.css")
    app.add_post_transform(Glue)
    app.connect("builder-inited", begin)
    app.connect("doctree-read", number)
    app.connect("doctree-read", typeset, priority=100)  # before headings are taken for the contents
    app.connect("env-get-outdated", with_faults)
    app.connect("env-purge-doc", lambda app, env, page: getattr(env, "pg_math_faults", {}).pop(page, None))
    app.connect("env-merge-info", lambda app, env, pages, other: env.pg_math_faults.update(other.pg_math_faults))
    app.connect("build-finished", stop_on_faults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
