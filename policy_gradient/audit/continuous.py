"""Gaussian policies: what an update makes of a mean and a log standard deviation."""

from dataclasses import dataclass

import numpy as np

from .ask import Numpy, Unreadable
from .verdict import CHOICE, MISTAKE, RIGHT, Finding, Verdict


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


def _forms(theta, b, D):
    """{answer: per-sample scores (n, 2 D)}; what multiplies the reward."""
    mean, log_std = theta[:D], theta[D:]
    std = np.exp(log_std)
    right = _score(theta, b.drawn, D)
    forms = {"right": right, "clipped": _score(theta, np.clip(b.drawn, -1, 1), D)}
    d = b.drawn - mean
    forms["variance for std"] = np.concatenate([d / std**4, d**2 / std**4 * 2 - 2], axis=1)  # sigma^2 in sigma's place
    forms["variance as std"] = np.concatenate([d / std**4, d**2 / std**4 - 1], axis=1)
    forms["std for variance"] = np.concatenate([d / std, d**2 / std / 2 - 1], axis=1)  # sigma in sigma^2's place
    forms["no normaliser"] = np.concatenate([d / std**2, d**2 / std**2], axis=1)
    forms["mean not divided"] = np.concatenate([d, right[:, D:]], axis=1)
    forms["slope by std"] = np.concatenate([d / std**2, (d**2 / std**2 - 1) / std], axis=1)
    forms["log std frozen"] = np.concatenate([d / std**2, 0 * d], axis=1)
    forms["first dimension only"] = right * np.tile(np.eye(D)[0], 2)
    if b.squashed:
        forms["of the squashed action"] = _score(theta, b.actions, D)
    return forms


SAY = {
    "clipped": (MISTAKE, "The density is taken at the **clipped action**, though the Gaussian drew another number."),
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
        "The **standard deviation stands where the variance belongs**: sigma is used as sigma^2.",
    ),
    "no normaliser": (
        MISTAKE,
        "**minus log sigma is missing** in the log-density: sigma can only grow or shrink with the reward's sign.",
    ),
    "mean not divided": (MISTAKE, "The slope by the mean is **not divided by the variance**."),
    "slope by std": (MISTAKE, "The slope is by sigma, not by **log sigma**: a factor sigma is missing."),
    "log std frozen": (CHOICE, "The standard deviation is not learned."),
    "first dimension only": (MISTAKE, "**Only the first dimension** of the action counts."),
}


def audit_gaussian(update):
    """The `Verdict` on update(theta, batch) -> gradient or new theta, (2 D,), for a `GaussianBatch`:
    mean over samples of reward times score."""
    name = getattr(update, "__name__", type(update).__name__)
    verdict, asker = Verdict(name, [], [], None, None), _Asker(update)
    say = verdict.findings.append
    try:
        for squashed in (False, True):
            fits, constants = _match(asker, squashed)
            if fits is None:
                fits, constants = _match(asker, squashed, centred=True)
            if fits is None:
                verdict.open.append(OPEN_WORDS[squashed])
                continue
            if fits in SAY and not verdict.names("density", fits):
                say(Finding("density", fits, *SAY[fits]))
            elif fits == "right":
                say(
                    Finding(
                        "density",
                        "right" + " squashed" * squashed,
                        RIGHT,
                        f"The density of {'squashed' if squashed else 'clipped'} actions: right.",
                    )
                )
            for size, (kind, words) in constants.items():
                if not verdict.names("constant", size):
                    say(Finding("constant", size, kind, words))
    except Unreadable as error:
        verdict.unreadable, verdict.headline = error.kind, f"{name} cannot be read. {error}"
        return verdict
    verdict.notes += list(asker.notes.values())
    verdict.headline = f"{name} follows " + (
        "the score of the Gaussian that drew the actions."
        if verdict.ok
        else "**not** the score of the Gaussian that drew the actions."
        if verdict.accused
        else "a direction that stays open."
    )
    return verdict


OPEN_WORDS = {
    False: "What it does with actions that were clipped, no rule that I know explains.",
    True: "What it does with squashed actions, no rule that I know explains.",
}


class _Asker(Numpy):
    def shapes(self, world):
        return (
            f" There theta had shape {world.theta.shape}, the mean and the log of the standard deviation of each "
            f"dimension, and the batch {len(world.batch)} samples."
        )


class _World:
    def __init__(self, D, squashed, scale=1.0):
        rng = np.random.default_rng(D)
        self.name, self.theta = f"{D} dimensions", np.round(rng.uniform(-0.5, 0.5, 2 * D), 2)
        drawn = np.round(self.theta[:D] + np.exp(self.theta[D:]) * rng.normal(size=(4 + 3 * D, D)) * 1.3, 2)
        self.batch = GaussianBatch(
            drawn,
            np.tanh(drawn) if squashed else np.clip(drawn, -1, 1),
            np.round(rng.normal(0.3, 1, len(drawn)) * scale, 2),
            squashed,
        )


class _Batch(GaussianBatch):
    def copy(self):
        return _Batch(self.drawn.copy(), self.actions.copy(), self.rewards.copy(), self.squashed)

    def __len__(self):
        return len(self.drawn)


def _match(asker, squashed, centred=False):
    ratios = {}
    for D in (1, 2, 3):
        world = _World(D, squashed)
        world.batch = _Batch(**vars(world.batch))
        asker.returns = asker.returns or "gradient"
        got = asker(world)
        calm = _World(D, squashed)
        calm.batch = _Batch(world.batch.drawn, world.batch.actions, 0 * world.batch.rewards, squashed)
        at_rest = asker(calm)
        got = got - at_rest  # theta itself, or whatever does not depend on the rewards
        for form, scores in _forms(world.theta, world.batch, D).items():
            want = (world.batch.rewards - centred * world.batch.rewards.mean()) @ scores
            c = got @ want / (want @ want)
            if np.abs(got - c * want).max() < 1e-6 * np.abs(got).max():
                ratios.setdefault(form, {})[D] = c * np.array([1, len(world.batch)])
    whole = {form: r for form, r in ratios.items() if len(r) == 3} or {
        form: r for form, r in ratios.items() if len(r) == 2 and 1 not in r
    }
    if not whole:
        return None, {}
    form = "right" if "right" in whole else next(iter(whole))
    findings, r = {}, whole[form]
    if centred:
        findings["baseline"] = (CHOICE, "Baseline: the mean of the rewards, up to a factor its own included.")
    spreads = [np.ptp(sizes) / max(sizes) for sizes in np.abs(list(r.values())).T]  # of the sum's constant, the mean's
    column = 0 if spreads[0] < 1e-6 < spreads[1] else 1
    c = {D: v[1] for D, v in r.items()}
    if all(abs(c[D] * D / c[min(c)] / min(c) - 1) < 1e-6 for D in c) and len(c) > 1 and abs(c[2] / c[3] - 1.5) < 1e-6:
        findings["mean over dimensions"] = (
            MISTAKE,
            "The log-density is **averaged over the action's dimensions**, where it must be summed.",
        )
    elif column == 0:
        findings["sum"] = (CHOICE, "Samples are summed, not averaged.")
    if c[2] < 0:
        findings["minus"] = (MISTAKE, "**The sign is turned round**.")
    return form, findings
