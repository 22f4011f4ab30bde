"""The Python side of the explorables: what travels to the page, and what is refused."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import traitlets

import learning_to_act.explorables as explorables
from learning_to_act.explorables.base import Explorable
from learning_to_act.palette import COLORS

HERE = Path(explorables.__file__).parent
CLASSES = sorted(Explorable.__subclasses__(), key=lambda c: c.__name__)


@pytest.mark.slow
@pytest.mark.parametrize("cls", CLASSES)
def test_one_text_carries_the_helpers_and_the_drawing(cls):
    esm = str(cls()._esm)
    assert "import " not in re.sub(r"//.*|/\*.*?\*/", "", esm, flags=re.S), "a stored widget has no file beside it"
    assert esm.count("export default") == 1 and "export function explorable" in esm
    assert len(esm.encode()) < 60_000


@pytest.mark.parametrize("cls", CLASSES)
def test_it_says_the_same_every_time(cls):
    one, two = cls(), cls()
    assert repr(one) == repr(two) and "0x" not in repr(one) and one.title in repr(one)
    keep = [{k: v for k, v in w.get_state().items() if k not in ("layout",)} for w in (one, two)]
    assert keep[0] == keep[1]
    json.dumps(keep[0])


def test_each_class_has_its_own_module_and_words():
    for text in ([c.js for c in CLASSES], [c().title for c in CLASSES]):
        assert len(set(text)) == len(CLASSES)


@pytest.mark.parametrize("path", sorted(HERE.glob("*.js")) + [HERE / "explorable.css"], ids=lambda p: p.name)
def test_colours_come_from_the_palette(path):
    text = path.read_text("utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=[\"'; )])|\brgba?\(|\bhsl", text)
    used = set(re.findall(r"var\(--pg-(\w+)", text))
    assert used <= set(COLORS)


def test_the_style_has_both_pages_and_paper():
    css = str(explorables.ShortCorridor()._css)
    light, dark = COLORS["policy"]
    assert f"--pg-policy: {light}" in css and f"--pg-policy: {dark}" in css
    assert css.index("@media print") > css.index(f"--pg-policy: {dark}")
    assert "html[data-theme=dark] .pg-explorable" in css and "[data-jp-theme-light=false] .pg-explorable" in css


@pytest.mark.parametrize(
    "make",
    [
        lambda: explorables.ShortCorridor(p=1.5),
        lambda: explorables.ShortCorridor(cells=4),
        lambda: explorables.ShortCorridor(p="half"),
        lambda: explorables.SimplexGame(policy=[0.5, 0.5]),
        lambda: explorables.SimplexGame(policy=[0.5, 0.6, -0.1]),
        lambda: explorables.SimplexGame(policy=[0.5, 0.4, 0.3]),
        lambda: explorables.SimplexGame(policy=[float("nan"), 0.5, 0.5]),
        lambda: explorables.SimplexGame(game="chess"),
        lambda: explorables.BinsVsDimensions(joints=0),
        lambda: explorables.BinsVsDimensions(bins=2.5),
        lambda: explorables.ScoreSampler(f=[0, 1, 2]),
        lambda: explorables.ScoreSampler(samples=50),
        lambda: explorables.ScoreSampler(mu=3),
        lambda: explorables.EstimatorRace(horizon=3),
        lambda: explorables.EstimatorRace(target=0),
        lambda: explorables.EstimatorRace(loan=-1),
        lambda: explorables.TrainingReplay(checkpoint=21),
        lambda: explorables.TrainingReplay(episode="best"),
        lambda: explorables.TrainingReplay(step=-1),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(traitlets.TraitError):
        make()


def test_settings_can_be_given_and_changed():
    figure = explorables.ShortCorridor(p=0.25, cells=5)
    figure.p = 0.75
    assert (figure.p, figure.cells, figure.epsilon) == (0.75, 5, 0.1)


def test_the_package_does_not_load_widgets_by_itself():
    code = (
        "import sys, policy_gradient; sys.exit(any(m in sys.modules for m in ('anywidget', 'ipywidgets', "
        "'learning_to_act', 'policy_gradient.explorables')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
