"""Rules that give each step its weight, composed of the answers to a few questions; each answer is a few lines.

A rule is a dict {question: answer}. `weights(world, rule)` is what it gives, up to one number for the whole batch;
`plain()` holds the weights of all of them on the world "plain", so that a fit is one matrix product.
"""

from functools import cache
from itertools import product

import numpy as np

from .worlds import worlds

# answer: cost. Of several rules that fit equally, the cheapest is named.
CREDIT = {
    "reward-to-go": 0,
    "gae": 0,
    "total return": 0,
    "gae plus value": 1,
    "own reward left out": 1,
    "own reward left out, undiscounted": 1.2,
    "rewards one early": 1.1,
    "last reward twice": 1,
    "rewards one late": 1,
    "rewards rolled": 1.1,
    "returns one late": 1,
    "own reward only": 1,
    "past rewards": 1,
    "past rewards, discounted back": 1.1,
    "past rewards, discounted from the start": 1.1,
    "last reward only": 1,
    "mean of what follows": 1.1,
    "order reversed": 1,
    "lambda return minus V, one step": 1.1,
    "decay lambda": 1,
    "decay gamma": 0.9,
    "next value undiscounted": 1,
    "value not subtracted": 1.1,
}
GAMMA = {"given": 0, "one": 1, "squared": 1.1, "0.99": 1, "0.95": 1, "0.9": 1}
LAM = {"given": 0, "0.95": 1, "0.97": 1, "0.99": 1, "0": 1}
TERMINATED = {
    "right": 0,
    "bootstrapped": 1,
    "not cut": 1,
    "not cut, right value": 1,
    "not cut, value zero": 1,
    "value of the next episode": 1,
    "one step early": 1,
    "one step late": 1,
}
TRUNCATED = {
    "bootstrapped": 0,
    "as terminated": 1,
    "not cut": 1,
    "not cut, right value": 1,
    "value of the next episode": 1,
    "own value": 1,
    "counted twice": 1,
    "without gamma": 1,
    "advantage zero": 1,
    "left out": 1,
    "not cut, value zero": 1,
}
WEIGHT = {
    "gamma^t": 0,
    "gamma^t of its own": 0.1,
    "dropped": 1,
    "gamma^2t": 1,
    "not reset": 1,
    "backwards": 1.1,
    "inverse": 1.1,
}
PLACE = {"inside": 0, "after": 0.2}
BASELINE = {
    "none": 0,
    "value": 0,
    "mean": 0,
    "leave one out": 0,
    "mean at t": 0,
    "leave one out at t": 0,
    "mean of first returns": 0,
    "leave one out of first returns": 0.1,
    "own episode": 1,
    "value added": 1,
    "next value": 1,
    "mean added": 1,
    "mean at t added": 1,
    "leave one out at t added": 1,
    "mean of rewards": 1,
    "running sum": 1.2,
}
SPREAD = {"none": 0, "own episode": 1, "own episode, ddof 1": 1, "at t": 1}
SCORE = {
    "log pi": 0,
    "pi": 1,
    "action only": 1,
    "other action": 1,
    "chance only": 1,
    "slope twice": 1,
    "at zero": 1,
    "over pi": 1.1,
}
REDUCE = {"even": 0, "per episode": 1}
QUESTIONS = dict(
    credit=CREDIT,
    gamma=GAMMA,
    lam=LAM,
    terminated=TERMINATED,
    truncated=TRUNCATED,
    weight=WEIGHT,
    place=PLACE,
    baseline=BASELINE,
    spread=SPREAD,
    score=SCORE,
    reduce=REDUCE,
    both={"as terminated": 0, "as truncated": 1},
    open={"bootstrapped": 0, "as terminated": 0.5},
)
ANEW = "anew at a reward"  # beside the table: where no reward is 0, as in its worlds, this is the own reward only
GAE = (
    "gae",
    "gae plus value",
    "lambda return minus V, one step",
    "decay lambda",
    "next value undiscounted",
    "value not subtracted",
)


