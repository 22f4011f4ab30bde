"""The tools that make the site: mathematics, directives, the build.
A small book of its own is built, not the real one."""

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from tools.make import formulas, palette
from tools.make.pages import processes
from tools.paths import ROOT
from tools.site import by_one_or_several
from tools.site import mathematics as katex

# --- mathematics ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("macro", ["pol", "score", "good", "where"])
def test_colours_are_classes_so_that_a_dark_page_can_change_them(macro):
    html = katex.render(rf"\{macro}{{x}}")
    name = {"pol": "policy"}.get(macro, macro)
    assert f'class="enclosing pg-{name}"' in html
    assert "color:" not in html


def test_formulas_carry_mathml_for_screen_readers():
    mathml = BeautifulSoup(katex.render(r"\E[G_0]"), "html.parser").select_one("math")
    assert mathml.select_one("mi[mathvariant=double-struck]").get_text() == "E" and mathml.select_one("msub")


@pytest.mark.parametrize(
    "tex", [r"\unknown{x}", r"\frac{1}{", r"x^^2", r"\href{javascript:alert(1)}{x}", r"\htmlId{a}{b}"]
)
def test_what_katex_does_not_know_is_an_error(tex):
    with pytest.raises(ValueError):
        katex.render(tex)


def test_an_align_has_no_numbers_of_its_own():
    for name in ("align", "align*", "gather", "equation"):
        html = katex.render(rf"\begin{{{name}}} a = b \end{{{name}}}", True)
        assert "eqn-num" not in html and "tag" not in re.sub("<annotation.*?</annotation>", "", html)


@pytest.mark.parametrize(
    "after, whole",
    [("-greedy agent", "x-greedy"), ("-step, then", "x-step,"), (", and", "x,"), (" agent", None), (" - agent", None)],
)
def test_a_word_that_begins_with_a_formula_stays_whole(after, whole):
    from docutils import frontend, nodes, utils

    document = utils.new_document("page", frontend.get_default_settings())
    document += nodes.paragraph("", "", nodes.Text("An "), nodes.math("x", "x"), nodes.Text(after))
    katex.Glue(document).run()
    glued = [node.astext() for node in document.findall(nodes.inline) if "pg-glue" in node["classes"]]
    assert glued == ([whole] if whole else []) and document.astext() == f"An x{after}"


def test_bare_line_breaks_are_aligned():
    assert katex.render(r"a &= b \\ &= c", True) == katex.render(r"\begin{aligned}a &= b \\ &= c\end{aligned}", True)


# --- what is generated, and what comes from others --------------------------------------------------------------------


def test_the_style_sheet_has_the_palette():
    for path, text in palette.written().items():
        assert path.read_text("utf8") == text, f"{path.name}: run tools/make/palette.py"


def test_the_explorables_formulas_are_set_from_their_tex():
    for path, text in formulas.written().items():
        assert path.read_text("utf8") == text, f"{path.name}: run tools/make/formulas.py"
    wanted = formulas.characters({tex: formulas.html(tex) for tex in formulas.sources()})
    carried = formulas.carried(formulas.CSS.read_text("utf8"))
    assert all(formulas.covers(carried[name], chars) for name, chars in wanted.items() if chars)
    assert not formulas.covers(carried["Main-Regular"], "\u2297"), "a character that no formula has"


def test_a_place_for_a_number_is_seen_and_heard():
    soup = BeautifulSoup(formulas.html(r"\frac{\good{\live{a}} \sign{s} 1}{\live{a}^{\live{b}}}"), "html.parser")
    for part in ".katex-html", "math":
        assert sorted(e["data-v"] for e in soup.select_one(part).select("[data-v]")) == [
            "a",
            "a",
            "b",
            "s",
        ]  # KaTeX sets below first
        assert "9090" not in soup.select_one(part).get_text()
    assert soup.select_one(".katex-html")["aria-hidden"] == "true" and soup.select_one(
        ".pg-good [data-v=a], .pg-good[data-v=a]"
    )


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(
        w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for w, c in zip((0.2126, 0.7152, 0.0722), parts)
    )


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["policy", "score", "good", "where", "ink", "muted"])
def test_text_in_every_colour_can_be_read(name, dark):
    from learning_to_act.palette import COLORS

    ink, paper = sorted((luminance(COLORS[name][dark]), luminance(COLORS["paper"][dark])))
    assert (paper + 0.05) / (ink + 0.05) >= 4.5


