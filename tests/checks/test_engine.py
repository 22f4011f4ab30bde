"""The engine under functions that do everything but answer. Nothing they do may get out of `check`."""

import functools
import os
import signal
import time

import numpy as np
import pytest

from learning_to_act.checks import Hint, check, exercise, hint
from tests.helpers.checks import GOOD, say

# --- the stop button -------------------------------------------------------------------------------------------------


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

    class softmax:
        def __call__(self, logits):
            return GOOD(logits)

    assert "the class itself: make one of it" in say(softmax, "softmax") and check(softmax())
    assert "a method of the class: make one of it" in say(softmax.__call__, "softmax")

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
