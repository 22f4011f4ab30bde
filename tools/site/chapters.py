"""Chapters that a text names must exist: "chapter 7" of a book that ends with 5 fails the build, as a broken link does.

    python -m tools.site.chapters        what names a chapter that is not there

Looked at with every build are all pages and notebooks, and what other files put on pages: the questions, the practice
data, the explorables, the checks. A chapter of another book is named in one sentence,
or one row of a table, with that book's author.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from sphinx.util import logging

from tools.paths import ROOT

TEXTS = [
    "README.md",
    "book/**/*.md",
    "book/**/*.yml",
    "notebooks/*.ipynb",
    "solutions/*.ipynb",
    "exercises/*.ipynb",
    *(f"{package}/**/*.{kind}" for package in ("policy_gradient", "learning_to_act") for kind in ("py", "js", "json")),
]
NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
ONE = rf"(?:\d+|{'|'.join(NUMBERS)})\b"
NAMED = re.compile(rf"\bchapters?[\s\"',\[]+({ONE}(?:(?:,|\band\b|\bor\b|\bto\b|[–-]|\s)+{ONE})*)", re.I)
END = re.compile(r"\.\s|\n\s*\n|\|\s*\n")  # of a sentence, a paragraph, a row
OTHERS = re.compile(r"Sutton|Barto|Bertsekas|Puterman|Bishop|Szepesv", re.I)
log = logging.getLogger(__name__)


def chapters(root):
    """The numbers of the chapters in _toc.yml: those of the files' names."""
    return {int(n) for n in re.findall(r"\bbook/(\d\d)-", (root / "_toc.yml").read_text("utf8"))}


def missing(text, known):
    """The references in a text to chapters that are not in `known`, in its words."""
    references = []
    for match in NAMED.finditer(text):
        start = max((end.end() for end in END.finditer(text, 0, match.start())), default=0)
        end = END.search(text, match.end())
        numbers = [
            int(word) if word.isdecimal() else NUMBERS.index(word.lower()) + 1
            for word in re.findall(ONE, match[1], re.I)
        ]
        if not set(numbers) <= known and not OTHERS.search(text[start : end.start() if end else len(text)]):
            references.append(" ".join(match[0].split()))
    return references


def words(path):
    """The text of a file; of a notebook that of its cells."""
    text = path.read_text("utf8")
    return (
        "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"]) if path.suffix == ".ipynb" else text
    )


def everywhere(root=ROOT):
    """[(file, words)] of all references to chapters that are not in the contents."""
    known = chapters(root)
    paths = dict.fromkeys(
        path for pattern in TEXTS for path in sorted(root.glob(pattern)) if ".ipynb_checkpoints" not in path.parts
    )
    return [
        (path.relative_to(root).as_posix(), reference) for path in paths for reference in missing(words(path), known)
    ]


def setup(app):
    def look(app):
        if (Path(app.srcdir) / "_toc.yml").exists():
            for path, reference in everywhere(Path(app.srcdir)):
                log.warning("%s says %r: _toc.yml has no such chapter", path, reference)

    app.connect("builder-inited", look)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    references = everywhere()
    print(*(f"{path}: {reference}" for path, reference in references), sep="\n")
    return bool(references)


if __name__ == "__main__":
    sys.exit(main())
