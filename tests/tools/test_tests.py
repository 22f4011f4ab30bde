"""The tests themselves: none judges a clock, none sleeps where it can wait for something,
none leaves a trace, none is skipped in silence, none asserts what cannot fail."""

import ast
import functools
import json
import os
import platform
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tools.check import determinism, skipped
from tools.paths import ROOT

FILES = sorted((ROOT / "tests").rglob("*.py"))
CONFTEST = ROOT / "tests/conftest.py"
CLOCK = re.compile(r"perf_counter|process_time|thread_time|monotonic|\btime\.time\b|performance\.now")
# (file, function): why it may sleep. Nowhere else.
MAY_SLEEP = {
    ("package/test_timelimit.py", "forever_bare_except"): "a learner's function that sleeps is what the check must end",
    ("package/test_timelimit.py", "sleeps"): "the same",
    ("package/test_timelimit.py", "naps"): "the same",
    ("package/test_timelimit.py", "softmax"): "waiting that must not count",
    ("checks/test_engine.py", "softmax"): "waiting for the interrupt that the test sends",
    ("helpers/jupyterlab_here.py", "running"): "asks a server of another process again until it answers",
    ("package/test_seeds.py", "who_works"): "asks a folder again until another process has written there",
    ("helpers/pages.py", "wait_for_function"): "how a condition is waited for: asks again until it holds",
    ("helpers/webdriver.py", "until"): "the same, in two more engines",
    (
        "helpers/every_page.py",
        "with_late_fonts",
    ): "the seconds for which a font is held back are what is tested",
}
# The one place that may turn a clock into an end of patience
MAY_GIVE_UP = {("helpers/pages.py", "wait_for_function"), ("helpers/webdriver.py", "until")}


@functools.lru_cache(maxsize=4)  # each file is asked several questions
def functions(source):
    """[(name of the innermost function, node)] of all nodes."""

    def walk(node, name):
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else name
            yield inner, child
            yield from walk(child, inner)

    return [*walk(ast.parse(source), "")]


def sleeps(source):
    """The functions that sleep."""
    return [
        name
        for name, node in functions(source)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("sleep", "wait_for_timeout")
    ]


def judgements(source):
    """(function, text) of each assertion or comparison with what a clock said,
    by its call or by a name that it was given to."""
    timed, found = set(), []
    for name, node in functions(source):
        if isinstance(node, ast.Assign) and CLOCK.search(ast.unparse(node.value)):
            timed |= {
                (name, one.id)
                for target in node.targets
                for one in ast.walk(target)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
    for name, node in functions(source):
        judged = node.test if isinstance(node, (ast.Assert, ast.While, ast.If)) else None
        if judged is not None:
            names = {(name, one.id) for one in ast.walk(judged) if isinstance(one, ast.Name)}
            if CLOCK.search(ast.unparse(judged)) or names & timed:
                found.append((name, ast.unparse(judged)))
    return found


def impatience(source):
    """Waits that end before a hang would: any `timeout` of less than five minutes."""
    found = []
    for name, node in functions(source):
        if isinstance(node, ast.Call):
            found += [
                (name, ast.unparse(node)[:80])
                for key in node.keywords
                if key.arg == "timeout"
                and isinstance(key.value, ast.Constant)
                and key.value.value is not None
                and key.value.value < (300_000 if node_is_a_pages(node) else 300)
            ]
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("wait", "join", "communicate", "acquire"):
                found += [  # a process's, thread's or event's first argument is a timeout too
                    (name, ast.unparse(node)[:80])
                    for one in node.args[:1]
                    if isinstance(one, ast.Constant) and type(one.value) in (int, float) and one.value < 300
                ]
            if isinstance(node.func, ast.Attribute) and node.func.attr in (
                "set_default_timeout",
                "set_default_navigation_timeout",
            ):
                if isinstance(node.args[0], ast.Constant):
                    found.append((name, ast.unparse(node)[:80]))
    return found


def unexplained(source):
    """Skips that do not say why, and tests that are expected to fail: nothing of either kind is wanted."""
    found = []
    for name, node in functions(source):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called in ("pytest.skip", "pytest.mark.skip") and not (node.args or node.keywords):
            found.append((name, ast.unparse(node)))
        if called == "pytest.mark.skipif" and not any(key.arg == "reason" for key in node.keywords):
            found.append((name, ast.unparse(node)))
        if called in ("pytest.xfail", "pytest.mark.xfail"):
            found.append((name, ast.unparse(node)))
    return found


def certain(source):
    """(function, text) of each assertion that nothing can make fail: no name, call or arithmetic is in it."""
    return [
        (name, ast.unparse(node))
        for name, node in functions(source)
        if isinstance(node, ast.Assert)
        and not any(isinstance(part, (ast.Name, ast.Call, ast.BinOp)) for part in ast.walk(node.test))
    ]


def node_is_a_pages(call):
    return isinstance(call.func, ast.Attribute) and call.func.attr.startswith(
        ("wait_for", "expect_", "to_", "click", "goto")
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "tests").as_posix())
def test_no_test_judges_a_clock_or_sleeps_or_cannot_fail(path):
    name, source = path.relative_to(ROOT / "tests").as_posix(), path.read_text("utf8")
    empty = [f"tests/{name}: `{text}` in {f} cannot fail: ask what the code gives." for f, text in certain(source)]
    assert not empty, "\n".join(empty)
    if path == Path(__file__).resolve():
        return
    assert [f for f in sleeps(source) if (name, f) not in MAY_SLEEP] == []
    assert [j for j in judgements(source) if (name, j[0]) not in MAY_GIVE_UP | MAY_MEASURE] == []
    assert [i for i in impatience(source) if (name, i[0]) not in MAY_SLEEP] == []
    assert unexplained(source) == []


