"""Judge a training function by the one thing that counts: is its mean step, divided by lr, the exact gradient?

`update(theta, batch, lr) -> theta` is run on thousands of sampled batches in worlds whose gradient is known. Whatever
is unbiased passes, in any style and with any baseline; whatever is not is told how many sigma off it is.

Why this rarely errs: six independent numbers are compared (three logits of two policies), so an unbiased function lies
beyond 4 sigma somewhere with probability 4e-4. Then all is drawn again, and only twice beyond 4 sigma is rejected:
2e-7. Batches in which nothing is paid show what does not come from rewards at all; most functions then stand still,
without any scatter. Every mistake of the book lies beyond 8 sigma,
so that one of them slips through with probability 6e-5 at most.
"""

import copy
import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from . import remarks
from .attempt import Budget, attempt
from .display import Hint, Result
from .exercise import Case, Exercise
from .runs import SECONDS, changed, changing_line, noted, run_all

SIGMA = 4.0  # allowed distance of the mean from the exact gradient, in standard errors, at each parameter
FREE_SIGMA = 5.0  # the same where nothing is paid, looked at once
COUNT = 2000  # batches for each setting
NOISE = 5.0  # a standard error this many times the reference's says nothing
LR = 0.5
FREE = 400  # batches without rewards for each setting
PATIENCE = 4  # times the usual seconds: thousands of batches on a busy machine

NOT_LINEAR = (
    "The step is not proportional to lr: with a fiftieth of lr it is not a fiftieth of the step. "
    "The check divides the step by lr to find your gradient.\nReturn theta plus lr times an estimate: no Adam, "
    "no momentum, no clipping here."
)


@dataclass(frozen=True)
class Setting:
    """A world, the policy that plays in it, and how many episodes a batch holds."""

    world: object
    theta: tuple
    n: int

    @property
    def start(self):
        return np.array(self.theta, float)

    @property
    def exact(self):
        return self.world.exact_gradient(self.start)


@lru_cache(maxsize=16)
def batches(setting, look, count):
    """`count` batches; another `look` is another draw of them."""
    return setting.world.batches(setting.start, np.random.default_rng([setting.n, look]), setting.n, count)


@lru_cache(maxsize=16)
def unpaid_batches(setting, count, free):
    """The first `free` of `count` batches, without their rewards; `attempt` copies them."""
    return [unpaid(batch) for batch in batches(setting, 0, count)[:free]]


