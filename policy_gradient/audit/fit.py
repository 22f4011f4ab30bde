"""Which rule gives the numbers that an update gave? One is looked for that explains every world;
what none explains is left open."""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from . import candidates as c
from .ask import Unreadable, steady
from .worlds import Batch, World, changed, worlds

SAME = 1e-9  # 1 - cosine of what counts as the same direction: 4e-5 of the length
AS_MANY = 1e-5  # relative difference of what counts as the same number
STEPS = "obs actions rewards next_obs terminated truncated mask values next_values log_probs episode t".split()


@dataclass
class Fit:
    """What was found. rule: {question: answer} or None; also: other rules that explain as much; factor: {...} or None;
    extra: what does not depend on rewards; open: the questions without an answer;
    gradient: the answer on "two doors"."""

    gradient: np.ndarray
    rule: dict | None = None
    also: list = field(default_factory=list)
    factor: dict | None = None
    sign: int = 1  # of the number before the rule: -1 on all batches, or 0 if it is not the same on all
    extra: dict | None = None
    visits: str | None = None
    reset: str | None = None
    equal_rewards: str = "finite"
    open: list = field(default_factory=list)
    hints: list = field(default_factory=list)
    ratio: bool = False  # do the log-probabilities with which the actions were drawn enter?
    before: str | None = None  # what is done to the rewards before they are summed
    units: float | None = None  # how many times as large as V they are made, where that is one number
    table: bool = False  # does every reward move the weights of all steps, and each in the same way?
    still: str | None = None  # if nothing moves where each step has a parameter of its own: what else is known of that


def cosine(x, y):
    size = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / size) if size else 0.0


def fit(asker):
    """Ask `asker(world)` on every world, and fit. Raises `Unreadable`."""
    all_worlds = worlds()
    first = steady(asker, all_worlds["plain"])
    answers, flat = {name: asker(world) for name, world in all_worlds.items() if name != "two doors"}, None
    try:
        answers["two doors"] = asker(all_worlds["two doors"])
    except Unreadable as error:  # there some episodes' returns are all equal
        if error.kind != "nan":
            raise
        answers["two doors"], flat = np.zeros(3), "nan"
    none = max((1e-6 if asker.single else 1e-9) * max(np.abs(a).max() for a in answers.values()), 1e-14)
    fitted = Fit(np.where(np.abs(answers["two doors"]) > none, answers["two doors"], 0.0))
    if np.abs(first).max() <= none:
        fitted.still = _still(asker, none)
        return fitted
    moved = _extras(asker, fitted, answers)
    if moved is not asker:
        answers.update({name: moved(w) for name, w in all_worlds.items() if not (flat and name == "two doors")})
    y = {name: answers[name][w.batch.obs] for name, w in all_worlds.items() if name != "two doors"}
    if fitted.extra and fitted.extra["name"] == "own values":
        fitted.open = ["own values"]
        if np.abs(y["plain"]).max() <= none:  # rewards and values move nothing: there is no more than that
            fitted.extra, fitted.open, fitted.hints = None, ["everything"], _influences(asker, _moves(asker))
        return fitted
    # One weight for all steps: rules about ends would explain it too, by a sum over the whole batch.
    matches = [] if _alike(y) else _matches(y) or _scan(y)
    if not matches:
        fitted.before = _before(y, moved)
        if not fitted.before:
            fitted.before, fitted.units = _units(y)
        if fitted.before:
            fitted.open = ["ends"]
            return fitted
        moves = _moves(asker)
        fitted.table = moves is not None and _table(moves, asker)
        if fitted.table:
            return fitted
        fitted.open = ["everything"]
        fitted.hints = _influences(asker, moves)
        return fitted
    _endings(y, matches, fitted)
    fitted.ratio = _uses_ratio(asker, first)
    _factor(moved, y, fitted)
    fitted.sign = _sign(moved, y, fitted.rule)
    if flat:
        fitted.equal_rewards = flat if _nan_of_equals(asker) else "nan at zero"
    else:
        _visits(answers["two doors"], fitted)
        _count(answers["two doors"], fitted)
    _reset(answers["reset"], fitted)
    return fitted


