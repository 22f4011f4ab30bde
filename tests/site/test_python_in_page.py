"""Python in the page, in a real browser: run, edit, check, keep. What needs Pyodide's packages is skipped where they
cannot be had: it takes them from the folder PYODIDE, from _build/pyodide, or fetches them there once.
The times are printed: `pytest ... -s`.
"""

import hashlib
import json
import os
import re
import time
import urllib.parse
from pathlib import Path

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup

from tests.helpers.answers import RIGHT, WRONG
from tests.helpers.pages import frames, in_both_themes, timers, violations
from tools.make import pyodide as pyodide_folder
from tools.paths import ROOT
from tools.run import chromium
from tools.site import python_in_page

CHAPTER3 = "exercises/03-the-log-derivative-trick"
KEEP = 300  # ms, as in runner.js
KEY = f"learning-to-act:work:{CHAPTER3}"
SLUGS = [
    p.stem
    for p in sorted((ROOT / "exercises").glob("*.ipynb"))
    if f"exercises/{p.stem}" in (ROOT / "_toc.yml").read_text()
]
WALL = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
BROWSERS_OWN = re.compile(
    r"\.(google|googleapis|gvt1|gstatic)\.com$"
)  # Chromium's updates and accounts, never the page's


# --- what needs no Pyodide


@pytest.fixture(scope="module")
def launched(browser):
    """The browsers of this module: one, and another after each that died."""
    made = []
    yield made
    for own in made:
        own.close()


@pytest.fixture
def walled(browser, launched):
    """A browser for which there is no host but this one. One that died under a test takes no other test with it."""
    if not launched or not launched[-1].is_connected():
        launched.append(browser.browser_type.launch(executable_path=chromium.path(), args=[*chromium.ARGS, WALL]))
    return launched[-1]


class Reader:
    """A reader with a profile of their own, at one exercise page."""

    def __init__(self, browser, url, path=CHAPTER3, script=None, **options):
        self.url, self.path, self.errors, self.asked = url, path, [], []
        self.context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce", **options)
        if script:
            self.context.add_init_script(script)
        self.page = self.open()

    def open(self):
        page = self.context.new_page()
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on(
            "console",
            lambda m: (
                self.errors.append(m.text) if m.type == "error" and "Failed to load resource" not in m.text else None
            ),
        )
        page.on("request", lambda r: self.asked.append(r.url))
        page.goto(f"{self.url}{self.path}.html", wait_until="load")
        return page

    def cell(self, name, page=None):
        return (page or self.page).locator(f"[data-cell={name}]")

    def press(self, name, button, page=None):
        button = "Check" if name.endswith("-check") and button == "Run here" else button
        self.cell(name, page).get_by_role("button", name=re.compile(rf"^{button}\b")).click()

    def write(self, name, text, page=None, wait=True):
        page = page or self.page
        self.cell(name, page).locator(".cm-content, .cell_input pre").locator("visible=true").first.click()
        self.cell(name, page).locator(".cm-content:focus").wait_for()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        if wait:
            timers(page, KEEP)  # edits are kept a moment after the last key

    def text(self, name, page=None):
        return (
            self.cell(name, page)
            .locator(".cm-content, .cell_input pre")
            .locator("visible=true")
            .first.inner_text()
            .rstrip("\n")
        )

    def kept(self, page=None):
        return json.loads((page or self.page).evaluate("key => localStorage.getItem(key)", KEY) or "null")

    def note(self, name, where=None):
        return (where or self.page).locator(f'[data-note="{name}"]')

    def close(self):
        assert self.errors == []
        self.context.close()


