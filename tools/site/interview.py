"""The interview questions on pages: the files of `tools.contents.question_files`, rendered when the book is built.

- `{interview} ID`: one question's answer, in one fold: who reads the question above can say their own first.
- `{interview-level} LEVEL`: the questions of a level; each folds,
  and inside it the long answer and the follow-ups fold.
- `{interview-index} LEVEL`: the same questions as a list of links.
- `{interview-filter}`: the place where interview.js puts its form; without scripts there is nothing to see.
- `{interview-cards}`: the questions that have a `card`, one line each, for the summary sheet.

`see` and `shown_by` become links with the words of the heading they lead to. What leads nowhere warns.
"""

import json
import re

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tools import contents
from tools.paths import ROOT
from tools.site.directives import Details, Summary

DATA = ROOT / "book/interview"  # named where a text of a question is at fault
LEVELS = {
    "screening": "screening",
    "whiteboard": "whiteboard",
    "debugging": "debugging",
    "language-models": "language models",
    "depth": "depth",
}
log = logging.getLogger(__name__)


def questions():
    """All questions, in the book's order."""
    return contents.questions(ROOT)


def note_questions(env):
    """The page is made anew when a question changes (for a new file of questions `tools.make.book` makes all anew)."""
    for path in contents.question_files(ROOT):
        env.note_dependency(str(path))


def docname(page):
    """`03-x` or `notebooks/03-x` as Sphinx names the page."""
    return page if "/" in page else f"book/{page}"


def heading_before(notebook, cell):
    """The id of the last heading above a notebook's cell, or None. KeyError: there is no such cell."""
    heading = None
    for c in json.loads((ROOT / f"notebooks/{notebook}.ipynb").read_text("utf8"))["cells"]:
        if c["id"] == cell:
            return heading
        if c["cell_type"] == "markdown":
            for line in re.findall(r"^#+ (.+)$", "".join(c["source"]), re.MULTILINE):
                heading = nodes.make_id(line.replace("$", ""))
    raise KeyError(f"notebook {notebook} has no cell {cell}")


class Base(SphinxDirective):
    required_arguments, has_content = 1, False

    def chosen(self):
        note_questions(self.env)
        asked = [q for q in questions() if self.arguments[0] in (q["id"], q["level"])]
        if not asked:
            log.warning(
                "no file of questions has a question or level %r", self.arguments[0], location=self.get_location()
            )
        return asked

    def blocks(self, text):
        holder = nodes.container()
        self.state.nested_parse(StringList(text.strip().split("\n"), source=str(DATA)), self.content_offset, holder)
        return holder.children

    def words(self, text):
        return [child for block in self.blocks(text) for child in block.children]

    def labelled(self, label, text, *classes):
        """A paragraph that begins with its label; further blocks follow."""
        first, *rest = self.blocks(text)
        first.insert(0, nodes.inline("", label + " ", classes=["pg-question-label"]))
        return nodes.container("", first, *rest, classes=list(classes))

    def fold(self, title, body, *classes):
        return Details("", Summary("", "", *title, classes=["admonition-title"]), *body, classes=["pg-fold", *classes])

    def link(self, page, anchor):
        """A link whose words and address are filled in when all pages are known."""
        for path in (ROOT / (docname(page) + end) for end in (".md", ".ipynb")):
            if path.exists():
                self.env.note_dependency(str(path))
        return nodes.reference("", "", pg_page=docname(page), pg_anchor=anchor, internal=True)

    def where(self, q):
        """Where the book shows it, what supports it, which cells run it."""
        to = [(page, anchor) for page, anchor in (s.split("#") for s in q["see"])]
        runs = dict.fromkeys((f"notebooks/{n}", heading_before(n, c)) for n, c in (s.split("#") for s in q["shown_by"]))
        line = nodes.paragraph()
        for label, links in (("Shown in", to), ("Run", [r for r in runs if r not in to])):
            if links:
                line += nodes.inline("", f"{label} ", classes=["pg-question-label"])
                for i, pair in enumerate(links):
                    line += [nodes.Text(", ")] * bool(i) + [self.link(*pair)]
                line += nodes.Text(". ")
        cited = [s for s in q["source"] if not s.startswith("eq-")]
        sources = [f"{{eq}}`{s}`" for s in q["source"] if s.startswith("eq-")] + [
            f"{{cite}}`{','.join(cited)}`"
        ] * bool(cited)
        line += [
            nodes.inline("", "Rests on ", classes=["pg-question-label"]),
            *self.words(", ".join(sources)),
            nodes.Text("."),
        ]
        return nodes.container("", line, classes=["pg-question-where"])

    def tags(self, q):
        parts = (("level", LEVELS[q["level"]]), ("topic", q["topic"]), ("chapter", f"chapter {q['chapter']}"))
        return [nodes.inline("", text, classes=[f"pg-question-{name}"]) for name, text in parts]