def _times(world, number):
    """The same world with rewards and values times a number."""
    names = ("rewards", "values", "next_values")
    return changed(world, world.name, **{name: number * getattr(world.batch, name) for name in names})


def _sign(moved, y, rule):
    """1 or -1 if the rule points that way on every batch that it explains, 0 if not the same way on all; one more is
    "plain" with rewards and values turned round, where what is divided by a mean stays as it is."""
    turned = _times(worlds()["plain"], -1)
    pairs = [(z, c.weights(worlds()[name], rule)) for name, z in y.items()]
    try:
        pairs.append((moved(turned)[turned.batch.obs], c.weights(turned, rule)))
    except Unreadable:
        pass
    signs = {np.sign(z @ w) for z, w in pairs if abs(cosine(z, w)) > 1 - SAME}
    return int(signs.pop()) if len(signs) == 1 else 0


def _uses_ratio(asker, answer):
    world = worlds()["plain"]
    apart = np.linspace(-1, 1, len(world.batch))  # up and down, not all alike: a minimum or a mean may hide one change
    try:
        other = asker(changed(world, "plain", log_probs=world.batch.log_probs + apart))
    except Unreadable:
        return True
    return bool(np.abs(other - answer).max() > AS_MANY * np.abs(answer).max())


def _still(asker, none):
    """What can be shown of an update that stands still on "plain": does it move on ten such batches in one, or with
    larger rewards? Of a parameter that four episodes reach, does its answer stay if all four get more?"""
    world = worlds()["plain"]
    one_step = np.arange(8)
    obs, many, no = one_step // 4, np.full(8, 2), np.zeros(8, bool)
    few = Batch(
        obs,
        (one_step % 4 > 0) * 1,
        one_step**2 / 9,
        many,
        ~no,
        no,
        ~no,
        *np.zeros((3, 8)),
        one_step,
        0 * obs,
        0.7,
        0.8,
        4,
    )
    theta = np.array([0.4, -0.3, 0.2, 0.1])
    few.log_probs = few.log_prob(theta)
    few = World("one step", theta, few)
    try:
        if np.abs(asker(_ten_times(world))).max() > none:
            return "few steps"
        if np.abs(asker(changed(world, "plain", rewards=10 * world.batch.rewards + 100))).max() > none:
            return "small rewards"
        before, after = asker(few)[0], asker(changed(few, "one step", rewards=few.batch.rewards + 9.0 * (obs == 0)))[0]
    except Unreadable:
        return "unknown"
    return "per parameter" if none < abs(before) and abs(after - before) < AS_MANY * abs(before) else "unknown"


def _ten_times(world):
    """Ten copies of a batch as one, each with observations and parameters of its own."""
    b, copy = world.batch, np.repeat(np.arange(10), len(world.batch))
    arrays = {name: np.tile(getattr(b, name), 10) for name in STEPS}
    arrays["obs"] += copy * b.num_obs
    arrays["next_obs"] += copy * b.num_obs
    arrays["episode"] += copy * (b.episode.max() + 1)
    return World(world.name, np.tile(world.theta, 10), replace(b, **arrays, num_obs=10 * b.num_obs))


def _nan_of_equals(asker):
    """Is it NaN as well where all returns are equal and not zero? Returns, TD errors summed by gamma lambda, or
    rewards that are all 1 exactly: gamma and lambda are 1/2, V is zero."""
    world = worlds()["plain"]
    zero = np.zeros(len(world.batch))
    for decay in (0.5, 0.25, 0.0):
        rewards = np.where(world.batch.terminated, 1.0, 1 - decay)
        try:
            asker(changed(world, "plain", rewards=rewards, values=zero, next_values=zero, gamma=0.5, lam=0.5))
        except Unreadable as error:
            if error.kind == "nan":
                return True
    return False


