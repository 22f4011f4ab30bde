"""A small server that compresses as real hosts do, and a visit to one page."""

import gzip
import threading
import time
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Error, Page, TimeoutError

PREFIX = "/learning-to-act"  # a site on a shared host stands in a folder: nothing may begin at the root
COMPRESSED = (".html", ".css", ".js", ".svg", ".json", ".txt", ".ipynb", ".md")


PATIENCE = 300_000  # ms for one condition to come true: only a hang lasts so long, on any machine


def patient(opened):
    """What a browser opens waits so long for whatever it is told to wait for."""

    def open_patiently(self, **options):
        made = opened(self, **options)
        made.set_default_timeout(PATIENCE)
        return made

    return open_patiently


Browser.new_context, Browser.new_page = patient(Browser.new_context), patient(Browser.new_page)


def frames(page, n=3):
    """Wait until the page has drawn n frames: what changes with its size, or moves by itself, has done so."""
    page.evaluate(
        "n => new Promise(done => { const next = () => n-- > 0 ? requestAnimationFrame(next) : done(); next(); })", n
    )


def timers(page, ms=0):
    """Wait until every timer that the page has set for the next `ms` has gone off:
    its event loop has them in this order, busy or not."""
    page.evaluate("ms => new Promise(done => setTimeout(done, ms + 1))", ms)


def wait_for_function(self, expression, *, arg=None, timeout=PATIENCE, polling=20):
    """Playwright's own asks by `eval` inside the page, which the page's policy forbids; this asks from outside."""
    end = time.monotonic() + timeout / 1000
    while time.monotonic() < end:
        try:
            if self.evaluate(expression, arg):
                return
        except Error as problem:  # on the way to another page there is nobody to ask
            if not any(words in str(problem) for words in ("context was destroyed", "navigat", "Cannot find context")):
                raise
        self.wait_for_timeout(polling)
    raise TimeoutError(f"not within {timeout} ms: {expression}")


Page.wait_for_function = wait_for_function


class Server:
    def __init__(self, folder, sent=None):
        squeeze = cache(lambda path, changed: gzip.compress(Path(path).read_bytes(), 6))
        sent = self.sent = [] if sent is None else sent

        class Handler(SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = Path(self.translate_path(self.path.removeprefix(PREFIX)))
                if not self.path.startswith(PREFIX + "/") or not path.is_file():
                    return self.send_error(404)
                packed = path.suffix in COMPRESSED
                body = squeeze(str(path), path.stat().st_mtime) if packed else path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", self.guess_type(str(path)))
                if packed:
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                sent.append((self.path, len(body)))

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(folder)))
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}{PREFIX}/"


def pages_of(site):
    """Every page of the site, as paths from its root; the root itself only forwards."""
    return sorted(
        p.relative_to(site).as_posix()
        for p in site.rglob("*.html")
        if not p.relative_to(site).parts[0].startswith(("_", "lite")) and p != site / "index.html"
    )


class Opened:
    """A new page with nothing in it yet: what it will ask for, what it will complain of."""

    def __init__(self, browser, width=1280, script="", **options):
        self.errors, self.asked = [], []
        self.context = browser.new_context(viewport={"width": width, "height": 800}, reduced_motion="reduce", **options)
        if script:  # runs before any of the page's own
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", lambda r: self.asked.append(r.url))

    def close(self):
        self.context.close()


class Visit(Opened):
    """One page, opened once, and all of it there."""

    def __init__(self, browser, server, path, **options):
        super().__init__(browser, **options)
        start = len(server.sent)
        self.path = path
        self.page.goto(server.url + path, wait_until="load")
        settled(self.page)
        self.sent = server.sent[start:]


def settled(page):
    """Wait until every stored widget is mounted (or says why not) and the fonts are there."""
    page.evaluate("dispatchEvent(new Event('pg:start'))")  # host.js: also the figures far from sight
    page.wait_for_function("document.documentElement.dataset.widgets === 'ready' && document.fonts.status === 'loaded'")


def with_axe(page):
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)


def violations(page, where=None, **options):
    """What axe finds, as lines to read; `where`: in these elements alone."""
    with_axe(page)
    return page.evaluate(
        """([where, options]) => axe.run(where ? { include: [[where]] } : document, options)
            .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.slice(0, 3)
                .map(({ target, failureSummary }) => `${id} ${target} ${(failureSummary ?? "").slice(0, 200)}`)))""",
        [where, {"resultTypes": ["violations"], **options}],
    )


# Text that has the colour, the size and the ground of some text before it, in the flow of the same box, has its
# contrast too. One of each is marked, and so is one of each look of fields; what is placed by itself, and each text of
# a drawing, is a box of its own. Of the marked ones alone axe then asks whether they are too pale.
LOOKS = """() => {
    document.querySelectorAll("[data-look]").forEach(e => e.removeAttribute("data-look"));
    const known = new Map(), seen = new Set();
    const ground = e => {
        if (!e) return "";
        if (!known.has(e)) {
            const s = getComputedStyle(e);
            const apart = ["absolute", "fixed", "sticky"].includes(s.position) || e.ownerSVGElement
                || s.transform !== "none" || s.float !== "none";
            known.set(e, [apart ? known.size : "", s.backgroundColor, s.backgroundImage, s.opacity, s.filter,
                s.mixBlendMode, s.textShadow, ground(e.parentElement)].join());
        }
        return known.get(e);
    };
    const looks = [];
    for (const e of document.body.querySelectorAll("*")) {
        const words = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!words && !e.matches("input, select, textarea") || !e.getClientRects().length) continue;
        const { color, fontSize, fontWeight, visibility } = getComputedStyle(e);
        const look = [color, fontSize, fontWeight, visibility, ground(e)].join();
        if (seen.has(look)) continue;
        seen.add(look);
        looks.push(e);
    }
    looks.forEach(e => e.setAttribute("data-look", ""));
    axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] }); }"""


def by_looks(page, **options):
    """What axe finds, where of contrast it asks one of each look of the page's text."""
    with_axe(page)
    page.evaluate(LOOKS)
    return violations(page, **options)


def in_both_themes(page, where=None):
    """What axe finds by day and by night, where the page is left. Dark pages differ in colours only."""
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    day = by_looks(page, where=where)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    return day + ["dark: " + line for line in by_looks(page, where=where, runOnly=["color-contrast"])]
