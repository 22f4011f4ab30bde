"""A lab in the reader's browser: from the page's button to a moved slider and a check, with every other host out of reach."""
import json
import re
import time
from urllib.parse import urlsplit

import chromium
import pytest
from pages import Server

LAB = "notebooks/03-the-log-derivative-trick"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
ANSWER = """from policy_gradient.checks import check

def bernoulli_score(theta, x):
    return 1 / (1 + np.exp(-theta)) - x

check(bernoulli_score)"""


@pytest.fixture
def hosted(site, pyodide, tmp_path):
    """The built site with a Pyodide of its own, as PYODIDE=folder makes it."""
    if not (site / "lite/notebooks/index.html").exists():
        pytest.skip("JupyterLite is not part of this site: .venv-lite could not be made (`make .venv-lite/installed` says why)")
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


def asked_by_pages(log):
    """The hosts to which pages and workers sent requests, from Chromium's own log. (The browser's services have no page as initiator.)"""
    said = json.loads(log.read_text())
    kind = said["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [e["params"] for e in said["events"] if e["type"] == kind and "url" in e.get("params", {})]
    return {urlsplit(p["url"]).hostname for p in asked if p.get("initiator", "not an origin") != "not an origin"}


def test_a_lab_runs_in_the_browser_and_asks_no_other_host(browser, hosted, tmp_path, capsys):
    log, times, start = tmp_path / "net.json", {}, time.monotonic()
    chrome = browser.browser_type.launch(executable_path=chromium.path(), args=[*chromium.ARGS, ALONE, f"--log-net-log={log}"])
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
        cell.wait_for(timeout=30_000)
        reached("notebook shown")

        cell.locator(".jp-InputPrompt").click()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Above Selected Cell").click()
        page.locator(".jp-InputPrompt", has_text=re.compile(r"\[1\]")).wait_for(timeout=150_000)
        reached("first cell run")
        cell.locator(".jp-InputPrompt").click()
        page.keyboard.press("Shift+Enter")
        picture, slider = cell.locator(".pg-explore img"), cell.locator(".pg-explore input[type=range]")
        picture.wait_for(timeout=150_000)
        reached("31 cells run, picture shown")

        def changed(before):
            """Wait for another picture; return it."""
            end = time.monotonic() + 30
            while (now := picture.get_attribute("src")) == before:
                assert time.monotonic() < end, "the picture does not follow the slider"
                page.wait_for_timeout(10)
            return now

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

        page.locator("[data-command='notebook:insert-cell-below']").first.click()                # a cell of the reader's own
        page.locator(".jp-CodeCell.jp-mod-active .cm-content").click()
        page.keyboard.insert_text(ANSWER)
        page.keyboard.press("Shift+Enter")
        verdict = page.locator(".pg-check")
        verdict.wait_for(timeout=60_000)
        reached("own cell checked")
        assert "not yet" in verdict.inner_text() and "sign" in verdict.inner_text(), verdict.inner_text()

        complaints = page.locator(".jp-OutputArea-output").evaluate_all(
            "all => all.filter(e => /stderr|error/.test(e.dataset.mimeType)).map(e => e.innerText)")
        assert complaints == [], complaints
        assert faults == []
    finally:
        chrome.close()
    with capsys.disabled():
        print("\n  JupyterLite, cold, no network: " + ", ".join(f"{what} {seconds:.1f} s" for what, seconds in times.items()))
    assert asked_by_pages(log) == {"127.0.0.1"}
