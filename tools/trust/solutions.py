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


def solution_source(one):
    """The solution's function alone, without comments."""
    source = [source for source in _cells(one.stem) if f"def {one.name}(" in source][-1]  # of a hunt the mended one
    return ast.unparse(
        next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == one.name)
    )


def build(one, source):
    """The function of a mutant. It sees the other solutions unharmed."""
    space = dict(chapter_space(one.stem))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, f"<mutant of {one.name}>", "exec"), space)
    return space[one.name]
