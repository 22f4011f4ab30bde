"""The built site, its server, and one browser for all tests."""
import os
import sys
from pathlib import Path

import pytest
from pages import Server

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import build_book  # noqa: E402
import chromium  # noqa: E402


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
