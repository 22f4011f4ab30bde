"""What holds for all tests."""

import functools
import json
import os
import platform
import random
import sys
import tempfile
import warnings

import nbval.kernel
import numpy as np
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile

from tests.helpers import after_run_all
from tests.helpers.fixtures import alive, browser, chrome, js, pyodide, server, show, site  # noqa: F401
from tools.run import kernels

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# As tools/make/notebooks.py does: a progress bar would be one more output on a slow machine.
QUIET = {"TQDM_DISABLE": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Notebooks are stored with the arithmetic of the machine at hand, and compared with that of a processor of 2008, which
# adds in another order: a text that hangs on the last digit, which a reader's machine would show otherwise, is found.
if platform.machine() in ("x86_64", "AMD64"):
    QUIET["OPENBLAS_CORETYPE"] = os.environ.get("OPENBLAS_CORETYPE", "Nehalem")
nbval.kernel.start_new_kernel = functools.partial(nbval.kernel.start_new_kernel, env=os.environ | QUIET)
nbval.kernel.KernelManager = kernels.Manager


def _execute(self, cell_input, allow_stdin=None):
    """As nbval does, but remembered by the kernel: without that IPython takes no notice of a cell's last semicolon."""
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = _execute


# A notebook with sliders has one item more: tests/helpers/after_run_all.py.


class AfterTheLastCell(pytest.Item):
    """In the kernel that has run all cells: do the sliders still show what they showed?"""

    def runtest(self):
        with tempfile.TemporaryDirectory() as folder:
            answer = os.path.join(folder, "answer.json")
            tell(self.parent.kernel, f"report({str(self.path)!r}, {answer!r})")
            with open(answer, encoding="utf8") as file:
                found = json.load(file)
        assert not found, "\n".join(found)

    def reportinfo(self):
        return self.path, None, f"{self.path.name}: {self.name}"


def tell(kernel, call):
    """Call a function of tests/helpers/after_run_all.py in the kernel;
    no cell is counted for it, no name left behind."""
    ours = "import tools; from tests.helpers import after_run_all as a"  # tools: nbformat comes sooner (its __init__)
    own = f"import sys; sys.path.insert(0, {ROOT!r}); {ours}; sys.path.pop(0)"
    number = kernel.kc.execute(
        f"exec({own!r} + '; a.{{}}'.format({call!r}), dict(space=globals()))", store_history=False
    )
    while (reply := kernel.get_message("shell", timeout=1800))["parent_header"].get("msg_id") != number:
        pass
    kernel.await_idle(number, timeout=1800)
    if reply["content"]["status"] != "ok":
        pytest.fail("\n".join(reply["content"]["traceback"]), pytrace=False)


def _collect(self, cells=IPyNbFile.collect):
    yield from cells(self)
    if after_run_all.calls(self.nb):
        yield AfterTheLastCell.from_parent(self, name="after the last cell")


def _setup(self, start=IPyNbFile.setup):
    start(self)
    if after_run_all.calls(self.nb):
        tell(self.kernel, "begin(space)")


IPyNbFile.collect, IPyNbFile.setup = _collect, _setup


def of_the_package(path):
    """What needs the two packages alone, and so runs with the oldest dependencies too: all in `package` and `checks`,
    and each chapter's exercises."""
    return (
        path.parent.name in ("package", "checks")
        or path.name in ("test_exercises.py", "test_training_replay.py")
        and path.parent.parent.name == "chapters"
    )


def comes_last(path):
    """What may hold a browser open: all in `site`, and each chapter's explorables."""
    return path.parent.name == "site" or path.match("chapters/*/test_explorables*.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """`-n auto`: one more than there are cores, since a browser's page that waits leaves a core idle.
    At most eight: each may hold a browser, up to a gigabyte. Some environments, such as that of `make test-autodiff`,
    have no xdist."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, 8)


def in_a_browser(item):
    """What asks for a browser, and what else is in `site`, but for the tests that ask an explorable's functions
    in a V8 without a page."""
    asked = getattr(item, "fixturenames", ())
    return "browser" in asked or "site" in item.path.parent.parts[-2:] and "js" not in asked


# Whole files go to one worker. Those that take longest go first, so that no worker ends alone with one of them.
LONGEST = (
    "08-language-models.ipynb",
    "06-critics.ipynb",
    "test_notebooks.py",
    "test_numbers.py",
    "test_site_build.py",
    "test_studies.py",
    "test_training.py",
    "test_figures.py",
    "test_trust.py",
    "test_every_page_by_day_and_night.py",
    "test_python_in_page.py",
    "test_every_page_on_a_phone_and_in_use.py",
    "test_explorables.py",
    "test_practice.py",
    "test_site.py",
    "test_pdf.py",
    "test_lite.py",
    "test_formulas.py",
)


def pytest_collection_modifyitems(items):
    """The browser's tests come last: while a browser is held open its event loop runs in this thread,
    and kernels wait for ever. Workers take whole files in this order.

    PG_ORDER=7, or any other number, shuffles the tests within each file, and the files:
    none may need another before it. What ends its file's browser stays the last.
    """
    if seed := os.environ.get("PG_ORDER"):
        draw = random.Random(int(seed))
        files = {
            path: draw.random() for path in sorted({str(item.path) for item in items if item.path.suffix == ".py"})
        }
        items.sort(
            key=lambda item: (
                files.get(str(item.path), 2.0),
                item.get_closest_marker("ends_its_browser") is not None,
                draw.random() if item.path.suffix == ".py" else 0,
            )
        )  # a notebook's cells keep theirs
    else:
        items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    items.sort(key=lambda item: comes_last(item.path))
    for item in items:
        if of_the_package(item.path):
            item.add_marker("package")
        if in_a_browser(item):
            item.add_marker("browser")


def pytest_ignore_collect(collection_path, config):
    """With `-m package` the other files are not even read: they import what the package does not need."""
    if config.getoption("-m") == "package" and collection_path.suffix == ".py" and not of_the_package(collection_path):
        return True


@pytest.fixture(autouse=True)
def as_it_was():
    """What a test leaves open or changed must not meet the next:
    figures, the folder, the environment, NumPy's and the warnings' settings."""
    folder, environment, errors, filters, path = (
        os.getcwd(),
        dict(os.environ),
        np.geterr(),
        warnings.filters[:],
        sys.path[:],
    )
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    os.chdir(folder)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    np.seterr(**errors)
    warnings.filters[:] = filters
    sys.path[:] = path


class Skipped:
    """Where PG_SKIPPED names a file, what was skipped is written there; the runs of `make test` share it,
    tools/check/skipped.py prints it."""

    def note(self, report):
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            with open(os.environ["PG_SKIPPED"], "a", encoding="utf8") as file:
                file.write(json.dumps([report.nodeid, reason.removeprefix("Skipped: ")]) + "\n")

    pytest_runtest_logreport = pytest_collectreport = note


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: opens the built site in a real browser")
    config.addinivalue_line(
        "markers", "slow: takes more than a second or two of the processor; `make check` leaves it out"
    )
    config.addinivalue_line("markers", "network: asks a host outside this machine")
    config.addinivalue_line("markers", "ends_its_browser: the last of its file, in any order")
    config.addinivalue_line(
        "markers", "package: needs the package alone, not the book's tools; runs with the oldest dependencies too"
    )
    if os.environ.get("PG_SKIPPED") and not hasattr(
        config, "workerinput"
    ):  # not each worker: all reports come to the first process
        config.pluginmanager.register(Skipped(), "skipped")
