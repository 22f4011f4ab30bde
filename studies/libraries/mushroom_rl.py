# requires: mushroom-rl==1.10.2 override:torch==2.13.0 torch==2.13.0 gymnasium
"""MushroomRL: algorithms fitted on its own data set of steps. It pins torch 2.5.1; any version serves here."""

import torch
from mushroom_rl.algorithms.actor_critic import A2C, PPO
from mushroom_rl.algorithms.policy_search import GPOMDP, REINFORCE
from mushroom_rl.core import MDPInfo
from mushroom_rl.policy import BoltzmannTorchPolicy, ParametricPolicy
from mushroom_rl.utils.spaces import Box, Discrete

from studies.libraries.common import Data, doors, doors_return, np, study, table

torch.set_num_threads(1)


class Sigmoid(ParametricPolicy):
    """P(action 1) = sigmoid(theta . obs), the policy of the book's small worlds."""

    def __init__(self, theta):
        self.theta = theta

    @property
    def weights_size(self):
        return len(self.theta)

    def __call__(self, state, action):
        p = 1 / (1 + np.exp(-self.theta @ state))
        return p if action else 1 - p

    def diff_log(self, state, action):
        return (action[0] - 1 / (1 + np.exp(-self.theta @ state))) * state

    def get_weights(self):
        return self.theta

    def set_weights(self, weights):
        self.theta = weights

    def draw_action(self, state):
        return np.array([1])

    def reset(self):
        pass


def rows(d):
    """(state, action, reward, next state, absorbing, last)."""
    last = d.terminated | d.truncated
    last[-1] = True
    return [
        (
            d.obs[i].astype(float),
            np.array([d.actions[i]]),
            float(d.rewards[i]),
            d.next_obs[i].astype(float),
            bool(d.terminated[i]),
            bool(last[i]),
        )
        for i in range(d.n)
    ]


def search(cls):
    def update(theta, batch):
        d, seen = Data(batch), []
        agent = cls(
            MDPInfo(Box(0, 1, (d.K,)), Discrete(2), d.gamma, 100),
            Sigmoid(theta.copy()),
            lambda weights, g: (seen.append(g.copy()), weights)[1],
        )
        agent.fit(rows(d))
        return seen[0]

    return update


class Linear(torch.nn.Module):
    start = {}

    def __init__(self, input_shape, output_shape, **more):
        super().__init__()
        self.w = torch.nn.Linear(input_shape[0], output_shape[0], bias=False)
        self.w.weight.data = torch.tensor(Linear.start[output_shape[0]].copy())

    def forward(self, x):
        return self.w(x.float())


class Reading(torch.optim.SGD):
    seen = []

    def step(self, *args, **more):
        gradient = self.param_groups[0]["params"][0].grad
        if len(gradient) == 2:
            Reading.seen.append(-gradient[1].double().numpy().copy())


def deep(cls, *args):
    def update(theta, batch):
        d = Data(batch)
        Reading.seen.clear()
        Linear.start = {2: table(theta), 1: d.V[None]}
        info, optimiser = (
            MDPInfo(Box(0, 1, (d.K,)), Discrete(2), d.gamma, 100),
            {"class": Reading, "params": {"lr": 0.0}},
        )
        critic = dict(
            network=Linear,
            optimizer=optimiser,
            loss=torch.nn.functional.mse_loss,
            input_shape=(d.K,),
            output_shape=(1,),
        )
        policy = BoltzmannTorchPolicy(Linear, (d.K,), (2,), beta=1.0)
        agent = cls(info, policy, optimiser, critic, *[a(d) if callable(a) else a for a in args])
        agent.fit(rows(d))
        return Reading.seen[0]

    return update


def learns(seed):
    """Plain steps of length 2 along its REINFORCE, 400 updates of 32 episodes."""
    rng, env = np.random.default_rng(seed), doors()
    theta = np.zeros(3)
    for _ in range(400):
        steps = []
        for _ in range(32):
            obs, done = env.reset()[0], False
            while not done:
                action = int(rng.random() < 1 / (1 + np.exp(-theta @ obs)))
                following, reward, done, *_ = env.step(action)
                steps.append((obs.astype(float), np.array([action]), reward, following.astype(float), done, done))
                obs = following
        seen = []
        info = MDPInfo(Box(0, 1, (3,)), Discrete(2), 0.5, 100)
        REINFORCE(info, Sigmoid(theta.copy()), lambda w, g, seen=seen: (seen.append(g.copy()), w)[1]).fit(steps)
        theta = theta + 2 * seen[0]
    p, q, _ = 1 / (1 + np.exp(-theta))
    return doors_return(p, q)


study(
    "mushroom_rl",
    "mushroom-rl",
    {
        "REINFORCE": (search(REINFORCE), "its optimal baseline, from the same episodes, cannot be switched off"),
        "GPOMDP": (search(GPOMDP), "its optimal baseline, from the same episodes, cannot be switched off"),
        "A2C": (deep(A2C, 0.0), "no entropy bonus"),
        "PPO": (deep(PPO, 1, lambda d: d.n, 0.2, lambda d: d.lam), "one epoch, one minibatch; its own lambda is 0.95"),
    },
    learned={"REINFORCE": (learns, "400 updates of 32 episodes of two doors, steps of 2 times the gradient", "J")},
)