# --- a book of a few pages --------------------------------------------------------------------------------------------

CHAPTER = r"""---
myst:
  html_meta:
    "description lang=en": "A page that has one of each thing that the book can show, for the tests."
---
# One of each

**Is it all there?**

$$
\score{\nabla} J
$$ (eq-one)

\begin{align}
a &= b \\
  &= c
\end{align}

See {eq}`eq-one` and the {pol}`policy`.

```{quiz} What is $1+1$?
:name: quiz-sum
- [ ] $1$
  One is too few, $1 < 2$.
- [x] $2$
  As `1 + 1` says.
```

:::{admonition} Why
:class: proof dropdown
Because.
:::

| | a |
|---|---|
| b | c |

    x = np.zeros(3)
"""
SECOND = r"""---
myst:
  html_meta:
    "description lang=en": "The second page of a chapter, with a number that has a name, for the tests."
---
# And more

$$
b=\tfrac12\cdot{{ length }}
$$ (eq-two)

It takes {{ length }} steps, see {eq}`eq-two`.

| {{ length }} |
|---|
| x |
"""
FIGURE = """
import anywidget, traitlets
class Figure(anywidget.AnyWidget):
    _esm = "export default { render({ model, el }) { el.textContent = model.get('n') + '</script>'; } }"
    n = traitlets.Int(3).tag(sync=True)
"""
STRANGER = """
def setup(app):
    app.add_js_file("stranger.js")
    app.add_css_file("stranger.css")
    app.add_css_file("on-paper.css", media="print")
    app.connect("html-page-context", page)
    return {"parallel_read_safe": True}

def page(app, pagename, *_):
    if pagename == "book/07-one":
        app.add_css_file("here.css")
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A few pages with the book's own configuration, tools, style and templates; enough for several processes."""
    root = tmp_path_factory.mktemp("book")
    config = (ROOT / "_config.yml").read_text("utf8").replace("bibtex_bibfiles: [book/references.bib]\n", "")
    config = config.replace("      - sphinxcontrib.bibtex\n", "")
    config = re.sub(r"    bibtex_\w+: .*\n", "", config)
    config = config.replace("      - tools.site ", "      - tools.stranger\n      - tools.site ")
    config = config.replace("    html_js_files: ", "    html_js_files:\n      - told.js").replace(
        "site.css]", "site.css, told.css]"
    )
    (root / "_config.yml").write_text(config, encoding="utf8")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n- file: book/07-one\n  sections: [{file: book/07-two}]\n"
        + "".join(f"- file: book/more-{i}\n" for i in range(6))
    )
    for folder in ("tools", "book/_static", "book/_theme"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "book/index.md").write_text(
        '# Front\n\n```{explorable} tools.figure_of_test.Figure\n:with: {"n": 5}\nWords in its place.\n```\n'
    )
    (root / "book/07-one.md").write_text(CHAPTER, encoding="utf8")
    (root / "book/07-two.md").write_text(SECOND, encoding="utf8")
    for i in range(6):
        (root / f"book/more-{i}.md").write_text(f"# More of $x_{i}$\n\n$$ y_{i} = \\pol{{x}} $$ (eq-more-{i})\n")
    (root / "book/values").mkdir()
    (root / "book/values/07.yml").write_text("length: '1{,}016'\n", encoding="utf8")
    (root / "tools/figure_of_test.py").write_text(FIGURE)
    (root / "tools/stranger.py").write_text(STRANGER)
    for name in ("stranger", "on-paper", "here", "told"):
        (root / f"book/_static/{name}.css").write_text(f".of-{name} {{ color: inherit }}\n")
        (root / f"book/_static/{name}.js").write_text("0;\n")
    return root


# The command on one core, as where there is but one
ALONE = """
import os, runpy
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
runpy.run_module("tools.make.book", run_name="__main__")
"""


def build(book, out=None, *, alone=False, **environment):
    """Build as `make book` does. Returns (exit status, what it printed)."""
    command = ["-c", ALONE] if alone else ["-m", "tools.make.book"]
    done = subprocess.run(
        [sys.executable, *command, book, "--path-output", out or book],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PG_SITE_URL"} | environment,
    )
    return done.returncode, done.stdout + done.stderr


def page(book, name):
    return BeautifulSoup((book / f"_build/html/{name}.html").read_text("utf8"), "html.parser")


