"""The built site in a real browser: its front page, explorables, quizzes, proofs, contents and sheets for everyone.
What is asked of every page: test_every_page_*.py."""

import re

from bs4 import BeautifulSoup

from tests.helpers.pages import Visit, pages_of, violations


def test_no_page_carries_a_mathematics_script_or_a_widget_manager(site):
    """vendor/katex/fonts.js holds characters, and sets nothing."""
    for path in pages_of(site):
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', (site / path).read_text("utf8"))
        assert not [
            s
            for s in scripts
            if re.search("mathjax|katex(?!/fonts.js)|require|embed-amd|html-manager|fontawesome|bootstrap", s)
        ], path


def test_every_icon_has_a_shape(site):
    shapes = set(re.findall(r"\.(pg-icon-[a-z]+) \{", (site / "_static/vendor/icons/icons.css").read_text()))
    for path in pages_of(site):
        used = set(re.findall(r"pg-icon-[a-z]+", (site / path).read_text("utf8")))
        assert used <= shapes, path


def test_names_in_tables_break_at_their_joints_and_nowhere_else(site):
    page = (site / "book/notation.html").read_text("utf8")
    assert "policy.<wbr>probs(<wbr>theta,</span>" in page and "state_<wbr>values" in page
    assert "Flatten<wbr>Observation" in (site / "book/helper-reference.html").read_text("utf8")
    for path in pages_of(site):
        without = re.sub(r"<table.*?</table>", "", (site / path).read_text("utf8"), flags=re.S)
        assert "<wbr>" not in without, path


def test_the_front_page_shows_the_point_before_any_scroll(browser, server):
    visit = Visit(browser, server, "book/index.html")
    bottom = "s => document.querySelector(s).getBoundingClientRect().bottom"
    assert visit.page.evaluate(bottom, "h1") < 800 and visit.page.evaluate(bottom, ".pg-theorem") < 800
    assert visit.page.evaluate("document.querySelector('.pg-widget').getBoundingClientRect().top") < 300
    colours = visit.page.evaluate("""() => ['policy', 'score', 'good', 'where'].map(name =>
        getComputedStyle(document.querySelector('.pg-theorem .pg-' + name)).color)""")
    assert len(set(colours)) == 4
    assert violations(visit.page) == [], "the coloured formula too"
    visit.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert violations(visit.page, runOnly=["color-contrast"]) == []
    visit.close()


def test_the_front_page_leads_to_every_chapter(site):
    soup = BeautifulSoup((site / "book/index.html").read_text("utf8"), "html.parser")
    linked = {a["href"].split("#")[0] for a in soup.select("main a[href]")}
    chapters = {p.name for p in (site / "book").glob("[0-9][0-9]-*.html")}
    assert chapters <= linked, chapters - linked


