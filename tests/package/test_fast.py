"""The fast forms and the plain ones that are read: one law, held together on many shapes, dtypes and seeds;
and what a fast form does at its edges."""

import inspect
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import special

import policy_gradient as pg
from policy_gradient import _fast, language, policies, rollouts, sorting
from policy_gradient._fast import draw_columns
from policy_gradient.networks import MLP

DTYPES = [np.float32, np.float64]
SHAPES = [(), (0,), (1,), (7,), (300,), (4500,), (3, 11), (2, 3, 4)]
SIZES = [(4, 64, 2), (4, 2), (3, 5, 4), (6, 8, 7, 9), (1, 2, 1)]
PAIRS = [
    MLP.__call__,
    MLP.vjp,
    MLP.vjp_each,
    policies._over_actions,
    policies._draw,
    rollouts._recorder,
    pg.MLPSoftmax.sampler,
    pg.MLPSoftmax.score,
    pg.MLPSoftmax.weighted_score,
    language._alike,
    pg.TokenPolicy.weighted_score,
    sorting._chances_and_gradient,
]
# Sums are taken in another order. Units in the last place of the largest number in the array; measured on these cases:
# at most 6 for what leaves a network or a single score, 36 for sums over up to 4500 samples; the limits are twice that.
EACH, SUMMED = 12, 72


def ulps(fast, plain):
    """The largest difference, in units in the last place of the largest number."""
    assert fast.shape == plain.shape and fast.dtype == plain.dtype
    if not plain.size:
        return 0.0
    return float(abs(fast - plain).max() / np.spacing(abs(plain).max().clip(np.finfo(plain.dtype).tiny)))


def network(sizes, dtype, shape, seed=0):
    rng, net = np.random.default_rng(seed), MLP(sizes)
    theta = rng.standard_normal(net.num_params).astype(dtype)
    inputs, by_outputs = (rng.standard_normal(shape + (n,)).astype(dtype) for n in (sizes[0], sizes[-1]))
    return net, theta, inputs, by_outputs


def softmax_policy(sizes, dtype, shape, seed=0):
    rng, policy = np.random.default_rng(seed), pg.MLPSoftmax(sizes)
    theta = rng.standard_normal(policy.num_params).astype(dtype)
    obs, actions = rng.standard_normal(shape + sizes[:1]), rng.integers(sizes[-1], size=shape)
    return policy, theta, obs, actions, rng.standard_normal(shape)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.__qualname__)
def test_what_runs_is_the_fast_form_and_what_is_read_the_plain_one(pair):
    assert pair is pair.fast and pair is not pair.plain
    assert pair.__doc__ == pair.plain.__doc__ and inspect.getsource(pair) == inspect.getsource(pair.plain)
    assert inspect.getsource(pair).lstrip().startswith("@_fast.form(_fast.")


def test_no_pair_is_left_out():
    from importlib import import_module
    from pkgutil import iter_modules

    found = set()
    for module in (import_module(f"policy_gradient.{m.name}") for m in iter_modules(pg.__path__) if not m.ispkg):
        for owner in [module, *(c for c in vars(module).values() if inspect.isclass(c))]:
            found |= {id(f) for f in vars(owner).values() if inspect.isfunction(f) and hasattr(f, "plain")}
    assert found == {id(pair) for pair in PAIRS}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_networks(sizes, dtype, shape):
    for seed in range(3):
        net, theta, inputs, by_outputs = network(sizes, dtype, shape, seed)
        assert ulps(net(theta, inputs), MLP.__call__.plain(net, theta, inputs)) <= EACH
        assert ulps(net.vjp_each(theta, inputs, by_outputs), MLP.vjp_each.plain(net, theta, inputs, by_outputs)) <= EACH
        assert ulps(net.vjp(theta, inputs, by_outputs), MLP.vjp.plain(net, theta, inputs, by_outputs)) <= SUMMED


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_scores(sizes, dtype, shape):
    for seed in range(3):
        policy, theta, obs, actions, weights = softmax_policy(sizes, dtype, shape, seed)
        plain = pg.MLPSoftmax.score.plain(policy, theta, obs, actions)
        assert ulps(policy.score(theta, obs, actions), plain) <= EACH
        plain = pg.MLPSoftmax.weighted_score.plain(policy, theta, obs, actions, weights)
        assert ulps(policy.weighted_score(theta, obs, actions, weights), plain) <= SUMMED


