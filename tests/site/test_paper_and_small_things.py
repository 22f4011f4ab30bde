"""Paper from a dark page and from a page just opened; what the end of a chapter, a quiz and an exercise's page say."""

import functools
import re

import pytest
from bs4 import BeautifulSoup

from tests.helpers.pages import Visit, pages_of
from tools import contents

DARK = "localStorage.setItem('pg-theme', 'dark')"


@pytest.fixture(scope="module")
def soup(site):
    return functools.cache(lambda path: BeautifulSoup((site / path).read_text("utf8"), "html.parser"))


def chapters(site):
    return [path for path in pages_of(site) if re.match(r"book/0[1-9]-", path)]


def test_on_the_screen_a_dark_page_keeps_its_colours_of_code(browser, server):
    visit = Visit(browser, server, "book/03-the-log-derivative-trick.html", script=DARK)
    assert visit.page.locator(".highlight .c1").first.evaluate("e => getComputedStyle(e).color") == "rgb(169, 177, 185)"
    visit.close()


@pytest.mark.parametrize("path", ["book/index.html", "book/03-the-log-derivative-trick.html"])
def test_a_figure_that_has_not_come_is_no_empty_box_on_paper(browser, server, path):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.route(
        re.compile(r"/host\.js|/figures/"), lambda route: route.continue_() if "host.js" in route.request.url else None
    )  # never come
    page.add_init_script(
        "const real = URL.createObjectURL; "
        "URL.createObjectURL = b => b.type === 'text/javascript' ? 'blob:none' : real.call(URL, b);"
        if path.endswith("index.html")
        else ""
    )
    page.goto(server.url + path, wait_until="domcontentloaded")
    page.wait_for_selector(".pg-widget", state="attached")
    if path.endswith("index.html"):
        page.evaluate(
            "document.querySelectorAll('.pg-widget').forEach(e => "
            "{ e.removeAttribute('data-mounted'); e.replaceChildren(); })"
        )
    page.emulate_media(media="print")
    figures = page.evaluate("""[...document.querySelectorAll(".pg-figure:has(.pg-widget:not([data-mounted]))")].map(e =>
        [e.getBoundingClientRect().height, e.querySelector(".pg-fallback").getBoundingClientRect().height])""")
    assert figures and all(0 < words and whole < words + 40 for whole, words in figures), figures
    context.close()


def test_a_chapter_ends_with_its_links(soup, site):
    for path in chapters(site):
        links = {a.select_one("strong").get_text(): a["href"] for a in soup(path).select("nav.pg-then a")}
        number = path.removeprefix("book/")[:2]  # a second page leads to the chapter's own lab
        slug = next(p.name for p in sorted((site / "notebooks").glob(f"{number}-*.html")))
        assert links == {"Run": f"../notebooks/{slug}", "Do": f"../exercises/{slug}", "Compare": f"../solutions/{slug}"}
        assert "see the links under this chapter" not in soup(path).get_text()
    others = [path for path in pages_of(site) if path not in chapters(site)]
    assert 'class="pg-then' in (site / chapters(site)[0]).read_text("utf8")
    assert not [path for path in others if 'class="pg-then' in (site / path).read_text("utf8")]


def test_check_without_a_choice_says_why(browser, server):
    visit = Visit(browser, server, "book/01-values-or-probabilities.html")
    quiz = visit.page.locator(".pg-quiz").first
    button, status = quiz.get_by_role("button", name="Check"), quiz.get_by_role("status")
    assert status.inner_text() == ""
    button.focus()
    visit.page.keyboard.press("Enter")
    assert status.inner_text() == "Choose one of the answers first."
    assert button.evaluate("e => e === document.activeElement") and quiz.locator("input:checked").count() == 0
    quiz.locator("input").first.check()
    assert status.inner_text() == ""
    visit.page.keyboard.press("Enter")
    assert quiz.locator(".pg-said .pg-verdict").count() == 1 and status.inner_text() == ""
    visit.close()


def test_solutions_have_no_marks_of_tools_and_no_hint_above_the_answer(soup, site):
    found = [path for path in pages_of(site) if path.startswith("solutions/")]
    assert len(found) == sum("solutions" in chapter.verbs() for chapter in contents.chapters()) >= 8
    for path in found:
        text = soup(path).select_one("article").get_text()
        assert "BEGIN SOLUTION" not in text and "END SOLUTION" not in text and "Stuck?" not in text, path
        code = "\n".join(pre.get_text() for pre in soup(path).select("article pre"))
        assert code.count("check(") >= 5 and code.count("def ") >= 5 and "NotImplementedError" not in code, path
    raw = (site / "_sources/solutions/01-values-or-probabilities.ipynb").read_text("utf8")
    assert "# BEGIN SOLUTION" in raw, "the file to download is the file itself"


def test_an_exercise_page_speaks_of_its_own_button(soup, site):
    for path in (p for p in pages_of(site) if p.startswith("exercises/")):
        said = [p.get_text() for p in soup(path).select("p.pg-py-stuck")]
        without = soup(path).select("p.pg-py-unscripted")
        assert len(said) == 1 and said[0].startswith("Stuck? Press Hint above."), f"{path}: once is enough"
        assert len(without) >= 5 and all("in a cell of its own" in p.get_text() for p in without)
        setup = soup(path).select_one("details.pg-setup:not([open])")
        assert "import" in setup.get_text() and "def " not in setup.get_text(), f"{path}: the set-up folds"
        assert len(soup(path).select("details div.cell")) == len(setup.select("div.cell")), f"{path}: and nothing else"


