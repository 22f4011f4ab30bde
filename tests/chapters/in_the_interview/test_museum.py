"""The museum of mistakes: every exhibit complete, every credit an address, and no assertion that cannot fail.

What was written and what was mended are exchanged, exhibit by exhibit: the number that exposes the one must then
disappear, and the number that clears the other must be refused.
The numbers themselves are computed again here, by hand or by SciPy.
"""

import ast
import builtins
import json
import re
from collections import Counter
from fractions import Fraction as F
from functools import cache
from itertools import combinations, product

import matplotlib
import nbformat
import numpy as np
import pytest
import yaml
from scipy import integrate, stats

import policy_gradient as pg
from tools import contents
from tools.paths import ROOT

NOTEBOOK = nbformat.read(ROOT / "notebooks/museum-of-mistakes.ipynb", as_version=4)
CELLS = {c.id: c for c in NOTEBOOK.cells}
SLUGS = [c.id[2:-7] for c in NOTEBOOK.cells if re.fullmatch(r"m-\w+-credit", c.id)]
PARTS = ["", "-written", "-number-text", "-number", "-mended-text", "-mended", "-credit"]
LABELS = ["What was written", "The number that exposes it", "The mended line", "Credit"]
ROOMS = ["estimator", "baseline", "returns", "end", "law", "language", "step"]
each = pytest.mark.parametrize("slug", SLUGS)

# Every address that was opened and read, and what kind of thread it is. A credit may name no other.
READ = {
    "https://github.com/natolambert/rlhf-book": {"issues/125", "pull/132"},
    "https://github.com/huggingface/deep-rl-class": {"issues/285", "issues/527"},
    "https://github.com/Farama-Foundation/Gymnasium": {"issues/1336"},
    "https://github.com/JuliaReinforcementLearning/ReinforcementLearningZoo.jl": {"pull/169"},
    "https://github.com/RITCHIEHuang/DeepRL_Algorithms": {"issues/13"},
    "https://github.com/DeepReinforcementLearning/DeepReinforcementLearningInAction": {"issues/32"},
    "https://github.com/alessiodm/drl-zh": {"issues/5", "pull/6"},
    "https://github.com/pytorch/examples": {"issues/590", "pull/1422"},
    "https://github.com/pytorch/tutorials": {"pull/3893"},
    "https://github.com/keras-team/keras-io": {"issues/194"},
    "https://github.com/coreylynch/async-rl": {"issues/8"},
    "https://github.com/dennybritz/reinforcement-learning": {"issues/185"},
    "https://github.com/ufal/npfl122": {"issues/117"},
    "https://github.com/facebookresearch/Pearl": {"issues/46"},
    "https://github.com/hunkim/ReinforcementZeroToAll": {"issues/1", "pull/4"},
    "https://github.com/jsboige/CoursIA": {"pull/7821", "pull/7825"},
    "https://github.com/Toni-SM/skrl": {"issues/224", "issues/449"},
    "https://github.com/thu-ml/tianshou": {"issues/312"},
    "https://github.com/vwxyzjn/cleanrl": {"issues/240"},
    "https://github.com/automl/Mighty": {"pull/117", "pull/118"},
    "https://github.com/hill-a/stable-baselines": {"issues/1059", "pull/1060", "issues/216"},
    "https://github.com/ray-project/ray": {"issues/6393", "pull/2968", "pull/6475", "issues/19291"},
    "https://github.com/MrSyee/pg-is-all-you-need": {"issues/37"},
    "https://github.com/DLR-RM/stable-baselines3": {"issues/127"},
    "https://github.com/huggingface/trl": {"pull/3029", "pull/3256", "pull/3240", "issues/4967"},
    "https://github.com/OpenRLHF/OpenRLHF": {"pull/853", "pull/1309"},
    "https://github.com/jvmncs/safe-grid-agents": {"pull/28"},
    "https://github.com/yandexdataschool/Practical_RL": {"issues/248"},
    "https://github.com/NVIDIA-NeMo/RL": {"pull/2506", "issues/1518", "pull/1519", "pull/4158"},
    "https://github.com/allenai/open-instruct": {"pull/535", "pull/1161"},
    "https://github.com/meta-pytorch/torchtune": {"pull/1875"},
    "https://github.com/thinking-machines-lab/tinker-cookbook": {"issues/579"},
    "https://github.com/leggedrobotics/rsl_rl": {"issues/151", "issues/20"},
    "https://github.com/anthonytorlucci/rlevo": {"issues/342"},
    "https://github.com/RoboVerseOrg/RoboVerse": {"pull/814"},
    "https://github.com/takuseno/ppo": {"issues/3"},
    "https://github.com/wojzaremba/trpo": {"issues/2"},
    "https://github.com/rll/rllab": {"issues/24"},
}


