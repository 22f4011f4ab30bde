"""Exercises of chapter 4, Continuous actions.

Truth without the formulas that are asked for: areas by quadrature, derivatives by complex steps, the slope of tanh by a
difference quotient in hundreds of digits.
"""

import functools
from decimal import Decimal, localcontext

import numpy as np

from ..checks.exercise import Case, Exercise, Law, Mistake, near

GRID = np.linspace(-12, 12, 1201)  # in units of std: the trapezoid rule is exact here to the last digits
STEP = 1e-30  # a complex step subtracts nothing, so it may be this small
CONSTANT = 0.5 * np.log(2 * np.pi)


def _shape(actions, mean, log_std):
    """The bell without its constant: what every text agrees on. Takes complex numbers too."""
    return -((actions - mean) ** 2) / (2 * np.exp(2 * log_std)) - log_std


def _bells(log_std):
    """Each bell on its own grid, scaled to area one: density and log density, a last axis longer;
    and the grid's step."""
    std = np.exp(np.asarray(log_std, float))[..., None]
    dx = std * (GRID[1] - GRID[0])
    shape = -((std * GRID) ** 2) / (2 * std**2)
    log_density = shape - np.log((np.exp(shape) * dx).sum(-1, keepdims=True))
    return np.exp(log_density), log_density, dx


# --- log_std kept in bounds, in any form ---------------------------------------------------------------------------

BOUNDS = (
    (-20, 2),
    (-10, 2),
    (-5, 2),
    (-3, 2),
    (-2, 2),
    (-9, 1.5),
    (-4, 1.5),
    (-5, 5),
    (-4, 4),
    (-2, 0),
    (-1, 1),
    (-10, 10),
    (-np.inf, 2),
    (-5, np.inf),
)
REACHED = np.linspace(-19.5, 19.5, 79)  # log_std at which a function is asked which std it uses


def _soft(low, high):
    """Between two bounds by tanh, as programs for soft actor-critic do it."""
    return lambda l: low + 0.5 * (high - low) * (np.tanh(l) + 1)


FORMS = (
    *(lambda l, low=low, high=high: np.clip(l, low, high) for low, high in BOUNDS),
    *(_soft(low, high) for low, high in ((-20, 2), (-5, 2))),
)
ADDED = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # to std


class _Used:
    """The log_std that a function uses for each one it is given: measured at one action of one dimension.

    ask: log_std -> arguments of the call; tell: the parts of its answer -> the log_std in them.
    """

    def __init__(self, call, ask, tell):
        self.call, self.ask, self.tell, self.known = call, ask, tell, {}

    def one(self, log_std):
        if log_std not in self.known:
            parts = self.call(self.ask(float(log_std)))
            with np.errstate(all="ignore"):
                number = np.asarray(np.nan if parts is None else self.tell(parts), float)
            self.known[log_std] = float(number.ravel()[0]) if number.size == 1 else np.nan
        return self.known[log_std]

    def __call__(self, log_std):
        return np.reshape([self.one(float(each)) for each in np.ravel(log_std)], np.shape(log_std))

    @property
    def curve(self):
        """(log_std, what is used) over a wide range, where the function answers."""
        used = self(REACHED)
        seen = np.isfinite(used)
        return REACHED[seen], used[seen]

    @property
    def small(self):
        """Is it exp(log_std) + c, or sqrt(exp(2 log_std) + c)?"""
        given, used = self.curve
        if len(given) < 20:
            return False
        for power in (1, 2):
            c = np.exp(power * used[0]) - np.exp(power * given[0])
            if c > 1e-12 and np.allclose(used, np.log(np.exp(power * given) + c) / power, atol=1e-6):
                return True
        return False

    @property
    def bounded(self):
        """Does it never fall, and at each end stand still or be what was given,
        but not be that everywhere (or still everywhere)?"""
        given, used = self.curve
        if len(given) < 20 or (np.diff(used) < -1e-6).any() or np.ptp(used) < 1e-3:
            return False
        ends = slice(0, 5), slice(-5, None)
        still = [np.ptp(used[end]) < 1e-3 for end in ends]
        given_back = [np.abs(used[end] - given[end]).max() < 1e-3 for end in ends]
        return any(still) and all(map(max, still, given_back)) and not self.small


def _bounds(what, way, ask, tell, more=()):
    """Two mistakes of an exercise that takes a log_std: `way(change)` is the right answer with change(log_std)
    in its place.

    more: other ways to add a small number.
    """

    def fitted(which):
        def find(call):
            used = _Used(call, ask, tell)
            return way(used) if getattr(used, which) else None

        return find

    return (
        Mistake(
            "small-number-added",
            "You add a small number to std (or to the variance) against a division by zero. exp is never 0, "
            "so nothing is gained, and narrow bells become wrong: with log_std = -8 std is 0.0003.",
            (
                *(way(lambda l, c=c: np.log(np.exp(l) + c)) for c in ADDED),
                *(way(lambda l, c=c: np.log(np.exp(2 * l) + c) / 2) for c in ADDED[4:]),
                *more,
            ),
            fitted("small"),
        ),
        Mistake(
            "log-std-clipped",
            "You clip log_std (or std): what lies beyond a bound is not used as it was given. "
            f"Programs do so to keep a network in bounds; {what} is to be that of the bell it was asked for, "
            "log_std of -8 and of 4.5 included.",
            tuple(map(way, FORMS)),
            fitted("bounded"),
        ),
    )


def _last_changed(answer):
    """`way` for an answer whose last argument is log_std."""
    return lambda change: lambda *args: answer(*args[:-1], change(np.asarray(args[-1], float)))


# --- gaussian_log_prob ---------------------------------------------------------------------------------------------


def gaussian_log_prob(actions, mean, log_std):
    """The bell's shape, less the log of the area under it, which is measured."""
    actions, mean, log_std = (np.array(argument, float) for argument in np.broadcast_arrays(actions, mean, log_std))
    peak = _bells(log_std)[1].max(-1)  # the log density at the mean
    return (_shape(actions, mean, log_std) + log_std + peak).sum(-1)


def gaussian_cases(rng):
    def draw(shape, mean, log_std, far=1.0):
        return far * np.exp(log_std) * rng.normal(size=shape) + mean, mean, log_std

    return [
        Case("one dimension", (np.array([0.7]), np.array([0.2]), np.array([-0.5]))),
        Case("three dimensions", draw(3, rng.normal(size=3), np.array([-0.7, 0.4, -1.2]))),
        Case("five actions of two dimensions", draw((5, 2), rng.normal(size=(5, 2)), np.array([-0.4, 0.6]))),
        Case("a log_std for each action", draw((4, 3), rng.normal(size=(4, 3)), rng.uniform(-1, 1, (4, 3)))),
        Case(
            "one action and six means",
            (np.array([0.4, -1.1, 0.8]), rng.normal(size=(6, 3)), np.array([0.3, -0.6, 0.9])),
        ),
        Case("a number as mean", draw((4, 2), 0.4, np.array([-0.8, 0.5]))),
        Case(
            "one number for all dimensions", (rng.normal(size=(4, 1)), rng.normal(size=3), np.array([-0.4, 0.2, 0.7]))
        ),
        Case("two tables of actions", draw((2, 3, 4), rng.normal(size=(3, 4)), rng.uniform(-1, 1, 4))),
        Case("wide bells", draw((3, 2), rng.normal(size=2), np.array([0.8, 1.3]))),
        Case("whole numbers", (np.array([[2, 0, -1], [1, 3, 0]]), np.array([1, 1, 0]), np.array([1, -1, 2]))),
        Case(
            "an action at the mean",
            (np.array([[0.5, -0.2], [1.1, 0.3]]), np.array([0.5, -0.2]), np.array([-0.9, 0.35])),
        ),
        Case("densities above 1", draw((3, 2), rng.normal(size=2), np.array([-2.3, -3.1]), far=0.5)),
        Case("log_std -8", draw((3, 2), np.array([0.3, -0.1]), np.array([-8.0, -7.6]))),
        Case(
            "log_std -8, and an action 0.4 away",
            (np.array([0.1, 0.25]), np.array([-0.3, 0.25]), np.array([-8.0, -7.9])),
        ),
        Case("log_std 3 and 4.5", draw((4, 2), np.array([0.6, -0.4]), np.array([3.0, 4.5]))),
        Case("log_std 12 and -15", draw((2, 2), np.zeros(2), np.array([[12.0, 11.2], [-15.0, -14.6]]), far=3.0)),
    ]


