#!/usr/bin/env bash
# Guess: entropy_cost in OpenSpiel's PyTorch policy gradients keeps the policy from settling too early: with a cost above 0 (0.01 is PolicyGradient's
#   default) the entropy is as high as, or higher than, with none. Where all actions pay the same, the policy becomes or stays uniform.
# Seen, OpenSpiel 2.0.2 with PyTorch 2.13.0: the opposite. compute_entropy gives the entropy with its own sign, above 0, and all five losses (QPG,
#   RPG, RM, A2C, NeuRD) *add* entropy_cost times it to what is minimised, so gradient descent lowers it. Logits (0.1, -0.05, -0.15), all action
#   values 0, cost 0.1: after 500 steps of size 1 the entropy has gone from 1.093 to 0.022, whichever loss it is; with cost -0.1 to 1.099, log 3.
#   The agent itself (A2C; cost 0.1, policy step size 0.1, a policy step per batch) in a game of three actions that all pay 0 ends with all of its
#   probability on one of them; with cost 0 it stays where it began.
# Matters: exploration is punished by default, and who raises entropy_cost because a policy settles too early makes it settle sooner.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check open_spiel==2.0.2 torch==2.13.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - <<'PY'
import math

import numpy as np
import pyspiel
import torch
from open_spiel.python.pytorch.losses import rl_losses
from open_spiel.python.pytorch.policy_gradient import PolicyGradient
from open_spiel.python.rl_environment import Environment


def entropy(probabilities):
    p = np.asarray(probabilities, dtype=float)
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum())


def after(loss_class, cost, steps=500):
    """Entropy of a softmax policy after plain gradient descent on a loss of the library, all action values 0."""
    logits = torch.tensor([[.1, -.05, -.15]], requires_grad=True)
    nothing, one = torch.zeros(1, 3), torch.zeros(1)
    for _ in range(steps):
        loss = loss_class(entropy_cost=cost)
        value = loss.loss(logits, one, one.long(), one) if loss_class is rl_losses.BatchA2CLoss else loss.loss(logits, nothing)
        [gradient] = torch.autograd.grad(value, logits)
        with torch.no_grad():
            logits -= gradient
    return entropy(torch.softmax(logits, 1).detach().numpy()[0])


def agent(cost, episodes=3_000):
    """The policy of PolicyGradient before and after it has played a game of one move, three actions, all worth 0."""
    torch.manual_seed(0)
    np.random.seed(0)
    env = Environment(pyspiel.create_matrix_game([[0]] * 3, [[0]] * 3))
    learner = PolicyGradient(0, env.observation_spec()["info_state"][0], 3, entropy_cost=cost, pi_learning_rate=.1, num_critic_before_pi=1)
    begun = learner.step(env.reset(), is_evaluation=True).probs
    for _ in range(episodes):
        now = env.reset()
        now = env.step([learner.step(now).action, 0])
        learner.step(now)
    return begun, learner.step(env.reset(), is_evaluation=True).probs


print("entropy at the beginning", round(entropy(torch.softmax(torch.tensor([.1, -.05, -.15]), 0)), 4), "of at most", round(math.log(3), 4))
for name in ("QPG", "RPG", "RM", "A2C", "NeuRD"):
    loss_class = getattr(rl_losses, f"Batch{name}Loss")
    with_cost, without, turned = (after(loss_class, cost) for cost in (.1, None, -.1))
    print(f"{name}: entropy with cost 0.1 {with_cost:.4f}, without {without:.4f}, with -0.1 {turned:.4f}")
    assert with_cost < .05 and abs(without - 1.0933) < .01 and abs(turned - math.log(3)) < 1e-3, "the cost raises the entropy now"
for cost in (.1, 0):
    begun, ended = agent(cost)
    print(f"PolicyGradient, cost {cost}: policy {np.round(begun, 2).tolist()}, after 3,000 games {np.round(ended, 2).tolist()}")
    assert (ended.max() > .95) if cost else (abs(entropy(ended) - entropy(begun)) < .1), "the cost raises the agent's entropy now"
PY
