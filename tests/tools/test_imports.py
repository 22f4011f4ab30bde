"""What Python imports: each package is declared, and no file makes a path to find another. (What is imported in vain
ruff refuses in `make check`.)"""

import functools
import importlib.metadata
import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.helpers.imports import imported
from tools.paths import ROOT

FOLDERS = ["policy_gradient", "learning_to_act", "tools", "tests", "studies", "benchmarks"]
BOOK, PROJECT = "requirements.txt", "pyproject.toml"
DECLARED_IN = {  # where a folder's packages are declared; the first is where a new one belongs
    "policy_gradient": [PROJECT],
    "learning_to_act": [PROJECT],
    "tools": [BOOK, PROJECT],
    "tests": [BOOK, PROJECT, "requirements-autodiff.txt"],
    "studies": [BOOK, PROJECT],
    "benchmarks": ["benchmarks/requirements.txt", "benchmarks/requirements-trl.txt", BOOK, PROJECT],
}
BROUGHT = {  # module: its package, and the declared one that brings it and cannot do without
    "IPython": ("ipython", "ipywidgets"),
    "PIL": ("pillow", "matplotlib"),
    "bs4": ("beautifulsoup4", "jupyterlab"),
    "cycler": ("cycler", "matplotlib"),
    "datasets": ("datasets", "trl"),
    "docutils": ("docutils", "jupyter-book"),
    "fontTools": ("fonttools", "matplotlib"),
    "imagesize": ("imagesize", "jupyter-book"),
    "jsonschema": ("jsonschema", "jupyterlab"),
    "jupyter_client": ("jupyter-client", "jupyterlab"),
    "nbclient": ("nbclient", "jupyterlab"),
    "nbconvert": ("nbconvert", "jupyterlab"),
    "nbformat": ("nbformat", "nbval"),
    "packaging": ("packaging", "matplotlib"),
    "psutil": ("psutil", "distributed"),
    "pybtex": ("pybtex", "jupyter-book"),
    "pytest": ("pytest", "pytest-timeout"),
    "requests": ("requests", "jupyter-book"),
    "sphinx": ("sphinx", "jupyter-book"),
    "tokenizers": ("tokenizers", "transformers"),
    "traitlets": ("traitlets", "anywidget"),
    "yaml": ("pyyaml", "jupyter-book"),
}
CALLED = {  # a declared package whose module has another name
    "codespell_lib": "codespell",
    "py_mini_racer": "mini-racer",
    "sphinxext": "sphinxext-opengraph",
}
BROUGHT_BY_THE_READER = {("policy_gradient", "torch")}  # asked for only where the reader's own update is PyTorch's
THROWN_AWAY = "studies/libraries"  # each runs in an environment of its own, which it names itself


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.cache
def declared(file):
    """The names of the packages that a file declares."""
    text = (ROOT / file).read_text("utf8")
    if file == PROJECT:
        project = tomllib.loads(text)
        lines = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
        lines += [line for extra in project["project"]["optional-dependencies"].values() for line in extra]
    else:
        lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return {plain(Requirement(line).name) for line in lines if line and not line.startswith("-")}


@functools.cache
def everything():
    """{file: the packages that it imports} of all that has not an environment of its own."""
    files = [path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return {file: {*imported((ROOT / file).read_text("utf8"))} for file in files if not file.startswith(THROWN_AWAY)}


def undeclared(file, modules):
    """A sentence for each package that a file imports and nothing declares."""
    folder = file.partition("/")[0]
    have = set().union(*map(declared, DECLARED_IN[folder]))
    for module in sorted({*modules} - {*sys.stdlib_module_names, *FOLDERS}):
        package = BROUGHT[module][1] if module in BROUGHT else plain(CALLED.get(module, module))
        if package not in have and (folder, module) not in BROUGHT_BY_THE_READER:
            where = DECLARED_IN[folder][0]
            yield (
                f"{file} imports {module}, which nothing declares: name its package in {where}"
                f"{', then `make lock`' * (where in (BOOK, PROJECT))}."
            )


def test_what_is_imported_is_declared_or_brought_by_what_is():
    lost = [line for file, modules in everything().items() for line in undeclared(file, modules)]
    assert not lost, "\n".join(lost)
    used = set().union(*everything().values())
    assert len(everything()) > 350 and {*BROUGHT, *CALLED} <= used, {*BROUGHT, *CALLED} - used


def test_an_import_that_nothing_declares_is_told_with_its_cure():
    source = "import os, numpy\nfrom tests import helpers\nfrom . import x\ndef f():\n    import flask.views\n"
    assert [*undeclared("tools/make/x.py", imported(source))] == [
        "tools/make/x.py imports flask, which nothing declares: name its package in requirements.txt, then `make lock`."
    ]
    assert [*undeclared("policy_gradient/x.py", ["yaml"])] == [
        "policy_gradient/x.py imports yaml, which nothing declares: name its package in pyproject.toml, "
        "then `make lock`."
    ]


@functools.cache
def brings(package):
    """All that comes with an installed package when nothing more is asked for; None where it is not installed."""
    found, ahead = set(), [plain(package)]
    while ahead:
        if (name := ahead.pop()) in found:
            continue
        try:
            lines = importlib.metadata.requires(name) or ()
        except importlib.metadata.PackageNotFoundError:
            if name == plain(package):
                return None
            continue
        found.add(name)
        needs = [Requirement(line) for line in lines]
        ahead += [plain(one.name) for one in needs if not one.marker or one.marker.evaluate({"extra": ""})]
    return found


@pytest.mark.parametrize("module", BROUGHT)
def test_what_is_said_to_be_brought_is(module):
    package, by = BROUGHT[module]
    here = brings(by)
    assert here is None or package in here, f"{by} brings no {package} any more: declare {package} in {BOOK}."
    assert here is None or re.search(rf"^{package}==", (ROOT / "requirements.lock").read_text("utf8"), re.M), package


def test_no_file_makes_a_path_to_find_another():
    """Each is run as a module of the repository, `python -m`, and finds the others by their whole names. What the
    exceptions find is the reader's own module, and a package in a folder that was given."""
    folders = [folder for folder in FOLDERS if folder != "tests"]
    files = {path: path.read_text("utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")}
    found = {str(path.relative_to(ROOT)) for path, text in files.items() if re.search(r"sys\.path\b|\bE402\b", text)}
    assert len(files) > 200 and found == {"policy_gradient/audit/__main__.py", "tools/keep/vendor.py"}
