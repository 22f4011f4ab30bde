"""Python in the pages of the exercises: what they need is put into the site, what it costs is said in the page.

A page gets its notebook as JSON (data, not a script) and the scripts of book/_static/python,
which wait for the reader's click.
The site gets `_static/pyodide/`: our wheels, Pyodide's lock, and where.js, which says where the rest is. With the
environment variable PYODIDE (a folder that tools/make/pyodide.py filled) all of Pyodide stands there too, else its
official files come from the content network.
"""

import base64
import hashlib
import json
import os
import re
import shutil
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from tools.make import pyodide as pyodide_folder
from tools.paths import ROOT

FOLDERS = ("exercises",)  # notebooks whose cells run in the page
SCRIPTS = ("work.js", "runner.js")
STATIC = ROOT / "book/_static"
AT_START = ("numpy", "policy-gradient")  # the rest is fetched when a cell imports it
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")


def given():
    """The folder that PYODIDE names, or None."""
    named = os.environ.get("PYODIDE")
    return Path(named).expanduser().resolve() if named else None


def furnish(into, folder=None):
    """Fill a site's `_static/pyodide`; with a folder that holds Pyodide, so that the site needs no other host."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    record, entries = pyodide_folder.official(), pyodide_folder.ours(into)
    missing = pyodide_folder.gather(into, [folder]) if folder else []
    if missing:
        raise SystemExit(
            f"PYODIDE={folder} lacks, or has with another SHA-256 than the official lock: {', '.join(missing)}"
        )
    (into / "pyodide-lock.json").write_text(pyodide_folder.lock(entries, "" if folder else record["network"]))
    (into / "where.js").write_text(
        f"window.pgPyodide = {json.dumps(described(into, record, entries, not folder), indent=1)};\n"
    )


def described(into, record, entries, network):
    """Where Pyodide comes from, how large it is, and the digests of what no lock guards."""
    core = {name: record["core"][name] for name in CORE}
    sizes = {name: entry["size"] for name, entry in (core | record["packages"]).items()}
    sizes |= {name: (into / entry["file_name"]).stat().st_size for name, entry in entries.items()}
    integrity = {
        name: "sha256-" + base64.b64encode(bytes.fromhex(entry["sha256"])).decode() for name, entry in core.items()
    }
    return {
        "version": record["info"]["version"],
        "network": record["network"] if network else None,
        "host": urlsplit(record["network"]).hostname if network else None,
        "integrity": integrity,
        "start": AT_START,
        "sizes": {name: sizes[name] for name in (*CORE, *AT_START)},
    }


# Room for what runner.js puts into the page, in its words and sizes, so that nothing moves when it comes.
# Only where scripts run.
PANEL = """<div class="pg-py-panel pg-py-wait" aria-hidden="true"><p>\
<strong>Run and edit in this page. </strong>Python comes into the page when
you press Run here or begin to edit, and not before: {price}, once; your browser then keeps it. Your code runs on your
machine, your edits stay in this browser, and nothing is sent anywhere.</p><p class="pg-py-row">
<span class="pg-py-button pg-py-run">Run here</span>
<span class="pg-py-button">Download my notebook</span><span class="pg-py-button">Upload a notebook</span></p>\
<p class="pg-py-small">
<kbd>Shift+Enter</kbd> runs a cell, <kbd>Tab</kbd> indents, <kbd>Esc</kbd> leaves the editor. \
A run first runs the cells above that
define what it needs.</p></div>
"""
BAR = """<div class="pg-py-bar pg-py-wait" aria-hidden="true">{buttons}
<span class="pg-py-button pg-py-quiet">Edit</span></div>
"""
CHECK, HINT = '<span class="pg-py-button pg-py-go">Check</span>', '<span class="pg-py-button pg-py-quiet">Hint</span>'
RUN = '<span class="pg-py-button pg-py-run">Run here</span>'
INPUT = re.compile(r'<div class="cell_input docutils container">.*?</pre></div>\n</div>\n</div>\n', re.S)


def with_room(body, sources, host):
    """The page with room for the panel before its first cell and for the buttons under each."""
    inputs = list(INPUT.finditer(body))
    if len(inputs) != len(sources):  # a cell that is written in another way would be a cell without a button
        raise ValueError(
            f"The page should show each of its {len(sources)} code cells as INPUT has it, found {len(inputs)}."
        )
    if not inputs:
        return body
    price = escape(f"up to 00 MB from {host}")
    for cell, source in reversed(list(zip(inputs, sources))):
        called = re.match(r"check(_\w+)?\s*\(\s*\w", source)  # as runner.js sees it
        buttons = RUN if not called else CHECK if called[1] else CHECK + HINT
        body = body[: cell.end()] + BAR.format(buttons=buttons) + body[cell.end() :]
    folded = body.rfind('<details class="pg-fold pg-setup', 0, inputs[0].start())
    start = folded if folded >= 0 else body.rindex('<div class="cell ', 0, inputs[0].start())
    return body[:start] + PANEL.format(price=price) + body[start:]


def page(app, pagename, templatename, context, doctree):
    """After layout: the page's own scripts and its data."""
    source = Path(app.env.doc2path(pagename)) if pagename in app.env.found_docs else None
    if app.builder.name != "html" or pagename.split("/")[0] not in FOLDERS or not source or source.suffix != ".ipynb":
        return

    def address(name):  # a changed file has a changed address
        digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
        return f"{context['pathto']('_static/' + name, 1)}?v={digest[:8]}"

    site = context["pathto"]("_static/pyodide/", 1)
    data = {
        "page": pagename,
        "notebook": json.loads(source.read_text("utf8")),
        "site": site,
        "worker": address("python/worker.js"),
        "cells": address("python/cells.py"),
        "editor": address("vendor/codemirror/codemirror.min.js"),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    scripts = "".join(
        f'\n  <script defer src="{name}"></script>'
        for name in [site + "where.js", *(address("python/" + s) for s in SCRIPTS)]
    )
    context["metatags"] += f'\n  <link rel="stylesheet" href="{address("python/python.css")}">{scripts}'
    host = "this site (127.0.0.1:8000)" if given() else urlsplit(pyodide_folder.official()["network"]).hostname
    sources = ["".join(cell["source"]) for cell in data["notebook"]["cells"] if cell["cell_type"] == "code"]
    context["body"] = with_room(context["body"], sources, host)
    context["body"] += f'\n<script type="application/json" id="pg-python">{text}</script>'


def finish(app, exception):
    needed = any(name.split("/")[0] in FOLDERS for name in app.env.found_docs)
    if app.builder.name == "html" and not exception and needed:
        furnish(Path(app.outdir, "_static/pyodide"), given())


def setup(app):
    app.connect("html-page-context", page, priority=950)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
