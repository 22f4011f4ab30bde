"""Python in the page, as far as neither a network nor a browser is needed:
wheels, lock, imports, and how one cell is run."""

import asyncio
import base64
import hashlib
import importlib.util
import json
import re
import sys
import zipfile

import nbformat
import pytest
from packaging.requirements import Requirement

from tests.helpers.imports import imported
from tools.make import pyodide as tool
from tools.paths import ROOT
from tools.site import python_in_page

NOTEBOOKS = sorted([*ROOT.glob("exercises/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
BROWSER = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "python_version": "3.12",
    "python_full_version": "3.12.7",
    "platform_machine": "wasm32",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
LABS_OWN = {"widgetsnbextension", "jupyterlab-widgets"}  # JavaScript for Jupyter's front ends, which bring them


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    return folder, tool.ours(folder)


@pytest.fixture(scope="module")
def packages(packed):
    return json.loads(tool.lock(packed[1], ""))["packages"]


# --- the lock and the wheels


def test_the_record_of_official_files_is_well_formed():
    record = tool.official()
    for name, entry in (record["core"] | record["packages"]).items():
        assert re.fullmatch("[0-9a-f]{64}", entry["sha256"]), name
        assert entry["size"] > 1000 and "/" not in entry["file_name"], name
        assert {plain(d) for d in entry.get("depends", [])} <= set(record["packages"]), name
    assert set(tool.CORE) == set(record["core"]) and set(tool.OFFICIAL) <= set(record["packages"])
    assert record["network"].startswith("https://") and record["info"]["version"] in record["network"]
    python = record["info"]["python"].rsplit(".", 1)[0].replace(".", "")
    binary = [entry["file_name"] for entry in record["packages"].values() if "-cp3" in entry["file_name"]]
    assert binary and all(f"-cp{python}-" in name and record["info"]["abi_version"] in name for name in binary)


def test_every_wheel_has_the_digest_that_the_lock_says(packed, packages):
    folder, entries = packed
    for name, entry in entries.items():
        assert packages[name] == entry, "ours replaces the official one"
        assert hashlib.sha256((folder / entry["file_name"]).read_bytes()).hexdigest() == entry["sha256"]
        assert set(entry["depends"]) <= set(packages), name


def test_wheels_packed_twice_have_the_same_bytes(packed, tmp_path):
    assert {name: entry["sha256"] for name, entry in tool.ours(tmp_path).items()} == {
        name: entry["sha256"] for name, entry in packed[1].items()
    }


def test_wheels_are_pure_whole_and_what_their_records_say(packed):
    folder, entries = packed
    for entry in entries.values():
        assert entry["file_name"].endswith("-none-any.whl")
        with zipfile.ZipFile(folder / entry["file_name"]) as wheel:
            names = wheel.namelist()
            assert not [n for n in names if n.endswith((".so", ".pyd", ".pyc")) or n.startswith(("/", ".."))]
            record = next(n for n in names if n.endswith(".dist-info/RECORD"))
            rows = dict(line.split(",")[:2] for line in wheel.read(record).decode().splitlines())
            assert set(rows) == set(names)
            for name in set(names) - {record}:
                assert rows[name] == "sha256=" + base64.urlsafe_b64encode(
                    hashlib.sha256(wheel.read(name)).digest()
                ).decode().rstrip("=")


def test_our_wheel_holds_all_of_the_package(packed):
    with zipfile.ZipFile(packed[0] / packed[1]["policy-gradient"]["file_name"]) as wheel:
        inside = {n for n in wheel.namelist() if n.startswith(("policy_gradient/", "learning_to_act/"))}
    source = {
        p.relative_to(ROOT).as_posix()
        for package in ("policy_gradient", "learning_to_act")
        for p in (ROOT / package).rglob("*")
        if p.is_file() and "__pycache__" not in p.parts
    }
    assert inside == source


def test_what_our_wheels_require_is_in_the_lock(packed, packages):
    folder, entries = packed
    for name, entry in entries.items():
        with zipfile.ZipFile(folder / entry["file_name"]) as wheel:
            meta = wheel.read(next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))).decode()
        for line in re.findall(r"^Requires-Dist: (.*)$", meta.split("\n\n")[0], re.M):
            needed = Requirement(line)
            wanted = plain(needed.name)
            if wanted in LABS_OWN or needed.marker and not needed.marker.evaluate({**BROWSER, "extra": ""}):
                continue
            assert wanted in packages and needed.specifier.contains(packages[wanted]["version"], prereleases=True), (
                name,
                line,
            )


def test_every_import_can_be_resolved_in_the_browser(packages):
    known = {module for entry in packages.values() for module in entry["imports"]} | set(sys.stdlib_module_names)
    known.add("torch")  # audit.with_torch, which is imported only where the reader's own update is PyTorch's
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf8")
        for package in ("policy_gradient", "learning_to_act")
        for path in (ROOT / package).rglob("*.py")
    }
    sources |= {
        f"{path.relative_to(ROOT).as_posix()}, cell {cell.id},": cell.source
        for path in NOTEBOOKS
        for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "code"
    }
    unknown = [
        f"{where} imports {name}, which the browser's Python has not: give it to OURS or OFFICIAL of "
        "tools/make/pyodide.py, or do without."
        for where, text in sources.items()
        for name in imported(text)
        if name not in known
    ]
    assert not unknown, "\n".join(unknown)
    assert "multiprocessing" not in {name for where, text in sources.items() for name in imported(text)}


