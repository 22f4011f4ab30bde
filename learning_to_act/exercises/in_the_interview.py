"""Exercises of chapter 5, In the interview: eight training functions with one mistake each,
and REINFORCE from an empty cell.

The originals stand here as they stand in the notebook (a test compares the texts). What is right is decided in `hunt`
by the exact gradient, so any cure passes; the estimators below only give wrong answers their names.
"""

import numpy as np

from policy_gradient.policies import softmax
from policy_gradient.returns import reward_to_go

from ..checks import stopwatch
from ..checks.attempt import Budget, attempt
from ..checks.hunt import Hunt, Setting, first_batches
from ..checks.worlds import Ladder, Slider, ladder, slider

CHOICES = {
    "baseline-contains-itself": "the baseline is a mean that contains the episode's own return.",
    "baseline-from-the-action": "the baseline depends on the action that was taken.",
    "bootstraps-past-the-end": "the value of a next state is added where the episode has ended.",
    "clipped-action-scored": "the score is taken at the executed action, not at the one that was drawn.",
    "descends": "the step goes down the gradient of the return.",
    "discounts-twice": "rewards are discounted from the start of the episode, and the step by gamma^t once more.",
    "gamma-power-dropped": "step t is weighed by a return discounted from t, without gamma^t.",
    "mean-over-steps": "an episode's sum over its steps is divided by how many there are.",
    "padding-counted": "steps after an episode's end take part.",
    "pairing-lost": "scores and returns are added up apart, and multiplied afterwards.",
    "returns-summed-forward": "an action is credited with what was paid before it, not after.",
    "rewards-not-returns": "an action is credited with its own reward only.",
    "score-of-the-probability": "the gradient of pi stands where that of log pi belongs.",
    "standardised-over-the-batch": "returns are shifted and scaled to mean 0 and spread 1 over the whole batch.",
    "standardised-per-episode": "returns are shifted and scaled to mean 0 and spread 1 within each episode.",
    "sum-over-episodes": "episodes are added up where their mean belongs.",
    "whole-return-everywhere": "every step is weighed by the whole episode's return.",
}


# --- the eight, as the learner gets them ---------------------------------------------------------------------------


# fmt: off
def update_1(theta, batch, lr):
    T, N = batch.rewards.shape
    probs = softmax(theta)
    discount = batch.gamma ** np.arange(T)[:, None]
    to_go = np.cumsum((discount * batch.rewards)[::-1], axis=0)[::-1]
    score = np.eye(2)[batch.actions] - probs[batch.obs]         # (T, N, A)
    weight = np.where(batch.mask, to_go, 0.0)
    gradient = np.zeros(theta.shape)
    np.add.at(gradient, batch.obs, weight[..., None] * score)
    return theta - lr * gradient / N


def update_2(theta, batch, lr):
    N, gradient = batch.mask.shape[1], np.zeros(theta.shape)
    for i in range(N):
        T = batch.mask[:, i].sum()
        total = sum(batch.gamma**t * batch.rewards[t, i] for t in range(T))
        log_prob_gradients = np.zeros((T, *theta.shape))
        for t in range(T):
            s, a = batch.obs[t, i], batch.actions[t, i]
            log_prob_gradients[t, s] = -softmax(theta[s])
            log_prob_gradients[t, s, a] += 1
        gradient += total * log_prob_gradients.mean(axis=0)
    return theta + lr * gradient / N


def update_3(theta, batch, lr):
    N, probs, gradient = batch.mask.shape[1], softmax(theta), np.zeros(theta.shape)
    for i in range(N):
        T, G = batch.mask[:, i].sum(), 0.0
        weights = np.zeros(T)
        for t in reversed(range(T)):
            G = batch.rewards[t, i] + batch.gamma * G
            weights[t] = batch.gamma**t * G
        weights = (weights - weights.mean()) / (weights.std() + 1e-8)
        for s, a, weight in zip(batch.obs[:T, i], batch.actions[:T, i], weights):
            gradient[s] += weight * (np.eye(2)[a] - probs[s])
    return theta + lr * gradient / N


def update_4(theta, batch, lr):
    returns, following = np.zeros(batch.rewards.shape), 0.0
    for t in reversed(range(len(returns))):
        returns[t] = following = batch.rewards[t] + batch.gamma * following
    running = batch.mask.sum(axis=1, keepdims=True)
    others = (returns.sum(axis=1, keepdims=True) - returns) / np.maximum(running - 1, 1)
    advantage = np.where(batch.mask, returns - others, 0.0)
    score = np.eye(2)[batch.actions] - softmax(theta)[batch.obs]
    gradient = np.zeros(theta.shape)
    np.add.at(gradient, batch.obs, advantage[..., None] * score)
    return theta + lr * gradient / batch.mask.shape[1]


