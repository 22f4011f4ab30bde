"""The chapters of the book as data: _toc.yml says which there are and in what order,
the head of each one's first page says the rest.

A chapter is `book/NN-slug` with what stands below it in _toc.yml. The number is for readers and for the order of files;
code and tests know the slug. Under `chapter:` the head of the first page says

    question      what the front page asks for it, in Markdown
    explorables   the classes of its figures, on all its pages
    terms         those of the glossary that it explains
    further       its other pages, as the front page introduces them
    links         what else the front page offers at the end of its line
    lecture       the instructors' week: `before`, `class`, `after`; `{chapter}` is a link to it, `{number}` its number
    without       what it has not, and why: {part: reason}, a part of `tools.check.contract`
"""

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import yaml

from tools.paths import ROOT, VERBS
from tools.written import content

HEAD = re.compile(r"\A---\n(.*?\n)---\n", re.S)
STEM = re.compile(r"(\d\d)-([a-z0-9]+(?:-[a-z0-9]+)*)")
KNOWN = {"question", "explorables", "terms", "further", "links", "lecture", "without"}


@dataclass(frozen=True)
class Chapter:
    """One chapter: `stem` is its files' name, `pages` are all its pages of _toc.yml in order, the first one first."""

    stem: str
    pages: tuple
    root: Path = field(repr=False, default=ROOT)

    @property
    def number(self):
        return int(self.stem[:2])

    @property
    def slug(self):
        return self.stem[3:]

    @property
    def module(self):
        """What its Python files are called."""
        return self.slug.replace("-", "_")

    @property
    def first(self):
        return self.root / f"book/{self.stem}.md"

    @cached_property
    def about(self):
        """What the head of the first page says under `chapter:`; {} if nothing."""
        head = HEAD.match(self.first.read_text("utf8"))
        about = (yaml.safe_load(head[1]) or {}).get("chapter") or {} if head else {}
        if not isinstance(about, dict) or set(about) - KNOWN:
            raise ValueError(
                f"book/{self.stem}.md: `chapter:` in its head should have some of {', '.join(sorted(KNOWN))}, "
                f"found {', '.join(sorted(set(about) - KNOWN)) if isinstance(about, dict) else repr(about)}."
            )
        return about

    @cached_property
    def title(self):
        """The first page's own."""
        return re.search(r"^# (.+)$", self.first.read_text("utf8"), re.M)[1]

    def reading(self):
        """Its pages to read, those that begin with its number."""
        return [page for page in self.pages if re.match(rf"book/{self.stem[:3]}", page)]

    def verbs(self):
        """{folder: page} of the four folders, where _toc.yml has it."""
        return {folder: f"{folder}/{self.stem}" for folder in VERBS if f"{folder}/{self.stem}" in self.pages}


def entries(root=ROOT):
    """[(page, its sections)] of _toc.yml."""
    toc = content(root / "_toc.yml")
    return [
        (entry["file"], [section["file"] for section in entry.get("sections", ())])
        for part in toc.get("parts", [toc])
        for entry in part.get("chapters", ())
    ]


def chapters(root=ROOT):
    """The book's chapters, in its order."""
    pages = [(STEM.fullmatch(page.removeprefix("book/")), page, sections) for page, sections in entries(root)]
    return [Chapter(stem[0], (page, *sections), root) for stem, page, sections in pages if stem]


def absent(root=ROOT):
    """The pages that _toc.yml names and that are not there."""
    return [
        page
        for entry, sections in entries(root)
        for page in (entry, *sections)
        if not any((root / f"{page}{end}").exists() for end in (".md", ".ipynb"))
    ]


# --- the interview's questions, a file for each chapter


def question_files(root=ROOT):
    """The files of questions, book/interview/SLUG.yml, in the order of the chapters."""
    places = {chapter.slug: chapter.number for chapter in chapters(root)}
    files = [path for path in (root / "book/interview").glob("*.yml") if path.stem != "order"]
    for path in files:
        if path.stem not in places:
            near = path.stem.replace("_", "-")
            name = near if near in places else f"one of {', '.join(places)}"
            raise ValueError(f"book/interview/{path.name} is read by no chapter: call it by a chapter's slug, {name}.")
    return sorted(files, key=lambda path: places[path.stem])


def questions(root=ROOT):
    """Every question; those that book/interview/order.yml names come first, in its order."""
    files, order = question_files(root), root / "book/interview/order.yml"
    files += [order] if order.exists() else []
    return _questions(tuple((path, path.stat().st_mtime_ns) for path in files))


@cache
def _questions(files):
    read = {path: content(path) or [] for path, _ in files}
    order = {
        name: i for i, name in enumerate(next((names for path, names in read.items() if path.stem == "order"), ()))
    }
    collected = [q for path, several in read.items() if path.stem != "order" for q in several]
    return sorted(collected, key=lambda q: order.get(q["id"], len(order)))
