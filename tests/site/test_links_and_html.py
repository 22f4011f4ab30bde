"""The built site as files: every link leads somewhere, every page is right HTML;
and the tools that say so do find faults."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.check import html as check_html
from tools.check import links as check_links


def test_every_link_leads_somewhere(site):
    assert check_links.inside(site) == []


def test_links_in_the_repository_lead_somewhere():
    assert check_links.repository() == []


BAD_LINKS = {
    '<a href="nowhere.html">x</a>': "no such file",
    '<a href="notation.html#nothing">x</a>': "no such anchor",
    '<a href="#nothing">x</a>': "no such anchor",
    '<a href="Notation.html">x</a>': "no such file",
    '<a href="/book/notation.html">x</a>': "begins at the server's root",
    '<a href="../../../secret.html">x</a>': "leaves the site",
    '<img src="../_images/nothing.png" alt="x">': "no such file",
    '<img srcset="nothing.png 2x" alt="x">': "no such file",
    '<script src="nothing.js"></script>': "no such file",
    '<p style="background: url(nothing.svg)">x</p>': "no such file",
}


@pytest.fixture
def small(site, tmp_path):
    """A page of the real site, with what it loads."""
    (tmp_path / "book").mkdir()
    (tmp_path / "book/notation.html").write_text(
        "<h1 id=here>x</h1><a href='#here'>x</a> <a href='?q=1#here'>x</a> <a href='https://book.example/'>x</a>"
    )
    shutil.copytree(site / "_static", tmp_path / "_static")
    return tmp_path


@pytest.mark.parametrize("element", BAD_LINKS)
def test_a_broken_link_is_found(small, element):
    assert check_links.inside(small) == []
    (small / "book/other.html").write_text("<h1 id=here>x</h1>" + element)
    assert [(path, why) for path, _, why in check_links.inside(small)] == [("book/other.html", BAD_LINKS[element])]


def test_a_broken_link_in_a_style_sheet_is_found(small):
    (small / "_static/extra.css").write_text("p { background: url('nothing.svg') }")
    assert check_links.inside(small) == [("_static/extra.css", "nothing.svg", "no such file")]


def test_a_link_outside_is_asked_and_judged():
    """A server of our own stands for the world: no test needs a network."""

    class World(BaseHTTPRequestHandler):
        def do_GET(self):
            code = int(self.path.strip("/"))
            self.send_response(code)
            if code in (301, 302):
                self.send_header("Location", "/200")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self):
            self.send_error(405) if self.path == "/200" else self.do_GET()

        def log_message(self, *args):
            pass

    world = ThreadingHTTPServer(("127.0.0.1", 0), World)
    threading.Thread(target=world.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{world.server_address[1]}"
    verdicts = {code: check_links.ask(f"{here}/{code}")[0] for code in (200, 301, 302, 403, 404, 410, 429, 500)}
    world.shutdown()
    world.server_close()
    verdicts["nobody"] = check_links.ask(here)[0]
    assert verdicts == {
        200: "right",
        301: "moved",
        302: "right",
        403: "not checked",
        404: "broken",
        410: "broken",
        429: "not checked",
        500: "not checked",
        "nobody": "not checked",
    }


def test_every_page_is_right_html(site):
    assert check_html.check(site) == {}


BAD_HTML = {
    "<p><div>a</div></p>": "unexpected-end-tag",
    "<b><p>x</b>": "adoption-agency",
    "<p class=a class=b>x": "duplicate-attribute",
    "<p>&nosuch;</p>": "expected-named-entity",
    "<i id=a></i><i id=a></i>": "2 times the id 'a'",
    "<i id='a b'></i>": "an id with a space",
    "<label for=no>x</label>": "refers to 'no'",
    "<a href=x><button>y</button></a>": "a control in a control",
    "<form action=''></form>": "empty action",
    "<ul><p>a</ul>": "directly in",
    "<li>a</li>": "<li> in <body>",
    "<span><div>a</div></span>": "holds words only",
    "<img src=a>": "no alt",
    "<table><tr><td align=left>a</table>": "obsolete align",
    "<math><msub><mi>a</mi></msub></math>": "1 parts where MathML has 2",
}


@pytest.mark.parametrize("html", BAD_HTML)
def test_a_fault_of_html_is_found(html):
    found = check_html.faults("<!DOCTYPE html><html lang=en><title>x</title><body>" + html)
    assert len(found) >= 1 and BAD_HTML[html] in found[0], found


def test_right_html_has_no_fault():
    page = """<!DOCTYPE html><html lang=en><title>x</title><body>
    <p id=a aria-labelledby=b>x<ul><li>y</ul><dl><div><dt id=b>t<dd>d</div></dl>
    <details><summary>s</summary><p>x</details><math><msub><mi>a</mi><mn>1</mn></msub></math><img src=a alt="">"""
    assert check_html.faults(page) == []


def test_every_page_says_where_to_report_a_mistake(site):
    for path in check_html.pages(site):
        if path != site / "index.html":  # it only forwards
            assert 'errata.html">Found a mistake?</a>' in path.read_text("utf8") or path.name == "errata.html", path
