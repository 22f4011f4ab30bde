"""The engine under functions that do everything but answer. Nothing they do may get out of `check`."""

import functools
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal

import numpy as np
import pytest

from learning_to_act.checks import Hint, Result, check, engine, exercise, hint
from learning_to_act.checks.engine import registry
from policy_gradient import _timelimit as timelimit

GOOD = registry()["softmax"].truth


def say(function, exercise="softmax"):
    """The verdict must be a failing Result of one to six lines."""
    result = check(function, exercise)
    assert isinstance(result, Result) and not result and isinstance(result.message, str)
    assert 1 <= len(result.message.splitlines()) <= 6, result.message
    return result.message


WHOLE = engine.SECONDS, timelimit.WALL  # as a learner has them


@pytest.fixture
def half_a_second(monkeypatch):
    monkeypatch.setattr(engine, "SECONDS", 0.5)
    monkeypatch.setattr(timelimit, "WALL", 3.0)


def burn(seconds):
    """Keep the processor busy for so long: its time, not the clock's."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


# --- what a function can return ----------------------------------------------------------------------------------


class Liar:
    """Pretends to be an array."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("not today")


class Deep:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return Deep()


def circular():
    one = []
    one.append(one)
    return one


@pytest.mark.parametrize(
    "value, words",
    [
        (None, "returned None"),
        ("0.5", "text (a str)"),
        (b"bytes", "bytes"),
        ([[1.0, 2.0], [3.0]], "ragged"),
        ({"a": 1}, "dict"),
        ({1.0}, "set"),
        (1j * np.ones(3), "complex"),
        (np.array(["a", "b"]), "not of numbers"),
        ([None, 1.0, 2.0], "not a number"),
        (map(float, "12"), "list(...)"),
        (np.exp, "ufunc"),
        (lambda: 1, "forget the brackets"),
        (float, "type"),
        (Liar(), "cannot read"),
        (circular(), "returned"),
        (object(), "object"),
        (..., "ellipsis"),
        (np.datetime64("2026-01-01"), "datetime"),
        (np.full(3, np.nan), "shape"),
        (np.array([]), "shape"),
        (np.zeros((2, 2, 2, 2)), "shape"),
        (7, "shape"),
        (True, "shape"),
        (Decimal("0.5"), "shape"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_returns_something_else(value, words):
    assert words in say(lambda logits: value)


def test_generators_and_coroutines(recwarn):
    def generator(logits):
        while True:
            yield 1

    async def coroutine(logits):
        return logits

    assert "yield where return belongs" in say(generator)
    assert "not async def" in say(coroutine)
    assert not [one for one in recwarn if "never awaited" in str(one.message)]


def test_one_branch_without_return():
    def softmax(logits):
        if logits.ndim == 1:
            return GOOD(logits)

    message = say(softmax)
    assert "None on a batch of four rows" in message and "branches" in message


# --- what a function can do -----------------------------------------------------------------------------------------


def test_unwritten_says_which_function():
    def softmax(logits):
        raise NotImplementedError("your code goes here")

    assert "softmax is not written yet" in say(softmax)

    def helper(logits):
        raise NotImplementedError

    def softmax(logits):
        return helper(logits)

    assert "softmax calls helper, which is not written yet" in say(softmax)


def test_raises_and_points_at_the_learners_line():
    def helper(z):
        return z / {}["missing"]  # this line

    def softmax(logits):
        return np.apply_along_axis(helper, -1, logits)

    message = say(softmax)
    assert (
        "KeyError: 'missing'" in message and 'z / {}["missing"]  # this line' in message and "three logits" in message
    )


def test_the_line_is_found_in_notebook_cells(monkeypatch):
    import linecache

    source = "def softmax(logits):\n    z = logits\n    return z / undefined_name\n"
    linecache.cache["<cell 7>"] = (len(source), None, source.splitlines(True), "<cell 7>")
    space = {}
    exec(compile(source, "<cell 7>", "exec"), space)
    message = say(space["softmax"])
    assert "line 3 of softmax: return z / undefined_name" in message and "cell above that was not run" in message


class Rude(BaseException):
    pass


class Mute(Exception):
    def __str__(self):
        raise ValueError("I do not talk")


@pytest.mark.parametrize(
    "error, words",
    [
        (SystemExit(1), "exit"),
        (GeneratorExit(), "GeneratorExit"),
        (Rude("no"), "Rude: no"),
        (Mute(), "Mute"),
        (StopIteration(), "StopIteration"),
        (MemoryError(), "memory"),
        (Warning("w"), "Warning"),
        (AssertionError(), "AssertionError"),
        (Exception("x\n" * 999), "Exception: x x"),
    ],
)
def test_raises_anything(error, words):
    def softmax(logits):
        raise error

    assert words in say(softmax)


def test_exit_and_recursion():
    def leave(logits):
        sys.exit("bye")

    def forever(logits):
        return forever(logits)

    assert "use return" in say(leave)
    assert "calls itself again" in say(forever)


def test_helpful_words_for_frequent_errors():
    assert "keepdims=True" in say(lambda z: np.exp(z - z.max(-1)) / np.exp(z).sum(-1))

    def in_place(logits):
        logits = logits.copy()
        logits -= logits.max(-1, keepdims=True) * 1.0
        return GOOD(logits)

    assert "holds integers" in say(in_place)


def test_prints_are_kept_away(capsys):
    def softmax(logits):
        for _ in range(100):
            print("step", logits)
        print("oops", file=sys.stderr)
        sys.stdout.close()
        return GOOD(logits)

    result = check(softmax)
    assert result and "printed is not shown" in result.message
    assert capsys.readouterr() == ("", "")


def test_warnings_and_numpy_settings_do_not_fail_an_answer(recwarn):
    import warnings

    with np.errstate(all="raise"):

        def softmax(logits):
            warnings.warn("careful", stacklevel=1)
            np.array([1e308]) * 10, np.log(np.zeros(1)), np.zeros(1) / 0
            return GOOD(logits)

        assert check(softmax)
    assert not recwarn.list


# --- arguments -------------------------------------------------------------------------------------------------------


def test_changing_the_argument_is_told():
    def softmax(logits):
        answer = GOOD(logits)
        logits[...] = 0
        return answer

    result = check(softmax)
    assert result.mistake == "changes-argument" and "changes its argument logits" in result.message

    def worst_case_loss(policy, payoff):
        payoff.sort(axis=0)
        policy[0] += 1
        return 0.0

    assert "changes its argument payoff and policy" in say(worst_case_loss, "worst_case_loss")


def test_the_next_input_is_not_touched_by_a_function_that_changes_this_one():
    def softmax(logits):
        logits *= 0
        return logits

    say(softmax)
    assert check(GOOD)


def test_one_buffer_returned_again_and_again_is_still_judged_by_its_value():
    buffer = np.zeros(3)

    def softmax(logits):
        if logits.shape == (3,):
            buffer[:] = GOOD(logits)
            return buffer
        return GOOD(logits)

    assert check(softmax)


# --- time ------------------------------------------------------------------------------------------------------------


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
def test_a_function_that_never_returns_is_stopped(function, half_a_second, monkeypatch, capfd):
    lost = []
    hook = lost.append  # no line of Python, into which the next signal could fall
    monkeypatch.setattr(sys, "unraisablehook", hook)
    assert "had not finished" in say(function)
    assert sys.unraisablehook is hook and not lost and "TimeUp" not in capfd.readouterr().err


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
def test_other_threads_use_a_trace_function(half_a_second):
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
def test_other_threads_end_a_loop_on_one_line(loop, half_a_second):
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
    old = signal.signal(signal.SIGALRM, lambda *args: rang.append(1))
    before = signal.setitimer(signal.ITIMER_REAL, 3000, 0)
    try:
        check(GOOD, "softmax")
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left <= 3000 and not rang and signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL
    finally:
        signal.signal(signal.SIGALRM, old)
        signal.setitimer(signal.ITIMER_REAL, *before)


def test_keyboard_interrupt_passes_through():
    def softmax(logits):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started deaf to it
    try:
        with pytest.raises(KeyboardInterrupt):
            check(softmax)
    finally:
        signal.signal(signal.SIGINT, before)
    assert check(GOOD)  # and nothing is left behind: streams, timers


# --- what can be passed to check -------------------------------------------------------------------------------------


def test_things_that_are_not_functions():
    for thing, words in [
        (np.ones(3), "check(softmax), not check(softmax(logits))"),
        (None, "None"),
        (3.0, "numbers"),
        ({}, "dict"),
    ]:
        assert words in say(thing, None) or words in check(thing).message
    assert "without quotation marks: check(softmax)" in say("softmax", None)


def test_unknown_names_suggest_the_nearest():
    def sofmax(logits):
        return logits

    assert "Did you mean softmax?" in say(sofmax, None)

    def zzz(logits):
        return logits

    assert "The exercises are: softmax" in say(zzz, None)
    assert "Did you mean softmax?" in say(zzz, "sotfmax")
    assert "no name of its own" in check(lambda logits: logits).message


def test_wrong_signatures_say_the_right_one():
    def softmax():
        return 1

    assert "softmax(logits)" in say(softmax)

    def softmax(logits, axis):
        return 1

    message = say(softmax)
    assert "softmax(logits)" in message and "(logits, axis)" in message

    def softmax(*, logits):
        return 1

    assert "softmax(logits)" in say(softmax)

    def softmax(z, axis=-1, **kwargs):  # other names and more defaults are the learner's business
        return GOOD(z)

    assert check(softmax)


def test_lambdas_partials_instances_and_methods():
    softmax = lambda z: GOOD(z)  # noqa: E731
    assert check(softmax)
    softmax = functools.partial(lambda scale, z: GOOD(scale * z), 1)
    assert check(softmax)

    class Softmax:
        def __call__(self, logits):
            return GOOD(logits)

        def softmax(self, logits):
            return GOOD(logits)

    softmax = Softmax()
    assert check(softmax) and check(Softmax().softmax) and check(Softmax(), "softmax")
    assert "Did you mean softmax" in check(Softmax()).message
    assert not check(Softmax)  # the class itself: calling it makes an object
    assert check(functools.partial(GOOD))


def test_hostile_names_and_signatures():
    class Evil:
        @property
        def __name__(self):
            raise RuntimeError

        @property
        def __signature__(self):
            raise RuntimeError

        def __call__(self, *args):
            return 1

    assert not check(Evil()) and not check(Evil(), "softmax")
    assert isinstance(hint(Evil()), Hint)
    assert not check(np.exp, "softmax") and not check(print, "softmax") and not check(type, "softmax")


def test_a_fault_of_the_check_is_said_and_not_raised(monkeypatch):
    monkeypatch.setattr(exercise, "run_all", lambda *args: 1 / 0)
    message = say(GOOD)
    assert "fault of the check" in message and "ZeroDivisionError" in message


# --- general diagnosis, in its order -------------------------------------------------------------------------------


def test_sign_factor_offset():
    right = registry()["corridor_value"].truth
    assert "2 times what is wanted" in say(lambda p: 2 * right(p), "corridor_value")
    assert "1/3 times what is wanted" in say(lambda p: right(p) / 3, "corridor_value")
    assert "off by the same number on every input: +7" in say(lambda p: right(p) + 7, "corridor_value")
    assert "sign is flipped" in say(lambda z: -GOOD(z))
    q = registry()["epsilon_greedy_probs"].truth
    assert "A times too small" in say(lambda q_values, e: q(q_values, e) / len(q_values), "epsilon_greedy_probs")
    assert "A times too large" in say(lambda q_values, e: q(q_values, e) * len(q_values), "epsilon_greedy_probs")


def test_transpose_is_noticed():
    message = say(lambda z: GOOD(z).T)
    assert "(3, 4)" in message and "(4, 3)" in message and "transpose" in message


def test_only_one_index():
    def first(z):
        p = GOOD(z).copy()
        p[..., 1:] = p[..., 1:] ** 2 + 0.013
        return p

    def last(z):
        p = GOOD(z).copy()
        p[..., :-1] = p[..., :-1] ** 2 + 0.013
        return p

    def but_first(z):
        p = GOOD(z).copy()
        p[..., 0] = p[..., 0] ** 2 + 0.013
        return p

    assert "only the first action is right" in say(first)
    assert "only the last action is right" in say(last)
    assert "every action but the first is right" in say(but_first)


def test_shapes_with_an_axis_of_length_one():
    assert "Take the number out" in say(lambda policy, payoff: np.ones(1), "worst_case_loss")
    assert "Drop the axis of length 1" in say(lambda P, R, policy, gamma: np.ones((len(R), 1)), "state_values")


def test_an_if_on_an_array_is_explained():
    assert "np.where chooses" in say(lambda p: 1.0 if p < 0.5 else 2.0, "corridor_value")


def test_rounded_to_a_few_decimals():
    for decimals, words in ((1, "1 decimal."), (2, "2 decimals.")):
        for name in ("softmax", "surrogate", "kl_step", "optimal_policy"):
            message = say(lambda *args, name=name, d=decimals: np.round(registry()[name].truth(*args), d), name)
            assert f"rounded to {words}" in message and "print" in message


def test_what_cannot_be_said_of_an_array_is_not_said():
    """Right but for a table, which comes transposed: no argument is 0 anywhere."""
    truth = registry()["pass_at_k"].truth
    message = say(lambda n, c, k: np.asarray(truth(n, c, k)).T, "pass_at_k")
    assert "is 0" not in message and "a table" in message


def test_an_argument_that_counts_by_its_rows_or_its_sum_is_not_called_unused():
    """Both answers are wrong and move with the argument: any() over its rows, and its mean."""

    def any_column(rewards, values, next_values, terminated, truncated, gamma):
        over = terminated.any(axis=1, keepdims=True)
        return rewards + gamma * np.where(over, 0, next_values) - values

    assert "is not used" not in say(any_column, "td_errors")
    means = lambda new, old, A: np.mean(new) ** 3 * np.mean(A)  # noqa: E731
    assert "when old_log_probs changes" in say(means, "surrogate")
    assert "is not used" not in say(lambda new, old, A: np.mean(new) ** 3 * np.mean(A) + np.mean(old), "surrogate")


def test_min_of_arrays_and_math_of_arrays_get_advice():
    from math import comb

    assert "np.minimum" in say(lambda new, old, A, eps: min(np.exp(new - old) * A, A), "clip_objective")
    assert "NumPy works on all" in say(lambda n, c, k: 1 - comb(n - c, k) / comb(n, k), "pass_at_k")


def test_precision():
    assert "three digits, but not to six" in say(lambda z: np.round(GOOD(z), 4))
    assert "three digits, but not to six" in say(
        lambda z: np.round(GOOD(z) * (1 + 1e-5 * np.sin(np.arange(np.shape(z)[-1]))), 16)
    )


def test_smallest_failing_input_side_by_side():
    def corridor_value(p):
        return registry()["corridor_value"].truth(p) * (1 + np.asarray(p)) + 3

    message = say(corridor_value, "corridor_value")
    assert (
        "wanted" in message
        and "got" in message
        and "p_right = 0.5" in message
        and "Stuck? hint(corridor_value)" in message
    )


def test_infinity_names_the_input():
    def softmax(logits):
        return GOOD(logits) / (logits.ndim == 1) - 0 * logits

    message = say(softmax)
    assert "NaN" in message or "infinity" in message
    assert "a batch of four rows" in message


@pytest.mark.parametrize("name", ["surrogate", "kl_loss_weights"])
def test_numbers_are_not_infinite_where_large_ones_are_wanted(name):
    """e^50 is wanted of one, 1e13 of the other: half of it is a factor, and not "not finite"."""
    truth = registry()[name].truth
    message = say(lambda *args: truth(*args) / 2, name)
    assert "1/2 times what is wanted" in message and "finite" not in message

    assert "huge numbers" in say(lambda *args: truth(*args) + 1e30, name)


def test_more_than_one_answer_is_called_so():
    truth = registry()["surrogate"].truth
    for more in (
        lambda new, old, A: (truth(new, old, A), np.exp(new - old)),
        lambda new, old, A: (new, old),
        lambda new, old, A: (truth(new, old, A), 1.0),
    ):
        assert "a tuple of 2 things, where one answer belongs" in say(more, "surrogate")
    assert "shape (2,), wanted is (3,)" in say(lambda z: tuple(registry()["softmax"].truth(z))[:2])  # too few numbers
    assert "a ragged list" in say(lambda z: [[1.0], [1.0, 2.0]])
    softmax = registry()["softmax"].truth
    assert check(lambda z: tuple(softmax(z)), "softmax")  # a tuple of the numbers that were asked for is one answer


# --- how verdicts look ------------------------------------------------------------------------------------------------


def test_display():
    passed, failed = check(GOOD), check(lambda logits: "<b>&", "softmax")
    assert passed and repr(passed).startswith("softmax: right\n") and repr(failed).startswith("softmax: not yet\n")
    for result in (passed, failed, hint("softmax")):
        html = result._repr_html_()
        assert "pg-check" in html and "<script" not in html and repr(result).isprintable() is False
        assert "color:" not in html.replace("border", "")  # text keeps the page's own colour
    assert "&lt;b&gt;" in Result(False, "<b>", None, "x")._repr_html_()
    repr(passed).encode("ascii")


def test_the_shape_of_result_and_hint():
    result = check(GOOD)
    assert (result.passed, result.mistake) == (True, None) and Result(True, "m").exercise == ""
    assert "Did you mean softmax" in hint("sotfmax").message
    assert hint(GOOD).title.startswith("softmax: hint")
    assert isinstance(hint(None), Hint) and isinstance(hint(3), Hint)


def test_values_that_differ_are_shown_differently():
    """A near tie must not look like a tie to somebody who is stuck."""
    from learning_to_act.checks.remarks import show

    assert show(np.array([1.0, 1 - 1e-9, 0])) == "[1, 0.999999999, 0]"
    assert show(np.array([0.5, -1.25, np.inf])) == "[0.5, -1.25, inf]" and show(1 / 3) == "0.333333"


def test_an_array_where_one_number_was_expected_gets_advice():
    def corridor_value(p):
        return float((2 * p - 4) / (p * (1 - p)))

    assert "take one number, and this is an array" in say(corridor_value, "corridor_value")


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
