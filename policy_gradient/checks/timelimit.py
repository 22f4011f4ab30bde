"""Stop a function that does not come back.

A repeating timer signal raises `TimeUp` in the main thread: repeating, because a bare `except:` in the learner's loop can
swallow one exception, but not thousands a second. Where there are no such signals (Windows, other threads) a trace function does
it, which a bare `except:` can survive. In the browser's Python nothing is done: there the page stops the worker.
Out of reach: `os._exit`, and C code that never returns to Python.
"""
import signal
import sys
import threading
import time

AGAIN = 3e-5   # seconds between two signals once the time is up: short, so that one soon falls between two "try" blocks


class TimeUp(BaseException):
    """The time is up. Not an Exception, so that `except Exception:` lets it pass."""


def limited(call, seconds):
    """`call()`, or `TimeUp` if it has not returned after `seconds`. Everything else it raises passes through."""
    if sys.platform == "emscripten":
        return call()
    if seconds <= 0:
        raise TimeUp
    in_main_thread = threading.current_thread() is threading.main_thread()
    return (by_signal if in_main_thread and hasattr(signal, "setitimer") else by_trace)(call, seconds)


def by_signal(call, seconds):
    running = fired = False

    def stop(signum, frame):
        nonlocal fired
        fired = True
        if running:
            raise TimeUp

    start = time.monotonic()
    old_handler = signal.signal(signal.SIGALRM, stop)
    old_delay, old_interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        running = True
        return call()
    finally:
        # Python looks for signals at calls and jumps only: none can come between the end of `call` and this line.
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if fired:
            time.sleep(0.002)   # one more signal may be under way through another thread: `stop` must still be there for it
        signal.signal(signal.SIGALRM, old_handler)
        if old_delay:   # somebody else's alarm: give it back what is left of its time
            signal.setitimer(signal.ITIMER_REAL, max(old_delay - (time.monotonic() - start), AGAIN), old_interval)


def by_trace(call, seconds):
    deadline = time.monotonic() + seconds

    def trace(frame, event, arg):
        if time.monotonic() > deadline:
            raise TimeUp
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(old)