def update_5(theta, batch, lr):
    T, N = batch.rewards.shape
    discount = batch.gamma ** np.arange(T)[:, None]
    returns = reward_to_go(batch.rewards, batch.gamma)
    advantage = discount * (returns - batch.values[batch.obs])
    score = np.eye(2)[batch.actions] - softmax(theta)[batch.obs]
    gradient = np.zeros(theta.shape)
    for s in range(len(theta)):
        here = batch.obs == s
        gradient[s] = (advantage[here][:, None] * score[here]).sum(axis=0)
    return theta + lr * gradient / N


def update_6(theta, batch, lr):
    N = batch.mask.shape[1]
    discount = batch.gamma ** np.arange(len(batch.rewards))[:, None]
    weights = discount * reward_to_go(batch.rewards, batch.gamma)
    weights = weights[batch.mask].reshape(-1, 1)                # one row for each step
    obs, actions = batch.obs[batch.mask], batch.actions[batch.mask]
    probs, gradient = softmax(theta), np.zeros(theta.shape)
    for s, a in np.ndindex(theta.shape):
        score = (obs == s) * ((actions == a) - probs[s, a])
        gradient[s, a] = (weights * score).sum() / N
    return theta + lr * gradient


def update_7(theta, batch, lr):
    N = len(batch.rewards)
    mean, variance = theta[0], batch.std**2
    executed = np.clip(batch.actions, batch.low, batch.high)
    others = (batch.rewards.sum() - batch.rewards) / (N - 1)
    advantage = batch.rewards - others
    score = (executed - mean) / variance
    gradient = np.array([np.mean(advantage * score)])
    return theta + lr * gradient


def update_8(theta, batch, lr):
    V, probs = batch.values, softmax(theta)
    target = batch.rewards + batch.gamma * V[batch.next_obs]
    td_error = target - V[batch.obs]
    discount = batch.gamma ** np.arange(len(td_error))[:, None]
    weight = np.where(batch.mask, discount * td_error, 0.0)
    score = np.eye(2)[batch.actions] - probs[batch.obs]
    gradient = np.zeros(theta.shape)
    np.add.at(gradient, batch.obs, weight[..., None] * score)
    return theta + lr * gradient / batch.mask.shape[1]
# fmt: on


# --- estimators by name --------------------------------------------------------------------------------------------


def estimate(weights, mask=True, prob=False):
    """gradient(theta, batch): the mean over episodes of the sum over steps of weights(batch) times the score."""

    def gradient(theta, batch):
        probs = softmax(theta)
        score = np.eye(theta.shape[1])[batch.actions] - probs[batch.obs]
        weight = (
            np.where(batch.mask, weights(batch), 0.0) if mask else np.broadcast_to(weights(batch), batch.mask.shape)
        )
        if prob:
            weight = weight * probs[batch.obs, batch.actions]
        out = np.zeros(theta.shape)
        np.add.at(out, batch.obs, weight[..., None] * score)
        return out / batch.mask.shape[1]

    return gradient


def discount(batch):
    return batch.gamma ** np.arange(len(batch.rewards))[:, None]


def _return(batch):
    return reward_to_go(batch.rewards, batch.gamma)


def to_go(batch):
    return discount(batch) * _return(batch)


def _whole(batch):
    return _return(batch)[:1] + np.zeros(batch.rewards.shape)


def _running_mean(batch, own=True):
    G, count = np.where(batch.mask, _return(batch), 0.0), batch.mask.sum(axis=1, keepdims=True)
    return (
        G.sum(axis=1, keepdims=True) / np.maximum(count, 1)
        if own
        else (G.sum(axis=1, keepdims=True) - G) / np.maximum(count - 1, 1)
    )


def _whole_mean(batch, own=True):
    G, n = _whole(batch), batch.mask.shape[1]
    return G.mean(axis=1, keepdims=True) if own else (G.sum(axis=1, keepdims=True) - G) / (n - 1)


def _values(batch):
    return batch.values[batch.obs]


def _td(batch, end):
    return discount(batch) * (
        batch.rewards + batch.gamma * batch.values[batch.next_obs] * (1 - end * batch.terminated) - _values(batch)
    )


