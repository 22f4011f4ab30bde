"""A chapter's pages (one or two) and its lab, as they are stored: what the numbers of both are tested in."""

import nbformat

from tools.paths import ROOT
from tools.site import values


class PageAndLab:
    def __init__(self, name):
        pages = sorted((ROOT / "book").glob(f"{name[:3]}*.md"), key=lambda path: path.stem != name)
        self.page = values.fill("\n".join(path.read_text(encoding="utf-8") for path in pages), values.load())
        self.lab = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)

    @staticmethod
    def text(name):
        return values.fill((ROOT / f"book/{name}.md").read_text(encoding="utf-8"), values.load())

    def says(self, *texts):
        for text in texts:
            assert text in self.page, f"the page no longer says {text}"

    def printed(self, cell):
        """The text that this cell of the lab stored."""
        found = next(c for c in self.lab.cells if c.id == cell)
        return "".join(o.text for o in found.outputs if o.output_type == "stream")
