"""The policy of each page: it lets everything of ours run, and nothing else.

Whatever a browser refuses it reports twice: as the event `securitypolicyviolation`, and in the console. That it
refuses nothing when a page is used is asked of every page: test_every_page_on_a_phone_and_in_use.py.
"""

import re
from html.parser import HTMLParser

import pytest

from tests.helpers.every_page import LISTEN
from tests.helpers.pages import Server, Visit, pages_of

CODE = (
    "",
    "module",
    "text/javascript",
    "application/javascript",
    "importmap",
    "speculationrules",
)  # other types hold data


class Elements(HTMLParser):
    """A page's elements in their order, as (name, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.all = []
        self.feed(text)

    def handle_starttag(self, name, attributes):
        self.all.append((name, {key: value or "" for key, value in attributes}))


@pytest.fixture(scope="module")
def elements(site):
    return {path: Elements((site / path).read_text("utf8")).all for path in [*pages_of(site), "index.html"]}


def is_policy(element):
    return element[0] == "meta" and element[1].get("http-equiv") == "Content-Security-Policy"


def test_every_page_has_the_policy_before_anything_it_rules(elements):
    for path, page in elements.items():
        first = [name for name, _ in page[: list(map(is_policy, page)).index(True)]]
        assert first == ["html", "head", "meta"], (path, first)  # the charset, which must come first


def test_the_policy_trusts_no_inline_script(elements):
    for path, page in elements.items():
        [(_, attributes)] = filter(is_policy, page)
        policy = dict(part.strip().split(" ", 1) for part in attributes["content"].split(";"))
        scripts = policy.get("script-src", policy["default-src"])
        assert set(scripts.split()) <= {"'self'", "blob:", "'none'"}, path
        assert not re.search(r"https?:|\*", " ".join(policy.values())), "no other host, no wildcard"


def refused(name, attributes):
    """Would the policy refuse this element, or an attribute of it?"""
    inline = name == "script" and "src" not in attributes and attributes.get("type", "") in CODE
    handler = any(key.startswith("on") for key in attributes)
    address = attributes.get("href", "").startswith("javascript:")
    return inline or handler or address or name in ("style", "iframe", "object", "embed")


def test_no_page_has_anything_that_the_policy_would_refuse(elements):
    assert refused("script", {}) and refused("p", {"onclick": ""}) and not refused("script", {"src": "site.js"})
    for path, page in elements.items():
        assert [element for element in page if refused(*element)] == [], path


def test_search_is_not_refused_anything(browser, server):
    visit = Visit(browser, server, "search.html?q=baseline", script=LISTEN)
    visit.page.wait_for_selector("ul.search li .context")
    assert visit.page.evaluate("window.pgRefused ?? []") == [] and visit.errors == []
    visit.close()


INJECTIONS = {
    "an inline script": ("<script>window.pgIntruder = 1</script>", "script-src-elem inline"),
    "a handler": (
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' alt='' "
        "onload='window.pgIntruder = 1' onerror='window.pgIntruder = 1'>",
        "script-src-attr inline",
    ),
    "a foreign script": (
        "<script src='https://book.example/x.js'></script>",
        "script-src-elem https://book.example/x.js",
    ),
    "a foreign picture": ("<img src='https://book.example/x.png' alt=''>", "img-src https://book.example/x.png"),
    "a style element": ("<style>body { display: none }</style>", "style-src-elem inline"),
    "a frame": ("<iframe src='book/index.html'></iframe>", "frame-src"),
}


@pytest.mark.parametrize("name", INJECTIONS)
def test_the_policy_bites(browser, server, site, name):
    """Somebody gets an element into a page: it does nothing, and the browser says so."""
    element, expected = INJECTIONS[name]
    path = "book/notation.html"
    html = (site / path).read_text("utf8").replace("<h1>", element + "<h1>", 1)
    assert element in html
    context = browser.new_context()
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.route(server.url + path, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(server.url + path)
    page.wait_for_function("window.pgRefused?.length")
    assert any(line.startswith(expected) for line in page.evaluate("window.pgRefused")), page.evaluate(
        "window.pgRefused"
    )
    assert (
        page.evaluate("window.pgIntruder") is None
        and page.evaluate("getComputedStyle(document.body).display") != "none"
    )
    context.close()


@pytest.mark.parametrize(
    "code",
    ["eval('1')", "new Function('return 1')()", "import('data:text/javascript,')", "fetch('https://book.example/x')"],
)
def test_a_page_cannot_be_talked_into_code_or_strangers(browser, server, code):
    visit = Visit(browser, server, "book/notation.html")
    said = (
        visit.page.evaluate(f"async () => {{ try {{ await {code}; return 'done'; }} catch (e) {{ return e.name; }} }}")
        if not code.startswith(("eval", "new"))
        else in_page(visit.page, code)
    )
    assert said in ("EvalError", "TypeError"), said
    visit.close()


def in_page(page, code):
    """Run by the page itself, from a module of its own making: what a debugger evaluates is above the policy."""
    return page.evaluate(
        """code => new Promise(done => { window.pgDone = done;
        const text = `try { ${code}; pgDone('done'); } catch (e) { pgDone(e.name); }`;
        import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))); })""",
        code,
    )


def test_a_worker_from_a_file_may_reach_what_its_page_may_not(browser, elements, tmp_path):
    """Python in the page depends on this: it comes from another host, and only into a worker whose file is ours."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here, there = Server(tmp_path / "here"), Server(tmp_path / "there")
    worker = (
        f"try {{ importScripts('{there.url}code.js'); postMessage(self.pgThere); }} "
        "catch (e) { postMessage(e.name); }"
    )
    (tmp_path / "there/code.js").write_text("self.pgThere = 1;")
    (tmp_path / "here/worker.js").write_text(worker)
    [(_, policy)] = filter(is_policy, elements["book/notation.html"])
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy["content"]}">'
    (tmp_path / "here/page.html").write_text(f"<!DOCTYPE html>{meta}<title>A page</title>")
    context = browser.new_context()
    page = context.new_page()
    page.goto(here.url + "page.html")
    ask = (
        "url => new Promise(done => { const w = new Worker(url); "
        "w.onmessage = e => { w.terminate(); done(e.data); }; })"
    )
    assert page.evaluate(ask, "worker.js") == 1
    from_blob = f"source => ({ask})(URL.createObjectURL(new Blob([source])))"
    assert page.evaluate(from_blob, worker) == "NetworkError", "a worker from a blob stands under its page's policy"
    context.close()
    for server in (here, there):
        server.http.shutdown()
        server.http.server_close()