@dataclass(frozen=True)
class Hunt(Exercise):
    """An exercise judged by its mean. `truth` is one unbiased answer among many.

    original: the function that the learner is given to mend (None: an empty cell). bug: its mistake's name.
    known: {name: (gradient(theta, batch), ...)}, wrong estimators to tell by name. right_ways: {"in words": gradient}.
    arguments: (theta, batch, lr) -> what the function is called with.
    """

    settings: tuple = ()
    gradient: Callable = None  # (theta, batch) -> an unbiased estimate, whose scatter is the measure for noise
    original: Callable | None = None
    bug: str = ""
    known: Callable = dict
    right_ways: Callable = dict
    choices: Callable = dict  # {name: what it is}
    arguments: Callable = tuple
    remarks: Callable = lambda function: ""  # what to add when an answer passes

    def judge(self, function, mistake=None, seconds=SECONDS):
        """The `Result` for the learner's function and the name given to the mistake."""
        runs = run_all(function, self, seconds)
        return noted(self._verdict(function, mistake, runs, seconds), runs)

    def _verdict(self, function, name, runs, seconds):
        naming = Naming(self, name)
        wrong = [run for run in runs if not run.right]
        for remark in (remarks.missing, remarks.raised, remarks.time, remarks.shape, remarks.not_finite):
            if text := remark(runs, wrong, self):
                kind, text = remarks.signed(remark, text, self)
                return Result(False, text, None, self.name, kind)
        if any(part.dtype.kind == "f" and part.dtype.itemsize < 4 for run in runs for part in run.outcome.parts):
            return self._no(
                "Your answer is in half precision (float16): next to theta a small step is rounded away. "
                "Use float64, or at least float32.",
                "precision",
            )
        if not self._repeats(function, runs, seconds):
            return self._no(
                "Called twice with the same arguments, your function gives two answers. It remembers something from "
                "call to call (momentum, a running mean, a list that grows), or it draws random numbers of its own.\n"
                "The step must depend on theta, the batch and lr alone.",
                "two-answers",
            )
        if not self._proportional(function, runs, seconds):
            if text := self._moving(function, runs, seconds):
                return self._no(text, "theta-moves")
            return self._no(self._without_theta(function, runs, seconds) or NOT_LINEAR, "not-linear")
        looks = self._look(function, 0, seconds)
        if isinstance(looks, Result):
            return looks
        if any(look.beyond for look in looks):
            looks = self._look(function, 1, seconds)
            if isinstance(looks, Result):
                return looks
        worst = max(looks, key=lambda look: look.sigma)
        if worst.beyond:
            what, text = self._what(function, runs, looks, seconds)
            spoilt = changed(runs, self, function, seconds=seconds, right=False)
            where = worst.text if any(look.mean.any() for look in looks) else ""
            return self._no("\n".join(filter(None, [text, where, naming.aside, spoilt])), what)
        if text := self._free(function, looks, seconds):
            return self._no(text, "not-from-rewards")
        if worst.noise > NOISE:
            return self._no(
                f"Your steps scatter {worst.noise:.0f} times as much as they must, "
                f"so their mean says nothing about bias.\n{worst.text}",
                "too-noisy",
            )
        spoilt = changed(runs, self, function, seconds=seconds, right=True)
        if spoilt:
            return self._no(spoilt, "changes-argument")
        praise = (
            f"Unbiased: over {len(looks) * COUNT:,} sampled batches the mean step / lr lies within {SIGMA:.0f} sigma "
            f"of the exact gradient everywhere (largest distance {worst.sigma:.1f})."
        )
        if not self.bug:
            return Result(
                True,
                "\n".join(filter(None, [praise, self._way(runs), self.after, self.remarks(function)])),
                None,
                self.name,
            )
        if naming.right:
            return Result(True, f"Mended, and named: {self.bug}.\n{praise}\n{self.after}", None, self.name)
        return self._no(f"Mended. {praise}\n{naming.text}", naming.kind)

    def _no(self, message, what=None):
        return Result(False, message, what, self.name, "mistake" if what else "raised")

    def _step(self, function, theta, batch, lr=LR, seconds=SECONDS):
        """The function's step / lr on one batch, or None."""
        outcome = attempt(function, self.arguments(theta, batch, lr), Budget(seconds))
        good = outcome.finite and outcome.parts[0].shape == theta.shape
        return (outcome.parts[0] - theta) / lr if good else None

    def _repeats(self, function, runs, seconds):
        for run in runs:
            again = attempt(function, run.case.args, Budget(seconds))
            if again.kind != "answer" or not np.array_equal(again.parts[0], run.outcome.parts[0]):
                return False
        return True

    def changes(self, function, runs, change, factor=1, seconds=SECONDS):
        """Is the step on a changed batch not `factor` times what it was?"""
        for run in runs:
            theta, batch, lr = run.case.raw
            other = change(batch)
            if other is None:
                continue
            new, old = self._step(function, theta, other, lr, seconds), factor * (run.outcome.parts[0] - theta) / lr
            if new is not None and np.abs(new - old).max() > 1e-4 * np.abs(old).max() + 1e-6:
                return True
        return False

    def _free(self, function, looks, seconds):
        """What to say where the mean step is not 0 though nothing is paid and all values are 0, or "".

        A bonus or a decay may be too small to be seen among the rewards' noise; here it has none. One that `looks`
        would have seen is none: an unbiased answer that knows the prices without looking
        at them (a derivative along the path) is right.
        """
        for i, setting in enumerate(self.settings):
            drawn = unpaid_batches(setting, COUNT, FREE)
            outcome = attempt(
                lambda many, start=setting.start: [function(*self.arguments(start, batch, LR)) for batch in many],
                (drawn,),
                Budget(PATIENCE * seconds),
            )
            if not outcome.finite or outcome.parts[0].shape != (len(drawn), *setting.start.shape):
                return ""  # it divides by what is paid: the mean among rewards has judged that
            steps = (outcome.parts[0] - setting.start) / LR
            mean, error = steps.mean(axis=0), np.maximum(steps.std(axis=0, ddof=1) / np.sqrt(len(steps)), 1e-6)
            at = np.unravel_index(np.abs(mean / error).argmax(), mean.shape)
            seen = looks and (np.abs(mean) > 2 * SIGMA * looks[i].error).any()
            if np.abs(mean[at]) > FREE_SIGMA * error[at] and not seen:
                return (
                    "With all rewards and values set to 0 the mean step must be 0, and yours is not: "
                    f"{mean[at]:+.2g} times lr at theta[{', '.join(map(str, at))}].\n"
                    "Something moves theta that does not come from the rewards: a decay of theta, an entropy bonus, "
                    "or a constant times a score whose mean is not 0."
                )
        return ""

    def _proportional(self, function, runs, seconds):
        for run in runs:
            theta, batch, lr = run.case.raw
            small = attempt(function, self.arguments(theta, batch, lr / 50), Budget(seconds))
            if small.kind != "answer" or small.parts[0].shape != theta.shape:
                return False
            step, large = 50 * (small.parts[0] - theta), run.outcome.parts[0] - theta
            if np.abs(step - large).max() > 1e-3 * np.abs(large).max() + 1e-6:  # a float32 answer passes too
                return False
        return True

    def _without_theta(self, function, runs, seconds):
        """What to say where the answer is the step, or the gradient, and theta is not in it, or ""."""
        parts, pairs = 50, []
        for run in runs:
            theta, batch, lr = run.case.raw
            small = attempt(function, self.arguments(theta, batch, lr / parts), Budget(seconds))
            if small.kind != "answer" or small.parts[0].shape != theta.shape:
                return ""
            pairs.append((run.outcome.parts[0], small.parts[0]))
        if not any(large.any() for large, _ in pairs):
            return (
                "Your answer is 0 everywhere: what comes back must be theta, "
                "moved by lr times an estimate of the gradient."
            )
        if all(np.allclose(large, parts * small, rtol=1e-5, atol=1e-9) for large, small in pairs):
            return "You return the step alone. What comes back must be the new theta: theta plus that step."
        if all(np.allclose(large, small, rtol=1e-5, atol=1e-9) for large, small in pairs):
            return (
                "Your answer stays the same when lr changes. What comes back must be theta plus lr times your estimate."
            )
        return ""

    def _moving(self, function, runs, seconds):
        """What to say where theta moves while later steps are still scored, or "".

        Then the smaller lr, the less does step / lr depend on it:
        between lr / 100 and lr / 200 a little, never nothing.
        """
        for run in runs:
            theta, batch, lr = run.case.raw
            small, smaller = (self._step(function, theta, batch, lr / part, seconds) for part in (100, 200))
            if small is None or smaller is None:
                return ""
            change, size = np.abs(small - smaller).max(), np.abs(small).max()
            if change > 0.02 * size:
                return ""
            if change > 1e-6 * size:
                break
        else:
            return ""
        inside = any(self.names[i] == "theta" for each in runs for i in each.outcome.changed)
        place = changing_line(function, run.case.args, self, seconds) if inside else ""
        where = "theta itself" if inside else "the theta that you compute probabilities from"
        return (
            f"You change {where} while later steps or episodes are still to be "
            f"scored{f', in {place}' if place else ''}. "
            "Their probabilities then come from a theta that no episode was played with.\n"
            + ("The caller's array changes too. " if inside else "")
            + "Add the gradient up in an array of its own, np.zeros(theta.shape), "
            "and add lr times it to theta once, at the end."
        )

    def _look(self, function, number, seconds):
        """A `Look` for each setting, or the Result that says why there is none."""
        budget, looks = Budget(PATIENCE * seconds), []
        for setting in self.settings:
            drawn, theta = batches(setting, number, COUNT), setting.start
            copies = copy.deepcopy(drawn)  # by us, since nobody asks here whether one was changed

            def steps(many=copies, theta=theta):
                return [function(*self.arguments(theta.copy(), batch, LR)) for batch in many]

            outcome = attempt(steps, (), budget)
            if outcome.kind == "time":
                return self._no(
                    f"Your function is right in form, but {COUNT:,} small batches take it more than "
                    f"{PATIENCE * seconds:.0f} seconds: a few milliseconds a batch should do.\n"
                    "Is something computed again and again that could be computed once?",
                    "too-slow",
                )
            if outcome.kind == "raised":
                return self._no(f"On one of {COUNT:,} sampled batches your function raised {outcome.detail}")
            if outcome.kind != "answer" or outcome.parts[0].shape != (COUNT, *theta.shape):
                return self._no(
                    f"On some batches your function does not return an array of theta's shape {theta.shape}."
                )
            if not outcome.finite:
                bad = drawn[int(np.argmax(~np.isfinite(outcome.parts[0]).reshape(COUNT, -1).all(axis=1)))]
                return self._no(
                    f"On some batches your answer holds NaN or infinity, for example on {bad!r}.\n"
                    "A division by a spread of 0, or by a number of others that is 0?",
                    "not-finite",
                )
            looks.append(Look.at(setting, (outcome.parts[0] - theta) / LR, _error_of(self.gradient, setting, COUNT)))
        return looks

    def _what(self, function, runs, looks, seconds):
        """(identifier, text): what kind of wrong it is."""
        steps = [(run.case.raw, (run.outcome.parts[0] - run.case.raw[0]) / run.case.raw[2]) for run in runs]
        if self.original and all(
            _same(step, (self.original(theta, batch, lr) - theta) / lr) for (theta, batch, lr), step in steps
        ):
            return "cosmetic", "This takes the same step as the original, on every batch: nothing is mended yet."
        if all(look.against(-look.exact) <= SIGMA for look in looks):
            return (
                "descends",
                "The step points exactly downhill: its mean is minus the exact gradient. "
                "(A loss is descended, a return is climbed.)",
            )
        for name, ways in self.known().items():
            for way in ways:
                if all(_same(step, way(theta, batch)) for (theta, batch, lr), step in steps):
                    now = (
                        "This is the original mistake still, in other words"
                        if name == self.bug
                        else "Recognised"
                        if not self.bug
                        else "Now it is another mistake"
                    )
                    return name, f"{now}: {name} ({self.choices()[name].rstrip('.')})."
        opening = "Not mended yet" if self.bug else "Not yet"
        if not any(look.mean.any() for look in looks):
            return "biased", (
                f"{opening}: theta comes back as it went in, on every batch. "
                "What you compute never reaches the array that you return."
            )
        for what, change, text in CLUES:
            if self.changes(function, runs, change, seconds=seconds):
                return what, f"{opening}: {text}"
        if text := self._free(function, None, seconds):
            return "not-from-rewards", f"{opening}. {text}"
        if self.changes(function, runs, threefold, 3, seconds):
            return "not-scaling", (
                f"{opening}: with all rewards and values three times as large, your step is not three times as large. "
                "Something is clipped, normalised, or added that does not come from the rewards."
            )
        if (
            all(look.against(look.factor * look.exact) <= SIGMA for look in looks)
            and any(look.cosine > 0.99 for look in looks)
            and (scaled := _scaled(looks))
        ):
            return scaled
        return "biased", f"{opening}: the mean step is not the gradient."

    def _way(self, runs):
        for words, way in self.right_ways().items():
            if all(
                _same((run.outcome.parts[0] - run.case.raw[0]) / run.case.raw[2], way(*run.case.raw[:2]))
                for run in runs
            ):
                return f"On every single batch it equals the estimator with {words}."
        return "It is none of the usual forms, and unbiased all the same."


