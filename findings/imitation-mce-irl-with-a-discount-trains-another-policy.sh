#!/usr/bin/env bash
# Guess: imitation's MCEIRL(..., discount=g), maximum causal entropy inverse reinforcement learning, looks for the reward whose soft-optimal policy
#   visits each state, discounted, as often as the demonstrations do; that policy is what `policy` is in the end, for g below 1 as for g = 1.
# Seen, imitation 1.0.1 with seals 0.2.1, the library's cliff world (3 by 4, 20 steps), demonstrations as their exact discounted visits, and a reward
#   of one number a state: train() ends where the visits agree to 0.002. They are those of another policy. While it trains,
#   mce_occupancy_measures weighs the visits by g, but takes the policy that is soft-optimal for the reward *without* a discount: no discount is
#   handed on to mce_partition_fh. At the end `policy` is made with the discount.
#   With g = 0.7 half of the returned policy's visits are where the demonstrations' are not, and its return is -2.3 for 5.0. With g = 0.9 it is 51.7
#   for 52.0, and with g = 1 nothing differs. The same descent with the discount handed on gives the expert's visits, and its return, for each g.
# Matters: for whoever recovers a reward from demonstrations that were made with a discount: the reward and the policy that come out do not belong
#   together, neither is the answer, and what train() returns, its log and its stopping rule say that all is well.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip torch==2.13.0 gymnasium==0.29.1 numpy==1.26.4 scipy==1.15.3 scikit-learn==1.7.2 pandas==2.3.3 matplotlib==3.10.8 cloudpickle==3.1.2 tqdm==4.67.1
pip --no-deps imitation==1.0.1 stable-baselines3==2.2.1 seals==0.2.1                 # what the algorithm imports needs no more than these
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
import torch
from imitation.algorithms.mce_irl import MCEIRL, mce_occupancy_measures, mce_partition_fh
from imitation.rewards.reward_nets import BasicRewardNet
from seals.diagnostics.cliff_world import CliffWorldEnv

env = CliffWorldEnv(height=3, width=4, horizon=20, use_xy_obs=False)
assert (env.observation_matrix == np.eye(12)).all()


def visits(policy, g):
    """Discounted visits of each state, by the definition: 20 steps, and the state after the last."""
    state, total = env.initial_state_dist, 0.0
    for t in range(env.horizon):
        total = total + g**t * state
        state = np.einsum("s,sa,san->n", state, policy[t], env.transition_matrix)
    return total + g**env.horizon * state


def by_the_library(demonstrations, g):
    torch.manual_seed(0)
    net = BasicRewardNet(
        env.observation_space, env.action_space, hid_sizes=[], use_action=False, use_next_state=False, use_done=False
    )
    learner = MCEIRL(
        demonstrations, env, net, np.random.default_rng(0), linf_eps=1e-3, discount=g, log_interval=None, optimizer_kwargs={"lr": 0.05}
    )
    said = learner.train(max_iter=3000)
    return learner.policy.pi, said


def discount_handed_on(demonstrations, g):
    """The same descent, by Adam, where the policy whose visits are compared has the discount too."""
    reward = torch.zeros(12, dtype=torch.double, requires_grad=True)
    descent = torch.optim.Adam([reward], lr=0.05)
    for _ in range(3000):
        _, _, policy = mce_partition_fh(env, reward=reward.detach().numpy(), discount=g)
        reward.grad = torch.as_tensor(visits(policy, g) - demonstrations)
        descent.step()
    return mce_partition_fh(env, reward=reward.detach().numpy(), discount=g)[2]


elsewhere = {}
for g in (1.0, 0.9, 0.7):
    expert = mce_partition_fh(env, discount=g)[2]
    demonstrations = visits(expert, g)
    assert np.allclose(mce_occupancy_measures(env, pi=expert, discount=g)[1], demonstrations)
    policy, said = by_the_library(demonstrations, g)
    own, mended = visits(policy, g), visits(discount_handed_on(demonstrations, g), g)
    returns = [round(float(v @ env.reward_matrix), 2) for v in (demonstrations, own, mended)]
    share = [float(np.abs(v - demonstrations).sum() / demonstrations.sum() / 2) for v in (own, mended)]
    print(
        f"discount {g}: train() says off by {np.abs(said - demonstrations).max():.3f}; visits elsewhere: policy {share[0]:.1%}, discount handed on "
        f"{share[1]:.1%}; return of the expert, of the policy, with the discount handed on: {returns}"
    )
    assert np.abs(said - demonstrations).max() < 0.01 and share[1] < 0.01
    elsewhere[g] = share[0]
assert elsewhere[1.0] < 0.005, "without a discount it is right"
assert elsewhere[0.7] > 0.3, "the policy that is trained has the discount now"
PY
