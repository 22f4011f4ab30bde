"""The runner: the same bytes each time, nothing stored that must not be, and only what changed is run."""

import functools
import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.make import notebooks as run
from tools.paths import ROOT

EXPLORE = """
from policy_gradient.explore import explore
def draw(ax, p):
    ax.plot([0, 1], [0, p])
    ax.set_title(f"height {p}")
explore(draw, p=[1, 2, 3])
"""
INTERACT = """
import matplotlib.pyplot as plt
from ipywidgets import interact
@interact(n=(1, 5))
def show(n=3):
    plt.plot(range(n))
    plt.show()
    print("n is", n)
"""


def write(path, *cells, **metadata):
    sources = [c if isinstance(c, tuple) else (c, []) for c in cells]
    code = [
        new_code_cell(source.strip(), id=f"cell-{i}", metadata={"tags": tags} if tags else {})
        for i, (source, tags) in enumerate(sources)
    ]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A lab", id="title"), *code], metadata=metadata), path)
    return path


package_hash = functools.cache(run.package_hash)  # nobody changes the package meanwhile, and it reads all of it


@pytest.fixture
def stamps(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "STAMPS", tmp_path / "stamps" / "notebooks.json")
    monkeypatch.setattr(run, "package_hash", package_hash)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """An executed notebook with our widget, a plain one, an announced error and an announced warning."""
    path = write(
        tmp_path_factory.mktemp("lab") / "01-lab.ipynb",
        "object()",
        EXPLORE,
        INTERACT,
        ("1 / 0", ["raises-exception"]),
        ("import warnings; warnings.warn('careful')", ["shows-warning"]),
        vscode={"x": 1},
        myst={"html_meta": {"description": "A lab"}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "agg")  # somebody's own choice, which shows no pictures
        run.store(run.execute(path), path)
    return path


def outputs(nb, cell):
    return next(c for c in nb.cells if c.id == f"cell-{cell}").outputs


def test_two_runs_give_the_same_bytes(lab, tmp_path):
    again = tmp_path / lab.name
    shutil.copy(lab, again)
    assert not run.store(run.execute(again), again)
    assert again.read_bytes() == lab.read_bytes()


def test_a_measured_time_alone_is_no_reason_to_store_anew(tmp_path):
    timed = "import time\nprint(f'{time.perf_counter_ns() / 1e3:.3f} CPU seconds, 7 steps')"
    path = write(tmp_path / "01-lab.ipynb", timed)
    assert run.store(run.execute(path), path)
    stored = path.read_bytes()
    assert not run.store(run.execute(path), path) and path.read_bytes() == stored
    path.write_text(path.read_text().replace("7 steps", "8 steps"))
    assert run.store(run.execute(path), path) and b"CPU seconds, 8 steps\\n" in path.read_bytes()


def test_our_widget_is_stored_under_a_name_that_does_not_change(lab):
    nb = nbformat.read(lab, as_version=4)
    (view,) = [o.data[run.VIEW] for o in outputs(nb, 1)]
    state = nb.metadata.widgets[run.STATE].state
    assert view.model_id == "01-lab-000" and set(state) == {"01-lab-000", "01-lab-001"}  # itself and its layout
    assert state["01-lab-000"].state.alts == ["p = 1. height 1", "p = 2. height 2", "p = 3. height 3"]
    assert state["01-lab-000"].state.layout == "IPY_MODEL_01-lab-001"


def test_a_plain_widget_becomes_its_picture_and_a_line(lab):
    nb = nbformat.read(lab, as_version=4)
    picture, text, line = outputs(nb, 2)
    assert "image/png" in picture.data and text.text == "n is 3\n"
    assert line.data["text/markdown"] == "*Run this notebook to move the sliders.*"
    assert not any(run.VIEW in o.get("data", {}) for o in outputs(nb, 2))
    assert next(c for c in nb.cells if c.id == "cell-2").metadata.tags == ["nbval-ignore-output"]


def test_announced_errors_and_warnings_are_stored_without_this_machine(lab):
    nb = nbformat.read(lab, as_version=4)
    assert outputs(nb, 0)[0].data["text/plain"] == "<object at 0x...>"
    assert outputs(nb, 3)[0].ename == "ZeroDivisionError"
    assert outputs(nb, 4)[0].text.startswith("this-cell.py:1: UserWarning: careful")
    assert "ipykernel_" not in lab.read_text() and str(ROOT) not in lab.read_text()


def test_only_metadata_that_somebody_reads(lab):
    nb = nbformat.read(lab, as_version=4)
    assert set(nb.metadata) == {"kernelspec", "language_info", "myst", "policy_gradient", "widgets"}
    assert nb.metadata.kernelspec.display_name == "Python 3 (ipykernel)" and "version" not in nb.metadata.language_info
    assert nb.metadata.myst.html_meta.description == "A lab"


@pytest.mark.parametrize(
    "cells, said",
    [
        (["1 / 0"], "ZeroDivisionError"),
        (["import warnings; warnings.warn('careful')"], "cell cell-0 warns.*careful"),
        ([INTERACT.replace("plt.plot(range(n))", "1 / 0")], "its widget shows ZeroDivisionError"),
        (
            ["from policy_gradient.explore import explore\nexplore(lambda ax, p: 1 / (p - 3), p=[1, 2, 3])"],
            "ZeroDivisionError",
        ),
    ],
)
def test_nothing_is_stored_of_a_notebook_that_fails(tmp_path, stamps, capsys, cells, said):
    path = write(tmp_path / "bad.ipynb", *cells)
    before = path.read_bytes()
    assert run.main([str(path)]) == 1
    assert path.read_bytes() == before
    import re

    error = capsys.readouterr().err
    assert "bad.ipynb: nothing stored" in error and re.search(said, error, re.S)


def test_a_changed_line_changes_the_stored_file_and_nothing_else_is_run(tmp_path, stamps, capsys):
    path = write(tmp_path / "small.ipynb", "print(6 * 7)")
    assert run.main([str(path)]) == 0 and '"42\\n"' in path.read_text()
    stored = path.read_bytes()
    assert run.main([str(path)]) == 0 and "up to date" in capsys.readouterr().out
    assert run.main(["--force", str(path)]) == 0 and "the same as stored" in capsys.readouterr().out
    assert path.read_bytes() == stored
    path.write_text(path.read_text().replace("6 * 7", "6 * 8"))
    assert run.main([str(path)]) == 0 and '"48\\n"' in path.read_text()


def test_a_change_of_the_package_runs_it_a_fresh_clone_does_not(tmp_path, stamps, capsys, monkeypatch):
    path = write(tmp_path / "small.ipynb", "print(6 * 7)")
    run.main([str(path)])
    run.STAMPS.unlink()  # what a fresh clone lacks
    capsys.readouterr()
    run.main([str(path)])
    assert "up to date" in capsys.readouterr().out
    monkeypatch.setattr(run, "package_hash", lambda: "another")
    run.main([str(path)])
    assert "the same as stored" in capsys.readouterr().out
    run.main([str(path)])
    assert "up to date" in capsys.readouterr().out


def test_an_edited_text_does_not_hide_that_the_package_changed(tmp_path, stamps, capsys, monkeypatch):
    path = write(tmp_path / "small.ipynb", "print(6 * 7)")
    run.main([str(path)])
    monkeypatch.setattr(run, "package_hash", lambda: "another")
    path.write_text(path.read_text().replace("# A lab", "# Another lab"))
    capsys.readouterr()
    run.main([str(path)])
    assert "the same as stored" in capsys.readouterr().out
    monkeypatch.setattr(run, "package_hash", lambda: "a third")  # it comes by git, with the outputs of another run
    path.write_text(path.read_text().replace('"42\\n"', '"42 \\n"'))
    run.main([str(path)])
    assert "up to date" in capsys.readouterr().out


def test_comments_do_not_count_as_changes_of_the_package(tmp_path, monkeypatch):
    for part in ("policy_gradient/a.py", "policy_gradient/runs.csv", "constraints.txt"):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text("x = 1\n")
    monkeypatch.setattr(run, "ROOT", tmp_path)
    first = run.package_hash()
    (tmp_path / "policy_gradient/a.py").write_text("x = 1      # why\n")
    assert run.package_hash() == first
    for part in ("policy_gradient/a.py", "policy_gradient/runs.csv", "constraints.txt"):
        before = run.package_hash()
        (tmp_path / part).write_text("x = 2\n")
        assert run.package_hash() != before


def test_a_notebook_that_is_not_there_is_named(stamps, capsys):
    with pytest.raises(SystemExit):
        run.main(["nowhere.ipynb"])
    assert "there is no notebook nowhere.ipynb" in capsys.readouterr().err


def test_from_the_command_line(tmp_path):
    path = write(tmp_path / "small.ipynb", "print(6 * 7)")
    done = subprocess.run(
        [sys.executable, "-m", "tools.make.notebooks", "--force", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"CI": "true"},
    )
    assert done.returncode == 0 and "small.ipynb: run in" in done.stdout and not done.stderr
    stamps = json.loads(run.STAMPS.read_text())
    assert stamps.pop(path.as_posix(), None)
    run.STAMPS.write_text(json.dumps(stamps, indent=1, sort_keys=True))  # leave no trace of this test
