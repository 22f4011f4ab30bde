"""The book's colours, said once: formulas, figures and explorables all take them from here.

Four things have one colour each wherever they appear: the *policy*, the *score* (which way), how *good* (rewards,
returns, values) and *where* it happens (visitation). Okabe and Ito's palette, darkened until text in it keeps a
contrast of 4.5 : 1 on the page. `tools/make/palette.py` writes the style sheet from this table.
"""

from policy_gradient._validate import one_of

COLORS = {  # name: (light page, dark page)
    "policy": ("#0072B2", "#56B4E9"),
    "score": ("#007A5E", "#00B98E"),
    "good": ("#C04A00", "#F0883E"),
    "where": ("#A0478A", "#DDA0CC"),
    "ink": ("#1F2328", "#E6E6E6"),
    "muted": ("#5B636B", "#A9B1B9"),
    "line": ("#D5D9DD", "#3F464D"),
    "paper": ("#FFFFFF", "#14181C"),
}


def color(name, dark=False):
    """The colour `name` as '#RRGGBB', for a light or a dark page."""
    return COLORS[one_of("name", name, COLORS)][bool(dark)]


def css_variables(dark=False):
    """The palette as CSS custom properties, `--pg-policy: #0072B2; ...`."""
    return " ".join(f"--pg-{name}: {pair[bool(dark)]};" for name, pair in COLORS.items())