@pytest.fixture(scope="module")
def built(book):
    status, said = build(book)
    assert status == 0, said
    return book


def test_a_chapter_has_one_of_each(built):
    soup = page(built, "book/07-one")
    assert [e.get_text() for e in soup.select(".eqno")] == ["(7.1)#", "(7.2)#"]
    assert soup.select_one("a.reference[href='#equation-eq-one']").get_text() == "(7.1)"
    assert soup.select_one("p .pg-policy").get_text() == "policy"
    assert len(soup.select(".math .katex-html")) == len(soup.select(".math"))
    assert soup.select_one("details.proof > summary .pg-word").get_text() == "Proof"
    assert soup.select_one(".pg-table > table") and not soup.select("th p:empty, th:empty")
    assert soup.select_one(".highlight-default .n"), "indented code has colours"


def test_the_second_page_of_a_chapter_counts_on_and_both_lead_to_it(built):
    soup = page(built, "book/07-two")
    assert [e.get_text() for e in soup.select(".eqno")] == ["(7.3)#"] and soup.select_one(
        "p a.reference"
    ).get_text() == "(7.3)"
    for name in ("book/07-one", "book/07-two"):
        assert [a.get_text() for a in page(built, name).select(".pg-verbs > a")] == ["Read", "Read on"]


def test_a_number_with_a_name_stands_in_words_formulas_and_tables(built):
    soup = page(built, "book/07-two")
    assert soup.select_one("main .katex-html").get_text() == "b=21​⋅1,016"
    assert "It takes 1{,}016 steps" in soup.get_text() and soup.select_one("th").get_text() == "1{,}016"


def test_a_quiz_explains_every_choice(built):
    quiz = page(built, "book/07-one").select_one("#quiz-sum.pg-quiz")
    choices = quiz.select("details.pg-choice")
    assert [bool(c.select(".pg-why .katex, .pg-why code")) for c in choices] == [True, True]
    assert ["pg-right" in c["class"] for c in choices] == [False, True]
    assert all(c.select("summary .katex") for c in choices) and quiz.select(".pg-question .katex")


def test_an_explorable_is_stored_in_the_page(built):
    figure = page(built, "book/index").select_one(".pg-figure")
    state, view = (json.loads(s.string) for s in figure.select("script"))
    stored = state["state"][view["model_id"]]["state"]
    assert stored["n"] == 5 and "export default" in stored["_esm"]
    assert figure.select_one(".pg-fallback").get_text(strip=True) == "Words in its place."


@pytest.mark.parametrize("name", ["book/index", "book/07-one", "404", "search"])
def test_what_an_extension_or_the_configuration_adds_is_loaded(built, name):
    """By itself, with no list to join: a script and a sheet of an extension, of _config.yml, and one for some pages."""
    soup = page(built, name)
    scripts = [s["src"].partition("?")[0].rpartition("/")[2] for s in soup.select("script[src]")]
    sheets = [s["href"].partition("?")[0].rpartition("/")[2] for s in soup.select("link[rel=stylesheet]")]
    assert {"stranger.js", "told.js"} <= set(scripts) and {"book.css", "on-paper.css"} <= set(sheets)
    assert (sheets[-1] == "here.css") == ("here.css" in sheets) == (name == "book/07-one"), sheets
    whole = (built / "_build/html/_static/book.css").read_text("utf8")
    found = [whole.count(f".of-{word} ") for word in ("stranger", "told", "on-paper", "here")]
    assert found == [1, 1, 0, 0], "what every page has is in the one sheet, and nothing else"
    assert not {"doctools.js", "sphinx_highlight.js"} & set(scripts) and "pygments_dark.css" not in sheets


def test_code_is_light_but_on_a_dark_page_on_a_screen(built):
    light, dark = (built / "_build/html/_static/pygments.css").read_text("utf8").split("@media screen {")
    words = (".highlight .k { color: ", ".highlight .c1 { color: ", ".highlight { background: ")
    for part, prefix in ((light, "html[data-theme] "), (dark, 'html[data-theme="dark"] ')):
        assert all(prefix + word in part for word in words)
        assert all(line.startswith(prefix) for line in part.splitlines() if "{" in line), "no rule without its page"
    assert light.count("{") == light.count("}") and dark.count("{") == dark.count("}") - 1


