"""The two tours of the site, which open every page once each: tests/site/test_every_page_*.py.

A page costs more to open than to ask, so each tour opens it as it is hardest for it, and asks all there is to ask. What
does not stop the first paint, scripts, figures, pictures, is held back until the page stands, then let go by the tour
itself: a slow machine changes nothing. A browser tells each move of what is in sight (`layout-shift`); its sum must be
nothing. No page shall ask for a font at all, whatever is opened or done: the script in the head has every character
that a page shows (tools/keep/vendor.py, EMBEDDED). Where one does, its font is held back for some seconds and for ever.
"""

from tests.helpers.late import PAINTED, Late, is_font, moved, stands
from tests.helpers.pages import pages_of, settled

# What a browser refuses because of the page's policy; `Visit` and `tour` take it as their script.
LISTEN = """addEventListener('securitypolicyviolation', e =>
    (window.pgRefused ??= []).push(`${e.effectiveDirective} ${e.blockedURI} ${e.sourceFile ?? ''}:${e.lineNumber}`));"""
HOLDS = (0, 1, 5, None)  # seconds that a font is held back; None: it never comes
PLACES = """() => [...document.querySelectorAll('main :is(p, h1, h2, h3, li, .math, table, pre, .pg-figure)')]
    .map(e => e.getBoundingClientRect())
    .map(r => [r.x, r.y + scrollY, r.width, r.height].map(v => Math.round(v * 4) / 4))"""
# [size in pixels, text] of each word in sight of a page's drawings of one kind
WORDS = """kind => [...document.querySelectorAll(`.pg-drawing svg.pg-${kind} text`)]
    .filter(t => t.getClientRects().length && t.textContent.trim())
    .map(t => { const m = t.getScreenCTM(), parts = [...t.querySelectorAll("tspan")];
        const sizes = (parts.length ? parts : [t]).map(e => parseFloat(getComputedStyle(e).fontSize));
        return [Math.max(...sizes) * Math.hypot(m.a, m.b), t.textContent.trim()]; })"""
OPEN_FOLDS = "document.querySelectorAll('main details').forEach(e => { e.open = true; })"


def is_late(url):
    """Does the first paint go without it?"""
    return not url.endswith((".html", ".css", "theme.js", "katex/fonts.js")) and ".css?" not in url


def tour(browser, server, site, width, script=""):
    """(path, late, seen) for every page, opened at this width: `late.page` is all there, what folds still folded.
    `seen` says what moved, afterwards also which fonts were asked for, and has where in `server.sent` the page began.
    """
    for path in pages_of(site):
        start = len(server.sent)
        late = Late(browser, width, is_late, server.url + path, script)
        late.page.wait_for_function("document.querySelector('.pg-footer')")
        late.page.evaluate(PAINTED)
        late.let_go()
        stands(late)
        seen = {"moved": moved(late), "start": start}
        late.page.wait_for_load_state("load")
        settled(late.page)
        bring_frames(late.page)
        yield path, late, seen
        late.page.evaluate(PAINTED)
        fonts = sorted({url.rpartition("/")[2] for url in late.asked if is_font(url)})
        late.close()
        seen["fonts"] = [fonts, with_late_fonts(browser, width, server.url + path)] if fonts else []


def bring_frames(page):
    """A slider's stored pictures come when it is near."""
    figures = page.locator("[data-frames]").all()
    for figure in figures:
        figure.scroll_into_view_if_needed()
        page.wait_for_function(
            "id => document.querySelector(`script[src*='${id}']`)",
            arg=figure.get_attribute("data-frames").split("/")[-1],
        )
    if figures:
        page.wait_for_load_state("networkidle")


def with_late_fonts(browser, width, address):
    """What moves where a page asks for a font and gets it after 0, 1, 5 seconds and never,
    what folds open at the end."""
    found = []
    for hold in HOLDS:
        late = Late(browser, width, is_font, address)
        stands(late)
        before = late.page.evaluate(PLACES)
        late.page.wait_for_timeout(1000 * (6 if hold is None else hold))
        if hold is not None:
            late.let_go()
            late.page.wait_for_function("document.fonts.status === 'loaded'")
        late.page.evaluate(PAINTED)
        if late.page.evaluate(PLACES) != before:
            found.append((hold, address, "another place"))
        found += [(hold, *one) for one in moved(late)]
        late.close()
    return found


def faults(found, name):
    """The pages where something of this name was found."""
    return {path: seen[name] for path, seen in found.items() if seen[name]}
