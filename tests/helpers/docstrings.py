"""Docstrings as the source has them. What a class has at run time may be another's: @dataclass writes its signature
into one that has none, and `inspect.getdoc` goes on to the bases."""

import ast
import inspect
import textwrap
from pathlib import Path


def written(value):
    """The docstring that a function's or class's source has; "" if none."""
    [node] = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    return ast.get_docstring(node) or ""


def lacking(value):
    """The sentence about a function or class without one; "" if it has one of more than 20 letters."""
    if len(written(value)) > 20:
        return ""
    file = Path(inspect.getsourcefile(value))
    return f"{file.parent.name}/{file.name}: {value.__name__} has no docstring: say in it what it is, and its shapes."
