"""JupyterLite, Binder and the other places to run a notebook, as far as neither a browser nor a network is needed."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml

from tools.make import book as build_book
from tools.make import lite
from tools.make import pyodide as pyodide_folder
from tools.paths import ROOT
from tools.site import launch

NOTEBOOKS = sorted(p.relative_to(ROOT).as_posix() for folder in lite.NOTEBOOKS for p in (ROOT / folder).glob("*.ipynb"))


def code(name):
    """The code of a notebook's cells, without IPython's own lines."""
    cells = [c.source for c in nbformat.read(ROOT / name, as_version=4).cells if c.cell_type == "code"]
    return "\n".join(line for cell in cells for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


# --- what a notebook may ask of the browser's Python


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_import_is_there_in_the_browser(name):
    packed = {module for modules, *_ in pyodide_folder.OURS.values() for module in modules.split()}
    official = {module for entry in pyodide_folder.official()["packages"].values() for module in entry["imports"]}
    wanted = set(imported(code(name))) - set(sys.stdlib_module_names)
    assert wanted <= packed | official, (
        f"{name} imports {wanted - packed - official}, "
        "which Pyodide does not have and tools/make/pyodide.py does not pack"
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_cell_needs_processes_or_threads(name):
    text = code(name)
    assert not re.search(r"""vectorization_mode\s*=\s*["']async|AsyncVectorEnv""", text), (
        f"{name}: no processes in a browser"
    )
    bad = {"multiprocessing", "threading", "concurrent", "subprocess", "socket", "joblib"} & set(imported(text))
    assert not bad, f"{name} imports {bad}: a browser has neither processes nor threads"


def test_scipy_comes_before_the_functions_that_need_it_are_called():
    """A browser's Python loads a package before a cell, by what its text imports;
    a function's own import comes too late."""
    found, functions = (
        set(),
        [
            node
            for package in ("policy_gradient", "learning_to_act")
            for path in (ROOT / package).rglob("*.py")
            if not {"checks", "exercises"} & set(path.parts)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef)
        ],
    )
    names = {f.name: {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(f)} for f in functions}
    uses = {f.name for f in functions if "scipy" in imported(ast.unparse(f))}
    while uses - found:
        found |= uses
        uses = {name for name, inside in names.items() if inside & found}
    pattern = re.search(r"NEEDS_SCIPY = /(.*)/;", (ROOT / "lite/pyodide.js").read_text())[1]
    assert found and set(re.findall(r"\w{3,}", pattern)) == found


# --- the configuration


