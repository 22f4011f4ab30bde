"""What a newcomer sees of the first commands: that they live, how far they are, and one address, the right one."""
import io
import subprocess
import sys
import urllib.error
import urllib.request
from threading import Thread

import pytest

from tools.make import book as build_book
from tools.run import installing
from tools.run import serve
from tools.paths import ROOT

LINES = ["Collecting numpy==2.3.5 (from -r x)", "  Downloading numpy-2.3.5.whl.metadata (62 kB)", "Collecting scipy==1.16.3",
         "  Downloading scipy-1.16.3.whl (35.7 MB)", "Installing collected packages: numpy, scipy"]


def test_installing_counts_what_pip_finds(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("numpy==2.3.5 \\\n    --hash=sha256:0\nscipy==1.16.3 \\\n    --hash=sha256:1\n")
    progress = installing.Progress(["python", "-m", "pip", "install", "--require-hashes", "-r", str(lock)])
    assert progress.wanted == 2 and str(progress) == "asking for the packages"
    for line in LINES[:4]:
        progress.hear(line.strip())
    assert str(progress) == "package 2 of 2, 36 MB fetched"
    progress.hear(LINES[4])
    assert str(progress) == "all packages are here; unpacking them"


def test_installing_says_beforehand_how_much_the_books_packages_are(tmp_path):
    out = io.StringIO()
    assert installing.main([sys.executable, "-c", "print('Collecting a')", "-r", str(ROOT / "requirements.lock")], out) == 0
    assert out.getvalue().startswith("Installing the book's packages into .venv: about 900 MB, some minutes, once.\n") and "Collecting" not in out.getvalue()


def test_a_failed_installation_is_shown_in_pips_own_words(capfd):
    assert installing.main([sys.executable, "-c", "print('ERROR: no hash'); raise SystemExit(3)"], io.StringIO()) == 3
    assert "ERROR: no hash" in capfd.readouterr().err


def test_each_installation_of_the_makefile_shows_that_it_lives():
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if "pip install" in line]
    assert len(lines) >= 8 and all("tools/run/installing.py" in line and "--quiet" not in line for line in lines)


def watched(tmp_path, code):
    out = io.StringIO()
    return build_book.watched([sys.executable, "-c", code], tmp_path, out), out.getvalue()


def test_a_build_is_told_in_a_few_lines(tmp_path):
    status, said = watched(tmp_path, """
for name in "reading sources", "writing output":
    for i in range(1, 101): print(f"\\x1b[01m{name}... \\x1b[39;49;00m[{i:3}%] \\x1b[35mpage\\x1b[39;49;00m")
print("You can look at your book by opening this file in a browser: file:///somewhere/index.html")
""")
    assert status == 0 and "file:" not in said and "reading sources: 1 %" in said and "writing output: 76 %" in said
    assert len(said.splitlines()) <= 12 and "\x1b" not in said


def test_a_build_that_fails_shows_what_sphinx_said(tmp_path):
    status, said = watched(tmp_path, "print('building [html]'); print('Extension error: boom'); raise SystemExit(2)")
    assert status == 2 and "Extension error: boom" in said


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("<title>book</title>")
    (tmp_path / "404.html").write_text('<html data-content_root="./"><base href="https://book.example/"><link href="_static/book.css">'
                                       '<script src="./_static/a.js"></script><a href="#main"></a><a href="book/x.html"></a><a href="https://a.example/">')
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
        for part in ('data-content_root="/"', 'href="/_static/book.css"', 'src="/_static/a.js"', 'href="#main"', 'href="/book/x.html"',
                     'href="https://a.example/"'):
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
