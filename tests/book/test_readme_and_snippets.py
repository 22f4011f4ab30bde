"""What a newcomer copies first must run as it stands: the README's commands, the chapters' snippets."""

import ast
import builtins
import re
import textwrap

import numpy as np
import pytest

from tools.paths import ROOT

CODE = re.compile(r"(?<=\n\n)(?: {4}\S[^\n]*\n(?:\n(?= {4}))?)+|(?<=```python\n)(?:(?!```)[^\n]*\n)+")
SNIPPETS = [
    (page.stem, textwrap.dedent(code))
    for page in sorted((ROOT / "book").glob("0*.md"))
    for code in CODE.findall(page.read_text("utf8"))
]
WHOLE = [
    (page, code) for page, code in SNIPPETS if re.search(r"^(import|from) ", code, re.M)
]  # the others are lines beside a formula


def test_there_are_snippets():
    assert {"00-before-you-start"} <= {page for page, _ in WHOLE} and len(SNIPPETS) > len(WHOLE) > 0


@pytest.mark.parametrize("page, code", WHOLE, ids=[f"{page}-{i}" for i, (page, _) in enumerate(WHOLE)])
def test_a_snippet_that_imports_brings_all_it_uses(page, code):
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    made = {
        node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    bound = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(ast.parse(code))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    defined = {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    arguments = {node.arg for node in ast.walk(ast.parse(code)) if isinstance(node, ast.arg)}
    assert names <= made | bound | defined | arguments | set(dir(builtins))


def test_the_snippet_of_two_doors_gives_its_numbers():
    code = next(code for page, code in WHOLE if page.startswith("00") and "exact_gradient" in code)
    space = {}
    exec(code.replace("pg.exact_gradient", "found = pg.exact_gradient"), space)
    assert np.allclose(space["found"], [-5 / 64, 1 / 64], rtol=0, atol=1e-12)


def test_the_readme_says_how_to_begin_and_what_it_costs():
    text = (ROOT / "README.md").read_text("utf8")
    begin = text[text.index("## Two commands") : text.index("## An example")]
    assert begin.index("git clone") < begin.index("make serve") < begin.index("900 MB")
    (tool,) = ROOT.glob("tools/**/installing.py")
    assert "about 900 MB" in tool.read_text("utf8") and "900 MB" in (ROOT / "book/ways-to-run.md").read_text("utf8")