def _extras(asker, fitted, answers):
    """A function of a world: what rewards and values move there. What stays when they are zero is named, and taken off.
    Divided by their spread it is of another length where they are not zero; there it is what does not turn with them.
    """

    def silent(world):
        return asker(_times(world, 0))

    world = worlds()["plain"]
    try:
        left = silent(world)
    except Unreadable as error:
        known = error.kind != "nan" or _nan_of_equals(asker)
        fitted.equal_rewards = error.kind if known else "nan at zero"
        return asker
    if np.abs(left).max() < 1e-6 * np.abs(answers["plain"]).max():
        return asker
    p = 1 / (1 + np.exp(-world.theta))
    visited = np.zeros(len(p), bool)
    visited[world.batch.obs] = True
    entropy = -world.theta * p * (1 - p) * visited
    b, none = world.batch, np.zeros(len(world.batch))
    ones = changed(world, "plain", rewards=none + 1, values=none, next_values=none)

    def paid(**rule):
        """The direction of a reward of 1 at each step."""
        direction = np.zeros(len(p))
        direction[b.obs] = c.weights(ones, dict(c.RIGHT, **rule))
        return direction

    known = {
        "constant reward": paid(),
        "constant reward without gamma^t": paid(weight="dropped"),
        "constant reward of whole episodes": paid(credit="total return", weight="dropped"),
        "constant reward of GAE": paid(credit="gae"),
        "constant reward of GAE without gamma^t": paid(credit="gae", weight="dropped"),
        "entropy bonus": entropy,
        "weight decay": -world.theta,
        "constant baseline": -(b.gamma**b.t) @ b.score(world.theta),
        "constant baseline without gamma^t": -b.score(world.theta).sum(axis=0),
    }
    named = next((name for name, d in known.items() if abs(cosine(left, d)) > 1 - 1e-8), None)
    direction = known.get(named)
    if not named:
        own = "own baseline" if _own_baseline(silent, left) else "own values"
        named = own if own == "own baseline" or _knows_observations(silent, left) else "unknown"
    try:
        stays = (answers["plain"] + asker(_times(world, -1))) / 2
    except Unreadable:
        stays = left
    parallel = cosine(stays, left) > 1 - SAME
    size = max(np.linalg.norm(answers["plain"]), 1e-300)
    fitted.extra = {
        "name": named,
        "size": float((stays if parallel else left) @ direction / (direction @ direction)) if named in known else None,
        "share": float(np.linalg.norm(stays if parallel else left) / size),
        "at zero": float(np.linalg.norm(left) / size),
    }
    if parallel:
        return lambda world: (asker(world) - asker(_times(world, -1))) / 2
    return lambda world: asker(world) - silent(world)


def _own_baseline(silent, left):
    """Is what is left without rewards, over the score, a number that needs neither the action nor what follows? Then
    it stays, up to one factor, for the steps t of an episode cut there, with the other action and another next_obs."""
    world = worlds()["plain"]
    b = world.batch
    of_steps = left[b.obs] / b.score(world.theta).sum(axis=1)
    for t in range(b.t.max() + 1):
        rows = np.isin(b.episode, b.episode[b.t == t]) & (b.t <= t)
        cut = replace(b, **{name: getattr(b, name)[rows] for name in STEPS})
        last = cut.t == t
        cut.actions, cut.terminated = np.where(last, 1 - cut.actions, cut.actions), last
        cut.next_obs, cut.log_probs = np.where(last, b.num_obs - 1, cut.next_obs), cut.log_prob(world.theta)
        try:
            now = (silent(World("plain", world.theta, cut))[cut.obs] / cut.score(world.theta).sum(axis=1))[last]
        except Unreadable:
            return False
        before = of_steps[b.t == t]
        if (before.any() or now.any()) and cosine(before, now) < 1 - SAME:
            return False
    return True


def _knows_observations(silent, left):
    """Is what is left without rewards another if the observations get each other's numbers, and theta is as before of
    each? A table of V does that, or a network."""
    world = worlds()["plain"]
    b, name = world.batch, np.roll(np.arange(world.batch.num_obs), 1)
    theta = np.zeros_like(world.theta)
    theta[name] = world.theta
    renamed = World("plain", theta, replace(b.copy(), obs=name[b.obs], next_obs=name[b.next_obs]))
    try:
        return bool(np.abs(silent(renamed)[name] - left).max() > AS_MANY * np.abs(left).max())
    except Unreadable:
        return False


PAIRS = [(score, reduce) for score in c.SCORE for reduce in c.REDUCE]