# --- each exhibit is complete -----------------------------------------------------------------------------------------


def test_there_are_at_least_fifteen_exhibits():
    assert len(SLUGS) >= 15 and len(set(SLUGS)) == len(SLUGS)


@each
def test_four_parts_in_this_order(slug):
    ids = [c.id for c in NOTEBOOK.cells]
    start = ids.index(f"m-{slug}")
    assert ids[start : start + len(PARTS)] == [f"m-{slug}{part}" for part in PARTS]
    texts = [CELLS[f"m-{slug}{part}"].source for part in PARTS if CELLS[f"m-{slug}{part}"].cell_type == "markdown"]
    assert [re.findall(r"^\*\*([^*]+)\.\*\*", text, re.MULTILINE) for text in texts] == [[label] for label in LABELS]
    assert all(len(re.sub(r"\*\*.*?\*\*|#.*", "", text).split()) > 1 for text in texts)


def test_numbered_in_order_and_listed_in_the_index():
    titles = [re.search(r"^### (.+)$", CELLS[f"m-{slug}"].source, re.MULTILINE)[1] for slug in SLUGS]
    assert [int(title.split(".")[0]) for title in titles] == list(range(1, len(SLUGS) + 1))
    listed = re.findall(r'<a href="#m-(\w+)">(\d+\. [^<]+)</a>', CELLS["index"].source)
    assert listed == list(zip(SLUGS, titles))
    anchors = re.findall(r'<a id="([\w-]+)"></a>', "\n".join(c.source for c in NOTEBOOK.cells))
    assert set(re.findall(r'href="#([\w-]+)"', CELLS["index"].source)) == set(anchors) and len(anchors) == len(
        set(anchors)
    )


def test_the_rooms_tell_a_story_in_order():
    assert [c.id for c in NOTEBOOK.cells if c.id.startswith("room-")] == [f"room-{room}" for room in ROOMS]


@each
def test_the_credit_is_kind_and_has_an_address_that_was_read(slug):
    text = CELLS[f"m-{slug}-credit"].source
    links = re.findall(r"\[([^\]]+)\]\((https?://[^)]+)\)", text)
    assert links and "Thanks to" in text
    for label, address in links:
        found = re.fullmatch(r"(https://github\.com/([\w.-]+/[\w.-]+))/((issues|pull)/(\d+))", address)
        assert found, address
        kind = {"issues": "issue", "pull": "pull request"}[found[4]]
        assert label == f"{found[2]}, {kind} {found[5]}" and found[3] in READ[found[1]]
    assert not re.search(r"\b(stupid|careless|silly|wrongly|blunder|fool|sloppy|lazy)\b|@\w", text, re.IGNORECASE)


def test_every_address_that_was_read_is_credited():
    credits = "".join(CELLS[f"m-{slug}-credit"].source for slug in SLUGS)
    assert [
        f"{repo}/{thread}"
        for repo, threads in READ.items()
        for thread in threads
        if f"({repo}/{thread})" not in credits
    ] == []


@each
def test_the_number_and_the_cure_are_asserted_and_shown(slug):
    for part in ("number", "mended"):
        cell = CELLS[f"m-{slug}-{part}"]
        tree = ast.parse(cell.source)
        assert any(isinstance(node, ast.Assert) for node in ast.walk(tree))
        assert any(re.search(r"\d", o.get("text", "")) for o in cell.outputs)
    for version in ("written", "mended"):
        assert f"def {slug}_{version}(" in CELLS[f"m-{slug}-{version}"].source


@each
def test_what_was_written_and_what_was_mended_differ_in_a_line_or_two(slug):
    def lines(version):
        source = CELLS[f"m-{slug}-{version}"].source
        function = next(
            n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name == f"{slug}_{version}"
        )
        return Counter(ast.unparse(function).replace(f"{slug}_{version}", "f").splitlines())

    written, mended = lines("written"), lines("mended")
    assert 1 <= sum((mended - written).values()) <= 3 and sum((written - mended).values()) <= 3


