"""Gaussian policies: what an update makes of a mean and a log standard deviation."""

import math
from dataclasses import dataclass

import numpy as np

from .ask import Numpy, Unreadable
from .verdict import CHOICE, DEPARTURE, EVERY_ACTION, MISTAKE, RIGHT, Finding, Verdict, beside_rewards, of_equal_rewards
from .wrap import torch_of

CLOSE = 1e-6  # relative: what counts as equal


@dataclass
class GaussianBatch:
    """n one-step episodes in D dimensions. theta = (mean (D,), log of the standard deviation (D,)), one vector (2 D,).

    drawn (n, D) are the numbers drawn from the Gaussian; actions (n, D) what the environment got: drawn, clipped to
    [-1, 1] or, if `squashed`, tanh(drawn). rewards (n,).
    """

    drawn: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    squashed: bool


def _score(theta, u, D):
    mean, std = theta[:D], np.exp(theta[D:])
    z = (u - mean) / std
    return np.concatenate([z / std, z**2 - 1], axis=1)


def _clipped_law_score(theta, drawn, D):
    """Of what the environment sees: the Gaussian's inside the box, and at a limit that of the chance to pass it."""
    std, scores = np.exp(theta[D:]), _score(theta, drawn, D)
    for limit in (-1, 1):
        z = limit * (limit - theta[:D]) / std  # how far inside the limit the mean lies
        chance = np.vectorize(math.erfc)(z / np.sqrt(2)) / 2
        hazard = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / chance
        beyond = np.tile(limit * drawn >= 1, 2)
        scores = np.where(beyond, np.concatenate([limit * hazard / std, z * hazard]), scores)
    return scores


def _forms(theta, b, D):
    """{answer: per-sample scores (n, 2 D)}; what multiplies the reward."""
    mean, log_std = theta[:D], theta[D:]
    std = np.exp(log_std)
    right = _score(theta, b.drawn, D)
    forms = {"right": right, "clipped": _score(theta, np.clip(b.drawn, -1, 1), D)}
    d = b.drawn - mean
    forms["variance for std"] = np.concatenate([d / std**4, d**2 / std**4 * 2 - 2], axis=1)  # sigma^2 in sigma's place
    forms["variance as std"] = np.concatenate([d / std**4, d**2 / std**4 - 1], axis=1)
    forms["std for variance"] = np.concatenate([d / std, d**2 / std / 2 - 0.5], axis=1)  # sigma in sigma^2's place
    forms["std for variance, log sigma whole"] = np.concatenate([d / std, d**2 / std / 2 - 1], axis=1)
    forms["no normaliser"] = np.concatenate([d / std**2, d**2 / std**2], axis=1)
    forms["mean not divided"] = np.concatenate([d, right[:, D:]], axis=1)
    forms["slope by std"] = np.concatenate([d / std**2, (d**2 / std**2 - 1) / std], axis=1)
    for answer, sigma, slope in (
        ("exp forgotten", log_std, 1),
        ("softplus", np.log1p(std), std / (1 + std)),
    ):
        forms[answer] = np.concatenate([d / sigma**2, (d**2 / sigma**2 - 1) / sigma * slope], axis=1)
    forms["natural"] = np.concatenate([d, (d**2 / std**2 - 1) / 2], axis=1)
    forms["log std frozen"] = np.concatenate([d / std**2, 0 * d], axis=1)
    forms["mean frozen"] = np.concatenate([0 * d, right[:, D:]], axis=1)
    forms["first dimension only"] = right * np.tile(np.eye(D)[0], 2)
    if b.squashed:
        forms["of the squashed action"] = _score(theta, b.actions, D)
    else:
        forms["clipped law"] = _clipped_law_score(theta, b.drawn, D)
    forms["graph kept"] = np.concatenate([0 * d, 0 * d - 1], axis=1)  # the slope of log_prob(mean + std * noise)
    forms["every action"] = np.tile(right.mean(axis=0), (len(right), 1))
    return forms