def _terms(a, m, l):
    return -(((a - m) / np.exp(l)) ** 2) / 2 - l - CONSTANT


def _all(a, m, l):
    return [np.asarray(argument, float) for argument in np.broadcast_arrays(a, m, l)]


def _density(a, m, l):
    return np.exp(_terms(a, m, l))


LOG_PROB = Exercise(
    truth=gaussian_log_prob,
    cases=gaussian_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("action",),
    each=True,
    sizes=lambda actions, mean, log_std: {"D": log_std.shape[-1]},
    laws=(
        Law(
            "Your number is larger than the bell's highest point: at the mean the log density is the sum of - log_std "
            "- half log(2 pi), and nowhere more.",
            lambda v, a, m, l: (v <= _terms(*_all(m, m, np.broadcast_arrays(a, m, l)[2])).sum(-1) + 1e-3).all(),
        ),
        Law(
            "An action at the mean has z = 0. There only the terms with log_std and the constant are left, "
            "and yours are wrong already.",
            lambda v, a, m, l: (
                near(
                    v[(np.subtract(a, m) == 0).all(-1)],
                    _terms(*_all(a, m, l)).sum(-1)[(np.subtract(a, m) == 0).all(-1)],
                )
                if np.subtract(a, m).shape == np.broadcast_arrays(a, m, l)[0].shape
                else True
            ),
        ),
    ),
    after="With std 0.1 it may well be positive. A density is probability per unit of action: in another unit it is "
    "another number, and only ratios stay.",
    hints=(
        "Measure the distance in standard deviations first: z = (action - mean) / std, with std = exp(log_std).",
        "The log of the bell has three terms: one with z squared, one with log_std, one constant. "
        "A density needs all three.",
        "Independent dimensions multiply their densities. What do their logs do, and along which axis? "
        "The constant is one of the terms.",
    ),
    mistakes=(
        Mistake(
            "std-for-variance",
            "You divide the squared distance by 2 std where 2 std^2 belongs (or take exp(log_std) to be the variance). "
            "Distance squared has the unit squared.\n"
            "Slides write N(mu, sigma), with the std, and books N(mu, sigma^2), with the variance. "
            "With std = 1 they agree, so a first test passes.\n"
            "(Chapter 4, The Gaussian policy.)",
            (
                lambda a, m, l: (-((a - m) ** 2) / (2 * np.exp(l)) - l - CONSTANT).sum(-1),
                lambda a, m, l: (-((a - m) ** 2) / (2 * np.exp(l)) - l / 2 - CONSTANT).sum(-1),
            ),
        ),
        Mistake(
            "variance-for-std",
            "You use the variance where the standard deviation belongs: exp(log_std) is already the std, "
            "and here it is squared once too often.\n"
            "NumPy and SciPy want the std too: scale=std, not std**2. (Chapter 4, The Gaussian policy.)",
            (lambda a, m, l: _terms(a, m, 2 * np.asarray(l)).sum(-1),),
        ),
        Mistake(
            "log-std-as-std",
            "You use log_std as if it were the standard deviation. It is its logarithm: std = exp(log_std), "
            "which is positive whatever log_std is.",
            (
                lambda a, m, l: (-(((a - m) / l) ** 2) / 2 - np.log(l) - CONSTANT).sum(-1),
                lambda a, m, l: (-(((a - m) / l) ** 2) / 2 - np.log(abs(l)) - CONSTANT).sum(-1),
                lambda a, m, l: (-(((a - m) / l) ** 2) / 2 - l - CONSTANT).sum(-1),
            ),
        ),
        Mistake(
            "no-normaliser",
            "The normaliser is missing: a density divides the bell by std sqrt(2 pi), so that its area is one. "
            "Its log takes off log_std and half log(2 pi), for each dimension.\n"
            "As it stands, a wider bell is more likely everywhere. (Chapter 4, A density is not a probability.)",
            (lambda a, m, l: (-(((a - m) / np.exp(l)) ** 2) / 2).sum(-1),),
        ),
        Mistake(
            "constant-missing",
            "The constant is missing: half log(2 pi), for each dimension. "
            "The area under the bell is one only with it.\n"
            "It drops out of every score, so training would not notice; an entropy made from this number would. "
            "(Chapter 4, A density is not a probability.)",
            (lambda a, m, l: (-(((a - m) / np.exp(l)) ** 2) / 2 - l).sum(-1),),
        ),
        Mistake(
            "log-std-missing",
            "The term - log_std is missing. It is the price of being wide: "
            "without it a wider bell is more likely everywhere.\n"
            "The score of log_std would lose its minus one, and every good action would widen the bell. "
            "(Chapter 4, Two scores, two forces.)",
            (lambda a, m, l: (-(((a - m) / np.exp(l)) ** 2) / 2 - CONSTANT).sum(-1),),
        ),
        Mistake(
            "sign-of-a-term",
            "One of the three terms has the wrong sign. All three are taken off: half of z squared (far away is "
            "unlikely), log_std (a wide bell is low), and half log(2 pi). (Chapter 4, The Gaussian policy.)",
            (
                lambda a, m, l: (_terms(a, m, l) + 2 * CONSTANT).sum(-1),
                lambda a, m, l: (_terms(a, m, l) + 2 * l).sum(-1),
                lambda a, m, l: (_terms(a, m, l) + ((a - m) / np.exp(l)) ** 2).sum(-1),
            ),
        ),
        *_bounds(
            "a density",
            _last_changed(lambda a, m, l: _terms(a, m, l).sum(-1)),
            lambda l: (np.zeros(1), np.zeros(1), np.array([l])),
            lambda parts: -parts[0] - CONSTANT,
            more=(
                *(
                    lambda a, m, l, small=small: (
                        _terms(a, m, l) + ((a - m) / np.exp(l)) ** 2 / 2 - ((a - m) / (np.exp(l) + small)) ** 2 / 2
                    ).sum(-1)
                    for small in ADDED
                ),
                *(
                    lambda a, m, l, small=small: (
                        _terms(a, m, l) + ((a - m) / np.exp(l)) ** 2 / 2 - (a - m) ** 2 / (2 * np.exp(2 * l) + small)
                    ).sum(-1)
                    for small in (1e-6, 1e-8)
                ),
            ),
        ),
        Mistake(
            "mean-ignored",
            "The mean is not taken off: you measure the distance from 0.",
            (lambda a, m, l: (_terms(a, 0, l) + 0 * np.asarray(m)).sum(-1),),
        ),
        Mistake(
            "half-forgotten",
            "One half is forgotten: the exponent is -z^2 / 2, and the constant is log(2 pi) / 2, since the density "
            "divides by the root of 2 pi.\n"
            "(Chapter 4, Two scores, two forces.)",
            (
                lambda a, m, l: (-(((a - m) / np.exp(l)) ** 2) - l - CONSTANT).sum(-1),
                lambda a, m, l: (-(((a - m) / np.exp(l)) ** 2) / 2 - l - 2 * CONSTANT).sum(-1),
                lambda a, m, l: (-(((a - m) / np.exp(l)) ** 2) - l - 2 * CONSTANT).sum(-1),
            ),
        ),
        Mistake(
            "constant-once",
            "Right for one dimension. With D of them half log(2 pi) counts D times, "
            "once for each bell, and you count it once.\n"
            "Put it inside the sum over the dimensions. (Chapter 4, Many dimensions.)",
            (lambda a, m, l: (_terms(a, m, l) + CONSTANT).sum(-1) - CONSTANT,),
        ),
        Mistake(
            "mean-over-dimensions",
            "You average over the dimensions. Independent densities multiply, so their logs add.\n"
            "Averaged, a robot with seven joints would learn at a seventh of the pace. (Chapter 4, Many dimensions.)",
            (lambda a, m, l: _terms(a, m, l).mean(-1),),
        ),
        Mistake(
            "product-of-logs",
            "You multiply the logs. The densities of independent dimensions multiply; "
            "the log turns that product into a sum.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda a, m, l: _terms(a, m, l).prod(-1),),
        ),
        Mistake(
            "not-summed",
            "You return one number for each dimension. An action with D dimensions is one action: "
            "add up its D log densities (the last axis).\n"
            "(Chapter 4, Many dimensions.)",
            (lambda a, m, l: _terms(a, m, l),),
        ),
        Mistake(
            "sums-the-batch",
            "You add up everything, the whole batch with it. Each action has its own log density: "
            "sum over the last axis only (axis=-1).",
            (lambda a, m, l: _terms(a, m, l).sum(),),
        ),
        Mistake(
            "density",
            "This is the density, not its logarithm. Return the log: with many dimensions, or far from the mean, "
            "the density itself is smaller than any float.",
            (lambda a, m, l: np.exp(_terms(a, m, l).sum(-1)),),
        ),
        Mistake(
            "log-of-the-density",
            "Right until a density underflows: with log_std = -8 and an action 0.4 away, "
            "exp gives exactly 0, and log(0) is -inf.\n"
            "The true value is below -700,000, an ordinary number. Never form the density: "
            "write its logarithm term by term.",
            (lambda a, m, l: np.log(_density(a, m, l)).sum(-1), lambda a, m, l: np.log(_density(a, m, l).prod(-1))),
        ),
        Mistake(
            "sign",
            "The sign is flipped: this is the loss (negative log-likelihood). "
            "Far from the mean a log density is very negative.",
            (lambda a, m, l: -_terms(a, m, l).sum(-1),),
        ),
    ),
)


