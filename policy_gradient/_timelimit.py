"""Stop a function that does not come back.

What counts is the time of the processor that the function's own thread took: a slow or busy machine takes nothing away
from it. Behind that stands a wall clock, generous, which only ends what waits for ever (`sleep`, `input`).

A repeating timer signal raises `TimeUp` in the main thread: repeating, because a bare `except:` in the learner's loop
can swallow one exception, but not thousands a second. Where there are no such signals (Windows, other threads) a trace
function does it, which a bare `except:` can survive. In the browser's Python nothing is done:
there the page stops the worker.
Out of reach: `os._exit`, C code that never returns to Python, and, where the trace function does it, whatever sleeps.
"""

import signal
import sys
import threading
import time

AGAIN = 3e-5  # seconds between two signals once the time is up: short, so that one soon falls between two "try" blocks


SOON = 1e-3  # the least wait before the clocks are read again
cpu_time = getattr(time, "thread_time", time.process_time)  # the browser's Python has no clock for a thread
WALL = 60.0  # seconds on the wall: what has neither returned nor worked as long as it may by then hangs
ONE_LINE_IS_ONE = sys.version_info < (3, 12)  # a trace function is not called again in a loop that stays on its line


class TimeUp(BaseException):
    """The time is up. Not an Exception, so that `except Exception:` lets it pass."""


class Clock:
    """What a thread may still use: `seconds` of the processor, `wall` seconds in all.
    To be read in the thread that made it."""

    def __init__(self, seconds, wall):
        self.seconds, self.wall = seconds, wall
        self.cpu_start, self.wall_start = cpu_time(), time.monotonic()

    def left(self):
        """Seconds left, of the processor and on the wall. A thread gets at most one second
        of the first in one of the second."""
        return self.seconds - (cpu_time() - self.cpu_start), self.wall - (time.monotonic() - self.wall_start)


def limited(call, seconds, wall=None):
    """`call()`, or `TimeUp` once it has used `seconds` of the processor, or `wall` (`WALL`) seconds in all. Everything
    else it raises passes through."""
    return within(call, Clock(seconds, WALL if wall is None else wall))


def within(call, clock):
    """The same by a clock that has just been started: reading one is slow on some systems."""
    if sys.platform == "emscripten":
        return call()
    if min(clock.seconds, clock.wall) <= 0:
        raise TimeUp
    in_main_thread = threading.current_thread() is threading.main_thread()
    return (by_signal if in_main_thread and hasattr(signal, "setitimer") else by_trace)(call, clock)


def by_signal(call, clock):
    running = fired = reporting = False
    report = sys.unraisablehook

    def unraisable(what):
        """In a destructor Python can only report an exception, and goes on:
        nothing to tell a learner, the next signal comes soon."""
        nonlocal reporting
        reporting = True
        if what.exc_type is not TimeUp:
            report(what)
        reporting = False

    def stop(signum, frame):
        nonlocal fired
        fired = True
        if running and not reporting and frame.f_code is not unraisable.__code__:
            if (left := min(clock.left())) <= 0:
                raise TimeUp
            signal.setitimer(signal.ITIMER_REAL, max(left, SOON), AGAIN)

    start = time.monotonic()
    old_handler = signal.signal(signal.SIGALRM, stop)
    old_delay, old_interval = signal.setitimer(signal.ITIMER_REAL, max(min(clock.seconds, clock.wall), SOON), AGAIN)
    sys.unraisablehook = unraisable
    try:
        running = True
        return call()
    finally:
        # Python looks for signals at calls and jumps only: none can come between the end of `call` and this line.
        running = False
        sys.unraisablehook = report
        signal.setitimer(signal.ITIMER_REAL, 0)
        if fired:
            time.sleep(
                0.05
            )  # one more signal may be under way through another thread, which on a busy machine waits for its
            # turn: `stop` must still be there for it
        signal.signal(signal.SIGALRM, old_handler)
        if old_delay:  # somebody else's alarm: give it back what is left of its time
            signal.setitimer(signal.ITIMER_REAL, max(old_delay - (time.monotonic() - start), AGAIN), old_interval)


def by_trace(call, clock):
    look = time.monotonic() + min(clock.left())  # before that it cannot be up, and this clock is the cheap one

    def trace(frame, event, arg):
        nonlocal look
        if time.monotonic() > look:
            if (left := min(clock.left())) <= 0:
                raise TimeUp
            look = time.monotonic() + max(left, SOON)
        return trace

    old, done = sys.gettrace(), threading.Event()
    if ONE_LINE_IS_ONE:
        threading.Thread(target=step, args=(threading.get_ident(), look, done), daemon=True).start()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(old)
        done.set()


def step(thread, look, done):
    """From `look` on, have the thread's trace function called at each instruction, not at each line: from the start it
    would cost right functions seven times as much."""
    done.wait(look - time.monotonic())
    while not done.wait(0.01):
        frame = sys._current_frames().get(thread)
        while frame:
            frame.f_trace_opcodes, frame = True, frame.f_back
