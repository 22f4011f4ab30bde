"""The book's colours, and who takes them from there."""

from learning_to_act import explore as module


def test_colours_are_the_books():
    from learning_to_act.palette import COLORS

    for light, dark in COLORS.values():
        assert light in module.CSS and dark in module.CSS