@dataclass(frozen=True)
class HuntCase(Case):
    """A case that remembers (theta, batch, lr), whatever the function is called with."""

    raw: tuple = ()


def first_batches(settings, arguments, seed=5):
    """A few batches to look at one by one: from each setting three as they come and one of one-step episodes only,
    if there are any."""

    def cases(rng):
        out = []
        for setting in settings:
            drawn = setting.world.batches(setting.start, np.random.default_rng([seed, setting.n]), setting.n, 200)
            chosen = (
                drawn[:3]
                + [batch for batch in drawn[3:] if getattr(batch, "mask", np.ones((2, 1))).sum() == setting.n][:1]
            )
            out += [
                HuntCase(repr(batch), arguments(setting.start, batch, LR), raw=(setting.start, batch, LR))
                for batch in chosen
            ]
        return out

    return cases


@dataclass(frozen=True)
class Look:
    """What the mean of many steps says, in one setting."""

    n: int
    exact: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    noise: float

    @classmethod
    def at(cls, setting, steps, reference):
        error = steps.std(axis=0, ddof=1) / np.sqrt(len(steps))
        return cls(setting.n, setting.exact, steps.mean(axis=0), np.maximum(error, 1e-9), error.max() / reference)

    def against(self, wanted):
        """The largest distance of the mean from `wanted`, in standard errors."""
        return float(np.abs((self.mean - wanted) / self.error).max())

    @property
    def sigma(self):
        return self.against(self.exact)

    @property
    def beyond(self):
        return self.sigma > SIGMA

    @property
    def factor(self):
        return float((self.mean * self.exact).sum() / (self.exact**2).sum())

    @property
    def cosine(self):
        return float(
            (self.mean * self.exact).sum() / max(np.linalg.norm(self.mean) * np.linalg.norm(self.exact), 1e-300)
        )

    @property
    def text(self):
        """Where the mean is furthest off, and how the whole arrow lies."""
        far = np.abs((self.mean - self.exact) / self.error)
        at = np.unravel_index(far.round(6).argmax(), far.shape)  # rounded: of two that are alike always the first
        sizes = np.linalg.norm(self.mean), np.linalg.norm(self.exact)
        degrees = np.degrees(np.arccos(np.clip(self.cosine, -1, 1))) if self.exact.size > 1 else 0
        return (
            f"Over half of the {2 * COUNT:,} batches, those with {self.n} episodes, the mean step / lr is "
            f"{self.sigma:.0f} sigma from the exact gradient at theta[{', '.join(map(str, at))}]: "
            f"exact {self.exact[at]:+.3f}, yours {self.mean[at]:+.3f} +- {self.error[at]:.3f}.\n"
            f"The mean arrow is {lies(degrees, sizes[0] / sizes[1])}."
        )


