"""The figures show the data they are given: positions, heights and intervals are read back from what was drawn."""

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy import stats

from learning_to_act import palette, plots


@pytest.fixture
def ax():
    with plots.book_style():
        figure = Figure((6, 3.5), dpi=100)
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        yield axes
        figure.canvas.draw()  # nothing that was drawn may fail when it is painted


def texts(ax):
    return [t.get_text() for t in ax.texts]


def test_value_curve_names_its_marks(ax):
    x = np.linspace(0.02, 0.98, 97)
    J = lambda p: (2 * p - 4) / (p * (1 - p))  # noqa: E731  Sutton & Barto, Example 13.1
    line = plots.value_curve(
        ax, x, J(x), {"left": (0.05, J(0.05)), "best": (0.586, J(0.586)), "right": (0.95, J(0.95))}
    )
    assert np.array_equal(line.get_xydata(), np.stack([x, J(x)], axis=1))
    assert texts(ax) == ["left", "best", "right"] and [t.get_ha() for t in ax.texts] == ["left", "center", "right"]
    assert [tuple(mark.get_xydata()[0]) for mark in ax.lines[1:]] == [
        (0.05, J(0.05)),
        (0.586, J(0.586)),
        (0.95, J(0.95)),
    ]


@pytest.mark.filterwarnings("error")
def test_value_curve_of_one_point_has_its_name_too(ax):
    plots.value_curve(ax, [0.3], [1.0], {"here": (0.3, 1.0)})
    assert texts(ax) == ["here"] and np.isfinite(ax.texts[0].xyann).all()


def test_simplex_points_are_barycentric():
    corners = plots.simplex_points(np.eye(3))
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    assert np.allclose(sides, 1)
    policy = np.array([0.2, 0.5, 0.3])
    point = plots.simplex_points(policy)
    for i in range(3):  # a probability is the share of the area opposite to its corner
        a, b = corners[(i + 1) % 3] - point, corners[(i + 2) % 3] - point
        assert abs(a[0] * b[1] - a[1] * b[0]) / 2 / (np.sqrt(3) / 4) == pytest.approx(policy[i])


def test_simplex_asks_for_the_value_of_policies_only(ax):
    asked = []

    def worst(policies):
        asked.append(policies)
        return policies.max(axis=1)

    plots.simplex(ax, worst)
    assert np.allclose(asked[0].sum(axis=1), 1) and asked[0].min() >= 0
    assert {"rock", "paper", "scissors"} <= set(texts(ax))


def test_simplex_shades_the_larger_value_darker(ax):
    plots.simplex(ax, lambda policies: policies[:, 0])
    ax.figure.canvas.draw()
    picture = np.asarray(ax.figure.canvas.buffer_rgba())[..., :3].sum(axis=-1)

    def shade(policy):
        x, y = ax.transData.transform(plots.simplex_points(policy)).round().astype(int)
        return np.median(picture[-y - 3 : -y + 4, x - 3 : x + 4])

    assert shade([0.9, 0.05, 0.05]) < shade([0.5, 0.25, 0.25]) < shade([0.04, 0.48, 0.48])


def test_bandit_shows_what_bins_can_reach(ax):
    plots.bandit(ax, lambda a: 1 - (a - 0.3) ** 2, -1, 1, bins=4, mean=0, std=0.2)
    centres = np.array([-0.75, -0.25, 0.25, 0.75])
    assert any(np.allclose(line.get_xdata(), centres) for line in ax.lines if len(line.get_xdata()) == 4)
    assert "best of 4 bins: 0.998" in texts(ax)  # 1 - .05**2 = .9975


def test_bandit_takes_the_actions_themselves(ax):
    plots.bandit(ax, lambda a: 1 - (a - 0.3) ** 2, -1, 1, bins=np.linspace(-1, 1, 3))
    assert any(np.allclose(line.get_xdata(), [-1, 0, 1]) for line in ax.lines if len(line.get_xdata()) == 3)
    assert "best of 3 bins: 0.910" in texts(ax)  # 0 of -1, 0, 1: 1 - .3**2


def test_the_triangle_stands_as_the_page_s_figure_does(ax):
    """Rock left, paper on top, scissors right: as simplex.js draws it."""
    rock, paper, scissors = plots.simplex_points(np.eye(3))
    assert rock[0] < paper[0] < scissors[0] and paper[1] > rock[1] == scissors[1]


def test_learning_curves_draw_the_t_interval_of_scipy(ax):
    returns = np.random.default_rng(0).normal(size=(7, 5)) + np.arange(5)
    mean, low, high = plots.learning_curves(ax, np.arange(5), returns, "softmax")
    wanted = stats.t.interval(0.95, 6, loc=returns.mean(axis=0), scale=stats.sem(returns, axis=0))
    assert np.allclose((low, high), wanted) and np.allclose(ax.lines[0].get_ydata(), returns.mean(axis=0))
    assert ax.get_title(loc="left") == "mean of 7 seeds, 95 % interval" and texts(ax) == ["softmax"]


