"""The book's estimators as a reader would write them, and single mistakes:
a line of text in place of another, and what must be said."""

from itertools import combinations

import numpy as np

LOOP = """
def update(theta, batch):
    gradient = np.zeros(len(theta))
    episodes = batch.episodes()
    for e in episodes:
        obs, actions, rewards = batch.obs[e], batch.actions[e], batch.rewards[e]
        returns, G = np.zeros(len(rewards)), 0.0
        for t in reversed(range(len(rewards))):
            G = rewards[t] + batch.gamma * G
            returns[t] = G
        baseline = 0.0
        for t in range(len(rewards)):
            p = 1 / (1 + np.exp(-theta[obs[t]]))
            gradient[obs[t]] += batch.gamma**t * (returns[t] - baseline) * (actions[t] - p)
    return gradient / len(episodes)
"""
TOTAL = """
def update(theta, batch):
    gradient = np.zeros(len(theta))
    episodes = batch.episodes()
    for e in episodes:
        rewards = batch.rewards[e]
        steps = np.arange(len(rewards))
        total = np.sum(batch.gamma**steps * rewards)
        score = batch.score(theta)[e]
        gradient += total * score.sum(axis=0)
    return gradient / len(episodes)
"""
CRITIC = """
def update(theta, batch):
    n, data = len(batch), batch.mask
    advantages, following = np.zeros(n), 0.0
    for i in reversed(range(n)):
        if not data[i]:
            continue
        ended = batch.terminated[i] or batch.truncated[i] or i == n - 1
        next_value = 0.0 if batch.terminated[i] else batch.next_values[i]
        error = batch.rewards[i] + batch.gamma * next_value - batch.values[i]
        following = error + batch.gamma * batch.lam * (0.0 if ended else following)
        advantages[i] = following
    weights = batch.gamma**batch.t * advantages * data
    return weights @ batch.score(theta) / len(batch.episodes())
"""
OTHERS = """
def update(theta, batch):
    rewards, mask = batch.padded(batch.rewards), batch.padded(batch.mask)
    scores = batch.score(theta)
    returns = np.zeros(rewards.shape)
    following = np.zeros(rewards.shape[1])
    for t in reversed(range(len(rewards))):
        following = rewards[t] + batch.gamma * following
        returns[t] = following
    returns = returns * mask
    count = np.maximum(mask.sum(axis=1, keepdims=True) - mask, 1)
    baseline = (returns.sum(axis=1, keepdims=True) - returns) / count
    discounts = batch.gamma ** np.arange(len(rewards))[:, None]
    weights = discounts * (returns - baseline) * mask
    gradient = np.zeros(len(theta))
    for n, e in enumerate(batch.episodes()):
        gradient += weights[:e.stop - e.start, n] @ scores[e]
    return gradient / mask.shape[1]
"""
SCALED = """
def update(theta, batch):
    data = batch.mask
    x = np.zeros(len(batch))
    for e in batch.episodes():
        G = 0.0
        for i in reversed(range(e.start, e.stop)):
            G = batch.rewards[i] + batch.gamma * G
            x[i] = G
    kept = x[data]
    x = (x - kept.mean()) / (kept.std() + 1e-8)
    weights = batch.gamma**batch.t * x * data
    return weights @ batch.score(theta) / len(batch.episodes())
"""
SOURCES = {"loop": LOOP, "total": TOTAL, "critic": CRITIC, "others": OTHERS, "scaled": SCALED}

