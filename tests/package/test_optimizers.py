"""Adam against its sums written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import policy_gradient as pg
from tests.helpers.properties import DTYPES, arrays
from tests.helpers.ranks import refuses


def test_each_step_is_the_ratio_of_the_weighted_sums_that_define_it():
    """The recursions of the paper unrolled: exponentially weighted means of g and g^2,
    each divided by its weights' sum."""
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    theta, adam = np.zeros(3), pg.Adam(learning_rate=0.1, beta1=0.8, beta2=0.95)
    for n in range(1, 7):
        before, theta = theta, adam.step(theta, gradients[n - 1])
        w1, w2 = 0.8 ** np.arange(n)[::-1], 0.95 ** np.arange(n)[::-1]
        mean, square = w1 @ gradients[:n] / w1.sum(), w2 @ gradients[:n] ** 2 / w2.sum()
        np.testing.assert_allclose(theta - before, 0.1 * mean / (np.sqrt(square) + 1e-8), rtol=1e-10)


def test_it_climbs_and_the_first_step_has_the_size_of_the_learning_rate():
    step = pg.Adam(learning_rate=0.1).step(np.zeros(2), np.array([1e6, -1e-3]))
    np.testing.assert_allclose(step, [0.1, -0.1], rtol=1e-4)


def test_it_finds_the_top_of_a_hill():
    theta, adam = np.zeros(2), pg.Adam(learning_rate=0.05)
    for _ in range(2000):
        theta = adam.step(theta, -np.array([1.0, 100.0]) * (theta - [1, -2]))
    np.testing.assert_allclose(theta, [1, -2], atol=1e-3)


def test_theta_keeps_its_dtype_and_is_not_changed_in_place():
    theta = np.zeros(2, np.float32)
    assert pg.Adam().step(theta, np.ones(2)).dtype == np.float32 and (theta == 0).all()


@pytest.mark.parametrize("bad", [dict(learning_rate=0), dict(learning_rate=np.nan), dict(beta1=1.0), dict(beta2=-0.1)])
def test_bad_settings_are_named(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        pg.Adam(**bad)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="gradient must have the shape"):
        pg.Adam().step(np.zeros(2), np.zeros(3))


@given(arrays(4, 5), arrays((6, 4), 10), st.floats(1e-3, 1e3), DTYPES)
def test_adam_does_not_care_for_the_gradients_scale(theta, gradients, scale, dtype):
    theta = theta.astype(dtype)
    plain, scaled = pg.Adam(0.1, epsilon=1e-300), pg.Adam(0.1, epsilon=1e-300)
    a = b = theta
    for g in np.where(abs(gradients) < 1e-3, 0.5, gradients):
        a, b = plain.step(a, g), scaled.step(b, scale * g)
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
        assert a.dtype == dtype
    assert (
        abs(pg.Adam(0.1).step(theta, np.full(4, 7.0)) - theta - 0.1) < 1e-5
    ).all()  # the first step is the learning rate


def test_an_optimizer_belongs_to_one_theta():
    for first, second in [(1, 3), (3, 1)]:
        adam = pg.Adam()
        adam.step(np.zeros(first), np.ones(first))
        refuses(
            lambda: adam.step(np.zeros(second), np.ones(second)),
            rf"gradient must have the shape of those before, \({first},\)",
        )
        assert adam.num_steps == 1 and adam.mean.shape == (first,)
    refuses(lambda: pg.Adam().step(np.zeros(3), np.ones((3, 1))), "gradient must have the shape of theta")