@cache
def _plain(name):
    """(rules, table, factors, lengths): `c.plain`; the score and the share of every pair, (P, n);
    and how long what each rule gives with each pair is, (C, P). The same whatever update is audited."""
    world = worlds()[name]
    rules, table = c.plain(name)
    factors = np.array([c.scores(world, s) * c._shares(world.batch, r) for s, r in PAIRS])
    return rules, table, factors, np.sqrt(table**2 @ (factors**2).T)


def _matches(y):
    """Rules that fit the worlds where every episode terminates, cheapest first."""
    left = slice(None)  # rules that fit the worlds so far, with some pair
    for name in ("plain", "longer"):
        rules, table, factors, lengths = _plain(name)
        with np.errstate(invalid="ignore", divide="ignore"):
            cosines = table[left] @ (factors * y[name]).T / (lengths[left] * np.linalg.norm(y[name]))
        good = np.abs(cosines) > 1 - SAME
        if name == "plain":
            left, first = np.flatnonzero(good.any(axis=1)), good
    rows, columns = np.nonzero(first[left] & good)
    rows = left[rows]
    price = rules[3][rows] + np.array([c.SCORE[PAIRS[k][0]] + c.REDUCE[PAIRS[k][1]] for k in columns], float)
    order = np.argsort(price, kind="stable")[:300]
    return [c.rule_of(rules, rows[k], score=PAIRS[columns[k]][0], reduce=PAIRS[columns[k]][1]) for k in order]


def _ranged(r):
    return (r - r.min()) / np.ptp(r)


BEFORE = {  # what may be done to all rewards of a batch before they are summed
    "standardised": lambda r: (r - r.mean()) / r.std(),
    "standardised, ddof 1": lambda r: (r - r.mean()) / r.std(ddof=1),
    "centred": lambda r: r - r.mean(),
    "ranged": _ranged,
    "clipped": lambda r: np.clip(r, -1, 1),
    "signs": np.sign,
}


def _before(y, moved):
    """What was done to the rewards, if with that a plain rule gives the weights where every episode terminates. Some
    changes give one direction; what rewards three times as large do tells these apart."""
    world = worlds()["plain"]
    r = world.batch.rewards
    rules = [
        dict(c.RIGHT, credit=credit, gamma=gamma, weight=weight, baseline=baseline)
        for credit in ("reward-to-go", "total return", "gae")
        for gamma in ("given", "one")
        for weight in ("gamma^t", "dropped")
        for baseline in ("none", "value", "mean", "leave one out", "mean at t", "leave one out at t")
    ]
    try:
        larger = moved(changed(world, "plain", rewards=3 * r))[world.batch.obs]
    except Unreadable:
        return None
    alike = np.abs(larger - y["plain"]).max() < 1e-4 * np.abs(y["plain"]).max()
    for name, change in BEFORE.items():
        left = rules if alike == np.allclose(change(3 * r), change(r)) else []
        for w in (world, worlds()["longer"]):
            other = changed(w, w.name, rewards=change(w.batch.rewards))
            left = [rule for rule in left if abs(cosine(c.weights(other, rule), y[w.name])) > 1 - SAME]
        if left:
            return name
    return None


def _units(y):
    """(name, number or None): are rewards and V in two units? Each rule is a sum of what it makes of the rewards alone
    and of V alone; with which numbers before the two does it give the weights?"""
    rules = [
        dict(c.RIGHT, credit=credit, weight=weight, baseline=baseline)
        for credit, baseline in (("gae", "none"), ("reward-to-go", "value"), ("gae", "mean"))
        for weight in ("gamma^t", "dropped")
    ]
    for rule in rules:
        times, stds = [], []
        for name in ("plain", "longer"):
            world, r = worlds()[name], worlds()[name].batch.rewards
            none = np.zeros(len(r))
            parts = changed(world, name, values=none, next_values=none), changed(world, name, rewards=none)
            parts = np.array([c.weights(part, rule) for part in parts])
            found, *_ = np.linalg.lstsq(parts.T, y[name])
            if cosine(found @ parts, y[name]) < 1 - SAME or found.min() / found.max() <= 0:
                break
            times.append(found[0] / found[1])
            stds.append([times[-1] * r.std(ddof=ddof) for ddof in (0, 1)])
        else:
            if np.ptp(times) < AS_MANY * times[0]:
                return "units", float(times[0])
            if (np.ptp(stds, axis=0) < AS_MANY * np.abs(stds[0])).any():
                return "units, std", None
    return None, None


