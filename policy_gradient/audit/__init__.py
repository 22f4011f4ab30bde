"""Which gradient does this code follow? An update is asked on small exact worlds,
and what it does is said in plain words.

    from policy_gradient.audit import audit
    print(audit(my_update))              # my_update(theta, batch) gives the gradient, or the new theta

`batch` is a `Batch`: plain arrays, one row per step. theta has one number per observation,
P(action 1) = sigmoid(theta[obs]). A PyTorch loss is held by `audit(from_torch(loss))`, loss(policy, batch); advantages
and losses of language models by `audit_advantages` and `audit_token_loss`; updates of a Gaussian policy by
`audit_gaussian`. From a terminal: `python -m policy_gradient.audit FILE.py:function`.
"""

from .ask import Unreadable
from .fit import fit
from .verdict import Finding, Verdict, read, theorem
from .worlds import Batch, World, worlds
from .wrap import wrap

__all__ = [
    "audit",
    "audit_advantages",
    "audit_gaussian",
    "audit_token_loss",
    "from_torch",
    "Batch",
    "Finding",
    "Unreadable",
    "Verdict",
    "World",
    "worlds",
]


def audit(update):
    """The `Verdict` on a function update(theta, batch), an object with a theta, or a PyTorch loss (see `from_torch`).

    update returns the gradient or the new theta, shape (num_obs,), or changes theta in place. What keeps it from being
    read (it raises, gives NaN, never returns, keeps state, draws random numbers) is said in the verdict, not raised.
    """
    try:
        asker = wrap(update)
    except Unreadable as error:
        return _unreadable(getattr(update, "__name__", type(update).__name__), error, {})
    try:
        return read(asker.name, fit(asker), asker.notes)
    except Unreadable as error:
        return _unreadable(asker.name, error, asker.notes)


def _unreadable(name, error, notes):
    return Verdict(
        name,
        [],
        theorem().tolist(),
        None,
        None,
        unreadable=error.kind,
        notes=list(notes.values()),
        headline=f"{name} cannot be read. {error}",
    )


def __getattr__(name):
    """What most audits do not need is loaded when it is asked for; PyTorch above all."""
    if name == "from_torch":
        from .with_torch import from_torch

        return from_torch
    if name in ("audit_advantages", "audit_token_loss"):
        from . import language

        return getattr(language, name)
    if name == "audit_gaussian":
        from .continuous import audit_gaussian

        return audit_gaussian
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