MAY_MEASURE = {("helpers/checks.py", "burn")}  # works until it has used so much of the processor


@pytest.mark.parametrize(
    "bad, seen",
    [
        (
            "def test():\n    start = time.perf_counter()\n    work()\n    assert time.perf_counter() - start < 5",
            judgements,
        ),
        ("def test():\n    seconds = time.process_time() - start\n    assert done and seconds < 3", judgements),
        ("def test():\n    took = page.evaluate('performance.now()')\n    assert took <= 8", judgements),
        ("def test():\n    page.wait_for_timeout(300)", sleeps),
        ("def test():\n    time.sleep(1)", sleeps),
        ("def test():\n    page.wait_for_selector('p', timeout=5000)", impatience),
        ("def test():\n    page.set_default_timeout(4000)", impatience),
        ("def test():\n    subprocess.run(command, timeout=20)", impatience),
        ("def test():\n    assert process.wait(10) == 0", impatience),
        ("def test():\n    thread.join(20.0)", impatience),
        ("def test():\n    assert True", certain),
        ("def test():\n    assert 1 == 1 and 'text', work()", certain),
        ("def test():\n    pytest.skip()", unexplained),
        ("@pytest.mark.skip()\ndef test(): pass", unexplained),
        ("@pytest.mark.skipif(os.name == 'nt')\ndef test(): pass", unexplained),
        ("@pytest.mark.xfail(reason='some day')\ndef test(): pass", unexplained),
    ],
)
def test_such_a_test_would_be_seen(bad, seen):
    assert seen(bad)


def test_the_list_of_exceptions_has_no_entry_too_many():
    named = {name for name, _ in MAY_SLEEP}
    used = {(name, f) for name in named for f in sleeps((ROOT / "tests" / name).read_text("utf8"))}
    assert set(MAY_SLEEP) <= used


@pytest.mark.parametrize("turn", ["first", "second"])
def test_nothing_is_left_for_the_next_test(turn, tmp_path):
    """Whichever comes second would find what the other left behind."""
    import matplotlib.pyplot as plt

    assert plt.get_fignums() == [] and np.geterr()["over"] == "warn" and "PG_LEFT" not in os.environ
    assert Path.cwd() == ROOT and "left" not in [f[0] for f in warnings.filters] and "/left" not in sys.path
    plt.figure()
    np.seterr(all="ignore")
    os.environ["PG_LEFT"] = "1"
    os.chdir(tmp_path)
    warnings.simplefilter("ignore")
    sys.path.append("/left")


