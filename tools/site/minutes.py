r"""How long a page takes, by one measure, said wherever the book promises a time.
`python -m tools.site.minutes` prints a table.

Words at 200 a minute, those of captions, boxes, folds and quizzes too; code in a page and inline formulas (a word each)
take no time of their own. Half a minute more for a displayed formula, one minute for a quiz, three for a figure or
widget that moves, a quarter for a cell of a notebook, which is run and looked at. To *do* a chapter takes what its
exercises say, "about 10 minutes" each; to *compare* is to read what only the solutions have. A page is rounded to five
minutes, and a sum is the sum of what is shown.

In a page the role {minutes} says the number: {minutes}`book/speed` of one page, {minutes}`read 3` of a chapter's pages
of one kind (read, run, do, compare), {minutes}`3` of all four, {minutes}`0 1` of both chapters, {minutes}`run *` from
the shortest to the longest. A chapter's number is that of its files; what belongs to it says _toc.yml. Every page of a
chapter but the exercises, which say it themselves, begins with its number.

Notebooks know no roles: `--write` puts the numbers into solutions/ ("Allow 65 minutes";
then `make exercises`) and the README.
"""

import argparse
import json
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from tools import contents, paths
from tools.paths import ROOT
from tools.site import measured
from tools.written import content

WORDS = 200  # a minute
SECONDS = {"formulas": 30, "quizzes": 60, "figures": 180, "cells": 15}
VERBS = {folder: verb.lower() for folder, verb in paths.VERBS.items()}
FENCE = re.compile(r"\s*(`{3,}|:{3,}|~{3,})[ \t]*(?:\{([\w:-]+)\})?[ \t]*(.*?)[ \t]*$")
CODE = {
    "code",
    "code-block",
    "code-cell",
    "raw",
    "math",
    "toctree",
    "bibliography",
    "autofunction",
    "automodule",
    "autoclass",
}  # no prose in these
SILENT = {
    "explorable",
    "drawing",
    "steps",
    "image",
    "figure",
    "container",
    "progress",
    "interview",
    "interview-level",
    "interview-index",
    "interview-cards",
    "interview-filter",
}  # their argument is a name, not words
MOVES = re.compile(r"\bexplore\(|\binteract\b(?! *$)|\bexplorables\.[A-Z]")
EXERCISE = re.compile(r"^\*Difficulty \d of 5, .*about (\d+) minutes\.\*$", re.M)
ALLOW = re.compile(r"Allow [\w ]*?(?:minutes|hours?)(?: and a half)?")
PATH = re.compile(r"(?<=The path takes about )\d+(?= hours)")
log = logging.getLogger(__name__)


# --- what is on a page


def prose(text):
    """(the lines of Markdown that are prose, Counter of quizzes, figures and formulas):
    directives give their content, code nothing."""
    lines, counts, open_ = [], Counter(), []  # open_: (fence, directive or "" for code)
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    above, options = "", False  # the last line seen; are we right below a directive?
    for line in text.split("\n"):
        fence = FENCE.match(line)
        inside = open_[-1] if open_ else None
        if (
            inside
            and fence
            and not fence[2]
            and not fence[3]
            and fence[1][0] == inside[0][0]
            and len(fence[1]) >= len(inside[0])
        ):
            open_.pop()
            above = ""
        elif inside and (not inside[1] or inside[1] in CODE):
            pass
        elif fence and (fence[2] or not fence[1].startswith(":")):
            name, argument = fence[2] or "", fence[3]
            open_.append((fence[1], name))
            counts["quizzes"] += name == "quiz"
            counts["figures"] += name == "explorable"
            counts["formulas"] += name == "math"
            if name.startswith("interview"):
                lines.append(asked(name, argument))
            elif name and name not in CODE | SILENT:
                lines.append(argument)
            above, options = "", True
            continue
        elif options and re.match(r"\s*:[\w-]+:", line):  # :class: trap
            continue
        elif (
            re.match(r" {4,}\S", line) and not above.strip()
        ):  # indented below an empty line: code, but in a list its text
            listed = next(
                (earlier for earlier in reversed(lines) if earlier.strip() and not earlier.startswith("  ")), ""
            )
            if re.match(r"\s*([-*+]|\d+\.) ", listed):
                lines.append(line)
                above = line
            continue  # `above` stays empty: the next indented line is code as well
        elif not re.match(r"\([\w-]+\)=$", line):
            lines.append(line)
            above = line
        options = False
    text = "\n".join(lines)
    text, blocks = re.subn(
        r"\$\$.*?\$\$(?:[ \t]*\([\w-]+\))?|\\begin\{(align|gather|equation|multline)\*?\}.*?\\end\{\1\*?\}",
        "\n",
        text,
        flags=re.S,
    )
    counts["formulas"] += blocks
    return text, counts


