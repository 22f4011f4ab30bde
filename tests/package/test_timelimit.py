"""A function that does not come back is stopped, by its own time and not by that of a busy machine.
Asked through `check`, as it is used."""

import itertools
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from learning_to_act.checks import check, engine
from policy_gradient import _timelimit as timelimit
from tests.helpers.checks import GOOD, Deep, burn, say

WHOLE = engine.SECONDS, timelimit.WALL  # as a learner has them


@pytest.fixture
def a_short_time(monkeypatch):
    """For functions that never return: the less there is, the sooner they are stopped."""
    monkeypatch.setattr(engine, "SECONDS", 0.2)
    monkeypatch.setattr(timelimit, "WALL", 1.2)


def forever_plain(logits):
    while True:
        pass


def forever_except_exception(logits):
    while True:
        try:
            while True:
                pass
        except Exception:
            pass


def forever_bare_except(logits):
    while True:
        try:
            time.sleep(0.2)
        except:  # noqa: E722
            pass


def forever_bare_except_twice(logits):
    while True:
        try:
            try:
                np.ones(50).sum()
            except:  # noqa: E722
                pass
        except BaseException:
            pass


def forever_generator(logits):
    return sum(itertools.takewhile(lambda _: True, (np.sum(logits) for _ in iter(int, 1))))


class Heavy:
    """Takes long to go: an exception there can only be reported, and is lost."""

    def __del__(self):
        for _ in range(10**5):
            pass


def forever_in_destructors(logits):
    while True:
        Heavy()


class Fails:
    def __del__(self):
        raise ValueError("in a destructor")


def forever_after_a_report(logits):
    """An exception in a destructor is reported; the next signals must find the loop all the same."""
    Fails()
    while True:
        pass


def sleeps(logits):
    time.sleep(60)


class Lazy:
    def __array__(self, *args, **kwargs):
        while True:
            pass


@pytest.mark.slow
@pytest.mark.parametrize(
    "function",
    [
        forever_plain,
        forever_except_exception,
        forever_bare_except,
        forever_bare_except_twice,
        forever_generator,
        forever_in_destructors,
        sleeps,
        lambda logits: Lazy(),
        lambda logits: Deep(),
    ],
    ids=lambda f: f.__name__,
)
def test_a_function_that_never_returns_is_stopped(function, a_short_time, monkeypatch, capfd):
    lost = []
    hook = lost.append  # no line of Python, into which the next signal could fall
    monkeypatch.setattr(sys, "unraisablehook", hook)
    assert "had not finished" in say(function)
    assert sys.unraisablehook is hook and not lost and "TimeUp" not in capfd.readouterr().err


@pytest.mark.slow
def test_after_a_report_from_a_destructor_signals_find_the_loop_all_the_same(a_short_time, monkeypatch):
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", heard.append)
    assert "had not finished" in say(forever_after_a_report)
    assert [what.exc_type for what in heard] == [ValueError]


@pytest.mark.slow
def test_a_report_that_has_begun_is_not_cut_off(a_short_time, monkeypatch, capfd):
    """Nearly all of the time a report is under way, so that the time is up in one of them."""
    begun, ended = [], []

    def hook(what):
        begun.append(1)
        burn(0.02)
        ended.append(1)

    def reports(logits):
        while True:
            Fails()

    monkeypatch.setattr(sys, "unraisablehook", hook)
    assert "had not finished" in say(reports)
    assert begun == ended and "TimeUp" not in capfd.readouterr().err


def test_the_processors_time_ends_what_works_long_before_the_walls():
    clock = timelimit.Clock(0.1, 60.0)
    with pytest.raises(timelimit.TimeUp):
        timelimit.within(lambda: forever_plain(None), clock)
    assert clock.left()[0] <= 0 < clock.left()[1]


def test_five_seconds_in_all_not_per_input():
    assert engine.SECONDS == 5.0
    calls = []

    def slow(logits):
        calls.append(1)
        burn(0.2)
        return GOOD(logits)

    engine.SECONDS, old = 0.5, engine.SECONDS
    try:
        assert "had not finished" in say(slow)
    finally:
        engine.SECONDS = old
    assert len(calls) == 3


