"""Fetch what the site carries from others (KaTeX, Font Awesome's few icons, the editor CodeMirror)
and record version, licence and SHA-256.

Building the book never needs this: its results are committed. Run `python -m tools.keep.vendor` (npm and a network are
needed) to update them.

KaTeX's fonts come twice. Their commonest characters stand in a script, fonts.js, as data: a browser has them when it
lays out the first line, so that nothing moves later, however slow the network. (As data in a style sheet they would
come a moment after the first paint.) The files have every character, and a browser asks for one only when a page has a
character that the script lacks, or runs no script. A test of every page says when EMBEDDED lacks one.
"""

import argparse
import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
from pathlib import Path

from tools.paths import ROOT

VENDOR = ROOT / "book/_static/vendor"  # goes into the site
ENGINE = ROOT / "tools/vendor/katex.min.js"  # stays here: only the build uses it
EDITOR = ROOT / "tools/vendor/editor"  # what is bundled, with its own lock
RECORD = ROOT / "tools/vendor/vendored.json"
FETCHED = {"katex": "0.16.47", "@fortawesome/fontawesome-free": "7.3.1"}
BUNDLED = {
    path.removeprefix("node_modules/"): entry["version"]
    for path, entry in json.loads((EDITOR / "package-lock.json").read_text())["packages"].items()
    if path and "esbuild" not in path
}
PACKAGES = FETCHED | BUNDLED
FONTS = [
    "AMS-Regular",
    "Caligraphic-Regular",
    "Main-Bold",
    "Main-Italic",
    "Main-Regular",
    "Math-BoldItalic",
    "Math-Italic",
    "SansSerif-Regular",
    "Script-Regular",
    "Size1-Regular",
    "Size2-Regular",
    "Size3-Regular",
    "Size4-Regular",
    "Typewriter-Regular",
]
BROTLI = "brotli==1.2.1"  # what woff2 is packed with; only this tool needs it
UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
ASCII = "".join(map(chr, range(32, 127))).replace("`", "")
GREEK = "αβγδεζηθικλμνξοπρςστυφχψωϑϕϖϱϵΓΔΘΛΞΠΣΥΦΨΩ"
BRACKETS = "()/[\\]{}√⌈⌉⌊⌋⟨⟩"
EMBEDDED = {  # characters in the script; a space in each, as the line's height needs it
    "Main-Regular": ASCII + "¬°±×÷ˆˇˉ˘˙˜ΓΔΘΛΞΠΣΥΦΨΩ–—‘’“”†…′ℓℜ←↑→↓↔↦⇐⇒⇔∀∂∃∅∇∈−∓∖∗∘∙√∝∞∣∥∧∨∩∪∫∼≃≅≈≡≤≥≪≫⊂⊃⊆⊇⊕⊗⊤⊥⋅⋆⋮⋯⋱"
    "⌈⌉⌊⌋⟨⟩⟵⟶⟷⟸⟹⟺\ue020",
    "Main-Bold": "ABCKPQR",
    "Math-Italic": UPPER + LOWER + GREEK,
    "Math-BoldItalic": "θφψμπwvx",
    "AMS-Regular": "ERNPZ■≲≳",
    "Caligraphic-Regular": "DFJLNO",
    "Typewriter-Regular": LOWER + "_.",
    "Size1-Regular": BRACKETS + "∏∑∫∣∥ˆ˜",
    "Size2-Regular": BRACKETS + "∏∑∫",
    "Size3-Regular": BRACKETS,
    "Size4-Regular": BRACKETS + "⎛⎜⎝⎞⎟⎠⎡⎢⎣⎤⎥⎦⎧⎨⎩⎪⎫⎬⎭",
}
HINTED = "Main-Regular", "Math-Italic"  # in large brackets and single signs hints are not seen, and weigh 15 kB
SCRIPT = """/* The commonest characters of KaTeX's fonts (MIT, LICENSE beside this file); \
written by tools/keep/vendor.py. Runs in the head. */
try {
  for (const [family, style, weight, unicodeRange, data] of [
%s
  ]) document.fonts.add(new FontFace(family, Uint8Array.from(atob(data), c => c.charCodeAt(0)), \
{ style, weight, unicodeRange }));
} catch { /* then the style sheet's files serve */ }
"""
ICONS = {  # our name: Font Awesome's file
    "menu": "bars",
    "search": "magnifying-glass",
    "theme": "circle-half-stroke",
    "download": "download",
    "trap": "triangle-exclamation",
    "proof": "scale-balanced",
    "try": "hand-pointer",
    "note": "circle-info",
    "do": "bullseye",
    "right": "check",
    "wrong": "xmark",
    "fold": "chevron-right",
}


