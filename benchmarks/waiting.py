"""What the reader and the author wait for: the labs, the build of the book, a slider's next picture.

python -m benchmarks.waiting         # prints the tables as JSON; in the book's own environment, about six minutes
"""

import argparse
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import THREADS
from tools.run import chromium

ROOT = Path(__file__).resolve().parents[1]

MOVES = 12  # of the hand, in each of three turns
PAGES = "book/index.html", "book/01-values-or-probabilities.html"
LAB = """
import sys, nbformat
from nbclient import NotebookClient
path = sys.argv[1]
NotebookClient(nbformat.read(path, as_version=4), timeout=600,
               resources={"metadata": {"path": path.rpartition("/")[0]}},
               extra_arguments=["--IPKernelApp.log_level=ERROR"]).execute()
"""


def spent(command, **how):
    """Seconds on the clock and of the processor, of a command and all that it started."""

    def used():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.monotonic(), children.ru_utime + children.ru_stime

    before = used()
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **how)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
    wall, cpu = (b - a for a, b in zip(before, used()))
    return {"seconds": round(wall, 1), "CPU seconds": round(cpu, 1)}


def labs():
    """Each from a fresh kernel to its last output, as a reader runs it:
    nothing is stored, so nothing is drawn ahead."""
    environment = {k: v for k, v in os.environ.items() if k != "PG_PRERENDER"} | THREADS | {"TQDM_DISABLE": "1"}
    return [
        {"lab": path.stem} | spent([sys.executable, "-c", LAB, str(path)], env=environment)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    ]


def builds():
    """`make book` in a copy: from nothing, with nothing changed, with one sentence more on a page, with a rule more in
    the style sheet."""
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        names = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\n")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (book / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, book / name)
        (book / ".venv").symlink_to(ROOT / ".venv")
        command = ["make", "-o", ".venv/installed", "book"]  # never install: the environment is this book's own

        def changed(name, text):
            with open(book / name, "a", encoding="utf8") as file:
                file.write(text)
            return spent(command, cwd=book)

        return [
            {"build": "from nothing"} | spent(command, cwd=book),
            {"build": "nothing changed"} | spent(command, cwd=book),
            {"build": "one page changed"} | changed("book/notation.md", "\nOne sentence more.\n"),
            {"build": "the style sheet changed"} | changed("book/_static/site.css", "\n/* one rule more */\n"),
        ]


@contextlib.contextmanager
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        opened = p.chromium.launch(executable_path=chromium.path(), args=chromium.ARGS)
        yield opened
        opened.close()


def sliders():
    """Milliseconds from the hand to the painted picture, median and 95th percentile, the three ways in one notebook
    taking turns."""
    from benchmarks import slider_ways as one_notebook
    from tests.helpers import jupyterlab_here as lab

    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        one_notebook.write_comparison(Path(folder) / "compare.ipynb")
        with lab.running(folder, Path(folder) / ".jupyter") as address:
            times = one_notebook.compared(opened, address, "compare.ipynb", MOVES)
    return [
        {
            "way": way,
            "median ms": round(statistics.median(row)),
            "95 % within ms": round(sorted(row)[int(0.95 * len(row))]),
        }
        for way, row in times.items()
    ]


def pages(site=ROOT / "_build/html"):
    """The same on the built site, where no Python runs."""
    from benchmarks.limits import median_delay
    from tests.helpers.pages import Server

    server = Server(site)
    with browser() as opened:
        delays = [{"page": page, "median ms": round(median_delay(opened, server, page), 1)} for page in PAGES]
    server.http.shutdown()
    return delays


if __name__ == "__main__":
    parts = {part.__name__: part for part in (labs, builds, sliders, pages)}
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; default: all")
    wanted = parser.parse_args().parts
    if unknown := set(wanted) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    print(json.dumps({name: parts[name]() for name in wanted or parts}))
