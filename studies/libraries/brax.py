# requires: brax==0.14.2 jax==0.9.2 numpy
"""Brax: ppo.train on an environment that replays the batch, through its own wrappers. The networks handed in are
linear, the policy categorical.

A policy of Brax sees the observation alone. So the action of the batch stands beside it, where only the sampling looks.
JAX 0.10 has removed a function that this version's `train` calls (github.com/google/brax/issues/671).
"""

import os
import types

# each asking is a training of its own, of one step: compile it quickly
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
import jax
import jax.numpy as jnp
import optax
from brax.envs import Env, State
from brax.envs.wrappers.training import AutoResetWrapper, EpisodeWrapper, VmapWrapper
from brax.training.agents.ppo import train as ppo
from brax.training.agents.ppo.networks import PPONetworks
from brax.training.distribution import ParametricDistribution
from brax.training.networks import FeedForwardNetwork

from studies.libraries.common import Data, np, study, table

STEP, LONG = 1e6, 10_000
optax.adam = lambda learning_rate: optax.sgd(STEP)  # what reaches the optimiser is read off the parameters


class Replay(Env):
    """What stands in the batch, step by step. time_outs: a time limit is this environment's own affair, as
    bootstrap_on_timeout asks for."""

    backend, action_size, observation_size = "none", 1, None

    def __init__(self, d, time_outs):
        self.observation_size, cut = d.K + 1, d.truncated & ~d.terminated
        after = np.append(d.actions[1:], 0)
        self.obs = jnp.array(np.column_stack([d.obs, d.actions]), jnp.float32)
        self.next_obs = jnp.array(np.column_stack([d.next_obs, after]), jnp.float32)
        self.rewards, self.time_out = jnp.array(d.rewards), jnp.array(cut & time_outs, jnp.float32)
        self.done = jnp.array(d.terminated | cut & time_outs, jnp.float32)
        self.limit = jnp.array(d.truncated & (not time_outs))

    def reset(self, rng):
        zero = jnp.zeros(())
        info = {"i": jnp.zeros((), int), "time_out": zero}
        return State(None, self.obs[0], zero, zero, {}, info)

    def step(self, state, action):
        i = state.info["i"]
        more = {"i": i + 1, "time_out": self.time_out[i]}
        if "first_obs" in state.info:  # where its AutoResetWrapper goes when something ended
            more["first_obs"] = self.obs[(i + 1) % len(self.obs)]
        return state.replace(
            obs=self.next_obs[i], reward=self.rewards[i], done=self.done[i], info={**state.info, **more}
        )


class Limit(EpisodeWrapper):
    """Its own time limit; here each episode has one of its own."""

    def step(self, state, action):
        cut = self.env.unwrapped.limit[state.info["i"]]
        self.episode_length = jnp.where(cut, 0, LONG)
        return super().step(state, action)


class Categorical(ParametricDistribution):
    """Parameters: two logits, and the action that is to be taken."""

    def __init__(self):
        super().__init__(param_size=3, postprocessor=None, event_ndims=0, reparametrizable=False)

    def create_dist(self, parameters):
        return types.SimpleNamespace(loc=parameters, scale=parameters)

    def sample_no_postprocessing(self, parameters, seed):
        return parameters[..., 2]

    def postprocess(self, action):
        return action

    def log_prob(self, parameters, actions):
        logits = jax.nn.log_softmax(parameters[..., :2])
        return jnp.take_along_axis(logits, actions[..., None].astype(int), -1)[..., 0]

    def entropy(self, parameters, seed):
        return jnp.zeros(parameters.shape[:-1])


def update_of(**settings):
    def update(theta, batch):
        d = Data(batch)

        def networks(*sizes, **more):
            return PPONetworks(
                policy_network=FeedForwardNetwork(
                    init=lambda key: jnp.array(table(theta)),
                    apply=lambda norm, W, obs: jnp.concatenate([obs[..., :-1] @ W.T, obs[..., -1:]], -1),
                ),
                value_network=FeedForwardNetwork(
                    init=lambda key: jnp.array(d.V), apply=lambda norm, V, obs: obs[..., :-1] @ V
                ),
                parametric_action_distribution=Categorical(),
            )

        _, (_, W, _), _ = ppo.train(
            Replay(d, settings.get("bootstrap_on_timeout", False)),
            num_timesteps=d.n,
            unroll_length=d.n,
            num_envs=1,
            batch_size=1,
            num_minibatches=1,
            num_updates_per_batch=1,
            episode_length=LONG,
            wrap_env_fn=lambda env, **more: AutoResetWrapper(Limit(VmapWrapper(env), LONG, 1)),
            network_factory=networks,
            discounting=d.gamma,
            gae_lambda=d.lam,
            entropy_cost=0.0,
            num_eval_envs=1,
            run_evals=False,
            **settings,
        )
        return (np.asarray(W, float) - table(theta))[1] / STEP

    return update


study(
    "brax",
    "brax",
    {
        "PPO": (update_of(), "defaults but no entropy bonus, one minibatch, one pass; its own lambda is 0.95"),
        "PPO, normalize_advantage=False": (update_of(normalize_advantage=False), "no entropy bonus"),
        "PPO, bootstrap_on_timeout=True": (
            update_of(normalize_advantage=False, bootstrap_on_timeout=True),
            "no entropy bonus, not normalised; the environment says time_out, as this switch asks",
        ),
    },
)
