"""Policies against finite differences of log_prob, SciPy, and counted samples."""

import re

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special, stats

import policy_gradient as pg
from tests.helpers.properties import DISCRETE, DTYPES, SEEDS, SHAPES, arrays, few, numbers, rows, situation
from tests.helpers.ranks import SOFTMAX, parts, refuses

RNG = np.random.default_rng(0)
POLICIES = {
    "tabular": pg.TabularSoftmax(4, 3),
    "linear": pg.LinearSoftmax(RNG.normal(size=(4, 3, 5))),
    "two-action": pg.two_action_softmax(3, num_obs=4),
    "linear network": pg.MLPSoftmax((4, 3)),
    "deep network": pg.MLPSoftmax((4, 5, 6, 3)),
}
VECTORS = np.eye(4)  # what a network sees where the others see 0 .. 3


def seen(policy, states):
    return VECTORS[states] if isinstance(policy, pg.MLPSoftmax) else np.asarray(states)


def some(policy, seed=1):
    rng = np.random.default_rng(seed)
    obs = seen(policy, rng.integers(4, size=(2, 6)))
    return (
        rng.normal(size=policy.num_params),
        obs,
        rng.integers(policy.num_actions, size=(2, 6)),
        rng.normal(size=(2, 6)),
    )


@pytest.fixture(params=POLICIES.values(), ids=POLICIES.keys())
def policy(request):
    return request.param


def test_softmax_and_its_logarithm_agree_with_scipy_even_far_out():
    logits = np.random.default_rng(2).normal(size=(5, 4)) * 10.0 ** np.arange(-1, 4)[:, None]
    logits[0, 1] = -np.inf
    np.testing.assert_allclose(pg.softmax(logits), special.softmax(logits, axis=-1), rtol=1e-13)
    np.testing.assert_allclose(pg.log_softmax(logits), special.log_softmax(logits, axis=-1), rtol=1e-13)
    assert pg.softmax([1, 2]).dtype == np.float64 and pg.softmax(np.zeros(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize("logits", [[np.nan, 0], [-np.inf, -np.inf], [np.inf, 0], 3.0, []])
def test_softmax_refuses_what_has_no_softmax(logits):
    with pytest.raises(ValueError, match="logits"):
        pg.softmax(logits)


def test_every_score_is_the_derivative_of_log_prob(policy):
    theta, obs, actions, _ = some(policy)
    score = policy.score(theta, obs, actions)
    assert score.shape == (2, 6, policy.num_params)
    for i in [(0, 0), (0, 3), (1, 5)]:
        by_difference = pg.finite_difference(lambda th: policy.log_prob(th, obs[i], actions[i]), theta)
        np.testing.assert_allclose(score[i], by_difference, atol=1e-9)


def test_weighted_score_is_the_derivative_of_the_weighted_log_probs(policy):
    theta, obs, actions, weights = some(policy)
    total = pg.finite_difference(lambda th: (weights * policy.log_prob(th, obs, actions)).sum(), theta)
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, weights), total, atol=1e-8)


def test_weighted_score_broadcasts_one_weight_over_all_samples(policy):
    theta, obs, actions, _ = some(policy)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs, actions, 2.0), 2 * policy.score(theta, obs, actions).sum((0, 1)), atol=1e-12
    )


def test_expected_score_is_zero(policy):
    theta, obs, _, _ = some(policy)
    actions = np.arange(policy.num_actions)[None, None]
    score = policy.score(theta, np.expand_dims(obs, 2), actions)  # (2, 6, A, d)
    np.testing.assert_allclose((policy.probs(theta, obs)[..., None] * score).sum(-2), 0, atol=1e-12)


def test_probs_log_prob_and_entropy_fit_together(policy):
    theta, obs, actions, _ = some(policy)
    probs = policy.probs(theta, obs)
    np.testing.assert_allclose(probs.sum(-1), 1)
    chosen = np.take_along_axis(probs, actions[..., None], -1)[..., 0]
    np.testing.assert_allclose(np.exp(policy.log_prob(theta, obs, actions)), chosen)
    np.testing.assert_allclose(policy.entropy(theta, obs), stats.entropy(probs, axis=-1))


