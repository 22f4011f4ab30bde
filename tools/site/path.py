"""What pages say of all chapters, made from the heads of the chapters' first pages (see `tools.contents`).

- `{path}`: the front page's list, a line for each chapter: its question, its pages, and the minutes of each.
- `{plan}`: the instructors' table, a week for each chapter with exercises; what comes before the first joins its week.

A chapter without a question is not in the list, and one without a `lecture` not in the plan:
the contract test asks for both.
"""

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from learning_to_act.checks.registry import registry
from tools.contents import chapters
from tools.paths import ROOT, VERBS

MINUTES = 5  # for a point
FIRM = "\u00a0"  # a space at which no line breaks: no "minutes" alone
log = logging.getLogger(__name__)


def points(stem):
    """What a chapter's exercises are worth when they are graded."""
    return sum(max(1, round(exercise.minutes / MINUTES)) for exercise in registry().values() if exercise.stem == stem)


def line(chapter):
    """A chapter's lines of the list, in Markdown."""
    about, pages = chapter.about, chapter.verbs()
    question = f"*{about['question']}*" + (f" {about['further']} ·" if "further" in about else "")
    if len(pages) == 1:
        times = f"{{minutes}}`read {chapter.number}`{FIRM}minutes"
    else:
        verbs = [(folder, VERBS[folder].lower()) for folder in pages]
        texts = [verb if folder == "book" else f"[{verb}](../{pages[folder]}.ipynb)" for folder, verb in verbs]
        times = (
            " · ".join(
                f"{text}{FIRM}{{minutes}}`{verb} {chapter.number}`"
                for text, (_, verb) in zip(texts, verbs, strict=True)
            )
            + f"{FIRM}minutes"
        )
    links = f" · {about['links']}" if "links" in about else ""
    return f"{chapter.number}. [{chapter.title}]({chapter.stem}.md)\n   {question}\n   {times}{links}"


def path(root=ROOT):
    """The front page's list, in Markdown."""
    return "\n".join(line(chapter) for chapter in chapters(root) if "question" in chapter.about)


def plan(root=ROOT):
    """The instructors' table, in Markdown."""
    rows, before, numbers = [], [], []
    for chapter in chapters(root):
        lecture = chapter.about.get("lecture")
        if not lecture:
            continue
        link = f"[chapter {chapter.number}]({chapter.stem}.md)"
        texts = {
            key: text.replace("{chapter}", link).replace("{number}", str(chapter.number))
            for key, text in lecture.items()
        }
        before, numbers = [*before, texts["before"]], [*numbers, str(chapter.number)]
        if "exercises" in chapter.verbs():
            rows.append(
                f"| {len(rows) + 1} | {'; '.join(before)} | {texts['class']} | {texts['after']} | "
                f"{{minutes}}`{' '.join(numbers)}` | {points(chapter.stem)} |"
            )
            before, numbers = [], []
    return "\n".join(
        [
            "| week | before the lecture | in class | afterwards | minutes in all | points |",
            "|:--|:--|:--|:--|--:|--:|",
            *rows,
        ]
    )


class FromHeads(SphinxDirective):
    """Markdown of `made`, in place of the directive."""

    made, classes = None, ()

    def run(self):
        for chapter in chapters(ROOT):
            self.env.note_dependency(str(chapter.first))
        self.env.note_dependency(str(ROOT / "_toc.yml"))
        try:
            text = self.made(ROOT)
        except (ValueError, KeyError) as problem:
            log.warning("%s", problem, location=self.get_location())
            return []
        holder = nodes.container(classes=list(self.classes))
        self.state.nested_parse(
            StringList(text.split("\n"), source=self.env.doc2path(self.env.docname)), self.content_offset, holder
        )
        return [holder] if self.classes else holder.children


class Path(FromHeads):
    made, classes = staticmethod(path), ("pg-path",)


class Plan(FromHeads):
    made = staticmethod(plan)


def setup(app):
    app.add_directive("path", Path)
    app.add_directive("plan", Plan)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