def test_what_the_function_did_not_compute_itself_is_not_counted(monkeypatch):
    """A busy machine looks like this to it: the clock goes on, and its own time stands still."""
    monkeypatch.setattr(engine, "SECONDS", 0.25)

    def softmax(logits):
        time.sleep(0.1)  # ten times and more in all
        return GOOD(logits)

    assert check(softmax)


def test_a_wall_clock_ends_what_only_waits(monkeypatch):
    monkeypatch.setattr(timelimit, "WALL", 0.3)
    assert engine.SECONDS == 5.0
    assert "had not finished" in say(sleeps)

    def naps(logits):  # and it is one for all inputs
        calls.append(time.sleep(0.2))
        return GOOD(logits)

    calls = []
    assert "had not finished" in say(naps) and len(calls) < 2


def test_the_wall_clock_is_generous():
    assert timelimit.WALL >= 10 * engine.SECONDS


@pytest.mark.slow
def test_other_threads_use_a_trace_function(a_short_time):
    results, traces = [], []

    def work():
        before = sys.gettrace()
        results.extend([check(forever_plain, "softmax"), check(forever_except_exception, "softmax")])
        engine.SECONDS, timelimit.WALL = WHOLE  # what is right may take its time
        results.append(check(GOOD, "softmax"))
        traces.append(sys.gettrace() is before)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    assert [bool(one) for one in results] == [False, False, True] and traces == [True]
    assert "had not finished" in results[0].message


ONE_LINE = {
    "pass": "while True: pass",
    "for": "for _ in itertools.repeat(0): pass",
    "list": "[0 for _ in iter(int, 1)]",
    "call": "while True: len([])",
    "array": "while True: logits = logits + 0",
}


@pytest.mark.slow
@pytest.mark.parametrize("loop", ONE_LINE)
def test_other_threads_end_a_loop_on_one_line(loop, a_short_time):
    """Python before 3.12 calls a trace function no more while the line does not change."""
    space, results = {"itertools": itertools}, []
    exec(f"def softmax(logits):\n    {ONE_LINE[loop]}", space)
    thread = threading.Thread(target=lambda: results.append(check(space["softmax"])), daemon=True)
    thread.start()
    thread.join(1200)  # the old trace function never comes back, and would hold this test
    assert not thread.is_alive() and "had not finished" in results[0].message


def test_before_the_time_is_up_a_thread_is_looked_at_by_lines(monkeypatch):
    """By instructions from the start would make right functions some thirty times as slow."""
    looked = []

    def watched(logits):
        looked.append(sys._getframe().f_trace_opcodes)
        return GOOD(logits)

    thread = threading.Thread(target=lambda: looked.append(bool(check(watched, "softmax"))), daemon=True)
    thread.start()
    thread.join()
    assert looked[-1] is True and not any(looked[:-1])