def test_the_kernel_takes_python_from_the_site_and_packages_from_nowhere_else():
    said = json.loads((ROOT / "lite/jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = said["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert kernel["disablePyPIFallback"] is True
    assert kernel["pyodideUrl"] == "./pyodide.js" and (ROOT / "lite/pyodide.js").is_file()
    for path in (ROOT / "lite").iterdir():
        if path.name != "requirements.txt":
            assert "://" not in path.read_text().replace("https://json-schema.org", ""), f"{path.name} names a host"


def test_what_is_loaded_at_the_start_is_in_the_lock():
    names = json.loads(re.search(r"PACKAGES = (\[.*?\])", (ROOT / "lite/pyodide.js").read_text())[1])
    assert set(names) <= set(pyodide_folder.OURS) | set(pyodide_folder.official()["packages"])


def test_the_kernel_is_told_what_comes_without_its_asking():
    """Else it installs each by micropip, one after the other: the names are those of the kernel's own worker."""
    said = json.loads((ROOT / "lite/jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"]
    told = said["@jupyterlite/pyodide-kernel-extension:kernel"]["loadPyodideOptions"]["packages"]
    loaded = json.loads(re.search(r"PACKAGES = (\[.*?\])", (ROOT / "lite/pyodide.js").read_text())[1])
    unused = {"ssl", "sqlite3"}  # IPython does without; a cell that imports them gets them
    assert {name.replace("_", "-") for name in told} - unused == {*loaded, *lite.KERNELS_OWN} - {"policy-gradient"}
    assert unused <= set(pyodide_folder.official()["packages"])


def test_the_environment_is_pinned_with_hashes_and_names_no_registry():
    text = (ROOT / "lite/requirements.txt").read_text()
    pins = re.findall(r"^([\w.-]+)==(\S+)", text, re.M)
    assert {"jupyterlite-core", "jupyterlite-pyodide-kernel", "anywidget"} <= {name for name, _ in pins}
    for block in re.split(r"\n(?=[\w.-]+==)", text)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text and "index" not in text
    book = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.M))
    assert dict(pins)["anywidget"] == book["anywidget"], "Python and JavaScript halves of one widget"


# --- the copies


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_copies_have_nothing_run_and_every_cell(name):
    original, copy = (nbformat.read(ROOT / name, as_version=4) for _ in range(2))
    copy = lite.clean(copy)
    nbformat.validate(copy)
    assert [c.id for c in copy.cells] == [c.id for c in original.cells]
    assert all(not c.get("outputs") and c.get("execution_count") is None for c in copy.cells)
    assert [c.source for c in copy.cells if c.cell_type == "code"] == [
        c.source for c in original.cells if c.cell_type == "code"
    ]
    assert set(copy.metadata) == {"kernelspec", "language_info"}, "no stored widgets"


def test_links_to_chapters_lead_somewhere_or_nowhere():
    nb = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("see [chapter 2](../book/02-the-theorem.md#a-b), [lab](../notebooks/x.ipynb)")
        ]
    )
    assert lite.clean(nb, "https://book.example/act").cells[0].source == (
        "see [chapter 2](https://book.example/act/book/02-the-theorem.html#a-b), [lab](../notebooks/x.ipynb)"
    )
    nb.cells[0].source = "see [chapter 2](../book/02-the-theorem.md)"
    assert lite.clean(nb).cells[0].source == "see chapter 2"


def test_no_copy_links_to_what_the_browser_has_not():
    for name in NOTEBOOKS:
        for cell in lite.clean(nbformat.read(ROOT / name, as_version=4)).cells:
            for link in re.findall(r"\]\(([^)\s]+)\)", cell.source) if cell.cell_type == "markdown" else []:
                if not re.match(r"https?:|#|data:", link):
                    assert (ROOT / name).parent.joinpath(link.partition("#")[0]).resolve().is_relative_to(ROOT), (
                        f"{name}: {link}"
                    )
                    assert link.endswith(".ipynb"), f"{name}: {link}"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_files_that_a_notebook_reads_come_with_it(name, tmp_path):
    wanted = re.findall(r"""open\(["']([^"']+)""", code(name))
    if wanted:
        lite.contents(tmp_path)
    for file in wanted:
        assert (tmp_path / Path(name).parent / file).is_file(), f"{name} opens {file}, which the browser's copy has not"


# --- the built app (where JupyterLite can be installed)


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    if not lite.COMMAND.exists():
        pytest.skip(
            "JupyterLite is not installed here (.venv-lite): `make .venv-lite/installed` needs a package registry"
        )
    out = tmp_path_factory.mktemp("lite")
    assert lite.build(out) == 0
    return out / "_build/html/lite"


def test_every_notebook_is_where_its_button_says(app):
    for name in NOTEBOOKS:
        assert (app / "files" / name).is_file(), name
        folder, _, file = name.partition("/")
        listed = json.loads((app / "api/contents" / folder / "all.json").read_text())["content"]
        assert file in {entry["name"] for entry in listed}
    assert (app / launch.APP.removeprefix("lite/")).is_file()


def test_the_app_is_whole_relative_and_asks_no_other_host(app):
    said = json.loads((app / "jupyter-lite.json").read_text())["jupyter-config-data"]
    names = {extension["name"] for extension in said["federated_extensions"]}
    assert {"@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget"} <= names
    assert said["baseUrl"].startswith("./") and (app / "pyodide.js").is_file()
    for page in app.rglob("*.html"):
        asked = re.findall(
            r"""<(?:script|link|img|iframe)[^>]*?(?:src|href)=["']((?:https?:)?//[^"']+|/[^"']*)""", page.read_text()
        )
        assert not asked, f"{page.relative_to(app)} asks for {asked}"
    for style in app.rglob("*.css"):
        assert not re.search(r"""url\(["']?(https?:)?//""", style.read_text(errors="ignore")), style.name


