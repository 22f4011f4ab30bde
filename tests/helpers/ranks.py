"""What tests of shapes that do not fit share: a column beside a row, (N, 1) and (N,), and how a refusal must read."""

import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import policy_gradient as pg

N = 3


ROW = np.array([1.0, 2.0, 3.0])


SOFTMAX = {
    "tabular": pg.TabularSoftmax(4, 2),
    "linear": pg.LinearSoftmax(np.random.default_rng(0).normal(size=(4, 2, 5))),
    "two-action": pg.two_action_softmax(3, 4),
    "network": pg.MLPSoftmax((4, 5, 2)),
}


GAUSSIAN = {
    "linear": pg.LinearGaussian(4),
    "linear, state": pg.LinearGaussian(4, state_dependent_std=True),
    "network": pg.MLPGaussian((4, 5, 1)),
    "squashed": pg.Squashed(pg.LinearGaussian(4)),
}


def parts(policy):
    """theta, obs, actions and weights that fit."""
    rng = np.random.default_rng(1)
    theta = rng.normal(size=policy.num_params)
    states, vectors = np.arange(N), rng.normal(size=(N, 4))
    if isinstance(policy, tuple(type(p) for p in GAUSSIAN.values())):
        return theta, vectors, rng.normal(size=(N, 1)), ROW
    if isinstance(policy, pg.MLPSoftmax):
        return theta, vectors, np.array([0, 1, 1]), ROW
    return theta, states, np.array([0, 1, 1]), ROW


def refuses(call, said):
    with pytest.raises(ValueError, match=said) as caught:
        call()
    assert "policy_gradient" in Path(traceback.extract_tb(caught.value.__traceback__)[-1].filename).parts
    assert caught.value.__cause__ is None and (caught.value.__context__ is None or caught.value.__suppress_context__)
    assert len(str(caught.value)) < 300 and "\n" not in str(caught.value)


MDP = pg.two_doors()


ROLLOUT = pg.sample_rollout(MDP, pg.two_action_softmax(2, 3), np.zeros(2), 3, 3, np.random.default_rng(3))


T = len(ROLLOUT.mask)


PARTS = {k: getattr(ROLLOUT, k) for k in ("obs", "actions", "rewards", "mask", "terminated", "truncated", "last_obs")}


DUCK = SimpleNamespace(**PARTS | {"rewards": ROLLOUT.rewards[..., None]})
