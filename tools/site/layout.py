"""What the page templates need and Sphinx does not give: the contents as a path of chapters, four verbs for each."""

import re
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.environment.adapters.toctree import global_toctree_for_doc

from tools.paths import NOTEBOOKS, VERBS
from tools.site.light_pages import BOOK, everywhere, figures_apart, lighter_figures, one_sheet, sized
from tools.site.theme import UNUSED

THEN = {
    "Run": "the lab, with this chapter's experiments",
    "Do": "the exercises, checked as you go",
    "Compare": "your answers with the worked solutions",
}  # the way on, at the end of a chapter
READ = "Read"  # the verb of a chapter's own page
WIDGETS = "application/vnd.jupyter.widget-state+json"  # a notebook's stored figures
FORMULAS = ('class="katex', 'class="pg-figure')  # where formulas stand or may come


# What a page may load and run. A static host sends no headers of ours, so the policy stands in each page's head.
POLICY = {
    "default-src": "'self'",  # not 'none': Firefox fetches <link rel=next> ahead, and this rules it
    "script-src": "'self' blob:",  # no inline script, no eval; blob: is how host.js starts a stored figure's module
    "worker-src": "'self' blob:",  # a worker from a file has a policy of its own; one from a blob inherits this
    "style-src": "'self' 'unsafe-inline'",  # for browsers that do not know the next two
    "style-src-elem": "'self' blob:",
    # KaTeX places every symbol by its style attribute; such a value runs no script
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",  # icons are data: in the style sheet, and so are a slider's stored pictures
    "font-src": "'self'",
    "connect-src": "'self'",  # the search page reads pages for its summaries
    "object-src": "'none'",
    "frame-src": "'none'",
    "media-src": "'none'",
    "manifest-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


def chapter(app, pagename):
    """The pages of this page's chapter that exist, as (verb, docname), or nothing.
    A long chapter has two to read: see `reading`."""
    head = next((doc for doc in app.env.toctree_includes if pagename in reading(app.env, doc)), pagename)
    slug = head.partition("/")[2]
    pages = [(verb, f"{folder}/{slug}") for folder, verb in VERBS.items() if f"{folder}/{slug}" in app.env.found_docs]
    titles = getattr(app.env, "external_site_map", {})
    pages[1:1] = [(doc in titles and titles[doc].title or "Read on", doc) for doc in reading(app.env, f"book/{slug}")]
    return pages if slug and len(pages) > 1 else []


def reading(env, head):
    """What is to be read after a chapter's first page: the pages under book/02-one in _toc.yml
    that are named book/02-another."""
    number = re.match(r"book/\d\d-", head)
    return [doc for doc in env.toctree_includes.get(head, []) if number and doc.startswith(number[0])]


def contents(app, pagename):
    """The table of contents as this page shows it: the page we are on is marked. The rest is the same for all pages
    of a folder, so Sphinx is asked once for each, as if for a page that is not there."""
    folder = pagename.rpartition("/")[0]
    nobody = f"{folder}/a-page".lstrip("/")
    if folder not in (kept := app.builder.__dict__.setdefault("pg_contents", {})):
        tree = global_toctree_for_doc(app.env, nobody, app.builder, includehidden=True, maxdepth=2, titles_only=True)
        kept[folder] = path_of_chapters(app.builder.render_partial(tree)["fragment"] if tree else "")
    soup, links = kept[folder]
    here = links.get(app.builder.get_relative_uri(nobody, pagename))
    if not here:
        return str(soup)
    address, here["href"], here["aria-current"] = here["href"], "#", "page"
    branch = [e for e in here.parents if e.name in ("li", "ul")][2 if here.get_text() == READ else 0 :]
    for element in branch:
        element["class"] = [*element.get("class", ()), "current"]
    marked = str(soup)
    here["href"] = address
    del here["aria-current"]
    for element in branch:
        element["class"].pop()
        if not element["class"]:
            del element["class"]
    return marked


def path_of_chapters(html):
    """Every chapter's own page joins the row of its verbs. Returns the contents and their links by address."""
    soup = BeautifulSoup(html, "html.parser")
    for caption in soup.select("p.caption"):
        caption.name, caption.attrs = "h2", {}
    for item in soup.select("li.toctree-l1"):
        link, verbs = item.find("a"), item.find("ul")
        if verbs and verbs.find("li"):
            first = soup.new_tag("li", attrs={"class": "toctree-l2"})
            again = soup.new_tag("a", href=link["href"], attrs={"class": link["class"]})
            again.string = READ
            first.append(again)
            verbs.insert(0, first)
            for verb in verbs.select("a"):
                verb["aria-label"] = f"{verb.get_text()}: {link.get_text()}"
            name = soup.new_tag("span", attrs={"class": "pg-chapter"})
            name.string = link.get_text()
            link.replace_with(name)
    for link in soup.select("a"):
        del link["class"]
    return soup, {link["href"]: link for link in soup.select("a")}


def repaired(body):
    """Sphinx's faults of accessibility, mended in the page's text."""
    body = re.sub(r'<th class="head[^"]*">(<p>\s*</p>)?</th>', "<td></td>", body)  # a corner is not a heading
    return re.sub(r' role="(?:list|doc-biblioentry|doc-backlink)"', "", body)  # roles that do not fit their place


def page_context(app, pagename, templatename, context, doctree):
    body = context["body"] = sized(app, repaired(context.get("body") or ""))
    if pagename != app.config.root_doc:
        context["body"] = figures_apart(app, body, context["content_root"])
    if pagename.startswith("solutions/"):  # they share the exercises' description, being their source
        context["metatags"] = re.sub(
            r'(?<=<meta content=")(?=[^"]*"[^>]* name="description")', "Worked solutions. ", context["metatags"]
        )
    context["pg_contents"] = contents(app, pagename)
    context["pg_verbs"] = chapter(app, pagename)
    context["pg_then"] = [
        (verb, page, THEN[verb]) for verb, page in context["pg_verbs"] if verb in THEN
    ] * pagename.startswith("book/")
    context["pg_is_notebook"] = (context.get("sourcename") or "").endswith(".ipynb") or pagename.split("/")[
        0
    ] in NOTEBOOKS
    context["pg_policy"] = "; ".join(f"{name} {value}" for name, value in POLICY.items())
    context["pg_formulas"] = any(word in body for word in FORMULAS)
    context["author"] = app.config.author
    context["pg_front"] = pagename == app.config.root_doc
    for name in ("script_files", "css_files"):
        context[name] = [s for s in context[name] if s.filename not in UNUSED]
    for kind in (s.attributes for s in context["script_files"]):
        if kind.get("type") == WIDGETS:
            kind["body"] = lighter_figures(app, kind["body"], context["content_root"])
        else:
            kind["defer"] = "defer"  # nothing waits for a script; their order stays
    context["css_files"] = one_sheet(app, context)


def setup(app):
    app.setup_extension("tools.site.notebook_pages")
    app.setup_extension("tools.site.launch")  # what layout.html says about running a notebook elsewhere
    app.add_css_file(Path(BOOK).name)
    app.connect("html-page-context", everywhere, priority=0)
    app.connect("html-page-context", page_context, priority=900)  # after those that add what some pages need
    return {"parallel_read_safe": True, "parallel_write_safe": True}
