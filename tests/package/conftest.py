"""What tests of the package share."""

import pytest

from tests.helpers.others import other


@pytest.fixture(scope="module")
def torch():
    module = other("torch")
    module.set_num_threads(1)
    return module
