# requires: brax==0.14.2 jax==0.10.2 numpy
"""Brax: compute_ppo_loss on one unroll that holds the batch. Its network is handed in: a linear categorical policy, a linear critic."""

import sys
from pathlib import Path

sys.path.pop(0)  # this file is named like the library
sys.path.append(str(Path(__file__).resolve().parent))
import types  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from brax.training import types as brax_types  # noqa: E402
from brax.training.agents.ppo import losses  # noqa: E402
from common import Data, np, study, table  # noqa: E402


class Categorical:
    def log_prob(self, logits, action):
        return jnp.take_along_axis(jax.nn.log_softmax(logits), action[..., None], -1)[..., 0]

    def entropy(self, logits, rng):
        return jnp.zeros(logits.shape[:-1])

    def create_dist(self, logits):
        return types.SimpleNamespace(loc=logits, scale=logits)


NETWORK = types.SimpleNamespace(
    parametric_action_distribution=Categorical(),
    policy_network=types.SimpleNamespace(apply=lambda n, p, obs: obs @ p.T),
    value_network=types.SimpleNamespace(apply=lambda n, p, obs: obs @ p),
)


def update_of(**settings):
    def update(theta, batch):
        d = Data(batch)
        W, ended = jnp.array(table(theta)), d.terminated | d.truncated
        log_prob = jnp.take_along_axis(jax.nn.log_softmax(d.obs @ W.T), d.actions[:, None], -1)[:, 0]
        data = brax_types.Transition(
            observation=d.obs[None],
            action=d.actions[None],
            reward=d.rewards[None],
            discount=1.0 - ended[None].astype(np.float32),
            next_observation=d.next_obs[None],
            extras={
                "state_extras": {"truncation": (d.truncated & ~d.terminated)[None].astype(np.float32)},
                "policy_extras": {"raw_action": d.actions[None], "log_prob": log_prob[None]},
            },
        )

        def loss(W):
            params = losses.PPONetworkParams(policy=W, value=jnp.array(d.V))
            return losses.compute_ppo_loss(
                params,
                None,
                data,
                jax.random.PRNGKey(0),
                NETWORK,
                discounting=d.gamma,
                gae_lambda=d.lam,
                entropy_cost=0.0,
                **settings,
            )[0]

        return -np.asarray(jax.grad(loss)(W)[1], float)

    return update


study(
    "brax",
    "brax",
    {
        "PPO": (update_of(), "defaults but no entropy bonus; its own lambda is 0.95"),
        "PPO, normalize_advantage=False": (update_of(normalize_advantage=False), "no entropy bonus"),
    },
    path="the loss function alone, on its own Transition",
    skip=("both",),
)
