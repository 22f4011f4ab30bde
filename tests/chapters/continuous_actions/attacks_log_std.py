"""Chapter 4 again: a log_std or a std that is kept in bounds, in the forms that programs have for it,
in all five exercises."""

import inspect

import numpy as np

from learning_to_act.checks.engine import registry
from tests.attacks import wrong

EXERCISES = (
    "gaussian_log_prob",
    "gaussian_score",
    "gaussian_entropy",
    "tanh_gaussian_log_prob",
    "linear_gaussian_gradient",
)
BOUNDED = {
    "log_std_clipped_by_habit": lambda l: np.clip(l, -20, 2),
    "log_std_clipped_narrowly": lambda l: np.clip(l, -9, 1.5),
    "log_std_kept_from_below": lambda l: np.maximum(l, -6.5),
    "log_std_kept_from_above": lambda l: np.minimum(l, 2.2),
    "log_std_squashed_by_tanh": lambda l: -20 + 0.5 * (2 + 20) * (np.tanh(l) + 1),
    "log_std_squashed_gently": lambda l: -5 + 0.5 * (2 + 5) * (np.tanh(l / 3) + 1),
    "log_std_squashed_by_a_sigmoid": lambda l: -4 + 6 / (1 + np.exp(-l)),
    "std_kept_from_0": lambda l: np.log(np.maximum(np.exp(l), 1e-3)),
    "std_kept_in_bounds": lambda l: np.log(np.clip(np.exp(l), 1e-6, 10)),
}
SMALL = {
    "a_billionth_and_more_added_to_std": lambda l: np.log(np.exp(l) + 1e-8),
    "some_other_small_number_added_to_std": lambda l: np.log(np.exp(l) + 3e-5),
    "a_small_number_added_to_the_variance": lambda l: np.log(np.exp(2 * l) + 1e-7) / 2,
}


def _answer(one, name, change):
    def answer(*args):
        return one.truth(*args[:-1], change(np.asarray(args[-1], float)))

    answer.__name__, answer.__signature__ = name, inspect.signature(one.truth)
    return answer


for exercise in EXERCISES:
    for says, changes in (("log-std-clipped", BOUNDED), ("small-number-added", SMALL)):
        for name, change in changes.items():
            wrong(exercise, says)(_answer(registry()[exercise], name, change))


@wrong("gaussian_log_prob", "small-number-added")
def a_small_number_in_one_place_only(actions, mean, log_std):
    std = np.exp(log_std)
    return (-0.5 * (((actions - mean) / (std + 1e-8)) ** 2 + 2 * log_std + np.log(2 * np.pi))).sum(-1)


@wrong("gaussian_score", "small-number-added")
def scores_with_a_small_number(actions, mean, log_std):
    std = np.exp(log_std) + 1e-8
    return (actions - mean) / std**2, ((actions - mean) / std) ** 2 - 1
