"""Draw the pages' still pictures: each public function of tools/make/drawings/*.py becomes
book/_static/figures/NAME.svg, and NAME-narrow.svg: the same drawn again for a phone, narrow,
so that its words stay 12 px high.

    python -m tools.make.figures [--to FOLDER] [NAME ...]

The same bytes each time: text stays text (the page's font draws it), ids come from a fixed salt, and no date is stored.
"""

import argparse
import importlib
import re
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from tools.make.narrow import WIDTH
from tools.paths import ROOT

DRAWINGS = Path(__file__).with_name("drawings")
STYLE = {
    "svg.hashsalt": "policy-gradient",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2,
    "figure.constrained_layout.use": True,
}
INK = {key: "#1F2328" for key in ("axes.edgecolor", "axes.labelcolor", "text.color", "xtick.color", "ytick.color")}


def figures():
    """Every drawing function of tools/make/drawings, by the name of its file."""
    for path in sorted(DRAWINGS.glob("[a-z]*.py")):
        module = importlib.import_module(f"tools.make.drawings.{path.stem}")
        for name, function in vars(module).items():
            if (
                callable(function)
                and getattr(function, "__module__", "") == module.__name__
                and not name.startswith("_")
            ):
                yield name.replace("_", "-"), function


def draw(function, path, narrow=False):
    width, height = getattr(function, "figsize", (6, 3.2))
    with matplotlib.rc_context(STYLE | INK):
        fig = Figure(
            figsize=(WIDTH, getattr(function, "narrow", max(2.6, min(height, 3.6)))) if narrow else (width, height)
        )
        FigureCanvasSVG(fig)
        function(fig, fig.add_subplot())
        fig.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    svg = re.sub(r"<\?xml.*?<svg", "<svg", path.read_text(encoding="utf-8"), count=1, flags=re.S)
    svg = re.sub(r"\s*<(metadata|style).*?</\1>", "", svg, flags=re.S)  # a style element would reach the whole page
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)  # the page's own font
    svg = re.sub(
        r'(<svg [^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1), count=1
    )
    svg = re.sub(r'id="layer-(\d)-(\d)"', r'class="pg-layer" data-from="\1" data-to="\2"', svg)  # of a proof in steps
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--to", type=Path, default=ROOT / "book" / "_static" / "figures")
    args = parser.parse_args()
    drawings = dict(figures())
    if unknown := sorted({*args.names} - {*drawings}):
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(drawings)}")
    args.to.mkdir(parents=True, exist_ok=True)
    for name, function in drawings.items():
        if not args.names or name in args.names:
            draw(function, args.to / f"{name}.svg")
            if getattr(function, "narrow", True):
                draw(function, args.to / f"{name}-narrow.svg", narrow=True)


if __name__ == "__main__":
    main()
