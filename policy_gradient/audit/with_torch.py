"""PyTorch losses and modules. torch is imported here, and this module only where something of PyTorch's was given."""

import inspect
import re
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import torch

from .ask import Numpy, Unreadable

LOSSES = ("loss", "compute_loss", "training_step", "update")


def from_torch(thing):
    """What `audit` takes, of a PyTorch loss: `loss(policy, batch)` returns a scalar to be minimised,
    or calls backward itself.

    policy(obs) gives logits (n, 2) for batch.obs (n, D), float32; the batch's arrays are tensors. The gradient is read
    as it first reaches the policy's logits: before any clipping, whatever the optimiser. A module is held by its own
    method `loss(batch)`: what its networks answer to batch.obs, logits (n, 2) and values (n,) or (n, 1), is replaced by
    a table. One of its modules must give the logits from batch.obs, and its first nn.Linear take batch.obs.
    """
    return Torch(thing)


def looks_like_torch(thing, torch):
    if isinstance(thing, torch.nn.Module):
        return True
    code = getattr(thing, "__code__", None)
    if code is None or not code.co_argcount or code.co_varnames[0] == "theta":
        return False
    known = [getattr(thing, "__globals__", {}).get(name) for name in code.co_names]
    homes = [x.__name__ if inspect.ismodule(x) else getattr(x, "__module__", None) or "" for x in known]
    return any(isinstance(x, torch.nn.Module) for x in known) or any(x.split(".")[0] == "torch" for x in homes)


class Table(torch.nn.Module):
    """A policy with one logit per observation: logits (n, 2) for the observations' features (n, D) or numbers (n,)."""

    def __init__(self, theta, features):
        super().__init__()
        logits = np.stack([0 * theta, theta], axis=1)
        self.logits, self.features = torch.nn.Parameter(torch.tensor(logits, dtype=torch.float32)), features

    def rows(self, obs):
        if not obs.dtype.is_floating_point:
            return obs.long().reshape(len(obs), -1)[:, 0]
        flat = obs.reshape(-1, obs.shape[-1]).float()
        return torch.cdist(flat, self.features).argmin(dim=1).reshape(obs.shape[:-1])

    def forward(self, obs):
        return self.logits[self.rows(obs)]


class Torch(Numpy):
    single = True
    of_policy, called = "the policy's logits", "loss(policy, batch)"

    def __init__(self, thing):
        super().__init__(thing)
        self.returns, self.module = "gradient", thing if isinstance(thing, torch.nn.Module) else None
        self.size = self.method = None
        if self.module is not None:
            self.method = next((m for m in LOSSES if callable(getattr(thing, m, None))), None)
            if self.method is None:
                raise Unreadable(
                    "no method",
                    f"{type(thing).__name__} is a PyTorch module without a method {', '.join(LOSSES)} that takes a "
                    "batch. Give audit a function loss(policy, batch) instead.",
                )
            self.called = f"{type(thing).__name__}().{self.method}(batch)"
            self.size = next((m.in_features for m in thing.modules() if isinstance(m, torch.nn.Linear)), None)

    def run(self, theta, batch):
        features = torch.eye(batch.num_obs)
        if self.size:
            features = torch.tensor(
                np.random.default_rng(5).normal(size=(batch.num_obs, self.size)), dtype=torch.float32
            )
        table, seen = Table(theta, features), []
        table.logits.register_hook(lambda gradient: seen.append(gradient.clone()))
        values = torch.zeros(batch.num_obs)
        values[torch.as_tensor(batch.next_obs)] = torch.tensor(batch.next_values, dtype=torch.float32)
        values[torch.as_tensor(batch.obs)] = torch.tensor(batch.values, dtype=torch.float32)
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(self.seed)
            out = (
                self._module(table, values, tensors(batch, features))
                if self.module is not None
                else self.update(table, tensors(batch, features))
            )
        return -self._gradient(table.logits, seen, out)[:, 1].double().numpy()

    def _gradient(self, asked, seen, out):
        """The gradient that reached `asked`: the first of those `seen` as it came, else that of the loss `out`."""
        if len(seen) > 1:
            self.notes["backward"] = f"backward was called {len(seen)} times; the first gradient is read."
        if seen:
            return seen[0]
        if not torch.is_tensor(out) or not out.requires_grad:
            raise Unreadable(
                "nothing",
                f"No gradient reached {self.of_policy}, and no loss that depends on them was returned. Is the "
                "log-probability computed from policy(batch.obs), and not detached?",
            )
        if out.numel() != 1:
            raise Unreadable(
                "shape", f"The loss has shape {tuple(out.shape)}; wanted one number. Take its mean or its sum."
            )
        (gradient,) = torch.autograd.grad(out.sum(), asked, allow_unused=True)
        if gradient is None:
            raise Unreadable(
                "nothing",
                f"The loss does not depend on {self.of_policy}. "
                "Is the log-probability computed from policy(batch.obs)?",
            )
        return gradient

    seed = 0

    def _module(self, table, values, batch):
        """The module's loss, with a table in the place of what it answers to observations."""
        swapped = []

        def hook(module, inputs, output):
            x = inputs[0] if inputs else None
            if not torch.is_tensor(x) or not x.dtype.is_floating_point or x.shape[-1] != self.size:
                return None
            rows = table.rows(x)

            def swap(y):
                if torch.is_tensor(y) and y.shape[:-1] == rows.shape and y.shape[-1] == 2:
                    swapped.append("logits")
                    return table.logits[rows]
                if torch.is_tensor(y) and y.shape[:-1] == rows.shape and y.shape[-1] == 1:
                    return values[rows][..., None]
                return values[rows] if torch.is_tensor(y) and y.shape == rows.shape else y

            return tuple(swap(y) for y in output) if isinstance(output, tuple) else swap(output)

        handles = [m.register_forward_hook(hook) for m in self.module.modules()]
        try:
            out = getattr(self.module, self.method)(batch)
        finally:
            for handle in handles:
                handle.remove()
        if not swapped:
            raise Unreadable(
                "nothing",
                "No part of the module answered the batch's observations with two logits, shape (n, 2). "
                "Call the network itself (self.net(obs), not self.net.forward(obs)), and let it have two actions; "
                "or give audit a function loss(policy, batch).",
            )
        return out

    def _unchanged(self, world, batch):
        pass


