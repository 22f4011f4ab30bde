"""The commands around the book: the Makefile, the checks before it, the server, the README's promises."""

import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from threading import Thread

import numpy as np
import pytest

from tools.paths import ROOT
from tools.run import chromium, serve
from tools.run import python_ok as check_python

make = pytest.mark.skipif(not shutil.which("make"), reason="no make here: Windows uses the README's python lines")
TARGETS = (
    "serve",
    "lab",
    "book",
    "lite",
    "check",
    "format",
    "test",
    "notebooks",
    "exercises",
    "studies",
    "clean",
    "trust",
    "bench",
    "limits",
    "links",
    "reproducible",
    "class",
    "test-class",
    "pdf",
    "lock",
    "licences",
    "audit",
    "findings",
    "determinism",
    "test-matrix",
    "test-autodiff",
    "libraries",
    "wheel",
)


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL)


@make
@pytest.mark.parametrize("target", TARGETS)
def test_targets_name_files_that_exist(target):
    plan = run("make", "--dry-run", target)
    assert plan.returncode == 0, plan.stderr
    for module, file in re.findall(r"-m (tools[.\w]+)|(?<![\w/])(tools/[\w/]+\.py)", plan.stdout):
        path = ROOT / (file or module.replace(".", "/"))
        assert path.is_file() or path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), (
            f"make {target} needs {file or module}"
        )


@make
def test_clean_takes_all_that_git_ignores_but_what_is_the_readers():
    kept = {"my", "class", "__pycache__", ".ipynb_checkpoints"}  # readers' own; and what is everywhere
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf8").split()} - kept
    left = ignored - {*run("make", "--dry-run", "clean").stdout.split()}
    assert not left, f"`make clean` leaves {', '.join(sorted(left))}: name it in the Makefile, or here with its reason."


@make
def test_findings_are_run_one_after_another_and_those_that_fail_are_named(project):
    folder = project.folder / "findings"
    folder.mkdir()
    for name, status in (("a-holds", 0), ("b-is-gone", 1), ("c-holds", 0)):
        (folder / f"{name}.sh").write_text(f"echo said by {name}; exit {status}\n")
    done = run("make", "--silent", "findings", cwd=project.folder)
    assert done.returncode and re.findall("said by (.)", done.stdout) == ["a", "b", "c"]
    assert done.stdout.endswith("No longer so, or not installed: findings/b-is-gone.sh\n")
    done = run("make", "--silent", "findings", "NAME=c-holds", cwd=project.folder)
    assert done.returncode == 0 and re.findall("said by (.)", done.stdout) == ["c"]
    done = run("make", "--silent", "findings", "NAME=nothing", cwd=project.folder)
    assert done.returncode and done.stdout == "There is no findings/nothing.sh.\n"
    workflows = "".join(path.read_text("utf8") for path in (ROOT / ".github/workflows").iterdir())
    assert "findings" not in workflows + (ROOT / ".ci/run").read_text("utf8"), "they install what may vanish"


@make
def test_force_runs_all_notebooks():
    assert "tools.make.notebooks --force" in run("make", "--dry-run", "notebooks", "FORCE=1").stdout
    assert "--force" not in run("make", "--dry-run", "notebooks").stdout


@pytest.fixture
def project(tmp_path):
    """The Makefile, in a folder with a space in its name, with stand-ins that note how they were called in place of
    Python and pip."""
    (tmp_path := tmp_path / "my book").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "tools/run").mkdir(parents=True)
    (tmp_path / "tools/run/python_ok.py").write_text("")
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\necho "$@" >> calls; printf "%s\\n" "$@" >> arguments\n'
        'case "$*" in *failing*) exit 1;; *installing*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; '
        "touch .venv/installed;; esac\n"
    )
    python.chmod(0o755)

    def call(*arguments):
        (tmp_path / "calls").write_text("")
        done = run("make", "PYTHON=./python", *arguments, cwd=tmp_path)
        return done.returncode, (tmp_path / "calls").read_text().splitlines()

    call.folder = tmp_path
    return call


@make
def test_a_second_run_installs_nothing(project):
    status, calls = project("book")
    assert status == 0 and len(calls) == 3
    assert "python" in calls[0] and "installing" in calls[1] and "book" in calls[2]
    assert "--require-hashes -r requirements.lock --then --no-deps --no-build-isolation -e ." in calls[1]
    status, calls = project("book")
    assert status == 0 and len(calls) == 1 and "book" in calls[0]


@make
def test_a_folder_with_a_space_in_its_name_stays_one_word(project):
    status, _ = project("test")
    assert status == 0
    arguments = (project.folder / "arguments").read_text().splitlines()
    assert str(project.folder / "_build/skipped.jsonl") in arguments
    assert [word for word in arguments if word.startswith("book/")] == []


@make
def test_a_new_lock_is_installed(project):
    project("book")
    import os

    stamp = (project.folder / ".venv/installed").stat().st_mtime
    os.utime(project.folder / "requirements.lock", (stamp + 5, stamp + 5))
    _, calls = project("book")
    assert sum("installing" in c for c in calls) == 1


