"""How long until Python's first result: in an exercise's page after a press, in JupyterLite after the opening.

python -m benchmarks.first_python                        # this book's site beside a bare Pyodide, as JSON: three turns
python -m benchmarks.first_python --against FOLDER       # beside another built site as well, such as that of 658b420

Each visit is a browser of its own with an empty profile, so nothing is kept from the one before, and there is no host
but this machine. The sites carry Pyodide themselves (`PYODIDE=folder make lite`); to one that does not, the folder
`_build/pyodide` is added. Beside the clock stands the CPU time of all the browser's processes, which other programs
on the machine change less.

What was tried, on two cores that were shared (CPU seconds of single runs; results/first_python.json has the pairs):

- From the press alone, 658b420 takes 5.7 and today 6.0. The bare core is 2.9 of that, loading NumPy 0.7, importing it
  0.5, the exercises of all chapters 0.4 (0.2 then: there were fewer). Core and NumPy alone
  are more than half.
- A memory snapshot (`makeMemorySnapshot`, `_loadSnapshot`): the core starts in 0.5, but what it had compiled is
  compiled later: loading and importing NumPy rise from 1.2 to 2.1. In all 3.2 instead of 4.9, two thirds, for 6.0 MB
  more to fetch (gzip; 25 MB open). With NumPy loaded none can be made ("Unexpected hiwire entry at index 6"). Not
  kept: it is experimental, would have to be made in a browser at each build, and at 20 Mbit/s the 6 MB take longer
  than they save.
- Loading while the reader reads would fetch 17 MB before a press: not done. Loading while the reader *writes* is
  kept: who begins to edit has pressed. After ten seconds in the editor a check takes a tenth of what it took.
- Fewer wheels: Matplotlib was never among those of a page, and the two that are come while the core starts.
- Compiled code: compiling the core as it streams in takes 0.3, so keeping it would save little of a first visit's
  2.9.
- JupyterLite, of 22: the app's own program 6, the core beside it 6, unpacking the wheels 1.7, IPython and jedi 3.4,
  Matplotlib 3.0. Kept: the kernel's wheels by Pyodide's loader instead of nine calls of micropip, without SSL and
  SQLite; and the notebook's folder last on Python's path (in one run 114 waits for the page, 1.2 s, became 41, 0.3
  s).
- Byte code: the wheels hold source. Compiled ahead, all imports to the end of that first cell take 2.4 instead of 5.0.
  Not done: Pyodide's own Python would have to compile it, that is a browser at each build.
"""

import argparse
import contextlib
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.helpers.pages import Server
from tools.run import chromium
from tools.site import python_in_page

ROOT = Path(__file__).resolve().parents[1]

EXERCISES = "exercises/02-the-theorem.html"
ANSWER, CHECK = "state-values-answer", "state-values-check"
FIRST = "imports"  # the first cell; the check is the first that says something
NOTEBOOK = "lite/notebooks/index.html?path=notebooks/02-the-theorem.ipynb"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
READING = 10  # seconds
SENT = {"core": r"pyodide\.asm\.wasm$|python_stdlib\.zip$", "wheels": r"\.whl$"}
BARE = """async () => {
  const { loadPyodide } = await import(new URL("_static/pyodide/pyodide.mjs", location.href));
  const python = await loadPyodide({ packages: ["numpy"] });
  return python.runPython("import numpy; numpy.__version__");
}"""


class Sent(list):
    """(path, bytes) of what a server sent; remembers when."""

    def __init__(self):
        self.times = []

    def append(self, pair):
        self.times.append((time.monotonic(), pair[0].partition("?")[0]))
        super().append(pair)

    def last(self, pattern, since):
        return max((at for at, path in self.times if at >= since and re.search(pattern, path)), default=None)


