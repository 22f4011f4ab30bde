# requires: stable-baselines3==2.9.2 torch==2.13.0 numpy gymnasium
"""Stable-Baselines3: `learn` on an environment that replays the batch, so that its own rollout buffer handles every
ending."""

import torch as th
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from studies.libraries.common import Data, doors, doors_return, replay, study, table

th.set_num_threads(1)


def update_of(cls, **settings):
    def update(theta, batch):
        d = Data(batch)
        more = {} if cls is A2C else dict(batch_size=d.n, n_epochs=1)
        model = cls(
            "MlpPolicy",
            DummyVecEnv([lambda: replay(d)]),
            n_steps=d.n,
            gamma=d.gamma,
            gae_lambda=d.lam,
            max_grad_norm=1e9,
            seed=0,
            device="cpu",
            policy_kwargs=dict(net_arch=[]),
            **more,
            **settings,
        )
        policy, taken = model.policy, iter(d.actions)
        with th.no_grad():
            for p in policy.parameters():
                p.zero_()
            policy.action_net.weight.copy_(th.tensor(table(theta)))
            policy.value_net.weight.copy_(th.tensor(d.V)[None])

        def forced(obs, deterministic=False):  # the batch's actions instead of drawn ones
            action = th.tensor([next(taken)])
            value, log_prob, _ = policy.evaluate_actions(obs, action)
            return action, value, log_prob

        policy.forward, seen = forced, []
        policy.optimizer.step = lambda *a, **k: seen.append(-policy.action_net.weight.grad[1].double().numpy().copy())
        model.learn(d.n)
        return seen[0]

    return update


def learns(seed):
    model = PPO("MlpPolicy", DummyVecEnv([doors]), gamma=0.5, seed=seed, device="cpu")
    model.learn(10 * model.n_steps)
    with th.no_grad():
        p, q, _ = model.policy.get_distribution(th.eye(3)).distribution.probs[:, 1].tolist()
    return doors_return(p, q)


study(
    "sb3",
    "stable-baselines3",
    {
        "A2C": (update_of(A2C), "defaults; its own lambda is 1"),
        "PPO": (update_of(PPO), "defaults, one minibatch; its own lambda is 0.95"),
        "PPO, normalize_advantage=False": (update_of(PPO, normalize_advantage=False), ""),
    },
    learned={"PPO": (learns, "defaults but gamma 1/2; two doors, 20,480 steps", "J")},
)
