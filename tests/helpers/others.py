"""Other people's libraries, where there are any: each in an environment of its own."""

import os

import pytest

WHY = "in an environment of its own: make test-autodiff runs this"


def other(name):
    """The module, or a skip with its reason; under `make test-autodiff` nothing may be skipped."""
    if os.environ.get("PG_NOTHING_SKIPPED"):
        return __import__(name, fromlist=["_"])
    return pytest.importorskip(name, reason=f"{name} is {WHY}")