def _fits(y, rule, name):
    return abs(cosine(c.weights(worlds()[name], rule), y[name])) > 1 - SAME


def _scan(y):
    """A lambda or a gamma of its own, any number: the best one, if it fits."""
    for question, credit in (("lam", "gae"), ("gamma", "reward-to-go"), ("gamma", "gae")):
        for weight in ("gamma^t", "dropped", "gamma^t of its own"):
            for baseline in ("none", "mean", "value", "leave one out") if question == "gamma" else ("none", "mean"):
                for score, reduce in (("log pi", "even"), ("log pi", "per episode")):
                    rule = dict(c.RIGHT, credit=credit, weight=weight, baseline=baseline, score=score, reduce=reduce)

                    def miss(number, rule=rule, question=question):
                        return 1 - abs(
                            cosine(
                                c.weights(worlds()["plain"], dict(rule, **{question: repr(float(number))})), y["plain"]
                            )
                        )

                    grid = np.linspace(0.02, 1, 50)
                    best = int(np.argmin([miss(g) for g in grid]))
                    if miss(grid[best]) > 0.01:
                        continue
                    low, high = grid[max(best - 1, 0)], grid[min(best + 1, 49)]
                    for _ in range(60):
                        a, b = low + 0.382 * (high - low), high - 0.382 * (high - low)
                        low, high = (low, b) if miss(a) < miss(b) else (a, high)
                    rule[question] = f"{(low + high) / 2:.6g}"
                    if _fits(y, rule, "plain") and _fits(y, rule, "longer"):
                        return [rule]
    return []


def _endings(y, matches, fitted):
    """Which of the matching rules also explain truncation, both flags, a batch that ends in the middle of an episode,
    and episodes of twelve steps."""
    questions = [
        ("cut", "truncated", list(c.TRUNCATED)),
        ("open", "open", ["bootstrapped", "as terminated"]),
        ("both", "both", ["as terminated", "as truncated"]),
    ]
    best = []
    for rule in matches:
        rule, missing, same = dict(rule), [], {}
        for world, question, answers in questions:
            fitting = [a for a in answers if _fits(y, dict(rule, **{question: a}), world)]
            if fitting:
                rule[question], same[question] = fitting[0], fitting
            else:
                missing.append(question)
        if not _fits(y, rule, "long"):
            missing.append("long")
        best.append(
            (
                len(missing),
                c.cost({q: a for q, a in rule.items() if q not in ("truncated", "open", "both")}),
                rule,
                missing,
                same,
            )
        )
        if not missing:
            break
    count, price, rule, missing, same = min(best, key=lambda b: b[:2])
    for question in {"truncated", "open", "both"}.intersection(missing):
        rule[question] = {"truncated": "bootstrapped", "open": "bootstrapped", "both": "as terminated"}[question]
    fitted.rule, fitted.open = rule, missing
    fitted.same = same
    known = {q: a for q, a in rule.items()}
    for other in matches:
        if (
            other is not rule
            and abs(c.cost({q: a for q, a in other.items()}) - c.cost({q: known[q] for q in other})) < 1e-9
        ):
            if any(other[q] != known[q] for q in ("credit", "weight", "baseline", "score", "reduce")):
                full = dict(other, truncated=rule["truncated"], open=rule["open"], both=rule["both"])
                if all(_fits(y, full, w) for w in ("plain", "longer", "cut")):
                    fitted.also.append(full)


def _per(b):
    N, n, T = b.episode.max() + 1, len(b), int(b.t.max()) + 1
    return {
        "episodes": 1 / N,
        "steps": 1 / n,
        "observations": 1 / len(np.unique(b.obs)),
        "nothing": 1.0,
        "padded length": 1 / (N * T),
        "longest episode": 1 / T,
        "steps and episodes": 1 / (n * N),
    }


