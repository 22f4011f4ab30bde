"""JupyterLite in the site: every notebook runs in the reader's browser, with nothing to install.

    python -m tools.make.lite [--path-output FOLDER] [--jupyter COMMAND]        FOLDER/_build/html/lite (default: here)

JupyterLite lives in an environment of its own, `.venv-lite`, so that the book's stays free of it; `make lite` makes
both, runs this and builds the book, whose notebook pages show *Run in browser* because they find the app beside them.
The app takes Python, the libraries and the book's package from the site's `_static/pyodide` (tools/make/pyodide.py),
see lite/pyodide.js.
"""

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from tools.make import pyodide as pyodide_folder
from tools.make.book import digest
from tools.paths import NOTEBOOKS, ROOT

COMMAND = ROOT / ".venv-lite" / ("Scripts" if os.name == "nt" else "bin") / "jupyter-lite"
DATA = "studies/*.json"  # results that the labs plot
SOURCES = ["lite", *NOTEBOOKS, "studies", "tools/make/lite.py", "tools/make/pyodide-lock.json"]
KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
WHEELS = "extensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
KERNELS_OWN = {"piplite": ["micropip"], "ipykernel": [], "pyodide-kernel": []}  # each with what must be loaded with it
BOOK = re.compile(r"\[([^\]]*)\]\(\.\./(book/[\w/.-]*?)\.md(#[\w-]+)?\)")


def clean(nb, address=""):
    """A notebook as it stands in the browser: nothing run yet. A chapter is not among its files:
    it is named, or linked if we know where."""
    nb.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"file_extension": ".py", "name": "python"}}
    )
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = BOOK.sub(
                lambda m: f"[{m[1]}]({address}/{m[2]}.html{m[3] or ''})" if address else m[1], cell.source
            )
    return nb


def contents(folder, address=""):
    """Clean copies of all notebooks, in the book's folders, and the results that they read."""
    for path in sorted(p for name in NOTEBOOKS for p in (ROOT / name).glob("*.ipynb")):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(clean(nbformat.read(path, as_version=4), address), target)
    for path in ROOT.glob(DATA):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)


def kernels(site):
    """The kernel's own wheels in a built app, as entries of Pyodide's lock: its loader holds them to a digest."""
    entries = {}
    for name, depends in KERNELS_OWN.items():
        (wheel,) = (site / WHEELS).glob(f"{name.replace('-', '_')}-*.whl")
        entries[name] = pyodide_folder.entry(name, wheel, [name.replace("-", "_")], depends)
        entries[name]["file_name"] = f"{WHEELS}/{wheel.name}"
    return entries


def guarded(script, core, kernel):
    """lite/pyodide.js with the digests of Pyodide's core, {file: {"sha256": ...}}, and the kernel's wheels."""
    digests = {
        name: "sha256-" + base64.b64encode(bytes.fromhex(entry["sha256"])).decode() for name, entry in core.items()
    }
    for name, value in {"INTEGRITY": digests, "KERNEL": kernel}.items():
        empty = f"const {name} = {{}};"
        assert script.count(empty) == 1, f"lite/pyodide.js has no {empty}"
        script = script.replace(empty, f"const {name} = {json.dumps(value, indent=1)};")
    return script


def build(out, command=COMMAND):
    """Bring `out`/_build/html/lite up to date; 0 if that went well."""
    site, stamp = out / "_build/html/lite", out / "_build/lite.json"
    address = os.environ.get("PG_SITE_URL", "").rstrip("/")
    now = {"sources": digest(ROOT, SOURCES), "address": address}
    if stamp.exists() and json.loads(stamp.read_text()) == now and (site / "notebooks/index.html").exists():
        print(f"nothing changed: {site}")
        return 0
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work:  # JupyterLite leaves its own records beside its sources
        work = Path(work)
        shutil.copytree(ROOT / "lite", work / "lite")
        contents(work / "lite/content", address)
        done = subprocess.run(
            [command, "build", "--output-dir", work / "site"],
            cwd=work / "lite",
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode or not (work / "site/notebooks/index.html").exists():
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
            return done.returncode or 1
        script, core = (ROOT / "lite/pyodide.js").read_text("utf8"), pyodide_folder.official()["core"]
        (work / "site/pyodide.js").write_text(guarded(script, core, kernels(work / "site")), encoding="utf8")
        shutil.rmtree(site, ignore_errors=True)
        site.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(work / "site", site)
    stamp.write_text(json.dumps(now))
    print(f"built: {site}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--path-output", type=Path, default=Path("."), help="the folder that gets _build (default: here)"
    )
    parser.add_argument("--jupyter", type=Path, default=COMMAND, help="JupyterLite's command (default: .venv-lite's)")
    given = parser.parse_args()
    if not given.jupyter.exists():
        parser.error(f"there is no {given.jupyter}; `make lite` makes it")
    return build(given.path_output.resolve(), given.jupyter.absolute())


if __name__ == "__main__":
    sys.exit(main())
