"""Networks against the matrices written out, and their derivatives against the complex step, in both forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import policy_gradient as pg
from policy_gradient.networks import MLP
from tests.helpers.properties import SEEDS, SHAPES


@settings(max_examples=20)
@given(st.sampled_from([(3, 2), (2, 4, 1), (3, 5, 4, 2)]), SHAPES, SEEDS)
def test_a_networks_backward_pass_is_its_slope(sizes, shape, seed):
    network, rng = MLP(sizes), np.random.default_rng(seed)
    theta, inputs = rng.normal(size=network.num_params), rng.normal(size=shape + sizes[:1])
    by_outputs = rng.normal(size=shape + sizes[-1:])
    slope = pg.complex_step(lambda theta: (network(theta, inputs) * by_outputs).sum(), theta)
    np.testing.assert_allclose(network.vjp(theta, inputs, by_outputs), slope, rtol=1e-10, atol=1e-11)
    each = network.vjp_each(theta, inputs, by_outputs)
    assert each.shape == shape + theta.shape
    np.testing.assert_allclose(each.reshape(-1, len(theta)).sum(axis=0), slope, rtol=1e-10, atol=1e-11)


def test_a_network_is_the_matrices_it_says_it_is():
    policy = pg.MLPSoftmax((4, 5, 3))
    theta, obs = np.random.default_rng(1).normal(size=policy.num_params), np.array([0.1, -0.2, 0.3, 0.4])
    W1, b1, W2, b2 = np.split(theta, np.cumsum([20, 5, 15]))
    hidden = [np.tanh(sum(obs[i] * W1[5 * i + j] for i in range(4)) + b1[j]) for j in range(5)]
    logits = [sum(hidden[j] * W2[3 * j + k] for j in range(5)) + b2[k] for k in range(3)]
    np.testing.assert_allclose(policy.probs(theta, obs), special.softmax(logits), rtol=1e-13)
    assert policy.num_params == 20 + 5 + 15 + 3 and policy.init(np.random.default_rng(0)).dtype == np.float32


FORMS = {
    "fast": (MLP.__call__.fast, MLP.vjp.fast, MLP.vjp_each.fast),
    "plain": (MLP.__call__.plain, MLP.vjp.plain, MLP.vjp_each.plain),
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def written_out(sizes, theta, x):
    """One sample through the layers, number by number; complex numbers too."""
    start = 0
    for layer, (m, n) in enumerate(zip(sizes, sizes[1:])):
        W, b = theta[start : start + m * n], theta[start + m * n : start + m * n + n]
        x = [sum(x[i] * W[i * n + j] for i in range(m)) + b[j] for j in range(n)]
        x = [np.tanh(one) for one in x] if layer < len(sizes) - 2 else x
        start += m * n + n
    assert start == len(theta)
    return np.array(x)


@each_form
@pytest.mark.parametrize("sizes", [(3, 2), (2, 4, 1), (3, 5, 4, 2)])
def test_outputs_and_slopes_are_those_of_the_layers_written_out(form, sizes):
    call, vjp, vjp_each = form
    network, rng = MLP(sizes), np.random.default_rng(3)
    theta, inputs = rng.normal(size=network.num_params), rng.normal(size=(2, 3, sizes[0]))
    by_outputs = rng.normal(size=(2, 3, sizes[-1]))
    rows, given_back = inputs.reshape(6, -1), by_outputs.reshape(6, -1)
    outputs = call(network, theta, inputs)
    assert outputs.shape == (2, 3, sizes[-1])
    np.testing.assert_allclose(outputs.reshape(6, -1), [written_out(sizes, theta, x) for x in rows], rtol=1e-12)
    slopes = [pg.complex_step(lambda th: written_out(sizes, th, x) @ y, theta) for x, y in zip(rows, given_back)]
    np.testing.assert_allclose(vjp(network, theta, inputs, by_outputs), sum(slopes), atol=1e-11)
    each = vjp_each(network, theta, inputs, by_outputs)
    assert each.shape == (2, 3, network.num_params)
    np.testing.assert_allclose(each.reshape(6, -1), slopes, atol=1e-11)


@each_form
def test_all_follows_thetas_dtype(form):
    network, inputs = MLP((2, 3, 1)), np.ones((4, 2))
    theta = network.init(np.random.default_rng(0), np.float32)
    call, vjp, vjp_each = form
    given_back = np.ones((4, 1), np.float32)
    for result in (call(network, theta, inputs), *(one(network, theta, inputs, given_back) for one in (vjp, vjp_each))):
        assert result.dtype == np.float32


def test_weights_begin_so_that_signals_keep_their_size():
    """Variance 1 / inputs, the last layer's times `last` squared; offsets 0."""
    network = MLP((100, 300, 200))
    (W, b), (V, c) = network.layers(network.init(np.random.default_rng(1), last=0.1))
    assert not b.any() and not c.any()
    assert W.std() == pytest.approx(0.1, rel=0.02) and V.std() == pytest.approx(0.1 / 300**0.5, rel=0.02)
    assert abs(W.mean()) < 0.002 and stats.kstest(10 * W.ravel()[:5000], "norm").pvalue > 1e-3
    assert network.layers(network.init(np.random.default_rng(1)))[1][0].std() == pytest.approx(300**-0.5, rel=0.02)
    np.testing.assert_array_equal(
        network.init(np.random.default_rng(1), np.float32), network.init(np.random.default_rng(1)).astype(np.float32)
    )


def test_layers_are_views_into_theta():
    network, theta = MLP((2, 3, 1)), np.zeros(13)
    assert network.num_params == 13 and [(W.shape, b.shape) for W, b in network.layers(theta)] == [
        ((2, 3), (3,)),
        ((3, 1), (1,)),
    ]
    network.layers(theta)[0][1][:] = 7
    network.layers(theta)[1][0][0] = 5
    assert theta.tolist() == [0] * 6 + [7] * 3 + [5] + [0] * 3


@pytest.mark.parametrize("sizes", [(4,), (), 3, (4, 0), (4, -2), (4, 2.0), (4, True), ("a", 2)])
def test_sizes_without_sense_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes must be two or more positive integers"):
        MLP(sizes)
    assert MLP([np.int64(4), 2]).sizes == (4, 2)