def test_the_kernels_wheels_are_held_to_their_digests(app):
    said = json.loads(re.search(r"const KERNEL = (\{.*?\n\});", (app / "pyodide.js").read_text(), re.S)[1])
    assert set(said) == set(lite.KERNELS_OWN)
    for one in said.values():
        assert pyodide_folder.sha256((app / one["file_name"]).read_bytes()) == one["sha256"]
    asks = next(p for p in (app / lite.WHEELS).parent.glob("*.js") if "async initKernel(" in p.read_text()).read_text()
    named = json.loads(re.search(r'async initKernel\(.*?=(\["ssl".*?\])', asks)[1])
    told = json.loads((ROOT / "lite/jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"]
    packages = told["@jupyterlite/pyodide-kernel-extension:kernel"]["loadPyodideOptions"]["packages"]
    assert set(named) | {"micropip", "piplite"} == set(packages), "another kernel asks for other packages"


def test_building_again_does_nothing(app, capsys):
    assert lite.build(app.parents[2]) == 0
    assert "nothing changed" in capsys.readouterr().out


def test_a_failed_build_leaves_no_app(tmp_path, capfd):
    broken = tmp_path / "jupyter-lite"
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    broken.chmod(0o755)
    if os.name == "nt":
        pytest.skip("needs a shell")
    assert lite.build(tmp_path / "out", broken) == 3
    assert "broken" in capfd.readouterr().err and not (tmp_path / "out/_build/html/lite").exists()


# --- the links of a notebook's page


def links(tmp_path, page="notebooks/01-values-or-probabilities", app=False, url=""):
    if app:
        (tmp_path / launch.APP).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / launch.APP).write_text("")
    context = {"sourcename": page + ".ipynb"}
    (tmp_path / "_config.yml").write_text(
        f"title: A book\nrepository: {{url: '{url}'}}\n" if url else "title: A book\n"
    )
    launch.page_context(SimpleNamespace(outdir=tmp_path, confdir=tmp_path), page, "page.html", context, None)
    return context["pg_run"], context["pg_services"]


@pytest.fixture(autouse=True)
def no_repository(monkeypatch):
    monkeypatch.delenv("PG_REPOSITORY", raising=False)


def test_without_the_app_and_an_address_there_is_no_link(tmp_path):
    assert links(tmp_path) == ("", [])


def test_with_the_app_every_notebook_has_its_button_and_no_other_page(tmp_path):
    for name in NOTEBOOKS:
        page = name.removesuffix(".ipynb")
        assert links(tmp_path, page, app=True)[0] == f"lite/notebooks/index.html?path={name}"
    assert links(tmp_path, "book/02-the-theorem", app=True) == ("", [])


def test_services_come_from_the_one_address(tmp_path, monkeypatch):
    page = "exercises/02-the-theorem"
    found = {name: url for name, url, _ in links(tmp_path, page, url="https://github.com/someone/act.git/")[1]}
    assert (
        found["Binder"] == "https://mybinder.org/v2/gh/someone/act/main?urlpath=lab/tree/exercises/02-the-theorem.ipynb"
    )
    assert found["Codespaces"] == "https://codespaces.new/someone/act?quickstart=1"
    assert found["VS Code"] == "vscode://vscode.git/clone?url=https%3A%2F%2Fgithub.com%2Fsomeone%2Fact"
    monkeypatch.setenv("PG_REPOSITORY", "https://git.example/team/act")
    found = {name: url for name, url, _ in links(tmp_path, page, url="https://github.com/someone/act")[1]}
    assert (
        found["Binder"]
        == "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example%2Fteam%2Fact/main?urlpath=lab/tree/exercises/02-the-theorem.ipynb"
    )
    assert "Codespaces" not in found, "only for GitHub"