SAY = {
    "clipped": (MISTAKE, "The density is taken at the **clipped action**, though the Gaussian drew another number."),
    "clipped law": (
        CHOICE,
        "The density of clipped actions: the **clipped law's own**. Where the reward depends on the executed action "
        "alone, the mean is the same and the noise no larger.",
    ),
    "of the squashed action": (
        MISTAKE,
        "The Gaussian's density is taken at the **squashed action**: tanh must be undone first.",
    ),
    "variance for std": (
        MISTAKE,
        "The **variance stands where the standard deviation belongs**: sigma^2 is used as sigma.",
    ),
    "variance as std": (
        MISTAKE,
        "The **variance stands where the standard deviation belongs**: sigma^2 is used as sigma.",
    ),
    "std for variance": (
        MISTAKE,
        "The **standard deviation stands where the variance belongs**: sigma is used as sigma^2, "
        "or theta's second half is read as the log of the variance.",
    ),
    "std for variance, log sigma whole": (
        MISTAKE,
        "The **standard deviation stands where the variance belongs**: the square is divided by 2 sigma.",
    ),
    "no normaliser": (
        MISTAKE,
        "**minus log sigma is missing** in the log-density: sigma can only grow or shrink with the reward's sign.",
    ),
    "mean not divided": (MISTAKE, "The slope by the mean is **not divided by the variance**."),
    "slope by std": (MISTAKE, "The slope is by sigma, not by **log sigma**: a factor sigma is missing."),
    "exp forgotten": (
        MISTAKE,
        "**exp is forgotten**: theta's second half is the log of sigma, and it is used as sigma itself.",
    ),
    "softplus": (
        DEPARTURE,
        "Sigma is **softplus** of theta's second half, and the batch was drawn with its **exp**. Where your own policy "
        "draws with softplus too, the two belong together.",
    ),
    "natural": (
        DEPARTURE,
        "It is the **natural gradient**: the gradient, multiplied by the inverse of the Gaussian's Fisher matrix.",
    ),
    "mean frozen": (DEPARTURE, "The mean is **not learned**."),
    "log std frozen": (CHOICE, "The standard deviation is not learned."),
    "graph kept": (
        MISTAKE,
        "**The gradient runs through the action too**, and all that is left of the score is the slope of -log sigma: "
        "is it drawn by rsample, or made anew from mean and sigma? Take batch.drawn, or detach it.",
    ),
    "every action": (MISTAKE, EVERY_ACTION),
    "first dimension only": (MISTAKE, "**Only the first dimension** of the action counts."),
}


def audit_gaussian(update):
    """The `Verdict` on update(theta, batch) -> gradient or new theta, (2 D,), for a `GaussianBatch`: is it the mean
    over samples of reward times score?

    A PyTorch loss is held too: `loss(policy, batch)` returns a scalar to be minimised, or calls backward itself;
    mean, log_std = policy(batch.obs), each (n, D), and the batch's arrays are tensors. For a ratio take the old
    log-probability from the new one by `.detach()`: it is asked at the policy that drew.

    It is asked in one, two and three dimensions, with clipped and with squashed actions, with rewards three times as
    large, and with rewards of zero. The findings say which density it takes (of both halves of theta, where they
    differ), by what number the whole is multiplied, and what moves theta without rewards.
    """
    asker = _asker(update)
    name, verdict = asker.name, Verdict(asker.name, [], [], None, None)
    scales = []  # what is open about the length alone
    try:
        for squashed in (False, True):
            points, flat = _ask(asker, squashed)
            found = [of_equal_rewards(flat)] if flat else []
            if all(np.abs(p.got).max() <= 1e-12 * max(1, np.abs(p.rest).max()) for p in points):
                _once(verdict.open, OPEN_WORDS["turned" if flat else "still"])
                continue
            match = _match(points, centred=False) or _match(points, centred=True)
            if match is None:
                verdict.open.append(OPEN_WORDS[squashed])
                continue
            found += match.densities(squashed)
            size, k = _scale(points, match)
            found += size
            if k is None:
                _once(scales, _changes(points, match))
            found += _rest(points, match, k, flat)
            if not match.at_one:
                _once(verdict.open, OPEN_WORDS["one dimension"])
            if not match.at_big:
                _once(verdict.open, OPEN_WORDS["big"])
            for finding in found:
                if not verdict.names(finding.question, finding.answer):
                    verdict.findings.append(finding)
        if all(OPEN_WORDS[squashed] in verdict.open for squashed in (False, True)):
            verdict.open = [OPEN_WORDS["own actions" if _draws_its_own(asker) else "density"]]
    except Unreadable as error:
        verdict.unreadable, verdict.headline = error.kind, f"{name} cannot be read. {error}"
        return verdict
    direction_open = bool(verdict.open)
    verdict.open += scales
    verdict.notes += list(asker.notes.values())
    verdict.headline = f"{name} follows " + _follows(verdict, direction_open)
    return verdict


def _asker(update):
    """Whatever was given, as something to be called with a world."""
    said = isinstance(update, Numpy)  # from_torch gives one
    if said or torch_of(update):
        from .with_torch import TorchGaussian

        return TorchGaussian(update.update if said else update)
    return _Asker(update)