class TorchGaussian(Torch):
    """`loss(policy, batch)` of a Gaussian policy: policy(batch.obs) gives its mean and the log of its standard
    deviation, each (n, D). Here one number is as long as NumPy's: theta, the batch, and what the loss makes anew."""

    of_policy = "the policy's mean or log standard deviation"

    def __init__(self, loss):
        if isinstance(loss, torch.nn.Module):
            raise TypeError(
                "audit_gaussian takes a function loss(policy, batch), got the PyTorch module "
                f"{type(loss).__name__}: write its loss as such a function"
            )
        super().__init__(loss)

    def run(self, theta, batch):
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            asked, seen = torch.tensor(theta, requires_grad=True), []
            asked.register_hook(lambda gradient: seen.append(gradient.clone()))
            given = SimpleNamespace(**{f.name: torch.as_tensor(getattr(batch, f.name)) for f in fields(batch)})
            given.obs = torch.ones(len(batch), 1)

            def policy(obs):
                return tuple(half.expand(len(obs), -1) for half in asked.chunk(2))

            with torch.random.fork_rng(devices=[]), torch.enable_grad():
                torch.manual_seed(self.seed)
                out = self.update(policy, given)
                return -self._gradient(asked, seen, out).numpy()
        finally:
            torch.set_default_dtype(usual)

    def advice(self, error, world):
        if isinstance(error, AttributeError) and "'tuple' object" in str(error):
            return " policy(batch.obs) gives two tensors: mean, log_std = policy(batch.obs)."
        if isinstance(error, RuntimeError) and re.search("size|shape", str(error)):
            return self.shapes(world)
        return super().advice(error, world)

    def shapes(self, world):
        n, D = world.batch.drawn.shape
        return f" There policy(batch.obs) gave mean and log_std, and batch.drawn and batch.actions were, ({n}, {D})."


def tensors(batch, features):
    """The batch as PyTorch code meets it: tensors, observations as float32 features."""
    out = SimpleNamespace(gamma=batch.gamma, lam=batch.lam, num_obs=batch.num_obs, episodes=batch.copy().episodes)
    for f in fields(batch):
        value = getattr(batch, f.name)
        if isinstance(value, np.ndarray):
            setattr(
                out,
                f.name,
                torch.tensor(value, dtype={"f": torch.float32, "b": torch.bool}.get(value.dtype.kind, torch.int64)),
            )
    out.obs_ids, out.obs, out.next_obs = out.obs, features[out.obs], features[out.next_obs]
    return out