# --- gaussian_score ------------------------------------------------------------------------------------------------


def gaussian_score(actions, mean, log_std):
    """Complex steps of the log density in mean and in log_std."""
    actions, mean, log_std = (np.array(argument, float) for argument in np.broadcast_arrays(actions, mean, log_std))
    return (
        _shape(actions, mean + 1j * STEP, log_std).imag / STEP,
        _shape(actions, mean, log_std + 1j * STEP).imag / STEP,
    )


def _reach(d, s):
    return d / s**2


def _widen(d, s):
    return (d / s) ** 2 - 1


def _scores(by_mean=_reach, by_log_std=_widen):
    """A way to answer gaussian_score, from two functions of the distance and of std."""

    def gaussian_score(actions, mean, log_std):
        a, m, l = _all(actions, mean, log_std)
        return by_mean(a - m, np.exp(l)), by_log_std(a - m, np.exp(l))

    return gaussian_score


def _distance(a, m, l):
    """From the mean, and log_std itself in the place of std."""
    a, m, l = _all(a, m, l)
    return a - m, l


def _bell(d, s):
    return np.exp(-((d / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi))


SCORE = Exercise(
    truth=gaussian_score,
    cases=gaussian_cases,
    difficulty=2,
    importance=5,
    minutes=10,
    axes=("dimension",),
    parts=2,
    sizes=lambda actions, mean, log_std: {"D": log_std.shape[-1]},
    laws=(
        Law(
            "For an action at the mean the first score is 0: "
            "moving the mean either way makes it less likely. Yours is not.",
            lambda first, second, a, m, l: near(first[(lambda d: d == 0)(_all(a, m, l)[0] - _all(a, m, l)[1])], 0),
        ),
        Law(
            "The first score has the wrong sign somewhere: above the mean it is positive, below it negative.",
            lambda first, second, a, m, l: (first * (_all(a, m, l)[0] - _all(a, m, l)[1]) >= -1e-9).all(),
        ),
        Law(
            "The second score is -1 at the mean and larger everywhere else: narrowing the bell helps nothing more than "
            "what lies in its middle. Yours is smaller than -1 somewhere.",
            lambda first, second, a, m, l: (second >= -1.001).all(),
        ),
    ),
    after="Reach, and widen or narrow. The mean of each is zero for actions that were drawn from this bell: "
    "a test that finds the clipping bug.",
    hints=(
        "Only one of the three terms of the log density holds the mean. Differentiate it.",
        "For log_std write 1 / std^2 as exp(-2 log_std), so that the chain rule has nothing to trip over. "
        "Two terms hold log_std.",
        "Check by sense: an action at the mean must give 0 and -1; one std above the mean, 1 / std and 0. "
        "Return two arrays: return first, second.",
    ),
    mistakes=(
        Mistake(
            "with-respect-to-std",
            "The second is the derivative with respect to std. "
            "The parameter is log_std, and d std / d log_std = std: multiply by it.\n"
            "Then the unit is gone, and the score has variance 2 whatever std is. (Chapter 4, Two scores, two forces.)",
            (_scores(by_log_std=lambda d, s: _widen(d, s) / s),),
        ),
        Mistake(
            "with-respect-to-variance",
            "The second is the derivative with respect to the variance or its logarithm, "
            "and the parameter is log_std.\n"
            "The chain rule multiplies by d std^2 / d log_std = 2 std^2 (or by 2, for the log). "
            "(Chapter 4, Two scores, two forces.)",
            (
                _scores(by_log_std=lambda d, s: _widen(d, s) / (2 * s**2)),
                _scores(by_log_std=lambda d, s: _widen(d, s) / 2),
            ),
        ),
        Mistake(
            "std-for-variance",
            "You divide by std where std^2 belongs. The square in the exponent is (distance / std)^2, so the slope in "
            "the mean keeps 1 / std^2.\n"
            "With std = 1 it does not show. (Chapter 4, Two scores, two forces.)",
            (
                _scores(by_mean=lambda d, s: d / s),
                _scores(by_mean=lambda d, s: d / s, by_log_std=lambda d, s: d**2 / s - 1),
                _scores(by_mean=lambda d, s: d / s, by_log_std=lambda d, s: (d**2 / s - 1) / 2),
                _scores(by_log_std=lambda d, s: d**2 / s - 1),
            ),
        ),
        Mistake(
            "log-std-as-std",
            "You use log_std as if it were the standard deviation. It is its logarithm: std = exp(log_std), "
            "which is positive whatever log_std is.",
            (lambda a, m, l: (_reach(*_distance(a, m, l)), _widen(*_distance(a, m, l))),),
        ),
        Mistake(
            "variance-missing",
            "The first score is not divided by the variance: it is the bare distance. A narrow bell answers to the "
            "same distance much more strongly.\n"
            "The score has the unit of one over the action; "
            "yours has the unit of the action. (Chapter 4, Two scores, two forces.)",
            (_scores(by_mean=lambda d, s: d),),
        ),
        Mistake(
            "minus-one-missing",
            "The minus one is missing from the second score: "
            "the term - log_std of the log density has a derivative too.\n"
            "Without it every good action widens the bell, the nearest included, "
            "and the mean of the score is 1 where it must be 0.\n"
            "(Chapter 4, Two scores, two forces.)",
            (_scores(by_log_std=lambda d, s: (d / s) ** 2),),
        ),
        Mistake(
            "half-forgotten",
            "A factor of two: the exponent is half of z squared, "
            "and the derivative of a square brings a 2 that this half cancels.\n"
            "(Chapter 4, Two scores, two forces.)",
            (
                _scores(lambda d, s: 2 * d / s**2, lambda d, s: 2 * (d / s) ** 2 - 1),
                _scores(by_mean=lambda d, s: 2 * d / s**2),
                _scores(by_log_std=lambda d, s: 2 * (d / s) ** 2 - 1),
                _scores(by_log_std=lambda d, s: (d / s) ** 2 / 2 - 1),
            ),
        ),
        Mistake(
            "sign",
            "A sign is flipped. An action above the mean must give a positive first score: "
            "moving the mean up makes it more likely.\n"
            "An action far away must give a positive second one: widening the bell makes it more likely. "
            "(Chapter 4, Two scores, two forces.)",
            (
                _scores(lambda d, s: -_reach(d, s), lambda d, s: -_widen(d, s)),
                _scores(by_mean=lambda d, s: -_reach(d, s)),
                _scores(by_log_std=lambda d, s: -_widen(d, s)),
                _scores(by_log_std=lambda d, s: (d / s) ** 2 + 1),
                _scores(by_log_std=lambda d, s: -((d / s) ** 2) - 1),
            ),
        ),
        Mistake(
            "clips-the-actions",
            "You clip the actions before you score them. A clipped action was not drawn from this bell: "
            "score what was drawn.\n"
            "(Chapter 4, Motors have limits.)",
            (lambda a, m, l: _scores()(np.clip(a, -1, 1), m, l), lambda a, m, l: _scores()(np.tanh(a), m, l)),
        ),
        Mistake(
            "size-for-square",
            "You take the size of z where its square belongs (or the other way about): the first score keeps the sign "
            "of the distance, the second is z squared less 1.",
            (
                _scores(by_mean=lambda d, s: abs(d) / s**2),
                _scores(by_log_std=lambda d, s: abs(d) / s - 1),
                _scores(by_log_std=lambda d, s: d / s - 1),
            ),
        ),
        *_bounds(
            "the score",
            _last_changed(lambda a, m, l: _scores()(a, m, l)),
            lambda l: (np.ones(1), np.zeros(1), np.array([l])),
            lambda parts: -np.log(parts[0]) / 2,
            more=(
                *(
                    _scores(lambda d, s, c=c: d / (s**2 + c), lambda d, s, c=c: d**2 / (s**2 + c) - 1)
                    for c in ADDED[4:]
                ),
                *(_scores(lambda d, s, c=c: d / (s + c) ** 2, lambda d, s: _widen(d, s)) for c in ADDED),
                *(_scores(by_mean=lambda d, s, c=c: d / (s**2 + c)) for c in ADDED[4:]),
            ),
        ),
        Mistake(
            "swapped",
            "Both are right and stand in the wrong order: first the score of mean, then that of log_std.",
            (_scores(_widen, _reach),),
        ),
        Mistake(
            "summed-over-dimensions",
            "You add up the dimensions. The log density is a sum over them, but each dimension has a mean and a "
            "log_std of its own, so each has its own scores:\n"
            "they stand side by side, (..., D). (Chapter 4, Many dimensions.)",
            (lambda a, m, l: tuple(score.sum(-1) for score in _scores()(a, m, l)),),
        ),
        Mistake(
            "gradient-of-the-density",
            "This is the derivative of the density, not of its logarithm: divide by the density. "
            "The score is the derivative of the log.\n"
            "(Chapter 4, Two scores, two forces.)",
            (
                _scores(lambda d, s: _bell(d, s) * _reach(d, s), lambda d, s: _bell(d, s) * _widen(d, s)),
                _scores(
                    lambda d, s: _bell(d, s).prod(-1, keepdims=True) * _reach(d, s),
                    lambda d, s: _bell(d, s).prod(-1, keepdims=True) * _widen(d, s),
                ),
            ),
        ),
    ),
)


# --- gaussian_entropy ----------------------------------------------------------------------------------------------


def gaussian_entropy(log_std):
    """The definition, minus the integral of p log p, for each bell on its own grid."""
    density, log_density, dx = _bells(log_std)
    return -(density * log_density * dx).sum((-1, -2))


def entropy_cases(rng):
    return [
        Case("one dimension", (np.array([0.6]),)),
        Case("three dimensions", (np.array([-0.7, 0.4, 0.9]),)),
        Case("five rows of two", (rng.uniform(-0.5, 1.5, (5, 2)),)),
        Case("two tables", (rng.uniform(-1, 1, (2, 3, 4)),)),
        Case("whole numbers", (np.array([[1, 2, 3], [-1, 1, 2]]),)),
        Case("wide bells", (np.array([0.8, 1.7]),)),
        Case("a negative entropy", (np.array([-2.3, -3.1]),)),
        Case("one positive and one negative", (np.array([[0.5, 0.2], [-4.0, -2.5]]),)),
        Case("log_std -8", (np.array([-8.0, -7.5, -8.5]),)),
        Case("log_std 3 and 4.5", (np.array([3.0, 4.5]),)),
        Case("log_std 12 and -15", (np.array([[12.0, 11.2], [-15.0, -14.6]]),)),
    ]


BELL = CONSTANT + 0.5  # the entropy of the bell with std 1


ENTROPY = Exercise(
    truth=gaussian_entropy,
    cases=entropy_cases,
    difficulty=1,
    importance=3,
    minutes=5,
    axes=("row",),
    each=True,
    sizes=lambda log_std: {"D": log_std.shape[-1]},
    after="The mean is not in it: where a bell stands does not matter for how much is left to chance. "
    "And it may be negative, as log densities may be positive.",
    hints=(
        "The entropy is the mean of minus the log density. Three terms: what is the mean of each?",
        "z squared has mean one. So the first term leaves one half, in nats. "
        "The other two do not depend on the action at all.",
        "That is the entropy of one bell. Independent dimensions add theirs: "
        "sum over the last axis, the constant included.",
    ),
    mistakes=(
        Mistake(
            "constant-once",
            "Right for one dimension. The constant, half log(2 pi e), belongs to each of the D bells, "
            "and you count it once.\n"
            "Put it inside the sum over the dimensions. (Chapter 4, Many dimensions.)",
            (lambda l: l.sum(-1) + BELL,),
        ),
        Mistake(
            "variance-twice",
            "The spread counts twice: you take log(std^2) = 2 log_std, and put the half on the constant alone.\n"
            "Half log(2 pi e std^2) is log_std + half log(2 pi e). (Chapter 4, Many dimensions.)",
            (lambda l: (2 * l + BELL).sum(-1),),
        ),
        Mistake(
            "half-forgotten",
            "The half is forgotten: the entropy of a bell is half log(2 pi e std^2), "
            "since its density divides by the root of 2 pi std^2.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda l: (2 * l + 2 * BELL).sum(-1), lambda l: (l + 2 * BELL).sum(-1)),
        ),
        Mistake(
            "sign-of-a-term",
            "One of the two terms has the wrong sign: a wider bell leaves more to chance, so log_std is added, "
            "and so is half log(2 pi e).",
            (lambda l: (BELL - l).sum(-1), lambda l: (l - BELL).sum(-1)),
        ),
        *_bounds(
            "the entropy",
            _last_changed(lambda l: (l + BELL).sum(-1)),
            lambda l: (np.array([l]),),
            lambda parts: parts[0] - BELL,
        ),
        Mistake(
            "product-of-entropies",
            "You multiply the entropies of the dimensions. "
            "What is left to chance in one comes on top of what is left in the other: they add.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda l: (l + BELL).prod(-1),),
        ),
        Mistake(
            "e-missing",
            "One half is missing for each dimension: "
            "log_std + half log(2 pi) is minus the log density at the mean, the highest point.\n"
            "On average an action lies one std away (z^2 has mean 1), which adds one half: "
            "log(2 pi e) in place of log(2 pi).\n"
            "(Chapter 4, Many dimensions.)",
            (lambda l: (l + CONSTANT).sum(-1),),
        ),
        Mistake(
            "no-constant",
            "The constant is missing: the entropy is log_std + half log(2 pi e), for each dimension.\n"
            "Its gradient does not need it, the number does. (Chapter 4, Many dimensions.)",
            (lambda l: l.sum(-1),),
        ),
        Mistake(
            "log-std-as-variance",
            "You take exp(log_std) to be the variance, so the spread counts only half. It is the standard deviation: "
            "its logarithm enters in full.",
            (lambda l: (l / 2 + BELL).sum(-1),),
        ),
        Mistake(
            "log-std-as-std",
            "You take the logarithm once more: log_std is already log(std), and it may be negative.",
            (
                lambda l: (np.log(abs(l)) + BELL).sum(-1),
                lambda l: (np.log(l) + BELL).sum(-1),
                lambda l: (np.log(l) / 2 + BELL).sum(-1),
            ),
        ),
        Mistake(
            "std-for-log-std",
            "You add up the standard deviations. The entropy grows with their logarithms: "
            "twice as wide is log 2 more, whatever the width.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda l: (np.exp(l) + BELL).sum(-1),),
        ),
        Mistake(
            "bits",
            "Right, but in bits: you divide by log 2, or use log2. "
            "The book counts in nats, with the natural logarithm.",
            (lambda l: (l + BELL).sum(-1) / np.log(2),),
        ),
        Mistake(
            "never-negative",
            "You cut the entropy off at zero, or take its size. That holds for the entropy of a table. "
            "A density's entropy is negative where the bell is narrow (std below 0.242), and there is no harm in it. "
            "(Chapter 4, Many dimensions.)",
            (
                lambda l: np.maximum((l + BELL).sum(-1), 0),
                lambda l: np.maximum(l + BELL, 0).sum(-1),
                lambda l: abs((l + BELL).sum(-1)),
            ),
        ),
        Mistake(
            "sign",
            "The sign is flipped: the entropy is minus the mean of the log density. A wider bell has more of it.",
            (lambda l: -(l + BELL).sum(-1),),
        ),
        Mistake(
            "mean-over-dimensions",
            "You average over the dimensions. What is left to chance in one joint comes on top "
            "of what is left in the other: entropies add.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda l: (l + BELL).mean(-1),),
        ),
        Mistake(
            "not-summed",
            "You return one number for each dimension. The entropy is that of the whole action: "
            "add them up along the last axis.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda l: l + BELL,),
        ),
        Mistake(
            "sums-the-batch",
            "You add up everything, the rows with it. Each row is a policy of its own: "
            "sum over the last axis only (axis=-1).",
            (lambda l: (l + BELL).sum(),),
        ),
    ),
)


# --- tanh_gaussian_log_prob ----------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)  # it is asked again and again for the same few, and takes milliseconds
def _log_slope_of_tanh(u):
    """A difference quotient of tanh, in 450 digits: at u = -400 the first 347 of tanh are all 9."""

    def tanh(x):
        up, down = x.exp(), (-x).exp()
        return (up - down) / (up + down)

    with localcontext(prec=450):
        u, h = Decimal(float(u)), Decimal(10) ** -20
        slope = (tanh(u + h) - tanh(u - h)) / (2 * h)
    with localcontext(prec=30):
        return float(slope.ln())


def tanh_gaussian_log_prob(u, mean, log_std):
    """The log density of u, less the log of how much tanh stretches a small interval around it."""
    slopes = np.vectorize(_log_slope_of_tanh, otypes=[float])(np.broadcast_arrays(u, mean, log_std)[0])
    return gaussian_log_prob(u, mean, log_std) - slopes.sum(-1)


def tanh_cases(rng):
    def draw(shape, mean, log_std):
        return np.exp(log_std) * rng.normal(size=shape) + mean, mean, log_std

    return [
        Case("one dimension", (np.array([0.7]), np.array([0.2]), np.array([-0.5]))),
        Case(
            "u within the limits",
            (np.array([0.3, -0.8, 0.55]), np.array([0.1, -0.4, 0.9]), np.array([-0.7, 0.4, -0.3])),
        ),
        Case("five actions of two dimensions", draw((5, 2), rng.normal(size=(5, 2)), np.array([-0.4, 0.6]))),
        Case("as many actions as dimensions", draw((3, 3), rng.normal(size=3), np.array([-0.5, 0.3, 0.8]))),
        Case("a log_std for each action", draw((4, 3), rng.normal(size=(4, 3)), rng.uniform(-1, 1, (4, 3)))),
        Case("one u and four means", (np.array([0.4, -1.1]), rng.normal(size=(4, 2)), np.array([0.3, -0.6]))),
        Case("whole numbers", (np.array([[2, 0], [-1, 3]]), np.array([1, 0]), np.array([1, -1]))),
        Case("u of 5", (np.array([5.0, -4.5]), np.array([3.8, -4.0]), np.array([0.2, -0.3]))),
        Case("u of 100", (np.array([[100.0], [-100.0]]), np.array([[99.0], [-101.0]]), np.array([0.4]))),
        Case("u of -400", (np.array([-400.0, 0.3]), np.array([-399.5, 0.1]), np.array([-0.4, 0.25]))),
        Case("log_std -8", draw((3, 2), np.array([0.3, -0.1]), np.array([-8.0, -7.6]))),
        Case("log_std 3 and 4.5", (rng.normal(size=(4, 2)), np.array([0.6, -0.4]), np.array([3.0, 4.5]))),
        Case(
            "log_std 12 and -15",
            (np.array([[0.7, -1.2], [1.2e-6, -1.5e-6]]), np.zeros(2), np.array([[12.0, 11.2], [-15.0, -14.6]])),
        ),
    ]


def _log_slope(u):
    return 2 * (np.log(2) - u - np.logaddexp(0, -2 * u))


def _terms_at_a(u, m, l):
    return _terms(np.tanh(u), m, l)


def _plain_slope(u):
    return np.log(1 - np.tanh(u) ** 2)


def _squash(log_slope, terms=_terms, sign=-1):
    """A way to answer, from what is used as the log of the slope."""

    def tanh_gaussian_log_prob(u, mean, log_std):
        u, m, l = _all(u, mean, log_std)
        return (terms(u, m, l) + sign * log_slope(u)).sum(-1)

    return tanh_gaussian_log_prob


def _recovered(limit):
    def tanh_gaussian_log_prob(u, mean, log_std):
        u, m, l = _all(u, mean, log_std)
        again = np.arctanh(np.clip(np.tanh(u), -limit, limit))
        return (_terms(again, m, l) - _log_slope(again)).sum(-1)

    return tanh_gaussian_log_prob


def _padded(smallest):
    return _squash(lambda u: np.log(1 - np.tanh(u) ** 2 + smallest))


def _clipped(smallest):
    return _squash(lambda u: np.log(np.maximum(1 - np.tanh(u) ** 2, smallest)))


SMALL = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-300)

