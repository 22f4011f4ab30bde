"""Fetch what the site carries from others (KaTeX, Font Awesome's few icons) and record version, licence and SHA-256.

Building the book never needs this: its results are committed. Run `python tools/vendor.py` (npm is needed) to update them.
"""
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "book/_static/vendor"                    # goes into the site
ENGINE = ROOT / "tools/vendor/katex.min.js"              # stays here: only the build uses it
RECORD = ROOT / "tools/vendor/vendored.json"
PACKAGES = {"katex": "0.16.47", "@fortawesome/fontawesome-free": "7.3.1"}
FONTS = ["AMS-Regular", "Caligraphic-Regular", "Main-Bold", "Main-Italic", "Main-Regular", "Math-BoldItalic", "Math-Italic",
         "SansSerif-Regular", "Script-Regular", "Size1-Regular", "Size2-Regular", "Size3-Regular", "Size4-Regular",
         "Typewriter-Regular"]
ICONS = {                                                # our name: Font Awesome's file
    "menu": "bars", "search": "magnifying-glass", "theme": "circle-half-stroke", "download": "download",
    "trap": "triangle-exclamation", "proof": "scale-balanced", "try": "hand-pointer", "note": "circle-info", "do": "bullseye",
    "right": "check", "wrong": "xmark", "fold": "chevron-right",
}


def fetch(package, version, folder):
    """Unpack one npm package into `folder` and return its path."""
    out = subprocess.run(["npm", "pack", f"{package}@{version}", "--json", "--pack-destination", folder],
                         check=True, capture_output=True, text=True).stdout
    report = json.loads(out)
    name = (report[0] if isinstance(report, list) else next(iter(report.values())))["filename"]
    into = Path(folder, package.replace("/", "-"))
    with tarfile.open(Path(folder, name.replace("@", "").replace("/", "-"))) as tar:
        tar.extractall(into, filter="data")
    return into / "package"


def katex(package):
    """Style sheet with woff2 fonts only; the fonts that the book's mathematics can need; the engine for the build."""
    out = VENDOR / "katex"
    shutil.rmtree(out, ignore_errors=True)
    (out / "fonts").mkdir(parents=True)
    css = (package / "dist/katex.min.css").read_text()
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)
    faces = re.compile(r"@font-face\{[^}]*\}")
    used = re.compile("|".join(rf"KaTeX_{font}\.woff2" for font in FONTS))
    css = faces.sub(lambda face: face[0] if used.search(face[0]) else "", css)
    (out / "katex.min.css").write_text(css)
    for font in FONTS:
        shutil.copy(package / f"dist/fonts/KaTeX_{font}.woff2", out / "fonts")
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


def digests():
    """SHA-256 of every vendored file, by path."""
    files = sorted(p for p in [*VENDOR.rglob("*"), ENGINE] if p.is_file())
    return {p.relative_to(ROOT).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def main():
    ENGINE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        katex(fetch("katex", PACKAGES["katex"], folder))
        icons(fetch("@fortawesome/fontawesome-free", PACKAGES["@fortawesome/fontawesome-free"], folder))
    record = {"packages": [{"name": "katex", "version": PACKAGES["katex"], "licence": "MIT"},
                           {"name": "@fortawesome/fontawesome-free", "version": PACKAGES["@fortawesome/fontawesome-free"],
                            "licence": "CC BY 4.0 (icons)"}],
              "sha256": digests()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