# source: [(old line, new line, question, answer or None for any)]
MISTAKES = {
    "loop": [
        ("batch.gamma**t * (returns", "(returns", "weight", "dropped"),
        ("batch.gamma**t * (returns", "batch.gamma**(2 * t) * (returns", "weight", "gamma^2t"),
        ("batch.gamma**t * (returns", "batch.gamma**(len(rewards) - 1 - t) * (returns", "weight", "backwards"),
        ("batch.gamma**t * (returns", "batch.gamma**(e.start + t) * (returns", "weight", "not reset"),
        ("batch.gamma**t * (returns", "batch.gamma**(t + 1) * (returns", "gamma power", "1"),
        ("G = rewards[t] + batch.gamma * G", "G = rewards[t] + G", "gamma", "one"),
        ("G = rewards[t] + batch.gamma * G", "G = rewards[t] + 0.99 * G", "gamma", "0.99"),
        ("G = rewards[t] + batch.gamma * G", "G = rewards[t] + 0.93 * G", "gamma", "0.93"),
        ("G = rewards[t] + batch.gamma * G", "G = rewards[t]", "credit", "own reward only"),
        ("G = rewards[t] + batch.gamma * G", "G = batch.gamma * (rewards[t] + G)", "gamma power", "1"),
        ("returns[t] = G", "returns[t] = G - rewards[t]", "credit", "own reward left out"),
        ("returns[t] = G", "returns[len(rewards) - 1 - t] = G", "credit", "order reversed"),
        ("returns[t] = G", "returns[t] = G / (len(rewards) - t)", "credit", "mean of what follows"),
        (
            "for t in reversed(range(len(rewards))):",
            "for t in range(len(rewards)):",
            "credit",
            "past rewards, discounted back",
        ),
        ("baseline = 0.0", "baseline = returns.mean()", "baseline", "own episode"),
        ("baseline = 0.0", "returns = returns / returns.std()\n        baseline = 0.0", "spread", "own episode"),
        ("baseline = 0.0", "returns[:] = rewards[-1]\n        baseline = 0.0", "credit", "last reward only"),
        ("baseline = 0.0", "returns = np.append(0, returns[:-1])\n        baseline = 0.0", "credit", None),
        ("(actions[t] - p)", "(p - actions[t])", "sign", "minus"),
        ("(actions[t] - p)", "actions[t]", "score", "action only"),
        ("(actions[t] - p)", "(1 - actions[t] - p)", "score", "other action"),
        ("(actions[t] - p)", "(1 - p)", "score", "chance only"),
        ("(actions[t] - p)", "(actions[t] - p) * p * (1 - p)", "score", "slope twice"),
        ("(actions[t] - p)", "(actions[t] - p) * (p if actions[t] else 1 - p)", "score", "pi"),
        ("(actions[t] - p)", "(actions[t] - 0.5)", "score", "at zero"),
        ("gradient[obs[t]] +=", "gradient[obs[t]] =", "visits", "last visit only"),
        ("return gradient / len(episodes)", "return gradient / len(batch)", "per", "steps"),
        ("return gradient / len(episodes)", "return gradient", "per", "nothing"),
        ("return gradient / len(episodes)", "return gradient / len(episodes) - 0.01 * theta", "extra", "weight decay"),
    ],
    "total": [
        ("total = np.sum(batch.gamma**steps * rewards)", "total = np.sum(rewards)", "gamma", "one"),
        ("total = np.sum(batch.gamma**steps * rewards)", "total = rewards[-1]", "credit", "last reward only"),
        ("total * score.sum(axis=0)", "total * score.mean(axis=0)", "reduce", "per episode"),
        ("total * score.sum(axis=0)", "total * (batch.gamma**steps) @ score", "weight", "gamma^t twice"),
        ("total * score.sum(axis=0)", "-total * score.sum(axis=0)", "sign", "minus"),
        ("score = batch.score(theta)[e]", "score = batch.score(0 * theta)[e]", "score", "at zero"),
    ],
    "critic": [
        (
            "next_value = 0.0 if batch.terminated[i] else batch.next_values[i]",
            "next_value = batch.next_values[i]",
            "terminated",
            "bootstrapped",
        ),
        (
            "next_value = 0.0 if batch.terminated[i] else batch.next_values[i]",
            "next_value = 0.0 if batch.terminated[i] or batch.truncated[i] else batch.next_values[i]",
            "truncated",
            "as terminated",
        ),
        (
            "next_value = 0.0 if batch.terminated[i] else batch.next_values[i]",
            "next_value = 0.0 if batch.terminated[i] and not batch.truncated[i] else batch.next_values[i]",
            "both",
            "as truncated",
        ),
        (
            "next_value = 0.0 if batch.terminated[i] else batch.next_values[i]",
            "next_value = 0.0 if batch.terminated[i] or i == n - 1 else batch.next_values[i]",
            "open",
            "as terminated",
        ),
        (
            "next_value = 0.0 if batch.terminated[i] else batch.next_values[i]",
            "next_value = 0.0 if batch.terminated[i] else batch.values[i + 1] if batch.truncated[i] "
            "and i + 1 < n else batch.next_values[i]",
            "truncated",
            "value of the next episode",
        ),
        (
            "next_value = 0.0 if batch.terminated[i] else batch.next_values[i]",
            "next_value = 0.0 if batch.terminated[i] else batch.values[i] "
            "if batch.truncated[i] else batch.next_values[i]",
            "truncated",
            "own value",
        ),
        (
            "ended = batch.terminated[i] or batch.truncated[i] or i == n - 1",
            "ended = batch.terminated[i] or i == n - 1",
            "truncated",
            "not cut, right value",
        ),
        (
            "+ batch.gamma * next_value - batch.values[i]",
            "+ batch.gamma * next_value - batch.values[i]; error *= not batch.truncated[i] or batch.terminated[i]",
            "truncated",
            "advantage zero",
        ),
        ("ended = batch.terminated[i] or batch.truncated[i] or i == n - 1", "ended = False", "terminated", None),
        (
            "+ batch.gamma * next_value - batch.values[i]",
            "+ next_value - batch.values[i]",
            "credit",
            "next value undiscounted",
        ),
        (
            "+ batch.gamma * next_value - batch.values[i]",
            "+ batch.gamma * next_value",
            "credit",
            "value not subtracted",
        ),
        ("following = error + batch.gamma * batch.lam *", "following = error + batch.lam *", "credit", "decay lambda"),
        ("following = error + batch.gamma * batch.lam *", "following = error + batch.gamma * 0.95 *", "lam", "0.95"),
        ("following = error + batch.gamma * batch.lam *", "following = error + batch.gamma * 0.42 *", "lam", "0.42"),
        ("advantages[i] = following", "advantages[i] = following + batch.values[i]", "credit", "gae plus value"),
        ("advantages[i] = following", "advantages[i] = following - batch.next_values[i]", "baseline", "next value"),
        ("batch.gamma**batch.t * advantages", "advantages", "weight", "dropped"),
        ("if not data[i]:", "if False:", "reset", None),
    ],
    "others": [
        (
            "discounts * (returns - baseline)",
            "discounts * (returns + baseline)",
            "baseline",
            "leave one out at t added",
        ),
        ("discounts * (returns - baseline)", "(returns - baseline)", "weight", "dropped"),
        (
            "baseline = (returns.sum(axis=1, keepdims=True) - returns) / count",
            "baseline = returns.sum(axis=0) / mask.sum(axis=0)",
            "baseline",
            "own episode",
        ),
        (
            "baseline = (returns.sum(axis=1, keepdims=True) - returns) / count",
            "baseline = 0; returns = returns / (returns.std(axis=1, where=mask, keepdims=True) + 1e-12)",
            "spread",
            "at t",
        ),
        ("return gradient / mask.shape[1]", "return gradient / mask.size", "per", "padded length"),
    ],
    "scaled": [
        ("/ (kept.std() + 1e-8)", "/ kept.var()", "size", None),
        ("/ (kept.std() + 1e-8)", "/ kept.std()", "equal rewards", "nan"),
        ("(x - kept.mean())", "(x + kept.mean())", "baseline", "mean added"),
        ("weights = batch.gamma**batch.t * x * data", "weights = x * data", "weight", "dropped"),
        ("kept = x[data]", "kept = x", "reset", None),
        ("weights = batch.gamma**batch.t * x * data", "weights = batch.gamma**batch.t * x", "reset", "counted"),
    ],
}


def compiled(text):
    space = {"np": np}
    exec(text, space)
    return space["update"]


def singles():
    """(source, change) for all of them."""
    return [(source, change) for source, changes in MISTAKES.items() for change in changes]


def pairs():
    """(source, change, change): of one source, on different lines, about different questions."""
    return [
        (source, one, two)
        for source, changes in MISTAKES.items()
        for one, two in combinations(changes, 2)
        if one[2] != two[2] and one[0] not in two[0] and two[0] not in one[0]
    ]


def mutant(source, *changes):
    text = SOURCES[source]
    for old, new, *_ in changes:
        assert old in text, (source, old)
        text = text.replace(old, new)
    return compiled(text)