def test_samples_occur_as_often_as_their_probabilities_say(policy):
    theta = some(policy)[0]
    actions = policy.sample(theta, seen(policy, np.full(20_000, 1)), np.random.default_rng(3))
    counts = np.bincount(actions, minlength=policy.num_actions)
    assert stats.chisquare(counts, 20_000 * policy.probs(theta, seen(policy, 1))).pvalue > 1e-3


def test_sampling_is_reproducible_and_follows_only_the_generator(policy):
    theta, obs, _, _ = some(policy)
    draws = [policy.sample(theta, obs, np.random.default_rng(7)) for _ in range(2)]
    assert (draws[0] == draws[1]).all() and draws[0].shape == (2, 6) and draws[0].dtype == np.int64


def test_an_action_of_probability_zero_is_never_drawn():
    theta = np.array([0.0, 900.0, 0.0])
    assert (pg.TabularSoftmax(1, 3).sample(theta, np.zeros(1000, int), np.random.default_rng(0)) == 1).all()
    assert pg.TabularSoftmax(1, 3).entropy(theta, 0) == 0


def test_training_starts_at_the_uniform_policy_or_close_to_it(policy):
    probs = policy.probs(policy.init(np.random.default_rng(0)), seen(policy, np.arange(4)))
    np.testing.assert_allclose(probs, 1 / policy.num_actions, atol=0.02 if isinstance(policy, pg.MLPSoftmax) else 1e-15)


@pytest.mark.parametrize(
    "obs, says",
    [
        (np.zeros((2, 3)), "obs must have 4 numbers"),
        (np.full(4, np.nan), "obs must be finite"),
        (1.0, "obs must have 4 numbers"),
    ],
)
def test_a_network_refuses_what_it_cannot_see(obs, says):
    policy = pg.MLPSoftmax((4, 3))
    for ask in (policy.probs, lambda theta, obs: policy.weighted_score(theta, obs, 0, 1.0)):
        with pytest.raises(ValueError, match=says):
            ask(np.zeros(15), obs)
    with pytest.raises(ValueError, match="sizes"):
        pg.MLPSoftmax((4,))


def test_the_dtype_of_theta_carries_through(policy):
    theta, obs, actions, weights = some(policy)
    theta = theta.astype(np.float32)
    for result in [
        policy.probs(theta, obs),
        policy.log_prob(theta, obs, actions),
        policy.score(theta, obs, actions),
        policy.weighted_score(theta, obs, actions, weights),
        policy.entropy(theta, obs),
    ]:
        assert result.dtype == np.float32


def test_two_action_softmax_is_a_sigmoid_and_one_half_where_it_has_no_parameter():
    np.testing.assert_allclose(
        POLICIES["two-action"].probs([0.5, -1, 2], np.arange(4))[:, 1], [*special.expit([0.5, -1, 2]), 0.5]
    )
    with pytest.raises(ValueError, match="num_obs"):
        pg.two_action_softmax(3, num_obs=2)


def test_linear_features_are_a_copy_that_cannot_be_changed():
    features = np.ones((2, 2, 1))
    policy = pg.LinearSoftmax(features)
    features[0, 1] = 5
    assert policy.features[0, 1] == 1
    with pytest.raises(ValueError):
        policy.features[0, 1] = 5


@pytest.mark.parametrize(
    "bad, error, says",
    [
        (dict(theta=np.full(12, np.nan)), ValueError, r"theta must be finite, but theta\[0\] is nan"),
        (dict(theta=np.zeros(11)), ValueError, r"theta must have shape \(12,\), got \(11,\)"),
        (dict(theta="high"), TypeError, "theta"),
        (dict(obs=[4]), ValueError, r"obs must lie in 0 .. 3"),
        (dict(obs=[-1]), ValueError, "obs must lie"),
        (dict(obs=[0.5]), TypeError, "obs must be integers"),
        (dict(actions=[3]), ValueError, r"actions must lie in 0 .. 2"),
        (dict(actions=[True]), TypeError, "actions must be integers"),
        (dict(weights=[np.inf]), ValueError, "weights must be finite"),
    ],
)
def test_bad_input_is_named(bad, error, says):
    arguments = dict(theta=np.zeros(12), obs=[0], actions=[0], weights=[1.0]) | bad
    with pytest.raises(error, match=says):
        POLICIES["tabular"].weighted_score(**arguments)
    if "weights" not in bad:
        del arguments["weights"]
        with pytest.raises(error, match=says):
            POLICIES["tabular"].log_prob(**arguments)


