"""No file imports what it does not use: a reader would look for the use in vain."""

import ast
import re

from tools.paths import ROOT

FOLDERS = ["policy_gradient", "learning_to_act", "tools", "tests", "studies", "benchmarks"]


def unused(text):
    """Names that a module imports and never uses; a line with `noqa` and a name in __all__ are left out."""
    nodes, lines = [*ast.walk(ast.parse(text))], text.splitlines()
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imports = [
        node
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__"
    ]  # that one changes how the file is read
    names = {(alias.asname or alias.name).split(".")[0]: node.lineno for node in imports for alias in node.names}
    return sorted(name for name, line in names.items() if name not in used and "noqa" not in lines[line - 1])


def test_nothing_is_imported_in_vain():
    found = {}
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if path.name != "__init__.py" and (names := unused(path.read_text("utf-8"))):
                found[str(path.relative_to(ROOT))] = names
    assert not found, found


def test_an_import_in_vain_is_seen():
    assert unused("import os, sys\nfrom a.b import c as d, e\nimport x.y  # noqa: F401\nprint(sys.path, e)") == [
        "d",
        "os",
    ]


def test_no_file_makes_a_path_to_find_another():
    """Each is run as a module of the repository, `python -m`, and finds the others by their whole names. What the
    exceptions find is the reader's own module, and a package in a folder that was given."""
    folders = [folder for folder in FOLDERS if folder != "tests"]
    files = {path: path.read_text("utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")}
    found = {str(path.relative_to(ROOT)) for path, text in files.items() if re.search(r"sys\.path\b|\bE402\b", text)}
    assert len(files) > 200 and found == {"policy_gradient/audit/__main__.py", "tools/keep/vendor.py"}
