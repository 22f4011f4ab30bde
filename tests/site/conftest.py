"""The built site, its server, and one browser for all tests."""
import os
import sys
import time
from pathlib import Path

import pytest
from pages import Server
from playwright.sync_api import Error, Page, TimeoutError

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import build_book  # noqa: E402
import chromium  # noqa: E402


def wait_for_function(self, expression, *, arg=None, timeout=30_000, polling=50):
    """Playwright's own asks by `eval` inside the page, which the page's policy forbids; this asks from outside."""
    end = time.monotonic() + timeout / 1000
    while time.monotonic() < end:
        try:
            if self.evaluate(expression, arg):
                return
        except Error as problem:                  # on the way to another page there is nobody to ask
            if not any(words in str(problem) for words in ("context was destroyed", "navigat", "Cannot find context")):
                raise
        self.wait_for_timeout(polling)
    raise TimeoutError(f"not within {timeout} ms: {expression}")


Page.wait_for_function = wait_for_function


@pytest.fixture(scope="session")
def site():
    """The folder of the built site: PG_SITE, else _build/html, brought up to date."""
    if given := os.environ.get("PG_SITE"):
        return Path(given).resolve()
    if build_book.build(ROOT, ROOT):
        pytest.exit("the book does not build without warnings: run `make book`", returncode=1)
    return ROOT / "_build/html"


@pytest.fixture(scope="session")
def server(site):
    """The site under a sub-path of a loopback address; `server.sent` lists (path, bytes after gzip)."""
    server = Server(site)
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture(scope="session")
def browser():
    """An installed Chromium, else Debian's, else Playwright's; where there is none the tests stop, they are not skipped."""
    from playwright.sync_api import sync_playwright
    path = chromium.path()
    if not path:
        pytest.exit(chromium.NONE, returncode=1)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=chromium.ARGS)
        yield browser
        browser.close()
