"""The solutions of the exercises, as functions and as source."""

import ast
import functools
import re
import warnings

import nbformat

from tools.paths import ROOT


@functools.cache
def chapter_space(stem):
    """The names that a solutions notebook defines, as a learner has them."""
    space = {}
    for source in _cells(stem):
        if re.search(r"^import |^from |# BEGIN SOLUTION", source, re.M):
            exec(compile(source, stem, "exec"), space)
    return space


@functools.cache
def _cells(stem):
    notebook = nbformat.read(ROOT / "solutions" / f"{stem}.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def solution_source(exercise):
    """The solution's function alone, without comments."""
    # of a hunt the mended one
    source = [source for source in _cells(exercise.stem) if f"def {exercise.name}(" in source][-1]
    return ast.unparse(
        next(
            node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == exercise.name
        )
    )


def build(exercise, source):
    """The function of a mutant. It sees the other solutions unharmed."""
    space = dict(chapter_space(exercise.stem))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, f"<mutant of {exercise.name}>", "exec"), space)
    return space[exercise.name]