@make
def test_an_installation_that_broke_is_begun_again(project):
    python = project.folder / "python"
    whole = python.read_text()
    python.write_text(whole.replace("*failing*", "*require-hashes*"))
    status, _ = project("book")
    assert status != 0 and not (project.folder / ".venv/installed").exists()
    python.write_text(whole)
    status, calls = project("book")
    assert status == 0 and any("--require-hashes" in c for c in calls)


@make
def test_a_failing_step_fails_the_command(project):
    project("book")
    assert project("book", "PY=./python failing")[0] != 0


@pytest.mark.parametrize(
    "version, fine",
    [((3, 10), False), ((3, 11), True), ((3, 12), True), ((3, 13), True), ((3, 14), False), ((2, 7), False)],
)
def test_versions_of_python(version, fine):
    problem = check_python.problem(version)
    assert (problem is None) == fine
    assert fine or "3.11, 3.12 or 3.13; this is {}.{}".format(*version) in problem


def test_a_python_that_cannot_make_environments_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert "apt-get install python3-venv" in check_python.problem()


def test_the_lock_has_hashes_and_no_registry():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([\w.-]+)==", lock, re.M)
    assert len(pins) > 50 and lock.count("--hash=sha256:") >= len(pins)
    for name in (
        "requirements.lock",
        "requirements-uv.txt",
        "requirements-node.txt",
        "package-lock.json",
        "constraints.txt",
        "requirements.txt",
        "Makefile",
        ".ci/run",
        "README.md",
        "pyproject.toml",
        *(p.relative_to(ROOT) for p in (ROOT / ".github/workflows").iterdir()),
    ):
        text = (ROOT / name).read_text()
        assert not re.search(
            r"(?<!no-emit-)index-url|extra-index|find-links|pypi\.|files\.pythonhosted|registry\.", text
        ), name


# --- the server


@pytest.fixture
def built(tmp_path):
    (tmp_path / "index.html").write_text("<title>book</title>")
    (tmp_path / "a.js").write_text("1")
    return tmp_path


def test_serves_the_folder_on_this_machine_only(built):
    server = serve.listen(built)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert server.server_address[0] == "127.0.0.1" and server.server_port >= 8000
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/a.js") as answer:
            assert answer.headers["Content-Type"] == "text/javascript" and answer.headers["Cache-Control"] == "no-cache"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/nothing.html")
    finally:
        server.shutdown()
        server.server_close()


def test_takes_the_next_port_when_one_is_taken(built):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        if port > 65000:
            pytest.skip("too near the end of the ports")
        server = serve.listen(built, port)
        assert server.server_port > port
        server.server_close()


def test_says_the_address_and_stops_quietly(built):
    with subprocess.Popen(
        [sys.executable, "-m", "tools.run.serve", built],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)[0]
        with urllib.request.urlopen(address) as page:
            assert b"<title>book" in page.read()
        process.terminate()
        assert process.wait() == 0 and process.stderr.read() == ""


def test_a_book_that_is_not_built_is_named(tmp_path):
    done = run(sys.executable, "-m", "tools.run.serve", tmp_path)
    assert done.returncode == 2 and "holds no built book; first: python -m tools.make.book" in done.stderr


# --- the browser


def test_a_named_browser_comes_first(tmp_path, monkeypatch):
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PG_CHROMIUM", str(browser))
    assert chromium.path() == str(browser)


# --- .ci/run


def test_ci_run_is_a_script_that_stops_at_the_first_failure():
    text = (ROOT / ".ci/run").read_text()
    assert (
        text.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in text and text.rstrip().endswith("make test")
    )
    assert run("bash", "-n", ".ci/run").returncode == 0


# --- the README

README = (ROOT / "README.md").read_text()


def test_the_readmes_example_gives_the_numbers_it_shows():
    code, shown = re.search(r"```python\n(.*?)```.*?```text\n(.*?)```", README, re.S).groups()
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown


def test_the_readmes_exact_gradient_by_hand():
    """J = -p/4 + (1-p) q/8 with p, q logistic: its derivative at theta = 0 is (-1/4 - q/8) p(1-p), (1-p)/8 q(1-q)."""
    exact = np.array([(-1 / 4 - 1 / 16) / 4, 1 / 16 / 4])
    assert "[-0.078125  0.015625]" in README and np.allclose(exact, [-0.078125, 0.015625])


def test_the_readmes_commands_and_paths_exist():
    for target in re.findall(r"`make (\w+)", README):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), target
    for path in re.findall(r"^\| `([^`]+)` \|", README, re.M):
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    for module in re.findall(r"-m (tools(?:\.\w+)+)", README):
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file(), module


@pytest.mark.parametrize("root, begins", [(0, "apt-get update"), (1000, "sudo -n apt-get update")])
def test_what_is_installed_for_the_browser_is_said_before_it_is_done(monkeypatch, capsys, root, begins):
    done = []

    def run(*command):
        done.append((" ".join(command), capsys.readouterr().err))
        return True

    monkeypatch.setattr(chromium, "_run", run)
    monkeypatch.setattr(chromium, "path", lambda: None)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(chromium.os, "geteuid", lambda: root, raising=False)
    chromium.get()
    command, said = next(one for one in done if one[0].startswith(begins))
    assert "installing Debian's" in said and ("sudo -n apt-get install" in said) == bool(root) and "PG_CHROMIUM" in said
    command, said = done[-1]
    assert command.endswith("playwright install chromium") and "Playwright's own" in said
