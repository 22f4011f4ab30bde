"""What a notebook's page shows otherwise than its file: words that suit a page, and no marks that are for tools.

- Exercises: "Run `hint(softmax)` in a cell of its own" is for a notebook; the page has a button under the check.
- Solutions: the answer stands above, so nobody is stuck; `# BEGIN SOLUTION` and `# END SOLUTION` are for make_exercises.py.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

STUCK = re.compile(r"Stuck\? Run hint\(\w+\) in a cell of its own\.")
MARKS = re.compile(r"^[ \t]*# (?:BEGIN|END) SOLUTION\b[^\n]*\n?", re.M)


class NotebookPages(SphinxPostTransform):
    default_priority = 390
    formats = ("html",)

    def run(self, **kwargs):
        folder = self.env.docname.partition("/")[0]
        stuck = [p for p in self.document.findall(nodes.paragraph) if STUCK.match(p.astext())]
        if folder == "exercises":
            for paragraph in stuck:
                more = (
                    "Each press says a little more, and none says it all."
                    if "little more" in paragraph.astext()
                    else ""
                )
                here = nodes.paragraph(
                    "",
                    "",
                    nodes.Text("Stuck? Press "),
                    nodes.emphasis("", "Hint"),
                    nodes.Text(f" above. {more}".rstrip()),
                    classes=["pg-py-stuck"],
                )
                paragraph["classes"].append("pg-py-unscripted")  # what a page without scripts shows
                paragraph.parent.insert(paragraph.parent.index(paragraph), here)
        if folder == "solutions":
            for paragraph in stuck:
                paragraph.parent.remove(paragraph)
            for code in self.document.findall(nodes.literal_block):
                text = MARKS.sub("", code.astext()).rstrip("\n")
                if text != code.astext():
                    code.rawsource, code.children = text, []
                    code += nodes.Text(text)


def setup(app):
    app.add_post_transform(NotebookPages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