def cost(rule):
    return sum(QUESTIONS[q].get(a, 1) for q, a in rule.items())


def _number(answer, given):
    return (
        given if answer == "given" else 1.0 if answer == "one" else given**2 if answer == "squared" else float(answer)
    )


def _ends(b, rule):
    """For each step: V of what follows, and 1 where the sum runs on into the next row."""
    n = len(b)
    value, carry = np.append(b.values[1:], b.next_values[-1]), np.append(np.ones(n - 1), 0.0)
    shift = {"one step early": 1, "one step late": -1}.get(rule["terminated"], 0)
    if shift:
        ends = b.terminated | b.truncated
        ends = np.append(ends[1:], True) if shift > 0 else np.append(False, ends[:-1])
        carry[ends] = value[ends] = 0
        return value, carry
    for i in np.flatnonzero(b.terminated | b.truncated):
        cut = b.truncated[i] and (not b.terminated[i] or rule["both"] == "as truncated")
        answer = rule["truncated" if cut else "terminated"]
        if answer in ("right", "as terminated", "left out", "advantage zero"):
            value[i] = carry[i] = 0
        elif answer in ("bootstrapped", "not cut, right value"):
            value[i] = b.next_values[i]
            carry[i] *= answer != "bootstrapped"
        elif answer == "not cut, value zero":
            value[i] = 0
        elif answer == "value of the next episode":
            carry[i] = 0
        elif answer == "own value":
            value[i], carry[i] = b.values[i], 0
        elif answer in ("counted twice", "without gamma"):  # as where gamma V is added to the last reward
            times = 2 if answer == "counted twice" else 1 / _number(rule["gamma"], b.gamma)
            value[i], carry[i] = times * b.next_values[i], 0
    if not (b.terminated[-1] or b.truncated[-1]) and rule["open"] == "as terminated":
        value[-1] = 0
    return value, carry


def _sums(rewards, decay, carry):
    out, following = np.empty(len(rewards)), 0.0
    for i in reversed(range(len(rewards))):
        out[i] = following = rewards[i] + decay * carry[i] * following
    return out


def credits(b, rule):
    """Before baseline and weights: what each step is credited with, (n,)."""
    gamma, lam, credit = _number(rule["gamma"], b.gamma), _number(rule["lam"], b.lam), rule["credit"]
    value, carry = _ends(b, rule)
    if credit in GAE or credit == "decay gamma":
        known = b.values * (credit != "value not subtracted")
        errors = b.rewards + (1 if credit == "next value undiscounted" else gamma) * value - known
        if rule["truncated"] == "advantage zero":
            errors = np.where(b.truncated & ~(b.terminated & (rule["both"] == "as terminated")), 0, errors)
        sums = _sums(errors, {"decay lambda": lam, "decay gamma": gamma}.get(credit, gamma * lam), carry)
        if credit == "gae plus value":
            return sums + b.values
        if credit == "lambda return minus V, one step":
            return errors + gamma * carry * np.append(sums[1:], 0)
        return sums
    segment = np.append(0, np.cumsum(carry[:-1] == 0))
    first = np.append(True, carry[:-1] == 0)
    rewards, r = b.rewards, b.rewards + gamma * value * (carry == 0)
    if credit in ("rewards one early", "last reward twice"):
        r = np.append(r[1:], 0) * carry + (r * (carry == 0) if credit == "last reward twice" else 0)
    elif credit in ("rewards one late", "rewards rolled"):
        late = np.append(0, r[:-1])
        if credit == "rewards one late":
            late[first] = 0
        else:
            late[first] = r[np.append(np.flatnonzero(first)[1:], len(r)) - 1]
        r = late
    G = _sums(r, gamma, carry)
    if credit == "returns one late":
        return np.where(first, 0, np.append(0, G[:-1]))
    if credit == "total return":
        return G[first][segment]
    if credit.startswith("own reward left out"):
        return (G - rewards) / (gamma if "undiscounted" in credit else 1)
    if credit == "own reward only":
        return rewards
    if credit == ANEW:
        return _sums(rewards, gamma, carry * (rewards == 0))
    if credit.startswith("past"):
        decay = gamma if "back" in credit else 1.0
        terms = rewards * gamma ** _steps_in(segment) if "start" in credit else rewards
        return _sums(terms[::-1], decay, np.append(carry[::-1][1:], 0))[::-1]
    if credit == "last reward only":
        return r[np.append(np.flatnonzero(first)[1:], len(r)) - 1][segment]
    if credit == "mean of what follows":
        return G / _sums(np.ones(len(r)), 1.0, carry)
    if credit == "order reversed":
        return np.concatenate([G[segment == s][::-1] for s in range(segment[-1] + 1)])
    return G