def test_code_fits_the_column():
    assert [
        (c.id, line)
        for c in NOTEBOOK.cells
        if c.cell_type == "code"
        for line in c.source.splitlines()
        if len(line) > 80
    ] == []


# --- no assertion is empty --------------------------------------------------------------------------------------------


@cache
def compiled(cell):
    return compile(CELLS[cell].source, cell, "exec")


@pytest.fixture(scope="module")
def visits():
    """{slug: the names that are known when its number is asked for}, from one walk through the museum."""
    matplotlib.use("Agg")
    space, known = {"print": lambda *args, **kwargs: None, "__builtins__": builtins}, {}
    for cell in NOTEBOOK.cells:
        if cell.id == "multiples-text":
            continue
        if cell.cell_type == "code" and not cell.id.endswith(("-plot", "-figure")):
            exec(compiled(cell.id), space)
        for slug in SLUGS:
            if cell.id == f"m-{slug}-mended":
                known[slug] = dict(space)
    return known | {"all": space}


def mended_cell(slug, with_written):
    """The cell of the mended line; with what was written in place of the mended function, if asked for."""
    tree = ast.parse(CELLS[f"m-{slug}-mended"].source)
    where = next(i for i, n in enumerate(tree.body) if isinstance(n, ast.FunctionDef) and n.name == f"{slug}_mended")
    if with_written:
        tree.body[where] = ast.parse(f"{slug}_mended = {slug}_written").body[0]
    return compile(ast.fix_missing_locations(tree), f"m-{slug}-mended", "exec")


@each
def test_the_mended_assertion_refuses_what_was_written(slug, visits):
    exec(mended_cell(slug, with_written=False), dict(visits[slug]))
    with pytest.raises(AssertionError):
        exec(mended_cell(slug, with_written=True), dict(visits[slug]))


@each
def test_the_exposing_assertion_spares_what_was_mended(slug, visits):
    exec(compiled(f"m-{slug}-number"), dict(visits[slug]))
    space = dict(visits[slug])
    space[f"{slug}_written"] = space[f"{slug}_mended"]
    if slug == "standardise":  # alone in its batch, the mended one has nobody to compare with
        space[f"{slug}_written"] = lambda acts, r: (space["score"](acts) * space["to_go"](r)).sum(axis=1).mean()
    with pytest.raises(AssertionError):
        exec(compiled(f"m-{slug}-number"), space)


# --- the table at the exit --------------------------------------------------------------------------------------------


def test_the_table_is_complete_and_a_test_that_passes_everything_would_show(visits):
    space = visits["all"]
    assert space["names"] == SLUGS and len(space["TITLES"]) == len(SLUGS)
    for (_, name), passes in space["trials"].items():
        assert passes(space[f"{name}_mended"]) and name in SLUGS
    for row, slug in enumerate(SLUGS):
        assert any(
            not passes(space[f"{slug}_written"]) for (_, name), passes in space["trials"].items() if name == slug
        ), slug
        assert np.nansum(space["caught"][row]) > 0


def test_the_sentences_at_the_exit_say_what_the_table_says(visits):
    caught, tests = visits["all"]["caught"], visits["all"]["tests"]
    sums = dict(zip(tests, np.nansum(caught, axis=0).astype(int)))
    assert sums == {
        "same pay": 4,
        "exact gradient": 17,
        "split": 5,
        "SciPy": 4,
        "same policy": 1,
        "exact critic": 3,
        "lower bound": 2,
    }
    assert "17 of the 29" in CELLS["end"].source and "The 29 exhibits" in CELLS["title"].source and len(SLUGS) == 29
    slipped = [SLUGS[i] for i in np.nonzero(caught[:, tests.index("exact gradient")] == 0)[0]]
    assert (
        slipped == ["stream", "clipmin", "edge"]
        and "*noise* (10)" in CELLS["end"].source
        and "first update (19, 26)" in CELLS["end"].source
    )
    assert [SLUGS.index(slug) for slug in ("stream", "clipmin", "spread", "edge")] == [9, 18, 14, 25]
    alt = CELLS["catch-figure"].metadata.mystnb.image.alt
    assert (
        "exact gradient has 17 squares, split 5, same pay 4, SciPy 4, exact critic 3, lower bound 2, same policy 1"
        in alt
    )
    assert "three circles, at one stream, at minus in a minimum and at smaller ratio" in alt
    covers = [s for s in combinations(range(7), 5) if (np.nansum(caught[:, s], axis=1) > 0).all()]
    assert covers == [] and "Six small tests" in CELLS["title"].source


