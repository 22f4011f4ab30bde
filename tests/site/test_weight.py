"""How heavy the pages are. The figures are printed: `pytest tests/site/test_weight.py -s`. How quick they are is measured by `make bench`."""

from tests.helpers.pages import Visit, pages_of

LIMITS = {
    "prose": 250_000,
    "explorables": 350_000,
    "notebook": 600_000,
}  # bytes after gzip, everything a page loads, scrolled to its end


def kind(site, path):
    """Labs, exercises and solutions are notebooks; of the others some have explorables."""
    if path.split("/")[0] in ("notebooks", "exercises", "solutions"):
        return "notebook"
    return "explorables" if "vnd.jupyter.widget-view+json" in (site / path).read_text("utf8") else "prose"


def test_pages_are_light(browser, server, site):
    heaviest = {}
    for path in pages_of(site):
        visit = Visit(browser, server, path)
        start = len(server.sent) - len(visit.sent)
        for figure in visit.page.locator("[data-frames]").all():  # a slider's stored pictures come when it is near
            figure.scroll_into_view_if_needed()
            visit.page.wait_for_function(
                "id => document.querySelector(`script[src*='${id}']`)",
                arg=figure.get_attribute("data-frames").split("/")[-1],
            )
        visit.page.wait_for_load_state("networkidle")
        sent = server.sent[start:]
        heaviest.setdefault(kind(site, path), []).append((sum(size for _, size in sent), len(sent), path))
        visit.close()
    for name, limit in LIMITS.items():
        size, requests, path = max(heaviest[name])
        print(
            f"\n{name:>11}: {size / 1000:5.0f} kB in {requests:2} requests of at most {limit / 1000:.0f} kB ({path})",
            end="",
        )
    print()
    assert {name: max(pages) for name, pages in heaviest.items() if max(pages)[0] > LIMITS[name]} == {}
