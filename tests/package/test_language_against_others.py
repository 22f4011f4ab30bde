"""The transformer and the groups against other people's code:
PyTorch's automatic differentiation, and what TRL and verl do to a group.

PyTorch lives in an environment of its own: `make test-autodiff` runs this there.
TRL's and verl's adapters have stored what they saw.
"""

import json

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient.audit import audit_advantages
from tools.paths import ROOT


def in_torch(torch, model, theta, prompts, tokens):
    """log pi of every token, the same block written with torch's own layers' functions."""
    F, parts, start = torch.nn.functional, {}, 0
    for name, shape in model.shapes.items():
        size = int(np.prod(shape))
        parts[name], start = theta[start : start + size].reshape(shape), start + size
    ids = torch.tensor(np.concatenate([prompts, tokens[:-1].T], axis=1))
    norm = lambda x, gain: F.layer_norm(x, (model.width,), weight=gain, eps=1e-5)  # noqa: E731
    x = parts["embed"][ids] + parts["place"][: ids.shape[1]]
    q, k, v = (norm(x, parts["gain"][0]) @ parts["qkv"]).reshape(*ids.shape, 3, model.heads, -1).permute(2, 0, 3, 1, 4)
    x = x + F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(x.shape) @ parts["mix"]
    hidden = torch.tanh(norm(x, parts["gain"][1]) @ parts["up"][:-1] + parts["up"][-1])
    x = x + hidden @ parts["down"][:-1] + parts["down"][-1]
    logits = norm(x, parts["gain"][2]) @ parts["out"][:-1] + parts["out"][-1]
    told = torch.log_softmax(logits[:, model.prompt_len - 1 :], -1)
    return told.gather(-1, torch.tensor(tokens.T)[..., None])[..., 0].T


@pytest.mark.parametrize("width, heads, hidden", [(8, 1, 8), (12, 3, 7), (32, 2, 64)])
def test_the_transformer_is_what_autograd_says(torch, width, heads, hidden):
    rng = np.random.default_rng(width)
    model = pg.Transformer(5, 3, 4, width=width, heads=heads, hidden=hidden)
    theta = model.init(rng, np.float64) + 0.3 * rng.normal(size=model.num_params)
    prompts, tokens, weights = rng.integers(0, 5, (6, 3)), rng.integers(0, 5, (4, 6)), rng.normal(size=(4, 6))
    leaf = torch.tensor(theta, requires_grad=True)
    log_probs = in_torch(torch, model, leaf, prompts, tokens)
    assert np.allclose(model.log_prob(theta, prompts, tokens), log_probs.detach().numpy(), atol=1e-12)
    (log_probs * torch.tensor(weights)).sum().backward()
    assert np.allclose(model.weighted_score(theta, prompts, tokens, weights), leaf.grad.numpy(), atol=1e-10)


def test_the_sorter_s_peer_has_the_sorter_s_network(torch, monkeypatch):
    """`benchmarks/language.py` measures both on one network, and its loop runs."""
    from benchmarks import language

    rng = np.random.default_rng(0)
    theta, prompts = language.POLICY.init(rng), language.TASK.prompts(rng, 50)
    features = language.TASK.features(prompts, np.zeros((4, 50), int), 0)
    with torch.no_grad():
        theirs = language.torch_network(theta)(torch.tensor(features)).numpy()
    assert np.allclose(theirs, language.POLICY.network.logits(theta, features), atol=1e-5)
    monkeypatch.setattr(language, "UPDATES", 2)
    assert language.torch_loop(theta) > 0 and language.ours(theta) > 0


def test_equal_rewards_in_float32_are_zero_where_a_mean_would_not_be(torch):
    """What float32's mean leaves of eight times 0.1 is divided by a tiny epsilon elsewhere; here it is 0."""
    r = torch.full((2, 8), 0.1)
    assert (r - r.mean(1, keepdim=True)).abs().max() > 0
    assert (pg.group_advantages(r.numpy(), "std") == 0).all()


def test_trl_s_groups(torch):
    """GRPO's advantage as TRL 1.16.0 computes it: mean of the group, sample std, 1e-4 added; ours times one factor."""
    rewards = np.array([[1.0, 0, 0, 0, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 0]])
    r = torch.tensor(rewards)
    theirs = (r - r.mean(1, keepdim=True)) / (r.std(1, keepdim=True) + 1e-4)
    ours = pg.group_advantages(rewards, "std") * np.sqrt(7 / 8)
    assert np.allclose(theirs.numpy(), ours, rtol=1e-3)


def stored(library):
    return json.loads((ROOT / f"studies/libraries/results/{library}.json").read_text("utf8"))["losses"]


def test_trl_s_own_trainers_do_the_same_to_groups():
    theirs = stored("trl")
    assert theirs["GRPOTrainer"]["rule"] == {"centre": "group mean", "scale": "group std, ddof 1"}
    assert "eps is 0.0001" in theirs["GRPOTrainer"]["text"], "what is added in the test above"
    assert theirs["RLOOTrainer"]["rule"] == {"centre": "leave one out", "scale": "none"}


def test_verl_s_own_functions_do_the_same_to_groups():
    """What verl 0.9.1 does is stored by its adapter, which runs in an environment of its own;
    the same instrument is asked about ours."""
    theirs = stored("verl")

    def rule(kind):
        return audit_advantages(lambda rewards: pg.group_advantages(rewards, kind)).rule

    assert theirs["rloo"]["rule"] == rule("leave_one_out") == {"centre": "leave one out", "scale": "none"}
    assert theirs["grpo, norm_adv_by_std_in_grpo=False"]["rule"] == rule("mean")
    assert theirs["grpo"]["rule"] == {"centre": "group mean", "scale": "group std, ddof 1"}
    assert rule("std") == {"centre": "group mean", "scale": "group std, ddof 0"}, (
        "the population's: sqrt(G / (G - 1)) times"
    )