def test_no_limit_in_the_browser(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(timelimit, "by_signal", None)
    monkeypatch.setattr(timelimit, "by_trace", None)
    assert timelimit.limited(lambda: 7, 0.1) == 7


def test_somebody_elses_alarm_is_given_back():
    rang = []
    ring = lambda *args: rang.append(1)
    old = signal.signal(signal.SIGALRM, ring)
    before = signal.setitimer(signal.ITIMER_REAL, 3000, 0)
    try:
        check(GOOD, "softmax")
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left <= 3000 and not rang and signal.getsignal(signal.SIGALRM) is ring
    finally:
        signal.signal(signal.SIGALRM, old)
        signal.setitimer(signal.ITIMER_REAL, *before)


@pytest.mark.parametrize("passed, rings", [(1000, False), (5000, True)])
def test_of_somebody_elses_alarm_the_time_that_passed_is_gone(passed, rings, monkeypatch):
    """By a clock that moves in the function alone."""
    now, rang = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    old = signal.signal(signal.SIGALRM, lambda *args: rang.append(1))
    before = signal.setitimer(signal.ITIMER_REAL, 3000, 500)
    try:
        timelimit.limited(lambda: now.__setitem__(0, passed), 60.0, 1e6)
        while rings and not rang:
            pass
        left, again = signal.getitimer(signal.ITIMER_REAL)
        assert again == pytest.approx(500) and (rings or 3000 - passed - 100 < left <= 3000 - passed)
    finally:
        signal.signal(signal.SIGALRM, old)
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_what_a_destructor_reports_reaches_whoever_listens(monkeypatch):
    heard = []
    hook = lambda what: heard.append(str(what.exc_value))
    monkeypatch.setattr(sys, "unraisablehook", hook)
    timelimit.limited(lambda: Fails() and None, 60.0)
    assert heard == ["in a destructor"] and sys.unraisablehook is hook


def test_the_time_of_other_threads_is_theirs():
    clock = timelimit.Clock(60.0, 60.0)
    thread = threading.Thread(target=burn, args=(0.4,))
    thread.start()
    thread.join()
    assert clock.left()[0] > 59.8


def test_limits_are_those_that_were_given(monkeypatch):
    clocks = []
    monkeypatch.setattr(timelimit, "by_signal", lambda call, clock: clocks.append(clock) or call())
    monkeypatch.setattr(timelimit, "WALL", 50.0)
    assert timelimit.limited(lambda: 7, 3.0) == timelimit.limited(lambda: 7, 3.0, 4.0) == 7
    assert [(clock.seconds, clock.wall) for clock in clocks] == [(3, 50), (3, 4)]
    for seconds, wall in ((0, None), (0, 4.0), (3.0, 0), (-1.0, 4.0)):  # used up before: not even begun
        with pytest.raises(timelimit.TimeUp):
            timelimit.limited(lambda: pytest.fail("called"), seconds, wall)
    assert len(clocks) == 2


def test_a_trace_function_does_it_where_there_is_no_such_timer(monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    before = sys.gettrace()
    traces = timelimit.limited(lambda: [sys.gettrace()], 60.0)
    assert traces[0] is not before and sys.gettrace() is before


class Told:
    """A clock by which the processor takes `pace` of each second; `reads`: when it was looked at."""

    def __init__(self, seconds, wall, now, pace):
        self.seconds, self.wall, self.now, self.pace, self.reads = seconds, wall, now, pace, []

    def left(self):
        self.reads.append(self.now[0])
        return self.seconds - self.pace * self.now[0], self.wall - self.now[0]


@pytest.mark.parametrize(
    "seconds, wall, pace, ended, reads",
    [
        (4, 100, 1, 5, [0, 5]),
        (4, 100, 0.5, 8, [0, 5, 7, 8]),  # 1.5 are left at 5, 0.5 at 7, and none at 8
        (100, 4, 1, 5, [0, 5]),
        (100, 100, 1, None, [0]),
    ],
)
def test_a_trace_function_reads_the_clocks_when_one_may_be_up(seconds, wall, pace, ended, reads, monkeypatch):
    now, ticks = [0.0], []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock, mine = Told(seconds, wall, now, pace), lambda frame, event, arg: None

    def work():
        for t in range(1, 20):
            now[0] = float(t)
            ticks.append(t)
        return "done"

    threads = set(threading.enumerate())
    before = sys.gettrace()
    sys.settrace(mine)
    try:
        try:
            found = timelimit.by_trace(work, clock)
        except timelimit.TimeUp:
            found = None
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)
    for thread in set(threading.enumerate()) - threads:
        thread.join()  # what steps at the end of one line goes when the function does
    assert found == (None if ended else "done") and now[0] == (ended or 19), now
    assert clock.reads == reads


@pytest.mark.slow
def test_a_python_without_a_clock_for_threads_can_check():
    """The browser's Python has none. In a process of its own, as a module keeps what it found."""
    program = (
        "import time; del time.thread_time\nimport numpy as np\nfrom policy_gradient.checks import check\n"
        "def softmax(logits):\n    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))\n"
        "    return e / e.sum(axis=-1, keepdims=True)\n"
        "print(check(softmax))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "stumbled" not in ran.stdout and "right" in ran.stdout, ran.stdout + ran.stderr