class Visit:
    """A fresh browser, with its clock and the CPU time of all its processes."""

    def __init__(self, play, server):
        self.server, self.folder = server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.context = play.chromium.launch_persistent_context(
            self.folder.name,
            executable_path=chromium.path(),
            args=[*chromium.ARGS, ALONE],
            viewport={"width": 1280, "height": 900},
        )
        self.context.set_default_timeout(300_000)
        self.page, self.marks = self.context.pages[0], {}

    def cpu(self):
        flag, total = f"--user-data-dir={self.folder.name}", 0.0
        for process in psutil.process_iter(["cmdline"]):
            if flag in (process.info["cmdline"] or []):
                for each in [process, *process.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        total += sum(each.cpu_times()[:2])
                break
        return total

    def begin(self):
        self.begun, self.spent = time.monotonic(), self.cpu()

    def mark(self, name):
        self.marks[name] = {"seconds": time.monotonic() - self.begun, "CPU seconds": self.cpu() - self.spent}

    def done(self):
        """{step: its times since the beginning}; of files the time when they had been sent."""
        for name, pattern in SENT.items():
            if at := self.server.sent.last(pattern, self.begun):
                self.marks[f"{name} sent"] = {"seconds": at - self.begun}
        self.context.close()
        self.folder.cleanup()
        return {step: {kind: round(x, 2) for kind, x in row.items()} for step, row in self.marks.items()}


def ended(page, cell):
    page.wait_for_function(
        "cell => ['done', 'failed'].includes(document.querySelector(`[data-cell=${cell}]`).dataset.state)", arg=cell
    )


def bare(visit):
    """The yardstick: Pyodide's core with NumPy imported, in an empty page."""
    visit.page.goto(visit.server.url + "bare.html")
    visit.begin()
    visit.page.evaluate(BARE)
    visit.mark("result")
    return visit.done()


def pressed(visit, writes=False):
    """From the press of the first check to its verdict; at once, or after ten seconds in the editor."""
    page = visit.page
    page.goto(visit.server.url + EXERCISES, wait_until="domcontentloaded")
    check = page.locator(f"[data-cell={CHECK}]")
    check.locator(".pg-py-bar").wait_for()
    if writes:
        page.locator(f"[data-cell={ANSWER}]").get_by_role("button", name=re.compile("^Edit")).click()
        time.sleep(READING)
    visit.begin()
    check.get_by_role("button", name=re.compile("^(Check|Run here)")).click()
    page.wait_for_function("document.documentElement.dataset.python === 'ready'")
    visit.mark("ready")
    ended(page, FIRST)
    visit.mark("first cell")
    ended(page, CHECK)
    visit.mark("result")
    assert "state_values" in check.inner_text() and "written" in check.inner_text(), check.inner_text()
    return visit.done()


def written(visit):
    return pressed(visit, writes=True)


def lite(visit):
    """From the opening of a notebook to the end of its first cell, which is run as soon as it is there."""
    page = visit.page
    visit.begin()
    page.goto(visit.server.url + NOTEBOOK, wait_until="domcontentloaded")
    cell = page.locator(".jp-CodeCell").first
    cell.locator(".cm-content").wait_for()
    visit.mark("notebook shown")
    prompt = cell.locator(".jp-InputPrompt")
    while prompt.inner_text().strip() in ("", "[ ]:"):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(200)
    visit.mark("accepted")
    page.wait_for_function("/\\[\\d+\\]/.test(document.querySelector('.jp-CodeCell .jp-InputPrompt').innerText)")
    visit.mark("result")
    return visit.done()


WAYS = {way.__name__: way for way in (bare, pressed, written, lite)}


@contextlib.contextmanager
def served(site, pyodide=ROOT / "_build/pyodide"):
    """A server of the site, all of Pyodide in it and an empty page beside; None where Pyodide's files are not here."""
    own = (site / "_static/pyodide/pyodide.asm.wasm").is_file()
    if not own and not (pyodide / "pyodide.asm.wasm").is_file():
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder)
        (whole / "_static").mkdir()
        for path in [*site.iterdir(), *(site / "_static").iterdir()]:
            if path.name != "_static" and (own or path.name != "pyodide"):
                (whole / path.relative_to(site)).symlink_to(path)
        if not own:
            python_in_page.furnish(whole / "_static/pyodide", pyodide)
        (whole / "bare.html").write_text("<!doctype html><title>bare</title>")
        server = Server(whole, Sent())
        yield server
        server.http.shutdown()
        server.http.server_close()


def measured(servers, ways, turns):
    """{way: {site: [visit, ...]}}; the sites take turns, in changing order. Bare is taken on the first alone."""
    from playwright.sync_api import sync_playwright

    visits = {way: {name: [] for name in (servers if way != "bare" else list(servers)[:1])} for way in ways}
    with sync_playwright() as play:
        for turn in range(turns):
            for way, sites in visits.items():
                for name in list(sites)[:: -1 if turn % 2 else 1]:
                    sites[name].append(WAYS[way](Visit(play, servers[name])))
                    print(way, name, json.dumps(sites[name][-1]), file=sys.stderr, flush=True)
    return visits


def median(visits, kind="seconds"):
    return statistics.median(visit["result"][kind] for visit in visits)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html")
    parser.add_argument("--against", type=Path, help="another built site, measured in turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        sites = {"now": given.site} | ({"then": given.against} if given.against else {})
        servers = {name: stack.enter_context(served(site.resolve())) for name, site in sites.items()}
        if None in servers.values():
            sys.exit("Pyodide's files are not here: PYODIDE=folder make lite, or fill _build/pyodide")
        print(json.dumps(measured(servers, given.ways, given.turns)))


if __name__ == "__main__":
    main()
