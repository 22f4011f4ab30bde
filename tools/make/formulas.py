"""Set the explorables' formulas by KaTeX, once and here: their modules have no KaTeX, and need none.

A module writes tex`...` with the book's macros and two of its own: \\live{p} is a place for the number that its program
calls `p`, and \\sign{s} the same for a plus or minus. Written are, beside the modules,

- formulas.json: {the TeX: its HTML, with MathML for screen readers}; both have their places marked data-v="p";
- formulas.css: the rules of KaTeX's style sheet that these formulas need, and its fonts cut down to their characters.
  The book's pages have the whole of KaTeX already; a notebook has this.

The fonts' cut needs Brotli (pip install brotli), and is only made again when a character is missing.
"""

import argparse
import base64
import io
import json
import re

from bs4 import BeautifulSoup

from tools.paths import ROOT
from tools.site import mathematics as katex_math

FOLDER, VENDOR = ROOT / "learning_to_act/explorables", ROOT / "book/_static/vendor/katex"
JSON, CSS = FOLDER / "formulas.json", FOLDER / "formulas.css"
TEX = re.compile(r"\btex`([^`]*)`")
PLACE, MARK = (
    re.compile(r"\\(live|sign)\{(\w+)\}"),
    "9090{:02d}9090",
)  # digits: as high as the numbers that will stand there
# what a program writes into a place; of a space browsers make the narrow one between thousands
LIVE = "0123456789.,\u2212+ "
FACES = {
    "Main-Regular": "KaTeX_Main",
    "Math-Italic": "KaTeX_Math",
    "AMS-Regular": "KaTeX_AMS",
    "Size1-Regular": "KaTeX_Size1",
    "Size2-Regular": "KaTeX_Size2",
}
STYLES = {"Math-Italic": "italic"}


def sources():
    """Every formula of every module, in order."""
    return list(
        dict.fromkeys(
            " ".join(tex.split())
            for path in sorted(FOLDER.glob("*.js"))
            for tex in TEX.findall(path.read_text("utf-8"))
        )
    )


def html(tex):
    """HTML with MathML of one formula, its places empty and marked."""
    names = [name for _, name in PLACE.findall(tex)]
    marks = iter(range(len(names)))
    marked = PLACE.sub(lambda m: (r"\mathbin{%s}" if m[1] == "sign" else "{%s}") % MARK.format(next(marks)), tex)
    text = re.sub(r"</?semantics>|<annotation.*?</annotation>", "", katex_math.render(rf"\displaystyle {marked}"))
    for i, name in enumerate(names):
        text, count = re.subn(f">{MARK.format(i)}<", f' data-v="{name}"><', text)
        if count != 2:  # once to be seen, once to be heard
            raise ValueError(f"{tex}: the place {name!r} was set {count} times")
    return text


def face(classes):
    """The font of a character inside elements with these classes."""
    for size in ("1", "2"):
        if "delimsizing" in classes and f"size{size}" in classes or ("small-op", "large-op")[size == "2"] in classes:
            return f"Size{size}-Regular"
    return "Math-Italic" if "mathnormal" in classes else "AMS-Regular" if "mathbb" in classes else "Main-Regular"


def characters(formulas):
    """{font: the characters it has to have}."""
    needed = {name: set() for name in FACES}
    needed["Main-Regular"] |= set(LIVE)
    for text in formulas.values():
        for words in BeautifulSoup(text, "html.parser").select_one(".katex-html").find_all(string=True):
            needed[face({c for parent in words.parents for c in parent.get("class", ())})] |= set(words)
    return {name: "".join(sorted(chars - set("\u200b\u00a0"))) for name, chars in needed.items()}


def rules(formulas):
    """The rules of KaTeX's sheet whose classes occur in the formulas."""
    have = {c for text in formulas.values() for names in re.findall(r'class="([^"]*)"', text) for c in names.split()}
    sheet = re.sub(r"@font-face\{[^}]*\}|/\*.*?\*/", "", (VENDOR / "katex.min.css").read_text("utf-8"))
    kept = []
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        used = [s for s in selectors.split(",") if ".katex" in s and set(re.findall(r"\.([\w-]+)", s)) <= have]
        if used and not selectors.startswith("@"):
            kept.append(f"{','.join(used)}{{{body}}}")
    return "\n".join(kept)


def carried(sheet):
    """{font: its bytes} of the sheet as it stands."""
    return {
        name: base64.b64decode(data)
        for name, data in re.findall(r"/\* ([\w-]+) \*/ @font-face .*?base64,([^)]*)\)", sheet)
    }


def covers(data, chars):
    from fontTools.ttLib import TTFont

    return data is not None and set(map(ord, chars)) <= set(TTFont(io.BytesIO(data)).getBestCmap())


def cut(name, chars):
    """The font with these characters alone, as WOFF."""
    from fontTools import subset

    font = subset.load_font(str(VENDOR / f"fonts/KaTeX_{name}.woff2"), subset.Options())
    options = subset.Options(flavor="woff", hinting=False, layout_features=[], notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(text=chars)
    cutter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return out.getvalue()


def written():
    """What each generated file has to contain."""
    formulas = {tex: html(tex) for tex in sources()}
    wanted, fonts = characters(formulas), carried(CSS.read_text("utf-8")) if CSS.exists() else {}
    faces = []
    for name, chars in ((name, chars) for name, chars in wanted.items() if chars):
        data = fonts[name] if covers(fonts.get(name), chars) else cut(name, chars)
        faces.append(
            f"/* {name} */ @font-face {{ font-family: {FACES[name]}; font-style: {STYLES.get(name, 'normal')}; "
            "font-weight: 400; "
            f'src: url(data:font/woff;base64,{base64.b64encode(data).decode()}) format("woff"); }}'
        )
    head = (
        "/* Written by tools/make/formulas.py from KaTeX (MIT licence, Khan Academy and contributors): "
        "what the explorables' formulas need */"
    )
    return {
        JSON: json.dumps(formulas, indent=0, ensure_ascii=False) + "\n",
        CSS: "\n".join([head, rules(formulas), *faces]) + "\n",
    }


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    for path, text in written().items():
        path.write_text(text, encoding="utf8")


if __name__ == "__main__":
    main()
