"""Is every built page right HTML? `python -m tools.check.html [FOLDER]` prints the faults.

html5lib reads as browsers do and says where a page breaks the rules of parsing (nesting, stray or doubled attributes,
unknown entities); what it does not know is asked here: ids, what refers to them, what may stand in what. The Nu checker
knows more and needs Java: with its jar's path in the variable VNU it is asked as well.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import html5lib

PHRASING = set(
    "p h1 h2 h3 h4 h5 h6 span em strong code b i sub sup small kbd summary label button legend pre dt "
    "abbr cite q s u mark".split()
)
BLOCKS = set(
    "p div section article aside nav main header footer h1 h2 h3 h4 h5 h6 ul ol dl table figure blockquote pre form "
    "fieldset details".split()
)
CONTROLS = set("a button input select textarea details label".split())
PARENTS = {
    "li": {"ul", "ol", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"table", "thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "summary": {"details"},
    "legend": {"fieldset"},
    "option": {"select", "optgroup", "datalist"},
    "figcaption": {"figure"},
}
REFERENCES = "for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "headers", "list"
OBSOLETE = set("align valign bgcolor border cellpadding cellspacing nowrap hspace vspace clear frameborder".split())
EMPTY = "id", "href", "src", "action", "for", "name", "lang", "role"  # attributes that must say something
ARITY = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2, "mover": 2, "munder": 2, "munderover": 3, "mroot": 2}  # MathML
HTML, MATH = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/1998/Math/MathML}"


def parsed(text):
    """(tree, the parser's complaints)."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"))
    tree = parser.parse(text)
    return tree, [f"line {place[0]}: {code} {data or ''}" for place, code, data in parser.errors]


def faults(text):
    """What is wrong with one page, as lines."""
    tree, wrong = parsed(text)
    ids, wanted = {}, []
    for element, above in walk(tree, []):
        name, parent = element.tag, above[-1].tag if above else ""
        if not isinstance(name, str):  # a comment
            continue
        own = name.removeprefix(HTML)
        shown = f"<{own.split('}')[-1]}{''.join(f' {k}={v!r}' for k, v in list(element.attrib.items())[:3])}>"[:120]
        if "id" in element.attrib:
            ids[element.attrib["id"]] = ids.get(element.attrib["id"], 0) + 1
            wrong += [f"an id with a space: {shown}"] * bool(re.search(r"\s", element.attrib["id"]))
        wanted += [(value, shown) for key in REFERENCES for value in element.attrib.get(key, "").split()]
        wrong += [f"empty {key}: {shown}" for key in EMPTY if element.attrib.get(key, "x").strip() == ""]
        if name.startswith(MATH) and len(element) != ARITY.get(name.removeprefix(MATH), len(element)):
            wrong.append(f"{len(element)} parts where MathML has {ARITY[name.removeprefix(MATH)]}: {shown}")
        if not name.startswith(HTML):
            continue
        around = [e.tag.removeprefix(HTML) for e in above if isinstance(e.tag, str)]
        wrong += [f"obsolete {key}: {shown}" for key in OBSOLETE & set(element.attrib)]
        if (
            own in BLOCKS
            and around
            and around[-1] in PHRASING
            and not (around[-1] == "summary" and re.match("h[1-6]", own))
        ):
            wrong.append(f"{shown} in <{around[-1]}>, which holds words only")
        if own in CONTROLS - {"details", "label"} and (inside := {"a", "button"} & set(around)):
            wrong.append(f"{shown} in <{inside.pop()}>: a control in a control")
        if own in PARENTS and parent.removeprefix(HTML) not in PARENTS[own]:
            wrong.append(f"{shown} in <{parent.removeprefix(HTML)}>")
        if own in ("ul", "ol") and (
            other := [
                c.tag
                for c in element
                if isinstance(c.tag, str) and c.tag not in (HTML + "li", HTML + "script", HTML + "template")
            ]
        ):
            wrong.append(f"{other[0].removeprefix(HTML)} directly in {shown}")
        if own == "img" and "alt" not in element.attrib:
            wrong.append(f"no alt: {shown}")
    wrong += [f"{times} times the id {name!r}" for name, times in ids.items() if times > 1]
    return wrong + [f"{shown} refers to {name!r}, which is not there" for name, shown in wanted if name not in ids]


def walk(element, above):
    yield element, above
    for child in element:
        yield from walk(child, [*above, element])


def pages(folder):
    """Every page of ours: not Sphinx's own files, not JupyterLite."""
    return sorted(p for p in folder.rglob("*.html") if not re.match(r"_|lite\b", p.relative_to(folder).parts[0]))


def faults_of(path):
    return faults(path.read_text("utf8"))


def check(folder):
    """{page: faults} of the pages that have some."""
    paths = pages(folder)
    with ProcessPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        return {p.relative_to(folder).as_posix(): wrong for p, wrong in zip(paths, pool.map(faults_of, paths)) if wrong}


def nu(folder, jar):
    """The Nu checker's errors; its notes on a policy it cannot apply to files are left out."""
    done = subprocess.run(
        ["java", "-jar", jar, "--errors-only", "--format", "gnu", *map(str, pages(folder))],
        capture_output=True,
        text=True,
    )
    return [line.replace(folder.as_uri(), "") for line in done.stderr.splitlines() if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("_build/html"), help="the built site")
    folder = parser.parse_args().folder.resolve()
    lines = [f"{page}: {line}" for page, wrong in check(folder).items() for line in wrong]
    lines += nu(folder, os.environ["VNU"]) if "VNU" in os.environ else []
    print(*lines, f"{len(pages(folder))} pages, {len(lines)} faults", sep="\n")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
