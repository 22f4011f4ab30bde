"""What makes pages light: one style sheet for all, a slider's pictures in a file of their own,
pictures that say their size.

- A phone pays about 150 ms for each file that must come before the first paint. So the sheets that every page has
  become one, `book.css`. Apart stay the colours of code, a notebook's sheet, and what a part adds to some pages.
- A figure of `explore` stores one picture for each position: most of a lab's bytes. The page keeps the one where the
  slider stands. host.js fetches the others, `_static/frames/NAME.js`, when the figure comes near. A script, since from
  a folder a page may load scripts and nothing else.
- An explorable's program and data too: they would stand between the reader and the first paragraph. The front page
  keeps its one, which is in sight.
- `<img>` gets the width and height of its file, so that the text below does not move when it arrives.
"""

import json
import re
import zlib
from pathlib import Path

import imagesize

BOOK, CODE = "_static/book.css", "_static/pygments.css"
FRAMES, FIGURES = "_static/frames", "_static/figures"


def bundle(outdir, names):
    """The text of these style sheets as one that stands in _static; the addresses in them still lead to their files."""
    parts = []
    for name in names:
        folder = Path(name).parent.relative_to("_static").as_posix()
        text = (outdir / name).read_text(encoding="utf8")
        parts.append(
            re.sub(
                r"url\((['\"]?)(?!data:|['\"]|#|/|\w+:)",
                lambda m, folder=folder: f"url({m[1]}{folder}/".replace("(./", "("),
                text,
            )
        )
    return "\n".join(parts)


def everywhere(app, pagename, templatename, context, doctree):
    """Note the sheets that every page has: those that are there before any part adds its own to this page."""
    context["pg_everywhere"] = list(context["css_files"])


def _of_cells(file):
    return Path(file.filename).name.startswith("mystnb.")  # a hash follows


def _joins(app, file):
    """Whether a sheet goes into book.css: a plain file of the site."""
    return (
        file.filename not in (BOOK, CODE)
        and not _of_cells(file)
        and file.attributes == {"rel": "stylesheet", "type": "text/css"}
        and Path(app.outdir, file.filename).is_file()
    )


def one_sheet(app, context):
    """The page's style sheets, with book.css in the place of those it holds. It is written once for each build."""
    files = [f for f in context["css_files"] if not _of_cells(f) or 'class="cell' in context["body"]]
    shared = [f for f in files if f in context["pg_everywhere"]]
    common = [f for f in shared if _joins(app, f)]
    if not getattr(app, "pg_bundled", False):
        names = [f.filename for f in sorted(common, key=lambda f: f.priority)]
        Path(app.outdir, BOOK).write_text(bundle(Path(app.outdir), names), encoding="utf8")
        app.pg_bundled = True
    rest = [f for f in files if f not in common]
    # the book's rules come after others', a page's own after the book's
    return sorted(rest, key=lambda f: 1 if f.filename == BOOK else 0 if f in shared else 2)


def apart(state):
    """Take the pictures of every position but the present one out of a notebook's widgets.

    `state`: {model id: {"state": ...}}, changed in place. Gives {model id: {"frames", "alts"}} of those that had them.
    """
    taken = {}
    for model, value in state.items():
        s = value["state"]
        if len(s.get("frames", ())) < 2:
            continue
        k = 0
        for control, index in zip(s["controls"], s["index"]):
            k = k * len(control["texts"]) + index
        taken[model] = {"frames": s["frames"], "alts": s["alts"]}
        s["frames"], s["alts"] = s["frames"][k : k + 1], s["alts"][k : k + 1]
    return taken


def lighter_figures(app, body, root):
    """A notebook's widget state for the page, its pictures apart in files.
    `root`: the way from the page to the site's root."""
    data = json.loads(body)
    for model, pictures in apart(data["state"]).items():
        text = f"pgFrames({json.dumps(model)}, {json.dumps(pictures, ensure_ascii=False)});\n"
        folder = Path(app.outdir) / FRAMES
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{model}.js").write_text(text, encoding="utf8")
        data["state"][model]["state"]["frames_from"] = f"{root}{FRAMES}/{model}.js?v={zlib.crc32(text.encode()):08x}"
    return json.dumps(data, sort_keys=True).replace("</", "<\\/").replace("<!--", "<\\!--")


def figures_apart(app, body, root):
    """The page's explorables, their states in files of their own:
    `_static/figures/NAME.js`, fetched when they start."""

    def moved(match):
        ((model, value),) = json.loads(match[2])["state"].items()
        text = f"pgFigure({json.dumps(model)}, {json.dumps(value, ensure_ascii=False)});\n"
        (Path(app.outdir) / FIGURES).mkdir(parents=True, exist_ok=True)
        (Path(app.outdir) / FIGURES / f"{model}.js").write_text(text, encoding="utf8")
        stub = {
            "title": value["state"].get("title", ""),
            "from": f"{root}{FIGURES}/{model}.js?v={zlib.crc32(text.encode()):08x}",
        }
        return match[1] + json.dumps({"state": {model: {"state": stub}}}) + "</script>"

    return re.sub(
        r'(<script type="application/vnd\.jupyter\.widget-state\+json">)(.*?)</script>', moved, body, flags=re.S
    )


def sized(app, body):
    """Every picture of `_images` with its own width and height."""
    paths = {Path(name).name: source for source, name in app.builder.images.items()}

    def with_size(match):
        source = paths.get(match[2])
        if not source or re.search(r"\s(?:width|height)=|style=", match[0]):
            return match[0]
        width, height = imagesize.get(Path(app.srcdir) / source)
        return f'{match[0][:-1].rstrip("/ ")} width="{width}" height="{height}" />' if width > 0 else match[0]

    return re.sub(r'<img\b[^>]*?\bsrc="([^"]*_images/([^"]+))"[^>]*>', with_size, body)
