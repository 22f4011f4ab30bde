"""Language models: what an advantage function does to a group's rewards, and what a loss does to each token."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import comb, isclose

import numpy as np

from .ask import Numpy, Unreadable, numbers
from .verdict import CHOICE, DEPARTURE, MISTAKE, RIGHT, Finding, Verdict
from .wrap import torch_of

SAME = 1e-5


class _Call(Numpy):
    """Any function of arrays, guarded; tensors where it wants them."""

    def __init__(self, function, wanted, called):
        super().__init__(function)
        self.wanted, self.called = wanted, called

    def shapes(self, world):
        return f" There it was given an array of shape {world.theta.shape}."

    def ask(self, *arrays, batch):
        copies = [a.copy() for a in arrays]
        out = self.guarded(lambda: self.update(*copies), _Place(batch))
        if any(not np.array_equal(a, b) for a, b in zip(arrays, copies)):
            self.notes["changes"] = "It changes the array that it was given. Copy it first."
        if out is None:
            raise Unreadable(
                "nothing", "It returned nothing (None). Usual cause: a return is missing in the last line."
            )
        if hasattr(out, "detach"):
            out = out.detach().cpu().numpy()
        out = numbers(out, f"{self.wanted}, {arrays[0].shape}")
        if out.shape != arrays[0].shape:
            raise Unreadable("shape", f"It returned shape {out.shape}; wanted {self.wanted}, {arrays[0].shape}.")
        return out


class _Place:
    """Where an error happened, for the guard's words."""

    name = "answers"

    def __init__(self, batch):
        self.batch, self.theta = batch, np.zeros(np.shape(getattr(batch, "log_probs", batch)))


def audit_advantages(advantages):
    """The `Verdict` on advantages(rewards) -> (prompts, answers), rewards (prompts, answers):
    one row per prompt, a group of answers."""
    name = getattr(advantages, "__name__", type(advantages).__name__)
    verdict = Verdict(name, [], [], None, None)
    call = _Call(_as_arrays(advantages), "one advantage per answer", "advantages(rewards), rewards (prompts, answers)")

    def ask(rewards):
        rewards = np.asarray(rewards, float)
        return call.ask(rewards, batch=rewards)

    try:
        _advantages(ask, verdict)
    except Unreadable as error:
        verdict.unreadable, verdict.headline = error.kind, f"{name} cannot be read. {error}"
    verdict.notes += list(call.notes.values())
    return verdict


def _as_arrays(function):
    """A function of tensors called with arrays, if torch is loaded and the function speaks of it."""
    if torch := torch_of(function):
        return lambda *arrays: function(*(torch.tensor(a, dtype=torch.float32) for a in arrays))
    return function


CENTRES = {
    "none": lambda r: 0 * r,
    "group mean": lambda r: r.mean(axis=1, keepdims=True) + 0 * r,
    "batch mean": lambda r: r.mean() + 0 * r,
    "leave one out": lambda r: (r.sum(axis=1, keepdims=True) - r) / (r.shape[1] - 1),
    "leave one out of the batch": lambda r: (r.sum() - r) / (r.size - 1),
    "mean over the prompts": lambda r: r.mean(axis=0, keepdims=True) + 0 * r,
    "group median": lambda r: np.median(r, axis=1, keepdims=True) + 0 * r,
    "group best": lambda r: r.max(axis=1, keepdims=True) + 0 * r,
    "best of the others": lambda r: np.stack([np.delete(r, i, axis=1).max(axis=1) for i in range(r.shape[1])], axis=1),
}
UNBIASED = ("leave one out", "best of the others")


def _scales(x, r):
    sizes = {"none": 1.0 + 0 * r}
    for ddof in (1, 0):
        sizes[f"group std, ddof {ddof}"] = r.std(axis=1, ddof=ddof, keepdims=True) + 0 * r
        sizes[f"batch std, ddof {ddof}"] = r.std(ddof=ddof) + 0 * r
        sizes[f"std over the prompts, ddof {ddof}"] = r.std(axis=0, ddof=ddof, keepdims=True) + 0 * r
        sizes[f"std of all advantages, ddof {ddof}"] = x.std(ddof=ddof) + 0 * r
    sizes["group variance"] = r.var(axis=1, keepdims=True) + 0 * r
    sizes["group range"] = np.ptp(r, axis=1, keepdims=True) + 0 * r
    return sizes


