# requires: rlax==0.1.9 jax==0.10.2 numpy
"""rlax: policy_gradient_loss with truncated_generalized_advantage_estimation. It knows one discount per step: both
readings of a truncation are tried."""

import jax
import jax.numpy as jnp
import rlax

from studies.libraries.common import Data, np, study, table


def update_of(cut, weighed=False):
    def update(theta, batch):
        d = Data(batch)
        ended, rewards = d.terminated | d.truncated, d.rewards.copy()
        discounts = d.gamma * (1 - (d.terminated if cut == "terminated" else ended).astype(np.float32))
        if cut == "both, V added":
            rewards += d.gamma * d.V[d.next_ids] * (d.truncated & ~d.terminated)
        values = np.append(d.V[d.ids], d.V[d.next_ids[-1]])
        advantages = rlax.truncated_generalized_advantage_estimation(
            jnp.array(rewards), jnp.array(discounts), d.lam, jnp.array(values)
        )
        weights = jnp.array(d.gamma ** batch.t[batch.mask] if weighed else np.ones(d.n), jnp.float32)

        def loss(W):
            return rlax.policy_gradient_loss(d.obs @ W.T, jnp.array(d.actions), advantages, weights)

        return -np.asarray(jax.grad(loss)(jnp.array(table(theta)))[1], float)

    return update


study(
    "rlax",
    "rlax",
    {
        "policy_gradient_loss, w_t 1": (
            update_of("both, V added"),
            "discount 0 at both endings, gamma V added to the reward of a truncated step",
        ),
        "policy_gradient_loss, w_t gamma^t": (
            update_of("both, V added", True),
            "the same, with w_t = gamma^t, which is the caller's",
        ),
        "discount 0 at both endings": (update_of("both"), "the shortest way"),
        "discount 0 where terminated": (update_of("terminated"), "the other way"),
    },
    path="the loss and the advantage function, called by us",
)