def test_no_other_bytes_pass_for_an_official_file(tmp_path):
    (tmp_path / "offer").mkdir()
    entry = tool.official()["packages"]["numpy"]
    (tmp_path / "offer" / entry["file_name"]).write_bytes(b"not numpy")
    missing = tool.gather(tmp_path, [tmp_path / "offer"])
    assert entry["file_name"] in missing and not (tmp_path / entry["file_name"]).exists()
    with pytest.raises(SystemExit, match="numpy"):
        tool.assemble(tmp_path / "out", [tmp_path / "offer"])


def test_a_changed_installation_is_not_packed(tmp_path, monkeypatch):
    files = tool.installed("comm")
    site = tmp_path / "site"
    for name, data in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(data)
    info = next(n.partition("/")[0] for n in files if ".dist-info/" in n)
    record = tool.importlib.metadata.distribution("comm").read_text("RECORD")
    (site / info / "RECORD").write_text(
        "\n".join(line for line in record.splitlines() if not tool.LEFT_OUT.search(line.split(",")[0])) + "\n"
    )
    monkeypatch.setattr(
        tool.importlib.metadata, "distribution", lambda name: tool.importlib.metadata.Distribution.at(site / info)
    )
    assert tool.installed("comm") == files
    (site / "comm/__init__.py").write_text("import os\n")
    with pytest.raises(SystemExit, match="comm"):
        tool.installed("comm")


def test_the_site_says_where_python_comes_from(tmp_path):
    python_in_page.furnish(tmp_path / "pyodide")
    said = json.loads((tmp_path / "pyodide/where.js").read_text().removeprefix("window.pgPyodide = ").rstrip(";\n"))
    record = tool.official()
    assert said["network"] == record["network"] and said["host"] in said["network"]
    assert said["integrity"].keys() == set(python_in_page.CORE) and sum(said["sizes"].values()) > 15e6
    packages = json.loads((tmp_path / "pyodide/pyodide-lock.json").read_text())["packages"]
    for name, entry in packages.items():
        if name in tool.OURS:
            assert (tmp_path / "pyodide" / entry["file_name"]).is_file(), name
        else:
            assert entry["file_name"] == record["network"] + record["packages"][name]["file_name"], name
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="lacks"):
        python_in_page.furnish(tmp_path / "again", tmp_path / "empty")


# --- running one cell


@pytest.fixture
def cells(monkeypatch):
    monkeypatch.setenv(
        "MPLBACKEND", "agg"
    )  # as cells.py sets it, but taken back: kernels of other tests would inherit it
    module, main = load("pg_cells", ROOT / "book/_static/python/cells.py"), sys.modules["__main__"]
    yield module
    assert sys.modules["__main__"] is main


def run(cells, source, name="cell one"):
    items = []
    missing = asyncio.run(cells.run(source, name, items.append))
    return items, missing


def kinds(items):
    return [item["kind"] for item in items]


def test_a_cell_prints_and_shows_its_last_line(cells):
    items, missing = run(cells, "import sys\nprint('a')\nprint('b', file=sys.stderr)\n1 + 1")
    assert [(i["kind"], i["text"]) for i in items if i["kind"] != "err"] == [
        ("out", "a\n"),
        ("value", "2"),
    ] and missing == []
    assert {"kind": "err", "text": "b\n"} in items
    assert run(cells, "x = 3;")[0] == [] and run(cells, "x")[0] == [{"kind": "value", "text": "3"}]
    assert run(cells, "x;")[0] == run(cells, "None")[0] == run(cells, "")[0] == run(cells, "# nothing")[0] == []
    assert run(cells, "display(x, x + 1)\nprint('after')")[0] == [
        {"kind": "value", "text": "3"},
        {"kind": "value", "text": "4"},
        {"kind": "out", "text": "after\n"},
    ]
    assert run(cells, "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, 'woken')")[0] == [
        {"kind": "value", "text": "'woken'"}
    ]
    assert run(cells, "__name__")[0][0]["text"] == "'__main__'"