class Question(Base):
    """One question's answer, folded."""

    def run(self):
        return [
            nodes.container(
                "",
                self.fold([nodes.Text("The answer, once you have said yours")], self.answer(q), "pg-question-answer"),
                classes=["pg-question-full"],
            )
            for q in self.chosen()
        ]

    def answer(self, q):
        short = self.labelled("In 30 seconds.", q["short"], "pg-question-short")
        long = self.blocks(q["long"])
        after = [
            self.fold(
                [nodes.inline("", "And then: ", classes=["pg-question-label"]), *self.words(f["ask"])],
                self.blocks(f["answer"]),
                "pg-question-next",
            )
            for f in q["follow_ups"]
        ]
        wrong = nodes.container(
            "",
            self.labelled("The answer that fails.", q["wrong"]["says"]),
            self.labelled("Why.", q["wrong"]["because"]),
            classes=["pg-question-wrong"],
        )
        long = self.fold([nodes.Text("The long answer")], long, "pg-question-long")
        return [short, long, wrong, *after, self.where(q)]


class Level(Question):
    """All questions of a level, folded."""

    def run(self):
        return [
            Details(
                "",
                Summary(
                    "",
                    "",
                    nodes.inline("", "", *self.words(q["question"]), classes=["pg-question-ask"]),
                    nodes.inline("", "", *self.tags(q), classes=["pg-question-tags"]),
                ),
                *self.answer(q),
                classes=["pg-asked"],
                ids=[f"q-{q['id']}"],
            )
            for q in self.chosen()
        ]


class Index(Base):
    """The questions of a level as links to their pages."""

    def run(self):
        items = []
        for q in self.chosen():
            link = nodes.reference(
                "",
                "",
                *self.words(q["question"]),
                pg_page=f"book/interview/{q['level']}",
                pg_anchor=f"q-{q['id']}",
                internal=True,
            )
            tags = nodes.inline("", "", *self.tags(q), classes=["pg-question-tags"])
            items.append(
                nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(" "), tags), classes=["pg-question-item"])
            )
        return [nodes.bullet_list("", *items, classes=["pg-question-index"])]


class Filter(Base):
    required_arguments = 0

    def run(self):
        return [nodes.container(classes=["pg-question-filter"])]


class Cards(Base):
    required_arguments = 0

    def run(self):
        note_questions(self.env)
        items = []
        for q in questions():
            if "card" in q:
                ask = nodes.strong("", "", *self.words(q["question"]))
                items.append(nodes.list_item("", nodes.paragraph("", "", ask, nodes.Text(" "), *self.words(q["card"]))))
        return [nodes.enumerated_list("", *items, classes=["pg-cards"], enumtype="arabic", prefix="", suffix=".")]


def titles(env, page):
    """Heading ids of a page and the headings' words; details count by their ids."""
    cached = env.temp_data.setdefault("pg_titles", {})
    if page not in cached:
        tree = env.get_doctree(page)
        headings = {i: s.next_node(nodes.title) for s in tree.findall(nodes.section) for i in s["ids"]}
        cached[page] = headings | {i: None for d in tree.findall(Details) for i in d["ids"]}
    return cached[page]


def resolve(app, doctree, fromdocname):
    """Give the links their addresses and, where they have none, their words."""
    for ref in list(doctree.findall(lambda n: isinstance(n, nodes.reference) and "pg_page" in n)):
        page, anchor = ref.attributes.pop("pg_page"), ref.attributes.pop("pg_anchor")
        known = titles(app.env, page) if page in app.env.found_docs else {}
        if page not in app.env.found_docs or anchor and anchor not in known:
            log.warning("questions: nothing at %s#%s", page, anchor, location=fromdocname)
        ref["refuri"] = app.builder.get_relative_uri(fromdocname, page) + (f"#{anchor}" if anchor else "")
        if not ref.children:
            kind, number = "Lab" if page.startswith("notebooks/") else "Chapter", re.search(r"/0?(\d+)-", page)
            ref += nodes.Text(f"{kind} {number[1]}: " if number else "")
            words = known.get(anchor)
            ref += [c.deepcopy() for c in words.children] if words else nodes.Text(anchor or page)
            if isinstance(ref[1], nodes.Text):  # labs number their headings
                ref[1] = nodes.Text(re.sub(r"^\d+\. ", "", ref[1].astext()))


def assets(app, pagename, templatename, context, doctree):
    if re.search(r'class="[^"]*\bpg-(?:asked\b|question-|sheet\b)', context.get("body") or ""):
        app.add_css_file("interview.css")
        app.add_js_file("interview.js", defer="defer")


def setup(app):
    for name, directive in (
        ("interview", Question),
        ("interview-level", Level),
        ("interview-index", Index),
        ("interview-filter", Filter),
        ("interview-cards", Cards),
    ):
        app.add_directive(name, directive)
    app.connect("doctree-resolved", resolve)
    app.connect("html-page-context", assets, priority=800)  # before layout, which puts the sheets in order
    return {"parallel_read_safe": True, "parallel_write_safe": True}