def _inside(batch, weights, scale):
    """Centred (and scaled) within each episode."""
    n = batch.mask.sum(axis=0)
    weights = np.where(batch.mask, weights, 0.0)
    centred = np.where(batch.mask, weights - weights.sum(axis=0) / n, 0.0)
    return centred / (np.sqrt((centred**2).sum(axis=0) / n) + 1e-8) if scale else centred


def _over_batch(batch, weights):
    data = weights[batch.mask]
    return (weights - data.mean()) / (data.std() + 1e-8)


def _apart(theta, batch):
    weights, flat = to_go(batch)[batch.mask].sum(), estimate(lambda batch: 1.0)
    return weights * flat(theta, batch)


REWARD_TO_GO = estimate(to_go)
RIGHT_WAYS = {
    "reward-to-go and gamma^t": REWARD_TO_GO,
    "the whole episode's return": estimate(_whole),
    "reward-to-go, gamma^t, and the other episodes' mean as baseline": estimate(
        lambda b: discount(b) * (_return(b) - _running_mean(b, own=False))
    ),
    "the whole return, and the other episodes' mean as baseline": estimate(
        lambda b: _whole(b) - _whole_mean(b, own=False)
    ),
    "reward-to-go, gamma^t, and the others' whole mean as baseline": estimate(
        lambda b: to_go(b) - _whole_mean(b, own=False)
    ),
}


def _lengths(batch):
    return batch.mask.sum(axis=0)


def known_on_the_ladder():
    """{name: estimators with that mistake}: the usual ways to make it."""
    return {
        "gamma-power-dropped": (
            estimate(_return),
            estimate(lambda b: _return(b) - _values(b)),
            estimate(lambda b: _return(b) - _running_mean(b, own=False)),
            estimate(lambda b: _td(b, True) / discount(b)),
        ),
        "mean-over-steps": tuple(
            estimate(way)
            for way in (
                lambda b: _whole(b) / _lengths(b),
                lambda b: to_go(b) / _lengths(b),
                lambda b: _whole(b) / len(b.mask),
                lambda b: to_go(b) / len(b.mask),
                lambda b: _whole(b) / _lengths(b).max(),
                lambda b: to_go(b) / _lengths(b).max(),
                lambda b: _whole(b) * b.mask.shape[1] / b.mask.sum(),
                lambda b: to_go(b) * b.mask.shape[1] / b.mask.sum(),
            )
        ),
        "standardised-per-episode": tuple(
            estimate(lambda b, w=w, scale=scale: _inside(b, w(b), scale))
            for w in (to_go, _return)
            for scale in (True, False)
        ),
        "standardised-over-the-batch": tuple(estimate(lambda b, w=w: _over_batch(b, w(b))) for w in (to_go, _return)),
        "padding-counted": (
            estimate(lambda b: discount(b) * (_return(b) - _values(b)), mask=False),
            estimate(_whole, mask=False),
            estimate(lambda b: _return(b) - _values(b), mask=False),
        ),
        "pairing-lost": (_apart,),
        "bootstraps-past-the-end": (
            estimate(lambda b: _td(b, False)),
            estimate(lambda b: _td(b, False) / discount(b)),
        ),
        "score-of-the-probability": (
            estimate(to_go, prob=True),
            estimate(_whole, prob=True),
            estimate(_return, prob=True),
        ),
        "rewards-not-returns": (estimate(lambda b: discount(b) * b.rewards), estimate(lambda b: b.rewards)),
        "returns-summed-forward": (
            estimate(lambda b: (discount(b) * b.rewards).cumsum(axis=0)),
            estimate(lambda b: b.rewards.cumsum(axis=0)),
        ),
        "discounts-twice": (
            estimate(lambda b: discount(b) * _whole(b)),
            estimate(lambda b: discount(b) * to_go(b)),
        ),
        "sum-over-episodes": tuple(estimate(lambda b, w=w: b.mask.shape[1] * w(b)) for w in (to_go, _whole, _return)),
        "baseline-contains-itself": (
            estimate(lambda b: discount(b) * (_return(b) - _running_mean(b))),
            estimate(lambda b: _whole(b) - _whole_mean(b)),
        ),
    }


def _slide(draws, baseline):
    others = (draws.rewards.sum() - draws.rewards) / max(len(draws.rewards) - 1, 1)
    b = {"none": 0.0, "others": others, "mean": draws.rewards.mean()}[baseline]

    def gradient(actions, theta):
        return np.array([np.mean((draws.rewards - b) * (actions - theta[0]) / draws.std**2)])

    return gradient