def test_a_coroutine_nobody_awaits_is_shown_not_run(cells):
    assert "coroutine" in run(cells, "async def f(): return 1\nc = f()\nc")[0][0]["text"]
    run(cells, "c.close()")


def test_a_check_comes_as_what_it_is(cells):
    run(
        cells,
        "import numpy as np\nfrom policy_gradient.checks import check, hint\n"
        "def bernoulli_score(theta, x):\n    p = 1 / (1 + np.exp(-theta))\n    return p - x",
    )
    (item,), _ = run(cells, "check(bernoulli_score)")
    assert (
        item["kind"] == "check"
        and item["passed"] is False
        and item["exercise"] == "bernoulli_score"
        and "sign" in item["text"]
    )
    (item,), _ = run(cells, "hint('bernoulli_score')")
    assert item["kind"] == "check" and item["passed"] is None
    run(cells, "def bernoulli_score(theta, x):\n    return x / 0 if False else undefined_name", "cell answer")
    (item,), _ = run(cells, "check(bernoulli_score)")
    assert "line 2 of bernoulli_score: return x / 0" in item["text"], "a check quotes the line of the cell"


def test_figures_become_pictures_and_nothing_is_left_open(cells):
    source = (
        "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n"
        "plt.xlabel('steps')\nplt.show()"
    )
    items, _ = run(cells, source)
    assert (
        kinds(items) == ["figure"]
        and base64.b64decode(items[0]["png"]).startswith(b"\x89PNG")
        and items[0]["words"] == "steps"
    )
    assert run(cells, "import matplotlib.pyplot as plt\nplt.get_fignums()")[0] == [{"kind": "value", "text": "[]"}]
    assert kinds(run(cells, "fig, ax = plt.subplots()\nfig")[0]) == ["figure"], "shown once"


def test_what_prints_without_end_is_cut(cells):
    items, _ = run(cells, "for i in range(200_000): print(i)")
    printed = "".join(i["text"] for i in items)
    assert len(printed) < cells.MOST + 200 and "More was printed" in printed and printed.startswith("0\n1\n")


def test_errors_are_short_and_quote_the_readers_lines_only(cells):
    run(cells, "def f(x):\n    return np.linalg.inv(x)\nimport numpy as np", "cell def")
    (item,), _ = run(cells, "f(np.zeros((2, 2)))", "cell use")
    assert (item["name"], item["text"]) == ("LinAlgError", "Singular matrix")
    assert [(t["cell"], t["line"], t["function"], t["text"]) for t in item["trace"]] == [
        ("use", 1, "", "f(np.zeros((2, 2)))"),
        ("def", 2, "f", "return np.linalg.inv(x)"),
    ]
    (item,), _ = run(cells, "def g(n):\n    return g(n + 1)\ng(0)")
    assert item["name"] == "RecursionError" and len(item["trace"]) <= 6


def test_errors_say_what_to_do(cells):
    def error(source):
        (item,), _ = run(cells, source)
        return item

    syntax = error("def f(x)\n    return x")
    assert syntax["name"] == "SyntaxError" and syntax["trace"][0]["line"] == 1 and syntax["trace"][0]["caret"] == 8
    assert "Jupyter" in error("%matplotlib inline")["advice"]
    assert "replace the line" in error("raise NotImplementedError('your code goes here')")["advice"]
    assert "Run all above" in error("nobody")["advice"]
    items, missing = run(cells, "import no_such_module.part")
    assert missing == ["no_such_module"] and "does not carry" in items[0]["advice"]
    assert error("raise SystemExit(3)")["name"] == "SystemExit", "the page outlives it"


def test_what_a_cell_leaves_behind_does_not_leak(cells):
    before = sys.stdout, sys.stderr
    run(cells, "import sys\nsys.stdout = None\nraise ValueError('x')")
    assert (sys.stdout, sys.stderr) == before


def test_a_page_whose_cells_are_written_in_another_way_does_not_pass_in_silence():
    with pytest.raises(ValueError, match="each of its 1 code cells as INPUT has it, found 0"):
        python_in_page.with_room('<div class="zelle">x</div>', ["x"], "a host")
    assert python_in_page.with_room("<p>no cell</p>", [], "a host") == "<p>no cell</p>"