def test_quiz_by_keyboard_alone(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    page = visit.page
    quiz = page.locator(".pg-quiz").first
    right = quiz.locator(".pg-choice.pg-right").evaluate(
        "e => [...e.parentElement.querySelectorAll('.pg-choice')].indexOf(e)"
    )
    radios = quiz.locator("input[type=radio]")
    assert quiz.locator("fieldset > legend").inner_text().strip()
    radios.first.focus()
    page.keyboard.press("Space")
    for _ in range(right):
        page.keyboard.press("ArrowDown")
    assert quiz.locator(".pg-said:not(:empty)").count() == 0, "moving over the choices must not give the answer away"
    page.keyboard.press("Enter")
    said = quiz.locator("[aria-live]:not(:empty)")
    assert said.count() == 1 and said.inner_text().startswith("Right.") and len(said.inner_text()) > 30
    page.keyboard.press("Enter")
    assert said.count() == radios.count(), "asked again, it explains the other choices too"
    radios.nth((right + 1) % radios.count()).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert said.count() == 1 and said.inner_text().startswith("Not this one.")
    visit.close()


def test_quiz_and_proofs_without_scripts(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url + "book/01-values-or-probabilities.html")
    choice = page.locator(".pg-choice").first
    assert not choice.locator(".pg-why").is_visible()
    choice.locator("summary").click()
    assert choice.locator(".pg-why").is_visible()
    assert page.locator(".pg-fallback").first.is_visible(), "the words in a figure's place"
    fold = page.locator("details.pg-fold").first
    fold.locator("> summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("> :nth-child(2)").is_visible()
    context.close()


def test_the_first_step_of_a_proof_stands_open_and_one_button_opens_the_rest(browser, server):
    visit = Visit(browser, server, "book/03-baselines-and-noise.html")
    assert visit.page.locator("details.pg-fold.step").evaluate_all("all => all.map(e => e.open)") == [True] + 3 * [
        False
    ]
    visit.close()
    visit = Visit(browser, server, "book/02-the-theorem.html")
    steps, button = visit.page.locator("details.pg-fold.step"), visit.page.locator(".pg-all")
    assert steps.count() == 5 and button.count() == 1
    assert steps.evaluate_all("all => all.map(e => e.open)") == [True, False, False, False, False]
    for name, then in [("Open all", True), ("Close all", False)]:
        assert button.inner_text() == name
        button.click()
        assert steps.evaluate_all("all => all.map(e => e.open)") == [then] * 5
        visit.page.wait_for_function(
            "then => document.querySelector('.pg-all').textContent === (then ? 'Close all' : 'Open all')", arg=then
        )
    visit.close()


def test_theme_is_kept_and_contents_open_on_a_phone(browser, server):
    visit = Visit(browser, server, "book/notation.html")
    page = visit.page
    page.get_by_role("button", name="Dark page").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.set_viewport_size({"width": 375, "height": 700})
    contents = page.get_by_role("navigation", name="Contents")
    assert not contents.is_visible()
    page.get_by_role("button", name="Contents").click()
    assert contents.is_visible()
    page.keyboard.press("Escape")
    assert not contents.is_visible()
    visit.close()


def test_pages_live_when_opened_from_a_folder(browser, site):
    context = browser.new_context()
    page, errors = context.new_page(), []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto((site / "index.html").as_uri())
    page.wait_for_selector(".pg-widget[data-mounted]")
    assert page.url.endswith("book/index.html")
    page.goto((site / "search.html").as_uri() + "?q=baseline")
    page.wait_for_selector("ul.search li")
    assert errors == []
    context.close()


# A stop or a closing bracket on a line below its formula's last part, or an opening one on a line above its first part
STRAYS = """() => {
  const strays = [], box = (text, i) => { const r = document.createRange();
    r.setStart(text, i); r.setEnd(text, i + 1); return r.getBoundingClientRect(); };
  for (const m of document.querySelectorAll('main span.math')) {
    const parts = m.querySelectorAll('.base'), name = m.textContent.slice(0, 40);
    const [before, after] = [m.previousSibling, m.nextSibling];
    if (!parts.length || !m.getBoundingClientRect().height) continue;
    if (after?.nodeType === 3 && /^[.,;:!?)\\]]/.test(after.data)
        && box(after, 0).left < parts[parts.length - 1].getBoundingClientRect().right - 3) strays.push(name);
    if (before?.nodeType === 3 && /[(\\[]$/.test(before.data)
        && parts[0].getBoundingClientRect().left < box(before, before.length - 1).left) strays.push(name);
  }
  return strays; }"""


def test_no_line_begins_with_a_stop_or_ends_with_an_opening_bracket(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    visit.page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
    for width in range(320, 760, 20):
        visit.page.set_viewport_size({"width": width, "height": 800})
        assert visit.page.evaluate(STRAYS) == [], width
    visit.close()


def test_code_is_as_wide_as_the_column_and_fits(browser, server):
    """Chapters 0 and 1: every block as wide as its neighbours' text, nothing to scroll, on a phone too."""
    for path in ("book/00-before-you-start.html", "book/01-values-or-probabilities.html"):
        visit = Visit(browser, server, path)
        visit.page.evaluate("document.querySelectorAll('main details').forEach(e => { e.open = true; })")
        for width in (1280, 375):
            visit.page.set_viewport_size({"width": width, "height": 800})
            wide = visit.page.evaluate("""() => [...document.querySelectorAll('main pre')]
                .filter(e => e.scrollWidth > e.clientWidth
                || Math.abs(e.offsetWidth - e.closest('.highlight').parentElement.parentElement.clientWidth) > 24)
                .map(e => e.textContent)""")
            assert wide == [], (path, width)
        visit.close()


def test_a_fold_keeps_the_spaces_around_its_titles_formulas(site):
    style = (site / "_static/site.css").read_text()
    assert (
        re.search(r"\.pg-fold > summary \{[^}]*\}", style)
        and "flex" not in re.search(r"\.pg-fold > summary \{([^}]*)\}", style)[1]
    )


def test_print_unfolds_everything_and_lists_links(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    page = visit.page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in (".pg-bar", ".pg-contents", ".pg-verbs", ".pg-quiz form"):
        assert not page.locator(hidden).first.is_visible(), hidden
    assert page.locator("details.pg-fold:not([open])").count() == 0
    assert page.locator(".pg-choice .pg-why").first.is_visible() and page.locator(".pg-fallback").first.is_visible()
    assert page.locator(".pg-widget").first.is_visible()
    assert page.locator(".pg-links").count() <= 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".pg-links, .pg-link-mark").count() == 0
    visit.close()