@pytest.fixture
def reader(walled, server):
    made = []

    def make(*args, **options):
        made.append(Reader(walled, server.url, *args, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def shown(text):
    """As the browser's innerText gives it: no line break at the end."""
    return text.rstrip("\n")


def test_what_the_page_names_is_in_the_site(site):
    for slug in SLUGS:
        page = site / f"exercises/{slug}.html"
        soup = BeautifulSoup(page.read_text("utf8"), "html.parser")
        data = json.loads(soup.select_one("#pg-python").string)
        for name in ("worker", "cells", "editor"):
            assert (page.parent / data[name].partition("?")[0]).is_file(), data[name]
        for element in soup.select("script[src*='/python/'], script[src*='/pyodide/'], link[href*='/python/']"):
            assert (page.parent / (element.get("src") or element["href"]).partition("?")[0]).is_file()
        assert len(soup.select("script[src*='/python/'], script[src*='/pyodide/']")) == 3
        assert data["notebook"] == json.loads((ROOT / f"exercises/{slug}.ipynb").read_text("utf8"))
        code = [c for c in data["notebook"]["cells"] if c["cell_type"] == "code"]
        boxes = soup.select(".pg-article div.cell")
        assert [b.select_one("pre").get_text().strip() for b in boxes] == ["".join(c["source"]).strip() for c in code]
        pyodide = page.parent / data["site"]
        packages = json.loads((pyodide / "pyodide-lock.json").read_text())["packages"]
        for name in pyodide_folder.OURS:
            wheel = pyodide / packages[name]["file_name"]
            assert hashlib.sha256(wheel.read_bytes()).hexdigest() == packages[name]["sha256"], name
        said = json.loads((pyodide / "where.js").read_text().removeprefix("window.pgPyodide = ").rstrip(";\n"))
        assert said["network"] or all((pyodide / name).is_file() for name in python_in_page.CORE)


def test_without_scripts_the_page_reads_as_ever(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}{CHAPTER3}.html")
    assert (
        page.locator("[class*=pg-py]:not(.pg-py-unscripted)").filter(visible=True).count() == 0
        and "def bernoulli_score" in page.locator(".cell_input pre").nth(1).inner_text()
    )
    context.close()


def test_nothing_is_fetched_before_a_click_and_the_price_is_named(reader, site):
    one = reader()
    said = json.loads((site / "_static/pyodide/where.js").read_text().removeprefix("window.pgPyodide = ").rstrip(";\n"))
    size = -(-sum(said["sizes"].values()) // 10**6)
    panel = one.page.get_by_role("region", name="Python in this page").inner_text()
    assert f"up to {size} MB from {said['host'] or 'this site'}" in panel and 15 <= size <= 25
    assert one.page.locator("main").inner_text().count(f"up to {size} MB") == 1, "said once, not under each cell"
    assert not [
        url for url in one.asked if re.search(r"\.(whl|wasm|zip)|codemirror|worker\.js|cells\.py|jsdelivr", url)
    ]
    assert all(url.startswith((one.url, "data:")) for url in one.asked)
    assert "when you press Run here or begin to edit, and not before" in one.page.locator("#pg-py-what").inner_text()


SAVING = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } });"


@pytest.mark.parametrize("saving", [False, True])
def test_who_begins_to_edit_has_python_coming_but_not_where_data_is_saved(reader, saving):
    one = reader(script=SAVING if saving else None)
    one.press("bernoulli-score-answer", "Edit")
    one.cell("bernoulli-score-answer").locator(".cm-content:focus").wait_for()
    timers(one.page)
    came = [url for url in one.asked if "/python/worker.js" in url]
    assert len(came) == (0 if saving else 1)
    assert one.page.locator(".pg-py-state").inner_text() == "", "it says nothing to who has not asked"
    assert not one.page.locator(".pg-py-progress").is_visible()


def test_python_that_does_not_come_while_one_edits_is_no_trouble(reader):
    one = reader(
        script="""window.made = 0; window.Worker = class {
            constructor() { made++; setTimeout(() => this.onerror({ message: 'no' })); }
            postMessage() {} terminate() { window.gone = true; } };"""
    )
    one.write("bernoulli-score-answer", WRONG)
    one.page.wait_for_function("window.gone")
    assert one.note("unreachable").count() == 0 and one.page.locator(".pg-py-state").inner_text() == ""
    one.press("bernoulli-score-answer", "Run here")
    one.note("unreachable").wait_for()
    assert one.page.evaluate("made") == 2, "the run tries again"


def test_the_check_stands_out_and_the_set_up_folds(reader):
    one = reader()
    page, ground = one.page, "e => getComputedStyle(e).backgroundColor"
    assert not page.locator("details.pg-setup div.cell").first.is_visible()
    page.locator("details.pg-setup > summary").press("Enter")
    assert page.locator("details.pg-setup").get_by_role("button", name="Run here").is_visible()
    checks = page.get_by_role("button", name="Check: cell")
    assert checks.count() == page.locator("[data-cell$=-check]").count() >= 5
    run = one.cell("bernoulli-score-answer").get_by_role("button", name="Run here")
    assert checks.first.evaluate(ground) != run.evaluate(ground) == "rgba(0, 0, 0, 0)"
    seen = "e => Number(getComputedStyle(e).opacity)"
    edits = {
        name: one.cell(name).get_by_role("button", name="Edit")
        for name in ("bernoulli-score-answer", "bernoulli-score-check")
    }
    assert [edit.evaluate(seen) for edit in edits.values()] == [1, 0], "what is not the answer is seldom edited"
    edits["bernoulli-score-check"].focus()
    assert edits["bernoulli-score-check"].evaluate(seen) == 1, "by keyboard it is there"
    one.close()


