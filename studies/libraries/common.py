"""What the adapters share. Each adapter is a script for an environment of its own; `run.py` makes it, runs the script, and removes it.

An adapter turns a library's loss into update(theta, batch): it hands the batch to the library's own buffer, sets a linear policy on
one-hot observations to the logits (0, theta) and a linear critic to the batch's values, and reads what reaches the optimiser before
any clipping. gamma and lambda are the batch's; one minibatch, one epoch; everything else is the library's default unless it says so.
"""

import datetime
import importlib.metadata
import json
import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).resolve().parent / "results"
sys.path.insert(0, str(ROOT))

from policy_gradient.audit import Unreadable, ask, audit, worlds  # noqa: E402

ask.SECONDS = 300  # the first call loads half a library


class Data:
    """The steps of a batch that are data, in single precision: obs and next_obs one-hot (n, K); V, the critic's table (K,)."""

    def __init__(self, batch):
        keep = batch.mask
        eye = np.eye(batch.num_obs, dtype=np.float32)
        self.ids, self.next_ids = batch.obs[keep], batch.next_obs[keep]
        self.obs, self.next_obs = eye[self.ids], eye[self.next_ids]
        self.actions, self.rewards = batch.actions[keep], batch.rewards[keep].astype(np.float32)
        self.terminated, self.truncated = batch.terminated[keep], batch.truncated[keep]
        self.n, self.K, self.gamma, self.lam = int(keep.sum()), batch.num_obs, batch.gamma, batch.lam
        self.V = np.zeros(self.K, np.float32)
        self.V[self.next_ids] = batch.next_values[keep]
        self.V[self.ids] = batch.values[keep]


def table(theta):
    """The policy's weights (2, K): logits (0, theta)."""
    return np.stack([0 * theta, theta]).astype(np.float32)


def study(key, package, losses, path="end to end", skip=()):
    """Audit each {name: (update, note)}; store and print. skip: questions that the way of feeding settles, not the library."""
    warnings.filterwarnings("ignore")
    stored = {
        "library": package,
        "version": importlib.metadata.version(package),
        "date": datetime.date.today().isoformat(),
        "python": sys.version.split()[0],
        "how": path,
        "script": f"studies/libraries/{key}.py",
        "losses": {},
    }
    for name, (update, note) in losses.items():
        update.__name__ = name
        world = worlds()["plain"]
        update(world.theta.copy(), world.batch.copy())  # what it raises is shown, and what it loads is loaded
        verdict = audit(update)
        verdict.findings = [f for f in verdict.findings if f.question not in ("reset", *skip)]
        print(verdict, "\n", flush=True)
        facts = json.loads(verdict.to_json())
        facts.pop("name")
        facts["note"] = note
        for numbers in ("direction", "theorem"):
            facts[numbers] = [float(f"{x:.5g}") for x in facts[numbers]]
        for number in ("angle", "length"):
            facts[number] = None if facts[number] is None else float(f"{facts[number]:.5g}")
        stored["losses"][name] = facts
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{key}.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


__all__ = ["Data", "Unreadable", "np", "study", "table"]
