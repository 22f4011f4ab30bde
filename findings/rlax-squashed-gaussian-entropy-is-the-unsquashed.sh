#!/usr/bin/env bash
# Guess: RLax's squashed_gaussian describes one distribution, so its entropy is the mean of -logprob over its own samples; and its mean, squashed,
#   can come as near to an action's bound as is wanted. The module says that a distribution's functions sample it, evaluate its density and compute
#   statistics "such as its entropy".
# Seen, RLax 0.1.9 with Distrax 0.1.9: sample and logprob are of the squashed action, scaled to the range of action_spec; entropy is of the Gaussian
#   before both, and is not given the action_spec at all. Actions in [-0.1, 0.1]: entropy is 1.41 nats, the mean of -logprob -1.63; no distribution
#   on that range has more than log 0.2 = -1.61. It does not change with the mean either, where the true one falls as actions gather at a bound.
#   And the mean is squashed twice, once before the noise: whatever the network says, at least half of the actions are below tanh(1) = 0.76 of it.
#   (Its kl needs no such correction: squashing both distributions in the same way leaves a KL divergence as it is.)
# Matters: an entropy bonus pays for noise, never for leaving the bound, and a target entropy in nats is that of another quantity than -logprob;
#   mixed, as in a SAC temperature, they are off by 3 nats a dimension here. A policy whose best action is at the bound reaches it by noise only.
set -euo pipefail
here=$(mktemp -d); trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/env"
"$here/env/bin/python" -m pip install --quiet --disable-pip-version-check rlax==0.1.9 distrax==0.1.9 jax==0.10.2 numpy==2.4.6
"$here/env/bin/python" -W ignore - 2> /dev/null <<'PY'
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import rlax

policy = rlax.squashed_gaussian()


def entropies(mean, bound):
    """(entropy by RLax, mean of -logprob, median action / bound) of what a network's outputs `mean` and 3 give: one action in [-bound, bound]."""
    spec = SimpleNamespace(minimum=-bound, maximum=bound)
    mu, sigma = jnp.full((100_000, 1), mean), jnp.full((100_000, 1), 3.0)
    actions = policy.sample(jax.random.PRNGKey(0), mu, sigma, spec)
    assert jnp.abs(actions).max() <= bound
    by_samples = -policy.logprob(actions, mu, sigma, spec).mean()
    return float(policy.entropy(mu, sigma)[0]), float(by_samples), float(jnp.median(actions) / bound)


seen = {}
for mean, bound in ((0.0, 1.0), (0.0, 0.1), (100.0, 1.0), (100.0, 0.1)):
    seen[mean, bound] = said, true, median = entropies(mean, bound)
    most = np.log(2 * bound)
    print(f"mean {mean:g}, bound {bound:g}: entropy {said:.2f}, -logprob {true:.2f}, at most {most:.2f}; median action {median:.2f} of the bound")
    assert true < most
    assert said > most + 0.7, "the entropy is of the squashed action now"
assert len({said for said, _, _ in seen.values()}) == 1
assert seen[100.0, 1.0][1] < seen[0.0, 1.0][1] - 0.5
assert abs(seen[100.0, 1.0][2] - np.tanh(1)) < 0.01, "the mean can come near to the bound now"
PY
