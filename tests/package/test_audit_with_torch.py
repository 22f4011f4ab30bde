"""The instrument on PyTorch losses and modules; `make test-autodiff` runs this where PyTorch is."""

import os
import re

import pytest

if os.environ.get("PG_NOTHING_SKIPPED"):
    import torch
else:
    torch = pytest.importorskip("torch", reason="torch is in an environment of its own: make test-autodiff runs this")

import numpy as np  # noqa: E402
from torch.distributions import Independent, MultivariateNormal, Normal, TanhTransform  # noqa: E402
from torch.distributions import TransformedDistribution as Transformed  # noqa: E402

from policy_gradient.audit import audit, audit_advantages, audit_gaussian, audit_token_loss, from_torch  # noqa: E402
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


def test_a_column_of_log_probs_beside_a_row_of_advantages_is_seen():
    def column(policy, batch):
        dist = torch.distributions.Categorical(logits=policy(batch.obs))
        return -(dist.log_prob(batch.actions)[:, None] * gae(batch)).mean() - 0.01 * dist.entropy().mean()

    verdict = audit(column)
    assert verdict.names("credit", "every action") and len(verdict.findings) == 2, str(verdict)


def test_a_module_of_any_form_is_read_before_clipping():
    verdict = audit(Agent())
    assert (
        verdict.names("weight", "dropped") and verdict.names("baseline", "value") and not verdict.names("constant")
    ), str(verdict)


def test_how_it_is_called_is_said_in_pytorch_s_form():
    class Strange(torch.nn.Linear):
        def loss(self):
            return self.weight.sum()

    assert "It is called as loss(policy, batch)." in str(audit(from_torch(lambda policy: policy.mean())))
    assert "It is called as Strange().loss(batch)." in str(audit(Strange(2, 2)))


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


def bell(policy, batch, std=torch.exp):
    mean, log_std = policy(batch.obs)
    return Normal(mean, std(log_std))


def gaussian_loss(log_prob=lambda b, dist: dist.log_prob(b.drawn).sum(-1), std=torch.exp, sign=-1):
    """The loss of a Gaussian policy: minus the mean of reward times log_prob, if nothing is changed."""

    def loss(policy, batch):
        return sign * (log_prob(batch, bell(policy, batch, std)) * batch.rewards).mean()

    return loss