@pytest.mark.parametrize("num_actions", [1, 2, 3, 7, 8, 9, 20])
@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions_over_actions(num_actions, dtype):
    """Bit for bit: a few numbers are added in the order in which they stand."""
    rng = np.random.default_rng(num_actions)
    for shape in SHAPES:
        array = (10 * rng.standard_normal(shape + (num_actions,))).astype(dtype)
        for ufunc in (np.add, np.maximum):
            np.testing.assert_array_equal(
                policies._over_actions(ufunc, array), policies._over_actions.plain(ufunc, array), strict=True
            )


def boundaries(logits, u):
    """How far u is from the nearest place where the action changes, (...)."""
    probs = np.exp(logits - logits.max(axis=-1, keepdims=True), dtype=np.longdouble)
    sums = np.cumsum(probs, axis=-1)
    return abs(sums[..., :-1] / sums[..., -1:] - u[..., None]).min(axis=-1, initial=1)


@pytest.mark.parametrize("num_actions", [1, 2, 3, 9])
@pytest.mark.parametrize("dtype", DTYPES)
def test_draws(num_actions, dtype):
    """The same actions but where u hits a boundary as exactly as the dtype can tell:
    four units in the last place of 1."""
    for seed, shape in enumerate(SHAPES):
        logits = (3 * np.random.default_rng(seed).standard_normal(shape + (num_actions,))).astype(dtype)
        fast, plain = (
            np.asarray(draw(logits, np.random.default_rng(seed))) for draw in (policies._draw, policies._draw.plain)
        )
        assert fast.shape == plain.shape == shape and fast.dtype == plain.dtype
        clear = boundaries(logits, np.asarray(np.random.default_rng(seed).random(shape))) > 4 * np.finfo(dtype).eps
        assert (fast == plain)[clear].all() and clear.sum() >= 0.99 * clear.size


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_samplers(sizes):
    for seed, shape in enumerate(SHAPES):
        policy, theta, obs, _, _ = softmax_policy(sizes, np.float64, shape, seed)
        fast, plain = (
            sampler(policy, theta, shape) for sampler in (pg.MLPSoftmax.sampler, pg.MLPSoftmax.sampler.plain)
        )
        for again in range(2):
            one, other = (draw(obs, np.random.default_rng(again)) for draw in (fast, plain))
            np.testing.assert_array_equal(one, other)
            assert np.shape(one) == shape


class Words:
    """Answers of at most three letters: 0, 1, or 2, which ends. A prompt is one number, and is seen."""

    num_tokens, max_len, end, num_features = 3, 3, 2, 8

    def features(self, prompts, tokens, t):
        x = np.zeros((len(prompts), 8), np.float32)
        x[:, t] = 1
        x[:, 3] = prompts
        x[:, 4 : 4 + t] = tokens[:t].T
        return x


def asked_for_all(policy, theta, prompts, seed, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(language, "_alike", language._alike.plain)
        return policy.generate(theta, prompts, np.random.default_rng(seed))


@pytest.mark.parametrize("groups", [1, 8], ids="groups of {}".format)
@pytest.mark.parametrize("num", [0, 1, 5, 300])
@pytest.mark.parametrize("task", [pg.Sorting(3, 5), Words()], ids=["sorter", "words"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_answers_that_begin_alike_are_asked_once(dtype, task, num, groups, monkeypatch):
    """The same answers, but where u hits a boundary: none in these draws. What was seen is the same bit for bit."""
    for seed in range(3):
        rng, policy = (
            np.random.default_rng(seed),
            pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 16, task.num_tokens))),
        )
        theta = (3 * rng.standard_normal(policy.num_params)).astype(dtype)
        prompts = task.prompts(rng, num) if hasattr(task, "prompts") else rng.integers(0, 4, num)
        prompts = np.repeat(prompts, groups, axis=0)
        fast, plain = (
            policy.generate(theta, prompts, np.random.default_rng(seed)),
            asked_for_all(policy, theta, prompts, seed, monkeypatch),
        )
        for name in ("tokens", "mask", "ended"):
            np.testing.assert_array_equal(getattr(fast, name), getattr(plain, name), strict=True)
        assert np.allclose(fast.log_probs, plain.log_probs, atol=1e-4 if dtype == np.float32 else 1e-12)
        assert (fast.rows is None) == (plain.rows is None)
        if fast.rows is not None:
            np.testing.assert_array_equal(fast.seen, plain.seen, strict=True)
            assert len(plain.rows) == plain.tokens.size and (
                groups == 1 or num < 5 or len(fast.rows) < 0.8 * len(plain.rows)
            )
        weights = rng.standard_normal(fast.tokens.shape) * fast.mask
        plainly = pg.TokenPolicy.weighted_score.plain(policy, theta, prompts, fast, weights)
        assert ulps(policy.weighted_score(theta, prompts, fast, weights), plainly) <= SUMMED
        assert ulps(policy.weighted_score(theta, prompts, fast.tokens, weights), plainly) <= SUMMED


