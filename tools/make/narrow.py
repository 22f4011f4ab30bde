"""The width of a phone's drawing, and whether a figure is one."""

WIDTH = 3.8  # inches: 11 of its 274 units are 12 px in a column of 300 px


def narrow(fig):
    """Whether `fig` is the drawing for a phone: its words stand nearer to each other."""
    return fig.get_figwidth() <= WIDTH