@pytest.mark.parametrize("features", [np.ones((2, 3)), np.full((1, 2, 1), np.nan)])
def test_bad_features_are_named(features):
    with pytest.raises(ValueError, match="features"):
        pg.LinearSoftmax(features)


@given(rows(1e300))
def test_softmax_is_a_distribution_whatever_the_logits(logits):
    probs = pg.softmax(logits)
    assert probs.shape == logits.shape and (probs >= 0).all()
    np.testing.assert_allclose(probs.sum(axis=-1), 1, atol=1e-14)
    assert (pg.log_softmax(logits) <= 0).all()


@given(rows(np.finfo(float).max))
@example(np.finfo(float).max * np.array([[1.0, -1.0], [-1.0, -1.0]]))
def test_softmax_survives_the_largest_numbers_there_are(logits):
    np.testing.assert_allclose(pg.softmax(logits).sum(axis=-1), 1, atol=1e-14)
    assert not np.isnan(pg.log_softmax(logits)).any()


@given(arrays(st.integers(1, 9), 700))
def test_softmax_to_fifty_digits(logits):
    with mpmath.workdps(50):
        exps = [mpmath.exp(mpmath.mpf(float(x))) for x in logits]
        total = mpmath.fsum(exps)
        expected, expected_logs = [float(e / total) for e in exps], [float(mpmath.log(e / total)) for e in exps]
    np.testing.assert_allclose(pg.softmax(logits), expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(pg.log_softmax(logits), expected_logs, rtol=1e-12, atol=1e-14)


@given(st.integers(1, 9).flatmap(lambda A: st.tuples(arrays((3, A), 50), numbers(1e3), st.permutations(range(A)))))
def test_softmax_ignores_a_shift_and_follows_a_permutation(case):
    logits, shift, order = case
    np.testing.assert_allclose(pg.softmax(logits + shift), pg.softmax(logits), rtol=1e-10)
    np.testing.assert_allclose(pg.softmax(logits[:, order]), pg.softmax(logits)[:, order], rtol=1e-13)


@given(DTYPES.flatmap(lambda dtype: rows(100, dtype)))
def test_softmax_keeps_the_dtype_and_treats_each_row_alone(logits):
    for function in (pg.softmax, pg.log_softmax):
        result = function(logits)
        assert result.dtype == logits.dtype
        for where in np.ndindex(logits.shape[:-1]):
            np.testing.assert_array_equal(result[where], function(logits[where]))


@given(hnp.arrays(np.int64, st.integers(1, 5), elements=st.integers(-50, 50)))
def test_whole_numbers_are_logits_too(logits):
    np.testing.assert_array_equal(pg.softmax(logits), pg.softmax(logits.astype(float)))
    np.testing.assert_array_equal(pg.softmax(logits.tolist()), pg.softmax(logits))


@pytest.mark.parametrize("policy", DISCRETE.values(), ids=DISCRETE.keys())
@few
@given(shape=SHAPES, seed=SEEDS, scale=st.sampled_from([0.0, 1.0, 30.0, 1e4, 1e300]))
def test_probabilities_and_entropy_hold_however_large_theta_is(policy, shape, seed, scale):
    theta, obs, actions, _ = situation(policy, shape, seed, scale=scale)
    if isinstance(policy, pg.MLPSoftmax) and scale > 1e4:
        return  # its logits themselves would overflow
    probs, entropy = policy.probs(theta, obs), policy.entropy(theta, obs)
    np.testing.assert_allclose(probs.sum(axis=-1), 1, atol=1e-12)
    assert (entropy >= -1e-12).all() and (entropy <= np.log(policy.num_actions) + 1e-12).all()
    assert not np.isnan(policy.log_prob(theta, obs, actions)).any()
    assert np.isfinite(policy.score(theta, obs, actions)).all()


@pytest.mark.parametrize("policy", SOFTMAX.values(), ids=SOFTMAX)
def test_softmax_policies_refuse_a_column_beside_a_row(policy):
    theta, obs, actions, weights = parts(policy)
    column = obs[:, None]
    fit = "obs and actions.* must have shapes that fit each other, with as many axes, got obs .*, actions "
    for ask in (policy.log_prob, policy.score):
        refuses(lambda: ask(theta, obs, actions[:, None]), fit + r"\(3, 1\)")
        refuses(lambda: ask(theta, column, actions), fit + r"\(3,\)")
    refuses(lambda: policy.weighted_score(theta, obs, actions, weights[:, None]), fit + r"\(3,\), weights \(3, 1\)")
    refuses(lambda: policy.weighted_score(theta, obs, actions[:, None], weights), fit)
    refuses(lambda: policy.weighted_score(theta, column, actions, weights), fit)
    refuses(lambda: policy.weighted_score(theta, column, actions[:, None], weights), fit)
    refuses(
        lambda: policy.weighted_score(theta, obs[0], actions[0], weights),
        r"weights must have shape \(\), one per sample, got \(3,\)",
    )
    refuses(
        lambda: policy.weighted_score(theta, column, actions[:, None], weights[None]),
        r"weights must have shape \(3, 1\)",
    )


@pytest.mark.parametrize("policy", SOFTMAX.values(), ids=SOFTMAX)
def test_softmax_policies_take_columns_only_together_and_single_numbers_with_all(policy):
    theta, obs, actions, weights = parts(policy)
    by_hand = sum(w * policy.score(theta, o, a) for w, o, a in zip(weights, obs, actions))
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, weights), by_hand, atol=1e-12)
    np.testing.assert_allclose(
        policy.weighted_score(theta, obs[:, None], actions[:, None], weights[:, None]), by_hand, atol=1e-12
    )
    twice = sum(2.0 * policy.score(theta, o, a) for o, a in zip(obs, actions))
    np.testing.assert_allclose(policy.weighted_score(theta, obs, actions, 2.0), twice, atol=1e-12)
    both = policy.log_prob(theta, obs[0], np.arange(2))  # every action of one observation
    np.testing.assert_allclose(np.exp(both), policy.probs(theta, obs[0]))
    np.testing.assert_allclose(policy.log_prob(theta, obs, 1), np.log(policy.probs(theta, obs)[:, 1]))
    grid = policy.log_prob(theta, obs[:, None], np.arange(2)[None])  # every pair, and it says so
    np.testing.assert_allclose(np.exp(grid), policy.probs(theta, obs))


def test_the_messages_name_what_came():
    with pytest.raises(ValueError) as caught:
        pg.TabularSoftmax(4, 2).weighted_score(np.zeros(8), np.zeros(3, int), np.zeros(3, int), np.ones((3, 1)))
    assert re.fullmatch(
        r"obs and actions and weights must have shapes that fit each other, with as many axes, "
        r"got obs \(3,\), actions \(3,\), weights \(3, 1\)",
        str(caught.value),
    )


def test_a_policy_prepared_for_a_loop_draws_as_it_does_alone():
    policy = pg.MLPSoftmax((4, 8, 3))
    theta, obs = policy.init(np.random.default_rng(0)) * 30, np.random.default_rng(1).standard_normal((500, 4))
    alone, prepared = (
        draw(np.random.default_rng(2))
        for draw in (lambda rng: policy.sample(theta, obs, rng), lambda rng: policy.sampler(theta, (500,))(obs, rng))
    )
    np.testing.assert_array_equal(alone, prepared)
    assert set(alone) == {0, 1, 2}