TANH = Exercise(
    truth=tanh_gaussian_log_prob,
    cases=tanh_cases,
    difficulty=3,
    importance=4,
    minutes=15,
    axes=("action",),
    each=True,
    sizes=lambda u, mean, log_std: {"D": log_std.shape[-1]},
    laws=(
        Law(
            "Squeezing puts the same probability on less room, so the log density of a = tanh(u) "
            "is never below that of u. Yours is.",
            lambda v, u, m, l: (v >= _terms(*_all(u, m, l)).sum(-1) - 1e-3).all(),
        ),
        Law(
            "Far out the slope of tanh is 4 exp(-2 abs(u)): each unit of u adds 2 to the log density of a. "
            "Yours is off there.",
            lambda v, u, m, l: (
                np.abs(u).max() < 50 or near(v / (_terms(*_all(u, m, l)) - _log_slope(_all(u, m, l)[0])).sum(-1), 1)
            ),
        ),
    ),
    after="The correction holds no parameter, so no score needs it. "
    "Entropies do, and there a wrong number at the walls is paid for.",
    hints=(
        "A small interval du is squeezed to tanh'(u) du, and its probability stays. "
        "So what happens to the density, and to its log?",
        "The slope of tanh is 1 - tanh(u)^2: right on paper. In a float tanh(20) is exactly 1. "
        "Rewrite the log of the slope before you compute it.",
        "Write the slope as 4 / (e^u + e^-u)^2. Take the log by hand, and move e^u out of the bracket. np.logaddexp(0, "
        "x) is log(1 + e^x), for any x. Each dimension is squashed, so each has its own correction.",
    ),
    mistakes=(
        Mistake(
            "no-correction",
            "This is the log density of u, before the squash. "
            "The executed action is a = tanh(u), and squeezing changes the density:\n"
            "take off the log of the slope of tanh. (For a score you would be right: "
            "the correction holds no parameter.)\n"
            "(Chapter 4, The tanh density, and when you need it.)",
            (lambda u, m, l: _terms(u, m, l).sum(-1),),
        ),
        Mistake(
            "sign-of-the-correction",
            "The correction has the wrong sign. tanh squeezes intervals together, so the same probability stands on "
            "less room: the density rises.\n"
            "The log of the slope is negative: subtract it. (Chapter 4, The tanh density, and when you need it.)",
            (
                _squash(_log_slope, sign=1),
                _squash(_plain_slope, sign=1),
                *(
                    _squash(lambda u, small=small: np.log(1 - np.tanh(u) ** 2 + small), sign=1)
                    for small in (1e-6, 1e-8)
                ),
            ),
        ),
        Mistake(
            "log-of-zero",
            "Right for small u. From about 19 on tanh(u) is exactly 1 in a float, "
            "so 1 - tanh(u)^2 is 0 and its log -inf.\n"
            "The true log of the slope at u = 100 is -198.6. Rewrite it: 1 - tanh^2 is 4 / (e^u + e^-u)^2, "
            "and the log of that is harmless.\n"
            "(Chapter 4, The tanh density, and when you need it.)",
            (
                _squash(_plain_slope),
                _squash(lambda u: np.log(1 - np.tanh(u)) + np.log(1 + np.tanh(u))),
                _squash(lambda u: np.log1p(-(np.tanh(u) ** 2))),
                _squash(lambda u: np.log((1 - np.tanh(u)) * (1 + np.tanh(u)))),
            ),
        ),
        Mistake(
            "small-number-in-the-log",
            "A small number keeps the log finite, and wrong: log(1 - tanh(u)^2 + 1e-6) never falls below -13.8, "
            "and at u = 100 the truth is -198.6.\n"
            "Many published programs do this. An entropy bonus then pays too little or too much exactly at the walls.\n"
            "Rewrite the log of the slope so that nothing is taken from 1. "
            "(Chapter 4, The tanh density, and when you need it.)",
            (*map(_padded, SMALL), *map(_clipped, SMALL)),
        ),
        Mistake(
            "u-from-the-action",
            "You squash u and compute it back with arctanh, from an action that is clipped or rounded to 1. "
            "tanh(u) has no digits left beyond u of 19: whatever u was, it comes back as one and the same number, "
            "and its density is another one.\n"
            "Keep the u that was drawn: it is the argument here. (Chapter 4, The tanh density, and when you need it.)",
            tuple(
                _recovered(limit)
                for limit in (1 - 1e-3, 1 - 1e-4, 1 - 1e-5, 1 - 1e-6, 1 - 1e-7, 1 - 1e-8, 1 - 1e-12, 1 - 2**-24)
            ),
        ),
        Mistake(
            "slip-in-the-rewriting",
            "The log of the slope was rewritten, with a slip. Check it at two points: at u = 0 the slope of tanh is 1, "
            "so its log is 0; far out the log falls by 2 for each unit of u, on both sides.\n"
            "(Chapter 4, The tanh density, and when you need it.)",
            tuple(
                map(
                    _squash,
                    (
                        lambda u: np.log(2) - u - np.logaddexp(0, -2 * u),
                        lambda u: 2 * (-u - np.logaddexp(0, -2 * u)),
                        lambda u: 2 * (np.log(2) + u - np.logaddexp(0, -2 * u)),
                        lambda u: 2 * (np.log(2) - u + np.logaddexp(0, -2 * u)),
                        lambda u: 2 * (np.log(2) - np.logaddexp(0, -2 * u)),
                        lambda u: 2 * (np.log(2) - u),
                        lambda u: 2 * (np.log(2) - u - np.logaddexp(0, -1 * u)),
                        lambda u: 2 * (np.log(2) - u - np.logaddexp(0, 2 * u)),
                        lambda u: np.log(2) - 2 * (u + np.logaddexp(0, -2 * u)),
                        lambda u: -np.logaddexp(0, u) - np.logaddexp(0, -u),
                        lambda u: np.log(2) - np.logaddexp(u, -u),
                        lambda u: -2 * np.logaddexp(u, -u),
                    ),
                )
            ),
        ),
        *_bounds(
            "a density",
            _last_changed(_squash(_log_slope)),
            lambda l: (np.zeros(1), np.zeros(1), np.array([l])),
            lambda parts: -parts[0] - CONSTANT,
            more=tuple(
                _squash(
                    _log_slope,
                    lambda u, m, l, c=c: (
                        _terms(u, m, l) + ((u - m) / np.exp(l)) ** 2 / 2 - ((u - m) / (np.exp(l) + c)) ** 2 / 2
                    ),
                )
                for c in ADDED
            ),
        ),
        Mistake(
            "correction-at-the-mean",
            "You take the slope of tanh at the mean. It is needed where the action is: at u. "
            "(Chapter 4, The tanh density, and when you need it.)",
            (lambda u, m, l: (_terms(*_all(u, m, l)) - _log_slope(_all(u, m, l)[1])).sum(-1),),
        ),
        Mistake(
            "mean-squashed",
            "You squash the mean. The bell stands over u, before the squash, and its mean with it. "
            "(Chapter 4, The tanh density, and when you need it.)",
            (lambda u, m, l: (_terms(u, np.tanh(m), l) - _log_slope(u)).sum(-1),),
        ),
        Mistake(
            "overflow-on-one-side",
            "Right up to u of 100, and at u = -400 exp(-2u) = e^800 does not fit into a float.\n"
            "np.logaddexp(0, -2 * u) takes any u. Or use the symmetry: "
            "the slope of tanh is the same at u and at -u, so abs(u) will do.",
            (
                _squash(lambda u: 2 * (np.log(2) - u - np.log(1 + np.exp(-2 * u)))),
                _squash(lambda u: np.log(4) - 2 * u - 2 * np.log1p(np.exp(-2 * u))),
                _squash(lambda u: np.log(4 * np.exp(-2 * u) / (1 + np.exp(-2 * u)) ** 2)),
            ),
        ),
        Mistake(
            "squashes-twice",
            "The correction is computed from a = tanh(u) where u belongs: the slope is 1 - tanh(u)^2, "
            "which is 1 - a^2, and not 1 - tanh(a)^2.\n"
            "The argument of this function is u, before the squash. "
            "(Chapter 4, The tanh density, and when you need it.)",
            (_squash(lambda u: _log_slope(np.tanh(u))),),
        ),
        Mistake(
            "density-at-a",
            "You evaluate the bell at the squashed action a. What was drawn from the bell is u: its density belongs to "
            "u, with or without a correction.\n"
            "This is the bug that gives gradients of the wrong sign. (Chapter 4, Motors have limits.)",
            (
                _squash(_log_slope, _terms_at_a),
                _squash(_plain_slope, _terms_at_a),
                lambda u, m, l: _terms(np.tanh(u), m, l).sum(-1),
                _squash(lambda u: _log_slope(np.tanh(u)), _terms_at_a),
            ),
        ),
        Mistake(
            "u-taken-for-a",
            "You write 1 - u^2 where 1 - tanh(u)^2 belongs. The argument is u, before the squash, and it may be larger "
            "than 1: then yours is the log of a negative number.\n"
            "(Chapter 4, The tanh density, and when you need it.)",
            (_squash(lambda u: np.log(1 - u**2)),),
        ),
        Mistake(
            "square-forgotten",
            "The slope of tanh is 1 - tanh(u)^2. The square is forgotten. "
            "(Chapter 4, The tanh density, and when you need it.)",
            (_squash(lambda u: np.log(1 - np.tanh(u))), _squash(lambda u: np.log(1 - abs(np.tanh(u))))),
        ),
        Mistake(
            "slope-without-log",
            "You take off the slope of tanh itself, 1 - tanh(u)^2. "
            "Densities are divided by it, so log densities lose its logarithm.\n"
            "(Chapter 4, The tanh density, and when you need it.)",
            (_squash(lambda u: 1 - np.tanh(u) ** 2),),
        ),
        Mistake(
            "correction-not-summed",
            "The bell's log density is summed over the dimensions, and the correction is not. "
            "Each dimension is squashed, so each brings its own term:\n"
            "sum both along the last axis. (Chapter 4, Many dimensions.)",
            (
                lambda u, m, l: _terms(u, m, l).sum(-1) - _log_slope(u),
                lambda u, m, l: _terms(u, m, l).sum(-1) - _plain_slope(u),
            ),
        ),
        Mistake(
            "not-summed",
            "You return one number for each dimension. An action with D dimensions is one action: "
            "add up along the last axis.\n"
            "(Chapter 4, Many dimensions.)",
            (lambda u, m, l: _terms(u, m, l) - _log_slope(u),),
        ),
    ),
)


