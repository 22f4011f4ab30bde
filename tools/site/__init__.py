"""The book's Sphinx extension: one name in _config.yml, which sets up its parts."""

PARTS = [
    "chapters",  # "chapter 7" must exist
    "mathematics",
    "citations",
    "measured",  # the numbers of book/speed.md, from benchmarks/results
    "trial",  # the tables of book/on-trial.md, from studies/libraries/results
    "values",  # the numbers of the chapters, from book/values
    "directives",
    "drawing",
    "setting",  # words of the text that set a figure
    "interview",
    "minutes",  # how long a page takes, wherever one says so
    "path",  # the front page's and the instructors', from the chapters' heads
    "practice",
    "progress",
    "search",  # its index, by section
    "reference",  # sphinx.ext.autodoc, for one page
    "theme",
    "layout",  # sets up notebook_pages and launch too
    "python_in_page",
]


def by_one_or_several(app, env, pages):
    """Sphinx warns of an extension that does not say whether pages may be read by several processes, and a warning
    stops the build. With such a one, one process builds. Jupyter Book loads one that does nothing here."""
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True
    if any(extension.parallel_read_safe is None for extension in app.extensions.values()):
        app.parallel = 1


def setup(app):
    app.connect("env-before-read-docs", by_one_or_several)
    for part in PARTS:
        app.setup_extension(f"{__name__}.{part}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
