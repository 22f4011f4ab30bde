"""A picture of each explorable as it begins, for readers without scripts: `python -m tools.make.stills [NAME ...]`.

After `make book`, when a figure's look has changed. The figures are opened in Chromium as the pages have them, without
the controls, which would be dead. The picture of a class is `book/_static/stills/CLASS.png`.
"""

import argparse
import io
import re
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

from tools.paths import ROOT
from tools.run import chromium

SITE, STILLS = ROOT / "_build/html", ROOT / "book/_static/stills"
USED = re.compile(r"\{explorable\} [\w.]+\.(\w+)")
WIDTH, COLOURS = 700, 64
BARE = """() => { for (const e of document.querySelectorAll(
  '.pg-fig :is(.pg-fig-row, .pg-fig-challenge, button, fieldset, label)')) e.style.display = 'none'; }"""


def used():
    """{class: the first page in book/ with it}"""
    pages = {}
    for path in sorted((ROOT / "book").glob("*.md")):
        for name in USED.findall(path.read_text("utf8")):
            if name not in pages or pages[name] == "index":
                pages[name] = path.stem
    return pages


def small(png):
    """The picture with few colours."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def make(wanted):
    STILLS.mkdir(exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium.path(), args=chromium.ARGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": 1200}, reduced_motion="reduce", bypass_csp=True)
        for name, where in wanted.items():
            page.goto((SITE / f"book/{where}.html").as_uri())
            page.evaluate("dispatchEvent(new Event('pg:start'))")
            figure = page.locator(f".pg-widget[data-widget={name}][data-mounted] .pg-fig").first
            figure.wait_for()
            page.evaluate(BARE)
            (STILLS / f"{name}.png").write_bytes(small(figure.locator(".pg-fig-body").screenshot()))
            print(f"{name}: {(STILLS / f'{name}.png').stat().st_size / 1000:.0f} kB")
        browser.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", nargs="*", help="classes of explorables (default: all that pages have)")
    names, pages = parser.parse_args().name, used()
    if unknown := sorted({*names} - {*pages}):
        parser.error(f"no page has a figure {', '.join(unknown)}; there are {', '.join(sorted(pages))}")
    return make({name: page for name, page in pages.items() if not names or name in names})


if __name__ == "__main__":
    sys.exit(main())
