"""The book's figures on a page of their own, which the site's host mounts from the state that Python stores,
and hands for it.

The fixture `show` opens them: tests/helpers/fixtures.py.
"""

from learning_to_act import explorables  # noqa: F401  (so that all classes are known)
from learning_to_act.explorables.base import Explorable
from tools.paths import ROOT
from tools.site.directives import STATE, VIEW, script, stored

CLASSES = sorted(Explorable.__subclasses__(), key=lambda c: c.__name__)
PAPER = {"light": "#FFFFFF", "dark": "#14181C"}
KATEX = (
    (ROOT / "book/_static/vendor/katex/katex.min.css")
    .read_text("utf-8")
    .replace("url(fonts/", f"url({(ROOT / 'book/_static/vendor/katex/fonts').as_uri()}/")
)


def showing(chrome, folder):
    """Yields show(widget, ...) -> a page with these widgets, alive; its faults are collected and fail the test.

    With frozen=True its clock stands, timers and animations too, until the test says `page.clock.run_for(ms)`.
    """
    contexts, faults = [], []

    def open_page(*widgets, theme="light", width=760, address="", notebook=False, frozen=False, **options):
        states = [stored(w) for w in widgets]
        for state, widget in zip(states, widgets) if notebook else ():  # a notebook's page has nothing of KaTeX's
            state["state"]["_css"] = str(widget._css)
        parts = "".join(
            script(STATE, {"state": {f"w{i}": state}}) + script(VIEW, {"model_id": f"w{i}"})
            for i, state in enumerate(states)
        )
        katex = "" if notebook else f"<style>{KATEX}</style>"
        host = (ROOT / "book/_static/host.js").read_text("utf-8")
        file = folder / f"page-{len(contexts)}.html"
        file.write_text(
            f"""<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>A page</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">{katex}
            <style>body {{ margin: 0 auto; padding: 0 18px; max-width: 700px; background: {PAPER[theme]} }}</style>
            </head><body><main>{parts}</main><script>{host}</script></body></html>""",
            "utf-8",
        )
        contexts.append(chrome.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        if frozen:
            page.clock.install(time=0)
        page.on("console", lambda m: m.type in ("error", "warning") and faults.append(m.text))
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.goto(file.as_uri() + address)
        page.wait_for_function(f"document.querySelectorAll('.pg-fig-body').length === {len(widgets)}")
        page.wait_for_function(
            "[...document.querySelectorAll('svg.pg-fig-plot')]"
            ".every(s => s.clientWidth > 0 || !s.getClientRects().length)"
        )
        if frozen:
            page.clock.pause_at(3_600_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def press(page, key, times=1):
    for _ in range(times):
        page.keyboard.press(key)


def drag(page, handle, dx, dy, steps=8):
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=steps)
    page.mouse.up()


def met(page):
    return "Met" in page.locator(".pg-fig-badge").inner_text()


# The height of each formula in lines of its text, its width, and how far it sticks out
FORMULAS = """() => [...document.querySelectorAll('.pg-fig-formula')].filter(f => f.getClientRects().length).map(f => {
  const line = f.getBoundingClientRect(),
      text = parseFloat(getComputedStyle(document.querySelector('.pg-fig-say')).lineHeight);
  const boxes = [...f.querySelectorAll('.katex-html .base, .pg-fig-formula > span, :scope > math')]
      .map(e => e.getBoundingClientRect());
  return { tall: Math.max(...boxes.map(b => b.height)) / text, wide: Math.max(...boxes.map(b => b.width)),
           outside: Math.max(...boxes.map(b => Math.max(b.right - line.right, line.left - b.left))) }; })"""
