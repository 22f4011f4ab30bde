"""Policies against finite differences of log_prob, SciPy, and counted samples."""

import numpy as np
import pytest
from scipy import special, stats

import policy_gradient as pg
from policy_gradient import _fast
from policy_gradient._fast import draw_columns
from policy_gradient.networks import MLP

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


def test_training_starts_at_the_uniform_policy_or_close_to_it(policy):
    probs = policy.probs(policy.init(np.random.default_rng(0)), seen(policy, np.arange(4)))
    np.testing.assert_allclose(probs, 1 / policy.num_actions, atol=0.02 if isinstance(policy, pg.MLPSoftmax) else 1e-15)


def test_a_network_is_the_matrices_it_says_it_is():
    policy = pg.MLPSoftmax((4, 5, 3))
    theta, obs = np.random.default_rng(1).normal(size=policy.num_params), np.array([0.1, -0.2, 0.3, 0.4])
    W1, b1, W2, b2 = np.split(theta, np.cumsum([20, 5, 15]))
    hidden = [np.tanh(sum(obs[i] * W1[5 * i + j] for i in range(4)) + b1[j]) for j in range(5)]
    logits = [sum(hidden[j] * W2[3 * j + k] for j in range(5)) + b2[k] for k in range(3)]
    np.testing.assert_allclose(policy.probs(theta, obs), special.softmax(logits), rtol=1e-13)
    assert policy.num_params == 20 + 5 + 15 + 3 and policy.init(np.random.default_rng(0)).dtype == np.float32


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