def known_on_the_slider():
    """The same for one real action."""
    return {
        "clipped-action-scored": tuple(
            lambda theta, d, b=b: _slide(d, b)(np.clip(d.actions, d.low, d.high), theta)
            for b in ("none", "others", "mean")
        ),
        "baseline-contains-itself": (lambda theta, d: _slide(d, "mean")(d.actions, theta),),
    }


# --- the exercises -------------------------------------------------------------------------------------------------

_MIXED = Ladder((-1.0, 2.0, -3.0), (1.0, -1.0, 4.0), 0.6)  # returns of both signs: a weight cut off at 0 shows here
# Fewer episodes than steps, and more; no two rows of theta alike; another std than 1, and rewards without a large
# constant: so that nothing passes for another thing, or hides in noise.
LADDERS = (
    Setting(ladder, ((0.3, -0.2), (-0.1, 0.2), (0.6, -0.3)), 2),
    Setting(_MIXED, ((-0.4, 0.3), (0.5, 0.1), (-0.5, 0.4)), 4),
)
SLIDERS = (
    Setting(slider, (0.8,), 4),
    Setting(Slider(-0.5, 1.0, 1.4, 1.0), (-0.6,), 2),
)  # one mean within the stops, one beyond


def _update(name, gradient):
    def update(theta, batch, lr):
        return theta + lr * gradient(theta, batch)

    update.__name__ = name
    return update


def _plain(theta, batch, lr):
    return theta, batch, lr


def _hunt(original, bug, difficulty, minutes, after, hints, world="ladder", gradient=REWARD_TO_GO):
    settings, known = (LADDERS, known_on_the_ladder) if world == "ladder" else (SLIDERS, known_on_the_slider)
    return Hunt(
        truth=_update(original.__name__, gradient),
        cases=first_batches(settings, _plain),
        mistakes=(),
        hints=hints,
        difficulty=difficulty,
        importance=5,
        minutes=minutes,
        after=after,
        settings=settings,
        gradient=gradient,
        original=original,
        bug=bug,
        known=known,
        choices=lambda: CHOICES,
        arguments=_plain,
    )


HUNTS = (
    _hunt(
        update_1,
        "descends",
        1,
        5,
        "The plainest mistake, and the only one here that no curve can hide: the return falls. "
        "Wherever a loss and a return meet, one of them has a minus.",
        (
            "Do not read the code yet. Where does the mean step point, compared with the exact gradient? "
            "The check tells you.",
            "J is to be climbed. Which sign does each line keep, and which line turns it?",
            "Optimisers of libraries descend a loss. Here nobody has formed a loss: "
            "which line behaves as if somebody had?",
        ),
    ),
    _hunt(
        update_2,
        "mean-over-steps",
        2,
        10,
        "Divided by its own length, an episode is judged by its return per step: it is the gradient of E[G / T]. "
        "Here that makes stopping at once the best thing to do.",
        (
            "Work out one episode of three steps by hand. What is log P(tau), and what is its gradient?",
            "Two episodes with equal returns, one of one step, one of three: "
            "which of them moves theta more, and which should?",
            "The log-probability of an episode is a sum over its steps. Look for something that is not a sum.",
        ),
    ),
    _hunt(
        update_3,
        "standardised-per-episode",
        2,
        10,
        "Within one episode the shift depends on the episode's own rewards, and a step is compared only with the steps "
        "of its own episode: an order in time, not a judgement.",
        (
            "Take an episode of one step with a reward of 1. What does this function do with it?",
            "Which lines need rewards of other episodes, and which see only this one?",
            "A weight may be shifted by what does not depend on the action. "
            "What is it shifted by here, and divided by?",
        ),
    ),
    _hunt(
        update_4,
        "gamma-power-dropped",
        3,
        10,
        "Much published code does this, often on purpose, and here it even learns faster: late rungs get larger steps. "
        "But it is not the gradient of the discounted return.",
        (
            "The baseline of this function is sound. Work out the expected step for theta[2] alone.",
            "How much is a reward worth that is paid at t = 2, seen from the start? "
            "And how much does this function make of it?",
            "The theorem weighs a state by how much the *start* cares about it. Which factor says so?",
        ),
    ),
    _hunt(
        update_5,
        "padding-counted",
        3,
        10,
        "Padding earns 0, which is not nothing once a baseline is subtracted: 0 - V pushes at an observation that "
        "nobody saw. Here it pushes the right way, by luck.",
        (
            "Print batch.obs, batch.rewards and batch.mask of one batch side by side. What stands where mask is False?",
            "What is the advantage of a step that did not happen?",
            "Which of the batch's arrays does this function never use?",
        ),
    ),
    _hunt(
        update_6,
        "pairing-lost",
        3,
        15,
        "(n, 1) times (n,) is an (n, n) table: every score times everybody's weight. No error, no warning, "
        "and some seeds learn. Assert the shapes.",
        (
            "Print the shape of every array in the function, line by line.",
            "What is (weights * score).shape, and which of its entries belong together?",
            "NumPy pairs axes from the right. One of the two arrays has an axis too many.",
        ),
    ),
    _hunt(
        update_7,
        "clipped-action-scored",
        3,
        10,
        "The policy drew a, the world executed clip(a). Only what was drawn has a density that theta knows, "
        "and only its score has mean zero.",
        (
            "Which random number did the policy draw, and what did the world do with it?",
            "The mean of the score must be 0. Sample a thousand scores as this function takes them: "
            "what is their mean?",
            "The reward may depend on the clipped action as it likes. Whose log-probability is differentiated?",
        ),
        world="slider",
        gradient=lambda theta, d: _slide(d, "none")(d.actions, theta),
    ),
    _hunt(
        update_8,
        "bootstraps-past-the-end",
        3,
        15,
        "After the end there is nothing to come: V counts as 0. Environments that restart themselves report the next "
        "episode's start there, and every end then earns V(start).",
        (
            "Print batch.next_obs where batch.terminated is True.",
            "What is a terminal state worth, and what does this function add for it?",
            "Compare the target of the last step with the reward that was paid there. "
            "One of the batch's arrays is never used.",
        ),
    ),
)


