"""`make lab` copies into my/ and never overwrites what a reader wrote."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.paths import ROOT
from tools.run import lab


def put(path, source, *outputs):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(source, id="c", outputs=list(outputs))]), path)


def source(path):
    return nbformat.read(path, as_version=4).cells[0].source


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))  # its own list of trusted notebooks
    root = tmp_path / "book"
    for folder in lab.NOTEBOOKS:
        put(root / folder / "01-first.ipynb", "x = 1")
    put(root / "notebooks/02-second.ipynb", "y = 1")
    return root


def copy(root):
    said = []
    return lab.copy(root, said.append), said


def test_copies_all_and_opens_the_first(book):
    first, said = copy(book)
    assert first == book / "my/notebooks/01-first.ipynb" and not said
    assert {p.relative_to(book / "my").as_posix() for p in (book / "my").rglob("*.ipynb")} == {
        "notebooks/01-first.ipynb",
        "notebooks/02-second.ipynb",
        "exercises/01-first.ipynb",
        "solutions/01-first.ipynb",
    }


def test_copies_are_trusted(book):
    copy(book)
    assert NotebookNotary().check_signature(nbformat.read(book / "my/notebooks/01-first.ipynb", as_version=4))


def test_a_second_time_nothing_changes(book):
    copy(book)
    put(book / "my/exercises/01-first.ipynb", "x = 2")
    assert copy(book)[1] == [] and source(book / "my/exercises/01-first.ipynb") == "x = 2"


def test_an_unedited_copy_is_brought_up_to_date_even_if_it_was_run(book):
    copy(book)
    put(book / "my/exercises/01-first.ipynb", "x = 1", new_output("stream", text="ran"))
    put(book / "exercises/01-first.ipynb", "x = 10")
    assert copy(book)[1] == ["my/exercises/01-first.ipynb: brought up to date"]
    assert source(book / "my/exercises/01-first.ipynb") == "x = 10"


def test_an_edited_copy_stays_and_the_new_version_stands_beside_it(book):
    copy(book)
    mine, beside = book / "my/exercises/01-first.ipynb", book / "my/exercises/01-first.new.ipynb"
    put(mine, "x = 2")
    put(book / "exercises/01-first.ipynb", "x = 10")
    assert copy(book)[1] == [
        "my/exercises/01-first.ipynb: the book has a newer version; you have edited yours, so it is beside it "
        "as 01-first.new.ipynb"
    ]
    assert (source(mine), source(beside)) == ("x = 2", "x = 10")
    assert copy(book)[1] == []  # said once

    put(beside, "x = 11")  # the reader went on in that one
    put(book / "exercises/01-first.ipynb", "x = 100")
    copy(book)
    assert [source(mine), source(beside), source(beside.with_name("01-first.new-2.ipynb"))] == [
        "x = 2",
        "x = 11",
        "x = 100",
    ]


def test_a_copy_whose_origin_is_not_known_counts_as_edited(book):
    put(book / "my/notebooks/01-first.ipynb", "mine = 1")
    copy(book)
    assert source(book / "my/notebooks/01-first.ipynb") == "mine = 1"
    assert source(book / "my/notebooks/01-first.new.ipynb") == "x = 1"


def test_a_broken_copy_is_left_alone(book):
    copy(book)
    (book / "my/notebooks/01-first.ipynb").write_text("not a notebook")
    put(book / "notebooks/01-first.ipynb", "x = 10")
    copy(book)
    assert (book / "my/notebooks/01-first.ipynb").read_text() == "not a notebook"


def test_a_deleted_copy_comes_back(book):
    copy(book)
    (book / "my/notebooks/01-first.ipynb").unlink()
    copy(book)
    assert source(book / "my/notebooks/01-first.ipynb") == "x = 1"


def test_git_ignores_the_copies():
    assert "my/" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_command_names_the_first_notebook(book, monkeypatch):
    started = []
    monkeypatch.setattr(lab, "ROOT", book)
    monkeypatch.setattr(lab, "quiet", lambda: None)
    monkeypatch.setattr(lab, "copy", lambda: book / "my/notebooks/01-first.ipynb")
    monkeypatch.setattr(lab.os, "execv", lambda program, command: started.append(command))
    if lab.os.name == "posix":
        lab.main(["--no-browser"])
        assert (
            "--LabApp.default_url=/lab/tree/notebooks/01-first.ipynb" in started[0] and started[0][-1] == "--no-browser"
        )
        assert f"--ServerApp.root_dir={book / 'my'}" in started[0]


def test_from_the_command_line(book):
    """The whole tool on a copy of itself: its root is the folder above it."""
    (book / "tools/run").mkdir(parents=True)
    for file in ("__init__.py", "paths.py", "run/__init__.py", "run/lab.py"):
        (book / "tools" / file).write_text((ROOT / "tools" / file).read_text())
    subprocess.run(
        [sys.executable, "-m", "tools.run.lab", "--copy-only"], cwd=book, check=True, stdin=subprocess.DEVNULL
    )
    assert set(json.loads((book / "my/.copied.json").read_text())) >= {
        "notebooks/01-first.ipynb",
        "exercises/01-first.ipynb",
    }


def test_results_that_the_labs_plot_come_with_them(book):
    (book / "studies").mkdir()
    (book / "studies/seeds.json").write_text("[1]")
    copy(book)
    assert (book / "my/notebooks/../studies/seeds.json").read_text() == "[1]"
    (book / "studies/seeds.json").write_text("[2]")
    copy(book)
    assert (book / "my/studies/seeds.json").read_text() == "[2]"
