"""Self-checking exercises: `check(your_function)` says what is wrong,
`hint(your_function)` helps without the answer."""

from .display import Hint, Result
from .engine import check, hint
from .unwritten import example

__all__ = ["Hint", "Result", "check", "example", "hint", "mistakes", "start_drill"]


def mistakes():
    """The names to choose from in "Find the bug" (chapter 5): `check(update_3, mistake="...")`."""
    from .hunt import Hunt, choices_text
    from .registry import registry

    return choices_text(
        {
            name: what
            for exercise in registry().values()
            if isinstance(exercise, Hunt)
            for name, what in exercise.choices().items()
        }
    )


def start_drill():
    """Start the stopwatch of chapter 5's drill."""
    from .stopwatch import start_drill

    return start_drill()