@pytest.mark.parametrize("num", [0, 1, 40, 700])
@pytest.mark.parametrize("dtype", DTYPES)
def test_chances_of_answers_and_their_gradient(dtype, num):
    for seed in range(3):
        rng, task = np.random.default_rng(seed), pg.Sorting(3, 5)
        policy = pg.TokenPolicy(task, pg.MLPSoftmax((task.num_features, 16, 5)))
        theta, prompts = (2 * rng.standard_normal(policy.num_params)).astype(dtype), task.prompts(rng, num)
        fast, plain = (
            form(policy, theta, prompts, task.answers(prompts))
            for form in (sorting._chances_and_gradient, sorting._chances_and_gradient.plain)
        )
        np.testing.assert_allclose(fast[0], plain[0], rtol=1e-4 if dtype == np.float32 else 1e-12)
        assert ulps(fast[1], plain[1]) <= SUMMED
        in_parts = sorting.exact(task, policy, theta, prompts) if num else (0, 0 * theta, plain[0])
        assert in_parts[0] == pytest.approx(plain[0].sum() / max(num, 1)) and in_parts[1].dtype == dtype
        assert ulps(in_parts[1], (plain[1] / max(num, 1)).astype(dtype)) <= SUMMED


def test_a_transformer_too_is_asked_once(monkeypatch):
    task, rng = pg.Sorting(3, 5), np.random.default_rng(0)
    policy = pg.Transformer(5, 3, 3, width=8, heads=2, hidden=8)
    theta, prompts = policy.init(rng, np.float64), np.repeat(task.prompts(rng, 6), 8, axis=0)
    fast, plain = (
        policy.generate(theta, prompts, np.random.default_rng(1)),
        asked_for_all(policy, theta, prompts, 1, monkeypatch),
    )
    np.testing.assert_array_equal(fast.tokens, plain.tokens)
    np.testing.assert_allclose(fast.log_probs, plain.log_probs, atol=1e-12)


class Reversed(pg.MLPSoftmax):
    def logits(self, theta, obs):
        return -super().logits(theta, obs)

    def weighted_score(self, theta, obs, actions, weights):
        return 7 * super().weighted_score(theta, obs, actions, weights)


def test_a_network_of_the_readers_own_is_asked_in_its_own_way():
    task, rng = pg.Sorting(2, 3), np.random.default_rng(0)
    ours, theirs = (pg.TokenPolicy(task, kind((task.num_features, 16, 3))) for kind in (pg.MLPSoftmax, Reversed))
    theta, prompts = 4 * rng.standard_normal(ours.num_params), task.prompts(rng, 40)
    answers = theirs.generate(theta, prompts, rng)
    assert ours.log_prob(theta, prompts, answers).mean() < theirs.generate(theta, prompts, rng).log_probs.mean() - 1
    weights = rng.standard_normal(answers.tokens.shape)
    np.testing.assert_allclose(
        theirs.weighted_score(theta, prompts, answers, weights),
        7 * ours.weighted_score(theta, prompts, answers, weights),
    )


@pytest.mark.parametrize("max_steps", [None, 1, 9, 600])
@pytest.mark.parametrize("num_steps", [1, 9, 513, 1100])
def test_recorders(num_steps, max_steps):
    """Bit for bit, also of what changes its kind on the way, and of arrays that are used again."""
    rng, (fast, fast_columns), (plain, plain_columns) = (
        np.random.default_rng(0),
        *(recorder(max_steps) for recorder in (rollouts._recorder, rollouts._recorder.plain)),
    )
    buffer = np.empty(3)
    for t in range(num_steps):
        buffer[:] = rng.standard_normal(3)
        row = (
            rng.standard_normal((3, 2)).astype(np.float32 if t == 0 else np.float64),
            buffer,
            rng.integers(5, size=3),
            buffer > 0,
        )
        fast(row), plain(row)
    for one, other in zip(fast_columns(), plain_columns(), strict=True):
        np.testing.assert_array_equal(one, other, strict=True)
        assert len(one) == num_steps and one.flags.writeable


SAMPLES = """
import json, numpy as np, gymnasium as gym, policy_gradient as pg
from policy_gradient import _fast, networks
policy, rng = pg.MLPSoftmax((4, 16, 2)), np.random.default_rng(0)
envs = gym.make_vec("CartPole-v1", 8, vectorization_mode="vector_entry_point")
run = pg.reinforce(envs, policy, policy.init(rng, float), rng, num_updates=5, progress=False, **pg.CARTPOLE_RECIPE)
is_plain = networks.MLP.vjp is networks.MLP.vjp.plain
print(json.dumps([_fast.PLAIN, is_plain, run.history["mean_return"].tolist(), run.theta.tolist()]))
"""


