"""The same training over seeds: each has its own generator, the bits are the same wherever it runs;
intervals against SciPy's t."""

import os
import sys
import time
import tomllib

import numpy as np
import pytest
from scipy import stats

import policy_gradient as pg
from policy_gradient import seeds as module
from policy_gradient.envs import ShortCorridor
from tools.paths import ROOT


def short_training(rng, learning_rate=0.1):
    policy = pg.two_action_softmax(1)
    envs = ShortCorridor(32)
    return pg.reinforce(
        envs, policy, policy.init(rng), rng, num_updates=10, learning_rate=learning_rate, progress=False
    ).theta


def who_works(folder):
    """The process of this task, once another's has begun one too: a cluster of two has then used both."""
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    return os.getpid()


def test_each_seed_has_a_generator_of_its_own():
    assert pg.run_seeds(lambda rng: rng.integers(1000), [3, 4]) == [
        np.random.default_rng(s).integers(1000) for s in (3, 4)
    ]


@pytest.mark.slow
def test_a_sweep_is_the_same_bits_one_by_one_and_on_a_cluster_of_two(tmp_path):
    distributed, joblib = (pytest.importorskip(name) for name in ("distributed", "joblib"))  # extras
    arms = [{"learning_rate": 0.1}, {"learning_rate": 0.3}]
    alone = np.array(pg.sweep(short_training, arms, range(3)))
    assert alone.shape == (2, 3, 1) and len(np.unique(alone)) == 6
    by_hand = [[short_training(np.random.default_rng(seed), **arm) for seed in range(3)] for arm in arms]
    np.testing.assert_array_equal(alone, by_hand)
    np.testing.assert_array_equal(alone[0], pg.run_seeds(short_training, range(3)))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        with distributed.Client(cluster), joblib.parallel_config(backend="dask"):
            on_cluster = pg.sweep(short_training, arms, range(3), n_jobs=None)
            processes = set(pg.run_seeds(lambda rng: who_works(tmp_path), range(4), n_jobs=None))
    np.testing.assert_array_equal(alone, on_cluster)
    assert len(processes) == 2 and os.getpid() not in processes


@pytest.mark.slow
def test_a_sweep_over_processes_is_the_same_bits():
    pytest.importorskip("joblib")  # an extra
    alone = pg.run_seeds(short_training, range(3))
    np.testing.assert_array_equal(alone, pg.run_seeds(short_training, range(3), n_jobs=2))
    assert os.getpid() not in pg.run_seeds(lambda rng: os.getpid(), range(2), n_jobs=2)


def test_without_joblib_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)  # as if it were not there
    assert len(pg.run_seeds(short_training, range(1))) == 1  # one by one needs none
    for n_jobs in (2, -1, None):
        with pytest.raises(
            ImportError, match="n_jobs other than 1 needs joblib.*pip install joblib, or leave n_jobs"
        ) as caught:
            pg.run_seeds(short_training, range(2), n_jobs=n_jobs)
        assert caught.value.__suppress_context__
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert [line.split(">")[0] for line in extras["parallel"]] == ["joblib"]


def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say():
    """Samples of 40 from a skewed law of mean 1, 150 times at once: 95 % intervals cover it in about 93 %."""
    values = np.random.default_rng(6).exponential(size=(40, 150))
    low, high = pg.bootstrap_interval(values, np.random.default_rng(7))
    assert low.shape == (150,) and 0.87 <= ((low < 1) & (1 < high)).mean() <= 0.99


def test_for_normal_data_the_interval_is_students_but_for_the_few_seeds():
    values = np.random.default_rng(8).normal(size=200)
    wanted = stats.t.interval(0.9, 199, values.mean(), stats.sem(values))
    np.testing.assert_allclose(
        pg.bootstrap_interval(values, np.random.default_rng(9), confidence=0.9), wanted, atol=0.01
    )


def test_equal_seeds_have_an_interval_of_no_width():
    low, high = pg.bootstrap_interval(np.full((5, 2), 500.0), np.random.default_rng(0))
    assert (low == 500).all() and (high == 500).all()


@pytest.mark.parametrize(
    "values, confidence, says",
    [
        ([1.0], 0.95, "values must hold at least two seeds"),
        (3.0, 0.95, "values must hold at least two seeds"),
        ([1, np.nan], 0.95, "values must be finite"),
        ([1, np.inf], 0.95, "values must be finite"),
        ([1, 2], 95, "confidence must lie between 0 and 1"),
        ([1, 2], 0, "confidence must lie between 0 and 1"),
    ],
)
def test_bad_intervals_are_named(values, confidence, says):
    with pytest.raises(ValueError, match=says):
        pg.bootstrap_interval(values, np.random.default_rng(0), confidence)


@pytest.mark.parametrize(
    "values, rng, more, says",
    [
        (["1", "2"], np.random.default_rng(0), {}, "values must be an array of numbers"),
        ([1, 2j], np.random.default_rng(0), {}, "values must be real, got complex numbers"),
        ([1, 2], 0, {}, "rng must be a numpy.random.Generator"),
        ([1, 2], np.random.default_rng(0), dict(confidence="high"), "confidence must be a number"),
        ([1, 2], np.random.default_rng(0), dict(statistic="mean"), "statistic must be a function"),
    ],
)
def test_what_no_interval_is_made_of_is_named(values, rng, more, says):
    with pytest.raises(TypeError, match=says):
        pg.bootstrap_interval(values, rng, **more)