def _once(words, more):
    if more not in words:
        words.append(more)


def _follows(verdict, direction_open):
    score = "the score of the Gaussian that drew the actions"
    accused = {finding.question for finding in verdict.accused}
    if accused & {"density", "constant"}:
        return f"**not** {score}."
    if direction_open:
        return "a direction that stays open."
    return (
        score
        + ", with **something added**" * ("extra" in accused)
        + ", by a length that stays open" * bool(verdict.open)
        + "."
    )


OPEN_WORDS = {
    False: "What it does with actions that were clipped, no rule that I know explains.",
    True: "What it does with squashed actions, no rule that I know explains.",
    "density": "No density that I know explains it, neither with clipped actions nor with squashed ones.",
    "own actions": "The actions of the batch do not enter: does it draw its own? It must work on the batch alone.",
    "one dimension": "What it does with actions of **one dimension**, no rule that I know explains.",
    "still": "The rewards do not move it.",
    "turned": "With the signs of all rewards turned round it does the same: are they divided by their own mean?",
    "big": "What it does with rewards three times as large: its direction is another then.",
}


class _Asker(Numpy):
    def shapes(self, world):
        return (
            f" There theta had shape {world.theta.shape}, the mean and the log of the standard deviation of each "
            f"dimension, and the batch {len(world.batch)} samples."
        )


class _Batch(GaussianBatch):
    def copy(self):
        return _Batch(self.drawn.copy(), self.actions.copy(), self.rewards.copy(), self.squashed)

    def __len__(self):
        return len(self.drawn)


class _World:
    def __init__(self, D, squashed):
        rng = np.random.default_rng(D)
        self.name, self.theta = f"{D} dimension{'s' * (D > 1)}", np.round(rng.uniform(-0.5, 0.5, 2 * D), 2)
        drawn = np.round(self.theta[:D] + np.exp(self.theta[D:]) * rng.normal(size=(4 + 3 * D, D)) * 1.3, 2)
        self.batch = _Batch(
            drawn,
            np.tanh(drawn) if squashed else np.clip(drawn, -1, 1),
            np.round(rng.normal(0.3, 1, len(drawn)), 2),
            squashed,
        )


def _draws_its_own(asker):
    """Is the answer the same if the actions change places?"""
    world = _World(2, False)
    before = asker(world)
    world.batch.drawn, world.batch.actions = world.batch.drawn[::-1], world.batch.actions[::-1]
    return np.abs(asker(world) - before).max() <= CLOSE * np.abs(before).max()


@dataclass
class _Point:
    """One answer: `got` is what the rewards move, `rest` what stays without them."""

    D: int
    world: _World
    rewards: np.ndarray
    got: np.ndarray
    rest: np.ndarray
    forms: dict


def _ask(asker, squashed):
    """([points: D = 1, 2, 2 with rewards three times as large, 3], what is wrong with rewards of zero, or "")."""
    points, flat = [], ""
    for D in (1, 2, 3):
        world = _World(D, squashed)

        def ask(rewards, world=world):
            world.batch.rewards, old = rewards, world.batch.rewards
            asker.returns = asker.returns or "gradient"
            try:
                return asker(world)
            finally:
                world.batch.rewards = old

        rewards = world.batch.rewards
        whole, big = ask(rewards), ask(3 * rewards) if D == 2 else None
        try:
            rest = ask(0 * rewards)
        except Unreadable as error:
            flat = error.kind
            rest = (whole + ask(-rewards)) / 2  # what turns round with the rewards falls out
            if flat == "nan":
                flat = _equal(ask, rewards)
        forms = _forms(world.theta, world.batch, D)
        points.append(_Point(D, world, rewards, whole - rest, rest, forms))
        if big is not None:
            points.append(_Point(D, world, 3 * rewards, big - rest, rest, forms))
    return points, flat


def _equal(ask, rewards):
    """Is it NaN when all rewards are 1 too, or only when they are 0?"""
    try:
        ask(np.ones_like(rewards))
    except Unreadable:
        return "nan"
    return "nan at zero"


