"""The sorter in CPU seconds of one thread: tokens sampled and trained on beside a PyTorch loop of the same network, the
way to .95 on 20 seeds, and the exact J and gradient beside training updates. Prints JSON.
"""

import argparse
import json
import time

import numpy as np

import policy_gradient as pg
from policy_gradient import sorting
from studies import sorter

UPDATES, ROUNDS, PROMPTS, ANSWERS = 30, 5, 32, 8
TASK, POLICY = sorter.TASK, sorter.POLICY


def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def ours(theta):
    return seconds(
        lambda: pg.climb(POLICY, theta, TASK.prompts, TASK.reward, np.random.default_rng(0), num_updates=UPDATES)
    )


def torch_network(theta):
    """The policy's network with these parameters, in PyTorch's own layers."""
    import torch

    model = torch.nn.Sequential(
        torch.nn.Linear(TASK.num_features, 128), torch.nn.Tanh(), torch.nn.Linear(128, TASK.base)
    )
    with torch.no_grad():
        for layer, (W, b) in zip((model[0], model[2]), POLICY.network.network.layers(theta)):
            layer.weight.copy_(torch.tensor(W.T.copy())), layer.bias.copy_(torch.tensor(b.copy()))
    return model


def torch_loop(theta):
    """The same network, features, group baseline and Adam, as one writes it in PyTorch."""
    import torch

    torch.set_num_threads(1)
    rng, model = np.random.default_rng(0), torch_network(theta)
    adam, B, M = torch.optim.Adam(model.parameters(), lr=3e-3), TASK.base, TASK.num_digits

    def features(prompts, tokens, t):
        parts = [torch.nn.functional.one_hot(prompts, B).flatten(1), torch.nn.functional.one_hot(tokens, B).flatten(1)]
        parts[1][:, t * B :] = 0
        place = torch.zeros(len(prompts), M)
        place[:, t] = 1
        return torch.cat([*parts, place], 1).float()

    def run():
        for _ in range(UPDATES):
            prompts = torch.tensor(TASK.prompts(rng, PROMPTS)).repeat_interleave(ANSWERS, 0)
            tokens, seen = torch.zeros_like(prompts), []
            with torch.no_grad():
                for t in range(M):
                    seen.append(features(prompts, tokens, t))
                    tokens[:, t] = torch.distributions.Categorical(logits=model(seen[-1])).sample()
            rewards = (tokens == prompts.sort(1).values).all(1).float().view(PROMPTS, ANSWERS)
            A = (rewards - rewards.mean(1, keepdim=True)) * ANSWERS / (ANSWERS - 1)
            log_probs = torch.distributions.Categorical(logits=model(torch.stack(seen))).log_prob(tokens.T)
            adam.zero_grad()
            (-(A.view(-1) * log_probs.sum(0)).mean()).backward()
            adam.step()

    return seconds(run)


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    theta, tokens = sorter.start(sorter.SEEDS[0]), UPDATES * PROMPTS * ANSWERS * TASK.num_digits
    pairs = [(ours(theta), torch_loop(theta)) for _ in range(ROUNDS)]
    whole = [seconds(lambda seed=seed: sorter.to_level(seed, sorter.start(seed))) for seed in range(9001, 9021)]
    exact = np.median([seconds(lambda: sorting.exact(TASK, POLICY, theta)) for _ in range(ROUNDS)])
    book_seconds, torch_seconds = np.median(pairs, axis=0)
    print(
        json.dumps(
            {
                "tokens_per_second": {"ours": round(tokens / book_seconds), "torch": round(tokens / torch_seconds)},
                "torch_over_ours": round(float(np.median([b / a for a, b in pairs])), 2),
                "to_95": {"seconds": [round(x, 2) for x in whole], "below_3": int(sum(x < 3 for x in whole))},
                "exact_in_updates": round(float(exact / (book_seconds / UPDATES)), 2),
            }
        )
    )


if __name__ == "__main__":
    main()