def _sizes(world, rule):
    """By what the whole batch may be divided, besides its count: {name: factor}."""
    b = world.batch
    x = c.inner(world, rule)
    raw = c.credits(b, rule)
    full = x * (c._powers(b, rule) if rule["place"] == "inside" else 1)
    sizes = {"nothing": 1.0}
    first = raw[(b.t == 0) & b.mask]
    for where, z in (
        ("advantages", x),
        ("returns", raw),
        ("weighted advantages", full),
        ("rewards", b.rewards),
        ("episodes' returns", first),
    ):
        if not np.ptp(z):  # nothing can be divided by that
            continue
        sizes[f"std of the {where}, ddof 0"], sizes[f"std of the {where}, ddof 1"] = 1 / z.std(), 1 / z.std(ddof=1)
        sizes[f"variance of the {where}"] = 1 / z.var()
        sizes[f"variance of the {where}, ddof 1"] = 1 / z.var(ddof=1)
        sizes[f"largest of the {where}"] = 1 / np.abs(z).max()
        sizes[f"length of the {where}"] = 1 / np.linalg.norm(z)
        sizes[f"root mean square of the {where}"] = 1 / np.sqrt((z**2).mean())
        sizes[f"range of the {where}"] = 1 / np.ptp(z)
    return sizes


def _simplest(pairs, numbers, rule):
    """What the numbers of all batches are made of: (how good and how simple, ..., per, size, power of gamma, constant),
    or None."""
    options = []
    pers, sizes = [_per(world.batch) for world, _ in pairs], [_sizes(world, rule) for world, _ in pairs]
    for j in (0, 1, -1):
        power = np.array([world.batch.gamma**j for world, _ in pairs])
        for per in pers[0]:
            for size in sizes[0]:
                known = power * np.array([p[per] * s.get(size, np.nan) for p, s in zip(pers, sizes)])
                ratio = numbers / known
                spread = np.abs(ratio / ratio[0] - 1).max()
                if spread < 100 * AS_MANY:
                    rough = spread > AS_MANY
                    simple = (rough, size != "nothing", j != 0, per != "episodes", rough and spread)
                    options.append((*simple, per, size, j, float(ratio[0])))
    return min(options, key=lambda o: o[:5], default=None)


def _one_factor(moved, y, fitted, rule):
    """The number by which the rule must be multiplied, world for world, and what it is made of."""
    used = ["plain", "longer"] + ["cut"] * ("truncated" not in fitted.open)
    many = worlds()["plain"]
    b = many.batch
    pairs = [(worlds()[name], y[name]) for name in used]
    big = _times(many, 3)
    try:
        pairs.append((big, moved(big)[b.obs]))
    except Unreadable:
        pass
    numbers = np.array([z @ (p := c.weights(world, rule)) / (p @ p) for world, z in pairs])
    any_size, best = True, _simplest(pairs, numbers, rule)
    if not best and len(pairs) > len(used):  # without the larger rewards?
        any_size, best = False, _simplest(pairs[:-1], numbers[:-1], rule)
    if not best:
        return None
    *order, per, size, power, constant = best
    order = [not any_size, *order]
    factor = {"per": per, "size": size, "gamma power": power, "constant": constant, "eps": None, "any size": any_size}
    factor["place"] = ""
    if size.startswith("std"):
        known = b.gamma**power * _per(b)[per]
        try:
            divisors = [known / numbers[0]] + [known / _at(moved, rule, tiny) for tiny in TINY]
        except Unreadable:
            return order, factor
        factor["constant"], factor["eps"], factor["place"] = _eps(np.array(divisors), 1 / _sizes(many, rule)[size])
    return order, factor


TINY = (1e-4, 1e-5)


def _at(moved, rule, tiny):
    """The number before the rule where rewards and values are tiny times those of "plain"."""
    world = _times(worlds()["plain"], tiny)
    p = c.weights(world, rule)
    return moved(world)[world.batch.obs] @ p / (p @ p)


def _eps(divisors, std):
    """(constant, eps, its place): the divisors at spreads of std and of std times each of TINY are, over the constant,
    std + eps, the root of std^2 + eps, or no less than eps. The first and the last give both; the other decides."""
    size, (middle, last) = np.abs(divisors), TINY
    added = std * (1 - last) / (size[0] - size[2])
    eps = added * size[2] - std * last
    if abs(eps) < 1e-10:
        return np.sign(divisors[0]) * added, 0.0, ""
    root = std * np.sqrt((1 - last**2) / (size[0] ** 2 - size[2] ** 2))
    under, floor = (root * size[2]) ** 2 - (std * last) ** 2, std / size[0] * size[2]
    ways = [
        (middle * std + eps, added, eps, ""),
        (np.sqrt((middle * std) ** 2 + max(under, 0)), root, under, ", under the root"),
        (max(middle * std, floor), std / size[0], floor, "at least"),
    ]
    _, constant, eps, place = min(ways, key=lambda way: abs(way[0] / way[1] / size[1] - 1))
    return float(np.sign(divisors[0]) * constant), float(f"{eps:.2g}"), place


