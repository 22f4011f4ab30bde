"""Nothing moves, however late what a page asks for arrives: a formula's font, a figure, a script.

A browser tells each move of what is in sight (`layout-shift`); its sum over a visit must be nothing. What is held back
is let go by the test itself, so a slow machine changes nothing.
"""

import pytest

from tests.helpers.late import PAINTED, Late, moved
from tests.helpers.pages import pages_of

WIDTHS = (375, 1280)
HOLDS = (0, 1, 5, None)  # seconds that a font is held back; None: it never comes
MOUNTED = "document.documentElement.dataset.widgets === 'ready'"
PLACES = """() => [...document.querySelectorAll('main :is(p, h1, h2, h3, li, .math, table, pre, .pg-figure)')]
    .map(e => e.getBoundingClientRect())
    .map(r => [r.x, r.y + scrollY, r.width, r.height].map(v => Math.round(v * 4) / 4))"""


def is_font(url):
    return ".woff" in url or ".ttf" in url


def rest(late):
    late.page.wait_for_load_state("domcontentloaded")
    late.page.evaluate(PAINTED)
    late.page.evaluate("dispatchEvent(new Event('pg:start'))")  # host.js: also the figures far from sight
    late.page.wait_for_function(MOUNTED, timeout=300_000)


def test_a_page_from_a_folder_asks_for_no_font_either(browser, site):
    late = Late(browser, 375, is_font, (site / "book/03-the-log-derivative-trick.html").as_uri())
    rest(late)
    assert late.waiting == [] and moved(late) == []
    assert late.page.evaluate("[...document.fonts].some(f => f.family === 'KaTeX_Main' && f.status === 'loaded')")
    late.close()


def test_the_scripts_characters_are_those_of_the_files(browser, server):
    """Each as wide and as high as in KaTeX's own file; without the script the files serve."""
    page = browser.new_page()
    page.goto(server.url + "book/notation.html")
    different = page.evaluate("""async () => {
        const pen = new OffscreenCanvas(10, 10).getContext("2d"), out = [];
        const ranges = text => text.split(",").flatMap(part => {
            const [from, to] = part.trim().slice(2).split("-").map(n => parseInt(n, 16));
            return Array.from({ length: (to ?? from) - from + 1 }, (_, i) => from + i); });
        const rules = [...document.styleSheets].flatMap(s => [...s.cssRules]).filter(r => r instanceof CSSFontFaceRule);
        const ours = [...document.fonts].filter(f => f.status === "loaded" && f.family.includes("KaTeX"));
        for (const face of ours) {
            const bare = name => name.replaceAll('"', "");
            const rule = rules.find(r => bare(r.style.getPropertyValue("font-family")) === bare(face.family)
                && r.style.getPropertyValue("font-style") === face.style
                && r.style.getPropertyValue("font-weight") === face.weight);
            const source = rule.style.getPropertyValue("src").replace(/url\\("?([^")]+)"?\\)/, (m, name) =>
                `url("${new URL(name, rule.parentStyleSheet.href)}")`);
            const file = new FontFace("File", source, { style: face.style, weight: face.weight });
            document.fonts.add(await file.load());
            for (const code of ranges(face.unicodeRange)) {
                const size = family => {
                    pen.font = `${face.style} ${face.weight} 100px ${family}, monospace`;
                    const m = pen.measureText(String.fromCodePoint(code));
                    return [m.width, m.actualBoundingBoxAscent, m.actualBoundingBoxDescent, m.actualBoundingBoxRight];
                };
                const [ours, theirs] = [size(face.family), size("File")];
                // a box is in whole pixels, of 100 in an em
                if (ours.some((v, i) => Math.abs(v - theirs[i]) > (i ? 1.01 : 0.01)))
                    out.push([face.family, code.toString(16), ours, theirs]);
            }
            document.fonts.delete(file);
        }
        return { out, faces: ours.length };
    }""")
    page.close()
    assert different["out"] == [] and different["faces"] == 11


def test_without_scripts_the_files_serve(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page, asked = context.new_page(), []
    page.on("request", lambda r: asked.append(r.url) if is_font(r.url) else None)
    page.goto(server.url + "book/notation.html", wait_until="networkidle")
    assert any("KaTeX_Main-Regular" in url for url in asked)
    context.close()


def with_late_fonts(browser, width, address):
    """What moves where a page asks for a font and gets it after 0, 1, 5 seconds and never,
    what folds open at the end."""
    found = []
    for hold in HOLDS:
        late = Late(browser, width, is_font, address)
        rest(late)
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


@pytest.mark.parametrize("width", WIDTHS)
def test_what_comes_late_finds_its_place_kept(browser, server, site, width):
    """All pages: every script that does not stop the first paint, every figure and picture,
    held back until the page stands.

    No page shall ask for a font at all, what folds open included: the script in the head has every character that a
    page shows (tools/keep/vendor.py, EMBEDDED). Where one does, its font is held back 0, 1, 5 seconds and for ever."""
    found, asking = [], {}
    for path in pages_of(site):
        late = Late(
            browser,
            width,
            lambda url: not url.endswith((".html", ".css", "theme.js", "katex/fonts.js")) and ".css?" not in url,
            server.url + path,
        )
        fonts = []
        late.page.on("request", lambda r, fonts=fonts: fonts.append(r.url) if is_font(r.url) else None)
        late.page.wait_for_function("document.querySelector('.pg-footer')")
        late.page.evaluate(PAINTED)
        fonts += [route.request.url for route in late.waiting if is_font(route.request.url)]
        late.let_go()
        rest(late)
        found += moved(late)
        late.page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
        late.page.evaluate(PAINTED)
        late.close()
        if fonts:
            asking[path] = sorted({url.rpartition("/")[2] for url in fonts})
            found += with_late_fonts(browser, width, server.url + path)
    assert found == [] and asking == {}


def test_a_page_that_asks_for_a_font_is_seen(browser, server):
    """With the script in the head taken away, notation asks for KaTeX's files."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page, asked = context.new_page(), []
    page.route("**/katex/fonts.js*", lambda route: route.abort())
    page.on("request", lambda r: asked.append(r.url) if is_font(r.url) else None)
    page.goto(server.url + "book/notation.html", wait_until="networkidle")
    assert any("KaTeX_Main" in url for url in asked)
    context.close()