def test_no_network_is_said_in_plain_words(reader, server, site):
    if not json.loads(
        (site / "_static/pyodide/where.js").read_text().removeprefix("window.pgPyodide = ").rstrip(";\n")
    )["network"]:
        pytest.skip("this site carries Pyodide itself")
    one = reader()
    one.write("bernoulli-score-answer", WRONG)
    one.press("bernoulli-score-answer", "Run here")
    note = one.note("unreachable")
    note.wait_for()
    assert "could not be loaded from" in note.inner_text() and "make lab" in note.inner_text()
    assert (
        note.get_by_role("button", name="Try again").is_visible()
        and note.get_by_role("button", name="Download the notebook").is_visible()
    )
    assert (
        one.text("bernoulli-score-answer") == shown(WRONG)
        and one.kept()["cells"]["bernoulli-score-answer"]["text"] == WRONG
    )
    assert one.cell("bernoulli-score-answer").get_by_role("button", name="Run here").is_visible(), (
        "it can be tried again"
    )
    assert violations(one.page, runOnly=["color-contrast", "aria-allowed-attr", "button-name", "label"]) == []


def test_edits_are_kept_and_reset_can_be_undone(reader):
    one = reader()
    original = one.text("bernoulli-score-answer")
    one.write("bernoulli-score-answer", RIGHT)
    one.page.reload()
    assert (
        one.text("bernoulli-score-answer") == shown(RIGHT)
        and "Your work of" in one.page.locator(".pg-py-state").inner_text()
    )
    assert not [url for url in one.asked if "codemirror" in url][1:], "kept text is shown without the editor"
    one.press("bernoulli-score-answer", "Reset")
    assert one.text("bernoulli-score-answer") == original and one.kept() is None
    one.note("reset").get_by_role("button", name="Undo").click()
    assert (
        one.text("bernoulli-score-answer") == shown(RIGHT)
        and one.kept()["cells"]["bernoulli-score-answer"]["text"] == RIGHT
    )
    one.press("bernoulli-score-answer", "Edit")
    one.cell("bernoulli-score-answer").locator(".cm-content").wait_for()
    one.press("bernoulli-score-answer", "Reset")
    one.cell("bernoulli-score-answer").locator(".cm-content").focus()
    one.page.keyboard.press("Control+z")
    assert one.text("bernoulli-score-answer") == shown(RIGHT), "the editor's own undo takes a reset back, too"


def test_the_editor_by_keyboard_alone(reader):
    one = reader()
    one.cell("bernoulli-score-answer").get_by_role("button", name="Edit").focus()
    one.page.keyboard.press("Enter")
    one.cell("bernoulli-score-answer").locator(".cm-content:focus").wait_for()
    one.page.keyboard.press("Control+a")
    one.page.keyboard.type("def f(x):\n")
    one.page.keyboard.type("return x\n")
    assert one.text("bernoulli-score-answer") == "def f(x):\n    return x\n    ".rstrip("\n"), "indents by itself"
    one.page.keyboard.press("Tab")
    assert one.text("bernoulli-score-answer").endswith("\n        ")
    one.page.keyboard.press("Shift+Tab")
    assert one.text("bernoulli-score-answer").endswith("\n    ")
    one.page.keyboard.press("Escape")
    assert one.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Run here: cell 2, bernoulli_score"
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.tagName") == "BUTTON", "and from there Tab leads on"
    assert one.cell("bernoulli-score-answer").locator(".pg-py-k").first.inner_text() == "def"