@pytest.mark.slow
def test_the_switch_in_the_environment_trains_by_the_plain_forms_alone():
    fast, plain = (
        json.loads(
            subprocess.run(
                [sys.executable, "-c", SAMPLES],
                capture_output=True,
                text=True,
                check=True,
                env=os.environ | {"POLICY_GRADIENT_PLAIN": switch},
            ).stdout
        )
        for switch in "01"
    )
    assert fast[:2] == [False, False] and plain[:2] == [True, True]
    assert fast[2] == plain[2]  # the same actions, so the same episodes
    np.testing.assert_allclose(fast[3], plain[3], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("num_actions", [1, 2, 3, 9])
def test_a_draw_inverts_the_distribution_function(num_actions):
    logits = 4 * np.random.default_rng(4).standard_normal((num_actions, 5000)).astype(np.float32)
    actions, u = draw_columns(logits, np.random.default_rng(5)), np.random.default_rng(5).random(5000)
    boundaries = np.cumsum(special.softmax(logits.astype(float), axis=0), axis=0)[:-1]
    clear = (abs(boundaries - u) > 1e-6).all(axis=0)  # of single precision
    np.testing.assert_array_equal(actions[clear], (boundaries <= u).sum(axis=0)[clear])
    assert clear.mean() > 0.999


@pytest.mark.parametrize(
    "logits, drawn",
    [
        ([1e308, -1e308], 0),
        ([-1e308, 1e308], 1),
        ([-np.inf, 0], 1),
        ([0, -np.inf], 0),
        ([-np.inf, 1e308, -1e308], 1),
        ([7], 0),
    ],
)
def test_a_draw_bears_logits_of_any_size(logits, drawn):
    logits = np.array(logits, float)
    assert (draw_columns(np.tile(logits[:, None], 1000), np.random.default_rng(0)) == drawn).all()
    single = logits.clip(-1e38, 1e38).astype(np.float32)
    assert (draw_columns(np.tile(single[:, None], 1000), np.random.default_rng(0)) == drawn).all()


@pytest.mark.parametrize(
    "logits",
    [
        [np.nan, 0],
        [0, np.nan, 0],
        [-np.inf, -np.inf],
        [-np.inf] * 3,
        [np.inf, np.inf],
        [np.inf, 0],
        [0, np.inf],
        [0, np.inf, 0],
    ],
)
def test_a_draw_refuses_what_has_no_probabilities(logits):
    with pytest.raises(ValueError, match="logits must not be NaN"):
        draw_columns(np.array(logits)[:, None], np.random.default_rng(0))


@pytest.mark.parametrize("num", [0, 1, 3, 1024])
def test_a_network_taken_apart_for_a_loop_is_the_same_network(num):
    network, rng = MLP((4, 6, 5, 3)), np.random.default_rng(3)
    theta, first, second = rng.normal(size=network.num_params), rng.normal(size=(num, 4)), rng.normal(size=(num, 4))
    outputs = _fast.prepared(network, theta, num)
    before, after = outputs(first), outputs(second)  # the second call leaves the first one's answer alone
    np.testing.assert_allclose(before.T, network(theta, first), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(after.T, network(theta, second), rtol=1e-12, atol=1e-13)


def test_a_batch_larger_than_a_chunk_adds_up():
    policy, rng = pg.MLPSoftmax((4, 8, 2)), np.random.default_rng(2)
    theta, obs = rng.normal(size=policy.num_params), rng.normal(size=(5000, 4))
    actions, weights = rng.integers(2, size=5000), rng.normal(size=5000)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, weights), weights @ policy.score(theta, obs, actions), atol=1e-9
    )


@pytest.mark.parametrize("sizes", [(4, 64, 2), (3, 5, 7, 4), (6, 2), (2, 64, 1)])
def test_many_rows_are_as_one_by_one(sizes):
    """The network takes a shorter way for many rows."""
    policy = pg.MLPSoftmax(sizes)
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(policy.num_params)
    obs, weights, actions = (
        rng.standard_normal((200, sizes[0])),
        rng.standard_normal(200),
        rng.integers(sizes[-1], size=200),
    )
    np.testing.assert_allclose(
        policy.logits(theta, obs), [policy.logits(theta, row) for row in obs], rtol=1e-10, atol=1e-12
    )
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, weights),
        sum(w * policy.score(theta, o, a) for w, o, a in zip(weights, obs, actions)),
        rtol=1e-9,
        atol=1e-11,
    )
