"""Write the book's colours, said once in `learning_to_act/palette.py`, as the site's style sheet."""

import argparse

from tools.paths import ROOT

CSS = ROOT / "book/_static/palette.css"


def style_sheet():
    from learning_to_act.palette import css_variables

    return (
        "/* Written by tools/make/palette.py from learning_to_act/palette.py */\n"
        f":root {{ {css_variables()} }}\n"
        f"html[data-theme=dark] {{ {css_variables(dark=True)} }}\n"
        f"@media print {{ html[data-theme=dark] {{ {css_variables()} }} }}\n"
    )


def written():
    """What each generated file has to contain."""
    return {CSS: style_sheet()}


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    for path, text in written().items():
        path.write_text(text, encoding="utf8")


if __name__ == "__main__":
    main()
