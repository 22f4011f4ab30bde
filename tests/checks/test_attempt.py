"""A learner's function run once: whatever it returns, raises or does to its arguments, nothing gets out of `check`."""

import sys
from decimal import Decimal

import numpy as np
import pytest

from learning_to_act.checks import check
from tests.helpers.checks import GOOD, say


class Liar:
    """Pretends to be an array."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("not today")


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
        (np.ma.masked_array([0.5, 0.5, 0.0], [False, False, True]), "a masked array that hides some of its numbers"),
        (np.ma.masked, "a masked array"),
        (np.ma.masked_array([0.5, 0.5, 0.0, 1.0, 2.0]), "shape"),
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
