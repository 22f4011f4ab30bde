"""What a notebook's page shows otherwise than its file: words that suit a page, and no marks that are for tools.

- Exercises: "Run `hint(softmax)` in a cell of its own" is for a notebook; the page has a button under the check, and
  says so once. What comes before the first task is set-up, which runs by itself: it folds.
- Solutions: the answer stands above, so nobody is stuck; `# BEGIN SOLUTION` and `# END SOLUTION`
  are for make_exercises.py.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from tools.site.directives import Details, Summary

STUCK = re.compile(r"Stuck\? Run hint\(\w+\) in a cell of its own\.")
MARKS = re.compile(r"^[ \t]*# (?:BEGIN|END) SOLUTION\b[^\n]*\n?", re.M)


class NotebookPages(SphinxPostTransform):
    default_priority = 390
    formats = ("html",)

    def run(self, **kwargs):
        folder = self.env.docname.partition("/")[0]
        stuck = [p for p in self.document.findall(nodes.paragraph) if STUCK.match(p.astext())]
        if folder == "exercises":
            self.fold()
            for paragraph in stuck:
                paragraph["classes"].append("pg-py-unscripted")  # what a page without scripts shows
            for paragraph in stuck[:1]:
                more = (
                    "Each press says a little more, and none says it all."
                    if "little more" in paragraph.astext()
                    else ""
                )
                sentence = nodes.paragraph(
                    "",
                    "",
                    nodes.Text("Stuck? Press "),
                    nodes.emphasis("", "Hint"),
                    nodes.Text(f" above. {more}".rstrip()),
                    classes=["pg-py-stuck"],
                )
                paragraph.parent.insert(paragraph.parent.index(paragraph), sentence)
        if folder == "solutions":
            for paragraph in stuck:
                paragraph.parent.remove(paragraph)
            for code in self.document.findall(nodes.literal_block):
                text = MARKS.sub("", code.astext()).rstrip("\n")
                if text != code.astext():
                    code.rawsource, code.children = text, []
                    code += nodes.Text(text)

    def fold(self):
        """The cells before the first task into one box that folds."""
        page = next(self.document.findall(nodes.section))
        cells = [n for n in page.children if isinstance(n, nodes.container) and n.get("nb_element") == "cell_code"]
        if cells:
            at = page.index(cells[0])
            for cell in cells:
                page.remove(cell)
            page.insert(
                at,
                Details(
                    "",
                    Summary("", "Set-up: what the cells below import"),
                    *cells,
                    classes=["pg-fold", "pg-setup"],
                ),
            )


def setup(app):
    app.add_post_transform(NotebookPages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