# --- linear_gaussian_gradient --------------------------------------------------------------------------------------


def linear_gaussian_gradient(features, actions, weights, W, log_std):
    """Complex steps of mean(weights * log density), one entry of W and of log_std at a time."""

    def surrogate(W, log_std):
        return (weights * _shape(actions, features @ W, log_std).sum(-1)).mean()

    def step(like, index):
        nudge = np.zeros(np.shape(like), complex)
        nudge[index] = 1j * STEP
        return like + nudge

    by_W = [surrogate(step(W, index), log_std).imag / STEP for index in np.ndindex(W.shape)]
    by_log_std = [surrogate(W, step(log_std, j)).imag / STEP for j in range(len(log_std))]
    return np.reshape(by_W, W.shape), np.array(by_log_std)


def linear_cases(rng):
    def draw(N, K, D, log_std, weights=None, far=1.0):
        features, W = rng.normal(0.5, 1, (N, K)), rng.normal(0, 0.6, (K, D))
        actions = features @ W + far * np.exp(log_std) * rng.normal(0.2, 1, (N, D))
        return features, actions, 1 + 2 * rng.normal(size=N) if weights is None else weights, W, np.array(log_std)

    def unbiased(args):
        """The same with means of 0, so that narrow bells lose no digits."""
        features, actions, weights, W, log_std = args
        return features, actions - features @ W, weights, 0 * W, log_std

    return [
        Case("6 samples, 3 features, 2 dimensions", draw(6, 3, 2, [-0.6, 0.4])),
        Case("5 samples, 2 features, 4 dimensions", draw(5, 2, 4, [0.3, -0.9, 0.7, -0.2])),
        Case("as many samples as features and dimensions", draw(3, 3, 3, [-0.5, 0.8, 0.2])),
        Case("one feature, one dimension", draw(7, 1, 1, [-0.8])),
        Case("a single sample", draw(1, 3, 2, [0.5, -0.4])),
        Case("whole-number weights", draw(4, 2, 3, [-0.3, 0.6, -1.1], np.array([3, -1, 0, 2]))),
        Case("small standard deviations", draw(8, 3, 2, [-2.4, -2.0])),
        Case("actions far beyond 1", draw(6, 2, 2, [0.9, 1.2], far=2.0)),
        Case("log_std -8", draw(5, 2, 2, [-8.0, -7.6])),
        Case("log_std 3 and 4.5", draw(5, 2, 2, [3.0, 4.5])),
        Case("log_std 12", unbiased(draw(4, 2, 2, [12.0, 11.2]))),
        Case("log_std -15", unbiased(draw(4, 2, 2, [-15.0, -14.6]))),
    ]