ALONE = {
    "mean": "leave one out",
    "mean at t": "leave one out at t",
    "mean of first returns": "leave one out of first returns",
}


def _factor(moved, y, fitted):
    """The factor of the rule; of rules that fit equally, the one whose factor is the simplest."""
    tried = [(rule, best) for rule in [fitted.rule] + fitted.also[:6] if (best := _one_factor(moved, y, fitted, rule))]
    if not tried and (others := ALONE.get(fitted.rule["baseline"])):  # the same direction, N / (N - 1) times as long
        rule = dict(fitted.rule, baseline=others)
        tried = [(rule, best)] if (best := _one_factor(moved, y, fitted, rule)) else []
    if not tried:
        fitted.open.append("scale")
        return
    rule, (order, fitted.factor) = min(
        tried, key=lambda t: [round(float(x), 9) for x in t[1][0][:5]] + [abs(t[1][1]["constant"] - 1) > 1e-4]
    )
    if not fitted.factor["any size"]:
        fitted.open.append("larger rewards")
    if rule is not fitted.rule:
        fitted.also = [fitted.rule] + [r for r in fitted.also if r is not rule]
        fitted.rule = rule
    if fitted.factor["size"] == "nothing":  # the others would need another factor
        fitted.also = []
    if fitted.extra and fitted.extra["name"] != "weight decay" and fitted.extra["size"] is not None:
        fitted.extra["size"] /= _per(worlds()["plain"].batch)[fitted.factor["per"]] * abs(fitted.factor["constant"])


def _length(world, fitted):
    """The number that should stand before the rule in a world, if it is known at all."""
    factor = fitted.factor
    if not factor or not factor["any size"]:
        return None
    b, size = world.batch, _sizes(world, fitted.rule).get(factor["size"], np.nan)
    return factor["constant"] * b.gamma ** factor["gamma power"] * _per(b)[factor["per"]] * size


def _visits(gradient, fitted):
    """On two doors an observation is visited twice: is each visit counted?"""
    world = worlds()["two doors"]
    w, obs = c.weights(world, fitted.rule), world.batch.obs
    count = np.bincount(obs, minlength=3)
    first = np.array(
        [
            o not in obs[np.flatnonzero(world.batch.episode == e)[0] : i]
            for i, (o, e) in enumerate(zip(obs, world.batch.episode))
        ]
    )
    options = {
        "every visit": np.bincount(obs, w, 3),
        "mean of the visits": np.bincount(obs, w, 3) / count,
        "first visits": np.bincount(obs, w * first, 3),
    }
    last = np.zeros(3)
    last[obs] = w
    options["last visit only"] = last
    keep = [0, 1]
    if not np.abs(options["every visit"][keep]).max() > 1e-12:
        fitted.visits = "every visit" if np.abs(gradient[keep]).max() < 1e-9 else None
        return
    fitted.visits = next((n for n, g in options.items() if abs(cosine(g[keep], gradient[keep])) > 1 - SAME), None)
    if fitted.visits is None and fitted.rule["credit"] == "own reward only":
        for ends in (fitted.rule["terminated"], "not cut"):
            anew = dict(fitted.rule, credit=c.ANEW, terminated=ends)
            if abs(cosine(np.bincount(obs, c.weights(world, anew), 3)[keep], gradient[keep])) > 1 - SAME:
                fitted.rule, fitted.visits = anew, "every visit"
                return
    if fitted.visits is None:
        fitted.open.append("visits")