@dataclass
class _Match:
    """The forms of the two halves; `constants` and the weighted `scores` of each point, in the order of the points."""

    mean: str
    log_std: str
    centred: bool
    at_one: bool
    at_big: bool
    constants: list  # (mean's, log std's), NaN for a half that is zero
    scores: list

    def densities(self, squashed):
        """The findings about the density."""
        if self.mean == self.log_std == "right":
            words = f"The density of {'squashed' if squashed else 'clipped'} actions: right."
            return [Finding("density", "right" + " squashed" * squashed, RIGHT, words)]
        if self.mean == self.log_std:
            return [Finding("density", self.mean, *SAY[self.mean])]
        found, frozen = [], {"log std frozen", "mean frozen"} & {self.mean, self.log_std}
        for form, half in ((self.mean, "mean"), (self.log_std, "log standard deviation")):
            if form != "right":
                kind, words = SAY[form]
                alone = "" if frozen else f" That holds for the slope by the {half} alone."
                found.append(Finding("density", form, kind, words + alone))
        return found


def _constant(got, want, size):
    """c with got = c * want; NaN where both are zero, None where there is none."""
    if np.abs(want).max() == 0:
        return np.nan if np.abs(got).max() < 1e-9 * size else None
    c = got @ want / (want @ want)
    return c if np.abs(got).max() > 1e-9 * size and np.abs(got - c * want).max() < CLOSE * np.abs(got).max() else None


def _match(points, centred):
    """The `_Match` that explains the points of two and three dimensions, or None. Whole forms come first, since
    one number for both halves says more than one for each."""

    def fit(p, form, half):
        """Of half 0 (mean), 1 (log std) or of the whole (None)."""
        part = slice(None) if half is None else slice(half * p.D, (half + 1) * p.D)
        want = (p.rewards - centred * p.rewards.mean()) @ p.forms[form]
        return _constant(p.got[part], want[part], np.abs(p.got).max())

    def known(form, half):
        fits = [fit(p, form, half) for p in points]
        return fits if fits[1] is not None and fits[3] is not None else None

    names = list(points[0].forms)
    whole = {form: fits for form in names if (fits := known(form, None))}
    if whole:
        form = next((form for form, fits in whole.items() if None not in fits), next(iter(whole)))
        halves, fits = (form, form), [(c, c) for c in whole[form]]
    else:
        halves = [next((form for form in names if known(form, half)), None) for half in (0, 1)]
        if None in halves:
            return None
        fits = list(zip(known(halves[0], 0), known(halves[1], 1), strict=True))
    scores = [
        np.concatenate(
            [
                (np.nan_to_num(c) if c is not None else 0) * p.forms[form][:, half * p.D : (half + 1) * p.D]
                for half, (form, c) in enumerate(zip(halves, pair, strict=True))
            ],
            axis=1,
        )
        for p, pair in zip(points, fits, strict=True)
    ]
    return _Match(*halves, centred, None not in fits[0], None not in fits[2], fits, scores)


COUNTS = {  # what the sum of the samples is multiplied by
    "mean": lambda n: 1 / n,
    "n - 1": lambda n: 1 / (n - 1),
    "sum": lambda n: 1.0,
    "sum, leave one out": lambda n: n / (n - 1),
}


def _one_number(x):
    return np.ptp(x) < CLOSE * np.abs(x).max()


def _spread(c, std):
    """(k, eps, place) with c = k / (std + eps), or k / sqrt(std^2 + eps); None if neither holds."""
    found = []
    for power, place in ((1, ""), (2, ", under the root")):
        y, x = np.abs(c) ** -power, std**power
        (slope, at_zero), *_ = np.linalg.lstsq(np.stack([x, np.ones_like(x)], axis=1) / y[:, None], np.ones_like(y))
        off = np.abs((slope * x + at_zero) / y - 1).max()
        if off < CLOSE / 10 and slope > 0 and -CLOSE < at_zero / slope < 0.1:
            found.append((off, np.sign(c[0]) * slope ** (-1 / power), at_zero / slope, place))
    return min(found)[1:] if found else None


