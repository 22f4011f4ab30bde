"""The book's explorables: figures that answer to the hand, on the page and in a notebook."""
from .corridor import ShortCorridor
from .simplex import SimplexGame
from .bins import BinsVsDimensions
