"""The truth of chapter 8's exercises, on other machines than this one."""

import numpy as np
import pytest

from learning_to_act.exercises import language_models


def test_the_truth_of_optimal_policy_needs_no_exponent_that_a_browser_s_python_has_not(monkeypatch):
    """Where integers have 32 bits, as in the page, decimals end at 425 million."""
    exercise = language_models.OPTIMAL_POLICY
    for limit in ("MAX_EMAX", "MIN_EMIN"):
        monkeypatch.setattr(language_models, limit, 425_000_000 * (1 if limit == "MAX_EMAX" else -1))
    for case in exercise.cases(np.random.default_rng(0)):
        assert np.sum(exercise.truth(*case.args), axis=-1) == pytest.approx(1)