def _count(gradient, fitted):
    """Divided by the number of steps, or of different observations? Only on two doors are they not as many."""
    world = worlds()["two doors"]
    sums = np.bincount(world.batch.obs, c.weights(world, fitted.rule), 3)[:2]
    length, many = _length(world, fitted), len(np.unique(world.batch.obs))
    if length and fitted.visits == "every visit" and fitted.factor["per"] == "steps" and sums.any():
        times = gradient[:2] @ sums / (sums @ sums) / length
        if abs(times * many / len(world.batch) - 1) < 0.01:
            fitted.factor["per"] = "observations"


def _reset(gradient, fitted):
    """Does the step that is no data, in the world "reset", count?"""
    world = worlds()["reset"]
    b = world.batch
    real = b.mask
    without = World("reset", world.theta, replace(b, **{name: getattr(b, name)[real] for name in STEPS}))
    if np.abs(gradient[b.obs[~real]]).max() > 1e-7 * np.abs(gradient).max():
        fitted.reset = "counted"
    elif abs(cosine(w := c.weights(without, fitted.rule), seen := gradient[without.batch.obs])) > 1 - SAME:
        length = _length(without, fitted)
        fitted.reset = "in the divisor" if length and abs(seen @ w / (w @ w) / length - 1) > 0.01 else "left out"
    else:
        fitted.reset = None if "truncated" in fitted.open else "felt"


def _coarse(asker, world, base):
    """What to say where no small change of a reward changes anything: there are signs, ranks, clips and roundings."""
    r = world.batch.rewards
    for rewards in (-r, np.roll(r, 1), 0 * r, 10 * r, r + 100, r - 100):
        try:
            other = asker(changed(world, "plain", rewards=rewards))
        except Unreadable:
            continue
        if np.abs(other - base).max() > 1e-9 * np.abs(base).max():
            return (
                "The rewards enter, but not by their size: small changes of one change nothing "
                "(a sign, a rank, a clip, a threshold, a rounding?)."
            )
    try:
        other = asker(changed(world, "plain", rewards=-r, actions=1 - world.batch.actions))
    except Unreadable:
        other = None
    if other is not None and np.array_equal(other, base):
        return (
            "Neither rewards nor actions of the batch enter: does it collect its own data? "
            "It must work on the batch alone."
        )
    return "The rewards do not enter at all: of their signs, order and size no change that I tried changes anything."


def _alike(y):
    """Is one number the weight of all steps, or but for gamma^t?"""

    def one_number(name, discounted):
        b = worlds()[name].batch
        weights = y[name] / b.score(worlds()[name].theta).sum(axis=1) / b.gamma ** (b.t * discounted)
        return np.ptp(weights) < AS_MANY * np.abs(weights).max()

    return any(all(one_number(name, discounted) for name in ("plain", "longer")) for discounted in (False, True))


def _moves(asker):
    """How far each reward (column) moves the answer of each step (row), (n, n); None where it gives none."""
    world = worlds()["plain"]
    b, base = world.batch, asker(world)
    moves = np.zeros((len(b), len(b)))
    for k in range(len(b)):
        rewards = b.rewards.copy()
        rewards[k] += 0.1 if asker.single else 1e-3
        try:
            moves[:, k] = (asker(changed(world, "plain", rewards=rewards)) - base)[b.obs]
        except Unreadable:
            return None
    return moves


def _table(moves, asker):
    """Does every reward move all steps, and each in the same way?"""
    values, nothing = np.linalg.svd(moves, compute_uv=False), 1e-4 if asker.single else 1e-6
    return values[1] < nothing * values[0] and bool((np.abs(moves) > nothing * np.abs(moves).max()).all())


def _influences(asker, moves):
    """For an update that no rule explains: which rewards move the weight of which step? Sentences."""
    if moves is None:
        return []
    world = worlds()["plain"]
    b, size = world.batch, np.abs(moves).max()
    if size == 0:
        return [_coarse(asker, world, asker(world))]
    hit, own = np.abs(moves) > 1e-6 * size, b.episode[:, None] == b.episode
    sentences = []
    if not hit.diagonal().any():
        sentences.append("No step is credited with its own reward.")
    if (hit & own & (b.t[None] < b.t[:, None])).any():
        sentences.append("Rewards from before a step move its weight.")
    if (hit & ~own).any():
        sentences.append(
            "Rewards of other episodes move a step's weight "
            "(a baseline from the batch does that; so does a sum across an end)."
        )
    return sentences
