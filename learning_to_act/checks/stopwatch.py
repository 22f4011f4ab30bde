"""The stopwatch of a drill."""

import time

from .display import Hint

_clock = {}


def start_drill():
    """Start the stopwatch of the drill; the check says how many minutes it took. Call it again to start anew."""
    _clock["start"] = time.monotonic()
    return Hint(
        "The clock runs",
        "Twenty minutes are plenty, and nobody is waiting. "
        "When it passes, check(reinforce_update) says how long you took.",
    )


def minutes():
    """How long ago that was, in words."""
    if "start" not in _clock:
        return "(start_drill() would have timed it.)"
    passed = (time.monotonic() - _clock["start"]) / 60
    return (
        "Less than a minute after start_drill()."
        if passed < 1
        else f"{passed:.0f} minute{'s' * (round(passed) != 1)} after start_drill()."
    )