def lies(degrees, ratio):
    """How an arrow lies that is turned by so many degrees and `ratio` times as long, in words;
    nothing is said of 0 degrees."""
    degrees, times = f"{degrees:.0f}", f"{ratio:.2f}"
    turned = "" if degrees == "0" else f"turned by {degrees} degree{'s' * (degrees != '1')} and "
    return f"{turned}{'' if times == '1.00' else f'{times} times '}as long as it should be"


@lru_cache(maxsize=64)
def _error_of(gradient, setting, count):
    steps = np.array([gradient(setting.start, batch) for batch in batches(setting, 0, count)])
    return (steps.std(axis=0, ddof=1) / np.sqrt(count)).max()


def threefold(batch):
    """Every reward and value three times as large."""
    return _paid(batch, 3.0)


def unpaid(batch):
    return _paid(batch, 0.0)


def _paid(batch, factor):
    values = {"values": factor * batch.values} if hasattr(batch, "values") else {}
    return replace(batch, rewards=factor * batch.rewards, **values)


def _other_padding(batch):
    """Other observations and actions where the episode is over."""
    if not hasattr(batch, "mask") or batch.mask.all():
        return None
    return replace(
        batch, obs=np.where(batch.mask, batch.obs, 1), actions=np.where(batch.mask, batch.actions, 1 - batch.actions)
    )


