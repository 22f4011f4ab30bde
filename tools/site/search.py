r"""What the search looks through: every heading of the book, with the words that stand under it, in one file.

`_static/search-index.js` is fetched by the search page when somebody searches, and by nothing else; `search-core.js`
does the looking. Also sections: a word of the glossary, a name of the helper package, a question of the interview. A
formula is kept as one would type it: `\pi_\theta(a\mid s)` is π_θ(a|s). The glossary says of its words which section
teaches them; there they count like words of the heading. Code, outputs and the choices of a quiz, most of which are
wrong, are left out. Of a solution there is a line at most: a search should not give it away.
"""

import json
import re
import unicodedata
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from tools.paths import VERBS
from tools.site.directives import Summary

# What comes first of what answers alike: what teaches, what is tried or stands beside the path, what is asked, answers
TEACHES, TRIES, ASKS, ANSWERS = range(4)
LENGTHS = {TEACHES: 3000, TRIES: 430, ASKS: 220, ANSWERS: 60}  # characters of a section's words
BESIDE = {
    "book/helper-reference": 105,
    "book/errata": 160,
    "book/for-instructors": 300,
    "book/speed": 220,
    "book/on-trial": 220,
}  # and count less
SIGNS = {
    **dict(nabla="∇", sum="Σ", mid="|", le="≤", ge="≥", ne="≠", cdot="·", times="×", to="→", infty="∞", partial="∂"),
    **dict(sim="~", approx="≈", quad=" ", qquad=" ", dots="…", star="*", pm="±", ell="l", E="E", R="R", Var="Var"),
    **dict(varepsilon="ε", bar=" mean ", sqrt="√", propto="∝", ll="≪", gg="≫", mathcal="", lvert="|", rvert="|"),
}
NAMED = set("log exp max min tanh softmax softplus clip arg sup inf det cos sin Pr lim".split())
FRACTION = re.compile(
    r"\\[td]?frac *(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\w|\\\w+)) *(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\w|\\\w+))"
)


def sign(match):
    name = match[1]
    if name in SIGNS or name in NAMED:
        return SIGNS.get(name, name + " ")
    for case in ("SMALL", "CAPITAL") if name[0].islower() else ("CAPITAL",):
        try:
            return unicodedata.lookup(f"GREEK {case} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")
        except KeyError:
            continue
    return ""


def plain(tex):
    """A formula as one line that can be read and typed."""
    text = re.sub(r"\\(?:begin|end)\{\w+\*?\}|\\(?:label|htmlClass)\{[^}]*\}|\\\\|&", " ", tex)
    while text != (text := FRACTION.sub(lambda m: f"{m[1] or m[2]}/{m[3] or m[4]}", text)):
        pass
    text = re.sub(r"\\(?:text|operatorname|mathrm|mathbb|mathbf)\*?\{([^}]*)\}", r"\1", text)
    text = re.sub(r"\\([A-Za-z]+) ?", sign, text.replace("{,}", ","))
    text = re.sub(r"\\[,;:! |]", " ", text)
    return " ".join(re.sub(r"[{}\\]", "", text).split())


def inline(node):
    """The words of a paragraph."""
    if isinstance(node, nodes.math):
        return plain(node.astext())
    if isinstance(node, nodes.Text):
        return node.astext()
    if (
        isinstance(node, (nodes.raw, addnodes.index))
        or "pg-question-label" in node["classes"]
        or node.get("refdomain") == "cite"
    ):
        return ""
    if node.get("reftype") == "eq":
        return "(equation)"
    return "".join(inline(child) for child in node.children)


class Section:
    def __init__(self, anchor, heading, above=""):
        self.anchor, self.heading, self.above = anchor, " ".join(heading.split()), above
        self.said, self.defines = [], []

    def text(self, length):
        text = " ".join(" ".join(self.said).split())
        return text if len(text) <= length else text[: length + 1].rpartition(" ")[0] + " …"


def silent(node):
    """What is not looked through: code, pictures, outputs (those that a page quotes too), a quiz's choices, a long
    answer, how long a page takes."""
    classes = set(node.get("classes", ()))
    return (
        isinstance(
            node, (nodes.raw, nodes.comment, nodes.title, nodes.image, nodes.literal_block, nodes.system_message)
        )
        or isinstance(node, (nodes.term, addnodes.index, addnodes.desc_signature, nodes.block_quote))
        or classes
        & {"cell_output", "pg-choice", "pg-question-filter", "pg-question-long", "pg-minutes", "pg-question-index"}
        or node.get("objtype") == "method"
        or isinstance(node, Summary)
        and "pg-asked" in node.parent["classes"]
    )


