"""The instrument on PyTorch losses and modules; `make test-autodiff` runs this where PyTorch is."""

import os
import re

import pytest

if os.environ.get("PG_NOTHING_SKIPPED"):
    import torch
else:
    torch = pytest.importorskip("torch", reason="torch is in an environment of its own: make test-autodiff runs this")

from policy_gradient.audit import audit, audit_advantages, audit_token_loss, from_torch  # noqa: E402
from tools.paths import ROOT

PAGE = (ROOT / "book/hold-your-own-code.md").read_text(encoding="utf-8")


def gae(batch, truncation=True):
    advantages, following = torch.zeros(len(batch.rewards)), 0.0
    for i in reversed(range(len(advantages))):
        ended = batch.terminated[i] | batch.truncated[i]
        dead = batch.terminated[i] if truncation else ended
        error = batch.rewards[i] + batch.gamma * batch.next_values[i] * ~dead - batch.values[i]
        advantages[i] = following = error + batch.gamma * batch.lam * following * ~ended
    return advantages


def right(policy, batch):
    log_probs = torch.distributions.Categorical(logits=policy(batch.obs)).log_prob(batch.actions)
    weights = batch.gamma**batch.t * gae(batch) * batch.mask
    return -(weights * log_probs)[batch.mask].sum() / len(batch.episodes())


def ppo(policy, batch):
    dist = torch.distributions.Categorical(logits=policy(batch.obs))
    x = gae(batch, truncation=False)
    x = (x - x.mean()) / (x.std() + 1e-5)
    ratio = (dist.log_prob(batch.actions) - batch.log_probs).exp()
    return -torch.min(ratio * x, ratio.clamp(0.8, 1.2) * x).mean() - 0.01 * dist.entropy().mean()


def test_what_a_loss_gets_is_what_the_page_says():
    seen = []
    audit(from_torch(lambda policy, batch: seen.append(batch) or right(policy, batch)))
    for batch in seen:
        n = len(batch.rewards)
        assert batch.obs.shape[0] == n and batch.obs.ndim == batch.next_obs.ndim == 2
        assert batch.obs.is_floating_point() and batch.next_obs.is_floating_point()
        assert batch.obs_ids.shape == (n,) and not batch.obs_ids.is_floating_point()
        assert {name for name, value in vars(batch).items() if callable(value)} == {"episodes"}
    assert "`obs` and `next_obs` are float features `(n, D)`" in PAGE
    assert "the numbers of `obs` are in `obs_ids`" in PAGE
    assert "Of the methods only `episodes()` is there." in PAGE


class Agent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.pi, self.v = (
            torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh()),
            torch.nn.Linear(8, 2),
            torch.nn.Linear(8, 1),
        )
        self.optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)

    def forward(self, obs):
        h = self.body(obs)
        return self.pi(h), self.v(h)

    def update(self, batch):
        logits, values = self(batch.obs)
        log_probs = torch.distributions.Categorical(logits=logits).log_prob(batch.actions)
        returns, G = torch.zeros(len(batch.rewards)), 0.0
        for i in reversed(range(len(returns))):
            returns[i] = G = batch.rewards[i] + batch.gamma * G * ~(batch.terminated[i] | batch.truncated[i])
        values = values.squeeze(-1)
        loss = -(log_probs * (returns - values.detach())).mean() + ((returns - values) ** 2).mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters(), 1e-3)
        self.optimizer.step()


def test_a_right_loss_is_not_accused():
    verdict = audit(from_torch(right))
    assert verdict.ok and "theorem's direction." in verdict.headline, str(verdict)
    assert audit(right).ok  # known as PyTorch's without being told


def test_a_ppo_loss_is_read_through_ratio_clip_and_entropy():
    verdict = audit(ppo)
    for question, answer in (
        ("weight", "dropped"),
        ("truncated", "as terminated"),
        ("size", "std of the advantages, ddof 1"),
        ("extra", "entropy bonus"),
        ("reset", "counted"),
    ):
        assert verdict.names(question, answer), str(verdict)
    assert "coefficient 0.01" in str(verdict) and "eps 1e-05" in str(verdict)


def test_a_module_of_any_form_is_read_before_clipping():
    verdict = audit(Agent())
    assert (
        verdict.names("weight", "dropped") and verdict.names("baseline", "value") and not verdict.names("constant")
    ), str(verdict)


@pytest.mark.parametrize(
    "loss, said",
    [
        (lambda policy, batch: batch.rewards.mean(), "No gradient reached"),
        (lambda policy, batch: None, "No gradient reached"),
        (lambda policy, batch: policy(batch.obs).detach().sum(), "No gradient reached"),
        (lambda policy, batch: policy(batch.obs), "shape"),
        (lambda policy, batch: policy(batch.obs).sum() / torch.zeros(1).sum() * 0, "NaN"),
    ],
)
def test_what_cannot_be_read_is_said(loss, said):
    assert said in str(audit(from_torch(loss)))


def test_a_module_without_a_loss_is_told_so():
    assert "loss(policy, batch)" in str(audit(torch.nn.Linear(3, 2)))


def test_the_page_s_loss_gets_the_page_s_verdict():
    code = re.search(r"```python\n# torch\n(.*?)```", PAGE, re.S)[1].replace("print(audit(from_torch(loss)))", "")
    space = {}
    exec(code, space)
    quoted = "\n".join(line.removeprefix(">").strip() for line in PAGE.splitlines())
    assert str(audit(from_torch(space["loss"]))) in quoted


def test_language_models_losses_and_advantages():
    def dapo(log_probs, batch):
        ratio = torch.exp(log_probs - batch.old_log_probs)
        A = batch.advantages[:, None]
        loss = -torch.min(ratio * A, ratio.clamp(0.8, 1.28) * A)
        kl = torch.exp(batch.ref_log_probs - log_probs) - (batch.ref_log_probs - log_probs) - 1
        return ((loss + 0.04 * kl) * batch.mask).sum() / batch.mask.sum()

    def sequence(log_probs, batch):
        ratio = torch.exp(((log_probs - batch.old_log_probs) * batch.mask).sum(1))
        return -torch.min(ratio * batch.advantages, ratio.clamp(0.8, 1.2) * batch.advantages).mean()

    verdict = audit_token_loss(dapo)
    assert (
        verdict.names("average", "mean over all tokens")
        and verdict.names("kl", "k3")
        and verdict.names("ratio", "token")
        and "above 1.28, below 0.80" in str(verdict)
    )
    assert audit_token_loss(sequence).names("ratio", "sequence") and audit_token_loss(sequence).ok

    def group_norm(r):
        return (r - r.mean(dim=1, keepdim=True)) / (r.std(dim=1, keepdim=True) + torch.tensor(1e-9))

    assert audit_advantages(group_norm).names("equal rewards", "noise")