def fetch(package, version, folder):
    """Unpack one npm package into `folder` and return its path."""
    out = subprocess.run(
        ["npm", "pack", f"{package}@{version}", "--json", "--pack-destination", folder],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    report = json.loads(out)
    name = (report[0] if isinstance(report, list) else next(iter(report.values())))["filename"]
    into = Path(folder, package.replace("/", "-"))
    with tarfile.open(Path(folder, name.replace("@", "").replace("/", "-"))) as tar:
        tar.extractall(into, filter="data")
    return into / "package"


def ranges(characters):
    """CSS's `unicode-range` of a set of code points."""
    points, parts = sorted(characters), []
    for point in points:
        if parts and parts[-1][1] == point - 1:
            parts[-1][1] = point
        else:
            parts.append([point, point])
    return ",".join(f"U+{a:x}" if a == b else f"U+{a:x}-{b:x}" for a, b in parts)


def embedded(css, folder):
    """The style sheet, its fonts held to the characters that they have, and the script with EMBEDDED's characters."""
    from fontTools import subset

    scripted = []

    def ranged(face):
        name = re.search(r"KaTeX_([\w-]+)\.woff2", face[0])[1]
        family, style, weight = (
            re.search(rf'font-{what}:"?([^;"]+)', face[0])[1] for what in ("family", "style", "weight")
        )
        font = subset.load_font(
            folder / f"KaTeX_{name}.woff2",
            options := subset.Options(flavor="woff2", name_IDs=[], notdef_outline=True, hinting=name in HINTED),
        )
        every, wanted = set(font.getBestCmap()), set(map(ord, EMBEDDED.get(name, "") + " \xa0"))
        if wanted - every:
            raise SystemExit(f"KaTeX_{name} has no {', '.join(map(hex, sorted(wanted - every)))}: correct EMBEDDED")
        if name in EMBEDDED:
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=wanted)
            cutter.subset(font)
            packed = io.BytesIO()
            subset.save_font(font, packed, options)
            scripted.append([family, style, weight, ranges(wanted), base64.b64encode(packed.getvalue()).decode()])
        return f"{face[0][:-1]};unicode-range:{ranges(every)}}}"

    css = re.sub(r"@font-face\{[^}]*\}", ranged, css)
    return css, SCRIPT % ",\n".join(json.dumps(face, separators=(",", ":")) for face in scripted)


def katex(package, extra):
    """Style sheet with woff2 fonts only; the fonts that the book's mathematics can need; the engine for the build."""
    out = VENDOR / "katex"
    shutil.rmtree(out, ignore_errors=True)
    (out / "fonts").mkdir(parents=True)
    css = (package / "dist/katex.min.css").read_text()
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)
    faces = re.compile(r"@font-face\{[^}]*\}")
    used = re.compile("|".join(rf"KaTeX_{font}\.woff2" for font in FONTS))
    css = faces.sub(lambda face: face[0] if used.search(face[0]) else "", css)
    for font in FONTS:
        shutil.copy(package / f"dist/fonts/KaTeX_{font}.woff2", out / "fonts")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "--no-deps",
            "--target",
            extra,
            BROTLI,
        ],
        check=True,
    )
    sys.path.append(str(extra))
    css, script = embedded(css, out / "fonts")
    (out / "katex.min.css").write_text(css)
    (out / "fonts.js").write_text(script)
    shutil.copy(package / "LICENSE", out)
    shutil.copy(package / "dist/katex.min.js", ENGINE)


def icons(package):
    """One CSS mask for each icon: no icon font, no icon script."""
    out = VENDOR / "icons"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rules = ["/* Font Awesome Free, CC BY 4.0 (LICENSE.txt beside this file): the icons the book uses, as masks */"]
    for name, file in ICONS.items():
        svg = re.sub(r"<!--.*?-->", "", (package / f"svgs/solid/{file}.svg").read_text(), flags=re.S).strip()
        address = "data:image/svg+xml," + urllib.parse.quote(svg, safe=" =:/(),")
        rules.append(f'.pg-icon-{name} {{ --icon: url("{address}"); }}')
    (out / "icons.css").write_text("\n".join(rules) + "\n")
    shutil.copy(package / "LICENSE.txt", out)


def editor(folder):
    """CodeMirror with Python's grammar as one module; the pages fetch it when a reader begins to edit."""
    shutil.copytree(EDITOR, folder, dirs_exist_ok=True)
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    styles = Path(
        folder, "node_modules/style-mod/src/style-mod.js"
    )  # a <style> of its own is against the pages' policy
    text = styles.read_text()
    if "if (!root.head && root.adoptedStyleSheets" not in text:
        raise SystemExit("style-mod has changed: see how it can keep to style-src-elem without 'unsafe-inline'")
    styles.write_text(text.replace("if (!root.head && root.adoptedStyleSheets", "if (root.adoptedStyleSheets"))
    out = VENDOR / "codemirror"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    subprocess.run(
        [
            "node_modules/.bin/esbuild",
            "editor.js",
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2021",
            "--log-level=warning",
            "--legal-comments=none",
            "--banner:js=/* CodeMirror 6, MIT (LICENSE beside this file) */",
            f"--outfile={out / 'codemirror.min.js'}",
        ],
        cwd=folder,
        check=True,
    )
    shutil.copy(Path(folder, "node_modules/@codemirror/state/LICENSE"), out)


def digests():
    """SHA-256 of every vendored file, by path."""
    files = sorted(p for p in [*VENDOR.rglob("*"), ENGINE] if p.is_file())
    return {p.relative_to(ROOT).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    ENGINE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        katex(fetch("katex", FETCHED["katex"], folder), Path(folder, "extra"))
        icons(fetch("@fortawesome/fontawesome-free", FETCHED["@fortawesome/fontawesome-free"], folder))
        editor(Path(folder, "editor"))
    record = {
        "packages": [
            {"name": name, "version": version, "licence": "CC BY 4.0 (icons)" if "fortawesome" in name else "MIT"}
            for name, version in PACKAGES.items()
        ],
        "sha256": digests(),
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
