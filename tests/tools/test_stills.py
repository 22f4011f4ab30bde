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


def test_a_figure_that_no_page_has_is_told_and_those_that_there_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["stills", "TheDial", "Nothing"])
    with pytest.raises(SystemExit) as end:
        stills.main()
    assert end.value.code == 2 and "no page has a figure Nothing; there are " in (told := capsys.readouterr().err)
    assert "TheDial" in told


def test_no_still_is_left_over():
    assert {path.stem for path in stills.STILLS.glob("*.png")} == set(stills.used())