def test_the_first_picture_s_description_is_true(visits):
    values = visits["all"]["multiples"]
    alt = CELLS["multiples-plot"].metadata.mystnb.image.alt
    assert (
        sorted(k for k, v in values.items() if v < -1e-9) == ["gamma", "held", "mean", "sign"]
        and "Four lie in the shaded downhill half" in alt
    )
    np.testing.assert_allclose(
        [values[k] for k in ("gamma", "sign", "mean", "standardise", "broadcast", "future", "sum", "stream")],
        [-2, -1, -1, 0, 0.5, 0.5, 2.5, 1],
        atol=1e-6,
    )
    assert round(values["held"], 1) == -4.5 and "-4.5" in alt


# --- the numbers, again and from elsewhere ----------------------------------------------------------------------------


def printed(cell):
    return "".join(o.get("text", "") for o in CELLS[cell].outputs)


def shown(slug, part="number"):
    return [float(x) for x in re.findall(r"(?<![\w.])[-+]?\d*\.?\d+", printed(f"m-{slug}-{part}"))]


def small_world(weights, rewards):
    """Mean over the four episodes of sum_t (a_t - 1/2) w_t, in fractions. weights: function of (actions, rewards)."""
    total = F(0)
    for acts in product((0, 1), repeat=2):
        r = [F(x) for x in rewards(*acts)]
        total += sum((a - F(1, 2)) * w for a, w in zip(acts, weights(acts, r))) / 4
    return total


DEAL = lambda a, b: (-4 * a, 3 * a * b)  # noqa: E731


def test_the_small_world_in_fractions():
    assert small_world(lambda a, r: (r[0] + r[1], r[1]), DEAL) == F(-1, 4) == F(float(shown_truth()))
    assert small_world(lambda a, r: (r[0] + r[1], 0), DEAL) == F(-5, 8) == F(shown("sum")[0])
    everything = lambda a, r: ((r[0] + 2 * r[1]) / 2,) * 2  # noqa: E731  the mean score, times the sum of the rewards-to-go
    assert small_world(everything, DEAL) == F(1, 4) == F(shown("mean")[0])
    sour, half = lambda a, b: (a, F(-3, 2) * b), F(1, 2)  # noqa: E731
    assert small_world(lambda a, r: (r[0] + half * r[1], r[1]), sour) == F(-1, 8) == F(shown("gamma")[0])
    assert small_world(lambda a, r: (r[0] + half * r[1], half * r[1]), sour) == F(1, 16) == F(shown("gamma")[1])
    door = lambda a, b: (0, a * b)  # noqa: E731
    assert small_world(lambda a, r: r, door) == F(1, 8) == F(shown("future")[0])
    assert small_world(lambda a, r: (r[0] + r[1], r[1]), door) == F(1, 4) == F(shown("future")[1])


def shown_truth():
    return re.search(r"[-+]\d\.\d+", printed("truth"))[0]


def test_two_observers_in_fractions():
    def episode(a, b):
        r = [F(x) for x in DEAL(a, b)]
        return (a - F(1, 2)) * (r[0] + r[1]) + (b - F(1, 2)) * r[1], a + b - F(1), r[0] + r[1]

    episodes = [episode(*acts) for acts in product((0, 1), repeat=2)]
    right = [(g + h) / 2 for (g, _, _), (h, _, _) in product(episodes, repeat=2)]
    leaky = [(g + s * later + h) / 2 for (g, s, _), (h, _, later) in product(episodes, repeat=2)]
    variance = lambda x: sum(v * v for v in x) / 16 - (sum(x) / 16) ** 2  # noqa: E731
    assert sum(right) == sum(leaky) == 16 * F(-1, 4)
    assert [round(float(variance(x)), 3) for x in (leaky, right)] == shown("stream")[2:]


def test_the_weights_of_a_standardised_episode():
    G = np.array([sum(0.99**k for k in range(6 - t)) for t in range(6)])
    np.testing.assert_allclose(shown("standardise")[:6], stats.zscore(G), atol=0.0051)


def test_the_clipped_action_by_scipy_s_truncated_normal():
    inside, above, below = stats.norm.cdf(0.2) - stats.norm.cdf(-1.8), stats.norm.sf(0.2), stats.norm.cdf(-1.8)
    middle = stats.truncnorm(-1.8, 0.2, loc=0.8)
    mean = inside * (middle.mean() - 0.8) + above * 0.2 + below * -1.8
    product_ = inside * (middle.moment(2) + 4.2 * middle.mean() - 4) + above * 0.2 * 6 + below * -1.8 * 4
    np.testing.assert_allclose(shown("clip")[::2][:2], [mean, product_], atol=5.1e-4)
    assert abs(shown("clip")[3] - inside) < 5.1e-4  # the slope of E[clip(a)] is the mass inside