def gaussian_update(u=lambda b: b.drawn, weigh=lambda r: r, power=1):
    """The same by hand, in NumPy."""

    def update(theta, b):
        mean, std = theta[: len(theta) // 2], np.exp(power * theta[len(theta) // 2 :])
        z = (u(b) - mean) / std
        return weigh(b.rewards) @ np.concatenate([z / std, power * (z**2 - 1)], axis=1) / len(z)

    return update


def squashed(policy, batch):
    """Each action by the law it was drawn from, as PyTorch knows it."""
    dist = bell(policy, batch)
    if not batch.squashed:
        return -(dist.log_prob(batch.drawn).sum(-1) * batch.rewards).mean()
    return -(Transformed(Independent(dist, 1), [TanhTransform()]).log_prob(batch.actions) * batch.rewards).mean()


def covariance(policy, batch):
    """sigma where MultivariateNormal wants the covariance, sigma^2."""
    mean, log_std = policy(batch.obs)
    dist = MultivariateNormal(mean, torch.diag_embed(log_std.exp()))
    return -(dist.log_prob(batch.drawn) * batch.rewards).mean()


def standard(r):
    return (r - r.mean()) / (r.std(ddof=1) + 1e-4)


def ratio(policy, batch):
    """PPO's loss; PyTorch's std divides by n - 1."""
    log_prob = bell(policy, batch).log_prob(batch.actions).sum(-1)
    change = (log_prob - log_prob.detach()).exp()
    x = (batch.rewards - batch.rewards.mean()) / (batch.rewards.std() + 1e-4)
    return -torch.min(change * x, change.clamp(0.8, 1.2) * x).mean()


@pytest.mark.parametrize(
    "loss, update",
    [
        (gaussian_loss(), gaussian_update()),
        (gaussian_loss(sign=1), gaussian_update(weigh=lambda r: -r)),
        (squashed, gaussian_update()),
        (ratio, gaussian_update(lambda b: b.actions, standard)),
        (gaussian_loss(std=lambda s: (2 * s).exp()), gaussian_update(power=2)),
        (covariance, gaussian_update(power=0.5)),
    ],
)
def test_a_gaussian_loss_gets_the_verdict_of_the_same_update_by_hand(loss, update):
    ours, theirs = audit_gaussian(from_torch(loss)), audit_gaussian(update)
    assert str(ours).partition("\n")[2] == str(theirs).partition("\n")[2], f"{ours}\n{theirs}"
    assert ours.ok == theirs.ok and not ours.open


def test_what_only_a_gaussian_loss_can_do():
    frozen = audit_gaussian(from_torch(gaussian_loss(std=lambda log_std: log_std.exp().detach())))
    assert frozen.ok and frozen.names("density", "log std frozen"), str(frozen)
    table = audit_gaussian(from_torch(gaussian_loss(lambda b, dist: dist.log_prob(b.drawn).sum(-1, keepdim=True))))
    assert table.names("density", "every action"), str(table)

    def about_zero(policy, batch):
        log_prob = bell(policy, batch).log_prob(batch.drawn).sum(-1, keepdim=True)
        return -(log_prob * (batch.rewards - batch.rewards.mean())).mean()

    nothing = audit_gaussian(from_torch(about_zero))
    assert nothing.open == ["The rewards do not move it."]
    assert "says that the rewards do not move it" in PAGE
    bonus = audit_gaussian(
        from_torch(lambda policy, b: gaussian_loss()(policy, b) - 0.01 * bell(policy, b).entropy().sum(-1).mean())
    )
    assert "entropy bonus is added (coefficient 0.01," in str(bonus)
    single = audit_gaussian(from_torch(gaussian_loss(lambda b, dist: dist.log_prob(b.drawn).float().sum(-1))))
    assert single.ok and not single.open, str(single)
    backward = audit_gaussian(from_torch(lambda policy, batch: gaussian_loss()(policy, batch).backward()))
    assert backward.ok and torch.get_default_dtype() == torch.float32


def made_anew(batch, dist):
    return dist.mean + dist.stddev * ((batch.drawn - dist.mean) / dist.stddev).detach()


@pytest.mark.parametrize("action", [lambda b, dist: dist.rsample(), made_anew])
def test_a_gradient_that_runs_through_the_action_is_named(action):
    """log_prob(mean + std * noise) is -noise^2 / 2 - log std: of the mean nothing is left, of log std its slope -1."""
    loss = gaussian_loss(lambda b, dist: dist.log_prob(action(b, dist)).sum(-1))
    verdict = audit_gaussian(from_torch(loss))
    assert verdict.names("density", "graph kept") and not verdict.open and not verdict.ok, str(verdict)


def test_what_no_density_explains_is_not_laid_on_clipped_actions():
    own = audit_gaussian(from_torch(gaussian_loss(lambda b, dist: dist.log_prob(dist.sample()).sum(-1))))
    assert len(own.open) == 1 and own.open[0].startswith("The actions of the batch do not enter"), str(own)
    other = audit_gaussian(from_torch(gaussian_loss(std=lambda log_std: log_std.exp() + 0.1)))
    assert len(other.open) == 1 and other.open[0].startswith("No density that I know explains it"), str(other)


@pytest.mark.parametrize(
    "std, answer", [(torch.nn.functional.softplus, "softplus"), (lambda log_std: log_std.abs(), "exp forgotten")]
)
def test_another_sigma_than_that_which_drew_is_named(std, answer):
    verdict = audit_gaussian(from_torch(gaussian_loss(std=std)))
    assert verdict.names("density", answer) and not verdict.open and not verdict.ok, str(verdict)


def test_a_gaussian_loss_that_names_pytorch_need_not_be_told_apart():
    assert audit_gaussian(squashed).ok and audit_gaussian(from_torch(squashed)).ok

    def loss(policy, batch):
        return policy(batch.obs).sum()

    for how in (audit_gaussian, audit):
        assert f"{how.__name__}(from_torch(loss))" in str(how(loss))
    assert "in this order" in str(audit(lambda batch, theta: batch.obs))  # the other way round is no PyTorch


@pytest.mark.parametrize(
    "loss, said",
    [
        (lambda policy, batch: batch.rewards.mean(), "No gradient reached the policy's mean"),
        (lambda policy, batch: policy(batch.obs)[0], "The loss has shape (7, 1)"),
        (lambda policy, batch: policy(batch.obs).log_prob(batch.drawn).mean(), "mean, log_std = policy(batch.obs)."),
        (lambda policy, batch: (policy(batch.obs)[0] @ batch.rewards).mean(), "batch.actions were, (7, 1)"),
        (lambda policy, batch: gaussian_loss()(policy, batch) * float("nan"), "NaN"),
        (lambda policy: policy.mean(), "It is called as loss(policy, batch)."),
    ],
)
def test_what_cannot_be_read_of_a_gaussian_loss_is_said(loss, said):
    assert said in str(audit_gaussian(from_torch(loss)))


def test_a_module_is_no_gaussian_loss():
    for thing in (torch.nn.Linear(2, 2), from_torch(Agent())):
        with pytest.raises(TypeError, match=r"takes a function loss\(policy, batch\), got the PyTorch module"):
            audit_gaussian(thing)


def test_the_page_s_gaussian_loss_gets_the_page_s_verdict():
    code = re.search(r"```python\n# torch gaussian\n(.*?)```", PAGE, re.S)[1]
    space = {}
    exec(code.replace("print(audit_gaussian(from_torch(loss)))", ""), space)
    quoted = "\n".join(line.removeprefix(">").strip() for line in PAGE.splitlines())
    assert str(audit_gaussian(from_torch(space["loss"]))) in quoted
