"""JupyterLite's Python: its core runs only if it has the recorded SHA-256.
A stand-in for Pyodide, in a worker as the kernel's is."""

import hashlib
import json
import re

import pytest

from tests.helpers.pages import Server
from tools.make import lite
from tools.make import pyodide as pyodide_folder
from tools.paths import ROOT

CORE = {
    "pyodide.asm.js": "self._createPyodideModule = () => 1; self.order = [...(self.order ?? []), 'asm'];",
    "pyodide.js": """self.order.push('js');
        self.loadPyodide = async ({ indexURL, packages, lockFileURL }) => ({
            loadPackagesFromImports() {}, runPython() {},
            stdlib: await (await fetch(indexURL + 'python_stdlib.zip')).text(), packages, order: self.order,
            kernel: (await (await fetch(lockFileURL)).json()).packages.piplite.file_name });""",
    "python_stdlib.zip": "the library",
}
ASK = """() => new Promise(done => {
    const worker = new Worker('lite/worker.js');
    worker.onmessage = e => done(e.data);
    worker.onerror = e => done({ error: e.message });
})"""
WORKER = """importScripts('pyodide.js');
self.loadPyodide({ indexURL: new URL('.', location).href }).then(
    ({ order, stdlib, packages, kernel }) => postMessage({ order, stdlib, packages, kernel }),
    e => postMessage({ error: String(e) }));"""


@pytest.fixture
def place(tmp_path):
    """A site with the app's script and a core of three small files."""
    (tmp_path / "lite").mkdir()
    static = tmp_path / "_static/pyodide"
    static.mkdir(parents=True)
    (static / "pyodide-lock.json").write_text(json.dumps({"packages": {"numpy": {"file_name": "numpy.whl"}}}))
    for name, text in CORE.items():
        (static / name).write_text(text)
    core = {name: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in CORE.items()}
    script = (ROOT / "lite/pyodide.js").read_text("utf8")
    (tmp_path / "lite/pyodide.js").write_text(lite.guarded(script, core, {"piplite": {"file_name": "own/piplite.whl"}}))
    (tmp_path / "lite/worker.js").write_text(WORKER)
    (tmp_path / "page.html").write_text("<!DOCTYPE html><title>lite</title>")
    return tmp_path


def ask(browser, folder):
    server, page = Server(folder), browser.new_page()
    page.goto(server.url + "page.html")
    said = page.evaluate(ASK)
    page.close()
    server.http.shutdown()
    server.http.server_close()
    return said


def test_the_recorded_core_runs(browser, place):
    said = ask(browser, place)
    assert said["kernel"].endswith("/lite/own/piplite.whl"), "the kernel's wheels stand in the app"
    assert said["packages"] == ["micropip", "comm", "jedi", "ipython", "policy-gradient", "piplite"]
    assert (said["order"], said["stdlib"]) == (["asm", "js"], "the library")


@pytest.mark.parametrize("name", CORE)
def test_another_file_does_not(browser, place, name):
    file = place / "_static/pyodide" / name
    file.write_text(file.read_text() + " ")
    said = ask(browser, place)
    assert set(said) == {"error"} and "fetch" in said["error"], said


def test_the_record_has_all_that_the_kernel_fetches():
    said = lite.guarded((ROOT / "lite/pyodide.js").read_text("utf8"), pyodide_folder.official()["core"], {})
    digests = json.loads(re.search(r"INTEGRITY = (\{.*?\});", said, re.S)[1])
    assert {"pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"} <= set(digests)
    assert all(re.fullmatch(r"sha256-[\w+/]{43}=", digest) for digest in digests.values())
