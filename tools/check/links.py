"""Does every link lead somewhere? `python -m tools.check.links [FOLDER]`; with `--external` it asks the network.

Inside the site: pages, anchors, pictures, scripts, style sheets and what these load, downloads; nothing may begin at
the server's root, since the book may stand in a folder. In the repository:
the relative links of README.md and the notebooks.
Outside, only on demand: a link is broken if its server says that the page is gone (404, 410),
or if there is no such server.
Many servers turn programs away (403, 429): such a link is listed as not checked, never as right.
"""

import argparse
import json
import re
import sys
import urllib.parse
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import requests

from tools.paths import NOTEBOOKS, ROOT

LINKS = "href", "src", "data", "poster", "action", "formaction"
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
GONE, REFUSED = (404, 410), (401, 403, 405, 406, 418, 429, 503)


class Page(HTMLParser):
    """The ids of a page and everything that it points at."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.base = {"", "top"}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "base":
            self.base = given.get("href")
            return
        self.ids |= {given[key] for key in ("id", "name") if given.get(key) and (key == "id" or tag == "a")}
        self.links += [
            (tag, given[key]) for key in LINKS if given.get(key) is not None and given.get("rel") != "canonical"
        ]
        self.links += [(tag, part.split()[0]) for part in given.get("srcset", "").split(",") if part.strip()]
        self.links += [(tag, url) for url in re.findall(r"""url\(["']?([^"')]+)""", given.get("style") or "")]
        if tag == "meta" and (forward := re.search(r"url=(.+)", given.get("content") or "", re.IGNORECASE)):
            self.links.append((tag, forward[1].strip()))


def read(folder):
    """{path: Page} of the whole site; JupyterLite (lite/) is another program, of which only the files count."""
    return {
        p.relative_to(folder).as_posix(): Page(p.read_text("utf8"))
        for p in sorted(folder.rglob("*.html"))
        if not re.match(r"_|lite\b", p.relative_to(folder).parts[0])
    }


def inside(folder):
    """The site's own broken links: (page, link, why)."""
    site, files = read(folder), {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}

    def fault(start, link):
        file, _, anchor = urllib.parse.unquote(link).partition("#")
        file = file.partition("?")[0]
        if file.startswith("/"):
            return "begins at the server's root"
        whole = (folder / start).parent / file if file else folder / start
        try:
            name = Path(re.sub("/+", "/", whole.as_posix())).resolve().relative_to(folder).as_posix()
        except ValueError:
            return "leaves the site"
        if name not in files:  # by its exact name, also where the disk forgives capitals
            return "no such file"
        if anchor and name in site and anchor not in site[name].ids and not anchor.startswith(":~:"):
            return "no such anchor"

    every = [(path, link) for path, page in site.items() for _, link in page.links if not OUTSIDE.match(link)]
    for sheet in folder.rglob("*.css"):
        addresses = re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", sheet.read_text("utf8"))
        every += [
            (sheet.relative_to(folder).as_posix(), a or b)
            for a, b in addresses
            if not OUTSIDE.match(a or b) and not (a or b).startswith("#")
        ]
    return [(path, link, why) for path, link in every if (why := fault(path, link))]


def repository(root=ROOT):
    """Broken relative links of what is read in the repository itself: the README and the notebooks."""
    texts = {root / "README.md": (root / "README.md").read_text("utf8")}
    for path in [p for folder in NOTEBOOKS for p in sorted((root / folder).glob("*.ipynb"))]:
        cells = json.loads(path.read_text("utf8"))["cells"]
        texts[path] = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    broken = []
    for path, text in texts.items():
        for link in re.findall(r"(?<!\\)\]\(<?([^)\s>]+)", re.sub(r"`[^`\n]+`|\$[^$\n]+\$", "", text)):
            file = urllib.parse.unquote(link.partition("#")[0])
            if file and not OUTSIDE.match(link) and not (path.parent / file).exists():
                broken.append((path.relative_to(root).as_posix(), link, "no such file"))
    return broken


def outside(folder):
    """{address: pages} of all links that leave the site."""
    addresses = defaultdict(set)
    for path, page in read(folder).items():
        for _tag, link in page.links:
            if re.match("https?://", link):
                addresses[link.partition("#")[0]].add(path)
    return dict(sorted(addresses.items()))


def ask(url, timeout=20):
    """(verdict, what the server said) of one address: "right", "moved", "broken" or "not checked"."""
    headers = {"User-Agent": "Mozilla/5.0 (link check of Learning to Act)"}
    try:
        answer = requests.head(url, allow_redirects=True, timeout=timeout, headers=headers)
        if answer.status_code >= 400:  # some servers know no HEAD
            answer = requests.get(url, allow_redirects=True, timeout=timeout, headers=headers, stream=True)
            answer.close()
    except requests.exceptions.RequestException as problem:
        return "not checked", type(problem).__name__
    code = answer.status_code
    if code in GONE:
        return "broken", str(code)
    if code in REFUSED or code >= 400:
        return "not checked", str(code)
    for_good = any(r.status_code in (301, 308) for r in answer.history)
    return ("moved", answer.url) if for_good else ("right", str(code))


def report(folder):
    """Ask for every address; print the verdicts. Returns the number of broken ones."""
    pages = outside(folder)
    with ThreadPoolExecutor(8) as pool:
        verdicts = dict(zip(pages, pool.map(ask, pages)))
    for kind in ("broken", "moved", "not checked"):
        for url, (verdict, answer) in verdicts.items():
            if verdict == kind:
                print(f"{kind}: {url} ({answer}) in {', '.join(sorted(pages[url])[:3])}")
    counts = {
        kind: sum(v == kind for v, _ in verdicts.values()) for kind in ("right", "moved", "broken", "not checked")
    }
    print(f"{len(pages)} addresses: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()))
    return counts["broken"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "_build/html", help="the built site")
    parser.add_argument("--external", action="store_true", help="ask the network about links to other hosts")
    given = parser.parse_args()
    folder = given.folder.resolve()
    if given.external:
        return 1 if report(folder) else 0
    broken = inside(folder) + repository()
    for path, link, why in broken:
        print(f"{path}: {link}: {why}")
    print(f"{sum(len(p.links) for p in read(folder).values())} links, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
