"""What Lighthouse asks and can rot without it: nothing moves, one way to the first paint, what search engines read."""

import re

import pytest

from tests.helpers.pages import frames, pages_of, settled

# One page of each kind, on a phone and on a wide screen
KINDS = (
    "book/index.html",
    "book/notation.html",
    "book/03-the-log-derivative-trick.html",
    "book/interview/whiteboard.html",
    "book/practice/flashcards.html",
    "solutions/01-values-or-probabilities.html",
    "notebooks/04-continuous-actions.html",
    "exercises/03-the-log-derivative-trick.html",
)
MOST_SHIFT = 0.01  # Lighthouse's and Chrome's "good" is 0.1; a font that arrives late moves a line or two by a pixel
WATCH = """window.pgShifts = [];
new PerformanceObserver(list => {
  for (const e of list.getEntries()) pgShifts.push([e.value, e.sources.map(s =>
    (s.node?.outerHTML ?? s.node?.parentElement?.outerHTML ?? "").slice(0, 90))]);
}).observe({ type: "layout-shift", buffered: true });"""
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 90_000,
}  # Lighthouse's slow 4G


@pytest.mark.parametrize("path, width", [(path, 375) for path in KINDS] + [(path, 1280) for path in KINDS[0::2][:2]])
def test_nothing_moves_on_a_slow_network_over_a_whole_scroll(browser, server, path, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    page.goto(server.url + path, wait_until="load")
    frames(page)
    for _ in range(60):
        page.mouse.wheel(0, 700)
        frames(page, 1)
        if page.evaluate("scrollY + innerHeight > document.documentElement.scrollHeight - 2"):
            break
    page.wait_for_load_state("networkidle")
    frames(page)
    shifts = page.evaluate("pgShifts")
    context.close()
    assert sum(value for value, _ in shifts) < MOST_SHIFT, [s for s in shifts if s[0] > 0.001]


ALWAYS = "pygments.css book.css theme.js documentation_options.js clipboard.min.js copybutton.js "
ALWAYS += "site.js host.js progress-totals.js progress.js "
MATHS, CELLS = "fonts.js ", "fonts.js mystnb.css "
ASKS = "fonts.js interview.css interview.js "
PRACTICE = "fonts.js interview.css practice.css practice-core.js practice-page.js "
LOADED = {  # besides those, by kind of page
    "404.html": "",
    "search.html": "search-core.js search.js",
    "book/index.html": MATHS,
    "book/ways-to-run.html": "",
    "book/for-instructors.html": MATHS,
    "book/02-the-theorem.html": MATHS + "steps.js",
    "book/glossary.html": MATHS + "reference.css",
    "book/helper-reference.html": MATHS + "reference.css",
    "book/summary-sheet.html": ASKS,
    "book/interview/whiteboard.html": ASKS,
    "book/practice/flashcards.html": PRACTICE + "interview.js practice-cards.js",
    "book/practice/coding-drill.html": PRACTICE + "practice-drills.js",
    "book/practice/mock-interview.html": PRACTICE + "interview.js practice-mock.js",
    "notebooks/04-continuous-actions.html": CELLS,
    "solutions/01-values-or-probabilities.html": CELLS,
    "exercises/03-the-log-derivative-trick.html": CELLS + "python.css where.js work.js runner.js",
}


@pytest.mark.parametrize("path", LOADED)
def test_a_page_loads_what_its_kind_needs_and_nothing_else(texts, path):
    """All that is added is loaded: so what a new version of Sphinx or of an extension adds is seen here, and judged."""
    files = re.findall(r'<(?:script [^>]*?src|link rel="stylesheet"[^>]*? href)="([^"?]+)', texts[path])
    names = [re.sub(r"^mystnb\.\w+", "mystnb", file.rpartition("/")[2]) for file in files]
    assert sorted(names) == sorted((ALWAYS + LOADED[path]).split())


@pytest.fixture(scope="module")
def texts(site):
    return {path: (site / path).read_text("utf8") for path in pages_of(site)}


def test_few_files_come_before_the_first_paint(texts):
    """Each costs a phone a round trip: at most four style sheets, and no script but the one that chooses the colours
    and, where there are formulas, the one with their characters,
    without which every line would move when a font comes."""
    for path, text in texts.items():
        head = text.partition("</head>")[0]
        assert 1 <= len(re.findall('<link rel="stylesheet"', head)) <= 4, path
        waits = [tag for tag in re.findall(r"<script[^>]* src=[^>]*>", head) if not re.search(r"\bdefer\b", tag)]
        wanted = ["theme.js", "fonts.js"] if 'class="katex' in text or "pg-figure" in text else ["theme.js"]
        assert (
            path == "search.html" or [re.search(r"[\w.]+(?=\")", tag.rpartition("/")[2])[0] for tag in waits] == wanted
        ), (path, waits)


def test_every_picture_says_its_size(texts):
    pictures = [
        (path, tag)
        for path, text in texts.items()
        for tag in re.findall(r"<img\b[^>]*>", text.partition("<main")[2])
        if "_images/" in tag
    ]
    assert pictures and not [p for p in pictures if not re.search(r'width="[1-9]\d*" height="[1-9]', p[1])]


def test_search_engines_may_read_every_page_but_two(texts):
    for path, text in texts.items():
        assert ('<meta name="robots"' in text) == (path in ("search.html", "404.html")), path
        assert '<html lang="en"' in text and '<meta name="viewport"' in text, path


def test_the_pictures_of_a_labs_slider_come_when_it_is_near_and_not_before(browser, server, site):
    path = next(
        p for p in pages_of(site) if p.startswith("notebooks/") and "frames_from" in (site / p).read_text("utf8")
    )
    start = len(server.sent)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(server.url + path, wait_until="load")
    page.wait_for_load_state("networkidle")
    assert not [p for p, _ in server.sent[start:] if "/frames/" in p]
    with page.expect_response(lambda r: "/frames/" in r.url, timeout=300_000):  # they are asked for now
        page.locator(".pg-widget").first.evaluate("e => e.scrollIntoView({ behavior: 'instant' })")
    page.wait_for_selector(".pg-widget[data-mounted] input")
    slider, picture = page.locator(".pg-explore input").first, page.locator(".pg-explore img").first
    first = picture.get_attribute("src")
    slider.press("ArrowRight")
    changes(page, first)
    value = slider.get_attribute("aria-valuetext")
    assert re.match(rf"\w+ = {re.escape(value)}\b", picture.get_attribute("alt"))
    context.close()


def changes(page, before):
    page.wait_for_function(
        "before => document.querySelector('.pg-explore img').getAttribute('src') !== before", arg=before
    )


def test_a_labs_slider_lives_in_a_page_opened_from_a_folder(browser, site):
    path = next(
        p for p in pages_of(site) if p.startswith("notebooks/") and "frames_from" in (site / p).read_text("utf8")
    )
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((site / path).as_uri())
    page.locator(".pg-widget").first.evaluate("e => e.scrollIntoView({ behavior: 'instant' })")
    page.wait_for_selector(".pg-widget[data-mounted] input")
    page.wait_for_function("document.querySelector(\"script[src*='/frames/']\")")
    slider, picture = page.locator(".pg-explore input").first, page.locator(".pg-explore img").first
    before = picture.get_attribute("src")
    slider.press("ArrowRight")
    changes(page, before)  # at once if the pictures have come, else when they do
    page.close()


def test_a_link_to_a_place_lands_on_it(browser, server):
    """What comes late, figures and fonts, must not move the place that a reader goes to."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    address = server.url + "book/03-the-log-derivative-trick.html"
    where = "document.getElementById(decodeURIComponent(location.hash.slice(1))).getBoundingClientRect().top"
    page.goto(address, wait_until="load")
    page.locator(".pg-local a").nth(-4).click()
    page.wait_for_function("location.hash")
    settled(page)
    frames(page)
    clicked, place = page.evaluate(where), page.evaluate("location.hash")
    page.goto("about:blank")
    page.goto(address + place, wait_until="load")
    settled(page)
    frames(page)
    arrived = page.evaluate(where)
    page.close()
    assert -5 < clicked < 150 and -5 < arrived < 150, (place, clicked, arrived)
