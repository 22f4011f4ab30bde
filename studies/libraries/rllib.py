# requires: ray[rllib]==2.60.0 torch==2.13.0 numpy
"""RLlib: PPO's Learner, with its own connectors, updated from SingleAgentEpisodes that hold the batch. No Ray cluster
is started."""

import logging

import gymnasium as gym
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from studies.libraries.common import Data, np, study, table

logging.disable(logging.ERROR)
torch.set_num_threads(1)


def episodes(d, theta, env):
    starts = [0, *(np.flatnonzero((d.terminated | d.truncated)[:-1]) + 1)]
    logits = (d.obs @ table(theta).T).astype(np.float32)
    log_probs = logits[np.arange(d.n), d.actions] - np.logaddexp(*logits.T)
    for start, stop in zip(starts, [*starts[1:], d.n]):
        yield SingleAgentEpisode(
            observations=[*d.obs[start:stop], d.next_obs[stop - 1]],
            actions=list(d.actions[start:stop]),
            rewards=[float(r) for r in d.rewards[start:stop]],
            terminated=bool(d.terminated[stop - 1]),
            truncated=bool(d.truncated[stop - 1]),
            len_lookback_buffer=0,
            observation_space=env.observation_space,
            action_space=env.action_space,
            extra_model_outputs={
                Columns.ACTION_LOGP: list(log_probs[start:stop].astype(np.float32)),
                Columns.ACTION_DIST_INPUTS: list(logits[start:stop]),
            },
        ).to_numpy()


def update_of(raw=False, **settings):
    """raw: its advantages as they are before it standardises them, times the exact score."""

    def update(theta, batch):
        d = Data(batch)

        class World(gym.Env):
            observation_space, action_space = gym.spaces.Box(0, 1, (d.K,), np.float32), gym.spaces.Discrete(2)

        config = (
            PPOConfig()
            .environment(World)
            .training(gamma=d.gamma, lambda_=d.lam, **settings)
            .rl_module(
                model_config=dict(
                    fcnet_hiddens=[d.K], fcnet_activation="linear", head_fcnet_hiddens=[], vf_share_layers=False
                )
            )
            .learners(num_learners=0)
        )
        learner = config.build_learner(env=World())
        module, seen = learner.module["default_policy"].unwrapped(), []
        with torch.no_grad():  # its encoder, which cannot be left out, is the identity
            for parameter in module.parameters():
                parameter.copy_(torch.eye(d.K)) if parameter.shape == (d.K, d.K) else parameter.zero_()
            module.pi.net.mlp[0].weight.copy_(torch.tensor(table(theta)))
            module.vf.net.mlp[0].weight.copy_(torch.tensor(d.V)[None])
        weight = module.pi.net.mlp[0].weight
        learner.apply_gradients = lambda *a, **k: seen.append(-weight.grad[1].double().numpy().copy())
        losses, rows = learner.compute_losses, {}

        def read(*, fwd_out, batch):
            rows.update({k: x.detach().numpy() for k, x in batch["default_policy"].items() if torch.is_tensor(x)})
            return losses(fwd_out=fwd_out, batch=batch)

        learner.compute_losses = read
        learner.update(episodes=list(episodes(d, theta, World())), num_epochs=1)
        if not raw:
            return seen[0]
        real = rows["loss_mask"].astype(bool)  # the rows that are data; their order is the batch's
        assert (rows["obs"][real] == d.obs).all()
        advantages = rows["value_targets"][real].astype(float) - d.V[d.ids]
        return advantages @ batch.score(theta)[batch.mask] / d.n

    return update


study(
    "rllib",
    "ray",
    {
        "PPO": (
            update_of(),
            "defaults, one minibatch, one epoch; its own lambda is 1; its KL is zero in the first step",
        ),
        "PPO, its advantages before it standardises them": (
            update_of(raw=True),
            "read from its batch, times the exact score",
        ),
    },
)
