"""Three strangers' loops (chapter 5): each is to be held by `policy_gradient.audit`,
its mistake named, and the loop mended.

What is right is decided by the instrument alone, on its exact worlds: any loop of which it says "the theorem's
direction", with nothing against it, is mended. The originals stand here as they stand in the notebook
(a test compares the texts).
"""

import difflib

import numpy as np

from .checks.display import Result

CHAPTER, MINUTES = "in-the-interview", 25  # it stands in no registry: the instrument judges it

# name: (what it is, what the audit says of a loop that has it)
NAMES = {
    "baseline-from-the-action": (
        "the baseline depends on the action that was taken.",
        "Baseline: V of the next observation, which depends on the action.",
    ),
    "end-not-cut": (
        "the return runs on across the end of an episode.",
        "Terminated steps: not cut; the next episode's rewards or advantages leak into this one.",
    ),
    "entropy-with-the-wrong-sign": (
        "the entropy is punished where it should be paid for.",
        "An entropy bonus is added with the wrong sign, a malus",
    ),
    "gamma-power-dropped": (
        "step t is weighed by a return discounted from t, without gamma^t.",
        "The steps are weighed without gamma^t.",
    ),
    "gamma-power-twice": (
        "step t is weighed by gamma^t twice: once in the rewards, once in front.",
        "The steps are weighed with gamma^t counted twice.",
    ),
    "last-reward-twice": (
        "rewards are shifted by one, and an episode's last reward is counted again.",
        "Rewards are shifted by one: a step's own reward is left out, and an episode's last reward is counted twice.",
    ),
    "own-reward-left-out": (
        "an action is credited with what comes after its own reward.",
        "A step's own reward is left out: its credit begins with the reward after it.",
    ),
    "truncation-as-termination": (
        "a step that was cut off is treated as an end.",
        "Truncated steps: taken for terminations, V of what would have followed is not counted.",
    ),
    "visits-overwritten": (
        "of several visits to an observation only the last one counts.",
        "Only the last visit of an observation counts: the others are overwritten (g[obs] = ... in place of adding).",
    ),
}


def stranger_1(theta, batch):
    gradient = np.zeros(len(theta))
    for e in batch.episodes():
        returns, G = [], 0.0
        for reward in reversed(batch.rewards[e]):
            returns.insert(0, G)
            G = reward + batch.gamma * G
        for t, (s, a, G) in enumerate(zip(batch.obs[e], batch.actions[e], returns)):
            p = 1 / (1 + np.exp(-theta[s]))
            gradient[s] += batch.gamma**t * G * (a - p)
    return gradient / len(batch.episodes())


def stranger_2(theta, batch):
    gradient = np.zeros(len(theta))
    for e in batch.episodes():
        discounts = batch.gamma ** np.arange(e.stop - e.start)
        discounted = discounts * batch.rewards[e]
        for t, i in enumerate(range(e.start, e.stop)):
            to_go = discounted[t:].sum()
            p = 1 / (1 + np.exp(-theta[batch.obs[i]]))
            gradient[batch.obs[i]] += discounts[t] * to_go * (batch.actions[i] - p)
    return gradient / len(batch.episodes())


def stranger_3(theta, batch):
    returns = np.zeros(len(batch))
    for e in batch.episodes():
        last = e.stop - 1
        G = 0.0 if batch.terminated[last] else batch.next_values[last]
        for i in reversed(range(e.start, e.stop)):
            returns[i] = G = batch.rewards[i] + batch.gamma * G
    advantages = returns - batch.next_values
    weights = batch.gamma**batch.t * advantages * batch.mask
    return weights @ batch.score(theta) / len(batch.episodes())


STRANGERS = {
    "stranger_1": (stranger_1, "own-reward-left-out"),
    "stranger_2": (stranger_2, "gamma-power-twice"),
    "stranger_3": (stranger_3, "baseline-from-the-action"),
}


def names():
    """The names to choose from, one per line."""
    width = max(map(len, NAMES))
    return "\n".join(f"{name:{width}}  {what}" for name, (what, _) in NAMES.items())


def check_stranger(function, mistake=""):
    """The `Result` for a mended loop and the name given to its mistake: `check_stranger(stranger_1, mistake="...")`.

    function: update(theta, batch), as `policy_gradient.audit` takes it, called like the loop that it mends.
    Never raises.
    """
    from policy_gradient.audit import audit

    which = getattr(function, "__name__", "")
    if which not in STRANGERS:
        return Result(False, f"Pass one of {', '.join(STRANGERS)}, the function itself: check_stranger(stranger_1).")
    original, bug = STRANGERS[which]
    verdict = audit(function)
    named = _named(mistake, bug)
    if verdict.unreadable:
        return Result(False, f"{verdict.headline}\n{named}".strip(), "unreadable", which, "raised")
    if not verdict.ok or "follows the theorem's direction" not in verdict.headline:
        before = {(f.question, f.answer) for f in audit(original).accused}
        left = [f for f in verdict.accused if (f.question, f.answer) in before]
        if left:
            text = "It is not mended yet. The audit still says:"
            return Result(False, _said(text, left, named or "The name is right."), "cosmetic", which, "mistake")
        if verdict.accused:
            text = "The stranger's mistake is gone, and now another thing stands against it:"
            return Result(False, _said(text, verdict.accused, named), verdict.accused[0].question, which, "mistake")
        return Result(False, f"{verdict.headline}\n{' '.join(verdict.open)}\n{named}".strip(), "open", which, "mistake")
    if mistake != bug:
        return Result(False, f"Mended. {named}", "name", which, "mistake")
    return Result(True, f"Mended, and named: {bug}.\n{NAMES[bug][0].capitalize()}", None, which)


def _said(text, findings, named):
    return "\n".join([text, *(f"- {f.words.replace('**', '')}" for f in findings), named]).strip()


def _named(mistake, bug):
    """What to say of the name: nothing if it is right."""
    if mistake == bug:
        return ""
    if not mistake:
        return "Now its name: print(names()) shows the choices; check_stranger(..., mistake='...')."
    if mistake not in NAMES:
        near = difflib.get_close_matches(str(mistake), NAMES, n=1)
        return f"There is no mistake called {mistake!r}." + (f" Did you mean {near[0]!r}?" if near else " See names().")
    what, words = NAMES[mistake]
    return (
        f'The name {mistake!r} is another mistake: {what} Of such a loop the audit says: "{words.rstrip(".")}". '
        "What does it say of the loop as it was given?"
    )