SKIPS = """
import pytest
pytest.importorskip("no_such_package_as_this", reason="this package is not here")
"""
SOME = """
import pytest
def test_runs(): pass
def test_one(): pytest.skip("no network here")
def test_two(): pytest.skip("no network here")
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_what_is_skipped_is_written_down_once_with_its_reason(tmp_path, workers):
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text("utf8"))
    (tmp_path / "test_a.py").write_text(SOME)
    (tmp_path / "test_b.py").write_text(SKIPS)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {
        "PG_SKIPPED": str(tmp_path / "skipped.jsonl"),
        "PYTHONPATH": str(ROOT),  # what conftest.py imports
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tools", "-p", "no:cacheprovider", *workers, tmp_path],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    lines = (tmp_path / "skipped.jsonl").read_text().splitlines()
    assert sorted(reason for _, reason in set(map(tuple, map(json.loads, lines)))) == ["no network here"] * 2 + [
        "this package is not here"
    ]
    said = skipped.summary(lines)
    assert (
        said.startswith("Not tested here: 3 tests, skipped for 2 reasons.")
        and "2: no network here" in said
        and "test_a.py::test_one" in said
    )


def test_nothing_skipped_is_said_too():
    assert skipped.summary([]) == "Nothing was skipped."


def test_the_summary_is_the_last_thing_that_make_test_prints():
    recipe = (ROOT / "Makefile").read_text("utf8").partition("\ntest: .venv/installed")[2].partition("\n\n")[0]
    runs = (
        recipe.index("$(PYTEST)"),
        recipe.rindex("$(PYTEST)"),
        recipe.index('tools.check.skipped "$(PG_SKIPPED)"'),
        recipe.index("exit $$status"),
    )
    assert list(runs) == sorted(runs)
    assert "test: export PG_SKIPPED" in (ROOT / "Makefile").read_text("utf8")


ROT = (ROOT / ".github/workflows/rot.yml").read_text("utf8")


def kernels(source):
    """The calls that start a kernel from this process."""
    called = [ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [name for name in called if re.search(r"NotebookClient$|start_new_kernel$|notebooks\.execute$", name)]


def test_browsers_come_after_all_kernels(request):
    """While one is held open, kernels of the same process wait for ever; workers take files in their order."""
    [own] = [p for p in request.config.pluginmanager.get_plugins() if getattr(p, "__file__", "") == str(CONFTEST)]
    asking = {
        path
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and {"browser", "chrome", "show"} & {argument.arg for argument in node.args.args}
    }
    notebooks = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]
    starting = [path for path in FILES if kernels(path.read_text("utf8"))]
    assert starting and {path for path in asking if "chapters" in path.parts}
    items = [
        SimpleNamespace(path=path, add_marker=lambda name: None, get_closest_marker=lambda name: None)
        for path in (*asking, *notebooks, *starting)
    ]
    own.pytest_collection_modifyitems(items)
    order = [item.path for item in items]
    assert max(map(order.index, notebooks + starting)) < min(map(order.index, asking))
    late = [path for path in FILES if own.comes_last(path)]
    assert asking <= {*late} and not {*late} & {*starting}
    assert "pytest -rs tests/site tests/chapters/*/test_explorables*.py" in ROT, "the newest Chromium opens the same"
    assert kernels("def test():\n    notebooks.execute(path)") and kernels("NotebookClient(nb).execute()")


def test_make_test_is_one_run_of_whole_files_in_their_order():
    recipe = (ROOT / "Makefile").read_text("utf8").partition("\ntest: .venv/installed")[2].partition("\n\n")[0]
    [run] = (line for line in recipe.splitlines() if "$(PYTEST)" in line)
    assert " -n auto --dist loadfile --no-loadscope-reorder tests $(wildcard notebooks solutions) $(ARGS)" in run


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="only x86-64 can be told to be an older one")
def test_notebooks_are_compared_with_the_arithmetic_of_another_processor(request):
    [own] = [p for p in request.config.pluginmanager.get_plugins() if getattr(p, "__file__", "") == str(CONFTEST)]
    assert own.QUIET["OPENBLAS_CORETYPE"] == os.environ.get("OPENBLAS_CORETYPE", "Nehalem")
    assert determinism.kernel_name({"OPENBLAS_CORETYPE": "Nehalem"}) == "Nehalem"
    assert "make determinism" in ROT, "and once a week with those of more"


WITHOUT = """
import sys, pytest
tools = ["playwright", "axe_playwright_python", "py_mini_racer", "docutils", "rfc3987_syntax"]
sys.modules.update(dict.fromkeys(tools))
sys.exit(pytest.main(sys.argv[1:]))
"""  # these are the book's tools, which the package does not need


def test_the_oldest_dependencies_meet_training_and_the_checks():
    from tools.check import matrix as test_matrix

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *test_matrix.PACKAGE_TESTS, "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    files = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert {
        f"tests/package/test_{name}.py" for name in ("training", "explorables", "import", "mdp", "policies")
    } <= files, done.stdout[-2000:]
    assert {
        path.relative_to(ROOT).as_posix()
        for path in [*(ROOT / "tests/checks").glob("test_*.py"), *(ROOT / "tests/chapters").glob("*/test_exercises.py")]
    } <= files
    foreign = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/tools").glob("test_*.py")}
    assert foreign and not foreign & files and not any("/site/" in file for file in files)
    assert "error" not in done.stdout.splitlines()[-1], done.stdout[-2000:]


def lends(source):
    """The test modules, and their parts, that are imported: at the top or within a function."""
    named = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            named += [f"{getattr(node, 'module', None) or ''}.{one.name}" for one in node.names]
    return [name for name in named if re.search(r"(^|\.)test_", name)]


def test_no_test_module_lends_to_another():
    """What two share stands in tests/helpers, or is a fixture."""
    found = {
        (path.relative_to(ROOT / "tests").as_posix(), name) for path in FILES for name in lends(path.read_text("utf8"))
    }
    assert not found
    for bad in (
        "from tests.book.test_a import b",
        "def test():\n    from tests.chapters.x.test_a import b",
        "import tests.test_a",
        "from .test_a import b",
        "from tests.book import test_a",
    ):
        assert lends(bad), bad
