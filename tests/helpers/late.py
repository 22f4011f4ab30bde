"""A page from which something is held back, and what moved in sight when it came."""

from tests.helpers.pages import Opened

ROUNDING = 0.0005  # 0.00 to the two digits that browsers' own tools show
WATCH = """window.pgShifts = [];
new PerformanceObserver(list => { for (const e of list.getEntries()) pgShifts.push([e.value, e.sources.map(s =>
    (s.node?.outerHTML ?? s.node?.parentElement?.outerHTML ?? "").slice(0, 120))]); })
    .observe({ type: "layout-shift", buffered: true });"""
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Late(Opened):
    """A page whose requests of some kind wait until the test lets them go."""

    def __init__(self, browser, width, held, address, script=""):
        super().__init__(browser, width, WATCH + script)
        self.waiting, self.holding = [], True
        self.page.route(
            lambda url: held(url), lambda route: self.waiting.append(route) if self.holding else route.continue_()
        )
        self.page.goto(address, wait_until="commit")

    def let_go(self):
        self.holding = False
        for route in self.waiting:
            route.continue_()

    def shifts(self):
        self.page.evaluate(PAINTED)
        return [shift for shift in self.page.evaluate("pgShifts") if shift[0] > 0]

    def close(self):
        for route in self.waiting if self.holding else ():
            route.abort()
        super().close()


def stands(late):
    """Wait until the page is there, and every figure that it may have by now."""
    late.page.wait_for_load_state("domcontentloaded")
    late.page.evaluate(PAINTED)
    late.page.evaluate("dispatchEvent(new Event('pg:start'))")  # host.js: also the figures far from sight
    late.page.wait_for_function("document.documentElement.dataset.widgets === 'ready'")


def is_font(url):
    return ".woff" in url or ".ttf" in url


def moved(late):
    total = sum(value for value, _ in late.shifts())
    return [(round(total, 5), late.page.url.rpartition("/")[2], late.shifts()[:3])] if total >= ROUNDING else []