def _advantages(ask, verdict):
    rng = np.random.default_rng(3)
    worlds = [np.round(rng.normal(0.3, 2, (3, 4)), 2), np.round(rng.normal(1, 3, (2, 5)), 2)]
    got, say = [ask(r) for r in worlds], verdict.findings.append
    if not all(np.isfinite(g).all() for g in got):
        raise Unreadable("nan", "Some advantages are NaN or infinite, though no group's rewards are all equal.")
    if not any(g.any() for g in got):
        verdict.headline = f"{verdict.name}: every advantage is 0."
        say(Finding("zero", "zero", MISTAKE, "Nothing is learned from any answer."))
        return
    if fits := _fits(worlds, got):
        _, centre, size, constant = min(fits, key=lambda f: f[0])
        _explained(ask, verdict, centre, size, constant)
    else:
        verdict.headline = f"{verdict.name}: what it does stays open."
        verdict.open = ["No rule that I know explains these advantages."]
    alike = _equal_rewards(ask, say)
    _group_of_one(ask, say)
    if alike:
        _climbs(ask, say, (verdict.rule or {}).get("scale", ""))


def _fits(worlds, got):
    """(is there a factor?, centre, size, factor) of each rule that gives these advantages: (r - centre) / size, up to
    one factor."""
    fits = []
    for centre, size in product(CENTRES, _scales(worlds[0], worlds[0])):
        ratio = []
        for r, g in zip(worlds, got):
            x = r - CENTRES[centre](r)
            zero = np.abs(x) < 1e-9
            with np.errstate(all="ignore"):
                ratio.append(g * _scales(x, r)[size] / np.where(zero, np.nan, x))
            if np.abs(g[zero]).max(initial=0) > 1e-6 * np.abs(g).max():  # a reward at the baseline gets nothing
                ratio.append(np.array([0.0]))
        ratio = np.concatenate([q.ravel() for q in ratio])
        ratio = ratio[np.isfinite(ratio)]
        if len(ratio) and ratio[0] and np.abs(ratio / ratio[0] - 1).max() < 3e-4:
            fits.append((abs(ratio[0] - 1) > 3e-4, centre, size, float(ratio[0])))
    return fits


SUBTRACTED = {
    "none": "no baseline",
    "group mean": "the group's mean is subtracted, the answer's own reward included",
    "leave one out": "the mean of the group's other answers is subtracted",
}


def _explained(ask, verdict, centre, size, constant):
    """The headline of a rule, and what follows from its baseline, its divisor and its factor."""
    say, verdict.rule = verdict.findings.append, {"centre": centre, "scale": size}
    divided = "" if size == "none" else f"; divided by the **{size.replace('std', 'standard deviation')}**"
    verdict.headline = f"{verdict.name}: {SUBTRACTED.get(centre, f'baseline: {centre}')}{divided}."
    say(Finding("centre", centre, *_of_a_baseline(centre)))
    if size != "none":
        kind = CHOICE if "group std" in size or "all" in size or "batch std" in size else DEPARTURE
        words = "All groups of the batch are divided by one number"
        if size.startswith("group"):
            words = "Groups are weighed against each other by how far their rewards spread"
        elif "prompts" in size:
            words = "Answers are weighed by how far other prompts' answers spread"
        say(Finding("scale", size, kind, f"{words}; {_eps(ask, centre, size, constant)}."))
    if constant < 0:
        say(Finding("sign", "minus", MISTAKE, "**The sign is turned round**."))
    if abs(abs(constant) - 1) > 3e-4:
        say(Finding("constant", f"{abs(constant):.4g}", CHOICE, f"A constant factor: {abs(constant):.4g}."))


def _of_a_baseline(centre):
    """What kind of finding it is, and its words."""
    if centre == "group mean":
        return CHOICE, "The mean includes the answer itself: the expected step is (G - 1)/G of the gradient."
    if centre == "none":
        return RIGHT, "Unbiased, and noisy."
    if centre in UNBIASED:
        return RIGHT, "Unbiased."
    if "batch" in centre or "prompts" in centre:
        return DEPARTURE, "Answers to one prompt are measured by other prompts' answers."
    return DEPARTURE, "The baseline depends on the answer's own reward."


