"""The sum of weighted scores: one backward pass in NumPy, PyTorch's autograd, and a matrix of scores.

python -m benchmarks.gradients       # prints the table as JSON
"""

import argparse
import json

import numpy as np

import policy_gradient as pg
from benchmarks.clock import in_turn

SIZES, ROUNDS = (256, 2048, 16_384, 131_072), 15


def measure(size, rounds=ROUNDS):
    import torch

    torch.set_num_threads(1)
    policy, rng = pg.MLPSoftmax((4, 64, 2)), np.random.default_rng(0)
    theta = policy.init(rng)
    theta += 0.3 * rng.standard_normal(theta.size).astype(np.float32)
    obs, weights = (rng.standard_normal(shape).astype(np.float32) for shape in ((size, 4), size))
    actions = rng.integers(2, size=size)
    net = torch.nn.Sequential(torch.nn.Linear(4, 64), torch.nn.Tanh(), torch.nn.Linear(64, 2))
    with torch.no_grad():
        for parameter, (W, b) in zip(zip(*[iter(net.parameters())] * 2), policy.network.layers(theta)):
            parameter[0].copy_(torch.from_numpy(W.T))
            parameter[1].copy_(torch.from_numpy(b))
    tensors = [torch.from_numpy(array) for array in (obs, actions, weights)]
    calls, gradients = max(1, 16_384 // size), {}

    def book():
        for _ in range(calls):
            gradients["book"] = policy.weighted_score(theta, obs, actions, weights)

    def autograd():
        for _ in range(calls):
            net.zero_grad(set_to_none=True)
            log_probs = torch.log_softmax(net(tensors[0]), -1).gather(1, tensors[1][:, None])[:, 0]
            (log_probs * tensors[2]).sum().backward()

    def score_matrix():
        for _ in range(calls):
            gradients["scores"] = weights @ policy.score(theta, obs, actions)

    times = {
        name: np.array(ts) / calls
        for name, ts in in_turn({"book": book, "PyTorch": autograd, "scores": score_matrix}, rounds).items()
    }
    same = np.concatenate([p.grad.numpy().T.ravel() if p.ndim == 2 else p.grad.numpy() for p in net.parameters()])
    scale = abs(same).max()
    assert (
        abs(gradients["book"] - same).max() < 1e-4 * scale
        and abs(gradients["book"] - gradients["scores"]).max() < 1e-4 * scale
    )
    return {
        "samples": size,
        "milliseconds": {name: float(f"{1000 * np.median(ts):.3g}") for name, ts in times.items()},
        "spread": {name: [float(f"{1000 * q:.3g}") for q in (min(ts), max(ts))] for name, ts in times.items()},
    } | {
        # Turn by turn, as of rollouts.
        f"{name} / book": round(float(np.median(times[name] / times["book"])), 2)
        for name in ("PyTorch", "scores")
    }


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    print(json.dumps([measure(size) for size in SIZES]))