def test_sweep_runs_on_a_backend_that_hands_back_all_results_at_once():
    """As Ray's does, which is joblib's own for processes under another name."""
    joblib = pytest.importorskip("joblib")
    from joblib._parallel_backends import MultiprocessingBackend

    class AllAtOnce(MultiprocessingBackend):
        pass

    assert not AllAtOnce.supports_return_generator
    joblib.register_parallel_backend("all at once", AllAtOnce)
    with joblib.parallel_config(backend="all at once", n_jobs=1):
        assert pg.sweep(_shifted, [{"by": 1.0}], range(3), n_jobs=None, progress=False)[0] == [
            _shifted(np.random.default_rng(seed), 1.0) for seed in range(3)
        ]


def _shifted(rng, by):
    return by + rng.random()


def test_a_sweep_has_a_list_for_each_setting_in_its_order_and_a_result_for_each_seed():
    asked = []

    def train(rng, by=0, times=1):
        asked.append((by, times))
        return by + times * rng.random()

    found = pg.sweep(train, [{"by": 10}, {}, {"times": 3}], (seed for seed in (5, 2)), progress=False)
    draws = [np.random.default_rng(seed).random() for seed in (5, 2)]
    assert found == [[10 + u for u in draws], draws, [3 * u for u in draws]]
    assert asked == [(10, 1)] * 2 + [(0, 1)] * 2 + [(0, 3)] * 2
    assert pg.sweep(train, [{}, {}], []) == [[], []] and pg.sweep(train, [], [1]) == []
    read_once = ({"by": by} for by in (10, 20))
    assert pg.sweep(train, read_once, [5], n_jobs=np.int64(1), progress=False) == [[by + draws[0]] for by in (10, 20)]


def test_a_bar_is_asked_for_or_not_wherever_the_seeds_run(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "bar", lambda items, what, shown, total=None: asked.append((shown, total)) or items)
    pytest.importorskip("joblib")  # an extra
    for n_jobs in (1, None):
        for progress in (True, False):
            pg.run_seeds(_shifted, [], progress, n_jobs)
            pg.sweep(_shifted, [{"by": 1.0}], range(3), progress, n_jobs)
    assert asked == [(True, None)] * 2 + [(False, None)] * 2 + [(True, 0), (True, 3), (False, 0), (False, 3)]


@pytest.mark.parametrize(
    "bad, error, said",
    [
        (dict(train=3), TypeError, "train must be a function of|train must be"),
        (dict(settings={"by": 1}), TypeError, "settings must be a list of dictionaries"),
        (dict(settings=3), TypeError, "settings must be a list of dictionaries"),
        (dict(settings={}), TypeError, "settings must be a list of dictionaries"),
        (dict(settings=""), TypeError, "settings must be a list of dictionaries"),
        (dict(settings="by"), TypeError, "settings must be a list of dictionaries"),
        (dict(settings=[1]), TypeError, "settings must be a list of dictionaries"),
        (dict(seeds=10), TypeError, "seeds must be several seeds"),
        (dict(seeds="12"), TypeError, "seeds must be several seeds"),
        (dict(seeds=[-1]), ValueError, "each of seeds must be at least 0"),
        (dict(seeds=[0.5]), TypeError, "each of seeds must be a whole number"),
        (dict(n_jobs=0), ValueError, "n_jobs must be a number of processes"),
        (dict(n_jobs=True), ValueError, "n_jobs must be a number of processes"),
        (dict(n_jobs=1.0), ValueError, "n_jobs must be a number of processes"),
    ],
)
def test_a_sweep_without_sense_is_refused(bad, error, said):
    ran = []
    arguments = dict(train=lambda rng: ran.append(1), settings=[{}], seeds=[0], n_jobs=1) | bad
    with pytest.raises(error, match=said):
        pg.sweep(**arguments)
    assert not ran


def test_intervals_are_percentiles_of_the_statistic_over_seeds_drawn_again():
    """Drawn again here, by other draws: the ends agree to what 4999 of them leave open."""
    values = np.random.default_rng(10).exponential(size=(30, 2)) * [1, 10]
    again = values[np.random.default_rng(11).integers(30, size=(20_000, 30))]  # (20000, 30, 2)
    for statistic in (np.mean, np.median):
        for confidence in (0.95, 0.6):
            low, high = pg.bootstrap_interval(values, np.random.default_rng(12), confidence, statistic)
            tails = (1 - confidence) / 2, (1 + confidence) / 2
            wanted = np.quantile(statistic(again, axis=1), tails, axis=0)
            np.testing.assert_allclose([low, high], wanted, atol=0.03 * values.std(axis=0).max(), rtol=0.03)
    one, other = (pg.bootstrap_interval(values, np.random.default_rng(s)) for s in (1, 1))
    np.testing.assert_array_equal(one, other)
    single = values.astype(np.float32)  # is counted in double precision
    np.testing.assert_array_equal(
        pg.bootstrap_interval(single, np.random.default_rng(1)),
        pg.bootstrap_interval(single.astype(float), np.random.default_rng(1)),
    )
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        pg.bootstrap_interval(values, np.random.default_rng(0), 1.0)


def test_two_generators_find_two_intervals_as_near_as_so_many_draws_leave_them():
    """An end is a quantile of 4999 draws from a law close to normal, its error sqrt(p (1 - p) / 4999) / density."""
    values = np.random.default_rng(13).normal(size=(30, 100))
    one, other = (np.array(pg.bootstrap_interval(values, np.random.default_rng(seed))) for seed in (14, 15))
    p = 0.025
    wanted = np.sqrt(2 * p * (1 - p) / 4999) / stats.norm.pdf(stats.norm.ppf(p))
    gap = (one - other) / stats.sem(values, ddof=0)  # (2, 100)
    assert 0.8 * wanted < gap.std() < 1.25 * wanted
