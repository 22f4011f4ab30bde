"""Chapter 7's returns, surrogates and distances in the corridor and in two doors, as functions of probabilities."""

import numpy as np

import policy_gradient as pg
from policy_gradient.surrogate import clip_objective

DOORS, POLICY, ZERO = pg.two_doors(), pg.two_action_softmax(2, 3), np.zeros(2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logit(p):
    return np.log(p / (1 - p))


def binary_kl(p, q):
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


def corridor_return(p):
    """J of the corridor, by the linear solve of chapter 2."""
    world = pg.short_corridor()
    return pg.expected_return(world, np.tile([1 - p, p], (3, 1)))


def corridor_surrogate(p, old=0.5):
    """J + sum_s d sum_a pi'(a) A(s, a) with the old visits."""
    world, probs = pg.short_corridor(), np.tile([1 - old, old], (3, 1))
    advantages = pg.action_values(world, probs) - pg.state_values(world, probs)[:, None]
    new = np.tile([1 - p, p], (3, 1))
    return pg.expected_return(world, probs) + pg.discounted_visitation(world, probs) @ (new * advantages).sum(axis=1)


def corridor_clipped(p, eps, old=0.5):
    """The clipped surrogate in expectation: per state and action, min of the two products."""
    world, probs = pg.short_corridor(), np.tile([1 - old, old], (3, 1))
    advantages = pg.action_values(world, probs) - pg.state_values(world, probs)[:, None]
    ratio = np.tile([1 - p, p], (3, 1)) / probs
    worth = (probs * clip_objective(ratio, advantages, 1 - eps, 1 + eps)).sum(axis=1)
    return pg.expected_return(world, probs) + pg.discounted_visitation(world, probs) @ worth


def doors_return(p, q):
    return pg.expected_return(DOORS, pg.state_probs(DOORS, POLICY, np.array([logit(p), logit(q)])))


def doors_pieces(old=(0.5, 0.5)):
    probs = pg.state_probs(DOORS, POLICY, logit(np.array(old)))
    advantages = pg.action_values(DOORS, probs) - pg.state_values(DOORS, probs)[:, None]
    return probs, advantages, pg.discounted_visitation(DOORS, probs)


def doors_surrogate(p, q):
    probs, advantages, d = doors_pieces()
    new = pg.state_probs(DOORS, POLICY, np.array([logit(p), logit(q)]))
    return pg.expected_return(DOORS, probs) + d @ (new * advantages).sum(axis=1)


def doors_gain(theta):
    return doors_return(*sigmoid(np.asarray(theta))) + 3 / 32
