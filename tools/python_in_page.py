"""Python in the pages of the exercises: what they need is put into the site and said in the page.

The page gets its notebook and a description of Pyodide as JSON (data, not a script), and the scripts of book/_static/python,
which wait for the reader's click. The site gets `_static/pyodide/`: our wheels and the lock; with the environment variable
PYODIDE (a folder that tools/pyodide_folder.py filled) all of Pyodide too, else its official files come from the content network.
"""
import base64
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pyodide_folder
from sphinx.errors import ExtensionError

FOLDERS = ("exercises",)                   # notebooks whose cells run in the page
SCRIPTS = ("work.js", "runner.js")
AT_START = ("numpy", "policy-gradient")    # the rest is fetched when a cell imports it
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")


def given():
    """The folder that PYODIDE names, or None."""
    named = os.environ.get("PYODIDE")
    return Path(named).expanduser().resolve() if named else None


def prepare(app):
    """Pack our wheels once per build, before any page is written: pages say how large the download is."""
    if app.builder.name != "html":
        return
    app.pg_pyodide = Path(tempfile.mkdtemp(prefix="pyodide-"))
    app.pg_ours = pyodide_folder.ours(app.pg_pyodide)
    if folder := given():
        missing = pyodide_folder.gather(app.pg_pyodide, [folder])
        if missing:
            raise ExtensionError(f"PYODIDE={folder} lacks, or has with another SHA-256 than the official lock: {', '.join(missing)}")
    base = "" if given() else pyodide_folder.official()["network"]
    (app.pg_pyodide / "pyodide-lock.json").write_text(pyodide_folder.lock(app.pg_ours, base))


def described(app):
    """Where Pyodide comes from, how large it is, and the digests of what no lock guards."""
    record, folder = pyodide_folder.official(), app.pg_pyodide
    sizes = {name: entry["size"] for name, entry in record["packages"].items()}
    sizes |= {name: (folder / entry["file_name"]).stat().st_size for name, entry in app.pg_ours.items()}
    core = {name: record["core"][name] for name in CORE}
    integrity = {name: "sha256-" + base64.b64encode(bytes.fromhex(entry["sha256"])).decode() for name, entry in core.items()}
    return {"version": record["info"]["version"], "network": None if given() else record["network"],
            "host": None if given() else urlsplit(record["network"]).hostname, "integrity": integrity, "start": AT_START,
            "sizes": {name: entry["size"] for name, entry in core.items()} | {name: sizes[name] for name in AT_START}}


def page(app, pagename, templatename, context, doctree):
    """After site_layout: the page's own scripts and its data."""
    source = Path(app.env.doc2path(pagename)) if pagename in app.env.found_docs else None
    if app.builder.name != "html" or pagename.split("/")[0] not in FOLDERS or not source or source.suffix != ".ipynb":
        return
    static = Path(__file__).resolve().parents[1] / "book/_static"

    def address(name):                     # a changed file has a changed address
        return f"{context['pathto']('_static/' + name, 1)}?v={hashlib.sha256((static / name).read_bytes()).hexdigest()[:8]}"

    data = {"page": pagename, "notebook": json.loads(source.read_text("utf8")), "pyodide": described(app),
            "site": context["pathto"]("_static/pyodide/", 1), "worker": address("python/worker.js"), "cells": address("python/cells.py"),
            "editor": address("vendor/codemirror/codemirror.min.js")}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    scripts = "".join(f'<script defer src="{address("python/" + name)}"></script>' for name in SCRIPTS)
    context["metatags"] += f'\n  <link rel="stylesheet" href="{address("python/python.css")}">{scripts}'
    context["body"] += f'\n<script type="application/json" id="pg-python">{text}</script>'


def finish(app, exception):
    if folder := getattr(app, "pg_pyodide", None):
        if not exception:
            into = Path(app.outdir, "_static/pyodide")
            shutil.rmtree(into, ignore_errors=True)
            into.mkdir()                       # with a folder's usual rights, which a temporary one has not
            for file in folder.iterdir():
                shutil.copy(file, into)
        shutil.rmtree(folder, ignore_errors=True)


def setup(app):
    app.connect("builder-inited", prepare)
    app.connect("html-page-context", page, priority=950)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
