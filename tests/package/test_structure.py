"""Who imports whom: the arrows of the house, read from the source. No circle, and nothing climbs back up.

And that tests mirror it: each module has the file of tests that its name promises."""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tools.paths import ROOT

PACKAGES = "policy_gradient", "learning_to_act", "tools"
HOUSE = {  # who may know whom, in the whole house
    "policy_gradient": set(),
    "learning_to_act": {"policy_gradient"},
    "studies": {"policy_gradient"},
    "tools": {"policy_gradient", "learning_to_act", "tests.attacks"},  # answers that attack the checks
    "benchmarks": {"policy_gradient", "learning_to_act", "studies", "tools", "tests.helpers"},
    "tests": {"policy_gradient", "learning_to_act", "studies", "tools", "benchmarks"},
}
FOUND_BY_NAME = {
    "learning_to_act.checks.registry": "learning_to_act.exercises",  # importlib, over all that stands there
    "learning_to_act.explorables": "learning_to_act.explorables",
    "learning_to_act.plots": "learning_to_act.plots",
}
READERS_OWN = "policy_gradient.audit.__main__"  # loads the reader's own module by its name: none of ours
ALIASES = "policy_gradient._moved"  # gives old names to modules of learning_to_act, when they are asked for


def modules(packages=PACKAGES):
    """{dotted name: path} of every module."""
    found = {}
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name, path, known):
    """The modules of ours that a module imports, anywhere in it:
    `from a import b` is a.b where there is such a module."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                if whole in known or base in known:
                    yield whole if whole in known else base


@cache
def graph():
    """{module: the modules that it imports}. A discovery counts as an import of all that it finds."""
    known = modules()
    arrows = {name: {other for other in imports(name, path, known) if other != name} for name, path in known.items()}
    for finder, package in FOUND_BY_NAME.items():
        arrows[finder] |= {
            name for name in known if (name.startswith(f"{package}.") or name == package) and name != finder
        }
    home = next(
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "policy_gradient/__init__.py").read_text()).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "_NAMES"
    )
    arrows["policy_gradient"] |= {f"policy_gradient.{module}" for module in home}  # loaded when first used
    return arrows


def part(name):
    return name.split(".")[0]


def test_the_picture_has_all_modules_and_many_arrows():
    assert {part(name) for name in graph()} == set(PACKAGES) and len(graph()) > 80
    assert "policy_gradient.policies" in graph()["policy_gradient.games"], "from .policies import softmax"
    assert "policy_gradient.policies" in graph()["policy_gradient"], "loaded when first used"
    assert "learning_to_act.exercises.the_theorem" in graph()["learning_to_act.checks.registry"]
    assert "learning_to_act.checks.exercise" in graph()["learning_to_act.exercises.the_theorem"]


def test_nowhere_is_a_circle():
    try:
        list(TopologicalSorter(graph()).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_a_circle_would_be_seen():
    with pytest.raises(CycleError):
        list(
            TopologicalSorter(
                {**graph(), "learning_to_act.checks.hunt": {"learning_to_act.checks.engine"}}
            ).static_order()
        )


@cache
def house():
    """The arrows of all that is Python here, as they stand in the source."""
    known = modules(HOUSE)
    return {name: {other for other in imports(name, path, known) if other != name} for name, path in known.items()}


@pytest.mark.slow
def test_the_whole_house_has_no_circle_either():
    arrows = house()
    assert len(arrows) > 350 and "benchmarks.clock" in arrows["benchmarks.rollouts"]
    try:
        list(TopologicalSorter(arrows).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


@pytest.mark.slow
@pytest.mark.parametrize("package", HOUSE)
def test_each_part_knows_those_alone_that_it_may(package):
    arrows, may = house(), HOUSE[package] | {package}
    assert not [
        (name, other)
        for name, others in arrows.items()
        for other in others
        if part(name) == package and part(other) not in may and ".".join(other.split(".")[:2]) not in may
    ]
    if package in ("tools", "benchmarks"):  # what each takes of the tests is there, and is no test
        taken = {other for name in arrows if part(name) == package for other in arrows[name] if part(other) == "tests"}
        assert taken and not [other for other in taken if other.rpartition(".")[2].startswith("test_")]


def test_the_library_does_not_know_who_teaches_with_it():
    assert not [
        (name, other)
        for name, others in graph().items()
        for other in others
        if part(name) == "policy_gradient" and part(other) != "policy_gradient" and name != ALIASES
    ]


CORE = (
    "tabular mdp worlds differentiate policies networks rollouts returns estimators optimizers training seeds".split()
)


def test_the_core_can_be_read_in_one_sitting():
    """As the README says: what a learner meets in chapters 1 to 3, and nothing of the fast forms."""
    files = [ROOT / f"policy_gradient/{name}.py" for name in CORE]
    assert sum(len(path.read_text("utf8").splitlines()) for path in files) <= 1500
    known = {name for module in CORE for name in graph()[f"policy_gradient.{module}"] if "._" not in name}
    assert known <= {f"policy_gradient.{name}" for name in [*CORE, "protocols"]} | {"policy_gradient"}, known


def test_neither_package_knows_the_tools():
    assert not [
        (name, other)
        for name, others in graph().items()
        for other in others
        if part(name) != "tools" and part(other) == "tools"
    ]


def test_only_the_registry_knows_the_exercises_and_no_exercise_knows_the_registry():
    exercise = "learning_to_act.exercises."
    assert {name for name, others in graph().items() if any(o.startswith(exercise) for o in others)} == {
        "learning_to_act.checks.registry"
    }  # and no tool names a chapter
    above = {"learning_to_act.checks.registry", "learning_to_act.checks.engine", "learning_to_act.checks"}
    assert not [name for name, others in graph().items() if name.startswith(exercise) and others & above]


@pytest.mark.slow
def test_importlib_is_used_where_it_is_said():
    """What is imported by a name that is computed escapes the picture: each such place is known."""
    used = {
        name
        for name, path in modules().items()
        if part(name) != "tools"
        and any(
            isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")
            for node in ast.walk(ast.parse(path.read_text("utf8")))
        )
    }
    assert used == {"policy_gradient", ALIASES, READERS_OWN, *FOUND_BY_NAME}


# Tests mirror the package ---------------------------------------------------------------------------------------------

FOLDERS = {  # a folder of modules: one file for all, or a folder of files
    "policy_gradient/audit": "tests/package/test_audit.py",  # asked by what it says, through `audit`
    "learning_to_act/explorables": "tests/package/test_explorables.py",  # all alike; what they draw: tests/site
    "learning_to_act/plots": "tests/package/test_plots.py",
    "learning_to_act/exercises": "tests/checks/test_every_exercise.py",  # and each chapter's in tests/chapters
    "learning_to_act/checks": "tests/checks",
}
ELSEWHERE = {
    "policy_gradient/__init__": "tests/package/test_import.py",
    "learning_to_act/__init__": "tests/package/test_import.py",
    "learning_to_act/strangers": "tests/chapters/in_the_interview/test_strangers.py",  # of that chapter alone; so are
    **{
        f"learning_to_act/checks/{name}": "tests/chapters/in_the_interview/test_exercises.py"
        for name in ("hunt", "stopwatch", "worlds")
    },
    **{  # asked of every exercise at once
        f"learning_to_act/checks/{name}": "tests/checks/test_every_exercise.py"
        for name in ("exercise", "recognise", "registry", "runs")
    },
    "learning_to_act/checks/__init__": "tests/checks/test_engine.py",
    "learning_to_act/checks/remarks": "tests/checks/test_diagnose.py",  # the words of the diagnosis
    "learning_to_act/checks/unwritten": "tests/notebooks/test_run_all_exercises.py",  # Run All, nothing solved
}
OF_SEVERAL = {  # files of tests/package that are about no one module
    "against_others",
    "audit_with_torch",
    "language_against_others",  # the three that `make test-autodiff` runs beside PyTorch
    "bad_calls",
    "every_argument",
    "ranks",  # these three: every public function at once
    "import",
    "structure",
}


def home_of_tests(module):
    """'policy_gradient/_fast' -> 'tests/package/test_fast.py'."""
    folder, name = module.rsplit("/", 1)
    place = ELSEWHERE.get(module) or FOLDERS.get(folder, "tests/package")
    return place if place.endswith(".py") else f"{place}/test_{name.removeprefix('_')}.py"


def untested(modules, root=ROOT):
    """A sentence for each module without a file."""
    return [
        f"{module}.py has no {home_of_tests(module)}: write it, so that who changes the module knows what to run"
        for module in modules
        if not (root / home_of_tests(module)).exists()
    ]


BOTH = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix()
    for package in PACKAGES[:2]
    for path in (ROOT / package).rglob("*.py")
)


def test_each_module_has_its_file_of_tests(tmp_path):
    assert not untested(BOTH), "\n".join(untested(BOTH))
    (tmp_path / "tests/package").mkdir(parents=True)
    (tmp_path / "tests/package/test_mdp.py").touch()
    new = ["policy_gradient/mdp", "policy_gradient/_brand_new", "learning_to_act/checks/newer"]
    assert untested(new, tmp_path) == [
        "policy_gradient/_brand_new.py has no tests/package/test_brand_new.py: "
        "write it, so that who changes the module knows what to run",
        "learning_to_act/checks/newer.py has no tests/checks/test_newer.py: "
        "write it, so that who changes the module knows what to run",
    ]


def test_each_file_of_tests_is_named_after_a_module_or_is_about_several():
    homes = {home_of_tests(module) for module in BOTH}
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/package").glob("test_*.py")}
    several = {f"tests/package/test_{name}.py" for name in OF_SEVERAL}
    for file in sorted(files - homes - several):
        pytest.fail(f"{file} is named after no module: call it test_MODULE.py, or add it to OF_SEVERAL")
    assert several <= files and several & homes == {"tests/package/test_import.py"}, "OF_SEVERAL has one too many"
    assert set(ELSEWHERE) <= set(BOTH) and all((ROOT / folder).is_dir() for folder in FOLDERS)


# Tools too: each is asked by a test that names it ---------------------------------------------------------------------

ASKED_WHOLE = {  # by what they make, not by their name
    "tools/make/narrow": "tests/tools/test_figures.py",  # draws every figure again, on narrow pages too
    "tools/site/citations": "tests/site/test_links_and_html.py",  # each leads to its entry, on the whole site
    "tools/site/drawing": "tests/site/test_steps.py",
    "tools/site/interview": "tests/site/test_interview.py",
    "tools/site/layout": "tests/tools/test_site_build.py",  # builds a small site with the extension as a whole
    "tools/site/light_pages": "tests/site/test_light_pages.py",
    "tools/site/notebook_pages": "tests/site/test_paper_and_small_things.py",
    "tools/site/practice": "tests/site/test_practice.py",
    "tools/site/theme": "tests/tools/test_site_build.py",
    "tools/trust/__main__": "tests/tools/test_trust.py",
}
OF_EVERY_COMMAND = "test_help.py"  # asks each for its help: that alone is no test of what it does


def unasked(root=ROOT):
    """A sentence for each tool that no file of tests imports or runs."""
    texts = [path.read_text("utf8") for path in (root / "tests").rglob("*.py") if path.name != OF_EVERY_COMMAND]
    said = {name for text in texts for name in re.findall(r"\btools(?:\.\w+)+", text)}
    for text in texts:
        for package, one, several in re.findall(r"from (tools[.\w]*) import (?:([^(\n]+)|\(([^)]*)\))", text):
            said |= {f"{package}.{name}" for name in re.findall(r"\w+", one + several)}
    for path in sorted((root / "tools").rglob("*.py")):
        module = path.relative_to(root).with_suffix("").as_posix()
        skip = path.name == "__init__.py" or "drawings" in path.parts  # those are drawn by test_figures.py
        if not skip and module.replace("/", ".") not in said and module not in ASKED_WHOLE:
            yield (
                f"{module}.py is asked by no test: write tests/tools/test_{path.stem.rstrip('_')}.py, "
                "so that who changes the tool knows what to run"
            )


def test_each_tool_is_asked_by_a_test(tmp_path):
    assert not [*unasked()], "\n".join(unasked())
    assert all((ROOT / f"{tool}.py").exists() and (ROOT / file).exists() for tool, file in ASKED_WHOLE.items())
    for file, text in {
        "tools/make/known.py": "",
        "tools/make/also_.py": "",
        "tools/make/alone_.py": "",
        "tests/tools/test_known.py": "from tools.make import known\nrun('-m', 'tools.make.also_')\n",
        f"tests/tools/{OF_EVERY_COMMAND}": "'tools.make.alone_'",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    assert [*unasked(tmp_path)] == [
        "tools/make/alone_.py is asked by no test: write tests/tools/test_alone.py, "
        "so that who changes the tool knows what to run"
    ]