def test_the_other_numbers_of_room_5():
    assert abs(shown("tanh")[3] - np.cosh(1.5) ** 2) < 0.051 and abs(shown("tanh")[5] - np.cosh(3) ** 2) < 0.051
    other = stats.norm(0, np.sqrt(0.5))  # the bell whose *variance* is one half
    assert abs(shown("spread")[1] - (other.logpdf(0) - stats.norm.logpdf(0, 0, 0.5))) < 5.1e-4
    mean_square = integrate.quad(lambda a: a**2 * stats.norm.pdf(a, 0, 0.5), -5, 5)[0]
    assert abs(shown("spread")[2] - (mean_square / (2 * 0.5) - 0.5)) < 5.1e-4
    exact = stats.multivariate_normal(cov=np.diag(np.exp([-2.0, 0, -4]))).entropy()
    np.testing.assert_allclose(shown("entropy"), [exact + 1.5, exact, 0.5], atol=5.1e-4)


def test_the_other_numbers_of_room_6():
    warm, cold = np.exp([2.0, 0, -2]), np.exp([1.0, 0, -1])
    np.testing.assert_allclose(shown("temperature"), warm / warm.sum() - cold / cold.sum(), atol=5.1e-4)
    weights = []
    for p in (0.5, 0.05):
        k = np.arange(9)
        weights.append(stats.binom.pmf(k, 8, p) @ np.sqrt(k / 8 * (1 - k / 8)) / (p * (1 - p)))
    np.testing.assert_allclose(shown("std"), [*weights, weights[1] / weights[0]], atol=0.0051)
    p, ref = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    kl = stats.entropy(p, ref)
    np.testing.assert_allclose(shown("kl")[3:], p * (np.log(p / ref) - kl), atol=5.1e-4)


def test_the_numbers_of_room_7():
    """By fractions, by a sum of logarithms, and by the derivative of p log(p/q) on paper."""
    value, following = F(1), F(0)
    assert F(str(shown("same")[0])) == 1 + F(1, 2) * value and F(str(shown("same", "mended")[0])) == 1 + following / 2
    ends, pays, worth = [0, 1, 0, 1], [0, 1, 0, 1], [1] * 5
    late = [pays[t] + worth[t + 1] * (t < 3 and not ends[t + 1]) - worth[t] for t in range(4)]
    assert shown("late") == late and shown("late", "mended") == [0, 0, 0, 0]
    assert [shown("frozen")[i] for i in (1, 4)] == [0, 0] and [shown("frozen", "mended")[i] for i in (1, 4)] == [-1, 1]
    assert shown("edge") == [-1.2, -1.7, 0, -1] and shown("edge", "mended") == [-1.7, -1]
    for p, kl in zip((0.9, 0.99, 0.999), shown("search")[1::2]):
        step = -np.sqrt(0.02 / (p * (1 - p)))
        q = 1 / (1 + (1 - p) / p * np.exp(-step))
        assert kl == round(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)), 4)
    halves = [0.02 / (0.999 * 0.001) / 4**k for k in range(9)]
    kls = [stats.entropy([0.999, 0.001], stats.logistic.cdf([6.906755 - d**0.5, d**0.5 - 6.906755])) for d in halves]
    assert shown("search", "mended") == [round(next(kl for kl in kls if kl <= 0.01), 4)]
    spread = np.sqrt(2 / 9)
    np.testing.assert_allclose(shown("others"), [1e6, *[-1 / 3 / spread] * 3], atol=0.051)
    np.testing.assert_allclose(shown("others", "mended"), [1, *[-1 / 3] * 3], atol=0.051)
    p = F(3, 4)
    kl = float(p * (1 - p)) * (
        np.log(1.5) - np.log(0.5)
    )  # d/dz of p log 2p + (1 - p) log 2(1 - p) is p(1 - p) log(p / (1 - p))
    k3 = [float(F(1, 2) / x - 1) + np.log(float(2 * x)) for x in (1 - p, p)]
    np.testing.assert_allclose(shown("away"), [float(p * (1 - p)) * (k3[1] - k3[0]), kl], atol=5.1e-5)
    assert shown("away", "mended") == [shown("away")[1]] * 2


