"""One pass forward and one back gives what the two passes of `networks` and the complex step give."""

import numpy as np
import pytest

import policy_gradient as pg
from policy_gradient.networks import MLP
from policy_gradient.onepass import pull, regress, weighed_score


def test_one_pass_gives_what_two_passes_give():
    rng = np.random.default_rng(0)
    policy, network = pg.MLPSoftmax((4, 7, 5, 3)), pg.networks.MLP((4, 7, 5, 1))
    theta, w = rng.normal(size=policy.num_params), rng.normal(size=network.num_params)
    obs, actions, weights, targets = (
        rng.normal(size=(11, 4)),
        rng.integers(3, size=11),
        rng.normal(size=11),
        rng.normal(size=11),
    )
    seen = []
    got = weighed_score(policy, theta, obs, actions, lambda log_probs: seen.append(log_probs) or weights)
    np.testing.assert_allclose(got, policy.weighted_score(theta, obs, actions, weights), atol=1e-12)
    np.testing.assert_allclose(seen[0], policy.log_prob(theta, obs, actions), atol=1e-12)
    given = rng.normal(size=(11, 1))
    np.testing.assert_allclose(pull(network, w, obs, lambda outputs: given), network.vjp(w, obs, given), atol=1e-12)
    loss = lambda w: -np.mean((targets - network(w, obs)[:, 0]) ** 2) / 2  # noqa: E731
    np.testing.assert_allclose(regress(network, w, obs, targets), pg.finite_difference(loss, w), atol=1e-6)


@pytest.mark.parametrize("sizes", [(3, 4), (3, 5, 4), (3, 5, 6, 4)])
def test_what_is_sent_back_may_depend_on_what_came_out(sizes):
    """The slope of a function of the outputs, by the complex step through matrices written here."""
    network, rng = MLP(sizes), np.random.default_rng(2)
    theta, inputs, c = rng.normal(size=network.num_params), rng.normal(size=(7, 3)), rng.normal(size=(7, 4))

    def outputs(th):
        x, start = inputs, 0
        for i, (m, n) in enumerate(zip(sizes, sizes[1:])):
            x = x @ th[start : start + m * n].reshape(m, n) + th[start + m * n : start + m * n + n]
            x, start = np.tanh(x) if i < len(sizes) - 2 else x, start + m * n + n
        return x

    given, kept = inputs.copy(), theta.copy()
    found = pull(network, theta, inputs, lambda out: c * out**2)
    np.testing.assert_allclose(found, pg.complex_step(lambda th: (c * outputs(th) ** 3 / 3).sum(), theta), atol=1e-10)
    np.testing.assert_array_equal(inputs, given), np.testing.assert_array_equal(theta, kept)


def test_weights_may_depend_on_the_log_probabilities_even_of_a_policy_that_is_almost_sure():
    policy, rng = pg.MLPSoftmax((3, 4)), np.random.default_rng(3)
    obs, actions = rng.normal(size=(5, 3)), np.array([0, 3, 1, 1, 2])
    for size in (1.0, 300.0):
        theta = size * rng.normal(size=policy.num_params)
        log_probs = policy.log_prob(theta, obs, actions)
        found = weighed_score(policy, theta, obs, actions, lambda told: told / size + 2)
        wanted = sum((lp / size + 2) * policy.score(theta, o, a) for lp, o, a in zip(log_probs, obs, actions))
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


def test_regression_points_down_the_half_mean_squared_error_in_thetas_dtype():
    network, rng = MLP((2, 3, 1)), np.random.default_rng(4)
    theta, inputs, targets = rng.normal(size=13), rng.normal(size=(6, 2)), rng.normal(size=6)
    error = lambda th: np.mean((network(th, inputs)[:, 0] - targets) ** 2) / 2  # noqa: E731
    np.testing.assert_allclose(regress(network, theta, inputs, targets), -pg.finite_difference(error, theta), atol=1e-8)
    single = regress(network, *(one.astype(np.float32) for one in (theta, inputs, targets)))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, -pg.finite_difference(error, theta), atol=1e-5)
    policy = pg.MLPSoftmax((2, 3))
    told = weighed_score(policy, np.zeros(9, np.float32), np.ones((4, 2), np.float32), np.zeros(4, int), lambda x: x)
    assert told.dtype == np.float32