# --- the drill -----------------------------------------------------------------------------------------------------


def reinforce_update(theta, episodes, lr, gamma):
    """Each score with each reward that comes with it or after it, discounted from the start."""
    total = np.zeros(theta.shape)
    for episode in episodes:
        for t, (s, a, _) in enumerate(episode):
            later = sum(gamma**k * episode[k][2] for k in range(t, len(episode)))
            exps = np.exp(theta[s] - theta[s].max())
            total[s] -= later * exps / exps.sum()
            total[s, a] += later
    return theta + lr * total / len(episodes)


def episodes_of(batch):
    """A batch as a list of episodes, each a list of (obs, action, reward) in plain numbers."""
    T, N = batch.mask.shape
    return [
        [
            (int(batch.obs[t, i]), int(batch.actions[t, i]), float(batch.rewards[t, i]))
            for t in range(T)
            if batch.mask[t, i]
        ]
        for i in range(N)
    ]


def _from_episodes(theta, batch, lr):
    return theta, episodes_of(batch), lr, batch.gamma


def _drill_remarks(function):
    """What to add to a passed drill: the time, and how it stands large logits."""
    shifted = np.array([[1000.0, 1000.0], [0.0, 0.0]])
    outcome = attempt(function, (shifted, [[(0, 0, 1.0)], [(0, 1, 0.0)]], 0.5, 0.9), Budget(1.0))
    fails = "overflows" if outcome.kind == "raised" else "gives NaN"
    return stopwatch.minutes() + (
        ""
        if outcome.finite
        else f" One follow-up they ask: with logits of 1,000 it {fails}. Subtract the row's maximum before exp."
    )


DRILL = Hunt(
    truth=reinforce_update,
    cases=first_batches(LADDERS, _from_episodes),
    mistakes=(),
    difficulty=4,
    importance=5,
    minutes=20,
    hints=(
        "One step at a time: which number weighs step t of an episode? Which row of theta does its score touch, "
        "and what stands in that row?",
        "The score of a softmax row is one-hot minus probabilities. The weight is everything that was paid from t on, "
        "discounted from the start of the episode.",
        "Two loops are fine: over episodes, over steps. Sum within an episode, take the mean over episodes, and climb.",
    ),
    after="From an empty cell, without a library: whoever can write this can read any policy gradient code.",
    settings=LADDERS,
    gradient=REWARD_TO_GO,
    known=known_on_the_ladder,
    right_ways=lambda: RIGHT_WAYS,
    choices=lambda: CHOICES,
    arguments=_from_episodes,
    remarks=_drill_remarks,
)

EXERCISES = (*HUNTS, DRILL)
