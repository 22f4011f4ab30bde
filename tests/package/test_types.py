"""What editors and type checkers are told: the same names as at run time, and a type for each public argument."""

import ast
import importlib
import inspect
from importlib.resources import files
from pathlib import Path

import pytest

import policy_gradient as pg

FOLDER = Path(pg.__file__).parent
LIBRARY = sorted({path.stem for path in FOLDER.glob("[!_]*.py")} | {"_validate"})


def public(tree, owner=""):
    """(name, node) of the functions and methods that a reader may call."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and (
            not node.name.startswith("_") or node.name in ("__init__", "__call__")
        ):
            yield owner + node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node, f"{node.name}.")


@pytest.mark.parametrize("module", LIBRARY)
def test_public_signatures_are_annotated(module):
    tree = ast.parse((FOLDER / f"{module}.py").read_text("utf-8"))
    bare = []
    for name, node in public(tree):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare += [f"{name}({a.arg})" for a in arguments if a.annotation is None and a.arg != "self"]
        bare += [f"{name} ->"] * (node.returns is None)
    assert not bare
    assert dict(public(tree)) or module == "__init__"


def test_editors_are_offered_what_there_is():
    tree = ast.parse((FOLDER / "__init__.pyi").read_text("utf-8"))
    offered = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name == alias.asname for alias in node.names)  # else it would not be public
            offered.setdefault(node.module, []).extend(alias.name for alias in node.names)
    assert {*offered.pop(None), *offered.pop("learning_to_act")} == {*pg._NAMES, *pg._MODULES}
    assert {home: sorted(names) for home, names in offered.items()} == {
        home: sorted(names) for home, names in pg._NAMES.items()
    }


def test_every_module_of_the_library_is_reached_from_its_name():
    """All but the one that PPO keeps to itself."""
    assert set(LIBRARY) - {"_validate", "onepass"} <= {*pg._NAMES, *pg._MODULES}
    assert "exact" in LIBRARY and pg.exact.moments and pg.networks.MLP and pg.audit.__file__


def test_the_package_says_that_it_is_typed():
    assert (files("policy_gradient") / "py.typed").is_file()
    text = (
        (FOLDER.parent / "pyproject.toml").read_text("utf-8") if (FOLDER.parent / "pyproject.toml").exists() else None
    )
    assert text is None or '"py.typed", "__init__.pyi"' in text  # it is carried by the wheel


@pytest.mark.parametrize(
    "old, new",
    [
        ("mdp", "tabular"),
        ("mdp", "worlds"),
        ("mdp", "differentiate"),
        ("training", "seeds"),
        ("control", "linear_quadratic"),
    ],
)
def test_what_has_moved_is_found_under_its_old_name_too(old, new):
    before, after = (importlib.import_module(f"policy_gradient.{name}") for name in (old, new))
    moved = [
        name
        for name, value in vars(after).items()
        if getattr(value, "__module__", "") == after.__name__ and not name.startswith("_")
    ]
    moved = [name for name in moved if name != "tabular"]  # a check that was private before
    assert moved and all(getattr(before, name) is getattr(after, name) for name in moved)


def test_no_module_of_the_library_takes_anothers_private_names():
    taken = []
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                taken += [
                    f"{path.name}: {alias.name}"
                    for alias in node.names
                    if alias.name.startswith("_") and not (FOLDER / f"{alias.name}.py").exists()
                ]
    assert not taken


def test_the_modules_import_each_other_in_no_circle():
    arrows = {}
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        typing = {
            id(n)
            for node in tree.body
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for n in ast.walk(node)
        }
        arrows[path.stem] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level and id(node) not in typing:
                arrows[path.stem] |= (
                    {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
                )
    arrows.pop("__init__")
    while free := {name for name, to in arrows.items() if not to & set(arrows)}:
        for name in free:
            arrows.pop(name)
    assert not arrows


def test_signatures_can_still_be_asked_for():
    for name in pg.__all__:
        value = getattr(pg, name)
        if callable(value):
            inspect.signature(value)