def opened(node, above):
    """The section that begins with this node, or None."""
    if isinstance(node, nodes.section):
        return Section(node["ids"][0], inline(node[0]), above)
    if isinstance(node, nodes.definition_list_item) and node[0].get("ids"):
        return Section(node[0]["ids"][0], inline(node[0]))
    if isinstance(node, addnodes.desc) and node[0].get("ids"):
        return Section(node[0]["ids"][0], node[0]["fullname"], above)
    if "pg-asked" in node.get("classes", ()):
        ask = next(n for n in node.findall(nodes.inline) if "pg-question-ask" in n["classes"])
        return Section(node["ids"][0], inline(ask), above)
    return None


def sections(doctree):
    """The sections of a page, in their order."""
    gathered = []

    def walk(node, section):
        if not isinstance(node, nodes.Element):
            return
        if silent(node):
            if isinstance(node, nodes.literal_block) and section:
                section.defines += re.findall(r"^(?:def|class) (\w+)", node.astext(), re.M)
            return
        if new := opened(node, section.heading if section and section is not gathered[0] else ""):
            gathered.append(new)
            section = new
        if isinstance(node, nodes.math_block):
            section.said.append(plain(node.astext()))
        elif isinstance(node, nodes.TextElement):
            section and section.said.append(inline(node))
        else:
            for child in node.children:
                walk(child, section)

    walk(doctree, None)
    return gathered


def taught(doctree):
    """{(page, heading's slug): words of the glossary} that say this is where they are explained."""
    told = {}
    for item in doctree.findall(nodes.definition_list_item):
        for link in item.findall(addnodes.pending_xref):
            if link.get("reftargetid") not in (None, True):
                told.setdefault((link["reftarget"], link["reftargetid"]), []).append(inline(item[0]))
    return told


def tier(page):
    folder, _, rest = page.partition("/")
    if page in BESIDE:
        return TRIES
    if folder == "book":
        return ASKS if rest.startswith(("interview/", "practice/")) else TEACHES
    return {"notebooks": TRIES, "exercises": ASKS, "solutions": ANSWERS}.get(folder, TEACHES)


def title(page, heading):
    """A page's name in a result: chapters have their number."""
    number = re.match(r"book/(\d\d)-", page)
    return f"{int(number[1])} · {heading}" if number and int(number[1]) else heading


def read(app, doctree):
    """Keep what the page says; the pages that did not change keep what they had."""
    slugs = {node.get("slug"): node["ids"][0] for node in doctree.findall(nodes.section)}
    app.env.pg_searched[app.env.docname] = (sections(doctree), slugs, taught(doctree))


def index(env):
    """{"pages": [[address, title, tier, weight]], "sections": [[page, anchor, heading, the heading above, words,
    words of the glossary and functions that begin there]]}."""
    pages, rows, terms = [], [], {}
    for _, (_, _, told) in sorted(env.pg_searched.items()):  # whatever order they were read in
        for (page, slug), words in told.items():
            anchor = env.pg_searched.get(page, ((), {}, {}))[1].get(slug)
            terms.setdefault((page, anchor), []).extend(words)
    for page, (of_page, _, _) in sorted(env.pg_searched.items()):
        if not of_page or page.split("/")[0] not in VERBS:
            continue
        length = BESIDE.get(page, LENGTHS[tier(page)])
        for number, section in enumerate(of_page):
            told = "; ".join(dict.fromkeys([*terms.get((page, section.anchor), ()), *section.defines]))
            rows.append(
                [
                    len(pages),
                    section.anchor if number else "",
                    section.heading,
                    section.above,
                    section.text(length),
                    told,
                ]
            )
        pages.append([page, title(page, of_page[0].heading), tier(page), 00.5 if page in BESIDE else 1])
    return {"pages": pages, "sections": rows}


def write(app, exception):
    if app.builder.format == "html" and not exception:
        text = json.dumps(index(app.env), ensure_ascii=False, separators=(",", ":"))
        Path(app.outdir, "_static/search-index.js").write_text(f"pgSearch.index = {text};\n", encoding="utf8")


def ours(app):
    """Sphinx's own search is not built: it has a page for a result, and one word for a solution and for a chapter."""
    app.builder.search = False
    app.env.pg_searched = getattr(app.env, "pg_searched", {})


def setup(app):
    app.connect("builder-inited", ours)
    app.connect("doctree-read", read)
    app.connect("env-purge-doc", lambda app, env, page: getattr(env, "pg_searched", {}).pop(page, None))
    app.connect("env-merge-info", lambda app, env, pages, other: env.pg_searched.update(other.pg_searched))
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