def _steps_in(segment):
    return np.arange(len(segment)) - np.searchsorted(segment, segment)


def _powers(b, rule):
    gamma = _number(rule["gamma"], b.gamma) if rule["weight"] == "gamma^t of its own" else b.gamma
    length = np.array([(b.episode == e).sum() for e in b.episode])
    power = {
        "gamma^t": b.t,
        "gamma^t of its own": b.t,
        "dropped": 0 * b.t,
        "gamma^2t": 2 * b.t,
        "not reset": np.arange(len(b)),
        "backwards": length - 1 - b.t,
        "inverse": -b.t,
    }[rule["weight"]]
    return gamma ** power.astype(float)


def _averages(b):
    """Matrices (n, n) that take what the steps are credited with to its mean in a group."""
    n = len(b)
    every, same_t = np.ones((n, n)), (b.t[:, None] == b.t).astype(float)
    own, first = (b.episode[:, None] == b.episode).astype(float), np.tile(b.t == 0, (n, 1)).astype(float)

    def mean(group, others=False):
        group = group * ~np.eye(n, dtype=bool) if others else group
        return group / np.maximum(group.sum(axis=1, keepdims=True), 1)

    return {
        "mean": mean(every),
        "leave one out": mean(every, True),
        "mean at t": mean(same_t),
        "leave one out at t": mean(same_t, True),
        "mean of first returns": mean(first),
        "leave one out of first returns": mean(first * (1 - own)),
        "own episode": mean(own),
        "mean added": -mean(every),
        "mean at t added": -mean(same_t),
        "leave one out at t added": -mean(same_t, True),
    }


def _baseline(b, x, answer, averages):
    """x (..., n) minus its baseline."""
    if answer in averages:
        return x - x @ averages[answer].T
    constant = {
        "none": 0,
        "value": b.values,
        "value added": -b.values,
        "next value": b.next_values,
        "mean of rewards": b.rewards.mean(),
        "running sum": 0,
    }[answer]
    if answer == "running sum":
        return x - np.cumsum(x, axis=-1) / (1 + np.arange(len(b)))
    return x - constant


def _spread(b, x, answer):
    if answer == "none":
        return x
    group = b.t if answer == "at t" else b.episode
    out = np.zeros_like(x)
    for g in np.unique(group):
        rows = group == g
        ddof = answer == "own episode, ddof 1" and rows.sum() > 1  # of one step alone there is none
        std = x[..., rows].std(axis=-1, keepdims=True, ddof=int(ddof))
        out[..., rows] = x[..., rows] / np.where(std > 1e-12, std, 1)
    return out


def scores(world, answer):
    """The slope that multiplies each weight, (n,)."""
    b, theta = world.batch, world.theta
    p, a = b.probs(theta), b.actions
    chosen = np.where(a == 1, p, 1 - p)
    return {
        "log pi": a - p,
        "pi": (a - p) * chosen,
        "action only": a * 1.0,
        "other action": 1 - a - p,
        "chance only": np.where(a == 1, 1 - p, 1.0) * 0 + 1 - p,
        "slope twice": (a - p) * p * (1 - p),
        "at zero": a - 0.5,
        "over pi": (a - p) / chosen,
    }[answer]