def test_arrows_keep_their_angle_on_the_screen(ax):
    quiver = plots.arrows(
        ax, (0, 0), [(-0.078125, 0.015625), (0.09375, 0.125)], ["exact", "no visitation"], ["score", "where"]
    )
    ax.figure.canvas.draw()
    assert (quiver.U == [-0.078125, 0.09375]).all() and (quiver.V == [0.015625, 0.125]).all()
    start, tip = ax.transData.transform([(0, 0), (0.09375, 0.125)])
    assert np.arctan2(*(tip - start)[::-1]) == pytest.approx(np.arctan2(0.125, 0.09375))
    shown = ax.viewLim
    assert shown.contains(-0.078125, 0.015625) and shown.contains(0.09375, 0.125)


def test_bars_that_say_how_good_are_hatched(ax):
    good, policy = plots.bars(ax, [1, 2], ["a", "b"], "good"), plots.bars(ax, [3, 4], ["c", "d"])
    assert [b.get_height() for b in good] == [1, 2] and good[0].get_hatch() and not policy[0].get_hatch()
    assert to_hex(policy[0].get_facecolor()).upper() == palette.color("policy")


def test_style_is_for_a_block_or_for_good():
    before = matplotlib.rcParams["font.size"]
    with plots.book_style():
        assert matplotlib.rcParams["font.size"] == 13
        assert [to_hex(c["color"]).upper() for c in matplotlib.rcParams["axes.prop_cycle"]][0] == palette.color(
            "policy"
        )
        assert len({c["linestyle"] for c in matplotlib.rcParams["axes.prop_cycle"]}) == 4  # not by colour alone
    assert matplotlib.rcParams["font.size"] == before
    with matplotlib.rc_context():
        plots.style()
        assert matplotlib.rcParams["font.size"] == 13


def test_text_is_readable_on_a_phone():
    """A picture 600 pixels wide, shown in 340: the smallest letters of the style stay above 9 pixels."""
    sizes = [v for k, v in plots.STYLE.items() if k.endswith("size") and k != "lines.markersize" and np.isscalar(v)]
    assert min(sizes) * 100 / 72 * 340 / 600 > 9


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda ax: plots.value_curve(ax, [1, 2], [1]), "x and values must be"),
        (lambda ax: plots.simplex_points([0.5, 0.5]), "policies must have three actions"),
        (lambda ax: plots.simplex(ax, lambda p: 0.0), "value must give one number per policy"),
        (lambda ax: plots.bandit(ax, np.abs, 1, -1), "low must be below high"),
        (lambda ax: plots.bandit(ax, np.abs, -1, 1, bins=0), "bins must be at least 1"),
        (lambda ax: plots.bandit(ax, np.abs, -1, 1, mean=0, std=0), "std must be positive"),
        (lambda ax: plots.learning_curves(ax, [1, 2], np.ones((1, 2)), "a"), "at least two seeds"),
        (lambda ax: plots.learning_curves(ax, [1, 2], np.ones((5, 3)), "a"), r"returns must have shape \(seeds, 2\)"),
        (lambda ax: plots.learning_curves(ax, [1, 2], np.ones((5, 2)), "a", level=95), "level must lie between"),
        (lambda ax: plots.arrows(ax, (0, 0), [1, 2, 3]), r"vectors must have shape \(N, 2\)"),
        (lambda ax: plots.bars(ax, [1, 2, 3], ["a"]), "heights must have one entry"),
    ],
)
def test_bad_input_is_named(ax, call, said):
    with pytest.raises(ValueError, match=said):
        call(ax)


@pytest.mark.parametrize("wrong_end, apart", [(0.4, False), (1.95, True)])
def test_mended_shows_both_curves_under_the_best_and_keeps_their_labels_apart(ax, wrong_end, apart):
    rng = np.random.default_rng(3)
    wrong, right = (np.linspace(0, end, 6) + rng.normal(scale=0.01, size=(4, 6)) for end in (wrong_end, 2.0))
    plots.mended(ax, wrong, right, best=2.5)
    ends = {t.get_text(): t for t in ax.texts}
    assert set(ends) == {"as given", "mended", "best"}
    curves = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == 6]
    assert np.allclose(curves[0], wrong.mean(axis=0)) and np.allclose(curves[1], right.mean(axis=0))
    assert any(np.allclose(line.get_ydata(), 2.5) for line in ax.lines) and ax.get_xlim() == (0, 5)
    ax.figure.canvas.draw()
    boxes = [ends[name].get_window_extent() for name in ("as given", "mended")]
    assert not boxes[0].overlaps(boxes[1])
    assert (ends["mended"].xyann[1] - ends["as given"].xyann[1] > 0) == apart