def test_a_newer_book_replaces_nothing(reader):
    state = {
        "format": 1,
        "version": "older",
        "saved": "2026-01-02T03:04:05Z",
        "copies": {},
        "cells": {
            "bernoulli-score-answer": {"text": "mine = 1", "base": "as it was once"},
            "gone": {"text": "lost = 1", "base": "x"},
        },
    }
    one = reader(
        script="if (!sessionStorage.begun) { sessionStorage.begun = 1; "
        f"localStorage.setItem({KEY!r}, {json.dumps(json.dumps(state))}); }}"
    )
    assert one.text("bernoulli-score-answer") == "mine = 1"
    newer, homeless = one.note("newer"), one.note("homeless-gone")
    assert "newer version" in newer.inner_text() and "lost = 1" in homeless.inner_text()
    newer.get_by_role("button", name="Show the new").click()
    assert "NotImplementedError" in newer.locator("pre").inner_text()
    newer.get_by_role("button", name="Take the new").click()
    assert "NotImplementedError" in one.text("bernoulli-score-answer")
    one.note("reset").get_by_role("button", name="Undo").click()
    assert one.text("bernoulli-score-answer") == "mine = 1"
    one.page.evaluate("([key, state]) => localStorage.setItem(key, state)", [KEY, json.dumps(state)])
    one.page.reload()
    one.note("newer").get_by_role("button", name="Keep mine").click()
    one.page.reload()
    assert one.text("bernoulli-score-answer") == "mine = 1" and one.note("newer").count() == 0
    assert one.kept()["cells"]["gone"]["text"] == "lost = 1", "kept until the reader deletes it"
    one.note("homeless-gone").get_by_role("button", name="Delete it").click()
    assert "gone" not in one.kept()["cells"]


def test_a_full_storage_loses_nothing(reader):
    one = reader()
    one.page.evaluate("""() => { let size = 2 ** 22; while (size) {
        try { localStorage.setItem('filler' + size + Math.random(), 'x'.repeat(size)); }
        catch { size = Math.floor(size / 2); } } }""")
    one.write("bernoulli-score-answer", WRONG)
    assert "full" in one.note("refused").inner_text() and one.text("bernoulli-score-answer") == shown(WRONG)
    with one.page.expect_download() as coming:
        one.note("refused").get_by_role("button", name="Download the notebook").click()
    assert WRONG.splitlines()[2] in Path(coming.value.path()).read_text()
    asked = []
    one.page.once("dialog", lambda d: (asked.append(d.type), d.accept()))
    one.page.reload()
    assert asked == ["beforeunload"], "leaving now would lose the text: the browser asks"


