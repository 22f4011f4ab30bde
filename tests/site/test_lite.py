"""A lab in the reader's browser: from the page's button to a moved slider and a check,
with every other host out of reach."""

import json
import re
import time
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.helpers.pages import Server, violations
from tools.run import chromium

LAB = "notebooks/03-the-log-derivative-trick"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
ANSWER = """from policy_gradient.checks import check

def bernoulli_score(theta, x):
    return 1 / (1 + np.exp(-theta)) - x

check(bernoulli_score)"""


@pytest.fixture
def hosted(site, pyodide, tmp_path):
    """The built site with a Pyodide of its own, as PYODIDE=folder makes it."""
    if not in_lite(site):
        pytest.skip(
            "JupyterLite is not part of this site: .venv-lite could not be made (`make .venv-lite/installed` says why)"
        )
    (tmp_path / "_static").mkdir()
    for entry in site.iterdir():
        if entry.name != "_static":
            (tmp_path / entry.name).symlink_to(entry)
    for entry in (site / "_static").iterdir():
        if entry.name != "pyodide":
            (tmp_path / "_static" / entry.name).symlink_to(entry)
    (tmp_path / "_static/pyodide").symlink_to(pyodide)
    server = Server(tmp_path)
    yield server
    server.http.shutdown()
    server.http.server_close()


def in_lite(site):
    return (site / "lite/notebooks/index.html").exists()


def test_every_button_leads_to_its_notebook_and_there_is_none_without_the_app(site):
    pages = [p for folder in ("notebooks", "exercises", "solutions") for p in sorted((site / folder).glob("*.html"))]
    assert len(pages) > 10
    for page in pages:
        name = page.relative_to(site).with_suffix(".ipynb").as_posix()
        if not (site / "_sources" / name).exists():
            continue  # an old page that this book no longer has
        found = [a["href"] for a in BeautifulSoup(page.read_text(), "html.parser").select("a.pg-run")]
        assert found == (["../lite/notebooks/index.html?path=" + name] if in_lite(site) else []), name
        assert not found or (
            (site / "lite/files" / name).is_file() and (page.parent / found[0].partition("?")[0]).is_file()
        )


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_menu_works_by_keyboard_on_a_phone(browser, server, site, mode):
    if not in_lite(site):
        pytest.skip("JupyterLite is not part of this site, so the pages have no menu")
    page = browser.new_page(viewport={"width": 375, "height": 667}, color_scheme=mode)
    page.goto(server.url + LAB + ".html")
    menu = page.locator(".pg-open")
    page.locator(".pg-run").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    links = menu.locator("a")
    assert links.first.is_visible() and links.count() >= 3
    for k in range(links.count()):
        page.keyboard.press("Tab")
        assert links.nth(k).evaluate("a => a === document.activeElement")
        box = links.nth(k).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 375
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert not violations(page)
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    assert not links.first.is_visible()
    page.close()


def asked_by_pages(log):
    """The hosts to which pages and workers sent requests, from Chromium's own log.
    (The browser's services have no page as initiator.)"""
    said = json.loads(log.read_text())
    kind = said["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [e["params"] for e in said["events"] if e["type"] == kind and "url" in e.get("params", {})]
    return {urlsplit(p["url"]).hostname for p in asked if p.get("initiator", "not an origin") != "not an origin"}


def test_a_lab_runs_in_the_browser_and_asks_no_other_host(browser, hosted, tmp_path, capsys):
    log, times = tmp_path / "net.json", {}
    start = time.monotonic()
    chrome = browser.browser_type.launch(
        executable_path=chromium.path(), args=[*chromium.ARGS, ALONE, f"--log-net-log={log}"]
    )
    try:
        page = chrome.new_page(viewport={"width": 1280, "height": 900})
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))

        def reached(what):
            times[what] = time.monotonic() - start

        page.goto(hosted.url + LAB + ".html")
        start = time.monotonic()
        page.get_by_role("link", name="Run in browser").click()
        cell = page.locator(".jp-CodeCell", has_text="pg.explore.explore(draw")
        cell.wait_for()
        reached("notebook shown")

        cell.locator(".jp-InputPrompt").click()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Above Selected Cell").click()
        page.locator(".jp-InputPrompt", has_text=re.compile(r"\[1\]")).wait_for()
        reached("first cell run")
        # While those above still run, what they show moves this one: a click, and the key after it, may reach another.
        page.wait_for_function(
            "![...document.querySelectorAll('.jp-InputPrompt')].some(prompt => prompt.textContent.includes('*'))"
        )
        cell.locator(".jp-InputPrompt").click()
        page.keyboard.press("Shift+Enter")
        picture, slider = cell.locator(".pg-explore img"), cell.locator(".pg-explore input[type=range]")
        picture.wait_for()
        reached("31 cells run, picture shown")

        def changed(before):
            """Wait for another picture; return it."""
            page.wait_for_function(
                "before => document.querySelector('.pg-explore img').getAttribute('src') !== before", arg=before
            )
            return picture.get_attribute("src")

        first, value = picture.get_attribute("src"), slider.input_value()
        slider.focus()
        moved = time.monotonic()
        page.keyboard.press("ArrowRight")
        second = changed(first)
        times["key to picture"] = time.monotonic() - moved
        assert int(slider.input_value()) == int(value) + 1
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
        third = changed(second)
        assert third != first and int(slider.input_value()) < int(value)
        assert picture.get_attribute("alt") and not cell.locator(".pg-error").inner_text()

        page.locator("[data-command='notebook:insert-cell-below']").first.click()  # a cell of the reader's own
        page.locator(".jp-CodeCell.jp-mod-active .cm-content").click()
        page.keyboard.insert_text(ANSWER)
        page.keyboard.press("Shift+Enter")
        verdict = page.locator(".pg-check")
        verdict.wait_for()
        reached("own cell checked")
        assert "not yet" in verdict.inner_text() and "sign" in verdict.inner_text(), verdict.inner_text()

        complaints = page.locator(".jp-OutputArea-output").evaluate_all(
            "all => all.filter(e => /stderr|error/.test(e.dataset.mimeType)).map(e => e.innerText)"
        )
        assert complaints == [], complaints
        assert faults == []
    finally:
        chrome.close()
    with capsys.disabled():
        print(
            "\n  JupyterLite, cold, no network: "
            + ", ".join(f"{what} {seconds:.1f} s" for what, seconds in times.items())
        )
    assert asked_by_pages(log) == {"127.0.0.1"}
