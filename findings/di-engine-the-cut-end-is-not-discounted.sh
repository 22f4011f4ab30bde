#!/usr/bin/env bash
# Guess: DI-engine's get_nstep_return_data, which turns collected steps into n-step data, gives each step a value_gamma for the value behind its
#   rewards: g^n, and g^k for the last ones, which have only k < n rewards left. It is there to be right at the end (correct_terminate_gamma).
# Seen, DI-engine 0.5.3: the last n steps get g^(k-1). The last one is r + 1 Q(next), with no discount at all, and also the step that still has all n
#   rewards before it gets g^(n-1). At the end of an episode this is multiplied by zero; but steps come in pieces, n_sample / environments
#   long, and at a piece that is cut it counts. A reward of 1 for ever is worth 10 with g 0.9; from Q = 10, n = 3 and a piece of 12, the
#   targets are 10 nine times, and then 10.81, 10.9 and 11. Learned so, it is worth 11.0; with g 0.99 it is 110 for 100, with n = 5 and pieces
#   of 8 it is 120, and in pieces of n = 3 it is 199. With g^k it is 10 and 100.
# Matters: DQN, C51, Rainbow, D4PG, SQL and other policies of the library take their data from it. The shorter the pieces and the more steps,
#   the more all values are too high, by a factor that looks like the overestimation of Q-learning, here with one action and no noise. Who plays
#   on is favoured over who ends, since ends are discounted as they should be.
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
from ding.rl_utils import get_nstep_return_data, nstep_return, nstep_return_data


def piece(g, n, length, done=False):
    """Rewards, factors and ends of a piece of steps with a reward of 1 each, after get_nstep_return_data."""
    number = torch.tensor
    steps = [dict(obs=number([0.0]), next_obs=number([0.0]), action=number([0]), reward=number([1.0]), done=number(0.0)) for _ in range(length)]
    steps[-1]["done"] = number(float(done))
    data = get_nstep_return_data(steps, n, gamma=g)
    return torch.stack([d["reward"] for d in data], 1), number([d["value_gamma"] for d in data]), torch.stack([d["done"] for d in data])


def targets(g, n, length, value, right=False, done=False):
    """nstep_return as the policies call it, with one value for all states; if `right`, with g to the number of rewards."""
    rewards, factor, end = piece(g, n, length, done)
    if right:
        factor = g ** rewards.sum(0)
    return nstep_return(nstep_return_data(rewards, torch.full((length,), float(value)), end), g, n, factor)


def learned(g, n, length, right=False):
    """The value that is the mean of its own targets: they are linear in it."""
    zero, one = (targets(g, n, length, v, right).double().mean().item() for v in (0, 1))
    return zero / (1 - (one - zero))


_, factor, _ = piece(0.9, 3, 12)
seen = targets(0.9, 3, 12, 10).numpy()
print("factors", factor.numpy().round(3), "\ntargets from the true value 10:", seen.round(2))
assert np.allclose(factor[-3:], [0.81, 0.9, 1.0]) and np.allclose(factor[:-3], 0.729), "the last steps are discounted now"
assert np.allclose(seen[:9], 10, atol=1e-4) and np.allclose(seen[9:], [10.81, 10.9, 11], atol=1e-4)
assert np.allclose(targets(0.9, 3, 12, 10, right=True), 10, atol=1e-4)
for g, n, length in ((0.9, 3, 12), (0.99, 3, 12), (0.99, 5, 8), (0.99, 3, 3)):
    wrong, right = learned(g, n, length), learned(g, n, length, right=True)
    print(f"discount {g}, {n} steps, pieces of {length}: learned {wrong:.1f}, with the right factor {right:.1f}, true {1 / (1 - g):.0f}")
    assert abs(right - 1 / (1 - g)) < 0.01 / (1 - g) and wrong > 1.08 / (1 - g)
ended = targets(0.9, 3, 12, 10, done=True)[-3:]
print("at the end of an episode:", ended.numpy().round(2))
assert np.allclose(ended, [2.71, 1.9, 1], atol=1e-4)
PY