def _scale(points, match):
    """(findings about the number before the whole, that number), None for a number that no rule explains."""
    use = [i for i, p in enumerate(points) if (match.at_one or p.D > 1) and (match.at_big or i != 2)]
    halves = np.array([match.constants[i] for i in use], float)
    c = halves[:, 0] if np.isfinite(halves[:, 0]).all() else halves[:, 1]
    found, n = [], np.array([len(points[i].rewards) for i in use])
    if (halves[~np.isnan(halves)] < 0).all():
        found.append(Finding("constant", "minus", MISTAKE, "**The sign is turned round**."))
    baseline = "Baseline: the mean of the rewards, up to a factor its own included."
    if match.centred:
        found.append(Finding("constant", "baseline", CHOICE, baseline))
    if (np.sign(c) != np.sign(c[0])).any():
        found.append(Finding("constant", "sign", MISTAKE, "**The sign changes** from batch to batch."))
        return found, None
    if np.isfinite(halves).all():
        between = halves[:, 1] / halves[:, 0]
        if not _one_number(between):
            return found, None
        if between[0] < 0:
            half = "mean" if c[0] < 0 else "log standard deviation"
            words = f"The slope by the {half} has its **sign turned round**, the other has not."
            found.append(Finding("constant", "minus in one half", MISTAKE, words))
        elif abs(between[0] - 1) > CLOSE:
            words = (
                f"The slope by the log standard deviation is multiplied by {between[0]:.4g} times the other's number."
            )
            found.append(Finding("constant", "halves", CHOICE, words))
    dims = np.array([points[i].D for i in use], float)
    stds = [np.array([points[i].rewards.std(ddof=ddof) for i in use]) for ddof in (0, 1)]
    for spread in (None, *stds):
        for count, factor in COUNTS.items():
            for over in (1, dims):
                left = c / factor(n) * over
                fit = ((left[0], 0, "") if _one_number(left) else None) if spread is None else _spread(left, spread)
                if fit is None:
                    continue
                k, eps, place = fit
                if over is dims:
                    words = "The log-density is **averaged over the action's dimensions**, where it must be summed."
                    found.append(Finding("constant", "mean over dimensions", MISTAKE, words))
                if count.startswith("sum"):
                    found.append(Finding("constant", "sum", CHOICE, "Samples are summed, not averaged."))
                if spread is not None:
                    added = f" (eps {eps:.2g}{place})" if eps > CLOSE else ""
                    words = f"The rewards are divided by their standard deviation{added}."
                    found.append(Finding("constant", "standard deviation", CHOICE, words))
                return found, k
    return found, None


def _changes(points, match):
    """The words for a number that no rule explains: from batch to batch, or with the size of the rewards alone?"""
    small = [p for i, p in enumerate(points) if i != 2], [c for i, c in enumerate(match.constants) if i != 2]
    c = np.array([pair[0] if pair[0] == pair[0] else pair[1] for pair in small[1]], float)
    n = np.array([len(p.rewards) for p in small[0]])
    alone = any(_one_number(c / factor(n)) for factor in COUNTS.values())
    where = "changes with the size of the rewards" if alone else "changes from batch to batch"
    return f"By what number the whole is multiplied, I cannot say: it {where}."


def _rest(points, match, k, flat):
    """The findings about what stays when the rewards are zero: theta itself, its decay, an entropy bonus, a constant
    beside the rewards, or something else."""
    at = [0, 1, 3] if match.at_one else [1, 3]
    rest = np.concatenate([points[i].rest for i in at])
    size = np.abs(rest).max()
    if size < 1e-9 * max(np.abs(p.got).max() for p in points):
        return []
    theta = np.concatenate([points[i].world.theta for i in at])
    constant = np.concatenate([match.scores[i].sum(axis=0) for i in at])
    for factor in (lambda D, n: 1, lambda D, n: n, lambda D, n: 1 / D, lambda D, n: n / D):
        entropy = [np.repeat([0, factor(points[i].D, len(points[i].rewards))], points[i].D).astype(float) for i in at]
        basis = np.stack([theta, constant, np.concatenate(entropy)], axis=1)
        weights = np.linalg.lstsq(basis, rest, rcond=None)[0]
        if np.abs(basis @ weights - rest).max() < CLOSE * size:
            break
    else:
        how = "stays when the rewards' signs are turned round" if flat else "does **not depend on the rewards**"
        return [Finding("extra", "unknown", DEPARTURE, f"Something is added that {how}.")]
    own, beside, bonus = np.where(np.abs(basis * weights).max(axis=0) > CLOSE * size, weights, 0)
    found, decay = [], (1 if own > 0.5 else 0) - own
    minus = all(c < 0 for pair in match.constants for c in pair if c is not None and c == c)
    if abs(decay) > CLOSE:
        found.append(beside_rewards("weight decay", decay, not minus or own > 0.5))
    if beside:
        right = {match.mean, match.log_std} <= {"right", "log std frozen", "mean frozen"}
        words = "A constant stands beside the rewards" + ", as a baseline does" * right + "."
        found.append(Finding("extra", "constant baseline", RIGHT if right else CHOICE, words))
    if bonus:
        much = "" if k is None else f" (coefficient {abs(bonus / k):.4g}, if it is averaged as the rest is)"
        found.append(beside_rewards("entropy bonus", bonus, not minus, much))
    return found
