"""The pages' still pictures are what their code draws."""

import re
import subprocess
import sys

from tools.paths import ROOT

STORED = ROOT / "book" / "_static" / "figures"


def test_redrawing_the_figures_changes_nothing(tmp_path):
    subprocess.run([sys.executable, "-m", "tools.make.figures", "--to", tmp_path], cwd=ROOT, check=True)
    drawn = {path.name: path.read_bytes() for path in tmp_path.glob("*.svg")}
    assert drawn and drawn == {path.name: path.read_bytes() for path in STORED.glob("*.svg")}


def test_every_picture_is_used_and_says_what_it_shows():
    pages = "\n".join(path.read_text() for path in (ROOT / "book").glob("*.md"))
    for path in STORED.glob("*.svg"):
        after = re.split(r"\{(?:drawing|steps)\} " + path.stem.removesuffix("-narrow") + "\n", pages)
        assert len(after) > 1, f"{path.stem} is on no page"
        assert all(text.startswith(":alt: ") for text in after[1:])
