#!/usr/bin/env bash
# Guess: PFRL's REINFORCE ("William's episodic REINFORCE") multiplies the gradient of each action's log-probability with what was paid from that
#   action on, its own reward included.
# Seen, PFRL 0.4.0: of an episode with rewards r0, r1, r2 the three actions are given r1 + r2 + r2, r2 + r2 and r2. At the end the last reward is
#   appended a second time, and the sums leave the first one out: an action's own reward never counts for it, and the last counts twice.
#   A game of two steps, where the first of two actions pays 1 at once: after 1,000 episodes every weight is still exactly 0. A game where that
#   action pays 1 at once and the other 0.6 a step later: it learns the other, in 200 of the last 200 episodes. The same loop with the sums written
#   out by hand learns the first in both.
#   Where all rewards are equal, as on CartPole, or an episode has one step, nothing shows. backward_separately=True is the same.
# Matters: an action's price or prize is put down to those before it; costs of acting (control costs, step penalties, a sale) are blamed on the past.
#   A test where every step pays the same passes, and elsewhere the worse of two ways is preferred.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check pfrl==0.4.0 torch==2.13.0 gym==0.26.2 packaging==25.0 pillow==12.1.0 \
  filelock==3.29.0 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> "$here/progress" <<'PY' || { tail -n 5 "$here/progress"; exit 1; }
import numpy as np
import pfrl
import torch

EPISODES, BATCH = 1000, 10
OBSERVATIONS = np.eye(3, dtype=np.float32)


def new_policy():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 2, bias=False), pfrl.policies.SoftmaxCategoricalHead())
    torch.nn.init.zeros_(net[0].weight)
    return net, torch.optim.Adam(net.parameters(), lr=0.05)


def by_pfrl(pays, **options):
    """(the first action of each episode, the weights); pays[first action] are the rewards of the steps."""
    net, optimizer = new_policy()
    agent, first = pfrl.agents.REINFORCE(net, optimizer, beta=0, batchsize=BATCH, **options), []
    for _ in range(EPISODES):
        for t in range(2):
            action = int(agent.act(OBSERVATIONS[t]))
            first += [action] if t == 0 else []
            agent.observe(OBSERVATIONS[t + 1], pays[first[-1]][t], t == 1, False)
    return np.array(first), net[0].weight.detach().numpy()


def by_hand(pays):
    net, optimizer = new_policy()
    first = []
    for episode in range(EPISODES):
        loss = 0.0
        for t in range(2):
            distribution = net(torch.as_tensor(OBSERVATIONS[t : t + 1]))
            action = distribution.sample()
            first += [int(action)] if t == 0 else []
            loss = loss - sum(pays[first[-1]][t:]) * distribution.log_prob(action).sum() / BATCH
        loss.backward()
        if episode % BATCH == BATCH - 1:
            optimizer.step()
            optimizer.zero_grad()
    return np.array(first), net[0].weight.detach().numpy()


def weights_of_log_probabilities(rewards):
    """What each action's log-probability is multiplied with, read off the gradients of one episode."""
    net, optimizer = new_policy()
    agent, taken = pfrl.agents.REINFORCE(net, torch.optim.SGD(net.parameters(), lr=1.0), beta=0), []
    for t, reward in enumerate(rewards):
        taken.append(int(agent.act(OBSERVATIONS[t])))
        agent.observe(OBSERVATIONS[min(t + 1, 2)], reward, t == len(rewards) - 1, False)
    # One step of size 1 adds, for the action taken at even chances, its multiplier times (1 - 1/2).
    return [round(2 * float(net[0].weight[action, t]), 4) for t, action in enumerate(taken)]


given = weights_of_log_probabilities([100.0, 10.0, 1.0])
alike = weights_of_log_probabilities([1.0, 1.0, 1.0])
print("rewards 100, 10, 1: the actions are given", given, "and with rewards 1, 1, 1:", alike)
at_once, better_at_once = [[1.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.6]]
for pays in (at_once, better_at_once):
    for learner in (by_pfrl, by_hand):
        first, weights = learner(pays)
        print(f"pays {pays[0]} or {pays[1]}, {learner.__name__}: the first action in {(first[-200:] == 0).mean():.3f} of the last 200 episodes")
        if learner is by_hand:
            assert (first[-200:] == 0).mean() > 0.9
        elif pays is at_once:
            assert not weights.any() and not by_pfrl(pays, backward_separately=True)[1].any(), "an action's own reward counts now"
        else:
            assert (first[-200:] == 0).mean() < 0.05, "the better action is learnt now"
assert given == [12.0, 2.0, 1.0] and alike == [3.0, 2.0, 1.0]
PY