def _eps(ask, centre, size, constant):
    """What is added to the size, in words: measured at two spreads,
    since an eps under the root adds less to a larger one."""
    added = []
    for spread in (1e-4, 1e-3):
        r = np.array([[0.0, 0, spread, 0], [0, spread, spread, 0]])
        x = r - CENTRES[centre](r)
        away = x != 0
        whole, bare = constant * x[away] / ask(r)[away], _scales(x, r)[size][away]
        added.append((float(np.median(whole - bare)), float(np.median(whole**2 - bare**2)), float(np.median(whole))))
    (eps, root, least), (wider, _, as_far) = added
    if abs(as_far / least - 1) < 1e-6:  # whatever the spread
        return f"it is taken for at least {least:.2g}"
    if abs(eps) < 2e-10:
        return "there is no eps"
    if abs(wider) < 2e-10:
        return f"it is taken for at least {least:.2g}"
    if abs(wider / eps - 1) < 0.1:
        return f"eps is {eps:.2g}"
    return f"eps is {root:.2g}, under the root"


def _equal_rewards(ask, say):
    """Are equal answers of a group treated alike? What they get is said."""
    flat = ask(np.full((2, 8), 0.1))
    exact = np.concatenate([ask(np.full((2, 8), equal)) for equal in (0.5, 0.25)])  # without rounding
    size, alike, found = np.abs(exact).max(), True, None
    if not (np.isfinite(flat).all() and np.isfinite(exact).all()):
        words = "A group whose rewards are all equal gives **NaN**: a standard deviation of zero, with no eps added."
        found = "nan", MISTAKE, words
    elif np.ptp(exact, axis=1).max() > 0.01:
        alike, words = False, "the order in which its answers stand decides."
        found = "order", MISTAKE, f"Equal rewards of one group get **unequal advantages**: {words}"
    elif size > 0.01:
        words = "a group in which no answer is better than another is pushed all the same."
        found = "pushed", CHOICE, f"Eight equal rewards of 0.5 or 0.25 give advantages up to {size:.2g}: {words}"
    elif (most := np.abs(flat).max()) > 0.01:
        words = "rounding divided by a small eps."
        found = "noise", MISTAKE, f"Eight equal rewards of 0.1 give advantages up to **{most:.2g}**: {words}"
    if found:
        say(Finding("equal rewards", *found))
    return alike


def _group_of_one(ask, say):
    try:
        weights = ask(np.array([[1.0], [0.0]]))
    except Unreadable as error:
        say(Finding("group of one", error.kind, CHOICE, "A group of one answer is refused."))
        return
    if not np.isfinite(weights).all():
        say(Finding("group of one", "nan", CHOICE, "A group of one answer gives NaN."))
    elif np.abs(weights).max() > 0:
        bare = weights[1, 0] == 0
        words = f"A group of one answer with reward 1, beside one with reward 0, gets {weights[0, 0]:.3g}"
        words += ": no baseline." if bare else f", and that one {weights[1, 0]:.3g}."
        say(Finding("group of one", "no baseline" if bare else "other prompts", CHOICE, words))


def climbed(advantages, p, G):
    """w(p): the expected direction for 0/1 rewards is w(p) times the gradient of p, the share of right answers
    (G answers to the one prompt of a batch)."""
    total = 0.0
    for k in range(G + 1):
        r = np.array([1.0] * k + [0.0] * (G - k))
        A = advantages(np.stack([r, r]))[0]
        total += comb(G, k) * p**k * (1 - p) ** (G - k) * float(np.nan_to_num(A) @ (r - p)) / G
    return total / (p * (1 - p))


def _climbs(ask, say, size, G=8):
    w = {p: climbed(ask, p, G) for p in (0.01, 0.1, 0.5, 0.9)}
    if not w[0.5]:
        return
    ratio = {p: v / w[0.5] for p, v in w.items()}
    weighs = f"a prompt solved 1 % of the time weighs {ratio[0.01]:.2f} times one solved half the time"
    others = f"(at 10 %: {ratio[0.1]:.2f}; at 90 %: {ratio[0.9]:.2f})"
    if all(abs(v - 1) < 1e-3 for v in ratio.values()):
        say(Finding("climbs", "p", RIGHT, "With rewards 0 and 1 it climbs the share of right answers itself."))
    elif ratio[0.01] < 1:
        return
    elif not _prompts_meet(ask, G):
        words = f"With rewards 0 and 1, {G} answers, {weighs} {others}: it is not the mean success that is climbed."
        say(Finding("climbs", "not p", CHOICE, words))
    elif size.startswith(("batch std", "std of all")):
        words = (
            f"With rewards 0 and 1, {G} answers, and one prompt in a batch, {weighs} {others}. "
            "With many prompts in a batch the divisor is nearly one number for all, and the mean success is climbed."
        )
        say(Finding("climbs", "by batch", CHOICE, words))


