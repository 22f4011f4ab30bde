"""The learner's functions, as they stand in the notebooks of exercises/ and solutions/."""

import ast
import functools
import re

import nbformat

from tools.paths import ROOT

REGION = re.compile(r"# BEGIN SOLUTION\n(.*?)# END SOLUTION", re.S)


@functools.cache
def code_cells(folder, chapter):
    notebook = nbformat.read(ROOT / folder / f"{chapter}.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def functions(folder, exercise):
    """{name: function} from the cells of a notebook that import something or hold an answer."""
    space = {}
    for source in code_cells(folder, exercise.stem):
        if re.search(r"^import |^from |# BEGIN SOLUTION|raise NotImplementedError", source, re.M):
            exec(compile(source, f"{folder}/{exercise.stem}", "exec"), space)
    return space


def solution_expressions(exercise):
    """Every expression that a solution assigns or returns, as text without spaces."""
    source = next(one for one in code_cells("solutions", exercise.stem) if f"def {exercise.name}(" in one)
    assert REGION.search(source), f"{exercise.name} has no solution markers"
    values = [
        node.value for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Assign, ast.Return)) and node.value
    ]
    return [text for text in (ast.unparse(value).replace(" ", "") for value in values) if len(text) > 7]


def nameless(code):
    """Code without spaces, in which every variable is called alike: the same answer under other names is the same."""
    return re.sub(r"(?<![\w.])[A-Za-z_]\w*(?![\w.(])", "_", code.replace(" ", "")).replace("0.0", "0")
