#!/usr/bin/env bash
# Guess: DI-engine's nstep_reward_enhancer makes n-step data of what a StepCollector has collected: the n rewards from each step on, up to the end of
#   the episode, and what the value n steps on is multiplied by, so that the target is r1 + g r2 + g^2 r3 + g^3 Q(state three steps on).
# Seen, DI-engine 0.5.3, an episode of six steps in a row, g 0.9, n = 3, three episodes one after the other: (1) next_obs stays the state *one* step
#   on, and its value is multiplied by g^3. (2) Near the end of an episode the last reward is left out: the fourth step gets two rewards, not three.
#   (3) Only the later steps are asked whether they are the end: the last step of an episode gets the first two rewards of the next episode too.
#   With a reward of 1 a step, the targets of the policies agree with themselves at 7.8, 7.0, 5.8, 4.3, 2.9, 2.1; the values are 4.7, 4.1,
#   3.4, 2.7, 1.9, 1. A reward of 1 at the end is worth 0.28 at the beginning in place of 0.59; one at the beginning is worth 0.6 at the *end*.
#   get_nstep_return_data, the older way to the same data, gives the values exactly on these episodes.
# Matters: it is in the training of the agents DQNAgent, C51Agent and SQLAgent and of the examples with n steps. In an episode only
#   the target of the step before the last is sure to be right, and all are only with n = 1. No error is seen: the wrong values are a fixed point.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
cd "$here"
export MPLCONFIGDIR=$here
python3 -m venv "$here/env"
pip() { "$here/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip torch==2.13.0 numpy==1.26.4 gym==0.25.1 gymnasium==1.4.0 DI-treetensor==0.5.0 DI-toolkit==0.3.0 easydict==1.14 einops==0.8.2 \
  enum-tools==0.13.0 mpire==2.10.2 Flask==2.0.3 Werkzeug==2.0.3 pynng==0.9.0 sniffio==1.3.1 redis==8.1.0 responses==0.26.3 URLObject==3.0.0 \
  hickle==5.0.3 yapf==0.43.0 wandb==0.31.0 tensorboardX==2.6.5 trueskill==0.4.5 matplotlib==3.11.2 tabulate==0.10.0 cloudpickle==3.1.3
pip --no-deps DI-engine==0.5.3                                                  # its own list wants an older setuptools than PyTorch does
"$here/env/bin/python" -W ignore - <<'PY'
import numpy as np
import torch
import treetensor.torch as ttorch
from ding.framework import OnlineRLContext
from ding.framework.middleware.functional.enhancer import nstep_reward_enhancer
from ding.policy.common_utils import default_preprocess_learn
from ding.rl_utils import get_nstep_return_data, nstep_return, nstep_return_data
from easydict import EasyDict

G, LENGTH, EPISODES = 0.9, 6, 3


def collected(rewards):
    """Episodes one after the other, as a StepCollector hands them on: state s, one action, state s + 1, the end after the last."""
    number = torch.tensor
    step = [dict(obs=number([float(s)]), next_obs=number([s + 1.0]), action=number([0]), reward=number([r]), done=number(s == LENGTH - 1))
            for s, r in enumerate(rewards)]
    return [ttorch.as_tensor(dict(d)) for _ in range(EPISODES) for d in step]


def enhanced(rewards, n):
    context = OnlineRLContext()
    context.trajectories = collected(rewards)
    nstep_reward_enhancer(EasyDict(policy=dict(nstep=n, discount_factor=G)))(context)
    return context.trajectories


def older(rewards, n):
    """The same from get_nstep_return_data, an episode at a time."""
    steps, done = [dict(d.items()) for d in collected(rewards)], []
    for first in range(0, len(steps), LENGTH):
        done += get_nstep_return_data(steps[first:first + LENGTH], n, gamma=G)
    for d in done:
        d["value_gamma"] = torch.tensor([d["value_gamma"]])
    return done


def learned(data, n):
    """What a table converges to that takes on the targets of the policies, nstep_return of the preprocessed batch, again and again."""
    batch = default_preprocess_learn(data, use_nstep=True)
    state, ahead = batch["obs"].flatten().long(), batch["next_obs"].flatten().long()
    rewards = batch["reward"].reshape(n, -1)
    table = torch.zeros(LENGTH + 1)
    for _ in range(200):
        target = nstep_return(nstep_return_data(rewards, table[ahead], batch["done"]), G, n, batch["value_gamma"].flatten())
        table = torch.stack([target[state == s].mean() for s in range(LENGTH)] + [torch.tensor(0.0)])
    return table[:LENGTH].numpy()


first = enhanced([1.0] * LENGTH, 3)[:LENGTH]
for d in first:
    print(f"state {d.obs.item():.0f}: rewards {d.reward.tolist()}, next_obs {d.next_obs.item():.0f}, its factor {d.value_gamma.item():.3f}")
assert [d.next_obs.item() for d in first] == [1, 2, 3, 4, 5, 6], "the state n steps on is kept now"
assert np.isclose(first[0].value_gamma.item(), G**3)
assert first[3].reward.tolist() == [1, 1, 0] and first[5].reward.tolist() == [1, 1, 1], "the end of the episode is seen now"
for name, rewards in (("1 a step", [1.0] * 6), ("1 at the end", [0.0] * 5 + [1.0]), ("1 at the beginning", [1.0] + [0.0] * 5)):
    true = np.array([sum(G**k * r for k, r in enumerate(rewards[s:])) for s in range(LENGTH)])
    wrong, right = learned(enhanced(rewards, 3), 3), learned(older(rewards, 3), 3)
    print(f"reward {name}: learned {wrong.round(2)}, by the older data {right.round(2)}, true {true.round(2)}")
    assert np.allclose(right, true, atol=1e-4) and abs(wrong - true).max() > 0.25
    assert np.allclose(learned(enhanced(rewards, 1), 1), true, atol=1e-4)
    if name == "1 a step":
        assert wrong[0] > 1.5 * true[0] and wrong[-1] > 2
    elif name == "1 at the end":
        assert wrong[0] < 0.6 * true[0]
    else:
        assert wrong[-1] > 0.5 and true[-1] == 0
PY
