"""What a newcomer sees of the first commands: that they live, how far they are, and one address, the right one."""

import io
import re
import subprocess
import sys
import urllib.error
import urllib.request
from threading import Thread

import pytest

from tools.make import book as build_book
from tools.paths import ROOT
from tools.run import installing, serve

LINES = [
    "Collecting numpy==2.3.5 (from -r x)",
    "  Downloading numpy-2.3.5.whl.metadata (62 kB)",
    "Collecting scipy==1.16.3",
    "  Downloading scipy-1.16.3.whl (35.7 MB)",
    "Installing collected packages: numpy, scipy",
]


def test_installing_counts_what_pip_finds(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("numpy==2.3.5 \\\n    --hash=sha256:0\nscipy==1.16.3 \\\n    --hash=sha256:1\n")
    progress = installing.Progress(["--require-hashes", "-r", str(lock)])
    assert progress.wanted == 2 and str(progress) == "asking for the packages"
    for line in LINES[:4]:
        progress.hear(line.strip())
    assert str(progress) == "package 2 of 2, 36 MB to fetch"
    progress.hear(LINES[4])
    assert str(progress) == "all packages are here; unpacking them"


def test_installing_counts_what_uv_finds():
    progress = installing.Progress([])
    for line in (
        "Resolved 188 packages in 704ms",
        "Downloading numpy (16.1MiB)",
        "Downloading hypothesis (512.0KiB)",
        " Downloaded numpy",
    ):
        progress.hear(line.strip())
    assert str(progress) == "package 188, 17 MB to fetch"
    progress.hear("Prepared 188 packages in 9.43s")
    assert str(progress) == "all packages are here; unpacking them"


# Both installers, as they answer with the network away.
UV_OFFLINE = """error: Request failed after 3 retries in 3.4s
  cause: Failed to fetch: https://packages.example/simple/websocket-client/
  cause: error sending request for url (https://packages.example/simple/websocket-client/)
  cause: client error (Connect)
"""
PIP_OFFLINE = """WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'
ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)
ERROR: No matching distribution found for uv==0.13.9
"""


@pytest.mark.parametrize("said, name", [(UV_OFFLINE, "websocket-client"), (PIP_OFFLINE, "uv==0.13.9")])
def test_a_network_that_does_not_answer_is_told_in_one_line(said, name):
    assert installing.why([said]) == f"no answer for {name} from the network, and no copy here"


def test_another_failure_is_not_called_the_network():
    assert installing.why(["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"]) is None


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Installers that only answer: `answers` gives (status, text) for a word of the command; what ran is noted."""

    class Machine:
        calls, answers, folder = [], {}, tmp_path / "env"

        def run(self, command, progress, out, env=None):
            self.calls.append([str(word) for word in command])
            for word, (status, text) in self.answers.items():
                if word in " ".join(self.calls[-1]):
                    return status, [text]
            if "requirements-uv.txt" in self.calls[-1][-1]:
                (self.folder / "bin").mkdir(exist_ok=True)
                (self.folder / "bin/uv").touch()
            return 0, []

    here = Machine()
    here.calls, here.answers = [], {}
    monkeypatch.setattr(installing, "run", here.run)
    monkeypatch.setattr(installing, "settings", lambda python: {})
    monkeypatch.setattr(installing, "ROOT", tmp_path)
    monkeypatch.setattr(installing, "python_of", lambda environment: environment / "bin/python")
    monkeypatch.setattr(
        installing.subprocess, "run", lambda command, **how: (here.folder / "bin").mkdir(parents=True, exist_ok=True)
    )
    monkeypatch.setattr(installing, "works", lambda environment: (environment / "bin").exists())
    return here


def test_uv_installs_with_the_words_that_pip_would_take(machine):
    out = io.StringIO()
    assert (
        installing.main([str(machine.folder), "--require-hashes", "-r", "lock", "--then", "--no-deps", "-e", "."]) == 0
    )
    brought, lock, package = machine.calls
    assert brought[1:4] == ["-m", "pip", "install"] and brought[-3] == "--require-hashes"
    assert (
        lock[0].endswith("bin/uv")
        and lock[-3:] == ["--require-hashes", "-r", "lock"]
        and package[-3:] == ["--no-deps", "-e", "."]
    )
    assert (
        (machine.folder / "installed").exists() and not (machine.folder / "half-made").exists() and out.getvalue() == ""
    )


def test_without_uv_pip_installs_the_same_and_says_so_in_one_line(machine):
    machine.answers["requirements-uv.txt"] = 1, PIP_OFFLINE
    out = io.StringIO()
    assert installing.install(machine.folder, [["--require-hashes", "-r", "lock"]], out) == 0
    assert machine.calls[-1][1:4] == ["-m", "pip", "install"] and machine.calls[-1][-3:] == [
        "--require-hashes",
        "-r",
        "lock",
    ]
    assert (
        out.getvalue()
        == "uv cannot be had (no answer for uv==0.13.9 from the network, and no copy here); pip does it, more slowly.\n"
    )


def test_a_uv_that_fails_hands_over_to_pip(machine):
    machine.answers["bin/uv"] = 127, "Exec format error\n"
    out = io.StringIO()
    assert installing.install(machine.folder, [["a"], ["b"]], out) == 0
    assert [call[0].endswith("uv") for call in machine.calls] == [False, True, False, True, False]
    assert out.getvalue().splitlines()[0] == "uv did not install it (Exec format error); pip tries, more slowly."


def test_offline_one_line_names_the_package_and_the_next_run_begins_again(machine, capsys):
    machine.answers = {
        "requirements-uv.txt": (1, PIP_OFFLINE),
        "-r lock": (1, PIP_OFFLINE.replace("uv==0.13.9", "anyio==4.16.0")),
    }
    assert installing.install(machine.folder, [["-r", "lock"]]) == 1
    assert capsys.readouterr().err == (
        "Not installed: no answer for anyio==4.16.0 from the network, and no copy here. "
        "Connect, then run the same command again: what came already is kept.\n"
    )
    assert not (machine.folder / "installed").exists()
    machine.answers = {}
    assert installing.install(machine.folder, [["-r", "lock"]]) == 0
    assert (
        capsys.readouterr().out == f"{machine.folder} was left half made; it is begun again.\n"
        and (machine.folder / "installed").exists()
    )


def test_an_environment_that_is_whole_is_kept(machine, capsys):
    assert (
        installing.install(machine.folder, [["-r", "lock"]])
        == installing.install(machine.folder, [["-r", "newer"]])
        == 0
    )
    assert "half made" not in capsys.readouterr().out and (machine.folder / "installed").exists()


def test_installing_says_beforehand_how_much_the_books_packages_are(machine, capsys):
    assert installing.install(machine.folder, [["-r", str(ROOT / "requirements.lock")]]) == 0
    assert capsys.readouterr().out == f"Installing the book's packages into {machine.folder}: about 900 MB, once.\n"
    assert installing.install(machine.folder, [["-r", str(ROOT / "requirements.lock")]]) == 0
    assert capsys.readouterr().out == "", "once"


def test_a_failed_installation_is_shown_in_pips_own_words(machine, capsys):
    machine.answers["-r lock"] = 3, "ERROR: no hash\n"
    assert installing.install(machine.folder, [["-r", "lock"]]) == 3
    assert capsys.readouterr().err == "ERROR: no hash\n"


def test_what_runs_is_heard_line_by_line():
    progress, out = installing.Progress([]), io.StringIO()
    status, said = installing.run([sys.executable, "-c", "print('Collecting a'); raise SystemExit(3)"], progress, out)
    assert (status, said, progress.found) == (3, ["Collecting a\n"], 1)
    assert installing.run([ROOT / "no-such-program"], progress, out)[0] == 127


def test_pips_settings_reach_uv(monkeypatch):
    text = "global.index-url='https://mirror.example/simple'\n:env:.find-links='/a /b'\nglobal.timeout='9'\n"
    monkeypatch.setattr(installing.subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, text, ""))
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    found = installing.settings("python")
    assert found["UV_DEFAULT_INDEX"] == "https://mirror.example/simple" and found["UV_FIND_LINKS"] == "/a,/b"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/")
    assert installing.settings("python")["UV_DEFAULT_INDEX"] == "https://mine.example/"


def test_each_environment_of_the_makefile_is_installed_in_the_same_way():
    makefile = (ROOT / "Makefile").read_text()
    stamps = [
        line for line in makefile.splitlines() if re.match(r"(?!node_modules)\S*/installed:", line)
    ]  # npm has a lock of its own
    assert len(stamps) >= 6 and makefile.count("\t$(INSTALL) ") == len(stamps) and "pip install" not in makefile


def watched(tmp_path, code):
    out = io.StringIO()
    return build_book.watched([sys.executable, "-c", code], tmp_path, out), out.getvalue()


def test_a_build_is_told_in_a_few_lines(tmp_path):
    status, said = watched(
        tmp_path,
        """
for name in "reading sources", "writing output":
    for i in range(1, 101): print(f"\\x1b[01m{name}... \\x1b[39;49;00m[{i:3}%] \\x1b[35mpage\\x1b[39;49;00m")
print("You can look at your book by opening this file in a browser: file:///somewhere/index.html")
""",
    )
    assert status == 0 and "file:" not in said and "reading sources: 1 %" in said and "writing output: 76 %" in said
    assert len(said.splitlines()) <= 12 and "\x1b" not in said


def test_a_build_that_fails_shows_what_sphinx_said(tmp_path):
    status, said = watched(tmp_path, "print('building [html]'); print('Extension error: boom'); raise SystemExit(2)")
    assert status == 2 and "Extension error: boom" in said


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("<title>book</title>")
    (tmp_path / "404.html").write_text(
        '<html data-content_root="./"><base href="https://book.example/"><link href="_static/book.css">'
        '<script src="./_static/a.js"></script><a href="#main"></a><a href="book/x.html"></a><a href="https://a.example/">'
    )
    server = serve.listen(tmp_path)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_missing_page_is_the_books_own(folder):
    for address in ("/nothing.html", "/book/nothing.html", "/a/b/c"):
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(folder + address)
        text = answer.value.read().decode()
        assert answer.value.code == 404 and answer.value.headers["Content-Type"] == "text/html; charset=utf-8"
        for part in (
            'data-content_root="/"',
            'href="/_static/book.css"',
            'src="/_static/a.js"',
            'href="#main"',
            'href="/book/x.html"',
            'href="https://a.example/"',
        ):
            assert part in text, part
        assert "<base" not in text


def test_without_such_a_page_the_servers_own_serves(tmp_path):
    (tmp_path / "index.html").write_text("")
    server = serve.listen(tmp_path)
    Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/nothing")
    server.shutdown()
    server.server_close()


def test_help_builds_nothing():
    done = subprocess.run([sys.executable, "-m", "tools.make.book", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "usage" in done.stdout