def test_the_book_asks_the_bought_theme_for_nothing(built):
    """It is installed, as Jupyter Book asks for it; no file of it is in the site, no word of it in the settings."""
    assert not list((built / "_build/html/_static").rglob("*sphinx-book-theme*"))
    assert not list((built / "_build/html/_static").rglob("*pydata*"))
    assert "book_theme" not in (ROOT / "_config.yml").read_text("utf8")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process builds")
def test_one_process_makes_the_same_bytes_as_several(built, tmp_path):
    cores = len(os.sched_getaffinity(0))
    assert processes() == (cores + 1 if cores > 1 else 1)
    status, said = build(built, tmp_path, alone=True)
    assert status == 0, said
    label = rb"equation-[0-9a-f-]{36}"  # drawn anew in each build for an equation without a name
    one, several = (
        {
            p.relative_to(out): re.sub(label, b"", p.read_bytes())
            for p in (out / "_build/html").rglob("*")
            if p.is_file()
        }
        for out in (tmp_path, built)
    )
    assert len(one) > 100 and one.keys() == several.keys()
    assert [name for name in one if one[name] != several[name]] == []


def test_an_extension_that_says_nothing_of_processes_is_no_fault():
    """Sphinx would warn of it, and a warning stops the build."""

    def app(**said):
        names = {"sphinx_multitoc_numbering": None, "good": True, **said}
        extensions = {name: SimpleNamespace(parallel_read_safe=safe) for name, safe in names.items()}
        app = SimpleNamespace(parallel=3, extensions=extensions)
        by_one_or_several(app, None, None)
        return app.parallel

    assert app() == app(bad=False) == 3 and app(silent=None) == 1


def test_nothing_changed_is_told_and_nothing_built(built):
    def made():
        return {path: path.stat().st_mtime_ns for path in (built / "_build").rglob("*") if path.is_file()}

    before = made()
    status, said = build(built)
    assert status == 0 and "nothing changed" in said
    assert made() == before


def test_editing_only_the_style_sheet_changes_the_site(built):
    style = built / "book/_static/site.css"
    style.write_text(style.read_text("utf8") + "\n/* a new thought */\n", encoding="utf8")
    assert build(built)[0] == 0
    assert "a new thought" in (built / "_build/html/_static/site.css").read_text("utf8")


def test_canonical_address_and_card_when_the_address_is_known(built):
    status, said = build(built, PG_SITE_URL="https://book.example/act")
    assert status == 0, said
    soup = page(built, "book/07-one")
    assert soup.select_one("link[rel=canonical]")["href"] == "https://book.example/act/book/07-one.html"
    meta = {m["property"]: m["content"] for m in soup.select("meta[property]")}
    assert meta["og:title"] == "One of each" and meta["og:description"].startswith("A page that has one of each thing")
    card = meta["og:image"].removeprefix("https://book.example/act/")
    assert (built / "_build/html" / card).stat().st_size > 1000
    assert page(built, "404").select_one("base")["href"] == "https://book.example/act/"


FAULTS = {
    "a macro nobody defined": (r"$\nosuchmacro$", "nosuchmacro"),
    "a choice without explanation": ("```{quiz} Which?\n- [ ] a\n- [x] b\n  Because.\n```", "no explanation"),
    "a number that has no value": ("It takes {{ nobody }} steps of $\\tfrac{{ nothing }}$", "nothing"),
    "two right choices": ("```{quiz} Which?\n- [x] a\n  Yes.\n- [x] b\n  Yes.\n```", "exactly one"),
    "a chapter that does not exist": ("See chapter 12.", "no such chapter"),
    "a figure that does not exist": ("```{explorable} policy_gradient.explorables.Nothing\nx\n```", "Nothing"),
}


@pytest.fixture
def faulty(built):
    """The first page with all faults; afterwards it is as it was."""
    first = built / "book/07-one.md"
    before = first.read_text("utf8")
    first.write_text(CHAPTER + "\n\n" + "\n\n".join(text for text, _ in FAULTS.values()), encoding="utf8")
    yield built
    first.write_text(before, encoding="utf8")


def test_every_fault_stops_the_build_again_and_again(faulty):
    for attempt in ("first", "second"):
        status, said = build(faulty)
        assert status != 0, attempt
        for name, (_, words) in FAULTS.items():
            assert words in said, f"{attempt} build: {name}"
        assert "could not be typeset: see the errors above" in said, attempt + said
