"""Open JupyterLab on your own copies of the notebooks, in `my/`, at the first one.

    python -m tools.run.lab [--no-browser] [any other option of JupyterLab]
    python -m tools.run.lab --copy-only

`my/` is yours: git ignores it and nothing in it is overwritten once you have edited it. When the book has a newer
version of a notebook, an unedited copy is brought up to date; next to an edited one the new version is put as
`NAME.new.ipynb`. The copies are marked as trusted, else JupyterLab would show no widget before you run them.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

from tools.paths import NOTEBOOKS, ROOT


def fingerprint(text):
    """What a reader has written: the cells' kinds and sources (running a cell changes neither)."""
    try:
        cells = [[c.cell_type, c.source] for c in nbformat.reads(text, as_version=4).cells]
    except Exception:  # no notebook any more: certainly edited
        cells = text
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def copy(root=ROOT, say=print):
    """Bring the copies in `my/` up to date; return the path of the first notebook, or of `my/`."""
    copies, notary = root / "my", NotebookNotary()
    record = copies / ".copied.json"  # for each copy, the book's file that it came from
    copied = json.loads(record.read_text()) if record.exists() else {}
    copies.mkdir(exist_ok=True)

    def write(target, text):
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
        notary.sign(nbformat.reads(text, as_version=4))

    for source in sorted(p for folder in NOTEBOOKS for p in (root / folder).glob("*.ipynb")):
        name, text = source.relative_to(root).as_posix(), source.read_text(encoding="utf-8")
        target, version = copies / name, hashlib.sha256(text.encode()).hexdigest()
        if not target.exists():
            write(target, text)
        elif copied.get(name, {}).get("version") == version:
            continue
        elif fingerprint(target.read_text(encoding="utf-8")) in (copied.get(name, {}).get("cells"), fingerprint(text)):
            write(target, text)
            say(f"my/{name}: brought up to date")
        else:
            beside = _free(target)
            write(beside, text)
            say(f"my/{name}: the book has a newer version; you have edited yours, so it is beside it as {beside.name}")
        copied[name] = {"version": version, "cells": fingerprint(text)}
        record.write_text(json.dumps(copied, indent=1, sort_keys=True))
    for source in (root / "studies").glob("*.json"):  # results that the labs plot: nobody edits them
        target = copies / source.relative_to(root)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)
    return next(iter(sorted((copies / "notebooks").glob("*.ipynb"))), copies)


def quiet():
    """JupyterLab's own switches for asking its makers for news and updates: off, in the book's environment only."""
    if sys.prefix != sys.base_prefix:
        settings = Path(sys.prefix) / "share/jupyter/lab/settings/overrides.json"
        if not settings.exists():
            settings.parent.mkdir(parents=True, exist_ok=True)
            settings.write_text(
                json.dumps(
                    {"@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}}
                )
            )


def _free(target):
    beside, n = target.with_suffix(".new.ipynb"), 2
    while beside.exists():
        beside, n = target.with_suffix(f".new-{n}.ipynb"), n + 1
    return beside


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--copy-only", action="store_true", help="bring my/ up to date and open nothing")
    parser.add_argument(
        "--no-browser",
        action="store_true",
        help="print the address, open no browser; any other option goes to JupyterLab as it is",
    )
    args, others = parser.parse_known_args(arguments)
    first = copy()
    if args.copy_only:
        return
    quiet()
    page = "/lab" if first.is_dir() else f"/lab/tree/{first.relative_to(ROOT / 'my').as_posix()}"
    options = [f"--ServerApp.root_dir={ROOT / 'my'}", f"--LabApp.default_url={page}"]
    if getattr(os, "geteuid", lambda: 1)() == 0:
        options.append("--allow-root")
    command = [sys.executable, "-m", "jupyterlab", *options, *others, *["--no-browser"] * args.no_browser]
    if os.name == "posix":
        return os.execv(sys.executable, command)  # JupyterLab takes Ctrl-C itself
    import subprocess

    sys.exit(subprocess.call(command))


if __name__ == "__main__":
    main(sys.argv[1:])