@cache
def interview():
    return contents.questions(ROOT)


def asked(directive, argument):
    """The text that an interview directive puts into a page."""
    questions = interview()
    chosen = [q for q in questions if argument in (q["id"], q["level"])]
    if directive == "interview-index":
        return "\n".join(q["question"] for q in chosen)
    if directive == "interview-cards":
        return "\n".join(f"{q['question']} {q['card']}" for q in questions if "card" in q)
    parts = [
        [
            q["question"] * (directive == "interview-level"),
            q["short"],
            q["long"],
            *q["wrong"].values(),
            *(text for follow in q["follow_ups"] for text in follow.values()),
        ]
        for q in chosen
    ]
    return "\n\n".join(text for part in parts for text in part)


def words(text):
    """How many words of prose; a formula in a line and a name in code count as one each."""
    text = re.sub(r"\{cite[\w:]*\}`[^`]*`|<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"\{[\w:-]+\}`([^`<]*)[^`]*`", r" \1 ", text)
    text = re.sub(
        r"(`+)[^\n]+?\1|(?<!\\)\$(?:[^$\n]|\n(?!\s*\n))+\$", " x ", text
    )  # before anything takes a < or a [ in them
    text = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)\s]*\)|</?[a-z][^<>\n]*>", r" \1 ", text)
    return len(re.findall(r"\w[\w'’.,-]*", text))


@cache
def tables():
    """{name: table} of what the build puts into pages from stored measurements."""
    return {name: value for name, value in measured.facts().items() if "\n" in str(value)}


def counted(text):
    """Counter of what a Markdown text asks of its reader."""
    text = re.sub(r"^\{\{ (\w+) \}\}$", lambda match: tables().get(match[1], match[0]), text, flags=re.M)
    text, counts = prose(text)
    counts["words"] = words(text)
    return counts