# --- the page and its neighbours --------------------------------------------------------------------------------------


def test_the_page_is_in_the_contents_and_chapter_5_leads_to_it():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    chapters = [c for part in toc["parts"] for c in part["chapters"]]
    five = next(c for c in chapters if c["file"] == "book/05-in-the-interview")
    assert "notebooks/museum-of-mistakes" in [s["file"] for s in five["sections"]]
    assert "(../notebooks/museum-of-mistakes.ipynb)" in (ROOT / "book/05-in-the-interview.md").read_text("utf8")
    numbers = {22: "twenty-two", 29: "twenty-nine"}
    assert f"shows {numbers[len(SLUGS)]} of them" in (ROOT / "book/05-in-the-interview.md").read_text("utf8")


def test_the_figures_read_back():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    dots = pg.plots.multiples(ax, {"up": 2.0, "down": -1.0})
    assert dots.get_xydata().tolist() == [[2, 0], [-1, 1]] and [t.get_text() for t in ax.get_yticklabels()] == [
        "up",
        "down",
    ]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first name on top
    ax = Figure().subplots()
    squares, circles = pg.plots.catches(ax, ["a", "b"], ["x", "y"], [[1, np.nan], [0, 1]])
    assert squares.get_xydata().tolist() == [[0, 0], [1, 1]] and circles.get_xydata().tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="caught"):
        pg.plots.catches(ax, ["a"], ["x", "y"], [[1, 0]])
    with pytest.raises(ValueError, match="values"):
        pg.plots.multiples(ax, {})


# --- chapter 5's lab: whole numbers come from a cell, too (decimal ones: test_interview.py) ---------------------------


def unbacked(q):
    """The whole numbers of two digits and more, and the fractions, that no cell of an answer's `shown_by` has."""
    cells = [notebook_cells(place.split("#")[0])[place.split("#")[1]] for place in q["shown_by"]]
    text = "\n".join(
        "".join(c["source"]) + "\n" + "".join("".join(o.get("text", "")) for o in c["outputs"]) for c in cells
    )
    fractions = {F(x.replace(" ", "")) for x in re.findall(r"\d+ ?/ ?[1-9]\d*", text)}
    known = [float(x) for x in re.findall(r"\d*\.?\d+(?:e-?\d+)?", re.sub(r"(?<=\d)[,_](?=\d{3})", "", text))]
    follow = [f[k] for f in q["follow_ups"] for k in ("ask", "answer")]
    said = "\n".join([q["short"], q["long"], *follow, q["wrong"]["says"], q["wrong"]["because"], q.get("card", "")])
    said = re.sub(r"(?<=\d)(?:\{,\}|,)(?=\d{3})", "", re.sub(r"```.*?```|`[^`\n]+`", " ", said, flags=re.DOTALL))
    large = [F(int(a), int(b)) for a, b in re.findall(r"\\t?frac\{(\d+)\}\{(\d{2,})\}", said)]
    whole = re.findall(r"(?<![\w.\\{^_-])\d{2,}(?!\.?\w|\^)", said)
    return [str(f) for f in large if f not in fractions] + [
        n for n in whole if not any(abs(k - int(n)) <= 0.501 for k in known)
    ]


@cache
def notebook_cells(name):
    return {c["id"]: c for c in json.loads((ROOT / f"notebooks/{name}.ipynb").read_text("utf8"))["cells"]}


def test_whole_numbers_of_the_answers_come_from_a_cell():
    accepted = {
        "seeds-and-intervals": ["95"],  # the name of an interval
        "high-variance": ["300"],  # "about"; the cell says 306
        # fractions of chapters 6 and 8, whose labs print decimals;
        # recomputed in tests/chapters/critics and tests/package/test_groups.py
        "critic-first-day": ["13/64"],
        "lambda-raises-variance": ["835/4096", "153/2048"],
        "leave-one-out-noise": ["49/2048", "91/3072"],
        "two-critics": ["361/768", "25/1536", "25/256"],
    }
    questions = contents.questions()
    assert {q["id"]: unbacked(q) for q in questions if set(unbacked(q)) != set(accepted.get(q["id"], []))} == {}
    q = next(q for q in questions if q["id"] == "what-baseline-does")
    assert unbacked(q | {"long": q["long"].replace("94 times", "95 times")}) == ["95"]
