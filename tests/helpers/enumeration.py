"""Returns and updates of a small MDP, by a list of all its trajectories."""

import numpy as np

import policy_gradient as pg

DOORS, DOORS_POLICY = pg.two_doors(), pg.two_action_softmax(2, 3)


def trajectories(mdp, probs, s=0, weight=1.0, before=()):
    """All trajectories of a small MDP that ends: (probability, [(state, action, reward), ...])."""
    for a in range(mdp.num_actions):
        here, path = weight * probs[s, a], (*before, (s, a, mdp.R[s, a]))
        for s2 in np.flatnonzero(mdp.P[s, a]):
            yield from trajectories(mdp, probs, s2, here * mdp.P[s, a, s2], path)
        if mdp.P[s, a].sum() < 1:
            yield here * (1 - mdp.P[s, a].sum()), path


def enumerated_return(mdp, policy, theta, gamma=None):
    gamma = mdp.gamma if gamma is None else gamma
    probs = policy.probs(theta, mdp.obs)
    return sum(w * sum(gamma**t * r for t, (_, _, r) in enumerate(path)) for w, path in trajectories(mdp, probs))


def enumerated_update(mdp, policy, theta, weight):
    """sum over trajectories and steps of weight(t) * score * (reward-to-go discounted from t)."""
    total = 0
    for w, path in trajectories(mdp, policy.probs(theta, mdp.obs)):
        for t, (s, a, _) in enumerate(path):
            to_go = sum(mdp.gamma ** (k - t) * r for k, (_, _, r) in enumerate(path) if k >= t)
            total = total + w * weight(t, s) * to_go * policy.score(theta, mdp.obs[s], a)
    return total
