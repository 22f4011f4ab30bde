"""Where links into a page may point."""

import json
import re
from functools import cache

from docutils import nodes

from tools.paths import ROOT


@cache
def headings(page):
    """The ids that Sphinx gives to a page's headings."""
    folder = ROOT if page.startswith("notebooks/") else ROOT / "book"
    if (folder / f"{page}.md").exists():
        written = (folder / f"{page}.md").read_text("utf8")
        lines = re.sub(r"^(`{3,}|:{3,}).*?^\1\s*$", "", written, flags=re.DOTALL | re.MULTILINE)
    else:
        cells = json.loads((folder / f"{page}.ipynb").read_text("utf8"))["cells"]
        lines = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return {nodes.make_id(title.replace("$", "")) for title in re.findall(r"^#+ (.+?)\s*$", lines, re.MULTILINE)}
