"""Honest statistics over seeds: the same training many times, and intervals for its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._progress import bar
from ._validate import function, generator, number, numbers, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ._types import ArrayLike

RESAMPLES = 4999  # of a bootstrap, so that 2.5 % of (RESAMPLES + 1) is a whole number
BATCH = 500  # of them at once, for memory


def run_seeds(
    train: Callable[..., Any], seeds: Iterable[int], progress: bool = True, n_jobs: int | None = 1
) -> list[Any]:
    """[train(rng) for each seed], each with a Generator of its own; a bar, if it takes longer than two seconds.

    n_jobs: how many run side by side, each in a process of its own, through joblib (the extra `parallel`);
    -1 takes every core. With None `joblib.parallel_config` decides, and so the same call runs on a Dask or Ray cluster.
    The results are the same bits. Raises ImportError where joblib is missing.
    """
    function("train", train, "train(rng)")
    return sweep(train, [{}], seeds, progress, n_jobs)[0]


def sweep(
    train: Callable[..., Any],
    settings: Iterable[dict[str, Any]],
    seeds: Iterable[int],
    progress: bool = True,
    n_jobs: int | None = 1,
) -> list[list[Any]]:
    """[[train(rng, **setting) for each seed] for each setting], settings a list of dictionaries;
    else as `run_seeds`."""
    function("train", train, "train(rng, **setting)")
    if np.iterable(settings) and not isinstance(settings, (str, dict)):
        settings = list(settings)  # some can be read only once
    if not isinstance(settings, list) or not all(isinstance(setting, dict) for setting in settings):
        raise TypeError(f"settings must be a list of dictionaries, one for each arm, got {settings!r}")
    if not np.iterable(seeds) or isinstance(seeds, str):
        raise TypeError(f"seeds must be several seeds, for example range(10), got {seeds!r}")
    seeds = [whole("each of seeds", seed, 0) for seed in seeds]
    counted = isinstance(n_jobs, (int, np.integer)) and not isinstance(n_jobs, bool)
    if n_jobs is not None and (not counted or n_jobs == 0):
        raise ValueError(f"n_jobs must be a number of processes, -1 for every core, or None, got {n_jobs!r}")
    runs = [(train, setting, seed) for setting in settings for seed in seeds]
    if n_jobs == 1:
        results = [_one_run(*run) for run in bar(runs, "seeds", progress)]
    else:
        try:
            from joblib import Parallel, delayed  # here: who runs one after another needs no joblib
        except ImportError:
            raise ImportError(
                "n_jobs other than 1 needs joblib, which is not installed: pip install joblib, or leave n_jobs at 1"
            ) from None
        try:
            parallel = Parallel(n_jobs=n_jobs, return_as="generator")
        except ValueError:  # a backend, such as Ray's, that hands back all results at once: no bar, then
            parallel = Parallel(n_jobs=n_jobs)
        coming = parallel(delayed(_one_run)(*run) for run in runs)
        results = list(bar(coming, "seeds", progress, len(runs)))
    return [results[k : k + len(seeds)] for k in range(0, len(runs), len(seeds))] if seeds else [[] for _ in settings]


def _one_run(train, setting, seed):
    return train(np.random.default_rng(seed), **setting)


def bootstrap_interval(
    values: ArrayLike, rng: np.random.Generator, confidence: float = 0.95, statistic: Callable[..., Any] = np.mean
) -> tuple[Any, Any]:
    """(low, high) of `statistic` over seeds, values (seeds, ...) -> two arrays (...): the percentile bootstrap.

    statistic(values, axis=...) as np.mean or np.median. Below ten seeds such intervals are rather too narrow; see
    Agarwal et al. (2021). Raises ValueError for fewer than two seeds, NaN, or a confidence outside (0, 1).
    """
    from scipy import stats  # here, because importing it takes longer than most of what the package does

    values = numbers("values", values)
    if np.iscomplexobj(values):
        raise TypeError("values must be real, got complex numbers")
    values = values.astype(float)
    function("statistic", statistic, "statistic(values, axis=...), such as np.mean")
    number("confidence", confidence)
    generator(rng)
    if values.ndim == 0 or len(values) < 2:
        raise ValueError(f"values must hold at least two seeds on the first axis, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("values must be finite")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    result = stats.bootstrap(
        (values,),
        statistic,
        axis=0,
        confidence_level=confidence,
        method="percentile",
        n_resamples=RESAMPLES,
        random_state=rng,
        vectorized=True,
        batch=BATCH,
    )
    return result.confidence_interval.low, result.confidence_interval.high