def _shares(b, answer):
    return np.array([1 / (b.episode == e).sum() for e in b.episode]) if answer == "per episode" else np.ones(len(b))


def inner(world, rule):
    """The advantages that enter the sum, (n,), before gamma^t outside, score and division."""
    b = world.batch
    x, powers, averages = credits(b, rule), _powers(b, rule), _averages(b)
    if rule["place"] == "after":
        return _spread(b, _baseline(b, x * powers, rule["baseline"], averages), rule["spread"])
    return _spread(b, _baseline(b, x, rule["baseline"], averages), rule["spread"])


def weights(world, rule):
    """What the rule gives each step's own parameter, (n,), up to one number for the batch."""
    b = world.batch
    x = inner(world, rule) * (_powers(b, rule) if rule["place"] == "inside" else 1)
    if rule["truncated"] == "left out":
        x = np.where(b.truncated, 0, x)
    return x * scores(world, rule["score"]) * _shares(b, rule["reduce"])


RIGHT = dict(
    credit="reward-to-go",
    gamma="given",
    lam="given",
    terminated="right",
    truncated="bootstrapped",
    weight="gamma^t",
    place="inside",
    baseline="none",
    spread="none",
    score="log pi",
    reduce="even",
    both="as terminated",
    open="bootstrapped",
)
MOST = 3.5  # how much a rule may cost: three departures at once are looked for, four are not


@cache
def plain(name="plain"):
    """(rules, table): what all rules give on a world before the score and the division, table (C, n);
    `rule_of(rules, i)` reads one."""
    world = worlds()[name]
    b, averages = world.batch, _averages(world.batch)
    heads = [
        dict(RIGHT, credit=credit, gamma=gamma, lam=lam, terminated=terminated)
        for credit, gamma, terminated in product(CREDIT, GAMMA, TERMINATED)
        for lam in (LAM if credit in GAE else ["given"])
    ]
    heads = [head for head in heads if cost(head) <= MOST - 0.9]
    spent, X = np.array([cost(head) for head in heads]), np.array([credits(b, head) for head in heads])
    own, parts, tables = np.array([head["gamma"] != "given" for head in heads]), [], []
    for weight, place in product(WEIGHT, PLACE):
        if place == "after" and weight == "dropped":
            continue
        by_gamma = {gamma: _powers(b, dict(RIGHT, gamma=gamma, weight=weight)) for gamma in GAMMA}
        powers = np.array([by_gamma[head["gamma"]] for head in heads])
        for baseline, spread in product(BASELINE, SPREAD):
            if place == "after" and baseline == "none" and spread == "none":
                continue
            more = WEIGHT[weight] + PLACE[place] + BASELINE[baseline] + SPREAD[spread]
            keep = np.flatnonzero((spent + more <= MOST) & (own if weight == "gamma^t of its own" else True))
            x, by = X[keep], powers[keep]
            y = _spread(b, _baseline(b, x * by if place == "after" else x, baseline, averages), spread)
            tables.append(y if place == "after" else y * by)
            parts.append((keep, dict(weight=weight, place=place, baseline=baseline, spread=spread), spent[keep] + more))
    starts = np.cumsum([0] + [len(keep) for keep, _, _ in parts])
    return (heads, parts, starts, np.concatenate([c for _, _, c in parts])), np.concatenate(tables)


def rule_of(rules, i, **more):
    heads, parts, starts, _ = rules
    part = int(np.searchsorted(starts, i, side="right")) - 1
    keep, rest, _ = parts[part]
    return dict(heads[keep[i - starts[part]]], **rest, **more)
