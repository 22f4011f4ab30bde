# requires: agilerl==2.58.0 peft torch==2.13.0 numpy gymnasium
"""AgileRL: `collect_rollouts` on an environment that replays the batch, its own buffer, then `learn`. Its networks are
set to tables."""

import gymnasium as gym
import torch
from agilerl.algorithms.ppo import PPO
from agilerl.rollouts.on_policy import collect_rollouts
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from studies.libraries.common import Data, np, replay, study, table

torch.set_num_threads(1)


def one(make):
    return SyncVectorEnv([make], autoreset_mode=AutoresetMode.SAME_STEP)


def update_of(**settings):
    def update(theta, batch):
        d = Data(batch)
        np.random.seed(0)
        weight, V = torch.tensor(table(theta), requires_grad=True), torch.tensor(d.V)
        agent = PPO(
            gym.spaces.Box(0, 1, (d.K,), np.float32),
            gym.spaces.Discrete(2),
            num_envs=1,
            learn_step=d.n,
            batch_size=d.n,
            update_epochs=1,
            gamma=d.gamma,
            gae_lambda=d.lam,
            **settings,
        )
        taken, seen = iter(d.actions), []

        def policy(obs):
            return torch.distributions.Categorical(logits=torch.as_tensor(obs).float() @ weight.T)

        def value(obs):
            return torch.as_tensor(obs).float() @ V

        def act(obs, **more):
            action = np.array([next(taken)])
            return action, policy(obs).log_prob(torch.tensor(action)).detach().numpy(), None, value(obs).numpy()

        agent.get_action = act
        agent._get_action_and_values = lambda obs, **more: (None, None, None, value(obs), None)
        agent.evaluate_actions = lambda obs, actions, **more: (
            policy(obs).log_prob(actions.reshape(-1)),
            policy(obs).entropy(),
            value(obs),
        )
        agent.optimizer.step = lambda *a, **k: seen.append(-weight.grad[1].double().numpy().copy())
        collect_rollouts(agent, one(lambda: replay(d)))
        agent.learn()
        return seen[0]

    return update


class Delayed(gym.Env):
    """Two steps; the reward, 1 or 0, comes at the end, for action 1 at the step `pays`."""

    observation_space, action_space = gym.spaces.Box(0, 1, (2,), np.float32), gym.spaces.Discrete(2)

    def __init__(self, pays):
        self.pays = pays

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.taken = []
        return np.array([1, 0], np.float32), {}

    def step(self, action):
        self.taken.append(int(action))
        last = len(self.taken) == 2
        return np.array([0, 1], np.float32), float(last and self.taken[self.pays] == 1), last, False, {}


def learns(pays):
    def run(seed):
        torch.manual_seed(seed)
        np.random.seed(seed)
        env = one(lambda: Delayed(pays))
        agent = PPO(env.single_observation_space, env.single_action_space, num_envs=1, learn_step=512, lr=1e-3)
        for _ in range(12):
            scores, *_ = collect_rollouts(agent, env)
            agent.learn()
        return float(np.mean(scores))

    return run


study(
    "agilerl",
    "agilerl",
    {
        "PPO": (update_of(), "defaults, one minibatch, one epoch, entropy bonus with it; its own lambda is 0.95"),
        "PPO, no entropy bonus": (update_of(ent_coef=0.0), "its own lambda is 0.95"),
    },
    learned={
        f"PPO, action {pays + 1} of 2 pays at the end": (
            learns(pays),
            "defaults but 512 steps per update and a step size of .001; 12 updates",
            "mean reward of the last rollout; 1/2 at first",
        )
        for pays in (0, 1)
    },
)
