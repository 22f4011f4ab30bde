"""The practice pages, made from data when the book is built: flashcards, drills, the mock interview.

- `{practice-cards}`: every question as a card that folds; practice-cards.js makes a deck of them.
- `{practice-order} ID`, `{practice-rules} ID`: a proof of book/practice/drills.yml;
  its steps, and a quiz for each step's rule.
- `{practice-flaws}`: the proofs of book/practice/flaws.yml, each with one flawed line; every line folds its reason.
- `{practice-mock}`: the questions with their rubrics of book/practice/rubric.yml.
- `{practice-watch}`: the place of the stopwatch.

Without scripts all of it reads as a page: cards and lines unfold, proofs stand in order.
"""

from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from tools.site.directives import Quiz, Summary
from tools.site.interview import LEVELS, ROOT, Base, note_questions, questions
from tools.written import content

FOLDER = ROOT / "book/practice"
SCRIPTS = {
    "pg-practice-deck": "practice-cards.js",
    "pg-practice-order": "practice-drills.js",
    "pg-practice-flaw": "practice-drills.js",
    "pg-practice-watch": "practice-drills.js",
    "pg-practice-pool": "practice-mock.js",
}
log = logging.getLogger(__name__)


@cache
def load(path, changed):
    return content(Path(path))


def data(name):
    path = FOLDER / f"{name}.yml"
    return load(path, path.stat().st_mtime_ns)


class Tag(nodes.General, nodes.Element):
    """An HTML element with attributes that docutils has no node for: Tag(tag="li", data={"step": "swap"})."""


def visit_tag(self, node):
    given = {f"data-{k}": v for k, v in node.get("data", {}).items()}
    self.body.append(self.starttag(node, node["tag"], "", **given))


def depart_tag(self, node):
    self.body.append(f"</{node['tag']}>\n")


def tag(name, *children, classes=(), ids=(), **attributes):
    return Tag("", *children, tag=name, classes=list(classes), ids=list(ids), data=attributes)


class Practice(Base):
    required_arguments = 0

    def note(self, *names):
        note_questions(self.env)
        for name in names:
            self.env.note_dependency(str(FOLDER / f"{name}.yml"))

    def full(self, q):
        """The link to the whole answer."""
        link = nodes.reference(
            "",
            "",
            nodes.Text("The full answer"),
            pg_page=f"book/interview/{q['level']}",
            pg_anchor=f"q-{q['id']}",
            internal=True,
        )
        return nodes.inline("", "", link, classes=["pg-practice-full"])

    def wrong(self, q):
        return nodes.container(
            "",
            self.labelled("The answer that fails.", q["wrong"]["says"]),
            self.labelled("Why.", q["wrong"]["because"]),
            classes=["pg-question-wrong"],
        )

    def one(self, name):
        drill = next((d for d in data("drills") if d["id"] == self.arguments[0]), None)
        if not drill:
            log.warning("drills.yml has no proof %r", self.arguments[0], location=self.get_location())
        return drill


class Cards(Practice):
    def run(self):
        self.note()
        return [tag("div", *(self.card(q) for q in questions()), classes=["pg-practice-deck"])]

    def card(self, q):
        front = Summary(
            "",
            "",
            nodes.inline("", "", *self.words(q["question"]), classes=["pg-practice-front"]),
            nodes.inline("", f"{LEVELS[q['level']]} · {q['topic']}", classes=["pg-practice-tags"]),
        )
        back = nodes.container(
            "",
            *self.blocks(q["short"]),
            self.wrong(q),
            nodes.paragraph("", "", self.full(q)),
            classes=["pg-practice-back"],
        )
        return tag(
            "details",
            front,
            back,
            classes=["pg-practice-card"],
            ids=[f"card-{q['id']}"],
            id=q["id"],
            level=q["level"],
            topic=q["topic"],
        )


class Mock(Practice):
    def run(self):
        self.note("rubric")
        return [tag("div", *(self.asked(q) for q in questions()), classes=["pg-practice-pool"])]

    def asked(self, q):
        front = nodes.paragraph(
            "",
            "",
            nodes.inline("", "", *self.words(q["question"]), classes=["pg-practice-front"]),
            nodes.inline("", f"{LEVELS[q['level']]} · {q['topic']}", classes=["pg-practice-tags"]),
        )
        labelled = zip(("Said: ", "Named: ", "Showed: "), data("rubric")[q["id"]])
        rubric = [self.point(label, text) for label, text in labelled]
        rubric += [
            self.point("Did not say: ", q["wrong"]["says"]),
            self.point("Could answer: ", q["follow_ups"][0]["ask"]),
        ]
        answer = self.fold(
            [nodes.Text("Compare: answer and rubric")],
            [
                *self.blocks(q["short"]),
                self.where(q),
                nodes.paragraph("", "", self.full(q)),
                tag("ul", *rubric, classes=["pg-practice-rubric"]),
            ],
            "pg-practice-compare",
        )
        return tag("div", front, answer, classes=["pg-practice-asked"], id=q["id"], level=q["level"])

    def point(self, label, text):
        return tag("li", nodes.inline("", label, classes=["pg-question-label"]), *self.words(text))


