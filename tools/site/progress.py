"""What there is to pass, counted when the book is built: quizzes, challenges of figures, exercises, drills.

The site gets `_static/progress-totals.js`, which progress.js reads; `{progress}` marks the place of the overview. Names
are those that nobody changes lightly: an exercise's function, a quiz's `:name:`, a figure's class, a drill's id.
"""

import argparse
import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tools.paths import ROOT, VERBS
from tools.written import content

FILE = "progress-totals.js"
DIRECTIVE = re.compile(r"^\s*(?:`{3,}|:{3,})\{([\w-]+)\}[ \t]*(.*)\n(?:\s*:name:[ \t]*(\S+))?", re.M)
CHECK = re.compile(r"^check\(\s*(\w+)", re.M)


def written(root, directive, argument, name):
    """The names of what one directive of a page offers to pass."""
    if directive == "quiz":
        return [f"quiz:{name}"] if name else []
    if directive == "explorable":
        return [f"challenge:{argument.strip().rpartition('.')[2]}"]
    if directive in ("practice-order", "practice-rules"):
        return [f"drill:{directive.partition('-')[2]}-{argument.strip()}"]
    if directive == "practice-flaws":
        return [f"drill:flaw-{flaw['id']}" for flaw in content(root / "book/practice/flaws.yml")]
    return {
        "practice-cards": ["drill:flashcards"],
        "practice-mock": ["drill:mock"],
        "practice-watch": ["drill:coding"],
    }.get(directive, [])


def checked(path):
    """{index of the code cell: exercise} of a notebook's cells that check one."""
    cells = [c for c in json.loads(path.read_text("utf8"))["cells"] if c["cell_type"] == "code"]
    matches = {i: CHECK.search("".join(c["source"])) for i, c in enumerate(cells)}
    return {i: match[1] for i, match in matches.items() if match}


def names(root, doc):
    """What a page offers to pass, in the page's order, each once."""
    notebook, page = root / f"{doc}.ipynb", root / f"{doc}.md"
    if notebook.exists():
        offered = [f"exercise:{name}" for name in checked(notebook).values()] if doc.startswith("exercises/") else []
    else:
        offered = [n for match in DIRECTIVE.findall(page.read_text("utf8")) for n in written(root, *match)]
    return list(dict.fromkeys(offered))


def totals(root):
    """[{"title": chapter, "parts": [[label, page, names], ...]}, ...] of every chapter with something to pass."""
    chapters, toc = [], content(root / "_toc.yml")
    for entry in (e for part in toc.get("parts", [toc]) for e in part.get("chapters", [])):
        docs = [entry["file"], *(section["file"] for section in entry.get("sections", []))]
        parts = [[label(doc, docs[0]), doc, offered] for doc in docs if (offered := names(root, doc))]
        if parts:
            chapters.append({"title": entry.get("title", entry["file"]), "parts": parts})
    return chapters


def label(doc, head):
    if doc.startswith("book/practice/"):
        return "Practice"
    return "Read on" if doc != head and doc.startswith(head[:8]) else VERBS.get(doc.split("/")[0], "Read")


def script(root):
    return f"window.pgTotals = {json.dumps(totals(root), ensure_ascii=False, separators=(',', ':'))};\n"


class Overview(SphinxDirective):
    """An empty place: without scripts nothing was counted, so nothing is shown."""

    def run(self):
        return [nodes.raw("", '<div class="pg-progress-overview"></div>', format="html")]


def marked(body, exercises):
    """A page's text in which the cells that check an exercise say which."""
    cells = body.count('<div class="cell ')
    if exercises and max(exercises) >= cells:
        raise ValueError(f"The page should have more than {max(exercises)} cells, as its notebook, found {cells}.")
    count = iter(range(cells))

    def mark(match):
        name = exercises.get(next(count))
        return f'<div data-exercise="{name}" class="cell ' if name else match[0]

    return re.sub('<div class="cell ', mark, body)


def page(app, pagename, templatename, context, doctree):
    notebook = Path(app.srcdir, f"{pagename}.ipynb")
    if pagename.startswith("exercises/") and notebook.exists():
        context["body"] = marked(context.get("body") or "", checked(notebook))


def begin(app):
    """Before the pages, which carry the file's checksum in its address."""
    if app.builder.name == "html" and Path(app.srcdir, "_toc.yml").exists():
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / FILE).write_text(script(Path(app.srcdir)), "utf8")


def setup(app):
    app.add_directive("progress", Overview)
    app.add_css_file("progress.css")
    for name in (FILE, "progress.js"):
        app.add_js_file(name, priority=900, defer="defer")  # after host.js, whose figures it marks
    app.connect("builder-inited", begin)
    app.connect("html-page-context", page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    for chapter in totals(ROOT):
        print(chapter["title"], *(f"{part[0]} {len(part[2])}" for part in chapter["parts"]))
