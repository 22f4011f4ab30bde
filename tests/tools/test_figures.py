"""The pages' still pictures are what their code draws."""

import re
import subprocess
import sys

import pytest

from tools.make import figures
from tools.paths import ROOT

STORED = ROOT / "book" / "_static" / "figures"


def test_redrawing_the_figures_changes_nothing(tmp_path):
    subprocess.run([sys.executable, "-m", "tools.make.figures", "--to", tmp_path], cwd=ROOT, check=True)
    drawn = {path.name: path.read_bytes() for path in tmp_path.glob("*.svg")}
    assert drawn and drawn == {path.name: path.read_bytes() for path in STORED.glob("*.svg")}


def test_a_figure_that_nothing_draws_is_told_and_those_that_there_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["figures", "--to", str(tmp_path / "new"), "nothing"])
    with pytest.raises(SystemExit) as end:
        figures.main()
    told = capsys.readouterr().err
    assert end.value.code == 2 and not (tmp_path / "new").exists()
    assert "no figure nothing; there are " in told and STORED.joinpath(f"{told.split()[-1]}.svg").exists()


def test_every_picture_is_used_and_says_what_it_shows():
    pages = "\n".join(path.read_text() for path in (ROOT / "book").glob("*.md"))
    for path in STORED.glob("*.svg"):
        after = re.split(r"\{(?:drawing|steps)\} " + path.stem.removesuffix("-narrow") + "\n", pages)
        assert len(after) > 1, f"{path.stem} is on no page"
        assert all(text.startswith(":alt: ") for text in after[1:])