def _prompts_meet(ask, G):
    """Do the answers to one prompt change what those to another get?"""
    r, other = np.arange(G) < G // 2, np.arange(G) < 1
    alike, mixed = (ask(np.array([r, beside], float))[0] for beside in (r, other))
    return np.abs(alike - mixed).max() > 1e-6


@dataclass
class Answers:
    """B answers of at most T tokens. advantages (B,); log_probs, old_log_probs, ref_log_probs, mask (B, T)."""

    advantages: np.ndarray
    log_probs: np.ndarray
    old_log_probs: np.ndarray
    ref_log_probs: np.ndarray
    mask: np.ndarray


def audit_token_loss(loss):
    """The `Verdict` on loss(log_probs, batch): a scalar PyTorch loss, or in NumPy its gradient by log_probs, (B, T).

    batch is an `Answers`. What each token's log-probability gets shows how tokens are averaged,
    where ratios are clipped, which KL is in it.
    """
    name = getattr(loss, "__name__", type(loss).__name__)
    verdict = Verdict(name, [], [], None, None)
    torch, notes = torch_of(loss), {}

    def gradient(b):
        def run():
            if torch is None:
                return loss(b.log_probs.copy(), replace(b))
            t = {k: torch.tensor(v, dtype=torch.float64) for k, v in vars(b).items()}
            t["log_probs"].requires_grad_()
            out = loss(t["log_probs"], Answers(**dict(t, log_probs=t["log_probs"].detach())))
            if not torch.is_tensor(out) or not out.requires_grad or out.numel() != 1:
                raise Unreadable("nothing", "It must return one number that depends on log_probs, to be minimised.")
            return torch.autograd.grad(out, t["log_probs"])[0].numpy()

        g = _Call(lambda x: run(), "the gradient by log_probs", "loss(log_probs, batch)")
        out = -g.ask(b.log_probs, batch=b)
        notes.update(g.notes)
        if not np.isfinite(out).all():
            raise Unreadable("nan", "The gradient by log_probs holds NaN or infinite numbers.")
        return out

    try:
        _token_loss(gradient, verdict)
    except Unreadable as error:
        verdict.unreadable, verdict.headline = error.kind, f"{name} cannot be read. {error}"
    verdict.notes += list(notes.values())
    return verdict


def _answers(lengths, T, seed):
    rng = np.random.default_rng(seed)
    B = len(lengths)
    mask = (np.arange(T) < np.array(lengths)[:, None]).astype(float)
    lp = np.round(-rng.uniform(0.2, 2, (B, T)), 3) * mask
    return Answers(np.round(rng.normal(0.2, 1, B), 2), lp, lp.copy(), lp.copy(), mask)


AVERAGES = {
    "mean over all tokens": lambda m: 1 / m.sum(),
    "mean of the answers' means": lambda m: 1 / m.sum(axis=1, keepdims=True) / len(m),
    "mean of the answers' sums": lambda m: 1 / len(m),
    "sum": lambda m: 1.0,
    "mean over the padded batch": lambda m: 1 / m.size,
    "sum, divided by the padded length": lambda m: 1 / m.shape[1],
    "mean of the answers' sums, divided by the longest answer": lambda m: 1 / len(m) / m.sum(axis=1).max(),
    "sum, divided by the longest answer": lambda m: 1 / m.sum(axis=1).max(),
    "sum of the answers' means": lambda m: 1 / m.sum(axis=1, keepdims=True),
}
SHARES = {
    "mean over all tokens": (
        DEPARTURE,
        "The tokens' number is the group's own: a ratio, biased where a batch holds one prompt.",
    ),
    "the answers' means": (
        DEPARTURE,
        "Each answer's tokens are divided by **its own length**: long answers are pushed less, "
        "wrong and right. With the group's mean subtracted it is the gradient of no function.",
    ),
    "padded": (
        DEPARTURE,
        "Right where every batch is padded to one length. Padded to its own longest answer, a batch is divided "
        "by a number that is drawn with the rewards.",
    ),
    "longest": (
        DEPARTURE,
        "The batch's longest answer is drawn with the rewards: another number in every batch, and a biased one.",
    ),
}


