"""What tests of the checks share: a right answer, how a verdict must read, and functions that do not behave."""

import time

from learning_to_act.checks import Result, check
from learning_to_act.checks.engine import registry

GOOD = registry()["softmax"].truth


def say(function, exercise="softmax"):
    """The verdict must be a failing Result of one to six lines."""
    result = check(function, exercise)
    assert isinstance(result, Result) and not result and isinstance(result.message, str)
    assert 1 <= len(result.message.splitlines()) <= 6, result.message
    return result.message


def burn(seconds):
    """Keep the processor busy for so long: its time, not the clock's."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class Deep:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return Deep()
