# requires: pfrl==0.4.0 packaging torch==2.13.0 numpy gymnasium
"""PFRL: agents fed through act and observe (REINFORCE), batch_act and batch_observe (A2C, PPO)."""

import pfrl
import torch
from pfrl.agents import A2C, PPO, REINFORCE

from studies.libraries.common import Data, np, study, table

torch.set_num_threads(1)
QUEUE = []


class Forced(torch.distributions.Categorical):
    """Draws the batch's actions."""

    def sample(self, sample_shape=torch.Size()):  # noqa: B008 (as torch's own)
        return torch.tensor(QUEUE.pop(0)) if QUEUE else super().sample(sample_shape)


class Pi(torch.nn.Module):
    def __init__(self, theta):
        super().__init__()
        self.w = torch.nn.Linear(len(theta), 2, bias=False)
        self.w.weight.data = torch.tensor(table(theta))

    def forward(self, x):
        return Forced(logits=self.w(x))


def optimiser(model, pi, seen):
    made = torch.optim.SGD(model.parameters(), lr=0.0)
    made.step = lambda *a, **k: seen.append(-pi.w.weight.grad[1].double().numpy().copy())
    return made


def reinforce(theta, batch):
    d, seen = Data(batch), []
    pi = Pi(theta)
    agent = REINFORCE(pi, optimiser(pi, pi, seen), batchsize=int((d.terminated).sum()))
    for i in range(d.n):
        QUEUE[:] = [[int(d.actions[i])]]
        agent.act(d.obs[i])
        agent.observe(d.next_obs[i], float(d.rewards[i]), bool(d.terminated[i]), bool(d.truncated[i]))
    QUEUE.clear()
    return seen[0]


def update_of(cls, **settings):
    def update(theta, batch):
        d, seen = Data(batch), []
        pi, v = Pi(theta), torch.nn.Linear(batch.num_obs, 1, bias=False)
        v.weight.data = torch.tensor(d.V)[None]
        model = pfrl.nn.Branched(pi, v)
        o = optimiser(model, pi, seen)
        if cls is PPO:
            agent = PPO(
                model,
                o,
                gamma=d.gamma,
                lambd=d.lam,
                update_interval=d.n,
                minibatch_size=d.n,
                epochs=1,
                max_grad_norm=None,
                **settings,
            )
        else:
            agent = A2C(
                model,
                o,
                gamma=d.gamma,
                num_processes=1,
                update_steps=d.n,
                max_grad_norm=None,
                **dict(dict(tau=d.lam), **settings),
            )
        for i in range(d.n):
            QUEUE[:] = [[int(d.actions[i])]] * (
                2 if cls is A2C and i == 0 else 1
            )  # A2C draws once more at first, for the shape
            agent.batch_act([d.obs[i]])
            agent.batch_observe([d.next_obs[i]], [float(d.rewards[i])], [bool(d.terminated[i])], [bool(d.truncated[i])])
        QUEUE.clear()
        return seen[0]

    return update


def learns(pays):
    """Episodes of two steps; action 1 pays at the step `pays`, 0 or 1. How often that action is taken after 300 updates
    of 8 episodes."""

    def run(seed):
        torch.manual_seed(seed)
        pi = Pi(np.zeros(2))
        agent = REINFORCE(pi, torch.optim.Adam(pi.parameters(), lr=0.01), batchsize=8)
        obs = np.eye(2, dtype=np.float32)
        for _ in range(300 * 8):
            for t in range(2):
                action = int(agent.act(obs[t]))
                agent.observe(obs[1], float(action == 1 and t == pays), t == 1, False)
        return torch.softmax(pi.w.weight.data, 0)[1, pays].item()

    return run


study(
    "pfrl",
    "pfrl",
    {
        "REINFORCE": (
            reinforce,
            "defaults (beta 0), the batch's terminated episodes as its batch; it takes no gamma, "
            "and throws a truncated episode away with a warning",
        ),
        "A2C": (update_of(A2C, entropy_coeff=0.0), "defaults but no entropy bonus"),
        "A2C, use_gae=True": (update_of(A2C, entropy_coeff=0.0, use_gae=True), "no entropy bonus"),
        "PPO": (
            update_of(PPO, entropy_coef=0.0),
            "defaults but one minibatch, no entropy bonus; its own lambda is 0.95",
        ),
    },
    learned={
        f"REINFORCE, action {pays + 1} of 2 pays": (
            learns(pays),
            "300 updates of 8 episodes; of two actions in an episode only this one pays, 1 or 0",
            "the chance of the action that pays; 1/2 at first",
        )
        for pays in (0, 1)
    },
)