def test_a_private_window_that_keeps_nothing_says_so(reader):
    one = reader(
        script="Object.defineProperty(window, 'localStorage', "
        "{ get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    assert "keeps nothing" in one.note("refused").inner_text()
    one.write("bernoulli-score-answer", WRONG)
    assert one.text("bernoulli-score-answer") == shown(WRONG)


@pytest.mark.parametrize(
    "stored", ["{ not json", "[]", '{"format": 1, "cells": {"a": 3}}', '{"format": 99, "cells": {}}']
)
def test_what_cannot_be_read_is_set_aside(reader, stored):
    one = reader(
        script="if (!sessionStorage.begun) { sessionStorage.begun = 1; "
        f"localStorage.setItem({KEY!r}, {json.dumps(stored)}); }}"
    )
    note = one.note("damaged")
    assert "set aside" in note.inner_text() and "NotImplementedError" in one.text("bernoulli-score-answer")
    with one.page.expect_download() as coming:
        note.get_by_role("button", name="Save what was kept").click()
    assert Path(coming.value.path()).read_text() == stored
    one.write("bernoulli-score-answer", WRONG)
    assert one.page.evaluate("key => localStorage.getItem(key)", KEY + ":damaged") == stored
    one.page.reload()
    assert one.text("bernoulli-score-answer") == shown(WRONG) and one.note("damaged").count() == 0


def test_two_tabs_on_one_exercise(reader):
    one = reader()
    other = one.open()
    one.write("bernoulli-score-answer", WRONG)
    note = one.note("tab", other)
    note.wait_for()
    assert "another tab" in note.inner_text() and one.text("bernoulli-score-answer", other) == shown(WRONG)
    one.write("score-function-gradient-answer", "second = 2", other)
    assert set(one.kept()["cells"]) == {"bernoulli-score-answer", "score-function-gradient-answer"}, (
        "each tab keeps its own cells"
    )
    one.page.evaluate(
        """key => { const state = JSON.parse(localStorage.getItem(key));
        state.cells['bernoulli-score-answer'].text = 'theirs = 1';
        localStorage.setItem(key, JSON.stringify(state)); }""",
        KEY,
    )  # another tab's, of which no word has come yet
    one.write("bernoulli-score-answer", "mine = 1")
    conflict = one.note("tab", one.cell("bernoulli-score-answer"))
    conflict.wait_for()
    assert "Both are kept" in conflict.inner_text()
    kept = one.kept()
    assert kept["cells"]["bernoulli-score-answer"]["text"] == "theirs = 1" and [
        c["text"] for c in kept["copies"].values()
    ] == ["mine = 1"]
    third = one.open()
    copied = third.locator("[data-note^=copy]")
    assert "mine = 1" in copied.inner_text() and one.text("bernoulli-score-answer", third) == "theirs = 1", (
        "whoever comes later sees both"
    )
    third.close()
    conflict.get_by_role("button", name="Mine").click()
    timers(one.page, KEEP)
    assert one.kept()["cells"]["bernoulli-score-answer"]["text"] == "mine = 1" and not one.kept().get("copies")


def test_the_notebook_goes_out_and_comes_back(reader, tmp_path):
    one = reader(accept_downloads=True)
    one.write("bernoulli-score-answer", RIGHT)
    with one.page.expect_download() as coming:
        one.page.get_by_role("button", name="Download my notebook").click()
    assert coming.value.suggested_filename == Path(CHAPTER3).name + ".ipynb"
    file = tmp_path / "mine.ipynb"
    coming.value.save_as(file)
    nb = nbformat.read(file, as_version=4)
    nbformat.validate(nb)
    original = nbformat.read(ROOT / f"{CHAPTER3}.ipynb", as_version=4)
    changed = {c.id for c, old in zip(nb.cells, original.cells, strict=True) if c.source != old.source}
    assert changed == {"bernoulli-score-answer"} and nb.metadata == original.metadata
    nb.cells.append(nbformat.v4.new_code_cell("mine = 1"))
    nbformat.write(nb, file)
    two = reader()
    upload(two, file)
    said = two.note("upload")
    assert "1 cell changed" in said.inner_text() and "1 cell of your own" in said.inner_text()
    assert (
        two.text("bernoulli-score-answer") == shown(RIGHT)
        and two.kept()["cells"]["bernoulli-score-answer"]["text"] == RIGHT
    )
    said.get_by_role("button", name="Undo").click()
    assert "NotImplementedError" in two.text("bernoulli-score-answer")


def upload(one, file):
    one.page.locator("input[type=file]").set_input_files(file)
    one.note("upload").wait_for()


def test_a_wrong_file_is_refused_with_the_reason(reader, tmp_path):
    lab = ROOT / "notebooks/03-the-log-derivative-trick.ipynb"
    wrong = {
        "no JSON": b"\x89PNG\r\n",
        "no cells": b"[1, 2]",
        "format is 3": b'{"nbformat": 3, "cells": []}',
        "not the exercises of this page": lab.read_bytes(),
        "damaged": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}',
        "format is unknown": b'{"cells": []}',
    }
    one = reader()
    one.write("bernoulli-score-answer", WRONG)
    for reason, content in wrong.items():
        (tmp_path / "file.ipynb").write_bytes(content)
        one.note("upload").evaluate_all("all => all.forEach(e => e.remove())")
        upload(one, tmp_path / "file.ipynb")
        assert reason in one.note("upload").inner_text() and "Nothing was changed" in one.note("upload").inner_text(), (
            reason
        )
        assert one.text("bernoulli-score-answer") == shown(WRONG)


def test_without_the_editor_there_is_still_a_place_to_write(reader):
    one = reader()
    one.context.route("**/codemirror.min.js*", lambda route: route.abort())
    one.press("bernoulli-score-answer", "Edit")
    area = one.cell("bernoulli-score-answer").locator("textarea")
    area.fill(WRONG)
    timers(one.page, KEEP)
    assert (
        one.kept()["cells"]["bernoulli-score-answer"]["text"] == WRONG and "plain one" in one.note("plain").inner_text()
    )


