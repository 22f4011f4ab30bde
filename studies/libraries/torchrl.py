# requires: torchrl==0.14.1 torch==2.13.0 numpy
"""TorchRL: loss modules called on a tensordict that holds the batch as one trajectory of steps, time last."""

import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import ProbabilisticActor, ValueOperator
from torchrl.objectives import A2CLoss, ClipPPOLoss, ReinforceLoss, ValueEstimators

from studies.libraries.common import Data, np, study, table

torch.set_num_threads(1)


def update_of(cls, key, terminated_key=True, **settings):
    def update(theta, batch):
        d = Data(batch)
        pi, v = torch.nn.Linear(d.K, 2, bias=False), torch.nn.Linear(d.K, 1, bias=False)
        pi.weight.data, v.weight.data = torch.tensor(table(theta)), torch.tensor(d.V)[None]
        actor = ProbabilisticActor(
            TensorDictModule(pi, ["observation"], ["logits"]),
            in_keys=["logits"],
            distribution_class=torch.distributions.Categorical,
            return_log_prob=True,
        )
        loss = cls(actor, ValueOperator(v, in_keys=["observation"]), **settings)
        loss.make_value_estimator(ValueEstimators.GAE, gamma=d.gamma, lmbda=d.lam)

        def column(x):
            return torch.as_tensor(np.asarray(x))[None, :, None]

        done = d.terminated | d.truncated
        following = {"observation": torch.tensor(d.next_obs)[None], "reward": column(d.rewards), "done": column(done)}
        if terminated_key:
            following["terminated"] = column(d.terminated)
        td = TensorDict(
            {"observation": torch.tensor(d.obs)[None], "action": torch.tensor(d.actions)[None], "next": following},
            [1, d.n],
        )
        if cls is ClipPPOLoss:
            with torch.no_grad():
                td["action_log_prob"] = actor.get_dist(td).log_prob(td["action"])
        out = loss(td)
        (weight,) = [p for name, p in loss.named_parameters() if "actor" in name]
        total = sum(x for name, x in out.items() if name in (key, "loss_entropy") and x.requires_grad)
        return -torch.autograd.grad(total, weight)[0][1].double().numpy()

    return update


study(
    "torchrl",
    "torchrl",
    {
        "ReinforceLoss": (
            update_of(ReinforceLoss, "loss_actor"),
            "GAE with the batch's gamma and lambda; its own default is GAE(0.99, 0.95), with a critic",
        ),
        "A2CLoss": (update_of(A2CLoss, "loss_objective"), "defaults, entropy bonus with it; its own lambda is 0.95"),
        "ClipPPOLoss": (
            update_of(ClipPPOLoss, "loss_objective"),
            "defaults, entropy bonus with it; its own lambda is 0.95",
        ),
        "A2CLoss, no terminated key": (update_of(A2CLoss, "loss_objective", False), "the data holds done alone"),
    },
)
