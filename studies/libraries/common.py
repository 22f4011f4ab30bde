"""What the adapters share. Each adapter is a module for an environment of its own;
`run.py` makes it, runs the module, and removes it.

An adapter turns a library's loss into update(theta, batch): it hands the batch to the library's own buffer, sets a
linear policy on one-hot observations to the logits (0, theta) and a linear critic to the batch's values, and reads what
reaches the optimiser before any clipping. gamma and lambda are the batch's; one minibatch, one epoch; everything else
is the library's default unless it says so.
"""

import datetime
import importlib.metadata
import json
import re
import sys
import warnings
from pathlib import Path

import numpy as np

from policy_gradient.audit import ask, audit, audit_advantages, audit_token_loss, worlds

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).resolve().parent / "results"

ask.SECONDS = 300  # the first call loads half a library


class Data:
    """The steps of a batch that are data, in single precision: obs and next_obs one-hot (n, K); V, the critic's table
    (K,)."""

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


def replay(data):
    """An environment that shows and pays what stands in the batch, step by step, whatever is done in it."""
    import gymnasium as gym

    class Replay(gym.Env):
        observation_space, action_space = gym.spaces.Box(0, 1, (data.K,), np.float32), gym.spaces.Discrete(2)
        i = 0

        def reset(self, seed=None, options=None):
            super().reset(seed=seed)
            return data.obs[self.i % data.n], {}

        def step(self, action):
            i = self.i
            self.i += 1
            ends = bool(data.terminated[i]), bool(data.truncated[i])
            return data.next_obs[i], float(data.rewards[i]), *ends, {}

    return Replay()


def doors():
    """Two doors as a Gymnasium environment (one-hot observations of 3 numbers), for runs that learn; gamma is to be
    1/2."""
    import gymnasium as gym

    class Doors(gym.Env):
        observation_space, action_space = gym.spaces.Box(0, 1, (3,), np.float32), gym.spaces.Discrete(2)

        def reset(self, seed=None, options=None):
            super().reset(seed=seed)
            self.taken = []
            return np.eye(3, dtype=np.float32)[0], {}

        def step(self, action):
            self.taken.append(int(action))
            t, right = len(self.taken) - 1, len(self.taken) > 1 and self.taken[1]
            reward = (-1.0 * action, 3.0 * action, -3.0 if right else 0.5 * action)[t]
            return np.eye(3, dtype=np.float32)[0 if t == 0 else 2 if right else 1], float(reward), t == 2, False, {}

    return Doors()


def doors_return(p, q):
    """J on two doors, gamma 1/2: p, q are the chances of action 1 behind the first and the second observation. Best
    .125, worst -.25."""
    return -p / 4 + (1 - p) * q / 8


def stored_verdict(verdict, note, skip=()):
    """A verdict as the results hold it."""
    verdict.findings = [f for f in verdict.findings if f.question not in ("reset", *skip)]
    print(verdict, "\n", flush=True)
    facts = json.loads(verdict.to_json())
    facts.pop("name")
    facts["note"] = note
    for numbers in ("direction", "theorem"):
        facts[numbers] = [float(f"{x:.5g}") for x in facts[numbers]]
    for number in ("angle", "length"):
        facts[number] = None if facts[number] is None else float(f"{facts[number]:.5g}")
    return facts


def study(key, package, losses=(), path="end to end", skip=(), learned=(), advantages=(), tokens=()):
    """Audit each {name: (update, note)}; store and print. skip: questions that the way of feeding settles,
    not the library.

    learned: {name: (run(seed) -> a number, note, what the number is)}; ten seeds each, for runs that really learn.
    advantages, tokens: {name: (function, note)}, for language models,
    as `audit_advantages` and `audit_token_loss` take them.
    """
    warnings.filterwarnings("ignore")
    version, script = importlib.metadata.version(package), Path(__file__).with_name(f"{key}.py")
    pinned = script.read_text(encoding="utf-8").splitlines()[0]
    if not re.search(rf"\b{re.escape(package)}(\[\w+\])?=={re.escape(version)}(\s|$)", pinned):
        sys.exit(
            f"{package} {version} is not the version that {script.name} was written for (its first line). "
            f"Use `make libraries ONLY={key}`, or write the new version there and see "
            "that every call still means the same."
        )
    stored = {
        "library": package,
        "version": version,
        "date": datetime.date.today().isoformat(),
        "python": sys.version.split()[0],
        "how": path,
        "script": f"studies/libraries/{key}.py",
        "losses": {},
    }
    for name, (update, note) in dict(losses).items():
        update.__name__ = name
        world = worlds()["plain"]
        update(world.theta.copy(), world.batch.copy())  # what it raises is shown, and what it loads is loaded
        stored["losses"][name] = stored_verdict(audit(update), note, skip)
    for held, given in ((audit_advantages, advantages), (audit_token_loss, tokens)):
        for name, (function, note) in dict(given).items():
            function.__name__ = name
            stored["losses"][name] = stored_verdict(held(function), note)
    for name, (run, note, what) in dict(learned).items():
        reached = [float(f"{run(seed):.4g}") for seed in range(10)]
        print(name, what, reached, flush=True)
        stored.setdefault("learned", {})[name] = {"what": what, "note": note, "seeds": reached}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{key}.json").write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


__all__ = ["Data", "doors", "doors_return", "np", "replay", "study", "table", "worlds"]