def _other_start(batch):
    """Another observation behind the end."""
    return (
        replace(batch, next_obs=np.where(batch.terminated, 1, batch.next_obs)) if hasattr(batch, "next_obs") else None
    )


CLUES = (
    (
        "padding-counted",
        _other_padding,
        "your step changes when obs and actions change where mask is False, after an episode's end. "
        "Nothing there may count.",
    ),
    (
        "bootstraps-past-the-end",
        _other_start,
        "your step changes when next_obs changes where terminated is True. What comes after the end must not count.",
    ),
)


def _same(step, other):
    return bool(np.abs(step - other).max() <= 1e-6 * np.abs(other).max() + 1e-9)


LENGTHS = (
    ("sum-over-episodes", lambda n: n, "That is N: a sum over the episodes where a mean belongs."),
    ("scaled", lambda n: 1 / n, "That is 1/N: something is divided by N twice."),
    (
        "baseline-contains-itself",
        lambda n: (n - 1) / n,
        "That is (N - 1) / N: a baseline that contains the episode's own return. Leave it out.",
    ),
    ("scaled", lambda n: n / (n - 1), "That is N / (N - 1): a division by N - 1 where N belongs."),
)


def _scaled(looks):
    shown = " and ".join(f"{look.factor:.2f} with {look.n} episodes a batch" for look in looks)
    """One number has no direction: there, only a factor that is the same everywhere, or has a reason,
    says something."""
    name, why = next(
        (
            (name, why)
            for name, rule, why in LENGTHS
            if all(look.against(rule(look.n) * look.exact) <= SIGMA for look in looks)
        ),
        ("scaled", ""),
    )
    mean = np.mean([look.factor for look in looks])
    if not why and looks[0].exact.size == 1 and any(look.against(mean * look.exact) > SIGMA for look in looks):
        return None
    return (
        name,
        f"The direction is right, the length is not: the mean step is {shown} times the exact gradient. {why}".strip(),
    )


