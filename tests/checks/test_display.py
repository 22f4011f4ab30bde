"""How a verdict and a hint look, and what of an array is shown."""

import numpy as np

from learning_to_act.checks import Hint, Result, check, hint
from tests.helpers.checks import GOOD


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
