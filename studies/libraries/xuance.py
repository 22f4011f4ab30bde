# requires: xuance==1.4.4 torch==2.13.0
"""XuanCe: its agents trained (`agent.train`) on an environment registered and made as its guide says, with the
configuration of its CartPole files.

Two rollouts of the batch's length are played and the second is read: in the first step of a call of `train` the agent's
observation is the environment's own buffer, which the step overwrites before it is stored (unless observations are
normalised, which copies them).
"""

import contextlib
import io
import os
import tempfile

import torch
from xuance import get_arguments, make_envs
from xuance.environment import REGISTRY_ENV, RawEnvironment
from xuance.torch.agents import A2C_Agent, PG_Agent, PPO_Agent

from studies.libraries.common import Data, np, replay, study, table, worlds

torch.set_num_threads(1)
os.chdir(tempfile.mkdtemp())  # its logs


class World(RawEnvironment):
    """A first rollout of steps that end at once and pay nothing, then the batch."""

    def __init__(self, config):
        super().__init__()
        self.data, self.env = config.data, replay(config.data)
        self.observation_space, self.action_space = self.env.observation_space, self.env.action_space
        self.max_episode_steps, self.before = config.data.n, config.data.n

    def reset(self, **more):
        return self.env.reset()

    def step(self, action):
        if self.before:
            self.before -= 1
            return self.data.obs[0], 0.0, True, False, {}
        return self.env.step(action)

    def render(self, *more): ...

    def close(self): ...


REGISTRY_ENV["Batch"] = World


def update_of(Agent, **settings):
    def update(theta, batch):
        d = Data(batch)
        config = get_arguments(Agent.__name__.removesuffix("_Agent").lower(), "classic_control", "CartPole-v1")
        its_own = dict(  # linear networks, one environment, one minibatch, one epoch; no running statistics
            env_name="Batch",
            data=d,
            representation="Basic_Identical",
            actor_hidden_size=[],
            critic_hidden_size=[],
            parallels=1,
            horizon_size=d.n,
            running_steps=100 * d.n,
            n_epochs=1,
            n_minibatch=1,
            gamma=d.gamma,
            gae_lambda=d.lam,
            ent_coef=0.0,
            use_obsnorm=False,
            use_rewnorm=False,
            use_grad_clip=False,
            render=False,
        )
        vars(config).update(its_own, **settings)
        envs = make_envs(config)
        agent = Agent(config, envs)
        with torch.no_grad():
            for p in agent.policy.parameters():
                p.zero_()
            agent.policy.actor.model[0].weight.copy_(torch.tensor(table(theta)))
            if hasattr(agent.policy, "critic"):
                agent.policy.critic.model[0].weight.copy_(torch.tensor(d.V)[None])
        weight, seen = agent.policy.actor.model[0].weight, []
        world, dist = envs.envs[0].env, agent.policy.actor.dist
        dist.stochastic_sample = lambda: torch.tensor([d.actions[world.env.i % d.n]])  # the batch's, not drawn
        agent.learner.optimizer.step = lambda *a, **k: seen.append(-weight.grad[1].double().numpy().copy())
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            agent.train(2 * d.n)
        agent.finish()
        return seen[1]

    return update


def the_last_reward_for_V(theta, batch):
    """What PG should give if at a cut it takes the reward of the last step for the value of what follows."""
    d, G, weights = Data(batch), 0.0, np.zeros(len(batch))
    for i in reversed(range(d.n)):
        if d.terminated[i]:
            G = 0.0
        elif d.truncated[i] or i == d.n - 1:
            G = d.rewards[i]
        weights[i] = G = d.rewards[i] + d.gamma * G
    return weights @ batch.score(theta) / d.n


for name in ("cut", "open"):  # the instrument has no rule for it and leaves it open
    world = worlds()[name]
    held = update_of(PG_Agent)(world.theta, world.batch)
    assert np.allclose(held, the_last_reward_for_V(world.theta, world.batch), atol=1e-6), name

SAID = (
    "as its CartPole file configures it, but no entropy bonus and no running normalisation of observations and rewards"
)
study(
    "xuance",
    "xuance",
    {
        "PG": (update_of(PG_Agent), f"{SAID}; it has no critic"),
        "A2C": (update_of(A2C_Agent), "the same, one minibatch; its own lambda is 0.95"),
        "PPO": (update_of(PPO_Agent), "the same, one minibatch, one epoch; its own lambda is 0.95"),
        "A2C, use_gae=False": (
            update_of(A2C_Agent, use_gae=False, use_advnorm=False),
            "the switch, without normalisation",
        ),
    },
)
