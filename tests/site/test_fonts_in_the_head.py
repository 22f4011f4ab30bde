"""No page asks for a formula's font: the script in the head has every character that a page shows
(tools/keep/vendor.py, EMBEDDED). That none asks, and that nothing moves whatever comes late, is asked of every page:
test_every_page_*.py."""

from tests.helpers.late import Late, is_font, moved, stands


def test_a_page_from_a_folder_asks_for_no_font_either(browser, site):
    late = Late(browser, 375, is_font, (site / "book/03-the-log-derivative-trick.html").as_uri())
    stands(late)
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


def test_a_page_that_asks_for_a_font_is_seen(browser, server):
    """With the script in the head taken away, notation asks for KaTeX's files."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page, asked = context.new_page(), []
    page.route("**/katex/fonts.js*", lambda route: route.abort())
    page.on("request", lambda r: asked.append(r.url) if is_font(r.url) else None)
    page.goto(server.url + "book/notation.html", wait_until="networkidle")
    assert any("KaTeX_Main" in url for url in asked)
    context.close()