def test_a_change_of_address_or_app_builds_the_pages_anew(tmp_path, monkeypatch):
    """Else buttons would stay dead, or not come, until a page changes."""
    called = []
    monkeypatch.setattr(build_book, "watched", lambda command, root: called.append(command) or 0)
    site = tmp_path / "_build/html"
    site.mkdir(parents=True)
    (site / "index.html").write_text("")
    build_book.build(ROOT, tmp_path)
    build_book.build(ROOT, tmp_path)
    assert len(called) == 1
    (site / launch.APP).parent.mkdir(parents=True)
    (site / launch.APP).write_text("")
    build_book.build(ROOT, tmp_path)
    monkeypatch.setenv("PG_REPOSITORY", "https://git.example/act")
    build_book.build(ROOT, tmp_path)
    assert len(called) == 3 and all("--all" in command for command in called)


def test_publishing_includes_the_app_and_the_address():
    job = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text())["jobs"]["publish"]
    step = next(s for s in job["steps"] if "make lite" in s.get("run", ""))
    assert "github.repository" in step["env"]["PG_REPOSITORY"] and "base_url" in step["env"]["PG_SITE_URL"]


def test_the_page_about_the_ways_has_the_places_that_the_menu_names():
    page, layout = (ROOT / "book/ways-to-run.md").read_text(), (ROOT / "book/_theme/layout.html").read_text()
    slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", page, re.M)}
    for anchor in re.findall(r"ways-to-run'\) }}#([\w-]+)", layout):
        assert anchor in slugs, anchor


# --- Binder, Codespaces, VS Code


def test_binders_python_is_the_locks():
    text = (ROOT / "runtime.txt").read_text().strip()
    assert re.fullmatch(r"python-3\.\d+", text), "the only form that repo2docker reads"
    assert text == "python-3.11", "the version for which constraints.txt was made"
    needs = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert int(needs[1]) <= 11 < int(needs[2])


def test_binders_requirements_are_all_pinned():
    """What pip is asked for stands in constraints.txt, so that Binder installs what was tested."""
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.M))
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines()]
    assert lines[0] == "-c constraints.txt" and lines[-1] == "-e ."
    for line in filter(None, lines[1:-1]):
        assert re.match(r"[\w.-]+", line)[0].lower() in pins, line
    for folder in ("binder", ".binder"):
        assert not (ROOT / folder).exists(), f"repo2docker would read only {folder}/"
    for other in ("environment.yml", "Pipfile", "Dockerfile", "postBuild", "start", "apt.txt"):
        assert not (ROOT / other).exists(), f"repo2docker would take {other} into account"


def test_repo2docker_installs_the_requirements_from_the_repository(tmp_path):
    copy = tmp_path / "act"
    names = subprocess.run(
        ["git", "ls-files", "--", "*.txt", "*.toml", "*.lock", "README.md"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    for name in names:
        if "/" not in name:
            copy.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(copy)], capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-2000:]
    assert "python=3.11" in said
    assert (
        said.index("COPY --chown")
        < said.index("COPY --chown=0:0 src/ ${REPO_DIR}")
        < said.index('pip install --no-cache-dir -r "requirements.txt"')
    ), "the constraints and the package must be there when pip reads requirements.txt"


def test_the_development_container_makes_the_books_environment():
    text = (ROOT / ".devcontainer/devcontainer.json").read_text()
    said = json.loads(text)  # plain JSON: every tool reads it
    assert set(said) <= {"name", "image", "hostRequirements", "postCreateCommand", "forwardPorts", "customizations"}
    version = (ROOT / "runtime.txt").read_text().strip().removeprefix("python-")
    assert re.fullmatch(rf"mcr\.microsoft\.com/devcontainers/python:{re.escape(version)}-\w+", said["image"])
    assert re.fullmatch(r"\d+([tgmk]b)?", said["hostRequirements"]["memory"])
    assert all(isinstance(port, int) for port in said["forwardPorts"])
    target = re.match(r"make (\S+)", said["postCreateCommand"])[1]
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(), re.M)
    module = re.search(r"python -m (tools[.\w]+)", said["postCreateCommand"])[1]
    assert (ROOT / module.replace(".", "/")).with_suffix(".py").is_file()
    assert ".venv/bin/python" in said["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    for file in said["customizations"]["codespaces"]["openFiles"]:
        assert (ROOT / file.removeprefix("my/")).is_file()