def test_without_scripts_the_notebooks_words_stand(browser, server):
    for script in (True, False):
        context = browser.new_context(java_script_enabled=script)
        page = context.new_page()
        page.goto(server.url + "exercises/01-values-or-probabilities.html")
        assert (
            page.locator(".pg-py-stuck").first.is_visible() == script
            and page.locator(".pg-py-unscripted").first.is_visible() != script
        )
        context.close()


VERDICT = """passed => {
    const box = document.querySelector(".pg-article div.cell");
    const out = Object.assign(document.createElement("div"), { className: "cell_output pg-py-out" });
    out.innerHTML = `<div class="output pg-py-check pg-py-${passed ? "passed" : "not-yet"}">
        <p><span class="pg-icon pg-icon-${passed ? "right" : "wrong"}"></span>
        <strong>softmax: ${passed ? "right" : "not yet"}</strong></p><div>text</div></div>`;
    box.append(out);
    const look = (e, ...names) => names.map(name => getComputedStyle(e)[name]), check = out.firstChild;
    const found = { bar: look(check, "borderLeftStyle", "borderLeftColor", "borderLeftWidth"),
        ground: look(check, "backgroundColor"), title: look(check.querySelector("strong"), "color"),
        icon: look(check.querySelector(".pg-icon"), "backgroundColor"), policy: [...document.styleSheets].length };
    out.remove();
    return found;
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_right_and_not_yet_differ_in_form_and_colour(browser, server, dark):
    visit = Visit(browser, server, "exercises/01-values-or-probabilities.html", script=DARK if dark else "")
    right, wrong = (visit.page.evaluate(VERDICT, passed) for passed in (True, False))
    colour = {
        name: visit.page.evaluate(f"""() => {{
        const e = document.body.appendChild(document.createElement("i")); e.style.color = "var(--pg-{name})";
        const c = getComputedStyle(e).color; e.remove(); return c; }}""")
        for name in ("score", "good")
    }
    visit.close()
    assert right["bar"] == ["solid", colour["score"], "6px"] and wrong["bar"] == ["dashed", colour["good"], "4px"]
    assert right["ground"] != wrong["ground"] == ["rgba(0, 0, 0, 0)"], "right has a ground of its own"
    assert right["title"] == right["icon"] == [colour["score"]] and wrong["title"] == wrong["icon"] == [colour["good"]]


def test_a_note_of_another_tab_stays_true(browser, server):
    """After Reset, after an upload, after typing: it no longer says that the text is the other tab's,
    and nothing is lost."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    one, other = context.new_page(), context.new_page()
    address = server.url + "exercises/01-values-or-probabilities.html"
    for page in (one, other):
        page.goto(address)
    cell = "[data-cell=softmax-answer]"
    key = "learning-to-act:work:exercises/01-values-or-probabilities"
    for page, text in ((one, "first = 1"), (one, "second = 2")):
        page.locator(cell).locator(".cm-content, .cell_input pre").locator("visible=true").first.click()
        page.locator(f"{cell} .cm-content:focus").wait_for()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        page.wait_for_function("([key, text]) => (localStorage.getItem(key) ?? '').includes(text)", arg=[key, text])
    note = other.locator(f"{cell} [data-note=tab]")
    note.wait_for()
    assert "here is that text" in note.inner_text()
    other.locator(cell).get_by_role("button", name="Reset").click()
    assert "here is that text" not in note.inner_text() and "earlier" in note.inner_text()
    assert "NotImplementedError" in other.locator(f"{cell} pre").first.inner_text()
    note.get_by_role("button", name="Bring back").click()
    assert "first = 1" in other.locator(f"{cell} pre").first.inner_text() and note.count() == 0
    context.close()


def test_each_loss_on_trial_stands_whole_on_a_phone(browser, server):
    visit = Visit(browser, server, "book/on-trial.html")
    visit.page.set_viewport_size({"width": 375, "height": 800})
    rows = visit.page.locator("#the-table tbody tr").evaluate_all("""rows => rows.map(row => {
        const seen = [...row.querySelectorAll("td")].filter(td => td.getClientRects().length)
            .map(td => td.getBoundingClientRect());
        return [seen.length, Math.min(...seen.map(b => b.left)), Math.max(...seen.map(b => b.right))]; })""")
    assert {count for count, _, _ in rows} == {2, 3}, "a library's row has no degrees"
    assert all(left >= 0 and right <= 375 for _, left, right in rows)
    visit.close()


def test_what_judges_an_answer_is_called_check(browser, server):
    """`check_stranger` too, before Python has come and after."""
    visit = Visit(browser, server, "exercises/05-in-the-interview.html")
    for number in (1, 2, 3):
        cell = visit.page.locator("div.cell", has_text=f"check_stranger(stranger_{number}, ").last
        assert cell.get_by_role("button", name="Check: cell").count() == 1
        assert cell.get_by_role("button", name="Hint").count() == 0
    visit.close()
