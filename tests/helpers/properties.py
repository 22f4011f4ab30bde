"""What tests with inputs that nobody thought of share (Hypothesis; the same ones each time): ways to draw them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import policy_gradient as pg

UNTIMED = dict(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # both would judge a busy machine's clock
settings.register_profile("book", derandomize=True, max_examples=60, database=None, **UNTIMED)
settings.load_profile("book")


SHAPES = st.sampled_from([(), (1,), (3,), (0,), (2, 3), (2, 0), (1, 2, 2)])  # of the leading axes


DTYPES = st.sampled_from([np.float32, np.float64])


GAMMA = st.one_of(st.sampled_from([0.0, 1.0, 0.5]), st.floats(0, 1))


SEEDS = st.integers(0, 2**32 - 1)


few = settings(max_examples=25)


def numbers(limit, **kwargs):
    return st.floats(-limit, limit, allow_nan=False, **kwargs)


def arrays(shape, limit=10.0, dtype=np.float64):
    return hnp.arrays(dtype, shape, elements=numbers(limit, width=np.dtype(dtype).itemsize * 8))


def rows(limit, dtype=np.float64, most=9):
    """(..., A) with A at least 1: below and above eight, where the package changes its way of adding."""
    return st.tuples(SHAPES, st.integers(1, most)).flatmap(lambda s: arrays(s[0] + (s[1],), limit, dtype))


@st.composite
def rollouts(draw, states=3, actions=2):
    """Episodes of different lengths that terminated or were truncated, in a table's terms;
    numbers even where there is no data."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    T, N = max(lengths), len(lengths)
    rng = np.random.default_rng(draw(SEEDS))
    mask = np.arange(T)[:, None] < np.array(lengths)
    ends = np.arange(T)[:, None] == np.array(lengths) - 1
    terminated = ends & (rng.random(N) < 0.5)
    return pg.Rollout(
        rng.integers(states, size=(T, N)),
        rng.integers(actions, size=(T, N)),
        np.where(mask, rng.normal(size=(T, N)), 0),
        mask,
        terminated,
        ends & ~terminated,
        rng.integers(states, size=N),
    )


@st.composite
def problems(draw, ends=None):
    """A random MDP with a random policy; `ends`: does every step end the episode with some probability?"""
    S, A = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    ends = draw(st.booleans()) if ends is None else ends
    rng = np.random.default_rng(draw(SEEDS))
    P = rng.dirichlet(np.full(S, 0.3), size=(S, A)) * (rng.uniform(0.3, 0.95, size=(S, A, 1)) if ends else 1)
    P = np.minimum(P, 1)
    gamma = draw(st.floats(0, 1)) if ends else draw(st.floats(0, 0.95))
    return pg.TabularMDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), gamma), rng.dirichlet(
        np.ones(A), size=S
    )


FEATURES = np.random.default_rng(5).normal(size=(3, 4, 5))


POLICIES = {
    "tabular": pg.TabularSoftmax(3, 4),
    "one state": pg.TabularSoftmax(1, 1),
    "linear": pg.LinearSoftmax(FEATURES),
    "many actions": pg.TabularSoftmax(2, 11),
    "mlp": pg.MLPSoftmax((3, 5, 2)),
    "mlp linear": pg.MLPSoftmax((3, 4)),
    "gaussian": pg.LinearGaussian(3, 2),
    "gaussian std(s)": pg.LinearGaussian(3, 2, state_dependent_std=True),
    "net": pg.MLPGaussian((3, 4, 2)),
    "net std(s)": pg.MLPGaussian((3, 4, 1), state_dependent_std=True),
    "squashed": pg.Squashed(pg.LinearGaussian(3, 2), 1.5),
}


each_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())


def is_discrete(policy):
    return hasattr(policy, "probs")


DISCRETE = {name: policy for name, policy in POLICIES.items() if is_discrete(policy)}


def situation(policy, shape, seed, dtype=np.float64, scale=1.0):
    """theta, obs and actions (and weights) for a batch of this leading shape."""
    rng = np.random.default_rng(seed)
    theta = (scale * rng.normal(size=policy.num_params)).astype(dtype)
    obs = (
        rng.integers(policy.num_obs, size=shape)
        if hasattr(policy, "num_obs")
        else np.clip(rng.normal(size=shape + (3,)), -2, 2)
    )
    actions = (
        rng.integers(policy.num_actions, size=shape)
        if is_discrete(policy)
        else rng.normal(size=shape + (policy.num_actions,))
    )
    return theta, obs, actions, rng.normal(size=shape)
