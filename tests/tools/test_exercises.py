"""Exercises are made from solutions, and never at the cost of a learner's work."""

import json
import re

import nbformat
import pytest

from tools.make import exercises as make_exercises
from tools.paths import ROOT

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
STEMS = [path.stem for path in SOLUTIONS]


def empty(stem):
    """A chapter's exercises that begin with an empty function; a hunt's is given whole, to be mended."""
    from learning_to_act.checks.registry import registry

    return [one for one in registry().values() if one.stem == stem and not getattr(one, "bug", "")]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one solution; `make(...)` runs the tool on it."""
    (tmp_path / "solutions").mkdir()
    monkeypatch.setattr(make_exercises, "ROOT", tmp_path)
    nb = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Solutions 9: nine", id="title"),
            nbformat.v4.new_code_cell(
                "def nine():\n    # BEGIN SOLUTION\n    return 9\n    # END SOLUTION",
                id="nine",
                execution_count=3,
                outputs=[nbformat.v4.new_output("stream", name="stdout", text="9\n")],
            ),
            nbformat.v4.new_markdown_cell("It is nine.", id="why", metadata={"tags": ["solution-only"]}),
        ],
        metadata={"widgets": {"x": 1}, "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
    )
    nbformat.write(nb, tmp_path / "solutions/09-nine.ipynb")
    return tmp_path


def answer(path, text="    return 3 * 3"):
    nb = nbformat.read(path, 4)
    nb.cells[1].source = "def nine():\n" + text
    nbformat.write(nb, path)
    return path.read_bytes()


def change_the_solution(project):
    path = project / "solutions/09-nine.ipynb"
    path.write_text(path.read_text().replace("nine()", "neuf()"))


def test_what_is_left_out_and_what_is_kept(project, capsys):
    assert make_exercises.main([]) == 0
    assert capsys.readouterr().out == "09-nine.ipynb: written\n"
    nb = nbformat.read(project / "exercises/09-nine.ipynb", 4)
    assert [cell.source for cell in nb.cells] == [
        "# Exercises 9: nine",
        'def nine():\n    raise NotImplementedError("your code goes here")',
    ]
    assert nb.cells[1].outputs == [] and nb.cells[1].execution_count is None
    assert set(nb.metadata) == {"kernelspec", "policy_gradient"} and [cell.id for cell in nb.cells] == ["title", "nine"]
    assert re.fullmatch("[0-9a-f]{64}", nb.metadata.policy_gradient.generated)


def test_an_untouched_file_follows_its_solution(project, capsys):
    make_exercises.main([])
    assert make_exercises.main([]) == 0
    change_the_solution(project)
    assert make_exercises.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"09-nine.ipynb: {word}" for word in ("written", "up to date", "written")
    ]
    assert "neuf" in (project / "exercises/09-nine.ipynb").read_text()


def test_running_cells_is_not_work_that_has_to_be_kept(project):
    make_exercises.main([])
    path = project / "exercises/09-nine.ipynb"
    nb = nbformat.read(path, 4)
    nb.cells[1].execution_count = 1
    nb.metadata.kernelspec.display_name = "Python 3"
    nbformat.write(nb, path)
    assert make_exercises.main([]) == 0 and make_exercises.digest(nb) == nb.metadata.policy_gradient.generated


def test_refuses_to_overwrite_work(project, capsys):
    make_exercises.main([])
    path = project / "exercises/09-nine.ipynb"
    mine = answer(path)
    change_the_solution(project)
    capsys.readouterr()
    assert make_exercises.main([]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "somebody's work" in err and "--force" in err
    assert path.read_bytes() == mine and len(list(path.parent.iterdir())) == 1


def test_force_keeps_a_copy_and_never_overwrites_one(project, capsys):
    make_exercises.main([])
    path = project / "exercises/09-nine.ipynb"
    first = answer(path)
    assert make_exercises.main(["--force"]) == 0
    second = answer(path, "    return 4 + 5")
    assert make_exercises.main(["--force"]) == 0
    assert (path.parent / "09-nine.backup-1.ipynb").read_bytes() == first
    assert (path.parent / "09-nine.backup-2.ipynb").read_bytes() == second
    assert "is now 09-nine.backup-2.ipynb" in capsys.readouterr().out
    assert "NotImplementedError" in path.read_text()
    make_exercises.main(["--force"])  # nothing to keep: no third copy
    assert len(list(path.parent.iterdir())) == 3


def test_a_broken_file_is_somebodys_work_too(project):
    (project / "exercises").mkdir()
    (project / "exercises/09-nine.ipynb").write_text("notes")
    assert make_exercises.main([]) == 1
    (project / "exercises/09-nine.ipynb").write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {}})
    )
    assert make_exercises.main([]) == 1


def test_a_marker_without_its_partner_is_refused(project):
    path = project / "solutions/09-nine.ipynb"
    path.write_text(path.read_text().replace("# END SOLUTION", "# END"))
    with pytest.raises(SystemExit, match="cell nine has a solution marker without its partner"):
        make_exercises.main([])
    assert not list(project.glob("exercises/*"))


def test_the_committed_exercises_are_those_of_the_solutions(tmp_path, capsys):
    assert make_exercises.main(["--to", str(tmp_path)]) == 0
    assert [path.stem for path in sorted(tmp_path.glob("*.ipynb"))] == STEMS
    for stem in STEMS:
        assert (tmp_path / f"{stem}.ipynb").read_bytes() == (ROOT / f"exercises/{stem}.ipynb").read_bytes(), (
            f"{stem}: run make_exercises.py"
        )


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_no_exercise_holds_its_solution(path):
    exercise = (ROOT / "exercises" / path.name).read_text()
    assert "SOLUTION" not in exercise and "Why this is right" not in exercise
    solution = nbformat.read(path, 4)
    names = [re.search(r"def (\w+)", cell.source)[1] for cell in solution.cells if "# BEGIN SOLUTION" in cell.source]
    assert exercise.count('raise NotImplementedError(\\"your code') == len(names) == len(empty(path.stem)) > 0
    for name in names:
        assert f"check({name})" in exercise and f"hint({name})" in exercise


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_the_expected_output_is_shown_before_the_solution(path):
    before, examples = "", 0
    for cell in nbformat.read(path, 4).cells:
        if "example" in cell.metadata.get("tags", []):
            examples += 1
            shown = "".join(output.text for output in cell.outputs).strip().splitlines()
            assert shown and all(f"    {line}" in before for line in shown), f"{cell.id} shows something else: {shown}"
        elif cell.cell_type == "markdown":
            before = cell.source
    assert examples >= len(empty(path.stem))


@pytest.mark.parametrize("path", SOLUTIONS, ids=STEMS)
def test_headings_give_difficulty_importance_and_minutes(path):
    from learning_to_act.checks.engine import registry

    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    for one in registry().values():
        if one.stem == path.stem:
            assert (
                f"*Difficulty {one.difficulty} of 5, importance {one.importance} of 5, about {one.minutes} minutes.*"
                in text
            )
            assert f"def {one.name}(" in text
