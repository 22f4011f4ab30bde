"""The book on paper: one chapter, its exercises and the bibliography printed as `make pdf` prints all
(see tools/make/pdf.py)."""

import re

import pypdf
import pytest
from bs4 import BeautifulSoup

from tools.make import pdf as make_pdf

PAGES = ["book/01-values-or-probabilities", "exercises/01-values-or-probabilities", "book/bibliography"]


@pytest.fixture(scope="module")
def pdf(browser, site, tmp_path_factory):
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    said = []
    count = make_pdf.make(browser, site, path, PAGES, said.append)
    assert [words[-12:] for words in said] == [f"({step} of 3) ..." for step in (1, 2, 3)], "it says what it is doing"
    reader = pypdf.PdfReader(path)
    assert len(reader.pages) == count > 8
    return reader


@pytest.fixture(scope="module")
def texts(pdf):
    return [page.extract_text() for page in pdf.pages]


def squeezed(text):
    return re.sub(r"\s", "", text.replace("ﬁ", "fi").replace("ﬂ", "fl").replace("ﬀ", "ff"))


def target(pdf, name):
    return pdf.get_destination_page_number(pdf.named_destinations[name]) + 1


def test_every_sheet_has_its_number_its_head_and_something_to_read(texts):
    for number, text in enumerate(texts[1:], 2):
        assert str(number) in text.splitlines(), number
        assert len(text) > 90, f"sheet {number} is as good as blank"
    assert all("1 · Values or probabilities?" in text for text in texts[2:10])
    assert "Learning to Act" in texts[0] and "1" not in texts[0].splitlines()


def test_the_contents_name_the_sheets(pdf, texts):
    rows = re.findall(r"^(.+?) ?(\d+)$", texts[1], re.M)
    found = {name.strip(): int(number) for name, number in rows}
    assert found["1 · Values or probabilities?"] == target(pdf, "/" + make_pdf.key(PAGES[0])) == 3
    assert found["Exercises 1: values or probabilities?"] == target(pdf, "/" + make_pdf.key(PAGES[1])) > 8
    assert pdf.metadata.title.startswith("Learning to Act")


def test_links_lead_to_places_inside_and_none_to_the_printing_machine(pdf):
    inside, outside = set(), set()
    for page in pdf.pages:
        for link in page.get("/Annots", ()):
            link = link.get_object()
            if "/Dest" in link:
                inside.add(str(link["/Dest"]))
            elif "/A" in link:
                outside.add(str(link["/A"].get_object()["/URI"]))
    assert inside <= set(pdf.named_destinations) and len(inside) > 10
    assert any("---" in name for name in inside)  # into a page, not only to its top
    assert not [
        url
        for url in outside
        if not url.startswith(("https://", "http://")) or re.search("book.invalid|127.0.0.1|localhost", url)
    ]


def test_bookmarks_are_the_headings(pdf, site):
    def titles(items):
        for item in items:
            yield from titles(item) if isinstance(item, list) else [item.title]

    wanted = ["Contents"]
    for page in PAGES:
        soup = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser").select_one("article")
        for mark in soup.select(".headerlink, .katex-mathml"):
            mark.decompose()
        wanted += [squeezed(heading.get_text()) for heading in soup.select("h1, h2, h3, h4, h5, h6")]
    assert [squeezed(title).replace("\u200b", "") for title in titles(pdf.outline)] == [
        one.replace("\u200b", "") for one in wanted
    ]


def test_formulas_widgets_quizzes_and_whole_lines_of_code_are_on_paper(texts, site):
    text = squeezed("".join(texts))
    assert "π" in text and "θ" in text
    assert "alwaysrock" in text and "exploitability" in text  # drawn by the first explorable's script
    soup = BeautifulSoup((site / f"{PAGES[0]}.html").read_text(encoding="utf-8"), "html.parser").select_one("article")
    assert (choices := soup.select(".pg-why p")) and all(
        squeezed(p.get_text())[:25] in text for p in choices if not p.select(".katex")
    )
    lines = sorted((line for pre in soup.select("pre") for line in pre.get_text().splitlines()), key=len)
    assert squeezed(lines[-1]) in text and len(lines[-1]) > 30


def test_names_of_two_pages_do_not_collide(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.html").write_text(
        '<article class="pg-article"><h2 id="s">S</h2><svg><path id="c" clip-path="url(#c)"/></svg>'
        '<a href="#s">here</a> <a href="y.html#t">there</a> <a href="z.html">not printed</a>'
        '<img src="../_images/p.png"/><details class="q"><summary>id="s"</summary></details></article>'
    )
    made = make_pdf.article(tmp_path, "a/x", {"a/x", "a/y"}, 2)
    assert '<h3 id="a--x---s">S</h3>' in made and 'id="a--x---c" clip-path="url(#a--x---c)"' in made
    assert 'href="#a--x---s"' in made and 'href="#a--y---t"' in made and 'href="#elsewhere"' in made
    assert 'src="/_images/p.png"' in made and '<details open class="q"><summary>id="s"</summary>' in made


def test_style_sheets_keep_the_order_that_each_page_gives_them(tmp_path):
    (tmp_path / "b").mkdir()
    for name, sheets in {"x": "ad", "y": "abd", "z": "bcde"}.items():
        (tmp_path / f"b/{name}.html").write_text(
            "".join(f'<link rel="stylesheet" type="text/css" href="../_static/{one}.css?v=1">' for one in sheets)
        )
    assert make_pdf.styles(tmp_path, ["b/x", "b/y", "b/z"]) == [f"_static/{one}.css" for one in "abcde"]