class Order(Practice):
    required_arguments = 1

    def run(self):
        self.note("drills")
        proof = self.one(self.arguments[0])
        return (
            [tag("ol", *(self.step(s) for s in proof["steps"]), classes=["pg-practice-order"], id=proof["id"])]
            if proof
            else []
        )

    def step(self, s):
        needs = [
            tag("span", *self.words(why), classes=["pg-practice-need"], step=other)
            for other, why in s.get("needs", {}).items()
        ]
        return tag("li", tag("span", *self.words(s["says"]), classes=["pg-practice-says"]), *needs, step=s["id"])


class Rules(Practice):
    """A quiz for each step, made by the quiz directive itself."""

    required_arguments = 1

    def run(self):
        self.note("drills")
        proof = self.one(self.arguments[0])
        return (
            [
                tag(
                    "div",
                    *(q for n, s in enumerate(proof["steps"], 1) for q in self.quiz(proof, n, s)),
                    classes=["pg-practice-rules"],
                    id=proof["id"],
                )
            ]
            if proof
            else []
        )

    def quiz(self, proof, n, s):
        lines = [
            line
            for choice, why in s["rules"].items()
            for line in (f"- [{'x' if choice == s['rule'] else ' '}] {choice}", f"  {why}")
        ]
        question = f"Step {n}: {s['says']}"
        box = Quiz(
            "quiz",
            [question],
            {"name": f"rule-{proof['id']}-{s['id']}"},
            lines,
            self.lineno,
            self.content_offset,
            self.block_text,
            self.state,
            self.state_machine,
        )
        return box.run()


class Flaws(Practice):
    def run(self):
        self.note("flaws")
        return [self.proof(n, f) for n, f in enumerate(data("flaws"), 1)]

    def proof(self, n, f):
        lines = [self.line(i, x) for i, x in enumerate(f["lines"], 1)]
        head = nodes.paragraph(
            "", "", nodes.strong("", f"Proof {n}. ", classes=["pg-practice-nth"]), *self.words(f["claims"])
        )
        return tag("div", head, *lines, classes=["pg-practice-flaw"], ids=[f"flaw-{f['id']}"], id=f["id"])

    def line(self, i, x):
        bad = "flaw" in x
        verdict = nodes.strong("", "This is the flaw. " if bad else "Right. ", classes=["pg-practice-mark"])
        first, *rest = self.blocks(x["flaw" if bad else "right"])
        first.insert(0, verdict)
        if bad:
            rest += [self.labelled("The number.", x["number"]), self.labelled("Mended.", x["mended"])]
        front = Summary(
            "",
            "",
            nodes.inline("", f"{i}", classes=["pg-practice-n"]),
            nodes.inline("", "", *self.words(x["says"]), classes=["pg-practice-says"]),
        )
        return tag(
            "details",
            front,
            nodes.container("", first, *rest, classes=["pg-practice-why"]),
            classes=["pg-practice-line", "pg-practice-wrong" if bad else "pg-practice-fine"],
        )


class Watch(Practice):
    def run(self):
        return [tag("div", classes=["pg-practice-watch"])]


def assets(app, pagename, templatename, context, doctree):
    """The scripts of a page that practises, after layout has chosen among the others."""
    body = context.get("body") or ""
    wanted = [name for cls, name in SCRIPTS.items() if f'class="{cls}' in body]
    if wanted:
        for style in ("interview.css", "practice.css"):
            app.add_css_file(style)
        for name in dict.fromkeys(["practice-core.js", "practice-page.js", *wanted]):
            app.add_js_file(name, defer="defer")


def setup(app):
    for name, directive in (
        ("cards", Cards),
        ("mock", Mock),
        ("order", Order),
        ("rules", Rules),
        ("flaws", Flaws),
        ("watch", Watch),
    ):
        app.add_directive(f"practice-{name}", directive)
    skip = (lambda self, node: None,) * 2
    app.add_node(Tag, html=(visit_tag, depart_tag), text=skip, latex=skip)
    app.connect("html-page-context", assets, priority=800)  # before layout, which puts the sheets in order
    return {"parallel_read_safe": True, "parallel_write_safe": True}
