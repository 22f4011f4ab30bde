"""Every figure that moves has a still, for readers without scripts."""

import imagesize
import pytest

from tools.make import stills


@pytest.mark.parametrize("name", stills.used())
def test_a_figure_has_its_still(name):
    path = stills.STILLS / f"{name}.png"
    assert path.exists(), f"make book && python -m tools.make.stills {name}"
    width, height = imagesize.get(path)
    assert 600 < width <= stills.WIDTH and height > 200 and path.stat().st_size < 50_000


def test_no_still_is_left_over():
    assert {path.stem for path in stills.STILLS.glob("*.png")} == set(stills.used())