def cells(path):
    return [
        (cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", []))
        for cell in json.loads(path.read_text("utf8"))["cells"]
    ]


def page(doc, root=ROOT):
    """Counter of what the page `doc` (without its ending) asks of its reader;
    `minutes` are those that exercises ask for."""
    if (root / f"{doc}.md").exists():
        return counted((root / f"{doc}.md").read_text("utf8"))
    counts, verb = Counter(), VERBS.get(doc.split("/")[0])
    for kind, text, tags in cells(root / f"{doc}.ipynb"):
        if verb == "do":
            counts["minutes"] += sum(map(int, EXERCISE.findall(text)))
        elif verb == "compare" and "solution-only" not in tags and "# BEGIN SOLUTION" not in text:
            continue  # as in the exercises
        elif kind == "markdown":
            counts += counted(text)
        elif text.strip():
            counts["cells"] += 1
            counts["figures"] += len(
                MOVES.findall("\n".join(line for line in text.split("\n") if "import" not in line))
            )
    return counts


def exact(counts):
    return (
        counts["minutes"]
        + counts["words"] / WORDS
        + sum(counts[kind] * seconds for kind, seconds in SECONDS.items()) / 60
    )


def minutes(doc, root=ROOT):
    return max(5, 5 * round(exact(page(doc, root)) / 5))


# --- which pages


def pages(root=ROOT):
    """Every page of the contents, in order."""
    toc = content(root / "_toc.yml")
    for part in toc.get("parts", [toc]):
        for entry in part.get("chapters", ()):
            yield entry["file"]
            yield from (section["file"] for section in entry.get("sections", ()))


def chapter(doc):
    """3 of book/03-the-log-derivative-trick and of its lab; None of what belongs to no chapter."""
    match = re.match(rf"(?:{'|'.join(VERBS)})/(\d\d)-", doc)
    return int(match[1]) if match else None


def wanted(asked, root=ROOT):
    """The pages that a role's text means, grouped by chapter: [[page, ...], ...]. ValueError if there are none."""
    docs, groups = list(pages(root)), []
    verb, *numbers = (
        asked.split() if asked.split()[:1] and asked.split()[0] in VERBS.values() else [None, *asked.split()]
    )
    for number in numbers:
        if number == "*":
            every = sorted(
                {chapter(doc) for doc in docs if not doc.startswith("book/")} - {None}
            )  # chapter 0 has one page only
            groups += [
                [doc for doc in docs if chapter(doc) == n and verb in (None, VERBS[doc.split("/")[0]])] for n in every
            ]
        else:
            groups.append(
                [
                    doc
                    for doc in docs
                    if doc == number
                    or number.isdecimal()
                    and chapter(doc) == int(number)
                    and verb in (None, VERBS[doc.split("/")[0]])
                ]
            )
    if not groups or not all(groups):
        raise ValueError(f"minutes: {asked!r} names no page of _toc.yml (try `read 3`, `3`, `run *` or a page's name)")
    return groups


def said(asked, root=ROOT):
    """What a page says for `asked`: "40", or "20 to 30" of the shortest and the longest chapter."""
    sums = [sum(minutes(doc, root) for doc in group) for group in wanted(asked, root)]
    if "*" not in asked:
        return str(sum(sums))
    return f"{min(sums)} to {max(sums)}" if min(sums) < max(sums) else str(min(sums))


def hours(root=ROOT):
    """The whole path: all pages of all chapters."""
    return round(sum(minutes(doc, root) for doc in pages(root) if chapter(doc) is not None) / 60)


# --- on the pages


def files(docs, root):
    return [path for doc in docs for path in (root / f"{doc}.md", root / f"{doc}.ipynb") if path.exists()]


def setup(app):
    def role(name, rawtext, text, lineno, inliner, options=None, content=()):
        env, root = inliner.document.settings.env, Path(app.srcdir)
        try:
            docs = [doc for group in wanted(text, root) for doc in group]
            for path in [root / "_toc.yml", *files(docs, root)]:
                env.note_dependency(str(path))
            return [nodes.Text(said(text, root))], []
        except ValueError as problem:
            log.warning("%s", problem, location=env.docname)
            return [nodes.Text("?")], []

    def begin_with_it(app, doctree):
        doc, root = app.env.docname, Path(app.srcdir)
        verb = VERBS.get(doc.split("/")[0])
        title = doctree.next_node(nodes.title)
        if verb in (None, "do") or chapter(doc) is None or title is None or doc not in pages(root):
            return
        about = {"read": "to read", "run": "to run and read", "compare": "to read"}[verb]
        line = nodes.paragraph("", f"About {minutes(doc, root)} minutes {about}.", classes=["pg-minutes"])
        title.parent.insert(title.parent.index(title) + 1, line)

    app.add_role("minutes", role)
    app.connect("doctree-read", begin_with_it)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# --- on the command line


def write(root=ROOT):
    """The numbers where no role reaches: [files that changed]."""
    changed = []
    for path in [*sorted((root / "solutions").glob("*.ipynb")), root / "README.md"]:
        text = path.read_text("utf8")
        new = (
            PATH.sub(str(hours(root)), text)
            if path.suffix == ".md"
            else ALLOW.sub(f"Allow {minutes(f'exercises/{path.stem}', root)} minutes", text, count=1)
        )
        if new != text:
            path.write_text(new, "utf8")
            changed.append(path)
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0].replace("`", ""))
    parser.add_argument(
        "--write", action="store_true", help="put the numbers into solutions/ and README.md, then print nothing else"
    )
    if parser.parse_args().write:
        print(*(path.relative_to(ROOT) for path in write()), sep="\n")
        return
    print(
        f"{'page':44} {'words':>6} {'formulas':>8} {'quizzes':>7} {'figures':>7} {'cells':>5} {'exact':>6} {'said':>5}"
    )
    for doc in pages():
        counts = page(doc)
        print(
            f"{doc:44} {counts['words']:6,} {counts['formulas']:8} {counts['quizzes']:7} {counts['figures']:7} "
            f"{counts['cells']:5} {exact(counts):6.1f} {minutes(doc):5}"
        )
    for number in sorted({chapter(doc) for doc in pages()} - {None}):
        print(f"chapter {number}: {said(str(number))} minutes")
    print(f"the path: {hours()} hours")


if __name__ == "__main__":
    sys.exit(main())