def _token_loss(gradient, verdict):
    say = verdict.findings.append
    worlds = [_answers((2, 5, 3, 4), 6, 1), _answers((1, 4, 3), 5, 2)]
    silent = [gradient(replace(b, advantages=0 * b.advantages)) for b in worlds]
    fits, constant = [], 1.0
    for name, share in AVERAGES.items():
        ratios = np.concatenate(
            [((gradient(b) - s) / (b.advantages[:, None] * share(b.mask)))[b.mask > 0] for b, s in zip(worlds, silent)]
        )
        if np.abs(ratios / ratios[0] - 1).max() < 1e-4:
            fits.append((abs(ratios[0] - 1) > 1e-4, name, float(ratios[0])))
    b = worlds[0]
    if np.abs((gradient(b) - silent[0])[b.mask == 0]).max() > 1e-9:
        say(Finding("mask", "ignored", MISTAKE, "Padding **gets a gradient**: the mask is not used everywhere."))
    if fits:
        _, name, constant = min(fits, key=lambda f: f[0])
        verdict.rule = {"average": name}
        verdict.headline = f"{verdict.name}: {name}."
        kind, words = next(
            (told for part, told in SHARES.items() if part in name),
            (RIGHT, "Up to a constant, the policy gradient of the answers' rewards."),
        )
        say(Finding("average", name, kind, words))
        if constant < 0:
            say(
                Finding(
                    "sign",
                    "minus",
                    MISTAKE,
                    "**The sign is turned round**: it is minimised, so it must fall where the return rises.",
                )
            )
        if abs(abs(constant) - 1) > 1e-4:
            say(Finding("constant", f"{abs(constant):.4g}", CHOICE, f"A constant factor: {abs(constant):.4g}."))
    else:
        verdict.headline, verdict.open = (
            f"{verdict.name}: how tokens are averaged stays open.",
            ["No rule that I know explains what the tokens get."],
        )
    _kl(gradient, say, AVERAGES[fits and name or "mean over all tokens"], constant)
    if fits:
        _clip(gradient, say, AVERAGES[name], constant)


def _kl(gradient, say, share, constant):
    b = _answers((2, 5, 3, 4), 6, 1)
    rng = np.random.default_rng(8)
    far = replace(
        b, advantages=0 * b.advantages, ref_log_probs=(b.log_probs - rng.uniform(-0.8, 0.8, b.log_probs.shape)) * b.mask
    )
    g = gradient(far)
    if np.abs(g).max() < 1e-9:
        return
    d = far.log_probs - far.ref_log_probs
    g = -g / share(b.mask)
    shapes = {"k1": 1 + 0 * d, "k2": d, "k3": 1 - np.exp(-d), "k3 times the ratio": d, "abs": np.sign(d)}
    shapes["k3 times the ratio"] = (np.exp(-d) - 1 + d) + (1 - np.exp(-d))
    for name, shape in shapes.items():
        ratio = g[b.mask > 0] / np.where(shape == 0, np.nan, shape)[b.mask > 0]
        if np.abs(ratio / ratio[0] - 1).max() < 1e-4:
            words = {
                "k1": "its gradient is **zero in expectation**: as a loss it does nothing. "
                "(A plain sum of log-probabilities has the same gradient)",
                "k2": "its gradient is that of the next token's KL",
                "k3": "its gradient is that of the next token's other KL, and of neither KL of whole answers",
                "abs": "only the sign of the difference pulls",
                "k3 times the ratio": "its gradient is that of the next token's KL",
            }[name]
            say(
                Finding(
                    "kl",
                    name,
                    MISTAKE if name == "k1" else CHOICE,
                    f"A KL term in the loss, **{name}** (coefficient {abs(ratio[0] / constant):.3g}): {words}.",
                )
            )
            return
    if np.abs(gradient(replace(far, ref_log_probs=b.log_probs.copy())) + g * share(b.mask)).max() < 1e-9:
        say(
            Finding(
                "extra",
                "unknown",
                CHOICE,
                "Something in the loss depends neither on the advantages nor on the reference.",
            )
        )
        return
    say(
        Finding(
            "kl", "unknown", CHOICE, "Something in the loss depends on the reference, in a form that I do not know."
        )
    )


# How a token's weight grows, and that of its neighbour of three, with the token's ratio: the powers
LEVELS = {(0, 0): "none", (1, 0): "token", (1, 1): "sequence", (1 / 3, 1 / 3): "mean"}
# The steps that ask where a weight stops are finest where most clips stand.
RATIOS = np.concatenate([np.geomspace(0.01, 0.29, 25), np.linspace(0.3, 4, 371), np.geomspace(4.1, 100, 25)])


