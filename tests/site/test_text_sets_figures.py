"""Words of the text that set a figure, in a real page: by mouse and keyboard, and without scripts."""

from tests.helpers.pages import Visit

STATE = """() => { const x = document.querySelector('[data-explorable=corridor]');
    return [x.querySelector('input[type=radio]:checked').parentElement.textContent.trim(),
    x.querySelector('[role=slider]').getAttribute('aria-valuenow'),
    x.querySelector('[aria-live]').textContent,
    x.querySelector('.pg-fig-challenge').classList.contains('pg-fig-met')]; }"""


def test_a_word_sets_the_figure_by_mouse_and_keyboard(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    page = visit.page
    page.get_by_role("button", name="five cells: set the figure").click()
    page.wait_for_function("location.hash.includes('corridor=cells:5')")
    cells, p, said, met = page.evaluate(STATE)
    assert "five" in cells.lower() and float(p) == 0.9 and said.endswith("five cells.") and not met
    assert page.evaluate("""() => {
        const { top, bottom } = document.querySelector('[data-explorable=corridor]').getBoundingClientRect();
        return top < innerHeight && bottom > 0; }""")
    coin = page.get_by_role("button", name="p at 0.50: set the figure")
    for key, other in [("Enter", "Home"), ("Space", "End")]:
        coin.focus()
        page.keyboard.press(key)
        page.wait_for_function("location.hash.includes('p:0.5')")
        assert page.evaluate(STATE)[1] == "0.5" and "five" in page.evaluate(STATE)[0].lower(), (
            "what it does not name stays"
        )
        page.locator("[data-explorable=corridor] [role=slider]").first.focus()
        page.keyboard.press(other)
        page.wait_for_function("!location.hash.includes('p:0.5')")
    page.get_by_role("button", name="rock’s win pays 2: set the figure").click()
    page.wait_for_function("location.hash.includes('simplex=game:rock2')")
    assert visit.errors == []
    visit.close()
    visit = Visit(browser, server, "book/02-where-it-bites.html")
    visit.page.get_by_role("button", name="nearly sure: set the figure").click()
    visit.page.wait_for_function("location.hash.includes('policy:0.05_0.05_0.9')")  # as the choice itself does
    assert visit.errors == []
    visit.close()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + "book/01-values-or-probabilities.html")
    word = page.locator(".pg-set", has_text="five cells")
    assert word.get_attribute("role") is None and word.evaluate("e => getComputedStyle(e).textDecorationLine") == "none"
    picture = page.locator(".pg-figure img").first
    picture.scroll_into_view_if_needed()
    assert picture.is_visible() and picture.evaluate("e => e.complete && e.naturalWidth") > 600, (
        "a still in the figure's place"
    )
    context.close()