def _gradient(x, a, w, W, l, reach=_reach, widen=_widen, weigh=None):
    """The right answer, from parts of which one can be exchanged."""
    d, s = a - x @ W, np.exp(l)
    w = w[:, None]
    return x.T @ (w * reach(d, s)) / len(x), ((w if weigh is None else weigh) * widen(d, s)).mean(0)


def _times(first, second):
    """The right answer with each part multiplied by a function of N."""
    return lambda x, a, w, W, l: tuple(
        part * factor(len(x)) for part, factor in zip(_gradient(x, a, w, W, l), (first, second))
    )


def _with(**parts):
    return lambda x, a, w, W, l: _gradient(x, a, w, W, l, **parts)


def _weighing(change):
    return lambda x, a, w, W, l: _gradient(x, a, change(w), W, l)


LINEAR = Exercise(
    truth=linear_gaussian_gradient,
    cases=linear_cases,
    difficulty=3,
    importance=5,
    minutes=15,
    parts=2,
    axes=("feature", "dimension"),
    sizes=lambda features, actions, weights, W, log_std: {"N": len(features), "K": len(W), "D": len(log_std)},
    after="With returns less a baseline as weights this is all of REINFORCE for a linear controller: "
    "it drives the point mass of this chapter.",
    hints=(
        "The mean of sample i is its row of features times W, (N, D) for all. "
        "You have both scores with respect to mean and log_std.",
        "Down to W: entry (k, j) of W moves the mean of dimension j by feature k. So each sample's score of W is the "
        "outer product of features and mean score.",
        "Each sample counts with its weight, in both answers; weights is (N,) and the scores are (N, D). "
        "Then the average over samples. A matrix product sums over samples for you, and does not divide.",
    ),
    mistakes=(
        Mistake(
            "sum-for-mean",
            "You add up the samples where their mean is wanted (in W, in log_std, or in both): N times too large.\n"
            "A matrix product sums over the samples and does not divide.",
            (_times(lambda N: N, lambda N: N), _times(lambda N: N, lambda N: 1), _times(lambda N: 1, lambda N: N)),
        ),
        Mistake(
            "variance-missing",
            "The variance is missing: the mean's score is the distance divided by std^2, "
            "and you use the bare distance.\n"
            "It looks like the gradient of a squared error, which is where it comes from: "
            "least squares is a Gaussian with std 1.\n"
            "(Chapter 4, Two scores, two forces.)",
            (_with(reach=lambda d, s: d), _with(reach=lambda d, s: d, widen=lambda d, s: d**2 - 1)),
        ),
        Mistake(
            "std-for-variance",
            "You divide by std where the variance std^2 belongs (or take exp(log_std) to be the variance). "
            "With std = 1 it does not show.\n"
            "(Chapter 4, Two scores, two forces.)",
            (
                _with(reach=lambda d, s: d / s),
                _with(reach=lambda d, s: d / s, widen=lambda d, s: d**2 / s - 1),
                _with(reach=lambda d, s: d / s, widen=lambda d, s: (d**2 / s - 1) / 2),
            ),
        ),
        Mistake(
            "weights-on-the-mean-only",
            "The weights reach W only: your gradient for log_std is the plain mean of its scores, "
            "which says nothing about good and bad.\n"
            "It is near zero, so std would stand almost still. "
            "Both parts are weighted alike. (Chapter 4, Two scores, two forces.)",
            (_with(weigh=1),),
        ),
        Mistake(
            "weights-ignored",
            "The weights are not used. The mean score alone is zero, up to noise: which way to go is in the weights.\n"
            "(Chapter 4, Two scores, two forces.)",
            (_weighing(np.ones_like),),
        ),
        Mistake(
            "weights-changed",
            "You change the weights: centre, clip, square or normalise them. Whether a baseline is taken off is "
            "decided by the caller, who has done so (or not) before:\n"
            "use the weights as they come.",
            (
                _weighing(lambda w: w - w.mean()),
                _weighing(lambda w: (w - w.mean()) / w.std()),
                _weighing(lambda w: (w - w.mean()) / (w.std() + 1e-8)),
                _weighing(lambda w: w / w.mean()),
                _weighing(lambda w: np.maximum(w, 0)),
                _weighing(lambda w: w**2),
                _weighing(np.abs),
                _weighing(np.sign),
                _weighing(lambda w: w * len(w) / np.abs(w).sum()),
            ),
        ),
        Mistake(
            "mean-ignored",
            "The mean is not taken off the actions: you score them as if W were 0. "
            "The distance is actions - features @ W.",
            (lambda x, a, w, W, l: _gradient(x, a, w, 0 * W, l),),
        ),
        Mistake(
            "log-std-as-it-stands",
            "The standard deviations are not those of log_std: its sign is turned, one is used for all dimensions, "
            "or log_std itself is taken for std.\n"
            "Each dimension has its own, std = exp(log_std).",
            (
                lambda x, a, w, W, l: _gradient(x, a, w, W, -l),
                lambda x, a, w, W, l: _gradient(x, a, w, W, np.full(l.shape, l.mean())),
                lambda x, a, w, W, l: (
                    x.T @ (w[:, None] * (a - x @ W) / l**2) / len(x),
                    (w[:, None] * (((a - x @ W) / l) ** 2 - 1)).mean(0),
                ),
            ),
        ),
        *_bounds(
            "the gradient",
            _last_changed(_gradient),
            lambda l: (np.ones((1, 1)), np.ones((1, 1)), np.ones(1), np.zeros((1, 1)), np.array([l])),
            lambda parts: -np.log(parts[0]) / 2,
            more=tuple(
                _with(reach=lambda d, s, c=c: d / (s**2 + c), widen=widen)
                for c in ADDED[4:]
                for widen in (_widen, lambda d, s, c=c: d**2 / (s**2 + c) - 1)
            ),
        ),
        Mistake(
            "weights-on-log-std-only",
            "The weights reach log_std only: your gradient for W is the plain mean of its scores, "
            "which says nothing about good and bad.\n"
            "Both parts are weighted alike. (Chapter 4, Two scores, two forces.)",
            (lambda x, a, w, W, l: (_gradient(x, a, np.ones(len(w)), W, l)[0], _gradient(x, a, w, W, l)[1]),),
        ),
        Mistake(
            "step-taken",
            "You return the parameters after a step. Only the gradient is asked for: the step is the caller's.",
            (lambda x, a, w, W, l: tuple(old + g for old, g in zip((W, l), _gradient(x, a, w, W, l))),),
        ),
        Mistake(
            "product-of-means",
            "You multiply the mean weight by the mean score. That destroys the pairing of each sample with its own "
            "score, which was the whole information.\n"
            "Multiply first, then average. (Chapter 3, One lemma, used everywhere.)",
            (_weighing(lambda w: np.full(w.shape, w.mean())),),
        ),
        Mistake(
            "minus-one-missing",
            "The minus one is missing from the score of log_std: it is z^2 - 1. "
            "Without it every good action widens the bell.\n"
            "(Chapter 4, Two scores, two forces.)",
            (_with(widen=lambda d, s: (d / s) ** 2),),
        ),
        Mistake(
            "with-respect-to-std",
            "The second is the gradient for std, or for the variance. The parameter is log_std: "
            "the chain rule multiplies by std (or by 2 std^2).\n"
            "(Chapter 4, Two scores, two forces.)",
            (
                _with(widen=lambda d, s: _widen(d, s) / s),
                _with(widen=lambda d, s: _widen(d, s) / (2 * s**2)),
                _with(widen=lambda d, s: _widen(d, s) / 2),
            ),
        ),
        Mistake(
            "clips-the-actions",
            "You clip the actions before you score them. A clipped action was not drawn from this bell: "
            "its mean score is not zero, and the gradient can have the wrong sign.\n"
            "Score what was drawn; clipping belongs to the world. (Chapter 4, Motors have limits.)",
            (
                lambda x, a, w, W, l: _gradient(x, np.clip(a, -1, 1), w, W, l),
                lambda x, a, w, W, l: _gradient(x, np.tanh(a), w, W, l),
            ),
        ),
        Mistake(
            "sign",
            "A sign is flipped: this goes downhill. A loss to be minimised has the other sign; grad J points to what "
            "should become more likely.\n"
            '(Chapter 3, What the "loss" is not.)',
            (_times(lambda N: -1, lambda N: -1), _times(lambda N: -1, lambda N: 1), _times(lambda N: 1, lambda N: -1)),
        ),
        Mistake(
            "swapped",
            "Both are right and stand in the wrong order: "
            "first the gradient for W, (K, D), then that for log_std, (D,).",
            (lambda x, a, w, W, l: _gradient(x, a, w, W, l)[::-1],),
        ),
    ),
)


EXERCISES = (LOG_PROB, SCORE, ENTROPY, TANH, LINEAR)