def _clip(gradient, say, share, constant):
    """What a token's weight is when its ratio to the old policy, or its whole answer's, is moved."""
    b = _answers((3,), 4, 4)

    def weight(ratio, sign, whole=False):
        shift = np.where(b.mask > 0, np.log(ratio), 0) if whole else np.eye(4)[:1] * np.log(ratio)
        moved = replace(b, advantages=np.array([float(sign)]), old_log_probs=b.log_probs - shift)
        silent = replace(moved, advantages=np.zeros(1))
        return ((gradient(moved) - gradient(silent)) / share(b.mask) / constant / sign).ravel()

    level = _level(weight)
    if level == "none":
        say(Finding("ratio", "none", RIGHT, "No ratio to the old policy: right as long as the data are fresh."))
        return
    if level == "unknown":
        say(Finding("ratio", "unknown", CHOICE, "The ratio to the old policy enters in a form that I do not know."))
        return

    def own(sign):
        """A token's weight by the ratio that is clipped: its own, its answer's, or the mean of its answer's."""
        power = 1 / 3 if level == "sequence" else 1
        return lambda ratio: weight(ratio**power, sign, level != "token")[0]

    up, down = own(1), own(-1)
    stops = [
        ("above", _from(up, lambda w: w == 0, RATIOS[RATIOS > 1])),
        ("below", _from(down, lambda w: w == 0, RATIOS[RATIOS < 1][::-1])),
        ("and for bad answers above", _from(down, lambda w: w == 0, RATIOS[RATIOS > 1])),
    ]
    bounds = ", ".join(f"{what} {_said(ratio)}" for what, ratio in stops if ratio)
    caps = _caps(up, down)
    words = {
        "token": "per token",
        "sequence": "per sequence",
        "mean": "per sequence, to the power of one over its length",
    }[level]
    say(
        Finding(
            "ratio",
            level,
            CHOICE,
            f"The ratio to the old policy is taken {words}"
            + (f"; the gradient stops {bounds}" if bounds else "")
            + (f"; the weight is capped {caps}, and the gradient goes on" if caps else "")
            + ("." if bounds or caps else ", never clipped."),
        )
    )


def _level(weight):
    """One of LEVELS, or "unknown": asked at 1, where training begins, and where that is clipped nearer; then far away,
    since a low cap hides a ratio."""
    clipped = False
    for low, high, near in ((1, 1.1, 1e-3), (1, 1.0001, 1e-2), (0.02, 0.022, 1e-3), (50, 55, 1e-3)):
        one, two = weight(low, 1)[:2], weight(high, 1)[:2]
        if not (one.all() and two.all()):
            clipped = True
            continue
        with np.errstate(all="ignore"):
            powers = np.log(two / one) / np.log(high / low)
        fits = [name for known, name in LEVELS.items() if np.abs(powers - known).max() < near]
        if fits != ["none"]:
            return fits[0] if fits else "unknown"
    return "unknown" if clipped else "none"


def _from(weight, true, ratios):
    """Where on the way of these ratios something begins to be true of the weight, or None."""
    for before, ratio in zip([1, *ratios], ratios):
        if true(weight(ratio)):
            return _between(lambda r: true(weight(r)), before, ratio)
    return None


def _between(true, off, on):
    """Between a ratio where it is not true and one where it is: where it begins, to a thousandth of the way."""
    for _ in range(10):
        middle = np.sqrt(off * on)
        off, on = (off, middle) if true(middle) else (middle, on)
    return on


def _caps(up, down):
    """Where weights stop to grow, or to fall, without being 0, in words."""
    found = []
    for side, ratios in (("above", RATIOS), ("below", RATIOS[::-1])):
        for who, weight in (("good", up), ("bad", down)):
            last = weight(ratios[-1])
            flat = partial(isclose, last, rel_tol=1e-6)
            if last and flat(weight(ratios[-2])):
                found.append((side, who, _from(weight, flat, ratios)))
    both = {(side, _said(ratio)) for side, _, ratio in found}
    if len(found) == 2 * len(both):
        return " and ".join(f"{side} {ratio}" for side, ratio in sorted(both))
    return " and ".join(f"for {who} answers {side} {_said(ratio)}" for side, who, ratio in found)


def _said(ratio):
    return f"{ratio:.4f}" if abs(ratio - 1) < 0.02 else f"{ratio:.2f}"