def clean_everywhere(page):
    """Nothing for axe to say by day and by night, nothing sideways on a phone."""
    page.evaluate("document.querySelectorAll('.katex').forEach(e => e.replaceWith('x'))")
    assert in_both_themes(page) == []
    page.set_viewport_size({"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_editing_is_accessible_and_fits_a_phone(reader, tmp_path):
    one = reader()
    clean_everywhere(one.page)
    one.write("bernoulli-score-answer", RIGHT + "# " + "a long remark " * 20)
    one.press("bernoulli-score-answer", "Reset")
    (tmp_path / "x.ipynb").write_text("no")
    upload(one, tmp_path / "x.ipynb")
    one.write("bernoulli-score-answer", RIGHT + "# " + "a long remark " * 20)
    clean_everywhere(one.page)


# --- with Python


@pytest.fixture(scope="module")
def logged(browser, alive, tmp_path_factory):
    """A new browser for which there is no other host, and which writes down whom it asks for what."""
    log = tmp_path_factory.mktemp("log") / "net.json"
    own = browser.browser_type.launch(
        executable_path=chromium.path(), args=[*chromium.ARGS, WALL, f"--log-net-log={log}"]
    )
    yield own, log
    if own.is_connected():
        own.close()


def cpu_seconds(log):
    """Of all processes of the browser that writes this log."""
    total = 0.0
    for process in psutil.process_iter(["cmdline"]):
        if any(str(log) in part for part in process.info["cmdline"] or []):
            for one in [process, *process.children(recursive=True)]:
                total += sum(one.cpu_times()[:2])
            break
    return total


def run(one, name, button="Run here"):
    """Run a cell and wait for its end. Returns the seconds that took, click to picture."""
    cell, start = one.cell(name), time.perf_counter()
    cell.evaluate("e => { delete e.dataset.state; }")
    one.press(name, button)
    one.page.wait_for_function(
        "name => ['done', 'failed', 'stopped'].includes(document.querySelector(`[data-cell=${name}]`).dataset.state)",
        arg=name,
    )
    return time.perf_counter() - start


def said_by_code(one, name):
    return float(re.search(r"Done in ([\d.]+) s", one.cell(name).inner_text())[1])


@pytest.fixture(scope="module")
def session(alive, logged):
    """One reader, one cold profile: a wrong answer, its mending, what is kept. The tests below look at its steps."""
    own, log = logged
    one = Reader(own, alive.url)
    one.write("bernoulli-score-answer", WRONG)
    before = cpu_seconds(log)
    seconds = run(one, "bernoulli-score-check")
    one.first = seconds, cpu_seconds(log) - before
    one.diagnosis = one.cell("bernoulli-score-check").inner_text()
    yield one
    one.context.close()


def test_the_first_result_comes_soon_and_says_what_is_wrong(session):
    seconds, cpu = session.first
    print(
        f"\nfirst result, cold profile: {seconds:.1f} s, {cpu:.1f} CPU seconds (load {os.getloadavg()[0]:.1f})", end=""
    )
    assert "not yet" in session.diagnosis and "sign is flipped" in session.diagnosis


def test_a_mended_answer_passes_and_is_told_and_kept(session):
    session.page.evaluate(
        "window.passed = []; document.addEventListener('pg:passed', e => window.passed.push(e.detail))"
    )
    session.write("bernoulli-score-answer", RIGHT)
    extra = []
    for _ in range(3):
        seconds = run(session, "bernoulli-score-check")
        extra.append(seconds - said_by_code(session, "bernoulli-score-check"))
    print(
        f"\na cell adds {min(extra):.2f} s to its code's own time (three runs: {', '.join(f'{x:.2f}' for x in extra)})",
        end="",
    )
    assert "bernoulli_score: right" in session.cell("bernoulli-score-check").inner_text()
    assert session.page.evaluate("window.passed[0]") == {"kind": "exercise", "id": "bernoulli_score"}
    assert "bernoulli_score: right" in session.page.locator(".pg-py-said").inner_text(), "a screen reader hears it"
    clean_everywhere(session.page)


def test_python_is_there_when_the_answer_is_written(alive, logged):
    one = Reader(logged[0], alive.url)
    place = one.cell("bernoulli-score-answer")
    one.press("bernoulli-score-answer", "Edit")
    place.locator(".cm-content:focus").wait_for()
    frames(one.page)
    before = place.bounding_box()
    one.page.wait_for_function("document.documentElement.dataset.python === 'ready'")
    assert place.bounding_box() == before, "nothing moves under who writes"
    assert one.page.locator(".pg-py-state").inner_text() == ""
    one.write("bernoulli-score-answer", WRONG)
    run(one, "bernoulli-score-check")
    assert "sign is flipped" in one.cell("bernoulli-score-check").inner_text()
    assert "Python is here" in one.page.locator(".pg-py-state").inner_text()
    assert len([url for url in one.asked if "/python/worker.js" in url]) == 1
    one.close()


def test_output_of_every_kind_in_place(session):
    session.write(
        "bernoulli-score-example",
        "import sys\nprint('one'); print('two', file=sys.stderr)\nimport matplotlib.pyplot as plt\n"
        "plt.plot([1, 2]); plt.title('A line'); plt.show()\n6 * 7",
    )
    run(session, "bernoulli-score-example")
    cell = session.cell("bernoulli-score-example")
    assert "one" in cell.inner_text() and "two" in cell.inner_text() and "42" in cell.inner_text()
    assert "A line" in cell.locator("img").get_attribute("alt")
    first = run(session, "bernoulli-score-example")
    print(f"\na figure takes {first:.2f} s", end="")
    session.write(
        "bernoulli-score-example",
        "import policy_gradient as pg\nenvs = pg.envs\nimport gymnasium\n"
        "gymnasium.make_vec('policy_gradient/ShortCorridor-v0', num_envs=2).reset(seed=0)[0]",
    )
    run(session, "bernoulli-score-example")
    assert "array([0, 0])" in cell.inner_text(), cell.inner_text()
    session.write(
        "bernoulli-score-example",
        "from policy_gradient import bootstrap_interval\nimport numpy as np\n"
        "bootstrap_interval(np.arange(12.0).reshape(6, 2), np.random.default_rng(0))",
    )
    run(session, "bernoulli-score-example")
    assert "array(" in cell.inner_text() and cell.locator(".pg-py-error").count() == 0, (
        "SciPy is fetched when it is found missing"
    )
    session.write("bernoulli-score-example", "bernoulli_score(1)")
    run(session, "bernoulli-score-example")
    assert "TypeError" in cell.locator(".pg-py-error").inner_text() and "_pyodide" not in cell.inner_text()
    run(session, "score-function-gradient-example")
    assert "score_function_gradient is not written yet." in session.cell("score-function-gradient-example").inner_text()
    run(session, "bernoulli-score-check", "Hint")
    assert "hint 1 of" in session.cell("bernoulli-score-check").inner_text()
    clean_everywhere(session.page)
    session.write("bernoulli-score-answer", RIGHT)
    session.page.reload()
    assert session.text("bernoulli-score-answer") == shown(RIGHT)


def test_run_all_above(session):
    session.write("bernoulli-score-answer", RIGHT)
    session.press("bernoulli-score-check", "Edit")
    session.press("bernoulli-score-check", "Run all above")
    session.page.wait_for_function(
        "document.querySelector('[data-cell=bernoulli-score-check]').innerText.includes('cells above ran')"
    )
    run(session, "bernoulli-score-check")
    assert "right" in session.cell("bernoulli-score-check").inner_text()


def test_a_loop_in_a_cell_above_is_stopped_too(session):
    fold = session.page.locator("details.pg-setup > summary")
    fold.click()
    session.write("imports", "import numpy as np\nwhile True: pass\n")
    fold.click()
    assert not session.cell("imports").is_visible()
    session.press("bernoulli-score-check", "Run here")
    session.page.wait_for_function("document.querySelector('[data-cell=imports]').dataset.state === 'running'")
    session.press("bernoulli-score-check", "Stop")
    session.page.wait_for_function(
        "document.querySelector('[data-cell=bernoulli-score-check]').dataset.state === 'stopped'"
    )
    assert session.cell("imports").get_attribute("data-state") == "stopped"
    assert session.cell("imports").is_visible(), "what was stopped is not hidden in the folded set-up"
    session.press("imports", "Reset")
    session.page.reload()


def test_an_endless_loop_is_stopped_and_the_text_stays(session):
    endless = "def bernoulli_score(theta, x):\n    while True:\n        pass\n"
    session.write("bernoulli-score-answer", endless)
    session.press("bernoulli-score-check", "Run here")
    stop = session.cell("bernoulli-score-check").get_by_role("button", name="Stop")
    session.page.wait_for_function(
        "document.querySelector('[data-cell=bernoulli-score-check]').dataset.state === 'running'"
    )
    stop.wait_for()
    assert violations(session.page, runOnly=["color-contrast", "button-name", "aria-allowed-attr"]) == []
    start = time.perf_counter()
    stop.click()
    session.page.wait_for_function(
        "document.querySelector('[data-cell=bernoulli-score-check]').dataset.state === 'stopped'"
    )
    print(f"\nan endless loop ends {time.perf_counter() - start:.2f} s after Stop", end="")
    assert (
        session.text("bernoulli-score-answer") == shown(endless)
        and "Your text is kept" in session.cell("bernoulli-score-check").inner_text()
    )
    session.write("bernoulli-score-answer", "def bernoulli_score(theta, x):\n    return bernoulli_score(theta, x)\n")
    again = run(session, "bernoulli-score-check")
    print(f"; the next run, Python anew: {again:.1f} s", end="")
    assert "not yet" in session.cell("bernoulli-score-check").inner_text()
    assert session.errors == []


SOLVE = """async ([data, sources]) => {
  const base = document.baseURI, at = name => new URL(name, base).href, said = {};
  const worker = new Worker(at(data.worker), { type: 'module' });
  let done;
  worker.onmessage = ({ data: m }) => {
    if (m.say === 'item') (said[m.id] ??= []).push(m.item); else if (m.say !== 'progress') done(m); };
  const ask = message => new Promise(yes => { done = yes; worker.postMessage(message); });
  const ready = await ask({ do: 'start', site: at(data.site), core: at(data.site),
      packages: pgPyodide.start, cells: at(data.cells), integrity: pgPyodide.integrity });
  if (ready.say !== 'ready') throw new Error(ready.why);
  for (const [id, source] of sources) await ask({ do: 'run', id, source });
  worker.terminate();
  return said;
}"""


SORTER = """import numpy as np, policy_gradient as pg
task = pg.Sorting()
policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 16, task.base)))
rng = np.random.default_rng(0)
theta = pg.imitate(policy, policy.init(rng), *task.demonstrations(rng, 100), rng, 5)
theta = pg.climb(policy, theta, task.prompts, task.reward, rng, num_updates=3, epochs=2)
print(pg.sorting.exact(task, policy, theta)[1].shape)
print(pg.TabularSoftmax(2, 2).weighted_score(np.zeros(4), rng.integers(2, size=3), [0, 1, 1], 1.0).shape)
"""


@pytest.fixture(scope="module")
def solved(session):
    """(what a Python of the browser says to SORTER and to the reference solutions, the checks that must say "right"):
    every check that says so in the stored solutions, after the same definitions."""
    sources, checks = [["sorter", SORTER]], []
    for slug in SLUGS:
        for cell in nbformat.read(ROOT / f"solutions/{slug}.ipynb", 4).cells:
            if (
                cell.cell_type == "code"
                and re.match(r"(def|import|from|check\()", cell.source)
                and "exact_curves(" not in cell.source
            ):
                sources.append([f"{slug}/{cell.id}", cell.source])
                right = any(": right" in out.get("data", {}).get("text/plain", "") for out in cell.outputs)
                checks += [f"{slug}/{cell.id}"] * (right and cell.source.startswith("check("))
    data = session.page.evaluate("JSON.parse(document.querySelector('#pg-python').textContent)")
    start = time.perf_counter()
    said = session.page.evaluate(SOLVE, [data, sources])
    print(
        f"\n{len(checks)} reference solutions checked in the browser's Python "
        f"in {time.perf_counter() - start:.1f} s, start included",
        end="",
    )
    return said, checks


def test_every_reference_solution_passes_in_the_browser(solved):
    said, checks = solved
    assert {key: said.get(key) for key in checks if not any(item.get("passed") for item in said.get(key, []))} == {}
    assert len(checks) >= 20


def test_the_sorter_trains_in_the_browser(solved):
    """Addresses have 32 bits there, whole numbers 64: NumPy's take and bincount refuse these."""
    said, _ = solved
    assert {item["kind"] for item in said["sorter"]} == {"out"}, said["sorter"]
    assert "".join(item["text"] for item in said["sorter"]).split("\n") == ["(1240,)", "(4,)", ""]


@pytest.mark.ends_its_browser
def test_nothing_was_sent_anywhere(session, logged, alive):
    """The browser's own log of its network sees the worker's requests too. Last, because it ends the browser."""
    own, log = logged
    session.context.close()
    own.close()
    asked = requests_in(log)
    assert any(url.endswith(".wasm") for _, url in asked) and any("numpy" in url for _, url in asked), (
        "the log sees the worker"
    )
    strangers = {urllib.parse.urlsplit(url).hostname for _, url in asked if url.startswith("http")} - {"127.0.0.1"}
    assert {host for host in strangers if not BROWSERS_OWN.search("." + host)} == set()
    ours = [(method, url) for method, url in asked if url.startswith(alive.url)]
    assert {method for method, _ in ours} == {"GET"}
    assert all(re.fullmatch(r"(v=[0-9a-f]{8})?", urllib.parse.urlsplit(url).query) for _, url in ours), (
        "and nothing rides on an address"
    )


def requests_in(log):
    text = log.read_text("utf8", errors="replace")
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:  # an abruptly ended log lacks its last brackets
        whole = json.loads(text.rstrip().rstrip(",") + "]}")
    start = whole["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    return [
        (e["params"].get("method", "GET"), e["params"]["url"])
        for e in whole["events"]
        if e["type"] == start and "url" in e.get("params", {})
    ]
