"""The processor's time instead of the wall's: other work on the machine then costs little."""

import resource
import sys
from time import process_time


class Stopwatch:
    """CPU seconds of this process, without the stretches between `pause` and `resume`."""

    def __init__(self):
        self.seconds, self.since = 0.0, process_time()

    def pause(self):
        self.seconds += process_time() - self.since
        return self.seconds

    def resume(self):
        self.since = process_time()


def peak_memory():
    """The most this process has held so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def in_turn(functions, rounds):
    """CPU seconds {name: [one per round]}; the functions take turns, so that a slow moment meets all of them."""
    times = {name: [] for name in functions}
    for function in functions.values():
        function()  # the first call pays for caches and lazy imports
    for _ in range(rounds):
        for name, function in functions.items():
            begin = process_time()
            function()
            times[name].append(process_time() - begin)
    return times