@dataclass(frozen=True)
class Naming:
    """What is to be said about the name that the learner gives."""

    hunt: Hunt
    given: str | None

    @property
    def name(self):
        return (
            "" if self.given is None else "-".join(str(self.given).lower().replace("_", " ").replace("-", " ").split())
        )

    @property
    def right(self):
        return bool(self.hunt.bug) and self.name == self.hunt.bug

    @property
    def kind(self):
        return "unnamed" if not self.name else "misnamed"

    @property
    def text(self):
        if not self.name:
            return (
                f'Now say what was wrong: check({self.hunt.name}, mistake="..."). The names to choose from: mistakes().'
            )
        choices = self.hunt.choices()
        if self.name not in choices:
            near = difflib.get_close_matches(self.name, choices, n=1, cutoff=0.6)
            return (
                f"But {self.name!r} is no name of the list{f'. Did you mean {near[0]!r}?' if near else '.'} The "
                "names to choose from: mistakes()."
            )
        return (
            f"But its name is not {self.name}. That would be: {choices[self.name]}\n"
            "Look once more at what the original computes, and choose again: mistakes()."
        )

    @property
    def aside(self):
        """The same beside a function that is not mended yet."""
        if not self.hunt.bug or not self.name:
            return ""
        if self.right:
            return f"Your name for the original's mistake is right: {self.name}. Now find the line."
        return self.text.replace("But its", "And the original's", 1).replace("But", "And", 1).split("\n")[0]


def choices_text(choices):
    """All names with what they mean, as a `Hint` that shows itself nicely."""
    return Hint(
        "What can be wrong with a training function",
        "\n".join(f"{name}: {what}" for name, what in sorted(choices.items())),
    )
